//! pickup(8): takes the messages that postdrop(1) left in the maildrop queue to cleanup.
//! Not here: completing them (`cleanup`). Source: pickup(8).

use crate::ipc::{Attrs, Conn, put_record, record_at};
use crate::post::{autodetect, clean, mail_date, stat};
use crate::queue::envelope::{cut_record, split_attr};
use crate::queue::{self, rec};
use crate::server::Daemon;
use machine::{DirEntry, Errno, SimTime, Stat, Sys};
use std::future::Future;
use std::pin::Pin;

/// Attributes that may stand behind the content; others there come from an earlier life of the message.
const EXTRACTED: [&str; 2] = ["dsn_orig_rcpt", "notify_flags"];

/// The daemon. Taking a message lies behind another door.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let owner = crate::account::by_name(&sys, &d.cfg.str("mail_owner")).await.map_or(0, |o| o.uid);
    d.jail().await;
    loop {
        let idle = sys.now().plus_secs(d.cfg.time("max_idle").max(0) as u64);
        let Some((letters, _)) = d.server.trigger(&[], Some(idle)).await else { return 0 };
        if letters.is_empty() {
            return 0;
        }
        // Until there is nothing more that can be taken.
        loop {
            let mut taken = 0;
            // Of this queue no subdirectory is looked into.
            for DirEntry { name, .. } in sys.read_dir("maildrop").await.unwrap_or_default() {
                if queue::id::is_valid(&name) {
                    let look: &Look = sys.part("pickup, with a message").await;
                    taken += usize::from(look(&d, owner, &name).await);
                }
            }
            if taken == 0 {
                break;
            }
        }
    }
}

type Look = for<'a> fn(&'a Daemon, u32, &'a str) -> Pin<Box<dyn Future<Output = bool> + 'a>>;

/// Looks at one file. True: it is gone.
pub(crate) static LOOK: Look = |d, owner, id| Box::pin(look(d, owner, id));

async fn look(d: &Daemon, owner: u32, id: &str) -> bool {
    let path = &format!("maildrop/{id}");
    let Some(st) = queue::ready(&d.sys, &d.log, path).await else { return false };
    let file = match d.sys.read_file(path).await {
        Ok(_) if st.nlink > 1 => {
            d.log.warn(format_args!("open input file {path}: file has {} hard links", st.nlink));
            None
        }
        Ok(file) => Some(file),
        Err(Errno::ENOENT) => return false,
        Err(e) => {
            d.log.warn(format_args!("open input file {path}: cannot open file: {e}"));
            if e == Errno::EACCES {
                let hint = "if this file was created by Postfix < 1.1, then you may have to chmod a+r";
                d.log.warn(format_args!("{hint} {}/{path}", d.cfg.str("queue_directory")));
            }
            return false;
        }
    };
    // What cannot be opened for good is removed like what has been taken.
    if let Some(file) = file
        && !copy(d, owner, id, path, &st, &file).await
    {
        return false;
    }
    match d.sys.unlink(path).await {
        Ok(()) => true,
        Err(e) => {
            d.log.warn(format_args!("remove {path}: {e}"));
            false
        }
    }
}

/// Gives one message to cleanup. True: the file is no longer needed.
async fn copy(d: &Daemon, owner: u32, old: &str, path: &str, st: &Stat, file: &[u8]) -> bool {
    let sys = &d.sys;
    let mut conn = loop {
        match Conn::connect(sys, "public/cleanup").await {
            Ok(conn) => break conn,
            Err(e) => {
                d.log.warn(format_args!("connect to public/cleanup: {e}"));
                let _ = sys.sleep(10_000_000).await;
            }
        }
    };
    let done = async {
        let id = conn.recv().await?.get("queue_id").to_string();
        let mut flags = clean::BOUNCE | clean::EXTERNAL | autodetect(&d.cfg, "sendmail").unwrap_or(0);
        for option in d.cfg.list("receive_override_options") {
            match option.as_str() {
                "no_address_mappings" => flags &= !(clean::BCC_OK | clean::MAP_OK),
                "no_header_body_checks" => flags &= !clean::FILTER,
                _ => {}
            }
        }
        conn.send(&Attrs::new().with_num("flags", flags)).await.ok()?;
        let requeued = st.uid == owner && st.mode & 0o004 == 0;
        let orig = if requeued { format!(" orig_id={old}") } else { String::new() };
        let mut message = Vec::new();
        let wrong = records(d, path, st, (&id, &orig), file, &mut message);
        conn.write(&message).await.ok()?;
        if let Err(text) = wrong {
            d.log.warn(format_args!("{text}"));
            return Some(true);
        }
        let answer = conn.recv().await?;
        let status = answer.num("status");
        if status != 0 && answer.get("reason").is_empty() {
            d.log.warn(format_args!("{path}: error writing {id}: {}", stat::detail(status).2));
        }
        Some(status == 0 || status & (stat::BAD | stat::RCPT) != 0)
    };
    let done = done.await.unwrap_or(false);
    conn.close().await;
    done
}

