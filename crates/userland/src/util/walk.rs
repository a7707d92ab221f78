//! Paths and directories: joining names, the last part of a name, what a directory holds.
//! Not here: opening files (`gnu`).

use machine::{Sys, Sysret};

/// `dir/name`.
pub(crate) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() || dir.ends_with('/') { format!("{dir}{name}") } else { format!("{dir}/{name}") }
}

/// The last part of a path, slashes at its end apart; `/` of a root.
pub(crate) fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() && path.starts_with('/') {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// The path without its last part: `.` if there is none.
pub(crate) fn parent(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() && path.starts_with('/') {
        return "/";
    }
    match trimmed.rfind('/') {
        Some(i) => match trimmed[..i].trim_end_matches('/') {
            "" => "/",
            dir => dir,
        },
        None => ".",
    }
}

/// The paths of what is in a directory, in the order of the names.
pub(crate) async fn children(sys: &Sys, dir: &str) -> Sysret<Vec<String>> {
    Ok(sys.read_dir(dir).await?.into_iter().map(|e| join(dir, &e.name)).collect())
}
