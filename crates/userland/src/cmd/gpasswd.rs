//! gpasswd: members and administrators of a group.  Not here: group passwords themselves.  Source: gpasswd(1) of shadow 4.13, recordings.

use crate::util::etc::{self, Files, Table};
use crate::util::users::Accounts;
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "gpasswd",
    path: "/usr/bin/gpasswd",
    synopsis: "[option] GROUP",
    about: "administer /etc/group and /etc/gshadow",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "gpasswd -a root nosuch", out: "gpasswd: group 'nosuch' does not exist in /etc/group\n", code: 3 }],
};

const USAGE: &str = "Usage: gpasswd [option] GROUP

Options:
  -a, --add USER                add USER to GROUP
  -d, --delete USER             remove USER from GROUP
  -h, --help                    display this help message and exit
  -Q, --root CHROOT_DIR         directory to chroot into
  -r, --remove-password         remove the GROUP's password
  -R, --restrict                restrict access to GROUP to its members
  -M, --members USER,...        set the list of members of GROUP
  -A, --administrators ADMIN,...
                                set the list of administrators for GROUP
Except for the -A and -M options, the options cannot be combined.
";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "add", Arg::Yes),
    Opt(b'd', "delete", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'Q', "root", Arg::Yes),
    Opt(b'r', "remove-password", Arg::No),
    Opt(b'R', "restrict", Arg::No),
    Opt(b'M', "members", Arg::Yes),
    Opt(b'A', "administrators", Arg::Yes),
];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let value = |letter| given.value(OPTIONS, letter);
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    let mut files = Files::read(&sys).await;
    let mut named = [b'a', b'M', b'A'].into_iter().filter_map(value).flat_map(|list| list.split(',')).filter(|u| !u.is_empty());
    if let Some(user) = named.find(|u| !files.passwd.has(u)) {
        sys.complain(format_args!("user '{user}' does not exist"));
        return 3;
    }
    let me = sys.ids();
    let own = Accounts::read(&sys).await.user_name(me.uid);
    let [group] = given.operands.as_slice() else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 2;
    };
    if given.has(OPTIONS, b'Q') {
        sys.unsupported("--root");
        return 1;
    }
    if !files.group.has(group) {
        sys.complain(format_args!("group '{group}' does not exist in /etc/group"));
        return 3;
    }
    let chief = files.gshadow.row(group).is_some_and(|r| Table::members(r, 2).contains(&own));
    if me.uid != 0 && (!chief || given.has(OPTIONS, b'A') || given.has(OPTIONS, b'M')) {
        sys.complain(format_args!("Permission denied."));
        return 1;
    }
    if let Some(user) = value(b'a') {
        sys.print(STDOUT, format_args!("Adding user {user} to group {group}\n"));
        files.group.member(group, user, true);
        files.gshadow.member(group, user, true);
        etc::note(&sys, format!("user {user} added by {own} to group {group}"));
    } else if let Some(user) = value(b'd') {
        sys.print(STDOUT, format_args!("Removing user {user} from group {group}\n"));
        let (one, other) = (files.group.member(group, user, false), files.gshadow.member(group, user, false));
        if !one && !other {
            sys.complain(format_args!("user '{user}' is not a member of '{group}'"));
            return 3;
        }
        etc::note(&sys, format!("user {user} removed by {own} from group {group}"));
    } else if given.has(OPTIONS, b'r') {
        files.gshadow.set(group, 1, "");
        etc::note(&sys, format!("password of group {group} removed by {own}"));
    } else if given.has(OPTIONS, b'R') {
        files.gshadow.set(group, 1, "!");
        etc::note(&sys, format!("access to group {group} restricted by {own}"));
    } else if given.has(OPTIONS, b'M') || given.has(OPTIONS, b'A') {
        if let Some(list) = value(b'A') {
            files.gshadow.set(group, 2, list);
            etc::note(&sys, format!("administrators of group {group} set by {own} to {list}"));
        }
        if let Some(list) = value(b'M') {
            files.group.set(group, 3, list);
            files.gshadow.set(group, 3, list);
            etc::note(&sys, format!("members of group {group} set by {own} to {list}"));
        }
    } else {
        sys.unsupported("setting a group's password");
        return 1;
    }
    files.save(&sys).await
}
