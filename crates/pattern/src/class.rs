//! Character classes and bracket sets. A character is a code point, or `BAD` + byte for a byte that is not UTF-8.
//! Not here: their notation (`posix`, `perl`). Source: POSIX XBD 7.3.1, PCRE2's `\d \s \w`; beyond ASCII a coarse cut of Unicode.

/// Added to a byte that is not part of a valid UTF-8 character; above every code point.
pub(crate) const BAD: u32 = 0x11_0000;

/// A named class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Alnum,
    Alpha,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

/// Their names in `[:name:]`. `word` is PCRE's alone.
const NAMES: [(&str, Class); 13] = [
    ("alnum", Class::Alnum),
    ("alpha", Class::Alpha),
    ("blank", Class::Blank),
    ("cntrl", Class::Cntrl),
    ("digit", Class::Digit),
    ("graph", Class::Graph),
    ("lower", Class::Lower),
    ("print", Class::Print),
    ("punct", Class::Punct),
    ("space", Class::Space),
    ("upper", Class::Upper),
    ("word", Class::Word),
    ("xdigit", Class::Xdigit),
];

impl Class {
    /// The class of this name.
    pub(crate) fn named(name: &[u32], perl: bool) -> Option<Class> {
        let same = |n: &str| n.len() == name.len() && n.bytes().zip(name).all(|(a, b)| u32::from(a) == *b);
        NAMES.iter().find(|(n, c)| same(n) && (perl || *c != Class::Word)).map(|(_, c)| *c)
    }
    /// Whether `c` belongs to it; `wide`: characters beyond ASCII may.
    pub(crate) fn has(self, c: u32, wide: bool) -> bool {
        if c >= 0x80 {
            return wide
                && c < BAD
                && match self {
                    Class::Alnum | Class::Alpha | Class::Word => letter(c),
                    Class::Punct => c >= 0xA1 && !letter(c) && !blank(c),
                    Class::Graph => c >= 0xA1 && !blank(c),
                    Class::Print => c >= 0xA0,
                    Class::Cntrl => c < 0xA0,
                    Class::Space | Class::Blank => blank(c),
                    Class::Lower => matches!(c, 0xDF..=0xFF | 0x3B1..=0x3C9 | 0x430..=0x45F) && c != 0xF7,
                    Class::Upper => matches!(c, 0xC0..=0xDE | 0x391..=0x3A9 | 0x400..=0x42F) && c != 0xD7,
                    Class::Digit | Class::Xdigit => false,
                };
        }
        let b = c as u8;
        match self {
            Class::Alnum => b.is_ascii_alphanumeric(),
            Class::Alpha => b.is_ascii_alphabetic(),
            Class::Blank => b == b' ' || b == b'\t',
            Class::Cntrl => b.is_ascii_control(),
            Class::Digit => b.is_ascii_digit(),
            Class::Graph => b.is_ascii_graphic(),
            Class::Lower => b.is_ascii_lowercase(),
            Class::Print => b.is_ascii_graphic() || b == b' ',
            Class::Punct => b.is_ascii_punctuation(),
            Class::Space => matches!(b, b'\t'..=b'\r' | b' '),
            Class::Upper => b.is_ascii_uppercase(),
            Class::Word => b.is_ascii_alphanumeric() || b == b'_',
            Class::Xdigit => b.is_ascii_hexdigit(),
        }
    }
}

/// Spaces beyond ASCII that do not forbid a line break.
fn blank(c: u32) -> bool {
    matches!(c, 0x1680 | 0x2000..=0x2006 | 0x2008..=0x200A | 0x2028 | 0x2029 | 0x205F | 0x3000)
}

