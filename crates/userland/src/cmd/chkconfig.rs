//! chkconfig: which services start in which runlevel: links in /etc/rc.d/rcN.d.  Source: chkconfig(8) of Red Hat Enterprise Linux 5.

use crate::Spec;
use machine::{Errno, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "chkconfig",
    path: "/usr/sbin/chkconfig",
    synopsis: "[--list [NAME] | --add NAME | --del NAME | [--level LEVELS] NAME <on|off|reset>]",
    about: "update and query runlevel information for system services",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = "chkconfig version 1.3.30.2 - Copyright (C) 1997-2000 Red Hat, Inc.
This may be freely redistributed under the terms of the GNU Public License.

usage:   chkconfig --list [name]
         chkconfig --add <name>
         chkconfig --del <name>
         chkconfig [--level <levels>] <name> <on|off|reset|resetpriorities>
";

/// What a script's `# chkconfig: LEVELS START STOP` line says.
struct Service {
    name: String,
    /// Levels in which it starts by default.
    levels: Vec<usize>,
    start: u32,
    stop: u32,
}

/// Why a service cannot be read.
enum Trouble {
    Unsupported,
    Errno(Errno),
}

async fn service(sys: &Sys, name: &str) -> Result<Service, Trouble> {
    let text = sys.read_file(&format!("/etc/rc.d/init.d/{name}")).await.map_err(Trouble::Errno)?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().filter_map(|l| l.strip_prefix('#')?.trim().strip_prefix("chkconfig:")).next();
    let words: Vec<&str> = line.ok_or(Trouble::Unsupported)?.split_whitespace().collect();
    let [levels, start, stop] = words.as_slice() else { return Err(Trouble::Unsupported) };
    let (Ok(start), Ok(stop)) = (start.parse(), stop.parse()) else { return Err(Trouble::Unsupported) };
    Ok(Service { name: name.to_string(), levels: levels_of(levels).unwrap_or_default(), start, stop })
}

/// Digits 0 to 6; `None` if there is anything else.
fn levels_of(text: &str) -> Option<Vec<usize>> {
    text.bytes().map(|b| (b'0'..=b'6').contains(&b).then(|| usize::from(b - b'0'))).collect()
}

/// The links of a service in a level: `S80postfix`.
async fn links(sys: &Sys, name: &str, level: usize) -> Vec<String> {
    let entries = sys.read_dir(&format!("/etc/rc.d/rc{level}.d")).await.unwrap_or_default();
    let ours = |n: &String| matches!(n.as_bytes().first(), Some(b'S' | b'K')) && n.get(3..) == Some(name);
    entries.into_iter().map(|e| e.name).filter(ours).collect()
}

async fn on(sys: &Sys, name: &str, level: usize) -> bool {
    links(sys, name, level).await.iter().any(|l| l.starts_with('S'))
}

/// Replaces a service's link in one level.
async fn set(sys: &Sys, service: &Service, level: usize, start: bool) -> bool {
    let name = &service.name;
    for link in links(sys, name, level).await {
        let _ = sys.unlink(&format!("/etc/rc.d/rc{level}.d/{link}")).await;
    }
    let link = if start { format!("S{:02}{name}", service.start) } else { format!("K{:02}{name}", service.stop) };
    let path = format!("/etc/rc.d/rc{level}.d/{link}");
    match sys.symlink(&format!("../init.d/{name}"), &path).await {
        Ok(()) => true,
        Err(e) => {
            sys.print(STDERR, format_args!("failed to make symlink {path}: {e}\n"));
            false
        }
    }
}

async fn show(sys: &Sys, name: &str) {
    sys.print(STDOUT, format_args!("{name:15}"));
    for level in 0..7 {
        sys.print(STDOUT, format_args!("\t{level}:{}", if on(sys, name, level).await { "on" } else { "off" }));
    }
    sys.print(STDOUT, format_args!("\n"));
}

async fn run(sys: Sys) -> i32 {
    let usage = || {
        sys.print(STDERR, format_args!("{USAGE}"));
        1
    };
    let (mut verb, mut levels, mut operands) = (String::new(), None, Vec::new());
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--list" | "--add" | "--del" => verb = arg.clone(),
            "--level" | "--levels" => levels = args.next().map(|l| levels_of(l).unwrap_or_default()).or(Some(Vec::new())),
            "--version" | "-v" => {
                sys.print(STDOUT, format_args!("chkconfig version 1.3.30.2\n"));
                return 0;
            }
            "--help" | "-h" => return usage(),
            _ if arg.starts_with('-') => {
                sys.print(STDERR, format_args!("{arg}: unknown option\n"));
                return 1;
            }
            _ => operands.push(arg.clone()),
        }
    }
    if levels.as_ref().is_some_and(Vec::is_empty) {
        return usage();
    }
    let Some(name) = operands.first() else {
        if verb != "--list" {
            return usage();
        }
        for entry in sys.read_dir("/etc/rc.d/init.d").await.unwrap_or_default() {
            if service(&sys, &entry.name).await.is_ok() && configured(&sys, &entry.name).await {
                show(&sys, &entry.name).await;
            }
        }
        return 0;
    };
    let found = match service(&sys, name).await {
        Ok(found) => found,
        Err(_) if verb.is_empty() && operands.len() == 1 => return 1,
        Err(Trouble::Unsupported) => {
            sys.print(STDERR, format_args!("service {name} does not support chkconfig\n"));
            return 1;
        }
        Err(Trouble::Errno(e)) => {
            sys.print(STDERR, format_args!("error reading information on service {name}: {e}\n"));
            return 1;
        }
    };
    if verb == "--list" {
        if !configured(&sys, name).await {
            sys.print(
                STDERR,
                format_args!("service {name} supports chkconfig, but is not referenced in any runlevel (run 'chkconfig --add {name}')\n"),
            );
            return 1;
        }
        show(&sys, name).await;
        return 0;
    }
    let state = operands.get(1).map(String::as_str);
    if verb.is_empty() && state.is_none() {
        let level = levels.and_then(|l| l.first().copied()).unwrap_or(3);
        return i32::from(!on(&sys, name, level).await);
    }
    if sys.access("/etc/rc.d/rc3.d", true, true, false).await.is_err() {
        sys.print(STDERR, format_args!("You do not have enough privileges to perform this operation.\n"));
        return 1;
    }
    let mut done = true;
    match (verb.as_str(), state) {
        ("--add", None) => {
            for level in 0..7 {
                if links(&sys, name, level).await.is_empty() {
                    done &= set(&sys, &found, level, found.levels.contains(&level)).await;
                }
            }
        }
        ("--del", None) => {
            for level in 0..7 {
                for link in links(&sys, name, level).await {
                    let _ = sys.unlink(&format!("/etc/rc.d/rc{level}.d/{link}")).await;
                }
            }
        }
        ("", Some("on" | "off")) => {
            for level in levels.unwrap_or_else(|| vec![2, 3, 4, 5]) {
                done &= set(&sys, &found, level, state == Some("on")).await;
            }
        }
        ("", Some("reset" | "resetpriorities")) => {
            for level in levels.unwrap_or_else(|| (0..7).collect()) {
                let start = if state == Some("reset") { found.levels.contains(&level) } else { on(&sys, name, level).await };
                done &= set(&sys, &found, level, start).await;
            }
        }
        _ => return usage(),
    }
    i32::from(!done)
}

/// Whether a service has a link anywhere.
async fn configured(sys: &Sys, name: &str) -> bool {
    for level in 0..7 {
        if !links(sys, name, level).await.is_empty() {
            return true;
        }
    }
    false
}
