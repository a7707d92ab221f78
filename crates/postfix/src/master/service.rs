//! One service of master.cf: its sockets, its processes, what they report, wake-ups and pauses after a failure.
//! Not here: when master does what (`super`). Source: master(8); the contract with the programs is `crate::server`'s.

use super::listen::listen;
use crate::config::{Config, Service, host_port, split};
use crate::ipc;
use crate::maillog::Log;
use crate::server::{LIFE_FD, LINES_ENV, LISTEN_FD, STATUS_FD};
use machine::{
    Because, ChildStatus, Errno, Fd, Ids, Interest, KillTarget, Pid, Run, Signal, SimTime, Spawn, Sys, Sysret, Trace, TraceId, WaitFor,
    resolver,
};
use std::net::Ipv4Addr;

/// So long new processes are started with `stress=yes` after the limit of processes was reached.
const STRESS_SECS: u64 = 1000;

/// What all services need.
pub(super) struct Context {
    pub(super) log: Log,
    pub(super) sys: Sys,
    pub(super) cfg: Config,
    /// Master stays in the foreground; its programs are told.
    stay: bool,
    owner: Ids,
}

impl Context {
    pub(super) async fn new(log: &Log, cfg: Config, stay: bool) -> Context {
        let sys = log.sys().clone();
        let account = crate::account::by_name(&sys, &cfg.str("mail_owner")).await;
        let owner = account.map_or(Ids::ROOT, |a| Ids { uid: 0, euid: a.uid, gid: 0, egid: a.gid, groups: Vec::new() });
        Context { log: log.clone(), sys, cfg, stay, owner }
    }
    /// Does something with the rights of the mail owner, whom files and sockets shall belong to.
    pub(super) async fn as_owner<T>(&self, work: impl Future<Output = T>) -> T {
        let root = self.sys.ids();
        let _ = self.sys.set_ids(self.owner.clone()).await;
        let done = work.await;
        let _ = self.sys.set_ids(root).await;
        done
    }
    /// Under which name a service is known: the path of its socket, or address and port.
    pub(super) async fn internal_name(&self, svc: &Service) -> String {
        if svc.kind != "inet" {
            return format!("{}/{}", if svc.private { "private" } else { "public" }, svc.name);
        }
        let (host, port) = host_port(&svc.name).unwrap_or_default();
        let port = self.port(&port).await.map_or(port, |n| n.to_string());
        if host.is_empty() { port } else { format!("[{host}]:{port}") }
    }
    pub(super) async fn port(&self, name: &str) -> Option<u16> {
        if let Ok(n) = name.parse() {
            return Some(n);
        }
        for entry in self.cfg.list("known_tcp_ports") {
            if let Some((names, port)) = entry.rsplit_once('=')
                && names.split('=').any(|n| n == name)
            {
                return port.parse().ok();
            }
        }
        resolver::service_port(&self.sys, name, "tcp").await
    }
    /// The addresses of inet_interfaces; one unspecified address for all of them.
    pub(super) async fn addresses(&self, interfaces: &str) -> Vec<Ipv4Addr> {
        let mut out = Vec::new();
        for name in split(interfaces) {
            match name.as_str() {
                "all" => return vec![Ipv4Addr::UNSPECIFIED],
                "loopback-only" => out.push(Ipv4Addr::LOCALHOST),
                _ => {
                    let name = name.trim_start_matches('[').trim_end_matches(']');
                    match resolver::host_addrs(&self.sys, name).await {
                        Ok(addrs) => out.extend(addrs),
                        Err(_) => self.log.warn(format_args!("host not found: {name}")),
                    }
                }
            }
        }
        machine::sort(&mut out);
        out.dedup();
        out
    }
    /// What the programs inherit from the environment.
    fn environment(&self) -> Vec<String> {
        let mut env = vec![format!("MAIL_CONFIG={}", self.cfg.dir())];
        for name in self.cfg.list("import_environment") {
            match name.split_once('=') {
                Some(_) => env.push(name),
                None if name == "MAIL_CONFIG" => {}
                None => env.extend(self.sys.env(&name).map(|v| format!("{name}={v}"))),
            }
        }
        env
    }
}

