//! Services of a host, in the way of its time: Red Hat's scripts and runlevels, or systemd's units; and the boot that starts them.
//! Not here: the scripts themselves (`labs/redhat`). Source: Red Hat Enterprise Linux 5 and 6, chkconfig(8), inittab(5).

use crate::stage::Stage;
use machine::{Ids, program_file};

/// Scripts of /etc/init.d: name, text.
const SCRIPTS: &[(&str, &str)] = &[
    ("dovecot", include_str!("../labs/redhat/dovecot")),
    ("functions", include_str!("../labs/redhat/functions")),
    ("postfix", include_str!("../labs/redhat/postfix")),
    ("rsyslog", include_str!("../labs/redhat/rsyslog")),
    ("saslauthd", include_str!("../labs/redhat/saslauthd")),
];

impl Stage {
    /// Gives a host Red Hat's way with services. Each has its links in every runlevel; those of `on` start in levels 2 to 5.
    pub fn red_hat(&mut self, host: usize, services: &[(&str, u32, u32, bool)]) {
        let now = self.kernel.now();
        for level in 0..7 {
            self.dir(host, &format!("/etc/rc.d/rc{level}.d"), 0, 0, 0o755);
        }
        for dir in ["/etc/rc.d/init.d", "/etc/sysconfig", "/var/lock/subsys"] {
            self.dir(host, dir, 0, 0, 0o755);
        }
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.put_link("/etc/init.d", "rc.d/init.d", now);
            // Its adduser is another name of useradd.
            for name in ["adduser", "addgroup", "deluser", "delgroup", "update-rc.d", "systemctl", "hostnamectl"] {
                let _ = disk.remove_file(&format!("/usr/sbin/{name}"), now).or_else(|_| disk.remove_file(&format!("/usr/bin/{name}"), now));
            }
            let _ = disk.put_link("/usr/sbin/adduser", "useradd", now);
            for level in 0..7 {
                let _ = disk.put_link(&format!("/etc/rc{level}.d"), &format!("rc.d/rc{level}.d"), now);
            }
            for &(name, start, stop, on) in services {
                for level in 0..7 {
                    let link = if on && (2..6).contains(&level) { format!("S{start:02}{name}") } else { format!("K{stop:02}{name}") };
                    let _ = disk.put_link(&format!("/etc/rc.d/rc{level}.d/{link}"), &format!("../init.d/{name}"), now);
                }
            }
        }
        for (name, text) in SCRIPTS {
            let path = format!("/etc/rc.d/init.d/{name}");
            self.file(host, &path, text.as_bytes());
            self.own(host, &path, 0, 0, if *name == "functions" { 0o644 } else { 0o755 });
        }
        // Accounts are made in Red Hat's way.
        let defs = self.read(host, "/etc/login.defs").unwrap_or_default();
        let defs = String::from_utf8_lossy(&defs)
            .replace("UID_MIN\t\t\t 1000", "UID_MIN\t\t\t  500")
            .replace("GID_MIN\t\t\t 1000", "GID_MIN\t\t\t  500");
        let defs = defs.replace("UMASK\t\t022", "UMASK\t\t077");
        self.file(host, "/etc/login.defs", (defs + "CREATE_HOME\tyes\n").as_bytes());
        // Nobody had heard of these yet.
        for path in ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"] {
            let text = self.read(host, path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let old = text.lines().filter(|l| !l.starts_with("systemd-") && !l.starts_with("polkitd:"));
            let old: String = old.flat_map(|l| [l, "\n"]).collect();
            self.file(host, path, old.as_bytes());
        }
        let defaults = b"# useradd defaults file\nGROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/bash\nSKEL=/etc/skel\nCREATE_MAIL_SPOOL=yes\n";
        self.file(host, "/etc/default/useradd", defaults);
        self.file(host, "/etc/sysconfig/saslauthd", include_str!("../labs/redhat/saslauthd.sysconfig").as_bytes());
        self.file(host, "/etc/rsyslog.conf", include_str!("../labs/redhat/rsyslog.conf").as_bytes());
        self.file(host, "/etc/rc.d/rc", include_str!("../labs/redhat/rc").as_bytes());
        self.own(host, "/etc/rc.d/rc", 0, 0, 0o755);
        self.file(host, "/etc/inittab", b"# Default runlevel: 3 is full multiuser mode.\nid:3:initdefault:\n\nl2:2:wait:/etc/rc.d/rc 2\nl3:3:wait:/etc/rc.d/rc 3\nl4:4:wait:/etc/rc.d/rc 4\nl5:5:wait:/etc/rc.d/rc 5\nl6:6:wait:/etc/rc.d/rc 6\n");
        self.file(host, "/usr/sbin/chkconfig", &program_file("chkconfig"));
        self.own(host, "/usr/sbin/chkconfig", 0, 0, 0o755);
    }

    /// Gives a host the scripts that Debian's packages bring, and their links: postfix is on, saslauthd is not.
    pub fn debian(&mut self, host: usize) {
        let now = self.kernel.now();
        for (name, text) in [("postfix", include_str!("../labs/debian/postfix")), ("saslauthd", include_str!("../labs/debian/saslauthd"))] {
            let path = format!("/etc/init.d/{name}");
            self.file(host, &path, text.as_bytes());
            self.own(host, &path, 0, 0, 0o755);
            for level in 0..7 {
                let on = name == "postfix" && (2..6).contains(&level);
                let link = format!("/etc/rc{level}.d/{}01{name}", if on { 'S' } else { 'K' });
                self.dir(host, &format!("/etc/rc{level}.d"), 0, 0, 0o755);
                if let Some(disk) = self.kernel.disk_mut(host) {
                    let _ = disk.put_link(&link, &format!("../init.d/{name}"), now);
                }
            }
        }
        self.file(host, "/etc/default/saslauthd", include_str!("../labs/debian/saslauthd.default").as_bytes());
    }

    /// Gives a host systemd's way with services; those of `on` start at boot.
    pub fn systemd(&mut self, host: usize, on: &[&str]) {
        self.debian(host);
        let now = self.kernel.now();
        const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";
        for dir in ["/run/systemd/system", "/lib/systemd/system", WANTS] {
            self.dir(host, dir, 0, 0, 0o755);
        }
        self.file(host, "/lib/systemd/system/postfix.service", include_str!("../labs/debian/postfix.service").as_bytes());
        self.file(host, "/lib/systemd/system/saslauthd.service", include_str!("../labs/debian/saslauthd.service").as_bytes());
        for name in on {
            if let Some(disk) = self.kernel.disk_mut(host) {
                let _ = disk.put_link(&format!("{WANTS}/{name}.service"), &format!("/lib/systemd/system/{name}.service"), now);
            }
        }
    }

    /// Starts the first process of a host; it starts the services. To be called before anything else runs there.
    pub fn boot(&mut self, host: usize) {
        let env = ["HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", "LANG=C.UTF-8"].map(String::from);
        let _ = self.kernel.start(host, "/sbin/init", &["init [3]"], &env, Ids::ROOT, "/");
    }
}
