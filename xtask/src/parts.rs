//! A linked module becomes the parts that travel: the main one, bound to JavaScript, and a chunk for each lazy door.
//! What several chunks share is in files of its own, dozens of them with a function or two: those go together into one.
//! Not here: compiling, the page around it (`site`).

use crate::run::Done;
use std::fs;
use std::path::Path;
use walrus::{Module, ModuleConfig, RawCustomSection};

/// A shared part of fewer bytes does not travel alone: a request costs more than it.
const SMALL: usize = 12_000;

/// The file with the small parts: a module without code, each part a section of it. That way a browser takes it apart by itself.
const TOGETHER: &str = "chunk_small.wasm";

/// How a loader asks for a small part. What it gets is what `fetch` would have given. A failure is not kept: the next one asks anew.
const LOADER: &str = r#"
let together;
async function small(name) {
    together ??= WebAssembly.compileStreaming(fetch(new URL("./chunk_small.wasm", import.meta.url)));
    const all = await together.catch(e => { together = undefined; throw e; });
    return new Response(WebAssembly.Module.customSections(all, name)[0], { headers: { "content-type": "application/wasm" } });
}
"#;

/// Splits a linked module (`--emit-relocs`) at its doors and binds the main part to JavaScript as `name.js`, `name_bg.wasm`.
pub(crate) fn bind(wasm: &Path, into: &Path, name: &str) -> Done {
    let bytes = read(wasm)?;
    let main = into.join("main.wasm");
    let script = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    (options.output_dir, options.main_out_path, options.main_module) = (into, &main, &script);
    let split = wasm_split_cli_support::transform(options).map_err(|e| format!("splitting {}: {e:?}", wasm.display()))?;
    let loader = into.join("__wasm_split.js");
    let mut text = String::from_utf8(read(&loader)?).map_err(|e| format!("{}: {e}", loader.display()))?;
    let mut together = Module::with_config(config());
    for chunk in split.split_modules {
        // Written again: the splitter leaves padded numbers and names.
        let mut module = config().parse(&read(&chunk)?).map_err(|e| format!("{}: {e:?}", chunk.display()))?;
        let data = module.emit_wasm();
        let file = chunk.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.starts_with("chunk_") && data.len() < SMALL {
            let asks = format!("fetch(new URL(\"./{file}\", import.meta.url))");
            if !text.contains(&asks) {
                return Err(format!("the splitter's loader does not ask for {file} as it used to"));
            }
            text = text.replace(&asks, &format!("small(\"{file}\")"));
            together.customs.add(RawCustomSection { name: file, data });
            fs::remove_file(&chunk).map_err(|e| format!("{}: {e}", chunk.display()))?;
        } else {
            fs::write(&chunk, data).map_err(|e| format!("{}: {e}", chunk.display()))?;
        }
    }
    together.emit_wasm_file(into.join(TOGETHER)).map_err(|e| format!("{TOGETHER}: {e:?}"))?;
    fs::write(&loader, text + LOADER).map_err(|e| format!("{}: {e}", loader.display()))?;
    let mut b = wasm_bindgen_cli_support::Bindgen::new();
    b.input_path(&main).web(true).map_err(|e| format!("{e:?}"))?.typescript(false).out_name(name);
    // Without the exports that the linker made, no chunk finds the table.
    b.remove_name_section(true).remove_producers_section(true).keep_lld_exports(true);
    b.generate(into).map_err(|e| format!("binding: {e:?}"))?;
    fs::remove_file(&main).map_err(|e| format!("{}: {e}", main.display()))
}

/// Neither names nor the tools that made it.
fn config() -> ModuleConfig {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    config
}

fn read(path: &Path) -> Done<Vec<u8>> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}
