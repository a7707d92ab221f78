//! permit_mx_backup: relaying for domains that name this machine as one of their lesser MX hosts.
//! Source: postconf(5) permit_mx_backup, permit_mx_backup_networks.

use super::check::{Check, Judged, Outcome};
use super::dns::{self, Dns};
use super::{Cx, Work, recipient};
use wire::dns::RecordType;

const CLASS: &str = "Recipient address";

/// Whether one of the hosts is this machine, by name or by address.
async fn is_me(check: &mut Check, hosts: &[(u16, String)], recipient: &str) -> bool {
    let env = check.env.clone();
    for (_, host) in hosts {
        if env.local.is_local(host).await.unwrap_or(false) {
            return true;
        }
    }
    for (_, host) in hosts {
        match dns::addresses(check, host).await {
            Ok(all) => {
                if all.into_iter().any(|ip| env.local.owns(ip)) {
                    return true;
                }
            }
            Err(why) => check.if_reject(
                450,
                "4.4.4",
                format!("<{recipient}>: {CLASS} rejected: Unable to look up mail exchanger host {host}: {why}"),
            ),
        }
    }
    false
}

/// Whether all addresses of the best hosts lie in `permit_mx_backup_networks`.
async fn trusted(check: &mut Check, hosts: &[(u16, String)], recipient: &str) -> bool {
    let env = check.env.clone();
    for (_, host) in hosts {
        let Dns::Found(all) = dns::ask(check, host, RecordType::A).await else {
            let text = format!("<{recipient}>: {CLASS} rejected: Unable to look up host {host} as mail exchanger: Host not found");
            check.if_reject(450, "4.4.4", text);
            return false;
        };
        for (_, address) in all {
            match env.mx_backup_networks.matches_address(&env, host, &address, &mut check.ladder).await {
                Some(true) => {}
                Some(false) => return false,
                None => {
                    let text = format!("<{recipient}>: {CLASS} rejected: Unable to verify host {host} as mail exchanger");
                    check.if_reject(450, "4.4.4", text);
                    return false;
                }
            }
        }
    }
    true
}

async fn backup(check: &mut Check, address: &str) -> Result<bool, super::check::Unwind> {
    if recipient::authorized(check, address).await? {
        return Ok(true);
    }
    let resolved = check.resolve(address, false).await?;
    let Some((_, domain)) = resolved.recipient.rsplit_once('@') else { return Ok(true) };
    if resolved.routed && !check.env.cfg.bool("allow_untrusted_routing") || domain.starts_with('[') {
        return Ok(false);
    }
    let mut hosts = match dns::ask(check, domain, RecordType::MX).await {
        Dns::Found(hosts) => hosts,
        answer @ (Dns::Retry | Dns::Policy | Dns::Wrong) => {
            let why = if answer == Dns::Policy { "DNS reply filter policy" } else { "Host not found, try again" };
            let text = format!("<{address}>: {CLASS} rejected: Unable to look up mail exchanger information: {why}");
            check.if_reject(450, "4.4.4", text);
            return Ok(false);
        }
        _ => return Ok(false),
    };
    let best = hosts.iter().map(|(p, _)| *p).min().unwrap_or(0);
    let rest: Vec<(u16, String)> = hosts.iter().filter(|(p, _)| *p != best).cloned().collect();
    hosts.retain(|(p, _)| *p == best);
    if is_me(check, &hosts, address).await || rest.is_empty() || !is_me(check, &rest, address).await {
        return Ok(false);
    }
    Ok(check.env.cfg.str("permit_mx_backup_networks").is_empty() || trusted(check, &hosts, address).await)
}

pub(super) fn permit_mx_backup<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(address) = check.facts.recipient.clone() else { return Ok(Outcome::Dunno) };
        if backup(check, &address).await? {
            check.permit("permit_mx_backup", CLASS, &address, "").await
        } else {
            let judged: Judged = Ok(Outcome::Dunno);
            judged
        }
    })
}
