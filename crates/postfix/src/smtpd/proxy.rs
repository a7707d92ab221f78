//! The filter before the queue (`smtpd_proxy_filter`): commands and text are passed on to an SMTP server, whose answers the client gets.
//! Source: SMTPD_PROXY_README, smtpd_proxy(3). Not here: the file that `speed_adjust` keeps the message in.

use super::chat::Stop;
use super::reply::Reply;
use super::session::Session;
use super::stream::Stream;
use crate::ipc::dial;
use crate::maillog::Log;
use crate::post::stat;
use crate::queue::rec;
use crate::restrictions::check::{Class, printable};
use machine::{Fd, Interest, Signal, Sys};
use wire::smtp::{BareLf, Ending, Input, xtext_encode};

/// What an answer begins with if all is well.
pub(crate) const OK: u8 = b'2';
/// The same where text follows.
pub(crate) const MORE: u8 = b'3';
/// Any answer will do.
const ANY: u8 = 0;
/// What a XFORWARD command may hold.
const PAYLOAD: usize = 512 - "250 XFORWARD\r\n".len();

/// A filter and what it has been told.
pub(super) struct Proxy {
    sys: Sys,
    log: Log,
    service: String,
    ehlo: String,
    mail: String,
    origin: Vec<(&'static str, String)>,
    timeout: u64,
    limit: usize,
    fd: Option<Fd>,
    input: Input,
    /// Nothing more can be said or heard.
    broken: bool,
    /// Its last answer, or ours in its place.
    pub(super) reply: String,
    /// The trouble was between us and the filter.
    failed: bool,
    /// The endpoint makes no sense: the process ends with this status.
    exit: Option<i32>,
    /// With `speed_adjust`: commands and what they expect, and text between them, until the message is complete.
    saved: Option<Vec<(Option<u8>, Vec<u8>)>>,
}

impl Proxy {
    fn new(session: &mut Session) -> Proxy {
        let mail = session.transaction().map_or(String::new(), |t| t.mail.clone());
        let env = &session.check.env;
        let cfg = &env.cfg;
        let (name, addr, port, _, helo, protocol) = session.forward.origin(&session.check.facts);
        let forward = &session.forward;
        let known = |value: &str| if value == "unknown" { "[UNAVAILABLE]" } else { value }.to_string();
        let or_none = |value: Option<&str>| value.unwrap_or("[UNAVAILABLE]").to_string();
        let source = if forward.domain.unwrap_or(session.context) == "local" { "LOCAL" } else { "REMOTE" };
        Proxy {
            sys: env.sys.clone(),
            log: env.log.clone(),
            service: cfg.str("smtpd_proxy_filter"),
            ehlo: cfg.str("smtpd_proxy_ehlo"),
            mail,
            origin: vec![
                ("NAME", known(name)),
                ("ADDR", known(addr)),
                ("PORT", known(port)),
                ("HELO", or_none(helo)),
                ("IDENT", or_none(forward.ident.as_deref())),
                ("PROTO", known(protocol)),
                ("SOURCE", source.into()),
            ],
            timeout: u64::try_from(cfg.time("smtpd_proxy_timeout")).unwrap_or(100),
            limit: env.line_limit,
            fd: None,
            input: Input::default(),
            broken: false,
            reply: String::new(),
            failed: false,
            exit: None,
            saved: env.adjusts_speed().then(Vec::new),
        }
    }
    /// An answer of our own.
    fn fake(&mut self) {
        let (code, dsn, text) = stat::detail(stat::PROXY);
        self.reply = format!("{code} {dsn} Error: {text}");
    }
    /// Trouble with the connection; nothing is said of what is known.
    fn trouble(&mut self, what: &str) -> bool {
        if !what.is_empty() {
            self.log.warn(format_args!("{what} proxy {}", self.service));
            self.broken = true;
        }
        self.failed = true;
        self.fake();
        false
    }
    /// The next line of an answer, or what went wrong.
    async fn line(&mut self, fd: Fd) -> Result<String, &'static str> {
        let mut line: Option<String> = None;
        loop {
            if let Some(cut) = line.take() {
                if self.input.skip_line() {
                    return Ok(cut);
                }
                line = Some(cut);
            } else if let Some((bytes, ending)) = self.input.line(self.limit, BareLf::Allow) {
                let text = printable(&String::from_utf8_lossy(&bytes), '?', false);
                if ending != Ending::Cut {
                    return Ok(text);
                }
                self.log.warn(format_args!("{}: response longer than {}: {text:.30}...", self.service, self.limit));
                line = Some(text);
                continue;
            }
            let until = self.sys.now().plus_secs(self.timeout);
            if self.sys.poll(&[(fd, Interest::Read)], Some(until)).await.is_ok_and(|ready| ready.is_empty()) {
                return Err("timeout talking to");
            }
            match self.sys.read(fd, 4096).await {
                Ok(bytes) if !bytes.is_empty() => self.input.push(&bytes),
                _ => return Err("lost connection with"),
            }
        }
    }
    /// Says a command, behind text that waits to be sent, and hears the answer.
    async fn command(&mut self, mut out: Vec<u8>, expect: u8, text: &str) -> bool {
        let Some(fd) = self.fd.filter(|_| !self.broken) else { return self.trouble("") };
        if !text.is_empty() {
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if !out.is_empty() && self.sys.write(fd, &out).await.is_err() {
            return self.trouble("lost connection with");
        }
        self.reply.clear();
        loop {
            let line = match self.line(fd).await {
                Ok(line) => line,
                Err(what) => return self.trouble(what),
            };
            if self.reply.len() < self.limit {
                self.reply.extend([if self.reply.is_empty() { "" } else { "\r\n" }, &line]);
            }
            match (line.bytes().take_while(u8::is_ascii_digit).count(), line.as_bytes().get(3)) {
                (3, Some(b' ') | None) => break,
                (3, Some(b'-')) => {}
                _ => self.log.warn(format_args!("received garbage from proxy {}: {line:.100}", self.service)),
            }
        }
        if expect == ANY || self.reply.as_bytes().first() == Some(&expect) {
            return true;
        }
        let what = if text.is_empty() { "connection request" } else { text };
        self.log.warn(format_args!("proxy {} rejected \"{what}\": \"{}\"", self.service, self.reply));
        if self.reply.starts_with(['2', '3']) {
            self.trouble("");
        }
        false
    }
    /// Who the client is, as far as the filter wants to know.
    async fn forward(&mut self) -> bool {
        let wanted: Vec<String> = self
            .reply
            .lines()
            .filter_map(|line| {
                let mut words = line.get(4..).unwrap_or_default().split_ascii_whitespace();
                words.next().filter(|w| w.eq_ignore_ascii_case("XFORWARD")).map(|_| words.map(str::to_ascii_uppercase))
            })
            .flatten()
            .collect();
        let mut command = String::new();
        for (name, value) in std::mem::take(&mut self.origin) {
            if !wanted.iter().any(|w| w == name) {
                continue;
            }
            let part = format!(" {name}={}", xtext_encode(&value, ""));
            if part.len() > PAYLOAD {
                self.log.warn(format_args!("XFORWARD command payload {name}={value:.10}... exceeds SMTP protocol limit"));
            }
            if !command.is_empty() && command.len() + part.len() > PAYLOAD {
                if !self.command(Vec::new(), OK, &format!("XFORWARD{command}")).await {
                    return false;
                }
                command.clear();
            }
            command.push_str(&part);
        }
        command.is_empty() || self.command(Vec::new(), OK, &format!("XFORWARD{command}")).await
    }
    /// Connects and goes as far as MAIL.
    async fn start(&mut self) -> bool {
        let kind = self.service.get(..5).unwrap_or_default().to_ascii_lowercase();
        let inet = kind != "unix:";
        let endpoint = if inet && kind != "inet:" { &self.service } else { &self.service[5..] };
        match dial(&self.sys, &self.log, endpoint, inet, self.timeout).await {
            Ok(Ok(fd)) => self.fd = Some(fd),
            Ok(Err(why)) => {
                self.log.warn(format_args!("connect to proxy filter {}: {why}", self.service));
                return self.trouble("");
            }
            Err(why) => {
                self.exit = Some(self.log.fatal(&why).await);
                return false;
            }
        }
        let hello = format!("EHLO {}", self.ehlo);
        let ready = self.command(Vec::new(), OK, "").await && self.command(Vec::new(), OK, &hello).await && self.forward().await;
        let mail = std::mem::take(&mut self.mail);
        if !ready {
            // What it says before MAIL is not for the client.
            self.fake();
        } else if self.command(Vec::new(), OK, &mail).await {
            return true;
        }
        self.close(Vec::new()).await;
        false
    }
    /// Passes on text, or keeps it.
    pub(super) async fn send(&mut self, text: Vec<u8>) {
        match (&mut self.saved, self.fd) {
            (Some(saved), _) => saved.push((None, text)),
            (None, Some(fd)) if !self.broken && self.sys.write(fd, &text).await.is_err() => {
                self.trouble("lost connection with");
            }
            _ => {}
        }
    }
    /// Passes on a command, behind text, or keeps both; at the end of the text all that was kept.
    pub(super) async fn tell(&mut self, text: Vec<u8>, expect: u8, command: &str) -> bool {
        let Some(saved) = &mut self.saved else { return self.command(text, expect, command).await };
        saved.extend([(None, text), (Some(expect), command.into())]);
        if command != "." {
            return true;
        }
        let saved = std::mem::take(saved);
        let mut out = Vec::new();
        let mut good = self.start().await;
        for (expect, bytes) in saved {
            match expect {
                _ if !good => break,
                None => out.extend(bytes),
                Some(expect) => good = self.command(std::mem::take(&mut out), expect, &String::from_utf8_lossy(&bytes)).await,
            }
        }
        good
    }
    /// Hangs up; text that was not sent goes out before the QUIT.
    pub(super) async fn close(&mut self, mut text: Vec<u8>) {
        let Some(fd) = self.fd.take() else { return };
        if !self.broken {
            text.extend_from_slice(b"QUIT\r\n");
            let _ = self.sys.write(fd, &text).await;
        }
        let _ = self.sys.close(fd).await;
    }
    /// What became of the message.
    pub(super) fn status(&self) -> i64 {
        match () {
            () if self.failed => stat::PROXY,
            () if self.reply.as_bytes().first() == Some(&OK) => 0,
            () => stat::CONT,
        }
    }
    /// Whether the connection is gone that Postfix believes in.
    fn gone(&self) -> bool {
        self.saved.is_none() && self.fd.is_none()
    }
}

impl Session {
    /// Opens the way to the filter; its refusal.
    pub(super) async fn open_proxy(&mut self) -> Result<Stream, Reply> {
        let mut proxy = Proxy::new(self);
        if proxy.saved.is_some() || proxy.start().await {
            return Ok(Stream::filtered(proxy));
        }
        Err(self.refused(&mut proxy))
    }
    /// The filter's refusal, for the client.
    fn refused(&mut self, proxy: &mut Proxy) -> Reply {
        self.check.stop = proxy.exit.map(Stop::Exit).or(self.check.stop);
        let mut reply = Reply::no(std::mem::take(&mut proxy.reply)).by(&["smtpd_proxy_filter"]);
        if proxy.failed {
            reply.class = Some(Class::Software);
            if let Some(transaction) = self.transaction() {
                transaction.trouble = stat::PROXY;
            }
        }
        reply
    }
    /// Passes a command on to the filter, if there is one; its refusal.
    pub(crate) async fn pass_on(&mut self, expect: u8, command: &str) -> Option<Reply> {
        let transaction = self.transaction()?;
        let mut stream = transaction.stream.take()?;
        let mut refusal = None;
        if let Some((proxy, out)) = stream.filter() {
            if proxy.gone() {
                self.check.crash("a message was refused at its end, and there is no connection to the filter", Signal::Segv).await;
            }
            if !proxy.tell(std::mem::take(out), expect, command).await {
                refusal = Some(self.refused(proxy));
            }
        }
        if let Some(transaction) = self.transaction() {
            transaction.stream = Some(stream);
        }
        refusal
    }
    /// Trouble that the message has had so far.
    pub(super) fn trouble(&mut self) -> i64 {
        self.transaction().map_or(0, |t| t.trouble)
    }
    /// Doubles the dot before a line of a chunk that goes to a filter.
    pub(super) fn stuff(&mut self, line: &[u8]) {
        if let Some(stream) = self.stream().filter(|_| line.starts_with(b"."))
            && stream.filter().is_some()
        {
            stream.record(rec::CONT, b".");
        }
    }
    /// Ends the text (`end`) with the filter, if there is one: what became of the message, and the filter's last words.
    pub(super) async fn ask_filter(&mut self, end: bool) -> Option<(i64, String)> {
        let (proxy, out) = self.stream()?.filter()?;
        let mut status = 0;
        if end {
            proxy.tell(std::mem::take(out), ANY, ".").await;
            status = proxy.status();
        }
        let (reply, exit) = (proxy.reply.clone(), proxy.exit);
        self.check.stop = exit.map(Stop::Exit).or(self.check.stop);
        Some((status, reply))
    }
}
