//! Queue files: their names, directories, life from creation to removal, and the records in them.
//! Not here: what puts messages there (`cleanup`) and takes them out (`qmgr`). Source: mail_queue(3), rec_type(3), QSHAPE_README.

pub(crate) mod envelope;
pub(crate) mod id;

use crate::maillog::Log;
use machine::{DirEntry, Errno, Fd, FileKind, Open, Stat, Sys, Sysret, Whence};

/// Where the queues lie. Every program of Postfix works there.
pub(crate) const DIRECTORY: &str = "/var/spool/postfix";
/// Mode of a queue file that is complete.
pub(crate) const READY: u16 = 0o700;
/// Set in the mode of a queue file whose destination is to be tried even if it is dead (`postqueue -i`).
pub(crate) const UNTHROTTLE: u16 = 0o040;
/// Set in the mode of a queue file that is to be returned as if it were too old (`postsuper -e`).
pub(crate) const EXPIRE: u16 = 0o010;

/// Record types.
#[allow(missing_docs)]
pub(crate) mod rec {
    pub(crate) const SIZE: u8 = b'C';
    pub(crate) const TIME: u8 = b'T';
    pub(crate) const FULL: u8 = b'F';
    pub(crate) const INSP: u8 = b'I';
    pub(crate) const FILT: u8 = b'L';
    pub(crate) const FROM: u8 = b'S';
    pub(crate) const DONE: u8 = b'D';
    pub(crate) const RCPT: u8 = b'R';
    pub(crate) const ORCP: u8 = b'O';
    pub(crate) const DRCP: u8 = b'/';
    pub(crate) const WARN: u8 = b'W';
    pub(crate) const ATTR: u8 = b'A';
    pub(crate) const KILL: u8 = b'K';
    pub(crate) const RDR: u8 = b'>';
    pub(crate) const FLGS: u8 = b'f';
    pub(crate) const MESG: u8 = b'M';
    pub(crate) const CONT: u8 = b'L';
    pub(crate) const NORM: u8 = b'N';
    pub(crate) const DTXT: u8 = b'w';
    pub(crate) const XTRA: u8 = b'X';
    pub(crate) const RRTO: u8 = b'r';
    pub(crate) const ERTO: u8 = b'e';
    pub(crate) const PTR: u8 = b'p';
    pub(crate) const VERP: u8 = b'V';
    pub(crate) const END: u8 = b'E';
}

/// Whether the files of this queue lie in subdirectories (`hash_queue_names`).
pub(crate) fn is_hashed(queue: &str) -> bool {
    matches!(queue, "deferred" | "defer")
}

/// Path of a queue file, seen from the queue directory.
pub(crate) fn path(queue: &str, id: &str) -> String {
    if is_hashed(queue) { format!("{queue}/{}/{id}", id::hash(id)) } else { format!("{queue}/{id}") }
}

/// Makes the subdirectory that a hashed queue needs for this file, if it is not there.
pub(crate) async fn make_dir(sys: &Sys, queue: &str, id: &str) {
    if is_hashed(queue) {
        let dir = format!("{queue}/{}", id::hash(id));
        if sys.mkdir(&dir, 0o700).await.is_ok()
            && let Ok(parent) = sys.stat(queue).await
        {
            // Root tools must leave it to the mail owner.
            let _ = sys.chown(&dir, Some(parent.uid), Some(parent.gid), true).await;
        }
    }
}

/// Moves a message from one queue to another.
pub(crate) async fn rename(sys: &Sys, id: &str, from: &str, to: &str) -> Sysret<()> {
    make_dir(sys, to, id).await;
    sys.rename(&path(from, id), &path(to, id)).await
}

/// Moves a file, wherever it is, to its place in a queue.
pub(crate) async fn move_file(sys: &Sys, from: &str, to: &str, id: &str) -> Sysret<()> {
    make_dir(sys, to, id).await;
    sys.rename(from, &path(to, id)).await
}

/// Creates an empty queue file with the mode of one that is not complete: descriptor and queue id.
pub(crate) async fn create(sys: &Sys, queue: &str, long_ids: bool) -> Sysret<(Fd, String)> {
    let now = sys.now();
    let temp = format!("{queue}/{}.{}", now.0 % 1_000_000, sys.pid());
    let fd = sys.open(&temp, Open { read: true, excl: true, ..Open::CREATE }, 0o600).await?;
    let ino = sys.fstat(fd).await?.ino;
    // Events here come at round times; a clock in life has microseconds of its own, which keep ids from coming twice.
    let mut at = now.plus_micros(sys.random().await % 1000);
    loop {
        let id = id::make(at, ino, long_ids);
        make_dir(sys, queue, &id).await;
        match sys.link(&temp, &path(queue, &id)).await {
            Ok(()) => {
                sys.unlink(&temp).await?;
                return Ok((fd, id));
            }
            Err(Errno::EEXIST) => at = at.plus_micros(1),
            Err(e) => return Err(e),
        }
    }
}

/// Overwrites bytes of a queue file in place.
pub(crate) async fn patch(sys: &Sys, path: &str, offset: u64, bytes: &[u8]) -> Sysret<()> {
    let fd = sys.open(path, Open { write: true, ..Open::READ }, 0).await?;
    let mut done = sys.seek(fd, Whence::Start, offset as i64).await.map(|_| ());
    if done.is_ok() {
        done = sys.write(fd, bytes).await;
    }
    sys.close(fd).await?;
    done
}

/// Whether something that lies in a queue is a message that is complete: what is known of it, then.
pub(crate) async fn ready(sys: &Sys, log: &Log, path: &str) -> Option<Stat> {
    let st = match sys.lstat(path).await {
        Ok(st) => st,
        Err(Errno::ENOENT) => return None,
        Err(e) => {
            log.warn(format_args!("{path}: {e}"));
            return None;
        }
    };
    if st.kind != FileKind::File {
        log.warn(format_args!("{path}: uid {}: not a regular file", st.uid));
        return None;
    }
    if st.mode & READY != READY {
        return None;
    }
    // A message that is being moved has two names for a moment.
    if st.nlink > 1 && st.ctime.plus_secs(60) < sys.now() {
        log.warn(format_args!("{path}: uid {}: file has {} links", st.uid, st.nlink));
    }
    Some(st)
}

/// Names of what lies in a queue with their subdirectories walked through: (queue id, path), in the order of the directory.
pub(crate) async fn list(sys: &Sys, queue: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for DirEntry { name, kind, .. } in sys.read_dir(queue).await.unwrap_or_default() {
        let at = format!("{queue}/{name}");
        match kind {
            FileKind::Dir if name.len() == 1 => {
                for e in sys.read_dir(&at).await.unwrap_or_default() {
                    if id::is_valid(&e.name) && e.kind == FileKind::File {
                        found.push((e.name.clone(), format!("{at}/{}", e.name)));
                    }
                }
            }
            _ if id::is_valid(&name) => found.push((name, at)),
            _ => {}
        }
    }
    found
}
