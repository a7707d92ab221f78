//! Finding and starting programs, and what to say when that fails.
//! Source: POSIX XCU 2.9.1.1, bash(1) "COMMAND EXECUTION", and its messages.

use super::ast::{Cmd, Kind, Node, Word};
use super::escape::visible;
use super::exec::Job;
use super::lex::assignment;
use super::unparse::function_text;
use super::{Flow, Run, Shell};
use crate::util::absent::absent;
use machine::{Errno, Fd, FileKind, Spawn};

impl Shell {
    /// Runs a command that is neither function nor builtin.
    pub(super) async fn program(&mut self, cmd: &Cmd, assigns: &[Word], argv: Vec<String>, tail: bool) -> Run {
        self.vars.push();
        let done = self.program_scoped(cmd, assigns, argv, tail).await;
        self.vars.pop();
        done
    }

    async fn program_scoped(&mut self, cmd: &Cmd, assigns: &[Word], argv: Vec<String>, tail: bool) -> Run {
        // Redirections come first: `nosuch > f` makes f.
        let undo = match self.redirect(&cmd.redirs).await? {
            Ok(undo) => undo,
            Err(()) => return self.not_redirected(None),
        };
        let path = self.vars.text("PATH").map(String::from);
        for assign in assigns {
            let text = &assign[..assignment(assign.as_bytes())];
            let name = text.trim_end_matches('=').trim_end_matches('+').to_string();
            let old = self.vars.get(&name).cloned();
            self.vars.localize(&name);
            if let Some(var) = old {
                *self.vars.get_mut(&name) = var;
            }
            self.assign_word(assign).await?;
            self.vars.get_mut(&name).flags |= super::vars::EXPORT;
        }
        self.trace_words(&argv);
        let found = if argv[0].contains('/') { Ok(argv[0].clone()) } else { self.search(&argv[0], path.as_deref()).await };
        let status = match found {
            Err(status) => status,
            Ok(found) => self.launch(cmd, &found, argv, tail).await,
        };
        self.restore(undo).await;
        Ok(status)
    }

    /// `command name`: a program, whatever functions there are.
    pub(super) async fn plain_program(&mut self, argv: Vec<String>) -> Run {
        let words = argv.iter().map(|w| Word::from(w.as_str())).collect();
        let cmd = Cmd::new(Node { kind: Kind::Simple { assigns: Vec::new(), words }, redirs: Vec::new(), line: self.line });
        self.program(&cmd, &[], argv, false).await
    }

    /// Looks a command up in `$PATH`.
    async fn search(&mut self, name: &str, path: Option<&str>) -> Result<String, i32> {
        if let Some((found, hits)) = self.hash.get_mut(name)
            && path == self.vars.text("PATH")
        {
            *hits += 1;
            return Ok(found.clone());
        }
        let Some(path) = self.vars.text("PATH").or(path).filter(|p| !p.is_empty()).map(String::from) else {
            self.error(format_args!("{name}: No such file or directory"));
            return Err(127);
        };
        let mut unusable = None;
        if !name.is_empty() {
            for dir in path.split(':') {
                let full = if dir.is_empty() { format!("./{name}") } else { format!("{dir}/{name}") };
                match self.sys.stat(&full).await {
                    Ok(s) if s.kind == FileKind::File => {
                        if self.sys.access(&full, false, false, true).await.is_ok() {
                            self.hash.insert(name.to_string(), (full.clone(), 1));
                            return Ok(full);
                        }
                        unusable = unusable.or(Some(full));
                    }
                    _ => {}
                }
            }
        }
        if let Some(full) = unusable {
            self.error(format_args!("{full}: Permission denied"));
            return Err(126);
        }
        if let Some(handler) = self.funcs.get("command_not_found_handle").cloned() {
            return Err(match self.call("command_not_found_handle", &handler, vec![name.to_string()]).await {
                Ok(status) => status,
                Err(_) => self.status,
            });
        }
        let why = match () {
            () if absent(name) => "not simulated here",
            () if self.dash() => "not found",
            () => "command not found",
        };
        self.error(format_args!("{}: {why}", if self.dash() { name.into() } else { visible(name) }));
        Err(127)
    }

    /// The file in `$PATH` of this name, executable or not; for `.`, `type` and `command -v`.
    pub(super) async fn find(&mut self, name: &str) -> Option<String> {
        if name.contains('/') {
            return Some(name.to_string());
        }
        self.find_all(name).await.into_iter().next()
    }

    /// All executable files in `$PATH` of this name.
    pub(super) async fn find_all(&mut self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        let path = self.vars.text("PATH").unwrap_or_default().to_string();
        for dir in path.split(':') {
            let full = format!("{}/{name}", if dir.is_empty() { "." } else { dir });
            if self.sys.stat(&full).await.is_ok_and(|s| s.kind == FileKind::File)
                && self.sys.access(&full, false, false, true).await.is_ok()
            {
                all.push(full);
            }
        }
        all
    }

    fn child_env(&self, path: &str) -> Vec<String> {
        let mut env = self.vars.environ();
        for name in &self.exported {
            if let Some(body) = self.funcs.get(name) {
                let text = function_text(name, body);
                env.push(format!("BASH_FUNC_{name}%%={}", text.get(name.len() + 1..).unwrap_or("").replacen("\n", "", 1)));
            }
        }
        env.push(format!("_={path}"));
        env
    }

