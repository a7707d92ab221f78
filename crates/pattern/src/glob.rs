//! Shell patterns: `*`, `?`, bracket expressions, backslash, and ksh's `@( ) ?( ) *( ) +( ) !( )`.
//! Not here: walking directories (the shell, find). Source: POSIX XCU 2.13, fnmatch(3), bash(1) "Pattern Matching".

/// How a pattern is read.
#[derive(Clone, Copy, Default)]
pub struct GlobFlags {
    /// A wildcard never matches a slash.
    pub pathname: bool,
    /// A leading dot must be matched by a dot.
    pub period: bool,
    /// ASCII letters match regardless of case.
    pub casefold: bool,
    /// `@(a|b)` and its kin are special.
    pub extended: bool,
}

/// So many steps a match may take: patterns such as `*(a|aa)` could go on for ever.
const STEPS: u32 = 1_000_000;

struct Matcher {
    flags: GlobFlags,
    steps: u32,
}

/// Whether `text` as a whole matches `pattern`.
pub fn fnmatch(pattern: &str, text: &str, flags: GlobFlags) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    if flags.period && text.first() == Some(&'.') && pattern.first() != Some(&'.') && pattern.get(..2) != Some(&['\\', '.']) {
        return false;
    }
    Matcher { flags, steps: STEPS }.go(&pattern, &text)
}

/// Whether a word has a character that makes it a pattern: `*`, `?` or `[` not behind a backslash.
pub fn has_magic(pattern: &str) -> bool {
    let mut escaped = false;
    // An open bracket without a closing one is a plain character.
    let last = pattern.rfind(']').unwrap_or(0);
    let mut at = 0;
    pattern.bytes().any(|b| {
        at += 1;
        let magic = !escaped && (matches!(b, b'*' | b'?') || b == b'[' && at <= last);
        escaped = !escaped && b == b'\\';
        magic
    })
}

impl Matcher {
    fn same(&self, a: char, b: char) -> bool {
        a == b || self.flags.casefold && a.eq_ignore_ascii_case(&b)
    }

    fn go(&mut self, mut p: &[char], mut t: &[char]) -> bool {
        // Where the last star stood, to try again with it one character longer.
        let mut retry: Option<(&[char], &[char])> = None;
        loop {
            if self.steps == 0 {
                return false;
            }
            self.steps -= 1;
            let ok = match p {
                [] => t.is_empty(),
                [k @ ('@' | '?' | '*' | '+' | '!'), '(', ..] if self.flags.extended && close(p).is_some() => {
                    let end = close(p).unwrap_or(p.len());
                    if self.group(*k, &p[2..end - 1], &p[end..], t) {
                        return true;
                    }
                    false
                }
                ['*', rest @ ..] => {
                    retry = Some((rest, t));
                    p = rest;
                    continue;
                }
                [c, rest @ ..] => match t {
                    [] => false,
                    [h, tail @ ..] => {
                        let next = match c {
                            '?' => (!(self.flags.pathname && *h == '/')).then_some(rest),
                            '[' => match self.bracket(rest, *h) {
                                Some((hit, rest)) => hit.then_some(rest),
                                None => self.same('[', *h).then_some(rest),
                            },
                            '\\' => match rest {
                                [e, rest @ ..] => self.same(*e, *h).then_some(rest),
                                [] => self.same('\\', *h).then_some(rest),
                            },
                            c => self.same(*c, *h).then_some(rest),
                        };
                        if let Some(next) = next {
                            p = next;
                            t = tail;
                            continue;
                        }
                        false
                    }
                },
            };
            if ok {
                return true;
            }
            match retry {
                Some((rest, [h, tail @ ..])) if !(self.flags.pathname && *h == '/') => {
                    retry = Some((rest, tail));
                    p = rest;
                    t = tail;
                }
                _ => return false,
            }
        }
    }

