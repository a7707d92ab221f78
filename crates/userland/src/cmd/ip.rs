//! ip: show and change addresses, links, routes and neighbours.  Not here: changing routes, namespaces, tunnels, rules, version 6.
//! Source: iproute2 6.1.

mod route;

use crate::util::inet::{broadcast, network};
use crate::{Ex, Spec};
use machine::{Errno, Iface, STDERR, STDOUT, Sys};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "ip",
    path: "/usr/sbin/ip",
    synopsis: "[ OPTIONS ] OBJECT { COMMAND | help }",
    about: "show / manipulate routing, network devices, interfaces and tunnels",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "ip nosuch 2>&1", out: "Object \"nosuch\" is unknown, try \"ip help\".\n", code: 1 },
        Ex { sh: "ip addr show nosuch0 2>&1", out: "Device \"nosuch0\" does not exist.\n", code: 1 },
    ],
};

const USAGE: &str = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |
                    -c[olor]}
";

/// How things are shown.
#[derive(Default)]
struct Shape {
    four: bool,
    oneline: bool,
    brief: bool,
}

/// `eth0` as the kernel numbers and names it: its other end lies elsewhere.
fn label(index: usize, iface: &Iface) -> (usize, String) {
    if iface.name == "lo" { (1, "lo".into()) } else { (index + 2, format!("{}@if2", iface.name)) }
}

pub(super) fn mac(bytes: &[u8; 6]) -> String {
    bytes.map(|b| format!("{b:02x}")).join(":")
}

/// `192.168.1.4/24`; without a length it is 32.
fn prefix(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (ip, len) = text.split_once('/').unwrap_or((text, "32"));
    Some((ip.parse().ok()?, len.parse().ok().filter(|l| *l <= 32)?))
}

async fn run(sys: Sys) -> i32 {
    let mut shape = Shape::default();
    let args: Vec<String> = sys.args().get(1..).unwrap_or_default().to_vec();
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    while let Some(option) = words.first().copied().filter(|w| w.starts_with('-')) {
        words.remove(0);
        match option.trim_start_matches('-') {
            "V" | "Version" => {
                sys.print(STDOUT, format_args!("ip utility, iproute2-6.1.0, libbpf 1.1.2\n"));
                return 0;
            }
            "4" => shape.four = true,
            "o" | "oneline" => shape.oneline = true,
            "br" | "brief" => shape.brief = true,
            "c" | "color" | "s" | "statistics" | "d" | "details" | "h" | "human-readable" => {}
            // No interface has an address of version 6.
            "6" => return 0,
            "j" | "json" | "n" | "netns" | "b" | "batch" => {
                sys.unsupported(option);
                return 1;
            }
            _ => {
                sys.print(STDERR, format_args!("Option \"{option}\" is unknown, try \"ip -help\".\n"));
                return 255;
            }
        }
    }
    let Some((&object, rest)) = words.split_first() else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 255;
    };
    // Names may be cut short.
    let is = |name: &str| !object.is_empty() && name.starts_with(object);
    match () {
        () if is("address") => address(&sys, &shape, rest).await,
        () if is("link") => link(&sys, &shape, rest).await,
        () if is("route") => route::route(&sys, rest).await,
        () if is("neighbour") || is("neighbor") => route::neighbour(&sys, rest).await,
        () if is("help") => {
            sys.print(STDERR, format_args!("{USAGE}"));
            255
        }
        () if ["rule", "tunnel", "netns", "maddress", "monitor", "xfrm", "tuntap", "token"].iter().any(|n| n.starts_with(object)) => {
            sys.unsupported(object);
            1
        }
        () => {
            sys.print(STDERR, format_args!("Object \"{object}\" is unknown, try \"ip help\".\n"));
            1
        }
    }
}

fn no_device(sys: &Sys, name: &str) -> i32 {
    sys.print(STDERR, format_args!("Device \"{name}\" does not exist.\n"));
    1
}

fn refused(sys: &Sys, result: Result<(), Errno>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(e) => {
            sys.print(STDERR, format_args!("RTNETLINK answers: {e}\n"));
            2
        }
    }
}

