//! postmap: compile, ask, list and change lookup tables. Not here: aliases (`postalias`), the tables themselves (`crate::lookup`).
//! Source: postmap(1). Not simulated: -b -h -m (message input), -F (files as values), -U.

use super::berkeley::arrange;
use crate::config::{Config, logical_lines_of};
use crate::lookup::Tables;
use crate::lookup::db::{Db, Record};
use crate::lookup::text::pair;
use crate::maillog::Log;
use machine::{Ids, STDIN, STDOUT, Sys};

const USAGE: &str = "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";

#[derive(Default)]
struct Given {
    fold: bool,
    insert: bool,
    as_root: bool,
    replace: bool,
    quiet_dup: bool,
    dump: bool,
    delete: Option<String>,
    query: Option<String>,
    dir: Option<String>,
    files: Vec<String>,
}

fn options(sys: &Sys) -> Result<Given, String> {
    let mut given = Given { fold: true, ..Given::default() };
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
            given.files.push(arg.clone());
            given.files.extend(args.by_ref().cloned());
            break;
        };
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            match letter {
                'f' => given.fold = false,
                'i' => given.insert = true,
                'o' => given.as_root = true,
                'r' => given.replace = true,
                's' => given.dump = true,
                'w' => given.quiet_dup = true,
                'n' | 'N' | 'p' | 'u' | 'v' => {}
                'c' | 'd' | 'q' => {
                    let attached = rest.as_str();
                    let value = if attached.is_empty() { args.next().cloned() } else { Some(attached.to_string()) };
                    let Some(value) = value else {
                        sys.complain(format_args!("option requires an argument -- '{letter}'"));
                        return Err(USAGE.to_string());
                    };
                    match letter {
                        'c' => given.dir = Some(value),
                        'd' => given.delete = Some(value),
                        _ => given.query = Some(value),
                    }
                    break;
                }
                'b' | 'h' | 'm' | 'F' | 'U' => return Err(format!("-{letter}: not simulated here")),
                other => {
                    sys.complain(format_args!("invalid option -- '{other}'"));
                    return Err(USAGE.to_string());
                }
            }
        }
    }
    let modes = [given.insert, given.dump, given.delete.is_some(), given.query.is_some()];
    if modes.iter().filter(|m| **m).count() > 1 {
        return Err("specify only one of -s -q or -d".to_string());
    }
    if given.files.is_empty() || (modes[1..].contains(&true) && given.query.is_none() && given.files.len() > 1) {
        return Err(USAGE.to_string());
    }
    Ok(given)
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::tool(&sys);
    match run(&sys, &log).await {
        Ok(status) => status,
        Err(text) => log.fatal(&text).await,
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<i32, String> {
    let given = options(sys)?;
    let dir = given.dir.as_deref().or(sys.env("MAIL_CONFIG")).unwrap_or("/etc/postfix");
    let cfg = Config::load(log, dir, &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let default_type = cfg.str("default_database_type");
    let mut status = if given.query.is_some() || given.delete.is_some() { 1 } else { 0 };
    for file in &given.files {
        let spec = if file.contains(':') { file.clone() } else { format!("{default_type}:{file}") };
        let (kind, name) = spec.split_once(':').unwrap_or((&spec, ""));
        if let Some(query) = &given.query {
            if query_one(&cfg, &spec, query, given.fold).await? {
                return Ok(0);
            }
        } else if given.dump {
            for record in read(sys, kind, name).await?.1 {
                sys.put(STDOUT, &[&record.key, &b"\t"[..], &record.value, b"\n"].concat());
            }
        } else if let Some(key) = &given.delete {
            if delete(sys, kind, name, key).await? {
                status = 0;
            }
        } else {
            create(&cfg, &given, kind, name).await?;
        }
    }
    Ok(status)
}

/// The compiled table, for reading or changing.
async fn read(sys: &Sys, kind: &str, name: &str) -> Result<(bool, Vec<Record>), String> {
    if !matches!(kind, "hash" | "btree") {
        return Err(format!("{kind}: not simulated here"));
    }
    let bytes = sys.read_file(&format!("{name}.db")).await.map_err(|e| format!("open database {name}.db: {e}"))?;
    let db = Db::read(bytes).ok_or_else(|| format!("open database {name}.db: Invalid argument"))?;
    Ok((db.is_hash(), db.records()))
}

async fn save(sys: &Sys, name: &str, is_hash: bool, records: Vec<Record>) -> Result<(), String> {
    let (records, pages) = arrange(is_hash, records);
    let path = format!("{name}.db");
    sys.write_file(&path, &Db::write(is_hash, &records, pages), 0o644).await.map_err(|e| format!("open {path}: {e}"))
}

async fn query_one(cfg: &Config, spec: &str, query: &str, fold: bool) -> Result<bool, String> {
    let all = Tables::strict(cfg);
    let table = all.open(spec).await?;
    let sys = cfg.log().sys();
    let keys = if query == "-" { lines(sys).await } else { vec![query.to_string()] };
    let mut found = false;
    for key in &keys {
        let hit = if fold { table.find(&all, key).await } else { table.find_exactly(&all, key).await };
        match hit {
            Ok(Some(hit)) => {
                found = true;
                if hit.value.is_empty() {
                    cfg.log().warn(format_args!("table {spec}: key {key}: empty string result is not allowed"));
                    cfg.log().warn(format_args!("table {spec} should return NO RESULT in case of NOT FOUND"));
                }
                if query == "-" {
                    sys.print(STDOUT, format_args!("{key}\t"));
                }
                sys.print(STDOUT, format_args!("{}\n", hit.value));
            }
            Ok(None) => {}
            Err(_) => return Err(format!("table {spec}: query error: Success")),
        }
    }
    Ok(found)
}

/// The lines of standard input.
async fn lines(sys: &Sys) -> Vec<String> {
    let bytes = sys.read_all(STDIN).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_string).collect()
}

async fn delete(sys: &Sys, kind: &str, name: &str, key: &str) -> Result<bool, String> {
    let (is_hash, mut records) = read(sys, kind, name).await?;
    let keys = if key == "-" { lines(sys).await } else { vec![key.to_string()] };
    let before = records.len();
    records.retain(|r| !keys.iter().any(|k| k.as_bytes() == r.key));
    let found = records.len() != before;
    save(sys, name, is_hash, records).await?;
    Ok(found)
}

async fn create(cfg: &Config, given: &Given, kind: &str, name: &str) -> Result<(), String> {
    let (log, sys) = (cfg.log(), cfg.log().sys());
    let bytes = if given.insert {
        sys.read_all(STDIN).await.map_err(|e| format!("read: {e}"))?
    } else {
        let failed = |e: machine::Errno| format!("open {name}: {e}");
        let stat = sys.stat(name).await.map_err(failed)?;
        let bytes = sys.read_file(name).await.map_err(failed)?;
        // Root leaves its rights behind to work on the file of another user.
        if !given.as_root && sys.euid() == 0 && (stat.uid != 0 || stat.gid != 0) {
            let ids = Ids { uid: 0, euid: stat.uid, gid: 0, egid: stat.gid, groups: Vec::new() };
            sys.set_ids(ids).await.map_err(|e| format!("set_eugid: {e}"))?;
        }
        bytes
    };
    if !matches!(kind, "hash" | "btree") {
        return Err(match kind {
            "cidr" | "pcre" | "regexp" | "texthash" | "static" | "inline" => format!("unsupported map type for this operation: {kind}"),
            _ => format!("unsupported dictionary type: {kind}. Is the postfix-{kind} package installed?"),
        });
    }
    let mut records = if given.insert { read(sys, kind, name).await?.1 } else { Vec::new() };
    let mut known: machine::Map<Vec<u8>, usize> = records.iter().enumerate().map(|(i, r)| (r.key.clone(), i)).collect();
    let path = if given.insert { "stdin" } else { name };
    for line in logical_lines_of(log, path, &bytes) {
        let Some(pair) = pair(log, path, &line) else { continue };
        let key = if given.fold { pair.key.to_ascii_lowercase() } else { pair.key.clone() };
        let record =
            Record { key: key.clone().into_bytes(), value: pair.value.into_bytes(), line: if given.insert { 0 } else { pair.line } };
        match known.get(key.as_bytes()) {
            Some(&at) if given.replace => records[at] = record,
            Some(_) if given.quiet_dup => {}
            Some(_) => log.warn(format_args!("{name}.db: duplicate entry: \"{key}\"")),
            None => {
                known.insert(key.into_bytes(), records.len());
                records.push(record);
            }
        }
    }
    save(sys, name, kind == "hash", records).await
}
