//! The interactive loop, commands from standard input, and the history file.
//! Not here: editing the line (the front end), history expansion (`history`). Source: bash(1) "INVOCATION", "HISTORY".

use super::parse::Parser;
use super::{Flow, Shell, builtins};
use machine::{EditLine, Errno, STDERR};
use std::rc::Rc;

impl Shell {
    /// Reads one line at a prompt. `Err(())`: interrupted.
    async fn ask(&mut self, variable: &str) -> Result<Option<String>, ()> {
        let prompt = self.full_prompt(variable).await;
        if !self.sys.is_tty(0).await {
            self.sys.print(self.fd(STDERR), format_args!("{prompt}"));
            return Ok(match self.read_line(0, b'\n', None).await {
                Ok(Some((line, _))) => Some(String::from_utf8_lossy(&line).trim_end_matches('\n').to_string()),
                _ => None,
            });
        }
        let mut words: Vec<String> = builtins::ALL.iter().map(|b| b.name.to_string()).collect();
        words.extend(self.funcs.keys().chain(self.aliases.keys()).cloned());
        words.extend(
            ["if", "then", "else", "elif", "fi", "case", "esac", "for", "while", "until", "do", "done", "function", "select"]
                .map(String::from),
        );
        let edit = EditLine {
            prompt,
            history: self.history.lines.clone(),
            words: Rc::new(words),
            path: self.vars.text("PATH").unwrap_or_default().split(':').map(String::from).collect(),
            variables: Rc::new(self.vars.iter().map(|(n, _)| n.clone()).collect()),
            complete: super::complete::complete,
        };
        match self.sys.edit_line(edit).await {
            Ok(line) => Ok(line),
            Err(Errno::EINTR) => {
                self.note_signals().await;
                self.run_traps().await.ok();
                (self.interrupted, self.newline_due) = (false, false);
                Err(())
            }
            Err(_) => Ok(None),
        }
    }

    /// Reads and runs commands until the end.
    pub(super) async fn interact(&mut self) -> i32 {
        loop {
            self.interrupted = false;
            self.notify().await;
            if let Some(command) = self.vars.text("PROMPT_COMMAND").map(String::from) {
                let status = self.status;
                let _ = self.eval(&command, "PROMPT_COMMAND").await;
                self.status = status;
            }
            match self.one_command().await {
                Err(Flow::Exit) => return self.status,
                Ok(false) => {
                    let err = self.fd(STDERR);
                    if self.opt('2') {
                        let word = if self.login { "logout" } else { "exit" };
                        self.sys.print(err, format_args!("Use \"{word}\" to leave the shell.\n"));
                        continue;
                    }
                    self.sys.print(err, format_args!("{}\n", if self.login { "logout" } else { "exit" }));
                    if self.jobs.iter().any(|j| j.stopped()) && !self.warned_of_jobs {
                        self.warned_of_jobs = true;
                        self.sys.print(err, format_args!("There are stopped jobs.\n"));
                        continue;
                    }
                    return self.status;
                }
                _ => {}
            }
        }
    }

    /// Reads and runs one command of one or more lines. `Ok(false)`: the end of the input.
    async fn one_command(&mut self) -> Result<bool, Flow> {
        let mut text = String::new();
        let mut variable = "PS1";
        let mut several = false;
        loop {
            let line = match self.ask(variable).await {
                Ok(line) => line,
                Err(()) => {
                    self.status = 130;
                    return Ok(true);
                }
            };
            let end = line.is_none();
            if end && text.is_empty() {
                return Ok(false);
            }
            if let Some(mut line) = line {
                if self.opt('H') {
                    match self.history.expand(&line) {
                        Ok(Some(new)) => {
                            self.sys.print(self.fd(STDERR), format_args!("{new}\n"));
                            line = new;
                        }
                        Ok(None) => {}
                        Err(e) => {
                            self.error(format_args!("{e}"));
                            return Ok(true);
                        }
                    }
                }
                self.remember(&line, &text);
                self.typed += 1;
                text.push_str(&line);
                text.push('\n');
            }
            let mut parser = self.parser(&text);
            if self.dash() {
                // dash counts the lines that were typed.
                parser = parser.at_line(self.typed - text.bytes().filter(|b| *b == b'\n').count() as u32 + 1);
            }
            parser.aliases = self.parse_aliases();
            parser.extglob = self.shopt("extglob");
            parser.interactive = !end;
            loop {
                let read = parser.command_line();
                for (line, warning) in parser.warnings.drain(..) {
                    self.line = line;
                    self.error(format_args!("{warning}"));
                }
                match read {
                    Err(e) if e.incomplete && !end => break,
                    Err(e) => {
                        let line = parser.line_text(e.line);
                        self.interactive_error(&e, &line);
                        return Ok(true);
                    }
                    Ok(_) if parser.open_line && !end => break,
                    Ok(None) => return Ok(true),
                    Ok(Some(cmd)) => {
                        if parser.documents && std::mem::take(&mut several) {
                            // As bash keeps it: with the newline behind the last line.
                            self.history.extend_last("", "\n");
                        }
                        match self.run(&cmd).await {
                            Err(Flow::Exit) => return Err(Flow::Exit),
                            Err(Flow::Discard) => return Ok(true),
                            _ => {}
                        }
                    }
                }
            }
            variable = "PS2";
            several = true;
        }
    }

