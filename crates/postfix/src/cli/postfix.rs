//! postfix(1): start, stop and look after the mail system, with the words of its script. Not here: the warnings of `check` (`upkeep`), the
//! programs it runs (`postlog`, `postsuper`, `postconf`, `master`). Source: postfix(1).

use super::{Getopt, upkeep};
use crate::config::Config;
use crate::maillog::Log;
use machine::{ChildStatus, Fd, KillTarget, Open, STDERR, STDOUT, Signal, Spawn, Sys, WaitFor};
use std::cell::Cell;

const LAST_LEVEL: &str = "3.6";
/// Parameters of an installation, as post-install compares them.
const INSTALLATION: [&str; 15] = [
    "command_directory",
    "daemon_directory",
    "data_directory",
    "html_directory",
    "mail_owner",
    "mailq_path",
    "manpage_directory",
    "newaliases_path",
    "queue_directory",
    "readme_directory",
    "sample_directory",
    "sendmail_path",
    "setgid_group",
    "shlib_directory",
    "meta_directory",
];
const USAGE: &str =
    "Usage: postfix start (or stop, reload, abort, flush, check, status, set-permissions, upgrade-configuration, logrotate)";

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::quiet(&sys, sys.name(), sys.is_tty(STDERR).await);
    sys.umask(Some(0o022)).await;
    if sys.ids().uid != 0 {
        log.error(format_args!("to submit mail, use the Postfix sendmail command"));
        return log.fatal("the postfix command is reserved for the superuser").await;
    }
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut opts = Getopt::new(&sys);
    while let Some((letter, value)) = opts.next("c:Dv") {
        match letter {
            'c' if !value.starts_with('/') => return log.fatal("-c requires absolute pathname").await,
            'c' => dir = value,
            'D' | 'v' => sys.unsupported(&format!("-{letter}")),
            _ => return log.fatal(&format!("usage: {} [-c config_dir] [-Dv] command", sys.name())).await,
        }
    }
    let cfg = match Config::load(&log, &dir, &[]).await {
        Ok(cfg) => cfg,
        Err(text) => return log.fatal(&text).await,
    };
    log.set_syslog_name(&cfg.str("syslog_name"));
    if cfg.level() < crate::config::compat_level(LAST_LEVEL).unwrap_or(0) {
        log.info(format_args!("Postfix is using backwards-compatible default settings"));
        log.info(format_args!("See http://www.postfix.org/COMPATIBILITY_README.html for details"));
        let how = format!("\"postconf compatibility_level={LAST_LEVEL}\" and \"postfix reload\"");
        log.info(format_args!("To disable backwards compatibility use {how}"));
    }
    for name in ["command_directory", "daemon_directory", "queue_directory"] {
        let path = cfg.str(name);
        if let Err(e) = sys.chdir(&path).await {
            return log.fatal(&format!("chdir({path}): {e}")).await;
        }
    }
    let script = Script::new(&sys, cfg);
    match script.run(opts.rest()).await {
        Ok(status) | Err(status) => status,
    }
}

/// The management script: what every command of it needs.
pub(super) struct Script {
    pub(super) sys: Sys,
    pub(super) cfg: Config,
    env: Vec<String>,
    commands: String,
    daemons: String,
    tag: String,
    /// postconf has something to complain of, each time it is asked.
    complains: Cell<bool>,
}

