//! An open lab: the state of the page around the driver, what presses do, timers. Not here: keys (`keyboard`), drawing (`view`, `panes`).

pub(crate) mod keyboard;
pub(crate) mod links;
mod msg;
mod typing;
mod update;
mod view;

use crate::app::Prefs;
use crate::driver::{Driver, Restored};
use crate::i18n;
use crate::panes::base64::Fields;
use crate::panes::files::Editor;
use crate::panes::map::Walk;
use crate::panes::share::Offer;
use crate::panes::{self, Pane, View};
use crate::platform;
use gloo::events::EventListener;
use gloo::timers::callback::{Interval, Timeout};
use links::Sel;
pub(crate) use msg::Msg;
use std::cell::RefCell;
use std::rc::Rc;
use world::{Input, TtyId};
use yew::html::Scope;
use yew::prelude::*;

/// The driver, as the lists of rows share it.
pub(crate) type Shared = Rc<RefCell<Driver>>;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) name: String,
    pub(crate) prefs: Prefs,
    pub(crate) on_prefs: Callback<Prefs>,
}

/// One of the views of a phone.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Phone {
    Terminal,
    Side,
}

/// An open lab.
pub(crate) struct Lab {
    pub(crate) shared: Shared,
    pub(crate) top: View,
    pub(crate) bottom: View,
    pub(crate) split: bool,
    /// Something was taken back; how many more are to be when that is done.
    pub(super) rewound: bool,
    pub(super) more: u32,
    pub(crate) phone: Phone,
    /// Columns and rows that fit into the terminal, and which of them were last told to which.
    pub(super) size: (u16, u16),
    pub(super) told: (u32, (u16, u16)),
    /// Width of the views in rem; 0: the usual one.
    pub(crate) width: u32,
    /// The views of the upper slot, by their place in the table.
    pub(crate) upper: u32,
    /// A view has the page for itself.
    pub(crate) full: bool,
    /// The slot whose menu is open: true is the upper one.
    pub(crate) pane_menu: Option<bool>,
    /// What is sought in the lab's menu.
    pub(crate) find: String,
    /// What the reader prefers.
    pub(crate) prefs: Prefs,
    /// Number of the decision that the why pane shows, or 0.
    pub(crate) why: u32,
    /// What draws the views, once it has come.
    pub(crate) panes: &'static [Pane],
    panes_asked: bool,
    /// What the hand is on, and what stays lit when it is on nothing.
    pub(crate) light: Sel,
    pub(crate) pin: Sel,
    /// The views in which something lit can be seen, by their place in the table.
    pub(super) seen: u32,
    /// What the map shows.
    pub(crate) walk: Walk,
    pub(crate) b64: Fields,
    /// Login and password of the AUTH PLAIN card.
    pub(crate) plain: (String, String),
    pub(crate) editor: Editor,
    /// The chosen mailbox and the open message.
    pub(crate) mailbox: (String, Option<usize>),
    pub(crate) log_live: bool,
    pub(crate) log_end: u32,
    pub(crate) opening: bool,
    pub(crate) menu: bool,
    pub(crate) asking: bool,
    /// The link that is offered.
    pub(crate) offer: Option<Offer>,
    /// A dialog was opened: the focus goes into it once it is drawn.
    pub(super) into_dialog: bool,
    /// It was closed: the focus goes back to the prompt once that can be reached.
    pub(super) to_prompt: bool,
    /// A decision was chosen: its deciding row is to be seen.
    pub(super) reveal: bool,
    /// Counts the times that a view was chosen while something is lit: it is to be seen there.
    pub(crate) jump: u32,
    pub(crate) jumped: u32,
    /// The same for the terminal.
    pub(crate) term_jump: u32,
    pub(crate) term_jumped: u32,
    /// A message across the page.
    pub(crate) notice: Option<String>,
    /// What the assist line says: candidates of a completion.
    pub(crate) assist: String,
    /// Place in the history while the arrow keys go through it, and what stood in the field before.
    pub(crate) history: Option<usize>,
    pub(crate) draft: String,
    /// Changes when the transcript is to go to its end.
    pub(crate) end: u32,
    /// What the live region says.
    pub(crate) spoken: String,
    timer: Option<Timeout>,
    walker: Option<Timeout>,
    saver: Option<Timeout>,
    speaker: Option<Timeout>,
    /// Tries again to fetch what no lab can do without.
    pub(super) again: Option<Timeout>,
    /// Fetches the rest of the program when there is time.
    fetcher: Option<Timeout>,
    _seconds: Interval,
    _listeners: Vec<EventListener>,
}

