//! Rows of the mail log: a syslog line taken apart (time, daemon, process number, queue id, text) and the filter over all of them.
//! Not here: the lines themselves, which the world keeps. Follows RFC 3164 §4.1.

use world::LogLine;

/// A log line in parts, borrowed from it.
#[derive(PartialEq, Debug)]
pub(crate) struct LogRow<'a> {
    /// `03:52:02`.
    pub(crate) time: &'a str,
    /// `smtpd`, the part after `postfix/`.
    pub(crate) daemon: &'a str,
    pub(crate) pid: &'a str,
    /// Queue id, or empty.
    pub(crate) qid: &'a str,
    /// The rest, after the queue id.
    pub(crate) text: &'a str,
}

impl<'a> LogRow<'a> {
    pub(crate) fn new(line: &'a str) -> LogRow<'a> {
        let time = line.get(7..15).unwrap_or_default();
        let rest = line.get(16..).unwrap_or(line);
        let rest = rest.split_once(' ').map_or(rest, |(_, r)| r);
        let (tag, text) = rest.split_once(": ").unwrap_or((rest, ""));
        let (program, pid) = tag.split_once('[').unwrap_or((tag, ""));
        let daemon = program.rsplit('/').next().unwrap_or(program);
        let (qid, text) = match text.split_once(": ") {
            Some((q, t)) if is_qid(q) => (q, t),
            _ => ("", text),
        };
        LogRow { time, daemon, pid: pid.trim_end_matches(']'), qid, text }
    }
}

fn is_qid(word: &str) -> bool {
    word.len() >= 6
        && word.len() <= 20
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.bytes().any(|b| b.is_ascii_digit())
        && word != "warning"
}

/// The class that colours a daemon's name.
pub(crate) fn daemon_class(daemon: &str) -> &'static str {
    match daemon {
        "smtpd" | "submission" => "d-smtpd",
        "cleanup" | "pickup" | "trivial-rewrite" => "d-cleanup",
        "qmgr" => "d-qmgr",
        "smtp" | "relay" => "d-smtp",
        "local" | "virtual" | "pipe" => "d-local",
        "bounce" | "defer" | "trace" => "d-bounce",
        _ if daemon.contains("dovecot") => "d-dovecot",
        _ => "d-other",
    }
}

/// The rows that the filter lets through.
#[derive(Default)]
pub(crate) struct LogModel {
    /// What was typed into the filter.
    pub(crate) find: String,
    /// The daemon that was chosen, or empty.
    pub(crate) daemon: String,
    /// Indices into the world's log.
    pub(crate) shown: Vec<u32>,
    /// Daemons that have logged, in the order of their first line.
    pub(crate) daemons: Vec<String>,
    seen: usize,
    /// Counts the times that `shown` was made anew.
    pub(crate) generation: u32,
}

impl LogModel {
    /// Looks at the lines that are new.
    pub(crate) fn update(&mut self, log: &[LogLine]) {
        for (i, line) in log.iter().enumerate().skip(self.seen) {
            if line.file != "/var/log/maillog" && line.file != "/var/log/mail.log" {
                continue;
            }
            let row = LogRow::new(&line.line);
            if !self.daemons.iter().any(|d| d == row.daemon) {
                self.daemons.push(row.daemon.into());
            }
            if (self.daemon.is_empty() || self.daemon == row.daemon) && contains(&line.line, &self.find) {
                self.shown.push(i as u32);
            }
        }
        self.seen = log.len();
    }
    /// Sets the filter and looks at all lines again.
    pub(crate) fn filter(&mut self, log: &[LogLine], find: &str, daemon: &str) {
        self.find = find.into();
        self.daemon = daemon.into();
        self.shown.clear();
        self.seen = 0;
        self.generation += 1;
        self.update(log);
    }
}

/// Whether `find` is in `text`, letters of either case.
fn contains(text: &str, find: &str) -> bool {
    let find = find.trim().as_bytes();
    find.is_empty() || text.as_bytes().windows(find.len()).any(|w| w.eq_ignore_ascii_case(find))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_apart() {
        let r = LogRow::new("Aug 11 03:53:09 station78 postfix/smtpd[16310]: EF6826C2EE4: client=mail.linuxidc.com[192.168.1.103]");
        assert_eq!((r.time, r.daemon, r.pid, r.qid), ("03:53:09", "smtpd", "16310", "EF6826C2EE4"));
        assert_eq!(r.text, "client=mail.linuxidc.com[192.168.1.103]");
        let r = LogRow::new("Aug 11 03:53:09 station78 postfix/smtpd[16310]: warning: SASL failed");
        assert_eq!((r.qid, r.text), ("", "warning: SASL failed"));
        let r = LogRow::new("Aug 11 03:53:09 station78 postfix/smtpd[1]: NOQUEUE: reject: RCPT");
        assert_eq!((r.qid, r.text), ("", "NOQUEUE: reject: RCPT"));
        assert_eq!(LogRow::new("短").text, "");
        assert!(contains("a QUEUED b", "queued") && !contains("a", "bb"));
    }
}
