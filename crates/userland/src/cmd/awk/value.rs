//! awk: values, how they become numbers and text, and printf's formats.
//! Source: POSIX awk; mawk 1.3.4, where whole numbers print as such up to 2^31.

use crate::util::float;
use std::rc::Rc;

#[derive(Clone)]
pub(super) enum Val {
    Unset,
    Num(f64),
    Str(Rc<Vec<u8>>),
    /// From input, and it looks like a number.
    Both(Rc<Vec<u8>>, f64),
    Array(usize),
    Regex(Rc<pattern::Regex>),
}

impl Val {
    pub(super) fn text(s: &[u8]) -> Val {
        Val::Str(Rc::new(s.to_vec()))
    }
    /// Text from input.
    pub(super) fn input(s: &[u8]) -> Val {
        let trimmed = s.trim_ascii();
        let decimal = trimmed.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
        if decimal && trimmed.iter().all(|b| !b.is_ascii_alphabetic() || matches!(b, b'e' | b'E')) {
            let (x, used) = float::strtod(trimmed);
            if used == trimmed.len() {
                return Val::Both(Rc::new(s.to_vec()), x);
            }
        }
        Val::text(s)
    }
    pub(super) fn number(&self) -> f64 {
        match self {
            Val::Num(x) | Val::Both(_, x) => *x,
            Val::Str(s) => float::strtod(s).0,
            _ => 0.0,
        }
    }
    pub(super) fn truth(&self) -> bool {
        match self {
            Val::Num(x) | Val::Both(_, x) => *x != 0.0,
            Val::Str(s) => !s.is_empty(),
            _ => false,
        }
    }
    pub(super) fn numeric(&self) -> bool {
        matches!(self, Val::Num(_) | Val::Both(..) | Val::Unset)
    }
    /// As text, numbers by a format such as CONVFMT.
    pub(super) fn string(&self, format: &[u8]) -> Rc<Vec<u8>> {
        match self {
            Val::Str(s) | Val::Both(s, _) => s.clone(),
            Val::Num(x) => Rc::new(number_text(*x, format)),
            _ => Rc::new(Vec::new()),
        }
    }
}

/// A number as text.
pub(super) fn number_text(x: f64, format: &[u8]) -> Vec<u8> {
    if x == (x as i64) as f64 && x.abs() < 2_147_483_648.0 {
        return (x as i64).to_string().into_bytes();
    }
    if format == b"%.6g" {
        return float::general(x, 6, false).into_bytes();
    }
    sprintf(format, &[Val::Num(x)], format).unwrap_or_default()
}

/// Formats by printf's rules; none: too few arguments.
pub(super) fn sprintf(format: &[u8], args: &[Val], conv: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut args = args.iter();
    let mut i = 0;
    while let Some(&b) = format.get(i) {
        i += 1;
        if b != b'%' {
            out.push(b);
            continue;
        }
        if format.get(i) == Some(&b'%') {
            out.push(b'%');
            i += 1;
            continue;
        }
        let (mut flags, mut width, mut precision) = (Vec::new(), 0usize, None);
        while let Some(f) = format.get(i).filter(|f| b"-+ #0".contains(f)) {
            flags.push(*f);
            i += 1;
        }
        let mut number = |i: &mut usize| -> Option<usize> {
            if format.get(*i) == Some(&b'*') {
                *i += 1;
                return Some(args.next()?.number().max(0.0) as usize);
            }
            let mut n = 0usize;
            while let Some(d) = format.get(*i).filter(|d| d.is_ascii_digit()) {
                n = (n * 10 + usize::from(d - b'0')).min(10_000);
                *i += 1;
            }
            Some(n)
        };
        width += number(&mut i)?.min(10_000);
        if format.get(i) == Some(&b'.') {
            i += 1;
            precision = Some(number(&mut i)?.min(10_000));
        }
        while matches!(format.get(i), Some(b'l' | b'h')) {
            i += 1;
        }
        let kind = format.get(i).copied()?;
        i += 1;
        let arg = args.next()?;
        let has = |f: u8| flags.contains(&f);
        let x = arg.number();
        let sign = |negative: bool| {
            if negative {
                "-"
            } else if has(b'+') {
                "+"
            } else if has(b' ') {
                " "
            } else {
                ""
            }
        };
        let (mut head, mut body): (String, Vec<u8>) = match kind {
            b'd' | b'i' => {
                let n = x.clamp(-9.2e18, 9.2e18) as i64;
                let mut digits = n.unsigned_abs().to_string();
                while digits.len() < precision.unwrap_or(1) {
                    digits.insert(0, '0');
                }
                (sign(n < 0).into(), digits.into_bytes())
            }
            b'o' | b'x' | b'X' | b'u' => {
                let n = if x < 0.0 { x.max(-9.2e18) as i64 as u64 } else { x as u64 };
                let mut digits = match kind {
                    b'o' => format!("{n:o}"),
                    b'x' => format!("{n:x}"),
                    b'X' => format!("{n:X}"),
                    _ => n.to_string(),
                };
                while digits.len() < precision.unwrap_or(1) {
                    digits.insert(0, '0');
                }
                let head = match kind {
                    b'x' if has(b'#') && n > 0 => "0x",
                    b'X' if has(b'#') && n > 0 => "0X",
                    b'o' if has(b'#') && !digits.starts_with('0') => "0",
                    _ => "",
                };
                (head.into(), digits.into_bytes())
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
                let p = precision.unwrap_or(6);
                let mut text = match kind.to_ascii_lowercase() {
                    b'e' => float::scientific(x.abs(), p),
                    b'f' => float::fixed(x.abs(), p),
                    _ => float::general(x.abs(), p, has(b'#')),
                };
                if kind.is_ascii_uppercase() {
                    text.make_ascii_uppercase();
                }
                (sign(x.is_sign_negative() && !x.is_nan()).into(), text.into_bytes())
            }
            b'c' => {
                let one = match arg {
                    Val::Num(x) => vec![*x as i64 as u8],
                    other => other.string(conv).first().map(|b| vec![*b]).unwrap_or_default(),
                };
                (String::new(), one)
            }
            b's' => {
                let mut text = arg.string(conv).to_vec();
                text.truncate(precision.unwrap_or(usize::MAX));
                (String::new(), text)
            }
            _ => return None,
        };
        let fill = width.saturating_sub(head.len() + body.len());
        let whole = precision.is_some() && b"diouxX".contains(&kind);
        let zero = has(b'0') && !(has(b'-') || whole || matches!(kind, b'c' | b's'));
        if has(b'-') {
            body.resize(body.len() + fill, b' ');
        } else if zero {
            body.splice(0..0, std::iter::repeat_n(b'0', fill));
        } else {
            head.insert_str(0, &" ".repeat(fill));
        }
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&body);
    }
    Some(out)
}
