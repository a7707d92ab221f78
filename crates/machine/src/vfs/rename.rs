//! rename(2): a name moves, and what bears the new one goes. Not here: permissions and paths themselves (`vfs`).

use super::{Ino, Node, ROOT, Vfs};
use crate::{Errno, Ids, SimTime, Sysret};

impl Vfs {
    /// Moves `from` to `to`.
    pub(crate) fn rename(&mut self, cwd: Ino, from: &str, to: &str, ids: &Ids, now: SimTime) -> Sysret<()> {
        let a = self.place(cwd, from, ids, false)?;
        let b = self.place(cwd, to, ids, false)?;
        let ino = a.ino.ok_or(Errno::ENOENT)?;
        if a.name == "." || a.name == ".." || b.name == "." || b.name == ".." {
            return Err(Errno::EBUSY);
        }
        self.may_change(a.dir, Some(ino), ids)?;
        self.may_change(b.dir, b.ino, ids)?;
        if b.ino == Some(ino) {
            return Ok(());
        }
        let is_dir = matches!(self.inode(ino)?.node, Node::Dir(..));
        if !is_dir && b.slash {
            return Err(Errno::ENOTDIR);
        }
        if is_dir {
            let mut up = b.dir;
            loop {
                if up == ino {
                    return Err(Errno::EINVAL);
                }
                if up == ROOT {
                    break;
                }
                up = self.entries(up)?.1;
            }
        }
        if let Some(old) = b.ino {
            match (&self.inode(old)?.node, is_dir) {
                (Node::Dir(e, _), true) if !e.is_empty() => return Err(Errno::ENOTEMPTY),
                (Node::Dir(..), false) => return Err(Errno::EISDIR),
                (Node::Dir(..), true) => {}
                (_, true) => return Err(Errno::ENOTDIR),
                _ => {}
            }
            self.remove(b.dir, &b.name, now)?;
        }
        // Taken out by hand: the inode's link count does not change.
        if let Node::Dir(entries, _) = &mut self.inode_mut(a.dir)?.node {
            entries.retain(|(n, _)| n.as_ref() != a.name);
        }
        let source = self.inode_mut(a.dir)?;
        source.mtime = now;
        self.enter(b.dir, &b.name, ino, now)?;
        let moved = self.inode_mut(ino)?;
        moved.ctime = now;
        if let Node::Dir(_, parent) = &mut moved.node {
            *parent = b.dir;
            if a.dir != b.dir {
                let old = self.inode_mut(a.dir)?;
                old.nlink = old.nlink.saturating_sub(1);
                self.inode_mut(b.dir)?.nlink += 1;
            }
        }
        Ok(())
    }
}
