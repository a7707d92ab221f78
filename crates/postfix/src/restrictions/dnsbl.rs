//! DNS lists: clients by address, domains by name, lists that permit; the reply template with its `$rbl_…` names.
//! Not here: patterns of answers (`answers`). Source: postconf(5) reject_rbl_client, reject_rhsbl_*, permit_dnswl_client, default_rbl_reply;
//! RFC 5782.

use super::answers::Pattern;
use super::check::{Check, Judged, Outcome, Unwind, dsn_split};
use super::dns::{self, Dns};
use super::subject::Subject;
use super::{Cx, Work, recipient};
use crate::access::dsn_fix;
use crate::config::{Scope, expand};
use crate::lookup::records::{DROPPED, INVALID};
use crate::smtpd::expand::Attributes;
use crate::smtpd::hostname::valid_hostname;
use std::net::Ipv4Addr;
use std::rc::Rc;
use wire::dns::RecordType;

/// What a list says of a name.
enum Listed {
    No,
    /// With this text.
    Yes(String),
    /// It could not be asked.
    Unknown,
}

/// What the process knows of a name in a list.
pub(crate) enum Known {
    /// It has these addresses and this text.
    Listed(Vec<Ipv4Addr>, String),
    /// There is no such name.
    Absent,
    /// It could not be asked.
    Unknown,
}

/// Asks about a name, once in the life of the process.
async fn look(check: &mut Check, query: &str) -> Rc<Known> {
    let env = check.env.clone();
    if let Some((_, known)) = env.dnsbl.borrow().iter().find(|(q, _)| q == query) {
        check.note(format!("{query} has been asked for before"));
        return known.clone();
    }
    let known = match dns::ask(check, query, RecordType::A).await {
        Dns::Found(all) => {
            let mut text = String::new();
            match dns::ask(check, query, RecordType::TXT).await {
                Dns::Found(all) => {
                    let parts: Vec<&str> = all.iter().map(|(_, t)| t.as_str()).collect();
                    text = parts.join(" / ");
                    super::check::truncate(&mut text, 500);
                }
                Dns::Policy => env.log.warn(format_args!("{query}: TXT lookup error: {DROPPED}")),
                _ => {}
            }
            Known::Listed(all.iter().filter_map(|(_, a)| a.parse().ok()).collect(), text)
        }
        Dns::Nothing | Dns::NoData => Known::Absent,
        answer => {
            let why = match answer {
                Dns::Wrong => format!("Error looking up name={query} type=A: {INVALID}"),
                Dns::Policy => format!("Error looking up name={query} type=A: {DROPPED}"),
                _ => format!("Host or domain name not found. Name service error for name={query} type=A: Host not found, try again"),
            };
            env.log.warn(format_args!("{query}: RBL lookup error: {why}"));
            Known::Unknown
        }
    };
    let known = Rc::new(known);
    let mut kept = env.dnsbl.borrow_mut();
    if kept.len() >= 100 {
        kept.remove(0);
    }
    kept.push((query.to_string(), known.clone()));
    known
}

/// Asks the list `domain`, which may name the answers that count: `list.example=127.0.0.2`.
async fn ask(check: &mut Check, prefix: &str, domain: &str) -> Result<Listed, Unwind> {
    let (domain, pattern) = domain.split_once('=').map_or((domain, None), |(d, p)| (d, Some(p)));
    let known = look(check, &format!("{prefix}{domain}")).await;
    let pattern = match pattern.map(Pattern::parse) {
        Some(Err(why)) => return Err(check.fatal(&format!("RBL reply error: {why}")).await),
        Some(Ok(pattern)) => Some(pattern),
        None => None,
    };
    Ok(match &*known {
        Known::Listed(addresses, text) if pattern.is_none_or(|p| addresses.iter().any(|a| p.fits(*a))) => Listed::Yes(text.clone()),
        Known::Unknown => Listed::Unknown,
        _ => Listed::No,
    })
}

