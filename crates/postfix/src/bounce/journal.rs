//! The per-message logs in `bounce/`, `defer/` and `trace/`: one block of `name=value` lines for each recipient.
//! Source: bounce_append_service(3), bounce_log(3).

use crate::address::tok::quote_local;
use crate::deliver::get_rcpt;
use crate::ipc::Attrs;
use crate::queue;
use crate::queue::envelope::Rcpt;
use crate::report::Dsn;
use crate::restrictions::check;
use crate::server::Daemon;
use machine::{Open, Sys};

/// What became of a recipient.
#[derive(Clone)]
pub(crate) struct Record {
    /// The recipient; `orig` is empty if it is the same.
    pub(crate) rcpt: Rcpt,
    /// The status.
    pub(crate) dsn: Dsn,
}

/// Control characters become `?`.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_control() { '?' } else { c }).collect()
}

/// Appends what a delivery agent reports.
pub(super) async fn append(sys: &Sys, service: &str, ask: &Attrs) -> bool {
    let id = ask.get("queue_id");
    if !queue::id::is_valid(id) {
        return false;
    }
    queue::make_dir(sys, service, id).await;
    let (r, dsn) = (get_rcpt(ask), Dsn::get(ask));
    let addr = if r.addr.is_empty() { String::new() } else { quote_local(&r.addr) };
    let mut text = format!("\n<{}>: {}\n", printable(&addr), printable(&dsn.reason));
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() && value != "0" {
            text.push_str(name);
            text.push('=');
            text.push_str(&printable(value));
            text.push('\n');
        }
    };
    put("recipient", if r.addr.is_empty() { "<>" } else { &addr });
    if !r.orig.is_empty() && !r.orig.eq_ignore_ascii_case(&r.addr) {
        put("original_recipient", &quote_local(&r.orig));
    }
    put("offset", &r.offset.to_string());
    put("dsn_orig_rcpt", &r.dsn_orcpt);
    put("notify_flags", &r.notify.to_string());
    put("status", &dsn.status);
    put("action", &dsn.action);
    if !dsn.dtype.is_empty() && !dsn.dtext.is_empty() {
        put("diag_type", &dsn.dtype);
        put("diag_text", &dsn.dtext);
    }
    if !dsn.mtype.is_empty() && !dsn.mname.is_empty() {
        put("mta_type", &dsn.mtype);
        put("mta_mname", &dsn.mname);
    }
    put("reason", &dsn.reason);
    text.push('\n');
    let Ok(fd) = sys.open(&queue::path(service, id), Open::APPEND, 0o600).await else { return false };
    let done = sys.write(fd, text.as_bytes()).await.is_ok();
    sys.close(fd).await.is_ok() && done
}

/// Reads the log of a message, as printable as `smtputf8_enable` allows; `None` if there is none.
pub(crate) async fn read(d: &Daemon, service: &str, id: &str) -> Option<Vec<Record>> {
    let bytes = d.sys.read_file(&queue::path(service, id)).await.ok()?;
    let utf8 = d.cfg.bool("smtputf8_enable");
    let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(|line| check::printable(line, '?', utf8)).collect();
    Some(parse(&lines.join("\n")))
}

/// The blocks of a log.
pub(crate) fn parse(text: &str) -> Vec<Record> {
    let mut out = Vec::new();
    for block in text.split("\n\n") {
        let (mut rcpt, mut dsn, mut any) = (Rcpt::default(), Dsn::default(), false);
        for line in block.lines().filter(|l| !l.is_empty() && !l.starts_with('<')) {
            let Some((name, value)) = line.split_once('=') else { continue };
            let value = value.trim_matches([' ', '\t']);
            any = true;
            let to = match name {
                "recipient" => &mut rcpt.addr,
                "original_recipient" => &mut rcpt.orig,
                "dsn_orig_rcpt" => &mut rcpt.dsn_orcpt,
                "status" => &mut dsn.status,
                "action" => &mut dsn.action,
                "diag_type" => &mut dsn.dtype,
                "diag_text" => &mut dsn.dtext,
                "mta_type" => &mut dsn.mtype,
                "mta_mname" => &mut dsn.mname,
                "reason" => &mut dsn.reason,
                "offset" => {
                    rcpt.offset = value.parse().unwrap_or(0);
                    continue;
                }
                "notify_flags" => {
                    rcpt.notify = value.parse().unwrap_or(0);
                    continue;
                }
                _ => continue,
            };
            *to = value.to_string();
        }
        if any {
            out.push(Record { rcpt, dsn });
        }
    }
    out
}
