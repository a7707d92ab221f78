//! systemd's service units: reading them, whether they are enabled and run, starting and stopping.
//! Not here: what is said about them (`systemctl`), the boot (`init`). Source: systemd.unit(5), systemd.service(5).

use machine::{ChildStatus, KillTarget, Open, Pid, ProcInfo, Signal, Spawn, Sys, WaitFor};

/// Where units are looked for; the administrator's come first.
const DIRS: [&str; 2] = ["/etc/systemd/system", "/lib/systemd/system"];
/// Links to what is started at boot.
pub(crate) const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";
/// Marks of services whose last start failed.
const FAILED: &str = "/run/systemd/failed";

/// A service unit.
pub(crate) struct Unit {
    /// With `.service`.
    pub(crate) name: String,
    pub(crate) path: String,
    /// Section-less settings in order; a later one of the same key counts as well.
    settings: Vec<(String, String)>,
}

/// The name with `.service`.
pub(crate) fn full_name(name: &str) -> String {
    if name.contains('.') { name.to_string() } else { format!("{name}.service") }
}

impl Unit {
    /// Reads a unit by name.
    pub(crate) async fn load(sys: &Sys, name: &str) -> Option<Unit> {
        let name = full_name(name);
        for dir in DIRS {
            let path = format!("{dir}/{name}");
            let Ok(text) = sys.read_file(&path).await else { continue };
            let text = String::from_utf8_lossy(&text).replace("\\\n", " ");
            let row = |l: &str| l.split_once('=').map(|(k, v)| (k.trim().to_string(), v.trim().to_string()));
            let settings = text.lines().filter(|l| !l.starts_with(['#', ';', '['])).filter_map(row).collect();
            return Some(Unit { name, path, settings });
        }
        None
    }
    /// A setting.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }
    /// Its main process, if it lives.
    pub(crate) async fn main(&self, sys: &Sys, procs: &[ProcInfo]) -> Option<Pid> {
        let path = self.get("PIDFile")?;
        let text = sys.read_file(path).await.ok()?;
        let pid = String::from_utf8_lossy(&text).trim().parse().ok()?;
        procs.iter().any(|p| p.pid == pid && p.state != 'Z').then_some(pid)
    }
    /// Whether it is started at boot.
    pub(crate) async fn enabled(&self, sys: &Sys) -> bool {
        sys.lstat(&format!("{WANTS}/{}", self.name)).await.is_ok()
    }
    /// Whether its last start failed.
    pub(crate) async fn failed(&self, sys: &Sys) -> bool {
        sys.stat(&format!("{FAILED}/{}", self.name)).await.is_ok()
    }
    /// Sets or removes the mark of failure.
    pub(crate) async fn mark(&self, sys: &Sys, failed: bool) {
        let path = format!("{FAILED}/{}", self.name);
        if failed {
            let _ = sys.mkdir(FAILED, 0o755).await;
            let _ = sys.write_file(&path, b"", 0o644).await;
        } else {
            let _ = sys.unlink(&path).await;
        }
    }
    /// Runs one of its command lines to its end, without a terminal; whether it was content. A leading `-` forgives.
    pub(crate) async fn run(&self, sys: &Sys, key: &str, main: Option<Pid>) -> bool {
        let Some(command) = self.get(key) else { return true };
        let (forgiving, command) = command.strip_prefix('-').map_or((false, command), |c| (true, c));
        let mut script = String::new();
        for file in self.settings.iter().filter(|(k, _)| k == "EnvironmentFile") {
            script += &format!("[ -r {0} ] && . {0}\n", file.1.trim_start_matches('-'));
        }
        if let Some(pid) = main {
            script += &format!("MAINPID={pid}\n");
        }
        script += &format!("exec {command}");
        let Ok(null) = sys.open("/dev/null", Open::RDWR, 0).await else { return false };
        let mut spawn = Spawn::exec("/bin/sh", ["sh", "-c", &script].map(String::from).to_vec());
        spawn.fds = vec![(0, null), (1, null), (2, null)];
        spawn.env = Some(vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin".to_string(), "LANG=C.UTF-8".to_string()]);
        spawn.session = true;
        // Process 1 ignores it, and would hand that on.
        spawn.signals = vec![(Signal::Chld, machine::OnSignal::Default)];
        let child = sys.spawn(spawn).await;
        let _ = sys.close(null).await;
        let Ok(pid) = child else { return forgiving };
        if self.get("Type").unwrap_or("simple") == "simple" && key == "ExecStart" {
            return true;
        }
        match sys.wait(WaitFor::Pid(pid), true, false).await {
            Ok(Some((_, status))) => forgiving || status == ChildStatus::Exited(0),
            // Process 1 does not get to know how a child ended; that it lives is seen by its pid file.
            _ => true,
        }
    }
    /// Starts it unless it runs; whether it runs then.
    pub(crate) async fn start(&self, sys: &Sys) -> bool {
        if self.main(sys, &sys.procs().await).await.is_some() {
            return true;
        }
        let done = self.run(sys, "ExecStartPre", None).await && self.run(sys, "ExecStart", None).await;
        self.mark(sys, !done).await;
        done
    }
    /// Stops it: by its own command, then by signals.
    pub(crate) async fn stop(&self, sys: &Sys) {
        self.mark(sys, false).await;
        let Some(main) = self.main(sys, &sys.procs().await).await else { return };
        if self.get("ExecStop").is_some() {
            self.run(sys, "ExecStop", Some(main)).await;
        }
        for signal in [Signal::Term, Signal::Kill] {
            for _ in 0..50 {
                if sys.procs().await.iter().all(|p| p.pid != main || p.state == 'Z') {
                    return;
                }
                let _ = sys.kill(KillTarget::Pid(main), Some(signal)).await;
                let _ = sys.sleep(100_000).await;
            }
        }
    }
}
