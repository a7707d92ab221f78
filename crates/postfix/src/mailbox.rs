//! Writing a message to a mailbox: mbox with locks, maildir, and the lines that delivery puts before the header.
//! Not here: whose mailbox (`local`, `virtual_`). Source: mail_copy(3), mbox_open(3), maildir(5).

use crate::address::tok::quote_local;
use crate::config::Config;
use crate::deliver::Request;
use crate::maillog::Log;
use crate::queue::envelope::{Rcpt, content};
use crate::report::Dsn;
use machine::{DateTime, Errno, Fd, FileKind, Ids, Open, Sys, Sysret, Whence};

/// What is put before and around a message.
#[allow(missing_docs)]
pub(crate) mod put {
    /// `From sender  date`
    pub(crate) const FROM: u8 = 1;
    pub(crate) const RETURN_PATH: u8 = 1 << 1;
    /// `X-Original-To:`
    pub(crate) const ORIG: u8 = 1 << 2;
    /// `Delivered-To:`
    pub(crate) const DELIVERED: u8 = 1 << 3;
    /// `>` before a line that begins with `From `.
    pub(crate) const QUOTE: u8 = 1 << 4;
    /// An empty line at the end.
    pub(crate) const BLANK: u8 = 1 << 5;
    /// Dots at the beginning of lines doubled.
    pub(crate) const DOT: u8 = 1 << 6;
    /// A mailbox in mbox form.
    pub(crate) const MBOX: u8 = FROM | RETURN_PATH | ORIG | DELIVERED | QUOTE | BLANK;
}

/// A message and the addresses that its mailbox copy names.
pub(crate) struct Copy<'a> {
    pub(crate) file: &'a [u8],
    pub(crate) sender: &'a str,
    /// Original recipient; empty: not named.
    pub(crate) orig: &'a str,
    pub(crate) delivered: &'a str,
}

/// `Tue Nov 24 11:46:52 2026`
pub(crate) fn ctime(sys: &Sys) -> String {
    let t = DateTime::new(sys.now(), sys.utc_offset());
    format!("{} {} {:2} {:02}:{:02}:{:02} {}", t.day_name(), t.month_name(), t.day, t.hour, t.minute, t.second, t.year)
}

impl<'a> Copy<'a> {
    /// A recipient's copy; the sender and the final recipient are those of the delivery.
    pub(crate) fn of(cfg: &Config, request: &'a Request, rcpt: &'a Rcpt, (sender, delivered): (&'a str, &'a str)) -> Copy<'a> {
        let orig = if cfg.bool("enable_original_recipient") { rcpt.orig.as_str() } else { "" };
        Copy { file: &request.file, sender, orig, delivered }
    }
    /// The bytes of the copy; `how`: see [`put`]; `eol` ends its lines.
    pub(crate) fn bytes(&self, sys: &Sys, how: u8, eol: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.file.len() + 200);
        let sender = if self.sender.is_empty() { String::new() } else { quote_local(self.sender) };
        let mut line = |bit: u8, text: String| {
            if how & bit != 0 {
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(eol.as_bytes());
            }
        };
        let who = if sender.is_empty() { "MAILER-DAEMON" } else { &sender };
        line(put::FROM, format!("From {who}  {}", ctime(sys)));
        line(put::RETURN_PATH, format!("Return-Path: <{sender}>"));
        if !self.orig.is_empty() {
            line(put::ORIG, format!("X-Original-To: {}", quote_local(self.orig)));
        }
        line(put::DELIVERED, format!("Delivered-To: {}", quote_local(self.delivered)));
        let mut start = true;
        for (line, cut) in content(self.file) {
            if start && how & put::QUOTE != 0 && line.starts_with(b"From ") {
                out.push(b'>');
            }
            if start && how & put::DOT != 0 && line.first() == Some(&b'.') {
                out.push(b'.');
            }
            out.extend_from_slice(line);
            if !cut {
                out.extend_from_slice(eol.as_bytes());
            }
            start = !cut;
        }
        if !start {
            out.extend_from_slice(eol.as_bytes());
        }
        if how & put::BLANK != 0 {
            out.extend_from_slice(eol.as_bytes());
        }
        out
    }
}

/// Status of a mailbox error.
fn status(e: Errno, default: &str) -> String {
    match e {
        Errno::EAGAIN => "4.2.0",
        Errno::ENOSPC => "4.3.0",
        Errno::EFBIG => "5.2.2",
        _ => default,
    }
    .to_string()
}

/// Who writes.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Takes a user's rights for file access; the real user stays root, who can take others.
pub(crate) async fn become_user(sys: &Sys, who: Owner) {
    let _ = sys.set_ids(Ids::ROOT).await;
    if who.uid != 0 || who.gid != 0 {
        let _ = sys.set_ids(Ids { uid: 0, euid: who.uid, gid: 0, egid: who.gid, groups: vec![who.gid] }).await;
    }
}

