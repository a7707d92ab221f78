//! Trunk's way to the page, from the same `index.html`: built here only to prove that it still works.
//! Not here: our own way (`site`).

use crate::run::{Done, have, output, run};
use std::path::Path;
use std::process::Command;

/// Where Trunk's page is put.
pub(crate) const DIST: &str = "target/trunk";

/// The Trunk that is known to work.
const VERSION: &str = "0.21.14";

/// Whether Trunk is here, and with it the `wasm-bindgen` that it would otherwise download.
pub(crate) fn present() -> Done {
    let bindgen = wasm_bindgen_version()?;
    if !have("trunk") || !output(Command::new("trunk").arg("--version"))?.contains(VERSION) {
        return Err(format!("no Trunk {VERSION} here; to have it: cargo install --locked trunk --version {VERSION}"));
    }
    if !have("wasm-bindgen") || !output(Command::new("wasm-bindgen").arg("--version"))?.contains(&bindgen) {
        return Err(format!("no wasm-bindgen {bindgen} here; to have it: cargo install wasm-bindgen-cli --version {bindgen}"));
    }
    Ok(())
}

/// Builds the page as a user of Trunk does.
pub(crate) fn build() -> Done {
    // `NO_COLOR=1`, as some terminals set it, is no value that Trunk understands.
    run(Command::new("trunk").args(["build", "--release", "--dist", DIST]).env_remove("NO_COLOR"))
}

/// Whether there is such a page.
pub(crate) fn built() -> bool {
    Path::new(DIST).join("index.html").is_file()
}

fn wasm_bindgen_version() -> Done<String> {
    let lock = std::fs::read_to_string("Cargo.lock").map_err(|e| format!("Cargo.lock: {e}"))?;
    let (_, rest) = lock.split_once("name = \"wasm-bindgen\"\nversion = \"").ok_or("Cargo.lock: no wasm-bindgen")?;
    Ok(rest.split('"').next().unwrap_or("").to_string())
}
