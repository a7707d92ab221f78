//! Open files: reading, writing, closing, sharing; pipes. Not here: paths (`files`), unix sockets (`unix`), TCP and UDP (`net`), waiting
//! for several of them (`wait`). Source: read(2), write(2), pipe(7).

use super::sched::Served;
use super::{Kernel, Key, Pix, put, stream::Stream};
use crate::trap::{Effect, Ret};
use crate::vfs::{DISK_BYTES, Dev, Ino, Node};
use crate::{Errno, Fd, OnSignal, Signal, SimTime, Sysret, TraceId, Trap, Whence};

/// What an open file is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obj {
    Inode(usize, Ino),
    Dev(Dev),
    PipeRead(usize),
    PipeWrite(usize),
    /// Receiving and sending stream.
    Unix(usize, usize),
    UnixListener(usize),
    Tty(u32),
    Tcp(usize, usize),
    TcpListener(usize),
    Udp(usize),
}

pub(crate) struct OpenFile {
    pub(crate) refs: u32,
    pub(crate) obj: Obj,
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) append: bool,
    pub(crate) pos: u64,
    /// A lock: 1 with others, 2 alone.
    lock: u8,
    /// Size and time of the file when it was last read, for [`Interest::Change`].
    pub(crate) seen: (u64, SimTime),
}

/// Descriptors that a process can have.
const MAX_FDS: usize = 1024;

impl Kernel {
    pub(crate) fn open_file(&mut self, obj: Obj, read: bool, write: bool, append: bool) -> usize {
        put(&mut self.files, OpenFile { refs: 0, obj, read, write, append, pos: 0, lock: 0, seen: (0, SimTime(0)) })
    }
    pub(crate) fn file_keep(&mut self, file: usize) {
        if let Some(f) = self.files[file].as_mut() {
            f.refs += 1;
        }
    }

    /// Gives an open file the lowest free number from `min`.
    pub(crate) fn give_fd(&mut self, pix: Pix, file: usize, min: Fd) -> Sysret<Fd> {
        let proc = self.proc_mut(pix)?;
        let min = min.max(0) as usize;
        let fd = (min..).find(|&i| proc.fds.get(i).is_none_or(Option::is_none)).unwrap_or(min);
        if fd >= MAX_FDS {
            if self.files[file].as_ref().is_some_and(|f| f.refs == 0) {
                self.file_keep(file);
                self.file_drop(file);
            }
            return Err(Errno::EMFILE);
        }
        if proc.fds.len() <= fd {
            proc.fds.resize(fd + 1, None);
        }
        proc.fds[fd] = Some(file);
        self.file_keep(file);
        Ok(fd as Fd)
    }

    pub(crate) fn file_of(&self, pix: Pix, fd: Fd) -> Sysret<usize> {
        let i = usize::try_from(fd).map_err(|_| Errno::EBADF)?;
        self.proc(pix)?.fds.get(i).copied().flatten().ok_or(Errno::EBADF)
    }
    pub(crate) fn obj_of(&self, pix: Pix, fd: Fd) -> Sysret<Obj> {
        let file = self.file_of(pix, fd)?;
        self.files[file].as_ref().map(|f| f.obj).ok_or(Errno::EBADF)
    }

    pub(crate) fn close(&mut self, pix: Pix, fd: Fd) -> Sysret<()> {
        let file = self.file_of(pix, fd)?;
        if let Some(place) = self.proc_mut(pix)?.fds.get_mut(fd as usize) {
            *place = None;
        }
        self.file_drop(file);
        Ok(())
    }

    pub(crate) fn lock(&mut self, pix: Pix, fd: Fd, alone: bool) -> Sysret<()> {
        let file = self.file_of(pix, fd)?;
        let Obj::Inode(fs, ino) = self.obj_of(pix, fd)? else { return Err(Errno::EINVAL) };
        let level = u8::from(alone);
        let same = |f: &OpenFile| matches!(f.obj, Obj::Inode(a, b) if (a, b) == (fs, ino));
        if self.files.iter().enumerate().any(|(i, f)| i != file && f.as_ref().is_some_and(|f| f.lock + level > 1 && same(f))) {
            return Err(Errno::EAGAIN);
        }
        if let Some(f) = self.files[file].as_mut() {
            f.lock = 1 + level;
        }
        Ok(())
    }

