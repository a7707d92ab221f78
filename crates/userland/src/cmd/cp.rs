//! cp: copy files and directories.  Source: POSIX cp, coreutils 9.1. Not here: sparse files, ACLs.

use crate::util::gnu;
use crate::util::quote::quoteaf;
use crate::util::walk::{base, children, join};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, FileKind, Open, STDOUT, Stat, Sys, Sysret};
use std::pin::Pin;

pub(super) const SPEC: Spec = Spec {
    name: "cp",
    path: "/usr/bin/cp",
    synopsis: "[OPTION]... [-T] SOURCE DEST",
    about: "copy files and directories",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo a > f; cp f g; cat g; cp -r . .", out: "a\ncp: cannot copy a directory, '.', into itself, './.'\n", code: 1 },
        Ex { sh: "mkdir d; cp d e", out: "cp: -r not specified; omitting directory 'd'\n", code: 1 },
    ],
};

const HELP: &str = "Usage: cp [OPTION]... [-T] SOURCE DEST\n  or:  cp [OPTION]... SOURCE... DIRECTORY\n  or:  cp [OPTION]... -t DIRECTORY SOURCE...\nCopy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "archive", Arg::No),
    Opt(0, "attributes-only", Arg::No),
    Opt(0, "backup", Arg::Maybe),
    Opt(b'b', "", Arg::No),
    Opt(b'd', "", Arg::No),
    Opt(b'f', "force", Arg::No),
    Opt(b'H', "", Arg::No),
    Opt(b'i', "interactive", Arg::No),
    Opt(b'l', "link", Arg::No),
    Opt(b'L', "dereference", Arg::No),
    Opt(b'n', "no-clobber", Arg::No),
    Opt(b'P', "no-dereference", Arg::No),
    Opt(b'p', "", Arg::No),
    Opt(0, "parents", Arg::No),
    Opt(0, "reflink", Arg::Maybe),
    Opt(0, "sparse", Arg::Yes),
    Opt(0, "preserve", Arg::Maybe),
    Opt(0, "no-preserve", Arg::Yes),
    Opt(b'R', "recursive", Arg::No),
    Opt(b'r', "", Arg::No),
    Opt(b's', "symbolic-link", Arg::No),
    Opt(b'S', "suffix", Arg::Yes),
    Opt(b't', "target-directory", Arg::Yes),
    Opt(b'T', "no-target-directory", Arg::No),
    Opt(b'u', "update", Arg::No),
    Opt(b'v', "verbose", Arg::No),
    Opt(b'x', "one-file-system", Arg::No),
];

/// How to copy.
pub(super) struct Copy {
    sys: Sys,
    recursive: bool,
    follow: bool,
    preserve: bool,
    force: bool,
    ask: bool,
    keep: bool,
    update: bool,
    verbose: bool,
    link: bool,
    symlink: bool,
    /// Only the attributes of files are copied.
    empty: bool,
    backup: Option<String>,
    status: i32,
}

/// Where several sources go: the directory, or the one name; else the message has been printed.
pub(super) async fn target(sys: &Sys, operands: &mut Vec<String>, dir: Option<&str>, exact: bool) -> Result<Option<String>, i32> {
    if operands.is_empty() {
        return Err(gnu::misuse(sys, 1, format_args!("missing file operand")));
    }
    if let Some(dir) = dir {
        return match sys.stat(dir).await {
            Ok(s) if s.is_dir() => Ok(Some(dir.to_string())),
            Ok(_) => fail(sys, "target directory", dir, Errno::ENOTDIR),
            Err(e) => fail(sys, "target directory", dir, e),
        };
    }
    if operands.len() == 1 {
        return Err(gnu::misuse(sys, 1, format_args!("missing destination file operand after {}", quoteaf(&operands[0]))));
    }
    if exact {
        return match operands.get(2) {
            Some(third) => Err(gnu::misuse(sys, 1, format_args!("extra operand {}", quoteaf(third)))),
            None => Ok(None),
        };
    }
    let last = operands.last().cloned().unwrap_or_default();
    match sys.stat(&last).await {
        Ok(s) if s.is_dir() => {
            operands.pop();
            Ok(Some(last))
        }
        _ if operands.len() == 2 => Ok(None),
        Ok(_) => fail(sys, "target", &last, Errno::ENOTDIR),
        Err(e) => fail(sys, "target", &last, e),
    }
}

fn fail(sys: &Sys, what: &str, name: &str, e: Errno) -> Result<Option<String>, i32> {
    sys.complain(format_args!("{what} {}: {e}", quoteaf(name)));
    Err(1)
}

