//! The lab's frame: header with the clock, notices, terminal beside the views, menu and question. Not here: the panes.

use super::{Lab, Msg, Phone};
use crate::clock::{hms, span};
use crate::driver::Driver;
use crate::i18n::{self, Lang};
use crate::icons::{self, icon};
use crate::panes::{self, View};
use crate::platform;
use yew::html::Scope;
use yew::prelude::*;

/// The whole page.
pub(super) fn page(lab: &Lab, ctx: &Context<Lab>) -> Html {
    let prefs = ctx.props().prefs;
    let (link, lang) = (ctx.link(), prefs.lang);
    platform::root("data-view", Some(if lab.phone == Phone::Terminal { "terminal" } else { "side" }));
    platform::root("data-top", Some(lab.top.id()));
    platform::root("data-bottom", Some(lab.bottom.id()));
    platform::root("data-full", lab.full.then_some("1"));
    platform::root("data-split", (!lab.two()).then_some("0"));
    // Views that hold something lit which cannot be seen.
    let marks = lab.holders() & !lab.seen;
    let width = (lab.width > 0).then(|| ["--views:", &lab.width.to_string(), "rem"].concat());
    html! {
        <div class="lab">
            <a class="skip" href="#ti" onclick={link.callback(|e: MouseEvent| { e.prevent_default(); Msg::FocusPrompt })}>{ lang.t(i18n::SKIP) }</a>
            { header(lab, ctx) }
            { notices(lab, link, lang) }
            <main class="work free" style={width} inert={modal(lab)}>
                { panes::terminal::pane(lab, link, lang) }
                { divider(lab, link, lang) }
                { side(lab, marks, link, lang) }
            </main>
            { keybar(lab, link, lang) }
            { phone_tabs(lab, marks, link, lang) }
            <div class="sr" role="status" aria-live="polite" data-live="events">{ &lab.spoken }</div>
            if lab.menu || lab.pane_menu.is_some() { { drawn(lab, panes::MENU, link, lang) } }
            if lab.offer.is_some() { { drawn(lab, panes::SHARE, link, lang) } }
            if lab.asking { { question(link, lang) } }
        </div>
    }
}

/// What one of the functions behind the panes' door draws.
fn drawn(lab: &Lab, which: usize, link: &Scope<Lab>, lang: Lang) -> Html {
    lab.panes.get(which).map(|draw| draw(lab, link, lang)).unwrap_or_default()
}

/// The divider between terminal and views: dragged, or moved by keys.
fn divider(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let key = link.batch_callback(|e: KeyboardEvent| {
        let msg = match e.key().as_str() {
            "ArrowLeft" => Msg::Width(2),
            "ArrowRight" => Msg::Width(-2),
            "Home" => Msg::WidthTo(u32::MAX),
            "End" => Msg::WidthTo(0),
            _ => return None,
        };
        e.prevent_default();
        Some(msg)
    });
    let down = Callback::from(|e: PointerEvent| {
        if let Some(grip) = e.target_dyn_into::<web_sys::Element>() {
            let _ = grip.set_pointer_capture(e.pointer_id());
        }
    });
    let drag = link.batch_callback(|e: PointerEvent| {
        if e.buttons() & 1 == 0 {
            return None;
        }
        let work = e.target_dyn_into::<web_sys::Element>()?.parent_element()?;
        let rem = (work.client_width().max(1) as u32) / platform::rems(".work").max(1);
        Some(Msg::WidthTo((work.get_bounding_client_rect().right() as u32).saturating_sub(e.client_x().max(0) as u32) / rem.max(1)))
    });
    let now = if lab.width == 0 { 28 } else { lab.width };
    html! {
        <div class="grip" role="separator" tabindex="0" aria-orientation="vertical" aria-label={lang.t(i18n::DIVIDER)} title={lang.t(i18n::DIVIDER)}
            aria-valuemin="18" aria-valuemax="120" aria-valuenow={now.to_string()} onkeydown={key} onpointerdown={down} onpointermove={drag}></div>
    }
}

/// What lies behind a question cannot be reached.
fn modal(lab: &Lab) -> bool {
    lab.asking || lab.offer.is_some()
}

