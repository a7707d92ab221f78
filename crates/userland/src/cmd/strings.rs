//! strings: the printable characters in files.  Source: binutils 2.40. Not here: object files' sections, other encodings.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "strings",
    path: "/usr/bin/strings",
    synopsis: "[option(s)] [file(s)]",
    about: "print the sequences of printable characters in files",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "printf 'ab\\0abcd\\0\\1hello\\n' | strings -t d", out: "      3 abcd\n      9 hello\n", code: 0 }],
};

const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b'd', "data", Arg::No),
    Opt(b'f', "print-file-name", Arg::No),
    Opt(b'n', "bytes", Arg::Yes),
    Opt(b'o', "", Arg::No),
    Opt(b's', "output-separator", Arg::Yes),
    Opt(b't', "radix", Arg::Yes),
    Opt(b'w', "include-all-whitespace", Arg::No),
    Opt(b'v', "version", Arg::No),
    Opt(b'V', "version", Arg::No),
];

const USAGE: &str = "Usage: strings [option(s)] [file(s)]\n Display printable strings in [file(s)] (stdin by default)\n The options are:\n  -a - --all                Scan the entire file, not just the data section [default]\n  -d --data                 Only scan the data sections in the file\n  -f --print-file-name      Print the name of the file before each string\n  -n <number>               Locate & print any sequence of at least <number>\n    --bytes=<number>         displayable characters.  (The default is 4).\n  -t --radix={o,d,x}        Print the location of the string in base 8, 10 or 16\n  -w --include-all-whitespace Include all whitespace as valid string characters\n  -o                        An alias for --radix=o\n  -s --output-separator=<string> String used to separate strings in output.\n  -h --help                 Display this information\n  -v -V --version           Print the program's version number\n";

async fn run(sys: Sys) -> i32 {
    // `-8` is `-n 8`.
    let old = |a: &String| a.strip_prefix('-').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())).map(|d| format!("-n{d}"));
    let args: Vec<String> = sys.args().iter().skip(1).map(|a| old(a).unwrap_or_else(|| a.clone())).collect();
    let given = match crate::opts::parse_usage_of(&sys, &args, OPTIONS, USAGE, 1) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'v') || given.has(OPTIONS, b'V') {
        sys.print(STDOUT, format_args!("GNU strings (GNU Binutils for Debian) 2.40\n"));
        return 0;
    }
    let least = match given.value(OPTIONS, b'n') {
        None => 4,
        Some(n) => match n.parse::<usize>() {
            Ok(0) => {
                sys.complain(format_args!("invalid minimum string length 0"));
                return 1;
            }
            Ok(n) => n,
            Err(_) => {
                sys.complain(format_args!("invalid integer argument {n}"));
                return 1;
            }
        },
    };
    let radix = if given.has(OPTIONS, b'o') { "o" } else { given.value(OPTIONS, b't').unwrap_or("") };
    if !["", "o", "d", "x"].contains(&radix) {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    }
    let (named, blanks) = (given.has(OPTIONS, b'f'), given.has(OPTIONS, b'w'));
    let end = given.value(OPTIONS, b's').unwrap_or("\n").to_string();
    let mut status = 0;
    for name in gnu::or_stdin(given.operands.clone()) {
        let dir = name != "-" && sys.stat(&name).await.is_ok_and(|s| s.is_dir());
        let bytes = match gnu::slurp(&sys, &name).await {
            _ if dir => {
                sys.print(STDERR, format_args!("strings: Warning: '{name}' is a directory\n"));
                status = 1;
                continue;
            }
            Ok(bytes) => bytes,
            Err(machine::Errno::ENOENT) => {
                sys.complain(format_args!("'{name}': No such file"));
                status = 1;
                continue;
            }
            Err(e) => {
                sys.complain(format_args!("{name}: {e}"));
                status = 1;
                continue;
            }
        };
        let shown = |b: &u8| (32..127).contains(b) || *b == b'\t' || blanks && (9..14).contains(b);
        let mut at = 0;
        while at < bytes.len() {
            let len = bytes[at..].iter().take_while(|b| shown(b)).count();
            if len >= least {
                if named {
                    sys.print(STDOUT, format_args!("{}: ", if name == "-" { "{standard input}" } else { &name }));
                }
                match radix {
                    "o" => sys.print(STDOUT, format_args!("{at:7o} ")),
                    "d" => sys.print(STDOUT, format_args!("{at:7} ")),
                    "x" => sys.print(STDOUT, format_args!("{at:7x} ")),
                    _ => {}
                }
                sys.put(STDOUT, &bytes[at..at + len]);
                sys.print(STDOUT, format_args!("{end}"));
            }
            at += len.max(1);
        }
    }
    status
}
