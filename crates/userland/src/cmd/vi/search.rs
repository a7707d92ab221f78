//! Searching, and vim's notation of patterns turned into Perl's. Source: vim's pattern.txt ('magic').

use super::Vi;
use super::text::{Pos, pos};
use pattern::{Match, Options, Regex, Syntax};

/// A pattern in Perl's notation, and whether `\c` or `\C` was in it. `before`: what `~` stands for.
fn perl(pattern: &str) -> (String, Option<bool>) {
    let mut out = String::new();
    let mut icase = None;
    let mut very = false;
    let mut start = true;
    let mut chars = pattern.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let rest = &pattern[i + c.len_utf8()..];
        let begins = std::mem::take(&mut start);
        match c {
            '\\' => {
                let Some((_, e)) = chars.next() else {
                    out.push_str("\\\\");
                    break;
                };
                match e {
                    'v' => very = true,
                    'm' => very = false,
                    'c' => icase = Some(true),
                    'C' => icase = Some(false),
                    '(' | '|' if !very => {
                        out.push(e);
                        start = true;
                    }
                    ')' | '+' if !very => out.push(e),
                    '=' | '?' if !very => out.push('?'),
                    '%' if rest.starts_with("%(") || pattern[i..].starts_with("\\%(") => {
                        chars.next();
                        out.push_str("(?:");
                        start = true;
                    }
                    '{' if !very => {
                        let mut body: String = chars.by_ref().map(|(_, c)| c).take_while(|c| *c != '}').collect();
                        let lazy = body.starts_with('-');
                        if lazy {
                            body.remove(0);
                        }
                        let body = body.trim_end_matches('\\');
                        match body {
                            "" => out.push('*'),
                            b if b.starts_with(',') => out.push_str(&format!("{{0{b}}}")),
                            b => out.push_str(&format!("{{{b}}}")),
                        }
                        if lazy {
                            out.push('?');
                        }
                    }
                    '<' => out.push_str("\\b(?=\\w)"),
                    '>' => out.push_str("\\b(?<=\\w)"),
                    's' => out.push_str("[ \\t]"),
                    'S' => out.push_str("[^ \\t]"),
                    'a' => out.push_str("[A-Za-z]"),
                    'l' => out.push_str("[a-z]"),
                    'u' => out.push_str("[A-Z]"),
                    'x' => out.push_str("[0-9A-Fa-f]"),
                    'h' => out.push_str("[A-Za-z_]"),
                    'd' | 'D' | 'w' | 'W' | 't' | 'e' | 'r' | '1'..='9' => out.extend(['\\', e]),
                    'z' => match chars.next() {
                        Some((_, 's')) => out.push_str("\\K"),
                        _ => out.push_str("(?="),
                    },
                    c if c.is_ascii_alphanumeric() => out.push(c),
                    c => out.extend(['\\', c]),
                }
                if matches!(e, 'v' | 'm' | 'c' | 'C') {
                    start = begins;
                }
            }
            '*' if begins && !very => out.push_str("\\*"),
            '*' | '.' => out.push(c),
            '^' if begins => {
                out.push('^');
                // A star behind it stands for itself.
                start = true;
            }
            '^' => out.push_str("\\^"),
            '$' if rest.is_empty() || rest.starts_with("\\|") || rest.starts_with("\\)") || very => out.push('$'),
            '$' => out.push_str("\\$"),
            '[' => match rest.get(1..).and_then(|r| r.find(']')) {
                Some(len) => {
                    out.push('[');
                    let body = &rest[..len + 2];
                    let (negated, inner) = match body[..body.len() - 1].strip_prefix('^') {
                        Some(inner) => ("^", inner),
                        None => ("", &body[..body.len() - 1]),
                    };
                    out.push_str(negated);
                    for c in inner.chars() {
                        if c == '[' && !inner.contains("[:") || c == ']' {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                    out.push(']');
                    for _ in body.chars() {
                        chars.next();
                    }
                }
                None => out.push_str("\\["),
            },
            '<' if very => out.push_str("\\b(?=\\w)"),
            '>' if very => out.push_str("\\b(?<=\\w)"),
            '=' if very => out.push('?'),
            '(' | '|' if very => {
                out.push(c);
                start = true;
            }
            ')' | '+' | '?' | '{' | '}' if very => out.push(c),
            '(' | ')' | '|' | '+' | '?' | '{' | '}' | ']' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    // `\ze`: what is behind it must only be there.
    let open = out.matches("(?=").count().saturating_sub(out.matches("(?=\\w)").count());
    out.push_str(&")".repeat(open));
    (out, icase)
}

impl Vi {
    /// Compiles a pattern; the last one if it is empty. `None` after a message.
    pub(super) fn compile(&mut self, pattern: &str) -> Option<Regex> {
        if pattern.is_empty() && self.pattern.is_empty() {
            self.fail("E35: No previous regular expression");
            return None;
        }
        if !pattern.is_empty() {
            self.pattern = pattern.to_string();
        }
        let (text, icase) = perl(&self.pattern);
        let smart = self.options.on("smartcase") && self.pattern.bytes().any(|b| b.is_ascii_uppercase());
        let icase = icase.unwrap_or(self.options.on("ignorecase") && !smart);
        match Regex::new(text.as_bytes(), Syntax::Perl, Options { icase, utf8: true, ..Options::default() }) {
            Ok(regex) => Some(regex),
            Err(_) => {
                self.fail(format!("E486: Pattern not found: {}", self.pattern));
                None
            }
        }
    }

    /// A line as bytes, and where its characters begin.
    pub(super) fn line_bytes(&self, row: usize) -> (String, Vec<usize>) {
        let text: String = self.text.line(row).iter().collect();
        let mut starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        starts.push(text.len());
        (text, starts)
    }

    /// Columns of all matches in a line.
    fn matches(&self, regex: &Regex, row: usize) -> Vec<usize> {
        let (text, starts) = self.line_bytes(row);
        let col = |m: &Match| starts.binary_search(&m.start()).unwrap_or_else(|i| i);
        let (mut out, mut from) = (Vec::new(), 0);
        while let Some(m) = regex.find(text.as_bytes(), from) {
            let at = col(&m);
            // A match of nothing at the end of a line is none, unless the line is empty.
            if at + 1 < starts.len() || starts.len() == 1 {
                out.push(at);
            }
            match starts.get(at + 1) {
                Some(&next) => from = next,
                None => break,
            }
        }
        out
    }

    /// The next match from `from`, around the end of the text if need be; whether it went around.
    pub(super) fn seek(&self, regex: &Regex, from: Pos, forward: bool) -> Option<(Pos, bool)> {
        let n = self.text.len();
        for i in 0..=n {
            let row = if forward { (from.row + i) % n } else { (from.row + n - i % n) % n };
            let cols = self.matches(regex, row);
            let ahead = |c: &&usize| if forward { **c > from.col } else { **c < from.col };
            let found = match (i, forward) {
                (0, true) => cols.iter().find(ahead),
                (0, false) => cols.iter().rev().find(ahead),
                (_, true) => cols.first(),
                (_, false) => cols.last(),
            };
            if let Some(&col) = found {
                let around = i > 0 && if forward { row <= from.row } else { row >= from.row };
                if around && !self.options.on("wrapscan") {
                    return None;
                }
                return Some((pos(row, col), around));
            }
        }
        None
    }

    pub(super) fn search_for(&mut self, typed: &str, forward: bool, count: usize) -> Option<Pos> {
        let mark = if forward { '/' } else { '?' };
        let pattern = split(typed, mark).0;
        self.forward = forward;
        self.search(&pattern, forward, count)
    }
    pub(super) fn search_again(&mut self, reverse: bool, count: usize) -> Option<Pos> {
        let forward = self.forward != reverse;
        self.search("", forward, count)
    }
    /// `*` and `#`.
    pub(super) fn search_word(&mut self, forward: bool) -> Option<Pos> {
        let line = self.text.line(self.at.row);
        let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c as u32 >= 0xC0;
        let start = (self.at.col..line.len()).find(|&i| word(&line[i]));
        let Some(start) = start else {
            self.fail("E348: No string under cursor");
            return None;
        };
        let from = (0..start).rev().take_while(|&i| word(&line[i])).last().unwrap_or(start);
        let text: String = line[from..].iter().take_while(|c| word(c)).collect();
        self.forward = forward;
        self.search(&format!("\\<{text}\\>"), forward, 1)
    }

    fn search(&mut self, pattern: &str, forward: bool, count: usize) -> Option<Pos> {
        let regex = self.compile(pattern)?;
        let mark = if forward { '/' } else { '?' };
        self.say(format!("{mark}{}", self.pattern));
        let mut at = self.at;
        for _ in 0..count {
            let Some((to, around)) = self.seek(&regex, at, forward) else {
                let end = if self.options.on("wrapscan") {
                    format!("E486: Pattern not found: {}", self.pattern)
                } else if forward {
                    format!("E385: Search hit BOTTOM without match for: {}", self.pattern)
                } else {
                    format!("E384: Search hit TOP without match for: {}", self.pattern)
                };
                self.fail(end);
                return None;
            };
            if around {
                self.say(if forward { "search hit BOTTOM, continuing at TOP" } else { "search hit TOP, continuing at BOTTOM" });
            }
            at = to;
        }
        Some(at)
    }
}

/// Splits at the first `mark` that has no backslash; a backslash in front of a mark goes.
pub(super) fn split(text: &str, mark: char) -> (String, Option<String>) {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == mark {
            return (out, Some(chars.as_str().to_string()));
        }
        if c == '\\' {
            match chars.next() {
                Some(n) if n == mark => out.push(n),
                Some(n) => out.extend([c, n]),
                None => out.push(c),
            }
            continue;
        }
        out.push(c);
    }
    (out, None)
}
