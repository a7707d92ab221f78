//! Redirections. The shell keeps a table from the descriptors that commands see to its own, so that a builtin's redirection
//! is an entry in the table and nothing needs to be moved. Source: POSIX XCU 2.7, bash(1) "REDIRECTION".

use super::ast::{Redir, Target};
use super::{Run, Shell};
use machine::{Errno, Fd, FileKind, Open, SockAddr, resolver};

/// What must be put back after a command.
#[derive(Default)]
pub(super) struct Undo {
    /// Descriptor and what it was.
    old: Vec<(Fd, Option<Fd>)>,
    /// This process's descriptors opened for the command.
    opened: Vec<Fd>,
}

impl Shell {
    /// Carries out redirections. `Err(())`: one failed and was reported; nothing is left of them.
    pub(super) async fn redirect(&mut self, redirs: &[Redir]) -> Run<Result<Undo, ()>> {
        let mut undo = Undo::default();
        for redir in redirs {
            let done = self.one(redir, &mut undo).await;
            if let Ok(Ok(())) = done {
                continue;
            }
            self.restore(undo).await;
            done?.ok();
            return Ok(Err(()));
        }
        self.held.extend(undo.old.iter().filter_map(|(_, fd)| *fd));
        Ok(Ok(undo))
    }

    fn point(&mut self, fd: Fd, to: Option<Fd>, undo: &mut Undo) {
        let old = match to {
            Some(to) => self.fds.insert(fd, to),
            None => self.fds.remove(&fd),
        };
        undo.old.push((fd, old));
    }

