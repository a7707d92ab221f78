//! The conversation of smtp(8) with a server: lines out, replies in, smtp_reply_filter, the transcript for the postmaster.
//! Not here: what is said and what it means (`session`, `transfer`). Source: smtp_chat(3), smtp_stream(3).

use super::Delivery;
use super::addr::Host;
use crate::lookup::{Table, Tables};
use crate::maillog::Log;
use crate::report::is_status;
use crate::restrictions::check::{printable, truncate};
use crate::transcript::Transcript;
use machine::{Errno, Fd, Interest, Sys};

/// A reply: code, lines joined by newlines, status.
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
    pub(super) dsn: String,
}

impl Reply {
    pub(super) fn ok(&self) -> bool {
        self.code / 100 == 2
    }
    pub(super) fn one_line(&self) -> String {
        self.text.replace('\n', " ")
    }
}

/// How a session ends early.
pub(super) enum Broken {
    Lost,
    TimedOut,
    /// A table of ours cannot be read.
    Data,
}

/// The classes of trouble that the postmaster may want to hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Protocol,
    Data,
}

/// The connection to a server.
pub(super) struct Chat {
    pub(super) sys: Sys,
    log: Log,
    fd: Fd,
    input: Vec<u8>,
    pub(super) out: Vec<u8>,
    /// The message that is on its way.
    id: String,
    /// `host[address]:port`
    relay: String,
    filter: Option<(Table, Tables)>,
    limit: usize,
    utf8: bool,
    /// The server takes commands ahead: a line that is no reply would shift the others.
    pub(super) pipelining: bool,
    /// A name of the parameter that turns that off, if that is to be told.
    advice: Option<String>,
    /// The server's address.
    address: String,
    pub(super) broken: bool,
    history: Vec<String>,
    trouble: Vec<Trouble>,
}

