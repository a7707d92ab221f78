//! sed: the parts of commands: addresses, patterns, replacements, texts.
//! Not here: the commands (`script`). Source: GNU sed 4.9 compile.c.

use super::*;

impl Parser<'_> {
    pub(super) fn address(&mut self, second: bool) -> Res<Option<Addr>> {
        let Some(c) = self.peek() else { return Ok(None) };
        match c {
            b'$' => {
                self.at += 1;
                Ok(Some(Addr::Last))
            }
            b'0'..=b'9' => {
                let first = self.number().unwrap_or(0);
                self.skip(b" \t");
                if self.peek() != Some(b'~') || second {
                    return Ok(Some(Addr::Line(first)));
                }
                self.at += 1;
                Ok(Some(Addr::Step(first, self.number().unwrap_or(0))))
            }
            b'+' | b'~' => {
                self.at += 1;
                let n = self.number().unwrap_or(0);
                if !second {
                    return Err("invalid usage of +N or ~N as first address".into());
                }
                Ok(Some(if c == b'+' { Addr::Plus(n) } else { Addr::Multiple(n) }))
            }
            b'/' | b'\\' => {
                self.at += 1;
                let delimiter = if c == b'\\' { self.next() } else { Some(c) };
                let unterminated = || "unterminated address regex".to_string();
                let delimiter = delimiter.ok_or_else(unterminated)?;
                let text = self.until(delimiter, true).ok_or_else(unterminated)?;
                let mut options = Options { utf8: self.utf8, ..Options::default() };
                loop {
                    match self.peek() {
                        Some(b'I') => options.icase = true,
                        Some(b'M') => options.newline = true,
                        _ => break,
                    }
                    self.at += 1;
                }
                Ok(Some(Addr::Regex(self.regex(&text, options)?.map(Box::new))))
            }
            _ => Ok(None),
        }
    }
    /// The text up to a delimiter. A delimiter behind a backslash loses it; in a pattern a newline may be written `\n`.
    pub(super) fn until(&mut self, delimiter: u8, pattern: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut bracket = false;
        loop {
            let b = self.next()?;
            if b == b'\\' && !bracket {
                let c = self.next()?;
                if c == delimiter && c != b'\\' {
                    out.push(c);
                } else if c == b'n' && pattern {
                    out.push(b'\n');
                } else {
                    out.extend_from_slice(&[b, c]);
                }
                continue;
            }
            if pattern && !bracket && b == b'[' {
                out.push(b);
                bracket = true;
                // A bracket at the start of the list, also of a negated one, is in it.
                for c in [b'^', b']'] {
                    if self.peek() == Some(c) {
                        out.push(c);
                        self.at += 1;
                    }
                }
                continue;
            }
            if bracket {
                if b == b'[' && matches!(self.peek(), Some(b':' | b'.' | b'=')) {
                    // [:alpha:]
                    let kind = self.next()?;
                    out.extend_from_slice(&[b, kind]);
                    while let Some(c) = self.next() {
                        out.push(c);
                        if c == kind && self.peek() == Some(b']') {
                            out.push(b']');
                            self.at += 1;
                            break;
                        }
                    }
                    continue;
                }
                if b == b'\\' && self.peek() == Some(b'n') {
                    self.at += 1;
                    out.push(b'\n');
                    continue;
                }
                if b == b'\\' && self.peek() == Some(b't') {
                    self.at += 1;
                    out.push(b'\t');
                    continue;
                }
                bracket = b != b']';
                out.push(b);
                continue;
            }
            if b == delimiter {
                return Some(out);
            }
            if b == b'\n' && pattern {
                return None;
            }
            out.push(b);
        }
    }
    pub(super) fn regex(&self, text: &[u8], options: Options) -> Res<Option<Regex>> {
        if text.is_empty() {
            return Ok(None);
        }
        let syntax = if self.extended { Syntax::Sed } else { Syntax::Basic };
        Regex::new(&escapes(text), syntax, options).map(Some).map_err(|e| e.to_string())
    }
    pub(super) fn substitution(&mut self) -> Res<Subst> {
        let unterminated = || "unterminated `s' command".to_string();
        let delimiter = self.next().filter(|b| *b != b'\n' && *b != b'\\').ok_or_else(unterminated)?;
        let pattern = self.until(delimiter, true).ok_or_else(unterminated)?;
        let replacement = self.until(delimiter, false).ok_or_else(unterminated)?;
        let mut s = Subst { regex: None, pieces: pieces(&replacement), global: false, print: false, number: 0, file: None };
        let mut options = Options { utf8: self.utf8, ..Options::default() };
        loop {
            match self.peek() {
                Some(b'g') if s.global => {
                    self.at += 1;
                    return Err("multiple `g' options to `s' command".into());
                }
                Some(b'p') if s.print => {
                    self.at += 1;
                    return Err("multiple `p' options to `s' command".into());
                }
                Some(b'g') => s.global = true,
                Some(b'p') => s.print = true,
                Some(b'i' | b'I') => options.icase = true,
                Some(b'm' | b'M') => options.newline = true,
                Some(b'0'..=b'9') => {
                    let again = s.number > 0;
                    let at = self.at;
                    s.number = self.number().unwrap_or(0);
                    if again || s.number == 0 {
                        self.at = at + 1;
                        let what =
                            if again { "multiple number options to `s' command" } else { "number option to `s' command may not be zero" };
                        return Err(what.into());
                    }
                    continue;
                }
                Some(b'w') => {
                    self.at += 1;
                    s.file = Some(self.file()?);
                    break;
                }
                Some(b'e') => return Err("the `e' option of the `s' command is not simulated here".into()),
                None | Some(b';' | b'\n' | b'}' | b'#' | b' ' | b'\t' | b'\r') => {
                    self.end().map_err(|_| "unknown option to `s'".to_string())?;
                    break;
                }
                Some(_) => {
                    self.at += 1;
                    return Err("unknown option to `s'".into());
                }
            }
            self.at += 1;
        }
        s.regex = self.regex(&pattern, options)?;
        let most = s.pieces.iter().map(|p| if let Piece::Group(n) = p { *n } else { 0 }).max().unwrap_or(0);
        if let Some(regex) = &s.regex
            && most > regex.groups()
        {
            return Err(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(s)
    }
    pub(super) fn map(&mut self) -> Res<Vec<(Vec<u8>, Vec<u8>)>> {
        let unterminated = || "unterminated `y' command".to_string();
        let delimiter = self.next().ok_or_else(unterminated)?;
        let from = self.until(delimiter, false).ok_or_else(unterminated)?;
        let to = self.until(delimiter, false).ok_or_else(unterminated)?;
        let (from, to) = (self.characters(&from), self.characters(&to));
        if from.len() != to.len() {
            return Err("strings for `y' command are different lengths".into());
        }
        self.end()?;
        Ok(from.into_iter().zip(to).collect())
    }
    pub(super) fn characters(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let mut plain = Vec::new();
        let mut bytes = text.iter();
        while let Some(b) = bytes.next() {
            match (b, bytes.clone().next()) {
                (b'\\', Some(b'\\')) => drop(bytes.next().map(|c| plain.push(*c))),
                (b'\\', Some(b'n')) => drop(bytes.next().map(|_| plain.push(b'\n'))),
                (b'\\', Some(b't')) => drop(bytes.next().map(|_| plain.push(b'\t'))),
                _ => plain.push(*b),
            }
        }
        match std::str::from_utf8(&plain) {
            Ok(text) if self.utf8 => text.chars().map(|c| c.to_string().into_bytes()).collect(),
            _ => plain.iter().map(|b| vec![*b]).collect(),
        }
    }
    /// The text of `a`, `i` and `c`, its last newline with it.
    pub(super) fn text_argument(&mut self) -> Res<Vec<u8>> {
        self.skip(b" \t");
        if self.peek().is_none() {
            return Err("expected \\ after `a', `c' or `i'".into());
        }
        if self.peek() == Some(b'\\') {
            self.at += 1;
            let start = self.at;
            self.skip(b" \t");
            if self.peek() == Some(b'\n') {
                self.at += 1;
            } else {
                // `a\text`: blanks in front of the text count.
                self.at = start;
            }
        }
        let mut out = Vec::new();
        while let Some(b) = self.next() {
            match b {
                b'\n' => break,
                b'\\' => out.extend(self.next()),
                b => out.push(b),
            }
        }
        out.push(b'\n');
        Ok(out)
    }
}

/// What GNU puts in place of `\t` and its kin before a pattern is compiled.
fn escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < text.len() {
        match (text[i], text.get(i + 1)) {
            (b'\\', Some(c)) => {
                match c {
                    b't' => out.push(b'\t'),
                    b'f' => out.push(12),
                    b'v' => out.push(11),
                    b'a' => out.push(7),
                    b'r' => out.push(b'\r'),
                    c => out.extend_from_slice(&[b'\\', *c]),
                }
                i += 2;
            }
            (b, _) => {
                out.push(b);
                i += 1;
            }
        }
    }
    out
}

fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = Vec::new();
    let mut bytes = text.iter();
    while let Some(b) = bytes.next() {
        let piece = match b {
            b'&' => Piece::Group(0),
            b'\\' => match bytes.next() {
                Some(d @ b'0'..=b'9') => Piece::Group(usize::from(d - b'0')),
                Some(c @ (b'U' | b'L' | b'u' | b'l' | b'E')) => Piece::Case(*c),
                other => {
                    plain.push(match other {
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(b'r') => b'\r',
                        Some(b'a') => 7,
                        Some(b'f') => 12,
                        Some(b'v') => 11,
                        Some(c) => *c,
                        None => b'\\',
                    });
                    continue;
                }
            },
            b => {
                plain.push(*b);
                continue;
            }
        };
        if !plain.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut plain)));
        }
        out.push(piece);
    }
    if !plain.is_empty() {
        out.push(Piece::Text(plain));
    }
    out
}
