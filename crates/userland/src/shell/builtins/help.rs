//! help: synopsis and one line about each builtin.

use super::super::{Run, Shell};
use super::{ALL, Builtin, has};
use pattern::{GlobFlags, fnmatch};

/// What `name --help` prints.
pub(in super::super) fn print(sh: &Shell, b: &Builtin) {
    sh.out(&format!("{0}: {1}\n    {2}\n    \n", b.name, synopsis(b), b.about));
}

fn synopsis(b: &Builtin) -> String {
    let space = if b.usage.is_empty() { "" } else { " " };
    format!("{}{space}{}", b.name, b.usage)
}

pub(super) async fn help(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "dms") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    if at >= a.len() {
        sh.out("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.  Type `help' to see this list.\n\n");
        for b in ALL {
            sh.out(&format!(" {}\n", synopsis(b)));
        }
        return Ok(0);
    }
    for name in &a[at..] {
        let mut found = false;
        for b in ALL.iter().filter(|b| b.name == name || fnmatch(name, b.name, GlobFlags::default())) {
            found = true;
            if has(&given, 'd') {
                sh.out(&format!("{} - {}\n", b.name, b.about.trim_end_matches('.').to_string() + "."));
            } else if has(&given, 's') {
                sh.out(&format!("{}: {}\n", b.name, synopsis(b)));
            } else {
                print(sh, b);
            }
        }
        if !found {
            status = sh.complain("help", &format!("no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."));
        }
    }
    Ok(status)
}
