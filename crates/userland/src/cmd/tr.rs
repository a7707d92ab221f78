//! tr: translate, squeeze or delete characters (bytes, as coreutils has it).  Source: POSIX tr, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "tr",
    path: "/usr/bin/tr",
    synopsis: "[OPTION]... STRING1 [STRING2]",
    about: "translate or delete characters",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo redhat | tr a-z A-Z; echo 'a  b' | tr -s ' '; echo a1b2 | tr -d '[:digit:]'", out: "REDHAT\na b\nab\n", code: 0 },
        Ex { sh: "echo 'a b' | tr -cs 'a-z\\n' '[\\n*]'", out: "a\nb\n", code: 0 },
        Ex {
            sh: "tr a",
            out: "tr: missing operand after ‘a’\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n",
            code: 1,
        },
    ],
};

const HELP: &str = "Usage: tr [OPTION]... STRING1 [STRING2]\nTranslate, squeeze, and/or delete characters from standard input,\nwriting to standard output.  STRING1 and STRING2 specify arrays of\ncharacters ARRAY1 and ARRAY2 that control the action.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "complement", Arg::No),
    Opt(b'C', "", Arg::No),
    Opt(b'd', "delete", Arg::No),
    Opt(b's', "squeeze-repeats", Arg::No),
    Opt(b't', "truncate-set1", Arg::No),
];

/// A part of a string.
enum Item {
    Char(u8),
    Range(u8, u8),
    Class(&'static str),
    /// So many times; 0: as often as it takes.
    Repeat(u8, usize),
}

const CLASSES: [&str; 12] = ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"];

fn in_class(class: &str, b: u8) -> bool {
    match class {
        "alnum" => b.is_ascii_alphanumeric(),
        "alpha" => b.is_ascii_alphabetic(),
        "blank" => b == b' ' || b == b'\t',
        "cntrl" => b.is_ascii_control(),
        "digit" => b.is_ascii_digit(),
        "graph" => b.is_ascii_graphic(),
        "lower" => b.is_ascii_lowercase(),
        "print" => b.is_ascii_graphic() || b == b' ',
        "punct" => b.is_ascii_punctuation(),
        "space" => b.is_ascii_whitespace() || b == 0x0b,
        "upper" => b.is_ascii_uppercase(),
        _ => b.is_ascii_hexdigit(),
    }
}

/// Bytes of a string, and which of them stood behind a backslash.
fn unescape(text: &str) -> Vec<(u8, bool)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] != b'\\' || i + 1 == bytes.len() {
            out.push((bytes[i], false));
            i += 1;
            continue;
        }
        i += 1;
        let plain = match bytes[i] {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'v' => 11,
            b'0'..=b'7' => {
                let mut n = 0u32;
                let mut digits = 0;
                while digits < 3 && i < bytes.len() && (b'0'..=b'7').contains(&bytes[i]) && n * 8 + u32::from(bytes[i] - b'0') < 256 {
                    n = n * 8 + u32::from(bytes[i] - b'0');
                    digits += 1;
                    i += 1;
                }
                out.push((n as u8, true));
                continue;
            }
            c => c,
        };
        out.push((plain, true));
        i += 1;
    }
    out
}

fn show(b: u8) -> String {
    if b.is_ascii_graphic() || b == b' ' { char::from(b).to_string() } else { format!("\\{b:03o}") }
}

fn parse(text: &str) -> Result<Vec<Item>, String> {
    let c = unescape(text);
    let mut out = Vec::new();
    let mut i = 0;
    let plain = |i: usize, b: u8| c.get(i) == Some(&(b, false));
    while i < c.len() {
        if plain(i, b'[') && (plain(i + 1, b':') || plain(i + 1, b'=')) {
            let kind = c[i + 1].0;
            if let Some(n) = (i + 2..c.len()).find(|n| plain(*n, kind) && plain(n + 1, b']')) {
                let name: Vec<u8> = c[i + 2..n].iter().map(|x| x.0).collect();
                let name = String::from_utf8_lossy(&name).into_owned();
                if kind == b':' {
                    match CLASSES.iter().find(|k| **k == name) {
                        Some(class) => out.push(Item::Class(class)),
                        None if name.is_empty() => return Err("missing character class name '[::]'".into()),
                        None => return Err(format!("invalid character class {}", quote(&name))),
                    }
                } else {
                    match name.as_bytes() {
                        [one] => out.push(Item::Char(*one)),
                        _ => return Err(format!("{name}: equivalence class operand must be a single character")),
                    }
                }
                i = n + 2;
                continue;
            }
        }
        if plain(i, b'[') && plain(i + 2, b'*') {
            let digits: Vec<u8> = c[i + 3..].iter().take_while(|x| x.0.is_ascii_digit() && !x.1).map(|x| x.0).collect();
            if plain(i + 3 + digits.len(), b']') {
                let text = String::from_utf8_lossy(&digits).into_owned();
                let base = if text.starts_with('0') { 8 } else { 10 };
                let n = if text.is_empty() { 0 } else { usize::from_str_radix(&text, base).unwrap_or(0).min(1 << 16) };
                out.push(Item::Repeat(c[i + 1].0, n));
                i += 4 + digits.len();
                continue;
            }
        }
        if plain(i + 1, b'-') && i + 2 < c.len() {
            let (a, b) = (c[i].0, c[i + 2].0);
            if b < a {
                return Err(format!("range-endpoints of '{}-{}' are in reverse collating sequence order", show(a), show(b)));
            }
            out.push(Item::Range(a, b));
            i += 3;
            continue;
        }
        out.push(Item::Char(c[i].0));
        i += 1;
    }
    Ok(out)
}

