//! Restrictions about the recipient's address: relaying above all.
//! Source: postconf(5) smtpd_relay_restrictions, smtpd_recipient_restrictions.

use super::check::{Check, Judged, Outcome, Unwind};
use super::subject::Subject;
use super::{Cx, Work, sender};
use machine::Because;

/// Whether this machine is responsible for the recipient's domain: its own, a virtual one, or one that it relays to.
pub(crate) async fn authorized(check: &mut Check, recipient: &str) -> Result<bool, Unwind> {
    let resolved = check.resolve(recipient, false).await?;
    let Some((_, domain)) = resolved.recipient.rsplit_once('@') else { return Ok(true) };
    let routed = resolved.routed && !check.env.cfg.bool("allow_untrusted_routing");
    let what = format!(
        "{domain} {}{}",
        resolved.class.words(),
        if routed { ", and the address holds a route (allow_untrusted_routing = no)" } else { "" }
    );
    check.because(Because::State { what });
    Ok(!routed && (resolved.class.is_final() || resolved.class.is_relay()))
}

async fn permit_if_authorized(check: &mut Check, action: &str) -> Judged {
    let Some(recipient) = check.facts.recipient.clone() else { return Ok(Outcome::Dunno) };
    if !authorized(check, &recipient).await? {
        return Ok(Outcome::Dunno);
    }
    check.permit(action, "Recipient address", &recipient, "").await
}

pub(super) fn permit_auth_destination<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(permit_if_authorized(check, "permit_auth_destination"))
}

async fn refuse_relaying(check: &mut Check, less: u32, dsn: &'static str) -> Judged {
    let Some(recipient) = check.facts.recipient.clone() else { return Ok(Outcome::Dunno) };
    if authorized(check, &recipient).await? {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("relay_domains_reject_code").saturating_sub(less);
    check.reject_policy(code, dsn, format!("<{recipient}>: Relay access denied"))
}

pub(super) fn reject_unauth_destination<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(refuse_relaying(check, 0, "5.7.1"))
}

pub(super) fn defer_unauth_destination<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(refuse_relaying(check, 100, "4.7.1"))
}

pub(super) fn check_relay_domains<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(recipient) = check.facts.recipient.clone() else { return Ok(Outcome::Dunno) };
        check.env.old_name(2, "check_relay_domains", "reject_unauth_destination");
        match permit_if_authorized(check, "check_relay_domains").await? {
            Outcome::Ok => Ok(Outcome::Ok),
            _ => {
                let code = check.code("relay_domains_reject_code");
                check.reject_policy(code, "5.7.1", format!("<{recipient}>: Recipient address rejected: Relay access denied"))
            }
        }
    })
}

pub(super) fn non_fqdn(check: &mut Check, _: &Cx, _: &str) -> Judged {
    sender::non_fqdn_address(check, Subject::Recipient)
}

pub(super) fn unknown_domain<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(sender::unknown_address(check, Subject::Recipient))
}

pub(super) fn unverified<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(sender::unverified_address(check, Subject::Recipient))
}
