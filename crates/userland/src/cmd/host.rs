//! host: look a name or an address up in the DNS.  Not here: `-a -A -C -l -T`.  Source: BIND 9.18.

use crate::util::dns::{Reply, asked, candidates, header, illegal, line, question, rdata, servers, status};
use crate::{Ex, Spec};
use machine::resolver::numeric;
use machine::{STDERR, STDOUT, SockAddr, Sys};
use wire::dns::{Data, NXDOMAIN, RecordType, reverse_name};

pub(super) const SPEC: Spec = Spec {
    name: "host",
    path: "/usr/bin/host",
    synopsis: "[-aCdilrTvVw] [-t type] hostname [server]",
    about: "DNS lookup utility",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "host -t zz x 2>&1", out: "host: invalid type: zz\n\n", code: 2 }],
};

const USAGE: &str = "Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n       -a is equivalent to -v -t ANY\n       -A is like -a but omits RRSIG, NSEC, NSEC3\n       -c specifies query class for non-IN data\n       -C compares SOA records on authoritative nameservers\n       -d is equivalent to -v\n       -l lists all hosts in a domain, using AXFR\n       -m set memory debugging flag (trace|record|usage)\n       -N changes the number of dots allowed before root lookup is done\n       -p specifies the port on the server to query\n       -r disables recursive processing\n       -R specifies number of retries for UDP packets\n       -s a SERVFAIL response should stop query\n       -t specifies the query type\n       -T enables TCP/IP mode\n       -U enables UDP mode\n       -v enables verbose output\n       -V print version number and exit\n       -w specifies to wait forever for a reply\n       -W specifies how long to wait for a reply\n       -4 use IPv4 query transport only\n       -6 use IPv6 query transport only\n";

/// What is asked, and how it is shown.
struct Ask {
    servers: Vec<SockAddr>,
    tries: u32,
    recurse: bool,
    verbose: bool,
    tcp: bool,
}

async fn run(sys: Sys) -> i32 {
    let mut rtype = None;
    let mut ask = Ask { servers: Vec::new(), tries: 2, recurse: true, verbose: false, tcp: false };
    let mut operands: Vec<String> = Vec::new();
    let mut port = 53;
    let args = sys.args().get(1..).unwrap_or_default().to_vec();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
            operands.push(arg.clone());
            continue;
        };
        for (i, letter) in letters.char_indices() {
            match letter {
                'v' | 'd' => ask.verbose = true,
                'r' => ask.recurse = false,
                '4' | 'U' | 's' | 'w' | 'i' => {}
                'V' => {
                    sys.print(STDERR, format_args!("host 9.18.49-1~deb12u3-Debian\n"));
                    return 0;
                }
                't' | 'c' | 'N' | 'R' | 'm' | 'p' | 'W' => {
                    let rest = letters.get(i + 1..).unwrap_or("");
                    let value = if rest.is_empty() { args.next().cloned().unwrap_or_default() } else { rest.to_string() };
                    match letter {
                        't' => match RecordType::from_name(&value) {
                            Some(t) => rtype = Some(t),
                            None => {
                                sys.print(STDERR, format_args!("host: invalid type: {value}\n\n"));
                                return 2;
                            }
                        },
                        'R' => ask.tries = value.parse::<u32>().unwrap_or(1).saturating_add(1),
                        'p' => port = value.parse().unwrap_or(53),
                        _ => {}
                    }
                    break;
                }
                'n' => {}
                'T' => ask.tcp = true,
                'l' => (ask.tcp, rtype) = (true, Some(RecordType::ANY)),
                'a' | 'A' | 'C' | '6' => {
                    sys.unsupported(&format!("-{letter}"));
                    return 1;
                }
                _ => {
                    sys.print(STDERR, format_args!("host: illegal option -- {letter}\n{USAGE}"));
                    return 1;
                }
            }
        }
    }
    let Some(name) = operands.first() else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    };
    let named = operands.get(1);
    let Some(found) = servers(&sys, named.map(String::as_str), port).await else {
        sys.print(STDERR, format_args!("host: couldn't get address for '{}': not found\n", named.map_or("", String::as_str)));
        return 1;
    };
    ask.servers = found;
    let mut heading = named.map(|n| {
        format!(
            "Using domain server:\nName: {n}\nAddress: {}#{port}\nAliases: \n\n",
            ask.servers.first().map_or(n.clone(), |s| s.ip.to_string())
        )
    });
    if let Some(ip) = numeric(name).filter(|_| name.split('.').count() == 4) {
        let names = [reverse_name(ip)];
        return lookup(&sys, &ask, &names, rtype.unwrap_or(RecordType::PTR), true, true, &mut heading).await.0;
    }
    if let Some(status) = illegal(&sys, name) {
        return status;
    }
    let names = candidates(&sys, name).await;
    if let Some(rtype) = rtype {
        return lookup(&sys, &ask, &names, rtype, true, false, &mut heading).await.0;
    }
    let (result, target) = lookup(&sys, &ask, &names, RecordType::A, false, false, &mut heading).await;
    if result != 0 {
        return result;
    }
    // The other types are asked for where an alias leads to.
    for rtype in [RecordType::AAAA, RecordType::MX] {
        let _ = lookup(&sys, &ask, std::slice::from_ref(&target), rtype, false, false, &mut heading).await;
    }
    0
}

