//! `ehlo compare`: two directories of scenarios, recorded and replayed, in normal form. Not here: the normal form (`normal`).

use crate::normal::normal;
use serde_json::Value;
use std::path::Path;

/// Reads a scenario.
pub(crate) fn load(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Runs the command: prints the name of each scenario of the first directory that is not equal in the second, and where first in each part.
#[allow(dead_code)] // the tests use the rest of this file only
pub(crate) fn main(args: &[String]) -> Result<(), String> {
    let [recorded, replayed] = args else { return Err("usage: ehlo compare RECORDED REPLAYED".into()) };
    let mut names: Vec<String> = std::fs::read_dir(recorded)
        .map_err(|e| format!("{recorded}: {e}"))?
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".json"))
        .collect();
    names.sort();
    let mut differ = 0;
    for name in &names {
        let theirs = normal(&load(&Path::new(recorded).join(name))?);
        let ours = load(&Path::new(replayed).join(name)).map(|s| normal(&s)).unwrap_or(Value::Null);
        if ours != theirs {
            differ += 1;
            println!("{}:", name.trim_end_matches(".json"));
            if ours.is_null() {
                println!("  not replayed");
                continue;
            }
            for (part, value) in theirs.as_object().into_iter().flatten().filter(|(part, value)| ours.get(part) != Some(value)) {
                println!("  {}", first_difference(value, ours.get(part).unwrap_or(&Value::Null), &format!("/{part}")));
            }
        }
    }
    println!("{} of {} equal", names.len() - differ, names.len());
    Ok(())
}

/// Where two values differ first.
pub(crate) fn first_difference(a: &Value, b: &Value, path: &str) -> String {
    match (a, b) {
        (Value::Array(x), Value::Array(y)) => {
            for i in 0..x.len().max(y.len()) {
                let (u, v) = (x.get(i).unwrap_or(&Value::Null), y.get(i).unwrap_or(&Value::Null));
                if u != v {
                    return first_difference(u, v, &format!("{path}[{i}]"));
                }
            }
            String::new()
        }
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for key in keys {
                let (u, v) = (&x.get(key).cloned().unwrap_or(Value::Null), &y.get(key).cloned().unwrap_or(Value::Null));
                if u != v {
                    return first_difference(u, v, &format!("{path}/{key}"));
                }
            }
            String::new()
        }
        (Value::String(x), Value::String(y)) if x.contains('\n') || y.contains('\n') => {
            let at = x.lines().zip(y.lines()).take_while(|(u, v)| u == v).count();
            let shown = |text: &str| Value::from(text.lines().skip(at.saturating_sub(1)).take(4).collect::<Vec<_>>());
            format!("{path}, line {}\n    recorded  {}\n    simulated {}", at + 1, shown(x), shown(y))
        }
        _ => format!("{path}\n    recorded  {a}\n    simulated {b}"),
    }
}
