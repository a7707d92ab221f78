//! fold, expand, column: lines wrapped, tabs made blanks, tables.  Source: POSIX, coreutils 9.1, column of util-linux 2.38.1.
//! Not here: column without -t, JSON.

use crate::util::columns::{char_width, width};
use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "fold",
    path: "/usr/bin/fold",
    synopsis: "[OPTION]... [FILE]...",
    about: "wrap each input line to fit in specified width",
    run: |sys| Box::pin(fold(sys)),
    examples: &[Ex { sh: "echo abcdefg | fold -w 3; echo 'a bc d' | fold -sw 4", out: "abc\ndef\ng\na \nbc d\n", code: 0 }],
};

pub(super) const EXPAND: Spec = Spec {
    name: "expand",
    path: "/usr/bin/expand",
    synopsis: "[OPTION]... [FILE]...",
    about: "convert tabs to spaces",
    run: |sys| Box::pin(expand(sys)),
    examples: &[Ex { sh: "printf 'a\\tb\\n' | expand -t4", out: "a   b\n", code: 0 }],
};

pub(super) const COLUMN: Spec = Spec {
    name: "column",
    path: "/usr/bin/column",
    synopsis: "[options] [<file>...]",
    about: "columnate lists",
    run: |sys| Box::pin(column(sys)),
    examples: &[Ex { sh: "printf 'a bb c\\naaa b cc\\n' | column -t", out: "a    bb  c\naaa  b   cc\n", code: 0 }],
};

const FOLD_HELP: &str = "Usage: fold [OPTION]... [FILE]...\nWrap input lines in each FILE, writing to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";
const EXPAND_HELP: &str = "Usage: expand [OPTION]... [FILE]...\nConvert tabs in each FILE to spaces, writing to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const FOLD: &[Opt] = &[Opt(b'b', "bytes", Arg::No), Opt(b's', "spaces", Arg::No), Opt(b'w', "width", Arg::Yes)];

/// `-80` as `-w 80`.
fn numbers(sys: &Sys, option: &str) -> Vec<String> {
    let plain = |a: &String| match a.strip_prefix('-') {
        Some(n) if gnu::digits(n).is_some() => format!("-{option}{n}"),
        _ => a.clone(),
    };
    sys.args().iter().skip(1).map(plain).collect()
}

async fn fold(sys: Sys) -> i32 {
    let given = match gnu::options_of(&sys, &numbers(&sys, "w"), FOLD, FOLD_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let text = given.value(FOLD, b'w').unwrap_or("80");
    let most = match gnu::digits(text).map(|n| usize::try_from(n).unwrap_or(usize::MAX)) {
        Some(0) => {
            sys.complain(format_args!("invalid number of columns: {}: Numerical result out of range", quote(text)));
            return 1;
        }
        Some(n) => n,
        None => {
            sys.complain(format_args!("invalid number of columns: {}", quote(text)));
            return 1;
        }
    };
    let (bytes, spaces) = (given.has(FOLD, b'b'), given.has(FOLD, b's'));
    let (text, status) = gnu::slurp_all(&sys, given.operands).await;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let mut rest = line;
        loop {
            let (mut at, mut column, mut blank) = (0, 0usize, None);
            while let Some(b) = rest.get(at).filter(|b| **b != b'\n') {
                let next = match b {
                    b'\t' if !bytes => column + 8 - column % 8,
                    8 if !bytes => column.saturating_sub(1),
                    b'\r' if !bytes => 0,
                    _ => column + 1,
                };
                if next > most && at > 0 {
                    break;
                }
                column = next;
                at += 1;
                if matches!(b, b' ' | b'\t') {
                    blank = Some(at);
                }
            }
            if at == rest.len() || rest[at] == b'\n' {
                sys.put(STDOUT, rest);
                break;
            }
            let cut = if spaces { blank.unwrap_or(at) } else { at };
            sys.put(STDOUT, &rest[..cut]);
            sys.put(STDOUT, b"\n");
            rest = &rest[cut..];
        }
    }
    status
}

const TABS: &[Opt] = &[Opt(b'i', "initial", Arg::No), Opt(b't', "tabs", Arg::Yes)];

