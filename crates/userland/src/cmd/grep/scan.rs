//! grep: one file: its lines, which match, what is printed of them with context, names, numbers and colours.
//! Not here: patterns and files (`grep`). Source: GNU grep 3.8, its default GREP_COLORS.

use crate::util::gnu;
use machine::{STDERR, STDOUT, Sys, Sysret};
use pattern::Regex;
use std::collections::VecDeque;

pub(super) struct Scan {
    pub(super) sys: Sys,
    pub(super) regexes: Vec<Regex>,
    pub(super) words: bool,
    pub(super) lines: bool,
    pub(super) invert: bool,
    pub(super) only: bool,
    pub(super) count: bool,
    /// `l` or `L`.
    pub(super) list: Option<u8>,
    pub(super) quiet: bool,
    pub(super) number: bool,
    pub(super) offset: bool,
    pub(super) tab: bool,
    pub(super) null: bool,
    pub(super) names: bool,
    pub(super) color: bool,
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) context: bool,
    pub(super) max: Option<u64>,
    pub(super) text: bool,
    pub(super) no_binary: bool,
    pub(super) utf8: bool,
    pub(super) label: String,
    /// A line with context has been printed: the next group is set apart.
    pub(super) printed: bool,
    pub(super) matched: bool,
}

/// A line and where it stands.
struct Line {
    text: Vec<u8>,
    number: u64,
    offset: u64,
}

fn word(b: Option<&u8>) -> bool {
    b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80)
}

