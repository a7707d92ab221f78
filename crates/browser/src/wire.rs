//! What WebDriver puts on its wire: the name of an element reference, keys as private characters, pictures in base64.
//! Source: W3C WebDriver §12.1, §17.4.2.

/// The member that holds an element's id.
pub(crate) const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl crate::Browser {
    /// Keys without a character, for [`type_at`](crate::Browser::type_at) and [`press`](crate::Browser::press).
    pub const KEYS: &[(&'static str, char)] = &[
        ("Backspace", '\u{e003}'),
        ("Tab", '\u{e004}'),
        ("Enter", '\u{e007}'),
        ("Shift", '\u{e008}'),
        ("Control", '\u{e009}'),
        ("Escape", '\u{e00c}'),
        ("PageUp", '\u{e00e}'),
        ("PageDown", '\u{e00f}'),
        ("End", '\u{e010}'),
        ("Home", '\u{e011}'),
        ("ArrowLeft", '\u{e012}'),
        ("ArrowUp", '\u{e013}'),
        ("ArrowRight", '\u{e014}'),
        ("ArrowDown", '\u{e015}'),
        ("Delete", '\u{e017}'),
        ("F2", '\u{e032}'),
        ("F6", '\u{e036}'),
    ];
}

/// Text as WebDriver wants it typed: line ends, tabs and escapes are keys.
pub(crate) fn keys(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\u{e007}',
            '\t' => '\u{e004}',
            '\x1b' => '\u{e00c}',
            '\x08' => '\u{e003}',
            c => c,
        })
        .collect()
}

/// Decodes base64; what is not of its alphabet is passed over.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for b in text.bytes() {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(v);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    out
}
