//! Tables written as text: `key whitespace value` lines (texthash:, the input of postmap), `{key=value, …}` (inline:).
//! Not here: rules (`rules`), compiled tables (`db`). Source: postmap(1) "TABLE FORMAT", DATABASE_README `inline`.

use crate::config::{LogicalLine, is_space, split_braced, split_nameval, unbrace};
use crate::maillog::Log;

/// An entry of a text.
pub(crate) struct Pair {
    /// The key as written.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: String,
    /// Its line.
    pub(crate) line: u32,
}

/// Splits a line into key and value, with Postfix's warnings. `None`: the line does not count.
pub(crate) fn pair(log: &Log, path: &str, line: &LogicalLine) -> Option<Pair> {
    let text = &line.text;
    let (mut quoted, mut escaped) = (false, false);
    let end = text.char_indices().find(|&(_, c)| {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        } else {
            return is_space(c) && !quoted;
        }
        false
    });
    let number = line.first;
    if quoted {
        log.warn(format_args!("{path}, line {number}: unbalanced '\"' in '{text}' -- ignoring this line"));
        return None;
    }
    let (key, value) = text.split_at(end.map_or(text.len(), |(i, _)| i));
    let value = value.trim_matches(is_space);
    if key.is_empty() || value.is_empty() {
        log.warn(format_args!("{path}, line {number}: expected format: key whitespace value"));
        return None;
    }
    if key.ends_with(':') {
        log.warn(format_args!("{path}, line {number}: record is in \"key: value\" format; is this an alias file?"));
    }
    Some(Pair { key: key.to_string(), value: value.to_string(), line: number })
}

/// The text inside a table name's braces, if there is something in it and nothing behind.
pub(crate) fn braced(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('{')?;
    let mut level = 1u32;
    let end = inner.char_indices().find(|&(_, c)| {
        match c {
            '{' => level += 1,
            '}' => level -= 1,
            _ => {}
        }
        level == 0
    })?;
    (end.0 + 1 == inner.len() && end.0 > 0).then(|| &inner[..end.0])
}

/// The entries of an inline: table.
///
/// # Errors
/// Postfix's words for a mistake.
pub(crate) fn inline(name: &str) -> Result<Vec<Pair>, String> {
    let need = "need \"inline:{name=value...}\"";
    let Some(inner) = braced(name) else {
        return Err(format!("bad syntax: \"inline:{name}\"; {need}"));
    };
    let mut pairs = Vec::new();
    for item in split_braced(inner) {
        let failed = |why: &str| format!("{why}: \"inline:{name}\"; {need}");
        let item = if item.starts_with('{') { unbrace(&item).map_err(|why| failed(&why))? } else { item };
        let (key, value) = split_nameval(&item).map_err(failed)?;
        pairs.push(Pair { key: key.to_string(), value: value.to_string(), line: 0 });
    }
    if pairs.is_empty() {
        return Err(format!("empty table: \"inline:{name}\"; {need}"));
    }
    Ok(pairs)
}

/// The lines of a table whose rules stand in its name: `{{rule}, {rule}}`.
///
/// # Errors
/// Postfix's words for a mistake.
pub(crate) fn inline_lines(kind: &str, name: &str) -> Result<Vec<LogicalLine>, String> {
    let inner = unbrace(name).map_err(|why| format!("{kind} map: {why}"))?;
    let mut lines = Vec::new();
    for rule in split_braced(&inner) {
        let text = unbrace(&rule).map_err(|why| format!("{kind} map: {why}"))?;
        let number = lines.len() as u32 + 1;
        lines.push(LogicalLine { text, first: number, last: number, breaks: Vec::new() });
    }
    Ok(lines)
}
