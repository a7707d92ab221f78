//! true: do nothing, successfully.  POSIX.

use crate::{Ex, Spec};
use machine::Sys;

pub(super) const SPEC: Spec = Spec {
    name: "true",
    path: "/usr/bin/true",
    synopsis: "[ignored command line arguments]",
    about: "do nothing, successfully",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "/usr/bin/true", out: "", code: 0 }],
};

async fn run(_sys: Sys) -> i32 {
    0
}
