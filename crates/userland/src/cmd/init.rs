//! init: process 1.  Starts the services of the default runlevel (or, without /etc/inittab, systemd's) and adopts orphans.  Not here: changing the runlevel while it runs.
//! Source: init(8), inittab(5) of sysvinit.

use crate::Spec;
use crate::util::unit::{Unit, WANTS};
use machine::{OnSignal, Signal, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "init",
    path: "/usr/sbin/init",
    synopsis: "[0123456Ss]",
    about: "process control initialization",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

async fn run(sys: Sys) -> i32 {
    if sys.pid() != 1 {
        sys.unsupported("changing the runlevel");
        return 1;
    }
    // Its children's ends are taken note of by nobody: the kernel may forget them.
    sys.on_signal(Signal::Chld, OnSignal::Ignore).await;
    let table = sys.read_file("/etc/inittab").await.unwrap_or_default();
    let table = String::from_utf8_lossy(&table);
    // id:runlevels:action:process
    let rows = table.lines().filter(|l| !l.starts_with('#')).map(|l| l.splitn(4, ':').collect::<Vec<_>>());
    let level = rows.clone().find(|r| r.get(2) == Some(&"initdefault")).and_then(|r| r.get(1).copied()).unwrap_or("3").to_string();
    for row in rows {
        let [_, levels, "wait" | "once", process] = row.as_slice() else { continue };
        if !levels.contains(level.as_str()) {
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
    if table.is_empty() {
        // systemd's way.
        for entry in sys.read_dir(WANTS).await.unwrap_or_default() {
            if let Some(unit) = Unit::load(&sys, &entry.name).await {
                unit.start(&sys).await;
            }
        }
    }
    loop {
        sys.pause().await;
    }
}
