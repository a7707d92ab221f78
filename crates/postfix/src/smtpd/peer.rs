//! Who has connected: address, name by PTR record, and whether that name leads back to the address.
//! Source: smtpd(8), postconf(5) smtpd_peername_lookup.

use super::env::Env;
use super::upstream;
use machine::resolver::{NameError, addr_name, host_addrs};
use machine::{Fd, SockAddr};
use std::net::Ipv4Addr;

/// What came of a search for a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is known.
    Yes,
    /// There is none.
    No,
    /// It could not be found out.
    Temporary,
    /// It does not lead back to the address.
    Forged,
}

/// One client.
#[derive(Clone)]
#[allow(missing_docs)]
pub(crate) struct Peer {
    pub(crate) ip: Ipv4Addr,
    pub(crate) addr: String,
    /// As in address literals.
    pub(crate) rfc_addr: String,
    pub(crate) port: String,
    /// The confirmed name, or `unknown`.
    pub(crate) name: String,
    pub(crate) name_found: Found,
    /// The name of the PTR record, or `unknown`.
    pub(crate) reverse_name: String,
    pub(crate) reverse_found: Found,
    /// `name[address]`
    pub(crate) namaddr: String,
    pub(crate) dest_addr: String,
    pub(crate) dest_port: String,
    /// The proxy in front of us has said who it is, if there is one.
    pub(crate) known: bool,
}

impl Peer {
    /// Puts name and address together.
    pub(crate) fn join(&mut self, with_port: bool) {
        self.namaddr = format!("{}[{}]", self.name, self.addr);
        if with_port {
            self.namaddr.extend([":", &self.port]);
        }
    }
    /// A client that talks through a pipe: `sendmail -bs`.
    pub(crate) fn local() -> Peer {
        let mut peer = Peer {
            ip: Ipv4Addr::LOCALHOST,
            addr: "127.0.0.1".into(),
            rfc_addr: "127.0.0.1".into(),
            port: "0".into(),
            name: "localhost".into(),
            name_found: Found::Yes,
            reverse_name: "localhost".into(),
            reverse_found: Found::Yes,
            namaddr: String::new(),
            dest_addr: "127.0.0.1".into(),
            dest_port: "0".into(),
            known: true,
        };
        peer.join(false);
        peer
    }
    /// The client at the other end of a connection, or behind a proxy there.
    ///
    /// # Errors
    /// The text of the fatal message about a kind of proxy that nobody knows.
    pub(super) async fn at(env: &Env, fd: Fd, from: Option<SockAddr>) -> Result<Peer, String> {
        let Some(from) = from else { return Ok(Peer::local()) };
        let mut ends = (from, env.sys.sock_name(fd).await.ok());
        let mut known = true;
        match env.cfg.str("smtpd_upstream_proxy_protocol").as_str() {
            "" => {}
            "haproxy" => match upstream::ends(env, fd).await {
                Some(Some((client, server))) => ends = (client, Some(server)),
                told => known = told.is_some(),
            },
            other => return Err(format!("unsupported smtpd_upstream_proxy_protocol value: {other}")),
        }
        Ok(Peer { known, ..Peer::of(env, ends.0, ends.1).await })
    }
    async fn of(env: &Env, from: SockAddr, here: Option<SockAddr>) -> Peer {
        let mut peer = Peer::local();
        peer.ip = from.ip;
        peer.addr = from.ip.to_string();
        peer.rfc_addr = peer.addr.clone();
        peer.port = from.port.to_string();
        if let Some(here) = here {
            peer.dest_addr = here.ip.to_string();
            peer.dest_port = here.port.to_string();
        }
        let status = |e: NameError| if e == NameError::Again { Found::Temporary } else { Found::No };
        let reverse = if env.cfg.bool("smtpd_peername_lookup") { addr_name(&env.sys, from.ip).await } else { Err(NameError::NoName) };
        match reverse {
            Err(e) => {
                (peer.name, peer.reverse_name) = ("unknown".into(), "unknown".into());
                (peer.name_found, peer.reverse_found) = (status(e), status(e));
            }
            Ok(name) => {
                let why = match host_addrs(&env.sys, &name).await {
                    Ok(all) if all.contains(&from.ip) => None,
                    Ok(_) => Some((String::new(), Found::Forged)),
                    Err(e) if e == NameError::Again => Some((format!(": {}", e.text()), Found::Temporary)),
                    Err(e) => Some((format!(": {}", e.text()), Found::Forged)),
                };
                peer.reverse_name.clone_from(&name);
                peer.name = name;
                if let Some((words, found)) = why {
                    env.log.warn(format_args!("hostname {} does not resolve to address {}{words}", peer.name, peer.addr));
                    (peer.name, peer.name_found) = ("unknown".into(), found);
                }
            }
        }
        peer.join(env.cfg.bool("smtpd_client_port_logging"));
        peer
    }
}
