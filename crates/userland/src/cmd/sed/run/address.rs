//! sed: whether a command's addresses select a line; ranges.
//! Not here: the commands (`run`).

use super::*;

impl Machine<'_> {
    pub(super) async fn hits<'s>(&mut self, addr: &'s Addr, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        Ok(match addr {
            Addr::Line(n) | Addr::Plus(n) | Addr::Multiple(n) => self.line == *n,
            Addr::Step(first, 0) => self.line == *first,
            Addr::Step(first, step) => self.line >= *first && (self.line - first).is_multiple_of(*step),
            Addr::Last => self.is_last().await,
            Addr::Regex(regex) => {
                let regex = self.remember(regex.as_deref(), last)?;
                regex.is_match(&self.space)
            }
        })
    }
    /// The pattern, or the one used last.
    pub(super) fn remember<'s>(&mut self, regex: Option<&'s Regex>, last: &mut Option<&'s Regex>) -> Result<&'s Regex, ()> {
        if regex.is_some() {
            *last = regex;
        }
        last.ok_or_else(|| {
            self.sys.complain(format_args!("-e expression #1, char 0: no previous regular expression"));
        })
    }
    pub(super) async fn selected<'s>(&mut self, i: usize, c: &'s Command, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        let Some(from) = &c.from else { return Ok(true) };
        let Some(to) = &c.to else { return self.hits(from, last).await };
        if let Range::In(until) = self.ranges[i] {
            let over = match to {
                Addr::Regex(_) | Addr::Last => self.hits(to, last).await?,
                _ => self.line >= until,
            };
            if over {
                self.ranges[i] = Range::Out;
            }
            // Past a line number: the range has ended before this line.
            if matches!(to, Addr::Line(_)) && self.line > until {
                return self.enter(i, from, to, last).await;
            }
            return Ok(true);
        }
        self.enter(i, from, to, last).await
    }
    /// Whether a range begins at this line.
    pub(super) async fn enter<'s>(&mut self, i: usize, from: &'s Addr, to: &'s Addr, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        if matches!(from, Addr::Line(0)) {
            if self.line != 1 {
                return Ok(false);
            }
            if !self.hits(to, last).await? {
                self.ranges[i] = Range::In(0);
            }
            return Ok(true);
        }
        if !self.hits(from, last).await? {
            return Ok(false);
        }
        let until = match to {
            Addr::Line(n) => *n,
            Addr::Plus(n) => self.line.saturating_add(*n),
            Addr::Multiple(0) => self.line,
            Addr::Multiple(n) => self.line.div_ceil(*n).saturating_mul(*n),
            Addr::Last if self.is_last().await => return Ok(true),
            _ => u64::MAX,
        };
        if until > self.line {
            self.ranges[i] = Range::In(until);
        }
        Ok(true)
    }
}
