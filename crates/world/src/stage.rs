//! A stage: a network of Debian hosts with their users, files, name server and the mail servers of others, built from plain data.
//! Labs set one up for a [`World`](crate::World), the scenario runner for a recording. Not here: which hosts a lab has (`labs`).

pub use wire::crypt::crypt;

use machine::{ChildStatus, Chunk, HostSpec, Ids, Kernel, Main, Program, SimTime};

/// Everything that can be executed, by the crate that has it.
fn programs() -> Vec<&'static [Program]> {
    vec![
        userland::RESIDENT,
        userland::BASE,
        userland::COMMON,
        userland::ACCOUNTS,
        userland::TOOLS,
        userland::SCREEN,
        postfix::TOOLS,
        postfix::SYSTEM,
        postfix::DELIVERY,
        openssl::TOOLS,
        crate::actors::ACTORS,
    ]
}

/// The parts of the program that are fetched when a program of theirs is first executed.
pub(crate) fn chunks() -> Vec<&'static Chunk> {
    let mut all: Vec<&'static Chunk> = Vec::new();
    for program in programs().into_iter().flatten() {
        if let Main::In(chunk) = &program.main
            && !all.iter().any(|c| c.name == chunk.name)
        {
            all.push(chunk);
        }
    }
    all
}

/// Files that every host has: path, content.
const FILES: &[(&str, &str)] = &[
    ("/etc/passwd", include_str!("../labs/common/passwd")),
    ("/etc/group", include_str!("../labs/common/group")),
    ("/etc/services", include_str!("../labs/common/services")),
    ("/etc/login.defs", include_str!("../labs/common/login.defs")),
    ("/etc/default/useradd", "SHELL=/bin/sh\n"),
    ("/etc/profile", include_str!("../labs/common/profile")),
    ("/etc/bash.bashrc", include_str!("../labs/common/bash.bashrc")),
    ("/etc/skel/.bashrc", include_str!("../labs/common/skel.bashrc")),
    ("/etc/skel/.profile", include_str!("../labs/common/skel.profile")),
    ("/etc/skel/.bash_logout", ""),
    ("/etc/shells", "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n"),
    ("/etc/mail.rc", include_str!("../labs/common/mail.rc")),
    ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n"),
    ("/etc/debian_version", "12.11\n"),
    ("/etc/os-release", include_str!("../labs/common/os-release")),
    ("/etc/resolv.conf", "nameserver 127.0.0.1\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n"),
    ("/etc/protocols", "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n"),
    ("/etc/timezone", "Asia/Shanghai\n"),
    ("/etc/sudoers", include_str!("../labs/common/sudoers")),
    ("/etc/aliases", include_str!("../labs/common/aliases")),
    ("/etc/postfix/main.cf", include_str!("../labs/common/main.cf")),
    ("/etc/postfix/master.cf", include_str!("../labs/common/master.cf")),
    ("/etc/postfix/sasl/smtpd.conf", "pwcheck_method: saslauthd\nmech_list: LOGIN PLAIN\n"),
    ("/etc/postfix/dynamicmaps.cf", ""),
    ("/etc/sasldb2", ""),
    ("/var/log/maillog", ""),
];

