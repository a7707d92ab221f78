//! What delivery agents have in common: a request from the queue manager, the message it names, the answer.
//! Not here: delivering (each agent), reporting a recipient (`report`). Source: deliver_request(3), deliver_completed(3).

use crate::ipc::{Attrs, Conn};
use crate::queue::envelope::Rcpt;
use crate::queue::{self, rec};
use crate::report::{Dsn, Job, Outcome, Reporter, Stats, put_rcpt};
use crate::server::Daemon;
use crate::why;
use machine::{Because, Fd, Open, SimTime, TraceId, Whence};

/// A recipient from attributes that [`put_rcpt`] made.
pub(crate) fn get_rcpt(attrs: &Attrs) -> Rcpt {
    Rcpt {
        addr: attrs.get("recipient").to_string(),
        orig: attrs.get("original_recipient").to_string(),
        dsn_orcpt: attrs.get("dsn_orig_rcpt").to_string(),
        notify: attrs.num("notify_flags"),
        offset: attrs.num("offset").max(0) as u64,
    }
}

fn time(attrs: &Attrs, name: &str) -> SimTime {
    SimTime(attrs.num(name).max(0) as u64)
}

/// Attributes of a message that tell where it came from; they go along to whatever is made of it.
const PASSED: [&str; 10] = [
    "log_client_name",
    "log_client_address",
    "log_client_port",
    "log_protocol_name",
    "log_helo_name",
    "sasl_method",
    "sasl_username",
    "sasl_sender",
    "log_ident",
    "rewrite_context",
];

/// Those of the attributes that tell where a message came from.
pub(crate) fn origin(attrs: &[(String, String)]) -> Vec<(String, String)> {
    attrs.iter().filter(|(name, value)| !value.is_empty() && PASSED.contains(&name.as_str())).cloned().collect()
}

/// A request to deliver a message to some recipients.
pub(crate) struct Request {
    pub(crate) job: Job,
    pub(crate) queue: String,
    /// The queue file, locked as long as the request lasts; -1: there is none.
    fd: Fd,
    /// Bytes of content.
    pub(crate) size: i64,
    pub(crate) nexthop: String,
    /// `8bit`, `7bit` or empty.
    pub(crate) encoding: String,
    pub(crate) sender: String,
    pub(crate) envid: String,
    /// DSN return flags: 1 full, 2 headers.
    pub(crate) ret: i64,
    /// Where the message came from and how, by [`PASSED`].
    pub(crate) origin: Vec<(String, String)>,
    /// What asks for SMTPUTF8 and what needs it.
    pub(crate) utf8: i64,
    pub(crate) rcpts: Vec<Rcpt>,
    /// The whole queue file.
    pub(crate) file: Vec<u8>,
    /// Why all delivery to this destination should wait.
    pub(crate) hop_status: Option<Dsn>,
    /// Some recipient stays in the queue.
    pub(crate) deferred: bool,
    reporter: Reporter,
}

