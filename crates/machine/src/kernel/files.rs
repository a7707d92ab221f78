//! Traps on paths: open, stat, directories, links, owners. Source: open(2), stat(2), mkdir(2), unlink(2), chmod(2), chown(2), utime(2).

use super::fd::Obj;
use super::sched::Served;
use super::{Kernel, Key, Pix, put, stream::Stream};
use crate::trap::Ret;
use crate::vfs::{Dev, Ino, Node, Vfs};
use crate::{Errno, Fd, Ids, Open, SimTime, Stat, Sysret};

/// The descriptor of its own that a process means by `/dev/stdin`, `/dev/fd/63` and their like.
fn own_fd(path: &str) -> Option<Fd> {
    match path {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => path.strip_prefix("/dev/fd/").or_else(|| path.strip_prefix("/proc/self/fd/")).and_then(|n| n.parse().ok()),
    }
}

impl Kernel {
    /// File system, working directory and users of a process.
    fn view(&self, pix: Pix) -> Sysret<(usize, Ino, Ids)> {
        let proc = self.proc(pix)?;
        Ok((self.hosts[proc.host].fs, proc.cwd, proc.ids.clone()))
    }

    pub(crate) fn open(&mut self, pix: Pix, path: &str, flags: Open, mode: u16) -> Served {
        if let Some(fd) = own_fd(path) {
            let file = self.file_of(pix, fd).map_err(|_| Errno::ENOENT);
            return Served::Done(file.and_then(|f| self.give_fd(pix, f, 0)).map(|fd| Ret::Num(i64::from(fd))));
        }
        match self.try_open(pix, path, flags, mode) {
            Ok(Ok(fd)) => Served::Done(Ok(Ret::Num(i64::from(fd)))),
            Ok(Err(wait)) => wait,
            Err(e) => Served::Done(Err(e)),
        }
    }

    fn try_open(&mut self, pix: Pix, path: &str, flags: Open, mode: u16) -> Sysret<Result<Fd, Served>> {
        let (fs, cwd, ids) = self.view(pix)?;
        let umask = self.proc(pix)?.umask;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let place = disk.place(cwd, path, &ids, !flags.nofollow && !flags.excl)?;
        let ino = match place.ino {
            Some(_) if flags.create && flags.excl => return Err(Errno::EEXIST),
            Some(ino) => {
                let want = u16::from(flags.read) * 4 + u16::from(flags.write) * 2;
                // A directory is one whoever asks.
                if flags.write && matches!(disk.inode(ino)?.node, Node::Dir(..)) {
                    return Err(Errno::EISDIR);
                }
                disk.allowed(ino, &ids, want)?;
                ino
            }
            None if !flags.create => return Err(Errno::ENOENT),
            None => {
                if place.slash {
                    return Err(Errno::EISDIR);
                }
                disk.may_change(place.dir, None, &ids)?;
                disk.add(&place, Node::File(Vec::new()), mode & !umask & 0o7777, &ids, now)?
            }
        };
        let inode = disk.inode_mut(ino)?;
        let obj = match &mut inode.node {
            Node::Symlink(_) => return Err(Errno::ELOOP),
            Node::Socket(_) => return Err(Errno::ENOTSOCK),
            Node::Dir(..) | Node::File(_) => {
                if flags.directory && !matches!(inode.node, Node::Dir(..)) {
                    return Err(Errno::ENOTDIR);
                }
                if let Node::File(data) = &mut inode.node
                    && flags.trunc
                    && flags.write
                    && !data.is_empty()
                {
                    data.clear();
                    (inode.mtime, inode.ctime) = (now, now);
                }
                inode.opens += 1;
                Obj::Inode(fs, ino)
            }
            Node::Dev(Dev::Tty) => Obj::Tty(self.proc(pix)?.tty.ok_or(Errno::ENOENT)?),
            Node::Dev(Dev::Pts(n)) => Obj::Tty(*n),
            Node::Dev(dev) => Obj::Dev(*dev),
            Node::Fifo(_) => return self.open_fifo(pix, fs, ino, flags),
        };
        if flags.trunc {
            self.wake(Key::File(fs, ino));
        }
        let file = self.open_file(obj, flags.read, flags.write, flags.append);
        Ok(Ok(self.give_fd(pix, file, 0)?))
    }

