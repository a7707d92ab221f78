//! The parts of a message, line by line: header fields as wholes, where headers end, body lines; and what a server without 8-bit text gets.
//! Not here: what is done with the pieces (`cleanup::content`, `smtp::content`). Source: RFC 2045, RFC 2046, RFC 6152 §3, mime_state(3).

use crate::cleanup::header::{self, Kind};
use crate::config::Config;
use std::borrow::Cow;

/// Which header a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Where {
    /// The message's own header.
    #[default]
    Primary,
    /// The header of a MIME part.
    Mime,
    /// The header of a message inside.
    Nested,
    Body,
}

impl Where {
    /// The parameter that names the checks of a field in such a header, without its prefix; MIME's own fields have theirs everywhere.
    pub(crate) fn checks(self, kind: Option<&Kind>) -> &'static str {
        match self {
            _ if kind.is_some_and(|k| k.flags & header::MIME != 0) => "mime_header_checks",
            Where::Mime => "mime_header_checks",
            Where::Nested => "nested_header_checks",
            _ => "header_checks",
        }
    }
}

/// A piece of a message.
pub(crate) enum Piece<'a> {
    /// A header field that came, or one of our own, of no kind: its physical lines joined by newlines; whether parts lie too deep now.
    Field(Where, Vec<u8>, Option<&'static Kind>, bool),
    /// A header is over; the encoding that its part may not have.
    Ends(Where, Option<&'static str>),
    /// A line of a body, whether it is cut, how many bytes of the body stand before it; whether it may hold 7-bit text only.
    Line(Cow<'a, [u8]>, bool, i64, bool),
}

/// What a part is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Content {
    #[default]
    Text,
    Multipart,
    Rfc822,
    Global,
    /// message/partial and message/external-body.
    Partial,
    /// Any other message.
    Message,
    Other,
}

const ENCODINGS: [&str; 5] = ["7bit", "8bit", "binary", "base64", "quoted-printable"];

/// A reader of messages.
#[derive(Default)]
pub(crate) struct Reader {
    /// Parts are told from each other; else there is one header and one body.
    parts: bool,
    /// 8-bit text becomes quoted-printable.
    narrow: bool,
    nesting: usize,
    mark_limit: usize,
    header_limit: usize,
    at: Where,
    field: Vec<u8>,
    /// The last line was cut.
    cut: bool,
    content: Content,
    /// Index in [`ENCODINGS`].
    encoding: usize,
    /// Boundaries, the outermost first, each with what its parts are unless they say so.
    marks: Vec<(Vec<u8>, Content)>,
    /// Bytes of the present body.
    offset: i64,
    /// A line that is being encoded.
    line: Vec<u8>,
}

impl Reader {
    /// A reader at the beginning of a message.
    pub(crate) fn new(cfg: &Config, parts: bool, narrow: bool) -> Reader {
        let bound = |name: &str| usize::try_from(cfg.int(name)).unwrap_or(usize::MAX);
        Reader {
            parts,
            narrow,
            nesting: bound("mime_nesting_limit"),
            mark_limit: bound("mime_boundary_length_limit"),
            header_limit: bound("header_size_limit"),
            ..Reader::default()
        }
    }
    /// One line, or a piece of one if it is cut.
    pub(crate) fn push<'a>(&mut self, line: &'a [u8], cut: bool) -> Vec<Piece<'a>> {
        let goes_on = std::mem::replace(&mut self.cut, cut);
        let mut out = Vec::new();
        if self.at != Where::Body {
            if !self.field.is_empty() && (goes_on || matches!(line.first(), Some(b' ' | b'\t'))) {
                // What is behind the limit is left out.
                if self.field.len() < self.header_limit {
                    self.field.extend_from_slice(if goes_on { b"" } else { b"\n" });
                    self.field.extend_from_slice(line);
                }
                return out;
            }
            self.end_field(&mut out);
            if let Some(n) = header::name_len(line) {
                // Blanks before the colon are an old habit: nobody shall stumble over them.
                let colon = line.iter().position(|&b| b == b':').unwrap_or(n);
                self.field = [&line[..n], &line[colon..]].concat();
                return out;
            }
            let primary = self.at == Where::Primary;
            self.end_header(line.is_empty(), &mut out);
            // A message's own header that ends without an empty line gets one.
            if primary && !line.is_empty() {
                self.put(Cow::Borrowed(b""), false, false, &mut out);
                self.offset = 0;
            }
        }
        let seven = self.encoding == 0;
        if !goes_on {
            self.separator(line);
        }
        self.body(line, cut, seven, &mut out);
        out
    }
    /// The end of the message.
    pub(crate) fn finish(&mut self) -> Vec<Piece<'static>> {
        // A last line without an end gets one.
        let mut out = if self.cut { self.push(b"", false) } else { Vec::new() };
        if self.at != Where::Body {
            self.end_field(&mut out);
            self.end_header(false, &mut out);
        }
        out
    }
    /// The encoding that the bytes are in: 7bit, 8bit or binary.
    fn domain(&self) -> usize {
        if self.encoding > 2 { 0 } else { self.encoding }
    }
    fn end_field(&mut self, out: &mut Vec<Piece<'_>>) {
        if self.field.is_empty() {
            return;
        }
        let field = std::mem::take(&mut self.field);
        let mut deep = false;
        let colon = field.iter().position(|&b| b == b':').unwrap_or(0);
        let kind = header::find(&String::from_utf8_lossy(&field[..=colon]));
        if self.parts {
            let value = &field[colon + 1..];
            match kind.map_or("", |k| k.name) {
                "Content-Type" => deep = self.content_type(value),
                "Content-Transfer-Encoding" => {
                    if let Some(Token::Word(word)) = item(value, b"()<>@,;:\\\".[]", 0).0.first()
                        && let Some(at) = ENCODINGS.iter().position(|e| e.as_bytes().eq_ignore_ascii_case(word))
                    {
                        self.encoding = at;
                    }
                    // What it is in narrow form is only known at the end of the header.
                    if self.narrow && self.domain() != 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
        out.push(Piece::Field(self.at, field, kind, deep));
    }
    /// Reads a Content-Type field. True: its parts lie too deep.
    fn content_type(&mut self, value: &[u8]) -> bool {
        let (tokens, mut rest) = item(value, TSPECIALS, b';');
        let [Token::Word(kind), more @ ..] = tokens.as_slice() else {
            self.content = Content::Other;
            return false;
        };
        let sub = match more {
            [Token::Special(b'/'), Token::Word(sub), ..] => sub.to_ascii_lowercase(),
            _ => Vec::new(),
        };
        self.content = match (kind.to_ascii_lowercase().as_slice(), sub.as_slice()) {
            (b"text", _) => Content::Text,
            (b"message", b"rfc822") => Content::Rfc822,
            (b"message", b"global") => Content::Global,
            (b"message", b"partial" | b"external-body") => Content::Partial,
            (b"message", _) => Content::Message,
            (b"multipart", _) => Content::Multipart,
            _ => Content::Other,
        };
        let mut deep = false;
        while self.content == Content::Multipart
            && let Some(left) = rest
        {
            let (tokens, next) = item(left, TSPECIALS, b';');
            if tokens.is_empty() && next.is_none() {
                break;
            }
            rest = next;
            let [Token::Word(name), Token::Special(b'='), mark, ..] = tokens.as_slice() else { continue };
            if !name.eq_ignore_ascii_case(b"boundary") {
                continue;
            }
            if self.marks.len() > self.nesting {
                deep = true;
                continue;
            }
            let mark = match mark {
                Token::Word(text) | Token::Quoted(text) => text.clone(),
                Token::Special(c) => vec![*c],
            };
            let default = if sub == b"digest" { Content::Rfc822 } else { Content::Text };
            self.marks.push((mark[..mark.len().min(self.mark_limit)].to_vec(), default));
        }
        deep
    }
    fn end_header(&mut self, empty: bool, out: &mut Vec<Piece<'_>>) {
        let inside = matches!(self.content, Content::Multipart | Content::Rfc822 | Content::Partial | Content::Message);
        if self.narrow && self.domain() != 0 {
            let encoding = if inside { ENCODINGS[0] } else { ENCODINGS[4] };
            out.push(Piece::Field(self.at, format!("Content-Transfer-Encoding: {encoding}").into_bytes(), None, false));
        }
        let wrong = match self.content {
            Content::Partial => self.domain() != 0,
            Content::Rfc822 | Content::Multipart => self.encoding != self.domain(),
            _ => false,
        };
        out.push(Piece::Ends(self.at, wrong.then_some(ENCODINGS[self.encoding])));
        (self.at, self.offset) = (Where::Body, 0);
        let nested = match self.content {
            Content::Rfc822 => true,
            Content::Global => !self.narrow || self.domain() == 0,
            _ => false,
        };
        if empty && nested {
            (self.at, self.content, self.encoding) = (Where::Nested, Content::Text, 0);
        } else if empty && self.content == Content::Multipart {
            (self.content, self.encoding) = (Content::Other, 0);
        }
    }
    /// Whether a line separates parts: the next lines are a header then, unless it was the last one. Text behind it does not matter.
    fn separator(&mut self, line: &[u8]) {
        let Some(rest) = line.strip_prefix(b"--").filter(|rest| !rest.is_empty()) else { return };
        let Some(at) = self.marks.iter().rposition(|(mark, _)| rest.starts_with(mark)) else { return };
        self.marks.truncate(at + 1);
        let (mark, default) = &self.marks[at];
        self.encoding = 0;
        if rest[mark.len()..].starts_with(b"--") {
            self.marks.pop();
            (self.at, self.content, self.offset) = (Where::Body, Content::Other, 0);
        } else {
            (self.at, self.content) = (Where::Mime, *default);
        }
    }
    fn body<'a>(&mut self, line: &'a [u8], cut: bool, seven: bool, out: &mut Vec<Piece<'a>>) {
        if !self.narrow || self.domain() == 0 {
            return self.put(Cow::Borrowed(line), cut, seven, out);
        }
        for &b in line {
            if self.line.len() > 72 {
                self.line.push(b'=');
                self.encoded(out);
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
            self.encoded(out);
        }
    }
    fn encoded(&mut self, out: &mut Vec<Piece<'_>>) {
        let line = std::mem::take(&mut self.line);
        self.put(Cow::Owned(line), false, false, out);
    }
    fn put<'a>(&mut self, line: Cow<'a, [u8]>, cut: bool, seven: bool, out: &mut Vec<Piece<'a>>) {
        let len = line.len() as i64;
        out.push(Piece::Line(line, cut, self.offset, seven));
        self.offset += len + 1;
    }
    fn encode(&mut self, b: u8) {
        self.line.extend_from_slice(format!("={b:02X}").as_bytes());
    }
}

/// Characters that end a word in a Content-Type field.
const TSPECIALS: &[u8] = b"()<>@,;:\\\"/[]?=";

/// A word of a structured field.
enum Token {
    Word(Vec<u8>),
    Quoted(Vec<u8>),
    Special(u8),
}

/// The words up to `end` or the end of the text, and what is behind it; `None`: nothing.
fn item<'a>(text: &'a [u8], specials: &[u8], end: u8) -> (Vec<Token>, Option<&'a [u8]>) {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&c) = text.get(at) {
        at += 1;
        match c {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ if c == end && end != 0 => return (out, Some(&text[at..])),
            b'(' => {
                let mut level = 1;
                while let Some(&c) = text.get(at).filter(|_| level > 0) {
                    at += 1 + usize::from(c == b'\\');
                    level += i32::from(c == b'(') - i32::from(c == b')');
                }
            }
            b'"' => {
                let mut quoted: Vec<u8> = Vec::new();
                while let Some(&c) = text.get(at) {
                    at += 1;
                    match c {
                        b'"' => break,
                        b'\n' => quoted.truncate(quoted.trim_ascii_end().len()),
                        b'\\' => {
                            quoted.extend(text.get(at));
                            at += 1;
                        }
                        c => quoted.push(c),
                    }
                }
                out.push(Token::Quoted(quoted));
            }
            c if specials.contains(&c) || c.is_ascii_control() => out.push(Token::Special(c)),
            _ => {
                let stop = |b: &u8| specials.contains(b) || b.is_ascii_control() || *b == b' ';
                let len = text[at..].iter().position(stop).unwrap_or(text.len() - at);
                out.push(Token::Word(text[at - 1..at + len].to_vec()));
                at += len;
            }
        }
    }
    (out, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a message: fields with the letter of their header, body lines behind a colon.
    fn check(narrow: bool, message: &str, expected: &[&str]) {
        let (nesting, mark_limit, header_limit) = (2, 10, 1000);
        let mut reader = Reader { parts: true, narrow, nesting, mark_limit, header_limit, ..Reader::default() };
        let mut pieces = Vec::new();
        for line in message.lines() {
            pieces.extend(reader.push(line.as_bytes(), false));
        }
        pieces.extend(reader.finish());
        let show = |piece: Piece<'_>| match piece {
            Piece::Field(at, text, ..) => Some(format!("{} {}", ["P", "M", "N", "B"][at as usize], String::from_utf8(text).unwrap())),
            Piece::Ends(..) => None,
            Piece::Line(line, ..) => Some(format!(":{}", String::from_utf8(line.into_owned()).unwrap())),
        };
        let found: Vec<String> = pieces.into_iter().filter_map(show).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn parts_are_told_from_each_other() {
        let message = "To : a\n b\nContent-Type: multipart/mixed; boundary = \"0123456789x\"\n\npre\n--0123456789y\nX: 1\n\nz\n\
            --0123456789x--\nafter: it";
        let lines = [
            "P To: a\n b",
            "P Content-Type: multipart/mixed; boundary = \"0123456789x\"",
            ":",
            ":pre",
            ":--0123456789y",
            "M X: 1",
            ":",
            ":z",
            ":--0123456789x--",
            "M after: it",
        ];
        check(false, message, &lines);
        check(false, "Content-Type: message/rfc822\n\nA: b\n\nc: d", &["P Content-Type: message/rfc822", ":", "N A: b", ":", ":c: d"]);
        check(false, "A: b\nc d", &["P A: b", ":", ":c d"]);
    }

    #[test]
    fn leaf_parts_are_encoded() {
        let long = format!("{}é=", "x".repeat(72));
        let head = "Content-Type: multipart/mixed;\n\tboundary=\"b\"";
        let message = format!("{head}\nContent-Transfer-Encoding: 8bit\n\n--b\nContent-Transfer-Encoding: 8bit\n\n{long}\nend \n--b--\n");
        let (field, first) = (format!("P {head}"), format!(":{}=C3=", "x".repeat(72)));
        let (seven, quoted) = ("P Content-Transfer-Encoding: 7bit", "M Content-Transfer-Encoding: quoted-printable");
        check(true, &message, &[&field, seven, ":", ":--b", quoted, ":", &first, ":=A9=3D", ":end=20", ":--b--"]);
    }
}
