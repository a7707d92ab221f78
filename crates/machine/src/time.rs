//! Simulated time and its calendar (proleptic Gregorian, fixed offset from UTC). Source: days-from-civil arithmetic, RFC 5322 §3.3 names.

/// Microseconds since 1970-01-01 00:00:00 UTC on the world's clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct SimTime(pub u64);

impl SimTime {
    /// So many whole seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        SimTime(secs * 1_000_000)
    }
    /// Whole seconds since the epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000
    }
    /// This time and so many microseconds more.
    pub const fn plus_micros(self, micros: u64) -> Self {
        SimTime(self.0.saturating_add(micros))
    }
    /// This time and so many milliseconds more.
    pub const fn plus_millis(self, millis: u64) -> Self {
        self.plus_micros(millis.saturating_mul(1000))
    }
    /// This time and so many seconds more.
    pub const fn plus_secs(self, secs: u64) -> Self {
        self.plus_micros(secs.saturating_mul(1_000_000))
    }
    /// Microseconds from `earlier` to this time; 0 if it is later.
    pub const fn since(self, earlier: SimTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A point of time as a calendar shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct DateTime {
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
    /// 0 = Sunday.
    pub weekday: u8,
    /// 0 = 1 January.
    pub yearday: u16,
    /// Offset from UTC in minutes.
    pub offset: i32,
}

/// English names of the months, Jan first.
pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// English names of the days, Sun first.
pub const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

impl DateTime {
    /// The calendar's view of `at`, `offset` minutes east of UTC.
    pub fn new(at: SimTime, offset: i32) -> Self {
        let local = at.secs() as i64 + i64::from(offset) * 60;
        let (days, secs) = (local.div_euclid(86400), local.rem_euclid(86400));
        let (year, month, day) = civil(days);
        DateTime {
            year,
            month,
            day,
            hour: (secs / 3600) as u8,
            minute: (secs / 60 % 60) as u8,
            second: (secs % 60) as u8,
            micros: (at.0 % 1_000_000) as u32,
            weekday: (days + 4).rem_euclid(7) as u8,
            yearday: (days - days_from_civil(year, 1, 1)) as u16,
            offset,
        }
    }
    /// Seconds since the epoch of this calendar time (its `offset` counted); weekday and yearday are not looked at.
    pub fn to_secs(&self) -> i64 {
        days_from_civil(self.year, self.month, self.day) * 86400
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
            - i64::from(self.offset) * 60
    }
    /// `Nov`.
    pub fn month_name(&self) -> &'static str {
        MONTHS[usize::from(self.month.clamp(1, 12)) - 1]
    }
    /// `Tue`.
    pub fn day_name(&self) -> &'static str {
        DAYS[usize::from(self.weekday % 7)]
    }
}

/// Year, month and day of so many days after 1970-01-01.
fn civil(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month as u8, (doy - (153 * mp + 2) / 5 + 1) as u8)
}

/// Days from 1970-01-01 to the date.
pub fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let m = i64::from(month);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_goes_both_ways() {
        for secs in [0, 951_782_400, 1_313_005_884, 1_795_490_631, 4_102_444_799] {
            let t = DateTime::new(SimTime::from_secs(secs), 480);
            assert_eq!(t.to_secs(), secs as i64);
        }
        let t = DateTime::new(SimTime::from_secs(1_313_005_884), 480);
        assert_eq!((t.year, t.month_name(), t.day, t.day_name(), t.hour), (2011, "Aug", 11, "Thu", 3));
    }
}
