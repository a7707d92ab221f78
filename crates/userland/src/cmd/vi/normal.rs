//! Commands of normal and visual mode. Not here: motions, operators, insert mode, `:` commands. Source: vim's index.txt.

use super::motion::Span;
use super::operator::{Stretch, swapped};
use super::text::{Line, pos};
use super::{Mode, Vi};
use crate::util::keys::{DELETE, ESC, INSERT, PAGE_DOWN, PAGE_UP};
use machine::{KillTarget, Signal};

impl Vi {
    /// Takes and carries out one command. True if `.` repeats it.
    pub(super) async fn normal(&mut self) -> bool {
        let mut count: Option<usize> = None;
        let key = loop {
            let key = self.key().await;
            match key {
                '1'..='9' | '0' if key != '0' || count.is_some() => {
                    let digit = key.to_digit(10).unwrap_or(0) as usize;
                    count = Some((count.unwrap_or(0) * 10 + digit).min(10_000_000));
                }
                '"' => self.register = Some(self.key().await),
                key => break key,
            }
        };
        match self.mode {
            Mode::Visual(whole) => self.visual(key, count, whole).await,
            _ => self.command(key, count).await,
        }
    }

    /// Moves the cursor if the key is a motion; else says whether it was one that failed.
    pub(super) async fn go(&mut self, key: char, count: Option<usize>) -> Result<(), bool> {
        let from = self.at;
        let to = self.motion(key, count, false).await?;
        self.at = to.to;
        if let (Span::Lines, Some(want)) = (to.span, to.want) {
            self.want = want;
            self.at.col = self.col_for(self.at.row, want);
        } else {
            self.want = to.want.unwrap_or(to.to.col);
        }
        if matches!(key, 'G' | '/' | '?' | 'n' | 'N' | '*' | '#' | '%' | '{' | '}' | 'H' | 'M' | 'L' | '\'' | '`')
            || self.at.row.abs_diff(from.row) > 1 && key == 'g'
        {
            self.jumped = from;
        }
        Ok(())
    }
    pub(super) fn col_for(&self, row: usize, want: usize) -> usize {
        want.min(self.text.line(row).len().saturating_sub(1))
    }

