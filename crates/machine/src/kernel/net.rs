//! The network: who has which address, how long a packet takes, what passes an interface, the sockets of a host. Segments arrive in order
//! and whole; every one can be seen by a tap. Not here: TCP (`tcp`), UDP and echo (`udp`), names (`resolver`). Source: ip(7), arp(7).

mod tcp;
mod udp;

use super::fd::Obj;
use super::sched::Alarm;
use super::{Kernel, Pix, stream::Stream};
use crate::{Errno, Event, Fd, Packet, PacketKind, SockAddr, SockRow, Sysret, TraceId};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// One way between two hosts, in microseconds: on the cable of a house, and over the internet.
const LAN: u64 = 150;
const FAR: u64 = 18_000;
/// Nobody answers for an address: so long until the host says "No route to host".
const ARP: u64 = 3_062_000;
/// TCP gives up a connection that is not answered.
const SYN_TIMEOUT: u64 = 130_000_000;
/// Bytes of one TCP segment, and bytes that may be on their way or unread.
const MSS: usize = 1448;
const WINDOW: usize = 65536;
const TIME_WAIT: u64 = 60_000_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    SynSent,
    Established,
    /// Our FIN is out, theirs has not come.
    FinWait,
    /// Their FIN has come, we have not closed.
    CloseWait,
    TimeWait,
    Closed,
}

struct End {
    host: usize,
    addr: SockAddr,
    rx: Stream,
    state: State,
    /// A descriptor refers to it.
    open: bool,
    fin_sent: bool,
    /// The other side's FIN or RST has come.
    fin_seen: bool,
    reset: bool,
    /// Bytes sent that have not arrived.
    flying: usize,
    seq: u32,
}

pub(crate) struct Conn {
    ends: [End; 2],
    error: Option<Errno>,
    delay: u64,
    /// Nobody has the address.
    lost: bool,
}

pub(crate) struct Listener {
    host: usize,
    addr: SockAddr,
    pub(crate) queue: VecDeque<usize>,
}

pub(crate) struct Udp {
    host: usize,
    addr: SockAddr,
    pub(crate) queue: VecDeque<Result<(Vec<u8>, SockAddr), Errno>>,
}

#[derive(Default)]
pub(crate) struct Net {
    conns: Vec<Option<Conn>>,
    pub(crate) listeners: Vec<Option<Listener>>,
    pub(crate) udps: Vec<Option<Udp>>,
}

/// What arrives.
pub(crate) enum Arrival {
    Syn(usize),
    SynAck(usize),
    /// The answer to that, which completes the connection.
    Ack(usize),
    Failed(usize, Errno),
    Data(usize, usize, Vec<u8>, TraceId),
    Fin(usize, usize),
    Rst(usize, usize),
    Forget(usize),
    /// From a host to a host.
    Datagram([usize; 2], SockAddr, SockAddr, Vec<u8>),
    /// Nobody listens: told to the socket of a host that asked.
    Refused(usize, SockAddr),
}

impl Kernel {
    fn host_with(&self, ip: Ipv4Addr) -> Option<usize> {
        self.hosts.iter().position(|h| h.ifaces.iter().any(|i| i.up && i.addrs.iter().any(|(a, _)| *a == ip)))
    }

    /// Where a packet from `host` to `ip` arrives and how long it takes. `Err`: nobody has the address, or it swallows packets (`None`).
    fn route(&self, host: usize, ip: Ipv4Addr) -> Result<(usize, u64), Option<Errno>> {
        let mine = |h: usize| self.hosts[h].ifaces.iter().any(|i| i.up && i.addrs.iter().any(|(a, _)| *a == ip));
        if ip.is_loopback() || ip.is_unspecified() || mine(host) {
            return if self.hosts[host].ifaces.iter().any(|i| i.name == "lo" && i.up) { Ok((host, 0)) } else { Err(None) };
        }
        if !self.hosts[host].ifaces.iter().any(|i| i.up && i.name != "lo") {
            return Err(Some(Errno::ENETUNREACH));
        }
        if self.hosts[host].silent.contains(&ip) {
            return Err(None);
        }
        let Some(to) = self.host_with(ip) else {
            // Who has been told a hardware address sends there, and hears nothing.
            let told = self.hosts[host].neighbours.iter().any(|(a, _, told)| *a == ip && *told);
            return Err(if told { None } else { Some(Errno::EHOSTUNREACH) });
        };
        let near = self.hosts[host].ifaces.iter().flat_map(|i| &i.addrs).any(|(a, len)| same_net(*a, ip, *len));
        Ok((to, if near { LAN } else { FAR }))
    }

