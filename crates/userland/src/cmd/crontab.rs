//! crontab: nothing is run by the clock here; it says so.  Source: crontab(1) for what an empty table is called.

use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{STDERR, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "crontab",
    path: "/usr/bin/crontab",
    synopsis: "-l",
    about: "maintain crontab files for individual users",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "crontab -l", out: "no crontab for root\n", code: 1 }],
};

async fn run(sys: Sys) -> i32 {
    if sys.arg(1) == "-l" {
        let user = Accounts::read(&sys).await.user_name(sys.ids().uid);
        sys.print(STDERR, format_args!("no crontab for {user}\n"));
    } else {
        sys.unsupported("commands run by the clock");
    }
    1
}
