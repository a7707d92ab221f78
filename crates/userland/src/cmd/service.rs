//! service: run a service's script from /etc/init.d, or hand it to systemd.  Source: service(8) of sysvinit-utils and initscripts.

use crate::{Ex, Spec};
use machine::{ChildStatus, Errno, STDERR, STDOUT, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "service",
    path: "/usr/sbin/service",
    synopsis: "SCRIPT COMMAND [OPTIONS] | --status-all",
    about: "run a System V init script",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "service", out: "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n", code: 1 },
        Ex { sh: "service nosuch start", out: "nosuch: unrecognized service\n", code: 1 },
    ],
};

const DIR: &str = "/etc/init.d";

/// Scripts see no more of the environment than this.
fn environment(sys: &Sys) -> Vec<String> {
    let keep = |v: &&String| ["PATH=", "TERM=", "LANG="].iter().any(|k| v.starts_with(k)) || v.starts_with("LC_");
    sys.environ().iter().filter(keep).cloned().collect()
}

/// Runs a script to its end; with `caught` its output is kept.
async fn script(sys: &Sys, name: &str, action: &str, caught: Option<&mut Vec<u8>>) -> i32 {
    let path = format!("{DIR}/{name}");
    let mut spawn = Spawn::exec(path.clone(), vec![path, action.to_string()]);
    spawn.env = Some(environment(sys));
    let pipe = if caught.is_some() { sys.pipe().await.ok() } else { None };
    if let Some((_, write)) = pipe {
        spawn.fds = vec![(0, 0), (1, write), (2, write)];
    }
    let child = sys.spawn(spawn).await;
    if let (Some((read, write)), Some(out)) = (pipe, caught) {
        let _ = sys.close(write).await;
        *out = sys.read_all(read).await.unwrap_or_default();
        let _ = sys.close(read).await;
    }
    let Ok(pid) = child else { return 126 };
    match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, ChildStatus::Exited(status)))) => status,
        _ => 1,
    }
}

async fn run(sys: Sys) -> i32 {
    let usage = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]";
    let args = sys.args().get(1..).unwrap_or(&[]).to_vec();
    let Some(first) = args.first() else {
        sys.print(STDERR, format_args!("{usage}\n"));
        return 1;
    };
    if first == "-h" || first.starts_with("--h") {
        sys.print(STDERR, format_args!("{usage}\n"));
        return 0;
    }
    if first == "-V" || first == "--version" {
        sys.print(STDERR, format_args!("service ver. 1.65.2\n"));
        return 0;
    }
    let _ = sys.chdir("/").await;
    let red_hat = sys.stat("/etc/init.d/functions").await.is_ok();
    if first == "--status-all" && args.len() == 1 {
        return all(&sys, red_hat).await;
    }
    let action = args.get(1).map_or("", String::as_str);
    if sys.stat("/run/systemd/system").await.is_ok() {
        let verb = match action {
            "--full-restart" => "restart",
            "force-reload" => "reload",
            other => other,
        };
        if matches!(verb, "start" | "stop" | "restart" | "status" | "reload" | "try-restart") {
            let argv = ["systemctl", verb, &format!("{}.service", first.trim_end_matches(".sh"))].map(String::from).to_vec();
            let e = sys.exec("/usr/bin/systemctl", argv, sys.environ().to_vec()).await;
            sys.complain(format_args!("systemctl: {e}"));
            return 127;
        }
    }
    let path = format!("{DIR}/{first}");
    if first.contains('/') || sys.access(&path, false, false, true).await.is_err() {
        sys.print(STDERR, format_args!("{first}: unrecognized service\n"));
        return 1;
    }
    if action == "--full-restart" {
        script(&sys, first, "stop", None).await;
        return script(&sys, first, "start", None).await;
    }
    let mut argv = vec![path.clone()];
    argv.extend(args.iter().skip(1).cloned());
    let e = match sys.exec(&path, argv, environment(&sys)).await {
        // A script without #! is the shell's, as execvp has it.
        Errno::ENOEXEC => {
            let mut argv = vec!["sh".to_string(), path.clone()];
            argv.extend(args.iter().skip(1).cloned());
            sys.exec("/bin/sh", argv, environment(&sys)).await
        }
        e => e,
    };
    sys.print(STDERR, format_args!("env: ‘{path}’: {e}\n"));
    if e == Errno::ENOENT { 127 } else { 126 }
}

/// The state of every service, each in its script's words (Red Hat) or as a sign (Debian).
async fn all(sys: &Sys, red_hat: bool) -> i32 {
    for entry in sys.read_dir(DIR).await.unwrap_or_default() {
        let name = entry.name.as_str();
        let skip = ["functions", "halt", "killall", "single", "rc", "rcS", "README", "skeleton"].contains(&name);
        if skip || sys.access(&format!("{DIR}/{name}"), false, false, true).await.is_err() {
            continue;
        }
        if red_hat {
            script(sys, name, "status", None).await;
            continue;
        }
        let mut out = Vec::new();
        let status = script(sys, name, "status", Some(&mut out)).await;
        let text = String::from_utf8_lossy(&out).to_ascii_lowercase();
        if text.contains("usage:") {
            sys.print(STDERR, format_args!(" [ ? ]  {name}\n"));
        } else {
            sys.print(STDOUT, format_args!(" [ {} ]  {name}\n", if status == 0 && !text.is_empty() { '+' } else { '-' }));
        }
    }
    0
}
