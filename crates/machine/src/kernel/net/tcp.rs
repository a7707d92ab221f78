//! TCP: listening, connecting, carrying bytes, closing, and what arrives. Not here: addresses and ways (`net`).
//! Source: RFC 9293 (states and answers), tcp(7).

use super::super::fd::Obj;
use super::super::sched::Served;
use super::super::{Kernel, Key, Pix, put, stream::Stream};
use super::{ARP, Arrival, Conn, End, Listener, MSS, SYN_TIMEOUT, State, TIME_WAIT, Udp, WINDOW};
use crate::trap::Ret;
use crate::{Errno, Fd, Interest, PacketKind, SimTime, SockAddr, Sysret, TraceId};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

impl Kernel {
    fn tcp_tap(&mut self, c: usize, side: usize, [syn, ack, fin, rst]: [bool; 4], bytes: &[u8]) {
        let Some(conn) = self.net.conns[c].as_ref() else { return };
        let (me, you) = (&conn.ends[side], &conn.ends[1 - side]);
        let what = PacketKind::Tcp { syn, ack, fin, rst, push: !bytes.is_empty(), seq: me.seq, acked: you.seq };
        let (from, to, hosts) = (me.addr, you.addr, [me.host, you.host]);
        // A connection to nobody never leaves the state it begins in.
        let to_host = Some(hosts[1]).filter(|_| !conn.lost);
        self.passes(hosts[0], to_host, from, to, what, bytes);
    }

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
            self.tcp_abandon(c);
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
        let c = put(&mut self.net.conns, Conn { ends, error: None, delay, lost: route.is_err() });
        self.tcp_tap(c, 0, [true, false, false, false], b"");
        match route {
            Ok(_) => self.later(delay, Arrival::Syn(c)),
            Err(Some(e)) => self.later(ARP, Arrival::Failed(c, e)),
            Err(None) => self.later(SYN_TIMEOUT, Arrival::Failed(c, Errno::ETIMEDOUT)),
        }
        Ok(c)
    }

    /// Nobody waits any more for a connection that is being made. What still comes for it is answered with a reset.
    pub(crate) fn tcp_abandon(&mut self, c: usize) {
        match self.net.conns.get_mut(c).and_then(Option::as_mut) {
            Some(conn) if conn.error.is_some() => self.net.conns[c] = None,
            Some(conn) if conn.ends[0].state == State::SynSent => conn.ends[0].state = State::Closed,
            Some(_) => self.tcp_close(c, 0),
            None => {}
        }
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

    /// What has come in and is not read.
    pub(crate) fn tcp_front(&self, c: usize, side: usize, max: usize) -> Vec<u8> {
        self.net.conns[c].as_ref().map_or(Vec::new(), |conn| conn.ends[side].rx.front(max))
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
            // What is on its way still finds it.
            let delay = conn.delay;
            self.later(2 * delay, Arrival::Forget(c));
        }
    }

    /// The listener for an address of a host.
    fn listening(&self, host: usize, addr: SockAddr) -> Option<usize> {
        let fits = |l: &Listener| l.host == host && l.addr.port == addr.port && (l.addr.ip == addr.ip || l.addr.ip.is_unspecified());
        self.net.listeners.iter().position(|l| l.as_ref().is_some_and(fits))
    }

    /// The UDP socket for an address of a host.
    fn bound(&self, host: usize, addr: SockAddr) -> Option<usize> {
        let fits = |u: &Udp| u.host == host && u.addr.port == addr.port && (u.addr.ip == addr.ip || u.addr.ip.is_unspecified());
        self.net.udps.iter().position(|u| u.as_ref().is_some_and(fits))
    }

    /// Something arrives.
    pub(crate) fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Syn(c) => {
                let Some(conn) = self.net.conns[c].as_ref() else { return };
                let (host, addr, delay) = (conn.ends[1].host, conn.ends[1].addr, conn.delay);
                if self.listening(host, addr).is_some() {
                    self.tcp_tap(c, 1, [true, true, false, false], b"");
                    self.later(delay, Arrival::SynAck(c));
                } else {
                    self.tcp_tap(c, 1, [false, true, false, true], b"");
                    self.later(delay, Arrival::Failed(c, Errno::ECONNREFUSED));
                }
            }
            Arrival::SynAck(c) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                for end in &mut conn.ends {
                    end.seq = end.seq.wrapping_add(1);
                }
                if conn.ends[0].state == State::Closed {
                    return self.tcp_reset(c, 0);
                }
                conn.ends[0].state = State::Established;
                let delay = conn.delay;
                self.tcp_tap(c, 0, [false, true, false, false], b"");
                self.later(delay, Arrival::Ack(c));
                self.wake(Key::Conn(c));
            }
            Arrival::Ack(c) => {
                let Some(conn) = self.net.conns[c].as_mut() else { return };
                conn.ends[1].state = State::Established;
                let (host, addr) = (conn.ends[1].host, conn.ends[1].addr);
                let Some(l) = self.listening(host, addr) else { return self.tcp_reset(c, 1) };
                if let Some(listener) = self.net.listeners[l].as_mut() {
                    listener.queue.push_back(c);
                }
                self.wake(Key::Listener(l));
            }
            Arrival::Failed(c, e) => {
                match self.net.conns[c].as_mut() {
                    Some(conn) if conn.ends[0].state == State::Closed => self.net.conns[c] = None,
                    Some(conn) => conn.error = Some(e),
                    None => {}
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
            Arrival::Datagram([sender, host], from, to, bytes) => match self.bound(host, to) {
                Some(u) => {
                    if let Some(udp) = self.net.udps[u].as_mut() {
                        udp.queue.push_back(Ok((bytes, from)));
                    }
                    self.wake(Key::Udp(u));
                }
                None => {
                    self.passes(host, Some(sender), to, from, PacketKind::Icmp { kind: 3, code: 3 }, &bytes);
                    let delay = self.route(host, from.ip).map_or(0, |r| r.1);
                    self.later(delay, Arrival::Refused(sender, from));
                }
            },
            Arrival::Refused(host, addr) => {
                let Some(u) = self.bound(host, addr) else { return };
                if let Some(udp) = self.net.udps[u].as_mut() {
                    udp.queue.push_back(Err(Errno::ECONNREFUSED));
                }
                self.wake(Key::Udp(u));
            }
        }
    }
}
