//! basename, dirname: the last part of a path, and what stands before it.  Source: POSIX, coreutils 9.1.

use crate::util::{gnu, walk};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "basename",
    path: "/usr/bin/basename",
    synopsis: "NAME [SUFFIX]",
    about: "strip directory and suffix from filenames",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "basename /etc/postfix/main.cf .cf; basename -a /etc/ x/y", out: "main\netc\ny\n", code: 0 },
        Ex { sh: "basename a b c", out: "basename: extra operand ‘c’\nTry 'basename --help' for more information.\n", code: 1 },
    ],
};

pub(super) const DIRNAME: Spec = Spec {
    name: "dirname",
    path: "/usr/bin/dirname",
    synopsis: "[OPTION] NAME...",
    about: "strip last component from file name",
    run: |sys| Box::pin(dirname(sys)),
    examples: &[Ex { sh: "dirname /etc/postfix/main.cf x /a", out: "/etc/postfix\n.\n/\n", code: 0 }],
};

const HELP: &str = "Usage: basename NAME [SUFFIX]\n  or:  basename OPTION... NAME...\nPrint NAME with any leading directory components removed.\nIf specified, also remove a trailing SUFFIX.\n\n";
const DIRNAME_HELP: &str = "Usage: dirname [OPTION] NAME...\nOutput each NAME with its last non-slash component and trailing slashes\nremoved; if NAME contains no /'s, output '.' (meaning the current directory).\n\n";

const OPTIONS: &[Opt] = &[Opt(b'a', "multiple", Arg::No), Opt(b's', "suffix", Arg::Yes), Opt(b'z', "zero", Arg::No)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let many = given.has(OPTIONS, b'a') || given.has(OPTIONS, b's');
    let end = if given.has(OPTIONS, b'z') { '\0' } else { '\n' };
    let mut suffix = given.value(OPTIONS, b's').unwrap_or("").to_string();
    let mut names = given.operands;
    if names.is_empty() {
        return gnu::missing(&sys, None);
    }
    if !many {
        if let Some(third) = names.get(2) {
            return gnu::extra(&sys, third);
        }
        if names.len() == 2 {
            suffix = names.pop().unwrap_or_default();
        }
    }
    for name in &names {
        let base = walk::base(name);
        let cut = base.strip_suffix(suffix.as_str()).filter(|b| !b.is_empty()).unwrap_or(base);
        sys.print(STDOUT, format_args!("{cut}{end}"));
    }
    0
}

async fn dirname(sys: Sys) -> i32 {
    let table = &OPTIONS[2..];
    let given = match gnu::options(&sys, table, DIRNAME_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let end = if given.has(table, b'z') { '\0' } else { '\n' };
    for name in &given.operands {
        sys.print(STDOUT, format_args!("{}{end}", walk::parent(name)));
    }
    0
}
