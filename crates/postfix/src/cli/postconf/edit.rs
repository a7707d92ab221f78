//! Changing main.cf and master.cf: replace, add, comment out, remove; comments and the order of lines stay. Source: postconf(1) -e -# -X.

use super::Mode;
use super::services::{Bad, Entry, FIELDS, field, format, is_blank, matches, pattern};
use crate::config::{is_space, split_nameval, split_where};
use crate::maillog::Log;
use machine::Sys;

/// The lines of a file with their newlines.
async fn read(sys: &Sys, path: &str) -> Result<Vec<String>, String> {
    let temporary = format!("{path}.tmp");
    sys.write_file(&temporary, b"", 0o644).await.map_err(|e| format!("open {temporary}: {e}"))?;
    match sys.read_file(path).await {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).split_inclusive('\n').map(String::from).collect()),
        Err(e) => {
            let _ = sys.unlink(&temporary).await;
            Err(format!("open {path} for reading: {e}"))
        }
    }
}

async fn write(sys: &Sys, path: &str, text: &str) -> Result<(), String> {
    let temporary = format!("{path}.tmp");
    let failed = |e: machine::Errno| format!("close {temporary}: {e}");
    sys.write_file(&temporary, text.as_bytes(), 0o644).await.map_err(failed)?;
    sys.rename(&temporary, path).await.map_err(failed)
}

/// Whether a line has neither text nor the continuation of one.
fn is_idle(line: &str) -> bool {
    let text = line.trim_start_matches(is_space);
    text.is_empty() || text.starts_with('#')
}

fn check(text: &str, what: &str) -> Result<(), String> {
    if text.contains('\n') {
        return Err(format!("{what} no multi-line input"));
    }
    if text.trim_start_matches(is_space).starts_with('#') {
        return Err(format!("{what} no comment input"));
    }
    Ok(())
}

/// Changes main.cf.
pub(super) async fn main_cf(log: &Log, mode: &Mode, args: &[String]) -> Result<(), String> {
    struct Wanted {
        name: String,
        value: String,
        found: u32,
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for arg in args {
        check(arg, "-e, -X, or -# accepts")?;
        let text = arg.trim_start_matches(is_space);
        let (name, value) = if mode.has('e') {
            split_nameval(text).map_err(|why| format!("{why}: \"{text}\""))?
        } else if text.is_empty() {
            return Err("-X or -# requires non-blank parameter names".to_string());
        } else if text.contains('=') {
            return Err("-X or -# requires parameter names without value".to_string());
        } else {
            (text.trim_end_matches(is_space), "")
        };
        if let Some(at) = wanted.iter().position(|w| w.name == name) {
            let old = if mode.has('e') { wanted[at].value.as_str() } else { "(null)" };
            log.warn(format_args!("ignoring earlier request: '{name} = {old}'"));
            wanted.remove(at);
        }
        wanted.push(Wanted { name: name.to_string(), value: value.to_string(), found: 0 });
    }
    let path = format!("{}/main.cf", mode.dir);
    let mut out = String::new();
    let mut changing = false;
    for line in read(log.sys(), &path).await? {
        if is_idle(&line) {
            out += &line;
            continue;
        }
        if !line.starts_with(is_space) {
            let end = line.find(|c: char| is_space(c) || c == '=').unwrap_or(line.len());
            let Some(w) = wanted.iter_mut().find(|w| w.name == line[..end]) else {
                changing = false;
                out += &line;
                continue;
            };
            changing = true;
            w.found += 1;
            if w.found == 2 {
                log.warn(format_args!("{path}: multiple entries for \"{}\"", w.name));
            }
            if mode.has('e') {
                out += &format!("{} = {}\n", w.name, w.value);
            }
        } else if !changing {
            out += &line;
        }
        if changing && mode.has('#') {
            out += &format!("#{line}");
        }
    }
    if mode.has('e') {
        for w in wanted.iter().filter(|w| w.found == 0) {
            out += &format!("{} = {}\n", w.name, w.value);
        }
    }
    write(log.sys(), &path, &out).await
}

struct Request<'a> {
    raw: &'a str,
    pattern: Vec<String>,
    value: String,
    field: usize,
    count: u32,
}

fn request<'a>(mode: &Mode, raw: &'a str) -> Result<Request<'a>, String> {
    const OPTIONS: &str = "-Me, -Fe, -Pe, -X, or -# accept";
    check(raw, OPTIONS)?;
    let text = raw.trim_start_matches(is_space);
    let (name, value) = if mode.has('e') {
        split_nameval(text).map_err(|why| format!("{why}: \"{raw}\""))?
    } else if text.contains('=') {
        return Err("-X or -# requires names without value".to_string());
    } else {
        (text.trim_end_matches(is_space), "")
    };
    let (parts, usage) = if mode.has('M') {
        (2, "-Me, -MX or -M# requires service_name/type")
    } else if mode.has('F') {
        (3, "-Fe or -FX requires service_name/type/field_name")
    } else {
        (3, "-Pe or -PX requires service_name/type/parameter")
    };
    let pattern = pattern(name, parts, parts).ok_or_else(|| usage.to_string())?;
    let mut number = 0;
    if mode.has('F') {
        number = field(&pattern[2])?.ok_or("-Fe does not accept wild-card field name")?;
        if mode.has('e') && number + 1 < FIELDS.len() && value.contains(is_blank) {
            return Err("-Fe does not accept whitespace in non-command field".to_string());
        }
    } else if mode.has('P') {
        if pattern[2] == "*" {
            return Err("-Pe does not accept wild-card parameter name".to_string());
        }
        if mode.has('e') && value.contains(is_blank) {
            return Err("-Pe does not accept whitespace in parameter value".to_string());
        }
    }
    Ok(Request { raw, pattern, value: value.to_string(), field: number, count: 0 })
}

