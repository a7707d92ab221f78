//! The shell: the program `bash`, also called `sh`. Its state, its start and its end.
//! Not here: reading commands (`lex`, `parse`), running them (`exec`), the interactive loop (`interact`). Source: bash(1), version 5.2.

mod arith;
mod assign;
mod ast;
mod brace;
mod builtins;
mod complete;
mod cond;
mod escape;
mod exec;
mod expand;
mod external;
mod history;
mod interact;
mod jobs;
mod lex;
mod options;
mod param;
mod parse;
mod pipeline;
mod prompt;
mod redir;
mod scan;
mod simple;
mod subst;
mod test;
#[cfg(test)]
mod tests;
mod unparse;
mod vars;

pub use complete::{CompleteEnv, complete};

use crate::{Ex, Spec};
use ast::Cmd;
use history::History;
use jobs::BackJob;
use machine::{Fd, Map, OnSignal, Pid, STDERR, Signal, SimTime, Sys};
use parse::{Aliases, Parser};
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

/// Why the command after this one does not run; the status is in the shell.
pub(crate) enum Flow {
    Break(u32),
    Continue(u32),
    Return,
    Exit,
    /// The rest of the line is given up.
    Discard,
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
    /// Names of the functions and sourced files being run, outermost first.
    calls: Vec<String>,
    /// Prefix of messages while a file is sourced.
    sourced: Option<String>,
    interactive: bool,
    login: bool,
    job_control: bool,
    subshell: u32,
    /// This is a command substitution: it tells of no signals.
    comsub: bool,
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
            calls: Vec::new(),
            sourced: None,
            interactive: false,
            job_control: false,
            subshell: 0,
            comsub: false,
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
        for letter in "hB".chars() {
            sh.set_opt(letter, true);
        }
        sh.set_opt('7', true);
        sh.environment().await;
        sh
    }

    /// Takes the variables of the environment and sets those that bash always has.
    async fn environment(&mut self) {
        for entry in self.sys.environ().to_vec() {
            if let Some((name, value)) = entry.split_once('=').filter(|(n, _)| vars::is_name(n)) {
                self.export(name, value);
            } else if let Some((name, body)) = entry.strip_prefix("BASH_FUNC_").and_then(|e| e.split_once("%%="))
                && let Ok(Some(cmd)) = Parser::new(&format!("{name} {body}")).command_line()
                && let ast::Kind::Function { name, body } = &cmd.kind
            {
                self.funcs.insert(name.to_string(), body.clone());
                self.exported.push(name.to_string());
            }
        }
        let ids = self.sys.ids();
        let accounts = crate::util::users::Accounts::read(&self.sys).await;
        if let Some(user) = accounts.user_of(ids.euid) {
            self.user = user.name.as_str().into();
            self.home = user.home.as_str().into();
            if self.vars.get("SHELL").is_none() {
                self.vars.set("SHELL", &user.shell);
            }
            if self.login && self.vars.get("HOME").is_none() {
                self.export("HOME", &user.home);
            }
        } else {
            self.user = "I have no name!".into();
        }
        let level = self.vars.text("SHLVL").and_then(|l| l.parse::<i32>().ok()).unwrap_or(0).saturating_add(1);
        self.export("SHLVL", &level.to_string());
        let cwd = self.sys.getcwd().await.unwrap_or_else(|_| "/".into());
        // A logical PWD is kept if it is the same directory.
        let kept = match self.vars.text("PWD").filter(|p| p.starts_with('/')).map(String::from) {
            Some(pwd) => self.sys.real_path(&pwd).await.is_ok_and(|p| p == cwd),
            None => false,
        };
        if !kept {
            self.export("PWD", &cwd);
        }
        self.vars.get_mut("OLDPWD").flags |= vars::EXPORT;
        let host = self.host.to_string();
        let bash = if self.login { "/bin/bash" } else { "/usr/bin/bash" };
        let version = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].iter().enumerate().map(|(i, v)| (i as i64, v.to_string()));
        *self.vars.get_mut("BASH_VERSINFO") = vars::Var { value: vars::Value::Indexed(version.collect()), flags: vars::READONLY };
        for (name, value) in [
            ("IFS", " \t\n"),
            ("PS4", "+ "),
            ("OPTIND", "1"),
            ("BASH", bash),
            ("BASH_VERSION", "5.2.15(1)-release"),
            ("HOSTTYPE", "x86_64"),
            ("MACHTYPE", "x86_64-pc-linux-gnu"),
            ("OSTYPE", "linux-gnu"),
            ("HOSTNAME", &host),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("TERM", "dumb"),
        ] {
            if self.vars.get(name).is_none() || name == "IFS" || name == "OPTIND" {
                self.vars.set(name, value);
            }
        }
    }

    fn export(&mut self, name: &str, value: &str) {
        self.vars.set(name, value);
        self.vars.get_mut(name).flags |= vars::EXPORT;
    }

    /// Reads the command line and runs what it says.
    async fn start(&mut self) -> i32 {
        let argv = self.sys.args().to_vec();
        let posix = self.sys.name() == "sh";
        self.set_opt('3', posix);
        let (mut command, mut norc, mut noprofile, mut from_stdin, mut i) = (false, false, false, false, 1);
        let mut rc = String::from("~/.bashrc");
        while let Some(arg) = argv.get(i).filter(|a| a.len() > 1 && a.starts_with(['-', '+'])) {
            i += 1;
            let on = arg.starts_with('-');
            match arg.as_str() {
                "--" => break,
                "--norc" => norc = true,
                "--noprofile" => noprofile = true,
                "--login" => self.login = true,
                "--posix" => self.set_opt('3', true),
                "--noediting" => {}
                "--rcfile" | "--init-file" => {
                    rc = argv.get(i).cloned().unwrap_or_default();
                    i += 1;
                }
                "--version" => {
                    self.out(VERSION);
                    return 0;
                }
                "--help" => {
                    self.out(&format!("GNU bash, version 5.2.15(1)-release-(x86_64-pc-linux-gnu)\n{USAGE}{MORE}"));
                    return 0;
                }
                _ if arg.starts_with("--") => {
                    return self.misused(arg);
                }
                _ => {
                    for c in arg.chars().skip(1) {
                        match c {
                            'c' => command = true,
                            'i' => self.interactive = true,
                            'l' => self.login = true,
                            's' => from_stdin = true,
                            'o' | 'O' => {
                                let name = argv.get(i).cloned().unwrap_or_default();
                                i += 1;
                                let known = if c == 'o' { self.set_long(&name, on) } else { self.set_shopt(&name, on) };
                                if !known {
                                    let what =
                                        if c == 'o' { format!("{}: {name}: invalid", argv[0]) } else { format!("{name}: invalid shell") };
                                    self.sys.print(STDERR, format_args!("{}: line 0: {what} option name\n", argv[0]));
                                    return 2;
                                }
                            }
                            c if options::is_letter(c) => self.set_opt(c, on),
                            c => {
                                return self.misused(&format!("{}{c}", if on { '-' } else { '+' }));
                            }
                        }
                    }
                }
            }
        }
        self.set_shopt("login_shell", self.login);
        let rest = argv.get(i..).unwrap_or_default().to_vec();
        if command {
            let Some(text) = rest.first().cloned() else {
                self.sys.print(STDERR, format_args!("{}: -c: option requires an argument\n", argv[0]));
                return 2;
            };
            if let Some(name) = rest.get(1) {
                self.name = name.clone();
                self.args = rest[2..].to_vec();
            }
            self.set_opt('c', true);
            if self.interactive {
                self.become_interactive().await;
            }
            self.startup(norc, noprofile, &rc).await;
            return self.run_text(&text, "-c", true).await;
        }
        let script = if from_stdin { None } else { rest.first().cloned() };
        self.args = rest.get(usize::from(script.is_some())..).unwrap_or_default().to_vec();
        if let Some(path) = script {
            self.name.clone_from(&path);
            self.startup(norc, noprofile, &rc).await;
            return self.run_script(&path).await;
        }
        self.interactive |= self.sys.is_tty(0).await && self.sys.is_tty(STDERR).await;
        self.set_opt('s', true);
        if self.interactive {
            self.become_interactive().await;
        }
        self.startup(norc, noprofile, &rc).await;
        if self.interactive { self.interact().await } else { self.run_stdin().await }
    }

    /// Complains of an option on the command line.
    fn misused(&self, option: &str) -> i32 {
        self.sys.print(STDERR, format_args!("{0}: {option}: invalid option\n{USAGE}", self.sys.arg(0)));
        2
    }

    /// Runs the startup files.
    async fn startup(&mut self, norc: bool, noprofile: bool, rc: &str) {
        if self.login {
            self.traps.clear();
            if !noprofile {
                self.source_quietly("/etc/profile").await;
                for file in [".bash_profile", ".bash_login", ".profile"] {
                    if self.source_quietly(&format!("~/{file}")).await {
                        break;
                    }
                }
            }
        } else if self.interactive && !norc && !self.opt('3') {
            self.source_quietly("/etc/bash.bashrc").await;
            self.source_quietly(rc).await;
        } else if let Some(file) = self.vars.text("BASH_ENV").filter(|f| !f.is_empty()).map(String::from) {
            self.source_quietly(&file).await;
        }
    }

    async fn source_quietly(&mut self, path: &str) -> bool {
        let path = match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.tilde("").await.unwrap_or_default()),
            None => path.to_string(),
        };
        let Ok(bytes) = self.sys.read_file(&path).await else { return false };
        let _ = self.source_text(&String::from_utf8_lossy(&bytes), &path).await;
        true
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
            Ok(s) if s.is_dir() => return told(self, "Is a directory", 126),
            _ => {}
        }
        match self.sys.read_file(&found).await {
            Err(e) => told(self, e.text(), if e == machine::Errno::ENOENT { 127 } else { 126 }),
            Ok(bytes) if bytes.iter().take(80).take_while(|b| **b != b'\n').any(|b| *b == 0) => {
                told(self, "cannot execute binary file", 126)
            }
            Ok(bytes) => self.run_text(&String::from_utf8_lossy(&bytes), "", false).await,
        }
    }

    /// Runs the commands of a text, one line at a time. `whole`: the last command may take the process over.
    async fn run_text(&mut self, text: &str, prefix: &str, whole: bool) -> i32 {
        let mut parser = Parser::new(text);
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

    /// Reports a syntax error. `prefix` is `-c`, `eval` or empty.
    fn syntax_error(&mut self, e: &parse::ParseError, prefix: &str, line: &str) {
        let colon = if prefix.is_empty() { "" } else { ": " };
        let name = self.title();
        let fd = self.fd(STDERR);
        let head = format!("{name}: {prefix}{colon}line {}:", e.line);
        self.sys.print(fd, format_args!("{head} {}\n", e.text));
        if e.near {
            self.sys.print(fd, format_args!("{head} `{line}'\n"));
        }
        if !e.soft {
            self.status = 2;
        }
    }

    /// What messages begin with.
    fn title(&self) -> String {
        match &self.sourced {
            Some(file) => file.clone(),
            None if self.interactive => self.name.rsplit('/').next().unwrap_or("bash").to_string(),
            None => self.name.clone(),
        }
    }

    /// Prints a message as bash does: with the line's number unless it was typed.
    fn error(&self, message: std::fmt::Arguments<'_>) {
        let fd = self.fd(STDERR);
        if fd < 0 {
            return;
        }
        if self.interactive && self.sourced.is_none() {
            self.sys.print(fd, format_args!("{}: {message}\n", self.title()));
        } else {
            self.sys.print(fd, format_args!("{}: line {}: {message}\n", self.title(), self.line));
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

    fn parse_aliases(&self) -> Option<Aliases> {
        (self.shopt("expand_aliases") && !self.aliases.is_empty()).then(|| self.aliases.clone())
    }

    /// An error that ends the shell, or the line if it is an interactive one.
    fn fatal(&mut self, status: i32) -> Flow {
        if self.interactive && self.subshell == 0 {
            self.status = 1;
            return Flow::Discard;
        }
        self.status = status;
        Flow::Exit
    }

    /// What a shell does at its end.
    async fn leave(&mut self, status: i32) -> i32 {
        self.status = status;
        if let Some(action) = self.traps.remove("EXIT") {
            self.interrupted = false;
            if self.eval(&action, "exit trap").await.is_ok() {
                self.status = status;
            }
        }
        if self.interactive && self.subshell == 0 {
            self.save_history().await;
        }
        self.status & 255
    }

    async fn become_interactive(&mut self) {
        for letter in "imH".chars() {
            self.set_opt(letter, true);
        }
        self.set_opt('6', true);
        self.set_opt('4', true);
        self.set_shopt("expand_aliases", true);
        self.job_control = self.sys.is_tty(0).await;
        self.sys.on_signal(Signal::Int, OnSignal::Catch).await;
        for signal in [Signal::Quit, Signal::Term, Signal::Tstp, Signal::Ttin, Signal::Ttou] {
            self.sys.on_signal(signal, OnSignal::Ignore).await;
        }
        if self.job_control {
            let _ = self.sys.setpgid(0, 0).await;
            let _ = self.sys.tty_foreground(Some(self.pid)).await;
        }
        if self.name.contains('/') && !self.name.starts_with('-') {
            self.name = self.name.rsplit('/').next().unwrap_or("bash").to_string();
        }
        let ps1 = "\\s-\\v\\$ ";
        for (name, value) in [("PS1", ps1), ("PS2", "> ")] {
            if self.vars.get(name).is_none() {
                self.vars.set(name, value);
            }
        }
        let home = self.vars.text("HOME").unwrap_or("/").to_string();
        for (name, value) in [("HISTFILE", format!("{home}/.bash_history")), ("HISTSIZE", "500".into()), ("HISTFILESIZE", "500".into())] {
            if self.vars.get(name).is_none() {
                self.vars.set(name, &value);
            }
        }
        self.load_history().await;
    }
}

const USAGE: &str = "Usage:\tbash [GNU long option] [option] ...\n\tbash [GNU long option] [option] script-file ...\nGNU long options:
\t--debug\n\t--debugger\n\t--dump-po-strings\n\t--dump-strings\n\t--help\n\t--init-file\n\t--login\n\t--noediting\n\t--noprofile\n\t--norc\n\t--posix
\t--pretty-print\n\t--rcfile\n\t--restricted\n\t--verbose\n\t--version\nShell options:
\t-ilrsD or -c command or -O shopt_option\t\t(invocation only)\n\t-abefhkmnptuvxBCEHPT or -o option\n";
const MORE: &str = "Type `bash -c \"help set\"' for more information about shell options.
Type `bash -c help' for more information about shell builtin commands.\nUse the `bashbug' command to report bugs.\n
bash home page: <http://www.gnu.org/software/bash>\nGeneral help using GNU software: <http://www.gnu.org/gethelp/>\n";
const VERSION: &str = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>

This is free software; you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.
";
