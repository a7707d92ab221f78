//! UDP datagrams and ICMP echo. Not here: addresses and ways (`net`). Source: udp(7), RFC 792.

use super::super::fd::Obj;
use super::super::sched::Served;
use super::super::{Kernel, Key, Pix, put};
use super::{ARP, Arrival, Udp};
use crate::trap::Ret;
use crate::{Echo, Errno, Fd, PacketKind, SimTime, SockAddr, Sysret};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

impl Kernel {
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
        let route = self.route(host, to.ip);
        if route == Err(Some(Errno::ENETUNREACH)) {
            return Err(Errno::ENETUNREACH);
        }
        self.passes(host, route.ok().map(|r| r.0), from, to, PacketKind::Udp, bytes);
        if let Ok((peer, delay)) = route {
            self.later(delay, Arrival::Datagram([host, peer], from, to, bytes.to_vec()));
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
                Ok((peer, delay)) => {
                    let jitter = self.random() % 40;
                    self.passes(host, Some(peer), a, b, PacketKind::Icmp { kind: 8, code: 0 }, &vec![0; bytes]);
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
            Ok((peer, delay)) if micros >= 2 * delay => {
                let (a, b) = (SockAddr { ip: to, port: 0 }, SockAddr { ip: self.source(host, to), port: 0 });
                self.passes(peer, Some(host), a, b, PacketKind::Icmp { kind: 0, code: 0 }, &vec![0; bytes]);
                Echo::Reply { micros, ttl: 64 }
            }
            Err(Some(_)) if micros >= ARP => Echo::Unreachable { from: self.source(host, to) },
            _ => Echo::Lost,
        })))
    }
}
