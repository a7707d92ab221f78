//! `cargo xtask size`: how many bytes of `dist/` travel, raw and gzip -9 (what GitHub Pages sends), and whether that is within bounds.
//! One stray mention of what lies behind a door pulls it into the main part without a word: then the first load grows, the chunk
//! shrinks, and this fails. Not here: building (`site`).

use crate::run::Done;
use crate::site::files;
use std::fs;
use std::path::Path;

/// The page without any chunk. 300 KB are 2.0 s on Slow 4G.
const FIRST_LOAD: usize = 300_000;

/// The page and what the first EHLO needs besides: the chunks that are fetched when a lab starts, and what chunks share. The design wants
/// this, too, within [`FIRST_LOAD`]; it is not (docs/performance.md). Until it is, it may not grow.
const FIRST_EHLO: usize = 710_000;
const EHLO: &[&str] = &["base", "postfix"];

/// The chunks behind the doors: name, least and greatest gzip bytes. Less than the least: its code went elsewhere.
const CHUNKS: &[(&str, usize, usize)] = &[
    ("accounts", 20_000, 90_000),
    ("base", 20_000, 45_000),
    ("common", 30_000, 70_000),
    ("delivery", 150_000, 310_000),
    ("mailtools", 30_000, 120_000),
    ("openssl", 3_000, 60_000),
    ("panes", 10_000, 60_000),
    ("postfix", 45_000, 95_000),
    ("screen", 10_000, 120_000),
    ("tools", 60_000, 410_000),
];

/// What two chunks share, in files of its own, all together.
const SHARED: usize = 345_000;

/// Prints the sizes of `dist/` and fails outside the bounds.
pub(crate) fn size() -> Done {
    let dist = Path::new("dist");
    let mut rows: Vec<(String, usize, usize)> = Vec::new();
    for file in files(dist)? {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        rows.push((name, bytes.len(), browser::gzip(&bytes).len()));
    }
    if rows.is_empty() {
        return Err("dist/ is empty: run `cargo xtask build` first".into());
    }
    let script = rows.iter().find(|r| r.0 == "__wasm_split.js").map(|_| loader(dist)).unwrap_or_default();
    let mut wrong = Vec::new();
    let mut first = (0, 0);
    let mut shared = (0, 0);
    let mut ehlo = 0;
    println!("{:<34}{:>10}{:>10}", "", "raw", "gzip");
    for (name, raw, gzip) in &rows {
        let part = name.strip_suffix(".wasm").filter(|p| *p != "app_bg");
        match part.map(|p| p.strip_prefix("split_").unwrap_or("")) {
            None if name.ends_with(".png") || name.ends_with(".svg") || name.ends_with(".webmanifest") || name == "sw.js" => continue,
            None => {
                println!("{name:<34}{raw:>10}{gzip:>10}");
                first = (first.0 + raw, first.1 + gzip);
            }
            Some(chunk) => match CHUNKS.iter().find(|c| c.0 == chunk) {
                Some((_, least, most)) => {
                    println!("{:<34}{raw:>10}{gzip:>10}", format!("chunk {chunk}"));
                    ehlo += if EHLO.contains(&chunk) { *gzip } else { 0 };
                    if gzip < least || gzip > most {
                        wrong.push(format!("chunk {chunk} has {gzip} gzip bytes; it should have {least} to {most}"));
                    }
                }
                None => {
                    shared = (shared.0 + raw, shared.1 + gzip);
                    let part = part.unwrap_or("");
                    ehlo += if part == "chunk_small" || users(&script, part).any(|u| EHLO.contains(&u)) { *gzip } else { 0 };
                }
            },
        }
    }
    println!("{:<34}{:>10}{:>10}", "shared by chunks", shared.0, shared.1);
    println!("{:<34}{:>10}{:>10}  of {FIRST_LOAD}", "first load", first.0, first.1);
    ehlo += first.1;
    println!("{:<34}{:>10}{ehlo:>10}  of {FIRST_EHLO}", "until the first EHLO", "");
    if ehlo > FIRST_EHLO {
        wrong.push(format!("the first EHLO needs {ehlo} gzip bytes; the bound is {FIRST_EHLO}"));
    }
    if first.1 > FIRST_LOAD {
        wrong.push(format!("the first load has {} gzip bytes; the bound is {FIRST_LOAD}", first.1));
    }
    if shared.1 > SHARED {
        wrong.push(format!("what chunks share has {} gzip bytes; the bound is {SHARED}", shared.1));
    }
    for (chunk, ..) in CHUNKS {
        if !rows.iter().any(|r| r.0 == format!("split_{chunk}.wasm")) {
            wrong.push(format!("there is no chunk {chunk}: is its door still reached?"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The script that fetches chunks.
fn loader(dist: &Path) -> String {
    let file = files(dist).unwrap_or_default().into_iter().find(|f| f.ends_with("__wasm_split.js"));
    file.and_then(|f| fs::read_to_string(f).ok()).unwrap_or_default()
}

/// The chunks that share a file, as the splitter notes them above its loader: `/* base, postfix */`.
fn users<'a>(script: &'a str, shared: &str) -> impl Iterator<Item = &'a str> {
    let before = script.split_once(&format!("const __{shared} = ")).map_or("", |(b, _)| b);
    let note = before.rsplit_once("/*").map_or("", |(_, n)| n);
    note.trim_end().trim_end_matches("*/").split(',').map(str::trim)
}
