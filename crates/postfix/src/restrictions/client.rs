//! Restrictions about the client: its networks, its name, its login.
//! Source: postconf(5) smtpd_client_restrictions.

use super::check::{Check, Judged, Outcome};
use super::{Cx, Work};
use crate::smtpd::env::table_of;
use crate::smtpd::peer::Found;
use machine::Because;

pub(super) fn permit_mynetworks<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let env = check.env.clone();
        match env.mynetworks.matches(&env, &check.facts.peer, &mut check.ladder).await {
            Some(true) => permit(check, "permit_mynetworks").await,
            Some(false) => Ok(Outcome::Dunno),
            None => {
                let name = check.facts.recipient.clone().unwrap_or_else(|| check.facts.peer.namaddr.clone());
                Err(check.lookup_failure(&name))
            }
        }
    })
}

/// Permits the client.
async fn permit(check: &mut Check, action: &str) -> Judged {
    let name = check.facts.peer.namaddr.clone();
    check.permit(action, "Client host", &name, "").await
}

pub(super) fn permit_inet_interfaces<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let env = check.env.clone();
        if env.local.listens_on(check.facts.peer.ip) { permit(check, "permit_inet_interfaces").await } else { Ok(Outcome::Dunno) }
    })
}

pub(super) fn permit_sasl_authenticated<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let what = match &check.facts.login {
            Some(l) if !l.method.eq_ignore_ascii_case("anonymous") => format!("logged in as {} with {}", l.user, l.method),
            _ => "the client has not logged in".into(),
        };
        let known = check.facts.login.is_some() && check.facts.sasl_active;
        check.because(Because::State { what });
        if known { permit(check, "permit_sasl_authenticated").await } else { Ok(Outcome::Dunno) }
    })
}

/// Client certificates: nobody has shown one.
pub(super) fn ccert(check: &mut Check, table: &str) -> Judged {
    if table_of(table).is_err() {
        // The quote is not closed there either.
        check.env.log.warn(format_args!("See earlier parsing error messages for '{table}"));
        return Err(check.server_error());
    }
    if !check.env.cfg.bool("smtpd_tls_ask_ccert") {
        check.env.log.warn(format_args!("check_ccert_access is requested, but \"smtpd_tls_ask_ccert = no\""));
    }
    Ok(Outcome::Dunno)
}

fn explain_name(check: &mut Check) {
    let p = &check.facts.peer;
    let what = match (&p.name_found, &p.reverse_found) {
        (Found::Yes, _) => format!("PTR and A agree: {} is {}", p.addr, p.name),
        (_, Found::Yes) => format!("PTR of {} is {}, but {} does not resolve to it", p.addr, p.reverse_name, p.reverse_name),
        (_, Found::Temporary) => format!("the DNS could not say who {} is", p.addr),
        _ => format!("{} has no PTR record", p.addr),
    };
    check.because(Because::State { what });
}

pub(super) fn unknown(check: &mut Check, _: &Cx, _: &str) -> Judged {
    explain_name(check);
    let code = match check.facts.peer.name_found {
        Found::Yes => return Ok(Outcome::Dunno),
        Found::Temporary => 450,
        Found::No | Found::Forged => check.code("unknown_client_reject_code"),
    };
    let text = format!("Client host rejected: cannot find your hostname, [{}]", check.facts.peer.addr);
    check.reject_policy(code, "4.7.25", text)
}

pub(super) fn unknown_reverse(check: &mut Check, _: &Cx, _: &str) -> Judged {
    explain_name(check);
    let code = match check.facts.peer.reverse_found {
        Found::Yes => return Ok(Outcome::Dunno),
        Found::No => check.code("unknown_client_reject_code"),
        _ => 450,
    };
    let text = format!("Client host rejected: cannot find your reverse hostname, [{}]", check.facts.peer.addr);
    check.reject_policy(code, "4.7.1", text)
}
