//! Copies of the shell: subshells, command substitutions, scripts without `#!`. Source: POSIX XCU 2.12, bash(1) "COMMAND EXECUTION ENVIRONMENT".

use super::ast::{Cmd, Kind, Node};
use super::exec::Job;
use super::{Run, Shell};
use machine::Map;
use machine::{Fd, OnSignal, Pid, Run as Runs, Signal, Spawn};
use std::rc::Rc;

impl Shell {
    /// Starts a copy of the shell. `extra`: descriptors that differ (number there, number here). `group`: process group as in `Spawn`.
    pub(super) async fn fork(&mut self, job: Job, extra: &[(Fd, Fd)], group: Option<Pid>, foreground: bool) -> Option<Pid> {
        let mut map = self.fds.clone();
        for &(there, here) in extra {
            map.insert(there, here);
        }
        let mut child = self.clone();
        child.fds = map.keys().map(|&fd| (fd, fd)).collect();
        child.held.clear();
        child.process_fds.clear();
        child.subshell += 1;
        child.stage = std::mem::take(&mut child.starting_stage);
        child.job_control = false;
        child.traps.retain(|_, action| action.is_empty());
        child.depth = 0;
        let mut spawn = Spawn::exec("", self.sys.args().to_vec());
        spawn.env = None;
        spawn.run = Runs::Fork(Box::new(move |sys| Box::pin(child.child(sys, job))));
        spawn.fds = map.iter().map(|(&there, &here)| (there, here)).collect();
        spawn.pgrp = group;
        spawn.foreground = foreground;
        spawn.signals = self.child_signals(group.is_none() && !foreground && self.starting_background);
        match self.sys.spawn(spawn).await {
            Ok(pid) => Some(pid),
            Err(e) => {
                self.error(format_args!("fork: {e}"));
                None
            }
        }
    }

    /// What signals a child must not inherit.
    pub(super) fn child_signals(&self, background: bool) -> Vec<(Signal, OnSignal)> {
        let mut list = Vec::new();
        if self.interactive {
            for signal in [Signal::Int, Signal::Quit, Signal::Term, Signal::Tstp, Signal::Ttin, Signal::Ttou, Signal::Winch] {
                list.push((signal, OnSignal::Default));
            }
        }
        for (name, action) in self.traps.iter() {
            if let Some(signal) = Signal::from_name(name) {
                list.push((signal, if action.is_empty() { OnSignal::Ignore } else { OnSignal::Default }));
            }
        }
        if background && !self.job_control {
            list.push((Signal::Int, OnSignal::Ignore));
            list.push((Signal::Quit, OnSignal::Ignore));
        }
        list
    }

    async fn child(mut self, sys: machine::Sys, job: Job) -> i32 {
        self.sys = sys;
        self.starting_background = false;
        let quiet = self.traps.is_empty();
        let done = match job {
            Job::Node(cmd) if matches!(cmd.kind, Kind::Subshell(_)) => self.inner(&cmd).await,
            Job::Node(cmd) => {
                self.tail = quiet;
                self.run(&cmd).await
            }
            Job::Text(text) => {
                self.jobs.clear();
                self.comsub = true;
                self.substitutions += 1;
                self.run_substitution(&text).await
            }
            Job::Script(path, args) => {
                self.become_script(&path, args).await;
                let status = self.run_script(&path).await;
                self.status = status;
                Ok(status)
            }
        };
        if let Ok(status) = done {
            self.status = status;
        }
        let status = self.status;
        self.leave(status).await
    }

    /// The inside of `( )`, in the process that is the subshell.
    pub(super) async fn inner(&mut self, cmd: &Cmd) -> Run {
        let Node { kind: Kind::Subshell(list), redirs, .. } = &**cmd else { return Ok(0) };
        self.line = cmd.line;
        if !redirs.is_empty() && self.redirect(redirs).await?.is_err() {
            return Ok(1);
        }
        // The last command takes the process over if it is a simple one, alone or behind `;`, `&&` or `||`.
        let simple = |c: &Cmd| matches!(c.kind, Kind::Simple { .. });
        self.tail = match &list.kind {
            Kind::List(items) => items.last().is_some_and(|(c, background)| simple(c) && !background),
            Kind::AndOr(_, rest) => rest.last().is_some_and(|(_, c)| simple(c)),
            _ => simple(list),
        };
        let list = list.clone();
        self.run(&list).await
    }

    async fn run_substitution(&mut self, text: &str) -> Run {
        let line = self.line;
        let mut parser = self.parser(text).at_line(line);
        loop {
            parser.aliases = self.parse_aliases();
            match parser.command_line() {
                Ok(None) => return Ok(self.status),
                Ok(Some(cmd)) => {
                    self.tail = text.get(parser.position()..).is_some_and(|r| r.trim().is_empty());
                    self.run(&cmd).await?;
                }
                Err(e) => {
                    self.syntax_error(&e, "command substitution", &parser.line_text(e.line));
                    return Ok(self.status);
                }
            }
        }
    }

    /// Turns this copy into a fresh shell for a script, keeping only what is exported.
    pub(super) async fn become_script(&mut self, path: &str, args: Vec<String>) {
        let names: Vec<String> = self.vars.iter().filter(|(_, v)| v.flags & super::vars::EXPORT == 0).map(|(n, _)| n.clone()).collect();
        for name in names {
            self.vars.remove(&name);
        }
        for (name, value) in [("IFS", " \t\n"), ("PS4", "+ "), ("OPTIND", "1")] {
            self.vars.set(name, value);
        }
        self.name = path.to_string();
        self.args = args;
        self.funcs.clear();
        self.aliases = Rc::new(Map::new());
        self.calls.clear();
        self.sourced = None;
        self.interactive = false;
        (self.subshell, self.comsub) = (0, false);
        self.jobs.clear();
        self.pid = self.sys.pid();
        self.opts = 0;
        if !self.dash() {
            self.set_opts("hB7");
        }
        self.shopts = super::options::shopt_defaults();
        (self.status, self.loops, self.no_errexit, self.line) = (0, 0, 0, 1);
    }
}
