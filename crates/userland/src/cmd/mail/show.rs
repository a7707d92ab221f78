//! Showing messages and their header lines, going from one to the next, deleting and saving.
//! Not here: the table of commands (`command`). Follows bsd-mailx 8.1.2 (cmd1.c, cmd2.c).

use super::Mail;
use super::mbox::{Fields, append, flag};
use machine::STDOUT;

impl Mail {
    /// `next`: the first of the list behind the current message, or the next good one.
    pub(super) async fn next(&mut self, list: &[usize]) -> bool {
        if self.messages.is_empty() {
            self.say("No messages");
            return false;
        }
        if !list.is_empty() {
            self.dot = list.iter().copied().find(|&i| i > self.dot).unwrap_or(list[0]);
        } else if self.saw_command {
            let good = |&i: &usize| self.messages[i].flags & (flag::DELETED | flag::SAVED) == 0;
            match (self.dot + 1..self.messages.len()).find(good) {
                Some(i) => self.dot = i,
                None => {
                    self.say("At EOF");
                    return true;
                }
            }
        }
        self.show(&[self.dot], None, true, false).await;
        true
    }

    /// Deletes; `false` if no message is left.
    pub(super) fn delete(&mut self, list: &[usize]) -> bool {
        for &i in list {
            let m = &mut self.messages[i];
            m.touch();
            m.flags = (m.flags | flag::DELETED) & !(flag::PRESERVE | flag::SAVED | flag::MBOX);
            self.dot = i;
        }
        match self.first(false) {
            Some(i) => {
                self.dot = i;
                true
            }
            None => {
                self.dot = 0;
                false
            }
        }
    }

    /// Shows messages, or pipes them to a command.
    pub(super) async fn show(&mut self, list: &[usize], command: Option<&str>, ignoring: bool, page: bool) {
        let mut text = Vec::new();
        let lines: usize = list.iter().map(|&i| self.messages[i].lines).sum();
        for &i in list {
            self.messages[i].touch();
            self.dot = i;
            if command.is_none() && self.value("quiet").is_none() {
                text.extend_from_slice(format!("Message {}:\n", i + 1).as_bytes());
            }
            text.extend(self.messages[i].copy(if ignoring { self.fields() } else { Fields::All }, ""));
        }
        let pager = match command {
            Some(command) => Some(command.to_string()),
            None if !self.interactive() => None,
            None => {
                let crt = self.value("crt").map(|n| n.parse().unwrap_or(usize::MAX));
                let crt = match crt {
                    Some(usize::MAX) => Some(usize::from(self.sys.tty_size(STDOUT).await.map_or(24, |s| s.1))),
                    other => other,
                };
                (page || crt.is_some_and(|n| lines > n)).then(|| self.value("PAGER").unwrap_or("more").to_string())
            }
        };
        match pager {
            Some(command) => drop(self.shell(&command, Some(&text), false).await),
            None => self.sys.put(STDOUT, &text),
        }
    }

    /// Header lines on a screen.
    pub(super) async fn height(&self) -> usize {
        let given = self.value("screen").and_then(|n| n.parse().ok()).filter(|&n: &usize| n > 0);
        let rows = self.sys.tty_size(STDOUT).await.map_or(24, |s| s.1);
        given.unwrap_or(usize::from(rows).max(5) - 4)
    }

    /// The header lines of the screenful that holds a message, or of the current one.
    pub(super) async fn headers(&mut self, at: Option<usize>) -> bool {
        let size = self.height().await.max(1);
        if let Some(i) = at {
            self.screen = i / size;
        }
        let start = (self.screen * size).min(self.messages.len().saturating_sub(1));
        if at != Some(self.dot) {
            self.dot = start;
        }
        let shown: Vec<usize> = (start..self.messages.len()).filter(|&i| self.messages[i].flags & flag::DELETED == 0).take(size).collect();
        for &i in &shown {
            self.head(i).await;
        }
        if shown.is_empty() {
            self.say("No more mail.");
        }
        !shown.is_empty()
    }

