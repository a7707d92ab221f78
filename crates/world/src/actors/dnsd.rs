//! dnsd: the name server of a lab. Answers from one text file, with authority, and says NXDOMAIN to everything else.
//! Not here: the bytes of messages (`wire::dns`). A whole zone in one file: `NAME TYPE DATA` a line, `#` begins a comment line;
//! types A NS CNAME MX (`10 mail.example.com`) PTR TXT SOA, and `NAME RCODE SERVFAIL` for a name whose server fails.
//!
//! Arguments: the file, and the address to listen at (default 127.0.0.1). The file is read again when it has changed.

use machine::{Map, SockAddr, Sys};
use std::net::Ipv4Addr;
use wire::dns::{Data, Message, NXDOMAIN, RCODES, Record, RecordType, flag};

/// The file as read: names in lower case, their records in the file's order, and the response code if it is not to be 0.
#[derive(Default)]
struct Zone(Map<String, (Vec<(RecordType, Data)>, u16)>);

impl Zone {
    fn parse(text: &str) -> Zone {
        let mut zone = Zone::default();
        for line in text.lines() {
            let mut words = line.splitn(3, [' ', '\t']).map(str::trim);
            let (Some(name), Some(kind), Some(value)) = (words.next(), words.next(), words.next()) else { continue };
            if name.starts_with('#') {
                continue;
            }
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            let entry = zone.0.entry(name, || (Vec::new(), 0));
            if kind == "RCODE" {
                entry.1 = RCODES.iter().position(|&r| r == value).unwrap_or(0) as u16;
            } else if let Some(rtype) = RecordType::from_name(kind)
                && let Some(data) = data(rtype, value)
            {
                entry.0.push((rtype, data));
            }
        }
        zone
    }
    /// The answer to a question. An alias gives its CNAME record and then the records of its target.
    fn answer(&self, query: &Message) -> Option<Message> {
        let (asked, rtype) = query.question.first()?;
        let name = asked.to_ascii_lowercase();
        let mut answer = Message { id: query.id, flags: flag::QR | flag::AA | flag::RD | flag::RA, ..Message::default() };
        answer.question.push((asked.clone(), *rtype));
        let mut known = self.0.get(&name);
        match known {
            None => {
                let above = self.0.keys().any(|k| k.strip_suffix(name.as_str()).is_some_and(|k| k.ends_with('.')));
                answer.flags |= if above { 0 } else { NXDOMAIN };
            }
            Some((_, rcode)) if *rcode != 0 => {
                answer.flags |= rcode;
                known = None;
            }
            Some(_) => {}
        }
        let mut owner = asked.clone();
        let record = |name: &str, rtype, data: &Data| Record { name: name.to_string(), rtype, ttl: 3600, data: data.clone() };
        if *rtype != RecordType::CNAME
            && let Some((records, _)) = known
            && let Some((_, alias)) = records.iter().find(|(t, _)| *t == RecordType::CNAME)
        {
            answer.answer.push(record(&owner, RecordType::CNAME, alias));
            if let Data::Name(target) = alias {
                owner.clone_from(target);
                known = self.0.get(&target.to_ascii_lowercase());
            }
        }
        for (t, data) in known.map_or(&[][..], |(records, _)| records) {
            if t == rtype || *rtype == RecordType::ANY {
                answer.answer.push(record(&owner, *t, data));
            }
        }
        Some(answer)
    }
}

fn data(rtype: RecordType, value: &str) -> Option<Data> {
    let name = |n: &str| n.strip_suffix('.').unwrap_or(n).to_string();
    Some(match rtype {
        RecordType::A => Data::A(value.parse().ok()?),
        RecordType::AAAA => Data::Aaaa(value.parse().ok()?),
        RecordType::NS | RecordType::CNAME | RecordType::PTR => Data::Name(name(value)),
        RecordType::MX => {
            let (preference, host) = value.split_once(' ')?;
            Data::Mx(preference.parse().ok()?, name(host.trim()))
        }
        RecordType::TXT => Data::Txt(value.as_bytes().chunks(255).map(<[u8]>::to_vec).collect()),
        RecordType::SOA => {
            let words: Vec<&str> = value.split_whitespace().collect();
            let [primary, mailbox, numbers @ ..] = words.as_slice() else { return None };
            let numbers: Vec<u32> = numbers.iter().filter_map(|n| n.parse().ok()).collect();
            Data::Soa(name(primary), name(mailbox), numbers.try_into().ok()?)
        }
        _ => return None,
    })
}

/// The server.
pub(super) async fn main(sys: Sys) -> i32 {
    let path = sys.arg(1).to_string();
    let ip = sys.arg(2).parse().unwrap_or(Ipv4Addr::LOCALHOST);
    let fd = match sys.udp_bind(ip, 53).await {
        Ok(fd) => fd,
        Err(e) => {
            sys.complain(format_args!("{}: {e}", SockAddr { ip, port: 53 }));
            return 1;
        }
    };
    let (mut zone, mut read) = (Zone::default(), None);
    loop {
        let Ok((bytes, from)) = sys.recv_from(fd, None).await else { continue };
        let changed = sys.stat(&path).await.map(|s| (s.mtime, s.ctime, s.size)).ok();
        if changed != read {
            read = changed;
            zone = Zone::parse(&String::from_utf8_lossy(&sys.read_file(&path).await.unwrap_or_default()));
        }
        if let Some(answer) = Message::decode(&bytes).and_then(|query| zone.answer(&query)) {
            // Whoever asked may have gone; that is no concern of ours.
            let _ = sys.send_to(fd, from, &answer.encode()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: &str =
        "163.com A 123.126.97.4\n163.com MX 10 163mx01.mxmail.netease.com\nwww.163.com CNAME 163.com\nbad.org RCODE SERVFAIL\n";

    #[test]
    fn answers_like_the_recorders_server() {
        let zone = Zone::parse(ZONE);
        for (name, rtype, rcode, answers, size) in [
            ("163.com", RecordType::A, 0, 1, 41),
            ("163.COM", RecordType::MX, 0, 1, 67),
            ("www.163.com", RecordType::A, 0, 2, 73),
            ("bad.org", RecordType::A, 2, 0, 25),
            ("com", RecordType::A, 0, 0, 21),
            ("nosuch.com", RecordType::A, 3, 0, 28),
        ] {
            let answer = zone.answer(&Message::query(1, name, rtype)).expect("a question");
            assert_eq!((answer.rcode(), answer.answer.len(), answer.encode().len()), (rcode, answers, size), "{name}");
        }
    }
}
