//! tac, rev, nl, paste, comm: lines backwards, numbered, side by side, compared.  Source: POSIX, coreutils 9.1, util-linux 2.38.1.
//! Not here: tac's separators, nl's sections and patterns.

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "tac",
    path: "/usr/bin/tac",
    synopsis: "[OPTION]... [FILE]...",
    about: "concatenate and print files in reverse",
    run: |sys| Box::pin(tac(sys)),
    examples: &[Ex { sh: "seq 3 | tac", out: "3\n2\n1\n", code: 0 }],
};

pub(super) const REV: Spec = Spec {
    name: "rev",
    path: "/usr/bin/rev",
    synopsis: "[options] [file ...]",
    about: "reverse lines characterwise",
    run: |sys| Box::pin(rev(sys)),
    examples: &[Ex { sh: "echo redhat | rev", out: "tahder\n", code: 0 }],
};

pub(super) const NL: Spec = Spec {
    name: "nl",
    path: "/usr/bin/nl",
    synopsis: "[OPTION]... [FILE]...",
    about: "number lines of files",
    run: |sys| Box::pin(nl(sys)),
    examples: &[Ex { sh: "printf 'a\\n\\nb\\n' | nl", out: "     1\ta\n       \n     2\tb\n", code: 0 }],
};

pub(super) const PASTE: Spec = Spec {
    name: "paste",
    path: "/usr/bin/paste",
    synopsis: "[OPTION]... [FILE]...",
    about: "merge lines of files",
    run: |sys| Box::pin(paste(sys)),
    examples: &[Ex { sh: "seq 3 > a; seq 2 > b; paste a b; seq 3 | paste -sd,", out: "1\t1\n2\t2\n3\t\n1,2,3\n", code: 0 }],
};

pub(super) const COMM: Spec = Spec {
    name: "comm",
    path: "/usr/bin/comm",
    synopsis: "[OPTION]... FILE1 FILE2",
    about: "compare two sorted files line by line",
    run: |sys| Box::pin(comm(sys)),
    examples: &[Ex { sh: "seq 3 > a; seq 2 4 > b; comm a b; comm -12 a b", out: "1\n\t\t2\n\t\t3\n\t4\n2\n3\n", code: 0 }],
};

const TAC_HELP: &str = "Usage: tac [OPTION]... [FILE]...\nWrite each FILE to standard output, last line first.\n\nWith no FILE, or when FILE is -, read standard input.\n";
const NL_HELP: &str = "Usage: nl [OPTION]... [FILE]...\nWrite each FILE to standard output, with line numbers added.\n\nWith no FILE, or when FILE is -, read standard input.\n";
const PASTE_HELP: &str = "Usage: paste [OPTION]... [FILE]...\nWrite lines consisting of the sequentially corresponding lines from\neach FILE, separated by TABs, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";
const COMM_HELP: &str = "Usage: comm [OPTION]... FILE1 FILE2\nCompare sorted files FILE1 and FILE2 line by line.\n\nWhen FILE1 or FILE2 (not both) is -, read standard input.\n";

async fn tac(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], TAC_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut status = 0;
    for name in gnu::or_stdin(given.operands) {
        match gnu::slurp(&sys, &name).await {
            Ok(text) => text.split_inclusive(|b| *b == b'\n').rev().for_each(|l| sys.put(STDOUT, l)),
            Err(e) => {
                let what = if e == machine::Errno::EISDIR { "read error" } else { "failed to open" };
                match what {
                    "read error" => sys.complain(format_args!("{}: {what}: {e}", gnu::colon(&name))),
                    _ => sys.complain(format_args!("{what} {} for reading: {e}", quoteaf(&name))),
                }
                status = 1;
            }
        }
    }
    status
}

async fn rev(sys: Sys) -> i32 {
    let Some(given) = crate::util::getopt::getopt(&sys, "Vh") else {
        sys.print(machine::STDERR, format_args!("Try 'rev --help' for more information.\n"));
        return 1;
    };
    let mut status = 0;
    for name in gnu::or_stdin(given.operands) {
        match gnu::slurp(&sys, &name).await {
            Ok(text) => {
                for line in String::from_utf8_lossy(&text).split_inclusive('\n') {
                    let body = line.strip_suffix('\n').unwrap_or(line);
                    let turned: String = body.chars().rev().collect();
                    sys.print(STDOUT, format_args!("{turned}{}", &line[body.len()..]));
                }
            }
            Err(e) => {
                sys.complain(format_args!("cannot open {name}: {e}"));
                status = 1;
            }
        }
    }
    status
}

