//! What the restrictions look at and leave behind: the session's facts, the actions of access tables, refusals and deferrals.
//! Not here: the lists and their order (`stages`), single restrictions. Source: postconf(5), access(5), smtpd_check_reject of Postfix.

use crate::smtpd::Stop;
use crate::smtpd::env::Env;
use crate::smtpd::peer::Peer;
use machine::{Because, KillTarget, Signal, TraceId, Verdict};
use std::rc::Rc;

/// Why the postmaster might want to hear of it (`notify_classes`).
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Class {
    Bounce = 1,
    Policy = 2,
    Protocol = 4,
    Resource = 8,
    Software = 16,
    Data = 32,
}

/// Names of the classes as `notify_classes` spells them.
pub(crate) const CLASSES: [(&str, Class); 6] = [
    ("bounce", Class::Bounce),
    ("policy", Class::Policy),
    ("protocol", Class::Protocol),
    ("resource", Class::Resource),
    ("software", Class::Software),
    ("data", Class::Data),
];

/// What a restriction says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing: the next one is asked.
    Dunno,
    /// Permitted: the list ends.
    Ok,
    /// Refused; the text is in [`Check::refusal`].
    Reject,
}

/// The evaluation of all lists is broken off.
pub(crate) enum Unwind {
    /// With a refusal, because a table or the configuration is broken.
    Reject,
    /// The session ends here.
    Stop(Stop),
}

/// Answer of a restriction.
pub(crate) type Judged = Result<Outcome, Unwind>;

/// A name and password that were accepted.
pub(crate) struct Login {
    /// The user's name.
    pub(crate) user: String,
    /// The mechanism.
    pub(crate) method: String,
}

/// What is known of session and transaction when a decision is taken.
pub(crate) struct Facts {
    /// The client.
    pub(crate) peer: Peer,
    /// `SMTP` or `ESMTP`.
    pub(crate) protocol: &'static str,
    /// Argument of HELO or EHLO, made harmless.
    pub(crate) helo: Option<String>,
    /// Whether AUTH is possible here.
    pub(crate) sasl_active: bool,
    /// Who has logged in.
    pub(crate) login: Option<Login>,
    /// `AUTH=` of the MAIL command.
    pub(crate) sasl_sender: Option<String>,
    /// The reverse-path, empty if it is null.
    pub(crate) sender: Option<String>,
    /// The forward-path at hand; between commands the first one accepted.
    pub(crate) recipient: Option<String>,
    /// Argument of ETRN.
    pub(crate) etrn: Option<String>,
    /// The command that is carried out, or what has happened since.
    pub(crate) place: &'static str,
    /// Queue id of the transaction, once there is one.
    pub(crate) queue_id: Option<String>,
    /// Recipients accepted so far.
    pub(crate) rcpt_count: u32,
    /// The size that the client announced.
    pub(crate) msg_size: u64,
    /// Bytes of the message received so far.
    pub(crate) act_size: u64,
    /// Names the transaction to policy services.
    pub(crate) instance: String,
    /// MAIL (or VRFY) asked for SMTPUTF8.
    pub(crate) smtputf8: bool,
    /// The client has sent commands before their turn.
    pub(crate) pipelined: bool,
    /// The session is encrypted.
    pub(crate) tls: bool,
}

/// What access tables have ordered for the message.
#[derive(Default)]
pub(crate) struct Actions {
    /// HOLD and DISCARD, as cleanup's flags.
    pub(crate) flags: u32,
    /// FILTER.
    pub(crate) filter: Option<String>,
    /// REDIRECT.
    pub(crate) redirect: Option<String>,
    /// BCC.
    pub(crate) bcc: Vec<String>,
    /// PREPEND.
    pub(crate) prepend: Vec<String>,
    /// DISCARD: no further restriction is asked.
    pub(crate) discard: bool,
}

/// A refusal that waits for its occasion.
#[derive(Clone)]
pub(crate) struct Deferral {
    class: Class,
    code: u32,
    dsn: String,
    reason: String,
    /// The element that asked for it.
    by: Option<Because>,
}

/// The state of the restrictions of one session.
pub(crate) struct Check {
    /// Configuration and tables.
    pub(crate) env: Rc<Env>,
    /// What they look at.
    pub(crate) facts: Facts,
    /// What they have ordered.
    pub(crate) actions: Actions,
    /// Classes of errors so far.
    pub(crate) errors: u32,
    /// The last refusal's text.
    pub(crate) refusal: String,
    /// Permission shall become this deferral.
    pub(crate) defer_if_permit: Option<Deferral>,
    /// Refusal shall become this deferral.
    pub(crate) defer_if_reject: Option<Deferral>,
    /// Whether the stages client, HELO and sender left `defer_if_permit` set.
    pub(crate) deferred_at: [Option<Deferral>; 3],
    /// Depth of lists within lists.
    pub(crate) depth: u32,
    /// Depth at which `warn_if_reject` was seen; 0: it was not.
    pub(crate) warn_at: u32,
    /// What has ended the session.
    pub(crate) stop: Option<Stop>,
    /// The reasons of the decision at work.
    pub(crate) ladder: Vec<Because>,
    /// Number of the decision at work.
    pub(crate) trace: TraceId,
}

