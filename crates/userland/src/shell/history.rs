//! The history list and history expansion (`!!`, `!tel`, `^a^b`). Pure. Source: bash(1) "HISTORY EXPANSION".

use std::rc::Rc;

/// Lines typed, oldest first.
#[derive(Clone, Default)]
pub(crate) struct History {
    pub(super) lines: Rc<Vec<String>>,
    /// How many lines were forgotten at the front.
    dropped: usize,
    /// The last `?string?` looked for, and the last `s/old/new/`.
    search: String,
    edit: Option<(String, String)>,
}

impl History {
    pub(super) fn add(&mut self, line: &str, most: usize) {
        let lines = Rc::make_mut(&mut self.lines);
        lines.push(line.to_string());
        while lines.len() > most {
            lines.remove(0);
            self.dropped += 1;
        }
    }
    pub(super) fn clear(&mut self) {
        self.lines = Rc::default();
        self.dropped = 0;
    }
    pub(super) fn next_number(&self) -> usize {
        self.dropped + self.lines.len() + 1
    }
    /// Removes the entry of this number (negative: from the end).
    pub(super) fn delete(&mut self, n: i64) -> bool {
        let len = self.lines.len() as i64;
        let at = if n < 0 { len + n } else { n - 1 - self.dropped as i64 };
        let ok = (0..len).contains(&at);
        if ok {
            Rc::make_mut(&mut self.lines).remove(at as usize);
        }
        ok
    }
    /// Puts text in place of the last entry.
    pub(super) fn replace_last(&mut self, text: &str) {
        let lines = Rc::make_mut(&mut self.lines);
        lines.pop();
        lines.push(text.to_string());
    }
    /// Takes the backslash off the end of the last entry: the next line joins it.
    pub(super) fn join_last(&mut self) {
        if let Some(last) = Rc::make_mut(&mut self.lines).last_mut() {
            last.pop();
        }
    }
    /// Adds a line to the last entry: a command typed over several lines is one entry.
    pub(super) fn extend_last(&mut self, line: &str, sep: &str) {
        if let Some(last) = Rc::make_mut(&mut self.lines).last_mut() {
            last.push_str(sep);
            last.push_str(line);
        }
    }
    /// As `history` prints it.
    pub(super) fn listing(&self, most: usize) -> String {
        let skip = self.lines.len().saturating_sub(most);
        let number = |(i, line): (usize, &String)| format!("{:5}  {line}\n", i + 1 + self.dropped);
        self.lines.iter().enumerate().skip(skip).map(number).collect()
    }

    /// Replaces history references in a line. `None`: there were none.
    ///
    /// # Errors
    /// The message, such as `!x: event not found`.
    pub(super) fn expand(&mut self, line: &str) -> Result<Option<String>, String> {
        let line_owned;
        let mut line = line;
        let mut quick = None;
        if line.starts_with('^') {
            quick = Some(line.to_string());
            line_owned = format!("!!:s{line}");
            line = &line_owned;
        }
        let chars: Vec<char> = line.chars().collect();
        let (mut out, mut i, mut changed, mut double) = (String::new(), 0, false, false);
        while i < chars.len() {
            let c = chars[i];
            match c {
                '\\' => {
                    out.push(c);
                    out.extend(chars.get(i + 1));
                    i += 2;
                    continue;
                }
                '\'' if !double => {
                    let end = chars[i + 1..].iter().position(|&x| x == '\'').map_or(chars.len(), |n| i + n + 2);
                    out.extend(&chars[i..end]);
                    i = end;
                    continue;
                }
                '"' => double = !double,
                '!' => {
                    let next = chars.get(i + 1).copied().unwrap_or(' ');
                    let after_dollar = i > 0 && chars[i - 1] == '$' || i > 1 && chars[i - 1] == '{' && chars[i - 2] == '$' && next == '#';
                    if !(matches!(next, ' ' | '\t' | '\n' | '\r' | '=' | '(') || double && next == '"' || after_dollar) {
                        let text = self.event(&chars, &mut i, &out, quick.as_deref())?;
                        out.push_str(&text);
                        changed = true;
                        continue;
                    }
                }
                _ => {}
            }
            out.push(c);
            i += 1;
        }
        Ok(changed.then_some(out))
    }

