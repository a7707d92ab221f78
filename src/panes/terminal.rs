//! The terminal pane: tabs, the transcript as real lines, the one input field, what helps with it, and the state of a mail session in words.
//! Not here: what keys do (`lab::keyboard`), reading the session (`model`).

use super::rows_of;
use crate::i18n::{self, Lang};
use crate::icons::{self, icon};
use crate::lab::links::Sel;
use crate::lab::{Lab, Msg, Shared};
use crate::list::{List, Rows, Source};
use crate::model::{self, Mark, Transcript};
use std::rc::Rc;
use world::TraceId;
use yew::html::Scope;
use yew::prelude::*;

/// Lines of one terminal.
struct Lines {
    shared: Shared,
    n: usize,
    lang: Lang,
    why: u32,
    sel: Sel,
    on_why: Callback<u32>,
}

impl Lines {
    fn with<T>(&self, f: impl FnOnce(&Transcript) -> T) -> Option<T> {
        self.shared.borrow().terms.get(self.n).map(|t| f(&t.transcript))
    }
}

impl Lines {
    /// The message that a line tells of: the one that was decided on, or one whose queue id stands in it.
    fn msg(&self, trace: u32, text: &str) -> String {
        let d = self.shared.borrow();
        let known = d.world.trace(TraceId(trace)).and_then(|t| t.queue_id.clone());
        let word = || text.split(|c: char| !c.is_ascii_alphanumeric()).find(|w| w.len() > 5 && d.map.find(w).is_some());
        known.or_else(|| word().map(String::from)).unwrap_or_default()
    }
}

/// The class of a reply code: accepted, a question, later, refused.
pub(crate) fn code_class(code: u16) -> &'static str {
    match code / 100 {
        3 => "rc q",
        4 => "rc y",
        5 => "rc x",
        _ => "rc",
    }
}

impl Rows for Lines {
    fn count(&self) -> usize {
        self.with(|t| t.lines.len()).unwrap_or(0)
    }
    fn first(&self) -> usize {
        self.with(|t| t.dropped).unwrap_or(0)
    }
    fn height(&self, i: usize, cols: u32) -> u32 {
        // The mark at the left and "why?" at the right take about eight columns.
        self.with(|t| t.lines.get(i).map_or(1, |l| rows_of(model::width(&l.text), cols.saturating_sub(8)))).unwrap_or(1) * 24
    }
    fn row(&self, i: usize) -> Html {
        self.with(|t| {
            let Some(line) = t.lines.get(i) else { return Html::default() };
            let lang = self.lang;
            let reply = model::reply(&line.text).filter(|_| line.mark == Mark::Server);
            let whole = reply.is_none_or(|(_, more)| !more) && t.lines.get(i + 1).is_none_or(|l| l.trace != line.trace || l.mark == Mark::Client);
            let msg = self.msg(line.trace, &line.text);
            // Of a message's other lines only those light that name it.
            let named = if line.text.contains(&msg) { msg.as_str() } else { "" };
            let lit = self.sel.lights(line.trace, named);
            let (event, msg) = ((line.trace != 0).then(|| line.trace.to_string()), (!msg.is_empty()).then_some(msg));
            // The button stands at the answer.
            let why = (line.trace != 0 && line.mark != Mark::Client && whole && line.prompt == 0).then(|| {
                let (on, trace) = (self.on_why.clone(), line.trace);
                let hot = reply.is_some_and(|(code, _)| code >= 400);
                html! {
                    <button class={classes!("why", hot.then_some("hot"))} aria-expanded={if trace == self.why { "true" } else { "false" }}
                        onclick={move |_| on.emit(trace)}>{ lang.t(i18n::WHY_BUTTON) }</button>
                }
            });
            let sr = |m| html! { <span class="sr">{ lang.t(m) }</span> };
            let (prompt, typed) = line.text.split_at(line.prompt.min(line.text.len()));
            match line.mark {
                Mark::Shell => html! {
                    <div class="tl c"><span class="g" aria-hidden="true">{ "$" }</span><span><span class="ps">{ prompt }</span>{ typed }</span></div>
                },
                Mark::Client => html! {
                    <div class={if lit { "tl c lit" } else { "tl c" }} tabindex="-1" data-event={event} data-msg={msg}><span class="g" aria-hidden="true">{ "C" }</span><span>{ sr(i18n::YOU_TYPED) }{ &line.text }</span></div>
                },
                Mark::Answer => html! {
                    <div class="tl c"><span class="g" aria-hidden="true">{ "›" }</span><span><span class="ps">{ prompt }</span>{ typed }</span></div>
                },
                Mark::Server => {
                    let body = match reply {
                        Some((code, _)) => {
                            let (digits, rest) = line.text.split_at(3);
                            let note = (code == 334).then(|| model::decode(rest.trim()).ok().filter(|d| !d.0.is_empty()).map(|d| note(lang, &d.text()))).flatten();
                            html! { <><span class={code_class(code)}>{ digits }</span>{ rest }{ note.unwrap_or_default() }</> }
                        }
                        None => html! { { &line.text } },
                    };
                    html! {
                        <div class={if lit { "tl s lit" } else { "tl s" }} tabindex="-1" data-event={event} data-msg={msg}><span class="g" aria-hidden="true">{ "S" }</span>
                            <span>{ sr(i18n::SERVER) }{ body }</span>{ why }</div>
                    }
                }
                Mark::Output => html! {
                    <div class={if lit { "tl o lit" } else { "tl o" }} tabindex="-1" data-event={event} data-msg={msg}><span></span><span>{ &line.text }</span>{ why }</div>
                },
            }
        })
        .unwrap_or_default()
    }
}

