//! `cargo xtask diff-fuzz`: random configurations and dialogues on the real Postfix (by the recorder) and on the simulation; what differs is
//! made smaller as long as it differs, and printed. Needs the recorder's machine (root, Debian 12, its packages); not part of the tests.
//!
//! The comparison is `ehlo compare`'s. Only one thing is forgiven: what the real system does one time and not the other. A scenario that
//! differs is recorded again, twice; if one of the recordings equals the replay, the difference is one of the real system with itself
//! (processes that run at the same moment), and is counted as such. Recordings are kept in target/diff-fuzz: after a mend the same seed is
//! replayed only.

mod grammar;
mod scenario;
mod smaller;

use crate::run::{Done, cargo, run, say};
use grammar::Grammar;
use scenario::{DIALOGUES, GRAMMAR};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Scenarios recorded in one go.
const BATCH: usize = 24;
/// How often a scenario that differs is recorded again.
const AGAIN: usize = 2;

/// The recorder, the directories it and the simulation write to.
struct Lab {
    recorder: PathBuf,
    ehlo: PathBuf,
    dir: PathBuf,
    jobs: String,
}

impl Lab {
    /// Records what has not been recorded before, in this pass over the same scenarios.
    fn record(&self, scenarios: &[Value], pass: usize) -> Done<PathBuf> {
        let real = self.dir.join(format!("real{pass}"));
        let given = self.dir.join("in");
        fs::create_dir_all(&given).and_then(|()| fs::create_dir_all(&real)).map_err(|e| e.to_string())?;
        let mut files = Vec::new();
        for s in scenarios {
            let name = format!("{}.json", name(s));
            let mut before = fs::read(real.join(&name)).ok().and_then(|t| serde_json::from_slice::<Value>(&t).ok()).unwrap_or_default();
            let known = before.as_object_mut().is_some_and(|o| o.remove("recorded").is_some());
            let file = given.join(&name);
            fs::write(&file, s.to_string()).map_err(|e| e.to_string())?;
            if !known || before != *s {
                let _ = fs::remove_file(real.join(&name));
                files.push(file);
            }
        }
        if !files.is_empty() {
            let mut record = Command::new("python3");
            record.arg(&self.recorder).args(&files).arg("--out").arg(&real).args(["--jobs", &self.jobs]).stdout(Stdio::null());
            // What could not be recorded is told by the recorder, and not compared.
            let _ = record.status().map_err(|e| e.to_string())?;
        }
        Ok(real)
    }
    /// Records and replays; what `ehlo compare` says of the differences, by the scenario's name.
    fn differences(&self, scenarios: &[Value], pass: usize) -> Done<BTreeMap<String, String>> {
        let real = self.record(scenarios, pass)?;
        let (theirs, ours) = (self.dir.join("theirs"), self.dir.join("ours"));
        for dir in [&theirs, &ours] {
            let _ = fs::remove_dir_all(dir);
            fs::create_dir_all(dir).map_err(|e| e.to_string())?;
        }
        let mut files = Vec::new();
        for s in scenarios {
            let file = format!("{}.json", name(s));
            if fs::copy(real.join(&file), theirs.join(&file)).is_ok() {
                files.push(self.dir.join("in").join(file));
            }
        }
        for file in &files {
            // What cannot be replayed differs, and shall not stop the others.
            let _ = Command::new(&self.ehlo).arg("replay").arg("--out").arg(&ours).arg(file).status().map_err(|e| e.to_string())?;
        }
        let out = Command::new(&self.ehlo).arg("compare").args([&theirs, &ours]).output().map_err(|e| e.to_string())?;
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in String::from_utf8_lossy(&out.stdout).lines() {
            if let Some(text) = line.strip_prefix(' ') {
                *found.entry(last.clone()).or_default() += &format!(" {text}\n");
            } else {
                last = line.trim_end_matches(':').to_string();
            }
        }
        found.retain(|name, _| scenarios.iter().any(|s| self::name(s) == name));
        Ok(found)
    }
    /// The differences that stay when the real system is asked again.
    fn certain(&self, scenarios: &[Value]) -> Done<BTreeMap<String, String>> {
        let mut found = self.differences(scenarios, 0)?;
        for pass in 1..=AGAIN {
            let left: Vec<Value> = scenarios.iter().filter(|s| found.contains_key(name(s))).cloned().collect();
            if left.is_empty() {
                break;
            }
            let again = self.differences(&left, pass)?;
            found.retain(|name, _| again.contains_key(name));
        }
        Ok(found)
    }
}

