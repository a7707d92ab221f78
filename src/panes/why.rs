//! The why pane: a decision, the rule that decided, and the ladder of all that was looked at, with file and line.
//! Not here: how a decision comes about (the daemons' traces).

use crate::clock::hms;
use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use crate::panes::gloss::sentence;
use world::{Because, Trace, TraceId, Verdict};
use yew::html::Scope;
use yew::prelude::*;

/// File and line.
type Place = Option<(String, u32)>;

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let t = |m| lang.t(m);
    let Some(trace) = d.world.trace(TraceId(lab.why)) else {
        return html! { <div class="empty-s"><b>{ t(i18n::WHY_EMPTY) }</b>{ t(i18n::WHY_EMPTY_TEXT) }</div> };
    };
    let offset = i64::from(d.world.utc_offset(&trace.host));
    let deciding = deciding(trace);
    let decided = decider(trace);
    let reply = d.terms.iter().any(|t| !t.gone && t.transcript.lines.iter().any(|l| l.trace == lab.why));
    let event = lab.why;
    html! {<>
        <div class="verdict"><div class="say">{ &trace.what }</div>
            <p>{ hms(trace.at, offset) }{ " · " }<code>{ &trace.process }</code>
                if let Some((by, _)) = &decided { { " · " }{ lang.fill(i18n::DECIDED, &[by]) } }</p>
            <div class="row2">
                if let Some((file, line)) = decided.and_then(|d| d.1) { { place_link(&trace.host, &file, line, link, Some(i18n::OPEN_PLACE), lang) } }
                if let Some(id) = trace.queue_id.clone() {
                    <button class="linkb" onclick={let id = id.clone(); link.callback(move |_| Msg::LogFind(id.clone()))}>{ lang.fill(i18n::SHOW_LOG_LINE, &[&id]) }</button>
                }
                if reply { <button class="linkb" onclick={link.callback(move |_| Msg::InTerminal(event))}>{ t(i18n::SHOW_IN_TERMINAL) }</button> }
            </div>
        </div>
        <div class="scroll">
            if trace.because.is_empty() { <div class="empty-s">{ t(i18n::WHY_NO_ROWS) }</div> } else { <ol class="wl">{ ladder(trace, deciding, link, lang) }</ol> }
        </div>
    </>}
}

/// What decided, and where that is written: the line of a table rather than the rule that asked it.
pub(crate) fn decider(trace: &Trace) -> Option<(String, Place)> {
    let rows = &trace.because;
    if let Some(at) = deciding(trace) {
        let Because::Rule { element, place, .. } = &rows[at] else { return None };
        // What the rule found out stands behind it, up to the next rule.
        let behind = rows[at + 1..].iter().take_while(|b| !matches!(b, Because::Rule { .. }));
        let table = behind.filter_map(|b| match b {
            Because::Lookup { table, result: Some(_), place: Some(p), .. } if element.ends_with(table.as_str()) => Some(p.clone()),
            _ => None,
        });
        return Some((element.clone(), table.last().or_else(|| place.clone())));
    }
    rows.iter().rev().find_map(|b| match b {
        // What is done to every refusal decides none.
        Because::Parameter { name, value, place }
            if value.is_empty() && place.is_none() || name == "soft_bounce" || name.starts_with("smtpd_reject_footer") =>
        {
            None
        }
        Because::Parameter { name, place, .. } => Some((name.clone(), place.clone())),
        Because::Lookup { table, result: Some(_), place, .. } => Some((table.clone(), place.clone())),
        Because::Rewrite { by, place, .. } | Because::Expand { by, place, .. } => Some((by.clone(), place.clone())),
        Because::Protocol { rule, .. } => Some((rule.clone(), None)),
        Because::State { what } => what.split_once(" answered: ").map(|(who, _)| (who.to_string(), None)),
        _ => None,
    })
}

/// The last row that permitted, refused or deferred.
fn deciding(trace: &Trace) -> Option<usize> {
    trace.because.iter().rposition(|b| matches!(b, Because::Rule { verdict: Verdict::Permit | Verdict::Reject | Verdict::Defer, .. }))
}

