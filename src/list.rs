//! A long list of which only the rows in view are in the page: spacers stand for the rest. It stays at its end until it is scrolled up.
//! Not here: what a row is (`Rows`).

use crate::platform;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// What is listed. Heights are in sixteenths of a rem and may be an estimate: rows in view take the room they need.
pub(crate) trait Rows {
    fn count(&self) -> usize;
    /// Number of the first row, if rows have been dropped at the front.
    fn first(&self) -> usize {
        0
    }
    /// Height of a row when so many characters fit into the width.
    fn height(&self, i: usize, cols: u32) -> u32;
    fn row(&self, i: usize) -> Html;
}

/// A list's content; equal only to itself.
#[derive(Clone)]
pub(crate) struct Source(pub(crate) Rc<dyn Rows>);

impl PartialEq for Source {
    fn eq(&self, _: &Source) -> bool {
        false
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) source: Source,
    /// When it changes, all heights are asked for again.
    #[prop_or_default]
    pub(crate) shape: u32,
    /// When it changes, the list goes to its end.
    #[prop_or_default]
    pub(crate) end: u32,
    /// The row to be seen when the list is drawn first, or when `jump` changes.
    #[prop_or_default]
    pub(crate) to: Option<usize>,
    #[prop_or_default]
    pub(crate) jump: u32,
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
    /// Follows the rows.
    #[prop_or_default]
    pub(crate) tail: Html,
    /// Told whether the end is in view, when that changes.
    #[prop_or_default]
    pub(crate) on_live: Callback<bool>,
    /// Told columns and rows that fit.
    #[prop_or_default]
    pub(crate) on_size: Callback<(u32, u32)>,
}

pub(crate) enum Msg {
    Scrolled,
    Resized,
}

