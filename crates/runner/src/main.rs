//! The native command `ehlo`. Only owner of sockets, files and the wall clock.
fn main() {}