impl Scan {
    /// The first match from `from` on; the longest of the patterns where several begin at the same place.
    fn find(&self, line: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for regex in &self.regexes {
            let found = if self.lines {
                regex.find(line, 0).map(|m| (m.start(), m.end())).filter(|m| from == 0 && *m == (0, line.len()))
            } else if self.words {
                word_match(regex, line, from)
            } else {
                regex.find(line, from).map(|m| (m.start(), m.end()))
            };
            best = match (best, found) {
                (Some(b), Some(f)) if f.0 < b.0 || f.0 == b.0 && f.1 > b.1 => Some(f),
                (None, f) => f,
                (b, _) => b,
            };
        }
        best
    }
    fn hit(&self, line: &[u8]) -> bool {
        self.find(line, 0).is_some() != self.invert
    }
    /// Searches a file. Its lines are looked at as they come, so that a pipe can be watched.
    pub(super) async fn file(&mut self, path: &str) -> Sysret<()> {
        let sys = self.sys.clone();
        let fd = gnu::open(&sys, path).await?;
        let name = if path == "-" { self.label.clone() } else { path.to_string() };
        let (mut rest, mut binary, mut number, mut offset) = (Vec::new(), false, 0u64, 0u64);
        let (mut count, mut trailing, mut last_shown) = (0u64, 0u64, 0u64);
        let mut earlier: VecDeque<Line> = VecDeque::new();
        let silent = self.quiet || self.count || self.list.is_some();
        let mut error = None;
        'file: loop {
            let part = match sys.read(fd, 32768).await {
                Ok(part) => part,
                Err(e) => {
                    error = Some(e);
                    break;
                }
            };
            let ended = part.is_empty();
            if !self.text && part.contains(&0) {
                binary = true;
                if self.no_binary {
                    gnu::close(&sys, fd).await;
                    return Ok(());
                }
            }
            rest.extend_from_slice(&part);
            let mut at = 0;
            while at < rest.len() {
                let end = rest[at..].iter().position(|b| *b == b'\n').map(|i| at + i);
                let (stop, next) = match end {
                    Some(end) => (end, end + 1),
                    None if ended => (rest.len(), rest.len()),
                    None => break,
                };
                let line = Line { text: rest[at..stop].to_vec(), number: number + 1, offset };
                number += 1;
                offset += (next - at) as u64;
                at = next;
                let enough = self.max.is_some_and(|m| count >= m);
                if !enough && self.hit(&line.text) {
                    count += 1;
                    self.matched = true;
                    if self.quiet || self.list.is_some() {
                        break 'file;
                    }
                    if silent {
                        continue;
                    }
                    if !self.text && (binary || self.utf8 && std::str::from_utf8(&line.text).is_err()) {
                        sys.print(STDERR, format_args!("grep: {name}: binary file matches\n"));
                        break 'file;
                    }
                    let first = earlier.front().map_or(line.number, |l| l.number);
                    if self.context && !self.only && self.printed && (last_shown == 0 || first > last_shown + 1) {
                        self.apart();
                    }
                    for l in std::mem::take(&mut earlier) {
                        if !self.only {
                            self.show(&name, &l, b'-');
                        }
                    }
                    self.show(&name, &line, b':');
                    self.printed = true;
                    last_shown = line.number;
                    trailing = self.after;
                } else if !silent && trailing > 0 && !(enough && self.hit(&line.text)) {
                    trailing -= 1;
                    if !self.only {
                        self.show(&name, &line, b'-');
                    }
                    last_shown = line.number;
                } else if enough {
                    break 'file;
                } else if !silent && self.before > 0 {
                    earlier.push_back(line);
                    if earlier.len() as u64 > self.before {
                        earlier.pop_front();
                    }
                }
                if self.max.is_some_and(|m| count >= m) && trailing == 0 && (silent || self.after == 0) {
                    break 'file;
                }
            }
            rest.drain(..at);
            if ended {
                break;
            }
        }
        gnu::close(&sys, fd).await;
        if let Some(e) = error {
            return Err(e);
        }
        if self.count && !self.quiet && self.list.is_none() {
            self.name(&name, b':');
            sys.print(STDOUT, format_args!("{count}\n"));
        }
        let listed = match self.list {
            Some(b'l') => count > 0,
            Some(_) => count == 0,
            None => false,
        };
        if listed && !self.quiet {
            let end = if self.null { '\0' } else { '\n' };
            sys.print(STDOUT, format_args!("{}{end}", self.paint("35", &name)));
        }
        Ok(())
    }
    fn apart(&self) {
        self.sys.print(STDOUT, format_args!("{}\n", self.paint("36", "--")));
    }
    fn paint(&self, color: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{color}m\u{1b}[K{text}\u{1b}[m\u{1b}[K") } else { text.to_string() }
    }
    fn separator(&self, sep: u8) {
        self.sys.print(STDOUT, format_args!("{}", self.paint("36", &char::from(sep).to_string())));
    }
    fn name(&self, name: &str, sep: u8) {
        if self.names {
            self.sys.print(STDOUT, format_args!("{}", self.paint("35", name)));
            if self.null { self.sys.put(STDOUT, b"\0") } else { self.separator(sep) }
        }
    }
    fn head(&self, name: &str, line: &Line, at: usize, sep: u8) {
        self.name(name, sep);
        let width = if self.tab { 4 } else { 0 };
        if self.number {
            let n = format!("{:width$}", line.number);
            self.sys.print(STDOUT, format_args!("{}", self.paint("32", &n)));
            self.separator(sep);
        }
        if self.offset {
            let n = format!("{:width$}", line.offset + at as u64);
            self.sys.print(STDOUT, format_args!("{}", self.paint("32", &n)));
            self.separator(sep);
        }
        if self.tab && (self.names || self.number || self.offset) {
            self.sys.put(STDOUT, b"\t");
        }
    }
    fn show(&self, name: &str, line: &Line, sep: u8) {
        let text = &line.text;
        let selected = sep == b':';
        // With -v the lines of the context are those that match.
        let matches = selected != self.invert;
        let mut matched = Vec::new();
        if (self.only || self.color) && matches {
            let mut at = 0;
            while let Some((a, b)) = self.find(text, at) {
                if b > a {
                    matched.push((a, b));
                    at = b;
                } else {
                    at = a + 1;
                }
                if at > text.len() {
                    break;
                }
            }
        }
        if self.only {
            for (a, b) in matched {
                if !self.invert {
                    self.head(name, line, a, sep);
                    self.part("01;31", &text[a..b]);
                    self.sys.put(STDOUT, b"\n");
                }
            }
            return;
        }
        self.head(name, line, 0, sep);
        let mut at = 0;
        for (a, b) in matched {
            self.sys.put(STDOUT, &text[at..a]);
            self.part("01;31", &text[a..b]);
            at = b;
        }
        self.sys.put(STDOUT, &text[at..]);
        self.sys.put(STDOUT, b"\n");
    }
    fn part(&self, color: &str, text: &[u8]) {
        if self.color {
            self.sys.print(STDOUT, format_args!("\u{1b}[{color}m\u{1b}[K"));
        }
        self.sys.put(STDOUT, text);
        if self.color {
            self.sys.put(STDOUT, b"\x1b[m\x1b[K");
        }
    }
}

/// A match that is a word of its own: a shorter one at the same place is tried first, then the next place.
fn word_match(regex: &Regex, line: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while let Some(m) = regex.find(line, at) {
        let (a, mut b) = (m.start(), m.end());
        loop {
            let before = a.checked_sub(1).and_then(|i| line.get(i));
            if !word(before) && !word(line.get(b)) && b > a {
                return Some((a, b));
            }
            if b <= a + 1 {
                break;
            }
            match regex.find(&line[..b - 1], a).filter(|m| m.start() == a) {
                Some(m) => b = m.end(),
                None => break,
            }
        }
        at = a + 1;
        if at > line.len() {
            break;
        }
    }
    None
}
