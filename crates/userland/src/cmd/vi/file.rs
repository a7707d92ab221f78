//! Reading and writing files, quitting, and what vim says of it. Source: vim's editing.txt and its messages.

use super::Vi;
use super::text::{Line, Text, pos};
use machine::{Errno, Open};

impl Vi {
    /// The name as it is shown: under the home directory with `~`.
    fn shown(&self, name: &str) -> String {
        let home = self.sys.env("HOME").unwrap_or("");
        match name.strip_prefix(home) {
            Some(rest) if !home.is_empty() && rest.starts_with('/') => format!("~{rest}"),
            _ => name.to_string(),
        }
    }

    fn counts(&self, lines: usize, bytes: usize) -> String {
        format!("{lines}L, {bytes}B")
    }

    /// Edits another file.
    pub(super) async fn read_file(&mut self, name: &str) {
        if !self.name.is_empty() && self.name != name {
            self.alternate.clone_from(&self.name);
        }
        self.name = name.to_string();
        self.at = pos(0, 0);
        (self.top, self.want) = (0, 0);
        self.marks.clear();
        let shown = self.shown(name);
        self.text = Text::new(b"");
        let stat = self.sys.stat(name).await;
        if stat.as_ref().is_ok_and(|s| s.is_dir()) {
            self.say(format!("\"{shown}\" is a directory"));
            return;
        }
        match self.sys.read_file(name).await {
            Ok(bytes) => {
                self.text = Text::new(&bytes);
                let mut notes = String::new();
                let fixed = self.sys.access(name, false, true, false).await.is_err();
                if fixed {
                    self.options.set_readonly(true);
                }
                if self.options.on("readonly") {
                    notes.push_str("[readonly]");
                }
                if self.text.form.noeol {
                    notes.push_str("[noeol]");
                }
                if self.text.form.dos {
                    notes.push_str("[dos]");
                }
                if !notes.is_empty() {
                    notes.push(' ');
                }
                let lines = if self.text.none { 0 } else { self.text.len() };
                self.say(format!("\"{shown}\" {notes}{}", self.counts(lines, bytes.len())));
            }
            Err(Errno::ENOENT) => self.say(format!("\"{shown}\" [New]")),
            Err(Errno::EACCES) => self.say(format!("\"{shown}\" [Permission Denied]")),
            Err(e) => self.say(format!("\"{shown}\" {e}")),
        }
    }

    /// `:w`. True if it was written.
    pub(super) async fn write(&mut self, from: usize, to: usize, name: &str, force: bool, append: bool) -> bool {
        let own = name.is_empty() || name == self.name;
        let whole = from == 0 && to + 1 == self.text.len();
        let target = if name.is_empty() { self.name.clone() } else { name.to_string() };
        if target.is_empty() {
            self.fail("E32: No file name");
            return false;
        }
        let shown = self.shown(&target);
        let stat = self.sys.stat(&target).await;
        if stat.as_ref().is_ok_and(|s| s.is_dir()) {
            self.fail(format!("\"{shown}\" E17: is a directory"));
            return false;
        }
        if !force {
            if own && self.options.on("readonly") {
                self.fail("E45: 'readonly' option is set (add ! to override)");
                return false;
            }
            if !own && stat.is_ok() && !append {
                self.fail("E13: File exists (add ! to override)");
                return false;
            }
            if own && !whole && !append {
                self.fail("E140: Use ! to write partial buffer");
                return false;
            }
        }
        let bytes = self.text.bytes(from, to + 1);
        let done = if append {
            match self.sys.open(&target, Open::APPEND, 0o666).await {
                Ok(fd) => {
                    let done = self.sys.write(fd, &bytes).await;
                    let _ = self.sys.close(fd).await;
                    done
                }
                Err(e) => Err(e),
            }
        } else {
            let mut done = self.sys.write_file(&target, &bytes, 0o666).await;
            if done == Err(Errno::EACCES) && force && self.sys.access(&target, false, false, false).await.is_ok() {
                // `:w!` replaces a read-only file if the directory lets it.
                done = match self.sys.unlink(&target).await {
                    Ok(()) => self.sys.write_file(&target, &bytes, 0o644).await,
                    Err(e) => Err(e),
                };
            }
            done
        };
        if let Err(e) = done {
            let why = if e == Errno::ENOSPC { "E514: Write error (file system full?)" } else { "E212: Can't open file for writing" };
            self.fail(format!("\"{shown}\" {why}"));
            return false;
        }
        let mut notes = String::new();
        if stat.is_err() {
            notes.push_str("[New]");
        }
        if self.text.form.dos {
            notes.push_str("[dos]");
        }
        if !notes.is_empty() {
            notes.push(' ');
        }
        let verb = if append { "appended" } else { "written" };
        let lines = if self.text.none { 0 } else { to + 1 - from };
        if self.name.is_empty() {
            self.name.clone_from(&target);
        }
        if whole && self.name == target && !append {
            self.text.commit(self.sys.now());
            self.text.set_saved();
            if force {
                self.options.set_readonly(false);
            }
        } else if !own {
            self.alternate = target;
        }
        self.say(format!("\"{shown}\" {notes}{} {verb}", self.counts(lines, bytes.len())));
        true
    }

