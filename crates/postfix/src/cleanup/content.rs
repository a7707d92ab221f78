//! Header and body: checks, address rewriting, missing fields, hop count. Source: cleanup_message(3), mime_state(3).

use super::addr::Class;
use super::header::{self, Kind};
use super::strict::Wrong;
use super::{Cleanup, Message, Part};
use crate::address::tok::{Tok, external, parse_first, quote_local, scan};
use crate::mime::{Piece, Reader, Where};
use crate::post::{mail_date, stat, utf8};
use crate::queue::rec;
use crate::why::parameter;
use machine::DateTime;

/// State of reading a message's content.
#[derive(Default)]
pub(super) struct Content {
    mime: Option<Reader>,
    primary_done: bool,
    hops: i64,
    /// Names of the fields seen, lower case.
    seen: Vec<&'static str>,
    resent: bool,
    /// What is wrong with the MIME structure.
    pub(super) wrong: Vec<Wrong>,
}

impl Cleanup {
    /// One content record.
    pub(super) async fn content(&mut self, m: &mut Message, kind: u8, data: &[u8]) {
        match kind {
            rec::NORM | rec::CONT => {
                let Some(line) = self.clean_line(m, data) else { return };
                let pieces = self.reader(m).push(&line, kind == rec::CONT);
                self.pieces(m, pieces).await;
            }
            rec::XTRA => {
                let pieces = self.reader(m).finish();
                self.pieces(m, pieces).await;
                self.judge_mime(m);
                m.xtra_offset = m.out.len();
                m.part = Part::Extracted;
                m.put(rec::XTRA, b"");
            }
            _ => {
                self.d.log.warn(format_args!("{}: message rejected: unexpected record type {kind} in message content", m.id));
                m.errs |= stat::BAD;
            }
        }
    }
    fn reader<'a>(&self, m: &'a mut Message) -> &'a mut Reader {
        let cfg = &self.d.cfg;
        m.content.mime.get_or_insert_with(|| Reader::new(cfg, !cfg.bool("disable_mime_input_processing"), false))
    }
    async fn pieces(&mut self, m: &mut Message, pieces: Vec<Piece<'_>>) {
        for piece in pieces {
            match piece {
                Piece::Field(at, field, kind, deep) => {
                    let text = String::from_utf8_lossy(&field).into_owned();
                    if deep {
                        self.wrong(m, Wrong::Nesting, &text);
                    }
                    self.field(m, at, text, kind).await;
                }
                Piece::Ends(at, encoding) => {
                    if at == Where::Primary {
                        self.header_done(m).await;
                    }
                    if let Some(encoding) = encoding {
                        self.wrong(m, Wrong::Domain, encoding);
                    }
                }
                Piece::Line(line, cut, offset, seven) => {
                    if seven && !line.is_ascii() {
                        self.wrong(m, Wrong::Body, &String::from_utf8_lossy(&line));
                    }
                    self.body_line(m, if cut { rec::CONT } else { rec::NORM }, &line, offset).await;
                }
            }
        }
    }
    async fn body_line(&mut self, m: &mut Message, kind: u8, line: &[u8], offset: i64) {
        if !m.ok() {
            return;
        }
        let limit = self.d.cfg.int("body_checks_size_limit");
        if m.flags & crate::post::clean::FILTER != 0 && !self.body_checks.is_empty() && (limit == 0 || offset < limit) {
            let text = String::from_utf8_lossy(line).into_owned();
            let maps = self.body_checks.clone();
            match maps.find(&text).await {
                Ok(Some(hit)) => match self.act(m, "body", &text, &hit, "body_checks") {
                    None => return,
                    Some(new) if new != text => return m.text(kind, new.as_bytes()),
                    Some(_) => {}
                },
                Ok(None) => {}
                Err(_) => self.check_trouble(m, "body_checks"),
            }
        }
        m.text(kind, line);
    }
    fn check_trouble(&self, m: &mut Message, title: &str) {
        self.d.log.warn(format_args!("{}: {title} map lookup problem -- message not accepted, try again later", m.id));
        m.errs |= stat::WRITE;
        m.against.push(parameter(&self.d.cfg, title));
    }
    /// Writes a field as it came, line by line.
    pub(super) fn write_field(&self, m: &mut Message, text: &str) {
        self.write_lines(m, header::split(text));
    }
    /// Lines of a field up to header_size_limit: cut at the end of a line if that loses little, else in its midst.
    fn write_lines(&self, m: &mut Message, lines: Vec<String>) {
        let enabled = self.d.cfg.bool("smtputf8_enable");
        lines.iter().for_each(|line| m.needs_utf8(enabled, line, utf8::HEADER));
        let limit = self.header_limit();
        let mut at = 0;
        for line in lines {
            if at + line.len() > limit {
                if at.saturating_mul(10) <= limit.saturating_mul(9) {
                    let (start, _) = crate::config::cut(&line, limit - at);
                    m.text(rec::NORM, start.as_bytes());
                }
                return;
            }
            m.text(rec::NORM, line.as_bytes());
            at += line.len() + 1;
        }
    }
    fn header_limit(&self) -> usize {
        usize::try_from(self.d.cfg.int("header_size_limit")).unwrap_or(102_400)
    }
    async fn field(&mut self, m: &mut Message, at: Where, mut text: String, mut kind: Option<&'static Kind>) {
        if !m.ok() {
            return;
        }
        if !text.is_ascii() {
            self.wrong(m, Wrong::Header, &text);
        }
        if kind.is_some_and(|k| k.name == "Received") {
            m.content.hops += 1;
        }
        if m.flags & crate::post::clean::FILTER != 0 {
            let title = at.checks(kind);
            let maps = match title {
                "mime_header_checks" => &self.mime_checks,
                "nested_header_checks" => &self.nested_checks,
                _ => &self.header_checks,
            };
            let maps = maps.clone();
            match maps.find(&text).await {
                Ok(Some(hit)) => match self.act(m, "header", &text, &hit, title) {
                    None => return,
                    Some(new) if new != text => {
                        kind = header::find(&new);
                        text = new;
                    }
                    Some(_) => {}
                },
                Ok(None) => {}
                Err(_) => self.check_trouble(m, title),
            }
        }
        self.told_encoding(m, &text, kind);
        let Some(kind) = kind.filter(|_| at == Where::Primary) else {
            if at != Where::Primary || !header::is_dropped(&self.d.cfg, &text) {
                self.write_field(m, &text);
            }
            return;
        };
        self.known_field(m, kind, &text).await;
    }
    /// A field that tells of 8-bit text outweighs what the client said.
    fn told_encoding(&self, m: &mut Message, text: &str, kind: Option<&'static Kind>) {
        if kind.is_none_or(|k| k.name != "Content-Transfer-Encoding") || !self.d.cfg.bool("detect_8bit_encoding_header") {
            return;
        }
        let value = text.split_once(':').map_or("", |(_, v)| v).trim();
        if ["8bit", "binary"].iter().any(|e| e.eq_ignore_ascii_case(value)) {
            m.set_attr("encoding", "8bit");
        }
    }
    async fn known_field(&mut self, m: &mut Message, kind: &'static Kind, text: &str) {
        m.content.seen.push(kind.name);
        let body_at = text.find(':').map_or(text.len(), |i| i + 1);
        let value = text[body_at..].trim_start();
        match kind.name {
            "Message-Id" => self.d.log.info(format_args!("{}: message-id={value}", m.id)),
            "Resent-Message-Id" => self.d.log.info(format_args!("{}: resent-message-id={value}", m.id)),
            "Received" if m.content.hops >= self.d.cfg.int("hopcount_limit") => {
                self.d.log.warn(format_args!("{}: message rejected: hopcount exceeded", m.id));
                m.errs |= stat::HOPS;
                m.against.push(parameter(&self.d.cfg, "hopcount_limit"));
            }
            _ => {}
        }
        if !m.ok() {
            return;
        }
        if kind.flags & header::RESENT != 0 {
            m.content.resent = true;
        }
        let dropped = header::is_dropped(&self.d.cfg, text);
        let class = if kind.flags & header::SENDER != 0 {
            Class::HeaderSender
        } else if kind.flags & header::RCPT != 0 {
            Class::HeaderRcpt
        } else {
            if !dropped {
                self.write_field(m, text);
            }
            return;
        };
        if m.context.is_none() {
            if !dropped {
                self.write_field(m, text);
            }
            return;
        }
        let limit = usize::try_from(self.d.cfg.int("header_address_token_limit")).unwrap_or(usize::MAX);
        let mut tree = parse_first(&text[body_at..], limit);
        let mut changed = false;
        for t in &mut tree {
            if let Tok::Addr(inner) = t {
                changed |= self.header_address(m, class, inner).await;
            }
        }
        if dropped {
            return;
        }
        if changed {
            self.write_lines(m, header::fold(&format!("{}: {}", kind.name, external(&tree, true, true))));
        } else {
            self.write_field(m, text);
        }
    }
    /// The end of the message's own header: fields that must be there are added.
    async fn header_done(&mut self, m: &mut Message) {
        if m.content.primary_done || !m.ok() {
            return;
        }
        m.content.primary_done = true;
        if m.content.hops < 1 {
            self.d.log.warn(format_args!("{}: message rejected: no Received: header", m.id));
            m.errs |= stat::BAD;
            return;
        }
        let cfg = self.d.cfg.clone();
        let resent = if m.content.resent { "Resent-" } else { "" };
        let add = m.context.is_some() || cfg.bool("always_add_missing_headers");
        let has = |m: &Message, name: &str| {
            let name = format!("{resent}{name}");
            m.content.seen.iter().any(|s| *s == name)
        };
        let mut message_id = m.content.seen.contains(&"Message-Id");
        if add && !has(m, "Message-Id") {
            let id = if cfg.bool("enable_long_queue_ids") {
                format!("<{}@{}>", m.id, cfg.str("myhostname"))
            } else {
                let t = DateTime::new(m.created, 0);
                let stamp = format!("{:04}{:02}{:02}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
                format!("<{stamp}.{}@{}>", m.id, cfg.str("myhostname"))
            };
            m.put(rec::NORM, format!("{resent}Message-Id: {id}").as_bytes());
            self.d.log.info(format_args!("{}: {}message-id={id}", m.id, resent.to_ascii_lowercase()));
            message_id |= resent.is_empty();
        }
        if !message_id {
            self.d.log.info(format_args!("{}: message-id=<>", m.id));
        }
        if add && !has(m, "Date") {
            let date = mail_date(&self.d.sys, m.arrival.unwrap_or(m.created));
            m.put(rec::NORM, format!("{resent}Date: {date}").as_bytes());
        }
        if add && !has(m, "From") {
            let text = self.author_field(m, resent);
            m.put(rec::NORM, text.as_bytes());
        }
        let undisclosed = cfg.str("undisclosed_recipients_header");
        if add && !undisclosed.is_empty() && !["To", "Cc", "Resent-To", "Resent-Cc"].iter().any(|n| m.content.seen.contains(n)) {
            if header::name_len(undisclosed.as_bytes()).is_some() {
                m.put(rec::NORM, undisclosed.as_bytes());
            } else {
                let need = "need \"headername: headervalue\"";
                self.d.log.warn(format_args!("bad undisclosed_recipients_header header text \"{undisclosed}\" -- {need}"));
            }
        }
    }
    fn author_field(&self, m: &Message, resent: &str) -> String {
        let sender = m.sender.clone().unwrap_or_default();
        let addr = if sender.is_empty() { "MAILER-DAEMON".to_string() } else { quote_local(&sender) };
        let name = m.fullname.clone().unwrap_or_default().replace(['\r', '\n'], " ");
        if sender.is_empty() || name.is_empty() {
            return format!("{resent}From: {addr}");
        }
        if crate::post::old_from(&self.d.cfg) == Ok(true) {
            return format!("{resent}From: {addr} ({name})");
        }
        let phrase = if name.contains(|c: char| "%!()<>@,;:\\\".[]".contains(c)) { vec![Tok::Quoted(name)] } else { scan(&name) };
        format!("{resent}From: {} <{addr}>", external(&phrase, false, true))
    }
}
