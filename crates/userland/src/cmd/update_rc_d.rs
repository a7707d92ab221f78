//! update-rc.d: links of init scripts in the runlevels, in Debian's way.  Source: update-rc.d(8) of init-system-helpers 1.65.
//! Not here: the order among services: all start as S01.

use crate::{Ex, Spec};
use machine::{STDERR, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "update-rc.d",
    path: "/usr/sbin/update-rc.d",
    synopsis: "[-f] NAME remove|defaults|defaults-disabled | NAME disable|enable [S|2|3|4|5]",
    about: "install and remove System-V style init script links",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "update-rc.d nosuch defaults", out: "update-rc.d: error: unable to read /etc/init.d/nosuch\n", code: 1 }],
};

const USAGE: &str = "usage: update-rc.d [-f] <basename> remove
       update-rc.d [-f] <basename> defaults
       update-rc.d [-f] <basename> defaults-disabled
       update-rc.d <basename> disable|enable [S|2|3|4|5]
\t\t-f: force

The disable|enable API is not stable and might change in the future.
";

/// The link of a script in a level.
async fn link(sys: &Sys, name: &str, level: &str) -> Option<String> {
    let dir = format!("/etc/rc{level}.d");
    let entries = sys.read_dir(&dir).await.unwrap_or_default();
    let fits = |n: &String| matches!(n.as_bytes().first(), Some(b'S' | b'K')) && n.get(3..) == Some(name);
    entries.into_iter().map(|e| e.name).find(fits).map(|n| format!("{dir}/{n}"))
}

async fn set(sys: &Sys, name: &str, level: &str, start: bool) {
    if let Some(old) = link(sys, name, level).await {
        let _ = sys.unlink(&old).await;
    }
    let _ = sys.mkdir(&format!("/etc/rc{level}.d"), 0o755).await;
    let path = format!("/etc/rc{level}.d/{}01{name}", if start { 'S' } else { 'K' });
    let _ = sys.symlink(&format!("../init.d/{name}"), &path).await;
}

async fn run(sys: Sys) -> i32 {
    let words: Vec<&str> = sys.args().iter().skip(1).map(String::as_str).filter(|a| *a != "-f").collect();
    let [name, verb, rest @ ..] = words.as_slice() else {
        sys.print(STDERR, format_args!("update-rc.d: error: not enough arguments\n{USAGE}"));
        return 1;
    };
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("update-rc.d: error: Permission denied\n"));
        return 1;
    }
    let there = sys.access(&format!("/etc/init.d/{name}"), true, false, false).await.is_ok();
    if !there && *verb != "remove" {
        sys.print(STDERR, format_args!("update-rc.d: error: unable to read /etc/init.d/{name}\n"));
        return 1;
    }
    match *verb {
        "remove" => {
            for level in ["0", "1", "2", "3", "4", "5", "6", "S"] {
                if let Some(old) = link(&sys, name, level).await {
                    let _ = sys.unlink(&old).await;
                }
            }
        }
        "defaults" | "defaults-disabled" => {
            for level in ["0", "1", "2", "3", "4", "5", "6"] {
                if link(&sys, name, level).await.is_none() {
                    set(&sys, name, level, *verb == "defaults" && ("2"..="5").contains(&level)).await;
                }
            }
        }
        "enable" | "disable" => {
            let levels: Vec<&str> = if rest.is_empty() { vec!["2", "3", "4", "5"] } else { rest.to_vec() };
            for level in levels {
                if !["S", "2", "3", "4", "5"].contains(&level) {
                    sys.print(STDERR, format_args!("update-rc.d: error: argument error\n{USAGE}"));
                    return 1;
                }
                set(&sys, name, level, *verb == "enable").await;
            }
        }
        _ => {
            sys.print(STDERR, format_args!("{USAGE}"));
            return 1;
        }
    }
    0
}
