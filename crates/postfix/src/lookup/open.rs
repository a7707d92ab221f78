//! Opening a table: from `type:name` to something that can be asked, with the messages that go with it.
//! Not here: asking (`super`). Source: dict_open(3), DATABASE_README; the words of each dict_TYPE.

use super::db::Db;
use super::proxy::Proxy;
use super::rules::{Language, Rules};
use super::{Inner, Kind, Table, Tables, text};
use crate::config::{logical_lines_of, split_braced, unbrace};
use machine::{Map, SimTime, Stat};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// Table types that the real Debian package knows and this one does not simulate.
const NOT_SIMULATED: [&str; 3] = ["memcache", "socketmap", "tcp"];

impl Tables {
    /// Opens a table that is not open yet.
    pub(super) async fn load(&self, spec: &str, flags: &str) -> Result<Table, String> {
        let expecting = || format!("open dictionary: expecting \"type:name\" form instead of \"{spec}\"");
        let (kind, name) = spec.split_once(':').filter(|(k, n)| !k.is_empty() && !n.is_empty()).ok_or_else(expecting)?;
        let mut table = Inner {
            spec: spec.into(),
            source: name.to_string(),
            kind: Kind::Empty,
            fold: flags.contains("fold_fix"),
            pattern: false,
            watch: None,
        };
        if kind == "proxy" {
            // local(8) trusts nobody else with what it does as root, and proxymap does not ask itself.
            if matches!(self.log().name(), "local" | "proxymap") {
                return self.inner(name, flags).await;
            }
            let (proxy, pattern) = Proxy::open(self, name, flags).await?;
            (table.kind, table.pattern) = (Kind::Proxy(proxy), pattern);
            return Ok(Table(Rc::new(table)));
        }
        match self.fill(&mut table, kind, name, flags).await {
            Ok(Kind::Unavailable(why)) => return Err(why),
            Ok(kind) => table.kind = kind,
            Err(reason) => {
                if self.0.strict {
                    return Err(reason);
                }
                self.log().error(format_args!("{reason}"));
                table.pattern = true;
                table.kind = Kind::Unavailable(reason);
            }
        }
        Ok(Table(Rc::new(table)))
    }

    /// What is behind the table; `Err`: why it cannot be opened.
    async fn fill(&self, table: &mut Inner, kind: &str, name: &str, flags: &str) -> Result<Kind, String> {
        let sys = self.log().sys();
        match kind {
            "hash" | "btree" => {
                let path = format!("{name}.db");
                let bad = |why: &dyn std::fmt::Display| format!("open database {path}: {why}");
                let stat = sys.stat(&path).await.map_err(|e| bad(&e))?;
                let bytes = sys.read_file(&path).await.map_err(|e| bad(&e))?;
                let db = Db::open(sys, kind, &path, bytes).ok_or_else(|| bad(&"Invalid argument"))?;
                self.warn_if_stale(name, &path, &stat).await;
                table.watch = Some((path, stat.ino, stat.mtime));
                Ok(Kind::Db(db))
            }
            "texthash" => {
                let bytes = sys.read_file(name).await.map_err(|e| format!("open database {name}: {e}"))?;
                let mut pairs = Map::new();
                for line in logical_lines_of(self.log(), name, &bytes) {
                    let Some(pair) = text::pair(self.log(), name, &line) else { continue };
                    let key = fold(&pair.key, table.fold);
                    if pairs.contains(&key) {
                        if self.0.strict {
                            self.log().warn(format_args!("{name}, line {}: duplicate entry: \"{}\"", pair.line, pair.key));
                            continue;
                        }
                        return Err(format!("{name}, line {}: duplicate entry: \"{}\"", pair.line, pair.key));
                    }
                    pairs.insert(key, (pair.value, pair.line));
                }
                Ok(Kind::Pairs(pairs))
            }
            "inline" => {
                let mut pairs = Map::new();
                for pair in text::inline(name)? {
                    pairs.insert(fold(&pair.key, table.fold), (pair.value, 0));
                }
                Ok(Kind::Pairs(pairs))
            }
            "regexp" | "pcre" | "cidr" => {
                let language = match kind {
                    "regexp" => Language::Regexp,
                    "pcre" => Language::Pcre,
                    _ => Language::Cidr,
                };
                table.pattern = true;
                let lines = if name.starts_with('{') {
                    text::inline_lines(kind, name)?
                } else {
                    let bytes = sys.read_file(name).await.map_err(|e| format!("open {name}: {e}"))?;
                    logical_lines_of(self.log(), name, &bytes)
                };
                Ok(Kind::Rules(Rules::read(self.log(), language, name, &lines, flags.contains("no_regsub"))))
            }
            "static" if name.starts_with('{') => match unbrace(name) {
                Ok(value) => Ok(Kind::Static(value)),
                Err(why) => Err(format!("bad static:name syntax: {why}")),
            },
            "static" => Ok(Kind::Static(name.to_string())),
            "unionmap" | "pipemap" => {
                let list = split_braced(text::braced(name).unwrap_or(""));
                if list.is_empty() || list.iter().any(|s| !s.contains(':')) {
                    return Err(format!("bad syntax: \"{kind}:{name}\"; need \"{kind}:{{type:name...}}\""));
                }
                let mut tables = Vec::new();
                for spec in list {
                    match self.inner(&spec, flags).await {
                        Ok(inner) => tables.push(inner),
                        // What is fatal for a table is fatal for one that holds it.
                        Err(why) => return Ok(Kind::Unavailable(why)),
                    }
                }
                table.pattern = tables.first().is_some_and(Table::is_pattern);
                Ok(if kind == "unionmap" { Kind::Union(tables) } else { Kind::Pipe(tables) })
            }
            "randmap" => {
                table.pattern = true;
                let values = split_braced(text::braced(name).unwrap_or(""));
                if values.is_empty() {
                    return Err(format!("bad syntax: \"randmap:{name}\"; need \"randmap:{{value...}}\""));
                }
                Ok(Kind::Random(values))
            }
            "environ" => Ok(Kind::Environ),
            "unix" => match name {
                "passwd.byname" => Ok(Kind::Unix("/etc/passwd")),
                "group.byname" => Ok(Kind::Unix("/etc/group")),
                _ => Err(format!("unknown table: unix:{name}")),
            },
            "fail" => {
                table.pattern = true;
                Ok(Kind::Fail)
            }
            "nis" => {
                self.log().warn(format_args!("dict_nis_init: NIS domain name not set - NIS lookups disabled"));
                Ok(Kind::Empty)
            }
            "internal" => Ok(Kind::Empty),
            other if NOT_SIMULATED.contains(&other) => Err(format!("{other}: not simulated here")),
            other => Err(format!("unsupported dictionary type: {other}")),
        }
    }

    fn inner<'a>(&'a self, spec: &'a str, flags: &'a str) -> Pin<Box<dyn Future<Output = Result<Table, String>> + 'a>> {
        Box::pin(self.load(spec, flags))
    }

    /// The warning about a text that was changed after it was compiled, unless that was only a moment ago.
    async fn warn_if_stale(&self, source: &str, path: &str, db: &Stat) {
        let sys = self.log().sys();
        if let Ok(text) = sys.stat(source).await
            && text.mtime.secs() > db.mtime.secs()
            && text.mtime < SimTime::from_secs(sys.now().secs().saturating_sub(100))
        {
            self.log().warn(format_args!("database {path} is older than source file {source}"));
        }
    }
}

fn fold(key: &str, fold: bool) -> String {
    if fold { key.to_ascii_lowercase() } else { key.to_string() }
}
