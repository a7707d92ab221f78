//! Lookup tables `type:name`: opened once a process, shared by name, looked up by key; a hit knows table, key and source line.
//! Not here: lists of tables (`maps`), pattern lists such as mynetworks (`matchlist`), each form (`db`, `text`, `rules`).
//! Source: DATABASE_README, postmap(1), dict_open(3).

mod cidr;
pub(crate) mod db;
mod maps;
mod matchlist;
mod open;
pub(crate) mod proxy;
pub(crate) mod records;
mod rules;
pub(crate) mod text;

pub(crate) use maps::Maps;
pub(crate) use matchlist::{MatchKind, MatchList};

use crate::config::{Config, Place};
use crate::maillog::Log;
use db::Db;
use machine::{Because, Map, SimTime};
use rules::Rules;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// What a table said.
#[derive(Clone)]
pub(crate) struct Hit {
    /// The value.
    pub(crate) value: String,
    /// The table, `hash:/etc/aliases`.
    pub(crate) table: Rc<str>,
    /// The key that was found (folded as the table folds it).
    pub(crate) key: String,
    /// The line of the source text that holds it.
    pub(crate) place: Option<Place>,
}

/// A lookup failed for a reason that may pass: the table is unavailable. The warning has been logged.
#[derive(Clone, Copy)]
pub(crate) struct TableError;

/// What a lookup gives.
pub(crate) type Found = Result<Option<Hit>, TableError>;

/// The flags in a table's name where Postfix speaks of the open table.
pub(crate) const MAP_FLAGS: &str = "lock|fold_fix|utf8_request";
/// The same for tables whose results must not be made of their keys: where mail goes.
pub(crate) const ROUTE_FLAGS: &str = "lock|no_regsub|fold_fix|utf8_request";
/// The same for tables that name commands and files.
pub(crate) const SAFE_FLAGS: &str = "lock|no_regsub|no_proxy|no_unauth|fold_fix|utf8_request";
/// The same for tables whose keys are folded already.
pub(crate) const SAFE_PLAIN_FLAGS: &str = "lock|no_regsub|no_proxy|no_unauth|utf8_request";
/// The same for the transports of local recipients.
pub(crate) const ROUTE_PLAIN_FLAGS: &str = "lock|no_regsub|utf8_request";
/// The same for header and body checks.
pub(crate) const CHECK_FLAGS: &str = "lock";
/// The same for the tables of a match list, whose keys are folded already.
const LIST_FLAGS: &str = "lock|utf8_request";

struct Shared {
    cfg: Config,
    /// A table that cannot be opened ends the program (tools); daemons go on with a table whose lookups fail.
    strict: bool,
    open: RefCell<Vec<(String, Table)>>,
}

/// The tables that a process has opened. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tables(Rc<Shared>);

