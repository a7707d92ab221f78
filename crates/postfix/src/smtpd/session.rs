//! One session: from the greeting to the last answer, command by command. What is known in which phase.
//! Not here: what the commands do (`verbs`), the text of a message (`message`). Source: smtpd_proto of Postfix, RFC 5321 §3.

use super::chat::{Chat, Stop, escape};
use super::decide::{PIPELINING, SYNTAX, TLS_LEVEL};
use super::env::Env;
use super::peer::Peer;
use super::reply::{Reply, Then};
use super::stream::Stream;
use super::verbs::xforward::Forward;
use super::verbs::{VERBS, Verb};
use crate::ehlo::Keywords;
use crate::restrictions::check::{Actions, Check, Facts, printable};
use crate::sasl;
use crate::why::note;
use machine::{Because, SimTime};
use std::rc::Rc;
use wire::smtp::{BareLf, Ending, is_header, tokens};

/// What MAIL has begun.
pub(crate) struct Transaction {
    /// The way to cleanup, or to a filter, open once there is a recipient.
    pub(crate) stream: Option<Stream>,
    /// When MAIL came.
    pub(crate) arrival: SimTime,
    /// `ENVID=`
    pub(crate) envid: Option<String>,
    /// `RET=`: 1 full, 2 headers.
    pub(crate) ret: u8,
    /// `BODY=`
    pub(crate) encoding: Option<&'static str>,
    /// XVERP
    pub(crate) verp: Option<String>,
    /// The command itself.
    pub(crate) mail: String,
    /// A filter could not be talked to: the message fails whatever follows.
    pub(crate) trouble: i64,
}

/// Where the session stands. Each phase owns what only it can have.
pub(crate) enum Phase {
    /// No transaction.
    Idle,
    /// A transaction: recipients come in.
    Mail(Box<Transaction>),
    /// A transaction whose text comes in chunks; the piece of a line that is not complete yet, and whether it continues one.
    Chunks(Box<Transaction>, Vec<u8>, bool),
    /// A chunk was refused: further ones are skipped. The transaction may still be there.
    Broken(Option<Box<Transaction>>),
}

/// A session.
pub(crate) struct Session {
    /// Facts and restrictions.
    pub(crate) check: Check,
    /// Bytes in and out.
    pub(crate) chat: Chat,
    /// Where it stands.
    pub(crate) phase: Phase,
    /// The service's name in master.cf.
    pub(crate) service: String,
    /// `sendmail -bs`: no network, no restrictions.
    pub(crate) alone: bool,
    /// AUTH, if it is possible.
    pub(crate) sasl: Option<sasl::Server>,
    /// The SASL context was used and must not be used again.
    pub(crate) sasl_used: bool,
    /// EHLO keywords that are not announced.
    pub(crate) discard: Keywords,
    /// The client may use XCLIENT. `None`: the list failed.
    pub(crate) xclient: Option<bool>,
    /// The client may use XFORWARD.
    pub(crate) xforward: Option<bool>,
    /// What XFORWARD has said.
    pub(crate) forward: Forward,
    /// Where addresses without domain come from: `local` or `remote`.
    pub(crate) context: &'static str,
    /// Errors so far.
    pub(crate) errors: i64,
    /// Commands that lead nowhere so far.
    pub(crate) junk: i64,
    /// Recipients beyond the limit.
    pub(crate) overshoot: i64,
    /// The refusal of the connection.
    pub(crate) denied: Option<String>,
    /// The last answer ends the session.
    pub(crate) hangup: bool,
    /// Transactions so far.
    pub(crate) sequence: u32,
    /// The command line at work.
    pub(crate) line: String,
    counts: [(u32, u32); VERBS.len() + 1],
    /// What has ended the session before its time.
    pub(super) reason: Option<&'static str>,
}

