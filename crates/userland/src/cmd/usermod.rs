//! usermod: change an account.  Not here: subordinate ids, SELinux, `--root`.  Source: usermod(8) of shadow 4.13 and its recordings.

use crate::util::etc::{self, Files, Table};
use crate::util::{shadow, walk};
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{FileKind, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "usermod",
    path: "/usr/sbin/usermod",
    synopsis: "[options] LOGIN",
    about: "modify a user account",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "usermod -c x nosuch", out: "usermod: user 'nosuch' does not exist\n", code: 6 }],
};

const USAGE: &str = "Usage: usermod [options] LOGIN

Options:
  -a, --append                  append the user to the supplemental GROUPS
                                mentioned by the -G option without removing
                                the user from other groups
  -b, --badname                 allow bad names
  -c, --comment COMMENT         new value of the GECOS field
  -d, --home HOME_DIR           new home directory for the user account
  -e, --expiredate EXPIRE_DATE  set account expiration date to EXPIRE_DATE
  -f, --inactive INACTIVE       set password inactive after expiration
                                to INACTIVE
  -g, --gid GROUP               force use GROUP as new primary group
  -G, --groups GROUPS           new list of supplementary GROUPS
  -h, --help                    display this help message and exit
  -l, --login NEW_LOGIN         new value of the login name
  -L, --lock                    lock the user account
  -m, --move-home               move contents of the home directory to the
                                new location (use only with -d)
  -o, --non-unique              allow using duplicate (non-unique) UID
  -p, --password PASSWORD       use encrypted password for the new password
  -P, --prefix PREFIX_DIR       prefix directory where are located the /etc/* files
  -r, --remove                  remove the user from only the supplemental GROUPS
                                mentioned by the -G option without removing
                                the user from other groups
  -R, --root CHROOT_DIR         directory to chroot into
  -s, --shell SHELL             new login shell for the user account
  -u, --uid UID                 new UID for the user account
  -U, --unlock                  unlock the user account
  -v, --add-subuids FIRST-LAST  add range of subordinate uids
  -V, --del-subuids FIRST-LAST  remove range of subordinate uids
  -w, --add-subgids FIRST-LAST  add range of subordinate gids
  -W, --del-subgids FIRST-LAST  remove range of subordinate gids
  -Z, --selinux-user SEUSER     new SELinux user mapping for the user account

";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "append", Arg::No),
    Opt(b'b', "badname", Arg::No),
    Opt(b'c', "comment", Arg::Yes),
    Opt(b'd', "home", Arg::Yes),
    Opt(b'e', "expiredate", Arg::Yes),
    Opt(b'f', "inactive", Arg::Yes),
    Opt(b'g', "gid", Arg::Yes),
    Opt(b'G', "groups", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'l', "login", Arg::Yes),
    Opt(b'L', "lock", Arg::No),
    Opt(b'm', "move-home", Arg::No),
    Opt(b'o', "non-unique", Arg::No),
    Opt(b'p', "password", Arg::Yes),
    Opt(b'P', "prefix", Arg::Yes),
    Opt(b'r', "remove", Arg::No),
    Opt(b'R', "root", Arg::Yes),
    Opt(b's', "shell", Arg::Yes),
    Opt(b'u', "uid", Arg::Yes),
    Opt(b'U', "unlock", Arg::No),
    Opt(b'v', "add-subuids", Arg::Yes),
    Opt(b'V', "del-subuids", Arg::Yes),
    Opt(b'w', "add-subgids", Arg::Yes),
    Opt(b'W', "del-subgids", Arg::Yes),
    Opt(b'Z', "selinux-user", Arg::Yes),
];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    let value = |letter| given.value(OPTIONS, letter);
    let fail = |status, text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        status
    };
    let usage = || {
        sys.print(STDERR, format_args!("{USAGE}"));
        2
    };
    if has(b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    let mut files = Files::read(&sys).await;
    let fits = |text: &str| !text.contains([':', '\n']);
    if let Some(text) = value(b'c').filter(|t| !fits(t)) {
        return fail(3, format_args!("invalid field '{text}'"));
    }
    if let Some(text) = value(b'd').filter(|t| !fits(t)) {
        return fail(3, format_args!("invalid field '{text}'"));
    }
    if let Some(text) = value(b'e').filter(|t| etc::date(t).is_none()) {
        return fail(3, format_args!("invalid date '{text}'"));
    }
    if let Some(text) = value(b'g').filter(|t| files.group(t).is_none()) {
        return fail(6, format_args!("group '{text}' does not exist"));
    }
    if !files.has_groups(&sys, value(b'G').unwrap_or("")) {
        return 6;
    }
    if let Some(text) = value(b'l').filter(|t| !etc::good_name(t) && !has(b'b')) {
        return fail(3, format_args!("invalid user name '{text}': use --badname to ignore"));
    }
    if let Some(shell) = value(b's').filter(|s| !s.is_empty()) {
        let runs = sys.stat(shell).await.is_ok_and(|s| s.kind == FileKind::File && s.mode & 0o111 != 0);
        if !runs {
            sys.complain(format_args!("Warning: missing or non-executable shell '{shell}'"));
        }
    }
    if let Some(text) = value(b'u').filter(|t| t.parse::<u32>().is_err()) {
        return fail(3, format_args!("invalid user ID '{text}'"));
    }
    for (letter, name) in [(b'R', "--root"), (b'P', "--prefix"), (b'v', "--add-subuids"), (b'w', "--add-subgids"), (b'Z', "--selinux-user")]
    {
        if has(letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    let [name] = given.operands.as_slice() else { return usage() };
    let Some((uid, _)) = files.user(name) else {
        return fail(6, format_args!("user '{name}' does not exist"));
    };
    if given.options.is_empty() {
        sys.complain(format_args!("no options"));
        return usage();
    }
    for (letter, needs, text) in [
        (b'a', b'G', "-a flag is only allowed with the -G flag"),
        (b'r', b'G', "-r flag is only allowed with the -G flag"),
        (b'm', b'd', "-m flag is only allowed with the -d flag"),
        (b'o', b'u', "-o flag is only allowed with the -u flag"),
    ] {
        if has(letter) && !has(needs) {
            sys.complain(format_args!("{text}"));
            return usage();
        }
    }
    if has(b'L') && (has(b'p') || has(b'U')) || has(b'p') && has(b'U') {
        sys.complain(format_args!("the -L, -p, and -U flags are exclusive"));
        return usage();
    }
    if let Some(new) = value(b'l').filter(|n| *n != name && files.passwd.has(n)) {
        return fail(9, format_args!("user '{new}' already exists"));
    }
    let new_uid: Option<u32> = value(b'u').and_then(|v| v.parse().ok()).filter(|n| *n != uid);
    if let Some(n) = new_uid.filter(|n| !has(b'o') && etc::numbers(&files.passwd).contains(n)) {
        return fail(4, format_args!("UID '{n}' already exists"));
    }
    if !etc::lock(&sys, "passwd") {
        return 1;
    }
    let old_home = files.passwd.field(name, 5).unwrap_or("").to_string();
    let old_shell = files.passwd.field(name, 6).unwrap_or("").to_string();
    let new_home = value(b'd').map(|d| if d == "/" { d } else { d.trim_end_matches('/') }).filter(|d| *d != old_home);
    if let Some(to) = new_home.filter(|_| has(b'm'))
        && sys.stat(to).await.is_ok()
    {
        return fail(12, format_args!("directory {to} exists"));
    }
    let gid = value(b'g').and_then(|g| files.group(g)).map(|(_, gid)| gid);
    for (letter, field) in [(b'c', 4), (b'd', 5), (b's', 6)] {
        if let Some(text) = value(letter) {
            files.passwd.set(name, field, if letter == b'd' { new_home.unwrap_or(text) } else { text });
        }
    }
    if let Some(shell) = value(b's').filter(|s| *s != old_shell) {
        etc::note(&sys, format!("change user '{name}' shell from '{old_shell}' to '{shell}'"));
    }
    if let Some(n) = new_uid {
        files.passwd.set(name, 2, n.to_string());
        etc::note(&sys, format!("change user '{name}' UID from '{uid}' to '{n}'"));
    }
    if let Some(n) = gid {
        files.passwd.set(name, 3, n.to_string());
        etc::note(&sys, format!("change user '{name}' GID to '{n}'"));
    }
    password(&sys, &mut files, name, value(b'p'), has(b'L'), has(b'U'));
    if let Some(days) = value(b'e').and_then(etc::date) {
        files.shadow.set(name, 7, days.map_or(String::new(), |d| d.to_string()));
    }
    if let Some(days) = value(b'f') {
        files.shadow.set(name, 6, if days == "-1" { "" } else { days });
    }
    if let Some(list) = value(b'G') {
        groups(&sys, &mut files, name, list, has(b'a'), has(b'r'));
    }
    if let Some(new) = value(b'l').filter(|n| *n != name) {
        rename(&mut files, name, new);
        etc::note(&sys, format!("change user name '{name}' to '{new}'"));
    }
    let status = files.save(&sys).await;
    if status != 0 {
        return status;
    }
    let mut home = old_home.clone();
    if let Some(to) = new_home.filter(|_| has(b'm'))
        && sys.stat(&old_home).await.is_ok_and(|s| s.is_dir())
    {
        if let Err(e) = sys.rename(&old_home, to).await {
            return fail(12, format_args!("cannot rename directory {old_home} to {to}: {e}"));
        }
        home = to.to_string();
    }
    if new_uid.is_some() || gid.is_some() {
        own(&sys, &home, uid, new_uid, gid).await;
        let spool = format!("/var/mail/{name}");
        if let Some(n) = new_uid {
            let _ = sys.chown(&spool, Some(n), None, true).await;
        }
    }
    if let Some(new) = value(b'l') {
        let _ = sys.rename(&format!("/var/mail/{name}"), &format!("/var/mail/{new}")).await;
    }
    0
}

/// `-p`, `-L`, `-U`.
fn password(sys: &Sys, files: &mut Files, name: &str, hash: Option<&str>, lock: bool, unlock: bool) {
    let old = files.shadow.field(name, 1).unwrap_or("").to_string();
    if let Some(hash) = hash {
        files.shadow.set(name, 1, hash);
        files.shadow.set(name, 2, shadow::today(sys).to_string());
        etc::note(sys, format!("change user '{name}' password"));
    }
    if lock && !old.starts_with('!') {
        files.shadow.set(name, 1, format!("!{old}"));
        etc::note(sys, format!("lock user '{name}' password"));
    }
    if unlock && old.starts_with('!') {
        if old == "!" {
            sys.complain(format_args!("unlocking the user's password would result in a passwordless account."));
            sys.print(STDERR, format_args!("You should set a password with usermod -p to unlock this user's password.\n"));
            return;
        }
        files.shadow.set(name, 1, &old[1..]);
        etc::note(sys, format!("unlock user '{name}' password"));
    }
}

/// `-G`: the list is all (others are left), more (`-a`) or less (`-r`) of the user's groups.
fn groups(sys: &Sys, files: &mut Files, name: &str, list: &str, append: bool, remove: bool) {
    let named: Vec<String> = list.split(',').filter_map(|g| files.group(g)).map(|(n, _)| n).collect();
    let all: Vec<String> = files.group.rows.iter().map(|r| r[0].clone()).collect();
    for group in all {
        let listed = named.contains(&group);
        let there = match (append, remove) {
            (true, _) if !listed => continue,
            (_, true) if !listed => continue,
            (_, true) => false,
            _ => listed,
        };
        let what = if there { format!("add '{name}' to") } else { format!("delete '{name}' from") };
        if files.group.member(&group, name, there) {
            etc::note(sys, format!("{what} group '{group}'"));
        }
        if files.gshadow.member(&group, name, there) {
            etc::note(sys, format!("{what} shadow group '{group}'"));
        }
    }
}

/// `-l`: the name changes wherever it stands.
fn rename(files: &mut Files, name: &str, new: &str) {
    files.passwd.rename(name, new);
    files.shadow.rename(name, new);
    for table in [&mut files.group, &mut files.gshadow] {
        for row in &mut table.rows {
            let mut list = Table::members(row, 3);
            if let Some(member) = list.iter_mut().find(|m| *m == name) {
                *member = new.to_string();
                row[3] = list.join(",");
            }
        }
    }
}

/// Gives what belonged to the user in his home directory to his new number and group.
async fn own(sys: &Sys, home: &str, uid: u32, new_uid: Option<u32>, gid: Option<u32>) {
    if home == "/" || home.is_empty() {
        return;
    }
    let mut todo = vec![home.to_string()];
    while let Some(path) = todo.pop() {
        let Ok(stat) = sys.lstat(&path).await else { continue };
        if stat.is_dir() {
            todo.extend(walk::children(sys, &path).await.unwrap_or_default());
        }
        if stat.uid == uid {
            let _ = sys.chown(&path, new_uid, gid, false).await;
        }
    }
}