/// All bytes in order; an open repeat fills up to `length`.
fn expand(items: &[Item], length: usize) -> Vec<u8> {
    let size = |i: &Item| match i {
        Item::Char(_) => 1,
        Item::Range(a, b) => usize::from(b - a) + 1,
        Item::Class(k) => (0..=255).filter(|b| in_class(k, *b)).count(),
        Item::Repeat(_, n) => *n,
    };
    let known: usize = items.iter().map(size).sum();
    let mut out = Vec::new();
    for item in items {
        match item {
            Item::Char(b) => out.push(*b),
            Item::Range(a, b) => out.extend(*a..=*b),
            Item::Class(k) => out.extend((0..=255).filter(|b| in_class(k, *b))),
            Item::Repeat(b, 0) => out.extend(std::iter::repeat_n(*b, length.saturating_sub(known))),
            Item::Repeat(b, n) => out.extend(std::iter::repeat_n(*b, *n)),
        }
    }
    out
}

fn cased(items: &[Item]) -> bool {
    items.iter().any(|i| matches!(i, Item::Class("lower" | "upper")))
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    let (delete, squeeze, complement) = (has(b'd'), has(b's'), has(b'c') || has(b'C'));
    let translate = given.operands.len() > 1 && !delete;
    let (least, most) = (1 + usize::from(delete == squeeze), 1 + usize::from(!delete || squeeze));
    if given.operands.len() < least {
        let Some(last) = given.operands.last() else { return gnu::missing(&sys, None) };
        let why = if squeeze {
            "Two strings must be given when both deleting and squeezing repeats."
        } else {
            "Two strings must be given when translating."
        };
        return gnu::misuse(&sys, 1, format_args!("missing operand after {}\n{why}", quote(last)));
    }
    if let Some(extra) = given.operands.get(most) {
        if most == 1 {
            return gnu::misuse(
                &sys,
                1,
                format_args!("extra operand {}\nOnly one string may be given when deleting without squeezing repeats.", quote(extra)),
            );
        }
        return gnu::extra(&sys, extra);
    }
    let mut sets = Vec::new();
    for text in &given.operands {
        match parse(text) {
            Ok(items) => sets.push(items),
            Err(text) => {
                sys.complain(format_args!("{text}"));
                return 1;
            }
        }
    }
    let fail = |text: &str| {
        sys.complain(format_args!("{text}"));
        1
    };
    if sets[0].iter().any(|i| matches!(i, Item::Repeat(..))) {
        return fail("the [c*] repeat construct may not appear in string1");
    }
    let mut from = expand(&sets[0], 0);
    if complement {
        from = (0..=255).filter(|b| !from.contains(b)).collect();
    }
    let mut map: Vec<u8> = (0..=255).collect();
    let mut squeezed = [false; 256];
    if let Some(second) = sets.get(1) {
        if translate {
            if second.iter().any(|i| matches!(i, Item::Class(k) if *k != "lower" && *k != "upper")) {
                return fail("when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'");
            }
            if cased(second) && !cased(&sets[0]) {
                return fail("misaligned [:upper:] and/or [:lower:] construct");
            }
        }
        let mut to = expand(second, from.len());
        if translate {
            if has(b't') {
                from.truncate(to.len());
            } else if to.is_empty() && !from.is_empty() {
                return fail("when not truncating set1, string2 must be non-empty");
            }
            if to.len() < from.len() && matches!(second.last(), Some(Item::Class(_))) {
                return fail("when translating with string1 longer than string2,\nthe latter string must not end with a character class");
            }
            let mut first = to.clone();
            first.dedup();
            if complement && sets[0].iter().any(|i| matches!(i, Item::Class(_))) && first.len() > 1 {
                return fail("when translating with complemented character classes,\nstring2 must map all characters in the domain to one");
            }
            if let Some(last) = to.last().copied() {
                to.resize(to.len().max(from.len()), last);
            }
            for (a, b) in from.iter().zip(&to) {
                map[usize::from(*a)] = *b;
            }
        }
        for b in to {
            squeezed[usize::from(b)] = squeeze;
        }
    } else if squeeze {
        for b in &from {
            squeezed[usize::from(*b)] = true;
        }
    }
    let mut last = None;
    loop {
        let part = match sys.read(STDIN, 1 << 16).await {
            Ok(part) if part.is_empty() => return 0,
            Ok(part) => part,
            Err(e) => {
                sys.complain(format_args!("read error: {e}"));
                return 1;
            }
        };
        let mut out = Vec::with_capacity(part.len());
        for b in part {
            if delete && from.contains(&b) {
                continue;
            }
            let b = map[usize::from(b)];
            if squeezed[usize::from(b)] && last == Some(b) {
                continue;
            }
            last = Some(b);
            out.push(b);
        }
        sys.put(STDOUT, &out);
    }
}