    /// A bracket expression after its `[`: whether `c` is in it, and what follows. `None`: no closing bracket.
    fn bracket<'p>(&self, p: &'p [char], c: char) -> Option<(bool, &'p [char])> {
        let negated = matches!(p.first(), Some('!' | '^'));
        let mut i = usize::from(negated);
        let (mut hit, mut first) = (false, true);
        loop {
            let (lo, next) = match *p.get(i)? {
                ']' if !first => {
                    let hit = hit != negated && !(self.flags.pathname && c == '/');
                    return Some((hit, &p[i + 1..]));
                }
                '[' if matches!(p.get(i + 1), Some(':' | '.' | '=')) => {
                    let kind = p[i + 1];
                    let len = p[i + 2..].windows(2).position(|w| w[0] == kind && w[1] == ']')?;
                    let name: String = p[i + 2..i + 2 + len].iter().collect();
                    i += len + 4;
                    first = false;
                    if kind == ':' {
                        hit |= class(&name, c);
                        continue;
                    }
                    (name.chars().next()?, i)
                }
                '\\' if p.get(i + 1).is_some() => (p[i + 1], i + 2),
                x => (x, i + 1),
            };
            first = false;
            i = next;
            let mut hi = lo;
            if p.get(i) == Some(&'-') && !matches!(p.get(i + 1), Some(']') | None) {
                let escaped = usize::from(p[i + 1] == '\\');
                hi = *p.get(i + 1 + escaped)?;
                i += 2 + escaped;
            }
            hit |= lo <= c && c <= hi;
            if self.flags.casefold {
                let (l, u) = (c.to_ascii_lowercase(), c.to_ascii_uppercase());
                hit |= lo <= l && l <= hi || lo <= u && u <= hi;
            }
        }
    }

    /// `kind(alternatives)` followed by `rest`.
    fn group(&mut self, kind: char, inner: &[char], rest: &[char], t: &[char]) -> bool {
        if matches!(kind, '?' | '*') && self.go(rest, t) {
            return true;
        }
        let parts = alternatives(inner);
        for n in 0..=t.len() {
            if self.steps == 0 {
                return false;
            }
            let hit = parts.iter().any(|part| self.go(part, &t[..n]));
            let more = match kind {
                '!' => !hit && self.go(rest, &t[n..]),
                '@' | '?' => hit && self.go(rest, &t[n..]),
                // Once more only if something was eaten.
                _ => hit && (self.go(rest, &t[n..]) || n > 0 && self.group('*', inner, rest, &t[n..])),
            };
            if more {
                return true;
            }
        }
        false
    }
}

/// Index behind the parenthesis that closes the group at the start of `p`.
fn close(p: &[char]) -> Option<usize> {
    let mut depth = 0;
    let mut i = 1;
    while i < p.len() {
        match p[i] {
            '\\' => i += 1,
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

fn alternatives(inner: &[char]) -> Vec<&[char]> {
    let (mut parts, mut depth, mut start, mut i) = (Vec::new(), 0, 0, 0);
    while i < inner.len() {
        match inner[i] {
            '\\' => i += 1,
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&inner[start..i]);
                start = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    parts.push(&inner[start..]);
    parts
}

/// Whether `c` belongs to the POSIX character class `name` in the C.UTF-8 locale (letters beyond ASCII count as letters).
fn class(name: &str, c: char) -> bool {
    match name {
        "alnum" => c.is_ascii_alphanumeric() || !c.is_ascii(),
        "alpha" => c.is_ascii_alphabetic() || !c.is_ascii(),
        "blank" => c == ' ' || c == '\t',
        "cntrl" => c.is_ascii_control(),
        "digit" => c.is_ascii_digit(),
        "graph" => c.is_ascii_graphic() || !c.is_ascii(),
        "lower" => c.is_ascii_lowercase(),
        "print" => c == ' ' || c.is_ascii_graphic() || !c.is_ascii(),
        "punct" => c.is_ascii_punctuation(),
        "space" => c.is_ascii_whitespace() || c == '\x0b',
        "upper" => c.is_ascii_uppercase(),
        "word" => c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii(),
        "xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let plain = GlobFlags::default();
        let ext = GlobFlags { extended: true, ..plain };
        let path = GlobFlags { pathname: true, period: true, ..plain };
        for (pattern, text, flags, want) in [
            ("", "", plain, true),
            ("*", "", plain, true),
            ("a*b*c", "aXbYbZc", plain, true),
            ("a*b*c", "aXbYbZ", plain, false),
            ("?1", "a1", plain, true),
            ("a[0-9]", "a5", plain, true),
            ("a[!1]*", "a1", plain, false),
            ("a[^1]*", "a.cf", plain, true),
            ("[]a]", "]", plain, true),
            ("[a", "[a", plain, true),
            ("[[:digit:]x-]*", "-z", plain, true),
            ("\\*", "*", plain, true),
            ("\\*", "a", plain, false),
            ("*", ".hid", path, false),
            (".*", ".hid", path, true),
            ("a*c", "a/c", path, false),
            ("a*c", "a/c", plain, true),
            ("*.@(cf|db)", "main.cf", ext, true),
            ("+(ab|c)", "abcab", ext, true),
            ("!(*.cf)", "main.cf", ext, false),
            ("!(*.cf)", "main.db", ext, true),
            ("a?(b)c", "ac", ext, true),
            ("@(a", "@(a", ext, true),
            ("邮?", "邮件", plain, true),
            ("AB", "ab", GlobFlags { casefold: true, ..plain }, true),
        ] {
            assert_eq!(fnmatch(pattern, text, flags), want, "{pattern} against {text}");
        }
        let long = "a".repeat(200);
        assert!(!fnmatch("*(*(a|aa)|aaa)b", &long, ext));
    }
}
