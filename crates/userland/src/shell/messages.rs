//! What the shell says when something is wrong, as bash says it, and dash where it is called sh.
//! Not here: who says it. Source: bash(1), dash 0.5.12.

use super::{Shell, parse};
use machine::STDERR;

impl Shell {
    /// Reports a syntax error. `prefix` is `-c`, `eval` or empty.
    pub(super) fn syntax_error(&mut self, e: &parse::ParseError, prefix: &str, line: &str) {
        if self.dash() {
            self.error(format_args!("Syntax error: {}", dash_syntax(&e.text)));
            self.status = 2;
            return;
        }
        let colon = if prefix.is_empty() { "" } else { ": " };
        let name = self.title();
        let fd = self.fd(STDERR);
        let head = format!("{name}: {prefix}{colon}line {}:", e.line);
        self.sys.print(fd, format_args!("{head} {}\n", e.text));
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
        self.calls.iter().any(|c| c != "source")
    }

    /// Prints a message as bash does: with the line's number unless it was typed.
    pub(super) fn error(&self, message: std::fmt::Arguments<'_>) {
        let fd = self.fd(STDERR);
        if fd < 0 {
            return;
        }
        if self.dash() {
            self.sys.print(fd, format_args!("{}: {}: {message}\n", self.name, self.line));
        } else if self.interactive && self.sourced.is_none() {
            self.sys.print(fd, format_args!("{}: {message}\n", self.title()));
        } else {
            self.sys.print(fd, format_args!("{}: line {}: {message}\n", self.title(), self.line));
        }
    }

    /// Debian's /bin/sh is dash: its messages differ.
    pub(super) fn dash(&self) -> bool {
        self.sys.name() == "sh"
    }
}

/// What dash says where bash says this.
fn dash_syntax(text: &str) -> String {
    let token = text.split_once('`').and_then(|(_, t)| t.strip_suffix('\'')).unwrap_or("");
    match token {
        "\"" | "'" => "Unterminated quoted string".into(),
        "newline" => "newline unexpected".into(),
        _ if text.contains("near unexpected token") => format!("\"{token}\" unexpected"),
        _ if text.contains("unexpected end of file") => "end of file unexpected".into(),
        _ => "Unterminated quoted string".into(),
    }
}
