//! saslauthd: answers on a unix socket whether a password is right.  Here: options, birth, workers, death; `serve` has the answers.
//! Source: saslauthd(8), cyrus-sasl 2.1.28 saslauthd-main.c and ipc_unix.c, and its recordings.

mod serve;

use crate::Spec;
use crate::util::getopt;
use machine::{Errno, Facility, Fd, KillTarget, OnSignal, Open, Pid, Run, STDERR, Signal, Spawn, Sys, TraceId, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "saslauthd",
    path: "/usr/sbin/saslauthd",
    synopsis: "-a AUTHMECH [-cdhlrvV] [-O OPTION] [-m PATH] [-n PROCS] [-s SIZE] [-t TIMEOUT]",
    about: "SASL authentication server",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = "usage: saslauthd [options]

option information:
  -a <authmech>  Selects the authentication mechanism to use.
  -c             Enable credential caching.
  -d             Debugging (don't detach from tty, implies -V)
  -r             Combine the realm with the login before passing to authentication mechanism
                 Ex. login: \"foo\" realm: \"bar\" will get passed as login: \"foo@bar\"
                 The realm name is passed untouched.
  -O <option>    Optional argument to pass to the authentication
                 mechanism.
  -l             Disable accept() locking. Increases performance, but
                 may not be compatible with some operating systems.
  -m <path>      Alternate path for the saslauthd working directory,
                 must be absolute.
  -n <procs>     Number of worker processes to create.
  -s <kilobytes> Size of the credential cache (in kilobytes)
  -t <seconds>   Timeout for items in the credential cache (in seconds)
  -v             Display version information and available mechs
  -V             Enable verbose logging
  -h             Display this message.

";
const VERSION: &str = "saslauthd 2.1.28\nauthentication mechanisms: sasldb getpwent kerberos5 pam rimap shadow ldap\n\n";

/// Seconds for which the cache believes an answer.
const CACHE_SECONDS: u64 = 28_800;

/// What a process of saslauthd knows; each worker has its own copy.
#[derive(Clone)]
struct Daemon {
    sys: Sys,
    mech: String,
    dir: String,
    /// Lifetime of cached answers in seconds, if there is a cache.
    cache: Option<u64>,
    debug: bool,
    verbose: bool,
    combine: bool,
    master: Pid,
}

impl Daemon {
    /// One line to syslog, or with -d to standard error.
    fn log(&self, text: std::fmt::Arguments<'_>, trace: TraceId) {
        if self.debug {
            self.sys.print(STDERR, format_args!("saslauthd[{}] :{text}\n", self.sys.pid()));
        } else {
            self.sys.log(Facility::Auth, "saslauthd", format!("{:16}: {text}", ""), trace);
        }
    }
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.dir)
    }
}

/// A complaint before it has become a daemon: to both.
fn refuse(sys: &Sys, text: std::fmt::Arguments<'_>) -> i32 {
    sys.print(STDERR, format_args!("saslauthd[{}] :{text}\n", sys.pid()));
    sys.log(Facility::Auth, "saslauthd", format!("{:16}: {text}", ""), TraceId(0));
    1
}

