//! One SMTP or LMTP session as client: greeting, EHLO, QUIT, and what is said when a server does not play along.
//! Not here: lines and replies (`chat`), envelope and content (`transfer`). Source: RFC 5321, RFC 2033, smtp_proto(3), smtp_trouble(3).

use super::Delivery;
use super::addr::Host;
use super::chat::{Broken, Chat, Reply, Trouble};
use crate::ehlo::Keywords;
use crate::post::utf8;
use crate::report::Dsn;
use machine::Fd;

/// A connection to a server.
pub(super) struct Session {
    pub(super) chat: Chat,
    pub(super) host: String,
    /// `host[address]`
    pub(super) name: String,
    /// `host[address]:port`
    pub(super) relay: String,
    pub(super) eight_bit: bool,
    pub(super) dsn: bool,
    pub(super) size: Option<i64>,
    pub(super) utf8: bool,
    /// What XFORWARD may tell this server.
    pub(super) xforward: Vec<String>,
    /// The mechanisms of AUTH, if it is offered and wanted.
    pub(super) mechanisms: Option<String>,
    /// Wait before the final dot: a firewall loses it else.
    pub(super) late_dot: bool,
}

impl Session {
    pub(super) fn new(job: &Delivery<'_>, fd: Fd, host: &Host, name: &str, relay: &str) -> Session {
        Session {
            chat: Chat::new(job, fd, host, relay),
            host: host.name.clone(),
            name: name.to_string(),
            relay: relay.to_string(),
            eight_bit: false,
            dsn: false,
            size: None,
            utf8: false,
            xforward: Vec::new(),
            mechanisms: None,
            late_dot: false,
        }
    }
    /// A status made of a reply.
    fn status(&mut self, reply: &Reply, reason: String) -> Dsn {
        let mut dsn = self.answered(reply, reason);
        if !(400..=599).contains(&reply.code) || matches!(reply.code, 500..=509 | 555) {
            self.chat.troubled(Trouble::Protocol);
        }
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
    pub(super) fn said(&mut self, reply: &Reply, command: &str) -> Dsn {
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
    }
    pub(super) async fn lost(&mut self, job: &mut Delivery<'_>, how: Broken, doing: &str) {
        let (status, text) = match how {
            Broken::Lost => ("4.4.2", format!("lost connection with {} while {doing}", self.name)),
            Broken::TimedOut => ("4.4.2", format!("conversation with {} timed out while {doing}", self.name)),
            Broken::Data => ("4.3.0", format!("local data error while talking to {}", self.name)),
        };
        if matches!(how, Broken::Data) {
            self.chat.troubled(Trouble::Data);
        }
        let relay = self.relay.clone();
        job.fail_all(Dsn::new(status, text), &relay, true).await;
    }
    /// Greeting and EHLO. True: the server talks to us.
    pub(super) async fn helo(&mut self, job: &mut Delivery<'_>) -> bool {
        let cfg = job.d.cfg.clone();
        let prefix = if job.lmtp { "lmtp_" } else { "smtp_" };
        let timeout = cfg.time(if job.lmtp { "lmtp_lhlo_timeout" } else { "smtp_helo_timeout" });
        let mut greeting = match self.chat.reply(timeout).await {
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
            self.chat.say(&format!("{} {me}", if job.lmtp { "LHLO" } else { "EHLO" }));
            let doing = if job.lmtp { "performing the LHLO handshake" } else { "performing the EHLO handshake" };
            match self.chat.reply(timeout).await {
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
        self.chat.say(&format!("HELO {me}"));
        match self.chat.reply(timeout).await {
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
        let age = self.chat.sys.now().secs().saturating_sub(job.request.job.stats.incoming.secs());
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
                return Err(Broken::Data);
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
                "PIPELINING" => self.chat.pipelining = true,
                "XFORWARD" => self.xforward = rest.split_ascii_whitespace().map(str::to_ascii_uppercase).collect(),
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
    /// The last command, unless it has been `said`; its answer is waited for only if somebody wants that.
    pub(super) async fn quit(&mut self, job: &Delivery<'_>, said: bool) {
        if self.chat.broken {
            return;
        }
        if !said {
            self.chat.say("QUIT");
        }
        let cfg = &job.d.cfg;
        if cfg.bool(&format!("{}skip_quit_response", job.prefix())) {
            let _ = self.chat.flush().await;
        } else {
            let _ = self.chat.reply(cfg.time(&format!("{}quit_timeout", job.prefix()))).await;
        }
    }
}
