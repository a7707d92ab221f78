//! cat: concatenate files to standard output.  Source: POSIX cat, coreutils 9.1.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "cat",
    path: "/usr/bin/cat",
    synopsis: "[OPTION]... [FILE]...",
    about: "concatenate files and print on the standard output",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'a\\n\\nb\\n' | cat -n", out: "     1\ta\n     2\t\n     3\tb\n", code: 0 },
        Ex { sh: "printf 'a\\tb\\n' | cat -A", out: "a^Ib$\n", code: 0 },
        Ex { sh: "cat nosuch", out: "cat: nosuch: No such file or directory\n", code: 1 },
    ],
};

const HELP: &str =
    "Usage: cat [OPTION]... [FILE]...\nConcatenate FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'A', "show-all", Arg::No),
    Opt(b'b', "number-nonblank", Arg::No),
    Opt(b'e', "", Arg::No),
    Opt(b'E', "show-ends", Arg::No),
    Opt(b'n', "number", Arg::No),
    Opt(b's', "squeeze-blank", Arg::No),
    Opt(b't', "", Arg::No),
    Opt(b'T', "show-tabs", Arg::No),
    Opt(b'u', "", Arg::No),
    Opt(b'v', "show-nonprinting", Arg::No),
];

/// What is to be done to the text, and where in it we are.
struct Filter {
    number: bool,
    nonblank: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    visible: bool,
    line: u64,
    at_start: bool,
    blanks: u32,
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letters: &[u8]| letters.iter().any(|l| given.has(OPTIONS, *l));
    let mut filter = Filter {
        number: has(b"nb"),
        nonblank: has(b"b"),
        squeeze: has(b"s"),
        ends: has(b"AeE"),
        tabs: has(b"AtT"),
        visible: has(b"Aetv"),
        line: 0,
        at_start: true,
        blanks: 0,
    };
    let plain = !has(b"AbeEnstTv");
    let mut status = 0;
    for name in gnu::or_stdin(given.operands) {
        let fd = match gnu::open(&sys, &name).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                status = 1;
                continue;
            }
        };
        loop {
            match sys.read(fd, 1 << 16).await {
                Ok(part) if part.is_empty() => break,
                Ok(part) if plain => sys.put(STDOUT, &part),
                Ok(part) => sys.put(STDOUT, &filter.apply(&part)),
                Err(e) => {
                    sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                    if e == machine::Errno::EBADF {
                        sys.complain(format_args!("closing standard input: {e}"));
                    }
                    status = 1;
                    break;
                }
            }
        }
        gnu::close(&sys, fd).await;
    }
    status
}

impl Filter {
    fn apply(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for &b in text {
            if b == b'\n' && self.at_start {
                self.blanks += 1;
                if self.squeeze && self.blanks > 1 {
                    continue;
                }
            }
            if self.at_start && self.number && !(self.nonblank && b == b'\n') {
                self.line += 1;
                out.extend_from_slice(format!("{:6}\t", self.line).as_bytes());
            }
            self.at_start = b == b'\n';
            match b {
                b'\n' => {
                    if self.ends {
                        out.push(b'$');
                    }
                    out.push(b);
                    continue;
                }
                b'\t' if self.tabs => out.extend_from_slice(b"^I"),
                b'\t' => out.push(b),
                _ if self.visible => visible(b, &mut out),
                _ => out.push(b),
            }
            self.blanks = 0;
        }
        out
    }
}

/// `^X` and `M-x`.
fn visible(b: u8, out: &mut Vec<u8>) {
    if b >= 0x80 {
        out.extend_from_slice(b"M-");
    }
    match b & 0x7F {
        c @ 0..=31 => out.extend_from_slice(&[b'^', c + 64]),
        127 => out.extend_from_slice(b"^?"),
        c => out.push(c),
    }
}
