//! What the page remembers of a lab: transcripts, SMTP sessions seen at a terminal, log rows, base64. Pure, tested natively.
//! Not here: the simulation (crate `world`), how anything is drawn (`panes`).

mod base64;
mod log;
mod map;
mod screen;
mod session;
mod transcript;

pub(crate) use base64::{Bad, Decoded, decode, encode, parts_of};
pub(crate) use log::{LogModel, LogRow, daemon_class};
pub(crate) use map::{Hop, MapModel, Node, received};
pub(crate) use screen::{Run, Screen};
pub(crate) use session::{Session, reply};
pub(crate) use transcript::{Mark, Transcript, width};
