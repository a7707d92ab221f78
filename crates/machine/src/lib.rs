//! A simulated Unix machine and its network: a clock with reasons, files, users, processes, pipes, terminals, links, TCP and DNS.
//!
//! Guests (commands and daemons) are `async fn main(sys: Sys) -> i32`; their only contact with the world is [`Sys`], whose methods
//! are *traps* served by the [`Kernel`]. Not here: what any command or daemon does (crates `userland`, `postfix`, `openssl`).

mod errno;
mod event;
mod explain;
mod kernel;
mod lazy;
mod lines;
mod map;
mod program;
pub mod resolver;
mod sort;
mod sys;
mod time;
mod trap;
mod vfs;

pub use errno::{Errno, Sysret};
pub use event::{Because, Event, LogLine, Packet, PacketKind, Trace, TraceId, Verdict};
pub use kernel::{HostSpec, Kernel, Piped, TtyState, program_file};
pub use lines::Lines;
pub use map::Map;
pub use program::{Chunk, Guest, LoadError, Loading, Main, Part, Program};
pub use sort::{sort, sort_by, sort_by_key};
pub use sys::{STDERR, STDIN, STDOUT, Sys};
pub use time::{DAYS, DateTime, MONTHS, SimTime, days_from_civil};
pub use trap::*;
pub use vfs::{Dev, Vfs};
#[cfg(all(feature = "split", target_family = "wasm"))]
#[doc(hidden)]
pub use wasm_split_helpers as split;
