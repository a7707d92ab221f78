//! `Sys`: what a guest can do. Each `async` method is one trap, served by the kernel before the guest goes on.
//! Output (`print`), log lines and traces never wait: they are buffered here and carried out in order at the next trap.

use crate::trap::*;
use crate::{Errno, SimTime, Sysret, Trace, TraceId};
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Standard input.
pub const STDIN: Fd = 0;
/// Standard output.
pub const STDOUT: Fd = 1;
/// Standard error.
pub const STDERR: Fd = 2;

/// The one-slot mailbox between a guest and the kernel.
pub(crate) struct Slot {
    pub(crate) trap: RefCell<Option<Trap>>,
    pub(crate) ret: RefCell<Option<Sysret<Ret>>>,
    pub(crate) effects: RefCell<Vec<Effect>>,
    pub(crate) now: Cell<SimTime>,
    pub(crate) next_trace: Cell<u32>,
    pub(crate) pid: Pid,
    pub(crate) ppid: Cell<Pid>,
    pub(crate) ids: RefCell<Ids>,
    /// Minutes east of UTC.
    pub(crate) offset: i32,
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<String>,
}

/// A guest's handle on its kernel. Cheap to clone.
#[derive(Clone)]
pub struct Sys(pub(crate) Rc<Slot>);

struct Call<'a>(&'a Slot, Option<Trap>);

impl Future for Call<'_> {
    type Output = Sysret<Ret>;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(trap) = self.1.take() {
            *self.0.trap.borrow_mut() = Some(trap);
            return Poll::Pending;
        }
        match self.0.ret.borrow_mut().take() {
            Some(ret) => Poll::Ready(ret),
            None => Poll::Pending,
        }
    }
}

/// Takes the payload of the answer that a trap is known to give.
macro_rules! want {
    ($ret:expr, $pattern:pat => $value:expr) => {
        match $ret {
            Ok($pattern) => Ok($value),
            Ok(_) => Err(Errno::EIO),
            Err(e) => Err(e),
        }
    };
}

impl Sys {
    async fn call(&self, trap: Trap) -> Sysret<Ret> {
        Call(&self.0, Some(trap)).await
    }
    async fn unit(&self, trap: Trap) -> Sysret<()> {
        self.call(trap).await.map(|_| ())
    }
    async fn num(&self, trap: Trap) -> Sysret<i64> {
        want!(self.call(trap).await, Ret::Num(n) => n)
    }
    async fn text(&self, trap: Trap) -> Sysret<String> {
        want!(self.call(trap).await, Ret::Text(s) => s)
    }

    // --- what a process knows without asking -------------------------------------------------

