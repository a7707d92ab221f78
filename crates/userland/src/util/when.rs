//! Reads dates as `date -d` and `touch -d` do: ISO, words, relative items, `@seconds`.
//! Not here: writing them (`date`). Source: gnulib parse-datetime, "Date input formats" of the coreutils manual.

use crate::util::zone::Zone;
use machine::{DateTime, SimTime, days_from_civil};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Units of relative items: their names, and what one is: months or seconds.
const UNITS: [(&str, i64, i64); 9] = [
    ("year", 12, 0),
    ("month", 1, 0),
    ("fortnight", 0, 1_209_600),
    ("week", 0, 604_800),
    ("day", 0, 86_400),
    ("hour", 0, 3600),
    ("min", 0, 60),
    ("minute", 0, 60),
    ("sec", 0, 1),
];
/// Words that count, from -1; `second` is a unit.
const ORDINALS: [&str; 14] =
    ["last", "this", "next", "-", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"];
/// Zones by abbreviation, in minutes.
const ABBREVIATIONS: [(&str, i32); 11] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("est", -300),
    ("edt", -240),
    ("pst", -480),
    ("pdt", -420),
    ("cet", 60),
    ("cest", 120),
    ("jst", 540),
    ("msk", 180),
];

/// Words and numbers of a date; a number keeps what is glued to it by `-`, `/`, `:` or `.`.
fn tokens(text: &str) -> Option<Vec<String>> {
    let lower = text.to_ascii_lowercase();
    let mut out: Vec<String> = Vec::new();
    let mut chars = lower.chars().peekable();
    while let Some(c) = chars.next() {
        let mut word = c.to_string();
        if c.is_ascii_alphabetic() {
            while let Some(c) = chars.next_if(|c| c.is_ascii_alphabetic() || *c == '.') {
                word.push(c);
            }
            // The T of an ISO time.
            if word == "t" && chars.peek().is_some_and(char::is_ascii_digit) && out.last().is_some_and(|l| l.contains('-')) {
                continue;
            }
        } else if c.is_ascii_digit() || matches!(c, '+' | '-' | '@') {
            while matches!(c, '+' | '-') && chars.next_if(char::is_ascii_whitespace).is_some() {}
            while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || matches!(c, ':' | '/' | '.') || *c == '-') {
                // A zone behind a time begins anew.
                if c == '-' && word.contains(':') {
                    out.push(std::mem::take(&mut word));
                }
                word.push(c);
            }
        } else if c.is_ascii_whitespace() || c == ',' {
            continue;
        } else {
            return None;
        }
        out.push(word);
    }
    Some(out)
}

fn numbers(text: &str, by: char) -> Option<Vec<i64>> {
    text.split(by).map(|p| if p.len() > 9 || p.starts_with('+') { None } else { p.parse().ok() }).collect()
}

/// Index of the word in a list whose items are given by three letters.
fn three(word: &str, list: &[&str]) -> Option<usize> {
    let word = word.trim_end_matches('.');
    let full = |i: usize| match list.len() {
        12 => crate::util::date::month(i as u8 + 1).to_ascii_lowercase(),
        _ => ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"][i].to_string(),
    };
    list.iter().enumerate().position(|(i, l)| word == *l || word == full(i) || (word == "sept" && *l == "sep"))
}

/// A zone written as `+0800`, `+08:00`, `-5`.
fn offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let n: i32 = digits.parse().ok()?;
    Some(sign * if digits.len() <= 2 { n * 60 } else { n / 100 * 60 + n % 100 })
}

#[derive(Default)]
struct Found {
    date: Option<(Option<i64>, i64, i64)>,
    time: Option<(i64, i64, i64, u64)>,
    zone: Option<i32>,
    day: Option<(usize, i64)>,
    months: i64,
    secs: i64,
    relative: bool,
}

