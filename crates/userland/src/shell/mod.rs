//! The shell: the program `bash`, also called `sh`. Its state, its start and its end.
//! Not here: reading commands (`lex`, `parse`), running them (`exec`), the interactive loop (`interact`). Source: bash(1), version 5.2.

mod arith;
mod assign;
mod ast;
mod brace;
mod builtins;
mod command;
mod complete;
mod compound;
mod cond;
mod condition;
mod dash;
mod edit;
mod escape;
mod exec;
mod expand;
mod external;
mod field;
mod fork;
mod history;
mod interact;
mod jobs;
mod lex;
mod loops;
mod messages;
mod operate;
mod options;
mod param;
mod parse;
mod pipeline;
mod prompt;
mod redir;
mod scan;
mod signals;
mod simple;
mod start;
mod subst;
mod test;
#[cfg(test)]
mod tests;
mod unparse;
mod vars;

pub(crate) use builtins::LATER;
pub(crate) use builtins::io::expand_escapes;
pub(crate) use escape::escape;

use crate::{Ex, Spec};
use ast::Cmd;
use history::History;
use jobs::BackJob;
use machine::{Fd, Map, Pid, STDERR, Signal, SimTime, Sys};
use parse::{Aliases, Parser};
use std::cell::Cell;
use std::rc::Rc;
use vars::Vars;

pub(crate) const SPEC: Spec = Spec {
    name: "bash",
    path: "/usr/bin/bash",
    synopsis: "[long option] [option] ... [command-string | file]",
    about: "GNU Bourne-Again SHell",
    run: |sys| Box::pin(main(sys)),
    examples: &[
        Ex { sh: "bash -c 'echo $0 $1' a b", out: "a b\n", code: 0 },
        Ex { sh: "bash -n -c 'if'; echo $?", out: "bash: -c: line 2: syntax error: unexpected end of file\n2\n", code: 0 },
    ],
};
/// The same program under its other name.
pub(crate) const SH: Spec = Spec { name: "sh", path: "/usr/bin/sh", ..SPEC };

/// The builtins `test` and `[` as programs.
pub(crate) const BRACKET: Spec = Spec {
    name: "[",
    path: "/usr/bin/[",
    synopsis: "EXPRESSION ]",
    about: "check file types and compare values",
    run: |sys| Box::pin(primary(sys)),
    examples: &[Ex { sh: "/usr/bin/[ a = b ]; echo $?", out: "1\n", code: 0 }],
};
/// See [`BRACKET`].
pub(crate) const TEST: Spec = Spec { name: "test", path: "/usr/bin/test", synopsis: "EXPRESSION", examples: &[], ..BRACKET };

async fn primary(sys: Sys) -> i32 {
    let argv = sys.args().to_vec();
    let bracket = sys.name() == "[";
    let mut sh = Shell::new(sys).await;
    let done = if bracket { test::bracket(&mut sh, &argv).await } else { test::test(&mut sh, &argv).await };
    done.unwrap_or(2)
}

/// Why the command after this one does not run; the status is in the shell.
pub(crate) enum Flow {
    Break(u32),
    Continue(u32),
    Return,
    Exit,
    /// The rest of the line is given up.
    Discard,
}

/// A function or a sourced file being run.
#[derive(Clone)]
struct Frame {
    /// The function's name, or `source`.
    name: String,
    /// Where its text stands.
    file: String,
    /// The line that called it.
    line: u32,
}

pub(crate) type Run<T = i32> = Result<T, Flow>;

