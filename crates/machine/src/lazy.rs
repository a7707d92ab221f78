//! Doors: the one place that knows how a part of the program becomes a file of its own that is fetched at first use.
//!
//! A door hands out its chunk's program table; nothing else may name what lies behind it, or all of it moves back into the
//! resident module without a word (`cargo xtask size` notices). One door per chunk: a second one would not be ready at its first poll.
//! Outside wasm, and without this crate's feature `split`, a door stands open from the start.

/// Declares the module `$chunk` with its door, `$chunk::CHUNK`. Behind it lies `$table`, a program table written as an expression
/// that sees the names around the macro's call.
#[cfg(all(feature = "split", target_family = "wasm"))]
#[macro_export]
macro_rules! lazy {
    ($chunk:ident, $table:expr) => {
        // The code that the split function stands for crosses the border by an imported function, which is `unsafe` to call.
        #[allow(unsafe_code)]
        mod $chunk {
            #[allow(unused_imports)]
            use super::*;
            #[$crate::split::wasm_split($chunk, fallible, wasm_split_path = $crate::split)]
            fn door() -> Result<&'static [$crate::Program], $crate::LoadError> {
                const TABLE: &[$crate::Program] = $table;
                Ok(TABLE)
            }
            pub(crate) static CHUNK: $crate::Chunk = $crate::Chunk { name: stringify!($chunk), load: || Box::pin(door()) };
        }
    };
}

/// Declares the module `$chunk` with its door, `$chunk::CHUNK`. Behind it lies `$table`, a program table written as an expression
/// that sees the names around the macro's call.
#[cfg(not(all(feature = "split", target_family = "wasm")))]
#[macro_export]
macro_rules! lazy {
    ($chunk:ident, $table:expr) => {
        mod $chunk {
            #[allow(unused_imports)]
            use super::*;
            fn door() -> Result<&'static [$crate::Program], $crate::LoadError> {
                const TABLE: &[$crate::Program] = $table;
                Ok(TABLE)
            }
            pub(crate) static CHUNK: $crate::Chunk =
                $crate::Chunk { name: stringify!($chunk), load: || Box::pin(::std::future::ready(door())) };
        }
    };
}

#[cfg(all(feature = "split", target_family = "wasm"))]
impl From<wasm_split_helpers::SplitLoaderError> for crate::LoadError {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> Self {
        crate::LoadError
    }
}
