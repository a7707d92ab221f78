//! The system calls: what a guest asks of the kernel (`Trap`), what it gets back (`Ret`), and the plain data in both.
//! Not here: the methods guests call (`sys`), the serving (`kernel`). Source: the POSIX calls of the same names.

use crate::{Guest, SimTime, Sys, Trace, TraceId};
use std::net::Ipv4Addr;
use std::rc::Rc;

/// File descriptor.
pub type Fd = i32;
/// Process id.
pub type Pid = i32;

/// Address of one end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SockAddr {
    /// IPv4 address.
    pub ip: Ipv4Addr,
    /// Port.
    pub port: u16,
}

impl std::fmt::Display for SockAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.ip, self.port)
    }
}

/// What kind of thing an inode is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum FileKind {
    File,
    Dir,
    Symlink,
    CharDev,
    Fifo,
    Socket,
}

/// stat(2).
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Stat {
    pub ino: u32,
    pub kind: FileKind,
    /// Permission bits with setuid, setgid and sticky: 0o0000 to 0o7777.
    pub mode: u16,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    pub atime: SimTime,
    pub mtime: SimTime,
    pub ctime: SimTime,
    /// Major and minor number of a device.
    pub rdev: (u32, u32),
}

impl Stat {
    /// Blocks of 512 bytes, as ext4 with 4 KiB blocks counts them.
    pub fn blocks(&self) -> u64 {
        match self.kind {
            FileKind::File | FileKind::Dir => self.size.div_ceil(4096) * 8,
            _ => 0,
        }
    }
    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Dir
    }
}

/// One name in a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct DirEntry {
    pub name: String,
    pub ino: u32,
    pub kind: FileKind,
}

/// open(2) flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[allow(missing_docs)]
pub struct Open {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    pub create: bool,
    pub excl: bool,
    pub trunc: bool,
    /// Fail with ENOTDIR unless it is a directory.
    pub directory: bool,
    /// Fail with ELOOP if the last component is a symbolic link.
    pub nofollow: bool,
}

impl Open {
    /// For reading.
    pub const READ: Open = Open { read: true, ..Open::NONE };
    /// For writing from the start, created and emptied: `>`.
    pub const CREATE: Open = Open { write: true, create: true, trunc: true, ..Open::NONE };
    /// For appending, created: `>>`.
    pub const APPEND: Open = Open { write: true, create: true, append: true, ..Open::NONE };
    /// For reading and writing, created: `<>`.
    pub const RDWR: Open = Open { read: true, write: true, create: true, ..Open::NONE };
    const NONE: Open =
        Open { read: false, write: false, append: false, create: false, excl: false, trunc: false, directory: false, nofollow: false };
}

/// Where a seek counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Whence {
    Start,
    Current,
    End,
}

/// Signals, by their Linux numbers.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Signal {
    Hup = 1,
    Int = 2,
    Quit = 3,
    Ill = 4,
    Trap = 5,
    Abrt = 6,
    Bus = 7,
    Fpe = 8,
    Kill = 9,
    Usr1 = 10,
    Segv = 11,
    Usr2 = 12,
    Pipe = 13,
    Alrm = 14,
    Term = 15,
    Chld = 17,
    Cont = 18,
    Stop = 19,
    Tstp = 20,
    Ttin = 21,
    Ttou = 22,
    Urg = 23,
    Winch = 28,
}

impl Signal {
    /// All of them with their names (without SIG), in order of number.
    pub const ALL: [(Signal, &'static str); 23] = [
        (Signal::Hup, "HUP"),
        (Signal::Int, "INT"),
        (Signal::Quit, "QUIT"),
        (Signal::Ill, "ILL"),
        (Signal::Trap, "TRAP"),
        (Signal::Abrt, "ABRT"),
        (Signal::Bus, "BUS"),
        (Signal::Fpe, "FPE"),
        (Signal::Kill, "KILL"),
        (Signal::Usr1, "USR1"),
        (Signal::Segv, "SEGV"),
        (Signal::Usr2, "USR2"),
        (Signal::Pipe, "PIPE"),
        (Signal::Alrm, "ALRM"),
        (Signal::Term, "TERM"),
        (Signal::Chld, "CHLD"),
        (Signal::Cont, "CONT"),
        (Signal::Stop, "STOP"),
        (Signal::Tstp, "TSTP"),
        (Signal::Ttin, "TTIN"),
        (Signal::Ttou, "TTOU"),
        (Signal::Urg, "URG"),
        (Signal::Winch, "WINCH"),
    ];
    /// The signal with this number.
    pub fn from_number(n: i32) -> Option<Signal> {
        Signal::ALL.iter().map(|&(s, _)| s).find(|&s| s as i32 == n)
    }
    /// The signal with this name, with or without SIG.
    pub fn from_name(name: &str) -> Option<Signal> {
        let name = name.strip_prefix("SIG").unwrap_or(name);
        Signal::ALL.iter().find(|&&(_, n)| n == name).map(|&(s, _)| s)
    }
}

/// What a process does on a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnSignal {
    /// The default action: end, stop, go on, or nothing.
    Default,
    /// Nothing.
    Ignore,
    /// The blocking call it interrupts returns EINTR; [`Sys::signals`] tells which came.
    Catch,
}

