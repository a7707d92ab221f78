//! What a name stands for: aliases and the words in their lists.
//! Not here: lists in files (`lists`), where mail ends (`targets`, `command`), mail that goes on as a new message (`forward`). Source: aliases(5), local(8).

use super::{Outcome, Run, Source, State};
use crate::account::{Account, by_uid};
use crate::address::tok::{Tok, external, internal, parse, quote_local, unquote};
use crate::config::{Place, Scope};
use crate::lookup::{Hit, Table};
use crate::report::{Dsn, Job, flag, notify};
use crate::rewrite_clnt::resolved;
use crate::why;
use machine::Because;
use std::cell::Cell;

/// Names that parameters such as forward_path may use.
pub(super) struct Names<'a> {
    pub(super) state: &'a State,
    pub(super) delimiters: String,
    /// Characters that values may have; others become `_`. Empty: all.
    pub(super) filter: String,
    /// Whether the extension was asked for.
    pub(super) extension_used: Cell<bool>,
}

impl Scope for Names<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        let s = self.state;
        let value = match name {
            "user" => s.user.clone(),
            "home" => s.rights.as_ref()?.home.clone(),
            "shell" => s.rights.as_ref()?.shell.clone(),
            "domain" => s.domain.clone(),
            "local" | "mailbox" => s.local.clone(),
            "recipient" => s.rcpt.addr.clone(),
            "extension" => {
                self.extension_used.set(true);
                s.extension.clone()?
            }
            "recipient_delimiter" => {
                s.local.get(s.user.len()..).and_then(|r| r.chars().next()).or_else(|| self.delimiters.chars().next())?.to_string()
            }
            _ => return None,
        };
        Some(censor(&value, &self.filter))
    }
}

/// Replaces the characters that a filter does not name by `_`.
pub(super) fn censor(text: &str, filter: &str) -> String {
    text.chars().map(|c| if filter.is_empty() || filter.contains(c) { c } else { '_' }).collect()
}

pub(super) fn without_success(flags: i64) -> i64 {
    if flags == notify::SUCCESS { notify::NEVER } else { flags & !notify::SUCCESS }
}

pub(super) fn trouble(status: &str) -> Dsn {
    Dsn::new(status, "mail system configuration error")
}