/// A shell and all it knows. A subshell is a copy.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) sys: Sys,
    vars: Vars,
    /// Positional parameters.
    args: Vec<String>,
    /// `$0`.
    name: String,
    funcs: Map<String, Cmd>,
    /// Functions that children inherit.
    exported: Vec<String>,
    aliases: Aliases,
    /// This is /bin/sh: dash.
    posix: bool,
    /// Messages so far.
    complaints: Cell<u32>,
    /// `set` options, a bit each.
    opts: u64,
    /// `shopt` options, in the order of their table.
    shopts: Vec<bool>,
    status: i32,
    pipe_status: Vec<i32>,
    /// Status of the last command substitution of the command being expanded.
    sub_status: Option<i32>,
    pid: Pid,
    parent: Pid,
    last_background: Option<Pid>,
    /// Descriptors as commands see them, and which of this process's they are.
    fds: Map<Fd, Fd>,
    /// Descriptors of this process that enclosing redirections will want back.
    held: Vec<Fd>,
    process_fds: Vec<Fd>,
    jobs: Vec<BackJob>,
    /// Numbers of the current and the previous job.
    current: (usize, usize),
    line: u32,
    /// Lines typed so far.
    typed: u32,
    /// The functions and sourced files being run, outermost first.
    calls: Vec<Frame>,
    /// Functions that come from sourced files, and from which.
    origins: Map<String, String>,
    /// Prefix of messages while a file is sourced.
    sourced: Option<String>,
    interactive: bool,
    login: bool,
    job_control: bool,
    subshell: u32,
    /// This is a command substitution: it tells of no signals.
    comsub: bool,
    /// Command substitutions around this shell.
    substitutions: usize,
    interrupted: bool,
    /// The terminal's cursor still stands behind `^C`.
    newline_due: bool,
    traps: Map<String, String>,
    signals: Vec<Signal>,
    in_trap: bool,
    loops: u32,
    depth: u32,
    no_errexit: u32,
    /// The command being run is the last one of this process: it may take the process over.
    tail: bool,
    hash: Map<String, (String, u32)>,
    dirs: Vec<String>,
    disabled: Vec<String>,
    history: History,
    /// Arguments of a declaring builtin that are arrays still to be expanded.
    compound: Vec<usize>,
    /// A background command is being started.
    starting_background: bool,
    /// A stage of a pipeline is being started; this process is one.
    starting_stage: bool,
    stage: bool,
    last_word: Option<String>,
    getopts: (usize, usize),
    seed: u32,
    started: SimTime,
    seconds: i64,
    warned_of_jobs: bool,
    user: Rc<str>,
    host: Rc<str>,
    home: Rc<str>,
}

async fn main(sys: Sys) -> i32 {
    let mut sh = Shell::new(sys).await;
    let status = sh.start().await;
    sh.leave(status).await
}

impl Shell {
    async fn new(sys: Sys) -> Shell {
        let name = sys.arg(0).to_string();
        let mut sh = Shell {
            vars: Vars::default(),
            args: Vec::new(),
            login: name.starts_with('-'),
            name,
            funcs: Map::new(),
            exported: Vec::new(),
            aliases: Rc::new(Map::new()),
            posix: sys.name() == "sh",
            complaints: Cell::new(0),
            opts: 0,
            shopts: options::shopt_defaults(),
            status: 0,
            pipe_status: vec![0],
            sub_status: None,
            pid: sys.pid(),
            parent: sys.ppid(),
            last_background: None,
            fds: sys.fds().await.into_iter().map(|fd| (fd, fd)).collect(),
            held: Vec::new(),
            process_fds: Vec::new(),
            jobs: Vec::new(),
            current: (0, 0),
            line: 1,
            typed: 0,
            calls: Vec::new(),
            origins: Map::new(),
            sourced: None,
            interactive: false,
            job_control: false,
            subshell: 0,
            comsub: false,
            substitutions: 0,
            interrupted: false,
            newline_due: false,
            traps: Map::new(),
            signals: Vec::new(),
            in_trap: false,
            loops: 0,
            depth: 0,
            no_errexit: 0,
            tail: false,
            hash: Map::new(),
            dirs: Vec::new(),
            disabled: Vec::new(),
            history: History::default(),
            compound: Vec::new(),
            starting_background: false,
            starting_stage: false,
            stage: false,
            last_word: None,
            getopts: (1, 0),
            seed: (sys.pid() as u32).wrapping_mul(2_654_435_761) ^ sys.now().0 as u32,
            started: sys.now(),
            seconds: 0,
            warned_of_jobs: false,
            user: "".into(),
            host: sys.host_name().await.into(),
            home: "".into(),
            sys,
        };
        if !sh.posix {
            sh.set_opts("hB7");
        }
        sh.environment().await;
        sh
    }

