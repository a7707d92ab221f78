//! shutdown, reboot: start the host anew.  Not here: turning it off, a time other than now.  Source: shutdown(8), halt(8) of sysvinit.

use super::init;
use crate::util::proc::{self, local};
use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{Open, STDERR, STDIN, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "shutdown",
    path: "/usr/sbin/shutdown",
    synopsis: "-r now",
    about: "bring the system down",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "shutdown -h now", out: "shutdown: turning the host off: not simulated here\n", code: 1 }],
};

pub(super) const REBOOT: Spec = Spec {
    name: "reboot",
    path: "/usr/sbin/reboot",
    synopsis: "",
    about: "reboot the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

async fn run(sys: Sys) -> i32 {
    let args = sys.args().get(1..).unwrap_or(&[]).join(" ");
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("{}: must be root.\n", sys.name()));
        return 1;
    }
    match (sys.name(), args.as_str()) {
        ("reboot", "" | "-f" | "--force") | ("shutdown", "-r now" | "-r +0" | "-rf now") => {}
        ("reboot", _) => {
            sys.unsupported(&args);
            return 1;
        }
        (_, "") => {
            sys.print(STDERR, format_args!("Usage:\tshutdown [-akrhPHfFnc] [-t sec] time [warning message]\n"));
            return 1;
        }
        _ => {
            sys.unsupported(if args.contains("-r") { "a time other than now" } else { "turning the host off" });
            return 1;
        }
    }
    // Everybody is told.
    let accounts = Accounts::read(&sys).await;
    let procs = proc::all(&sys, &accounts).await;
    let host = sys.host_name().await;
    let on = sys.tty_name(STDIN).await.map_or(String::new(), |t| format!(" ({})", t.trim_start_matches("/dev/")));
    let t = local(&sys, sys.now());
    let when = format!("{} {} {:2} {:02}:{:02}:{:02} {}", t.day_name(), t.month_name(), t.day, t.hour, t.minute, t.second, t.year);
    let who = accounts.user_name(sys.ids().uid);
    let text = format!("\nBroadcast message from {who}@{host}{on} ({when}):\n\nThe system is going down for reboot NOW!\n");
    for (leader, _) in proc::sessions(&procs) {
        if let Ok(fd) = sys.open(&format!("/dev/{}", leader.row.tty), Open { create: false, ..Open::APPEND }, 0).await {
            let _ = sys.write(fd, text.as_bytes()).await;
            let _ = sys.close(fd).await;
        }
    }
    init::ask(&sys, "6").await
}
