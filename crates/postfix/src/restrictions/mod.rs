//! Access restrictions: the table of all that can stand in a list, and the evaluation of one list.
//! Not here: the order of the lists (`stages`), access tables (`crate::access`), what each one does (the other files).
//! Source: postconf(5) smtpd_*_restrictions; order of evaluation and messages as Postfix's generic_checks.

mod answers;
pub(crate) mod check;
mod client;
mod dns;
pub(crate) mod dnsbl;
mod general;
mod helo;
mod listed;
mod mx;
mod recipient;
mod sender;
mod server;
mod stages;
mod subject;

use crate::access;
use check::{Check, Judged, Outcome};
use machine::{Because, Signal, Verdict};
pub(crate) use stages::LISTS;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
pub(crate) use subject::Subject;
use wire::dns::RecordType;

/// The work of a restriction that asks somebody.
pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = Judged> + 'a>>;

/// A restriction list: the parameter it comes from and its elements.
pub(crate) struct List {
    /// Name of the parameter or class.
    pub(crate) name: String,
    /// Where it is set.
    pub(crate) place: Option<(String, u32)>,
    /// Its elements, arguments among them.
    pub(crate) elements: Vec<String>,
    /// The lines on which they stand.
    pub(crate) lines: Vec<u32>,
}

/// What a list is evaluated for.
#[derive(Clone)]
pub(crate) struct Cx {
    /// What stands between `<>` in a refusal.
    pub(crate) name: String,
    /// `Recipient address`.
    pub(crate) class: &'static str,
    /// The restriction that a bare table stands for.
    pub(crate) bare: Option<&'static str>,
}

/// What an element does.
enum Rule {
    /// Decides by itself. The argument is the one it takes, or empty.
    Now(fn(&mut Check, &Cx, &str) -> Judged),
    /// Asks somebody.
    Later(for<'a> fn(&'a mut Check, &'a Cx, &'a str) -> Work<'a>),
    /// Looks the subject up in an access table.
    Access(Subject),
    /// Looks the subject's servers up in an access table.
    Server(Subject, RecordType),
    /// Looks the subject up in a DNS list; `true`: one that permits.
    Dns(Subject, bool),
}

/// What must stand behind an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arg {
    No,
    /// `type:name`
    Table,
    /// A domain.
    Domain,
    /// `transport:server`
    Policy,
    /// Seconds.
    Number,
}

