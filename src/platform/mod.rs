//! Everything the page asks of the browser beyond events: time, storage, focus, sizes. The only user of `web-sys` besides event types.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, Window};

pub(crate) mod crash;

pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

/// Microseconds since the page was opened, on a clock that never steps back.
pub(crate) fn micros() -> u64 {
    window().and_then(|w| w.performance()).map_or(0, |p| (p.now() * 1000.0) as u64)
}

/// A number that differs from one new world to the next.
pub(crate) fn seed() -> u64 {
    (js_sys::Math::random() * 9e15) as u64
}

/// Whether somebody can see the page.
pub(crate) fn visible() -> bool {
    document().is_none_or(|d| d.visibility_state() != web_sys::VisibilityState::Hidden)
}

fn storage() -> Option<web_sys::Storage> {
    window()?.local_storage().ok()?
}

/// An entry of the browser's storage.
pub(crate) fn load(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps an entry. False if the browser refuses (full, or switched off).
pub(crate) fn save(key: &str, value: &str) -> bool {
    storage().is_some_and(|s| s.set_item(key, value).is_ok())
}

/// Drops an entry.
pub(crate) fn forget(key: &str) {
    if let Some(s) = storage() {
        let _ = s.remove_item(key);
    }
}

/// The part of the address after `#`, with the `#`.
pub(crate) fn hash() -> String {
    window().and_then(|w| w.location().hash().ok()).unwrap_or_default()
}

/// The page's address without what follows `#`.
pub(crate) fn address() -> String {
    let href = window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    href.split('#').next().unwrap_or_default().into()
}

/// Goes to another place of the page; the one before is not come back to.
pub(crate) fn go(hash: &str) {
    if let Some(w) = window() {
        let _ = w.location().replace(hash);
    }
}

/// Copies the content of the field with this id. Whether the browser did.
pub(crate) fn copy(id: &str) -> bool {
    if let Some(field) = input(id) {
        field.select();
    }
    document().and_then(|d| d.dyn_into::<web_sys::HtmlDocument>().ok()).is_some_and(|d| d.exec_command("copy").unwrap_or(false))
}

/// The browser's first language.
pub(crate) fn language() -> String {
    window().and_then(|w| w.navigator().language()).unwrap_or_default()
}

/// Whether the system asks for dark colours.
pub(crate) fn prefers_dark() -> bool {
    matches("(prefers-color-scheme: dark)")
}

/// Whether a media query holds.
pub(crate) fn matches(query: &str) -> bool {
    window().and_then(|w| w.match_media(query).ok().flatten()).is_some_and(|m| m.matches())
}

/// Sets or removes an attribute of the root element.
pub(crate) fn root(name: &str, value: Option<&str>) {
    if let Some(root) = document().and_then(|d| d.document_element()) {
        let _ = match value {
            Some(v) => root.set_attribute(name, v),
            None => root.remove_attribute(name),
        };
    }
}

/// A name for this build: the address of its program, which is named after its content.
pub(crate) fn build() -> String {
    let link = document().and_then(|d| d.query_selector("link[rel=modulepreload]").ok().flatten());
    link.and_then(|l| l.get_attribute("href")).unwrap_or_default()
}

/// Sets the page's title.
pub(crate) fn title(title: &str) {
    if let Some(d) = document() {
        d.set_title(title);
    }
}

pub(crate) fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// Moves the focus to the element with this id.
pub(crate) fn focus(id: &str) {
    if let Some(e) = by_id(id).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = e.focus();
    }
}

/// The input field with this id.
pub(crate) fn input(id: &str) -> Option<HtmlInputElement> {
    by_id(id)?.dyn_into().ok()
}

/// Selects a line of a text in the editor with this id, once it is drawn.
pub(crate) fn select_line(id: &'static str, text: &str, line: u32) {
    let units = |s: &str| s.encode_utf16().count() as u32;
    let start: u32 = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(units).sum();
    let length = text.lines().nth(line.saturating_sub(1) as usize).map_or(0, units);
    gloo::timers::callback::Timeout::new(30, move || {
        if let Some(area) = by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlTextAreaElement>().ok()) {
            let _ = area.focus();
            let _ = area.set_selection_range(start, start + length);
            area.set_scroll_top((line.saturating_sub(4) * 24) as i32);
        }
    })
    .forget();
}

/// Whether text is selected in the page (outside input fields), so that Ctrl C means "copy".
pub(crate) fn has_selection() -> bool {
    window().and_then(|w| w.get_selection().ok().flatten()).is_some_and(|s| !s.is_collapsed())
}

/// F6: moves the focus to the next (or previous) element with `data-region` that is shown.
pub(crate) fn next_region(back: bool) {
    let Some(doc) = document() else { return };
    let Ok(list) = doc.query_selector_all("[data-region]") else { return };
    let active = doc.active_element();
    let mut shown: Vec<HtmlElement> = Vec::new();
    let mut here = None;
    for i in 0..list.length() {
        let Some(e) = list.get(i).and_then(|n| n.dyn_into::<HtmlElement>().ok()) else { continue };
        if e.offset_height() == 0 {
            continue;
        }
        if active.as_ref().is_some_and(|a| e.contains(Some(a))) {
            here = Some(shown.len());
        }
        shown.push(e);
    }
    let n = shown.len();
    if n == 0 {
        return;
    }
    // Elements of one name are one region: a strip of tabs and the pane below it.
    let name = |i: usize| shown[i].get_attribute("data-region");
    let mut next = here.unwrap_or(n - 1);
    let from = here.and_then(name);
    for _ in 0..n {
        next = if back { (next + n - 1) % n } else { (next + 1) % n };
        if name(next) != from {
            break;
        }
    }
    next = (0..n).find(|i| name(*i) == name(next)).unwrap_or(next);
    let prompt = shown[next].query_selector("#ti").ok().flatten();
    let target = prompt.or_else(|| shown[next].query_selector("[aria-selected='true'], button, a[href]").ok().flatten());
    if let Some(e) = target.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = e.focus();
    }
}

