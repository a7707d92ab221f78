//! What the shell says when something is wrong, as bash says it.
//! Not here: who says it; dash's words (`dash`). Source: bash(1).

use super::{Shell, parse};
use machine::STDERR;

impl Shell {
    /// Reports a syntax error. `prefix` is `-c`, `eval` or empty.
    pub(super) fn syntax_error(&mut self, e: &parse::ParseError, prefix: &str, line: &str) {
        if self.dash() {
            self.line = e.line;
            let eval = if prefix == "eval" { "eval: " } else { "" };
            self.error(format_args!("{eval}Syntax error: {}", super::dash::syntax(e)));
            self.status = 2;
            return;
        }
        let colon = if prefix.is_empty() { "" } else { ": " };
        let name = self.title();
        let fd = self.fd(STDERR);
        let head = format!("{name}: {prefix}{colon}line {}:", e.line);
        if let Some((first, second)) = e.text.split_once('\n') {
            self.sys.print(fd, format_args!("{head} {first}\n{head} {second}\n"));
        } else {
            self.sys.print(fd, format_args!("{head} {}\n", e.text));
        }
        if e.near {
            self.sys.print(fd, format_args!("{head} `{line}'\n"));
        }
        if !e.soft {
            self.status = if e.array { 1 } else { 2 };
        }
    }

    /// What messages begin with.
    pub(super) fn title(&self) -> String {
        match &self.sourced {
            Some(file) => file.clone(),
            // Where a function comes from.
            None if !self.interactive && self.opt('c') && self.in_function() => "environment".into(),
            None if !self.interactive && self.opt('s') && self.in_function() => "main".into(),
            None if self.interactive => self.name.rsplit('/').next().unwrap_or("bash").to_string(),
            None => self.name.clone(),
        }
    }

    pub(super) fn in_function(&self) -> bool {
        self.calls.iter().any(|c| c.name != "source")
    }

    /// Prints a message as bash does: with the line's number unless it was typed.
    pub(super) fn error(&self, message: std::fmt::Arguments<'_>) {
        let fd = self.fd(STDERR);
        if fd < 0 {
            return;
        }
        if self.dash() {
            self.dash_error(&message.to_string());
        } else if self.interactive && self.sourced.is_none() {
            self.sys.print(fd, format_args!("{}: {message}\n", self.title()));
        } else {
            self.sys.print(fd, format_args!("{}: line {}: {message}\n", self.title(), self.line));
        }
    }
}
