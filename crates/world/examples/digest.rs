//! The digest of the tests' session as a WebAssembly export, to be compared with that of a native run.

#[path = "../tests/session/mod.rs"]
mod session;

/// The digest.
// The attribute only names the export: nothing else in the module has this name.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn digest() -> u64 {
    session::run(usize::MAX, false).0
}
