//! Times as text: strftime(3) with GNU's flags, in the C locale.
//! Not here: reading dates (`when`). Source: coreutils 9.1 `date`, gnulib nstrftime.

use crate::util::zone::Zone;
use machine::{DateTime, SimTime, days_from_civil};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// Full name of a month (1 to 12).
pub(crate) fn month(n: u8) -> &'static str {
    MONTHS[usize::from(n.clamp(1, 12)) - 1]
}

fn number(out: &mut String, n: i64, width: usize, pad: char) {
    let text = n.abs().to_string();
    if n < 0 {
        out.push('-');
    }
    if pad != '-' {
        for _ in text.len()..width {
            out.push(pad);
        }
    }
    out.push_str(&text);
}

/// `+0800`, with colons `+08:00`, `+08:00:00`.
pub(crate) fn offset(minutes: i32, colons: usize) -> String {
    let m = minutes.unsigned_abs();
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if colons > 0 { ":" } else { "" };
    format!("{sign}{:02}{colon}{:02}{}", m / 60, m % 60, if colons > 1 { ":00" } else { "" })
}

/// ISO 8601 year and week.
fn iso(t: &DateTime) -> (i64, i64) {
    let monday = (i64::from(t.weekday) + 6) % 7;
    let day = days_from_civil(t.year, t.month, t.day);
    let thursday = day - monday + 3;
    let mut year = t.year;
    if thursday < days_from_civil(t.year, 1, 1) {
        year -= 1;
    } else if thursday >= days_from_civil(t.year + 1, 1, 1) {
        year += 1;
    }
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// Formats a time; what is no conversion stays as it is.
pub(crate) fn strftime(format: &str, time: SimTime, zone: &Zone) -> String {
    let (minutes, name) = zone.at(time);
    let t = DateTime::new(time, minutes);
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let spec = &rest[at..];
        let body = &spec[1..];
        let flags: usize = body.bytes().take_while(|b| matches!(b, b'-' | b'_' | b'0' | b'^' | b'#' | b'+')).count();
        let mut used = flags;
        let digits = body[used..].bytes().take_while(u8::is_ascii_digit).count();
        let width: Option<usize> = body[used..used + digits].parse().ok().map(|w: usize| w.min(1000));
        used += digits;
        let colons = body[used..].bytes().take_while(|b| *b == b':').count();
        used += colons;
        if matches!(body.as_bytes().get(used), Some(b'E' | b'O')) {
            used += 1;
        }
        let Some(c) = body[used..].chars().next() else {
            out.push_str(spec);
            return out;
        };
        used += c.len_utf8();
        let flags = &body[..flags];
        let pad = match flags.chars().rfind(|c| matches!(c, '-' | '_' | '0')) {
            Some('_') => Some(' '),
            other => other,
        };
        let mut one = String::new();
        let hour12 = i64::from((t.hour + 11) % 12 + 1);
        let sub = |f: &str| strftime(f, time, zone);
        let numeric = match c {
            'C' => Some((t.year.div_euclid(100), 2, '0')),
            'd' => Some((i64::from(t.day), 2, '0')),
            'e' => Some((i64::from(t.day), 2, ' ')),
            'g' => Some((iso(&t).0.rem_euclid(100), 2, '0')),
            'G' => Some((iso(&t).0, 4, '0')),
            'H' => Some((i64::from(t.hour), 2, '0')),
            'I' => Some((hour12, 2, '0')),
            'j' => Some((i64::from(t.yearday) + 1, 3, '0')),
            'k' => Some((i64::from(t.hour), 2, ' ')),
            'l' => Some((hour12, 2, ' ')),
            'm' => Some((i64::from(t.month), 2, '0')),
            'M' => Some((i64::from(t.minute), 2, '0')),
            'q' => Some(((i64::from(t.month) + 2) / 3, 1, '0')),
            's' => Some((time.secs() as i64, 1, '0')),
            'S' => Some((i64::from(t.second), 2, '0')),
            'u' => Some(((i64::from(t.weekday) + 6) % 7 + 1, 1, '0')),
            'U' => Some(((i64::from(t.yearday) + 7 - i64::from(t.weekday)) / 7, 2, '0')),
            'V' => Some((iso(&t).1, 2, '0')),
            'w' => Some((i64::from(t.weekday), 1, '0')),
            'W' => Some(((i64::from(t.yearday) + 7 - (i64::from(t.weekday) + 6) % 7) / 7, 2, '0')),
            'y' => Some((t.year.rem_euclid(100), 2, '0')),
            'Y' => Some((t.year, 4, '0')),
            _ => None,
        };
        if let Some((n, usual, filler)) = numeric {
            number(&mut one, n, width.unwrap_or(usual), pad.unwrap_or(filler));
        } else {
            match c {
                '%' => one.push('%'),
                'a' => one.push_str(t.day_name()),
                'A' => one.push_str(DAYS[usize::from(t.weekday % 7)]),
                'b' | 'h' => one.push_str(t.month_name()),
                'B' => one.push_str(month(t.month)),
                'c' => one = sub("%a %b %e %H:%M:%S %Y"),
                'D' | 'x' => one = sub("%m/%d/%y"),
                'F' => one = sub("%Y-%m-%d"),
                'n' => one.push('\n'),
                'N' => {
                    let nanos = format!("{:09}", u64::from(t.micros) * 1000);
                    one.push_str(&nanos[..width.unwrap_or(9).min(9)]);
                }
                'p' => one.push_str(if flags.contains('#') { ["am", "pm"] } else { ["AM", "PM"] }[usize::from(t.hour >= 12)]),
                'P' => one.push_str(["am", "pm"][usize::from(t.hour >= 12)]),
                'r' => one = sub("%I:%M:%S %p"),
                'R' => one = sub("%H:%M"),
                't' => one.push('\t'),
                'T' | 'X' => one = sub("%H:%M:%S"),
                'z' => one = offset(minutes, colons),
                'Z' if flags.contains('#') => one.push_str(&name.to_ascii_lowercase()),
                'Z' => one.push_str(name),
                _ => one.push_str(&spec[..1 + used]),
            }
            if flags.contains('^') {
                one.make_ascii_uppercase();
            }
            for _ in one.chars().count()..width.unwrap_or(0) {
                one.insert(0, if pad == Some('0') { '0' } else { ' ' });
            }
        }
        out.push_str(&one);
        rest = &body[used..];
    }
    out.push_str(rest);
    out
}
