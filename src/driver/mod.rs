//! The driver: owns the World, feeds it inputs in order, drains its tray, keeps the input list. One per open lab, no locks.
//! Not here: going back (`back`), timers and events of the browser (`lab`), drawing (`panes`), what lines mean (`model`).

mod back;

use crate::clock::Clock;
use crate::model::{LogModel, MapModel, Mark, Transcript};
use crate::platform::{self, crash};
use crate::storage::{self, Saved};
use back::Command;
use std::collections::VecDeque;
use world::{Input, LabInfo, Output, SimTime, TtyId, TtyView, World};

/// A terminal as the page knows it.
pub(crate) struct Term {
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) transcript: Transcript,
    pub(crate) view: Option<TtyView>,
    /// What stands in the input field.
    pub(crate) draft: String,
    pub(crate) closed: bool,
    /// Not shown any more.
    pub(crate) gone: bool,
    /// Counts changes.
    pub(crate) rev: u32,
}

impl Term {
    fn new(host: &str, user: &str) -> Term {
        Term {
            host: host.into(),
            user: user.into(),
            transcript: Transcript::new(),
            view: None,
            draft: String::new(),
            closed: false,
            gone: false,
            rev: 0,
        }
    }
    /// `root@mail`, or only the host where root is the only one who logs in.
    pub(crate) fn title(&self) -> String {
        if self.host == "client" { self.host.clone() } else { [&self.user, "@", &self.host].concat() }
    }
    /// Name of the program in the foreground.
    pub(crate) fn program(&self) -> String {
        self.view.as_ref().map(|v| v.program.clone()).unwrap_or_default()
    }
}

/// Fetches the parts of the program without which no lab starts, before they are missed, in the order in which they will be.
pub(crate) fn fetch_first() {
    fetch(world::FIRST_CHUNKS.to_vec());
}

/// Fetches everything, what is wanted soon in front.
pub(crate) fn fetch_all() {
    fetch(world::NEXT_CHUNKS.into_iter().chain(world::chunks().iter().map(|c| c.name)).collect());
}

/// One after the other, so that what is needed first does not share the line. What cannot be had now is asked for again when it is needed.
fn fetch(names: Vec<&'static str>) {
    wasm_bindgen_futures::spawn_local(async move {
        for chunk in names.into_iter().filter_map(|name| world::chunks().into_iter().find(|c| c.name == name)) {
            let _ = (chunk.load)().await;
        }
    });
}

/// What is true of the saved data at the start.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Restored {
    /// There was none.
    Fresh,
    Back,
    /// It could not be used and lies under another key.
    Aside,
}

