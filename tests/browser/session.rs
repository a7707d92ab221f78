//! The prompt as a shell's: keys that interrupt, go through history, complete. Not here: what the programs say (`tutorial`, `mistakes`).

use crate::support::{PROMPT, Page};

#[test]
fn an_interrupt_drops_the_line_and_ends_a_program() {
    let page = Page::lab();
    page.types("sleep 1000", "sleep 1000");
    page.browser.type_at(PROMPT, "\u{e009}c\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "^C");
    page.types("echo $?", "130");
    page.browser.type_at(PROMPT, "half a line\u{e009}c\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "half a line^C");
    assert_eq!(page.eval("return document.querySelector('#ti').value"), "");
    page.is_quiet();
}

#[test]
fn the_shell_helps_with_the_line() {
    let page = Page::lab();
    let value = |what: &str| page.wait(what, &format!("return document.querySelector('#ti').value === {what:?}"));
    page.types("echo one", "one");
    page.types("echo two", "two");
    page.browser.type_at(PROMPT, "\u{e013}\u{e013}").unwrap_or_else(|e| panic!("{e}"));
    value("echo one");
    page.browser.type_at(PROMPT, "\u{e015}").unwrap_or_else(|e| panic!("{e}"));
    value("echo two");
    page.browser.type_at(PROMPT, "\u{e009}u\u{e009}cat /etc/postfix/mai\t").unwrap_or_else(|e| panic!("{e}"));
    value("cat /etc/postfix/main.cf ");
    page.browser.type_at(PROMPT, "\u{e009}u\u{e009}one\u{e009}r\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    value("echo one");
    page.is_quiet();
}