/// What a 334 asks, read out of its base64.
fn note(lang: Lang, text: &str) -> Html {
    let gloss = match text.trim_end_matches(':').to_ascii_lowercase().as_str() {
        "username" => i18n::GLOSS_USER,
        "password" => i18n::GLOSS_PASS,
        _ => i18n::Msg("", ""),
    };
    html! { <span class="note">{ "“" }{ text }{ "” " }{ lang.t(gloss) }</span> }
}

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let t = |m| lang.t(m);
    let sel = lab.sel();
    let tabs = d.terms.iter().enumerate().filter(|(_, t)| !t.gone).map(|(i, term)| {
        let front = i == d.front;
        let mark = sel.event != 0 && !(front && lab.sees_terminal()) && term.transcript.lines.iter().any(|l| l.trace == sel.event);
        html! {
            <button role="tab" aria-selected={if front { "true" } else { "false" }} tabindex={if front { "0" } else { "-1" }}
                onclick={link.callback(move |_| Msg::Front(i))}>{ if front { icon(icons::TERMINAL) } else { Html::default() } }{ term.title() }{ super::here(mark, lang) }</button>
        }
    });
    let several = d.terms.iter().filter(|t| !t.gone).count() > 1;
    let front = d.front;
    html! {
        <section class="pane term" data-pane="terminal" data-region="terminal" aria-label={t(i18n::TERMINAL)}>
            <div class="tabs" role="tablist" aria-label={t(i18n::TERMINALS)}>
                { for tabs }
                <button class="btn quiet ico" aria-label={t(i18n::NEW_TERMINAL)} aria-expanded={if lab.opening { "true" } else { "false" }}
                    onclick={link.callback(|_| Msg::Opening)}>{ icon(icons::PLUS) }</button>
                <span class="sp"></span>
                if several {
                    <button class="btn quiet ico" aria-label={t(i18n::CLOSE_TERMINAL)} onclick={link.callback(move |_| Msg::CloseTerm(front))}>{ icon(icons::CLOSE) }</button>
                }
            </div>
            if lab.opening { { new_terminal(d.info.hosts, link, lang) } }
            { body(lab, &d, link, lang) }
        </section>
    }
}

fn new_terminal(hosts: &'static [(&'static str, &'static [&'static str])], link: &Scope<Lab>, lang: Lang) -> Html {
    let rows = hosts.iter().flat_map(|(host, users)| users.iter().map(move |user| (*host, *user)));
    html! {
        <div class="chips"><span>{ lang.t(i18n::NEW_TERMINAL_ON) }</span>
            { for rows.map(|(host, user)| html! {
                <button class="btn" onclick={link.callback(move |_| Msg::Open(host, user))}>{ user }{ "@" }{ host }</button>
            }) }
        </div>
    }
}

