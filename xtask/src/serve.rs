//! `cargo xtask serve`: build, serve `dist/` on loopback, and build again whenever a source changes.
//! Not here: the build (`site`), the server (crate `browser`).

use crate::run::{Done, say};
use crate::site;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What the page is made of.
const SOURCES: &[&str] = &["Cargo.toml", "Cargo.lock", "index.html", "src", "static", "crates"];

/// Serves until it is interrupted.
pub(crate) fn serve(port: u16) -> Done {
    let mut built = newest();
    site::build()?;
    let server = browser::Server::start(Path::new("dist"), "/", port)?;
    let url = server.url();
    say!("the page is at {url}  (^C ends; it is built again when a source changes)");
    loop {
        std::thread::sleep(Duration::from_millis(400));
        let now = newest();
        if now == built {
            continue;
        }
        built = now;
        match site::build() {
            Ok(()) => say!("built again: reload {url}"),
            Err(e) => say!("{e}\n{:>12} the page is still the one from before", ""),
        }
    }
}

/// When a source was last touched, and how many there are (for those that went away).
fn newest() -> (Option<SystemTime>, usize) {
    let mut all = Vec::new();
    for source in SOURCES.iter().map(Path::new) {
        if source.is_dir() {
            all.extend(site::files(source).unwrap_or_default());
        } else {
            all.push(source.to_path_buf());
        }
    }
    (all.iter().filter_map(|f| f.metadata().and_then(|m| m.modified()).ok()).max(), all.len())
}
