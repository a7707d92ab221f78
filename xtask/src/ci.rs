//! `cargo xtask test` and `ci`: every check in order, the fastest first, and one count at the end.
//! Not here: the checks themselves (`tidy`, `size`, `trunk`, cargo's own).

use crate::run::{Done, cargo, have, run, say, target_dir};
use crate::site::WASM;
use crate::{site, size, tidy, trunk};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What was checked, and how it went.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    faults: Vec<String>,
}

impl Tally {
    /// A check that counts as one test.
    fn check(&mut self, name: &str, how: impl FnOnce() -> Done) {
        say!("{name}");
        let start = Instant::now();
        match how() {
            Ok(()) => self.passed += 1,
            Err(e) => {
                say!("{name}: {e}");
                self.failed += 1;
                self.faults.push(name.to_string());
            }
        }
        let seconds = start.elapsed().as_secs_f32();
        if seconds > 1.0 {
            say!("{name}: {seconds:.0} s");
        }
    }
    /// A check that needs a tool: where it is not installed it is passed over with a line, in CI it fails.
    fn check_with(&mut self, name: &str, tool: Done, how: impl FnOnce() -> Done) {
        match tool {
            Ok(()) => self.check(name, how),
            Err(e) if std::env::var_os("CI").is_some() => self.check(name, || Err(e)),
            Err(e) => {
                say!("{name}: passed over: {e}");
                self.skipped += 1;
            }
        }
    }
    /// `cargo test` with these words: each of its tests counts.
    fn tests(&mut self, name: &str, words: &[&str], environment: &[(&str, &str)]) {
        say!("{name}");
        let mut command = cargo(&["test", "--no-fail-fast"]);
        command.args(words).envs(environment.iter().copied());
        match counted(&mut command) {
            Ok((passed, failed, ignored, success)) => {
                self.passed += passed;
                self.failed += failed;
                self.skipped += ignored;
                if !success {
                    self.failed += usize::from(failed == 0);
                    self.faults.push(name.to_string());
                }
            }
            Err(e) => self.check(name, || Err(e)),
        }
    }
    /// The count as the last line.
    fn end(self) -> Done {
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        for fault in &self.faults {
            say!("failed: {fault}");
        }
        println!("{} passed, {} failed{skipped}", self.passed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err("not everything passed".into()) }
    }
}

/// Before every commit: under a minute once built.
pub(crate) fn quick() -> Done {
    let mut tally = Tally::default();
    lints(&mut tally);
    tally.tests("unit tests", &["--quiet", "--workspace", "--lib", "--exclude", "xtask"], &[]);
    tally.end()
}

/// Everything.
pub(crate) fn full() -> Done {
    let mut tally = Tally::default();
    lints(&mut tally);
    tally.check_with("licences, duplicates, sources", tool("cargo-deny", "cargo install --locked cargo-deny"), deny);
    tally.check("documentation", || {
        run(cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--exclude", "xtask"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    tally.tests("tests", &["--quiet", "--workspace"], &[]);
    same_in_wasm(&mut tally);
    tally.check("page", site::build);
    tally.check("sizes", size::size);
    let browser = browser::find().map(drop);
    let words = ["--quiet", "--package", "app", "--features", "browser-tests", "--test", "browser"];
    match &browser {
        Ok(()) => tally.tests("browser tests", &words, &[]),
        Err(e) => tally.check("browser tests", || Err(e.clone())),
    }
    tally.check_with("Trunk's page", trunk::present(), trunk::build);
    if trunk::built() && browser.is_ok() {
        let words: Vec<&str> = words.into_iter().chain(["load::"]).collect();
        tally.tests("Trunk's page in the browser", &words, &[("EHLO_DIST", trunk::DIST)]);
    }
    tally.end()
}

/// The world behaves in WebAssembly as it does natively.
fn same_in_wasm(tally: &mut Tally) {
    let words = ["build", "--quiet", "--package", "world", "--example", "digest", "--target", WASM, "--profile", "xtask"];
    tally.check("the world in wasm", || site::ensure_target().and_then(|()| run(&mut cargo(&words))));
    let module = target_dir().unwrap_or_default().join(WASM).join("xtask/examples/digest.wasm").display().to_string();
    let words = ["--quiet", "--package", "runner", "--test", "wasm", "--", "--ignored"];
    tally.tests("the world in wasm and natively", &words, &[("EHLO_WASM", &module)]);
}

fn lints(tally: &mut Tally) {
    tally.check("format", || run(&mut cargo(&["fmt", "--all", "--check"])));
    tally.check("tidy", tidy::tidy);
    let native = ["clippy", "--quiet", "--workspace", "--all-targets", "--features", "app/browser-tests", "--", "-D", "warnings"];
    tally.check("clippy, native", || run(&mut cargo(&native)));
    let wasm = ["clippy", "--quiet", "--package", "app", "--target", WASM, "--features", "split", "--", "-D", "warnings"];
    tally.check("clippy, wasm", || site::ensure_target().and_then(|()| run(&mut cargo(&wasm))));
}

/// Licences and duplicate versions always; known faults only where the database of advisories can be had.
fn deny() -> Done {
    run(Command::new("cargo-deny").args(["--log-level", "error", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]))?;
    let fetched = Command::new("cargo-deny")
        .args(["--log-level", "off", "fetch", "db"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !fetched {
        say!("the database of advisories cannot be reached: dependencies are not checked for known faults this time");
        return Ok(());
    }
    run(Command::new("cargo-deny").args(["--log-level", "error", "check", "--disable-fetch", "advisories"]))
}

fn tool(name: &str, remedy: &str) -> Done {
    if have(name) { Ok(()) } else { Err(format!("no {name} here; to have it: {remedy}")) }
}

/// Runs `cargo test`, shows what it says, and adds up its counts: passed, failed, ignored, and whether all went well.
fn counted(command: &mut Command) -> Done<(usize, usize, usize, bool)> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| format!("cargo test: {e}"))?;
    let mut sum = (0, 0, 0);
    for line in child.stdout.take().map(|o| BufReader::new(o).lines()).into_iter().flatten().map_while(Result::ok) {
        println!("{line}");
        if let Some(counts) = line.strip_prefix("test result: ") {
            let number = |what: &str| -> usize {
                let end = counts.find(what).unwrap_or(0);
                counts[..end].rsplit([' ', '.', ';']).find(|w| !w.is_empty()).and_then(|w| w.parse().ok()).unwrap_or(0)
            };
            sum = (sum.0 + number(" passed"), sum.1 + number(" failed"), sum.2 + number(" ignored"));
        }
    }
    let status = child.wait().map_err(|e| format!("cargo test: {e}"))?;
    Ok((sum.0, sum.1, sum.2, status.success()))
}
