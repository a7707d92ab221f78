//! systemctl: services in systemd's way: start, stop, enable, status …  Not here: targets, timers, sockets, the journal.
//! Source: systemctl(1) of systemd 252.

use crate::util::proc::local;
use crate::util::unit::{Unit, WANTS, full_name};
use crate::util::zone::Zone;
use crate::{Ex, Spec};
use machine::{Pid, ProcInfo, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "systemctl",
    path: "/usr/bin/systemctl",
    synopsis: "[OPTIONS...] COMMAND ...",
    about: "control the systemd system and service manager",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "systemctl start x",
        out: "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n",
        code: 1,
    }],
};

async fn run(sys: Sys) -> i32 {
    let (mut words, mut quiet, mut now, mut property) = (Vec::new(), false, false, None);
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-q" | "--quiet" => quiet = true,
            "--now" => now = true,
            "-p" | "--property" => property = args.next().cloned(),
            "-t" | "--type" | "-n" | "--lines" => drop(args.next()),
            "--version" => {
                sys.print(STDOUT, format_args!("systemd 252 (252.38-1~deb12u1)\n"));
                return 0;
            }
            _ if arg.len() > 1 && arg.starts_with('-') => {}
            _ => words.push(arg.clone()),
        }
    }
    if sys.stat("/run/systemd/system").await.is_err() {
        let text = "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down";
        sys.print(STDERR, format_args!("{text}\n"));
        return 1;
    }
    let (verb, names) = match words.split_first() {
        Some((verb, names)) => (verb.as_str(), names),
        None => ("list-units", &[][..]),
    };
    match verb {
        "daemon-reload" | "daemon-reexec" => return 0,
        "list-units" | "list-unit-files" => return list(&sys, verb == "list-units").await,
        "reboot" => {
            let e = sys.exec("/usr/sbin/reboot", vec!["reboot".to_string()], sys.environ().to_vec()).await;
            sys.complain(format_args!("reboot: {e}"));
            return 1;
        }
        "is-system-running" => {
            sys.print(STDOUT, format_args!("running\n"));
            return 0;
        }
        _ => {}
    }
    if names.is_empty() {
        sys.print(STDERR, format_args!("Too few arguments.\n"));
        return 1;
    }
    let mut status = 0;
    for name in names {
        let one = act(&sys, verb, name, quiet, property.as_deref()).await;
        if now && one == 0 {
            let then = if verb == "enable" { "start" } else { "stop" };
            act(&sys, then, name, quiet, None).await;
        }
        status = status.max(one);
    }
    status
}

