//! cal: a calendar.  Source: ncal 12.1.8, which is Debian's cal. Not here: `ncal`'s own layout, highlighting, Easter.

use crate::util::date::month;
use crate::util::getopt::getopt;
use crate::util::zone::Zone;
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys, days_from_civil};

pub(super) const SPEC: Spec = Spec {
    name: "cal",
    path: "/usr/bin/cal",
    synopsis: "[-31jy] [-A number] [-B number] [-d yyyy-mm] [[month] year]",
    about: "displays a calendar",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "cal 2 2012 | head -3", out: "   February 2012      \nSu Mo Tu We Th Fr Sa  \n          1  2  3  4  \n", code: 0 },
        Ex { sh: "cal 13 2011", out: "cal: 13 is neither a month number (1..12) nor a name\n", code: 64 },
    ],
};

const USAGE: &str = "Usage: cal [general options] [-jy] [[month] year]\n       cal [general options] [-j] [-m month] [year]\n       ncal -C [general options] [-jy] [[month] year]\n       ncal -C [general options] [-j] [-m month] [year]\n       ncal [general options] [-bhJjpwySM] [-H yyyy-mm-dd] [-s country_code] [-W number of days] [[month] year]\n       ncal [general options] [-Jeo] [year]\nGeneral options: [-31] [-A months] [-B months] [-d yyyy-mm]\n";

/// Days since the epoch of a date; until 2 September 1752 it is one of the Julian calendar.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    if (year, month, day) >= (1752, 9, 14) {
        return days_from_civil(year, month as u8, 1) + day - 1;
    }
    // Years that begin in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    y * 365 + y.div_euclid(4) + (153 * m + 2) / 5 + day - 719_471
}

fn last_day(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year < 1752 || year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The rows of a month, each with two blanks at its end: title, names of the days, six weeks.
fn rows(year: i64, month_number: i64, julian: bool, with_year: bool) -> Vec<String> {
    let (cell, width) = if julian { (3, 27) } else { (2, 20) };
    let name = month(month_number as u8);
    let title = if with_year { format!("{name} {year}") } else { name.to_string() };
    let left = (width - title.len()) / 2;
    let names: Vec<String> = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"].iter().map(|d| format!("{d:>cell$}")).collect();
    let mut out = vec![format!("{:left$}{title:<w$}  ", "", w = width - left), format!("{}  ", names.join(" "))];
    let first = day_number(year, 1, 1);
    let days: Vec<i64> = (1..=last_day(year, month_number)).filter(|d| (year, month_number) != (1752, 9) || !(3..14).contains(d)).collect();
    let mut cells = vec![String::new(); (day_number(year, month_number, 1) + 4).rem_euclid(7) as usize];
    cells.extend(days.iter().map(|d| if julian { day_number(year, month_number, *d) - first + 1 } else { *d }.to_string()));
    cells.resize(42, String::new());
    for week in cells.chunks(7) {
        let line: Vec<String> = week.iter().map(|c| format!("{c:>cell$}")).collect();
        out.push(format!("{}  ", line.join(" ")));
    }
    out
}

async fn run(sys: Sys) -> i32 {
    let usage = || {
        sys.print(STDERR, format_args!("{USAGE}"));
        64
    };
    let Some(given) = getopt(&sys, "31A:B:d:hjm:yCN") else { return usage() };
    let now = Zone::of(&sys).local(sys.now());
    let (mut year, mut number) = (now.year, i64::from(now.month));
    let (mut before, mut after, mut whole, mut julian) = (0i64, 0i64, false, false);
    let bad = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        64
    };
    let month_of = |text: &str| {
        let by_name = (1..=12).find(|m| text.len() > 2 && month(*m).to_ascii_lowercase().starts_with(&text.to_ascii_lowercase()));
        text.parse::<i64>().ok().filter(|n| (1..=12).contains(n)).or(by_name.map(i64::from))
    };
    let mut wanted = None;
    for (letter, value) in &given.options {
        match letter {
            b'3' => (before, after) = (1, 1),
            b'A' | b'B' => {
                let Some(n) = value.parse::<i64>().ok().filter(|n| (0..=1000).contains(n)) else {
                    return bad(format_args!("Argument to -{} must be positive", char::from(*letter)));
                };
                if *letter == b'A' { after = n } else { before = n }
            }
            b'd' => {
                let found = value.split_once('-').and_then(|(y, m)| Some((y.parse().ok()?, month_of(m)?)));
                let Some(found) = found else { return usage() };
                (year, number) = found;
            }
            b'h' => return usage(),
            b'j' => julian = true,
            b'm' => wanted = Some(value.clone()),
            b'y' => whole = true,
            _ => {}
        }
    }
    match given.operands.as_slice() {
        [] => {}
        [y] | [_, y] => {
            let Ok(n) = y.parse::<i64>() else { return bad(format_args!("not a valid year {y}")) };
            if !(1..=9999).contains(&n) {
                return bad(format_args!("year `{n}' not in range 1..9999"));
            }
            year = n;
            match given.operands.as_slice() {
                [m, _] => wanted = Some(m.clone()),
                _ => whole |= wanted.is_none(),
            }
        }
        _ => return usage(),
    }
    if let Some(text) = wanted {
        match month_of(&text) {
            Some(m) => number = m,
            None => return bad(format_args!("{text} is neither a month number (1..12) nor a name")),
        }
    }
    let many = if julian { 2 } else { 3 };
    let first = if whole { year * 12 } else { year * 12 + number - 1 };
    let list: Vec<i64> = if whole { (first..first + 12).collect() } else { (first - before..=first + after).collect() };
    // Whole rows of a year stand below its number; else every month has it in its title.
    let apart = list[0] % many as i64 == 0 && list.len() >= many;
    let mut headed = None;
    for (i, group) in list.chunks(many).enumerate() {
        if i > 0 {
            sys.print(STDOUT, format_args!("\n"));
        }
        let year = group[0].div_euclid(12);
        if apart && headed.replace(year) != Some(year) {
            let wide = many * if julian { 27 } else { 20 };
            sys.print(STDOUT, format_args!("{:w$}{year}\n", "", w = (wide - year.to_string().len()) / 2));
        }
        let months: Vec<Vec<String>> = group.iter().map(|m| rows(m.div_euclid(12), m.rem_euclid(12) + 1, julian, !apart)).collect();
        for row in 0..8 {
            let line: String = months.iter().map(|m| m[row].as_str()).collect();
            sys.print(STDOUT, format_args!("{line}\n"));
        }
    }
    0
}
