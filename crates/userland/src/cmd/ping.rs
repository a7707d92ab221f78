//! ping: asks a host for an echo, once a second.  Source: ping(8) of iputils 20221126 and its recordings.
//! Not here: flood, record route, timestamps, IPv6.

use crate::util::getopt::getopt;
use crate::{Ex, Spec};
use machine::{Echo, Errno, OnSignal, STDERR, STDOUT, Signal, SimTime, Sys, resolver};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "ping",
    path: "/usr/bin/ping",
    synopsis: "[options] <destination>",
    about: "send ICMP ECHO_REQUEST to network hosts",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "ping", out: "ping: usage error: Destination address required\n", code: 1 },
        Ex { sh: "ping -c x localhost", out: "ping: invalid argument: 'x'\n", code: 1 },
    ],
};

const USAGE: &str = include_str!("ping/usage.txt");

struct Ping {
    sys: Sys,
    /// The destination was given as an address, or names are not wanted.
    numeric: bool,
    quiet: bool,
    size: usize,
    sent: u64,
    errors: u64,
    /// Round trips in microseconds.
    trips: Vec<u64>,
}

/// A number of an option: within these bounds.
fn number(sys: &Sys, text: &str, min: i64, max: i64) -> Result<i64, i32> {
    let Ok(n) = text.parse::<i64>() else {
        sys.complain(format_args!("invalid argument: '{text}'"));
        return Err(1);
    };
    if n < min || n > max {
        sys.complain(format_args!("invalid argument: '{text}': out of range: {min} <= value <= {max}"));
        return Err(1);
    }
    Ok(n)
}

/// Seconds with a fraction, in microseconds.
fn seconds(sys: &Sys, text: &str) -> Result<u64, i32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000000".chars()).take(6).collect();
    match (whole.parse::<u64>(), digits.parse::<u64>()) {
        (Ok(s), Ok(micros)) if s < 1 << 40 => Ok(s * 1_000_000 + micros),
        _ => {
            sys.complain(format_args!("bad timing interval: '{text}'"));
            Err(1)
        }
    }
}

/// A time in milliseconds with three significant digits or more.
fn millis(t: u64) -> String {
    match t {
        99_950.. => format!("{}", (t + 500) / 1000),
        9_995.. => format!("{}.{}", (t + 50) / 1000, (t + 50) % 1000 / 100),
        1_000.. => format!("{}.{:02}", (t + 5) / 1000, (t + 5) % 1000 / 10),
        _ => format!("0.{t:03}"),
    }
}

async fn run(sys: Sys) -> i32 {
    match ping(sys).await {
        Ok(status) | Err(status) => status,
    }
}

