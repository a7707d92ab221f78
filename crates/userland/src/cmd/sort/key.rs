//! sort: keys (`-k 2.3b,4n`), which part of a line they are, and the orders in which such parts stand.
//! Not here: sorting (`sort`). Source: coreutils 9.1 sort.c.

use crate::util::float::strtod;
use crate::util::gnu;
use crate::util::quote::quote;
use std::cmp::Ordering;

#[derive(Clone, Default)]
pub(super) struct Order {
    blanks: bool,
    dictionary: bool,
    fold: bool,
    printing: bool,
    general: bool,
    human: bool,
    month: bool,
    numeric: bool,
    pub(super) random: bool,
    version: bool,
    pub(super) reverse: bool,
}

#[derive(Clone, Default)]
pub(super) struct Key {
    /// Field and character where it begins, from 0.
    start: (u64, u64),
    /// Field (0: the line's end) and character (0: the field's end) where it ends.
    end: Option<(u64, u64)>,
    pub(super) skip_start: bool,
    pub(super) skip_end: bool,
    pub(super) order: Order,
}

fn blank(b: &u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n')
}

impl Order {
    /// Takes an ordering option; whether it is one.
    pub(super) fn letter(&mut self, c: u8) -> bool {
        let flag = match c {
            b'b' => &mut self.blanks,
            b'd' => &mut self.dictionary,
            b'f' => &mut self.fold,
            b'g' => &mut self.general,
            b'h' => &mut self.human,
            b'i' => &mut self.printing,
            b'M' => &mut self.month,
            b'n' => &mut self.numeric,
            b'R' => &mut self.random,
            b'r' => &mut self.reverse,
            b'V' => &mut self.version,
            _ => return false,
        };
        *flag = true;
        true
    }
    fn kinds(&self) -> [(bool, char); 6] {
        [(self.general, 'g'), (self.human, 'h'), (self.month, 'M'), (self.numeric, 'n'), (self.random, 'R'), (self.version, 'V')]
    }
    /// No ordering option at all.
    pub(super) fn is_plain(&self) -> bool {
        !(self.blanks || self.dictionary || self.fold || self.printing || self.reverse || self.kinds().iter().any(|k| k.0))
    }
    /// Nothing that would need a key.
    pub(super) fn is_default(&self) -> bool {
        !(self.blanks || self.dictionary || self.fold || self.printing || self.kinds().iter().any(|k| k.0))
    }
    /// Options that exclude each other.
    pub(super) fn clash(&self) -> Option<String> {
        let mut all: String = self.kinds().iter().filter(|k| k.0).map(|k| k.1).collect();
        let version = self.version && (self.dictionary || self.printing);
        let ignore = self.dictionary || self.printing;
        if all.len() > 1 || ignore && !all.is_empty() && !version && !self.random && !self.version {
            if self.dictionary {
                all.insert(0, 'd');
            } else if self.printing {
                all.push('i');
            }
            return Some(all);
        }
        None
    }
    pub(super) fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.numeric {
            return numbers(a, b);
        }
        if self.human {
            return human(a, b);
        }
        if self.general {
            return general(a, b);
        }
        if self.month {
            return month(a).cmp(&month(b));
        }
        if self.version {
            return gnu::version(a, b);
        }
        if !(self.fold || self.dictionary || self.printing) {
            return a.cmp(b);
        }
        let keep = |c: &&u8| {
            !(self.dictionary && !(c.is_ascii_alphanumeric() || blank(c))) && !(self.printing && !(c.is_ascii_graphic() || **c == b' '))
        };
        let fold = |c: &u8| if self.fold { c.to_ascii_uppercase() } else { *c };
        a.iter().filter(keep).map(fold).cmp(b.iter().filter(keep).map(fold))
    }
}

