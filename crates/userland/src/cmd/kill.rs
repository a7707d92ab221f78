//! kill: send a signal to processes (the program; bash has one built in).  Source: kill(1) of procps-ng 4.0.2.

use crate::{Ex, Spec};
use machine::{KillTarget, STDERR, STDOUT, Signal, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "kill",
    path: "/usr/bin/kill",
    synopsis: "[options] <pid> [...]",
    about: "send a signal to a process",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "/usr/bin/kill -l 9; /usr/bin/kill -l TERM", out: "KILL\n15\n", code: 0 }],
};

const USAGE: &str = "
Usage:
 kill [options] <pid> [...]

Options:
 <pid> [...]            send signal to every <pid> listed
 -<signal>, -s, --signal <signal>
                        specify the <signal> to be sent
 -q, --queue <value>    integer value to be sent with the signal
 -l, --list=[<signal>]  list all signal names, or convert one to a name
 -L, --table            list all signal names in a nice table

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see kill(1).
";

/// The names of signals 1 to 31, Linux's.
pub(super) const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
    "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
];

/// The number of a signal by name or number; 0 is none.
pub(super) fn number(text: &str) -> Option<usize> {
    if let Ok(n) = text.parse::<usize>() {
        return (n <= 64).then_some(n);
    }
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    NAMES.iter().position(|n| *n == name).map(|i| i + 1)
}

/// All names in two lines.
pub(super) fn list(sys: &Sys) {
    sys.print(STDOUT, format_args!("{}\n{}\n", NAMES[..16].join(" "), NAMES[16..].join(" ")));
}

fn usage(sys: &Sys) -> i32 {
    sys.print(STDERR, format_args!("{USAGE}"));
    1
}

async fn run(sys: Sys) -> i32 {
    let mut args = sys.args().get(1..).unwrap_or(&[]).to_vec();
    let mut signal = 15;
    let mut first = true;
    while let Some(arg) = args.first().cloned() {
        if !arg.starts_with('-') || arg == "-" {
            break;
        }
        args.remove(0);
        let value = |args: &mut Vec<String>| if args.is_empty() { None } else { Some(args.remove(0)) };
        match arg.as_str() {
            "--" => break,
            "-h" | "--help" => {
                sys.print(STDOUT, format_args!("{USAGE}"));
                return 0;
            }
            "-V" | "--version" => {
                sys.print(STDOUT, format_args!("kill from procps-ng 4.0.2\n"));
                return 0;
            }
            "-l" | "--list" => {
                return match args.first() {
                    None => {
                        list(&sys);
                        0
                    }
                    Some(word) => match (number(word), word.parse::<usize>()) {
                        (Some(n), Ok(_)) if (1..=31).contains(&n) => {
                            sys.print(STDOUT, format_args!("{}\n", NAMES[n - 1]));
                            0
                        }
                        (Some(n), Err(_)) => {
                            sys.print(STDOUT, format_args!("{n}\n"));
                            0
                        }
                        _ => {
                            sys.print(STDERR, format_args!("{}: unknown signal name {word}\n", sys.arg(0)));
                            1
                        }
                    },
                };
            }
            "-L" | "--table" => {
                for (i, name) in NAMES.iter().enumerate() {
                    if i % 7 == 6 {
                        sys.print(STDOUT, format_args!("{:2} {name}\n", i + 1));
                    } else {
                        sys.print(STDOUT, format_args!("{:2} {name:8}", i + 1));
                    }
                }
                sys.print(STDOUT, format_args!("\n"));
                return 0;
            }
            "-s" | "--signal" => match value(&mut args).as_deref().and_then(number) {
                Some(n) => signal = n,
                None => {
                    sys.print(STDERR, format_args!("{}: invalid argument {}\n", sys.arg(0), "s"));
                    return usage(&sys);
                }
            },
            _ if first && number(&arg[1..]).is_some() => signal = number(&arg[1..]).unwrap_or(15),
            // A negative number is a process group.
            _ if arg[1..].parse::<i32>().is_ok() => {
                args.insert(0, arg);
                break;
            }
            _ => {
                let letter = arg[1..].chars().next().unwrap_or('-');
                sys.print(STDERR, format_args!("{}: invalid argument {letter}\n", sys.arg(0)));
                return usage(&sys);
            }
        }
        first = false;
    }
    if args.is_empty() {
        return usage(&sys);
    }
    let mut status = 0;
    for word in args {
        let Ok(pid) = word.parse::<i32>() else {
            sys.print(STDERR, format_args!("{}: failed to parse argument: '{word}'\n", sys.arg(0)));
            status = 1;
            continue;
        };
        let target = match pid {
            -1 => KillTarget::All,
            0 => KillTarget::Group(sys.procs().await.iter().find(|p| p.pid == sys.pid()).map_or(0, |p| p.pgrp)),
            n if n < 0 => KillTarget::Group(n.saturating_neg()),
            n => KillTarget::Pid(n),
        };
        if let Err(e) = sys.kill(target, Signal::from_number(signal as i32)).await {
            sys.print(STDERR, format_args!("{}: ({pid}): {e}\n", sys.arg(0)));
            status = 1;
        }
    }
    status
}
