//! The mailbox: parting it into messages, showing and copying one, the flags, and what quitting writes back.
//! Not here: the commands. Follows bsd-mailx 8.1.2 (quit.c, send.c, fio.c).

use super::Mail;
use machine::{Errno, Open, STDERR, STDOUT, Sys};

/// What has happened to a message.
pub(super) mod flag {
    pub(in super::super) const NEW: u16 = 1;
    pub(in super::super) const READ: u16 = 2;
    pub(in super::super) const DELETED: u16 = 4;
    pub(in super::super) const SAVED: u16 = 8;
    pub(in super::super) const TOUCHED: u16 = 16;
    pub(in super::super) const PRESERVE: u16 = 32;
    /// To be put into mbox.
    pub(in super::super) const MBOX: u16 = 64;
    /// Its Status field has changed.
    pub(in super::super) const STATUS: u16 = 128;
}

pub(super) struct Message {
    /// All of it, from its `From ` line to the blank line before the next.
    pub(super) text: Vec<u8>,
    pub(super) lines: usize,
    pub(super) flags: u16,
}

/// Which header fields go along when a message is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fields<'a> {
    All,
    /// Not these; if the second list is not empty, only those in it.
    Without(&'a [String], &'a [String]),
    /// No header at all.
    None,
}

/// Parts the text of a mailbox.
pub(super) fn part(text: &[u8]) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    let (mut blank, mut head) = (true, false);
    for line in text.split_inclusive(|&b| b == b'\n') {
        if blank && is_from(line) {
            all.push(Message { text: Vec::new(), lines: 0, flags: flag::NEW });
            head = true;
        }
        blank = line == b"\n";
        let Some(message) = all.last_mut() else { continue };
        if blank {
            head = false;
        } else if head && line.len() > 7 && line[..7].eq_ignore_ascii_case(b"status:") {
            if line.contains(&b'R') {
                message.flags |= flag::READ;
            }
            if line.contains(&b'O') {
                message.flags &= !flag::NEW;
            }
        }
        message.text.extend_from_slice(line);
        message.lines += 1;
    }
    all
}

/// Whether a line begins a message: `From somebody` and a date.
fn is_from(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let words: Vec<&[u8]> = rest.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty()).collect();
    words.iter().any(|w| w.len() >= 5 && w.iter().filter(|&&b| b == b':').count() >= 1 && w[0].is_ascii_digit())
}

impl Message {
    /// The first line's parts: sender and date.
    pub(super) fn first_line(&self) -> (String, String) {
        let line = self.text.split(|&b| b == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).into_owned();
        let rest = line.strip_prefix("From ").unwrap_or_default();
        let (sender, date) = rest.split_once(' ').unwrap_or((rest, ""));
        (sender.to_string(), date.trim_start().to_string())
    }
    /// The body of a header field, unfolded.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.text);
        let mut found: Option<String> = None;
        for line in text.lines().skip(1) {
            if line.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some(body) = &mut found {
                    body.push(' ');
                    body.push_str(line.trim());
                }
                continue;
            }
            if found.is_some() {
                break;
            }
            if let Some((key, body)) = line.split_once(':')
                && key.trim_end().eq_ignore_ascii_case(name)
            {
                found = Some(body.trim().to_string());
            }
        }
        found
    }
    /// The sender's address.
    pub(super) fn sender(&self) -> String {
        match self.field("from").or_else(|| self.field("sender")) {
            Some(from) => skin(&from),
            None => self.first_line().0,
        }
    }
    /// Marks it as seen.
    pub(super) fn touch(&mut self) {
        self.flags |= flag::TOUCHED;
        if self.flags & flag::READ == 0 {
            self.flags |= flag::READ | flag::STATUS;
        }
    }
    fn status(&self) -> String {
        let mut status = String::new();
        if self.flags & flag::READ != 0 {
            status.push('R');
        }
        if self.flags & flag::NEW == 0 {
            status.push('O');
        }
        if status.is_empty() { status } else { format!("Status: {status}\n") }
    }
    /// Copies it, each line behind `prefix`.
    pub(super) fn copy(&self, fields: Fields<'_>, prefix: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut status = Some(self.status()).filter(|_| match fields {
            Fields::All => true,
            Fields::Without(ignore, retain) => shown("status", ignore, retain),
            Fields::None => false,
        });
        let mut put = |bytes: &[u8]| {
            out.extend_from_slice(if bytes == b"\n" { prefix.trim_end() } else { prefix }.as_bytes());
            out.extend_from_slice(bytes);
        };
        let (mut head, mut skip, mut left) = (true, false, self.text.len());
        for (n, line) in self.text.split_inclusive(|&b| b == b'\n').enumerate() {
            left -= line.len();
            if !head {
                // The blank line at the end does not belong to the body.
                if fields == Fields::None && left == 0 && line == b"\n" {
                    break;
                }
                if line.starts_with(b"From ") {
                    put(&[b">", line].concat());
                } else {
                    put(line);
                }
                continue;
            }
            if n == 0 {
                skip = fields == Fields::None;
            } else if line == b"\n" {
                if let Some(status) = status.take().filter(|s| !s.is_empty()) {
                    put(status.as_bytes());
                }
                head = false;
                skip = fields == Fields::None;
            } else if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                let name = String::from_utf8_lossy(line.split(|&b| b == b':').next().unwrap_or_default()).trim_end().to_string();
                skip = match fields {
                    Fields::All => false,
                    Fields::Without(ignore, retain) => !shown(&name, ignore, retain),
                    Fields::None => true,
                };
                if !skip && name.eq_ignore_ascii_case("status") {
                    if let Some(status) = status.take().filter(|s| !s.is_empty()) {
                        put(status.as_bytes());
                    }
                    skip = true;
                }
            }
            if !skip {
                put(line);
            }
        }
        out
    }
}

