//! Domain names beyond ASCII as the DNS knows them. Not here: which characters a name may have (UTS 46). Source: RFC 3492, RFC 5891.

const BASE: u32 = 36;

/// The name with each label beyond ASCII in its ASCII form; `None`: it has none.
pub fn to_ascii(name: &str) -> Option<String> {
    let labels: Option<Vec<String>> = name
        .split(['.', '\u{3002}'])
        .map(
            |label| {
                if label.is_ascii() { Some(label.to_string()) } else { punycode(&label.to_ascii_lowercase()).map(|p| format!("xn--{p}")) }
            },
        )
        .collect();
    Some(labels?.join("."))
}

/// Digits are the letters, then the figures.
fn digit(value: u32) -> char {
    char::from(if value < 26 { b'a' + value as u8 } else { b'0' + (value - 26) as u8 })
}

fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += BASE;
    }
    k + 36 * delta / (delta + 38)
}

/// A label in Punycode.
fn punycode(label: &str) -> Option<String> {
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let plain = out.len() as u32;
    if plain > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut done) = (128u32, 0u32, 72u32, plain);
    let count = label.chars().count() as u32;
    while done < count {
        let next = label.chars().map(u32::from).filter(|&c| c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(done + 1)?)?;
        n = next;
        for c in label.chars().map(u32::from) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c != n {
                continue;
            }
            let (mut q, mut k) = (delta, BASE);
            loop {
                let t = k.saturating_sub(bias).clamp(1, 26);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q));
            bias = adapt(delta, done + 1, done == plain);
            delta = 0;
            done += 1;
        }
        delta += 1;
        n += 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::to_ascii;

    #[test]
    fn labels_are_written_in_ascii() {
        for (name, ascii) in [
            ("例子.example", "xn--fsqu00a.example"),
            ("bücher.De", "xn--bcher-kva.De"),
            ("中文。com", "xn--fiq228c.com"),
            ("far.example", "far.example"),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Some(ascii));
        }
    }
}