async fn act(sys: &Sys, verb: &str, name: &str, quiet: bool, property: Option<&str>) -> i32 {
    let full = full_name(name);
    let unit = Unit::load(sys, name).await;
    let procs = sys.procs().await;
    let main = match &unit {
        Some(unit) => unit.main(sys, &procs).await,
        None => None,
    };
    let word = |text: &str| {
        if !quiet {
            sys.print(STDOUT, format_args!("{text}\n"));
        }
    };
    match (verb, &unit) {
        ("is-active" | "is-failed", Some(unit)) => {
            let (active, failed) = (main.is_some(), main.is_none() && unit.failed(sys).await);
            word(match (active, failed) {
                (true, _) => "active",
                (_, true) => "failed",
                _ => "inactive",
            });
            return match verb {
                "is-failed" => i32::from(!failed),
                _ if active => 0,
                _ => 3,
            };
        }
        ("is-active", None) => {
            word("inactive");
            return 4;
        }
        ("is-enabled", Some(unit)) => {
            let on = unit.enabled(sys).await;
            word(if on { "enabled" } else { "disabled" });
            return i32::from(!on);
        }
        ("is-enabled", None) => {
            sys.print(STDERR, format_args!("Failed to get unit file state for {full}: No such file or directory\n"));
            return 1;
        }
        ("status", Some(unit)) => return status(sys, unit, main, &procs).await,
        ("status", None) => {
            sys.print(STDERR, format_args!("Unit {full} could not be found.\n"));
            return 4;
        }
        ("cat", Some(unit)) => {
            sys.print(STDOUT, format_args!("# {}\n", unit.path));
            let text = sys.read_file(&unit.path).await.unwrap_or_default();
            sys.put(STDOUT, &text);
            return 0;
        }
        ("show", unit) => {
            let active = if main.is_some() { "active" } else { "inactive" };
            let rows = [
                ("MainPID", main.unwrap_or(0).to_string()),
                ("Id", full.clone()),
                ("LoadState", if unit.is_some() { "loaded" } else { "not-found" }.to_string()),
                ("ActiveState", active.to_string()),
                ("CanReload", if unit.as_ref().is_some_and(|u| u.get("ExecReload").is_some()) { "yes" } else { "no" }.to_string()),
            ];
            for (key, value) in rows.iter().filter(|(k, _)| property.is_none_or(|p| p == *k)) {
                sys.print(STDOUT, format_args!("{key}={value}\n"));
            }
            return 0;
        }
        _ => {}
    }
    if ![
        "start",
        "stop",
        "restart",
        "try-restart",
        "condrestart",
        "reload",
        "reload-or-restart",
        "force-reload",
        "enable",
        "disable",
        "reset-failed",
    ]
    .contains(&verb)
    {
        if ["mask", "unmask", "kill", "edit", "isolate", "poweroff", "halt", "set-default"].contains(&verb) {
            sys.unsupported(verb);
        } else {
            sys.print(STDERR, format_args!("Unknown command verb {verb}.\n"));
        }
        return 1;
    }
    let shown = match verb {
        "try-restart" | "condrestart" => "restart",
        "reload-or-restart" | "force-reload" => "reload",
        other => other,
    };
    let Some(unit) = unit else {
        if matches!(verb, "enable" | "disable") {
            sys.print(STDERR, format_args!("Failed to {verb} unit: Unit file {full} does not exist.\n"));
            return 1;
        }
        sys.print(STDERR, format_args!("Failed to {shown} {full}: Unit {full} not found.\n"));
        return 5;
    };
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("Failed to {shown} {full}: Interactive authentication required.\n"));
        if !matches!(verb, "enable" | "disable") {
            sys.print(STDERR, format_args!("See system logs and 'systemctl status {full}' for details.\n"));
        }
        return 4;
    }
    let done = match verb {
        "start" => unit.start(sys).await,
        "stop" => {
            unit.stop(sys).await;
            true
        }
        "restart" => {
            unit.stop(sys).await;
            unit.start(sys).await
        }
        "try-restart" | "condrestart" if main.is_none() => true,
        "try-restart" | "condrestart" => {
            unit.stop(sys).await;
            unit.start(sys).await
        }
        "reset-failed" => {
            unit.mark(sys, false).await;
            true
        }
        "enable" | "disable" => {
            link(sys, &unit, verb == "enable").await;
            true
        }
        _ if main.is_none() && verb != "reload" => unit.start(sys).await,
        _ if main.is_none() => {
            sys.print(STDERR, format_args!("{full} is not active, cannot reload.\n"));
            return 1;
        }
        _ if unit.get("ExecReload").is_none() && verb == "reload" => {
            sys.print(STDERR, format_args!("Failed to reload {full}: Job type reload is not applicable for unit {full}.\n"));
            return 1;
        }
        _ if unit.get("ExecReload").is_none() => {
            unit.stop(sys).await;
            unit.start(sys).await
        }
        _ => unit.run(sys, "ExecReload", main).await,
    };
    if done {
        return 0;
    }
    sys.print(STDERR, format_args!("Job for {full} failed because the control process exited with error code.\n"));
    sys.print(STDERR, format_args!("See \"systemctl status {full}\" and \"journalctl -xeu {full}\" for details.\n"));
    1
}

/// `enable`, `disable`: a link comes or goes.
async fn link(sys: &Sys, unit: &Unit, on: bool) {
    let path = format!("{WANTS}/{}", unit.name);
    if on && sys.lstat(&path).await.is_err() {
        let _ = sys.mkdir(WANTS, 0o755).await;
        if sys.symlink(&unit.path, &path).await.is_ok() {
            sys.print(STDERR, format_args!("Created symlink {path} → {}.\n", unit.path));
        }
    } else if !on && sys.unlink(&path).await.is_ok() {
        sys.print(STDERR, format_args!("Removed \"{path}\".\n"));
    }
}

/// A process and all below it, by pid.
fn family(procs: &[ProcInfo], main: Pid) -> Vec<&ProcInfo> {
    let mut found = vec![main];
    loop {
        let more: Vec<Pid> = procs.iter().filter(|p| found.contains(&p.ppid) && !found.contains(&p.pid)).map(|p| p.pid).collect();
        if more.is_empty() {
            return procs.iter().filter(|p| found.contains(&p.pid)).collect();
        }
        found.extend(more);
    }
}

