//! ss: the host's sockets, in columns as wide as they need to be.  Source: ss(8) of iproute2 6.1.0 and its recordings.
//! Not here: TCP's inner state, memory, filters beyond state, addresses and ports.

use super::netstat::port_name;
use crate::{Arg, Opt, Spec, opts};
use machine::{STDERR, STDOUT, SockAddr, SockRow, Sys};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "ss",
    path: "/usr/bin/ss",
    synopsis: "[options] [ FILTER ]",
    about: "another utility to investigate sockets",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = include_str!("ss/usage.txt");

const OPTIONS: &[Opt] = &[
    Opt(b'h', "help", Arg::No),
    Opt(b'V', "version", Arg::No),
    Opt(b'n', "numeric", Arg::No),
    Opt(b'r', "resolve", Arg::No),
    Opt(b'a', "all", Arg::No),
    Opt(b'l', "listening", Arg::No),
    Opt(b'o', "options", Arg::No),
    Opt(b'e', "extended", Arg::No),
    Opt(b'm', "memory", Arg::No),
    Opt(b'p', "processes", Arg::No),
    Opt(b'T', "threads", Arg::No),
    Opt(b'i', "info", Arg::No),
    Opt(b's', "summary", Arg::No),
    Opt(b'b', "bpf", Arg::No),
    Opt(b'E', "events", Arg::No),
    Opt(b'Z', "context", Arg::No),
    Opt(b'z', "contexts", Arg::No),
    Opt(b'N', "net", Arg::Yes),
    Opt(b'4', "ipv4", Arg::No),
    Opt(b'6', "ipv6", Arg::No),
    Opt(b'0', "packet", Arg::No),
    Opt(b't', "tcp", Arg::No),
    Opt(b'M', "mptcp", Arg::No),
    Opt(b'S', "sctp", Arg::No),
    Opt(b'u', "udp", Arg::No),
    Opt(b'd', "dccp", Arg::No),
    Opt(b'w', "raw", Arg::No),
    Opt(b'x', "unix", Arg::No),
    Opt(b'f', "family", Arg::Yes),
    Opt(b'K', "kill", Arg::No),
    Opt(b'H', "no-header", Arg::No),
    Opt(b'O', "oneline", Arg::No),
    Opt(b'A', "query", Arg::Yes),
    Opt(b'D', "diag", Arg::Yes),
    Opt(b'F', "filter", Arg::Yes),
];

/// The states by the kernel's names, as they are shown, and as a filter names them.
const STATES: [(&str, &str, &str); 6] = [
    ("LISTEN", "LISTEN", "listening"),
    ("ESTABLISHED", "ESTAB", "established"),
    ("SYN_SENT", "SYN-SENT", "syn-sent"),
    ("FIN_WAIT2", "FIN-WAIT-2", "fin-wait-2"),
    ("TIME_WAIT", "TIME-WAIT", "time-wait"),
    ("CLOSE_WAIT", "CLOSE-WAIT", "close-wait"),
];

/// What a filter asks of a socket's end.
enum Test {
    Port(bool, u16),
    Addr(bool, Ipv4Addr, Option<u16>),
}

