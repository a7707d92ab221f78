//! Simple commands: expansion, assignments, redirections, and the choice between function, builtin and program.
//! Not here: starting programs (`external`). Source: POSIX XCU 2.9.1.

use super::ast::{Cmd, Word};
use super::builtins::{self, Builtin};
use super::escape::quoted_if_needed;
use super::lex::assignment;
use super::{Flow, Run, Shell};

impl Shell {
    pub(super) async fn simple(&mut self, cmd: &Cmd, assigns: &[Word], words: &[Word], tail: bool) -> Run {
        let open = self.process_fds.len();
        self.sub_status = None;
        let done = self.simple_inner(cmd, assigns, words, tail).await;
        if self.process_fds.len() > open {
            self.close_processes(open).await;
        }
        if let Some(last) = self.last_word.take() {
            self.vars.set("_", &last);
        }
        done
    }

    async fn simple_inner(&mut self, cmd: &Cmd, assigns: &[Word], words: &[Word], tail: bool) -> Run {
        let mut argv = self.arguments(words).await?;
        if argv.first().is_some_and(|a| a.starts_with('%')) && self.job_control {
            // `%2` means `fg %2`.
            argv.insert(0, "fg".into());
        }
        self.last_word = argv.last().cloned();
        let Some(name) = argv.first().cloned() else {
            return self.only_assignments(cmd, assigns).await;
        };
        let func = self.funcs.get(&name).cloned();
        let builtin = builtins::find(&name)
            .filter(|_| !self.dash() || !super::dash::lacks(&name))
            .filter(|b| !self.disabled.iter().any(|d| d == b.name));
        if func.is_none() && builtin.is_none() {
            return self.program(cmd, assigns, argv, tail).await;
        }
        let undo = match self.redirect(&cmd.redirs).await? {
            Ok(undo) => undo,
            Err(()) => return self.not_redirected(builtin.map(|b| b.name).filter(|_| func.is_none())),
        };
        // `exec` makes redirections last.
        let lasting = func.is_none() && name == "exec";
        let lasts = func.is_none() && self.keeps_assignments(&name);
        if lasts {
            for assign in assigns {
                self.assign_word(assign).await?;
            }
        }
        let scoped = !assigns.is_empty() && !lasts;
        if scoped {
            self.vars.push();
            for assign in assigns {
                let text = &assign[..assignment(assign.as_bytes())];
                let text = text.trim_end_matches('=').trim_end_matches('+');
                let old = self.vars.get(text).cloned();
                self.vars.localize(text);
                if let Some(var) = old {
                    *self.vars.get_mut(text) = var;
                }
                self.assign_word(assign).await?;
                self.vars.get_mut(text).flags |= super::vars::EXPORT;
            }
        }
        self.trace_words(&argv);
        let done = match (func, builtin) {
            (Some(body), _) => self.call(&name, &body, argv[1..].to_vec()).await,
            (None, Some(builtin)) => self.builtin(builtin, &argv, scoped).await,
            _ => Ok(0),
        };
        if scoped {
            self.vars.pop();
        }
        if lasting {
            self.keep(undo).await;
        } else {
            self.restore(undo).await;
        }
        done
    }

    pub(super) async fn builtin(&mut self, builtin: &'static Builtin, argv: &[String], scoped: bool) -> Run {
        if let [_, arg] = argv
            && arg == "--help"
            && !builtin.plain
        {
            builtins::help::print(self, builtin);
            return Ok(if builtin.name == "help" { 0 } else { 2 });
        }
        let writes = matches!(builtin.name, "echo" | "printf" | "pwd");
        if writes && self.fd(1) < 0 {
            self.error(format_args!("{}: write error: Bad file descriptor", builtin.name));
            return Ok(1);
        }
        if !matches!(builtin.name, "exit" | "logout" | "jobs") {
            self.warned_of_jobs = false;
        }
        // Declarations made with assignments in front are not undone with them.
        let _ = scoped;
        let before = self.complaints.get();
        let done = self.carry_out(builtin, argv).await;
        self.after_builtin(builtin, before, done)
    }

    /// The words of a command, expanded; arguments of `declare` and its kin that are assignments are not split.
    async fn arguments(&mut self, words: &[Word]) -> Run<Vec<String>> {
        self.compound.clear();
        let declares = words.first().is_some_and(|w| matches!(&**w, "declare" | "typeset" | "local" | "export" | "readonly"));
        if !declares {
            return self.expand_words(words).await;
        }
        let mut argv = Vec::new();
        let mut compound = Vec::new();
        for (i, word) in words.iter().enumerate() {
            let n = assignment(word.as_bytes());
            if i == 0 || n == 0 {
                argv.extend(self.expand_words(std::slice::from_ref(word)).await?);
            } else if word.get(n..).is_some_and(|v| v.starts_with('(')) {
                compound.push(argv.len());
                argv.push(word.to_string());
            } else {
                let value = self.expand_text(&word[n..], true).await?;
                argv.push(format!("{}{value}", &word[..n]));
            }
        }
        self.compound = compound;
        Ok(argv)
    }

    async fn only_assignments(&mut self, cmd: &Cmd, assigns: &[Word]) -> Run {
        for assign in assigns {
            self.assign_word(assign).await?;
        }
        if !cmd.redirs.is_empty() {
            match self.redirect(&cmd.redirs).await? {
                Ok(undo) => self.restore(undo).await,
                Err(()) => return self.not_redirected(None),
            }
        }
        Ok(self.sub_status.take().unwrap_or(0))
    }

    pub(super) fn trace_words(&self, argv: &[String]) {
        if self.opt('x') {
            let words: Vec<String> = argv.iter().map(|w| if self.dash() { w.clone() } else { quoted_if_needed(w) }).collect();
            self.trace(&words.join(" "));
        }
    }

    /// Runs text as commands here and now (`eval`, traps). `prefix` names it in syntax errors.
    pub(super) fn eval<'a>(&'a mut self, text: &'a str, prefix: &'a str) -> super::expand::Fut<'a, Run> {
        Box::pin(async move {
            let mut parser = self.parser(text).at_line(self.line);
            self.status = if prefix == "eval" { 0 } else { self.status };
            loop {
                parser.aliases = self.parse_aliases();
                match parser.command_line() {
                    Ok(None) => return Ok(self.status),
                    Ok(Some(cmd)) => {
                        self.run(&cmd).await?;
                    }
                    Err(e) => {
                        let line = parser.line_text(e.line);
                        self.syntax_error(&e, prefix, &line);
                        return if self.dash() { Err(self.fatal(2)) } else { Ok(self.status) };
                    }
                }
            }
        })
    }

    /// Runs the text of a file here and now.
    pub(super) fn source_text<'a>(&'a mut self, text: &'a str, path: &'a str) -> super::expand::Fut<'a, Run> {
        Box::pin(async move {
            let (line, sourced) = (self.line, self.sourced.replace(path.to_string()));
            self.enter("source");
            let mut parser = self.parser(text);
            let done = loop {
                parser.aliases = self.parse_aliases();
                match parser.command_line() {
                    Ok(None) => break Ok(self.status),
                    Ok(Some(cmd)) => match self.run(&cmd).await {
                        Ok(_) => {}
                        Err(Flow::Return) => break Ok(self.status),
                        Err(other) => break Err(other),
                    },
                    Err(e) => {
                        let line = parser.line_text(e.line);
                        self.syntax_error(&e, "", &line);
                        break Ok(self.status);
                    }
                }
            };
            self.calls.pop();
            self.line = line;
            self.sourced = sourced;
            done
        })
    }
}
