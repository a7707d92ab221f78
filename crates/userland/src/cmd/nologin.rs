//! nologin: the shell of accounts that nobody may log in to.  Source: nologin(8) of shadow 4.13.

use crate::{Ex, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "nologin",
    path: "/usr/sbin/nologin",
    synopsis: "",
    about: "politely refuse a login",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "/usr/sbin/nologin", out: "This account is currently not available.\n", code: 1 }],
};

async fn run(sys: Sys) -> i32 {
    let text = sys.read_file("/etc/nologin.txt").await.unwrap_or_else(|_| b"This account is currently not available.\n".to_vec());
    sys.put(STDOUT, &text);
    1
}
