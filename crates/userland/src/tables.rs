//! The macros that make program tables out of names, so that a command is named once.
//! Not here: the tables (`cmd/mod.rs`), what a door is (`machine::lazy`).

/// The spec that a name stands for: `cat` → `cat::SPEC`, `vi::VIEW` → itself.
macro_rules! spec {
    ($cmd:ident) => {
        $cmd::SPEC
    };
    ($cmd:ident $other:ident) => {
        $cmd::$other
    };
}

/// `NAME, PAGES: cat ls …`: a table whose code is in the resident module, and what `man` shows of its programs.
macro_rules! resident {
    ($(#[$doc:meta])* $name:ident, $pages:ident: $($cmd:ident $(:: $other:ident)?)*) => {
        $(#[$doc])*
        pub static $name: &[machine::Program] = &[$(spec!($cmd $($other)?).program()),*];
        const _: () = assert_sorted($name);
        static $pages: &[crate::spec::Page] = &[$(spec!($cmd $($other)?).page()),*];
    };
}

/// `NAME, PAGES behind door: cat ls …`: a table that only says where the programs' files are; their code is behind the door, and with it
/// the part of a program whose beginning is elsewhere (`"name" part`).
macro_rules! chunk {
    ($(#[$doc:meta])* $name:ident, $pages:ident behind $door:ident:
        $($part_name:literal $module:ident :: $part:ident,)? $($cmd:ident $(:: $other:ident)?)*) => {
        $(#[$doc])*
        pub static $name: &[machine::Program] = &[
            $(machine::Program { name: $part_name, path: "", main: machine::Main::In(&$door::CHUNK) },)?
            $(machine::Program {
                name: spec!($cmd $($other)?).name,
                path: spec!($cmd $($other)?).path,
                main: machine::Main::In(&$door::CHUNK),
            }),*
        ];
        const _: () = assert_sorted($name);
        static $pages: &[crate::spec::Page] = &[$(spec!($cmd $($other)?).page()),*];
        machine::lazy!($door, &[
            $(machine::Program { name: $part_name, path: "", main: machine::Main::Part(&$module::$part) },)?
            $(spec!($cmd $($other)?).program()),*
        ]);
    };
}
