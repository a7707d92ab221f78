//! Restrictions about the sender's address: its form, its domain, whose it is.
//! Source: postconf(5) smtpd_sender_restrictions; RFC 7505 for domains that accept no mail.

use super::check::{Check, Judged, Outcome};
use super::dns::{Dns, ask_any};
use super::helo::trim_dot;
use super::subject::Subject;
use super::{Cx, Work};
use crate::lookup::records::DROPPED;
use crate::smtpd::hostname::valid_hostname;
use machine::Because;
use wire::dns::RecordType;

/// The address without being empty.
pub(super) fn address(check: &Check, subject: Subject) -> Option<String> {
    subject.value(&check.facts).filter(|a| !a.is_empty() || subject == Subject::Recipient)
}

/// Refuses a domain that is not fully qualified.
pub(super) fn non_fqdn_address(check: &mut Check, subject: Subject) -> Judged {
    let Some(address) = address(check, subject) else { return Ok(Outcome::Dunno) };
    let domain = address.rsplit_once('@').map_or("", |(_, d)| d);
    if domain.starts_with('[') && domain.ends_with(']') {
        return Ok(Outcome::Dunno);
    }
    let short = trim_dot(domain);
    let utf8 = check.facts.smtputf8 && !short.is_ascii();
    if (valid_hostname(short) || utf8) && short.contains('.') {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("non_fqdn_reject_code");
    check.reject_policy(code, "4.5.2", format!("<{address}>: {} rejected: need fully-qualified address", subject.class()))
}

pub(super) fn non_fqdn(check: &mut Check, _: &Cx, _: &str) -> Judged {
    non_fqdn_address(check, Subject::Sender)
}

/// Refuses a domain that has neither MX nor address, unless it is ours.
pub(super) async fn unknown_address(check: &mut Check, subject: Subject) -> Judged {
    let Some(address) = address(check, subject) else { return Ok(Outcome::Dunno) };
    let sender = subject == Subject::Sender;
    let resolved = check.resolve(&address, sender).await?;
    let Some((_, domain)) = resolved.recipient.rsplit_once('@') else { return Ok(Outcome::Dunno) };
    if resolved.class.is_final() || domain.starts_with('[') && domain.ends_with(']') {
        return Ok(Outcome::Dunno);
    }
    let class = subject.class();
    let code = check.code("unknown_address_reject_code");
    let dsn = if sender { "4.1.8" } else { "4.1.2" };
    let text = format!("<{address}>: {class} rejected: Domain not found");
    match ask_any(check, domain, &[RecordType::MX, RecordType::A, RecordType::AAAA]).await {
        Dns::Found(_) => Ok(Outcome::Dunno),
        Dns::NullMx => {
            let (code, dsn) = if sender { (550, "4.7.27") } else { (556, "4.1.10") };
            check.because(Because::Protocol { rule: "RFC 7505".into(), what: format!("{domain} accepts no mail") });
            check.reject_policy(code, dsn, format!("<{address}>: {class} rejected: Domain {domain} does not accept mail (nullMX)"))
        }
        Dns::Policy => {
            check.env.log.warn(format_args!("{domain}: MX or address lookup error: {DROPPED}"));
            Ok(Outcome::Dunno)
        }
        Dns::Retry | Dns::Wrong => check.tempfail("unknown_address_tempfail_action", 450, dsn, text),
        Dns::Nothing | Dns::NoData => check.reject_policy(code, dsn, text),
        Dns::Malformed => check.reject_policy(code, dsn, format!("<{address}>: {class} rejected: Malformed DNS server reply")),
    }
}

pub(super) fn unknown_domain<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(unknown_address(check, Subject::Sender))
}

