//! seq: print numbers.  Source: coreutils 9.1. Decimal fractions are counted exactly. Not here: infinity, hexadecimal.

use crate::util::quote::quote;
use crate::util::{float, gnu};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "seq",
    path: "/usr/bin/seq",
    synopsis: "[OPTION]... [FIRST [INCREMENT]] LAST",
    about: "print a sequence of numbers",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "seq 3; seq -w 8 10; seq -s, 1 2 5", out: "1\n2\n3\n08\n09\n10\n1,3,5\n", code: 0 },
        Ex { sh: "seq 1 -0.5 0; seq -f %03g 2", out: "1.0\n0.5\n0.0\n001\n002\n", code: 0 },
        Ex { sh: "seq a", out: "seq: invalid floating point argument: ‘a’\nTry 'seq --help' for more information.\n", code: 1 },
    ],
};

const HELP: &str = "Usage: seq [OPTION]... LAST\n  or:  seq [OPTION]... FIRST LAST\n  or:  seq [OPTION]... FIRST INCREMENT LAST\nPrint numbers from FIRST to LAST, in steps of INCREMENT.\n\n";

const OPTIONS: &[Opt] = &[Opt(b'f', "format", Arg::Yes), Opt(b's', "separator", Arg::Yes), Opt(b'w', "equal-width", Arg::No)];

/// A decimal number: its digits as a whole number, and how many of them stand behind the point.
fn decimal(text: &str) -> Option<(i128, usize)> {
    let body = text.trim_start().trim_start_matches('+');
    let (negative, body) = body.strip_prefix('-').map_or((false, body), |b| (true, b));
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().ok()?),
        None => (body, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + part.len() == 0 || whole.len() + part.len() > 18 || exponent.abs() > 15 {
        return None;
    }
    let mut n: i128 = 0;
    for b in whole.bytes().chain(part.bytes()) {
        if !b.is_ascii_digit() {
            return None;
        }
        n = n * 10 + i128::from(b - b'0');
    }
    let mut places = part.len() as i32 - exponent;
    while places < 0 {
        n *= 10;
        places += 1;
    }
    Some((if negative { -n } else { n }, places as usize))
}

fn shown(n: i128, places: usize) -> String {
    let sign = if n < 0 { "-" } else { "" };
    let mut digits = n.unsigned_abs().to_string();
    while digits.len() <= places {
        digits.insert(0, '0');
    }
    if places == 0 {
        return format!("{sign}{digits}");
    }
    let at = digits.len() - places;
    format!("{sign}{}.{}", &digits[..at], &digits[at..])
}

/// A number by a printf format with one of %e %f %g.
fn by_format(format: &str, n: i128, places: usize) -> String {
    let text = shown(n, places);
    let (x, _) = float::strtod(text.as_bytes());
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(more) = rest.strip_prefix('%') {
            out.push('%');
            rest = more;
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let spec = &rest[..end];
        let flags = spec.len() - spec.trim_start_matches(['-', '+', ' ', '#', '0', '\'']).len();
        let (width, precision) = spec[flags..].split_once('.').map_or((&spec[flags..], None), |(w, p)| (w, Some(p)));
        let width: usize = width.parse().unwrap_or(0).min(1000);
        let precision: usize = precision.map_or(6, |p| p.parse().unwrap_or(0)).min(100);
        let mut one = match rest[end..].chars().next() {
            Some('e') => float::scientific(x, precision),
            Some('f') => float::fixed(x, precision),
            _ => float::general(x, precision, false),
        };
        if spec[..flags].contains('+') && x >= 0.0 {
            one.insert(0, '+');
        }
        while one.len() < width {
            if spec[..flags].contains('-') {
                one.push(' ');
            } else if spec[..flags].contains('0') {
                one.insert(usize::from(one.starts_with(['-', '+'])), '0');
            } else {
                one.insert(0, ' ');
            }
        }
        out.push_str(&one);
        rest = rest.get(end + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// What is wrong with a format: it must have one directive for a number with a point.
fn wrong_format(format: &str) -> Option<String> {
    let mut seen = false;
    let plain = format.replace("%%", "");
    for part in plain.split('%').skip(1) {
        if seen {
            return Some("has too many % directives".into());
        }
        seen = true;
        match part.trim_start_matches(|c: char| c.is_ascii_digit() || "-+ #0'.".contains(c)).chars().next() {
            None => return Some("ends in %".into()),
            Some(c) if !"eEfFgGaA".contains(c) => return Some(format!("has unknown %{c} directive")),
            _ => {}
        }
    }
    if seen { None } else { Some("has no % directive".into()) }
}

async fn run(sys: Sys) -> i32 {
    // `seq 5 -1 1`: a negative number is no option.
    let args = sys.args().get(1..).unwrap_or(&[]);
    let number = |a: &String| a.starts_with('-') && a[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let at = args.iter().position(number).unwrap_or(args.len());
    let mut marked = args.to_vec();
    if at < args.len() {
        marked.insert(at, "--".into());
    }
    let given = match gnu::options_of(&sys, &marked, OPTIONS, HELP, 1, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let operands: Vec<String> = given.operands.into_iter().filter(|o| o != "--").collect();
    let given = crate::Given { options: given.options, operands };
    if let Some(fourth) = given.operands.get(3) {
        return gnu::extra(&sys, fourth);
    }
    let mut numbers = Vec::new();
    for text in &given.operands {
        match decimal(text) {
            Some(n) => numbers.push(n),
            None => return gnu::misuse(&sys, 1, format_args!("invalid floating point argument: {}", quote(text))),
        }
    }
    let (first, step, last) = match numbers.as_slice() {
        [] => return gnu::missing(&sys, None),
        [last] => ((1, 0), (1, 0), *last),
        [first, last] => (*first, (1, 0), *last),
        [first, step, last, ..] => (*first, *step, *last),
    };
    if step.0 == 0 {
        return gnu::misuse(&sys, 1, format_args!("invalid Zero increment value: {}", quote(&given.operands[1])));
    }
    let format = given.value(OPTIONS, b'f');
    if let Some(f) = format
        && let Some(wrong) = wrong_format(f)
    {
        sys.complain(format_args!("format {} {wrong}", quote(f)));
        return 1;
    }
    let wide = given.has(OPTIONS, b'w');
    if wide && format.is_some() {
        return gnu::misuse(&sys, 1, format_args!("format string may not be specified when printing equal width strings"));
    }
    let places = first.1.max(step.1);
    let scale = places.max(last.1);
    let up = |(n, p): (i128, usize)| n * 10i128.pow((scale - p) as u32);
    let (mut at, step, last) = (up(first), up(step), up(last));
    let down = 10i128.pow((scale - places) as u32);
    let width = if wide { shown(at / down, places).len().max(shown(last / down, places).len()) } else { 0 };
    let separator = given.value(OPTIONS, b's').unwrap_or("\n");
    let mut count = 0u32;
    while if step > 0 { at <= last } else { at >= last } {
        if count > 0 {
            sys.print(STDOUT, format_args!("{separator}"));
        }
        count = count.wrapping_add(1).max(1);
        let mut text = match format {
            Some(f) => by_format(f, at / down, places),
            None => shown(at / down, places),
        };
        while text.len() < width {
            text.insert(usize::from(text.starts_with('-')), '0');
        }
        sys.print(STDOUT, format_args!("{text}"));
        at += step;
        if count.is_multiple_of(512) {
            sys.yield_now().await;
        }
    }
    if count > 0 {
        sys.print(STDOUT, format_args!("\n"));
    }
    0
}