    fn interactive_error(&mut self, e: &super::parse::ParseError, line: &str) {
        if self.sourced.is_some() || self.dash() {
            self.syntax_error(e, "", line);
        } else {
            self.error(format_args!("{}", e.text));
            if !e.soft {
                self.status = if e.array { 1 } else { 2 };
            }
        }
    }

    /// Puts a line into the history, as `$HISTCONTROL` wants it.
    fn remember(&mut self, line: &str, before: &str) {
        if line.trim().is_empty() && before.is_empty() {
            return;
        }
        if !before.is_empty() {
            let last = before.trim_end().rsplit([' ', '\t', '\n']).next().unwrap_or("");
            let joins = matches!(last, "then" | "do" | "else" | "elif" | "{" | "(" | "|" | "&&" | "||" | "in" | "if" | "while" | "until")
                || last.ends_with([';', '|', '&', '('])
                || line.trim_start().starts_with(')');
            // Within quotes and here-documents the line end is part of the text.
            let open = before.contains("<<") || Parser::new(before).command_line().is_err_and(|e| e.text.starts_with("unexpected EOF"));
            let before_slash = before.trim_end_matches('\n').ends_with('\\');
            let sep = if open {
                "\n"
            } else if before_slash {
                self.history.join_last();
                ""
            } else if joins {
                " "
            } else {
                "; "
            };
            self.history.extend_last(line, sep);
            return;
        }
        let control = self.vars.text("HISTCONTROL").unwrap_or_default();
        let space = control.contains("ignorespace") || control.contains("ignoreboth");
        let twice = control.contains("ignoredups") || control.contains("ignoreboth");
        if space && line.starts_with(' ') || twice && self.history.lines.last().is_some_and(|l| l == line) {
            return;
        }
        let most = self.vars.text("HISTSIZE").and_then(|n| n.parse().ok()).unwrap_or(500);
        self.history.add(line, most);
    }

    pub(super) async fn load_history(&mut self) {
        let Some(path) = self.vars.text("HISTFILE").map(String::from) else { return };
        let Ok(bytes) = self.sys.read_file(&path).await else { return };
        let most = self.vars.text("HISTSIZE").and_then(|n| n.parse().ok()).unwrap_or(500);
        for line in String::from_utf8_lossy(&bytes).lines().filter(|l| !l.is_empty()) {
            self.history.add(line, most);
        }
    }

    pub(super) async fn save_history(&mut self) {
        let Some(path) = self.vars.text("HISTFILE").filter(|p| !p.is_empty()).map(String::from) else { return };
        let text: String = self.history.lines.iter().flat_map(|l| [l.as_str(), "\n"]).collect();
        let _ = self.sys.write_file(&path, text.as_bytes(), 0o600).await;
    }

    /// Runs commands from standard input, reading no further than each needs, so that they can read the rest.
    pub(super) async fn run_stdin(&mut self) -> i32 {
        let mut text = String::new();
        let mut first = 1;
        loop {
            let read = self.read_line(0, b'\n', None).await;
            let end = !matches!(read, Ok(Some(_)));
            if let Ok(Some((line, _))) = read {
                let line = String::from_utf8_lossy(&line);
                self.show_input(&line);
                text.push_str(&line);
            }
            if end && text.is_empty() {
                return self.status;
            }
            let mut parser = self.parser(&text).at_line(first);
            parser.aliases = self.parse_aliases();
            parser.interactive = !end;
            match parser.command_line() {
                Err(e) if e.incomplete && !end => continue,
                Err(e) => {
                    let line = parser.line_text(e.line);
                    self.syntax_error(&e, "", &line);
                    if !e.near || e.incomplete {
                        return self.status;
                    }
                }
                Ok(_) if parser.open_line && !end => continue,
                Ok(None) => {}
                Ok(Some(cmd)) => match self.run(&cmd).await {
                    Err(Flow::Exit) => return self.status,
                    Err(Flow::Discard) if self.interrupted => return self.status,
                    _ => {}
                },
            }
            first += text.bytes().filter(|b| *b == b'\n').count() as u32;
            text.clear();
            if end {
                return self.status;
            }
        }
    }
}
