//! Transports and destinations: how many deliveries at a time, when a destination counts as dead. Source: SCHEDULER_README.

use super::Qmgr;
use crate::queue::envelope::Rcpt;
use crate::report::{Dsn, Outcome};
use machine::{Because, SimTime};
use std::collections::VecDeque;

/// A delivery service.
pub(super) struct Transport {
    pub(super) name: String,
    pub(super) dead_until: Option<SimTime>,
    pub(super) dsn: Dsn,
    pub(super) rcpt_limit: i64,
    pub(super) concurrency_limit: i64,
    pub(super) initial: i64,
    pub(super) cohort_limit: i64,
}

/// Recipients of one message for one destination.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) rcpts: Vec<Rcpt>,
    pub(super) because: Vec<Because>,
}

/// A destination of a transport.
pub(super) struct Dest {
    pub(super) transport: usize,
    /// Its name: the nexthop, or `user@nexthop` where each recipient is delivered alone.
    pub(super) name: String,
    pub(super) nexthop: String,
    /// How many deliveries at a time; 0: dead.
    pub(super) window: i64,
    /// Share of a full set of deliveries that has failed, in millionths.
    failed: i64,
    /// Share of a full set that has succeeded, in millionths.
    success: i64,
    initial: i64,
    pub(super) dead_until: Option<SimTime>,
    pub(super) dsn: Dsn,
    pub(super) todo: VecDeque<Entry>,
    /// When it may next be complained that its mail fills the queue.
    clog_quiet: SimTime,
}

const WHOLE: i64 = 1_000_000;

impl Dest {
    /// Alive again.
    pub(super) fn revive(&mut self) {
        if self.dead_until.take().is_some() {
            self.window = self.initial;
            (self.failed, self.success) = (0, 0);
        }
    }
    /// As new.
    pub(super) fn reset(&mut self, initial: i64) {
        (self.window, self.failed, self.success, self.clog_quiet) = (initial, 0, 0, SimTime::default());
    }
    /// Nothing to remember it for.
    pub(super) fn is_idle(&self) -> bool {
        self.todo.is_empty() && self.dead_until.is_none()
    }
    /// The agent could not talk to it. True: it is dead now.
    pub(super) fn failed(&mut self, cohort_limit: i64, until: SimTime, dsn: &Dsn) -> bool {
        if self.window <= 0 {
            return false;
        }
        self.failed += WHOLE / self.window;
        self.success = 0;
        // Rounding must not keep a destination alive: 5 × 1/5 is a whole.
        if cohort_limit > 0 && self.failed + 10 >= cohort_limit.saturating_mul(WHOLE) {
            (self.window, self.dead_until, self.dsn) = (0, Some(until), dsn.clone());
            return true;
        }
        self.window = (self.window - 1).max(1);
        false
    }
    /// A delivery went well.
    pub(super) fn succeeded(&mut self, limit: i64) {
        self.revive();
        self.failed = 0;
        if limit == 0 || self.window < limit {
            self.success += WHOLE / self.window.max(1);
            if self.success + 10 >= WHOLE {
                self.window += 1;
                self.success = 0;
            }
        }
    }
}

