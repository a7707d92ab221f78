//! The mailboxes pane: who has got what. Not here: taking mbox files apart (`world`).

use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use yew::html::Scope;
use yew::prelude::*;

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let boxes = d.world.mailboxes("mail");
    if boxes.iter().all(|(_, m)| m.is_empty()) {
        return html! { <div class="empty-s"><b>{ lang.t(i18n::MAIL_EMPTY) }</b>{ lang.t(i18n::MAIL_EMPTY_TEXT) }</div> };
    }
    let chosen = boxes.iter().find(|(u, _)| *u == lab.mailbox.0).or_else(|| boxes.iter().find(|(_, m)| !m.is_empty()));
    let Some((user, messages)) = chosen else { return Html::default() };
    let chip = |(name, messages): &(String, Vec<world::MailboxMessage>)| {
        let pressed = if name == user { "true" } else { "false" };
        let label = [name, " ", &messages.len().to_string()].concat();
        let name = name.clone();
        html! { <button class="btn" aria-pressed={pressed} onclick={link.callback(move |_| Msg::Mailbox(name.clone(), None))}>{ label }</button> }
    };
    let sel = lab.sel().within(|_| false);
    let row = |(i, m): (usize, &world::MailboxMessage)| {
        let open = lab.mailbox.1 == Some(i);
        let name = user.clone();
        let from = if m.envelope_from.is_empty() { "<>" } else { &m.envelope_from };
        let id = crate::model::received(&m.text);
        html! {<li tabindex="-1" class={sel.lights(0, id).then_some("lit")} data-msg={id.to_string()}>
            <button class={classes!("mrow", (!m.read).then_some("new"))} aria-expanded={if open { "true" } else { "false" }}
                onclick={link.callback(move |_| Msg::Mailbox(name.clone(), (!open).then_some(i)))}>
                <b>{ if m.subject.is_empty() { lang.t(i18n::NO_SUBJECT) } else { &m.subject } }</b><small>{ from }{ " · " }{ &m.arrived }</small></button>
            if open { <div class="msgtext">{ &m.text }</div> }
        </li>}
    };
    html! {<>
        <div class="chips" role="group" aria-label={lang.t(i18n::MAILBOXES)}>{ for boxes.iter().map(chip) }</div>
        <div class="scroll"><ol>{ for messages.iter().enumerate().map(row) }</ol></div>
    </>}
}
