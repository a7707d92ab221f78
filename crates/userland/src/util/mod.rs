//! What many commands share: accounts, quoting and reading of files, modes, numbers, dates, columns.
//! Not here: option parsing (`opts`), the shell's own expansion (`shell`).

pub(crate) mod absent;
pub(crate) mod columns;
pub(crate) mod date;
mod decimal;
pub(crate) mod dns;
pub(crate) mod etc;
pub(crate) mod float;
pub(crate) mod format;
pub(crate) mod getopt;
pub(crate) mod gnu;
pub(crate) mod inet;
pub(crate) mod keys;
pub(crate) mod perm;
pub(crate) mod proc;
pub(crate) mod quote;
pub(crate) mod search;
pub(crate) mod shadow;
pub(crate) mod unit;
pub(crate) mod users;
pub(crate) mod walk;
pub(crate) mod when;
pub(crate) mod yescrypt;
pub(crate) mod zone;
