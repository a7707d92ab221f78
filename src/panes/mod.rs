//! The panes: each a plain function of the lab's state that gives HTML, one file each, and one row in the table below.
//! Not here: the state and what presses do (`lab`).

pub(crate) mod base64;
pub(crate) mod files;
pub(crate) mod gloss;
pub(crate) mod mailboxes;
pub(crate) mod maillog;
pub(crate) mod map;
pub(crate) mod menu;
mod plan;
pub(crate) mod queue;
pub(crate) mod share;
pub(crate) mod terminal;
pub(crate) mod why;

use crate::driver::Driver;
use crate::i18n::{self, Lang, Msg};
use crate::lab::Lab;
use yew::html::Scope;
use yew::prelude::*;

/// A view beside the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Why,
    Map,
    Base64,
    Log,
    Queue,
    Mailboxes,
    Files,
}

impl View {
    /// All of them: `data-pane`, name, the letter behind F2, whether it belongs in the upper slot.
    pub(crate) const ALL: [(View, &'static str, Msg, char, bool); 7] = [
        (View::Why, "why", i18n::WHY, 'w', true),
        (View::Map, "map", i18n::MAP, 'k', true),
        (View::Base64, "base64", i18n::BASE64, 'b', true),
        (View::Log, "maillog", i18n::LOG, 'l', false),
        (View::Queue, "queue", i18n::QUEUE, 'q', false),
        (View::Mailboxes, "mailboxes", i18n::MAILBOXES, 'm', false),
        (View::Files, "files", i18n::FILES, 'f', false),
    ];
    /// Its place in the table.
    pub(crate) fn place(self) -> usize {
        Self::ALL.iter().position(|v| v.0 == self).unwrap_or_default()
    }
    /// Views as bits, by their place in the table.
    pub(crate) fn bits(views: &[View]) -> u32 {
        views.iter().fold(0, |bits, v| bits | 1 << v.place())
    }
    /// Its name in `data-pane`.
    pub(crate) fn id(self) -> &'static str {
        Self::ALL.iter().find(|v| v.0 == self).map_or("", |v| v.1)
    }
    /// Its name for readers.
    pub(crate) fn name(self) -> Msg {
        Self::ALL.iter().find(|v| v.0 == self).map_or(i18n::VIEWS, |v| v.2)
    }
}

/// What draws a pane.
pub(crate) type Pane = fn(&Lab, &Scope<Lab>, Lang) -> Html;

/// Places in the table that are no views.
pub(crate) const SHARE: usize = 0;
pub(crate) const MENU: usize = 1 + View::ALL.len();

/// The dialog of a link, then all panes beside the terminal, in the order of [`View::ALL`], then the menus. They lie behind a door of their
/// own: the prompt needs none of them. Whatever else mentions this table pulls them out.
#[rustfmt::skip]
const PANES: &[Pane] = &[
    share::dialog,
    why::pane,
    map::pane,
    base64::pane,
    maillog::pane,
    queue::pane,
    mailboxes::pane,
    files::pane,
    menu::menu,
];

/// Fetches the panes.
#[cfg(all(feature = "split", target_family = "wasm"))]
pub(crate) async fn load() -> Option<&'static [Pane]> {
    door::open().await.ok()
}

#[cfg(all(feature = "split", target_family = "wasm"))]
// The code behind the door crosses the border by an imported function, which is `unsafe` to call.
#[allow(unsafe_code)]
mod door {
    use super::*;
    use world::machine::{LoadError, split};

    #[split::wasm_split(panes, fallible, wasm_split_path = world::machine::split)]
    pub(super) fn open() -> Result<&'static [Pane], LoadError> {
        Ok(PANES)
    }
}

/// The panes, in a page that is whole.
#[cfg(not(all(feature = "split", target_family = "wasm")))]
pub(crate) async fn load() -> Option<&'static [Pane]> {
    Some(PANES)
}

/// Columns of text in so many units of 24 pixels: a row's height for the list.
pub(crate) fn rows_of(width: usize, cols: u32) -> u32 {
    let cols = cols.max(8) as usize;
    width.div_ceil(cols).max(1) as u32
}

/// A queue id as a button, with the letter that stands for the message in every view.
pub(crate) fn qid(d: &Driver, id: &str, on: Callback<MouseEvent>) -> Html {
    let (letter, made) = d.map.letter(id).unzip();
    html! { <button class={if made == Some(true) { "qid B" } else { "qid" }} data-k={letter.map(String::from)} onclick={on}>{ id }</button> }
}

/// The mark at a tab whose pane has something lit that is not seen.
pub(crate) fn here(on: bool, lang: Lang) -> Html {
    if on {
        html! { <i class="here" title={lang.t(i18n::HERE)}><span class="sr">{ lang.t(i18n::HERE) }</span></i> }
    } else {
        Html::default()
    }
}
