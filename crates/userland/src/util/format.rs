//! What `printf` makes of a format and arguments: the builtin and the program. Not here: their messages, numbers with a point (`decimal`).
//! Source: POSIX printf(1), bash(1) "printf", coreutils 9.1.

use super::decimal::{decimal, float};
use crate::shell::{escape, expand_escapes};

/// What a format makes of its arguments.
#[derive(Default)]
pub(crate) struct Printed {
    pub(crate) bytes: Vec<u8>,
    /// Complaints in order.
    pub(crate) errors: Vec<Wrong>,
    /// A wrong format ended it.
    pub(crate) failed: bool,
    /// Arguments taken.
    pub(crate) used: usize,
}

/// What can be wrong.
pub(crate) enum Wrong {
    /// No number, or not all of it is.
    Number {
        arg: String,
        some: bool,
    },
    Range(String),
    /// The whole directive and its last character.
    Directive(String, char),
    Missing,
}

/// Formats a time in seconds; -1 is now.
type Date<'a> = &'a dyn Fn(&str, i64) -> String;

/// Where the builtin and the program differ.
pub(crate) struct Style<'a> {
    /// `%q`.
    pub(crate) quote: fn(&str) -> String,
    /// `%(…)T`, if it is known.
    pub(crate) date: Option<Date<'a>>,
    /// `%c` of an empty argument.
    pub(crate) no_char: &'static [u8],
    /// `\c` in the format ends the output.
    pub(crate) stops: bool,
}

pub(super) struct Spec {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
    pub(super) alt: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
}

impl Spec {
    /// Pads a number: sign or prefix first, then zeros.
    pub(super) fn number(&self, sign: &str, digits: &str) -> String {
        let len = sign.len() + digits.len();
        let fill = self.width.saturating_sub(len);
        match (self.minus, self.zero) {
            (true, _) => format!("{sign}{digits}{:fill$}", ""),
            (false, true) => format!("{sign}{:0<fill$}{digits}", ""),
            _ => format!("{:fill$}{sign}{digits}", ""),
        }
    }
    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut text = text;
        if let Some(p) = self.precision {
            text = &text[..p.min(text.len())];
        }
        let fill = self.width.saturating_sub(text.len());
        if !self.minus {
            out.resize(out.len() + fill, b' ');
        }
        out.extend_from_slice(text);
        if self.minus {
            out.resize(out.len() + fill, b' ');
        }
    }
}

/// Widths and precisions beyond this are cut: they would only fill memory.
const WIDEST: usize = 65_536;

/// Formats; the format is used again while arguments are left.
pub(crate) fn format(format: &str, args: &[String], style: &Style<'_>) -> Printed {
    let mut done = Printed::default();
    let mut next = 0;
    loop {
        let before = next;
        let stop = pass(format, args, &mut next, &mut done, style);
        if stop || next >= args.len() || next == before || done.bytes.len() > 1 << 24 {
            done.used = next;
            return done;
        }
    }
}

fn pass(format: &str, args: &[String], next: &mut usize, done: &mut Printed, style: &Style<'_>) -> bool {
    let mut take = || {
        let arg = args.get(*next).map(String::as_str);
        *next += 1;
        arg
    };
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        done.bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix('\\') {
            if tail.starts_with('c') && style.stops {
                return true;
            }
            if let Some(tail) = tail.strip_prefix(['"', '\'']) {
                done.bytes.push(rest.as_bytes()[1]);
                rest = tail;
                continue;
            }
            let n = escape(tail, false, &mut done.bytes);
            if n == 0 {
                done.bytes.push(b'\\');
            }
            rest = tail.get(n..).unwrap_or("");
            continue;
        }
        let whole_spec = rest;
        rest = &rest[1..];
        if let Some(tail) = rest.strip_prefix('%') {
            done.bytes.push(b'%');
            rest = tail;
            continue;
        }
        let mut spec = Spec { minus: false, plus: false, space: false, alt: false, zero: false, width: 0, precision: None };
        while let Some(c) = rest.chars().next().filter(|c| "-+ #0'".contains(*c)) {
            match c {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alt = true,
                '0' => spec.zero = true,
                _ => {}
            }
            rest = &rest[1..];
        }
        let mut number = |rest: &mut &str| -> Option<i64> {
            if let Some(tail) = rest.strip_prefix('*') {
                *rest = tail;
                return Some(take().and_then(|a| a.parse().ok()).unwrap_or(0));
            }
            let n = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let value = rest[..n].parse::<i64>().ok();
            *rest = &rest[n..];
            value
        };
        if let Some(w) = number(&mut rest) {
            spec.minus |= w < 0;
            spec.width = (w.unsigned_abs() as usize).min(WIDEST);
        }
        if let Some(tail) = rest.strip_prefix('.') {
            rest = tail;
            let p = number(&mut rest).unwrap_or(0);
            spec.precision = usize::try_from(p).ok().map(|p| p.min(WIDEST));
        }
        let date = rest.strip_prefix('(').and_then(|r| r.split_once(")T"));
        if let (Some((pattern, tail)), Some(strftime)) = (date, style.date) {
            let at = take().map_or(-1, |a| a.parse::<i64>().unwrap_or(0));
            spec.text(strftime(if pattern.is_empty() { "%X" } else { pattern }, at).as_bytes(), &mut done.bytes);
            rest = tail;
            continue;
        }
        rest = rest.trim_start_matches(['h', 'l', 'L', 'j', 'z', 't']);
        let Some(c) = rest.chars().next() else {
            done.errors.push(Wrong::Missing);
            done.failed = true;
            return true;
        };
        rest = &rest[c.len_utf8()..];
        match c {
            's' => spec.text(take().unwrap_or("").as_bytes(), &mut done.bytes),
            'b' => {
                let mut bytes = Vec::new();
                let stop = expand_escapes(take().unwrap_or(""), false, &mut bytes);
                spec.text(&bytes, &mut done.bytes);
                if stop {
                    return true;
                }
            }
            'q' => spec.text((style.quote)(take().unwrap_or("")).as_bytes(), &mut done.bytes),
            'c' => {
                let arg = take().unwrap_or("");
                let c = arg.as_bytes().get(..1).unwrap_or(style.no_char);
                spec.text(c, &mut done.bytes);
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                let n = integer(take().unwrap_or(""), &mut done.errors);
                let text = whole(&spec, c, n);
                done.bytes.extend_from_slice(text.as_bytes());
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let arg = take().unwrap_or("");
                let (negative, digits, point) = decimal(arg, &mut done.errors);
                let text = float(&spec, c, negative, &digits, point);
                done.bytes.extend_from_slice(text.as_bytes());
            }
            c => {
                let begin = whole_spec.len() - rest.len();
                done.errors.push(Wrong::Directive(whole_spec[..begin].into(), c));
                done.failed = true;
                return true;
            }
        }
    }
    done.bytes.extend_from_slice(rest.as_bytes());
    false
}

