//! last: who has been logged in; runlevel.  There is no /var/log/wtmp: the sessions that are open are all that is known.
//! Source: last(1) of util-linux 2.38.1, runlevel(8).

use crate::util::proc::{self, local};
use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{DateTime, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "last",
    path: "/usr/bin/last",
    synopsis: "[-n NUMBER] [USERNAME...]",
    about: "show a listing of last logged in users",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "last nosuch | wc -l", out: "2\n", code: 0 }],
};

pub(super) const RUNLEVEL: Spec = Spec {
    name: "runlevel",
    path: "/usr/sbin/runlevel",
    synopsis: "",
    about: "print previous and current SysV runlevel",
    run: |sys| Box::pin(runlevel(sys)),
    examples: &[Ex { sh: "runlevel", out: "unknown\n", code: 1 }],
};

/// `Thu Aug 11 03:50`
fn day(t: &DateTime) -> String {
    format!("{} {} {:2} {:02}:{:02}", t.day_name(), t.month_name(), t.day, t.hour, t.minute)
}

async fn run(sys: Sys) -> i32 {
    let (mut users, mut most) = (Vec::new(), usize::MAX);
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.strip_prefix('-') {
            Some("n") => most = args.next().and_then(|n| n.parse().ok()).unwrap_or(most),
            Some(n) if n.parse::<usize>().is_ok() => most = n.parse().unwrap_or(most),
            Some(_) => {
                sys.unsupported(arg);
                return 1;
            }
            None => users.push(arg.clone()),
        }
    }
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    let mut sessions = proc::sessions(&procs);
    machine::sort_by_key(&mut sessions, |(leader, _)| std::cmp::Reverse(leader.row.started));
    let wanted = |name: &str| users.is_empty() || users.iter().any(|u| u == name);
    for (leader, _) in sessions.iter().filter(|(l, _)| wanted(&l.user)).take(most) {
        let since = day(&local(&sys, leader.row.started));
        sys.print(STDOUT, format_args!("{:8} {:12} {:16} {since}   still logged in\n", leader.user, leader.row.tty, ""));
    }
    let boot = local(&sys, proc::boot(&sys, &procs).await);
    if wanted("reboot") && sessions.len() < most {
        sys.print(STDOUT, format_args!("{:8} {:12} {:16} {}   still running\n", "reboot", "system boot", "", day(&boot)));
    }
    sys.print(STDOUT, format_args!("\nwtmp begins {}:{:02} {}\n", day(&boot), boot.second, boot.year));
    0
}

async fn runlevel(sys: Sys) -> i32 {
    let text = sys.read_file("/run/runlevel").await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    if text.is_empty() {
        sys.print(STDOUT, format_args!("unknown\n"));
        return 1;
    }
    sys.print(STDOUT, format_args!("{text}"));
    0
}
