//! install: copy files and set their modes, make directories.  Source: coreutils 9.1. Not here: `-s`, SELinux contexts.

use super::cp::target;
use crate::util::gnu;
use crate::util::perm::Change;
use crate::util::quote::{quote, quoteaf};
use crate::util::users::Accounts;
use crate::util::walk::{base, join, parent};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "install",
    path: "/usr/bin/install",
    synopsis: "[OPTION]... [-T] SOURCE DEST",
    about: "copy files and set attributes",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo x > f; install -m 640 f g; stat -c '%a %n' g; install -D f a/b/c; cat a/b/c", out: "640 g\nx\n", code: 0 },
        Ex { sh: "install -v -d p/q", out: "install: creating directory 'p'\ninstall: creating directory 'p/q'\n", code: 0 },
    ],
};

const HELP: &str = "Usage: install [OPTION]... [-T] SOURCE DEST\n  or:  install [OPTION]... SOURCE... DIRECTORY\n  or:  install [OPTION]... -t DIRECTORY SOURCE...\n  or:  install [OPTION]... -d DIRECTORY...\n\nThis install program copies files (often just compiled) into destination\nlocations you choose.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "", Arg::No),
    Opt(0, "backup", Arg::Maybe),
    Opt(b'c', "", Arg::No),
    Opt(b'C', "compare", Arg::No),
    Opt(b'd', "directory", Arg::No),
    Opt(b'D', "", Arg::No),
    Opt(b'g', "group", Arg::Yes),
    Opt(b'm', "mode", Arg::Yes),
    Opt(b'o', "owner", Arg::Yes),
    Opt(b'p', "preserve-timestamps", Arg::No),
    Opt(b's', "strip", Arg::No),
    Opt(b'S', "suffix", Arg::Yes),
    Opt(b't', "target-directory", Arg::Yes),
    Opt(b'T', "no-target-directory", Arg::No),
    Opt(b'v', "verbose", Arg::No),
];

struct Install {
    sys: Sys,
    mode: u16,
    owner: (Option<u32>, Option<u32>),
    verbose: bool,
    compare: bool,
    times: bool,
    /// The suffix of a backup; empty: numbered.
    backup: Option<String>,
}

impl Install {
    fn fail(&self, text: std::fmt::Arguments<'_>) -> i32 {
        self.sys.complain(text);
        1
    }

    /// Makes a directory and those above it.
    async fn directory(&self, path: &str) -> i32 {
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        for (end, _) in path.match_indices('/').filter(|(i, _)| *i > 0).chain([(path.len(), "")]) {
            let part = &path[..end];
            if self.sys.stat(part).await.is_ok_and(|s| s.is_dir()) {
                continue;
            }
            if let Err(e) = self.sys.mkdir(part, 0o755).await {
                return self.fail(format_args!("cannot create directory {}: {e}", quoteaf(part)));
            }
            let _ = self.sys.chmod(part, 0o755).await;
            if self.verbose {
                self.sys.print(STDOUT, format_args!("install: creating directory {}\n", quoteaf(part)));
            }
        }
        0
    }

    async fn dress(&self, path: &str) -> i32 {
        let (uid, gid) = self.owner;
        if (uid.is_some() || gid.is_some())
            && let Err(e) = self.sys.chown(path, uid, gid, true).await
        {
            return self.fail(format_args!("cannot change ownership of {}: {e}", quoteaf(path)));
        }
        if let Err(e) = self.sys.chmod(path, self.mode).await {
            return self.fail(format_args!("cannot change permissions of {}: {e}", quoteaf(path)));
        }
        0
    }

