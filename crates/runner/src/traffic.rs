//! The steps of a scenario in which the recorder itself is a network client: `smtp` sessions. Not here: POP3 and IMAP, whose server is not
//! simulated; TLS. Source: the recorder.

use crate::replay::text;
use crate::scenario::Scene;
use serde_json::{Map, Value, json};
use world::machine::{ChildStatus, Ids, Termios};

const SERVER: &str = "192.168.1.103";
/// How long a reply may take, in milliseconds.
const REPLY: u64 = 20_000;

/// One connection, relayed by the actor `wire` on a terminal in raw mode.
struct Conn {
    tty: Option<u32>,
    buf: Vec<u8>,
    eof: bool,
    /// Something was sent after the other side had closed.
    late: bool,
}

impl Scene {
    fn connect(&mut self, client: &Value, port: u64) -> Conn {
        let addr = client.get("addr").and_then(Value::as_str).unwrap_or("192.168.1.100");
        let own = client.get("port").and_then(Value::as_u64).unwrap_or(0).to_string();
        let (host, to) = if addr.starts_with("127.") {
            (self.mail, "127.0.0.1")
        } else if addr == SERVER {
            (self.mail, SERVER)
        } else {
            let mine = addr.parse().is_ok_and(|ip| self.stage.kernel.has_addr(self.far, ip));
            (if mine { self.far } else { self.client }, SERVER)
        };
        let port = port.to_string();
        let argv = ["wire", addr, &own, to, &port];
        let tty = self.stage.kernel.open_tty(host, "root", "/usr/lib/ehlo/wire", &argv, &[], Ids::ROOT, "/").ok();
        if let Some(tty) = tty {
            self.stage.kernel.set_modes(tty, Termios::RAW);
            self.stage.kernel.watch(host, self.stage.kernel.leader(tty));
        }
        Conn { eof: tty.is_none(), tty, buf: Vec::new(), late: false }
    }
    fn send(&mut self, conn: &mut Conn, bytes: &[u8]) {
        if let Some(tty) = conn.tty {
            // Sending fails at once on a connection that was reset, and at the second try on one that was closed.
            let host = self.stage.kernel.tty(tty).map_or(self.client, |t| t.host);
            let end = self.stage.kernel.ended(host, self.stage.kernel.leader(tty));
            conn.eof |= end.is_some_and(|e| e != ChildStatus::Exited(0) || conn.late);
            conn.late |= end.is_some();
            self.stage.kernel.feed(tty, bytes);
        }
    }
    /// One line without its end; `None` at the end of the connection or after `limit` milliseconds.
    fn line(&mut self, conn: &mut Conn, limit: u64) -> Option<String> {
        let end = self.now().plus_millis(limit);
        let mut first = true;
        loop {
            if let Some(at) = conn.buf.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = conn.buf.drain(..=at).collect();
                return Some(match line.strip_suffix(b"\r\n") {
                    Some(line) => text(line),
                    None => text(&line[..at]) + "<LF>",
                });
            }
            let tty = conn.tty?;
            if conn.eof {
                return None;
            }
            if self.now() >= end {
                return None;
            }
            // The reply is there as soon as it comes: no wait longer than the network's.
            self.pass(if first { 0 } else { 1 });
            first = false;
            match self.shown.remove(&tty) {
                Some(bytes) => conn.buf.extend(bytes),
                None => conn.eof = self.stage.kernel.tty(tty).is_none_or(|t| t.closed),
            }
        }
    }
    fn reply(&mut self, conn: &mut Conn, limit: u64) -> Vec<Value> {
        let mut lines = Vec::new();
        while let Some(line) = self.line(conn, limit) {
            let b = line.as_bytes();
            let last = b.len() >= 3 && b[..3].iter().all(u8::is_ascii_digit) && b.get(3).is_none_or(|&b| b == b' ');
            lines.push(line.into());
            if last {
                break;
            }
        }
        lines
    }

    /// An SMTP session.
    pub(crate) fn smtp(&mut self, step: &Value) -> Value {
        let client = step.get("client").cloned().unwrap_or_default();
        let mut conn = self.connect(&client, step.get("port").and_then(Value::as_u64).unwrap_or(25));
        let pace = (step.get("pace").and_then(Value::as_f64).unwrap_or(0.0) * 1000.0) as u64;
        let settle = step.get("settle").and_then(Value::as_bool).unwrap_or(true);
        let greeting = self.reply(&mut conn, 8000);
        conn.eof |= greeting.is_empty();
        let mut replies: Vec<Value> = Vec::new();
        let mut in_data = false;
        let mut closed = None;
        for item in step.get("send").and_then(Value::as_array).into_iter().flatten() {
            if conn.eof {
                replies.push(Value::Null);
                continue;
            }
            let mut reads = 1;
            let mut wait = false;
            if let Some(line) = item.as_str() {
                self.pass(pace);
                self.send(&mut conn, format!("{line}\r\n").as_bytes());
                if in_data {
                    if line != "." {
                        replies.push(json!([]));
                        continue;
                    }
                    wait = true;
                }
                wait |= matches!(line.to_ascii_uppercase().as_str(), "QUIT" | "RSET");
            } else if let Some(raw) = item.get("raw").and_then(Value::as_str) {
                self.pass(pace);
                self.send(&mut conn, raw.as_bytes());
                reads = item.get("replies").and_then(Value::as_u64).unwrap_or(1);
                wait = true;
            } else if item.get("tls").is_some() {
                // TLS is not simulated: the session ends here, visibly.
                replies.push(json!(["TLS is not simulated"]));
                conn.eof = true;
                continue;
            } else if let Some(secs) = item.get("sleep").and_then(Value::as_f64) {
                self.pass((secs * 1000.0) as u64);
                replies.push(json!([]));
                continue;
            } else if item.get("close").is_some() {
                self.hang_up(&mut conn);
                self.settle(150);
                replies.push(json!([]));
                closed = Some("client");
                continue;
            } else if let Some(secs) = item.get("expect_close").and_then(Value::as_f64) {
                let mut lines = Vec::new();
                while let Some(line) = self.line(&mut conn, (secs * 1000.0) as u64) {
                    lines.push(line);
                }
                replies.push(json!(lines));
                continue;
            }
            let mut lines: Vec<Value> = Vec::new();
            for _ in 0..reads {
                lines.extend(self.reply(&mut conn, REPLY));
                if conn.eof {
                    break;
                }
            }
            let ready = lines.last().and_then(Value::as_str).is_some_and(|l| l.starts_with("354"));
            in_data = ready && (item.is_string() || item.get("indata").and_then(Value::as_bool).unwrap_or(true));
            replies.push(Value::Array(lines));
            if wait && settle {
                self.settle(150);
            }
        }
        if !conn.eof {
            let _ = self.line(&mut conn, 100);
        }
        if conn.eof && closed.is_none() {
            closed = Some("server");
        }
        self.hang_up(&mut conn);
        self.settle(150);
        record(greeting, replies, closed)
    }
    fn hang_up(&mut self, conn: &mut Conn) {
        if let Some(tty) = conn.tty {
            self.stage.kernel.hang_up(tty);
        }
        conn.eof = true;
    }

    /// A POP3 or IMAP session: nobody answers.
    pub(crate) fn refused(&mut self, step: &Value) -> Value {
        let items = step.get("send").and_then(Value::as_array).map_or(0, Vec::len);
        record(Vec::new(), vec![Value::Null; items], Some("server"))
    }
}

fn record(greeting: Vec<Value>, replies: Vec<Value>, closed: Option<&str>) -> Value {
    let mut out = Map::new();
    out.insert("greeting".into(), greeting.into());
    out.insert("replies".into(), replies.into());
    if let Some(who) = closed {
        out.insert("closed".into(), who.into());
    }
    Value::Object(out)
}
