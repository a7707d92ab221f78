//! For those who build a machine, and look at it from outside: files by path, as root, with their missing parents.
//! Not here: what processes do (`kernel/files.rs`).

use super::{Dev, Ino, Node, ROOT, Vfs};
use crate::{DirEntry, Errno, Ids, SimTime, Stat, Sysret};

impl Vfs {
    /// Makes a directory and its missing parents (root's, 755).
    pub fn make_dir(&mut self, path: &str, now: SimTime) -> Sysret<Ino> {
        let mut at = String::new();
        let mut ino = ROOT;
        for part in path.split('/').filter(|p| !p.is_empty()) {
            at.push('/');
            at.push_str(part);
            let place = self.place(ROOT, &at, &Ids::ROOT, true)?;
            ino = match place.ino {
                Some(ino) => ino,
                None => self.add(&place, Node::Dir(Vec::new(), place.dir), 0o755, &Ids::ROOT, now)?,
            };
        }
        Ok(ino)
    }
    /// Puts a file there, with its missing parents; an existing one keeps owner and mode.
    pub fn put_file(&mut self, path: &str, bytes: &[u8], now: SimTime) -> Sysret<()> {
        let (dir, _) = path.rsplit_once('/').unwrap_or(("/", path));
        self.make_dir(dir, now)?;
        let place = self.place(ROOT, path, &Ids::ROOT, true)?;
        match place.ino {
            Some(ino) => {
                let inode = self.inode_mut(ino)?;
                inode.mtime = now;
                inode.ctime = now;
                match &mut inode.node {
                    Node::File(data) => *data = bytes.to_vec(),
                    Node::Dir(..) => return Err(Errno::EISDIR),
                    _ => return Err(Errno::EINVAL),
                }
            }
            None => {
                self.add(&place, Node::File(bytes.to_vec()), 0o644, &Ids::ROOT, now)?;
            }
        }
        Ok(())
    }
    /// Puts a symbolic link there.
    pub fn put_link(&mut self, path: &str, target: &str, now: SimTime) -> Sysret<()> {
        let place = self.place(ROOT, path, &Ids::ROOT, false)?;
        self.add(&place, Node::Symlink(target.into()), 0o777, &Ids::ROOT, now).map(|_| ())
    }
    /// Puts a device node there.
    pub fn put_dev(&mut self, path: &str, dev: Dev, now: SimTime) -> Sysret<()> {
        let place = self.place(ROOT, path, &Ids::ROOT, false)?;
        self.add(&place, Node::Dev(dev), 0o666, &Ids::ROOT, now).map(|_| ())
    }
    /// Sets owner, group and mode.
    pub fn own(&mut self, path: &str, uid: u32, gid: u32, mode: u16) -> Sysret<()> {
        let ino = self.find(ROOT, path, &Ids::ROOT, true)?;
        let inode = self.inode_mut(ino)?;
        (inode.uid, inode.gid, inode.mode) = (uid, gid, mode);
        Ok(())
    }
    /// Sets the time of the last change.
    pub fn date(&mut self, path: &str, mtime: SimTime) -> Sysret<()> {
        let ino = self.find(ROOT, path, &Ids::ROOT, true)?;
        self.inode_mut(ino)?.mtime = mtime;
        Ok(())
    }
    /// Content of a regular file, as root sees it.
    pub fn read(&self, path: &str) -> Sysret<&[u8]> {
        match &self.inode(self.find(ROOT, path, &Ids::ROOT, true)?)?.node {
            Node::File(data) => Ok(data),
            Node::Dir(..) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }
    /// State of a file, as root sees it, links followed.
    pub fn stat_path(&self, path: &str) -> Sysret<Stat> {
        self.stat(self.find(ROOT, path, &Ids::ROOT, true)?)
    }
    /// Names in a directory, as root sees it.
    pub fn list_path(&self, path: &str) -> Sysret<Vec<DirEntry>> {
        self.list(self.find(ROOT, path, &Ids::ROOT, true)?)
    }
    /// Removes a file, as root.
    pub fn remove_file(&mut self, path: &str, now: SimTime) -> Sysret<()> {
        let place = self.place(ROOT, path, &Ids::ROOT, false)?;
        self.remove(place.dir, &place.name, now).map(|_| ())
    }
}
