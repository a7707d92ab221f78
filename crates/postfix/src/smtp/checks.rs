//! What smtp(8) changes in a message on its way out: smtp_header_checks, smtp_mime_header_checks, smtp_nested_header_checks,
//! smtp_body_checks. Not here: generic addresses and the sending (`transfer`). Source: header_checks(5), header_body_checks(3).

use super::Delivery;
use crate::cleanup::header;
use crate::lookup::{Hit, Maps, TableError, Tables};
use crate::mime::{Structure, Where};

/// A line and whether it is cut: the next one continues it.
pub(super) type Line = (Vec<u8>, bool);

/// The tables.
pub(super) struct Checks {
    header: Vec<(&'static str, Maps)>,
    body: Maps,
}

impl Checks {
    /// None where nothing is to be checked.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) async fn open(tables: &Tables, prefix: &str) -> Result<Option<Checks>, String> {
        let mut header = Vec::new();
        for name in ["header_checks", "mime_header_checks", "nested_header_checks"] {
            header.push((name, Maps::of(tables, &format!("{prefix}{name}")).await?));
        }
        let body = Maps::of(tables, &format!("{prefix}body_checks")).await?;
        let none = body.is_empty() && header.iter().all(|(_, maps)| maps.is_empty());
        Ok((!none).then_some(Checks { header, body }))
    }
    /// The lines that are sent.
    ///
    /// # Errors
    /// A table failed; said in the log.
    pub(super) async fn apply(&self, job: &Delivery<'_>, lines: &[(&[u8], bool)]) -> Result<Vec<Line>, TableError> {
        let mut out = Vec::new();
        let mut mime = Structure::default();
        let mut field: Vec<u8> = Vec::new();
        let mut start = true;
        for &(line, cut) in lines {
            let first = std::mem::replace(&mut start, !cut);
            if mime.at != Where::Body {
                let folded = matches!(line.first(), Some(b' ' | b'\t'));
                if (!first || folded) && !field.is_empty() {
                    field.extend_from_slice(if first { b"\n" } else { b"" });
                    field.extend_from_slice(line);
                    continue;
                }
                self.field(job, &mut mime, &std::mem::take(&mut field), &mut out).await?;
                if header::name_len(line).is_some() {
                    field.extend_from_slice(line);
                    continue;
                }
                mime.header_ends(line.is_empty());
                if line.is_empty() {
                    out.push((Vec::new(), false));
                    continue;
                }
            }
            if first && mime.separator(line) {
                out.push((line.to_vec(), cut));
                continue;
            }
            let text = String::from_utf8_lossy(line);
            match self.body.find(&text).await.inspect_err(|_| trouble(job, "body"))? {
                None => out.push((line.to_vec(), cut)),
                Some(hit) => match act(job, "body", &text, &hit, self.body.title(), &mut out) {
                    Some(new) if new != text => out.push((new.into_bytes(), cut)),
                    Some(_) => out.push((line.to_vec(), cut)),
                    None => {}
                },
            }
        }
        self.field(job, &mut mime, &field, &mut out).await?;
        Ok(out)
    }
    async fn field(&self, job: &Delivery<'_>, mime: &mut Structure, field: &[u8], out: &mut Vec<Line>) -> Result<(), TableError> {
        if field.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(field).into_owned();
        let kind = header::find(&text);
        // The structure follows what came in, not what goes out.
        mime.field(&text, kind, true, usize::MAX);
        let name = mime.at.checks(kind);
        let Some((_, maps)) = self.header.iter().find(|(n, _)| *n == name) else { return Ok(()) };
        let new = match maps.find(&text).await.inspect_err(|_| trouble(job, "header"))? {
            None => Some(text.clone()),
            Some(hit) => act(job, "header", &text, &hit, maps.title(), out),
        };
        match new {
            Some(new) if new == text => out.extend(field.split(|b| *b == b'\n').map(|l| (l.to_vec(), false))),
            Some(new) => out.extend(new.split('\n').map(|l| (l.as_bytes().to_vec(), false))),
            None => {}
        }
        Ok(())
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
