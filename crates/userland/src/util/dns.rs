//! What dig, host and nslookup share: asking a server with retries and complaints, and records as master files write them.
//! Not here: messages (`wire::dns`), the resolver of everyone else (`machine::resolver`). Source: BIND 9.18's dighost.c by its output.

use machine::resolver::{ask, host_addrs, numeric, resolv_conf};
use machine::{Errno, STDOUT, SockAddr, Sys};
use std::net::Ipv4Addr;
use wire::dns::{Data, Message, RCODES, Record, RecordType, flag};

/// Seconds that an answer may take.
const PATIENCE: u64 = 5;

/// An answer, its length in bytes, who gave it, and how many milliseconds that took.
pub(crate) struct Reply {
    pub(crate) message: Message,
    pub(crate) bytes: usize,
    pub(crate) server: SockAddr,
    pub(crate) millis: u64,
}

/// The servers to ask: the named one, or those of /etc/resolv.conf. `None`: it has no address.
pub(crate) async fn servers(sys: &Sys, named: Option<&str>, port: u16) -> Option<Vec<SockAddr>> {
    let at = |ip: Ipv4Addr| SockAddr { ip, port };
    Some(match named {
        None => resolv_conf(sys).await.servers.into_iter().map(at).collect(),
        Some(name) => match numeric(name) {
            Some(ip) => vec![at(ip)],
            None => host_addrs(sys, name).await.ok()?.into_iter().map(at).collect(),
        },
    })
}

/// The full names that a name may stand for, in the order in which they are tried: resolv.conf's search list.
pub(crate) async fn candidates(sys: &Sys, name: &str) -> Vec<String> {
    let conf = resolv_conf(sys).await;
    let plain = name.strip_suffix('.').unwrap_or(name);
    let mut all = Vec::new();
    if !name.ends_with('.') {
        all.extend(conf.search.iter().map(|domain| format!("{plain}.{domain}")));
    }
    let dots = plain.bytes().filter(|&b| b == b'.').count();
    all.insert(if dots >= conf.ndots { 0 } else { all.len() }, plain.to_string());
    all
}

/// Says what a name is that has an empty label; the status of the command then.
pub(crate) fn illegal(sys: &Sys, name: &str) -> Option<i32> {
    let empty = name.starts_with('.') && name.len() > 1 || name.contains("..");
    if empty {
        sys.complain(format_args!("'{name}' is not a legal name (empty label)"));
    }
    empty.then_some(10)
}

/// Tries to reach the servers by TCP, by which all records of a name are asked for, and tells how that failed.
async fn by_tcp(sys: &Sys, servers: &[SockAddr], name: &str, tries: u32) {
    for turn in 0..tries {
        for &server in servers {
            let SockAddr { ip, port } = server;
            match sys.tcp_connect(server, None, None).await {
                Ok(_) => return sys.unsupported("TCP"),
                Err(e) => {
                    let what = lower(e);
                    sys.print(STDOUT, format_args!(";; Connection to {ip}#{port}({ip}) for {name} failed: {what}.\n"));
                }
            }
        }
        if turn + 1 < tries {
            sys.print(STDOUT, format_args!(";; no servers could be reached\n"));
        }
    }
}

fn lower(e: Errno) -> &'static str {
    match e {
        Errno::ECONNREFUSED => "connection refused",
        Errno::EHOSTUNREACH => "host unreachable",
        Errno::ENETUNREACH => "network unreachable",
        _ => "timed out",
    }
}

/// Asks the servers in turn; each failure is told as it happens. `None`: no server could be reached.
pub(crate) async fn question(
    sys: &Sys,
    servers: &[SockAddr],
    name: &str,
    rtype: RecordType,
    tries: u32,
    recurse: bool,
    tcp: bool,
) -> Option<Reply> {
    if tcp || rtype == RecordType::ANY {
        by_tcp(sys, servers, name, tries).await;
        return None;
    }
    let mut message = Message::query(sys.random().await as u16, name, rtype);
    if !recurse {
        message.flags &= !flag::RD;
    }
    for _ in 0..tries {
        for &server in servers {
            let start = sys.now();
            match ask(sys, server, &message, PATIENCE).await {
                Ok((answer, bytes)) => {
                    let millis = sys.now().since(start) / 1000;
                    return Some(Reply { message: answer, bytes, server, millis });
                }
                Err(e) => {
                    let what = lower(e);
                    sys.print(STDOUT, format_args!(";; communications error to {}#{}: {what}\n", server.ip, server.port));
                }
            }
        }
    }
    None
}

