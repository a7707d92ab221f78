//! HELO and EHLO: the client's name; EHLO lists what the server can. Source: RFC 5321 §4.1.1.1; ehlo_cmd of Postfix for the order.

use super::{Run, rest};
use crate::restrictions::check::printable;
use crate::smtpd::chat::Stop;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

/// Characters that could mislead a reader of headers or logs become `?`.
pub(super) fn harmless(text: &str, utf8: bool) -> String {
    printable(text, '?', utf8).chars().map(|c| if " <>()\\\";@".contains(c) { '?' } else { c }).collect()
}

/// What both do; the refusal, if there is one.
async fn introduce(session: &mut Session, argv: &[Token], verb: &str) -> Result<Option<Reply>, Stop> {
    if argv.len() < 2 {
        return Ok(Some(Reply::wrong(format!("501 Syntax: {verb} hostname"))));
    }
    if !session.alone && !session.check.env.cfg.bool("smtpd_delay_reject") {
        let judged = session.later("helo restrictions", argv).await?;
        if !judged.ok {
            return Ok(Some(judged));
        }
    }
    session.after_message().await;
    session.check.facts.helo = Some(harmless(&rest(argv), session.check.env.utf8));
    Ok(None)
}

pub(super) fn helo<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if let Some(refusal) = introduce(session, argv, "HELO").await? {
            return Ok(refusal);
        }
        // The protocol stays ESMTP after an EHLO: its client was promised pipelining.
        Ok(Reply::yes(format!("250 {}", session.check.env.myhostname)))
    })
}

pub(super) fn ehlo<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if let Some(refusal) = introduce(session, argv, "EHLO").await? {
            return Ok(refusal);
        }
        session.check.facts.protocol = "ESMTP";
        let env = session.check.env.clone();
        if let Some(names) = session.discard.told().filter(|_| !session.discards("ENHANCEDSTATUSCODES")) {
            env.log.info(format_args!("discarding EHLO keywords: {names}"));
        }
        let mut lines = vec![env.myhostname.clone()];
        let mut add = |session: &Session, keyword: &str, text: String| {
            if !session.discards(keyword) {
                lines.push(text);
            }
        };
        add(session, "PIPELINING", "PIPELINING".into());
        let limit = env.message_limit;
        add(session, "SIZE", if limit > 0 { format!("SIZE {limit}") } else { "SIZE".into() });
        if !env.cfg.bool("disable_vrfy_command") {
            add(session, "VRFY", "VRFY".into());
        }
        add(session, "ETRN", "ETRN".into());
        if env.use_tls && !session.check.facts.tls {
            add(session, "STARTTLS", "STARTTLS".into());
        }
        let unsure = |session: &Session, feature: &str| {
            env.log.warn(format_args!("don't know if EHLO feature {feature} should be announced to {}", session.namaddr()));
            Stop::LocalError
        };
        if let Some(sasl) = &session.sasl
            && !session.alone
            && !session.discards("AUTH")
        {
            let list = sasl.mechanisms.join(" ");
            let spared = match &env.sasl_exceptions {
                Some(list) => list.matches(&env, &session.check.facts.peer, &mut session.check.ladder).await,
                None => Some(false),
            };
            match spared {
                Some(false) => {
                    add(session, "AUTH", format!("AUTH {list}"));
                    if env.cfg.bool("broken_sasl_auth_clients") {
                        add(session, "AUTH", format!("AUTH={list}"));
                    }
                }
                Some(true) => {}
                None => return Err(unsure(session, "AUTH")),
            }
        }
        let verp = env.verp_clients.matches(&env, &session.check.facts.peer, &mut Vec::new()).await;
        for (allowed, keyword, feature, text) in [
            (verp, "VERP", "XVERP", "XVERP"),
            (session.xclient, "XCLIENT", "XCLIENT", "XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"),
            (session.xforward, "XFORWARD", "XFORWARD", "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT"),
        ] {
            match allowed {
                Some(true) => add(session, keyword, text.into()),
                None if !session.discards(keyword) => return Err(unsure(session, feature)),
                _ => {}
            }
        }
        for keyword in ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN"] {
            add(session, keyword, keyword.into());
        }
        if env.utf8 {
            add(session, "SMTPUTF8", "SMTPUTF8".into());
        }
        add(session, "CHUNKING", "CHUNKING".into());
        let last = lines.len() - 1;
        let lines = lines.into_iter().enumerate().map(|(i, l)| format!("250{}{l}", if i < last { '-' } else { ' ' })).collect();
        Ok(Reply { lines, ..Reply::yes("") })
    })
}
