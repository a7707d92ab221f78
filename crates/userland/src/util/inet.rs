//! Networks of IPv4 addresses: masks, first and last address. Not here: who is reached how (the kernel's routes).

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
