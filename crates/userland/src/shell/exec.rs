//! Running compound commands, functions and subshells.
//! Not here: simple commands (`simple`), pipelines (`pipeline`). Source: POSIX XCU 2.9, bash(1) "SHELL GRAMMAR".

use super::ast::{Arm, Cmd, Cond, Kind, Node};
use super::escape::quoted_if_needed;
use super::expand::Fut;
use super::parse::Parser;
use super::unparse::command_text;
use super::vars::Value;
use super::{Flow, Run, Shell};
use machine::{Errno, Fd, Map, OnSignal, Pid, Run as Runs, STDERR, Signal, Spawn};
use pattern::{GlobFlags, Options, Regex, Syntax, fnmatch};
use std::rc::Rc;

/// So deep may commands and functions be nested.
const DEEPEST: u32 = 400;

/// What a copy of the shell runs.
pub(super) enum Job {
    Node(Cmd),
    Text(String),
    /// A file without `#!`, with arguments.
    Script(String, Vec<String>),
}

impl Shell {
    /// Runs a command; gives and keeps its status.
    pub(super) fn run<'a>(&'a mut self, cmd: &'a Cmd) -> Fut<'a, Run> {
        Box::pin(async move {
            if self.opt('n') && !self.interactive {
                return Ok(self.status);
            }
            if self.depth >= DEEPEST {
                let name = self.calls.last().cloned().unwrap_or_default();
                return Err(self.discard(&format!("{name}: maximum function nesting level exceeded ({DEEPEST})")));
            }
            if !self.traps.is_empty() && !self.in_trap && matches!(cmd.kind, Kind::Simple { .. } | Kind::Arith(_) | Kind::Cond(_)) {
                self.before_command(cmd).await?;
            }
            self.depth += 1;
            let done = self.run_redirected(cmd).await;
            self.depth -= 1;
            self.status = done?;
            self.run_traps().await?;
            self.check_interrupt()?;
            let counts = match &cmd.kind {
                Kind::Simple { .. } | Kind::Subshell(_) | Kind::Arith(_) | Kind::Cond(_) => true,
                Kind::Pipe { bang, .. } => !bang,
                _ => false,
            };
            if counts && self.status != 0 && self.no_errexit == 0 {
                if let Some(action) = self.traps.get("ERR").cloned().filter(|_| !self.in_trap && (self.calls.is_empty() || self.opt('E'))) {
                    self.trap_action(&action, "error trap").await?;
                }
                if self.opt('e') {
                    return Err(Flow::Exit);
                }
            }
            Ok(self.status)
        })
    }

    /// What traps want to know of a command before it runs, and the DEBUG trap.
    async fn before_command(&mut self, cmd: &Cmd) -> Run<()> {
        self.vars.set("BASH_COMMAND", &command_text(cmd));
        if let Some(action) = self.traps.get("DEBUG").cloned().filter(|_| self.calls.is_empty() || self.opt('T')) {
            self.line = cmd.line;
            self.trap_action(&action, "debug trap").await?;
        }
        Ok(())
    }

    /// Runs a trap's action; `$?` stays as it was.
    pub(super) async fn trap_action(&mut self, action: &str, prefix: &str) -> Run<()> {
        let (status, nested) = (self.status, std::mem::replace(&mut self.in_trap, true));
        let done = self.eval(action, prefix).await;
        self.in_trap = nested;
        done?;
        self.status = status;
        Ok(())
    }

    async fn run_redirected(&mut self, cmd: &Cmd) -> Run {
        let tail = std::mem::take(&mut self.tail);
        if let Kind::Simple { assigns, words } = &cmd.kind {
            self.line = cmd.line;
            return self.simple(cmd, assigns, words, tail).await;
        }
        if cmd.redirs.is_empty() {
            return self.compound(cmd, tail).await;
        }
        self.line = cmd.line;
        let undo = match self.redirect(&cmd.redirs).await? {
            Ok(undo) => undo,
            Err(()) => return Ok(1),
        };
        let done = self.compound(cmd, false).await;
        self.restore(undo).await;
        done
    }

    async fn condition(&mut self, cond: &Cmd) -> Run<bool> {
        self.no_errexit += 1;
        let done = self.run(cond).await;
        self.no_errexit -= 1;
        Ok(done? == 0)
    }

