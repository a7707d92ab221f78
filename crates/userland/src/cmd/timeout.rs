//! timeout, nohup, nice: run a command for a limited time, deaf to hang-ups, or with another priority (which nothing here heeds).
//! Source: coreutils 9.1.

use super::{kill, sleep};
use crate::util::{gnu, quote::quote, search};
use crate::{Arg, Ex, Opt, Spec};
use machine::{ChildStatus, Errno, KillTarget, OnSignal, Open, STDERR, STDIN, STDOUT, Signal, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "timeout",
    path: "/usr/bin/timeout",
    synopsis: "[OPTION] DURATION COMMAND [ARG]...",
    about: "run a command with a time limit",
    run: |sys| Box::pin(timeout(sys)),
    examples: &[
        Ex { sh: "timeout 0.3 sleep 5", out: "", code: 124 },
        Ex { sh: "timeout 1 sh -c 'exit 3'", out: "", code: 3 },
        Ex { sh: "timeout 1 nosuch", out: "timeout: failed to run command ‘nosuch’: No such file or directory\n", code: 127 },
    ],
};

pub(super) const NOHUP: Spec = Spec {
    name: "nohup",
    path: "/usr/bin/nohup",
    synopsis: "COMMAND [ARG]...",
    about: "run a command immune to hangups, with output to a non-tty",
    run: |sys| Box::pin(nohup(sys)),
    examples: &[Ex { sh: "nohup echo hup", out: "hup\n", code: 0 }],
};

pub(super) const NICE: Spec = Spec {
    name: "nice",
    path: "/usr/bin/nice",
    synopsis: "[OPTION] [COMMAND [ARG]...]",
    about: "run a program with modified scheduling priority",
    run: |sys| Box::pin(nice(sys)),
    examples: &[Ex { sh: "nice; nice -n 5 echo nice", out: "0\nnice\n", code: 0 }],
};

const HELP: &str = "Usage: timeout [OPTION] DURATION COMMAND [ARG]...
  or:  timeout [OPTION]
Start COMMAND, and kill it if still running after DURATION.

Mandatory arguments to long options are mandatory for short options too.
      --preserve-status
                 exit with the same status as COMMAND, even when the
                   command times out
      --foreground
                 when not running timeout directly from a shell prompt,
                   allow COMMAND to read from the TTY and get TTY signals;
                   in this mode, children of COMMAND will not be timed out
  -k, --kill-after=DURATION
                 also send a KILL signal if COMMAND is still running
                   this long after the initial signal was sent
  -s, --signal=SIGNAL
                 specify the signal to be sent on timeout;
                   SIGNAL may be a name like 'HUP' or a number;
                   see 'kill -l' for a list of signals
  -v, --verbose  diagnose to stderr any signal sent upon timeout
      --help        display this help and exit
      --version     output version information and exit

DURATION is a floating point number with an optional suffix:
's' for seconds (the default), 'm' for minutes, 'h' for hours or 'd' for days.
A duration of 0 disables the associated timeout.

Upon timeout, send the TERM signal to COMMAND, if no other SIGNAL specified.
The TERM signal kills any process that does not block or catch that signal.
It may be necessary to use the KILL signal, since this signal can't be caught.

EXIT status:
  124  if COMMAND times out, and --preserve-status is not specified
  125  if the timeout command itself fails
  126  if COMMAND is found but cannot be invoked
  127  if COMMAND cannot be found
  137  if COMMAND (or timeout itself) is sent the KILL (9) signal (128+9)
  -    the exit status of COMMAND otherwise
";
const HELP_NOHUP: &str = "Usage: nohup COMMAND [ARG]...
  or:  nohup OPTION
Run COMMAND, ignoring hangup signals.

      --help        display this help and exit
      --version     output version information and exit

