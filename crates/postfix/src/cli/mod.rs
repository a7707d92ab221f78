//! Postfix's commands. Not here: the daemons, sendmail's and the queue's own tools.

mod berkeley;
mod getopt;
pub(crate) mod postcat;
pub(crate) mod postconf;
pub(crate) mod postdrop;
pub(crate) mod postfix;
pub(crate) mod postkick;
pub(crate) mod postlog;
pub(crate) mod postmap;
pub(crate) mod postmulti;
pub(crate) mod postqueue;
pub(crate) mod postsuper;
pub(crate) mod sendmail;
mod submit;
mod upkeep;

pub(crate) use getopt::Getopt;
pub(crate) use submit::start_postdrop;

use crate::config::Config;
use crate::lookup::{MatchKind, MatchList, Tables};

/// Whether the list of users in a parameter has the one who runs this command.
///
/// # Errors
/// The text of the fatal message.
pub(crate) async fn may(cfg: &Config, parameter: &str, what: &str) -> Result<(), String> {
    if cfg.str(parameter).starts_with("static:") {
        return Ok(());
    }
    let sys = cfg.log().sys();
    let uid = sys.ids().uid;
    let user = crate::account::by_uid(sys, uid).await.map_or_else(|| "unknown".to_string(), |a| a.name);
    let users = MatchList::of(&Tables::strict(cfg), parameter, MatchKind::Strings).await?;
    if matches!(users.matches(&user).await, Ok(true)) {
        return Ok(());
    }
    Err(format!("User {user}({uid}) is not allowed to {what}"))
}
