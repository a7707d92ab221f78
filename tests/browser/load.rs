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
