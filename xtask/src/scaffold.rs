//! `cargo xtask new command NAME`: the file of a new command, its `mod` line and its place in a table.
//! Not here: what the command does.

use crate::run::{Done, say};
use std::fs;
use std::path::Path;

/// Makes the files of a new thing.
pub(crate) fn new(words: &[String]) -> Done {
    match words {
        [kind, name]
            if kind == "command" && !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') =>
        {
            command(name)
        }
        _ => Err("usage: cargo xtask new command NAME  (lower-case letters, digits, _)".into()),
    }
}

fn command(name: &str) -> Done {
    let folder = Path::new("crates/userland/src/cmd");
    let file = folder.join(format!("{name}.rs"));
    if file.exists() {
        return Err(format!("{} is there already", file.display()));
    }
    let code = format!(
        "//! {name}: what it does, in one line.  {name}(1).\n\nuse crate::{{Ex, Spec}};\nuse machine::Sys;\n\n\
         pub(super) const SPEC: Spec = Spec {{\n    name: \"{name}\",\n    path: \"/usr/bin/{name}\",\n    synopsis: \"\",\n    \
         about: \"what it does, in one line\",\n    run: |sys| Box::pin(run(sys)),\n    \
         examples: &[Ex {{ sh: \"{name}\", out: \"\", code: 0 }}],\n}};\n\nasync fn run(_sys: Sys) -> i32 {{\n    0\n}}\n"
    );
    let table = folder.join("mod.rs");
    let text = fs::read_to_string(&table).map_err(|e| format!("{}: {e}", table.display()))?;
    let text = listed(&text, name).ok_or("cmd/mod.rs: no table TOOLS found")?;
    fs::write(&file, code).map_err(|e| format!("{}: {e}", file.display()))?;
    fs::write(&table, text).map_err(|e| format!("{}: {e}", table.display()))?;
    say!(
        "{} is made, listed in TOOLS (move it to RESIDENT if every session needs it); now its synopsis, examples and code",
        file.display()
    );
    Ok(())
}

/// The module's text with the command's `mod` line and its name in TOOLS, both in their places.
fn listed(text: &str, name: &str) -> Option<String> {
    let plain = |l: &str| l.trim_start_matches("mod ").trim_start_matches("r#").trim_end_matches(';').to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let mods: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].starts_with("mod ")).collect();
    let at = mods.iter().copied().find(|&i| plain(&lines[i]).as_str() > name).or(mods.last().map(|i| i + 1))?;
    lines.insert(at, format!("mod {name};"));
    let text = lines.join("\n") + "\n";
    let start = text.find("TOOLS_PAGES behind tools:")? + "TOOLS_PAGES behind tools:".len();
    let end = start + text[start..].find('}')?;
    let mut names: Vec<&str> = text[start..end].split_whitespace().collect();
    let key = |n: &str| n.trim_start_matches("r#").to_string();
    let place = names.iter().position(|n| key(n).as_str() > name).unwrap_or(names.len());
    names.insert(place, name);
    Some(format!("{} {}\n{}", &text[..start], names.join(" "), &text[end..]))
}