impl Run<'_> {
    /// Looks a name up in the alias tables and delivers to what it stands for. `None`: it is no alias.
    pub(super) async fn alias(&mut self, state: &State, name: &str) -> Option<bool> {
        let mut state = state.clone();
        state.level += 1;
        if state.expanded.as_ref().is_some_and(|e| e.eq_ignore_ascii_case(name)) {
            self.tree.push(why::note(format!("{name} stands in its own expansion: the account is meant")));
            return None;
        }
        if state.level > 100 {
            let text = format!("alias database loop for {name}");
            self.agent.d.log.warn(format_args!("{text}"));
            return Some(self.bounce(&state, Dsn::new("5.4.6", text)).await);
        }
        state.expanded = Some(name.to_string());
        let all = self.agent.d.tables.clone();
        for table in self.agent.aliases.tables().to_vec() {
            match table.find(&all, name).await {
                Ok(None) => {
                    let table = table.name().to_string();
                    self.tree.push(Because::Lookup { table, key: name.to_string(), result: None, place: None });
                }
                Ok(Some(hit)) => return Some(self.expand_alias(state, name, hit, &table).await),
                Err(_) => {
                    self.agent.d.log.warn(format_args!("{}: lookup of '{name}' failed", table.name()));
                    return Some(self.failed(&state, Dsn::new("4.3.0", "alias database unavailable")).await);
                }
            }
        }
        self.agent.aliases.clone().remark(&mut self.tree).await;
        None
    }
    async fn expand_alias(&mut self, mut state: State, name: &str, hit: Hit, table: &Table) -> bool {
        self.tree.push(crate::address::find::looked_up(&hit));
        if self.request.job.flags & flag::MTA_VRFY != 0 {
            return self.sent(&state, format!("aliased to {}", hit.value)).await;
        }
        state.from = Source::Alias;
        state.rights = match self.table_owner(table).await {
            Ok(rights) => rights,
            Err(dsn) => return self.failed(&state, dsn).await,
        };
        let mut owned = false;
        if self.agent.d.cfg.bool("owner_request_special") {
            match self.owner_of(name).await {
                Ok(Some(owner)) => {
                    self.tree.push(why::note(format!("owner-{name} is an alias: problems are reported to {owner}")));
                    (state.sender, state.owner, owned) = (owner.clone(), Some(owner), true);
                }
                Ok(None) => {}
                Err(_) => return self.failed(&state, Dsn::new("4.3.0", "alias database unavailable")).await,
            }
        }
        if !owned && self.agent.d.cfg.bool("reset_owner_alias") {
            state.owner = None;
        }
        if !self.agent.d.cfg.bool("frozen_delivered_to") {
            state.delivered.clone_from(&state.rcpt.addr);
        }
        let before = state.rcpt.clone();
        state.rcpt.notify = without_success(before.notify);
        if owned {
            state.rcpt.dsn_orcpt.clear();
            state.rcpt.orig.clear();
        }
        let depth = self.note_expansion(name, &hit.value, hit.table.as_ref(), hit.place.clone());
        self.note_rights(&state);
        let mut count = 0;
        let done = self.words(&state, &hit.value, &mut count).await;
        self.depth = depth;
        if count == 0 {
            self.agent.d.log.warn(format_args!("no recipient in alias lookup result for {name}"));
            return self.failed(&state, Dsn::new("4.3.0", "alias database unavailable")).await;
        }
        if before.notify & notify::SUCCESS != 0 {
            let orig = state.rcpt.orig.clone();
            state.rcpt = before;
            state.rcpt.orig = orig;
            self.expanded(&state, if owned { "delivered" } else { "expanded" }).await;
        }
        done
    }
    /// Adds a node to the tree of expansions; gives the depth to return to.
    pub(super) fn note_expansion(&mut self, from: &str, text: &str, by: &str, place: Option<Place>) -> u8 {
        let to = parse(text).iter().filter_map(|t| if let Tok::Addr(a) = t { Some(internal(a, false)) } else { None }).collect();
        let depth = self.depth;
        self.tree.push(Because::Expand { from: from.to_string(), to, by: by.to_string(), depth, place });
        self.depth = depth.saturating_add(1);
        depth
    }
    /// Adds whose rights a list's commands and files have.
    pub(super) fn note_rights(&mut self, state: &State) {
        if let Some(owner) = &state.rights {
            self.tree.push(why::note(format!("commands and files run with the rights of {}", owner.name)));
        }
    }
    /// The list was expanded: said in the delivery report that the sender asked for.
    pub(super) async fn expanded(&mut self, state: &State, action: &str) {
        let dsn = Dsn { action: action.to_string(), ..Dsn::new("2.0.0", "alias expanded") };
        let job = Job { flags: 0, ..self.request.job.clone() };
        self.reporter.trace_append(&job, &state.rcpt, &self.agent.d.server.service, &dsn, &[]).await;
    }
    /// Whose rights the commands and files of an alias table get: its owner's; `None`: root's tables use default_privs.
    async fn table_owner(&mut self, table: &Table) -> Result<Option<Account>, Dsn> {
        let Some(path) = table.file() else { return Ok(None) };
        let sys = self.agent.d.sys.clone();
        let uid = sys.stat(path).await.map_or(0, |st| st.uid);
        if uid == 0 {
            return Ok(None);
        }
        match by_uid(&sys, uid).await {
            Some(account) => Ok(Some(account)),
            None => {
                self.agent.d.log.warn(format_args!("cannot find alias database owner for {}", table.name()));
                Err(Dsn::new("4.3.0", "cannot find alias database owner"))
            }
        }
    }
    /// Delivers to each word of a list. False: some of it must be tried again.
    pub(super) async fn words(&mut self, state: &State, text: &str, count: &mut u32) -> bool {
        let mut done = true;
        for tok in parse(text) {
            if let Tok::Addr(inner) = tok {
                *count += 1;
                done &= Box::pin(self.word(state, &inner)).await;
            }
        }
        done
    }
    async fn word(&mut self, state: &State, inner: &[Tok]) -> bool {
        const INCLUDE: &str = ":include:";
        let text = internal(inner, false);
        if text.starts_with('/') {
            return self.file(state, &text).await;
        }
        if let Some(rest) = text.strip_prefix('~') {
            let home = state.rights.as_ref().map(|r| r.home.trim_end_matches('/').to_string());
            return match home {
                _ if !rest.starts_with('/') => {
                    self.agent.d.log.warn(format_args!("bad home directory syntax for: {text}"));
                    self.bounce(state, trouble("5.3.5")).await
                }
                None => {
                    self.agent.d.log.warn(format_args!("unknown home directory for: {text}"));
                    self.bounce(state, trouble("5.3.5")).await
                }
                Some(home) => self.file(state, &format!("{home}{rest}")).await,
            };
        }
        if let Some(command) = text.strip_prefix('|') {
            if !self.allows("allow_mail_to_commands", state.from) {
                self.tree.push(why::parameter(&self.agent.d.cfg, "allow_mail_to_commands"));
                return self.bounce(state, Dsn::new("5.7.1", "mail to command is restricted")).await;
            }
            return self.command(state, command).await;
        }
        if text.get(..INCLUDE.len()).is_some_and(|t| t.eq_ignore_ascii_case(INCLUDE)) {
            return self.include(state, &text[INCLUDE.len()..]).await;
        }
        self.resolve(state.clone(), &external(inner, false, false)).await
    }
    /// Whether a list parameter names this kind of source.
    pub(super) fn allows(&self, parameter: &str, from: Source) -> bool {
        self.agent.d.cfg.list(parameter).iter().any(|p| p == from.name())
    }
    /// An address in external form: standard form and way; delivered here or sent on.
    pub(super) async fn resolve(&mut self, mut state: State, addr: &str) -> bool {
        state.level += 1;
        let mut why = Vec::new();
        let standard = self.agent.resolver.rewrite("local", addr, &mut why).await;
        self.tree.append(&mut why);
        let mut way = self.agent.resolver.resolve(false, "", &unquote(&standard)).await;
        if way.flags & resolved::FAIL != 0 {
            return self.failed(&state, Dsn::new("4.3.0", "address resolver failure")).await;
        }
        if way.flags & resolved::ERROR != 0 {
            return self.bounce(&state, Dsn::new("5.1.3", format!("bad recipient address syntax: {}", way.recipient))).await;
        }
        if let Some(extension) = &state.unmatched
            && let Some(delimiter) = state.local.get(state.user.len()..).and_then(|r| r.chars().next())
        {
            let at = way.recipient.rfind('@').unwrap_or(way.recipient.len());
            way.recipient.insert_str(at, &format!("{delimiter}{extension}"));
        }
        state.rcpt.addr = way.recipient;
        if way.transport == self.agent.d.server.service {
            return Box::pin(self.recipient(state)).await;
        }
        self.tree.append(&mut way.because);
        self.indirect(&state).await
    }
    /// Mail for others than whose name is being expanded goes on as a new message.
    pub(super) async fn indirect(&mut self, state: &State) -> bool {
        if !self.first_time(format!("indirect {}", state.rcpt.addr)) {
            return true;
        }
        if self.trace_only() {
            return self.sent(state, format!("forwards to {}", state.rcpt.addr)).await;
        }
        if self.forward(state).await {
            return true;
        }
        self.failed(state, Dsn::new("4.3.0", "unable to forward message")).await
    }
    /// luser_relay: mail for names that nobody has. `None`: it is not set.
    pub(super) async fn other_user(&mut self, state: &State) -> Option<bool> {
        let luser = self.agent.d.cfg.raw("luser_relay").unwrap_or("").to_string();
        if luser.is_empty() {
            return None;
        }
        let names = Names { state, delimiters: self.str("recipient_delimiter"), filter: String::new(), extension_used: Cell::new(false) };
        let text = crate::config::expand(&luser, &names, false).text;
        self.tree.push(why::parameter(&self.agent.d.cfg, "luser_relay"));
        let standard = self.agent.resolver.rewrite("local", &text, &mut Vec::new()).await;
        if standard.eq_ignore_ascii_case(&quote_local(&state.rcpt.addr)) {
            return Some(self.bounce(state, Dsn::new("5.1.1", format!("unknown user: \"{}\"", state.user))).await);
        }
        let mut next = state.clone();
        next.unmatched = None;
        Some(Box::pin(self.resolve(next, &text)).await)
    }
    /// Returned to the sender, whatever the status says.
    pub(super) async fn bounce(&mut self, state: &State, dsn: Dsn) -> bool {
        self.report(Outcome::Bounced, state, &dsn).await
    }
}
