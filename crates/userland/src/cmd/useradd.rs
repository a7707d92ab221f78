//! useradd: make an account.  Not here: subordinate ids, SELinux, `--root`.  Source: useradd(8) of shadow 4.13 and its recordings.

use crate::util::etc::{self, Defs, Files};
use crate::util::{shadow, walk};
use crate::{Arg, Ex, Given, Opt, Spec, opts};
use machine::{FileKind, STDERR, STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "useradd",
    path: "/usr/sbin/useradd",
    synopsis: "[options] LOGIN",
    about: "create a new user or update default new user information",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "useradd root", out: "useradd: user 'root' already exists\n", code: 9 },
        Ex { sh: "useradd -u 1600 six; tail -1 /etc/passwd", out: "six:x:1600:1600::/home/six:/bin/sh\n", code: 0 },
    ],
};

const USAGE: &str = "Usage: useradd [options] LOGIN
       useradd -D
       useradd -D [options]

Options:
      --badname                 do not check for bad names
  -b, --base-dir BASE_DIR       base directory for the home directory of the
                                new account
      --btrfs-subvolume-home    use BTRFS subvolume for home directory
  -c, --comment COMMENT         GECOS field of the new account
  -d, --home-dir HOME_DIR       home directory of the new account
  -D, --defaults                print or change default useradd configuration
  -e, --expiredate EXPIRE_DATE  expiration date of the new account
  -f, --inactive INACTIVE       password inactivity period of the new account
  -F, --add-subids-for-system   add entries to sub[ud]id even when adding a system user
  -g, --gid GROUP               name or ID of the primary group of the new
                                account
  -G, --groups GROUPS           list of supplementary groups of the new
                                account
  -h, --help                    display this help message and exit
  -k, --skel SKEL_DIR           use this alternative skeleton directory
  -K, --key KEY=VALUE           override /etc/login.defs defaults
  -l, --no-log-init             do not add the user to the lastlog and
                                faillog databases
  -m, --create-home             create the user's home directory
  -M, --no-create-home          do not create the user's home directory
  -N, --no-user-group           do not create a group with the same name as
                                the user
  -o, --non-unique              allow to create users with duplicate
                                (non-unique) UID
  -p, --password PASSWORD       encrypted password of the new account
  -r, --system                  create a system account
  -R, --root CHROOT_DIR         directory to chroot into
  -P, --prefix PREFIX_DIR       prefix directory where are located the /etc/* files
  -s, --shell SHELL             login shell of the new account
  -u, --uid UID                 user ID of the new account
  -U, --user-group              create a group with the same name as the user
  -Z, --selinux-user SEUSER     use a specific SEUSER for the SELinux user mapping

";

const OPTIONS: &[Opt] = &[
    Opt(0, "badname", Arg::No),
    Opt(b'b', "base-dir", Arg::Yes),
    Opt(0, "btrfs-subvolume-home", Arg::No),
    Opt(b'c', "comment", Arg::Yes),
    Opt(b'd', "home-dir", Arg::Yes),
    Opt(b'D', "defaults", Arg::No),
    Opt(b'e', "expiredate", Arg::Yes),
    Opt(b'f', "inactive", Arg::Yes),
    Opt(b'F', "add-subids-for-system", Arg::No),
    Opt(b'g', "gid", Arg::Yes),
    Opt(b'G', "groups", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'k', "skel", Arg::Yes),
    Opt(b'K', "key", Arg::Yes),
    Opt(b'l', "no-log-init", Arg::No),
    Opt(b'm', "create-home", Arg::No),
    Opt(b'M', "no-create-home", Arg::No),
    Opt(b'N', "no-user-group", Arg::No),
    Opt(b'o', "non-unique", Arg::No),
    Opt(b'p', "password", Arg::Yes),
    Opt(b'r', "system", Arg::No),
    Opt(b'R', "root", Arg::Yes),
    Opt(b'P', "prefix", Arg::Yes),
    Opt(b's', "shell", Arg::Yes),
    Opt(b'u', "uid", Arg::Yes),
    Opt(b'U', "user-group", Arg::No),
    Opt(b'Z', "selinux-user", Arg::Yes),
];

/// What a value must not hold in a file of colons and lines.
fn fits(text: &str) -> bool {
    !text.contains([':', '\n'])
}

/// Mistakes that the values show by themselves; the exit status of the first.
fn check(sys: &Sys, given: &Given, files: &Files) -> Result<(), i32> {
    let value = |letter| given.value(OPTIONS, letter);
    let fail = |status, text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        Err(status)
    };
    if let Some(text) = value(b'c').filter(|t| !fits(t)) {
        return fail(3, format_args!("invalid comment '{text}'"));
    }
    if let Some(text) = value(b'd').filter(|t| !fits(t) || !t.starts_with('/')) {
        return fail(3, format_args!("invalid home directory '{text}'"));
    }
    if let Some(text) = value(b'b').filter(|t| !fits(t) || !t.starts_with('/')) {
        return fail(3, format_args!("invalid base directory '{text}'"));
    }
    if let Some(text) = value(b'e').filter(|t| etc::date(t).is_none()) {
        return fail(3, format_args!("invalid date '{text}'"));
    }
    if let Some(text) = value(b'f').filter(|t| t.parse::<i32>().map_or(true, |n| n < -1)) {
        return fail(3, format_args!("invalid numeric argument '{text}'"));
    }
    if let Some(text) = value(b'g').filter(|t| files.group(t).is_none()) {
        return fail(6, format_args!("group '{text}' does not exist"));
    }
    if !files.has_groups(sys, value(b'G').unwrap_or("")) {
        return Err(6);
    }
    if let Some(text) = value(b's').filter(|t| !fits(t) || !(t.is_empty() || t.starts_with('/'))) {
        return fail(3, format_args!("invalid shell '{text}'"));
    }
    if let Some(text) = value(b'u').filter(|t| t.parse::<u32>().is_err()) {
        return fail(3, format_args!("invalid user ID '{text}'"));
    }
    for (letter, name) in [(b'R', "--root"), (b'P', "--prefix"), (b'Z', "--selinux-user")] {
        if given.has(OPTIONS, letter) {
            sys.unsupported(name);
            return Err(1);
        }
    }
    Ok(())
}

/// `useradd -D`: shows /etc/default/useradd, or changes it.
async fn defaults(sys: &Sys, given: &Given) -> i32 {
    const PATH: &str = "/etc/default/useradd";
    let defs = Defs::read(sys, PATH).await;
    let keys = [(b'g', "GROUP"), (b'b', "HOME"), (b'f', "INACTIVE"), (b'e', "EXPIRE"), (b's', "SHELL")];
    if !keys.iter().any(|(l, _)| given.has(OPTIONS, *l)) {
        let rows = [
            ("GROUP", "100"),
            ("HOME", "/home"),
            ("INACTIVE", "-1"),
            ("EXPIRE", ""),
            ("SHELL", "/bin/sh"),
            ("SKEL", "/etc/skel"),
            ("CREATE_MAIL_SPOOL", "no"),
            ("LOG_INIT", "yes"),
        ];
        for (key, default) in rows {
            sys.print(STDOUT, format_args!("{key}={}\n", defs.get(key).unwrap_or(default)));
        }
        return 0;
    }
    let text = sys.read_file(PATH).await.unwrap_or_default();
    let mut lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(String::from).collect();
    for (letter, key) in keys {
        let Some(value) = given.value(OPTIONS, letter) else { continue };
        let new = format!("{key}={value}");
        match lines.iter_mut().find(|l| l.strip_prefix(key).is_some_and(|rest| rest.starts_with('='))) {
            Some(line) => *line = new,
            None => lines.push(new),
        }
    }
    if sys.write_file(PATH, (lines.join("\n") + "\n").as_bytes(), 0o644).await.is_err() {
        sys.complain(format_args!("cannot create new defaults file"));
        return 1;
    }
    0
}

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    let value = |letter| given.value(OPTIONS, letter);
    if has(b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    let mut files = Files::read(&sys).await;
    if let Err(status) = check(&sys, &given, &files) {
        return status;
    }
    if has(b'D') {
        return defaults(&sys, &given).await;
    }
    let [name] = given.operands.as_slice() else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 2;
    };
    let mut defs = Defs::read(&sys, "/etc/login.defs").await;
    for (i, value) in &given.options {
        if let (b'K', Some((key, value))) = (OPTIONS[*i].0, value.as_deref().and_then(|v| v.split_once('='))) {
            defs.set(key, value);
        }
    }
    let add = Defs::read(&sys, "/etc/default/useradd").await;
    if !etc::good_name(name) && !given.has_long(OPTIONS, "badname") {
        sys.complain(format_args!("invalid user name '{name}': use --badname to ignore"));
        return 3;
    }
    let system = has(b'r');
    let own_group = has(b'U') || (!has(b'g') && !has(b'N') && defs.get("USERGROUPS_ENAB") == Some("yes"));
    if sys.ids().uid == 0 {
        if files.passwd.has(name) {
            sys.complain(format_args!("user '{name}' already exists"));
            etc::note(&sys, format!("failed adding user '{name}', exit code: 9"));
            return 9;
        }
        if own_group && files.group.has(name) {
            sys.complain(format_args!("group {name} exists - if you want to add this user to that group, use -g."));
            return 9;
        }
    }
    if !etc::lock(&sys, "passwd") {
        return 1;
    }
    let uids = etc::numbers(&files.passwd);
    let (min, max) = (defs.number("UID_MIN", 1000), defs.number("UID_MAX", 60000));
    let range = if system { (defs.number("SYS_UID_MIN", 101), defs.number("SYS_UID_MAX", min.saturating_sub(1))) } else { (min, max) };
    let wanted: Option<u32> = value(b'u').and_then(|v| v.parse().ok());
    let uid = match wanted {
        Some(n) if uids.contains(&n) && !has(b'o') => {
            sys.complain(format_args!("UID {n} is not unique"));
            etc::note(&sys, format!("failed adding user '{name}', exit code: 4"));
            return 4;
        }
        Some(n) => n,
        None => match etc::free(&uids, range.0, range.1, system, None) {
            Some(n) => n,
            None => {
                sys.complain(format_args!("can't create user"));
                return 4;
            }
        },
    };
    if !system && !(min..=max).contains(&uid) {
        sys.print(STDERR, format_args!("useradd warning: {name}'s uid {uid} outside of the UID_MIN {min} and UID_MAX {max} range.\n"));
    }
    let gid = if own_group {
        let gids = etc::numbers(&files.group);
        let min = defs.number("GID_MIN", 1000);
        let range = if system {
            (defs.number("SYS_GID_MIN", 101), defs.number("SYS_GID_MAX", min.saturating_sub(1)))
        } else {
            (min, defs.number("GID_MAX", 60000))
        };
        let Some(gid) = etc::free(&gids, range.0, range.1, system, Some(uid)) else { return 4 };
        files.add_group(name, gid);
        etc::note(&sys, format!("new group: name={name}, GID={gid}"));
        gid
    } else {
        let text = value(b'g').or(add.get("GROUP")).unwrap_or("100");
        files.group(text).map_or(100, |(_, gid)| gid)
    };
    let base = value(b'b').or(add.get("HOME")).unwrap_or("/home");
    let home = value(b'd').map_or_else(|| format!("{}/{name}", base.trim_end_matches('/')), String::from);
    let shell = value(b's').or(add.get("SHELL")).unwrap_or("/bin/sh").to_string();
    let comment = value(b'c').unwrap_or("");
    files.passwd.add(&format!("{name}:x:{uid}:{gid}:{comment}:{home}:{shell}"));
    let expire = value(b'e').or(add.get("EXPIRE")).and_then(etc::date).flatten().map_or(String::new(), |d| d.to_string());
    let inactive = value(b'f').or(add.get("INACTIVE")).filter(|v| *v != "-1").unwrap_or("");
    let age = |key, default| if system { String::new() } else { defs.number(key, default).to_string() };
    files.shadow.add(&format!(
        "{name}:{}:{}:{}:{}:{}:{inactive}:{expire}:",
        value(b'p').unwrap_or("!"),
        shadow::today(&sys),
        age("PASS_MIN_DAYS", 0),
        age("PASS_MAX_DAYS", 99999),
        age("PASS_WARN_AGE", 7)
    ));
    let from = sys.tty_name(STDIN).await.unwrap_or_else(|_| "none".to_string());
    etc::note(&sys, format!("new user: name={name}, UID={uid}, GID={gid}, home={home}, shell={shell}, from={from}"));
    for group in value(b'G').unwrap_or("").split(',').filter(|g| !g.is_empty()) {
        if let Some((group, _)) = files.group(group) {
            files.group.member(&group, name, true);
            files.gshadow.member(&group, name, true);
            etc::note(&sys, format!("add '{name}' to group '{group}'"));
        }
    }
    let status = files.save(&sys).await;
    let make = has(b'm') || (!has(b'M') && !system && defs.get("CREATE_HOME") == Some("yes"));
    if status != 0 || !make {
        return status;
    }
    if sys.stat(&home).await.is_ok() {
        sys.print(STDERR, format_args!("useradd: warning: the home directory {home} already exists.\n"));
        sys.print(STDERR, format_args!("useradd: Not copying any file from skel directory into it.\n"));
    } else {
        let skel = value(b'k').or(add.get("SKEL")).unwrap_or("/etc/skel");
        let mode = defs.number("HOME_MODE", 0o777 & !defs.number("UMASK", 0o022)) as u16;
        if !make_home(&sys, skel, &home, uid, gid, mode).await {
            sys.complain(format_args!("cannot create directory {home}"));
            return 12;
        }
    }
    if add.get("CREATE_MAIL_SPOOL") == Some("yes") {
        let spool = format!("/var/mail/{name}");
        let group = files.group("mail").map_or(gid, |(_, gid)| gid);
        let _ = sys.write_file(&spool, b"", 0o660).await;
        let _ = sys.chown(&spool, Some(uid), Some(group), true).await;
    }
    0
}

/// Makes a home directory, with its parents, and fills it with copies of what is in `skel`.
pub(super) async fn make_home(sys: &Sys, skel: &str, home: &str, uid: u32, gid: u32, mode: u16) -> bool {
    let mut path = String::new();
    for part in home.split('/').filter(|p| !p.is_empty()) {
        path.push('/');
        path.push_str(part);
        let _ = sys.mkdir(&path, 0o755).await;
    }
    let mut todo = vec![(skel.trim_end_matches('/').to_string(), home.to_string())];
    while let Some((from, to)) = todo.pop() {
        let _ = sys.mkdir(&to, 0o755).await;
        for name in walk::children(sys, &from).await.unwrap_or_default() {
            let target = format!("{to}{}", name.strip_prefix(&from).unwrap_or(&name));
            let Ok(stat) = sys.lstat(&name).await else { continue };
            match stat.kind {
                FileKind::Dir => todo.push((name, target)),
                FileKind::Symlink => {
                    if let Ok(link) = sys.read_link(&name).await {
                        let _ = sys.symlink(&link, &target).await;
                        let _ = sys.chown(&target, Some(uid), Some(gid), false).await;
                    }
                }
                _ => {
                    let bytes = sys.read_file(&name).await.unwrap_or_default();
                    let _ = sys.write_file(&target, &bytes, stat.mode).await;
                    let _ = sys.chmod(&target, stat.mode).await;
                    let _ = sys.chown(&target, Some(uid), Some(gid), true).await;
                }
            }
        }
        let _ = sys.chown(&to, Some(uid), Some(gid), true).await;
    }
    sys.chmod(home, mode).await.is_ok()
}
