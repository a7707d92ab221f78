//! `cargo xtask new KIND NAME`: the file of a new command, restriction, pane or lab, its `mod` line and its rows in the tables.
//! What it makes compiles and does nothing yet. Not here: what the new thing does.

use crate::run::{Done, say};
use std::fs;
use std::path::Path;

/// Where a line goes in a file: the table's first line holds `from`, the first line behind it that begins with `to` ends it.
struct Row {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    line: String,
    order: Order,
}

/// In which order a table's lines stand.
enum Order {
    /// By the last word of a path, without regard to case: `mod x;`, `du::DF`, `Restriction("x", …)`.
    Name,
    /// The new line is the last one.
    Last,
}

/// Makes the files of a new thing.
pub(crate) fn new(words: &[String]) -> Done {
    let [kind, name] = words else { return Err(usage()) };
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err(usage());
    }
    let (folder, code, rows, next) = match kind.as_str() {
        "command" => command(name),
        "restriction" => restriction(name),
        "pane" => pane(name),
        "lab" => lab(name),
        _ => return Err(usage()),
    };
    let file = Path::new(folder).join(format!("{name}.rs"));
    if file.exists() {
        return Err(format!("{} is there already", file.display()));
    }
    let mut texts: Vec<(&str, String)> = Vec::new();
    for row in &rows {
        let at = match texts.iter().position(|t| t.0 == row.file) {
            Some(at) => at,
            None => {
                texts.push((row.file, fs::read_to_string(row.file).map_err(|e| format!("{}: {e}", row.file))?));
                texts.len() - 1
            }
        };
        texts[at].1 = listed(&texts[at].1, row).ok_or_else(|| format!("{}: no table that begins with {:?}", row.file, row.from))?;
    }
    fs::write(&file, code).map_err(|e| format!("{}: {e}", file.display()))?;
    for (path, text) in &texts {
        fs::write(path, text).map_err(|e| format!("{path}: {e}"))?;
    }
    say!("{} is made and listed in {}; {next}", file.display(), texts.iter().map(|t| t.0).collect::<Vec<_>>().join(", "));
    Ok(())
}

fn usage() -> String {
    "usage: cargo xtask new command|restriction|pane|lab NAME  (lower-case letters, digits, _)".into()
}

type Made = (&'static str, String, Vec<Row>, &'static str);

/// The `mod` line of a new file.
fn module(file: &'static str, line: String) -> Row {
    Row { file, from: "", to: "\n", line, order: Order::Name }
}

fn command(name: &str) -> Made {
    let table = "crates/userland/src/cmd/mod.rs";
    let code = format!(
        "//! {name}: what it does, in one line.  {name}(1).\n\nuse crate::{{Ex, Spec}};\nuse machine::Sys;\n\n\
         pub(super) const SPEC: Spec = Spec {{\n    name: \"{name}\",\n    path: \"/usr/bin/{name}\",\n    synopsis: \"\",\n    \
         about: \"what it does, in one line\",\n    run: |sys| Box::pin(run(sys)),\n    \
         examples: &[Ex {{ sh: \"{name}\", out: \"\", code: 0 }}],\n}};\n\nasync fn run(_sys: Sys) -> i32 {{\n    0\n}}\n"
    );
    let rows = vec![
        module(table, format!("mod {name};")),
        Row { file: table, from: "TOOLS, TOOLS_PAGES", to: "}", line: format!("        {name}"), order: Order::Name },
    ];
    ("crates/userland/src/cmd", code, rows, "now its synopsis, its examples, which are its tests, and its code")
}

fn restriction(name: &str) -> Made {
    let table = "crates/postfix/src/restrictions/mod.rs";
    let code = format!(
        "//! {name}: what it asks, in one line.\n//! Source: postconf(5) {name}.\n\nuse super::Cx;\nuse super::check::{{Check, Judged, Outcome}};\n\n\
         pub(super) fn {name}(_: &mut Check, _: &Cx, _: &str) -> Judged {{\n    Ok(Outcome::Dunno)\n}}\n"
    );
    let rows = vec![
        module(table, format!("mod {name};")),
        Row {
            file: table,
            from: "static TABLE: ",
            to: "];",
            line: format!("    Restriction(\"{name}\", Arg::No, Now({name}::{name})),"),
            order: Order::Name,
        },
    ];
    ("crates/postfix/src/restrictions", code, rows, "now what it asks, and a recording that shows it")
}

fn pane(name: &str) -> Made {
    let table = "src/panes/mod.rs";
    let (view, upper) = (camel(name), name.to_ascii_uppercase());
    let code = format!(
        "//! The {name} pane: what it shows, in one line.\n\nuse crate::i18n::{{self, Lang}};\nuse crate::lab::Lab;\nuse yew::html::Scope;\nuse yew::prelude::*;\n\n\
         /// The pane.\npub(crate) fn pane(_: &Lab, _: &Scope<Lab>, lang: Lang) -> Html {{\n    \
         html! {{ <div class=\"empty-s\"><b>{{ lang.t(i18n::{upper}) }}</b></div> }}\n}}\n"
    );
    let letter = name.chars().next().unwrap_or('x');
    let last = |file, from, to, line| Row { file, from, to, line, order: Order::Last };
    let rows = vec![
        module(table, format!("pub(crate) mod {name};")),
        last(table, "pub(crate) enum View {", "}", format!("    {view},")),
        last(table, "const ALL: ", "    ];", format!("        (View::{view}, \"{name}\", i18n::{upper}, '{letter}', false),")),
        last(table, "const PANES: ", "];", format!("    {name}::pane,")),
        last("src/i18n.rs", "messages! {", "}", format!("    {upper} \"{view}\" \"{view}\"")),
    ];
    ("src/panes", code, rows, "now its names in both languages, a letter behind F2 of its own, and what it draws")
}

