//! Tokens of the shell language: words, operators, newlines; alias replacement and here-document bodies.
//! Not here: grammar (`parse`). Source: POSIX XCU 2.3, 2.7.4.

use super::ast::HereDoc;
use super::parse::{ParseError, Parser};
use super::scan::Scan;

/// A token.
#[derive(Clone, PartialEq)]
pub(super) enum Tok {
    Word(String),
    Op(&'static str),
    /// Digits directly before `<` or `>`.
    Number(i32),
    /// `{name}` directly before `<` or `>`.
    Named(String),
    Newline,
    Eof,
}

/// Operators, longer ones first.
const OPS: [&str; 23] =
    ["&>>", "<<-", "<<<", ";;&", "&&", "||", ";;", ";&", "|&", "<<", ">>", ">|", "<>", "<&", ">&", "&>", "&", "|", ";", "(", ")", "<", ">"];

/// Those that bash adds.
const ADDED: [&str; 6] = ["&>>", "<<<", ";;&", ";&", "|&", "&>"];

fn meta(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'&' | b'|' | b';' | b'(' | b')' | b'<' | b'>')
}

/// Length of `NAME=`, `NAME+=` or `NAME[...]=` at the start of a word; 0 if it is no assignment.
pub(crate) fn assignment(word: &[u8]) -> usize {
    let mut i = word.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(word.len());
    if i == 0 || word[0].is_ascii_digit() {
        return 0;
    }
    if word.get(i) == Some(&b'[') {
        let scan = Scan { s: word, depth: 0 };
        let mut depth = 0;
        while i < word.len() {
            match word[i] {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            match scan.part(i) {
                Ok(next) => i = next,
                Err(_) => return 0,
            }
            if depth == 0 {
                break;
            }
        }
        if depth != 0 {
            return 0;
        }
    }
    match (word.get(i), word.get(i + 1)) {
        (Some(b'='), _) => i + 1,
        (Some(b'+'), Some(b'=')) => i + 2,
        _ => 0,
    }
}

/// Whether quoting is used in the word.
pub(crate) fn has_quote(word: &str) -> bool {
    word.bytes().any(|b| matches!(b, b'\'' | b'"' | b'\\'))
}

/// A word without its quotes, as a here-document's delimiter is read.
pub(crate) fn unquote(word: &str) -> String {
    let (mut out, mut quote, mut chars) = (String::new(), ' ', word.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' if quote != '\'' => out.extend(chars.next()),
            '$' if quote == ' ' && matches!(chars.peek(), Some('\'' | '"')) => {}
            '\'' | '"' if quote == ' ' => quote = c,
            c if c == quote => quote = ' ',
            c => out.push(c),
        }
    }
    out
}