/// The time a text names, `now` being now. `None`: not a date.
pub(crate) fn parse(text: &str, now: SimTime, zone: &Zone) -> Option<SimTime> {
    let text = text.trim();
    if let Some((name, rest)) = text.strip_prefix("TZ=\"").and_then(|t| t.split_once('"')) {
        return parse(rest, now, &Zone::named(Some(name), 0));
    }
    let all = tokens(text)?;
    if let Some(first) = all.first().filter(|t| t.starts_with('@')) {
        let (secs, fraction) = first[1..].split_once('.').unwrap_or((&first[1..], ""));
        let secs: u64 = secs.parse().ok()?;
        return if all.len() == 1 { Some(SimTime::from_secs(secs).plus_micros(micros(fraction))) } else { None };
    }
    let mut f = Found::default();
    let mut i = 0;
    while i < all.len() {
        i += item(&all[i..], &mut f)?;
    }
    let today = zone.local(now);
    let mut t = today;
    let (h, m, s, micro) = f.time.unwrap_or(if f.date.is_some() || f.day.is_some() || !f.relative {
        (0, 0, 0, 0)
    } else {
        (today.hour.into(), today.minute.into(), today.second.into(), today.micros.into())
    });
    if let Some((year, month, day)) = f.date {
        t.year = year.unwrap_or(t.year);
        let leap = t.year % 4 == 0 && (t.year % 100 != 0 || t.year % 400 == 0);
        let last = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        if !(1..=12).contains(&month) || day < 1 || day > last[month as usize - 1] {
            return None;
        }
        (t.month, t.day) = (month as u8, day as u8);
    }
    if !(0..=23).contains(&h) || !(0..=59).contains(&m) || !(0..=60).contains(&s) {
        return None;
    }
    // Months first; a day beyond the month's end runs into the next one.
    let count = t.year.checked_mul(12)?.checked_add(i64::from(t.month) - 1)?.checked_add(f.months)?;
    if !(0..=120_000).contains(&count) {
        return None;
    }
    let mut days = days_from_civil(count.div_euclid(12), count.rem_euclid(12) as u8 + 1, 1) + i64::from(t.day) - 1;
    if let Some((weekday, n)) = f.day {
        let ahead = (weekday as i64 - (days + 4)).rem_euclid(7);
        days += ahead + 7 * if n > 0 && ahead != 0 { n - 1 } else { n };
    }
    let at = SimTime::from_secs((days * 86400).max(0) as u64);
    let date = DateTime::new(at, 0);
    t = DateTime { hour: h as u8, minute: m as u8, second: s as u8, ..date };
    let secs = match f.zone {
        Some(minutes) => DateTime { offset: minutes, ..t }.to_secs(),
        None => zone.to_secs(t),
    };
    let secs = u64::try_from(secs.checked_add(f.secs)?).ok()?;
    Some(SimTime::from_secs(secs).plus_micros(micro))
}

fn micros(fraction: &str) -> u64 {
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    digits.parse().unwrap_or(0)
}

