//! A notice: boilerplate, report for people, report for machines, the original message. Source: RFC 3464, bounce_notify_util(3).

use super::journal::{Record, read};
use super::template::{Kind, Template};
use crate::address::tok::quote_local;
use crate::ipc::Attrs;
use crate::post::{Post, mail_date, utf8};
use crate::queue::envelope::{Envelope, content};
use crate::queue::{self, rec};
use crate::server::Daemon;
use machine::{SimTime, Sys};

/// Everything that a notice is made of.
pub(super) struct Notice {
    pub(super) kind: Kind,
    template: Template,
    id: String,
    path: String,
    file: Vec<u8>,
    envelope: Envelope,
    /// `8bit`, `7bit` or nothing.
    encoding: String,
    envid: String,
    boundary: String,
    pub(super) records: Vec<Record>,
    pub(super) log_found: bool,
    /// Made from one record of the request, not from a log.
    pub(super) single: bool,
}

/// Wraps a text at `width` columns, continuation lines indented by four.
fn wrap(post: &mut Post, text: &str) {
    const WIDTH: usize = 79;
    let (mut start, mut word, mut first) = (0, 0, true);
    let b = text.as_bytes();
    let mut emit = |from: usize, to: usize, first: bool| {
        let line = text.get(from..to).unwrap_or("").trim_end_matches([' ', '\t']);
        post.line(&format!("{}{line}", if first { "" } else { "    " }));
    };
    loop {
        let space = b[word..].iter().position(|c| matches!(c, b' ' | b'\t')).map_or(b.len(), |i| word + i);
        let room = if first { WIDTH } else { WIDTH - 4 };
        if word > start && space - start > room {
            emit(start, word, first);
            while word < b.len() && b[word].is_ascii_whitespace() {
                word += 1;
            }
            first = false;
            start = word;
        }
        if space >= b.len() {
            break;
        }
        word = space + 1;
    }
    emit(start, b.len(), first);
}