/// Refuses an address that the verify service knows to bounce.
pub(super) async fn unverified_address(check: &mut Check, subject: Subject) -> Judged {
    let Some(address) = address(check, subject).filter(|a| !a.is_empty()) else { return Ok(Outcome::Dunno) };
    let side = if subject == Subject::Sender { "sender" } else { "recipient" };
    let dsn = if subject == Subject::Sender { "4.1.7" } else { "4.1.1" };
    let class = subject.class();
    let tempfail = format!("unverified_{side}_tempfail_action");
    let env = check.env.clone();
    let Some((status, mut why, reasons)) = env.verify(&address).await else {
        env.log.warn(format_args!("{} service failure", env.cfg.str("address_verify_service_name")));
        return check.tempfail(&tempfail, 450, dsn, format!("<{address}>: {class} rejected: address verification problem"));
    };
    check.ladder.extend(reasons);
    // 0: deliverable, 1: put off, 2: bounces, 3: not yet known.
    let code = match status {
        0 => return Ok(Outcome::Dunno),
        2 => "reject",
        _ => "defer",
    };
    let code = format!("unverified_{side}_{code}_code");
    let code = check.code(&code);
    let other = env.cfg.str(&format!("unverified_{side}_reject_reason"));
    if code >= 400 && !other.is_empty() {
        why = other;
    }
    match code / 100 {
        2 => Ok(Outcome::Dunno),
        4 => {
            super::check::truncate(&mut why, 250);
            check.tempfail(&tempfail, code, dsn, format!("<{address}>: {class} rejected: unverified address: {why}"))
        }
        _ => check.reject_policy(code, dsn, format!("<{address}>: {class} rejected: undeliverable address: {why}")),
    }
}

pub(super) fn unverified<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(unverified_address(check, Subject::Sender))
}

/// The sender's address if there is one and logins exist; else says that the restriction is idle.
fn with_logins(check: &Check, name: &str) -> Option<String> {
    if !check.env.cfg.bool("smtpd_sasl_auth_enable") {
        check.env.log.warn(format_args!("restriction `{name}' ignored: no SASL support"));
        return None;
    }
    address(check, Subject::Sender)
}

/// Who may use the address, by `smtpd_sender_login_maps`.
async fn owners(check: &mut Check, sender: &str) -> Result<Option<String>, super::check::Unwind> {
    let address = check.resolve(sender, true).await?.recipient;
    check.find_address("smtpd_sender_login_maps", &address, sender).await
}

/// A client that has logged in may only use its own addresses.
async fn logged_in(check: &mut Check, sender: &str, allow_unknown: bool) -> Judged {
    let Some(user) = check.facts.login.as_ref().map(|l| l.user.clone()) else { return Ok(Outcome::Dunno) };
    match owners(check, sender).await? {
        Some(list) if list.split([',', ' ', '\t', '\r', '\n']).any(|o| o.eq_ignore_ascii_case(&user)) => Ok(Outcome::Dunno),
        None if allow_unknown => Ok(Outcome::Dunno),
        _ => check.reject_policy(553, "5.7.1", format!("<{sender}>: Sender address rejected: not owned by user {user}")),
    }
}

/// A client that has not logged in may use no address that belongs to somebody.
async fn logged_out(check: &mut Check, sender: &str) -> Judged {
    if check.facts.login.is_some() {
        return Ok(Outcome::Dunno);
    }
    match owners(check, sender).await? {
        Some(_) => check.reject_policy(553, "5.7.1", format!("<{sender}>: Sender address rejected: not logged in")),
        None => Ok(Outcome::Dunno),
    }
}

pub(super) fn authenticated_mismatch<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        match with_logins(check, "reject_authenticated_sender_login_mismatch") {
            Some(sender) => logged_in(check, &sender, false).await,
            None => Ok(Outcome::Dunno),
        }
    })
}

pub(super) fn known_mismatch<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        match with_logins(check, "reject_known_sender_login_mismatch") {
            Some(sender) if check.facts.login.is_some() => logged_in(check, &sender, true).await,
            Some(sender) => logged_out(check, &sender).await,
            None => Ok(Outcome::Dunno),
        }
    })
}

pub(super) fn unauthenticated_mismatch<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        match with_logins(check, "reject_unauthenticated_sender_login_mismatch") {
            Some(sender) => logged_out(check, &sender).await,
            None => Ok(Outcome::Dunno),
        }
    })
}
