//! env, printenv: show the environment, or run a command in another one.  Source: POSIX env, coreutils 9.1. Not here: signals.

use crate::util::quote::{quote, quoteaf};
use crate::util::{gnu, search};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "env",
    path: "/usr/bin/env",
    synopsis: "[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]",
    about: "run a program in a modified environment",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "env -i A=1 /usr/bin/env", out: "A=1\n", code: 0 },
        Ex { sh: "env nosuch", out: "env: ‘nosuch’: No such file or directory\n", code: 127 },
    ],
};

pub(super) const PRINTENV: Spec = Spec {
    name: "printenv",
    path: "/usr/bin/printenv",
    synopsis: "[OPTION]... [VARIABLE]...",
    about: "print all or part of environment",
    run: |sys| Box::pin(printenv(sys)),
    examples: &[Ex { sh: "A=b printenv A nosuch", out: "b\n", code: 1 }],
};

const HELP: &str =
    "Usage: env [OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]\nSet each NAME to VALUE in the environment and run COMMAND.\n\n";
const PRINTENV_HELP: &str = "Usage: printenv [OPTION]... [VARIABLE]...\nPrint the values of the specified environment VARIABLE(s).\nIf no VARIABLE is specified, print name and value pairs for them all.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'i', "ignore-environment", Arg::No),
    Opt(b'0', "null", Arg::No),
    Opt(b'u', "unset", Arg::Yes),
    Opt(b'C', "chdir", Arg::Yes),
    Opt(b'S', "split-string", Arg::Yes),
    Opt(b'v', "debug", Arg::No),
    Opt(0, "default-signal", Arg::Maybe),
    Opt(0, "ignore-signal", Arg::Maybe),
    Opt(0, "block-signal", Arg::Maybe),
    Opt(0, "list-signal-handling", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 125, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut env: Vec<String> = sys.environ().to_vec();
    let mut words = given.operands.clone();
    let (mut dir, verbose) = (None, given.has(OPTIONS, b'v'));
    if given.has(OPTIONS, b'i') || words.first().is_some_and(|w| w == "-") {
        if verbose {
            sys.print(STDERR, format_args!("cleaning environ\n"));
        }
        env.clear();
    }
    if words.first().is_some_and(|w| w == "-") {
        words.remove(0);
    }
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'u', _) if text.is_empty() || text.contains('=') => {
                sys.complain(format_args!("cannot unset {}: {}", quote(text), Errno::EINVAL));
                return 125;
            }
            (b'u', _) => {
                if verbose {
                    sys.print(STDERR, format_args!("unset:    {text}\n"));
                }
                env.retain(|v| v.split_once('=').is_none_or(|(n, _)| n != text));
            }
            (b'C', _) => dir = Some(text.to_string()),
            (b'S', _) => {
                if text.contains(['\'', '"', '\\', '$', '#']) {
                    sys.unsupported("quotes and variables in -S");
                    return 125;
                }
                words.splice(0..0, text.split_ascii_whitespace().map(String::from));
            }
            (0, long) => {
                sys.unsupported(&format!("--{long}"));
                return 125;
            }
            _ => {}
        }
    }
    while words.first().is_some_and(|w| w.contains('=')) {
        let word = words.remove(0);
        let name = word.split_once('=').map_or("", |(n, _)| n).to_string();
        if verbose {
            sys.print(STDERR, format_args!("setenv:   {word}\n"));
        }
        match env.iter_mut().find(|v| v.split_once('=').is_some_and(|(n, _)| n == name)) {
            Some(old) => *old = word,
            None => env.push(word),
        }
    }
    let null = given.has(OPTIONS, b'0');
    if words.is_empty() {
        if dir.is_some() {
            return gnu::misuse(&sys, 125, format_args!("must specify command with --chdir (-C)"));
        }
        for v in &env {
            sys.print(STDOUT, format_args!("{v}{}", if null { '\0' } else { '\n' }));
        }
        return 0;
    }
    if null {
        return gnu::misuse(&sys, 125, format_args!("cannot specify --null (-0) with command"));
    }
    if let Some(dir) = dir
        && let Err(e) = sys.chdir(&dir).await
    {
        sys.complain(format_args!("cannot change directory to {}: {e}", quoteaf(&dir)));
        return 125;
    }
    if verbose {
        sys.print(STDERR, format_args!("executing: {}\n", words[0]));
        for (i, word) in words.iter().enumerate() {
            sys.print(STDERR, format_args!("   arg[{i}]= {}\n", quote(word)));
        }
    }
    let name = words[0].clone();
    let spaced = name.contains(' ');
    let e = search::exec(&sys, words, env).await;
    sys.complain(format_args!("{}: {e}", quote(&name)));
    if e == Errno::ENOENT && spaced {
        sys.complain(format_args!("use -[v]S to pass options in shebang lines"));
    }
    search::status(e)
}

async fn printenv(sys: Sys) -> i32 {
    let table = &OPTIONS[1..2];
    let given = match gnu::options(&sys, table, PRINTENV_HELP, 2, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let end = if given.has(table, b'0') { '\0' } else { '\n' };
    let mut status = 0;
    if given.operands.is_empty() {
        for v in sys.environ() {
            sys.print(STDOUT, format_args!("{v}{end}"));
        }
    }
    for name in &given.operands {
        match sys.env(name).filter(|_| !name.contains('=')) {
            Some(value) => sys.print(STDOUT, format_args!("{value}{end}")),
            None => status = 1,
        }
    }
    status
}