    async fn compound(&mut self, cmd: &Cmd, tail: bool) -> Run {
        match &cmd.kind {
            Kind::Simple { .. } => Ok(0),
            Kind::Pipe { time, bang, stages } => self.pipe(cmd, *time, *bang, stages).await,
            Kind::AndOr(first, rest) => {
                let mut item = first;
                let mut list = rest.iter();
                loop {
                    let last = list.len() == 0;
                    self.no_errexit += u32::from(!last);
                    let done = self.run(item).await;
                    self.no_errexit -= u32::from(!last);
                    let status = done?;
                    loop {
                        let Some((and, next)) = list.next() else { return Ok(status) };
                        if *and == (status == 0) {
                            item = next;
                            break;
                        }
                    }
                }
            }
            Kind::List(items) => {
                for (item, background) in items {
                    if *background {
                        self.background(item).await;
                    } else {
                        self.run(item).await?;
                    }
                }
                Ok(self.status)
            }
            Kind::Group(list) => self.run(list).await,
            Kind::Subshell(_) if tail && self.subshell > 0 => self.inner(cmd).await,
            Kind::Subshell(_) => {
                let group = self.job_control.then_some(0);
                let Some(pid) = self.fork(Job::Node(cmd.clone()), &[], group, group.is_some()).await else { return Ok(254) };
                Ok(self.foreground(vec![(pid, cmd.clone())], cmd).await)
            }
            Kind::If(arms, otherwise) => {
                for (cond, body) in arms {
                    if self.condition(cond).await? {
                        return self.run(body).await;
                    }
                }
                match otherwise {
                    Some(body) => self.run(body).await,
                    None => Ok(0),
                }
            }
            Kind::While { until, cond, body } => {
                self.loops += 1;
                let done = self.while_loop(*until, cond, body).await;
                self.loops -= 1;
                done
            }
            Kind::For { name, words, body, select } => {
                let list = match words {
                    Some(words) => self.expand_words(words).await?,
                    None => self.args.clone(),
                };
                self.loops += 1;
                let done = if *select { self.select(name, &list, body).await } else { self.for_loop(cmd, name, list, body).await };
                self.loops -= 1;
                done
            }
            Kind::ForArith { parts, body } => {
                self.loops += 1;
                let done = self.arith_loop(parts, body).await;
                self.loops -= 1;
                done
            }
            Kind::Case { word, arms } => self.case(word, arms).await,
            Kind::Arith(text) => {
                self.line = cmd.line;
                self.trace(&format!("(( {text} ))"));
                Ok(match self.arith_command(text).await? {
                    Some(n) => i32::from(n == 0),
                    None => 1,
                })
            }
            Kind::Cond(cond) => {
                self.line = cmd.line;
                self.cond(cond).await
            }
            Kind::Function { name, body } => {
                self.funcs.insert(name.to_string(), body.clone());
                Ok(0)
            }
        }
    }

    /// `(( ))` and `let`: the value, or `None` after a message.
    pub(super) async fn arith_command(&mut self, text: &str) -> Run<Option<i64>> {
        let text = self.expand_quoted(text).await?;
        Ok(match self.arith(&text) {
            Ok(n) => Some(n),
            Err(e) => {
                self.error(format_args!("((: {e}"));
                None
            }
        })
    }

    /// After a loop's body: whether the loop goes on.
    async fn turn(&mut self, done: Run) -> Run<bool> {
        self.sys.yield_now().await;
        if self.interactive || !self.traps.is_empty() {
            self.note_signals().await;
            self.check_interrupt()?;
        }
        match done {
            Ok(_) => Ok(true),
            Err(Flow::Break(n)) if n > 1 => Err(Flow::Break(n - 1)),
            Err(Flow::Continue(n)) if n > 1 => Err(Flow::Continue(n - 1)),
            Err(Flow::Break(_)) => {
                self.status = 0;
                Ok(false)
            }
            Err(Flow::Continue(_)) => {
                self.status = 0;
                Ok(true)
            }
            Err(other) => Err(other),
        }
    }

    async fn while_loop(&mut self, until: bool, cond: &Cmd, body: &Cmd) -> Run {
        let mut status = 0;
        loop {
            let go = match self.condition(cond).await {
                Ok(yes) => yes != until,
                Err(flow) => {
                    if !self.turn(Err(flow)).await? {
                        return Ok(0);
                    }
                    continue;
                }
            };
            if !go {
                return Ok(status);
            }
            let done = self.run(body).await;
            let more = self.turn(done).await?;
            status = self.status;
            if !more {
                return Ok(status);
            }
        }
    }

