//! The lab's menu, which can be searched, and the menu of a slot of views. Not here: what the letters behind F2 do (`lab::keyboard`).

use crate::app::Prefs;
use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use crate::panes::View;
use std::cell::Cell;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::prelude::*;

/// An entry: its name, the letter behind F2, what it does.
struct Item(String, String, Option<Msg>);

/// The menu that is open.
pub(crate) fn menu(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    match lab.pane_menu {
        Some(upper) => slot_menu(lab, upper, link, lang),
        None => lab_menu(lab, link, lang),
    }
}

/// Entries as a list. Each is pressed at most once: then the menu is gone.
fn list(items: Vec<Item>, link: &Scope<Lab>) -> Html {
    let row = |Item(label, key, msg): Item| {
        let msg = Cell::new(msg);
        let on = link.batch_callback(move |_: MouseEvent| std::iter::once(Msg::CloseMenu).chain(msg.take()).collect::<Vec<_>>());
        html! { <li><button class="btn quiet" onclick={on}>{ label }</button>if !key.is_empty() { <kbd>{ key }</kbd> }</li> }
    };
    html! { <ul>{ for items.into_iter().map(row) }</ul> }
}

/// The widths, which both menus offer.
fn widths(lang: Lang) -> [Item; 3] {
    [(i18n::WIDTH_THIRD, 2), (i18n::WIDTH_HALF, 3), (i18n::WIDTH_THIRDS, 4)]
        .map(|(name, sixths): (i18n::Msg, u32)| Item(lang.t(name).into(), (sixths - 1).to_string(), Some(Msg::Part(sixths))))
}

fn lab_menu(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let (prefs, d) = (lab.prefs, lab.shared.borrow());
    let (paused, undo) = (d.clock.paused, d.undoable());
    let t = |m| lang.t(m);
    let item = |label: i18n::Msg, key: &str, msg: Msg| Item(t(label).into(), key.into(), Some(msg));
    let mut items = vec![item(i18n::WHY_LAST, "W", Msg::WhyLast)];
    items.extend(View::ALL.iter().filter(|v| v.0 != View::Why).map(|v| item(v.2, &v.3.to_ascii_uppercase().to_string(), Msg::Show(v.0))));
    items.push(Item(lang.fill(i18n::UNDO, &[undo[0].unwrap_or("–")]), "Z".into(), Some(Msg::Undo)));
    items.push(Item(lang.fill(i18n::REDO, &[undo[1].unwrap_or("–")]), "Y".into(), Some(Msg::Redo)));
    items.push(item(if paused { i18n::RESUME } else { i18n::PAUSE }, "P", Msg::Pause));
    items.push(item(i18n::NEXT_EVENT, "N", Msg::Skip));
    items.push(item(i18n::SPLIT, "S", Msg::Split));
    items.extend(widths(lang));
    items.push(item(if prefs.present { i18n::LEAVE_PRESENT } else { i18n::PRESENT }, "T", Msg::Present));
    items.push(item(i18n::SHARE, "R", Msg::Share(false)));
    items.push(item(i18n::START_OVER, "O", Msg::Ask(true)));
    items.push(Item(t(i18n::CLOSE).into(), "Esc".into(), None));
    let sought = lab.find.to_lowercase();
    items.retain(|i| i.0.to_lowercase().contains(&sought));
    let none = items.is_empty();
    let size = |step: i16| {
        link.callback(move |_: MouseEvent| Msg::Prefs(Prefs { size: prefs.size.saturating_add_signed(step).clamp(75, 200), ..prefs }))
    };
    let typed = link.callback(|e: InputEvent| Msg::Find(e.target_unchecked_into::<HtmlInputElement>().value()));
    html! {
        <div id="pop" class="menu pop" role="dialog" aria-label={t(i18n::MENU)}>
            <div class="row2">{ crate::home::switches(prefs, &link.callback(Msg::Prefs)) }</div>
            <div class="row2" role="group" aria-label={t(i18n::TEXT_SIZE)}>
                <button class="btn" aria-label={t(i18n::SMALLER)} onclick={size(-10)}>{ "A−" }</button><button class="btn" aria-label={t(i18n::LARGER)} onclick={size(10)}>{ "A+" }</button></div>
            <div class="row2"><input id="mf" class="in" style="flex:1" value={lab.find.clone()} placeholder={t(i18n::FIND)} aria-label={t(i18n::FIND)} oninput={typed} autocomplete="off" spellcheck="false" /></div>
            { list(items, link) }
            if none { <p class="nolist">{ t(i18n::FIND_NONE) }</p> }
            <p class="nolist">{ t(i18n::KEYS_TEXT) }</p>
        </div>
    }
}

fn slot_menu(lab: &Lab, upper: bool, link: &Scope<Lab>, lang: Lang) -> Html {
    let t = |m: i18n::Msg| lang.t(m).to_string();
    let mut items: Vec<Item> = widths(lang).into();
    if lab.two() {
        items.push(Item(t(if upper { i18n::MOVE_DOWN } else { i18n::MOVE_UP }), String::new(), Some(Msg::Move(upper))));
    }
    items.push(Item(t(i18n::FILL_SCREEN), String::new(), Some(Msg::Full(upper))));
    items.push(Item(t(if lab.two() { i18n::JOIN } else { i18n::DIVIDE }), "S".into(), Some(Msg::Split)));
    items.push(Item(t(i18n::CLOSE), "Esc".into(), None));
    html! { <div id="pop" class="menu pop slot" role="dialog" aria-label={lang.t(i18n::PANE_MENU)}>{ list(items, link) }</div> }
}
