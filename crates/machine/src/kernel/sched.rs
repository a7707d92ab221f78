//! Running: the ready queue, waiting and waking, alarms, and the loop that polls a guest and serves what it asks.

use super::proc::{Next, Proc};
use super::{Kernel, Key, Pix, net};
use crate::{Chunk, Event, LoadError, Program, SimTime, Sysret, Trap, trap::Ret};
use std::cmp::Reverse;
use std::task::{Context, Poll, Waker};

/// Something due at a time.
pub(crate) enum Alarm {
    /// A process's time-out or sleep; the number tells whether it still waits for the same thing.
    Proc(Pix, u32),
    /// Something arrives over the network.
    Net(net::Arrival),
}

impl Alarm {
    /// Whether anything will come of it.
    fn is_live(&self, procs: &[Option<Proc>]) -> bool {
        match self {
            Alarm::Proc(pix, wait) => procs[*pix].as_ref().is_some_and(|p| p.waiting && p.wait == *wait),
            Alarm::Net(_) => true,
        }
    }
}

/// What serving a trap came to.
pub(crate) enum Served {
    /// The answer.
    Done(Sysret<Ret>),
    /// Wait for one of these, or until a time.
    Wait(Vec<Key>, Option<SimTime>),
    /// The process runs on as something else, or is gone.
    Gone,
    /// Let others run first.
    Later,
    /// The program lies behind a closed door.
    Stall(&'static Chunk),
}

/// Traps that a process may make in one instant before it has used up a millisecond of processor time.
const SPIN: u32 = 2000;

impl Kernel {
    pub(crate) fn alarm(&mut self, at: SimTime, alarm: Alarm) {
        // Most time-outs are never due: what was waited for came before. They would pile up for as long as they last.
        if self.alarms.len() > self.many_alarms {
            let procs = &self.procs;
            self.alarms.retain(|_, a| a.is_live(procs));
            self.many_alarms = self.alarms.len() * 2 + 64;
        }
        self.next_alarm += 1;
        self.alarms.insert(Reverse((at.max(self.now), self.next_alarm)), alarm);
    }

    /// Makes every process runnable that waits for `key`.
    pub(crate) fn wake(&mut self, key: Key) {
        let first = self.ready.len();
        for pix in 0..self.procs.len() {
            let Some(proc) = self.procs[pix].as_mut().filter(|p| p.waiting && p.keys.contains(&key)) else { continue };
            proc.waiting = false;
            // Who has waited longest comes first.
            let wait = proc.wait;
            let later = |other: &Pix| self.procs[*other].as_ref().is_some_and(|p| p.wait > wait);
            let before = self.ready.range(first..).position(later).map_or(self.ready.len(), |i| first + i);
            self.ready.insert(before, pix);
        }
    }

    /// Makes one process runnable whatever it waits for.
    pub(crate) fn rouse(&mut self, pix: Pix) {
        if let Some(proc) = self.procs.get_mut(pix).and_then(Option::as_mut)
            && proc.waiting
        {
            proc.waiting = false;
            self.ready.push_back(pix);
        }
    }

    fn sleep_on(&mut self, pix: Pix, keys: Vec<Key>, until: Option<SimTime>) {
        self.next_wait = self.next_wait.wrapping_add(1);
        let wait = self.next_wait;
        let Some(proc) = self.procs[pix].as_mut() else { return };
        proc.waiting = true;
        proc.wait = wait;
        proc.keys = keys;
        if let Some(at) = until {
            // Timers have their slack, as on Linux: who waits a second twice does not wake in the same microsecond of it.
            let slack = 50 + self.random() % 100;
            self.alarm(at.plus_micros(slack), Alarm::Proc(pix, wait));
        }
    }

    /// When the next alarm is due and for whom.
    pub fn next_alarm(&self) -> Option<(SimTime, String, &'static str)> {
        if self.stalled.is_some() {
            return None;
        }
        let goes_on = |a: &Alarm| !matches!(a, Alarm::Proc(pix, _) if self.procs[*pix].as_ref().is_none_or(|p| p.stopped));
        let (Reverse((at, _)), alarm) = self.alarms.iter().rfind(|(_, a)| a.is_live(&self.procs) && goes_on(a))?;
        Some(match alarm {
            Alarm::Proc(pix, _) => {
                let proc = self.procs[*pix].as_ref()?;
                let host = &self.hosts[proc.host].label;
                (*at, format!("{host}: {}", proc.name()), proc.next.what())
            }
            Alarm::Net(_) => (*at, String::from("network"), "packet"),
        })
    }

    /// Whether a program waits for its code.
    pub fn stalled(&self) -> Option<&'static Chunk> {
        self.stalled
    }

    /// Nothing goes on until this chunk is there.
    pub(crate) fn stall(&mut self, chunk: &'static Chunk) {
        self.stalled = Some(chunk);
        self.events.push_back(Event::Load(chunk));
    }

    /// The code behind a door has come: everything goes on. After an error the kernel asks again.
    pub fn loaded(&mut self, chunk: &str, table: Result<&'static [Program], LoadError>) {
        match table {
            Ok(table) => {
                self.chunk_open(chunk, table);
                if self.stalled.is_some_and(|c| c.name == chunk) {
                    self.stalled = None;
                    self.run();
                }
            }
            Err(LoadError) => {
                if let Some(chunk) = self.stalled {
                    self.events.push_back(Event::Load(chunk));
                }
            }
        }
    }

