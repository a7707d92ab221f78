//! Debian's /bin/sh: where dash differs from bash. What it lacks, what it says, and which mistakes end it.
//! Not here: its parser, which is bash's without the extensions (`parse`, `lex`). Source: dash(1), version 0.5.12.

use super::builtins::Builtin;
use super::parse::ParseError;
use super::{Run, Shell};
use machine::{Errno, Open, STDERR};

/// Builtins that bash adds.
const ADDED: [&str; 26] = [
    "builtin",
    "caller",
    "compgen",
    "complete",
    "compopt",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "enable",
    "fc",
    "help",
    "history",
    "let",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "readarray",
    "shopt",
    "source",
    "suspend",
    "typeset",
    "bind",
    "function",
    "select",
];
/// Builtins in which a mistake ends the shell, and in front of which assignments last.
const SPECIAL: [&str; 15] =
    [".", ":", "break", "continue", "eval", "exec", "exit", "export", "local", "readonly", "return", "set", "shift", "times", "unset"];

/// What bash says at the end of a message, and what dash says for it: `#1` and `#2` are the two parts before that.
/// A leading `!`: without the shell's name; empty: nothing.
const WORDS: [(&str, &str); 23] = [
    ("numeric argument required", "#1: Illegal number: #2"),
    ("integer expression expected", "#1: Illegal number: #2"),
    ("octal number out of range", "#1: Illegal number: #2"),
    ("arguments must be process or job IDs", "#1: Illegal number: #2"),
    ("invalid number", "#1: #2: expected numeric value"),
    ("not a valid identifier", "#1: #2: bad variable name"),
    ("cannot unset", "#1: #2: bad variable name"),
    ("readonly variable", "#1: is read only"),
    ("parameter null or not set", "#1: parameter not set or null"),
    ("bad substitution", "Bad substitution"),
    ("can only be used in a function", "#1: not in a function"),
    ("missing `]'", "#1: missing ]"),
    ("invalid signal specification", "!#1: #2: bad trap"),
    ("current: no such job", "#1: No current job"),
    ("no such job", "#1: No such job: #2"),
    ("no job control", "#1: No current job"),
    ("invalid option", "#1: Illegal option #2"),
    ("is not a child of this shell", ""),
    ("only meaningful in a `for', `while', or `until' loop", ""),
    ("division by 0", "arithmetic expression: division by zero: \"#1\""),
    ("operand expected", "arithmetic expression: expecting primary: \"#1\""),
    ("syntax error in expression", "arithmetic expression: expecting EOF: \"#1\""),
    ("missing `)'", "arithmetic expression: expecting ')': \"#1\""),
];

impl Shell {
    /// Whether this is /bin/sh.
    pub(super) fn dash(&self) -> bool {
        self.posix
    }

    /// Says in dash's words what bash would say so.
    pub(super) fn dash_error(&self, message: &str) {
        let head = message.split(" (error token").next().unwrap_or(message);
        let mut shown = head.to_string();
        if head.starts_with("alias: ") || head.starts_with("unalias: ") {
            shown = format!("!{}", head.replace(": not found", " not found"));
        }
        for (end, words) in WORDS {
            if let Some(rest) = head.strip_suffix(end) {
                let (one, two) = rest.trim_end_matches([' ', ':']).split_once(": ").unwrap_or((rest.trim_end_matches([' ', ':']), ""));
                let one = if words.contains("arithmetic") { one.strip_prefix("((: ").unwrap_or(one) } else { one };
                shown = words.replace("#1", one).replace("#2", two.trim_matches(['`', '\'']));
                break;
            }
        }
        self.complaints.set(self.complaints.get() + u32::from(!shown.is_empty()));
        let fd = self.fd(STDERR);
        match shown.strip_prefix('!') {
            _ if shown.is_empty() => {}
            Some(bare) => self.sys.print(fd, format_args!("{bare}\n")),
            None => self.sys.print(fd, format_args!("{}: {}: {shown}\n", self.name, self.line)),
        }
    }

    /// A builtin's status in dash: 2 after a message, and the end of the shell if it was a special one.
    pub(super) fn after_builtin(&mut self, builtin: &Builtin, before: u32, done: Run) -> Run {
        let complained = self.posix && self.complaints.get() != before && done.is_ok();
        match builtin.name {
            _ if !complained => done,
            name if SPECIAL.contains(&name) => Err(self.fatal(2)),
            "printf" | "trap" | "alias" | "unalias" | "hash" | "type" | "command" | "wait" => done,
            _ => done.map(|status| if status == 0 { 0 } else { 2 }),
        }
    }

    /// What a redirection that failed says.
    pub(super) fn not_opened(&self, path: &str, flags: Open, e: Errno) {
        if !self.posix {
            return self.error(format_args!("{path}: {e}"));
        }
        let (verb, missing) = if flags == Open::READ { ("open", "No such file") } else { ("create", "Directory nonexistent") };
        let why = if e == Errno::ENOENT { missing } else { e.text() };
        self.error(format_args!("cannot {verb} {path}: {why}"));
    }

    /// Whether assignments before this builtin last, as they do in dash before the special ones.
    pub(super) fn keeps_assignments(&self, name: &str) -> bool {
        self.posix && SPECIAL.contains(&name)
    }

    /// What follows a redirection that failed: dash ends if it belonged to a special builtin.
    pub(super) fn not_redirected(&mut self, builtin: Option<&str>) -> Run {
        match builtin {
            _ if !self.posix => Ok(1),
            Some(name) if SPECIAL.contains(&name) => Err(self.fatal(2)),
            _ => Ok(2),
        }
    }
}

/// Whether dash lacks the builtin.
pub(super) fn lacks(name: &str) -> bool {
    ADDED.contains(&name)
}

/// A syntax error in dash's words.
pub(super) fn syntax(e: &ParseError) -> String {
    let text = e.text.as_str();
    let token = text.split_once('`').and_then(|(_, t)| t.strip_suffix('\'')).unwrap_or("");
    let expecting = if e.wanted.is_empty() { String::new() } else { format!(" (expecting \"{}\")", e.wanted) };
    match token {
        "newline" => format!("newline unexpected{expecting}"),
        _ if text.contains("near unexpected token") => match token {
            "<" | ">" | "<<" | ">>" | "<&" | ">&" | "<>" | ">|" => "redirection unexpected".into(),
            // A word of the program, not of the language.
            _ if e.word => format!("word unexpected{expecting}"),
            _ => format!("\"{token}\" unexpected{expecting}"),
        },
        ")" => "end of file unexpected (expecting \")\")".into(),
        "}" => "Missing '}'".into(),
        "`" => "EOF in backquote substitution".into(),
        _ if text.contains("unexpected end of file") => format!("end of file unexpected{expecting}"),
        _ => "Unterminated quoted string".into(),
    }
}
