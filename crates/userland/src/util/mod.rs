//! What many commands share: accounts, quoting and reading of files, modes, numbers, dates, columns.
//! Not here: option parsing (`opts`), the shell's own expansion (`shell`).

pub(crate) mod users;
