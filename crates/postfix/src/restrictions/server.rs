//! Access tables about a domain's servers: its MX hosts, name servers or addresses.
//! Source: postconf(5) check_sender_mx_access and its like.

use super::Cx;
use super::check::{Check, Judged, Outcome};
use super::dns::{self, Dns};
use super::subject::Subject;
use crate::access::{Key, by_address, by_domain};
use crate::smtpd::hostname::{valid_addr, valid_mailhost};
use wire::dns::RecordType;

/// The servers of a domain by name; `None`: the list is not to be searched.
async fn servers(check: &mut Check, name: &str, domain: &str, rtype: RecordType) -> Option<Vec<String>> {
    if rtype == RecordType::A {
        return Some(vec![domain.to_string()]);
    }
    let mut domain = domain;
    let mut answer = dns::ask(check, domain, rtype).await;
    let nothing = |answer: &Dns| matches!(answer, Dns::Nothing | Dns::NoData);
    if nothing(&answer) && rtype == RecordType::MX {
        return Some(vec![domain.to_string()]);
    }
    while nothing(&answer) {
        match domain.split_once('.') {
            Some((_, parent)) if !parent.is_empty() => domain = parent,
            _ => {
                domain = name;
                break;
            }
        }
        answer = dns::ask(check, domain, rtype).await;
    }
    match answer {
        Dns::Found(all) => Some(all.into_iter().map(|(_, host)| host).collect()),
        Dns::NullMx => None,
        Dns::Retry | Dns::Nothing | Dns::NoData | Dns::Malformed | Dns::Policy | Dns::Wrong => {
            let why = match answer {
                Dns::Policy => "DNS reply filter policy",
                Dns::Wrong => "Unknown error 0",
                Dns::Retry => "Host not found, try again",
                Dns::Malformed => "Malformed or unexpected name server reply",
                Dns::NoData => "Host found but no data record of requested type",
                _ => "Host not found",
            };
            check.env.log.warn(format_args!("Unable to look up {rtype} host for {domain}: {why}"));
            None
        }
    }
}

/// Looks the subject's servers up, names first, then addresses.
pub(super) async fn by_servers(check: &mut Check, cx: &Cx, subject: Subject, rtype: RecordType, table: &str) -> Judged {
    let Some(name) = subject.value(&check.facts).filter(|v| !v.is_empty()) else { return Ok(Outcome::Dunno) };
    if matches!(subject, Subject::Client | Subject::ReverseClient) && name.eq_ignore_ascii_case("unknown") {
        return Ok(Outcome::Dunno);
    }
    let key = Key { table, reply_name: subject.reply_name(&check.facts), class: subject.class(), bare: cx.bare };
    let domain = name.rsplit_once('@').map_or(name.as_str(), |(_, d)| d);
    if let Some(rest) = domain.strip_prefix('[') {
        let Some(inner) = rest.strip_suffix(']').filter(|i| rtype != RecordType::NS && valid_mailhost(i)) else {
            return Ok(Outcome::Dunno);
        };
        return by_address(check, &key, inner).await.map(|found| found.unwrap_or(Outcome::Dunno));
    }
    let Some(hosts) = servers(check, &name, domain, rtype).await else { return Ok(Outcome::Dunno) };
    for host in hosts {
        if valid_addr(&host) {
            if let Some(outcome) = by_address(check, &key, &host).await? {
                return Ok(outcome);
            }
            continue;
        }
        if rtype != RecordType::A
            && let Some(outcome) = by_domain(check, &key, &host).await?
        {
            return Ok(outcome);
        }
        match dns::addresses(check, &host).await {
            Ok(all) => {
                for ip in all {
                    if let Some(outcome) = by_address(check, &key, &ip.to_string()).await? {
                        return Ok(outcome);
                    }
                }
            }
            Err(why) if rtype != RecordType::A => {
                let (class, name) = (key.class, &key.reply_name);
                check.env.log.warn(format_args!("Unable to look up {rtype} host {host} for {class} {name}: {why}"));
            }
            Err(_) => {}
        }
    }
    Ok(Outcome::Dunno)
}