/// How an mbox is written.
pub(crate) struct Mbox<'a> {
    pub(crate) log: &'a Log,
    pub(crate) path: &'a str,
    /// Rights for making the file and its lock.
    pub(crate) spool: Owner,
    /// Owner of a new file.
    pub(crate) user: Owner,
    /// Rights to go back to.
    pub(crate) daemon: Owner,
    /// Largest size; 0: none.
    pub(crate) limit: i64,
    /// Locks with `.lock` files (`mailbox_delivery_lock`).
    pub(crate) dotlock: bool,
    /// A lock that cannot be made is no obstacle (files named by users).
    pub(crate) lock_may_fail: bool,
    /// The owner must be the recipient (`strict_mailbox_ownership`).
    pub(crate) strict: bool,
    /// The recipient's own mailbox: a plain file. Else a file that somebody named: if it is a plain one, not executable.
    pub(crate) personal: bool,
    /// Status of an error that has none of its own.
    pub(crate) default: &'a str,
    pub(crate) lock_tries: i64,
    pub(crate) lock_delay: i64,
}

impl Mbox<'_> {
    /// Appends a message.
    pub(crate) async fn append(&self, sys: &Sys, copy: &Copy<'_>, how: u8) -> Result<(), Dsn> {
        become_user(sys, self.spool).await;
        let done = self.locked(sys, copy, how).await;
        become_user(sys, self.daemon).await;
        done
    }
    async fn locked(&self, sys: &Sys, copy: &Copy<'_>, how: u8) -> Result<(), Dsn> {
        let lock = format!("{}.lock", self.path);
        let regular = match sys.stat(self.path).await {
            Ok(st) => st.kind == FileKind::File,
            Err(_) => true,
        };
        let mut locked = false;
        if self.dotlock && regular {
            let mut tries = 0;
            locked = loop {
                match sys.open(&lock, Open { excl: true, ..Open::CREATE }, 0).await {
                    Ok(fd) => {
                        let _ = sys.write(fd, b"0").await;
                        let _ = sys.close(fd).await;
                        break true;
                    }
                    Err(Errno::EEXIST) => {
                        tries += 1;
                        if tries >= self.lock_tries {
                            return Err(Dsn::new("4.2.0", format!("unable to create lock file {lock}: {}", Errno::EEXIST)));
                        }
                        let _ = sys.sleep(self.lock_delay.max(1) as u64 * 1_000_000).await;
                    }
                    Err(e) => {
                        let reason = format!("unable to create lock file {lock}: {e}");
                        if !self.lock_may_fail {
                            return Err(Dsn::new(&status(e, self.default), reason));
                        }
                        self.log.warn(format_args!("{reason}"));
                        break false;
                    }
                }
            };
        }
        let done = self.write(sys, copy, how).await;
        if locked {
            become_user(sys, self.spool).await;
            let _ = sys.unlink(&lock).await;
        }
        done
    }
    async fn write(&self, sys: &Sys, copy: &Copy<'_>, how: u8) -> Result<(), Dsn> {
        let fd = self.open(sys).await.map_err(|(e, reason)| Dsn::new(&status(e, self.default), reason))?;
        let result = self.fill(sys, fd, copy, how).await;
        let _ = sys.close(fd).await;
        result
    }
    /// Opens the file, or makes it where there is none; what others may have put there is looked at first (safe_open(3)).
    async fn open(&self, sys: &Sys) -> Result<Fd, (Errno, String)> {
        let flags = Open { create: false, ..Open::APPEND };
        match sys.open(self.path, flags, 0).await {
            Ok(fd) => match self.objection(sys, fd).await {
                Some(reason) => {
                    let _ = sys.close(fd).await;
                    Err((Errno::EPERM, reason))
                }
                None => Ok(fd),
            },
            Err(Errno::ENOENT) => {
                let made = sys.open(self.path, Open { excl: true, ..Open::APPEND }, 0o600).await;
                let fd = made.map_err(|e| (e, format!("cannot create file exclusively: {e}")))?;
                if self.user.uid != self.spool.uid {
                    let _ = sys.chown(self.path, Some(self.user.uid), Some(self.user.gid), false).await;
                }
                Ok(fd)
            }
            Err(e) => Err((e, format!("cannot open file: {e}"))),
        }
    }
    /// What speaks against writing to an existing file: other names, or a symbolic link that is not root's in a directory of root's.
    async fn objection(&self, sys: &Sys, fd: Fd) -> Option<String> {
        let st = sys.fstat(fd).await.ok()?;
        if st.kind == FileKind::File && st.nlink != 1 {
            return Some(format!("file has {} hard links", st.nlink));
        }
        let link = sys.lstat(self.path).await.ok()?;
        if link.kind != FileKind::Symlink {
            return None;
        }
        let dir = self.path.rsplit_once('/').map_or(".", |(dir, _)| if dir.is_empty() { "/" } else { dir });
        let safe = link.uid == 0 && sys.stat(dir).await.is_ok_and(|d| d.uid == 0 && d.mode & 0o022 == 0);
        (!safe).then(|| "file is a symbolic link".to_string())
    }
    async fn fill(&self, sys: &Sys, fd: Fd, copy: &Copy<'_>, how: u8) -> Result<(), Dsn> {
        let st = sys.fstat(fd).await.map_err(|e| Dsn::new("4.2.0", format!("cannot open file: {e}")))?;
        let regular = st.kind == FileKind::File;
        if self.personal && !regular {
            return Err(Dsn::new("5.2.0", format!("destination {} is not a regular file", self.path)));
        }
        if !self.personal && regular && st.mode & 0o111 != 0 {
            return Err(Dsn::new("5.7.1", "file is executable"));
        }
        if self.strict && st.uid != self.user.uid {
            return Err(Dsn::new("4.2.0", format!("destination {} is not owned by recipient", self.path)));
        }
        let bytes = copy.bytes(sys, how, "\n");
        let end = sys.seek(fd, Whence::End, 0).await.unwrap_or(st.size);
        let written = if self.limit > 0 && regular && end.saturating_add(bytes.len() as u64) > self.limit as u64 {
            Err(Errno::EFBIG)
        } else {
            sys.write(fd, &bytes).await
        };
        if let Err(e) = written {
            let _ = sys.truncate(fd, end).await;
            let mut dsn = Dsn::new(&status(e, "5.3.0"), format!("error writing message: {e}"));
            (dsn.dtype, dsn.dtext) = ("x-unix".to_string(), "input/output error".to_string());
            return Err(dsn);
        }
        // The real one waits for the disk here; the spool's disk is waited for in cleanup, and once is enough to see.
        Ok(())
    }
}