    /// One reference from `!` on; moves `i` behind it.
    fn event(&mut self, chars: &[char], i: &mut usize, before: &str, quick: Option<&str>) -> Result<String, String> {
        let start = *i;
        *i += 1;
        let not_found = |end: usize| {
            let text: String = chars[start..end.min(chars.len())].iter().collect();
            Err(format!("{text}: event not found"))
        };
        let c = chars.get(*i).copied().unwrap_or(' ');
        let len = self.lines.len();
        let mut searched = None;
        let line: String = match c {
            '!' => {
                *i += 1;
                match self.lines.last() {
                    Some(l) => l.clone(),
                    None => return not_found(*i),
                }
            }
            '#' => {
                *i += 1;
                before.to_string()
            }
            '^' | '$' | '*' | ':' => match self.lines.last() {
                Some(l) => l.clone(),
                None => return not_found(*i + 1),
            },
            '?' => {
                let from = *i + 1;
                let end = chars[from..].iter().position(|&x| x == '?' || x == '\n').map_or(chars.len(), |n| from + n);
                let text: String = chars[from..end].iter().collect();
                *i = (end + 1).min(chars.len());
                if !text.is_empty() {
                    self.search = text;
                }
                match self.lines.iter().rev().find(|l| l.contains(&self.search)) {
                    Some(l) => {
                        searched = l.split_whitespace().find(|w| w.contains(&self.search)).map(String::from);
                        l.clone()
                    }
                    None => return not_found(*i),
                }
            }
            '-' | '0'..='9' => {
                let mut end = *i + usize::from(c == '-');
                while chars.get(end).is_some_and(char::is_ascii_digit) {
                    end += 1;
                }
                let text: String = chars[*i..end].iter().collect();
                *i = end;
                let n: i64 = text.parse().unwrap_or(0);
                let at = if n < 0 { len as i64 + n } else { n - 1 - self.dropped as i64 };
                match usize::try_from(at).ok().and_then(|at| self.lines.get(at)).filter(|_| n != 0) {
                    Some(l) => l.clone(),
                    None => return not_found(end),
                }
            }
            _ => {
                let end = chars[*i..]
                    .iter()
                    .position(|&x| matches!(x, ' ' | '\t' | '\n' | ':' | '^' | '$' | '*' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '"'));
                let end = end.map_or(chars.len(), |n| *i + n);
                let text: String = chars[*i..end].iter().collect();
                *i = end;
                match self.lines.iter().rev().find(|l| l.starts_with(&text)).filter(|_| !text.is_empty()) {
                    Some(l) => l.clone(),
                    None => return not_found(end),
                }
            }
        };
        self.designators(chars, i, line, searched, quick)
    }