    async fn launch(&mut self, cmd: &Cmd, path: &str, argv: Vec<String>, tail: bool) -> i32 {
        if tail && !self.job_control {
            let e = self.replace(path, argv.clone(), None, true).await;
            return self.not_started(path, &argv, e).await;
        }
        let group = self.job_control.then_some(0);
        let mut spawn = Spawn::exec(path, argv.clone());
        spawn.env = Some(self.child_env(path));
        spawn.fds = self.fds.iter().map(|(&there, &here)| (there, here)).collect();
        spawn.pgrp = group;
        spawn.foreground = group.is_some();
        spawn.signals = self.child_signals(false);
        match self.sys.spawn(spawn).await {
            Ok(pid) => self.foreground(vec![(pid, cmd.clone())], cmd).await,
            Err(e) => self.not_started(path, &argv, e).await,
        }
    }

    /// Reports why a program could not be executed; a text file without `#!` is run by a new shell.
    async fn not_started(&mut self, path: &str, argv: &[String], e: Errno) -> i32 {
        let stat = self.sys.stat(path).await;
        if e == Errno::ENOEXEC {
            let head = self.sys.read_file(path).await.unwrap_or_default();
            if head.iter().take(80).take_while(|b| **b != b'\n').any(|b| *b == 0) {
                self.error(format_args!("{path}: cannot execute binary file: Exec format error"));
                return 126;
            }
            let group = self.job_control.then_some(0);
            let job = Job::Script(path.to_string(), argv[1..].to_vec());
            let Some(pid) = self.fork(job, &[], group, group.is_some()).await else { return 254 };
            return self.foreground_pid(pid).await;
        }
        let name = &argv[0];
        let (text, status) = match (&stat, e) {
            (Ok(s), _) if s.is_dir() => (if self.dash() { Errno::EACCES.text() } else { "Is a directory" }, 126),
            (_, Errno::ENOENT) if self.dash() => ("not found", 127),
            (Ok(_), Errno::ENOENT) => ("cannot execute: required file not found", 127),
            (_, Errno::ENOENT) => ("No such file or directory", 127),
            (_, e) => (e.text(), 126),
        };
        self.error(format_args!("{name}: {text}"));
        status
    }

    /// Becomes another program; returns why not. `env`: its environment, if not the exported variables; `implied`: nobody said `exec`.
    pub(super) async fn replace(&mut self, path: &str, argv: Vec<String>, env: Option<Vec<String>>, implied: bool) -> Errno {
        match self.sys.stat(path).await {
            Err(e) => return e,
            Ok(s) if s.is_dir() => return Errno::EACCES,
            Ok(_) => {}
        }
        if let Err(e) = self.sys.access(path, false, false, true).await {
            return e;
        }
        // The shell that goes no longer counts as a level, except a stage of a pipeline.
        let level = self.vars.text("SHLVL").map(String::from);
        if let Some(n) = level.as_ref().and_then(|l| l.parse::<i32>().ok()).filter(|_| !self.stage || !implied) {
            self.vars.set("SHLVL", &(n - 1).to_string());
        }
        let env = env.unwrap_or_else(|| self.child_env(path));
        if let Some(level) = level {
            self.vars.set("SHLVL", &level);
        }
        let moved = self.fds.iter().any(|(a, b)| a != b);
        let mut others = Vec::new();
        if moved {
            // Put every descriptor at the number under which commands know it.
            let mut high: Vec<(Fd, Fd)> = Vec::new();
            for (&there, &here) in self.fds.clone().iter() {
                if let Ok(fd) = self.sys.dup(here, 100).await {
                    high.push((there, fd));
                }
            }
            for &(there, fd) in &high {
                let _ = self.sys.dup2(fd, there).await;
            }
            others = high.into_iter().map(|(_, fd)| fd).collect();
        }
        for fd in self.sys.fds().await {
            if !self.fds.contains(&fd) || others.contains(&fd) {
                let _ = self.sys.close(fd).await;
            }
        }
        self.fds = self.fds.keys().map(|&fd| (fd, fd)).collect();
        for (signal, what) in self.child_signals(false) {
            self.sys.on_signal(signal, what).await;
        }
        self.sys.exec(path, argv, env).await
    }

    /// `exec command`.
    pub(super) async fn exec_builtin(&mut self, argv: Vec<String>, name: Option<String>, clear: bool) -> Run {
        let path = match self.find(&argv[0]).await {
            Some(path) => path,
            None => {
                self.error(format_args!("exec: {}: not found", argv[0]));
                self.status = 127;
                return if self.interactive && self.subshell == 0 { Ok(127) } else { Err(Flow::Exit) };
            }
        };
        let mut args = argv.clone();
        if let Some(name) = name {
            args[0] = name;
        }
        let e = self.replace(&path, args, clear.then(Vec::new), false).await;
        if e == Errno::ENOEXEC {
            self.become_script(&path, argv[1..].to_vec()).await;
            self.status = Box::pin(self.run_script(&path)).await;
            return Err(Flow::Exit);
        }
        let text = if self.sys.stat(&path).await.is_ok_and(|s| s.is_dir()) { "Is a directory" } else { e.text() };
        self.error(format_args!("{}: {text}", argv[0]));
        if e != Errno::ENOENT {
            self.error(format_args!("exec: {}: cannot execute: {text}", argv[0]));
        }
        self.status = if e == Errno::ENOENT { 127 } else { 126 };
        if self.interactive && self.subshell == 0 { Ok(self.status) } else { Err(Flow::Exit) }
    }
}
