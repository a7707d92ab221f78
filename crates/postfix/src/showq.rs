//! showq(8): lists the queues for `postqueue -p`. One attribute list for each message, an empty one at the end:
//! queue_name, queue_id, time, size, forced_expire, sender, then recipient and reason for each recipient.
//! Not here: the form of the listing (`cli`). Source: showq(8).

use crate::address::tok::quote_local;
use crate::bounce::read_journal;
use crate::ipc::{Attrs, Conn};
use crate::queue;
use crate::queue::envelope::Envelope;
use crate::restrictions::check::printable;
use crate::server::Daemon;
use machine::{STDOUT, Stat, Sys};

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    d.jail().await;
    if d.server.alone {
        list(&d, &mut Conn::new(&sys, STDOUT)).await;
        return 0;
    }
    while let Some(mut conn) = d.server.client().await {
        list(&d, &mut conn).await;
        conn.close().await;
    }
    0
}

async fn list(d: &Daemon, conn: &mut Conn) {
    for name in ["maildrop", "active", "incoming", "deferred", "hold"] {
        for (id, path) in queue::list(&d.sys, name).await {
            let Some(st) = queue::ready(&d.sys, &d.log, &path).await else { continue };
            let Some(row) = report(d, name, &id, &path, &st).await else { continue };
            if conn.send(&row).await.is_err() {
                return;
            }
        }
    }
    let _ = conn.send(&Attrs::new()).await;
}

fn shown(d: &Daemon, addr: &str) -> String {
    let addr = if addr.is_empty() { d.cfg.str("empty_address_recipient") } else { addr.to_string() };
    printable(&quote_local(&addr), '?', d.cfg.bool("smtputf8_enable"))
}

/// One message.
async fn report(d: &Daemon, name: &str, id: &str, path: &str, st: &Stat) -> Option<Attrs> {
    let file = match d.sys.read_file(path).await {
        Ok(file) => file,
        Err(machine::Errno::ENOENT) => return None,
        Err(e) => {
            d.log.warn(format_args!("open {name} {id}: {e}"));
            return None;
        }
    };
    let envelope = Envelope::parse(&file)?;
    let sender = shown(d, envelope.sender.as_deref()?);
    let arrival = match envelope.arrival.secs() {
        0 => st.mtime.secs(),
        at => at,
    };
    let size = if envelope.data_offset > 0 { envelope.size } else { st.size as i64 };
    let mut row = Attrs::new()
        .with("queue_name", name)
        .with("queue_id", id)
        .with_num("time", arrival as i64)
        .with_num("size", size)
        .with_num("forced_expire", i64::from(st.mode & queue::EXPIRE != 0))
        .with("sender", &sender);
    // The defer log first: it says why; then those that are not in it.
    let mut seen: Vec<String> = Vec::new();
    for record in read_journal(d, "defer", id).await.unwrap_or_default() {
        row.push("recipient", &record.rcpt.addr);
        row.push("reason", &record.dsn.reason);
        seen.push(record.rcpt.addr);
    }
    for rcpt in &envelope.rcpts {
        let addr = shown(d, &rcpt.addr);
        if !seen.contains(&addr) {
            row.push("recipient", &addr);
            row.push("reason", "");
        }
    }
    Some(row)
}
