//! top: processes and the host's load, once (`-b`).  Not here: the full-screen display.  Source: top(1) of procps-ng 4.0.2.

use crate::Spec;
use crate::util::proc::{self, CACHE_KIB, Proc, TOTAL_KIB};
use crate::util::users::Accounts;
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "top",
    path: "/usr/bin/top",
    synopsis: "-b [-n COUNT] [-d SECONDS] [-p PID[,PID...]] [-u USER]",
    about: "display Linux processes",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

async fn run(sys: Sys) -> i32 {
    let (mut batch, mut count, mut delay, mut pids, mut user) = (false, 0u64, 3u64, Vec::new(), None);
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        let letters = arg.trim_start_matches('-');
        for (i, c) in letters.char_indices() {
            if matches!(c, 'n' | 'd' | 'p' | 'u' | 'U' | 'o' | 'w') {
                let attached = letters.get(i + c.len_utf8()..).unwrap_or("");
                let value = if attached.is_empty() { args.next().cloned().unwrap_or_default() } else { attached.to_string() };
                match c {
                    'n' => count = value.parse().unwrap_or(0),
                    'd' => delay = value.split('.').next().and_then(|d| d.parse().ok()).unwrap_or(3),
                    'p' => pids.extend(value.split(',').filter_map(|p| p.parse::<i32>().ok())),
                    'u' | 'U' => user = Some(value),
                    _ => {
                        sys.unsupported(&format!("-{c}"));
                        return 1;
                    }
                }
                break;
            }
            match c {
                'b' => batch = true,
                'v' | 'V' => {
                    sys.print(STDOUT, format_args!("top from procps-ng 4.0.2\n"));
                    return 0;
                }
                'c' | 'i' | 'H' | 's' | 'S' | '1' | 'E' | 'e' => {}
                _ => {
                    sys.print(STDERR, format_args!("top: unknown option '{c}'\nUsage:\n  top -hv | -bcEeHiOSs1 -d secs -n max -u|U user -p pid(s) -o field -w [cols]\n"));
                    return 1;
                }
            }
        }
    }
    if !batch {
        sys.unsupported("the full-screen display (try top -b -n 1)");
        return 1;
    }
    let accounts = Accounts::read(&sys).await;
    let mut shown = 0;
    loop {
        let procs = proc::all(&sys, &accounts).await;
        let wanted = |p: &&Proc| (pids.is_empty() || pids.contains(&p.row.pid)) && user.as_ref().is_none_or(|u| *u == p.user);
        let up = proc::uptime_line(&sys, &procs).await;
        screen(&sys, &up, &procs, procs.iter().filter(wanted));
        shown += 1;
        if count > 0 && shown >= count {
            return 0;
        }
        if sys.sleep(delay.max(1) * 1_000_000).await.is_err() {
            return 0;
        }
        sys.print(STDOUT, format_args!("\n"));
    }
}

/// `1982.5`, out of KiB.
fn mib(kib: u64) -> String {
    format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024)
}

fn screen<'a>(sys: &Sys, up: &str, all: &'a [Proc], wanted: impl Iterator<Item = &'a Proc>) {
    let state = |s: char| all.iter().filter(|p| p.row.state == s).count();
    let used = proc::used(all);
    sys.print(STDOUT, format_args!("top -{up}\n"));
    sys.print(
        STDOUT,
        format_args!(
            "Tasks: {:3} total, {:3} running, {:3} sleeping, {:3} stopped, {:3} zombie\n",
            all.len(),
            state('R'),
            state('S'),
            state('T'),
            state('Z')
        ),
    );
    sys.print(STDOUT, format_args!("%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n"));
    sys.print(
        STDOUT,
        format_args!(
            "MiB Mem : {:>8} total, {:>8} free, {:>8} used, {:>8} buff/cache     \n",
            mib(TOTAL_KIB),
            mib(TOTAL_KIB - used - CACHE_KIB),
            mib(used),
            mib(CACHE_KIB)
        ),
    );
    sys.print(STDOUT, format_args!("MiB Swap:      0.0 total,      0.0 free,      0.0 used. {:>8} avail Mem \n\n", mib(TOTAL_KIB - used)));
    sys.print(STDOUT, format_args!("    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"));
    for p in wanted {
        let (vsz, rss) = p.memory();
        let user: String = if p.user.len() > 8 { p.user.chars().take(7).chain(['+']).collect() } else { p.user.clone() };
        let share = rss * 1000 / TOTAL_KIB;
        sys.print(
            STDOUT,
            format_args!(
                "{:7} {user:8}  20   0 {vsz:7} {rss:6} {:6} {}   0.0 {:3}.{}   0:00.00 {}\n",
                p.row.pid,
                rss * 3 / 4,
                p.row.state,
                share / 10,
                share % 10,
                p.comm
            ),
        );
    }
}
