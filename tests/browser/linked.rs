//! Linked views, the map, going back, links: one event seen in many places, a command taken back, a lab handed on.
//! Not here: each view by itself (`views`).

use crate::support::Page;
use serde_json::json;

/// Sends a message in the front terminal.
fn send(page: &Page, to: &str) {
    page.session(&[
        ("telnet 127.0.0.1 25", "220 mail"),
        ("EHLO here", "250 DSN"),
        ("MAIL FROM:<redhat@linuxidc.com>", "250 2.1.0 Ok"),
        (&format!("RCPT TO:<{to}>"), "250 2.1.5 Ok"),
        ("DATA", "354"),
        (".", "queued as"),
        ("QUIT", "221 2.0.0 Bye"),
    ]);
}

/// Moves the pointer onto the element that a script returns; presses it, too, if wanted.
fn point(page: &Page, element: &str, press: bool) {
    let script = format!(
        "const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect();
        return [Math.round(r.left + r.width / 2), Math.round(r.top + r.height / 2)]"
    );
    let place = page.eval(&script);
    for kind in ["mouseMoved", "mousePressed", "mouseReleased"].iter().take(if press { 3 } else { 1 }) {
        let event =
            serde_json::json!({"type": kind, "x": place[0], "y": place[1], "button": if press { "left" } else { "none" }, "clickCount": 1});
        page.browser.devtools("Input.dispatchMouseEvent", &event).unwrap_or_else(|e| panic!("{e}"));
    }
}

fn hover(page: &Page, element: &str) {
    point(page, element, false);
}

/// Rows of a pane that are lit.
fn lit(pane: &str) -> String {
    format!("[...document.querySelectorAll('[data-pane=\"{pane}\"] .lit')]")
}

const QUEUED: &str = "[...document.querySelectorAll('.tl.s')].findLast(e => e.innerText.includes('queued as'))";

#[test]
fn what_tells_of_one_event_lights_together() {
    let page = Page::lab();
    send(&page, "root@linuxidc.com");
    page.shows("maillog", "status=sent (delivered to mailbox)");
    hover(&page, QUEUED);
    page.wait("the log's lines of the message", &format!("return {}.length > 3", lit("maillog")));
    page.wait(
        "the reply and what it answers",
        &format!("const l = {}; return l.length === 2 && l[0].matches('.c') && l[0].innerText.endsWith('.')", lit("terminal")),
    );
    // What is out of sight has a mark at its tab.
    let marked = "return [...document.querySelectorAll('.here')].map(e => e.parentElement.firstChild.data)";
    let tabs = page.eval(marked).to_string();
    assert!(tabs.contains("Map") && tabs.contains("Mailboxes") && !tabs.contains("Base64"), "{tabs}");
    // A decision and its log line are one event.
    page.click(".tabs.t1 [role=tab]:nth-child(2)");
    let client = "[...document.querySelectorAll('.lr')].find(e => e.innerText.includes('client='))";
    hover(&page, client);
    page.wait(
        "RCPT and its reply alone",
        &format!(
            "const l = {}; return l.length === 2 && l[0].innerText.includes('RCPT TO:') && l[1].innerText.includes('2.1.5')",
            lit("terminal")
        ),
    );
    page.wait("the step on the map", &format!("return {}.some(e => e.innerText.includes('client='))", lit("map")));
    // A press keeps it, Esc lets go.
    point(&page, client, true);
    hover(&page, "document.querySelector('header h1')");
    page.wait("it is kept", &format!("return {}.length === 2", lit("terminal")));
    page.browser.press("\u{e00c}").unwrap_or_else(|e| panic!("{e}"));
    page.wait("nothing is lit", "return document.querySelector('.lit') === null");
    page.is_quiet();
}

#[test]
fn the_terminal_goes_to_the_line_of_what_is_lit() {
    let page = Page::lab();
    send(&page, "root@linuxidc.com");
    page.shows("maillog", "removed");
    page.types("seq 300", "\n300\n");
    let row = "document.querySelector('.lr .why')";
    let seen = "const e = document.querySelector('.tl.lit'), p = document.querySelector('.tscr').getBoundingClientRect(), r = e?.getBoundingClientRect();
        return e !== null && r.top >= p.top && r.bottom <= p.bottom";
    page.eval(&format!("{row}.click()"));
    page.wait("a mark at the terminal's tab", "return document.querySelector('[data-pane=\"terminal\"] [role=tab] .here') !== null");
    page.eval("[...document.querySelectorAll('[data-pane=\"why\"] .linkb')].find(b => b.innerText === 'Show it in the terminal').click()");
    page.wait("the line", seen);
    page.wait("no mark", "return document.querySelector('[data-pane=\"terminal\"] [role=tab] .here') === null");
    // Away again, and back by a press on the marked tab of the terminal.
    page.types("seq 300", "\n300\n");
    page.wait("the mark", "return document.querySelector('[data-pane=\"terminal\"] [role=tab] .here') !== null");
    page.terminal(1);
    page.wait("the line again", seen);
    page.is_quiet();
}

#[test]
fn rows_can_be_walked_with_the_keyboard() {
    let page = Page::lab();
    send(&page, "root@linuxidc.com");
    page.shows("maillog", "removed");
    page.eval("document.querySelector('[data-pane=\"maillog\"] [role=log]').focus()");
    let press = |key: &str| page.browser.press(key).unwrap_or_else(|e| panic!("{e}"));
    // Up to the newest row, and to the one above.
    press("\u{e013}");
    press("\u{e013}");
    page.wait("a row lit by the focus", "return document.activeElement.matches('.lr.lit')");
    let row = page.eval("return document.activeElement.innerText");
    press("\u{e007}");
    press("\u{e036}");
    page.wait("the focus elsewhere", "return !document.activeElement.closest('.lr')");
    page.wait("it stays lit", &format!("return [...document.querySelectorAll('.lr.lit')].some(e => e.innerText === {row})"));
    press("\u{e00c}");
    page.wait("nothing is lit", "return document.querySelector('.lit') === null");
    page.is_quiet();
}

