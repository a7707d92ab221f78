//! The views beside the terminal: the log's filters, base64, the editor; languages and colours; the keyboard.

use crate::support::{PROMPT, Page};

const B1: &str = "#b1";
const B2: &str = "#b2";

fn set(page: &Page, selector: &str, text: &str) {
    let script = "const e = document.querySelector(arguments[0]);
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e), 'value').set.call(e, arguments[1]);
        e.dispatchEvent(new InputEvent('input', {bubbles: true}))";
    page.browser.eval_with(script, serde_json::json!([selector, text])).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn the_log_is_live_and_can_be_filtered() {
    let page = Page::lab();
    page.session(&[
        ("telnet 127.0.0.1 25", "220 mail"),
        ("EHLO here", "250 DSN"),
        ("MAIL FROM:<redhat@linuxidc.com>", "250 2.1.0 Ok"),
        ("RCPT TO:<student@linuxidc.com>", "250 2.1.5 Ok"),
        ("DATA", "354"),
        (".", "queued as"),
    ]);
    page.shows("maillog", "status=sent (delivered to mailbox)");
    let rows = "return document.querySelectorAll('[data-pane=\"maillog\"] .lr').length";
    let all = page.eval(rows).as_u64().unwrap_or(0);
    // One press on a queue id shows that message alone.
    page.click("[data-pane=\"maillog\"] .qid");
    page.wait("fewer rows", &format!("return document.querySelectorAll('[data-pane=\"maillog\"] .lr').length < {all}"));
    let id = page.eval("return document.querySelector('#lf').value");
    let one = "const id = document.querySelector('#lf').value;
        return [...document.querySelectorAll('[data-pane=\"maillog\"] .lr')].every(r => r.innerText.includes(id))";
    assert_eq!(page.eval(one), true, "rows of other messages than {id}");
    set(&page, "#lf", "");
    page.wait(
        "the daemons",
        "return [...document.querySelectorAll('[data-pane=\"maillog\"] .chips button')].some(b => b.innerText === 'qmgr')",
    );
    page.eval("[...document.querySelectorAll('[data-pane=\"maillog\"] .chips button')].find(b => b.innerText === 'qmgr').click()");
    page.wait("qmgr alone", "return [...document.querySelectorAll('[data-pane=\"maillog\"] .lr .d')].every(d => d.innerText === 'qmgr')");
    set(&page, "#lf", "no such words");
    page.shows("maillog", "No line matches the filter");
    page.is_quiet();
}