    /// The address that `host` uses to reach `ip`.
    fn source(&self, host: usize, ip: Ipv4Addr) -> Ipv4Addr {
        let mine: Vec<_> = self.hosts[host].ifaces.iter().filter(|i| i.up).flat_map(|i| &i.addrs).collect();
        if ip.is_loopback() {
            return Ipv4Addr::LOCALHOST;
        }
        // To a second address of its own network a host speaks from its first.
        if let Some((own, len)) = mine.iter().find(|(a, _)| *a == ip) {
            return mine.iter().find(|(a, l)| l == len && same_net(*a, *own, *len)).map_or(ip, |(a, _)| *a);
        }
        let near = mine.iter().find(|(a, len)| *len < 32 && !a.is_loopback() && same_net(*a, ip, *len));
        near.or_else(|| mine.iter().find(|(a, _)| !a.is_loopback())).map_or(Ipv4Addr::LOCALHOST, |(a, _)| *a)
    }

    fn new_port(&mut self, host: usize) -> u16 {
        let step = (self.random() % 7) as u16 * 2 + 2;
        let h = &mut self.hosts[host];
        h.next_port = if h.next_port > 60900 { 32768 + h.next_port % 64 } else { h.next_port + step };
        h.next_port
    }

    /// A packet leaves a host for another (`None`: nobody gets it): it is counted, shows each the other's hardware address, and can be seen.
    fn passes(&mut self, host: usize, to_host: Option<usize>, from: SockAddr, to: SockAddr, what: PacketKind, bytes: &[u8]) {
        let header = match what {
            PacketKind::Tcp { syn, .. } => 52 + u64::from(syn) * 8,
            _ => 28,
        };
        let home = to_host == Some(host);
        let len = header + bytes.len() as u64 + if home { 0 } else { 14 };
        if let Some(i) = self.iface_of(host, home) {
            let card = &mut self.hosts[host].ifaces[i];
            (card.tx_packets, card.tx_bytes) = (card.tx_packets + 1, card.tx_bytes + len);
        }
        if let Some(other) = to_host {
            if let Some(i) = self.iface_of(other, home) {
                let card = &mut self.hosts[other].ifaces[i];
                (card.rx_packets, card.rx_bytes) = (card.rx_packets + 1, card.rx_bytes + len);
            }
            if !home {
                self.learn(host, to.ip, other);
                self.learn(other, from.ip, host);
            }
        }
        if self.tap {
            self.events.push_back(Event::Packet(Packet { at: self.now, from, to, what, bytes: bytes.to_vec() }));
        }
    }

    /// The loopback interface of a host, or its card.
    fn iface_of(&self, host: usize, lo: bool) -> Option<usize> {
        self.hosts[host].ifaces.iter().position(|i| i.up && (i.name == "lo") == lo)
    }

    /// A host learns a neighbour's hardware address from a packet.
    fn learn(&mut self, host: usize, ip: Ipv4Addr, of: usize) {
        if self.hosts[host].neighbours.iter().any(|(a, ..)| *a == ip) {
            return;
        }
        if let Some(mac) = self.iface_of(of, false).map(|i| self.hosts[of].ifaces[i].mac) {
            self.hosts[host].neighbours.push((ip, mac, false));
        }
    }

    pub(crate) fn neighbour_set(&mut self, pix: Pix, ip: Ipv4Addr, mac: Option<[u8; 6]>) -> Sysret<()> {
        let proc = self.proc(pix)?;
        if proc.ids.euid != 0 {
            return Err(Errno::EPERM);
        }
        let host = proc.host;
        let table = &mut self.hosts[host].neighbours;
        let known = table.len();
        table.retain(|(a, ..)| *a != ip);
        match mac {
            Some(mac) => table.push((ip, mac, true)),
            None if table.len() == known => return Err(Errno::ENOENT),
            None => {}
        }
        Ok(())
    }

