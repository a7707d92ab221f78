//! DNS messages: questions and records to bytes and back. Not here: asking a server (`machine::resolver`), zones (`world`).
//! Source: RFC 1035 §3.2, §4.1; RFC 3596 (AAAA). An owner equal to the question's name is written as a pointer to it, other names in full.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Type of a record, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RecordType(pub u16);

impl RecordType {
    /// A host's IPv4 address.
    pub const A: RecordType = RecordType(1);
    /// A name server.
    pub const NS: RecordType = RecordType(2);
    /// The real name behind an alias.
    pub const CNAME: RecordType = RecordType(5);
    /// Start of a zone.
    pub const SOA: RecordType = RecordType(6);
    /// A name for an address.
    pub const PTR: RecordType = RecordType(12);
    /// A mail exchanger.
    pub const MX: RecordType = RecordType(15);
    /// Text.
    pub const TXT: RecordType = RecordType(16);
    /// A host's IPv6 address.
    pub const AAAA: RecordType = RecordType(28);
    /// EDNS' pseudo-record.
    pub const OPT: RecordType = RecordType(41);
    /// All of them (only in questions).
    pub const ANY: RecordType = RecordType(255);

    const NAMES: [(u16, &'static str); 22] = [
        (1, "A"),
        (2, "NS"),
        (5, "CNAME"),
        (6, "SOA"),
        (12, "PTR"),
        (13, "HINFO"),
        (15, "MX"),
        (16, "TXT"),
        (17, "RP"),
        (28, "AAAA"),
        (29, "LOC"),
        (33, "SRV"),
        (35, "NAPTR"),
        (39, "DNAME"),
        (41, "OPT"),
        (43, "DS"),
        (46, "RRSIG"),
        (48, "DNSKEY"),
        (52, "TLSA"),
        (252, "AXFR"),
        (255, "ANY"),
        (257, "CAA"),
    ];
    /// The type of this name, in any case.
    pub fn from_name(name: &str) -> Option<RecordType> {
        RecordType::NAMES.iter().find(|(_, n)| n.eq_ignore_ascii_case(name)).map(|&(t, _)| RecordType(t))
    }
}

impl std::fmt::Display for RecordType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match RecordType::NAMES.iter().find(|&&(t, _)| t == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// What a record says. Names are without the final dot; the root is the empty string.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    /// NS, CNAME, PTR.
    Name(String),
    /// Preference and host.
    Mx(u16, String),
    /// Strings of at most 255 bytes each.
    Txt(Vec<Vec<u8>>),
    /// Primary server, mailbox of the person in charge; serial, refresh, retry, expire, minimum.
    Soa(String, String, [u32; 5]),
    Other(Vec<u8>),
}

/// A resource record of class IN.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Record {
    pub name: String,
    pub rtype: RecordType,
    pub ttl: u32,
    pub data: Data,
}

/// Bits of a message's second 16-bit word.
#[allow(missing_docs)]
pub mod flag {
    pub const QR: u16 = 0x8000;
    pub const AA: u16 = 0x0400;
    pub const TC: u16 = 0x0200;
    pub const RD: u16 = 0x0100;
    pub const RA: u16 = 0x0080;
    pub const AD: u16 = 0x0020;
    pub const CD: u16 = 0x0010;
}

/// Response codes (RFC 1035 §4.1.1) by number, as tools print them.
pub const RCODES: [&str; 6] = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
/// Response code: the server could not answer.
pub const SERVFAIL: u16 = 2;
/// Response code: there is no such name.
pub const NXDOMAIN: u16 = 3;

/// A query or a response.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Message {
    pub id: u16,
    /// Flags, opcode and response code: see [`flag`].
    pub flags: u16,
    pub question: Vec<(String, RecordType)>,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
}

impl Message {
    /// A question that asks for recursion.
    pub fn query(id: u16, name: &str, rtype: RecordType) -> Message {
        let name = name.strip_suffix('.').unwrap_or(name).to_string();
        Message { id, flags: flag::RD, question: vec![(name, rtype)], ..Message::default() }
    }
    /// The response code.
    pub fn rcode(&self) -> u16 {
        self.flags & 15
    }
    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let counts = [self.question.len(), self.answer.len(), self.authority.len(), self.additional.len()];
        put16(&mut out, self.id);
        put16(&mut out, self.flags);
        counts.iter().for_each(|&n| put16(&mut out, n as u16));
        for (name, rtype) in &self.question {
            put_name(&mut out, name);
            put16(&mut out, rtype.0);
            put16(&mut out, 1);
        }
        for record in [&self.answer, &self.authority, &self.additional].into_iter().flatten() {
            match self.question.first() {
                Some((asked, _)) if !asked.is_empty() && asked.eq_ignore_ascii_case(&record.name) => put16(&mut out, 0xc00c),
                _ => put_name(&mut out, &record.name),
            }
            put16(&mut out, record.rtype.0);
            put16(&mut out, 1);
            out.extend_from_slice(&record.ttl.to_be_bytes());
            let data = record.data.encode();
            put16(&mut out, data.len() as u16);
            out.extend_from_slice(&data);
        }
        out
    }
    /// The message in these bytes, `None` if they are none.
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        let mut at = Reader { bytes, pos: 0 };
        let mut message = Message { id: at.u16()?, flags: at.u16()?, ..Message::default() };
        let counts = [at.u16()?, at.u16()?, at.u16()?, at.u16()?];
        for _ in 0..counts[0] {
            let name = at.name()?;
            let rtype = RecordType(at.u16()?);
            at.u16()?;
            message.question.push((name, rtype));
        }
        for (list, count) in [&mut message.answer, &mut message.authority, &mut message.additional].into_iter().zip(&counts[1..]) {
            for _ in 0..*count {
                list.push(at.record()?);
            }
        }
        Some(message)
    }
}

