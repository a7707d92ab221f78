//! The `openssl` command of OpenSSL 3.0: its front, and the subcommands that it knows.
//! Not here: keys, certificates and TLS, which are not simulated. Source: openssl(1) and its subcommands' observed messages.

mod enc;
mod front;

use machine::{Main, Program};

/// The programs of this crate.
pub static TOOLS: &[Program] = &[Program { name: "openssl", path: "/usr/bin/openssl", main: Main::In(&openssl::CHUNK) }];

machine::lazy!(openssl, &[Program { name: "openssl", path: "/usr/bin/openssl", main: Main::Here(|sys| Box::pin(front::run(sys))) }]);