/// One question, for the first of the names that there is; `told`: says when there is no such record. Gives the status, and the name that
/// it led to.
async fn lookup(
    sys: &Sys,
    ask: &Ask,
    names: &[String],
    rtype: RecordType,
    told: bool,
    address: bool,
    heading: &mut Option<String>,
) -> (i32, String) {
    let mut found = None;
    for name in names {
        if ask.verbose {
            sys.print(STDOUT, format_args!("Trying \"{name}\"\n"));
        }
        let Some(reply) = question(sys, &ask.servers, name, rtype, ask.tries, ask.recurse, ask.tcp).await else {
            sys.print(STDOUT, format_args!(";; no servers could be reached\n"));
            return (1, String::new());
        };
        let over = reply.message.rcode() != NXDOMAIN;
        found = Some((name.clone(), reply));
        if over {
            break;
        }
    }
    let Some((mut name, reply)) = found else { return (1, String::new()) };
    if let Some(text) = heading.take() {
        sys.print(STDOUT, format_args!("{text}"));
    }
    let m = &reply.message;
    if m.rcode() != 0 {
        // A name that there is not is shown as it was given, which is among those tried; else the one that was asked for last.
        let unknown = m.rcode() == NXDOMAIN;
        let dot = if address && unknown { "." } else { "" };
        let given = names.iter().min_by_key(|n| n.len()).filter(|_| unknown).unwrap_or(&name);
        sys.print(STDOUT, format_args!("Host {given}{dot} not found: {}({})\n", m.rcode(), status(m)));
        return (1, name);
    }
    if ask.verbose {
        whole(sys, &reply);
        return (0, name);
    }
    let mut seen = false;
    for record in &m.answer {
        seen |= record.rtype == rtype;
        let owner = &record.name;
        let text = match record.rtype {
            RecordType::A => format!("has address {}", rdata(&record.data)),
            RecordType::AAAA => format!("has IPv6 address {}", rdata(&record.data)),
            RecordType::MX => format!("mail is handled by {}", rdata(&record.data)),
            RecordType::TXT => format!("descriptive text {}", rdata(&record.data)),
            RecordType::NS => format!("name server {}", rdata(&record.data)),
            RecordType::PTR => format!("domain name pointer {}", rdata(&record.data)),
            RecordType::CNAME => format!("is an alias for {}", rdata(&record.data)),
            RecordType::SOA => format!("has SOA record {}", rdata(&record.data)),
            other => format!("has {other} record {}", rdata(&record.data)),
        };
        sys.print(STDOUT, format_args!("{owner} {text}\n"));
    }
    if !seen && told {
        sys.print(STDOUT, format_args!("{name} has no {rtype} record\n"));
    }
    for record in &m.answer {
        if let (RecordType::CNAME, Data::Name(target)) = (record.rtype, &record.data) {
            name.clone_from(target);
        }
    }
    (0, name)
}

/// The whole message, as `-v` shows it.
fn whole(sys: &Sys, reply: &Reply) {
    let m = &reply.message;
    sys.print(STDOUT, format_args!("{}\n;; QUESTION SECTION:\n", header(m)));
    m.question.iter().for_each(|(name, rtype)| sys.print(STDOUT, format_args!("{}\n", asked(name, *rtype))));
    sys.print(STDOUT, format_args!("\n"));
    for (title, records) in [("ANSWER", &m.answer), ("AUTHORITY", &m.authority), ("ADDITIONAL", &m.additional)] {
        if !records.is_empty() {
            sys.print(STDOUT, format_args!(";; {title} SECTION:\n"));
            records.iter().for_each(|r| sys.print(STDOUT, format_args!("{}\n", line(r))));
            sys.print(STDOUT, format_args!("\n"));
        }
    }
    let (ip, port) = (reply.server.ip, reply.server.port);
    sys.print(STDOUT, format_args!("Received {} bytes from {ip}#{port} in {} ms\n", reply.bytes, reply.millis));
}
