//! rm: remove files and directories.  Source: POSIX rm, coreutils 9.1.

use crate::util::quote::quoteaf;
use crate::util::walk::{base, children};
use crate::util::{gnu, perm};
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDERR, STDIN, STDOUT, Stat, Sys};
use std::pin::Pin;

pub(super) const SPEC: Spec = Spec {
    name: "rm",
    path: "/usr/bin/rm",
    synopsis: "[OPTION]... [FILE]...",
    about: "remove files or directories",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "mkdir -p d/e; rm d; rm -r d; ls", out: "rm: cannot remove 'd': Is a directory\n", code: 0 },
        Ex { sh: "rm -f nosuch; rm nosuch", out: "rm: cannot remove 'nosuch': No such file or directory\n", code: 1 },
    ],
};

const HELP: &str = "Usage: rm [OPTION]... [FILE]...\nRemove (unlink) the FILE(s).\n";

const OPTIONS: &[Opt] = &[
    Opt(b'f', "force", Arg::No),
    Opt(b'i', "", Arg::No),
    Opt(b'I', "", Arg::No),
    Opt(0, "interactive", Arg::Maybe),
    Opt(0, "one-file-system", Arg::No),
    Opt(0, "no-preserve-root", Arg::No),
    Opt(0, "preserve-root", Arg::Maybe),
    Opt(b'r', "recursive", Arg::No),
    Opt(b'R', "", Arg::No),
    Opt(b'd', "dir", Arg::No),
    Opt(b'v', "verbose", Arg::No),
];

struct Rm {
    sys: Sys,
    force: bool,
    ask: bool,
    recursive: bool,
    dir: bool,
    verbose: bool,
    tty: bool,
    status: i32,
}

async fn run(sys: Sys) -> i32 {
    if let Some(status) = hint(&sys).await {
        return status;
    }
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let recursive = given.has(OPTIONS, b'r') || given.has(OPTIONS, b'R');
    let mut rm = Rm { tty: sys.is_tty(STDIN).await, sys, force: false, ask: false, recursive, dir: false, verbose: false, status: 0 };
    let (mut once, mut root) = (false, true);
    for (i, value) in &given.options {
        match (OPTIONS[*i].0, OPTIONS[*i].1, value.as_deref()) {
            (b'f', ..) => (rm.force, rm.ask, once) = (true, false, false),
            (b'i', ..) | (_, "interactive", None | Some("always" | "yes")) => (rm.force, rm.ask, once) = (false, true, false),
            (b'I', ..) | (_, "interactive", Some("once")) => (rm.force, rm.ask, once) = (false, false, true),
            (_, "interactive", _) => (rm.ask, once) = (false, false),
            (b'd', ..) => rm.dir = true,
            (b'v', ..) => rm.verbose = true,
            (_, "no-preserve-root", _) => root = false,
            _ => {}
        }
    }
    if given.operands.is_empty() {
        return if rm.force { 0 } else { gnu::missing(&rm.sys, None) };
    }
    let n = given.operands.len();
    if once && (recursive || n > 3) {
        let (s, tail) = (if n == 1 { "" } else { "s" }, if recursive { " recursively" } else { "" });
        if !gnu::yes(&rm.sys, format_args!("rm: remove {n} argument{s}{tail}? ")).await {
            return 0;
        }
    }
    for name in &given.operands {
        if recursive && root && !name.is_empty() && name.bytes().all(|b| b == b'/') {
            rm.sys.complain(format_args!("it is dangerous to operate recursively on '/'"));
            rm.sys.complain(format_args!("use --no-preserve-root to override this failsafe"));
            rm.status = 1;
            continue;
        }
        if recursive && matches!(base(name), "." | "..") {
            rm.sys.complain(format_args!("refusing to remove '.' or '..' directory: skipping {}", quoteaf(name)));
            rm.status = 1;
            continue;
        }
        rm.remove(name.clone()).await;
    }
    rm.status
}

