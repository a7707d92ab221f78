//! Linked views: a reply, a log line, a row of the queue, a step on the map that tell of the same event light together. Elements that
//! stand for an event carry its number (`data-event`), those that stand for a message its queue id (`data-msg`).
//! Not here: how a lit row looks (`static/ui.css`).

use super::{Lab, Msg};
use crate::panes::View;
use gloo::events::{EventListener, EventListenerOptions, EventListenerPhase};
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, Window};
use yew::html::Scope;

/// An event that is not a decision is numbered by its log line, above all decisions.
const LINES: u32 = 1 << 31;

/// What is lit: an event, and the message that it concerns.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Sel {
    /// Number of the decision, or of the log line (from [`line_event`]), or 0.
    pub(crate) event: u32,
    /// Queue id, or empty.
    pub(crate) msg: String,
}

impl Sel {
    /// What an element stands for.
    pub(super) fn of(e: &Element) -> Sel {
        let event = e.get_attribute("data-event").and_then(|n| n.parse().ok()).unwrap_or(0);
        Sel { event, msg: e.get_attribute("data-msg").unwrap_or_default() }
    }
    pub(crate) fn is_none(&self) -> bool {
        self.event == 0 && self.msg.is_empty()
    }
    /// What lights in a pane: the event itself where the pane knows it, else all that tells of the message.
    pub(crate) fn within(&self, knows: impl FnOnce(u32) -> bool) -> Sel {
        let event = if self.event != 0 && knows(self.event) { self.event } else { 0 };
        Sel { event, msg: self.msg.clone() }
    }
    /// Whether a row lights.
    pub(crate) fn lights(&self, event: u32, msg: &str) -> bool {
        if self.event != 0 { event == self.event } else { !msg.is_empty() && msg == self.msg }
    }
}

/// The event that a line of the log tells of.
pub(crate) fn line_event(n: usize, line: &world::LogLine) -> u32 {
    if line.trace.0 != 0 { line.trace.0 } else { LINES | n as u32 }
}

/// The terminal's place among the panes, behind the views.
const TERMINAL: usize = View::ALL.len();

/// A pane's place.
pub(super) fn place(pane: &str) -> Option<usize> {
    if pane == "terminal" { Some(TERMINAL) } else { View::ALL.iter().position(|v| v.1 == pane) }
}

thread_local! {
    static LAST: RefCell<Sel> = RefCell::default();
    /// Something lit up since the finger or the button went down: this press has shown it, the next one pins it.
    static FRESH: Cell<bool> = const { Cell::new(false) };
}

/// What the element under `e` stands for.
fn under(e: &Event) -> Option<Sel> {
    let target: Element = e.target()?.dyn_into().ok()?;
    Some(Sel::of(&target.closest("[data-event],[data-msg]").ok()??))
}

/// Listens to what the pointer and the focus are on.
pub(super) fn listen(window: &Window, link: &Scope<Lab>) -> [EventListener; 4] {
    ["mouseover", "focusin", "pointerdown", "click"].map(|kind| {
        let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: true };
        let link = link.clone();
        EventListener::new_with_options(window, kind, options, move |e| match kind {
            "pointerdown" => FRESH.set(false),
            "click" => {
                let control = |e: &Event| e.target()?.dyn_into::<Element>().ok()?.closest("button,a,input,textarea").ok()?;
                if !FRESH.replace(false) && control(e).is_none() && !crate::platform::has_selection() {
                    link.send_message(Msg::Pin(under(e).unwrap_or_default()));
                }
            }
            _ => {
                let sel = under(e).unwrap_or_default();
                let news = LAST.with(|l| *l.borrow() != sel);
                if news {
                    LAST.set(sel.clone());
                    FRESH.set(true);
                    link.send_message(Msg::Light(sel));
                }
            }
        })
    })
}

impl Lab {
    /// What is lit: what the hand is on, else what is pinned.
    pub(crate) fn sel(&self) -> &Sel {
        if self.light.is_none() { &self.pin } else { &self.light }
    }
    /// Whether something lit can be seen in the terminal.
    pub(crate) fn sees_terminal(&self) -> bool {
        self.seen & 1 << TERMINAL != 0
    }
    /// The views that have something lit in them, by their place in the table, whether it can be seen or not.
    pub(super) fn holders(&self) -> u32 {
        let sel = self.sel();
        if sel.is_none() {
            return 0;
        }
        let d = self.shared.borrow();
        let msg = sel.msg.as_str();
        let mut out = 0;
        for (i, view) in View::ALL.iter().enumerate() {
            let holds = match view.0 {
                View::Why => sel.event != 0 && sel.event < LINES && (sel.event != self.why || self.top != View::Why),
                View::Log => {
                    let line = |(n, l): (usize, &world::LogLine)| line_event(n, l) == sel.event || !msg.is_empty() && l.line.contains(msg);
                    d.world.log().iter().enumerate().any(line)
                }
                View::Map => d.map.find(msg).is_some(),
                _ if msg.is_empty() => false,
                View::Queue => d.world.queue("mail").iter().any(|q| q.id == msg),
                View::Mailboxes => d.world.mailboxes("mail").iter().any(|b| b.1.iter().any(|m| crate::model::received(&m.text) == msg)),
                _ => false,
            };
            out |= u32::from(holds) << i;
        }
        out
    }
}
