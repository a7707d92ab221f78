//! Asking what an smtpd process has opened: tables, lists of clients, the address resolver, anvil; each answer is noted as a reason.
//! Source: maps(3), match_list(3), mail_addr_find(3), smtpd_resolve of Postfix.

use super::env::{Clients, Env};
use super::peer::Peer;
use crate::address::tok::quote_local;
use crate::address::{domain_of, strip_extension};
use crate::anvil;
use crate::ipc::{Attrs, ask_once};
use crate::lookup::records::{Left, filter};
use crate::lookup::{Found, Maps};
use crate::probe::ProbeSender;
use crate::restrictions::check::{Actions, Check, Class, Facts, Unwind};
use crate::rewrite_clnt::{Resolved, resolved};
use machine::{Because, TraceId};
use std::rc::Rc;
use wire::dns::Record;

/// The address class of a resolved address.
#[derive(Clone, Copy)]
pub(crate) struct AddressClass(i64);

impl AddressClass {
    /// A domain of this machine, virtual ones included.
    pub(crate) fn is_final(self) -> bool {
        self.0 & (resolved::LOCAL | resolved::ALIAS | resolved::VIRTUAL) != 0
    }
    /// In `mydestination` or one of our addresses.
    pub(crate) fn is_local(self) -> bool {
        self.0 & resolved::LOCAL != 0
    }
    /// In `virtual_alias_domains`.
    pub(crate) fn is_alias(self) -> bool {
        self.0 & resolved::ALIAS != 0
    }
    /// In `virtual_mailbox_domains`.
    pub(crate) fn is_virtual(self) -> bool {
        self.0 & resolved::VIRTUAL != 0
    }
    /// In `relay_domains`.
    pub(crate) fn is_relay(self) -> bool {
        self.0 & resolved::RELAY != 0
    }
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match () {
            () if self.is_local() => "is local (mydestination, inet_interfaces)",
            () if self.is_alias() => "is a virtual alias domain",
            () if self.is_virtual() => "is a virtual mailbox domain",
            () if self.is_relay() => "is a relay domain",
            () => "is none of ours",
        }
    }
}

/// Where mail for an address goes.
pub(crate) struct Route {
    pub(crate) recipient: String,
    pub(crate) transport: String,
    pub(crate) nexthop: String,
    /// Its class.
    pub(crate) class: AddressClass,
    /// It holds a route that somebody else shall follow.
    pub(crate) routed: bool,
    /// It makes no sense.
    pub(crate) error: bool,
    /// It could not be resolved.
    fail: bool,
    because: Vec<Because>,
}

impl Route {
    fn of(r: &Resolved) -> Route {
        Route {
            recipient: r.recipient.clone(),
            transport: r.transport.clone(),
            nexthop: r.nexthop.clone(),
            class: AddressClass(r.flags),
            routed: r.flags & resolved::ROUTED != 0,
            error: r.flags & resolved::ERROR != 0,
            fail: r.flags & resolved::FAIL != 0,
            because: r.because.clone(),
        }
    }
}

impl Clients {
    /// Whether the client matches; `None`: the list cannot be read.
    pub(crate) async fn matches(&self, env: &Env, peer: &Peer, ladder: &mut Vec<Because>) -> Option<bool> {
        self.matches_address(env, &peer.name, &peer.addr, ladder).await
    }
    /// The same for any name and address.
    pub(crate) async fn matches_address(&self, env: &Env, name: &str, addr: &str, ladder: &mut Vec<Because>) -> Option<bool> {
        let found = self.list.find_client(name, addr).await;
        let (result, place, yes) = match found {
            Ok(Some(m)) => (Some(m.pattern.clone()), m.place.clone(), Some(m.yes)),
            Ok(None) => (None, None, Some(false)),
            Err(_) => (Some("cannot be read".into()), None, None),
        };
        let nothing = result.is_none();
        ladder.push(Because::Lookup { table: self.parameter.into(), key: format!("{name} {addr}"), result, place });
        if nothing {
            ladder.push(crate::why::parameter(&env.cfg, self.parameter));
        }
        yes
    }
}

