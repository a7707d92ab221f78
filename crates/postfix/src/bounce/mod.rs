//! bounce(8), in its three services bounce, defer and trace: logs of what became of recipients, and the notices made of them.
//! Not here: the form of a notice (`notice`), its texts (`template`), the log files (`journal`). Source: bounce(8), RFC 3464.

pub(crate) mod journal;
mod notice;
mod template;

pub(crate) use journal::{Record, read as read_journal};

use crate::ipc::{Attrs, Conn};
use crate::post::Post;
use crate::queue;
use crate::queue::envelope::verp_sender;
use crate::report::{Dsn, flag, notify};
use crate::server::Daemon;
use crate::why;
use machine::{Because, Sys, Trace};
use notice::Notice;
pub(crate) use template::show as show_templates;
use template::{Kind, Templates};

/// Requests.
pub(crate) const APPEND: i64 = 0;
/// Tell the sender that the message is returned.
pub(crate) const FLUSH: i64 = 1;
/// Tell the sender that the message waits.
pub(crate) const WARN: i64 = 2;
/// Tell the sender that the message is returned, each recipient in a notice of its own to an address that names it.
pub(crate) const VERP: i64 = 3;
/// A notice of one recipient that is not in a log.
pub(crate) const ONE: i64 = 4;
/// Tell the sender what was delivered.
pub(crate) const TRACE: i64 = 5;
/// Flag: take the recipients off the queue file too.
pub(crate) const DELETE_RCPT: i64 = 1 << 1;

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    if let Err(why) = crate::post::old_from(&d.cfg) {
        return d.log.fatal(&why).await;
    }
    let mut templates = match Templates::read(&d.cfg, &d.log).await {
        Ok(templates) => templates,
        Err(why) => return d.log.fatal(&why).await,
    };
    d.jail().await;
    while let Some(mut conn) = d.server.client().await {
        if let Err(why) = serve(&d, &mut templates, &mut conn).await {
            return d.log.fatal(&why).await;
        }
        conn.close().await;
    }
    0
}

/// Serves one request.
///
/// # Errors
/// The text of a fatal message.
async fn serve(d: &Daemon, t: &mut Templates, conn: &mut Conn) -> Result<(), String> {
    let Some(ask) = conn.recv().await else { return Ok(()) };
    let service = d.server.service.as_str();
    let ok = match ask.num("nrequest") {
        APPEND => journal::append(&d.sys, service, &ask).await,
        FLUSH => returned(d, t, &ask, None).await?,
        VERP => returned_verp(d, t, &ask).await?,
        WARN => waiting(d, t, &ask).await?,
        ONE => {
            let record = Record { rcpt: crate::deliver::get_rcpt(&ask), dsn: Dsn::get(&ask) };
            returned(d, t, &ask, Some(record)).await?
        }
        TRACE => delivered(d, t, &ask).await?,
        _ => false,
    };
    let _ = conn.send(&Attrs::new().with_num("status", if ok { 0 } else { -1 })).await;
    Ok(())
}

/// Logs that a notice went out, and says for whose sake.
fn told(d: &Daemon, n: &Notice, what: &str, new: &str, by: &[&str]) {
    if new.is_empty() {
        return;
    }
    let text = format!("{}: {what}: {new}", n.id);
    let mut trace = Trace::new(d.log.tag(), text.clone());
    trace.queue_id = Some(n.id.clone());
    let row = |r: &Record| Because::State { what: format!("{}: {} {}", r.rcpt.addr, r.dsn.status, r.dsn.reason) };
    trace.because = n.records.iter().map(row).chain(by.iter().map(|name| why::parameter(&d.cfg, name))).collect();
    d.log.info_of(d.sys.trace(trace), format_args!("{text}"));
}

