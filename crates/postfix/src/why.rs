//! Reasons on the wire: what one program found out goes along with its answer to the one that acts on it.
//! Fields are separated by the unit separator, rows by the record separator. Not here: traces themselves (`machine`).

use machine::{Because, Verdict};

const FIELD: char = '\x1f';
const ROW: char = '\x1e';

fn place_text(place: &Option<(String, u32)>) -> String {
    place.as_ref().map(|(file, line)| format!("{line}:{file}")).unwrap_or_default()
}

fn place_of(text: &str) -> Option<(String, u32)> {
    let (line, file) = text.split_once(':')?;
    Some((file.to_string(), line.parse().ok()?))
}

fn clean(text: &str) -> String {
    text.chars().filter(|&c| c != FIELD && c != ROW && c != '\0').collect()
}

/// Reasons as one attribute value.
pub(crate) fn encode(rows: &[Because]) -> String {
    let mut out = String::new();
    for row in rows {
        let fields: Vec<String> = match row {
            Because::Parameter { name, value, place } => vec!["P".into(), clean(name), clean(value), place_text(place)],
            Because::Rule { list, element, verdict, place } => {
                let verdict = match verdict {
                    Verdict::Dunno => "0",
                    Verdict::Permit => "1",
                    Verdict::Reject => "2",
                    Verdict::Defer => "3",
                    Verdict::Unreached => "4",
                };
                vec!["R".into(), clean(list), clean(element), verdict.into(), place_text(place)]
            }
            Because::Lookup { table, key, result, place } => {
                let found = if result.is_some() { "1" } else { "0" };
                vec!["L".into(), clean(table), clean(key), found.into(), clean(result.as_deref().unwrap_or("")), place_text(place)]
            }
            Because::Rewrite { from, to, by, place } => vec!["W".into(), clean(from), clean(to), clean(by), place_text(place)],
            Because::Expand { from, to, by, depth, place } => {
                let mut v = vec!["E".into(), clean(from), clean(by), depth.to_string(), place_text(place)];
                v.extend(to.iter().map(|t| clean(t)));
                v
            }
            Because::Protocol { rule, what } => vec!["p".into(), clean(rule), clean(what)],
            Because::State { what } => vec!["S".into(), clean(what)],
            Because::Note { what } => vec!["N".into(), clean(what)],
        };
        if !out.is_empty() {
            out.push(ROW);
        }
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                out.push(FIELD);
            }
            out.push_str(field);
        }
    }
    out
}

/// The reasons that [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Vec<Because> {
    let mut out = Vec::new();
    for row in text.split(ROW).filter(|r| !r.is_empty()) {
        let f: Vec<&str> = row.split(FIELD).collect();
        let at = |i: usize| f.get(i).copied().unwrap_or("").to_string();
        out.push(match f[0] {
            "P" => Because::Parameter { name: at(1), value: at(2), place: place_of(&at(3)) },
            "R" => {
                let verdict = match at(3).as_str() {
                    "1" => Verdict::Permit,
                    "2" => Verdict::Reject,
                    "3" => Verdict::Defer,
                    "4" => Verdict::Unreached,
                    _ => Verdict::Dunno,
                };
                Because::Rule { list: at(1), element: at(2), verdict, place: place_of(&at(4)) }
            }
            "L" => Because::Lookup { table: at(1), key: at(2), result: (at(3) == "1").then(|| at(4)), place: place_of(&at(5)) },
            "W" => Because::Rewrite { from: at(1), to: at(2), by: at(3), place: place_of(&at(4)) },
            "E" => Because::Expand {
                from: at(1),
                by: at(2),
                depth: at(3).parse().unwrap_or(0),
                place: place_of(&at(4)),
                to: f.iter().skip(5).map(|t| t.to_string()).collect(),
            },
            "p" => Because::Protocol { rule: at(1), what: at(2) },
            "S" => Because::State { what: at(1) },
            _ => Because::Note { what: at(1) },
        });
    }
    out
}

/// A parameter as a reason.
pub(crate) fn parameter(cfg: &crate::config::Config, name: &str) -> Because {
    Because::Parameter { name: name.to_string(), value: cfg.str(name), place: cfg.place(name) }
}

/// Says where the parameters behind rewriting steps are set.
pub(crate) fn placed(cfg: &crate::config::Config, rows: &mut [Because]) {
    for row in rows {
        if let Because::Rewrite { by, place, .. } = row {
            *place = place.take().or_else(|| cfg.place(by));
        }
    }
}

/// A plain sentence as a reason.
pub(crate) fn note(what: impl Into<String>) -> Because {
    Because::Note { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_go_both_ways() {
        let rows = vec![
            Because::Parameter { name: "relayhost".into(), value: "".into(), place: Some(("/etc/postfix/main.cf".into(), 7)) },
            Because::Lookup { table: "hash:/etc/aliases".into(), key: "a".into(), result: Some("b".into()), place: None },
            Because::Expand {
                from: "a".into(),
                to: vec!["b".into(), "c".into()],
                by: "aliases".into(),
                depth: 1,
                place: Some(("/etc/aliases".into(), 3)),
            },
            Because::Rewrite { from: "a".into(), to: "a@b".into(), by: "myorigin".into(), place: None },
            Because::Note { what: "x".into() },
        ];
        assert!(decode(&encode(&rows)) == rows);
    }
}