impl Notice {
    /// Gathers what a request needs.
    pub(super) async fn load(d: &Daemon, service: &str, ask: &Attrs, kind: Kind, one: Option<Record>) -> Notice {
        let id = ask.get("queue_id").to_string();
        let path = queue::path(ask.get("queue_name"), &id);
        let file = d.sys.read_file(&path).await.unwrap_or_default();
        let envelope = Envelope::parse(&file).unwrap_or_default();
        let single = one.is_some();
        let log = match one {
            Some(record) => Some(vec![record]),
            None => read(&d.sys, service, &id).await,
        };
        let encoding = match ask.get("encoding") {
            _ if d.cfg.bool("smtputf8_enable") => "8bit",
            "8bit" => "8bit",
            "7bit" => "7bit",
            _ => "",
        };
        Notice {
            kind,
            template: Template::load(&d.cfg, kind).await,
            boundary: format!("{id}.{}/{}", d.sys.now().secs(), d.cfg.str("myhostname")),
            id,
            path,
            file,
            envelope,
            encoding: encoding.to_string(),
            envid: ask.get("envelope_id").to_string(),
            log_found: log.is_some(),
            records: log.unwrap_or_default(),
            single,
        }
    }
    fn sender(&self, d: &Daemon) -> String {
        match self.envelope.sender.as_deref() {
            Some("") => format!("MAILER-DAEMON@{}", d.cfg.str("myhostname")),
            Some(addr) => quote_local(addr),
            None => String::new(),
        }
    }
    /// Writes what stands before the recipients.
    pub(super) fn begin(&self, d: &Daemon, post: &mut Post, to: &str, copy: bool) {
        self.head(post, to, copy);
        if !copy {
            for line in self.template.body(&d.cfg) {
                post.line(&line);
            }
        }
    }
    /// Writes the whole notice.
    pub(super) fn compose(&self, d: &Daemon, post: &mut Post, to: &str, copy: bool, rows: &[&Record], full: bool) {
        self.begin(d, post, to, copy);
        for r in rows {
            post.line("");
            if r.rcpt.orig.is_empty() {
                wrap(post, &format!("<{}>: {}", r.rcpt.addr, r.dsn.reason));
            } else {
                wrap(post, &format!("<{}> (expanded from <{}>): {}", r.rcpt.addr, r.rcpt.orig, r.dsn.reason));
            }
        }
        if !self.log_found {
            post.line("");
            post.line("\t--- Delivery report unavailable ---");
        }
        self.status(d, post, rows);
        self.original(d, post, full);
    }
    fn eight_bit(&self) -> bool {
        self.encoding == "8bit"
    }
    fn head(&self, post: &mut Post, to: &str, copy: bool) {
        let t = &self.template;
        post.line(&format!("From: {}", t.from));
        post.line(&format!("Subject: {}", if copy { &t.postmaster_subject } else { &t.subject }));
        post.line(&format!("To: {}", quote_local(to)));
        post.line(&format!("Auto-Submitted: {}", if copy { "auto-generated" } else { "auto-replied" }));
        post.line("MIME-Version: 1.0");
        post.line("Content-Type: multipart/report; report-type=delivery-status;");
        post.line(&format!("\tboundary=\"{}\"", self.boundary));
        if !self.encoding.is_empty() {
            post.line(&format!("Content-Transfer-Encoding: {}", if self.eight_bit() { "8bit" } else { t.encoding }));
        }
        post.line("");
        post.line("This is a MIME-encapsulated message.");
        self.part(post, "Notification");
        let charset = if t.charset != "us-ascii" {
            &t.charset
        } else if self.eight_bit() {
            "utf-8"
        } else {
            "us-ascii"
        };
        post.line(&format!("Content-Type: text/plain; charset={charset}"));
        if self.eight_bit() {
            post.line("Content-Transfer-Encoding: 8bit");
        }
        post.line("");
    }
    fn part(&self, post: &mut Post, what: &str) {
        post.line("");
        post.line(&format!("--{}", self.boundary));
        post.line(&format!("Content-Description: {what}"));
    }
    fn status(&self, d: &Daemon, post: &mut Post, rows: &[&Record]) {
        let name: String = d.cfg.str("mail_name").chars().map(|c| if " \t\r\n()<>@,;:\\\".[]".contains(c) { '-' } else { c }).collect();
        self.part(post, "Delivery report");
        let global = self.envelope.utf8 & utf8::REQUESTED != 0;
        post.line(&format!("Content-Type: message/{}delivery-status", if global { "global-" } else { "" }));
        if global && self.eight_bit() {
            post.line("Content-Transfer-Encoding: 8bit");
        }
        // The kind of an address: UTF-8 only if it is, and the message had to do with that.
        let kind = |addr: &str| if self.envelope.utf8 != 0 && !addr.is_ascii() { "utf-8" } else { "rfc822" };
        post.line("");
        post.line(&format!("Reporting-MTA: dns; {}", d.cfg.str("myhostname")));
        if !self.envid.is_empty() {
            post.line(&format!("Original-Envelope-Id: {}", self.envid));
        }
        post.line(&format!("X-{name}-Queue-ID: {}", self.id));
        let sender = self.sender(d);
        if !sender.is_empty() {
            post.line(&format!("X-{name}-Sender: {}; {sender}", kind(&sender)));
        }
        let arrival = SimTime::from_secs(self.envelope.arrival.secs());
        if arrival.secs() > 0 {
            post.line(&format!("Arrival-Date: {}", mail_date(&d.sys, arrival)));
        }
        for r in rows {
            post.line("");
            post.line(&format!("Final-Recipient: {}; {}", kind(&r.rcpt.addr), r.rcpt.addr));
            if !r.rcpt.dsn_orcpt.is_empty() {
                post.line(&format!("Original-Recipient: {}", r.rcpt.dsn_orcpt));
            } else if !r.rcpt.orig.is_empty() {
                post.line(&format!("Original-Recipient: {}; {}", kind(&r.rcpt.orig), r.rcpt.orig));
            }
            post.line(&format!("Action: {}", if self.kind == Kind::Failure { "failed" } else { &r.dsn.action }));
            post.line(&format!("Status: {}", r.dsn.status));
            if !r.dsn.mtype.is_empty() && !r.dsn.mname.is_empty() {
                wrap(post, &format!("Remote-MTA: {}; {}", r.dsn.mtype, r.dsn.mname));
            }
            if !r.dsn.dtype.is_empty() && !r.dsn.dtext.is_empty() {
                wrap(post, &format!("Diagnostic-Code: {}; {}", r.dsn.dtype, r.dsn.dtext));
            } else {
                wrap(post, &format!("Diagnostic-Code: X-{name}; {}", r.dsn.reason));
            }
            if self.kind == Kind::Delay {
                let until = arrival.plus_secs(d.cfg.time("maximal_queue_lifetime").max(0) as u64);
                post.line(&format!("Will-Retry-Until: {}", mail_date(&d.sys, until)));
            }
        }
    }
    fn original(&self, d: &Daemon, post: &mut Post, full: bool) {
        let limit = d.cfg.int("bounce_size_limit");
        let full = full && !(limit > 0 && !self.file.is_empty() && (self.envelope.size <= 0 || self.envelope.size > limit));
        let undelivered = if matches!(self.kind, Kind::Failure | Kind::Delay) { "Undelivered " } else { "" };
        self.part(post, &format!("{undelivered}{}", if full { "Message" } else { "Message Headers" }));
        let kind = match (self.envelope.utf8 & utf8::REQUESTED != 0, full) {
            (true, true) => "message/global",
            (true, false) => "message/global-headers",
            (false, true) => "message/rfc822",
            (false, false) => "text/rfc822-headers",
        };
        post.line(&format!("Content-Type: {kind}"));
        if self.eight_bit() {
            post.line("Content-Transfer-Encoding: 8bit");
        }
        post.line("");
        if self.envelope.data_offset == 0 {
            post.line("\t--- Undelivered message unavailable ---");
        } else {
            post.line(&format!("Return-Path: <{}>", self.sender(d)));
            for (line, cut) in content(&self.file) {
                if !full && !crate::cleanup::header::is_header_or_space(line) {
                    break;
                }
                post.piece(line, cut);
            }
        }
        post.line("");
        post.line(&format!("--{}--", self.boundary));
    }
    /// Marks the recipients of the log as done in the queue file.
    pub(super) async fn delete_recipients(&self, sys: &Sys) {
        for r in &self.records {
            if r.rcpt.offset > 0 {
                let _ = queue::patch(sys, &self.path, r.rcpt.offset, &[rec::DONE]).await;
            }
        }
    }
}
