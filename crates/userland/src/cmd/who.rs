//! who, users: who is logged in.  There is no utmp: sessions on terminals are what is known.  Source: coreutils 9.1.
//! Not here: what only utmp would know (dead processes, clock changes, remote hosts).

use crate::util::proc::{self, Proc};
use crate::util::users::Accounts;
use crate::util::{gnu, zone::Zone};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDIN, STDOUT, SimTime, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "who",
    path: "/usr/bin/who",
    synopsis: "[OPTION]... [ FILE | ARG1 ARG2 ]",
    about: "show who is logged on",
    run: |sys| Box::pin(who(sys)),
    examples: &[Ex { sh: "who -q", out: "\n# users=0\n", code: 0 }],
};

pub(super) const USERS: Spec = Spec {
    name: "users",
    path: "/usr/bin/users",
    synopsis: "[OPTION]... [FILE]",
    about: "print the user names of users currently logged in",
    run: |sys| Box::pin(users(sys)),
    examples: &[Ex { sh: "users", out: "", code: 0 }],
};

const HELP: &str = "Usage: who [OPTION]... [ FILE | ARG1 ARG2 ]\nPrint information about users who are currently logged in.\n";
const HELP_USERS: &str = "Usage: users [OPTION]... [FILE]\nOutput who is currently logged in according to FILE.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b'b', "boot", Arg::No),
    Opt(b'd', "dead", Arg::No),
    Opt(b'H', "heading", Arg::No),
    Opt(b'l', "login", Arg::No),
    Opt(b'm', "", Arg::No),
    Opt(b'p', "process", Arg::No),
    Opt(b'q', "count", Arg::No),
    Opt(b'r', "runlevel", Arg::No),
    Opt(b's', "short", Arg::No),
    Opt(b't', "time", Arg::No),
    Opt(b'T', "mesg", Arg::No),
    Opt(b'w', "", Arg::No),
    Opt(b'u', "users", Arg::No),
];

/// `2011-08-11 03:50`
fn time(sys: &Sys, at: SimTime) -> String {
    let t = Zone::of(sys).local(at);
    format!("{}-{:02}-{:02} {:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute)
}

async fn names(sys: &Sys) -> Vec<String> {
    let procs = proc::all(sys, &Accounts::read(sys).await).await;
    let mut names: Vec<String> = proc::sessions(&procs).into_iter().map(|(leader, _)| leader.user.clone()).collect();
    machine::sort(&mut names);
    names
}

async fn users(sys: Sys) -> i32 {
    if let Err(status) = gnu::options(&sys, &[], HELP_USERS, 1, false) {
        return status;
    }
    let names = names(&sys).await;
    if !names.is_empty() {
        sys.print(STDOUT, format_args!("{}\n", names.join(" ")));
    }
    0
}

async fn who(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    if given.operands.len() > 2 {
        return gnu::extra(&sys, &given.operands[2]);
    }
    if given.operands.len() == 1 {
        // A file of records: there is none.
        return 0;
    }
    if has(b'q') {
        let names = names(&sys).await;
        sys.print(STDOUT, format_args!("{}\n# users={}\n", names.join(" "), names.len()));
        return 0;
    }
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    let boot = time(&sys, proc::boot(&sys, &procs).await);
    if has(b'H') {
        let idle = if has(b'u') { "   IDLE          PID" } else { "" };
        sys.print(STDOUT, format_args!("NAME     LINE         TIME            {idle} COMMENT\n"));
    }
    let special = has(b'b') || has(b'r') || has(b'd') || has(b'l') || has(b'p') || has(b't');
    if has(b'b') || has(b'a') {
        sys.print(STDOUT, format_args!("         system boot  {boot}\n"));
    }
    if has(b'r') || has(b'a') {
        let text = sys.read_file("/run/runlevel").await.unwrap_or_default();
        if let Some(level) = String::from_utf8_lossy(&text).split_whitespace().nth(1) {
            sys.print(STDOUT, format_args!("         run-level {level}  {boot}\n"));
        }
    }
    if special && !has(b'u') && !has(b'a') {
        return 0;
    }
    let own = sys.tty_name(STDIN).await.unwrap_or_default();
    let only = has(b'm') || given.operands.len() == 2;
    let mine = |p: &Proc| !only || own.strip_prefix("/dev/") == Some(&p.row.tty);
    for (leader, front) in proc::sessions(&procs).into_iter().filter(|(leader, _)| mine(leader)) {
        let mesg = if has(b'T') || has(b'w') { " +" } else { "" };
        sys.print(STDOUT, format_args!("{:8}{mesg} {:12} {}", leader.user, leader.row.tty, time(&sys, leader.row.started)));
        if has(b'u') || has(b'a') {
            let idle = sys.now().since(front.row.started) / 60_000_000;
            let shown = if idle == 0 { "  .  ".to_string() } else { format!("{:02}:{:02}", idle / 60, idle % 60) };
            sys.print(STDOUT, format_args!(" {shown} {:>11}", leader.row.pid));
        }
        sys.print(STDOUT, format_args!("\n"));
    }
    0
}
