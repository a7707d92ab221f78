//! sort: sort lines.  Source: POSIX sort, coreutils 9.1. What is compared and how: `sort/key.rs`. Not here: -R, --debug.

mod key;

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use key::{Key, Order};
use machine::{Open, STDERR, STDOUT, Sys};
use std::cmp::Ordering;

pub(super) const SPEC: Spec = Spec {
    name: "sort",
    path: "/usr/bin/sort",
    synopsis: "[OPTION]... [FILE]...",
    about: "sort lines of text files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf '10\\n9\\n1\\n' | sort; printf '10\\n9\\n1\\n' | sort -n", out: "1\n10\n9\n1\n9\n10\n", code: 0 },
        Ex { sh: "printf 'a:2\\nb:1\\nc:1\\n' | sort -t: -k2,2n -k1,1r", out: "c:1\nb:1\na:2\n", code: 0 },
        Ex { sh: "printf '2\\n1\\n' | sort -c", out: "sort: -:2: disorder: 1\n", code: 1 },
        Ex { sh: "printf '1M\\n2K\\n' | sort -h; printf 'f10\\nf9\\n' | sort -V", out: "2K\n1M\nf9\nf10\n", code: 0 },
    ],
};

const HELP: &str = "Usage: sort [OPTION]... [FILE]...\n  or:  sort [OPTION]... --files0-from=F\nWrite sorted concatenation of all FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "ignore-leading-blanks", Arg::No),
    Opt(b'd', "dictionary-order", Arg::No),
    Opt(b'f', "ignore-case", Arg::No),
    Opt(b'g', "general-numeric-sort", Arg::No),
    Opt(b'i', "ignore-nonprinting", Arg::No),
    Opt(b'M', "month-sort", Arg::No),
    Opt(b'h', "human-numeric-sort", Arg::No),
    Opt(b'n', "numeric-sort", Arg::No),
    Opt(b'R', "random-sort", Arg::No),
    Opt(b'r', "reverse", Arg::No),
    Opt(b'V', "version-sort", Arg::No),
    Opt(0, "sort", Arg::Yes),
    Opt(0, "batch-size", Arg::Yes),
    Opt(b'c', "check", Arg::Maybe),
    Opt(b'C', "", Arg::No),
    Opt(0, "compress-program", Arg::Yes),
    Opt(0, "debug", Arg::No),
    Opt(0, "files0-from", Arg::Yes),
    Opt(b'k', "key", Arg::Yes),
    Opt(b'm', "merge", Arg::No),
    Opt(b'o', "output", Arg::Yes),
    Opt(b's', "stable", Arg::No),
    Opt(b'S', "buffer-size", Arg::Yes),
    Opt(b't', "field-separator", Arg::Yes),
    Opt(b'T', "temporary-directory", Arg::Yes),
    Opt(0, "parallel", Arg::Yes),
    Opt(b'u', "unique", Arg::No),
    Opt(b'z', "zero-terminated", Arg::No),
];

const SORTS: [(&str, u8); 6] =
    [("general-numeric", b'g'), ("human-numeric", b'h'), ("month", b'M'), ("numeric", b'n'), ("random", b'R'), ("version", b'V')];

/// How lines compare.
struct Rules {
    keys: Vec<Key>,
    tab: Option<u8>,
    reverse: bool,
    stable: bool,
    unique: bool,
}

impl Rules {
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        for key in &self.keys {
            let order = key.order.compare(key.part(a, self.tab), key.part(b, self.tab));
            if order.is_ne() {
                return if key.order.reverse { order.reverse() } else { order };
            }
        }
        if !self.keys.is_empty() && (self.stable || self.unique) {
            return Ordering::Equal;
        }
        let order = a.cmp(b);
        if self.reverse { order.reverse() } else { order }
    }
}