/// The name of the question before the list's domain; `None`: there is nothing to ask.
fn prefix(check: &Check, subject: Subject) -> Option<(String, String)> {
    if subject == Subject::Client {
        let address = check.facts.peer.addr.clone();
        let mut reversed = String::new();
        for octet in address.rsplit('.') {
            reversed.extend([octet, "."]);
        }
        return Some((reversed, address));
    }
    let what = subject.value(&check.facts).filter(|v| !v.is_empty())?;
    let of_client = matches!(subject, Subject::ClientName | Subject::ReverseClient);
    if of_client && what.eq_ignore_ascii_case("unknown") {
        return None;
    }
    let domain = what.rsplit_once('@').map_or(what.as_str(), |(_, d)| d);
    let last = domain.rsplit('.').next().unwrap_or_default();
    let numeric = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    (valid_hostname(domain) && !numeric).then(|| (format!("{domain}."), what.clone()))
}

/// The names of a reply template.
struct Template<'a>(Attributes<'a>, [(&'static str, String); 6]);

impl Scope for Template<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        match self.1.iter().find(|(n, _)| *n == name) {
            Some((_, value)) => Some(self.0.filter(value)),
            None => self.0.lookup(name),
        }
    }
}

/// Refuses with the template of the list or the default one.
async fn refuse(check: &mut Check, domain: &str, what: &str, class: &str, reason: String) -> Judged {
    let env = check.env.clone();
    let mut template = match env.find_in("rbl_reply_maps", domain, &mut check.ladder).await {
        Ok(found) => found,
        Err(()) => return Err(check.server_error()),
    };
    let default = env.cfg.raw("default_rbl_reply").unwrap_or_default().to_string();
    let code = env.cfg.int("maps_rbl_reject_code").to_string();
    let list = domain.split('=').next().unwrap_or_default().to_string();
    let why = loop {
        let names = [
            ("rbl_code", code.clone()),
            ("rbl_domain", list.clone()),
            ("rbl_reason", reason.clone()),
            ("rbl_txt", reason.clone()),
            ("rbl_what", what.to_string()),
            ("rbl_class", class.to_string()),
        ];
        let text = template.as_deref().unwrap_or(&default);
        let expanded = expand(text, &Template(Attributes::new(&env, &check.facts), names), false);
        if !expanded.error || template.is_none() {
            break expanded.text;
        }
        env.log.warn(format_args!("refuse: bad rbl reply template for domain {domain}: {text}"));
        template = None;
    };
    let code = why.get(..3).and_then(|c| c.parse::<u32>().ok()).filter(|c| (400..600).contains(c));
    match code {
        Some(code) if why.as_bytes().get(3) == Some(&b' ') => {
            let (dsn, text) = dsn_split("4.7.1", &why[4..]);
            let dsn = dsn_fix(&env.log, dsn, class);
            let text = if text.is_empty() { "Service unavailable" } else { text };
            check.reject_policy(code, &dsn, text.to_string())
        }
        _ => {
            env.log.warn(format_args!("rbl response code configuration error: {why}"));
            check.reject_policy(450, "4.7.1", "Service unavailable".into())
        }
    }
}

/// Asks a list about the subject. `permits`: being listed is good.
pub(super) async fn by_list(check: &mut Check, subject: Subject, permits: bool, action: &'static str, domain: &str) -> Judged {
    let Some((question, what)) = prefix(check, subject) else { return Ok(Outcome::Dunno) };
    if permits && check.facts.place == "RCPT" {
        // Being on a white list opens no relay.
        if let Some(rcpt) = check.facts.recipient.clone()
            && !recipient::authorized(check, &rcpt).await?
        {
            return Ok(Outcome::Dunno);
        }
    }
    let class = subject.class();
    match ask(check, &question, domain).await? {
        Listed::No => Ok(Outcome::Dunno),
        Listed::Yes(_) if permits => {
            let name = check.facts.peer.namaddr.clone();
            check.permit(action, class, &name, "").await
        }
        Listed::Yes(reason) => refuse(check, domain, &what, class, reason).await,
        Listed::Unknown => {
            if permits {
                check.if_reject(450, "4.7.1", format!("<{what}>: {class} rejected: Service unavailable"));
            }
            Ok(Outcome::Dunno)
        }
    }
}

pub(super) fn maps_rbl<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        check.env.old_name(1, "reject_maps_rbl", "reject_rbl_client domain-name");
        for domain in check.env.cfg.list("maps_rbl_domains") {
            let judged = by_list(check, Subject::Client, false, "reject_maps_rbl", &domain).await?;
            if judged != Outcome::Dunno {
                return Ok(judged);
            }
        }
        Ok(Outcome::Dunno)
    })
}
