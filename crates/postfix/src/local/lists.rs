//! Lists in files: `:include:` and .forward. Not here: the words in them (`expand`). Source: aliases(5), local(8).

use super::expand::{Names, trouble, without_success};
use super::{Run, Source, State};
use crate::account::{by_name, by_uid};
use crate::config::split;
use crate::mailbox::{Owner, become_user};
use crate::report::{flag, notify};
use machine::{Because, FileKind};
use std::cell::Cell;

impl Run<'_> {
    /// Delivers to the lines of a file that lists addresses, for one that is `from`; a problem ends it.
    async fn lines(&mut self, state: &State, from: &str, path: &str, bytes: &[u8], count: &mut u32) -> bool {
        self.note_rights(state);
        for (line, n) in String::from_utf8_lossy(bytes).lines().zip(1..) {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let depth = self.note_expansion(from, line, path, Some((path.to_string(), n)));
            let done = self.words(state, line, count).await;
            self.depth = depth;
            if !done {
                return false;
            }
        }
        true
    }
    pub(super) async fn include(&mut self, state: &State, path: &str) -> bool {
        let mut state = state.clone();
        state.level += 1;
        let sys = self.agent.d.sys.clone();
        let uid = state.rights.as_ref().map_or(0, |r| r.uid);
        if !self.first_time(format!("include {uid} {path}")) {
            return true;
        }
        state.expanded = Some(state.local.clone());
        let bad = if !path.starts_with('/') {
            Some(format!(":include:{path} uses a relative path"))
        } else {
            self.as_user(&state).await;
            let st = sys.stat(path).await;
            self.as_daemon().await;
            match st {
                Err(e) => Some(format!("unable to lookup :include: file {path}: {e}")),
                Ok(st) if st.kind != FileKind::File => Some(format!(":include: file {path} is not a regular file")),
                Ok(st) if st.mode & 0o002 != 0 => Some(format!(":include: file {path} is world writable")),
                Ok(st) => {
                    if uid == 0 && st.uid != 0 {
                        let Some(account) = by_uid(&sys, st.uid).await else {
                            self.agent.d.log.warn(format_args!("cannot find username for uid {}", st.uid));
                            self.agent.d.log.warn(format_args!("{path}: cannot find :include: file owner username"));
                            return self.failed(&state, trouble("4.3.5")).await;
                        };
                        state.rights = Some(account);
                    }
                    None
                }
            }
        };
        if let Some(text) = bad {
            self.agent.d.log.warn(format_args!("{text}"));
            self.tree.push(Because::State { what: text });
            return self.bounce(&state, trouble("5.3.5")).await;
        }
        state.from = Source::Include;
        if state.owner.is_none() {
            state.owner = Some(state.rcpt.addr.clone());
        }
        let bytes = match self.read_as(&state, path).await {
            Ok(bytes) => bytes,
            Err(e) => {
                self.agent.d.log.warn(format_args!("cannot open include file {path}: {e}"));
                return self.bounce(&state, trouble("5.3.5")).await;
            }
        };
        if !self.propagates("include") {
            state.unmatched = None;
        }
        self.lines(&state, &state.local, path, &bytes, &mut 0).await
    }
    /// Takes the rights of the user whose list is being read.
    async fn as_user(&self, state: &State) {
        let who = state.rights.as_ref().map_or(Owner { uid: 0, gid: 0 }, |r| Owner { uid: r.uid, gid: r.gid });
        become_user(&self.agent.d.sys, who).await;
    }
    pub(super) async fn as_daemon(&self) {
        become_user(&self.agent.d.sys, self.agent.daemon).await;
    }
    async fn read_as(&self, state: &State, path: &str) -> machine::Sysret<Vec<u8>> {
        self.as_user(state).await;
        let bytes = self.agent.d.sys.read_file(path).await;
        self.as_daemon().await;
        bytes
    }
    /// The user's own list. `None`: there is none, or it says nothing.
    pub(super) async fn dot_forward(&mut self, state: &State) -> Option<bool> {
        let mut state = state.clone();
        state.level += 1;
        let sys = self.agent.d.sys.clone();
        let candidates = split(self.agent.d.cfg.raw("forward_path").unwrap_or(""));
        let account = by_name(&sys, &state.user).await.filter(|_| !candidates.is_empty())?;
        if !self.agent.d.cfg.bool("frozen_delivered_to") {
            state.delivered.clone_from(&state.rcpt.addr);
        }
        let uid = account.uid;
        state.rights = Some(account);
        state.from = Source::Forward;
        state.owner = Some(state.user.clone());
        let mut found = None;
        for candidate in candidates {
            let filter = self.str("forward_expansion_filter");
            let names = Names { state: &state, delimiters: self.str("recipient_delimiter"), filter, extension_used: Cell::new(false) };
            let done = crate::config::expand(&candidate, &names, false);
            if done.error || done.undefined {
                continue;
            }
            let used = names.extension_used.get();
            self.as_user(&state).await;
            let st = sys.lstat(&done.text).await;
            self.as_daemon().await;
            if let Ok(st) = st {
                if used || !self.propagates("forward") {
                    state.unmatched = None;
                }
                found = Some((done.text, st));
                break;
            }
        }
        let (path, st) = found?;
        if self.request.job.flags & flag::MTA_VRFY != 0 {
            return Some(self.sent(&state, format!("forward via file: {path}")).await);
        }
        if !self.first_time(format!("forward {path}")) {
            return self.was_here(&format!("forward-done {path}")).then_some(true);
        }
        state.expanded = Some(state.local.clone());
        let bad = if st.kind != FileKind::File {
            format!("file {path} is not a regular file")
        } else if st.uid != 0 && st.uid != uid {
            format!("file {path} has bad owner uid {}", st.uid)
        } else if st.mode & 0o002 != 0 {
            format!("file {path} is world writable")
        } else {
            match self.read_as(&state, &path).await {
                Ok(bytes) => return self.forward_file(state, &path, &bytes).await,
                Err(e) => format!("cannot open file {path}: {e}"),
            }
        };
        self.agent.d.log.warn(format_args!("{bad}"));
        self.tree.push(Because::State { what: bad });
        None
    }
    async fn forward_file(&mut self, mut state: State, path: &str, bytes: &[u8]) -> Option<bool> {
        let notify = state.rcpt.notify;
        state.rcpt.notify = without_success(notify);
        let mut count = 0;
        let done = self.lines(&state, &state.user, path, bytes, &mut count).await;
        if count == 0 {
            return None;
        }
        self.first_time(format!("forward-done {path}"));
        if done && notify & notify::SUCCESS != 0 {
            state.rcpt.notify = notify;
            self.expanded(&state, "expanded").await;
        }
        Some(done)
    }
}