/// Directories that every host has: path, uid, gid, mode.
const DIRS: &[(&str, u32, u32, u16)] = &[
    ("/boot", 0, 0, 0o755),
    ("/media", 0, 0, 0o755),
    ("/mnt", 0, 0, 0o755),
    ("/opt", 0, 0, 0o755),
    ("/srv", 0, 0, 0o755),
    ("/sys", 0, 0, 0o555),
    ("/run/lock", 0, 0, 0o755),
    ("/run/saslauthd", 0, 45, 0o755),
    ("/usr/local/bin", 0, 0, 0o755),
    ("/usr/local/sbin", 0, 0, 0o755),
    ("/usr/share", 0, 0, 0o755),
    ("/var/mail", 0, 8, 0o2775),
    ("/var/spool", 0, 0, 0o755),
    ("/var/spool/postfix", 0, 0, 0o755),
    ("/var/spool/postfix/active", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/bounce", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/corrupt", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/defer", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/deferred", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/flush", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/hold", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/incoming", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/maildrop", POSTFIX, POSTDROP, 0o1730),
    ("/var/spool/postfix/pid", 0, 0, 0o755),
    ("/var/spool/postfix/private", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/public", POSTFIX, POSTDROP, 0o2710),
    ("/var/spool/postfix/saved", POSTFIX, 0, 0o700),
    ("/var/spool/postfix/trace", POSTFIX, 0, 0o700),
    ("/var/lib/postfix", POSTFIX, POSTFIX_GROUP, 0o755),
];
const POSTFIX: u32 = 103;
const POSTFIX_GROUP: u32 = 111;
const POSTDROP: u32 = 112;
const SASL: u32 = 45;

/// Programs that run with rights of their own: path, uid, gid, mode.
const SETID: &[(&str, u32, u32, u16)] = &[
    ("/usr/sbin/postdrop", 0, POSTDROP, 0o2755),
    ("/usr/sbin/postqueue", 0, POSTDROP, 0o2755),
    ("/usr/bin/su", 0, 0, 0o4755),
    ("/usr/bin/passwd", 0, 0, 0o4755),
    ("/usr/bin/sudo", 0, 0, 0o4755),
    ("/usr/bin/ping", 0, 0, 0o4755),
    ("/usr/sbin/unix_chkpwd", 0, 42, 0o2755),
];

/// Environment of commands that nobody logged in for.
pub fn environment(user: &str, home: &str) -> Vec<String> {
    [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "SHELL=/bin/bash",
        "TERM=dumb",
        "PAGER=cat",
        &format!("HOME={home}"),
        &format!("USER={user}"),
        &format!("LOGNAME={user}"),
    ]
    .map(String::from)
    .to_vec()
}

/// A line of /etc/passwd.
pub struct Account {
    /// User and main group.
    pub ids: Ids,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// A network under construction.
pub struct Stage {
    /// Its kernel, for whoever must go below this interface.
    pub kernel: Kernel,
}

impl Stage {
    /// No hosts yet.
    pub fn new(now: SimTime, seed: u64) -> Stage {
        Stage { kernel: Kernel::new(now, seed, programs()) }
    }

    /// Adds a host with a Debian system on its disk, and gives its number.
    pub fn host(&mut self, spec: HostSpec) -> usize {
        let (fresh, name) = (spec.shares_disk.is_none(), spec.name.clone());
        let host = self.kernel.add_host(spec);
        if !fresh {
            return host;
        }
        let now = self.kernel.now();
        for &(path, uid, gid, mode) in DIRS {
            self.dir(host, path, uid, gid, mode);
        }
        for (path, content) in FILES {
            self.file(host, path, content.as_bytes());
        }
        let mut shadow = String::new();
        for (path, mode) in [("/etc/shadow", 0o640), ("/etc/gshadow", 0o640)] {
            let list = if path == "/etc/shadow" { FILES[0].1 } else { FILES[1].1 };
            shadow.clear();
            for name in list.lines().filter_map(|l| l.split(':').next()) {
                shadow += &if path == "/etc/shadow" { format!("{name}:*:18000:0:99999:7:::\n") } else { format!("{name}:*::\n") };
            }
            self.file(host, path, shadow.as_bytes());
            self.own(host, path, 0, 42, mode);
        }
        self.file(host, "/etc/hostname", format!("{name}\n").as_bytes());
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.put_link("/var/spool/mail", "../mail", now);
        }
        // Red Hat's, on the hosts that are.
        self.remove(host, "/usr/sbin/chkconfig");
        self.own(host, "/var/log/maillog", 0, 0, 0o644);
        self.own(host, "/etc/sasldb2", 0, SASL, 0o660);
        self.own(host, "/etc/sudoers", 0, 0, 0o440);
        for &(path, uid, gid, mode) in SETID {
            self.own(host, path, uid, gid, mode);
        }
        host
    }

    /// Makes a directory, with its parents.
    pub fn dir(&mut self, host: usize, path: &str, uid: u32, gid: u32, mode: u16) {
        let now = self.kernel.now();
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.make_dir(path, now);
        }
        self.own(host, path, uid, gid, mode);
    }
    /// Puts a file there, dated now; an existing one keeps its owner and mode. A path that cannot be is left out.
    pub fn file(&mut self, host: usize, path: &str, bytes: &[u8]) {
        let _ = self.kernel.put_file(host, path, bytes);
    }
    /// Removes a file if it is there.
    pub fn remove(&mut self, host: usize, path: &str) {
        let now = self.kernel.now();
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.remove_file(path, now);
        }
    }
    /// Appends to a file.
    pub fn append(&mut self, host: usize, path: &str, bytes: &[u8]) {
        let mut all = self.read(host, path).unwrap_or_default();
        all.extend_from_slice(bytes);
        self.file(host, path, &all);
    }
    /// Sets owner, group and mode of what is there.
    pub fn own(&mut self, host: usize, path: &str, uid: u32, gid: u32, mode: u16) {
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.own(path, uid, gid, mode);
        }
    }
    /// Dates a file back by so many seconds.
    pub fn age(&mut self, host: usize, path: &str, secs: u64) {
        let then = SimTime(self.kernel.now().0.saturating_sub(secs * 1_000_000));
        if let Some(disk) = self.kernel.disk_mut(host) {
            let _ = disk.date(path, then);
        }
    }
    /// Content of a file, as root sees it.
    pub fn read(&self, host: usize, path: &str) -> Option<Vec<u8>> {
        self.kernel.disk(host)?.read(path).ok().map(<[u8]>::to_vec)
    }

    /// Adds a user with a home directory of his own. `hash` is the second field of /etc/shadow.
    pub fn user(&mut self, host: usize, name: &str, uid: u32, gecos: &str, hash: &str) {
        let home = format!("/home/{name}");
        self.append(host, "/etc/passwd", format!("{name}:x:{uid}:{uid}:{gecos}:{home}:/bin/bash\n").as_bytes());
        self.append(host, "/etc/shadow", format!("{name}:{hash}:18000:0:99999:7:::\n").as_bytes());
        self.append(host, "/etc/group", format!("{name}:x:{uid}:\n").as_bytes());
        self.dir(host, &home, uid, uid, 0o700);
    }
    /// Looks a user up in a host's /etc/passwd and /etc/group.
    pub fn account(&self, host: usize, user: &str) -> Option<Account> {
        let passwd = self.read(host, "/etc/passwd")?;
        let passwd = String::from_utf8_lossy(&passwd).into_owned();
        let row: Vec<&str> = passwd.lines().map(|l| l.split(':').collect::<Vec<_>>()).find(|r| r.first() == Some(&user))?;
        let [_, _, uid, gid, _, home, shell] = row.as_slice() else { return None };
        let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
        let groups = self.read(host, "/etc/group").unwrap_or_default();
        let groups = String::from_utf8_lossy(&groups).into_owned();
        let groups = groups.lines().map(|l| l.split(':').collect::<Vec<_>>());
        let member = |row: &Vec<&str>| row.get(3).is_some_and(|m| m.split(',').any(|m| m == user));
        let groups = groups.filter(member).filter_map(|row| row.get(2)?.parse().ok()).collect();
        let ids = if uid == 0 { Ids { gid, egid: gid, groups, ..Ids::ROOT } } else { Ids::user(uid, gid, groups) };
        Some(Account { ids, home: home.to_string(), shell: shell.to_string() })
    }

    /// Gives a host a name server for this zone at 127.0.0.1 (or at all its addresses).
    pub fn name_server(&mut self, host: usize, zone: &str, everywhere: bool) {
        self.file(host, "/usr/lib/ehlo/zone", zone.as_bytes());
        let addr = if everywhere { "0.0.0.0" } else { "127.0.0.1" };
        self.start(host, &["/usr/lib/ehlo/dnsd", "/usr/lib/ehlo/zone", addr]);
    }
    /// Starts a mail server with this script; what it is told goes to the directory `/srv/NAME`.
    pub fn mail_server(&mut self, host: usize, name: &str, script: &str) {
        let path = format!("/usr/lib/ehlo/{name}");
        self.file(host, &path, script.as_bytes());
        let dir = format!("/srv/{name}");
        self.dir(host, &dir, 0, 0, 0o755);
        self.start(host, &["/usr/lib/ehlo/mx", &path, &dir]);
    }

    /// Starts a program as root, without a terminal.
    pub fn start(&mut self, host: usize, argv: &[&str]) {
        if let Some(path) = argv.first() {
            let _ = self.kernel.start(host, path, argv, &environment("root", "/root"), Ids::ROOT, "/root");
        }
    }
    /// Runs a shell command as root, without a terminal, to its end (a minute at most).
    pub fn run(&mut self, host: usize, command: &str) -> Option<ChildStatus> {
        let argv = ["/usr/bin/bash", "-c", command];
        let pid = self.kernel.start(host, argv[0], &argv, &environment("root", "/root"), Ids::ROOT, "/root").ok()?;
        self.kernel.watch(host, pid);
        let end = self.kernel.now().plus_secs(60);
        self.kernel.advance(self.kernel.now());
        while self.kernel.ended(host, pid).is_none() {
            let Some((at, ..)) = self.kernel.next_alarm().filter(|(at, ..)| *at < end) else { break };
            self.kernel.advance(at);
        }
        self.kernel.ended(host, pid)
    }
}
