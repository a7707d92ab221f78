//! Delivery to a command: its environment, its input, and what its end means for the message.
//! Not here: which commands (`expand`, `targets`, `pipe`). Source: local(8), pipe_command(3), sysexits(3).

use super::expand::{Names, censor};
use super::{Run, State};
use crate::config::{Config, split_braced, unbrace};
use crate::mailbox::{Copy, put};
use crate::report::{Dsn, is_status};
use machine::{
    ChildStatus, Errno, Facility, Fd, Ids, Interest, KillTarget, Pid, Run as Child, Signal, Spawn, Sys, Sysret, TraceId, WaitFor,
};
use std::cell::Cell;

/// What is run.
pub(crate) enum What {
    /// A command line; a shell reads it if there is anything in it that needs one, or if this shell is named.
    Line(String, String),
    /// A program with arguments.
    Argv(Vec<String>),
}

/// A command that takes a message.
pub(crate) struct Command {
    pub(crate) what: What,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Variables besides the exported ones.
    pub(crate) env: Vec<(String, String)>,
    pub(crate) cwd: String,
    /// Seconds that it may let us wait.
    pub(crate) limit: i64,
    pub(crate) input: Vec<u8>,
}

/// Kept of a command's output.
const OUTPUT: usize = 4096;

const EXITS: [(i32, &str, &str); 15] = [
    (64, "5.3.0", "command line usage error"),
    (65, "5.6.0", "data format error"),
    (66, "5.3.0", "cannot open input"),
    (67, "5.1.1", "user unknown"),
    (68, "5.1.2", "host name unknown"),
    (69, "5.3.0", "service unavailable"),
    (70, "5.3.0", "internal software error"),
    (71, "4.3.0", "system resource problem"),
    (72, "5.3.0", "critical OS file missing"),
    (73, "5.2.0", "can't create user output file"),
    (74, "5.3.0", "input/output error"),
    (75, "4.3.0", "temporary failure"),
    (76, "5.5.0", "remote error in protocol"),
    (77, "5.7.0", "permission denied"),
    (78, "5.3.5", "local configuration error"),
];

fn unix(status: &str, text: &str, reason: String) -> Dsn {
    Dsn { dtype: "x-unix".to_string(), dtext: text.to_string(), ..Dsn::new(status, reason) }
}

/// The programs to try for a command line, one after the other.
fn attempts(what: &What) -> Vec<Vec<String>> {
    const PLAIN: &str = "!@%-_=+:,./ \t";
    let words = |text: &str| text.split([' ', '\t']).filter(|w| !w.is_empty()).map(str::to_string).collect::<Vec<_>>();
    match what {
        What::Argv(argv) => vec![argv.clone()],
        What::Line(line, shell) if !shell.trim().is_empty() => {
            let mut argv = words(shell);
            argv.push(line.clone());
            vec![argv]
        }
        What::Line(line, _) => {
            let mut all = Vec::new();
            if line.chars().all(|c| c.is_ascii_alphanumeric() || PLAIN.contains(c)) && !line.trim().is_empty() {
                all.push(words(line));
            }
            all.push(vec!["/bin/sh".to_string(), "-c".to_string(), line.clone()]);
            all
        }
    }
}

