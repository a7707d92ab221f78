//! qmgr(8): which message is delivered when, by which agent, how many at a time; retries, warnings, expiry.
//! Not here: one message's way through (`message`), destinations and their state (`dest`), talking to the delivery agents (`agents`).
//! Source: qmgr(8), SCHEDULER_README.

mod agents;
mod dest;
mod feedback;
mod message;

use crate::queue;
use crate::report::Reporter;
use crate::rewrite_clnt::Resolver;
use crate::server::Daemon;
use agents::Delivery;
use dest::{Dest, Transport};
use machine::{Fd, Guest, SimTime, Sys};
use message::{Message, Unread};

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
            let waits = self.transports.iter().map(|t| t.dead_until).chain(self.running.iter().map(|r| r.pause_until));
            for t in waits.chain(self.dests.iter().flat_map(|d| [d.dead_until, d.pause_until])).flatten() {
                until = until.min(t);
            }
            let fds: Vec<Fd> = self.running.iter().map(|r| r.conn.fd).collect();
            let Some((letters, ready)) = self.d.server.trigger(&fds, Some(until)).await else { return 0 };
            self.triggered(&letters);
            for fd in ready {
                self.agent_speaks(fd).await;
            }
            self.send_late().await;
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
                    for at in 0..self.dests.len() {
                        self.revive_dest(at);
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
    /// Dead transports and destinations whose time is over get another try, and so do destinations after their pause.
    fn revive(&mut self) {
        let now = self.d.sys.now();
        for t in &mut self.transports {
            if t.dead_until.is_some_and(|u| u <= now) {
                t.dead_until = None;
            }
        }
        for at in 0..self.dests.len() {
            if self.dests[at].dead_until.is_some_and(|u| u <= now) {
                self.revive_dest(at);
            }
            let d = &mut self.dests[at];
            if d.pause_until.is_some_and(|u| u <= now) {
                (d.pause_until, d.window) = (None, 1);
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
}
