//! postdrop(1): puts a message from standard input into the maildrop queue, with the rights of the group that may.
//! Not here: making the records (`sendmail`), taking them on (`pickup`). Source: postdrop(1), login_sender_match(3).

use super::getopt::Getopt;
use crate::address::strip_extension;
use crate::address::tok::quote_local;
use crate::config::{Config, is_space};
use crate::ipc::{Attrs, Conn, put_record, trigger};
use crate::lookup::{Maps, MatchKind, MatchList, Tables};
use crate::maillog::Log;
use crate::post::stat;
use crate::queue::envelope::{cut_record, split_attr};
use crate::queue::{self, READY, rec};
use machine::{STDIN, STDOUT, Sys};

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::tool(&sys);
    let mut opts = Getopt::named(&sys, "postdrop");
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    while let Some((letter, value)) = opts.next("c:rv") {
        match letter {
            'c' => dir = value,
            'r' | 'v' => {}
            _ => return log.fatal("usage: postdrop [-c config_dir] [-v]").await,
        }
    }
    let cfg = match Config::load(&log, &dir, &[]).await {
        Ok(cfg) => cfg,
        Err(why) => return log.fatal(&why).await,
    };
    log.set_syslog_name(&cfg.str("syslog_name"));
    sys.umask(Some(0o022)).await;
    let uid = sys.ids().uid;
    match drop_message(&sys, &log, &cfg, uid).await {
        Ok(status) => status,
        Err(why) => log.fatal(&why).await,
    }
}

/// Attributes that users may set.
fn allowed(name: &str, value: &str) -> bool {
    match name {
        "encoding" => matches!(value, "7bit" | "8bit" | ""),
        "envelope_id" | "notify_flags" | "trace_flags" | "ret_flags" | "dsn_orig_rcpt" => true,
        "rewrite_context" => matches!(value, "local" | "remote"),
        _ => false,
    }
}

async fn drop_message(sys: &Sys, log: &Log, cfg: &Config, uid: u32) -> Result<i32, String> {
    let dir = cfg.str("queue_directory");
    sys.chdir(&dir).await.map_err(|e| format!("chdir {dir}: {e}"))?;
    let tables = Tables::strict(cfg);
    let users = MatchList::of(&tables, "authorized_submit_users", MatchKind::Strings).await?;
    let user = crate::account::by_uid(sys, uid).await.map_or_else(|| "unknown".to_string(), |a| a.name);
    let everyone = cfg.str("authorized_submit_users") == "static:anyone";
    if !everyone && !matches!(users.matches(&user).await, Ok(true)) {
        return Err(format!("User {user}({uid}) is not allowed to submit mail"));
    }
    let (fd, id) = queue::create(sys, "maildrop", false).await.map_err(|e| format!("create maildrop/{}: {e}", sys.pid()))?;
    let path = queue::path("maildrop", &id);
    let mut out = Vec::new();
    let now = sys.now();
    put_record(&mut out, rec::TIME, format!("{} {}", now.secs(), now.0 % 1_000_000).as_bytes());
    let _ = Conn::new(sys, STDOUT).send(&Attrs::new().with("protocol", "postdrop_protocol").with("queue_id", &id)).await;
    let mut input = Conn::new(sys, STDIN);
    match records(&tables, uid, &mut input, &mut out).await {
        Ok(true) => {}
        // The client has changed its mind.
        Ok(false) => {
            let _ = sys.unlink(&path).await;
            return Ok(0);
        }
        Err(Problem::Fatal(why)) => {
            let _ = sys.unlink(&path).await;
            return Err(why);
        }
        // Postfix leaves the file there.
        Err(Problem::Status(status, why)) => return answer(sys, status, &why).await,
    }
    let limit = cfg.int("message_size_limit");
    let status = if limit > 0 && out.len() as i64 > limit {
        stat::SIZE
    } else if sys.write(fd, &out).await.is_err() {
        stat::WRITE
    } else {
        let _ = sys.fsync(fd).await;
        let _ = sys.chmod(&path, READY | 0o044).await;
        0
    };
    let _ = sys.close(fd).await;
    if status == 0 {
        let _ = trigger(sys, "public/pickup", b"W").await;
    } else {
        let text = if status == stat::SIZE { machine::Errno::EFBIG } else { machine::Errno::EIO };
        log.warn(format_args!("uid={uid}: {text}"));
        let _ = sys.unlink(&path).await;
    }
    answer(sys, status, "").await
}

