//! What was done, by name, and the way back: the same world again from its seed, without the last command. And the whole way as a link.
//! Not here: the links' form (`crate::share`).

use super::{Driver, Restored};
use crate::platform::{self, crash};
use crate::storage;
use world::{Input, SimTime, TtyId};

/// Something that was done and can be taken back.
pub(super) struct Command {
    /// Index of its first input.
    first: usize,
    label: String,
    /// Keys for a full-screen program of this terminal: the next ones belong to them.
    keys: Option<TtyId>,
}

impl Driver {
    /// Remembers what an input is called, so that it can be taken back.
    pub(super) fn note(&mut self, input: &Input) {
        let mut keys = None;
        let label = match input {
            Input::Tick => return,
            Input::Size { .. } => None,
            Input::Close { tty } => {
                if let Some(term) = self.terms.get_mut(tty.0 as usize) {
                    term.gone = true;
                }
                Some("exit".into())
            }
            Input::Open { host, user } => Some([user, "@", host].concat()),
            Input::Write { path, .. } => Some(path.clone()),
            Input::Tty { tty, bytes } => {
                let view = self.world.tty(*tty);
                let line = view.as_ref().is_none_or(|v| v.canonical || v.at_prompt);
                keys = (!line).then_some(*tty);
                match view {
                    Some(v) if !line => Some(v.program),
                    Some(v) if !v.echo && !v.at_prompt => Some("••••".into()),
                    _ => Some(storage::label(bytes)),
                }
            }
        };
        let more = keys.is_some() && self.commands.last().is_some_and(|c| c.keys == keys);
        if let (Some(label), false) = (label, more) {
            self.commands.push(Command { first: self.taken, label, keys });
        }
        self.taken += 1;
    }
    /// What has come out of the world so far; 0 while it stands still in the middle of something.
    pub(super) fn digest(&self) -> u64 {
        if self.at_rest() { self.world.digest() } else { 0 }
    }
    /// At the end of what was saved: whether the same has come of it as when it was.
    pub(super) fn judge(&mut self) {
        if self.stalled_on().is_none() && std::mem::take(&mut self.ended) {
            let (other, digest) = crash::journal(|j| (j.saved.build != platform::build(), j.saved.digest));
            self.differs = other && digest != 0 && digest != self.world.digest();
        }
    }
    /// Names of what can be taken back, and of what can be done again.
    pub(crate) fn undoable(&self) -> [Option<&str>; 2] {
        [self.commands.last().map(|c| c.label.as_str()), self.redo.last().map(|r| r.0.as_str())]
    }
    /// Takes the last command back: the same world again, without it. Its name and when it was.
    pub(crate) fn undo(&mut self) -> Option<(String, SimTime)> {
        if !self.at_rest() {
            return None;
        }
        let command = self.commands.pop()?;
        let (mut saved, tail) = crash::journal(|j| {
            let mut saved = std::mem::take(&mut j.saved);
            let tail = saved.inputs.split_off(command.first.min(saved.inputs.len()));
            (saved, tail)
        });
        saved.now = tail.first().map_or(saved.now, |i| i.0);
        saved.build = platform::build();
        let at = SimTime(saved.now);
        // The lab is there: it has run until now.
        let mut new = Driver::run(saved, Restored::Back).ok()?;
        new.clock = self.clock;
        new.clock.set(platform::micros(), new.world.now());
        new.back_to = self.front;
        new.front = self.front.min(new.terms.len().saturating_sub(1));
        new.unsaved = true;
        new.redo = std::mem::take(&mut self.redo);
        new.redo.push((command.label.clone(), tail));
        *self = new;
        Some((command.label, at))
    }
    /// Does again what was taken back last.
    pub(crate) fn redo(&mut self) -> Option<String> {
        if !self.at_rest() {
            return None;
        }
        let (label, tail) = self.redo.pop()?;
        let now = self.now();
        for (at, input) in tail {
            let at = SimTime(at).max(now);
            crash::journal(|j| j.saved.inputs.push((at.0, input.clone())));
            self.clock.jump(platform::micros(), at);
            self.queue.push_back((at, input));
        }
        self.unsaved = true;
        self.pump();
        Some(label)
    }
    /// The lab as a link's text, how many commands are in it, and the files that were saved in the editor.
    pub(crate) fn link(&self, files: bool) -> (String, usize, Vec<String>) {
        let (now, digest) = (self.world.now().0, self.digest());
        crash::journal(|j| {
            (j.saved.now, j.saved.digest, j.saved.build) = (now, digest, platform::build());
            let mut paths = Vec::new();
            for (_, input) in &j.saved.inputs {
                if let Input::Write { path, .. } = input
                    && !paths.contains(path)
                {
                    paths.push(path.clone());
                }
            }
            (crate::share::to_link(&j.saved, files), self.commands.len(), paths)
        })
    }
}
