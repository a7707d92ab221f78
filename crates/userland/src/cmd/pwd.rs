//! pwd: print the working directory.  Source: POSIX pwd, coreutils 9.1. Not here: the shell's own pwd.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "pwd",
    path: "/usr/bin/pwd",
    synopsis: "[OPTION]...",
    about: "print name of current/working directory",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "cd /tmp; /usr/bin/pwd", out: "/tmp\n", code: 0 }],
};

const HELP: &str = "Usage: pwd [OPTION]...\nPrint the full filename of the current working directory.\n";

const OPTIONS: &[Opt] = &[Opt(b'L', "logical", Arg::No), Opt(b'P', "physical", Arg::No)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if !given.operands.is_empty() {
        sys.complain(format_args!("ignoring non-option arguments"));
    }
    let real = match sys.getcwd().await {
        Ok(path) => path,
        Err(e) => {
            sys.complain(format_args!("couldn't find directory entry in '..' with matching i-node: {e}"));
            return 1;
        }
    };
    if given.options.last().is_some_and(|(i, _)| OPTIONS[*i].0 == b'L') {
        let logical = sys.env("PWD").unwrap_or("").to_string();
        if logical.starts_with('/') && sys.real_path(&logical).await.as_ref() == Ok(&real) {
            sys.print(STDOUT, format_args!("{logical}\n"));
            return 0;
        }
    }
    sys.print(STDOUT, format_args!("{real}\n"));
    0
}
