//! Floating point numbers to text and back, exactly: printf's %f %e %g and strtod.
//! Not here: std's own formatting, which would cost more code. Source: C11 7.21.6.1.

/// The decimal digits of a finite number, most significant first, and how many of them stand before the point.
fn digits(x: f64) -> (Vec<u8>, i32) {
    let bits = x.abs().to_bits();
    let raw = (bits >> 52) as i32;
    let (mantissa, exponent) = if raw == 0 { (bits, -1074) } else { (bits & ((1 << 52) - 1) | 1 << 52, raw - 1075) };
    // The number times 10^-exponent' as a big integer in base 10^9, least part first.
    let mut big: Vec<u32> = vec![(mantissa % 1_000_000_000) as u32, (mantissa / 1_000_000_000) as u32];
    let mut times = |factor: u32, rounds: i32| {
        for _ in 0..rounds {
            let mut carry = 0u64;
            for part in &mut big {
                let n = u64::from(*part) * u64::from(factor) + carry;
                *part = (n % 1_000_000_000) as u32;
                carry = n / 1_000_000_000;
            }
            if carry > 0 {
                big.push(carry as u32);
            }
        }
    };
    // m * 2^-k = m * 5^k / 10^k.
    let point = if exponent >= 0 {
        times(2, exponent);
        0
    } else {
        times(5, -exponent);
        exponent
    };
    let mut out = Vec::new();
    for part in big.iter().rev() {
        let mut scale = 100_000_000;
        while scale > 0 {
            out.push((part / scale % 10) as u8);
            scale /= 10;
        }
    }
    let zeros = out.iter().take_while(|d| **d == 0).count();
    out.drain(..zeros);
    let before = out.len() as i32 + point;
    (out, before)
}

/// Rounds to `keep` digits, half to even; true if a digit was gained in front.
fn round(d: &mut Vec<u8>, keep: i32) -> bool {
    if keep >= d.len() as i32 {
        return false;
    }
    if keep < 0 {
        d.clear();
        return false;
    }
    let keep = keep as usize;
    let rest = d[keep + 1..].iter().any(|x| *x != 0);
    let odd = keep > 0 && d[keep - 1] % 2 == 1;
    let up = d[keep] > 5 || d[keep] == 5 && (rest || odd);
    d.truncate(keep);
    if !up {
        return false;
    }
    for x in d.iter_mut().rev() {
        *x += 1;
        if *x < 10 {
            return false;
        }
        *x = 0;
    }
    d.insert(0, 1);
    true
}

fn special(x: f64) -> Option<&'static str> {
    match (x.is_nan(), x.is_infinite(), x.is_sign_negative()) {
        (true, _, true) => Some("-nan"),
        (true, _, false) => Some("nan"),
        (_, true, true) => Some("-inf"),
        (_, true, false) => Some("inf"),
        _ => None,
    }
}

fn put(out: &mut String, d: &[u8], from: i32, to: i32) {
    for i in from..to {
        let digit = usize::try_from(i).ok().and_then(|i| d.get(i)).copied().unwrap_or(0);
        out.push(char::from(b'0' + digit));
    }
}

/// `%.*f`.
pub(crate) fn fixed(x: f64, precision: usize) -> String {
    if let Some(s) = special(x) {
        return s.to_string();
    }
    let (mut d, mut before) = digits(x);
    let precision = precision.min(4000) as i32;
    if round(&mut d, before + precision) {
        before += 1;
    }
    let mut out = String::new();
    if x.is_sign_negative() {
        out.push('-');
    }
    if before <= 0 {
        out.push('0')
    } else {
        put(&mut out, &d, 0, before)
    }
    if precision > 0 {
        out.push('.');
        put(&mut out, &d, before, before + precision);
    }
    out
}

/// `%.*e`.
pub(crate) fn scientific(x: f64, precision: usize) -> String {
    if let Some(s) = special(x) {
        return s.to_string();
    }
    let (mut d, before) = digits(x);
    let mut exponent = if d.is_empty() { 0 } else { before - 1 };
    let precision = precision.min(4000) as i32;
    if round(&mut d, precision + 1) {
        exponent += 1;
    }
    let mut out = String::new();
    if x.is_sign_negative() {
        out.push('-');
    }
    put(&mut out, &d, 0, 1);
    if precision > 0 {
        out.push('.');
        put(&mut out, &d, 1, precision + 1);
    }
    out.push('e');
    out.push(if exponent < 0 { '-' } else { '+' });
    let e = exponent.unsigned_abs();
    if e < 10 {
        out.push('0');
    }
    out.push_str(&e.to_string());
    out
}

