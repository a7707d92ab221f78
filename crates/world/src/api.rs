//! The plain data that crosses the boundary: inputs, outputs, views. Not here: how they come about.

use machine::{Chunk, LogLine, SimTime, Trace, TraceId};
use serde::{Deserialize, Serialize};

/// Number of a terminal, counted from 0 in the order of opening. Never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TtyId(pub u32);

/// Everything that can happen to a world from outside. A saved world is a list of these with their times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Bytes typed at a terminal: usually one line with its `\n`, or keys of a full-screen program, or `\x03` for ^C.
    Tty {
        /// The terminal.
        tty: TtyId,
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// Opens a terminal: a login shell of `user` on `host`. Answered by [`Output::Opened`].
    Open {
        /// Name of the host in the lab, `mail` or `client`.
        host: String,
        /// The user who logs in.
        user: String,
    },
    /// Hangs a terminal up.
    Close {
        /// The terminal.
        tty: TtyId,
    },
    /// The terminal's window has another size.
    Size {
        /// The terminal.
        tty: TtyId,
        /// Columns and rows.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// A file saved from the page's editor, or dropped by a lesson: owner and mode stay, a new file is root's with mode 644.
    Write {
        /// Name of the host.
        host: String,
        /// Absolute path.
        path: String,
        /// New content.
        bytes: Vec<u8>,
    },
    /// Nothing but: the time is now this.
    Tick,
}

/// Whether bytes on a terminal are the echo of what was typed or output of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Echo of typed characters.
    Typed,
    /// Written by a program.
    Program,
}

/// Why the world wants to be woken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Who waits: `mail: qmgr`, `network`.
    pub who: String,
    /// For what, in the field's words, e.g. `sleep`, `TCP segment`.
    pub what: &'static str,
}

/// What comes out of a world.
#[derive(Clone, Debug)]
pub enum Output {
    /// Bytes for a terminal's screen.
    Tty {
        /// The terminal.
        tty: TtyId,
        /// Who wrote them.
        origin: Origin,
        /// The bytes (UTF-8, may be cut inside a character; with control sequences).
        bytes: Vec<u8>,
        /// The decision that they tell of, or 0.
        trace: TraceId,
    },
    /// The state of a terminal changed: ask [`World::tty`](crate::World::tty).
    TtyChanged(TtyId),
    /// A terminal was opened.
    Opened {
        /// The terminal.
        tty: TtyId,
        /// Name of its host in the lab.
        host: String,
        /// The user who logged in.
        user: String,
    },
    /// Its session ended.
    Closed(TtyId),
    /// A log line was written.
    Log(LogLine),
    /// A decision was taken.
    Trace(Box<Trace>),
    /// A program behind a closed door was executed: load the chunk, then call [`World::loaded`](crate::World::loaded).
    /// Until then the world stands still.
    Load(&'static Chunk),
    /// Nothing more happens before `at` unless there is input: call `handle(at, Tick)` then. The last word of every drain, if there is any.
    Wake {
        /// When.
        at: SimTime,
        /// Why.
        why: Reason,
    },
}

/// What a front end must know of a terminal to offer the right kind of input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TtyView {
    /// Name of its host in the lab.
    pub host: String,
    /// The user who logged in.
    pub user: String,
    /// Line by line (an input field) or byte by byte (a full-screen program: send keys).
    pub canonical: bool,
    /// Whether typing is shown; if not, in canonical mode, a password field.
    pub echo: bool,
    /// Whether ^C, ^Z and ^\ send signals.
    pub signals: bool,
    /// A shell waits at its prompt: history and completion are offered.
    pub at_prompt: bool,
    /// Name of the program in the foreground, `bash`, `telnet`.
    pub program: String,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// The session has ended.
    pub closed: bool,
}

/// What Tab would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Byte position in the line where the completed word begins.
    pub start: usize,
    /// The longest text that all candidates share, to put in the word's place (escaped for the shell; ends in a blank or `/` if it is the only one).
    pub text: String,
    /// What is possible, as bash lists it.
    pub candidates: Vec<String>,
}

/// A lab that can be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LabInfo {
    /// Its name in addresses, `linuxidc`.
    pub name: &'static str,
    /// Terminals that are open at the start: (host, user).
    pub terminals: &'static [(&'static str, &'static str)],
    /// Hosts on which a new terminal can be opened, each with its users.
    pub hosts: &'static [(&'static str, &'static [&'static str])],
}