async fn run(sys: Sys) -> i32 {
    let Some(given) = getopt::getopt(&sys, "a:cdhO:lm:n:rs:t:vV") else {
        sys.print(STDERR, format_args!("{USAGE}{VERSION}"));
        return 0;
    };
    if given.has(b'h') {
        sys.print(STDERR, format_args!("{USAGE}{VERSION}"));
        return 0;
    }
    if given.has(b'v') {
        sys.print(STDERR, format_args!("{VERSION}"));
        return 0;
    }
    let number = |letter, default| given.value(letter).map_or(default, |v| v.parse::<i64>().unwrap_or(0));
    if number(b't', 1) < 1 {
        return refuse(&sys, format_args!("cache timeout must be positive"));
    }
    if number(b's', 1) < 1 {
        return refuse(&sys, format_args!("cache size must be positive and non zero"));
    }
    let Some(mech) = given.value(b'a') else {
        refuse(&sys, format_args!("no authentication mechanism specified"));
        sys.print(STDERR, format_args!("{USAGE}{VERSION}"));
        return 0;
    };
    if !["sasldb", "getpwent", "kerberos5", "pam", "rimap", "shadow", "ldap"].contains(&mech) {
        return refuse(&sys, format_args!("unknown authentication mechanism: {mech}"));
    }
    if matches!(mech, "kerberos5" | "rimap" | "ldap") {
        sys.unsupported(&format!("-a {mech}"));
        return 1;
    }
    let dir = given.value(b'm').unwrap_or("/var/run/saslauthd");
    if !dir.starts_with('/') {
        return refuse(&sys, format_args!("-m requires an absolute pathname"));
    }
    let debug = given.has(b'd');
    let seconds = number(b't', CACHE_SECONDS as i64) as u64;
    let mut daemon = Daemon {
        mech: mech.to_string(),
        dir: dir.trim_end_matches('/').to_string(),
        cache: given.has(b'c').then_some(seconds),
        debug,
        verbose: debug || given.has(b'V'),
        combine: given.has(b'r'),
        master: sys.pid(),
        sys: sys.clone(),
    };
    let workers = number(b'n', 5).clamp(0, 100) as usize;
    sys.umask(Some(0o077)).await;
    if let Err(e) = sys.mkdir(dir, 0o755).await
        && e != Errno::EEXIST
    {
        return refuse(&sys, format_args!("can not mkdir: {dir}"));
    }
    if let Err(e) = sys.chdir(dir).await {
        refuse(&sys, format_args!("could not chdir to: {dir}"));
        return refuse(&sys, format_args!("chdir: {e}"));
    }
    if running(&daemon).await {
        refuse(&sys, format_args!("Cannot start saslauthd"));
        refuse(&sys, format_args!("Another instance of saslauthd is currently running"));
        return 2;
    }
    if debug {
        daemon.log(format_args!("num_procs  : {workers}"), TraceId(0));
        daemon.log(format_args!("mech_option: {}", given.value(b'O').unwrap_or("NULL")), TraceId(0));
        daemon.log(format_args!("run_path   : {dir}"), TraceId(0));
        daemon.log(format_args!("auth_mech  : {mech}"), TraceId(0));
        return master(daemon, workers, None).await;
    }
    // The one that was started waits until the daemon says that it listens.
    let (Ok((read, write)), Ok(null)) = (sys.pipe().await, sys.open("/dev/null", Open::RDWR, 0).await) else {
        return refuse(&sys, format_args!("can't create startup pipe"));
    };
    let mut spawn = Spawn::exec("", sys.args().to_vec());
    spawn.fds = vec![(0, null), (1, null), (2, null), (3, write)];
    spawn.session = true;
    spawn.run = Run::Fork(Box::new(move |sys: Sys| {
        daemon.sys = sys.clone();
        daemon.master = sys.pid();
        Box::pin(master(daemon, workers, Some(3)))
    }));
    if sys.spawn(spawn).await.is_err() {
        return refuse(&sys, format_args!("could not fork child process"));
    }
    let _ = sys.close(write).await;
    match sys.read(read, 1).await {
        Ok(b) if !b.is_empty() => 0,
        _ => {
            refuse(&sys, format_args!("Check syslog for errors"));
            1
        }
    }
}

/// Whether the process that the pid file names lives and is one of us.
async fn running(daemon: &Daemon) -> bool {
    let text = daemon.sys.read_file(&daemon.path("saslauthd.pid")).await.unwrap_or_default();
    let Ok(pid) = String::from_utf8_lossy(&text).trim().parse::<Pid>() else { return false };
    daemon.sys.procs().await.iter().any(|p| p.pid == pid && p.argv.first().is_some_and(|a| a.ends_with("saslauthd")))
}

