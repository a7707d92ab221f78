//! unix_chkpwd: answers PAM whether the password on standard input is a user's.  Source: unix_chkpwd(8) of Linux-PAM 1.5.2.

use crate::Spec;
use crate::util::shadow::Shadow;
use crate::util::{users::Accounts, yescrypt};
use machine::{STDIN, Sys};
use wire::crypt::crypt;

pub(super) const SPEC: Spec = Spec {
    name: "unix_chkpwd",
    path: "/usr/sbin/unix_chkpwd",
    synopsis: "USER nullok|nonull",
    about: "helper binary that verifies the password of the current user",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

/// PAM_AUTH_ERR.
const WRONG: i32 = 7;

async fn run(sys: Sys) -> i32 {
    if sys.is_tty(STDIN).await || sys.args().len() != 3 {
        // It is no tool for people.
        let _ = sys.sleep(10_000_000).await;
        return 4;
    }
    let user = sys.arg(1);
    let me = sys.ids();
    // Others than root may only ask about themselves.
    if me.euid != 0 && Accounts::read(&sys).await.user(user).is_none_or(|u| u.uid != me.uid) {
        return WRONG;
    }
    let mut password = sys.read_all(STDIN).await.unwrap_or_default();
    let end = password.iter().position(|b| *b == 0).unwrap_or(password.len());
    password.truncate(end);
    let Some(shadow) = Shadow::of(&sys, user).await else { return WRONG };
    let hash = shadow.hash.as_str();
    let right = match hash {
        "" => password.is_empty() && sys.arg(2) == "nullok",
        _ => crypt(&password, hash).or_else(|| yescrypt::hash(&password, hash)).is_some_and(|h| h == hash),
    };
    if right { 0 } else { WRONG }
}
