//! What becomes of a recipient, said in one place: the log line, the bounce, defer and trace logs, the verify service.
//! Not here: deciding it (the delivery agents), composing notices (`bounce`). Source: sent(3), defer(3), bounce(3), log_adhoc(3).

use crate::flush;
use crate::ipc::{Attrs, ask_once};
use crate::lookup::{Maps, MatchKind, MatchList};
use crate::maillog::Log;
use crate::queue::envelope::Rcpt;
use crate::server::Daemon;
pub(crate) use crate::status::{Dsn, is_status, split_status};
use machine::{Because, SimTime, Sys, Trace, TraceId};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Delivery request flags.
pub(crate) mod flag {
    /// Delete delivered recipients from the queue file.
    pub(crate) const SUCCESS: i64 = 1;
    /// Delete bounced recipients from the queue file.
    pub(crate) const BOUNCE: i64 = 2;
    /// Address probe of the mail system's own (`reject_unverified_recipient`).
    pub(crate) const MTA_VRFY: i64 = 1 << 8;
    /// Address probe of a user (`sendmail -bv`).
    pub(crate) const USR_VRFY: i64 = 1 << 9;
    /// Deliver and report (`sendmail -v`).
    pub(crate) const RECORD: i64 = 1 << 10;
    /// Report deliveries that a delay warning was sent for.
    pub(crate) const REC_DLY_SENT: i64 = 1 << 13;
}

/// DSN notify flags.
pub(crate) mod notify {
    pub(crate) const NEVER: i64 = 1;
    pub(crate) const SUCCESS: i64 = 2;
    pub(crate) const FAILURE: i64 = 4;
    pub(crate) const DELAY: i64 = 8;
}

/// When a message reached which stage; 0 where it has not.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub(crate) struct Stats {
    pub(crate) incoming: SimTime,
    pub(crate) active: SimTime,
    pub(crate) handoff: SimTime,
    pub(crate) connected: SimTime,
    pub(crate) done: SimTime,
}

/// The three ends of a delivery attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Outcome {
    Sent,
    Deferred,
    Bounced,
}

/// Appends a time span as the log shows it: two significant digits, and so many behind the point at most.
fn span(out: &mut String, micros: u64, digits: u32) {
    let secs = micros / 1_000_000;
    let unit = match secs {
        _ if digits == 0 => 1_000_000,
        0 => (0..digits).rev().map(|n| 10u64.pow(5 - n)).find(|unit| micros < 100 * unit).unwrap_or(100_000),
        1..=9 => 100_000,
        _ => 1_000_000,
    };
    let rounded = (micros + unit / 2) / unit * unit;
    out.push_str(&(rounded / 1_000_000).to_string());
    let below = rounded % 1_000_000;
    if below > 0 {
        let text = format!(".{below:06}");
        out.push_str(text.trim_end_matches('0'));
    }
}

/// The message that is reported on.
#[derive(Clone, Default)]
#[allow(missing_docs)]
pub(crate) struct Job {
    pub(crate) flags: i64,
    pub(crate) id: String,
    pub(crate) stats: Stats,
    /// What led to this agent: class, transport, nexthop.
    pub(crate) because: Vec<Because>,
}

/// A process's way of reporting.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) sys: Sys,
    pub(crate) log: Log,
    /// `soft_bounce`
    pub(crate) soft_bounce: bool,
    soft_by: Because,
    /// `delay_logging_resolution_limit`
    digits: u32,
    /// `address_verify_negative_cache`
    negative_cache: bool,
    /// `fast_flush_domains`: deferred mail for these is told to flush(8).
    flush: Option<MatchList>,
    /// What the administrator makes of an agent's statuses.
    filter: Option<Maps>,
    /// What it made the status of.
    by_filter: Rc<RefCell<Option<Because>>>,
    /// The number of the next decision, which what is logged before it tells of.
    next: Rc<Cell<TraceId>>,
}

