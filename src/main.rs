//! The web front end: a page with terminals on a simulated network. Not here: anything simulated (crate `world`).

// The panes that use these are wired in one by one.
#[allow(dead_code, unused_imports)]
mod clock;
#[allow(dead_code, unused_imports)]
mod driver;
#[allow(dead_code)]
mod i18n;
#[allow(dead_code)]
mod keys;
#[allow(dead_code)]
mod list;
#[allow(dead_code, unused_imports)]
mod model;
#[allow(dead_code)]
mod platform;
#[allow(dead_code)]
mod storage;

use yew::prelude::*;

/// The page's frame.
#[component]
fn App() -> Html {
    html! { <h1>{ "Ehlo" }</h1> }
}

fn main() {
    platform::crash::install();
    yew::Renderer::<App>::new().render();
}
