//! Processes: birth, identity, death. Not here: what they run (`exec`), signals (`signal`), waiting for children (`wait`).
//! Source: fork(2), _exit(2), credentials(7).

use super::exec::ImageError;
use super::sched::Served;
use super::{Host, Kernel, Key, Pix};
use crate::trap::{Effect, Ret};
use crate::vfs::Ino;
use crate::{ChildStatus, Errno, Fd, Guest, Ids, OnSignal, Pid, Run, Signal, SimTime, Spawn, Sys, Sysret, TraceId, Trap, sys::Slot};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a process does next when its turn comes.
pub(crate) enum Next {
    Poll,
    Trap(Trap),
    Exit(i32),
}

impl Next {
    /// For the clock's "next event".
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Next::Trap(Trap::Sleep(_)) => "sleep",
            Next::Trap(Trap::Poll { .. }) => "time-out",
            Next::Trap(Trap::TcpConnect { .. }) => "connection time-out",
            Next::Trap(Trap::RecvFrom { .. }) => "answer time-out",
            Next::Trap(Trap::Fsync(_)) => "disk",
            _ => "run",
        }
    }
}

pub(crate) struct Proc {
    pub(crate) host: usize,
    pub(crate) parent: Option<Pix>,
    pub(crate) pid: Pid,
    pub(crate) pgrp: Pid,
    pub(crate) session: Pid,
    pub(crate) tty: Option<u32>,
    pub(crate) ids: Ids,
    pub(crate) cwd: Ino,
    pub(crate) umask: u16,
    pub(crate) fds: Vec<Option<usize>>,
    pub(crate) slot: Rc<Slot>,
    pub(crate) guest: Option<Guest>,
    pub(crate) next: Next,
    pub(crate) effects: VecDeque<Effect>,
    /// What it writes belongs to this decision.
    pub(crate) mark: TraceId,
    pub(crate) on_signal: Vec<(Signal, OnSignal)>,
    pub(crate) caught: Vec<Signal>,
    /// A caught signal has come that no call was interrupted for yet.
    pub(crate) interrupt: bool,
    pub(crate) stopped: bool,
    /// Became ready while it was stopped.
    pub(crate) stopped_ready: bool,
    /// News for the parent: it stopped or goes on.
    pub(crate) news: Option<ChildStatus>,
    /// How it ended; it is a zombie until its parent waits.
    pub(crate) status: Option<ChildStatus>,
    pub(crate) started: SimTime,
    pub(crate) waiting: bool,
    pub(crate) wait: u32,
    /// What it waits for.
    pub(crate) keys: Vec<Key>,
    /// A trap that takes several steps (connect, echo, a prompt) has begun; what it keeps.
    pub(crate) begun: Option<u64>,
    pub(crate) spin_at: SimTime,
    pub(crate) spins: u32,
}

impl Proc {
    /// A process that leads its own session and group, without parent, terminal or open files.
    fn new(host: usize, slot: Rc<Slot>, guest: Guest, ids: Ids, cwd: Ino, now: SimTime) -> Proc {
        Proc {
            host,
            parent: None,
            pid: slot.pid,
            pgrp: slot.pid,
            session: slot.pid,
            tty: None,
            ids,
            cwd,
            umask: 0o022,
            fds: Vec::new(),
            slot,
            guest: Some(guest),
            next: Next::Poll,
            effects: VecDeque::new(),
            mark: TraceId(0),
            on_signal: Vec::new(),
            caught: Vec::new(),
            interrupt: false,
            stopped: false,
            stopped_ready: false,
            news: None,
            status: None,
            started: now,
            waiting: false,
            wait: 0,
            keys: Vec::new(),
            begun: None,
            spin_at: now,
            spins: 0,
        }
    }
    pub(crate) fn name(&self) -> &str {
        let all = self.slot.argv.first().map_or("", String::as_str);
        all.rsplit('/').next().unwrap_or(all)
    }
    pub(crate) fn disposition(&self, signal: Signal) -> OnSignal {
        self.on_signal.iter().find(|(s, _)| *s == signal).map_or(OnSignal::Default, |(_, d)| *d)
    }
}

impl Kernel {
    pub(crate) fn proc(&self, pix: Pix) -> Sysret<&Proc> {
        self.procs.get(pix).and_then(Option::as_ref).ok_or(Errno::ESRCH)
    }
    pub(crate) fn proc_mut(&mut self, pix: Pix) -> Sysret<&mut Proc> {
        self.procs.get_mut(pix).and_then(Option::as_mut).ok_or(Errno::ESRCH)
    }
    pub(crate) fn pix_of(&self, host: usize, pid: Pid) -> Option<Pix> {
        self.procs.iter().position(|p| p.as_ref().is_some_and(|p| p.host == host && p.pid == pid))
    }

