//! Header fields that Postfix knows, and folding of rewritten ones. Source: header_opts(3), cleanup_fold_header.

use crate::config::Config;
use crate::maillog::Log;

/// Addresses of senders.
pub(crate) const SENDER: u8 = 1;
/// Addresses of recipients.
pub(crate) const RCPT: u8 = 1 << 1;
/// Recipients that `sendmail -t` reads.
pub(crate) const EXTRACT: u8 = 1 << 2;
/// A `Resent-` field.
pub(crate) const RESENT: u8 = 1 << 3;
/// A MIME field.
pub(crate) const MIME: u8 = 1 << 4;

/// A known field.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) flags: u8,
}

const fn kind(name: &'static str, flags: u8) -> Kind {
    Kind { name, flags }
}

static KINDS: [Kind; 31] = [
    kind("Apparently-To", RCPT),
    kind("Bcc", RCPT | EXTRACT),
    kind("Cc", RCPT | EXTRACT),
    kind("Content-Description", MIME),
    kind("Content-Disposition", MIME),
    kind("Content-ID", MIME),
    kind("Content-Length", 0),
    kind("Content-Transfer-Encoding", MIME),
    kind("Content-Type", MIME),
    kind("Delivered-To", 0),
    kind("Disposition-Notification-To", SENDER),
    kind("Date", 0),
    kind("Errors-To", SENDER),
    kind("From", SENDER),
    kind("Mail-Followup-To", SENDER),
    kind("Message-Id", 0),
    kind("MIME-Version", MIME),
    kind("Received", 0),
    kind("Reply-To", SENDER),
    kind("Resent-Bcc", RCPT | EXTRACT | RESENT),
    kind("Resent-Cc", RCPT | EXTRACT | RESENT),
    kind("Resent-Date", RESENT),
    kind("Resent-From", SENDER | RESENT),
    kind("Resent-Message-Id", RESENT),
    kind("Resent-Reply-To", RCPT | RESENT),
    kind("Resent-Sender", SENDER | RESENT),
    kind("Resent-To", RCPT | EXTRACT | RESENT),
    kind("Return-Path", SENDER),
    kind("Return-Receipt-To", SENDER),
    kind("Sender", SENDER),
    kind("To", RCPT | EXTRACT),
];

/// Whether the text of a check's action can stand where it is to stand: there is one, and in a header it is a field. Says what is wrong.
pub(crate) fn fits(log: &Log, action: &str, context: &str, text: &str, title: &str) -> bool {
    if text.is_empty() {
        log.warn(format_args!("{action} action without text in {title} map"));
        return false;
    }
    let field = context != "header" || name_len(text.as_bytes()).is_some();
    if !field {
        let need = "need \"headername: headervalue\"";
        log.warn(format_args!("bad {action} header text \"{text}\" in {title} map -- {need}"));
    }
    field
}

/// Length of a field name at the start of a line: printable characters up to a colon, blanks before it allowed.
pub(crate) fn name_len(line: &[u8]) -> Option<usize> {
    let mut blank = None;
    for (i, &b) in line.iter().enumerate() {
        match b {
            b':' if i > 0 => return Some(blank.unwrap_or(i)).filter(|&n| n > 0),
            b' ' | b'\t' if i > 0 => drop(blank.get_or_insert(i)),
            0x21..=0x7e if blank.is_none() && b != b':' => {}
            _ => return None,
        }
    }
    None
}

/// Whether a line belongs to a header: a field or the continuation of one.
pub(crate) fn is_header_or_space(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t')) || name_len(line).is_some()
}

/// The known field that a line begins with.
pub(crate) fn find(line: &str) -> Option<&'static Kind> {
    let n = name_len(line.as_bytes())?;
    let name = line.get(..n)?;
    KINDS.iter().find(|k| k.name.eq_ignore_ascii_case(name))
}

/// Whether `message_drop_headers` names the field.
pub(crate) fn is_dropped(cfg: &Config, text: &str) -> bool {
    let name = text.get(..name_len(text.as_bytes()).unwrap_or(0)).unwrap_or("");
    cfg.list("message_drop_headers").iter().any(|h| h.eq_ignore_ascii_case(name))
}

/// Physical lines of a field whose addresses were rewritten one a line: short ones joined, the others led in by a tab.
pub(crate) fn fold(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        match out.last_mut() {
            Some(last) if last.len() + 1 + line.len() < 70 => {
                last.push(' ');
                last.push_str(line);
            }
            _ => out.push(line.to_string()),
        }
    }
    lines_out(out)
}

/// Leads continuation lines in with a tab where they have no white space of their own.
fn lines_out(mut lines: Vec<String>) -> Vec<String> {
    for line in lines.iter_mut().skip(1) {
        if !line.is_empty() && !line.starts_with([' ', '\t']) {
            line.insert(0, '\t');
        }
    }
    lines
}

/// Physical lines of a field as it came.
pub(crate) fn split(text: &str) -> Vec<String> {
    lines_out(text.split('\n').map(str::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known() {
        assert_eq!(find("to : a").map(|k| k.name), Some("To"));
        assert_eq!(find("X-Y: a").map(|k| k.name), None);
        assert!(name_len(b"X-Y: a").is_some() && name_len(b"a b: c").is_none() && name_len(b": c").is_none());
        assert_eq!(fold("To: a@b,\nc@d"), ["To: a@b, c@d"]);
    }
}