impl Data {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Data::A(ip) => out.extend_from_slice(&ip.octets()),
            Data::Aaaa(ip) => out.extend_from_slice(&ip.octets()),
            Data::Name(name) => put_name(&mut out, name),
            Data::Mx(preference, host) => {
                put16(&mut out, *preference);
                put_name(&mut out, host);
            }
            Data::Txt(strings) => {
                for s in strings {
                    let s = &s[..s.len().min(255)];
                    out.push(s.len() as u8);
                    out.extend_from_slice(s);
                }
            }
            Data::Soa(primary, mailbox, numbers) => {
                put_name(&mut out, primary);
                put_name(&mut out, mailbox);
                numbers.iter().for_each(|n| out.extend_from_slice(&n.to_be_bytes()));
            }
            Data::Other(bytes) => out.extend_from_slice(bytes),
        }
        out
    }
}

/// `4.3.2.1.in-addr.arpa` for 1.2.3.4.
pub fn reverse_name(ip: Ipv4Addr) -> String {
    let [a, b, c, d] = ip.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

fn put16(out: &mut Vec<u8>, n: u16) {
    out.extend_from_slice(&n.to_be_bytes());
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|l| !l.is_empty()) {
        let label = &label.as_bytes()[..label.len().min(63)];
        out.push(label.len() as u8);
        out.extend_from_slice(label);
    }
    out.push(0);
}

struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl Reader<'_> {
    fn take(&mut self, n: usize) -> Option<&[u8]> {
        let part = self.bytes.get(self.pos..self.pos.checked_add(n)?)?;
        self.pos += n;
        Some(part)
    }
    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }
    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }
    /// A name; pointers may only lead backwards, so it ends.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut pos = self.pos;
        let mut after = None;
        loop {
            let len = usize::from(*self.bytes.get(pos)?);
            match len >> 6 {
                0 if len == 0 => {
                    self.pos = after.unwrap_or(pos + 1);
                    return Some(name);
                }
                0 => {
                    let label = self.bytes.get(pos + 1..pos + 1 + len)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label));
                    pos += 1 + len;
                }
                3 => {
                    let target = (len & 63) << 8 | usize::from(*self.bytes.get(pos + 1)?);
                    if target >= pos {
                        return None;
                    }
                    after.get_or_insert(pos + 2);
                    pos = target;
                }
                _ => return None,
            }
            if name.len() > 1024 {
                return None;
            }
        }
    }
    fn record(&mut self) -> Option<Record> {
        let name = self.name()?;
        let rtype = RecordType(self.u16()?);
        self.u16()?;
        let ttl = self.u32()?;
        let len = usize::from(self.u16()?);
        let end = self.pos.checked_add(len).filter(|&e| e <= self.bytes.len())?;
        let data = match rtype {
            RecordType::A => {
                let b = self.take(4)?;
                Data::A(Ipv4Addr::new(b[0], b[1], b[2], b[3]))
            }
            RecordType::AAAA => Data::Aaaa(Ipv6Addr::from(<[u8; 16]>::try_from(self.take(16)?).ok()?)),
            RecordType::NS | RecordType::CNAME | RecordType::PTR => Data::Name(self.name()?),
            RecordType::MX => Data::Mx(self.u16()?, self.name()?),
            RecordType::SOA => Data::Soa(self.name()?, self.name()?, [self.u32()?, self.u32()?, self.u32()?, self.u32()?, self.u32()?]),
            RecordType::TXT => {
                let mut strings = Vec::new();
                while self.pos < end {
                    let n = usize::from(self.take(1)?[0]);
                    strings.push(self.take(n)?.to_vec());
                }
                Data::Txt(strings)
            }
            _ => Data::Other(self.take(len)?.to_vec()),
        };
        self.pos = end;
        Some(Record { name, rtype, ttl, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_wire() {
        let record = |name: &str, rtype, data| Record { name: name.into(), rtype, ttl: 3600, data };
        let mut m = Message::query(7, "Mail.linuxidc.com.", RecordType::ANY);
        m.answer = vec![
            record("mail.linuxidc.com", RecordType::CNAME, Data::Name("m1.linuxidc.com".into())),
            record("m1.linuxidc.com", RecordType::A, Data::A(Ipv4Addr::new(192, 168, 1, 103))),
            record("linuxidc.com", RecordType::MX, Data::Mx(10, "mail.linuxidc.com".into())),
            record("linuxidc.com", RecordType::TXT, Data::Txt(vec![b"v=spf1".to_vec(), b"-all".to_vec()])),
            record("linuxidc.com", RecordType::SOA, Data::Soa("ns".into(), "root.ns".into(), [1, 2, 3, 4, 5])),
        ];
        let bytes = m.encode();
        let back = Message::decode(&bytes).expect("our own bytes");
        assert_eq!(back.answer[0].name, "Mail.linuxidc.com");
        assert_eq!(back.answer[1..], m.answer[1..]);
        for end in 0..bytes.len() {
            assert_eq!(Message::decode(&bytes[..end]), None);
        }
    }

    #[test]
    fn a_looping_pointer_is_no_name() {
        let mut bytes = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(Message::decode(&bytes), None);
    }
}
