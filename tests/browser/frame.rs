//! The frame around the views: menus, the divider, a view that fills the page; what fits on which screen. Not here: the views themselves.

use crate::support::Page;
use serde_json::json;

const F2: &str = "\u{e032}";

/// Gives the page a window of so many pixels.
fn window(page: &Page, width: u32, height: u32) {
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    page.browser.devtools("Emulation.setDeviceMetricsOverride", &size).unwrap_or_else(|e| panic!("{e}"));
    page.wait("the size", &format!("return innerWidth === {width} && innerHeight === {height}"));
}

fn press(page: &Page, keys: &str) {
    page.browser.press(keys).unwrap_or_else(|e| panic!("{e}"));
}

fn width(page: &Page) -> f64 {
    page.eval("return document.querySelector('.side').getBoundingClientRect().width").as_f64().unwrap_or(0.0)
}

#[test]
fn the_menu_can_be_searched() {
    let page = Page::lab();
    press(&page, &format!("{F2}/"));
    page.wait("the field", "return document.activeElement.id === 'mf'");
    press(&page, "mailb");
    page.wait("what is left", "return [...document.querySelectorAll('#pop li')].map(e => e.innerText).join().startsWith('Mailboxes')");
    press(&page, "\u{e007}");
    page.wait("the view", "return document.querySelector('#pop') === null && document.documentElement.dataset.bottom === 'mailboxes'");
    // A letter chooses at once; the widths are thirds and a half.
    let all = page.eval("return document.querySelector('.work').getBoundingClientRect().width").as_f64().unwrap_or(0.0);
    for (key, part) in [("1", 1.0 / 3.0), ("2", 0.5), ("3", 2.0 / 3.0)] {
        press(&page, &format!("{F2}{key}"));
        page.wait(
            "the width",
            &format!("return Math.abs(document.querySelector('.side').getBoundingClientRect().width - {all} * {part}) < 20"),
        );
    }
    press(&page, &format!("{F2}t"));
    page.wait("the projector's layout", "return document.documentElement.dataset.mode === 'present'");
    // The terminal has room on a small projector, even where the views had been given two thirds; a tablet shows one above the other.
    for (w, h, least) in [(1280, 720, 470), (1024, 768, 470), (900, 700, 890)] {
        window(&page, w, h);
        page.wait("room for the terminal", &format!("return document.querySelector('.term').getBoundingClientRect().width >= {least}"));
        let cut = "return [...document.querySelectorAll('.clock > *')].filter(e => e.getBoundingClientRect().right
            > document.querySelector('.clock').getBoundingClientRect().right).map(e => e.ariaLabel)";
        assert_eq!(page.eval(cut), json!([]), "cut off at {w}x{h}");
    }
    page.is_quiet();
}

#[test]
fn the_divider_is_dragged_and_moved_by_keys() {
    let page = Page::lab();
    page.eval("document.querySelector('[role=separator]').focus()");
    let before = width(&page);
    press(&page, "\u{e012}");
    page.wait("two rem more", &format!("return document.querySelector('.side').getBoundingClientRect().width - {before} === 32"));
    press(&page, "\u{e010}");
    page.wait("the least", "return document.querySelector('[role=separator]').ariaValueNow === '18'");
    press(&page, "\u{e011}");
    page.wait("the most", "return document.querySelector('.term').getBoundingClientRect().width < 21 * 16");
    let at = page.eval(
        "const r = document.querySelector('[role=separator]').getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]",
    );
    let mouse = |kind: &str, x: &serde_json::Value, buttons: u32| {
        let event = json!({"type": kind, "x": x, "y": at[1], "button": "left", "buttons": buttons, "clickCount": 1});
        page.browser.devtools("Input.dispatchMouseEvent", &event).unwrap_or_else(|e| panic!("{e}"));
    };
    mouse("mousePressed", &at[0], 1);
    mouse("mouseMoved", &json!(700), 1);
    mouse("mouseReleased", &json!(700), 0);
    page.wait("where it was dragged", "return Math.abs(document.querySelector('.side').getBoundingClientRect().left - 700) < 24");
    page.is_quiet();
}