    pub(crate) fn chunk_open(&mut self, chunk: &str, table: &'static [Program]) {
        if let Some(name) = self.programs.iter().flat_map(|t| t.iter()).find_map(|p| match p.main {
            crate::Main::In(c) if c.name == chunk => Some(c.name),
            _ => None,
        }) && !self.chunks.iter().any(|(n, _)| *n == name)
        {
            self.chunks.push((name, table));
        }
    }

    /// Lets everything happen that is due by `to`; the clock then shows `to` (it never goes back).
    pub fn advance(&mut self, to: SimTime) {
        self.run();
        while self.stalled.is_none() {
            let Some(next) = self.alarms.keys().next_back().copied().filter(|Reverse((at, _))| *at <= to) else { break };
            self.now = self.now.max(next.0.0);
            match self.alarms.remove(&next) {
                Some(Alarm::Proc(pix, wait)) => {
                    if let Some(proc) = self.procs[pix].as_mut()
                        && proc.waiting
                        && proc.wait == wait
                    {
                        proc.waiting = false;
                        self.ready.push_back(pix);
                    }
                }
                Some(Alarm::Net(arrival)) => self.arrive(arrival),
                None => {}
            }
            self.run();
        }
        if self.stalled.is_none() {
            self.now = self.now.max(to);
        }
    }

    /// Runs every runnable process until all wait.
    pub(crate) fn run(&mut self) {
        while self.stalled.is_none()
            && let Some(pix) = self.ready.pop_front()
        {
            self.step(pix);
        }
    }

    /// Runs one process until it waits, ends or has used its time.
    fn step(&mut self, pix: Pix) {
        loop {
            let Some(proc) = self.procs.get_mut(pix).and_then(Option::as_mut) else { return };
            if proc.status.is_some() {
                return;
            }
            if proc.stopped {
                // Continued later: SIGCONT makes it ready again.
                proc.waiting = false;
                proc.stopped_ready = true;
                return;
            }
            if proc.spin_at != self.now {
                (proc.spin_at, proc.spins) = (self.now, 0);
            }
            proc.spins += 1;
            if proc.spins > SPIN {
                let at = self.now.plus_millis(1);
                self.sleep_on(pix, Vec::new(), Some(at));
                return;
            }
            // 1. What the guest has written and logged goes out first.
            if !proc.effects.is_empty() {
                match self.flush(pix) {
                    Served::Done(_) => continue,
                    Served::Wait(keys, until) => return self.sleep_on(pix, keys, until),
                    _ => return,
                }
            }
            // 2. Then its trap is served, or its end carried out.
            match std::mem::replace(&mut proc.next, Next::Poll) {
                Next::Poll => self.poll_guest(pix),
                Next::Exit(code) => return self.exit(pix, crate::ChildStatus::Exited(code & 255)),
                Next::Trap(mut trap) => match self.serve(pix, &mut trap) {
                    Served::Done(ret) => {
                        let Some(proc) = self.procs[pix].as_mut() else { return };
                        proc.begun = None;
                        *proc.slot.ret.borrow_mut() = Some(ret);
                    }
                    Served::Wait(keys, until) => {
                        if let Some(proc) = self.procs[pix].as_mut() {
                            proc.next = Next::Trap(trap);
                        }
                        return self.sleep_on(pix, keys, until);
                    }
                    Served::Later => {
                        if let Some(proc) = self.procs[pix].as_mut() {
                            *proc.slot.ret.borrow_mut() = Some(Ok(Ret::Unit));
                        }
                        self.ready.push_back(pix);
                        return;
                    }
                    Served::Stall(chunk) => {
                        if let Some(proc) = self.procs[pix].as_mut() {
                            proc.next = Next::Trap(trap);
                        }
                        self.ready.push_front(pix);
                        self.stall(chunk);
                        return;
                    }
                    Served::Gone => {}
                },
            }
        }
    }

    fn poll_guest(&mut self, pix: Pix) {
        let now = self.now;
        let next_trace = self.next_trace;
        let skew = self.procs[pix].as_ref().map_or(0, |p| self.hosts[p.host].skew);
        let Some(proc) = self.procs[pix].as_mut() else { return };
        let Some(mut guest) = proc.guest.take() else { return };
        let slot = proc.slot.clone();
        slot.now.set(SimTime(now.0.saturating_add_signed(skew)));
        slot.next_trace.set(next_trace);
        let polled = guest.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.next_trace = slot.next_trace.get();
        let Some(proc) = self.procs[pix].as_mut() else { return };
        proc.effects.extend(slot.effects.borrow_mut().drain(..));
        proc.next = match polled {
            Poll::Ready(code) => Next::Exit(code),
            Poll::Pending => {
                proc.guest = Some(guest);
                match slot.trap.borrow_mut().take() {
                    Some(trap) => Next::Trap(trap),
                    // A future that is pending without a trap would wait for ever: treat it as a pause.
                    None => Next::Trap(Trap::Pause),
                }
            }
        };
    }
}
