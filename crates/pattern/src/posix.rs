//! Reads POSIX patterns, basic and extended, with GNU's additions, and mawk's.
//! Not here: Perl's notation (`perl`). Source: POSIX XBD 9.3 and 9.4, glibc's regcomp for messages and edge cases.

use crate::class::{Class, Item, Set};
use crate::node::{Node, Place};
use crate::{Error, Options, Syntax};

const BRACKET: &str = "Unmatched [, [^, [:, [., or [=";
const REPEAT: &str = "Invalid preceding regular expression";
const CONTENT: &str = "Invalid content of \\{\\}";

/// Groups may be this deep.
const DEPTH: usize = 200;

pub(crate) struct Posix<'a> {
    chars: &'a [u32],
    at: usize,
    syntax: Syntax,
    options: Options,
    groups: usize,
    closed: Vec<bool>,
    depth: usize,
    pub(crate) warning: Option<&'static str>,
}

fn error<T>(text: &'static str) -> Result<T, Error> {
    Err(Error { text, offset: 0 })
}

impl<'a> Posix<'a> {
    pub(crate) fn new(chars: &'a [u32], syntax: Syntax, options: Options) -> Posix<'a> {
        Posix { chars, at: 0, syntax, options, groups: 1, closed: vec![false], depth: 0, warning: None }
    }
    /// The tree and the number of groups, the whole match counted.
    pub(crate) fn parse(mut self) -> Result<(Node, usize, Option<&'static str>), Error> {
        let node = self.alternatives()?;
        if self.at < self.chars.len() {
            return error("Unmatched ) or \\)");
        }
        Ok((node, self.groups, self.warning))
    }
    fn basic(&self) -> bool {
        self.syntax == Syntax::Basic
    }
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).and_then(|c| char::from_u32(*c))
    }
    /// Whether the operator `op` stands here: bare in extended patterns, after a backslash in basic ones.
    fn operator(&self, op: char) -> bool {
        if self.basic() { self.peek(0) == Some('\\') && self.peek(1) == Some(op) } else { self.peek(0) == Some(op) }
    }
    fn width(&self) -> usize {
        if self.basic() { 2 } else { 1 }
    }
    fn closes(&self) -> bool {
        self.operator(')') && (self.depth > 0 || self.basic() || !matches!(self.syntax, Syntax::Extended | Syntax::Egrep))
    }
    fn alternatives(&mut self) -> Result<Node, Error> {
        let mut all = vec![self.sequence()?];
        while self.operator('|') {
            self.at += self.width();
            all.push(self.sequence()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Alt(all) })
    }
    fn sequence(&mut self) -> Result<Node, Error> {
        let mut all: Vec<Node> = Vec::new();
        // Nothing to repeat yet.
        let mut start = true;
        let mut piled = 0;
        while self.at < self.chars.len() && !self.operator('|') && !self.closes() {
            if let Some(skipped) = self.misplaced(start)? {
                if skipped {
                    continue;
                }
            } else if let Some((min, max)) = self.repetition()? {
                let last = all.pop().unwrap_or(Node::Empty);
                piled += 1;
                if piled > DEPTH {
                    return error("Regular expression too big");
                }
                all.push(match last {
                    Node::Repeat(n, 0, None, true) if (min, max) == (0, None) => Node::Repeat(n, 0, None, true),
                    last => Node::Repeat(Box::new(last), min, max, true),
                });
                continue;
            }
            let node = self.atom(all.is_empty())?;
            piled = 0;
            start = matches!(node, Node::Place(_));
            all.push(node);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Cat(all) })
    }
    /// At a place where nothing can be repeated: `Some(true)` if an operator was passed over, `Some(false)` if what follows is an atom.
    fn misplaced(&mut self, start: bool) -> Result<Option<bool>, Error> {
        if !start {
            return Ok(None);
        }
        if self.basic() {
            if self.operator('{') {
                return error(REPEAT);
            }
            return Ok(Some(false));
        }
        let warning = match self.peek(0) {
            Some('*') => "* at start of expression",
            Some('+') => "+ at start of expression",
            Some('?') => "? at start of expression",
            Some('{') if self.syntax != Syntax::Awk => "{...} at start of expression",
            _ => return Ok(Some(false)),
        };
        if self.syntax == Syntax::Awk {
            return Ok(Some(false));
        }
        if self.syntax != Syntax::Egrep {
            return error(REPEAT);
        }
        let before = self.at;
        if self.repetition()?.is_none() {
            self.at = before;
            return Ok(Some(false));
        }
        self.warning = self.warning.or(Some(warning));
        Ok(Some(true))
    }
    /// A repetition operator, if one stands here.
    fn repetition(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let found = if self.peek(0) == Some('*') {
            self.at += 1;
            return Ok(Some((0, None)));
        } else if self.operator('+') {
            (1, None)
        } else if self.operator('?') {
            (0, Some(1))
        } else if self.operator('{') && self.syntax != Syntax::Awk {
            return self.interval();
        } else {
            return Ok(None);
        };
        self.at += self.width();
        Ok(Some(found))
    }
    fn number(&mut self) -> Option<u32> {
        let begin = self.at;
        let mut n: u32 = 0;
        while let Some(d) = self.peek(0).and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(d);
            self.at += 1;
        }
        (self.at > begin).then_some(n)
    }
    fn interval(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let before = self.at;
        self.at += self.width();
        let low = self.number();
        let (min, max) = if self.peek(0) == Some(',') {
            self.at += 1;
            (low.or(Some(0)), self.number())
        } else {
            (low, low)
        };
        let closed = self.operator('}');
        let Some(min) = min.filter(|_| closed) else {
            if self.syntax == Syntax::Egrep {
                self.at = before;
                return Ok(None);
            }
            let rest = &self.chars[self.at..];
            return error(if rest.contains(&u32::from('}')) { CONTENT } else { "Unmatched \\{" });
        };
        self.at += self.width();
        if max.is_some_and(|m| m < min) {
            return error(CONTENT);
        }
        if max.unwrap_or(min) > 0x7fff {
            return error("Regular expression too big");
        }
        Ok(Some((min, max)))
    }
    fn atom(&mut self, first: bool) -> Result<Node, Error> {
        let Some(c) = self.chars.get(self.at).copied() else { return Ok(Node::Empty) };
        self.at += 1;
        let icase = self.options.icase;
        let lines = self.options.newline;
        Ok(match char::from_u32(c).unwrap_or('\0') {
            '.' => Node::Any(!lines),
            '[' => Node::Set(self.bracket()?),
            '^' if first || !self.basic() => Node::Place(Place::Begin(lines)),
            '$' if !self.basic() || self.at == self.chars.len() || self.operator(')') || self.operator('|') => {
                Node::Place(Place::End(lines))
            }
            '(' if !self.basic() => self.group()?,
            '\\' => self.escape()?,
            _ => Node::Char(c, icase),
        })
    }
    fn group(&mut self) -> Result<Node, Error> {
        if self.depth >= DEPTH {
            return error("Memory exhausted");
        }
        let own = self.groups;
        self.groups += 1;
        self.closed.push(false);
        self.depth += 1;
        let node = self.alternatives()?;
        self.depth -= 1;
        if !self.operator(')') {
            return error("Unmatched ( or \\(");
        }
        self.at += self.width();
        self.closed[own] = true;
        Ok(Node::Group(Box::new(node), own))
    }
    fn escape(&mut self) -> Result<Node, Error> {
        let Some(c) = self.chars.get(self.at).copied() else { return error("Trailing backslash") };
        self.at += 1;
        let known = char::from_u32(c).unwrap_or('\0');
        let icase = self.options.icase;
        if self.syntax == Syntax::Awk {
            return Ok(Node::Char(self.awk_escape(c), icase));
        }
        Ok(match known {
            '(' if self.basic() => self.group()?,
            '1'..='9' => {
                let n = c as usize - '0' as usize;
                if !self.closed.get(n).copied().unwrap_or(false) {
                    return error("Invalid back reference");
                }
                Node::Back(n, icase)
            }
            'w' => Node::Set(Set::class(Class::Word, false)),
            'W' => Node::Set(Set::class(Class::Word, true)),
            's' => Node::Set(Set::class(Class::Space, false)),
            'S' => Node::Set(Set::class(Class::Space, true)),
            'b' => Node::Place(Place::Word),
            'B' => Node::Place(Place::NotWord),
            '<' => Node::Place(Place::WordStart),
            '>' => Node::Place(Place::WordEnd),
            '`' => Node::Place(Place::Begin(false)),
            '\'' => Node::Place(Place::End(false)),
            _ => Node::Char(c, icase),
        })
    }
    /// The character that awk's `\c` stands for; up to three octal digits.
    fn awk_escape(&mut self, c: u32) -> u32 {
        match char::from_u32(c).unwrap_or('\0') {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            d @ '0'..='7' => {
                let mut n = d as u32 - '0' as u32;
                for _ in 0..2 {
                    let Some(d) = self.peek(0).and_then(|c| c.to_digit(8)) else { break };
                    n = n * 8 + d;
                    self.at += 1;
                }
                n & 0xFF
            }
            _ => c,
        }
    }
    fn bracket(&mut self) -> Result<Set, Error> {
        if self.chars.get(self.at..).is_none_or(|r| matches!(r, [] | [0x5E])) {
            return error("Invalid regular expression");
        }
        let mut set = Set { icase: self.options.icase, ..Set::default() };
        if self.peek(0) == Some('^') {
            self.at += 1;
            set.negated = true;
            if self.options.newline {
                set.items.push(Item::Range(10, 10));
            }
        }
        let begin = self.at;
        loop {
            if self.peek(0) == Some(']') && self.at > begin {
                break;
            }
            if self.peek(0) == Some('[') && self.peek(1) == Some(':') {
                let name = self.named(':')?;
                let Some(class) = Class::named(name, false) else { return error("Invalid character class name") };
                // In either case means just that.
                let class = if set.icase && matches!(class, Class::Upper | Class::Lower) { Class::Alpha } else { class };
                set.items.push(Item::Class(class, false));
                continue;
            }
            let low = self.member()?;
            if self.peek(0) == Some('-') && self.peek(1).is_some_and(|c| c != ']') {
                self.at += 1;
                let high = self.member()?;
                if high < low {
                    return error("Invalid range end");
                }
                set.items.push(Item::Range(low, high));
            } else {
                set.items.push(Item::Range(low, low));
            }
        }
        let colons = !set.negated && self.at >= begin + 2 && self.chars[begin] == 0x3A && self.chars[self.at - 1] == 0x3A;
        if colons && matches!(self.syntax, Syntax::Basic | Syntax::Egrep | Syntax::Sed) {
            return error("character class syntax is [[:space:]], not [:space:]");
        }
        self.at += 1;
        Ok(set)
    }
    /// The text of `[:text:]` and its like.
    fn named(&mut self, kind: char) -> Result<&'a [u32], Error> {
        let begin = self.at + 2;
        let mut end = begin;
        loop {
            match self.chars.get(end..end + 2) {
                None => return error(BRACKET),
                Some([a, 0x5D]) if *a == u32::from(kind) => break,
                Some(_) => end += 1,
            }
        }
        self.at = end + 2;
        Ok(&self.chars[begin..end])
    }
    fn member(&mut self) -> Result<u32, Error> {
        let Some(c) = self.chars.get(self.at).copied() else { return error(BRACKET) };
        if self.peek(0) == Some('[') && matches!(self.peek(1), Some('.' | '=')) {
            let kind = self.peek(1).unwrap_or('.');
            return match self.named(kind)? {
                [one] => Ok(*one),
                _ => error("Invalid collation character"),
            };
        }
        if self.peek(0) == Some('[') && self.peek(1) == Some(':') {
            return error("Invalid range end");
        }
        self.at += 1;
        if c == 0x5C && self.syntax == Syntax::Awk {
            let Some(c) = self.chars.get(self.at).copied() else { return error(BRACKET) };
            self.at += 1;
            return Ok(self.awk_escape(c));
        }
        Ok(c)
    }
}
