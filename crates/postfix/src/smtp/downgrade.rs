//! A message for a server that takes no 8-bit text: leaf parts with 8-bit encodings become quoted-printable.
//! Source: RFC 6152 §3, RFC 2045 §6, mime_state(3).

use crate::cleanup::header;
use crate::mime::boundary;

/// The part that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Leaf,
    Multipart,
    Message,
}

struct Part {
    kind: Kind,
    /// Its encoding says that there is 8-bit or binary text.
    wide: bool,
    /// It is a message whose header comes next.
    nested: bool,
}

const PLAIN: Part = Part { kind: Kind::Leaf, wide: false, nested: false };

struct Job {
    out: Vec<(Vec<u8>, bool)>,
    part: Part,
    boundaries: Vec<Vec<u8>>,
    /// Text of a line that is being encoded.
    line: Vec<u8>,
}

/// The lines of a message's content, each with whether it is cut, in 7-bit form.
pub(super) fn downgrade(lines: &[(&[u8], bool)]) -> Vec<(Vec<u8>, bool)> {
    let mut job = Job { out: Vec::new(), part: PLAIN, boundaries: Vec::new(), line: Vec::new() };
    let (mut in_header, mut field, mut start) = (true, Vec::new(), true);
    for &(line, cut) in lines {
        let first = std::mem::replace(&mut start, !cut);
        if in_header {
            if !field.is_empty() && (!first || matches!(line.first(), Some(b' ' | b'\t'))) {
                field.push((line, cut));
                continue;
            }
            job.field(&std::mem::take(&mut field));
            if header::name_len(line).is_some() {
                field.push((line, cut));
                continue;
            }
            in_header = job.header_done();
            if line.is_empty() {
                job.out.push((Vec::new(), cut));
                continue;
            }
        }
        if first && job.boundary(line) {
            job.out.push((line.to_vec(), cut));
            in_header = !job.ended(line);
            continue;
        }
        job.body(line, cut);
    }
    job.field(&field);
    if in_header {
        job.header_done();
    }
    job.out
}

impl Job {
    /// One header field. What it says of the encoding is kept back until the end of the header.
    fn field(&mut self, field: &[(&[u8], bool)]) {
        let Some((first, _)) = field.first() else { return };
        let mut text = String::new();
        for (line, _) in field {
            text.push_str(&String::from_utf8_lossy(line));
        }
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.trim();
        if name.trim_end().eq_ignore_ascii_case("Content-Transfer-Encoding") {
            let word = value.split([';', ' ', '\t', '(']).next().unwrap_or("");
            self.part.wide = word.eq_ignore_ascii_case("8bit") || word.eq_ignore_ascii_case("binary");
            if self.part.wide {
                return;
            }
        } else if name.trim_end().eq_ignore_ascii_case("Content-Type") && !first.is_empty() {
            let lower = value.to_ascii_lowercase();
            if lower.starts_with("multipart/") {
                self.part.kind = Kind::Multipart;
                if let Some(mark) = boundary(value).filter(|m| !m.is_empty()) {
                    self.boundaries.push(mark.as_bytes().to_vec());
                }
            } else if lower.starts_with("message/") {
                self.part.kind = Kind::Message;
                self.part.nested = lower.starts_with("message/rfc822");
            }
        }
        self.out.extend(field.iter().map(|(line, cut)| (line.to_vec(), *cut)));
    }
    /// The end of a header: what its part's encoding is now. True: another header comes behind the empty line.
    fn header_done(&mut self) -> bool {
        if self.part.wide {
            let encoding = if self.part.kind == Kind::Leaf { "quoted-printable" } else { "7bit" };
            self.out.push((format!("Content-Transfer-Encoding: {encoding}").into_bytes(), false));
        }
        let nested = self.part.nested;
        if nested || self.part.kind == Kind::Multipart {
            self.part = PLAIN;
        }
        nested
    }
    fn boundary(&mut self, line: &[u8]) -> bool {
        let Some(rest) = line.strip_prefix(b"--") else { return false };
        let rest = rest.trim_ascii_end();
        let Some(at) = self.boundaries.iter().rposition(|b| rest.strip_prefix(b.as_slice()).is_some_and(|r| r.is_empty() || r == b"--"))
        else {
            return false;
        };
        self.boundaries.truncate(at + 1);
        self.part = PLAIN;
        true
    }
    /// Whether that boundary was the last one.
    fn ended(&mut self, line: &[u8]) -> bool {
        let rest = line.trim_ascii_end();
        let last = self.boundaries.last().is_some_and(|b| rest.len() == b.len() + 4);
        if last {
            self.boundaries.pop();
        }
        last
    }
    fn body(&mut self, line: &[u8], cut: bool) {
        if !self.part.wide || self.part.kind != Kind::Leaf {
            return self.out.push((line.to_vec(), cut));
        }
        for &b in line {
            if self.line.len() > 72 {
                self.line.push(b'=');
                self.out.push((std::mem::take(&mut self.line), false));
            }
            if (b < 32 && b != b'\t') || b == b'=' || b > 126 {
                self.encode(b);
            } else {
                self.line.push(b);
            }
        }
        if !cut {
            if let Some(&b @ (b' ' | b'\t')) = self.line.last() {
                self.line.pop();
                self.encode(b);
            }
            self.out.push((std::mem::take(&mut self.line), false));
        }
    }
    fn encode(&mut self, b: u8) {
        self.line.extend_from_slice(format!("={b:02X}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaf_parts_are_encoded() {
        let long = format!("{}é=", "x".repeat(72));
        let message: Vec<&[u8]> = vec![
            b"Subject: x",
            b"Content-Type: multipart/mixed;",
            b"\tboundary=\"b\"",
            b"Content-Transfer-Encoding: 8bit",
            b"",
            b"--b",
            b"Content-Transfer-Encoding: 8bit",
            b"",
            long.as_bytes(),
            b"end ",
            b"--b--",
        ];
        let lines: Vec<(&[u8], bool)> = message.iter().map(|l| (*l, false)).collect();
        let out: Vec<String> = downgrade(&lines).into_iter().map(|(l, _)| String::from_utf8(l).unwrap()).collect();
        let first = format!("{}=C3=", "x".repeat(72));
        let expected = [
            "Subject: x",
            "Content-Type: multipart/mixed;",
            "\tboundary=\"b\"",
            "Content-Transfer-Encoding: 7bit",
            "",
            "--b",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            &first,
            "=A9=3D",
            "end=20",
            "--b--",
        ];
        assert_eq!(out, expected);
    }
}
