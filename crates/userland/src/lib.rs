//! The shell and the tools of a simulated host. One file per command in `cmd/`; the shell in `shell/`.
//! Not here: Postfix's own commands (`postfix`), `openssl` (`openssl`).

#[macro_use]
mod tables;

mod cmd;
mod opts;
mod shell;
mod spec;
mod util;

pub use cmd::{ACCOUNTS, BASE, COMMON, RESIDENT, SCREEN, TOOLS, examples};
pub use opts::{Arg, Given, Opt, parse, parse_args};
pub use spec::{Ex, Spec};
