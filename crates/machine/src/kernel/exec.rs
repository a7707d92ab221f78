//! What a process runs: the program in a file, by way of `#!` lines, setuid bits and doors; and becoming it.
//! Not here: birth and death (`proc`). Source: execve(2).

use super::proc::Next;
use super::sched::Served;
use super::{Kernel, Pix};
use crate::vfs::{Ino, Node};
use crate::{Chunk, Errno, Guest, Ids, Main, OnSignal, Ret, Sys};

/// Programs' files begin so; the program's name follows.
pub(crate) const MAGIC: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0ehlo:";

/// What execve found: code and final arguments; effective ids from setuid and setgid bits.
pub(crate) struct Image {
    pub(crate) main: fn(Sys) -> Guest,
    pub(crate) argv: Vec<String>,
    pub(crate) euid: Option<u32>,
    pub(crate) egid: Option<u32>,
}

pub(crate) enum ImageError {
    Errno(Errno),
    Stall(&'static Chunk),
}

impl From<Errno> for ImageError {
    fn from(e: Errno) -> Self {
        ImageError::Errno(e)
    }
}

impl Kernel {
    /// Finds a program, or a part of one, by name, opening doors that open at once.
    fn code(&mut self, name: &str) -> Result<&'static Main, ImageError> {
        let main = self.programs.iter().flat_map(|t| t.iter()).find(|p| p.name == name).map(|p| &p.main);
        let chunk = match main {
            None => return Err(Errno::ENOEXEC.into()),
            Some(Main::In(chunk)) => *chunk,
            Some(here) => return Ok(here),
        };
        if !self.chunks.iter().any(|(n, _)| *n == chunk.name) {
            if self.doors_closed {
                return Err(ImageError::Stall(chunk));
            }
            let mut loading = (chunk.load)();
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            match loading.as_mut().poll(&mut cx) {
                std::task::Poll::Ready(Ok(table)) => self.chunks.push((chunk.name, table)),
                _ => return Err(ImageError::Stall(chunk)),
            }
        }
        let table = self.chunks.iter().find(|(n, _)| *n == chunk.name).map(|(_, t)| *t).unwrap_or_default();
        table.iter().find(|p| p.name == name).map(|p| &p.main).ok_or(Errno::ENOEXEC.into())
    }

    /// execve's part that can fail: the file, its `#!` line, its bits.
    pub(crate) fn image(&mut self, host: usize, cwd: Ino, ids: &Ids, path: &str, mut argv: Vec<String>) -> Result<Image, ImageError> {
        let mut path = path.to_string();
        for _ in 0..5 {
            let disk = &self.disks[self.hosts[host].fs];
            let ino = disk.find(cwd, &path, ids, true)?;
            let inode = disk.inode(ino)?;
            let Node::File(data) = &inode.node else { return Err(Errno::EACCES.into()) };
            disk.allowed(ino, ids, 1)?;
            if let Some(name) = data.strip_prefix(MAGIC) {
                let name = String::from_utf8_lossy(name).into_owned();
                let euid = (inode.mode & 0o4000 != 0).then_some(inode.uid);
                let egid = (inode.mode & 0o2000 != 0).then_some(inode.gid);
                let Main::Here(main) = *self.code(&name)? else { return Err(Errno::ENOEXEC.into()) };
                return Ok(Image { main, argv, euid, egid });
            }
            let Some(script) = data.strip_prefix(b"#!") else { return Err(Errno::ENOEXEC.into()) };
            let line = script.split(|&b| b == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line).trim_matches([' ', '\t']).to_string();
            let (interpreter, arg) = match line.split_once([' ', '\t']) {
                Some((i, a)) => (i.to_string(), Some(a.trim_start_matches([' ', '\t']).to_string())),
                None => (line, None),
            };
            if interpreter.is_empty() {
                return Err(Errno::ENOEXEC.into());
            }
            let mut new = vec![interpreter.clone()];
            new.extend(arg);
            new.push(path);
            new.extend(argv.into_iter().skip(1));
            argv = new;
            path = interpreter;
        }
        Err(Errno::ELOOP.into())
    }

    pub(crate) fn part(&mut self, name: &str) -> Served {
        match self.code(name) {
            Ok(Main::Part(part)) => Served::Done(Ok(Ret::Part(*part))),
            Ok(_) => Served::Done(Err(Errno::ENOENT)),
            Err(ImageError::Errno(e)) => Served::Done(Err(e)),
            Err(ImageError::Stall(chunk)) => Served::Stall(chunk),
        }
    }

    pub(crate) fn exec(&mut self, pix: Pix, path: &str, argv: &[String], env: &[String]) -> Served {
        let Ok(proc) = self.proc(pix) else { return Served::Gone };
        let (host, cwd, ids) = (proc.host, proc.cwd, proc.ids.clone());
        let image = match self.image(host, cwd, &ids, path, argv.to_vec()) {
            Ok(image) => image,
            Err(ImageError::Errno(e)) => return Served::Done(Err(e)),
            Err(ImageError::Stall(chunk)) => return Served::Stall(chunk),
        };
        let h = &self.hosts[host];
        let Some(proc) = self.procs[pix].as_mut() else { return Served::Gone };
        if let Some(uid) = image.euid {
            proc.ids.euid = uid;
        }
        if let Some(gid) = image.egid {
            proc.ids.egid = gid;
        }
        proc.on_signal.retain(|(_, d)| *d == OnSignal::Ignore);
        let slot = Self::slot(h, proc.pid, proc.slot.ppid.get(), &proc.ids, image.argv, env.to_vec());
        proc.guest = Some((image.main)(Sys(slot.clone())));
        proc.slot = slot;
        proc.next = Next::Poll;
        proc.begun = None;
        if let Some(tty) = proc.tty {
            self.tty_changed(tty);
        }
        Served::Gone
    }
}
