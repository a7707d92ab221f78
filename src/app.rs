//! The page's frame: the route (`#/`, `#/lab/<lab>`), the reader's language, theme and text size, kept in the browser.
//! Not here: what a route shows (`home`, `lab`).

use crate::home::Home;
use crate::i18n::{self, Lang};
use crate::lab::Lab;
use crate::{platform, share, storage};
use gloo::events::EventListener;
use yew::prelude::*;

/// What the reader prefers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Prefs {
    pub(crate) lang: Lang,
    pub(crate) dark: bool,
    /// Text size in percent.
    pub(crate) size: u16,
    /// For a projector.
    pub(crate) present: bool,
}

impl Prefs {
    fn load() -> Prefs {
        let zh = platform::load("ehlo.lang").unwrap_or_else(platform::language).starts_with("zh");
        let dark = platform::load("ehlo.theme").map_or_else(platform::prefers_dark, |t| t == "dark");
        let size = platform::load("ehlo.size").and_then(|s| s.parse().ok()).unwrap_or(100);
        Prefs { lang: if zh { Lang::Zh } else { Lang::En }, dark, size: size.clamp(75, 200), present: false }
    }
    fn apply(self) {
        platform::root("lang", Some(self.lang.code()));
        platform::root("data-theme", Some(if self.dark { "dark" } else { "light" }));
        platform::root("data-mode", self.present.then_some("present"));
        let size = ["font-size:", &self.size.to_string(), "%"].concat();
        platform::root("style", (self.size != 100 && !self.present).then_some(size.as_str()));
    }
    fn save(self) {
        platform::save("ehlo.lang", self.lang.code());
        platform::save("ehlo.theme", if self.dark { "dark" } else { "light" });
        platform::save("ehlo.size", &self.size.to_string());
    }
}

/// The page.
pub(crate) struct App {
    hash: String,
    /// Why what the address asks for is not shown.
    note: Option<i18n::Msg>,
    prefs: Prefs,
    _hash: Option<EventListener>,
}

pub(crate) enum Msg {
    Hash,
    Prefs(Prefs),
}

impl App {
    /// Looks at the address. A lab behind a link is kept beside the reader's own, and opened.
    fn arrive(&mut self) {
        self.hash = platform::hash();
        self.note = None;
        let link = self.hash.split_once("?s=").and_then(|(route, text)| Some((route.strip_prefix("#/lab/")?, text)));
        let Some((lab, text)) = link else { return };
        match share::from_link(text).filter(|s| s.lab == lab) {
            None => self.note = Some(i18n::LINK_BROKEN),
            Some(mut saved) => {
                saved.lab.push_str(".shared");
                if platform::save(&storage::key(&saved.lab), &saved.to_text()) {
                    self.hash = ["#/lab/", &saved.lab].concat();
                    platform::go(&self.hash);
                } else {
                    self.note = Some(i18n::LINK_NO_ROOM);
                }
            }
        }
    }
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let listener = platform::window().map(|w| EventListener::new(&w, "hashchange", move |_| link.send_message(Msg::Hash)));
        let prefs = Prefs::load();
        prefs.apply();
        let mut app = App { hash: String::new(), note: None, prefs, _hash: listener };
        app.arrive();
        app
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Hash => self.arrive(),
            Msg::Prefs(prefs) => {
                self.prefs = prefs;
                prefs.apply();
                prefs.save();
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let on_prefs = ctx.link().callback(Msg::Prefs);
        let prefs = self.prefs;
        let lab = self.hash.strip_prefix("#/lab/").map(|l| l.split(['/', '?']).next().unwrap_or_default());
        match lab {
            Some(_) if self.note.is_some() => html! { <Home {prefs} {on_prefs} note={self.note} /> },
            Some(lab) if world::labs().any(|l| l.name == storage::lab_of(lab)) => {
                html! { <Lab key={lab.to_string()} name={lab.to_string()} {prefs} {on_prefs} /> }
            }
            Some(_) => html! { <Home {prefs} {on_prefs} note={Some(i18n::NO_SUCH_LAB)} /> },
            None if self.hash.starts_with("#/lesson/") => html! { <Home {prefs} {on_prefs} note={Some(i18n::LESSON_LATER)} /> },
            None => html! { <Home {prefs} {on_prefs} note={None::<i18n::Msg>} /> },
        }
    }
}