impl Script {
    fn new(sys: &Sys, cfg: Config) -> Script {
        let env = vec![
            "PATH=/bin:/usr/bin:/sbin:/usr/sbin".to_string(),
            format!("MAIL_CONFIG={}", cfg.dir()),
            format!("MAIL_LOGTAG={}", cfg.str("syslog_name")),
            "LANG=C".to_string(),
        ];
        let [commands, daemons] = ["command_directory", "daemon_directory"].map(|n| cfg.str(n));
        let tag = format!("{}/postfix-script", cfg.str("syslog_name"));
        Script { sys: sys.clone(), cfg, env, commands, daemons, tag, complains: Cell::new(false) }
    }
    async fn start(&self, path: &str, args: &[&str], fds: Vec<(Fd, Fd)>) -> Option<i32> {
        let argv = std::iter::once(path).chain(args.iter().copied()).map(String::from).collect();
        let child = Spawn { env: Some(self.env.clone()), fds, ..Spawn::exec(path, argv) };
        match self.sys.spawn(child).await {
            Ok(pid) => Some(pid),
            Err(e) => {
                self.sys.print(STDERR, format_args!("postfix-script: {path}: {e}\n"));
                None
            }
        }
    }
    async fn end_of(&self, pid: Option<i32>) -> i32 {
        let Some(pid) = pid else { return 127 };
        match self.sys.wait(WaitFor::Pid(pid), true, false).await {
            Ok(Some((_, ChildStatus::Exited(status)))) => status,
            Ok(Some((_, ChildStatus::Signaled(signal)))) => 128 + signal as i32,
            _ => 127,
        }
    }
    const PLAIN: [(Fd, Fd); 3] = [(0, 0), (1, 1), (2, 2)];
    /// Runs one of Postfix's commands.
    async fn command(&self, name: &str, args: &[&str]) -> i32 {
        let path = format!("{}/{name}", self.commands);
        self.end_of(self.start(&path, args, Self::PLAIN.to_vec()).await).await
    }
    /// What postconf prints, newlines at the end removed; a fatal message and the script's end if it fails.
    async fn postconf(&self, args: &[&str]) -> Result<String, i32> {
        if let (Ok((from, to)), Ok((said, err))) = (self.sys.pipe().await, self.sys.pipe().await) {
            let path = format!("{}/postconf", self.commands);
            let pid = self.start(&path, args, vec![(0, 0), (STDOUT, to), (STDERR, err)]).await;
            let _ = self.sys.close(to).await;
            let _ = self.sys.close(err).await;
            let text = self.sys.read_all(from).await.unwrap_or_default();
            let complaints = self.sys.read_all(said).await.unwrap_or_default();
            let _ = self.sys.close(from).await;
            let _ = self.sys.close(said).await;
            self.sys.put(STDERR, &complaints);
            self.complains.set(self.complains.get() || !complaints.is_empty());
            if self.end_of(pid).await == 0 {
                return Ok(String::from_utf8_lossy(&text).trim_end_matches('\n').to_string());
            }
        }
        self.fatal(&format!("cannot execute {}/postconf!", self.commands)).await
    }
    /// Logs a line by way of postlog.
    pub(super) async fn say(&self, level: &str, text: &str) {
        let mut args = vec!["-t", &self.tag, "-p", level];
        args.extend(text.split(' '));
        self.command("postlog", &args).await;
    }
    async fn fatal<T>(&self, text: &str) -> Result<T, i32> {
        self.say("fatal", text).await;
        Err(1)
    }
    /// master's own test whether it runs.
    async fn is_running(&self, hush: bool) -> bool {
        let mut fds = Self::PLAIN.to_vec();
        let mut null = -1;
        if hush && let Ok(fd) = self.sys.open("/dev/null", Open { write: true, ..Open::READ }, 0).await {
            (fds[2], null) = ((2, fd), fd);
        }
        let pid = self.start(&format!("{}/master", self.daemons), &["-t"], fds).await;
        if null >= 0 {
            let _ = self.sys.close(null).await;
        }
        self.end_of(pid).await != 0
    }
    async fn must_run(&self) -> Result<(), i32> {
        if self.is_running(true).await { Ok(()) } else { self.fatal("the Postfix mail system is not running").await }
    }
    async fn pid(&self) -> Option<i32> {
        let text = self.sys.read_file("pid/master.pid").await.ok()?;
        String::from_utf8_lossy(&text).lines().next()?.trim().parse().ok()
    }
    async fn kill(&self, signal: Signal) {
        if let Some(pid) = self.pid().await
            && let Err(e) = self.sys.kill(KillTarget::Pid(pid), Some(signal)).await
        {
            self.sys.print(STDERR, format_args!("{}/postfix-script: kill: ({pid}) - {e}\n", self.daemons));
        }
    }