    pub(crate) fn dup2(&mut self, pix: Pix, from: Fd, to: Fd) -> Sysret<()> {
        let file = self.file_of(pix, from)?;
        if from == to {
            return Ok(());
        }
        let _ = self.close(pix, to);
        self.give_fd(pix, file, to).map(|_| ())
    }

    /// One reference less; the last one closes.
    pub(crate) fn file_drop(&mut self, file: usize) {
        let Some(f) = self.files[file].as_mut() else { return };
        f.refs = f.refs.saturating_sub(1);
        if f.refs > 0 {
            return;
        }
        let (obj, read, write) = (f.obj, f.read, f.write);
        self.files[file] = None;
        match obj {
            Obj::Inode(fs, ino) => {
                let disk = &mut self.disks[fs];
                if let Ok(inode) = disk.inode_mut(ino) {
                    inode.opens = inode.opens.saturating_sub(1);
                }
                disk.reap(ino);
            }
            Obj::PipeRead(s) => self.stream_drop(s, read, false),
            Obj::PipeWrite(s) => self.stream_drop(s, false, write),
            Obj::Unix(rx, tx) => self.unix_close(rx, tx, false),
            Obj::UnixListener(l) => {
                let Some(listener) = self.unix[l].take() else { return };
                if let Ok(inode) = self.disks[listener.fs].inode_mut(listener.ino) {
                    inode.node = Node::Socket(None);
                }
                for (rx, tx) in listener.queue {
                    self.unix_close(rx, tx, true);
                }
            }
            Obj::Tcp(conn, side) => self.tcp_close(conn, side),
            Obj::TcpListener(l) => self.tcp_unlisten(l),
            Obj::Udp(u) => self.net.udps[u] = None,
            Obj::Dev(_) | Obj::Tty(_) => {}
        }
    }

    pub(crate) fn stream_drop(&mut self, s: usize, reader: bool, writer: bool) {
        let Some(stream) = self.streams[s].as_mut() else { return };
        stream.readers -= u32::from(reader && stream.readers > 0);
        stream.writers -= u32::from(writer && stream.writers > 0);
        if stream.readers == 0 && stream.writers == 0 {
            let fifo = stream.fifo;
            self.streams[s] = None;
            if let Some((fs, ino)) = fifo
                && let Ok(inode) = self.disks[fs].inode_mut(ino)
            {
                inode.node = Node::Fifo(None);
            }
        }
        self.wake(Key::Stream(s));
    }

    pub(crate) fn pipe(&mut self, pix: Pix) -> Sysret<(Fd, Fd)> {
        let s = put(&mut self.streams, Stream::new(1, 1));
        let r = self.open_file(Obj::PipeRead(s), true, false, false);
        let r = self.give_fd(pix, r, 0)?;
        let w = self.open_file(Obj::PipeWrite(s), false, true, false);
        let w = self.give_fd(pix, w, 0)?;
        Ok((r, w))
    }

    pub(crate) fn peek(&mut self, pix: Pix, fd: Fd, max: usize) -> Sysret<Vec<u8>> {
        let file = self.file_of(pix, fd)?;
        match self.files[file].as_ref().map(|f| f.obj) {
            Some(Obj::Tcp(c, side)) => Ok(self.tcp_front(c, side, max)),
            _ => Err(Errno::EINVAL),
        }
    }
    pub(crate) fn read(&mut self, pix: Pix, fd: Fd, max: usize) -> Served {
        let file = match self.file_of(pix, fd) {
            Ok(file) => file,
            Err(e) => return Served::Done(Err(e)),
        };
        let Some(f) = self.files[file].as_mut() else { return Served::Done(Err(Errno::EBADF)) };
        if !f.read {
            return Served::Done(Err(Errno::EBADF));
        }
        match f.obj {
            Obj::Inode(fs, ino) => {
                let disk = &mut self.disks[fs];
                let now = self.now;
                let inode = match disk.inode_mut(ino) {
                    Ok(inode) => inode,
                    Err(e) => return Served::Done(Err(e)),
                };
                let Node::File(data) = &inode.node else { return Served::Done(Err(Errno::EISDIR)) };
                f.seen = (data.len() as u64, inode.mtime);
                let from = (f.pos as usize).min(data.len());
                let to = from.saturating_add(max).min(data.len());
                let bytes = data[from..to].to_vec();
                f.pos += bytes.len() as u64;
                inode.atime = now;
                Served::Done(Ok(Ret::Bytes(bytes)))
            }
            Obj::Dev(dev) => Served::Done(Ok(Ret::Bytes(match dev {
                Dev::Zero | Dev::Full => vec![0; max.min(1 << 20)],
                Dev::Random => (0..max.min(4096)).map(|_| self.random() as u8).collect(),
                _ => Vec::new(),
            }))),
            Obj::PipeRead(s) | Obj::Unix(s, _) => self.read_stream(pix, s, max),
            Obj::Tty(n) => self.read_tty(pix, n, max),
            Obj::Tcp(conn, side) => self.tcp_read(pix, conn, side, max),
            _ => Served::Done(Err(Errno::EINVAL)),
        }
    }