    /// Opening a named pipe waits for the other side.
    fn open_fifo(&mut self, pix: Pix, fs: usize, ino: Ino, flags: Open) -> Sysret<Result<Fd, Served>> {
        let begun = self.proc(pix)?.begun;
        let Node::Fifo(stream) = &mut self.disks[fs].inode_mut(ino)?.node else { return Err(Errno::EIO) };
        let s = *stream.get_or_insert_with(|| put(&mut self.streams, Stream::new(0, 0)));
        let st = self.streams[s].as_mut().ok_or(Errno::EIO)?;
        st.fifo = Some((fs, ino));
        if begun.is_none() {
            st.readers += u32::from(flags.read);
            st.writers += u32::from(flags.write);
            self.proc_mut(pix)?.begun = Some(s as u64);
            self.wake(Key::Fifo(fs, ino));
        }
        let st = self.streams[s].as_ref().ok_or(Errno::EIO)?;
        if st.readers == 0 || st.writers == 0 {
            return Ok(Err(Served::Wait(vec![Key::Fifo(fs, ino)], None)));
        }
        let obj = if flags.write { Obj::PipeWrite(s) } else { Obj::PipeRead(s) };
        let file = self.open_file(obj, flags.read, flags.write, false);
        Ok(Ok(self.give_fd(pix, file, 0)?))
    }

    pub(crate) fn stat(&self, pix: Pix, path: &str, follow: bool) -> Sysret<Stat> {
        if let Some(fd) = own_fd(path).filter(|_| follow) {
            return self.fstat(pix, fd).map_err(|_| Errno::ENOENT);
        }
        let (fs, cwd, ids) = self.view(pix)?;
        self.disks[fs].stat(self.disks[fs].find(cwd, path, &ids, follow)?)
    }

    pub(crate) fn fstat(&self, pix: Pix, fd: Fd) -> Sysret<Stat> {
        let (kind, mode) = match self.obj_of(pix, fd)? {
            Obj::Inode(fs, ino) => return self.disks[fs].stat(ino),
            Obj::PipeRead(_) | Obj::PipeWrite(_) => (crate::FileKind::Fifo, 0o600),
            Obj::Dev(_) | Obj::Tty(_) => (crate::FileKind::CharDev, 0o620),
            _ => (crate::FileKind::Socket, 0o777),
        };
        let ids = &self.proc(pix)?.ids;
        let now = self.now;
        Ok(Stat {
            ino: 0,
            kind,
            mode,
            nlink: 1,
            uid: ids.uid,
            gid: ids.gid,
            size: 0,
            atime: now,
            mtime: now,
            ctime: now,
            rdev: if let Obj::Tty(n) = self.obj_of(pix, fd)? { (136, n) } else { (1, 3) },
        })
    }

    pub(crate) fn read_dir(&self, pix: Pix, path: &str) -> Sysret<Vec<crate::DirEntry>> {
        let (fs, cwd, ids) = self.view(pix)?;
        let disk = &self.disks[fs];
        let dir = disk.find(cwd, path, &ids, true)?;
        let list = disk.list(dir)?;
        disk.allowed(dir, &ids, 4)?;
        Ok(list)
    }

