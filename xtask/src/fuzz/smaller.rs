//! Making a difference smaller: steps, settings, files, their lines, the lines of dialogues, then servers and names of the world are left out
//! as long as something differs.
//! Not here: comparing (the module above).

use super::{Lab, name};
use crate::run::{Done, say};
use serde_json::{Value, json};

/// Rounds of leaving out; each records a handful of candidates at once.
const ROUNDS: usize = 12;

/// Lists whose elements may be left out.
const LISTS: [&str; 3] = ["remotes", "prepare", "collect"];

/// Something that may be left out.
#[derive(Clone)]
enum Part {
    Step(usize),
    /// A name in one of the objects.
    Key(&'static str, String),
    /// An element of one of the lists.
    Nth(&'static str, usize),
    Line(String, usize),
    Item(usize, usize),
}

fn parts(scenario: &Value) -> Vec<Part> {
    let steps = scenario["steps"].as_array().map_or(&[][..], Vec::as_slice);
    if steps.len() > 1 {
        return (0..steps.len()).map(Part::Step).collect();
    }
    let keys = |what: &str| scenario[what].as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut out = Vec::new();
    for what in ["main_cf", "files", "dns"] {
        out.extend(keys(what).into_iter().map(|key| Part::Key(what, key)));
    }
    for what in LISTS {
        out.extend((0..scenario[what].as_array().map_or(0, Vec::len)).map(|n| Part::Nth(what, n)));
    }
    for path in keys("files") {
        let lines = scenario["files"][&path].as_str().map_or(0, |t| t.lines().count());
        out.extend((0..lines).filter(|_| lines > 1).map(|n| Part::Line(path.clone(), n)));
    }
    for (i, step) in steps.iter().enumerate() {
        let items = step["smtp"]["send"].as_array().map_or(0, Vec::len);
        out.extend((0..items).filter(|_| items > 1).map(|n| Part::Item(i, n)));
    }
    out
}

/// The scenario without these parts.
fn without(scenario: &Value, gone: &[Part]) -> Value {
    let mut out = scenario.clone();
    let step = |n: usize| gone.iter().any(|p| matches!(p, Part::Step(s) if *s == n));
    let item = |at: usize, n: usize| gone.iter().any(|p| matches!(p, Part::Item(s, i) if (*s, *i) == (at, n)));
    let keep = |list: &[Value], f: &dyn Fn(usize) -> bool| {
        list.iter().enumerate().filter(|(n, _)| !f(*n)).map(|(_, v)| v.clone()).collect::<Vec<_>>()
    };
    for (at, s) in out["steps"].as_array_mut().into_iter().flatten().enumerate() {
        if let Some(send) = s["smtp"]["send"].as_array() {
            s["smtp"]["send"] = json!(keep(send, &|n| item(at, n)));
        }
    }
    if let Some(steps) = out["steps"].as_array() {
        out["steps"] = json!(keep(steps, &step));
    }
    for what in LISTS {
        let nth = |n: usize| gone.iter().any(|p| matches!(p, Part::Nth(w, i) if (*w, *i) == (what, n)));
        if let Some(list) = out[what].as_array() {
            out[what] = json!(keep(list, &nth));
        }
    }
    for part in gone {
        if let Part::Key(what, key) = part {
            out[*what].as_object_mut().map(|o| o.remove(key));
        }
    }
    for (path, text) in out["files"].as_object_mut().into_iter().flatten() {
        let gone = |n: usize| gone.iter().any(|p| matches!(p, Part::Line(f, l) if f == path && *l == n));
        let kept: String =
            text.as_str().unwrap_or("").lines().enumerate().filter(|(n, _)| !gone(*n)).map(|(_, l)| format!("{l}\n")).collect();
        *text = kept.into();
    }
    out
}

/// Which of the variants, each without some parts, still differ.
fn tried(lab: &Lab, scenario: &Value, variants: &[Vec<Part>]) -> Done<Vec<bool>> {
    let named: Vec<Value> = variants
        .iter()
        .enumerate()
        .map(|(n, gone)| {
            let mut v = without(scenario, gone);
            v["name"] = format!("smaller-{n:03}").into();
            v
        })
        .collect();
    let found = lab.certain(&named)?;
    Ok(named.iter().map(|v| found.contains_key(name(v))).collect())
}

/// Takes away what the difference does not need; the scenario that is left, and what is said of it.
pub(super) fn smaller(lab: &Lab, mut scenario: Value) -> Done<(Value, String)> {
    for round in 0..ROUNDS {
        let all = parts(&scenario);
        say!("{}: round {}, {} parts", name(&scenario), round + 1, all.len());
        // First alone or by the bunch, then one by one.
        let steps = matches!(all.first(), Some(Part::Step(_)));
        let variants: Vec<Vec<Part>> = if steps && round == 0 {
            let but = |n: usize| all.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, p)| p.clone()).collect();
            (0..all.len()).map(but).collect()
        } else {
            all.iter().map(|p| vec![p.clone()]).collect()
        };
        let differ = tried(lab, &scenario, &variants)?;
        let mut gone: Vec<Vec<Part>> = variants.into_iter().zip(differ).filter(|(_, d)| *d).map(|(v, _)| v).collect();
        if steps && round == 0 {
            gone.truncate(1);
        }
        // All that can go alone, together; else the first half, and so on.
        let before = all.len();
        while !gone.is_empty() {
            let together: Vec<Part> = gone.concat();
            if gone.len() == 1 || tried(lab, &scenario, std::slice::from_ref(&together))?[0] {
                scenario = without(&scenario, &together);
                break;
            }
            gone.truncate(gone.len() / 2);
        }
        if parts(&scenario).len() == before {
            break;
        }
    }
    let said = lab.differences(std::slice::from_ref(&scenario), 0)?.into_values().next().unwrap_or_default();
    Ok((scenario, said))
}
