//! MAIL: a transaction begins. Its parameters are those of RFC 1870, 6152, 3461, 4954, 6531. Source: RFC 5321 §4.1.1.2; mail_cmd of Postfix.

use super::Run;
use crate::anvil::Event;
use crate::restrictions::check::printable;
use crate::smtpd::chat::Stop;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::{Phase, Session, Transaction};
use wire::smtp::{Token, xtext_decode};

/// What the parameters say.
#[derive(Default)]
struct Parameters {
    encoding: Option<&'static str>,
    ret: u8,
    envid: Option<String>,
    verp: Option<String>,
}

/// The value of `NAME=value`.
fn value<'a>(arg: &'a str, name: &str) -> Option<&'a str> {
    let head = arg.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| &arg[name.len()..])
}

/// Reads one parameter; the refusal if it is wrong.
async fn parameter(session: &mut Session, p: &mut Parameters, arg: &str) -> Result<(), Reply> {
    let env = session.check.env.clone();
    let no_dsn = || Err(Reply::wrong("501 5.7.1 DSN support is disabled").by(super::DISCARD));
    if arg.eq_ignore_ascii_case("BODY=8BITMIME") {
        p.encoding = Some("8bit");
    } else if arg.eq_ignore_ascii_case("BODY=7BIT") {
        p.encoding = Some("7bit");
    } else if let Some(size) = value(arg, "SIZE=") {
        if size.is_empty() || !size.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reply::wrong("501 5.5.4 Bad message size syntax"));
        }
        match size.parse::<i64>() {
            Ok(size) => session.check.facts.msg_size = size as u64,
            Err(_) => return Err(Reply::forbidden("552 5.3.4 Message size exceeds file system imposed limit")),
        }
    } else if session.offers_utf8() && arg.eq_ignore_ascii_case("SMTPUTF8") {
        // Looked for before the address was read.
    } else if let Some(address) = value(arg, "AUTH=") {
        if session.check.facts.sasl_sender.is_some() {
            return Err(Reply::wrong("503 5.5.4 Error: multiple AUTH= options"));
        }
        if address != "<>" {
            session.check.facts.sasl_sender = Some(printable(address, '?', env.utf8));
        }
    } else if let Some(ret) = value(arg, "RET=") {
        if session.discards("DSN") {
            return no_dsn();
        }
        let code = [("FULL", 1), ("HDRS", 2)].iter().find(|(n, _)| n.eq_ignore_ascii_case(ret)).map_or(0, |(_, c)| *c);
        if p.ret != 0 || code == 0 {
            return Err(Reply::wrong("501 5.5.4 Bad RET parameter syntax"));
        }
        p.ret = code;
    } else if let Some(id) = value(arg, "ENVID=") {
        if session.discards("DSN") {
            return no_dsn();
        }
        let good = xtext_decode(id).filter(|t| !t.is_empty() && t.bytes().all(|b| matches!(b, b' '..=b'~')));
        if p.envid.is_some() || good.is_none() {
            return Err(Reply::wrong("501 5.5.4 Bad ENVID parameter syntax"));
        }
        p.envid = good;
    } else {
        let verp = value(arg, "XVERP").filter(|v| v.is_empty() || v.starts_with('='));
        let allowed = match verp {
            Some(_) => env.verp_clients.matches(&env, &session.check.facts.peer, &mut Vec::new()).await == Some(true),
            None => false,
        };
        let Some(verp) = verp.filter(|_| allowed) else {
            let by: &[&str] = match () {
                () if verp.is_some() => &["smtpd_authorized_verp_clients"],
                () if arg.eq_ignore_ascii_case("SMTPUTF8") => &["smtputf8_enable"],
                () => &[],
            };
            return Err(Reply::wrong(format!("555 5.5.4 Unsupported option: {arg}")).by(by));
        };
        let delimiters = verp.strip_prefix('=').map_or_else(|| env.cfg.str("default_verp_delimiters"), str::to_string);
        let filter = env.cfg.str("verp_delimiter_filter");
        if delimiters.len() != 2 || !delimiters.chars().all(|c| filter.contains(c)) {
            return Err(Reply::wrong(format!("501 5.5.4 Error: XVERP needs two characters from {filter}")).by(&["verp_delimiter_filter"]));
        }
        p.verp = Some(delimiters);
    }
    Ok(())
}