    /// What the script does whenever it begins.
    async fn prologue(&self) -> Result<(), i32> {
        self.postconf(&["-dh", "config_directory"]).await?;
        self.postconf(&["-c", "/etc/postfix", "-h", "multi_instance_directories"]).await?;
        Ok(())
    }
    async fn run(&self, args: &[String]) -> Result<i32, i32> {
        self.prologue().await?;
        let verb = args.first().map_or("", String::as_str);
        match verb {
            "start_msg" => self.sys.print(STDOUT, format_args!("Start postfix\n")),
            "stop_msg" => self.sys.print(STDOUT, format_args!("Stop postfix\n")),
            "start" | "start-fg" => return self.start_mail(verb == "start").await,
            "drain" | "abort" => {
                self.must_run().await?;
                self.say("info", if verb == "abort" { "aborting the Postfix mail system" } else { "stopping the Postfix mail system" })
                    .await;
                self.kill(if verb == "abort" { Signal::Term } else { Signal::Kill }).await;
            }
            "stop" | "quick-stop" => {
                let stopped = self.stop_mail().await;
                if verb == "stop" {
                    return stopped;
                }
                let _ = self.sys.write_file("quick-start", b"", 0o666).await;
            }
            "reload" => {
                self.must_run().await?;
                self.say("info", "refreshing the Postfix mail system").await;
                if self.command("postsuper", &["active"]).await != 0 {
                    return Err(1);
                }
                self.kill(Signal::Hup).await;
                // In the background, as a shell without job control starts it.
                let null = self.sys.open("/dev/null", Open::READ, 0).await.unwrap_or(0);
                self.start(&format!("{}/postsuper", self.commands), &[], vec![(0, null), (1, 1), (2, 2)]).await;
            }
            "flush" => return Ok(self.command("postqueue", &["-f"]).await),
            "check" => {
                self.check_fatal().await?;
                self.check_warn().await?;
            }
            "status" => {
                if !self.is_running(true).await {
                    self.say("info", "the Postfix mail system is not running").await;
                    return Err(1);
                }
                let pid = self.pid().await.map_or(String::new(), |pid| format!(" {pid}"));
                self.say("info", &format!("the Postfix mail system is running: PID:{pid}")).await;
            }
            "set-permissions" => upkeep::set_permissions(self).await,
            "logrotate" => return self.rotate(args).await,
            "upgrade-configuration" | "post-install" | "tls" => {
                self.sys.unsupported(verb);
                return Err(1);
            }
            _ => return self.fatal(&format!("unknown command: '{verb}'. {USAGE}")).await,
        }
        Ok(0)
    }
    async fn start_mail(&self, detached: bool) -> Result<i32, i32> {
        if self.is_running(true).await {
            return self.fatal("the Postfix mail system is already running").await;
        }
        if self.sys.unlink("quick-start").await.is_err() {
            if self.check_fatal().await.is_err() {
                return self.fatal("Postfix integrity check failed!").await;
            }
            let _ = self.check_warn().await;
        }
        self.say("info", "starting the Postfix mail system").await;
        let master = format!("{}/master", self.daemons);
        let pid = self.start(&master, &[if detached { "-w" } else { "-s" }], Self::PLAIN.to_vec()).await;
        let status = self.end_of(pid).await;
        if detached && status != 0 { self.fatal("mail system startup failed").await } else { Ok(status) }
    }
    async fn stop_mail(&self) -> Result<i32, i32> {
        self.must_run().await?;
        self.say("info", "stopping the Postfix mail system").await;
        self.kill(Signal::Term).await;
        for _ in 0..5 {
            if !self.is_running(false).await {
                return Ok(0);
            }
            self.say("info", "waiting for the Postfix mail system to terminate").await;
            let _ = self.sys.sleep(1_000_000).await;
        }
        self.say("warn", "stopping the Postfix mail system with force").await;
        if let Some(pid) = self.pid().await {
            let _ = self.sys.kill(KillTarget::Group(pid), Some(Signal::Kill)).await;
        }
        Ok(0)
    }
    /// What must be right before mail may flow.
    async fn check_fatal(&self) -> Result<(), i32> {
        if self.complains.get() {
            // The parts of the real script ask for every parameter of the installation; their answers are known, their complaints not.
            self.prologue().await?;
            self.prologue().await?;
            self.postconf(&["-dhx", "mail_version"]).await?;
            for name in INSTALLATION {
                self.postconf(&["-c", self.cfg.dir(), "-h", name]).await?;
            }
        }
        upkeep::create_missing(self).await;
        let path = format!("{}/master.cf", self.cfg.dir());
        if self.sys.stat(&path).await.is_err() {
            return self.fatal(&format!("no {path} file found")).await;
        }
        self.postconf(&["-h", "maillog_file"]).await?;
        if self.command("postsuper", &[]).await == 0 { Ok(()) } else { Err(1) }
    }
    async fn check_warn(&self) -> Result<(), i32> {
        if self.complains.get() {
            self.prologue().await?;
        }
        upkeep::warn(self).await;
        Ok(())
    }
    async fn rotate(&self, args: &[String]) -> Result<i32, i32> {
        if args.len() > 1 {
            return self.fatal("usage postfix logrotate (no arguments)").await;
        }
        if self.postconf(&["-h", "maillog_file"]).await?.is_empty() {
            return self.fatal("empty 'maillog_file' parameter value - logfile rotation failed").await;
        }
        self.sys.unsupported("logrotate");
        Err(1)
    }
}
