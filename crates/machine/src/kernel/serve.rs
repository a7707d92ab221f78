//! The dispatch: one arm for each trap.

use super::fd::Obj;
use super::sched::Served;
use super::{Kernel, Key, Pix};
use crate::trap::Ret;
use crate::vfs::Node;
use crate::{Errno, Iface, OnSignal, ProcInfo, SimTime, Sysret, Trap};

fn num(r: Sysret<impl Into<i64>>) -> Served {
    Served::Done(r.map(|n| Ret::Num(n.into())))
}
fn unit(r: Sysret<()>) -> Served {
    Served::Done(r.map(|()| Ret::Unit))
}
fn text(r: Sysret<String>) -> Served {
    Served::Done(r.map(Ret::Text))
}

impl Kernel {
    /// The host's clock, as its processes see it.
    pub(crate) fn local_now(&self, pix: Pix) -> SimTime {
        let skew = self.proc(pix).map_or(0, |p| self.hosts[p.host].skew);
        SimTime(self.now.0.saturating_add_signed(skew))
    }
    /// A time of the host's clock on the world's clock.
    pub(crate) fn world_time(&self, pix: Pix, at: SimTime) -> SimTime {
        let skew = self.proc(pix).map_or(0, |p| self.hosts[p.host].skew);
        SimTime(at.0.saturating_add_signed(-skew))
    }

    /// Serves a trap, interrupting one that would wait when a caught signal has come.
    pub(crate) fn serve(&mut self, pix: Pix, trap: &mut Trap) -> Served {
        let served = self.serve_trap(pix, trap);
        if let Served::Wait(..) = &served
            && Self::interruptible(trap)
            && let Ok(proc) = self.proc_mut(pix)
            && proc.interrupt
        {
            proc.interrupt = false;
            let begun = proc.begun.take();
            match (&*trap, proc.tty, begun) {
                (Trap::EditLine(_), Some(n), _) => self.ttys[n as usize].edit = None,
                (Trap::TcpConnect { .. }, _, Some(c)) => self.tcp_abandon(c as usize),
                _ => {}
            }
            return Served::Done(Err(Errno::EINTR));
        }
        served
    }

