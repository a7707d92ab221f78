//! What each thing that happens does to the lab's state. Not here: the driver's work, drawing.

use super::links::Sel;
use super::{Lab, Msg, Phone};
use crate::i18n;
use crate::panes::View;
use crate::panes::share::Offer;
use crate::platform;
use gloo::timers::callback::Timeout;
use world::{Input, TraceId, TtyId};
use yew::prelude::*;

impl Lab {
    /// Carries a message out; whether the page changes.
    pub(super) fn act(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let lang = ctx.props().prefs.lang;
        match msg {
            Msg::Tick => self.shared.borrow_mut().tick(),
            Msg::Second => return !self.shared.borrow().clock.paused,
            Msg::Visible => {
                let seen = platform::visible();
                let mut d = self.shared.borrow_mut();
                d.clock.change(platform::micros(), |c| c.hidden = !seen);
                if !seen {
                    d.save();
                }
            }
            Msg::Save => {
                self.saver = None;
                if !self.shared.borrow_mut().save() && self.notice.is_none() {
                    self.notice = Some(lang.t(i18n::NOT_SAVED).into());
                    return true;
                }
                return false;
            }
            Msg::Leave => {
                self.shared.borrow_mut().leave();
                return false;
            }
            Msg::Speak => {
                self.speaker = None;
                let (count, last) = std::mem::take(&mut self.shared.borrow_mut().news);
                if count == 0 {
                    return false;
                }
                self.spoken = if count > 1 { lang.fill(i18n::LINES_NEWS, &[&count.to_string(), &last]) } else { last };
            }
            Msg::Loaded(chunk, Err(_)) if world::FIRST_CHUNKS.contains(&chunk.name) => {
                // Without it there is no machine that could go on.
                self.notice = Some(lang.fill(i18n::LOAD_AGAIN, &[chunk.name]));
                let link = ctx.link().clone();
                self.again = Some(Timeout::new(3000, move || link.send_message(Msg::Load(chunk))));
            }
            Msg::Loaded(chunk, table) => {
                let failed = table.is_err();
                self.shared.borrow_mut().loaded(chunk.name, table);
                if failed {
                    self.notice = Some(lang.fill(i18n::LOAD_FAILED, &[chunk.name]));
                } else if self.again.take().is_some() {
                    self.notice = None;
                }
            }
            Msg::Panes(Some(panes)) => self.panes = panes,
            Msg::Panes(None) => super::fetch_panes(ctx.link(), 3000),
            Msg::Load(chunk) => {
                self.shared.borrow_mut().loads.push(chunk);
                return false;
            }
            Msg::Line(line) => self.type_bytes((line + "\n").into_bytes()),
            Msg::Bytes(bytes) => self.type_bytes(bytes),
            Msg::Complete(line, cursor) => self.complete(lang, &line, cursor),
            Msg::History(up, line) => self.go_through_history(up, line),
            Msg::Search(line) => self.search_history(line),
            Msg::ClearScreen => {
                let mut d = self.shared.borrow_mut();
                let front = d.front;
                if let Some(term) = d.terms.get_mut(front) {
                    term.transcript.clear();
                }
            }
            Msg::Put(text) => {
                self.phone = Phone::Terminal;
                if let Some(input) = platform::input("ti") {
                    input.set_value(&text);
                    platform::focus("ti");
                }
            }
            Msg::FocusPrompt => {
                platform::focus("ti");
                return false;
            }
            Msg::Front(n) => {
                let mut d = self.shared.borrow_mut();
                let front = d.front;
                if let (Some(term), Some(input)) = (d.terms.get_mut(front), platform::input("ti")) {
                    term.draft = input.value();
                }
                d.front = n;
                // What is lit is to be seen in the terminal that was chosen.
                self.term_jump += u32::from(!self.sel().is_none());
                self.assist.clear();
                self.history = None;
                let draft = d.terms.get(n).map(|t| t.draft.clone()).unwrap_or_default();
                if let Some(input) = platform::input("ti") {
                    input.set_value(&draft);
                }
                platform::focus("ti");
            }
            Msg::Opening => self.opening = !self.opening,
            Msg::Open(host, user) => {
                self.opening = false;
                self.shared.borrow_mut().input(Input::Open { host: host.into(), user: user.into() });
                if let Some(input) = platform::input("ti") {
                    input.set_value("");
                }
                platform::focus("ti");
            }
            Msg::CloseTerm(n) => {
                let mut d = self.shared.borrow_mut();
                d.input(Input::Close { tty: TtyId(n as u32) });
                if let Some(term) = d.terms.get_mut(n) {
                    term.gone = true;
                }
                if let Some(next) = d.terms.iter().rposition(|t| !t.gone) {
                    d.front = next;
                }
            }
            Msg::Size(cols, rows) => {
                self.size = (cols.saturating_sub(8).clamp(20, 500) as u16, rows.clamp(4, 200) as u16);
                return false;
            }
            Msg::Show(view) => {
                // What was asked why stays lit for long: then a view opens where it was, and shows it when it is pressed again.
                let again = self.top == view || self.bottom == view;
                self.jump += u32::from(!self.sel().is_none() && (again || self.pin.event != self.why));
                self.show(view);
            }
            Msg::Phone(phone) => {
                self.phone = phone;
                self.term_jump += u32::from(phone == Phone::Terminal && !self.sel().is_none());
            }
            Msg::InTerminal(event) => {
                let mut d = self.shared.borrow_mut();
                let front = d.front;
                let has = |n: usize| d.terms.get(n).is_some_and(|t| !t.gone && t.transcript.lines.iter().any(|l| l.trace == event));
                let Some(n) = std::iter::once(front).chain(0..d.terms.len()).find(|n| has(*n)) else { return false };
                d.front = n;
                drop(d);
                self.phone = Phone::Terminal;
                self.full = false;
                self.pin = Sel { event, msg: std::mem::take(&mut self.pin.msg) };
                self.light = Sel::default();
                self.term_jump += 1;
            }
            Msg::Split => self.split = !self.split,
            Msg::Width(step) => {
                let now = if self.width == 0 { platform::rems(".side").max(18) } else { self.width };
                self.widen(now.saturating_add_signed(step));
            }
            Msg::WidthTo(rems) => self.widen(rems),
            Msg::Part(sixths) => self.widen(platform::rems(".work") * sixths / 6),
            Msg::PaneMenu(upper) => {
                self.pane_menu = if self.pane_menu == Some(upper) { None } else { Some(upper) };
                self.menu = false;
                self.into_dialog = self.pane_menu.is_some();
            }
            Msg::Move(upper) => self.move_view(upper),
            Msg::Full(upper) => {
                let view = if upper || !self.two() { self.top } else { self.bottom };
                self.full = !self.full;
                self.top = view;
                if !self.full {
                    self.to_prompt = true;
                    self.show(view);
                }
            }
            Msg::Find(text) => self.find = text,
            Msg::Present => ctx.props().on_prefs.emit(crate::app::Prefs { present: !self.prefs.present, ..self.prefs }),
            Msg::Prefs(prefs) => ctx.props().on_prefs.emit(prefs),
            Msg::Why(trace) => self.explain(trace),
            Msg::Light(sel) => self.light = sel,
            Msg::Pin(sel) => {
                if sel.is_none() && self.pin.is_none() {
                    return false;
                }
                // Pressed again, it lets go.
                self.pin = if self.pin == sel { Sel::default() } else { sel };
                self.spoken = lang.t(if self.pin.is_none() { i18n::UNPINNED } else { i18n::PINNED }).into();
            }
            Msg::Seen(views) => self.seen = views,
            Msg::WhyLast => {
                let d = self.shared.borrow();
                let last = d.term().and_then(|t| t.transcript.lines.iter().rev().find(|l| l.trace != 0).map(|l| l.trace));
                drop(d);
                if let Some(trace) = last {
                    self.explain(trace);
                }
            }
            Msg::Step(to) => self.walk.step(&self.shared.borrow(), to),
            Msg::Walk => {
                self.walker = None;
                return self.walk.on(&self.shared.borrow());
            }
            Msg::Replay => self.walk.play(),
            Msg::MapOf(id) => self.walk.choose(&self.shared.borrow(), &id),
            Msg::LogFind(find) => {
                self.filter(Some(find), None);
                self.show(View::Log);
            }
            Msg::LogDaemon(daemon) => self.filter(None, Some(daemon)),
            Msg::LogClear => self.filter(Some(String::new()), Some(String::new())),
            Msg::LogLive(live) => self.log_live = live,
            Msg::LogEnd => self.log_end += 1,
            Msg::B64Text(text) => {
                self.b64.text = text;
                self.b64.code = None;
            }
            Msg::B64Code(code) => self.b64.code = Some(code),
            Msg::B64Newline => {
                self.b64.newline = !self.b64.newline;
                self.b64.code = None;
            }
            Msg::Plain(login, text) => *(if login { &mut self.plain.0 } else { &mut self.plain.1 }) = text,
            Msg::Mailbox(user, open) => self.mailbox = (user, open),
            Msg::OpenFile(host, path, line) => {
                self.editor.open(&self.shared.borrow(), &host, &path, line);
                self.show(View::Files);
            }
            Msg::FileText(text) => self.editor.text = text,
            Msg::FilePath(path) => self.editor.path = path,
            Msg::FileHost(host) => self.editor.look(&host, "/etc/postfix"),
            Msg::FileClose => self.editor.open.clear(),
            Msg::FileSave => {
                let input = self.editor.save();
                if let Some(input) = input {
                    let mut d = self.shared.borrow_mut();
                    d.input(input);
                    self.editor.saved(&d);
                }
            }
            Msg::Undo => {
                self.more += u32::from(self.shared.borrow().rewinding());
                let undone = self.shared.borrow_mut().undo();
                let Some((label, at)) = undone else { return false };
                let offset = i64::from(self.shared.borrow().world.utc_offset("mail"));
                self.rewound = true;
                self.told.1 = (0, 0);
                self.end += 1;
                self.why = 0;
                self.pin = Sel::default();
                self.history = None;
                self.notice = None;
                self.assist = lang.fill(i18n::UNDONE, &[&label, &crate::clock::hms(at, offset)]);
                self.spoken = self.assist.clone();
                self.walk.choose(&self.shared.borrow(), "");
            }
            Msg::Redo => {
                let redone = self.shared.borrow_mut().redo();
                let Some(label) = redone else { return false };
                self.end += 1;
                self.assist = lang.fill(i18n::REDONE, &[&label]);
                self.spoken = self.assist.clone();
            }
            Msg::Share(with_files) => {
                let (text, commands, files) = self.shared.borrow().link(with_files);
                let lab = self.shared.borrow().info.name;
                let link = [&platform::address(), "#/lab/", lab, "?s=", &text].concat();
                self.into_dialog = self.offer.is_none();
                self.offer = Some(Offer { link, commands, files, with_files, copied: false });
            }
            Msg::Copy => {
                if let Some(offer) = &mut self.offer {
                    offer.copied = platform::copy("sl");
                    self.spoken = lang.t(i18n::SHARE_COPIED).into();
                }
            }
            Msg::Menu(open) => {
                self.menu = open;
                self.pane_menu = None;
                self.find.clear();
                self.into_dialog = open;
            }
            Msg::Escape if !self.asked() => {
                self.pin = Sel::default();
                if platform::row().is_some() {
                    platform::focus("ti");
                }
            }
            Msg::Escape | Msg::CloseMenu => {
                self.menu = false;
                self.pane_menu = None;
                self.offer = None;
                self.asking = false;
                self.opening = false;
                self.into_dialog = false;
                self.to_prompt = true;
            }
            Msg::Pause => self.shared.borrow_mut().clock.change(platform::micros(), |c| c.paused = !c.paused),
            Msg::Rate(rate) => self.shared.borrow_mut().clock.set_rate(platform::micros(), rate),
            Msg::Skip => {
                let mut d = self.shared.borrow_mut();
                if let Some((at, ..)) = d.wake.clone() {
                    d.clock.jump(platform::micros(), at);
                    d.tick();
                }
            }
            Msg::Ask(yes) => {
                self.asking = yes;
                self.into_dialog = yes;
                self.menu = false;
            }
            Msg::StartOver => {
                let mut d = self.shared.borrow_mut();
                d.forget();
                if let Ok(new) = crate::driver::Driver::open(&ctx.props().name) {
                    *d = new;
                }
                drop(d);
                self.asking = false;
                self.told.1 = (0, 0);
                self.why = 0;
                self.end += 1;
                self.editor = crate::panes::files::Editor::new("mail");
                self.to_prompt = true;
            }
            Msg::Dismiss => self.notice = None,
        }
        true
    }

