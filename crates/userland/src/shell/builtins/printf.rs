//! The builtin printf. Not here: what a format makes of its arguments (`util::format`). Source: bash(1) "printf".

use super::super::escape::backslashed;
use super::super::vars::is_name;
use super::super::{Run, Shell};
use crate::util::date::strftime;
use crate::util::format::{Style, Wrong, format};
use crate::util::zone::Zone;
use machine::SimTime;

pub(super) async fn printf(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "v:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if let Some(place) = super::value(&given, 'v').filter(|p| !is_name(p.split('[').next().unwrap_or(""))) {
        sh.complain("printf", &format!("`{place}': not a valid identifier"));
        return Ok(2);
    }
    let Some(pattern) = a.get(at) else {
        sh.usage("printf");
        return Ok(2);
    };
    let now = sh.sys.now();
    let zone = sh.zone();
    let date = |pattern: &str, at: i64| strftime(pattern, if at < 0 { now } else { SimTime::from_secs(at as u64) }, &zone);
    let done = format(pattern, &a[at + 1..], &Style { quote: backslashed, date: Some(&date), no_char: b"\0", stops: false });
    for error in &done.errors {
        let text = match error {
            Wrong::Number { arg, .. } => format!("{arg}: invalid number"),
            Wrong::Range(arg) => format!("warning: {arg}: Numerical result out of range"),
            Wrong::Directive(_, c) => format!("`{c}': invalid format character"),
            Wrong::Missing => "`%': missing format character".into(),
        };
        sh.complain("printf", &text);
    }
    match super::value(&given, 'v') {
        Some(place) => {
            if let Err(e) = sh.assign_place(place, &String::from_utf8_lossy(&done.bytes)) {
                return Ok(sh.complain("printf", &e));
            }
        }
        None => sh.sys.put(sh.fd(1), &done.bytes),
    }
    Ok(i32::from(done.failed || done.errors.iter().any(|e| !matches!(e, Wrong::Range(_)))))
}

impl Shell {
    /// The time zone that `$TZ` names.
    pub(in super::super) fn zone(&self) -> Zone {
        Zone::named(self.vars.text("TZ"), self.sys.utc_offset())
    }
}
