//! Waiting: for children, and for one of several descriptors. Source: waitpid(2), poll(2).

use super::fd::Obj;
use super::sched::Served;
use super::unix::UNIX;
use super::{Kernel, Key, Pix};
use crate::{ChildStatus, Errno, Fd, Interest, SimTime, WaitFor, trap::Ret};

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

    pub(crate) fn poll_fds(&mut self, pix: Pix, fds: &[(Fd, Interest)], until: Option<SimTime>) -> Served {
        let mut ready = Vec::new();
        let mut keys = vec![Key::Signal(pix)];
        for &(fd, interest) in fds {
            let file = match self.file_of(pix, fd) {
                Ok(file) => file,
                Err(e) => return Served::Done(Err(e)),
            };
            let Some(f) = self.files[file].as_ref() else { continue };
            let (now, key) = match (f.obj, interest) {
                (Obj::Inode(fs, ino), Interest::Change) => {
                    let stat = self.disks[fs].stat(ino);
                    (stat.is_ok_and(|s| (s.size, s.mtime) != f.seen), Some(Key::File(fs, ino)))
                }
                (Obj::PipeRead(s) | Obj::Unix(s, _), Interest::Read) => {
                    (self.streams[s].as_ref().is_none_or(|s| s.len() > 0 || s.writers == 0), Some(Key::Stream(s)))
                }
                (Obj::PipeWrite(s) | Obj::Unix(_, s), Interest::Write) => {
                    (self.streams[s].as_ref().is_none_or(|s| s.room() > 0 || s.readers == 0), Some(Key::Stream(s)))
                }
                (Obj::UnixListener(l), Interest::Read) => {
                    (self.unix[l].as_ref().is_some_and(|l| !l.queue.is_empty()), Some(Key::Listener(l + UNIX)))
                }
                (Obj::Tty(n), Interest::Read) => {
                    (self.ttys.get(n as usize).is_none_or(|t| t.hung_up || !t.ready.is_empty()), Some(Key::Tty(n)))
                }
                (Obj::Tcp(c, side), i) => (self.tcp_ready(c, side, i), Some(Key::Conn(c))),
                (Obj::TcpListener(l), Interest::Read) => {
                    (self.net.listeners[l].as_ref().is_some_and(|l| !l.queue.is_empty()), Some(Key::Listener(l)))
                }
                (Obj::Udp(u), Interest::Read) => (self.net.udps[u].as_ref().is_some_and(|u| !u.queue.is_empty()), Some(Key::Udp(u))),
                _ => (true, None),
            };
            if now {
                ready.push(fd);
            }
            keys.extend(key);
        }
        if !ready.is_empty() || until.is_some_and(|t| t <= self.local_now(pix)) {
            return Served::Done(Ok(Ret::Ready(ready)));
        }
        let until = until.map(|t| self.world_time(pix, t));
        Served::Wait(keys, until)
    }
}
