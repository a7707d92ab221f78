//! For tests and tasks only: a plain static server on loopback ([`Server`]) and a real Chromium behind WebDriver ([`Browser`]).
//! Not here: what a page should show (`tests/browser`), how `dist/` is made (`xtask`).

mod chrome;
mod http;
mod server;
mod wire;

pub use chrome::{Browser, find};
pub use server::{Server, gzip};
