//! The way of each message through Postfix, read off the mail log as a person would: who had it, which queue it went to, what became of
//! it. Not here: the picture (`panes::map`), the queues as they are now (`world`). Follows Postfix's OVERVIEW_README.

use super::LogRow;
use world::LogLine;

/// A place where a message can be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Network,
    Smtpd,
    Pickup,
    Cleanup,
    Incoming,
    Hold,
    Qmgr,
    Active,
    Deferred,
    /// Delivers on this host: local(8), virtual(8), pipe(8).
    Local,
    /// Hands on to another host: smtp(8), lmtp(8).
    Smtp,
    Bounce,
    Mailbox,
    Remote,
    /// Nowhere any more.
    Gone,
}

/// A message that the log has told of.
pub(crate) struct Message {
    /// Queue id.
    pub(crate) id: String,
    /// The message that it tells of, or was made from: a bounce, a forwarded copy.
    pub(crate) parent: Option<usize>,
    gone: bool,
}

/// A message came to a place.
#[derive(Clone, Copy)]
pub(crate) struct Hop {
    /// The log line that says so.
    pub(crate) line: u32,
    /// Index of the message.
    pub(crate) msg: usize,
    pub(crate) node: Node,
}

/// All messages and their ways.
#[derive(Default)]
pub(crate) struct MapModel {
    pub(crate) messages: Vec<Message>,
    hops: Vec<Hop>,
    seen: usize,
}

impl MapModel {
    /// Looks at the lines that are new.
    pub(crate) fn update(&mut self, log: &[LogLine]) {
        for (i, line) in log.iter().enumerate().skip(self.seen) {
            let row = LogRow::new(&line.line);
            if !row.qid.is_empty() && line.file.contains("/mail") {
                self.row(i as u32, &row);
            }
        }
        self.seen = log.len();
    }
    /// The message with this queue id; ids come again, the last one counts.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.messages.iter().rposition(|m| m.id == id)
    }
    fn message(&mut self, id: &str) -> usize {
        self.find(id).filter(|n| !self.messages[*n].gone).unwrap_or_else(|| {
            self.messages.push(Message { id: id.into(), parent: None, gone: false });
            self.messages.len() - 1
        })
    }
    /// The first of the messages from which this one came.
    pub(crate) fn root(&self, mut n: usize) -> usize {
        // A parent is never its own descendant: it stood in the log before.
        while let Some(up) = self.messages.get(n).and_then(|m| m.parent).filter(|up| *up < n) {
            n = up;
        }
        n
    }
    /// The way of a message and of those that came from it.
    pub(crate) fn way(&self, root: usize) -> Vec<Hop> {
        self.hops.iter().filter(|h| self.root(h.msg) == root).copied().collect()
    }
    fn row(&mut self, line: u32, row: &LogRow<'_>) {
        let remote = matches!(row.daemon, "smtp" | "relay" | "lmtp");
        let msg = self.message(row.qid);
        let mut to = |nodes: &[Node]| self.hops.extend(nodes.iter().map(|node| Hop { line, msg, node: *node }));
        let text = row.text;
        match row.daemon {
            "smtpd" => to(&[Node::Smtpd]),
            "pickup" => to(&[Node::Pickup]),
            "cleanup" if text.starts_with("message-id=") || text.starts_with("resent-message-id=") => to(&[Node::Cleanup, Node::Incoming]),
            "cleanup" if text.starts_with("hold:") => to(&[Node::Cleanup, Node::Hold]),
            "cleanup" => to(&[Node::Cleanup]),
            "qmgr" if text.ends_with("(queue active)") => to(&[Node::Qmgr, Node::Active]),
            "qmgr" | "postsuper" if text == "removed" => {
                to(&[Node::Gone]);
                self.messages[msg].gone = true;
            }
            "qmgr" => to(&[Node::Qmgr]),
            "postsuper" if text.contains("on hold") => to(&[Node::Hold]),
            "postsuper" => to(&[Node::Deferred]),
            "bounce" => {
                let made = text.rsplit_once("notification: ").map(|(_, id)| self.message(id));
                let hop = Hop { line, msg, node: Node::Bounce };
                // The notice's first line stands before the one that tells of it.
                let at = made.and_then(|m| self.hops.iter().position(|h| h.msg == m)).unwrap_or(self.hops.len());
                self.hops.insert(at, hop);
                self.adopt(made, msg);
            }
            _ if text.contains("status=") => {
                to(&[if remote { Node::Smtp } else { Node::Local }]);
                if remote && !text.contains("relay=none") {
                    to(&[Node::Remote]);
                }
                if text.contains("status=deferred") {
                    to(&[Node::Deferred]);
                } else if !remote && text.contains("(delivered to ") && !text.contains("(delivered to command") {
                    to(&[Node::Mailbox]);
                }
                let made = text.split_once("(forwarded as ").map(|(_, id)| self.message(id.trim_end_matches(')')));
                self.adopt(made, msg);
            }
            _ => {}
        }
    }
    fn adopt(&mut self, child: Option<usize>, parent: usize) {
        if let Some(m) = child.and_then(|c| self.messages.get_mut(c)) {
            m.parent = Some(parent);
        }
    }
    /// The letter that stands for a message in every view, and whether it came from another one.
    pub(crate) fn letter(&self, id: &str) -> Option<(char, bool)> {
        let n = self.find(id)?;
        Some(((b'A' + (n % 26) as u8) as char, self.messages[n].parent.is_some()))
    }
}

