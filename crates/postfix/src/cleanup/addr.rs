//! Envelope addresses: standard form, canonical tables, masquerading, virtual aliases, automatic BCC recipients.
//! Source: cleanup_addr(3), cleanup_map11(3), cleanup_map1n(3), ADDRESS_REWRITING_README.

use super::{Cleanup, Message};
use crate::address::cut;
use crate::address::find::{self, Keys, looked_up};
use crate::address::tok::{Tok, quote_local, scan, unquote};
use crate::ipc::{Attrs, ask_once};
use crate::lookup::Maps;
use crate::post::{clean, stat, utf8};
use crate::queue::envelope::Rcpt;
use crate::queue::rec;
use crate::report::{Dsn, notify, put_rcpt};
use crate::server::Daemon;
use crate::why::parameter;
use machine::Because;

/// Tables and lists for addresses.
pub(super) struct AddressMaps {
    sender_canonical: Maps,
    recipient_canonical: Maps,
    canonical: Maps,
    virtual_alias: Maps,
    sender_bcc: Maps,
    recipient_bcc: Maps,
    masquerade: Vec<String>,
}

impl AddressMaps {
    pub(super) async fn open(d: &Daemon) -> Result<AddressMaps, String> {
        let t = &d.tables;
        Ok(AddressMaps {
            sender_canonical: Maps::of(t, "sender_canonical_maps").await?,
            recipient_canonical: Maps::of(t, "recipient_canonical_maps").await?,
            canonical: Maps::of(t, "canonical_maps").await?,
            virtual_alias: Maps::of(t, "virtual_alias_maps").await?,
            sender_bcc: Maps::of(t, "sender_bcc_maps").await?,
            recipient_bcc: Maps::of(t, "recipient_bcc_maps").await?,
            masquerade: d.cfg.list("masquerade_domains"),
        })
    }
}

/// Which address it is, for the `*_classes` parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    EnvelopeSender,
    EnvelopeRcpt,
    HeaderSender,
    HeaderRcpt,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Class::EnvelopeSender => "envelope_sender",
            Class::EnvelopeRcpt => "envelope_recipient",
            Class::HeaderSender => "header_sender",
            Class::HeaderRcpt => "header_recipient",
        }
    }
    fn is_sender(self) -> bool {
        matches!(self, Class::EnvelopeSender | Class::HeaderSender)
    }
}

const MAX_RECURSION: usize = 10;