/// The sender's address and the parameters, or the refusal.
async fn envelope(session: &mut Session, argv: &[Token]) -> Result<Result<(String, Parameters), Reply>, Stop> {
    let env = session.check.env.clone();
    if env.cfg.bool("smtpd_helo_required") && session.check.facts.helo.is_none() {
        return Ok(Err(Reply::forbidden("503 5.5.1 Error: send HELO/EHLO first").by(&["smtpd_helo_required"])));
    }
    if session.in_transaction() {
        return Ok(Err(Reply::wrong("503 5.5.1 Error: nested MAIL command")));
    }
    if session.in_chunks() {
        return Ok(Err(Reply::wrong("503 5.5.1 Error: MAIL after BDAT")));
    }
    if argv.len() < 3 || !argv[1].text.eq_ignore_ascii_case("from:") {
        return Ok(Err(Reply::wrong("501 5.5.4 Syntax: MAIL FROM:<address>")));
    }
    if let Some(rate) = session.over_limit(Event::Mail, "smtpd_client_message_rate_limit").await {
        env.log.warn(format_args!(
            "Message delivery request rate limit exceeded: {rate} from {} for service {}",
            session.namaddr(),
            session.service
        ));
        let reply = Reply::forbidden(format!("450 4.7.1 Error: too much mail from {}", session.check.facts.peer.addr));
        return Ok(Err(reply.by(&["smtpd_client_message_rate_limit", "anvil_rate_time_unit"])));
    }
    let bad = || Ok(Err(Reply::wrong("501 5.1.7 Bad sender address syntax")));
    if argv[2].open {
        return bad();
    }
    if session.offers_utf8() && argv[3..].iter().any(|a| a.text.eq_ignore_ascii_case("SMTPUTF8")) {
        session.check.facts.smtputf8 = true;
    }
    let (strict, utf8) = (env.cfg.bool("strict_rfc821_envelopes"), session.check.facts.smtputf8);
    let Some(address) = session.path(&argv[2].text, true, strict, utf8).await? else { return bad() };
    let mut p = Parameters::default();
    for arg in &argv[3..] {
        if let Err(reply) = parameter(session, &mut p, &arg.text).await {
            return Ok(Err(reply));
        }
    }
    Ok(Ok((address, p)))
}

/// Whether the address may start a transaction; the refusal.
async fn refuse(session: &mut Session, address: &mut String, p: &Parameters) -> Option<Reply> {
    let env = session.check.env.clone();
    session.check.facts.sender = Some(address.clone());
    let refusal = session.check.size();
    session.check.facts.sender = None;
    if let Some(refusal) = refusal {
        return Some(Reply::no(refusal));
    }
    if p.verp.is_some() && address.is_empty() {
        return Some(Reply::no("503 5.5.4 Error: XVERP requires non-null sender"));
    }
    if session.alone {
        return None;
    }
    if let Some(own) = env.own_probe(address).await {
        *address = own;
    }
    let mut refusal = None;
    if !env.cfg.bool("smtpd_delay_reject") {
        refusal = session.check.mail(Some(address.clone())).await;
    }
    if refusal.is_none() {
        match env.rewrite_context(&mut session.check).await {
            Ok(context) => session.context = context,
            Err(text) => refusal = Some(text),
        }
    }
    if refusal.is_none() && env.cfg.bool("strict_smtputf8") && !session.check.facts.smtputf8 && !address.is_ascii() {
        return Some(Reply::no("553 5.6.7 Must declare SMTPUTF8 to send unicode address").by(&["strict_smtputf8"]));
    }
    if refusal.is_none() && (!env.filtered() || env.adjusts_speed()) {
        refusal = session.check.queue_space().await;
    }
    let refusal = refusal?;
    // What access tables have ordered is forgotten too.
    session.mail_reset().await;
    Some(Reply::no(refusal))
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        session.check.facts.smtputf8 = false;
        let (mut address, p) = match envelope(session, argv).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        if let Some(reply) = refuse(session, &mut address, &p).await {
            return Ok(reply);
        }
        let env = session.check.env.clone();
        let now = env.sys.now();
        session.check.facts.sender = Some(address);
        session.check.facts.instance = format!("{:x}.{:x}.{:x}.{:x}", env.sys.pid(), now.secs(), now.0 % 1_000_000, session.sequence);
        session.sequence = session.sequence.wrapping_add(1);
        session.phase = Phase::Mail(Box::new(Transaction {
            stream: None,
            arrival: now,
            envid: p.envid,
            ret: p.ret,
            encoding: p.encoding,
            verp: p.verp,
            mail: session.line.clone(),
            trouble: 0,
        }));
        if !env.cfg.bool("smtpd_delay_open_until_valid_rcpt")
            && let Some(refusal) = session.open_stream().await?
        {
            session.mail_reset().await;
            return Ok(refusal);
        }
        Ok(Reply::yes("250 2.1.0 Ok"))
    })
}