impl Command {
    fn text(&self) -> &str {
        match &self.what {
            What::Line(line, _) => line,
            What::Argv(argv) => argv.first().map_or("", String::as_str),
        }
    }
    /// What a child says that could not become the command: all of it in the log, and perhaps something as the command's output.
    fn last_words(&self, sys: &Sys, cfg: &Config, text: &str) -> String {
        if text.starts_with("cannot") {
            // This child still speaks to the log alone.
            cfg.log().last_words(1, text);
            return String::new();
        }
        // The child has no Postfix tag any more.
        let plain = matches!(&self.what, What::Line(_, shell) if shell.trim().is_empty());
        let text = format!("fatal: {}{text}", if plain { "" } else { "pipe_command: " });
        sys.log(Facility::Mail, sys.name(), text.clone(), TraceId(0));
        format!("{}: {text}\n", sys.name())
    }
    async fn environment(&self, sys: &Sys, cfg: &Config) -> Vec<String> {
        let mut env: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: &str| match env.iter_mut().find(|(n, _)| n == name) {
            Some(v) => v.1 = value.to_string(),
            None => env.push((name.to_string(), value.to_string())),
        };
        for entry in split_braced(&cfg.str("export_environment")) {
            let entry = unbrace(&entry).unwrap_or(entry);
            match entry.split_once('=') {
                Some((name, value)) => set(name.trim(), value.trim()),
                None => {
                    if let Some(value) = sys.env(&entry) {
                        set(&entry, value);
                    }
                }
            }
        }
        set("PATH", "/usr/bin:/bin");
        for (name, value) in &self.env {
            set(name, value);
        }
        env.into_iter().map(|(n, v)| format!("{n}={v}")).collect()
    }
    /// Starts it: its process and the ends of its pipes; or what it would have said.
    async fn start(&self, sys: &Sys, cfg: &Config) -> Sysret<Result<(Pid, Fd, Fd), String>> {
        let (stdin, to) = sys.pipe().await?;
        let (from, stdout) = sys.pipe().await?;
        let env = self.environment(sys, cfg).await;
        let mut started = Err(String::new());
        for argv in attempts(&self.what) {
            started = match self.spawn(sys, &argv, &env, (stdin, stdout)).await {
                Ok(pid) => Ok(pid),
                Err((_, true)) => continue,
                Err((text, false)) => Err(self.last_words(sys, cfg, &text)),
            };
            break;
        }
        let unused = if started.is_ok() { 2 } else { 4 };
        for &fd in &[stdin, stdout, to, from][..unused] {
            sys.close(fd).await?;
        }
        Ok(started.map(|pid| (pid, to, from)))
    }
    /// execvp(3). The second part of an error: a shell may know the command.
    async fn spawn(&self, sys: &Sys, argv: &[String], env: &[String], (stdin, stdout): (Fd, Fd)) -> Result<Pid, (String, bool)> {
        let Some(name) = argv.first() else { return Err(("execvp : No such file or directory".to_string(), false)) };
        let files = if name.contains('/') { vec![name.clone()] } else { ["/usr/bin", "/bin"].map(|d| format!("{d}/{name}")).to_vec() };
        let mut error = Errno::ENOENT;
        for file in files {
            let mut spawn = Spawn::exec(&file, argv.to_vec());
            loop {
                spawn.env = Some(env.to_vec());
                spawn.fds = vec![(0, stdin), (1, stdout), (2, stdout)];
                spawn.session = true;
                spawn.ids = Some(Ids::user(self.uid, self.gid, vec![self.gid]));
                spawn.cwd = (!self.cwd.is_empty()).then(|| self.cwd.clone());
                let shell = !matches!(&spawn.run, Child::Exec(path) if *path == file);
                match sys.spawn(spawn).await {
                    Ok(pid) => return Ok(pid),
                    Err(Errno::ENOEXEC) if !shell => {
                        // A script without its first line.
                        let mut all = vec!["/bin/sh".to_string(), file.clone()];
                        all.extend(argv.iter().skip(1).cloned());
                        spawn = Spawn::exec("/bin/sh", all);
                    }
                    Err(e) => {
                        if e != Errno::ENOENT {
                            error = e;
                        }
                        break;
                    }
                }
            }
        }
        if !self.cwd.is_empty()
            && let Err(e) = sys.stat(&self.cwd).await
        {
            let (uid, gid) = (self.uid, self.gid);
            return Err((format!("cannot change directory to \"{}\" for uid={uid} gid={gid}: {e}", self.cwd), false));
        }
        Err((format!("execvp {name}: {error}"), error == Errno::ENOENT && !name.contains('/')))
    }
}