const NL_OPTIONS: &[Opt] = &[
    Opt(b'b', "body-numbering", Arg::Yes),
    Opt(b'i', "line-increment", Arg::Yes),
    Opt(b'n', "number-format", Arg::Yes),
    Opt(b's', "number-separator", Arg::Yes),
    Opt(b'v', "starting-line-number", Arg::Yes),
    Opt(b'w', "number-width", Arg::Yes),
];

async fn nl(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, NL_OPTIONS, NL_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let body = given.value(NL_OPTIONS, b'b').unwrap_or("t");
    if !["a", "t", "n"].contains(&body) {
        sys.unsupported("patterns in -b");
        return 1;
    }
    let number = |c: u8, or: i64| given.value(NL_OPTIONS, c).map_or(Some(or), |t| t.parse::<i64>().ok());
    let (Some(step), Some(start), Some(width)) = (number(b'i', 1), number(b'v', 1), number(b'w', 6)) else {
        let bad = [(b'i', "line number increment"), (b'v', "starting line number"), (b'w', "line number field width")];
        for (c, what) in bad {
            if number(c, 1).is_none() {
                sys.complain(format_args!("invalid {what}: {}", quote(given.value(NL_OPTIONS, c).unwrap_or(""))));
            }
        }
        return 1;
    };
    let width = usize::try_from(width).unwrap_or(1).clamp(1, 1000);
    let format = given.value(NL_OPTIONS, b'n').unwrap_or("rn");
    if !["ln", "rn", "rz"].contains(&format) {
        return gnu::misuse(&sys, 1, format_args!("invalid line numbering format: {}", quote(format)));
    }
    let separator = given.value(NL_OPTIONS, b's').unwrap_or("\t");
    let (text, status) = gnu::slurp_all(&sys, given.operands.clone()).await;
    let mut n = start;
    for line in gnu::lines(&text) {
        if body == "a" || body == "t" && !line.is_empty() {
            match format {
                "ln" => sys.print(STDOUT, format_args!("{n:<width$}{separator}")),
                "rz" => sys.print(STDOUT, format_args!("{n:0width$}{separator}")),
                _ => sys.print(STDOUT, format_args!("{n:width$}{separator}")),
            }
            n = n.wrapping_add(step);
        } else {
            sys.print(STDOUT, format_args!("{:w$}", "", w = width + separator.chars().count()));
        }
        sys.put(STDOUT, line);
        sys.put(STDOUT, b"\n");
    }
    status
}

const PASTE_OPTIONS: &[Opt] = &[Opt(b'd', "delimiters", Arg::Yes), Opt(b's', "serial", Arg::No), Opt(b'z', "zero-terminated", Arg::No)];

