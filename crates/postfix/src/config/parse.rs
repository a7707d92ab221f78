//! Logical lines of Postfix's text files (comments, continuation lines) and the `name = value` entries of main.cf.
//! Not here: what the values mean. Source: postconf(5) "GENERAL" and the CONFIG file format of postmap(1).

use crate::maillog::Log;
use machine::{Map, SimTime};

/// A logical line: its text without newlines, the physical line where it begins and the one where it ends.
#[derive(Clone)]
#[allow(missing_docs)]
pub(crate) struct LogicalLine {
    pub(crate) text: String,
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Where in the text the later physical lines begin, and their numbers.
    pub(crate) breaks: Vec<(usize, u32)>,
}

/// Whether C's isspace says so.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Splits a file into logical lines. `Err` items are lines that begin with white space without a line before to continue.
pub(crate) fn logical_lines(bytes: &[u8]) -> Vec<Result<LogicalLine, String>> {
    let text = String::from_utf8_lossy(bytes);
    let mut out: Vec<Result<LogicalLine, String>> = Vec::new();
    let mut current: Option<LogicalLine> = None;
    for (i, line) in text.split_terminator('\n').enumerate() {
        let number = i as u32 + 1;
        let inner = line.trim_start_matches(is_space);
        if inner.is_empty() || inner.starts_with('#') {
            // A comment or an empty line ends nothing: the text goes on below it.
            continue;
        }
        let continues = line.len() != inner.len();
        match &mut current {
            Some(l) if continues => {
                l.breaks.push((l.text.len(), number));
                l.text.push_str(line);
                l.last = number;
            }
            _ => {
                out.extend(current.take().map(finish));
                current = Some(LogicalLine { text: line.to_string(), first: number, last: number, breaks: Vec::new() });
            }
        }
    }
    out.extend(current.map(finish));
    out
}

fn finish(line: LogicalLine) -> Result<LogicalLine, String> {
    if line.text.starts_with(is_space) { Err(line.text) } else { Ok(line) }
}

/// The logical lines of `path`, with Postfix's warning about lines that begin with white space.
pub(crate) fn logical_lines_of(log: &Log, path: &str, bytes: &[u8]) -> Vec<LogicalLine> {
    let mut lines = Vec::new();
    for line in logical_lines(bytes) {
        match line {
            Ok(line) => lines.push(line),
            Err(text) => {
                let (short, dots) = cut(&text, 30);
                log.warn(format_args!("{path}: logical line must not start with whitespace: \"{short}{dots}\""));
            }
        }
    }
    lines
}

/// At most `max` bytes of a text, and `...` if it was longer.
pub(crate) fn cut(text: &str, max: usize) -> (&str, &'static str) {
    if text.len() <= max {
        return (text, "");
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text.get(..end).unwrap_or(""), "...")
}

/// One entry of main.cf.
#[derive(Clone)]
#[allow(missing_docs)]
pub(crate) struct Entry {
    pub(crate) value: String,
    /// Line where the entry begins.
    pub(crate) line: u32,
    /// Where in the value its later lines begin, and their numbers.
    pub(crate) breaks: Vec<(usize, u32)>,
}

impl Entry {
    /// The line of each word of the value, in their order. One that comes out of a `$name` stands where that does, or before it.
    pub(crate) fn lines<'a>(&'a self, words: &'a [String]) -> impl Iterator<Item = u32> + 'a {
        lines_of(&self.value, self.line, &self.breaks, words)
    }
}

/// The lines on which words of a text stand, in their order.
pub(super) fn lines_of<'a>(text: &'a str, first: u32, breaks: &'a [(usize, u32)], words: &'a [String]) -> impl Iterator<Item = u32> + 'a {
    let mut from = 0;
    words.iter().map(move |word| {
        let at = text.get(from..).and_then(|v| v.find(word.as_str())).map_or(from, |n| from + n);
        if at > from || text.starts_with(word) {
            from = at + word.len();
        }
        breaks.iter().rev().find(|(start, _)| *start <= at).map_or(first, |b| b.1)
    })
}

/// The entries of a main.cf, the last one of each name.
pub(crate) struct MainCf {
    /// The file's path.
    pub(crate) path: String,
    /// Its entries by name.
    pub(crate) entries: Map<String, Entry>,
    /// When it was written that was read.
    pub(crate) written: SimTime,
}

/// Splits `name = value`.
///
/// # Errors
/// Postfix's words for what is missing.
pub(crate) fn split_nameval(text: &str) -> Result<(&str, &str), &'static str> {
    let text = text.trim_start_matches(is_space);
    let name_end = text.find(|c: char| is_space(c) || c == '=').unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    if name.is_empty() {
        return Err("missing attribute name");
    }
    match rest.trim_start_matches(is_space).strip_prefix('=') {
        Some(value) => Ok((name, value.trim_matches(is_space))),
        None => Err("missing '=' after attribute name"),
    }
}

impl MainCf {
    /// Reads a main.cf, again and again until it is two seconds old: somebody may still be writing it.
    ///
    /// # Errors
    /// The text of Postfix's fatal message.
    pub(crate) async fn load(log: &Log, path: &str) -> Result<MainCf, String> {
        let sys = log.sys();
        let mut before = sys.now().secs();
        let mut main = MainCf { path: path.to_string(), entries: Map::new(), written: SimTime::default() };
        loop {
            let bytes = sys.read_file(path).await.map_err(|e| format!("open {path}: {e}"))?;
            main.parse(log, &bytes)?;
            main.written = sys.stat(path).await.map_or(SimTime::default(), |st| st.mtime);
            let written = main.written.secs();
            let after = sys.now().secs();
            if written + 1 < before || written > after {
                return Ok(main);
            }
            before = after;
            let _ = sys.sleep(300_000).await;
        }
    }
    /// Takes the entries of a text over those of an earlier reading; warnings go to `log`.
    fn parse(&mut self, log: &Log, bytes: &[u8]) -> Result<(), String> {
        let path = &self.path;
        for line in logical_lines_of(log, path, bytes) {
            let (name, value) =
                split_nameval(&line.text).map_err(|why| format!("{path}, line {}: {why}: \"{}\"", line.first, line.text))?;
            let start = value.as_ptr() as usize - line.text.as_ptr() as usize;
            let breaks = line.breaks.iter().map(|(at, n)| (at.saturating_sub(start), *n)).collect();
            if let Some(old) = self.entries.insert(name.to_string(), Entry { value: value.to_string(), line: line.first, breaks })
                && old.value != value
            {
                log.warn(format_args!("{path}, line {}: overriding earlier entry: {name}={}", line.first, old.value));
            }
        }
        Ok(())
    }
}
