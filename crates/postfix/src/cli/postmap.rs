//! postmap and postalias: compile, ask, list and change lookup tables. Not here: the order of a hash table's entries (`berkeley`), the
//! tables themselves (`crate::lookup`). Source: postmap(1), postalias(1). Not simulated: -m (MIME parts of a message as keys), -v.

use super::Getopt;
use super::berkeley::arrange;
use crate::address::tok::{self, Tok};
use crate::config::{Config, LogicalLine, logical_lines_of};
use crate::lookup::db::{Db, Record};
use crate::lookup::text::pair;
use crate::lookup::{Table, Tables};
use crate::maillog::Log;
use machine::{Ids, STDIN, STDOUT, Sys};

const MAP_OPTIONS: &str = "bc:d:fFhimnNopq:rsuUvw";
const ALIAS_OPTIONS: &str = "Nc:d:finopq:rsuvw";

#[derive(Default)]
struct Given {
    /// postalias: the source is in the form of aliases(5).
    alias: bool,
    fold: bool,
    insert: bool,
    as_root: bool,
    own_mode: bool,
    replace: bool,
    quiet_dup: bool,
    dump: bool,
    headers: bool,
    body: bool,
    from_files: bool,
    delete: Option<String>,
    query: Option<String>,
    dir: Option<String>,
    files: Vec<String>,
}

fn options(sys: &Sys, alias: bool) -> Result<Given, String> {
    let mut given = Given { alias, fold: true, ..Given::default() };
    let mut opts = Getopt::new(sys);
    while let Some((letter, value)) = opts.next(if alias { ALIAS_OPTIONS } else { MAP_OPTIONS }) {
        let asked = given.query.is_some() || given.delete.is_some();
        match letter {
            'b' => given.body = true,
            'c' => given.dir = Some(value),
            'd' | 'q' if asked || given.dump => return Err("specify only one of -s -q or -d".to_string()),
            'd' => given.delete = Some(value),
            'q' => given.query = Some(value),
            's' if asked => return Err("specify only one of -s or -q or -d".to_string()),
            's' => given.dump = true,
            'f' => given.fold = false,
            'F' => given.from_files = true,
            'h' => given.headers = true,
            'i' => given.insert = true,
            'o' => given.as_root = true,
            'p' => given.own_mode = true,
            'r' => (given.replace, given.quiet_dup) = (true, false),
            'w' => (given.replace, given.quiet_dup) = (false, true),
            'm' | 'v' => sys.unsupported(&format!("-{letter}")),
            // Null bytes behind keys, and folding beyond ASCII, show nowhere here.
            'n' | 'N' | 'u' | 'U' => {}
            _ => return Err(usage(alias)),
        }
    }
    given.files = opts.rest().to_vec();
    Ok(given)
}

fn usage(alias: bool) -> String {
    let (name, letters) = if alias { ("postalias", "Nfinoprsuvw") } else { ("postmap", "bfFhimnNoprsuUvw") };
    format!("usage: {name} [-{letters}] [-c config_dir] [-d key] [-q key] [map_type:]file...")
}

/// postmap.
pub(crate) async fn main(sys: Sys) -> i32 {
    begin(sys, false).await
}
/// postalias.
pub(crate) async fn postalias(sys: Sys) -> i32 {
    begin(sys, true).await
}
async fn begin(sys: Sys, alias: bool) -> i32 {
    let log = Log::tool(&sys);
    match run(&sys, &log, alias).await {
        Ok(status) => status,
        Err(text) => log.fatal(&text).await,
    }
}