async fn make_dirs(sys: &Sys, path: &str) -> Sysret<()> {
    let mut at = 1;
    while let Some(end) = path[at..].find('/').map(|i| at + i) {
        match sys.mkdir(&path[..end], 0o700).await {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(_) if sys.stat(&path[..end]).await.is_ok_and(|s| s.is_dir()) => {}
            Err(e) => return Err(e),
        }
        at = end + 1;
    }
    Ok(())
}

/// Delivers into a maildir (its path ends in `/`).
pub(crate) async fn maildir(sys: &Sys, path: &str, user: Owner, daemon: Owner, copy: &Copy<'_>, how: u8, default: &str) -> Result<(), Dsn> {
    become_user(sys, user).await;
    let done = maildir_as(sys, path, copy, how, default).await;
    become_user(sys, daemon).await;
    done
}

async fn maildir_as(sys: &Sys, path: &str, copy: &Copy<'_>, how: u8, default: &str) -> Result<(), Dsn> {
    let now = sys.now();
    let host = sys.host_name().await;
    let temp = format!("{path}tmp/{}.P{}.{host}", now.secs(), sys.pid());
    let fail = |e: Errno, file: &str| Dsn::new(&status(e, default), format!("create maildir file {file}: {e}"));
    let flags = Open { excl: true, ..Open::CREATE };
    let mut opened = sys.open(&temp, flags, 0o600).await;
    if opened == Err(Errno::ENOENT) {
        opened = match make_dirs(sys, &format!("{path}tmp/")).await {
            Ok(()) => sys.open(&temp, flags, 0o600).await,
            Err(e) => Err(e),
        };
    }
    let fd = opened.map_err(|e| fail(e, &temp))?;
    let ino = sys.fstat(fd).await.map(|s| s.ino).unwrap_or(0);
    let new = format!("{path}new/{}.V801I{ino:x}M{}.{host}", now.secs(), now.0 % 1_000_000);
    let mut result = sys.write(fd, &copy.bytes(sys, how, "\n")).await.map_err(|e| {
        let mut dsn = Dsn::new(&status(e, "5.3.0"), format!("error writing message: {e}"));
        (dsn.dtype, dsn.dtext) = ("x-unix".to_string(), "input/output error".to_string());
        dsn
    });
    let _ = sys.close(fd).await;
    if result.is_ok() {
        let mut linked = sys.link(&temp, &new).await;
        if linked == Err(Errno::ENOENT) {
            let _ = make_dirs(sys, &format!("{path}cur/")).await;
            linked = match make_dirs(sys, &format!("{path}new/")).await {
                Ok(()) => sys.link(&temp, &new).await,
                Err(e) => Err(e),
            };
        }
        result = linked.map_err(|e| fail(e, &new));
    }
    let _ = sys.unlink(&temp).await;
    result
}