/// A name with its final dot.
pub(crate) fn dotted(name: &str) -> String {
    [name, "."].concat()
}

/// What a record says, as a master file writes it.
pub(crate) fn rdata(data: &Data) -> String {
    match data {
        Data::A(ip) => ip.to_string(),
        Data::Aaaa(ip) => ip.to_string(),
        Data::Name(name) => dotted(name),
        Data::Mx(preference, host) => format!("{preference} {}", dotted(host)),
        Data::Txt(strings) => strings.iter().map(|s| quoted(s)).collect::<Vec<_>>().join(" "),
        Data::Soa(primary, mailbox, n) => {
            format!("{} {} {} {} {} {} {}", dotted(primary), dotted(mailbox), n[0], n[1], n[2], n[3], n[4])
        }
        Data::Other(bytes) => {
            let hex: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
            format!("\\# {} {hex}", bytes.len())
        }
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &b in bytes {
        match b {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(b as char);
            }
            32..=126 => out.push(b as char),
            _ => out += &format!("\\{b:03}"),
        }
    }
    out.push('"');
    out
}

/// From one column to another by tabs of eight, or at least one blank.
fn indent(out: &mut String, from: usize, to: usize) -> usize {
    let to = to.max(from + 1);
    let tabs = to / 8 - from / 8;
    if tabs > 0 {
        out.extend(std::iter::repeat_n('\t', tabs));
        out.extend(std::iter::repeat_n(' ', to % 8));
    } else {
        out.extend(std::iter::repeat_n(' ', to - from));
    }
    to
}

/// A record as a line of a master file, without its newline.
pub(crate) fn line(record: &Record) -> String {
    row(record, true, true)
}

/// The same with or without time to live and class.
pub(crate) fn row(record: &Record, ttl: bool, class: bool) -> String {
    let mut out = dotted(&record.name);
    let mut column = out.len();
    let mut at = 16;
    for (text, shown) in
        [(record.ttl.to_string(), ttl), ("IN".into(), class), (record.rtype.to_string(), true), (rdata(&record.data), true)]
    {
        if shown {
            at += 8;
            column = indent(&mut out, column, at) + text.len();
            out += &text;
        }
    }
    out
}

/// A question as dig and host show it, without its newline.
pub(crate) fn asked(name: &str, rtype: RecordType) -> String {
    let mut out = format!(";{}", dotted(name));
    let column = indent(&mut out, name.len() + 1, 32) + 2;
    out += "IN";
    indent(&mut out, column, 40);
    out + &rtype.to_string()
}

/// The heading of an answer: two lines.
pub(crate) fn header(m: &Message) -> String {
    let mut flags = String::new();
    for (bit, name) in
        [(flag::QR, "qr"), (flag::AA, "aa"), (flag::TC, "tc"), (flag::RD, "rd"), (flag::RA, "ra"), (flag::AD, "ad"), (flag::CD, "cd")]
    {
        if m.flags & bit != 0 {
            flags.push(' ');
            flags += name;
        }
    }
    format!(
        ";; ->>HEADER<<- opcode: QUERY, status: {}, id: {}\n;; flags:{flags}; QUERY: {}, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
        status(m),
        m.id,
        m.question.len(),
        m.answer.len(),
        m.authority.len(),
        m.additional.len()
    )
}

/// The response code's name.
pub(crate) fn status(m: &Message) -> &'static str {
    RCODES.get(usize::from(m.rcode())).copied().unwrap_or("RESERVED")
}
