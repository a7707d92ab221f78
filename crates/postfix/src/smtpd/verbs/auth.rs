//! AUTH: a SASL exchange. Source: RFC 4954; smtpd_sasl_auth_cmd and smtpd_sasl_authenticate of Postfix.

use super::Run;
use crate::anvil::Event;
use crate::restrictions::check::{Login, printable};
use crate::sasl::Step;
use crate::smtpd::chat::Stop;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use machine::Because;
use wire::smtp::{Ending, Token};

/// The reasons against AUTH that have nothing to do with SASL.
async fn refuse(session: &mut Session, argv: &[Token]) -> Option<Reply> {
    let env = session.check.env.clone();
    if let Some(rate) = session.over_limit(Event::Auth, "smtpd_client_auth_rate_limit").await {
        let (who, service) = (session.namaddr(), &session.service);
        env.log.warn(format_args!("AUTH command rate limit exceeded: {rate} from {who} for service {service}"));
        return Some(
            Reply::forbidden(format!("450 4.7.1 Error: too many AUTH commands from {}", session.check.facts.peer.addr))
                .by(&["smtpd_client_auth_rate_limit"]),
        );
    }
    if env.cfg.bool("smtpd_helo_required") && session.check.facts.helo.is_none() {
        return Some(Reply::forbidden("503 5.5.1 Error: send HELO/EHLO first").by(&["smtpd_helo_required"]));
    }
    if session.alone || session.sasl.is_none() || session.discards("AUTH") {
        let by: &[&str] = match session.discards("AUTH") {
            true => super::DISCARD,
            false if env.tls_auth_only => &["smtpd_sasl_auth_enable", "smtpd_tls_auth_only", "smtpd_tls_security_level"],
            false => &["smtpd_sasl_auth_enable"],
        };
        return Some(Reply::wrong("503 5.5.1 Error: authentication not enabled").by(by));
    }
    if session.in_transaction() {
        return Some(Reply::wrong("503 5.5.1 Error: MAIL transaction in progress"));
    }
    if env.tls_auth_only && !session.check.facts.tls {
        return Some(Reply::wrong("504 5.5.4 Encryption required for requested authentication mechanism").by(&["smtpd_tls_auth_only"]));
    }
    if session.check.facts.login.is_some() {
        return Some(Reply::wrong("503 5.5.1 Error: already authenticated"));
    }
    if !(2..=3).contains(&argv.len()) {
        return Some(Reply::wrong("501 5.5.4 Syntax: AUTH mechanism"));
    }
    None
}

async fn exchange(session: &mut Session, method: &str, initial: Option<&str>) -> Result<Reply, Stop> {
    let env = session.check.env.clone();
    let Some(mut sasl) = session.sasl.take() else { return Ok(Reply::no("503 5.5.1 Error: authentication not enabled")) };
    let mut step = sasl.start(&env, method, initial).await;
    while let Step::More(challenge) = step {
        let trace = session.check.trace;
        session.say(&Reply::yes(format!("334 {challenge}")), trace).await;
        let limit = usize::try_from(env.cfg.int("smtpd_sasl_response_limit")).unwrap_or(12288);
        let (answer, ending) = match session.chat.command(limit).await {
            Ok(line) => line,
            Err(stop) => {
                session.sasl = Some(sasl);
                return Err(stop);
            }
        };
        if ending == Ending::Cut {
            let shown: String = printable(&answer, '?', env.utf8).chars().take(30).collect();
            env.log.warn(format_args!("{}: request longer than {limit}: {shown}...", session.namaddr()));
            session.sasl = Some(sasl);
            return Ok(Reply::no("500 5.5.6 SASL response limit exceeded").by(&["smtpd_sasl_response_limit"]));
        }
        if answer == "*" {
            env.log.warn_of(trace, format_args!("{}: SASL {method} authentication aborted", session.namaddr()));
            session.sasl = Some(sasl);
            return Ok(Reply::no("501 5.7.0 Authentication aborted"));
        }
        step = sasl.step(&env, &answer).await;
    }
    session.check.ladder.append(&mut sasl.because);
    let user = sasl.user().map(str::to_string);
    session.sasl = Some(sasl);
    let (temporary, reason) = match step {
        Step::Done => {
            session.check.facts.login =
                Some(Login { user: printable(&user.unwrap_or_default(), '?', env.utf8), method: printable(method, '?', env.utf8) });
            return Ok(Reply::yes("235 2.7.0 Authentication successful"));
        }
        Step::Temporary(reason) => (true, reason),
        Step::Failed(reason) => (false, reason),
        Step::More(_) => (false, String::new()),
    };
    let reason = if reason.is_empty() { "(reason unavailable)".into() } else { reason };
    let who = user.unwrap_or_else(|| "(unavailable)".into());
    session.check.because(Because::State { what: format!("SASL {method} for {who}: {reason}") });
    env.log.warn_of(
        session.check.trace,
        format_args!("{}: SASL {method:.100} authentication failed: {reason}, sasl_username={who:.100}", session.namaddr()),
    );
    Ok(Reply::no(if temporary {
        format!("454 4.7.0 Temporary authentication failure: {reason}")
    } else {
        format!("535 5.7.8 Error: authentication failed: {reason}")
    }))
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if let Some(reply) = refuse(session, argv).await {
            return Ok(reply);
        }
        // A context is used once.
        if session.sasl_used {
            session.sasl = None;
            session.activate_sasl().await?;
        } else if session.check.env.cfg.str("smtpd_sasl_type") == "cyrus" {
            session.sasl_used = true;
        }
        let method = argv.get(1).map_or("", |t| t.text.as_str());
        exchange(session, method, argv.get(2).map(|t| t.text.as_str())).await
    })
}
