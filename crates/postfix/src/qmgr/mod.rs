//! qmgr(8): which message is delivered when, by which agent, how many at a time; retries, warnings, expiry.
//! Not here: one message's way through (`message`), destinations and their state (`dest`). Source: qmgr(8), SCHEDULER_README.

mod dest;
mod message;

use crate::deliver::Request;
use crate::ipc::{Attrs, Conn};
use crate::post::utf8;
use crate::queue;
use crate::queue::envelope::verp_sender;
use crate::report::{Dsn, Reporter, is_status};
use crate::rewrite_clnt::Resolver;
use crate::server::Daemon;
use dest::{Dest, Entry, Transport};
use machine::{Fd, Guest, SimTime, Sys};
use message::{Message, Unread};

/// A delivery under way.
struct Delivery {
    conn: Conn,
    /// The agent has said that it listens.
    sent: bool,
    entry: Entry,
    dest: usize,
}

/// A pass over a queue.
#[derive(Default)]
struct Scan {
    files: std::collections::VecDeque<(String, String)>,
    running: bool,
    /// Scan (again) when this pass is done.
    wanted: bool,
    /// Messages whose time has not come too.
    all: bool,
    /// Dead destinations are tried too.
    flush: bool,
}

/// The queue manager.
pub(crate) struct Qmgr {
    d: Daemon,
    reporter: Reporter,
    resolver: Resolver,
    transports: Vec<Transport>,
    dests: Vec<Dest>,
    active: Vec<Message>,
    running: Vec<Delivery>,
    incoming: Scan,
    deferred: Scan,
    next_deferred: SimTime,
}

/// The daemon, until there is a message. Managing them lies behind another door.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    d.jail().await;
    let (recipients, messages) = ("qmgr_message_recipient_limit", "qmgr_message_active_limit");
    if d.cfg.int(recipients) < d.cfg.int(messages) {
        d.log.warn(format_args!("{recipients} is smaller than {messages} - adjusting {recipients}"));
    }
    if d.cfg.time("bounce_queue_lifetime") > d.cfg.time("maximal_queue_lifetime") {
        let (bounce, all) = ("bounce_queue_lifetime", "maximal_queue_lifetime");
        d.log.warn(format_args!("{bounce} is larger than {all} - adjusting {bounce}"));
    }
    let reporter = Reporter::new(&d).await;
    let resolver = Resolver::new(&sys, &d.log);
    let mut q = Qmgr {
        reporter,
        resolver,
        transports: Vec::new(),
        dests: Vec::new(),
        active: Vec::new(),
        running: Vec::new(),
        incoming: Scan { wanted: true, ..Scan::default() },
        deferred: Scan { wanted: true, ..Scan::default() },
        next_deferred: sys.now(),
        d,
    };
    q.d.server.limits(0, 0);
    // What an earlier queue manager left unfinished begins anew.
    for (id, _) in queue::list(&sys, "active").await {
        let _ = queue::rename(&sys, &id, "active", "incoming").await;
    }
    while !q.finds_any().await {
        let Some((letters, _)) = q.d.server.trigger(&[], Some(q.next_deferred)).await else { return 0 };
        q.triggered(&letters);
    }
    let manage: &fn(Qmgr) -> Guest = sys.part("qmgr, with messages").await;
    manage(q).await
}

/// The daemon from its first message on.
pub(crate) static MANAGE: fn(Qmgr) -> Guest = |mut q| Box::pin(async move { q.run().await });

