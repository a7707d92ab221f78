//! nc: TCP by hand: connects or listens, and carries standard input and output; looks which ports are open.
//! Source: nc(1) of Debian's netcat-openbsd 1.219 and its recordings. Not here: UDP, unix sockets, proxies.

use crate::util::getopt::{Letters, getopt};
use crate::{Ex, Spec};
use machine::{Errno, Fd, Interest, STDERR, STDIN, STDOUT, SimTime, SockAddr, Sys, resolver};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "nc",
    path: "/usr/bin/nc",
    synopsis: "[-46CDdFhklNnrStUuvZz] [destination] [port]",
    about: "arbitrary TCP connections and listens",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "nc localhost", out: "nc: missing port number\n", code: 1 },
        Ex { sh: "nc localhost 70000", out: "nc: port number too large: 70000\n", code: 1 },
    ],
};

const USAGE: &str = "\
usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
\t  [destination] [port]
";

struct Nc {
    sys: Sys,
    given: Letters,
    /// Idle time in microseconds after which it ends.
    timeout: Option<u64>,
}

async fn run(sys: Sys) -> i32 {
    let Some(given) = getopt(&sys, "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz") else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    };
    if given.has(b'h') {
        sys.print(STDERR, format_args!("OpenBSD netcat (Debian patchlevel 1.219-1)\n{USAGE}{}", include_str!("nc/help.txt")));
        return 0;
    }
    for letter in *b"6FPSTUuVXxt" {
        if given.has(letter) {
            sys.unsupported(&format!("-{}", char::from(letter)));
            return 1;
        }
    }
    let timeout = match given.value(b'w').map(str::parse::<u64>) {
        Some(Err(_)) => {
            sys.complain(format_args!("timeout invalid: {}", given.value(b'w').unwrap_or_default()));
            return 1;
        }
        Some(Ok(n)) => Some(n.min(1 << 31) * 1_000_000),
        None => None,
    };
    let nc = Nc { sys: sys.clone(), timeout, given };
    let operands = nc.given.operands.clone();
    match operands.as_slice() {
        [] if nc.given.has(b'l') && nc.given.value(b'p').is_some() => {
            let port = nc.given.value(b'p').unwrap_or_default().to_string();
            nc.listen("", &port).await
        }
        [] => {
            sys.print(STDERR, format_args!("{USAGE}"));
            1
        }
        [port] if nc.given.has(b'l') => nc.listen("", port).await,
        [host, port] if nc.given.has(b'l') => nc.listen(host, port).await,
        [_] => {
            sys.complain(format_args!("missing port number"));
            1
        }
        [host, port] => nc.connect(host, port).await,
        _ => {
            sys.print(STDERR, format_args!("{USAGE}"));
            1
        }
    }
}

impl Nc {
    async fn address(&self, host: &str, port: &str) -> Option<Ipv4Addr> {
        let found = match (self.given.has(b'n'), host.parse()) {
            (true, Ok(ip)) => Ok(vec![ip]),
            (true, Err(_)) => Err(resolver::NameError::NoName),
            _ => resolver::host_addrs(&self.sys, host).await,
        };
        match found {
            Ok(ips) => ips.first().copied(),
            Err(e) => {
                self.sys.complain(format_args!("getaddrinfo for host \"{host}\" port {port}: {}", e.text()));
                None
            }
        }
    }

    /// The ports that a number, a service or a range names.
    async fn ports(&self, text: &str) -> Option<Vec<u16>> {
        let mut ends = Vec::new();
        let parts: Vec<&str> = match text.split_once('-') {
            Some((a, b)) if !a.is_empty() && a.bytes().all(|c| c.is_ascii_digit()) => vec![a, b],
            _ => vec![text],
        };
        for part in parts {
            let why = match part.parse::<u64>() {
                Ok(1..=65535) => "",
                Ok(0) => "too small",
                Ok(_) => "too large",
                Err(_) => "invalid",
            };
            let port = match why {
                "" => part.parse().ok(),
                "invalid" => resolver::service_port(&self.sys, part, "tcp").await,
                _ => None,
            };
            let Some(port) = port else {
                self.sys.complain(format_args!("port number {why}: {part}"));
                return None;
            };
            ends.push(port);
        }
        let (low, high) = (ends.iter().min().copied()?, ends.iter().max().copied()?);
        Some((low..=high).collect())
    }

    async fn service(&self, port: u16) -> String {
        if self.given.has(b'n') {
            return "*".into();
        }
        let known = resolver::services(&self.sys).await;
        known.into_iter().find(|(_, p, proto)| *p == port && proto == "tcp").map_or("*".into(), |(names, ..)| names[0].clone())
    }