/// The records for cleanup: envelope, content with a `Received:` field in front, what stands behind it.
/// Where one of them is wrong, those before it have been put out.
fn records(d: &Daemon, path: &str, st: &Stat, (id, orig): (&str, &str), file: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    const ENVELOPE: &[u8] = b"MCTcFILSDRO/WVA>K<ion";
    const CONTENT: &[u8] = b"XLNw";
    const EXTRACT: &[u8] = b"EDRO/PreAFIL>Kon";
    let (uid, now) = (st.uid, d.sys.now());
    let mut mtime = st.mtime;
    if mtime > now.plus_secs(7200) {
        d.log.warn(format_args!("{id}: message dated {} seconds into the future", mtime.secs() - now.secs()));
        mtime = now;
    } else if mtime.plus_secs(86400) < now {
        let days = now.secs().saturating_sub(mtime.secs()) / 86400;
        d.log.warn(format_args!("{id}: message has been queued for {days} days"));
    }
    let filter = d.cfg.str("content_filter");
    if !filter.is_empty() {
        put_record(out, rec::FILT, filter.as_bytes());
    }
    let (mut pos, mut expected, mut timed, mut first) = (0, ENVELOPE, false, true);
    let mut sender: Option<String> = None;
    loop {
        let bad = |kind: i32| format!("uid={uid}: unexpected or malformed record type {kind}");
        let Some((kind, from, to)) = record_at(file, pos) else {
            let Some(what) = cut_record(file, d.cfg.int("line_length_limit")) else { return Err(bad(-1)) };
            d.log.warn(format_args!("{path}: {what}"));
            return Err(bad(-2));
        };
        if !expected.contains(&kind) {
            return Err(bad(i32::from(kind)));
        }
        pos = to;
        let data = &file[from..to];
        if kind == expected[0] {
            match kind {
                rec::MESG => {
                    let Some(sender) = &sender else { return Err(format!("{id}: uid={uid}: no envelope sender")) };
                    d.log.info(format_args!("{id}: uid={uid} from=<{}>{orig}", d.log.address(sender)));
                    put_record(out, rec::MESG, b"");
                    received(d, uid, id, mtime, out);
                    expected = CONTENT;
                }
                rec::XTRA => {
                    put_record(out, rec::XTRA, b"");
                    expected = EXTRACT;
                }
                _ => {
                    put_record(out, rec::END, b"");
                    return Ok(());
                }
            }
            continue;
        }
        let text = String::from_utf8_lossy(data);
        match kind {
            rec::FROM if expected == ENVELOPE => {
                sender.get_or_insert(text.into_owned());
                if !timed {
                    put_record(out, rec::TIME, mtime.secs().to_string().as_bytes());
                }
            }
            rec::TIME => timed = true,
            // Left over from before `postsuper -r`.
            rec::FILT | rec::RDR if expected != CONTENT => continue,
            rec::RRTO | rec::ERTO if expected == EXTRACT => continue,
            rec::ATTR if expected == EXTRACT && !EXTRACTED.contains(&split_attr(&text).0) => continue,
            rec::NORM | rec::CONT if expected == CONTENT && first => {
                first = false;
                // White space would go on with the field in front.
                if matches!(data.first(), Some(b' ' | b'\t')) {
                    put_record(out, rec::NORM, b"");
                }
            }
            _ => {}
        }
        put_record(out, kind, data);
    }
}

fn received(d: &Daemon, uid: u32, id: &str, at: SimTime, out: &mut Vec<u8>) {
    let (host, name) = (d.cfg.str("myhostname"), d.cfg.str("mail_name"));
    put_record(out, rec::NORM, format!("Received: by {host} ({name}, from userid {uid})").as_bytes());
    put_record(out, rec::NORM, format!("\tid {id}; {}", mail_date(&d.sys, at)).as_bytes());
}
