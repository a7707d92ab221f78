//! XFORWARD: whose mail an intermediary hands on, for the log and for headers. Source: XFORWARD_README; xforward_cmd of Postfix.

use super::Run;
use super::helo::harmless;
use super::xclient::{Attribute, attributes};
use crate::restrictions::check::Facts;
use crate::smtpd::hostname::{valid_addr, valid_hostname};
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

/// What XFORWARD has said.
#[derive(Default)]
#[allow(missing_docs)]
pub(crate) struct Forward {
    /// Something of the client is known.
    pub(crate) client: bool,
    pub(crate) name: String,
    pub(crate) addr: String,
    pub(crate) rfc_addr: String,
    pub(crate) port: String,
    pub(crate) namaddr: String,
    pub(crate) protocol: String,
    pub(crate) helo: Option<String>,
    pub(crate) ident: Option<String>,
    pub(crate) domain: Option<&'static str>,
}

impl Forward {
    /// Name, address, port and both, HELO and protocol of the client, or of the one it speaks for.
    pub(crate) fn origin<'a>(&'a self, f: &'a Facts) -> (&'a str, &'a str, &'a str, &'a str, Option<&'a str>, &'a str) {
        if self.client {
            (&self.name, &self.rfc_addr, &self.port, &self.namaddr, self.helo.as_deref(), &self.protocol)
        } else {
            (&f.peer.name, &f.peer.rfc_addr, &f.peer.port, &f.peer.namaddr, f.helo.as_deref(), f.protocol)
        }
    }
}

/// Sets one attribute; the refusal if it is wrong.
fn set(forward: &mut Forward, a: &Attribute) -> Result<(), Reply> {
    let value = a.value.as_str();
    let or_unknown = |v: &str| if a.unavailable { "unknown".to_string() } else { v.to_string() };
    let clean = harmless(value, true);
    match a.name.as_str() {
        "NAME" => {
            if !a.unavailable && !valid_hostname(&clean) {
                return Err(a.bad());
            }
            forward.name = or_unknown(&clean);
        }
        "ADDR" => {
            if !a.unavailable && !valid_addr(&clean) {
                return Err(a.bad());
            }
            forward.addr = or_unknown(&clean);
            forward.rfc_addr.clone_from(&forward.addr);
        }
        "PORT" => {
            if !a.unavailable && !a.is_port() {
                return Err(a.bad());
            }
            forward.port = or_unknown(value);
        }
        "HELO" => forward.helo = (!a.unavailable).then_some(clean),
        "PROTO" => {
            if value.len() > 64 {
                return Err(a.bad());
            }
            forward.protocol = or_unknown(&clean);
        }
        "IDENT" => forward.ident = (!a.unavailable).then_some(clean),
        "SOURCE" => {
            forward.domain = Some(match value.to_ascii_uppercase().as_str() {
                "LOCAL" | "[UNAVAILABLE]" => "local",
                "REMOTE" => "remote",
                _ => return Err(a.bad()),
            });
        }
        _ => return Err(Reply::wrong(format!("501 5.5.4 Bad XFORWARD attribute name: {}", a.written))),
    }
    forward.client |= !matches!(a.name.as_str(), "IDENT" | "SOURCE");
    Ok(())
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if let Some(reply) = super::xclient::refuse(session, argv, "XFORWARD", session.xforward)? {
            return Ok(reply);
        }
        let list = match attributes(argv, session.check.env.utf8) {
            Ok(list) => list,
            Err(reply) => return Ok(reply),
        };
        let forward = &mut session.forward;
        if forward.namaddr.is_empty() {
            for field in [&mut forward.name, &mut forward.addr, &mut forward.rfc_addr, &mut forward.port, &mut forward.protocol] {
                *field = "unknown".into();
            }
            forward.namaddr = "unknown[unknown]".into();
        }
        for a in &list {
            if let Err(reply) = set(forward, a) {
                return Ok(reply);
            }
            if matches!(a.name.as_str(), "NAME" | "ADDR" | "PORT") {
                forward.namaddr = match forward.addr.as_str() {
                    "unknown" => forward.name.clone(),
                    addr => format!("{}[{addr}]", forward.name),
                };
            }
        }
        Ok(Reply::yes("250 2.0.0 Ok"))
    })
}
