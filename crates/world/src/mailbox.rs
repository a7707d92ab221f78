//! Mailboxes as plain rows for a front end: the messages of the mbox files of a host. Nothing is changed.
//! Source: mbox(5), the `From ` lines that local(8) writes.

use machine::Vfs;

/// A message in a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailboxMessage {
    /// Envelope sender of the `From ` line.
    pub envelope_from: String,
    /// Date of the `From ` line.
    pub arrived: String,
    /// Field bodies of `From:` and `Subject:`, unfolded; empty if there are none.
    pub from: String,
    /// Subject.
    pub subject: String,
    /// Whether it has been read (`Status: R`).
    pub read: bool,
    /// The message as it stands in the file, without the `From ` line.
    pub text: String,
}

/// The mailboxes of a host: user and messages, oldest first.
pub(crate) fn mailboxes(disk: &Vfs) -> Vec<(String, Vec<MailboxMessage>)> {
    let mut names: Vec<String> = disk.list_path("/var/mail").unwrap_or_default().into_iter().map(|e| e.name).collect();
    names.retain(|n| n != "." && n != ".." && !n.ends_with(".lock"));
    machine::sort(&mut names);
    let read = |name: String| {
        let bytes = disk.read(&format!("/var/mail/{name}")).ok()?;
        Some((name, messages(&String::from_utf8_lossy(bytes))))
    };
    names.into_iter().filter_map(read).collect()
}

fn messages(text: &str) -> Vec<MailboxMessage> {
    let mut out: Vec<MailboxMessage> = Vec::new();
    let mut blank = true;
    for line in text.split_inclusive('\n') {
        if blank && let Some(rest) = line.strip_prefix("From ") {
            let (from, date) = rest.trim_end().split_once(' ').unwrap_or((rest.trim_end(), ""));
            out.push(MailboxMessage {
                envelope_from: from.into(),
                arrived: date.trim().into(),
                from: String::new(),
                subject: String::new(),
                read: false,
                text: String::new(),
            });
        } else if let Some(last) = out.last_mut() {
            last.text += line;
        }
        blank = line.trim_end_matches(['\r', '\n']).is_empty();
    }
    for message in &mut out {
        message.from = field(&message.text, "from");
        message.subject = field(&message.text, "subject");
        message.read = field(&message.text, "status").contains('R');
    }
    out
}

/// The body of the first header field of this name, unfolded.
fn field(text: &str, name: &str) -> String {
    let mut lines = text.lines().take_while(|l| !l.is_empty());
    let mut body = String::new();
    while let Some(line) = lines.next() {
        if let Some((n, rest)) = line.split_once(':')
            && n.eq_ignore_ascii_case(name)
        {
            body += rest.trim();
            for more in lines.by_ref().take_while(|l| l.starts_with([' ', '\t'])) {
                body.push(' ');
                body += more.trim();
            }
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_mbox_is_parted() {
        let text = "From a@b  Thu Aug 11 03:53:24 2011\nSubject: one\n two\nStatus: RO\n\nx\nFrom here on\n\nFrom c  Thu Aug 11 03:54:00 2011\nfrom: C\n\nx\n";
        let got = super::messages(text);
        let rows: Vec<_> = got.iter().map(|m| (m.envelope_from.as_str(), m.from.as_str(), m.subject.as_str(), m.read)).collect();
        assert_eq!(rows, [("a@b", "", "one two", true), ("c", "C", "", false)]);
        assert!(got[0].text.contains("From here on"));
    }
}
