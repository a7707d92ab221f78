//! RCPT: one more recipient, if all restrictions agree. Source: RFC 5321 §4.1.1.3, RFC 3461 §4.1, §4.2; rcpt_cmd of Postfix.

use super::Run;
use crate::anvil::Event;
use crate::report::notify;
use crate::smtpd::chat::Stop;
use crate::smtpd::proxy;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::{Token, unitext_decode, xtext_decode};

/// What the parameters say.
#[derive(Default)]
struct Parameters {
    notify: i64,
    orcpt: Option<String>,
}

/// The bits of `NOTIFY=`; `None`: it is wrong.
fn notify_mask(session: &Session, text: &str) -> Option<i64> {
    let mut mask = 0;
    for word in text.split(',').filter(|w| !w.is_empty()) {
        let table = [("NEVER", notify::NEVER), ("SUCCESS", notify::SUCCESS), ("FAILURE", notify::FAILURE), ("DELAY", notify::DELAY)];
        match table.iter().find(|(n, _)| n.eq_ignore_ascii_case(word)) {
            Some((_, bit)) => mask |= bit,
            None => {
                session.check.env.log.warn(format_args!("unknown DSN NOTIFY command value \"{word}\" in \"{text}\""));
                return None;
            }
        }
    }
    (mask != 0 && (mask & notify::NEVER == 0 || mask == notify::NEVER)).then_some(mask)
}

fn parameter(session: &Session, p: &mut Parameters, arg: &str) -> Result<(), Reply> {
    let upper = arg.to_ascii_uppercase();
    if upper.starts_with("NOTIFY=") {
        if session.discards("DSN") {
            return Err(Reply::wrong("501 5.7.1 DSN support is disabled").by(super::DISCARD));
        }
        match notify_mask(session, &arg[7..]) {
            Some(mask) if p.notify == 0 => p.notify = mask,
            _ => return Err(Reply::wrong("501 5.5.4 Error: Bad NOTIFY parameter syntax")),
        }
    } else if upper.starts_with("ORCPT=") {
        if session.discards("DSN") {
            return Err(Reply::wrong("501 5.7.1 DSN support is disabled").by(super::DISCARD));
        }
        let found = arg[6..].split_once(';').filter(|(kind, _)| !kind.is_empty());
        let decoded = found.and_then(|(kind, text)| {
            let decode = if kind.eq_ignore_ascii_case("utf-8") { unitext_decode } else { xtext_decode };
            Some(format!("{kind};{}", decode(text)?))
        });
        match decoded {
            Some(text) if p.orcpt.is_none() => p.orcpt = Some(text),
            _ => return Err(Reply::wrong("501 5.5.4 Error: Bad ORCPT parameter syntax")),
        }
    } else {
        return Err(Reply::wrong(format!("555 5.5.4 Unsupported option: {arg}")));
    }
    Ok(())
}

/// Address and parameters, or the refusal.
async fn envelope(session: &mut Session, argv: &[Token]) -> Result<Result<(String, Parameters), Reply>, Stop> {
    let env = session.check.env.clone();
    if !session.in_transaction() {
        return Ok(Err(Reply::wrong("503 5.5.1 Error: need MAIL command")));
    }
    if session.in_chunks() {
        return Ok(Err(Reply::wrong("503 5.5.1 Error: RCPT after BDAT")));
    }
    if argv.len() < 3 || !argv[1].text.eq_ignore_ascii_case("to:") {
        return Ok(Err(Reply::wrong("501 5.5.4 Syntax: RCPT TO:<address>")));
    }
    if let Some(reply) = session.too_many_recipients(Event::Rcpt).await {
        return Ok(Err(reply));
    }
    let bad = || Ok(Err(Reply::wrong("501 5.1.3 Bad recipient address syntax")));
    if argv[2].open {
        return bad();
    }
    let (strict, utf8) = (env.cfg.bool("strict_rfc821_envelopes"), session.check.facts.smtputf8);
    let Some(address) = session.path(&argv[2].text, false, strict, utf8).await? else { return bad() };
    let mut p = Parameters::default();
    for arg in &argv[3..] {
        if let Err(reply) = parameter(session, &mut p, &arg.text) {
            return Ok(Err(reply));
        }
    }
    Ok(Ok((address, p)))
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        let (mut address, p) = match envelope(session, argv).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let env = session.check.env.clone();
        let limit = env.cfg.int("smtpd_recipient_limit");
        if limit > 0 && i64::from(session.check.facts.rcpt_count) >= limit {
            let spared = session.overshoot < env.cfg.int("smtpd_recipient_overshoot_limit");
            session.overshoot += 1;
            let reply = Reply::forbidden("452 4.5.3 Error: too many recipients").by(&["smtpd_recipient_limit"]);
            return Ok(if spared { Reply { ok: true, class: None, ..reply } } else { reply });
        }
        if env.cfg.bool("strict_smtputf8") && !session.check.facts.smtputf8 && !address.is_ascii() {
            return Ok(Reply::no("553 5.6.7 Must declare SMTPUTF8 to send unicode address").by(&["strict_smtputf8"]));
        }
        if !session.alone {
            if let Some(own) = env.own_probe(&address).await {
                // Whoever probes us about the sender of our own probes shall not be probed in turn.
                session.check.note(format!("{own} sends our address probes (address_verify_sender): it is not checked"));
                address = own;
            } else if let Some(refusal) = session.check.rcpt(&address).await {
                return Ok(Reply::no(refusal));
            }
        }
        if session.stream().is_none()
            && let Some(refusal) = session.open_stream().await?
        {
            return Ok(refusal);
        }
        if let Some(refusal) = session.pass_on(proxy::OK, &session.line.clone()).await {
            return Ok(refusal);
        }
        let orcpt = p.orcpt.unwrap_or_else(|| {
            let text = argv[2].text.as_str();
            let bare = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
            format!("rfc822;{bare}")
        });
        session.check.facts.rcpt_count += 1;
        if session.check.facts.recipient.is_none() {
            session.check.facts.recipient = Some(address.clone());
        }
        session.add_recipient(&address, &orcpt, p.notify).await;
        Ok(Reply::yes("250 2.1.5 Ok"))
    })
}
