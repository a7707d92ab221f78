//! netstat: the host's sockets, routes and interfaces.  Source: netstat(8) of net-tools 2.10 and its recordings.
//! Not here: statistics.

use crate::util::inet;
use crate::{Arg, Opt, Spec, opts};
use machine::{STDERR, STDOUT, SockAddr, SockRow, Sys, resolver};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "netstat",
    path: "/usr/bin/netstat",
    synopsis: "[-vWnNcaeol] [<Socket> ...]",
    about: "print network connections, routing tables and interface statistics",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = include_str!("netstat/usage.txt");

const OPTIONS: &[Opt] = &[
    Opt(b'r', "route", Arg::No),
    Opt(b'i', "interfaces", Arg::No),
    Opt(b'g', "groups", Arg::No),
    Opt(b's', "statistics", Arg::No),
    Opt(b'M', "masquerade", Arg::No),
    Opt(b'v', "verbose", Arg::No),
    Opt(b'W', "wide", Arg::No),
    Opt(b'n', "numeric", Arg::No),
    Opt(0, "numeric-hosts", Arg::No),
    Opt(0, "numeric-ports", Arg::No),
    Opt(0, "numeric-users", Arg::No),
    Opt(b'N', "symbolic", Arg::No),
    Opt(b'e', "extend", Arg::No),
    Opt(b'p', "programs", Arg::No),
    Opt(b'o', "timers", Arg::No),
    Opt(b'c', "continuous", Arg::No),
    Opt(b'l', "listening", Arg::No),
    Opt(b'a', "all", Arg::No),
    Opt(b'F', "fib", Arg::No),
    Opt(b'C', "cache", Arg::No),
    Opt(b'Z', "context", Arg::No),
    Opt(b't', "tcp", Arg::No),
    Opt(b'u', "udp", Arg::No),
    Opt(b'U', "udplite", Arg::No),
    Opt(b'S', "sctp", Arg::No),
    Opt(b'w', "raw", Arg::No),
    Opt(b'x', "unix", Arg::No),
    Opt(b'4', "inet", Arg::No),
    Opt(b'6', "inet6", Arg::No),
    Opt(b'A', "protocol", Arg::Yes),
    Opt(b'V', "version", Arg::No),
    Opt(b'h', "help", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 3) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let has = |letter: u8| given.has(OPTIONS, letter);
    if has(b'V') {
        sys.print(STDOUT, format_args!("net-tools 2.10\n"));
        return 0;
    }
    if has(b'h') {
        sys.put(STDERR, USAGE.as_bytes());
        return 3;
    }
    for letter in *b"gsMC6cA" {
        if has(letter) {
            sys.unsupported(&format!("-{}", char::from(letter)));
            return 1;
        }
    }
    if has(b'r') {
        return routes(&sys, has(b'n')).await;
    }
    if has(b'i') {
        return interfaces(&sys, "Kernel Interface table\nIface         ").await;
    }
    let (tcp, udp, unix) = (has(b't'), has(b'u'), has(b'x'));
    let none = !(tcp || udp || unix || has(b'w') || has(b'S') || has(b'U'));
    let inet = tcp || udp || none || has(b'4');
    let rows = sys.socks().await;
    let (all, listening) = (has(b'a'), has(b'l'));
    let fits = |r: &SockRow| {
        let open = r.state == "LISTEN" || (r.proto == "udp" && r.remote.is_none());
        all || open == listening
    };
    let programs = has(b'p');
    let which = match (all, listening) {
        (true, _) => "servers and established",
        (_, true) => "only servers",
        _ => "w/o servers",
    };
    if programs && sys.euid() != 0 {
        let euid = sys.euid();
        sys.print(STDERR, format_args!("(No info could be read for \"-p\": geteuid()={euid} but you should be root.)\n"));
    }
    if inet || has(b'w') || has(b'S') || has(b'U') {
        sys.print(STDOUT, format_args!("Active Internet connections ({which})\n"));
        sys.print(STDOUT, format_args!("Proto Recv-Q Send-Q Local Address           Foreign Address         State      "));
        if has(b'e') {
            sys.print(STDOUT, format_args!(" User       Inode     "));
        }
        sys.print(STDOUT, format_args!("{}\n", if programs { " PID/Program name    " } else { "" }));
        for proto in ["tcp", "udp"] {
            if !(none || (proto == "tcp" && tcp) || (proto == "udp" && udp)) {
                continue;
            }
            for r in rows.iter().filter(|r| r.proto == proto && fits(r)) {
                let local = Some(r.local);
                let (local, remote) = (end(&sys, local, has(b'n'), proto).await, end(&sys, r.remote, has(b'n'), proto).await);
                let state = if proto == "udp" { "" } else { r.state };
                let cut = |text: String| if has(b'W') { text } else { short(&text, 23) };
                let (local, remote) = (cut(local), cut(remote));
                sys.print(STDOUT, format_args!("{proto:<5} {:6} {:6} {local:<23} {remote:<23} {state:<11}", r.recv_q, r.send_q));
                if has(b'e') {
                    sys.print(STDOUT, format_args!(" {:<10} {:<10}", r.uid, r.ino));
                }
                if programs {
                    sys.print(STDOUT, format_args!(" {}", owner(&sys, r)));
                }
                sys.print(STDOUT, format_args!("\n"));
            }
        }
    }
    if unix || (none && !has(b'4')) {
        sys.print(STDOUT, format_args!("Active UNIX domain sockets ({which})\n"));
        sys.print(STDOUT, format_args!("Proto RefCnt Flags       Type       State         I-Node  "));
        sys.print(STDOUT, format_args!("{} Path\n", if programs { " PID/Program name    " } else { "" }));
        for r in rows.iter().filter(|r| r.proto == "unix" && (all || listening)) {
            let program = if programs { format!(" {}", owner(&sys, r)) } else { String::new() };
            let path = r.path.as_deref().unwrap_or("");
            sys.print(STDOUT, format_args!("unix  2      [ ACC ]     STREAM     LISTENING     {:<8}{program} {path}\n", r.ino));
        }
    }
    0
}

