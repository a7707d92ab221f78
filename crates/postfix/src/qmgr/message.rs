//! One message in the active queue: its recipients resolved and given to destinations, and what follows when all have been tried.
//! Source: qmgr_message(3), qmgr_active(3).

use super::Qmgr;
use super::dest::Entry;
use crate::address::{cut, split_at_delimiter};
use crate::ipc::Attrs;
use crate::queue::envelope::{Envelope, Rcpt};
use crate::queue::{self, rec};
use crate::report::{Dsn, Job, Outcome, Stats, flag, notify};
use crate::rewrite_clnt::{Resolved, resolved};
use crate::server::Daemon;
use crate::why;
use crate::{bounce, config};
use machine::{Because, Open, Trace};

/// A message in the active queue.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) envelope: Envelope,
    pub(super) stats: Stats,
    /// Flags of its requests: probes and verbose delivery.
    pub(super) trace_flags: i64,
    /// Entries that are not done.
    pub(super) pending: usize,
    /// Some recipient must be tried again.
    pub(super) deferred: bool,
    /// Dead destinations are tried.
    pub(super) flush: bool,
    /// To be returned as if it were too old.
    pub(super) force_expire: bool,
}

/// Why a message cannot be taken.
pub(super) enum Unread {
    /// Somebody delivers it.
    Locked,
    /// Its file is damaged.
    Corrupt,
}

impl Message {
    /// Reads a message of the active queue.
    pub(super) async fn read(d: &Daemon, id: &str) -> Result<Message, Unread> {
        let fd = d.sys.open(&queue::path("active", id), Open::READ, 0).await.map_err(|_| Unread::Corrupt)?;
        let free = d.sys.lock(fd, true).await.is_ok();
        let file = d.sys.read_all(fd).await;
        let _ = d.sys.close(fd).await;
        if !free {
            d.log.info(format_args!("{id}: skipped, still being delivered"));
            return Err(Unread::Locked);
        }
        let envelope = file.ok().and_then(|file| Envelope::parse(&file));
        let mut envelope = envelope.filter(|e| e.complete && e.sender.is_some()).ok_or(Unread::Corrupt)?;
        if !envelope.verp.is_empty() {
            let allowed = d.cfg.str("verp_delimiter_filter");
            if envelope.sender.as_deref() == Some("") {
                d.log.warn(format_args!("{id}: ignoring VERP request for null sender"));
                envelope.verp.clear();
            } else if envelope.verp.chars().count() != 2 || !envelope.verp.chars().all(|c| allowed.contains(c)) {
                d.log.warn(format_args!("{id}: ignoring bad VERP delimiters: \"{}\"", envelope.verp));
                envelope.verp.clear();
            }
        }
        let stats = Stats { incoming: envelope.arrival, active: d.sys.now(), ..Stats::default() };
        let mut trace_flags = envelope.attr("trace_flags").parse().unwrap_or(0);
        if d.cfg.bool("confirm_delay_cleared") && envelope.warn.is_some_and(|(warn, _)| warn < 0) {
            trace_flags |= flag::REC_DLY_SENT;
        }
        let id = id.to_string();
        Ok(Message { id, envelope, stats, trace_flags, pending: 0, deferred: false, flush: false, force_expire: false })
    }
    pub(super) fn sender(&self) -> &str {
        self.envelope.sender.as_deref().unwrap_or("")
    }
    pub(super) fn job(&self) -> Job {
        Job { flags: self.trace_flags, id: self.id.clone(), stats: self.stats, because: Vec::new() }
    }
}

/// A recipient with its way.
struct Routed {
    rcpt: Rcpt,
    transport: String,
    nexthop: String,
    queue: String,
    because: Vec<Because>,
}

