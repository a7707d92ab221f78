//! Quoting of names in messages and listings: 'x' for the shell, ‘x’ for people, "x" for C.
//! Not here: the shell's own quoting. Source: gnulib's quotearg with the styles shell-escape, locale and c, in a UTF-8 locale.

/// `‘x’`.
pub(crate) fn quote(text: &str) -> String {
    format!("\u{2018}{}\u{2019}", escape(text, '\u{2019}'))
}

/// `'x'`, ready to be pasted into a shell.
pub(crate) fn quoteaf(text: &str) -> String {
    shell_escape(text, true, false)
}

/// `"x"`, as `ls -Q` shows names.
pub(crate) fn quote_c(text: &str) -> String {
    format!("\"{}\"", escape(text, '"'))
}

/// Control characters, backslash and `end` behind backslashes, as in C.
pub(crate) fn escape(text: &str, end: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == end => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_control() => control(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

fn control(out: &mut String, c: char) {
    out.push('\\');
    match c {
        '\u{7}' => out.push('a'),
        '\u{8}' => out.push('b'),
        '\t' => out.push('t'),
        '\n' => out.push('n'),
        '\u{b}' => out.push('v'),
        '\u{c}' => out.push('f'),
        '\r' => out.push('r'),
        c => {
            for shift in [6, 3, 0] {
                out.push(char::from(b'0' + ((c as u32 >> shift) & 7) as u8));
            }
        }
    }
}

/// Quotes for a shell: always, or only a text that needs it. `colon`: a colon needs it too (names in front of a message).
pub(crate) fn shell_escape(text: &str, always: bool, colon: bool) -> String {
    let special = |(i, c): (usize, char)| match c {
        ' ' | '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '?' | '[' | '^' | '`' | '|' | '\\' | '\'' => true,
        ':' => colon,
        '#' | '~' => i == 0,
        '{' | '}' => text.len() == 1,
        c => c.is_ascii_control(),
    };
    if !always && !text.is_empty() && !text.char_indices().any(special) {
        return text.to_string();
    }
    let controls = text.chars().any(|c| c.is_ascii_control());
    if text.contains('\'') && !controls && !text.contains(['"', '$', '`', '\\', '!']) {
        return format!("\"{text}\"");
    }
    let mut out = String::from("'");
    let mut escaped = false;
    for c in text.chars() {
        if c.is_ascii_control() {
            if !escaped {
                out.push_str("'$'");
                escaped = true;
            }
            control(&mut out, c);
            continue;
        }
        if escaped {
            out.push_str("''");
            escaped = false;
        }
        if c == '\'' { out.push_str("'\\''") } else { out.push(c) }
    }
    out.push('\'');
    out
}
