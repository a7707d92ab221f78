//! uniq: report or omit repeated lines.  Source: POSIX uniq, coreutils 9.1. Not here: --group.

use crate::util::gnu::{self, Reader};
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "uniq",
    path: "/usr/bin/uniq",
    synopsis: "[OPTION]... [INPUT [OUTPUT]]",
    about: "report or omit repeated lines",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'a\\na\\nb\\n' | uniq -c", out: "      2 a\n      1 b\n", code: 0 },
        Ex { sh: "printf '1 a\\n2 a\\n' | uniq -f 1", out: "1 a\n", code: 0 },
    ],
};

const HELP: &str = "Usage: uniq [OPTION]... [INPUT [OUTPUT]]\nFilter adjacent matching lines from INPUT (or standard input),\nwriting to OUTPUT (or standard output).\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "count", Arg::No),
    Opt(b'd', "repeated", Arg::No),
    Opt(b'D', "", Arg::No),
    Opt(0, "all-repeated", Arg::Maybe),
    Opt(b'f', "skip-fields", Arg::Yes),
    Opt(0, "group", Arg::Maybe),
    Opt(b'i', "ignore-case", Arg::No),
    Opt(b's', "skip-chars", Arg::Yes),
    Opt(b'u', "unique", Arg::No),
    Opt(b'w', "check-chars", Arg::Yes),
    Opt(b'z', "zero-terminated", Arg::No),
];

/// The part of a line that is compared.
fn key(line: &[u8], fields: u64, chars: u64, most: Option<u64>) -> &[u8] {
    let mut at = 0;
    let blank = |at: usize| line.get(at).is_some_and(|b| matches!(b, b' ' | b'\t'));
    for _ in 0..fields {
        if at >= line.len() {
            break;
        }
        while blank(at) {
            at += 1;
        }
        while at < line.len() && !blank(at) {
            at += 1;
        }
    }
    let from = at.saturating_add(usize::try_from(chars).unwrap_or(usize::MAX)).min(line.len());
    let rest = &line[from..];
    &rest[..rest.len().min(most.map_or(usize::MAX, |m| usize::try_from(m).unwrap_or(usize::MAX)))]
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has_long(OPTIONS, "group") {
        sys.unsupported("--group");
        return 1;
    }
    let (mut fields, mut chars, mut most) = (0, 0, None);
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        let what = match OPTIONS[*i].0 {
            b'f' => "invalid number of fields to skip",
            b's' => "invalid number of bytes to skip",
            b'w' => "invalid number of bytes to compare",
            _ => continue,
        };
        let Some(n) = gnu::digits(text) else {
            sys.complain(format_args!("{text}: {what}"));
            return 1;
        };
        match OPTIONS[*i].0 {
            b'f' => fields = n,
            b's' => chars = n,
            _ => most = Some(n),
        }
    }
    let has = |c| given.has(OPTIONS, c);
    let (count, repeated, unique, icase) = (has(b'c'), has(b'd'), has(b'u'), has(b'i'));
    let apart = given.value_long(OPTIONS, "all-repeated").unwrap_or("none").to_string();
    let all = has(b'D') || given.has_long(OPTIONS, "all-repeated");
    if !["none", "prepend", "separate"].contains(&apart.as_str()) {
        return gnu::misuse(
            &sys,
            1,
            format_args!(
                "invalid argument {} for ‘--all-repeated’\nValid arguments are:\n  - ‘none’\n  - ‘prepend’\n  - ‘separate’",
                quote(&apart)
            ),
        );
    }
    if all && count {
        return gnu::misuse(&sys, 1, format_args!("printing all duplicated lines and repeat counts is meaningless"));
    }
    let end = if has(b'z') { 0 } else { b'\n' };
    if let Some(third) = given.operands.get(2) {
        return gnu::extra(&sys, third);
    }
    let input = given.operands.first().map_or("-", String::as_str);
    let mut out = STDOUT;
    let mut reader = match Reader::open(&sys, input).await {
        Ok(r) => r,
        Err(e) => {
            sys.complain(format_args!("{}: {e}", gnu::colon(input)));
            return 1;
        }
    };
    if let Some(name) = given.operands.get(1).filter(|n| *n != "-") {
        out = match sys.open(name, machine::Open::CREATE, 0o666).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                return 1;
            }
        };
    }
    let show = |line: &[u8], n: u64| {
        if (n > 1 && unique) || (n == 1 && repeated) {
            return;
        }
        if count {
            sys.print(out, format_args!("{n:7} "));
        }
        sys.put(out, line);
        sys.put(out, &[end]);
    };
    let mut last: Option<(Vec<u8>, u64)> = None;
    let mut groups = 0;
    loop {
        let line = match reader.next_by(&sys, end).await {
            Ok(line) => line,
            Err(e) => {
                sys.complain(format_args!("error reading {}: {e}", crate::util::quote::quoteaf(input)));
                return 1;
            }
        };
        let line = line.map(|l| l.strip_suffix(&[end]).map_or(l.clone(), <[u8]>::to_vec));
        let same = match (&last, &line) {
            (Some((l, _)), Some(line)) => {
                let (a, b) = (key(l, fields, chars, most), key(line, fields, chars, most));
                if icase { a.eq_ignore_ascii_case(b) } else { a == b }
            }
            _ => false,
        };
        if let (true, Some((l, n))) = (same, last.as_mut()) {
            *n += 1;
            if all && let Some(line) = &line {
                if *n == 2 {
                    if apart == "prepend" || apart == "separate" && groups > 0 {
                        sys.put(out, &[end]);
                    }
                    groups += 1;
                    sys.put(out, l);
                    sys.put(out, &[end]);
                }
                sys.put(out, line);
                sys.put(out, &[end]);
            }
            continue;
        }
        if let (Some((l, n)), false) = (&last, all) {
            show(l, *n);
        }
        match line {
            Some(line) => last = Some((line, 1)),
            None => return 0,
        }
    }
}
