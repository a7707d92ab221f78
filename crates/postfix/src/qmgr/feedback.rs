//! How fast the number of deliveries at a time follows successes and failures: `1`, `0.5`, `1/8`, `1/concurrency`.
//! Fractions are counted in millionths. Source: SCHEDULER_README, postconf(5) default_destination_concurrency_positive_feedback.

use crate::config::Config;
use crate::maillog::Log;

/// One, in millionths.
pub(super) const WHOLE: i64 = 1_000_000;

/// What one success or failure is worth.
pub(super) struct Feedback {
    base: i64,
    /// Divided by the number of deliveries at a time.
    by_window: bool,
}

/// A number with a fraction, in millionths.
fn millionths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && part.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().chain("000000".chars()).take(6).collect();
    format!("{whole}{part}").parse().ok()
}

fn parse(text: &str) -> Option<Feedback> {
    let text = text.trim_start();
    let (base, by_window) = match text.split_once('/') {
        None => (millionths(text.trim_end())?, false),
        Some((number, of)) => {
            let number = millionths(number.trim_end())?;
            match of.trim_start() {
                "concurrency" => (number, true),
                of => (number.checked_mul(WHOLE)?.checked_div(millionths(of)?)?, false),
            }
        }
    };
    (0..=WHOLE).contains(&base).then_some(Feedback { base, by_window })
}

impl Feedback {
    /// The `positive` or `negative` feedback of a transport; a bad one is complained of, and is 1.
    pub(super) fn read(cfg: &Config, log: &Log, transport: &str, which: &str) -> Feedback {
        let name = |prefix: &str| format!("{prefix}_destination_concurrency_{which}_feedback");
        let (own, default) = (name(transport), name("default"));
        let text = cfg.str(&own);
        parse(&text).unwrap_or_else(|| {
            let shown = if text == cfg.str(&default) { default } else { own };
            log.warn(format_args!("{shown}: ignoring malformed or unreasonable feedback: {text}"));
            Feedback { base: WHOLE, by_window: false }
        })
    }
    /// In millionths, with so many deliveries at a time.
    pub(super) fn at(&self, window: i64) -> i64 {
        if self.by_window { self.base / window.max(1) } else { self.base }
    }
}