    fn type_bytes(&mut self, bytes: Vec<u8>) {
        self.assist.clear();
        self.history = None;
        self.end += 1;
        let mut d = self.shared.borrow_mut();
        let tty = TtyId(d.front as u32);
        d.input(Input::Tty { tty, bytes });
    }

    /// Shows why: the decision stays lit everywhere.
    fn explain(&mut self, trace: u32) {
        let msg = self.shared.borrow().world.trace(TraceId(trace)).and_then(|t| t.queue_id.clone()).unwrap_or_default();
        self.pin = Sel { event: trace, msg };
        self.why = trace;
        self.reveal = true;
        self.show(View::Why);
    }

    /// Brings a view to where it belongs: the upper slot, or the lower one if the views are split and wide enough.
    fn show(&mut self, view: View) {
        let upper = self.is_upper(view);
        let two = self.two() && !platform::matches("(max-width: 62rem), (max-height: 32rem)");
        if view == View::Map && self.top != view {
            self.walk.choose(&self.shared.borrow(), "");
        }
        if upper || !two {
            self.top = view;
        } else {
            self.bottom = view;
        }
        if platform::matches("(max-width: 40rem), (max-height: 32rem)") {
            self.phone = Phone::Side;
        }
        if view == View::Files && self.editor.listing.is_empty() {
            self.editor.look("mail", "/etc/postfix");
        }
    }

    /// Whether a view belongs in the upper slot.
    pub(crate) fn is_upper(&self, view: View) -> bool {
        self.upper & View::bits(&[view]) != 0
    }

    /// Gives a slot's view to the other slot, and what comes next in its own.
    fn move_view(&mut self, upper: bool) {
        let view = if upper { self.top } else { self.bottom };
        let Some(next) = View::ALL.iter().map(|v| v.0).find(|v| *v != view && self.is_upper(*v) == upper) else { return };
        self.upper ^= View::bits(&[view]);
        *(if upper { &mut self.top } else { &mut self.bottom }) = next;
        self.show(view);
    }

    /// Gives the views so many rem, as far as there is room for them and the terminal.
    fn widen(&mut self, rems: u32) {
        self.width = rems.clamp(18, platform::rems(".work").saturating_sub(20).max(18));
    }

    fn filter(&mut self, find: Option<String>, daemon: Option<String>) {
        let mut d = self.shared.borrow_mut();
        let d = &mut *d;
        let find = find.unwrap_or_else(|| d.log.find.clone());
        let daemon = daemon.unwrap_or_else(|| d.log.daemon.clone());
        d.log.filter(d.world.log(), &find, &daemon);
    }
}