async fn run(sys: &Sys, log: &Log, alias: bool) -> Result<i32, String> {
    sys.umask(Some(0o022)).await;
    let given = options(sys, alias)?;
    let dir = given.dir.as_deref().or(sys.env("MAIL_CONFIG")).unwrap_or("/etc/postfix");
    let cfg = Config::load(log, dir, &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let message = given.headers || given.body;
    if message && given.query.as_deref() != Some("-") {
        return Err("specify -b -h or -m only with \"-q -\"".to_string());
    }
    if given.files.is_empty() && !given.dump {
        return Err(usage(alias));
    }
    let default_type = cfg.str("default_database_type");
    let spec = |file: &String| if file.contains(':') { file.clone() } else { format!("{default_type}:{file}") };
    let specs: Vec<String> = given.files.iter().map(spec).collect();
    if let Some(query) = &given.query {
        return Ok(i32::from(!ask(&cfg, &given, &specs, query).await?));
    }
    if given.dump {
        let Some((kind, name)) = specs.first().and_then(|s| s.split_once(':')) else { return Ok(1) };
        let tab: &[u8] = if alias { b":\t" } else { b"\t" };
        for record in read(sys, kind, name).await?.1 {
            sys.put(STDOUT, &[&record.key, tab, &record.value, b"\n"].concat());
        }
        return Ok(0);
    }
    let mut found = false;
    for spec in &specs {
        let (kind, name) = spec.split_once(':').unwrap_or((spec, ""));
        match &given.delete {
            Some(key) => found |= delete(sys, kind, name, key, given.fold).await?,
            None => create(&cfg, &given, kind, name).await?,
        }
    }
    Ok(i32::from(given.delete.is_some() && !found))
}

/// The compiled table, for reading or changing.
async fn read(sys: &Sys, kind: &str, name: &str) -> Result<(bool, Vec<Record>), String> {
    if !matches!(kind, "hash" | "btree") {
        return Err(format!("{kind}: not simulated here"));
    }
    let bytes = sys.read_file(&format!("{name}.db")).await.map_err(|e| format!("open database {name}.db: {e}"))?;
    let path = format!("{name}.db");
    let db = Db::open(sys, kind, &path, bytes).ok_or_else(|| format!("open database {path}: Invalid argument"))?;
    Ok((db.is_hash(), db.records()))
}

async fn save(sys: &Sys, name: &str, is_hash: bool, records: Vec<Record>) -> Result<(), String> {
    let (records, pages) = arrange(is_hash, records);
    let path = format!("{name}.db");
    sys.write_file(&path, &Db::write(is_hash, &records, pages), 0o644).await.map_err(|e| format!("open {path}: {e}"))
}

/// Asks the tables in turn, for each key until one of them knows it.
async fn ask(cfg: &Config, given: &Given, specs: &[String], query: &str) -> Result<bool, String> {
    let all = Tables::strict(cfg);
    let sys = cfg.log().sys();
    let mut open: Vec<Table> = Vec::new();
    let mut found = false;
    for key in keys(sys, given, query).await {
        for (at, spec) in specs.iter().enumerate() {
            if at >= open.len() {
                open.push(all.open(spec).await?);
            }
            let hit = if given.fold { open[at].find(&all, &key).await } else { open[at].find_exactly(&all, &key).await };
            let Some(hit) = hit.map_err(|_| format!("table {spec}: query error: Application error"))? else { continue };
            found = true;
            if hit.value.is_empty() {
                cfg.log().warn(format_args!("table {spec}: key {key}: empty string result is not allowed"));
                cfg.log().warn(format_args!("table {spec} should return NO RESULT in case of NOT FOUND"));
            }
            if query == "-" {
                sys.print(STDOUT, format_args!("{key}{}\t", if given.alias { ":" } else { "" }));
            }
            sys.print(STDOUT, format_args!("{}\n", hit.value));
            break;
        }
    }
    Ok(found)
}

/// The keys of a query: one, the lines of standard input, or the header fields and body lines of the message there.
async fn keys(sys: &Sys, given: &Given, query: &str) -> Vec<String> {
    if query != "-" {
        return vec![query.to_string()];
    }
    let lines = lines(sys).await;
    if !given.headers && !given.body {
        return lines;
    }
    let end = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    let mut keys: Vec<String> = Vec::new();
    if given.headers {
        for line in &lines[..end] {
            match keys.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => {
                    last.push('\n');
                    last.push_str(line);
                }
                _ => keys.push(line.clone()),
            }
        }
    }
    if given.body {
        keys.extend(lines[end..].iter().skip(1).cloned());
    }
    keys
}

/// The lines of standard input.
async fn lines(sys: &Sys) -> Vec<String> {
    let bytes = sys.read_all(STDIN).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_string).collect()
}

async fn delete(sys: &Sys, kind: &str, name: &str, key: &str, fold: bool) -> Result<bool, String> {
    let (is_hash, mut records) = read(sys, kind, name).await?;
    let mut keys = if key == "-" { lines(sys).await } else { vec![key.to_string()] };
    if fold {
        keys.iter_mut().for_each(|k| k.make_ascii_lowercase());
    }
    let before = records.len();
    records.retain(|r| !keys.iter().any(|k| k.as_bytes() == r.key));
    let found = records.len() != before;
    save(sys, name, is_hash, records).await?;
    Ok(found)
}

/// The entries of a table being made.
struct Draft<'a> {
    log: &'a Log,
    name: &'a str,
    records: Vec<Record>,
    known: machine::Map<Vec<u8>, usize>,
    replace: bool,
    quiet: bool,
}

impl Draft<'_> {
    fn add(&mut self, key: String, value: Vec<u8>, line: u32) {
        let record = Record { key: key.clone().into_bytes(), value, line };
        match self.known.get(key.as_bytes()) {
            Some(&at) if self.replace => self.records[at] = record,
            Some(_) if self.quiet => {}
            Some(_) => self.log.warn(format_args!("{}.db: duplicate entry: \"{key}\"", self.name)),
            None => {
                self.known.insert(key.into_bytes(), self.records.len());
                self.records.push(record);
            }
        }
    }
}

