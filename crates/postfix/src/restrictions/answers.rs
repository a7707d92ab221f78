//! Patterns of the answers of a DNS list that count: `127.0.0.[2;4..8]`. Not here: asking (`dnsbl`).
//! Source: postconf(5) reject_rbl_client; ip_match(3) of Postfix for the words of its complaints.

use std::net::Ipv4Addr;

/// What each octet may be: ranges of numbers.
pub(super) struct Pattern(Vec<Vec<(u8, u8)>>);

/// Reads tokens: numbers and single characters.
struct Reader<'a> {
    /// The whole pattern, as far as it counts.
    text: &'a str,
    /// Where the last token began.
    from: usize,
    at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Octet(u8),
    /// A number that is no octet.
    Big,
    Char(u8),
    End,
}

impl Reader<'_> {
    fn next(&mut self) -> Token {
        let rest = &self.text[self.at..];
        self.from = self.at;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            self.at += digits;
            return rest[..digits].parse().map_or(Token::Big, Token::Octet);
        }
        match rest.chars().next() {
            Some(c) => {
                self.at += c.len_utf8();
                Token::Char(rest.as_bytes()[0])
            }
            None => Token::End,
        }
    }
    /// A complaint with the place it is about.
    fn wrong(&self, what: &str) -> String {
        let (text, from, at) = (self.text, self.from, self.at);
        format!("{what} at \"{}>{}<{}\"", &text[..from], &text[from..at], &text[at..])
    }
    /// The numbers behind `[`.
    fn ranges(&mut self) -> Result<Vec<(u8, u8)>, String> {
        let mut ranges = Vec::new();
        loop {
            let Token::Octet(low) = self.next() else { return Err(self.wrong("need decimal number 0..255")) };
            let mut ahead = self.next();
            let mut high = low;
            if ahead == Token::Char(b'.') {
                let second = self.next() == Token::Char(b'.');
                match if second { self.next() } else { Token::End } {
                    Token::Octet(n) if n >= low => high = n,
                    _ => return Err(self.wrong("numeric range error")),
                }
                ahead = self.next();
            }
            ranges.push((low, high));
            match ahead {
                Token::Char(b';') => {}
                Token::Char(b']') => return Ok(ranges),
                _ => return Err(self.wrong("need \";\" or \"]\"")),
            }
        }
    }
}

/// The pattern without brackets around all of it.
fn inner(text: &str) -> Result<&str, String> {
    if !text.starts_with('[') {
        return Ok(text);
    }
    let mut level = 0;
    for (i, b) in text.bytes().enumerate() {
        level += i32::from(b == b'[') - i32::from(b == b']');
        if b == b']' && level == 0 {
            return Ok(if i + 1 == text.len() { &text[1..i] } else { text });
        }
    }
    Err("missing \"]\" character".to_string())
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Postfix's words for a mistake.
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let text = inner(text)?;
        if text.is_empty() {
            return Err("empty address pattern".to_string());
        }
        let mut reader = Reader { text, from: 0, at: 0 };
        let mut octets = Vec::new();
        loop {
            octets.push(match reader.next() {
                Token::Octet(n) => vec![(n, n)],
                Token::Char(b'[') => reader.ranges()?,
                _ => return Err(reader.wrong("need decimal number 0..255 or \"[\"")),
            });
            match reader.next() {
                Token::End if octets.len() == 4 => return Ok(Pattern(octets)),
                _ if octets.len() == 4 => return Err(reader.wrong("garbage after pattern")),
                Token::Char(b'.') => {}
                _ => return Err(reader.wrong("need \".\"")),
            }
        }
    }
    /// Whether an address fits.
    pub(super) fn fits(&self, address: Ipv4Addr) -> bool {
        self.0.iter().zip(address.octets()).all(|(ranges, octet)| ranges.iter().any(|(low, high)| (low..=high).contains(&&octet)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_answers() {
        for (pattern, address, yes) in [
            ("127.0.0.2", "127.0.0.2", true),
            ("127.0.0.[2;4]", "127.0.0.4", true),
            ("127.0.0.[2..4]", "127.0.0.3", true),
            ("[127.0.0.[2..4;9]]", "127.0.0.9", true),
            ("127.0.0.[2..4]", "127.0.0.5", false),
        ] {
            let Ok(p) = Pattern::parse(pattern) else { panic!("{pattern}") };
            assert_eq!(p.fits(address.parse().unwrap()), yes, "{pattern} {address}");
        }
    }

    #[test]
    fn complaints() {
        for (pattern, words) in [
            ("127.0.0.[1..]", "numeric range error at \"127.0.0.[1..>]<\""),
            ("127.0.0.256", "need decimal number 0..255 or \"[\" at \"127.0.0.>256<\""),
            ("127.0.0", "need \".\" at \"127.0.0><\""),
            ("127.0.0.2.3", "garbage after pattern at \"127.0.0.2>.<3\""),
            ("127.0.0.[2,3]", "need \";\" or \"]\" at \"127.0.0.[2>,<3]\""),
            ("", "empty address pattern"),
            ("[127", "missing \"]\" character"),
        ] {
            assert_eq!(Pattern::parse(pattern).err().as_deref(), Some(words));
        }
    }
}
