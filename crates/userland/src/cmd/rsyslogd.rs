//! rsyslogd: while it runs, log lines are written (by the kernel, which is its hand here).  Not here: rules of its own: the files are fixed.
//! Source: rsyslogd(8) 8.2302.

use crate::Spec;
use crate::util::getopt;
use machine::{Facility, OnSignal, Open, Pid, Run, STDERR, STDOUT, Signal, Spawn, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "rsyslogd",
    path: "/usr/sbin/rsyslogd",
    synopsis: "[-n] [-i PIDFILE] [-f CONFIG] [-v]",
    about: "reliable and extended syslogd",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const PID_FILE: &str = "/var/run/syslogd.pid";

async fn run(sys: Sys) -> i32 {
    let Some(given) = getopt::getopt(&sys, "c:f:i:nvm:xN:") else { return 1 };
    if given.has(b'v') {
        sys.print(STDOUT, format_args!("rsyslogd  8.2302.0 (aka 2023.02)\n"));
        return 0;
    }
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("rsyslogd: could not create PID file {PID_FILE}: Permission denied\n"));
        return 1;
    }
    let text = sys.read_file(PID_FILE).await.unwrap_or_default();
    if let Ok(pid) = String::from_utf8_lossy(&text).trim().parse::<Pid>()
        && sys.procs().await.iter().any(|p| p.pid == pid)
    {
        sys.print(STDERR, format_args!("rsyslogd: pidfile '{PID_FILE}' and pid {pid} already exist.\n"));
        sys.print(
            STDERR,
            format_args!(
                "If you want to run multiple instances of rsyslog, you need to specify\ndifferent pid files for them (-i option).\n"
            ),
        );
        return 1;
    }
    if given.has(b'n') {
        return serve(sys).await;
    }
    let (Ok((read, write)), Ok(null)) = (sys.pipe().await, sys.open("/dev/null", Open::RDWR, 0).await) else { return 1 };
    let mut spawn = Spawn::exec("", sys.args().to_vec());
    spawn.fds = vec![(0, null), (1, null), (2, null), (3, write)];
    spawn.session = true;
    spawn.run = Run::Fork(Box::new(|sys: Sys| {
        Box::pin(async move {
            let _ = sys.write_file(PID_FILE, format!("{}\n", sys.pid()).as_bytes(), 0o644).await;
            // Who started it waits for this.
            let _ = sys.write(3, b"\0").await;
            let _ = sys.close(3).await;
            serve(sys).await
        })
    }));
    if sys.spawn(spawn).await.is_err() {
        return 1;
    }
    let _ = sys.close(write).await;
    let _ = sys.read(read, 1).await;
    0
}

async fn serve(sys: Sys) -> i32 {
    for signal in [Signal::Hup, Signal::Term, Signal::Int] {
        sys.on_signal(signal, OnSignal::Catch).await;
    }
    let _ = sys.write_file(PID_FILE, format!("{}\n", sys.pid()).as_bytes(), 0o644).await;
    let origin =
        format!("[origin software=\"rsyslogd\" swVersion=\"8.2302.0\" x-pid=\"{}\" x-info=\"https://www.rsyslog.com\"]", sys.pid());
    let log = |what: &str| sys.log(Facility::Daemon, "rsyslogd:", format!("{origin} {what}"), TraceId(0));
    log("start");
    loop {
        sys.pause().await;
        let signals = sys.signals().await;
        if signals.contains(&Signal::Hup) {
            log("rsyslogd was HUPed");
        }
        if let Some(signal) = signals.iter().find(|s| matches!(s, Signal::Term | Signal::Int)) {
            log(&format!("exiting on signal {}.", *signal as i32));
            let _ = sys.unlink(PID_FILE).await;
            return 0;
        }
    }
}