/// Composes and posts one notice. `None`: it could not be posted; `Some("")`: no recipient wants one.
async fn send(d: &Daemon, n: &Notice<'_>, from: &str, to: &str, copy: bool, filter: i64, full: bool) -> Posted {
    let rows: Vec<&Record> = n.records.iter().filter(|r| filter == 0 || r.rcpt.notify == 0 || r.rcpt.notify & filter != 0).collect();
    let nobody = rows.is_empty() && (n.kind != Kind::Failure || n.log_found);
    if nobody && !n.single {
        // That nobody wants to know is only found when the notice is begun.
        let Some(mut post) = Post::open(&d.sys, &d.cfg, from, to, "bounce", (0, n.utf8())).await else { return Ok(None) };
        n.begin(d, &mut post, to, copy)?;
        post.cancel().await;
    }
    if nobody {
        return Ok(Some(String::new()));
    }
    post(d, n, (from, to), copy, &rows, full).await
}

/// The queue id of a notice that was posted, or the text of a fatal message.
type Posted = Result<Option<String>, String>;

/// Posts a notice of these recipients.
async fn post(d: &Daemon, n: &Notice<'_>, (from, to): (&str, &str), copy: bool, rows: &[&Record], full: bool) -> Posted {
    let Some(mut post) = Post::open(&d.sys, &d.cfg, from, to, "bounce", (0, n.utf8())).await else { return Ok(None) };
    n.compose(d, &mut post, to, copy, rows, full)?;
    let id = post.id.clone();
    Ok(post.finish().await.then_some(id))
}

fn double_bounce(d: &Daemon) -> String {
    format!("{}@{}", d.cfg.str("double_bounce_sender"), d.cfg.str("myhostname"))
}

fn classes(d: &Daemon, names: &[&str]) -> bool {
    d.cfg.list("notify_classes").iter().any(|c| names.contains(&c.as_str()))
}

/// A returned message: a notice to the sender, to postmaster if the sender is the null address, and copies by notify_classes.
async fn returned(d: &Daemon, t: &mut Templates, ask: &Attrs, one: Option<Record>) -> Result<bool, String> {
    let service = d.server.service.as_str();
    let (id, sender) = (ask.get("queue_id").to_string(), ask.get("sender").to_string());
    let n = Notice::load(d, t, ask, Kind::Failure, one).await;
    let double = double_bounce(d);
    let mut done = false;
    if sender.eq_ignore_ascii_case(&double) {
        d.log.warn(format_args!("{id}: undeliverable postmaster notification discarded"));
        done = true;
    } else if sender.is_empty() {
        if !classes(d, &["2bounce", "bounce"]) {
            done = true;
        } else if let Some(new) = send(d, &n, &double, &d.cfg.str("2bounce_notice_recipient"), true, 0, true).await? {
            told(d, &n, "postmaster non-delivery notification", &new, &["notify_classes", "2bounce_notice_recipient"]);
            done = true;
        }
    } else {
        let full = ask.num("ret_flags") != 2;
        if let Some(new) = send(d, &n, "", &sender, false, notify::FAILURE, full).await? {
            told(d, &n, "sender non-delivery notification", &new, &[]);
            done = true;
        }
        if done && classes(d, &["bounce"]) {
            match send(d, &n, &double, &d.cfg.str("bounce_notice_recipient"), true, 0, false).await? {
                Some(new) => told(d, &n, "postmaster non-delivery notification", &new, &["notify_classes", "bounce_notice_recipient"]),
                None => d.log.warn(format_args!("{id}: postmaster notice failed while bouncing to {sender}")),
            }
        }
    }
    if done {
        if ask.num("flags") & DELETE_RCPT != 0 {
            n.delete_recipients(&d.sys).await;
        }
        if !n.single {
            let _ = d.sys.unlink(&queue::path(service, &id)).await;
        }
    }
    Ok(done)
}

