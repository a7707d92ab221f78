//! Expanding words: quotes, parameters, substitutions, field splitting, pathnames. The parts that need no parameter's inside.
//! Not here: `${…}` (`param`), commands and files (`subst`), braces (`brace`). Source: POSIX XCU 2.6, bash(1) "EXPANSION".

use super::ast::Word;
use super::brace::braces;
use super::field::Out;
use super::lex::assignment;
use super::scan::Scan;
use super::{Flow, Run, Shell};
use std::future::Future;
use std::pin::Pin;

pub(super) type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

impl Shell {
    pub(super) fn ifs(&self) -> String {
        match self.vars.get("IFS") {
            Some(v) => v.text().unwrap_or(" \t\n").to_string(),
            None => " \t\n".into(),
        }
    }

    /// All the words that a command's words stand for.
    pub(super) async fn expand_words(&mut self, words: &[Word]) -> Run<Vec<String>> {
        let mut all = Vec::new();
        for word in words {
            if !word.contains(['{', '$', '`', '\\', '\'', '"', '~', '*', '?', '[', '<', '>', '(']) {
                all.push(word.to_string());
                continue;
            }
            let list = if self.opt('B') && word.contains('{') { braces(word) } else { vec![word.to_string()] };
            for word in list {
                self.expand_fields(&word, &mut all).await?;
            }
        }
        Ok(all)
    }

    async fn expand_fields(&mut self, word: &str, all: &mut Vec<String>) -> Run<()> {
        let mut out = Out::new(true, false, self.ifs());
        self.word(word, &mut out, false).await?;
        for field in out.fields {
            if !field.some && field.text.is_empty() {
                continue;
            }
            if field.magic && pattern::has_magic(&field.pattern) && !self.opt('f')
                || self.shopt("extglob") && field.pattern.contains(['(']) && super::subst::extended(&field.pattern)
            {
                let found = self.glob(&field.pattern).await;
                if !found.is_empty() {
                    all.extend(found);
                    continue;
                }
                if self.shopt("failglob") {
                    self.error(format_args!("no match: {}", field.text));
                    self.status = 1;
                    return Err(Flow::Discard);
                }
                if self.shopt("nullglob") {
                    continue;
                }
            }
            all.push(field.text);
        }
        Ok(())
    }

    pub(super) async fn single(&mut self, word: &str, regex: bool, assign: bool) -> Run<Out> {
        let mut out = Out::new(false, regex, String::new());
        if word.contains(['$', '`', '\\', '\'', '"', '~', '<', '>']) {
            self.word(word, &mut out, assign).await?;
        } else {
            out.push(word, false);
        }
        Ok(out)
    }
    /// A word that is not split: the value of an assignment, the word of `case`.
    pub(super) async fn expand_text(&mut self, word: &str, assign: bool) -> Run<String> {
        Ok(self.single(word, false, assign).await?.text())
    }
    /// A word used as a pattern: what was quoted stands behind backslashes.
    pub(super) async fn expand_pattern(&mut self, word: &str, regex: bool) -> Run<String> {
        let out = self.single(word, regex, false).await?;
        Ok(out.fields.into_iter().map(|f| f.pattern).collect::<Vec<_>>().join(" "))
    }
    /// Text as between double quotes: here-documents, arithmetic, prompts.
    pub(super) async fn expand_quoted(&mut self, text: &str) -> Run<String> {
        if !text.contains(['$', '`', '\\']) {
            return Ok(text.to_string());
        }
        let mut out = Out::new(false, false, String::new());
        self.quoted(text, &mut out, true).await?;
        Ok(out.text())
    }

