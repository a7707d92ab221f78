//! What guests report besides their output: log lines, and traces that say why a decision was taken.
//! Source of the shape: the design's chapter on traces; of the log line: RFC 3164.

use crate::{Chunk, SimTime, SockAddr};

/// Number of a trace, counted from 1 in the order of the decisions. 0 means "none".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct TraceId(pub u32);

/// What a rule said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// No opinion: the next rule is asked.
    Dunno,
    /// Accepted; the list ends.
    Permit,
    /// Refused; the list ends.
    Reject,
    /// Put off with a 4xx.
    Defer,
    /// Stands in the list but was not asked.
    Unreached,
}

/// One reason of a decision. Rows of a trace are in the order in which they were looked at; `depth` indents what a row caused.
#[allow(missing_docs)]
#[derive(Clone, PartialEq, Debug)]
pub enum Because {
    /// A parameter with its value, and where it was set (file and line; `None` = built-in default).
    Parameter { name: String, value: String, place: Option<(String, u32)> },
    /// An element of a restriction list.
    Rule { list: String, element: String, verdict: Verdict, place: Option<(String, u32)> },
    /// A key looked up in a table (`hash:/etc/aliases`), the result, and the line of the source text that holds it.
    Lookup { table: String, key: String, result: Option<String>, place: Option<(String, u32)> },
    /// An address changed by a step named `by`, and what says so.
    Rewrite { from: String, to: String, by: String, place: Option<(String, u32)> },
    /// A recipient expanded (alias, .forward): a node of the tree, and what says so.
    Expand { from: String, to: Vec<String>, by: String, depth: u8, place: Option<(String, u32)> },
    /// A rule of a protocol, e.g. `RFC 5321 §4.1.1.4`.
    Protocol { rule: String, what: String },
    /// A state of the machine: a stale .db, a daemon that has not been reloaded, a service that is down.
    State { what: String },
    /// A plain sentence where nothing above fits.
    Note { what: String },
}

/// A decision with everything that led to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// Its number. Filled in by [`crate::Sys::trace`].
    pub id: TraceId,
    /// When. Filled in by the kernel.
    pub at: SimTime,
    /// The host's name. Filled in by the kernel.
    pub host: String,
    /// Program and process, `postfix/smtpd[123]`. Program given by the guest, pid filled in by the kernel.
    pub process: String,
    /// The decision in the field's words, e.g. `RCPT TO:<a@b>: 554 5.7.1 Relay access denied`.
    pub what: String,
    /// Queue id of the message that it concerns, if there is one.
    pub queue_id: Option<String>,
    /// The reasons, in order.
    pub because: Vec<Because>,
}

impl Trace {
    /// A trace of `process` (a syslog tag such as `postfix/smtpd`) that decided `what`.
    pub fn new(process: impl Into<String>, what: impl Into<String>) -> Self {
        Trace {
            id: TraceId::default(),
            at: SimTime::default(),
            host: String::new(),
            process: process.into(),
            what: what.into(),
            queue_id: None,
            because: Vec::new(),
        }
    }
}

/// One line of a system log.
#[derive(Clone, PartialEq, Debug)]
pub struct LogLine {
    /// When it was written.
    pub at: SimTime,
    /// The host it belongs to (node name).
    pub host: String,
    /// The log file's path, e.g. `/var/log/maillog`.
    pub file: &'static str,
    /// The whole line without its newline.
    pub line: String,
    /// The decision it tells of, or 0.
    pub trace: TraceId,
}

/// A packet that a tap saw.
#[derive(Clone, PartialEq, Debug)]
pub struct Packet {
    /// When it left.
    pub at: SimTime,
    /// Where it comes from.
    pub from: SockAddr,
    /// Where it goes.
    pub to: SockAddr,
    /// What it is.
    pub what: PacketKind,
    /// The payload.
    pub bytes: Vec<u8>,
}

/// The protocol of a packet.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PacketKind {
    Tcp { syn: bool, ack: bool, fin: bool, rst: bool, push: bool, seq: u32, acked: u32 },
    Udp,
    Icmp { kind: u8, code: u8 },
}

/// What the kernel tells the world.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Bytes for a terminal's screen; `typed`: the echo of what was typed; the decision that they tell of, or 0.
    #[allow(missing_docs)]
    Tty { tty: u32, typed: bool, bytes: Vec<u8>, trace: TraceId },
    /// A terminal's modes, prompt or foreground program changed.
    TtyChanged(u32),
    /// A terminal's session ended.
    Closed(u32),
    /// A log line was written.
    Log(LogLine),
    /// A decision was taken.
    Trace(Box<Trace>),
    /// A tap saw a packet.
    Packet(Packet),
    /// A program behind a closed door was executed; nothing goes on until it is loaded.
    Load(&'static Chunk),
}
