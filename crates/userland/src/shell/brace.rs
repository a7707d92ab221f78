//! Brace expansion: `a{b,c}d`, `{1..5..2}`, `{a..e}`. On words as typed, before anything else.
//! Source: bash(1) "Brace Expansion".

use super::scan::Scan;

/// So many words a brace expression may make.
const MOST: usize = 100_000;

/// The words that a word stands for; itself alone if it has no brace expression.
pub(crate) fn braces(word: &str) -> Vec<String> {
    let mut out = Vec::new();
    expand(word, &mut out, 0);
    out
}

fn expand(word: &str, out: &mut Vec<String>, depth: u32) {
    let bytes = word.as_bytes();
    let scan = Scan::new(word);
    let mut i = 0;
    while i < bytes.len() && depth < 50 {
        if bytes[i] == b'{'
            && let Some((end, commas)) = close(&scan, i)
            && let (Some(inner), Some(before), Some(after)) = (word.get(i + 1..end), word.get(..i), word.get(end + 1..))
        {
            let mut parts: Vec<String> = Vec::new();
            if commas.is_empty() {
                parts = sequence(inner).unwrap_or_default();
            } else {
                let mut from = i + 1;
                for to in commas.into_iter().chain([end]) {
                    expand(word.get(from..to).unwrap_or(""), &mut parts, depth + 1);
                    from = to + 1;
                }
            }
            if !parts.is_empty() {
                let mut tails = Vec::new();
                expand(after, &mut tails, depth + 1);
                if out.len() + parts.len() * tails.len() > MOST {
                    break;
                }
                for part in &parts {
                    out.extend(tails.iter().map(|tail| format!("{before}{part}{tail}")));
                }
                return;
            }
        }
        i = match scan.part(i) {
            Ok(next) => next,
            Err(_) => break,
        };
    }
    out.push(word.to_string());
}

/// The brace that closes the one at `start`, and the commas between them at the same level.
fn close(scan: &Scan<'_>, start: usize) -> Option<(usize, Vec<usize>)> {
    let (mut i, mut depth, mut commas) = (start + 1, 0, Vec::new());
    while i < scan.s.len() {
        match scan.s[i] {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some((i, commas)),
            b'}' => depth -= 1,
            b',' if depth == 0 => commas.push(i),
            _ => {}
        }
        i = scan.part(i).ok()?;
    }
    None
}

fn sequence(inner: &str) -> Option<Vec<String>> {
    let mut parts = inner.split("..");
    let (a, b, step) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let step = match step {
        Some(s) => s.parse::<i64>().ok()?.unsigned_abs().max(1),
        None => 1,
    };
    let letter = |s: &str| (s.len() == 1 && s.bytes().all(|b| b.is_ascii_alphabetic())).then(|| i64::from(s.as_bytes()[0]));
    let (from, to, letters) = match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(x), Ok(y)) => (x, y, false),
        _ => (letter(a)?, letter(b)?, true),
    };
    let padded = |s: &str| s.trim_start_matches('-').len() > 1 && s.trim_start_matches('-').starts_with('0');
    let width = if !letters && (padded(a) || padded(b)) { a.len().max(b.len()) } else { 0 };
    let count = (from.abs_diff(to) / step) as usize;
    if count >= MOST {
        return None;
    }
    let at = |n: usize| {
        let by = (n as u64).wrapping_mul(step) as i64;
        let v = if from <= to { from.wrapping_add(by) } else { from.wrapping_sub(by) };
        if letters { char::from(v as u8).to_string() } else { format!("{v:0width$}") }
    };
    Some((0..=count).map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_bash_does() {
        for (word, want) in [
            ("{a,b}{1,2}", "a1 a2 b1 b2"),
            ("{1..5}", "1 2 3 4 5"),
            ("{5..1..2}", "5 3 1"),
            ("x{,y}", "x xy"),
            ("{one}", "{one}"),
            ("{01..03}", "01 02 03"),
            ("{a..e}", "a b c d e"),
            ("a{b,c{d,e}}f", "abf acdf acef"),
            ("${a,b}", "${a,b}"),
            ("'{a,b}'", "'{a,b}'"),
            ("{a,b", "{a,b"),
            ("a{1,2}b{", "a1b{ a2b{"),
            ("{}", "{}"),
            ("{-1..1}", "-1 0 1"),
        ] {
            assert_eq!(braces(word).join(" "), want);
        }
    }
}