/// Filters: the wanted state, and tests that must all hold. `Err`: said what is wrong.
async fn filters(sys: &Sys, words: &[String]) -> Result<(Option<String>, Vec<Test>), i32> {
    let text = words.join(" ").replace('=', " = ").replace("( ", "").replace(" )", "");
    let mut state = None;
    let mut tests = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "and" | "&&" => {}
            "state" => state = words.next().map(String::from),
            "sport" | "dport" | "src" | "dst" => {
                if matches!(words.peek(), Some(&"=" | &"eq")) {
                    words.next();
                }
                let value = words.next().unwrap_or_default();
                let source = word.starts_with('s');
                let (ip, port) = match value.rsplit_once(':') {
                    Some((ip, port)) => (ip, Some(port)),
                    None if word.ends_with("port") => ("", Some(value)),
                    None => (value, None),
                };
                let number = match port {
                    Some(p) => match machine::resolver::service_port(sys, p, "tcp").await {
                        Some(n) => Some(n),
                        None => {
                            sys.print(STDERR, format_args!("Error: \"{p}\" does not look like a port.\nCannot parse dst/src address.\n"));
                            return Err(1);
                        }
                    },
                    None => None,
                };
                match (ip, number) {
                    ("", Some(n)) => tests.push(Test::Port(source, n)),
                    (ip, n) => match ip.parse() {
                        Ok(ip) => tests.push(Test::Addr(source, ip, n)),
                        Err(_) => {
                            sys.print(
                                STDERR,
                                format_args!("Error: an inet prefix is expected rather than \"{ip}\".\nCannot parse dst/src address.\n"),
                            );
                            return Err(1);
                        }
                    },
                }
            }
            other => {
                sys.unsupported(other);
                return Err(1);
            }
        }
    }
    Ok((state, tests))
}

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 255) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let has = |letter: u8| given.has(OPTIONS, letter);
    if has(b'h') {
        sys.put(STDOUT, USAGE.as_bytes());
        return 0;
    }
    if has(b'V') {
        sys.print(STDOUT, format_args!("ss utility, iproute2-6.1.0\n"));
        return 0;
    }
    for letter in *b"romTisbEZzN60MSdwfKADF" {
        if has(letter) {
            sys.unsupported(&format!("-{}", char::from(letter)));
            return 1;
        }
    }
    let (state, tests) = match filters(&sys, &given.operands).await {
        Ok(found) => found,
        Err(status) => return status,
    };
    let protos: Vec<&str> = [("tcp", b't'), ("udp", b'u'), ("unix", b'x')].iter().filter(|(_, l)| has(*l)).map(|(p, _)| *p).collect();
    let every = protos.is_empty();
    let fits = |r: &SockRow| {
        if !every && !protos.contains(&r.proto) {
            return false;
        }
        let open = matches!(r.state, "LISTEN" | "UNCONN");
        let by_state = match state.as_deref() {
            Some("all") => true,
            Some("connected") => !open,
            Some(wanted) => STATES.iter().any(|s| s.0 == r.state && s.2 == wanted),
            None => has(b'a') || open == has(b'l'),
        };
        let holds = |t: &Test| {
            let end = |source: bool| if source { Some(r.local) } else { r.remote };
            match *t {
                Test::Port(source, port) => end(source).is_some_and(|e| e.port == port),
                Test::Addr(source, ip, port) => end(source).is_some_and(|e| e.ip == ip && port.is_none_or(|p| e.port == p)),
            }
        };
        by_state && tests.iter().all(holds)
    };
    let with_state = state.as_deref().is_none_or(|s| s == "all" || s == "connected");
    let netid = every || protos.len() > 1;
    let head: [String; 9] =
        ["Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port", "Process"].map(String::from);
    let mut rows: Vec<[String; 9]> = if has(b'H') { Vec::new() } else { vec![head] };
    for r in sys.socks().await.iter().filter(|r| fits(r)) {
        let shown = STATES.iter().find(|s| s.0 == r.state).map_or(r.state, |s| s.1);
        let (local, local_port) = end(&sys, Some(r.local), r, has(b'n')).await;
        let (peer, peer_port) = end(&sys, r.remote, r, has(b'n')).await;
        let mut process = match &r.owner {
            Some((pid, name, fd)) if has(b'p') && (sys.euid() == 0 || sys.euid() == r.uid) => {
                let name = name.rsplit('/').next().unwrap_or(name);
                format!(" users:((\"{name}\",pid={pid},fd={fd}))")
            }
            _ => String::new(),
        };
        if has(b'e') {
            process.push_str(&format!(" uid:{} ino:{} sk:1 <->", r.uid, r.ino));
        }
        let proto = if r.proto == "unix" { "u_str" } else { r.proto };
        let send_q = if r.state == "LISTEN" { r.backlog } else { r.send_q };
        rows.push([proto.into(), shown.into(), r.recv_q.to_string(), send_q.to_string(), local, local_port, peer, peer_port, process]);
    }
    let mut width = [0; 9];
    for row in &rows {
        row.iter().zip(&mut width).for_each(|(cell, w)| *w = (*w).max(cell.len()));
    }
    for [id, state, recv, send, local, lport, peer, pport, process] in &rows {
        let mut line = String::new();
        if netid {
            line.push_str(&format!("{id:<0$} ", width[0]));
        }
        if with_state {
            line.push_str(&format!("{state:<0$} ", width[1]));
        }
        let colon = if lport == "Port" || !lport.is_empty() { ":" } else { "" };
        line.push_str(&format!("{recv:<0$} {send:<1$} {local:>2$}{colon}{lport:<3$} ", width[2], width[3], width[4], width[5]));
        line.push_str(&format!("{peer:>0$}{colon}{pport:<1$}{process:<2$}", width[6], width[7], width[8]));
        sys.print(STDOUT, format_args!("{line}\n"));
    }
    0
}

/// Address and port of an end, as they are shown.
async fn end(sys: &Sys, addr: Option<SockAddr>, r: &SockRow, numeric: bool) -> (String, String) {
    match (addr, &r.path) {
        (Some(_), Some(path)) => (path.clone(), r.ino.to_string()),
        (None, Some(_)) => ("*".into(), "0".into()),
        (None, None) => ("0.0.0.0".into(), "*".into()),
        (Some(a), None) if numeric => (a.ip.to_string(), a.port.to_string()),
        (Some(a), None) => (a.ip.to_string(), port_name(sys, a.port, r.proto).await),
    }
}
