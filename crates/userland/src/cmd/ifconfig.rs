//! ifconfig, route and arp: interfaces, the routing table and the neighbours' hardware addresses, as of old.
//! Not here: changing routes, hardware classes.  Source: net-tools 2.10.

use super::ip::mac;
use crate::util::inet::{broadcast, mask, routes};
use crate::{Ex, Spec};
use machine::resolver::{host_addrs, numeric};
use machine::{Iface, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "ifconfig",
    path: "/usr/sbin/ifconfig",
    synopsis: "[-a] [-v] [-s] <interface> [[<AF>] <address>]",
    about: "configure a network interface",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "ifconfig nosuch0 2>&1", out: "nosuch0: error fetching interface information: Device not found\n", code: 1 },
        Ex {
            sh: "ifconfig lo | head -2",
            out: "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n",
            code: 0,
        },
    ],
};

/// `route`.
pub(super) const ROUTE: Spec = Spec {
    name: "route",
    path: "/usr/sbin/route",
    synopsis: "[-n]",
    about: "show / manipulate the IP routing table",
    run: |sys| Box::pin(route(sys)),
    examples: &[],
};

/// `arp`.
pub(super) const ARP: Spec = Spec {
    name: "arp",
    path: "/usr/sbin/arp",
    synopsis: "[-n] [hostname]",
    about: "manipulate the system ARP cache",
    run: |sys| Box::pin(arp(sys)),
    examples: &[],
};

/// `96.0 B`, `1.2 KiB`.
fn human(bytes: u64) -> String {
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), 0);
    while tenths >= 10_240 && unit < 4 {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, ["B", "KiB", "MiB", "GiB", "TiB"][unit])
}

fn show(sys: &Sys, iface: &Iface) {
    let lo = iface.name == "lo";
    let (number, words) = match (lo, iface.up) {
        (true, true) => (73, "UP,LOOPBACK,RUNNING"),
        (true, false) => (8, "LOOPBACK"),
        (false, true) => (4163, "UP,BROADCAST,RUNNING,MULTICAST"),
        (false, false) => (4098, "BROADCAST,MULTICAST"),
    };
    sys.print(STDOUT, format_args!("{}: flags={number}<{words}>  mtu {}\n", iface.name, iface.mtu));
    if let Some(&(ip, len)) = iface.addrs.first() {
        let brd = if lo { String::new() } else { format!("  broadcast {}", broadcast(ip, len)) };
        sys.print(STDOUT, format_args!("        inet {ip}  netmask {}{brd}\n", mask(len)));
    }
    if lo {
        sys.print(STDOUT, format_args!("        loop  txqueuelen 1000  (Local Loopback)\n"));
    } else {
        sys.print(STDOUT, format_args!("        ether {}  txqueuelen 1000  (Ethernet)\n", mac(&iface.mac)));
    }
    if iface.name.contains(':') {
        return sys.print(STDOUT, format_args!("\n"));
    }
    let (rx, tx) = (iface.rx_bytes, iface.tx_bytes);
    sys.print(STDOUT, format_args!("        RX packets {}  bytes {rx} ({})\n", iface.rx_packets, human(rx)));
    sys.print(STDOUT, format_args!("        RX errors 0  dropped 0  overruns 0  frame 0\n"));
    sys.print(STDOUT, format_args!("        TX packets {}  bytes {tx} ({})\n", iface.tx_packets, human(tx)));
    sys.print(STDOUT, format_args!("        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"));
}

/// The order of ifconfig: by name.
async fn ifaces(sys: &Sys) -> Vec<Iface> {
    let mut all = sys.ifaces().await;
    machine::sort_by(&mut all, |a, b| a.name.cmp(&b.name));
    all
}

fn help_hint(sys: &Sys) -> i32 {
    sys.print(STDERR, format_args!("ifconfig: `--help' gives usage information.\n"));
    1
}

async fn set(sys: &Sys, iface: &Iface, call: &str) -> bool {
    match sys.iface_set(iface.clone()).await {
        Ok(()) => true,
        Err(e) => {
            sys.print(STDERR, format_args!("{call}: {e}\n"));
            false
        }
    }
}

