//! touch: change times, make empty files.  Source: POSIX touch, coreutils 9.1.

use crate::util::quote::{quote, quoteaf};
use crate::util::zone::Zone;
use crate::util::{gnu, when};
use crate::{Arg, Ex, Opt, Spec};
use machine::{DateTime, Errno, Open, SimTime, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "touch",
    path: "/usr/bin/touch",
    synopsis: "[OPTION]... FILE...",
    about: "change file timestamps",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "touch -d '2011-08-11 03:51' f; stat -c %Y f", out: "1313005860\n", code: 0 },
        Ex { sh: "touch nosuch/f", out: "touch: cannot touch 'nosuch/f': No such file or directory\n", code: 1 },
    ],
};

const HELP: &str = "Usage: touch [OPTION]... FILE...\nUpdate the access and modification times of each FILE to the current time.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "", Arg::No),
    Opt(b'c', "no-create", Arg::No),
    Opt(b'd', "date", Arg::Yes),
    Opt(b'f', "", Arg::No),
    Opt(b'h', "no-dereference", Arg::No),
    Opt(b'm', "", Arg::No),
    Opt(b'r', "reference", Arg::Yes),
    Opt(b't', "", Arg::Yes),
    Opt(0, "time", Arg::Yes),
];

/// `[[CC]YY]MMDDhhmm[.ss]`.
fn stamp(text: &str, now: SimTime, zone: &Zone) -> Option<SimTime> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "00"));
    if !digits.bytes().chain(seconds.bytes()).all(|b| b.is_ascii_digit()) || seconds.len() != 2 {
        return None;
    }
    let this = zone.local(now).year;
    let (year, rest) = match digits.len() {
        8 => (this, digits),
        10 => {
            let y: i64 = digits[..2].parse().ok()?;
            (if y < 69 { 2000 + y } else { 1900 + y }, &digits[2..])
        }
        12 => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let two = |i: usize| rest[i..i + 2].parse::<u8>().ok();
    let (month, day, hour, minute) = (two(0)?, two(2)?, two(4)?, two(6)?);
    let second = seconds.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let t = DateTime { year, month, day, hour, minute, second, ..DateTime::new(now, 0) };
    Some(SimTime::from_secs(u64::try_from(zone.to_secs(t)).ok()?))
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let zone = Zone::of(&sys);
    let mut times = (sys.now(), sys.now());
    if let Some(name) = given.value(OPTIONS, b'r') {
        match sys.stat(name).await {
            Ok(s) => times = (s.atime, s.mtime),
            Err(e) => {
                sys.complain(format_args!("failed to get attributes of {}: {e}", quoteaf(name)));
                return 1;
            }
        }
    }
    if let Some(text) = given.value(OPTIONS, b'd') {
        let Some(t) = when::parse(text, times.1, &zone) else {
            sys.complain(format_args!("invalid date format {}", quote(text)));
            return 1;
        };
        times = (t, t);
    }
    if let Some(text) = given.value(OPTIONS, b't') {
        let Some(t) = stamp(text, sys.now(), &zone) else {
            sys.complain(format_args!("invalid date format {}", quote(text)));
            return 1;
        };
        times = (t, t);
    }
    if given.operands.is_empty() {
        return gnu::misuse(&sys, 1, format_args!("missing file operand"));
    }
    let which = given.value_long(OPTIONS, "time").unwrap_or("");
    let only_a = given.has(OPTIONS, b'a') || matches!(which, "access" | "atime" | "use");
    let only_m = given.has(OPTIONS, b'm') || matches!(which, "modify" | "mtime");
    let atime = Some(times.0).filter(|_| only_a || !only_m);
    let mtime = Some(times.1).filter(|_| only_m || !only_a);
    let mut status = 0;
    for name in &given.operands {
        let mut result = sys.utimes(name, atime, mtime).await;
        if result == Err(Errno::ENOENT) {
            if given.has(OPTIONS, b'c') {
                continue;
            }
            result = async {
                let fd = sys.open(name, Open { write: true, create: true, ..Open::default() }, 0o666).await?;
                sys.close(fd).await?;
                sys.utimes(name, atime, mtime).await
            }
            .await;
        }
        if let Err(e) = result {
            // touch opens the file first, and tells of that.
            let closed = e == Errno::EPERM && sys.access(name, false, true, false).await.is_err();
            let (what, e) = match e {
                _ if name == "/" => ("setting times of", Errno::EACCES),
                Errno::EPERM if closed => ("cannot touch", Errno::EACCES),
                Errno::EPERM => ("setting times of", e),
                Errno::EISDIR if name.ends_with('/') => ("setting times of", Errno::ENOENT),
                _ => ("cannot touch", e),
            };
            sys.complain(format_args!("{what} {}: {e}", quoteaf(name)));
            status = 1;
        }
    }
    status
}
