//! Commands that are run from outside with their output caught, as a recorder runs them: stdout is a pipe, stderr a bare terminal.
//! Not here: terminals with a session (`boot`).

use super::{Kernel, fd::Obj, stream::Stream, tty::Tty};
use crate::vfs::Dev;
use crate::{ChildStatus, Ids, Pid, Sysret, Termios};

/// A command whose output is caught.
#[derive(Clone, Copy)]
pub struct Piped {
    /// Its host and process id.
    pub host: usize,
    /// Process id.
    pub pid: Pid,
    out: usize,
}

impl Kernel {
    /// A terminal that nobody has logged in on, with these modes.
    pub fn bare_tty(&mut self, host: usize, user: &str, modes: Termios) -> u32 {
        self.ttys.push(Tty::new(host, user.into()));
        let n = self.ttys.len() - 1;
        self.ttys[n].modes = modes;
        n as u32
    }
    /// Sets a terminal's modes from outside, as stty does.
    pub fn set_modes(&mut self, tty: u32, modes: Termios) {
        if let Some(t) = self.ttys.get_mut(tty as usize) {
            t.modes = modes;
        }
    }

    /// Starts a command in a session of its own: standard input holds `stdin` (else it is /dev/null), standard output is caught, standard
    /// error is the terminal `stderr`. Its end is kept for [`Kernel::ended`].
    #[allow(clippy::too_many_arguments)]
    pub fn start_piped(
        &mut self,
        host: usize,
        path: &str,
        argv: &[&str],
        env: &[String],
        ids: Ids,
        cwd: &str,
        stdin: Option<&[u8]>,
        stderr: u32,
    ) -> Sysret<Piped> {
        let args = argv.iter().map(|a| a.to_string()).collect();
        let pix = self.born(host, path, args, env, ids, cwd, None, None)?;
        let input = match stdin {
            None => self.open_file(Obj::Dev(Dev::Null), true, false, false),
            Some(bytes) => {
                let mut stream = Stream::new(1, 0);
                stream.push(bytes, Default::default());
                let s = super::put(&mut self.streams, stream);
                self.open_file(Obj::PipeRead(s), true, false, false)
            }
        };
        self.give_fd(pix, input, 0)?;
        let out = super::put(&mut self.streams, Stream::new(1, 1));
        let file = self.open_file(Obj::PipeWrite(out), false, true, false);
        self.give_fd(pix, file, 1)?;
        let file = self.open_file(Obj::Tty(stderr), true, true, false);
        self.give_fd(pix, file, 2)?;
        let pid = self.proc(pix)?.pid;
        self.watch(host, pid);
        Ok(Piped { host, pid, out })
    }

    /// Takes what a command has written to standard output so far; `false` when nothing more can come.
    pub fn caught(&mut self, command: &Piped) -> (Vec<u8>, bool) {
        let Some(stream) = self.streams.get_mut(command.out).and_then(Option::as_mut) else { return (Vec::new(), false) };
        let mut bytes = Vec::new();
        while stream.len() > 0 {
            bytes.append(&mut stream.pull(usize::MAX).0);
        }
        let open = stream.writers > 0;
        if !bytes.is_empty() {
            self.wake(super::Key::Stream(command.out));
        }
        (bytes, open)
    }
    /// Closes our end of a command's standard output: whoever still writes gets SIGPIPE.
    pub fn let_go(&mut self, command: Piped) {
        self.stream_drop(command.out, true, false);
    }

    /// Keeps how this process ends, for [`Kernel::ended`].
    pub fn watch(&mut self, host: usize, pid: Pid) {
        self.watched.push((host, pid, None));
    }
    /// How a watched process ended; `None` while it lives.
    pub fn ended(&self, host: usize, pid: Pid) -> Option<ChildStatus> {
        self.watched.iter().find(|(h, p, _)| (*h, *p) == (host, pid)).and_then(|(.., status)| *status)
    }
    /// The process that leads a terminal's session.
    pub fn leader(&self, tty: u32) -> Pid {
        self.ttys.get(tty as usize).map_or(0, |t| t.session)
    }
}
