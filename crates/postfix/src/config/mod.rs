//! main.cf as a process sees it: the file's entries, the defaults, `-o` overrides, `$name` expansion, and typed values.
//! Not here: the parser of the file (`parse`), the expansion (`expand`), master.cf (`services`), the table of parameters (`crate::params`).
//! Source: postconf(5).

mod expand;
mod masks;
mod parse;
mod sane;
mod services;
mod value;

pub(crate) use expand::{Scope, expand, scan};
pub(crate) use parse::{Entry, LogicalLine, MainCf, cut, is_space, logical_lines_of, split_nameval};
pub(crate) use services::{Service, host_port, load_services};
pub(crate) use value::{boolean, number, seconds, split, split_braced, split_where, unbrace, unescape, unit_of};

use crate::maillog::Log;
use crate::params;
use machine::{Because, Map};
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

/// Where a value was set: file and line.
pub(crate) type Place = (String, u32);
/// Name and value of an `-o`, and where that is written.
pub(crate) type Override = (String, String, Option<Place>);

struct Inner {
    log: Log,
    dir: String,
    main: MainCf,
    overrides: Vec<Override>,
    /// Defaults that depend on the machine: myhostname, mydomain, mynetworks; and what only the process knows.
    facts: Map<String, String>,
    level: i64,
    /// The program's letter in the table of parameters.
    reader: char,
    /// A value holds `$$`.
    dollars: bool,
    /// A default is being looked up within a value.
    within: Cell<bool>,
}

/// The configuration that a process has loaded. Cheap to clone; never changes.
#[derive(Clone)]
pub(crate) struct Config(Rc<Inner>);

impl Scope for Inner {
    fn lookup(&self, name: &str) -> Option<String> {
        // A default is known to a program that reads the parameter.
        let reads = |p: &params::Param| self.reader == '*' || p.readers.contains(['*', self.reader]);
        let default = || params::find(name).map_or_else(|| params::transport_default(name), |p| reads(&p).then_some(p.default));
        if let Some(value) = self.given(name) {
            return Some(value.to_string());
        }
        let text = default()?;
        // Who has read a parameter that is not set keeps its default with the names replaced: `$$` in one of them is `$` from then on.
        if !self.dollars || !text.contains('$') || self.within.replace(true) {
            return Some(text.to_string());
        }
        let known = expand(text, self, true).text;
        self.within.set(false);
        Some(known)
    }
    fn has_level(&self) -> bool {
        true
    }
}

impl Inner {
    /// What somebody has set, or what depends on the machine.
    fn given(&self, name: &str) -> Option<&str> {
        if let Some((_, value, _)) = self.overrides.iter().rev().find(|o| o.0 == name) {
            return Some(value);
        }
        if let Some(entry) = self.main.entries.get(name) {
            return Some(&entry.value);
        }
        self.facts.get(name).map(String::as_str)
    }
    fn raw(&self, name: &str) -> Option<&str> {
        self.given(name).or_else(|| default(name))
    }
    fn text<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, String> {
        if !text.contains('$') {
            return Ok(text.into());
        }
        let done = expand(text, self, true);
        for warning in &done.warnings {
            self.log.warn(format_args!("{warning}"));
        }
        if done.error { Err("dictionary mail_dict: macro processing error".to_string()) } else { Ok(done.text.into()) }
    }
    fn value(&self, name: &str) -> Result<Cow<'_, str>, String> {
        self.text(self.raw(name).unwrap_or(""))
    }
    /// Checks one parameter as the programs do when they start.
    fn check(&self, param: &params::Param) -> Result<(), String> {
        let name = param.name;
        if param.kind == b'r' {
            return Ok(());
        }
        let text = self.value(name)?;
        let (min, max) = param.bounds;
        match param.kind {
            b'i' | b'l' | b'n' => {
                let n = number(name, &text)?;
                if param.kind != b'l' && i32::try_from(n).is_err() {
                    return Err(format!("bad numerical configuration: {name} = {text}"));
                }
                if min != 0 && n < min {
                    return Err(format!("invalid {name} parameter value {n} < {min}"));
                }
                if max != 0 && n > max {
                    return Err(format!("invalid {name} parameter value {n} > {max}"));
                }
            }
            b'b' | b'B' => drop(boolean(name, &text)?),
            b't' => {
                let Some(n) = seconds(&text, unit_of(param.default)) else {
                    return Err(format!("parameter {name}: bad time value or unit: {text}"));
                };
                if min != 0 && n < min {
                    return Err(format!("invalid {name}: {n} (min {min})"));
                }
                if max != 0 && n > max {
                    return Err(format!("invalid {name}: {n} (max {max})"));
                }
            }
            _ => {
                let n = text.len() as i64;
                if min != 0 && n < min {
                    return Err(format!("bad string length {n} < {min}: {name} = {text}"));
                }
                if max != 0 && n > max {
                    return Err(format!("bad string length {n} > {max}: {name} = {text}"));
                }
            }
        }
        Ok(())
    }
    /// Checks what `program` reads. Only values that somebody has set can be wrong.
    fn check_all(&self, program: &str) -> Result<(), String> {
        let reader = self.reader;
        // Every program reads the common parameters first, each type in its turn.
        let own = match program {
            "smtp" | "lmtp" => "tisbBnlr",
            "cleanup" => "ibstBnlr",
            _ => "nilsrbBt",
        };
        // Nearly all have their default, which is right: the table is gone through once.
        let set: Vec<params::Param> = params::wanted(|name, rest| rest.contains('$') || self.is_set(name)).collect();
        for (letter, kinds) in [('*', "Bsnilbtr"), (reader, own)] {
            for kind in kinds.bytes() {
                for param in set.iter().filter(|p| p.kind == kind) {
                    if param.readers.contains(letter) && (letter == '*' || !param.readers.contains('*')) {
                        self.check(param)?;
                    }
                }
            }
            if reader == '*' {
                break;
            }
        }
        Ok(())
    }
    fn is_set(&self, name: &str) -> bool {
        self.main.entries.contains(name) || self.overrides.iter().any(|o| o.0 == name)
    }
}

