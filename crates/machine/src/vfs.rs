//! Files of a machine: inodes in an arena, directories as sorted name lists, owners, modes, times, links.
//! Not here: open files and positions (`kernel/fd.rs`), what labs build with (`vfs/build.rs`). Source: inode(7), path_resolution(7), POSIX permission rules.

mod build;
mod rename;

use crate::{DirEntry, Errno, FileKind, Ids, SimTime, Stat, Sysret};

/// Number of an inode inside one file system.
pub(crate) type Ino = u32;

/// The first number that `stat` shows, so that it has five hexadecimal digits as on a lived-in disk.
const INO_BASE: u32 = 0x1_0000;
/// Inode of the root directory.
pub(crate) const ROOT: Ino = 0;

/// What a device node does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Dev {
    Null,
    Zero,
    Full,
    Random,
    /// The controlling terminal.
    Tty,
    Pts(u32),
}

/// Names in a directory, in byte order.
type Names = Vec<(Box<str>, Ino)>;

/// What an inode is.
pub(crate) enum Node {
    File(Vec<u8>),
    /// Names in byte order, and the parent directory.
    Dir(Names, Ino),
    Symlink(String),
    Dev(Dev),
    /// A named pipe and its stream while somebody has it open.
    Fifo(Option<usize>),
    /// A unix socket and its listener.
    Socket(Option<usize>),
}

pub(crate) struct Inode {
    pub(crate) node: Node,
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) nlink: u32,
    pub(crate) atime: SimTime,
    pub(crate) mtime: SimTime,
    pub(crate) ctime: SimTime,
    /// How many open files refer to it; it lives while this or `nlink` is not 0.
    pub(crate) opens: u32,
}

/// A file system.
pub struct Vfs {
    inodes: Vec<Option<Inode>>,
    free: Vec<Ino>,
}

/// A place in a directory: where a path's last component is or would be.
pub(crate) struct Place {
    pub(crate) dir: Ino,
    pub(crate) name: String,
    pub(crate) ino: Option<Ino>,
    /// The path ended in `/`.
    pub(crate) slash: bool,
}

const MAX_LINKS: u32 = 40;
/// All regular files of a file system together, so that a runaway loop meets ENOSPC and not the browser's limit.
pub(crate) const DISK_BYTES: u64 = 256 << 20;

impl Default for Vfs {
    fn default() -> Self {
        Vfs::new(SimTime::default())
    }
}

impl Vfs {
    /// An empty file system with a root directory.
    pub fn new(now: SimTime) -> Self {
        let root = Inode {
            node: Node::Dir(Vec::new(), ROOT),
            mode: 0o755,
            uid: 0,
            gid: 0,
            nlink: 2,
            atime: now,
            mtime: now,
            ctime: now,
            opens: 0,
        };
        Vfs { inodes: vec![Some(root)], free: Vec::new() }
    }

    pub(crate) fn inode(&self, ino: Ino) -> Sysret<&Inode> {
        self.inodes.get(ino as usize).and_then(Option::as_ref).ok_or(Errno::ENOENT)
    }
    pub(crate) fn inode_mut(&mut self, ino: Ino) -> Sysret<&mut Inode> {
        self.inodes.get_mut(ino as usize).and_then(Option::as_mut).ok_or(Errno::ENOENT)
    }

    /// Bytes in regular files.
    pub(crate) fn used(&self) -> u64 {
        let size = |i: &Inode| if let Node::File(data) = &i.node { data.len() as u64 } else { 0 };
        self.inodes.iter().flatten().map(size).sum()
    }

    pub(crate) fn stat(&self, ino: Ino) -> Sysret<Stat> {
        let inode = self.inode(ino)?;
        let (kind, size, rdev) = match &inode.node {
            Node::File(data) => (FileKind::File, data.len() as u64, (0, 0)),
            Node::Dir(..) => (FileKind::Dir, 4096, (0, 0)),
            Node::Symlink(target) => (FileKind::Symlink, target.len() as u64, (0, 0)),
            Node::Dev(dev) => (FileKind::CharDev, 0, dev_number(*dev)),
            Node::Fifo(_) => (FileKind::Fifo, 0, (0, 0)),
            Node::Socket(_) => (FileKind::Socket, 0, (0, 0)),
        };
        Ok(Stat {
            ino: ino + INO_BASE,
            kind,
            mode: inode.mode,
            nlink: inode.nlink,
            uid: inode.uid,
            gid: inode.gid,
            size,
            atime: inode.atime,
            mtime: inode.mtime,
            ctime: inode.ctime,
            rdev,
        })
    }

