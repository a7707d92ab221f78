//! How Postfix programs talk: null-terminated attribute lists and length-prefixed records over unix sockets in
//! `public/` and `private/`. Not here: what is said (each daemon's own file), the accept loop (`server`). Source: attr_print0, rec_put.

use crate::config::host_port;
use crate::maillog::Log;
use machine::{Errno, Fd, SockAddr, Sys, Sysret, resolver};

/// An attribute list: names and values in the order of sending.
#[derive(Default, Clone)]
pub(crate) struct Attrs(pub(crate) Vec<(String, String)>);

impl Attrs {
    /// An empty list.
    pub(crate) fn new() -> Attrs {
        Attrs(Vec::new())
    }
    /// The list and one more text.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Attrs {
        self.push(name, value);
        self
    }
    /// The list and one more number.
    pub(crate) fn with_num(mut self, name: &str, value: i64) -> Attrs {
        self.0.push((name.to_string(), value.to_string()));
        self
    }
    /// Adds a text.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_string(), value.to_string()));
    }
    /// The first value of this name; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
    /// The first value of this name as a number; 0 if there is none.
    pub(crate) fn num(&self, name: &str) -> i64 {
        self.get(name).parse().unwrap_or(0)
    }
}

/// One end of a connection between two Postfix programs.
pub(crate) struct Conn {
    sys: Sys,
    /// Its descriptor.
    pub(crate) fd: Fd,
    buf: Vec<u8>,
    pos: usize,
}

impl Conn {
    /// A connection that is already open.
    pub(crate) fn new(sys: &Sys, fd: Fd) -> Conn {
        Conn { sys: sys.clone(), fd, buf: Vec::new(), pos: 0 }
    }
    /// Connects to a service's socket, `private/rewrite`, seen from the queue directory.
    pub(crate) async fn connect(sys: &Sys, path: &str) -> Sysret<Conn> {
        Ok(Conn::new(sys, sys.unix_connect(path).await?))
    }
    /// The process at this end.
    pub(crate) fn sys(&self) -> &Sys {
        &self.sys
    }
    /// Reads more; false at the end of the stream.
    async fn fill(&mut self) -> bool {
        if self.pos > 0 {
            self.buf.drain(..self.pos);
            self.pos = 0;
        }
        match self.sys.read(self.fd, 1 << 16).await {
            Ok(part) if !part.is_empty() => {
                self.buf.extend_from_slice(&part);
                true
            }
            _ => false,
        }
    }
    /// Whether something has been read that was not asked for yet.
    pub(crate) fn pending(&self) -> bool {
        self.pos < self.buf.len()
    }
    /// What has come of a list or a record that is not complete.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buf[self.pos..]
    }
    /// Sends an attribute list.
    pub(crate) async fn send(&mut self, attrs: &Attrs) -> Sysret<()> {
        let mut out = Vec::new();
        for (name, value) in &attrs.0 {
            for part in [name, value] {
                out.extend(part.bytes().filter(|&b| b != 0));
                out.push(0);
            }
        }
        out.push(0);
        self.sys.write(self.fd, &out).await
    }
    async fn string0(&mut self) -> Option<String> {
        let mut seen = 0;
        loop {
            if let Some(n) = self.buf.get(self.pos + seen..).and_then(|b| b.iter().position(|&c| c == 0)) {
                let end = self.pos + seen + n;
                let text = String::from_utf8_lossy(&self.buf[self.pos..end]).into_owned();
                self.pos = end + 1;
                return Some(text);
            }
            seen = self.buf.len() - self.pos;
            if !self.fill().await {
                return None;
            }
        }
    }
    /// Receives an attribute list; `None` when the other end has hung up.
    pub(crate) async fn recv(&mut self) -> Option<Attrs> {
        let mut attrs = Attrs::new();
        loop {
            let name = self.string0().await?;
            if name.is_empty() {
                return Some(attrs);
            }
            let value = self.string0().await?;
            attrs.0.push((name, value));
        }
    }
    /// Sends a list and receives the answer.
    pub(crate) async fn ask(&mut self, attrs: &Attrs) -> Option<Attrs> {
        self.send(attrs).await.ok()?;
        self.recv().await
    }
    /// Receives one record: type and data.
    pub(crate) async fn record(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            match record_at(&self.buf, self.pos) {
                Some((kind, from, to)) => {
                    let data = self.buf[from..to].to_vec();
                    self.pos = to;
                    return Some((kind, data));
                }
                None if self.fill().await => {}
                None => return None,
            }
        }
    }
    /// Sends bytes as they are: records made by [`put_record`], several in one write.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Sysret<()> {
        self.sys.write(self.fd, bytes).await
    }
    /// Hangs up.
    pub(crate) async fn close(self) {
        // A descriptor of ours is open.
        let _ = self.sys.close(self.fd).await;
    }
}

