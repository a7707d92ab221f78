//! userdel: remove an account.  Not here: SELinux, `--root`.  Source: userdel(8) of shadow 4.13 and its recordings.

use crate::util::etc::{self, Defs, Files};
use crate::util::walk;
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "userdel",
    path: "/usr/sbin/userdel",
    synopsis: "[options] LOGIN",
    about: "delete a user account and related files",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "userdel nosuch", out: "userdel: user 'nosuch' does not exist\n", code: 6 }],
};

const USAGE: &str = "Usage: userdel [options] LOGIN

Options:
  -f, --force                   force some actions that would fail otherwise
                                e.g. removal of user still logged in
                                or files, even if not owned by the user
  -h, --help                    display this help message and exit
  -r, --remove                  remove home directory and mail spool
  -R, --root CHROOT_DIR         directory to chroot into
  -P, --prefix PREFIX_DIR       prefix directory where are located the /etc/* files
  -Z, --selinux-user            remove any SELinux user mapping for the user

";

const OPTIONS: &[Opt] = &[
    Opt(b'f', "force", Arg::No),
    Opt(b'h', "help", Arg::No),
    Opt(b'r', "remove", Arg::No),
    Opt(b'R', "root", Arg::Yes),
    Opt(b'P', "prefix", Arg::Yes),
    Opt(b'Z', "selinux-user", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let (force, remove) = (given.has(OPTIONS, b'f'), given.has(OPTIONS, b'r'));
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    if given.has(OPTIONS, b'R') || given.has(OPTIONS, b'P') {
        sys.unsupported(if given.has(OPTIONS, b'R') { "--root" } else { "--prefix" });
        return 1;
    }
    let [name] = given.operands.as_slice() else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 2;
    };
    let mut files = Files::read(&sys).await;
    let Some((uid, gid)) = files.user(name) else {
        sys.complain(format_args!("user '{name}' does not exist"));
        return 6;
    };
    if !force
        && sys.ids().uid == 0
        && let Some(p) = sys.procs().await.iter().find(|p| p.uid == uid && p.state != 'Z')
    {
        sys.complain(format_args!("user {name} is currently used by process {}", p.pid));
        return 8;
    }
    if !etc::lock(&sys, "passwd") {
        return 1;
    }
    let home = files.passwd.field(name, 5).unwrap_or("").to_string();
    files.passwd.remove(name);
    files.shadow.remove(name);
    etc::note(&sys, format!("delete user '{name}'"));
    let all: Vec<String> = files.group.rows.iter().map(|r| r[0].clone()).collect();
    for group in all {
        if files.group.member(&group, name, false) {
            etc::note(&sys, format!("delete '{name}' from group '{group}'"));
        }
        if files.gshadow.member(&group, name, false) {
            etc::note(&sys, format!("delete '{name}' from shadow group '{group}'"));
        }
    }
    // The user's own group goes with him, unless others have it.
    let defs = Defs::read(&sys, "/etc/login.defs").await;
    if defs.get("USERGROUPS_ENAB") == Some("yes") && files.group(name).is_some_and(|(_, g)| g == gid) {
        let others = files.group.field(name, 3).is_some_and(|m| !m.is_empty());
        let primary = files.passwd.rows.iter().any(|r| r.get(3).is_some_and(|g| *g == gid.to_string()));
        if others && !force {
            sys.complain(format_args!("group {name} not removed because it has other members."));
        } else if primary && !force {
            sys.complain(format_args!("group {name} is the primary group of another user and is not removed."));
        } else {
            files.remove_group(name);
            etc::note(&sys, format!("removed group '{name}' owned by '{name}'"));
            etc::note(&sys, format!("removed shadow group '{name}' owned by '{name}'"));
        }
    }
    let status = files.save(&sys).await;
    if status != 0 || !remove {
        return status;
    }
    let mut failed = 0;
    let spool = format!("/var/mail/{name}");
    match sys.stat(&spool).await {
        Err(_) => sys.complain(format_args!("{name} mail spool ({spool}) not found")),
        Ok(s) if s.uid != uid && !force => {
            sys.complain(format_args!("{spool} not owned by {name}, not removing"));
            failed = 12;
        }
        Ok(_) => {
            let _ = sys.unlink(&spool).await;
        }
    }
    match sys.stat(&home).await {
        Err(_) => {
            sys.complain(format_args!("{name} home directory ({home}) not found"));
            return 0;
        }
        Ok(s) if s.uid != uid && !force => {
            sys.complain(format_args!("{home} not owned by {name}, not removing"));
            return 12;
        }
        Ok(_) => {}
    }
    if files.passwd.rows.iter().any(|r| r.get(5).is_some_and(|h| *h == home)) && !force {
        sys.complain(format_args!("not removing directory {home} (would remove home of another user)"));
        return 12;
    }
    if remove_tree(&sys, &home).await { failed } else { 12 }
}

/// Removes a directory with all that is in it.
pub(super) async fn remove_tree(sys: &Sys, path: &str) -> bool {
    // Directories wait until what is in them is gone.
    let mut todo = vec![(path.to_string(), false)];
    while let Some((path, emptied)) = todo.pop() {
        let Ok(stat) = sys.lstat(&path).await else { continue };
        let done = if !stat.is_dir() {
            sys.unlink(&path).await
        } else if emptied {
            sys.rmdir(&path).await
        } else {
            let children = walk::children(sys, &path).await.unwrap_or_default();
            todo.push((path, true));
            todo.extend(children.into_iter().map(|c| (c, false)));
            continue;
        };
        if let Err(e) = done {
            sys.complain(format_args!("error removing directory {path}: {e}"));
            return false;
        }
    }
    true
}
