//! wc: count lines, words, characters and bytes.  Source: POSIX wc, coreutils 9.1.

use crate::util::columns::char_width;
use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "wc",
    path: "/usr/bin/wc",
    synopsis: "[OPTION]... [FILE]...",
    about: "print newline, word, and byte counts for each file",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'a b\\nc\\n' | wc", out: "      2       3       6\n", code: 0 },
        Ex { sh: "printf 'a b\\nc\\n' > f; wc -l f; wc f f", out: "2 f\n 2  3  6 f\n 2  3  6 f\n 4  6 12 total\n", code: 0 },
    ],
};

const HELP: &str = "Usage: wc [OPTION]... [FILE]...\n  or:  wc [OPTION]... --files0-from=F\nPrint newline, word, and byte counts for each FILE, and a total line if\nmore than one FILE is specified.  A word is a non-zero-length sequence of\nprintable characters delimited by white space.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'l', "lines", Arg::No),
    Opt(b'w', "words", Arg::No),
    Opt(b'm', "chars", Arg::No),
    Opt(b'c', "bytes", Arg::No),
    Opt(b'L', "max-line-length", Arg::No),
];

/// Lines, words, characters, bytes, longest line: in the order of OPTIONS.
type Counts = [u64; 5];

fn count(text: &[u8]) -> Counts {
    let lines = text.iter().filter(|b| **b == b'\n').count() as u64;
    let (mut words, mut chars, mut longest, mut line, mut inside) = (0, 0, 0, 0u64, false);
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            chars += 1;
            let blank = matches!(c, '\t'..='\r' | ' ' | '\u{3000}');
            if !blank && !inside && !c.is_ascii_control() {
                words += 1;
            }
            inside = !blank && (inside || !c.is_ascii_control());
            match c {
                '\n' | '\r' | '\u{c}' => {
                    longest = longest.max(line);
                    line = 0;
                }
                '\t' => line += 8 - line % 8,
                c if c.is_ascii_control() => {}
                c => line += char_width(c) as u64,
            }
        }
    }
    [lines, words, chars, text.len() as u64, longest.max(line)]
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut shown: Vec<usize> = (0..5).filter(|i| given.has(OPTIONS, OPTIONS[*i].0)).collect();
    if shown.is_empty() {
        shown = vec![0, 1, 3];
    }
    let operands = given.operands;
    // The width is that of the sum of the sizes, or 7 where one is not known beforehand.
    let mut width = 1;
    if shown.len() > 1 || operands.len() > 1 {
        let (mut sum, mut unknown) = (0, false);
        if operands.is_empty() {
            match sys.fstat(STDIN).await {
                Ok(s) if s.kind == FileKind::File => sum = s.size,
                _ => unknown = true,
            }
        }
        for name in &operands {
            match if name == "-" { sys.fstat(STDIN).await } else { sys.stat(name).await } {
                Ok(s) if s.kind == FileKind::File => sum += s.size,
                Ok(_) => unknown = true,
                Err(_) => {}
            }
        }
        width = sum.to_string().len().max(if unknown { 7 } else { 1 });
    }
    let print = |counts: &Counts, name: Option<&str>| {
        for (n, i) in shown.iter().enumerate() {
            sys.print(STDOUT, format_args!("{}{:width$}", if n > 0 { " " } else { "" }, counts[*i]));
        }
        match name {
            Some(name) => sys.print(STDOUT, format_args!(" {name}\n")),
            None => sys.print(STDOUT, format_args!("\n")),
        }
    };
    let (mut total, mut status) = ([0u64; 5], 0);
    let implicit = operands.is_empty();
    let many = operands.len() > 1;
    for name in gnu::or_stdin(operands) {
        let text = match gnu::slurp(&sys, &name).await {
            Ok(text) => text,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                status = 1;
                if e == machine::Errno::EISDIR {
                    print(&[0; 5], Some(&name));
                }
                continue;
            }
        };
        let counts = count(&text);
        for i in 0..5 {
            total[i] = if i == 4 { total[i].max(counts[i]) } else { total[i] + counts[i] };
        }
        print(&counts, if implicit { None } else { Some(&name) });
    }
    if many {
        print(&total, Some("total"));
    }
    status
}
