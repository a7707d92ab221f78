//! ln: make links.  Source: POSIX ln, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::quoteaf;
use crate::util::walk::{base, join};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "ln",
    path: "/usr/bin/ln",
    synopsis: "[OPTION]... [-T] TARGET LINK_NAME",
    about: "make links between files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo a > f; ln -s f l; cat l; readlink l", out: "a\nf\n", code: 0 },
        Ex { sh: "touch f l; ln -s f l", out: "ln: failed to create symbolic link 'l': File exists\n", code: 1 },
    ],
};

const HELP: &str = "Usage: ln [OPTION]... [-T] TARGET LINK_NAME\n  or:  ln [OPTION]... TARGET\n  or:  ln [OPTION]... TARGET... DIRECTORY\n  or:  ln [OPTION]... -t DIRECTORY TARGET...\nIn the 1st form, create a link to TARGET with the name LINK_NAME.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'f', "force", Arg::No),
    Opt(b'i', "interactive", Arg::No),
    Opt(b'L', "logical", Arg::No),
    Opt(b'n', "no-dereference", Arg::No),
    Opt(b'P', "physical", Arg::No),
    Opt(b's', "symbolic", Arg::No),
    Opt(b't', "target-directory", Arg::Yes),
    Opt(b'T', "no-target-directory", Arg::No),
    Opt(b'v', "verbose", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let mut given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    let (symbolic, force, ask, verbose) = (has(b's'), has(b'f'), has(b'i'), has(b'v'));
    let (keep, exact) = (has(b'n'), has(b'T'));
    let mut dir = given.value(OPTIONS, b't').map(str::to_string);
    if given.operands.is_empty() {
        return gnu::misuse(&sys, 1, format_args!("missing file operand"));
    }
    let mut link = None;
    if dir.is_none() {
        if given.operands.len() == 1 && !exact {
            dir = Some(".".to_string());
        } else if let Some(last) = given.operands.pop() {
            let stat = if keep { sys.lstat(&last).await } else { sys.stat(&last).await };
            let many = given.operands.len() > 1;
            match stat {
                Ok(s) if s.is_dir() && !exact => dir = Some(last),
                Err(e) if many => {
                    sys.complain(format_args!("target {}: {e}", quoteaf(&last)));
                    return 1;
                }
                Ok(_) if many => {
                    sys.complain(format_args!("target {}: {}", quoteaf(&last), Errno::ENOTDIR));
                    return 1;
                }
                _ => link = Some(last),
            }
        }
    }
    let mut status = 0;
    for target in &given.operands {
        let name = match (&link, &dir) {
            (Some(name), _) => name.clone(),
            (None, Some(dir)) => join(dir, base(target)),
            _ => continue,
        };
        if !symbolic {
            match sys.lstat(target).await {
                Err(e) => {
                    sys.complain(format_args!("failed to access {}: {e}", quoteaf(target)));
                    status = 1;
                    continue;
                }
                Ok(s) if s.is_dir() => {
                    sys.complain(format_args!("{}: hard link not allowed for directory", gnu::colon(target)));
                    status = 1;
                    continue;
                }
                Ok(_) => {}
            }
        }
        let made =
            |sys: Sys, name: String| async move { if symbolic { sys.symlink(target, &name).await } else { sys.link(target, &name).await } };
        let mut result = made(sys.clone(), name.clone()).await;
        if result == Err(Errno::EEXIST) && (force || ask) {
            if ask && !gnu::yes(&sys, format_args!("ln: replace {}? ", quoteaf(&name))).await {
                continue;
            }
            if sys.lstat(&name).await.is_ok_and(|s| s.is_dir()) {
                sys.complain(format_args!("{}: cannot overwrite directory", gnu::colon(&name)));
                status = 1;
                continue;
            }
            let same = !symbolic && sys.lstat(&name).await.map(|s| s.ino) == sys.lstat(target).await.map(|s| s.ino);
            if same {
                sys.complain(format_args!("{} and {} are the same file", quoteaf(target), quoteaf(&name)));
                status = 1;
                continue;
            }
            let _ = sys.unlink(&name).await;
            result = made(sys.clone(), name.clone()).await;
        }
        match result {
            Ok(()) if verbose => {
                let arrow = if symbolic { "->" } else { "=>" };
                sys.print(STDOUT, format_args!("{} {arrow} {}\n", quoteaf(&name), quoteaf(target)));
            }
            Ok(()) => {}
            Err(e) => {
                if symbolic {
                    sys.complain(format_args!("failed to create symbolic link {}: {e}", quoteaf(&name)));
                } else if e == Errno::EEXIST || e == Errno::EACCES || e == Errno::ENOENT {
                    sys.complain(format_args!("failed to create hard link {}: {e}", quoteaf(&name)));
                } else {
                    sys.complain(format_args!("failed to create hard link {} => {}: {e}", quoteaf(&name), quoteaf(target)));
                }
                status = 1;
            }
        }
    }
    status
}
