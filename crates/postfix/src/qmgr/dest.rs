//! Transports and destinations: how many deliveries at a time, when a destination counts as dead. Source: SCHEDULER_README.

use super::Qmgr;
use super::feedback::{Feedback, WHOLE};
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
    cohort_limit: i64,
    positive: Feedback,
    negative: Feedback,
    /// Seconds before each delivery of the transport; 0: none, and deliveries go on at the same time.
    pub(super) rate_delay: u64,
    /// Seconds after each delivery to a destination.
    pub(super) dest_rate_delay: u64,
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
    cohorts: i64,
    /// What successes and failures have added up to since the window was last changed, in millionths.
    success: i64,
    failure: i64,
    pub(super) initial: i64,
    pub(super) dead_until: Option<SimTime>,
    /// Its rate is limited: nothing goes there until then.
    pub(super) pause_until: Option<SimTime>,
    pub(super) dsn: Dsn,
    pub(super) todo: VecDeque<Entry>,
    /// When it may next be complained that its mail fills the queue.
    clog_quiet: SimTime,
}

impl Dest {
    /// Alive again, with as many deliveries at a time as are under way. Otherwise: as many as in the beginning.
    pub(super) fn revive(&mut self, busy: i64) -> bool {
        let was_dead = self.dead_until.take().is_some();
        if was_dead {
            self.window = if busy > 0 { busy } else { self.initial };
            (self.cohorts, self.success, self.failure) = (0, 0, 0);
        }
        was_dead
    }
    /// As new.
    pub(super) fn reset(&mut self) {
        (self.window, self.cohorts, self.success, self.failure, self.clog_quiet) = (self.initial, 0, 0, 0, SimTime::default());
    }
    /// Nothing to remember it for.
    pub(super) fn is_idle(&self) -> bool {
        self.todo.is_empty() && self.dead_until.is_none() && self.pause_until.is_none()
    }
    /// The agent could not talk to it. True: it is dead now.
    pub(super) fn failed(&mut self, transports: &[Transport], until: SimTime, dsn: &Dsn) -> bool {
        if self.window <= 0 {
            return false;
        }
        let t = &transports[self.transport];
        self.cohorts += WHOLE / self.window;
        // Rounding must not keep a destination alive: 5 × 1/5 is a whole.
        if t.cohort_limit > 0 && self.cohorts + 10 >= t.cohort_limit.saturating_mul(WHOLE) {
            (self.window, self.dead_until, self.dsn) = (0, Some(until), dsn.clone());
            return true;
        }
        let feedback = t.negative.at(self.window);
        self.failure -= feedback;
        while self.failure - feedback / 2 < 0 {
            self.window -= 1;
            self.success = 0;
            self.failure += WHOLE;
        }
        self.window = self.window.max(1);
        false
    }
    /// A delivery went well. `busy`: how many are under way, with this one.
    pub(super) fn succeeded(&mut self, transports: &[Transport], busy: i64) {
        self.cohorts = 0;
        if self.revive(busy) {
            return;
        }
        let t = &transports[self.transport];
        let limit = t.concurrency_limit;
        if (limit == 0 || limit > self.window) && self.window < busy + self.initial {
            let feedback = t.positive.at(self.window);
            self.success += feedback;
            while self.success + feedback / 2 >= WHOLE {
                self.window += 1;
                self.success -= WHOLE;
                self.failure = 0;
            }
            if limit > 0 {
                self.window = self.window.min(limit);
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
        let seconds = |suffix: &str| u64::try_from(cfg.time(&format!("{name}{suffix}"))).unwrap_or(0);
        let dest_rate_delay = seconds("_destination_rate_delay");
        let concurrency_limit = if dest_rate_delay > 0 { 1 } else { int("_destination_concurrency_limit") };
        let initial = int("_initial_destination_concurrency").max(1);
        self.transports.push(Transport {
            dead_until: None,
            dsn: Dsn::default(),
            rcpt_limit: int("_destination_recipient_limit"),
            concurrency_limit,
            initial: if concurrency_limit > 0 { initial.min(concurrency_limit) } else { initial },
            positive: Feedback::read(cfg, &self.d.log, name, "positive"),
            negative: Feedback::read(cfg, &self.d.log, name, "negative"),
            rate_delay: seconds("_transport_rate_delay"),
            dest_rate_delay,
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
        let window = self.transports[transport].initial;
        self.dests.push(Dest {
            transport,
            name: name.to_string(),
            nexthop: nexthop.to_string(),
            window,
            cohorts: 0,
            success: 0,
            failure: 0,
            initial: window,
            dead_until: None,
            pause_until: None,
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
        let busy = self.busy(at);
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
