//! Operators on a stretch of text, and registers. Source: vim's change.txt.

use super::text::{Line, Pos, pos};
use super::{Mode, Register, Vi};
use std::rc::Rc;

/// More lines than this are told of ('report').
pub(super) const REPORT: usize = 2;

/// A stretch of text: whole lines `from.row` to `to.row`, or characters from `from` up to but not including `to`.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: Pos,
    pub(super) to: Pos,
    pub(super) whole: bool,
}

impl Vi {
    /// What visual mode has selected: first and last place, and whether it is lines.
    pub(super) fn selection(&self) -> Option<(Pos, Pos, bool)> {
        let Mode::Visual(whole) = self.mode else { return None };
        Some((self.at.min(self.anchor), self.at.max(self.anchor), whole))
    }

    fn copy(&self, s: Stretch) -> Vec<Line> {
        if s.whole {
            return self.text.lines[s.from.row..=s.to.row.min(self.text.len() - 1)].to_vec();
        }
        let cut = |row: usize, from: usize, to: usize| {
            let line = self.text.line(row);
            Line::new(line[from.min(line.len())..to.min(line.len()).max(from.min(line.len()))].to_vec())
        };
        if s.from.row == s.to.row {
            return vec![cut(s.from.row, s.from.col, s.to.col)];
        }
        let mut out = vec![cut(s.from.row, s.from.col, usize::MAX)];
        out.extend(self.text.lines[s.from.row + 1..s.to.row].iter().cloned());
        out.push(cut(s.to.row, 0, s.to.col));
        out
    }

    fn cut(&mut self, s: Stretch) {
        if s.whole {
            self.text.remove(s.from.row, s.to.row + 1);
            return;
        }
        let tail = self.text.line(s.to.row).get(s.to.col..).unwrap_or_default().to_vec();
        let line = self.text.edit(s.from.row);
        line.truncate(s.from.col);
        line.extend(tail);
        if s.to.row > s.from.row {
            self.text.remove(s.from.row + 1, s.to.row + 1);
        }
    }

    /// Puts text into the register named for this command, and into those that are always filled.
    pub(super) fn store(&mut self, lines: Vec<Line>, whole: bool, deleted: bool) {
        let reg = Register { lines, whole };
        let name = self.register.take().filter(|n| !matches!(n, '"' | '+' | '*'));
        match name {
            Some('_') => return,
            Some(c) if c.is_ascii_uppercase() => {
                let old = self.registers.entry(c.to_ascii_lowercase(), Register::default);
                match old.lines.last_mut().filter(|_| !old.whole && !reg.whole) {
                    Some(last) => {
                        Rc::make_mut(last).extend(reg.lines.first().iter().flat_map(|l| l.iter()));
                        old.lines.extend(reg.lines.iter().skip(1).cloned());
                    }
                    None => {
                        old.lines.extend(reg.lines.iter().cloned());
                        old.whole |= reg.whole;
                    }
                }
                let whole = old.clone();
                self.registers.insert('"', whole);
                return;
            }
            Some(c) => drop(self.registers.insert(c, reg.clone())),
            None if !deleted => drop(self.registers.insert('0', reg.clone())),
            None => {}
        }
        if deleted && (reg.whole || reg.lines.len() > 1) {
            for n in (b'1'..b'9').rev() {
                if let Some(old) = self.registers.get(&char::from(n)).cloned() {
                    self.registers.insert(char::from(n + 1), old);
                }
            }
            self.registers.insert('1', reg.clone());
        } else if deleted && name.is_none() {
            self.registers.insert('-', reg.clone());
        }
        self.registers.insert('"', reg);
    }

    /// Tells of many lines gone or come.
    pub(super) fn report(&mut self, before: usize) {
        let after = self.text.len();
        if self.text.none {
            self.say("--No lines in buffer--");
        } else if before > after + REPORT {
            self.say(format!("{} fewer lines", before - after));
        } else if after > before + REPORT {
            self.say(format!("{} more lines", after - before));
        }
    }