    /// Whether `ids` may read (4), write (2) and execute or search (1) the inode.
    pub(crate) fn allowed(&self, ino: Ino, ids: &Ids, want: u16) -> Sysret<()> {
        let inode = self.inode(ino)?;
        if ids.euid == 0 {
            let dir = matches!(inode.node, Node::Dir(..));
            return if want & 1 != 0 && !dir && inode.mode & 0o111 == 0 { Err(Errno::EACCES) } else { Ok(()) };
        }
        let bits = if inode.uid == ids.euid {
            inode.mode >> 6
        } else if inode.gid == ids.egid || ids.groups.contains(&inode.gid) {
            inode.mode >> 3
        } else {
            inode.mode
        };
        if bits & want == want { Ok(()) } else { Err(Errno::EACCES) }
    }

    fn entries(&self, ino: Ino) -> Sysret<(&Names, Ino)> {
        match &self.inode(ino)?.node {
            Node::Dir(entries, parent) => Ok((entries, *parent)),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn child(&self, dir: Ino, name: &str) -> Sysret<Option<Ino>> {
        let (entries, parent) = self.entries(dir)?;
        Ok(match name {
            "." => Some(dir),
            ".." => Some(parent),
            _ => entries.binary_search_by(|(n, _)| n.as_ref().cmp(name)).ok().map(|i| entries[i].1),
        })
    }

    /// Walks `path` from `cwd` and says where its last component is. `follow`: a symbolic link at the end is followed, too.
    pub(crate) fn place(&self, cwd: Ino, path: &str, ids: &Ids, follow: bool) -> Sysret<Place> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= 4096 {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut links = 0;
        let mut dir = if path.starts_with('/') { ROOT } else { cwd };
        let mut slash = path.ends_with('/');
        fn split(path: &str) -> impl Iterator<Item = &str> {
            path.split('/').rev().filter(|c| !c.is_empty())
        }
        let mut todo: Vec<&str> = split(path).collect();
        loop {
            let Some(name) = todo.pop() else {
                return Ok(Place { dir, name: String::from("."), ino: Some(dir), slash });
            };
            if name.len() > 255 {
                return Err(Errno::ENAMETOOLONG);
            }
            self.entries(dir)?;
            self.allowed(dir, ids, 1)?;
            let found = self.child(dir, name)?;
            let last = todo.is_empty();
            if let Some(ino) = found
                && let Node::Symlink(target) = &self.inode(ino)?.node
                && (!last || follow || slash)
            {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::ELOOP);
                }
                if target.starts_with('/') {
                    dir = ROOT;
                }
                if last {
                    slash |= target.ends_with('/');
                }
                todo.extend(split(target));
                continue;
            }
            if last {
                if let Some(ino) = found
                    && slash
                    && !matches!(self.inode(ino)?.node, Node::Dir(..))
                {
                    return Err(Errno::ENOTDIR);
                }
                return Ok(Place { dir, name: name.to_string(), ino: found, slash });
            }
            dir = found.ok_or(Errno::ENOENT)?;
        }
    }

    /// The inode of an existing path.
    pub(crate) fn find(&self, cwd: Ino, path: &str, ids: &Ids, follow: bool) -> Sysret<Ino> {
        self.place(cwd, path, ids, follow)?.ino.ok_or(Errno::ENOENT)
    }

    /// Absolute path of a directory, by walking up.
    pub(crate) fn path_of(&self, mut dir: Ino) -> Sysret<String> {
        let mut parts: Vec<String> = Vec::new();
        while dir != ROOT {
            let (_, parent) = self.entries(dir)?;
            let (entries, _) = self.entries(parent)?;
            let (name, _) = entries.iter().find(|(_, i)| *i == dir).ok_or(Errno::ENOENT)?;
            parts.push(name.to_string());
            dir = parent;
        }
        parts.reverse();
        Ok(format!("/{}", parts.join("/")))
    }

