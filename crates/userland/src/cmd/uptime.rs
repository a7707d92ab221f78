//! uptime, w: how long the host has run, who is logged in and does what.  Source: uptime(1), w(1) of procps-ng 4.0.2.

use crate::util::proc::{self, local};
use crate::util::users::Accounts;
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "uptime",
    path: "/usr/bin/uptime",
    synopsis: "[options]",
    about: "tell how long the system has been running",
    run: |sys| Box::pin(uptime(sys)),
    examples: &[Ex { sh: "uptime | wc -l", out: "1\n", code: 0 }],
};

pub(super) const W: Spec = Spec {
    name: "w",
    path: "/usr/bin/w",
    synopsis: "[options] [user]",
    about: "show who is logged on and what they are doing",
    run: |sys| Box::pin(w(sys)),
    examples: &[],
};

const USAGE: &str = "
Usage:
 uptime [options]

Options:
 -p, --pretty   show uptime in pretty format
 -h, --help     display this help and exit
 -s, --since    system up since
 -V, --version  output version information and exit

For more details see uptime(1).
";
const OPTIONS: &[Opt] =
    &[Opt(b'p', "pretty", Arg::No), Opt(b'h', "help", Arg::No), Opt(b's', "since", Arg::No), Opt(b'V', "version", Arg::No)];

const W_USAGE: &str = "
Usage:
 w [options] [user]

Options:
 -h, --no-header     do not print header
 -u, --no-current    ignore current process username
 -s, --short         short format
 -f, --from          show remote hostname field
 -o, --old-style     old style output
 -i, --ip-addr       display IP address instead of hostname (if possible)

     --help     display this help and exit
 -V, --version  output version information and exit

For more details see w(1).
";
const W_OPTIONS: &[Opt] = &[
    Opt(b'h', "no-header", Arg::No),
    Opt(b'u', "no-current", Arg::No),
    Opt(b's', "short", Arg::No),
    Opt(b'f', "from", Arg::No),
    Opt(b'o', "old-style", Arg::No),
    Opt(b'i', "ip-addr", Arg::No),
    Opt(b'V', "version", Arg::No),
];

async fn uptime(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 1) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    if given.has(OPTIONS, b'V') {
        sys.print(STDOUT, format_args!("uptime from procps-ng 4.0.2\n"));
        return 0;
    }
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    let boot = proc::boot(&sys, &procs).await;
    if given.has(OPTIONS, b's') {
        let t = local(&sys, boot);
        sys.print(STDOUT, format_args!("{}-{:02}-{:02} {:02}:{:02}:{:02}\n", t.year, t.month, t.day, t.hour, t.minute, t.second));
    } else if given.has(OPTIONS, b'p') {
        let minutes = sys.now().since(boot) / 60_000_000;
        let parts = [(minutes / 10080, "week"), (minutes / 1440 % 7, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
        let shown = parts.iter().filter(|(n, what)| *n > 0 || (*what == "minute" && minutes == 0));
        let words: Vec<String> = shown.map(|(n, what)| format!("{n} {what}{}", if *n == 1 { "" } else { "s" })).collect();
        sys.print(STDOUT, format_args!("up {}\n", words.join(", ")));
    } else {
        sys.print(STDOUT, format_args!("{}\n", proc::uptime_line(&sys, &procs).await));
    }
    0
}

async fn w(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, W_OPTIONS, W_USAGE, 1) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(W_OPTIONS, b'V') {
        sys.print(STDOUT, format_args!("w from procps-ng 4.0.2\n"));
        return 0;
    }
    let short = given.has(W_OPTIONS, b's');
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    if !given.has(W_OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{}\n", proc::uptime_line(&sys, &procs).await));
        let times = if short { "" } else { "LOGIN@   " };
        let more = if short { "" } else { "   JCPU   PCPU" };
        sys.print(STDOUT, format_args!("USER     TTY      FROM             {times}IDLE{more} WHAT\n"));
    }
    for (leader, front) in proc::sessions(&procs) {
        if given.operands.first().is_some_and(|u| *u != leader.user) {
            continue;
        }
        let t = local(&sys, leader.row.started);
        sys.print(STDOUT, format_args!("{:8} {:8} -                ", leader.user, leader.row.tty));
        if !short {
            sys.print(STDOUT, format_args!("{:02}:{:02}    ", t.hour, t.minute));
        }
        let idle = sys.now().since(front.row.started) / 1_000_000;
        let idle = if idle < 60 { format!("{idle}.00s") } else { format!("{}:{:02} ", idle / 60, idle % 60) };
        let cpu = if short { "" } else { "  0.00s  0.00s" };
        sys.print(STDOUT, format_args!("{idle:>6}{cpu} {}\n", front.args));
    }
    0
}