impl Session {
    /// A session with this client.
    pub(crate) fn new(env: &Rc<Env>, chat: Chat, peer: Peer, service: &str, alone: bool) -> Session {
        let facts = Facts {
            peer,
            protocol: "SMTP",
            helo: None,
            sasl_active: false,
            login: None,
            sasl_sender: None,
            sender: None,
            recipient: None,
            etrn: None,
            place: "CONNECT",
            queue_id: None,
            rcpt_count: 0,
            msg_size: 0,
            act_size: 0,
            instance: String::new(),
            smtputf8: false,
            pipelined: false,
            tls: false,
        };
        Session {
            check: Check::new(env, facts),
            chat,
            phase: Phase::Idle,
            service: service.to_string(),
            alone,
            sasl: None,
            sasl_used: false,
            discard: Keywords::default(),
            xclient: Some(false),
            xforward: Some(false),
            forward: Forward::default(),
            context: "remote",
            errors: 0,
            junk: 0,
            overshoot: 0,
            denied: None,
            hangup: false,
            sequence: 0,
            line: String::new(),
            counts: [(0, 0); VERBS.len() + 1],
            reason: None,
        }
    }
    /// `name[address]`
    pub(crate) fn namaddr(&self) -> &str {
        &self.check.facts.peer.namaddr
    }
    /// Whether MAIL has been accepted.
    pub(crate) fn in_transaction(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Broken(None))
    }
    /// Whether BDAT has come.
    pub(crate) fn in_chunks(&self) -> bool {
        matches!(self.phase, Phase::Chunks(..) | Phase::Broken(_))
    }
    /// Forgets the transaction.
    pub(crate) async fn mail_reset(&mut self) {
        let transaction = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Mail(t) | Phase::Chunks(t, ..) => Some(t),
            Phase::Broken(t) => t,
            Phase::Idle => None,
        };
        if let Some(stream) = transaction.and_then(|t| t.stream) {
            stream.abort().await;
        }
        let f = &mut self.check.facts;
        (f.msg_size, f.act_size, f.smtputf8) = (0, 0, false);
        (f.queue_id, f.sender, f.sasl_sender) = (None, None, None);
        f.instance.clear();
        self.check.actions = Actions::default();
        self.forward = Forward::default();
    }
    /// Forgets the recipients.
    pub(crate) fn rcpt_reset(&mut self) {
        self.check.facts.recipient = None;
        self.check.facts.rcpt_count = 0;
        self.overshoot = 0;
    }
    /// Says so if the client has sent something ahead of its turn; whether that ends the session.
    pub(super) async fn pipelining(&mut self) -> bool {
        if self.alone || self.check.facts.pipelined {
            return false;
        }
        let ahead = self.chat.ahead().await;
        if ahead.is_empty() {
            return false;
        }
        let shown = escape(&ahead[..ahead.len().min(100)]);
        self.check.facts.pipelined = true;
        let env = self.check.env.clone();
        let place = self.check.facts.place;
        env.log.info_of(self.check.trace, format_args!("improper command pipelining after {place} from {}: {shown}", self.namaddr()));
        env.cfg.bool("smtpd_forbid_unauth_pipelining")
    }
    /// Greeting and commands.
    pub(super) async fn talk(&mut self) -> Result<(), Stop> {
        while self.greet().await? {
            if self.commands().await? != Then::Restart {
                break;
            }
        }
        Ok(())
    }
    /// Reads and carries out commands.
    async fn commands(&mut self) -> Result<Then, Stop> {
        let env = self.check.env.clone();
        loop {
            if self.hangup {
                return Ok(Then::Next);
            }
            self.begin();
            self.chat.begin_request(&env.cfg, false);
            if self.errors >= env.hard_errors {
                self.reason = Some("too many errors");
                let reply = Reply::wrong(format!("421 4.7.0 {} Error: too many errors", env.myhostname));
                let reply = reply.by(&["smtpd_hard_error_limit"]);
                let trace = self.decide("", &reply);
                self.say(&reply, trace).await;
                return Ok(Then::Next);
            }
            let (line, ending) = self.chat.command(env.line_limit).await?;
            self.check.ladder.extend(env.cfg.stale().await);
            if ending == Ending::Cut {
                let shown: String = printable(&line, '?', env.utf8).chars().take(30).collect();
                env.log.warn(format_args!("{}: request longer than {}: {shown}...", self.namaddr(), env.line_limit));
            }
            if ending == Ending::Bare && self.chat.bare_lf == BareLf::Reject {
                self.check.log("reject", "bare <LF> received");
                let code = self.check.code("smtpd_forbid_bare_newline_reject_code");
                let reply = Reply::wrong(format!("{code} 5.5.2 {} Error: bare <LF> received", env.myhostname));
                let reply = reply.by(&["smtpd_forbid_bare_newline"]);
                let trace = self.decide(&escape(line.as_bytes()), &reply);
                self.say(&reply, trace).await;
                return Ok(Then::Next);
            }
            self.line = line;
            match self.command().await? {
                Some(Then::Next) => {}
                Some(then) => return Ok(then),
                None => return Ok(Then::Next),
            }
        }
    }
    /// Says an answer that stands outside the verbs.
    async fn answer(&mut self, reply: Reply) {
        let trace = self.decide(&self.line.clone(), &reply);
        self.say(&reply, trace).await;
    }
    /// Carries out one command. `None`: the session is over.
    async fn command(&mut self) -> Result<Option<Then>, Stop> {
        let env = self.check.env.clone();
        if env.utf8 && self.line.contains(char::REPLACEMENT_CHARACTER) {
            self.answer(Reply::wrong("500 5.5.2 Error: bad UTF-8 syntax").by(&["smtputf8_enable"])).await;
            self.errors += 1;
            return Ok(Some(Then::Next));
        }
        if !env.cfg.str("smtpd_command_filter").is_empty() {
            let key = self.line.trim_start_matches([' ', '\t']).to_string();
            match env.find_in("smtpd_command_filter", &key, &mut self.check.ladder).await {
                Ok(Some(other)) => {
                    env.log.info(format_args!("{}: replacing command \"{:.100}\" with \"{other:.100}\"", self.namaddr(), self.line));
                    self.line = other;
                }
                Ok(None) => {}
                Err(()) => return Err(Stop::LocalError),
            }
        }
        let argv = tokens(&self.line);
        let Some(first) = argv.first().map(|t| t.text.clone()) else {
            self.check.because(Because::Protocol { rule: SYNTAX.into(), what: "no command".into() });
            self.answer(Reply::wrong("500 5.5.2 Error: bad syntax")).await;
            self.errors += 1;
            return Ok(Some(Then::Next));
        };
        if env.names_command("smtpd_noop_commands", &first).await {
            self.answer(Reply::yes("250 2.0.0 Ok").by(&["smtpd_noop_commands"])).await;
            self.count_junk();
            return Ok(Some(Then::Next));
        }
        let at = VERBS.iter().position(|v| v.name.eq_ignore_ascii_case(&first));
        self.counts[at.unwrap_or(VERBS.len())].1 += 1;
        if at.is_none() {
            self.check.facts.place = "UNKNOWN";
            if is_header(&first) || env.names_command("smtpd_forbidden_commands", &first).await {
                let shown: String = escape(self.line.as_bytes()).chars().take(100).collect();
                env.log.warn_of(self.check.trace, format_args!("non-SMTP command from {}: {shown}", self.namaddr()));
                if is_header(&first) {
                    self.check.because(note("a header field where a command is due"));
                }
                self.answer(Reply::no("221 2.7.0 Error: I can break rules, too. Goodbye.").by(&["smtpd_forbidden_commands"])).await;
                return Ok(None);
            }
        }
        let verb = at.map(|i| &VERBS[i]);
        if self.denied.is_some() && verb.is_none_or(|v| v.name != "QUIT") {
            let text = format!("503 5.7.0 Error: access denied for {}", self.namaddr());
            let what = format!("the connection was refused before: {}", self.denied.as_deref().unwrap_or_default());
            self.check.because(Because::State { what });
            self.answer(Reply::no(text).by(&["smtpd_delay_reject"])).await;
            self.errors += 1;
            return Ok(Some(Then::Next));
        }
        let Some(verb) = verb else {
            self.check.because(Because::Protocol { rule: SYNTAX.into(), what: format!("{first} is no command") });
            self.answer(Reply::wrong("500 5.5.2 Error: command not recognized")).await;
            self.errors += 1;
            return Ok(Some(Then::Next));
        };
        if env.enforce_tls && !self.check.facts.tls && !verb.before_tls {
            self.answer(Reply::no("530 5.7.0 Must issue a STARTTLS command first").by(TLS_LEVEL)).await;
            self.errors += 1;
            return Ok(Some(Then::Next));
        }
        self.check.facts.place = verb.name;
        if (self.check.facts.protocol != "ESMTP" || verb.last) && self.pipelining().await {
            self.answer(Reply::no("554 5.5.0 Error: SMTP protocol synchronization").by(PIPELINING)).await;
            return Ok(None);
        }
        self.carry_out(verb, at.unwrap_or(VERBS.len()), &argv).await
    }
    async fn carry_out(&mut self, verb: &'static Verb, at: usize, argv: &[wire::smtp::Token]) -> Result<Option<Then>, Stop> {
        self.check.because(Because::Protocol { rule: verb.rule.into(), what: verb.name.into() });
        let reply = match verb.run {
            Some(run) => run(self, argv).await?,
            None => self.later(verb.name, argv).await?,
        };
        self.stopped()?;
        let trace = self.decide(&self.line.clone(), &reply);
        let (mut ok, mut then) = (reply.ok, reply.then);
        if !reply.lines.is_empty() {
            self.say(&reply, trace).await;
        }
        if reply.then == Then::Text {
            self.begin();
            self.check.because(Because::Protocol { rule: verb.rule.into(), what: "end of data".into() });
            let end = self.later("text", &[]).await?;
            self.stopped()?;
            let trace = self.decide("end of data", &end);
            ok = end.ok;
            then = if end.then == Then::Keep { Then::Keep } else { Then::Finish };
            self.say(&end, trace).await;
        }
        if then == Then::Finish {
            self.after_message().await;
        }
        if then == Then::Reset {
            self.mail_reset().await;
        }
        if reply.then == Then::Restart {
            return Ok(Some(Then::Restart));
        }
        if ok {
            self.counts[at].0 += 1;
        } else {
            self.errors += 1;
        }
        if verb.junk {
            self.count_junk();
        }
        Ok((verb.name != "QUIT").then_some(Then::Next))
    }
    fn count_junk(&mut self) {
        if self.junk > self.check.env.junk_limit {
            self.errors += 1;
        }
        self.junk += 1;
    }
    /// ` helo=1 mail=1/2 commands=2/3`
    pub(crate) fn statistics(&self) -> String {
        let mut out = String::new();
        let (mut good, mut all) = (0, 0);
        let show = |out: &mut String, name: &str, ok: u32, total: u32| {
            out.push_str(&format!(" {}={ok}", name.to_ascii_lowercase()));
            if ok != total {
                out.push_str(&format!("/{total}"));
            }
        };
        for (i, &(ok, total)) in self.counts.iter().enumerate() {
            if total > 0 {
                show(&mut out, VERBS.get(i).map_or("unknown", |v| v.name), ok, total);
            }
            good += ok;
            all += total;
        }
        if all == 0 {
            out.push_str(" commands=0/0");
        } else {
            show(&mut out, "commands", good, all);
        }
        out
    }
}
