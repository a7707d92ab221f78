//! Parameter expansion: `$x` and all forms of `${…}`; special parameters; array elements.
//! Not here: assignment by builtins (`builtins/declare`). Source: POSIX XCU 2.6.2, bash(1) "Parameter Expansion".

use super::escape::{double_quoted, reusable};
use super::expand::{Fut, Out};
use super::scan::Scan;
use super::vars::{ATTRIBUTES, NAMEREF, Value, hash_order, is_name};
use super::{Flow, Run, Shell};
use machine::DateTime;
use pattern::{GlobFlags, fnmatch};

/// What a parameter stands for.
enum Val {
    Unset,
    One(String),
    /// The elements; whether they were asked for by `*` (else `@`).
    List(Vec<String>, bool),
}

/// A parameter as written: name and subscript.
struct Place<'a> {
    name: &'a str,
    sub: Option<&'a str>,
}

/// Splits `name[sub]rest`.
fn place(text: &str) -> Option<(Place<'_>, &str)> {
    let bytes = text.as_bytes();
    let len = match bytes.first()? {
        b'0'..=b'9' => bytes.iter().take_while(|b| b.is_ascii_digit()).count(),
        b if b.is_ascii_alphabetic() || *b == b'_' => bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count(),
        b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => return Some((Place { name: &text[..1], sub: None }, &text[1..])),
        _ => return None,
    };
    let (name, mut rest) = text.split_at(len);
    let mut sub = None;
    if rest.starts_with('[') && is_name(name) {
        let (scan, mut i, mut depth) = (Scan::new(rest), 0, 0);
        loop {
            match scan.s.get(i)? {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            i = scan.part(i).ok()?;
        }
        sub = rest.get(1..i);
        rest = rest.get(i + 1..)?;
    }
    Some((Place { name, sub }, rest))
}

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
    /// The value of a variable or special parameter.
    pub(super) fn get(&mut self, name: &str) -> Option<String> {
        let number = |n: i64| Some(n.to_string());
        match name {
            "#" => number(self.args.len() as i64),
            "?" => number(i64::from(self.status)),
            "$" => number(i64::from(self.pid)),
            "!" => self.last_background.map(|p| p.to_string()),
            "-" => Some(self.option_letters()),
            "0" => Some(self.name.clone()),
            "LINENO" => number(i64::from(self.line)),
            "RANDOM" => number(i64::from(self.random() & 0x7fff)),
            "SECONDS" => number((self.sys.now().since(self.started) / 1_000_000) as i64 + self.seconds),
            "EPOCHSECONDS" => number(self.sys.now().secs() as i64),
            "BASHPID" => number(i64::from(self.sys.pid())),
            "PPID" => number(i64::from(self.parent)),
            "UID" => number(i64::from(self.sys.ids().uid)),
            "EUID" => number(i64::from(self.sys.euid())),
            "FUNCNAME" => self.calls.last().cloned(),
            "BASH_SOURCE" => self.source_name(),
            "BASH_SUBSHELL" => number(i64::from(self.subshell)),
            "HISTCMD" => number(self.history.next_number() as i64),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let n: usize = name.parse().unwrap_or(usize::MAX);
                if n == 0 { Some(self.name.clone()) } else { self.args.get(n - 1).cloned() }
            }
            _ => {
                let var = self.vars.get(name)?;
                if var.flags & NAMEREF != 0 {
                    let to = var.text()?.to_string();
                    return if to == name { None } else { self.vars.text(&to).map(String::from) };
                }
                var.text().map(String::from)
            }
        }
    }

    /// The file that commands come from, if they come from one.
    fn source_name(&self) -> Option<String> {
        self.sourced.clone().or_else(|| Some(self.name.clone()).filter(|_| !self.interactive && !self.opt('c') && !self.opt('s')))
    }

    fn list(&self, name: &str) -> Vec<String> {
        match name {
            "@" | "*" => return self.args.clone(),
            "BASH_SOURCE" => return self.source_name().into_iter().collect(),
            "FUNCNAME" => return self.calls.iter().rev().cloned().collect(),
            "PIPESTATUS" => return self.pipe_status.iter().map(i32::to_string).collect(),
            "DIRSTACK" => return self.dir_stack(),
            "GROUPS" => return vec![self.sys.ids().gid.to_string()],
            _ => {}
        }
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => a.values().cloned().collect(),
            Some(Value::Assoc(a)) => {
                let mut keys: Vec<&String> = a.keys().collect();
                hash_order(&mut keys);
                keys.iter().filter_map(|k| a.get(k.as_str()).cloned()).collect()
            }
            Some(Value::Text(s)) => vec![s.clone()],
            _ => Vec::new(),
        }
    }

    fn keys(&self, name: &str) -> Vec<String> {
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => a.keys().map(i64::to_string).collect(),
            Some(Value::Assoc(a)) => {
                let mut keys: Vec<&String> = a.keys().collect();
                hash_order(&mut keys);
                keys.into_iter().cloned().collect()
            }
            Some(Value::Text(_)) => vec!["0".into()],
            _ => (0..self.list(name).len()).map(|n| n.to_string()).collect(),
        }
    }

    /// The variable that a name reference stands for.
    pub(super) fn referent(&self, name: &str) -> String {
        match self.vars.get(name) {
            Some(v) if v.flags & NAMEREF != 0 => v.text().filter(|t| !t.is_empty()).unwrap_or(name).to_string(),
            _ => name.to_string(),
        }
    }

    /// For arithmetic: the text of `name` or `name[sub]`.
    pub(super) fn place_text(&mut self, text: &str) -> Result<Option<String>, String> {
        let Some((place, _)) = place(text) else { return Ok(None) };
        match place.sub {
            None => Ok(self.get(place.name)),
            Some(sub) => self.element(place.name, sub),
        }
    }

    /// An array's element.
    pub(super) fn element(&mut self, name: &str, sub: &str) -> Result<Option<String>, String> {
        let name = &self.referent(name);
        if let Some(Value::Assoc(a)) = self.vars.get(name).map(|v| &v.value) {
            return Ok(a.get(sub).cloned());
        }
        let index = self.arith(sub)?;
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => {
                let index = if index < 0 { index + a.keys().next_back().map_or(0, |k| k + 1) } else { index };
                if index < 0 { Err(format!("{name}[{sub}]: bad array subscript")) } else { Ok(a.get(&index).cloned()) }
            }
            _ => {
                let list = self.list(name);
                let index = if index < 0 { index + list.len() as i64 } else { index };
                Ok(usize::try_from(index).ok().and_then(|i| list.get(i).cloned()))
            }
        }
    }

    fn unbound(&mut self, name: &str) -> Flow {
        self.error(format_args!("{name}: unbound variable"));
        self.fatal(127)
    }

    /// `$name`.
    pub(super) fn plain(&mut self, name: &str, quoted: bool, out: &mut Out) -> Run<()> {
        if matches!(name, "@" | "*") {
            let list = self.args.clone();
            self.emit(list, name == "*", quoted, out);
            return Ok(());
        }
        match self.get(name) {
            Some(s) => out.result(&s, quoted),
            None if self.opt('u') => return Err(self.unbound(name)),
            None => {}
        }
        Ok(())
    }

    fn emit(&self, list: Vec<String>, star: bool, quoted: bool, out: &mut Out) {
        if star && (quoted || !out.split) {
            let sep: String = self.ifs().chars().take(1).collect();
            out.result(&list.join(&sep), quoted);
        } else {
            out.many(&list, quoted);
        }
    }

    async fn value(&mut self, place: &Place<'_>) -> Run<Val> {
        Ok(match (place.name, place.sub) {
            ("@" | "*", _) => Val::List(self.args.clone(), place.name == "*"),
            (name, Some(sub @ ("@" | "*"))) => Val::List(self.list(&self.referent(name)), sub == "*"),
            (name, Some(sub)) => {
                let sub = self.expand_text(sub, false).await?;
                match self.element(name, &sub) {
                    Ok(v) => v.map_or(Val::Unset, Val::One),
                    Err(e) => return Err(self.discard(&e)),
                }
            }
            (name, None) => self.get(name).map_or(Val::Unset, Val::One),
        })
    }

    /// Says what is wrong and gives up the line.
    pub(super) fn discard(&mut self, message: &str) -> Flow {
        self.error(format_args!("{message}"));
        self.status = 1;
        Flow::Discard
    }

    /// The inside of `${…}`.
    pub(super) fn braced<'a>(&'a mut self, body: &'a str, quoted: bool, out: &'a mut Out) -> Fut<'a, Run<()>> {
        Box::pin(async move {
            let bad = |sh: &mut Shell| Err(sh.discard(&format!("${{{body}}}: bad substitution")));
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
                    Err(self.fatal(127))
                }
                _ => self.put(value, quoted, out),
            };
        }
        if matches!(value, Val::Unset) && self.opt('u') {
            return Err(self.unbound(at.name));
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
                Edit { op: op.as_bytes()[0], double, anchor: 0, pattern, with: String::new() }
            }
            "/" => {
                let double = word.starts_with('/');
                let word = if double { &word[1..] } else { word };
                let anchor = word.bytes().next().filter(|b| !double && matches!(b, b'#' | b'%')).unwrap_or(0);
                let word = if anchor != 0 { &word[1..] } else { word };
                let (pattern, with) = split_at(word, b'/');
                let pattern = self.expand_pattern(pattern, false).await?;
                let with = self.expand_text(with.unwrap_or(""), false).await?;
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

    /// The word of `${x:-word}`.
    async fn alternative(&mut self, word: &str, quoted: bool, out: &mut Out) -> Run<()> {
        if quoted {
            return self.quoted(word, out, false).await;
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

    /// A cheap pseudo-random number.
    pub(super) fn random(&mut self) -> u32 {
        self.seed = self.seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        self.seed >> 8
    }

    /// The calendar's view of now.
    pub(super) fn date(&self) -> DateTime {
        DateTime::new(self.sys.now(), self.sys.utc_offset())
    }
}

fn first_char(s: &str, change: impl Fn(char) -> char) -> String {
    let mut chars = s.chars();
    chars.next().map(change).into_iter().chain(chars).collect()
}

/// An operation on a value: `#`, `%`, `/`, or a change of case.
struct Edit {
    op: u8,
    double: bool,
    anchor: u8,
    pattern: String,
    with: String,
}

impl Edit {
    fn apply(&self, s: &str, flags: GlobFlags) -> String {
        let hit = |t: &str| fnmatch(&self.pattern, t, flags);
        let cuts = || s.char_indices().map(|(i, _)| i).chain([s.len()]);
        match self.op {
            b'#' => {
                let end = if self.double { cuts().rev().find(|&i| hit(&s[..i])) } else { cuts().find(|&i| hit(&s[..i])) };
                s[end.unwrap_or(0)..].to_string()
            }
            b'%' => {
                let start = if self.double { cuts().find(|&i| hit(&s[i..])) } else { cuts().rev().find(|&i| hit(&s[i..])) };
                s[..start.unwrap_or(s.len())].to_string()
            }
            b'/' => self.replace(s, &hit),
            _ => {
                let change = |c: char| {
                    if !self.pattern.is_empty() && !hit(c.encode_utf8(&mut [0; 4])) {
                        return c;
                    }
                    match self.op {
                        b'^' => c.to_ascii_uppercase(),
                        b',' => c.to_ascii_lowercase(),
                        _ if c.is_ascii_uppercase() => c.to_ascii_lowercase(),
                        _ => c.to_ascii_uppercase(),
                    }
                };
                if self.double { s.chars().map(change).collect() } else { first_char(s, change) }
            }
        }
    }

    fn replace(&self, s: &str, hit: &dyn Fn(&str) -> bool) -> String {
        let mut out = String::new();
        let mut i = 0;
        if self.pattern.is_empty() {
            return if self.anchor == b'#' {
                format!("{}{s}", self.with)
            } else if self.anchor == b'%' {
                format!("{s}{}", self.with)
            } else {
                s.into()
            };
        }
        // A pattern without special characters: no need to try every length.
        let plain = !self.pattern.contains(['*', '?', '[', '\\', '(']);
        while i <= s.len() {
            let rest = &s[i..];
            let len = if self.anchor == b'#' && i > 0 {
                None
            } else if plain {
                rest.starts_with(&self.pattern).then_some(self.pattern.len()).filter(|n| self.anchor != b'%' || *n == rest.len())
            } else if self.anchor == b'%' {
                hit(rest).then_some(rest.len())
            } else {
                rest.char_indices().map(|(n, c)| n + c.len_utf8()).filter(|&n| hit(&rest[..n])).last()
            };
            match len {
                Some(n) => {
                    out.push_str(&self.with);
                    i += n;
                    if !self.double || n == 0 {
                        break;
                    }
                }
                None => match rest.chars().next() {
                    Some(c) => {
                        out.push(c);
                        i += c.len_utf8();
                    }
                    None => break,
                },
            }
        }
        out.push_str(s.get(i..).unwrap_or(""));
        out
    }
}
