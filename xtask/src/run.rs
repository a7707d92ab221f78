//! Running other programs: say what is done, fail with one sentence. Not here: what is run, and why (the tasks).

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a task gives: nothing, or a sentence.
pub(crate) type Done<T = ()> = Result<T, String>;

/// Says what is being done, on standard error.
macro_rules! say { ($($t:tt)*) => { eprintln!("\x1b[1m{:>12}\x1b[0m {}", "ehlo", format!($($t)*)) } }
pub(crate) use say;

/// `cargo` of the toolchain that runs this task.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut c = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    c.args(words);
    // The task's own compiler flags and package are nobody else's business.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "RUSTFLAGS_XTASK"] {
        c.env_remove(name);
    }
    c
}

/// Runs to the end; anything but success is an error that names the command.
pub(crate) fn run(c: &mut Command) -> Done {
    let status = c.status().map_err(|e| format!("{}: {e}", shown(c)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", shown(c))) }
}

/// Runs to the end and gives standard output.
pub(crate) fn output(c: &mut Command) -> Done<String> {
    let out = c.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|e| format!("{}: {e}", shown(c)))?;
    if !out.status.success() {
        return Err(format!("{}: {}", shown(c), out.status));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn shown(c: &Command) -> String {
    let name = PathBuf::from(c.get_program()).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let words: Vec<String> = c.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
    format!("`{name} {}`", words.join(" "))
}

/// `cargo metadata` of the workspace, without what it depends on.
pub(crate) fn metadata() -> Done<Value> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> Done<PathBuf> {
    Ok(metadata()?["target_directory"].as_str().unwrap_or("target").into())
}

/// Whether a program is on the path.
pub(crate) fn have(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|d| d.join(name).is_file()))
}
