//! flush(8): which deferred messages wait for a domain, so that ETRN and `postqueue -s` need not try all of them; `postqueue -i`.
//! Not here: delivering them (`qmgr`). Source: flush(8), ETRN_README.

use crate::ipc::{Attrs, Conn, trigger};
use crate::lookup::{MatchKind, MatchList};
use crate::queue::{self, READY};
use crate::server::Daemon;
use machine::{Errno, Open, Sys};

/// The request has been carried out.
pub(crate) const OK: i64 = 0;
/// It failed.
pub(crate) const FAIL: i64 = -1;
/// It makes no sense.
pub(crate) const BAD: i64 = 3;
/// fast_flush_domains does not name the domain.
pub(crate) const DENY: i64 = 4;

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let domains = match MatchList::of(&d.tables, "fast_flush_domains", MatchKind::Domains).await {
        Ok(domains) => domains,
        Err(why) => return d.log.fatal(&why).await,
    };
    d.jail().await;
    while let Some(mut conn) = d.server.client().await {
        // A letter from master is no list: time to look through all.
        match conn.recv().await {
            Some(ask) => serve(&d, &domains, &mut conn, &ask).await,
            None => refresh(&d, d.cfg.time("fast_flush_refresh_time")).await,
        }
        conn.close().await;
    }
    0
}

async fn serve(d: &Daemon, domains: &MatchList, conn: &mut Conn, ask: &Attrs) {
    let (site, id) = (ask.get("site"), ask.get("queue_id"));
    let status = match ask.get("request") {
        "add" if queue::id::is_valid(id) => match eligible(domains, site).await {
            OK => add(d, site, id).await,
            no => no,
        },
        "send_site" => match eligible(domains, site).await {
            OK => {
                let _ = trigger(&d.sys, "public/qmgr", b"F").await;
                send(d, &log_name(site), false).await;
                OK
            }
            no => no,
        },
        "send_file" if queue::id::is_valid(id) => {
            if move_to_incoming(d, id, true).await {
                let _ = trigger(&d.sys, "public/qmgr", b"I").await;
            }
            OK
        }
        "refresh" | "purge" => OK,
        _ => BAD,
    };
    let _ = conn.send(&Attrs::new().with_num("status", status)).await;
    match ask.get("request") {
        "refresh" => refresh(d, d.cfg.time("fast_flush_refresh_time")).await,
        "purge" => refresh(d, 0).await,
        _ => {}
    }
}

async fn eligible(domains: &MatchList, site: &str) -> i64 {
    match domains.matches(site).await {
        Ok(true) => OK,
        Ok(false) => DENY,
        Err(_) => FAIL,
    }
}

/// The name of a domain's log: what is neither letter nor digit becomes `_`.
fn log_name(site: &str) -> String {
    site.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn log_path(name: &str) -> String {
    format!("flush/{name}")
}

async fn add(d: &Daemon, site: &str, id: &str) -> i64 {
    let path = log_path(&log_name(site));
    let done = async {
        let fd = d.sys.open(&path, Open::APPEND, 0o600).await?;
        let done = d.sys.write(fd, format!("{id}\n").as_bytes()).await;
        d.sys.close(fd).await?;
        done
    };
    match done.await {
        Ok(()) => OK,
        Err(e) => {
            d.log.warn(format_args!("write fast flush logfile {path}: {e}"));
            FAIL
        }
    }
}

/// Moves the messages of a log to the incoming queue and empties it.
async fn send(d: &Daemon, name: &str, unthrottle: bool) {
    let path = log_path(name);
    let Ok(bytes) = d.sys.read_file(&path).await else { return };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut ids: Vec<&str> = Vec::new();
    for id in text.lines() {
        if !queue::id::is_valid(id) {
            let start: String = id.chars().take(30).collect();
            d.log.warn(format_args!("bad queue id \"{start}...\" in fast flush logfile {name}"));
        } else if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut count = text.lines().count();
    for id in ids {
        count += usize::from(move_to_incoming(d, id, unthrottle).await);
    }
    if count > 0 {
        let _ = d.sys.write_file(&path, b"", 0o600).await;
        let _ = trigger(&d.sys, "public/qmgr", b"I").await;
    }
}

/// Makes a deferred message due. With `unthrottle` its destination is tried even if it is dead: the group's bits say so.
async fn move_to_incoming(d: &Daemon, id: &str, unthrottle: bool) -> bool {
    let now = d.sys.now();
    for name in ["deferred", "incoming"] {
        let path = queue::path(name, id);
        match d.sys.utimes(&path, Some(now), Some(now)).await {
            Ok(()) => {}
            Err(e) => {
                if e != Errno::ENOENT {
                    d.log.warn(format_args!("flush_one_file: update {path} time stamps: {e}"));
                }
                continue;
            }
        }
        if unthrottle {
            let Ok(st) = d.sys.stat(&path).await else { return false };
            if st.mode & READY != READY {
                return false;
            }
            let _ = d.sys.chmod(&path, st.mode | queue::UNTHROTTLE).await;
        }
        if name == "deferred"
            && let Err(e) = queue::rename(&d.sys, id, name, "incoming").await
            && e != Errno::ENOENT
        {
            d.log.warn(format_args!("{path}: rename from {name} to incoming: {e}"));
        }
        return true;
    }
    false
}

/// Flushes the logs that nobody has read for so long, and removes old empty ones.
async fn refresh(d: &Daemon, max_age: i64) {
    let now = d.sys.now().secs() as i64;
    for entry in d.sys.read_dir("flush").await.unwrap_or_default() {
        let path = log_path(&entry.name);
        let Ok(st) = d.sys.stat(&path).await else { continue };
        if st.size == 0 {
            if (st.mtime.secs() as i64).saturating_add(d.cfg.time("fast_flush_purge_time")) < now {
                let _ = d.sys.unlink(&path).await;
            }
        } else if (st.atime.secs() as i64).saturating_add(max_age) < now {
            send(d, &entry.name, false).await;
        }
    }
}
