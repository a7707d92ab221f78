//! Every decision names the file and the line that it comes from. `tests/why/expected` lists decisions of scenarios with rows of their
//! explanations; beside it lie scenarios that have no recording. And whatever is refused, deferred or returned in the recordings about access
//! control has some reason. Not here: how an explanation looks in the page.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// What `ehlo replay --why` says of a scenario.
fn why(file: &Path) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_ehlo")).args(["replay", "--why"]).arg(file).output().expect("ehlo runs");
    assert!(run.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The decisions: head and rows.
fn decisions(text: &str) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with("| ")) {
        match out.last_mut() {
            Some(last) if !line.starts_with('#') => last.push(squeezed(line)),
            _ => out.push(vec![squeezed(line)]),
        }
    }
    out
}

/// `= SCENARIO`, below it `? part of a decision's head`, below that parts of its rows, in their order.
#[test]
fn decisions_name_file_and_line() {
    let text = std::fs::read_to_string(tests().join("why/expected")).expect("the list");
    let mut wrong = String::new();
    let (mut told, mut name) = (Vec::new(), "");
    let mut rows: Vec<String> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with("//") && !l.trim().is_empty()) {
        if let Some(scenario) = line.strip_prefix("= ") {
            name = scenario;
            told = decisions(&why(&tests().join(scenario)));
        } else if let Some(head) = line.strip_prefix("? ") {
            rows = told.iter().find(|d| d[0].contains(head)).map(|d| d[1..].to_vec()).unwrap_or_default();
            if rows.is_empty() {
                let _ = writeln!(wrong, "{name}: no decision, or one without a reason: {head}");
            }
        } else {
            let row = squeezed(line);
            match rows.iter().position(|r| r.contains(&row)) {
                Some(at) => drop(rows.drain(..=at)),
                None => drop(writeln!(wrong, "{name}: not there, or not in this order: {row}\n    of {rows:#?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nothing_is_refused_without_a_reason() {
    let mut wrong = String::new();
    for dir in ["oracle/recorded", "oracle/own/recorded"] {
        for entry in std::fs::read_dir(tests().join(dir)).expect("recordings") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.starts_with("access-") && !name.starts_with("rcpt-") {
                continue;
            }
            let text = why(&path);
            for line in text.lines().filter(|l| l.starts_with("| ")) {
                if [": reject:", "status=", ": hold:", ": discard:", ": redirect:", ": filter:"].iter().any(|w| line.contains(w)) {
                    let _ = writeln!(wrong, "{name}: {line}");
                }
            }
            for decision in decisions(&text) {
                if decision.len() == 1 {
                    let _ = writeln!(wrong, "{name}: {}", decision[0]);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "without a reason:\n{wrong}");
}
