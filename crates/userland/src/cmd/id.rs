//! id, whoami, groups, logname: who one is.  Source: coreutils 9.1 and recordings.

use crate::util::quote::quote;
use crate::util::users::{Accounts, User};
use crate::util::{gnu, proc};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Ids, STDERR, STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "id",
    path: "/usr/bin/id",
    synopsis: "[OPTION]... [USER]...",
    about: "print real and effective user and group IDs",
    run: |sys| Box::pin(id(sys)),
    examples: &[
        Ex { sh: "id; id -un", out: "uid=0(root) gid=0(root) groups=0(root)\nroot\n", code: 0 },
        Ex { sh: "id nosuch", out: "id: ‘nosuch’: no such user\n", code: 1 },
    ],
};

pub(super) const WHOAMI: Spec = Spec {
    name: "whoami",
    path: "/usr/bin/whoami",
    synopsis: "[OPTION]...",
    about: "print effective user name",
    run: |sys| Box::pin(whoami(sys)),
    examples: &[Ex { sh: "whoami", out: "root\n", code: 0 }],
};

pub(super) const GROUPS: Spec = Spec {
    name: "groups",
    path: "/usr/bin/groups",
    synopsis: "[OPTION]... [USERNAME]...",
    about: "print the groups a user is in",
    run: |sys| Box::pin(groups(sys)),
    examples: &[Ex { sh: "groups root nosuch", out: "root : root\ngroups: ‘nosuch’: no such user\n", code: 1 }],
};

pub(super) const LOGNAME: Spec = Spec {
    name: "logname",
    path: "/usr/bin/logname",
    synopsis: "[OPTION]",
    about: "print user's login name",
    run: |sys| Box::pin(logname(sys)),
    examples: &[Ex { sh: "logname", out: "logname: no login name\n", code: 1 }],
};

const HELP: &str = "Usage: id [OPTION]... [USER]...
Print user and group information for each specified USER,
or (when USER omitted) for the current process.

  -a             ignore, for compatibility with other versions
  -Z, --context  print only the security context of the process
  -g, --group    print only the effective group ID
  -G, --groups   print all group IDs
  -n, --name     print a name instead of a number, for -ugG
  -r, --real     print the real ID instead of the effective ID, with -ugG
  -u, --user     print only the effective user ID
  -z, --zero     delimit entries with NUL characters, not whitespace;
                   not permitted in default format
      --help        display this help and exit
      --version     output version information and exit

Without any OPTION, print some useful set of identified information.

";
const HELP_WHOAMI: &str = "Usage: whoami [OPTION]...
Print the user name associated with the current effective user ID.
Same as id -un.

      --help        display this help and exit
      --version     output version information and exit

";
const HELP_GROUPS: &str = "Usage: groups [OPTION]... [USERNAME]...
Print group memberships for each USERNAME or, if no USERNAME is specified, for
the current process (which may differ if the groups database has changed).
      --help        display this help and exit
      --version     output version information and exit

";
const HELP_LOGNAME: &str = "Usage: logname [OPTION]
Print the user's login name.

      --help        display this help and exit
      --version     output version information and exit

";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "", Arg::No),
    Opt(b'Z', "context", Arg::No),
    Opt(b'g', "group", Arg::No),
    Opt(b'G', "groups", Arg::No),
    Opt(b'n', "name", Arg::No),
    Opt(b'r', "real", Arg::No),
    Opt(b'u', "user", Arg::No),
    Opt(b'z', "zero", Arg::No),
];

/// The ids that a user would have after logging in.
fn ids_of(accounts: &Accounts, user: &User) -> Ids {
    Ids { uid: user.uid, euid: user.uid, gid: user.gid, egid: user.gid, groups: accounts.groups_of(&user.name, user.gid) }
}

/// All groups: real, effective, then the others.
fn all_groups(ids: &Ids) -> Vec<u32> {
    let mut all = vec![ids.gid];
    for gid in std::iter::once(ids.egid).chain(ids.groups.iter().copied()) {
        if !all.contains(&gid) {
            all.push(gid);
        }
    }
    all
}

/// `0(root)`, or the number alone if it has no name.
fn both(number: u32, name: Option<&str>) -> String {
    name.map_or_else(|| number.to_string(), |name| format!("{number}({name})"))
}

