//! New messages: what an expansion sends to others goes to cleanup again, one message for each sender and Delivered-To.
//! Not here: who they are (`expand`). Source: local(8), RFC 5321 §3.9.

use super::{Run, State};
use crate::ipc::{Attrs, Conn, put_record, record_at};
use crate::post::{autodetect, clean, mail_date, utf8};
use crate::queue::rec;
use crate::report::{Dsn, Outcome, notify};
use machine::SimTime;

/// A message on its way to cleanup.
pub(super) struct Forward {
    delivered: String,
    sender: String,
    conn: Conn,
    id: String,
    posted: SimTime,
    out: Vec<u8>,
}

impl Forward {
    fn put(&mut self, kind: u8, text: &str) {
        put_record(&mut self.out, kind, text.as_bytes());
    }
}

impl Run<'_> {
    /// Adds a recipient to the message for its sender; opens that if need be.
    pub(super) async fn forward(&mut self, state: &State) -> bool {
        let same = |f: &Forward| f.delivered == state.delivered && f.sender == state.sender;
        let at = match self.forwards.iter().position(same) {
            Some(at) => at,
            None => {
                let Some(new) = self.open_forward(state).await else { return false };
                self.forwards.push(new);
                self.forwards.len() - 1
            }
        };
        let f = &mut self.forwards[at];
        let r = &state.rcpt;
        if !r.dsn_orcpt.is_empty() {
            f.put(rec::ATTR, &format!("dsn_orig_rcpt={}", r.dsn_orcpt));
        }
        if r.notify != 0 {
            f.put(rec::ATTR, &format!("notify_flags={}", r.notify));
        }
        if !r.orig.is_empty() {
            f.put(rec::ORCP, &r.orig);
        }
        f.put(rec::RCPT, &r.addr);
        true
    }
    async fn open_forward(&self, state: &State) -> Option<Forward> {
        let sys = &self.agent.d.sys;
        let mut conn = match Conn::connect(sys, "public/cleanup").await {
            Ok(conn) => conn,
            Err(e) => {
                self.agent.d.log.warn(format_args!("connect to public/cleanup: {e}"));
                return None;
            }
        };
        let id = conn.recv().await?.get("queue_id").to_string();
        let mut flags = clean::BOUNCE | clean::INTERNAL | autodetect(&self.agent.d.cfg, "forward").unwrap_or(0);
        if self.request.utf8 & utf8::REQUESTED != 0 {
            flags |= clean::SMTPUTF8;
        }
        conn.send(&Attrs::new().with_num("flags", flags)).await.ok()?;
        let posted = sys.now();
        let mut f = Forward { delivered: state.delivered.clone(), sender: state.sender.clone(), conn, id, posted, out: Vec::new() };
        f.put(rec::TIME, &format!("{} {}", posted.secs(), posted.0 % 1_000_000));
        f.put(rec::FROM, &state.sender);
        let request = &self.request;
        if request.ret != 0 {
            f.put(rec::ATTR, &format!("ret_flags={}", request.ret));
        }
        if !request.envid.is_empty() {
            f.put(rec::ATTR, &format!("envelope_id={}", request.envid));
        }
        for (name, value) in &request.origin {
            f.put(rec::ATTR, &format!("{name}={value}"));
        }
        Some(f)
    }
    /// Sends the new messages, unless something must be tried again: then they would come twice.
    pub(super) async fn send_forwards(&mut self, state: &State, mut ok: bool) -> bool {
        for f in std::mem::take(&mut self.forwards) {
            if ok {
                ok = self.send_forward(state, f).await;
            } else {
                f.conn.close().await;
            }
        }
        ok
    }
    async fn send_forward(&mut self, state: &State, mut f: Forward) -> bool {
        let cfg = self.agent.d.cfg.clone();
        f.put(rec::MESG, "");
        f.put(rec::NORM, &format!("Received: by {} ({})", cfg.str("myhostname"), cfg.str("mail_name")));
        let date = mail_date(&self.agent.d.sys, f.posted);
        f.put(rec::NORM, &format!("\tid {}; {date}", f.id));
        if cfg.list("prepend_delivered_header").iter().any(|p| p == "forward") {
            let line = format!("Delivered-To: {}", f.delivered.to_ascii_lowercase());
            f.put(rec::NORM, &line);
        }
        copy_content(&self.request.file, &mut f.out);
        f.put(rec::XTRA, "");
        f.put(rec::END, "");
        let sent = f.conn.write(&f.out).await.is_ok();
        let answer = if sent { f.conn.recv().await } else { None };
        f.conn.close().await;
        if !answer.is_some_and(|a| !a.0.is_empty() && a.num("status") == 0) {
            return false;
        }
        let mut state = state.clone();
        if state.rcpt.notify & notify::SUCCESS != 0 {
            let flags = state.rcpt.notify;
            state.rcpt.notify = if flags == notify::SUCCESS { notify::NEVER } else { flags & !notify::SUCCESS };
        }
        let dsn = Dsn { action: "relayed".to_string(), ..Dsn::new("2.0.0", format!("forwarded as {}", f.id)) };
        self.report(Outcome::Sent, &state, &dsn).await
    }
}

/// The content records of a queue file, as they are.
fn copy_content(file: &[u8], out: &mut Vec<u8>) {
    let (mut pos, mut inside) = (0, false);
    while let Some((kind, from, to)) = record_at(file, pos) {
        pos = to;
        match kind {
            rec::MESG => inside = true,
            rec::NORM | rec::CONT if inside => put_record(out, kind, &file[from..to]),
            _ if inside => break,
            _ => {}
        }
    }
}
