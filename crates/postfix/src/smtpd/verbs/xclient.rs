//! XCLIENT: an authorised client speaks as somebody else, for tests of access rules. Source: XCLIENT_README; xclient_cmd of Postfix.

use super::Run;
use super::helo::harmless;
use crate::restrictions::check::{Login, printable};
use crate::smtpd::chat::Stop;
use crate::smtpd::hostname::{valid_addr, valid_hostname};
use crate::smtpd::peer::Found;
use crate::smtpd::reply::{Reply, Then};
use crate::smtpd::session::Session;
use wire::smtp::{Token, xtext_decode};

/// One `NAME=value`.
pub(super) struct Attribute {
    /// As it was written.
    pub(super) written: String,
    /// In capitals.
    pub(super) name: String,
    /// Decoded.
    pub(super) value: String,
    /// It is `[UNAVAILABLE]`.
    pub(super) unavailable: bool,
}

impl Attribute {
    /// The refusal of its value.
    pub(super) fn bad(&self) -> Reply {
        Reply::wrong(format!("501 5.5.4 Bad {} syntax: {}", self.name, self.value))
    }
    /// Whether it could be a port.
    pub(super) fn is_port(&self) -> bool {
        (1..=5).contains(&self.value.len()) && self.value.bytes().all(|b| b.is_ascii_digit())
    }
}

/// The attributes of a command.
pub(super) fn attributes(argv: &[Token], utf8: bool) -> Result<Vec<Attribute>, Reply> {
    let mut all = Vec::new();
    for arg in argv.iter().skip(1) {
        let Some((name, raw)) = arg.text.split_once('=').filter(|(_, v)| !v.is_empty()) else {
            return Err(Reply::wrong("501 5.5.4 Error: attribute=value expected"));
        };
        if raw.len() > 255 {
            return Err(Reply::wrong("501 5.5.4 Error: attribute value too long"));
        }
        let value = printable(&xtext_decode(raw).unwrap_or_else(|| raw.to_string()), '?', utf8);
        let unavailable = value.eq_ignore_ascii_case("[UNAVAILABLE]");
        all.push(Attribute { written: name.into(), name: name.to_ascii_uppercase(), value, unavailable });
    }
    Ok(all)
}

/// The reasons against XCLIENT and XFORWARD as such.
pub(super) fn refuse(session: &Session, argv: &[Token], verb: &str, allowed: Option<bool>) -> Result<Option<Reply>, Stop> {
    if session.in_transaction() {
        return Ok(Some(Reply::wrong("503 5.5.1 Error: MAIL transaction in progress")));
    }
    if argv.len() < 2 {
        return Ok(Some(Reply::wrong(format!("501 5.5.4 Syntax: {verb} attribute=value..."))));
    }
    let Some(allowed) = allowed else {
        session.check.env.log.warn(format_args!("don't know if command {verb} should be allowed from {}", session.namaddr()));
        return Err(Stop::LocalError);
    };
    let by: &[&str] = if verb == "XCLIENT" { &["smtpd_authorized_xclient_hosts"] } else { &["smtpd_authorized_xforward_hosts"] };
    Ok((!allowed).then(|| Reply::forbidden("550 5.7.0 Error: insufficient authorization").by(by)))
}

/// What is set besides the peer.
#[derive(Default)]
struct Got {
    helo: bool,
    protocol: bool,
    login: bool,
}

/// Sets one attribute; the refusal if it is wrong.
fn set(session: &mut Session, got: &mut Got, a: &Attribute) -> Result<(), Reply> {
    let value = a.value.as_str();
    let facts = &mut session.check.facts;
    let peer = &mut facts.peer;
    let found = match value.to_ascii_uppercase().as_str() {
        "[UNAVAILABLE]" => Found::No,
        "[TEMPUNAVAIL]" => Found::Temporary,
        _ => Found::Yes,
    };
    let name = if found == Found::Yes { value.to_string() } else { "unknown".into() };
    match a.name.as_str() {
        "NAME" | "REVERSE_NAME" => {
            if found == Found::Yes && !valid_hostname(value) {
                return Err(a.bad());
            }
            if a.name == "NAME" {
                (peer.name, peer.name_found) = (name.clone(), found);
            }
            if a.name == "REVERSE_NAME" || found == Found::Yes {
                (peer.reverse_name, peer.reverse_found) = (name, found);
            }
        }
        "ADDR" => {
            let address = harmless(value, false);
            if !a.unavailable && !valid_addr(&address) {
                return Err(a.bad());
            }
            peer.ip = address.parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED);
            peer.addr = if a.unavailable { "unknown".into() } else { address };
            peer.rfc_addr.clone_from(&peer.addr);
        }
        "PORT" | "DESTPORT" => {
            if !a.unavailable && !a.is_port() {
                return Err(a.bad());
            }
            let port = if a.unavailable { "unknown".into() } else { value.to_string() };
            *(if a.name == "PORT" { &mut peer.port } else { &mut peer.dest_port }) = port;
        }
        "HELO" => {
            if !a.unavailable && value.len() > 255 {
                return Err(a.bad());
            }
            facts.helo = (!a.unavailable).then(|| harmless(value, false));
            got.helo = true;
        }
        "PROTO" => {
            facts.protocol = match value.to_ascii_uppercase().as_str() {
                "SMTP" => "SMTP",
                "ESMTP" => "ESMTP",
                _ => return Err(a.bad()),
            };
            got.protocol = true;
        }
        "LOGIN" => {
            if !a.unavailable {
                facts.login = Some(Login { user: value.to_string(), method: "XCLIENT".into() });
                got.login = true;
            }
        }
        "DESTADDR" => {
            let address = harmless(value, false);
            if !a.unavailable && !valid_addr(&address) {
                return Err(a.bad());
            }
            peer.dest_addr = if a.unavailable { "unknown".into() } else { address };
        }
        _ => return Err(Reply::wrong(format!("501 5.5.4 Bad XCLIENT attribute name: {}", a.written))),
    }
    Ok(())
}

/// Begins the session anew, as the other client.
async fn restart(session: &mut Session, got: &Got) -> Result<(), Stop> {
    let env = session.check.env.clone();
    session.check.facts.peer.join(env.cfg.bool("smtpd_client_port_logging"));
    session.xclient = env.xclient_hosts.matches(&env, &session.check.facts.peer, &mut Vec::new()).await;
    session.set_bare_lf().await;
    if !got.helo {
        session.check.facts.helo = None;
    }
    if !got.protocol {
        session.check.facts.protocol = "SMTP";
    }
    if !got.login {
        session.check.facts.login = None;
    }
    if session.sasl.take().is_some() {
        session.activate_sasl().await?;
    }
    session.chat_reset(0).await;
    session.mail_reset().await;
    session.rcpt_reset();
    Ok(())
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if let Some(reply) = refuse(session, argv, "XCLIENT", session.xclient)? {
            return Ok(reply);
        }
        let list = match attributes(argv, session.check.env.utf8) {
            Ok(list) => list,
            Err(reply) => return Ok(reply),
        };
        let mut got = Got::default();
        for a in &list {
            if let Err(reply) = set(session, &mut got, a) {
                return Ok(reply);
            }
        }
        restart(session, &got).await?;
        Ok(Reply { lines: Vec::new(), ..Reply::yes("") }.then(Then::Restart))
    })
}
