//! VRFY: whether mail for an address would be accepted. Source: RFC 5321 §4.1.1.6, §3.5.3; vrfy_cmd of Postfix.

use super::{Run, rest};
use crate::anvil::Event;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        let env = session.check.env.clone();
        if env.cfg.bool("disable_vrfy_command") {
            return Ok(Reply::forbidden("502 5.5.1 VRFY command is disabled").by(&["disable_vrfy_command"]));
        }
        let mut argv = argv;
        let mut utf8 = false;
        if let [first @ .., last] = argv
            && session.offers_utf8()
            && !first.is_empty()
            && last.text.eq_ignore_ascii_case("SMTPUTF8")
        {
            (argv, utf8) = (first, true);
        }
        if argv.len() < 2 {
            let more = if env.utf8 { " [SMTPUTF8]" } else { "" };
            return Ok(Reply::wrong(format!("501 5.5.4 Syntax: VRFY address{more}")));
        }
        if let Some(reply) = session.too_many_recipients(Event::Rcpt).await {
            return Ok(reply);
        }
        let path = rest(argv);
        let Some(address) = session.path(&path, false, false, utf8).await? else {
            return Ok(Reply::wrong("501 5.1.3 Bad recipient address syntax"));
        };
        if !utf8 && env.cfg.bool("strict_smtputf8") && !address.is_ascii() {
            session.mail_reset().await;
            return Ok(Reply::no("553 5.6.7 Must declare SMTPUTF8 to send unicode address").by(&["strict_smtputf8"]));
        }
        if !session.alone {
            let saved = session.check.facts.smtputf8;
            session.check.facts.smtputf8 |= utf8;
            let refusal = session.check.rcpt(&address).await;
            session.check.facts.smtputf8 = saved;
            if let Some(refusal) = refusal {
                return Ok(Reply::no(refusal));
            }
        }
        Ok(Reply::yes(format!("252 2.0.0 {path}")))
    })
}
