//! Runs the examples of every command's specification in a host of their own: what they print, standard error among it, and their status.

use super::{BASE, BASE_PAGES, RESIDENT, RESIDENT_PAGES, SCREEN, SCREEN_PAGES, TOOLS, TOOLS_PAGES};
use crate::Ex;
use machine::*;

/// Runs `sh -c` on the script in /example/script, in an empty directory.
async fn example(sys: Sys) -> i32 {
    let script = String::from_utf8_lossy(&sys.read_file("/example/script").await.unwrap()).into_owned();
    let null = sys.open("/dev/null", Open::READ, 0).await.unwrap();
    let out = sys.open("/example/out", Open::APPEND, 0o600).await.unwrap();
    let mut spawn = Spawn::exec("/bin/sh", vec!["sh".into(), "-c".into(), script]);
    spawn.fds = vec![(0, null), (1, out), (2, out)];
    let pid = sys.spawn(spawn).await.unwrap();
    match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, ChildStatus::Exited(n)))) => n,
        _ => 999,
    }
}

static EXAMPLE: &[Program] = &[Program { name: "example", path: "/usr/bin/example", main: Main::Here(|s| Box::pin(example(s))) }];

/// What an example prints and its status.
fn run(ex: &Ex) -> (String, Option<i32>) {
    let mut k = Kernel::new(SimTime::from_secs(1_795_490_631), 1, vec![EXAMPLE, RESIDENT, BASE, TOOLS, SCREEN]);
    let h = k.add_host(HostSpec { label: "a".into(), name: "station78".into(), addrs: vec![], shares_disk: None, offset: 480 });
    let accounts =
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nredhat:x:500:500::/home/redhat:/bin/bash\n";
    for (path, text) in [
        ("/etc/passwd", accounts),
        ("/etc/group", "root:x:0:\ndaemon:x:1:\nmail:x:8:redhat\nredhat:x:500:\n"),
        ("/etc/shadow", "root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\nredhat:!:20000:0:99999:7:::\n"),
        ("/etc/services", "smtp\t\t25/tcp\t\tmail\n"),
        ("/etc/sudoers", "root\tALL=(ALL:ALL) ALL\n"),
        ("/etc/login.defs", "UID_MIN 500\nGID_MIN 500\nUSERGROUPS_ENAB yes\n"),
        ("/var/log/maillog", ""),
        ("/example/script", ex.sh),
        ("/example/out", ""),
    ] {
        k.put_file(h, path, text.as_bytes()).unwrap();
    }
    let now = k.now();
    k.disk_mut(h).unwrap().make_dir("/example/home", now).unwrap();
    let env = ["HOME=/example/home", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin", "LANG=C.UTF-8", "USER=root", "LOGNAME=root"];
    let pid = k.start(h, "/usr/bin/example", &["example"], &env.map(String::from), Ids::ROOT, "/example/home").unwrap();
    k.watch(h, pid);
    k.advance(k.now());
    for _ in 0..10_000 {
        match k.next_alarm() {
            Some((at, ..)) if k.alive(h, pid) => k.advance(at),
            _ => break,
        }
    }
    let out = String::from_utf8_lossy(k.disk(h).unwrap().read("/example/out").unwrap()).into_owned();
    let status = match k.ended(h, pid) {
        Some(ChildStatus::Exited(n)) => Some(n),
        _ => None,
    };
    (out, status)
}

#[test]
fn examples_do_what_their_specifications_say() {
    let (mut bad, mut count) = (String::new(), 0);
    for spec in [RESIDENT_PAGES, BASE_PAGES, TOOLS_PAGES, SCREEN_PAGES].into_iter().flatten() {
        for ex in spec.examples {
            count += 1;
            let (out, status) = run(ex);
            if out != ex.out || status != Some(ex.code) {
                bad.push_str(&format!("--- {}\n$ {}\n{}? {}\n--- got\n{out}? {status:?}\n\n", spec.name, ex.sh, ex.out, ex.code));
            }
        }
    }
    assert!(bad.is_empty(), "{bad}of {count} examples");
}