    async fn for_loop(&mut self, cmd: &Cmd, name: &str, list: Vec<String>, body: &Cmd) -> Run {
        if !super::vars::is_name(name) {
            self.line = cmd.line;
            self.error(format_args!("`{name}': not a valid identifier"));
            return Ok(1);
        }
        self.status = 0;
        for value in &list {
            if self.opt('x') {
                let words: Vec<String> = list.iter().map(|w| quoted_if_needed(w)).collect();
                self.trace(&format!("for {name} in {}", words.join(" ")));
            }
            self.assign_place(name, value).map_err(|e| self.discard(&e))?;
            let done = self.run(body).await;
            if !self.turn(done).await? {
                break;
            }
        }
        Ok(self.status)
    }

    async fn arith_loop(&mut self, parts: &[super::ast::Word; 3], body: &Cmd) -> Run {
        if self.arith_command(&parts[0]).await?.is_none() {
            return Ok(1);
        }
        let mut status = 0;
        loop {
            let go = if parts[1].is_empty() { Some(1) } else { self.arith_command(&parts[1]).await? };
            match go {
                None => return Ok(1),
                Some(0) => return Ok(status),
                Some(_) => {}
            }
            let done = self.run(body).await;
            let more = self.turn(done).await?;
            status = self.status;
            if !more {
                return Ok(status);
            }
            if self.arith_command(&parts[2]).await?.is_none() {
                return Ok(1);
            }
        }
    }

    async fn select(&mut self, name: &str, list: &[String], body: &Cmd) -> Run {
        if list.is_empty() {
            return Ok(0);
        }
        let err = self.fd(STDERR);
        let mut show = true;
        loop {
            if show {
                let width = list.len().to_string().len();
                for (i, item) in list.iter().enumerate() {
                    self.sys.print(err, format_args!("{:width$}) {item}\n", i + 1));
                }
            }
            let prompt = self.vars.text("PS3").unwrap_or("#? ").to_string();
            self.sys.print(err, format_args!("{prompt}"));
            let Some((line, _)) = self.read_line(0, b'\n', None).await? else {
                self.out("\n");
                return Ok(1);
            };
            let line = String::from_utf8_lossy(&line).trim_end_matches('\n').to_string();
            self.vars.set("REPLY", &line);
            show = line.is_empty();
            if show {
                continue;
            }
            let choice = line.trim().parse::<usize>().ok().and_then(|n| list.get(n.wrapping_sub(1))).cloned().unwrap_or_default();
            self.assign_place(name, &choice).map_err(|e| self.discard(&e))?;
            let done = self.run(body).await;
            if !self.turn(done).await? {
                return Ok(self.status);
            }
        }
    }

    fn match_flags(&self) -> GlobFlags {
        GlobFlags { extended: true, casefold: self.shopt("nocasematch"), ..GlobFlags::default() }
    }

    async fn case(&mut self, word: &str, arms: &[Arm]) -> Run {
        let text = self.expand_text(word, false).await?;
        if self.opt('x') {
            self.trace(&format!("case {} in", quoted_if_needed(&text)));
        }
        let mut falls = false;
        let mut status = 0;
        for arm in arms {
            let mut hit = falls;
            for pattern in &arm.patterns {
                if hit {
                    break;
                }
                let pattern = self.expand_pattern(pattern, false).await?;
                hit = fnmatch(&pattern, &text, self.match_flags());
            }
            if !hit {
                continue;
            }
            status = match &arm.body {
                Some(body) => self.run(body).await?,
                None => 0,
            };
            match arm.end {
                ";;" => break,
                ";&" => falls = true,
                _ => falls = false,
            }
        }
        Ok(status)
    }

