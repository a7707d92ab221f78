//! Finding the end of quotes and expansions in shell text. The lexer and the expander both step over text with these.
//! Not here: what the text between means. Source: POSIX XCU 2.2, 2.3, 2.6.

use super::parse::{ParseError, Parser};

/// Where text is stepped over, and how deep we are in nested expansions.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) s: &'a [u8],
    pub(crate) depth: u32,
}

type End = Result<usize, ParseError>;

/// So deep may parentheses, braces and substitutions be nested.
pub(crate) const DEEPEST: u32 = 100;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Scan { s: text.as_bytes(), depth: 0 }
    }
    fn at(&self, i: usize) -> u8 {
        self.s.get(i).copied().unwrap_or(0)
    }
    fn line(&self, i: usize) -> u32 {
        self.s[..i.min(self.s.len())].iter().filter(|&&b| b == b'\n').count() as u32
    }
    fn unclosed(&self, start: usize, close: char) -> ParseError {
        let text = format!("unexpected EOF while looking for matching `{close}'");
        ParseError { incomplete: true, ..ParseError::new(self.line(start) + 1, text) }
    }
    fn deeper(&self) -> Result<Scan<'a>, ParseError> {
        if self.depth >= DEEPEST {
            return Err(ParseError::too_deep());
        }
        Ok(Scan { depth: self.depth + 1, ..*self })
    }

    /// From behind a `'` to behind the next one.
    pub(crate) fn single(&self, i: usize) -> End {
        match self.s[i..].iter().position(|&b| b == b'\'') {
            Some(n) => Ok(i + n + 1),
            None => Err(self.unclosed(i, '\'')),
        }
    }
    /// From behind `$'` to behind the `'` that ends it.
    pub(crate) fn ansi(&self, start: usize) -> End {
        let mut i = start;
        while i < self.s.len() {
            match self.s[i] {
                b'\\' => i += 1,
                b'\'' => return Ok(i + 1),
                _ => {}
            }
            i += 1;
        }
        Err(self.unclosed(start, '\''))
    }
    /// From behind a backquote to behind the one that ends it.
    pub(crate) fn backquote(&self, start: usize) -> End {
        let mut i = start;
        while i < self.s.len() {
            match self.s[i] {
                b'\\' => i += 1,
                b'`' => return Ok(i + 1),
                _ => {}
            }
            i += 1;
        }
        Err(self.unclosed(start, '`'))
    }
    /// From behind a `"` to behind the one that ends it.
    pub(crate) fn double(&self, start: usize) -> End {
        let mut i = start;
        while i < self.s.len() {
            i = match self.s[i] {
                b'\\' => i + 2,
                b'"' => return Ok(i + 1),
                b'`' => self.backquote(i + 1)?,
                b'$' if matches!(self.at(i + 1), b'\'' | b'"') => i + 1,
                b'$' => self.dollar(i, true)?,
                _ => i + 1,
            };
        }
        Err(self.unclosed(start, '"'))
    }
    /// From a `$` to behind the expansion it begins; behind the `$` alone if it begins none with brackets.
    pub(crate) fn dollar(&self, i: usize, quoted: bool) -> End {
        let inner = self.deeper()?;
        match (self.at(i + 1), self.at(i + 2)) {
            (b'(', b'(') => match inner.arith(i + 3)? {
                Some(end) => Ok(end),
                // What never ends was meant to be arithmetic.
                None => inner.command(i + 2).map_err(|e| if e.incomplete { self.unclosed(i, ')') } else { e }),
            },
            (b'(', _) => inner.command(i + 2),
            (b'{', _) => inner.brace(i + 2, quoted),
            (b'[', _) => inner.bracket(i + 2),
            (b'\'', _) if !quoted => self.ansi(i + 2),
            (b'"', _) if !quoted => inner.double(i + 2),
            _ => Ok(i + 1),
        }
    }
    /// From any byte of a word to behind the quoted or expanded part it begins, or behind itself.
    pub(crate) fn part(&self, i: usize) -> End {
        match self.at(i) {
            b'\\' => Ok((i + 2).min(self.s.len())),
            b'\'' => self.single(i + 1),
            b'"' => self.double(i + 1),
            b'`' => self.backquote(i + 1),
            b'$' => self.dollar(i, false),
            _ => Ok(i + 1),
        }
    }
    /// From behind `${` to behind its `}`.
    pub(crate) fn brace(&self, start: usize, quoted: bool) -> End {
        let mut i = start;
        while i < self.s.len() {
            i = match self.s[i] {
                b'}' => return Ok(i + 1),
                b'\'' if quoted => i + 1,
                b'$' => self.dollar(i, quoted)?,
                _ => self.part(i)?,
            };
        }
        Err(self.unclosed(start, '}'))
    }
    /// From behind `$[` to behind its `]`.
    fn bracket(&self, start: usize) -> End {
        let (mut i, mut depth) = (start, 1);
        while i < self.s.len() {
            match self.s[i] {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(i + 1);
            }
            i = self.part(i)?;
        }
        Err(self.unclosed(start, ']'))
    }
    /// From behind `((` to behind the matching `))`; `None` if the parentheses do not end in two together.
    pub(crate) fn arith(&self, start: usize) -> Result<Option<usize>, ParseError> {
        let (mut i, mut depth) = (start, 0u32);
        while i < self.s.len() {
            match self.s[i] {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => return Ok((self.at(i + 1) == b')').then_some(i + 2)),
                _ => {}
            }
            i = self.part(i)?;
        }
        Err(self.unclosed(start, ')'))
    }
    /// From behind an opening parenthesis of a pattern or an array to behind the closing one.
    pub(crate) fn paren(&self, start: usize) -> End {
        let (mut i, mut depth) = (start, 1);
        while i < self.s.len() {
            match self.s[i] {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'#' if matches!(self.at(i.wrapping_sub(1)), b' ' | b'\t' | b'\n') => {
                    while i < self.s.len() && self.s[i] != b'\n' {
                        i += 1;
                    }
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                return Ok(i + 1);
            }
            i = self.part(i)?;
        }
        Err(self.unclosed(start, ')'))
    }
    /// From behind `$(` or `<(` to behind the `)` that ends the commands.
    pub(crate) fn command(&self, start: usize) -> End {
        if self.depth >= DEEPEST {
            return Err(ParseError::too_deep());
        }
        let mut inner = Parser::nested(&self.s[start..], self.depth);
        match inner.until_paren() {
            Ok(end) => Ok(start + end),
            Err(mut e) => {
                if e.incomplete && e.text.starts_with("syntax") {
                    e.text = "unexpected EOF while looking for matching `)'".into();
                }
                e.line += self.line(start);
                Err(e)
            }
        }
    }
}
