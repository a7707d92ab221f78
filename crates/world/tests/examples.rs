//! The examples in the commands' specs: each is typed on a fresh Debian host, in an empty directory.

use std::net::Ipv4Addr;
use world::machine::{ChildStatus, HostSpec, SimTime};
use world::stage::Stage;

#[test]
fn examples_of_all_commands() {
    let (mut wrong, mut all) = (Vec::new(), 0);
    for (name, ex) in world::examples() {
        let mut stage = Stage::new(SimTime::from_secs(1_795_490_620), 1);
        let addrs = vec![(Ipv4Addr::new(192, 168, 1, 103), 24)];
        let host = stage.host(HostSpec { label: "mail".into(), name: "station78".into(), addrs, shares_disk: None, offset: 480 });
        stage.dir(host, "/work", 0, 0, 0o755);
        let status = stage.run(host, &format!("cd /work; {{ {}\n}} >/tmp/.out 2>&1", ex.sh));
        let out = stage.read(host, "/tmp/.out").unwrap_or_default();
        let (out, status) = (String::from_utf8_lossy(&out), if let Some(ChildStatus::Exited(n)) = status { n } else { -1 });
        // Some lean on commands that are not there yet.
        if out.contains(": command not found") && !ex.out.contains(": command not found") {
            continue;
        }
        all += 1;
        if (&*out, status) != (ex.out, ex.code) {
            wrong.push(format!("{name}: {}\n  wanted {:?} {}\n  got    {out:?} {status}", ex.sh, ex.out, ex.code));
        }
    }
    assert!(wrong.is_empty(), "{} of {all} examples differ:\n{}", wrong.len(), wrong.join("\n"));
}
