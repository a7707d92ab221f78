//! From address to transport, nexthop and recipient: address class, relayhost, transport tables, relocated users.
//! Source: trivial-rewrite(8), ADDRESS_CLASS_README, transport(5), relocated(5).

use crate::address::cut;
use crate::address::find::{self, Keys, looked_up};
use crate::address::local::Local;
use crate::address::rewrite::{Rules, find as find_op, rewrite_tree, rfind};
use crate::address::tok::{Tok, internal, quote_local, scan};
use crate::lookup::{Found, MAP_FLAGS, Maps, MatchKind, MatchList, ROUTE_FLAGS};
use crate::rewrite_clnt::{Resolved, resolved};
use crate::server::Daemon;
use crate::why;
use machine::{Because, SimTime};
use std::cell::RefCell;

/// The tables and parameters that decide ways; one set for mail, one for address probes.
pub(super) struct Router {
    local: Local,
    alias_domains: MatchList,
    mailbox_domains: MatchList,
    relay_domains: MatchList,
    relocated: Maps,
    transport: Maps,
    sender_relay: Maps,
    sender_transport: Maps,
    /// What the transport table says of `*`, and until when that is believed.
    wildcard: RefCell<(Found, SimTime)>,
    parents: bool,
    prefix: &'static str,
}