/// Changes master.cf.
pub(super) async fn master_cf(log: &Log, mode: &Mode, args: &[String]) -> Result<(), String> {
    let mut requests = Vec::new();
    for arg in args {
        requests.push(request(mode, arg)?);
    }
    let path = format!("{}/master.cf", mode.dir);
    let lines = read(log.sys(), &path).await?;
    let mut out = String::new();
    let mut changing = false;
    let mut at = 0;
    let parse_new = |r: &Request<'_>| {
        Entry::parse(log, &r.value).map_err(|bad| match bad {
            Bad::Line(why) => format!("{why}: \"{}\"", r.raw),
            Bad::Field(why) => why,
        })
    };
    while let Some(line) = lines.get(at) {
        at += 1;
        let number = at;
        if is_idle(line) {
            out += line;
            continue;
        }
        if line.starts_with(is_space) {
            if !changing {
                out += line;
            } else if mode.has('#') {
                out += &format!("#{line}");
            }
            continue;
        }
        changing = false;
        let mut words = line.split(is_blank).filter(|w| !w.is_empty());
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            return Err(format!("file {path}: line {number}: specify service name and type on the same line"));
        };
        let mut new: Option<Entry> = None;
        for r in &mut requests {
            let whole = mode.has('M') && mode.has('e');
            let tentative = if whole { Some(parse_new(r)?) } else { None };
            let same = tentative.as_ref().is_some_and(|t| t.fields[0] == name && t.fields[1] == kind);
            if !matches(&r.pattern, name, kind) && !same {
                continue;
            }
            changing = true;
            r.count += 1;
            if whole {
                if r.count == 1 {
                    new = tentative;
                }
            } else if mode.has('e') || (mode.has('P') && mode.has('X')) {
                if new.is_none() {
                    // The rest of the entry; comments in it stay before the new text.
                    let mut text = line.clone();
                    while let Some(more) = lines.get(at).filter(|l| l.starts_with(|c: char| c == '#' || is_space(c))) {
                        if is_idle(more) {
                            out += more;
                        } else {
                            text += more;
                        }
                        at += 1;
                    }
                    new = Some(Entry::parse(log, &text).map_err(|bad| match bad {
                        Bad::Line(why) => format!("file {path}: line {number}: {why}"),
                        Bad::Field(why) => why,
                    })?);
                }
                if let Some(entry) = &mut new {
                    change(log, mode, entry, r)?;
                }
            }
        }
        match new {
            Some(entry) => out += &format(&entry, true, None)?,
            None if !changing => out += line,
            None if mode.has('#') => out += &format!("#{line}"),
            None => {}
        }
    }
    for r in requests.iter().filter(|r| r.count == 0) {
        if mode.has('M') && mode.has('e') {
            out += &format(&parse_new(r)?, true, None)?;
        } else if !mode.has('M') {
            log.warn(format_args!("unmatched service_name/type: \"{}\"", r.raw));
        }
    }
    write(log.sys(), &path, &out).await
}

/// Changes a field or a parameter of an entry.
fn change(log: &Log, mode: &Mode, entry: &mut Entry, r: &Request<'_>) -> Result<(), String> {
    let fields = &mut entry.fields;
    if mode.has('F') {
        if r.field + 1 == FIELDS.len() {
            fields.truncate(r.field);
            fields.extend(split_where(&r.value, is_blank));
            if fields.len() < FIELDS.len() {
                fields.push(String::new());
            }
            entry.normalise(log);
        } else {
            fields[r.field] = r.value.clone();
        }
        return entry.check(&r.value);
    }
    let mut at = FIELDS.len();
    let mut found = false;
    while fields.get(at).is_some_and(|a| a.starts_with('-') && a != "--") {
        if fields[at] != "-o" || at + 1 >= fields.len() {
            at += 1;
            continue;
        }
        if fields[at + 1].strip_prefix(r.pattern[2].as_str()).is_some_and(|rest| rest.starts_with('=')) {
            found = true;
            if mode.has('X') {
                fields.drain(at..at + 2);
                continue;
            }
            fields[at + 1] = format!("{}={}", r.pattern[2], r.value);
        }
        at += 2;
    }
    if mode.has('e') && !found {
        fields.insert(at, "-o".to_string());
        fields.insert(at + 1, format!("{}={}", r.pattern[2], r.value));
    }
    Ok(())
}
