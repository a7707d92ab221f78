//! postsuper(1): delete, requeue, hold, release, expire messages; put queue files where they belong. Source: postsuper(1).

use super::Getopt;
use crate::config::Config;
use crate::maillog::Log;
use crate::queue::{self, READY, id};
use machine::{FileKind, Ids, STDIN, Stat, Sys};

/// Queues in the order of work; whether they hold messages; whether there are subdirectories.
const QUEUES: [(&str, bool, bool); 9] = [
    ("defer", false, true),
    ("bounce", false, true),
    ("maildrop", true, false),
    ("incoming", true, true),
    ("active", true, true),
    ("deferred", true, true),
    ("hold", true, true),
    ("flush", false, true),
    ("trace", false, true),
];
const EXPIRED: u16 = 0o010;
const OPTIONS: &str = "c:d:e:f:h:H:pr:sSv";
/// Files that nobody finished are thrown away after a week.
const MAX_TEMP_AGE: u64 = 7 * 86400;

fn usage(name: &str) -> String {
    [
        "usage: ",
        name,
        " [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] [-f queue_id (expire and/or un-hold)] ",
        "[-h queue_id (hold)] [-H queue_id (un-hold)] [-p (purge temporary files)] [-r queue_id (requeue)] ",
        "[-s (structure fix)] [-S (redundant structure fix)][-v (verbose)] [queue...]",
    ]
    .concat()
}

