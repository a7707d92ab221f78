//! Postfix's commands. Not here: the daemons, sendmail's and the queue's own tools.

mod berkeley;
mod getopt;
pub(crate) mod postdrop;
pub(crate) mod postfix;
pub(crate) mod postlog;
pub(crate) mod postmap;
pub(crate) mod postsuper;
mod upkeep;

pub(crate) use getopt::Getopt;
