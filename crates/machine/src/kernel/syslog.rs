//! syslogd's part: which facility goes to which file, the line's form, and the record of decisions. Source: RFC 3164 as rsyslog's
//! traditional file format writes it; the file names are Red Hat's, as in the tutorial.

use super::{Kernel, Key, Pix};
use crate::vfs::Node;
use crate::{DateTime, Event, Facility, LogLine, SimTime, Trace, TraceId};

impl Kernel {
    pub(crate) fn syslog(&mut self, pix: Pix, facility: Facility, tag: &str, text: &str, trace: TraceId) {
        let Ok(proc) = self.proc(pix) else { return };
        let (host, pid) = (proc.host, proc.pid);
        let file = match facility {
            Facility::Mail => "/var/log/maillog",
            Facility::Auth | Facility::Authpriv => "/var/log/secure",
            Facility::Cron => "/var/log/cron",
            _ => "/var/log/messages",
        };
        if !self.syslog_runs(host) {
            return;
        }
        let h = &self.hosts[host];
        let at = SimTime(self.now.0.saturating_add_signed(h.skew));
        let t = DateTime::new(at, h.offset);
        let node = h.name.split('.').next().unwrap_or_default();
        let tag = if tag.ends_with(':') { tag.to_string() } else { format!("{tag}[{pid}]:") };
        let line = format!("{} {:2} {:02}:{:02}:{:02} {node} {tag} {text}", t.month_name(), t.day, t.hour, t.minute, t.second);
        let fs = h.fs;
        let label = h.label.clone();
        let disk = &mut self.disks[fs];
        let ids = crate::Ids::ROOT;
        let place = disk.place(crate::vfs::ROOT, file, &ids, true);
        let ino = match place {
            Ok(place) => match place.ino {
                Some(ino) => Some(ino),
                None => disk.add(&place, Node::File(Vec::new()), 0o600, &ids, self.now).ok(),
            },
            Err(_) => None,
        };
        if let Some(ino) = ino
            && let Ok(inode) = disk.inode_mut(ino)
            && let Node::File(data) = &mut inode.node
        {
            data.extend_from_slice(line.as_bytes());
            data.push(b'\n');
            inode.mtime = self.now;
            self.wake(Key::File(fs, ino));
        }
        self.events.push_back(Event::Log(LogLine { at, host: label, file, line, trace }));
    }

    /// Whether somebody takes log lines: on a host with an rsyslog.conf only while rsyslogd runs.
    fn syslog_runs(&self, host: usize) -> bool {
        let disk = &self.disks[self.hosts[host].fs];
        if disk.read("/etc/rsyslog.conf").is_err() {
            return true;
        }
        let pid = disk.read("/run/syslogd.pid").ok().and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok());
        pid.and_then(|pid| self.pix_of(host, pid)).is_some_and(|pix| self.procs[pix].as_ref().is_some_and(|p| p.status.is_none()))
    }

    /// Fills in what the kernel knows of a decision and passes it on.
    pub(crate) fn record(&mut self, pix: Pix, mut trace: Box<Trace>) {
        if let Ok(proc) = self.proc(pix) {
            trace.at = self.now;
            trace.host = self.hosts[proc.host].label.clone();
            trace.process = format!("{}[{}]", trace.process, proc.pid);
        }
        self.traces.push((*trace).clone());
        self.events.push_back(Event::Trace(trace));
    }

    /// A decision by its number.
    pub fn trace(&self, id: TraceId) -> Option<&Trace> {
        // Numbers are given when a decision begins to be written down, so the record is nearly in their order.
        self.traces.iter().rev().find(|t| t.id == id)
    }
    /// All decisions so far.
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }
    pub(crate) fn traces_of(&self, host: usize) -> Vec<Trace> {
        self.traces.iter().filter(|t| t.host == self.hosts[host].label).cloned().collect()
    }
}
