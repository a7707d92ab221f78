//! A message on its way to cleanup(8), to postdrop(1) for a session without master, or to a filter: records out, the queue id and the
//! result back. Not here: which records (`message`), what a filter hears (`proxy`). Source: mail_stream(3).

use super::proxy::Proxy;
use super::session::Session;
use crate::cli::start_postdrop;
use crate::ipc::{Attrs, Conn, put_record};
use crate::post::stat;
use crate::queue::rec;
use machine::{Because, Pid, WaitFor};

/// Where it goes.
enum Way {
    Cleanup(Conn),
    /// Where there is no master: it takes the message, and few attributes; its answers and process.
    Postdrop(Conn, Conn, Pid),
    /// It takes text only.
    Filter(Box<Proxy>),
}

/// A message on its way.
pub(crate) struct Stream {
    way: Way,
    out: Vec<u8>,
    /// Its queue id; empty if it has none.
    pub(crate) id: String,
    broken: bool,
}

impl Stream {
    pub(super) async fn open(session: &Session, flags: i64) -> Option<Stream> {
        if session.alone {
            let (conn, answers, pid, id) = start_postdrop(&session.check.env.cfg).await.ok()?;
            return Some(Stream { way: Way::Postdrop(conn, answers, pid), out: Vec::new(), id, broken: false });
        }
        let service = format!("public/{}", session.check.env.cfg.str("cleanup_service_name"));
        let mut conn = Conn::connect(&session.check.env.sys, &service).await.ok()?;
        let id = conn.recv().await?.get("queue_id").to_string();
        conn.send(&Attrs::new().with_num("flags", flags)).await.ok()?;
        Some(Stream { way: Way::Cleanup(conn), out: Vec::new(), id, broken: false })
    }
    pub(super) fn filtered(proxy: Proxy) -> Stream {
        Stream { way: Way::Filter(Box::new(proxy)), out: Vec::new(), id: String::new(), broken: false }
    }
    /// The filter and what it is to be sent, if that is where the message goes.
    pub(super) fn filter(&mut self) -> Option<(&mut Proxy, &mut Vec<u8>)> {
        match &mut self.way {
            Way::Filter(proxy) => Some((proxy, &mut self.out)),
            _ => None,
        }
    }
    /// Adds a record.
    pub(crate) fn record(&mut self, kind: u8, data: &[u8]) {
        if !matches!(self.way, Way::Filter(_)) {
            put_record(&mut self.out, kind, data);
        } else if kind == rec::NORM || kind == rec::CONT {
            self.out.extend_from_slice(data);
            self.out.extend_from_slice(if kind == rec::NORM { b"\r\n" } else { b"" });
        }
    }
    pub(super) fn text(&mut self, kind: u8, text: &str) {
        self.record(kind, text.as_bytes());
    }
    /// Adds `name=value`.
    pub(super) fn attr(&mut self, name: &str, value: &str) {
        if matches!(self.way, Way::Postdrop(..)) && !matches!(name, "encoding" | "notify_flags" | "dsn_orig_rcpt") {
            return;
        }
        self.text(rec::ATTR, &format!("{name}={value}"));
    }
    /// Sends what has been added.
    pub(crate) async fn flush(&mut self) {
        if !self.out.is_empty() {
            let out = std::mem::take(&mut self.out);
            match &mut self.way {
                Way::Cleanup(conn) | Way::Postdrop(conn, ..) => self.broken |= conn.write(&out).await.is_err(),
                Way::Filter(proxy) => proxy.send(out).await,
            }
        }
    }
    /// Sends it when there is much of it.
    pub(super) async fn flush_if_full(&mut self) {
        if self.out.len() >= 4096 {
            self.flush().await;
        }
    }
    /// Hangs up: cleanup forgets the message.
    pub(crate) async fn abort(mut self) {
        // What is buffered is sent, as closing a stream does.
        if let Some((proxy, out)) = self.filter() {
            return proxy.close(std::mem::take(out)).await;
        }
        self.flush().await;
        self.way.close(false).await;
    }
    /// Ends the message; cleanup's status and reason, or the filter's.
    pub(super) async fn finish(mut self) -> (i64, String, Vec<Because>) {
        self.flush().await;
        let answer = self.way.close(!self.broken).await;
        let told = |a: Attrs| (a.num("status"), a.get("reason").to_string(), crate::why::decode(a.get("because")));
        answer.map_or((stat::WRITE, String::new(), Vec::new()), told)
    }
}

impl Way {
    /// Hangs up; the answer, if one is wanted.
    async fn close(self, wanted: bool) -> Option<Attrs> {
        let (mut conn, mut more) = match self {
            Way::Cleanup(conn) => (conn, None),
            Way::Postdrop(conn, answers, pid) => (conn, Some((answers, pid))),
            Way::Filter(_) => return None,
        };
        let sys = conn.sys().clone();
        let answer = match &mut more {
            _ if !wanted => None,
            Some((answers, _)) => answers.recv().await,
            None => conn.recv().await,
        };
        conn.close().await;
        if let Some((answers, pid)) = more {
            answers.close().await;
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
        answer
    }
}
