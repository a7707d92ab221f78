//! Lists of patterns: `mynetworks`, `mydestination`, `relay_domains` … with `!` exceptions, files and tables.
//! Not here: what a match means. Source: match_list(3), match_ops(3), postconf(5) `mynetworks`, `parent_domain_matches_subdomains`.

use super::cidr::Cidr;
use super::{LIST_FLAGS, Table, TableError, Tables};
use crate::config::{Place, split_braced};
use std::rc::Rc;

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

/// What a pattern is.
enum Pattern {
    Literal(String),
    Table(Table),
}

struct Item {
    written: String,
    yes: bool,
    pattern: Pattern,
    place: Option<Place>,
}

struct Inner {
    parameter: String,
    kind: MatchKind,
    parents: bool,
    items: Vec<Item>,
    all: Tables,
}

/// A list of patterns. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MatchList(Rc<Inner>);

impl MatchList {
    /// Reads a list: the value of `parameter`, or another text in its name.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(all: &Tables, parameter: &str, text: &str, kind: MatchKind) -> Result<MatchList, String> {
        let mut parents = false;
        if matches!(kind, MatchKind::Domains | MatchKind::Clients) {
            let listed = all.cfg().str("parent_domain_matches_subdomains");
            parents = split_braced(&listed).iter().any(|p| p == parameter);
        }
        let mut list = Inner { parameter: parameter.to_string(), kind, parents, items: Vec::new(), all: all.clone() };
        let place = all.cfg().place(parameter);
        list.read(text, true, &place).await?;
        Ok(MatchList(Rc::new(list)))
    }
    /// Reads the list of a parameter.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn of(all: &Tables, parameter: &str, kind: MatchKind) -> Result<MatchList, String> {
        MatchList::open(all, parameter, &all.cfg().str(parameter), kind).await
    }
    /// Whether there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }
    /// The pattern that a string, domain or address matches.
    ///
    /// # Errors
    /// A table or pattern of the list failed; the warning has been logged.
    pub(crate) async fn find(&self, text: &str) -> Result<Option<Matched>, TableError> {
        let text = text.to_ascii_lowercase();
        for item in &self.0.items {
            if self.0.test(item, &text, self.0.kind).await? {
                return Ok(Some(item.matched()));
            }
        }
        Ok(None)
    }
    /// The pattern that a client's name or address matches.
    ///
    /// # Errors
    /// A table or pattern of the list failed; the warning has been logged.
    pub(crate) async fn find_client(&self, name: &str, address: &str) -> Result<Option<Matched>, TableError> {
        let (name, address) = (name.to_ascii_lowercase(), address.to_ascii_lowercase());
        for item in &self.0.items {
            if self.0.test(item, &name, MatchKind::Domains).await? || self.0.test(item, &address, MatchKind::Addresses).await? {
                return Ok(Some(item.matched()));
            }
        }
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

impl Item {
    fn matched(&self) -> Matched {
        Matched { pattern: self.written.clone(), place: self.place.clone(), yes: self.yes }
    }
}

fn is_table(pattern: &str) -> bool {
    !pattern.starts_with('[') && pattern.contains(':')
}

/// A text that can only be an address.
fn like_address(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':')
}

impl Inner {
    async fn read(&mut self, text: &str, yes: bool, place: &Option<Place>) -> Result<(), String> {
        let words = split_braced(text);
        // A value may go over several lines.
        let lines = if text == self.all.cfg().str(&self.parameter) { self.all.cfg().lines(&self.parameter, &words) } else { Vec::new() };
        for (i, word) in words.iter().enumerate() {
            if word.starts_with('#') {
                let rest = words.get(i + 1..).unwrap_or_default().join(" ");
                self.all.cfg().log().warn(format_args!("{}: comment at end of line is not supported: {word} {rest}", self.parameter));
                break;
            }
            let item = word.trim_start_matches('!');
            let yes = yes == ((word.len() - item.len()) % 2 == 0);
            if item.is_empty() {
                return Err(format!("{}: no pattern after '!'", self.parameter));
            }
            let pattern = if item.starts_with('/') {
                match self.all.cfg().log().sys().read_file(item).await {
                    Ok(bytes) => {
                        let content = String::from_utf8_lossy(&bytes).into_owned();
                        for (line, number) in content.lines().zip(1..) {
                            if !line.starts_with('#') {
                                Box::pin(self.read(line, yes, &Some((item.to_string(), number)))).await?;
                            }
                        }
                        continue;
                    }
                    Err(e) => {
                        let why = format!("open file {item}: {e}");
                        Pattern::Table(self.all.surrogate(&format!("non-existent:{item}"), item, why))
                    }
                }
            } else if is_table(item) {
                Pattern::Table(self.all.open_as(item, LIST_FLAGS).await?)
            } else {
                Pattern::Literal(item.to_ascii_lowercase())
            };
            let place = place.as_ref().map(|(file, line)| (file.clone(), lines.get(i).copied().unwrap_or(*line)));
            self.items.push(Item { written: word.clone(), yes, pattern, place });
        }
        Ok(())
    }

    fn failed<T>(&self, why: &str) -> Result<T, TableError> {
        self.all.cfg().log().warn(format_args!("{}: {why}", self.parameter));
        Err(TableError)
    }

    async fn test(&self, item: &Item, text: &str, kind: MatchKind) -> Result<bool, TableError> {
        if kind == MatchKind::Addresses && !like_address(text) {
            return Ok(false);
        }
        let pattern = match &item.pattern {
            Pattern::Literal(pattern) => pattern.as_str(),
            Pattern::Table(table) => {
                let mut key = text;
                while !key.is_empty() {
                    match table.find(&self.all, key).await {
                        Ok(Some(_)) => return Ok(true),
                        Ok(None) => {}
                        Err(_) => return self.failed(&format!("{}: table lookup problem", table.name())),
                    }
                    if kind != MatchKind::Domains || table.is_pattern() {
                        break;
                    }
                    // The next key is the parent domain, with its dot unless parents match without.
                    let Some(dot) = key.get(1..).and_then(|k| k.find('.')) else { break };
                    key = &key[dot + 1 + usize::from(self.parents)..];
                }
                return Ok(false);
            }
        };
        match kind {
            MatchKind::Strings => Ok(text == pattern),
            MatchKind::Domains | MatchKind::Clients => {
                let below = text.strip_suffix(pattern).filter(|front| !front.is_empty());
                Ok(text == pattern || below.is_some_and(|front| if self.parents { front.ends_with('.') } else { pattern.starts_with('.') }))
            }
            MatchKind::Addresses => {
                if pattern == text || pattern.strip_prefix('[').and_then(|p| p.strip_suffix(']')) == Some(text) {
                    return Ok(true);
                }
                // Only patterns that look like networks are parsed: in other lists domain names stand beside them.
                let network = text.contains(':') == pattern.contains(':')
                    && pattern.contains([':', '/'])
                    && pattern.bytes().all(|b| b.is_ascii_hexdigit() || b".:[]/".contains(&b));
                if !network {
                    return Ok(false);
                }
                match Cidr::parse(pattern) {
                    Ok(net) => Ok(net.contains(text) == Some(true)),
                    Err(why) => self.failed(&why),
                }
            }
        }
    }
}
