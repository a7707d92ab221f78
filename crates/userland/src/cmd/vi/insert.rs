//! Insert and replace mode, and the line typed at the bottom. Source: vim's insert.txt, cmdline.txt.

use super::text::{Line, pos};
use super::{Mode, Vi};
use crate::util::keys::{DELETE, DOWN, END, ESC, HOME, INSERT, LEFT, RIGHT, UP};
use std::rc::Rc;

impl Vi {
    /// Takes text until ESC; what was typed is inserted `count` times.
    pub(super) async fn insert_mode(&mut self, replace: bool, count: usize) {
        self.mode = if replace { Mode::Replace } else { Mode::Insert };
        self.text.begin();
        let mut typed: Vec<char> = Vec::new();
        let mut replaced: Vec<Option<char>> = Vec::new();
        self.say("");
        loop {
            let key = self.key().await;
            match key {
                ESC | '\u{3}' => break,
                '\u{8}' | '\u{7f}' => {
                    typed.pop();
                    if replace {
                        self.unreplace(replaced.pop());
                    } else {
                        self.rub_out();
                    }
                    continue;
                }
                '\u{17}' => {
                    let line = self.text.line(self.at.row);
                    let blanks = line[..self.at.col].iter().rev().take_while(|c| **c == ' ').count();
                    let word = line[..self.at.col - blanks].iter().rev().take_while(|c| **c != ' ').count();
                    for _ in 0..blanks + word {
                        self.rub_out();
                    }
                    continue;
                }
                '\u{15}' => {
                    self.text.edit(self.at.row).drain(..self.at.col);
                    self.at.col = 0;
                    continue;
                }
                UP | DOWN | LEFT | RIGHT | HOME | END | DELETE => {
                    // Moving ends one insertion and begins another.
                    self.move_inserting(key);
                    typed.clear();
                    continue;
                }
                INSERT => {
                    self.mode = if self.mode == Mode::Insert { Mode::Replace } else { Mode::Insert };
                    continue;
                }
                _ => {}
            }
            let c = match key {
                '\u{16}' => self.key().await,
                '\u{12}' => {
                    let name = self.key().await;
                    for c in self.register_text(name) {
                        self.type_char(c, false);
                    }
                    continue;
                }
                '\r' => '\n',
                c => c,
            };
            typed.push(c);
            let old = self.type_char(c, self.mode == Mode::Replace);
            replaced.push(old);
        }
        for _ in 1..count {
            for &c in &typed {
                self.type_char(c, replace);
            }
        }
        self.at.col = self.at.col.saturating_sub(1);
        self.mode = Mode::Normal;
        self.want = self.at.col;
        self.marks.insert('.', self.at);
    }

    fn rub_out(&mut self) {
        let (row, col) = (self.at.row, self.at.col);
        if col > 0 {
            self.text.edit(row).remove(col - 1);
            self.at.col -= 1;
        } else if row > 0 {
            let gone = self.text.remove(row, row + 1);
            self.at = pos(row - 1, self.text.line(row - 1).len());
            self.text.edit(row - 1).extend(gone.iter().flat_map(|l| l.iter()));
        }
    }
    /// Puts back what replace mode has overwritten.
    fn unreplace(&mut self, old: Option<Option<char>>) {
        self.at.col = self.at.col.saturating_sub(1);
        let col = self.at.col;
        let line = self.text.edit(self.at.row);
        match old {
            Some(Some(c)) if col < line.len() => line[col] = c,
            Some(None) if col < line.len() => drop(line.remove(col)),
            _ => {}
        }
    }

    /// Puts one character in; gives the one it replaced.
    pub(super) fn type_char(&mut self, c: char, replace: bool) -> Option<char> {
        let (row, col) = (self.at.row, self.at.col);
        if c == '\n' {
            let line = self.text.edit(row);
            let mut rest = line.split_off(col.min(line.len()));
            let mut indent = 0;
            if self.options.on("autoindent") && !self.options.on("paste") {
                let blanks: Vec<char> = self.text.line(row).iter().copied().take_while(|c| matches!(c, ' ' | '\t')).collect();
                indent = blanks.len();
                rest.splice(0..0, blanks);
            }
            self.text.insert(row + 1, vec![Line::new(rest)]);
            self.at = pos(row + 1, indent);
            return None;
        }
        if c == '\t' && self.options.on("expandtab") {
            let stop = match self.options.number("softtabstop") {
                0 => self.options.number("tabstop").max(1),
                n => n,
            };
            let fill = stop - self.column(self.at) % stop;
            self.text.edit(row).splice(col..col, vec![' '; fill]);
            self.at.col += fill;
            return None;
        }
        let line = self.text.edit(row);
        let col = col.min(line.len());
        let old = if replace && col < line.len() { Some(std::mem::replace(&mut line[col], c)) } else { None };
        if old.is_none() {
            line.insert(col, c);
        }
        self.at.col = col + 1;
        old
    }

