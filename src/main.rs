//! The web front end: a page with terminals on a simulated network. Not here: anything simulated (crate `world`).
fn main() {}
