//! logger: write a line to the system log.  Not here: other hosts, journald, structured data.  Source: logger(1) of util-linux 2.38.1.

use crate::util::gnu;
use crate::util::users::Accounts;
use crate::{Arg, Ex, Opt, Spec};
use machine::{Facility, STDERR, STDIN, STDOUT, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "logger",
    path: "/usr/bin/logger",
    synopsis: "[options] [<message>]",
    about: "enter messages into the system log",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "logger -p mail.info -t test hello; tail -1 /var/log/maillog | cut -d' ' -f5-", out: "test: hello\n", code: 0 }],
};

const HELP: &str = "
Usage:
 logger [options] [<message>]

Enter messages into the system log.

Options:
 -i                       log the logger command's PID
     --id[=<id>]          log the given <id>, or otherwise the PID
 -f, --file <file>        log the contents of this file
 -e, --skip-empty         do not log empty lines when processing files
 -p, --priority <prio>    mark given message with this priority
 -s, --stderr             output message to standard error as well
 -t, --tag <tag>          mark every line with this tag

 -h, --help               display this help
 -V, --version            display version

For more details see logger(1).
";

const OPTIONS: &[Opt] = &[
    Opt(b'i', "", Arg::No),
    Opt(0, "id", Arg::Maybe),
    Opt(b'f', "file", Arg::Yes),
    Opt(b'e', "skip-empty", Arg::No),
    Opt(b'p', "priority", Arg::Yes),
    Opt(b's', "stderr", Arg::No),
    Opt(b't', "tag", Arg::Yes),
    Opt(b'h', "help", Arg::No),
    Opt(b'V', "version", Arg::No),
    Opt(b'n', "server", Arg::Yes),
    Opt(b'P', "port", Arg::Yes),
    Opt(b'u', "socket", Arg::Yes),
];

const LEVELS: [&str; 11] = ["emerg", "panic", "alert", "crit", "err", "error", "warning", "warn", "notice", "info", "debug"];

async fn run(sys: Sys) -> i32 {
    let given = match crate::parse(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let value = |letter| given.value(OPTIONS, letter);
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{HELP}"));
        return 0;
    }
    if given.has(OPTIONS, b'V') {
        sys.print(STDOUT, format_args!("logger from util-linux 2.38.1\n"));
        return 0;
    }
    for (letter, name) in [(b'n', "--server"), (b'P', "--port"), (b'u', "--socket")] {
        if given.has(OPTIONS, letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    let priority = value(b'p').unwrap_or("user.notice");
    let (name, level) = priority.split_once('.').unwrap_or(("user", priority));
    let Some(facility) = Facility::named(name) else {
        sys.complain(format_args!("unknown facility name: {priority}"));
        return 1;
    };
    if !LEVELS.contains(&level) {
        sys.complain(format_args!("unknown priority name: {priority}"));
        return 1;
    }
    let user = Accounts::read(&sys).await.user_name(sys.ids().uid);
    let tag = value(b't').unwrap_or(&user);
    let own = given.has(OPTIONS, b'i') || given.has_long(OPTIONS, "id");
    let tag = match given.value_long(OPTIONS, "id") {
        Some(id) => format!("{tag}[{id}]:"),
        None if own => format!("{tag}[{}]:", sys.pid()),
        None => format!("{tag}:"),
    };
    let text = if !given.operands.is_empty() {
        given.operands.join(" ").into_bytes()
    } else {
        let read = match value(b'f') {
            Some(path) => sys.read_file(path).await,
            None => sys.read_all(STDIN).await,
        };
        match read {
            Ok(text) => text,
            Err(e) => {
                sys.complain(format_args!("file {}: {e}", value(b'f').unwrap_or("-")));
                return 1;
            }
        }
    };
    for line in gnu::lines(&text) {
        if line.is_empty() && given.has(OPTIONS, b'e') {
            continue;
        }
        let line = String::from_utf8_lossy(line).into_owned();
        if given.has(OPTIONS, b's') {
            sys.print(STDERR, format_args!("{tag} {line}\n"));
        }
        sys.log(facility, &tag, line, TraceId(0));
    }
    0
}
