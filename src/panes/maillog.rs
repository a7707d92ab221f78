//! The mail log, live: rows with time, daemon, queue id; a filter by text or queue id and by daemon. Not here: taking lines apart (`model`).

use super::rows_of;
use crate::i18n::{self, Lang};
use crate::lab::links::{Sel, line_event};
use crate::lab::{Lab, Msg, Shared};
use crate::list::{List, Rows, Source};
use crate::model::{LogRow, daemon_class, width};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::prelude::*;

struct Lines {
    shared: Shared,
    why: u32,
    sel: Sel,
    lang: Lang,
    on_find: Callback<String>,
    on_why: Callback<u32>,
}

impl Rows for Lines {
    fn count(&self) -> usize {
        self.shared.borrow().log.shown.len()
    }
    fn height(&self, i: usize, cols: u32) -> u32 {
        let d = self.shared.borrow();
        let line = d.log.shown.get(i).and_then(|n| d.world.log().get(*n as usize));
        // 1.5 times 13 pixels a line, and 9 around it.
        line.map_or(1, |l| rows_of(width(&l.line).saturating_sub(10), cols.saturating_sub(4))) * 20 + 9
    }
    fn row(&self, i: usize) -> Html {
        let d = self.shared.borrow();
        let n = d.log.shown.get(i).map_or(usize::MAX, |n| *n as usize);
        let Some(line) = d.world.log().get(n) else { return Html::default() };
        let row = LogRow::new(&line.line);
        let trace = line.trace.0;
        let event = line_event(n, line);
        let lit = self.sel.lights(event, row.qid);
        let qid = (!row.qid.is_empty()).then(|| {
            let (on, id) = (self.on_find.clone(), row.qid.to_string());
            super::qid(&d, row.qid, Callback::from(move |_| on.emit(id.clone())))
        });
        let why = d.world.trace(line.trace).map(|_| {
            let on = self.on_why.clone();
            html! { <button class="why" aria-expanded={if trace == self.why { "true" } else { "false" }} onclick={move |_| on.emit(trace)}>{ self.lang.t(i18n::WHY_BUTTON) }</button> }
        });
        html! {
            <div class={classes!("lr", lit.then_some("lit"))} tabindex="-1" data-event={event.to_string()} data-msg={row.qid.to_string()}>
                <time>{ row.time }</time><span class={classes!("d", daemon_class(row.daemon))}>{ row.daemon }</span>
                <span class="m"><span class="dim">{ qid }{ " " }{ marked(row.text) }</span>{ why }</span>
            </div>
        }
    }
}

/// The words that tell how it ended stand out.
fn marked(text: &str) -> Html {
    for word in ["status=", "reject:"] {
        if let Some(at) = text.find(word) {
            let end = text[at..].find([' ', ',']).map_or(text.len(), |n| at + n);
            return html! { <>{ &text[..at] }<span class="st">{ &text[at..end] }</span>{ &text[end..] }</> };
        }
    }
    html! { { text } }
}

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let t = |m| lang.t(m);
    let (find, daemon) = (d.log.find.clone(), d.log.daemon.clone());
    let chip = |name: String, label: String| {
        let pressed = if name == daemon { "true" } else { "false" };
        html! { <button class="btn" aria-pressed={pressed} onclick={link.callback(move |_| Msg::LogDaemon(name.clone()))}>{ label }</button> }
    };
    let mut chips = vec![chip(String::new(), t(i18n::ALL_DAEMONS).into())];
    chips.extend(d.log.daemons.iter().map(|n| chip(n.clone(), n.clone())));
    let log = d.world.log();
    let sel = lab.sel().within(|event| log.iter().enumerate().any(|(n, l)| line_event(n, l) == event));
    let told = |n: usize| log.get(n).is_some_and(|l| sel.lights(line_event(n, l), LogRow::new(&l.line).qid));
    let to = if sel.is_none() || lab.jump == lab.jumped { None } else { d.log.shown.iter().position(|n| told(*n as usize)) };
    let lines = Lines {
        shared: lab.shared.clone(),
        why: lab.why,
        sel,
        lang,
        on_find: link.callback(Msg::LogFind),
        on_why: link.callback(Msg::Why),
    };
    let typed = link.callback(|e: InputEvent| Msg::LogFind(e.target_unchecked_into::<HtmlInputElement>().value()));
    html! {<>
        <div class="ptool"><label class="sr" for="lf">{ t(i18n::LOG_FILTER) }</label>
            <input id="lf" class="in mono" style="flex:1;min-width:7rem" placeholder={t(i18n::LOG_PLACEHOLDER)} value={find.clone()} oninput={typed} autocapitalize="off" spellcheck="false" />
            if lab.log_live { <span class="badge ok">{ "● " }{ t(i18n::LIVE) }</span> } else {
                <button class="btn" onclick={link.callback(|_| Msg::LogEnd)}>{ t(i18n::TO_END) }</button>
            }
        </div>
        if d.log.daemons.len() > 1 { <div class="chips" role="group" aria-label={t(i18n::LOG_FILTER)}>{ for chips }</div> }
        if d.log.shown.is_empty() {
            if d.log.daemons.is_empty() {
                <div class="empty-s"><b>{ t(i18n::LOG_EMPTY) }</b>{ t(i18n::LOG_EMPTY_TEXT) }</div>
            } else {
                <div class="empty-s"><b>{ t(i18n::LOG_NO_MATCH) }</b><button class="btn" onclick={link.callback(|_| Msg::LogClear)}>{ t(i18n::CLEAR_FILTER) }</button></div>
            }
        } else {
            <List source={Source(Rc::new(lines))} {to} jump={lab.jump} shape={d.log.generation * 2 + lang as u32} end={lab.log_end} class="scroll log" label={t(i18n::LOG)}
                on_live={link.callback(Msg::LogLive)} />
        }
    </>}
}