    async fn file(&self, from: &str, to: &str) -> i32 {
        let stat = match self.sys.stat(from).await {
            Err(e) => return self.fail(format_args!("cannot stat {}: {e}", quoteaf(from))),
            Ok(s) if s.is_dir() => return self.fail(format_args!("omitting directory {}", quoteaf(from))),
            Ok(s) => s,
        };
        let old = self.sys.lstat(to).await;
        if old.as_ref().is_ok_and(|s| s.is_dir()) {
            return self.fail(format_args!("cannot overwrite directory {} with non-directory", quoteaf(to)));
        }
        if old.as_ref().is_ok_and(|s| s.ino == stat.ino) {
            return self.fail(format_args!("{} and {} are the same file", quoteaf(from), quoteaf(to)));
        }
        let bytes = match self.sys.read_file(from).await {
            Ok(bytes) => bytes,
            Err(e) => return self.fail(format_args!("cannot open {} for reading: {e}", quoteaf(from))),
        };
        if let (true, Ok(s)) = (self.compare, &old)
            && s.mode == self.mode
            && self.sys.read_file(to).await.is_ok_and(|b| b == bytes)
        {
            return 0;
        }
        let mut note = String::new();
        if old.is_ok() {
            match &self.backup {
                Some(suffix) => {
                    let mut aside = format!("{to}{suffix}");
                    let mut n = 0;
                    while suffix.is_empty() && (n == 0 || self.sys.lstat(&aside).await.is_ok()) {
                        n += 1;
                        aside = format!("{to}.~{n}~");
                    }
                    let _ = self.sys.rename(to, &aside).await;
                    note = format!(" (backup: {})", quoteaf(&aside));
                }
                None => {
                    if let Err(e) = self.sys.unlink(to).await {
                        return self.fail(format_args!("cannot remove {}: {e}", quoteaf(to)));
                    }
                    if self.verbose {
                        self.sys.print(STDOUT, format_args!("removed {}\n", quoteaf(to)));
                    }
                }
            }
        }
        if self.verbose {
            self.sys.print(STDOUT, format_args!("{} -> {}{note}\n", quoteaf(from), quoteaf(to)));
        }
        if let Err(e) = self.sys.write_file(to, &bytes, 0o600).await {
            return self.fail(format_args!("cannot create regular file {}: {e}", quoteaf(to)));
        }
        if self.times {
            let _ = self.sys.utimes(to, Some(stat.atime), Some(stat.mtime)).await;
        }
        self.dress(to).await
    }
}

async fn run(sys: Sys) -> i32 {
    let mut given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    if has(b's') {
        sys.unsupported("-s");
        return 1;
    }
    let suffix = match given.value_long(OPTIONS, "backup") {
        Some("numbered" | "t") => String::new(),
        _ => given.value(OPTIONS, b'S').unwrap_or("~").to_string(),
    };
    let mut install = Install {
        sys: sys.clone(),
        mode: 0o755,
        owner: (None, None),
        verbose: has(b'v'),
        compare: has(b'C'),
        times: has(b'p'),
        backup: Some(suffix).filter(|_| has(b'b') || has(b'S') || given.has_long(OPTIONS, "backup")),
    };
    let (directories, leading, exact) = (has(b'd'), has(b'D'), has(b'T'));
    if let Some(text) = given.value(OPTIONS, b'm') {
        match Change::parse(text) {
            Some(change) => install.mode = change.apply(0, false, 0),
            None => return install.fail(format_args!("invalid mode {}", quote(text))),
        }
    }
    let accounts = Accounts::read(&sys).await;
    if let Some(name) = given.value(OPTIONS, b'o') {
        match accounts.uid(name) {
            Some(uid) => install.owner.0 = Some(uid),
            None => return install.fail(format_args!("invalid user {}", quote(name))),
        }
    }
    if let Some(name) = given.value(OPTIONS, b'g') {
        match accounts.gid(name) {
            Some(gid) => install.owner.1 = Some(gid),
            None => return install.fail(format_args!("invalid group {}", quote(name))),
        }
    }
    let mut status = 0;
    if directories {
        if given.operands.is_empty() {
            return gnu::misuse(&sys, 1, format_args!("missing file operand"));
        }
        for name in &given.operands {
            let done = install.directory(name).await;
            status |= if done == 0 { install.dress(name).await } else { done };
        }
        return status;
    }
    let dir = given.value(OPTIONS, b't').map(str::to_string);
    if leading {
        let made = match &dir {
            Some(dir) => install.directory(dir).await,
            None if given.operands.len() == 2 => install.directory(parent(&given.operands[1])).await,
            None => 0,
        };
        if made != 0 {
            return made;
        }
    } else if let Some(dir) = &dir
        && let Err(e) = sys.stat(dir).await
    {
        return install.fail(format_args!("failed to access {}: {e}", quoteaf(dir)));
    }
    let dir = match target(&sys, &mut given.operands, dir.as_deref(), exact || leading && dir.is_none()).await {
        Ok(dir) => dir,
        Err(status) => return status,
    };
    let names = match &dir {
        Some(_) => given.operands.clone(),
        None => given.operands[..1].to_vec(),
    };
    for name in names {
        let to = match &dir {
            Some(dir) => join(dir, base(&name)),
            None => given.operands[1].clone(),
        };
        status |= install.file(&name, &to).await;
    }
    status
}
