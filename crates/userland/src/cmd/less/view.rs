//! Lines laid out in rows, and the screen. Not here: commands, reading.

use super::SWITCHES;
use crate::util::columns::char_width;
use machine::{STDOUT, Sys};
use pattern::{Options, Regex, Syntax};

/// The text and how it is shown.
pub(super) struct View {
    /// Columns and rows of the terminal.
    pub(super) size: (usize, usize),
    /// Lines as they look: tabs as blanks, control characters as `^X`.
    lines: Vec<String>,
    /// Where each line begins in the file; and the size of all.
    starts: Vec<usize>,
    pub(super) bytes: usize,
    /// Rows: line, and which part of it in bytes.
    pub(super) rows: Vec<(u32, u32, u32)>,
    /// First row shown.
    pub(super) top: usize,
    /// Columns shifted to the left (with -S).
    pub(super) shift: usize,
    on: Vec<u8>,
    regex: Option<Regex>,
}

impl View {
    pub(super) fn new(size: (usize, usize), on: Vec<u8>) -> View {
        View { size, lines: Vec::new(), starts: Vec::new(), bytes: 0, rows: Vec::new(), top: 0, shift: 0, on, regex: None }
    }
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.starts.clear();
        self.rows.clear();
        (self.bytes, self.top) = (0, 0);
    }
    pub(super) fn on(&self, letter: u8) -> bool {
        self.on.contains(&letter)
    }
    /// Switches an option.
    pub(super) fn toggle(&mut self, letter: u8) {
        let was = self.on(letter);
        self.on.retain(|&b| b != letter);
        if !was && SWITCHES.iter().any(|s| s.0 == letter) {
            self.on.push(letter);
        }
        self.layout();
    }
    /// Rows for text.
    pub(super) fn height(&self) -> usize {
        self.size.1.max(2) - 1
    }
    fn margin(&self) -> usize {
        if self.on(b'N') { 8 } else { 0 }
    }

    /// Takes bytes in; what is behind the last newline stays in `partial`.
    pub(super) fn push(&mut self, bytes: &[u8], partial: &mut Vec<u8>) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            partial.extend_from_slice(part);
            if let Some(line) = partial.strip_suffix(b"\n") {
                let line = line.to_vec();
                self.line(&line, true);
                partial.clear();
            }
        }
    }
    pub(super) fn line(&mut self, bytes: &[u8], newline: bool) {
        let mut out = String::new();
        let mut at = 0;
        for c in String::from_utf8_lossy(bytes).chars() {
            match c {
                '\t' => {
                    let fill = 8 - at % 8;
                    out.extend(std::iter::repeat_n(' ', fill));
                    at += fill;
                }
                '\u{1b}' if self.on(b'R') => out.push(c),
                c if (c as u32) < 32 => {
                    out.extend(['^', char::from(c as u8 + 64)]);
                    at += 2;
                }
                c => {
                    out.push(c);
                    at += char_width(c);
                }
            }
        }
        self.starts.push(self.bytes);
        self.bytes += bytes.len() + usize::from(newline);
        if self.on(b's') && out.is_empty() && self.lines.last().is_some_and(String::is_empty) {
            self.starts.pop();
            return;
        }
        self.lines.push(out);
        self.lay(self.lines.len() - 1);
    }
    /// Breaks a line into rows.
    fn lay(&mut self, n: usize) {
        let line = &self.lines[n];
        let room = self.size.0.saturating_sub(self.margin()).max(1);
        let (mut from, mut used) = (0, 0);
        if !self.on(b'S') {
            for (i, c) in line.char_indices() {
                let width = char_width(c);
                if used + width > room {
                    self.rows.push((n as u32, from as u32, i as u32));
                    (from, used) = (i, 0);
                }
                used += width;
            }
        }
        self.rows.push((n as u32, from as u32, line.len() as u32));
    }
    /// Lays all lines out anew; the line at the top stays there.
    pub(super) fn layout(&mut self) {
        let line = self.rows.get(self.top).map_or(0, |r| r.0);
        self.rows.clear();
        for n in 0..self.lines.len() {
            self.lay(n);
        }
        self.top = self.row_of_line(line as usize);
    }
    /// The first row of a line; of the last one if there are fewer.
    pub(super) fn row_of_line(&self, line: usize) -> usize {
        let row = self.rows.partition_point(|r| (r.0 as usize) < line);
        row.min(self.rows.len().saturating_sub(1))
    }
    /// The row that holds a byte of the file.
    pub(super) fn row_at(&self, byte: usize) -> usize {
        self.row_of_line(self.starts.partition_point(|&s| s <= byte).saturating_sub(1))
    }

    pub(super) fn set_pattern(&mut self, pattern: &str) -> bool {
        let smart = self.on(b'i') && !pattern.bytes().any(|b| b.is_ascii_uppercase());
        let options = Options { icase: smart || self.on(b'I'), utf8: true, ..Options::default() };
        self.regex = Regex::new(pattern.as_bytes(), Syntax::Extended, options).ok();
        self.regex.is_some()
    }
    /// The next line with a match behind the top one, or the one before. `here`: the top one counts too.
    pub(super) fn find(&self, row: usize, forward: bool, here: bool) -> Option<usize> {
        let regex = self.regex.as_ref()?;
        let line = self.rows.get(row)?.0 as usize;
        let hit = |n: &usize| regex.find(self.lines[*n].as_bytes(), 0).is_some();
        let found =
            if forward { (line + usize::from(!here)..self.lines.len()).find(hit) } else { (0..line + usize::from(here)).rev().find(hit) };
        found.map(|n| self.row_of_line(n))
    }

    /// `f lines 1-9/25 byte 70/293 24%`.
    pub(super) fn place(&self, name: &str) -> String {
        let shown = |row: usize| self.rows.get(row.min(self.rows.len().saturating_sub(1))).map_or(0, |r| r.0 as usize);
        let (first, last) = (shown(self.top), shown(self.top + self.height() - 1));
        let byte = self.starts.get(last + 1).copied().unwrap_or(self.bytes);
        let percent = (byte * 100 + self.bytes / 2) / self.bytes.max(1);
        let name = if name == "-" { String::new() } else { format!("{name} ") };
        format!("{name}lines {}-{}/{} byte {byte}/{} {percent}%", first + 1, last + 1, self.lines.len(), self.bytes)
    }

    /// A row with its matches in reverse.
    fn text(&self, row: usize) -> String {
        let Some(&(line, from, to)) = self.rows.get(row) else { return "~".into() };
        let text = self.lines.get(line as usize).map_or("", String::as_str);
        let (mut from, mut to) = (from as usize, to as usize);
        let mut out = String::new();
        if self.margin() > 0 {
            out.push_str(&format!("{:7} ", line + 1));
        }
        let mut cut = false;
        if self.on(b'S') {
            let room = self.size.0.saturating_sub(self.margin());
            let place = |columns: usize| text.char_indices().nth(columns).map_or(text.len(), |(i, _)| i);
            from = place(self.shift);
            cut = text.chars().count() > self.shift + room;
            to = if cut { place(self.shift + room - 1) } else { text.len() };
        }
        let mut at = from;
        while let Some(m) = self.regex.as_ref().filter(|_| !self.on(b'G')).and_then(|r| r.find(text.as_bytes(), at)) {
            let (start, end) = (m.start().max(from), m.end().min(to));
            if m.start() >= to || m.end() == m.start() {
                break;
            }
            out.push_str(text.get(at..start).unwrap_or(""));
            out.push_str(&format!("\x1b[7m{}\x1b[m", text.get(start..end).unwrap_or("")));
            at = end;
        }
        out.push_str(text.get(at..to).unwrap_or(""));
        if cut {
            out.push_str("\x1b[7m>\x1b[m");
        }
        out
    }

    /// Draws everything.
    pub(super) fn draw(&self, sys: &Sys, prompt: &str, inverse: bool) {
        sys.put(STDOUT, b"\x1b[H");
        let height = self.height();
        // A text that is shorter than the screen has its prompt right below it.
        let count = if self.top == 0 && self.rows.len() < height { self.rows.len() } else { height };
        for row in self.top..self.top + count {
            sys.print(STDOUT, format_args!("\x1b[2K{}\r\n", self.text(row)));
        }
        let prompt: String = prompt.chars().take(self.size.0 - 1).collect();
        let (on, off) = if inverse { ("\x1b[7m", "\x1b[m") } else { ("", "") };
        sys.print(STDOUT, format_args!("\x1b[2K{on}{prompt}{off}"));
        if count < height {
            sys.put(STDOUT, b"\x1b[J");
        }
    }
}
