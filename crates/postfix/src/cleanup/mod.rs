//! cleanup(8): takes a message from smtpd, pickup, local or bounce, completes it, and makes a queue file of it.
//! Not here: envelope records (`envelope`), addresses (`addr`), header and body (`content`), checks (`act`). Source: cleanup(8).

mod act;
mod addr;
mod chars;
mod content;
mod end;
mod envelope;
pub(crate) mod header;
mod strict;

use crate::address::local::Local;
use crate::ipc::{Attrs, Conn, put_record, trigger};
use crate::lookup::{CHECK_FLAGS, Maps};
use crate::post::{clean, stat, utf8};
use crate::queue::envelope::split_attr;
use crate::queue::{self, READY, rec};
use crate::rewrite_clnt::Resolver;
use crate::server::Daemon;
use crate::why::{self, parameter};
use machine::{Because, Fd, SimTime, Sys, TraceId};

/// What one process keeps between messages.
pub(crate) struct Cleanup {
    d: Daemon,
    resolver: Resolver,
    local: Local,
    maps: addr::AddressMaps,
    header_checks: Maps,
    mime_checks: Maps,
    nested_checks: Maps,
    body_checks: Maps,
}

impl Cleanup {
    async fn open(d: Daemon) -> Result<Cleanup, (Daemon, String)> {
        let made = async {
            let t = &d.tables;
            let mime = if d.cfg.is_set("mime_header_checks") { "mime_header_checks" } else { "header_checks" };
            let nested = if d.cfg.is_set("nested_header_checks") { "nested_header_checks" } else { "header_checks" };
            crate::post::old_from(&d.cfg)?;
            Ok((
                Local::open(&d.sys, t).await?,
                addr::AddressMaps::open(&d).await?,
                Maps::of_as(t, "header_checks", CHECK_FLAGS).await?,
                Maps::of_as(t, mime, CHECK_FLAGS).await?,
                Maps::of_as(t, nested, CHECK_FLAGS).await?,
                Maps::of_as(t, "body_checks", CHECK_FLAGS).await?,
            ))
        }
        .await;
        match made {
            Ok((local, maps, header_checks, mime_checks, nested_checks, body_checks)) => Ok(Cleanup {
                resolver: Resolver::new(&d.sys, &d.log),
                local,
                maps,
                header_checks,
                mime_checks,
                nested_checks,
                body_checks,
                d,
            }),
            Err(why) => Err((d, why)),
        }
    }
}

/// Bytes that are written to a queue file at a time.
const BLOCK: usize = 4096;

/// Where in the message the records are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Envelope,
    Content,
    Extracted,
    Done,
}

/// One message.
struct Message {
    id: String,
    fd: Fd,
    queue: &'static str,
    created: SimTime,
    flags: i64,
    errs: i64,
    /// Errors after which nothing more is written.
    mask: i64,
    reason: String,
    part: Part,
    out: Vec<u8>,
    limit: i64,
    /// `line_length_limit`
    line_limit: usize,
    in_rcpt: bool,
    warn_seen: bool,
    end_seen: bool,
    sender: Option<String>,
    /// The last recipient.
    recip: Option<String>,
    arrival: Option<SimTime>,
    fullname: Option<String>,
    attrs: Vec<(String, String)>,
    orig_rcpt: Option<String>,
    dsn_orcpt: String,
    notify: i64,
    ret: i64,
    qmgr_flags: i64,
    /// What asks for SMTPUTF8 and what needs it.
    utf8: i64,
    trace_flags: i64,
    /// Context in which headers are rewritten: `local`, `remote`; `None`: not at all.
    context: Option<&'static str>,
    rcpt_count: i64,
    seen: Vec<String>,
    filter: String,
    redirect: String,
    bcc: Vec<String>,
    data_offset: usize,
    xtra_offset: usize,
    content: content::Content,
    because: Vec<Because>,
    /// What speaks against the message.
    against: Vec<Because>,
}