impl Qmgr {
    /// Logs a message, resolves its recipients and puts them to their destinations.
    pub(super) async fn activate(&mut self, m: Message) {
        let id = m.id.clone();
        self.d.log.info(format_args!(
            "{id}: from=<{}>, size={}, nrcpt={} (queue active)",
            self.d.log.address(m.sender()),
            m.envelope.size,
            m.envelope.rcpt_count
        ));
        let logged = self.d.sys.stat(&queue::path("defer", &id)).await.is_ok_and(|st| st.size > 0);
        let keep = m.force_expire && logged;
        self.active.push(m);
        if keep {
            // The log of the last try says all that the sender is to know.
            self.active.iter_mut().filter(|m| m.id == id).for_each(|m| m.deferred = true);
        } else {
            let _ = self.d.sys.unlink(&queue::path("defer", &id)).await;
            self.resolve(&id).await;
        }
        if self.active.iter().any(|m| m.id == id && m.pending == 0) {
            self.all_tried(&id).await;
        }
    }
    async fn resolve(&mut self, id: &str) {
        let Some(at) = self.active.iter().position(|m| m.id == id) else { return };
        let m = &self.active[at];
        let (sender, job, flush, probe) = (m.sender().to_string(), m.job(), m.flush, m.trace_flags & flag::MTA_VRFY != 0);
        let (redirect, expire) = (m.envelope.redirect.clone(), m.force_expire);
        let mut filter = m.envelope.filter.clone();
        if m.trace_flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0 {
            filter.clear();
        }
        let mut rcpts = m.envelope.rcpts.clone();
        // Sorted by domain and address before they are resolved, and once more with their ways.
        machine::sort_by_key(&mut rcpts, place);
        let mut routed = Vec::new();
        for mut rcpt in rcpts {
            let mut because = Vec::new();
            if !redirect.is_empty() {
                if !routed.is_empty() {
                    self.done_early(at, &rcpt).await;
                    continue;
                }
                rcpt.addr = self.resolver.rewrite_internal("local", &redirect, &mut because).await;
                because.push(Because::Rewrite { from: rcpt.orig.clone(), to: rcpt.addr.clone(), by: "REDIRECT".to_string(), place: None });
            }
            let mut way = if redirect.is_empty() && !filter.is_empty() {
                let (transport, nexthop) = filter.split_once(':').unwrap_or((&filter, ""));
                let mut nexthop = nexthop.to_string();
                if nexthop.is_empty() {
                    nexthop = self.d.cfg.str("default_filter_nexthop");
                }
                if nexthop.is_empty() {
                    nexthop = cut(&rcpt.addr).1.to_string();
                }
                because.push(why::note(format!("content filter {filter} overrides the address resolver")));
                Resolved { transport: transport.to_string(), nexthop, recipient: rcpt.addr.clone(), ..Resolved::default() }
            } else {
                let mut way = self.resolver.resolve(probe, &sender, &rcpt.addr).await;
                because.append(&mut way.because);
                way
            };
            if way.flags & resolved::FAIL != 0 {
                redirected(&mut way, "retry", "4.3.0 address resolver failure");
            } else if way.flags & resolved::ERROR != 0 {
                redirected(&mut way, "error", "5.1.3 bad address syntax");
            } else {
                rcpt.addr.clone_from(&way.recipient);
            }
            if rcpt.addr.is_empty() {
                redirected(&mut way, "error", "5.1.3 null recipient address");
            }
            if expire {
                redirected(&mut way, "retry", "4.7.0 message is administratively expired");
            }
            let (local, _) = cut(&rcpt.addr);
            if way.flags & resolved::LOCAL != 0 && local.eq_ignore_ascii_case(&self.d.cfg.str("double_bounce_sender")) {
                let dsn = Dsn::new("2.0.0", "undeliverable postmaster notification discarded");
                self.reporter.report(Outcome::Sent, &job, &rcpt, "none", &dsn, &because).await;
                self.done_early(at, &rcpt).await;
                continue;
            }
            if !flush && config::split(&self.d.cfg.str("defer_transports")).contains(&way.transport) {
                because.push(why::parameter(&self.d.cfg, "defer_transports"));
                redirected(&mut way, "retry", "4.3.2 deferred transport");
            }
            self.way_is_open(&mut way, flush, &mut because);
            let limit_one = !matches!(way.transport.as_str(), "error" | "retry") && {
                let t = self.transport(&way.transport);
                self.transports[t].rcpt_limit == 1
            };
            let mut name = way.nexthop.clone();
            if limit_one {
                let (mut local, _) = cut(&rcpt.addr);
                if let Some(at) = split_at_delimiter(&self.d.cfg, local) {
                    local = &local[..at];
                }
                name = format!("{local}@{}", way.nexthop);
            }
            because.push(why::note(format!("{} → transport {}, nexthop {}", rcpt.addr, way.transport, way.nexthop)));
            routed.push(Routed { rcpt, transport: way.transport, nexthop: way.nexthop, queue: name.to_ascii_lowercase(), because });
        }
        // The order of delivery: by transport, destination, domain, address.
        machine::sort_by_key(&mut routed, |r| (r.transport.clone(), r.queue.clone(), place(&r.rcpt)));
        let mut last = None;
        for r in routed {
            let transport = self.transport(&r.transport);
            let dest = self.dest(transport, &r.queue, &r.nexthop);
            // A sender that names the recipient cannot name two.
            let limit = if self.active[at].envelope.verp.is_empty() { self.transports[transport].rcpt_limit } else { 1 };
            if last == Some(dest)
                && let Some(entry) = self.dests[dest].todo.back_mut()
                && entry.id == id
                && (limit == 0 || (entry.rcpts.len() as i64) < limit)
            {
                entry.rcpts.push(r.rcpt);
                continue;
            }
            last = Some(dest);
            self.dests[dest].todo.push_back(Entry { id: id.to_string(), rcpts: vec![r.rcpt], because: r.because });
            self.active[at].pending += 1;
            self.warn_of_clog(dest);
        }
    }
    /// Sends what would go to a dead transport or destination to the retry service; with `flush` they are tried instead.
    fn way_is_open(&mut self, way: &mut Resolved, flush: bool, because: &mut Vec<Because>) {
        let t = self.transport(&way.transport);
        if flush {
            self.transports[t].dead_until = None;
        }
        let mut dsn = self.transports[t].dead_until.is_some().then(|| self.transports[t].dsn.clone());
        if dsn.is_none()
            && let Some(dest) = self.dests.iter().position(|d| d.transport == t && d.nexthop == way.nexthop && d.dead_until.is_some())
        {
            if flush {
                self.revive_dest(dest);
            } else {
                dsn = Some(self.dests[dest].dsn.clone());
            }
        }
        if let Some(dsn) = dsn {
            because.push(Because::State { what: format!("transport {} to {} is suspended after failures", way.transport, way.nexthop) });
            redirected(way, "retry", &format!("{} {}", dsn.status, dsn.reason));
        }
    }
    async fn done_early(&self, at: usize, rcpt: &Rcpt) {
        let path = queue::path("active", &self.active[at].id);
        let _ = queue::patch(&self.d.sys, &path, rcpt.offset, &[rec::DONE]).await;
    }
    /// One entry of a message is done; after the last one its fate is decided.
    pub(super) async fn entry_done(&mut self, id: &str) {
        let Some(m) = self.active.iter_mut().find(|m| m.id == id) else { return };
        m.pending = m.pending.saturating_sub(1);
        if m.pending == 0 {
            self.all_tried(id).await;
        }
    }
    fn notice(&self, m: &Message) -> Attrs {
        Attrs::new()
            .with_num("flags", m.trace_flags)
            .with("queue_name", "active")
            .with("queue_id", &m.id)
            .with("encoding", m.envelope.attr("encoding"))
            .with("sender", m.sender())
            .with("envelope_id", m.envelope.attr("envelope_id"))
            .with("ret_flags", m.envelope.attr("ret_flags"))
            .with("verp_delimiters", &m.envelope.verp)
    }
    /// With VERP each recipient gets a notice of its own.
    fn flush_kind(&self, m: &Message) -> i64 {
        if m.envelope.verp.is_empty() || self.d.cfg.bool("disable_verp_bounces") { bounce::FLUSH } else { bounce::VERP }
    }
    /// Notices, then removal or the deferred queue.
    async fn all_tried(&mut self, id: &str) {
        let Some(at) = self.active.iter().position(|m| m.id == id) else { return };
        let mut m = self.active.remove(at);
        let sys = self.d.sys.clone();
        let ask = self.notice(&m);
        let log = queue::path("bounce", id);
        match sys.stat(&log).await {
            Ok(st) if st.size == 0 => drop(sys.unlink(&log).await),
            Ok(_) => {
                let service = self.reporter.notice("private/bounce", self.flush_kind(&m), &ask);
                if self.reporter.soft_bounce || !service.await {
                    if !self.reporter.soft_bounce {
                        self.d.log.info(format_args!("{id}: status=deferred (bounce failed)"));
                    }
                    m.deferred = true;
                }
            }
            Err(_) => {}
        }
        // Who finds a message damaged changes its mode; who has deleted it leaves nothing to put off.
        if m.deferred && queue::ready(&sys, &self.d.log, &queue::path("active", id)).await.is_none() {
            return self.set_aside(id).await;
        }
        let wants_trace =
            m.trace_flags & (flag::USR_VRFY | flag::RECORD | flag::REC_DLY_SENT) != 0 || m.envelope.notify & notify::SUCCESS != 0;
        if wants_trace && !self.reporter.notice("private/trace", bounce::TRACE, &ask).await {
            m.deferred = true;
        }
        let now = sys.now().secs();
        if m.deferred {
            let lifetime = if m.sender().is_empty() { "bounce_queue_lifetime" } else { "maximal_queue_lifetime" };
            // A bounce lives no longer than other mail.
            let time = self.d.cfg.time(lifetime).min(self.d.cfg.time("maximal_queue_lifetime"));
            let expired = now >= m.envelope.created.saturating_add(time.max(0) as u64);
            if m.force_expire || expired {
                let word = if m.force_expire { "force-expired" } else { "expired" };
                let mut trace = Trace::new(self.d.log.tag(), format!("{id}: {word}: returned to sender"));
                trace.queue_id = Some(id.to_string());
                trace.because = vec![
                    why::note(format!("{} s in the queue", now.saturating_sub(m.envelope.created))),
                    why::parameter(&self.d.cfg, lifetime),
                ];
                let trace = sys.trace(trace);
                let from = self.d.log.address(m.sender());
                self.d.log.info_of(trace, format_args!("{id}: from=<{from}>, status={word}, returned to sender"));
                m.deferred = !self.reporter.notice("private/defer", self.flush_kind(&m), &ask).await;
            } else if let Some((warn, offset)) = m.envelope.warn
                && warn > 0
                && now + 1 >= warn as u64
                && self.reporter.notice("private/defer", bounce::WARN, &ask).await
            {
                let mut record = Vec::new();
                crate::ipc::put_record(&mut record, rec::WARN, format!("{:15}", -1).as_bytes());
                let _ = queue::patch(&sys, &queue::path("active", id), offset, &record).await;
            }
        }
        if m.deferred {
            self.defer(&m).await;
        } else {
            match sys.unlink(&queue::path("active", id)).await {
                Ok(()) => self.d.log.info(format_args!("{id}: removed")),
                Err(e) => self.d.log.warn(format_args!("qmgr_active_done_3_generic: remove {id} from active: {e}")),
            }
        }
    }
    /// Puts a damaged message away.
    pub(super) async fn set_aside(&self, id: &str) {
        if queue::rename(&self.d.sys, id, "active", "corrupt").await.is_ok() {
            self.d.log.warn(format_args!("saving corrupt file \"{id}\" from queue \"active\" to queue \"corrupt\""));
        }
    }
    /// Moves a message out of the active queue, not to be taken again for so many seconds.
    pub(super) async fn move_out(&self, id: &str, to: &str, seconds: u64) {
        let sys = &self.d.sys;
        let next = sys.now().plus_secs(seconds);
        let _ = sys.utimes(&queue::path("active", id), Some(next), Some(next)).await;
        if let Err(e) = queue::rename(sys, id, "active", to).await {
            self.d.log.warn(format_args!("qmgr_active_defer: rename {id} from active to {to}: {e}"));
        }
    }
    /// Puts a message into the deferred queue until its next try.
    async fn defer(&self, m: &Message) {
        let (sys, cfg) = (&self.d.sys, &self.d.cfg);
        let age = sys.now().secs().saturating_sub(m.envelope.created) as i64;
        let delay = age.min(cfg.time("maximal_backoff_time")).max(cfg.time("minimal_backoff_time")).max(0) as u64;
        self.move_out(&m.id, "deferred", delay).await;
        let mut trace = Trace::new(self.d.log.tag(), format!("{}: next try in {delay} s", m.id));
        trace.queue_id = Some(m.id.clone());
        trace.because = vec![
            why::note(format!("{age} s in the queue: as long again, within two bounds, then the next scan of deferred")),
            why::parameter(cfg, "minimal_backoff_time"),
            why::parameter(cfg, "maximal_backoff_time"),
            why::parameter(cfg, "queue_run_delay"),
        ];
        sys.trace(trace);
    }
}

/// A recipient's place in the order of delivery: domain and whole address; those without a domain are last.
fn place(r: &Rcpt) -> (bool, String, String) {
    (!r.addr.contains('@'), cut(&r.addr).1.to_ascii_lowercase(), r.addr.clone())
}

fn redirected(way: &mut Resolved, transport: &str, nexthop: &str) {
    way.flags = 0;
    way.transport = transport.to_string();
    way.nexthop = nexthop.to_string();
}
