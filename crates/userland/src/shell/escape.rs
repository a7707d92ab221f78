//! Backslash escapes of `$'…'`, `echo -e`, `printf`, and quoting words so that the shell can read them again.
//! Source: bash(1) "QUOTING", "echo", "printf".

/// Reads `\…` at the start of `s` (behind the backslash) into `out`; gives how many bytes of `s` it took. 0: no escape.
/// `zero`: octal numbers need a leading 0 (`echo -e`, `%b`).
pub(crate) fn escape(s: &str, zero: bool, out: &mut Vec<u8>) -> usize {
    let bytes = s.as_bytes();
    let Some(&c) = bytes.first() else { return 0 };
    let digits = |from: usize, most: usize, radix: u32| {
        let n = bytes[from.min(bytes.len())..].iter().take(most).take_while(|b| char::from(**b).is_digit(radix)).count();
        (n, bytes[from.min(bytes.len())..].iter().take(n).fold(0, |v, b| v * radix + char::from(*b).to_digit(radix).unwrap_or(0)))
    };
    let simple = match c {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => b'\\',
        b'0'..=b'7' => {
            let from = usize::from(zero && c == b'0');
            if zero && c != b'0' {
                return 0;
            }
            let (n, v) = digits(from, 3, 8);
            out.push(v as u8);
            return from + n;
        }
        b'x' => {
            let (n, v) = digits(1, 2, 16);
            if n == 0 {
                return 0;
            }
            out.push(v as u8);
            return 1 + n;
        }
        b'u' | b'U' => {
            let (n, v) = digits(1, if c == b'u' { 4 } else { 8 }, 16);
            if n == 0 {
                return 0;
            }
            let c = char::from_u32(v).unwrap_or('\u{fffd}');
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return 1 + n;
        }
        _ => return 0,
    };
    out.push(simple);
    1
}

/// The text of `$'…'`.
pub(crate) fn ansi(s: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = s;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        match rest.as_bytes() {
            [q @ (b'\'' | b'"' | b'?'), ..] => {
                out.push(*q);
                rest = &rest[1..];
            }
            [b'c', c, ..] if c.is_ascii() => {
                out.push(c & 31);
                rest = &rest[2..];
            }
            _ => {
                let n = escape(rest, false, &mut out);
                if n == 0 {
                    out.push(b'\\');
                }
                rest = rest.get(n..).unwrap_or("");
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// `'it'\''s'`: a word between single quotes.
pub(crate) fn single_quoted(s: &str) -> String {
    format!("'{}'", s.replace('\'', "'\\''"))
}

/// Quoted whatever it holds: between single quotes, or as `$'…'` if it holds control characters.
pub(crate) fn reusable(s: &str) -> String {
    if s.bytes().any(|b| b < 32 || b == 127) { dollar_quoted(s) } else { single_quoted(s) }
}

/// `"a\$b"`: as `declare -p` prints values.
pub(crate) fn double_quoted(s: &str) -> String {
    if s.bytes().any(|b| b < 32 || b == 127) {
        return dollar_quoted(s);
    }
    let mut out = String::from("\"");
    for c in s.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn dollar_quoted(s: &str) -> String {
    let mut out = String::from("$'");
    for c in s.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\E"),
            '\'' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 32 || c == '\x7f' => out.push_str(&format!("\\{:03o}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// As it is, or as `$'…'` if it holds control characters: names in messages.
pub(crate) fn visible(s: &str) -> String {
    if s.bytes().any(|b| b < 32 || b == 127) { dollar_quoted(s) } else { s.to_string() }
}

/// Quoted as `set -x` and `set` print words: only if need be.
pub(crate) fn quoted_if_needed(s: &str) -> String {
    if s.is_empty() {
        return "''".into();
    }
    if s.bytes().any(|b| b < 32 && b != b'\t' || b == 127) {
        return dollar_quoted(s);
    }
    let mut meta =
        s.contains([' ', '\t', '\'', '"', '\\', '|', '&', ';', '(', ')', '<', '>', '!', '{', '}', '*', '[', ']', '?', '^', '$', '`']);
    meta |= s.starts_with(['#', '~']);
    if meta { single_quoted(s) } else { s.to_string() }
}

/// `a\ b`: as `printf %q` and completion print words.
pub(crate) fn backslashed(s: &str) -> String {
    if s.is_empty() {
        return "''".into();
    }
    if s.bytes().any(|b| b < 32 || b == 127) {
        return dollar_quoted(s);
    }
    let mut out = String::new();
    for (i, c) in s.chars().enumerate() {
        let special = c.is_ascii_punctuation() && !"%+-./:=@_#~".contains(c) || c == ' ' || i == 0 && matches!(c, '#' | '~');
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
