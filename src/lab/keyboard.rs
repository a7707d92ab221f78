//! Keys: the one field of a terminal (a line for the shell or a server, keys for a full-screen program) and the keys of the whole lab.
//! What a key does is decided when it comes, so that the browser's own use of it can be prevented.

use super::links::Sel;
use super::{Lab, Msg};
use crate::driver::Term;
use crate::i18n::{self, Lang};
use crate::panes::View;
use crate::{keys, platform};
use gloo::events::{EventListener, EventListenerOptions};
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, Window};
use yew::html::Scope;
use yew::prelude::*;

thread_local! {
    /// Esc was pressed: the next Tab leaves the terminal.
    static ESCAPED: Cell<bool> = const { Cell::new(false) };
    /// A menu or a question is open, as far as the lab has come: what was sent to it may be waiting, because the scheduler gives way
    /// to the browser after 16 ms of work. Nothing that a key opens or closes may hang on it.
    static OPEN: Cell<bool> = const { Cell::new(false) };
    /// F2 was pressed: the next letter chooses from the lab's menu.
    static LEADER: Cell<bool> = const { Cell::new(false) };
}

/// The field of a program that reads lines.
pub(crate) fn line_field(lab: &Lab, link: &Scope<Lab>, lang: Lang, term: &Term, prompt: &str) -> Html {
    let _ = lab;
    let view = term.view.as_ref();
    let shown = view.is_none_or(|v| v.echo || v.at_prompt);
    let at_prompt = view.is_some_and(|v| v.at_prompt);
    let (mark, label) = match () {
        () if !shown => ("›", lang.t(i18n::TYPE_HIDDEN).to_string()),
        () if at_prompt => ("$", lang.t(i18n::TYPE_TO_SHELL).into()),
        () if term.transcript.session.on && term.transcript.session.connected => ("C", lang.t(i18n::TYPE_TO_SERVER).into()),
        () => ("›", lang.fill(i18n::TYPE_TO_PROGRAM, &[&term.program()])),
    };
    let on_key = {
        let link = link.clone();
        Callback::from(move |e: KeyboardEvent| line_key(&link, &e, at_prompt))
    };
    html! {
        <div class="tl inp"><span class="g" aria-hidden="true">{ mark }</span>
            <span class="pl"><span class="ps">{ prompt }</span>
                <input id="ti" type={if shown { "text" } else { "password" }} aria-label={label} onkeydown={on_key} autocapitalize="off" autocomplete="off"
                    autocorrect="off" spellcheck="false" enterkeyhint="send" />
            </span><span></span></div>
    }
}

fn line_key(link: &Scope<Lab>, e: &KeyboardEvent, at_prompt: bool) {
    let Some(input) = e.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
    if e.is_composing() || e.key_code() == 229 {
        return;
    }
    let key = e.key();
    let escaped = ESCAPED.replace(key == "Escape");
    let plain = !e.ctrl_key() && !e.alt_key() && !e.meta_key();
    let take = |msg: Msg| {
        e.prevent_default();
        link.send_message(msg);
    };
    match key.as_str() {
        "Enter" => {
            let line = input.value();
            input.set_value("");
            take(Msg::Line(line));
        }
        "Tab" if plain && !escaped && !e.shift_key() && at_prompt => {
            let line = input.value();
            let units = input.selection_end().ok().flatten().unwrap_or(0) as usize;
            let cursor = byte_at(&line, units);
            take(Msg::Complete(line, cursor));
        }
        "ArrowUp" | "ArrowDown" if plain && at_prompt => take(Msg::History(key == "ArrowUp", input.value())),
        "r" if e.ctrl_key() && !e.alt_key() && at_prompt => take(Msg::Search(input.value())),
        _ if e.ctrl_key() && !e.alt_key() => control_key(&input, &key, e, &take),
        _ => {}
    }
}