struct Child {
    pid: Pid,
    avail: bool,
    uses: u32,
}

/// A service that is open.
pub(super) struct Running {
    pub(super) svc: Service,
    pub(super) key: String,
    /// Not seen in the master.cf that is being read.
    pub(super) marked: bool,
    /// Reading and writing end: the programs' reports.
    pub(super) status: (Fd, Fd),
    /// Reading and writing end: nothing is ever written; its end tells the programs to go.
    life: (Fd, Fd),
    listen: Vec<Fd>,
    children: Vec<Child>,
    report: Vec<u8>,
    throttled: Option<SimTime>,
    wakeup: Option<SimTime>,
    /// Strangers connect to it: it is started with `stress=`.
    stress: bool,
    stress_until: SimTime,
    warned: Option<SimTime>,
}

impl Running {
    /// Opens a service.
    pub(super) async fn start(cx: &Context, svc: Service, key: String, interfaces: &str) -> Result<Running, String> {
        let (listen, local) = listen(cx, &svc, &key, interfaces).await?;
        let stress = !local && svc.max_proc > 1;
        let mut new = Running {
            svc,
            key,
            marked: false,
            status: (-1, -1),
            life: (-1, -1),
            listen,
            children: Vec::new(),
            report: Vec::new(),
            throttled: None,
            wakeup: None,
            stress,
            stress_until: SimTime::default(),
            warned: None,
        };
        new.open_pipes(cx).await?;
        if !new.svc.wakeup_if_used {
            new.wake(cx).await;
        }
        Ok(new)
    }
    async fn open_pipes(&mut self, cx: &Context) -> Result<(), String> {
        self.status = cx.sys.pipe().await.map_err(|e| format!("pipe: {e}"))?;
        self.life = cx.sys.pipe().await.map_err(|e| format!("pipe: {e}"))?;
        self.report.clear();
        Ok(())
    }
    async fn close_pipes(&mut self, cx: &Context) {
        for fd in [self.status.0, self.status.1, self.life.0, self.life.1] {
            let _ = cx.sys.close(fd).await;
        }
    }
    /// Takes over a new definition. The processes of the old one end when they are idle.
    pub(super) async fn update(&mut self, cx: &Context, svc: Service) -> Result<(), String> {
        self.stress &= svc.max_proc > 1;
        self.svc = svc;
        self.marked = false;
        self.restart(cx).await
    }
    async fn restart(&mut self, cx: &Context) -> Result<(), String> {
        self.wakeup = None;
        self.close_pipes(cx).await;
        self.open_pipes(cx).await?;
        if !self.svc.wakeup_if_used {
            self.wake(cx).await;
        }
        Ok(())
    }
    /// Closes a service for good.
    pub(super) async fn stop(mut self, cx: &Context) {
        self.close_pipes(cx).await;
        for child in &self.children {
            let _ = cx.sys.kill(KillTarget::Pid(child.pid), Some(Signal::Term)).await;
        }
        for child in &self.children {
            let _ = cx.sys.wait(WaitFor::Pid(child.pid), true, false).await;
        }
        for fd in self.listen {
            let _ = cx.sys.close(fd).await;
        }
    }

