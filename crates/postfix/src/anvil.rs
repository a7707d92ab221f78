//! anvil(8): counts connections and requests of clients, and logs the largest numbers it has seen; and how smtpd reports to it.
//! Source: anvil(8), TUNING_README; the log lines are Postfix's.

use crate::ipc::{Attrs, Conn};
use crate::maillog::Log;
use crate::server::Daemon;
use machine::{DateTime, Fd, Map, SimTime, Sys};

/// What is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Event {
    Connect,
    Disconnect,
    Mail,
    Rcpt,
    Auth,
    Tls,
}

const REQUESTS: [(&str, Event); 6] = [
    ("connect", Event::Connect),
    ("disconnect", Event::Disconnect),
    ("message", Event::Mail),
    ("recipient", Event::Rcpt),
    ("auth", Event::Auth),
    ("newtls", Event::Tls),
];

/// smtpd's end.
pub(crate) struct Client {
    sys: Sys,
    log: Log,
    path: String,
    conn: Option<Conn>,
}

impl Client {
    /// Not yet connected.
    pub(crate) fn new(sys: &Sys, log: &Log, path: &str) -> Client {
        Client { sys: sys.clone(), log: log.clone(), path: path.to_string(), conn: None }
    }
    /// Reports an event of `service:address`: its connections now, its rate.
    pub(crate) async fn report(&mut self, event: Event, ident: &str) -> Option<(i64, i64)> {
        let name = REQUESTS.iter().find(|(_, e)| *e == event).map_or("", |(n, _)| n);
        let request = Attrs::new().with("request", name).with("ident", ident);
        for last in [false, true] {
            if self.conn.is_none() {
                self.conn = Conn::connect(&self.sys, &self.path).await.ok();
            }
            if let Some(conn) = &mut self.conn {
                if let Some(answer) = conn.ask(&request).await {
                    return (answer.num("status") == 0).then(|| (answer.num("count"), answer.num("rate")));
                }
                if let Some(conn) = self.conn.take() {
                    conn.close().await;
                }
            }
            if last {
                self.log.warn(format_args!("problem talking to server {}: Connection refused", self.path));
            }
        }
        None
    }
}

/// What is known of one client of one service.
#[derive(Default)]
struct Remote {
    count: i64,
    /// Connections, messages, recipients, new TLS sessions, AUTH requests in this time unit.
    rates: [i64; 5],
    start: u64,
    idle_since: Option<u64>,
}

/// The largest number seen.
#[derive(Default)]
struct Peak {
    value: i64,
    ident: String,
    at: SimTime,
}

/// Names of the peaks in the order of the report; the second one is a count.
const PEAKS: [&str; 6] = ["connection rate", "connection count", "message rate", "recipient rate", "newtls rate", "auth rate"];

struct Anvil {
    sys: Sys,
    log: Log,
    unit: u64,
    remotes: Map<String, Remote>,
    /// Which client the smtpd behind a connection serves.
    locals: Vec<(Fd, String)>,
    peaks: [Peak; 6],
    size: usize,
    size_at: SimTime,
}

