//! The web front end: a page with terminals on a simulated network. Not here: anything simulated (crate `world`).

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <h1>{ "Ehlo" }</h1> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