/// A returned message with VERP: a notice for each recipient.
async fn returned_verp(d: &Daemon, t: &mut Templates, ask: &Attrs) -> Result<bool, String> {
    let service = d.server.service.as_str();
    let (id, sender) = (ask.get("queue_id").to_string(), ask.get("sender").to_string());
    let n = Notice::load(d, t, ask, Kind::Failure, None).await;
    if !n.log_found {
        return returned(d, t, ask, None).await;
    }
    let full = ask.num("ret_flags") != 2;
    for record in &n.records {
        if record.rcpt.notify == 0 || record.rcpt.notify & notify::FAILURE != 0 {
            let to = verp_sender(ask.get("verp_delimiters"), &sender, &record.rcpt);
            let Some(new) = post(d, &n, ("", &to), false, &[record], full).await? else { return Ok(false) };
            told(d, &n, "sender non-delivery notification", &new, &[]);
        }
        if classes(d, &["bounce"]) {
            match post(d, &n, (&double_bounce(d), &d.cfg.str("bounce_notice_recipient")), true, &[record], false).await? {
                Some(new) => told(d, &n, "postmaster non-delivery notification", &new, &["notify_classes", "bounce_notice_recipient"]),
                None => d.log.warn(format_args!("{id}: postmaster notice failed while bouncing to {sender}")),
            }
        }
    }
    let _ = d.sys.unlink(&queue::path(service, &id)).await;
    Ok(true)
}

/// A waiting message: a notice to the sender. The log stays.
async fn waiting(d: &Daemon, t: &mut Templates, ask: &Attrs) -> Result<bool, String> {
    let (id, sender) = (ask.get("queue_id").to_string(), ask.get("sender").to_string());
    let n = Notice::load(d, t, ask, Kind::Delay, None).await;
    let double = double_bounce(d);
    if sender.eq_ignore_ascii_case(&double) {
        d.log.warn(format_args!("{id}: undeliverable postmaster notification discarded"));
        return Ok(true);
    }
    let postmaster = classes(d, &["delay"]);
    let mut done = sender.is_empty();
    if !sender.is_empty()
        && let Some(new) = send(d, &n, "", &sender, false, notify::DELAY, false).await?
    {
        told(d, &n, "sender delay notification", &new, &["delay_warning_time"]);
        done = true;
    }
    if done && postmaster {
        let full = sender.is_empty();
        match send(d, &n, &double, &d.cfg.str("delay_notice_recipient"), true, 0, full).await? {
            Some(new) => told(d, &n, "postmaster delay notification", &new, &["notify_classes", "delay_notice_recipient"]),
            None if sender.is_empty() => done = false,
            None => d.log.warn(format_args!("{id}: postmaster notice failed while warning {sender}")),
        }
    }
    Ok(done)
}

/// Delivery reports: DSN success notices, `sendmail -v` and `-bv`.
async fn delivered(d: &Daemon, t: &mut Templates, ask: &Attrs) -> Result<bool, String> {
    let service = d.server.service.as_str();
    let id = ask.get("queue_id").to_string();
    let mut to = ask.get("sender").to_string();
    let double = double_bounce(d);
    let mut from = String::new();
    if to.eq_ignore_ascii_case(&double) {
        d.log.info(format_args!("{id}: not sending trace/success notification for double-bounce message"));
        return Ok(true);
    }
    if to.is_empty() {
        if !classes(d, &["2bounce"]) {
            d.log.info(format_args!("{id}: not sending trace/success notification for single-bounce message"));
            let _ = d.sys.unlink(&queue::path(service, &id)).await;
            return Ok(true);
        }
        to = d.cfg.str("2bounce_notice_recipient");
        from = double;
    }
    let kind = if ask.num("flags") & (flag::USR_VRFY | flag::RECORD) != 0 { Kind::Verify } else { Kind::Success };
    let n = Notice::load(d, t, ask, kind, None).await;
    if !n.log_found {
        return Ok(true);
    }
    let Some(new) = send(d, &n, &from, &to, false, 0, false).await? else { return Ok(false) };
    told(d, &n, "sender delivery status notification", &new, &[]);
    let _ = d.sys.unlink(&queue::path(service, &id)).await;
    Ok(true)
}