/// Reads one item; gives how many tokens it took.
fn item(all: &[String], f: &mut Found) -> Option<usize> {
    let word = all[0].as_str();
    let next = all.get(1).map(String::as_str);
    let digit = word.starts_with(|c: char| c.is_ascii_digit());
    if digit && word.contains(':') {
        let (clock, fraction) = word.split_once('.').unwrap_or((word, ""));
        let parts = numbers(clock, ':')?;
        if parts.len() > 3 {
            return None;
        }
        let mut hour = parts[0];
        let mut used = 1;
        if let Some(half) = next.map(|n| n.replace('.', "")).filter(|n| n == "am" || n == "pm") {
            hour = hour % 12 + if half == "pm" { 12 } else { 0 };
            used = 2;
        }
        if f.time.replace((hour, parts[1], parts.get(2).copied().unwrap_or(0), micros(fraction))).is_some() {
            return None;
        }
        // A zone glued to the time; `+1 day` is none.
        if let Some(z) = all.get(used).filter(|z| z.starts_with(['+', '-']))
            && all.get(used + 1).and_then(|u| unit(u)).is_none()
        {
            f.zone = Some(offset(z)?);
            used += 1;
        }
        return Some(used);
    }
    if digit && (word.contains('-') || word.contains('/')) {
        let by = if word.contains('/') { '/' } else { '-' };
        let p = numbers(word, by)?;
        let date = match p.as_slice() {
            [y, m, d] if by == '-' || word.find('/') == Some(4) => (Some(century(*y, word)), *m, *d),
            [m, d, y] => (Some(century(*y, word.rsplit('/').next()?)), *m, *d),
            [m, d] if by == '/' => (None, *m, *d),
            _ => return None,
        };
        return f.date.replace(date).is_none().then_some(1);
    }
    let number: Option<i64> = if word.len() > 12 { None } else { word.parse().ok() };
    if let Some(n) = number {
        if let Some((months, secs)) = next.and_then(unit) {
            let sign = if all.get(2).is_some_and(|w| w == "ago") { -1 } else { 1 };
            f.relative = true;
            f.months = f.months.checked_add(n.checked_mul(months * sign)?)?;
            f.secs = f.secs.checked_add(n.checked_mul(secs * sign)?)?;
            return Some(if sign < 0 { 3 } else { 2 });
        }
        if let (true, Some(month)) = (digit, next.and_then(|w| three(w, &MONTHS))) {
            let year = all.get(2).filter(|y| y.len() == 4).and_then(|y| y.parse().ok());
            f.date = Some((year, month as i64 + 1, n));
            return Some(if year.is_some() { 3 } else { 2 });
        }
        if digit && word.len() == 8 {
            f.date = Some((Some(n / 10_000), n / 100 % 100, n % 100));
            return Some(1);
        }
        if digit && word.len() == 4 {
            // A year behind month and day, else a time.
            match &mut f.date {
                Some((year @ None, ..)) => *year = Some(n),
                _ => f.time = Some((n / 100, n % 100, 0, 0)),
            }
            return Some(1);
        }
        if let Some(half) = next.filter(|n| *n == "am" || *n == "pm") {
            f.time = Some((n % 12 + if half == "pm" { 12 } else { 0 }, 0, 0, 0));
            return Some(2);
        }
        if !digit && f.time.is_some() {
            f.zone = Some(offset(word)?);
            return Some(1);
        }
        return None;
    }
    if let Some(month) = three(word, &MONTHS) {
        let day: i64 = next?.parse().ok()?;
        f.date = Some((None, month as i64 + 1, day));
        return Some(2);
    }
    if let Some(day) = three(word, &DAYS) {
        f.day = Some((day, 0));
        return Some(1);
    }
    if let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(n, _)| *n == word) {
        f.zone = Some(*minutes);
        return Some(1);
    }
    let word = if word == "first" { "next" } else { word };
    let step = match word {
        "now" | "today" => (0, 0),
        "tomorrow" => (1, 86_400),
        "yesterday" => (-1, 86_400),
        _ if ORDINALS.contains(&word) => {
            let n = ORDINALS.iter().position(|o| *o == word).map_or(0, |i| i as i64 - 1);
            if let Some(day) = three(next?, &DAYS) {
                f.day = Some((day, n));
                return Some(2);
            }
            let (months, secs) = unit(next?)?;
            let sign = if all.get(2).is_some_and(|w| w == "ago") { -n } else { n };
            f.relative = true;
            f.months += sign * months;
            f.secs += sign * secs;
            return Some(if sign == n { 2 } else { 3 });
        }
        _ => {
            let (months, secs) = unit(word)?;
            let sign = if next == Some("ago") { -1 } else { 1 };
            f.relative = true;
            f.months += sign * months;
            f.secs += sign * secs;
            return Some(if sign < 0 { 2 } else { 1 });
        }
    };
    f.relative = true;
    f.secs += step.0 * step.1;
    Some(1)
}

fn century(year: i64, text: &str) -> i64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, year) {
        (..=2, ..=68) => year + 2000,
        (..=2, _) => year + 1900,
        _ => year,
    }
}

fn unit(word: &str) -> Option<(i64, i64)> {
    let word = if word == "second" || word == "seconds" { "sec" } else { word };
    let one = word.strip_suffix('s').unwrap_or(word);
    UNITS.iter().find(|u| u.0 == word || u.0 == one).map(|u| (u.1, u.2))
}