fn shown(name: &str, ignore: &[String], retain: &[String]) -> bool {
    let has = |list: &[String]| list.iter().any(|f| f.eq_ignore_ascii_case(name));
    if retain.is_empty() { !has(ignore) } else { has(retain) }
}

/// The bare address in a header field's body: without comments and the name in front of `<>`.
pub(super) fn skin(body: &str) -> String {
    let mut parts = Vec::new();
    for one in body.split(',') {
        let mut plain = String::new();
        let mut depth = 0;
        for c in one.chars() {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                c if depth == 0 => plain.push(c),
                _ => {}
            }
        }
        let address = match plain.split_once('<') {
            Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
            None => &plain,
        };
        let address = address.trim();
        if !address.is_empty() {
            parts.push(address.to_string());
        }
    }
    parts.join(" ")
}

/// Appends bytes to a file, made for its owner alone if it is new.
pub(super) async fn append(sys: &Sys, path: &str, bytes: &[u8], mode: u16) -> Result<(), Errno> {
    let fd = sys.open(path, Open::APPEND, mode).await?;
    let done = sys.write(fd, bytes).await;
    sys.close(fd).await?;
    done
}

impl Mail {
    /// Reads another mailbox, after writing this one back. `false`: there is none; it has been said why.
    pub(super) async fn open(&mut self, name: &str) -> bool {
        let sys = self.sys.clone();
        let system = name.starts_with('%');
        let Some(path) = self.expand(name) else { return false };
        let who = if name.len() > 1 && system { name[1..].to_string() } else { self.me.clone() };
        let read = match sys.stat(&path).await {
            Ok(stat) if stat.is_dir() => Err(Errno::EISDIR),
            Ok(_) => sys.read_file(&path).await,
            Err(e) => Err(e),
        };
        let text = match read {
            Err(Errno::ENOENT) if system => {
                sys.print(STDERR, format_args!("No mail for {who}\n"));
                return false;
            }
            Err(e) => {
                sys.complain(format_args!("{path}: {e}"));
                return false;
            }
            Ok(text) => text,
        };
        if !self.file.is_empty() {
            self.quit().await;
        }
        self.previous = std::mem::replace(&mut self.file, path.clone());
        self.read_only = sys.access(&path, false, true, false).await.is_err();
        self.edit = !system;
        self.size = text.len();
        self.messages = part(&text);
        self.dot = 0;
        self.saw_command = false;
        if system && self.messages.is_empty() {
            sys.print(STDERR, format_args!("No mail for {who}\n"));
            return false;
        }
        true
    }

