//! The API boundary: a **world** is a lab's hosts, their network and their clock, as one deterministic value.
//!
//! `World::new` reads nothing from outside; `handle` is the one mutation; `poll` drains what came of it; the queries (`tty`,
//! `complete`, `log`, `file`, …) read and never change. Same lab, seed and inputs: same outputs, on every machine.

mod actors;
mod api;
mod completion;
mod digest;
mod labs;
mod mailbox;
mod services;
pub mod stage;

pub use api::*;
/// The kernel's own door, for front ends without a page.
pub use machine;
pub use machine::{Because, Chunk, LoadError, LogLine, Program, SimTime, Trace, TraceId, Verdict};
pub use mailbox::MailboxMessage;
pub use postfix::view::Queued;
pub use userland::examples;

use machine::Event;
use stage::Stage;
use std::collections::VecDeque;

/// The labs, in the order in which a page offers them.
pub fn labs() -> impl Iterator<Item = &'static LabInfo> {
    labs::LABS.iter().map(|lab| &lab.info)
}

/// The parts of the program that are fetched at first use; a front end may fetch them early.
pub fn chunks() -> Vec<&'static Chunk> {
    stage::chunks()
}

/// The names of the chunks without which no lab starts, in the order in which it needs them.
pub const FIRST_CHUNKS: [&str; 2] = ["base", "postfix"];

/// The names of the chunks that are wanted soon after that: by what is typed first.
pub const NEXT_CHUNKS: [&str; 2] = ["common", "delivery"];

/// A small network of simulated machines with its own clock.
pub struct World {
    stage: Stage,
    outputs: VecDeque<Output>,
    log: Vec<LogLine>,
    digest: digest::Digest,
    /// Inputs that came while a program's code was being loaded.
    waiting: VecDeque<(SimTime, Input)>,
    /// The answer to "when next?" is due at the end of the tray.
    asked: bool,
}

impl World {
    /// The world of a lab at its start. Its clock stands at the lab's start time; `seed` decides queue ids and other chance.
    /// The tray holds the opening of the lab's terminals, or the wish for the code that its machines need to start.
    ///
    /// # Errors
    /// A sentence, if there is no such lab.
    pub fn new(lab: &str, seed: u64) -> Result<World, String> {
        World::build(lab, seed, false)
    }
    /// The same, with every door closed until [`World::loaded`] opens it, wherever the code is: for tests without a page.
    ///
    /// # Errors
    /// A sentence, if there is no such lab.
    pub fn with_closed_doors(lab: &str, seed: u64) -> Result<World, String> {
        World::build(lab, seed, true)
    }
    fn build(lab: &str, seed: u64, doors_closed: bool) -> Result<World, String> {
        let found = labs::LABS.iter().find(|l| l.info.name == lab).ok_or_else(|| format!("There is no lab named {lab}."))?;
        let mut world = World {
            stage: (found.build)(seed),
            outputs: VecDeque::new(),
            log: Vec::new(),
            digest: digest::Digest::default(),
            waiting: VecDeque::new(),
            asked: true,
        };
        world.stage.kernel.doors_closed = doors_closed;
        let start = found.start;
        world.waiting.push_back((start, Input::Tick));
        for (host, user) in found.info.terminals {
            world.waiting.push_back((start, Input::Open { host: (*host).into(), user: (*user).into() }));
        }
        world.work();
        Ok(world)
    }
    /// The time on the world's clock.
    pub fn now(&self) -> SimTime {
        self.stage.kernel.now()
    }
    /// Minutes east of UTC of a host's clock.
    pub fn utc_offset(&self, host: &str) -> i32 {
        self.stage.kernel.host(host).map_or(0, |h| self.stage.kernel.offset(h))
    }

