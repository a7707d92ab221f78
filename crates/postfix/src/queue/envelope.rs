//! A queue file as its readers see it: the envelope, where the recipients stand, where the content begins and ends.
//! Not here: writing one (`cleanup`). Source: qmgr_message(3), REC_TYPE_* in rec_type(3).

use super::rec;
use crate::ipc::record_at;
use machine::SimTime;

/// One recipient of a message.
#[derive(Clone, Default)]
pub(crate) struct Rcpt {
    /// The address to deliver to.
    pub(crate) addr: String,
    /// The address before rewriting.
    pub(crate) orig: String,
    /// DSN original recipient, `rfc822;a@b`.
    pub(crate) dsn_orcpt: String,
    /// DSN notify flags: 1 never, 2 success, 4 failure, 8 delay.
    pub(crate) notify: i64,
    /// Where its record stands in the queue file; 0: nowhere.
    pub(crate) offset: u64,
}

/// The envelope of a message.
#[derive(Default)]
pub(crate) struct Envelope {
    /// Bytes of content: between the M and the X record.
    pub(crate) size: i64,
    /// Where the content begins.
    pub(crate) data_offset: u64,
    /// What asks for SMTPUTF8 and what needs it.
    pub(crate) utf8: i64,
    /// Bytes of content with nothing counted but the text records.
    pub(crate) rcpt_count: i64,
    /// What any recipient asked to be told, before aliases were expanded.
    pub(crate) notify: i64,
    /// When the message came.
    pub(crate) arrival: SimTime,
    /// When its queue file was made, in seconds.
    pub(crate) created: u64,
    /// Envelope sender; `None`: there is no such record.
    pub(crate) sender: Option<String>,
    /// Full name of a local sender.
    pub(crate) fullname: String,
    /// Recipients still to be delivered.
    pub(crate) rcpts: Vec<Rcpt>,
    /// Named attributes in order.
    pub(crate) attrs: Vec<(String, String)>,
    /// When to warn of the delay (seconds; negative: it has been told) and where that record stands.
    pub(crate) warn: Option<(i64, u64)>,
    /// The two delimiters of VERP; empty: none.
    pub(crate) verp: String,
    /// Content filter `transport:nexthop`.
    pub(crate) filter: String,
    /// Redirect address.
    pub(crate) redirect: String,
    /// The last record was there.
    pub(crate) complete: bool,
}

/// A sender that names the recipient, so that a notice tells who is meant: `list+user=domain@host`.
pub(crate) fn verp_sender(delimiters: &str, sender: &str, rcpt: &Rcpt) -> String {
    let mut marks = delimiters.chars();
    let (Some(before), Some(within)) = (marks.next(), marks.next()) else { return sender.to_string() };
    let (local, domain) = crate::address::cut(sender);
    let (name, host) = crate::address::cut(if rcpt.orig.is_empty() { &rcpt.addr } else { &rcpt.orig });
    let mut out = format!("{local}{before}{name}");
    if !host.is_empty() {
        out.push(within);
        out.push_str(host);
    }
    if !domain.is_empty() {
        out.push('@');
        out.push_str(domain);
    }
    out
}

/// `name=value` of an attribute record.
pub(crate) fn split_attr(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((text, ""))
}

impl Envelope {
    /// The last value of a named attribute, empty if there is none.
    pub(crate) fn attr(&self, name: &str) -> &str {
        self.attrs.iter().rev().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
    /// Reads the envelope of a queue file. `None` if it is damaged.
    pub(crate) fn parse(file: &[u8]) -> Option<Envelope> {
        let mut e = Envelope::default();
        let (mut pos, mut rcpt, mut in_content) = (0, Rcpt::default(), false);
        while pos < file.len() {
            let (kind, from, to) = record_at(file, pos)?;
            let at = pos as u64;
            pos = to;
            if in_content {
                in_content = kind != rec::XTRA;
                continue;
            }
            let text = String::from_utf8_lossy(&file[from..to]).into_owned();
            let field = |i: usize| text.split_ascii_whitespace().nth(i).and_then(|f| f.parse::<i64>().ok()).unwrap_or(0);
            match kind {
                rec::SIZE => {
                    e.size = field(0);
                    e.data_offset = field(1).max(0) as u64;
                    e.rcpt_count = field(2);
                    e.notify = field(3) >> 1;
                    e.utf8 = field(5);
                }
                rec::TIME => e.arrival = SimTime::from_secs(field(0).max(0) as u64).plus_micros(field(1).max(0) as u64),
                rec::FROM => e.sender = Some(text),
                rec::FULL => e.fullname = text,
                rec::FILT => e.filter = text,
                rec::RDR => e.redirect = text,
                rec::VERP => e.verp = text,
                rec::WARN => e.warn = Some((field(0), at)),
                rec::ATTR => match split_attr(&text) {
                    ("dsn_orig_rcpt", v) => rcpt.dsn_orcpt = v.to_string(),
                    ("notify_flags", v) => rcpt.notify = v.parse().unwrap_or(0),
                    (n, v) => {
                        if n == "create_time" {
                            e.created = v.parse().unwrap_or(0);
                        }
                        e.attrs.push((n.to_string(), v.to_string()));
                    }
                },
                rec::ORCP => rcpt.orig = text,
                rec::RCPT => {
                    let mut r = std::mem::take(&mut rcpt);
                    (r.addr, r.offset) = (text, at);
                    e.rcpts.push(r);
                }
                rec::DONE | rec::DRCP => rcpt = Rcpt::default(),
                rec::MESG => {
                    in_content = true;
                    // The content is not parsed, only passed over.
                    if e.size > 0 && (pos as u64) < e.data_offset.saturating_add(e.size as u64) {
                        let end = (e.data_offset + e.size as u64) as usize;
                        if end <= file.len() {
                            pos = end;
                        }
                    }
                }
                rec::END => {
                    e.complete = true;
                    break;
                }
                _ => {}
            }
        }
        Some(e)
    }
}

/// The content of a queue file as lines: each with whether it is cut (the next record goes on with it).
pub(crate) fn content(file: &[u8]) -> Vec<(&[u8], bool)> {
    let (mut pos, mut inside, mut lines) = (0, false, Vec::new());
    while let Some((kind, from, to)) = record_at(file, pos) {
        pos = to;
        match kind {
            rec::MESG => inside = true,
            rec::XTRA | rec::END => break,
            rec::NORM | rec::CONT if inside => lines.push((&file[from..to], kind == rec::CONT)),
            _ => {}
        }
    }
    lines
}
/// What is missing of the last record, in the words of the log, or what is wrong with its length (`max`, 0: any).
pub(crate) fn cut_record(file: &[u8], max: i64) -> Option<String> {
    let mut at = 0;
    while let Some((_, _, to)) = crate::ipc::record_at(file, at) {
        at = to;
    }
    let kind = *file.get(at)?;
    let (mut len, mut shift) = (0u64, 0);
    for b in &file[at + 1..] {
        len |= u64::from(b & 0x7f) << shift;
        if b & 0x80 == 0 {
            if max > 0 && len > max as u64 {
                return Some(format!("illegal length {len}, record type {kind}"));
            }
            return Some(format!("unexpected EOF in data, record type {kind} length {len}"));
        }
        shift = (shift + 7).min(56);
    }
    Some(format!("unexpected EOF reading length, record type {kind}"))
}