/// What is behind a table.
enum Kind {
    Db(Db),
    Pairs(Map<String, (String, u32)>),
    Rules(Rules),
    Static(String),
    Random(Vec<String>),
    Union(Vec<Table>),
    Pipe(Vec<Table>),
    Environ,
    /// The file whose lines begin with the key and a colon.
    Unix(&'static str),
    Proxy(proxy::Proxy),
    Empty,
    Fail,
    Unavailable(String),
}

struct Inner {
    spec: Rc<str>,
    /// The file with the source text.
    source: String,
    kind: Kind,
    fold: bool,
    pattern: bool,
    /// The file that is watched, with what it was when it was opened.
    watch: Option<(String, u32, SimTime)>,
}

/// One open table. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Table(Rc<Inner>);

impl Tables {
    /// No table yet, for a daemon: a table that cannot be opened is one whose every lookup fails, with Postfix's warnings.
    pub(crate) fn new(cfg: &Config) -> Tables {
        Tables(Rc::new(Shared { cfg: cfg.clone(), strict: false, open: RefCell::new(Vec::new()) }))
    }
    /// No table yet, for a tool: a table that cannot be opened is a fatal error.
    pub(crate) fn strict(cfg: &Config) -> Tables {
        Tables(Rc::new(Shared { cfg: cfg.clone(), strict: true, open: RefCell::new(Vec::new()) }))
    }
    /// The configuration of the process.
    pub(crate) fn cfg(&self) -> &Config {
        &self.0.cfg
    }
    pub(crate) fn log(&self) -> &Log {
        self.0.cfg.log()
    }
    /// Opens `type:name`, or gives the one that is open.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(&self, spec: &str) -> Result<Table, String> {
        self.open_as(spec, MAP_FLAGS).await
    }
    /// As [`Tables::open`] with other flags in the name under which the process knows the table; keys are folded if they say `fold_fix`.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open_as(&self, spec: &str, flags: &str) -> Result<Table, String> {
        let name = format!("{spec}(0,{flags})");
        if let Some((_, table)) = self.0.open.borrow().iter().find(|(n, _)| *n == name) {
            return Ok(table.clone());
        }
        let table = self.load(spec, flags).await?;
        self.0.open.borrow_mut().push((name, table.clone()));
        Ok(table)
    }
    /// A table whose every lookup fails, said once a process.
    fn surrogate(&self, spec: &str, source: &str, why: String) -> Table {
        if let Some((_, table)) = self.0.open.borrow().iter().find(|(n, _)| n == spec) {
            return table.clone();
        }
        self.log().error(format_args!("{why}"));
        let (spec, source, name) = (spec.into(), source.to_string(), spec.to_string());
        let table = Table(Rc::new(Inner { spec, source, kind: Kind::Unavailable(why), fold: false, pattern: true, watch: None }));
        self.0.open.borrow_mut().push((name, table.clone()));
        table
    }
    /// The name of a table that has changed on the disk since it was opened, in the form of `table NAME has changed -- restarting`.
    pub(crate) async fn changed(&self) -> Option<String> {
        let watched: Vec<(String, (String, u32, SimTime))> =
            self.0.open.borrow().iter().filter_map(|(n, t)| Some((n.clone(), t.0.watch.clone()?))).collect();
        for (name, (path, ino, mtime)) in watched {
            let same = match self.log().sys().stat(&path).await {
                Ok(stat) => stat.ino == ino && stat.mtime.secs() == mtime.secs(),
                Err(_) => false,
            };
            if !same {
                return Some(name);
            }
        }
        None
    }
}