fn name(scenario: &Value) -> &str {
    scenario["name"].as_str().unwrap_or("x")
}

/// Runs the task: `--recorder FILE`, `--count N` dialogues, `--seed N`, `--jobs N` recordings at a time, `--first N` scenario to begin with.
pub(crate) fn fuzz(words: &[String]) -> Done {
    let value = |name: &str| words.iter().position(|w| w == name).and_then(|i| words.get(i + 1)).cloned();
    let number =
        |name: &str, default: usize| value(name).map_or(Ok(default), |n| n.parse::<usize>()).map_err(|_| format!("{name} needs a number"));
    let recorder =
        value("--recorder").ok_or("usage: cargo xtask diff-fuzz --recorder record.py [--count DIALOGUES] [--seed N] [--smaller]")?;
    let recorder = Path::new(&recorder).canonicalize().map_err(|e| format!("{recorder}: {e}"))?;
    let (count, seed, first) = (number("--count", 200)?, number("--seed", 1)? as u64, number("--first", 0)?);
    let grammar = Grammar::new(GRAMMAR)?;
    let target = crate::run::target_dir()?;
    // The replay is the smallest part of the time: no need for the profile that takes minutes to build.
    run(&mut cargo(&["build", "--quiet", "--package", "runner"]))?;
    let lab = Lab { recorder, ehlo: target.join("debug/ehlo"), dir: target.join("diff-fuzz"), jobs: number("--jobs", 4)?.to_string() };
    let all: Vec<Value> = (first..first + count.div_ceil(DIALOGUES)).map(|n| scenario::scenario(&grammar, seed, n)).collect();
    let (mut differ, mut unsteady) = (Vec::new(), 0);
    for (i, part) in all.chunks(BATCH).enumerate() {
        let once = lab.differences(part, 0)?;
        let suspects: Vec<Value> = part.iter().filter(|s| once.contains_key(name(s))).cloned().collect();
        let found = if suspects.is_empty() { BTreeMap::new() } else { lab.certain(&suspects)? };
        unsteady += once.len() - found.len();
        say!(
            "scenarios {} to {} of {}: {} differ, {} only once",
            i * BATCH + 1,
            i * BATCH + part.len(),
            all.len(),
            found.len(),
            once.len() - found.len()
        );
        let kept = lab.dir.join("found");
        fs::create_dir_all(&kept).map_err(|e| e.to_string())?;
        for (name, text) in found {
            println!("{name} differs\n{text}");
            if let Some(s) = suspects.iter().find(|s| self::name(s) == name) {
                fs::write(kept.join(format!("{name}.json")), s.to_string()).map_err(|e| e.to_string())?;
                differ.push(s.clone());
            }
        }
    }
    println!(
        "{} scenarios of {DIALOGUES} dialogues: {} differ, {unsteady} where the real system differs from itself",
        all.len(),
        differ.len()
    );
    if words.iter().any(|w| w == "--smaller") {
        for scenario in &differ {
            let (scenario, text) = smaller::smaller(&lab, scenario.clone())?;
            println!("{}\n{text}", serde_json::to_string_pretty(&scenario).map_err(|e| e.to_string())?);
        }
    }
    if differ.is_empty() { Ok(()) } else { Err("there are differences".into()) }
}
