//! What happens when a part of the program that cannot fail has failed: the page says so, keeps the inputs and offers them as a report.
//! After a panic the module is dead, so the message is plain HTML that stands in `index.html` and needs none of it.

use crate::storage::{self, Saved};
use std::cell::RefCell;

/// The inputs of the lab that is open, where the panic hook finds them.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) saved: Saved,
    /// The saved inputs are being replayed: what panics then would panic again.
    pub(crate) replaying: bool,
}

thread_local! {
    static JOURNAL: RefCell<Journal> = RefCell::default();
}

/// Reads or changes the journal.
pub(crate) fn journal<T>(f: impl FnOnce(&mut Journal) -> T) -> T {
    JOURNAL.with(|j| f(&mut j.borrow_mut()))
}

/// Installs the hook.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let mut message = String::new();
        if let Some(s) = info.payload_as_str() {
            message.push_str(s);
        }
        if let Some(at) = info.location() {
            message.push_str("\nat ");
            message.push_str(at.file());
            message.push(':');
            message.push_str(&at.line().to_string());
        }
        web_sys::console::error_1(&message.as_str().into());
        let report = JOURNAL.with(|j| {
            let Ok(mut j) = j.try_borrow_mut() else { return String::new() };
            let lab = j.saved.lab.clone();
            let text = j.saved.to_text();
            if !lab.is_empty() {
                super::save(&storage::aside(&lab), &text);
                super::forget(&storage::replaying(&lab));
                if j.replaying {
                    super::forget(&storage::key(&lab));
                } else {
                    j.saved.inputs.pop();
                    super::save(&storage::key(&lab), &j.saved.to_text());
                }
            }
            text
        });
        if let Some(box_) = super::by_id("crash") {
            let _ = box_.remove_attribute("hidden");
        }
        if let Some(text) = super::by_id("crash-report") {
            text.set_text_content(Some(&[message.as_str(), "\n", &report].concat()));
        }
    }));
}