async fn id(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    let fail = |text: &str| {
        sys.complain(format_args!("{text}"));
        1
    };
    if has(b'Z') {
        return fail("--context (-Z) works only on an SELinux-enabled kernel");
    }
    let choices = [b'u', b'g', b'G'].iter().filter(|l| has(**l)).count();
    if choices > 1 {
        return fail("cannot print \"only\" of more than one choice");
    }
    if choices == 0 && (has(b'n') || has(b'r')) {
        return fail("cannot print only names or real IDs in default format");
    }
    if choices == 0 && has(b'z') {
        return fail("option --zero not permitted in default format");
    }
    let accounts = Accounts::read(&sys).await;
    let mut status = 0;
    let mut who: Vec<Ids> = Vec::new();
    for name in &given.operands {
        let number = name.strip_prefix('+').unwrap_or(name).parse::<u32>().ok();
        let found = accounts.user(name).or_else(|| accounts.user_of(number?));
        match found {
            Some(user) => who.push(ids_of(&accounts, user)),
            None => {
                sys.complain(format_args!("{}: no such user", quote(name)));
                status = 1;
            }
        }
    }
    if given.operands.is_empty() {
        who.push(sys.ids());
    }
    let (gap, end) = if has(b'z') { ("\0", "\0") } else { (" ", "\n") };
    for ids in who {
        let user = |uid: u32| accounts.user_of(uid).map(|u| u.name.as_str());
        let group = |gid: u32| accounts.group_of(gid).map(|g| g.name.as_str());
        if choices == 0 {
            sys.print(STDOUT, format_args!("uid={} gid={}", both(ids.uid, user(ids.uid)), both(ids.gid, group(ids.gid))));
            if ids.euid != ids.uid {
                sys.print(STDOUT, format_args!(" euid={}", both(ids.euid, user(ids.euid))));
            }
            if ids.egid != ids.gid {
                sys.print(STDOUT, format_args!(" egid={}", both(ids.egid, group(ids.egid))));
            }
            let list: Vec<String> = all_groups(&ids).into_iter().map(|g| both(g, group(g))).collect();
            sys.print(STDOUT, format_args!(" groups={}\n", list.join(",")));
            continue;
        }
        let numbers = match () {
            () if has(b'u') => vec![if has(b'r') { ids.uid } else { ids.euid }],
            () if has(b'g') => vec![if has(b'r') { ids.gid } else { ids.egid }],
            () => all_groups(&ids),
        };
        let kind = if has(b'u') { "user" } else { "group" };
        let mut words = Vec::new();
        for number in numbers {
            let name = if has(b'u') { user(number) } else { group(number) };
            if has(b'n') && name.is_none() {
                sys.complain(format_args!("cannot find name for {kind} ID {number}"));
                status = 1;
            }
            words.push(name.filter(|_| has(b'n')).map_or_else(|| number.to_string(), String::from));
        }
        sys.print(STDOUT, format_args!("{}{end}", words.join(gap)));
    }
    status
}

async fn whoami(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], HELP_WHOAMI, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if let Some(extra) = given.operands.first() {
        return gnu::extra(&sys, extra);
    }
    let accounts = Accounts::read(&sys).await;
    match accounts.user_of(sys.euid()) {
        Some(user) => {
            sys.print(STDOUT, format_args!("{}\n", user.name));
            0
        }
        None => {
            sys.complain(format_args!("cannot find name for user ID {}", sys.euid()));
            1
        }
    }
}

async fn groups(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], HELP_GROUPS, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let accounts = Accounts::read(&sys).await;
    let mut status = 0;
    let mut show = |label: String, ids: &Ids| {
        let mut words = Vec::new();
        for gid in all_groups(ids) {
            match accounts.group_of(gid) {
                Some(group) => words.push(group.name.clone()),
                None => {
                    sys.print(STDERR, format_args!("groups: cannot find name for group ID {gid}\n"));
                    words.push(gid.to_string());
                    status = 1;
                }
            }
        }
        sys.print(STDOUT, format_args!("{label}{}\n", words.join(" ")));
    };
    if given.operands.is_empty() {
        show(String::new(), &sys.ids());
        return status;
    }
    let mut missing = false;
    for name in &given.operands {
        match accounts.user(name) {
            Some(user) => show(format!("{name} : "), &ids_of(&accounts, user)),
            None => {
                sys.print(STDERR, format_args!("groups: {}: no such user\n", quote(name)));
                missing = true;
            }
        }
    }
    if missing { 1 } else { status }
}

async fn logname(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], HELP_LOGNAME, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if let Some(extra) = given.operands.first() {
        return gnu::extra(&sys, extra);
    }
    // Who opened the session on this terminal.
    let tty = sys.tty_name(STDIN).await.unwrap_or_default();
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    let session = proc::sessions(&procs).into_iter().find(|(leader, _)| tty.strip_prefix("/dev/") == Some(&leader.row.tty));
    match session {
        Some((leader, _)) => {
            sys.print(STDOUT, format_args!("{}\n", leader.user));
            0
        }
        None => {
            sys.complain(format_args!("no login name"));
            1
        }
    }
}
