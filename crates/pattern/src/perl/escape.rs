//! Backslash sequences and bracketed sets of Perl-compatible patterns. Not here: the rest of the grammar (`perl`).
//! Source: pcre2pattern(3), PCRE2's messages and offsets.

use super::{Escape, NO_BRACKET, Perl, UNKNOWN};
use crate::Error;
use crate::class::{Class, Item, Set};
use crate::node::{Look, Node, Place};

impl Perl<'_> {
    pub(super) fn hex(&mut self, most: usize) -> u32 {
        let mut n: u32 = 0;
        for _ in 0..most {
            let Some(d) = self.peek().and_then(|c| c.to_digit(16)) else { break };
            n = n.saturating_mul(16).saturating_add(d);
            self.at += 1;
        }
        n
    }
    pub(super) fn escape(&mut self, in_set: bool) -> Result<Escape, Error> {
        let Some(c) = self.chars.get(self.at).copied() else { return self.error("\\ at end of pattern", self.at) };
        let begin = self.at;
        self.at += 1;
        let known = char::from_u32(c).unwrap_or('\u{7f}');
        let set = |class| Ok(Escape::Set(Set::class(class, known.is_ascii_uppercase())));
        let place = |place| Ok(Escape::Node(Node::Place(place)));
        Ok(Escape::Char(match known {
            'd' | 'D' => return set(Class::Digit),
            'w' | 'W' => return set(Class::Word),
            's' | 'S' => return set(Class::Space),
            'h' | 'H' => return set(Class::Blank),
            'v' | 'V' => {
                let items = vec![Item::Range(10, 13), Item::Range(0x85, 0x85), Item::Range(0x2028, 0x2029)];
                return Ok(Escape::Set(Set { items, negated: known == 'V', icase: false }));
            }
            'a' => 7,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'b' if in_set => 8,
            'c' => {
                let Some(c) = self.chars.get(self.at).copied() else { return self.error("\\c at end of pattern", self.at) };
                self.at += 1;
                crate::class::upper(c) ^ 64
            }
            'x' => {
                if self.eat("{") {
                    let n = self.hex(9);
                    if !self.eat("}") {
                        return self.error("non-hex character in \\x{} (closing brace missing?)", self.at);
                    }
                    n
                } else {
                    self.hex(2)
                }
            }
            '0'..='9' => {
                self.at = begin;
                let n = self.number().unwrap_or(0);
                if !in_set && known != '0' && (n < 10 || (n as usize) < self.groups) {
                    self.wanted.push((n as usize, begin));
                    return Ok(Escape::Node(Node::Back(n as usize, self.options.icase)));
                }
                self.at = begin;
                let mut n = 0;
                for _ in 0..3 {
                    let Some(d) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    n = n * 8 + d;
                    self.at += 1;
                }
                if self.at == begin {
                    self.at += 1;
                    return Ok(Escape::Char(c));
                }
                n
            }
            _ if in_set && known.is_ascii_alphabetic() => {
                return self.error("escape sequence is invalid in character class", begin);
            }
            'b' => return place(Place::Word),
            'B' => return place(Place::NotWord),
            'A' => return place(Place::Begin(false)),
            'z' => return place(Place::End(false)),
            'Z' => return place(Place::Last),
            'N' => return Ok(Escape::Node(Node::Any(false))),
            'R' => {
                let crlf = Node::Cat(vec![Node::Char(13, false), Node::Char(10, false)]);
                let set = Set { items: vec![Item::Range(10, 13)], ..Set::default() };
                return Ok(Escape::Node(Node::Look(Box::new(Node::Alt(vec![crlf, Node::Set(set)])), Look::Atomic)));
            }
            'k' => {
                let end = match () {
                    () if self.eat("<") => '>',
                    () if self.eat("{") => '}',
                    () if self.eat("'") => '\'',
                    () => return self.error("\\k is not followed by a braced, angle-bracketed, or quoted name", self.at),
                };
                return Ok(Escape::Node(self.named_reference(end)?));
            }
            'Q' => {
                let begin = self.at;
                while self.peek().is_some() && !self.eat("\\E") {
                    self.at += 1;
                }
                let closed = self.chars.get(self.at.wrapping_sub(2)..self.at) == Some(&[0x5C, 0x45]) && self.at >= begin + 2;
                let end = if closed { self.at - 2 } else { self.at };
                let icase = self.options.icase;
                return Ok(Escape::Node(Node::Cat(self.chars[begin..end].iter().map(|c| Node::Char(*c, icase)).collect())));
            }
            'E' => return Ok(Escape::Node(Node::Empty)),
            _ if known.is_ascii_alphabetic() => return self.error(UNKNOWN, begin),
            _ => c,
        }))
    }
    pub(super) fn bracket(&mut self) -> Result<Set, Error> {
        let open = self.at - 1;
        let mut set = Set { icase: self.options.icase, negated: self.eat("^"), ..Set::default() };
        let begin = self.at;
        loop {
            if self.at > begin && self.eat("]") {
                break;
            }
            let Some(low) = self.member(&mut set)? else { continue };
            if self.peek() != Some('-') || self.chars.get(self.at + 1).is_none_or(|c| *c == 0x5D) {
                set.items.push(Item::Range(low, low));
                continue;
            }
            self.at += 1;
            let Some(high) = self.member(&mut set)? else { return self.error("invalid range in character class", self.at) };
            if high < low {
                return self.error("range out of order in character class", self.at - 1);
            }
            set.items.push(Item::Range(low, high));
        }
        let colons = self.chars.get(open + 1) == Some(&0x3A) && self.chars.get(self.at.wrapping_sub(2)) == Some(&0x3A);
        if colons && self.at > open + 3 {
            return self.error("POSIX named classes are supported only within a class", open);
        }
        Ok(set)
    }
    /// A member of a set; classes go into the set at once.
    pub(super) fn member(&mut self, set: &mut Set) -> Result<Option<u32>, Error> {
        let Some(c) = self.chars.get(self.at).copied() else { return self.error(NO_BRACKET, self.at) };
        if self.eat("[:") {
            let begin = self.at;
            let not = self.eat("^");
            let from = self.at;
            while self.chars.get(self.at).is_some_and(|c| Class::Alpha.has(*c, false)) {
                self.at += 1;
            }
            let name = &self.chars[from..self.at];
            if self.eat(":]") {
                let Some(class) = Class::named(name, true) else { return self.error("unknown POSIX class name", from) };
                set.items.push(Item::Class(class, not));
                return Ok(None);
            }
            self.at = begin - 1;
            return Ok(Some(c));
        }
        self.at += 1;
        if c != 0x5C {
            return Ok(Some(c));
        }
        match self.escape(true)? {
            Escape::Char(c) => Ok(Some(c)),
            Escape::Set(other) => {
                for item in other.items {
                    set.items.push(match item {
                        Item::Class(class, not) => Item::Class(class, not != other.negated),
                        range => range,
                    });
                }
                Ok(None)
            }
            Escape::Node(_) => Ok(None),
        }
    }
}
