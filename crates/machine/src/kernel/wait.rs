//! Waiting for children. Source: waitpid(2).

use super::sched::Served;
use super::{Kernel, Key, Pix};
use crate::{ChildStatus, Errno, WaitFor, trap::Ret};

impl Kernel {
    pub(crate) fn wait_child(&mut self, pix: Pix, which: WaitFor, block: bool, stopped: bool) -> Served {
        let mut any = false;
        let mut found: Option<(Pix, ChildStatus, bool)> = None;
        for (i, child) in self.procs.iter_mut().enumerate().filter_map(|(i, p)| p.as_mut().map(|p| (i, p))) {
            let wanted = match which {
                WaitFor::Any => true,
                WaitFor::Pid(pid) => child.pid == pid,
                WaitFor::Group(group) => child.pgrp == group,
            };
            if child.parent != Some(pix) || !wanted {
                continue;
            }
            any = true;
            if let Some(status) = child.status {
                found = Some((i, status, true));
                break;
            }
            if stopped && let Some(status) = child.news.take() {
                found = Some((i, status, false));
                break;
            }
        }
        if let Some((i, status, ended)) = found {
            let pid = self.procs[i].as_ref().map_or(0, |p| p.pid);
            if ended {
                self.procs[i] = None;
            }
            return Served::Done(Ok(Ret::Child(Some((pid, status)))));
        }
        if !any {
            return Served::Done(Err(Errno::ECHILD));
        }
        if !block {
            return Served::Done(Ok(Ret::Child(None)));
        }
        Served::Wait(vec![Key::Children(pix)], None)
    }
}