    /// Word designators and modifiers behind an event.
    fn designators(
        &mut self,
        chars: &[char],
        i: &mut usize,
        line: String,
        searched: Option<String>,
        quick: Option<&str>,
    ) -> Result<String, String> {
        let words = words(&line);
        let last = words.len().saturating_sub(1);
        let mut text = line.clone();
        let at = *i + usize::from(chars.get(*i) == Some(&':'));
        let bare = at == *i;
        let number = |p: &mut usize| {
            let from = *p;
            while chars.get(*p).is_some_and(char::is_ascii_digit) {
                *p += 1;
            }
            chars[from..*p].iter().collect::<String>().parse::<usize>().ok()
        };
        let mut p = at;
        let range: Option<(usize, usize)> = match chars.get(at) {
            Some('^') => {
                p += 1;
                Some((1, 1))
            }
            Some('$') => {
                p += 1;
                Some((last, last))
            }
            Some('*') => {
                p += 1;
                Some((1, last.max(1)))
            }
            Some('%') if !bare => {
                p += 1;
                *i = p;
                text = searched.unwrap_or_default();
                None
            }
            Some('-') if !bare => {
                p += 1;
                let to = number(&mut p).unwrap_or(last.saturating_sub(1));
                Some((0, to))
            }
            Some(d) if d.is_ascii_digit() && !bare => {
                let from = number(&mut p).unwrap_or(0);
                match chars.get(p) {
                    Some('*') => {
                        p += 1;
                        Some((from, last))
                    }
                    Some('-') => {
                        p += 1;
                        let to = match chars.get(p) {
                            Some('$') => {
                                p += 1;
                                last
                            }
                            _ => number(&mut p).unwrap_or(last.saturating_sub(1)),
                        };
                        Some((from, to))
                    }
                    _ => Some((from, from)),
                }
            }
            _ => None,
        };
        if let Some((from, to)) = range {
            let spec: String = chars[*i..p].iter().collect();
            *i = p;
            let star = spec.ends_with('*');
            if to >= words.len() && !star || from > to.max(from) {
                return Err(format!("{spec}: bad word specifier"));
            }
            text = words.get(from..=to.min(last)).map(|w| w.join(" ")).unwrap_or_default();
        }
        while chars.get(*i) == Some(&':') {
            let Some(&m) = chars.get(*i + 1) else { break };
            let global = matches!(m, 'g' | 'a');
            let m = if global { chars.get(*i + 2).copied().unwrap_or(' ') } else { m };
            *i += 2 + usize::from(global);
            match m {
                'h' => text = text.rfind('/').map_or(text.clone(), |n| text[..n].to_string()),
                't' => text = text.rfind('/').map_or(text.clone(), |n| text[n + 1..].to_string()),
                'r' => text = text.rfind('.').map_or(text.clone(), |n| text[..n].to_string()),
                'e' => text = text.rfind('.').map_or(text.clone(), |n| text[n..].to_string()),
                'q' => text = super::escape::single_quoted(&text),
                'p' => {}
                's' | '&' => {
                    let from = *i - 2 - usize::from(global);
                    if m == 's' {
                        let sep = chars.get(*i).copied().unwrap_or('/');
                        let mut parts = [String::new(), String::new()];
                        *i += 1;
                        for part in &mut parts {
                            while let Some(&c) = chars.get(*i) {
                                *i += 1;
                                if c == sep {
                                    break;
                                }
                                part.push(c);
                            }
                        }
                        let [old, new] = parts;
                        let old = if old.is_empty() { self.edit.as_ref().map_or(String::new(), |e| e.0.clone()) } else { old };
                        self.edit = Some((old.clone(), new.replace('&', &old)));
                    }
                    let spec: String = chars[from..*i].iter().collect();
                    let shown = quick.map_or(spec, |q| format!(":s{q}"));
                    let Some((old, new)) = self.edit.clone().filter(|e| !e.0.is_empty() && text.contains(&e.0)) else {
                        return Err(format!("{shown}: substitution failed"));
                    };
                    text = if global { text.replace(&old, &new) } else { text.replacen(&old, &new, 1) };
                }
                c => return Err(format!(":{c}: unrecognized history modifier")),
            }
        }
        Ok(text)
    }
}

/// A line's words as history sees them: blanks separate, quotes hold together, operators stand alone.
fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '\\') => {
                word.push(c);
                word.extend(chars.next());
                continue;
            }
            (None, ' ' | '\t' | '\n') => {
                out.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                continue;
            }
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')') => {
                out.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                let mut op = c.to_string();
                while chars.peek() == Some(&c) && matches!(c, '&' | '|' | '<' | '>' | ';') {
                    op.extend(chars.next());
                }
                out.push(op);
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    out.extend((!word.is_empty()).then_some(word));
    out
}