fn ladder(trace: &Trace, deciding: Option<usize>, link: &Scope<Lab>, lang: Lang) -> Html {
    let mut out: Vec<Html> = Vec::new();
    let mut list: Option<String> = None;
    let mut items: Vec<Html> = Vec::new();
    let mut number = 0;
    let place =
        |place: &Place| place.as_ref().map(|(file, line)| place_link(&trace.host, file, *line, link, None, lang)).unwrap_or_default();
    // Empty by default: one row names them all.
    let folds = |b: &&Because| matches!(b, Because::Parameter { value, place: None, .. } if value.is_empty());
    let names: Vec<&str> = trace
        .because
        .iter()
        .filter(folds)
        .filter_map(|b| if let Because::Parameter { name, .. } = b { Some(name.as_str()) } else { None })
        .collect();
    if !names.is_empty() {
        items.push(html! {
            <details class="it fold"><summary>{ lang.fill(i18n::EMPTY_ROWS, &[&names.len().to_string()]) }<span class="v n">{ lang.t(i18n::EMPTY_VALUE) }</span></summary>
                <small>{ names.join(", ") }</small></details>
        });
    }
    let close = |out: &mut Vec<Html>, list: &mut Option<String>, items: &mut Vec<Html>| {
        if !items.is_empty() {
            let name = list.take().unwrap_or_default();
            out.push(html! { <li>if !name.is_empty() { <header><b>{ name }</b></header> }{ for items.drain(..) }</li> });
        }
    };
    for (i, because) in trace.because.iter().enumerate().filter(|(_, b)| !folds(b)) {
        match because {
            Because::Rule { list: name, element, verdict, place: at } => {
                if list.as_deref() != Some(name) {
                    close(&mut out, &mut list, &mut items);
                    list = Some(name.clone());
                    number = 0;
                }
                number += 1;
                let (class, word) = match verdict {
                    Verdict::Dunno => ("v d", "– DUNNO"),
                    Verdict::Permit => ("v p", "✓ PERMIT"),
                    Verdict::Reject => ("v r", "✕ REJECT"),
                    Verdict::Defer => ("v r", "✕ DEFER"),
                    Verdict::Unreached => ("v n", lang.t(i18n::NOT_ASKED)),
                };
                let data = ["dunno", "permit", "reject", "reject", "unreached"][*verdict as usize];
                let here = deciding == Some(i);
                let class2 = classes!("it", here.then_some("deciding"), (*verdict == Verdict::Unreached).then_some("skipd"));
                items.push(html! {
                    <div class={class2} data-verdict={data}><span class="num">{ number }</span><div><code>{ element }</code></div>
                        <div class="ver">{ if at.is_some() { place(at) } else { html! { <small>{ lang.t(i18n::DEFAULT_VALUE) }</small> } } }<span {class}>{ word }</span></div></div>
                });
            }
            Because::Lookup { table, key, result, place: at } => {
                let found = match result {
                    Some(r) => lang.fill(i18n::FOUND, &[key, r]),
                    None => lang.fill(i18n::NOT_FOUND, &[key]),
                };
                items.push(html! { <div class="it"><span></span><div><small><code>{ table }</code>{ " " }{ found }</small></div><div>{ place(at) }</div></div> });
            }
            other => {
                let (text, at): (Html, Html) = match other {
                    Because::Parameter { name, value, place: at } => (
                        html! { <><code>{ name }</code>{ " = " }if value.is_empty() { <span class="v n">{ lang.t(i18n::EMPTY_VALUE) }</span> } else { <code>{ value }</code> }</> },
                        if at.is_some() {
                            place(at)
                        } else {
                            html! { <small>{ lang.t(i18n::DEFAULT_VALUE) }</small> }
                        },
                    ),
                    Because::Rewrite { from, to, by, place: at } => {
                        (html! { <><code>{ from }</code>{ " → " }<code>{ to }</code><small>{ by }</small></> }, place(at))
                    }
                    Because::Expand { from, to, by, depth, place: at } => {
                        let indent = ["padding-left:", &depth.to_string(), "rem"].concat();
                        (
                            html! { <div style={indent}><code>{ from }</code>{ " → " }<code>{ to.join(", ") }</code><small>{ by }</small></div> },
                            place(at),
                        )
                    }
                    Because::Protocol { rule, what } => (html! { <>{ sentence(lang, what) }<small>{ rule }</small></> }, Html::default()),
                    Because::State { what } | Because::Note { what } => (html! { { sentence(lang, what) } }, Html::default()),
                    Because::Rule { .. } | Because::Lookup { .. } => continue,
                };
                let class = classes!("it", list.is_some().then_some("sub"));
                items.push(html! { <div {class}><span></span><div>{ text }</div><div>{ at }</div></div> });
            }
        }
    }
    close(&mut out, &mut list, &mut items);
    html! { <>{ for out }</> }
}

/// A link to a line of a file, which the files pane opens.
fn place_link(host: &str, file: &str, line: u32, link: &Scope<Lab>, words: Option<i18n::Msg>, lang: Lang) -> Html {
    let short = file.rsplit('/').next().unwrap_or(file);
    let label = if line > 0 { [short, ":", &line.to_string()].concat() } else { short.to_string() };
    let (class, label) = match words {
        Some(words) => ("linkb", lang.fill(words, &[&label])),
        None => ("linkb fl", label),
    };
    let (host, file) = (host.to_string(), file.to_string());
    html! { <button {class} onclick={link.callback(move |_| Msg::OpenFile(host.clone(), file.clone(), line))}>{ label }</button> }
}