impl Router {
    /// Opens the tables. `prefix` is `address_verify_` for probes.
    pub(super) async fn open(d: &Daemon, prefix: &'static str) -> Result<Router, String> {
        let t = &d.tables;
        let maps = |name: &str| {
            let name = format!("{prefix}{name}");
            let flags = if name.ends_with("transport_maps") { ROUTE_FLAGS } else { MAP_FLAGS };
            async move { Maps::of_as(t, &name, flags).await }
        };
        Ok(Router {
            local: Local::open(&d.sys, t).await?,
            alias_domains: MatchList::of(t, "virtual_alias_domains", MatchKind::Strings).await?,
            mailbox_domains: MatchList::of(t, "virtual_mailbox_domains", MatchKind::Strings).await?,
            relay_domains: MatchList::of(t, "relay_domains", MatchKind::Domains).await?,
            relocated: Maps::of(t, "relocated_maps").await?,
            transport: maps("transport_maps").await?,
            sender_relay: maps("sender_dependent_relayhost_maps").await?,
            sender_transport: maps("sender_dependent_default_transport_maps").await?,
            wildcard: RefCell::new((Ok(None), SimTime::default())),
            parents: d.cfg.list("parent_domain_matches_subdomains").iter().any(|p| p == "transport_maps"),
            prefix,
        })
    }
    /// Name and value of a parameter that probes have their own of.
    fn parameter(&self, d: &Daemon, name: &str) -> (String, String) {
        let name = format!("{}{name}", self.prefix);
        let value = d.cfg.str(&name);
        (name, value)
    }
    /// The way of an address (internal form). `None`: a table failed.
    pub(super) async fn resolve(&self, d: &Daemon, rules: &Rules, sender: &str, addr: &str) -> Option<Resolved> {
        let cfg = &d.cfg;
        let mut because = Vec::new();
        let mut tree = scan(&quote_local(addr));
        let mut saved: Option<Vec<Tok>> = None;
        let mut remote = false;
        let mut turns = 0;
        // Strip this machine's domains until another one is left, or none.
        loop {
            turns += 1;
            if turns > addr.len() + 100 {
                d.log.warn(format_args!("resolve_addr: <{addr}>: giving up after {turns} iterations"));
                return None;
            }
            if let [.., before, Tok::Op(b'.')] = tree.as_slice()
                && !matches!(before, Tok::Op(b'.' | b'@'))
                && rfind(&tree, b'@').is_some()
            {
                tree.pop();
            }
            if cfg.bool("resolve_null_domain") && tree.last() == Some(&Tok::Op(b'@')) {
                tree.pop();
            }
            let mut at = rfind(&tree, b'@');
            if let Some(i) = at {
                if i + 1 < tree.len() && !self.local.is_local(&internal(&tree[i + 1..], true)).await.ok()? {
                    remote = true;
                    break;
                }
                saved = Some(tree.split_off(i));
                at = None;
            }
            if rfind(&tree, b'@').is_some()
                || (cfg.bool("swap_bangpath") && find_op(&tree, b'!').is_some())
                || (cfg.bool("allow_percent_hack") && rfind(&tree, b'%').is_some())
            {
                rewrite_tree(rules, &mut tree, &mut because);
                continue;
            }
            if let [Tok::Quoted(text)] = tree.as_slice() {
                if cfg.bool("resolve_dequoted_address")
                    && let Some(op) = text.rfind(['@', '%', '!']).filter(|&i| match text.as_bytes()[i] {
                        b'%' => cfg.bool("allow_percent_hack"),
                        b'!' => cfg.bool("swap_bangpath"),
                        _ => true,
                    })
                {
                    let mut text = text.clone();
                    if text.as_bytes()[op] == b'%' {
                        text.replace_range(op..=op, "@");
                    }
                    if text.as_bytes()[op] == b'@' {
                        text = quote_local(&text);
                    }
                    tree = scan(&text);
                    rewrite_tree(rules, &mut tree, &mut because);
                    continue;
                }
                if text.is_empty() {
                    tree.clear();
                }
            }
            if tree.is_empty() {
                tree = scan(&cfg.str("empty_address_recipient"));
                continue;
            }
            if at.is_none() && saved.is_none() {
                tree.push(Tok::Op(b'@'));
                tree.extend(scan(&cfg.str("myhostname")));
                continue;
            }
            break;
        }
        if !remote && let Some(domain) = saved {
            tree.extend(domain);
        }
        let mut way = Resolved { recipient: internal(&tree, true), ..Resolved::default() };
        let domain = cut(&way.recipient).1.to_string();
        if !valid_domain(&domain) {
            if domain.parse::<std::net::Ipv4Addr>().is_ok() && cfg.bool("resolve_numeric_domain") {
                let local = cut(&way.recipient).0.to_string();
                way.recipient = format!("{local}@[{domain}]");
                remote = !self.local.is_local(&format!("[{domain}]")).await.ok()?;
            } else {
                way.flags = resolved::ERROR | resolved::DEFAULT;
                because.push(why::note(format!("\"{domain}\" is not a valid domain name")));
                way.because = because;
                return Some(way);
            }
        }
        let domain = cut(&way.recipient).1.to_string();
        let first = way.recipient.find(['@', '!', '%']).map_or(0, |i| i + 1);
        if way.recipient.get(first..) != Some(domain.as_str()) {
            way.flags |= resolved::ROUTED;
        }
        if remote {
            self.remote_class(d, &mut way, sender, &domain, &mut because).await?;
        } else {
            let (name, value) = self.parameter(d, "local_transport");
            way.flags |= resolved::LOCAL;
            because.push(why::note(format!("{domain} is this machine (mydestination): class local")));
            because.push(self.local.matched(&domain).await.unwrap_or_else(|| why::parameter(cfg, "mydestination")));
            because.push(why::parameter(cfg, &name));
            (way.transport, way.nexthop) = (value, domain.clone());
            for (list, other) in [(&self.alias_domains, "virtual_alias_domains"), (&self.mailbox_domains, "virtual_mailbox_domains")] {
                if list.matches(&domain).await.unwrap_or(false) {
                    d.log.warn(format_args!("do not list domain {domain} in BOTH mydestination and {other}"));
                }
            }
        }
        if let Some((transport, nexthop)) = way.transport.split_once(':') {
            if !nexthop.is_empty() {
                way.nexthop = nexthop.to_string();
            }
            way.transport = transport.to_string();
        }
        if way.flags & resolved::ALIAS == 0 {
            self.transport_table(d, &mut way, &domain, &mut because).await?;
        }
        self.moved(d, &mut way, &mut because).await?;
        if !cfg.bool("allow_min_user") && way.recipient.starts_with('-') {
            way.flags |= resolved::ERROR;
        }
        why::placed(cfg, &mut because);
        way.because = because;
        Some(way)
    }
    async fn class(&self, d: &Daemon, list: &MatchList, name: &str, domain: &str, because: &mut Vec<Because>) -> Option<bool> {
        match list.find(domain).await {
            Ok(Some(m)) if m.yes => {
                let place = m.place.or_else(|| d.cfg.place(name));
                because.push(Because::Lookup { table: name.to_string(), key: domain.to_string(), result: Some(m.pattern), place });
                Some(true)
            }
            Ok(_) => Some(false),
            Err(_) => {
                d.log.warn(format_args!("{name} lookup failure"));
                None
            }
        }
    }
    async fn remote_class(&self, d: &Daemon, way: &mut Resolved, sender: &str, domain: &str, because: &mut Vec<Because>) -> Option<()> {
        let both = |a: &str, b: &str| d.log.warn(format_args!("do not list domain {domain} in BOTH {a} and {b}"));
        if self.class(d, &self.alias_domains, "virtual_alias_domains", domain, because).await? {
            if self.mailbox_domains.matches(domain).await.unwrap_or(false) {
                both("virtual_alias_domains", "virtual_mailbox_domains");
            }
            if self.relay_domains.matches(domain).await.unwrap_or(false) {
                both("virtual_alias_domains", "relay_domains");
            }
            let table = if d.cfg.bool("show_user_unknown_table_name") { " in virtual alias table" } else { "" };
            (way.transport, way.nexthop) = ("error".to_string(), format!("5.1.1 User unknown{table}"));
            way.flags |= resolved::ALIAS;
            return Some(());
        }
        if self.class(d, &self.mailbox_domains, "virtual_mailbox_domains", domain, because).await? {
            if self.relay_domains.matches(domain).await.unwrap_or(false) {
                both("virtual_mailbox_domains", "relay_domains");
            }
            let (name, value) = self.parameter(d, "virtual_transport");
            because.push(why::parameter(&d.cfg, &name));
            (way.transport, way.nexthop) = (value, domain.to_string());
            way.flags |= resolved::VIRTUAL;
            return Some(());
        }
        if self.class(d, &self.relay_domains, "relay_domains", domain, because).await? {
            let (name, value) = self.parameter(d, "relay_transport");
            because.push(why::parameter(&d.cfg, &name));
            way.transport = value;
            way.flags |= resolved::RELAY;
        } else {
            because.push(why::note(format!("{domain} is in none of the address classes: default class")));
            let lists = ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"];
            because.extend(lists.map(|name| why::parameter(&d.cfg, name)));
            let (name, value) = self.parameter(d, "default_transport");
            way.transport = value;
            way.flags |= resolved::DEFAULT;
            match self.by_sender(d, &self.sender_transport, sender, "empty_address_default_transport_maps_lookup_key", because).await? {
                Some(transport) => way.transport = transport,
                None => because.push(why::parameter(&d.cfg, &name)),
            }
        }
        let (name, relayhost) = self.parameter(d, "relayhost");
        way.nexthop = match self.by_sender(d, &self.sender_relay, sender, "empty_address_relayhost_maps_lookup_key", because).await? {
            Some(relay) => relay,
            None if !relayhost.is_empty() => {
                because.push(why::parameter(&d.cfg, &name));
                relayhost
            }
            None => domain.to_string(),
        };
        Some(())
    }
    async fn by_sender(&self, d: &Daemon, maps: &Maps, sender: &str, empty: &str, because: &mut Vec<Because>) -> Option<Option<String>> {
        if maps.is_empty() {
            return Some(None);
        }
        let key = if sender.is_empty() { d.cfg.str(empty) } else { sender.to_string() };
        match find::find(&d.cfg, maps, &key, Keys::Usual(&self.local)).await {
            Ok(Some(found)) => {
                because.push(looked_up(&found.hit));
                Some(Some(found.hit.value).filter(|v| !v.eq_ignore_ascii_case("DUNNO")))
            }
            Ok(None) => Some(None),
            Err(_) => {
                d.log.warn(format_args!("{} lookup failure", maps.title()));
                None
            }
        }
    }
    /// The entry for all other destinations is asked for once in 30 seconds.
    pub(super) async fn look_up_wildcard(&self, d: &Daemon) {
        let found = self.transport.find("*").await;
        *self.wildcard.borrow_mut() = (found, d.sys.now().plus_secs(30));
    }
    async fn transport_table(&self, d: &Daemon, way: &mut Resolved, domain: &str, because: &mut Vec<Because>) -> Option<()> {
        if self.transport.is_empty() {
            return Some(());
        }
        let failed = || d.log.warn(format_args!("{} lookup failure", self.transport.title()));
        let hit = match find::find(&d.cfg, &self.transport, &way.recipient, Keys::Domains(self.parents)).await {
            Ok(Some(found)) => Some(found.hit),
            Ok(None) => {
                let (stale, broken) = {
                    let kept = self.wildcard.borrow();
                    (d.sys.now() > kept.1, kept.0.is_err())
                };
                if stale || broken {
                    self.look_up_wildcard(d).await;
                }
                let kept = self.wildcard.borrow().0.clone();
                match kept {
                    Ok(hit) => hit,
                    Err(_) => {
                        failed();
                        return None;
                    }
                }
            }
            Err(_) => {
                failed();
                return None;
            }
        };
        let Some(hit) = hit else { return Some(()) };
        because.push(looked_up(&hit));
        let (transport, nexthop) = hit.value.split_once(':').unwrap_or((&hit.value, ""));
        if !transport.is_empty() {
            way.transport = transport.to_string();
            way.nexthop = match transport {
                "error" | "retry" => "Address is undeliverable".to_string(),
                _ => domain.to_string(),
            };
        }
        if !nexthop.is_empty() {
            way.nexthop = nexthop.to_string();
        }
        Some(())
    }
    async fn moved(&self, d: &Daemon, way: &mut Resolved, because: &mut Vec<Because>) -> Option<()> {
        if self.relocated.is_empty() {
            return Some(());
        }
        match find::find(&d.cfg, &self.relocated, &way.recipient, Keys::Usual(&self.local)).await {
            Ok(Some(found)) => {
                because.push(looked_up(&found.hit));
                way.transport = "error".to_string();
                way.nexthop = format!("5.1.6 User has moved to {}", found.hit.value);
                Some(())
            }
            Ok(None) => Some(()),
            Err(_) => {
                d.log.warn(format_args!("relocated_maps lookup failure"));
                None
            }
        }
    }
}

/// Whether it is a domain name or an address literal.
fn valid_domain(domain: &str) -> bool {
    if domain.starts_with('[') {
        let inner = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')).unwrap_or("");
        return crate::address::hostaddr::mailhost(inner).is_ok();
    }
    if domain.is_empty() || domain.len() > 255 {
        return false;
    }
    let numeric = domain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    !numeric
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b >= 0x80)
        })
}
