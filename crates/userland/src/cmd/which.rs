//! which: where a command's file is.  Source: which(1) of debianutils 5.7.

use crate::util::walk::join;
use crate::{Ex, Spec};
use machine::{FileKind, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "which",
    path: "/usr/bin/which",
    synopsis: "[-a] filename ...",
    about: "locate a command",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "which ls nosuch", out: "/usr/bin/ls\n", code: 1 },
        Ex { sh: "which -x", out: "Illegal option -x\nUsage: /usr/bin/which [-a] args\n", code: 2 },
    ],
};

async fn run(sys: Sys) -> i32 {
    let (mut all, mut quiet, mut first) = (false, false, 1);
    while let Some(letters) = sys.arg(first).strip_prefix('-').filter(|l| !l.is_empty()) {
        first += 1;
        if letters == "-" {
            break;
        }
        for c in letters.chars() {
            match c {
                'a' => all = true,
                's' => quiet = true,
                _ => {
                    sys.print(STDERR, format_args!("Illegal option -{c}\nUsage: {} [-a] args\n", "/usr/bin/which"));
                    return 2;
                }
            }
        }
    }
    let names = sys.args().get(first..).unwrap_or(&[]);
    let mut status = i32::from(names.is_empty());
    for name in names {
        let mut found = false;
        let dirs: Vec<&str> = if name.contains('/') { vec![""] } else { sys.env("PATH").unwrap_or("").split(':').collect() };
        for dir in dirs {
            let path = if name.contains('/') { name.clone() } else { join(if dir.is_empty() { "." } else { dir }, name) };
            if sys.stat(&path).await.is_ok_and(|s| s.kind == FileKind::File) && sys.access(&path, false, false, true).await.is_ok() {
                found = true;
                if !quiet {
                    sys.print(STDOUT, format_args!("{path}\n"));
                }
                if !all {
                    break;
                }
            }
        }
        if !found {
            status = 1;
        }
    }
    status
}