/// Attributes of a recipient for the wire.
pub(crate) fn put_rcpt(attrs: &mut Attrs, r: &Rcpt) {
    attrs.push("original_recipient", &r.orig);
    attrs.push("recipient", &r.addr);
    attrs.push("offset", &r.offset.to_string());
    attrs.push("dsn_orig_rcpt", &r.dsn_orcpt);
    attrs.push("notify_flags", &r.notify.to_string());
}

impl Reporter {
    /// The way of a daemon.
    pub(crate) async fn new(d: &Daemon) -> Reporter {
        let flush = match MatchList::of(&d.tables, "fast_flush_domains", MatchKind::Domains).await {
            Ok(list) if !list.is_empty() => Some(list),
            _ => None,
        };
        let yes = |name: &str| d.cfg.bool(name);
        let (soft_bounce, negative_cache) = (yes("soft_bounce"), yes("address_verify_negative_cache"));
        let filter = match d.sys.name() {
            agent @ ("smtp" | "lmtp" | "local" | "pipe" | "virtual") => {
                Maps::of(&d.tables, &format!("{agent}_delivery_status_filter")).await.ok().filter(|maps| !maps.is_empty())
            }
            _ => None,
        };
        let soft_by = crate::why::parameter(&d.cfg, "soft_bounce");
        Reporter {
            sys: d.sys.clone(),
            log: d.log.clone(),
            soft_bounce,
            digits: u32::try_from(d.cfg.int("delay_logging_resolution_limit")).unwrap_or(2).min(6),
            soft_by,
            negative_cache,
            flush,
            filter,
            by_filter: Rc::default(),
            next: Rc::default(),
        }
    }
    /// What is logged from here on tells of the next decision.
    pub(crate) fn begin(&self) {
        self.next.set(self.sys.reserve_trace());
        self.log.about(self.next.get());
    }
    /// A status as the administrator wants it: `default_delivery_status_filter` and the agents' own. Success stays success.
    pub(crate) async fn filtered(&self, dsn: &mut Dsn) {
        let Some(filter) = &self.filter else { return };
        let asked = format!("{} {}", dsn.status, dsn.reason);
        let Ok(Some(hit)) = filter.find(&asked).await else { return };
        let (status, mut reason) = split_status("", &hit.value);
        if status.is_empty() || status.starts_with('2') != dsn.status.starts_with('2') {
            return self.log.warn(format_args!("{}: bad status code: {}", filter.title(), hit.value));
        }
        if reason.is_empty() {
            // Behind a status alone the text of the question shows through.
            reason = asked.get(status.len() + 1..).unwrap_or("");
        }
        (dsn.status, dsn.reason) = (status.to_string(), reason.to_string());
        self.by_filter.replace(Some(crate::address::find::looked_up(&hit)));
    }
    /// The log line of a delivery attempt.
    fn line(&self, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &Dsn, status: &str, because: &[Because]) {
        let s = &job.stats;
        let set = |t: SimTime| t > SimTime::default();
        let now = if set(s.done) { s.done } else { self.sys.now() };
        let (mut p, mut a, mut c, mut x) = (now.since(s.incoming), 0, 0, 0);
        if set(s.active) {
            p = s.active.since(s.incoming);
            if set(s.handoff) {
                a = s.handoff.since(s.active);
                if set(s.connected) {
                    c = s.connected.since(s.handoff);
                    x = now.since(s.connected);
                } else {
                    x = now.since(s.handoff);
                }
            } else {
                a = now.since(s.active);
            }
        }
        let mut text = format!("{}: to=<{}>", job.id, self.log.address(&rcpt.addr));
        if !rcpt.orig.is_empty() && !rcpt.orig.eq_ignore_ascii_case(&rcpt.addr) {
            text.push_str(&format!(", orig_to=<{}>", self.log.address(&rcpt.orig)));
        }
        text.push_str(", relay=");
        text.push_str(relay);
        text.push_str(", delay=");
        span(&mut text, now.since(s.incoming), self.digits);
        for (i, t) in [p, a, c, x].into_iter().enumerate() {
            text.push_str(if i == 0 { ", delays=" } else { "/" });
            span(&mut text, t, self.digits);
        }
        text.push_str(&format!(", dsn={}, status={status} ({})", dsn.status, dsn.reason));
        let mut trace = Trace::new(self.log.tag(), format!("to=<{}>: {status}: {}", rcpt.addr, dsn.reason));
        trace.queue_id = Some(job.id.clone());
        trace.because = job.because.clone();
        trace.because.extend_from_slice(because);
        if !dsn.mname.is_empty() {
            trace.because.push(Because::State { what: format!("{} answered: {}", dsn.mname, dsn.dtext) });
        }
        trace.because.extend(self.by_filter.take());
        if status == "SOFTBOUNCE" {
            trace.because.push(self.soft_by.clone());
        }
        let id = match self.next.take() {
            TraceId(0) => self.sys.trace(trace),
            next => self.sys.trace_as(next, trace),
        };
        self.log.about(TraceId(0));
        self.log.info_of(id, format_args!("{text}"));
    }
    /// The log line of a recipient whose notice has gone out already.
    pub(crate) fn bounced_line(&self, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &Dsn, because: &[Because]) {
        self.line(job, rcpt, relay, dsn, "bounced", because);
    }
    async fn append(&self, service: &str, job: &Job, rcpt: &Rcpt, dsn: &Dsn) -> bool {
        let mut ask = Attrs::new().with_num("nrequest", 0).with_num("flags", job.flags).with("queue_id", &job.id);
        put_rcpt(&mut ask, rcpt);
        dsn.put(&mut ask);
        matches!(ask_once(&self.sys, service, &ask).await, Ok(a) if a.num("status") == 0 && !a.0.is_empty())
    }
    /// A line in the report that the sender asked for.
    pub(crate) async fn trace_append(&self, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &Dsn, because: &[Because]) -> bool {
        let mut said = dsn.clone();
        if relay != "none" {
            said.reason = format!("delivery via {relay}: {}", dsn.reason);
        }
        let ok = self.append("private/trace", job, rcpt, &said).await;
        if ok && job.flags & flag::USR_VRFY != 0 {
            self.line(job, rcpt, relay, dsn, &dsn.action, because);
        }
        ok
    }
    async fn probe(&self, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &Dsn, status: i64, because: &[Because]) -> bool {
        if status != 0 && !self.negative_cache {
            self.line(job, rcpt, relay, dsn, "undeliverable-but-not-cached", because);
            return true;
        }
        // The address that was asked about, and the one that it stands for.
        let last = (rcpt.addr != rcpt.orig).then_some(&rcpt.addr);
        for address in [Some(&rcpt.orig), last].into_iter().flatten().filter(|a| !a.is_empty()) {
            let ask = Attrs::new().with("request", "update").with("address", address);
            let ask = ask.with_num("recipient_status", status).with("reason", &dsn.reason);
            if ask_once(&self.sys, "private/verify", &ask).await.is_err() {
                self.log.warn(format_args!("{}: verify service failure", job.id));
            }
        }
        self.line(job, rcpt, relay, dsn, &dsn.action, because);
        true
    }
    /// Reports what became of a recipient. True: it is done with; false: it stays in the queue.
    pub(crate) async fn report(&self, outcome: Outcome, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &Dsn, because: &[Because]) -> bool {
        let mut dsn = dsn.clone();
        let (class, number) = match outcome {
            Outcome::Sent => ('2', 0),
            Outcome::Deferred => ('4', 1),
            Outcome::Bounced => ('5', 2),
        };
        if !dsn.status.starts_with(class) || !is_status(&dsn.status) {
            let name = ["sent", "defer_append", "bounce_append"][number as usize];
            self.log.warn(format_args!("{name}: ignoring dsn code \"{}\"", dsn.status));
            dsn.status = format!("{class}.0.0");
        }
        self.filtered(&mut dsn).await;
        let outcome = match dsn.status.as_bytes().first() {
            Some(b'4') => Outcome::Deferred,
            Some(b'5') => Outcome::Bounced,
            _ => Outcome::Sent,
        };
        if job.flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0 {
            dsn.action = if outcome == Outcome::Sent { "deliverable" } else { "undeliverable" }.to_string();
            return if job.flags & flag::MTA_VRFY != 0 {
                self.probe(job, rcpt, relay, &dsn, number, because).await
            } else {
                self.trace_append(job, rcpt, relay, &dsn, because).await
            };
        }
        let record = job.flags & flag::RECORD != 0;
        match outcome {
            Outcome::Sent => {
                if dsn.action.is_empty() {
                    dsn.action = "delivered".to_string();
                }
                let late = job.flags & flag::REC_DLY_SENT != 0 && (rcpt.notify == 0 || rcpt.notify & notify::DELAY != 0);
                if record || late || rcpt.notify & notify::SUCCESS != 0 {
                    self.trace_append(job, rcpt, relay, &dsn, because).await;
                }
                self.line(job, rcpt, relay, &dsn, "sent", because);
                true
            }
            Outcome::Bounced => {
                let soft = self.soft_bounce;
                dsn.action = if soft { "delayed" } else { "failed" }.to_string();
                if soft {
                    dsn.status.replace_range(..1, "4");
                }
                let service = if soft { "private/defer" } else { "private/bounce" };
                if self.append(service, job, rcpt, &dsn).await {
                    if record {
                        self.trace_append(job, rcpt, relay, &dsn, because).await;
                    }
                    self.line(job, rcpt, relay, &dsn, if soft { "SOFTBOUNCE" } else { "bounced" }, because);
                    return !soft;
                }
                dsn = Dsn::new("4.3.0", "bounce or trace service failure");
                self.defer(job, rcpt, relay, &mut dsn, because).await
            }
            Outcome::Deferred => self.defer(job, rcpt, relay, &mut dsn, because).await,
        }
    }
    async fn defer(&self, job: &Job, rcpt: &Rcpt, relay: &str, dsn: &mut Dsn, because: &[Because]) -> bool {
        dsn.action = "delayed".to_string();
        if !self.append("private/defer", job, rcpt, dsn).await {
            self.log.warn(format_args!("{}: defer service failure", job.id));
        }
        self.flush_add(&job.id, crate::address::cut(&rcpt.addr).1).await;
        self.line(job, rcpt, relay, dsn, "deferred", because);
        if job.flags & flag::RECORD != 0 {
            self.trace_append(job, rcpt, relay, dsn, because).await;
        }
        false
    }
    /// Tells flush(8) that a message waits for a domain.
    async fn flush_add(&self, id: &str, domain: &str) {
        let Some(list) = &self.flush else { return };
        if domain.is_empty() || !matches!(list.matches(domain).await, Ok(true)) {
            return;
        }
        let ask = Attrs::new().with("request", "add").with("site", domain).with("queue_id", id);
        if !matches!(ask_once(&self.sys, "public/flush", &ask).await, Ok(a) if matches!(a.num("status"), flush::OK | flush::DENY)) {
            self.log.warn(format_args!("{id}: flush service failure"));
        }
    }
    /// Asks bounce, defer or trace for a notice: `what` 1 flush, 2 warn, 4 one recipient, 5 trace. True: done.
    pub(crate) async fn notice(&self, service: &str, what: i64, message: &Attrs) -> bool {
        let mut ask = Attrs::new().with_num("nrequest", what);
        ask.0.extend(message.0.iter().cloned());
        matches!(ask_once(&self.sys, service, &ask).await, Ok(a) if a.num("status") == 0 && !a.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_digits() {
        for (micros, digits, text) in [
            (0, 2, "0"),
            (4_000, 2, "0"),
            (5_000, 2, "0.01"),
            (104_000, 2, "0.1"),
            (55_000, 2, "0.06"),
            (2_580_000, 2, "2.6"),
            (13_400_000, 2, "13"),
            (9_990_000, 2, "10"),
            (55_000, 0, "0"),
            (555_000, 0, "1"),
            (55_000, 1, "0.1"),
            (252, 6, "0.00025"),
            (65_123, 6, "0.065"),
            (2_580_000, 6, "2.6"),
        ] {
            let mut out = String::new();
            span(&mut out, micros, digits);
            assert_eq!(out, text, "{micros}");
        }
    }
}
