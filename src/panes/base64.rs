//! The base64 pane: text and its base64 as you type, a pending 334 with its answer, AUTH PLAIN taken apart, and what is wrong with bad input.

use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use crate::model::{Bad, decode, encode, parts_of};
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::prelude::*;

/// What stands in the two fields.
#[derive(Default, Clone)]
pub(crate) struct Fields {
    pub(crate) text: String,
    /// The base64 field, if it was typed into last and may be wrong.
    pub(crate) code: Option<String>,
    pub(crate) newline: bool,
}

impl Fields {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.text.clone().into_bytes();
        if self.newline {
            bytes.push(b'\n');
        }
        bytes
    }
    /// The base64 of the text field.
    pub(crate) fn encoded(&self) -> String {
        encode(&self.bytes())
    }
}

fn complaint(lang: Lang, bad: &Bad) -> String {
    match bad {
        Bad::Char(c, at) => lang.fill(i18n::B64_BAD_CHAR, &[&["“", &c.to_string(), "”"].concat(), &at.to_string()]),
        Bad::Length(n) => lang.fill(i18n::B64_BAD_LENGTH, &[&n.to_string()]),
        Bad::Padding(at) => lang.fill(i18n::B64_BAD_PADDING, &[&at.to_string()]),
        Bad::Tail => lang.t(i18n::B64_BAD_TAIL).into(),
    }
}

/// Bytes as cells; NUL and newline have names.
fn cells(bytes: &[u8]) -> Html {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let cell = |c: char| match c {
        '\0' => html! { <span class="nul">{ "NUL" }</span> },
        '\n' => html! { <span class="nul">{ "LF" }</span> },
        '\r' => html! { <span class="nul">{ "CR" }</span> },
        c => html! { <span>{ c }</span> },
    };
    html! { <div class="cells">{ for text.chars().map(cell) }</div> }
}

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let t = |m| lang.t(m);
    let f = &lab.b64;
    let value = |e: InputEvent| e.target_unchecked_into::<HtmlInputElement>().value();
    let code = f.code.clone().unwrap_or_else(|| f.encoded());
    let decoded = f.code.as_ref().map(|c| decode(c.trim()));
    let (bytes, wrong) = match &decoded {
        None => (f.bytes(), None),
        Some(Ok(d)) => (d.0.clone(), None),
        Some(Err(bad)) => (Vec::new(), Some(complaint(lang, bad))),
    };
    let text = if f.code.is_some() { String::from_utf8_lossy(&bytes).into_owned() } else { f.text.clone() };
    let ask = d.term().and_then(|t| t.transcript.session.ask.clone());
    let put = |what: String, label: Html| html! { <button class="btn pri" onclick={link.callback(move |_| Msg::Put(what.clone()))}>{ label }</button> };
    let parts = parts_of(&bytes).map(|p| p.map(|b| String::from_utf8_lossy(b).into_owned()));
    let plain = encode(&[b"\0", lab.plain.0.as_bytes(), b"\0", lab.plain.1.as_bytes()].concat());
    let field = |id: &'static str, value: String, on: Callback<InputEvent>| {
        html! { <input {id} class="in" {value} oninput={on} autocapitalize="off" autocomplete="off" spellcheck="false" /> }
    };
    html! {
        <div class="scroll"><div class="b64">
            if let Some(ask) = ask {
                <div class="card hot" role="status"><b>{ t(i18n::B64_WAITING) }</b>
                    <p style="margin:.25rem 0 .5rem;line-height:1.6"><span class="mono"><span class="rc q">{ "334" }</span>{ " " }{ &ask.code }</span>{ " " }
                        { if ask.text.is_empty() { t(i18n::B64_ASKS_PLAIN).to_string() } else { lang.fill(i18n::B64_ASKS, &[&ask.text]) } }{ " " }
                        { if text.is_empty() { t(i18n::B64_ENTER).to_string() } else { lang.fill(i18n::B64_ENTERED, &[&text, &code]) } }</p>
                    if !code.is_empty() && wrong.is_none() { { put(code.clone(), html! { { lang.fill(i18n::B64_PUT, &[&code]) } }) } }
                </div>
            }
            <div class="pair">
                <div><label for="b1">{ t(i18n::B64_TEXT) }</label>{ field("b1", text.clone(), link.callback(move |e| Msg::B64Text(value(e)))) }</div>
                <span style="padding-bottom:.5rem" aria-hidden="true">{ "⇄" }</span>
                <div><label for="b2">{ "Base64" }</label>{ field("b2", code.clone(), link.callback(move |e| Msg::B64Code(value(e)))) }</div>
            </div>
            if let Some(wrong) = wrong {
                <p class="msg slip" role="alert">{ wrong }</p>
            } else if !bytes.is_empty() {
                <div class="card">{ cells(&bytes) }<small>{ lang.fill(i18n::B64_BYTES, &[&bytes.len().to_string()]) }</small>
                    if bytes.ends_with(b"\n") { <p>{ t(i18n::B64_HAS_NEWLINE) }</p> }
                    if std::str::from_utf8(&bytes).is_err() { <p>{ t(i18n::B64_BINARY) }</p> }
                    if let Some([act, login, password]) = parts {
                        <p><b>{ "AUTH PLAIN" }</b>{ ": “" }{ act }{ "” NUL “" }{ login }{ "” NUL “" }{ password }{ "”" }</p>
                    }
                </div>
            }
            <label style="font-weight:400"><input type="checkbox" checked={f.newline} onchange={link.callback(|_| Msg::B64Newline)} />{ " " }{ t(i18n::B64_NEWLINE) }</label>
            if !text.is_empty() && f.code.is_none() {
                <p style="color:var(--ink-2);font-size:var(--t-sm)">{ t(i18n::B64_SAME) }{ " " }<code>{ shell(&text, f.newline) }</code>{ " " }
                    if !f.newline { { lang.fill(i18n::B64_ECHO, &["echo", &encode(&[text.as_bytes(), b"\n"].concat())]) } }</p>
            }
            <div class="card"><b>{ "AUTH PLAIN" }</b>{ " " }<span style="color:var(--ink-2)">{ t(i18n::B64_PLAIN) }</span>
                <div class="pair" style="margin-top:.5rem">
                    <div><label for="b3">{ t(i18n::B64_LOGIN) }</label>{ field("b3", lab.plain.0.clone(), link.callback(move |e| Msg::Plain(true, value(e)))) }</div><span></span>
                    <div><label for="b4">{ t(i18n::B64_PASSWORD) }</label>{ field("b4", lab.plain.1.clone(), link.callback(move |e| Msg::Plain(false, value(e)))) }</div>
                </div>
                { cells(&[b"\0", lab.plain.0.as_bytes(), b"\0", lab.plain.1.as_bytes()].concat()) }
                <small>{ t(i18n::B64_PLAIN_FIELDS) }</small>
                <div style="margin-top:.4rem" class="mono">{ "AUTH PLAIN " }<b>{ &plain }</b></div>
            </div>
            <p style="color:var(--ink-3);font-size:var(--t-sm)">{ t(i18n::B64_NOT_A_LOCK) }</p>
        </div></div>
    }
}

/// The command that does the same.
fn shell(text: &str, newline: bool) -> String {
    if newline { format!("echo \"{text}\" | openssl base64") } else { format!("printf \"{text}\" | openssl base64") }
}
