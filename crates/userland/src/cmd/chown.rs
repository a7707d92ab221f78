//! chown, chgrp: change owner and group.  Source: POSIX chown, coreutils 9.1.

use crate::util::quote::{quote, quoteaf};
use crate::util::users::Accounts;
use crate::util::{gnu, walk};
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "chown",
    path: "/usr/bin/chown",
    synopsis: "[OPTION]... [OWNER][:[GROUP]] FILE...",
    about: "change file owner and group",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "touch f; chown nosuch f", out: "chown: invalid user: ‘nosuch’\n", code: 1 },
        Ex { sh: "touch f; chown 12:34 f; stat -c '%u %g' f", out: "12 34\n", code: 0 },
    ],
};

pub(super) const CHGRP: Spec = Spec {
    name: "chgrp",
    path: "/usr/bin/chgrp",
    synopsis: "[OPTION]... GROUP FILE...",
    about: "change group ownership",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "touch f; chgrp nosuch f", out: "chgrp: invalid group: ‘nosuch’\n", code: 1 }],
};

const HELP: &str = "Usage: chown [OPTION]... [OWNER][:[GROUP]] FILE...\n  or:  chown [OPTION]... --reference=RFILE FILE...\nChange the owner and/or group of each FILE to OWNER and/or GROUP.\nWith --reference, change the owner and group of each FILE to those of RFILE.\n";
const HELP_CHGRP: &str = "Usage: chgrp [OPTION]... GROUP FILE...\n  or:  chgrp [OPTION]... --reference=RFILE FILE...\nChange the group of each FILE to GROUP.\nWith --reference, change the group of each FILE to that of RFILE.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "changes", Arg::No),
    Opt(b'f', "silent", Arg::No),
    Opt(b'f', "quiet", Arg::No),
    Opt(0, "from", Arg::Yes),
    Opt(b'v', "verbose", Arg::No),
    Opt(b'h', "no-dereference", Arg::No),
    Opt(0, "dereference", Arg::No),
    Opt(0, "no-preserve-root", Arg::No),
    Opt(0, "preserve-root", Arg::No),
    Opt(0, "reference", Arg::Yes),
    Opt(b'R', "recursive", Arg::No),
    Opt(b'H', "", Arg::No),
    Opt(b'L', "", Arg::No),
    Opt(b'P', "", Arg::No),
];

/// The id of a name; behind a plus sign stands a number.
fn named(text: &str, found: Option<u32>) -> Option<u32> {
    found.or_else(|| text.strip_prefix('+')?.parse().ok())
}

/// Owner and group of `OWNER[:GROUP]`; the message if there is no such.
fn owner(sys: &Sys, text: &str, accounts: &Accounts) -> Result<(Option<u32>, Option<u32>), String> {
    let (user, group) = match text.split_once(':') {
        Some((u, g)) => (u, Some(g)),
        None => match text.rsplit_once('.').filter(|_| accounts.uid(text).is_none()) {
            Some((u, g)) if accounts.uid(u).is_some() && (g.is_empty() || accounts.gid(g).is_some()) => {
                sys.complain(format_args!("warning: '.' should be ':': {}", quote(text)));
                (u, Some(g))
            }
            _ => (text, None),
        },
    };
    let uid = match user {
        "" => None,
        name => Some(named(name, accounts.uid(name)).ok_or_else(|| format!("invalid user: {}", quote(text)))?),
    };
    let gid = match group {
        None => None,
        Some("") => uid.and_then(|u| accounts.user_of(u)).map(|u| u.gid),
        Some(name) => Some(named(name, accounts.gid(name)).ok_or_else(|| format!("invalid group: {}", quote(text)))?),
    };
    Ok((uid, gid))
}