fn header(lab: &Lab, ctx: &Context<Lab>) -> Html {
    let (link, prefs) = (ctx.link(), ctx.props().prefs);
    let t = |m| prefs.lang.t(m);
    let d = lab.shared.borrow();
    let now = hms(d.now(), i64::from(d.world.utc_offset("mail")));
    let shared = ctx.props().name != d.info.name;
    let (paused, rate) = (d.clock.paused, d.clock.rate());
    let pressed = |yes: bool| if yes { "true" } else { "false" };
    let next = d.wake.as_ref().map(|(at, who, what)| {
        let what = i18n::REASONS.iter().find(|m| m.0 == *what).map_or(*what, |m| t(*m));
        let who = if who == "network" { t(i18n::MAP_NETWORK) } else { who };
        [who, prefs.lang.t(i18n::COMMA), what, " · ", &span(at.since(d.now()) / 1_000_000)].concat()
    });
    let open = lab.menu;
    html! {
        <header class="bar" data-region="header" inert={modal(lab)}>
            <a class="brand no-phone" href="#/" aria-label={["Ehlo, ", t(i18n::BACK_HOME)].concat()}>{ "EHLO" }</a>
            <a class="btn quiet ico only-phone" href="#/" aria-label={t(i18n::BACK_HOME)}>{ icon(icons::BACK) }</a>
            <div class="lid"><small class="no-present">if shared { <a href={["#/lab/", d.info.name].concat()}>{ t(i18n::OWN_LAB) }</a> } else { { t(i18n::TAGLINE) } }</small>
                <h1>{ t(if shared { i18n::SHARED_LAB } else { i18n::LAB_NAME }) }</h1></div>
            <span class="sp"></span>
            <div class="grp no-phone">{ back(&d, 0, link, prefs.lang) }{ back(&d, 1, link, prefs.lang) }</div>
            <div class="clock" role="group" aria-label={t(i18n::CLOCK)} data-clock={if paused { "pause" } else { "run" }}>
                <time>{ icon(icons::CLOCK) }{ now }{ if paused { [" ", t(i18n::PAUSED)].concat() } else { String::new() } }</time>
                <button class="btn ico no-phone" aria-label={t(if paused { i18n::RESUME } else { i18n::PAUSE })} onclick={link.callback(|_| Msg::Pause)}>
                    { icon(if paused { icons::PLAY } else { icons::PAUSE }) }</button>
                <button class="btn no-phone" aria-pressed={pressed(!paused && rate == 1)} onclick={link.callback(|_| Msg::Rate(1))}>{ "×1" }</button>
                <button class="btn no-phone" aria-pressed={pressed(!paused && rate == 10)} onclick={link.callback(|_| Msg::Rate(10))}>{ "×10" }</button>
                if let Some(next) = next {
                    <button class="btn next no-lap no-tab no-present no-phone" onclick={link.callback(|_| Msg::Skip)}>{ icon(icons::NEXT) }
                        <span>{ t(i18n::NEXT) }{ " " }<small>{ next }</small></span></button>
                }
            </div>
            <div class="grp no-phone">
                <button class="btn quiet no-tab" onclick={link.callback(|_| Msg::Share(false))}>{ icon(icons::SHARE) }<span>{ t(i18n::SHARE) }</span></button>
                <button class="btn quiet no-tab" onclick={link.callback(|_| Msg::Present)}>{ icon(icons::PRESENT) }<span>{ t(if prefs.present { i18n::LEAVE_PRESENT } else { i18n::PRESENT }) }</span></button>
            </div>
            <button class="btn quiet ico" aria-label={t(i18n::MENU)} title="F2" aria-expanded={pressed(lab.menu)} onclick={link.callback(move |_| Msg::Menu(!open))}>{ icon(icons::SETTINGS) }</button>
        </header>
    }
}

/// Undo or redo as a button, named after what it takes back.
fn back(d: &Driver, which: usize, link: &Scope<Lab>, lang: Lang) -> Html {
    let name = d.undoable()[which];
    let label = lang.fill([i18n::UNDO, i18n::REDO][which], &[name.unwrap_or("–")]);
    let press = link.callback(move |_| [Msg::Undo, Msg::Redo].into_iter().nth(which).unwrap_or(Msg::Undo));
    html! {
        <button class="btn quiet ico" aria-label={label.clone()} title={label} disabled={name.is_none()} onclick={press}>{ icon([icons::UNDO, icons::REDO][which]) }</button>
    }
}

