//! `$name` expansion: `$x ${x} $(x) ${x?y} ${x:y} ${x?{y}:{z}} ${{a} == {b} ? {y} : {z}}`, with Postfix's words for mistakes.
//! Not here: where values come from (the [`Scope`] of the caller). Source: postconf(5), "parameter_name=value".

use super::parse::{cut, is_space};

/// Where names get their values.
pub(crate) trait Scope {
    /// The value of a name, or `None` if there is no such thing.
    fn lookup(&self, name: &str) -> Option<String>;
    /// Compatibility levels compared as such: `<=level`.
    fn has_level(&self) -> bool {
        false
    }
}

/// What came of an expansion.
#[derive(Default)]
pub(crate) struct Expanded {
    /// The text.
    pub(crate) text: String,
    /// Warnings to log.
    pub(crate) warnings: Vec<String>,
    /// A mistake was found: the text is not to be used.
    pub(crate) error: bool,
    /// A name had no value.
    pub(crate) undefined: bool,
}

struct Job<'a> {
    scope: &'a dyn Scope,
    recurse: bool,
    /// Both branches of every condition are looked at.
    scan: bool,
    out: Expanded,
    level: u32,
}

/// Expands `text`; with `recurse` the values found are expanded too.
pub(crate) fn expand(text: &str, scope: &dyn Scope, recurse: bool) -> Expanded {
    run(text, Job { scope, recurse, scan: false, out: Expanded::default(), level: 0 })
}

/// Only looks names up: all that the text refers to, in all branches of its conditions.
pub(crate) fn scan(text: &str, scope: &dyn Scope) -> Expanded {
    run(text, Job { scope, recurse: false, scan: true, out: Expanded::default(), level: 0 })
}

fn run(text: &str, mut job: Job<'_>) -> Expanded {
    job.parse(text);
    job.out
}