/// The queue id under which this host received a message, from its topmost `Received:` field.
pub(crate) fn received(text: &str) -> &str {
    let id = text.split_once(" id ").map_or("", |(_, rest)| rest);
    id.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounce_is_followed_home() {
        let lines = [
            "smtpd[1]: EF6826C2EE4: client=mail[192.168.1.103]",
            "cleanup[2]: EF6826C2EE4: message-id=<x@y>",
            "qmgr[3]: EF6826C2EE4: from=<redhat@linuxidc.com>, size=372, nrcpt=1 (queue active)",
            "smtp[5]: EF6826C2EE4: to=<test@126.com>, relay=126mx01[1.2.3.4]:25, delay=1, status=bounced (host said: 550)",
            "cleanup[2]: E8F136C2EE6: message-id=<z@y>",
            "bounce[6]: EF6826C2EE4: sender non-delivery notification: E8F136C2EE6",
            "qmgr[3]: E8F136C2EE6: from=<>, size=2300, nrcpt=1 (queue active)",
            "qmgr[3]: EF6826C2EE4: removed",
            "local[7]: E8F136C2EE6: to=<redhat@linuxidc.com>, relay=local, status=sent (delivered to mailbox)",
            "qmgr[3]: E8F136C2EE6: removed",
        ];
        let line = |l: &&str| LogLine {
            at: world::SimTime(0),
            host: "mail".into(),
            file: "/var/log/maillog",
            line: ["Aug 11 03:53:09 station78 postfix/", l].concat(),
            trace: world::TraceId(0),
        };
        let log: Vec<LogLine> = lines.iter().map(line).collect();
        let mut map = MapModel::default();
        map.update(&log[..5]);
        map.update(&log);
        assert_eq!(map.messages.len(), 2);
        assert_eq!((map.letter("EF6826C2EE4"), map.letter("E8F136C2EE6")), (Some(('A', false)), Some(('B', true))));
        assert!(map.root(1) == 0);
        let way: String = map
            .way(0)
            .iter()
            .map(|h| {
                let c = b"nspcihqadlrbmxg"[h.node as usize] as char;
                if h.msg == 0 { c } else { c.to_ascii_uppercase() }
            })
            .collect();
        assert_eq!(way, "sciqarxbCIQAgLMG");
        assert_eq!(received("Received: from x (y [1.2.3.4])\n\tby mail (Postfix) with ESMTP id EF6826C2EE4\n\tfor <a@b>"), "EF6826C2EE4");
    }
}