/// The device of `[show] [dev] NAME`, or none. `Err`: the exit status.
fn device(sys: &Sys, words: &[&str]) -> Result<Option<String>, i32> {
    let mut name: Option<String> = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let found = match *word {
            // All interfaces are up, in the main scope, and of one kind.
            "up" | "primary" | "permanent" => continue,
            "label" | "scope" | "type" | "to" => {
                words.next();
                continue;
            }
            "dev" => words.next(),
            _ => Some(word),
        };
        if found.is_none() {
            sys.print(STDERR, format_args!("Command line is not complete. Try option \"help\"\n"));
            return Err(255);
        }
        if name.is_some() {
            let word = found.unwrap_or(word);
            sys.print(STDERR, format_args!("Error: either \"dev\" is duplicate, or \"{word}\" is a garbage.\n"));
            return Err(255);
        }
        name = found.map(|w| w.to_string());
    }
    Ok(name)
}

/// Whether a command is `show` or `list`, whole or cut short.
fn shows(command: &str) -> bool {
    !command.is_empty() && ["show", "list", "lst"].iter().any(|name| name.starts_with(command))
}

async fn address(sys: &Sys, shape: &Shape, words: &[&str]) -> i32 {
    let (command, rest) = words.split_first().map_or(("show", &[][..]), |(c, r)| (*c, r));
    match command {
        c if shows(c) => show(sys, shape, rest, true).await,
        "add" | "a" | "del" | "delete" | "d" => change(sys, command.starts_with('a'), rest).await,
        "flush" | "change" | "replace" => {
            sys.unsupported(command);
            1
        }
        _ => {
            sys.print(STDERR, format_args!("Command \"{command}\" is unknown, try \"ip address help\".\n"));
            255
        }
    }
}

async fn change(sys: &Sys, add: bool, words: &[&str]) -> i32 {
    let (mut wanted, mut dev) = (None, None);
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "dev" => dev = words.next(),
            "broadcast" | "brd" | "label" | "scope" => drop(words.next()),
            "local" => {}
            _ => match prefix(word) {
                Some(p) => wanted = Some(p),
                None => {
                    sys.print(STDERR, format_args!("Error: any valid prefix is expected rather than \"{word}\".\n"));
                    return 1;
                }
            },
        }
    }
    let Some(dev) = dev else {
        sys.print(STDERR, format_args!("Not enough information: \"dev\" argument is required.\n"));
        return 1;
    };
    let Some(mut iface) = sys.ifaces().await.into_iter().find(|i| i.name == **dev) else {
        sys.print(STDERR, format_args!("Cannot find device \"{dev}\"\n"));
        return 1;
    };
    let Some((ip, len)) = wanted else { return 255 };
    let there = iface.addrs.iter().position(|(a, _)| *a == ip);
    if sys.euid() == 0 {
        match (add, there) {
            (true, Some(_)) => {
                sys.print(STDERR, format_args!("Error: ipv4: Address already assigned.\n"));
                return 2;
            }
            (false, None) => {
                sys.print(STDERR, format_args!("Error: ipv4: Address not found.\n"));
                return 2;
            }
            (true, None) => iface.addrs.push((ip, len)),
            (false, Some(i)) => drop(iface.addrs.remove(i)),
        }
    }
    refused(sys, sys.iface_set(iface).await)
}

async fn show(sys: &Sys, shape: &Shape, words: &[&str], addresses: bool) -> i32 {
    let wanted = match device(sys, words) {
        Ok(d) => d,
        Err(status) => return status,
    };
    let all = cards(sys.ifaces().await);
    if let Some(name) = &wanted
        && !all.iter().any(|i| i.name == *name)
    {
        return no_device(sys, name);
    }
    for (i, iface) in all.iter().enumerate().filter(|(_, f)| wanted.as_ref().is_none_or(|w| *w == f.name)) {
        one(sys, shape, i, iface, addresses);
    }
    0
}