async fn run(sys: Sys) -> i32 {
    let mut given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    let recursive = has(b'r') || has(b'R') || has(b'a');
    let suffix = given.value(OPTIONS, b'S').unwrap_or("~").to_string();
    let mut copy = Copy {
        sys: sys.clone(),
        recursive,
        follow: has(b'L') || !(recursive || has(b'P') || has(b'd')),
        preserve: has(b'p') || has(b'a') || given.has_long(OPTIONS, "preserve"),
        force: has(b'f'),
        ask: has(b'i'),
        keep: has(b'n'),
        update: has(b'u'),
        verbose: has(b'v'),
        link: has(b'l'),
        symlink: has(b's'),
        empty: given.has_long(OPTIONS, "attributes-only"),
        backup: Some(suffix).filter(|_| has(b'b') || has(b'S') || given.has_long(OPTIONS, "backup")),
        status: 0,
    };
    let (dir, exact, top) = (given.value(OPTIONS, b't').map(str::to_string), has(b'T'), has(b'H'));
    let dir = match target(&sys, &mut given.operands, dir.as_deref(), exact).await {
        Ok(dir) => dir,
        Err(status) => return status,
    };
    let names = match &dir {
        Some(_) => given.operands.clone(),
        None => given.operands[..1].to_vec(),
    };
    let follow = copy.follow;
    let parents = given.has_long(OPTIONS, "parents");
    if parents && dir.is_none() {
        return gnu::misuse(&sys, 1, format_args!("with --parents, the destination must be a directory"));
    }
    for name in names {
        let to = match &dir {
            Some(dir) if parents => {
                copy.make_parents(dir, &name).await;
                join(dir, &name)
            }
            Some(dir) => join(dir, base(&name)),
            None => given.operands[1].clone(),
        };
        copy.follow = follow || top;
        copy.one(name, to, true).await;
        copy.follow = follow;
    }
    copy.status
}