impl Table {
    /// `hash:/etc/aliases`.
    pub(crate) fn name(&self) -> &str {
        &self.0.spec
    }
    /// The file that holds it, whose owner matters to local(8); `None`: it stands in the configuration.
    pub(crate) fn file(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Db(_) => self.0.watch.as_ref().map(|(path, ..)| path.as_str()),
            Kind::Pairs(_) | Kind::Rules(_) if self.0.source.starts_with('/') => Some(&self.0.source),
            _ => None,
        }
    }
    /// Whether keys are compared with patterns (regexp, pcre, cidr, …): only whole keys make sense there.
    pub(crate) fn is_pattern(&self) -> bool {
        self.0.pattern
    }
    /// Looks one key up.
    ///
    /// # Errors
    /// The table is unavailable. Said already, if Postfix says something at this point.
    pub(crate) async fn find(&self, all: &Tables, key: &str) -> Found {
        self.lookup(all, key, self.0.fold).await
    }
    /// Looks one key up without folding it.
    ///
    /// # Errors
    /// The table is unavailable.
    pub(crate) async fn find_exactly(&self, all: &Tables, key: &str) -> Found {
        self.lookup(all, key, false).await
    }
    fn hit(&self, key: &str, value: String, line: u32) -> Found {
        let place = (line > 0).then(|| (self.0.source.clone(), line));
        Ok(Some(Hit { value, table: self.0.spec.clone(), key: key.to_string(), place }))
    }
    async fn lookup(&self, all: &Tables, key: &str, fold: bool) -> Found {
        let folded = if fold && !self.0.pattern { key.to_ascii_lowercase() } else { key.to_string() };
        let key = folded.as_str();
        match &self.0.kind {
            Kind::Db(db) => match db.find(key.as_bytes()) {
                Some((value, line)) => self.hit(key, String::from_utf8_lossy(value).into_owned(), line),
                None => Ok(None),
            },
            Kind::Pairs(pairs) => match pairs.get(key) {
                Some((value, line)) => self.hit(key, value.clone(), *line),
                None => Ok(None),
            },
            Kind::Rules(rules) => match rules.find(key) {
                Some((value, line)) => self.hit(key, value, line),
                None => Ok(None),
            },
            Kind::Static(value) => self.hit(key, value.clone(), 0),
            Kind::Random(values) => {
                let at = all.log().sys().random().await % (values.len().max(1) as u64);
                self.hit(key, values.get(at as usize).cloned().unwrap_or_default(), 0)
            }
            Kind::Union(tables) => {
                let (mut values, mut place) = (Vec::new(), None);
                for table in tables {
                    if let Some(hit) = table.boxed(all, key).await? {
                        place = place.or(hit.place);
                        values.push(hit.value);
                    }
                }
                if values.is_empty() {
                    return Ok(None);
                }
                Ok(Some(Hit { value: values.join(","), table: self.0.spec.clone(), key: key.to_string(), place }))
            }
            Kind::Pipe(tables) => {
                let (mut value, mut place) = (key.to_string(), None);
                for table in tables {
                    let Some(hit) = table.boxed(all, &value).await? else { return Ok(None) };
                    (value, place) = (hit.value, hit.place);
                }
                Ok(Some(Hit { value, table: self.0.spec.clone(), key: key.to_string(), place }))
            }
            Kind::Environ => match all.log().sys().env(key) {
                Some(value) => self.hit(key, value.to_string(), 0),
                None => Ok(None),
            },
            Kind::Unix(path) => {
                let text = all.log().sys().read_file(path).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let found = text.lines().zip(1..).find(|(l, _)| l.split(':').next() == Some(key));
                Ok(found.map(|(line, number)| Hit {
                    value: line.to_string(),
                    table: self.0.spec.clone(),
                    key: key.to_string(),
                    place: Some((path.to_string(), number)),
                }))
            }
            // The service folds as it is asked to.
            Kind::Proxy(proxy) => proxy.find(all, key).await,
            Kind::Empty => Ok(None),
            Kind::Fail => Err(TableError),
            Kind::Unavailable(reason) => {
                all.log().warn(format_args!("{} is unavailable. {reason}", self.0.spec));
                Err(TableError)
            }
        }
    }
    async fn remark(&self, all: &Tables) -> Option<String> {
        let sys = all.log().sys();
        let (inner, cfg) = (&self.0, all.cfg());
        let tool = if cfg.list("alias_database").iter().any(|s| **s == *inner.spec) { "newaliases" } else { "postmap" };
        match (&inner.kind, &inner.watch) {
            (Kind::Unavailable(reason), _) if inner.spec.starts_with("hash:") || inner.spec.starts_with("btree:") => {
                Some(format!("when this process began: {reason}; {tool} makes the file, and a process that starts then finds it"))
            }
            (Kind::Db(_), Some((path, ..))) => {
                let (text, db) = (sys.stat(&inner.source).await.ok()?, sys.stat(path).await.ok()?);
                let source = &inner.source;
                (text.mtime > db.mtime).then(|| format!("{source} is younger than {path}: {tool} was not run since it was changed"))
            }
            _ => None,
        }
    }
    /// For a hit among these reasons in a table older than its text: what stands on that line of the text now.
    async fn moved(&self, all: &Tables, ladder: &[Because]) -> Option<Because> {
        let (key, line) = ladder.iter().rev().find_map(|row| match row {
            Because::Lookup { key, place: Some((file, line)), result: Some(_), .. } if *file == self.0.source => Some((key, *line)),
            _ => None,
        })?;
        let bytes = all.log().sys().read_file(&self.0.source).await.ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let now = text.lines().nth(line as usize - 1).unwrap_or_default();
        let same = now.split([' ', '\t', ':']).next().is_some_and(|word| word.eq_ignore_ascii_case(key));
        let what = format!("line {line} is that of the text when it was compiled; today it reads \"{now}\"");
        (!same).then_some(Because::State { what })
    }
    fn boxed<'a>(&'a self, all: &'a Tables, key: &'a str) -> Pin<Box<dyn Future<Output = Found> + 'a>> {
        Box::pin(self.find(all, key))
    }
}
