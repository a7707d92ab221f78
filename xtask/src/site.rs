//! `cargo xtask build`: the page and its parts in `dist/`, to be served by any static server under any path.
//! Compiles, has it taken apart (`parts`), and names the folder of all this after its content, so that files of
//! two builds never meet in a cache. Not here: what `index.html` says (`page`), serving (`serve`), Trunk's way (`trunk`).

use crate::page::{self, Parts};
use crate::parts::bind;
use crate::run::{Done, cargo, have, output, run, say, target_dir};
use std::fs;
use std::path::{Path, PathBuf};

/// The target of the page.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Builds `dist/`.
pub(crate) fn build() -> Done {
    ensure_target()?;
    say!("compiling the page (from nothing this takes a minute or two)");
    let mut rustc = cargo(&["rustc", "--package", "app", "--bin", "app", "--release", "--target", WASM, "--features", "split"]);
    // The list of wasm features that stripping all would take away is for the tools below; they remove what is left of names.
    rustc.args(["--config", "profile.release.strip=\"debuginfo\""]);
    rustc.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", short_paths());
    run(rustc.args(["--", "-Clink-arg=--emit-relocs"]))?;
    let target = target_dir()?;
    let stage = target.join("site");
    let _ = fs::remove_dir_all(&stage);
    let parts = stage.join("parts");
    fs::create_dir_all(&parts).map_err(|e| format!("{}: {e}", parts.display()))?;
    say!("splitting and binding");
    bind(&target.join(WASM).join("release/app.wasm"), &parts, "app")?;
    let name = format!("b-{:016x}", digest(&[&parts, Path::new("static")])?);
    rename(&parts, &stage.join(&name))?;
    page::write(Path::new("index.html"), &stage, &Parts { folder: &name })?;
    let dist = Path::new("dist");
    let _ = fs::remove_dir_all(dist);
    rename(&stage, dist).or_else(|_| copy_dir(&stage, dist))?;
    say!("dist/ is ready, parts in dist/{name}");
    Ok(())
}

/// Flags that keep the places of this machine out of the page: panics name files, and where crates lie differs from home to home.
fn short_paths() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?).join(".cargo")));
    let folders = home.and_then(|h| fs::read_dir(h.join("registry/src")).ok()).into_iter().flatten().flatten();
    let flags = folders.map(|f| f.path().display().to_string()).filter(|p| !p.contains(char::is_whitespace));
    flags.map(|p| format!("--remap-path-prefix={p}/=")).collect::<Vec<_>>().join(" ")
}

/// Adds the wasm target to the toolchain where it is missing.
pub(crate) fn ensure_target() -> Done {
    let root = output(std::process::Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(root.trim()).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    if !have("rustup") {
        return Err(format!("this toolchain has no target {WASM}, and there is no rustup to add it"));
    }
    say!("adding the target {WASM}");
    run(std::process::Command::new("rustup").args(["target", "add", WASM]))
}

/// A name for the content of folders: the same bytes, the same name (FNV-1a).
fn digest(folders: &[&Path]) -> Done<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| bytes.iter().for_each(|b| hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    for folder in folders {
        for file in files(folder)? {
            eat(file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().as_bytes());
            eat(&fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?);
        }
    }
    Ok(hash)
}

/// All files below a folder, in the order of their paths.
pub(crate) fn files(folder: &Path) -> Done<Vec<PathBuf>> {
    let mut out = Vec::new();
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(files(&path)?);
        } else {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Copies a folder with all in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Done {
    for file in files(from)? {
        let target = to.join(file.strip_prefix(from).unwrap_or(&file));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
        }
        fs::copy(&file, &target).map_err(|e| format!("{}: {e}", target.display()))?;
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Done {
    fs::rename(from, to).map_err(|e| format!("{}: {e}", to.display()))
}
