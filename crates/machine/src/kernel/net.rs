//! The network: who has which address, how long a packet takes, TCP connections, UDP, echo. Segments arrive in order and whole; every one
//! can be seen by a tap. Not here: names (`resolver`). Source: RFC 9293 (states and answers), ip(7), tcp(7).

use super::fd::Obj;
use super::sched::{Alarm, Served};
use super::{Kernel, Key, Pix, put, stream::Stream};
use crate::trap::Ret;
use crate::{Echo, Errno, Event, Fd, Interest, Packet, PacketKind, SimTime, SockAddr, SockRow, Sysret, TraceId};
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
    Failed(usize, Errno),
    Data(usize, usize, Vec<u8>, TraceId),
    Fin(usize, usize),
    Rst(usize, usize),
    Forget(usize),
    Datagram(usize, SockAddr, SockAddr, Vec<u8>),
    Refused(usize),
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
        let to = self.host_with(ip).ok_or(Some(Errno::EHOSTUNREACH))?;
        let near = self.hosts[host].ifaces.iter().flat_map(|i| &i.addrs).any(|(a, len)| same_net(*a, ip, *len));
        Ok((to, if near { LAN } else { FAR }))
    }

    /// The address that `host` uses to reach `ip`.
    fn source(&self, host: usize, ip: Ipv4Addr) -> Ipv4Addr {
        let mine: Vec<_> = self.hosts[host].ifaces.iter().filter(|i| i.up).flat_map(|i| &i.addrs).collect();
        if ip.is_loopback() || mine.iter().any(|(a, _)| *a == ip) {
            return ip;
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

    fn tapped(&mut self, from: SockAddr, to: SockAddr, what: PacketKind, bytes: &[u8]) {
        if self.tap {
            self.events.push_back(Event::Packet(Packet { at: self.now, from, to, what, bytes: bytes.to_vec() }));
        }
    }

    fn tcp_tap(&mut self, c: usize, side: usize, [syn, ack, fin, rst]: [bool; 4], bytes: &[u8]) {
        if !self.tap {
            return;
        }
        let Some(conn) = self.net.conns[c].as_ref() else { return };
        let (me, you) = (&conn.ends[side], &conn.ends[1 - side]);
        let what = PacketKind::Tcp { syn, ack, fin, rst, push: !bytes.is_empty(), seq: me.seq, acked: you.seq };
        let (from, to) = (me.addr, you.addr);
        self.tapped(from, to, what, bytes);
    }

    fn later(&mut self, micros: u64, arrival: Arrival) {
        let at = self.now.plus_micros(micros);
        self.alarm(at, Alarm::Net(arrival));
    }

    // --- TCP ----------------------------------------------------------------------------------------------

    pub(crate) fn tcp_listen(&mut self, pix: Pix, addr: SockAddr) -> Sysret<Fd> {
        let proc = self.proc(pix)?;
        let host = proc.host;
        if addr.port < 1024 && addr.port != 0 && proc.ids.euid != 0 {
            return Err(Errno::EACCES);
        }
        if !addr.ip.is_unspecified() && self.route(host, addr.ip).map(|r| r.0) != Ok(host) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let clash = |l: &Listener| {
            l.host == host && l.addr.port == addr.port && (l.addr.ip == addr.ip || l.addr.ip.is_unspecified() || addr.ip.is_unspecified())
        };
        if self.net.listeners.iter().flatten().any(clash) {
            return Err(Errno::EADDRINUSE);
        }
        let l = put(&mut self.net.listeners, Listener { host, addr, queue: VecDeque::new() });
        let file = self.open_file(Obj::TcpListener(l), true, false, false);
        self.give_fd(pix, file, 0)
    }

    pub(crate) fn tcp_connect(&mut self, pix: Pix, to: SockAddr, from: Option<SockAddr>, until: Option<SimTime>) -> Served {
        let Ok(proc) = self.proc(pix) else { return Served::Gone };
        let (host, begun) = (proc.host, proc.begun);
        let Some(c) = begun.map(|c| c as usize) else {
            return match self.tcp_begin(host, to, from) {
                Ok(c) => {
                    if let Ok(proc) = self.proc_mut(pix) {
                        proc.begun = Some(c as u64);
                    }
                    let until = until.map(|t| self.world_time(pix, t));
                    Served::Wait(vec![Key::Conn(c), Key::Signal(pix)], until)
                }
                Err(e) => Served::Done(Err(e)),
            };
        };
        let late = until.is_some_and(|t| t <= self.local_now(pix));
        let Some(conn) = self.net.conns[c].as_mut() else { return Served::Done(Err(Errno::ECONNREFUSED)) };
        if let Some(e) = conn.error {
            self.net.conns[c] = None;
            return Served::Done(Err(e));
        }
        if conn.ends[0].state != State::SynSent {
            conn.ends[0].open = true;
            let file = self.open_file(Obj::Tcp(c, 0), true, true, false);
            return Served::Done(self.give_fd(pix, file, 0).map(|fd| Ret::Num(i64::from(fd))));
        }
        if late {
            self.net.conns[c] = None;
            return Served::Done(Err(Errno::ETIMEDOUT));
        }
        let until = until.map(|t| self.world_time(pix, t));
        Served::Wait(vec![Key::Conn(c), Key::Signal(pix)], until)
    }

    fn tcp_begin(&mut self, host: usize, to: SockAddr, from: Option<SockAddr>) -> Sysret<usize> {
        let to = SockAddr { ip: if to.ip.is_unspecified() { Ipv4Addr::LOCALHOST } else { to.ip }, ..to };
        let ip = from.map(|f| f.ip).filter(|ip| !ip.is_unspecified()).unwrap_or_else(|| self.source(host, to.ip));
        if self.route(host, ip).map(|r| r.0) != Ok(host) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let port = match from.map_or(0, |f| f.port) {
            0 => self.new_port(host),
            port => port,
        };
        let route = self.route(host, to.ip);
        let (peer, delay) = match route {
            Err(Some(Errno::ENETUNREACH)) => return Err(Errno::ENETUNREACH),
            Ok((peer, delay)) => (peer, delay),
            Err(_) => (host, 0),
        };
        let (seq0, seq1) = (self.random() as u32, self.random() as u32);
        let end = |host, addr, seq| End {
            host,
            addr,
            rx: Stream::new(1, 1),
            state: State::SynSent,
            open: false,
            fin_sent: false,
            fin_seen: false,
            reset: false,
            flying: 0,
            seq,
        };
        let ends = [end(host, SockAddr { ip, port }, seq0), end(peer, to, seq1)];
        let c = put(&mut self.net.conns, Conn { ends, error: None, delay });
        self.tcp_tap(c, 0, [true, false, false, false], b"");
        match route {
            Ok(_) => self.later(delay, Arrival::Syn(c)),
            Err(Some(e)) => self.later(ARP, Arrival::Failed(c, e)),
            Err(None) => self.later(SYN_TIMEOUT, Arrival::Failed(c, Errno::ETIMEDOUT)),
        }
        Ok(c)
    }

    pub(crate) fn tcp_accept(&mut self, pix: Pix, l: usize) -> Served {
        let Some(listener) = self.net.listeners[l].as_mut() else { return Served::Done(Err(Errno::EBADF)) };
        let Some(c) = listener.queue.pop_front() else { return Served::Wait(vec![Key::Listener(l), Key::Signal(pix)], None) };
        let Some(conn) = self.net.conns[c].as_mut() else { return Served::Done(Err(Errno::ECONNABORTED)) };
        conn.ends[1].open = true;
        let peer = conn.ends[0].addr;
        let file = self.open_file(Obj::Tcp(c, 1), true, true, false);
        Served::Done(self.give_fd(pix, file, 0).map(|fd| Ret::Conn(fd, Some(peer))))
    }

    pub(crate) fn tcp_unlisten(&mut self, l: usize) {
        let Some(listener) = self.net.listeners[l].take() else { return };
        for c in listener.queue {
            self.tcp_reset(c, 1);
        }
    }

    pub(crate) fn tcp_read(&mut self, pix: Pix, c: usize, side: usize, max: usize) -> Served {
        let Some(conn) = self.net.conns[c].as_mut() else { return Served::Done(Ok(Ret::Bytes(Vec::new()))) };
        let end = &mut conn.ends[side];
        if end.rx.len() > 0 {
            let (bytes, mark) = end.rx.pull(max);
            if let Ok(proc) = self.proc_mut(pix) {
                proc.mark = mark;
            }
            self.wake(Key::Conn(c));
            return Served::Done(Ok(Ret::Bytes(bytes)));
        }
        if std::mem::take(&mut end.reset) {
            return Served::Done(Err(Errno::ECONNRESET));
        }
        if end.fin_seen {
            return self.read_end(pix);
        }
        Served::Wait(vec![Key::Conn(c), Key::Signal(pix)], None)
    }

    pub(crate) fn tcp_write(&mut self, pix: Pix, c: usize, side: usize, bytes: &mut Vec<u8>, mark: TraceId) -> Served {
        loop {
            let dead = match self.net.conns[c].as_mut() {
                None => true,
                Some(conn) => {
                    let e = &mut conn.ends[side];
                    if std::mem::take(&mut e.reset) {
                        e.state = State::Closed;
                        return Served::Done(Err(Errno::ECONNRESET));
                    }
                    e.fin_sent || e.state == State::Closed
                }
            };
            if dead {
                self.signal(pix, crate::Signal::Pipe);
                return Served::Done(Err(Errno::EPIPE));
            }
            if bytes.is_empty() {
                return Served::Done(Ok(Ret::Unit));
            }
            let Some(conn) = self.net.conns[c].as_mut() else { return Served::Gone };
            let busy = conn.ends[side].flying + conn.ends[1 - side].rx.len();
            let n = WINDOW.saturating_sub(busy).min(MSS).min(bytes.len());
            if n == 0 {
                return Served::Wait(vec![Key::Conn(c), Key::Signal(pix)], None);
            }
            let delay = conn.delay;
            let part: Vec<u8> = bytes.drain(..n).collect();
            conn.ends[side].flying += n;
            self.tcp_tap(c, side, [false, true, false, false], &part);
            if let Some(conn) = self.net.conns[c].as_mut() {
                conn.ends[side].seq = conn.ends[side].seq.wrapping_add(n as u32);
            }
            self.later(delay, Arrival::Data(c, 1 - side, part, mark));
        }
    }

    pub(crate) fn tcp_ready(&self, c: usize, side: usize, interest: Interest) -> bool {
        let Some(conn) = self.net.conns[c].as_ref() else { return true };
        let end = &conn.ends[side];
        match interest {
            Interest::Write => end.reset || end.flying + conn.ends[1 - side].rx.len() < WINDOW,
            _ => end.rx.len() > 0 || end.fin_seen || end.reset,
        }
    }

    /// Our FIN: no more bytes from this side.
    pub(crate) fn tcp_fin(&mut self, c: usize, side: usize) {
        let Some(conn) = self.net.conns[c].as_mut() else { return };
        let delay = conn.delay;
        let end = &mut conn.ends[side];
        if end.fin_sent || matches!(end.state, State::Closed | State::SynSent) {
            return;
        }
        end.fin_sent = true;
        end.state = if end.state == State::CloseWait { State::Closed } else { State::FinWait };
        self.tcp_tap(c, side, [false, true, true, false], b"");
        self.later(delay, Arrival::Fin(c, 1 - side));
    }

    pub(crate) fn tcp_close(&mut self, c: usize, side: usize) {
        let Some(conn) = self.net.conns[c].as_mut() else { return };
        let end = &mut conn.ends[side];
        end.open = false;
        if end.rx.len() > 0 && !end.reset {
            // Closing with unread bytes is a reset.
            return self.tcp_reset(c, side);
        }
        self.tcp_fin(c, side);
        self.tcp_bury(c);
    }

    fn tcp_reset(&mut self, c: usize, side: usize) {
        let Some(conn) = self.net.conns[c].as_mut() else { return };
        conn.ends[side].open = false;
        conn.ends[side].state = State::Closed;
        conn.ends[side].fin_sent = true;
        let delay = conn.delay;
        self.tcp_tap(c, side, [false, true, false, true], b"");
        self.later(delay, Arrival::Rst(c, 1 - side));
    }

    /// Forgets a connection that both ends have closed; the end that closed first keeps it a minute in TIME_WAIT.
    fn tcp_bury(&mut self, c: usize) {
        let Some(conn) = self.net.conns[c].as_mut() else { return };
        if conn.ends.iter().any(|e| e.open || (!e.fin_seen && e.state != State::Closed)) {
            return;
        }
        if let Some(first) = conn.ends.iter_mut().find(|e| e.state == State::FinWait) {
            first.state = State::TimeWait;
            self.later(TIME_WAIT, Arrival::Forget(c));
        } else if !conn.ends.iter().any(|e| e.state == State::TimeWait) {
            self.later(0, Arrival::Forget(c));
        }
    }

    /// Something arrives.
    pub(crate) fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Syn(c) => {
                let Some(conn) = self.net.conns[c].as_ref() else { return };
                let (host, addr, delay) = (conn.ends[1].host, conn.ends[1].addr, conn.delay);
                let fits =
                    |l: &Listener| l.host == host && l.addr.port == addr.port && (l.addr.ip == addr.ip || l.addr.ip.is_unspecified());
                match self.net.listeners.iter().position(|l| l.as_ref().is_some_and(fits)) {
                    Some(l) => {
                        if let Some(conn) = self.net.conns[c].as_mut() {
                            conn.ends[1].state = State::Established;
                        }
                        if let Some(listener) = self.net.listeners[l].as_mut() {
                            listener.queue.push_back(c);
                        }
                        self.tcp_tap(c, 1, [true, true, false, false], b"");
                        self.later(delay, Arrival::SynAck(c));
                        self.wake(Key::Listener(l));
                    }
                    None => {
                        self.tcp_tap(c, 1, [false, true, false, true], b"");
                        self.later(delay, Arrival::Failed(c, Errno::ECONNREFUSED));
                    }
                }
            }
            Arrival::SynAck(c) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                for end in &mut conn.ends {
                    end.seq = end.seq.wrapping_add(1);
                }
                if conn.ends[0].state == State::SynSent {
                    conn.ends[0].state = State::Established;
                }
                self.tcp_tap(c, 0, [false, true, false, false], b"");
                self.wake(Key::Conn(c));
            }
            Arrival::Failed(c, e) => {
                if let Some(conn) = self.net.conns[c].as_mut()
                    && conn.ends[0].state == State::SynSent
                {
                    conn.error = Some(e);
                }
                self.wake(Key::Conn(c));
            }
            Arrival::Data(c, side, bytes, mark) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                let n = bytes.len();
                let sender = &mut conn.ends[1 - side];
                sender.flying = sender.flying.saturating_sub(n);
                let end = &mut conn.ends[side];
                if end.state == State::Closed || (end.fin_sent && !end.open) {
                    // Nobody reads any more.
                    return self.tcp_reset(c, side);
                }
                end.rx.push(&bytes, mark);
                self.tcp_tap(c, side, [false, true, false, false], b"");
                self.wake(Key::Conn(c));
            }
            Arrival::Fin(c, side) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                conn.ends[1 - side].seq = conn.ends[1 - side].seq.wrapping_add(1);
                let end = &mut conn.ends[side];
                end.fin_seen = true;
                match end.state {
                    State::FinWait => end.state = State::TimeWait,
                    State::Established => end.state = State::CloseWait,
                    _ => {}
                }
                let time_wait = end.state == State::TimeWait;
                self.tcp_tap(c, side, [false, true, false, false], b"");
                self.wake(Key::Conn(c));
                if time_wait {
                    self.later(TIME_WAIT, Arrival::Forget(c));
                }
                self.tcp_bury(c);
            }
            Arrival::Rst(c, side) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                let end = &mut conn.ends[side];
                end.reset = !end.fin_seen;
                end.fin_seen = true;
                self.wake(Key::Conn(c));
                self.tcp_bury(c);
            }
            Arrival::Forget(c) => {
                if self.net.conns[c].as_ref().is_some_and(|c| c.ends.iter().all(|e| !e.open)) {
                    self.net.conns[c] = None;
                }
            }
            Arrival::Datagram(host, from, to, bytes) => {
                let fits = |u: &Udp| u.host == host && u.addr.port == to.port && (u.addr.ip == to.ip || u.addr.ip.is_unspecified());
                match self.net.udps.iter().position(|u| u.as_ref().is_some_and(fits)) {
                    Some(u) => {
                        if let Some(udp) = self.net.udps[u].as_mut() {
                            udp.queue.push_back(Ok((bytes, from)));
                        }
                        self.wake(Key::Udp(u));
                    }
                    None => {
                        self.tapped(to, from, PacketKind::Icmp { kind: 3, code: 3 }, &bytes);
                        if let Some(sender) = self.net.udps.iter().position(|u| u.as_ref().is_some_and(|u| u.addr.port == from.port)) {
                            let delay = self.route(host, from.ip).map_or(0, |r| r.1);
                            self.later(delay, Arrival::Refused(sender));
                        }
                    }
                }
            }
            Arrival::Refused(u) => {
                if let Some(udp) = self.net.udps[u].as_mut() {
                    udp.queue.push_back(Err(Errno::ECONNREFUSED));
                }
                self.wake(Key::Udp(u));
            }
        }
    }

    // --- UDP and echo ---------------------------------------------------------------------------------

    pub(crate) fn udp_bind(&mut self, pix: Pix, addr: SockAddr) -> Sysret<Fd> {
        let host = self.proc(pix)?.host;
        let port = if addr.port == 0 { self.new_port(host) } else { addr.port };
        if self.net.udps.iter().flatten().any(|u| u.host == host && u.addr.port == port) {
            return Err(Errno::EADDRINUSE);
        }
        let u = put(&mut self.net.udps, Udp { host, addr: SockAddr { ip: addr.ip, port }, queue: VecDeque::new() });
        let file = self.open_file(Obj::Udp(u), true, true, false);
        self.give_fd(pix, file, 0)
    }

    pub(crate) fn send_to(&mut self, pix: Pix, fd: Fd, to: SockAddr, bytes: &[u8]) -> Sysret<()> {
        let Obj::Udp(u) = self.obj_of(pix, fd)? else { return Err(Errno::ENOTSOCK) };
        let udp = self.net.udps[u].as_ref().ok_or(Errno::EBADF)?;
        let host = udp.host;
        let ip = if udp.addr.ip.is_unspecified() { self.source(host, to.ip) } else { udp.addr.ip };
        let from = SockAddr { ip, port: udp.addr.port };
        self.tapped(from, to, PacketKind::Udp, bytes);
        match self.route(host, to.ip) {
            Ok((peer, delay)) => self.later(delay, Arrival::Datagram(peer, from, to, bytes.to_vec())),
            Err(Some(Errno::ENETUNREACH)) => return Err(Errno::ENETUNREACH),
            Err(_) => {}
        }
        Ok(())
    }

    pub(crate) fn recv_from(&mut self, pix: Pix, fd: Fd, until: Option<SimTime>) -> Served {
        let u = match self.obj_of(pix, fd) {
            Ok(Obj::Udp(u)) => u,
            Ok(_) => return Served::Done(Err(Errno::ENOTSOCK)),
            Err(e) => return Served::Done(Err(e)),
        };
        match self.net.udps[u].as_mut().and_then(|u| u.queue.pop_front()) {
            Some(got) => Served::Done(got.map(|(bytes, from)| Ret::Packet(bytes, from))),
            None if until.is_some_and(|t| t <= self.local_now(pix)) => Served::Done(Err(Errno::ETIMEDOUT)),
            None => Served::Wait(vec![Key::Udp(u), Key::Signal(pix)], until.map(|t| self.world_time(pix, t))),
        }
    }

    pub(crate) fn echo(&mut self, pix: Pix, to: Ipv4Addr, from: Option<Ipv4Addr>, bytes: usize, until: SimTime) -> Served {
        let Ok(proc) = self.proc(pix) else { return Served::Gone };
        let (host, begun) = (proc.host, proc.begun);
        let now = self.now;
        let route = self.route(host, to);
        let until = self.world_time(pix, until);
        let Some(start) = begun.map(SimTime) else {
            let source = from.unwrap_or_else(|| self.source(host, to));
            let (a, b) = (SockAddr { ip: source, port: 0 }, SockAddr { ip: to, port: 0 });
            let at = match route {
                Ok((_, delay)) => {
                    let jitter = self.random() % 40;
                    self.tapped(a, b, PacketKind::Icmp { kind: 8, code: 0 }, &vec![0; bytes]);
                    now.plus_micros(2 * delay + 20 + jitter)
                }
                Err(Some(Errno::ENETUNREACH)) => return Served::Done(Err(Errno::ENETUNREACH)),
                Err(Some(_)) => now.plus_micros(ARP),
                Err(None) => until,
            };
            if let Ok(proc) = self.proc_mut(pix) {
                proc.begun = Some(now.0);
            }
            return Served::Wait(vec![Key::Signal(pix)], Some(at.min(until)));
        };
        let micros = now.since(start);
        Served::Done(Ok(Ret::Echo(match route {
            Ok((_, delay)) if micros >= 2 * delay => {
                let (a, b) = (SockAddr { ip: to, port: 0 }, SockAddr { ip: self.source(host, to), port: 0 });
                self.tapped(a, b, PacketKind::Icmp { kind: 0, code: 0 }, &vec![0; bytes]);
                Echo::Reply { micros, ttl: 64 }
            }
            Err(Some(_)) if micros >= ARP => Echo::Unreachable { from: self.source(host, to) },
            _ => Echo::Lost,
        })))
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
            procs.filter_map(|p| holds(p).map(|fd| (p, fd))).next().map(|(p, fd)| (p.ids.euid, (p.pid, p.name().to_string(), fd as Fd)))
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
