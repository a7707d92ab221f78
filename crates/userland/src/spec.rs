//! What a command says of itself: name, file, manual line, and examples that are its tests.

use machine::{Guest, Main, Program, Sys};

/// A command's specification. It stands at the top of the command's file, the code below it.
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// Absolute path of its file, as on Debian 12.
    pub path: &'static str,
    /// What `--help` and `man` show behind the name: `[OPTION]... [FILE]...`.
    pub synopsis: &'static str,
    /// One line: what it does, as `whatis` says it.
    pub about: &'static str,
    /// Its code.
    pub run: fn(Sys) -> Guest,
    /// Its examples, run as tests.
    pub examples: &'static [Ex],
}

/// An example: what is typed in a POSIX shell, what it prints (standard output and error together), its exit status.
pub struct Ex {
    /// The command line.
    pub sh: &'static str,
    /// What it prints.
    pub out: &'static str,
    /// Its exit status.
    pub code: i32,
}

/// What `man` shows of a command: its specification without its code.
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) synopsis: &'static str,
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Ex],
}

impl Spec {
    /// Its manual page.
    pub(crate) const fn page(&self) -> Page {
        Page { name: self.name, path: self.path, synopsis: self.synopsis, about: self.about, examples: self.examples }
    }
    /// The entry of a program table.
    pub const fn program(&self) -> Program {
        Program { name: self.name, path: self.path, main: Main::Here(self.run) }
    }
}

/// Whether a table is in the order of its names, checked when compiling.
pub(crate) const fn assert_sorted(table: &[Program]) {
    let mut i = 1;
    while i < table.len() {
        assert!(less(table[i - 1].name.as_bytes(), table[i].name.as_bytes()), "program table out of order");
        i += 1;
    }
}

const fn less(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}
