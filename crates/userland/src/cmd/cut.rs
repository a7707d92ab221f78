//! cut: parts of lines.  Source: POSIX cut, coreutils 9.1 (where -c means -b).

use crate::util::gnu::{self, Reader};
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "cut",
    path: "/usr/bin/cut",
    synopsis: "OPTION... [FILE]...",
    about: "remove sections from each line of files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo a:b:c:d | cut -d: -f1,3-", out: "a:c:d\n", code: 0 },
        Ex { sh: "echo redhat | cut -c1-3,5", out: "reda\n", code: 0 },
        Ex {
            sh: "cut f",
            out: "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n",
            code: 1,
        },
    ],
};

const HELP: &str = "Usage: cut OPTION... [FILE]...\nPrint selected parts of lines from each FILE to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "bytes", Arg::Yes),
    Opt(b'c', "characters", Arg::Yes),
    Opt(b'f', "fields", Arg::Yes),
    Opt(b'd', "delimiter", Arg::Yes),
    Opt(b'n', "", Arg::No),
    Opt(b's', "only-delimited", Arg::No),
    Opt(b'z', "zero-terminated", Arg::No),
    Opt(0, "output-delimiter", Arg::Yes),
    Opt(0, "complement", Arg::No),
];

/// `1,3-5,7-` as ranges from 1, in order and joined.
fn ranges(list: &str, fields: bool) -> Result<Vec<(u64, u64)>, String> {
    let mut all = Vec::new();
    let zero = || Err(format!("{} are numbered from 1", if fields { "fields" } else { "byte/character positions" }));
    for part in list.split([',', ' ', '\t']) {
        let number = |t: &str| match gnu::digits(t) {
            Some(n) => Ok(n),
            None if fields => Err(format!("invalid field value {}", quote(t))),
            None => Err(format!("invalid byte/character position {}", quote(t))),
        };
        let (from, to) = match part.split_once('-') {
            Some(("", "")) => return Err("invalid range with no endpoint: -".into()),
            Some((a, b)) => {
                let to = if b.is_empty() { u64::MAX } else { number(b)? };
                (if a.is_empty() { 1 } else { number(a)? }, to)
            }
            None if part.is_empty() => return zero(),
            None => (number(part)?, number(part)?),
        };
        if from == 0 {
            return zero();
        }
        if to < from {
            return Err("invalid decreasing range".into());
        }
        all.push((from, to));
    }
    machine::sort(&mut all);
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in all {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    Ok(joined)
}

fn complement(ranges: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut next = 1;
    let mut out = Vec::new();
    for (from, to) in ranges {
        if *from > next {
            out.push((next, from - 1));
        }
        next = to.saturating_add(1);
    }
    if next < u64::MAX {
        out.push((next, u64::MAX));
    }
    out
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let lists: Vec<&(usize, Option<String>)> = given.options.iter().filter(|(i, _)| *i < 3).collect();
    let (kind, list) = match lists.as_slice() {
        [] => return gnu::misuse(&sys, 1, format_args!("you must specify a list of bytes, characters, or fields")),
        [(i, list)] => (OPTIONS[*i].0, list.as_deref().unwrap_or("")),
        _ => return gnu::misuse(&sys, 1, format_args!("only one list may be specified")),
    };
    let fields = kind == b'f';
    let delimiter = given.value(OPTIONS, b'd').map(str::as_bytes);
    if delimiter.is_some_and(|d| d.len() > 1) {
        return gnu::misuse(&sys, 1, format_args!("the delimiter must be a single character"));
    }
    if !fields && delimiter.is_some() {
        return gnu::misuse(&sys, 1, format_args!("an input delimiter may be specified only when operating on fields"));
    }
    if !fields && given.has(OPTIONS, b's') {
        return gnu::misuse(&sys, 1, format_args!("suppressing non-delimited lines makes sense\n\tonly when operating on fields"));
    }
    let mut ranges = match ranges(list, fields) {
        Ok(r) => r,
        Err(text) => return gnu::misuse(&sys, 1, format_args!("{text}")),
    };
    if given.has_long(OPTIONS, "complement") {
        ranges = complement(&ranges);
    }
    let delimiter = delimiter.map_or(b'\t', |d| d.first().copied().unwrap_or(0));
    let between = given.value_long(OPTIONS, "output-delimiter").map(|d| d.as_bytes().to_vec());
    let only = given.has(OPTIONS, b's');
    let zero = given.has(OPTIONS, b'z');
    let end = if zero { 0 } else { b'\n' };
    let mut status = 0;
    for name in gnu::or_stdin(given.operands) {
        let mut reader = match Reader::open(&sys, &name).await {
            Ok(r) => r,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                status = 1;
                continue;
            }
        };
        loop {
            match reader.next_by(&sys, end).await {
                Ok(Some(line)) => {
                    let text = line.strip_suffix(&[end]).unwrap_or(&line);
                    if fields && !text.contains(&delimiter) {
                        if !only {
                            sys.put(STDOUT, text);
                            sys.put(STDOUT, &[end]);
                        }
                        continue;
                    }
                    sys.put(STDOUT, &pick(text, &ranges, fields.then_some(delimiter), between.as_deref()));
                    sys.put(STDOUT, &[end]);
                }
                Ok(None) => break,
                Err(e) => {
                    sys.complain(format_args!("{}: {e}", gnu::colon(&name)));
                    status = 1;
                    break;
                }
            }
        }
        reader.close(&sys).await;
    }
    status
}

/// The chosen bytes or fields of a line.
fn pick(text: &[u8], ranges: &[(u64, u64)], delimiter: Option<u8>, between: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(delimiter) = delimiter else {
        for (n, (from, to)) in ranges.iter().enumerate() {
            let from = usize::try_from(from - 1).unwrap_or(usize::MAX).min(text.len());
            let to = usize::try_from(*to).unwrap_or(usize::MAX).min(text.len());
            if let (true, true, Some(between)) = (n > 0, from < to, between) {
                out.extend_from_slice(between);
            }
            out.extend_from_slice(&text[from..to]);
        }
        return out;
    };
    let between = between.unwrap_or(std::slice::from_ref(&delimiter));
    let mut first = true;
    for (i, field) in text.split(|b| *b == delimiter).enumerate() {
        let n = i as u64 + 1;
        if ranges.iter().any(|(from, to)| (*from..=*to).contains(&n)) {
            if !first {
                out.extend_from_slice(between);
            }
            out.extend_from_slice(field);
            first = false;
        }
    }
    out
}