/// Notes what a table said.
fn note(ladder: &mut Vec<Because>, table: &str, key: &str, found: Found) -> Result<Option<String>, ()> {
    let (table, result, place, value) = match found {
        Ok(Some(hit)) => (hit.table.to_string(), Some(hit.value.clone()), hit.place, Ok(Some(hit.value))),
        Ok(None) => (table.to_string(), None, None, Ok(None)),
        Err(_) => (table.to_string(), Some("lookup error".into()), None, Err(())),
    };
    ladder.push(Because::Lookup { table, key: key.to_string(), result, place });
    value
}

impl Env {
    /// Whether mail goes to a filter and not into the queue.
    pub(crate) fn filtered(&self) -> bool {
        !self.cfg.str("smtpd_proxy_filter").is_empty()
    }
    /// Whether the filter hears of a message once it is complete.
    pub(crate) fn adjusts_speed(&self) -> bool {
        self.filtered() && !self.cfg.str("smtpd_proxy_options").is_empty()
    }
    /// Warns once of a restriction that has a new name.
    pub(crate) fn old_name(&self, bit: u8, old: &str, new: &str) {
        if self.warned.replace(self.warned.get() | bit) & bit == 0 {
            let name = self.cfg.str("mail_name");
            self.log.warn(format_args!("support for restriction \"{old}\" will be removed from {name}; use \"{new}\" instead"));
        }
    }
    /// The lasting form of an address that is the sender of our own address probes; `None`: it is another one.
    pub(crate) async fn own_probe(&self, address: &str) -> Option<String> {
        if self.probe.borrow().is_none() {
            let mut resolver = self.resolver.take()?;
            let sender = ProbeSender::new(&self.cfg, &mut resolver).await;
            self.resolver.set(Some(resolver));
            *self.probe.borrow_mut() = Some(sender);
        }
        let now = self.sys.now().secs();
        self.probe.borrow().as_ref().and_then(|p| p.own(address, now))
    }
    /// Looks a key up in an access table. `partial`: it is only part of what is looked for, nothing for patterns.
    pub(crate) async fn find(&self, table: &str, key: &str, partial: bool, ladder: &mut Vec<Because>) -> Result<Option<String>, ()> {
        let Some(maps) = self.access.get(table) else { return Err(()) };
        let found = if partial { maps.find_fixed(key).await } else { maps.find(key).await };
        note(ladder, table, key, found)
    }
    /// Notes what is wrong with an access table itself.
    pub(crate) async fn remark(&self, table: &str, ladder: &mut Vec<Because>) {
        if let Some(maps) = self.access.get(table) {
            maps.remark(ladder).await;
        }
    }
    /// Looks a key up in the tables of a parameter.
    pub(crate) async fn find_in(&self, parameter: &str, key: &str, ladder: &mut Vec<Because>) -> Result<Option<String>, ()> {
        match self.maps.get(parameter).filter(|m| !m.is_empty()) {
            Some(maps) => {
                let found = note(ladder, parameter, key, maps.find(key).await);
                self.placed(ladder, parameter);
                found
            }
            None => Ok(None),
        }
    }
    /// What `smtpd_dns_reply_filter` leaves of an answer of the DNS.
    pub(crate) async fn filter_dns(&self, records: Vec<Record>) -> Left {
        match self.maps.get("smtpd_dns_reply_filter") {
            Some(maps) => filter(maps, &self.log, records).await,
            None => Left::Some(records),
        }
    }
    async fn try_key(maps: &Maps, parameter: &str, key: &str, partial: bool, ladder: &mut Vec<Because>) -> Result<Option<String>, ()> {
        let quoted = if key.starts_with('@') { key.to_string() } else { quote_local(key) };
        let found = if partial { maps.find_fixed(&quoted).await } else { maps.find(&quoted).await };
        let first = note(ladder, parameter, &quoted, found)?;
        if first.is_some() || quoted == key {
            return Ok(first);
        }
        let found = if partial { maps.find_fixed(key).await } else { maps.find(key).await };
        note(ladder, parameter, key, found)
    }
    /// Looks an address up as the cleanup service would: itself, without extension, the local part if it is ours, `@domain`.
    pub(crate) async fn find_address(&self, parameter: &str, address: &str, ladder: &mut Vec<Because>) -> Result<Option<String>, ()> {
        let Some(maps) = self.maps.get(parameter).filter(|m| !m.is_empty()) else { return Ok(None) };
        let bare = strip_extension(&self.cfg, address).map(|(a, _)| a);
        let mut keys = vec![(address.to_string(), false)];
        keys.extend(bare.iter().map(|b| (b.clone(), true)));
        if let Some(domain) = domain_of(address) {
            if domain.eq_ignore_ascii_case(&self.cfg.str("myorigin")) || self.local.is_local(domain).await.map_err(drop)? {
                for a in [Some(address), bare.as_deref()].into_iter().flatten() {
                    keys.push((a[..a.rfind('@').unwrap_or(a.len())].to_string(), true));
                }
            }
            keys.push((format!("@{domain}"), true));
        }
        for (key, partial) in keys {
            let found = Self::try_key(maps, parameter, &key, partial, ladder).await;
            self.placed(ladder, parameter);
            if found.as_ref().is_ok_and(Option::is_some) {
                maps.remark(ladder).await;
            }
            if let Some(value) = found? {
                return Ok(Some(value));
            }
        }
        maps.remark(ladder).await;
        Ok(None)
    }
    /// What a list of tables does not know has the place of the list.
    fn placed(&self, ladder: &mut [Because], parameter: &str) {
        if let Some(Because::Lookup { table, place, .. }) = ladder.last_mut()
            && table == parameter
        {
            *place = self.cfg.place(parameter);
        }
    }
    /// Whether a list of words holds this one.
    pub(crate) async fn names_command(&self, parameter: &str, word: &str) -> bool {
        match self.words.get(parameter) {
            Some(list) => list.matches(word).await.unwrap_or(false),
            None => false,
        }
    }
    /// Whether a permission by this action is logged.
    pub(crate) async fn logs_permit(&self, action: &str) -> bool {
        self.names_command("smtpd_log_access_permit_actions", action).await
    }
    /// Whether ETRN may flush mail for the domain.
    pub(crate) async fn flushes(&self, domain: &str) -> bool {
        self.names_command("fast_flush_domains", domain).await
    }
    /// What the verify service knows of an address: status and reason. `None`: it does not answer.
    pub(crate) async fn verify(&self, address: &str) -> Option<(i64, String, Vec<Because>)> {
        let service = format!("private/{}", self.cfg.str("address_verify_service_name"));
        let question = Attrs::new().with("request", "query").with("address", address);
        let tries = self.cfg.int("address_verify_poll_count").max(1);
        for i in 1..=tries {
            let answer = ask_once(&self.sys, &service, &question).await.ok().filter(|a| a.num("status") == 0 && !a.0.is_empty())?;
            let status = answer.num("recipient_status");
            if status != 3 || i == tries {
                let mut because = crate::why::decode(answer.get("because"));
                if status == 3 {
                    because.push(crate::why::parameter(&self.cfg, "address_verify_poll_count"));
                }
                return Some((status, answer.get("reason").to_string(), because));
            }
            let pause = u64::try_from(self.cfg.time("address_verify_poll_delay")).unwrap_or(3);
            let _ = self.sys.sleep(pause.saturating_mul(1_000_000)).await;
        }
        None
    }
    /// Where mail for the address goes; kept as long as the process lives.
    pub(crate) async fn resolve(&self, facts: &Facts, address: &str, of_sender: bool) -> Route {
        let other = if of_sender { &facts.recipient } else { &facts.sender };
        let other = other.as_deref().unwrap_or_default();
        let key = format!("{other}\n{address}");
        if let Some((_, kept)) = self.resolved.borrow().iter().find(|(k, _)| *k == key) {
            return Route::of(kept);
        }
        let Some(mut resolver) = self.resolver.take() else { return Route::of(&Resolved { flags: resolved::FAIL, ..Resolved::default() }) };
        let mut because = Vec::new();
        let from = resolver.rewrite_internal("local", other, &mut Vec::new()).await;
        let query = resolver.rewrite_internal("local", address, &mut because).await;
        let mut answer = resolver.resolve(false, &from, &query).await;
        self.resolver.set(Some(resolver));
        answer.recipient = answer.recipient.to_ascii_lowercase();
        because.append(&mut answer.because);
        answer.because = because;
        let route = Route::of(&answer);
        let mut kept = self.resolved.borrow_mut();
        if kept.len() >= 100 {
            kept.remove(0);
        }
        kept.push((key, Rc::new(answer)));
        route
    }
    /// Reports an event to anvil: connections now, rate.
    pub(crate) async fn anvil(&self, event: anvil::Event, service: &str, addr: &str) -> Option<(i64, i64)> {
        let mut client = match self.anvil.take() {
            Some(client) => client,
            None => anvil::Client::new(&self.sys, &self.log, "private/anvil"),
        };
        let answer = client.report(event, &format!("{service}:{addr}")).await;
        self.anvil.set(Some(client));
        answer
    }
    /// A value without what `smtpd_expansion_filter` does not list.
    pub(crate) fn filter(&self, text: &str) -> String {
        let listed = crate::config::unescape(self.cfg.raw("smtpd_expansion_filter").unwrap_or_default());
        let bytes = text.bytes().map(|b| if listed.contains(&b) { b } else { b'_' }).collect::<Vec<u8>>();
        String::from_utf8_lossy(&bytes).into_owned()
    }
    /// Whether header addresses of this client's mail count as ours: `local` or `remote`. The refusal if that cannot be found out.
    pub(crate) async fn rewrite_context(&self, check: &mut Check) -> Result<&'static str, String> {
        for element in &self.rewrite_clients {
            let mut because = Vec::new();
            let matched = match element.to_ascii_lowercase().as_str() {
                "permit_inet_interfaces" => Some(self.local.listens_on(check.facts.peer.ip)),
                "permit_mynetworks" => self.mynetworks.matches(self, &check.facts.peer, &mut because).await,
                "permit_sasl_authenticated" => Some(check.facts.login.is_some() && check.facts.sasl_active),
                "permit_tls_clientcerts" | "permit_tls_all_clientcerts" | "check_address_map" => Some(false),
                e if e.contains(':') => {
                    self.find(element, &check.facts.peer.addr, false, &mut because).await.ok().map(|found| found.is_some())
                }
                _ => {
                    self.log.warn(format_args!("parameter local_header_rewrite_clients: invalid request: {element}"));
                    Some(false)
                }
            };
            match matched {
                Some(true) => return Ok("local"),
                Some(false) => {}
                None => {
                    let text = "451 4.3.0 Temporary lookup error";
                    check.error(Class::Resource);
                    check.log("reject", text);
                    return Err(text.into());
                }
            }
        }
        Ok("remote")
    }
}

