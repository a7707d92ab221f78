//! What `${x#y}`, `${x/y/z}`, `${x^y}` and their kin make of a value. Not here: reading the operators (`operate`).
//! Source: bash(1) "Parameter Expansion".

use pattern::{GlobFlags, fnmatch};

/// A text with its first character changed.
pub(super) fn first_char(s: &str, change: impl Fn(char) -> char) -> String {
    let mut chars = s.chars();
    chars.next().map(change).into_iter().chain(chars).collect()
}

/// An operation on a value: `#`, `%`, `/`, or a change of case.
pub(super) struct Edit {
    /// The operator's first character.
    pub(super) op: u8,
    /// It is doubled.
    pub(super) double: bool,
    /// `#` or `%` of `/#` and `/%`.
    pub(super) anchor: u8,
    pub(super) pattern: String,
    /// What stands between the places of the matched text.
    pub(super) with: Vec<String>,
}

impl Edit {
    /// The value after the operation.
    pub(super) fn apply(&self, s: &str, flags: GlobFlags) -> String {
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
            let with = self.with.concat();
            return match self.anchor {
                b'#' => with + s,
                b'%' => s.to_string() + &with,
                _ => s.into(),
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
                    out.push_str(&self.with.join(rest.get(..n).unwrap_or("")));
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