/// Runs a command with a message on its standard input; gives what it said. The caller must have root's rights at hand.
pub(crate) async fn run(sys: &Sys, cfg: &Config, command: &Command) -> Result<String, Dsn> {
    let started = match command.start(sys, cfg).await {
        Ok(started) => started,
        Err(e) => return Err(unix("4.3.0", "system resource problem", format!("Delivery failed: {e}"))),
    };
    let (status, output, timed_out, broken) = match started {
        // What the child says before it ends with EX_TEMPFAIL.
        Err(said) => (ChildStatus::Exited(75), said.into_bytes(), false, None),
        Ok((pid, to, from)) => converse(sys, cfg, command, pid, to, from).await,
    };
    let output = tidy(&output);
    match judge(command, status, &output, timed_out, broken) {
        Some(dsn) => Err(dsn),
        None => Ok(output),
    }
}

/// Writes the message, takes the output, waits for the end.
async fn converse(sys: &Sys, cfg: &Config, command: &Command, pid: Pid, to: Fd, from: Fd) -> (ChildStatus, Vec<u8>, bool, Option<Errno>) {
    let limit = command.limit.max(1) as u64;
    let (mut at, mut output, mut timed_out, mut broken) = (0, Vec::new(), false, None);
    let mut writing = true;
    loop {
        if writing && at >= command.input.len() {
            let _ = sys.close(to).await;
            writing = false;
        }
        let mut fds = vec![(from, Interest::Read)];
        if writing {
            fds.push((to, Interest::Write));
        }
        let ready = match sys.poll(&fds, Some(sys.now().plus_secs(limit))).await {
            Ok(ready) => ready,
            Err(Errno::EINTR) => continue,
            Err(_) => break,
        };
        if ready.is_empty() {
            let doing = if writing { "pipe_command_write: write" } else { "pipe_command_read: read" };
            cfg.log().warn(format_args!("{doing} time limit exceeded"));
            timed_out = true;
            break;
        }
        if writing && ready.contains(&to) {
            let end = command.input.len().min(at + 4096);
            match sys.write(to, &command.input[at..end]).await {
                Ok(()) => at = end,
                Err(e) => {
                    broken = Some(e);
                    at = command.input.len();
                }
            }
        }
        if ready.contains(&from) {
            match sys.read(from, OUTPUT).await {
                Ok(part) if !part.is_empty() => output.extend_from_slice(&part[..part.len().min(OUTPUT.saturating_sub(output.len()))]),
                _ => break,
            }
        }
    }
    if writing {
        let _ = sys.close(to).await;
    }
    let _ = sys.close(from).await;
    if timed_out {
        let _ = sys.kill(KillTarget::Group(pid), Some(Signal::Kill)).await;
    }
    let status = match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, status))) => status,
        _ => ChildStatus::Exited(75),
    };
    (status, output, timed_out, broken)
}

fn tidy(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.chars()
        .map(|c| {
            if matches!(c, '\t' | '\n') {
                ' '
            } else if c.is_ascii_control() {
                '_'
            } else {
                c
            }
        })
        .collect()
}

/// What the end of a command means for the message; `None`: delivered.
fn judge(command: &Command, status: ChildStatus, output: &str, timed_out: bool, broken: Option<Errno>) -> Option<Dsn> {
    let line = command.text();
    let tail = if output.is_empty() { String::new() } else { format!(". Command output: {output}") };
    let said = |usual: &str| if output.is_empty() { usual.to_string() } else { output.to_string() };
    if timed_out {
        return Some(unix("5.3.0", &said("internal software error"), format!("Command time limit exceeded: \"{line}\"{tail}")));
    }
    let code = match status {
        ChildStatus::Exited(0) => {
            return match broken {
                Some(e) if e != Errno::EPIPE => Some(Dsn::new("5.3.0", format!("Command failed: error writing message: {e}: \"{line}\""))),
                _ => None,
            };
        }
        ChildStatus::Exited(code) => code,
        ChildStatus::Signaled(signal) => {
            let reason = format!("Command died with signal {}: \"{line}\"{tail}", signal as i32);
            return Some(unix("4.3.0", &said("internal software error"), reason));
        }
        _ => 75,
    };
    let trimmed = output.trim_start();
    let (first, rest) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
    if is_status(first) {
        let text = rest.trim_start();
        return Some(unix(first, text, text.to_string()));
    }
    match EXITS.iter().find(|(c, ..)| *c == code) {
        Some(&(_, dsn, text)) => Some(unix(dsn, &said(text), format!("{text}{tail}"))),
        None => Some(unix(
            "5.3.0",
            &said(&format!("unknown mail system error {code}")),
            format!("Command died with status {code}: \"{line}\"{tail}"),
        )),
    }
}

