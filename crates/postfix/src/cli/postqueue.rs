//! postqueue(1): lists the queue, in mailq's form or as JSON, and has messages tried at once. Not here: where the listing comes from
//! (`showq`). Source: postqueue(1).

use super::{Getopt, may};
use crate::config::Config;
use crate::flush;
use crate::ipc::{Attrs, Conn, ask_once, trigger};
use crate::lookup::{MatchKind, MatchList, Tables};
use crate::maillog::Log;
use crate::queue::id;
use crate::smtpd::hostname::valid_hostname;
use machine::{ChildStatus, DateTime, Errno, OnSignal, STDIN, STDOUT, Signal, SimTime, Spawn, Sys, WaitFor};

const UNAVAILABLE: i32 = 69;
const USAGE: &str = "usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site";
const DOWN: &str = "Cannot flush mail queue - mail system is down";

/// The program. Whatever fails, its exit status is EX_UNAVAILABLE.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::named(&sys, "postqueue");
    match run(&sys, &log).await {
        Ok(()) => 0,
        Err(text) => log.last_words(UNAVAILABLE, &text),
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<(), String> {
    sys.umask(Some(0o022)).await;
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut mode: Option<(char, String)> = None;
    let mut opts = Getopt::named(sys, "postqueue");
    while let Some((letter, value)) = opts.next("c:fi:jps:v") {
        match letter {
            'c' => dir = value,
            'v' => sys.unsupported("-v"),
            'f' | 'i' | 'j' | 'p' | 's' if mode.is_none() => mode = Some((letter, value)),
            _ => return Err(USAGE.to_string()),
        }
    }
    if !opts.rest().is_empty() {
        return Err(USAGE.to_string());
    }
    let cfg = Config::load(log, &dir, &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let queue = cfg.str("queue_directory");
    sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
    let Some((letter, value)) = mode else { return Err(USAGE.to_string()) };
    let short: String = value.chars().take(100).collect();
    let dots = if short.len() < value.len() { "..." } else { "" };
    if letter == 's' && !is_host(&value) {
        return Err(format!("Cannot flush mail queue - invalid destination: \"{short}{dots}\""));
    }
    if letter == 'i' && !id::is_valid(&value) {
        return Err(format!("Cannot flush queue ID - invalid name: \"{short}{dots}\""));
    }
    let (list, what) = if matches!(letter, 'j' | 'p') {
        ("authorized_mailq_users", "view the mail queue")
    } else {
        ("authorized_flush_users", "flush the mail queue")
    };
    let uid = sys.ids().uid;
    if uid != 0 && crate::account::by_name(sys, &cfg.str("mail_owner")).await.is_none_or(|a| a.uid != uid) {
        may(&cfg, list, what).await?;
    }
    match letter {
        'f' => {
            for (path, letters) in [("public/qmgr", &b"FADI"[..]), ("public/pickup", b"W")] {
                trigger(sys, path, letters).await.map_err(|_| DOWN.to_string())?;
            }
            Ok(())
        }
        's' => {
            let tables = Tables::strict(&cfg);
            let domains = MatchList::of(&tables, "fast_flush_domains", MatchKind::Domains).await?;
            let status = match domains.matches(&value).await {
                Ok(true) => ask_flush(sys, &cfg, &Attrs::new().with("request", "send_site").with("site", &value)).await,
                Ok(false) => flush::DENY,
                Err(_) => flush::FAIL,
            };
            flushed(status, &value)
        }
        'i' => flushed(ask_flush(sys, &cfg, &Attrs::new().with("request", "send_file").with("queue_id", &value)).await, &value),
        _ => list_queue(sys, log, &cfg, letter == 'j').await,
    }
}

/// A domain name or an address in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(literal) => machine::resolver::numeric(literal).is_some(),
        None => valid_hostname(text),
    }
}

async fn ask_flush(sys: &Sys, cfg: &Config, request: &Attrs) -> i64 {
    let path = format!("public/{}", cfg.str("flush_service_name"));
    ask_once(sys, &path, request).await.map_or(flush::FAIL, |a| a.num("status"))
}

fn flushed(status: i64, what: &str) -> Result<(), String> {
    match status {
        flush::OK => Ok(()),
        flush::BAD => Err(format!("Invalid request: \"{what}\"")),
        flush::DENY => Err(format!("Flush service is not configured for destination \"{what}\"")),
        _ => Err(DOWN.to_string()),
    }
}

