//! adduser, addgroup, deluser, delgroup: Debian's friendlier way to make and remove accounts.  Not here: system accounts, backups.
//! Source: adduser(8), deluser(8) 3.134.

use super::{useradd, userdel};
use crate::util::etc::{self, Files};
use crate::{Ex, Spec};
use machine::{Lines, STDERR, STDIN, STDOUT, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "adduser",
    path: "/usr/sbin/adduser",
    synopsis: "[--home DIR] [--shell SHELL] [--uid ID] [--gecos GECOS] [--disabled-password] USER [GROUP]",
    about: "add a user to the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "adduser --disabled-password --gecos '' bob | head -3",
        out: "Adding user `bob' ...\nAdding new group `bob' (1000) ...\nAdding new user `bob' (1000) with group `bob (1000)' ...\n",
        code: 0,
    }],
};

pub(super) const ADDGROUP: Spec = Spec {
    name: "addgroup",
    path: "/usr/sbin/addgroup",
    synopsis: "[--gid ID] GROUP",
    about: "add a group to the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "addgroup --gid 5000 g5", out: "Adding group `g5' (GID 5000) ...\nDone.\n", code: 0 }],
};

pub(super) const DELUSER: Spec = Spec {
    name: "deluser",
    path: "/usr/sbin/deluser",
    synopsis: "[--remove-home] USER [GROUP]",
    about: "remove a user from the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "deluser nosuch", out: "deluser: The user `nosuch' does not exist.\n", code: 2 }],
};

pub(super) const DELGROUP: Spec = Spec {
    name: "delgroup",
    path: "/usr/sbin/delgroup",
    synopsis: "GROUP",
    about: "remove a group from the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "delgroup nosuch", out: "delgroup: The group `nosuch' does not exist.\n", code: 3 }],
};

/// What was typed: options with their values, names.
struct Wish {
    options: Vec<(String, String)>,
    names: Vec<String>,
}

impl Wish {
    fn parse(sys: &Sys) -> Result<Wish, i32> {
        let mut wish = Wish { options: Vec::new(), names: Vec::new() };
        let mut args = sys.args().iter().skip(1);
        while let Some(arg) = args.next() {
            let Some(long) = arg.strip_prefix("--") else {
                wish.names.push(arg.clone());
                continue;
            };
            let (key, value) = long.split_once('=').map_or((long, None), |(k, v)| (k, Some(v.to_string())));
            let value = match key {
                "home" | "shell" | "uid" | "gid" | "ingroup" | "gecos" | "comment" => {
                    value.or_else(|| args.next().cloned()).unwrap_or_default()
                }
                "disabled-password" | "disabled-login" | "quiet" | "debug" | "force-badname" | "allow-bad-names" | "no-create-home"
                | "remove-home" | "group" => String::new(),
                "system" | "remove-all-files" | "backup" | "conf" | "firstuid" | "lastuid" => {
                    sys.unsupported(arg);
                    return Err(1);
                }
                _ => {
                    sys.print(STDERR, format_args!("Unknown option: {key}\n"));
                    return Err(1);
                }
            };
            wish.options.push((key.to_string(), value));
        }
        Ok(wish)
    }
    fn get(&self, key: &str) -> Option<&str> {
        self.options.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// Runs one of the shadow suite's programs with our terminal; its status.
async fn call(sys: &Sys, path: &str, args: &[&str]) -> i32 {
    let name = path.rsplit('/').next().unwrap_or(path);
    let argv = [name].iter().chain(args).map(|a| a.to_string()).collect();
    let Ok(pid) = sys.spawn(Spawn::exec(path, argv)).await else { return 127 };
    match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, machine::ChildStatus::Exited(status)))) => status,
        _ => 1,
    }
}

async fn run(sys: Sys) -> i32 {
    let wish = match Wish::parse(&sys) {
        Ok(wish) => wish,
        Err(status) => return status,
    };
    let name = sys.name().to_string();
    let fail = |status: i32, text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        status
    };
    if sys.ids().uid != 0 {
        let what = if name.starts_with("add") { "add a user or group to" } else { "remove a user or group from" };
        return fail(1, format_args!("Only root may {what} the system."));
    }
    let adds = name.starts_with("add");
    let groups = name.ends_with("group") || wish.has("group");
    let files = Files::read(&sys).await;
    match (wish.names.as_slice(), groups) {
        ([group], true) if adds => add_group(&sys, &wish, group).await,
        ([group], true) => {
            if !files.group.has(group) {
                return fail(3, format_args!("The group `{group}' does not exist."));
            }
            sys.print(STDOUT, format_args!("Removing group `{group}' ...\n"));
            let status = call(&sys, "/usr/sbin/groupdel", &[group]).await;
            if status == 0 {
                sys.print(STDOUT, format_args!("Done.\n"));
            }
            status
        }
        ([user, group], _) => {
            if !files.passwd.has(user) {
                return fail(1, format_args!("The user `{user}' does not exist."));
            }
            if !files.group.has(group) {
                return fail(1, format_args!("The group `{group}' does not exist."));
            }
            let there = files.group.field(group, 3).is_some_and(|m| m.split(',').any(|m| m == user));
            if there == adds {
                return match adds {
                    true => fail(0, format_args!("The user `{user}' is already a member of `{group}'.")),
                    false => fail(6, format_args!("The user `{user}' is not a member of group `{group}'.")),
                };
            }
            let (doing, flag, word) = if adds { ("Adding", "-a", "to") } else { ("Removing", "-d", "from") };
            sys.print(STDOUT, format_args!("{doing} user `{user}' {word} group `{group}' ...\n"));
            member(&sys, flag, user, group).await;
            sys.print(STDOUT, format_args!("Done.\n"));
            0
        }
        ([user], false) if adds => add_user(&sys, &wish, user).await,
        ([user], false) => {
            let Some((uid, _)) = files.user(user) else {
                return fail(2, format_args!("The user `{user}' does not exist."));
            };
            if wish.has("remove-home") {
                sys.print(STDOUT, format_args!("Looking for files to backup/remove ...\nRemoving files ...\n"));
                let home = files.passwd.field(user, 5).unwrap_or("").to_string();
                if sys.stat(&home).await.is_ok_and(|s| s.uid == uid) {
                    userdel::remove_tree(&sys, &home).await;
                }
                let _ = sys.unlink(&format!("/var/mail/{user}")).await;
            }
            sys.print(STDOUT, format_args!("Removing user `{user}' ...\n"));
            let status = call(&sys, "/usr/sbin/userdel", &[user]).await;
            if status == 0 {
                sys.print(STDOUT, format_args!("Done.\n"));
            }
            status
        }
        _ => fail(1, format_args!("Only one or two names allowed.")),
    }
}