    pub(crate) fn slot(host: &Host, pid: Pid, ppid: Pid, ids: &Ids, argv: Vec<String>, env: Vec<String>) -> Rc<Slot> {
        Rc::new(Slot {
            trap: RefCell::new(None),
            ret: RefCell::new(None),
            effects: RefCell::new(Vec::new()),
            now: Cell::new(SimTime::default()),
            next_trace: Cell::new(0),
            pid,
            ppid: Cell::new(ppid),
            ids: RefCell::new(ids.clone()),
            offset: host.offset,
            argv,
            env,
        })
    }

    /// A process that nobody forked: init, a login shell on a terminal.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn birth(
        &mut self,
        host: usize,
        path: &str,
        argv: Vec<String>,
        env: Vec<String>,
        ids: Ids,
        cwd: &str,
        tty: Option<u32>,
        parent: Option<Pix>,
    ) -> Result<Pix, ImageError> {
        let disk = &self.disks[self.hosts[host].fs];
        let cwd = disk.find(crate::vfs::ROOT, cwd, &Ids::ROOT, true).unwrap_or(crate::vfs::ROOT);
        let image = self.image(host, cwd, &ids, path, argv)?;
        let pid = self.new_pid(host);
        let ppid = parent.and_then(|p| self.procs[p].as_ref()).map_or(0, |p| p.pid);
        let slot = Self::slot(&self.hosts[host], pid, ppid, &ids, image.argv, env);
        let guest = (image.main)(Sys(slot.clone()));
        let proc = Proc { parent, tty, ..Proc::new(host, slot, guest, ids, cwd, self.now) };
        let pix = super::put(&mut self.procs, proc);
        self.ready.push_back(pix);
        Ok(pix)
    }

    fn new_pid(&mut self, host: usize) -> Pid {
        loop {
            let h = &mut self.hosts[host];
            let pid = h.next_pid;
            h.next_pid = if pid >= 4_194_303 { 300 } else { pid + 1 };
            if self.pix_of(host, pid).is_none() {
                return pid;
            }
        }
    }

    pub(crate) fn spawn(&mut self, pix: Pix, spawn: &mut Spawn) -> Served {
        match self.try_spawn(pix, spawn) {
            Ok(pid) => Served::Done(Ok(Ret::Num(i64::from(pid)))),
            Err(ImageError::Errno(e)) => Served::Done(Err(e)),
            Err(ImageError::Stall(chunk)) => Served::Stall(chunk),
        }
    }

    fn try_spawn(&mut self, pix: Pix, spawn: &mut Spawn) -> Result<Pid, ImageError> {
        let parent = self.proc(pix)?;
        if self.procs.iter().flatten().filter(|p| p.host == parent.host && p.status.is_none()).count() >= 1000 {
            return Err(Errno::EAGAIN.into());
        }
        let host = parent.host;
        let mut ids = parent.ids.clone();
        if let Some(new) = &spawn.ids {
            if ids.euid != 0 {
                return Err(Errno::EPERM.into());
            }
            ids = new.clone();
        }
        let disk = &self.disks[self.hosts[host].fs];
        let cwd = match &spawn.cwd {
            Some(path) => disk.find(parent.cwd, path, &ids, true)?,
            None => parent.cwd,
        };
        let (ppid, ppgrp, umask, session, tty) = (parent.pid, parent.pgrp, parent.umask, parent.session, parent.tty);
        let mark = parent.mark;
        let mut on_signal: Vec<(Signal, OnSignal)> = parent.on_signal.iter().filter(|(_, d)| *d == OnSignal::Ignore).copied().collect();
        for &(signal, what) in &spawn.signals {
            on_signal.retain(|(s, _)| *s != signal);
            on_signal.push((signal, what));
        }
        let env = spawn.env.clone().unwrap_or_else(|| parent.slot.env.clone());
        let mut fds: Vec<(Fd, usize)> = Vec::new();
        for &(child, own) in &spawn.fds {
            let file = parent.fds.get(own as usize).copied().flatten().ok_or(Errno::EBADF)?;
            fds.push((child, file));
        }
        let (argv, main) = match &spawn.run {
            Run::Exec(path) => {
                let path = path.clone();
                let image = self.image(host, cwd, &ids, &path, spawn.argv.clone())?;
                if let Some(uid) = image.euid {
                    ids.euid = uid;
                }
                if let Some(gid) = image.egid {
                    ids.egid = gid;
                }
                (image.argv, Some(image.main))
            }
            Run::Fork(_) => (spawn.argv.clone(), None),
        };
        let pid = self.new_pid(host);
        let slot = Self::slot(&self.hosts[host], pid, ppid, &ids, argv, env);
        let guest = match (main, std::mem::replace(&mut spawn.run, Run::Exec(String::new()))) {
            (Some(main), _) => main(Sys(slot.clone())),
            (None, Run::Fork(make)) => make(Sys(slot.clone())),
            (None, Run::Exec(_)) => return Err(Errno::ENOSYS.into()),
        };
        let mut table: Vec<Option<usize>> = Vec::new();
        for (child, file) in fds {
            let child = child.clamp(0, 1023) as usize;
            if table.len() <= child {
                table.resize(child + 1, None);
            }
            if let Some(old) = table[child].replace(file) {
                self.file_drop(old);
            }
            self.file_keep(file);
        }
        let pgrp = match spawn.pgrp {
            Some(0) => pid,
            Some(group) => group,
            None => ppgrp,
        };
        let proc = Proc {
            parent: Some(pix),
            pgrp: if spawn.session { pid } else { pgrp },
            session: if spawn.session { pid } else { session },
            tty: if spawn.session { None } else { tty },
            umask,
            fds: table,
            mark,
            on_signal,
            ..Proc::new(host, slot, guest, ids, cwd, self.now)
        };
        if spawn.foreground
            && let Some(tty) = proc.tty
        {
            self.ttys[tty as usize].foreground = proc.pgrp;
            self.tty_changed(tty);
        }
        let child = super::put(&mut self.procs, proc);
        self.ready.push_back(child);
        Ok(pid)
    }

    /// Ends a process.
    pub(crate) fn exit(&mut self, pix: Pix, status: ChildStatus) {
        let Some(proc) = self.procs.get_mut(pix).and_then(Option::as_mut) else { return };
        if proc.status.is_some() {
            return;
        }
        proc.status = Some(status);
        proc.guest = None;
        proc.effects.clear();
        proc.waiting = false;
        let begun = proc.begun.take().filter(|_| matches!(proc.next, Next::Trap(Trap::TcpConnect { .. })));
        let fds = std::mem::take(&mut proc.fds);
        let (host, parent, pid, session, tty) = (proc.host, proc.parent, proc.pid, proc.session, proc.tty);
        if let Some(watched) = self.watched.iter_mut().find(|(h, p, s)| (*h, *p) == (host, pid) && s.is_none()) {
            watched.2 = Some(status);
        }
        if let Some(c) = begun {
            self.tcp_abandon(c as usize);
        }
        for file in fds.into_iter().flatten() {
            self.file_drop(file);
        }
        // A session's leader takes its terminal with it.
        if let Some(n) = tty {
            if session == pid && self.ttys[n as usize].session == pid {
                self.tty_hang_up(n);
            } else {
                self.tty_changed(n);
            }
        }
        let init = self.pix_of(host, 1).filter(|&i| i != pix && self.procs[i].as_ref().is_some_and(|p| p.status.is_none()));
        for child in 0..self.procs.len() {
            let Some(c) = self.procs[child].as_mut() else { continue };
            if c.parent == Some(pix) {
                c.parent = init;
                c.slot.ppid.set(if init.is_some() { 1 } else { 0 });
                if c.status.is_some() {
                    self.tell_parent(child);
                }
            }
        }
        if parent.is_none() {
            self.procs[pix] = None;
            return;
        }
        self.tell_parent(pix);
    }

    /// Tells the parent that a child has news, or buries it at once if nobody wants to know.
    pub(crate) fn tell_parent(&mut self, child: Pix) {
        let Some(c) = self.procs[child].as_ref() else { return };
        let ended = c.status.is_some();
        let parent = c.parent.filter(|&p| self.procs[p].as_ref().is_some_and(|p| p.status.is_none()));
        let Some(parent) = parent else {
            if ended {
                self.procs[child] = None;
            }
            return;
        };
        let ignored = self.procs[parent].as_ref().is_some_and(|p| p.disposition(Signal::Chld) == OnSignal::Ignore);
        if ignored && ended {
            self.procs[child] = None;
        }
        self.wake(Key::Children(parent));
        self.signal(parent, Signal::Chld);
    }
}
