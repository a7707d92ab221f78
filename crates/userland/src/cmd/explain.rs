//! explain: why this machine decided as it did. Not a command of any real system: it shows the simulation's own record of decisions.

use crate::util::gnu;
use crate::{Ex, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "explain",
    path: "/usr/local/bin/explain",
    synopsis: "[-a | QUEUE_ID | NUMBER]",
    about: "show why the servers of this host decided as they did",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "explain", out: "explain: no decision has been taken yet\n", code: 1 },
        Ex { sh: "explain 0A1B2C3D4E", out: "explain: no decision about 0A1B2C3D4E\n", code: 1 },
    ],
};

const HELP: &str = "Usage: explain [-a | QUEUE_ID | NUMBER]\nShow why the servers of this host decided as they did: the last decision, or with\n  -a         all of them\n  QUEUE_ID   those about this message\n  NUMBER     that one\n";
const OPTS: &[crate::Opt] = &[crate::Opt(b'a', "all", crate::Arg::No)];

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut traces = sys.traces().await;
    let asked = given.operands.first().map_or("", String::as_str);
    if !asked.is_empty() {
        let number = asked.trim_start_matches('#').parse().ok().filter(|n| *n > 0);
        let about = traces.iter().any(|t| t.queue_id.as_deref() == Some(asked));
        traces.retain(|t| if about { t.queue_id.as_deref() == Some(asked) } else { Some(t.id.0) == number });
        if traces.is_empty() {
            sys.complain(format_args!("no decision about {asked}"));
            return 1;
        }
    } else if !given.has(OPTS, b'a') {
        traces = traces.pop().into_iter().collect();
    }
    if traces.is_empty() {
        sys.complain(format_args!("no decision has been taken yet"));
        return 1;
    }
    for line in traces.iter().flat_map(|t| t.lines(sys.utc_offset())) {
        sys.print(STDOUT, format_args!("{line}\n"));
    }
    0
}