    fn move_inserting(&mut self, key: char) {
        let (row, len) = (self.at.row, self.text.line(self.at.row).len());
        match key {
            LEFT => self.at.col = self.at.col.saturating_sub(1),
            RIGHT => self.at.col = (self.at.col + 1).min(len),
            HOME => self.at.col = 0,
            END => self.at.col = len,
            UP => self.at.row = row.saturating_sub(1),
            DOWN => self.at.row = (row + 1).min(self.text.len() - 1),
            _ if self.at.col < len => drop(self.text.edit(row).remove(self.at.col)),
            _ => {}
        }
        self.settle();
    }

    /// Reads a line at the bottom of the screen. `None`: given up.
    pub(super) async fn command_line(&mut self, prompt: char, start: &str) -> Option<String> {
        let mode = std::mem::replace(&mut self.mode, Mode::Command);
        self.command = (prompt, start.chars().collect(), start.chars().count());
        let mut old = self.history.len();
        let done = loop {
            let key = self.key().await;
            let mut recall = None;
            let (_, line, at) = &mut self.command;
            match key {
                ESC | '\u{3}' => break None,
                '\r' | '\n' => break Some(line.iter().collect::<String>()),
                '\u{8}' | '\u{7f}' if line.is_empty() => break None,
                '\u{8}' | '\u{7f}' if *at > 0 => {
                    *at -= 1;
                    line.remove(*at);
                }
                '\u{8}' | '\u{7f}' => {}
                DELETE if *at < line.len() => drop(line.remove(*at)),
                '\u{15}' => {
                    line.drain(..*at);
                    *at = 0;
                }
                '\u{17}' => {
                    let blanks = line[..*at].iter().rev().take_while(|c| **c == ' ').count();
                    let word = line[..*at - blanks].iter().rev().take_while(|c| **c != ' ').count();
                    line.drain(*at - blanks - word..*at);
                    *at -= blanks + word;
                }
                LEFT => *at = at.saturating_sub(1),
                RIGHT => *at = (*at + 1).min(line.len()),
                HOME | '\u{2}' => *at = 0,
                END | '\u{5}' => *at = line.len(),
                UP | '\u{10}' => recall = (0..old).rev().find(|&i| self.history[i].starts_with(prompt)),
                DOWN | '\u{e}' => {
                    recall =
                        Some((old + 1..self.history.len()).find(|&i| self.history[i].starts_with(prompt)).unwrap_or(self.history.len()))
                }
                _ => {
                    let c = if key == '\u{16}' { self.key().await } else { key };
                    let (_, line, at) = &mut self.command;
                    line.insert(*at, c);
                    *at += 1;
                }
            }
            if let Some(i) = recall {
                old = i;
                let text = self.history.get(i).and_then(|h| h.strip_prefix(prompt)).unwrap_or("");
                self.command = (prompt, text.chars().collect(), text.chars().count());
            }
        };
        self.mode = mode;
        self.say("");
        if let Some(line) = done.as_ref().filter(|l| !l.is_empty()) {
            let entry = format!("{prompt}{line}");
            self.history.retain(|h| *h != entry);
            self.history.push(entry);
        }
        done
    }

    /// Text of a register as it would be typed.
    pub(super) fn register_text(&self, name: char) -> Vec<char> {
        let Some(reg) = self.registers.get(&name) else { return Vec::new() };
        let mut out: Vec<char> = Vec::new();
        for (n, line) in reg.lines.iter().enumerate() {
            if n > 0 {
                out.push('\n');
            }
            out.extend(line.iter());
        }
        if reg.whole {
            out.push('\n');
        }
        out
    }

    /// Opens a new line for `o` and `O`.
    pub(super) fn open_line(&mut self, row: usize) {
        let mut line = Line::default();
        if self.options.on("autoindent") && !self.options.on("paste") {
            line = Rc::new(self.text.line(self.at.row).iter().copied().take_while(|c| matches!(c, ' ' | '\t')).collect());
        }
        self.at = pos(row, line.len());
        self.text.insert(row, vec![line]);
    }
}