impl Component for Lab {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let lang = ctx.props().prefs.lang;
        crate::driver::fetch_first();
        // The router has looked the name up.
        let driver = Driver::open(&ctx.props().name).unwrap_or_else(|e| panic!("an open lab: {e}"));
        let notice = match driver.restored {
            Restored::Aside => Some(lang.fill(i18n::SET_ASIDE, &[&crate::storage::aside(&ctx.props().name)])),
            Restored::Back | Restored::Fresh => None,
        };
        let spoken = if driver.restored == Restored::Back { lang.t(i18n::RETURNED).to_string() } else { String::new() };
        let mut listeners = Vec::new();
        if let Some(document) = platform::document() {
            let link = ctx.link().clone();
            listeners.push(EventListener::new(&document, "visibilitychange", move |_| link.send_message(Msg::Visible)));
        }
        if let Some(window) = platform::window() {
            let link = ctx.link().clone();
            listeners.push(EventListener::new(&window, "pagehide", move |_| link.send_message(Msg::Leave)));
            listeners.push(keyboard::global(&window, ctx.link().clone()));
            listeners.extend(links::listen(&window, ctx.link()));
        }
        let link = ctx.link().clone();
        let mut lab = Lab {
            shared: Rc::new(RefCell::new(driver)),
            top: View::Why,
            bottom: View::Log,
            split: true,
            rewound: false,
            more: 0,
            phone: Phone::Terminal,
            size: (80, 24),
            told: (0, (80, 24)),
            width: 0,
            upper: View::ALL.iter().filter(|v| v.4).fold(0, |bits, v| bits | View::bits(&[v.0])),
            full: false,
            pane_menu: None,
            find: String::new(),
            prefs: ctx.props().prefs,
            why: 0,
            panes: &[],
            panes_asked: false,
            light: Sel::default(),
            pin: Sel::default(),
            seen: 0,
            walk: Walk::default(),
            b64: Fields::default(),
            plain: ("redhat".into(), "redhat".into()),
            editor: Editor::new("mail"),
            mailbox: Default::default(),
            log_live: true,
            log_end: 0,
            opening: false,
            menu: false,
            asking: false,
            offer: None,
            into_dialog: false,
            to_prompt: true,
            reveal: false,
            jump: 0,
            jumped: 0,
            term_jump: 0,
            term_jumped: 0,
            notice,
            assist: String::new(),
            history: None,
            draft: String::new(),
            end: 0,
            spoken,
            timer: None,
            walker: None,
            saver: None,
            speaker: None,
            again: None,
            fetcher: None,
            _seconds: Interval::new(1000, move || link.send_message(Msg::Second)),
            _listeners: listeners,
        };
        platform::title("Ehlo: linuxidc");
        lab.after(ctx);
        lab
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let draw = self.act(ctx, msg);
        keyboard::opened(self.asked());
        self.after(ctx);
        let mut d = self.shared.borrow_mut();
        if std::mem::take(&mut d.differs) {
            self.notice = Some(ctx.props().prefs.lang.t(i18n::OTHER_BUILD).into());
        }
        // The old picture stands until the new one is whole.
        draw && !(self.rewound && d.rewinding())
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        self.prefs = ctx.props().prefs;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        view::page(self, ctx)
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        // Unless another lab has already begun.
        if crate::platform::crash::journal(|j| j.saved.lab == ctx.props().name) {
            self.shared.borrow_mut().leave();
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        if std::mem::take(&mut self.to_prompt) {
            platform::focus("ti");
        }
        // What draws it may still be on its way.
        if self.into_dialog {
            self.into_dialog = !platform::focus_dialog();
        }
        if std::mem::take(&mut self.reveal) {
            platform::reveal(".wl .deciding");
        }
        if self.jumped != self.jump {
            self.jumped = self.jump;
            platform::reveal(".side .lit:not(.lr)");
        }
        self.term_jumped = self.term_jump;
        let seen = if self.sel().is_none() { 0 } else { platform::seen(".lit", links::place) };
        if seen != self.seen {
            ctx.link().send_message(Msg::Seen(seen));
        }
    }
}

