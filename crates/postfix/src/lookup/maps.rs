//! A list of tables, asked in order until one knows the key. Not here: opening (`super`). Source: maps(3), mail_addr_find(3).

use super::{Found, Hit, MAP_FLAGS, Table, TableError, Tables};
use crate::config::Place;
use machine::Because;

/// A list of tables, the value of a parameter such as `virtual_alias_maps`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Maps {
    title: String,
    tables: Vec<Table>,
    /// Where each of them is named.
    places: Vec<Option<Place>>,
    all: Tables,
}

impl Maps {
    /// Opens the tables of a list. `title` is the parameter's name, for messages.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(all: &Tables, title: &str, list: &str) -> Result<Maps, String> {
        Maps::open_as(all, title, list, MAP_FLAGS).await
    }
    async fn open_as(all: &Tables, title: &str, list: &str, flags: &str) -> Result<Maps, String> {
        let mut tables = Vec::new();
        let specs = crate::config::split_braced(list);
        let lines = all.cfg().lines(title, &specs);
        for spec in &specs {
            tables.push(all.open_as(spec, flags).await?);
        }
        let file = all.cfg().place(title);
        let at = |i: usize| file.as_ref().map(|(file, line)| (file.clone(), lines.get(i).copied().unwrap_or(*line)));
        let places = (0..tables.len()).map(at).collect();
        Ok(Maps { title: title.to_string(), tables, places, all: all.clone() })
    }
    /// Opens the tables that a parameter names.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn of(all: &Tables, parameter: &str) -> Result<Maps, String> {
        Maps::open(all, parameter, &all.cfg().str(parameter)).await
    }
    /// As [`Maps::of`], for tables that Postfix opens with other flags than most: see [`Tables::open_as`].
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn of_as(all: &Tables, parameter: &str, flags: &str) -> Result<Maps, String> {
        Maps::open_as(all, parameter, &all.cfg().str(parameter), flags).await
    }
    /// The parameter's name.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }
    /// Whether there is no table.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
    /// The tables in order.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }
    /// The first table's answer for this key.
    ///
    /// # Errors
    /// A table failed before one knew the key.
    pub(crate) async fn find(&self, key: &str) -> Found {
        self.lookup(key, false).await
    }
    /// As [`Maps::find`], but only in tables whose keys are not patterns, for partial keys (`user@`, parent domains).
    ///
    /// # Errors
    /// A table failed before one knew the key.
    pub(crate) async fn find_fixed(&self, key: &str) -> Found {
        self.lookup(key, true).await
    }
    /// Notes what is wrong with the tables themselves: not to be opened, not compiled since the text was changed.
    pub(crate) async fn remark(&self, ladder: &mut Vec<Because>) {
        for table in &self.tables {
            if let Some(what) = table.remark(&self.all).await {
                ladder.push(Because::State { what });
                ladder.extend(table.moved(&self.all, ladder).await);
            }
        }
    }
    async fn lookup(&self, key: &str, fixed: bool) -> Found {
        // Postfix asks nothing for an empty key: some tables could not store one.
        if key.is_empty() {
            return Ok(None);
        }
        for (table, place) in self.tables.iter().zip(&self.places) {
            if fixed && table.is_pattern() {
                continue;
            }
            match table.find(&self.all, key).await {
                Ok(Some(hit)) if hit.value.is_empty() => {
                    let log = self.all.cfg().log();
                    log.warn(format_args!("{} lookup of {key} returns an empty string result", self.title));
                    log.warn(format_args!("{} should return NO RESULT in case of NOT FOUND", self.title));
                    return Err(TableError);
                }
                // What has no file of its own stands where the table is named.
                Ok(Some(hit)) => return Ok(Some(Hit { place: hit.place.clone().or_else(|| place.clone()), ..hit })),
                Ok(None) => {}
                Err(e) => {
                    self.all.cfg().log().warn(format_args!("{} lookup error for \"{key}\"", table.name()));
                    return Err(e);
                }
            }
        }
        Ok(None)
    }
}
