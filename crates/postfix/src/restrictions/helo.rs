//! Restrictions about the name that the client gives with HELO or EHLO.
//! Source: postconf(5) smtpd_helo_restrictions; RFC 1123 §2.1 for the syntax of names.

use super::check::{Check, Judged, Outcome};
use super::dns::{Dns, ask_any};
use super::{Cx, Work};
use crate::lookup::records::DROPPED;
use crate::smtpd::hostname::{valid_addr, valid_hostname, valid_mailhost};
use wire::dns::RecordType;

const CLASS: &str = "Helo command";

/// Without one dot at its end; two stay.
pub(super) fn trim_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        Some(short) if !short.is_empty() && !short.ends_with('.') => short,
        _ => name,
    }
}

/// `[address]`: whether it is one.
fn literal(check: &mut Check, name: &str) -> Judged {
    let inner = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).filter(|n| !n.is_empty()).unwrap_or(name);
    if valid_mailhost(inner) {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("invalid_hostname_reject_code");
    check.reject_policy(code, "5.5.2", format!("<{name}>: {CLASS} rejected: invalid ip address"))
}

pub(super) fn invalid(check: &mut Check, _: &Cx, _: &str) -> Judged {
    let Some(name) = check.facts.helo.clone() else { return Ok(Outcome::Dunno) };
    if name.starts_with('[') {
        return literal(check, &name);
    }
    let short = trim_dot(&name);
    if valid_hostname(short) || valid_addr(short) {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("invalid_hostname_reject_code");
    check.reject_policy(code, "5.5.2", format!("<{name}>: {CLASS} rejected: Invalid name"))
}

pub(super) fn non_fqdn(check: &mut Check, _: &Cx, _: &str) -> Judged {
    let Some(name) = check.facts.helo.clone() else { return Ok(Outcome::Dunno) };
    if name.starts_with('[') {
        return literal(check, &name);
    }
    let short = trim_dot(&name);
    if valid_hostname(short) && short.contains('.') {
        return Ok(Outcome::Dunno);
    }
    let code = check.code("non_fqdn_reject_code");
    check.reject_policy(code, "5.5.2", format!("<{name}>: {CLASS} rejected: need fully-qualified hostname"))
}

pub(super) fn unknown<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(name) = check.facts.helo.clone() else { return Ok(Outcome::Dunno) };
        if name.starts_with('[') {
            return literal(check, &name);
        }
        let text = format!("<{name}>: {CLASS} rejected: Host not found");
        let code = check.code("unknown_hostname_reject_code");
        match ask_any(check, &name, &[RecordType::A, RecordType::AAAA, RecordType::MX]).await {
            Dns::Found(_) | Dns::NullMx => Ok(Outcome::Dunno),
            Dns::Policy => {
                check.env.log.warn(format_args!("{name}: address or MX lookup error: {DROPPED}"));
                Ok(Outcome::Dunno)
            }
            Dns::Retry | Dns::Wrong => check.tempfail("unknown_helo_hostname_tempfail_action", 450, "4.7.1", text),
            Dns::Nothing | Dns::NoData => check.reject_policy(code, "4.7.1", text),
            Dns::Malformed => check.reject_policy(code, "4.7.1", format!("<{name}>: {CLASS} rejected: Malformed DNS server reply")),
        }
    })
}

pub(super) fn permit_naked_ip_address<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        check.env.log.warn(format_args!(
            "restriction permit_naked_ip_address is deprecated. Use permit_mynetworks or permit_sasl_authenticated instead"
        ));
        let Some(name) = check.facts.helo.clone() else { return Ok(Outcome::Dunno) };
        if !name.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b':') {
            return Ok(Outcome::Dunno);
        }
        match literal(check, &name) {
            Ok(Outcome::Dunno) => check.permit("permit_naked_ip_address", CLASS, &name, "").await,
            other => other,
        }
    })
}