/// Fetches the views, after a while if it failed before.
pub(super) fn fetch_panes(link: &Scope<Lab>, millis: u32) {
    let link = link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        if millis > 0 {
            gloo::timers::future::TimeoutFuture::new(millis).await;
        }
        link.send_message(Msg::Panes(panes::load().await));
    });
}

impl Lab {
    /// Whether two views stand one above the other, where there is room.
    pub(super) fn two(&self) -> bool {
        self.split && !self.prefs.present && !self.full
    }
    /// Whether a menu or a question is open.
    fn asked(&self) -> bool {
        self.menu || self.pane_menu.is_some() || self.asking || self.offer.is_some()
    }
    /// After every message: fetches what is asked for, arms the timer, plans to save and to speak.
    fn after(&mut self, ctx: &Context<Self>) {
        let mut d = self.shared.borrow_mut();
        // After a failure it is tried again, but not at once.
        let pause = if d.load_failed.is_some() { 3000 } else { 0 };
        for chunk in std::mem::take(&mut d.loads) {
            let link = ctx.link().clone();
            wasm_bindgen_futures::spawn_local(async move {
                if pause > 0 {
                    gloo::timers::future::sleep(std::time::Duration::from_millis(pause)).await;
                }
                let table = (chunk.load)().await;
                link.send_message(Msg::Loaded(chunk, table));
            });
        }
        // After the prompt, which is wanted first.
        if !self.panes_asked && d.term().is_some_and(|t| t.view.is_some()) {
            self.panes_asked = true;
            fetch_panes(ctx.link(), 0);
        }
        // Not into the middle of a replay: it has its own sizes.
        let now = (d.front as u32, self.size);
        if d.at_rest() && now != self.told && d.term().and_then(|t| t.view.as_ref()).is_some_and(|v| (v.cols, v.rows) != self.size) {
            self.told = now;
            let (cols, rows) = self.size;
            d.input(Input::Size { tty: TtyId(now.0), cols, rows });
        }
        if self.more > 0 && d.at_rest() {
            self.more -= 1;
            ctx.link().send_message(Msg::Undo);
        }
        self.timer = None;
        if let Some((at, ..)) = &d.wake
            && let Some(millis) = d.clock.wait(platform::micros(), *at)
        {
            let link = ctx.link().clone();
            self.timer = Some(Timeout::new(millis, move || link.send_message(Msg::Tick)));
        }
        if self.top == View::Map && self.walker.is_none() && !d.clock.paused && self.walk.due(&d) {
            let link = ctx.link().clone();
            self.walker = Some(Timeout::new(450, move || link.send_message(Msg::Walk)));
        }
        if d.unsaved && self.saver.is_none() {
            let link = ctx.link().clone();
            self.saver = Some(Timeout::new(400, move || link.send_message(Msg::Save)));
        }
        if self.fetcher.is_none() && d.at_rest() {
            self.fetcher = Some(Timeout::new(2000, crate::driver::fetch_all));
        }
        if d.news.0 > 0 && self.speaker.is_none() {
            let link = ctx.link().clone();
            self.speaker = Some(Timeout::new(300, move || link.send_message(Msg::Speak)));
        }
    }
}