/// The text with what cannot be printed replaced, byte by byte; with `utf8`, letters beyond ASCII can.
pub(crate) fn printable(text: &str, by: char, utf8: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' '..='~') || utf8 && !c.is_ascii() && c != char::REPLACEMENT_CHARACTER {
            out.push(c);
        } else {
            let len = if c == char::REPLACEMENT_CHARACTER { 1 } else { c.len_utf8() };
            out.extend(std::iter::repeat_n(by, len));
        }
    }
    out
}

/// Cuts a text to so many bytes at most.
pub(crate) fn truncate(text: &mut String, mut max: usize) {
    if text.len() > max {
        while !text.is_char_boundary(max) {
            max -= 1;
        }
        text.truncate(max);
    }
}

/// The length of an enhanced status code (RFC 3463) that the text begins with; 0: it does not.
pub(crate) fn dsn_len(text: &str) -> usize {
    let word = text.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    let mut parts = word.split('.');
    let class = parts.next().is_some_and(|c| matches!(c, "2" | "4" | "5"));
    let number = |p: Option<&str>| p.is_some_and(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    if class && number(parts.next()) && number(parts.next()) && parts.next().is_none() { word.len() } else { 0 }
}

/// Status code and text of `5.7.9 go away`; without a code of its own the text has `default`.
pub(crate) fn dsn_split<'a>(default: &'a str, text: &'a str) -> (&'a str, &'a str) {
    match dsn_len(text) {
        0 => (default, text),
        n => (&text[..n], text[n..].trim_start()),
    }
}

