//! The operators of `${…}`: defaults, substrings, patterns, transformations. Not here: what a parameter stands for (`param`).
//! Source: POSIX XCU 2.6.2, bash(1) "Parameter Expansion".

use super::edit::{Edit, first_char};
use super::escape::{double_quoted, reusable};
use super::expand::Fut;
use super::field::Out;
use super::param::{Place, Val, place};
use super::scan::Scan;
use super::vars::{ATTRIBUTES, Value, is_name};
use super::{Run, Shell};
use pattern::GlobFlags;

/// Splits at the first `c` outside quotes and expansions.
fn split_at(text: &str, c: u8) -> (&str, Option<&str>) {
    let (scan, mut i, mut depth) = (Scan::new(text), 0, 0);
    while i < text.len() {
        match scan.s[i] {
            b if b == c && depth == 0 => return (text.get(..i).unwrap_or(""), text.get(i + 1..)),
            b'(' | b'?' if c == b':' => depth += 1,
            b')' | b':' if depth > 0 => depth -= 1,
            _ => {}
        }
        i = scan.part(i).unwrap_or(text.len());
    }
    (text, None)
}

impl Shell {
    /// The inside of `${…}`.
    pub(super) fn braced<'a>(&'a mut self, body: &'a str, quoted: bool, out: &'a mut Out) -> Fut<'a, Run<()>> {
        Box::pin(async move {
            let bad = |sh: &mut Shell| Err(sh.discard(&format!("${{{body}}}: bad substitution")));
            // dash has neither substrings nor replacements nor arrays.
            if self.dash()
                && place(body).is_some_and(|(p, rest)| {
                    p.sub.is_some()
                        || rest.starts_with(['/', '^', ',', '@', '~'])
                        || rest.starts_with(':') && !rest[1..].starts_with(['-', '=', '?', '+'])
                })
            {
                return bad(self);
            }
            if let Some(rest) = body.strip_prefix('#').filter(|r| !r.is_empty())
                && let Some((place, "")) = place(rest)
            {
                let n = match self.value(&place).await? {
                    Val::Unset if self.opt('u') => return Err(self.unbound(place.name)),
                    Val::Unset => 0,
                    Val::One(s) => s.chars().count(),
                    Val::List(l, _) => l.len(),
                };
                out.result(&n.to_string(), quoted);
                return Ok(());
            }
            let indirect;
            let (mut at, mut rest) = match place(body) {
                None => return bad(self),
                Some(p) => p,
            };
            if at.name == "!" && !rest.is_empty() && !rest.starts_with([':', '-', '=', '?', '+', '%', '/', '^', ',']) {
                let Some((inner, after)) = place(rest) else { return bad(self) };
                if matches!(after, "*" | "@") && is_name(inner.name) && inner.sub.is_none() {
                    let names = self.vars.iter().filter(|(n, v)| n.starts_with(inner.name) && v.text().is_some());
                    let names = names.map(|(n, _)| n.clone()).collect();
                    self.emit(names, after == "*", quoted, out);
                    return Ok(());
                }
                if let Some(sub @ ("@" | "*")) = inner.sub
                    && after.is_empty()
                {
                    let keys = self.keys(&self.referent(inner.name));
                    self.emit(keys, sub == "*", quoted, out);
                    return Ok(());
                }
                let refers = inner.sub.is_none().then(|| self.referent(inner.name)).filter(|r| r != inner.name);
                if let Some(target) = refers.as_ref().filter(|_| after.is_empty()) {
                    // A name reference gives the name it stands for.
                    out.result(target, quoted);
                    return Ok(());
                }
                indirect = match self.value(&inner).await? {
                    Val::One(s) => s,
                    _ => return Err(self.discard(&format!("{}: invalid indirect expansion", &body[..body.len() - after.len()]))),
                };
                rest = after;
                at = match place(&indirect) {
                    Some((p, "")) => p,
                    _ => return Err(self.discard(&format!("{indirect}: invalid variable name"))),
                };
            }
            let value = self.value(&at).await?;
            self.operate(body, &at, rest, value, quoted, out).await
        })
    }

    async fn operate(&mut self, body: &str, at: &Place<'_>, rest: &str, value: Val, quoted: bool, out: &mut Out) -> Run<()> {
        let colon = rest.starts_with(':');
        let op = rest.trim_start_matches(':').chars().next().filter(|_| !rest.starts_with("::"));
        if let Some(op @ ('-' | '=' | '?' | '+')) = op {
            let missing = match &value {
                Val::Unset => true,
                Val::One(s) => colon && s.is_empty(),
                Val::List(l, _) => l.is_empty() || colon && l.len() == 1 && l[0].is_empty(),
            };
            let word = &rest[1 + usize::from(colon)..];
            return match op {
                '+' if missing => Ok(()),
                '-' | '+' if missing || op == '+' => self.alternative(word, quoted, out).await,
                '=' if missing => {
                    let text = self.expand_text(word, true).await?;
                    let place = &body[..body.len() - rest.len()];
                    if !is_name(at.name) {
                        return Err(self.discard(&format!("${}: cannot assign in this way", at.name)));
                    }
                    let place = if place.starts_with('!') { at.name } else { place };
                    self.assign_place(place, &text).map_err(|e| self.discard(&e))?;
                    out.result(&text, quoted);
                    Ok(())
                }
                '?' if missing => {
                    let text = self.expand_text(word, false).await?;
                    let usual = if colon { "parameter null or not set" } else { "parameter not set" };
                    let place = &body[..body.len() - rest.len()];
                    self.error(format_args!("{place}: {}", if text.is_empty() { usual } else { &text }));
                    Err(self.fatal(if self.dash() { 2 } else { 127 }))
                }
                _ => self.put(value, quoted, out),
            };
        }
        if matches!(value, Val::Unset) && self.opt('u') {
            return Err(self.unbound(body.get(..body.len() - rest.len()).filter(|_| at.sub.is_some()).unwrap_or(at.name)));
        }
        if rest.is_empty() {
            return self.put(value, quoted, out);
        }
        if colon {
            return self.substring(at, &rest[1..], value, quoted, out).await;
        }
        let (op, word) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
        let edit = match op {
            "#" | "%" | "^" | "," | "~" => {
                let double = word.starts_with(op);
                let word = if double { &word[1..] } else { word };
                let pattern = self.expand_pattern(word, false).await?;
                Edit { op: op.as_bytes()[0], double, anchor: 0, pattern, with: Vec::new() }
            }
            "/" => {
                let double = word.starts_with('/');
                let word = if double { &word[1..] } else { word };
                let anchor = word.bytes().next().filter(|b| !double && matches!(b, b'#' | b'%')).unwrap_or(0);
                let word = if anchor != 0 { &word[1..] } else { word };
                let (pattern, with) = split_at(word, b'/');
                let pattern = self.expand_pattern(pattern, false).await?;
                let with = self.replacement(with.unwrap_or("")).await?;
                Edit { op: b'/', double, anchor, pattern, with }
            }
            "@" if word.len() == 1 => {
                let value = self.transform(at, word, value);
                return self.put(value, quoted, out);
            }
            _ => return Err(self.discard(&format!("${{{body}}}: bad substitution"))),
        };
        let flags = GlobFlags { extended: self.shopt("extglob"), ..GlobFlags::default() };
        let value = match value {
            Val::Unset => Val::Unset,
            Val::One(s) => Val::One(edit.apply(&s, flags)),
            Val::List(l, star) => Val::List(l.iter().map(|s| edit.apply(s, flags)).collect(), star),
        };
        self.put(value, quoted, out)
    }

    fn put(&mut self, value: Val, quoted: bool, out: &mut Out) -> Run<()> {
        match value {
            Val::Unset => {}
            Val::One(s) => out.result(&s, quoted),
            Val::List(l, star) => self.emit(l, star, quoted, out),
        }
        Ok(())
    }

    /// The replacement of `${x/y/z}`, cut where an unquoted `&` stands for what matched.
    async fn replacement(&mut self, word: &str) -> Run<Vec<String>> {
        let out = self.single(word, false, false).await?;
        if !self.shopt("patsub_replacement") {
            return Ok(vec![out.text()]);
        }
        let mut pieces = vec![String::new()];
        for field in out.fields {
            // The pattern tells what was quoted: a backslash stands before it there.
            let mut pattern = field.pattern.chars().peekable();
            let mut text = field.text.chars().peekable();
            while let Some(c) = text.next() {
                let mark = pattern.next() == Some('\\');
                let quoted = mark && (c != '\\' || pattern.peek() == Some(&'\\') && text.peek() != Some(&'\\'));
                if quoted {
                    pattern.next();
                }
                let last = pieces.len() - 1;
                if c == '&' && !quoted {
                    pieces.push(String::new());
                } else if c == '\\' && !quoted && text.peek() == Some(&'&') {
                    text.next();
                    pattern.next();
                    pieces[last].push('&');
                } else {
                    pieces[last].push(c);
                }
            }
        }
        Ok(pieces)
    }

    /// The word of `${x:-word}`.
    async fn alternative(&mut self, word: &str, quoted: bool, out: &mut Out) -> Run<()> {
        if quoted {
            return self.quoted(&word.replace("\\}", "}"), out, false).await;
        }
        if word.starts_with('~') {
            return self.word(word, out, true).await;
        }
        if !out.split || !word.contains([' ', '\t', '\n']) {
            return self.unquoted(word, out).await;
        }
        // Unquoted blanks in the word separate fields.
        let (scan, mut i, mut from) = (Scan::new(word), 0, 0);
        while i < word.len() {
            if matches!(scan.s[i], b' ' | b'\t' | b'\n') {
                self.unquoted(word.get(from..i).unwrap_or(""), out).await?;
                out.result(" ", false);
                from = i + 1;
            }
            i = scan.part(i).unwrap_or(word.len());
        }
        self.unquoted(word.get(from..).unwrap_or(""), out).await
    }

    async fn number(&mut self, text: &str) -> Run<i64> {
        let text = self.expand_quoted(text).await?;
        self.arith(&text).map_err(|e| self.discard(&e))
    }

    async fn substring(&mut self, at: &Place<'_>, rest: &str, value: Val, quoted: bool, out: &mut Out) -> Run<()> {
        let (offset, length) = split_at(rest, b':');
        let offset = self.number(offset).await?;
        let length = match length {
            Some(l) => Some((self.number(l).await?, l)),
            None => None,
        };
        let (mut list, star, text) = match value {
            Val::Unset => return Ok(()),
            Val::One(s) => (s.chars().map(String::from).collect(), false, true),
            Val::List(mut l, star) => {
                if matches!(at.name, "@" | "*") {
                    l.insert(0, self.name.clone());
                }
                (l, star, false)
            }
        };
        let size = list.len() as i64;
        let start = if offset < 0 { offset.saturating_add(size) } else { offset };
        let end = match length {
            None => size,
            Some((n, _)) if n >= 0 => start.saturating_add(n).min(size),
            Some((n, _)) if text => n.saturating_add(size),
            Some((_, l)) => return Err(self.discard(&format!("{}: substring expression < 0", l.trim()))),
        };
        if start < 0 || start > size {
            return Ok(());
        }
        if end < start
            && let Some((_, l)) = length
        {
            return Err(self.discard(&format!("{}: substring expression < 0", l.trim())));
        }
        let mut list: Vec<String> = list.drain(start as usize..(end.max(start)) as usize).collect();
        if text {
            list = vec![list.concat()];
            out.result(&list[0], quoted);
        } else {
            if matches!(at.name, "@" | "*") && offset == 0 && list.is_empty() {
                list.clear();
            }
            self.emit(list, star, quoted, out);
        }
        Ok(())
    }

    /// `${x@Q}` and its kin.
    fn transform(&mut self, at: &Place<'_>, op: &str, value: Val) -> Val {
        let var = self.vars.get(at.name);
        let flags = var.map_or(0, |v| v.flags);
        let letters: String = ATTRIBUTES.iter().filter(|(_, bit)| flags & bit != 0).map(|(c, _)| *c).collect();
        let one = |s: &str| match op {
            "Q" | "K" | "k" => reusable(s),
            "U" => s.to_ascii_uppercase(),
            "L" => s.to_ascii_lowercase(),
            "u" => first_char(s, |c| c.to_ascii_uppercase()),
            "E" => String::from_utf8_lossy(&super::escape::ansi(s)).into_owned(),
            "a" => letters.clone(),
            "A" if letters.is_empty() => format!("{}={}", at.name, reusable(s)),
            "A" => format!("declare -{letters} {}={}", at.name, reusable(s)),
            _ => s.to_string(),
        };
        match (value, op) {
            (Val::One(s), "P") => Val::One(self.prompt(&s)),
            (Val::One(s), _) => Val::One(one(&s)),
            (Val::List(l, star), "K" | "k") => {
                let pairs = self.keys(&self.referent(at.name)).into_iter().zip(l);
                let quote = |s: String| if op == "K" { double_quoted(&s) } else { s };
                let list: Vec<String> = pairs.flat_map(|(k, v)| [k, quote(v)]).collect();
                // bash leaves a blank behind the last value of an associative array.
                let tail = if matches!(var.map(|v| &v.value), Some(Value::Assoc(_))) { " " } else { "" };
                if op == "k" { Val::List(list, star) } else { Val::One(list.join(" ") + tail) }
            }
            (Val::List(_, star), "A") if var.is_some() => {
                let text = self.definition(at.name);
                Val::List(text.trim_end().splitn(3, ' ').map(String::from).collect(), star)
            }
            (Val::List(l, star), _) => Val::List(l.iter().map(|s| one(s)).collect(), star),
            (Val::Unset, _) => Val::Unset,
        }
    }
}
