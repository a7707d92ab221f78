//! shuf: lines in random order.  Source: coreutils 9.1. Not here: `--random-source`.

use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "shuf",
    path: "/usr/bin/shuf",
    synopsis: "[OPTION]... [FILE]",
    about: "generate random permutations",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "seq 5 | shuf | sort | paste -sd,; shuf -i 7-7; shuf -rn 2 -e a", out: "1,2,3,4,5\n7\na\na\n", code: 0 }],
};

const HELP: &str = "Usage: shuf [OPTION]... [FILE]\n  or:  shuf -e [OPTION]... [ARG]...\n  or:  shuf -i LO-HI [OPTION]...\nWrite a random permutation of the input lines to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'e', "echo", Arg::No),
    Opt(b'i', "input-range", Arg::Yes),
    Opt(b'n', "head-count", Arg::Yes),
    Opt(b'o', "output", Arg::Yes),
    Opt(b'r', "repeat", Arg::No),
    Opt(b'z', "zero-terminated", Arg::No),
    Opt(0, "random-source", Arg::Yes),
];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let fail = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        1
    };
    if given.has_long(OPTIONS, "random-source") {
        sys.unsupported("--random-source");
        return 1;
    }
    let mut most = u64::MAX;
    for (i, value) in &given.options {
        if let (b'n', Some(text)) = (OPTIONS[*i].0, value) {
            match gnu::digits(text) {
                Some(n) => most = most.min(n),
                None => return fail(format_args!("invalid line count: {}", quote(text))),
            }
        }
    }
    let end = if given.has(OPTIONS, b'z') { b'\0' } else { b'\n' };
    let ranges = given.options.iter().filter(|(i, _)| OPTIONS[*i].0 == b'i').count();
    if ranges > 1 {
        return fail(format_args!("multiple -i options specified"));
    }
    if given.has(OPTIONS, b'e') && ranges > 0 {
        return gnu::misuse(&sys, 1, format_args!("cannot combine -e and -i options"));
    }
    let mut items: Vec<Vec<u8>> = if let Some(range) = given.value(OPTIONS, b'i') {
        if let Some(operand) = given.operands.first() {
            return gnu::extra(&sys, operand);
        }
        let (low, high) = range.split_once('-').unwrap_or((range, ""));
        match (gnu::digits(low), gnu::digits(high)) {
            (Some(l), Some(h)) if l <= h && h - l < 1_000_000 => (l..=h).map(|n| n.to_string().into_bytes()).collect(),
            (None, _) => return fail(format_args!("invalid input range: {}", quote(low))),
            _ => return fail(format_args!("invalid input range: {}", quote(range))),
        }
    } else if given.has(OPTIONS, b'e') {
        given.operands.iter().map(|o| o.clone().into_bytes()).collect()
    } else {
        if let Some(operand) = given.operands.get(1) {
            return gnu::extra(&sys, operand);
        }
        let name = given.operands.first().map_or("-", String::as_str);
        match gnu::slurp(&sys, name).await {
            Ok(text) => {
                text.strip_suffix(&[end]).unwrap_or(&text).split(|b| *b == end).filter(|_| !text.is_empty()).map(<[u8]>::to_vec).collect()
            }
            Err(e) if e == machine::Errno::EISDIR => return fail(format_args!("read error: {e}")),
            Err(e) => return fail(format_args!("{}: {e}", gnu::colon(name))),
        }
    };
    let mut out = Vec::new();
    if given.has(OPTIONS, b'r') {
        if most > 0 && items.is_empty() {
            return fail(format_args!("no lines to repeat"));
        }
        let mut n = 0;
        while n < most {
            let pick = sys.random().await as usize % items.len();
            sys.put(STDOUT, &items[pick]);
            sys.put(STDOUT, &[end]);
            n += 1;
            if n % 64 == 0 {
                sys.yield_now().await;
            }
        }
        return 0;
    }
    let mut n = 0;
    while n < most && (n as usize) < items.len() {
        let i = n as usize;
        let pick = i + sys.random().await as usize % (items.len() - i);
        items.swap(i, pick);
        out.extend_from_slice(&items[i]);
        out.push(end);
        n += 1;
    }
    match given.value(OPTIONS, b'o') {
        None => sys.put(STDOUT, &out),
        Some(name) => {
            if let Err(e) = sys.write_file(name, &out, 0o666).await {
                return fail(format_args!("{}: {e}", gnu::colon(name)));
            }
        }
    }
    0
}