async fn answer(sys: &Sys, status: i64, why: &str) -> Result<i32, String> {
    let _ = Conn::new(sys, STDOUT).send(&Attrs::new().with_num("status", status).with("reason", why)).await;
    Ok(status as i32 & 0xff)
}

/// Whether the user may use this sender, by `local_login_sender_maps`; if not, status and reason.
async fn may_send(tables: &Tables, uid: u32, sender: &str) -> Result<(), Problem> {
    const NAME: &str = "local_login_sender_maps";
    let cfg = tables.cfg();
    let list = cfg.str(NAME);
    if list == "static:*" {
        return Ok(());
    }
    let user = crate::account::by_uid(tables.log().sys(), uid).await.map_or_else(|| format!("uid:{uid}"), |a| a.name);
    let maps = Maps::of(tables, NAME).await.map_err(Problem::Fatal)?;
    let Ok(found) = maps.find(&user).await else {
        return Err(Problem::Status(stat::WRITE, format!("{NAME} table lookup error for '{list}'")));
    };
    let null = cfg.str("empty_address_local_login_sender_maps_lookup_key");
    let mut quoted = false;
    let patterns = found.as_ref().map_or("", |hit| &hit.value).split(|c: char| {
        quoted ^= c == '"';
        !quoted && (c == ',' || is_space(c))
    });
    let (_, domain) = sender.split_at(sender.rfind('@').unwrap_or(sender.len()));
    let plain = quote_local(&strip_extension(cfg, sender).map_or_else(|| sender.to_string(), |(plain, _)| plain));
    for pattern in patterns.filter(|p| !p.is_empty()) {
        let wanted = match pattern {
            "*" => return Ok(()),
            _ if pattern.starts_with('@') => domain,
            _ if pattern.eq_ignore_ascii_case(&null) && sender.is_empty() => return Ok(()),
            _ if pattern.eq_ignore_ascii_case(&null) => continue,
            _ => &plain,
        };
        if pattern.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
    }
    Err(Problem::Status(stat::NOPERM, format!("not authorized to use sender='{sender}'")))
}

enum Problem {
    Fatal(String),
    Status(i64, String),
}

/// Copies the records; false at an end of file before their end.
async fn records(tables: &Tables, uid: u32, input: &mut Conn, out: &mut Vec<u8>) -> Result<bool, Problem> {
    const SEGMENTS: [&[u8]; 3] = [b"MFSRVAin", b"XLN", b"EAR"];
    let (mut segment, mut senders, mut rcpts) = (0, 0, 0);
    let (log, limit) = (tables.log(), tables.cfg().int("line_length_limit"));
    let mut refused = None;
    loop {
        let Some((kind, data)) = input.record().await else {
            let Some(what) = cut_record(input.rest(), limit) else { return Ok(false) };
            log.warn(format_args!("stdin: {what}"));
            return Err(Problem::Fatal(format!("uid={uid}: malformed input")));
        };
        let expected = SEGMENTS.get(segment).copied().unwrap_or(b"");
        if !expected.contains(&kind) {
            return Err(Problem::Fatal(format!("uid={uid}: unexpected record type: {kind}")));
        }
        if kind == expected[0] {
            segment += 1;
        }
        match kind {
            rec::FROM => {
                senders += 1;
                // The rest is read before the client is told.
                let sender = String::from_utf8_lossy(&data);
                refused = refused.or(may_send(tables, uid, &sender).await.err());
            }
            rec::RCPT => rcpts += 1,
            rec::ATTR => {
                let text = String::from_utf8_lossy(&data).into_owned();
                if !text.contains('=') {
                    let start: String = text.chars().take(200).collect();
                    log.warn(format_args!("uid={uid}: ignoring malformed record: missing attribute value: {start}"));
                    continue;
                }
                let (name, value) = split_attr(&text);
                if !allowed(name, value) {
                    log.warn(format_args!("uid={uid}: ignoring attribute record: {name}={value}"));
                    continue;
                }
            }
            _ => {}
        }
        put_record(out, kind, &data);
        if kind == rec::END {
            if let Some(problem) = refused {
                return Err(problem);
            }
            return if senders == 0 || rcpts == 0 { Err(Problem::Status(stat::BAD, String::new())) } else { Ok(true) };
        }
    }
}