#[test]
fn the_map_follows_a_message_and_its_bounce() {
    let page = Page::lab();
    page.browser.press("\u{e032}k").unwrap_or_else(|e| panic!("{e}"));
    page.shows("map", "No message yet");
    send(&page, "nobody-here@126.com");
    // Steps come one by one, and end at the mailbox of the sender.
    page.wait(
        "all hops",
        "const n = document.querySelector('.stick .mono')?.innerText ?? ''; const [a, b] = n.split(' / '); return b > 14 && a === b",
    );
    let nodes = "return [...document.querySelectorAll('.map g:has(> .seen)')].map(g => g.querySelector('text').textContent)";
    let seen = page.eval(nodes).to_string();
    for node in ["smtpd", "cleanup", "incoming", "qmgr", "active", "smtp", "remote MX", "bounce", "local", "mailbox"] {
        assert!(seen.contains(&format!("\"{node}\"")), "{node} not in {seen}");
    }
    assert!(!seen.contains("deferred") && !seen.contains("pickup"), "{seen}");
    page.shows("map", "550 User not found");
    let tokens = page.eval("return document.querySelectorAll('.map .tok').length");
    assert_eq!(tokens, 2, "the message and its bounce");
    // One step back, and by a press on a number.
    page.click(".stick .btn:nth-of-type(1)");
    page.click(".evt tbody tr:nth-child(1) .linkb");
    page.wait("at smtpd", "return document.querySelector('.map .hot').parentElement.textContent.includes('smtpd')");
    page.is_quiet();
}

#[test]
fn a_command_is_taken_back_and_done_again() {
    let page = Page::lab();
    page.session(&[("touch /root/mine; echo /root/*", "/root/mine\n"), ("telnet 127.0.0.1 25", "220 mail"), ("EHLO here", "250 DSN")]);
    page.session(&[("MAIL FROM:<redhat@linuxidc.com>", "250 2.1.0 Ok"), ("RSET", "250 2.0.0 Ok")]);
    let before = page.browser.pane("terminal").unwrap_or_else(|e| panic!("{e}"));
    page.click("[aria-label=\"Undo: RSET\"]");
    page.wait("RSET gone", "return !document.querySelector('[data-pane=\"terminal\"] .tscr').innerText.includes('RSET')");
    page.wait("said once", "return document.querySelector('[data-live]').innerText.startsWith('Back before RSET')");
    // The transaction is open again.
    page.types("RCPT TO:<root@linuxidc.com>", "250 2.1.5 Ok");
    page.click("[aria-label=\"Undo: RCPT TO:<root@linuxidc.com>\"]");
    page.click("[aria-label^=\"Redo: RCPT\"]");
    page.wait("accepted again", "return document.querySelector('[data-pane=\"terminal\"]').innerText.includes('250 2.1.5 Ok')");
    // At once, while each is still being taken back, on a slow machine.
    page.browser.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 6 })).unwrap_or_else(|e| panic!("{e}"));
    page.browser.press(&"\u{e032}z".repeat(5)).unwrap_or_else(|e| panic!("{e}"));
    page.wait("the machine as it was", "return !document.querySelector('[data-pane=\"terminal\"] .tscr').innerText.includes('mine')");
    assert!(before.contains("/root/mine"));
    page.types("echo /root/*", "/root/*\n");
    page.is_quiet();
}

#[test]
fn a_link_opens_the_same_machines_and_a_broken_one_says_so() {
    let page = Page::lab();
    page.session(&[("useradd zoe; id -un zoe", "\nzoe"), ("telnet 127.0.0.1 25", "220 mail"), ("VRFY zoe", "252 2.0.0 zoe")]);
    let terminal = |page: &Page| page.browser.pane("terminal").unwrap_or_else(|e| panic!("{e}"));
    let before = terminal(&page);
    page.browser.press("\u{e032}r").unwrap_or_else(|e| panic!("{e}"));
    page.wait("the link", "return document.querySelector('#sl') !== null");
    let dialog = page.eval("return document.querySelector('#pop').innerText").to_string();
    assert!(dialog.contains("3 commands, passwords among them"), "{dialog}");
    let link = page.eval("return document.querySelector('#sl').value").as_str().unwrap_or_default().to_string();
    page.click("#pop .btn.pri");
    page.browser.press("\u{e00c}").unwrap_or_else(|e| panic!("{e}"));
    page.types("VRFY root", "252 2.0.0 root");
    std::thread::sleep(std::time::Duration::from_millis(600));
    page.browser.open("about:blank").unwrap_or_else(|e| panic!("{e}"));
    page.browser.open(&link).unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "252 2.0.0 zoe");
    assert_eq!(terminal(&page), before);
    page.types("NOOP", "250 2.0.0 Ok");
    // The reader's own lab is where it was.
    page.click(".lid a");
    page.shows("terminal", "252 2.0.0 root");
    for broken in [&link[..link.len() - 9], &format!("{link}AAAA"), &link.replace("?s=a", "?s=z"), "?s="] {
        let route = broken.split_once("?s=").map_or("", |(_, text)| text);
        page.browser.open(&format!("{}#/lab/linuxidc?s={route}", page.base)).unwrap_or_else(|e| panic!("{e}"));
        page.wait("the message", "return document.querySelector('.msg')?.innerText.startsWith('This link to a lab is broken')");
    }
    page.browser.open(&format!("{}#/lab/linuxidc", page.base)).unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "252 2.0.0 root");
    page.is_quiet();
}