pub(crate) struct List {
    node: NodeRef,
    /// Heights summed up: `sums[i]` is what stands above row `i`.
    sums: Vec<u32>,
    first: usize,
    cols: u32,
    rem: u32,
    /// Height of the view.
    view: u32,
    /// Rows in the page.
    range: (usize, usize),
    live: bool,
    /// Where to scroll once it is drawn.
    pending: Option<u32>,
    /// Where it was scrolled to by itself.
    top: i32,
    observer: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

/// Rows beside those in view, so that small scrolls draw nothing.
const SPARE: usize = 15;

impl List {
    fn sum(&mut self, props: &Props) {
        let rows = &props.source.0;
        let (first, count) = (rows.first(), rows.count());
        if first != self.first || count + 1 < self.sums.len() || self.sums.is_empty() {
            self.first = first;
            self.sums.clear();
            self.sums.push(0);
        }
        let mut total = self.sums.last().copied().unwrap_or(0);
        for i in self.sums.len() - 1..count {
            total = total.saturating_add(rows.height(i, self.cols));
            self.sums.push(total);
        }
    }
    /// Rows from `top` on, as many as are in view.
    fn rows_at(&self, top: u32) -> (usize, usize) {
        let lo = self.sums.partition_point(|s| *s <= top).saturating_sub(1);
        let hi = self.sums.partition_point(|s| *s < top.saturating_add(self.view));
        (lo, hi.max(lo))
    }
    fn total(&self) -> u32 {
        self.sums.last().copied().unwrap_or(0)
    }
    fn place(&mut self, top: u32) -> bool {
        let (lo, hi) = self.rows_at(top);
        let count = self.sums.len().saturating_sub(1);
        if lo >= self.range.0 && hi <= self.range.1 && self.range.1 <= count && self.range.1 - self.range.0 < 8 * SPARE + hi - lo {
            return false;
        }
        self.range = (lo.saturating_sub(SPARE), (hi + SPARE).min(count));
        true
    }
    /// Sums heights and chooses the rows for the page.
    fn lay(&mut self, props: &Props) {
        self.sum(props);
        if self.live {
            self.place_end();
        } else {
            let top = self.node.cast::<Element>().map_or(0, |e| e.scroll_top().max(0) as u32);
            self.range = (0, 0);
            self.place(top * 16 / self.rem);
        }
    }
    fn go_to_end(&mut self, el: &Element) {
        el.set_scroll_top(i32::MAX);
        self.top = el.scroll_top();
    }
    /// Leaves the end for the wanted row.
    fn jump(&mut self, props: &Props) {
        if let Some(above) = props.to.and_then(|i| self.sums.get(i)) {
            let top = above.saturating_sub(self.view / 4);
            self.live = false;
            self.range = (0, 0);
            self.place(top);
            self.pending = Some(top);
        }
    }
    fn place_end(&mut self) {
        let (lo, _) = self.rows_at(self.total().saturating_sub(self.view));
        self.range = (lo.saturating_sub(SPARE), self.sums.len().saturating_sub(1));
    }
    fn measure(&mut self, ctx: &Context<Self>) {
        let Some(el) = self.node.cast::<Element>() else { return };
        if el.client_width() == 0 {
            return;
        }
        if let Some((cols, rows, rem)) = platform::measure(&el) {
            if cols != self.cols {
                self.cols = cols;
                self.sums.clear();
            }
            self.rem = rem;
            self.view = (rows + 2) * 24;
            // The rows of the whole pane: what comes and goes below the list is no other window.
            let pane = el.closest("[data-pane]").ok().flatten().map_or(0, |p| p.client_height().max(0) as u32);
            ctx.props().on_size.emit((cols, (pane * 16 / (self.rem * 24).max(1)).saturating_sub(4)));
        }
    }
}

fn at_end(el: &Element) -> bool {
    el.scroll_top() + el.client_height() + 4 >= el.scroll_height()
}

impl Component for List {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let mut list = List {
            node: NodeRef::default(),
            sums: Vec::new(),
            first: 0,
            cols: 80,
            rem: 16,
            view: 960,
            range: (0, 0),
            live: true,
            pending: None,
            top: 0,
            observer: None,
        };
        list.lay(ctx.props());
        list.jump(ctx.props());
        ctx.props().on_live.emit(list.live);
        list
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        if ctx.props().shape != old.shape {
            self.sums.clear();
            self.live = true;
            self.top = 0;
        }
        if ctx.props().end != old.end && !self.live {
            self.live = true;
            self.top = 0;
            ctx.props().on_live.emit(true);
        }
        self.lay(ctx.props());
        if ctx.props().jump != old.jump {
            self.jump(ctx.props());
            ctx.props().on_live.emit(self.live);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let Some(el) = self.node.cast::<Element>() else { return false };
        match msg {
            Msg::Resized => {
                self.measure(ctx);
                self.lay(ctx.props());
                true
            }
            Msg::Scrolled => {
                let top = el.scroll_top().max(0);
                // Growing below the view does not take it from its end; somebody who scrolls up does.
                let live = at_end(&el) || self.live && top >= self.top;
                if live && !at_end(&el) {
                    self.go_to_end(&el);
                }
                if live != self.live {
                    self.live = live;
                    ctx.props().on_live.emit(live);
                }
                if live {
                    return false;
                }
                self.place(top as u32 * 16 / self.rem)
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let (lo, hi) = self.range;
        let rows = &props.source.0;
        let hi = hi.min(rows.count());
        let lo = lo.min(hi);
        let sum = |i: usize| self.sums.get(i).copied().unwrap_or(0);
        let pad = |units: u32| ["height:calc(", &units.to_string(), "rem/16)"].concat();
        let first = rows.first();
        html! {
            <div ref={&self.node} class={props.class} role="log" aria-live="off" tabindex="0" aria-label={props.label}
                onscroll={ctx.link().callback(|_| Msg::Scrolled)}>
                <div key="top" style={pad(sum(lo))}></div>
                { for (lo..hi).map(|i| html! { <div key={first + i} class="li" data-n={(first + i).to_string()}>{ rows.row(i) }</div> }) }
                <div key="below" style={pad(self.total().saturating_sub(sum(hi)))}></div>
                { props.tail.clone() }
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let link = ctx.link().clone();
            let closure = Closure::<dyn FnMut()>::new(move || link.send_message(Msg::Resized));
            if let (Ok(o), Some(el)) = (ResizeObserver::new(closure.as_ref().unchecked_ref()), self.node.cast::<Element>()) {
                o.observe(&el);
                self.observer = Some((o, closure));
            }
        }
        if let (Some(top), Some(el)) = (self.pending.take(), self.node.cast::<Element>()) {
            el.set_scroll_top((top * self.rem / 16) as i32);
        }
        // Somebody may have scrolled up of which the message has not come yet.
        if self.live
            && let Some(el) = self.node.cast::<Element>()
            && (el.scroll_top() >= self.top || at_end(&el))
        {
            self.go_to_end(&el);
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some((o, _)) = self.observer.take() {
            o.disconnect();
        }
    }
}