    fn later(&mut self, micros: u64, arrival: Arrival) {
        let at = self.now.plus_micros(micros);
        self.alarm(at, Alarm::Net(arrival));
    }

    // --- asking -----------------------------------------------------------------------------------------

    pub(crate) fn sock_name(&self, pix: Pix, fd: Fd, peer: bool) -> Sysret<SockAddr> {
        match self.obj_of(pix, fd)? {
            Obj::Tcp(c, side) => {
                let conn = self.net.conns[c].as_ref().ok_or(Errno::ENOTCONN)?;
                Ok(conn.ends[if peer { 1 - side } else { side }].addr)
            }
            Obj::TcpListener(l) if !peer => self.net.listeners[l].as_ref().map(|l| l.addr).ok_or(Errno::EBADF),
            Obj::Udp(u) if !peer => self.net.udps[u].as_ref().map(|u| u.addr).ok_or(Errno::EBADF),
            Obj::TcpListener(_) | Obj::Udp(_) => Err(Errno::ENOTCONN),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    pub(crate) fn socks(&self, pix: Pix) -> Sysret<Vec<SockRow>> {
        let host = self.proc(pix)?.host;
        let owner = |obj: Obj| {
            let holds =
                |p: &super::proc::Proc| p.fds.iter().position(|f| f.is_some_and(|f| self.files[f].as_ref().is_some_and(|f| f.obj == obj)));
            let procs = self.procs.iter().flatten().filter(|p| p.host == host);
            procs
                .filter_map(|p| holds(p).map(|fd| (p, fd)))
                .min_by_key(|(p, _)| p.pid)
                .map(|(p, fd)| (p.ids.euid, (p.pid, p.name().to_string(), fd as Fd)))
        };
        let row = |proto, local, remote, state, obj, recv_q, backlog| {
            let owner = owner(obj);
            let uid = owner.as_ref().map_or(0, |o| o.0);
            SockRow { proto, local, remote, state, recv_q, send_q: 0, backlog, owner: owner.map(|o| o.1), uid, ino: 0, path: None }
        };
        let mut rows = Vec::new();
        for (i, l) in self.net.listeners.iter().enumerate().filter_map(|(i, l)| l.as_ref().map(|l| (i, l))) {
            if l.host == host {
                rows.push(row("tcp", l.addr, None, "LISTEN", Obj::TcpListener(i), l.queue.len() as u32, 100));
            }
        }
        for (i, c) in self.net.conns.iter().enumerate().filter_map(|(i, c)| c.as_ref().map(|c| (i, c))) {
            for (side, end) in c.ends.iter().enumerate().filter(|(_, e)| e.host == host) {
                let state = match end.state {
                    State::SynSent if side == 0 => "SYN_SENT",
                    State::Established => "ESTABLISHED",
                    State::FinWait => "FIN_WAIT2",
                    State::CloseWait => "CLOSE_WAIT",
                    State::TimeWait => "TIME_WAIT",
                    State::SynSent | State::Closed => continue,
                };
                let obj = Obj::Tcp(i, side);
                rows.push(row("tcp", end.addr, Some(c.ends[1 - side].addr), state, obj, end.rx.len() as u32, 0));
            }
        }
        for (i, u) in self.net.udps.iter().enumerate().filter_map(|(i, u)| u.as_ref().map(|u| (i, u))) {
            if u.host == host {
                rows.push(row("udp", u.addr, None, "UNCONN", Obj::Udp(i), 0, 0));
            }
        }
        let any = SockAddr { ip: Ipv4Addr::UNSPECIFIED, port: 0 };
        for (path, ino) in self.unix_paths(self.hosts[host].fs) {
            rows.push(SockRow {
                proto: "unix",
                local: any,
                remote: None,
                state: "LISTEN",
                recv_q: 0,
                send_q: 0,
                backlog: 100,
                owner: None,
                uid: 0,
                ino,
                path: Some(path),
            });
        }
        Ok(rows)
    }
}

fn same_net(a: Ipv4Addr, b: Ipv4Addr, len: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0);
    u32::from(a) & mask == u32::from(b) & mask
}
