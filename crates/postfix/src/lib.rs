//! Postfix: one module per daemon and tool.

#[allow(dead_code)]
mod ipc;
#[allow(dead_code)]
mod server;