/// gpasswd without what it says.
async fn member(sys: &Sys, flag: &str, user: &str, group: &str) {
    let mut files = Files::read(sys).await;
    files.group.member(group, user, flag == "-a");
    files.gshadow.member(group, user, flag == "-a");
    files.save(sys).await;
    etc::note(sys, format!("user {user} {} group {group}", if flag == "-a" { "added by root to" } else { "removed by root from" }));
}

async fn add_group(sys: &Sys, wish: &Wish, group: &str) -> i32 {
    let files = Files::read(sys).await;
    if files.group.has(group) {
        sys.complain(format_args!("The group `{group}' already exists."));
        return 1;
    }
    let gid = match wish.get("gid") {
        Some(text) => text.parse().ok(),
        None => (1000..60000).find(|n| !etc::numbers(&files.group).contains(n)),
    };
    let Some(gid) = gid else { return 1 };
    sys.print(STDOUT, format_args!("Adding group `{group}' (GID {gid}) ...\n"));
    let status = call(sys, "/usr/sbin/groupadd", &["-g", &gid.to_string(), group]).await;
    if status == 0 {
        sys.print(STDOUT, format_args!("Done.\n"));
    }
    status
}

async fn add_user(sys: &Sys, wish: &Wish, user: &str) -> i32 {
    let files = Files::read(sys).await;
    if !etc::good_name(user) {
        let text = "To avoid problems, the username must not start with a\n            dash, plus sign, or tilde, and it must not contain any of the\n            \
                    following: colon, comma, slash, or any whitespace characters\n            including spaces, tabs, and newlines.";
        sys.complain(format_args!("{text}"));
        return 1;
    }
    if !user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')) && !wish.has("allow-bad-names") {
        let text = "Please enter a username matching the regular expression\n            configured via the NAME_REGEX configuration variable.  Use the\n            \
                    `--allow-bad-names' option to relax this check or reconfigure\n            NAME_REGEX in configuration.";
        sys.complain(format_args!("{text}"));
        return 1;
    }
    if files.passwd.has(user) {
        sys.complain(format_args!("The user `{user}' already exists."));
        return 1;
    }
    let (uids, gids) = (etc::numbers(&files.passwd), etc::numbers(&files.group));
    let uid = match wish.get("uid").map(str::parse::<u32>) {
        Some(Ok(uid)) => uid,
        Some(Err(_)) => return 1,
        // One number that is free for both.
        None => match (1000..60000).find(|n| !uids.contains(n) && !gids.contains(n)) {
            Some(uid) => uid,
            None => return 1,
        },
    };
    sys.print(STDOUT, format_args!("Adding user `{user}' ...\n"));
    let (group, gid) = match wish.get("ingroup").or(wish.get("gid")).map(|g| files.group(g)) {
        Some(Some(found)) => found,
        Some(None) => {
            sys.complain(format_args!("The group `{}' does not exist.", wish.get("ingroup").or(wish.get("gid")).unwrap_or("")));
            return 1;
        }
        None => {
            sys.print(STDOUT, format_args!("Adding new group `{user}' ({uid}) ...\n"));
            if call(sys, "/usr/sbin/groupadd", &["-g", &uid.to_string(), user]).await != 0 {
                return 1;
            }
            (user.to_string(), uid)
        }
    };
    sys.print(STDOUT, format_args!("Adding new user `{user}' ({uid}) with group `{group} ({gid})' ...\n"));
    let home = wish.get("home").map_or_else(|| format!("/home/{user}"), String::from);
    let shell = wish.get("shell").unwrap_or("/bin/bash");
    let (uid_text, gid_text) = (uid.to_string(), gid.to_string());
    if call(sys, "/usr/sbin/useradd", &["-M", "-d", &home, "-g", &gid_text, "-s", shell, "-u", &uid_text, user]).await != 0 {
        return 1;
    }
    if wish.has("no-create-home") {
        sys.print(STDOUT, format_args!("Not creating home directory `{home}'.\n"));
    } else if sys.stat(&home).await.is_ok() {
        sys.print(STDOUT, format_args!("The home directory `{home}' already exists.  Not touching this directory.\n"));
    } else {
        sys.print(STDOUT, format_args!("Creating home directory `{home}' ...\nCopying files from `/etc/skel' ...\n"));
        useradd::make_home(sys, "/etc/skel", &home, uid, gid, 0o700).await;
    }
    if !wish.has("disabled-password") && !wish.has("disabled-login") {
        call(sys, "/usr/bin/passwd", &[user]).await;
    }
    if let Some(gecos) = wish.get("gecos").or(wish.get("comment")) {
        comment(sys, user, gecos).await;
    } else {
        ask(sys, user).await;
    }
    sys.print(STDOUT, format_args!("Adding new user `{user}' to supplemental / extra groups `users' ...\n"));
    sys.print(STDOUT, format_args!("Adding user `{user}' to group `users' ...\n"));
    member(sys, "-a", user, "users").await;
    0
}

async fn comment(sys: &Sys, user: &str, text: &str) {
    let mut files = Files::read(sys).await;
    files.passwd.set(user, 4, text);
    files.save(sys).await;
}

/// chfn's five questions, until the answers are right.
async fn ask(sys: &Sys, user: &str) {
    let mut lines = Lines::new(STDIN);
    loop {
        sys.print(STDOUT, format_args!("Changing the user information for {user}\nEnter the new value, or press ENTER for the default\n"));
        let mut fields = Vec::new();
        for what in ["Full Name", "Room Number", "Work Phone", "Home Phone", "Other"] {
            sys.print(STDOUT, format_args!("\t{what} []: "));
            fields.push(lines.text(sys).await.ok().flatten().unwrap_or_default());
        }
        let text = fields.join(",");
        comment(sys, user, if text == ",,,," { ",,," } else { &text }).await;
        sys.print(STDOUT, format_args!("Is the information correct? [Y/n] "));
        match lines.text(sys).await {
            Ok(Some(answer)) if answer.starts_with(['n', 'N']) => {}
            _ => return,
        }
    }
}