    async fn command(&mut self, key: char, count: Option<usize>) -> bool {
        let n = count.unwrap_or(1).max(1);
        let len = self.text.line(self.at.row).len();
        let row = self.at.row;
        match key {
            'd' | 'c' | 'y' | '>' | '<' | '=' | '!' => return self.operate(key, count).await,
            'x' | DELETE | 's' => {
                let to = pos(row, (self.at.col + n).min(len));
                let op = if key == 's' { 'c' } else { 'd' };
                return (len > 0 || key == 's') && self.apply(op, Stretch { from: self.at, to, whole: false }, 1).await;
            }
            'X' if self.at.col > 0 => {
                let from = pos(row, self.at.col.saturating_sub(n));
                return self.apply('d', Stretch { from, to: self.at, whole: false }, 1).await;
            }
            'D' | 'C' => {
                let end = (row + n - 1).min(self.text.len() - 1);
                let to = pos(end, self.text.line(end).len());
                return self.apply(key.to_ascii_lowercase(), Stretch { from: self.at, to, whole: false }, 1).await;
            }
            'Y' | 'S' => {
                let to = pos((row + n - 1).min(self.text.len() - 1), 0);
                return self.apply(if key == 'Y' { 'y' } else { 'c' }, Stretch { from: pos(row, 0), to, whole: true }, 1).await;
            }
            'p' | 'P' => self.put(key == 'P', n),
            'i' | INSERT => self.insert_mode(false, n).await,
            'a' => {
                self.at.col = (self.at.col + 1).min(len);
                self.insert_mode(false, n).await;
            }
            'I' => {
                let line = self.text.line(row);
                self.at.col = line.iter().position(|c| !matches!(c, ' ' | '\t')).unwrap_or(len);
                self.insert_mode(false, n).await;
            }
            'A' => {
                self.at.col = len;
                self.insert_mode(false, n).await;
            }
            'o' | 'O' => {
                self.open_line(row + usize::from(key == 'o'));
                self.insert_mode(false, 1).await;
            }
            'R' => self.insert_mode(true, n).await,
            'r' => {
                let c = self.key().await;
                if c == ESC || self.at.col + n > len {
                    return false;
                }
                let (from, to) = (self.at.col, self.at.col + n);
                if c == '\r' || c == '\n' {
                    self.text.edit(row).drain(from..to);
                    self.type_char('\n', false);
                } else {
                    self.text.edit(row)[from..to].fill(c);
                    self.at.col = to - 1;
                }
                self.want = self.at.col;
            }
            'J' => return self.join(row, n, true),
            '~' if len > 0 => {
                let to = (self.at.col + n).min(len);
                for c in &mut self.text.edit(row)[self.at.col..to] {
                    *c = swapped(*c);
                }
                self.at.col = to;
                self.settle();
                self.want = self.at.col;
            }
            'u' | '\u{12}' => {
                for _ in 0..n {
                    self.undo(key != 'u');
                }
                return false;
            }
            'U' => {
                let (at, line) = self.line_before.clone();
                if at == row && at < self.text.len() {
                    let old = self.text.lines[at].clone();
                    *self.text.edit(at) = line.to_vec();
                    self.line_before = (at, old);
                    self.at.col = 0;
                }
                return false;
            }
            '.' => {
                let mut keys = self.dot.clone();
                if count.is_some() {
                    let digits = keys.iter().take_while(|c| c.is_ascii_digit()).count();
                    keys.drain(..digits);
                    keys.splice(0..0, n.to_string().chars());
                }
                for key in keys.into_iter().rev() {
                    self.queue.push_front(key);
                }
                return false;
            }
            ':' => {
                let range = match count {
                    Some(1) => ".".into(),
                    Some(n) => format!(".,.+{}", n - 1),
                    None => String::new(),
                };
                self.ex(&range).await;
                return false;
            }
            '&' => {
                self.execute("s").await;
                return true;
            }
            'v' | 'V' => {
                self.mode = Mode::Visual(key == 'V');
                self.anchor = self.at;
                return false;
            }
            'm' => {
                let name = self.key().await;
                self.marks.insert(name, self.at);
                return false;
            }
            'q' => {
                self.record().await;
                return false;
            }
            '@' => {
                let name = self.key().await;
                let keys = self.register_text(name);
                for _ in 0..n {
                    for &key in keys.iter().rev() {
                        self.queue.push_front(if key == '\n' { '\r' } else { key });
                    }
                }
                return false;
            }
            'Z' => {
                match self.key().await {
                    'Z' => self.execute("x").await,
                    'Q' => self.execute("q!").await,
                    _ => {}
                }
                return false;
            }
            'z' => {
                let to = self.key().await;
                let row = count.map_or(row, |n| n.max(1) - 1).min(self.text.len() - 1);
                self.at.row = row;
                match to {
                    't' | '\r' => self.top = row,
                    'z' | '.' => self.top = self.centred(row),
                    'b' | '-' => self.top = self.at_bottom(row),
                    _ => {}
                }
                if matches!(to, '\r' | '.' | '-') {
                    self.at.col = self.text.indent(row);
                }
                return false;
            }
            '\u{6}' | '\u{2}' | '\u{4}' | '\u{15}' | '\u{5}' | '\u{19}' | PAGE_DOWN | PAGE_UP => {
                self.page(key, n, count.is_some());
                return false;
            }
            '\u{7}' => {
                self.tell_file();
                return false;
            }
            '\u{c}' => {
                self.drawn.clear();
                return false;
            }
            '\u{1a}' => {
                self.keys.leave().await;
                let _ = self.sys.kill(KillTarget::Pid(self.sys.pid()), Some(Signal::Stop)).await;
                self.keys.enter().await;
                self.drawn.clear();
                return false;
            }
            ESC => return false,
            _ => {
                self.after_g = None;
                if self.go(key, count).await == Err(false) {
                    return self.after_g(count).await;
                }
                return false;
            }
        }
        true
    }

    /// What `g` and a key that is no motion do.
    async fn after_g(&mut self, count: Option<usize>) -> bool {
        match self.after_g.take() {
            Some('J') => self.join(self.at.row, count.unwrap_or(1), false),
            Some(op @ ('~' | 'u' | 'U')) => self.operate(op, count).await,
            Some('i') => {
                self.at = self.marks.get(&'.').copied().unwrap_or(self.at);
                self.settle();
                self.at.col = (self.at.col + 1).min(self.text.line(self.at.row).len());
                self.insert_mode(false, 1).await;
                true
            }
            Some('v') => {
                if let (Some(&from), Some(&to)) = (self.marks.get(&'<'), self.marks.get(&'>')) {
                    (self.anchor, self.at, self.mode) = (from, to, Mode::Visual(false));
                }
                false
            }
            _ => false,
        }
    }

