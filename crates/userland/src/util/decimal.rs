//! Numbers with a point, kept in decimal so that no floating point is needed: reading them, rounding, `%f %e %g`.
//! Source: C11 7.21.6.1 (fprintf).

use super::format::{Spec, Wrong};

/// A decimal number: sign, digits, and how many of them stand before the point.
pub(super) fn decimal(arg: &str, errors: &mut Vec<Wrong>) -> (bool, Vec<u8>, i32) {
    let text = arg.trim();
    let negative = text.starts_with('-');
    let body = text.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
    let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = int.bytes().chain(frac.bytes()).take_while(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let exp: i32 = exponent.parse().unwrap_or(0);
    if !arg.is_empty() && (digits.len() != int.len() + frac.len() || digits.is_empty() || exponent.parse::<i32>().is_err()) {
        errors.push(Wrong::Number { arg: arg.into(), some: !digits.is_empty() });
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

pub(super) fn float(spec: &Spec, c: char, negative: bool, digits: &[u8], point: i32) -> String {
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