/// Cuts a text that is longer than its column.
fn short(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

fn owner(sys: &Sys, r: &SockRow) -> String {
    let text = match &r.owner {
        Some((pid, name, _)) if sys.euid() == 0 || r.uid == sys.euid() => format!("{pid}/{name}"),
        _ => "-".to_string(),
    };
    format!("{:<20}", short(&text, 19))
}

/// One end of a socket: with names, or not.
async fn end(sys: &Sys, addr: Option<SockAddr>, numeric: bool, proto: &str) -> String {
    let Some(addr) = addr else { return "0.0.0.0:*".into() };
    if numeric {
        return addr.to_string();
    }
    let host = match addr.ip {
        Ipv4Addr::UNSPECIFIED => "0.0.0.0".to_string(),
        ip => resolver::addr_name(sys, ip).await.unwrap_or_else(|_| ip.to_string()),
    };
    let port = port_name(sys, addr.port, proto).await;
    let room = 22usize.saturating_sub(port.len());
    format!("{}:{port}", short(&host, room))
}

/// The service of a port, or its number.
pub(super) async fn port_name(sys: &Sys, port: u16, proto: &str) -> String {
    let known = resolver::services(sys).await;
    known.into_iter().find(|(_, p, pr)| *p == port && pr == proto).map_or_else(|| port.to_string(), |(names, ..)| names[0].clone())
}

async fn routes(sys: &Sys, numeric: bool) -> i32 {
    sys.print(STDOUT, format_args!("Kernel IP routing table\n"));
    sys.print(STDOUT, format_args!("Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"));
    for r in inet::routes(&sys.ifaces().await) {
        let net = if r.len == 0 && !numeric { "default".to_string() } else { r.net.to_string() };
        let mask = inet::mask(r.len).to_string();
        sys.print(STDOUT, format_args!("{net:<15} 0.0.0.0         {mask:<15} U         0 0          0 {}\n", r.device));
    }
    0
}

/// The table of interfaces; `ifconfig -s` puts another heading over it.
pub(super) async fn interfaces(sys: &Sys, heading: &str) -> i32 {
    sys.print(STDOUT, format_args!("{heading}    MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"));
    let mut all = sys.ifaces().await;
    machine::sort_by_key(&mut all, |i| i.name == "lo");
    for i in all.iter().filter(|i| i.up) {
        let flags = if i.name == "lo" { "LRU" } else { "BMRU" };
        let (name, mtu, rx, tx) = (&i.name, i.mtu, i.rx_packets, i.tx_packets);
        sys.print(STDOUT, format_args!("{name:<15} {mtu:5} {rx:8}      0      0 0      {tx:8}      0      0      0 {flags}\n"));
    }
    0
}