If standard input is a terminal, redirect it from an unreadable file.
If standard output is a terminal, append output to 'nohup.out' if possible,
'$HOME/nohup.out' otherwise.
If standard error is a terminal, redirect it to standard output.
To save output to FILE, use 'nohup COMMAND > FILE'.

NOTE: your shell may have its own version of nohup, which usually supersedes
the version described here.  Please refer to your shell's documentation
for details about the options it supports.
";
const HELP_NICE: &str = "Usage: nice [OPTION] [COMMAND [ARG]...]
Run COMMAND with an adjusted niceness, which affects process scheduling.
With no COMMAND, print the current niceness.  Niceness values range from
-20 (most favorable to the process) to 19 (least favorable to the process).

Mandatory arguments to long options are mandatory for short options too.
  -n, --adjustment=N   add integer N to the niceness (default 10)
      --help        display this help and exit
      --version     output version information and exit

NOTE: your shell may have its own version of nice, which usually supersedes
the version described here.  Please refer to your shell's documentation
for details about the options it supports.
";

const OPTIONS: &[Opt] = &[
    Opt(0, "preserve-status", Arg::No),
    Opt(0, "foreground", Arg::No),
    Opt(b'k', "kill-after", Arg::Yes),
    Opt(b's', "signal", Arg::Yes),
    Opt(b'v', "verbose", Arg::No),
];

async fn timeout(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 125, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let Some((duration, command)) = given.operands.split_first().filter(|(_, command)| !command.is_empty()) else {
        sys.print(STDERR, format_args!("Try 'timeout --help' for more information.\n"));
        return 125;
    };
    let interval =
        |text: &str| sleep::interval(text).ok_or_else(|| gnu::misuse(&sys, 125, format_args!("invalid time interval {}", quote(text))));
    let after = match given.value(OPTIONS, b'k').map(interval).transpose() {
        Ok(after) => after,
        Err(status) => return status,
    };
    let limit = match interval(duration) {
        Ok(limit) => limit,
        Err(status) => return status,
    };
    let word = given.value(OPTIONS, b's').unwrap_or("TERM");
    let Some(signal) = kill::number(word).and_then(|n| Signal::from_number(n as i32)) else {
        return gnu::misuse(&sys, 125, format_args!("{}: invalid signal", quote(word)));
    };
    let path = match search::search(&sys, &command[0]).await {
        Ok(path) => path,
        Err(e) => {
            sys.complain(format_args!("failed to run command {}: {e}", quote(&command[0])));
            return search::status(e);
        }
    };
    let pid = match sys.spawn(Spawn::exec(path, command.to_vec())).await {
        Ok(pid) => pid,
        Err(e) => {
            sys.complain(format_args!("failed to run command {}: {e}", quote(&command[0])));
            return search::status(e);
        }
    };
    // The child's end interrupts the wait for the limit.
    sys.on_signal(Signal::Chld, OnSignal::Catch).await;
    let mut late = false;
    let mut until = if limit == 0 { None } else { Some(sys.now().plus_micros(limit)) };
    let mut next = signal;
    loop {
        if let Ok(Some((_, status))) = sys.wait(WaitFor::Pid(pid), false, false).await {
            return match status {
                ChildStatus::Exited(n) if !late || given.has_long(OPTIONS, "preserve-status") => n,
                // What KILL ended is told by ending so, too.
                ChildStatus::Signaled(Signal::Kill) if late => 137,
                ChildStatus::Signaled(s) if !late || given.has_long(OPTIONS, "preserve-status") => 128 + s as i32,
                _ => 124,
            };
        }
        match until {
            Some(at) if at <= sys.now() => {
                if given.has(OPTIONS, b'v') {
                    let name = kill::NAMES.get(next as usize - 1).unwrap_or(&"TERM");
                    sys.complain(format_args!("sending signal {name} to command {}", quote(&command[0])));
                }
                late = true;
                let _ = sys.kill(KillTarget::Pid(pid), Some(next)).await;
                let _ = sys.kill(KillTarget::Pid(pid), Some(Signal::Cont)).await;
                next = Signal::Kill;
                until = after.filter(|a| *a > 0 && next != signal).map(|a| sys.now().plus_micros(a));
            }
            Some(at) => {
                let _ = sys.sleep(at.since(sys.now())).await;
            }
            None => sys.pause().await,
        }
        sys.signals().await;
    }
}