    /// Runs a script file as a new shell would.
    async fn run_script(&mut self, path: &str) -> i32 {
        let mut found = path.to_string();
        if !path.contains('/') && self.sys.stat(path).await.is_err() {
            found = self.find(path).await.unwrap_or(found);
        }
        let told = |sh: &Shell, text: &str, status| {
            sh.sys.print(STDERR, format_args!("{}: {path}: {text}\n", sh.sys.arg(0)));
            status
        };
        match self.sys.stat(&found).await {
            Ok(s) if s.is_dir() && self.dash() => return 0,
            Ok(s) if s.is_dir() => {
                self.sys.print(STDERR, format_args!("{path}: {path}: Is a directory\n"));
                return 126;
            }
            _ => {}
        }
        match self.sys.read_file(&found).await {
            Err(machine::Errno::ENOENT) if self.dash() => {
                self.sys.print(STDERR, format_args!("{}: 0: cannot open {path}: No such file\n", self.sys.arg(0)));
                2
            }
            Err(e) => told(self, e.text(), if e == machine::Errno::ENOENT { 127 } else { 126 }),
            Ok(bytes) if bytes.iter().take(80).take_while(|b| **b != b'\n').any(|b| *b == 0) => {
                told(self, "cannot execute binary file", 126)
            }
            Ok(bytes) => self.run_text(&String::from_utf8_lossy(&bytes), "", false).await,
        }
    }

    /// Runs the commands of a text, one line at a time. `whole`: the last command may take the process over.
    async fn run_text(&mut self, text: &str, prefix: &str, whole: bool) -> i32 {
        let mut parser = self.parser(text);
        loop {
            parser.aliases = self.parse_aliases();
            parser.extglob = self.shopt("extglob");
            let from = parser.position();
            let read = parser.command_line();
            self.show_input(text.get(from..parser.position()).unwrap_or(""));
            for (line, warning) in parser.warnings.drain(..) {
                self.line = line;
                self.error(format_args!("{warning}"));
            }
            match read {
                Ok(None) => return self.status,
                Ok(Some(cmd)) => {
                    self.tail = whole && self.traps.is_empty() && text.get(parser.position()..).is_some_and(|r| r.trim().is_empty());
                    match self.run(&cmd).await {
                        Err(Flow::Exit | Flow::Return) => return self.status,
                        Err(Flow::Discard) if self.subshell > 0 || self.interrupted => return self.status,
                        _ => {}
                    }
                    self.tail = false;
                }
                Err(e) => {
                    self.syntax_error(&e, prefix, &parser.line_text(e.line));
                    return self.status;
                }
            }
        }
    }

    /// Under `set -v`: prints what was read.
    fn show_input(&self, text: &str) {
        if self.opt('v') && !text.is_empty() {
            self.sys.print(self.fd(STDERR), format_args!("{text}{}", if text.ends_with('\n') { "" } else { "\n" }));
        }
    }

    /// Prints to standard output.
    fn out(&self, text: &str) {
        self.sys.put(self.fd(1), text.as_bytes());
    }

    /// This process's number of a descriptor; -1 if it is closed.
    fn fd(&self, fd: Fd) -> Fd {
        self.fds.get(&fd).copied().unwrap_or(-1)
    }

    /// Reads commands as this shell does.
    fn parser<'a>(&self, text: &'a str) -> Parser<'a> {
        let mut parser = Parser::new(text);
        parser.dash = self.dash();
        parser
    }

    fn parse_aliases(&self) -> Option<Aliases> {
        (self.shopt("expand_aliases") && !self.aliases.is_empty()).then(|| self.aliases.clone())
    }

    /// An error that ends the shell, or the line if it is an interactive one.
    fn fatal(&mut self, status: i32) -> Flow {
        if self.interactive && self.subshell == 0 {
            self.status = 1;
            return Flow::Discard;
        }
        // bash gives 127 only for the text behind `-c`.
        self.status = if status == 127 && (self.subshell > 0 || !self.opt('c')) { 1 } else { status };
        Flow::Exit
    }
}