/// User and groups of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Ids {
    /// Real and effective user.
    pub uid: u32,
    pub euid: u32,
    pub gid: u32,
    pub egid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

impl Ids {
    /// Root with no other group.
    pub const ROOT: Ids = Ids { uid: 0, euid: 0, gid: 0, egid: 0, groups: Vec::new() };
    /// A plain user.
    pub fn user(uid: u32, gid: u32, groups: Vec<u32>) -> Ids {
        Ids { uid, euid: uid, gid, egid: gid, groups }
    }
}

/// Code of a child made by forking: a closure that carries the parent's copied state (a subshell).
pub type ForkMain = Box<dyn FnOnce(Sys) -> Guest>;

/// A new child process. Everything not named here is inherited (cwd, umask, ids, ignored signals, session, group, host).
pub struct Spawn {
    /// What it runs: a program's file (fork and execve) or a closure (fork).
    pub run: Run,
    /// Its arguments, `argv[0]` first.
    pub argv: Vec<String>,
    /// Its environment, `NAME=value` each. `None`: the parent's.
    pub env: Option<Vec<String>>,
    /// Its descriptors: (number in the child, number in the parent). All others are closed.
    pub fds: Vec<(Fd, Fd)>,
    /// Process group: `None` = the parent's, `Some(0)` = a new one led by the child.
    pub pgrp: Option<Pid>,
    /// New session (setsid), without a controlling terminal.
    pub session: bool,
    /// Make its process group the foreground one of the controlling terminal.
    pub foreground: bool,
    /// Its users, if they change (the caller must be root).
    pub ids: Option<Ids>,
    /// Its working directory, if it changes.
    pub cwd: Option<String>,
    /// Dispositions that differ from the inherited ones.
    pub signals: Vec<(Signal, OnSignal)>,
}

/// What a child runs.
pub enum Run {
    /// The program in this file.
    Exec(String),
    /// The closure; `argv` only names it.
    Fork(ForkMain),
}

impl Spawn {
    /// A program with the parent's first three descriptors.
    pub fn exec(path: impl Into<String>, argv: Vec<String>) -> Spawn {
        Spawn {
            run: Run::Exec(path.into()),
            argv,
            env: None,
            fds: vec![(0, 0), (1, 1), (2, 2)],
            pgrp: None,
            session: false,
            foreground: false,
            ids: None,
            cwd: None,
            signals: Vec::new(),
        }
    }
}

/// Which children to wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum WaitFor {
    Any,
    Pid(Pid),
    Group(Pid),
}

/// What became of a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildStatus {
    /// Ended with this status (0 to 255).
    Exited(i32),
    /// Ended by a signal.
    Signaled(Signal),
    /// Stopped by a signal.
    Stopped(Signal),
    /// Goes on after a stop.
    Continued,
}

/// One row of the process table, for ps.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct ProcInfo {
    pub pid: Pid,
    pub ppid: Pid,
    pub pgrp: Pid,
    pub session: Pid,
    pub uid: u32,
    pub argv: Vec<String>,
    /// `pts/0` or `?`.
    pub tty: String,
    pub foreground: bool,
    /// `R`, `S`, `T` or `Z`.
    pub state: char,
    pub started: SimTime,
}

/// Who gets a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum KillTarget {
    Pid(Pid),
    Group(Pid),
    /// All processes of the host but the caller and pid 1.
    All,
}

/// Terminal modes (termios).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Termios {
    /// Typed characters are shown.
    pub echo: bool,
    /// Line by line, with erase and kill; else byte by byte.
    pub canonical: bool,
    /// ^C ^\ ^Z send signals.
    pub signals: bool,
    /// CR becomes NL on input.
    pub icrnl: bool,
    /// NL becomes CR NL on output. The front end's transcript treats both alike.
    pub onlcr: bool,
    /// A second character that ends a line in canonical mode (VEOL; 0: none). telnet's escape character is one.
    pub eol: u8,
}

