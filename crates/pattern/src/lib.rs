//! Patterns: POSIX regular expressions and shell globs. Pure; no I/O.
