//! Filters of DNS answers: tables that are asked for each record and tell to pass over it.
//! Source: postconf(5) smtp_dns_reply_filter; dns_rr_filter(3) and dns_strrecord(3) of Postfix.

use super::Maps;
use crate::maillog::Log;
use wire::dns::{Data, Record};

/// The words for an answer of which nothing is left.
pub(crate) const DROPPED: &str = "DNS reply filter drops all results";
/// The words for a filter that makes no sense.
pub(crate) const INVALID: &str = "Invalid DNS reply filter syntax";

/// What is left of an answer.
pub(crate) enum Left {
    /// These records.
    Some(Vec<Record>),
    /// None of them.
    Nothing,
    /// The filter makes no sense.
    Invalid,
}

/// A record in words.
fn words(record: &Record) -> String {
    let data = match &record.data {
        Data::A(ip) => ip.to_string(),
        Data::Name(name) => format!("{name}."),
        Data::Mx(preference, name) => format!("{preference} {name}."),
        Data::Txt(parts) => String::from_utf8_lossy(&parts.concat()).into_owned(),
        _ => String::new(),
    };
    format!("{}. {} IN {} {data}", record.name, record.ttl, record.rtype)
}

/// The records that the filter leaves.
pub(crate) async fn filter(maps: &Maps, log: &Log, records: Vec<Record>) -> Left {
    if maps.is_empty() {
        return Left::Some(records);
    }
    let mut left = Vec::new();
    for record in records {
        let text = words(&record);
        match maps.find(&text).await {
            Ok(None) => left.push(record),
            Ok(Some(hit)) if hit.value.split([' ', '\t']).next().is_some_and(|c| c.eq_ignore_ascii_case("IGNORE")) => {
                log.info(format_args!("ignoring DNS RR: {text}"));
            }
            Ok(Some(hit)) => {
                log.warn(format_args!("{}: unknown DNS filter action: \"{}\"", maps.title(), hit.value));
                return Left::Invalid;
            }
            Err(_) => return Left::Invalid,
        }
    }
    if left.is_empty() { Left::Nothing } else { Left::Some(left) }
}
