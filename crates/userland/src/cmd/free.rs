//! free: memory in use.  Guests have none of their own: the numbers are those of such a host.  Source: free(1) of procps-ng 4.0.2.

use crate::util::proc::{self, CACHE_KIB, TOTAL_KIB};
use crate::util::users::Accounts;
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "free",
    path: "/usr/bin/free",
    synopsis: "[options]",
    about: "display amount of free and used memory in the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "free -m | wc -l", out: "3\n", code: 0 }],
};

const USAGE: &str = "
Usage:
 free [options]

Options:
 -b, --bytes         show output in bytes
     --kilo          show output in kilobytes
     --mega          show output in megabytes
     --giga          show output in gigabytes
     --tera          show output in terabytes
     --peta          show output in petabytes
 -k, --kibi          show output in kibibytes
 -m, --mebi          show output in mebibytes
 -g, --gibi          show output in gibibytes
     --tebi          show output in tebibytes
     --pebi          show output in pebibytes
 -h, --human         show human-readable output
     --si            use powers of 1000 not 1024
 -l, --lohi          show detailed low and high memory statistics
 -t, --total         show total for RAM + swap
 -v, --committed     show committed memory and commit limit
 -s N, --seconds N   repeat printing every N seconds
 -c N, --count N     repeat printing N times, then exit
 -w, --wide          wide output

     --help     display this help and exit
 -V, --version  output version information and exit

For more details see free(1).
";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "bytes", Arg::No),
    Opt(b'k', "kibi", Arg::No),
    Opt(b'm', "mebi", Arg::No),
    Opt(b'g', "gibi", Arg::No),
    Opt(0, "kilo", Arg::No),
    Opt(0, "mega", Arg::No),
    Opt(0, "giga", Arg::No),
    Opt(0, "tera", Arg::No),
    Opt(0, "peta", Arg::No),
    Opt(0, "tebi", Arg::No),
    Opt(0, "pebi", Arg::No),
    Opt(b'h', "human", Arg::No),
    Opt(0, "si", Arg::No),
    Opt(b'l', "lohi", Arg::No),
    Opt(b't', "total", Arg::No),
    Opt(b'v', "committed", Arg::No),
    Opt(b's', "seconds", Arg::Yes),
    Opt(b'c', "count", Arg::Yes),
    Opt(b'w', "wide", Arg::No),
    Opt(b'V', "version", Arg::No),
];

/// `1.9Gi`: three digits at most.
fn human(kib: u64) -> String {
    if kib == 0 {
        return "0B".to_string();
    }
    let (mut whole, mut tenths, mut unit) = (kib, 0, 0);
    while whole >= 1000 && unit < 3 {
        (whole, tenths) = (whole / 1024, whole % 1024 * 10 / 1024);
        unit += 1;
    }
    let name = ["Ki", "Mi", "Gi", "Ti"][unit];
    if whole < 10 && unit > 0 { format!("{whole}.{tenths}{name}") } else { format!("{whole}{name}") }
}

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 1) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |letter| given.has(OPTIONS, letter);
    if has(b'V') {
        sys.print(STDOUT, format_args!("free from procps-ng 4.0.2\n"));
        return 0;
    }
    for (letter, name) in [(b'l', "--lohi"), (b'v', "--committed"), (b's', "--seconds"), (b'c', "--count"), (b'w', "--wide")] {
        if has(letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    let procs = proc::all(&sys, &Accounts::read(&sys).await).await;
    let used = proc::used(&procs).min(TOTAL_KIB - CACHE_KIB);
    let show = |kib: u64| match () {
        () if has(b'h') => human(kib),
        () if has(b'b') => (kib * 1024).to_string(),
        () if has(b'm') => (kib / 1024).to_string(),
        () if has(b'g') => (kib / 1024 / 1024).to_string(),
        () if given.has_long(OPTIONS, "kilo") => (kib * 1024 / 1000).to_string(),
        () if given.has_long(OPTIONS, "mega") => (kib * 1024 / 1_000_000).to_string(),
        () => kib.to_string(),
    };
    sys.print(STDOUT, format_args!("               total        used        free      shared  buff/cache   available\n"));
    let rows = [TOTAL_KIB, used, TOTAL_KIB - used - CACHE_KIB, 1128, CACHE_KIB, TOTAL_KIB - used];
    sys.print(STDOUT, format_args!("Mem:   "));
    for kib in rows {
        sys.print(STDOUT, format_args!(" {:>11}", show(kib)));
    }
    sys.print(STDOUT, format_args!("\nSwap:   {0:>11} {0:>11} {0:>11}\n", show(0)));
    if has(b't') {
        sys.print(STDOUT, format_args!("Total: "));
        for kib in &rows[..3] {
            sys.print(STDOUT, format_args!(" {:>11}", show(*kib)));
        }
        sys.print(STDOUT, format_args!("\n"));
    }
    0
}
