//! Questions that restrictions ask the DNS, with what Postfix makes of the answers: null MX, malformed names.
//! Not here: the resolver (`machine::resolver`). Source: dns(3) of Postfix, RFC 7505.

use super::check::Check;
use crate::lookup::records::Left;
use crate::smtpd::hostname::{valid_addr, valid_hostname};
use machine::Because;
use machine::resolver::{Answer, host_addrs, lookup};
use std::net::Ipv4Addr;
use wire::dns::{Data, RecordType};

/// What came of a question.
#[derive(PartialEq, Eq)]
pub(super) enum Dns {
    /// The record data as text; of MX records the preference too.
    Found(Vec<(u16, String)>),
    /// There is no such name.
    Nothing,
    /// There is such a name, but no such record.
    NoData,
    /// The domain accepts no mail.
    NullMx,
    /// The records hold something that is no name.
    Malformed,
    /// It could not be found out.
    Retry,
    /// `smtpd_dns_reply_filter` leaves nothing of the answer.
    Policy,
    /// The filter makes no sense.
    Wrong,
}

/// Asks for the records of one type.
pub(super) async fn ask(check: &mut Check, name: &str, rtype: RecordType) -> Dns {
    // What is no host name is not asked for, a name with a dot at its end neither.
    let askable = name == "." || !valid_addr(name) && valid_hostname(name.strip_prefix("*.").unwrap_or(name));
    let answer = if askable { lookup(&check.env.sys, name, rtype).await } else { Answer::NxDomain };
    let found = match answer {
        Answer::Found(_, records) => match check.env.filter_dns(records).await {
            Left::Invalid => Dns::Wrong,
            Left::Nothing => Dns::Policy,
            Left::Some(records) => collect(check, name, rtype, records.into_iter().map(|r| r.data)),
        },
        Answer::NxDomain => Dns::Nothing,
        Answer::NoData => Dns::NoData,
        Answer::TempFail => Dns::Retry,
    };
    let result = match &found {
        Dns::Found(all) => all.iter().map(|(_, t)| t.as_str()).collect::<Vec<_>>().join(", "),
        Dns::Nothing => "no such name".into(),
        Dns::NoData => "none".into(),
        Dns::NullMx => "null MX".into(),
        Dns::Malformed => "malformed".into(),
        Dns::Retry => "no answer".into(),
        Dns::Policy => "ignored".into(),
        Dns::Wrong => "the filter makes no sense".into(),
    };
    let table = format!("dns:{rtype}");
    check.because(Because::Lookup { table, key: name.to_string(), result: Some(result), place: None });
    found
}

fn collect(check: &Check, name: &str, rtype: RecordType, data: impl Iterator<Item = Data>) -> Dns {
    let mut all = Vec::new();
    let mut wrong = false;
    for data in data {
        let (preference, target) = match data {
            Data::Mx(preference, target) => (preference, target),
            Data::Name(target) => (0, target),
            Data::A(ip) => {
                all.push((0, ip.to_string()));
                continue;
            }
            Data::Txt(parts) => {
                let text: Vec<u8> = parts.concat();
                all.push((0, String::from_utf8_lossy(&text).into_owned()));
                continue;
            }
            _ => {
                all.push((0, String::new()));
                continue;
            }
        };
        let target = target.trim_end_matches('.').to_string();
        if target.is_empty() && rtype == RecordType::MX {
            return Dns::NullMx;
        }
        let numeric = valid_addr(&target);
        if numeric || !valid_hostname(&target) {
            let what = if numeric { "numeric" } else { "malformed" };
            check.env.log.warn(format_args!("{what} domain name in resource data of {rtype} record for {name}: {target}"));
            wrong |= !numeric;
            if !numeric {
                continue;
            }
        }
        all.push((preference, target));
    }
    if all.is_empty() && wrong { Dns::Malformed } else { Dns::Found(all) }
}

/// Asks for several types until one is found.
pub(super) async fn ask_any(check: &mut Check, name: &str, rtypes: &[RecordType]) -> Dns {
    let mut worst = Dns::Nothing;
    for &rtype in rtypes {
        match ask(check, name, rtype).await {
            Dns::Nothing | Dns::NoData => {}
            answer @ (Dns::Retry | Dns::Policy | Dns::Wrong) if worst != Dns::Policy => worst = answer,
            Dns::Retry | Dns::Policy | Dns::Wrong => {}
            other => return other,
        }
    }
    worst
}

/// The addresses of a host, or the words for why there are none.
pub(super) async fn addresses(check: &mut Check, host: &str) -> Result<Vec<Ipv4Addr>, &'static str> {
    let found = host_addrs(&check.env.sys, host).await.map_err(|e| e.text());
    let result = match &found {
        Ok(all) => all.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(", "),
        Err(why) => (*why).to_string(),
    };
    check.because(Because::Lookup { table: "host".into(), key: host.to_string(), result: Some(result), place: None });
    found
}
