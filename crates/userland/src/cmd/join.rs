//! join: lines of two sorted files that have a field in common.  Source: POSIX join, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};
use std::cmp::Ordering;

pub(super) const SPEC: Spec = Spec {
    name: "join",
    path: "/usr/bin/join",
    synopsis: "[OPTION]... FILE1 FILE2",
    about: "join lines of two files on a common field",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "printf 'a 1\\nb 2\\nd 4\\n' > f; printf 'b x\\nc y\\nd z\\n' > g; join f g; join -a1 -e- -o 0,2.2 f g; join -v2 f g",
        out: "b 2 x\nd 4 z\na -\nb x\nd z\nc y\n",
        code: 0,
    }],
};

const HELP: &str = "Usage: join [OPTION]... FILE1 FILE2\nFor each pair of input lines with identical join fields, write a line to\nstandard output.  The default join field is the first, delimited by blanks.\n\nWhen FILE1 or FILE2 (not both) is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "", Arg::Yes),
    Opt(b'e', "", Arg::Yes),
    Opt(b'i', "ignore-case", Arg::No),
    Opt(b'j', "", Arg::Yes),
    Opt(b'o', "", Arg::Yes),
    Opt(b't', "", Arg::Yes),
    Opt(b'v', "", Arg::Yes),
    Opt(b'1', "", Arg::Yes),
    Opt(b'2', "", Arg::Yes),
    Opt(b'z', "zero-terminated", Arg::No),
    Opt(0, "check-order", Arg::No),
    Opt(0, "nocheck-order", Arg::No),
    Opt(0, "header", Arg::No),
];

struct Join<'a> {
    sys: &'a Sys,
    /// The common field of each file, from 0.
    fields: [usize; 2],
    separator: Option<u8>,
    fold: bool,
    empty: Vec<u8>,
    /// What is printed: file (0: the common field) and field. `None`: all.
    order: Option<Vec<(usize, usize)>>,
    end: u8,
}

type Line<'a> = Vec<&'a [u8]>;

