//! tee: copy standard input to files and to standard output.  Source: POSIX tee, coreutils 9.1.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{OnSignal, Open, STDIN, STDOUT, Signal, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "tee",
    path: "/usr/bin/tee",
    synopsis: "[OPTION]... [FILE]...",
    about: "read from standard input and write to standard output and files",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "echo a | tee f; echo b | tee -a f; cat f", out: "a\nb\na\nb\n", code: 0 }],
};

const HELP: &str = "Usage: tee [OPTION]... [FILE]...\nCopy standard input to each FILE, and also to standard output.\n\n";

const OPTIONS: &[Opt] =
    &[Opt(b'a', "append", Arg::No), Opt(b'i', "ignore-interrupts", Arg::No), Opt(b'p', "", Arg::No), Opt(0, "output-error", Arg::Maybe)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'p') || given.has_long(OPTIONS, "output-error") {
        sys.unsupported("--output-error");
        return 1;
    }
    if given.has(OPTIONS, b'i') {
        sys.on_signal(Signal::Int, OnSignal::Ignore).await;
    }
    let flags = if given.has(OPTIONS, b'a') { Open::APPEND } else { Open::CREATE };
    let (mut outs, mut status) = (vec![(STDOUT, "standard output".to_string())], 0);
    for name in given.operands {
        match sys.open(&name, flags, 0o666).await {
            Ok(fd) => outs.push((fd, name)),
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                status = 1;
            }
        }
    }
    loop {
        match sys.read(STDIN, 1 << 16).await {
            Ok(part) if part.is_empty() => return status,
            Ok(part) => {
                let mut i = 0;
                while let Some((fd, name)) = outs.get(i) {
                    match sys.write(*fd, &part).await {
                        Ok(()) => i += 1,
                        Err(e) => {
                            sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                            status = 1;
                            outs.remove(i);
                        }
                    }
                }
            }
            Err(e) => {
                sys.complain(format_args!("read error: {e}"));
                return 1;
            }
        }
    }
}
