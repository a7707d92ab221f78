//! The lab's clock as the page drives it: it follows the wall clock while the page is seen, stands when paused, runs ten times as fast on request.

use world::SimTime;

/// How the world's time goes on.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// World time at the moment `wall`.
    base: SimTime,
    wall: u64,
    /// World seconds per wall second.
    rate: u64,
    pub(crate) paused: bool,
    pub(crate) hidden: bool,
}

impl Clock {
    /// A clock that shows `at` when the wall clock (microseconds) shows `wall`.
    pub(crate) fn new(at: SimTime, wall: u64) -> Self {
        Clock { base: at, wall, rate: 1, paused: false, hidden: false }
    }
    fn speed(&self) -> u64 {
        if self.paused || self.hidden { 0 } else { self.rate }
    }
    pub(crate) fn rate(&self) -> u64 {
        self.rate
    }
    pub(crate) fn now(&self, wall: u64) -> SimTime {
        self.base.plus_micros(wall.saturating_sub(self.wall).saturating_mul(self.speed()))
    }
    /// Goes on from what the clock shows now, in another way.
    pub(crate) fn change(&mut self, wall: u64, f: impl FnOnce(&mut Clock)) {
        self.base = self.now(wall);
        self.wall = wall;
        f(self);
    }
    pub(crate) fn set_rate(&mut self, wall: u64, rate: u64) {
        self.change(wall, |c| {
            c.rate = rate;
            c.paused = false;
        });
    }
    /// Goes on from another time, as fast as before.
    pub(crate) fn set(&mut self, wall: u64, at: SimTime) {
        self.base = at;
        self.wall = wall;
    }
    /// Jumps forward.
    pub(crate) fn jump(&mut self, wall: u64, to: SimTime) {
        self.base = self.now(wall).max(to);
        self.wall = wall;
    }
    /// Milliseconds on the wall until the clock shows `at`; `None` while it stands.
    pub(crate) fn wait(&self, wall: u64, at: SimTime) -> Option<u32> {
        let speed = self.speed();
        let millis = at.since(self.now(wall)).div_ceil(1000 * speed.max(1));
        (speed > 0).then_some(millis.min(60_000) as u32)
    }
}

/// `03:52:31` at so many minutes east of UTC.
pub(crate) fn hms(at: SimTime, offset: i64) -> String {
    let s = (at.secs() as i64 + offset * 60).rem_euclid(86_400);
    let mut out = String::new();
    for (i, n) in [s / 3600, s / 60 % 60, s % 60].into_iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        out.push((b'0' + (n / 10) as u8) as char);
        out.push((b'0' + (n % 10) as u8) as char);
    }
    out
}

/// `4 min 12 s`.
pub(crate) fn span(secs: u64) -> String {
    let mut out = String::new();
    if secs >= 3600 {
        out += &(secs / 3600).to_string();
        out += " h ";
    }
    if secs >= 60 {
        out += &(secs / 60 % 60).to_string();
        out += " min ";
    }
    out + &(secs % 60).to_string() + " s"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_follows_the_wall() {
        let mut c = Clock::new(SimTime::from_secs(100), 5_000_000);
        assert_eq!(c.now(7_000_000).secs(), 102);
        c.set_rate(7_000_000, 10);
        assert_eq!(c.now(8_000_000).secs(), 112);
        assert_eq!(c.wait(8_000_000, SimTime::from_secs(113)), Some(100));
        c.change(8_000_000, |c| c.hidden = true);
        assert_eq!((c.now(99_000_000).secs(), c.wait(99_000_000, SimTime::from_secs(113))), (112, None));
        c.change(99_000_000, |c| c.hidden = false);
        c.jump(99_000_000, SimTime::from_secs(500));
        assert_eq!(c.now(99_100_000).secs(), 501);
        assert_eq!(hms(SimTime::from_secs(1_313_005_884), 480), "03:51:24");
    }
}
