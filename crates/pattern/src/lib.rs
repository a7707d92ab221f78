//! Patterns: POSIX regular expressions and shell globs. Pure; no I/O.

mod glob;

pub use glob::{GlobFlags, fnmatch, has_magic};
