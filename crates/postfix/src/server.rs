//! The skeleton of a daemon that `master` starts: command line, accept loop, status reports, max_idle and max_use.
//! Descriptors: 4 reads end of file when master wants it gone (stop, reload), 5 takes status reports, 6 and following listen.
//! Not here: starting daemons (`master`). Source: single_server, multi_server, trigger_server.

use crate::config::{Config, Override};
use crate::ipc::{Attrs, Conn};
use crate::lookup::{MatchKind, MatchList, Tables};
use crate::maillog::Log;
use machine::{Errno, Fd, Ids, Interest, OnSignal, Signal, SimTime, SockAddr, Sys, Sysret};

/// Reading end of a pipe that master holds open as long as this process is wanted.
pub(crate) const LIFE_FD: Fd = 4;
/// Where a process reports that it is free or taken.
pub(crate) const STATUS_FD: Fd = 5;
/// The service's listening socket.
pub(crate) const LISTEN_FD: Fd = 6;

/// The variable in which master tells where the arguments stand: the file, a colon, a line for each.
pub(crate) const LINES_ENV: &str = "MASTER_CF_LINES";

/// A running daemon's side of its contract with master.
pub(crate) struct Server {
    sys: Sys,
    /// Service name of master.cf's first column (`-n`).
    pub(crate) service: String,
    /// `inet` or `unix` (`-t`).
    pub(crate) kind: String,
    /// The service runs as the mail owner alone (`-u`).
    unprivileged: bool,
    /// Not started by master: it serves standard input and output once (`-S`).
    pub(crate) alone: bool,
    /// How many sockets listen: one for each address of an inet service (`-s`).
    sockets: Fd,
    /// `-o name=value` in order.
    pub(crate) overrides: Vec<Override>,
    /// Arguments that are no options: pipe(8)'s attributes and command.
    pub(crate) args: Vec<String>,
    /// Clients that are served at the same time (multi servers).
    pub(crate) conns: Vec<Conn>,
    /// Tables whose change ends the process when the next client comes.
    watched: Option<(Log, Tables)>,
    max_idle: u64,
    max_use: u32,
    uses: u32,
    free: Option<bool>,
    orphan: bool,
}