impl Message {
    fn ok(&self) -> bool {
        self.errs & self.mask == 0 && self.flags & clean::DISCARD == 0
    }
    fn put(&mut self, kind: u8, data: &[u8]) {
        put_record(&mut self.out, kind, data);
    }
    /// A text record; what is longer than a line may be becomes several.
    fn text(&mut self, kind: u8, mut data: &[u8]) {
        while data.len() > self.line_limit {
            let (now, later) = data.split_at(self.line_limit);
            put_record(&mut self.out, rec::CONT, now);
            data = later;
        }
        put_record(&mut self.out, kind, data);
    }
    /// Takes note of a text beyond ASCII, which is what `part` of it needs SMTPUTF8 for.
    fn needs_utf8(&mut self, enabled: bool, text: &str, part: i64) {
        if enabled && !text.is_ascii() {
            self.utf8 |= part;
            if self.flags & clean::AUTOUTF8 != 0 {
                self.utf8 |= utf8::REQUESTED;
            }
        }
    }
    fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    fn set_attr(&mut self, name: &str, value: &str) {
        match self.attrs.iter_mut().find(|(n, _)| n == name) {
            Some(a) => a.1 = value.to_string(),
            None => self.attrs.push((name.to_string(), value.to_string())),
        }
    }
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let mut c = match Cleanup::open(d).await {
        Ok(c) => c,
        Err((d, why)) => return d.log.fatal(&why).await,
    };
    c.d.watch_tables();
    c.d.jail().await;
    loop {
        let Some(mut conn) = c.d.server.client().await else { return 0 };
        c.serve(&mut conn).await;
        conn.close().await;
    }
}

