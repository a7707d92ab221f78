//! groupadd, groupmod, groupdel: make, change and remove groups.  Not here: `--root`, `--prefix`.
//! Source: their manual pages in shadow 4.13, and recordings.

use crate::util::etc::{self, Defs, Files};
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "groupadd",
    path: "/usr/sbin/groupadd",
    synopsis: "[options] GROUP",
    about: "create a new group",
    run: |sys| Box::pin(add(sys)),
    examples: &[
        Ex { sh: "groupadd -g 5000 x; groupadd x", out: "groupadd: group 'x' already exists\n", code: 9 },
        Ex { sh: "groupadd 'A B'", out: "groupadd: 'A B' is not a valid group name\n", code: 3 },
    ],
};

pub(super) const GROUPDEL: Spec = Spec {
    name: "groupdel",
    path: "/usr/sbin/groupdel",
    synopsis: "[options] GROUP",
    about: "delete a group",
    run: |sys| Box::pin(delete(sys)),
    examples: &[Ex { sh: "groupdel nosuch", out: "groupdel: group 'nosuch' does not exist\n", code: 6 }],
};

pub(super) const GROUPMOD: Spec = Spec {
    name: "groupmod",
    path: "/usr/sbin/groupmod",
    synopsis: "[options] GROUP",
    about: "modify a group definition on the system",
    run: |sys| Box::pin(change(sys)),
    examples: &[Ex { sh: "groupmod -n zzz nosuch", out: "groupmod: group 'nosuch' does not exist\n", code: 6 }],
};

const USAGE: &str = "Usage: groupadd [options] GROUP

Options:
  -f, --force                   exit successfully if the group already exists,
                                and cancel -g if the GID is already used
  -g, --gid GID                 use GID for the new group
  -h, --help                    display this help message and exit
  -K, --key KEY=VALUE           override /etc/login.defs defaults
  -o, --non-unique              allow to create groups with duplicate
                                (non-unique) GID
  -p, --password PASSWORD       use this encrypted password for the new group
  -r, --system                  create a system account
  -R, --root CHROOT_DIR         directory to chroot into
  -P, --prefix PREFIX_DI        directory prefix
  -U, --users USERS             list of user members of this group

";
const USAGE_DEL: &str = "Usage: groupdel [options] GROUP

