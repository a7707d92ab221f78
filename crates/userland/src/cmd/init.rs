//! init: process 1.  Starts the services of a runlevel (or, without /etc/inittab, systemd's), adopts orphans, and starts the host anew.
//! Source: init(8), inittab(5) of sysvinit.  Not here: turning the host off, single-user mode.

use crate::Spec;
use crate::util::unit::{Unit, WANTS};
use crate::util::walk;
use machine::{KillTarget, OnSignal, STDERR, Signal, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "init",
    path: "/usr/sbin/init",
    synopsis: "[0123456Ss]",
    about: "process control initialization",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

/// Which runlevel is wanted: written by who asks, read at SIGUSR1.
const ASKED: &str = "/run/initctl";
/// `N 3`: the runlevel before and now.
const LEVEL: &str = "/run/runlevel";

/// Asks process 1 for another runlevel.
pub(super) async fn ask(sys: &Sys, level: &str) -> i32 {
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("{}: must be superuser.\n", sys.name()));
        return 1;
    }
    let asked = sys.write_file(ASKED, level.as_bytes(), 0o600).await;
    if asked.is_err() || sys.kill(KillTarget::Pid(1), Some(Signal::Usr1)).await.is_err() {
        sys.print(STDERR, format_args!("{}: {ASKED}: there is no process 1\n", sys.name()));
        return 1;
    }
    0
}

async fn run(sys: Sys) -> i32 {
    if sys.pid() != 1 {
        return match sys.arg(1) {
            level @ ("2" | "3" | "4" | "5" | "6") => ask(&sys, level).await,
            "0" | "1" | "s" | "S" => {
                sys.unsupported(sys.arg(1));
                1
            }
            _ => {
                sys.print(STDERR, format_args!("Usage: init {{-e VAR[=VAL] | [-t SECONDS] {{0|1|2|3|4|5|6|S|s|Q|q|A|a|B|b|C|c|U|u}}}}\n"));
                1
            }
        };
    }
    // Its children's ends are taken note of by nobody: the kernel may forget them.
    sys.on_signal(Signal::Chld, OnSignal::Ignore).await;
    sys.on_signal(Signal::Usr1, OnSignal::Catch).await;
    let _ = sys.write_file("/run/utmp", b"", 0o664).await;
    let table = sys.read_file("/etc/inittab").await.unwrap_or_default();
    let table = String::from_utf8_lossy(&table).into_owned();
    let rows = table.lines().filter(|l| !l.starts_with('#')).map(|l| l.splitn(4, ':').collect::<Vec<_>>());
    let default = rows.clone().find(|r| r.get(2) == Some(&"initdefault")).and_then(|r| r.get(1).copied());
    let mut level = default.unwrap_or("5").to_string();
    let mut before = "N".to_string();
    loop {
        let _ = sys.write_file(LEVEL, format!("{before} {level}\n").as_bytes(), 0o644).await;
        enter(&sys, &table, &level).await;
        // Until somebody asks for something else.
        let wanted = loop {
            sys.pause().await;
            if sys.signals().await.contains(&Signal::Usr1) {
                let text = sys.read_file(ASKED).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&text).trim().to_string();
                if !text.is_empty() && text != level {
                    break text;
                }
            }
        };
        if wanted == "6" {
            enter(&sys, &table, "6").await;
            return restart(&sys).await;
        }
        before = std::mem::replace(&mut level, wanted);
    }
}

/// Runs what the table says for a level (`id:levels:action:process`); without a table, starts systemd's units.
async fn enter(sys: &Sys, table: &str, level: &str) {
    for row in table.lines().filter(|l| !l.starts_with('#')).map(|l| l.splitn(4, ':').collect::<Vec<_>>()) {
        let [_, levels, "wait" | "once", process] = row.as_slice() else { continue };
        if !levels.contains(level) {
            continue;
        }
        let mut spawn = Spawn::exec("/bin/sh", ["sh", "-c", process].map(String::from).to_vec());
        spawn.session = true;
        // What it ignores, its children would ignore too, and could wait for nobody.
        spawn.signals = vec![(Signal::Chld, OnSignal::Default)];
        if let Ok(pid) = sys.spawn(spawn).await {
            // Gives ECHILD when it has ended.
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
    }
    if table.is_empty() && level != "6" {
        for entry in sys.read_dir(WANTS).await.unwrap_or_default() {
            if let Some(unit) = Unit::load(sys, &entry.name).await {
                unit.start(sys).await;
            }
        }
    }
}

/// Ends every process, empties what lies in memory, and begins again as the machine does after power-on.
async fn restart(sys: &Sys) -> i32 {
    for signal in [Signal::Term, Signal::Kill] {
        let _ = sys.kill(KillTarget::All, Some(signal)).await;
        let _ = sys.sleep(2_000_000).await;
    }
    let mut todo = vec!["/run".to_string(), "/var/lock/subsys".to_string()];
    while let Some(dir) = todo.pop() {
        for path in walk::children(sys, &dir).await.unwrap_or_default() {
            match sys.lstat(&path).await {
                Ok(stat) if stat.is_dir() => todo.push(path),
                _ => drop(sys.unlink(&path).await),
            }
        }
    }
    let _ = sys.sleep(18_000_000).await;
    sys.exec("/sbin/init", sys.args().to_vec(), sys.environ().to_vec()).await;
    1
}
