//! chmod: change permissions.  Source: POSIX chmod, coreutils 9.1.

use crate::util::gnu;
use crate::util::perm::{Change, bits};
use crate::util::quote::{quote, quoteaf};
use crate::util::walk;
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "chmod",
    path: "/usr/bin/chmod",
    synopsis: "[OPTION]... MODE[,MODE]... FILE...",
    about: "change file mode bits",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "touch f; chmod u=rw,go= f; stat -c %A f", out: "-rw-------\n", code: 0 },
        Ex { sh: "chmod 999 f", out: "chmod: invalid mode: ‘999’\nTry 'chmod --help' for more information.\n", code: 1 },
    ],
};

const HELP: &str = "Usage: chmod [OPTION]... MODE[,MODE]... FILE...\n  or:  chmod [OPTION]... OCTAL-MODE FILE...\n  or:  chmod [OPTION]... --reference=RFILE FILE...\nChange the mode of each FILE to MODE.\nWith --reference, change the mode of each FILE to that of RFILE.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "changes", Arg::No),
    Opt(b'f', "silent", Arg::No),
    Opt(b'f', "quiet", Arg::No),
    Opt(b'v', "verbose", Arg::No),
    Opt(0, "no-preserve-root", Arg::No),
    Opt(0, "preserve-root", Arg::No),
    Opt(0, "reference", Arg::Yes),
    Opt(b'R', "recursive", Arg::No),
];

/// Whether an argument that begins with `-` is a mode (`-x`, `-rw,u+x`).
fn is_mode(arg: &str) -> bool {
    arg.len() > 1
        && arg.starts_with('-')
        && arg.as_bytes().get(1).is_some_and(|b| b"rwxXstugoa".contains(b))
        && Change::parse(arg).is_some()
}

async fn run(sys: Sys) -> i32 {
    // `chmod -x f`: the mode looks like an option.
    let mut args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    let minus = args.iter().take_while(|a| *a != "--").position(|a| is_mode(a)).map(|i| args.remove(i));
    let mut given = match gnu::options_of(&sys, &args, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let umask = sys.umask(None).await;
    let reference = given.value_long(OPTIONS, "reference").map(str::to_string);
    let from_operand = minus.is_none() && reference.is_none();
    let text = match minus.clone() {
        Some(text) => text,
        None if from_operand && !given.operands.is_empty() => given.operands.remove(0),
        None => String::new(),
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, Some(&text).filter(|t| !t.is_empty()));
    }
    let mut fixed = None;
    let mut change = Change::parse(&text);
    if let Some(name) = &reference {
        match sys.stat(name).await {
            Ok(s) => fixed = Some(s.mode),
            Err(e) => {
                sys.complain(format_args!("failed to get attributes of {}: {e}", quoteaf(name)));
                return 1;
            }
        }
        change = Change::parse("+");
    }
    let Some(change) = change else {
        return gnu::misuse(&sys, 1, format_args!("invalid mode: {}", quote(&text)));
    };
    let (recursive, quiet, verbose, changes) =
        (given.has(OPTIONS, b'R'), given.has(OPTIONS, b'f'), given.has(OPTIONS, b'v'), given.has(OPTIONS, b'c'));
    let mut status = 0;
    for name in &given.operands {
        if recursive && name == "/" && !given.has_long(OPTIONS, "no-preserve-root") {
            sys.complain(format_args!("it is dangerous to operate recursively on '/'"));
            sys.complain(format_args!("use --no-preserve-root to override this failsafe"));
            status = 1;
            continue;
        }
        let mut todo = vec![(name.clone(), true)];
        while let Some((path, operand)) = todo.pop() {
            let stat = match if operand { sys.stat(&path).await } else { sys.lstat(&path).await } {
                Ok(s) => s,
                Err(e) => {
                    if !quiet {
                        gnu::cannot(&sys, "access", &path, e);
                    }
                    status = 1;
                    continue;
                }
            };
            if stat.kind == FileKind::Symlink {
                continue;
            }
            let mode = fixed.unwrap_or_else(|| change.apply(stat.mode, stat.is_dir(), umask));
            if let Err(e) = sys.chmod(&path, mode).await {
                if !quiet {
                    sys.complain(format_args!("changing permissions of {}: {e}", quoteaf(&path)));
                }
                status = 1;
            } else {
                let (old, name) = (stat.mode, quoteaf(&path));
                if old != mode && (verbose || changes) {
                    let (a, b) = (bits(old), bits(mode));
                    sys.print(STDOUT, format_args!("mode of {name} changed from {old:04o} ({a}) to {mode:04o} ({b})\n"));
                } else if verbose {
                    sys.print(STDOUT, format_args!("mode of {name} retained as {mode:04o} ({})\n", bits(mode)));
                }
                let naive = change.apply(old, stat.is_dir(), 0);
                if minus.is_some() && change.by_umask() && naive != mode {
                    sys.complain(format_args!("{path}: new permissions are {}, not {}", bits(mode), bits(naive)));
                    status = 1;
                }
            }
            if recursive && stat.is_dir() {
                match walk::children(&sys, &path).await {
                    Ok(names) => todo.extend(names.into_iter().rev().map(|n| (n, false))),
                    Err(e) => {
                        sys.complain(format_args!("cannot read directory {}: {e}", quoteaf(&path)));
                        status = 1;
                    }
                }
            }
        }
    }
    status
}
