//! Processes as procps sees them: short name, command line, owner, state letters, times; and the host's memory.
//! Not here: which of them, and in what columns (`ps`, `pgrep`, `top`). Source: proc(5).

use crate::util::users::Accounts;
use crate::util::zone::Zone;
use machine::{DateTime, ProcInfo, SimTime, Sys};

/// Memory of a host in KiB: all hosts of a lab are alike.
pub(crate) const TOTAL_KIB: u64 = 2_030_084;
/// Of it, what the kernel and its cache take.
pub(crate) const CACHE_KIB: u64 = 412_336;
const KERNEL_KIB: u64 = 96_148;

/// A process with what is derived from its row.
pub(crate) struct Proc {
    pub(crate) row: ProcInfo,
    /// Name of its program, 15 characters at most.
    pub(crate) comm: String,
    /// Its command line.
    pub(crate) args: String,
    pub(crate) user: String,
}

/// Address space and resident memory in KiB. Guests have neither: these are what such programs have in life.
const MEMORY: [(&str, u64, u64); 9] = [
    ("bash", 7196, 3916),
    ("init", 1984, 740),
    ("master", 43276, 4800),
    ("qmgr", 43328, 7176),
    ("pickup", 43276, 7112),
    ("saslauthd", 8932, 3076),
    ("smtpd", 43716, 8420),
    ("su", 8368, 4208),
    ("telnet", 4612, 2680),
];

impl Proc {
    /// Address space and resident memory in KiB.
    pub(crate) fn memory(&self) -> (u64, u64) {
        MEMORY.iter().find(|(n, ..)| *n == self.comm).map_or((5472, 2304), |&(_, v, r)| (v, r))
    }
    /// `Ss+`
    pub(crate) fn stat(&self) -> String {
        let mut out = String::from(self.row.state);
        if self.row.session == self.row.pid {
            out.push('s');
        }
        if self.row.foreground {
            out.push('+');
        }
        out
    }
}

/// All processes of the host, by pid.
pub(crate) async fn all(sys: &Sys, accounts: &Accounts) -> Vec<Proc> {
    let rows = sys.procs().await;
    rows.into_iter()
        .map(|row| {
            let first = row.argv.first().map_or("", String::as_str);
            let name = first.split(' ').next().unwrap_or("");
            let mut comm: String = name.rsplit('/').next().unwrap_or("").trim_start_matches('-').chars().take(15).collect();
            if comm.is_empty() {
                comm.push('?');
            }
            let (args, shown) = if row.state == 'Z' {
                (format!("[{comm}] <defunct>"), format!("{comm} <defunct>"))
            } else {
                (row.argv.join(" ").replace('\n', " "), comm)
            };
            Proc { user: accounts.user_name(row.uid), comm: shown, args, row }
        })
        .collect()
}

/// Memory in use by processes and kernel, in KiB.
pub(crate) fn used(procs: &[Proc]) -> u64 {
    // A third of what is resident is shared with others.
    KERNEL_KIB + procs.iter().map(|p| p.memory().1 * 2 / 3).sum::<u64>()
}

/// When the host was started: when process 1 made /run/utmp, or with the first process.
pub(crate) async fn boot(sys: &Sys, procs: &[Proc]) -> SimTime {
    match sys.stat("/run/utmp").await {
        Ok(stat) => stat.mtime,
        Err(_) => procs.iter().map(|p| p.row.started).min().unwrap_or_default(),
    }
}

/// The sessions on terminals: who logged in where and when, and what runs in front there.
pub(crate) fn sessions(procs: &[Proc]) -> Vec<(&Proc, &Proc)> {
    let leaders = procs.iter().filter(|p| p.row.tty != "?" && p.row.session == p.row.pid && p.row.state != 'Z');
    leaders
        .map(|leader| {
            let front = procs.iter().filter(|p| p.row.tty == leader.row.tty && p.row.foreground).max_by_key(|p| p.row.pid);
            (leader, front.unwrap_or(leader))
        })
        .collect()
}

/// ` 12:31:01 up  3:45,  1 user,  load average: 0.00, 0.00, 0.00`, without the newline.
pub(crate) async fn uptime_line(sys: &Sys, procs: &[Proc]) -> String {
    let now = local(sys, sys.now());
    let minutes = sys.now().since(boot(sys, procs).await) / 60_000_000;
    let (days, hours, mins) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let mut up = String::new();
    if days > 0 {
        up += &format!("{days} day{}, ", if days > 1 { "s" } else { "" });
    }
    up += &if hours > 0 { format!("{hours:2}:{mins:02}") } else { format!("{mins} min") };
    let users = sessions(procs).len();
    let s = if users == 1 { "" } else { "s" };
    format!(" {:02}:{:02}:{:02} up {up}, {users:2} user{s},  load average: 0.00, 0.00, 0.00", now.hour, now.minute, now.second)
}

/// A time in the zone of the process.
pub(crate) fn local(sys: &Sys, at: SimTime) -> DateTime {
    Zone::of(sys).local(at)
}
