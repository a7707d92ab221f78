//! cmp: compare two files byte by byte.  Source: POSIX cmp, GNU diffutils 3.8.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "cmp",
    path: "/usr/bin/cmp",
    synopsis: "[OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]",
    about: "compare two files byte by byte",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo one > a; echo ode > b; cmp a b; cmp -l a b; cmp a a", out: "a b differ: byte 2, line 1\n2 156 144\n", code: 0 },
        Ex { sh: "printf 'a\\nb\\n' > a; printf 'a\\n' > b; cmp a b", out: "cmp: EOF on b after byte 2, line 1\n", code: 1 },
    ],
};

const HELP: &str = "Usage: cmp [OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]\nCompare two files byte by byte.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "print-bytes", Arg::No),
    Opt(b'i', "ignore-initial", Arg::Yes),
    Opt(b'l', "verbose", Arg::No),
    Opt(b'n', "bytes", Arg::Yes),
    Opt(b's', "quiet", Arg::No),
    Opt(b's', "silent", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    let given = match crate::opts::parse_hint(&sys, &args, OPTIONS, HELP, 2, false, "cmp: Try 'cmp --help' for more information.\n") {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'b') {
        sys.unsupported("-b");
        return 2;
    }
    let misuse = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        sys.complain(format_args!("Try 'cmp --help' for more information."));
        2
    };
    let (a, b) = match given.operands.as_slice() {
        [] => return misuse(format_args!("missing operand after '{}'", sys.args().last().map_or("cmp", String::as_str))),
        [a] => (a.as_str(), "-"),
        [a, b, ..] => (a.as_str(), b.as_str()),
    };
    let number = |text: Option<&str>| text.map_or(Some(0), gnu::size).and_then(|n| usize::try_from(n).ok());
    let both = given.value(OPTIONS, b'i').map(|v| v.split_once(':').unwrap_or((v, v)));
    let skip1 = both.map(|v| v.0).or(given.operands.get(2).map(String::as_str));
    let skip2 = both.map(|v| v.1).or(given.operands.get(3).map(String::as_str));
    let (Some(skip1), Some(skip2)) = (number(skip1), number(skip2)) else {
        return misuse(format_args!("invalid --ignore-initial value '{}'", given.value(OPTIONS, b'i').unwrap_or("")));
    };
    let most = match given.value(OPTIONS, b'n') {
        None => usize::MAX,
        text => match number(text) {
            Some(n) => n,
            None => return misuse(format_args!("invalid --bytes value '{}'", text.unwrap_or(""))),
        },
    };
    let mut data = Vec::new();
    for (name, skip) in [(a, skip1), (b, skip2)] {
        match gnu::slurp(&sys, name).await {
            Ok(bytes) => {
                let rest = bytes.get(skip.min(bytes.len())..).unwrap_or(b"");
                data.push(rest[..rest.len().min(most)].to_vec());
            }
            Err(e) => {
                sys.complain(format_args!("{name}: {e}"));
                return 2;
            }
        }
    }
    let (x, y) = (&data[0], &data[1]);
    let (quiet, list) = (given.has(OPTIONS, b's'), given.has(OPTIONS, b'l'));
    let mut status = 0;
    let width = x.len().max(y.len()).to_string().len();
    for (i, (p, q)) in x.iter().zip(y).enumerate().filter(|(_, (p, q))| p != q) {
        status = 1;
        if quiet {
            return 1;
        }
        if list {
            sys.print(STDOUT, format_args!("{:>width$} {p:3o} {q:3o}\n", i + 1));
        } else {
            let line = 1 + x[..i].iter().filter(|b| **b == b'\n').count();
            sys.print(STDOUT, format_args!("{a} {b} differ: byte {}, line {line}\n", i + 1));
            return 1;
        }
    }
    if x.len() != y.len() {
        status = 1;
        let (name, short) = if x.len() < y.len() { (a, x) } else { (b, y) };
        let lines = short.iter().filter(|b| **b == b'\n').count();
        if short.is_empty() && !quiet {
            sys.print(STDERR, format_args!("cmp: EOF on {name} which is empty\n"));
        } else if !quiet && list {
            sys.print(STDERR, format_args!("cmp: EOF on {name} after byte {}\n", short.len()));
        } else if !quiet {
            let whole = short.last() == Some(&b'\n');
            let place = if whole { format!("line {lines}") } else { format!("in line {}", lines + 1) };
            sys.print(STDERR, format_args!("cmp: EOF on {name} after byte {}, {place}\n", short.len()));
        }
    }
    status
}
