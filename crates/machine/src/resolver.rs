//! Names and addresses, as the C library's resolver finds them: /etc/nsswitch.conf, /etc/hosts, /etc/resolv.conf, questions over UDP.
//! Not here: the bytes of a message (`wire::dns`), the server. Source: resolv.conf(5), hosts(5), nsswitch.conf(5), getaddrinfo(3).

use crate::{Errno, SockAddr, Sys};
use std::net::Ipv4Addr;
use wire::dns::{self, Data, Message, Record, RecordType};

/// What became of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The records of the type asked for, and the name they belong to (another one than asked, if aliases led there).
    Found(String, Vec<Record>),
    /// There is no such name.
    NxDomain,
    /// The name has no record of this type.
    NoData,
    /// No server answered, or it could not (SERVFAIL).
    TempFail,
}

/// Why a name or an address was not found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameError {
    /// Unknown.
    NoName,
    /// The name is known but has no address.
    NoData,
    /// It could not be found out.
    Again,
}

impl NameError {
    /// The words of gai_strerror(3).
    pub fn text(self) -> &'static str {
        match self {
            NameError::NoName => "Name or service not known",
            NameError::NoData => "No address associated with hostname",
            NameError::Again => "Temporary failure in name resolution",
        }
    }
    fn of(answer: &Answer) -> NameError {
        match answer {
            Answer::TempFail => NameError::Again,
            Answer::NoData => NameError::NoData,
            _ => NameError::NoName,
        }
    }
}

/// What /etc/resolv.conf says.
pub struct ResolvConf {
    /// Servers to ask, in order.
    pub servers: Vec<Ipv4Addr>,
    /// Domains to append to short names.
    pub search: Vec<String>,
    /// Names with so many dots are first tried as they are.
    pub ndots: usize,
    /// Seconds to wait for an answer.
    pub timeout: u64,
    /// Rounds through the servers.
    pub attempts: u32,
}

