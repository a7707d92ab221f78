//! master(8): opens the services of master.cf, starts their programs when somebody knocks, wakes some from time to time, and lets them go
//! when the configuration is read again. Not here: one service's sockets and processes (`service`), master.cf's syntax (`config::services`).
//! Source: master(8), master(5).

mod listen;
mod service;

use crate::config::{Config, load_services};
use crate::maillog::Log;
use machine::{
    ChildStatus, Errno, Fd, Interest, KillTarget, OnSignal, Open, Pid, Run, STDERR, STDOUT, Signal, SimTime, Spawn, Sys, Trace, WaitFor,
};
use service::{Context, Running};

/// What a start or a reload says of the parameters that are accepted and do nothing.
const IDLE: &str = "main.cf: accepted, not simulated";

/// Signals that end master and everything below it.
const DEADLY: [Signal; 6] = [Signal::Int, Signal::Quit, Signal::Ill, Signal::Bus, Signal::Segv, Signal::Term];
/// The pid file, seen from the queue directory.
const PID_FILE: &str = "pid/master.pid";

/// The process id in a pid file if its process is a running master.
pub(crate) async fn running(sys: &Sys, queue: &str) -> Option<Pid> {
    let text = sys.read_file(&format!("{queue}/{PID_FILE}")).await.ok()?;
    let pid = String::from_utf8_lossy(&text).trim().parse::<Pid>().ok()?;
    let is_master = |argv: &[String]| argv.first().is_some_and(|a| a.rsplit('/').next() == Some("master"));
    sys.procs().await.iter().any(|p| p.pid == pid && p.state != 'Z' && pid != sys.pid() && is_master(&p.argv)).then_some(pid)
}

#[derive(Default, Clone)]
struct Given {
    dir: Option<String>,
    stay: bool,
    test: bool,
    wait: bool,
    keep_stdout: bool,
    exit_after: Option<u64>,
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::daemon(&sys);
    if sys.ids().uid != 0 {
        return log.fatal("the master command is reserved for the superuser").await;
    }
    let mut given = Given::default();
    let mut opts = crate::cli::Getopt::named(&sys, sys.arg(0));
    while let Some((letter, value)) = opts.next("c:Dde:istvw") {
        match letter {
            'c' => given.dir = Some(value),
            'd' => given.stay = true,
            'e' => given.exit_after = Some(value.parse().unwrap_or(0)),
            'i' if sys.pid() != 1 => return log.fatal("-i is allowed only for PID 1 process").await,
            'i' | 's' => given.keep_stdout = true,
            't' => given.test = true,
            'w' => given.wait = true,
            'D' | 'v' => sys.unsupported(&format!("-{letter}")),
            _ => return log.fatal(&usage(&sys)).await,
        }
    }
    if !opts.rest().is_empty() {
        return log.fatal(&usage(&sys)).await;
    }
    if given.test && given.wait {
        return log.fatal("the -t and -w options cannot be used together").await;
    }
    if given.wait { wait_for_start(&sys, &log, given).await } else { begin(sys, log, given, None).await }
}

fn usage(sys: &Sys) -> String {
    let letters =
        "[-c config_dir] [-D (debug)] [-d (don't detach from terminal)] [-e exit_time] [-t (test)] [-v] [-w (wait for initialization)]";
    format!("usage: {} {letters}", sys.arg(0))
}

/// Starts the daemon in the background and waits until it says that it is ready, or ends.
async fn wait_for_start(sys: &Sys, log: &Log, given: Given) -> i32 {
    let Ok((from, to)) = sys.pipe().await else { return log.fatal("pipe: Too many open files").await };
    let mut child = Spawn::exec("", sys.args().to_vec());
    child.fds.push((3, to));
    child.run = Run::Fork(Box::new(move |sys| {
        Box::pin(async move {
            let log = Log::daemon(&sys);
            begin(sys, log, given, Some(3)).await
        })
    }));
    let pid = match sys.spawn(child).await {
        Ok(pid) => pid,
        Err(e) => return log.fatal(&format!("fork: {e}")).await,
    };
    let _ = sys.close(to).await;
    if sys.read(from, 1).await.is_ok_and(|b| !b.is_empty()) {
        return 0;
    }
    match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, ChildStatus::Exited(0)))) => 0,
        _ => log.fatal("daemon initialization failure -- see logs for details").await,
    }
}

