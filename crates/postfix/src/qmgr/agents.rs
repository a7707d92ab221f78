//! Talking to the delivery agents: who gets which entry, what is asked, what comes of it; the pauses of `…_rate_delay`.
//! Not here: how many deliveries a destination gets at a time (`dest`). Source: qmgr(8), postconf(5) default_destination_rate_delay and
//! default_transport_rate_delay.

use super::Qmgr;
use super::dest::{Dest, Entry};
use crate::deliver::Request;
use crate::ipc::{Attrs, Conn};
use crate::post::utf8;
use crate::queue::envelope::verp_sender;
use crate::report::{Dsn, is_status};
use machine::{Fd, SimTime};

/// A delivery under way.
pub(super) struct Delivery {
    pub(super) conn: Conn,
    /// The agent has the request.
    sent: bool,
    /// The agent listens, but its transport makes a pause until then.
    pub(super) pause_until: Option<SimTime>,
    entry: Entry,
    pub(super) dest: usize,
}

impl Qmgr {
    /// Connects to an agent for every entry that may go now.
    pub(super) async fn start_deliveries(&mut self) {
        let mut at = 0;
        while at < self.dests.len() {
            let transport = self.dests[at].transport;
            while self.busy(at) < self.dests[at].window
                && self.dests[at].pause_until.is_none()
                && self.transports[transport].dead_until.is_none()
                && !(self.transports[transport].rate_delay > 0 && self.runs(transport))
                && let Some(entry) = self.dests[at].todo.pop_front()
            {
                let path = format!("private/{}", self.transports[transport].name);
                match Conn::connect(&self.d.sys, &path).await {
                    Ok(conn) => {
                        self.running.push(Delivery { conn, sent: false, pause_until: None, entry, dest: at });
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
    pub(super) async fn agent_speaks(&mut self, fd: Fd) {
        let Some(at) = self.running.iter().position(|r| r.conn.fd == fd) else { return };
        let answer = self.running[at].conn.recv().await;
        if !self.running[at].sent {
            let delay = self.transports[self.dests[self.running[at].dest].transport].rate_delay;
            if answer.is_some() && delay > 0 && self.running[at].pause_until.is_none() {
                self.running[at].pause_until = Some(self.d.sys.now().plus_secs(delay));
            } else {
                self.send(at, answer.is_some()).await;
            }
            return;
        }
        let r = self.running.remove(at);
        r.conn.close().await;
        self.answered(r.entry, r.dest, answer).await;
    }
    /// Sends a request to an agent that listens.
    async fn send(&mut self, at: usize, listens: bool) {
        let request = self.request(&self.running[at].entry, self.running[at].dest).filter(|_| listens);
        let sent = match request {
            Some(request) => self.running[at].conn.send(&request.put()).await.is_ok(),
            None => false,
        };
        if sent {
            (self.running[at].sent, self.running[at].pause_until) = (true, None);
            return;
        }
        let r = self.running.remove(at);
        r.conn.close().await;
        let transport = self.dests[r.dest].transport;
        self.dests[r.dest].todo.push_front(r.entry);
        self.transport_dead(transport, Dsn::new("4.3.0", "mail transport unavailable")).await;
    }
    /// Sends the requests whose pause is over.
    pub(super) async fn send_late(&mut self) {
        let now = self.d.sys.now();
        while let Some(at) = self.running.iter().position(|r| r.pause_until.is_some_and(|u| u <= now)) {
            self.send(at, true).await;
        }
    }
    /// How many deliveries to a destination are under way.
    pub(super) fn busy(&self, dest: usize) -> i64 {
        self.running.iter().filter(|r| r.dest == dest).count() as i64
    }
    /// A dead destination gets another try.
    pub(super) fn revive_dest(&mut self, dest: usize) {
        let busy = self.busy(dest);
        self.dests[dest].revive(busy);
    }
    /// Whether an agent of this transport is at work.
    fn runs(&self, transport: usize) -> bool {
        self.running.iter().any(|r| self.dests[r.dest].transport == transport)
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
                if self.dests[dest].failed(&self.transports, until, &dsn) {
                    let todo = std::mem::take(&mut self.dests[dest].todo);
                    self.hand_to_retry(todo, &dsn).await;
                }
            }
        }
        if dsn.reason.is_empty() && !crashed {
            // This delivery still counts as one of them.
            let busy = 1 + self.busy(dest);
            self.dests[dest].succeeded(&self.transports, busy);
        }
        let pause = self.transports[self.dests[dest].transport].dest_rate_delay;
        if pause > 0 {
            self.revive_dest(dest);
            self.dests[dest].pause_until = Some(self.d.sys.now().plus_secs(pause));
        }
        self.entry_done(&entry.id).await;
        self.forget_idle(dest);
    }
    /// A destination without work keeps no state, unless it is dead. Positions of others stay as they are.
    fn forget_idle(&mut self, dest: usize) {
        if self.busy(dest) == 0 && self.dests[dest].is_idle() {
            self.dests[dest].reset();
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
