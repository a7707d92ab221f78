//! Envelope records before and after the content. Source: cleanup_envelope(3), cleanup_extracted(3).

use super::{Cleanup, Message, Part, attribute, content};
use crate::post::{clean, stat, utf8};
use crate::queue::rec;
use machine::SimTime;

impl Cleanup {
    fn bad(&self, m: &mut Message, what: &str) {
        self.d.log.warn(format_args!("{}: message rejected: {what}", m.id));
        m.errs |= stat::BAD;
    }
    /// Records that come the same before and after the content. True: it was one of them.
    async fn common(&mut self, m: &mut Message, kind: u8, text: &str) -> bool {
        match kind {
            rec::FLGS => {
                m.flags |= text.parse::<i64>().unwrap_or(0) & (clean::HOLD | clean::DISCARD | clean::FILTER);
            }
            rec::RCPT => {
                if m.sender.is_none() {
                    self.bad(m, "envelope recipient precedes sender");
                    return true;
                }
                if m.orig_rcpt.is_none() {
                    m.orig_rcpt = Some(text.to_string());
                }
                self.recipient(m, text).await;
                self.forget_rcpt(m);
            }
            rec::DONE | rec::DRCP => self.forget_rcpt(m),
            rec::ORCP => m.orig_rcpt = Some(text.to_string()),
            rec::ATTR => {
                let Some((name, value)) = attribute(text) else {
                    self.bad(m, &format!("malformed attribute: missing attribute value: {text}"));
                    return true;
                };
                match name {
                    _ if value.is_empty() => {
                        self.d.log.warn(format_args!("{}: spurious null attribute value for \"{name}\" -- ignored", m.id));
                    }
                    "dsn_orig_rcpt" => m.dsn_orcpt = value.to_string(),
                    "notify_flags" => {
                        m.notify = value.parse().unwrap_or(0);
                        m.qmgr_flags |= m.notify << 1;
                    }
                    _ => return false,
                }
            }
            _ => return false,
        }
        true
    }
    fn forget_rcpt(&self, m: &mut Message) {
        m.orig_rcpt = None;
        m.dsn_orcpt.clear();
        m.notify = 0;
    }
    /// One record before the content.
    pub(super) async fn envelope(&mut self, m: &mut Message, kind: u8, data: &[u8]) {
        let text = String::from_utf8_lossy(data).into_owned();
        if !m.in_rcpt && matches!(kind, rec::MESG | rec::DONE | rec::RCPT | rec::ORCP | rec::DRCP) {
            let (Some(sender), Some(arrival)) = (&m.sender, m.arrival) else {
                let what = if m.sender.is_none() { "missing sender envelope record" } else { "missing time envelope record" };
                return self.bad(m, what);
            };
            let warn = self.d.cfg.time("delay_warning_time");
            if !m.warn_seen && !sender.is_empty() && warn > 0 {
                let text = format!("{:15}", arrival.secs().saturating_add(warn as u64));
                m.put(rec::WARN, text.as_bytes());
            }
            m.in_rcpt = true;
        }
        if self.common(m, kind, &text).await {
            return;
        }
        match kind {
            rec::MESG => {
                m.in_rcpt = false;
                m.part = Part::Content;
                m.put(rec::MESG, b"");
                m.data_offset = m.out.len();
                m.content = content::Content::default();
            }
            // Of a message that is queued again only the wish is taken over.
            rec::SIZE => m.utf8 = text.split_ascii_whitespace().nth(5).and_then(|n| n.parse().ok()).unwrap_or(0) & utf8::REQUESTED,
            rec::TIME => {
                if m.arrival.is_none() {
                    let mut numbers = text.split_ascii_whitespace().map(|n| n.parse::<u64>().unwrap_or(0));
                    let at = SimTime::from_secs(numbers.next().unwrap_or(0)).plus_micros(numbers.next().unwrap_or(0));
                    m.arrival = Some(at);
                    m.put(rec::TIME, data);
                }
                let made = format!("create_time={}", self.d.sys.now().secs());
                m.put(rec::ATTR, made.as_bytes());
            }
            rec::FULL => {
                if m.fullname.is_none() {
                    m.fullname = Some(text);
                    m.put(rec::FULL, data);
                }
            }
            rec::FROM => {
                if m.sender.is_some() {
                    return self.bad(m, "multiple envelope sender records");
                }
                self.sender(m, &text).await;
            }
            rec::WARN => {
                if !m.warn_seen {
                    m.warn_seen = true;
                    m.put(kind, data);
                }
            }
            rec::ATTR => {
                let (name, value) = attribute(&text).unwrap_or(("", ""));
                let limit = self.d.cfg.int("queue_file_attribute_count_limit");
                if m.attrs.len() as i64 >= limit && name != "create_time" {
                    return self.bad(m, &format!("attribute count exceeds limit {limit}"));
                }
                match name {
                    "create_time" => return,
                    "ret_flags" => m.ret = value.parse().unwrap_or(0),
                    "trace_flags" if m.trace_flags == 0 => m.trace_flags = value.parse().unwrap_or(0),
                    "rewrite_context" => {
                        m.context = match value {
                            "local" => Some("local"),
                            _ if self.d.cfg.str("remote_header_rewrite_domain").is_empty() => None,
                            _ => Some("remote"),
                        }
                    }
                    _ => {}
                }
                m.set_attr(name, value);
                m.put(kind, data);
            }
            rec::FILT | rec::RDR | rec::INSP | rec::VERP | rec::RRTO | rec::ERTO => m.put(kind, data),
            rec::PTR | rec::KILL | rec::DTXT => {}
            _ => self.bad(m, &format!("unexpected record type {kind} in envelope")),
        }
    }
    /// One record behind the content.
    pub(super) async fn extracted(&mut self, m: &mut Message, kind: u8, data: &[u8]) {
        let text = String::from_utf8_lossy(data).into_owned();
        let starts_rcpt = matches!(kind, rec::END | rec::DONE | rec::RCPT | rec::ORCP | rec::DRCP);
        if !m.in_rcpt && starts_rcpt {
            for (kind, value) in [(rec::FILT, m.filter.clone()), (rec::RDR, m.redirect.clone())] {
                if !value.is_empty() {
                    m.put(kind, value.as_bytes());
                }
            }
            if let Some(encoding) = m.attr("encoding").map(|e| format!("encoding={e}")) {
                m.put(rec::ATTR, encoding.as_bytes());
            }
            m.in_rcpt = true;
        }
        if self.common(m, kind, &text).await {
            return;
        }
        match kind {
            rec::END => {
                m.in_rcpt = false;
                m.end_seen = true;
                m.part = Part::Done;
                let always = self.d.cfg.str("always_bcc");
                if m.flags & clean::BCC_OK != 0 && m.recip.is_some() && !always.is_empty() {
                    self.add_bcc(m, &always, "always_bcc").await;
                }
                if m.ok() && m.recip.is_some() {
                    for bcc in std::mem::take(&mut m.bcc) {
                        self.add_bcc(m, &bcc, "BCC").await;
                    }
                }
                m.put(rec::END, b"");
            }
            rec::ATTR | rec::FILT | rec::RDR | rec::INSP | rec::RRTO | rec::ERTO => m.put(kind, data),
            rec::PTR | rec::KILL => {}
            _ => self.bad(m, &format!("unexpected record type {kind} in extracted envelope")),
        }
    }
}