fn one(sys: &Sys, shape: &Shape, i: usize, iface: &Iface, addresses: bool) {
    let (index, name) = label(i, iface);
    let lo = iface.name == "lo";
    let flags = match (lo, iface.up) {
        (true, true) => "LOOPBACK,UP,LOWER_UP",
        (true, false) => "LOOPBACK",
        (false, true) => "BROADCAST,MULTICAST,UP,LOWER_UP",
        (false, false) => "BROADCAST,MULTICAST",
    };
    let state = match (lo, iface.up) {
        (_, false) => "DOWN",
        (true, true) => "UNKNOWN",
        (false, true) => "UP",
    };
    if shape.brief {
        let mut rest: String = iface.addrs.iter().map(|(a, len)| format!("{a}/{len} ")).collect();
        if !addresses {
            rest = format!("{} <{flags}> ", mac(&iface.mac));
        }
        sys.print(STDOUT, format_args!("{name:<16} {state:<14} {rest}\n"));
        return;
    }
    let secondary = |n: usize| {
        let (a, len) = iface.addrs[n];
        iface.addrs[..n].iter().any(|(b, l)| *l == len && network(*b, len) == network(a, len))
    };
    let inet = |n: usize| {
        let (a, len) = iface.addrs[n];
        let scope = if lo { "host" } else { "global" };
        // Only an address that was there from the start has a broadcast address.
        let second = secondary(n);
        let brd = if lo || second || len > 30 { String::new() } else { format!(" brd {}", broadcast(a, len)) };
        format!("inet {a}/{len}{brd} scope {scope}{} {}", if second { " secondary" } else { "" }, iface.name)
    };
    if shape.oneline && addresses {
        for n in 0..iface.addrs.len() {
            sys.print(STDOUT, format_args!("{index}: {}    {}\\       valid_lft forever preferred_lft forever\n", iface.name, inet(n)));
        }
        return;
    }
    let mode = if addresses { "" } else { "mode DEFAULT " };
    let netns = if lo { "" } else { " link-netnsid 0" };
    let tail = if shape.four && addresses { netns } else { "" };
    let mtu = iface.mtu;
    sys.print(
        STDOUT,
        format_args!("{index}: {name}: <{flags}> mtu {mtu} qdisc noqueue state {state} {mode}group default qlen 1000{tail}\n"),
    );
    if !(shape.four && addresses) {
        let kind = if lo { "loopback" } else { "ether" };
        let all = if lo { "00:00:00:00:00:00" } else { "ff:ff:ff:ff:ff:ff" };
        sys.print(STDOUT, format_args!("    link/{kind} {} brd {all}{netns}\n", mac(&iface.mac)));
    }
    for n in (0..iface.addrs.len()).filter(|_| addresses) {
        sys.print(STDOUT, format_args!("    {}\n       valid_lft forever preferred_lft forever\n", inet(n)));
    }
}

async fn link(sys: &Sys, shape: &Shape, words: &[&str]) -> i32 {
    let (command, rest) = words.split_first().map_or(("show", &[][..]), |(c, r)| (*c, r));
    match command {
        c if shows(c) => show(sys, shape, rest, false).await,
        "set" => {
            let mut words = rest.iter().copied().filter(|w| *w != "dev");
            let Some(name) = words.next() else {
                sys.print(STDERR, format_args!("Not enough information: \"dev\" argument is required.\n"));
                return 255;
            };
            let Some(mut iface) = sys.ifaces().await.into_iter().find(|i| i.name == name) else {
                sys.print(STDERR, format_args!("Cannot find device \"{name}\"\n"));
                return 1;
            };
            while let Some(word) = words.next() {
                match word {
                    "up" => iface.up = true,
                    "down" => iface.up = false,
                    "mtu" => iface.mtu = words.next().and_then(|m| m.parse().ok()).unwrap_or(iface.mtu),
                    _ => {
                        sys.unsupported(word);
                        return 1;
                    }
                }
            }
            refused(sys, sys.iface_set(iface).await)
        }
        _ => {
            sys.print(STDERR, format_args!("Command \"{command}\" is unknown, try \"ip link help\".\n"));
            255
        }
    }
}

/// The interfaces with the addresses of their aliases (`eth0:1`, which only ifconfig calls so).
fn cards(ifaces: Vec<Iface>) -> Vec<Iface> {
    let mut all: Vec<Iface> = Vec::new();
    for iface in ifaces {
        let base = iface.name.split(':').next().unwrap_or_default();
        match all.iter_mut().find(|i| i.name == base) {
            Some(card) => card.addrs.extend(iface.addrs),
            None => all.push(iface),
        }
    }
    all
}
