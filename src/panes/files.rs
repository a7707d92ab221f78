//! The files pane: a plain editor for those who do not know vi, with a listing, and badges that say whether a change is in force yet.
//! Not here: the files, which are the host's own.

use crate::clock::hms;
use crate::driver::Driver;
use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use crate::platform;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use world::{Because, Input, SimTime};
use yew::html::Scope;
use yew::prelude::*;

/// The file that is being edited.
pub(crate) struct Editor {
    pub(crate) host: String,
    /// Directory that is listed.
    pub(crate) listing: String,
    /// Path field.
    pub(crate) path: String,
    /// Path of the open file, or empty.
    pub(crate) open: String,
    pub(crate) text: String,
    /// Content when it was read.
    base: Option<Vec<u8>>,
    binary: bool,
}

impl Editor {
    pub(crate) fn new(host: &str) -> Editor {
        Editor {
            host: host.into(),
            listing: String::new(),
            path: String::new(),
            open: String::new(),
            text: String::new(),
            base: None,
            binary: false,
        }
    }
    /// Lists a directory.
    pub(crate) fn look(&mut self, host: &str, dir: &str) {
        self.host = host.into();
        self.listing = dir.into();
    }
    /// Opens a file, or lists a directory. `line`: shown and selected.
    pub(crate) fn open(&mut self, d: &Driver, host: &str, path: &str, line: u32) {
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        if d.world.dir(host, path).is_some() {
            self.look(host, path);
            return;
        }
        let dir = path.rsplit_once('/').map_or("/", |(d, _)| if d.is_empty() { "/" } else { d });
        self.look(host, dir);
        self.path = path.into();
        self.open = path.into();
        self.base = d.world.file(host, path);
        let bytes = self.base.clone().unwrap_or_default();
        self.binary = std::str::from_utf8(&bytes).is_err() || bytes.contains(&0);
        self.text = String::from_utf8_lossy(&bytes).into_owned();
        if line > 0 {
            platform::select_line("ed", &self.text, line);
        }
    }
    fn changed(&self) -> bool {
        !self.binary && self.text.as_bytes() != self.base.as_deref().unwrap_or_default()
    }
    /// What saving puts into the world.
    pub(crate) fn save(&mut self) -> Option<Input> {
        (!self.open.is_empty() && !self.binary).then(|| Input::Write {
            host: self.host.clone(),
            path: self.open.clone(),
            bytes: self.text.clone().into_bytes(),
        })
    }
    /// Reads back what was saved.
    pub(crate) fn saved(&mut self, d: &Driver) {
        self.base = d.world.file(&self.host, &self.open);
    }
}

/// What stands between a saved file and its effect: label, whether it is stale, time.
struct Stage(i18n::Msg, bool, SimTime);

/// The stages of the open file: text, compiled table, what the daemons hold.
fn stages(d: &Driver, editor: &Editor) -> Vec<Stage> {
    let (host, path) = (editor.host.as_str(), editor.open.as_str());
    let Some(text) = d.world.stat(host, path) else { return Vec::new() };
    let mut out = vec![Stage(i18n::STAGE_TEXT, false, text.mtime)];
    if let Some(db) = d.world.stat(host, &[path, ".db"].concat()) {
        out.push(Stage(if path == "/etc/aliases" { i18n::STAGE_ALIASES } else { i18n::STAGE_DB }, db.mtime < text.mtime, db.mtime));
    }
    if matches!(path, "/etc/postfix/main.cf" | "/etc/postfix/master.cf") {
        let begins = |l: &&world::LogLine| {
            l.line.contains("postfix/master[") && (l.line.contains("reload -- ") || l.line.contains("daemon started"))
        };
        if let Some(line) = d.world.log().iter().rev().find(begins) {
            out.push(Stage(i18n::STAGE_LOADED, line.at < text.mtime, line.at));
        }
    }
    out
}

