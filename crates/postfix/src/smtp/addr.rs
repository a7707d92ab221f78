//! The servers of a destination: MX and address records, in the order in which they are tried. Source: RFC 5321 §5.1, RFC 7505, smtp_addr(3).

use super::Delivery;
use crate::lookup::records::{self, Left};
use crate::report::Dsn;
use machine::resolver::{self, Answer, NameError};
use std::net::Ipv4Addr;
use wire::dns::{Data, RecordType};

/// A server to try.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) name: String,
    /// `None`: a unix socket.
    pub(super) ip: Option<Ipv4Addr>,
    /// Path of a unix socket.
    pub(super) path: String,
    pub(super) pref: u16,
}

/// Servers, best first.
pub(super) struct Found {
    pub(super) hosts: Vec<Host>,
    /// This host is one of the mail exchangers: others beyond these are not asked.
    pub(super) i_am_mx: bool,
}

fn not_found(name: &str, kind: &str, answer: &Answer) -> Dsn {
    let (status, text) = match answer {
        Answer::TempFail => ("4.4.3", "Host not found, try again"),
        Answer::NxDomain => ("5.4.4", "Host not found"),
        _ => ("5.4.4", "Host found but no data record of requested type"),
    };
    Dsn::new(status, format!("Host or domain name not found. Name service error for name={name} type={kind}: {text}"))
}

/// Says why a host has no addresses. A passing trouble stays one, whatever is found of other hosts.
fn say(why: &mut Dsn, found: Dsn) {
    let soft = why.status.starts_with('4');
    *why = found;
    if soft {
        why.status = why.status.replacen('5', "4", 1);
    }
}

/// What the DNS says, without the records that `smtp_dns_reply_filter` passes over.
///
/// # Errors
/// Nothing is left, or the filter makes no sense.
async fn ask(job: &Delivery<'_>, name: &str, rtype: RecordType) -> Result<Answer, Dsn> {
    let answer = resolver::lookup(&job.d.sys, name, rtype).await;
    let Answer::Found(owner, records) = answer else { return Ok(answer) };
    let bad = |status: &str, why: &str| Dsn::new(status, format!("Error looking up name={name} type={rtype}: {why}"));
    for record in &records {
        if let Data::Mx(_, host) = &record.data
            && host.parse::<Ipv4Addr>().is_ok()
        {
            job.d.log.warn(format_args!("numeric domain name in resource data of MX record for {}: {host}", record.name));
        }
    }
    match records::filter(&job.setup.dns, &job.d.log, records).await {
        Left::Some(records) => Ok(Answer::Found(owner, records)),
        Left::Nothing => Err(bad("4.7.0", records::DROPPED)),
        Left::Invalid => Err(bad("4.4.3", records::INVALID)),
    }
}

/// Addresses of one host; `why`: what keeps it from having any.
async fn addresses(job: &Delivery<'_>, name: &str, pref: u16, out: &mut Vec<Host>, why: &mut Dsn) {
    let sys = &job.d.sys;
    if let Ok(ip) = name.trim_start_matches("ipv4:").parse::<Ipv4Addr>() {
        out.push(Host { name: name.to_string(), ip: Some(ip), path: String::new(), pref });
        return;
    }
    let lookup = if job.lmtp { "lmtp_host_lookup" } else { "smtp_host_lookup" };
    let how = job.d.cfg.list(lookup);
    let dns = job.asks_dns();
    if dns && how.iter().any(|h| h == "dns") {
        let answer = match ask(job, name, RecordType::A).await {
            Ok(answer) => answer,
            Err(dsn) => return say(why, dsn),
        };
        match answer {
            Answer::Found(_, records) => {
                for r in records {
                    if let Data::A(ip) = r.data {
                        out.push(Host { name: name.to_string(), ip: Some(ip), path: String::new(), pref });
                    }
                }
                return;
            }
            answer => {
                // The last question is the one that the message names; nobody here has such an address.
                let ipv6 = job.d.cfg.list("inet_protocols").iter().any(|p| p == "all" || p == "ipv6");
                say(why, not_found(name, if ipv6 { "AAAA" } else { "A" }, &answer));
                if answer == Answer::TempFail {
                    return;
                }
            }
        }
    }
    if !dns || how.iter().any(|h| h == "native") {
        match resolver::host_addrs(sys, name).await {
            Ok(ips) => out.extend(ips.into_iter().map(|ip| Host { name: name.to_string(), ip: Some(ip), path: String::new(), pref })),
            Err(e) => {
                let status = match e {
                    NameError::Again => "4.4.4",
                    NameError::NoName => "5.4.4",
                    // glibc hides the number of this one from programs that keep to POSIX.
                    NameError::NoData => "5.3.0",
                };
                say(why, Dsn::new(status, format!("unable to look up host {name}: {}", e.text())));
            }
        }
    }
}