fn integer(arg: &str, errors: &mut Vec<Wrong>) -> i64 {
    if let Some(c) = arg.strip_prefix(['\'', '"']) {
        return c.chars().next().map_or(0, |c| i64::from(c as u32));
    }
    if arg.is_empty() {
        return 0;
    }
    let text = arg.trim_start();
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(d) => (16, d),
        None if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        None => (10, digits),
    };
    let n = digits.len() - digits.trim_start_matches(|c: char| c.is_digit(radix)).len();
    if n < digits.len() || digits.is_empty() {
        errors.push(Wrong::Number { arg: arg.into(), some: n > 0 });
    }
    let step = |v: Option<u64>, c: char| v?.checked_mul(u64::from(radix))?.checked_add(u64::from(c.to_digit(radix).unwrap_or(0)));
    match digits[..n].chars().fold(Some(0), step) {
        Some(value) if !negative => value as i64,
        Some(value) if value <= 1 << 63 => (value as i64).wrapping_neg(),
        _ => {
            errors.push(Wrong::Range(arg.into()));
            if negative { i64::MIN } else { i64::MAX }
        }
    }
}

fn whole(spec: &Spec, c: char, n: i64) -> String {
    let mut digits = match c {
        'o' => format!("{n:o}"),
        'x' => format!("{n:x}"),
        'X' => format!("{n:X}"),
        'u' => format!("{}", n as u64),
        _ => n.unsigned_abs().to_string(),
    };
    if let Some(p) = spec.precision {
        digits = format!("{digits:0>p$}");
    }
    let sign = match c {
        'd' | 'i' if n < 0 => "-",
        'd' | 'i' if spec.plus => "+",
        'd' | 'i' if spec.space => " ",
        'o' if spec.alt && !digits.starts_with('0') => "0",
        'x' if spec.alt && n != 0 => "0x",
        'X' if spec.alt && n != 0 => "0X",
        _ => "",
    };
    Spec { zero: spec.zero && spec.precision.is_none(), ..*spec }.number(sign, &digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_bash_does() {
        for (pattern, args, want) in [
            ("%d %5d|%-5d|%05d\n", "1 2 3 4", "1     2|3    |00004\n"),
            ("%x %X %o %#x", "255 255 8 255", "ff FF 10 0xff"),
            ("%.2f %e %g", "3.14159 1234.5 0.0001", "3.14 1.234500e+03 0.0001"),
            ("%5.1f|%+d", "2.25 5", "  2.2|+5"),
            ("%g %g %g", "100000 1000000 0", "100000 1e+06 0"),
            ("%.0f %.1f %f", "0.5 9.96 0.001", "0 10.0 0.001000"),
            ("%s:%s\n", "a b c", "a:b\nc:\n"),
            ("%c%c", "abc x", "ax"),
            ("%10s|%-10s|%.3s", "abc abc abcdef", "       abc|abc       |abc"),
            ("%*d", "6 42", "    42"),
            ("%d", "'A", "65"),
        ] {
            let args: Vec<String> = args.split(' ').map(String::from).collect();
            let done = format(pattern, &args, &Style { quote: |s| s.into(), date: None, no_char: b"\0", stops: false });
            assert_eq!(String::from_utf8_lossy(&done.bytes), want);
        }
    }
}
