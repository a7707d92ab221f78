//! Expansions that need processes or files: command and process substitution, tildes, pathnames.
//! Source: POSIX XCU 2.6.3, 2.6.1, 2.6.6; bash(1).

use super::ast::Kind;
use super::exec::Job;
use super::parse::Parser;
use super::{Run, Shell};
use crate::util::users::Accounts;
use machine::{Fd, FileKind, Open, WaitFor};
use pattern::{GlobFlags, fnmatch, has_magic};

/// Whether a pattern holds ksh's `@(…)`.
pub(super) fn extended(pattern: &str) -> bool {
    pattern.as_bytes().windows(2).any(|w| w[1] == b'(' && b"@?*+!".contains(&w[0]))
}

impl Shell {
    /// What a command prints, without the newlines at its end.
    pub(super) async fn command_output(&mut self, text: &str) -> Run<String> {
        let bytes = match self.only_reads(text).await? {
            Some(bytes) => bytes,
            None => {
                let Ok((r, w)) = self.sys.pipe().await else { return Ok(String::new()) };
                let pid = self.fork(Job::Text(text.to_string()), &[(1, w)], None, false).await;
                let _ = self.sys.close(w).await;
                let bytes = self.read_all(r).await;
                let _ = self.sys.close(r).await;
                let status = match pid {
                    Some(pid) => self.wait_pid(pid, false).await,
                    None => 1,
                };
                self.sub_status = Some(status);
                self.status = status;
                if status == 130 {
                    self.note_signals().await;
                }
                self.check_interrupt()?;
                bytes
            }
        };
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains('\0') {
            self.error(format_args!("warning: command substitution: ignored null byte in input"));
            text.retain(|c| c != '\0');
        }
        text.truncate(text.trim_end_matches('\n').len());
        Ok(text)
    }

    /// `$(<file)`.
    async fn only_reads(&mut self, text: &str) -> Run<Option<Vec<u8>>> {
        if !text.trim_start().starts_with('<') {
            return Ok(None);
        }
        let Ok(Some(cmd)) = Parser::new(text).command_line() else { return Ok(None) };
        match (&cmd.kind, cmd.redirs.as_slice()) {
            (Kind::Simple { assigns, words }, [redir]) if assigns.is_empty() && words.is_empty() && redir.op == "<" => {
                let path = self.expand_text(&redir.word, false).await?;
                self.sub_status = Some(0);
                match self.sys.read_file(&path).await {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(e) => {
                        self.error(format_args!("{path}: {e}"));
                        self.sub_status = Some(1);
                        Ok(Some(Vec::new()))
                    }
                }
            }
            _ => Ok(None),
        }
    }

    async fn read_all(&mut self, fd: Fd) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match self.sys.read(fd, 1 << 16).await {
                Ok(part) if part.is_empty() => return all,
                Ok(part) => all.extend_from_slice(&part),
                Err(machine::Errno::EINTR) => self.note_signals().await,
                Err(_) => return all,
            }
        }
    }

    /// `<(commands)`: a path from which their output can be read, or to which their input can be written.
    pub(super) async fn process(&mut self, text: &str, reads: bool) -> Run<String> {
        let Ok((r, w)) = self.sys.pipe().await else { return Ok(String::new()) };
        let (mine, theirs, number) = if reads { (r, w, 1) } else { (w, r, 0) };
        self.fork(Job::Text(text.to_string()), &[(number, theirs)], None, false).await;
        let _ = self.sys.close(theirs).await;
        let mut fd = 63;
        while self.fds.contains(&fd) {
            fd -= 1;
        }
        self.fds.insert(fd, mine);
        self.process_fds.push(fd);
        Ok(format!("/dev/fd/{fd}"))
    }
    /// Closes what process substitutions of the command just run have left open.
    pub(super) async fn close_processes(&mut self, from: usize) {
        while self.process_fds.len() > from {
            if let Some(real) = self.process_fds.pop().and_then(|fd| self.fds.remove(&fd)) {
                let _ = self.sys.close(real).await;
            }
        }
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, false, false).await {
            self.child_news(pid, status);
        }
    }

    /// The directory that `~name` stands for.
    pub(super) async fn tilde(&mut self, name: &str) -> Option<String> {
        match name {
            "" => match self.vars.text("HOME") {
                Some(home) => Some(home.to_string()),
                None => Accounts::read(&self.sys).await.user_of(self.sys.ids().uid).map(|u| u.home.clone()),
            },
            "+" => self.vars.text("PWD").map(String::from),
            "-" => self.vars.text("OLDPWD").map(String::from),
            _ if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) => {
                Accounts::read(&self.sys).await.user(name).map(|u| u.home.clone())
            }
            _ => None,
        }
    }

    /// The existing paths that match a pattern, sorted.
    pub(super) async fn glob(&mut self, pattern: &str) -> Vec<String> {
        let flags = GlobFlags {
            period: !self.shopt("dotglob"),
            casefold: self.shopt("nocaseglob"),
            extended: self.shopt("extglob"),
            ..GlobFlags::default()
        };
        let mut found = vec![String::new()];
        let mut rest = pattern;
        while !rest.is_empty() && !found.is_empty() {
            let slashes = rest.len() - rest.trim_start_matches('/').len();
            if slashes > 0 {
                for path in &mut found {
                    path.push_str(&rest[..slashes]);
                }
                rest = &rest[slashes..];
                continue;
            }
            let len = rest.find('/').unwrap_or(rest.len());
            let (part, tail) = rest.split_at(len);
            rest = tail;
            let mut next = Vec::new();
            for base in found {
                if !(has_magic(part) || flags.extended && extended(part)) {
                    let path = format!("{base}{}", unescaped(part));
                    if self.sys.lstat(&path).await.is_ok() {
                        next.push(path);
                    }
                    continue;
                }
                let dir = if base.is_empty() { "." } else { &base };
                let Ok(entries) = self.sys.read_dir(dir).await else { continue };
                for entry in entries {
                    if fnmatch(part, &entry.name, flags) && (tail.is_empty() || matches!(entry.kind, FileKind::Dir | FileKind::Symlink)) {
                        next.push(format!("{base}{}", entry.name));
                    }
                }
            }
            found = next;
            if !rest.is_empty() {
                let mut dirs = Vec::new();
                for path in found {
                    if self.sys.stat(&path).await.is_ok_and(|s| s.is_dir()) {
                        dirs.push(path);
                    }
                }
                found = dirs;
            }
        }
        machine::sort(&mut found);
        found
    }

    /// Puts text into a pipe and gives its reading end, for here-documents.
    pub(super) async fn text_file(&mut self, text: &str) -> Option<Fd> {
        let (r, w) = self.sys.pipe().await.ok()?;
        // Longer than a pipe holds: bash uses a temporary file.
        if text.len() > 4096 {
            let _ = self.sys.close(r).await;
            let _ = self.sys.close(w).await;
            let path = format!("/tmp/sh-thd.{}", self.random());
            self.sys.write_file(&path, text.as_bytes(), 0o600).await.ok()?;
            let fd = self.sys.open(&path, Open::READ, 0).await.ok()?;
            let _ = self.sys.unlink(&path).await;
            return Some(fd);
        }
        let _ = self.sys.write(w, text.as_bytes()).await;
        let _ = self.sys.close(w).await;
        Some(r)
    }
}

fn unescaped(part: &str) -> String {
    let mut out = String::new();
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}