async fn list_queue(sys: &Sys, log: &Log, cfg: &Config, json: bool) -> Result<(), String> {
    let service = cfg.str("showq_service_name");
    let connect = format!("Connect to the {} {service} service", cfg.str("mail_name"));
    match Conn::connect(sys, &format!("public/{service}")).await {
        Ok(conn) => {
            show(sys, cfg, conn, json).await;
            Ok(())
        }
        Err(e @ (Errno::EACCES | Errno::EPERM)) => Err(format!("{connect}: {e}")),
        Err(e) if sys.euid() != 0 => Err(format!("Queue report unavailable - mail system is down ({connect}: {e})")),
        Err(e) => {
            log.warn(format_args!("Mail system is down -- accessing queue directly ({connect}: {e})"));
            let path = format!("{}/{service}", cfg.str("daemon_directory"));
            let failed = || format!("Error running {path}");
            let (from, to) = sys.pipe().await.map_err(|_| failed())?;
            let argv = vec![path.clone(), "-u".to_string(), "-S".to_string()];
            let child = Spawn { fds: vec![(STDIN, STDIN), (STDOUT, to), (2, 2)], ..Spawn::exec(path.clone(), argv) };
            let pid = sys.spawn(child).await.map_err(|_| failed())?;
            let _ = sys.close(to).await;
            show(sys, cfg, Conn::new(sys, from), json).await;
            match sys.wait(WaitFor::Pid(pid), true, false).await {
                Ok(Some((_, ChildStatus::Exited(0)))) => Ok(()),
                _ => Err(failed()),
            }
        }
    }
}

/// Reads the listing and prints it.
async fn show(sys: &Sys, cfg: &Config, mut conn: Conn, json: bool) {
    let long = cfg.bool("enable_long_queue_ids");
    let (mut count, mut size) = (0u64, 0i64);
    while let Some(row) = conn.recv().await.filter(|row| !row.0.is_empty()) {
        if json {
            json_row(sys, &row);
        } else {
            if count > 0 {
                sys.print(STDOUT, format_args!("\n"));
            } else if long {
                sys.print(STDOUT, format_args!("----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n"));
            } else {
                sys.print(STDOUT, format_args!("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"));
            }
            mailq_row(sys, &row, long);
        }
        count += 1;
        size += row.num("size");
    }
    conn.close().await;
    if json {
    } else if count == 0 {
        sys.print(STDOUT, format_args!("Mail queue is empty\n"));
    } else {
        let s = if count == 1 { "" } else { "s" };
        sys.print(STDOUT, format_args!("\n-- {} Kbytes in {count} Request{s}.\n", size / 1024));
    }
}

/// Recipients with their reasons.
fn recipients(row: &Attrs) -> impl Iterator<Item = (&str, &str)> {
    let at = row.0.iter().position(|(n, _)| n == "recipient").unwrap_or(row.0.len());
    row.0[at..].chunks_exact(2).map(|pair| (pair[0].1.as_str(), pair[1].1.as_str()))
}

fn mailq_row(sys: &Sys, row: &Attrs, long: bool) {
    let mark = match row.get("queue_name") {
        "active" => "*",
        "hold" => "!",
        _ => "",
    };
    let id = [row.get("queue_id"), mark, if row.num("forced_expire") != 0 { "#" } else { "" }].concat();
    let at = DateTime::new(SimTime::from_secs(row.num("time").max(0) as u64), sys.utc_offset());
    let (day, month) = (at.day_name(), at.month_name());
    let time = format!("{day} {month} {:>2} {:02}:{:02}:{:02}", at.day, at.hour, at.minute, at.second);
    let (size, sender) = (row.num("size"), row.get("sender"));
    if long {
        sys.print(STDOUT, format_args!("{id:<17} {size:>8} {time:>19} {sender}\n"));
    } else {
        sys.print(STDOUT, format_args!("{id:<11} {size:>7} {time:<20} {sender}\n"));
    }
    let mut last = "";
    for (rcpt, why) in recipients(row) {
        if why != last {
            last = why;
            let why = if why.is_empty() { "reason unavailable" } else { why };
            let width = 76usize.saturating_sub(why.len());
            sys.print(STDOUT, format_args!("{:width$}({why})\n", ""));
        }
        let indent = if long { 47 } else { 41 };
        sys.print(STDOUT, format_args!("{:indent$}{rcpt}\n", ""));
    }
}

fn json_row(sys: &Sys, row: &Attrs) {
    let text = |name: &str| quoted(row.get(name));
    sys.print(STDOUT, format_args!("{{\"queue_name\": {}, \"queue_id\": {}, ", text("queue_name"), text("queue_id")));
    sys.print(STDOUT, format_args!("\"arrival_time\": {}, \"message_size\": {}, ", row.num("time"), row.num("size")));
    let expired = if row.num("forced_expire") != 0 { "true" } else { "false" };
    sys.print(STDOUT, format_args!("\"forced_expire\": {expired}, \"sender\": {}, \"recipients\": [", text("sender")));
    for (i, (rcpt, why)) in recipients(row).enumerate() {
        sys.print(STDOUT, format_args!("{}{{\"address\": {}", if i > 0 { ", " } else { "" }, quoted(rcpt)));
        if !why.is_empty() {
            sys.print(STDOUT, format_args!(", \"delay_reason\": {}", quoted(why)));
        }
        sys.print(STDOUT, format_args!("}}"));
    }
    sys.print(STDOUT, format_args!("]}}\n"));
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' | '"' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            '\x08' => out += "\\b",
            '\x0c' => out += "\\f",
            c if c.is_ascii_control() => out += &format!("\\u{:04X}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