async fn nohup(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], HELP_NOHUP, 125, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::misuse(&sys, 125, format_args!("missing operand"));
    }
    let (input, output, error) = (sys.is_tty(STDIN).await, sys.is_tty(STDOUT).await, sys.is_tty(STDERR).await);
    if input && let Ok(null) = sys.open("/dev/null", Open { read: false, create: false, ..Open::RDWR }, 0).await {
        // Whoever reads it gets an error, not a silent end.
        let _ = sys.dup2(null, STDIN).await;
        let _ = sys.close(null).await;
    }
    if output {
        let home = format!("{}/nohup.out", sys.env("HOME").unwrap_or(""));
        let mut name = "nohup.out".to_string();
        let mut opened = sys.open(&name, Open::APPEND, 0o600).await;
        if opened.is_err() {
            name = home;
            opened = sys.open(&name, Open::APPEND, 0o600).await;
        }
        match opened {
            Ok(fd) => {
                let ignoring = if input { "ignoring input and " } else { "" };
                sys.complain(format_args!("{ignoring}appending output to '{name}'"));
                let _ = sys.dup2(fd, STDOUT).await;
                let _ = sys.close(fd).await;
            }
            Err(e) => {
                sys.complain(format_args!("failed to open 'nohup.out': {e}"));
                return 125;
            }
        }
    } else if input {
        sys.complain(format_args!("ignoring input{}", if error { " and redirecting stderr to stdout" } else { "" }));
    } else if error {
        sys.complain(format_args!("redirecting stderr to stdout"));
    }
    // A second way to the old standard error, for the message of a failure.
    let old = if error { sys.dup(STDERR, 10).await.ok() } else { None };
    if error {
        let _ = sys.dup2(STDOUT, STDERR).await;
    }
    sys.on_signal(Signal::Hup, OnSignal::Ignore).await;
    let name = given.operands[0].clone();
    let e = search::exec(&sys, given.operands, sys.environ().to_vec()).await;
    sys.print(old.unwrap_or(STDERR), format_args!("nohup: failed to run command '{name}': {e}\n"));
    search::status(e)
}

async fn nice(sys: Sys) -> i32 {
    let table = &[Opt(b'n', "adjustment", Arg::Yes)][..];
    // `-5` and `--5` are old ways to write `-n 5` and `-n -5`.
    let mut args = sys.args().get(1..).unwrap_or(&[]).to_vec();
    if let Some(number) = args.first().and_then(|a| a.strip_prefix('-')).filter(|n| n.parse::<i32>().is_ok()) {
        args.splice(..1, ["-n".to_string(), number.to_string()]);
    }
    let given = match gnu::options_of(&sys, &args, table, HELP_NICE, 125, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let value = given.value(table, b'n');
    if let Some(text) = value.filter(|t| t.parse::<i32>().is_err()) {
        sys.complain(format_args!("invalid adjustment {}", quote(text)));
        return 125;
    }
    if given.operands.is_empty() {
        if value.is_some() {
            return gnu::misuse(&sys, 125, format_args!("a command must be given with an adjustment"));
        }
        sys.print(STDOUT, format_args!("0\n"));
        return 0;
    }
    if value.is_some_and(|t| t.starts_with('-')) && sys.euid() != 0 {
        sys.complain(format_args!("cannot set niceness: {}", Errno::EACCES));
    }
    let name = given.operands[0].clone();
    let e = search::exec(&sys, given.operands, sys.environ().to_vec()).await;
    sys.complain(format_args!("{}: {e}", quote(&name)));
    search::status(e)
}