impl Qmgr {
    /// The number of a transport.
    pub(super) fn transport(&mut self, name: &str) -> usize {
        if let Some(at) = self.transports.iter().position(|t| t.name == name) {
            return at;
        }
        let cfg = &self.d.cfg;
        let int = |suffix: &str| cfg.int(&format!("{name}{suffix}"));
        self.transports.push(Transport {
            dead_until: None,
            dsn: Dsn::default(),
            rcpt_limit: int("_destination_recipient_limit"),
            concurrency_limit: int("_destination_concurrency_limit"),
            initial: int("_initial_destination_concurrency").max(1),
            cohort_limit: int("_destination_concurrency_failed_cohort_limit"),
            name: name.to_string(),
        });
        self.transports.len() - 1
    }
    /// The number of a destination.
    pub(super) fn dest(&mut self, transport: usize, name: &str, nexthop: &str) -> usize {
        if let Some(at) = self.dests.iter().position(|d| d.transport == transport && d.name == name) {
            return at;
        }
        let t = &self.transports[transport];
        let window = if t.concurrency_limit > 0 { t.initial.min(t.concurrency_limit) } else { t.initial };
        self.dests.push(Dest {
            transport,
            name: name.to_string(),
            nexthop: nexthop.to_string(),
            window,
            failed: 0,
            success: 0,
            initial: window,
            dead_until: None,
            dsn: Dsn::default(),
            todo: VecDeque::new(),
            clog_quiet: SimTime::default(),
        });
        self.dests.len() - 1
    }
    /// Complains if a destination's mail takes more than a fifth of the active queue.
    pub(super) fn warn_of_clog(&mut self, at: usize) {
        let (cfg, log) = (self.d.cfg.clone(), self.d.log.clone());
        let limit = cfg.int("qmgr_message_active_limit");
        let busy = self.running.iter().filter(|r| r.dest == at).count() as i64;
        let (dest, now) = (&self.dests[at], self.d.sys.now());
        let (length, all) = (dest.todo.len() as i64 + busy, self.active.len().max(1) as i64);
        if length <= limit / 5 || now < dest.clog_quiet {
            return;
        }
        let pause = cfg.time("qmgr_clog_warn_time");
        if pause <= 0 || !cfg.bool("helpful_warnings") {
            return;
        }
        let transport = &self.transports[dest.transport];
        let peers = self.dests.iter().filter(|d| d.transport == dest.transport && !d.todo.is_empty()).count();
        log.warn(format_args!("mail for {} is using up {length} of {all} active queue entries", dest.nexthop));
        if length * 10 < all * 9 {
            log.warn(format_args!("this may slow down other mail deliveries"));
        }
        let name = &transport.name;
        if transport.concurrency_limit > 0 && transport.concurrency_limit <= busy + 1 {
            let n = transport.concurrency_limit;
            log.warn(format_args!("you may need to increase the main.cf {name}_destination_concurrency_limit from {n}"));
        } else if dest.window * all > limit * length {
            log.warn(format_args!("you may need to increase the main.cf qmgr_message_active_limit from {limit}"));
        } else if peers > 1 {
            log.warn(format_args!("you may need a separate master.cf transport for {}", dest.nexthop));
        } else {
            log.warn(format_args!("you may need to reduce {name} connect and helo timeouts"));
            log.warn(format_args!("so that Postfix quickly skips unavailable hosts"));
            log.warn(format_args!("you may need to increase the main.cf minimal_backoff_time and maximal_backoff_time"));
            log.warn(format_args!("so that Postfix wastes less time on undeliverable mail"));
            log.warn(format_args!("you may need to increase the master.cf {name} process limit"));
        }
        log.warn(format_args!("please avoid flushing the whole queue when you have"));
        log.warn(format_args!("lots of deferred mail, that is bad for performance"));
        log.warn(format_args!("to turn off these warnings specify: qmgr_clog_warn_time = 0"));
        self.dests[at].clog_quiet = now.plus_secs(pause as u64);
    }
    /// Gives entries to the retry service, which puts their recipients off for this reason.
    pub(super) async fn hand_to_retry(&mut self, todo: VecDeque<Entry>, dsn: &Dsn) {
        if todo.is_empty() {
            return;
        }
        let retry = self.transport("retry");
        if self.transports[retry].dead_until.is_some() {
            for entry in todo {
                self.put_off(entry, dsn).await;
            }
            return;
        }
        let nexthop = format!("{} {}", dsn.status, dsn.reason);
        let dest = self.dest(retry, &nexthop.to_ascii_lowercase(), &nexthop);
        self.dests[dest].todo.extend(todo);
    }
    /// Puts recipients off without an agent.
    async fn put_off(&mut self, entry: Entry, dsn: &Dsn) {
        if let Some(m) = self.active.iter_mut().find(|m| m.id == entry.id) {
            m.deferred = true;
            let job = m.job();
            for rcpt in &entry.rcpts {
                self.reporter.report(Outcome::Deferred, &job, rcpt, "none", dsn, &entry.because).await;
            }
        }
        Box::pin(self.entry_done(&entry.id)).await;
    }
}