    /// The messages that have been added to the file since it was read.
    pub(super) async fn fresh(&self) -> Vec<u8> {
        let now = self.sys.read_file(&self.file).await.unwrap_or_default();
        now.get(self.size..).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// Writes everything back.
    pub(super) async fn quit(&mut self) {
        let sys = self.sys.clone();
        if self.read_only {
            return;
        }
        if sys.stat(&self.file).await.is_err() {
            self.say("Thou hast new mail.");
            return;
        }
        for m in &mut self.messages {
            if m.flags & flag::NEW != 0 {
                m.flags = m.flags & !flag::NEW | flag::STATUS;
            }
        }
        if self.edit {
            return self.write_edited().await;
        }
        let fresh = self.fresh().await;
        if !fresh.is_empty() {
            self.say("New mail has arrived.");
        }
        let hold = if self.value("hold").is_some() { flag::PRESERVE } else { flag::MBOX };
        let keep_saved = self.value("keepsave").is_some();
        for m in &mut self.messages {
            if m.flags & flag::TOUCHED == 0 {
                m.flags |= flag::PRESERVE;
            }
            let saved = m.flags & flag::SAVED != 0 && !keep_saved;
            if m.flags & (flag::MBOX | flag::DELETED | flag::PRESERVE) == 0 && !saved {
                m.flags |= hold;
            }
        }
        let with = |f: u16| self.messages.iter().filter(|m| m.flags & f != 0).count();
        let (boxed, held) = (with(flag::MBOX), with(flag::PRESERVE));
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        if held == self.messages.len() && with(flag::STATUS) == 0 {
            return self.say(&format!("Held {held} message{} in {}", plural(held), self.file));
        }
        if boxed > 0 {
            let path = self.expand("&").unwrap_or_default();
            let mut new = Vec::new();
            for m in self.messages.iter().filter(|m| m.flags & flag::MBOX != 0) {
                new.extend(m.copy(self.saved_fields(), ""));
            }
            let done = if self.value("append").is_some() {
                append(&sys, &path, &new, 0o600).await
            } else {
                new.extend(sys.read_file(&path).await.unwrap_or_default());
                sys.write_file(&path, &new, 0o600).await
            };
            if let Err(e) = done {
                return sys.complain(format_args!("{path}: {e}"));
            }
            self.say(&format!("Saved {boxed} message{} in {path}", plural(boxed)));
        }
        let mut back = Vec::new();
        for m in self.messages.iter().filter(|m| m.flags & flag::PRESERVE != 0) {
            back.extend(m.copy(Fields::All, ""));
        }
        back.extend(&fresh);
        if held == 0 && fresh.is_empty() && self.value("keep").is_none() && sys.unlink(&self.file).await.is_ok() {
            return;
        }
        if let Err(e) = sys.write_file(&self.file, &back, 0o600).await {
            return sys.complain(format_args!("{}: {e}", self.file));
        }
        if held > 0 {
            self.say(&format!("Held {held} message{} in {}", plural(held), self.file));
        }
    }

    /// Writes a file back that is not the system mailbox.
    async fn write_edited(&mut self) {
        let sys = self.sys.clone();
        if !self.messages.iter().any(|m| m.flags & (flag::DELETED | flag::STATUS) != 0) {
            return;
        }
        let fresh = self.fresh().await;
        sys.print(STDOUT, format_args!("\"{}\" ", self.file));
        let mut text = Vec::new();
        for m in self.messages.iter().filter(|m| m.flags & flag::DELETED == 0) {
            text.extend(m.copy(Fields::All, ""));
        }
        text.extend(fresh);
        match sys.write_file(&self.file, &text, 0o600).await {
            Err(e) => sys.complain(format_args!("{}: {e}", self.file)),
            Ok(()) => self.say(if text.is_empty() { "truncated" } else { "complete" }),
        }
    }

    /// The fields that are shown.
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::Without(&self.ignore, &self.retain)
    }
    /// The fields that are saved.
    pub(super) fn saved_fields(&self) -> Fields<'_> {
        Fields::Without(&self.save_ignore, &self.save_retain)
    }
}
