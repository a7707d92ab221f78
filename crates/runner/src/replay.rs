//! `ehlo replay`: scenarios in the recorder's JSON form in, the same with `recorded` filled by the simulation out.
//! Not here: how a scenario's machine is set up (`scenario`), what its steps do (`steps`).

use crate::scenario::Scene;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use world::machine::LogLine;

/// Runs the command.
pub(crate) fn main(args: &[String]) -> Result<(), String> {
    let mut out: Option<PathBuf> = None;
    let mut files = Vec::new();
    let mut why = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--out" => out = Some(args.next().ok_or("ehlo replay: --out needs a directory")?.into()),
            "--why" => why = true,
            _ if arg.starts_with('-') && arg != "-" => return Err(format!("ehlo replay: no option {arg}")),
            _ => files.push(arg),
        }
    }
    if files.is_empty() {
        return Err("ehlo replay: no file given".into());
    }
    let mut bad = 0;
    for file in files {
        match one(file, out.as_deref(), why) {
            Ok(()) => {}
            Err(e) => {
                eprintln!("{file}: {e}");
                bad += 1;
            }
        }
    }
    if bad > 0 { Err(format!("{bad} scenarios could not be replayed")) } else { Ok(()) }
}

fn one(file: &str, out: Option<&Path>, why: bool) -> Result<(), String> {
    let text = if file == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    let scenario: Value = serde_json::from_str(&text.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let Value::Object(mut scenario) = scenario else { return Err("not a scenario: not a JSON object".into()) };
    scenario.remove("recorded");
    // A broken invariant of the simulation is this scenario's failure, not the end of all.
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| replay(&scenario)));
    let (recorded, decisions) = run.map_err(|_| "the simulation panicked".to_string())??;
    scenario.insert("recorded".into(), recorded);
    let text = if why { decisions } else { serde_json::to_string_pretty(&Value::Object(scenario)).map_err(|e| e.to_string())? + "\n" };
    match out {
        None => print!("{text}"),
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            let name = Path::new(file).file_name().unwrap_or_default();
            std::fs::write(dir.join(name), text).map_err(|e| format!("{}: {e}", dir.display()))?;
        }
    }
    Ok(())
}

/// The `recorded` object of a scenario, and the decisions in words.
fn replay(scenario: &Map<String, Value>) -> Result<(Value, String), String> {
    let mut scene = Scene::new(scenario)?;
    let steps: Vec<Value> = scenario.get("steps").and_then(Value::as_array).into_iter().flatten().map(|step| scene.step(step)).collect();
    scene.settle(300);
    let boxes = scene.mailboxes();
    let files: Map<String, Value> = crate::scenario::strings(scenario.get("collect"))
        .map(|path| (path.to_string(), scene.stage.read(scene.mail, path).map_or(Value::Null, |b| file_text(&b).into())))
        .collect();
    let text = |log: &[LogLine]| log.iter().map(|l| l.line.clone()).collect::<Vec<_>>();
    let recorded = json!({
        "steps": steps,
        "maillog": text(&scene.log),
        "startup_log": text(&scene.startup_log),
        "mailboxes": boxes,
        "files": files,
        "remotes": scene.remotes(scenario),
    });
    Ok((recorded, decisions(&scene)))
}

/// All decisions with their reasons, below each the log lines that tell of it; at the end the lines that tell of none.
fn decisions(scene: &Scene) -> String {
    let mut out = String::new();
    let log: Vec<&LogLine> = scene.startup_log.iter().chain(&scene.log).collect();
    let mut add = |line: &str| out.extend([line, "\n"]);
    for trace in scene.stage.kernel.traces() {
        trace.lines(480).iter().for_each(|l| add(l));
        log.iter().filter(|l| l.trace == trace.id).for_each(|l| add(&format!("  | {}", l.line)));
    }
    log.iter().filter(|l| l.trace.0 == 0).for_each(|l| add(&format!("| {}", l.line)));
    out
}

/// A file as the recorder reads it: every kind of line end is a newline.
pub(crate) fn file_text(bytes: &[u8]) -> String {
    text(bytes).replace("\r\n", "\n").replace('\r', "\n")
}

/// Bytes as the recorder writes them: UTF-8, and `<9E>` for what is none.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out += chunk.valid();
        for b in chunk.invalid() {
            out += &format!("<{b:02X}>");
        }
    }
    out
}
