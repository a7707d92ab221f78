//! Every recording of the real system in `tests/oracle` is replayed and must be equal in normal form. `tests/oracle/differs` lists those
//! that are not, one `NAME REASON` a line; a listed one that has become equal fails, so the list only shrinks.
//! `EHLO_BLESS=1` writes the list anew, keeping reasons. Not here: the normal form (`normal`).

#[path = "../../src/compare.rs"]
mod compare;
#[path = "../../src/normal.rs"]
mod normal;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle")
}

fn load(path: &Path) -> Value {
    compare::load(path).unwrap_or_else(|e| panic!("{e}"))
}

/// The recordings, by name.
fn recordings() -> BTreeMap<String, PathBuf> {
    let dirs = ["recorded", "own/recorded"].map(|d| root().join(d));
    let files = dirs.iter().flat_map(|d| std::fs::read_dir(d).expect("recordings")).map(|e| e.expect("an entry").path());
    let mut all = BTreeMap::new();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let other = all.insert(name, path.clone());
        assert_eq!(other, None, "{} has the name of another recording", path.display());
    }
    all
}

#[test]
fn the_simulation_equals_the_recordings() {
    let recordings = recordings();
    let out = std::env::temp_dir().join(format!("ehlo-oracle-{}", std::process::id()));
    let run = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("replay")
        .arg("--out")
        .arg(&out)
        .args(recordings.values())
        .output()
        .expect("ehlo runs");
    let complaints = String::from_utf8_lossy(&run.stderr).into_owned();
    let list = root().join("differs");
    let text = std::fs::read_to_string(&list).unwrap_or_default();
    let differs: BTreeMap<&str, &str> = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(' ')).collect();

    let mut families: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut wrong = String::new();
    let mut new_list = String::new();
    for (name, path) in &recordings {
        let theirs = normal::normal(&load(path));
        let ours = out.join(path.file_name().unwrap_or_default());
        let ours = if ours.exists() { normal::normal(&load(&ours)) } else { Value::Null };
        let equal = ours == theirs;
        let family = families.entry(name.split('-').next().unwrap_or_default()).or_default();
        family[0] += usize::from(equal);
        family[1] += 1;
        let steps = theirs["steps"].as_array().map_or(&[][..], Vec::as_slice);
        family[2] += steps.iter().enumerate().filter(|(i, s)| ours["steps"].get(*i) == Some(s)).count();
        family[3] += steps.len();
        match (equal, differs.get(name.as_str())) {
            (true, None) => {}
            (false, reason) => {
                let _ = writeln!(new_list, "{name} {}", reason.unwrap_or(&"not looked at yet"));
                if reason.is_none() {
                    let _ = writeln!(wrong, "{name}: {}", compare::first_difference(&theirs, &ours, ""));
                }
            }
            (true, Some(_)) => {
                let _ = writeln!(wrong, "{name}: equal now; take it off {}", list.display());
            }
        }
    }
    let _ = std::fs::remove_dir_all(&out);
    // Written past the harness, which keeps what tests print: the count is for everyone to see.
    let mut count = String::new();
    let mut sum = [0; 4];
    for (family, counts) in &families {
        let _ = writeln!(count, "{family:9} {:3} of {:3} equal, steps {:4} of {:4}", counts[0], counts[1], counts[2], counts[3]);
        sum.iter_mut().zip(counts).for_each(|(s, c)| *s += c);
    }
    let _ = writeln!(count, "all       {:3} of {:3} equal, steps {:4} of {:4}", sum[0], sum[1], sum[2], sum[3]);
    let _ = std::io::Write::write_all(&mut std::io::stderr(), count.as_bytes());
    if std::env::var_os("EHLO_BLESS").is_some() {
        let head = "# Recordings that the simulation does not equal, and why.\n";
        std::fs::write(&list, head.to_string() + &new_list).expect("the list can be written");
        return;
    }
    assert!(!complaints.contains("panicked"), "{complaints}");
    assert!(wrong.is_empty(), "{wrong}{complaints}");
}
