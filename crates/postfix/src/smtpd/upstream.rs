//! Who a client is by the word of a proxy in front of us (`smtpd_upstream_proxy_protocol`): what it says before the client's first byte.
//! Source: HAProxy's PROXY protocol, versions 1 and 2; haproxy_srvr(3). Not here: IPv6.

use super::chat::escape;
use super::env::Env;
use crate::address::hostaddr;
use machine::{Fd, Interest, SockAddr};
use std::net::Ipv4Addr;

/// What begins version 2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const HEADER: usize = 16;

/// Client and server; none where the proxy speaks for itself.
pub(super) type Ends = Option<(SockAddr, SockAddr)>;

fn address(text: Option<&str>) -> Option<Ipv4Addr> {
    let text = text.filter(|t| hostaddr::ipv4(t).is_ok())?;
    let mut octets = [0; 4];
    text.split('.').zip(&mut octets).for_each(|(part, octet)| *octet = part.parse().unwrap_or(0));
    Some(octets.into())
}

fn port(text: Option<&str>) -> Option<u16> {
    text.filter(|t| *t == "0" || !t.starts_with(['0', '+']))?.parse().ok()
}

/// The ends that a header names, and its length; or what is wrong with it.
fn parse(bytes: &[u8]) -> Result<(Ends, usize), &'static str> {
    if bytes.starts_with(b"PROXY ") {
        let end = bytes.iter().position(|b| *b == b'\n').ok_or("missing protocol header terminator")?;
        let line = String::from_utf8_lossy(&bytes[..end]);
        let mut words = line.split([' ', '\r']).filter(|w| !w.is_empty()).skip(1);
        words.next().filter(|w| w.eq_ignore_ascii_case("TCP4")).ok_or("bad or missing protocol type")?;
        let client = address(words.next()).ok_or("bad or missing client address")?;
        let server = address(words.next()).ok_or("bad or missing server address")?;
        let from = port(words.next()).ok_or("bad or missing client port")?;
        let to = port(words.next()).ok_or("bad or missing server port")?;
        return Ok((Some((SockAddr { ip: client, port: from }, SockAddr { ip: server, port: to })), end + 1));
    }
    if bytes.len() < HEADER {
        return Err("short protocol header");
    }
    if !bytes.starts_with(SIGNATURE) {
        return Err("unrecognized protocol header");
    }
    let [command, family, high, low] = [12, 13, 14, 15].map(|at| bytes[at]);
    let length = usize::from(high) << 8 | usize::from(low);
    if command & 0xf0 != 0x20 {
        return Err("unrecognized protocol version");
    }
    let ends = bytes.get(HEADER..HEADER + length).ok_or("short version 2 protocol header")?;
    let ends = match (command & 0x0f, family) {
        (0, _) => None,
        (1, 0x11) if length < 12 => return Err("short address field"),
        (1, 0x11) => {
            let end = |ip: usize, port: usize| SockAddr {
                ip: Ipv4Addr::new(ends[ip], ends[ip + 1], ends[ip + 2], ends[ip + 3]),
                port: u16::from_be_bytes([ends[port], ends[port + 1]]),
            };
            Some((end(0, 8), end(4, 10)))
        }
        (1, 0x21) => return Err("Postfix IPv6 support is disabled"),
        (1, _) => return Err("unsupported network protocol"),
        _ => return Err("bad command in proxy header"),
    };
    Ok((ends, HEADER + length))
}

/// Hears the proxy. `None`: it makes no sense, as the log tells.
pub(super) async fn ends(env: &Env, fd: Fd) -> Option<Ends> {
    let timeout = u64::try_from(env.cfg.time("smtpd_upstream_proxy_timeout")).unwrap_or(5);
    let until = env.sys.now().plus_secs(timeout);
    if env.sys.poll(&[(fd, Interest::Read)], Some(until)).await.is_ok_and(|ready| ready.is_empty()) {
        env.log.warn(format_args!("haproxy read: timeout error"));
        return None;
    }
    // What belongs to the client stays unread, all of it where the header is wrong.
    let bytes = env.sys.peek(fd, 536).await.unwrap_or_default();
    if bytes.is_empty() {
        env.log.warn(format_args!("haproxy read: EOF"));
        return None;
    }
    match parse(&bytes) {
        Ok((ends, length)) => {
            let _ = env.sys.read(fd, length).await;
            Some(ends)
        }
        Err(why) => {
            env.log.warn(format_args!("haproxy read: {why}: {}", escape(&bytes)));
            None
        }
    }
}