/// Lines of a file without comments, split into words; none if it cannot be read.
async fn words(sys: &Sys, path: &str) -> Vec<Vec<String>> {
    let text = sys.read_file(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .map(|l| l.split(['#', ';']).next().unwrap_or("").split_whitespace().map(String::from).collect::<Vec<_>>())
        .filter(|w| !w.is_empty())
        .collect()
}

/// Reads /etc/resolv.conf.
pub async fn resolv_conf(sys: &Sys) -> ResolvConf {
    let mut conf = ResolvConf { servers: Vec::new(), search: Vec::new(), ndots: 1, timeout: 5, attempts: 2 };
    let mut searched = false;
    for line in words(sys, "/etc/resolv.conf").await {
        match line[0].as_str() {
            "nameserver" if conf.servers.len() < 3 => conf.servers.extend(line.get(1).and_then(|w| numeric(w))),
            "search" | "domain" => {
                searched = true;
                conf.search = line[1..].to_vec();
            }
            "options" => {
                for option in &line[1..] {
                    let (key, value) = option.split_once(':').unwrap_or((option, ""));
                    let Ok(n) = value.parse::<u8>() else { continue };
                    match key {
                        "ndots" => conf.ndots = usize::from(n.min(15)),
                        "timeout" => conf.timeout = u64::from(n.clamp(1, 30)),
                        "attempts" => conf.attempts = u32::from(n.clamp(1, 5)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if conf.servers.is_empty() {
        conf.servers.push(Ipv4Addr::LOCALHOST);
    }
    if !searched && let Some((_, domain)) = sys.host_name().await.split_once('.') {
        conf.search.push(domain.to_string());
    }
    conf
}

/// Sends one message to one server and waits for its answer until `seconds` have passed.
///
/// # Errors
/// ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH, …
pub async fn ask(sys: &Sys, server: SockAddr, message: &Message, seconds: u64) -> Result<(Message, usize), Errno> {
    let fd = sys.udp_bind(Ipv4Addr::UNSPECIFIED, 0).await?;
    let until = sys.now().plus_secs(seconds);
    let answer = match sys.send_to(fd, server, &message.encode()).await {
        Err(e) => Err(e),
        Ok(()) => loop {
            match sys.recv_from(fd, Some(until)).await {
                Err(e) => break Err(e),
                Ok((bytes, from)) => match Message::decode(&bytes) {
                    Some(m) if m.id == message.id && from == server => break Ok((m, bytes.len())),
                    _ => continue,
                },
            }
        },
    };
    sys.close(fd).await?;
    answer
}

/// Asks the servers of /etc/resolv.conf for one name, as it is.
async fn query(sys: &Sys, conf: &ResolvConf, name: &str, rtype: RecordType) -> Option<Message> {
    let message = Message::query(sys.random().await as u16, name, rtype);
    for _ in 0..conf.attempts {
        for &ip in &conf.servers {
            if let Ok((answer, _)) = ask(sys, SockAddr { ip, port: 53 }, &message, conf.timeout).await {
                // A server that fails is passed over for the next one.
                if answer.rcode() == 0 || answer.rcode() == dns::NXDOMAIN {
                    return Some(answer);
                }
            }
        }
    }
    None
}

async fn lookup_with(sys: &Sys, conf: &ResolvConf, name: &str, rtype: RecordType) -> Answer {
    let mut name = name.strip_suffix('.').unwrap_or(name).to_string();
    if name.is_empty() || name.len() > 253 || name.split('.').any(|l| l.is_empty() || l.len() > 63) {
        return Answer::NxDomain;
    }
    for _ in 0..10 {
        let Some(message) = query(sys, conf, &name, rtype).await else { return Answer::TempFail };
        if message.rcode() != 0 {
            return Answer::NxDomain;
        }
        let asked = name.clone();
        for record in &message.answer {
            if let (RecordType::CNAME, Data::Name(target)) = (record.rtype, &record.data)
                && rtype != RecordType::CNAME
                && record.name.eq_ignore_ascii_case(&name)
            {
                name.clone_from(target);
            }
        }
        let found: Vec<Record> = message.answer.into_iter().filter(|r| r.rtype == rtype || rtype == RecordType::ANY).collect();
        if !found.is_empty() {
            return Answer::Found(name, found);
        }
        if name == asked {
            return Answer::NoData;
        }
    }
    Answer::TempFail
}

/// Asks the DNS for the records of `name` (no search list, aliases followed).
pub async fn lookup(sys: &Sys, name: &str, rtype: RecordType) -> Answer {
    let conf = resolv_conf(sys).await;
    lookup_with(sys, &conf, name, rtype).await
}

/// Asks the DNS for a name that may be short: the search list of /etc/resolv.conf is tried too.
pub async fn search(sys: &Sys, name: &str, rtype: RecordType) -> Answer {
    let conf = resolv_conf(sys).await;
    let dots = name.bytes().filter(|&b| b == b'.').count();
    let mut tries = Vec::new();
    if !name.ends_with('.') {
        tries.extend(conf.search.iter().map(|domain| format!("{name}.{domain}")));
    }
    tries.insert(if dots >= conf.ndots { 0 } else { tries.len() }, name.to_string());
    let mut worst = Answer::NxDomain;
    for full in &tries {
        match lookup_with(sys, &conf, full, rtype).await {
            Answer::NxDomain => {}
            Answer::NoData => worst = Answer::NoData,
            other => return other,
        }
    }
    worst
}

/// The sources of host names in the order of /etc/nsswitch.conf; only `files` and `dns` are known.
async fn sources(sys: &Sys) -> Vec<String> {
    let lines = words(sys, "/etc/nsswitch.conf").await;
    match lines.iter().find(|l| l[0] == "hosts:") {
        Some(l) => l[1..].to_vec(),
        None => vec!["files".into(), "dns".into()],
    }
}

/// The IPv4 lines of /etc/hosts: address and its names, the first one being the official one.
pub async fn hosts(sys: &Sys) -> Vec<(Ipv4Addr, Vec<String>)> {
    let lines = words(sys, "/etc/hosts").await;
    lines.into_iter().filter_map(|mut l| l[0].parse().ok().map(|ip| (ip, l.split_off(1)))).collect()
}

/// An address in one of the forms of inet_aton(3): `192.168.1.103`, `192.168.1` (= 192.168.0.1), `0x7f000001`.
pub fn numeric(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text
        .split('.')
        .map(|p| match p.strip_prefix("0x").or(p.strip_prefix("0X")) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None if p.len() > 1 && p.starts_with('0') => u32::from_str_radix(p, 8).ok(),
            None if p.bytes().all(|b| b.is_ascii_digit()) => p.parse().ok(),
            None => None,
        })
        .collect::<Option<_>>()?;
    let (&last, first) = parts.split_last()?;
    let room = 4u32.checked_sub(first.len() as u32)? * 8;
    if room == 0 || first.iter().any(|&p| p > 255) || u64::from(last) >= 1 << room {
        return None;
    }
    let high = first.iter().fold(0u32, |n, &p| n << 8 | p);
    Some(Ipv4Addr::from(if room == 32 { last } else { high << room | last }))
}

/// The official name and the addresses of a host, as getaddrinfo(3) finds them.
///
/// # Errors
/// Why there are none.
pub async fn host_entry(sys: &Sys, name: &str) -> Result<(String, Vec<Ipv4Addr>), NameError> {
    if let Some(ip) = numeric(name) {
        return Ok((name.to_string(), vec![ip]));
    }
    let mut error = NameError::NoName;
    for source in sources(sys).await {
        match source.as_str() {
            "files" => {
                let plain = name.strip_suffix('.').unwrap_or(name);
                let known = hosts(sys).await;
                let mut lines = known.iter().filter(|(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(plain)));
                if let Some((first, names)) = lines.next() {
                    let mut addrs = vec![*first];
                    addrs.extend(lines.map(|(ip, _)| *ip).filter(|ip| ip != first));
                    return Ok((names[0].clone(), addrs));
                }
            }
            "dns" => match search(sys, name, RecordType::A).await {
                Answer::Found(official, records) => {
                    let addrs = records.iter().filter_map(|r| if let Data::A(ip) = r.data { Some(ip) } else { None }).collect();
                    return Ok((official, addrs));
                }
                failed => error = NameError::of(&failed),
            },
            _ => {}
        }
    }
    Err(error)
}

/// The addresses of a host, as getaddrinfo(3) finds them.
///
/// # Errors
/// Why there are none.
pub async fn host_addrs(sys: &Sys, name: &str) -> Result<Vec<Ipv4Addr>, NameError> {
    host_entry(sys, name).await.map(|(_, addrs)| addrs)
}

/// The name of an address, as getnameinfo(3) finds it.
///
/// # Errors
/// Why there is none.
pub async fn addr_name(sys: &Sys, ip: Ipv4Addr) -> Result<String, NameError> {
    let mut error = NameError::NoName;
    for source in sources(sys).await {
        match source.as_str() {
            "files" => {
                if let Some((_, names)) = hosts(sys).await.into_iter().find(|(a, n)| *a == ip && !n.is_empty()) {
                    return Ok(names[0].clone());
                }
            }
            "dns" => match lookup(sys, &dns::reverse_name(ip), RecordType::PTR).await {
                Answer::Found(_, records) => {
                    if let Some(Record { data: Data::Name(name), .. }) = records.into_iter().next() {
                        return Ok(name);
                    }
                }
                failed => error = NameError::of(&failed),
            },
            _ => {}
        }
    }
    Err(error)
}

/// The port of a service (`smtp`, `25`) by number or /etc/services; `proto` is `tcp` or `udp`.
pub async fn service_port(sys: &Sys, service: &str, proto: &str) -> Option<u16> {
    if let Ok(port) = service.parse() {
        return Some(port);
    }
    let known = services(sys).await;
    known.into_iter().find(|(names, _, p)| p == proto && names.iter().any(|n| n == service)).map(|(_, port, _)| port)
}

/// /etc/services: names (the official one first), port, protocol.
pub async fn services(sys: &Sys) -> Vec<(Vec<String>, u16, String)> {
    let mut all = Vec::new();
    for mut line in words(sys, "/etc/services").await {
        let Some((port, proto)) = line.get(1).and_then(|w| w.split_once('/')) else { continue };
        let (Ok(port), proto) = (port.parse(), proto.to_string()) else { continue };
        line.remove(1);
        all.push((line, port, proto));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::numeric;

    #[test]
    fn addresses_in_the_forms_of_inet_aton() {
        for (text, want) in [
            ("192.168.1.103", "192.168.1.103"),
            ("192.168.1", "192.168.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("010.1.1.1", "8.1.1.1"),
            ("4294967295", "255.255.255.255"),
        ] {
            assert_eq!(numeric(text), want.parse().ok(), "{text}");
        }
        for text in ["", ".", "1.2.3.256", "1.2.3.4.5", "mail", "1.2.", "256.1", "4294967296", "1.2.3.x"] {
            assert_eq!(numeric(text), None, "{text}");
        }
    }
}
