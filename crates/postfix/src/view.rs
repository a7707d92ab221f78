//! The queue as plain rows for a front end, read from the queue files as they lie on a host's disk. Nothing is changed.
//! Not here: `postqueue -p`, which asks showq(8) (`cli`).

use crate::bounce::journal;
use crate::queue::{self, envelope::Envelope};
use machine::{SimTime, Vfs};

/// A message in a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queued {
    /// Queue id.
    pub id: String,
    /// `maildrop`, `incoming`, `active`, `deferred`, `hold` or `corrupt`.
    pub queue: &'static str,
    /// Bytes of the message.
    pub size: i64,
    /// When it came.
    pub arrival: SimTime,
    /// Envelope sender, empty for the null reverse-path.
    pub sender: String,
    /// Recipients still to be delivered, each with the reason why it was not yet.
    pub recipients: Vec<(String, String)>,
    /// When it is tried again, if it is deferred.
    pub retry: Option<SimTime>,
}

/// The messages of a host, oldest queue id first within each queue.
pub fn queued(disk: &Vfs) -> Vec<Queued> {
    let mut out = Vec::new();
    for name in ["maildrop", "incoming", "active", "deferred", "hold", "corrupt"] {
        let dir = format!("{}/{name}", queue::DIRECTORY);
        let mut paths = Vec::new();
        for entry in disk.list_path(&dir).unwrap_or_default() {
            let path = format!("{dir}/{}", entry.name);
            match disk.list_path(&path) {
                Ok(inner) if queue::is_hashed(name) => paths.extend(inner.into_iter().map(|e| (format!("{path}/{}", e.name), e.name))),
                _ => paths.push((path, entry.name)),
            }
        }
        machine::sort(&mut paths);
        out.extend(paths.into_iter().filter(|(_, id)| queue::id::is_valid(id)).filter_map(|(path, id)| row(disk, name, &path, id)));
    }
    out
}

fn row(disk: &Vfs, queue: &'static str, path: &str, id: String) -> Option<Queued> {
    let envelope = Envelope::parse(disk.read(path).ok()?)?;
    let log = disk.read(&format!("{}/{}", queue::DIRECTORY, queue::path("defer", &id))).unwrap_or_default();
    let reasons = journal::parse(&String::from_utf8_lossy(log));
    let why = |addr: &str| {
        let addr = crate::address::tok::quote_local(addr);
        reasons.iter().rev().find(|r| r.rcpt.addr == addr).map_or(String::new(), |r| r.dsn.reason.clone())
    };
    let recipients = envelope.rcpts.iter().map(|r| (r.addr.clone(), why(&r.addr))).collect();
    let retry = (queue == "deferred").then(|| disk.stat_path(path).ok().map(|s| s.mtime)).flatten();
    Some(Queued {
        queue,
        size: envelope.size,
        arrival: envelope.arrival,
        sender: envelope.sender.unwrap_or_default(),
        recipients,
        retry,
        id,
    })
}