    fn serve_trap(&mut self, pix: Pix, trap: &mut Trap) -> Served {
        match trap {
            Trap::Open { path, flags, mode } => {
                let (path, flags, mode) = (std::mem::take(path), *flags, *mode);
                let served = self.open(pix, &path, flags, mode);
                if let (Served::Wait(..), Trap::Open { path: p, .. }) = (&served, trap) {
                    *p = path;
                }
                served
            }
            Trap::Close(fd) => unit(self.close(pix, *fd)),
            Trap::Read { fd, max } => self.read(pix, *fd, *max),
            Trap::Peek { fd, max } => Served::Done(self.peek(pix, *fd, *max).map(Ret::Bytes)),
            Trap::Write { fd, bytes } => self.write(pix, *fd, bytes),
            Trap::Seek { fd, whence, offset } => num(self.seek(pix, *fd, *whence, *offset).map(|n| n as i64)),
            Trap::Fsync(_) => self.fsync(pix),
            Trap::Lock { fd, alone } => unit(self.lock(pix, *fd, *alone)),
            Trap::Stat { path, follow } => Served::Done(self.stat(pix, path, *follow).map(|s| Ret::Stat(Box::new(s)))),
            Trap::Fstat(fd) => Served::Done(self.fstat(pix, *fd).map(|s| Ret::Stat(Box::new(s)))),
            Trap::Statfs(path) => {
                let r = self.stat(pix, path, true).and_then(|_| self.proc(pix));
                let r = r.map(|p| Ret::Usage(self.disks[self.hosts[p.host].fs].used(), crate::vfs::DISK_BYTES));
                Served::Done(r)
            }
            Trap::ReadDir(path) => Served::Done(self.read_dir(pix, path).map(Ret::Entries)),
            Trap::Mkdir { path, mode } => unit(self.make_node(pix, path, Node::Dir(Vec::new(), 0), *mode).map(|_| ())),
            Trap::Mkfifo { path, mode } => unit(self.make_node(pix, path, Node::Fifo(None), *mode).map(|_| ())),
            Trap::Rmdir(path) => unit(self.unlink(pix, path, true)),
            Trap::Unlink(path) => unit(self.unlink(pix, path, false)),
            Trap::Rename { from, to } => unit(self.rename(pix, from, to)),
            Trap::Link { from, to } => unit(self.link(pix, from, to)),
            Trap::Symlink { target, path } => unit(self.symlink(pix, target, path)),
            Trap::ReadLink(path) => text(self.read_link(pix, path)),
            Trap::RealPath(path) => text(self.real_path(pix, path)),
            Trap::Chmod { path, mode } => unit(self.chmod(pix, path, *mode)),
            Trap::Chown { path, uid, gid, follow } => unit(self.chown(pix, path, *uid, *gid, *follow)),
            Trap::Utimes { path, atime, mtime } => unit(self.utimes(pix, path, *atime, *mtime)),
            Trap::Truncate { fd, size } => unit(self.truncate(pix, *fd, *size)),
            Trap::Access { path, read, write, exec } => {
                unit(self.access(pix, path, u16::from(*read) * 4 + u16::from(*write) * 2 + u16::from(*exec)))
            }
            Trap::Chdir(path) => unit(self.chdir(pix, path)),
            Trap::Getcwd => text(self.getcwd(pix)),
            Trap::Umask(mask) => num(self.proc_mut(pix).map(|p| {
                let old = p.umask;
                p.umask = mask.unwrap_or(old) & 0o777;
                old
            })),
            Trap::Pipe => Served::Done(self.pipe(pix).map(|(r, w)| Ret::Pair(r, w))),
            Trap::Dup { fd, min } => num(self.file_of(pix, *fd).and_then(|f| self.give_fd(pix, f, *min))),
            Trap::Dup2 { from, to } => unit(self.dup2(pix, *from, *to)),
            Trap::Fds => {
                Served::Done(self.proc(pix).map(|p| Ret::Fds((0..p.fds.len()).filter(|&i| p.fds[i].is_some()).map(|i| i as i32).collect())))
            }
            Trap::IsTty(fd) => unit(self.tty_of(pix, *fd).map(|_| ())),
            Trap::TtyName(fd) => text(self.tty_of(pix, *fd).map(|n| format!("/dev/pts/{n}"))),
            Trap::TtyGet(fd) => Served::Done(self.tty_of(pix, *fd).map(|n| Ret::Termios(self.ttys[n as usize].modes))),
            Trap::TtySet(fd, modes) => match self.tty_of(pix, *fd) {
                Ok(n) if self.tty_holds(pix, n) => Served::Wait(vec![Key::Tty(n)], None),
                found => unit(found.map(|n| {
                    self.ttys[n as usize].modes = *modes;
                    self.tty_changed(n);
                })),
            },
            Trap::TtySize(fd) => {
                Served::Done(self.tty_of(pix, *fd).map(|n| Ret::Size(self.ttys[n as usize].size.0, self.ttys[n as usize].size.1)))
            }
            Trap::TtyForeground(group) => match self.proc(pix).ok().and_then(|p| p.tty) {
                Some(n) if group.is_some() && self.tty_holds(pix, n) => Served::Wait(vec![Key::Tty(n)], None),
                _ => num(self.tty_foreground(pix, *group)),
            },
            Trap::EditLine(edit) => {
                let edit = edit.clone();
                self.edit_line(pix, edit)
            }
            Trap::Spawn(spawn) => self.spawn(pix, spawn),
            Trap::Exec { path, argv, env } => self.exec(pix, path, argv, env),
            Trap::Part(name) => self.part(name),
            Trap::Wait { which, block, stopped } => self.wait_child(pix, *which, *block, *stopped),
            Trap::Kill { target, signal } => unit(self.kill(pix, *target, *signal)),
            Trap::OnSignal(signal, what) => unit(self.proc_mut(pix).map(|p| {
                p.on_signal.retain(|(s, _)| s != signal);
                if *what != OnSignal::Default {
                    p.on_signal.push((*signal, *what));
                }
            })),
            Trap::Signals => Served::Done(self.proc_mut(pix).map(|p| {
                p.interrupt = false;
                Ret::Signals(std::mem::take(&mut p.caught))
            })),
            Trap::SetIds(ids) => unit(self.set_ids(pix, ids.clone())),
            Trap::Setpgid(pid, group) => unit(self.setpgid(pix, *pid, *group)),
            Trap::Setsid => unit(self.proc_mut(pix).map(|p| (p.session, p.pgrp, p.tty) = (p.pid, p.pid, None))),
            Trap::Traces => Served::Done(self.proc(pix).map(|p| Ret::Traces(self.traces_of(p.host)))),
            Trap::Procs => Served::Done(self.proc(pix).map(|p| Ret::Procs(self.proc_rows(p.host)))),
            Trap::Sleep(until) => {
                if *until <= self.local_now(pix) {
                    return unit(Ok(()));
                }
                let until = self.world_time(pix, *until);
                Served::Wait(vec![Key::Signal(pix)], Some(until))
            }
            Trap::Pause => Served::Wait(vec![Key::Signal(pix)], None),
            Trap::Yield => Served::Later,
            Trap::Poll { fds, until } => {
                let (fds, until) = (std::mem::take(fds), *until);
                let served = self.poll_fds(pix, &fds, until);
                if let Trap::Poll { fds: f, .. } = trap {
                    *f = fds;
                }
                served
            }
            Trap::Random => Served::Done(Ok(Ret::Num(self.random() as i64))),
            Trap::HostName(new) => text(self.host_name(pix, new.take())),
            Trap::TcpListen { addr } => num(self.tcp_listen(pix, *addr)),
            Trap::TcpConnect { to, from, until } => self.tcp_connect(pix, *to, *from, *until),
            Trap::Accept { fd, wait } => match self.accept(pix, *fd) {
                Served::Wait(..) if !*wait => unit(Err(Errno::EAGAIN)),
                served => served,
            },
            Trap::SockName(fd) => Served::Done(self.sock_name(pix, *fd, false).map(Ret::Addr)),
            Trap::PeerName(fd) => Served::Done(self.sock_name(pix, *fd, true).map(Ret::Addr)),
            Trap::Shutdown(fd) => unit(match self.obj_of(pix, *fd) {
                Ok(Obj::Tcp(c, side)) => {
                    self.tcp_fin(c, side);
                    Ok(())
                }
                Ok(_) => Err(Errno::ENOTSOCK),
                Err(e) => Err(e),
            }),
            Trap::UdpBind { addr } => num(self.udp_bind(pix, *addr)),
            Trap::SendTo { fd, to, bytes } => unit(self.send_to(pix, *fd, *to, bytes)),
            Trap::RecvFrom { fd, until } => self.recv_from(pix, *fd, *until),
            Trap::UnixListen { path, mode } => num(self.unix_listen(pix, path, *mode)),
            Trap::UnixConnect { path } => num(self.unix_connect(pix, path)),
            Trap::Echo { to, from, bytes, until, .. } => self.echo(pix, *to, *from, *bytes, *until),
            Trap::Ifaces => Served::Done(self.proc(pix).map(|p| Ret::Ifaces(self.hosts[p.host].ifaces.clone()))),
            Trap::IfaceSet(iface) => unit(self.iface_set(pix, iface.clone())),
            Trap::Neighbours => Served::Done(self.proc(pix).map(|p| Ret::Neighbours(self.hosts[p.host].neighbours.clone()))),
            Trap::NeighbourSet(ip, mac) => unit(self.neighbour_set(pix, *ip, *mac)),
            Trap::Socks => Served::Done(self.socks(pix).map(Ret::Socks)),
            Trap::SetClock(at) => unit(self.set_clock(pix, *at)),
        }
    }