async fn run(sys: Sys) -> i32 {
    let group_only = sys.name() == "chgrp";
    let mut given = match gnu::options(&sys, OPTIONS, if group_only { HELP_CHGRP } else { HELP }, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let accounts = Accounts::read(&sys).await;
    let (uid, gid);
    if let Some(name) = given.value_long(OPTIONS, "reference").map(str::to_string) {
        match sys.stat(&name).await {
            Ok(s) => (uid, gid) = (Some(s.uid).filter(|_| !group_only), Some(s.gid)),
            Err(e) => {
                sys.complain(format_args!("failed to get attributes of {}: {e}", quoteaf(&name)));
                return 1;
            }
        }
    } else {
        if given.operands.len() < 2 {
            return gnu::missing(&sys, given.operands.first());
        }
        let text = given.operands.remove(0);
        let found = if group_only {
            match accounts.gid(&text) {
                Some(g) => Ok((None, Some(g))),
                None if text.is_empty() => Ok((None, None)),
                None => Err(format!("invalid group: {}", quote(&text))),
            }
        } else {
            owner(&sys, &text, &accounts)
        };
        match found {
            Ok(found) => (uid, gid) = found,
            Err(message) => {
                sys.complain(format_args!("{message}"));
                return 1;
            }
        }
    }
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let from = match given.value_long(OPTIONS, "from").map(|text| owner(&sys, text, &accounts)).transpose() {
        Ok(from) => from.unwrap_or((None, None)),
        Err(message) => {
            sys.complain(format_args!("{message}"));
            return 1;
        }
    };
    let (recursive, quiet) = (given.has(OPTIONS, b'R'), given.has(OPTIONS, b'f'));
    let (verbose, changes) = (given.has(OPTIONS, b'v'), given.has(OPTIONS, b'c'));
    let follow = !given.has(OPTIONS, b'h');
    let what = if uid.is_some() { "ownership" } else { "group" };
    let mut status = 0;
    let mut todo: Vec<(String, bool)> = given.operands.iter().rev().map(|n| (n.clone(), true)).collect();
    while let Some((path, operand)) = todo.pop() {
        let follow = follow && operand && !recursive;
        let stat = match if follow { sys.stat(&path).await } else { sys.lstat(&path).await } {
            Ok(s) => s,
            Err(e) => {
                if !quiet {
                    gnu::cannot(&sys, "access", &path, e);
                }
                status = 1;
                continue;
            }
        };
        if recursive && stat.kind == FileKind::Dir {
            match walk::children(&sys, &path).await {
                Ok(names) => todo.extend(names.into_iter().rev().map(|n| (n, false))),
                Err(e) => {
                    sys.complain(format_args!("cannot read directory {}: {e}", quoteaf(&path)));
                    status = 1;
                }
            }
        }
        if from.0.is_some_and(|u| u != stat.uid) || from.1.is_some_and(|g| g != stat.gid) {
            continue;
        }
        if let Err(e) = sys.chown(&path, uid, gid, follow).await {
            if !quiet {
                let what = if uid.is_some() { "ownership" } else { "group" };
                sys.complain(format_args!("changing {what} of {}: {e}", quoteaf(&path)));
            }
            status = 1;
            continue;
        }
        let label = |u: u32, g: u32| match (uid, gid) {
            (Some(_), Some(_)) => format!("{}:{}", accounts.user_name(u), accounts.group_name(g)),
            (Some(_), None) => accounts.user_name(u),
            _ => accounts.group_name(g),
        };
        let old = label(stat.uid, stat.gid);
        let new = label(uid.unwrap_or(stat.uid), gid.unwrap_or(stat.gid));
        let name = quoteaf(&path);
        if uid.is_some_and(|u| u != stat.uid) || gid.is_some_and(|g| g != stat.gid) {
            if verbose || changes {
                sys.print(STDOUT, format_args!("changed {what} of {name} from {old} to {new}\n"));
            }
        } else if verbose {
            sys.print(STDOUT, format_args!("{what} of {name} retained as {new}\n"));
        }
    }
    status
}
