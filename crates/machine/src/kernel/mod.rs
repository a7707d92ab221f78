//! The kernel: one plain `&mut` owner of hosts, processes, files, terminals and the network. It polls a guest, carries out its effects,
//! serves its trap or lets it wait, and fires alarms in the order of time. Not here: the traps themselves (`serve`, `fd`, `proc`, …).

mod boot;
mod exec;
mod fd;
mod files;
mod net;
mod outside;
mod proc;
mod sched;
mod serve;
mod signal;
mod stream;
mod syslog;
mod tty;
mod unix;
mod wait;

pub use boot::{HostSpec, TtyState, program_file};
pub use outside::Piped;

use crate::vfs::Vfs;
use crate::{Chunk, Event, Iface, Map, Pid, Program, SimTime, Trace};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Place of a process in the kernel's table, over all hosts.
pub(crate) type Pix = usize;

/// What a waiting process waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Stream(usize),
    Tty(u32),
    Children(Pix),
    Listener(usize),
    Udp(usize),
    Conn(usize),
    Fifo(usize, u32),
    File(usize, u32),
    Signal(Pix),
}

/// A simulated machine.
pub(crate) struct Host {
    /// Its name in the lab, `mail`.
    pub(crate) label: String,
    /// Its node name, `station78`.
    pub(crate) name: String,
    /// Which file system it has; two hosts may share one.
    pub(crate) fs: usize,
    pub(crate) ifaces: Vec<Iface>,
    pub(crate) next_pid: Pid,
    pub(crate) next_port: u16,
    /// Minutes east of UTC.
    pub(crate) offset: i32,
    /// What `date -s` added to the clock, in microseconds.
    pub(crate) skew: i64,
    /// Addresses that swallow packets.
    pub(crate) silent: Vec<std::net::Ipv4Addr>,
    /// Hardware addresses that it has learnt (`false`) or been told (`true`).
    pub(crate) neighbours: Vec<(std::net::Ipv4Addr, [u8; 6], bool)>,
}

/// A network of machines.
pub struct Kernel {
    pub(crate) now: SimTime,
    random: u64,
    pub(crate) hosts: Vec<Host>,
    pub(crate) disks: Vec<Vfs>,
    pub(crate) procs: Vec<Option<proc::Proc>>,
    pub(crate) files: Vec<Option<fd::OpenFile>>,
    pub(crate) streams: Vec<Option<stream::Stream>>,
    pub(crate) ttys: Vec<tty::Tty>,
    pub(crate) net: net::Net,
    unix: Vec<Option<unix::UnixListener>>,
    ready: VecDeque<Pix>,
    /// The next one last: there it costs least to take it out.
    alarms: Map<Reverse<(SimTime, u64)>, sched::Alarm>,
    /// With more alarms than that, those that are off are taken out.
    many_alarms: usize,
    next_alarm: u64,
    next_wait: u32,
    programs: Vec<&'static [Program]>,
    chunks: Vec<(&'static str, &'static [Program])>,
    stalled: Option<&'static Chunk>,
    next_trace: u32,
    traces: Vec<Trace>,
    /// Processes whose end is kept for who asks from outside.
    watched: Vec<(usize, Pid, Option<crate::ChildStatus>)>,
    pub(crate) events: VecDeque<Event>,
    /// Report packets as events.
    pub tap: bool,
    /// Even a door that stands open is asked for by [`Event::Load`], as one that is closed would be.
    pub doors_closed: bool,
}

impl Kernel {
    /// No hosts yet; the clock stands at `now`.
    pub fn new(now: SimTime, seed: u64, programs: Vec<&'static [Program]>) -> Kernel {
        Kernel {
            now,
            random: seed ^ 0x9E37_79B9_7F4A_7C15,
            hosts: Vec::new(),
            disks: Vec::new(),
            procs: Vec::new(),
            files: Vec::new(),
            streams: Vec::new(),
            ttys: Vec::new(),
            net: net::Net::default(),
            unix: Vec::new(),
            ready: VecDeque::new(),
            alarms: Map::new(),
            many_alarms: 64,
            next_alarm: 0,
            next_wait: 0,
            programs,
            chunks: Vec::new(),
            stalled: None,
            next_trace: 1,
            traces: Vec::new(),
            watched: Vec::new(),
            events: VecDeque::new(),
            tap: false,
            doors_closed: false,
        }
    }
    /// The time on the world's clock.
    pub fn now(&self) -> SimTime {
        self.now
    }
    /// The next number of the seeded generator (splitmix64).
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// The next event, until there is none.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

/// Puts a value into the first free place of an arena.
pub(crate) fn put<T>(arena: &mut Vec<Option<T>>, value: T) -> usize {
    match arena.iter().position(Option::is_none) {
        Some(i) => {
            arena[i] = Some(value);
            i
        }
        None => {
            arena.push(Some(value));
            arena.len() - 1
        }
    }
}
