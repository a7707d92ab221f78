//! Signals: who may send them, what they do. Source: signal(7), kill(2).

use super::{Kernel, Key, Pix};
use crate::{ChildStatus, Errno, Ids, KillTarget, OnSignal, Signal, Sysret};

impl Kernel {
    /// kill(2) by a process.
    pub(crate) fn kill(&mut self, pix: Pix, target: KillTarget, signal: Option<Signal>) -> Sysret<()> {
        let me = self.proc(pix)?;
        let (host, ids) = (me.host, me.ids.clone());
        let targets = self.targets(host, target, Some(pix));
        if targets.is_empty() {
            return Err(Errno::ESRCH);
        }
        let mut sent = false;
        for t in targets {
            if self.may_signal(&ids, t) {
                sent = true;
                if let Some(signal) = signal {
                    self.signal(t, signal);
                }
            }
        }
        if sent { Ok(()) } else { Err(Errno::EPERM) }
    }

    fn may_signal(&self, ids: &Ids, target: Pix) -> bool {
        let Ok(t) = self.proc(target) else { return false };
        ids.euid == 0 || ids.uid == t.ids.uid || ids.euid == t.ids.uid
    }

    fn targets(&self, host: usize, target: KillTarget, me: Option<Pix>) -> Vec<Pix> {
        let matches = |(i, p): (Pix, &super::proc::Proc)| match target {
            KillTarget::Pid(pid) => p.pid == pid,
            KillTarget::Group(group) => p.pgrp == group && p.status.is_none(),
            KillTarget::All => Some(i) != me && p.pid != 1 && p.status.is_none(),
        };
        let procs = self.procs.iter().enumerate().filter_map(|(i, p)| p.as_ref().map(|p| (i, p)));
        procs.filter(|(_, p)| p.host == host).filter(|&(i, p)| matches((i, p))).map(|(i, _)| i).collect()
    }

    /// Sends a signal as the kernel does (from a terminal).
    pub(crate) fn signal_target(&mut self, host: usize, target: KillTarget, signal: Signal) {
        for t in self.targets(host, target, None) {
            self.signal(t, signal);
        }
    }

    /// Delivers a signal to one process.
    pub(crate) fn signal(&mut self, pix: Pix, signal: Signal) {
        let Some(proc) = self.procs.get_mut(pix).and_then(Option::as_mut) else { return };
        if proc.status.is_some() {
            return;
        }
        if signal == Signal::Cont && proc.stopped {
            proc.stopped = false;
            proc.news = Some(ChildStatus::Continued);
            if std::mem::take(&mut proc.stopped_ready) {
                self.ready.push_back(pix);
            }
            self.tell_parent(pix);
        }
        let Some(proc) = self.procs[pix].as_mut() else { return };
        let always = matches!(signal, Signal::Kill | Signal::Stop);
        match if always { OnSignal::Default } else { proc.disposition(signal) } {
            OnSignal::Ignore => {}
            OnSignal::Catch => {
                if !proc.caught.contains(&signal) {
                    proc.caught.push(signal);
                }
                proc.interrupt = true;
                self.wake(Key::Signal(pix));
                self.rouse(pix);
            }
            OnSignal::Default => match signal {
                Signal::Chld | Signal::Cont | Signal::Urg | Signal::Winch => {}
                _ if proc.pid == 1 => {}
                Signal::Stop | Signal::Tstp | Signal::Ttin | Signal::Ttou => {
                    if !proc.stopped {
                        proc.stopped = true;
                        proc.news = Some(ChildStatus::Stopped(signal));
                        self.tell_parent(pix);
                    }
                }
                _ => self.exit(pix, ChildStatus::Signaled(signal)),
            },
        }
    }
}