impl Job<'_> {
    fn mistake(&mut self, text: String) {
        self.out.warnings.push(text);
        self.out.error = true;
    }
    /// A mistake that ends a reference.
    fn fail<T>(&mut self, text: String) -> Option<T> {
        self.mistake(text);
        None
    }

    /// Splits the text into literal parts and references. After a mistake in a value the text around it is still gone through: without a
    /// result, but with what is said of the level.
    fn parse(&mut self, text: &str) {
        let mut rest = text;
        let mut literal = String::new();
        while let Some(at) = rest.find('$') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                literal.push('$');
                rest = after;
                continue;
            }
            if !literal.is_empty() {
                self.literal(&literal);
                literal.clear();
            }
            let name;
            if rest.starts_with(['(', '{']) {
                match closing(rest) {
                    Some(end) => {
                        name = &rest[1..end];
                        rest = &rest[end + 1..];
                    }
                    None => return self.mistake(format!("truncated macro reference: \"{text}\"")),
                }
            } else {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (name, rest) = rest.split_at(end);
            }
            if name.is_empty() {
                return self.mistake(format!("empty macro name: \"{text}\""));
            }
            self.reference(name);
        }
        literal.push_str(rest);
        if !literal.is_empty() && !self.out.error {
            self.literal(&literal);
        }
    }

    fn deeper(&mut self, text: &str) -> bool {
        self.level += 1;
        if self.level > 101 {
            self.mistake(format!("unreasonable macro call nesting: \"{text}\""));
        }
        !self.out.error
    }

    fn literal(&mut self, text: &str) {
        if self.deeper(text) {
            self.out.text.push_str(text);
            self.level -= 1;
        }
    }

    /// A mistake in the reference itself leaves the level as it is, as Postfix does: many of them seem to be nested.
    fn reference(&mut self, text: &str) {
        if self.deeper(text) && self.evaluate(text).is_some() {
            self.level -= 1;
        }
    }

    fn evaluate(&mut self, text: &str) -> Option<()> {
        let start = text.trim_start_matches(is_space);
        let (value, operator, rest);
        if start.starts_with('{') {
            let (found, after) = self.relation(start)?;
            value = Some(if found { "true".to_string() } else { String::new() });
            operator = after.chars().next();
            if !matches!(operator, None | Some('?' | ':')) {
                return self.fail(format!("\"?\" or \":\" expected at: \"...}}>>>{}\"", cut(after, 20).0));
            }
            rest = after.get(1..).unwrap_or("");
        } else {
            let end = start.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(start.len());
            let after = start[end..].trim_start_matches(is_space);
            operator = after.chars().next();
            if !matches!(operator, None | Some('?' | ':')) {
                let at = text.len() - start.len() + end;
                return self.fail(format!("attribute name syntax error at: \"...{}>>>{}\"", &text[..at], cut(&text[at..], 20).0));
            }
            rest = after.get(1..).unwrap_or("");
            value = self.scope.lookup(&start[..end]);
        }
        let filled = value.as_ref().is_some_and(|v| !v.is_empty());
        match operator {
            None => match value {
                None => self.out.undefined = true,
                Some(v) if self.recurse => self.parse(&v),
                Some(v) => self.out.text.push_str(&v),
            },
            Some('?') => {
                let (yes, rest) = self.operand(rest)?;
                if filled || self.scan {
                    self.parse(yes);
                }
                if rest.is_empty() {
                    return Some(());
                }
                let Some(no) = rest.strip_prefix(':') else {
                    return self.fail(format!("\":\" expected at: \"...{yes}}}>>>{}\"", cut(rest, 20).0));
                };
                self.otherwise(no, filled)?;
            }
            Some(_) => self.otherwise(rest, filled)?,
        }
        Some(())
    }

    fn otherwise(&mut self, text: &str, filled: bool) -> Option<()> {
        let (no, rest) = self.operand(text)?;
        if !filled || self.scan {
            self.parse(no);
        }
        if rest.is_empty() { Some(()) } else { self.fail(format!("unexpected input at: \"...{no}}}>>>{}\"", cut(rest, 20).0)) }
    }

    /// An operand in braces and what follows it; without braces all of the text.
    fn operand<'t>(&mut self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let start = text.trim_start_matches(is_space);
        if start.starts_with('{') { self.braces(start) } else { Some((text, "")) }
    }

    /// The content of braces, and what follows them and white space.
    fn braces<'t>(&mut self, text: &'t str) -> Option<(&'t str, &'t str)> {
        match closing(text) {
            Some(end) => Some((&text[1..end], text[end + 1..].trim_start_matches(is_space))),
            None => self.fail(format!("unbalanced {{}} in attribute expression: \"{text}\"")),
        }
    }

    /// `{a} == {b}`: its value and what follows.
    fn relation<'t>(&mut self, text: &'t str) -> Option<(bool, &'t str)> {
        let (left, rest) = self.braces(text)?;
        let end = rest.find(|c: char| !"<>!=?+-*/~&|%".contains(c)).unwrap_or(rest.len());
        let (op, mut after) = rest.split_at(end);
        if !matches!(op, "==" | "!=" | "<" | "<=" | ">=" | ">") {
            // The stray quotes are Postfix's own.
            return self.fail(format!(
                "\"==\" or \"!=\"\" or \"<\"\" or \"<=\"\" or \">=\"\" or \">\" expected at: \"...{left}}}>>>{}\"",
                cut(rest, 20).0
            ));
        }
        let suffix_end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        let mut level = false;
        if suffix_end > 0 && self.scope.has_level() {
            let suffix = &after[..suffix_end];
            if suffix != "level" {
                return self.fail(format!("bad operator suffix at: \"...{op}>>>{suffix}\""));
            }
            level = true;
            after = &after[suffix_end..];
        }
        let start = after.trim_start_matches(is_space);
        if !start.starts_with('{') {
            return self.fail(format!("\"{{expression}}\" expected at: \"...{{{left}}} {op}>>>{}\"", cut(after, 20).0));
        }
        let (right, rest) = self.braces(start)?;
        let (a, b) = (self.inner(left)?, self.inner(right)?);
        if self.scan {
            return Some((false, rest));
        }
        let order = if level {
            match (super::compat_level(&a), super::compat_level(&b)) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Err(why), _) | (_, Err(why)) => return self.fail(why),
            }
        } else if digits(&a) && digits(&b) {
            a.parse::<i64>().unwrap_or(i64::MAX).cmp(&b.parse::<i64>().unwrap_or(i64::MAX))
        } else {
            a.cmp(&b)
        };
        let holds = match op {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">=" => order.is_ge(),
            _ => order.is_gt(),
        };
        Some((holds, rest))
    }

    fn inner(&mut self, text: &str) -> Option<String> {
        let saved = std::mem::take(&mut self.out.text);
        self.parse(text);
        let result = std::mem::replace(&mut self.out.text, saved);
        if self.out.error { None } else { Some(result) }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Position of the bracket that closes the one at the beginning.
fn closing(text: &str) -> Option<usize> {
    let open = *text.as_bytes().first()?;
    let close = if open == b'(' { b')' } else { b'}' };
    let mut level = 0u32;
    for (i, b) in text.bytes().enumerate() {
        if b == open {
            level += 1;
        } else if b == close {
            level -= 1;
            if level == 0 {
                return Some(i);
            }
        }
    }
    None
}