/// The daemon's beginning: detached, configured, alone. Writes a byte to `ready` when it works.
async fn begin(sys: Sys, log: Log, given: Given, ready: Option<Fd>) -> i32 {
    match start(&sys, &log, &given).await {
        Ok(None) => 0,
        Ok(Some(mut master)) => {
            let version = master.cx.cfg.str("mail_version");
            log.info(format_args!("daemon started -- version {version}, configuration {}", master.cx.cfg.dir()));
            if let Some(fd) = ready {
                let _ = sys.write(fd, &[0]).await;
                let _ = sys.close(fd).await;
            }
            match master.run().await {
                Ok(status) => status,
                Err(text) => log.fatal(&text).await,
            }
        }
        Err(Failed::Says(text)) => log.fatal(&text).await,
        Err(Failed::Status(status)) => status,
    }
}

enum Failed {
    Says(String),
    Status(i32),
}

impl From<String> for Failed {
    fn from(text: String) -> Self {
        Failed::Says(text)
    }
}

/// `None`: only tested.
async fn start(sys: &Sys, log: &Log, given: &Given) -> Result<Option<Master>, Failed> {
    sys.umask(Some(0o077)).await;
    if !given.stay && !given.test {
        if let Ok(null) = sys.open("/dev/null", Open::RDWR, 0).await {
            for fd in (0..=STDERR).filter(|&fd| fd != STDOUT || !given.keep_stdout) {
                let _ = sys.dup2(null, fd).await;
            }
            if null > STDERR {
                let _ = sys.close(null).await;
            }
        }
        let _ = sys.setsid().await;
    }
    sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
    let dir = given.dir.as_deref().or(sys.env("MAIL_CONFIG")).unwrap_or("/etc/postfix").to_string();
    let cfg = Config::load(log, &dir, &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let queue = cfg.str("queue_directory");
    sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    let other = running(sys, &queue).await;
    if given.test {
        return if other.is_some() { Err(Failed::Status(1)) } else { Ok(None) };
    }
    if other.is_some() {
        let why = "unable to set exclusive lock: Resource temporarily unavailable";
        return Err(format!("open lock file {PID_FILE}: {why}").into());
    }
    let cx = Context::new(log, cfg, given.stay).await;
    let line = format!("{:>32}\n", sys.pid());
    lock(sys, PID_FILE, &line).await?;
    let second = format!("{}/master.lock", cx.cfg.str("data_directory"));
    cx.as_owner(lock(sys, &second, &line)).await?;
    let first = First { interfaces: cx.cfg.str("inet_interfaces"), protocols: cx.cfg.str("inet_protocols"), queue };
    let end = given.exit_after.map(|secs| sys.now().plus_secs(secs));
    let mut master = Master { sys: sys.clone(), log: log.clone(), dir, cx, services: Vec::new(), first, end };
    for signal in DEADLY.into_iter().chain([Signal::Hup, Signal::Chld]) {
        sys.on_signal(signal, OnSignal::Catch).await;
    }
    master.configure().await?;
    master.idle();
    Ok(Some(master))
}

async fn lock(sys: &Sys, path: &str, line: &str) -> Result<(), String> {
    sys.write_file(path, line.as_bytes(), 0o600).await.map_err(|e| format!("open lock file {path}: cannot open file: {e}"))
}

/// What stays as it was when master started, whatever main.cf says later.
struct First {
    interfaces: String,
    protocols: String,
    queue: String,
}

struct Master {
    sys: Sys,
    log: Log,
    dir: String,
    cx: Context,
    services: Vec<Running>,
    first: First,
    /// `-e`
    end: Option<SimTime>,
}

impl Master {
    /// Brings the services in line with master.cf.
    async fn configure(&mut self) -> Result<(), String> {
        let (wanted, read) = load_services(&self.cx.cfg).await;
        let disabled = self.cx.cfg.list("master_service_disable");
        for service in &mut self.services {
            service.marked = true;
        }
        for svc in wanted {
            if is_disabled(&disabled, &svc.name, &svc.kind) {
                continue;
            }
            if svc.kind == "inet" && self.cx.cfg.str("inet_interfaces") != self.first.interfaces {
                self.log.warn(format_args!("service {}: ignoring inet_interfaces change", svc.name));
                self.log.warn(format_args!("to change inet_interfaces, stop and start Postfix"));
            }
            let key = self.cx.internal_name(&svc).await;
            match self.services.iter_mut().find(|s| s.key == key && s.svc.kind == svc.kind) {
                Some(old) => {
                    if !old.marked {
                        let text = "using the last entry";
                        self.log.warn(format_args!("duplicate master.cf entry for service \"{}\" ({key}) -- {text}", old.svc.name));
                    }
                    old.update(&self.cx, svc).await?;
                }
                None => {
                    let new = Running::start(&self.cx, svc, key, &self.first.interfaces).await?;
                    self.services.push(new);
                }
            }
        }
        read?;
        let mut at = 0;
        while at < self.services.len() {
            if self.services[at].marked {
                self.services.remove(at).stop(&self.cx).await;
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    /// Reads main.cf and master.cf again.
    async fn reload(&mut self) -> Result<(), String> {
        self.log.info(format_args!("reload -- version {}, configuration {}", self.cx.cfg.str("mail_version"), self.dir));
        let cfg = Config::load(&self.log, &self.dir, &[]).await?;
        self.log.set_syslog_name(&cfg.str("syslog_name"));
        for (name, old) in [("queue_directory", &self.first.queue), ("inet_protocols", &self.first.protocols)] {
            let new = cfg.str(name);
            if new != *old {
                self.log.warn(format_args!("ignoring {name} parameter value change"));
                self.log.warn(format_args!("old value: \"{old}\", new value: \"{new}\""));
                self.log.warn(format_args!("to change {name}, stop and start Postfix"));
            }
        }
        self.cx.cfg = cfg;
        self.idle();
        self.configure().await
    }
    /// Says which parameters are accepted and have no effect in this simulation; Postfix itself has nothing to say of them.
    fn idle(&self) {
        let cfg = &self.cx.cfg;
        let mut trace = Trace::new(self.log.tag(), IDLE);
        trace.because = cfg.idle().map(|name| crate::why::parameter(cfg, name)).collect();
        if !trace.because.is_empty() {
            self.sys.trace(trace);
        }
    }

    async fn run(&mut self) -> Result<i32, String> {
        loop {
            let now = self.sys.now();
            if self.end.is_some_and(|end| end <= now) {
                self.log.info(format_args!("master exit time has arrived"));
                return Ok(0);
            }
            for service in &mut self.services {
                service.timers(&self.cx, now).await;
            }
            let mut fds: Vec<(Fd, Interest)> = Vec::new();
            let mut until = self.end;
            for service in &mut self.services {
                service.watch(&self.cx, &mut fds, &mut until);
            }
            let ready = match self.sys.poll(&fds, until).await {
                Ok(ready) => ready,
                Err(Errno::EINTR) => Vec::new(),
                Err(e) => return Err(format!("poll: {e}")),
            };
            for service in &mut self.services {
                service.ready(&self.cx, &ready).await;
            }
            let signals = self.sys.signals().await;
            if let Some(&signal) = signals.iter().find(|s| DEADLY.contains(s)) {
                return Ok(self.die(signal).await);
            }
            if signals.contains(&Signal::Hup) {
                self.reload().await?;
            }
            if signals.contains(&Signal::Chld) {
                self.reap().await;
            }
        }
    }

    async fn reap(&mut self) {
        // What a process reported before it ended counts: it may have done its work well before.
        let status: Vec<(Fd, Interest)> = self.services.iter().map(|s| (s.status.0, Interest::Read)).collect();
        if let Ok(ready) = self.sys.poll(&status, Some(self.sys.now())).await {
            for service in &mut self.services {
                service.reports(&self.cx, &ready).await;
            }
        }
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, false, false).await {
            if let Some(service) = self.services.iter_mut().find(|s| s.has(pid)) {
                service.ended(&self.cx, pid, status);
            }
        }
    }

    /// Women and children first.
    async fn die(&self, signal: Signal) -> i32 {
        self.sys.on_signal(Signal::Term, OnSignal::Ignore).await;
        let _ = self.sys.kill(KillTarget::Group(self.sys.pid()), Some(Signal::Term)).await;
        self.log.info(format_args!("terminating on signal {}", signal as i32));
        self.sys.on_signal(signal, OnSignal::Default).await;
        let _ = self.sys.kill(KillTarget::Pid(self.sys.pid()), Some(signal)).await;
        1
    }
}

/// Whether master_service_disable names this service: `smtp/inet`, `inet`, `name.type` of old, exceptions with `!`.
fn is_disabled(patterns: &[String], name: &str, kind: &str) -> bool {
    for pattern in patterns {
        let (pattern, result) = match pattern.strip_prefix('!') {
            Some(rest) => (rest, false),
            None => (pattern.as_str(), true),
        };
        let (first, second) = match pattern.rsplit_once('/') {
            Some((name, kind)) => (name, kind),
            None => ("*", pattern),
        };
        if (first == "*" || first == name) && (second == "*" || second == kind) {
            return result;
        }
    }
    false
}
