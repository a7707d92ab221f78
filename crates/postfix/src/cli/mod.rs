//! Postfix's commands. Not here: the daemons, sendmail's and the queue's own tools.

mod berkeley;
pub(crate) mod postmap;