fn notices(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let text = match (&lab.notice, d.stalled_on()) {
        (Some(text), _) => text.clone(),
        // At the start the terminal says it.
        (None, Some(chunk)) if d.term().is_some_and(|t| t.view.is_some()) => lang.fill(i18n::LOADING, &[chunk]),
        (None, _) => return html! { <div></div> },
    };
    html! {
        <div class="notice" role="alert"><span>{ text }</span>
            if lab.notice.is_some() { <button class="btn" onclick={link.callback(|_| Msg::Dismiss)}>{ lang.t(i18n::CLOSE) }</button> }
        </div>
    }
}

fn side(lab: &Lab, marks: u32, link: &Scope<Lab>, lang: Lang) -> Html {
    let two = lab.two();
    let tab = |view: View, selected: bool, one: bool| {
        let mark = marks & View::bits(&[view]) != 0;
        let class = classes!(one.then_some("one"));
        html! {
            <button role="tab" {class} aria-selected={if selected { "true" } else { "false" }} tabindex={if selected { "0" } else { "-1" }}
                onclick={link.callback(move |_| Msg::Show(view))}>{ lang.t(view.name()) }{ panes::here(mark, lang) }</button>
        }
    };
    let more = |upper: bool| {
        html! {
            <button class="btn quiet ico" aria-label={lang.t(i18n::PANE_MENU)} title={lang.t(i18n::PANE_MENU)} aria-haspopup="menu" aria-expanded={if lab.pane_menu == Some(upper) { "true" } else { "false" }}
                onclick={link.callback(move |_| Msg::PaneMenu(upper))}>{ "⋯" }</button>
        }
    };
    let lower = |v: &View| two && lab.bottom == *v;
    let views = || View::ALL.iter().map(|v| v.0);
    html! {
        <aside class="side" aria-label={lang.t(i18n::VIEWS)}>
            <div class="tabs t1" data-region="upper">
                <div class="list" role="tablist" aria-label={lang.t(i18n::UPPER)}>{ for views().map(|v| tab(v, lab.top == v, !lab.is_upper(v))) }</div>
                if lab.full {
                    <button class="btn" onclick={link.callback(|_| Msg::Full(true))}>{ icon(icons::CLOSE) }{ lang.t(i18n::BACK_TO_LAB) }</button>
                } else {
                    <button class="btn quiet ico" aria-label={lang.t(i18n::SPLIT)} title="F2 S" aria-pressed={if two { "true" } else { "false" }} onclick={link.callback(|_| Msg::Split)}>{ icon(icons::SPLIT) }</button>
                    { more(true) }
                }
            </div>
            { for views().filter(|v| !lower(v)).map(|v| one(lab, v, link, lang)) }
            <div class="tabs t2" data-region="lower">
                <div class="list" role="tablist" aria-label={lang.t(i18n::LOWER)}>{ for views().filter(|v| !lab.is_upper(*v)).map(|v| tab(v, lab.bottom == v, false)) }</div>
                { more(false) }
            </div>
            { for views().filter(lower).map(|v| one(lab, v, link, lang)) }
        </aside>
    }
}

/// A view's pane; empty while it is not chosen, so that it costs nothing.
fn one(lab: &Lab, view: View, link: &Scope<Lab>, lang: Lang) -> Html {
    let slot = match () {
        () if lab.top == view => Some("upper"),
        () if lab.two() && lab.bottom == view => Some("lower"),
        () => None,
    };
    let draw = lab.panes.get(view.place() + 1);
    let body = match draw {
        _ if slot.is_none() => Html::default(),
        Some(pane) => pane(lab, link, lang),
        None => html! { <div class="empty-s">{ lang.fill(i18n::LOADING, &["panes"]) }</div> },
    };
    html! { <section key={view.id()} class="pane" data-pane={view.id()} data-slot={slot} data-region={slot} role="tabpanel" aria-label={lang.t(view.name())}>{ body }</section> }
}

