//! The tasks of the house: `cargo xtask help`.
fn main() {}