impl Chat {
    pub(super) fn new(job: &Delivery<'_>, fd: Fd, host: &Host, relay: &str) -> Chat {
        let cfg = &job.d.cfg;
        let advice = format!("{}discard_{}_keyword_address_maps", job.prefix(), job.hello());
        Chat {
            sys: job.d.sys.clone(),
            log: job.d.log.clone(),
            fd,
            input: Vec::new(),
            out: Vec::new(),
            id: job.request.job.id.clone(),
            relay: relay.to_string(),
            filter: job.setup.replies.clone().map(|table| (table, job.d.tables.clone())),
            limit: usize::try_from(cfg.int("line_length_limit")).unwrap_or(2048),
            utf8: cfg.bool("smtputf8_enable"),
            pipelining: false,
            advice: cfg.bool("helpful_warnings").then_some(advice),
            address: host.ip.map_or_else(|| host.path.clone(), |ip| ip.to_string()),
            broken: false,
            history: Vec::new(),
            trouble: Vec::new(),
        }
    }
    pub(super) async fn close(&self) {
        let _ = self.sys.close(self.fd).await;
    }
    /// A command.
    pub(super) fn say(&mut self, text: &str) {
        self.history.push(format!("Out: {text}"));
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }
    pub(super) fn troubled(&mut self, what: Trouble) {
        self.trouble.push(what);
    }
    pub(super) async fn flush(&mut self) -> Result<(), Broken> {
        let out = std::mem::take(&mut self.out);
        if out.is_empty() {
            return Ok(());
        }
        match self.sys.write(self.fd, &out).await {
            Ok(()) => Ok(()),
            Err(_) => {
                self.broken = true;
                Err(Broken::Lost)
            }
        }
    }
    /// One line, made printable; what is beyond the limit is left out.
    async fn line(&mut self, timeout: i64) -> Result<String, Broken> {
        let until = (timeout > 0).then(|| self.sys.now().plus_secs(timeout as u64));
        loop {
            if let Some(end) = self.input.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let mut text = printable(&String::from_utf8_lossy(line), '?', self.utf8);
                if text.len() > self.limit {
                    truncate(&mut text, self.limit);
                    let (start, _) = crate::config::cut(&text, 30);
                    self.log.warn(format_args!("{}: response longer than {}: {start}...", self.relay, self.limit));
                }
                return Ok(text);
            }
            match self.sys.poll(&[(self.fd, Interest::Read)], until).await {
                Ok(ready) if ready.is_empty() => {
                    self.broken = true;
                    return Err(Broken::TimedOut);
                }
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(_) => {}
            }
            match self.sys.read(self.fd, 1 << 16).await {
                Ok(part) if !part.is_empty() => self.input.extend_from_slice(&part),
                _ => {
                    self.broken = true;
                    return Err(Broken::Lost);
                }
            }
        }
    }
    /// What smtp_reply_filter makes of a line.
    async fn replaced(&mut self, line: String) -> Result<String, Broken> {
        let Some((table, tables)) = &self.filter else { return Ok(line) };
        let (log, relay) = (&self.log, &self.relay);
        match table.find(tables, &line).await {
            Ok(None) => Ok(line),
            Ok(Some(hit)) => {
                log.info(format_args!("{relay}: replacing server reply \"{line}\" with \"{}\"", hit.value));
                self.history.push("Replaced-by: ".to_string());
                self.history.push(format!("     {}", hit.value));
                Ok(hit.value)
            }
            Err(_) => {
                log.warn(format_args!("{}: table {} lookup error for {line}", self.id, table.name()));
                Err(Broken::Data)
            }
        }
    }
    /// Sends what is pending and reads one reply. Lines that begin no reply are passed over, and kept as part of its text.
    pub(super) async fn reply(&mut self, timeout: i64) -> Result<Reply, Broken> {
        self.flush().await?;
        let mut text = String::new();
        loop {
            let line = self.line(timeout).await?;
            self.history.push(format!("In:  {line}"));
            let line = self.replaced(line).await?;
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let next = line.as_bytes().get(digits);
            if digits == 3 && next == Some(&b'-') {
                continue;
            }
            if digits != 3 || !matches!(next, None | Some(b' ')) {
                self.no_reply(&line);
                continue;
            }
            let class = &line[..1];
            let status = line.get(4..).unwrap_or("").trim_start_matches(' ').split([' ', '\t']).next().unwrap_or("");
            let dsn = match class {
                "2" | "4" | "5" if is_status(status) && status.starts_with(class) => status.to_string(),
                "2" | "4" | "5" => format!("{class}.0.0"),
                _ => "5.5.0".to_string(),
            };
            return Ok(Reply { code: line[..3].parse().unwrap_or(0), text, dsn });
        }
    }
    fn no_reply(&mut self, line: &str) {
        self.troubled(Trouble::Protocol);
        if !self.pipelining {
            return;
        }
        let (kind, (start, _)) = (if self.log.name() == "lmtp" { "LMTP" } else { "ESMTP" }, crate::config::cut(line, 100));
        self.log.warn(format_args!("{}: non-{kind} response from {}: {start}", self.id, self.relay));
        if let Some(name) = &self.advice {
            let what = format!("turn off command pipelining for {} with the {name} parameter", self.address);
            self.log.warn(format_args!("to prevent loss of mail, {what}"));
        }
    }
    /// The end of a session: the postmaster may want to see how it went.
    pub(super) async fn notify(&self, job: &Delivery<'_>) {
        let cfg = &job.d.cfg;
        let wanted = cfg.list("notify_classes");
        let named = |t: &Trouble| wanted.iter().any(|c| c.eq_ignore_ascii_case(if *t == Trouble::Data { "data" } else { "protocol" }));
        let double = format!("{}@{}", cfg.str("double_bounce_sender"), cfg.str("myhostname"));
        // No notices about notices.
        if !self.trouble.iter().any(named) || ["", &double].contains(&job.request.sender.as_str()) {
            return;
        }
        Transcript {
            sys: &self.sys,
            cfg,
            log: &self.log,
            recipient: cfg.str("error_notice_recipient"),
            subject: format!("{} client: errors from {}", if job.lmtp { "LMTP" } else { "SMTP" }, self.relay),
            opening: Some(format!("Unexpected response from {}.", self.relay)),
            lines: &self.history,
            closing: &[],
        }
        .send()
        .await;
    }
}
