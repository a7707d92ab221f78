//! Unix stream sockets: names in the file system that lead to a listener, and two streams for each connection.
//! Not here: reading and writing them (`fd`). Source: unix(7).

use super::fd::Obj;
use super::sched::Served;
use super::{Kernel, Key, Pix, put, stream::Stream};
use crate::trap::Ret;
use crate::vfs::{Ino, Node};
use crate::{Errno, Fd, Sysret};
use std::collections::VecDeque;

pub(crate) struct UnixListener {
    pub(crate) path: String,
    pub(crate) fs: usize,
    pub(crate) ino: Ino,
    /// Connections not accepted yet: the server's receiving and sending stream.
    pub(crate) queue: VecDeque<(usize, usize)>,
}

/// Unix listeners share the key space with TCP's, from here on.
pub(crate) const UNIX: usize = 1 << 30;

impl Kernel {
    pub(crate) fn unix_listen(&mut self, pix: Pix, path: &str, mode: u16) -> Sysret<Fd> {
        let (fs, ino) = self.make_node(pix, path, Node::Socket(None), mode).map_err(|e| match e {
            Errno::EEXIST => Errno::EADDRINUSE,
            e => e,
        })?;
        let l = put(&mut self.unix, UnixListener { path: path.into(), fs, ino, queue: VecDeque::new() });
        self.disks[fs].inode_mut(ino)?.node = Node::Socket(Some(l));
        let file = self.open_file(Obj::UnixListener(l), true, true, false);
        self.give_fd(pix, file, 0)
    }

    pub(crate) fn unix_connect(&mut self, pix: Pix, path: &str) -> Sysret<Fd> {
        let proc = self.proc(pix)?;
        let fs = self.hosts[proc.host].fs;
        let disk = &self.disks[fs];
        let ino = disk.find(proc.cwd, path, &proc.ids, true)?;
        let l = match &disk.inode(ino)?.node {
            Node::Socket(Some(l)) => *l,
            _ => return Err(Errno::ECONNREFUSED),
        };
        disk.allowed(ino, &proc.ids, 2)?;
        let up = put(&mut self.streams, Stream::new(1, 1));
        let down = put(&mut self.streams, Stream::new(1, 1));
        let listener = self.unix[l].as_mut().ok_or(Errno::ECONNREFUSED)?;
        listener.queue.push_back((up, down));
        self.wake(Key::Listener(l + UNIX));
        let file = self.open_file(Obj::Unix(down, up), true, true, false);
        self.give_fd(pix, file, 0)
    }

    pub(crate) fn accept(&mut self, pix: Pix, fd: Fd) -> Served {
        match self.obj_of(pix, fd) {
            Ok(Obj::UnixListener(l)) => match self.unix[l].as_mut().and_then(|l| l.queue.pop_front()) {
                Some((rx, tx)) => {
                    let file = self.open_file(Obj::Unix(rx, tx), true, true, false);
                    Served::Done(self.give_fd(pix, file, 0).map(|fd| Ret::Conn(fd, None)))
                }
                None => Served::Wait(vec![Key::Listener(l + UNIX)], None),
            },
            Ok(Obj::TcpListener(l)) => self.tcp_accept(pix, l),
            Ok(_) => Served::Done(Err(Errno::ENOTSOCK)),
            Err(e) => Served::Done(Err(e)),
        }
    }

    /// Closes one end. With bytes that nobody has read, or before anybody has accepted it, that resets the connection.
    pub(crate) fn unix_close(&mut self, rx: usize, tx: usize, unaccepted: bool) {
        let unread = self.streams[rx].as_ref().is_some_and(|s| s.len() > 0);
        if let Some(stream) = self.streams[tx].as_mut() {
            stream.reset = unread || unaccepted;
        }
        self.stream_drop(rx, true, false);
        self.stream_drop(tx, false, true);
    }

    /// The paths of listening unix sockets of a file system, for netstat.
    pub(crate) fn unix_paths(&self, fs: usize) -> Vec<(String, Ino)> {
        self.unix.iter().flatten().filter(|l| l.fs == fs).map(|l| (l.path.clone(), l.ino)).collect()
    }
}