impl Anvil {
    /// `Nov 24 11:11:23`
    fn when(&self, at: SimTime) -> String {
        let t = DateTime::new(at, self.sys.utc_offset());
        format!("{} {:2} {:02}:{:02}:{:02}", t.month_name(), t.day, t.hour, t.minute, t.second)
    }
    fn peak(&mut self, which: usize, value: i64, ident: &str) {
        if value > self.peaks[which].value {
            self.peaks[which] = Peak { value, ident: ident.to_string(), at: self.sys.now() };
        }
    }
    fn forget(&mut self) {
        let (now, unit) = (self.sys.now().secs(), self.unit);
        self.remotes.retain(|_, r| r.idle_since.is_none_or(|since| since + unit > now));
    }
    fn leave(&mut self, fd: Fd) {
        if let Some(at) = self.locals.iter().position(|(f, _)| *f == fd) {
            let (_, ident) = self.locals.remove(at);
            let now = self.sys.now().secs();
            if let Some(remote) = self.remotes.get_mut(&ident) {
                remote.count = (remote.count - 1).max(0);
                if remote.count == 0 {
                    remote.idle_since = Some(now);
                }
            }
        }
    }
    /// Counts an event; connections and rate.
    fn event(&mut self, fd: Fd, event: Event, ident: &str) -> (i64, i64) {
        let now = self.sys.now().secs();
        if event == Event::Disconnect {
            if self.locals.iter().any(|(f, i)| *f == fd && i == ident) {
                self.leave(fd);
            }
            return (0, 0);
        }
        let unit = self.unit;
        let known = self.remotes.contains(ident);
        // A client may be unknown after a reload: it is then counted as connected.
        let connects = event == Event::Connect || !known;
        if connects {
            self.leave(fd);
            self.locals.push((fd, ident.to_string()));
        }
        let remote = self.remotes.entry(ident.to_string(), || Remote { start: now, ..Remote::default() });
        if remote.start + unit < now {
            (remote.rates, remote.start) = ([0; 5], now);
        }
        if connects {
            remote.count += 1;
            remote.rates[0] += 1;
            remote.idle_since = None;
        }
        let which = match event {
            Event::Connect | Event::Disconnect => 0,
            Event::Mail => 1,
            Event::Rcpt => 2,
            Event::Tls => 3,
            Event::Auth => 4,
        };
        if which > 0 {
            remote.rates[which] += 1;
        }
        let (count, rate) = (remote.count, remote.rates[which]);
        if !known && self.remotes.len() > self.size {
            (self.size, self.size_at) = (self.remotes.len(), self.sys.now());
        }
        if which == 0 {
            self.peak(0, rate, ident);
            self.peak(1, count, ident);
        } else {
            self.peak(which + 1, rate, ident);
        }
        (count, rate)
    }
    /// Logs the peaks and forgets them.
    fn dump(&mut self) {
        for (name, peak) in PEAKS.iter().zip(std::mem::take(&mut self.peaks)) {
            if peak.value > 0 {
                let unit = if name.ends_with("rate") { format!("/{}s", self.unit) } else { String::new() };
                let when = self.when(peak.at);
                self.log.info(format_args!("statistics: max {name} {}{unit} for ({}) at {when}", peak.value, peak.ident));
            }
        }
        if self.size > 0 {
            let when = self.when(self.size_at);
            self.log.info(format_args!("statistics: max cache size {} at {when}", self.size));
            self.size = 0;
        }
    }
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut daemon = match Daemon::start(&sys).await {
        Ok(daemon) => daemon,
        Err(status) => return status,
    };
    let seconds = |name: &str| u64::try_from(daemon.cfg.time(name)).unwrap_or(60);
    let (unit, interval) = (seconds("anvil_rate_time_unit"), seconds("anvil_status_update_time"));
    let idle = seconds("max_idle").max(unit);
    let mut anvil = Anvil {
        sys: sys.clone(),
        log: daemon.log.clone(),
        unit,
        remotes: Map::new(),
        locals: Vec::new(),
        peaks: Default::default(),
        size: 0,
        size_at: SimTime::default(),
    };
    daemon.jail().await;
    // It serves for as long as it is asked.
    daemon.server.limits(idle, 0);
    let mut next_dump = sys.now().plus_secs(interval);
    while let Some(event) = daemon.server.request_until(Some(next_dump)).await {
        if sys.now() >= next_dump {
            anvil.dump();
            next_dump = sys.now().plus_secs(interval);
        }
        let Some((at, request)) = event else { continue };
        let gone: Vec<Fd> = anvil.locals.iter().map(|(f, _)| *f).filter(|f| !daemon.server.conns.iter().any(|c| c.fd == *f)).collect();
        for fd in gone {
            anvil.leave(fd);
        }
        anvil.forget();
        let event = REQUESTS.iter().find(|(n, _)| *n == request.get("request")).map(|(_, e)| *e);
        let answer = match event {
            Some(event) => {
                let (count, rate) = anvil.event(daemon.server.conns[at].fd, event, request.get("ident"));
                Attrs::new().with_num("status", 0).with_num("count", count).with_num("rate", rate)
            }
            None => {
                daemon.log.warn(format_args!("unrecognized request: \"{}\", ignored", request.get("request")));
                Attrs::new().with_num("status", -1)
            }
        };
        // A client that has hung up is noticed at the next request.
        let _ = daemon.server.conns[at].send(&answer).await;
    }
    anvil.dump();
    0
}
