//! master.cf as postconf sees it: entries with their fields as written, brought into one form, shown whole or in parts.
//! Not here: changing the file (`edit`). Source: postconf(1) -M -F -P, master(5).

use super::names::Names;
use super::{INDENT, LINE, Mode, print_pair};
use crate::config::{logical_lines_of, split_nameval, split_where, unbrace};
use crate::maillog::Log;
use machine::{Map, STDOUT};

/// Names of the fields.
pub(super) const FIELDS: [&str; 8] = ["service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command"];
const COLUMNS: [usize; 8] = [0, 11, 17, 25, 33, 41, 49, 57];
const TYPES: [&str; 5] = ["unix", "fifo", "inet", "pass", "unix-dgram"];

/// One service.
pub(super) struct Entry {
    /// Fields, and the program's arguments behind them.
    pub(super) fields: Vec<String>,
    /// `-o` parameters: value, whether something refers to it.
    pub(super) params: Map<String, (String, bool)>,
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Reads master.cf; a missing one is fatal or a warning.
pub(super) async fn read(log: &Log, dir: &str, must: bool) -> Result<Vec<Entry>, String> {
    let path = format!("{dir}/master.cf");
    let bytes = match log.sys().read_file(&path).await {
        Ok(bytes) => bytes,
        Err(e) if must => return Err(format!("open {path}: {e}")),
        Err(e) => {
            log.warn(format_args!("open {path}: {e}"));
            return Ok(Vec::new());
        }
    };
    let mut entries = Vec::new();
    for line in logical_lines_of(log, &path, &bytes) {
        let entry = Entry::parse(log, &line.text).map_err(|bad| match bad {
            Bad::Line(why) => format!("file {path}: line {}: {why}", line.first),
            Bad::Field(why) => why,
        })?;
        entries.push(entry);
    }
    Ok(entries)
}

/// What is wrong with an entry.
pub(super) enum Bad {
    /// The whole of it.
    Line(&'static str),
    /// A field: the message is complete.
    Field(String),
}

impl Entry {
    /// Parses an entry.
    pub(super) fn parse(log: &Log, text: &str) -> Result<Entry, Bad> {
        let fields = split_where(text, is_blank);
        if fields.len() < FIELDS.len() {
            return Err(Bad::Line("bad field count"));
        }
        let mut entry = Entry { fields, params: Map::new() };
        entry.check(text).map_err(Bad::Field)?;
        entry.normalise(log);
        entry.collect();
        Ok(entry)
    }
    /// Checks the fields.
    pub(super) fn check(&self, raw: &str) -> Result<(), String> {
        let f = &self.fields;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let wakeup = f[5].strip_suffix('?').unwrap_or(&f[5]);
        let bad = (1..7).find(|&i| match i {
            1 => !TYPES.contains(&f[1].as_str()),
            2..=4 => !matches!(f[i].as_str(), "y" | "n" | "-"),
            5 => wakeup != "-" && !digits(wakeup),
            _ => f[6] != "-" && !digits(&f[6]),
        });
        match bad {
            None => Ok(()),
            Some(i) => Err(format!("invalid {} field \"{}\" in \"{}\"", FIELDS[i], f[i], raw.replace('\n', " "))),
        }
    }
    /// Brings the arguments into one form: `-vo x=y` becomes `-v -o x=y`, braces around a whole argument go.
    pub(super) fn normalise(&mut self, log: &Log) {
        let unbraced = |text: &str| match unbrace(text) {
            Ok(inner) => inner,
            Err(why) => {
                log.warn(format_args!("master.cf: {why}"));
                text.trim_start_matches('{').trim_matches(is_blank).to_string()
            }
        };
        let mut at = FIELDS.len();
        while let Some(arg) = self.fields.get(at).filter(|a| a.starts_with('-') && *a != "--").cloned() {
            if let Some(o) = arg.get(2..).and_then(|rest| rest.find('o')) {
                self.fields.insert(at + 1, format!("-{}", &arg[o + 2..]));
                self.fields[at].truncate(o + 2);
            }
            if !self.fields[at].starts_with("-o") {
                at += 1;
                continue;
            }
            if self.fields[at].len() > 2 {
                let value = self.fields[at].split_off(2);
                self.fields.insert(at + 1, value);
            }
            if let Some(value) = self.fields.get(at + 1).filter(|v| v.starts_with('{')) {
                let inner = unbraced(value);
                self.fields[at + 1] = match split_nameval(&inner) {
                    Ok((name, value)) => format!("{name}={value}"),
                    Err(why) => {
                        log.warn(format_args!("master.cf: {why}: \"{inner}\""));
                        inner.clone()
                    }
                };
            }
            at += 2;
        }
        for field in self.fields.iter_mut().skip(at).filter(|f| f.starts_with('{')) {
            *field = unbraced(field);
        }
    }
    /// Gathers the `-o` parameters.
    fn collect(&mut self) {
        let mut at = FIELDS.len();
        while let Some(arg) = self.fields.get(at).filter(|a| a.starts_with('-') && *a != "--") {
            if arg == "-o" {
                if let Some(Ok((name, value))) = self.fields.get(at + 1).map(|v| split_nameval(v)) {
                    self.params.insert(name.to_string(), (value.to_string(), false));
                }
                at += 1;
            }
            at += 1;
        }
    }
    /// What only the service's own process knows.
    pub(super) fn facts(&self, name: &str) -> Option<String> {
        let process = self.fields[7].rsplit('/').next().unwrap_or("");
        match name {
            "process_name" => Some(process.to_string()),
            "service_name" => Some(self.fields[0].clone()),
            _ => None,
        }
    }
    fn name_space(&self) -> String {
        format!("{}/{}", self.fields[0], self.fields[1])
    }
}

/// Text that is folded between arguments.
struct Folded {
    text: String,
    column: usize,
    fold: bool,
}

impl Folded {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.len();
    }
    fn arg(&mut self, text: &str, braces: bool) {
        self.add(if braces { "{" } else { "" });
        self.add(text);
        self.add(if braces { "}" } else { "" });
    }
    /// The program's arguments. `slack`: how much longer than its text an option with a value is taken to be.
    fn arguments(&mut self, names: Option<&Names>, entry: &Entry, slack: usize) -> Result<(), String> {
        let mut options = true;
        let mut at = FIELDS.len();
        while let Some(arg) = entry.fields.get(at) {
            let has_blank = |text: &str| text.contains(is_blank);
            let (mut value, mut braces, mut len) = (None, false, arg.len());
            if options && (!arg.starts_with('-') || arg == "--") {
                options = false;
            } else if options
                && arg.starts_with("-o")
                && let Some(text) = entry.fields.get(at + 1)
            {
                // A line of its own for every option with a value.
                self.column = LINE;
                let text = match names {
                    Some(names) => names.expand(text, Some(entry), false)?,
                    None => text.clone(),
                };
                braces = has_blank(&text);
                len += text.len() + slack + if braces { 2 } else { 0 };
                value = Some(text);
            }
            if !options {
                braces = has_blank(arg);
            }
            if self.column > INDENT.len() {
                if !self.fold || self.column + 1 + len < LINE {
                    self.add(" ");
                } else {
                    self.text.push('\n');
                    self.text.push_str(INDENT);
                    self.column = INDENT.len();
                }
            }
            self.arg(arg, !options && braces);
            if let Some(value) = value {
                self.add(" ");
                self.arg(&value, braces);
                at += 1;
                self.column = LINE;
            }
            at += 1;
        }
        self.text.push('\n');
        Ok(())
    }
}

/// An entry in postconf's columns, its newline included. `names`: values are expanded.
pub(super) fn format(entry: &Entry, fold: bool, names: Option<&Names>) -> Result<String, String> {
    let mut out = Folded { text: String::new(), column: 0, fold };
    for (field, column) in entry.fields.iter().zip(COLUMNS) {
        if out.column > 0 {
            out.add(" ");
            while out.column < column {
                out.add(" ");
            }
        }
        out.add(field);
    }
    out.arguments(names, entry, 3)?;
    Ok(out.text)
}

/// A pattern `service/type/…` as its parts, `*` for those that are missing. `None` if it is none.
pub(super) fn pattern(text: &str, min: usize, max: usize) -> Option<Vec<String>> {
    if text.starts_with('/') {
        return None;
    }
    let mut parts: Vec<String> = text.split('/').filter(|p| !p.is_empty()).map(String::from).collect();
    if parts.len() < min || parts.len() > max || parts.iter().any(|p| p != "*" && p.contains('*')) {
        return None;
    }
    parts.resize(max, "*".to_string());
    Some(parts)
}

/// Whether a pattern means this service.
pub(super) fn matches(pattern: &[String], name: &str, kind: &str) -> bool {
    let one = |p: &str, s: &str| p == "*" || p == s;
    one(&pattern[0], name) && one(&pattern[1], kind)
}

/// The number of a field name; `None` for all.
pub(super) fn field(name: &str) -> Result<Option<usize>, String> {
    if name == "*" {
        return Ok(None);
    }
    FIELDS.iter().position(|f| *f == name).map(Some).ok_or_else(|| format!("invalid service attribute name: \"{name}\""))
}

/// Shows services, their fields or their parameters.
pub(super) fn show(log: &Log, mode: &Mode, names: &Names, wanted: &[String]) -> Result<(), String> {
    let sys = log.sys();
    let expand = mode.has('x').then_some(names);
    let (parts, usage) = if mode.has('M') {
        (2, "-M option requires service_name[/type]")
    } else if mode.has('F') {
        (3, "-F option requires service_name[/type[/field]]")
    } else {
        (3, "-P option requires service_name[/type[/parameter]]")
    };
    let mut requests = Vec::new();
    for text in wanted {
        let pattern = pattern(text, 1, parts).ok_or_else(|| usage.to_string())?;
        if mode.has('F') {
            field(&pattern[2])?;
        }
        requests.push((text, pattern, 0));
    }
    let all = vec!["*".to_string(); 3];
    for entry in &names.entries {
        let (name, kind) = (&entry.fields[0], &entry.fields[1]);
        let mut patterns: Vec<(&[String], Option<&mut i32>)> = Vec::new();
        if wanted.is_empty() {
            patterns.push((&all, None));
        }
        patterns.extend(requests.iter_mut().filter(|r| matches(&r.1, name, kind)).map(|r| (r.1.as_slice(), Some(&mut r.2))));
        for (pattern, count) in patterns {
            let mut shown = true;
            if mode.has('M') {
                sys.print(STDOUT, format_args!("{}", format(entry, mode.has('f'), expand)?));
            } else if mode.has('F') {
                match field(&pattern[2])? {
                    Some(i) => show_field(log, mode, expand, entry, i)?,
                    None => (0..FIELDS.len()).try_for_each(|i| show_field(log, mode, expand, entry, i))?,
                }
            } else {
                shown = false;
                for (param, (value, _)) in entry.params.iter().filter(|(n, _)| pattern[2] == "*" || pattern[2] == **n) {
                    let value = match expand {
                        Some(names) => names.expand(value, Some(entry), false)?,
                        None => value.clone(),
                    };
                    print_pair(sys, mode, &format!("{}/{param}", entry.name_space()), &value);
                    shown = true;
                }
                shown |= pattern[2] == "*" && !entry.params.is_empty();
            }
            if let Some(count) = count {
                *count += i32::from(shown);
            }
        }
    }
    for (text, ..) in requests.iter().filter(|r| r.2 == 0) {
        log.warn(format_args!("unmatched request: \"{text}\""));
    }
    Ok(())
}

fn show_field(log: &Log, mode: &Mode, expand: Option<&Names>, entry: &Entry, i: usize) -> Result<(), String> {
    let mut out = Folded { text: String::new(), column: 0, fold: mode.has('f') };
    if !mode.has('h') {
        out.add(&format!("{}/{}", entry.name_space(), FIELDS[i]));
        out.add(if mode.has('H') { "" } else { " = " });
    }
    if mode.has('H') {
        out.text.push('\n');
    } else {
        if out.column > 0 && out.column + entry.fields[i].len() > LINE {
            out.text.push('\n');
            out.text.push_str(INDENT);
            out.column = INDENT.len();
        }
        out.add(&entry.fields[i]);
        if i + 1 == FIELDS.len() {
            out.arguments(expand, entry, 1)?;
        } else {
            out.text.push('\n');
        }
    }
    log.sys().print(STDOUT, format_args!("{}", out.text));
    Ok(())
}
