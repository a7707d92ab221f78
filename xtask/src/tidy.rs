//! `cargo xtask tidy`: what the compiler does not check. The floors of ARCHITECTURE.md against `cargo metadata`, the size and
//! the first line of every file, the commands' tables against their folder, words that do not belong into shipped code, dead links.

use crate::run::{Done, metadata, output};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The greatest number of lines of a file, tests not counted.
const LONGEST: usize = 400;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[
    ("crates/machine/src/sys.rs", "one short method for each system call"),
    ("crates/machine/src/trap.rs", "one list of the system calls and their results"),
];

/// Crates whose code travels to the browser: every byte counts there, and every run must be the same.
const SHIPPED: &[&str] =
    &["crates/machine", "crates/openssl", "crates/pattern", "crates/postfix", "crates/userland", "crates/wire", "crates/world"];

/// What shipped code does not say, and why.
const COSTLY: &[(&str, &str)] = &[
    ("{:?}", "Debug formatting costs 13 KB and is no text for people"),
    (":?}", "Debug formatting costs 13 KB and is no text for people"),
    ("f64", "floats cost 22 KB and are not needed"),
    ("f32", "floats cost 22 KB and are not needed"),
    (".to_lowercase()", "Unicode case costs 30 KB; to_ascii_lowercase"),
    (".to_uppercase()", "Unicode case costs 30 KB; to_ascii_uppercase"),
];

/// Where numbers with a point are the matter itself.
const FLOATS: &[&str] = &["crates/userland/src/util/float.rs", "crates/userland/src/cmd/awk/"];

/// Runs all of it; every finding is one line.
pub(crate) fn tidy() -> Done {
    let mut found = Vec::new();
    let listed = output(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let files: Vec<&str> = listed.lines().filter(|f| Path::new(f).is_file()).collect();
    let read = |f: &str| fs::read_to_string(f).unwrap_or_default();
    found.extend(floors(&read("ARCHITECTURE.md"))?);
    for file in &files {
        if file.ends_with(".rs") {
            found.extend(source(file, &read(file)));
        } else if file.ends_with(".md") {
            found.extend(links(file, &read(file)));
        }
    }
    found.extend(commands(&read("crates/userland/src/cmd/mod.rs"), &files));
    if found.is_empty() { Ok(()) } else { Err(format!("\n{}", found.join("\n"))) }
}

/// The rows of the floors' table: `| floor | `crate` | what it holds | may use |`.
fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
    let rows = text.lines().skip_while(|l| !l.starts_with("| floor |")).skip(2).take_while(|l| l.starts_with('|'));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        Some((names(cells.get(2)?).into_iter().next()?, names(cells.get(4)?)))
    })
    .collect()
}

fn floors(text: &str) -> Done<Vec<String>> {
    let table = table(text);
    let mut found = Vec::new();
    let data = metadata()?;
    let packages = data["packages"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or("");
        let Some(allowed) = table.get(name) else {
            found.push(format!("ARCHITECTURE.md: the table of floors has no row for `{name}`"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or("");
            if names.contains(&to) && !allowed.iter().any(|a| a == to) {
                found.push(format!("{name} uses {to}, which the table of floors in ARCHITECTURE.md does not allow"));
            }
        }
    }
    found.extend(table.keys().filter(|k| !names.contains(&k.as_str())).map(|k| format!("ARCHITECTURE.md: there is no crate `{k}`")));
    Ok(found)
}

fn source(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(format!("{file}:1: the file does not open with `//!`: what is in it, what is not, which source it follows"));
    }
    let test = file.starts_with("tests/") || file.contains("/tests/") || file.ends_with("tests.rs");
    if test {
        return found;
    }
    let code: Vec<&str> = text.lines().take_while(|l| *l != "#[cfg(test)]").collect();
    if code.len() > LONGEST && !LONG.iter().any(|l| l.0 == file) {
        found.push(format!("{file}: {} lines, the most is {LONGEST} (tests not counted)", code.len()));
    }
    for (number, line) in code.iter().enumerate() {
        let word = |w: &str| line.contains(w) && !line.trim_start().starts_with("//");
        let todo = ["TODO", "FIXME", "XXX"].iter().any(|w| line.contains(&format!("// {w}")) || line.contains(&format!("//! {w}")));
        if todo {
            found.push(format!("{file}:{}: a note to do something; do it or say what is so", number + 1));
        }
        // What an assertion says when it fails is for us.
        if SHIPPED.iter().any(|s| file.starts_with(s)) && !line.contains("assert") && !line.contains("impl std::fmt::Debug") {
            let point = |w: &str| w == "f64" && FLOATS.iter().any(|f| file.starts_with(f));
            let why = COSTLY.iter().find(|(w, _)| word(w) && !point(w) && !line.contains(&format!("\"{w}\"")));
            found.extend(why.map(|(w, why)| format!("{file}:{}: {w}: {why}", number + 1)));
        }
    }
    found
}

/// Every command has a `mod` line and stands in one of the tables.
fn commands(text: &str, files: &[&str]) -> Vec<String> {
    let folder = "crates/userland/src/cmd/";
    let words: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(str::split_whitespace).collect();
    let tabled = |name: &str| words.iter().any(|w| w.trim_start_matches("r#").split("::").next() == Some(name));
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.starts_with(folder)) {
        let name = file[folder.len()..].trim_end_matches(".rs").trim_end_matches("/mod");
        let command = fs::read_to_string(file).is_ok_and(|t| t.contains("SPEC: Spec ="));
        if command && !name.contains('/') && !tabled(name) {
            found.push(format!("{file}: the command stands in none of the tables of {folder}mod.rs"));
        }
    }
    found
}

/// Links of a page of ours to files that are not there.
fn links(file: &str, text: &str) -> Vec<String> {
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for piece in text.split("](").skip(1) {
        let target = piece.split([')', '#']).next().unwrap_or("");
        if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") && !folder.join(target).exists() {
            found.push(format!("{file}: the link to {target} leads nowhere"));
        }
    }
    found
}