    /// One header line.
    pub(super) async fn head(&self, i: usize) {
        let m = &self.messages[i];
        let mut mark = ' ';
        for (set, letter) in [(flag::SAVED, '*'), (flag::PRESERVE, 'P')] {
            if m.flags & set != 0 {
                mark = letter;
            }
        }
        match m.flags & (flag::READ | flag::NEW) {
            flag::NEW => mark = 'N',
            0 => mark = 'U',
            _ => {}
        }
        if m.flags & flag::MBOX != 0 {
            mark = 'M';
        }
        let subject = m.field("subject").unwrap_or_default();
        let sender = m.sender();
        let date = m.first_line().1;
        let (lines, size) = (m.lines, m.text.len());
        let dot = if i == self.dot { '>' } else { ' ' };
        let line = format!("{dot}{mark}{:3} {sender:<17.17}  {date:>16.16} {lines:4}/{size:<5} {subject}", i + 1);
        let width = self.sys.tty_size(STDOUT).await.map_or(80, |s| usize::from(s.0));
        self.say(&line.chars().take(width.max(20)).collect::<String>());
    }

    /// What `file` tells: how many messages of which kind. Gives a likely current message.
    pub(super) fn info(&self, old: usize) -> usize {
        let with = |set: u16| self.messages.iter().filter(|m| m.flags & set != 0).count();
        let fresh = |wanted: u16, set: u16| (old..self.messages.len()).find(|&i| self.messages[i].flags & wanted == set);
        let dot = fresh(flag::NEW, flag::NEW).or_else(|| fresh(flag::READ, 0)).unwrap_or(old);
        let count = self.messages.len();
        let mut text = format!("\"{}\": {count} message{}", self.file, if count == 1 { "" } else { "s" });
        let unread = count - with(flag::READ);
        let parts = [
            (with(flag::NEW), "new"),
            (if unread > with(flag::NEW) { unread } else { 0 }, "unread"),
            (with(flag::DELETED), "deleted"),
            (with(flag::SAVED), "saved"),
        ];
        for (n, what) in parts.into_iter().filter(|p| p.0 > 0) {
            text.push_str(&format!(" {n} {what}"));
        }
        self.say(&(text + if self.read_only { " [Read only]" } else { "" }));
        dot.min(count.saturating_sub(1))
    }

    /// Announces a mailbox that has just been read.
    pub(super) async fn announce(&mut self) {
        self.dot = self.info(0);
        self.screen = 0;
        if !self.messages.is_empty() && self.value("noheader").is_none() {
            self.headers(Some(self.dot)).await;
        }
    }

    /// save, copy, write: the last word is the file.
    pub(super) async fn save(&mut self, text: &str, mark: bool, verb: &str, body: bool) -> bool {
        let text = text.trim_end();
        let (list, file) = match text.rfind([' ', '\t']) {
            _ if text.is_empty() => {
                self.say("No file specified.");
                return false;
            }
            Some(at) => (Some(&text[..at]), text[at..].trim_start()),
            None => (None, text),
        };
        let list = match list {
            Some(list) => self.list(list, false),
            None => Some(self.first(false).into_iter().collect()),
        };
        let Some(list) = list else { return false };
        if list.is_empty() {
            self.say(&format!("No messages to {verb}."));
            return false;
        }
        let Some(path) = self.expand(file) else { return false };
        self.sys.print(STDOUT, format_args!("\"{path}\" "));
        let told = if self.sys.stat(&path).await.is_ok() { "[Appended]" } else { "[New file]" };
        let mut out = Vec::new();
        for &i in &list {
            self.messages[i].touch();
            out.extend(self.messages[i].copy(if body { Fields::None } else { self.saved_fields() }, ""));
        }
        if let Err(e) = append(&self.sys, &path, &out, 0o666).await {
            self.sys.complain(format_args!("fopen: {e}"));
            return false;
        }
        if mark {
            list.iter().for_each(|&i| self.messages[i].flags |= flag::SAVED);
        }
        self.say(told);
        true
    }
}
