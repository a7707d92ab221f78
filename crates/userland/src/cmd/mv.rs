//! mv: move and rename.  Source: POSIX mv, coreutils 9.1.

use crate::util::quote::quoteaf;
use crate::util::walk::{base, join};
use crate::util::{gnu, perm};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, FileKind, STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "mv",
    path: "/usr/bin/mv",
    synopsis: "[OPTION]... [-T] SOURCE DEST",
    about: "move (rename) files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "touch f; mv -v f g", out: "renamed 'f' -> 'g'\n", code: 0 },
        Ex { sh: "mkdir -p d/e; mv d d/e", out: "mv: cannot move 'd' to a subdirectory of itself, 'd/e/d'\n", code: 1 },
    ],
};

const HELP: &str = "Usage: mv [OPTION]... [-T] SOURCE DEST\n  or:  mv [OPTION]... SOURCE... DIRECTORY\n  or:  mv [OPTION]... -t DIRECTORY SOURCE...\nRename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.\n";

const OPTIONS: &[Opt] = &[
    Opt(0, "backup", Arg::Maybe),
    Opt(b'b', "", Arg::No),
    Opt(b'f', "force", Arg::No),
    Opt(b'i', "interactive", Arg::No),
    Opt(b'n', "no-clobber", Arg::No),
    Opt(b'S', "suffix", Arg::Yes),
    Opt(b't', "target-directory", Arg::Yes),
    Opt(b'T', "no-target-directory", Arg::No),
    Opt(b'u', "update", Arg::No),
    Opt(b'v', "verbose", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let mut given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let dir = given.value(OPTIONS, b't').map(str::to_string);
    let exact = given.has(OPTIONS, b'T');
    let dir = match super::cp::target(&sys, &mut given.operands, dir.as_deref(), exact).await {
        Ok(dir) => dir,
        Err(status) => return status,
    };
    // Of -f, -i and -n the last counts.
    let last = given.options.iter().rev().map(|(i, _)| OPTIONS[*i].0).find(|c| matches!(c, b'f' | b'i' | b'n'));
    let backup = given.has(OPTIONS, b'b') || given.has(OPTIONS, b'S') || given.has_long(OPTIONS, "backup");
    let suffix = given.value(OPTIONS, b'S').unwrap_or("~").to_string();
    let (update, verbose) = (given.has(OPTIONS, b'u'), given.has(OPTIONS, b'v'));
    let tty = sys.is_tty(STDIN).await;
    let names = if dir.is_some() { given.operands.clone() } else { given.operands[..1].to_vec() };
    let mut status = 0;
    for from in names {
        let to = match &dir {
            Some(dir) => join(dir, base(&from)),
            None => given.operands[1].clone(),
        };
        let (shown, target) = (quoteaf(&from), quoteaf(&to));
        let mut fail = |text: std::fmt::Arguments<'_>| {
            sys.complain(text);
            status = 1;
        };
        let stat = match sys.lstat(&from).await {
            Ok(s) => s,
            Err(e) => {
                fail(format_args!("cannot stat {shown}: {e}"));
                continue;
            }
        };
        let mut note = String::new();
        if let Ok(old) = sys.lstat(&to).await {
            if old.ino == stat.ino {
                fail(format_args!("{shown} and {target} are the same file"));
                continue;
            }
            if old.is_dir() != stat.is_dir() {
                if old.is_dir() {
                    fail(format_args!("cannot overwrite directory {target} with non-directory"));
                } else {
                    fail(format_args!("cannot overwrite non-directory {target} with directory {shown}"));
                }
                continue;
            }
            if last == Some(b'n') || update && old.mtime >= stat.mtime {
                continue;
            }
            let protected = last.is_none() && tty && old.kind != FileKind::Symlink && sys.access(&to, false, true, false).await.is_err();
            if protected {
                let mode = old.mode;
                let question = format_args!("mv: replace {target}, overriding mode {mode:04o} ({})? ", perm::bits(mode)).to_string();
                if !gnu::yes(&sys, format_args!("{question}")).await {
                    continue;
                }
            } else if last == Some(b'i') && !gnu::yes(&sys, format_args!("mv: overwrite {target}? ")).await {
                continue;
            }
            if backup {
                let aside = format!("{to}{suffix}");
                note = format!(" (backup: {})", quoteaf(&aside));
                let _ = sys.rename(&to, &aside).await;
            }
        }
        let result = if to.ends_with('/') && !stat.is_dir() { Err(Errno::ENOTDIR) } else { sys.rename(&from, &to).await };
        match result {
            Ok(()) if verbose => sys.print(STDOUT, format_args!("renamed {shown} -> {target}{note}\n")),
            Ok(()) => {}
            Err(Errno::EINVAL) => fail(format_args!("cannot move {shown} to a subdirectory of itself, {target}")),
            Err(e @ Errno::ENOTEMPTY) => fail(format_args!("cannot overwrite {target}: {e}")),
            Err(e) => fail(format_args!("cannot move {shown} to {target}: {e}")),
        }
    }
    status
}