impl Request {
    /// Puts the request on the wire: the queue manager's side, and `deliver_pass`.
    pub(crate) fn put(&self) -> Attrs {
        let s = &self.job.stats;
        let mut a = Attrs::new();
        for (name, value) in [
            ("queue_name", &self.queue),
            ("queue_id", &self.job.id),
            ("nexthop", &self.nexthop),
            ("encoding", &self.encoding),
            ("sender", &self.sender),
            ("envelope_id", &self.envid),
        ] {
            a.push(name, value);
        }
        a.0.extend(self.origin.iter().cloned());
        a.push("because", &why::encode(&self.job.because));
        for (name, value) in [
            ("flags", self.job.flags),
            ("size", self.size),
            ("ret_flags", self.ret),
            ("smtputf8", self.utf8),
            ("incoming", s.incoming.0 as i64),
            ("active", s.active.0 as i64),
            ("handoff", s.handoff.0 as i64),
        ] {
            a = a.with_num(name, value);
        }
        for r in &self.rcpts {
            put_rcpt(&mut a, r);
        }
        a
    }
    /// Reads a request; the message is read too. `None`: nonsense, or the queue file is gone.
    async fn get(d: &Daemon, a: &Attrs) -> Option<Request> {
        let text = |name: &str| a.get(name).to_string();
        let mut rcpts = Vec::new();
        for group in a.0.split_inclusive(|(n, _)| n == "notify_flags") {
            let r = get_rcpt(&Attrs(group.to_vec()));
            if group.iter().any(|(n, _)| n == "recipient") {
                rcpts.push(r);
            }
        }
        let (queue, id) = (text("queue_name"), text("queue_id"));
        if rcpts.is_empty() || !queue::id::is_valid(&id) {
            return None;
        }
        let path = queue::path(&queue, &id);
        let fd = match d.sys.open(&path, Open { write: true, ..Open::READ }, 0).await {
            Ok(fd) => fd,
            Err(e) => {
                d.log.warn(format_args!("open {path}: {e}"));
                return None;
            }
        };
        let _ = d.sys.lock(fd, false).await;
        let file = d.sys.read_all(fd).await.unwrap_or_default();
        let mut stats = Stats { incoming: time(a, "incoming"), active: time(a, "active"), handoff: time(a, "handoff"), ..Stats::default() };
        if stats.handoff == SimTime::default() {
            stats.handoff = d.sys.now();
        }
        let mut because = why::decode(a.get("because"));
        because.extend(d.cfg.stale().await);
        let reporter = Reporter::new(d).await;
        reporter.begin();
        Some(Request {
            job: Job { flags: a.num("flags"), id, stats, because },
            queue,
            fd,
            size: a.num("size"),
            nexthop: text("nexthop"),
            encoding: text("encoding"),
            sender: text("sender"),
            envid: text("envelope_id"),
            ret: a.num("ret_flags"),
            utf8: a.num("smtputf8"),
            origin: origin(&a.0),
            rcpts,
            file,
            hop_status: None,
            deferred: false,
            reporter,
        })
    }
    /// A request made by the queue manager.
    pub(crate) fn new(reporter: Reporter) -> Request {
        Request {
            job: Job::default(),
            queue: String::new(),
            fd: -1,
            size: 0,
            nexthop: String::new(),
            encoding: String::new(),
            sender: String::new(),
            envid: String::new(),
            ret: 0,
            utf8: 0,
            origin: Vec::new(),
            rcpts: Vec::new(),
            file: Vec::new(),
            hop_status: None,
            deferred: false,
            reporter,
        }
    }
    /// One of the attributes that tell where the message came from; empty if it is not known.
    pub(crate) fn origin(&self, name: &str) -> &str {
        self.origin.iter().rev().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
    /// Marks a recipient as done with in the queue file.
    pub(crate) async fn completed(&self, rcpt: &Rcpt) {
        if rcpt.offset > 0 {
            let sys = &self.reporter.sys;
            if sys.seek(self.fd, Whence::Start, rcpt.offset as i64).await.is_ok() {
                let _ = sys.write(self.fd, &[rec::DONE]).await;
            }
        }
    }
    /// Reports a recipient; one that is done with is taken off the queue file. `because` follows what led to this agent.
    pub(crate) async fn report(&mut self, outcome: Outcome, rcpt: &Rcpt, relay: &str, dsn: &Dsn, because: &[Because]) -> bool {
        let done = self.reporter.report(outcome, &self.job, rcpt, relay, dsn, because).await;
        if done {
            self.completed(rcpt).await;
        } else {
            self.deferred = true;
        }
        done
    }
    /// What is reported on, without the request around it.
    pub(crate) fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }
    /// Hands recipients to another agent in this one's name. True if all went well.
    pub(crate) async fn pass(&mut self, service: &str, nexthop: &str, rcpt: &Rcpt) -> bool {
        let (sys, log) = (self.reporter.sys.clone(), self.reporter.log.clone());
        let mut request = Request::new(self.reporter.clone());
        request.job = self.job.clone();
        for (to, from) in [
            (&mut request.queue, &self.queue),
            (&mut request.encoding, &self.encoding),
            (&mut request.sender, &self.sender),
            (&mut request.envid, &self.envid),
        ] {
            to.clone_from(from);
        }
        request.origin.clone_from(&self.origin);
        (request.size, request.ret, request.nexthop) = (self.size, self.ret, nexthop.to_string());
        request.rcpts = vec![rcpt.clone()];
        log.info(format_args!("{}: passing <{}> to transport={service}", self.job.id, rcpt.addr));
        let path = format!("private/{service}");
        let mut conn = None;
        for tries in 1..=10 {
            match Conn::connect(&sys, &path).await {
                Ok(c) => conn = Some(c),
                Err(e) => log.warn(format_args!("connect #{tries} to subsystem {path}: {e}")),
            }
            if conn.is_some() {
                break;
            }
            let _ = sys.sleep(10_000_000).await;
        }
        let (mut text, mut answer) = ("mail transport unavailable", None);
        if let Some(mut conn) = conn {
            if conn.recv().await.is_some() {
                (text, answer) = ("unknown mail transport error", conn.ask(&request.put()).await);
            }
            conn.close().await;
        }
        let ok = match answer {
            Some(a) if !a.0.is_empty() => a.num("delivery_status") == 0,
            _ => {
                log.warn(format_args!("{path} socket: malformed response"));
                let (job, reporter) = (request.job, self.reporter.clone());
                reporter.report(Outcome::Deferred, &job, rcpt, "none", &Dsn::new("4.3.0", text), &[]).await;
                false
            }
        };
        if !ok {
            self.deferred = true;
        }
        ok
    }
}

/// The next request of a delivery agent, and the connection to answer on. `None`: time to end.
pub(crate) async fn next(d: &mut Daemon) -> Option<(Conn, Request)> {
    loop {
        let mut conn = d.server.client().await?;
        // The queue manager must not write before there is somebody to read.
        if conn.send(&Attrs::new().with("protocol", "delivery_request_protocol")).await.is_ok()
            && let Some(attrs) = conn.recv().await
        {
            if let Some(request) = Request::get(d, &attrs).await {
                return Some((conn, request));
            }
            let _ = conn.send(&Attrs::new().with_num("delivery_status", -1)).await;
        }
        conn.close().await;
    }
}

/// Answers a request.
pub(crate) async fn done(mut conn: Conn, request: &Request) {
    request.reporter.log.about(TraceId(0));
    let _ = request.reporter.sys.close(request.fd).await;
    let mut answer = Attrs::new();
    request.hop_status.clone().unwrap_or_default().put(&mut answer);
    let _ = conn.send(&answer.with_num("delivery_status", if request.deferred { -1 } else { 0 })).await;
    conn.close().await;
}