impl Key {
    /// The whole line in an order.
    pub(super) fn whole(order: &Order) -> Key {
        let mut key = Key::default();
        key.inherit(order);
        key
    }
    /// Takes the global options.
    pub(super) fn inherit(&mut self, order: &Order) {
        self.order = order.clone();
        (self.skip_start, self.skip_end) = (order.blanks, order.blanks);
    }
    /// Reads `F[.C][OPTS][,F[.C][OPTS]]`.
    pub(super) fn parse(text: &str) -> Result<Key, String> {
        let bad = |what: &str| format!("{what}: invalid field specification {}", quote(text));
        let count = |rest: &mut &str, what: &str| -> Result<u64, String> {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let Some(n) = gnu::digits(&rest[..digits]) else {
                return Err(format!("{what}: invalid count at start of {}", quote(rest)));
            };
            *rest = &rest[digits..];
            Ok(n)
        };
        let mut key = Key::default();
        let mut rest = text;
        let field = count(&mut rest, "invalid number at field start")?;
        if field == 0 {
            return Err(bad("field number is zero"));
        }
        key.start.0 = field - 1;
        if let Some(more) = rest.strip_prefix('.') {
            rest = more;
            let at = count(&mut rest, "invalid number after '.'")?;
            if at == 0 {
                return Err(bad("character offset is zero"));
            }
            key.start.1 = at - 1;
        }
        let letters = |rest: &mut &str, key: &mut Key, end: bool| {
            while let Some(c) = rest.bytes().next().filter(|c| key.order.letter(*c)) {
                if c == b'b' {
                    *(if end { &mut key.skip_end } else { &mut key.skip_start }) = true;
                }
                *rest = &rest[1..];
            }
        };
        letters(&mut rest, &mut key, false);
        if let Some(more) = rest.strip_prefix(',') {
            rest = more;
            let field = count(&mut rest, "invalid number after ','")?;
            if field == 0 {
                return Err(bad("field number is zero"));
            }
            let mut at = 0;
            if let Some(more) = rest.strip_prefix('.') {
                rest = more;
                at = count(&mut rest, "invalid number after '.'")?;
            }
            letters(&mut rest, &mut key, true);
            key.end = Some((field, at));
        }
        key.order.blanks = false;
        if rest.is_empty() { Ok(key) } else { Err(bad("stray character in field spec")) }
    }
    /// The part of a line that it names.
    pub(super) fn part<'a>(&self, line: &'a [u8], tab: Option<u8>) -> &'a [u8] {
        let skip = |mut at: usize, test: &dyn Fn(&u8) -> bool| {
            while line.get(at).is_some_and(test) {
                at += 1;
            }
            at
        };
        let forward = |at: usize, n: u64| at.saturating_add(usize::try_from(n).unwrap_or(usize::MAX)).min(line.len());
        let mut from = 0;
        for _ in 0..self.start.0 {
            if from >= line.len() {
                break;
            }
            from = match tab {
                Some(t) => (skip(from, &|b| *b != t) + 1).min(line.len()),
                None => skip(skip(from, &blank), &|b| !blank(b)),
            };
        }
        if self.skip_start {
            from = skip(from, &blank);
        }
        from = forward(from, self.start.1);
        let Some((field, chars)) = self.end else { return &line[from..] };
        let mut to = 0;
        let mut left = if chars == 0 { field } else { field - 1 };
        while left > 0 && to < line.len() {
            left -= 1;
            to = match tab {
                Some(t) => {
                    let at = skip(to, &|b| *b != t);
                    if at < line.len() && (left > 0 || chars > 0) { at + 1 } else { at }
                }
                None => skip(skip(to, &blank), &|b| !blank(b)),
            };
        }
        if chars > 0 {
            if self.skip_end {
                to = skip(to, &blank);
            }
            to = forward(to, chars);
        }
        &line[from..to.max(from)]
    }
}

/// Sign, digits before and behind the point, and what follows.
fn split(text: &[u8]) -> (bool, &[u8], &[u8], &[u8]) {
    let at = text.iter().take_while(|b| blank(b)).count();
    let negative = text.get(at) == Some(&b'-');
    let body = &text[at + usize::from(negative)..];
    let zeros = body.iter().take_while(|b| **b == b'0').count();
    let whole = body[zeros..].iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = &body[zeros + whole..];
    let (mut part, mut after): (&[u8], &[u8]) = (b"", rest);
    if let Some(more) = rest.strip_prefix(b".") {
        let n = more.iter().take_while(|b| b.is_ascii_digit()).count();
        let keep = more[..n].iter().rposition(|b| *b != b'0').map_or(0, |i| i + 1);
        (part, after) = (&more[..keep], &more[n..]);
    }
    let digits = &body[zeros..zeros + whole];
    (negative && !(digits.is_empty() && part.is_empty()), digits, part, after)
}

fn numbers(a: &[u8], b: &[u8]) -> Ordering {
    let ((an, aw, ap, _), (bn, bw, bp, _)) = (split(a), split(b));
    if an != bn {
        return bn.cmp(&an);
    }
    let order = aw.len().cmp(&bw.len()).then_with(|| aw.cmp(bw)).then_with(|| ap.cmp(bp));
    if an { order.reverse() } else { order }
}

fn human(a: &[u8], b: &[u8]) -> Ordering {
    let power = |t: &[u8]| {
        let (negative, whole, part, rest) = split(t);
        if whole.is_empty() && part.is_empty() {
            return 0;
        }
        let n = match rest.first() {
            Some(b'K' | b'k') => 1,
            Some(c) => b"MGTPEZY".iter().position(|u| u == c).map_or(0, |i| i as i32 + 2),
            None => 0,
        };
        if negative { -n } else { n }
    };
    power(a).cmp(&power(b)).then_with(|| numbers(a, b))
}

fn general(a: &[u8], b: &[u8]) -> Ordering {
    let number = |t: &[u8]| {
        let at = t.iter().take_while(|b| blank(b)).count();
        let (x, used) = strtod(&t[at..]);
        (used > 0).then_some(x)
    };
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.partial_cmp(&y).unwrap_or(Ordering::Equal),
        (x, y) => x.is_some().cmp(&y.is_some()),
    }
}

fn month(text: &[u8]) -> usize {
    let at = text.iter().take_while(|b| blank(b)).count();
    let word = text.get(at..at + 3).unwrap_or(b"");
    machine::MONTHS.iter().position(|m| m.as_bytes().eq_ignore_ascii_case(word)).map_or(0, |i| i + 1)
}
