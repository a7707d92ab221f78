//! How a shell begins and ends: its command line, its environment, the startup files. Source: bash(1) "INVOCATION".

use super::parse::Parser;
use super::{Shell, ast, options, vars};
use machine::{OnSignal, STDERR, Signal};

impl Shell {
    /// Takes the variables of the environment and sets those that bash always has.
    pub(super) async fn environment(&mut self) {
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
        if ids.euid == 0 {
            // bash does not trust root's environment with it.
            self.vars.remove("PS4");
        }
        let accounts = crate::util::users::Accounts::read(&self.sys).await;
        if let Some(user) = accounts.user_of(ids.euid) {
            self.user = user.name.as_str().into();
            self.home = user.home.as_str().into();
            if self.vars.get("SHELL").is_none() && !self.dash() {
                self.vars.set("SHELL", &user.shell);
            }
            if self.login && self.vars.get("HOME").is_none() {
                self.export("HOME", &user.home);
            }
        } else {
            self.user = "I have no name!".into();
        }
        if self.dash() {
            self.dash_environment().await;
            return;
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
            ("PATH", "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:."),
            ("TERM", "dumb"),
        ] {
            if self.vars.get(name).is_none() || name == "IFS" || name == "OPTIND" {
                self.vars.set(name, value);
            }
        }
    }

    /// What dash sets: less.
    async fn dash_environment(&mut self) {
        let cwd = self.sys.getcwd().await.unwrap_or_else(|_| "/".into());
        self.export("PWD", &cwd);
        for (name, value) in [("IFS", " \t\n"), ("OPTIND", "1"), ("PS4", "+ ")] {
            self.vars.set(name, value);
        }
        if self.vars.get("PATH").is_none() {
            self.vars.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        }
    }

    pub(super) fn export(&mut self, name: &str, value: &str) {
        self.vars.set(name, value);
        self.vars.get_mut(name).flags |= vars::EXPORT;
    }

    /// Reads the command line and runs what it says.
    pub(super) async fn start(&mut self) -> i32 {
        let argv = self.sys.args().to_vec();
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
                                if !known && self.dash() {
                                    return self.misused(&format!("-o {name}"));
                                }
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
                let what = if self.dash() { "0: -c requires" } else { "-c: option requires" };
                self.sys.print(STDERR, format_args!("{}: {what} an argument\n", argv[0]));
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
        if self.dash() {
            self.sys.print(STDERR, format_args!("{}: 0: Illegal option {option}\n", self.sys.arg(0)));
            return 2;
        }
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
        } else if self.interactive && !norc && !self.opt('3') && !self.dash() {
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

    /// What a shell does at its end.
    pub(super) async fn leave(&mut self, status: i32) -> i32 {
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
        self.set_opts("imH64");
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
        let ps1 = match () {
            () if !self.dash() => "\\s-\\v\\$ ",
            () if self.sys.euid() == 0 => "# ",
            () => "$ ",
        };
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