    /// `:q`.
    pub(super) fn leave(&mut self, force: bool) {
        self.text.commit(self.sys.now());
        if self.text.modified() && !force {
            self.fail("E37: No write since last change (add ! to override)");
            return;
        }
        let more = self.files.len().saturating_sub(self.file + 1);
        if more > 0 && !force {
            self.file = self.files.len() - 1;
            self.fail(format!("E173: {more} more file{} to edit", if more == 1 { "" } else { "s" }));
            return;
        }
        self.quit = Some(0);
    }

    /// `:e`.
    pub(super) async fn reedit(&mut self, name: &str, force: bool) {
        self.text.commit(self.sys.now());
        if self.text.modified() && !force {
            self.fail("E37: No write since last change (add ! to override)");
            return;
        }
        let name = match name {
            "" if self.name.is_empty() => {
                self.fail("E32: No file name");
                return;
            }
            "" => self.name.clone(),
            "#" if self.alternate.is_empty() => {
                self.fail("E23: No alternate file");
                return;
            }
            "#" => self.alternate.clone(),
            n => n.to_string(),
        };
        let row = if name == self.name { self.at.row } else { 0 };
        self.read_file(&name).await;
        self.at.row = row.min(self.text.len() - 1);
    }

    /// `:n` and `:prev`.
    pub(super) async fn other_file(&mut self, forward: bool, force: bool) {
        if self.text.modified() && !force {
            self.fail("E37: No write since last change (add ! to override)");
            return;
        }
        let to = if forward { Some(self.file + 1) } else { self.file.checked_sub(1) };
        match to.and_then(|i| self.files.get(i)).cloned() {
            Some(name) => {
                self.file = to.unwrap_or(0);
                self.read_file(&name).await;
            }
            None if self.files.len() < 2 => self.fail("E163: There is only one file to edit"),
            None if forward => self.fail("E165: Cannot go beyond last file"),
            None => self.fail("E164: Cannot go before first file"),
        }
    }

    /// `:r`: puts text below a line.
    pub(super) fn insert_bytes(&mut self, row: usize, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        let lines: Vec<Line> = Text::new(bytes).lines;
        let n = lines.len();
        self.text.insert(row, lines);
        self.at = pos(row.min(self.text.len() - 1), 0);
        n
    }
    pub(super) async fn insert_file(&mut self, row: usize, name: &str) {
        let name = if name.is_empty() { self.name.clone() } else { name.to_string() };
        match self.sys.read_file(&name).await {
            Ok(bytes) => {
                let n = self.insert_bytes(row, &bytes);
                self.say(format!("\"{}\" {}", self.shown(&name), self.counts(n, bytes.len())));
            }
            Err(_) => self.fail(format!("E484: Can't open file {name}")),
        }
    }

    /// ^G and `:f`.
    pub(super) fn tell_file(&mut self) {
        let name = if self.name.is_empty() { "[No Name]".into() } else { self.shown(&self.name) };
        let mut notes = String::new();
        if self.text.modified() {
            notes.push_str(" [Modified]");
        }
        if self.options.on("readonly") {
            notes.push_str(" [readonly]");
        }
        let n = self.text.len();
        let text = if self.text.none {
            format!("\"{name}\"{notes} --No lines in buffer--")
        } else {
            let part = (self.at.row + 1) * 100 / n;
            format!("\"{name}\"{notes} {n} line{} --{part}%--", if n == 1 { "" } else { "s" })
        };
        self.say(text);
    }
}