Options:
  -h, --help                    display this help message and exit
  -R, --root CHROOT_DIR         directory to chroot into
  -P, --prefix PREFIX_DIR       prefix directory where are located the /etc/* files
  -f, --force                   delete group even if it is the primary group of a user

";
const USAGE_MOD: &str = "Usage: groupmod [options] GROUP

Options:
  -a, --append                  append the users mentioned by -U option to the group 
                                without removing existing user members
  -g, --gid GID                 change the group ID to GID
  -h, --help                    display this help message and exit
  -n, --new-name NEW_GROUP      change the name to NEW_GROUP
  -o, --non-unique              allow to use a duplicate (non-unique) GID
  -p, --password PASSWORD       change the password to this (encrypted)
                                PASSWORD
  -R, --root CHROOT_DIR         directory to chroot into
  -P, --prefix PREFIX_DIR       prefix directory where are located the /etc/* files
  -U, --users USERS             list of user members of this group

";

/// Options of all three; which one takes which is in its usage.
const OPTIONS: &[Opt] = &[
    Opt(b'f', "force", Arg::No),
    Opt(b'g', "gid", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'K', "key", Arg::Yes),
    Opt(b'o', "non-unique", Arg::No),
    Opt(b'p', "password", Arg::Yes),
    Opt(b'r', "system", Arg::No),
    Opt(b'R', "root", Arg::Yes),
    Opt(b'P', "prefix", Arg::Yes),
    Opt(b'U', "users", Arg::Yes),
];
const MOD_OPTIONS: &[Opt] = &[
    Opt(b'a', "append", Arg::No),
    Opt(b'g', "gid", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'n', "new-name", Arg::Yes),
    Opt(b'o', "non-unique", Arg::No),
    Opt(b'p', "password", Arg::Yes),
    Opt(b'R', "root", Arg::Yes),
    Opt(b'P', "prefix", Arg::Yes),
    Opt(b'U', "users", Arg::Yes),
];
const DEL_OPTIONS: &[Opt] =
    &[Opt(b'f', "force", Arg::No), Opt(b'h', "help", Arg::No), Opt(b'R', "root", Arg::Yes), Opt(b'P', "prefix", Arg::Yes)];

/// The options and the one operand; the exit status if that is not what was typed.
fn parse(sys: &Sys, table: &[Opt], usage: &str) -> Result<(crate::Given, String), i32> {
    let given = opts::parse_usage(sys, table, usage, 2)?;
    if given.has(table, b'h') {
        sys.print(STDOUT, format_args!("{usage}"));
        return Err(0);
    }
    for (letter, name) in [(b'R', "--root"), (b'P', "--prefix")] {
        if given.has(table, letter) {
            sys.unsupported(name);
            return Err(1);
        }
    }
    if let Some(text) = given.value(table, b'g').filter(|t| t.parse::<u32>().is_err()) {
        sys.complain(format_args!("invalid group ID '{text}'"));
        return Err(3);
    }
    match given.operands.as_slice() {
        [name] => {
            let name = name.clone();
            Ok((given, name))
        }
        _ => {
            sys.print(STDERR, format_args!("{usage}"));
            Err(2)
        }
    }
}

async fn add(sys: Sys) -> i32 {
    let (given, name) = match parse(&sys, OPTIONS, USAGE) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    if !etc::good_name(&name) {
        sys.complain(format_args!("'{name}' is not a valid group name"));
        return 3;
    }
    let mut files = Files::read(&sys).await;
    let root = sys.ids().uid == 0;
    if root && files.group.has(&name) {
        if has(b'f') {
            return 0;
        }
        sys.complain(format_args!("group '{name}' already exists"));
        return 9;
    }
    let gids = etc::numbers(&files.group);
    let mut wanted: Option<u32> = given.value(OPTIONS, b'g').and_then(|g| g.parse().ok());
    if let Some(n) = wanted.filter(|n| root && !has(b'o') && gids.contains(n)) {
        if !has(b'f') {
            sys.complain(format_args!("GID '{n}' already exists"));
            return 4;
        }
        wanted = None;
    }
    if !etc::lock(&sys, "group") {
        return 10;
    }
    let mut defs = Defs::read(&sys, "/etc/login.defs").await;
    for (i, value) in &given.options {
        if let (b'K', Some((key, value))) = (OPTIONS[*i].0, value.as_deref().and_then(|v| v.split_once('='))) {
            defs.set(key, value);
        }
    }
    let min = defs.number("GID_MIN", 1000);
    let range = if has(b'r') {
        (defs.number("SYS_GID_MIN", 101), defs.number("SYS_GID_MAX", min.saturating_sub(1)))
    } else {
        (min, defs.number("GID_MAX", 60000))
    };
    let Some(gid) = wanted.or_else(|| etc::free(&gids, range.0, range.1, has(b'r'), None)) else {
        sys.complain(format_args!("can't get unique GID (no more available GIDs)"));
        return 4;
    };
    files.add_group(&name, gid);
    if let Some(hash) = given.value(OPTIONS, b'p') {
        files.gshadow.set(&name, 1, hash);
    }
    let mut status = 0;
    for user in given.value(OPTIONS, b'U').unwrap_or("").split(',').filter(|u| !u.is_empty()) {
        if !files.passwd.has(user) {
            sys.complain(format_args!("Invalid member username {user}"));
            status = 10;
        } else {
            files.group.member(&name, user, true);
            files.gshadow.member(&name, user, true);
        }
    }
    if status != 0 {
        return status;
    }
    etc::note(&sys, format!("group added to /etc/group: name={name}, GID={gid}"));
    etc::note(&sys, format!("group added to /etc/gshadow: name={name}"));
    etc::note(&sys, format!("new group: name={name}, GID={gid}"));
    if files.save(&sys).await == 0 { 0 } else { 10 }
}

async fn delete(sys: Sys) -> i32 {
    let (given, name) = match parse(&sys, DEL_OPTIONS, USAGE_DEL) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let mut files = Files::read(&sys).await;
    let Some((_, gid)) = files.group(&name).filter(|(n, _)| *n == name) else {
        sys.complain(format_args!("group '{name}' does not exist"));
        return 6;
    };
    let owner = files.passwd.rows.iter().find(|r| r.get(3).is_some_and(|g| *g == gid.to_string()));
    if let Some(user) = owner.filter(|_| !given.has(DEL_OPTIONS, b'f')) {
        sys.complain(format_args!("cannot remove the primary group of user '{}'", user[0]));
        return 8;
    }
    if !etc::lock(&sys, "group") {
        return 10;
    }
    files.remove_group(&name);
    etc::note(&sys, format!("group '{name}' removed from /etc/group"));
    etc::note(&sys, format!("group '{name}' removed from /etc/gshadow"));
    etc::note(&sys, format!("group '{name}' removed"));
    if files.save(&sys).await == 0 { 0 } else { 10 }
}

async fn change(sys: Sys) -> i32 {
    let (given, name) = match parse(&sys, MOD_OPTIONS, USAGE_MOD) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let has = |letter| given.has(MOD_OPTIONS, letter);
    let value = |letter| given.value(MOD_OPTIONS, letter);
    if !etc::lock(&sys, "group") {
        return 10;
    }
    let mut files = Files::read(&sys).await;
    let Some((_, gid)) = files.group(&name).filter(|(n, _)| *n == name) else {
        sys.complain(format_args!("group '{name}' does not exist"));
        return 6;
    };
    let new_gid: Option<u32> = value(b'g').and_then(|g| g.parse().ok()).filter(|n| *n != gid);
    if let Some(n) = new_gid.filter(|n| !has(b'o') && etc::numbers(&files.group).contains(n)) {
        sys.complain(format_args!("GID '{n}' already exists"));
        return 4;
    }
    let new_name = value(b'n').filter(|n| *n != name);
    if let Some(new) = new_name {
        if !etc::good_name(new) {
            sys.complain(format_args!("invalid group name '{new}'"));
            return 3;
        }
        if files.group.has(new) {
            sys.complain(format_args!("group '{new}' already exists"));
            return 9;
        }
    }
    if let Some(n) = new_gid {
        files.group.set(&name, 2, n.to_string());
        // Users whose main group it is keep it.
        let old = gid.to_string();
        for row in files.passwd.rows.iter_mut().filter(|r| r.get(3) == Some(&old)) {
            row[3] = n.to_string();
        }
    }
    if let Some(hash) = value(b'p') {
        files.gshadow.set(&name, 1, hash);
    }
    if let Some(users) = value(b'U') {
        if !has(b'a') {
            files.group.set(&name, 3, "");
            files.gshadow.set(&name, 3, "");
        }
        for user in users.split(',').filter(|u| !u.is_empty()) {
            if !files.passwd.has(user) {
                sys.complain(format_args!("Invalid member username {user}"));
                return 10;
            }
            files.group.member(&name, user, true);
            files.gshadow.member(&name, user, true);
        }
    }
    let mut what = format!("group {name}/{gid}");
    if let Some(new) = new_name {
        files.group.rename(&name, new);
        files.gshadow.rename(&name, new);
        what += &format!(", new name: {new}");
    }
    if let Some(n) = new_gid {
        what += &format!(", new gid: {n}");
    }
    etc::note(&sys, format!("group changed in /etc/group ({what})"));
    if files.save(&sys).await == 0 { 0 } else { 10 }
}