#[test]
fn base64_answers_the_server_and_says_what_is_wrong() {
    let page = Page::lab();
    page.click(".tabs.t1 [role=tab]:nth-child(3)");
    page.shows("base64", "AUTH PLAIN");
    set(&page, B1, "redhat");
    page.wait("its base64", "return document.querySelector('#b2').value === 'cmVkaGF0'");
    set(&page, B2, "cmVkaGF0Cg==");
    page.wait("its text", "return document.querySelector('#b1').value.startsWith('redhat')");
    page.shows("base64", "A newline (LF) is at the end");
    for (bad, complaint) in [
        ("cmVk aGF0", "at place 5 is none of the 64 characters"),
        ("redha", "5 characters; base64 comes in groups of four"),
        ("=abc", "at place 1 is not at the end"),
        ("cmVkaGF0Ch==", "The last character carries bits"),
    ] {
        set(&page, B2, bad);
        page.shows("base64", complaint);
    }
    set(&page, B2, "AHJlZGhhdABwdw==");
    page.shows("base64", "NUL “redhat” NUL “pw”");
    page.session(&[
        ("service saslauthd start", "OK"),
        ("echo pwcheck_method:saslauthd >> /usr/lib/sasl2/smtpd.conf", "# "),
        ("postconf -e smtpd_sasl_auth_enable=yes", "# "),
        ("postfix reload", "# "),
        ("telnet 192.168.1.103 25", "220 mail"),
        ("EHLO here", "250-AUTH"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
    ]);
    page.shows("base64", "The server is waiting for an answer");
    set(&page, B1, "redhat");
    page.click(".card.hot .btn.pri");
    page.wait(
        "the answer at the prompt",
        "return document.querySelector('#ti').value === 'cmVkaGF0' && document.activeElement.id === 'ti'",
    );
    page.types("", "334 UGFzc3dvcmQ6");
    page.is_quiet();
}

#[test]
fn a_file_is_edited_and_says_that_it_is_not_in_force_yet() {
    let page = Page::lab();
    page.click(".tabs.t2 [role=tab]:nth-child(4)");
    page.shows("files", "main.cf");
    page.eval("[...document.querySelectorAll('.tree button')].find(b => b.innerText === 'main.cf').click()");
    page.wait("the editor", "return document.querySelector('#ed') !== null");
    let text = page.eval("return document.querySelector('#ed').value").as_str().unwrap_or_default().to_string();
    assert!(text.contains("myhostname = mail.linuxidc.com"), "{text}");
    set(&page, "#ed", &format!("{text}smtpd_banner = hello there\n"));
    page.shows("files", "not saved");
    page.click("[data-pane=\"files\"] .btn.pri");
    page.wait("a stale stage", "return document.querySelector('.stages .stale') !== null");
    page.types("tail -1 /etc/postfix/main.cf", "smtpd_banner = hello there");
    page.types("postfix reload", "refreshing the Postfix mail system");
    page.wait("no stale stage", "return document.querySelector('.stages .stale') === null");
    page.types("telnet 127.0.0.1 25", "220 hello there");
    page.is_quiet();
}

#[test]
fn what_is_accepted_and_not_simulated_is_marked() {
    let page = Page::lab();
    page.types("postconf -e biff=no smtpd_milters=inet:127.0.0.1:8891", "# ");
    page.types("postfix reload", "refreshing the Postfix mail system");
    page.shows("maillog", "reload -- ");
    page.types("explain", "main.cf: accepted, not simulated");
    page.types("postconf smtpd_milters", "smtpd_milters = inet:127.0.0.1:8891");
    page.click(".tabs.t2 [role=tab]:nth-child(4)");
    page.eval("[...document.querySelectorAll('.tree button')].find(b => b.innerText === 'main.cf').click()");
    page.wait("the mark", "return document.querySelector('[data-idle]')?.innerText.includes('smtpd_milters')");
    page.eval("[...document.querySelectorAll('[data-idle] .linkb')].find(b => b.innerText.startsWith('smtpd_milters')).click()");
    let chosen = "const e = document.querySelector('#ed'); return e && e.value.slice(e.selectionStart, e.selectionEnd)";
    page.wait("its line", &format!("return (() => {{ {chosen} }})() === 'smtpd_milters = inet:127.0.0.1:8891'"));
    page.is_quiet();
}

#[test]
fn languages_and_colours_are_kept() {
    let page = Page::open("");
    page.click("button[lang=\"zh-CN\"]");
    page.wait("Chinese", "return document.documentElement.lang === 'zh-CN' && document.body.innerText.includes('打开实验')");
    page.click("[aria-label=\"深色\"]");
    page.wait("dark", "return document.documentElement.dataset.theme === 'dark'");
    page.click(".btn.pri");
    page.shows("terminal", "[root@mail ~]# ");
    page.shows("maillog", "实时");
    page.browser.reload().unwrap_or_else(|e| panic!("{e}"));
    page.shows("maillog", "实时");
    assert_eq!(page.eval("return document.documentElement.dataset.theme"), "dark");
    page.is_quiet();
}

#[test]
fn everything_can_be_reached_by_keys() {
    let page = Page::lab();
    page.types("telnet 127.0.0.1 25", "220 mail");
    // F2 and a letter.
    page.browser.press("\u{e032}").unwrap_or_else(|e| panic!("{e}"));
    page.wait(
        "the menu",
        "return document.querySelector('#pop') !== null && document.querySelector('#pop').contains(document.activeElement)",
    );
    page.browser.press("q").unwrap_or_else(|e| panic!("{e}"));
    page.wait(
        "the queue, the menu gone",
        "return document.querySelector('#pop') === null && document.documentElement.dataset.bottom === 'queue'",
    );
    page.browser.press("\u{e032}w").unwrap_or_else(|e| panic!("{e}"));
    page.shows("why", "CONNECT");
    // F6 goes round, and round again to the prompt.
    let region = "return document.activeElement.closest('[data-region]')?.dataset.region ?? ''";
    let start = page.eval(region);
    assert_eq!(start, "terminal");
    let mut seen = Vec::new();
    for _ in 0..4 {
        page.browser.press("\u{e036}").unwrap_or_else(|e| panic!("{e}"));
        seen.push(page.eval(region).as_str().unwrap_or_default().to_string());
    }
    assert_eq!(seen, ["upper", "lower", "header", "terminal"]);
    // Esc, then Tab leaves the terminal.
    page.browser.type_at(PROMPT, "\x1b\t").unwrap_or_else(|e| panic!("{e}"));
    page.wait("the focus elsewhere", "return document.activeElement.id !== 'ti'");
    page.is_quiet();
}
