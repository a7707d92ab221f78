//! The web front end: a page with terminals on a simulated network. Not here: anything simulated (crate `world`).

mod app;
mod clock;
mod driver;
mod home;
mod i18n;
mod icons;
mod keys;
mod lab;
mod list;
mod model;
mod panes;
mod platform;
mod share;
mod storage;

fn main() {
    platform::crash::install();
    if let Some(root) = platform::by_id("app") {
        yew::Renderer::<app::App>::with_root(root).render();
    }
}
