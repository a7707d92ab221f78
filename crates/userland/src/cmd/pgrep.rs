//! pgrep, pkill: find processes by pattern, and signal them; pidof: find them by name.
//! Source: pgrep(1) of procps-ng 4.0.2, pidof(8) of sysvinit.  Not here: cgroups, namespaces, pid files.

use super::kill;
use crate::util::proc::{self, Proc};
use crate::util::users::Accounts;
use crate::{Arg, Ex, Given, Opt, Spec, opts};
use machine::{KillTarget, STDERR, STDOUT, Signal, Sys};
use pattern::{Options, Regex, Syntax};

pub(super) const SPEC: Spec = Spec {
    name: "pgrep",
    path: "/usr/bin/pgrep",
    synopsis: "[options] <pattern>",
    about: "look up processes based on name and other attributes",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "pgrep nosuch", out: "", code: 1 },
        Ex { sh: "pgrep", out: "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n", code: 2 },
    ],
};

pub(super) const PKILL: Spec = Spec {
    name: "pkill",
    path: "/usr/bin/pkill",
    synopsis: "[options] <pattern>",
    about: "signal processes based on name and other attributes",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "pkill nosuch", out: "", code: 1 }],
};

pub(super) const PIDOF: Spec = Spec {
    name: "pidof",
    path: "/usr/bin/pidof",
    synopsis: "[-s] [-c] [-q] [-x] [-o omitpid[,omitpid...]] [-S separator] program [program...]",
    about: "find the process ID of a running program",
    run: |sys| Box::pin(pidof(sys)),
    examples: &[Ex { sh: "pidof nosuch", out: "", code: 1 }],
};

const OPTIONS: &[Opt] = &[
    Opt(b'd', "delimiter", Arg::Yes),
    Opt(b'l', "list-name", Arg::No),
    Opt(b'a', "list-full", Arg::No),
    Opt(b'v', "inverse", Arg::No),
    Opt(b'w', "lightweight", Arg::No),
    Opt(b'c', "count", Arg::No),
    Opt(b'f', "full", Arg::No),
    Opt(b'g', "pgroup", Arg::Yes),
    Opt(b'G', "group", Arg::Yes),
    Opt(b'i', "ignore-case", Arg::No),
    Opt(b'n', "newest", Arg::No),
    Opt(b'o', "oldest", Arg::No),
    Opt(b'O', "older", Arg::Yes),
    Opt(b'P', "parent", Arg::Yes),
    Opt(b's', "session", Arg::Yes),
    Opt(b't', "terminal", Arg::Yes),
    Opt(b'u', "euid", Arg::Yes),
    Opt(b'U', "uid", Arg::Yes),
    Opt(b'x', "exact", Arg::No),
    Opt(b'F', "pidfile", Arg::Yes),
    Opt(b'L', "logpidfile", Arg::No),
    Opt(b'r', "runstates", Arg::Yes),
    Opt(b'A', "ignore-ancestors", Arg::No),
    Opt(b'e', "echo", Arg::No),
    Opt(b'q', "queue", Arg::Yes),
    Opt(0, "signal", Arg::Yes),
    Opt(0, "cgroup", Arg::Yes),
    Opt(0, "ns", Arg::Yes),
    Opt(0, "nslist", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'V', "version", Arg::No),
];

/// What does not select a process by itself.
const NO_CRITERIA: &[u8] = b"dlavwcfixLAeq";

fn usage(name: &str) -> String {
    format!("\nUsage:\n {name} [options] <pattern>\n\nFor more details see pgrep(1).\n")
}

/// Whether a value is in an option's list, or there is no such option.
fn listed(given: &Given, letter: u8, value: &str) -> bool {
    given.value(OPTIONS, letter).is_none_or(|list| list.split(',').any(|w| w == value))
}