impl Cleanup {
    fn propagates(&self, what: &str) -> bool {
        self.d.cfg.list("propagate_unmatched_extensions").iter().any(|p| p == what)
    }
    fn table_trouble(&self, m: &mut Message, maps: &str, addr: &str) {
        self.d.log.warn(format_args!("{}: {maps} map lookup problem for {addr} -- message not accepted, try again later", m.id));
        m.errs |= stat::WRITE;
        m.against.push(parameter(&self.d.cfg, maps));
    }
    /// Maps an address again and again until it stays the same.
    async fn map_one(&mut self, m: &mut Message, maps: &Maps, addr: &mut String) {
        let propagate = self.propagates("canonical");
        for _ in 0..MAX_RECURSION {
            match find::find(&self.d.cfg, maps, addr, Keys::Usual(&self.local)).await {
                Ok(Some(found)) => {
                    m.because.push(looked_up(&found.hit));
                    let new = find::crunch(&mut self.resolver, &found, addr, propagate, &mut m.because).await;
                    if new.len() > 1 {
                        self.d.log.warn(format_args!("{}: multi-valued {} entry for {addr}", m.id, maps.title()));
                    }
                    let Some(new) = new.into_iter().next() else { return };
                    let same = new.eq_ignore_ascii_case(addr);
                    if !same {
                        let (by, place) = (maps.title().to_string(), found.hit.place.clone());
                        m.because.push(Because::Rewrite { from: addr.clone(), to: new.clone(), by, place });
                    }
                    *addr = new;
                    if same {
                        return;
                    }
                }
                Ok(None) => return,
                Err(_) => return self.table_trouble(m, maps.title(), addr),
            }
        }
        let title = maps.title();
        self.d.log.warn(format_args!("{}: unreasonable {title} map nesting for {addr} -- message not accepted, try again later", m.id));
    }
    fn masquerade(&self, m: &mut Message, addr: &mut String) {
        let old = addr.clone();
        let (local, domain) = cut(&old);
        if domain.is_empty() || self.d.cfg.list("masquerade_exceptions").iter().any(|e| e.eq_ignore_ascii_case(local)) {
            return;
        }
        let lower = domain.to_ascii_lowercase();
        for entry in &self.maps.masquerade {
            let (name, keep) = match entry.strip_prefix('!') {
                Some(name) => (name.to_ascii_lowercase(), true),
                None => (entry.to_ascii_lowercase(), false),
            };
            let parent = lower.len() > name.len() && lower.ends_with(&name) && lower.as_bytes()[lower.len() - name.len() - 1] == b'.';
            if parent && !keep {
                let new = format!("{local}@{}", &domain[domain.len() - name.len()..]);
                m.because.push(Because::Rewrite {
                    from: old.clone(),
                    to: new.clone(),
                    by: "masquerade_domains".to_string(),
                    place: self.d.cfg.place("masquerade_domains"),
                });
                *addr = new;
            }
            if parent || lower == name {
                return;
            }
        }
    }
    /// Canonical tables and masquerading, as far as they are for this class of address.
    pub(super) async fn map_address(&mut self, m: &mut Message, class: Class, addr: &mut String) {
        if m.flags & clean::MAP_OK == 0 || addr.is_empty() {
            return;
        }
        let own = if class.is_sender() { self.maps.sender_canonical.clone() } else { self.maps.recipient_canonical.clone() };
        let own_classes = if class.is_sender() { "sender_canonical_classes" } else { "recipient_canonical_classes" };
        let common = self.maps.canonical.clone();
        for (maps, classes) in [(own, own_classes), (common, "canonical_classes")] {
            if !maps.is_empty() && self.d.cfg.list(classes).iter().any(|c| c == class.name()) {
                self.map_one(m, &maps, addr).await;
            }
        }
        if !self.maps.masquerade.is_empty() && self.d.cfg.list("masquerade_classes").iter().any(|c| c == class.name()) {
            self.masquerade(m, addr);
        }
    }
    /// One address of a header: standard form and tables. True: it has changed.
    pub(super) async fn header_address(&mut self, m: &mut Message, class: Class, inner: &mut Vec<Tok>) -> bool {
        let Some(context) = m.context else { return false };
        let before = crate::address::tok::external(inner, false, false);
        if before.is_empty() {
            return false;
        }
        let mut why = Vec::new();
        let standard = self.resolver.rewrite(context, &before, &mut why).await;
        let mut addr = unquote(&standard);
        let old = addr.clone();
        self.map_address(m, class, &mut addr).await;
        let changed = standard != before || addr != old;
        if changed {
            m.because.extend(why);
            *inner = if addr != old { scan(&quote_local(&addr)) } else { scan(&standard) };
        }
        changed
    }
    /// The envelope sender.
    pub(super) async fn sender(&mut self, m: &mut Message, text: &str) {
        let mut why = Vec::new();
        let mut addr = self.resolver.rewrite_internal("local", text, &mut why).await;
        let (local, _) = cut(&addr);
        if local.eq_ignore_ascii_case("MAILER-DAEMON") {
            let ours = self.resolver.rewrite_internal("local", "MAILER-DAEMON", &mut Vec::new()).await;
            if addr.eq_ignore_ascii_case(&ours) {
                addr.clear();
            }
        }
        m.because.extend(why);
        self.map_address(m, Class::EnvelopeSender, &mut addr).await;
        m.needs_utf8(self.d.cfg.bool("smtputf8_enable"), &addr, utf8::SENDER);
        m.put(rec::FROM, addr.as_bytes());
        m.sender = Some(addr.clone());
        if m.flags & clean::BCC_OK != 0 && !addr.is_empty() {
            let maps = self.maps.sender_bcc.clone();
            self.bcc_from(m, &maps, &addr).await;
        }
    }
    async fn bcc_from(&mut self, m: &mut Message, maps: &Maps, addr: &str) {
        if maps.is_empty() {
            return;
        }
        match find::find(&self.d.cfg, maps, addr, Keys::Usual(&self.local)).await {
            Ok(Some(found)) => {
                m.because.push(looked_up(&found.hit));
                let bcc = unquote(&found.hit.value);
                self.add_bcc(m, &bcc, maps.title()).await;
            }
            Ok(None) => {}
            Err(_) => {
                self.d.log.warn(format_args!("{}: {} map lookup problem -- message not accepted, try again later", m.id, maps.title()));
                m.errs |= stat::WRITE;
                m.against.push(parameter(&self.d.cfg, maps.title()));
            }
        }
    }
    /// An envelope recipient.
    pub(super) async fn recipient(&mut self, m: &mut Message, text: &str) {
        let empty = self.d.cfg.str("empty_address_recipient");
        let text = if text.is_empty() { &empty } else { text };
        let mut why = Vec::new();
        let mut addr = self.resolver.rewrite_internal("local", text, &mut why).await;
        m.because.extend(why);
        self.map_address(m, Class::EnvelopeRcpt, &mut addr).await;
        m.needs_utf8(self.d.cfg.bool("smtputf8_enable"), &addr, 0);
        let mut orcpt = m.dsn_orcpt.clone();
        if orcpt.is_empty() && !addr.is_empty() {
            let kind = if !addr.is_ascii() && m.utf8 & utf8::REQUESTED != 0 { "utf-8" } else { "rfc822" };
            orcpt = format!("{kind};{addr}");
        }
        let orig = m.orig_rcpt.clone().unwrap_or_default();
        let notify = m.notify;
        self.expand(m, &orcpt, notify, &orig, &addr).await;
        m.recip = Some(addr.clone());
        if m.flags & clean::BCC_OK != 0 && !addr.is_empty() {
            let maps = self.maps.recipient_bcc.clone();
            self.bcc_from(m, &maps, &addr).await;
        }
    }
    /// An automatic BCC recipient.
    pub(super) async fn add_bcc(&mut self, m: &mut Message, bcc: &str, by: &str) {
        let mut addr = self.resolver.rewrite_internal("local", bcc, &mut Vec::new()).await;
        let from = m.recip.clone().unwrap_or_default();
        m.because.push(Because::Expand { from, to: vec![addr.clone()], by: by.to_string(), depth: 0, place: self.d.cfg.place(by) });
        self.map_address(m, Class::EnvelopeRcpt, &mut addr).await;
        let orig = addr.clone();
        // Nobody is told when it does not arrive.
        self.expand(m, "", notify::NEVER, &orig, &addr).await;
    }
    /// Virtual aliases; then the recipient records, each recipient once.
    async fn expand(&mut self, m: &mut Message, orcpt: &str, notify: i64, orig: &str, addr: &str) {
        let mut notify = notify;
        let mut all = vec![addr.to_string()];
        if m.flags & clean::MAP_OK != 0 && !self.maps.virtual_alias.is_empty() {
            all = self.virtual_aliases(m, addr).await;
            if notify & notify::SUCCESS != 0 && (all.len() > 1 || all.first().is_some_and(|a| a != addr)) {
                let dsn = Dsn { action: "expanded".to_string(), ..Dsn::new("2.0.0", "alias expanded") };
                let rcpt = Rcpt { addr: addr.into(), orig: orig.into(), dsn_orcpt: orcpt.into(), notify, offset: 0 };
                let mut ask = Attrs::new().with_num("nrequest", crate::bounce::APPEND).with_num("flags", 0).with("queue_id", &m.id);
                put_rcpt(&mut ask, &rcpt);
                dsn.put(&mut ask);
                let _ = ask_once(&self.d.sys, "private/trace", &ask).await;
                notify = if notify == notify::SUCCESS { notify::NEVER } else { notify & !notify::SUCCESS };
            }
        }
        for one in all {
            let key = if self.d.cfg.bool("enable_original_recipient") {
                format!("{orcpt}\n{notify}\n{orig}\n{one}").to_ascii_lowercase()
            } else {
                one.to_ascii_lowercase()
            };
            if m.seen.contains(&key) {
                continue;
            }
            let limit = self.d.cfg.int("duplicate_filter_limit");
            if limit <= 0 || (m.seen.len() as i64) < limit {
                m.seen.push(key);
            }
            if notify != 0 {
                m.put(rec::ATTR, format!("notify_flags={notify}").as_bytes());
            }
            if !orcpt.is_empty() {
                m.put(rec::ATTR, format!("dsn_orig_rcpt={orcpt}").as_bytes());
            }
            m.put(rec::ORCP, orig.as_bytes());
            m.put(rec::RCPT, one.as_bytes());
            m.rcpt_count += 1;
        }
    }
    /// The addresses that an address stands for; itself alone where that cannot be found out.
    async fn virtual_aliases(&mut self, m: &mut Message, addr: &str) -> Vec<String> {
        let title = self.maps.virtual_alias.title().to_string();
        match self.expanded(m, addr).await {
            Ok(all) => all,
            Err((what, bit)) => {
                self.d.log.warn(format_args!("{}: {} -- message not accepted, try again later", m.id, what.replace('%', &title)));
                m.errs |= bit;
                m.reason = "4.6.0 Alias expansion error".to_string();
                vec![addr.to_string()]
            }
        }
    }
    /// What a table of virtual aliases makes of an address; or what is wrong, with `%` for its name.
    async fn expanded(&mut self, m: &mut Message, addr: &str) -> Result<Vec<String>, (String, i64)> {
        let maps = self.maps.virtual_alias.clone();
        let propagate = self.propagates("virtual");
        let bound = |name: &str| usize::try_from(self.d.cfg.int(name)).unwrap_or(1).max(1);
        let limit = bound("virtual_alias_expansion_limit");
        let depth = bound("virtual_alias_recursion_limit");
        let length = bound("virtual_alias_address_length_limit");
        let unreasonable = |what: &str| Err((format!("unreasonable % {what}"), stat::DEFER));
        let mut all = vec![addr.to_string()];
        let mut itself: Vec<String> = Vec::new();
        let mut at = 0;
        while at < all.len() {
            if all.len() > limit {
                m.against.push(parameter(&self.d.cfg, "virtual_alias_expansion_limit"));
                return unreasonable(&format!("map expansion size for {addr}"));
            }
            for count in 0.. {
                let now = all[at].clone();
                if itself.iter().any(|a| a.eq_ignore_ascii_case(&now)) {
                    break;
                }
                if count >= depth {
                    m.against.push(parameter(&self.d.cfg, "virtual_alias_recursion_limit"));
                    return unreasonable(&format!("map nesting for {addr}"));
                }
                let found = find::find(&self.d.cfg, &maps, &now, Keys::Usual(&self.local)).await;
                let Some(found) = found.map_err(|_| (format!("% map lookup problem for {addr}"), stat::WRITE))? else { break };
                m.because.push(looked_up(&found.hit));
                let new = find::crunch(&mut self.resolver, &found, &now, propagate, &mut m.because).await;
                let (from, by) = (now.clone(), maps.title().to_string());
                m.because.push(Because::Expand { from, to: new.clone(), by, depth: count.min(254) as u8, place: found.hit.place.clone() });
                if let Some(long) = new.iter().find(|a| a.len() > length) {
                    m.against.push(parameter(&self.d.cfg, "virtual_alias_address_length_limit"));
                    return unreasonable(&format!("result {}...", crate::config::cut(long, 300).0));
                }
                if new.iter().any(|a| a.eq_ignore_ascii_case(&now)) {
                    itself.push(now);
                }
                let mut new = new.into_iter();
                let Some(first) = new.next() else { break };
                all[at] = first;
                all.extend(new);
            }
            at += 1;
        }
        Ok(all)
    }
}
