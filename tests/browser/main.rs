//! A real Chromium on the built `dist/`, served under `/ehlo/` as a static host would. `cargo xtask test` builds and runs it;
//! by hand: `cargo xtask build`, then `cargo test --features browser-tests --test browser`.
//! One file per subject; what they share is in `support`. Not here: anything that a test without a page can prove.

mod doors;
mod frame;
mod linked;
mod load;
mod mistakes;
mod session;
mod storage;
mod support;
mod tutorial;
mod views;
