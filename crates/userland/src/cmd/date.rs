//! date: print or set the time.  Source: POSIX date, coreutils 9.1.

use crate::util::date::strftime;
use crate::util::quote::quote;
use crate::util::zone::Zone;
use crate::util::{gnu, when};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, SimTime, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "date",
    path: "/usr/bin/date",
    synopsis: "[OPTION]... [+FORMAT]",
    about: "print or set the system date and time",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "TZ=UTC0 date -d @0 '+%F %T'", out: "1970-01-01 00:00:00\n", code: 0 },
        Ex { sh: "date -d garbage", out: "date: invalid date ‘garbage’\n", code: 1 },
    ],
};

const HELP: &str = "Usage: date [OPTION]... [+FORMAT]\n  or:  date [-u|--utc|--universal] [MMDDhhmm[[CC]YY][.ss]]\nDisplay date and time in the given FORMAT.\nWith -s, or with [MMDDhhmm[[CC]YY][.ss]], set the date and time.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'd', "date", Arg::Yes),
    Opt(0, "debug", Arg::No),
    Opt(b'f', "file", Arg::Yes),
    Opt(b'I', "iso-8601", Arg::Maybe),
    Opt(b'r', "reference", Arg::Yes),
    Opt(b'R', "rfc-email", Arg::No),
    Opt(0, "rfc-3339", Arg::Yes),
    Opt(b's', "set", Arg::Yes),
    Opt(b'u', "utc", Arg::No),
    Opt(b'u', "universal", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let zone = if given.has(OPTIONS, b'u') { Zone::utc() } else { Zone::of(&sys) };
    let fraction = |text: Option<&str>| match text.unwrap_or("date") {
        "hours" => Some("%Y-%m-%dT%H%:z"),
        "minutes" => Some("%Y-%m-%dT%H:%M%:z"),
        "seconds" => Some("%Y-%m-%dT%H:%M:%S%:z"),
        "ns" => Some("%Y-%m-%dT%H:%M:%S,%N%:z"),
        "date" => Some("%Y-%m-%d"),
        _ => None,
    };
    let mut format: Option<String> = None;
    for (i, value) in &given.options {
        let found = match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'I', _) => fraction(value.as_deref()).map(str::to_string),
            (b'R', _) => Some("%a, %d %b %Y %H:%M:%S %z".to_string()),
            (_, "rfc-3339") => fraction(value.as_deref()).map(|f| f.replace('T', " ").replace(',', ".")),
            _ => continue,
        };
        match found {
            Some(f) => format = Some(f),
            None => {
                let long = OPTIONS[*i].1;
                let words: &[&str] =
                    if long == "rfc-3339" { &["date", "seconds", "ns"] } else { &["hours", "minutes", "date", "seconds", "ns"] };
                let list: String = words.iter().flat_map(|w| ["\n  - ".to_string(), quote(w)]).collect();
                let given = quote(value.as_deref().unwrap_or(""));
                return gnu::misuse(
                    &sys,
                    1,
                    format_args!("invalid argument {given} for {}\nValid arguments are:{list}", quote(&format!("--{long}"))),
                );
            }
        }
    }
    let mut clock = None;
    for operand in &given.operands {
        if let Some(f) = operand.strip_prefix('+') {
            if format.replace(f.to_string()).is_some() {
                sys.complain(format_args!("multiple output formats specified"));
                return 1;
            }
        } else if format.is_some() || clock.replace(operand).is_some() {
            return gnu::extra(&sys, operand);
        }
    }
    let format = format.unwrap_or_else(|| "%a %b %e %H:%M:%S %Z %Y".to_string());
    let print = |at: SimTime| sys.print(STDOUT, format_args!("{}\n", strftime(&format, at, &zone)));
    if let Some(name) = given.value(OPTIONS, b'f') {
        let text = match gnu::slurp(&sys, name).await {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                return 1;
            }
        };
        let mut status = 0;
        for line in text.lines() {
            match when::parse(line, sys.now(), &zone) {
                Some(at) => print(at),
                None => {
                    sys.complain(format_args!("invalid date {}", quote(line)));
                    status = 1;
                }
            }
        }
        return status;
    }
    let mut at = sys.now();
    let set = given.value(OPTIONS, b's');
    if let Some(name) = given.value(OPTIONS, b'r') {
        match sys.stat(name).await {
            Ok(s) => at = s.mtime,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                return 1;
            }
        }
    } else if let Some(text) = set.or(given.value(OPTIONS, b'd')).or(clock.map(String::as_str)) {
        let stamp = clock.filter(|_| set.is_none() && given.value(OPTIONS, b'd').is_none());
        let found = match stamp {
            Some(digits) => posix(digits, sys.now(), &zone),
            None => when::parse(text, sys.now(), &zone),
        };
        let Some(found) = found else {
            sys.complain(format_args!("invalid date {}", quote(text)));
            return 1;
        };
        at = found;
        if (set.is_some() || stamp.is_some())
            && let Err(e) = sys.set_clock(at).await
        {
            sys.complain(format_args!("cannot set date: {e}"));
            print(at);
            return 1;
        }
    }
    print(at);
    0
}

/// `MMDDhhmm[[CC]YY][.ss]`.
fn posix(text: &str, now: SimTime, zone: &Zone) -> Option<SimTime> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "00"));
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 8 | 10 | 12) {
        return None;
    }
    let year = match digits.len() {
        8 => zone.local(now).year.to_string(),
        10 => format!("20{}", &digits[8..]),
        _ => digits[8..].to_string(),
    };
    let iso = format!("{year}-{}-{} {}:{}:{seconds}", &digits[..2], &digits[2..4], &digits[4..6], &digits[6..8]);
    when::parse(&iso, now, zone)
}