/// The built-in default of a parameter, as `postconf -d` prints it.
pub(crate) fn default(name: &str) -> Option<&'static str> {
    params::default(name).or_else(|| params::transport_default(name))
}

/// A compatibility level as a comparable number.
///
/// # Errors
/// Postfix's words for a mistake.
pub(crate) fn compat_level(text: &str) -> Result<i64, String> {
    let bad = || format!("malformed compatibility level syntax: \"{text}\"");
    let mut level = 0;
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 3 {
        return Err(bad());
    }
    for i in 0..3 {
        let part = match parts.get(i) {
            Some(part) => part.trim_start_matches(is_space).parse::<u32>().map_err(|_| bad())?,
            None => 0,
        };
        if i > 0 && part > 1023 {
            return Err(bad());
        }
        level = level * 1024 + i64::from(part);
    }
    Ok(level)
}

impl Config {
    /// Loads `dir`/main.cf for the program that `log` speaks for, applies `-o` overrides and checks every parameter that this program
    /// reads. Warnings go to `log`.
    ///
    /// # Errors
    /// The text of the fatal message (`log.fatal` says it).
    pub(crate) async fn load(log: &Log, dir: &str, overrides: &[Override]) -> Result<Config, String> {
        let sys = log.sys();
        let path = format!("{dir}/main.cf");
        let main = MainCf::load(log, &path).await?;
        let dollars = main.entries.values().any(|e| e.value.contains("$$"));
        let mut inner = Inner {
            dollars,
            within: Cell::new(false),
            log: log.clone(),
            dir: dir.to_string(),
            main,
            overrides: overrides.to_vec(),
            facts: Map::new(),
            level: 0,
            reader: params::reader(log.name()),
        };
        for (name, value) in [("config_directory", dir), ("process_name", log.name()), ("process_id", &sys.pid().to_string())] {
            inner.facts.insert(name.to_string(), value.to_string());
        }
        inner.level = compat_level(&inner.value("compatibility_level")?)?;
        log.set_utf8(boolean("smtputf8_enable", &inner.value("smtputf8_enable")?).unwrap_or(false));
        let facility = inner.value("syslog_facility")?;
        let unknown = || format!("file {path}: parameter syslog_facility: unrecognized value: {facility}");
        log.set_facility(machine::Facility::named(&facility).ok_or_else(unknown)?);
        log.set_internal(inner.value("info_log_address_format")? == "internal");
        let mut host = sys.host_name().await;
        if !host.contains('.') {
            let domain = if inner.is_set("mydomain") { inner.value("mydomain")? } else { "localdomain".into() };
            host = format!("{host}.{domain}");
        }
        inner.facts.insert("myhostname".to_string(), host);
        let host = inner.value("myhostname")?;
        let domain = host.split_once('.').map_or("localdomain", |(_, domain)| domain).to_string();
        inner.facts.insert("mydomain".to_string(), domain);
        if !inner.is_set("mynetworks") {
            let style = inner.value("mynetworks_style")?;
            let networks =
                own_networks(sys, &style).await.ok_or_else(|| format!("unknown mynetworks mask style value \"{style}\" in \"{style}\""))?;
            inner.facts.insert("mynetworks".to_string(), networks);
        }
        sane::names(&inner)?;
        inner.check_all(log.name())?;
        sane::check(&mut inner).await?;
        Ok(Config(Rc::new(inner)))
    }
    /// The process's voice.
    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }
    /// The configuration directory.
    pub(crate) fn dir(&self) -> &str {
        &self.0.dir
    }
    /// compatibility_level as a number to compare with [`compat_level`].
    pub(crate) fn level(&self) -> i64 {
        self.0.level
    }
    /// Whether main.cf or `-o` sets it.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.0.is_set(name)
    }
    /// Where it is set: file and line; `None` for a default.
    pub(crate) fn place(&self, name: &str) -> Option<Place> {
        if let Some((.., place)) = self.0.overrides.iter().rev().find(|o| o.0 == name) {
            return place.clone();
        }
        self.0.main.entries.get(name).map(|e| (self.0.main.path.clone(), e.line))
    }
    /// What main.cf sets and has no effect here.
    pub(crate) fn idle(&self) -> impl Iterator<Item = &str> {
        self.0.main.entries.iter().map(|(name, _)| name.as_str()).filter(|name| params::is_idle(name))
    }
    /// A reason if main.cf is another one than what this process has read.
    pub(crate) async fn stale(&self) -> Option<Because> {
        let main = &self.0.main;
        let now = self.0.log.sys().stat(&main.path).await.ok()?.mtime;
        let what = format!("{} was changed since this process read it: without a reload what it said before is in force", main.path);
        (now != main.written).then_some(Because::State { what })
    }
    /// The lines on which the words of its value stand, for a value of several lines; empty if it has no place.
    pub(crate) fn lines(&self, name: &str, words: &[String]) -> Vec<u32> {
        if self.0.overrides.iter().any(|o| o.0 == name) {
            return Vec::new();
        }
        self.0.main.entries.get(name).map(|e| e.lines(words).collect()).unwrap_or_default()
    }
    /// The value not expanded; the default if it is not set; `None` if there is no such parameter.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.raw(name)
    }
    fn text(&self, name: &str) -> Cow<'_, str> {
        self.0.value(name).unwrap_or_default()
    }
    /// The expanded value; empty if there is no such parameter.
    pub(crate) fn str(&self, name: &str) -> String {
        self.text(name).into_owned()
    }
    /// The expanded value; `None` if there is no such parameter.
    pub(crate) fn known(&self, name: &str) -> Option<String> {
        self.0.raw(name)?;
        Some(self.str(name))
    }
    /// A yes or no.
    pub(crate) fn bool(&self, name: &str) -> bool {
        boolean(name, &self.text(name)).unwrap_or(false)
    }
    /// A number.
    pub(crate) fn int(&self, name: &str) -> i64 {
        number(name, &self.text(name)).unwrap_or(0)
    }
    /// A time in seconds.
    pub(crate) fn time(&self, name: &str) -> i64 {
        let unit = default(name).map_or(b's', |d| unit_of(&self.0.text(d).unwrap_or_default()));
        seconds(&self.text(name), unit).unwrap_or(0)
    }
    /// A list: split at commas and white space, outside braces.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        split_braced(&self.text(name))
    }
}

/// The default of mynetworks: this host's networks in a style.
pub(crate) async fn own_networks(sys: &machine::Sys, style: &str) -> Option<String> {
    let mut networks: Vec<String> = Vec::new();
    for iface in sys.ifaces().await {
        for (ip, prefix) in iface.addrs {
            let bits = match style {
                "host" => 32,
                "subnet" => u32::from(prefix.min(32)),
                "class" => match ip.octets()[0] {
                    0..128 => 8,
                    128..192 => 16,
                    _ => 24,
                },
                _ => return None,
            };
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            let net = std::net::Ipv4Addr::from(u32::from(ip) & mask);
            let text = format!("{net}/{bits}");
            if !networks.contains(&text) {
                networks.push(text);
            }
        }
    }
    Some(networks.join(" "))
}
