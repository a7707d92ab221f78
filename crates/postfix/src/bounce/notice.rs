//! A notice: boilerplate, report for people, report for machines, the original message. Source: RFC 3464, bounce_notify_util(3).

use super::journal::{Record, read};
use super::template::{Kind, Template, Templates};
use crate::address::tok::quote_local;
use crate::cleanup::header;
use crate::ipc::Attrs;
use crate::maillog::Log;
use crate::post::{Post, mail_date, utf8};
use crate::queue::envelope::{Envelope, content, cut_record};
use crate::queue::{self, rec};
use crate::server::Daemon;
use machine::{SimTime, Sys};

/// Everything that a notice is made of.
pub(super) struct Notice<'a> {
    pub(super) kind: Kind,
    template: &'a Template,
    /// The original's Message-Id, if the notice is to be seen below it.
    thread: String,
    pub(super) id: String,
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

/// The original's Message-Id; empty if there is none or it is not as it should be.
fn message_id(log: &Log, id: &str, file: &[u8]) -> String {
    let mut cut = false;
    for (line, goes_on) in content(file) {
        if std::mem::replace(&mut cut, goes_on) || matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        if header::name_len(line).is_none() {
            break;
        }
        if header::find(&text).is_some_and(|kind| kind.name == "Message-Id") {
            let value = text.split_once(':').map_or("", |(_, v)| v).trim();
            if value.starts_with('<') && value.ends_with('>') {
                return value.to_string();
            }
            log.warn(format_args!("{id}: ignoring malformed Message-ID"));
        }
    }
    String::new()
}

impl<'a> Notice<'a> {
    /// Gathers what a request needs.
    pub(super) async fn load(d: &Daemon, templates: &'a mut Templates, ask: &Attrs, kind: Kind, one: Option<Record>) -> Notice<'a> {
        let service = d.server.service.as_str();
        let id = ask.get("queue_id").to_string();
        let path = queue::path(ask.get("queue_name"), &id);
        let file = d.sys.read_file(&path).await.unwrap_or_default();
        let envelope = Envelope::parse(&file).unwrap_or_default();
        // Where the content begins is not known of a message that was never complete: it is looked for to the end.
        if envelope.data_offset == 0
            && let Some(what) = cut_record(&file, 0)
        {
            d.log.warn(format_args!("{path}: {what}"));
        }
        let single = one.is_some();
        let log = match one {
            Some(record) => Some(vec![record]),
            None => read(d, service, &id).await,
        };
        let encoding = match ask.get("encoding") {
            _ if d.cfg.bool("smtputf8_enable") => "8bit",
            "8bit" => "8bit",
            "7bit" => "7bit",
            _ => "",
        };
        let thread = if d.cfg.bool("enable_threaded_bounces") { message_id(&d.log, &id, &file) } else { String::new() };
        Notice {
            kind,
            template: templates.get(&d.cfg, &d.log, kind),
            thread,
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
    /// What of the original asks for SMTPUTF8.
    pub(super) fn utf8(&self) -> i64 {
        self.envelope.utf8
    }
    fn sender(&self, d: &Daemon) -> String {
        match self.envelope.sender.as_deref() {
            Some("") => format!("MAILER-DAEMON@{}", d.cfg.str("myhostname")),
            Some(addr) => quote_local(addr),
            None => String::new(),
        }
    }
    /// Writes what stands before the recipients.
    ///
    /// # Errors
    /// The text of a fatal message: the template cannot be used.
    pub(super) fn begin(&self, d: &Daemon, post: &mut Post, to: &str, copy: bool) -> Result<(), String> {
        self.head(post, to, copy);
        if !copy {
            self.template.body(&d.cfg, &d.log)?.iter().for_each(|line| post.line(line));
        }
        Ok(())
    }
    /// Writes the whole notice.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) fn compose(&self, d: &Daemon, post: &mut Post, to: &str, copy: bool, rows: &[&Record], full: bool) -> Result<(), String> {
        self.begin(d, post, to, copy)?;
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
        Ok(())
    }
    fn eight_bit(&self) -> bool {
        self.encoding == "8bit"
    }
    fn head(&self, post: &mut Post, to: &str, copy: bool) {
        let t = self.template;
        post.line(&format!("From: {}", t.from));
        post.line(&format!("Subject: {}", if copy { &t.postmaster_subject } else { &t.subject }));
        post.line(&format!("To: {}", quote_local(to)));
        if !self.thread.is_empty() {
            post.line(&format!("References: {}", self.thread));
            post.line(&format!("In-Reply-To: {}", self.thread));
        }
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
                if !full && !header::is_header_or_space(line) {
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