    /// Lets everything happen that is due by `now` (never earlier than the clock), then takes the input. While a program's code is
    /// being loaded, inputs wait.
    pub fn handle(&mut self, now: SimTime, input: Input) {
        self.waiting.push_back((now, input));
        self.work();
    }
    fn work(&mut self) {
        while self.stage.kernel.stalled().is_none()
            && let Some((now, input)) = self.waiting.pop_front()
        {
            self.stage.kernel.advance(now);
            let left = if self.stage.kernel.stalled().is_some() { Some(input) } else { self.take(input) };
            if let Some(input) = left {
                self.waiting.push_front((now, input));
            }
        }
        self.asked = true;
        self.drain();
    }
    /// Carries an input out; gives back what has to wait for a program's code.
    fn take(&mut self, input: Input) -> Option<Input> {
        let kernel = &mut self.stage.kernel;
        match input {
            Input::Tty { tty, mut bytes } => {
                let taken = kernel.type_bytes(tty.0, &bytes);
                if taken < bytes.len() {
                    return Some(Input::Tty { tty, bytes: bytes.split_off(taken) });
                }
            }
            Input::Open { host, user } => {
                self.open(&host, &user);
                if self.stage.kernel.stalled().is_some() {
                    return Some(Input::Open { host, user });
                }
            }
            Input::Close { tty } => kernel.hang_up(tty.0),
            Input::Size { tty, cols, rows } => kernel.resize(tty.0, cols, rows),
            Input::Write { host, path, bytes } => {
                if let Some(host) = kernel.host(&host) {
                    self.stage.file(host, &path, &bytes);
                }
            }
            Input::Tick => {}
        }
        let now = self.stage.kernel.now();
        self.stage.kernel.advance(now);
        None
    }
    fn open(&mut self, host: &str, user: &str) {
        let Some(n) = self.stage.kernel.host(host) else { return };
        let Some(account) = self.stage.account(n, user) else { return };
        let shell = account.shell.rsplit('/').next().unwrap_or("bash");
        let mut env = stage::environment(user, &account.home);
        env.retain(|e| !e.starts_with("PAGER=") && !e.starts_with("TERM="));
        env.push("TERM=xterm".into());
        env.push(format!("MAIL=/var/mail/{user}"));
        let argv0 = format!("-{shell}");
        if let Ok(tty) = self.stage.kernel.open_tty(n, user, &account.shell, &[&argv0], &env, account.ids, &account.home) {
            self.outputs.push_back(Output::Opened { tty: TtyId(tty), host: host.into(), user: user.into() });
        }
    }
    /// Moves what the kernel tells to the tray.
    fn drain(&mut self) {
        while let Some(event) = self.stage.kernel.poll() {
            self.digest.event(&event);
            match event {
                Event::Tty { tty, typed, bytes, trace } => {
                    let origin = if typed { Origin::Typed } else { Origin::Program };
                    self.outputs.push_back(Output::Tty { tty: TtyId(tty), origin, bytes, trace });
                }
                Event::TtyChanged(tty) => self.outputs.push_back(Output::TtyChanged(TtyId(tty))),
                Event::Closed(tty) => self.outputs.push_back(Output::Closed(TtyId(tty))),
                Event::Log(line) => {
                    self.log.push(line.clone());
                    self.outputs.push_back(Output::Log(line));
                }
                Event::Trace(trace) => self.outputs.push_back(Output::Trace(trace)),
                Event::Packet(_) => {}
                Event::Load(chunk) => self.outputs.push_back(Output::Load(chunk)),
            }
        }
    }
    /// The next output, until the tray is empty.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        if !std::mem::take(&mut self.asked) {
            return None;
        }
        let (at, who, what) = self.stage.kernel.next_alarm()?;
        Some(Output::Wake { at, why: Reason { who, what } })
    }
    /// A chunk that was asked for by [`Output::Load`] has arrived, or could not be had.
    pub fn loaded(&mut self, chunk: &str, table: Result<&'static [machine::Program], machine::LoadError>) {
        self.stage.kernel.loaded(chunk, table);
        self.work();
    }
    /// State of a terminal.
    pub fn tty(&self, tty: TtyId) -> Option<TtyView> {
        let t = self.stage.kernel.tty(tty.0)?;
        Some(TtyView {
            host: self.stage.kernel.host_label(t.host).into(),
            user: t.user.into(),
            canonical: t.modes.canonical,
            echo: t.modes.echo,
            signals: t.modes.signals,
            at_prompt: t.edit.is_some(),
            program: t.program,
            cols: t.size.0,
            rows: t.size.1,
            closed: t.closed,
        })
    }
    /// The lines that the arrow keys go through at this terminal's prompt, oldest first.
    pub fn history(&self, tty: TtyId) -> Vec<String> {
        self.stage.kernel.tty(tty.0).and_then(|t| Some(t.edit?.history.to_vec())).unwrap_or_default()
    }
    /// What Tab does at a prompt with this line and the cursor at this byte.
    pub fn complete(&self, tty: TtyId, line: &str, cursor: usize) -> Option<Completion> {
        completion::complete(&self.stage, tty, line, cursor)
    }
    /// All log lines so far.
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }
    /// All decisions so far.
    pub fn traces(&self) -> &[Trace] {
        self.stage.kernel.traces()
    }
    /// A decision by its number.
    pub fn trace(&self, id: TraceId) -> Option<&Trace> {
        self.stage.kernel.trace(id)
    }
    /// Content of a file of a host, as root sees it.
    pub fn file(&self, host: &str, path: &str) -> Option<Vec<u8>> {
        self.stage.read(self.stage.kernel.host(host)?, path)
    }
    /// Names in a directory of a host, as root sees it; directories end in `/`.
    pub fn dir(&self, host: &str, path: &str) -> Option<Vec<String>> {
        let entries = self.disk(host)?.list_path(path).ok()?;
        let slash = |e: &machine::DirEntry| if e.kind == machine::FileKind::Dir { "/" } else { "" };
        Some(entries.iter().filter(|e| !matches!(e.name.as_str(), "." | "..")).map(|e| format!("{}{}", e.name, slash(e))).collect())
    }
    /// The messages in the queues of a host.
    pub fn queue(&self, host: &str) -> Vec<postfix::view::Queued> {
        self.disk(host).map(postfix::view::queued).unwrap_or_default()
    }
    /// The mailboxes of a host: user and messages, oldest first.
    pub fn mailboxes(&self, host: &str) -> Vec<(String, Vec<MailboxMessage>)> {
        self.disk(host).map(mailbox::mailboxes).unwrap_or_default()
    }
    /// State of a file of a host, links followed, as root sees it.
    pub fn stat(&self, host: &str, path: &str) -> Option<machine::Stat> {
        self.disk(host)?.stat_path(path).ok()
    }
    fn disk(&self, host: &str) -> Option<&machine::Vfs> {
        self.stage.kernel.disk(self.stage.kernel.host(host)?)
    }
    /// A digest of everything that has come out of it, for comparing two runs.
    pub fn digest(&self) -> u64 {
        self.digest.value()
    }
}