async fn run(sys: Sys) -> i32 {
    let kills = sys.name() == "pkill";
    let mut args = sys.args().get(1..).unwrap_or(&[]).to_vec();
    // pkill's first option may be a signal.
    let mut signal = Some(15);
    if kills && let Some(at) = args.iter().position(|a| a.len() > 1 && a.starts_with('-') && kill::number(&a[1..]).is_some()) {
        signal = kill::number(&args[at][1..]);
        args.remove(at);
    }
    let text = usage(sys.name());
    let given = match opts::parse_usage_of(&sys, &args, OPTIONS, &text, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    if has(b'h') {
        sys.print(STDOUT, format_args!("{text}"));
        return 0;
    }
    if has(b'V') {
        sys.print(STDOUT, format_args!("{} from procps-ng 4.0.2\n", sys.name()));
        return 0;
    }
    for (letter, name) in [(b'F', "--pidfile"), (b'L', "--logpidfile"), (b'w', "--lightweight"), (b'q', "--queue"), (b'O', "--older")] {
        if has(letter) {
            sys.unsupported(name);
            return 2;
        }
    }
    if let Some(word) = given.value_long(OPTIONS, "signal") {
        signal = kill::number(word);
        if signal.is_none() {
            sys.complain(format_args!("Unknown signal \"{word}\"."));
            return 2;
        }
    }
    let hint = |text: &str| {
        sys.complain(format_args!("{text}"));
        sys.print(STDERR, format_args!("Try `{} --help' for more information.\n", sys.name()));
        2
    };
    if given.operands.len() > 1 {
        return hint("only one pattern can be provided");
    }
    let criteria = given.options.iter().any(|(i, _)| OPTIONS[*i].0 != 0 && !NO_CRITERIA.contains(&OPTIONS[*i].0));
    if given.operands.is_empty() && !criteria {
        return hint("no matching criteria specified");
    }
    let accounts = Accounts::read(&sys).await;
    let mut uids: Vec<u32> = Vec::new();
    for list in [b'u', b'U'].into_iter().filter_map(|l| given.value(OPTIONS, l)) {
        for word in list.split(',') {
            match accounts.uid(word) {
                Some(uid) => uids.push(uid),
                None => {
                    sys.complain(format_args!("invalid user name: {word}"));
                    return 2;
                }
            }
        }
    }
    let regex = match given.operands.first() {
        None => None,
        Some(text) => {
            let text = if has(b'x') { format!("^({text})$") } else { text.clone() };
            match Regex::new(text.as_bytes(), Syntax::Extended, Options { icase: has(b'i'), utf8: true, ..Options::default() }) {
                Ok(regex) => Some(regex),
                Err(e) => {
                    sys.complain(format_args!("regex error: {}", e.text));
                    return 2;
                }
            }
        }
    };
    let procs = proc::all(&sys, &accounts).await;
    let fits = |p: &&Proc| {
        let row = &p.row;
        let tty = listed(&given, b't', &row.tty) || listed(&given, b't', row.tty.trim_start_matches("pts/"));
        let hit = regex.as_ref().is_none_or(|r| r.find(if has(b'f') { p.args.as_bytes() } else { p.comm.as_bytes() }, 0).is_some())
            && (uids.is_empty() || uids.contains(&row.uid))
            && listed(&given, b'P', &row.ppid.to_string())
            && listed(&given, b'g', &row.pgrp.to_string())
            && listed(&given, b's', &row.session.to_string())
            && listed(&given, b'r', &row.state.to_string())
            && tty;
        row.pid != sys.pid() && hit != has(b'v')
    };
    let mut found: Vec<&Proc> = procs.iter().filter(fits).collect();
    if has(b'n') {
        found = found.into_iter().max_by_key(|p| (p.row.started, p.row.pid)).into_iter().collect();
    } else if has(b'o') {
        found = found.into_iter().min_by_key(|p| (p.row.started, p.row.pid)).into_iter().collect();
    }
    let mut failed = false;
    for p in found.iter().filter(|_| kills) {
        match sys.kill(KillTarget::Pid(p.row.pid), Signal::from_number(signal.unwrap_or(0) as i32)).await {
            Ok(()) if has(b'e') => sys.print(STDOUT, format_args!("{} killed (pid {})\n", p.comm, p.row.pid)),
            Ok(()) => {}
            Err(e) => {
                sys.complain(format_args!("killing pid {} failed: {e}", p.row.pid));
                failed = true;
            }
        }
    }
    if has(b'c') {
        sys.print(STDOUT, format_args!("{}\n", found.len()));
    } else if !kills {
        let delimiter = given.value(OPTIONS, b'd').unwrap_or("\n");
        for (i, p) in found.iter().enumerate() {
            let tail = match () {
                () if has(b'a') => format!(" {}", p.args),
                () if has(b'l') => format!(" {}", p.comm),
                () => String::new(),
            };
            sys.print(STDOUT, format_args!("{}{}{tail}", if i > 0 { delimiter } else { "" }, p.row.pid));
        }
        if !found.is_empty() {
            sys.print(STDOUT, format_args!("\n"));
        }
    }
    i32::from(found.is_empty() || failed)
}

async fn pidof(sys: Sys) -> i32 {
    let Some(given) = crate::util::getopt::getopt(&sys, "hsnqxczo:S:") else { return 1 };
    let omit: Vec<i32> = given
        .options
        .iter()
        .filter(|(l, _)| *l == b'o')
        .flat_map(|(_, v)| v.split(','))
        .filter_map(|w| if w == "%PPID" { Some(sys.ppid()) } else { w.parse().ok() })
        .collect();
    let accounts = Accounts::read(&sys).await;
    let procs = proc::all(&sys, &accounts).await;
    let mut found: Vec<i32> = Vec::new();
    for name in &given.operands {
        let base = name.rsplit('/').next().unwrap_or(name);
        for p in procs.iter().filter(|p| p.row.state != 'Z' && !omit.contains(&p.row.pid) && p.row.pid != sys.pid()) {
            // With -x, a script counts by its own name too.
            let script = given.has(b'x') && p.row.argv.get(1).is_some_and(|a| a.rsplit('/').next() == Some(base));
            if p.comm == base || script {
                found.push(p.row.pid);
            }
        }
    }
    machine::sort_by(&mut found, |a, b| b.cmp(a));
    if given.has(b's') {
        found.truncate(1);
    }
    if found.is_empty() {
        return 1;
    }
    if !given.has(b'q') {
        let words: Vec<String> = found.iter().map(i32::to_string).collect();
        sys.print(STDOUT, format_args!("{}\n", words.join(given.value(b'S').unwrap_or(" "))));
    }
    0
}
