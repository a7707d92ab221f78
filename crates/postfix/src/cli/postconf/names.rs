//! Which parameters there are (built in, of services, of the user), their values and the warnings about names that nobody uses.
//! Not here: master.cf's form (`services`). Source: postconf(1), postconf(5).

use super::Mode;
use super::services::{self, Entry};
use crate::config::{MainCf, Scope, expand, own_networks, scan, split, split_braced, split_nameval, unbrace};
use crate::maillog::Log;
use crate::params;
use machine::Map;
use std::cell::RefCell;

/// Names that old versions had: they may be set, because defaults of others still refer to them.
const LEGACY: [&str; 13] = [
    "authorized_verp_clients",
    "fallback_relay",
    "lmtp_per_record_deadline",
    "postscreen_blacklist_action",
    "postscreen_dnsbl_ttl",
    "postscreen_dnsbl_whitelist_threshold",
    "postscreen_whitelist_interfaces",
    "smtp_per_record_deadline",
    "smtpd_client_connection_limit_exceptions",
    "smtpd_per_record_deadline",
    "tlsproxy_client_level",
    "tlsproxy_client_policy",
    "virtual_maps",
];
const READ_ONLY: [&str; 3] = ["process_id", "process_name", "service_name"];

/// What kinds of parameter there are (`-C`).
const CLASSES: [(&str, u8); 4] = [("builtin", BUILT_IN), ("service", SERVICE), ("user", USER), ("all", ALL)];
const BUILT_IN: u8 = 1;
const SERVICE: u8 = 2;
const USER: u8 = 4;
/// All of them.
pub(super) const ALL: u8 = 7;

/// The kinds that a `-C` option names.
pub(super) fn classes(text: &str) -> Result<u8, String> {
    split(text).iter().try_fold(0, |mask, word| {
        let class = CLASSES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        Ok(mask | class.ok_or_else(|| format!("unknown -C option value \"{word}\" in \"{text}\""))?.1)
    })
}

/// All that is known about names and values.
pub(super) struct Names {
    log: Log,
    dir: String,
    main: MainCf,
    /// Defaults that depend on the machine and the process.
    facts: Map<String, String>,
    /// Names made of a service's name, with the general parameter.
    service: Map<String, &'static str>,
    /// Names of the user's own that something refers to, in main.cf.
    user: RefCell<Map<String, ()>>,
    classes: Vec<String>,
    pub(super) entries: Vec<Entry>,
}

struct Values<'a>(&'a Names, Option<&'a Entry>, bool);

impl Scope for Values<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        self.0.value(name, self.1, self.2, false)
    }
    fn has_level(&self) -> bool {
        true
    }
}

/// Suffixes of the parameters that every delivery agent has, pipe(8) and spawn(8) `_time_limit` too.
const AGENTS: [&str; 7] = ["local", "error", "virtual", "smtp", "lmtp", "pipe", "spawn"];

impl Names {
    /// With main.cf.
    pub(super) async fn main(log: &Log, mode: &Mode) -> Result<Names, String> {
        let path = format!("{}/main.cf", mode.dir);
        let mut main = MainCf::load(log, &path).await?;
        for pair in &mode.overrides {
            let (name, value) = split_nameval(pair).map_err(|why| format!("invalid parameter override: {pair}: {why}"))?;
            main.entries.insert(name.to_string(), crate::config::Entry { value: value.to_string(), line: 0, breaks: Vec::new() });
        }
        Names::new(log, &mode.dir, main, false).await
    }
    /// Without main.cf.
    pub(super) async fn defaults(log: &Log, mode: &Mode) -> Result<Names, String> {
        Names::new(log, &mode.dir, MainCf { path: String::new(), entries: Map::new(), written: Default::default() }, true).await
    }
    async fn new(log: &Log, dir: &str, main: MainCf, defaults: bool) -> Result<Names, String> {
        let sys = log.sys();
        let mut names = Names {
            log: log.clone(),
            dir: dir.to_string(),
            main,
            facts: Map::new(),
            service: Map::new(),
            user: RefCell::new(Map::new()),
            classes: Vec::new(),
            entries: Vec::new(),
        };
        for (name, value) in [("config_directory", dir), ("process_name", sys.name()), ("process_id", &sys.pid().to_string())] {
            names.facts.insert(name.to_string(), value.to_string());
        }
        names.facts.insert("service_name".to_string(), String::new());
        let mut host = sys.host_name().await;
        if !host.contains('.') {
            host = format!("{host}.{}", names.eval("mydomain").unwrap_or_else(|| "localdomain".to_string()));
        }
        let named = names.eval("myhostname").unwrap_or_else(|| host.clone());
        names.facts.insert("myhostname".to_string(), host);
        let domain = named.split_once('.').map_or("localdomain", |(_, domain)| domain).to_string();
        names.facts.insert("mydomain".to_string(), domain);
        let style = match names.eval("mynetworks_style") {
            Some(style) => style,
            None => names.expand(params::find("mynetworks_style").map_or("", |p| p.default), None, defaults)?,
        };
        let networks =
            own_networks(sys, &style).await.ok_or_else(|| format!("unknown mynetworks mask style value \"{style}\" in \"{style}\""))?;
        names.facts.insert("mynetworks".to_string(), networks);
        Ok(names)
    }
    /// Reads master.cf, whose services have parameters of their own.
    pub(super) async fn read_services(&mut self, mode: &Mode, must: bool) -> Result<(), String> {
        let entries = services::read(&self.log, &mode.dir, must).await?;
        self.take_services(entries);
        Ok(())
    }
    pub(super) fn take_services(&mut self, entries: Vec<Entry>) {
        for entry in &entries {
            let program = entry.fields[7].as_str();
            if !AGENTS.contains(&program) {
                continue;
            }
            for (suffix, general) in params::TRANSPORT {
                let limit = suffix == "_time_limit";
                if limit == (program == "spawn") || program == "pipe" {
                    self.service.insert(format!("{}{suffix}", entry.fields[0]), general);
                }
            }
        }
        self.entries = entries;
    }

