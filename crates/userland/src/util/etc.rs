//! The account files as tables that can be changed: /etc/passwd, shadow, group, gshadow; names, free numbers, dates.
//! Not here: looking accounts up (`users`), passwords (`shadow`). Source: the shadow suite 4.13, login.defs(5).

use machine::{Errno, Facility, Sys, Sysret, TraceId};

/// A file of colon-separated rows; the first field is the key.
pub(crate) struct Table {
    path: &'static str,
    pub(crate) rows: Vec<Vec<String>>,
    text: Vec<u8>,
}

impl Table {
    /// Reads a file; none has no rows.
    pub(crate) async fn read(sys: &Sys, path: &'static str) -> Table {
        let text = sys.read_file(path).await.unwrap_or_default();
        let rows = String::from_utf8_lossy(&text).lines().map(|l| l.split(':').map(String::from).collect()).collect();
        Table { path, rows, text }
    }
    /// The row of a name with at least `fields` fields.
    pub(crate) fn row(&mut self, name: &str) -> Option<&mut Vec<String>> {
        self.rows.iter_mut().find(|r| r.first().is_some_and(|n| n == name) && r.len() > 1)
    }
    /// One field of a name's row.
    pub(crate) fn field(&self, name: &str, i: usize) -> Option<&str> {
        self.rows.iter().find(|r| r.first().is_some_and(|n| n == name))?.get(i).map(String::as_str)
    }
    /// Sets one field of a name's row.
    pub(crate) fn set(&mut self, name: &str, i: usize, value: impl Into<String>) {
        if let Some(row) = self.row(name) {
            if row.len() <= i {
                row.resize(i + 1, String::new());
            }
            row[i] = value.into();
        }
    }
    /// Whether there is such a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|r| r.len() > 1 && r[0] == name)
    }
    /// Appends a row written with its colons.
    pub(crate) fn add(&mut self, line: &str) {
        self.rows.push(line.split(':').map(String::from).collect());
    }
    /// Gives a row another name. The suite writes it as a new one and removes the old: it moves to the end.
    pub(crate) fn rename(&mut self, name: &str, new: &str) {
        if let Some(at) = self.rows.iter().position(|r| r.len() > 1 && r[0] == name) {
            let mut row = self.rows.remove(at);
            row[0] = new.to_string();
            self.rows.push(row);
        }
    }
    /// Removes a name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.rows.retain(|r| r.first().is_none_or(|n| n != name));
    }
    /// The names in a comma-separated field of a row.
    pub(crate) fn members(row: &[String], i: usize) -> Vec<String> {
        row.get(i).map_or("", String::as_str).split(',').filter(|m| !m.is_empty()).map(String::from).collect()
    }
    /// Adds a member to a group's list, or takes it out; whether that changed anything. Field 3 in group and in gshadow.
    pub(crate) fn member(&mut self, group: &str, user: &str, there: bool) -> bool {
        let Some(row) = self.row(group) else { return false };
        let mut list = Table::members(row, 3);
        let had = list.iter().any(|m| m == user);
        if had == there {
            return false;
        }
        list.retain(|m| m != user);
        if there {
            list.push(user.to_string());
        }
        row.resize(4, String::new());
        row[3] = list.join(",");
        true
    }
    /// Writes the file anew if it has changed, as the suite does: the old text goes to `path-`, the new one comes in place by renaming.
    pub(crate) async fn save(&self, sys: &Sys) -> Sysret<()> {
        let text: String = self.rows.iter().flat_map(|r| [r.join(":"), "\n".to_string()]).collect();
        if text.as_bytes() == self.text {
            return Ok(());
        }
        let old = sys.stat(self.path).await;
        let (mode, uid, gid) = old.map_or((0o600, 0, 0), |s| (s.mode, s.uid, s.gid));
        for (suffix, text) in [("-", self.text.as_slice()), ("+", text.as_bytes())] {
            let path = format!("{}{suffix}", self.path);
            sys.write_file(&path, text, mode).await?;
            sys.chmod(&path, mode).await?;
            sys.chown(&path, Some(uid), Some(gid), true).await?;
        }
        sys.rename(&format!("{}+", self.path), self.path).await
    }
}

/// All four files.
pub(crate) struct Files {
    pub(crate) passwd: Table,
    pub(crate) shadow: Table,
    pub(crate) group: Table,
    pub(crate) gshadow: Table,
}