async fn run(sys: Sys) -> i32 {
    // `-c` takes no value unless it is the long one.
    let args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    let given = match gnu::options_of(&sys, &args, OPTIONS, HELP, 2, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let fail = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        2
    };
    let (mut global, mut keys, mut tab) = (Order::default(), Vec::new(), None);
    let (mut check, mut output) = (None, None);
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        let Opt(letter, long, _) = OPTIONS[*i];
        match (letter, long) {
            (b'c', _) => {
                check = match text {
                    "" | "diagnose-first" => Some(true),
                    "quiet" | "silent" => Some(false),
                    _ => {
                        // Letters behind -c are options of their own.
                        for c in text.bytes() {
                            global.letter(c);
                        }
                        Some(true)
                    }
                }
            }
            (b'C', _) => check = Some(false),
            (b'k', _) => match Key::parse(text) {
                Ok(key) => keys.push(key),
                Err(text) => return fail(format_args!("{text}")),
            },
            (b't', _) => {
                tab = match text.as_bytes() {
                    [] => return fail(format_args!("empty tab")),
                    [b] => Some(*b),
                    b"\\0" => Some(0),
                    _ => return fail(format_args!("multi-character tab {}", quote(text))),
                }
            }
            (b'o', _) => output = Some(text.to_string()),
            (_, "sort") => match SORTS.iter().find(|(name, _)| *name == text) {
                Some((_, letter)) => {
                    global.letter(*letter);
                }
                None => {
                    let list: String = SORTS.iter().map(|(n, _)| format!("  - {}\n", quote(n))).collect();
                    sys.complain(format_args!("invalid argument {} for {}", quote(text), quote("--sort")));
                    sys.print(STDERR, format_args!("Valid arguments are:\n{list}Try 'sort --help' for more information.\n"));
                    return 1;
                }
            },
            (_, "debug" | "files0-from") => {
                sys.unsupported(&format!("--{long}"));
                return 2;
            }
            (b'S', _) if gnu::size(text.trim_end_matches('%')).is_none() => {
                return fail(format_args!("invalid -S argument {}", quoteaf(text)));
            }
            _ => {
                global.letter(letter);
            }
        }
    }
    for key in &mut keys {
        if key.order.is_plain() && !key.skip_start && !key.skip_end {
            key.inherit(&global);
        }
    }
    if keys.is_empty() && !global.is_default() {
        keys.push(Key::whole(&global));
    }
    for key in keys.iter().map(|k| &k.order).chain([&global]) {
        if let Some(both) = key.clash() {
            return fail(format_args!("options '-{both}' are incompatible"));
        }
        if key.random {
            sys.unsupported("-R");
            return 2;
        }
    }
    let has = |c| given.has(OPTIONS, c);
    let rules = Rules { keys, tab, reverse: global.reverse, stable: has(b's'), unique: has(b'u') };
    let end = if has(b'z') { 0 } else { b'\n' };
    if check.is_some()
        && let Some(second) = given.operands.get(1)
    {
        return fail(format_args!("extra operand {} not allowed with -{}", quoteaf(second), if check == Some(true) { 'c' } else { 'C' }));
    }
    let first = given.operands.first().map_or("-".to_string(), Clone::clone);
    let mut text: Vec<u8> = Vec::new();
    for name in gnu::or_stdin(given.operands) {
        match gnu::slurp(&sys, &name).await {
            Ok(bytes) => {
                text.extend_from_slice(&bytes);
                if text.last().is_some_and(|b| *b != end) {
                    text.push(end);
                }
            }
            Err(e) => {
                let what = if e == machine::Errno::EISDIR { "read failed" } else { "cannot read" };
                return fail(format_args!("{what}: {}: {e}", gnu::colon(&name)));
            }
        }
    }
    let mut lines: Vec<&[u8]> = text.split(|b| *b == end).collect();
    lines.pop();
    if let Some(loud) = check {
        for (i, pair) in lines.windows(2).enumerate() {
            let order = rules.compare(pair[0], pair[1]);
            if order.is_gt() || rules.unique && order.is_eq() {
                if loud {
                    sys.complain(format_args!("{}:{}: disorder: {}", gnu::colon(&first), i + 2, String::from_utf8_lossy(pair[1])));
                }
                return 1;
            }
        }
        return 0;
    }
    machine::sort_by(&mut lines, |a, b| rules.compare(a, b));
    if rules.unique {
        lines.dedup_by(|a, b| rules.compare(b, a).is_eq());
    }
    let mut out = STDOUT;
    if let Some(name) = output {
        out = match sys.open(&name, Open::CREATE, 0o666).await {
            Ok(fd) => fd,
            Err(e) => return fail(format_args!("open failed: {}: {e}", gnu::colon(&name))),
        };
    }
    for line in lines {
        sys.put(out, line);
        sys.put(out, &[end]);
    }
    0
}
