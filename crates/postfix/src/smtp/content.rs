//! What smtp(8) changes in a message on its way out: checks of headers and bodies, generic addresses in the header, 8-bit text.
//! Not here: where headers and parts are (`mime`), the sending (`transfer`). Source: header_checks(5), header_body_checks(3), smtp_proto(3).

use super::Delivery;
use super::session::Session;
use crate::address::tok::{Tok, external, internal, parse, quote_local, scan};
use crate::cleanup::header;
use crate::lookup::{Hit, Maps, TableError, Tables};
use crate::mime::{Piece, Reader, Where};
use std::borrow::Cow;

/// A line and whether it is cut: the next one continues it.
pub(super) type Line = (Vec<u8>, bool);

/// The tables of checks: smtp_header_checks, smtp_mime_header_checks, smtp_nested_header_checks, smtp_body_checks.
pub(super) struct Checks {
    header: Vec<(&'static str, Maps)>,
    body: Maps,
}

impl Checks {
    /// Opens them.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) async fn open(tables: &Tables, prefix: &str) -> Result<Checks, String> {
        let mut header = Vec::new();
        for name in ["header_checks", "mime_header_checks", "nested_header_checks"] {
            header.push((name, Maps::of(tables, &format!("{prefix}{name}")).await?));
        }
        Ok(Checks { header, body: Maps::of(tables, &format!("{prefix}body_checks")).await? })
    }
    fn is_empty(&self) -> bool {
        self.body.is_empty() && self.header.iter().all(|(_, maps)| maps.is_empty())
    }
    /// A body line as it goes on; `None`: it is left out.
    async fn body<'a>(&self, job: &Delivery<'_>, line: &'a [u8], out: &mut Vec<Line>) -> Result<Option<Cow<'a, [u8]>>, TableError> {
        let text = String::from_utf8_lossy(line);
        let Some(hit) = self.body.find(&text).await.inspect_err(|_| trouble(job, "body"))? else { return Ok(Some(line.into())) };
        Ok(match act(job, "body", &text, &hit, self.body.title(), out) {
            Some(new) if new != text => Some(new.into_bytes().into()),
            Some(_) => Some(line.into()),
            None => None,
        })
    }
    /// A field as it goes on; `None`: it is left out.
    async fn field(&self, job: &Delivery<'_>, name: &str, text: &str, out: &mut Vec<Line>) -> Result<Option<String>, TableError> {
        let Some((_, maps)) = self.header.iter().find(|(n, _)| *n == name) else { return Ok(Some(text.to_string())) };
        Ok(match maps.find(text).await.inspect_err(|_| trouble(job, "header"))? {
            None => Some(text.to_string()),
            Some(hit) => act(job, "header", text, &hit, maps.title(), out),
        })
    }
}

impl Session {
    /// The lines that are sent; `None`: nothing is changed. With `narrow` 8-bit text becomes 7-bit.
    ///
    /// # Errors
    /// A table failed; said in the log.
    pub(super) async fn changed(&self, job: &Delivery<'_>, lines: &[(&[u8], bool)], narrow: bool) -> Result<Option<Vec<Line>>, TableError> {
        let checks = &job.setup.checks;
        if !narrow && checks.is_empty() && job.setup.generic.is_empty() {
            return Ok(None);
        }
        let mut reader = Reader::new(&job.d.cfg, narrow || !checks.is_empty(), narrow);
        let mut out = Vec::new();
        for at in 0..=lines.len() {
            let pieces = match lines.get(at) {
                Some((line, cut)) => reader.push(line, *cut),
                None => reader.finish(),
            };
            for piece in pieces {
                match piece {
                    Piece::Field(at, field, kind, _) => {
                        let text = String::from_utf8_lossy(&field);
                        match checks.field(job, at.checks(kind), &text, &mut out).await? {
                            Some(new) if new == text => self.field(job, at, &field, &mut out).await,
                            Some(new) => self.field(job, at, new.as_bytes(), &mut out).await,
                            None => {}
                        }
                    }
                    Piece::Ends(..) => {}
                    Piece::Line(line, cut, ..) => {
                        let line = checks.body(job, &line, &mut out).await?.map(Cow::into_owned);
                        out.extend(line.map(|line| (line, cut)));
                    }
                }
            }
        }
        Ok(Some(out))
    }
    /// One header field; addresses in a message's own go through the generic maps.
    async fn field(&self, job: &Delivery<'_>, at: Where, field: &[u8], out: &mut Vec<Line>) {
        let text = String::from_utf8_lossy(field).into_owned();
        if !job.setup.generic.is_empty()
            && at == Where::Primary
            && let Some(kind) = header::find(&text)
            && kind.flags & (header::SENDER | header::RCPT) != 0
        {
            let body_at = text.find(':').map_or(text.len(), |i| i + 1);
            let mut tree = parse(&text[body_at..]);
            let mut changed = false;
            for t in &mut tree {
                if let Tok::Addr(inner) = t {
                    let old = internal(inner, false);
                    let new = self.generic(job, &old).await;
                    if new != old {
                        changed = true;
                        *inner = scan(&quote_local(&new));
                    }
                }
            }
            if changed {
                let lines = header::fold(&format!("{}: {}", kind.name, external(&tree, true, true)));
                return out.extend(lines.into_iter().map(|l| (l.into_bytes(), false)));
            }
        }
        out.extend(field.split(|b| *b == b'\n').map(|l| (l.to_vec(), false)));
    }
}

fn trouble(job: &Delivery<'_>, what: &str) {
    job.d.log.warn(format_args!("{}: smtp {what} checks lookup error", job.request.job.id));
}

/// Does what a check says; `None`: the field or line is left out. What is to stand before it goes to `out`.
fn act(job: &Delivery<'_>, context: &str, text: &str, hit: &Hit, title: &str, out: &mut Vec<Line>) -> Option<String> {
    let (command, rest) = hit.value.split_once([' ', '\t']).unwrap_or((&hit.value, ""));
    let rest = rest.trim_start();
    let log = &job.d.log;
    let tell = |action: &str| {
        let short: String = text.chars().take(60).collect();
        let colon = if rest.is_empty() { "" } else { ": " };
        log.info(format_args!("{}: {action}: {context} {short}{colon}{rest}", job.request.job.id));
    };
    match command.to_ascii_uppercase().as_str() {
        "WARN" => tell("warning"),
        "INFO" => tell("info"),
        "REPLACE" => {
            if header::fits(log, "REPLACE", context, rest, title) {
                tell("replace");
                return Some(rest.to_string());
            }
        }
        "PREPEND" => {
            if header::fits(log, "PREPEND", context, rest, title) {
                tell("prepend");
                out.push((rest.as_bytes().to_vec(), false));
            }
        }
        "STRIP" => {
            tell("strip");
            return None;
        }
        "IGNORE" => return None,
        "DUNNO" | "OK" => {}
        _ => log.warn(format_args!("unsupported command in {title} map: {}", hit.value)),
    }
    Some(text.to_string())
}
