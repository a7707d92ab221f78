//! Restrictions that stand for no one in particular: permit, reject, defer and their like, pipelining, policy services.
//! Source: postconf(5) "Generic restrictions".

use super::check::{Check, Class, Judged, Outcome};
use super::{Cx, Work};
use crate::policy;

pub(super) fn permit<'a>(check: &'a mut Check, cx: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(check.permit("permit", cx.class, &cx.name, ""))
}

pub(super) fn reject(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    let code = check.code("reject_code");
    check.reject_policy(code, "5.7.1", format!("<{}>: {} rejected: Access denied", cx.name, cx.class))
}

pub(super) fn defer(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    let code = check.code("defer_code");
    check.reject_policy(code, "4.3.2", format!("<{}>: {} rejected: Try again later", cx.name, cx.class))
}

pub(super) fn defer_if_permit(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    check.if_permit(450, "4.7.0", format!("<{}>: {} rejected: defer_if_permit requested", cx.name, cx.class))
}

pub(super) fn defer_if_reject(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    check.if_reject(450, "4.7.0", format!("<{}>: {} rejected: defer_if_reject requested", cx.name, cx.class));
    Ok(Outcome::Dunno)
}

pub(super) fn unauth_pipelining(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    if !check.facts.pipelined {
        return Ok(Outcome::Dunno);
    }
    let text = format!("<{}>: {} rejected: Improper use of SMTP command pipelining", cx.name, cx.class);
    Ok(check.reject(Class::Protocol, 503, "5.5.0", text))
}

pub(super) fn multi_recipient_bounce(check: &mut Check, cx: &Cx, _: &str) -> Judged {
    let f = &check.facts;
    if f.sender.as_deref() != Some("") || f.rcpt_count <= u32::from(f.place != "RCPT") {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("multi_recipient_bounce_reject_code");
    check.reject_policy(code, "5.5.3", format!("<{}>: {} rejected: Multi-recipient bounce", cx.name, cx.class))
}

pub(super) fn plaintext_session(check: &mut Check, _: &Cx, _: &str) -> Judged {
    if check.facts.tls {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("plaintext_reject_code");
    check.reject_policy(code, "4.7.1", "Session encryption is required".into())
}

pub(super) fn sleep<'a>(check: &'a mut Check, _: &'a Cx, seconds: &'a str) -> Work<'a> {
    Box::pin(async move {
        let seconds: u64 = seconds.parse().unwrap_or(0);
        // Nothing interrupts it.
        let _ = check.env.sys.sleep(seconds.saturating_mul(1_000_000)).await;
        Ok(Outcome::Dunno)
    })
}

pub(super) fn policy_service<'a>(check: &'a mut Check, cx: &'a Cx, server: &'a str) -> Work<'a> {
    Box::pin(policy::ask(check, cx, server))
}
