//! The API boundary: a **world** is a lab's hosts, their network and their clock, as one deterministic value.
//!
//! `World::new` reads nothing from outside; `handle` is the one mutation; `poll` drains what came of it; the queries (`tty`,
//! `complete`, `log`, `file`, …) read and never change. Same lab, seed and inputs: same outputs, on every machine.

#[allow(dead_code)]
mod actors;
mod api;

pub use api::*;
pub use machine::{Because, Chunk, LoadError, LogLine, Program, SimTime, Trace, TraceId, Verdict};

/// The labs, in the order in which a page offers them.
pub fn labs() -> &'static [LabInfo] {
    &[LabInfo {
        name: "linuxidc",
        terminals: &[("mail", "root"), ("client", "root")],
        hosts: &[("mail", &["root", "redhat", "student"]), ("client", &["root"])],
    }]
}

/// A small network of simulated machines with its own clock.
pub struct World {
    outputs: std::collections::VecDeque<Output>,
    log: Vec<LogLine>,
    traces: Vec<Trace>,
    now: SimTime,
}

impl World {
    /// The world of a lab at its start. Its clock stands at the lab's start time; `seed` decides queue ids and other chance.
    ///
    /// # Errors
    /// A sentence, if there is no such lab.
    pub fn new(lab: &str, _seed: u64) -> Result<World, String> {
        if !labs().iter().any(|l| l.name == lab) {
            return Err(format!("There is no lab named {lab}."));
        }
        Ok(World { outputs: Default::default(), log: Vec::new(), traces: Vec::new(), now: SimTime::from_secs(1_313_005_800) })
    }
    /// The time on the world's clock.
    pub fn now(&self) -> SimTime {
        self.now
    }
    /// Lets everything happen that is due by `now` (never earlier than the clock), then takes the input.
    pub fn handle(&mut self, now: SimTime, _input: Input) {
        self.now = self.now.max(now);
    }
    /// The next output, until the tray is empty.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
    /// A chunk that was asked for by [`Output::Load`] has arrived, or could not be had.
    pub fn loaded(&mut self, _chunk: &str, _table: Result<&'static [machine::Program], machine::LoadError>) {}
    /// State of a terminal.
    pub fn tty(&self, _tty: TtyId) -> Option<TtyView> {
        None
    }
    /// The lines that the arrow keys go through at this terminal's prompt, oldest first.
    pub fn history(&self, _tty: TtyId) -> &[String] {
        &[]
    }
    /// What Tab does at a prompt with this line and the cursor at this byte.
    pub fn complete(&self, _tty: TtyId, _line: &str, _cursor: usize) -> Option<Completion> {
        None
    }
    /// All log lines so far.
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }
    /// A decision by its number.
    pub fn trace(&self, id: TraceId) -> Option<&Trace> {
        self.traces.get((id.0 as usize).wrapping_sub(1))
    }
    /// Content of a file of a host, as root sees it.
    pub fn file(&self, _host: &str, _path: &str) -> Option<Vec<u8>> {
        None
    }
    /// Names in a directory of a host, as root sees it; directories end in `/`.
    pub fn dir(&self, _host: &str, _path: &str) -> Option<Vec<String>> {
        None
    }
    /// A digest of the whole state, for comparing two runs.
    pub fn digest(&self) -> u64 {
        0
    }
}