    pub(super) fn undo(&mut self, redo: bool) {
        self.text.commit(self.sys.now());
        let offset = self.sys.utc_offset();
        let clock = |t| {
            let d = machine::DateTime::new(t, offset);
            format!("{:02}:{:02}:{:02}", d.hour, d.minute, d.second)
        };
        match self.text.undo(redo, self.sys.now(), &clock) {
            Some(told) => {
                self.say(told.text);
                self.at = pos(told.row, told.col.unwrap_or(self.text.indent(told.row)));
                self.want = self.at.col;
            }
            None => self.say(if redo { "Already at newest change" } else { "Already at oldest change" }),
        }
    }

    async fn record(&mut self) {
        if let Some((name, mut keys)) = self.recording.take() {
            keys.pop();
            self.registers.insert(name, super::Register { lines: vec![Line::new(keys)], whole: false });
            self.say("");
        } else {
            let name = self.key().await;
            if name.is_ascii_alphanumeric() {
                self.recording = Some((name, Vec::new()));
                self.say("");
            }
        }
    }

    /// An operator: takes the motion, object or repetition of the key that says what it works on.
    async fn operate(&mut self, op: char, count: Option<usize>) -> bool {
        let mut second: Option<usize> = None;
        let key = loop {
            let key = self.key().await;
            match key {
                '1'..='9' | '0' if key != '0' || second.is_some() => {
                    second = Some((second.unwrap_or(0) * 10 + key.to_digit(10).unwrap_or(0) as usize).min(10_000_000));
                }
                key => break key,
            }
        };
        let count = match (count, second) {
            (Some(a), Some(b)) => Some(a.saturating_mul(b)),
            (a, b) => a.or(b),
        };
        let n = count.unwrap_or(1).max(1);
        let (at, last) = (self.at, self.text.len() - 1);
        if key == op || matches!((op, key), ('~' | 'u' | 'U', 'g')) {
            if key == 'g' {
                self.key().await;
            }
            let end = at.row + n - 1;
            // `d3d` with fewer lines takes what there is.
            return self.apply(op, Stretch { from: pos(at.row, 0), to: pos(end.min(last), 0), whole: true }, 1).await;
        }
        if matches!(key, 'i' | 'a') {
            let kind = self.key().await;
            let Some((from, to, whole)) = self.object(key == 'a', kind) else { return false };
            return self.apply(op, Stretch { from, to: pos(to.row, to.col + 1), whole }, 1).await;
        }
        let mut motion = key;
        let here = self.text.line(at.row).get(at.col).copied();
        if op == 'c' && matches!(key, 'w' | 'W') && here.is_some_and(|c| !matches!(c, ' ' | '\t')) {
            // `cw` changes up to the end of the word.
            motion = if key == 'w' { 'e' } else { 'E' };
            if n == 1 && self.object(false, key).is_some_and(|(_, end, _)| end == at) {
                return self.apply(op, Stretch { from: at, to: pos(at.row, at.col + 1), whole: false }, 1).await;
            }
        }
        let Ok(moved) = self.motion(motion, count, true).await else { return false };
        let (mut from, mut to) = (at.min(moved.to), at.max(moved.to));
        let mut whole = moved.span == Span::Lines;
        match moved.span {
            Span::Inclusive => to.col += 1,
            Span::Exclusive if to.row > from.row => {
                if matches!(motion, 'w' | 'W') {
                    // A word at the end of a line ends there.
                    while to.row > from.row && to.col <= self.text.indent(to.row) {
                        to = pos(to.row - 1, self.text.line(to.row - 1).len());
                    }
                } else if to.col == 0 {
                    to = pos(to.row - 1, self.text.line(to.row - 1).len());
                    whole = from.col <= self.text.indent(from.row);
                }
            }
            _ => {}
        }
        if whole {
            from.col = 0;
        } else if from == to {
            if op == 'c' {
                self.insert_mode(false, 1).await;
            }
            return op == 'c';
        }
        self.apply(op, Stretch { from, to, whole }, 1).await
    }
}
