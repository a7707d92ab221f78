//! false: do nothing, unsuccessfully.  POSIX.

use crate::{Ex, Spec};
use machine::Sys;

pub(super) const SPEC: Spec = Spec {
    name: "false",
    path: "/usr/bin/false",
    synopsis: "[ignored command line arguments]",
    about: "do nothing, unsuccessfully",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "/usr/bin/false", out: "", code: 1 }],
};

async fn run(_sys: Sys) -> i32 {
    1
}
