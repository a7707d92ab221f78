//! sleep: wait.  Source: coreutils 9.1.

use crate::util::float::strtod;
use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Ex, Spec};
use machine::{STDERR, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "sleep",
    path: "/usr/bin/sleep",
    synopsis: "NUMBER[SUFFIX]...",
    about: "delay for a specified amount of time",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "sleep abc", out: "sleep: invalid time interval ‘abc’\nTry 'sleep --help' for more information.\n", code: 1 },
        Ex { sh: "sleep 0.1 0.2s", out: "", code: 0 },
    ],
};

const HELP: &str = "Usage: sleep NUMBER[SUFFIX]...\n  or:  sleep OPTION\nPause for NUMBER seconds.  SUFFIX may be 's' for seconds (the default),\n'm' for minutes, 'h' for hours or 'd' for days.  NUMBER need not be an\ninteger.  Given two or more arguments, pause for the amount of time\nspecified by the sum of their values.\n";

/// Microseconds of `1.5`, `2m`, `1h`, `inf`.
pub(super) fn interval(text: &str) -> Option<u64> {
    let (value, n) = strtod(text.as_bytes());
    let unit = match &text.as_bytes()[n..] {
        b"" | b"s" => 1.0,
        b"m" => 60.0,
        b"h" => 3600.0,
        b"d" => 86400.0,
        _ => return None,
    };
    // A float beyond the range becomes the largest number.
    (n > 0 && value >= 0.0).then_some((value * unit * 1e6) as u64)
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, &[], HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let (mut sum, mut bad) = (0u64, false);
    for arg in &given.operands {
        match interval(arg) {
            Some(n) => sum = sum.saturating_add(n),
            None => {
                sys.complain(format_args!("invalid time interval {}", quote(arg)));
                bad = true;
            }
        }
    }
    if bad {
        sys.print(STDERR, format_args!("Try 'sleep --help' for more information.\n"));
        return 1;
    }
    let _ = sys.sleep(sum).await;
    0
}
