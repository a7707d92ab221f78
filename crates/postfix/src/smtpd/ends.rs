//! Both ends of a session: the limits, restrictions and banner at its beginning, the log lines at its end.
//! Source: smtpd_proto of Postfix; RFC 5321 §3.1, §4.2.4.2.

use super::chat::Stop;
use super::decide::PIPELINING;
use super::reply::Reply;
use super::session::{Phase, Session};
use crate::anvil;
use crate::ehlo::Keywords;
use crate::restrictions::check::Class;
use crate::sasl;
use machine::{Because, TraceId};
use wire::smtp::BareLf;

impl Session {
    /// Whom bare LFs are held against.
    pub(crate) async fn set_bare_lf(&mut self) {
        let env = self.check.env.clone();
        self.chat.bare_lf = BareLf::Allow;
        if !self.alone && env.bare_lf != BareLf::Allow {
            let spared = env.bare_lf_exclusions.matches(&env, &self.check.facts.peer, &mut Vec::new()).await;
            if spared != Some(true) {
                self.chat.bare_lf = env.bare_lf;
            }
        }
    }
    /// Reports an event to anvil if this client's are counted; the count, if it exceeds the limit.
    pub(crate) async fn over_limit(&mut self, event: anvil::Event, parameter: &str) -> Option<i64> {
        let env = self.check.env.clone();
        let limit = env.cfg.int(parameter);
        if self.alone || self.xclient == Some(true) || limit <= 0 || !self.counted().await {
            return None;
        }
        let rate = env.anvil(event, &self.service, &self.check.facts.peer.addr).await?.1;
        (rate > limit).then_some(rate)
    }
    /// Whether this client's events are counted at all.
    async fn counted(&self) -> bool {
        let env = self.check.env.clone();
        env.counts && env.uncounted.matches(&env, &self.check.facts.peer, &mut Vec::new()).await != Some(true)
    }
    /// Greets the client: limits, restrictions, banner. `false`: the session is over.
    pub(super) async fn greet(&mut self) -> Result<bool, Stop> {
        let env = self.check.env.clone();
        self.begin();
        let connect = format!("CONNECT from {}", self.namaddr());
        if self.hangup {
            let reply = Reply::no(format!("421 4.3.0 {} Server local error", env.myhostname)).by(&["smtpd_upstream_proxy_protocol"]);
            let trace = self.decide(&connect, &reply);
            self.say(&reply, trace).await;
            return Ok(false);
        }
        self.check.because(Because::Protocol { rule: "RFC 5321 §3.1".into(), what: "the server speaks first".into() });
        let early = self.pipelining().await;
        let mut refused = early.then(|| Reply::no("554 5.5.0 Error: SMTP protocol synchronization").by(PIPELINING));
        if refused.is_none() && !self.alone && self.xclient != Some(true) && self.counted().await {
            let peer = self.check.facts.peer.clone();
            if let Some((count, rate)) = env.anvil(anvil::Event::Connect, &self.service, &peer.addr).await {
                let (most, fast) = (env.cfg.int("smtpd_client_connection_count_limit"), env.cfg.int("smtpd_client_connection_rate_limit"));
                let over: Option<(_, _, &[_])> = match () {
                    () if most > 0 && count > most => Some(("concurrency", count, &["smtpd_client_connection_count_limit"])),
                    () if fast > 0 && rate > fast => Some(("rate", rate, &["smtpd_client_connection_rate_limit", "anvil_rate_time_unit"])),
                    () => None,
                };
                if let Some((what, n, by)) = over {
                    env.log.warn(format_args!("Connection {what} limit exceeded: {n} from {} for service {}", peer.namaddr, self.service));
                    let text = format!("421 4.7.0 {} Error: too many connections from {}", env.myhostname, peer.addr);
                    refused = Some(Reply::forbidden(text).by(by));
                }
            }
        }
        if let Some(reply) = refused {
            let trace = self.decide(&connect, &reply);
            self.say(&reply, trace).await;
            return Ok(false);
        }
        let address = self.check.facts.peer.addr.clone();
        let words = match env.find_in("smtpd_discard_ehlo_keyword_address_maps", &address, &mut self.check.ladder).await {
            Ok(found) => found,
            Err(()) => return Err(Stop::LocalError),
        };
        self.discard = Keywords::of(&words.unwrap_or_else(|| env.cfg.str("smtpd_discard_ehlo_keywords")));
        let mut reply = Reply::yes(format!("220 {}", env.cfg.str("smtpd_banner")));
        if !self.alone && !env.cfg.bool("smtpd_delay_reject") {
            let judged = self.later("client restrictions", &[]).await?;
            if !judged.ok {
                self.stopped()?;
                self.denied = Some(judged.lines.concat());
                reply = Reply { class: Some(Class::Policy), ..judged };
            }
        }
        let trace = self.decide(&connect, &reply);
        self.say(&reply, trace).await;
        if self.denied.is_some() {
            self.errors += 1;
        }
        if env.cfg.bool("smtpd_sasl_auth_enable") && self.sasl.is_none() && !env.tls_auth_only {
            self.later("sasl", &[]).await?;
        }
        Ok(true)
    }
    /// Prepares AUTH.
    pub(crate) async fn activate_sasl(&mut self) -> Result<(), Stop> {
        let env = self.check.env.clone();
        let made = sasl::Server::create(&env, &self.check.facts.peer, self.check.facts.tls).await;
        self.sasl = Some(made.map_err(Stop::Exit)?);
        self.check.facts.sasl_active = true;
        Ok(())
    }
    /// What a restriction has done to the session.
    pub(super) fn stopped(&self) -> Result<(), Stop> {
        self.check.stop.map_or(Ok(()), Err)
    }
    /// Talks until the end.
    pub(crate) async fn run(&mut self) -> Option<i32> {
        let end = self.talk().await;
        let env = self.check.env.clone();
        let farewell = match end {
            Ok(()) => None,
            Err(Stop::Quiet) => {
                // The connection is shut before what was put for the client has gone.
                self.chat.forget();
                self.decide(&format!("{}: the connection is cut", self.line), &Reply { lines: Vec::new(), ..Reply::no("") });
                None
            }
            Err(Stop::Eof) => {
                self.reason = Some("lost connection");
                None
            }
            Err(Stop::Timeout) => {
                self.reason = Some("timeout");
                self.begin();
                Some(Reply::no(format!("421 4.4.2 {} Error: timeout exceeded", env.myhostname)).by(&["smtpd_timeout"]))
            }
            Err(Stop::LocalError) => {
                let text = format!("421 4.3.0 {} Server local data error", env.myhostname);
                let id = self.check.facts.queue_id.clone().unwrap_or_else(|| "NOQUEUE".into());
                let trace = self.check.trace;
                env.log.info_of(trace, format_args!("{id}: reject: {} from {}: {text}", self.check.facts.place, self.namaddr()));
                self.check.error(Class::Data);
                Some(Reply::no(text))
            }
            // What was put for the client and not sent goes down with the process.
            Err(Stop::Exit(status)) => return Some(status),
        };
        if let Some(reply) = &farewell {
            let trace = self.decide("", reply);
            self.say(reply, trace).await;
        }
        // What is logged from here on is the session's end.
        env.log.about(if self.reason.is_some_and(|r| r != "lost connection") { self.check.trace } else { TraceId(0) });
        self.chat.flush();
        if !self.alone && self.xclient != Some(true) && self.counted().await {
            env.anvil(anvil::Event::Disconnect, &self.service, &self.check.facts.peer.addr).await;
        }
        self.log_reason(farewell.as_ref());
        env.log.about(TraceId(0));
        self.check.facts.helo = None;
        (self.check.facts.login, self.sasl) = (None, None);
        self.chat_reset(0).await;
        self.mail_reset().await;
        self.rcpt_reset();
        None
    }
    /// Logs how the session came to its end before its time.
    fn log_reason(&self, farewell: Option<&Reply>) {
        let Some(reason) = self.reason else { return };
        let env = &self.check.env;
        let (place, size) = (self.check.facts.place, self.check.facts.act_size);
        match place {
            "DATA content" => {
                let bytes = size + self.chat.input.rest().len() as u64;
                env.log.info(format_args!("{reason} after DATA ({bytes} bytes) from {}", self.namaddr()));
            }
            "BDAT content" => {
                let held = match &self.phase {
                    Phase::Chunks(_, held, _) => held.len(),
                    _ => 0,
                };
                // Postfix counts what its buffer holds: the piece that has come, or its own farewell.
                let buffer = farewell.map_or(self.chat.input.rest().len(), |r| r.lines.iter().map(String::len).sum());
                let bytes = size + (buffer + held) as u64;
                env.log.info(format_args!("{reason} after BDAT ({bytes} bytes) from {}", self.namaddr()));
            }
            "END-OF-MESSAGE" if reason == "lost connection" => {}
            _ => env.log.info(format_args!("{reason} after {place} from {}", self.namaddr())),
        }
    }
}