async fn create(cfg: &Config, given: &Given, kind: &str, name: &str) -> Result<(), String> {
    let (log, sys) = (cfg.log(), cfg.log().sys());
    if kind == "proxy" {
        return Err("can't create maps via the proxy service".to_string());
    }
    let mut mode = 0o644;
    let bytes = if given.insert {
        sys.read_all(STDIN).await.map_err(|e| format!("read: {e}"))?
    } else {
        let failed = |e: machine::Errno| format!("open {name}: {e}");
        let stat = sys.stat(name).await.map_err(failed)?;
        let bytes = sys.read_file(name).await.map_err(failed)?;
        if !given.own_mode {
            mode &= stat.mode | 0o700;
        }
        // Root leaves its rights behind to work on the file of another user.
        if !given.as_root && sys.ids().uid == 0 && (stat.uid != 0 || stat.gid != 0) {
            let ids = Ids { uid: 0, euid: stat.uid, gid: 0, egid: stat.gid, groups: Vec::new() };
            sys.set_ids(ids).await.map_err(|e| format!("set_eugid: {e}"))?;
        }
        bytes
    };
    if !matches!(kind, "hash" | "btree") {
        return Err(match kind {
            known if super::postconf::is_map(known) => format!("unsupported dictionary type: {kind} does not support bulk-mode creation."),
            _ => format!("unsupported dictionary type: {kind}. Is the postfix-{kind} package installed?"),
        });
    }
    let path = format!("{name}.db");
    // The old table is opened first: whoever may not write it shall know before the text is read.
    let mut old = Vec::new();
    match sys.stat(&path).await {
        Ok(st) if st.size == 0 => log.warn(format_args!("removing zero-length database file: {path}")),
        Ok(_) => {
            let bytes = sys.read_file(&path).await.map_err(|e| format!("open {path}: {e}"))?;
            let short = bytes.len() < 512;
            let known = Db::read(bytes.clone()).is_some();
            // A table that is made anew may have been of the other kind.
            if given.insert || (!known && !short) {
                match Db::open(sys, kind, &path, bytes) {
                    Some(db) => old = db.records(),
                    None => return Err(format!("open database {path}: Invalid argument")),
                }
            }
        }
        Err(_) => {}
    }
    if !given.insert {
        sys.write_file(&path, b"", mode).await.map_err(|e| format!("open {path}: {e}"))?;
    }
    let known = old.iter().enumerate().map(|(i, r)| (r.key.clone(), i)).collect();
    let mut draft = Draft { log, name, records: old, known, replace: given.replace, quiet: given.quiet_dup };
    let source = if given.insert { "stdin" } else { name };
    let utf8 = cfg.bool("smtputf8_enable");
    for line in logical_lines_of(log, source, &bytes) {
        if utf8 && line.text.contains('\u{fffd}') {
            let text = line.text.replace('\u{fffd}', "?");
            log.warn(format_args!("{source}, line {}: non-UTF-8 input \"{text}\" -- ignoring this line", line.first));
            continue;
        }
        let found = if given.alias { alias(log, source, &line) } else { pair(log, source, &line).map(|p| (p.key, p.value)) };
        let Some((mut key, value)) = found else { continue };
        let mut value = value.into_bytes();
        if given.from_files {
            match sys.read_file(&String::from_utf8_lossy(&value)).await {
                Ok(content) => value = wire::base64::encode(&content).into(),
                Err(e) => {
                    let file = String::from_utf8_lossy(&value);
                    log.warn(format_args!("{source}, line {}: open {file}: {e}: skipping this entry", line.first));
                    continue;
                }
            }
        }
        if given.fold {
            key.make_ascii_lowercase();
        }
        draft.add(key, value, if given.insert { 0 } else { line.first });
    }
    if given.alias {
        // Signatures of sendmail and NIS.
        draft.replace |= given.insert;
        draft.add("@".to_string(), b"@".to_vec(), 0);
        draft.add("YP_LAST_MODIFIED".to_string(), format!("{:010}", sys.now().secs()).into_bytes(), 0);
        draft.add("YP_MASTER_NAME".to_string(), cfg.str("myhostname").into_bytes(), 0);
    }
    save(sys, name, kind == "hash", draft.records).await
}

/// Splits a line of aliases(5): name in internal, targets in external form.
fn alias(log: &Log, path: &str, line: &LogicalLine) -> Option<(String, String)> {
    let toks = tok::scan(&line.text);
    if toks.is_empty() {
        return None;
    }
    let is = |t: &Tok, op: u8| *t == Tok::Op(op);
    let colon = toks.iter().position(|t| is(t, b':')).filter(|&i| i > 0 && i + 1 < toks.len());
    let Some(colon) = colon.filter(|&i| !toks[..i].iter().any(|t| is(t, b','))) else {
        log.warn(format_args!("{path}, line {}: need name:value pair", line.first));
        return None;
    };
    if toks[..colon].iter().any(|t| is(t, b'@') || is(t, b'%')) {
        log.warn(format_args!("{path}, line {}: name must be local", line.first));
        return None;
    }
    Some((tok::internal(&toks[..colon], true), tok::external(&toks[colon + 1..], false, true)))
}
