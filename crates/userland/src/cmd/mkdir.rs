//! mkdir: make directories.  Source: POSIX mkdir, coreutils 9.1.

use crate::util::gnu;
use crate::util::perm::Change;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "mkdir",
    path: "/usr/bin/mkdir",
    synopsis: "[OPTION]... DIRECTORY...",
    about: "make directories",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "mkdir -p a/b; mkdir a", out: "mkdir: cannot create directory ‘a’: File exists\n", code: 1 },
        Ex { sh: "mkdir -m 700 d; stat -c %a d", out: "700\n", code: 0 },
    ],
};

const HELP: &str = "Usage: mkdir [OPTION]... DIRECTORY...\nCreate the DIRECTORY(ies), if they do not already exist.\n";

const OPTIONS: &[Opt] =
    &[Opt(b'm', "mode", Arg::Yes), Opt(b'p', "parents", Arg::No), Opt(b'v', "verbose", Arg::No), Opt(b'Z', "", Arg::No)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let umask = sys.umask(None).await;
    let mut mode = None;
    if let Some(text) = given.value(OPTIONS, b'm') {
        let Some(change) = Change::parse(text) else {
            sys.complain(format_args!("invalid mode {}", quote(text)));
            return 1;
        };
        mode = Some(change.apply(0o777, true, umask));
    }
    let (parents, verbose) = (given.has(OPTIONS, b'p'), given.has(OPTIONS, b'v'));
    let mut status = 0;
    for dir in &given.operands {
        if let Err((at, e)) = make(&sys, dir, parents, verbose, mode).await {
            sys.complain(format_args!("cannot create directory {}: {e}", quote(&at)));
            status = 1;
        }
    }
    status
}

async fn make(sys: &Sys, dir: &str, parents: bool, verbose: bool, mode: Option<u16>) -> Result<(), (String, Errno)> {
    let mut steps: Vec<&str> = Vec::new();
    if parents {
        // Each prefix that ends before a slash.
        for (i, _) in dir.match_indices('/') {
            let prefix = &dir[..i];
            if !prefix.is_empty() && !prefix.ends_with('/') && !dir[i..].trim_matches('/').is_empty() {
                steps.push(prefix);
            }
        }
    }
    for step in steps {
        match sys.mkdir(step, 0o777).await {
            Ok(()) if verbose => sys.print(STDOUT, format_args!("mkdir: created directory {}\n", quoteaf(step))),
            Ok(()) => {}
            Err(e) => match sys.stat(step).await {
                Ok(s) if s.is_dir() => {}
                Ok(_) => return Err((step.to_string(), Errno::ENOTDIR)),
                Err(_) => return Err((step.to_string(), e)),
            },
        }
    }
    match sys.mkdir(dir, 0o777).await {
        Ok(()) => {
            if let Some(mode) = mode {
                sys.chmod(dir, mode).await.map_err(|e| (dir.to_string(), e))?;
            }
            if verbose {
                sys.print(STDOUT, format_args!("mkdir: created directory {}\n", quoteaf(dir)));
            }
            Ok(())
        }
        Err(Errno::EEXIST) if parents && sys.stat(dir).await.is_ok_and(|s| s.is_dir()) => Ok(()),
        Err(e) => Err((dir.to_string(), e)),
    }
}
