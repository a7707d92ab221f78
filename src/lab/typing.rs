//! What a line is made of at a shell's prompt: completion, history, search. Not here: keys (`keyboard`).

use super::Lab;
use crate::{i18n, platform};
use world::TtyId;

impl Lab {
    pub(super) fn complete(&mut self, lang: i18n::Lang, line: &str, cursor: usize) {
        let d = self.shared.borrow();
        let done = d.world.complete(TtyId(d.front as u32), line, cursor).filter(|_| !line.trim().is_empty());
        let Some(done) = done else {
            self.assist = lang.t(i18n::NOTHING_TO_COMPLETE).into();
            return;
        };
        let (Some(before), Some(after)) = (line.get(..done.start), line.get(cursor..)) else { return };
        let new = [before, &done.text, after].concat();
        self.assist = if done.candidates.len() > 1 { done.candidates.join("  ") } else { String::new() };
        if let Some(input) = platform::input("ti") {
            input.set_value(&new);
            let at = before.encode_utf16().count() + done.text.encode_utf16().count();
            let _ = input.set_selection_range(at as u32, at as u32);
        }
    }

    pub(super) fn go_through_history(&mut self, up: bool, line: String) {
        let d = self.shared.borrow();
        let lines = d.world.history(TtyId(d.front as u32));
        let here = self.history.unwrap_or(lines.len());
        if self.history.is_none() {
            self.draft = line;
        }
        let next = if up { here.saturating_sub(1) } else { (here + 1).min(lines.len()) };
        self.history = Some(next);
        fill(lines.get(next).unwrap_or(&self.draft));
    }

    pub(super) fn search_history(&mut self, line: String) {
        let d = self.shared.borrow();
        let lines = d.world.history(TtyId(d.front as u32));
        if self.history.is_none() {
            self.draft = line;
        }
        let here = self.history.unwrap_or(lines.len());
        let found = lines.iter().take(here).rposition(|l| l.contains(&self.draft));
        let failed = if found.is_some() { "" } else { "failed " };
        self.assist = ["(", failed, "reverse-i-search)`", &self.draft, "'"].concat();
        if let Some(n) = found {
            self.history = Some(n);
            fill(&lines[n]);
        }
    }
}

/// Puts a line into the field, the cursor behind it.
fn fill(line: &str) {
    if let Some(input) = platform::input("ti") {
        input.set_value(line);
        let end = line.encode_utf16().count() as u32;
        let _ = input.set_selection_range(end, end);
    }
}
