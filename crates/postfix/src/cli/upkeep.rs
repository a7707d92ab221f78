//! The directories and files of an installation: who owns them, who may write; `postfix check`'s warnings and `set-permissions`.
//! Source: postfix(1), post-install(1), the list postfix-files.

use super::postfix::Script;
use machine::{DirEntry, FileKind, Stat, Sys};

/// Directories below the queue directory: name, whether the mail owner has it (else root), whether the set-gid group has it, mode.
const DIRS: [(&str, bool, bool, u16); 15] = [
    ("active", true, false, 0o700),
    ("bounce", true, false, 0o700),
    ("corrupt", true, false, 0o700),
    ("defer", true, false, 0o700),
    ("deferred", true, false, 0o700),
    ("flush", true, false, 0o700),
    ("hold", true, false, 0o700),
    ("incoming", true, false, 0o700),
    ("maildrop", true, true, 0o730),
    ("pid", false, false, 0o755),
    ("private", true, false, 0o700),
    ("public", true, true, 0o710),
    ("saved", true, false, 0o700),
    ("trace", true, false, 0o700),
    ("", false, false, 0o755),
];

struct Ids {
    owner: u32,
    group: u32,
    data: String,
    queue: String,
}

async fn ids(s: &Script) -> Ids {
    let owner = crate::account::by_name(&s.sys, &s.cfg.str("mail_owner")).await.map_or(0, |a| a.uid);
    let group = crate::account::group(&s.sys, &s.cfg.str("setgid_group")).await.unwrap_or(0);
    Ids { owner, group, data: s.cfg.str("data_directory"), queue: s.cfg.str("queue_directory") }
}

/// Makes the directories that are not there.
pub(super) async fn create_missing(s: &Script) {
    set(s, true).await;
}
/// Gives every directory and set-gid program its owner, group and mode.
pub(super) async fn set_permissions(s: &Script) {
    set(s, false).await;
    let group = ids(s).await.group;
    for name in ["postdrop", "postqueue"] {
        let path = format!("{}/{name}", s.cfg.str("command_directory"));
        let _ = s.sys.chown(&path, Some(0), Some(group), true).await;
        let _ = s.sys.chmod(&path, 0o2755).await;
    }
}
async fn set(s: &Script, missing_only: bool) {
    let ids = ids(s).await;
    let mut dirs: Vec<(String, u32, Option<u32>, u16)> = Vec::new();
    for (name, owned, grouped, mode) in DIRS {
        let uid = if owned { ids.owner } else { 0 };
        dirs.push((format!("{}/{name}", ids.queue), uid, grouped.then_some(ids.group), mode));
    }
    dirs.push((ids.data.clone(), ids.owner, None, 0o700));
    for (path, uid, gid, mode) in dirs {
        if s.sys.mkdir(path.trim_end_matches('/'), mode).await.is_ok() || !missing_only {
            let _ = s.sys.chown(&path, Some(uid), gid, true).await;
            let _ = s.sys.chmod(&path, mode).await;
        }
    }
}

/// A tree as find(1) walks it, links not followed: paths and states.
async fn tree(sys: &Sys, root: &str) -> Vec<(String, Stat)> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_string()];
    while let Some(path) = todo.pop() {
        let Ok(stat) = sys.lstat(&path).await else { continue };
        if stat.is_dir() {
            let entries = sys.read_dir(&path).await.unwrap_or_default();
            todo.extend(entries.iter().rev().map(|DirEntry { name, .. }| format!("{path}/{name}")));
        }
        found.push((path, stat));
    }
    found
}

const WRITABLE: u16 = 0o022;

/// The warnings of `postfix check`.
pub(super) async fn warn(s: &Script) {
    let ids = ids(s).await;
    let (owner, group) = (s.cfg.str("mail_owner"), s.cfg.str("setgid_group"));
    let (sys, queue) = (&s.sys, &ids.queue);
    let mut said: Vec<String> = Vec::new();
    let tops = [format!("{queue}/."), format!("{queue}/pid")];
    check(sys, &mut said, &tops, "not owned by root", |st| st.uid != 0).await;
    check(sys, &mut said, &tops, "group or other writable", |st| st.mode & WRITABLE != 0).await;
    let mut roots: Vec<String> =
        ["daemon_directory", "meta_directory", "shlib_directory"].iter().map(|n| s.cfg.str(n)).filter(|p| p != "no").collect();
    roots.push(s.cfg.dir().to_string());
    machine::sort(&mut roots);
    roots.dedup();
    let mut all: Vec<(String, Stat)> = Vec::new();
    for root in roots {
        all.extend(tree(sys, &format!("{root}/.")).await);
    }
    said.extend(all.iter().filter(|(_, st)| st.uid != 0).map(|(path, _)| format!("not owned by root: {path}")));
    for (path, st) in &all {
        let st = if st.kind == FileKind::Symlink { sys.stat(path).await.unwrap_or_else(|_| st.clone()) } else { st.clone() };
        // A link without a target has all bits.
        if st.mode & WRITABLE != 0 {
            said.push(format!("group or other writable: {path}"));
        }
    }
    for (path, st) in &all {
        if st.kind == FileKind::Symlink && path != "/etc/postfix/./makedefs.out" && sys.read_link(path).await.is_ok_and(|t| t.contains('/'))
        {
            said.push(format!("symlink leaves directory: {path}"));
        }
    }
    let data = tree(sys, &format!("{}/.", ids.data)).await;
    said.extend(data.iter().filter(|(_, st)| st.uid != ids.owner).map(|(path, _)| format!("not owned by {owner}: {path}")));
    said.extend(data.iter().filter(|(_, st)| st.mode & WRITABLE != 0).map(|(path, _)| format!("group or other writable: {path}")));
    for (name, owned, ..) in DIRS {
        if owned && name != "maildrop" {
            for (path, st) in tree(sys, &format!("{queue}/{name}")).await {
                if st.uid != ids.owner && !matches!(st.kind, FileKind::Fifo | FileKind::Socket) {
                    said.push(format!("not owned by {owner}: {path}"));
                }
            }
        }
    }
    let maildrop = [format!("{queue}/maildrop")];
    check(sys, &mut said, &maildrop, &format!("not owned by {owner}"), |st| st.uid != ids.owner).await;
    let commands = s.cfg.str("command_directory");
    let setgid = [format!("{commands}/postqueue"), format!("{commands}/postdrop")];
    let mut grouped = setgid.to_vec();
    grouped.extend([format!("{queue}/public"), format!("{queue}/maildrop")]);
    check(sys, &mut said, &grouped, &format!("not owned by group {group}"), |st| st.gid != ids.group).await;
    let what = "not set-gid or not owner+group+world executable";
    check(sys, &mut said, &setgid, what, |st| st.mode & 0o2111 != 0o2111).await;
    for (path, st) in tree(sys, "corrupt").await {
        if st.kind == FileKind::File {
            said.push(format!("damaged message: {path}"));
        }
    }
    for text in said {
        s.say("warn", &text).await;
    }
}

/// Warns of those files that are not as they should be.
async fn check(sys: &Sys, said: &mut Vec<String>, paths: &[String], what: &str, wrong: impl Fn(&Stat) -> bool) {
    for path in paths {
        if sys.stat(path).await.is_ok_and(|st| wrong(&st)) {
            said.push(format!("{what}: {path}"));
        }
    }
}