#[test]
fn a_view_moves_and_fills_the_page() {
    let page = Page::lab();
    page.session(&[
        ("telnet 127.0.0.1 25", "220 mail"),
        ("HELO here", "250 "),
        ("MAIL FROM:<redhat@linuxidc.com>", "250 2.1.0 Ok"),
        ("RCPT TO:<nobody@126.com>", "250 2.1.5 Ok"),
        ("DATA", "354"),
        (".", "queued as"),
    ]);
    page.shows("maillog", "sender non-delivery notification");
    press(&page, &format!("{F2}k"));
    let choose = |name: &str| {
        page.click(".tabs.t1 [aria-label=\"Pane menu\"]");
        page.wait(name, &format!("return [...document.querySelectorAll('#pop button')].some(b => b.innerText === {name:?})"));
        page.eval(&format!("[...document.querySelectorAll('#pop button')].find(b => b.innerText === {name:?}).click()"));
    };
    choose("Fill the screen");
    page.wait("the wide plan", "return document.querySelector('.map.wide') !== null && document.querySelector('.term').offsetHeight === 0");
    page.shows("map", "trivial-rewrite");
    page.shows("map", "Decided by");
    page.shows("map", "126mx01.mxmail.netease.com");
    page.wait("no scrolling sideways", "return document.documentElement.scrollWidth <= innerWidth");
    page.eval("[...document.querySelectorAll('.tabs.t1 .btn')].find(b => b.innerText === 'Back to the lab').click()");
    page.wait("the lab", "return document.querySelector('.term').offsetHeight > 0");
    choose("Move to the lower slot");
    page.wait(
        "the map below",
        "return document.documentElement.dataset.bottom === 'map' && document.documentElement.dataset.top !== 'map'",
    );
    page.wait("its tab below", "return document.querySelector('.tabs.t2 [aria-selected=true]').innerText === 'Map'");
    choose("Join the slots");
    page.wait("one slot", "return document.documentElement.dataset.split === '0'");
    page.is_quiet();
}

#[test]
fn it_fits_and_can_be_touched_on_every_screen() {
    let page = Page::lab();
    page.types("telnet 127.0.0.1 25", "220 mail");
    for (w, h) in [(1440, 900), (1280, 720), (820, 1180), (720, 450), (390, 844), (320, 640)] {
        window(&page, w, h);
        page.wait("no scrolling sideways", "return document.documentElement.scrollWidth <= innerWidth");
        let small = page.eval(
            "return [...document.querySelectorAll('button, a[href], input, select, summary, [role=separator]')]
                .filter(e => e.offsetWidth > 0 && !e.closest('.skip') && !e.matches('.skip'))
                .map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width < 23.9 || r.height < 23.9)
                .map(([e, r]) => `${e.outerHTML.slice(0, 90)} ${r.width}x${r.height}`)",
        );
        assert_eq!(small, json!([]), "smaller than 24 pixels at {w}x{h}");
        let nameless = page.eval(
            "return [...document.querySelectorAll('button, a[href], input, select, textarea')].filter(e => e.offsetWidth > 0)
                .filter(e => !(e.innerText.trim() || e.ariaLabel || e.title || e.labels?.length)).map(e => e.outerHTML.slice(0, 90))",
        );
        assert_eq!(nameless, json!([]), "without a name at {w}x{h}");
    }
    // On a phone what the header has no room for is in the menu.
    press(&page, F2);
    page.wait("the menu", "return document.querySelector('#pop') !== null");
    let menu = page.eval("return document.querySelector('#pop').innerText").to_string();
    for entry in ["Present", "Share", "Pause", "Undo"] {
        assert!(menu.contains(entry), "{entry} is not in {menu}");
    }
    page.is_quiet();
}

#[test]
fn panes_are_there_once_and_nothing_is_read_twice() {
    let page = Page::lab();
    for pane in ["terminal", "why", "map", "base64", "maillog", "queue", "mailboxes", "files"] {
        assert_eq!(page.eval(&format!("return document.querySelectorAll('[data-pane={pane:?}]').length")), 1, "{pane}");
    }
    assert_eq!(page.eval("return document.querySelectorAll('[data-live=events]').length"), 1);
    assert_eq!(page.eval("return [...document.querySelectorAll('[role=log]')].every(e => e.ariaLive === 'off')"), true);
    let clock = |want: &str| page.wait(want, &format!("return document.querySelector('[data-clock]').dataset.clock === {want:?}"));
    clock("run");
    press(&page, &format!("{F2}p"));
    clock("pause");
    // The order of the focus is that of the page.
    let order = page.eval(
        "return [...document.querySelectorAll('[data-region]')].filter(e => e.offsetHeight > 0).map(e => e.dataset.region)
            .filter((r, i, all) => r !== all[i - 1])",
    );
    assert_eq!(order, json!(["header", "terminal", "upper", "lower"]));
    page.is_quiet();
}