/// `%.*g`; `alternate` (`#`) keeps the zeros at the end.
pub(crate) fn general(x: f64, precision: usize, alternate: bool) -> String {
    if let Some(s) = special(x) {
        return s.to_string();
    }
    let precision = precision.clamp(1, 4000);
    let (mut d, before) = digits(x);
    let mut exponent = if d.is_empty() { 0 } else { before - 1 };
    if round(&mut d, precision as i32) {
        exponent += 1;
    }
    let science = exponent < -4 || exponent >= precision as i32;
    let text = if science { scientific(x, precision - 1) } else { fixed(x, (precision as i32 - 1 - exponent).max(0) as usize) };
    if alternate || !text.contains('.') {
        return text;
    }
    let (number, tail) = text.split_at(text.find('e').unwrap_or(text.len()));
    format!("{}{tail}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// The number a text begins with, as strtod reads it (decimal, hexadecimal, inf, nan), and how many bytes that took.
pub(crate) fn strtod(text: &[u8]) -> (f64, usize) {
    let mut at = text.iter().take_while(|b| matches!(b, b' ' | b'\t'..=b'\r')).count();
    let negative = text.get(at) == Some(&b'-');
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let sign = |x: f64| if negative { -x } else { x };
    let rest = &text[at..];
    let word = |w: &str| rest.get(..w.len()).is_some_and(|r| r.eq_ignore_ascii_case(w.as_bytes()));
    if word("inf") {
        return (sign(f64::INFINITY), at + if word("infinity") { 8 } else { 3 });
    }
    if word("nan") {
        return (sign(f64::NAN), at + 3);
    }
    if word("0x") && rest.get(2).is_some_and(u8::is_ascii_hexdigit) {
        let n = rest[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let value = rest[2..2 + n].iter().fold(0.0, |x, b| x * 16.0 + f64::from(char::from(*b).to_digit(16).unwrap_or(0)));
        return (sign(value), at + 2 + n);
    }
    let (mut mantissa, mut exponent, mut seen, mut point, mut used) = (0u64, 0i32, 0, false, 0);
    for (i, b) in rest.iter().enumerate() {
        match b {
            b'0'..=b'9' => {
                seen += 1;
                if mantissa < u64::MAX / 10 - 1 {
                    mantissa = mantissa * 10 + u64::from(b - b'0');
                    exponent -= i32::from(point);
                } else {
                    exponent = exponent.saturating_add(i32::from(!point));
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        used = i + 1;
    }
    if seen == 0 {
        return (0.0, 0);
    }
    if matches!(rest.get(used), Some(b'e' | b'E')) {
        let minus = rest.get(used + 1) == Some(&b'-');
        let from = used + 1 + usize::from(matches!(rest.get(used + 1), Some(b'-' | b'+')));
        let n = rest[from.min(rest.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
        if n > 0 {
            let e = rest[from..from + n].iter().fold(0i32, |e, b| e.saturating_mul(10).saturating_add(i32::from(b - b'0')));
            exponent = exponent.saturating_add(if minus { -e } else { e });
            used = from + n;
        }
    }
    (sign(scale(mantissa, exponent)), at + used)
}

/// `mantissa * 10^exponent`; exact powers where there are such.
fn scale(mantissa: u64, exponent: i32) -> f64 {
    let (mut m, mut e) = (mantissa, exponent);
    while e < 0 && m != 0 && m % 10 == 0 {
        (m, e) = (m / 10, e + 1);
    }
    let mut x = m as f64;
    if m == 0 {
        return 0.0;
    }
    let power = |n: i32| (0..n).fold(1.0f64, |p, _| p * 10.0);
    while e > 0 && x.is_finite() {
        x *= power(e.min(22));
        e -= e.min(22);
    }
    while e < 0 && x != 0.0 {
        x /= power((-e).min(22));
        e += (-e).min(22);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_printf_does() {
        for (got, want) in [
            (fixed(2.71928, 2), "2.72"),
            (fixed(2.25, 1), "2.2"),
            (fixed(0.05, 0), "0"),
            (fixed(1e21, 0), "1000000000000000000000"),
            (fixed(-0.5, 0), "-0"),
            (fixed(9.999, 2), "10.00"),
            (scientific(1234.5, 6), "1.234500e+03"),
            (general(0.0001, 6, false), "0.0001"),
            (general(1e10, 6, false), "1e+10"),
            (general(0.1 + 0.2, 6, false), "0.3"),
            (general(1.0 / 3.0, 6, false), "0.333333"),
            (general(1e6, 6, false), "1e+06"),
            (general(999_999.5, 6, false), "1e+06"),
            (general(f64::INFINITY, 6, false), "inf"),
            (general(0.0, 6, false), "0"),
            (fixed(0.000_012, 3), "0.000"),
        ] {
            assert_eq!(got, want);
        }
        assert_eq!(strtod(b" 12.5e1x"), (125.0, 7));
        assert_eq!(strtod(b"0x1f"), (31.0, 4));
        assert_eq!(strtod(b"abc"), (0.0, 0));
    }
}
