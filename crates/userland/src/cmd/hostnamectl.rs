//! hostnamectl: the host's name in systemd's way.  Source: hostnamectl(1) of systemd 252.  Not here: icons, chassis, locations.

use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "hostnamectl",
    path: "/usr/bin/hostnamectl",
    synopsis: "[OPTIONS...] COMMAND ...",
    about: "control the system hostname",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "hostnamectl",
        out: "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n",
        code: 1,
    }],
};

async fn run(sys: Sys) -> i32 {
    let words: Vec<&String> = sys.args().iter().skip(1).filter(|a| !a.starts_with("--")).collect();
    if sys.stat("/run/systemd/system").await.is_err() {
        let text = "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down";
        sys.print(STDERR, format_args!("{text}\n"));
        return 1;
    }
    let verb = words.first().map_or("status", |w| w.as_str());
    match (verb, words.get(1)) {
        ("status", None) => {
            let name = sys.host_name().await;
            let text = sys.read_file("/etc/os-release").await.unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let system = text.lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).unwrap_or("").trim_matches('"');
            sys.print(STDOUT, format_args!(" Static hostname: {name}\n       Icon name: computer-vm\n         Chassis: vm 🖴\n"));
            sys.print(
                STDOUT,
                format_args!("Operating System: {system}\n          Kernel: Linux 6.1.0-35-amd64\n    Architecture: x86-64\n"),
            );
            0
        }
        ("hostname", None) => {
            let name = sys.host_name().await;
            sys.print(STDOUT, format_args!("{name}\n"));
            0
        }
        ("hostname" | "set-hostname", Some(name)) => {
            if sys.set_host_name(name).await.is_err() {
                sys.print(STDERR, format_args!("Could not set static hostname: Interactive authentication required.\n"));
                return 1;
            }
            let _ = sys.write_file("/etc/hostname", format!("{name}\n").as_bytes(), 0o644).await;
            0
        }
        ("set-hostname", None) => {
            sys.print(STDERR, format_args!("Too few arguments.\n"));
            1
        }
        ("icon-name" | "chassis" | "deployment" | "location", _) => {
            sys.unsupported(verb);
            1
        }
        _ => {
            sys.print(STDERR, format_args!("Unknown command verb {verb}.\n"));
            1
        }
    }
}