/// An unknown option that is the name of a file: say how to remove it.
async fn hint(sys: &Sys) -> Option<i32> {
    for arg in sys.args().iter().skip(1).take_while(|a| *a != "--") {
        let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty() && !l.starts_with('-')) else { continue };
        let Some(c) = letters.chars().find(|c| !OPTIONS.iter().any(|o| o.0 != 0 && char::from(o.0) == *c)) else { continue };
        if sys.lstat(arg).await.is_err() {
            return None;
        }
        let (name, here) = (sys.name(), format!("./{arg}"));
        sys.print(
            STDERR,
            format_args!("{name}: invalid option -- '{c}'\nTry '{name} {}' to remove the file {}.\n", gnu::colon(&here), quoteaf(arg)),
        );
        sys.print(STDERR, format_args!("Try '{name} --help' for more information.\n"));
        return Some(1);
    }
    None
}

impl Rm {
    fn fail(&mut self, name: &str, e: machine::Errno) {
        gnu::cannot(&self.sys, "remove", name, e);
        self.status = 1;
    }
    /// Whether the file may go: asks where that is wanted.
    async fn agree(&self, name: &str, stat: &Stat, verb: &str) -> bool {
        let link = stat.kind == FileKind::Symlink;
        let protected = !self.force && !link && (self.ask || self.tty) && self.sys.access(name, false, true, false).await.is_err();
        if !(self.ask || protected && self.tty) {
            return true;
        }
        let protected = if protected { "write-protected " } else { "" };
        let kind = if verb == "descend into" { "directory" } else { perm::kind_name(stat) };
        gnu::yes(&self.sys, format_args!("rm: {verb} {protected}{kind} {}? ", quoteaf(name))).await
    }
    /// Removes one name; true if it is gone.
    fn remove(&mut self, name: String) -> Pin<Box<dyn Future<Output = bool> + '_>> {
        Box::pin(async move {
            let stat = match self.sys.lstat(&name).await {
                Ok(s) => s,
                Err(machine::Errno::ENOENT | machine::Errno::ENOTDIR) if self.force => return true,
                Err(e) => {
                    self.fail(&name, e);
                    return false;
                }
            };
            if stat.kind != FileKind::Dir {
                if name.ends_with('/') {
                    let e =
                        if self.sys.stat(&name).await.is_ok_and(|s| s.is_dir()) { machine::Errno::EISDIR } else { machine::Errno::ENOTDIR };
                    self.fail(&name, e);
                    return false;
                }
                if !self.agree(&name, &stat, "remove").await {
                    return false;
                }
                if let Err(e) = self.sys.unlink(&name).await {
                    self.fail(&name, e);
                    return false;
                }
                if self.verbose {
                    self.sys.print(STDOUT, format_args!("removed {}\n", quoteaf(&name)));
                }
                return true;
            }
            if !self.recursive && !self.dir
                || !self.recursive && name.ends_with('/') && self.sys.read_link(name.trim_end_matches('/')).await.is_ok()
            {
                self.fail(&name, machine::Errno::EISDIR);
                return false;
            }
            if self.recursive {
                let names = match children(&self.sys, &name).await {
                    Ok(names) => names,
                    Err(e) => {
                        self.fail(&name, e);
                        return false;
                    }
                };
                if !names.is_empty() {
                    if !self.agree(&name, &stat, "descend into").await {
                        return false;
                    }
                    let (mut all, before) = (true, self.status);
                    for child in names {
                        all &= self.remove(child).await;
                    }
                    // What failed has been told; the directory itself would only say so again.
                    if !all && self.status != before {
                        return false;
                    }
                }
            }
            if !self.agree(&name, &stat, "remove").await {
                return false;
            }
            if let Err(e) = self.sys.rmdir(&name).await {
                self.fail(&name, e);
                return false;
            }
            if self.verbose {
                self.sys.print(STDOUT, format_args!("removed directory {}\n", quoteaf(&name)));
            }
            true
        })
    }
}
