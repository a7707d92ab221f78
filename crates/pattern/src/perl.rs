//! Reads Perl-compatible patterns: what postfix `pcre:` tables and `grep -P` use of them.
//! Not here: recursion, conditions, callouts, Unicode properties. Source: pcre2pattern(3), PCRE2's messages and offsets.

mod escape;

use crate::class::{BAD, Class, Set};
use crate::node::{Look, Node, Place};
use crate::{Error, Options};

const NO_PAREN: &str = "missing closing parenthesis";
const NO_BRACKET: &str = "missing terminating ] for character class";
const NO_REFERENCE: &str = "reference to non-existent subpattern";
const UNREPEATABLE: &str = "quantifier does not follow a repeatable item";
const UNKNOWN: &str = "unrecognized character follows \\";

/// Groups may be this deep (PCRE2 allows 250).
const DEPTH: usize = 250;

pub(crate) struct Perl<'a> {
    chars: &'a [u32],
    at: usize,
    options: Options,
    groups: usize,
    names: Vec<(&'a [u32], usize)>,
    /// Numbers referred to, and where.
    wanted: Vec<(usize, usize)>,
    depth: usize,
}

/// What a backslash sequence means.
enum Escape {
    Char(u32),
    Set(Set),
    Node(Node),
}

impl<'a> Perl<'a> {
    pub(crate) fn new(chars: &'a [u32], options: Options) -> Perl<'a> {
        Perl { chars, at: 0, options, groups: 1, names: Vec::new(), wanted: Vec::new(), depth: 0 }
    }
    pub(crate) fn parse(mut self) -> Result<(Node, usize), Error> {
        let node = self.alternatives()?;
        if self.at < self.chars.len() {
            return self.error("unmatched closing parenthesis", self.at);
        }
        if let Some((_, at)) = self.wanted.iter().find(|(n, _)| *n >= self.groups) {
            return self.error(NO_REFERENCE, *at);
        }
        Ok((node, self.groups))
    }
    /// An error at a character; the offset is in bytes.
    fn error<T>(&self, text: &'static str, at: usize) -> Result<T, Error> {
        let len = |c: &u32| match c {
            0..=0x7F | BAD.. => 1,
            0x80..=0x7FF => 2,
            0x800..=0xFFFF => 3,
            _ => 4,
        };
        let offset = if self.options.utf8 { self.chars.iter().take(at).map(len).sum() } else { at };
        Err(Error { text, offset })
    }
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).and_then(|c| char::from_u32(*c))
    }
    fn eat(&mut self, text: &str) -> bool {
        let n = text.len();
        let here = self.chars.get(self.at..self.at + n).is_some_and(|s| s.iter().zip(text.bytes()).all(|(a, b)| *a == u32::from(b)));
        if here {
            self.at += n;
        }
        here
    }
    fn alternatives(&mut self) -> Result<Node, Error> {
        let before = self.options;
        let mut all = vec![self.sequence()?];
        while self.eat("|") {
            all.push(self.sequence()?);
        }
        self.options = before;
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Alt(all) })
    }
    fn sequence(&mut self) -> Result<Node, Error> {
        let mut all: Vec<Node> = Vec::new();
        let mut repeatable = false;
        while let Some(c) = self.chars.get(self.at).copied() {
            let known = char::from_u32(c).unwrap_or('\0');
            if known == '|' || known == ')' {
                break;
            }
            if self.options.extended && (Class::Space.has(c, false) || known == '#') {
                self.at += 1;
                while known == '#' && self.peek().is_some() && !self.eat("\n") {
                    self.at += 1;
                }
                continue;
            }
            let before = self.at;
            if let Some((min, max)) = self.quantifier()? {
                if !repeatable {
                    return self.error(UNREPEATABLE, self.at - 1);
                }
                let mut greedy = !self.options.ungreedy;
                let possessive = self.eat("+");
                if !possessive && self.eat("?") {
                    greedy = !greedy;
                }
                let last = all.pop().unwrap_or(Node::Empty);
                let node = Node::Repeat(Box::new(last), min, max, greedy);
                all.push(if possessive { Node::Look(Box::new(node), Look::Atomic) } else { node });
                repeatable = false;
                continue;
            }
            self.at = before + 1;
            let (node, can) = self.atom(c)?;
            repeatable = can && node.is_some();
            all.extend(node);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Cat(all) })
    }
    fn number(&mut self) -> Option<u32> {
        let begin = self.at;
        let mut n: u32 = 0;
        while let Some(d) = self.peek().and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(d);
            self.at += 1;
        }
        (self.at > begin).then_some(n)
    }
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let before = self.at;
        Ok(Some(match self.peek() {
            Some('*') => {
                self.at += 1;
                (0, None)
            }
            Some('+') => {
                self.at += 1;
                (1, None)
            }
            Some('?') => {
                self.at += 1;
                (0, Some(1))
            }
            Some('{') => {
                self.at += 1;
                let Some(min) = self.number() else {
                    self.at = before;
                    return Ok(None);
                };
                let max = if self.eat(",") { self.number() } else { Some(min) };
                if !self.eat("}") {
                    self.at = before;
                    return Ok(None);
                }
                if min > 65535 || max.is_some_and(|m| m > 65535) {
                    return self.error("number too big in {} quantifier", self.at - 1);
                }
                if max.is_some_and(|m| m < min) {
                    return self.error("numbers out of order in {} quantifier", self.at - 1);
                }
                (min, max)
            }
            _ => return Ok(None),
        }))
    }
    /// One atom (none for a comment or a change of options) and whether it may be repeated.
    fn atom(&mut self, c: u32) -> Result<(Option<Node>, bool), Error> {
        let o = self.options;
        Ok(match char::from_u32(c).unwrap_or('\0') {
            '^' => (Some(Node::Place(Place::Begin(o.newline))), false),
            '$' => {
                let place = if o.newline || o.dollar_endonly { Place::End(o.newline) } else { Place::Last };
                (Some(Node::Place(place)), false)
            }
            '.' => (Some(Node::Any(o.dotall)), true),
            '[' => (Some(Node::Set(self.bracket()?)), true),
            '(' => {
                if self.depth >= DEPTH {
                    return self.error("parentheses are too deeply nested", self.at);
                }
                self.depth += 1;
                let node = self.group()?;
                self.depth -= 1;
                (node, true)
            }
            '\\' => match self.escape(false)? {
                Escape::Char(c) => (Some(Node::Char(c, o.icase)), true),
                Escape::Set(set) => (Some(Node::Set(set)), true),
                Escape::Node(node) => {
                    let can = !matches!(node, Node::Place(_));
                    (Some(node), can)
                }
            },
            _ => (Some(Node::Char(c, o.icase)), true),
        })
    }
    fn inside(&mut self) -> Result<Node, Error> {
        let node = self.alternatives()?;
        if !self.eat(")") {
            return self.error(NO_PAREN, self.at);
        }
        Ok(node)
    }
    fn group(&mut self) -> Result<Option<Node>, Error> {
        if self.eat("?#") {
            while self.peek().is_some() {
                if self.eat(")") {
                    return Ok(None);
                }
                self.at += 1;
            }
            return self.error("missing ) after (?# comment", self.at);
        }
        let own = self.groups;
        if !self.eat("?") {
            self.groups += 1;
            return Ok(Some(Node::Group(Box::new(self.inside()?), own)));
        }
        let looks = [("=", Look::Ahead), ("!", Look::NotAhead), ("<=", Look::Behind), ("<!", Look::NotBehind), (">", Look::Atomic)];
        for (sign, look) in looks {
            if self.eat(sign) {
                let begin = self.at;
                let node = self.inside()?;
                if matches!(look, Look::Behind | Look::NotBehind) && !fixed(&node) {
                    return self.error("lookbehind assertion is not fixed length", begin - 4);
                }
                return Ok(Some(Node::Look(Box::new(node), look)));
            }
        }
        if self.eat("P=") {
            return Ok(Some(self.named_reference(')')?));
        }
        let end = match () {
            () if self.eat("P<") || self.eat("<") => '>',
            () if self.eat("'") => '\'',
            () => return self.flags(),
        };
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return self.error("subpattern name must start with a non-digit", self.at);
        }
        let name = self.name(end)?;
        if self.names.iter().any(|(n, _)| *n == name) {
            return self.error("two named subpatterns have the same name (PCRE2_DUPNAMES not set)", self.at);
        }
        self.names.push((name, own));
        self.groups += 1;
        Ok(Some(Node::Group(Box::new(self.inside()?), own)))
    }
    /// `(?i)`, `(?i-s:...)`, `(?:...)`.
    fn flags(&mut self) -> Result<Option<Node>, Error> {
        let before = self.options;
        let mut on = true;
        loop {
            let Some(c) = self.peek() else { return self.error(NO_PAREN, self.at) };
            self.at += 1;
            match c {
                '-' => on = false,
                'i' => self.options.icase = on,
                'm' => self.options.newline = on,
                's' => self.options.dotall = on,
                'x' => self.options.extended = on,
                'U' => self.options.ungreedy = on,
                ')' => return Ok(None),
                ':' => {
                    let node = self.inside()?;
                    self.options = before;
                    // A repetition must see it as one piece.
                    return Ok(Some(Node::Cat(vec![node])));
                }
                _ => return self.error("unrecognized character after (? or (?-", self.at - 1),
            }
        }
    }
    fn name(&mut self, end: char) -> Result<&'a [u32], Error> {
        let begin = self.at;
        while self.chars.get(self.at).is_some_and(|c| Class::Word.has(*c, false)) {
            self.at += 1;
        }
        let name = &self.chars[begin..self.at];
        if name.is_empty() {
            return self.error("subpattern name expected", self.at);
        }
        if self.peek() != Some(end) {
            return self.error("syntax error in subpattern name (missing terminator?)", self.at);
        }
        self.at += 1;
        Ok(name)
    }
    fn named_reference(&mut self, end: char) -> Result<Node, Error> {
        let begin = self.at;
        let name = self.name(end)?;
        match self.names.iter().find(|(n, _)| *n == name) {
            Some((_, i)) => Ok(Node::Back(*i, self.options.icase)),
            None => self.error(NO_REFERENCE, begin),
        }
    }
}

/// Whether each alternative has one length only.
fn fixed(node: &Node) -> bool {
    match node {
        Node::Alt(all) | Node::Cat(all) => all.iter().all(fixed),
        Node::Group(n, _) => fixed(n),
        Node::Repeat(n, min, max, _) => *max == Some(*min) && fixed(n),
        Node::Back(..) => false,
        _ => true,
    }
}