/// An element: its name, what stands behind it, what it does.
struct Restriction(&'static str, Arg, Rule);

use Rule::{Access, Dns, Later, Now, Server};

/// All of them by name. Old names stand beside the new ones.
static TABLE: &[Restriction] = &[
    Restriction("check_ccert_access", Arg::Table, Now(|c, _, table| client::ccert(c, table))),
    Restriction("check_client_a_access", Arg::Table, Server(Subject::Client, RecordType::A)),
    Restriction("check_client_access", Arg::Table, Access(Subject::Client)),
    Restriction("check_client_mx_access", Arg::Table, Server(Subject::Client, RecordType::MX)),
    Restriction("check_client_ns_access", Arg::Table, Server(Subject::Client, RecordType::NS)),
    Restriction("check_etrn_access", Arg::Table, Access(Subject::Etrn)),
    Restriction("check_helo_a_access", Arg::Table, Server(Subject::Helo, RecordType::A)),
    Restriction("check_helo_access", Arg::Table, Access(Subject::Helo)),
    Restriction("check_helo_mx_access", Arg::Table, Server(Subject::Helo, RecordType::MX)),
    Restriction("check_helo_ns_access", Arg::Table, Server(Subject::Helo, RecordType::NS)),
    Restriction("check_policy_service", Arg::Policy, Later(general::policy_service)),
    Restriction("check_recipient_a_access", Arg::Table, Server(Subject::Recipient, RecordType::A)),
    Restriction("check_recipient_access", Arg::Table, Access(Subject::Recipient)),
    Restriction("check_recipient_maps", Arg::No, Later(listed::recipient)),
    Restriction("check_recipient_mx_access", Arg::Table, Server(Subject::Recipient, RecordType::MX)),
    Restriction("check_recipient_ns_access", Arg::Table, Server(Subject::Recipient, RecordType::NS)),
    Restriction("check_relay_domains", Arg::No, Later(recipient::check_relay_domains)),
    Restriction("check_reverse_client_hostname_a_access", Arg::Table, Server(Subject::ReverseClient, RecordType::A)),
    Restriction("check_reverse_client_hostname_access", Arg::Table, Access(Subject::ReverseClient)),
    Restriction("check_reverse_client_hostname_mx_access", Arg::Table, Server(Subject::ReverseClient, RecordType::MX)),
    Restriction("check_reverse_client_hostname_ns_access", Arg::Table, Server(Subject::ReverseClient, RecordType::NS)),
    Restriction("check_sasl_access", Arg::Table, Access(Subject::Sasl)),
    Restriction("check_sender_a_access", Arg::Table, Server(Subject::Sender, RecordType::A)),
    Restriction("check_sender_access", Arg::Table, Access(Subject::Sender)),
    Restriction("check_sender_mx_access", Arg::Table, Server(Subject::Sender, RecordType::MX)),
    Restriction("check_sender_ns_access", Arg::Table, Server(Subject::Sender, RecordType::NS)),
    Restriction("defer", Arg::No, Now(general::defer)),
    Restriction("defer_if_permit", Arg::No, Now(general::defer_if_permit)),
    Restriction("defer_if_reject", Arg::No, Now(general::defer_if_reject)),
    Restriction("defer_unauth_destination", Arg::No, Later(recipient::defer_unauth_destination)),
    Restriction("permit", Arg::No, Later(general::permit)),
    Restriction("permit_auth_destination", Arg::No, Later(recipient::permit_auth_destination)),
    Restriction("permit_dnswl_client", Arg::Domain, Dns(Subject::Client, true)),
    Restriction("permit_inet_interfaces", Arg::No, Later(client::permit_inet_interfaces)),
    Restriction("permit_mx_backup", Arg::No, Later(mx::permit_mx_backup)),
    Restriction("permit_mynetworks", Arg::No, Later(client::permit_mynetworks)),
    Restriction("permit_naked_ip_address", Arg::No, Later(helo::permit_naked_ip_address)),
    Restriction("permit_rhswl_client", Arg::Domain, Dns(Subject::ClientName, true)),
    Restriction("permit_sasl_authenticated", Arg::No, Later(client::permit_sasl_authenticated)),
    Restriction("permit_tls_all_clientcerts", Arg::No, Now(|_, _, _| Ok(Outcome::Dunno))),
    Restriction("permit_tls_clientcerts", Arg::No, Now(|_, _, _| Ok(Outcome::Dunno))),
    Restriction("reject", Arg::No, Now(general::reject)),
    Restriction("reject_authenticated_sender_login_mismatch", Arg::No, Later(sender::authenticated_mismatch)),
    Restriction("reject_invalid_helo_hostname", Arg::No, Now(helo::invalid)),
    Restriction("reject_invalid_hostname", Arg::No, Now(helo::invalid)),
    Restriction("reject_known_sender_login_mismatch", Arg::No, Later(sender::known_mismatch)),
    Restriction("reject_maps_rbl", Arg::No, Later(dnsbl::maps_rbl)),
    Restriction("reject_multi_recipient_bounce", Arg::No, Now(general::multi_recipient_bounce)),
    Restriction("reject_non_fqdn_helo_hostname", Arg::No, Now(helo::non_fqdn)),
    Restriction("reject_non_fqdn_hostname", Arg::No, Now(helo::non_fqdn)),
    Restriction("reject_non_fqdn_recipient", Arg::No, Now(recipient::non_fqdn)),
    Restriction("reject_non_fqdn_sender", Arg::No, Now(sender::non_fqdn)),
    Restriction("reject_plaintext_session", Arg::No, Now(general::plaintext_session)),
    Restriction("reject_rbl", Arg::Domain, Dns(Subject::Client, false)),
    Restriction("reject_rbl_client", Arg::Domain, Dns(Subject::Client, false)),
    Restriction("reject_rhsbl_client", Arg::Domain, Dns(Subject::ClientName, false)),
    Restriction("reject_rhsbl_helo", Arg::Domain, Dns(Subject::Helo, false)),
    Restriction("reject_rhsbl_recipient", Arg::Domain, Dns(Subject::Recipient, false)),
    Restriction("reject_rhsbl_reverse_client", Arg::Domain, Dns(Subject::ReverseClient, false)),
    Restriction("reject_rhsbl_sender", Arg::Domain, Dns(Subject::Sender, false)),
    Restriction("reject_unauth_destination", Arg::No, Later(recipient::reject_unauth_destination)),
    Restriction("reject_unauth_pipelining", Arg::No, Now(general::unauth_pipelining)),
    Restriction("reject_unauthenticated_sender_login_mismatch", Arg::No, Later(sender::unauthenticated_mismatch)),
    Restriction("reject_unknown_address", Arg::No, Later(sender::unknown_domain)),
    Restriction("reject_unknown_client", Arg::No, Now(client::unknown)),
    Restriction("reject_unknown_client_hostname", Arg::No, Now(client::unknown)),
    Restriction("reject_unknown_helo_hostname", Arg::No, Later(helo::unknown)),
    Restriction("reject_unknown_hostname", Arg::No, Later(helo::unknown)),
    Restriction("reject_unknown_recipient_domain", Arg::No, Later(recipient::unknown_domain)),
    Restriction("reject_unknown_reverse_client_hostname", Arg::No, Now(client::unknown_reverse)),
    Restriction("reject_unknown_sender_domain", Arg::No, Later(sender::unknown_domain)),
    Restriction("reject_unlisted_recipient", Arg::No, Later(listed::recipient)),
    Restriction("reject_unlisted_sender", Arg::No, Later(listed::sender)),
    Restriction("reject_unverified_recipient", Arg::No, Later(recipient::unverified)),
    Restriction("reject_unverified_sender", Arg::No, Later(sender::unverified)),
    Restriction("sleep", Arg::Number, Later(general::sleep)),
];

/// Names that must stand in the relay or recipient restrictions.
pub(crate) const RELAY_PROTECTION: [&str; 6] =
    ["reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit", "check_relay_domains"];

/// What a restriction of this name takes as its argument is a table.
pub(crate) fn takes_policy(name: &str) -> bool {
    name.eq_ignore_ascii_case("check_policy_service")
}

/// Sets the verdict of a row of the ladder.
fn settle(check: &mut Check, row: usize, verdict: Verdict, element: String) {
    if let Some(Because::Rule { verdict: v, element: e, .. }) = check.ladder.get_mut(row) {
        (*v, *e) = (verdict, element);
    }
}

/// Adds a row to the ladder.
fn rung(check: &mut Check, list: &List, at: usize, element: &str) {
    // What is built in stands where it was asked for.
    let outer = if check.depth > 1 { check.at_work() } else { None };
    let outer = if let Some(Because::Rule { place, .. }) = outer { place } else { None };
    check.because(Because::Rule {
        list: list.name.clone(),
        element: element.to_string(),
        verdict: Verdict::Unreached,
        place: list.place.as_ref().map(|(file, line)| (file.clone(), list.lines.get(at).copied().unwrap_or(*line))).or(outer),
    });
}

/// Adds the rest of a list, which is not asked any more.
pub(crate) fn unreached(check: &mut Check, list: &List, from: usize) {
    for (at, element) in list.elements.iter().enumerate().skip(from) {
        rung(check, list, at, element);
    }
}

/// A class that names itself never ends: Postfix counts on its stack, which ends the process. Tables stop earlier, with a warning.
const DEEPEST: u32 = 130;

/// Evaluates a list from its first element.
pub(crate) fn evaluate<'a>(check: &'a mut Check, list: Rc<List>, cx: &'a Cx) -> Work<'a> {
    Box::pin(async move {
        let saved = check.depth;
        check.depth += 1;
        if check.depth > DEEPEST {
            check.crash("a restriction class names itself", Signal::Segv).await;
        }
        let mut at = 0;
        let mut outcome = Ok(Outcome::Dunno);
        while let Some(name) = list.elements.get(at)
            && !check.actions.discard
        {
            let row = check.ladder.len();
            rung(check, &list, at, name);
            at += 1;
            if name.eq_ignore_ascii_case("warn_if_reject") {
                if check.warn_at == 0 {
                    check.warn_at = check.depth;
                }
                settle(check, row, Verdict::Dunno, name.clone());
                continue;
            }
            let (judged, taken) = element(check, &list, cx, name, at).await;
            at += usize::from(taken);
            let shown = if taken { list.elements[at - 2..at].join(" ") } else { name.clone() };
            let verdict = check.verdict(&judged);
            settle(check, row, verdict, shown);
            outcome = judged;
            if check.warn_at >= check.depth {
                check.warn_at = 0;
            }
            if !matches!(outcome, Ok(Outcome::Dunno)) || check.defer_if_permit.is_some() && check.defer_if_reject.is_some() {
                break;
            }
        }
        unreached(check, &list, at);
        check.depth = saved;
        if check.warn_at >= check.depth {
            check.warn_at = 0;
        }
        outcome
    })
}

/// Carries out one element; whether it took the next one as its argument.
async fn element(check: &mut Check, list: &List, cx: &Cx, name: &str, next: usize) -> (Judged, bool) {
    let bare = name.contains(':');
    let mut taken = false;
    let found = if bare { cx.bare } else { Some(name) };
    let Some(restriction) = found.and_then(|n| TABLE.iter().find(|r| r.0.eq_ignore_ascii_case(n))) else {
        if bare {
            check.env.log.warn(format_args!(
                "specify one of (check_client_access, check_reverse_client_hostname_access, check_helo_access, check_sender_access, \
                 check_recipient_access, check_etrn_access) before {} restriction \"{name}\"",
                cx.class
            ));
            return (Err(check.server_error()), false);
        }
        if let Some(class) = check.env.classes.get(name).cloned() {
            return (evaluate(check, class, cx).await, false);
        }
        check.env.log.warn(format_args!("unknown smtpd restriction: \"{name}\""));
        return (Err(check.server_error()), false);
    };
    let following = list.elements.get(next).map(String::as_str);
    let mut arg = if bare { name } else { following.unwrap_or_default() };
    let log = check.env.log.clone();
    match restriction.1 {
        Arg::No => arg = "",
        Arg::Table if bare => {}
        Arg::Table if arg.contains(':') => taken = true,
        Arg::Table => {
            let shown = following.unwrap_or(name);
            log.warn(format_args!("restriction {}: bad argument \"{shown}\": need maptype:mapname", restriction.0));
            return (Err(check.server_error()), false);
        }
        Arg::Policy if arg.contains(':') => taken = true,
        Arg::Policy => {
            log.warn(format_args!("restriction {name} must be followed by transport:server"));
            return (Err(check.server_error()), false);
        }
        Arg::Number if !arg.is_empty() && arg.bytes().all(|b| b.is_ascii_digit()) => taken = true,
        Arg::Number => {
            log.warn(format_args!("restriction {name} must be followed by number"));
            return (Err(check.server_error()), false);
        }
        Arg::Domain if following.is_some() => taken = true,
        Arg::Domain => {
            log.warn(format_args!("restriction {name} requires domain name argument"));
            return (Ok(Outcome::Dunno), false);
        }
    }
    let judged = match &restriction.2 {
        Now(run) => run(check, cx, arg),
        Later(run) => run(check, cx, arg).await,
        Access(subject) => access::by_subject(check, cx, *subject, arg).await,
        Server(subject, rtype) => server::by_servers(check, cx, *subject, *rtype, arg).await,
        Dns(subject, permits) => dnsbl::by_list(check, *subject, *permits, restriction.0, arg).await,
    };
    // What stands behind the end of a list is never asked.
    let ends = matches!(restriction.0, "permit" | "defer" | "reject" | "check_relay_domains");
    if ends
        && let Some(rest) = following
        && (if restriction.0 == "permit" { matches!(judged, Ok(Outcome::Ok)) } else { check.warn_at == 0 })
    {
        log.warn(format_args!("restriction `{rest}' after `{}' is ignored", restriction.0));
    }
    let judged = match (&restriction.2, &judged) {
        (Server(subject, _) | Access(subject @ Subject::ReverseClient), Ok(Outcome::Ok)) if !check.actions.discard => {
            let target = subject.value(&check.facts).unwrap_or_default();
            log.warn(format_args!("restriction {} returns OK for {target}", restriction.0));
            log.warn(format_args!("this is not allowed for security reasons"));
            log.warn(format_args!("use DUNNO instead of OK if you want to make an exception"));
            Err(check.server_error())
        }
        _ => judged,
    };
    (judged, taken)
}

/// Whether the list, or a class in it, protects against relaying. Says so if something stands behind `permit`.
pub(crate) fn protects(list: &List, classes: &machine::Map<String, Rc<List>>, log: &crate::maillog::Log, depth: u32) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    let mut at = 0;
    while let Some(name) = list.elements.get(at) {
        let next = list.elements.get(at + 1);
        if name.eq_ignore_ascii_case("warn_if_reject") && next.is_some() {
            at += 2;
            continue;
        }
        if name.eq_ignore_ascii_case("permit") {
            if let Some(rest) = next {
                log.warn(format_args!("restriction `{rest}' after `{name}' is ignored"));
            }
            return Some(false);
        }
        let class = classes.get(name).map(|class| protects(class, classes, log, depth + 1));
        if class == Some(None) {
            return None;
        }
        if RELAY_PROTECTION.iter().any(|p| p.eq_ignore_ascii_case(name)) || class == Some(Some(true)) {
            return Some(true);
        }
        at += 1;
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
