//! A message on its way to cleanup(8), or to postdrop(1) for a session without master: records out, the queue id and the result back.
//! Not here: which records (`message`). Source: mail_stream(3).

use super::session::Session;
use crate::cli::start_postdrop;
use crate::ipc::{Attrs, Conn, put_record};
use crate::post::stat;
use crate::queue::rec;
use machine::{Because, Pid, WaitFor};

/// A message on its way to cleanup.
pub(crate) struct Stream {
    conn: Conn,
    out: Vec<u8>,
    /// Its queue id.
    pub(crate) id: String,
    broken: bool,
    /// postdrop's answers and process, where there is no master: it takes the message, and few attributes.
    alone: Option<(Conn, Pid)>,
}

impl Stream {
    pub(super) async fn open(session: &Session, flags: i64) -> Option<Stream> {
        if session.alone {
            let (conn, answers, pid, id) = start_postdrop(&session.check.env.cfg).await.ok()?;
            return Some(Stream { conn, out: Vec::new(), id, broken: false, alone: Some((answers, pid)) });
        }
        let service = format!("public/{}", session.check.env.cfg.str("cleanup_service_name"));
        let mut conn = Conn::connect(&session.check.env.sys, &service).await.ok()?;
        let id = conn.recv().await?.get("queue_id").to_string();
        conn.send(&Attrs::new().with_num("flags", flags)).await.ok()?;
        Some(Stream { conn, out: Vec::new(), id, broken: false, alone: None })
    }
    /// Adds a record.
    pub(crate) fn record(&mut self, kind: u8, data: &[u8]) {
        put_record(&mut self.out, kind, data);
    }
    pub(super) fn text(&mut self, kind: u8, text: &str) {
        self.record(kind, text.as_bytes());
    }
    /// Adds `name=value`.
    pub(super) fn attr(&mut self, name: &str, value: &str) {
        if self.alone.is_some() && !matches!(name, "encoding" | "notify_flags" | "dsn_orig_rcpt") {
            return;
        }
        self.text(rec::ATTR, &format!("{name}={value}"));
    }
    /// Sends what has been added.
    pub(crate) async fn flush(&mut self) {
        if !self.out.is_empty() {
            self.broken |= self.conn.write(&self.out).await.is_err();
            self.out.clear();
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
        self.flush().await;
        let sys = self.conn.sys().clone();
        self.conn.close().await;
        if let Some((answers, pid)) = self.alone {
            answers.close().await;
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
    }
    /// Ends the message; cleanup's status and reason.
    pub(super) async fn finish(mut self) -> (i64, String, Vec<Because>) {
        self.flush().await;
        let sys = self.conn.sys().clone();
        let answer = match (&mut self.alone, self.broken) {
            (_, true) => None,
            (Some((answers, _)), _) => answers.recv().await,
            (None, _) => self.conn.recv().await,
        };
        self.conn.close().await;
        if let Some((answers, pid)) = self.alone {
            answers.close().await;
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
        let told = |a: Attrs| (a.num("status"), a.get("reason").to_string(), crate::why::decode(a.get("because")));
        answer.map_or((stat::WRITE, String::new(), Vec::new()), told)
    }
}
