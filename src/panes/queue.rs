//! The queue pane: messages that are not delivered yet, as `postqueue -p` lists them. Not here: reading queue files (`world`).

use crate::clock::span;
use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use yew::html::Scope;
use yew::prelude::*;

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let rows = d.world.queue("mail");
    let now = d.now();
    let sel = lab.sel().within(|_| false);
    let row = |q: &world::Queued| {
        let class = match q.queue {
            "active" | "incoming" => "badge acc",
            "deferred" => "badge warn",
            _ => "badge",
        };
        let when = q.retry.map(|at| lang.fill(i18n::QUEUE_RETRY, &[&span(at.since(now) / 1_000_000)])).unwrap_or_default();
        let sender = if q.sender.is_empty() { "<>" } else { &q.sender };
        let to = q.recipients.iter().map(|(a, _)| a.as_str()).collect::<Vec<_>>().join(", ");
        let mut reasons: Vec<&str> = q.recipients.iter().map(|(_, r)| r.as_str()).filter(|r| !r.is_empty()).collect();
        reasons.dedup();
        let id = q.id.clone();
        html! {
            <li tabindex="-1" class={sel.lights(0, &q.id).then_some("lit")} data-msg={q.id.clone()}><div class="q1">{ super::qid(&d, &q.id, link.callback(move |_| Msg::LogFind(id.clone()))) }
                <span {class}>{ q.queue }</span><span class="mono sz">{ q.size }{ " B" }</span><span class="sp"></span><span>{ when }</span></div>
                <div class="mono q2">{ sender }{ " → " }{ to }</div>
                { for reasons.iter().map(|r| html! { <div class="q3">{ *r }</div> }) }
            </li>
        }
    };
    html! {<>
        <div class="ptool"><span style="color:var(--ink-2)">{ lang.t(i18n::QUEUE_SAME) }{ " " }<code>{ "postqueue -p" }</code></span></div>
        <div class="scroll">
            if rows.is_empty() {
                <div class="empty-s"><b>{ lang.t(i18n::QUEUE_EMPTY) }</b>{ lang.t(i18n::QUEUE_EMPTY_TEXT) }</div>
            } else {
                <ol class="ql">{ for rows.iter().map(row) }</ol>
            }
        </div>
    </>}
}