/// What the open main.cf sets and this simulation accepts without doing anything: names and lines, as Postfix's last start or reload has
/// told, as far as they still stand there.
fn idle(d: &Driver, editor: &Editor) -> Vec<(String, u32)> {
    let told = d.world.traces().iter().rev().find(|t| t.what == "main.cf: accepted, not simulated");
    let rows = told.filter(|_| editor.open == "/etc/postfix/main.cf").map_or(&[][..], |t| t.because.as_slice());
    let row = |b: &Because| match b {
        Because::Parameter { name, place: Some((_, line)), .. } => Some((name.clone(), *line)),
        _ => None,
    };
    let stands = |(name, line): &(String, u32)| editor.text.lines().nth(*line as usize - 1).is_some_and(|l| l.starts_with(name.as_str()));
    rows.iter().filter_map(row).filter(stands).collect()
}

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let e = &lab.editor;
    let t = |m| lang.t(m);
    let hosts = d.info.hosts.iter().map(|(h, _)| *h);
    let mut names = d.world.dir(&e.host, &e.listing).unwrap_or_default();
    world::machine::sort(&mut names);
    let open = |path: String| {
        let host = e.host.clone();
        link.callback(move |_: MouseEvent| Msg::OpenFile(host.clone(), path.clone(), 0))
    };
    let join = |name: &str| if e.listing == "/" { ["/", name].concat() } else { [&e.listing, "/", name].concat() };
    let parent = e.listing.rsplit_once('/').map_or("/", |(d, _)| if d.is_empty() { "/" } else { d }).to_string();
    let path = e.path.clone();
    let host = e.host.clone();
    let go = link.callback(move |ev: SubmitEvent| {
        ev.prevent_default();
        Msg::OpenFile(host.clone(), path.clone(), 0)
    });
    let offset = i64::from(d.world.utc_offset(&e.host));
    let chosen_host = e.host.clone();
    let stages = stages(&d, e);
    let idle = idle(&d, e);
    let outside = d.world.file(&e.host, &e.open).as_deref() != e.base.as_deref();
    html! {<>
        <form class="ptool" onsubmit={go}>
            <label class="sr" for="fh">{ t(i18n::FILE_HOST) }</label>
            <select id="fh" class="in" onchange={link.callback(|ev: Event| Msg::FileHost(ev.target_unchecked_into::<HtmlSelectElement>().value()))}>
                { for hosts.map(|h| html! { <option value={h} selected={h == chosen_host}>{ h }</option> }) }
            </select>
            <label class="sr" for="fp">{ t(i18n::FILE_PATH) }</label>
            <input id="fp" class="in mono" style="flex:1;min-width:6rem" value={e.path.clone()} placeholder="/etc/postfix/main.cf" autocapitalize="off" spellcheck="false"
                oninput={link.callback(|ev: InputEvent| Msg::FilePath(ev.target_unchecked_into::<HtmlInputElement>().value()))} />
            <button class="btn" type="submit">{ t(i18n::FILE_OPEN) }</button>
        </form>
        if stages.len() > 1 {
            <div class="stages" role="group">{ for stages.iter().enumerate().map(|(i, s)| html! {<>
                if i > 0 { <span>{ "→" }</span> }
                <div class={classes!(s.1.then_some("stale"))}><b>{ t(s.0) }</b><small>{ hms(s.2, offset) }</small>if s.1 { { " " }{ t(remedy(s.0, &e.open)) } }</div>
            </>}) }</div>
        }
        if !idle.is_empty() {
            <p class="msg no" data-idle="true"><b>{ t(i18n::FILE_IDLE) }</b>{ for idle.into_iter().map(|(name, line)| {
                let (host, path) = (e.host.clone(), e.open.clone());
                html! { <button class="linkb mono" onclick={link.callback(move |_| Msg::OpenFile(host.clone(), path.clone(), line))}>{ name }{ " :" }{ line }</button> }
            }) }</p>
        }
        <div class={classes!("files", e.open.is_empty().then_some("none"))}>
            <ul class="tree" aria-label={e.listing.clone()}>
                <li class="dir">{ &e.listing }</li>
                <li class="f"><button onclick={open(parent)}>{ "../ (" }{ t(i18n::FILE_UP) }{ ")" }</button></li>
                { for names.iter().map(|n| { let full = join(n); let on = full == e.open; html! {
                    <li class={classes!("f", on.then_some("on"))}><button onclick={open(full)}>{ n }</button></li> } }) }
            </ul>
            <div class="col">
                if e.open.is_empty() {
                    <div class="empty-s"><b>{ t(i18n::FILE_EMPTY) }</b>{ t(i18n::FILE_EMPTY_TEXT) }</div>
                } else if e.binary {
                    <div class="empty-s">{ lang.fill(i18n::FILE_BINARY, &[&e.open]) }</div>
                } else {
                    <textarea id="ed" class="area" aria-label={lang.fill(i18n::FILE_CONTENT, &[&e.open])} value={e.text.clone()} autocapitalize="off" spellcheck="false"
                        oninput={link.callback(|ev: InputEvent| Msg::FileText(ev.target_unchecked_into::<HtmlTextAreaElement>().value()))} onkeydown={save_key(link)} />
                    <div class="foot"><button class="btn only-phone" onclick={link.callback(|_| Msg::FileClose)}>{ t(i18n::FILES) }</button>
                        <button class="btn pri" disabled={!e.changed() && e.base.is_some()} onclick={link.callback(|_| Msg::FileSave)}>{ t(i18n::FILE_SAVE) }{ " " }<kbd>{ "Ctrl S" }</kbd></button>
                        if e.base.is_none() { <span>{ lang.fill(i18n::FILE_NONE, &[&e.open]) }</span> }
                        else if e.changed() { <span class="badge warn">{ t(i18n::FILE_UNSAVED) }</span> } else { <span class="badge">{ t(i18n::FILE_SAME) }</span> }
                        if outside { <span class="badge warn">{ t(i18n::FILE_CHANGED) }</span><button class="btn" onclick={open(e.open.clone())}>{ t(i18n::FILE_RELOAD) }</button> }
                    </div>
                }
            </div>
        </div>
    </>}
}

/// What makes a stale stage fresh.
fn remedy(stage: i18n::Msg, path: &str) -> i18n::Msg {
    match () {
        () if stage == i18n::STAGE_LOADED => i18n::REMEDY_RELOAD,
        () if path == "/etc/aliases" => i18n::REMEDY_ALIASES,
        () => i18n::REMEDY_POSTMAP,
    }
}

fn save_key(link: &Scope<Lab>) -> Callback<KeyboardEvent> {
    let link = link.clone();
    Callback::from(move |e: KeyboardEvent| {
        if (e.ctrl_key() || e.meta_key()) && e.key() == "s" {
            e.prevent_default();
            link.send_message(Msg::FileSave);
        }
    })
}