    /// The disk takes some milliseconds.
    fn fsync(&mut self, pix: Pix) -> Served {
        let Ok(proc) = self.proc(pix) else { return Served::Gone };
        match proc.begun {
            Some(until) if until <= self.now.0 => unit(Ok(())),
            Some(until) => Served::Wait(Vec::new(), Some(SimTime(until))),
            None => {
                let until = self.now.plus_micros(4000 + self.random() % 9000);
                if let Ok(proc) = self.proc_mut(pix) {
                    proc.begun = Some(until.0);
                }
                Served::Wait(Vec::new(), Some(until))
            }
        }
    }

    fn tty_of(&self, pix: Pix, fd: i32) -> Sysret<u32> {
        match self.obj_of(pix, fd)? {
            Obj::Tty(n) if (n as usize) < self.ttys.len() => Ok(n),
            _ => Err(Errno::ENOTTY),
        }
    }

    /// Stops the group of a background process that wants to change its terminal (SIGTTOU), unless it does not care.
    fn tty_holds(&mut self, pix: Pix, n: u32) -> bool {
        let Ok(proc) = self.proc(pix) else { return false };
        let (host, group, front) = (proc.host, proc.pgrp, self.ttys[n as usize].foreground);
        let held = proc.tty == Some(n) && front != 0 && group != front && proc.disposition(crate::Signal::Ttou) != OnSignal::Ignore;
        if held {
            self.signal_target(host, crate::KillTarget::Group(group), crate::Signal::Ttou);
        }
        held
    }