    /// Names in a directory.
    pub(crate) fn list(&self, dir: Ino) -> Sysret<Vec<DirEntry>> {
        let (entries, _) = self.entries(dir)?;
        let entry =
            |(name, ino): &(Box<str>, Ino)| Ok(DirEntry { name: name.to_string(), ino: ino + INO_BASE, kind: self.stat(*ino)?.kind });
        entries.iter().map(entry).collect()
    }

    /// Adds an inode under `place`, which must be free; the caller has checked permissions.
    pub(crate) fn add(&mut self, place: &Place, node: Node, mode: u16, ids: &Ids, now: SimTime) -> Sysret<Ino> {
        let is_dir = matches!(node, Node::Dir(..));
        let gid = match self.inode(place.dir)? {
            dir if dir.mode & 0o2000 != 0 => dir.gid,
            _ => ids.egid,
        };
        let node = if is_dir { Node::Dir(Vec::new(), place.dir) } else { node };
        let inode =
            Inode { node, mode, uid: ids.euid, gid, nlink: if is_dir { 2 } else { 1 }, atime: now, mtime: now, ctime: now, opens: 0 };
        let ino = match self.free.pop() {
            Some(ino) => {
                self.inodes[ino as usize] = Some(inode);
                ino
            }
            None => {
                self.inodes.push(Some(inode));
                (self.inodes.len() - 1) as Ino
            }
        };
        self.enter(place.dir, &place.name, ino, now)?;
        if is_dir {
            self.inode_mut(place.dir)?.nlink += 1;
        }
        Ok(ino)
    }

    /// Enters a name into a directory.
    pub(crate) fn enter(&mut self, dir: Ino, name: &str, ino: Ino, now: SimTime) -> Sysret<()> {
        let inode = self.inode_mut(dir)?;
        inode.mtime = now;
        inode.ctime = now;
        let Node::Dir(entries, _) = &mut inode.node else { return Err(Errno::ENOTDIR) };
        match entries.binary_search_by(|(n, _)| n.as_ref().cmp(name)) {
            Ok(_) => Err(Errno::EEXIST),
            Err(i) => {
                entries.insert(i, (name.into(), ino));
                Ok(())
            }
        }
    }

    /// Takes a name out of a directory; what it named goes when nothing refers to it any more.
    pub(crate) fn remove(&mut self, dir: Ino, name: &str, now: SimTime) -> Sysret<Ino> {
        let inode = self.inode_mut(dir)?;
        let Node::Dir(entries, _) = &mut inode.node else { return Err(Errno::ENOTDIR) };
        let i = entries.binary_search_by(|(n, _)| n.as_ref().cmp(name)).map_err(|_| Errno::ENOENT)?;
        let (_, ino) = entries.remove(i);
        inode.mtime = now;
        inode.ctime = now;
        let gone = self.inode_mut(ino)?;
        gone.ctime = now;
        gone.nlink = gone.nlink.saturating_sub(1);
        if matches!(gone.node, Node::Dir(..)) {
            gone.nlink = 0;
            let parent = self.inode_mut(dir)?;
            parent.nlink = parent.nlink.saturating_sub(1);
        }
        self.reap(ino);
        Ok(ino)
    }

    /// Frees an inode that has neither name nor open file.
    pub(crate) fn reap(&mut self, ino: Ino) {
        if let Ok(inode) = self.inode(ino)
            && inode.nlink == 0
            && inode.opens == 0
            && ino != ROOT
        {
            self.inodes[ino as usize] = None;
            self.free.push(ino);
        }
    }

    /// Checks that `ids` may change names in `dir`, and for `victim` the sticky bit's rule.
    pub(crate) fn may_change(&self, dir: Ino, victim: Option<Ino>, ids: &Ids) -> Sysret<()> {
        self.allowed(dir, ids, 3)?;
        let d = self.inode(dir)?;
        if let Some(ino) = victim
            && d.mode & 0o1000 != 0
            && ids.euid != 0
            && ids.euid != d.uid
            && ids.euid != self.inode(ino)?.uid
        {
            return Err(Errno::EPERM);
        }
        Ok(())
    }
}

fn dev_number(dev: Dev) -> (u32, u32) {
    match dev {
        Dev::Null => (1, 3),
        Dev::Zero => (1, 5),
        Dev::Full => (1, 7),
        Dev::Random => (1, 8),
        Dev::Tty => (5, 0),
        Dev::Pts(n) => (136, n),
    }
}
