//! Opening a service's sockets: on addresses and ports, or as a file in the queue directory. Source: master(5).

use super::service::Context;
use crate::config::{Service, host_port};
use machine::{Fd, Sys, Sysret, resolver};
use std::net::Ipv4Addr;

async fn open_unix(sys: &Sys, path: &str) -> Sysret<Fd> {
    let _ = sys.unlink(path).await;
    let fd = sys.unix_listen(path, 0o666).await?;
    // Whoever may enter the directory may connect, whatever the umask.
    sys.chmod(path, 0o666).await?;
    Ok(fd)
}

/// Opens a service's sockets. The second part: only this host can reach them.
pub(super) async fn listen(cx: &Context, svc: &Service, key: &str, interfaces: &str) -> Result<(Vec<Fd>, bool), String> {
    if svc.kind != "inet" {
        let opened = cx.as_owner(open_unix(&cx.sys, key)).await;
        let fd = opened.map_err(|e| format!("unix_listen: {key}: {e}"))?;
        return Ok((vec![fd], svc.kind != "pass"));
    }
    let (host, port) = host_port(&svc.name).unwrap_or_default();
    let bad = |why: String| format!("{}: line {}: {why}", svc.place.0, svc.place.1);
    let addrs = if host.is_empty() {
        cx.addresses(interfaces).await
    } else {
        resolver::host_addrs(&cx.sys, &host).await.map_err(|_| bad(format!("bad hostname or network address: {}", svc.name)))?
    };
    if addrs.is_empty() {
        return Err(bad(format!("no valid IP address found: {}", svc.name)));
    }
    let mut fds = Vec::new();
    for &ip in &addrs {
        let Some(number) = cx.port(&port).await else {
            return Err(format!("{ip}:{port}: Servname not supported for ai_socktype"));
        };
        fds.push(cx.sys.tcp_listen(ip, number).await.map_err(|e| format!("bind {ip} port {port}: {e}"))?);
    }
    Ok((fds, addrs.iter().all(Ipv4Addr::is_loopback)))
}