    fn tty_foreground(&mut self, pix: Pix, group: Option<i32>) -> Sysret<i32> {
        let n = self.proc(pix)?.tty.ok_or(Errno::ENOTTY)?;
        let tty = &mut self.ttys[n as usize];
        let old = tty.foreground;
        if let Some(group) = group {
            tty.foreground = group;
            self.tty_changed(n);
            self.wake(Key::Tty(n));
        }
        Ok(old)
    }

    /// A prompt: the line comes back when Enter was typed.
    fn edit_line(&mut self, pix: Pix, edit: crate::EditLine) -> Served {
        let n = match self.tty_of(pix, 0) {
            Ok(n) => n,
            Err(e) => return Served::Done(Err(e)),
        };
        let tty = &mut self.ttys[n as usize];
        if tty.hung_up {
            return unit(Ok(()));
        }
        if tty.edit.is_none() {
            let prompt = edit.prompt.clone();
            // What was typed ahead is shown again behind the prompt, as readline does.
            let ahead = tty.ready.front().cloned();
            tty.edit = Some(edit);
            tty.interrupted = false;
            self.tty_out(n, false, prompt.as_bytes(), crate::TraceId(0));
            if let Some(line) = ahead {
                self.tty_out(n, true, &line, crate::TraceId(0));
            }
            self.tty_changed(n);
        }
        let tty = &mut self.ttys[n as usize];
        let served = if std::mem::take(&mut tty.interrupted) {
            Served::Done(Err(Errno::EINTR))
        } else {
            match tty.ready.pop_front() {
                None => return Served::Wait(vec![Key::Tty(n), Key::Signal(pix)], None),
                Some(line) if line.is_empty() => unit(Ok(())),
                Some(mut line) => {
                    line.pop_if(|b| *b == b'\n');
                    Served::Done(Ok(Ret::Text(String::from_utf8_lossy(&line).into_owned())))
                }
            }
        };
        tty.edit = None;
        self.tty_changed(n);
        if let Ok(proc) = self.proc_mut(pix) {
            proc.mark = crate::TraceId(0);
        }
        served
    }