    /// An explicit value of main.cf, expanded.
    fn eval(&self, name: &str) -> Option<String> {
        self.main.entries.get(name)?;
        self.expand(&self.main.entries.get(name)?.value, None, false).ok()
    }
    fn built_in(name: &str) -> Option<params::Param> {
        params::find(name).or_else(|| params::find_rest(name))
    }
    fn default(&self, name: &str) -> Option<String> {
        if let Some(fact) = self.facts.get(name) {
            return Some(fact.clone());
        }
        if let Some(param) = Names::built_in(name) {
            return Some(param.default.to_string());
        }
        if let Some(general) = self.service.get(name) {
            return Some(general.to_string());
        }
        (LEGACY.contains(&name) || self.user.borrow().contains(name)).then(String::new)
    }
    /// Whether there is such a parameter.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.default(name).is_some()
    }
    /// Whether its value is expanded only when it is used.
    pub(super) fn is_raw(&self, name: &str) -> bool {
        Names::built_in(name).is_some_and(|p| p.kind == b'r')
    }
    /// The value: of a service's `-o`, of main.cf, the default (nothing else with `defaults`, never with `explicit`).
    pub(super) fn value(&self, name: &str, entry: Option<&Entry>, defaults: bool, explicit: bool) -> Option<String> {
        if !defaults {
            if let Some(value) = entry.and_then(|e| e.facts(name).or_else(|| e.params.get(name).map(|(v, _)| v.clone()))) {
                return Some(value);
            }
            if let Some(entry) = self.main.entries.get(name) {
                return Some(entry.value.clone());
            }
            if explicit {
                return None;
            }
        }
        self.default(name)
    }
    /// Expands a value.
    pub(super) fn expand(&self, value: &str, entry: Option<&Entry>, defaults: bool) -> Result<String, String> {
        let done = expand(value, &Values(self, entry, defaults), true);
        for warning in &done.warnings {
            self.log.warn(format_args!("{warning}"));
        }
        if done.error { Err("macro processing error".to_string()) } else { Ok(done.text) }
    }
    /// The names of these kinds but the old ones, sorted.
    pub(super) fn all(&self, kinds: u8) -> Vec<String> {
        let mut all: Vec<(String, u8)> = Vec::new();
        let own = |name: &str| if self.service.contains(name) { SERVICE } else { BUILT_IN };
        all.extend(params::all().chain(params::all_rest()).map(|p| (p.name.to_string(), own(p.name))));
        all.extend(self.facts.keys().filter(|n| Names::built_in(n).is_none()).map(|n| (n.clone(), BUILT_IN)));
        all.extend(self.service.keys().filter(|n| Names::built_in(n).is_none()).map(|n| (n.clone(), SERVICE)));
        all.extend(self.user.borrow().keys().map(|n| (n.clone(), USER)));
        let mut all: Vec<String> = all.into_iter().filter(|(_, kind)| kinds & kind != 0).map(|(n, _)| n).collect();
        machine::sort(&mut all);
        all
    }

    /// Finds out which names of the user's own are in use: those that some value refers to.
    pub(super) fn scan(&mut self) -> Result<(), String> {
        let mut entries = std::mem::take(&mut self.entries);
        for at in 0..entries.len() {
            let classes = entries[at].params.get("smtpd_restriction_classes").map(|(v, _)| v.clone());
            for name in split(&self.expand(&classes.unwrap_or_default(), Some(&entries[at]), false).unwrap_or_default()) {
                self.refer(&name, Some(at), &mut entries);
            }
            let values: Vec<(String, String)> = entries[at].params.iter().map(|(n, (v, _))| (n.clone(), v.clone())).collect();
            for (name, value) in values {
                if READ_ONLY.contains(&name.as_str()) {
                    self.read_only("master.cf", &name, &value);
                    entries[at].params.remove(&name);
                } else if !self.is_raw(&name) {
                    self.refer_all(&value, Some(at), &mut entries);
                }
            }
        }
        let defaults: Vec<&'static str> = params::all()
            .chain(params::all_rest())
            .filter(|p| p.kind != b'r' && p.default.contains('$') && !self.main.entries.contains(p.name))
            .map(|p| p.default)
            .collect();
        for value in defaults {
            self.refer_all(value, None, &mut entries);
        }
        self.classes = split(&self.eval("smtpd_restriction_classes").unwrap_or_default());
        for name in self.classes.clone() {
            self.refer(&name, None, &mut entries);
        }
        let values: Vec<(String, String)> = self.main.entries.iter().map(|(n, e)| (n.clone(), e.value.clone())).collect();
        for (name, value) in values {
            if READ_ONLY.contains(&name.as_str()) {
                self.read_only("main.cf", &name, &value);
                self.main.entries.remove(&name);
                continue;
            }
            if LEGACY.contains(&name.as_str()) {
                self.user.borrow_mut().insert(name.clone(), ());
            }
            if !self.is_raw(&name) {
                self.refer_all(&value, None, &mut entries);
                // Values that may name tables are looked through for them.
                if Names::built_in(&name).is_some() || self.service.contains(&name) {
                    warn_of_braces(&self.log, &self.expand(&value, None, false)?);
                }
            }
        }
        for entry in &mut entries {
            for (name, (_, used)) in entry.params.iter_mut() {
                *used |= self.classes.contains(name);
            }
        }
        self.entries = entries;
        Ok(())
    }
    fn read_only(&self, file: &str, name: &str, value: &str) {
        self.log.warn(format_args!("{}/{file}: read-only parameter assignment: {name}={value}", self.dir));
    }
    fn refer_all(&self, value: &str, at: Option<usize>, entries: &mut [Entry]) {
        let found = References(RefCell::new(Vec::new()));
        let done = scan(value, &found);
        for name in found.0.into_inner() {
            self.refer(&name, at, entries);
        }
        for warning in &done.warnings {
            self.log.warn(format_args!("{warning}"));
        }
    }
    /// Some value refers to this name: it is in use where it is set.
    fn refer(&self, name: &str, at: Option<usize>, entries: &mut [Entry]) {
        let mut set = false;
        if let Some((_, used)) = at.and_then(|at| entries[at].params.get_mut(name)) {
            (set, *used) = (true, true);
        } else if self.main.entries.contains(name) {
            set = true;
            if !self.knows(name) {
                self.user.borrow_mut().insert(name.to_string(), ());
            }
        }
        if at.is_none() {
            for entry in entries.iter_mut() {
                if let Some((_, used)) = entry.params.get_mut(name) {
                    (set, *used) = (true, true);
                }
            }
        }
        if !set && !self.knows(name) {
            let file = if at.is_some() { "master.cf" } else { "main.cf" };
            self.log.warn(format_args!("{}/{file}: undefined parameter: {name}", self.dir));
        }
    }
    /// Warns of settings that nothing uses.
    pub(super) fn warn_unused(&self, main: bool) {
        let dir = &self.dir;
        if main {
            for (name, entry) in self.main.entries.iter().filter(|(n, _)| !self.knows(n)) {
                self.log.warn(format_args!("{dir}/main.cf: unused parameter: {name}={}", entry.value));
            }
        }
        for entry in &self.entries {
            for (name, (value, _)) in entry.params.iter().filter(|(n, (_, used))| !used && !self.knows(n)) {
                self.log.warn(format_args!("{dir}/master.cf: unused parameter: {name}={value}"));
            }
        }
    }
}

/// Says what is wrong with the braces of a value that may name tables.
fn warn_of_braces(log: &Log, text: &str) {
    for word in split_braced(text) {
        let inner = if word.starts_with('{') { word.as_str() } else { word.split_once(':').map_or("", |(_, name)| name) };
        if inner.starts_with('{') {
            match unbrace(inner) {
                Ok(inner) => warn_of_braces(log, &inner),
                Err(why) => log.warn(format_args!("main.cf: {why}")),
            }
        }
    }
}

/// The names that a value refers to.
struct References(RefCell<Vec<String>>);

impl Scope for References {
    fn lookup(&self, name: &str) -> Option<String> {
        self.0.borrow_mut().push(name.to_string());
        None
    }
    fn has_level(&self) -> bool {
        true
    }
}