    async fn one(&mut self, redir: &Redir, undo: &mut Undo) -> Run<Result<(), ()>> {
        let default = if redir.op.starts_with('<') { 0 } else { 1 };
        let fd = match &redir.fd {
            Target::Usual => default,
            Target::Number(n) => *n,
            Target::Named(_) => (10..).find(|n| !self.fds.contains(n)).unwrap_or(10),
        };
        if let Some(doc) = &redir.here {
            let body = doc.body.get().cloned().unwrap_or_else(|| "".into());
            let text = if doc.quoted { body.to_string() } else { self.expand_quoted(&body).await? };
            return Ok(self.give(fd, &text, undo).await);
        }
        if redir.op == "<<<" {
            let text = self.expand_text(&redir.word, false).await? + "\n";
            return Ok(self.give(fd, &text, undo).await);
        }
        let mut words = self.expand_words(std::slice::from_ref(&redir.word)).await?;
        if words.len() != 1 {
            // An empty expansion is a path like any other; more than one word is not.
            if words.is_empty() && super::lex::has_quote(&redir.word) {
                words.push(String::new());
            } else {
                self.error(format_args!("{}: ambiguous redirect", redir.word));
                return Ok(Err(()));
            }
        }
        let word = words.swap_remove(0);
        if matches!(redir.op, "<&" | ">&") {
            if word == "-" {
                self.point(fd, None, undo);
                return Ok(Ok(()));
            }
            let (digits, moves) = match word.strip_suffix('-') {
                Some(d) => (d, true),
                None => (word.as_str(), false),
            };
            if let Some(n) = digits.parse::<Fd>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit())) {
                let Some(&real) = self.fds.get(&n) else {
                    self.error(format_args!("{n}: Bad file descriptor"));
                    return Ok(Err(()));
                };
                self.point(fd, Some(real), undo);
                if moves && n != fd {
                    self.point(n, None, undo);
                }
                return Ok(Ok(()));
            }
            if redir.op == "<&" || !matches!(redir.fd, Target::Usual) {
                self.error(format_args!("{word}: ambiguous redirect"));
                return Ok(Err(()));
            }
        }
        let flags = match redir.op {
            "<" => Open::READ,
            ">>" | "&>>" => Open::APPEND,
            "<>" => Open::RDWR,
            _ => Open::CREATE,
        };
        if self.opt('C') && matches!(redir.op, ">" | "&>") && self.sys.stat(&word).await.is_ok_and(|s| s.kind == FileKind::File) {
            if self.dash() {
                self.not_opened(&word, flags, Errno::EEXIST);
            } else {
                self.error(format_args!("{word}: cannot overwrite existing file"));
            }
            return Ok(Err(()));
        }
        match self.open(&word, flags).await {
            Ok((real, opened)) => {
                if opened {
                    undo.opened.push(real);
                }
                self.point(fd, Some(real), undo);
                if matches!(redir.op, "&>" | "&>>") || redir.op == ">&" {
                    self.point(2, Some(real), undo);
                }
                if let Target::Named(name) = &redir.fd {
                    self.vars.set(name, &fd.to_string());
                }
                Ok(Ok(()))
            }
            Err(e) => {
                self.not_opened(&word, flags, e);
                Ok(Err(()))
            }
        }
    }

    /// Opens a path; bash knows `/dev/fd/N`, `/dev/stdin` and so on itself. Whether it is a descriptor of its own.
    async fn open(&mut self, path: &str, flags: Open) -> Result<(Fd, bool), Errno> {
        let number = match path {
            "/dev/stdin" => Some(0),
            "/dev/stdout" => Some(1),
            "/dev/stderr" => Some(2),
            _ => path.strip_prefix("/dev/fd/").and_then(|n| n.parse().ok()),
        };
        if let Some(n) = number {
            return self.fds.get(&n).map(|&fd| (fd, false)).ok_or(if path.starts_with("/dev/fd") { Errno::ENOENT } else { Errno::EBADF });
        }
        if let Some((host, port)) = path.strip_prefix("/dev/tcp/").and_then(|rest| rest.split_once('/')) {
            return self.connect(host, port).await.map(|fd| (fd, true));
        }
        loop {
            match self.sys.open(path, flags, 0o666).await {
                Err(Errno::EINTR) => {
                    self.note_signals().await;
                    if self.interrupted {
                        return Err(Errno::EINTR);
                    }
                }
                other => return other.map(|fd| (fd, true)),
            }
        }
    }

    /// `/dev/tcp/HOST/PORT`: a connection.
    async fn connect(&self, host: &str, port: &str) -> Result<Fd, Errno> {
        let complain = |what: &str, why: &str| self.sys.print(self.fd(2), format_args!("{}: {what}: {why}\n", self.title()));
        let number = match port.parse() {
            Ok(number) => Some(number),
            Err(_) => resolver::service_port(&self.sys, port, "tcp").await,
        };
        let Some(port) = number else {
            complain(port, "Servname not supported for ai_socktype");
            return Err(Errno::EINVAL);
        };
        let ip = match resolver::host_addrs(&self.sys, host).await {
            Ok(addrs) => addrs.first().copied().ok_or(Errno::EINVAL)?,
            Err(e) => {
                complain(host, e.text());
                return Err(Errno::EINVAL);
            }
        };
        let connected = self.sys.tcp_connect(SockAddr { ip, port }, None, None).await;
        if let Err(e) = connected {
            complain("connect", e.text());
        }
        connected
    }

    async fn give(&mut self, fd: Fd, text: &str, undo: &mut Undo) -> Result<(), ()> {
        let real = self.text_file(text).await.ok_or(())?;
        undo.opened.push(real);
        self.point(fd, Some(real), undo);
        Ok(())
    }

    /// Puts descriptors back as they were.
    pub(super) async fn restore(&mut self, undo: Undo) {
        for (fd, old) in undo.old.into_iter().rev() {
            match old {
                Some(real) => {
                    if let Some(at) = self.held.iter().rposition(|&h| h == real) {
                        self.held.remove(at);
                    }
                    self.fds.insert(fd, real);
                }
                None => drop(self.fds.remove(&fd)),
            }
        }
        for real in undo.opened {
            if !self.fds.values().any(|&fd| fd == real) {
                let _ = self.sys.close(real).await;
            }
        }
    }

    /// Makes redirections last (`exec`): closes what nothing names any more.
    pub(super) async fn keep(&mut self, undo: Undo) {
        for real in undo.old.iter().filter_map(|(_, old)| *old) {
            if let Some(at) = self.held.iter().rposition(|&h| h == real) {
                self.held.remove(at);
            }
            if !self.held.contains(&real) && !self.fds.values().any(|&fd| fd == real) {
                let _ = self.sys.close(real).await;
            }
        }
    }
}
