//! rmdir: remove empty directories.  Source: POSIX rmdir, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::quoteaf;
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "rmdir",
    path: "/usr/bin/rmdir",
    synopsis: "[OPTION]... DIRECTORY...",
    about: "remove empty directories",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "mkdir d; rmdir d; rmdir d", out: "rmdir: failed to remove 'd': No such file or directory\n", code: 1 }],
};

const HELP: &str = "Usage: rmdir [OPTION]... DIRECTORY...\nRemove the DIRECTORY(ies), if they are empty.\n";

const OPTIONS: &[Opt] = &[Opt(0, "ignore-fail-on-non-empty", Arg::No), Opt(b'p', "parents", Arg::No), Opt(b'v', "verbose", Arg::No)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let ignore = given.has_long(OPTIONS, "ignore-fail-on-non-empty");
    let mut status = 0;
    for dir in &given.operands {
        let mut path = dir.trim_end_matches('/');
        if path.is_empty() {
            path = dir;
        }
        let mut shown = dir.as_str();
        loop {
            if given.has(OPTIONS, b'v') {
                sys.print(STDOUT, format_args!("rmdir: removing directory, {}\n", quoteaf(shown)));
            }
            if let Err(e) = sys.rmdir(shown).await {
                if !(ignore && e == Errno::ENOTEMPTY) {
                    let what = if shown == dir { "failed to remove" } else { "failed to remove directory" };
                    sys.complain(format_args!("{what} {}: {e}", quoteaf(shown)));
                    status = 1;
                }
                break;
            }
            match path.rfind('/') {
                Some(i) if given.has(OPTIONS, b'p') && !path[..i].is_empty() => path = path[..i].trim_end_matches('/'),
                _ => break,
            }
            shown = path;
        }
    }
    status
}
