//! The commands: one file each, listed once in one of the tables, each table sorted by name.
//! RESIDENT is there from the start; TOOLS and SCREEN (full-screen programs) lie behind doors and are fetched at first use.

use crate::spec::assert_sorted;
use machine::Program;

mod r#false;
mod r#true;

/// Always there.
pub static RESIDENT: &[Program] = &[r#false::SPEC.program(), r#true::SPEC.program()];
/// Fetched at first use or when idle: the rarer tools.
pub static TOOLS: &[Program] = &[];
/// Fetched at first use or when idle: vi, less.
pub static SCREEN: &[Program] = &[];

const _: () = {
    assert_sorted(RESIDENT);
    assert_sorted(TOOLS);
    assert_sorted(SCREEN);
};