struct Super {
    sys: Sys,
    log: Log,
    queues: Vec<(&'static str, bool, bool)>,
    long_ids: bool,
    /// Done to: `d` deleted, `r` requeued, `h` held, `H` released, `e` expired.
    counts: [(char, usize); 5],
    mismatched: usize,
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::tool(&sys);
    match run(&sys, &log).await {
        Ok(()) => 0,
        Err(text) => log.fatal(&text).await,
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<(), String> {
    if sys.ids().uid != 0 {
        return Err("use of this command is reserved for the superuser".to_string());
    }
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut wanted: Vec<(char, String)> = Vec::new();
    let (mut purge, mut structure) = (false, false);
    let mut opts = Getopt::new(sys);
    while let Some((letter, value)) = opts.next(OPTIONS) {
        match letter {
            'c' if !value.starts_with('/') => return Err("-c requires absolute pathname".to_string()),
            'c' => dir = value,
            'd' | 'e' | 'f' | 'h' | 'H' | 'r' => wanted.push((letter, value)),
            'p' => purge = true,
            's' | 'S' => structure = true,
            'v' => sys.unsupported("-v"),
            _ => return Err(usage(sys.name())),
        }
    }
    if wanted.is_empty() && !purge && !structure {
        (purge, structure) = (true, true);
    }
    let cfg = Config::load(log, &dir, &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let queue = cfg.str("queue_directory");
    sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    // Everything is done as the mail owner, whose files these are.
    if let Some(owner) = crate::account::by_name(sys, &cfg.str("mail_owner")).await {
        let _ = sys.set_ids(Ids::user(owner.uid, owner.gid, Vec::new())).await;
    }
    let mut queues = QUEUES[..8].to_vec();
    if !opts.rest().is_empty() {
        queues.clear();
        for name in opts.rest() {
            let known = QUEUES.iter().find(|(n, ..)| n == name);
            queues.push(*known.ok_or_else(|| format!("invalid directory name: {name}"))?);
        }
    }
    let counts = ['r', 'd', 'e', 'h', 'H'].map(|letter| (letter, 0));
    let mut s = Super { sys: sys.clone(), log: log.clone(), queues, long_ids: cfg.bool("enable_long_queue_ids"), counts, mismatched: 0 };
    if purge || structure {
        s.repair(purge, structure).await?;
    }
    if s.mismatched > 0 && wanted.iter().any(|(_, id)| id != "ALL") {
        log.error(format_args!("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS"));
        return Err("CHECK YOUR QUEUE IDS AND RE-ISSUE THE COMMAND".to_string());
    }
    for (letter, id) in &wanted {
        match id.as_str() {
            "ALL" => s.all(*letter).await?,
            "-" => {
                let text = sys.read_all(STDIN).await.unwrap_or_default();
                for id in String::from_utf8_lossy(&text).lines() {
                    s.one(*letter, id).await;
                }
            }
            id => s.one(*letter, id).await,
        }
    }
    for (letter, n) in s.counts {
        let done = match letter {
            'r' => "Requeued",
            'd' => "Deleted",
            'e' => "Force-expired",
            'h' => "Placed on hold",
            _ => "Released from hold",
        };
        if wanted.iter().any(|(w, _)| *w == letter || (*w == 'f' && matches!(letter, 'e' | 'H'))) {
            log.info(format_args!("{done}: {n} message{}", if n == 1 { "" } else { "s" }));
        }
    }
    if s.mismatched > 0 {
        log.info(format_args!("Renamed to match inode number: {} message{}", s.mismatched, if s.mismatched == 1 { "" } else { "s" }));
        log.warn(format_args!("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS"));
    }
    Ok(())
}

impl Super {
    fn count(&mut self, letter: char) {
        if let Some((_, n)) = self.counts.iter_mut().find(|(l, _)| *l == letter) {
            *n += 1;
        }
    }
    /// The files of a queue: name, path, state.
    async fn files(&self, queue: &str, recurse: bool) -> Result<Vec<(String, String, Stat)>, String> {
        let mut found = Vec::new();
        let mut dirs = vec![queue.to_string()];
        while let Some(dir) = dirs.pop() {
            let entries = self.sys.read_dir(&dir).await.map_err(|e| format!("scan_dir_push: open directory {dir}: {e}"))?;
            for e in entries {
                let path = format!("{dir}/{}", e.name);
                match e.kind {
                    // Names of one letter are taken for the subdirectories of a hashed queue.
                    _ if recurse && e.name.len() == 1 => dirs.push(path),
                    FileKind::File => {
                        if let Ok(st) = self.sys.lstat(&path).await {
                            found.push((e.name, path, st));
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(found)
    }
    /// Puts files where their names belong, gives them names that fit their inodes, throws away what was never finished.
    async fn repair(&mut self, purge: bool, structure: bool) -> Result<(), String> {
        for (queue, messages, recurse) in self.queues.clone() {
            for (name, path, st) in self.files(queue, recurse).await? {
                let finished = st.mode & 0o700 == if messages { READY } else { 0o600 };
                let age = self.sys.now().secs().saturating_sub(st.mtime.secs());
                if purge && age > MAX_TEMP_AGE && !finished {
                    let _ = self.sys.unlink(&path).await;
                    continue;
                }
                if !id::is_valid(&name) {
                    self.log.warn(format_args!("bogus file name: {path}"));
                    continue;
                }
                if !structure {
                    continue;
                }
                if messages && let Some(new) = id::corrected(&name, st.ino, self.long_ids) {
                    self.mismatched += 1;
                    for log in ["bounce", "defer", "trace"] {
                        let _ = queue::move_file(&self.sys, &queue::path(log, &name), log, &new).await;
                    }
                    let _ = queue::move_file(&self.sys, &path, queue, &new).await;
                } else if path != queue::path(queue, &name) {
                    let _ = queue::move_file(&self.sys, &path, queue, &name).await;
                }
            }
        }
        Ok(())
    }
    /// Does it to a message, wherever it is.
    async fn one(&mut self, letter: char, name: &str) {
        if !id::is_valid(name) {
            self.log.warn(format_args!("invalid mail queue id: {name}"));
            return;
        }
        if letter == 'f' {
            self.try_one('e', name).await;
            self.try_one('H', name).await;
        } else {
            self.try_one(letter, name).await;
        }
    }
    async fn try_one(&mut self, letter: char, name: &str) {
        for (queue, messages, _) in self.queues.clone() {
            let path = queue::path(queue, name);
            if !messages || !applies(letter, queue) {
                continue;
            }
            let Ok(st) = self.sys.lstat(&path).await else { continue };
            if st.kind == FileKind::File && st.mode & 0o700 == READY && self.act(letter, name, &path, &st).await {
                self.count(letter);
                let done = match letter {
                    'd' => "removed",
                    'r' => "requeued",
                    'h' => "placed on hold",
                    'H' => "released from hold",
                    _ => "expired",
                };
                self.log.info(format_args!("{name}: {done}"));
                return;
            }
        }
    }
    /// Does it to all messages.
    async fn all(&mut self, letter: char) -> Result<(), String> {
        for (queue, messages, recurse) in self.queues.clone() {
            if !messages && letter != 'd' {
                continue;
            }
            for (name, path, st) in self.files(queue, recurse).await? {
                if letter == 'd' {
                    if self.sys.unlink(&path).await.is_ok() && messages {
                        self.count('d');
                    }
                    continue;
                }
                if !id::is_valid(&name) {
                    self.log.warn(format_args!("bogus file name: {path}"));
                    continue;
                }
                let letters: &[char] = if letter == 'f' { &['e', 'H'] } else { &[letter] };
                for &letter in letters {
                    let ready = letter != 'e' || st.mode & 0o700 == READY;
                    if ready && applies(letter, queue) && self.act(letter, &name, &path, &st).await {
                        self.count(letter);
                    }
                }
            }
        }
        Ok(())
    }
    async fn act(&self, letter: char, name: &str, path: &str, st: &Stat) -> bool {
        let sys = &self.sys;
        match letter {
            'd' => {
                for log in ["bounce", "defer", "trace"] {
                    let _ = sys.unlink(&queue::path(log, name)).await;
                }
                sys.unlink(path).await.is_ok()
            }
            'e' => st.mode & EXPIRED == 0 && sys.chmod(path, st.mode | EXPIRED).await.is_ok(),
            'r' => {
                let moved = queue::move_file(sys, path, "maildrop", name).await.is_ok();
                if moved {
                    let _ = sys.utimes(&queue::path("maildrop", name), Some(sys.now()), Some(sys.now())).await;
                }
                moved
            }
            _ => queue::move_file(sys, path, if letter == 'h' { "hold" } else { "deferred" }, name).await.is_ok(),
        }
    }
}

/// Whether an action means messages in this queue.
fn applies(letter: char, queue: &str) -> bool {
    match letter {
        'd' => true,
        'H' => queue == "hold",
        'h' => !matches!(queue, "maildrop" | "hold"),
        _ => queue != "maildrop",
    }
}