    fn set_ids(&mut self, pix: Pix, ids: crate::Ids) -> Sysret<()> {
        let proc = self.proc_mut(pix)?;
        // Who is root, really or in effect, can become anyone: seteuid(0) comes first. Others can only go back and forth.
        let old = &proc.ids;
        let own = [old.uid, old.euid].contains(&ids.uid)
            && [old.uid, old.euid].contains(&ids.euid)
            && [old.gid, old.egid].contains(&ids.gid)
            && [old.gid, old.egid].contains(&ids.egid)
            && old.groups == ids.groups;
        if old.euid != 0 && old.uid != 0 && !own {
            return Err(Errno::EPERM);
        }
        *proc.slot.ids.borrow_mut() = ids.clone();
        proc.ids = ids;
        Ok(())
    }

    fn setpgid(&mut self, pix: Pix, pid: i32, group: i32) -> Sysret<()> {
        let host = self.proc(pix)?.host;
        let target = if pid == 0 { pix } else { self.pix_of(host, pid).ok_or(Errno::ESRCH)? };
        if target != pix && self.proc(target)?.parent != Some(pix) {
            return Err(Errno::ESRCH);
        }
        let proc = self.proc_mut(target)?;
        proc.pgrp = if group == 0 { proc.pid } else { group };
        Ok(())
    }

    pub(crate) fn proc_rows(&self, host: usize) -> Vec<ProcInfo> {
        let mut rows: Vec<ProcInfo> = Vec::new();
        for p in self.procs.iter().flatten().filter(|p| p.host == host) {
            let ppid = p.slot.ppid.get();
            rows.push(ProcInfo {
                pid: p.pid,
                ppid,
                pgrp: p.pgrp,
                session: p.session,
                uid: p.ids.euid,
                argv: p.slot.argv.clone(),
                tty: p.tty.map_or_else(|| String::from("?"), |n| format!("pts/{n}")),
                foreground: p.tty.is_some_and(|n| self.ttys[n as usize].foreground == p.pgrp),
                state: match (p.status.is_some(), p.stopped, p.waiting) {
                    (true, ..) => 'Z',
                    (_, true, _) => 'T',
                    (_, _, true) => 'S',
                    _ => 'R',
                },
                started: p.started,
            });
        }
        crate::sort_by_key(&mut rows, |r| r.pid);
        rows
    }

    fn host_name(&mut self, pix: Pix, new: Option<String>) -> Sysret<String> {
        let proc = self.proc(pix)?;
        let (host, root) = (proc.host, proc.ids.euid == 0);
        if let Some(new) = new {
            if !root {
                return Err(Errno::EPERM);
            }
            self.hosts[host].name = new;
        }
        Ok(self.hosts[host].name.clone())
    }

    fn iface_set(&mut self, pix: Pix, iface: Iface) -> Sysret<()> {
        let proc = self.proc(pix)?;
        if proc.ids.euid != 0 {
            return Err(Errno::EPERM);
        }
        let host = proc.host;
        let all = &mut self.hosts[host].ifaces;
        let alias = iface.name.split_once(':').is_some_and(|(base, _)| all.iter().any(|i| i.name == base));
        match all.iter().position(|i| i.name == iface.name) {
            // An alias lives as long as it has an address.
            Some(i) if alias && iface.addrs.is_empty() => drop(all.remove(i)),
            Some(i) => all[i] = iface,
            None if alias && !iface.addrs.is_empty() => all.push(iface),
            None if alias => {}
            None => return Err(Errno::ENOENT),
        }
        Ok(())
    }

    fn set_clock(&mut self, pix: Pix, at: SimTime) -> Sysret<()> {
        let proc = self.proc(pix)?;
        if proc.ids.euid != 0 {
            return Err(Errno::EPERM);
        }
        let host = proc.host;
        self.hosts[host].skew = at.0 as i64 - self.now.0 as i64;
        Ok(())
    }
}
