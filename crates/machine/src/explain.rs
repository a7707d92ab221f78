//! A decision in words for a terminal: what was decided, and below it each reason with the file and line that it comes from.
//! Not here: how a page draws the same.

use crate::{Because, DateTime, Trace, Verdict};

impl Verdict {
    /// The word that access(5) and restriction lists use.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Dunno => "DUNNO",
            Verdict::Permit => "PERMIT",
            Verdict::Reject => "REJECT",
            Verdict::Defer => "DEFER",
            Verdict::Unreached => "not asked",
        }
    }
}

impl Trace {
    /// The decision and its reasons, a line each, with times as a host so many minutes east of UTC shows them.
    pub fn lines(&self, offset: i32) -> Vec<String> {
        let t = DateTime::new(self.at, offset);
        let queue_id = self.queue_id.as_ref().map(|q| format!(" {q}")).unwrap_or_default();
        let mut out =
            vec![format!("#{} {:02}:{:02}:{:02} {}{queue_id}: {}", self.id.0, t.hour, t.minute, t.second, self.process, self.what)];
        let mut list_shown = "";
        for because in &self.because {
            let (indent, text, place) = match because {
                Because::Parameter { name, value, place } => {
                    (0, format!("{name} = {value}"), place.clone().or_else(|| Some(("default".into(), 0))))
                }
                Because::Rule { list, element, verdict, place } => {
                    if list != list_shown {
                        out.push(format!("    {list}:"));
                        list_shown = list;
                    }
                    (1, format!("{element:<32} {}", verdict.word()), place.clone().or_else(|| Some(("default".into(), 0))))
                }
                Because::Lookup { table, key, result, place } => {
                    let found = result.as_ref().map_or("not found".to_string(), |r| format!("\"{r}\""));
                    (2, format!("{table}: \"{key}\" {found}"), place.clone())
                }
                Because::Rewrite { from, to, by, place } => (0, format!("{from} -> {to}  by {by}"), place.clone()),
                Because::Expand { from, to, by, depth, place } => {
                    (usize::from(*depth), format!("{from} -> {}  by {by}", to.join(", ")), place.clone())
                }
                Because::Protocol { rule, what } => (0, format!("{what} ({rule})"), None),
                Because::State { what } | Because::Note { what } => (0, what.clone(), None),
            };
            let place = match place {
                Some((file, 0)) => format!("  [{file}]"),
                Some((file, line)) => format!("  [{file}:{line}]"),
                None => String::new(),
            };
            out.push(format!("    {:indent$}{text}{place}", "", indent = indent * 2));
        }
        out
    }
}
