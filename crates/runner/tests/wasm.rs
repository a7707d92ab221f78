//! The world gives the same outputs in WebAssembly as natively. Not here: the session that is played (`crates/world/tests/session`).

#[path = "../../world/tests/session/mod.rs"]
mod session;

/// The session in WebAssembly, which `cargo xtask test` builds from `examples/digest.rs` and names in `EHLO_WASM`.
#[test]
#[ignore = "cargo xtask test builds what it needs"]
fn wasm_gives_the_same_outputs() {
    let path = std::env::var("EHLO_WASM").expect("EHLO_WASM names the module");
    let module = std::fs::read(&path).expect("the module can be read");
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, &module).expect("a module");
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module).expect("it needs nothing from outside");
    let digest = instance.get_typed_func::<(), u64>(&store, "digest").expect("its export").call(&mut store, ()).expect("it does not trap");
    assert_eq!(digest, session::run(usize::MAX, false).0);
}
