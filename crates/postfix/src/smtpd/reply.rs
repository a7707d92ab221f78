//! An answer to a command: its lines, whether the command succeeded, what happens next; and how it is sent.
//! Source: RFC 5321 §4.2; smtpd_chat_reply of Postfix for the tar pit, soft_bounce and the reject footer.

use super::expand::Attributes;
use super::session::Session;
use crate::config::expand;
use crate::restrictions::check::{Class, dsn_len};
use machine::TraceId;

/// What happens after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next command is read.
    Next,
    /// The text of a message is read.
    Text,
    /// The message is complete, or refused for good: the transaction is over.
    Finish,
    /// The last chunk of a refused message has come: the transaction is over, but its recipients are still counted.
    Reset,
    /// A complete message was refused by the restrictions: the transaction goes on, as Postfix forgets to end it.
    Keep,
    /// The session begins again, as after a new connection (XCLIENT).
    Restart,
}

/// An answer.
pub(crate) struct Reply {
    /// Lines with their codes: `250-mail.example.com`, `250 DSN`.
    pub(crate) lines: Vec<String>,
    /// Whether the command succeeded.
    pub(crate) ok: bool,
    /// What happens next.
    pub(crate) then: Then,
    /// What the postmaster may want to know.
    pub(crate) class: Option<Class>,
    /// The parameters that made it so.
    pub(crate) by: &'static [&'static str],
}

impl Reply {
    /// The command succeeded.
    pub(crate) fn yes(text: impl Into<String>) -> Reply {
        Reply { lines: vec![text.into()], ok: true, then: Then::Next, class: None, by: &[] }
    }
    /// The command failed.
    pub(crate) fn no(text: impl Into<String>) -> Reply {
        Reply { ok: false, ..Reply::yes(text) }
    }
    /// The command was against the protocol.
    pub(crate) fn wrong(text: impl Into<String>) -> Reply {
        Reply { class: Some(Class::Protocol), ..Reply::no(text) }
    }
    /// The command was against a policy.
    pub(crate) fn forbidden(text: impl Into<String>) -> Reply {
        Reply { class: Some(Class::Policy), ..Reply::no(text) }
    }
    /// With the parameters that made it so.
    pub(crate) fn by(self, by: &'static [&'static str]) -> Reply {
        Reply { by, ..self }
    }
    /// With something else to happen next.
    pub(crate) fn then(self, then: Then) -> Reply {
        Reply { then, ..self }
    }
}

/// A refusal for good becomes one for now (`soft_bounce`).
pub(super) fn soften(line: &mut String) {
    line.replace_range(..1, "4");
    if line.as_bytes().get(4) == Some(&b'5') {
        line.replace_range(4..5, "4");
    }
}

/// Adds the footer to an answer; a line break is written `\n`, `\c` in front continues the last line.
fn add_footer(session: &Session, line: &str, footer: &str) -> String {
    let env = &session.check.env;
    let mut out = line.to_string();
    let (code, dsn) = (&line[..3], &line[4..4 + dsn_len(&line[4..])]);
    let parts: Vec<&str> = footer.split("\\n").collect();
    let mut added = false;
    for (i, part) in parts.iter().enumerate() {
        let mut part = *part;
        match part.strip_prefix("\\c") {
            Some(rest) if i == 0 => part = rest,
            _ => {
                let mark = if i + 1 < parts.len() { "-" } else { " " };
                out.extend(["\r\n", code, mark, dsn, if dsn.is_empty() { "" } else { " " }]);
                added = true;
            }
        }
        let expanded = expand(part, &Attributes::new(env, &session.check.facts), false);
        if expanded.error {
            return line.to_string();
        }
        out.push_str(&expanded.text);
    }
    if added {
        out.replace_range(3..4, "-");
    }
    out
}

impl Session {
    /// Sends one line of an answer.
    async fn say_line(&mut self, line: &str, trace: TraceId) {
        let env = self.check.env.clone();
        let slow = self.errors >= env.soft_errors;
        if slow {
            let pause = u64::try_from(env.cfg.time("smtpd_error_sleep_time")).unwrap_or(0);
            if pause > 0 {
                self.chat.flush();
                let _ = env.sys.sleep(pause.saturating_mul(1_000_000)).await;
            }
        }
        let mut text = line.to_string();
        let coded = text.len() > 4 && text.is_char_boundary(4) && text.as_bytes()[..3].iter().all(u8::is_ascii_digit);
        if coded && text.starts_with(['4', '5']) {
            let mapped = env.find_in("smtpd_reject_footer_maps", &text, &mut Vec::new()).await.ok().flatten();
            let footer = mapped.or_else(|| env.cfg.raw("smtpd_reject_footer").filter(|f| !f.is_empty()).map(str::to_string));
            if let Some(footer) = footer {
                text = add_footer(self, &text, &footer);
            }
        }
        let parts: Vec<String> = text.split("\r\n").map(str::to_string).collect();
        for mut part in parts {
            if env.soft_bounce && part.starts_with('5') {
                soften(&mut part);
            }
            self.chat.remember("Out: ", &part);
            part.push_str("\r\n");
            self.chat.put(trace, part.as_bytes());
        }
        if slow {
            self.chat.flush();
        }
        if text.starts_with("421") || text.starts_with("521") {
            self.hangup = true;
        }
    }
    /// Sends an answer.
    pub(crate) async fn say(&mut self, reply: &Reply, trace: TraceId) {
        if let Some(class) = reply.class {
            self.check.error(class);
        }
        for line in &reply.lines {
            self.say_line(line, trace).await;
        }
    }
}