impl Cleanup {
    async fn serve(&mut self, conn: &mut Conn) {
        let sys = self.d.sys.clone();
        let created = sys.now();
        let (fd, id) = match queue::create(&sys, "incoming", self.d.cfg.bool("enable_long_queue_ids")).await {
            Ok(made) => made,
            Err(e) => {
                self.d.log.warn(format_args!("create file incoming/{}.{}: {e}", created.0 % 1_000_000, sys.pid()));
                return;
            }
        };
        let mut m = self.start(fd, id, created);
        // What is logged on the way tells of the decision at its end.
        let trace = sys.reserve_trace();
        self.d.log.about(trace);
        let (mut status, mut ended) = (stat::BAD, false);
        if conn.send(&Attrs::new().with("queue_id", &m.id)).await.is_ok()
            && let Some(options) = conn.recv().await
        {
            m.flags = options.num("flags");
            m.utf8 = if m.flags & clean::SMTPUTF8 != 0 { utf8::REQUESTED } else { 0 };
            m.mask = if m.flags & clean::BOUNCE != 0 { stat::BAD | stat::WRITE | stat::SIZE | stat::DEFER } else { !0 };
            ended = self.records(conn, &mut m).await;
            if !ended {
                m.errs |= stat::BAD;
                m.flags &= !clean::BOUNCE;
            }
            status = self.flush(&mut m).await;
        } else {
            let _ = sys.unlink(&queue::path("incoming", &m.id)).await;
        }
        let _ = sys.close(fd).await;
        // Most often a client that gives up: nothing is decided.
        if ended {
            m.because.extend(self.d.cfg.stale().await);
            self.trace(trace, &m, status);
        }
        self.d.log.about(TraceId(0));
        let answer = Attrs::new().with_num("status", status).with("reason", &m.reason).with("because", &why::encode(&m.against));
        let _ = conn.send(&answer).await;
    }
    fn start(&self, fd: Fd, id: String, created: SimTime) -> Message {
        Message {
            id,
            fd,
            queue: "incoming",
            created,
            flags: 0,
            errs: 0,
            mask: !0,
            reason: String::new(),
            part: Part::Envelope,
            out: Vec::new(),
            limit: self.d.cfg.int("message_size_limit"),
            line_limit: usize::try_from(self.d.cfg.int("line_length_limit")).unwrap_or(2048).max(1),
            in_rcpt: false,
            warn_seen: false,
            end_seen: false,
            sender: None,
            recip: None,
            arrival: None,
            fullname: None,
            attrs: Vec::new(),
            orig_rcpt: None,
            dsn_orcpt: String::new(),
            notify: 0,
            ret: 0,
            qmgr_flags: 0,
            utf8: 0,
            trace_flags: 0,
            context: Some("local"),
            rcpt_count: 0,
            seen: Vec::new(),
            filter: String::new(),
            redirect: String::new(),
            bcc: Vec::new(),
            data_offset: 0,
            xtra_offset: 0,
            content: content::Content::default(),
            because: Vec::new(),
            against: Vec::new(),
        }
    }
    /// Reads the client's records to the end. False: the client has hung up before.
    async fn records(&mut self, conn: &mut Conn, m: &mut Message) -> bool {
        self.size_record(m);
        loop {
            let Some((kind, data)) = conn.record().await else { return false };
            if m.ok() {
                match m.part {
                    Part::Envelope => self.envelope(m, kind, &data).await,
                    Part::Content => self.content(m, kind, &data).await,
                    Part::Extracted => self.extracted(m, kind, &data).await,
                    Part::Done => {}
                }
                // What is written goes out by blocks; at the end of the message its first record is written again.
                let block = if kind == rec::END { m.out.len() } else { m.out.len() / BLOCK * BLOCK };
                if m.limit > 0 && block as i64 > m.limit && m.errs & stat::SIZE == 0 {
                    self.d.log.warn(format_args!("{}: queue file size limit exceeded", m.id));
                    m.errs |= stat::SIZE;
                    m.against.push(parameter(&self.d.cfg, "message_size_limit"));
                }
            }
            if kind == rec::END {
                return true;
            }
        }
    }
    fn size_record(&self, m: &mut Message) {
        let content = m.xtra_offset.saturating_sub(m.data_offset);
        let text = format!("{:15} {:15} {:15} {:15} {:15} {:15}", content, m.data_offset, m.rcpt_count, m.qmgr_flags, content, m.utf8);
        m.put(rec::SIZE, text.as_bytes());
    }
    /// Finishes or removes the queue file: the status for the client.
    async fn flush(&mut self, m: &mut Message) -> i64 {
        let sys = self.d.sys.clone();
        if m.ok() {
            if m.recip.is_none() {
                m.errs |= stat::RCPT;
            }
            if !m.end_seen {
                m.errs |= stat::BAD;
            }
        }
        if m.flags & clean::DISCARD != 0 {
            m.errs = 0;
        }
        // The first record is filled in last.
        let rest = m.out.split_off(97.min(m.out.len()));
        m.out.clear();
        self.size_record(m);
        m.out.extend_from_slice(&rest);
        let path = queue::path(m.queue, &m.id);
        if m.errs != 0
            && m.errs & (stat::BAD | stat::WRITE | stat::DEFER | stat::RCPT) == 0
            && m.sender.is_some()
            && m.flags & clean::BOUNCE != 0
        {
            self.bounce(m).await;
        }
        if m.errs == 0 && m.flags & clean::DISCARD == 0 {
            let written = sys.write(m.fd, &m.out).await.is_ok();
            if !written {
                m.errs |= stat::WRITE;
            } else {
                let _ = sys.fsync(m.fd).await;
                if m.flags & clean::HOLD != 0 {
                    let _ = queue::rename(&sys, &m.id, "incoming", "hold").await;
                    m.queue = "hold";
                }
                let path = queue::path(m.queue, &m.id);
                // The time of last change says from when on the message may be tried.
                let _ = sys.utimes(&path, Some(sys.now()), Some(sys.now())).await;
                let _ = sys.chmod(&path, READY).await;
                if m.queue == "incoming" {
                    let _ = trigger(&sys, "public/qmgr", b"I").await;
                }
                return 0;
            }
        }
        if m.limit > 0 && m.out.len() as i64 > m.limit {
            self.d.log.warn(format_args!("mail_stream_cleanup: close error"));
        }
        let _ = sys.unlink(&queue::path("trace", &m.id)).await;
        if let Err(e) = sys.unlink(&path).await {
            self.d.log.warn(format_args!("remove {path}: {e}"));
        }
        m.errs
    }
}

/// Name and value of an attribute record, if it is one.
fn attribute(text: &str) -> Option<(&str, &str)> {
    text.contains('=').then(|| split_attr(text))
}