/// Letters beyond ASCII, by blocks.
fn letter(c: u32) -> bool {
    match c {
        0xAA | 0xB5 | 0xBA => true,
        0..=0xBF | 0xD7 | 0xF7 => false,
        0x2000..=0x2BFF => matches!(c, 0x2071 | 0x207F | 0x2102..=0x214F | 0x2160..=0x2188 | 0x24B6..=0x24E9),
        0x2E00..=0x2E7F | 0x3000..=0x3004 | 0x3008..=0x3020 | 0x30FB | 0xE000..=0xF8FF | 0xFE10..=0xFE6F => false,
        0xFF00..=0xFF0F | 0xFF1A..=0xFF20 | 0xFF3B..=0xFF40 | 0xFF5B..=0xFF65 | 0x1F000..=0x1FAFF | 0xE0000.. => false,
        _ => true,
    }
}

/// The same letter in lower case, ASCII and the simple pairs of Latin-1, Greek and Cyrillic.
pub(crate) fn lower(c: u32) -> u32 {
    match c {
        0x41..=0x5A => c + 32,
        0xC0..=0xDE if c != 0xD7 => c + 32,
        0x391..=0x3A9 | 0x410..=0x42F => c + 32,
        0x400..=0x40F => c + 80,
        _ => c,
    }
}

/// The same letter in upper case.
pub(crate) fn upper(c: u32) -> u32 {
    match c {
        0x61..=0x7A => c - 32,
        0xE0..=0xFE if c != 0xF7 => c - 32,
        0x3B1..=0x3C9 if c != 0x3C2 => c - 32,
        0x430..=0x44F => c - 32,
        0x450..=0x45F => c - 80,
        _ => c,
    }
}

/// One part of a set.
#[derive(Clone)]
pub(crate) enum Item {
    Range(u32, u32),
    /// A class, or (true) all that is not in it.
    Class(Class, bool),
}

/// `[...]`.
#[derive(Clone, Default)]
pub(crate) struct Set {
    pub(crate) items: Vec<Item>,
    pub(crate) negated: bool,
    pub(crate) icase: bool,
}

impl Set {
    /// One class, for `\w` and its kin.
    pub(crate) fn class(class: Class, negated: bool) -> Set {
        Set { items: vec![Item::Class(class, false)], negated, icase: false }
    }
    fn lists(&self, c: u32, wide: bool) -> bool {
        self.items.iter().any(|item| match item {
            Item::Range(a, b) => *a <= c && c <= *b,
            Item::Class(class, not) => class.has(c, wide) != *not,
        })
    }
    /// Whether `c` is matched. A byte that is no character never is.
    pub(crate) fn has(&self, c: u32, wide: bool) -> bool {
        if c >= BAD {
            return false;
        }
        let listed = self.lists(c, wide) || self.icase && (self.lists(lower(c), wide) || self.lists(upper(c), wide));
        listed != self.negated
    }
}

/// The character at `at` (which is inside `text`) and its length in bytes.
pub(crate) fn decode(text: &[u8], at: usize, utf8: bool) -> (u32, usize) {
    let b = text[at];
    if b < 0x80 || !utf8 {
        return (u32::from(b), 1);
    }
    let (len, min) = match b {
        0xC2..=0xDF => (2, 0x80),
        0xE0..=0xEF => (3, 0x800),
        0xF0..=0xF4 => (4, 0x1_0000),
        _ => return (BAD + u32::from(b), 1),
    };
    let mut c = u32::from(b) & (0x7F >> len);
    for i in 1..len {
        match text.get(at + i) {
            Some(t) if t & 0xC0 == 0x80 => c = c << 6 | u32::from(t & 0x3F),
            _ => return (BAD + u32::from(b), 1),
        }
    }
    match char::from_u32(c) {
        Some(_) if c >= min => (c, len),
        _ => (BAD + u32::from(b), 1),
    }
}

/// The character that ends just before `at` (which is not 0).
pub(crate) fn decode_before(text: &[u8], at: usize, utf8: bool) -> (u32, usize) {
    for len in 1..=at.min(4) {
        let (c, n) = decode(text, at - len, utf8);
        if n == len && c < BAD {
            return (c, n);
        }
        if !utf8 {
            break;
        }
    }
    (BAD + u32::from(text[at - 1]), 1)
}