async fn status(sys: &Sys, unit: &Unit, main: Option<Pid>, procs: &[ProcInfo]) -> i32 {
    let failed = main.is_none() && unit.failed(sys).await;
    let mark = if main.is_some() {
        '●'
    } else if failed {
        '×'
    } else {
        '○'
    };
    let tty = sys.is_tty(STDOUT).await;
    let colour = |text: &str, code: &str| if tty { format!("\x1b[0;1;{code}m{text}\x1b[0m") } else { text.to_string() };
    let mark = match () {
        () if main.is_some() => colour(&mark.to_string(), "32"),
        () if failed => colour(&mark.to_string(), "31"),
        () => mark.to_string(),
    };
    let on = if unit.enabled(sys).await { "enabled" } else { "disabled" };
    sys.print(STDOUT, format_args!("{mark} {} - {}\n", unit.name, unit.get("Description").unwrap_or(&unit.name)));
    sys.print(STDOUT, format_args!("     Loaded: loaded ({}; {on}; preset: enabled)\n", unit.path));
    let Some(pid) = main else {
        let text = if failed { colour("failed", "31") + " (Result: exit-code)" } else { "inactive (dead)".to_string() };
        sys.print(STDOUT, format_args!("     Active: {text}\n"));
        return 3;
    };
    let rows = family(procs, pid);
    let started = procs.iter().find(|p| p.pid == pid).map_or(sys.now(), |p| p.started);
    let t = local(sys, started);
    let zone = Zone::of(sys);
    let age = sys.now().since(started) / 1_000_000;
    let ago = match age {
        0..60 => format!("{age}s"),
        60..3600 if age.is_multiple_of(60) => format!("{}min", age / 60),
        60..3600 => format!("{}min {}s", age / 60, age % 60),
        3600..86400 => format!("{}h {}min", age / 3600, age / 60 % 60),
        _ => format!("{} day{}", age / 86400, if age < 172_800 { "" } else { "s" }),
    };
    let since = format!(
        "{} {}-{:02}-{:02} {:02}:{:02}:{:02} {}",
        t.day_name(),
        t.year,
        t.month,
        t.day,
        t.hour,
        t.minute,
        t.second,
        zone.at(started).1
    );
    sys.print(STDOUT, format_args!("     Active: {} since {since}; {ago} ago\n", colour("active (running)", "32")));
    let name = |p: &ProcInfo| p.argv.first().map_or(String::new(), |a| a.rsplit('/').next().unwrap_or(a).to_string());
    let comm = rows.iter().find(|p| p.pid == pid).map_or(String::new(), |p| name(p));
    sys.print(STDOUT, format_args!("   Main PID: {pid} ({comm})\n"));
    sys.print(STDOUT, format_args!("      Tasks: {} (limit: 2307)\n", rows.len()));
    sys.print(STDOUT, format_args!("     CGroup: /system.slice/{}\n", unit.name));
    for (i, p) in rows.iter().enumerate() {
        let branch = if i + 1 == rows.len() { "└─" } else { "├─" };
        sys.print(STDOUT, format_args!("             {branch}{} {}\n", p.pid, p.argv.join(" ")));
    }
    0
}

/// `list-units` (those that run), `list-unit-files`.
async fn list(sys: &Sys, running: bool) -> i32 {
    let procs = sys.procs().await;
    let mut rows: Vec<[String; 5]> = Vec::new();
    for entry in sys.read_dir("/lib/systemd/system").await.unwrap_or_default() {
        if !entry.name.ends_with(".service") {
            continue;
        }
        let Some(unit) = Unit::load(sys, &entry.name).await else { continue };
        let active = unit.main(sys, &procs).await.is_some();
        if !running {
            let state = if unit.enabled(sys).await { "enabled" } else { "disabled" };
            rows.push([unit.name.clone(), state.to_string(), "enabled".to_string(), String::new(), String::new()]);
        } else if active || unit.failed(sys).await {
            let (a, s) = if active { ("active", "running") } else { ("failed", "failed") };
            let about = unit.get("Description").unwrap_or("").to_string();
            rows.push([unit.name.clone(), "loaded".to_string(), a.to_string(), s.to_string(), about]);
        }
    }
    let width = rows.iter().map(|r| r[0].len()).max().unwrap_or(4).max(if running { 4 } else { 9 });
    if running {
        sys.print(STDOUT, format_args!("  {:width$} LOAD   ACTIVE SUB     DESCRIPTION\n", "UNIT"));
        for [name, load, active, sub, about] in &rows {
            sys.print(STDOUT, format_args!("  {name:width$} {load:6} {active:6} {sub:7} {about}\n"));
        }
        sys.print(STDOUT, format_args!("\nLOAD   = Reflects whether the unit definition was properly loaded.\n"));
        sys.print(STDOUT, format_args!("ACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n"));
        sys.print(STDOUT, format_args!("SUB    = The low-level unit activation state, values depend on unit type.\n"));
        sys.print(STDOUT, format_args!("{} loaded units listed. Pass --all to see loaded but inactive units, too.\n", rows.len()));
        sys.print(STDOUT, format_args!("To show all installed unit files use 'systemctl list-unit-files'.\n"));
    } else {
        sys.print(STDOUT, format_args!("{:width$} STATE    PRESET\n", "UNIT FILE"));
        for [name, state, preset, ..] in &rows {
            sys.print(STDOUT, format_args!("{name:width$} {state:8} {preset}\n"));
        }
        sys.print(STDOUT, format_args!("\n{} unit files listed.\n", rows.len()));
    }
    0
}
