//! The page's icons: strokes on a grid of 24 by 24, drawn in the colour of the text. Not here: what they stand for, which a label says.

use yew::prelude::*;

pub(crate) const TERMINAL: &str = "M3 4h18v16H3zM7 9l3 3-3 3M12.5 15H17";
pub(crate) const PLUS: &str = "M12 5v14M5 12h14";
pub(crate) const CLOSE: &str = "M6 6l12 12M18 6 6 18";
pub(crate) const MORE: &str = "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z";
pub(crate) const CLOCK: &str = "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M12 7v5l3 2";
pub(crate) const PAUSE: &str = "M8 5v14M16 5v14";
pub(crate) const PLAY: &str = "M7 4v16l13-8z";
pub(crate) const NEXT: &str = "M5 5v14l10-7zM19 5v14";
pub(crate) const SPLIT: &str = "M4 4h16v16H4zM4 12h16";
pub(crate) const PRESENT: &str = "M3 4h18M5 4v11h14V4M12 15v4M8 21l4-2 4 2";
pub(crate) const SETTINGS: &str = "M12 8.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1";
pub(crate) const SUN: &str =
    "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4";
pub(crate) const MOON: &str = "M19 14.5A8 8 0 0 1 9.5 5a8 8 0 1 0 9.5 9.5z";
pub(crate) const UNDO: &str = "M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3";
pub(crate) const REDO: &str = "m16 5 4 4-4 4M20 9H10a6 6 0 0 0 0 12h3";
pub(crate) const SHARE: &str = "M12 15V3M8 7l4-4 4 4M5 12v8h14v-8";
pub(crate) const BACK: &str = "m15 5-7 7 7 7";

pub(crate) const WHY: &str = "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M9.3 9.5a2.8 2.8 0 1 1 4 2.6c-.9.5-1.3 1-1.3 2M12 17h.01";
pub(crate) const LOG: &str = "M4 6h3M10 6h10M4 12h3M10 12h10M4 18h3M10 18h10";
pub(crate) const FILE: &str = "M6 3h8l5 5v13H6zM14 3v5h5";

/// An icon by its path.
pub(crate) fn icon(path: &'static str) -> Html {
    html! { <svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d={path}/></svg> }
}