fn body(lab: &Lab, d: &crate::driver::Driver, link: &Scope<Lab>, lang: Lang) -> Html {
    let Some(term) = d.term() else { return Html::default() };
    let t = |m| lang.t(m);
    if let Some(screen) = &term.transcript.screen {
        let rows = screen.rows();
        return html! {<>
            <div class="grid" role="img" aria-label={lang.fill(i18n::FULL_SCREEN, &[&term.program()])} onclick={link.callback(|_| Msg::FocusPrompt)}>
                { for rows.iter().map(|row| html! { <div>{ for row.iter().map(run) }{ "\u{200b}" }</div> }) }
            </div>
            { crate::lab::keyboard::raw_field(lab, link, lang, &term.program()) }
        </>};
    }
    let sel = lab.sel().within(|event| term.transcript.lines.iter().any(|l| l.trace == event));
    let to = if lab.term_jump == lab.term_jumped { None } else { term.transcript.lines.iter().position(|l| sel.lights(l.trace, "")) };
    let lines = Lines { shared: lab.shared.clone(), n: d.front, lang, why: lab.why, sel, on_why: link.callback(Msg::Why) };
    let prompt = term.transcript.prompt();
    let raw = term.view.as_ref().is_some_and(|v| !v.canonical);
    let tail = html! {
        if term.closed {
            <div class="tl o"><span></span><span>{ t(i18n::SESSION_ENDED) }</span></div>
        } else if raw {
            <div class="tl o"><span></span><span>{ prompt }<span class="caret"></span></span></div>
        } else {
            { crate::lab::keyboard::line_field(lab, link, lang, term, &prompt) }
        }
    };
    html! {<>
        <List key={d.front} source={Source(Rc::new(lines))} shape={lang as u32} end={lab.end} class="tscr" label={t(i18n::TRANSCRIPT)} {to} jump={lab.term_jump} {tail}
            on_size={link.callback(|(c, r)| Msg::Size(c, r))} />
        if raw && !term.closed { { crate::lab::keyboard::raw_field(lab, link, lang, &term.program()) } }
        { assist(lab, term, link, lang) }
        { state(term, lang) }
    </>}
}

fn run(run: &model::Run) -> Html {
    let class = classes!(run.underline.then_some("u"), run.inverse.then_some("inv"), run.cursor.then_some("cur"));
    if run.bold {
        html! { <b {class}>{ &run.text }</b> }
    } else {
        html! { <span {class}>{ &run.text }</span> }
    }
}

/// One line of help, only when there is something to say.
fn assist(lab: &Lab, term: &crate::driver::Term, link: &Scope<Lab>, lang: Lang) -> Html {
    let ask = term.transcript.session.ask.as_ref();
    let text = if !lab.assist.is_empty() {
        html! { <span class="mono">{ &lab.assist }</span> }
    } else if let Some(ask) = ask {
        let text = if ask.text.is_empty() { lang.t(i18n::ASK_PLAIN).to_string() } else { lang.fill(i18n::ASK_IN_BASE64, &[&ask.text]) };
        html! {<><span>{ text }</span><button class="btn" onclick={link.callback(|_| Msg::Show(super::View::Base64))}>{ lang.t(i18n::BASE64) }</button></>}
    } else if term.view.is_none() {
        html! { lang.t(i18n::STARTING) }
    } else {
        return Html::default();
    };
    html! { <div class="assist" role="status">{ text }</div> }
}

/// Port, encryption, login, transaction, in words.
fn state(term: &crate::driver::Term, lang: Lang) -> Html {
    let s = &term.transcript.session;
    if !s.on || !s.connected {
        return Html::default();
    }
    let badge = |class: &'static str, text: String| html! { <span class={classes!("badge", class)}>{ text }</span> };
    let mail = match () {
        () if s.data => lang.t(i18n::IN_DATA).to_string(),
        () if s.rcpt > 0 => lang.fill(i18n::RCPT_GIVEN, &[&s.rcpt.to_string()]),
        () if s.mail => lang.t(i18n::MAIL_GIVEN).into(),
        () => lang.t(i18n::NO_MAIL_YET).into(),
    };
    html! {
        <div class="foot"><span class="state">
            if !s.port.is_empty() { { badge("", lang.fill(i18n::PORT, &[&s.port])) } }
            { badge("warn", lang.t(i18n::NO_TLS).into()) }
            { if s.logged_in { badge("ok", lang.t(i18n::LOGGED_IN).into()) } else { badge("", lang.t(i18n::NOT_LOGGED_IN).into()) } }
            { badge("", mail) }
        </span></div>
    }
}