fn keybar(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let at_prompt = d.term().and_then(|t| t.view.as_ref()).is_some_and(|v| v.at_prompt);
    let raw = d.term().and_then(|t| t.view.as_ref()).is_some_and(|v| !v.canonical);
    // The answer that the base64 pane holds, where the server waits for one. A press on the bar leaves the field its focus.
    let asked = d.term().is_some_and(|t| t.transcript.session.ask.is_some());
    let answer = (asked && !lab.b64.text.is_empty()).then(|| crate::model::encode(lab.b64.text.as_bytes()));
    let key = |label: &'static str, bytes: &'static [u8]| {
        html! { <button class="btn" onclick={link.callback(move |_| Msg::Bytes(bytes.to_vec()))}>{ label }</button> }
    };
    let insert = |label: &'static str| {
        html! { <button class="btn" onclick={move |_| insert_text(label)}>{ label }</button> }
    };
    html! {
        <div class="keybar" role="toolbar" aria-label={lang.t(i18n::EXTRA_KEYS)} onmousedown={|e: MouseEvent| e.prevent_default()}>
            { for answer.map(|a| { let label = lang.fill(i18n::PUT, &[&a]); html! { <button class="btn pri" onclick={link.callback(move |_| Msg::Put(a.clone()))}>{ label }</button> } }) }
            if raw { { key("Esc", b"\x1b") }{ key("Tab", b"\t") }{ key("↑", b"\x1b[A") }{ key("↓", b"\x1b[B") }{ key("←", b"\x1b[D") }{ key("→", b"\x1b[C") } }
            if at_prompt {
                <button class="btn" onclick={link.callback(|_| { let v = platform::input("ti").map(|i| i.value()).unwrap_or_default(); let n = v.len(); Msg::Complete(v, n) })}>{ "Tab" }</button>
                <button class="btn" onclick={link.callback(|_| Msg::History(true, platform::input("ti").map(|i| i.value()).unwrap_or_default()))}>{ "↑" }</button>
                <button class="btn" onclick={link.callback(|_| Msg::History(false, platform::input("ti").map(|i| i.value()).unwrap_or_default()))}>{ "↓" }</button>
            }
            { key("^C", b"\x03") }{ key("^D", b"\x04") }
            { for ["|", "/", "-", ":", "<", ">", "@", "."].into_iter().map(insert) }
        </div>
    }
}

fn insert_text(text: &str) {
    if let Some(input) = platform::input("ti") {
        input.set_value(&[&input.value(), text].concat());
        platform::focus("ti");
    }
}

fn phone_tabs(lab: &Lab, marks: u32, link: &Scope<Lab>, lang: Lang) -> Html {
    let terminal = lab.phone == Phone::Terminal;
    // A tab and the views that it stands for; none: the terminal.
    let tab = |label: i18n::Msg, path: &'static str, views: &[View], msg: fn() -> Msg| {
        let on = if views.is_empty() { terminal } else { !terminal && views.contains(&lab.top) };
        html! { <button role="tab" aria-selected={if on { "true" } else { "false" }} onclick={link.callback(move |_| msg())}>{ icon(path) }{ lang.t(label) }{ panes::here(marks & View::bits(views) != 0, lang) }</button> }
    };
    html! {
        <nav class="ptabs" role="tablist" aria-label={lang.t(i18n::VIEWS)}>
            { tab(i18n::TERMINAL, icons::TERMINAL, &[], || Msg::Phone(Phone::Terminal)) }
            { tab(i18n::WHY, icons::WHY, &[View::Why], || Msg::Show(View::Why)) }
            { tab(i18n::LOG_SHORT, icons::LOG, &[View::Log], || Msg::Show(View::Log)) }
            { tab(i18n::FILES, icons::FILE, &[View::Files], || Msg::Show(View::Files)) }
            { tab(i18n::MORE, icons::MORE, &[View::Map, View::Base64, View::Queue, View::Mailboxes], || Msg::Menu(true)) }
        </nav>
    }
}

fn question(link: &Scope<Lab>, lang: Lang) -> Html {
    html! {
        <div id="pop" class="dialog" role="alertdialog" aria-label={lang.t(i18n::START_OVER)}><div>
            <p>{ lang.t(i18n::START_OVER_ASK) }</p>
            <div class="row2"><button class="btn" onclick={link.callback(|_| Msg::CloseMenu)}>{ lang.t(i18n::KEEP) }</button>
                <button class="btn pri" onclick={link.callback(|_| Msg::StartOver)}>{ lang.t(i18n::START_OVER) }</button></div>
        </div></div>
    }
}