impl Qmgr {
    /// Whether a pass over the queues, if one is due, finds a message.
    async fn finds_any(&mut self) -> bool {
        self.look_at_clock();
        for name in ["incoming", "deferred"] {
            self.scan(name).await;
            if !self.queue(name).files.is_empty() {
                return true;
            }
            self.next_file(name);
        }
        false
    }
    /// The deferred queue is passed over now and then.
    fn look_at_clock(&mut self) {
        if self.d.sys.now() >= self.next_deferred {
            let delay = self.d.cfg.time("queue_run_delay").max(1) as u64;
            self.next_deferred = self.d.sys.now().plus_secs(delay);
            self.deferred.wanted = true;
        }
    }
    async fn run(&mut self) -> i32 {
        loop {
            self.look_at_clock();
            self.feed().await;
            self.start_deliveries().await;
            let mut until = self.next_deferred;
            for t in self.transports.iter().filter_map(|t| t.dead_until) {
                until = until.min(t);
            }
            for t in self.dests.iter().filter_map(|d| d.dead_until) {
                until = until.min(t);
            }
            let fds: Vec<Fd> = self.running.iter().map(|r| r.conn.fd).collect();
            let Some((letters, ready)) = self.d.server.trigger(&fds, Some(until)).await else { return 0 };
            self.triggered(&letters);
            for fd in ready {
                self.agent_speaks(fd).await;
            }
            self.revive();
        }
    }
    fn triggered(&mut self, letters: &[u8]) {
        for letter in letters {
            match letter {
                b'W' | b'I' => self.incoming.wanted = true,
                b'D' => self.deferred.wanted = true,
                b'F' => {
                    for t in &mut self.transports {
                        t.dead_until = None;
                    }
                    for d in &mut self.dests {
                        d.revive();
                    }
                    self.incoming.flush = true;
                    self.deferred.flush = true;
                }
                b'A' => {
                    self.incoming.all = true;
                    self.deferred.all = true;
                }
                _ => {}
            }
        }
    }
    /// Dead transports and destinations whose time is over get another try.
    fn revive(&mut self) {
        let now = self.d.sys.now();
        for t in &mut self.transports {
            if t.dead_until.is_some_and(|u| u <= now) {
                t.dead_until = None;
            }
        }
        for d in &mut self.dests {
            if d.dead_until.is_some_and(|u| u <= now) {
                d.revive();
            }
        }
    }
    /// Takes messages from incoming and deferred into the active queue.
    async fn feed(&mut self) {
        let limit = self.d.cfg.int("qmgr_message_active_limit").max(1) as usize;
        while self.active.len() < limit {
            let mut fed = false;
            for name in ["incoming", "deferred"] {
                self.scan(name).await;
                if let Some((id, path, all, flush)) = self.next_file(name) {
                    fed = true;
                    self.take(name, &id, &path, all, flush).await;
                }
            }
            if !fed {
                break;
            }
        }
    }
    fn queue(&mut self, name: &str) -> &mut Scan {
        if name == "incoming" { &mut self.incoming } else { &mut self.deferred }
    }
    /// Begins a pass over a queue if one is wanted.
    async fn scan(&mut self, name: &str) {
        let sys = self.d.sys.clone();
        let scan = self.queue(name);
        if !scan.running && scan.wanted {
            scan.files = queue::list(&sys, name).await.into();
            (scan.running, scan.wanted) = (true, false);
        }
    }
    /// The next file of a queue's pass.
    fn next_file(&mut self, name: &str) -> Option<(String, String, bool, bool)> {
        let scan = self.queue(name);
        if !scan.running {
            return None;
        }
        match scan.files.pop_front() {
            Some((id, path)) => Some((id, path, scan.all, scan.flush)),
            None => {
                (scan.running, scan.all, scan.flush) = (false, false, false);
                None
            }
        }
    }
    /// Moves one message into the active queue, if it is complete and its time has come.
    async fn take(&mut self, from: &str, id: &str, path: &str, all: bool, flush: bool) {
        let sys = self.d.sys.clone();
        let Some(st) = queue::ready(&sys, &self.d.log, path).await else { return };
        if !all && st.mtime.secs() > sys.now().secs() + 1 {
            return;
        }
        if let Err(e) = queue::rename(&sys, id, from, "active").await {
            self.d.log.warn(format_args!("qmgr_active_feed: {id}: rename from {from} to active: {e}"));
            return;
        }
        match Message::read(&self.d, id).await {
            Ok(mut m) => {
                // Group bits: postqueue -i wants its destination tried even if it is dead; other bits: postsuper -f, -e.
                m.flush = flush || st.mode & 0o040 != 0;
                m.force_expire = st.mode & 0o010 != 0;
                if st.mode & 0o040 != 0 {
                    let _ = sys.chmod(&queue::path("active", id), st.mode & !0o040).await;
                }
                self.activate(m).await;
            }
            // An agent of the queue manager before this one.
            Err(Unread::Locked) => self.move_out(id, "incoming", 60).await,
            Err(Unread::Corrupt) => self.set_aside(id).await,
        }
    }
    /// Connects to an agent for every entry that may go now.
    async fn start_deliveries(&mut self) {
        let mut at = 0;
        while at < self.dests.len() {
            let transport = self.dests[at].transport;
            let mut pending = self.running.iter().filter(|r| r.dest == at).count();
            while (pending as i64) < self.dests[at].window
                && self.transports[transport].dead_until.is_none()
                && let Some(entry) = self.dests[at].todo.pop_front()
            {
                let path = format!("private/{}", self.transports[transport].name);
                match Conn::connect(&self.d.sys, &path).await {
                    Ok(conn) => {
                        pending += 1;
                        self.running.push(Delivery { conn, sent: false, entry, dest: at });
                    }
                    Err(e) => {
                        self.d.log.warn(format_args!("connect to transport {path}: {e}"));
                        self.dests[at].todo.push_front(entry);
                        self.transport_dead(transport, Dsn::new("4.3.0", "mail transport unavailable")).await;
                    }
                }
            }
            at += 1;
        }
    }
    /// Reads what an agent says: that it listens, or how it went.
    async fn agent_speaks(&mut self, fd: Fd) {
        let Some(at) = self.running.iter().position(|r| r.conn.fd == fd) else { return };
        let answer = self.running[at].conn.recv().await;
        let transport = self.dests[self.running[at].dest].transport;
        if !self.running[at].sent {
            let ok = match answer {
                Some(_) => {
                    let request = self.request(&self.running[at].entry, self.running[at].dest);
                    match request {
                        Some(request) => self.running[at].conn.send(&request.put()).await.is_ok(),
                        None => false,
                    }
                }
                None => false,
            };
            if ok {
                self.running[at].sent = true;
            } else {
                let r = self.running.remove(at);
                r.conn.close().await;
                self.dests[r.dest].todo.push_front(r.entry);
                self.transport_dead(transport, Dsn::new("4.3.0", "mail transport unavailable")).await;
            }
            return;
        }
        let r = self.running.remove(at);
        r.conn.close().await;
        self.answered(r.entry, r.dest, answer).await;
    }
    fn request(&self, entry: &Entry, dest: usize) -> Option<Request> {
        let m = self.active.iter().find(|m| m.id == entry.id)?;
        let mut request = Request::new(self.reporter.clone());
        request.job.flags = m.trace_flags | crate::report::flag::SUCCESS | crate::report::flag::BOUNCE;
        request.job.id = m.id.clone();
        request.job.stats = m.stats;
        request.job.because = entry.because.clone();
        request.queue = "active".to_string();
        request.size = m.envelope.size;
        request.nexthop = self.dests[dest].nexthop.clone();
        for (to, name) in [(&mut request.encoding, "encoding"), (&mut request.envid, "envelope_id")] {
            *to = m.envelope.attr(name).to_string();
        }
        request.origin = crate::deliver::origin(&m.envelope.attrs);
        request.ret = m.envelope.attr("ret_flags").parse().unwrap_or(0);
        request.sender = match entry.rcpts.first() {
            Some(rcpt) if !m.envelope.verp.is_empty() => verp_sender(&m.envelope.verp, m.sender(), rcpt),
            _ => m.sender().to_string(),
        };
        request.utf8 = m.envelope.utf8;
        if entry.rcpts.iter().any(|r| !r.addr.is_ascii()) {
            request.utf8 |= utf8::RECIPIENT;
        }
        request.rcpts = entry.rcpts.clone();
        Some(request)
    }
    async fn answered(&mut self, entry: Entry, dest: usize, answer: Option<Attrs>) {
        let name = self.transports[self.dests[dest].transport].name.clone();
        let crashed = match &answer {
            Some(a) => a.0.is_empty(),
            None => true,
        };
        let mut dsn = answer.as_ref().map(Dsn::get).unwrap_or_default();
        let deferred = crashed || answer.is_some_and(|a| a.num("delivery_status") != 0);
        if crashed {
            // The message waits, and nothing is known of the destination.
            self.d.log.warn(format_args!("private/{name} socket: malformed response"));
        }
        if deferred {
            if let Some(m) = self.active.iter_mut().find(|m| m.id == entry.id) {
                m.deferred = true;
            }
            if !dsn.status.is_empty() {
                if !is_status(&dsn.status) {
                    dsn.status = "4.0.0".to_string();
                }
                if dsn.reason.is_empty() {
                    dsn.reason = "unknown error".to_string();
                }
                dsn.reason.insert_str(0, "delivery temporarily suspended: ");
                let until = self.d.sys.now().plus_secs(self.d.cfg.time("minimal_backoff_time").max(0) as u64);
                let limit = self.transports[self.dests[dest].transport].cohort_limit;
                if self.dests[dest].failed(limit, until, &dsn) {
                    let todo = std::mem::take(&mut self.dests[dest].todo);
                    self.hand_to_retry(todo, &dsn).await;
                }
            }
        }
        if dsn.reason.is_empty() && !crashed {
            let limit = self.transports[self.dests[dest].transport].concurrency_limit;
            self.dests[dest].succeeded(limit);
        }
        self.entry_done(&entry.id).await;
        self.forget_idle(dest);
    }
    /// A destination without work keeps no state, unless it is dead. Positions of others stay as they are.
    fn forget_idle(&mut self, dest: usize) {
        let busy = self.running.iter().any(|r| r.dest == dest);
        if !busy && self.dests[dest].todo.is_empty() && self.dests[dest].dead_until.is_none() {
            let initial = self.transports[self.dests[dest].transport].initial;
            self.dests[dest].reset(initial);
        }
        while self.dests.last().is_some_and(Dest::is_idle) && !self.running.iter().any(|r| r.dest + 1 == self.dests.len()) {
            self.dests.pop();
        }
    }
    /// Nobody serves this transport: what waits for it is put off, and so is what comes in the next minute.
    async fn transport_dead(&mut self, transport: usize, dsn: Dsn) {
        let delay = self.d.cfg.time("transport_retry_time").max(0) as u64;
        self.transports[transport].dead_until = Some(self.d.sys.now().plus_secs(delay));
        self.transports[transport].dsn = dsn.clone();
        for at in 0..self.dests.len() {
            if self.dests[at].transport == transport {
                let todo = std::mem::take(&mut self.dests[at].todo);
                self.hand_to_retry(todo, &dsn).await;
            }
        }
    }
}