/// If a tab has the focus: chooses the one beside it in its list. Whether it did.
pub(crate) fn next_tab(back: bool) -> bool {
    let Some(tab) = document().and_then(|d| d.active_element()).filter(|e| e.get_attribute("role").as_deref() == Some("tab")) else {
        return false;
    };
    let mut next = Some(tab);
    loop {
        next = next.and_then(|e| if back { e.previous_element_sibling() } else { e.next_element_sibling() });
        let Some(e) = next.as_ref().and_then(|e| e.dyn_ref::<HtmlElement>()) else { return false };
        if e.get_attribute("role").as_deref() == Some("tab") && e.offset_width() > 0 {
            e.click();
            let _ = e.focus();
            return true;
        }
    }
}

/// The row that has the focus: an element that stands for an event or a message.
pub(crate) fn row() -> Option<Element> {
    document()?.active_element().filter(|e| e.has_attribute("data-event") || e.has_attribute("data-msg"))
}

/// In a list: moves the focus to the row above or below. Whether it did.
pub(crate) fn next_row(up: bool) -> bool {
    let Some(active) = document().and_then(|d| d.active_element()) else { return false };
    let list = active.get_attribute("role").as_deref() == Some("log");
    if !list && row().is_none() {
        return false;
    }
    let rows = "[tabindex='-1'][data-event],[tabindex='-1'][data-msg]";
    active.closest("[data-pane]").ok().flatten().is_some_and(|pane| beside(&pane, rows, &active, up))
}

/// In a menu: presses the first entry.
pub(crate) fn first_button() {
    let button = document().and_then(|d| d.query_selector("#pop li button").ok().flatten());
    if let Some(b) = button.and_then(|b| b.dyn_into::<HtmlElement>().ok()) {
        b.click();
    }
}

/// In a menu: moves the focus to the button above or below.
pub(crate) fn next_button(up: bool) {
    if let (Some(menu), Some(active)) = (by_id("pop"), document().and_then(|d| d.active_element())) {
        beside(&menu, "#mf, button", &active, up);
    }
}

/// Moves the focus from one of the elements that the selector names to the one before or after it. Whether it did.
fn beside(root: &Element, selector: &str, active: &Element, up: bool) -> bool {
    let Ok(rows) = root.query_selector_all(selector) else { return false };
    let at = |i: u32| rows.get(i).and_then(|n| n.dyn_into::<HtmlElement>().ok());
    let here = (0..rows.length()).find(|i| at(*i).is_some_and(|e| *active == *e));
    let next = match here {
        None if up => rows.length().checked_sub(1),
        None => None,
        Some(i) if up => i.checked_sub(1),
        Some(i) => Some(i + 1),
    };
    next.and_then(at).is_some_and(|e| e.focus().is_ok())
}

/// The panes, as bits numbered by `place`, in which an element that the selector names can be seen.
pub(crate) fn seen(selector: &str, place: impl Fn(&str) -> Option<usize>) -> u32 {
    let mut out = 0;
    let Some(list) = document().and_then(|d| d.query_selector_all(selector).ok()) else { return 0 };
    for i in 0..list.length() {
        let Some(e) = list.get(i).and_then(|n| n.dyn_into::<Element>().ok()) else { continue };
        let Some(pane) = e.closest("[data-pane]").ok().flatten() else { continue };
        let (row, frame) = (e.get_bounding_client_rect(), pane.get_bounding_client_rect());
        if row.height() > 0.0 && row.bottom() > frame.top() && row.top() < frame.bottom() {
            out |= pane.get_attribute("data-pane").and_then(|p| place(&p)).map_or(0, |n| 1 << n);
        }
    }
    out
}

/// Scrolls a pane so that the first element that the selector names is seen whole.
pub(crate) fn reveal(selector: &str) {
    let element = document().and_then(|d| d.query_selector(selector).ok().flatten());
    if let Some(e) = element {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        e.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Moves the focus to the first field or button of the dialog that is open. Whether there is one.
pub(crate) fn focus_dialog() -> bool {
    let button = |selector: &str| document().and_then(|d| d.query_selector(selector).ok().flatten());
    let button = button("#pop input").or_else(|| button("#pop li button")).or_else(|| button("#pop button"));
    button.and_then(|b| b.dyn_into::<HtmlElement>().ok()).is_some_and(|b| b.focus().is_ok())
}

/// The width of the first element that the selector names, in rem.
pub(crate) fn rems(selector: &str) -> u32 {
    let element = document().and_then(|d| d.query_selector(selector).ok().flatten());
    let Some((e, (_, _, rem))) = element.and_then(|e| measure(&e).map(|m| (e, m))) else { return 0 };
    e.client_width().max(0) as u32 / rem.max(1)
}

/// Columns and 24-pixel rows (at normal text size) that fit into an element, and the pixels of one rem.
pub(crate) fn measure(el: &Element) -> Option<(u32, u32, u32)> {
    let doc = document()?;
    let probe: HtmlElement = doc.create_element("span").ok()?.dyn_into().ok()?;
    probe.set_class_name("probe");
    probe.set_text_content(Some("0000000000000000000000000000000000000000"));
    el.append_child(&probe).ok()?;
    let forty = probe.offset_width().max(1) as u32;
    let rem = (probe.offset_height().max(10) / 10) as u32;
    probe.remove();
    let (w, h) = (el.client_width().max(0) as u32, el.client_height().max(0) as u32);
    Some((w * 40 / forty, h * 16 / (rem * 24).max(1), rem))
}