    fn cond<'a>(&'a mut self, cond: &'a Cond) -> Fut<'a, Run> {
        Box::pin(async move {
            Ok(match cond {
                Cond::Paren(inner) => self.cond(inner).await?,
                Cond::Not(inner) => match self.cond(inner).await? {
                    0 => 1,
                    1 => 0,
                    other => other,
                },
                Cond::And(a, b) => match self.cond(a).await? {
                    0 => self.cond(b).await?,
                    other => other,
                },
                Cond::Or(a, b) => match self.cond(a).await? {
                    1 => self.cond(b).await?,
                    other => other,
                },
                Cond::Word(w) => i32::from(self.expand_text(w, false).await?.is_empty()),
                Cond::Unary(op, w) => {
                    let w = self.expand_text(w, false).await?;
                    self.trace(&format!("[[ {op} {} ]]", quoted_if_needed(&w)));
                    i32::from(!self.test_unary(op, &w).await)
                }
                Cond::Binary(left, op, right) => {
                    let a = self.expand_text(left, false).await?;
                    let matching = matches!(&**op, "=" | "==" | "!=" | "=~");
                    let b =
                        if matching { self.expand_pattern(right, &**op == "=~").await? } else { self.expand_text(right, false).await? };
                    self.trace(&format!("[[ {} {op} {} ]]", quoted_if_needed(&a), b));
                    match &**op {
                        "=" | "==" => i32::from(!fnmatch(&b, &a, self.match_flags())),
                        "!=" => i32::from(fnmatch(&b, &a, self.match_flags())),
                        "=~" => self.regex(&a, &b),
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                            let number = |sh: &mut Shell, s: &str| sh.arith(s).map_err(|e| sh.discard(&format!("[[: {e}")));
                            let (x, y) = (number(self, &a)?, number(self, &b)?);
                            i32::from(!super::test::compare(op, x, y))
                        }
                        _ => i32::from(!self.test_binary(&a, op, &b).await),
                    }
                }
            })
        })
    }

    fn regex(&mut self, text: &str, pattern: &str) -> i32 {
        let options = Options { icase: self.shopt("nocasematch"), utf8: true, ..Options::default() };
        let Ok(regex) = Regex::new(pattern.as_bytes(), Syntax::Extended, options) else { return 2 };
        let found = regex.find(text.as_bytes(), 0);
        let mut groups = Map::new();
        if let Some(m) = &found {
            for g in 0..=regex.groups() {
                groups.insert(g as i64, String::from_utf8_lossy(m.text(text.as_bytes(), g)).into_owned());
            }
        }
        self.vars.get_mut("BASH_REMATCH").value = Value::Indexed(groups);
        i32::from(found.is_none())
    }

    /// Calls a function.
    pub(super) async fn call(&mut self, name: &str, body: &Cmd, args: Vec<String>) -> Run {
        let outer = std::mem::replace(&mut self.args, args);
        let loops = std::mem::take(&mut self.loops);
        self.calls.push(name.to_string());
        self.vars.push();
        let hidden = if self.opt('T') { None } else { self.traps.remove("RETURN") };
        let done = match self.run(body).await {
            Err(Flow::Return) => Ok(self.status),
            other => other,
        };
        let told = match self.traps.get("RETURN").cloned() {
            Some(action) if done.is_ok() => self.trap_action(&action, "return trap").await,
            _ => Ok(()),
        };
        if let Some(action) = hidden {
            self.traps.insert("RETURN".into(), action);
        }
        self.vars.pop();
        self.calls.pop();
        self.loops = loops;
        self.args = outer;
        told.and(done)
    }

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
        child.job_control = false;
        child.set_opt('m', false);
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
    async fn inner(&mut self, cmd: &Cmd) -> Run {
        let Node { kind: Kind::Subshell(list), redirs, .. } = &**cmd else { return Ok(0) };
        self.line = cmd.line;
        if !redirs.is_empty() && self.redirect(redirs).await?.is_err() {
            return Ok(1);
        }
        self.tail = matches!(list.kind, Kind::Simple { .. });
        let list = list.clone();
        self.run(&list).await
    }

    async fn run_substitution(&mut self, text: &str) -> Run {
        let line = self.line;
        let mut parser = Parser::new(text).at_line(line);
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
        for letter in ['h', 'B', '7'] {
            self.set_opt(letter, true);
        }
        self.shopts = super::options::shopt_defaults();
        (self.status, self.loops, self.no_errexit, self.line) = (0, 0, 0, 1);
    }

    /// Prints a command under `set -x`.
    pub(super) fn trace(&self, text: &str) {
        if self.opt('x') {
            let prefix = self.vars.text("PS4").unwrap_or("+ ");
            self.sys.print(self.fd(STDERR), format_args!("{prefix}{text}\n"));
        }
    }

    /// Waits for one child to end, whatever else happens.
    pub(super) async fn wait_pid(&mut self, pid: Pid) -> i32 {
        loop {
            match self.sys.wait(machine::WaitFor::Pid(pid), true, false).await {
                Ok(Some((_, status))) => return super::jobs::code(status),
                Err(Errno::EINTR) => self.note_signals().await,
                _ => return 127,
            }
        }
    }
}