    pub(crate) fn read_stream(&mut self, pix: Pix, s: usize, max: usize) -> Served {
        let Some(stream) = self.streams[s].as_mut() else { return Served::Done(Ok(Ret::Bytes(Vec::new()))) };
        if stream.len() == 0 {
            return match stream.writers {
                0 if std::mem::take(&mut stream.reset) => Served::Done(Err(Errno::ECONNRESET)),
                0 => self.read_end(pix),
                _ => Served::Wait(vec![Key::Stream(s)], None),
            };
        }
        let (bytes, mark) = stream.pull(max);
        self.wake(Key::Stream(s));
        if let Ok(proc) = self.proc_mut(pix) {
            proc.mark = mark;
        }
        Served::Done(Ok(Ret::Bytes(bytes)))
    }

    /// End of file: what the reader writes next tells of no decision.
    pub(crate) fn read_end(&mut self, pix: Pix) -> Served {
        if let Ok(proc) = self.proc_mut(pix) {
            proc.mark = TraceId(0);
        }
        Served::Done(Ok(Ret::Bytes(Vec::new())))
    }

    fn read_tty(&mut self, pix: Pix, n: u32, max: usize) -> Served {
        let (Some(proc), Some(tty)) = (self.procs.get(pix).and_then(Option::as_ref), self.ttys.get_mut(n as usize)) else {
            return Served::Done(Err(Errno::EIO));
        };
        if tty.hung_up {
            return Served::Done(Ok(Ret::Bytes(Vec::new())));
        }
        if proc.tty == Some(n) && tty.foreground != 0 && proc.pgrp != tty.foreground {
            if proc.disposition(Signal::Ttin) == OnSignal::Ignore {
                return Served::Done(Err(Errno::EIO));
            }
            let (host, group) = (proc.host, proc.pgrp);
            self.signal_target(host, crate::KillTarget::Group(group), Signal::Ttin);
            return Served::Wait(vec![Key::Tty(n)], None);
        }
        match tty.take(max) {
            Some(bytes) => {
                if let Ok(proc) = self.proc_mut(pix) {
                    proc.mark = TraceId(0);
                }
                Served::Done(Ok(Ret::Bytes(bytes)))
            }
            None => Served::Wait(vec![Key::Tty(n)], None),
        }
    }

