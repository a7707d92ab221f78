//! Networks of IPv4 addresses: masks, first and last address, and the routes that follow from a host's cards.
//! Not here: who is reached how (the kernel).

use machine::Iface;
use std::net::Ipv4Addr;

/// A netmask of so many bits.
pub(crate) fn mask(len: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0))
}

/// The first address of a network.
pub(crate) fn network(ip: Ipv4Addr, len: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(ip) & u32::from(mask(len)))
}

/// The address of everyone in a network.
pub(crate) fn broadcast(ip: Ipv4Addr, len: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(ip) | !u32::from(mask(len)))
}

/// A row of the routing table.
pub(crate) struct Route {
    pub(crate) net: Ipv4Addr,
    pub(crate) len: u8,
    /// The card's name.
    pub(crate) device: String,
    /// The host's own address in that network.
    pub(crate) src: Ipv4Addr,
}

/// The routes that follow from the interfaces: everywhere over the first card, and to each of its networks.
pub(crate) fn routes(ifaces: &[Iface]) -> Vec<Route> {
    let mut rows: Vec<Route> = Vec::new();
    for i in ifaces.iter().filter(|i| i.up && i.name != "lo") {
        for &(src, len) in &i.addrs {
            let device = i.name.split(':').next().unwrap_or_default().to_string();
            if rows.is_empty() {
                rows.push(Route { net: Ipv4Addr::UNSPECIFIED, len: 0, device: device.clone(), src });
            }
            let net = network(src, len);
            if len < 32 && !rows.iter().any(|r| (r.net, r.len) == (net, len)) {
                rows.push(Route { net, len, device, src });
            }
        }
    }
    rows
}