impl Run<'_> {
    /// Delivers to a command with the rights of the list's owner.
    pub(super) async fn command(&mut self, state: &State, line: &str) -> bool {
        let mut state = state.clone();
        state.level += 1;
        let uid = state.rights.as_ref().map_or(0, |r| r.uid);
        if !self.first_time(format!("command {}:{uid} {line}", state.user)) {
            return true;
        }
        if self.trace_only() {
            return self.sent(&state, format!("delivers to command: {line}")).await;
        }
        let who = self.rights(&state);
        let cfg = self.agent.d.cfg.clone();
        let sys = self.agent.d.sys.clone();
        let filter = cfg.str("command_expansion_filter");
        let mut env = Vec::new();
        let mut set = |name: &str, value: &str| {
            if !value.is_empty() {
                env.push((name.to_string(), censor(value, &filter)));
            }
        };
        if let Some(account) = &state.rights {
            set("HOME", &account.home);
        }
        set("LOGNAME", &state.user);
        set("USER", &state.user);
        set("SENDER", &state.sender);
        set("RECIPIENT", &state.rcpt.addr);
        set("LOCAL", &state.local);
        if let Some(account) = &state.rights {
            set("SHELL", &account.shell);
        }
        set("DOMAIN", &state.domain);
        set("EXTENSION", state.extension.as_deref().unwrap_or(""));
        if !state.rcpt.orig.is_empty() {
            set("ORIGINAL_RECIPIENT", &state.rcpt.orig);
        }
        for (name, attr) in [
            ("CLIENT_HOSTNAME", "log_client_name"),
            ("CLIENT_ADDRESS", "log_client_address"),
            ("CLIENT_HELO", "log_helo_name"),
            ("CLIENT_PROTOCOL", "log_protocol_name"),
            ("SASL_METHOD", "sasl_method"),
            ("SASL_SENDER", "sasl_sender"),
            ("SASL_USERNAME", "sasl_username"),
        ] {
            set(name, self.request.origin(attr));
        }
        let directory = cfg.raw("command_execution_directory").unwrap_or("").to_string();
        let names = Names {
            state: &state,
            delimiters: self.str("recipient_delimiter"),
            filter: self.str("execution_directory_expansion_filter"),
            extension_used: Cell::new(false),
        };
        let cwd = crate::config::expand(&directory, &names, false);
        if cwd.error {
            self.agent.d.log.warn(format_args!("bad parameter value syntax for command_execution_directory: {directory}"));
            return self.failed_owner(&state, Dsn::new("4.3.5", "mail system configuration error")).await;
        }
        let how = put::FROM | put::RETURN_PATH | put::ORIG | if self.prepends("command") { put::DELIVERED } else { 0 };
        let command = Command {
            what: What::Line(line.to_string(), self.str("local_command_shell")),
            uid: who.uid,
            gid: who.gid,
            env,
            cwd: cwd.text,
            limit: cfg.time("command_time_limit"),
            input: self.copy(&state).bytes(&sys, how, "\n"),
        };
        let _ = sys.set_ids(Ids::ROOT).await;
        let done = run(&sys, &cfg, &command).await;
        self.as_daemon().await;
        match done {
            Ok(_) => self.sent(&state, format!("delivered to command: {line}")).await,
            Err(dsn) => self.failed_owner(&state, dsn).await,
        }
    }
    /// Whether a `Delivered-To:` line is put in front for this kind of delivery.
    pub(super) fn prepends(&self, what: &str) -> bool {
        self.agent.d.cfg.list("prepend_delivered_header").iter().any(|p| p == what)
    }
    /// The message as this recipient's copy.
    pub(super) fn copy<'s>(&'s self, state: &'s State) -> Copy<'s> {
        Copy::of(&self.agent.d.cfg, self.request, &state.rcpt, (&state.sender, &state.delivered))
    }
}