impl Termios {
    /// What a login shell's terminal has.
    pub const SANE: Termios = Termios { echo: true, canonical: true, signals: true, icrnl: true, onlcr: true, eol: 0 };
    /// For full-screen programs.
    pub const RAW: Termios = Termios { echo: false, canonical: false, signals: false, icrnl: false, onlcr: false, eol: 0 };
}

/// What a line editor in the front end needs while a shell waits at its prompt (readline's part in bash).
#[derive(Clone, Debug)]
pub struct EditLine {
    /// Printed before the line.
    pub prompt: String,
    /// Earlier lines, oldest first.
    pub history: Rc<Vec<String>>,
    /// First words that are not files: builtins, functions, aliases.
    pub words: Rc<Vec<String>>,
    /// Directories in which commands are looked for, from `$PATH`.
    pub path: Vec<String>,
    /// Names of variables, for completing `$NA`.
    pub variables: Rc<Vec<String>>,
    /// The shell's own completion: what Tab does with a line, the cursor at a byte of it.
    pub complete: Complete,
}

/// Start of the word, the text to put there, all candidates; `None`: nothing fits.
pub type Complete = fn(line: &str, cursor: usize, env: &dyn CompleteEnv) -> Option<(usize, String, Vec<String>)>;

/// What completion must know of the machine and the shell.
pub trait CompleteEnv {
    /// Names in a directory (empty: the working directory), each with whether it is a directory and whether it can be executed.
    fn dir(&self, path: &str) -> Vec<(String, bool, bool)>;
    /// Names of users.
    fn users(&self) -> Vec<String>;
    /// The home directory of a user (empty: one's own).
    fn home(&self, user: &str) -> Option<String>;
    /// Builtins, functions, aliases and reserved words.
    fn words(&self) -> Vec<String>;
    /// Directories of `$PATH`.
    fn path(&self) -> Vec<String>;
    /// Names of variables.
    fn variables(&self) -> Vec<String>;
}

/// What poll(2) waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Bytes, a connection, or the end of file.
    Read,
    /// Room for bytes.
    Write,
    /// A regular file has grown, shrunk or been replaced since this descriptor last read (inotify's use in `tail -f`).
    Change,
}

/// One network interface of a host.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Iface {
    pub name: String,
    /// Address and prefix length of each address, the main one first.
    pub addrs: Vec<(Ipv4Addr, u8)>,
    pub mac: [u8; 6],
    pub up: bool,
    pub mtu: u32,
    pub rx_packets: u64,
    pub rx_bytes: u64,
    pub tx_packets: u64,
    pub tx_bytes: u64,
}

/// One socket of a host, for netstat and ss.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct SockRow {
    /// `tcp`, `udp` or `unix`.
    pub proto: &'static str,
    pub local: SockAddr,
    pub remote: Option<SockAddr>,
    /// `LISTEN`, `ESTABLISHED`, `TIME_WAIT`, …
    pub state: &'static str,
    pub recv_q: u32,
    pub send_q: u32,
    pub backlog: u32,
    /// Owner: process id, program name and descriptor.
    pub owner: Option<(Pid, String, Fd)>,
    pub uid: u32,
    pub ino: u32,
    /// Path of a unix socket.
    pub path: Option<String>,
}

/// Answer to an echo request.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Echo {
    /// Answered after so many microseconds with this time to live.
    Reply { micros: u64, ttl: u8 },
    /// Nobody has the address: this host's own interface says so.
    Unreachable { from: Ipv4Addr },
    /// Nothing came back in time.
    Lost,
}

/// Syslog facilities that this network uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Facility {
    Kern,
    User,
    Mail,
    Daemon,
    Auth,
    Cron,
    Authpriv,
}

impl Facility {
    /// The facility of this name. Those that have no file of their own go where the user's go.
    pub fn named(name: &str) -> Option<Facility> {
        Some(match name {
            "kern" => Facility::Kern,
            "mail" => Facility::Mail,
            "daemon" => Facility::Daemon,
            "auth" | "security" => Facility::Auth,
            "cron" => Facility::Cron,
            "authpriv" => Facility::Authpriv,
            "user" | "ftp" | "lpr" | "news" | "syslog" | "uucp" => Facility::User,
            _ => match name.strip_prefix("local").map(str::as_bytes) {
                Some([b'0'..=b'7']) => Facility::User,
                _ => return None,
            },
        })
    }
}

