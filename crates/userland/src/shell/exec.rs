//! Running commands: lists, groups, `if`, functions, traps around them.
//! Not here: simple commands (`simple`), pipelines (`pipeline`), loops (`loops`), subshells (`fork`). Source: POSIX XCU 2.9.

use super::ast::{Cmd, Kind};
use super::expand::Fut;
use super::unparse::command_text;
use super::{Flow, Frame, Run, Shell};
use machine::STDERR;

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
                let name = self.calls.last().map(|f| f.name.clone()).unwrap_or_default();
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
    pub(super) async fn before_command(&mut self, cmd: &Cmd) -> Run<()> {
        let text = command_text(cmd);
        // Of a loop its head.
        let loops = matches!(cmd.kind, Kind::For { .. });
        self.vars.set("BASH_COMMAND", if loops { text.split(';').next().unwrap_or("") } else { &text });
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
            Err(()) => return self.not_redirected(None),
        };
        let done = self.compound(cmd, false).await;
        self.restore(undo).await;
        done
    }

    pub(super) async fn condition(&mut self, cond: &Cmd) -> Run<bool> {
        self.no_errexit += 1;
        let done = self.run(cond).await;
        self.no_errexit -= 1;
        Ok(done? == 0)
    }

    pub(super) async fn compound(&mut self, cmd: &Cmd, tail: bool) -> Run {
        match &cmd.kind {
            Kind::Simple { .. } => Ok(0),
            Kind::Pipe { time, bang, stages } => self.pipe(cmd, *time, *bang, stages).await,
            Kind::AndOr(first, rest) => {
                let mut item = first;
                let mut list = rest.iter();
                loop {
                    let last = list.len() == 0;
                    self.no_errexit += u32::from(!last);
                    self.tail = tail && last && self.traps.is_empty();
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
                for (n, (item, background)) in items.iter().enumerate() {
                    // The last one may take the process over.
                    self.tail = tail && n + 1 == items.len() && !background && self.traps.is_empty();
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
                match &self.sourced {
                    Some(file) => drop(self.origins.insert(name.to_string(), file.clone())),
                    None => drop(self.origins.remove(&**name)),
                }
                Ok(0)
            }
        }
    }

    /// `(( ))` and `let`: the value, or `None` after a message.
    pub(super) async fn arith_command(&mut self, text: &str) -> Run<Option<i64>> {
        let text = self.expand_quoted(text).await?;
        self.trace(&format!("(( {text} ))"));
        Ok(match self.arith(&text) {
            Ok(n) => Some(n),
            Err(e) => {
                self.error(format_args!("((: {e}"));
                None
            }
        })
    }

    /// Notes that a function or a sourced file begins.
    pub(super) fn enter(&mut self, name: &str) {
        let file = self.source_name().unwrap_or_else(|| "environment".into());
        self.calls.push(Frame { name: name.to_string(), file, line: self.line });
    }

    /// Calls a function.
    pub(super) async fn call(&mut self, name: &str, body: &Cmd, args: Vec<String>) -> Run {
        let outer = std::mem::replace(&mut self.args, args);
        let loops = std::mem::take(&mut self.loops);
        let sourced = std::mem::replace(&mut self.sourced, self.origins.get(name).cloned());
        self.enter(name);
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
        self.sourced = sourced;
        self.loops = loops;
        self.args = outer;
        told.and(done)
    }

    /// Prints a command under `set -x`.
    pub(super) fn trace(&self, text: &str) {
        if self.opt('x') {
            // Its first character tells how deep in command substitutions this is.
            let ps4 = self.vars.text("PS4").unwrap_or("+ ");
            let first = ps4.chars().next().map_or(String::new(), |c| c.to_string());
            let prefix = first.repeat(self.substitutions) + ps4;
            self.sys.print(self.fd(STDERR), format_args!("{prefix}{text}\n"));
        }
    }
}
