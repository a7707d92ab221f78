//! Parts of the page that are fetched later. Only a page that `cargo xtask build` made has any; Trunk's is whole.

use crate::support::Page;

#[test]
fn a_part_that_does_not_come_is_asked_for_again() {
    let page = Page::open("");
    let block = |urls: &[&str]| {
        page.browser.devtools("Network.setBlockedURLs", &serde_json::json!({"urls": urls})).unwrap_or_else(|e| panic!("{e}"));
    };
    page.browser.devtools("Network.enable", &serde_json::json!({})).unwrap_or_else(|e| panic!("{e}"));
    block(&["*split_base.wasm", "*split_tools.wasm"]);
    page.browser.open(&format!("{}#/lab/linuxidc", page.base)).unwrap_or_else(|e| panic!("{e}"));
    page.wait("the message", "return document.querySelector('.notice')?.innerText.includes('(base) could not be fetched')");
    block(&["*split_tools.wasm"]);
    page.shows("terminal", "[root@mail ~]# ");
    // A command behind a door that does not open says so; the next try fetches it.
    page.browser.type_at(crate::support::PROMPT, "date +today\n").unwrap_or_else(|e| panic!("{e}"));
    page.wait("the message", "return document.querySelector('.notice')?.innerText.includes('(tools) could not be fetched')");
    block(&[]);
    page.types("date +today", "\ntoday");
}