/// A lab that runs.
pub(crate) struct Driver {
    pub(crate) world: World,
    pub(crate) info: &'static LabInfo,
    pub(crate) clock: Clock,
    pub(crate) terms: Vec<Term>,
    pub(crate) front: usize,
    pub(crate) log: LogModel,
    pub(crate) map: MapModel,
    pub(crate) restored: Restored,
    /// The next thing that happens by itself.
    pub(crate) wake: Option<(SimTime, String, &'static str)>,
    /// Chunks that the world waits for.
    pub(crate) loads: Vec<&'static world::Chunk>,
    /// A chunk could not be fetched.
    pub(crate) load_failed: Option<&'static str>,
    /// Lines of the front terminal that were not read out yet: how many, and the last.
    pub(crate) news: (u32, String),
    /// Inputs that wait for their turn: a saved world's, or what was typed while a chunk is on its way.
    queue: VecDeque<(SimTime, Input)>,
    stalled: bool,
    /// The last chunk that was asked for.
    chunk: &'static str,
    /// There are inputs that were not written to the storage.
    pub(crate) unsaved: bool,
    log_len: usize,
    /// What was done, oldest first.
    commands: Vec<Command>,
    /// Inputs that the world has taken.
    taken: usize,
    /// What was taken back, the last of it at the end: its name and its inputs.
    redo: Vec<(String, Vec<(u64, Input)>)>,
    /// The terminal to put in front at the end of a replay.
    back_to: usize,
    /// The saved world came from another build, and not the same came of it here.
    pub(crate) differs: bool,
    /// The end of what was saved has been reached, and not been looked at.
    ended: bool,
}

impl Driver {
    /// Opens a lab: the saved one if there is one, else a new one.
    ///
    /// # Errors
    /// A sentence, if there is no such lab.
    pub(crate) fn open(lab: &str) -> Result<Driver, String> {
        let mut restored = Restored::Fresh;
        let mut saved = None;
        if let Some(text) = platform::load(&storage::key(lab)) {
            let crashed = platform::load(&storage::replaying(lab)).is_some();
            saved = Saved::from_text(&text, lab).filter(|_| !crashed);
            if saved.is_some() {
                restored = Restored::Back;
            } else {
                restored = Restored::Aside;
                platform::save(&storage::aside(lab), &text);
                platform::forget(&storage::key(lab));
            }
        }
        platform::forget(&storage::replaying(lab));
        let saved = saved.unwrap_or_else(|| Saved { lab: lab.into(), seed: platform::seed(), ..Saved::default() });
        Driver::run(saved, restored)
    }
    /// A world from its seed and its inputs.
    fn run(saved: Saved, restored: Restored) -> Result<Driver, String> {
        let lab = saved.lab.clone();
        let name = storage::lab_of(&lab);
        let world = World::new(name, saved.seed)?;
        let info = world::labs().find(|l| l.name == name).ok_or("No such lab.")?;
        let mut driver = Driver {
            clock: Clock::new(world.now(), platform::micros()),
            world,
            info,
            // Those of the lab take lines before their machines run.
            terms: info.terminals.iter().map(|(host, user)| Term::new(host, user)).collect(),
            front: 0,
            log: LogModel::default(),
            map: MapModel::default(),
            restored,
            wake: None,
            loads: Vec::new(),
            load_failed: None,
            news: (0, String::new()),
            queue: saved.inputs.iter().map(|(at, input)| (SimTime(*at), input.clone())).collect(),
            stalled: false,
            chunk: "",
            unsaved: false,
            log_len: 0,
            commands: Vec::new(),
            taken: 0,
            redo: Vec::new(),
            back_to: 0,
            differs: false,
            ended: false,
        };
        if restored == Restored::Back {
            platform::save(&storage::replaying(&lab), "1");
            driver.queue.push_back((SimTime(saved.now), Input::Tick));
        }
        crash::journal(|j| *j = crash::Journal { saved, replaying: restored == Restored::Back });
        driver.drain();
        driver.pump();
        if driver.restored != Restored::Back && driver.queue.is_empty() {
            driver.settle();
        }
        Ok(driver)
    }
    /// The world's time now.
    pub(crate) fn now(&self) -> SimTime {
        self.clock.now(platform::micros()).max(self.world.now())
    }
    /// Something happened outside: remembers it and lets the world have it.
    pub(crate) fn input(&mut self, input: Input) {
        if !matches!(input, Input::Size { .. }) {
            self.redo.clear();
        }
        let now = self.now().max(self.queue.back().map_or(SimTime(0), |q| q.0));
        crash::journal(|j| j.saved.inputs.push((now.0, input.clone())));
        self.unsaved = true;
        self.queue.push_back((now, input));
        self.pump();
    }
    /// Time has gone on.
    pub(crate) fn tick(&mut self) {
        if self.queue.is_empty() && !self.stalled {
            let now = self.now();
            self.world.handle(now, Input::Tick);
            self.drain();
        }
    }
    /// A chunk has come, or could not be had.
    pub(crate) fn loaded(&mut self, chunk: &'static str, table: Result<&'static [world::Program], world::LoadError>) {
        self.load_failed = table.is_err().then_some(chunk);
        self.stalled = false;
        self.world.loaded(chunk, table);
        self.drain();
        self.judge();
        self.pump();
        if self.at_rest() {
            self.settle();
        }
        if !self.stalled {
            self.clock.jump(platform::micros(), self.world.now());
        }
    }
    /// Lets the world have what waits, as far as it does not stall.
    fn pump(&mut self) {
        while !self.stalled {
            let Some((at, input)) = self.queue.pop_front() else { break };
            if let Input::Tty { tty, .. } = &input {
                let tty = *tty;
                self.world.handle(at, Input::Tick);
                self.drain();
                if self.stalled {
                    self.queue.push_front((at, input));
                    break;
                }
                self.mark_typing(tty);
            }
            if let Input::Size { tty, cols, rows } = &input
                && let Some(t) = self.terms.get_mut(tty.0 as usize)
            {
                t.transcript.resize(usize::from(*cols), usize::from(*rows));
            }
            self.note(&input);
            self.ended |= matches!(input, Input::Tick);
            self.world.handle(at, input);
            self.drain();
            self.judge();
            if self.queue.is_empty() && !self.stalled {
                self.settle();
            }
        }
    }
    /// A replay has come to its end: from here on the clock goes on.
    fn settle(&mut self) {
        let lab = crash::journal(|j| std::mem::take(&mut j.replaying).then(|| j.saved.lab.clone()));
        if let Some(lab) = lab {
            platform::forget(&storage::replaying(&lab));
            self.news = (0, String::new());
            self.clock.set(platform::micros(), self.world.now());
            self.front = self.back_to.min(self.terms.len().saturating_sub(1));
        }
    }
    /// A replay is under way, and nothing hinders it.
    pub(crate) fn rewinding(&self) -> bool {
        self.load_failed.is_none() && crash::journal(|j| j.replaying) && !self.at_rest()
    }
    /// Says who will have typed the next line of this terminal.
    fn mark_typing(&mut self, tty: TtyId) {
        let view = self.world.tty(tty);
        if let (Some(term), Some(view)) = (self.terms.get_mut(tty.0 as usize), view) {
            let session = term.transcript.session.on && term.transcript.session.connected;
            term.transcript.typing = match () {
                () if view.at_prompt => Mark::Shell,
                () if session => Mark::Client,
                () => Mark::Answer,
            };
        }
    }
    fn drain(&mut self) {
        self.wake = None;
        let mut touched: Vec<usize> = Vec::new();
        while let Some(out) = self.world.poll() {
            let n = match out {
                Output::Tty { tty, origin, bytes, trace } => {
                    let n = tty.0 as usize;
                    if let Some(t) = self.terms.get_mut(n) {
                        let before = t.transcript.dropped + t.transcript.lines.len();
                        t.transcript.feed(&bytes, origin, trace.0);
                        let after = t.transcript.dropped + t.transcript.lines.len();
                        if n == self.front && origin == world::Origin::Program && after > before {
                            self.news.0 += (after - before) as u32;
                            if let Some(l) = t.transcript.lines.last() {
                                self.news.1 = l.text.clone();
                            }
                        }
                    }
                    n
                }
                Output::TtyChanged(tty) => tty.0 as usize,
                Output::Opened { tty, host, user } => {
                    self.opened(tty, host, user);
                    tty.0 as usize
                }
                Output::Closed(tty) => {
                    if let Some(t) = self.terms.get_mut(tty.0 as usize) {
                        t.closed = true;
                    }
                    tty.0 as usize
                }
                Output::Load(chunk) => {
                    self.stalled = true;
                    self.chunk = chunk.name;
                    self.loads.push(chunk);
                    continue;
                }
                Output::Wake { at, why } => {
                    self.wake = Some((at, why.who, why.what));
                    continue;
                }
                Output::Log(_) | Output::Trace(_) => continue,
            };
            if !touched.contains(&n) {
                touched.push(n);
            }
        }
        for n in touched {
            if let Some(t) = self.terms.get_mut(n) {
                t.view = self.world.tty(TtyId(n as u32));
                t.rev += 1;
                if let Some(v) = &t.view {
                    t.transcript.session.program(&v.program, v.at_prompt);
                }
            }
        }
        let log = self.world.log();
        if log.len() != self.log_len {
            self.log_len = log.len();
            self.log.update(log);
            self.map.update(log);
        }
    }
    fn opened(&mut self, tty: TtyId, host: String, user: String) {
        // Numbers come in order; a gap would be a terminal that was never announced.
        while self.terms.len() <= tty.0 as usize {
            self.terms.push(Term::new(&host, &user));
            if !crash::journal(|j| j.replaying) {
                self.front = tty.0 as usize;
            }
        }
    }
    /// Writes the inputs to the storage. False if it refuses.
    pub(crate) fn save(&mut self) -> bool {
        self.unsaved = false;
        let (now, digest) = (self.world.now().0, self.digest());
        let text = crash::journal(|j| {
            if j.replaying {
                return None;
            }
            (j.saved.now, j.saved.digest, j.saved.build) = (now, digest, platform::build());
            Some((storage::key(&j.saved.lab), j.saved.to_text()))
        });
        text.is_none_or(|(key, text)| platform::save(&key, &text))
    }
    /// The page goes away. A replay that is under way did not fail.
    pub(crate) fn leave(&mut self) {
        let replaying = crash::journal(|j| j.replaying.then(|| j.saved.lab.clone()));
        match replaying {
            Some(lab) => platform::forget(&storage::replaying(&lab)),
            None => drop(self.save()),
        }
    }
    /// Drops the saved world, so that the next opening starts anew.
    pub(crate) fn forget(&mut self) {
        crash::journal(|j| {
            platform::forget(&storage::key(&j.saved.lab));
            *j = crash::Journal::default();
        });
        self.unsaved = false;
    }
    /// Nothing is being fetched or replayed.
    pub(crate) fn at_rest(&self) -> bool {
        !self.stalled && self.queue.is_empty()
    }
    /// The chunk that the world waits for.
    pub(crate) fn stalled_on(&self) -> Option<&'static str> {
        self.stalled.then_some(self.chunk)
    }
    /// The terminal in front.
    pub(crate) fn term(&self) -> Option<&Term> {
        self.terms.get(self.front)
    }
}
