//! `index.html` for `dist/`: the same source that Trunk reads, its `<link data-trunk …>` directives carried out here.
//! Understood: `rust`, `inline` (css), `css`, `copy-dir`, `copy-file`. Not here: making the parts (`site`).

use crate::run::Done;
use crate::site::copy_dir;
use std::fs;
use std::path::Path;

/// What the page loads.
pub(crate) struct Parts<'a> {
    /// Folder beside the page that holds `app.js`, `app_bg.wasm`, `__wasm_split.js` and the chunks.
    pub(crate) folder: &'a str,
}

/// Writes the page and what it copies into `stage`.
pub(crate) fn write(source: &Path, stage: &Path, parts: &Parts<'_>) -> Done {
    let text = read(source)?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("<link data-trunk") {
        let (before, tag) = rest.split_at(start);
        let end = tag.find('>').ok_or("index.html: a data-trunk link without its end")? + 1;
        out.push_str(before);
        out.push_str(&carry_out(&tag[..end], stage, parts)?);
        rest = &tag[end..];
    }
    out.push_str(rest);
    let page = stage.join("index.html");
    fs::write(&page, out).map_err(|e| format!("{}: {e}", page.display()))
}

fn carry_out(tag: &str, stage: &Path, parts: &Parts<'_>) -> Done<String> {
    let href = attribute(tag, "href").unwrap_or("");
    let name = Path::new(href).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    match (attribute(tag, "rel").unwrap_or(""), attribute(tag, "type")) {
        ("rust", _) => Ok(start(parts.folder)),
        ("inline", Some("css")) => Ok(format!("<style>\n{}</style>", read(Path::new(href))?)),
        ("css", _) => {
            copy(href, &stage.join(parts.folder).join(&name))?;
            Ok(format!("<link rel=\"stylesheet\" href=\"./{}/{name}\">", parts.folder))
        }
        ("copy-file", _) => copy(href, &stage.join(&name)).map(|()| String::new()),
        ("copy-dir", _) => copy_dir(Path::new(href), &stage.join(&name)).map(|()| String::new()),
        (rel, _) => Err(format!("index.html: rel=\"{rel}\" is not understood by `cargo xtask build`")),
    }
}

/// The lines that load the program: all files of the import chain are named, so that none waits for another. The parts behind doors
/// are left to the program: whatever comes at the same time as the main part delays it.
fn start(folder: &str) -> String {
    format!(
        "<link rel=\"modulepreload\" href=\"./{folder}/app.js\">\n\
         <link rel=\"modulepreload\" href=\"./{folder}/__wasm_split.js\">\n\
         <link rel=\"preload\" as=\"fetch\" type=\"application/wasm\" crossorigin href=\"./{folder}/app_bg.wasm\">\n\
         <script type=\"module\">import start from \"./{folder}/app.js\"; start({{ module_or_path: \"./{folder}/app_bg.wasm\" }});</script>"
    )
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

fn read(path: &Path) -> Done<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn copy(from: &str, to: &Path) -> Done {
    fs::copy(from, to).map(drop).map_err(|e| format!("{from}: {e}"))
}
