//! One SMTP or LMTP session as client: lines and replies, greeting, EHLO, QUIT, and what is said when a server does not play along.
//! Not here: envelope and content (`transfer`). Source: RFC 5321, RFC 2033, smtp_proto(3), smtp_trouble(3).

use super::Delivery;
use super::addr::Host;
use crate::ehlo::Keywords;
use crate::post::utf8;
use crate::report::{Dsn, is_status};
use machine::{Errno, Fd, Interest, Sys};

/// A reply: code, lines joined by newlines, status.
pub(super) struct Reply {
    pub(super) code: u16,
    text: String,
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
}

/// A connection to a server.
pub(super) struct Session {
    pub(super) sys: Sys,
    fd: Fd,
    pub(super) host: String,
    /// `host[address]`
    pub(super) name: String,
    /// `host[address]:port`
    pub(super) relay: String,
    pub(super) buf: Vec<u8>,
    pub(super) out: Vec<u8>,
    pub(super) pipelining: bool,
    pub(super) eight_bit: bool,
    pub(super) dsn: bool,
    pub(super) size: Option<i64>,
    pub(super) utf8: bool,
    /// The mechanisms of AUTH, if it is offered and wanted.
    pub(super) mechanisms: Option<String>,
    /// Wait before the final dot: a firewall loses it else.
    pub(super) late_dot: bool,
    broken: bool,
}