    /// Makes a directory, pipe or socket at a free path.
    pub(crate) fn make_node(&mut self, pix: Pix, path: &str, node: Node, mode: u16) -> Sysret<(usize, Ino)> {
        let (fs, cwd, ids) = self.view(pix)?;
        let umask = self.proc(pix)?.umask;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let place = disk.place(cwd, path, &ids, false)?;
        if place.ino.is_some() {
            return Err(Errno::EEXIST);
        }
        if place.slash && !matches!(node, Node::Dir(..)) {
            return Err(Errno::ENOENT);
        }
        disk.may_change(place.dir, None, &ids)?;
        // A unix socket's mode is what chmod after bind would make it; only files and directories obey the umask here.
        let mode = if matches!(node, Node::Socket(_)) { mode } else { mode & !umask };
        Ok((fs, disk.add(&place, node, mode & 0o7777, &ids, now)?))
    }

    pub(crate) fn unlink(&mut self, pix: Pix, path: &str, dir: bool) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let place = disk.place(cwd, path, &ids, false)?;
        let ino = place.ino.ok_or(Errno::ENOENT)?;
        if dir {
            if path.trim_end_matches('/').ends_with("/.") || path == "." {
                return Err(Errno::EINVAL);
            }
            if place.name == "." || place.name == ".." {
                return Err(Errno::ENOTEMPTY);
            }
        }
        match (&disk.inode(ino)?.node, dir) {
            (Node::Dir(entries, _), true) => {
                disk.may_change(place.dir, Some(ino), &ids)?;
                if !entries.is_empty() {
                    return Err(Errno::ENOTEMPTY);
                }
            }
            (Node::Dir(..), false) => return Err(Errno::EISDIR),
            (_, true) => return Err(Errno::ENOTDIR),
            _ => disk.may_change(place.dir, Some(ino), &ids)?,
        }
        disk.remove(place.dir, &place.name, now)?;
        self.wake(Key::File(fs, ino));
        Ok(())
    }

    pub(crate) fn rename(&mut self, pix: Pix, from: &str, to: &str) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let old = self.disks[fs].find(cwd, to, &ids, false);
        self.disks[fs].rename(cwd, from, to, &ids, now)?;
        if let Ok(old) = old {
            self.wake(Key::File(fs, old));
        }
        Ok(())
    }

    pub(crate) fn link(&mut self, pix: Pix, from: &str, to: &str) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let ino = disk.find(cwd, from, &ids, false)?;
        if matches!(disk.inode(ino)?.node, Node::Dir(..)) {
            return Err(Errno::EPERM);
        }
        let place = disk.place(cwd, to, &ids, false)?;
        if place.ino.is_some() {
            return Err(Errno::EEXIST);
        }
        disk.may_change(place.dir, None, &ids)?;
        disk.enter(place.dir, &place.name, ino, now)?;
        let inode = disk.inode_mut(ino)?;
        inode.nlink += 1;
        inode.ctime = now;
        Ok(())
    }

    pub(crate) fn symlink(&mut self, pix: Pix, target: &str, path: &str) -> Sysret<()> {
        let (fs, ino) = self.make_node(pix, path, Node::Symlink(target.into()), 0o777)?;
        self.disks[fs].inode_mut(ino)?.mode = 0o777;
        Ok(())
    }

    pub(crate) fn read_link(&self, pix: Pix, path: &str) -> Sysret<String> {
        let (fs, cwd, ids) = self.view(pix)?;
        let disk = &self.disks[fs];
        match &disk.inode(disk.find(cwd, path, &ids, false)?)?.node {
            Node::Symlink(target) => Ok(target.clone()),
            _ => Err(Errno::EINVAL),
        }
    }

    pub(crate) fn real_path(&self, pix: Pix, path: &str) -> Sysret<String> {
        let (fs, cwd, ids) = self.view(pix)?;
        let disk: &Vfs = &self.disks[fs];
        let place = disk.place(cwd, path, &ids, true)?;
        let ino = place.ino.ok_or(Errno::ENOENT)?;
        if matches!(disk.inode(ino)?.node, Node::Dir(..)) {
            return disk.path_of(ino);
        }
        let dir = disk.path_of(place.dir)?;
        Ok(format!("{}/{}", dir.trim_end_matches('/'), place.name))
    }

    pub(crate) fn chmod(&mut self, pix: Pix, path: &str, mode: u16) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let ino = disk.find(cwd, path, &ids, true)?;
        let inode = disk.inode_mut(ino)?;
        if ids.euid != 0 && ids.euid != inode.uid {
            return Err(Errno::EPERM);
        }
        (inode.mode, inode.ctime) = (mode & 0o7777, now);
        Ok(())
    }

    pub(crate) fn chown(&mut self, pix: Pix, path: &str, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let ino = disk.find(cwd, path, &ids, follow)?;
        let inode = disk.inode_mut(ino)?;
        let own =
            ids.euid == inode.uid && uid.is_none_or(|u| u == inode.uid) && gid.is_none_or(|g| g == ids.egid || ids.groups.contains(&g));
        if ids.euid != 0 && !own {
            return Err(Errno::EPERM);
        }
        inode.uid = uid.unwrap_or(inode.uid);
        inode.gid = gid.unwrap_or(inode.gid);
        inode.ctime = now;
        if matches!(inode.node, Node::File(_)) && inode.mode & 0o111 != 0 {
            inode.mode &= 0o1777;
        }
        Ok(())
    }

    pub(crate) fn utimes(&mut self, pix: Pix, path: &str, atime: Option<SimTime>, mtime: Option<SimTime>) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let now = self.now;
        let disk = &mut self.disks[fs];
        let ino = disk.find(cwd, path, &ids, true)?;
        if ids.euid != 0 && ids.euid != disk.inode(ino)?.uid {
            disk.allowed(ino, &ids, 2).map_err(|_| Errno::EPERM)?;
        }
        let inode = disk.inode_mut(ino)?;
        inode.atime = atime.unwrap_or(inode.atime);
        inode.mtime = mtime.unwrap_or(inode.mtime);
        inode.ctime = now;
        Ok(())
    }

    pub(crate) fn truncate(&mut self, pix: Pix, fd: Fd, size: u64) -> Sysret<()> {
        let file = self.file_of(pix, fd)?;
        let now = self.now;
        let f = self.files[file].as_ref().ok_or(Errno::EBADF)?;
        let (Obj::Inode(fs, ino), true) = (f.obj, f.write) else { return Err(Errno::EINVAL) };
        if size > crate::vfs::DISK_BYTES {
            return Err(Errno::EFBIG);
        }
        let inode = self.disks[fs].inode_mut(ino)?;
        let Node::File(data) = &mut inode.node else { return Err(Errno::EINVAL) };
        data.resize(size as usize, 0);
        (inode.mtime, inode.ctime) = (now, now);
        self.wake(Key::File(fs, ino));
        Ok(())
    }

    pub(crate) fn access(&self, pix: Pix, path: &str, want: u16) -> Sysret<()> {
        let (fs, cwd, mut ids) = self.view(pix)?;
        // access(2) asks for the real user.
        (ids.euid, ids.egid) = (ids.uid, ids.gid);
        let disk = &self.disks[fs];
        let ino = disk.find(cwd, path, &ids, true)?;
        disk.allowed(ino, &ids, want)
    }

    pub(crate) fn chdir(&mut self, pix: Pix, path: &str) -> Sysret<()> {
        let (fs, cwd, ids) = self.view(pix)?;
        let disk = &self.disks[fs];
        let ino = disk.find(cwd, path, &ids, true)?;
        if !matches!(disk.inode(ino)?.node, Node::Dir(..)) {
            return Err(Errno::ENOTDIR);
        }
        disk.allowed(ino, &ids, 1)?;
        self.proc_mut(pix)?.cwd = ino;
        Ok(())
    }

    pub(crate) fn getcwd(&self, pix: Pix) -> Sysret<String> {
        let (fs, cwd, _) = self.view(pix)?;
        self.disks[fs].path_of(cwd)
    }
}
