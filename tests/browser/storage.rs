//! A reload comes back to the same machines; starting over asks; what cannot be used is set aside with a message.

use crate::support::Page;

const KEY: &str = "ehlo.world.linuxidc";

fn saved(page: &Page) {
    page.wait("the lab to be saved", &format!("return localStorage.getItem('{KEY}') !== null"));
}

fn again(page: &Page) {
    page.browser.reload().unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "[root@mail ~]# ");
}

#[test]
fn a_reload_comes_back_to_the_same_machines() {
    let page = Page::lab();
    page.session(&[
        ("echo kept > /root/kept; date > /root/when", "# "),
        ("useradd zoe; id -un zoe", "\nzoe"),
        ("telnet 127.0.0.1 25", "220 mail"),
        ("EHLO here", "250 DSN"),
        ("MAIL FROM:<redhat@linuxidc.com>", "250 2.1.0 Ok"),
        ("RCPT TO:<zoe@linuxidc.com>", "250 2.1.5 Ok"),
    ]);
    let terminal = |page: &Page| page.browser.pane("terminal").unwrap_or_else(|e| panic!("{e}"));
    let before = terminal(&page);
    std::thread::sleep(std::time::Duration::from_millis(600));
    saved(&page);
    again(&page);
    page.shows("terminal", "250 2.1.5 Ok");
    assert_eq!(terminal(&page), before);
    // The connection is still open, the transaction goes on.
    page.session(&[("DATA", "354"), (".", "queued as"), ("QUIT", "221 2.0.0 Bye"), ("cat /root/kept", "kept")]);
    page.shows("maillog", "to=<zoe@linuxidc.com>, relay=local");
    page.is_quiet();
}

#[test]
fn starting_over_asks_first() {
    let page = Page::lab();
    page.types("touch /root/mine; echo /root/*", "/root/mine\n");
    let ask = || {
        page.browser.press("\u{e032}o").unwrap_or_else(|e| panic!("{e}"));
        page.wait("the question", "return document.querySelector('[role=alertdialog]') !== null");
    };
    ask();
    page.click("[role=alertdialog] .btn:not(.pri)");
    page.types("echo /root/*", "/root/mine\n");
    ask();
    page.click("[role=alertdialog] .btn.pri");
    page.wait("a new machine", "return !document.querySelector('[data-pane=\"terminal\"]').innerText.includes('mine')");
    page.types("echo /root/*", "/root/*\n");
    page.is_quiet();
}

#[test]
fn what_cannot_be_used_is_set_aside() {
    let page = Page::lab();
    page.types("echo first", "first");
    saved(&page);
    let good = page.eval(&format!("return localStorage.getItem('{KEY}')")).as_str().unwrap_or_default().to_string();
    let half = good[..good.len() / 2].to_string();
    for broken in ["", "ehlo1:", "{\"version\": 9}", "ehlo9:AAAA", "ehlo1:////", &half, "红帽"] {
        // Leaving the page saves the lab: the broken text is put there from elsewhere.
        page.browser.open(&page.base).unwrap_or_else(|e| panic!("{e}"));
        page.wait("the home page", "return document.querySelector('.hero') !== null");
        page.browser
            .eval_with(&format!("localStorage.setItem('{KEY}', arguments[0])"), serde_json::json!([broken]))
            .unwrap_or_else(|e| panic!("{e}"));
        page.browser.open(&format!("{}#/lab/linuxidc", page.base)).unwrap_or_else(|e| panic!("{e}"));
        page.shows("terminal", "[root@mail ~]# ");
        page.wait("the message", "return document.querySelector('.notice')?.innerText.includes('ehlo.aside.linuxidc')");
        assert_eq!(page.eval("return localStorage.getItem('ehlo.aside.linuxidc')"), broken);
        page.types("echo works", "works");
    }
    page.is_quiet();
}

#[test]
fn what_another_build_saved_is_played_with_a_warning_if_it_comes_out_differently() {
    let page = Page::lab();
    page.types("echo kept > /root/kept", "# ");
    std::thread::sleep(std::time::Duration::from_millis(800));
    let good = page.eval(&format!("return localStorage.getItem('{KEY}')")).as_str().unwrap_or_default().to_string();
    // Another name of the build, and (or not) another digest of what came out, which stands behind it.
    let other = |digest: u8| {
        let script = "const [text, digest] = arguments, bytes = atob(text.slice(6)), at = bytes.indexOf('app.js');
            const put = (s, i, c) => s.slice(0, i) + String.fromCharCode(c) + s.slice(i + 1);
            const changed = put(put(bytes, at, 120), at + 6, bytes.charCodeAt(at + 6) ^ digest);
            return text.slice(0, 6) + btoa(changed)";
        page.browser.eval_with(script, serde_json::json!([good, digest])).unwrap_or_else(|e| panic!("{e}"))
    };
    for (digest, warned) in [(0, false), (1, true)] {
        let text = other(digest);
        page.browser.open(&page.base).unwrap_or_else(|e| panic!("{e}"));
        page.wait("the home page", "return document.querySelector('.hero') !== null");
        page.browser
            .eval_with(&format!("localStorage.setItem('{KEY}', arguments[0])"), serde_json::json!([text]))
            .unwrap_or_else(|e| panic!("{e}"));
        page.browser.open(&format!("{}#/lab/linuxidc", page.base)).unwrap_or_else(|e| panic!("{e}"));
        page.types("cat /root/kept", "\nkept");
        let notice = page.eval("return document.querySelector('.notice')?.innerText ?? ''").to_string();
        assert_eq!(notice.contains("another version of the page"), warned, "{notice}");
    }
    page.is_quiet();
}
