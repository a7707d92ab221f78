//! Completion at a shell's prompt: what the shell's own rules need to know of a host.
//! Not here: the rules.

use crate::stage::Stage;
use crate::{Completion, TtyId};
use machine::{CompleteEnv, EditLine, FileKind};

struct Env<'a> {
    stage: &'a Stage,
    host: usize,
    user: &'a str,
    cwd: &'a str,
    edit: &'a EditLine,
}

pub(crate) fn complete(stage: &Stage, tty: TtyId, line: &str, cursor: usize) -> Option<Completion> {
    let state = stage.kernel.tty(tty.0)?;
    let edit = state.edit?;
    let env = Env { stage, host: state.host, user: state.user, cwd: &state.cwd, edit };
    let (start, text, candidates) = (edit.complete)(line, cursor, &env)?;
    Some(Completion { start, text, candidates })
}

impl CompleteEnv for Env<'_> {
    fn dir(&self, path: &str) -> Vec<(String, bool, bool)> {
        let full = if path.starts_with('/') { path.to_string() } else { format!("{}/{path}", self.cwd) };
        let Some(disk) = self.stage.kernel.disk(self.host) else { return Vec::new() };
        let Ok(entries) = disk.list_path(&full) else { return Vec::new() };
        let row = |e: machine::DirEntry| {
            let stat = disk.stat_path(&format!("{full}/{}", e.name));
            let (kind, mode) = stat.map_or((e.kind, 0), |s| (s.kind, s.mode));
            (e.name, kind == FileKind::Dir, kind == FileKind::File && mode & 0o111 != 0)
        };
        entries.into_iter().filter(|e| !matches!(e.name.as_str(), "." | "..")).map(row).collect()
    }
    fn users(&self) -> Vec<String> {
        let passwd = self.stage.read(self.host, "/etc/passwd").unwrap_or_default();
        String::from_utf8_lossy(&passwd).lines().filter_map(|l| Some(l.split_once(':')?.0.to_string())).collect()
    }
    fn home(&self, user: &str) -> Option<String> {
        Some(self.stage.account(self.host, if user.is_empty() { self.user } else { user })?.home)
    }
    fn words(&self) -> Vec<String> {
        self.edit.words.to_vec()
    }
    fn path(&self) -> Vec<String> {
        self.edit.path.clone()
    }
    fn variables(&self) -> Vec<String> {
        self.edit.variables.to_vec()
    }
}
