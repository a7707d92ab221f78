//! printf: the builtin, and the formatting that the program of the same name shares. Numbers with a point are kept in decimal.
//! Source: POSIX printf(1), bash(1) "printf".

use super::super::escape::{backslashed, escape};
use super::super::{Run, Shell};
use super::io::expand_escapes;
use machine::{DAYS, DateTime, MONTHS, SimTime};

/// What a format makes of its arguments.
#[derive(Default)]
pub(crate) struct Printed {
    pub(crate) bytes: Vec<u8>,
    /// Complaints in order, without a program's name.
    pub(crate) errors: Vec<String>,
    /// A wrong format ended it.
    pub(crate) failed: bool,
}

struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    alt: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    /// Pads a number: sign or prefix first, then zeros.
    fn number(&self, sign: &str, digits: &str) -> String {
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
pub(crate) fn format(format: &str, args: &[String], now: SimTime, offset: i32) -> Printed {
    let mut done = Printed::default();
    let mut next = 0;
    loop {
        let before = next;
        let stop = pass(format, args, &mut next, &mut done, now, offset);
        if stop || next >= args.len() || next == before || done.bytes.len() > 1 << 24 {
            return done;
        }
    }
}

fn pass(format: &str, args: &[String], next: &mut usize, done: &mut Printed, now: SimTime, offset: i32) -> bool {
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
            if tail.starts_with('c') {
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
        if let Some((pattern, tail)) = date {
            let at = match take().map_or(-1, |a| a.parse::<i64>().unwrap_or(0)) {
                n if n < 0 => now,
                n => SimTime::from_secs(n as u64),
            };
            let pattern = if pattern.is_empty() { "%X" } else { pattern };
            spec.text(strftime(pattern, &DateTime::new(at, offset)).as_bytes(), &mut done.bytes);
            rest = tail;
            continue;
        }
        rest = rest.trim_start_matches(['h', 'l', 'L', 'j', 'z', 't']);
        let Some(c) = rest.chars().next() else {
            done.errors.push("`%': missing format character".into());
            done.failed = true;
            return true;
        };
        rest = &rest[c.len_utf8()..];
        match c {
            's' => spec.text(take().unwrap_or("").as_bytes(), &mut done.bytes),
            'b' => {
                let mut bytes = Vec::new();
                let stop = expand_escapes(take().unwrap_or(""), &mut bytes);
                spec.text(&bytes, &mut done.bytes);
                if stop {
                    return true;
                }
            }
            'q' => spec.text(backslashed(take().unwrap_or("")).as_bytes(), &mut done.bytes),
            'c' => {
                let arg = take().unwrap_or("");
                let c = arg.as_bytes().get(..1).unwrap_or(b"\0");
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
                done.errors.push(format!("`{c}': invalid format character"));
                done.failed = true;
                return true;
            }
        }
    }
    done.bytes.extend_from_slice(rest.as_bytes());
    false
}

fn integer(arg: &str, errors: &mut Vec<String>) -> i64 {
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
        errors.push(format!("{arg}: invalid number"));
    }
    let mut value: i64 = 0;
    for c in digits[..n].chars() {
        value = value.wrapping_mul(i64::from(radix)).wrapping_add(i64::from(c.to_digit(radix).unwrap_or(0)));
    }
    if negative { value.wrapping_neg() } else { value }
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

/// A decimal number: sign, digits, and how many of them stand before the point.
fn decimal(arg: &str, errors: &mut Vec<String>) -> (bool, Vec<u8>, i32) {
    let text = arg.trim();
    let negative = text.starts_with('-');
    let body = text.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
    let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = int.bytes().chain(frac.bytes()).take_while(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let exp: i32 = exponent.parse().unwrap_or(0);
    if !arg.is_empty() && (digits.len() != int.len() + frac.len() || digits.is_empty() || exponent.parse::<i32>().is_err()) {
        errors.push(format!("{arg}: invalid number"));
    }
    let mut point = (int.len().min(digits.len()) as i32).saturating_add(exp.clamp(-5000, 5000));
    let zeros = digits.iter().take_while(|d| **d == 0).count();
    let digits = digits[zeros..].to_vec();
    point -= zeros as i32;
    (negative, if digits.is_empty() { vec![0] } else { digits }, if zeros > 0 && digits_empty(zeros, int, frac) { 1 } else { point })
}

fn digits_empty(zeros: usize, int: &str, frac: &str) -> bool {
    zeros >= int.len() + frac.len()
}

/// Cuts to `keep` digits, rounding half to even; may add a digit in front.
fn round(digits: &mut Vec<u8>, point: &mut i32, keep: i32) {
    if keep < 0 {
        digits.clear();
        digits.push(0);
        *point = 1;
        return;
    }
    let keep = keep as usize;
    if keep >= digits.len() {
        digits.resize(keep.max(1), 0);
        return;
    }
    let tail = digits.split_off(keep);
    let half = tail[0] == 5 && tail[1..].iter().all(|d| *d == 0);
    let up = tail[0] > 5 || tail[0] == 5 && !half || half && digits.last().is_some_and(|d| d % 2 == 1);
    if up {
        let mut i = digits.len();
        loop {
            if i == 0 {
                digits.insert(0, 1);
                *point += 1;
                break;
            }
            i -= 1;
            if digits[i] < 9 {
                digits[i] += 1;
                break;
            }
            digits[i] = 0;
        }
    }
}

fn float(spec: &Spec, c: char, negative: bool, digits: &[u8], point: i32) -> String {
    let precision = spec.precision.unwrap_or(6) as i32;
    let zero = digits.iter().all(|d| *d == 0);
    let fixed = |precision: i32| {
        let (mut d, mut p) = (digits.to_vec(), point);
        let keep = p.saturating_add(precision);
        round(&mut d, &mut p, keep);
        let at = |i: i32| usize::try_from(i).ok().and_then(|i| d.get(i)).map_or('0', |v| char::from(b'0' + v));
        let int: String = if p <= 0 { "0".into() } else { (0..p).map(at).collect() };
        let frac: String = (p..p.saturating_add(precision)).map(at).collect();
        if precision > 0 { format!("{int}.{frac}") } else { int }
    };
    let scientific = |precision: i32| {
        let (mut d, mut p) = (digits.to_vec(), point);
        round(&mut d, &mut p, precision + 1);
        let exp = if zero { 0 } else { p - 1 };
        let text: String = d.iter().take(precision as usize + 1).map(|v| char::from(b'0' + v)).collect();
        let (head, tail) = text.split_at(1);
        let dot = if precision > 0 { "." } else { "" };
        (format!("{head}{dot}{tail}"), exp)
    };
    let with_exp = |(m, e): (String, i32)| format!("{m}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs());
    let trim = |s: String| if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.').to_string() } else { s };
    let text = match c.to_ascii_lowercase() {
        'f' => fixed(precision),
        'e' => with_exp(scientific(precision)),
        _ => {
            let p = precision.max(1);
            let (m, e) = scientific(p - 1);
            if e < -4 || e >= p { with_exp((trim(m), e)) } else { trim(fixed(p - 1 - e)) }
        }
    };
    let text = if c.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text };
    spec.number(
        if negative {
            "-"
        } else if spec.plus {
            "+"
        } else if spec.space {
            " "
        } else {
            ""
        },
        &text,
    )
}

/// The usual conversions of strftime(3).
pub(in super::super) fn strftime(pattern: &str, t: &DateTime) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let month = MONTHS[usize::from(t.month.clamp(1, 12)) - 1];
        let day = DAYS[usize::from(t.weekday % 7)];
        out.push_str(&match chars.next() {
            Some('Y') => t.year.to_string(),
            Some('y') => format!("{:02}", t.year.rem_euclid(100)),
            Some('m') => format!("{:02}", t.month),
            Some('d') => format!("{:02}", t.day),
            Some('e') => format!("{:2}", t.day),
            Some('H') => format!("{:02}", t.hour),
            Some('I') => format!("{:02}", (t.hour + 11) % 12 + 1),
            Some('M') => format!("{:02}", t.minute),
            Some('S') => format!("{:02}", t.second),
            Some('p') => if t.hour < 12 { "AM" } else { "PM" }.into(),
            Some('a') => day.into(),
            Some('b' | 'h') => month.into(),
            Some('j') => format!("{:03}", t.yearday + 1),
            Some('s') => t.to_secs().to_string(),
            Some('F') => strftime("%Y-%m-%d", t),
            Some('T' | 'X') => strftime("%H:%M:%S", t),
            Some('R') => strftime("%H:%M", t),
            Some('D' | 'x') => strftime("%m/%d/%y", t),
            Some('c') => strftime("%a %b %e %T %Y", t),
            Some('z') => format!("{}{:02}{:02}", if t.offset < 0 { '-' } else { '+' }, t.offset.abs() / 60, t.offset.abs() % 60),
            Some('n') => "\n".into(),
            Some('t') => "\t".into(),
            Some('%') => "%".into(),
            Some(other) => format!("%{other}"),
            None => "%".into(),
        });
    }
    out
}

pub(super) async fn printf(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "v:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let Some(pattern) = a.get(at) else {
        sh.usage("printf");
        return Ok(2);
    };
    let done = format(pattern, &a[at + 1..], sh.sys.now(), sh.sys.utc_offset());
    for error in &done.errors {
        sh.complain("printf", error);
    }
    match super::value(&given, 'v') {
        Some(place) => {
            if let Err(e) = sh.assign_place(place, &String::from_utf8_lossy(&done.bytes)) {
                return Ok(sh.complain("printf", &e));
            }
        }
        None => sh.sys.put(sh.fd(1), &done.bytes),
    }
    Ok(i32::from(done.failed || !done.errors.is_empty()))
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
            let done = format(pattern, &args, SimTime::default(), 0);
            assert_eq!(String::from_utf8_lossy(&done.bytes), want);
        }
    }
}