    /// A word with its tildes. `assign`: tildes behind colons count too.
    pub(super) async fn word(&mut self, word: &str, out: &mut Out, assign: bool) -> Run<()> {
        let mut rest = word;
        let mut assign = assign;
        if !assign && out.split {
            // `make prefix=~/x`: bash expands such a tilde too.
            let n = assignment(word.as_bytes());
            if n > 0 && word.get(n..).is_some_and(|v| v.starts_with('~')) {
                out.push(&word[..n], false);
                rest = &word[n..];
                assign = true;
            }
        }
        loop {
            if rest.starts_with('~') {
                let end = rest.find(|c: char| c == '/' || c == ':' && assign).unwrap_or(rest.len());
                if let Some(home) = self.tilde(&rest[1..end]).await {
                    out.push(&home, true);
                    rest = &rest[end..];
                }
            }
            // In an assignment the next tilde may stand behind the next unquoted colon.
            let colon = if assign && rest.contains(":~") && !rest.contains(['\'', '"', '\\', '$', '`']) { rest.find(":~") } else { None };
            match colon {
                Some(at) => {
                    self.unquoted(&rest[..=at], out).await?;
                    rest = &rest[at + 1..];
                }
                None => return self.unquoted(rest, out).await,
            }
        }
    }

    /// Text outside quotes.
    pub(super) fn unquoted<'a>(&'a mut self, raw: &'a str, out: &'a mut Out) -> Fut<'a, Run<()>> {
        Box::pin(async move {
            let bytes = raw.as_bytes();
            let mut i = 0;
            while i < bytes.len() {
                if plain(raw, &mut i, |b| b"\\'\"$`<>".contains(&b), out, false) {
                    continue;
                }
                match bytes[i] {
                    b'\\' => {
                        let c = raw.get(i + 1..).and_then(|r| r.chars().next());
                        match c {
                            Some('\n') => {}
                            Some(c) => out.push(c.encode_utf8(&mut [0; 4]), true),
                            None => out.push("\\", true),
                        }
                        i += 1 + c.map_or(0, char::len_utf8);
                    }
                    b'\'' => {
                        let end = Scan::new(raw).single(i + 1).unwrap_or(bytes.len() + 1);
                        out.push(raw.get(i + 1..end - 1).unwrap_or(""), true);
                        i = end;
                    }
                    b'"' => {
                        let end = Scan::new(raw).double(i + 1).unwrap_or(bytes.len() + 1);
                        self.double(raw.get(i + 1..end - 1).unwrap_or(""), out).await?;
                        i = end;
                    }
                    b'<' | b'>' if bytes.get(i + 1) == Some(&b'(') => {
                        let end = Scan::new(raw).command(i + 2).unwrap_or(bytes.len() + 1);
                        let path = self.process(raw.get(i + 2..end - 1).unwrap_or(""), bytes[i] == b'<').await?;
                        out.push(&path, true);
                        i = end;
                    }
                    b'$' if matches!(bytes.get(i + 1), Some(b'\'')) => {
                        let end = Scan::new(raw).ansi(i + 2).unwrap_or(bytes.len() + 1);
                        let mut text = super::escape::ansi(raw.get(i + 2..end - 1).unwrap_or(""));
                        text.truncate(text.iter().position(|&b| b == 0).unwrap_or(text.len()));
                        out.push(&String::from_utf8_lossy(&text), true);
                        i = end;
                    }
                    b'$' if matches!(bytes.get(i + 1), Some(b'"')) => i += 1,
                    b'$' | b'`' => i = self.dollar(raw, i, false, out).await?,
                    _ => {
                        out.push(raw.get(i..=i).unwrap_or(""), false);
                        i += 1;
                    }
                }
            }
            Ok(())
        })
    }

    /// The inside of double quotes.
    async fn double(&mut self, raw: &str, out: &mut Out) -> Run<()> {
        out.nothing = false;
        let before = out.fields.len();
        let empty = out.fields.last().is_none_or(|f| !f.some && f.text.is_empty()) || out.ended;
        self.quoted(raw, out, false).await?;
        let unchanged = out.fields.len() == before && out.fields.last().is_none_or(|f| f.text.is_empty()) || out.ended;
        if !(std::mem::take(&mut out.nothing) && empty && unchanged) {
            out.field().some = true;
        }
        Ok(())
    }

    /// Text between double quotes. `document`: in a here-document, where `"` is a plain character.
    pub(super) fn quoted<'a>(&'a mut self, raw: &'a str, out: &'a mut Out, document: bool) -> Fut<'a, Run<()>> {
        Box::pin(async move {
            let bytes = raw.as_bytes();
            let mut i = 0;
            while i < bytes.len() {
                if plain(raw, &mut i, |b| matches!(b, b'\\' | b'$' | b'`') || b == b'"' && !document, out, true) {
                    continue;
                }
                match bytes[i] {
                    b'\\' => {
                        let c = raw.get(i + 1..).and_then(|r| r.chars().next());
                        match c {
                            Some('\n') => {}
                            Some('"') if !document => out.push("\"", true),
                            Some(c @ ('$' | '`' | '\\')) => out.push(c.encode_utf8(&mut [0; 4]), true),
                            _ => {
                                out.push("\\", true);
                                i += 1;
                                continue;
                            }
                        }
                        i += 1 + c.map_or(0, char::len_utf8);
                    }
                    // `"${x:-"y"}"`: quotes inside the braces go.
                    b'"' => i += 1,
                    _ => i = self.dollar(raw, i, true, out).await?,
                }
            }
            Ok(())
        })
    }

    /// The expansion that begins at `$` or a backquote; gives the position behind it.
    async fn dollar(&mut self, raw: &str, i: usize, quoted: bool, out: &mut Out) -> Run<usize> {
        let bytes = raw.as_bytes();
        let scan = Scan::new(raw);
        if bytes[i] == b'`' {
            let end = scan.backquote(i + 1).unwrap_or(bytes.len() + 1);
            let mut text = String::new();
            let mut chars = raw.get(i + 1..end - 1).unwrap_or("").chars().peekable();
            while let Some(c) = chars.next() {
                match chars.peek() {
                    Some(n @ ('$' | '`' | '\\')) if c == '\\' => text.push(*n),
                    Some('"') if c == '\\' && quoted => text.push('"'),
                    _ => {
                        text.push(c);
                        continue;
                    }
                }
                chars.next();
            }
            let result = self.command_output(&text).await?;
            out.result(&result, quoted);
            return Ok(end);
        }
        let Some(&next) = bytes.get(i + 1) else {
            out.push("$", quoted);
            return Ok(i + 1);
        };
        if matches!(next, b'(' | b'{' | b'[') {
            let end = match scan.dollar(i, quoted) {
                Ok(end) => end,
                Err(e) => {
                    self.error(format_args!("{}", e.text));
                    self.status = 1;
                    return Err(Flow::Discard);
                }
            };
            let arith = match (next, scan.arith(i + 3)) {
                (b'(', Ok(Some(_))) if bytes.get(i + 2) == Some(&b'(') => raw.get(i + 3..end - 2),
                (b'[', _) => raw.get(i + 2..end - 1),
                _ => None,
            };
            if let Some(text) = arith {
                let text = self.expand_quoted(text).await?;
                match self.arith(&text) {
                    Ok(n) => out.result(&n.to_string(), quoted),
                    Err(e) => return Err(self.discard(&e)),
                }
            } else if next == b'(' {
                let result = self.command_output(raw.get(i + 2..end - 1).unwrap_or("")).await?;
                out.result(&result, quoted);
            } else {
                self.braced(raw.get(i + 2..end - 1).unwrap_or(""), quoted, out).await?;
            }
            return Ok(end);
        }
        let len = match next {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let rest = &bytes[i + 1..];
                rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len())
            }
            b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => 1,
            _ => 0,
        };
        if len == 0 {
            out.push("$", quoted);
            return Ok(i + 1);
        }
        self.plain(raw.get(i + 1..i + 1 + len).unwrap_or(""), quoted, out)?;
        Ok(i + 1 + len)
    }
}

/// Takes the text from `i` on up to a character that means something; whether there was any.
fn plain(raw: &str, i: &mut usize, special: impl Fn(u8) -> bool, out: &mut Out, quoted: bool) -> bool {
    let rest = raw.as_bytes().get(*i..).unwrap_or_default();
    let len = rest.iter().position(|b| special(*b)).unwrap_or(rest.len());
    if len > 0 {
        out.push(raw.get(*i..*i + len).unwrap_or(""), quoted);
        *i += len;
    }
    len > 0
}
