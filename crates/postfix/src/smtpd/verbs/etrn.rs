//! ETRN: deliver what waits for a domain. Source: RFC 1985; etrn_cmd of Postfix, ETRN_README.

use super::Run;
use crate::ipc::{Attrs, ask_once};
use crate::smtpd::hostname::{valid_hostname, valid_mailhost};
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use machine::Because;
use wire::smtp::Token;

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        let env = session.check.env.clone();
        if env.cfg.bool("smtpd_helo_required") && session.check.facts.helo.is_none() {
            return Ok(Reply::forbidden("503 Error: send HELO/EHLO first").by(&["smtpd_helo_required"]));
        }
        if session.in_transaction() {
            return Ok(Reply::wrong("503 Error: MAIL transaction in progress"));
        }
        let [_, domain] = argv else { return Ok(Reply::wrong("500 Syntax: ETRN domain")) };
        let domain = domain.text.strip_prefix(['@', '#']).unwrap_or(&domain.text);
        let literal = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')).is_some_and(valid_mailhost);
        if !literal && !valid_hostname(domain) {
            return Ok(Reply::wrong("501 Error: invalid parameter syntax"));
        }
        if session.alone {
            env.log.warn(format_args!("do not use ETRN in \"sendmail -bs\" mode"));
            return Ok(Reply::no("458 Unable to queue messages"));
        }
        if let Some(refusal) = session.check.etrn(domain).await {
            return Ok(Reply::no(refusal));
        }
        let shown: String = domain.chars().take(100).collect();
        if !env.flushes(domain).await {
            let (value, place) = (env.cfg.str("fast_flush_domains"), env.cfg.place("fast_flush_domains"));
            session.check.because(Because::Parameter { name: "fast_flush_domains".into(), value, place });
            env.log.warn(format_args!("reject: ETRN {shown}... from {}", session.namaddr()));
            return Ok(Reply::no(format!("459 <{domain}>: service unavailable")));
        }
        let request = Attrs::new().with("request", "send_site").with("site", domain);
        let service = format!("public/{}", env.cfg.str("flush_service_name"));
        match ask_once(&env.sys, &service, &request).await.map(|a| a.num("status")) {
            Ok(0) => Ok(Reply::yes("250 Queuing started")),
            Ok(_) => {
                env.log.warn(format_args!("bad ETRN {shown}... from {}", session.namaddr()));
                Ok(Reply::no("458 Unable to queue messages"))
            }
            Err(_) => {
                env.log.warn(format_args!("unable to talk to fast flush service"));
                Ok(Reply::no("458 Unable to queue messages"))
            }
        }
    })
}
