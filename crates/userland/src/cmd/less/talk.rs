//! The commands of less. Not here: reading (`less`), the screen (`view`). Source: less(1), "COMMANDS".

use super::view::View;
use super::{Less, SWITCHES, help};
use crate::util::keys::{DOWN, END, ESC, GONE, HOME, LEFT, PAGE_DOWN, PAGE_UP, RESIZED, RIGHT, UP};
use machine::{Interest, Open, STDOUT};

impl Less {
    pub(super) async fn talk(&mut self) -> i32 {
        loop {
            if let Some(status) = self.status {
                return status;
            }
            self.fill(self.view.top).await;
            let prompt = self.prompt();
            let inverse = prompt != ":";
            if !self.keys.pending() {
                self.view.draw(&self.sys, &prompt, inverse);
            }
            let mut digits = String::new();
            let key = loop {
                let key = self.keys.key().await;
                if key.is_ascii_digit() && self.message.is_empty() {
                    digits.push(key);
                    self.view.draw(&self.sys, &format!(":{digits}"), false);
                    continue;
                }
                break key;
            };
            if let Some(b) = self.switch.take() {
                self.view.toggle(b);
            }
            if !std::mem::take(&mut self.message).is_empty() && matches!(key, '\r' | '\n' | ' ') {
                continue;
            }
            self.command(key, digits.parse().ok()).await;
        }
    }

    /// Moves so many rows down, not further than the last screen (`past`: than the last row).
    async fn down(&mut self, rows: usize, past: bool) {
        self.fill(self.view.top + rows).await;
        let left = if past { 1 } else { self.view.height() };
        let most = self.view.rows.len().saturating_sub(left).max(self.view.top.min(self.view.rows.len().saturating_sub(1)));
        if self.at_end() && (self.view.on(b'e') || self.view.on(b'E')) {
            self.next_file(1).await;
            return;
        }
        self.view.top = (self.view.top + rows).min(most);
    }
    fn up(&mut self, rows: usize) {
        self.view.top = self.view.top.saturating_sub(rows);
    }

    async fn next_file(&mut self, by: i64) {
        let to = self.file as i64 + by;
        if to < 0 || to as usize >= self.files.len() {
            if self.view.on(b'e') || self.view.on(b'E') {
                self.status = Some(0);
            }
            self.message = if by > 0 { "No next file".into() } else { "No previous file".into() };
            return;
        }
        self.file = to as usize;
        self.start_file().await;
    }

    pub(super) async fn command(&mut self, key: char, count: Option<usize>) {
        let page = self.view.height();
        let n = count.unwrap_or(1);
        let old = self.view.top;
        let was_fresh = std::mem::replace(&mut self.fresh, false);
        match key {
            'q' | 'Q' | GONE => self.status = Some(0),
            ' ' | 'f' | '\u{6}' | '\u{16}' | PAGE_DOWN => self.down(count.unwrap_or(page), false).await,
            'z' => self.down(count.unwrap_or(page), false).await,
            'b' | '\u{2}' | PAGE_UP | 'w' => self.up(count.unwrap_or(page)),
            'j' | 'e' | '\r' | '\n' | '\u{e}' | '\u{5}' | DOWN => self.down(n, false).await,
            'J' => self.down(n, true).await,
            'k' | 'y' | 'K' | '\u{10}' | '\u{19}' | UP => self.up(n),
            'd' | '\u{4}' | 'u' | '\u{15}' => {
                if let Some(n) = count {
                    self.half = n;
                }
                let half = if self.half > 0 { self.half } else { page.div_ceil(2) };
                if matches!(key, 'd' | '\u{4}') { self.down(half, false).await } else { self.up(half) }
            }
            'g' | '<' | HOME => {
                self.fill(n).await;
                self.view.top = self.view.row_of_line(n.saturating_sub(1));
                self.before = old;
            }
            'G' | '>' | END => {
                self.fill(usize::MAX / 2).await;
                self.view.top = match count {
                    Some(n) => self.view.row_of_line(n.saturating_sub(1)),
                    None => self.view.rows.len().saturating_sub(page),
                };
                self.before = old;
            }
            'p' | '%' => {
                self.fill(usize::MAX / 2).await;
                self.view.top = self.view.row_at((self.view.bytes * n.min(100) + 50) / 100);
            }
            '/' | '?' => {
                let Some(pattern) = self.ask(&key.to_string()).await else { return };
                self.before = old;
                self.search(&pattern, key == '/', n).await;
            }
            'n' | 'N' => {
                if self.pattern.is_empty() {
                    self.message = "No previous regular expression".into();
                    return;
                }
                let forward = self.forward == (key == 'n');
                self.find(forward, n, false).await;
            }
            'F' => self.follow().await,
            'r' | 'R' | '\u{c}' | RESIZED => {
                self.view.size = self.keys.size;
                self.view.layout();
            }
            '=' | '\u{7}' => {
                self.fill(usize::MAX / 2).await;
                self.message = self.view.place(&self.files[self.file]);
            }
            'h' | 'H' => self.help().await,
            'm' => {
                let name = self.keys.key().await;
                self.marks.retain(|m| m.0 != name);
                self.marks.push((name, old));
            }
            '\'' => {
                let name = self.keys.key().await;
                let to = match name {
                    '\'' => Some(self.before),
                    '^' => Some(0),
                    '$' => Some(self.view.rows.len().saturating_sub(page)),
                    _ => self.marks.iter().find(|m| m.0 == name).map(|m| m.1),
                };
                self.before = old;
                match to {
                    Some(row) => self.view.top = row.min(self.view.rows.len().saturating_sub(1)),
                    None => self.message = "Mark not set".into(),
                }
            }
            'Z' => {
                if self.keys.key().await == 'Z' {
                    self.status = Some(0);
                }
            }
            '-' => {
                let letter = self.keys.key().await;
                match SWITCHES.iter().find(|s| char::from(s.0) == letter) {
                    Some((b, on, off)) => {
                        self.message = (if self.view.on(*b) { off } else { on }).to_string();
                        self.switch = Some(*b);
                    }
                    None => self.message = format!("There is no {letter} option (\"less --help\" for help)"),
                }
            }
            ':' => match self.keys.key().await {
                'q' | 'Q' => self.status = Some(0),
                'n' => self.next_file(n as i64).await,
                'p' => self.next_file(-(n as i64)).await,
                'f' => self.message = self.view.place(&self.files[self.file]),
                _ => {}
            },
            RIGHT => self.view.shift += self.view.size.0 / 2,
            LEFT => self.view.shift = self.view.shift.saturating_sub(self.view.size.0 / 2),
            ESC => {
                self.keys.key().await;
            }
            _ => self.sys.put(STDOUT, b"\x07"),
        }
        if matches!(key, '/' | '?' | 'r' | RESIZED) && self.view.top == old {
            self.fresh = was_fresh && key == RESIZED;
        }
    }