impl Files {
    /// Reads them.
    pub(crate) async fn read(sys: &Sys) -> Files {
        Files {
            passwd: Table::read(sys, "/etc/passwd").await,
            shadow: Table::read(sys, "/etc/shadow").await,
            group: Table::read(sys, "/etc/group").await,
            gshadow: Table::read(sys, "/etc/gshadow").await,
        }
    }
    /// Writes those that have changed; complains and gives the status 1 if one cannot be written.
    pub(crate) async fn save(&self, sys: &Sys) -> i32 {
        for table in [&self.passwd, &self.shadow, &self.group, &self.gshadow] {
            if let Err(e) = table.save(sys).await {
                sys.complain(format_args!("failure while writing changes to {}", table.path));
                let _: Errno = e;
                return 1;
            }
        }
        0
    }
    /// Whether all groups of a list are there; says which are not.
    pub(crate) fn has_groups(&self, sys: &Sys, list: &str) -> bool {
        let mut all = true;
        for group in list.split(',').filter(|g| !g.is_empty() && self.group(g).is_none()) {
            sys.complain(format_args!("group '{group}' does not exist"));
            all = false;
        }
        all
    }
    /// The group of this name or number.
    pub(crate) fn group(&self, text: &str) -> Option<(String, u32)> {
        let number: Option<u32> = text.parse().ok();
        self.group.rows.iter().find_map(|r| {
            let gid: u32 = r.get(2)?.parse().ok()?;
            (r[0] == text || Some(gid) == number).then(|| (r[0].clone(), gid))
        })
    }
    /// A user's number and main group.
    pub(crate) fn user(&self, name: &str) -> Option<(u32, u32)> {
        let row = self.passwd.rows.iter().find(|r| r.len() > 3 && r[0] == name)?;
        Some((row[2].parse().ok()?, row[3].parse().ok()?))
    }
    /// Adds a group to both files.
    pub(crate) fn add_group(&mut self, name: &str, gid: u32) {
        self.group.add(&format!("{name}:x:{gid}:"));
        self.gshadow.add(&format!("{name}:!::"));
    }
    /// Removes a group from both files.
    pub(crate) fn remove_group(&mut self, name: &str) {
        self.group.remove(name);
        self.gshadow.remove(name);
    }
}

/// The numbers in the third field of a table.
pub(crate) fn numbers(table: &Table) -> Vec<u32> {
    table.rows.iter().filter_map(|r| r.get(2)?.parse().ok()).collect()
}

/// A free number: the preferred one if nobody has it, else one above the highest in the range (or, for system accounts, the highest free).
pub(crate) fn free(used: &[u32], min: u32, max: u32, system: bool, preferred: Option<u32>) -> Option<u32> {
    if let Some(n) = preferred.filter(|n| (min..=max).contains(n) && !used.contains(n)) {
        return Some(n);
    }
    if system {
        return (min..=max).rev().find(|n| !used.contains(n));
    }
    let highest = used.iter().copied().filter(|n| (min..=max).contains(n)).max();
    match highest {
        None => Some(min),
        Some(n) if n < max => Some(n + 1),
        Some(_) => (min..=max).find(|n| !used.contains(n)),
    }
}

/// /etc/login.defs.
pub(crate) struct Defs(Vec<(String, String)>);

impl Defs {
    /// Reads it, or another file of the same form (`KEY VALUE` or `KEY=VALUE`).
    pub(crate) async fn read(sys: &Sys, path: &str) -> Defs {
        let text = sys.read_file(path).await.unwrap_or_default();
        let row = |l: &str| {
            let (key, value) = l.trim().split_once([' ', '\t', '='])?;
            (!key.starts_with('#')).then(|| (key.to_string(), value.trim().to_string()))
        };
        Defs(String::from_utf8_lossy(&text).lines().filter_map(row).collect())
    }
    /// A setting, or nothing. The last line that names it counts.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
    /// A setting that is a number; a leading 0 makes it octal.
    pub(crate) fn number(&self, key: &str, default: u32) -> u32 {
        let Some(text) = self.get(key) else { return default };
        match text.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).unwrap_or(default),
            _ => text.parse().unwrap_or(default),
        }
    }
    /// Sets one, as `-K` does.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.0.push((key.to_string(), value.to_string()));
    }
}

/// Whether a user or group may be called so.
pub(crate) fn good_name(name: &str) -> bool {
    let bad = |c: char| c.is_ascii_whitespace() || c.is_ascii_control() || matches!(c, ':' | ',' | '/');
    !name.is_empty() && name.len() <= 32 && !name.starts_with(['-', '+', '~']) && !name.contains(bad) && !name.bytes().all(|b| b == b'.')
}

/// Days since the epoch of `2027-01-01`, of a bare number of days, or (empty, -1) of never.
pub(crate) fn date(text: &str) -> Option<Option<i64>> {
    if text.is_empty() || text == "-1" {
        return Some(None);
    }
    if let Ok(days) = text.parse::<u32>() {
        return Some(Some(i64::from(days)));
    }
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let good = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day) && (1970..=9999).contains(&year);
    good.then(|| Some(machine::days_from_civil(year, month, day)))
}

/// Locks the files, as it were: only root can. Says so and gives `false` otherwise.
pub(crate) fn lock(sys: &Sys, file: &str) -> bool {
    if sys.euid() == 0 && sys.ids().uid == 0 {
        return true;
    }
    sys.complain(format_args!("Permission denied."));
    sys.complain(format_args!("cannot lock /etc/{file}; try again later."));
    false
}

/// A line to the log of logins and accounts.
pub(crate) fn note(sys: &Sys, text: String) {
    sys.log(Facility::Authpriv, sys.name(), text, TraceId(0));
}
