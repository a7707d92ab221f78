//! Networks `address/length` of cidr: tables and match lists, IPv4 and IPv6. Not here: where they are written.
//! Source: cidr_table(5), cidr_match(3).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A network, or one address.
pub(crate) struct Cidr {
    net: Vec<u8>,
    bits: usize,
}

/// The bytes of an address: 4 or 16.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if text.contains(':') {
        text.parse::<Ipv6Addr>().ok().map(|ip| ip.octets().to_vec())
    } else {
        text.parse::<Ipv4Addr>().ok().map(|ip| ip.octets().to_vec())
    }
}

fn text_of(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(four).to_string();
    }
    <[u8; 16]>::try_from(bytes).map_or_else(|_| String::new(), |b| Ipv6Addr::from(b).to_string())
}

/// The byte of a mask of `bits` ones at position `i`.
fn mask(bits: usize, i: usize) -> u8 {
    match bits.saturating_sub(i * 8) {
        0 => 0,
        n if n >= 8 => 0xff,
        n => !(0xff >> n),
    }
}

impl Cidr {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Postfix's words for what is wrong with it.
    pub(crate) fn parse(pattern: &str) -> Result<Cidr, String> {
        let (address, length) = if let Some(inner) = pattern.strip_prefix('[') {
            let Some((inner, rest)) = inner.split_once(']') else {
                return Err(format!("missing ']' character after \"[{inner}\""));
            };
            match rest.strip_prefix('/') {
                Some(length) => (inner, Some(length)),
                None if rest.is_empty() => inner.split_once('/').map_or((inner, None), |(a, l)| (a, Some(l))),
                None => return Err(format!("garbage after \"[{inner}]\"")),
            }
        } else {
            pattern.split_once('/').map_or((pattern, None), |(a, l)| (a, Some(l)))
        };
        let Some(length) = length else {
            let Some(net) = bytes_of(address) else {
                return Err(format!("bad address pattern: \"{address}\""));
            };
            return Ok(Cidr { bits: net.len() * 8, net });
        };
        let width = if address.contains(':') { 128 } else { 32 };
        let bad = |why: &str| Err(format!("{why} in \"{address}/{length}\""));
        if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
            return bad("bad mask value");
        }
        let bits = match length.parse::<usize>() {
            Ok(bits) if bits <= width => bits,
            _ => return bad("bad mask length"),
        };
        let Some(mut net) = bytes_of(address) else { return bad("bad network value") };
        let mut host_bits = false;
        for (i, byte) in net.iter_mut().enumerate() {
            host_bits |= *byte & !mask(bits, i) != 0;
            *byte &= mask(bits, i);
        }
        if host_bits {
            return Err(format!(
                "non-null host address bits in \"{address}/{length}\", perhaps you should use \"{}/{bits}\" instead",
                text_of(&net)
            ));
        }
        Ok(Cidr { net, bits })
    }
    /// Whether the address is of this family and in the network; `None`: of another family, or no address.
    pub(crate) fn contains(&self, address: &str) -> Option<bool> {
        let bytes = bytes_of(address).filter(|b| b.len() == self.net.len())?;
        Some(bytes.iter().zip(&self.net).enumerate().all(|(i, (a, n))| a & mask(self.bits, i) == *n))
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn networks_match_and_mistakes_are_named() {
        for (pattern, address, result) in [
            ("192.168.1.0/24", "192.168.1.100", Some(true)),
            ("192.168.1.0/24", "192.168.2.1", Some(false)),
            ("0.0.0.0/0", "1.2.3.4", Some(true)),
            ("[10.0.0.0/9]", "10.127.0.1", Some(true)),
            ("[10.0.0.0]/9", "10.128.0.1", Some(false)),
            ("[::1]/128", "127.0.0.1", None),
            ("2001:db8::/32", "2001:db8:1::5", Some(true)),
            ("127.0.0.1", "127.0.0.1", Some(true)),
        ] {
            let Ok(net) = Cidr::parse(pattern) else { panic!("{pattern}") };
            assert_eq!(net.contains(address), result, "{pattern} {address}");
        }
        for (pattern, why) in [
            ("192.168.1.1/24", "non-null host address bits in \"192.168.1.1/24\", perhaps you should use \"192.168.1.0/24\" instead"),
            ("10.0.0.0/33", "bad mask length in \"10.0.0.0/33\""),
            ("10.0.0/8", "bad network value in \"10.0.0/8\""),
            ("10.0.0.0/x", "bad mask value in \"10.0.0.0/x\""),
            ("bad", "bad address pattern: \"bad\""),
            ("[1.2.3.4", "missing ']' character after \"[1.2.3.4\""),
        ] {
            assert_eq!(Cidr::parse(pattern).err().as_deref(), Some(why));
        }
    }
}