    /// Reads a line at the bottom. `None`: given up.
    async fn ask(&mut self, prompt: &str) -> Option<String> {
        let mut line = String::new();
        loop {
            self.view.draw(&self.sys, &format!("{prompt}{line}"), false);
            match self.keys.key().await {
                '\r' | '\n' => return Some(line),
                '\u{8}' | '\u{7f}' if line.pop().is_none() => return None,
                '\u{8}' | '\u{7f}' => {}
                '\u{15}' => line.clear(),
                ESC | GONE | '\u{3}' => return None,
                c if (c as u32) >= 32 && (c as u32) < 0xF700 || c as u32 > 0xF8FF => line.push(c),
                _ => {}
            }
        }
    }

    pub(super) async fn search(&mut self, pattern: &str, forward: bool, count: usize) {
        if !pattern.is_empty() {
            self.pattern = pattern.to_string();
        }
        if self.pattern.is_empty() {
            self.message = "No previous regular expression".into();
            return;
        }
        self.forward = forward;
        if !self.view.set_pattern(&self.pattern) {
            self.message = "Invalid pattern".into();
            return;
        }
        self.find(forward, count, !pattern.is_empty()).await;
    }
    /// `anew`: from the edge of what is shown, else from its first line.
    async fn find(&mut self, forward: bool, count: usize, anew: bool) {
        if forward {
            self.fill(usize::MAX / 2).await;
        }
        let last = self.view.rows.len().saturating_sub(1);
        let mut row = if anew && !forward { (self.view.top + self.view.height() - 1).min(last) } else { self.view.top };
        for i in 0..count.max(1) {
            match self.view.find(row, forward, anew && i == 0) {
                Some(found) => row = found,
                None => {
                    self.message = "Pattern not found".into();
                    return;
                }
            }
        }
        self.view.top = row;
    }

    /// Waits for a file to grow, and shows its end.
    async fn follow(&mut self) {
        let name = self.files[self.file].clone();
        let Ok(fd) = self.sys.open(&name, Open::READ, 0).await else { return };
        self.fill(usize::MAX / 2).await;
        let _ = self.sys.seek(fd, machine::Whence::End, 0).await;
        loop {
            self.view.top = self.view.rows.len().saturating_sub(self.view.height());
            self.view.draw(&self.sys, "Waiting for data... (interrupt to abort)", true);
            if self.keys.or(fd, Interest::Change).await {
                if matches!(self.keys.key().await, '\u{3}' | GONE | 'q' | '\u{18}') {
                    break;
                }
                continue;
            }
            match self.sys.read(fd, 1 << 16).await {
                Ok(part) => self.view.push(&part, &mut self.partial),
                Err(_) => break,
            }
        }
        let _ = self.sys.close(fd).await;
    }

    async fn help(&mut self) {
        let mut view = View::new(self.view.size, Vec::new());
        view.push(help::TEXT.as_bytes(), &mut Vec::new());
        loop {
            let end = view.top + view.height() >= view.rows.len();
            let prompt = if end {
                "HELP -- END -- Press g to see it again, or q when done"
            } else {
                "HELP -- Press RETURN for more, or q when done"
            };
            view.draw(&self.sys, prompt, true);
            match self.keys.key().await {
                'q' | 'Q' | GONE | 'h' => return,
                ' ' | 'f' | PAGE_DOWN => view.top = (view.top + view.height()).min(view.rows.len().saturating_sub(view.height())),
                'b' | PAGE_UP => view.top = view.top.saturating_sub(view.height()),
                'g' | HOME => view.top = 0,
                'k' | UP => view.top = view.top.saturating_sub(1),
                _ if !end => view.top += 1,
                _ => {}
            }
        }
    }
}