impl Server {
    /// Reads the command line. The second part is an `-o` without `=`.
    async fn start(sys: &Sys) -> (Server, Option<String>) {
        let mut server = Server {
            sys: sys.clone(),
            service: sys.name().to_string(),
            kind: String::new(),
            unprivileged: false,
            alone: false,
            sockets: 1,
            overrides: Vec::new(),
            args: Vec::new(),
            conns: Vec::new(),
            watched: None,
            max_idle: 100_000_000,
            max_use: 100,
            uses: 0,
            free: None,
            orphan: false,
        };
        // The arguments of master.cf are the last ones.
        let known = sys.env(LINES_ENV).unwrap_or_default();
        let (file, lines) = known.split_once(':').unwrap_or_default();
        let lines: Vec<u32> = lines.split(',').filter_map(|n| n.parse().ok()).collect();
        let first = sys.args().len() - lines.len().min(sys.args().len());
        let mut args = sys.args().iter().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-n" => server.service = args.next().cloned().unwrap_or_default(),
                "-t" => server.kind = args.next().cloned().unwrap_or_default(),
                "-u" => server.unprivileged = true,
                "-S" => server.alone = true,
                "-s" => server.sockets = args.next().and_then(|n| n.parse().ok()).unwrap_or(1),
                "-m" | "-i" => drop(args.next()),
                "-o" => match args.next().map(|a| (a, a.split_once('='))) {
                    Some((_, Some((name, value)))) => {
                        let at = sys.args().len() - 1 - args.len();
                        let place = at.checked_sub(first).and_then(|i| lines.get(i)).map(|n| (file.to_string(), *n));
                        server.overrides.push((name.trim().to_string(), value.trim().to_string(), place));
                    }
                    Some((arg, None)) => return (server, Some(arg.clone())),
                    None => {}
                },
                _ if arg.starts_with('-') => {}
                _ => {
                    server.args = std::iter::once(arg).chain(args).cloned().collect();
                    break;
                }
            }
        }
        sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
        (server, None)
    }
    /// Sets max_idle (seconds) and max_use from the configuration; 0 uses: for ever.
    pub(crate) fn limits(&mut self, max_idle_secs: u64, max_use: u32) {
        (self.max_idle, self.max_use) = (max_idle_secs.saturating_mul(1_000_000), max_use);
    }
    async fn report(&mut self, free: bool) {
        if self.free == Some(free) || self.orphan {
            return;
        }
        self.free = Some(free);
        let line = format!("{} {}\n", self.sys.pid(), if free { 'A' } else { 'T' });
        if self.sys.write(STATUS_FD, line.as_bytes()).await.is_err() {
            self.orphan = true;
        }
    }
    /// Whether a table has changed on the disk: another process takes the client that is waiting. Says so.
    async fn stale(&self) -> bool {
        let Some((log, tables)) = &self.watched else { return false };
        let Some(table) = tables.changed().await else { return false };
        log.info(format_args!("table {table} has changed -- restarting"));
        true
    }
    /// Takes the connection that poll announced, unless another process of the service was quicker.
    async fn take(&self) -> Sysret<(Fd, Option<SockAddr>)> {
        let mut result = Err(Errno::EAGAIN);
        for fd in self.listen() {
            result = self.sys.accept_now(fd).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }
    /// The listening sockets.
    fn listen(&self) -> std::ops::Range<Fd> {
        LISTEN_FD..LISTEN_FD + self.sockets
    }
    /// The next client of a single server: its descriptor and, for TCP, its address. `None`: time to end with status 0.
    pub(crate) async fn accept(&mut self) -> Option<(Fd, Option<SockAddr>)> {
        if self.max_use > 0 && self.uses >= self.max_use {
            return None;
        }
        loop {
            self.report(true).await;
            if self.orphan {
                return None;
            }
            let until = self.sys.now().plus_micros(self.max_idle);
            let fds: Vec<(Fd, Interest)> = self.listen().chain([LIFE_FD]).map(|fd| (fd, Interest::Read)).collect();
            let ready = match self.sys.poll(&fds, Some(until)).await {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(_) => return None,
            };
            if ready.contains(&LIFE_FD) {
                self.orphan = true;
                return None;
            }
            if ready.is_empty() {
                return None;
            }
            if self.stale().await {
                return None;
            }
            if let Ok(client) = self.take().await {
                self.uses = self.uses.saturating_add(1);
                self.report(false).await;
                return Some(client);
            }
        }
    }
    /// The next client of a single server that speaks the attribute protocol.
    pub(crate) async fn client(&mut self) -> Option<Conn> {
        let (fd, _) = self.accept().await?;
        Some(Conn::new(&self.sys, fd))
    }
    /// The next request of a multi server: which of `conns` asked, and what. Clients that hung up are dropped.
    /// `None`: time to end with status 0.
    pub(crate) async fn request(&mut self) -> Option<(usize, Attrs)> {
        loop {
            if let Some(request) = self.request_until(None).await? {
                return Some(request);
            }
        }
    }
    /// As [`Server::request`]; `Some(None)` when `until` has come first.
    pub(crate) async fn request_until(&mut self, until: Option<SimTime>) -> Option<Option<(usize, Attrs)>> {
        let idle = self.sys.now().plus_micros(self.max_idle);
        loop {
            self.report(true).await;
            if let Some(at) = self.conns.iter().position(Conn::pending) {
                if let Some(request) = self.read(at).await {
                    return Some(Some((at, request)));
                }
                continue;
            }
            let used_up = self.max_use > 0 && self.uses >= self.max_use;
            if self.orphan || (self.conns.is_empty() && used_up) {
                return None;
            }
            let mut fds: Vec<(Fd, Interest)> = self.conns.iter().map(|c| (c.fd, Interest::Read)).collect();
            fds.push((LIFE_FD, Interest::Read));
            if !used_up {
                fds.push((LISTEN_FD, Interest::Read));
            }
            let mut limit = until;
            if self.conns.is_empty() {
                limit = Some(until.map_or(idle, |u| u.min(idle)));
            }
            let ready = match self.sys.poll(&fds, limit).await {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(_) => return None,
            };
            if ready.is_empty() {
                if until.is_some_and(|u| self.sys.now() >= u) {
                    return Some(None);
                }
                return None;
            }
            if ready.contains(&LIFE_FD) {
                // Clients keep their connections open for long: they connect again, to a new process.
                self.orphan = true;
                return None;
            }
            if let Some(at) = self.conns.iter().position(|c| ready.contains(&c.fd)) {
                if let Some(request) = self.read(at).await {
                    return Some(Some((at, request)));
                }
            } else if ready.contains(&LISTEN_FD) {
                if self.stale().await {
                    return None;
                }
                let Ok((fd, _)) = self.take().await else { continue };
                self.uses = self.uses.saturating_add(1);
                self.conns.push(Conn::new(&self.sys, fd));
            }
        }
    }
    /// Answers a client of a multi server.
    pub(crate) async fn answer(&mut self, at: usize, answer: &Attrs) {
        if let Some(conn) = self.conns.get_mut(at) {
            // A client that has hung up shows at the next read.
            let _ = conn.send(answer).await;
        }
    }
    /// Reads one request of a client; drops the client if it has hung up.
    async fn read(&mut self, at: usize) -> Option<Attrs> {
        let request = self.conns[at].recv().await;
        if request.is_none() {
            self.conns.remove(at).close().await;
        }
        request
    }
    /// The next event of a trigger server: letters of a wake-up, those of `extra` that are ready; nothing of both when `until` has come.
    /// `None`: time to end with status 0.
    pub(crate) async fn trigger(&mut self, extra: &[Fd], until: Option<SimTime>) -> Option<(Vec<u8>, Vec<Fd>)> {
        loop {
            self.report(true).await;
            if self.orphan {
                return None;
            }
            let mut fds = vec![(LIFE_FD, Interest::Read), (LISTEN_FD, Interest::Read)];
            fds.extend(extra.iter().map(|&fd| (fd, Interest::Read)));
            let mut ready = match self.sys.poll(&fds, until).await {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(_) => return None,
            };
            if ready.contains(&LIFE_FD) {
                self.orphan = true;
                return None;
            }
            let mut letters = Vec::new();
            if ready.contains(&LISTEN_FD)
                && let Ok((fd, _)) = self.take().await
            {
                letters = self.sys.read(fd, 64).await.unwrap_or_default();
                let _ = self.sys.close(fd).await;
            }
            let timed_out = ready.is_empty();
            ready.retain(|fd| extra.contains(fd));
            if timed_out || !letters.is_empty() || !ready.is_empty() {
                return Some((letters, ready));
            }
        }
    }
}