/// The first of the daemons: makes the files and the socket, starts the others, answers like them, and tidies up at the end.
async fn master(daemon: Daemon, workers: usize, ready: Option<Fd>) -> i32 {
    let sys = daemon.sys.clone();
    sys.on_signal(Signal::Hup, OnSignal::Ignore).await;
    sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
    for signal in [Signal::Term, Signal::Int] {
        sys.on_signal(signal, OnSignal::Catch).await;
    }
    if daemon.cache.is_some() {
        let mmap = daemon.path("cache.mmap");
        if let Err(e) = sys.write_file(&mmap, b"", 0o600).await {
            daemon.log(format_args!("could not open mmap file: {mmap}"), TraceId(0));
            daemon.log(format_args!("open: {e}"), TraceId(0));
            return 1;
        }
        let _ = sys.write_file(&daemon.path("cache.flock"), b"", 0o600).await;
    }
    let pid_file = daemon.path("saslauthd.pid");
    if let Err(e) = sys.write_file(&pid_file, format!("{}\n", sys.pid()).as_bytes(), 0o600).await {
        daemon.log(format_args!("could not open pid file {pid_file}: {e}"), TraceId(0));
        return 1;
    }
    let _ = sys.write_file(&daemon.path("mux.accept"), b"", 0o600).await;
    daemon.log(format_args!("master pid is: {}", if daemon.debug { 0 } else { sys.pid() }), TraceId(0));
    let mux = daemon.path("mux");
    let _ = sys.unlink(&mux).await;
    let listener = match sys.unix_listen(&mux, 0o777).await {
        Ok(fd) => fd,
        Err(e) => {
            daemon.log(format_args!("could not bind to socket: {mux}"), TraceId(0));
            daemon.log(format_args!("bind: {e}"), TraceId(0));
            return 1;
        }
    };
    let _ = sys.chmod(&mux, 0o777).await;
    daemon.log(format_args!("listening on socket: {mux}"), TraceId(0));
    if let Some(fd) = ready {
        let _ = sys.write(fd, b"\0").await;
        let _ = sys.close(fd).await;
    }
    if daemon.debug && workers > 0 {
        daemon.log(format_args!("using process model"), TraceId(0));
    }
    for _ in 1..workers {
        let copy = daemon.clone();
        fork(&daemon, &[listener], Box::new(move |daemon| Box::pin(accept(Daemon { master: copy.master, ..daemon }, listener, true))))
            .await;
    }
    accept(daemon, listener, workers > 0).await
}

type Child = Box<dyn FnOnce(Daemon) -> machine::Guest>;

/// A copy of this process with these descriptors.
async fn fork(daemon: &Daemon, fds: &[Fd], child: Child) {
    let mut spawn = Spawn::exec("", daemon.sys.args().to_vec());
    spawn.fds.extend(fds.iter().map(|fd| (*fd, *fd)));
    spawn.signals = vec![(Signal::Term, OnSignal::Catch), (Signal::Int, OnSignal::Catch)];
    let copy = daemon.clone();
    spawn.run = Run::Fork(Box::new(move |sys| child(Daemon { sys, ..copy })));
    match daemon.sys.spawn(spawn).await {
        Ok(pid) if daemon.verbose => daemon.log(format_args!("forked child: {pid}"), TraceId(0)),
        Ok(_) => {}
        Err(e) => {
            daemon.log(format_args!("could not fork child process"), TraceId(0));
            daemon.log(format_args!("fork: {e}"), TraceId(0));
        }
    }
}

/// Answers one connection after the other, or (`-n 0`) has a new process answer each.
async fn accept(daemon: Daemon, listener: Fd, here: bool) -> i32 {
    let sys = &daemon.sys;
    loop {
        // Children that have ended meanwhile.
        while let Ok(Some(_)) = sys.wait(WaitFor::Any, false, false).await {}
        match sys.accept(listener).await {
            Ok((fd, _)) if here => {
                serve::answer(&daemon, fd).await;
                let _ = sys.close(fd).await;
            }
            Ok((fd, _)) => {
                let child: Child = Box::new(move |daemon| {
                    Box::pin(async move {
                        serve::answer(&daemon, fd).await;
                        0
                    })
                });
                fork(&daemon, &[fd], child).await;
                let _ = sys.close(fd).await;
            }
            Err(Errno::EINTR) => {}
            Err(e) => {
                daemon.log(format_args!("socket accept failure"), TraceId(0));
                daemon.log(format_args!("accept: {e}"), TraceId(0));
                return 1;
            }
        }
        if sys.signals().await.iter().any(|s| matches!(s, Signal::Term | Signal::Int)) {
            return exit(&daemon).await;
        }
    }
}

/// The end: a worker just goes, the master takes the others and all files with it.
async fn exit(daemon: &Daemon) -> i32 {
    let sys = &daemon.sys;
    if sys.pid() != daemon.master {
        return 0;
    }
    sys.on_signal(Signal::Term, OnSignal::Ignore).await;
    let _ = sys.kill(KillTarget::Group(sys.pid()), Some(Signal::Term)).await;
    for name in ["saslauthd.pid", "cache.flock", "cache.mmap", "mux.accept", "mux"] {
        let _ = sys.unlink(&daemon.path(name)).await;
    }
    daemon.log(format_args!("master exited: {}", if daemon.debug { 0 } else { sys.pid() }), TraceId(0));
    0
}
