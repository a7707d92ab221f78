//! Postfix: one module per daemon and tool.

#[allow(dead_code, unused_imports)]
mod cli;
#[allow(dead_code, unused_imports)]
mod config;
#[allow(dead_code, unused_imports)]
mod ipc;
#[allow(dead_code, unused_imports)]
mod lookup;
#[allow(dead_code, unused_imports)]
mod maillog;
#[allow(dead_code, unused_imports)]
mod params;
#[allow(dead_code, unused_imports)]
mod server;

use machine::{Main, Program};

/// The commands of Postfix.
pub static TOOLS: &[Program] =
    &[Program { name: "postmap", path: "/usr/sbin/postmap", main: Main::Here(|sys| Box::pin(cli::postmap::main(sys))) }];