impl Check {
    /// Notes an error for the postmaster.
    pub(crate) fn error(&mut self, class: Class) {
        self.errors |= class as u32;
    }
    /// Logs `ID: what: RCPT from name[addr]: text; from=<> to=<> proto= helo=<>`.
    pub(crate) fn log(&self, what: &str, text: &str) {
        let f = &self.facts;
        let (id, context) = (f.queue_id.as_deref().unwrap_or("NOQUEUE"), self.context());
        self.env.log.info_of(self.trace, format_args!("{id}: {what}: {} from {}: {text};{context}", f.place, f.peer.namaddr));
    }
    /// ` from=<> to=<> proto= helo=<>`
    pub(crate) fn context(&self) -> String {
        let f = &self.facts;
        let mut context = String::new();
        for (name, address) in [("from", &f.sender), ("to", &f.recipient)] {
            if let Some(a) = address {
                context.extend([" ", name, "=<", &self.env.log.address(a), ">"]);
            }
        }
        context.extend([" proto=", f.protocol]);
        if let Some(helo) = &f.helo {
            context.extend([" helo=<", helo, ">"]);
        }
        context
    }
    /// A parameter that holds a reply code.
    pub(crate) fn code(&mut self, parameter: &str) -> u32 {
        if self.env.cfg.is_set(parameter) {
            self.because(crate::why::parameter(&self.env.clone().cfg, parameter));
        }
        u32::try_from(self.env.cfg.int(parameter)).unwrap_or(0)
    }
    /// Adds a reason.
    pub(crate) fn because(&mut self, reason: Because) {
        self.ladder.push(reason);
    }
    /// The real process breaks down here.
    pub(crate) async fn crash(&mut self, why: &str, signal: Signal) {
        self.note(format!("{why}: the process dies of it"));
        let sys = self.env.sys.clone();
        let _ = sys.kill(KillTarget::Pid(sys.pid()), Some(signal)).await;
    }
    /// Adds a plain sentence.
    pub(crate) fn note(&mut self, what: String) {
        self.because(Because::Note { what });
    }
    /// Refuses with `code dsn text`, or only warns if `warn_if_reject` asks for it.
    pub(crate) fn reject(&mut self, class: Class, code: u32, dsn: &str, text: String) -> Outcome {
        let warn = self.warn_at > 0 && !matches!(class, Class::Software | Class::Resource | Class::Data);
        self.error(class);
        let mut reply = format!("{code} {dsn} {text}");
        for (wrong, what) in [(!(400..600).contains(&code), "SMTP reply code"), (dsn_len(dsn) == 0, "DSN detail code")] {
            if wrong {
                self.env.log.warn(format_args!("{what} configuration error: {reply}"));
                reply = "450 4.7.1 Service unavailable".into();
            }
        }
        reply = printable(&reply, ' ', self.env.utf8);
        if !warn
            && reply.starts_with('5')
            && let Some(d) = self.defer_if_reject.take()
        {
            self.warn_at = 0;
            self.note(format!("a refusal becomes the deferral asked for before: {}", d.reason));
            self.ladder.extend(d.by);
            return self.reject(d.class, d.code, &d.dsn, d.reason);
        }
        // The first digits of both codes agree; with soft_bounce both are 4.
        let soft = self.env.soft_bounce && reply.starts_with('5');
        if soft {
            self.because(crate::why::parameter(&self.env.clone().cfg, "soft_bounce"));
        }
        let digit = if soft { "4".into() } else { reply[..1].to_string() };
        reply.replace_range(..1, &digit);
        reply.replace_range(4..5, &digit);
        self.log(if warn { "reject_warning" } else { "reject" }, &reply);
        if warn {
            self.note(format!("warn_if_reject: only logged, not refused: {reply}"));
        }
        self.refusal = reply;
        if warn { Outcome::Dunno } else { Outcome::Reject }
    }
    /// Refuses what a policy says.
    pub(crate) fn reject_policy(&mut self, code: u32, dsn: &str, text: String) -> Judged {
        Ok(self.reject(Class::Policy, code, dsn, text))
    }
    /// Breaks off because the process must end.
    pub(crate) async fn fatal(&mut self, text: &str) -> Unwind {
        self.note(format!("the process ends: {text}"));
        Unwind::Stop(Stop::Exit(self.env.log.clone().fatal(text).await))
    }
    /// Breaks off because the configuration is wrong.
    pub(crate) fn server_error(&mut self) -> Unwind {
        self.reject(Class::Software, 451, "4.3.5", "Server configuration error".into());
        Unwind::Reject
    }
    /// Breaks off because a table could not be asked.
    pub(crate) fn lookup_failure(&mut self, what: &str) -> Unwind {
        self.reject(Class::Data, 451, "4.3.0", format!("<{what}>: Temporary lookup failure"));
        Unwind::Reject
    }
    /// The element that is being carried out, as the one that defers.
    pub(crate) fn at_work(&self) -> Option<Because> {
        let mut rules = self.ladder.iter().rev();
        rules.find_map(|row| match row {
            Because::Rule { list, element, verdict: Verdict::Unreached, place } => {
                Some(Because::Rule { list: list.clone(), element: element.clone(), verdict: Verdict::Defer, place: place.clone() })
            }
            _ => None,
        })
    }
    /// A later permission becomes this deferral; with `warn_if_reject` it is only logged.
    pub(crate) fn if_permit(&mut self, code: u32, dsn: &str, reason: String) -> Judged {
        if self.warn_at > 0 {
            return self.reject_policy(code, dsn, reason);
        }
        if self.defer_if_permit.is_none() {
            self.note(format!("a permission will become this deferral: {reason}"));
            self.defer_if_permit = Some(Deferral { class: Class::Policy, code, dsn: dsn.into(), reason, by: self.at_work() });
        }
        Ok(Outcome::Dunno)
    }
    /// A later refusal becomes this deferral.
    pub(crate) fn if_reject(&mut self, code: u32, dsn: &str, reason: String) {
        if self.defer_if_reject.is_none() {
            self.note(format!("a refusal will become this deferral: {reason}"));
            self.defer_if_reject = Some(Deferral { class: Class::Policy, code, dsn: dsn.into(), reason, by: self.at_work() });
        }
    }
    /// What `…_tempfail_action` asks for: `defer` refuses at once, `defer_if_permit` later.
    pub(crate) fn tempfail(&mut self, parameter: &str, code: u32, dsn: &str, reason: String) -> Judged {
        if self.env.cfg.str(parameter).eq_ignore_ascii_case("defer") {
            self.reject_policy(code, dsn, reason)
        } else {
            self.if_permit(code, dsn, reason)
        }
    }
    /// Refuses with the deferral that was asked for, if there is one.
    pub(crate) fn settle_permit(&mut self) -> Outcome {
        match self.defer_if_permit.clone() {
            Some(d) => {
                self.note(format!("a permission becomes the deferral asked for before: {}", d.reason));
                self.ladder.extend(d.by);
                self.reject(d.class, d.code, &d.dsn, d.reason)
            }
            None => Outcome::Dunno,
        }
    }
    /// Permits; logged if `smtpd_log_access_permit_actions` names the action.
    pub(crate) async fn permit(&mut self, action: &str, class: &str, name: &str, from: &str) -> Judged {
        let env = self.env.clone();
        if self.defer_if_permit.is_none() && env.logs_permit(action).await {
            let from = if from.is_empty() { String::new() } else { format!("from {from}") };
            self.log("permit", &format!("action={action} for {class}={name} {from}"));
        }
        Ok(Outcome::Ok)
    }
    /// How a verdict shows in the ladder.
    pub(crate) fn verdict(&self, judged: &Judged) -> Verdict {
        match judged {
            Ok(Outcome::Dunno) => Verdict::Dunno,
            Ok(Outcome::Ok) => Verdict::Permit,
            _ if self.refusal.starts_with('4') => Verdict::Defer,
            _ => Verdict::Reject,
        }
    }
}