async fn ping(sys: Sys) -> Result<i32, i32> {
    let Some(given) = getopt(&sys, "4abAc:dDe:fF:hi:I:l:Lm:M:nN:Op:qQ:rRs:S:t:T:UvVw:W:6BC") else {
        sys.put(STDERR, USAGE.as_bytes());
        return Err(2);
    };
    if given.has(b'h') {
        sys.put(STDERR, USAGE.as_bytes());
        return Err(2);
    }
    if given.has(b'V') {
        sys.put(STDOUT, b"ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n");
        return Ok(0);
    }
    for letter in *b"fRT6" {
        if given.has(letter) {
            sys.unsupported(&format!("-{}", char::from(letter)));
            return Err(2);
        }
    }
    let count = match given.value(b'c') {
        Some(text) => number(&sys, text, 1, i64::MAX)? as u64,
        None => u64::MAX,
    };
    let size = match given.value(b's') {
        Some(text) => number(&sys, text, 0, 127_992)? as usize,
        None => 56,
    };
    let ttl = match given.value(b't') {
        Some(text) => number(&sys, text, 0, 255)? as u8,
        None => 64,
    };
    let interval = given.value(b'i').map_or(Ok(1_000_000), |t| seconds(&sys, t))?.max(2_000);
    let wait = given.value(b'W').map_or(Ok(10_000_000), |t| seconds(&sys, t))?;
    let deadline = match given.value(b'w') {
        Some(text) => Some(sys.now().plus_secs(number(&sys, text, 0, 2_147_483_647)? as u64)),
        None => None,
    };
    let Some(target) = given.operands.last() else {
        sys.complain(format_args!("usage error: Destination address required"));
        return Err(1);
    };
    let (name, ip) = match resolver::host_entry(&sys, target).await {
        Ok((name, ips)) => (name, ips.first().copied().unwrap_or(Ipv4Addr::LOCALHOST)),
        Err(e) => {
            sys.complain(format_args!("{target}: {}", e.text()));
            return Err(2);
        }
    };
    let from = match given.value(b'I') {
        Some(text) => match (text.parse(), sys.ifaces().await.into_iter().find(|i| i.name == text)) {
            (Ok(ip), _) => Some(ip),
            (_, Some(iface)) => iface.addrs.first().map(|(a, _)| *a),
            _ => {
                sys.complain(format_args!("unknown iface: {text}"));
                return Err(2);
            }
        },
        None => None,
    };
    let numeric = given.has(b'n') || target.parse::<Ipv4Addr>().is_ok();
    let mut p = Ping { numeric, quiet: given.has(b'q'), size, sent: 0, errors: 0, trips: Vec::new(), sys: sys.clone() };
    sys.on_signal(Signal::Int, OnSignal::Catch).await;
    let start = sys.now();
    let mut begun = false;
    'all: while p.sent < count {
        let now = sys.now();
        if deadline.is_some_and(|d| now >= d) {
            break;
        }
        // That a host cannot be reached shows after three seconds; by then more requests have gone out.
        let last = p.sent + 1 == count;
        let patience = if last { wait } else { interval.max(3_100_000) };
        let mut until = now.plus_micros(patience);
        if let Some(d) = deadline {
            until = until.min(d);
        }
        let answer = sys.echo(ip, from, (p.sent + 1) as u16, size, ttl, until).await;
        if answer == Err(Errno::ENETUNREACH) && !begun {
            sys.complain(format_args!("connect: Network is unreachable"));
            return Err(2);
        }
        if !begun {
            sys.print(STDOUT, format_args!("PING {name} ({ip}) {size}({}) bytes of data.\n", size + 28));
            begun = true;
        }
        let gone = (sys.now().since(now) / interval + 1).min(count - p.sent);
        match answer {
            Ok(Echo::Reply { micros, ttl }) => {
                p.sent += 1;
                p.reply(ip, micros, ttl).await;
            }
            Ok(Echo::Unreachable { from }) => {
                for _ in 0..gone {
                    p.sent += 1;
                    p.errors += 1;
                    let who = p.who(from).await;
                    if !p.quiet {
                        sys.print(STDOUT, format_args!("From {who} icmp_seq={} Destination Host Unreachable\n", p.sent));
                    }
                }
            }
            Ok(Echo::Lost) => p.sent += gone,
            Err(Errno::EINTR) => {
                p.sent += gone;
                break 'all;
            }
            Err(e) => {
                p.sent += 1;
                sys.complain(format_args!("sendmsg: {e}"));
            }
        }
        if p.sent < count {
            let next = SimTime(now.0 + interval.max(1));
            let rest = next.0.saturating_sub(sys.now().0);
            if rest > 0 && sys.sleep(rest).await.is_err() {
                break;
            }
        }
    }
    Ok(p.statistics(&name, start))
}

impl Ping {
    /// An address as it is shown: with its name in front, if it has one.
    async fn who(&self, ip: Ipv4Addr) -> String {
        if self.numeric {
            return ip.to_string();
        }
        match resolver::addr_name(&self.sys, ip).await {
            Ok(name) => format!("{name} ({ip})"),
            Err(_) => ip.to_string(),
        }
    }

    async fn reply(&mut self, ip: Ipv4Addr, micros: u64, ttl: u8) {
        self.trips.push(micros);
        if self.quiet {
            return;
        }
        let who = self.who(ip).await;
        let time = if self.size >= 16 { format!(" time={} ms", millis(micros)) } else { String::new() };
        self.sys.print(STDOUT, format_args!("{} bytes from {who}: icmp_seq={} ttl={ttl}{time}\n", self.size + 8, self.sent));
    }

    fn statistics(&self, name: &str, start: SimTime) -> i32 {
        let got = self.trips.len() as u64;
        let errors = if self.errors > 0 { format!(", +{} errors", self.errors) } else { String::new() };
        let loss = (self.sent - got.min(self.sent)) * 100 / self.sent.max(1);
        let time = if self.sent > 1 { self.sys.now().since(start) / 1000 } else { 0 };
        self.sys.print(
            STDOUT,
            format_args!(
                "\n--- {name} ping statistics ---\n{} packets transmitted, {got} received{errors}, {loss}% packet loss, time {time}ms\n",
                self.sent
            ),
        );
        if self.trips.is_empty() {
            self.sys.print(STDOUT, format_args!("\n"));
            return 1;
        }
        let average = self.trips.iter().sum::<u64>() / got;
        let squares = self.trips.iter().map(|t| t * t).sum::<u64>() / got;
        let deviation = squares.saturating_sub(average * average).isqrt();
        let of = |t: u64| format!("{}.{:03}", t / 1000, t % 1000);
        let (min, max) = (self.trips.iter().min().copied().unwrap_or(0), self.trips.iter().max().copied().unwrap_or(0));
        self.sys.print(STDOUT, format_args!("rtt min/avg/max/mdev = {}/{}/{}/{} ms\n", of(min), of(average), of(max), of(deviation)));
        0
    }
}