impl Parser<'_> {
    fn byte(&self, i: usize) -> u8 {
        self.src.get(i).copied().unwrap_or(0)
    }
    pub(super) fn slice(&self, from: usize, to: usize) -> String {
        String::from_utf8_lossy(self.src.get(from..to).unwrap_or_default()).into_owned()
    }
    fn blanks(&mut self) {
        loop {
            match self.byte(self.pos) {
                b' ' | b'\t' => self.pos += 1,
                b'\\' if self.byte(self.pos + 1) == b'\n' => {
                    self.pos += 2;
                    self.open_line = self.pos >= self.src.len();
                }
                b'#' if self.comments => {
                    while self.pos < self.src.len() && self.src[self.pos] != b'\n' {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Reads the next token. `command`: it stands where a command may begin, so aliases count.
    pub(super) fn lex(&mut self, command: bool) -> Result<Tok, ParseError> {
        loop {
            self.blanks();
            self.tok_start = self.pos;
            let left = self.src.len().saturating_sub(self.pos);
            self.active.retain(|&(_, rest)| left > rest);
            if left == 0 {
                self.here_documents()?;
                // A text without a newline at its end is read as if it had one.
                if !self.closed && !self.src.is_empty() && !self.src.ends_with(b"\n") {
                    self.closed = true;
                    return Ok(Tok::Newline);
                }
                return Ok(Tok::Eof);
            }
            let b = self.byte(self.pos);
            if b == b'\n' {
                self.pos += 1;
                self.here_documents()?;
                return Ok(Tok::Newline);
            }
            let process = !self.dash && matches!(b, b'<' | b'>') && self.byte(self.pos + 1) == b'(';
            if meta(b) && !process && !self.regex {
                let rest = &self.src[self.pos..];
                let op = OPS.iter().find(|o| rest.starts_with(o.as_bytes()) && !(self.dash && ADDED.contains(o))).copied().unwrap_or("&");
                self.pos += op.len();
                return Ok(Tok::Op(op));
            }
            let start = self.pos;
            self.word()?;
            let text = self.slice(start, self.pos);
            if matches!(self.byte(self.pos), b'<' | b'>') && !text.is_empty() {
                if let Some(n) = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten() {
                    return Ok(Tok::Number(n));
                }
                let name = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
                if let Some(name) = name.filter(|n| super::vars::is_name(n)) {
                    return Ok(Tok::Named(name.to_string()));
                }
            }
            if (command || self.alias_next == Some(left)) && self.alias(&text, start) {
                continue;
            }
            return Ok(Tok::Word(text));
        }
    }

    /// Replaces the word just read if it is an alias.
    fn alias(&mut self, text: &str, start: usize) -> bool {
        let Some(aliases) = &self.aliases else { return false };
        let Some(value) = aliases.get(text).cloned() else { return false };
        if self.active.iter().any(|(name, _)| name == text) {
            return false;
        }
        let rest = self.src.len() - self.pos;
        let mut skip = 0;
        if value.ends_with([' ', '\t']) {
            while matches!(self.byte(self.pos + skip), b' ' | b'\t') {
                skip += 1;
            }
            self.alias_next = Some(rest - skip);
        }
        self.src.to_mut().splice(start..self.pos, value.bytes());
        self.active.push((text.to_string(), rest));
        self.pos = start;
        true
    }

    /// Checks that nothing but words stands between the parentheses of an array, or of a pattern.
    fn array_words(&self, from: usize, end: usize) -> Result<(), ParseError> {
        if !self.arrays || !self.src[..from - 1].ends_with(b"=") {
            return Ok(());
        }
        let inner = self.slice(from, end.saturating_sub(1));
        let mut inside = super::parse::Parser::new(&inner);
        loop {
            match inside.lex(false) {
                Ok(Tok::Op(op)) => {
                    let text = format!("syntax error near unexpected token `{op}'");
                    return Err(ParseError { near: true, array: true, ..ParseError::new(self.line(), text) });
                }
                Ok(Tok::Eof) | Err(_) => return Ok(()),
                Ok(_) => {}
            }
        }
    }

    /// Moves behind the word at the current position.
    fn word(&mut self) -> Result<(), ParseError> {
        let start = self.pos;
        let mut i = start;
        let scan = Scan { s: &self.src, depth: self.depth };
        let mut regex_depth = 0;
        while i < self.src.len() {
            let b = self.src[i];
            if self.regex {
                match b {
                    b'(' => regex_depth += 1,
                    b')' if regex_depth == 0 => break,
                    b')' => regex_depth -= 1,
                    b' ' | b'\t' | b'\n' if regex_depth == 0 => break,
                    _ => {}
                }
            } else if b == b'('
                && i > start
                && (self.extglob && b"?*@+!".contains(&scan.s[i - 1]) || self.arrays && assignment(&scan.s[start..i]) == i - start)
            {
                let end = scan.paren(i + 1).map_err(|e| ParseError { array: !self.extglob, ..e })?;
                self.array_words(i + 1, end)?;
                i = end;
                continue;
            } else if i == start && matches!(b, b'<' | b'>') && scan.s.get(i + 1) == Some(&b'(') {
                i = scan.command(i + 2)?;
                continue;
            } else if meta(b) {
                break;
            }
            i = scan.part(i)?;
        }
        self.pos = i;
        if self.pos == start {
            self.pos += 1;
        }
        // A backslash-newline at the very end asks for another line.
        self.open_line = self.pos >= self.src.len() && self.src.ends_with(b"\\\n") && !self.src.ends_with(b"\\\\\n");
        Ok(())
    }

    /// Reads the bodies of the here-documents that the line just ended has named.
    fn here_documents(&mut self) -> Result<(), ParseError> {
        for doc in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            loop {
                if self.pos >= self.src.len() {
                    if self.interactive {
                        return Err(ParseError { incomplete: true, ..ParseError::new(self.line(), String::new()) });
                    }
                    if !self.dash {
                        self.unfinished(&doc);
                    }
                    break;
                }
                let mut end = self.src[self.pos..].iter().position(|&b| b == b'\n').map_or(self.src.len(), |n| self.pos + n);
                // In an expanded body a backslash-newline joins lines.
                while !doc.quoted
                    && end < self.src.len()
                    && self.slice(self.pos, end).bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1
                {
                    end = self.src[end + 1..].iter().position(|&b| b == b'\n').map_or(self.src.len(), |n| end + 1 + n);
                }
                let mut line = self.slice(self.pos, end);
                self.pos = (end + 1).min(self.src.len());
                if doc.strip {
                    line = line.split('\n').map(|l| l.trim_start_matches('\t')).collect::<Vec<_>>().join("\n");
                }
                if line == doc.delimiter {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            let _ = doc.body.set(body.into());
        }
        Ok(())
    }

    fn unfinished(&mut self, doc: &HereDoc) {
        let line = self.line_at(self.src.len()) - u32::from(self.src.ends_with(b"\n"));
        self.warnings
            .push((line, format!("warning: here-document at line {} delimited by end-of-file (wanted `{}')", doc.line, doc.delimiter)));
    }
}