    /// All arguments; the first is the program's name.
    pub fn args(&self) -> &[String] {
        &self.0.argv
    }
    /// One argument, empty if there are fewer.
    pub fn arg(&self, i: usize) -> &str {
        self.0.argv.get(i).map_or("", String::as_str)
    }
    /// The last part of `argv[0]`, as programs print it in front of their messages.
    pub fn name(&self) -> &str {
        let all = self.arg(0);
        all.rsplit('/').next().unwrap_or(all).trim_start_matches('-')
    }
    /// The environment it was started with, `NAME=value` each.
    pub fn environ(&self) -> &[String] {
        &self.0.env
    }
    /// A variable of the environment it was started with.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.0.env.iter().find_map(|v| v.strip_prefix(name)?.strip_prefix('='))
    }
    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.0.pid
    }
    /// Its parent's process id.
    pub fn ppid(&self) -> Pid {
        self.0.ppid.get()
    }
    /// Its users and groups.
    pub fn ids(&self) -> Ids {
        self.0.ids.borrow().clone()
    }
    /// Its effective user id.
    pub fn euid(&self) -> u32 {
        self.0.ids.borrow().euid
    }
    /// The time now.
    pub fn now(&self) -> SimTime {
        self.0.now.get()
    }
    /// The host's offset from UTC in minutes (480 = China Standard Time).
    pub fn utc_offset(&self) -> i32 {
        self.0.offset
    }

    // --- output that never waits -----------------------------------------------------------------

    /// Appends formatted text to what will be written to `fd` at the next trap. A write error (EPIPE) ends the process
    /// as SIGPIPE does, or is dropped if that signal is ignored; call [`Sys::write`] where the error matters.
    pub fn print(&self, fd: Fd, text: std::fmt::Arguments<'_>) {
        let mut effects = self.0.effects.borrow_mut();
        let bytes = match effects.last_mut() {
            Some(Effect::Write(f, bytes)) if *f == fd => bytes,
            _ => {
                effects.push(Effect::Write(fd, Vec::new()));
                match effects.last_mut() {
                    Some(Effect::Write(_, bytes)) => bytes,
                    _ => return,
                }
            }
        };
        struct Bytes<'a>(&'a mut Vec<u8>);
        impl std::fmt::Write for Bytes<'_> {
            fn write_str(&mut self, s: &str) -> std::fmt::Result {
                self.0.extend_from_slice(s.as_bytes());
                Ok(())
            }
        }
        // A formatter of ours never fails.
        let _ = Bytes(bytes).write_fmt(text);
    }
    /// Appends bytes to what will be written to `fd`, as [`Sys::print`] does.
    pub fn put(&self, fd: Fd, bytes: &[u8]) {
        let mut effects = self.0.effects.borrow_mut();
        match effects.last_mut() {
            Some(Effect::Write(f, buffer)) if *f == fd => buffer.extend_from_slice(bytes),
            _ => effects.push(Effect::Write(fd, bytes.to_vec())),
        }
    }
    /// Writes `name: message` and a newline to standard error, as most programs do.
    pub fn complain(&self, message: std::fmt::Arguments<'_>) {
        self.print(STDERR, format_args!("{}: {message}\n", self.name()));
    }
    /// Sends a line to syslog. `tag` is the program's name (`postfix/smtpd`); the kernel adds `[pid]:` unless it ends in a colon.
    pub fn log(&self, facility: Facility, tag: &str, text: String, trace: TraceId) {
        self.0.effects.borrow_mut().push(Effect::Log(facility, tag.to_string(), text, trace));
    }
    /// Records a decision and gives it its number.
    pub fn trace(&self, trace: Trace) -> TraceId {
        self.trace_as(self.reserve_trace(), trace)
    }
    /// A number for a decision that is still being taken, so that what happens on the way can name it.
    pub fn reserve_trace(&self) -> TraceId {
        let id = TraceId(self.0.next_trace.get());
        self.0.next_trace.set(id.0 + 1);
        id
    }
    /// Records a decision whose number was reserved.
    pub fn trace_as(&self, id: TraceId, mut trace: Trace) -> TraceId {
        trace.id = id;
        self.0.effects.borrow_mut().push(Effect::Trace(Box::new(trace)));
        id
    }
    /// What this process writes from now on belongs to decision `id`. The kernel passes the mark along: a process that reads marked
    /// bytes (telnet) marks what it writes next with the same number, so that the line in the terminal can be asked "why?".
    pub fn mark(&self, id: TraceId) {
        self.0.effects.borrow_mut().push(Effect::Mark(id));
    }

    // --- files -------------------------------------------------------------------------------------

    /// Opens a file; a new one gets `mode` less the umask.
    pub async fn open(&self, path: &str, flags: Open, mode: u16) -> Sysret<Fd> {
        want!(self.call(Trap::Open { path: path.into(), flags, mode }).await, Ret::Num(n) => n as Fd)
    }
    /// Closes a descriptor.
    pub async fn close(&self, fd: Fd) -> Sysret<()> {
        self.unit(Trap::Close(fd)).await
    }
    /// Reads up to `max` bytes, waiting for at least one; empty means end of file. All bytes of one read carry the same mark.
    pub async fn read(&self, fd: Fd, max: usize) -> Sysret<Vec<u8>> {
        want!(self.call(Trap::Read { fd, max }).await, Ret::Bytes(b) => b)
    }
    /// Up to `max` bytes that have come in over a TCP connection; they stay unread. Empty: none have.
    pub async fn peek(&self, fd: Fd, max: usize) -> Sysret<Vec<u8>> {
        want!(self.call(Trap::Peek { fd, max }).await, Ret::Bytes(b) => b)
    }
    /// Reads to the end of file.
    pub async fn read_all(&self, fd: Fd) -> Sysret<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let part = self.read(fd, 1 << 20).await?;
            if part.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&part);
        }
    }
    /// The whole content of a file.
    pub async fn read_file(&self, path: &str) -> Sysret<Vec<u8>> {
        let fd = self.open(path, Open::READ, 0).await?;
        let all = self.read_all(fd).await;
        self.close(fd).await?;
        all
    }
    /// Writes a whole file, created or emptied first. A new one gets `mode` less the umask.
    pub async fn write_file(&self, path: &str, bytes: &[u8], mode: u16) -> Sysret<()> {
        let fd = self.open(path, Open::CREATE, mode).await?;
        let done = self.write(fd, bytes).await;
        self.close(fd).await?;
        done
    }
    /// Writes all the bytes, after what was printed before.
    pub async fn write(&self, fd: Fd, bytes: &[u8]) -> Sysret<()> {
        self.unit(Trap::Write { fd, bytes: bytes.to_vec() }).await
    }
    /// Moves the read and write position and gives the new one, in bytes from the start.
    pub async fn seek(&self, fd: Fd, whence: Whence, offset: i64) -> Sysret<u64> {
        Ok(self.num(Trap::Seek { fd, whence, offset }).await? as u64)
    }
    /// Waits until the file is on the disk: some milliseconds.
    pub async fn fsync(&self, fd: Fd) -> Sysret<()> {
        self.unit(Trap::Fsync(fd)).await
    }
    /// Locks a whole file until this opening of it is closed, together with others or `alone`; `EAGAIN`: somebody's lock is in the way.
    pub async fn lock(&self, fd: Fd, alone: bool) -> Sysret<()> {
        self.unit(Trap::Lock { fd, alone }).await
    }
    /// State of a file, links followed.
    pub async fn stat(&self, path: &str) -> Sysret<Stat> {
        want!(self.call(Trap::Stat { path: path.into(), follow: true }).await, Ret::Stat(s) => *s)
    }
    /// State of a file or of the link itself.
    pub async fn lstat(&self, path: &str) -> Sysret<Stat> {
        want!(self.call(Trap::Stat { path: path.into(), follow: false }).await, Ret::Stat(s) => *s)
    }
    /// State of an open file.
    pub async fn fstat(&self, fd: Fd) -> Sysret<Stat> {
        want!(self.call(Trap::Fstat(fd)).await, Ret::Stat(s) => *s)
    }
    /// Used and total size in bytes of the file system that holds `path`.
    pub async fn statfs(&self, path: &str) -> Sysret<(u64, u64)> {
        want!(self.call(Trap::Statfs(path.into())).await, Ret::Usage(used, total) => (used, total))
    }
    /// The names in a directory, sorted by byte, without `.` and `..`.
    pub async fn read_dir(&self, path: &str) -> Sysret<Vec<DirEntry>> {
        want!(self.call(Trap::ReadDir(path.into())).await, Ret::Entries(e) => e)
    }
    /// Makes a directory with `mode` less the umask.
    pub async fn mkdir(&self, path: &str, mode: u16) -> Sysret<()> {
        self.unit(Trap::Mkdir { path: path.into(), mode }).await
    }
    /// Makes a named pipe.
    pub async fn mkfifo(&self, path: &str, mode: u16) -> Sysret<()> {
        self.unit(Trap::Mkfifo { path: path.into(), mode }).await
    }
    /// Removes an empty directory.
    pub async fn rmdir(&self, path: &str) -> Sysret<()> {
        self.unit(Trap::Rmdir(path.into())).await
    }
    /// Removes a name.
    pub async fn unlink(&self, path: &str) -> Sysret<()> {
        self.unit(Trap::Unlink(path.into())).await
    }
    /// Renames, replacing what is there.
    pub async fn rename(&self, from: &str, to: &str) -> Sysret<()> {
        self.unit(Trap::Rename { from: from.into(), to: to.into() }).await
    }
    /// Makes a second name of a file.
    pub async fn link(&self, from: &str, to: &str) -> Sysret<()> {
        self.unit(Trap::Link { from: from.into(), to: to.into() }).await
    }
    /// Makes a symbolic link at `path`.
    pub async fn symlink(&self, target: &str, path: &str) -> Sysret<()> {
        self.unit(Trap::Symlink { target: target.into(), path: path.into() }).await
    }
    /// Target of a symbolic link.
    pub async fn read_link(&self, path: &str) -> Sysret<String> {
        self.text(Trap::ReadLink(path.into())).await
    }
    /// Absolute path without links, `.` and `..`.
    pub async fn real_path(&self, path: &str) -> Sysret<String> {
        self.text(Trap::RealPath(path.into())).await
    }
    /// Sets the permission bits.
    pub async fn chmod(&self, path: &str, mode: u16) -> Sysret<()> {
        self.unit(Trap::Chmod { path: path.into(), mode }).await
    }
    /// Sets owner, group or both.
    pub async fn chown(&self, path: &str, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Sysret<()> {
        self.unit(Trap::Chown { path: path.into(), uid, gid, follow }).await
    }
    /// Sets the times of access and change; `None` leaves one as it is.
    pub async fn utimes(&self, path: &str, atime: Option<SimTime>, mtime: Option<SimTime>) -> Sysret<()> {
        self.unit(Trap::Utimes { path: path.into(), atime, mtime }).await
    }
    /// Cuts or extends an open file.
    pub async fn truncate(&self, fd: Fd, size: u64) -> Sysret<()> {
        self.unit(Trap::Truncate { fd, size }).await
    }
    /// Whether the file may be used so by the process's real ids (access(2); all false: whether it exists).
    pub async fn access(&self, path: &str, read: bool, write: bool, exec: bool) -> Sysret<()> {
        self.unit(Trap::Access { path: path.into(), read, write, exec }).await
    }
    /// Changes the working directory.
    pub async fn chdir(&self, path: &str) -> Sysret<()> {
        self.unit(Trap::Chdir(path.into())).await
    }
    /// The working directory.
    pub async fn getcwd(&self) -> Sysret<String> {
        self.text(Trap::Getcwd).await
    }
    /// Sets the umask (`None`: leaves it) and gives the old one.
    pub async fn umask(&self, mask: Option<u16>) -> u16 {
        self.num(Trap::Umask(mask)).await.unwrap_or(0o022) as u16
    }

    // --- descriptors and terminals ---------------------------------------------------------------

    /// A pipe: reading end, writing end.
    pub async fn pipe(&self) -> Sysret<(Fd, Fd)> {
        want!(self.call(Trap::Pipe).await, Ret::Pair(r, w) => (r, w))
    }
    /// A second number for an open file, the lowest free one from `min`.
    pub async fn dup(&self, fd: Fd, min: Fd) -> Sysret<Fd> {
        want!(self.call(Trap::Dup { fd, min }).await, Ret::Num(n) => n as Fd)
    }
    /// Makes `to` the same open file as `from`.
    pub async fn dup2(&self, from: Fd, to: Fd) -> Sysret<()> {
        self.unit(Trap::Dup2 { from, to }).await
    }
    /// Numbers of the open descriptors.
    pub async fn fds(&self) -> Vec<Fd> {
        want!(self.call(Trap::Fds).await, Ret::Fds(f) => f).unwrap_or_default()
    }
    /// Whether it is a terminal.
    pub async fn is_tty(&self, fd: Fd) -> bool {
        self.unit(Trap::IsTty(fd)).await.is_ok()
    }
    /// `/dev/pts/0`.
    pub async fn tty_name(&self, fd: Fd) -> Sysret<String> {
        self.text(Trap::TtyName(fd)).await
    }
    /// Modes of a terminal.
    pub async fn tty_get(&self, fd: Fd) -> Sysret<Termios> {
        want!(self.call(Trap::TtyGet(fd)).await, Ret::Termios(t) => t)
    }
    /// Sets the modes of a terminal.
    pub async fn tty_set(&self, fd: Fd, modes: Termios) -> Sysret<()> {
        self.unit(Trap::TtySet(fd, modes)).await
    }
    /// Columns and rows of a terminal.
    pub async fn tty_size(&self, fd: Fd) -> Sysret<(u16, u16)> {
        want!(self.call(Trap::TtySize(fd)).await, Ret::Size(c, r) => (c, r))
    }
    /// Makes a process group the foreground one of the controlling terminal; `None` only asks. Gives the current one.
    pub async fn tty_foreground(&self, group: Option<Pid>) -> Sysret<Pid> {
        Ok(self.num(Trap::TtyForeground(group)).await? as Pid)
    }
    /// Prints a prompt and waits for one line from standard input, which must be a terminal; the front end edits it, with history
    /// and completion. `None`: end of file (^D on an empty line). The line comes without its newline. EINTR: ^C.
    pub async fn edit_line(&self, edit: EditLine) -> Sysret<Option<String>> {
        match self.call(Trap::EditLine(edit)).await? {
            Ret::Text(s) => Ok(Some(s)),
            _ => Ok(None),
        }
    }

    // --- processes -----------------------------------------------------------------------------------

    /// Starts a child. Errors of execve are returned here (ENOENT, EACCES, ENOEXEC).
    pub async fn spawn(&self, spawn: Spawn) -> Sysret<Pid> {
        want!(self.call(Trap::Spawn(Box::new(spawn))).await, Ret::Num(n) => n as Pid)
    }
    /// Becomes another program. Returns only on failure.
    pub async fn exec(&self, path: &str, argv: Vec<String>, env: Vec<String>) -> Errno {
        match self.call(Trap::Exec { path: path.into(), argv, env }).await {
            Err(e) => e,
            Ok(_) => Errno::ENOSYS,
        }
    }
    /// What of this program lies behind another door: seldom wanted, or not at first. It is listed there by this name, without a path.
    pub async fn part<T: 'static>(&self, name: &'static str) -> &'static T {
        match self.call(Trap::Part(name)).await {
            Ok(Ret::Part(part)) => part.downcast_ref(),
            _ => None,
        }
        .expect("a part of a program is listed behind its door, and is what the program takes it for")
    }
    /// Waits for a child to end (or, with `stopped`, to stop or go on). `None` only if `block` is false and there is no news.
    pub async fn wait(&self, which: WaitFor, block: bool, stopped: bool) -> Sysret<Option<(Pid, ChildStatus)>> {
        want!(self.call(Trap::Wait { which, block, stopped }).await, Ret::Child(c) => c)
    }
    /// Sends a signal; `None` only checks that it could be sent.
    pub async fn kill(&self, target: KillTarget, signal: Option<Signal>) -> Sysret<()> {
        self.unit(Trap::Kill { target, signal }).await
    }
    /// What this process does on a signal.
    pub async fn on_signal(&self, signal: Signal, what: OnSignal) {
        let _ = self.call(Trap::OnSignal(signal, what)).await;
    }
    /// The caught signals that have come since the last call.
    pub async fn signals(&self) -> Vec<Signal> {
        want!(self.call(Trap::Signals).await, Ret::Signals(s) => s).unwrap_or_default()
    }
    /// Changes users and groups.
    pub async fn set_ids(&self, ids: Ids) -> Sysret<()> {
        self.unit(Trap::SetIds(ids)).await
    }
    /// Moves a process (0: this one) to a process group (0: its own).
    pub async fn setpgid(&self, pid: Pid, group: Pid) -> Sysret<()> {
        self.unit(Trap::Setpgid(pid, group)).await
    }
    /// Starts a new session without a controlling terminal.
    pub async fn setsid(&self) -> Sysret<()> {
        self.unit(Trap::Setsid).await
    }
    /// All processes of the host, by pid.
    pub async fn procs(&self) -> Vec<ProcInfo> {
        want!(self.call(Trap::Procs).await, Ret::Procs(p) => p).unwrap_or_default()
    }
    /// The decisions taken on this host so far, oldest first.
    pub async fn traces(&self) -> Vec<Trace> {
        want!(self.call(Trap::Traces).await, Ret::Traces(t) => t).unwrap_or_default()
    }

    // --- time and waiting ----------------------------------------------------------------------------

    /// Sleeps. EINTR: a caught signal came first.
    pub async fn sleep(&self, micros: u64) -> Sysret<()> {
        self.unit(Trap::Sleep(self.now().plus_micros(micros))).await
    }
    /// Waits for a caught signal.
    pub async fn pause(&self) {
        let _ = self.call(Trap::Pause).await;
    }
    /// Gives others a turn. A loop that may run for ever must trap once a turn.
    pub async fn yield_now(&self) {
        let _ = self.call(Trap::Yield).await;
    }
    /// Waits until one of the descriptors is ready or the time has come; gives the ready ones (empty: time is up). EINTR: a caught signal.
    pub async fn poll(&self, fds: &[(Fd, Interest)], until: Option<SimTime>) -> Sysret<Vec<Fd>> {
        want!(self.call(Trap::Poll { fds: fds.to_vec(), until }).await, Ret::Ready(f) => f)
    }
    /// A number from the world's seeded generator.
    pub async fn random(&self) -> u64 {
        self.num(Trap::Random).await.unwrap_or(0) as u64
    }
    /// Sets the host's clock forward or back by setting its time (`date -s`).
    pub async fn set_clock(&self, to: SimTime) -> Sysret<()> {
        self.unit(Trap::SetClock(to)).await
    }

    // --- network ---------------------------------------------------------------------------------------

    /// The host's name (uname -n).
    pub async fn host_name(&self) -> String {
        self.text(Trap::HostName(None)).await.unwrap_or_default()
    }
    /// Sets the host's name.
    pub async fn set_host_name(&self, name: &str) -> Sysret<()> {
        self.text(Trap::HostName(Some(name.into()))).await.map(|_| ())
    }
    /// A listening TCP socket. Address 0.0.0.0 stands for all of the host's.
    pub async fn tcp_listen(&self, ip: Ipv4Addr, port: u16) -> Sysret<Fd> {
        want!(self.call(Trap::TcpListen { addr: SockAddr { ip, port } }).await, Ret::Num(n) => n as Fd)
    }
    /// Connects; `from` chooses the local address (port 0: any). ETIMEDOUT at `until` or when TCP gives up (127 s).
    pub async fn tcp_connect(&self, to: SockAddr, from: Option<SockAddr>, until: Option<SimTime>) -> Sysret<Fd> {
        want!(self.call(Trap::TcpConnect { to, from, until }).await, Ret::Num(n) => n as Fd)
    }
    /// Takes the next connection of a listening TCP or unix socket; the peer is `None` for a unix one.
    pub async fn accept(&self, fd: Fd) -> Sysret<(Fd, Option<SockAddr>)> {
        want!(self.call(Trap::Accept { fd, wait: true }).await, Ret::Conn(f, p) => (f, p))
    }
    /// As [`Sys::accept`], but without waiting: EAGAIN if another process was quicker.
    pub async fn accept_now(&self, fd: Fd) -> Sysret<(Fd, Option<SockAddr>)> {
        want!(self.call(Trap::Accept { fd, wait: false }).await, Ret::Conn(f, p) => (f, p))
    }
    /// This end's address.
    pub async fn sock_name(&self, fd: Fd) -> Sysret<SockAddr> {
        want!(self.call(Trap::SockName(fd)).await, Ret::Addr(a) => a)
    }
    /// The other end's address.
    pub async fn peer_name(&self, fd: Fd) -> Sysret<SockAddr> {
        want!(self.call(Trap::PeerName(fd)).await, Ret::Addr(a) => a)
    }
    /// Sends the end of file and keeps reading.
    pub async fn shutdown(&self, fd: Fd) -> Sysret<()> {
        self.unit(Trap::Shutdown(fd)).await
    }
    /// A UDP socket (port 0: any).
    pub async fn udp_bind(&self, ip: Ipv4Addr, port: u16) -> Sysret<Fd> {
        want!(self.call(Trap::UdpBind { addr: SockAddr { ip, port } }).await, Ret::Num(n) => n as Fd)
    }
    /// Sends a datagram.
    pub async fn send_to(&self, fd: Fd, to: SockAddr, bytes: &[u8]) -> Sysret<()> {
        self.unit(Trap::SendTo { fd, to, bytes: bytes.to_vec() }).await
    }
    /// Waits for a datagram; ETIMEDOUT at `until`, ECONNREFUSED if the host we sent to has nobody at that port.
    pub async fn recv_from(&self, fd: Fd, until: Option<SimTime>) -> Sysret<(Vec<u8>, SockAddr)> {
        want!(self.call(Trap::RecvFrom { fd, until }).await, Ret::Packet(b, a) => (b, a))
    }
    /// A listening unix stream socket; its file gets `mode`. EADDRINUSE if the path exists.
    pub async fn unix_listen(&self, path: &str, mode: u16) -> Sysret<Fd> {
        want!(self.call(Trap::UnixListen { path: path.into(), mode }).await, Ret::Num(n) => n as Fd)
    }
    /// Connects to a unix socket. ENOENT without a file, ECONNREFUSED if nobody listens any more, EACCES without write permission.
    pub async fn unix_connect(&self, path: &str) -> Sysret<Fd> {
        want!(self.call(Trap::UnixConnect { path: path.into() }).await, Ret::Num(n) => n as Fd)
    }
    /// Sends an ICMP echo request and waits for what comes of it, at most until `until`.
    pub async fn echo(&self, to: Ipv4Addr, from: Option<Ipv4Addr>, seq: u16, bytes: usize, ttl: u8, until: SimTime) -> Sysret<Echo> {
        want!(self.call(Trap::Echo { to, from, seq, bytes, ttl, until }).await, Ret::Echo(e) => e)
    }
    /// The host's interfaces, `lo` first.
    pub async fn ifaces(&self) -> Vec<Iface> {
        want!(self.call(Trap::Ifaces).await, Ret::Ifaces(i) => i).unwrap_or_default()
    }
    /// Changes an interface (found by name): addresses, up, mtu.
    pub async fn iface_set(&self, iface: Iface) -> Sysret<()> {
        self.unit(Trap::IfaceSet(iface)).await
    }
    /// The hardware addresses of the neighbours that the host knows; `true`: it was told so for good.
    pub async fn neighbours(&self) -> Vec<(Ipv4Addr, [u8; 6], bool)> {
        want!(self.call(Trap::Neighbours).await, Ret::Neighbours(n) => n).unwrap_or_default()
    }
    /// Tells the host a neighbour's hardware address for good, or (`None`) has it forgotten.
    pub async fn neighbour_set(&self, ip: Ipv4Addr, mac: Option<[u8; 6]>) -> Sysret<()> {
        self.unit(Trap::NeighbourSet(ip, mac)).await
    }
    /// The host's sockets.
    pub async fn socks(&self) -> Vec<SockRow> {
        want!(self.call(Trap::Socks).await, Ret::Socks(s) => s).unwrap_or_default()
    }

    // --- honesty -------------------------------------------------------------------------------------------

    /// Says `name: what: not simulated here` on standard error and counts it. For options and features that the real program has.
    pub fn unsupported(&self, what: &str) {
        self.complain(format_args!("{what}: not simulated here"));
    }
}