    async fn connect(&self, host: &str, ports: &str) -> i32 {
        let sys = &self.sys;
        let Some(ports) = self.ports(ports).await else { return 1 };
        let verbose = self.given.has(b'v');
        let mut status = 1;
        let source = self.given.value(b'p').and_then(|p| p.parse().ok()).unwrap_or(0);
        let local = self.given.value(b's').and_then(|a| a.parse().ok()).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let from = (source != 0 || !local.is_unspecified()).then_some(SockAddr { ip: local, port: source });
        for port in ports {
            let Some(ip) = self.address(host, &port.to_string()).await else { return 1 };
            let shown = if ip.to_string() == host { host.to_string() } else { format!("{host} ({ip})") };
            let until = self.timeout.map(|t| sys.now().plus_micros(t));
            match sys.tcp_connect(SockAddr { ip, port }, from, until).await {
                Err(e) => {
                    let late = e == Errno::ETIMEDOUT && until.is_some_and(|u| sys.now() >= u);
                    if verbose && late {
                        sys.complain(format_args!("connect to {shown} port {port} (tcp) timed out: Operation now in progress"));
                    } else if verbose {
                        sys.complain(format_args!("connect to {shown} port {port} (tcp) failed: {e}"));
                    }
                }
                Ok(fd) => {
                    status = 0;
                    if verbose {
                        let service = self.service(port).await;
                        sys.print(STDERR, format_args!("Connection to {shown} {port} port [tcp/{service}] succeeded!\n"));
                    }
                    if !self.given.has(b'z') {
                        self.relay(fd).await;
                    }
                    let _ = sys.close(fd).await;
                }
            }
            if let Some(secs) = self.given.value(b'i').and_then(|s| s.parse::<u64>().ok()) {
                let _ = sys.sleep(secs.min(1 << 31) * 1_000_000).await;
            }
        }
        status
    }

    async fn listen(&self, host: &str, port: &str) -> i32 {
        let sys = &self.sys;
        let Some(number) = resolver::service_port(sys, port, "tcp").await else {
            sys.complain(format_args!("getaddrinfo: Servname not supported for ai_socktype"));
            return 1;
        };
        let ip = match host {
            "" => Ipv4Addr::UNSPECIFIED,
            _ => match self.address(host, port).await {
                Some(ip) => ip,
                None => return 1,
            },
        };
        let listener = match sys.tcp_listen(ip, number).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("{e}"));
                return 1;
            }
        };
        if self.given.has(b'v') {
            sys.print(STDERR, format_args!("Listening on {ip} {number}\n"));
        }
        loop {
            if let Some(t) = self.timeout {
                let until = sys.now().plus_micros(t);
                if sys.poll(&[(listener, Interest::Read)], Some(until)).await.is_ok_and(|r| r.is_empty()) {
                    return 1;
                }
            }
            let Ok((fd, peer)) = sys.accept(listener).await else { return 1 };
            if let (true, Some(peer)) = (self.given.has(b'v'), peer) {
                let name = if self.given.has(b'n') { None } else { resolver::addr_name(sys, peer.ip).await.ok() };
                let name = name.unwrap_or_else(|| peer.ip.to_string());
                sys.print(STDERR, format_args!("Connection received on {name} {}\n", peer.port));
            }
            if !self.given.has(b'k') {
                // One connection is served; further ones are refused.
                let _ = sys.close(listener).await;
            }
            self.relay(fd).await;
            let _ = sys.close(fd).await;
            if !self.given.has(b'k') {
                return 0;
            }
        }
    }

    /// Carries bytes both ways until the connection ends, or long after the input has.
    async fn relay(&self, net: Fd) {
        let sys = &self.sys;
        let linger = self.given.value(b'q').and_then(|q| q.parse::<i64>().ok());
        let mut input = !self.given.has(b'd');
        let mut end: Option<SimTime> = None;
        let mut open = true;
        loop {
            let mut fds = Vec::new();
            if open {
                fds.push((net, Interest::Read));
            }
            if input {
                fds.push((STDIN, Interest::Read));
            }
            let idle = self.timeout.map(|t| sys.now().plus_micros(t));
            let until = match (end, idle) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            let Ok(ready) = sys.poll(&fds, until).await else { return };
            if ready.is_empty() {
                return;
            }
            if ready.contains(&net) {
                match sys.read(net, 16384).await {
                    Ok(bytes) if !bytes.is_empty() => sys.put(STDOUT, &bytes),
                    // What is typed could still be sent: only the end of the input, too, is the end.
                    Ok(_) if input => open = false,
                    _ => return,
                }
            }
            if ready.contains(&STDIN) {
                let bytes = sys.read(STDIN, 16384).await.unwrap_or_default();
                if !open {
                    // The other side answers with a reset.
                    let _ = sys.write(net, &bytes).await;
                    return;
                }
                if bytes.is_empty() {
                    input = false;
                    if self.given.has(b'N') {
                        let _ = sys.shutdown(net).await;
                    }
                    match linger {
                        Some(0) => return,
                        Some(secs @ 1..) => end = Some(sys.now().plus_secs(secs as u64)),
                        _ => {}
                    }
                } else if self.given.has(b'C') {
                    let mut out = Vec::new();
                    for (i, &b) in bytes.iter().enumerate() {
                        if b == b'\n' && (i == 0 || bytes[i - 1] != b'\r') {
                            out.push(b'\r');
                        }
                        out.push(b);
                    }
                    if sys.write(net, &out).await.is_err() {
                        return;
                    }
                } else if sys.write(net, &bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}
