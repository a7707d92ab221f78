//! The message: the way to cleanup, the envelope, our `Received:` header, the text, and the answer at its end.
//! Not here: the framing of the text (`wire::smtp`). Source: mail_open_stream, common_pre/post_message_handling of Postfix;
//! RFC 5321 §4.4 for the trace header.

use super::chat::Stop;
use super::reply::{Reply, Then};
use super::session::{Phase, Session, Transaction};
use super::stream::Stream;
use crate::address::tok::quote_local;
use crate::post::{autodetect, clean, mail_date, stat};
use crate::queue::rec;
use crate::restrictions::check::{Class, Login, printable};
use machine::Signal;
use wire::smtp::{Dots, Ending, Text};

/// A text made fit for a comment: no backslash, parentheses in pairs.
fn comment(text: &str) -> String {
    let mut out = String::new();
    let mut open = 0;
    for c in printable(text, '?', false).chars() {
        match c {
            '\\' => out.push('?'),
            ')' if open == 0 => out.push('?'),
            _ => {
                open += i32::from(c == '(') - i32::from(c == ')');
                out.push(c);
            }
        }
    }
    for _ in 0..open {
        out.push(')');
    }
    out
}

impl Session {
    /// What MAIL has begun.
    pub(super) fn transaction(&mut self) -> Option<&mut Transaction> {
        match &mut self.phase {
            Phase::Mail(t) | Phase::Chunks(t, ..) | Phase::Broken(Some(t)) => Some(t),
            _ => None,
        }
    }
    /// The way to cleanup or to a filter, if it is open.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.transaction()?.stream.as_mut()
    }
    /// A message refused at its end leaves its recipients behind: text for the next one, before it has any, goes nowhere. Postfix dies of it.
    pub(crate) async fn needs_stream(&mut self) {
        if self.stream().is_none() {
            self.check.crash("recipients of a message that was refused at its end, and no way to cleanup", Signal::Segv).await;
        }
    }
    /// Opens the way to cleanup and sends the envelope's beginning. The queue id is born here. A filter may refuse.
    pub(crate) async fn open_stream(&mut self) -> Result<Option<Reply>, Stop> {
        let env = self.check.env.clone();
        let options = env.cfg.list("receive_override_options");
        let has = |name: &str| options.iter().any(|o| o == name);
        let mut flags = clean::EXTERNAL | (1 << 7);
        if has("no_address_mappings") {
            flags &= !(clean::BCC_OK | clean::MAP_OK);
        }
        if has("no_header_body_checks") {
            flags &= !clean::FILTER;
        }
        if self.check.facts.smtputf8 {
            flags |= clean::SMTPUTF8;
        } else if !self.alone {
            match autodetect(&env.cfg, "smtpd") {
                Ok(flag) => flags |= flag,
                Err(why) => return Err(Stop::Exit(env.log.fatal(&why).await)),
            }
        }
        let mut stream = if env.filtered() && !self.alone {
            match self.open_proxy().await {
                Ok(stream) => stream,
                Err(refusal) => return Ok(Some(refusal)),
            }
        } else if let Some(stream) = Stream::open(self, flags).await {
            stream
        } else {
            let text = if self.alone { "unable to execute postdrop" } else { "unable to connect to the public cleanup service" };
            return Err(Stop::Exit(env.log.fatal(text).await));
        };
        let id = stream.id.clone();
        self.check.facts.queue_id = Some(id.clone()).filter(|id| !id.is_empty());
        let f = &self.check.facts;
        let forward = &self.forward;
        let Some(transaction) = (match &mut self.phase {
            Phase::Mail(t) => Some(t),
            _ => None,
        }) else {
            return Ok(None);
        };
        let at = transaction.arrival;
        // postdrop looks at the clock itself, and takes no filter.
        if !self.alone {
            stream.text(rec::TIME, &format!("{} {}", at.secs(), at.0 % 1_000_000));
            let filter = env.cfg.str("content_filter");
            if !filter.is_empty() {
                stream.text(rec::FILT, &filter);
            }
        }
        stream.attr("log_ident", forward.ident.as_deref().unwrap_or(&id));
        stream.attr("rewrite_context", forward.domain.unwrap_or(self.context));
        if let Some(Login { user, method }) = &f.login {
            stream.attr("sasl_method", method);
            stream.attr("sasl_username", user);
        }
        if let Some(sender) = &f.sasl_sender {
            stream.attr("sasl_sender", sender);
        }
        if let Some(envid) = &transaction.envid {
            stream.attr("envelope_id", envid);
        }
        if transaction.ret != 0 {
            stream.attr("ret_flags", &transaction.ret.to_string());
        }
        stream.text(rec::FROM, f.sender.as_deref().unwrap_or_default());
        if let Some(encoding) = transaction.encoding {
            stream.attr("encoding", encoding);
        }
        let (name, addr, port, namaddr, said, protocol) = forward.origin(f);
        let (p, helo) = (&f.peer, &f.helo);
        stream.attr("log_client_name", name);
        stream.attr("log_client_address", addr);
        stream.attr("log_client_port", port);
        stream.attr("log_message_origin", namaddr);
        if let Some(said) = said {
            stream.attr("log_helo_name", said);
        }
        stream.attr("log_protocol_name", protocol);
        stream.attr("client_name", &p.name);
        stream.attr("reverse_client_name", &p.reverse_name);
        stream.attr("client_address", &p.addr);
        stream.attr("client_port", &p.port);
        stream.attr("server_address", &p.dest_addr);
        stream.attr("server_port", &p.dest_port);
        if let Some(helo) = helo {
            stream.attr("helo_name", helo);
        }
        stream.attr("protocol_name", f.protocol);
        stream.attr("client_address_type", "2");
        if let Some(verp) = &transaction.verp {
            stream.text(rec::VERP, verp);
        }
        transaction.stream = Some(stream);
        let mut more = String::new();
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                more.extend([", ", name, "=", value]);
            }
        };
        add("sasl_method", f.login.as_ref().map(|l| l.method.as_str()));
        add("sasl_username", f.login.as_ref().map(|l| l.user.as_str()));
        add("sasl_sender", f.sasl_sender.as_deref());
        add("orig_queue_id", forward.ident.as_deref());
        add("orig_client", forward.client.then_some(forward.namaddr.as_str()));
        let id = if id.is_empty() { "NOQUEUE" } else { &id };
        env.log.info_of(self.check.trace, format_args!("{id}: client={}{more}", p.namaddr));
        Ok(None)
    }
    /// Adds a recipient, with its original spelling for delivery reports.
    pub(crate) async fn add_recipient(&mut self, address: &str, orcpt: &str, notify: i64) {
        if let Some(stream) = self.stream() {
            if notify != 0 {
                stream.attr("notify_flags", &notify.to_string());
            }
            stream.attr("dsn_orig_rcpt", orcpt);
            stream.text(rec::RCPT, address);
            stream.flush().await;
        }
    }
    /// Ends the envelope and begins the text with our own header.
    pub(crate) fn begin_text(&mut self) {
        let env = self.check.env.clone();
        let f = &self.check.facts;
        let mut lines = self.check.actions.prepend.clone();
        let prepended = lines.len();
        lines.push(format!("Received: from {} ({} [{}])", f.helo.as_ref().unwrap_or(&f.peer.name), f.peer.name, f.peer.rfc_addr));
        if let Some(login) = f.login.as_ref().filter(|_| env.cfg.bool("smtpd_sasl_authenticated_header")) {
            lines.push(format!("\t(Authenticated sender: {})", comment(&login.user)));
        }
        let protocol = if f.smtputf8 { "UTF8SMTP" } else { f.protocol };
        let suffix = match (f.protocol, f.tls, f.login.is_some()) {
            ("ESMTP", tls, login) => format!("{}{}", if tls { "S" } else { "" }, if login { "A" } else { "" }),
            _ => String::new(),
        };
        let by = format!("\tby {} ({}) with {protocol}{suffix}", env.myhostname, env.cfg.str("mail_name"));
        let id = f.queue_id.as_ref().map_or(String::new(), |id| format!(" id {id}"));
        let arrival = self.transaction().map_or(env.sys.now(), |t| t.arrival);
        let date = mail_date(&env.sys, arrival);
        match &self.check.facts.recipient {
            Some(recipient) if self.check.facts.rcpt_count == 1 => {
                lines.push(format!("{by}{id}"));
                lines.push(format!("\tfor <{}>; {date}", quote_local(recipient)));
            }
            _ => {
                lines.push(format!("{by}{id};"));
                lines.push(format!("\t{date}"));
            }
        }
        let flags = self.check.actions.flags;
        let spoken_for = !self.forward.namaddr.is_empty();
        if let Some(stream) = self.stream() {
            if flags != 0 {
                stream.text(rec::FLGS, &flags.to_string());
            }
            stream.text(rec::MESG, "");
            // Who only passes on what somebody else has received leaves no trace.
            if spoken_for && stream.filter().is_some() {
                lines.truncate(prepended);
            }
            for line in lines {
                stream.text(rec::NORM, &line);
            }
        }
    }
    /// Adds a piece of text unless it is too much; `false`: it is.
    pub(crate) async fn add_text(&mut self, bytes: &[u8], cut: bool) -> bool {
        let limit = self.check.env.message_limit;
        let size = bytes.len() as u64 + 2;
        if limit > 0 && limit.saturating_sub(self.check.facts.act_size) < size {
            let id = self.check.facts.queue_id.clone().unwrap_or_else(|| "NOQUEUE".into());
            self.check.env.log.warn(format_args!("{id}: queue file size limit exceeded"));
            return false;
        }
        self.check.facts.act_size += size;
        if let Some(stream) = self.stream() {
            stream.record(if cut { rec::CONT } else { rec::NORM }, bytes);
            stream.flush_if_full().await;
        }
        true
    }
    /// Reads the text behind DATA and answers at its end.
    pub(crate) async fn receive_text(&mut self) -> Result<Reply, Stop> {
        self.check.facts.place = "DATA content";
        self.chat.begin_request(&self.check.env.cfg, true);
        let policy = self.chat.bare_lf;
        let limit = self.check.env.line_limit;
        let filtered = self.stream().is_some_and(|s| s.filter().is_some());
        let mut dots = Dots::new(policy, filtered);
        let (mut first, mut status, mut bare) = (true, self.trouble(), false);
        loop {
            let (line, ending) = self.chat.line(limit).await?;
            bare |= ending == Ending::Bare && policy == wire::smtp::BareLf::Reject;
            let cut = ending == Ending::Cut;
            if first {
                // A From_ line of a mailbox is kept as a header; blanks must not continue our own header.
                let quotes = line.iter().take_while(|&&b| b == b'>').count();
                if line[quotes..].starts_with(b"From ") {
                    let mut kept = b"X-Mailbox-Line: ".to_vec();
                    kept.extend_from_slice(&line);
                    if let Some(stream) = self.stream() {
                        stream.record(if cut { rec::CONT } else { rec::NORM }, &kept);
                    }
                    continue;
                }
                first = false;
                if line.first().is_some_and(|b| matches!(b, b' ' | b'\t'))
                    && let Some(stream) = self.stream()
                {
                    stream.text(rec::NORM, "");
                }
            }
            match dots.next(line, ending) {
                Text::End => break,
                Text::Dropped => {}
                Text::Part(bytes, cut) if status == 0 && !bare => {
                    if !self.add_text(&bytes, cut).await {
                        status = stat::SIZE;
                    }
                }
                Text::Part(..) => {}
            }
        }
        self.check.facts.place = "END-OF-MESSAGE";
        Ok(self.end_of_message(status, bare).await)
    }
    /// Ends the message and says what became of it. `status`: trouble so far; `bare`: a bare LF was in it.
    pub(crate) async fn end_of_message(&mut self, status: i64, bare: bool) -> Reply {
        let mut why = String::new();
        let mut status = status;
        if status == 0 && !bare {
            let refusal = if self.alone { None } else { self.check.data(true).await };
            self.needs_stream().await;
            if let Some(refusal) = refusal {
                if let Some((proxy, out)) = self.stream().and_then(Stream::filter) {
                    proxy.close(std::mem::take(out)).await;
                } else if let Some(stream) = self.transaction().and_then(|t| t.stream.take()) {
                    stream.abort().await;
                }
                return Reply::no(refusal).then(Then::Keep);
            }
        }
        let said = self.ask_filter(status == 0 && !bare).await;
        if let Some((heard, said)) = &said {
            (status, why) = (status | heard, said.clone());
        } else if status == 0 && !bare {
            let actions = std::mem::take(&mut self.check.actions);
            let stream = self.transaction().and_then(|t| t.stream.take());
            if let Some(mut stream) = stream {
                stream.text(rec::XTRA, "");
                if let Some(filter) = &actions.filter {
                    stream.text(rec::FILT, filter);
                }
                if let Some(redirect) = &actions.redirect {
                    stream.text(rec::RDR, redirect);
                }
                for bcc in &actions.bcc {
                    stream.text(rec::RCPT, bcc);
                    stream.attr("notify_flags", "1");
                }
                if actions.flags != 0 {
                    stream.text(rec::FLGS, &actions.flags.to_string());
                }
                stream.text(rec::END, "");
                let because;
                (status, why, because) = stream.finish().await;
                self.check.ladder.extend(because);
                why = printable(&why, ' ', self.check.env.utf8);
            }
        }
        let reply = self.verdict(status, bare, why, said.is_some());
        if let Some((_, said)) = said {
            let what = if reply.ok { "accept" } else { "reject" };
            let (env, place, context) = (&self.check.env, self.check.facts.place, self.check.context());
            env.log.info_of(self.check.trace, format_args!("proxy-{what}: {place}: {said};{context}"));
        }
        reply
    }
    /// The answer for a message that has met with `status`. `why`: cleanup's reason, or the words of a filter (`filtered`).
    fn verdict(&mut self, status: i64, bare: bool, why: String, filtered: bool) -> Reply {
        let chunks = self.in_chunks();
        let by: &[&str] = if filtered { &["smtpd_proxy_filter"] } else { &[] };
        let id = self.check.facts.queue_id.clone().unwrap_or_default();
        if status == 0 && !bare {
            (self.errors, self.check.errors, self.junk) = (0, 0, 0);
            return Reply::yes(if filtered {
                why
            } else if chunks {
                format!("250 2.0.0 Ok: {} bytes queued as {id}", self.check.facts.act_size)
            } else {
                format!("250 2.0.0 Ok: queued as {id}")
            })
            .by(by);
        }
        if bare {
            self.check.log("reject", "bare <LF> received");
            let code = self.check.code("smtpd_forbid_bare_newline_reject_code");
            return Reply::wrong(format!("{code} 5.5.2 {} Error: bare <LF> received", self.check.env.myhostname))
                .by(&["smtpd_forbid_bare_newline"]);
        }
        let reply_like = why.len() >= 3
            && why.starts_with(['4', '5'])
            && why.bytes().take(3).all(|b| b.is_ascii_digit())
            && matches!(why.as_bytes().get(3), None | Some(b' ' | b'-'));
        if reply_like && !filtered {
            return Reply::forbidden(why);
        }
        // The gravest trouble is told of.
        let order = [
            (stat::DEFER, Class::Policy),
            (stat::BAD, Class::Software),
            (stat::SIZE, Class::Bounce),
            (stat::HOPS, Class::Bounce),
            (stat::CONT, Class::Policy),
            (stat::WRITE, Class::Resource),
            (stat::PROXY, Class::Software),
        ];
        let (bit, class) = order.into_iter().find(|(bit, _)| status & bit != 0).unwrap_or((0, Class::Software));
        let (code, dsn, text) = stat::detail(if bit == 0 { stat::BAD } else { bit });
        let text = match bit {
            stat::CONT | stat::PROXY if filtered => why,
            stat::DEFER | stat::CONT if !why.is_empty() => format!("{code} {why}"),
            0 | stat::BAD => format!("{code} {dsn} Error: internal error {status}"),
            _ => format!("{code} {dsn} Error: {text}"),
        };
        let by: &[&str] = if bit == stat::SIZE { &["message_size_limit"] } else { by };
        Reply { class: Some(class), by, ..Reply::no(text) }
    }
    /// Clears the table for the next MAIL.
    pub(crate) async fn after_message(&mut self) {
        let threshold = self.check.env.cfg.int("smtpd_history_flush_threshold");
        self.chat_reset(threshold).await;
        self.mail_reset().await;
        self.rcpt_reset();
    }
}
