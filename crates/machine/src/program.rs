//! What can be executed: sorted static tables of programs, some of them behind lazily loaded *doors* (chunks).
//! The table of a closed chunk is reached only through its door, so its code stays out of the resident module.

use crate::Sys;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;

/// A running program.
pub type Guest = Pin<Box<dyn Future<Output = i32>>>;

/// A program that can be executed, and the file of the simulated machine that holds it.
pub struct Program {
    /// What `argv[0]` usually is.
    pub name: &'static str,
    /// Absolute path of its file, as on Debian 12; empty: a part of a program has none.
    pub path: &'static str,
    /// Where its code is.
    pub main: Main,
}

/// Where a program's code is.
pub enum Main {
    /// In this module: boxed future of the program.
    Here(fn(Sys) -> Guest),
    /// In this module: not a program, but a part that one asks for by name when it needs it (`Sys::part`).
    Part(Part),
    /// Behind a door.
    In(&'static Chunk),
}

/// A part of a program, of a type that the program knows.
pub type Part = &'static (dyn Any + Send + Sync);

/// The work of opening a door.
pub type Loading = Pin<Box<dyn Future<Output = Result<&'static [Program], LoadError>>>>;

/// The chunk could not be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadError;

/// A door: a part of the program that is fetched at first use.
pub struct Chunk {
    /// Its name, which is also its file's.
    pub name: &'static str,
    /// Fetches it and hands out its program table.
    pub load: fn() -> Loading,
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Chunk {
    fn eq(&self, other: &Chunk) -> bool {
        self.name == other.name
    }
}