/// Byte position of a position in UTF-16 units.
fn byte_at(text: &str, units: usize) -> usize {
    let mut left = units;
    for (i, c) in text.char_indices() {
        if left == 0 {
            return i;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

fn control_key(input: &HtmlInputElement, key: &str, e: &KeyboardEvent, take: &dyn Fn(Msg)) {
    let selected = input.selection_start().ok() != input.selection_end().ok() || platform::has_selection();
    let value = input.value();
    let caret = input.selection_end().ok().flatten().unwrap_or(0);
    let send = |byte: u8| {
        let mut bytes = value.clone().into_bytes();
        bytes.push(byte);
        input.set_value("");
        take(Msg::Bytes(bytes));
    };
    let edit = |text: &str, at: u32| {
        e.prevent_default();
        input.set_value(text);
        let _ = input.set_selection_range(at, at);
    };
    match key {
        "c" if selected => {}
        "c" => send(3),
        "d" if value.is_empty() => send(4),
        "z" if value.is_empty() => send(26),
        "\\" => send(28),
        "]" => send(29),
        "l" => take(Msg::ClearScreen),
        "u" => edit(value.get(byte_at(&value, caret as usize)..).unwrap_or_default(), 0),
        "k" => edit(value.get(..byte_at(&value, caret as usize)).unwrap_or_default(), caret),
        "a" => {
            e.prevent_default();
            let _ = input.set_selection_range(0, 0);
        }
        "e" => {
            e.prevent_default();
            let end = value.encode_utf16().count() as u32;
            let _ = input.set_selection_range(end, end);
        }
        _ => {}
    }
}

/// The field of a program that reads keys. It never keeps what is typed.
pub(crate) fn raw_field(lab: &Lab, link: &Scope<Lab>, lang: Lang, program: &str) -> Html {
    let _ = lab;
    let on_key = {
        let link = link.clone();
        Callback::from(move |e: KeyboardEvent| {
            if e.is_composing() || e.key_code() == 229 || e.meta_key() || matches!(e.key().as_str(), "F6" | "F2") {
                return;
            }
            if e.ctrl_key() && e.key() == "c" && platform::has_selection() {
                return;
            }
            if let Some(bytes) = keys::bytes(&e.key(), e.ctrl_key(), e.alt_key()) {
                e.prevent_default();
                link.send_message(Msg::Bytes(bytes));
            }
        })
    };
    // Input methods and phones give text, not keys.
    let on_input = {
        let link = link.clone();
        Callback::from(move |e: InputEvent| {
            let Some(input) = e.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
            if !e.is_composing() {
                let text = input.value();
                input.set_value("");
                link.send_message(Msg::Bytes(text.into_bytes()));
            }
        })
    };
    let label = lang.fill(i18n::KEYS_GO_TO, &[program]);
    html! {
        <div class="tl inp"><span class="g" aria-hidden="true">{ "⌨" }</span>
            <span><input id="ti" aria-label={label.clone()} placeholder={label} onkeydown={on_key} oninput={on_input} autocapitalize="off" autocomplete="off" spellcheck="false" /></span><span></span></div>
    }
}

/// Tells whether a menu or a question is open.
pub(super) fn opened(open: bool) {
    OPEN.set(open);
}

/// Keys of the whole lab: F6, F2 and a letter.
pub(super) fn global(window: &Window, link: Scope<Lab>) -> EventListener {
    let options = EventListenerOptions { phase: gloo::events::EventListenerPhase::Capture, passive: false };
    EventListener::new_with_options(window, "keydown", options, move |e| {
        let Some(e) = e.dyn_ref::<KeyboardEvent>() else { return };
        let key = e.key();
        let open = OPEN.get();
        // The menu may not be drawn yet.
        if LEADER.replace(false) && key.len() == 1 && !e.ctrl_key() && !e.alt_key() {
            // A slash begins a search, as does any key that chooses nothing.
            let msg = chosen(&key);
            if msg.is_some() || key == "/" {
                e.prevent_default();
                e.stop_propagation();
            }
            if let Some(msg) = msg {
                link.send_message(Msg::CloseMenu);
                link.send_message(msg);
            }
            return;
        }
        match key.as_str() {
            "F6" => {
                e.prevent_default();
                platform::next_region(e.shift_key());
            }
            "F2" => {
                e.prevent_default();
                LEADER.set(true);
                link.send_message(Msg::Menu(true));
            }
            "Escape" => link.send_message(Msg::Escape),
            // What was sought is the first of what is left.
            "Enter" if open && platform::by_id("mf").is_some_and(|f| e.target().is_some_and(|t| t == *f.as_ref())) => {
                e.prevent_default();
                platform::first_button();
            }
            "ArrowUp" | "ArrowDown" if open => {
                e.prevent_default();
                platform::next_button(key == "ArrowUp");
            }
            "ArrowUp" | "ArrowDown" if platform::next_row(key == "ArrowUp") => e.prevent_default(),
            "Enter" => {
                if let Some(row) = platform::row() {
                    link.send_message(Msg::Pin(Sel::of(&row)));
                }
            }
            "ArrowLeft" | "ArrowRight" if platform::next_tab(key == "ArrowLeft") => e.prevent_default(),
            _ => {}
        }
    })
}

/// What a letter behind F2 chooses.
fn chosen(key: &str) -> Option<Msg> {
    let letter = key.chars().next()?.to_ascii_lowercase();
    Some(match letter {
        'w' => Msg::WhyLast,
        'z' => Msg::Undo,
        'r' => Msg::Share(false),
        'y' => Msg::Redo,
        'p' => Msg::Pause,
        'n' => Msg::Skip,
        'o' => Msg::Ask(true),
        't' => Msg::Present,
        's' => Msg::Split,
        '1'..='3' => Msg::Part(letter as u32 - '0' as u32 + 1),
        _ => Msg::Show(View::ALL.iter().find(|v| v.3 == letter)?.0),
    })
}