async fn run(sys: Sys) -> i32 {
    let mut args: Vec<String> = sys.args().get(1..).unwrap_or_default().to_vec();
    let mut all = false;
    while let Some(option) = args.first().filter(|a| a.starts_with('-')).cloned() {
        args.remove(0);
        match option.as_str() {
            "-a" => all = true,
            "-v" => {}
            "-s" => return super::netstat::interfaces(&sys, "Iface  ").await,
            "-V" | "--version" => {
                sys.print(STDERR, format_args!("net-tools 2.10\n"));
                return 5;
            }
            _ => {
                sys.print(STDERR, format_args!("ifconfig: option `{option}' not recognised.\n"));
                return help_hint(&sys);
            }
        }
    }
    let Some(name) = args.first().cloned() else {
        ifaces(&sys).await.iter().filter(|i| all || i.up).for_each(|i| show(&sys, i));
        return 0;
    };
    let known = sys.ifaces().await;
    let mut found = known.iter().find(|i| i.name == name).cloned();
    // An alias begins as its interface without addresses.
    if let (None, Some((base, _))) = (&found, name.split_once(':')) {
        let card = known.iter().find(|i| i.name == base);
        found = card.map(|i| Iface { name: name.clone(), addrs: Vec::new(), ..i.clone() });
    }
    let Some(mut iface) = found else {
        if args.len() == 1 {
            sys.print(STDERR, format_args!("{name}: error fetching interface information: Device not found\n"));
        } else {
            let none = "No such device";
            sys.print(
                STDERR,
                format_args!(
                    "SIOCSIFADDR: {none}
{name}: ERROR while getting interface flags: {none}
"
                ),
            );
        }
        return 1;
    };
    if args.len() == 1 {
        show(&sys, &iface);
        return 0;
    }
    let mut words = args.iter().skip(1);
    let mut good = true;
    while let Some(word) = words.next() {
        match word.as_str() {
            "inet" => {}
            "up" | "down" => {
                iface.up = word == "up";
                if !iface.up && name.contains(':') {
                    iface.addrs.clear();
                }
                good &= set(&sys, &iface, "SIOCSIFFLAGS").await;
            }
            "mtu" => {
                iface.mtu = words.next().and_then(|m| m.parse().ok()).unwrap_or(iface.mtu);
                good &= set(&sys, &iface, "SIOCSIFMTU").await;
            }
            "netmask" => {
                let Some(bits) = words.next().and_then(|m| numeric(m)) else { return help_hint(&sys) };
                if let Some(first) = iface.addrs.first_mut() {
                    first.1 = u32::from(bits).leading_ones() as u8;
                }
                good &= set(&sys, &iface, "SIOCSIFNETMASK").await;
            }
            "broadcast" => drop(words.next()),
            "hw" | "add" | "del" | "promisc" | "-promisc" | "arp" | "-arp" | "multicast" | "allmulti" | "txqueuelen" => {
                sys.unsupported(word);
                return 1;
            }
            _ => {
                let (text, len) = word.split_once('/').unwrap_or((word, ""));
                let ip = match numeric(text).filter(|_| text.split('.').count() == 4) {
                    Some(ip) => Some(ip),
                    None => host_addrs(&sys, text).await.ok().and_then(|a| a.first().copied()),
                };
                let Some(ip) = ip else {
                    sys.print(STDERR, format_args!("{word}: Unknown host\n"));
                    return help_hint(&sys);
                };
                let class = match ip.octets()[0] {
                    0..=127 => 8,
                    128..=191 => 16,
                    _ => 24,
                };
                let entry = (ip, len.parse().unwrap_or(class));
                match iface.addrs.first_mut() {
                    Some(first) => *first = entry,
                    None => iface.addrs.push(entry),
                }
                iface.up = true;
                good &= set(&sys, &iface, "SIOCSIFADDR").await;
                if !good {
                    set(&sys, &iface, "SIOCSIFFLAGS").await;
                }
            }
        }
    }
    i32::from(!good)
}

async fn route(sys: Sys) -> i32 {
    let mut names = true;
    for arg in sys.args().get(1..).unwrap_or_default() {
        match arg.as_str() {
            "-n" => names = false,
            "-e" | "-ee" | "-v" => {}
            _ => {
                sys.unsupported(arg);
                return 1;
            }
        }
    }
    sys.print(
        STDOUT,
        format_args!("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"),
    );
    for r in routes(&sys.ifaces().await) {
        let to = if r.len == 0 && names { "default".to_string() } else { r.net.to_string() };
        sys.print(STDOUT, format_args!("{to:<15} 0.0.0.0         {:<15} U     0      0        0 {}\n", mask(r.len).to_string(), r.device));
    }
    0
}

async fn arp(sys: Sys) -> i32 {
    let mut wanted = None;
    for arg in sys.args().get(1..).unwrap_or_default() {
        match arg.as_str() {
            "-n" | "-e" => {}
            _ if arg.starts_with('-') => {
                sys.unsupported(arg);
                return 1;
            }
            _ => wanted = Some(arg.clone()),
        }
    }
    let mut rows = sys.neighbours().await;
    if let Some(name) = wanted {
        let ip = match numeric(&name) {
            Some(ip) => Some(ip),
            None => host_addrs(&sys, &name).await.ok().and_then(|a| a.first().copied()),
        };
        let Some(ip) = ip else {
            sys.print(STDERR, format_args!("{name}: Unknown host\n"));
            return 255;
        };
        rows.retain(|r| r.0 == ip);
        if rows.is_empty() {
            sys.print(STDOUT, format_args!("{name} ({ip}) -- no entry\n"));
            return 1;
        }
    }
    if !rows.is_empty() {
        sys.print(STDOUT, format_args!("Address                  HWtype  HWaddress           Flags Mask            Iface\n"));
    }
    for (ip, hw, told) in rows {
        let flags = if told { "CM" } else { "C" };
        sys.print(STDOUT, format_args!("{:<24} {:<7} {:<19} {flags:<22}eth0\n", ip.to_string(), "ether", mac(&hw)));
    }
    0
}
