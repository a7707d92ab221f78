//! Where in a message a line stands: its own header, the header of a part or of a message inside, or a body.
//! Not here: what is done with the lines (`cleanup::content`, `smtp::checks`). Source: RFC 2046, mime_state(3).

use crate::cleanup::header::{self, Kind};

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

/// What is known of the structure at the present line.
#[derive(Default)]
pub(crate) struct Structure {
    pub(crate) at: Where,
    boundaries: Vec<String>,
    /// Content-Type of the present part says: a message inside.
    inner_message: bool,
    /// Content-Type of the present part says that it is made of parts.
    composite: bool,
    /// Content-Transfer-Encoding of the present part, lower case.
    pub(crate) encoding: String,
}

/// The boundary that a Content-Type field's value names; empty: it names an empty one.
pub(crate) fn boundary(value: &str) -> Option<&str> {
    let rest = value.get(value.to_ascii_lowercase().find("boundary=")? + "boundary=".len()..)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', ' ', '\t', '\n', '(']).next(),
    }
}

impl Structure {
    /// A header field. False: parts lie deeper than `nesting` allows.
    pub(crate) fn field(&mut self, text: &str, kind: Option<&Kind>, parts: bool, nesting: usize) -> bool {
        let Some(kind) = kind.filter(|k| k.flags & header::MIME != 0) else { return true };
        let value = text.split_once(':').map_or("", |(_, v)| v).trim();
        let lower = value.to_ascii_lowercase();
        if kind.name == "Content-Transfer-Encoding" {
            self.encoding = lower;
            return true;
        }
        if kind.name != "Content-Type" || !parts {
            return true;
        }
        if lower.starts_with("message/rfc822") || lower.starts_with("message/global") && !lower.contains("status") {
            (self.inner_message, self.composite) = (true, true);
        }
        self.composite |= lower.starts_with("multipart/");
        if lower.starts_with("multipart/")
            && let Some(mark) = boundary(value)
        {
            if self.boundaries.len() >= nesting {
                return false;
            }
            if !mark.is_empty() {
                self.boundaries.push(mark.to_string());
            }
        }
        true
    }
    /// Parts or a message in an encoding that only text may have.
    pub(crate) fn encodes_parts(&self) -> bool {
        self.composite && matches!(self.encoding.as_str(), "quoted-printable" | "base64")
    }
    /// A header is over, by an empty line or by one that is no field.
    pub(crate) fn header_ends(&mut self, empty: bool) {
        let inside = std::mem::replace(&mut self.at, Where::Body) != Where::Body && self.inner_message && empty;
        if inside {
            self.reset();
            self.at = Where::Nested;
        }
    }
    /// Whether a line separates MIME parts; the next lines are then a header, unless it was the last one.
    pub(crate) fn separator(&mut self, line: &[u8]) -> bool {
        let Some(rest) = line.strip_prefix(b"--") else { return false };
        let rest = String::from_utf8_lossy(rest).trim_end().to_string();
        let found = self.boundaries.iter().rposition(|b| rest == *b || rest.strip_suffix("--") == Some(b));
        let Some(at) = found else { return false };
        let last = rest != self.boundaries[at];
        self.boundaries.truncate(at + usize::from(!last));
        self.reset();
        if !last {
            self.at = Where::Mime;
        }
        true
    }
    fn reset(&mut self) {
        (self.inner_message, self.composite) = (false, false);
        self.encoding.clear();
    }
}