fn loops(name: &str) -> Dsn {
    Dsn::new("5.4.6", format!("mail for {name} loops back to myself"))
}

/// The servers of a destination; with `mx` its mail exchangers. `detect`: this host's own addresses mean a loop.
pub(super) async fn find(job: &Delivery<'_>, name: &str, mx: bool, detect: bool) -> Result<Found, Dsn> {
    let sys = &job.d.sys;
    let ascii = wire::idna::to_ascii(name);
    let name = ascii.as_deref().unwrap_or(name);
    let mine = |h: &Host| detect && h.ip.is_some_and(|ip| job.setup.local.owns(ip));
    let mut hosts = Vec::new();
    let mut why = Dsn::default();
    let answer = if mx { ask(job, name, RecordType::MX).await? } else { Answer::NoData };
    let records = match answer {
        Answer::Found(_, records) => records,
        answer @ Answer::TempFail => {
            if job.d.cfg.bool("ignore_mx_lookup_error") {
                addresses(job, name, 0, &mut hosts, &mut why).await;
                return if hosts.is_empty() { Err(why) } else { Ok(Found { hosts, i_am_mx: false }) };
            }
            return Err(not_found(name, "MX", &answer));
        }
        _ => {
            addresses(job, name, 0, &mut hosts, &mut why).await;
            if hosts.is_empty() {
                return Err(why);
            }
            if hosts.iter().any(mine) {
                return Err(loops(name));
            }
            return Ok(Found { hosts, i_am_mx: false });
        }
    };
    let mut exchangers: Vec<(u16, String)> = records
        .into_iter()
        .filter_map(|r| match r.data {
            Data::Mx(pref, host) => Some((pref, host)),
            _ => None,
        })
        .collect();
    if exchangers.iter().any(|(_, h)| h.is_empty() || h == ".") {
        return Err(Dsn::new("5.1.0", format!("Domain {name} does not accept mail (nullMX)")));
    }
    machine::sort_by_key(&mut exchangers, |(pref, _)| *pref);
    let best = exchangers.first().map_or(0, |(pref, _)| *pref);
    for (pref, host) in &exchangers {
        addresses(job, host, *pref, &mut hosts, &mut why).await;
    }
    if hosts.is_empty() {
        job.d.log.warn(format_args!("no MX host for {name} has a valid address record"));
        if job.d.cfg.bool("smtp_defer_if_no_mx_address_found") {
            why.status = why.status.replacen('5', "4", 1);
        }
        return Err(why);
    }
    let mut i_am_mx = false;
    if let Some(me) = hosts.iter().find(|h| mine(h)).map(|h| h.pref) {
        i_am_mx = true;
        let found = hosts[0].pref;
        hosts.retain(|h| h.pref < me);
        if hosts.is_empty() {
            return Err(if best == found { loops(name) } else { Dsn::new("4.4.4", format!("unable to find primary relay for {name}")) });
        }
    }
    if job.d.cfg.bool("smtp_randomize_addresses") {
        for i in (1..hosts.len()).rev() {
            let j = (sys.random().await % (i as u64 + 1)) as usize;
            hosts.swap(i, j);
        }
        machine::sort_by_key(&mut hosts, |h| h.pref);
    }
    Ok(Found { hosts, i_am_mx })
}