async fn paste(sys: Sys) -> i32 {
    let table = PASTE_OPTIONS;
    let given = match gnu::options(&sys, table, PASTE_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut delimiters: Vec<Vec<u8>> = Vec::new();
    let mut chars = given.value(table, b'd').unwrap_or("\t").chars();
    while let Some(c) = chars.next() {
        delimiters.push(match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => b"\n".to_vec(),
            ('\\', Some('t')) => b"\t".to_vec(),
            ('\\', Some('0')) => Vec::new(),
            ('\\', Some(c)) => c.to_string().into_bytes(),
            (c, _) => c.to_string().into_bytes(),
        });
    }
    if delimiters.is_empty() {
        delimiters.push(Vec::new());
    }
    let end = if given.has(table, b'z') { 0 } else { b'\n' };
    let names = gnu::or_stdin(given.operands.clone());
    let mut stdin: Option<std::collections::VecDeque<Vec<u8>>> = None;
    let mut files: Vec<std::collections::VecDeque<Vec<u8>>> = Vec::new();
    for name in &names {
        let text = if name == "-" && stdin.is_some() { Ok(Vec::new()) } else { gnu::slurp(&sys, name).await };
        let text = match text {
            Ok(text) => text,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                return 1;
            }
        };
        let mut lines: std::collections::VecDeque<Vec<u8>> = text.split(|b| *b == end).map(<[u8]>::to_vec).collect();
        if lines.back().is_some_and(Vec::is_empty) {
            lines.pop_back();
        }
        if name == "-" && stdin.is_none() {
            stdin = Some(lines);
            lines = Default::default();
        }
        files.push(lines);
    }
    let serial = given.has(table, b's');
    if serial {
        for (i, lines) in files.iter_mut().enumerate() {
            if names[i] == "-"
                && let Some(all) = stdin.as_mut()
            {
                std::mem::swap(all, lines);
            }
            for (n, line) in lines.iter().enumerate() {
                if n > 0 {
                    sys.put(STDOUT, &delimiters[(n - 1) % delimiters.len()]);
                }
                sys.put(STDOUT, line);
            }
            sys.put(STDOUT, &[end]);
        }
        return 0;
    }
    loop {
        let mut row: Vec<Option<Vec<u8>>> = Vec::new();
        for (i, lines) in files.iter_mut().enumerate() {
            // Standard input named twice gives its lines in turn.
            let line = if names[i] == "-" { stdin.as_mut().and_then(|s| s.pop_front()) } else { lines.pop_front() };
            row.push(line);
        }
        if row.iter().all(Option::is_none) {
            return 0;
        }
        for (i, cell) in row.into_iter().enumerate() {
            if i > 0 {
                sys.put(STDOUT, &delimiters[(i - 1) % delimiters.len()]);
            }
            sys.put(STDOUT, &cell.unwrap_or_default());
        }
        sys.put(STDOUT, &[end]);
    }
}

const COMM_OPTIONS: &[Opt] = &[
    Opt(b'1', "", Arg::No),
    Opt(b'2', "", Arg::No),
    Opt(b'3', "", Arg::No),
    Opt(0, "check-order", Arg::No),
    Opt(0, "nocheck-order", Arg::No),
    Opt(0, "output-delimiter", Arg::Yes),
    Opt(0, "total", Arg::No),
];

async fn comm(sys: Sys) -> i32 {
    let table = COMM_OPTIONS;
    let given = match gnu::options(&sys, table, COMM_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.len() < 2 {
        return gnu::missing(&sys, given.operands.first());
    }
    if let Some(third) = given.operands.get(2) {
        return gnu::extra(&sys, third);
    }
    let mut texts = Vec::new();
    for name in &given.operands {
        match gnu::slurp(&sys, name).await {
            Ok(text) => texts.push(text),
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                return 1;
            }
        }
    }
    let (a, b) = (gnu::lines(&texts[0]), gnu::lines(&texts[1]));
    let hide = [given.has(table, b'1'), given.has(table, b'2'), given.has(table, b'3')];
    let tab = given.value_long(table, "output-delimiter").unwrap_or("\t");
    let before = |column: usize| (0..column).filter(|c| !hide[*c]).count();
    let (mut i, mut j, mut totals, mut disorder) = (0, 0, [0u64; 3], [false; 2]);
    let check = !given.has_long(table, "nocheck-order");
    while i < a.len() || j < b.len() {
        let order = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.cmp(y),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let (column, line) = match order {
            std::cmp::Ordering::Less => (0, a[i]),
            std::cmp::Ordering::Greater => (1, b[j]),
            std::cmp::Ordering::Equal => (2, a[i]),
        };
        totals[column] += 1;
        if !hide[column] {
            sys.put(STDOUT, tab.repeat(before(column)).as_bytes());
            sys.put(STDOUT, line);
            sys.put(STDOUT, b"\n");
        }
        for (n, lines, at, moved) in [(0, &a, &mut i, order.is_le()), (1, &b, &mut j, order.is_ge())] {
            if moved {
                *at += 1;
                let unsorted = lines.get(*at).is_some_and(|l| *l < lines[*at - 1]);
                if check && unsorted && !disorder[n] {
                    disorder[n] = true;
                    sys.complain(format_args!("file {} is not in sorted order", n + 1));
                    if given.has_long(table, "check-order") {
                        return 1;
                    }
                }
            }
        }
    }
    if given.has_long(table, "total") {
        sys.print(STDOUT, format_args!("{}{tab}{}{tab}{}{tab}total\n", totals[0], totals[1], totals[2]));
    }
    if disorder.contains(&true) {
        sys.complain(format_args!("input is not in sorted order"));
        return 1;
    }
    0
}