impl Session {
    pub(super) fn new(sys: &Sys, fd: Fd, host: &Host, name: &str, relay: &str) -> Session {
        Session {
            sys: sys.clone(),
            fd,
            host: host.name.clone(),
            name: name.to_string(),
            relay: relay.to_string(),
            buf: Vec::new(),
            out: Vec::new(),
            pipelining: false,
            eight_bit: false,
            dsn: false,
            size: None,
            utf8: false,
            mechanisms: None,
            late_dot: false,
            broken: false,
        }
    }
    pub(super) async fn close(self) {
        let _ = self.sys.close(self.fd).await;
    }
    pub(super) fn say(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\r\n");
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
    async fn line(&mut self, timeout: i64) -> Result<String, Broken> {
        let until = (timeout > 0).then(|| self.sys.now().plus_secs(timeout as u64));
        loop {
            if let Some(end) = self.buf.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.buf.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line);
                return Ok(text.trim_end_matches(['\r', '\n']).to_string());
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
                Ok(part) if !part.is_empty() => self.buf.extend_from_slice(&part),
                _ => {
                    self.broken = true;
                    return Err(Broken::Lost);
                }
            }
        }
    }
    /// Sends what is pending and reads one reply.
    pub(super) async fn reply(&mut self, timeout: i64) -> Result<Reply, Broken> {
        self.flush().await?;
        let mut text = String::new();
        loop {
            let line = self.line(timeout).await?;
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            let b = line.as_bytes();
            let code =
                b.get(..3).filter(|d| d.iter().all(u8::is_ascii_digit)).and_then(|d| std::str::from_utf8(d).ok()?.parse::<u16>().ok());
            let Some(code) = code else {
                return Ok(Reply { code: 0, text, dsn: "5.5.0".to_string() });
            };
            if b.get(3) == Some(&b'-') {
                continue;
            }
            let class = code / 100;
            let status = line.get(4..).unwrap_or("").split([' ', '\t']).next().unwrap_or("");
            let dsn = if is_status(status) && status.starts_with(char::from(b'0' + (class % 10) as u8)) {
                status.to_string()
            } else {
                match class {
                    2..=5 => format!("{class}.0.0"),
                    _ => "5.5.0".to_string(),
                }
            };
            return Ok(Reply { code, text, dsn });
        }
    }
    /// A status made of a reply.
    fn status(&self, reply: &Reply, reason: String) -> Dsn {
        let mut dsn = self.answered(reply, reason);
        if !dsn.status.starts_with(['4', '5']) {
            dsn.reason.insert_str(0, "Protocol error: ");
            dsn.status = "5.5.0".to_string();
        }
        dsn
    }
    /// What a server said as a status, whatever its code.
    pub(super) fn answered(&self, reply: &Reply, reason: String) -> Dsn {
        Dsn {
            status: reply.dsn.clone(),
            reason,
            action: String::new(),
            dtype: "smtp".to_string(),
            dtext: reply.one_line(),
            mtype: "dns".to_string(),
            mname: self.host.clone(),
        }
    }
    pub(super) fn said(&self, reply: &Reply, command: &str) -> Dsn {
        self.status(reply, format!("host {} said: {} (in reply to {command})", self.name, reply.one_line()))
    }
    async fn refused(&mut self, job: &mut Delivery<'_>, reply: &Reply) -> bool {
        let dsn = self.status(reply, format!("host {} refused to talk to me: {}", self.name, reply.one_line()));
        self.give_up(job, dsn, true).await;
        false
    }
    /// The session ends before it has begun; so do the recipients' hopes in this server, and with `throttle` those of other messages.
    pub(super) async fn give_up(&mut self, job: &mut Delivery<'_>, dsn: Dsn, throttle: bool) {
        let relay = self.relay.clone();
        job.fail_all(dsn, &relay, throttle).await;
        self.say("QUIT");
        let _ = self.flush().await;
    }
    pub(super) async fn lost(&mut self, job: &mut Delivery<'_>, how: Broken, doing: &str) {
        let text = match how {
            Broken::Lost => format!("lost connection with {} while {doing}", self.name),
            Broken::TimedOut => format!("conversation with {} timed out while {doing}", self.name),
        };
        let relay = self.relay.clone();
        job.fail_all(Dsn::new("4.4.2", text), &relay, true).await;
    }
    /// Greeting and EHLO. True: the server talks to us.
    pub(super) async fn helo(&mut self, job: &mut Delivery<'_>) -> bool {
        let cfg = job.d.cfg.clone();
        let prefix = if job.lmtp { "lmtp_" } else { "smtp_" };
        let timeout = cfg.time(if job.lmtp { "lmtp_lhlo_timeout" } else { "smtp_helo_timeout" });
        let mut greeting = match self.reply(timeout).await {
            Ok(reply) => reply,
            Err(how) => {
                self.lost(job, how, "receiving the initial server greeting").await;
                return false;
            }
        };
        if !greeting.ok() {
            if greeting.code / 100 == 5 && cfg.bool(&format!("{prefix}skip_5xx_greeting")) {
                greeting.dsn.replace_range(..1, "4");
            }
            return self.refused(job, &greeting).await;
        }
        let named = greeting.text.get(4..).unwrap_or("").split_whitespace().next();
        if job.detects_loops && named.is_some_and(|w| w.eq_ignore_ascii_case(&cfg.str("myhostname"))) {
            job.d.log.warn(format_args!("host {} greeted me with my own hostname {}", self.relay, cfg.str("myhostname")));
        }
        let me = cfg.str(&format!("{prefix}{}", if job.lmtp { "lhlo_name" } else { "helo_name" }));
        let mut esmtp = job.lmtp || greeting.text.split_whitespace().any(|w| w.eq_ignore_ascii_case("ESMTP"));
        if !job.lmtp {
            esmtp = (esmtp || cfg.bool("smtp_always_send_ehlo")) && !cfg.bool("smtp_never_send_ehlo");
        }
        esmtp &= !self.behind_pix(job, &greeting.text).await || job.lmtp;
        if esmtp {
            self.say(&format!("{} {me}", if job.lmtp { "LHLO" } else { "EHLO" }));
            let doing = if job.lmtp { "performing the LHLO handshake" } else { "performing the EHLO handshake" };
            match self.reply(timeout).await {
                Err(how) => {
                    self.lost(job, how, doing).await;
                    return false;
                }
                Ok(reply) if reply.ok() => {
                    return match self.met(job, &reply.text, timeout).await {
                        Ok(goes_on) => goes_on,
                        Err(how) => {
                            self.lost(job, how, doing).await;
                            false
                        }
                    };
                }
                Ok(reply) if reply.code == 421 || job.lmtp => return self.refused(job, &reply).await,
                Ok(_) => {}
            }
        }
        self.say(&format!("HELO {me}"));
        match self.reply(timeout).await {
            Err(how) => {
                self.lost(job, how, "performing the HELO handshake").await;
                false
            }
            Ok(reply) if reply.ok() => true,
            Ok(reply) => self.refused(job, &reply).await,
        }
    }
    /// A greeting of nothing but stars comes through a firewall of a kind that breaks SMTP: what is done about it. True: no ESMTP.
    async fn behind_pix(&mut self, job: &Delivery<'_>, greeting: &str) -> bool {
        if !greeting.bytes().all(|b| b"20 *\t\n".contains(&b)) {
            return false;
        }
        let cfg = &job.d.cfg;
        let listed = job.setup.pix.find(&self.address()).await.ok().flatten().map(|hit| hit.value);
        let words = listed.unwrap_or_else(|| cfg.str(&format!("{}pix_workarounds", job.prefix())));
        if words.is_empty() {
            return false;
        }
        let asks = |name: &str| words.split([',', ' ', '\t']).any(|w| w.eq_ignore_ascii_case(name));
        let age = self.sys.now().secs().saturating_sub(job.request.job.stats.incoming.secs());
        self.late_dot = asks("delay_dotcrlf") && age as i64 >= cfg.time(&format!("{}pix_workaround_threshold_time", job.prefix()));
        let names = [("disable_esmtp", asks("disable_esmtp")), ("delay_dotcrlf", self.late_dot)];
        let names: Vec<&str> = names.iter().filter(|n| n.1).map(|n| n.0).collect();
        let id = &job.request.job.id;
        job.d.log.info(format_args!("{id}: enabling PIX workarounds: {} for {}", names.join(" "), self.relay));
        asks("disable_esmtp")
    }
    /// The server's address.
    fn address(&self) -> String {
        self.name.rsplit('[').next().unwrap_or("").trim_end_matches(']').to_string()
    }
    /// What the EHLO reply says, and logging in. True: the session goes on.
    async fn met(&mut self, job: &mut Delivery<'_>, text: &str, timeout: i64) -> Result<bool, Broken> {
        let address = self.address();
        let words = match job.setup.discard.find(&address).await {
            Ok(hit) => hit.map(|h| h.value),
            Err(_) => {
                let title = job.setup.discard.title();
                job.d.log.warn(format_args!("{}: {title} map lookup error for {address}", job.request.job.id));
                self.give_up(job, Dsn::new("4.3.0", format!("local data error while talking to {}", self.name)), true).await;
                return Ok(false);
            }
        };
        let cfg = job.d.cfg.clone();
        let discard = Keywords::of(&words.unwrap_or_else(|| cfg.str(&format!("{}discard_{}_keywords", job.prefix(), job.hello()))));
        if let Some(names) = discard.told() {
            job.d.log.info(format_args!("discarding EHLO keywords: {names}"));
        }
        for (n, line) in text.lines().enumerate() {
            let line = line.get(4..).unwrap_or("");
            let (word, rest) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
            let word = word.to_ascii_uppercase();
            if n == 0 {
                if job.detects_loops && word.eq_ignore_ascii_case(&cfg.str("myhostname")) {
                    let me = cfg.str("myhostname");
                    job.d.log.warn(format_args!("host {} replied to HELO/EHLO with my own hostname {me}", self.relay));
                    let text = format!("mail for {} loops back to myself", job.request.nexthop);
                    self.give_up(job, Dsn::new(if job.best_mx { "5.4.6" } else { "4.4.6" }, text), true).await;
                    return Ok(false);
                }
                continue;
            }
            match word.as_str() {
                word if discard.has(word) => {}
                "PIPELINING" => self.pipelining = true,
                "8BITMIME" => self.eight_bit = true,
                "DSN" => self.dsn = true,
                "SMTPUTF8" => self.utf8 = true,
                "AUTH" => self.offered(job, rest.trim()).await,
                "SIZE" => {
                    let limit = rest.split_ascii_whitespace().next().unwrap_or("0");
                    self.size = Some(limit.parse().unwrap_or(0));
                    if !limit.bytes().all(|b| b.is_ascii_digit()) {
                        job.d.log.warn(format_args!("bad EHLO SIZE limit \"{limit}\" from {}", self.relay));
                    }
                }
                _ => {}
            }
        }
        let needs = job.request.utf8;
        if !self.utf8 && needs & utf8::REQUESTED != 0 && needs != utf8::REQUESTED {
            let text = format!("SMTPUTF8 is required, but was not offered by host {}", self.name);
            self.give_up(job, Dsn::new("5.6.7", text), false).await;
            return Ok(false);
        }
        if self.utf8 && !self.eight_bit {
            job.d.log.info(format_args!("host {} offers SMTPUTF8 support, but not 8BITMIME", self.name));
            self.eight_bit = true;
        }
        self.login(job, timeout).await
    }
    pub(super) async fn quit(&mut self) {
        if !self.broken {
            self.say("QUIT");
            let _ = self.flush().await;
        }
    }
}
