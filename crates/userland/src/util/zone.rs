//! Time zones: the host's, and what `TZ` may say instead.
//! Not here: calendars (`machine::time`). Source: tzset(3); a few zones of the tz database with their rules of today.

use machine::{DateTime, SimTime, Sys, days_from_civil};

/// When summer time is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Summer {
    No,
    /// Last Sunday of March to last Sunday of October, at 1:00 UTC.
    Europe,
    /// Second Sunday of March to first Sunday of November, at 2:00 local time.
    America,
}

/// Name, minutes east of UTC, abbreviations in winter and summer, rule.
const ZONES: [(&str, i32, &str, &str, Summer); 18] = [
    ("America/Chicago", -360, "CST", "CDT", Summer::America),
    ("America/Denver", -420, "MST", "MDT", Summer::America),
    ("America/Los_Angeles", -480, "PST", "PDT", Summer::America),
    ("America/New_York", -300, "EST", "EDT", Summer::America),
    ("Asia/Hong_Kong", 480, "HKT", "", Summer::No),
    ("Asia/Kolkata", 330, "IST", "", Summer::No),
    ("Asia/Seoul", 540, "KST", "", Summer::No),
    ("Asia/Shanghai", 480, "CST", "", Summer::No),
    ("Asia/Tokyo", 540, "JST", "", Summer::No),
    ("Etc/UTC", 0, "UTC", "", Summer::No),
    ("Europe/Berlin", 60, "CET", "CEST", Summer::Europe),
    ("Europe/London", 0, "GMT", "BST", Summer::Europe),
    ("Europe/Madrid", 60, "CET", "CEST", Summer::Europe),
    ("Europe/Moscow", 180, "MSK", "", Summer::No),
    ("Europe/Paris", 60, "CET", "CEST", Summer::Europe),
    ("GMT", 0, "GMT", "", Summer::No),
    ("PRC", 480, "CST", "", Summer::No),
    ("UTC", 0, "UTC", "", Summer::No),
];

/// A zone.
#[derive(Clone)]
pub(crate) struct Zone {
    minutes: i32,
    name: String,
    summer_name: String,
    rule: Summer,
}

impl Zone {
    /// UTC.
    pub(crate) fn utc() -> Zone {
        Zone::fixed(0, "UTC")
    }
    fn fixed(minutes: i32, name: &str) -> Zone {
        Zone { minutes, name: name.to_string(), summer_name: String::new(), rule: Summer::No }
    }
    /// The zone of a process: `TZ`, else the host's.
    pub(crate) fn of(sys: &Sys) -> Zone {
        Zone::named(sys.env("TZ"), sys.utc_offset())
    }
    /// The zone that `TZ` names, else one with the host's offset.
    pub(crate) fn named(tz: Option<&str>, host: i32) -> Zone {
        let Some(tz) = tz else {
            return match host {
                0 => Zone::utc(),
                480 => Zone::fixed(480, "CST"),
                n => ZONES.iter().find(|z| z.1 == n).map_or_else(|| Zone::fixed(n, ""), Zone::row),
            };
        };
        let tz = tz.trim_start_matches(':');
        if let Some(row) = ZONES.iter().find(|z| z.0 == tz) {
            return Zone::row(row);
        }
        // `CST-8`: the sign counts westwards. A name alone that nobody knows is UTC by that name.
        let letters = tz.bytes().take_while(u8::is_ascii_alphabetic).count();
        let rest = &tz[letters..];
        let (sign, number) = match rest.as_bytes().first() {
            Some(b'-') => (1, &rest[1..]),
            Some(b'+') => (-1, &rest[1..]),
            _ => (-1, rest),
        };
        let mut parts = number.split(':').map(|p| p.parse::<i32>().ok().filter(|n| (0..=59).contains(n)));
        let hours = parts.next().flatten();
        let minutes = parts.next().flatten().unwrap_or(0);
        match hours {
            Some(h) if letters >= 3 && h <= 24 => Zone::fixed(sign * (h * 60 + minutes), &tz[..letters]),
            _ if letters >= 3 => Zone::fixed(0, &tz[..letters]),
            _ => Zone::utc(),
        }
    }
    fn row(row: &(&str, i32, &str, &str, Summer)) -> Zone {
        Zone { minutes: row.1, name: row.2.to_string(), summer_name: row.3.to_string(), rule: row.4 }
    }
    /// Offset in minutes and abbreviation at a time.
    pub(crate) fn at(&self, time: SimTime) -> (i32, &str) {
        let secs = time.secs() as i64;
        let year = DateTime::new(time, self.minutes).year;
        // Day number of the n-th Sunday of a month, or of the last one (0).
        let sunday = |month: u8, n: i64| {
            let first = days_from_civil(year, month, 1);
            let sunday = first + (3 - first).rem_euclid(7);
            if n > 0 {
                sunday + (n - 1) * 7
            } else {
                days_from_civil(year, month, 31) - (days_from_civil(year, month, 31) + 4).rem_euclid(7)
            }
        };
        let summer = match self.rule {
            Summer::No => false,
            Summer::Europe => (sunday(3, 0) * 86400 + 3600..sunday(10, 0) * 86400 + 3600).contains(&secs),
            Summer::America => {
                let local = i64::from(self.minutes) * 60;
                (sunday(3, 2) * 86400 + 7200 - local..sunday(11, 1) * 86400 + 3600 - local).contains(&secs)
            }
        };
        if summer { (self.minutes + 60, &self.summer_name) } else { (self.minutes, &self.name) }
    }
    /// The calendar's view of a time.
    pub(crate) fn local(&self, time: SimTime) -> DateTime {
        DateTime::new(time, self.at(time).0)
    }
    /// Seconds since the epoch of a calendar time in this zone (its own offset is not looked at).
    pub(crate) fn to_secs(&self, mut when: DateTime) -> i64 {
        when.offset = self.minutes;
        let first = when.to_secs();
        when.offset = self.at(SimTime::from_secs(first.max(0) as u64)).0;
        when.to_secs()
    }
}