impl Join<'_> {
    fn split<'a>(&self, line: &'a [u8]) -> Line<'a> {
        match self.separator {
            Some(s) => line.split(|b| *b == s).collect(),
            None => line.split(|b| matches!(b, b' ' | b'\t')).filter(|f| !f.is_empty()).collect(),
        }
    }
    fn key<'a>(&self, side: usize, line: &Line<'a>) -> &'a [u8] {
        line.get(self.fields[side]).copied().unwrap_or(b"")
    }
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.fold { a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()) } else { a.cmp(b) }
    }
    fn show(&self, one: Option<&Line<'_>>, two: Option<&Line<'_>>) {
        let sides = [one, two];
        let (side, line) = if let Some(l) = one { (0, l) } else { (1, two.unwrap_or(const { &Vec::new() })) };
        let common = self.key(side, line);
        let mut out: Vec<&[u8]> = Vec::new();
        match &self.order {
            Some(order) => {
                for (file, field) in order {
                    out.push(match file.checked_sub(1) {
                        None => common,
                        Some(s) => sides[s].and_then(|l| l.get(*field)).copied().filter(|f| !f.is_empty()).unwrap_or(&self.empty),
                    });
                }
            }
            None => {
                out.push(common);
                for (s, line) in sides.iter().enumerate().filter_map(|(s, l)| l.map(|l| (s, l))) {
                    out.extend(line.iter().enumerate().filter(|(i, _)| *i != self.fields[s]).map(|(_, f)| *f));
                }
            }
        }
        let mut text = out.join(&[self.separator.unwrap_or(b' ')][..]);
        text.push(self.end);
        self.sys.put(STDOUT, &text);
    }
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let fail = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        1
    };
    let mut join = Join { sys: &sys, fields: [0, 0], separator: None, fold: false, empty: Vec::new(), order: None, end: b'\n' };
    let (mut unpaired, mut pairs, mut auto) = ([false, false], true, false);
    let (mut header, mut check) = (false, None);
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        match OPTIONS[*i].0 {
            letter @ (b'a' | b'v') => {
                match text {
                    "1" => unpaired[0] = true,
                    "2" => unpaired[1] = true,
                    _ => return fail(format_args!("invalid field number: {}", quote(text))),
                }
                pairs &= letter == b'a';
            }
            b'e' => join.empty = text.as_bytes().to_vec(),
            b'i' => join.fold = true,
            letter @ (b'j' | b'1' | b'2') => {
                let Some(n) = gnu::digits(text).filter(|n| *n > 0) else {
                    return fail(format_args!("invalid field number: {}", quote(text)));
                };
                for side in 0..2 {
                    if letter == b'j' || letter == b'1' + side as u8 {
                        join.fields[side] = n as usize - 1;
                    }
                }
            }
            b'o' if text == "auto" => auto = true,
            b'o' => {
                let order = join.order.get_or_insert_with(Vec::new);
                for spec in text.split([',', ' ', '\t']).filter(|s| !s.is_empty()) {
                    if spec == "0" {
                        order.push((0, 0));
                        continue;
                    }
                    match spec.split_once('.') {
                        Some((file @ ("1" | "2"), field)) => match gnu::digits(field).filter(|n| *n > 0) {
                            Some(n) => order.push((usize::from(file == "2") + 1, n as usize - 1)),
                            None => return fail(format_args!("invalid field number: {}", quote(field))),
                        },
                        Some(_) => return fail(format_args!("invalid file number in field spec: {}", quote(spec))),
                        None => return fail(format_args!("invalid field specifier: {}", quote(spec))),
                    }
                }
            }
            b't' => match text.as_bytes() {
                [one] => join.separator = Some(*one),
                [] => join.separator = Some(b'\n'),
                _ if text == "\\0" => join.separator = Some(0),
                _ => return fail(format_args!("multi-character tab {}", quote(text))),
            },
            b'z' => join.end = 0,
            _ => match OPTIONS[*i].1 {
                "header" => header = true,
                long => check = Some(long == "check-order"),
            },
        }
    }
    let [one, two] = given.operands.as_slice() else {
        return match given.operands.get(2) {
            Some(_) => gnu::misuse(&sys, 1, format_args!("extra operand {}", quoteaf(&given.operands[2]))),
            None => gnu::missing(&sys, given.operands.first()),
        };
    };
    let mut texts = Vec::new();
    for name in [one, two] {
        match gnu::slurp(&sys, name).await {
            Ok(text) => texts.push(text),
            Err(e) => return fail(format_args!("{}: {e}", gnu::colon(name))),
        }
    }
    let lines: Vec<Vec<Line<'_>>> = texts
        .iter()
        .map(|t| {
            t.strip_suffix(&[join.end]).unwrap_or(t).split(|b| *b == join.end).filter(|_| !t.is_empty()).map(|l| join.split(l)).collect()
        })
        .collect();
    if auto {
        let mut order = vec![(0, 0)];
        for (side, all) in lines.iter().enumerate() {
            let width = all.first().map_or(0, Vec::len);
            order.extend((0..width).filter(|f| *f != join.fields[side]).map(|f| (side + 1, f)));
        }
        join.order = Some(order);
    }
    let (mut a, mut b) = (0, 0);
    if header && (!lines[0].is_empty() || !lines[1].is_empty()) {
        join.show(lines[0].first(), lines[1].first());
        (a, b) = (1, 1);
    }
    let (mut disorder, mut single) = ([false, false], false);
    let ordered = |side: usize, i: usize, told: &mut [bool; 2]| {
        let all = &lines[side];
        if i == 0 || i >= all.len() || told[side] || check == Some(false) {
            return;
        }
        if join.compare(join.key(side, &all[i - 1]), join.key(side, &all[i])) == Ordering::Greater {
            told[side] = true;
        }
    };
    let report = |side: usize, i: usize| {
        let text = all_fields(&texts[side], join.end, i);
        sys.complain(format_args!("{}:{}: is not sorted: {text}", gnu::colon([one, two][side]), i + 1));
    };
    let mut reported = [false, false];
    let mut tell = |told: &[bool; 2], side: usize, i: usize, single: bool| {
        if told[side] && !reported[side] && (single || check == Some(true)) {
            reported[side] = true;
            report(side, i);
        }
    };
    while a < lines[0].len() || b < lines[1].len() {
        let (x, y) = (lines[0].get(a), lines[1].get(b));
        let order = match (x, y) {
            (Some(x), Some(y)) => join.compare(join.key(0, x), join.key(1, y)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        if order == Ordering::Equal {
            let key = join.key(0, &lines[0][a]);
            let same = |side: usize, from: usize| {
                lines[side][from..].iter().take_while(|l| join.compare(join.key(side, l), key) == Ordering::Equal).count()
            };
            let (n, m) = (same(0, a), same(1, b));
            if pairs {
                for i in a..a + n {
                    for j in b..b + m {
                        join.show(Some(&lines[0][i]), Some(&lines[1][j]));
                    }
                    sys.yield_now().await;
                }
            }
            (a, b) = (a + n, b + m);
            ordered(0, a, &mut disorder);
            tell(&disorder, 0, a, single);
            ordered(1, b, &mut disorder);
            tell(&disorder, 1, b, single);
            continue;
        }
        let side = usize::from(order == Ordering::Greater);
        single = true;
        if unpaired[side] {
            join.show(x.filter(|_| side == 0), y.filter(|_| side == 1));
        }
        let next = if side == 0 { &mut a } else { &mut b };
        *next += 1;
        let at = *next;
        ordered(side, at, &mut disorder);
        tell(&disorder, side, at, single);
    }
    if reported != [false, false] {
        return fail(format_args!("input is not in sorted order"));
    }
    0
}

fn all_fields(text: &[u8], end: u8, i: usize) -> String {
    String::from_utf8_lossy(text.split(|b| *b == end).nth(i).unwrap_or(b"")).into_owned()
}
