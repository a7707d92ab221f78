//! What a key sends to a full-screen program, as a VT100 or xterm would. Not here: line input, which the browser's own field does.

/// Bytes for a key of the DOM (`event.key`), or `None` if it sends nothing.
pub(crate) fn bytes(key: &str, ctrl: bool, alt: bool) -> Option<Vec<u8>> {
    let named: &[u8] = match key {
        "Enter" => b"\r",
        "Escape" => b"\x1b",
        "Tab" => b"\t",
        "Backspace" => b"\x7f",
        "ArrowUp" => b"\x1b[A",
        "ArrowDown" => b"\x1b[B",
        "ArrowRight" => b"\x1b[C",
        "ArrowLeft" => b"\x1b[D",
        "Home" => b"\x1b[H",
        "End" => b"\x1b[F",
        "Insert" => b"\x1b[2~",
        "Delete" => b"\x1b[3~",
        "PageUp" => b"\x1b[5~",
        "PageDown" => b"\x1b[6~",
        _ => b"",
    };
    if !named.is_empty() {
        return Some(named.into());
    }
    let mut chars = key.chars();
    let (c, None) = (chars.next()?, chars.next()) else { return None };
    let mut out = Vec::new();
    if alt {
        out.push(0x1b);
    }
    if ctrl {
        out.push(control(c)?);
    } else {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(out)
}

/// The control character of a letter, `^C` of `c`.
pub(crate) fn control(c: char) -> Option<u8> {
    match c.to_ascii_uppercase() {
        c @ '@'..='_' => Some(c as u8 & 0x1f),
        ' ' => Some(0),
        '?' => Some(0x7f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_bytes() {
        assert_eq!(bytes("a", false, false).as_deref(), Some(&b"a"[..]));
        assert_eq!(bytes("红", false, false).as_deref(), Some("红".as_bytes()));
        assert_eq!(bytes("c", true, false).as_deref(), Some(&b"\x03"[..]));
        assert_eq!(bytes("]", true, false).as_deref(), Some(&b"\x1d"[..]));
        assert_eq!(bytes("Escape", false, false).as_deref(), Some(&b"\x1b"[..]));
        assert_eq!(bytes("Shift", false, false), None);
        assert_eq!(bytes("1", true, false), None);
    }
}