/// Things a guest does without waiting; the kernel carries them out, in order, at the guest's next trap.
pub enum Effect {
    /// Bytes to a descriptor.
    Write(Fd, Vec<u8>),
    /// A line to syslog: facility, tag with pid (`postfix/smtpd[12]`), text, decision it tells of.
    Log(Facility, String, String, TraceId),
    /// A decision.
    Trace(Box<Trace>),
    /// From here on the bytes that this process writes belong to this decision (0: to none).
    Mark(TraceId),
}

/// A system call.
#[allow(missing_docs)]
pub enum Trap {
    Open { path: String, flags: Open, mode: u16 },
    Close(Fd),
    Read { fd: Fd, max: usize },
    Peek { fd: Fd, max: usize },
    Write { fd: Fd, bytes: Vec<u8> },
    Seek { fd: Fd, whence: Whence, offset: i64 },
    Fsync(Fd),
    Lock { fd: Fd, alone: bool },
    Stat { path: String, follow: bool },
    Fstat(Fd),
    Statfs(String),
    ReadDir(String),
    Mkdir { path: String, mode: u16 },
    Mkfifo { path: String, mode: u16 },
    Rmdir(String),
    Unlink(String),
    Rename { from: String, to: String },
    Link { from: String, to: String },
    Symlink { target: String, path: String },
    ReadLink(String),
    RealPath(String),
    Chmod { path: String, mode: u16 },
    Chown { path: String, uid: Option<u32>, gid: Option<u32>, follow: bool },
    Utimes { path: String, atime: Option<SimTime>, mtime: Option<SimTime> },
    Truncate { fd: Fd, size: u64 },
    Access { path: String, read: bool, write: bool, exec: bool },
    Chdir(String),
    Getcwd,
    Umask(Option<u16>),
    Pipe,
    Dup { fd: Fd, min: Fd },
    Dup2 { from: Fd, to: Fd },
    Fds,
    IsTty(Fd),
    TtyName(Fd),
    TtyGet(Fd),
    TtySet(Fd, Termios),
    TtySize(Fd),
    TtyForeground(Option<Pid>),
    EditLine(EditLine),
    Spawn(Box<Spawn>),
    Exec { path: String, argv: Vec<String>, env: Vec<String> },
    Part(&'static str),
    Wait { which: WaitFor, block: bool, stopped: bool },
    Kill { target: KillTarget, signal: Option<Signal> },
    OnSignal(Signal, OnSignal),
    Signals,
    SetIds(Ids),
    Setpgid(Pid, Pid),
    Setsid,
    Procs,
    Traces,
    Sleep(SimTime),
    Pause,
    Yield,
    Poll { fds: Vec<(Fd, Interest)>, until: Option<SimTime> },
    Random,
    HostName(Option<String>),
    TcpListen { addr: SockAddr },
    TcpConnect { to: SockAddr, from: Option<SockAddr>, until: Option<SimTime> },
    Accept { fd: Fd, wait: bool },
    SockName(Fd),
    PeerName(Fd),
    Shutdown(Fd),
    UdpBind { addr: SockAddr },
    SendTo { fd: Fd, to: SockAddr, bytes: Vec<u8> },
    RecvFrom { fd: Fd, until: Option<SimTime> },
    UnixListen { path: String, mode: u16 },
    UnixConnect { path: String },
    Echo { to: Ipv4Addr, from: Option<Ipv4Addr>, seq: u16, bytes: usize, ttl: u8, until: SimTime },
    Ifaces,
    IfaceSet(Iface),
    Neighbours,
    NeighbourSet(Ipv4Addr, Option<[u8; 6]>),
    Socks,
    SetClock(SimTime),
}

/// What a system call gives back.
#[allow(missing_docs)]
pub enum Ret {
    Unit,
    Num(i64),
    Bytes(Vec<u8>),
    Text(String),
    Stat(Box<Stat>),
    Entries(Vec<DirEntry>),
    Pair(Fd, Fd),
    Termios(Termios),
    Size(u16, u16),
    Child(Option<(Pid, ChildStatus)>),
    Signals(Vec<Signal>),
    Ids(Ids),
    Procs(Vec<ProcInfo>),
    Traces(Vec<Trace>),
    Ready(Vec<Fd>),
    Addr(SockAddr),
    Conn(Fd, Option<SockAddr>),
    Packet(Vec<u8>, SockAddr),
    Echo(Echo),
    Ifaces(Vec<Iface>),
    Neighbours(Vec<(Ipv4Addr, [u8; 6], bool)>),
    Socks(Vec<SockRow>),
    Fds(Vec<Fd>),
    Usage(u64, u64),
    Part(crate::Part),
}