fn lab(name: &str) -> Made {
    let table = "crates/world/src/labs/mod.rs";
    let code = format!(
        "//! The lab {name}: what can be learnt there, in one line.\n\nuse super::Lab;\nuse crate::{{LabInfo, stage::Stage}};\nuse machine::{{HostSpec, SimTime}};\n\n\
         pub(super) const LAB: Lab = Lab {{\n    info: LabInfo {{ name: \"{name}\", terminals: &[(\"mail\", \"root\")], hosts: &[(\"mail\", &[\"root\"])] }},\n    \
         start: SimTime::from_secs(START),\n    build,\n}};\n\n\
         /// Tue 24 Nov 2026 11:40:00 in Shanghai. The machines start half a minute before.\nconst START: u64 = 1_795_491_600;\n\n\
         fn build(seed: u64) -> Stage {{\n    let mut stage = Stage::new(SimTime::from_secs(START - 30), seed);\n    \
         let addrs = vec![([192, 168, 1, 103].into(), 24)];\n    \
         let mail = stage.host(HostSpec {{ label: \"mail\".into(), name: \"mail\".into(), addrs, shares_disk: None, offset: 480 }});\n    \
         stage.file(mail, \"/etc/hosts\", b\"127.0.0.1 localhost\\n\");\n    stage.boot(mail);\n    stage\n}}\n"
    );
    let rows = vec![
        module(table, format!("mod {name};")),
        Row { file: table, from: "static LABS: ", to: "];", line: format!("    {name}::LAB,"), order: Order::Last },
    ];
    ("crates/world/src/labs", code, rows, "now its hosts and what is on them; it is at #/lab/NAME")
}

/// `mail_queue` as `MailQueue`.
fn camel(name: &str) -> String {
    let word = |w: &str| w.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(w.chars().skip(1)).collect::<String>();
    name.split('_').map(word).collect()
}

/// What a line of a table is sorted by.
fn key(line: &str) -> String {
    let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("mod ").trim_start_matches("Restriction(");
    let word = line.split([';', ',', ' ', '(']).next().unwrap_or("").rsplit("::").next().unwrap_or("");
    word.trim_start_matches("r#").trim_matches('"').to_ascii_lowercase()
}

/// The text with the row in its place.
fn listed(text: &str, row: &Row) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let is_mod = |l: &String| l.starts_with("mod ") || l.starts_with("pub(crate) mod ") || l.starts_with("pub(super) mod ");
    let (start, mut end) = if row.from.is_empty() {
        let start = lines.iter().position(is_mod)?;
        (start, start + lines[start..].iter().take_while(|l| is_mod(l)).count())
    } else {
        let start = lines.iter().position(|l| l.contains(row.from))?;
        // A table of one line is laid out as one of several.
        if let Some((head, rest)) = lines[start].clone().split_once("= &[").filter(|(_, rest)| rest.ends_with("];")) {
            let items: Vec<String> = rest.trim_end_matches("];").split(", ").map(|i| format!("    {i},")).collect();
            lines.splice(start..=start, [format!("{head}= &[")].into_iter().chain(items).chain(["];".to_string()]));
        }
        (start + 1, start + 1 + lines[start + 1..].iter().position(|l| l.trim_end().starts_with(row.to) || l.trim() == row.to.trim())?)
    };
    let at = match row.order {
        Order::Last => end,
        Order::Name => {
            let new = key(&row.line);
            (start..end).find(|&i| key(&lines[i]) > new).unwrap_or(end)
        }
    };
    lines.insert(at, row.line.clone());
    end += 1;
    // The length that a table says.
    if let Some(count) = lines[start.saturating_sub(1)].rfind("; ").filter(|_| row.from.starts_with("const ")) {
        let head = lines[start - 1][..count].to_string();
        lines[start - 1] = format!("{head}; {}] = [", end - start);
    }
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_tables() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for made in [command("dd"), restriction("reject_nothing"), pane("postcards"), lab("attic")] {
            for row in &made.2 {
                let text = fs::read_to_string(root.join(row.file)).unwrap();
                let new = listed(&text, row).unwrap_or_else(|| panic!("{}: {}", row.file, row.from));
                assert!(new.contains(&row.line) && new.lines().count() > text.lines().count(), "{}", row.file);
            }
        }
    }

    #[test]
    fn rows_stand_in_order() {
        let text = "mod a;\nmod r#true;\n\ntable! {\n    TOOLS, TOOLS_PAGES:\n        a\n        b::DF\n        r#true\n}\n";
        let row = |from, line: &str| Row { file: "", from, to: "}", line: line.into(), order: Order::Name };
        assert!(listed(text, &row("", "mod dd;")).unwrap().starts_with("mod a;\nmod dd;\nmod r#true;\n\n"));
        assert!(listed(text, &row("TOOLS, TOOLS_PAGES", "        dd")).unwrap().contains("        a\n        dd\n        b::DF\n"));
        let text = "pub(crate) static LABS: &[Lab] = &[linuxidc::LAB];\n";
        let new = listed(text, &Row { file: "", from: "static LABS: ", to: "];", line: "    attic::LAB,".into(), order: Order::Last });
        assert_eq!(new.unwrap(), "pub(crate) static LABS: &[Lab] = &[\n    linuxidc::LAB,\n    attic::LAB,\n];\n");
    }
}