/// Connects to `path` and asks once.
pub(crate) async fn ask_once(sys: &Sys, path: &str, request: &Attrs) -> Sysret<Attrs> {
    let mut conn = Conn::connect(sys, path).await?;
    let answer = conn.ask(request).await;
    conn.close().await;
    answer.ok_or(Errno::EPIPE)
}

/// Connects to `host:port`, or to a unix socket, within so many seconds.
///
/// # Errors
/// The text of the fatal message about an endpoint that makes no sense.
pub(crate) async fn dial(sys: &Sys, log: &Log, endpoint: &str, inet: bool, seconds: u64) -> Result<Sysret<Fd>, String> {
    if !inet {
        return Ok(sys.unix_connect(endpoint).await);
    }
    let (host, port) = host_port(endpoint).map_err(|why| format!("{endpoint}: {why}"))?;
    let addresses = resolver::host_addrs(sys, if host.is_empty() { "localhost" } else { &host }).await;
    let mut opened = Err(Errno::EADDRNOTAVAIL);
    match (addresses, resolver::service_port(sys, &port, "tcp").await) {
        (Ok(all), Some(port)) => {
            for ip in all {
                opened = sys.tcp_connect(SockAddr { ip, port }, None, Some(sys.now().plus_secs(seconds))).await;
                if opened.is_ok() {
                    break;
                }
            }
        }
        (Err(why), _) => log.warn(format_args!("host or service {endpoint} not found: {}", why.text())),
        (_, None) => log.warn(format_args!("host or service {endpoint} not found: Servname not supported for ai_socktype")),
    }
    Ok(opened)
}

/// Wakes a trigger service (`public/qmgr`, `public/pickup`) with one or more request letters.
pub(crate) async fn trigger(sys: &Sys, path: &str, request: &[u8]) -> Sysret<()> {
    let fd = sys.unix_connect(path).await?;
    let done = sys.write(fd, request).await;
    sys.close(fd).await?;
    done
}

/// Appends a record: type, length in groups of seven bits, lowest first, data.
pub(crate) fn put_record(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    out.push(kind);
    let mut len = data.len();
    loop {
        let low = (len & 0x7f) as u8;
        len >>= 7;
        out.push(if len > 0 { low | 0x80 } else { low });
        if len == 0 {
            break;
        }
    }
    out.extend_from_slice(data);
}

/// The record that begins at `pos`: its type and where its data begin and end. `None` if it is not all there.
pub(crate) fn record_at(buf: &[u8], pos: usize) -> Option<(u8, usize, usize)> {
    let kind = *buf.get(pos)?;
    let (mut len, mut shift, mut at) = (0usize, 0u32, pos + 1);
    loop {
        let b = *buf.get(at)?;
        at += 1;
        len |= usize::from(b & 0x7f).checked_shl(shift)?;
        if b & 0x80 == 0 {
            break;
        }
        shift += 7;
        if shift > 28 {
            return None;
        }
    }
    let end = at.checked_add(len)?;
    (end <= buf.len()).then_some((kind, at, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_both_ways() {
        let mut out = Vec::new();
        for n in [0usize, 1, 127, 128, 300, 20000] {
            put_record(&mut out, b'N', &vec![b'x'; n]);
        }
        let mut pos = 0;
        for n in [0usize, 1, 127, 128, 300, 20000] {
            let (kind, from, to) = record_at(&out, pos).unwrap();
            assert_eq!((kind, to - from), (b'N', n));
            pos = to;
        }
        assert!(record_at(&out[..out.len() - 1], out.len() - 20004).is_none());
    }
}
