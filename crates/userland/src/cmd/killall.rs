//! killall: send a signal to processes by name.  Not here: regular expressions, ages, namespaces.  Source: killall(1) of psmisc 23.6.

use super::kill;
use crate::util::proc;
use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{KillTarget, STDERR, Signal, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "killall",
    path: "/usr/bin/killall",
    synopsis: "[OPTION]... [--] NAME...",
    about: "kill processes by name",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "killall nosuch", out: "nosuch: no process found\n", code: 1 }],
};

const USAGE: &str = "Usage: killall [OPTION]... [--] NAME...
       killall -l, --list
       killall -V, --version

  -e,--exact          require exact match for very long names
  -I,--ignore-case    case insensitive process name match
  -g,--process-group  kill process group instead of process
  -y,--younger-than   kill processes younger than TIME
  -o,--older-than     kill processes older than TIME
  -i,--interactive    ask for confirmation before killing
  -l,--list           list all known signal names
  -q,--quiet          don't print complaints
  -r,--regexp         interpret NAME as an extended regular expression
  -s,--signal SIGNAL  send this signal instead of SIGTERM
  -u,--user USER      kill only process(es) running as USER
  -v,--verbose        report if the signal was successfully sent
  -V,--version        display version information
  -w,--wait           wait for processes to die
  -n,--ns PID         match processes that belong to the same namespaces
                      as PID
  -Z,--context REGEXP kill only process(es) having context
                      (must precede other arguments)

";

async fn run(sys: Sys) -> i32 {
    let accounts = Accounts::read(&sys).await;
    let (mut signal, mut quiet, mut verbose, mut icase, mut wait, mut group) = (15, false, false, false, false, false);
    let (mut user, mut names) = (None, Vec::new());
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--" => names.extend(args.by_ref().cloned()),
            "-l" | "--list" => {
                kill::list(&sys);
                return 0;
            }
            "-V" | "--version" => {
                sys.print(STDERR, format_args!("killall (PSmisc) 23.6\n"));
                return 0;
            }
            "-q" | "--quiet" => quiet = true,
            "-v" | "--verbose" => verbose = true,
            "-I" | "--ignore-case" => icase = true,
            "-w" | "--wait" => wait = true,
            "-g" | "--process-group" => group = true,
            "-e" | "--exact" => {}
            "-s" | "--signal" => {
                let word = args.next().map_or("", String::as_str);
                match kill::number(word) {
                    Some(n) => signal = n,
                    None => {
                        sys.print(STDERR, format_args!("{word}: unknown signal; killall -l lists signals.\n"));
                        return 1;
                    }
                }
            }
            "-u" | "--user" => {
                let word = args.next().map_or("", String::as_str);
                match accounts.user(word) {
                    Some(u) => user = Some(u.uid),
                    None => {
                        sys.print(STDERR, format_args!("Cannot find user {word}\n"));
                        return 1;
                    }
                }
            }
            "-i" | "-y" | "-o" | "-r" | "-n" | "-Z" | "--interactive" | "--younger-than" | "--older-than" | "--regexp" | "--ns"
            | "--context" => {
                sys.unsupported(arg);
                return 1;
            }
            _ if arg.len() > 1 && arg.starts_with('-') => match kill::number(&arg[1..]) {
                Some(n) => signal = n,
                None => {
                    sys.print(STDERR, format_args!("{USAGE}"));
                    return 1;
                }
            },
            _ => names.push(arg.clone()),
        }
    }
    if names.is_empty() && user.is_none() {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    }
    let procs = proc::all(&sys, &accounts).await;
    let mut status = 0;
    let mut sent: Vec<i32> = Vec::new();
    let every = names.is_empty();
    for name in if every { vec![String::new()] } else { names } {
        let base = name.rsplit('/').next().unwrap_or(&name).chars().take(15).collect::<String>();
        let fits = |p: &&proc::Proc| {
            p.row.pid != sys.pid()
                && user.is_none_or(|u| u == p.row.uid)
                && (every || p.comm == base || (icase && p.comm.eq_ignore_ascii_case(&base)))
        };
        let mut found = false;
        for p in procs.iter().filter(fits) {
            found = true;
            let target = if group { KillTarget::Group(p.row.pgrp) } else { KillTarget::Pid(p.row.pid) };
            match sys.kill(target, Signal::from_number(signal as i32)).await {
                Ok(()) => {
                    sent.push(p.row.pid);
                    if verbose {
                        sys.print(STDERR, format_args!("Killed {}({}) with signal {signal}\n", p.comm, p.row.pid));
                    }
                }
                Err(e) => {
                    sys.print(STDERR, format_args!("{}({}): {e}\n", p.comm, p.row.pid));
                    status = 1;
                }
            }
        }
        if !found {
            status = 1;
            if !quiet && !every {
                sys.print(STDERR, format_args!("{name}: no process found\n"));
            }
        }
    }
    while wait && sys.procs().await.iter().any(|p| sent.contains(&p.pid) && p.state != 'Z') {
        let _ = sys.sleep(1_000_000).await;
    }
    status
}
