//! Base64 as a learner meets it: what a text becomes, what a spelling hides, and what exactly is wrong with a bad one (RFC 4648 §4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes that a base64 text stands for.
pub(crate) struct Decoded(pub(crate) Vec<u8>);

impl Decoded {
    /// As text, with control characters made visible.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// What is wrong with a base64 text.
#[derive(PartialEq, Debug)]
pub(crate) enum Bad {
    /// This character, the n-th, is none of the 64.
    Char(char, usize),
    /// So many characters, which is no multiple of four.
    Length(usize),
    /// A `=` stands before the end.
    Padding(usize),
    /// The last character carries bits that belong to nothing.
    Tail,
}

/// The base64 of these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes behind a base64 text.
pub(crate) fn decode(text: &str) -> Result<Decoded, Bad> {
    for (i, c) in text.chars().enumerate() {
        if !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')) {
            return Err(Bad::Char(c, i + 1));
        }
    }
    if let Some(at) = text.find('=')
        && (at + 2 < text.len() || text[at..].bytes().any(|b| b != b'='))
    {
        return Err(Bad::Padding(at + 1));
    }
    if !text.len().is_multiple_of(4) {
        return Err(Bad::Length(text.len()));
    }
    STANDARD.decode(text).map(Decoded).map_err(|_| Bad::Tail)
}

/// The three fields of AUTH PLAIN (RFC 4616), if the bytes have that shape.
pub(crate) fn parts_of(bytes: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = bytes.split(|b| *b == 0);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_named() {
        let bad = |s| decode(s).err();
        assert_eq!(bad("redhat"), Some(Bad::Length(6)));
        assert_eq!(bad("cmVk aGF0"), Some(Bad::Char(' ', 5)));
        assert_eq!(bad("=abc"), Some(Bad::Padding(1)));
        assert_eq!(bad("cmVkaGF0Cg=="), None);
        assert_eq!(bad("cmVkaGF0Ch=="), Some(Bad::Tail));
        assert_eq!(bad("红帽"), Some(Bad::Char('红', 1)));
        assert_eq!(decode("cmVkaGF0").map(|d| d.text()).ok().as_deref(), Some("redhat"));
        assert!(parts_of(b"\0redhat\0pw").is_some() && parts_of(b"\0redhat").is_none());
    }
}
