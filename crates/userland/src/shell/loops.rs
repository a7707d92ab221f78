//! Loops, `select` and `case`. Not here: lists, `if`, functions (`exec`). Source: POSIX XCU 2.9.4, bash(1) "Compound Commands".

use super::ast::{Arm, Cmd, Kind};
use super::{Flow, Run, Shell};
use machine::STDERR;
use pattern::fnmatch;

impl Shell {
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
            Err(Flow::Break(_)) => Ok(false),
            Err(Flow::Continue(_)) => Ok(true),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn while_loop(&mut self, until: bool, cond: &Cmd, body: &Cmd) -> Run {
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

    pub(super) async fn for_loop(&mut self, cmd: &Cmd, name: &str, list: Vec<String>, body: &Cmd) -> Run {
        if !super::vars::is_name(name) {
            self.line = cmd.line;
            self.error(format_args!("`{name}': not a valid identifier"));
            return Ok(1);
        }
        self.status = 0;
        for value in &list {
            if self.opt('x') {
                let text = match &cmd.kind {
                    Kind::For { words: Some(words), .. } => words.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(" "),
                    _ => "\"$@\"".into(),
                };
                self.trace(&format!("for {name} in {text}"));
            }
            if !self.in_trap && self.traps.get("DEBUG").is_some() {
                self.before_command(cmd).await?;
            }
            self.assign_place(name, value).map_err(|e| self.discard(&e))?;
            let done = self.run(body).await;
            if !self.turn(done).await? {
                break;
            }
        }
        Ok(self.status)
    }

    pub(super) async fn arith_loop(&mut self, parts: &[super::ast::Word; 3], body: &Cmd) -> Run {
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

    pub(super) async fn select(&mut self, name: &str, list: &[String], body: &Cmd) -> Run {
        if list.is_empty() {
            return Ok(0);
        }
        let err = self.fd(STDERR);
        self.trace(&format!("select {name} in {}", list.join(" ")));
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

    pub(super) async fn case(&mut self, word: &str, arms: &[Arm]) -> Run {
        let text = self.expand_text(word, false).await?;
        if self.opt('x') {
            self.trace(&format!("case {word} in"));
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
}