    /// Carries an operator out. True if `.` repeats it.
    pub(super) async fn apply(&mut self, op: char, s: Stretch, count: usize) -> bool {
        let rows = s.to.row - s.from.row + 1;
        let before = self.text.len();
        match op {
            'y' => {
                let lines = self.copy(s);
                self.store(lines, s.whole, false);
                let col = if s.whole { self.at.col } else { s.from.col };
                self.at = if s.whole && s.from.row == self.at.row { self.at } else { pos(s.from.row, col) };
                self.want = self.at.col;
                if rows > REPORT {
                    self.say(format!("{rows} lines yanked"));
                }
                return false;
            }
            'd' => {
                let lines = self.copy(s);
                self.store(lines, s.whole, true);
                self.cut(s);
                let row = s.from.row.min(self.text.len() - 1);
                self.at = if s.whole { pos(row, self.text.indent(row)) } else { s.from };
                self.report(before);
            }
            'c' => {
                let lines = self.copy(s);
                self.store(lines, s.whole, true);
                if s.whole {
                    let keep = if self.options.on("autoindent") {
                        self.text.line(s.from.row).iter().take_while(|c| matches!(c, ' ' | '\t')).count()
                    } else {
                        0
                    };
                    self.text.remove(s.from.row + 1, s.to.row + 1);
                    self.text.edit(s.from.row).truncate(keep);
                    self.at = pos(s.from.row, keep);
                } else {
                    self.cut(s);
                    self.at = s.from;
                }
                self.report(before);
                self.insert_mode(false, 1).await;
            }
            '>' | '<' => {
                for row in s.from.row..=s.to.row {
                    self.shift(row, op == '>', count);
                }
                self.at = pos(s.from.row, self.text.indent(s.from.row));
                if rows > REPORT {
                    self.say(format!("{rows} lines {op}ed {count} time{}", if count == 1 { "" } else { "s" }));
                }
            }
            '~' | 'u' | 'U' => {
                for row in s.from.row..=s.to.row {
                    let from = if s.whole || row > s.from.row { 0 } else { s.from.col };
                    let to = if s.whole || row < s.to.row { usize::MAX } else { s.to.col };
                    let line = self.text.edit(row);
                    let to = to.min(line.len());
                    for c in &mut line[from.min(to)..to] {
                        *c = match op {
                            'u' => c.to_ascii_lowercase(),
                            'U' => c.to_ascii_uppercase(),
                            _ => swapped(*c),
                        };
                    }
                }
                self.at = if s.whole { pos(s.from.row, self.at.col) } else { s.from };
            }
            '!' => {
                let range = if rows == 1 { ".!".to_string() } else { format!(".,.+{}!", rows - 1) };
                self.at.row = s.from.row;
                self.ex(&range).await;
                return false;
            }
            other => {
                self.fail(format!("{other}: not simulated here"));
                return false;
            }
        }
        self.want = self.at.col;
        self.marks.insert('.', self.at);
        true
    }

    pub(super) fn shift(&mut self, row: usize, right: bool, count: usize) {
        let (tab, size) = (self.options.number("tabstop").max(1), self.options.number("shiftwidth"));
        let step = if size == 0 { tab } else { size } * count;
        let line = self.text.line(row);
        if line.is_empty() {
            return;
        }
        let blanks = line.iter().take_while(|c| matches!(c, ' ' | '\t')).count();
        let width = line[..blanks].iter().fold(0, |w, c| if *c == '\t' { w + tab - w % tab } else { w + 1 });
        let width = if right { width + step } else { width.saturating_sub(step) };
        let tabs = if self.options.on("expandtab") { 0 } else { width / tab };
        let mut indent = vec!['\t'; tabs];
        indent.resize(tabs + width - tabs * tab, ' ');
        self.text.edit(row).splice(..blanks, indent);
    }

    /// `p` and `P`.
    pub(super) fn put(&mut self, before: bool, count: usize) {
        let name = self.register.unwrap_or('"').to_ascii_lowercase();
        let name = if matches!(name, '+' | '*') { '"' } else { name };
        let Some(reg) = self.registers.get(&name).cloned() else {
            if name != '"' {
                self.fail(format!("E353: Nothing in register {name}"));
            }
            return;
        };
        let lines = self.text.len();
        if reg.whole {
            let row = self.at.row + usize::from(!before);
            let list: Vec<Line> = (0..count).flat_map(|_| reg.lines.iter().cloned()).collect();
            self.text.insert(row, list);
            self.at = pos(row, self.text.indent(row));
        } else {
            let empty = self.text.line(self.at.row).is_empty();
            let col = self.at.col + usize::from(!before && !empty);
            let tail = self.text.edit(self.at.row).split_off(col);
            let (row, mut list) = (self.at.row, Vec::new());
            let mut last = std::mem::take(self.text.edit(row));
            for _ in 0..count {
                for (n, line) in reg.lines.iter().enumerate() {
                    if n > 0 {
                        list.push(Line::new(std::mem::take(&mut last)));
                    }
                    last.extend(line.iter());
                }
            }
            let end = last.len();
            last.extend(tail);
            let many = !list.is_empty();
            list.push(Line::new(last));
            self.text.remove(row, row + 1);
            if lines == 1 {
                // Taking the only line left an empty one.
                self.text.insert(0, list);
                self.text.remove(self.text.len() - 1, self.text.len());
            } else {
                self.text.insert(row, list);
            }
            self.at = if many { pos(row, col) } else { pos(row, end.saturating_sub(1)) };
        }
        self.want = self.at.col;
        self.report(lines);
    }

    /// `J`: joins `count` lines; with blanks between them as the text wants it.
    pub(super) fn join(&mut self, row: usize, count: usize, blanks: bool) -> bool {
        if row + 1 >= self.text.len() {
            return false;
        }
        for _ in 1..count.max(2) {
            if row + 1 >= self.text.len() {
                break;
            }
            let next = self.text.remove(row + 1, row + 2);
            let next: &[char] = next.first().map_or(&[], |l| l.as_slice());
            let lead = if blanks { next.iter().take_while(|c| matches!(c, ' ' | '\t')).count() } else { 0 };
            let line = self.text.edit(row);
            self.at = pos(row, line.len());
            let rest = &next[lead..];
            if blanks && !rest.is_empty() && rest[0] != ')' && !line.is_empty() && !matches!(line.last(), Some(' ' | '\t')) {
                line.push(' ');
            } else if !line.is_empty() && (rest.is_empty() || blanks) {
                self.at.col = line.len().saturating_sub(1);
            }
            line.extend_from_slice(rest);
        }
        self.want = self.at.col;
        true
    }
}

pub(super) fn swapped(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}