/// A daemon with everything that each of them has.
pub(crate) struct Daemon {
    pub(crate) sys: Sys,
    pub(crate) log: Log,
    pub(crate) cfg: Config,
    pub(crate) tables: Tables,
    pub(crate) server: Server,
}

impl Daemon {
    /// Goes on with the mail owner's rights, once everything is open that needs root's: for good, or (column unpriv is `n`) so that
    /// root's can be had back.
    pub(crate) async fn jail(&self) {
        // Before that every daemon opens what says which domains are local, whether it asks or not.
        if self.cfg.str("mydestination").contains([':', '/']) {
            let _ = MatchList::of(&self.tables, "mydestination", MatchKind::Domains).await;
        }
        let Some(owner) = crate::account::by_name(&self.sys, &self.cfg.str("mail_owner")).await else { return };
        let ids = Ids::user(owner.uid, owner.gid, Vec::new());
        let ids = if self.server.unprivileged { ids } else { Ids { uid: 0, gid: 0, groups: vec![owner.gid], ..ids } };
        // Root may; a process that is not root's has no more to give up.
        let _ = self.sys.set_ids(ids).await;
    }
    /// Ends the process before it takes a client once a table that it has open has changed (smtpd, cleanup, local, smtp, virtual).
    pub(crate) fn watch_tables(&mut self) {
        self.server.watched = Some((self.log.clone(), self.tables.clone()));
    }
    /// Starts as daemons do: command line, configuration, log tag, queue directory.
    ///
    /// # Errors
    /// The exit status to end with.
    pub(crate) async fn start(sys: &Sys) -> Result<Daemon, i32> {
        let log = Log::daemon(sys);
        // To load a program, its libraries and its tables takes longer than most of what it does then.
        let _ = sys.sleep(8_000 + sys.random().await % 4_000).await;
        let (mut server, bad) = Server::start(sys).await;
        if let Some(arg) = bad {
            return Err(log.fatal(&format!("invalid \"-o {arg}\" option value: missing '=' after attribute name")).await);
        }
        if !server.alone && server.kind.is_empty() {
            return Err(log.fatal("no transport type specified").await);
        }
        if !server.alone && sys.fstat(LISTEN_FD).await.is_err() {
            return Err(log.fatal("this command should be run by the Postfix master(8) daemon").await);
        }
        let mut overrides = vec![("service_name".to_string(), server.service.clone(), None)];
        overrides.extend_from_slice(&server.overrides);
        let cfg = match Config::load(&log, "/etc/postfix", &overrides).await {
            Ok(cfg) => cfg,
            Err(why) => return Err(log.fatal(&why).await),
        };
        log.set_syslog_name(&cfg.str("syslog_name"));
        let queue = cfg.str("queue_directory");
        if let Err(e) = sys.chdir(&queue).await {
            return Err(log.fatal(&format!("chdir(\"{queue}\"): {e}")).await);
        }
        server.limits(cfg.time("max_idle").max(0) as u64, cfg.int("max_use").clamp(0, 1 << 30) as u32);
        if let Err(why) = cfg.check_masks(sys.name()) {
            return Err(log.fatal(&why).await);
        }
        let tables = Tables::new(&cfg);
        Ok(Daemon { sys: sys.clone(), log, cfg, tables, server })
    }
}