impl Copy {
    fn complain(&mut self, text: std::fmt::Arguments<'_>) {
        self.sys.complain(text);
        self.status = 1;
    }
    /// Makes the directories of a path below another.
    async fn make_parents(&mut self, dir: &str, name: &str) {
        for (i, _) in name.match_indices('/').filter(|(i, _)| *i > 0) {
            let (from, to) = (&name[..i], join(dir, &name[..i]));
            if let Ok(stat) = self.sys.stat(from).await
                && self.sys.mkdir(&to, stat.mode & 0o777).await.is_ok()
                && self.verbose
            {
                self.sys.print(machine::STDOUT, format_args!("{from} -> {to}\n"));
            }
        }
    }
    async fn attributes(&mut self, to: &str, from: &Stat) {
        if self.sys.chown(to, Some(from.uid), Some(from.gid), false).await.is_err() {
            let _ = self.sys.chown(to, None, Some(from.gid), false).await;
        }
        if from.kind != FileKind::Symlink {
            let _ = self.sys.chmod(to, from.mode).await;
            let _ = self.sys.utimes(to, Some(from.atime), Some(from.mtime)).await;
        }
    }
    fn one(&mut self, from: String, to: String, top: bool) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            let sys = self.sys.clone();
            let stat = match if self.follow { sys.stat(&from).await } else { sys.lstat(&from).await } {
                Ok(s) => s,
                Err(e) => return self.complain(format_args!("cannot stat {}: {e}", quoteaf(&from))),
            };
            if stat.is_dir() && !self.recursive {
                return self.complain(format_args!("-r not specified; omitting directory {}", quoteaf(&from)));
            }
            let there = match sys.stat(&to).await {
                Err(e) if e != Errno::ENOENT => return self.complain(format_args!("cannot stat {}: {e}", quoteaf(&to))),
                there => there.ok(),
            };
            if let Some(old) = &there {
                if old.ino == stat.ino && !self.link {
                    if stat.is_dir() {
                        return self.complain(format_args!("cannot copy a directory, {}, into itself, {}", quoteaf(&from), quoteaf(&to)));
                    }
                    if sys.lstat(&to).await.is_ok_and(|l| l.ino == stat.ino) || self.follow {
                        return self.complain(format_args!("{} and {} are the same file", quoteaf(&from), quoteaf(&to)));
                    }
                }
                match (stat.is_dir(), old.is_dir()) {
                    (true, false) => {
                        return self.complain(format_args!(
                            "cannot overwrite non-directory {} with directory {}",
                            quoteaf(&to),
                            quoteaf(&from)
                        ));
                    }
                    (false, true) => {
                        return self.complain(format_args!("cannot overwrite directory {} with non-directory", quoteaf(&to)));
                    }
                    (false, false) => {
                        if self.keep || self.update && old.mtime >= stat.mtime {
                            return;
                        }
                        if self.ask && !gnu::yes(&sys, format_args!("cp: overwrite {}? ", quoteaf(&to))).await {
                            self.status = self.status.max(0);
                            return;
                        }
                    }
                    _ => {}
                }
            }
            if stat.is_dir() {
                return self.directory(&from, &to, &stat, there.is_some()).await;
            }
            let mut note = String::new();
            if let (Some(suffix), true) = (&self.backup, there.is_some()) {
                let aside = format!("{to}{suffix}");
                note = format!(" (backup: {})", quoteaf(&aside));
                let _ = sys.rename(&to, &aside).await;
            }
            if self.verbose {
                sys.print(STDOUT, format_args!("{} -> {}{note}\n", quoteaf(&from), quoteaf(&to)));
            }
            let replace = there.is_some() && note.is_empty();
            let made = match stat.kind {
                _ if self.link => sys.link(&from, &to).await,
                _ if self.symlink => sys.symlink(&from, &to).await,
                FileKind::Symlink => {
                    if sys.lstat(&to).await.is_ok() {
                        let _ = sys.unlink(&to).await;
                    }
                    match sys.read_link(&from).await {
                        Ok(target) => sys.symlink(&target, &to).await,
                        Err(e) => Err(e),
                    }
                }
                FileKind::Fifo if self.recursive => sys.mkfifo(&to, stat.mode).await,
                _ => return self.regular(&from, &to, &stat, replace, top).await,
            };
            match made {
                Ok(()) if self.preserve => self.attributes(&to, &stat).await,
                Ok(()) => {}
                Err(e) => {
                    let what = if self.link { "hard link" } else { "symbolic link" };
                    self.complain(format_args!("cannot create {what} {}: {e}", quoteaf(&to)));
                }
            }
        })
    }
    async fn directory(&mut self, from: &str, to: &str, stat: &Stat, there: bool) {
        let sys = self.sys.clone();
        // A directory into itself: the target's real path begins with the source's.
        let source = sys.real_path(from).await.unwrap_or_default();
        let above = sys.real_path(crate::util::walk::parent(to)).await.unwrap_or_default();
        if !there && (above == source || above.starts_with(&format!("{source}/"))) {
            return self.complain(format_args!("cannot copy a directory, {}, into itself, {}", quoteaf(from), quoteaf(to)));
        }
        if !there {
            if let Err(e) = sys.mkdir(to, stat.mode & 0o777 | 0o700).await {
                return self.complain(format_args!("cannot create directory {}: {e}", quoteaf(to)));
            }
            if self.verbose {
                sys.print(STDOUT, format_args!("{} -> {}\n", quoteaf(from), quoteaf(to)));
            }
        }
        match children(&sys, from).await {
            Ok(names) => {
                for name in names {
                    let to = join(to, base(&name));
                    self.one(name, to, false).await;
                }
            }
            Err(e) => self.complain(format_args!("cannot access {}: {e}", quoteaf(from))),
        }
        if self.preserve {
            self.attributes(to, stat).await;
        } else if !there && stat.mode & 0o700 != 0o700 {
            let umask = sys.umask(None).await;
            let _ = sys.chmod(to, stat.mode & 0o777 & !umask).await;
        }
    }
    async fn regular(&mut self, from: &str, to: &str, stat: &Stat, replace: bool, _top: bool) {
        let sys = self.sys.clone();
        let input = match sys.open(from, Open::READ, 0).await {
            Ok(fd) => fd,
            Err(e) => return self.complain(format_args!("cannot open {} for reading: {e}", quoteaf(from))),
        };
        let flags = if replace { Open { write: true, trunc: true, ..Open::default() } } else { Open { excl: true, ..Open::CREATE } };
        let mode = if self.preserve { 0o600 } else { stat.mode & 0o777 };
        let mut output = if to.ends_with('/') && !replace { Err(Errno::ENOTDIR) } else { sys.open(to, flags, mode).await };
        if output.is_err() && self.force && replace && sys.unlink(to).await.is_ok() {
            output = sys.open(to, Open::CREATE, mode).await;
        }
        if output == Err(Errno::EEXIST) {
            self.complain(format_args!("not writing through dangling symlink {}", quoteaf(to)));
            let _ = sys.close(input).await;
            return;
        }
        let output = match output {
            Ok(fd) => fd,
            Err(e) => {
                let _ = sys.close(input).await;
                return self.complain(format_args!("cannot create regular file {}: {e}", quoteaf(to)));
            }
        };
        let done: Sysret<()> = async {
            loop {
                let part = sys.read(input, 1 << 16).await?;
                if part.is_empty() || self.empty {
                    return Ok(());
                }
                sys.write(output, &part).await?;
            }
        }
        .await;
        if let Err(e) = done {
            let what = if e == Errno::EISDIR { "error reading" } else { "error writing" };
            self.complain(format_args!("{what} {}: {e}", quoteaf(if e == Errno::EISDIR { from } else { to })));
        }
        let _ = sys.close(input).await;
        let _ = sys.close(output).await;
        if self.preserve {
            self.attributes(to, stat).await;
        }
    }
}
