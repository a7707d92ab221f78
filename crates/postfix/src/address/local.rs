//! Which domains are this machine: mydestination, and its own addresses as literals. Source: resolve_local(3), own_inet_addr(3).

use crate::config::Config;
use crate::lookup::{MatchKind, MatchList, TableError, Tables};
use crate::maillog::Log;
use machine::{Because, Sys};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses that `inet_interfaces` or `proxy_interfaces` names.
async fn addresses(sys: &Sys, cfg: &Config, parameter: &str) -> Vec<Ipv4Addr> {
    let mut own = Vec::new();
    for name in cfg.list(parameter) {
        match name.as_str() {
            "all" => own.extend(sys.ifaces().await.into_iter().flat_map(|i| i.addrs.into_iter().map(|(ip, _)| ip))),
            "loopback-only" => own.push(Ipv4Addr::LOCALHOST),
            _ => own.extend(machine::resolver::host_addrs(sys, name.trim_matches(['[', ']'])).await.unwrap_or_default()),
        }
    }
    own
}

/// The address in `[1.2.3.4]`.
pub(crate) fn literal(domain: &str) -> Option<Ipv4Addr> {
    domain.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// The domains that are this machine.
pub(crate) struct Local {
    destinations: MatchList,
    own: Vec<Ipv4Addr>,
    /// The addresses on which somebody else takes our mail and passes it on.
    proxied: Vec<Ipv4Addr>,
    /// `::1` is one of them.
    loopback6: bool,
    log: Log,
}

impl Local {
    /// Reads `mydestination` and the addresses.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(sys: &Sys, tables: &Tables) -> Result<Local, String> {
        let has = |name: &str, words: [&str; 2]| tables.cfg().list(name).iter().any(|w| words.contains(&w.as_str()));
        Ok(Local {
            loopback6: has("inet_protocols", ["all", "ipv6"]) && has("inet_interfaces", ["all", "loopback-only"]),
            destinations: MatchList::of(tables, "mydestination", MatchKind::Strings).await?,
            own: addresses(sys, tables.cfg(), "inet_interfaces").await,
            proxied: addresses(sys, tables.cfg(), "proxy_interfaces").await,
            log: tables.log().clone(),
        })
    }
    /// Whether it is an address of `inet_interfaces`.
    pub(crate) fn listens_on(&self, ip: Ipv4Addr) -> bool {
        self.own.contains(&ip)
    }
    /// Whether mail for this address is for this machine.
    pub(crate) fn owns(&self, ip: Ipv4Addr) -> bool {
        self.own.contains(&ip) || self.proxied.contains(&ip)
    }
    /// The pattern of mydestination that a domain matches, as a reason.
    pub(crate) async fn matched(&self, domain: &str) -> Option<Because> {
        let m = self.destinations.find(domain).await.ok()??;
        Some(Because::Lookup { table: "mydestination".into(), key: domain.into(), result: Some(m.pattern), place: m.place })
    }
    /// Whether a domain is this machine.
    ///
    /// # Errors
    /// A table of mydestination failed.
    pub(crate) async fn is_local(&self, domain: &str) -> Result<bool, TableError> {
        let mut name = domain;
        if name.len() > 1 && name.ends_with('.') && !name.ends_with("..") {
            name = &name[..name.len() - 1];
        }
        if name.is_empty() {
            return Ok(false);
        }
        if self.destinations.matches(name).await? {
            return Ok(true);
        }
        let Some(inner) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) else { return Ok(false) };
        if let Err(wrong) = super::hostaddr::mailhost(inner) {
            self.log.warn(format_args!("{wrong}"));
            return Ok(false);
        }
        let ipv6 = inner.get(5..).filter(|_| self.loopback6).and_then(|a| a.parse::<Ipv6Addr>().ok());
        Ok(ipv6.is_some_and(|a| a.is_loopback()) || literal(name).is_some_and(|ip| self.owns(ip)))
    }
}
