//! Texts to typed values: numbers, times with units, yes and no, lists. The errors are Postfix's fatal messages.
//! Not here: where the texts come from. Source: postconf(5), "time units"; mail_conf_int(3) and its siblings.

use super::parse::is_space;

/// A number.
pub(crate) fn number(name: &str, text: &str) -> Result<i64, String> {
    // strtol: white space and a sign in front are allowed, nothing behind.
    let digits = text.trim_start_matches(is_space);
    digits
        .strip_prefix('+')
        .unwrap_or(digits)
        .parse::<i64>()
        .ok()
        .filter(|_| !text.is_empty())
        .ok_or_else(|| format!("bad numerical configuration: {name} = {text}"))
}

/// Yes or no.
pub(crate) fn boolean(name: &str, text: &str) -> Result<bool, String> {
    if text.eq_ignore_ascii_case("yes") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("no") {
        Ok(false)
    } else {
        Err(format!("bad boolean configuration: {name} = {text}"))
    }
}

/// Seconds of a time with an optional unit; without one it is in `unit`.
pub(crate) fn seconds(text: &str, unit: u8) -> Option<i64> {
    let start = text.trim_start_matches(is_space);
    let end = start.find(|c: char| !c.is_ascii_digit()).unwrap_or(start.len());
    let number: i64 = start[..end].parse().ok()?;
    let factor = match start.as_bytes().get(end).copied().unwrap_or(unit) {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86400,
        b'w' => 604_800,
        _ => return None,
    };
    let limit = i64::from(i32::MAX);
    (number <= limit && (factor == 1 || number < limit / factor)).then_some(number * factor)
}

/// The unit of a default such as `300s`.
pub(crate) fn unit_of(default: &str) -> u8 {
    default.bytes().find(u8::is_ascii_alphabetic).unwrap_or(b's')
}

/// Splits at commas and white space.
pub(crate) fn split(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || is_space(c)).filter(|s| !s.is_empty()).map(str::to_string).collect()
}

/// Splits at commas and white space outside braces.
pub(crate) fn split_braced(text: &str) -> Vec<String> {
    split_where(text, |c| c == ',' || is_space(c))
}

/// Splits at separators outside braces.
pub(crate) fn split_where(text: &str, separator: fn(char) -> bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut level = 0u32;
    let mut token = String::new();
    for c in text.chars() {
        match c {
            '{' => level += 1,
            '}' if level > 0 => level -= 1,
            c if level == 0 && separator(c) => {
                if !token.is_empty() {
                    out.push(std::mem::take(&mut token));
                }
                continue;
            }
            _ => {}
        }
        token.push(c);
    }
    if !token.is_empty() {
        out.push(token);
    }
    out
}

/// The text inside a pair of braces, white space at its ends removed.
///
/// # Errors
/// Postfix's words for a brace that is missing.
pub(crate) fn unbrace(text: &str) -> Result<String, String> {
    let Some(inner) = text.strip_prefix('{') else {
        return Err(format!("no '{{' at start of text in \"{text}\""));
    };
    let mut level = 1u32;
    for (i, c) in inner.char_indices() {
        match c {
            '{' => level += 1,
            '}' => level -= 1,
            _ => {}
        }
        if level == 0 {
            if i + 1 != inner.len() {
                return Err(format!("syntax error after '}}' in \"{text}\""));
            }
            return Ok(inner[..i].trim_matches(is_space).to_string());
        }
    }
    Err(format!("missing '}}' in \"{text}\""))
}
/// What `\n`, `\t`, `\015` and the like stand for.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text.bytes().peekable());
    while let Some(b) = rest.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let Some(b) = rest.next() else { break };
        out.push(match b {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(b - b'0');
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value << 3 | u32::from(digit - b'0');
                }
                (value & 0xff) as u8
            }
            b => b,
        });
    }
    out
}