    /// Writes as much as there is room for; `bytes` keeps the rest. `Done` when all is written.
    pub(crate) fn write(&mut self, pix: Pix, fd: Fd, bytes: &mut Vec<u8>) -> Served {
        let done = |r: Sysret<()>| Served::Done(r.map(|()| Ret::Unit));
        let file = match self.file_of(pix, fd) {
            Ok(file) => file,
            Err(e) => return done(Err(e)),
        };
        let mark = self.proc(pix).map_or(TraceId(0), |p| p.mark);
        let Some(f) = self.files[file].as_mut() else { return done(Err(Errno::EBADF)) };
        if !f.write {
            return done(Err(Errno::EBADF));
        }
        match f.obj {
            Obj::Inode(fs, ino) => {
                let disk = &mut self.disks[fs];
                if bytes.len() > 4096 && disk.used() + bytes.len() as u64 > DISK_BYTES {
                    return done(Err(Errno::ENOSPC));
                }
                let now = self.now;
                let Ok(inode) = disk.inode_mut(ino) else { return done(Err(Errno::EIO)) };
                let Node::File(data) = &mut inode.node else { return done(Err(Errno::EISDIR)) };
                if f.append {
                    f.pos = data.len() as u64;
                }
                let at = f.pos as usize;
                if at + bytes.len() > DISK_BYTES as usize {
                    return done(Err(Errno::EFBIG));
                }
                if at > data.len() {
                    data.resize(at, 0);
                }
                let overlap = bytes.len().min(data.len() - at);
                data[at..at + overlap].copy_from_slice(&bytes[..overlap]);
                data.extend_from_slice(&bytes[overlap..]);
                f.pos += bytes.len() as u64;
                inode.mtime = now;
                inode.ctime = now;
                self.wake(Key::File(fs, ino));
                done(Ok(()))
            }
            Obj::Dev(Dev::Full) => done(Err(Errno::ENOSPC)),
            Obj::Dev(_) => done(Ok(())),
            Obj::PipeWrite(s) | Obj::Unix(_, s) => {
                let Some(stream) = self.streams[s].as_mut().filter(|s| s.readers > 0) else {
                    self.signal(pix, Signal::Pipe);
                    return done(Err(Errno::EPIPE));
                };
                let n = stream.room().min(bytes.len());
                stream.push(&bytes[..n], mark);
                bytes.drain(..n);
                if n > 0 {
                    self.wake(Key::Stream(s));
                }
                if bytes.is_empty() { done(Ok(())) } else { Served::Wait(vec![Key::Stream(s)], None) }
            }
            Obj::Tty(n) => {
                if self.ttys.get(n as usize).is_none_or(|t| t.hung_up) {
                    return done(Err(Errno::EIO));
                }
                self.tty_out(n, false, bytes, mark);
                done(Ok(()))
            }
            Obj::Tcp(conn, side) => self.tcp_write(pix, conn, side, bytes, mark),
            _ => done(Err(Errno::EINVAL)),
        }
    }

    /// Carries out what a guest has written, logged and traced since its last trap. `Done`: all of it.
    pub(crate) fn flush(&mut self, pix: Pix) -> Served {
        loop {
            let Some(proc) = self.procs[pix].as_mut() else { return Served::Gone };
            let Some(effect) = proc.effects.pop_front() else { return Served::Done(Ok(Ret::Unit)) };
            match effect {
                Effect::Mark(id) => proc.mark = id,
                Effect::Write(fd, mut bytes) => match self.write(pix, fd, &mut bytes) {
                    Served::Wait(keys, until) => {
                        if let Some(proc) = self.procs[pix].as_mut() {
                            proc.effects.push_front(Effect::Write(fd, bytes));
                        }
                        return Served::Wait(keys, until);
                    }
                    _ => {
                        if self.procs[pix].as_ref().is_none_or(|p| p.status.is_some()) {
                            return Served::Gone;
                        }
                    }
                },
                Effect::Log(facility, tag, text, trace) => self.syslog(pix, facility, &tag, &text, trace),
                Effect::Trace(trace) => self.record(pix, trace),
            }
        }
    }

    pub(crate) fn seek(&mut self, pix: Pix, fd: Fd, whence: Whence, offset: i64) -> Sysret<u64> {
        let file = self.file_of(pix, fd)?;
        let f = self.files[file].as_mut().ok_or(Errno::EBADF)?;
        let Obj::Inode(fs, ino) = f.obj else { return Err(Errno::ESPIPE) };
        let base = match whence {
            Whence::Start => 0,
            Whence::Current => f.pos as i64,
            Whence::End => self.disks[fs].stat(ino)?.size as i64,
        };
        let pos = base.checked_add(offset).filter(|p| *p >= 0).ok_or(Errno::EINVAL)?;
        f.pos = pos as u64;
        Ok(f.pos)
    }

    /// Whether a trap may be interrupted by a caught signal.
    pub(crate) fn interruptible(trap: &Trap) -> bool {
        !matches!(trap, Trap::Fsync(_) | Trap::Yield)
    }
}