async fn expand(sys: Sys) -> i32 {
    let given = match gnu::options_of(&sys, &numbers(&sys, "t"), TABS, EXPAND_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let text = given.value(TABS, b't').unwrap_or("8");
    let mut stops: Vec<usize> = Vec::new();
    for part in text.split([',', ' ']).filter(|p| !p.is_empty()) {
        match gnu::digits(part).and_then(|n| usize::try_from(n).ok()) {
            Some(0) => {
                sys.complain(format_args!("tab size cannot be 0"));
                return 1;
            }
            Some(n) if stops.last().is_some_and(|l| *l >= n) => {
                sys.complain(format_args!("tab sizes must be ascending"));
                return 1;
            }
            Some(n) => stops.push(n),
            None => {
                sys.complain(format_args!("tab size contains invalid character(s): {}", quote(part)));
                return 1;
            }
        }
    }
    let initial = given.has(TABS, b'i');
    let (text, status) = gnu::slurp_all(&sys, given.operands.clone()).await;
    let (mut column, mut leading) = (0usize, true);
    let mut out = Vec::with_capacity(text.len());
    for b in text {
        match b {
            b'\t' if leading || !initial => {
                let to = match stops.as_slice() {
                    [one] => column / one * one + one,
                    all => all.iter().copied().find(|s| *s > column).unwrap_or(column + 1),
                };
                out.resize(out.len() + (to - column).min(1 << 16), b' ');
                column = to;
            }
            b'\n' => {
                out.push(b);
                (column, leading) = (0, true);
            }
            8 => {
                out.push(b);
                column = column.saturating_sub(1);
            }
            _ => {
                out.push(b);
                column += 1;
                leading &= b == b' ';
            }
        }
    }
    sys.put(STDOUT, &out);
    status
}

/// A list in columns as wide as the widest item, filled up with tabs; `across`: rows first.
fn filled(items: &[&str], line: usize, across: bool) -> String {
    let cell = items.iter().map(|i| width(i)).max().unwrap_or(0) / 8 * 8 + 8;
    let columns = (line / cell).max(1);
    let rows = items.len().div_ceil(columns);
    let mut out = String::new();
    for row in 0..rows {
        let at = |c: usize| if across { row * columns + c } else { row + c * rows };
        let list: Vec<&str> = (0..columns).filter(|c| across || at(*c) < items.len()).filter_map(|c| items.get(at(c)).copied()).collect();
        for (c, item) in list.iter().enumerate() {
            out.push_str(item);
            let tabs = if c + 1 < list.len() { (cell - width(item)).div_ceil(8) } else { 0 };
            out.push_str(&"\t".repeat(tabs));
        }
        out.push('\n');
    }
    out
}

async fn column(sys: Sys) -> i32 {
    let Some(given) = crate::util::getopt::getopt(&sys, "ts:o:c:xnelN:R:HhV") else {
        sys.print(STDERR, format_args!("Try 'column --help' for more information.\n"));
        return 1;
    };
    let separators = given.value(b's').unwrap_or(" \t");
    let greedy = given.value(b's').is_none();
    let between = given.value(b'o').unwrap_or("  ");
    let mut bytes = Vec::new();
    let mut failed = 0;
    let names = gnu::or_stdin(given.operands.clone());
    for name in &names {
        match gnu::slurp(&sys, name).await {
            Ok(text) => bytes.extend_from_slice(&text),
            Err(e) => {
                sys.complain(format_args!("{name}: {e}"));
                failed += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    if !given.has(b't') {
        let line = given.value(b'c').and_then(|c| c.parse().ok()).unwrap_or(80);
        let items: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        sys.put(STDOUT, filled(&items, line, given.has(b'x')).as_bytes());
        return failed;
    }
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(|l| l.split(|c| separators.contains(c)).filter(|c| !greedy || !c.is_empty()).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| width(t)).max().unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            line.push_str(cell);
            // The last column is not filled up; a shorter row is.
            if c + 1 < columns {
                let used: usize = cell.chars().map(char_width).sum();
                line.push_str(&" ".repeat(widths[c] - used));
                line.push_str(between);
            }
        }
        for w in widths.iter().take(columns.saturating_sub(1)).skip(row.len()) {
            line.push_str(&" ".repeat(*w));
            line.push_str(between);
        }
        sys.print(STDOUT, format_args!("{line}\n"));
    }
    i32::from(failed > 0)
}