    fn avail(&self) -> usize {
        self.children.iter().filter(|c| c.avail).count()
    }
    fn full(&self, more: usize) -> bool {
        self.svc.max_proc > 0 && self.children.len() + more >= self.svc.max_proc as usize
    }
    /// Adds what master waits for on behalf of this service.
    pub(super) fn watch(&mut self, cx: &Context, fds: &mut Vec<(Fd, Interest)>, until: &mut Option<SimTime>) {
        fds.push((self.status.0, Interest::Read));
        for time in [self.throttled, self.wakeup].into_iter().flatten() {
            *until = Some(until.map_or(time, |u| u.min(time)));
        }
        if self.throttled.is_some() || self.avail() > 0 {
            return;
        }
        if !self.full(0) {
            fds.extend(self.listen.iter().map(|&fd| (fd, Interest::Read)));
        } else if self.stress {
            self.warn_busy(cx);
        }
    }
    fn warn_busy(&mut self, cx: &Context) {
        let now = cx.sys.now();
        if self.warned.is_some_and(|at| now.since(at) <= STRESS_SECS * 1_000_000) {
            return;
        }
        self.warned = Some(now);
        let (name, key, limit) = (&self.svc.name, &self.key, self.svc.max_proc);
        let what = "new clients may experience noticeable delays";
        cx.log.warn(format_args!("service \"{name}\" ({key}) has reached its process limit \"{limit}\": {what}"));
        let what = "increase the process count in master.cf or reduce the service time per client";
        cx.log.warn(format_args!("to avoid this condition, {what}"));
        let what = "http://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings";
        cx.log.warn(format_args!("see {what}"));
    }
    /// What is due by the clock.
    pub(super) async fn timers(&mut self, cx: &Context, now: SimTime) {
        if self.throttled.is_some_and(|t| t <= now) {
            self.throttled = None;
        }
        if self.wakeup.is_some_and(|t| t <= now) {
            self.wake(cx).await;
        }
    }
    /// Wakes the service by its socket, and again after its time.
    async fn wake(&mut self, cx: &Context) {
        if self.svc.wakeup == 0 {
            return;
        }
        if self.throttled.is_none()
            && let Err(e) = self.trigger(cx).await
        {
            cx.log.warn(format_args!("master_wakeup_timer_event: service {}({}): {e}", self.svc.name, self.key));
        }
        self.wakeup = Some(cx.sys.now().plus_secs(u64::from(self.svc.wakeup)));
    }
    async fn trigger(&self, cx: &Context) -> Sysret<()> {
        match self.svc.kind.as_str() {
            "unix" | "pass" | "fifo" => ipc::trigger(&cx.sys, &self.key, b"W").await,
            _ => Err(Errno::EOPNOTSUPP),
        }
    }
    /// Deals with what poll announced.
    pub(super) async fn ready(&mut self, cx: &Context, ready: &[Fd]) {
        self.reports(cx, ready).await;
        let knocked = self.listen.iter().any(|fd| ready.contains(fd));
        if !knocked || self.throttled.is_some() || self.avail() > 0 || self.full(0) {
            return;
        }
        if self.stress && self.full(1) {
            let now = cx.sys.now();
            if self.stress_until < now {
                let _ = self.restart(cx).await;
            }
            self.stress_until = now.plus_secs(STRESS_SECS);
        }
        self.spawn(cx).await;
    }
    /// Reads the programs' reports.
    pub(super) async fn reports(&mut self, cx: &Context, ready: &[Fd]) {
        if !ready.contains(&self.status.0) {
            return;
        }
        self.report.extend(cx.sys.read(self.status.0, 4096).await.unwrap_or_default());
        while let Some(end) = self.report.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.report.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            let Some((pid, state)) = text.trim_end().split_once(' ') else { continue };
            let avail = state == "A";
            if let Some(child) = pid.parse().ok().and_then(|pid: Pid| self.children.iter_mut().find(|c| c.pid == pid))
                && child.avail != avail
            {
                child.avail = avail;
                child.uses += u32::from(avail);
            }
        }
    }
    async fn spawn(&mut self, cx: &Context) {
        let svc = &self.svc;
        let path = format!("{}/{}", cx.cfg.str("daemon_directory"), svc.command);
        let mut argv = vec![svc.command.clone()];
        let mut add = |words: &[&str]| argv.extend(words.iter().map(|w| w.to_string()));
        match svc.max_proc {
            0 => add(&["-z"]),
            1 => add(&["-l"]),
            _ => {}
        }
        if svc.command.rsplit('/').next() != Some(&svc.name) {
            add(&["-n", &svc.name]);
        }
        add(&["-t", &svc.kind]);
        for (flag, on) in [("-d", cx.stay), ("-u", svc.unprivileged), ("-c", svc.chroot)] {
            if on {
                add(&[flag]);
            }
        }
        if self.stress {
            add(&["-o", if self.stress_until > cx.sys.now() { "stress=yes" } else { "stress=" }]);
        }
        if self.listen.len() > 1 {
            add(&["-s", &self.listen.len().to_string()]);
        }
        argv.extend(svc.args.iter().cloned());
        let mut environment = cx.environment();
        if !svc.args.is_empty() {
            let lines: Vec<String> = svc.lines.iter().map(u32::to_string).collect();
            environment.push(format!("{LINES_ENV}={}:{}", svc.place.0, lines.join(",")));
        }
        let make = |run: Run| Spawn {
            run,
            argv: argv.clone(),
            env: Some(environment.clone()),
            fds: [(0, 0), (1, 1), (2, 2), (LIFE_FD, self.life.0), (STATUS_FD, self.status.1)]
                .into_iter()
                .chain(self.listen.iter().enumerate().map(|(i, &fd)| (LISTEN_FD + i as Fd, fd)))
                .collect(),
            ..Spawn::exec(String::new(), Vec::new())
        };
        let mut started = cx.sys.spawn(make(Run::Exec(path.clone()))).await;
        if let Err(e) = started {
            // As in life it is the forked master that finds out, says so, and ends.
            let text = format!("master_spawn: exec {path}: {e}");
            let name = vec!["master".to_string()];
            let fork = Run::Fork(Box::new(move |sys| Box::pin(async move { Log::tagged(&sys, "master", false).fatal(&text).await })));
            started = cx.sys.spawn(Spawn { argv: name, ..make(fork) }).await;
        }
        match started {
            Ok(pid) => {
                self.children.push(Child { pid, avail: true, uses: 0 });
                if self.svc.wakeup_if_used && self.wakeup.is_none() {
                    self.wake(cx).await;
                }
            }
            Err(e) => {
                cx.log.warn(format_args!("master_spawn: fork: {e} -- throttling"));
                self.throttle(cx);
            }
        }
    }
    fn throttle(&mut self, cx: &Context) {
        if self.throttled.is_none() {
            self.throttled = Some(cx.sys.now().plus_secs(cx.cfg.time("service_throttle_time").max(1) as u64));
        }
    }
    pub(super) fn has(&self, pid: Pid) -> bool {
        self.children.iter().any(|c| c.pid == pid)
    }
    /// A process has ended. One that failed before it did any work makes the service pause.
    pub(super) fn ended(&mut self, cx: &Context, pid: Pid, status: ChildStatus) {
        let Some(at) = self.children.iter().position(|c| c.pid == pid) else { return };
        let child = self.children.remove(at);
        let path = format!("{}/{}", cx.cfg.str("daemon_directory"), self.svc.command);
        let how = match status {
            ChildStatus::Exited(status) if status != 0 => format!("exit status {status}"),
            ChildStatus::Signaled(signal) => format!("killed by signal {}", signal as i32),
            _ => return,
        };
        let pauses = child.uses == 0 && self.throttled.is_none();
        let why = if pauses { self.why_paused(cx, &path, &how) } else { TraceId(0) };
        cx.log.warn_of(why, format_args!("process {path} pid {pid} {how}"));
        if pauses {
            cx.log.warn_of(why, format_args!("{path}: bad command startup -- throttling"));
            self.throttle(cx);
        }
    }
    /// The decision not to start this service's program for a while.
    fn why_paused(&self, cx: &Context, path: &str, how: &str) -> TraceId {
        let name = "service_throttle_time";
        let secs = cx.cfg.time(name).max(1);
        let mut trace = Trace::new(cx.log.tag(), format!("{}/{}: paused for {secs} s", self.svc.name, self.svc.kind));
        trace.because = vec![
            Because::State { what: format!("{path} ended before it had done any work: {how}; the line it logged before says why") },
            Because::Parameter {
                name: format!("{}/{}", self.svc.name, self.svc.kind),
                value: self.svc.command.clone(),
                place: Some(self.svc.place.clone()),
            },
            Because::Parameter { name: name.to_string(), value: cx.cfg.str(name), place: cx.cfg.place(name) },
        ];
        cx.sys.trace(trace)
    }
}
