//! The page comes up, says nothing wrong on its console, and asks nobody else for anything.

use crate::support::Page;

/// Something that the program drew itself is there.
const DRAWN: &str = "return document.body.children.length > 0 && document.body.innerText.trim() !== ''";

#[test]
fn the_page_loads_without_complaint_and_stays_at_home() {
    let page = Page::open("");
    page.wait("the page", DRAWN);
    let complaints = page.browser.complaints().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(complaints, Vec::<String>::new(), "the console is not empty");
    let requests = page.browser.requests().unwrap_or_else(|e| panic!("{e}"));
    assert!(requests.iter().any(|r| r.ends_with(".wasm")), "no program was loaded: {requests:?}");
    let outside: Vec<&String> = requests.iter().filter(|r| !r.starts_with(&page.base) && !r.starts_with("data:")).collect();
    assert!(outside.is_empty(), "asked for outside the page's own folder: {outside:?}");
}

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