impl Check {
    /// The restrictions of a new session.
    pub(crate) fn new(env: &Rc<Env>, facts: Facts) -> Check {
        Check {
            env: env.clone(),
            facts,
            actions: Actions::default(),
            errors: 0,
            refusal: String::new(),
            defer_if_permit: None,
            defer_if_reject: None,
            deferred_at: [None, None, None],
            depth: 0,
            warn_at: 0,
            stop: None,
            ladder: Vec::new(),
            trace: TraceId(0),
        }
    }
    /// Where mail for the address goes.
    pub(crate) async fn resolve(&mut self, address: &str, of_sender: bool) -> Result<Route, Unwind> {
        let env = self.env.clone();
        let mut route = env.resolve(&self.facts, address, of_sender).await;
        self.ladder.append(&mut route.because);
        if route.fail { Err(self.lookup_failure(address)) } else { Ok(route) }
    }
    /// Looks an address up in the tables of a parameter.
    pub(crate) async fn find_address(&mut self, parameter: &str, address: &str, reply_name: &str) -> Result<Option<String>, Unwind> {
        let env = self.env.clone();
        match env.find_address(parameter, address, &mut self.ladder).await {
            Ok(found) => Ok(found),
            Err(()) => Err(self.lookup_failure(reply_name)),
        }
    }
}
