//! echo: print arguments.  Source: coreutils 9.1. Not here: the shell's own echo.

use crate::{Ex, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "echo",
    path: "/usr/bin/echo",
    synopsis: "[SHORT-OPTION]... [STRING]...",
    about: "display a line of text",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "/bin/echo -e 'a\\tb'", out: "a\tb\n", code: 0 }, Ex { sh: "/bin/echo -n x", out: "x", code: 0 }],
};

async fn run(sys: Sys) -> i32 {
    let mut args = &sys.args()[1.min(sys.args().len())..];
    if let [only] = args {
        if only == "--version" {
            sys.print(STDOUT, format_args!("echo (GNU coreutils) 9.1\n"));
            return 0;
        }
        if only == "--help" {
            sys.print(
                STDOUT,
                format_args!(
                    "Usage: {0} [SHORT-OPTION]... [STRING]...\n  or:  {0} LONG-OPTION\nEcho the STRING(s) to standard output.\n",
                    sys.arg(0)
                ),
            );
            return 0;
        }
    }
    let (mut newline, mut escapes) = (true, false);
    while let Some(first) = args.first() {
        let letters = first.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.bytes().all(|b| matches!(b, b'n' | b'e' | b'E')) {
            break;
        }
        for b in letters.bytes() {
            match b {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        args = &args[1..];
    }
    let text = args.join(" ");
    if escapes {
        let mut bytes = Vec::new();
        let stop = crate::shell::expand_escapes(&text, true, &mut bytes);
        sys.put(STDOUT, &bytes);
        if stop {
            return 0;
        }
    } else {
        sys.put(STDOUT, text.as_bytes());
    }
    if newline {
        sys.put(STDOUT, b"\n");
    }
    0
}
