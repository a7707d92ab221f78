//! ls: its options and the words that some of them take.  Source: coreutils 9.1.

use crate::util::quote::quote;
use crate::{Arg, Opt};
use machine::Sys;

/// In GNU's order, which messages about ambiguous names show.
pub(super) const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b'b', "escape", Arg::No),
    Opt(b'd', "directory", Arg::No),
    Opt(b'D', "dired", Arg::No),
    Opt(0, "full-time", Arg::No),
    Opt(0, "group-directories-first", Arg::No),
    Opt(b'h', "human-readable", Arg::No),
    Opt(b'i', "inode", Arg::No),
    Opt(b'k', "kibibytes", Arg::No),
    Opt(b'n', "numeric-uid-gid", Arg::No),
    Opt(b'G', "no-group", Arg::No),
    Opt(b'q', "hide-control-chars", Arg::No),
    Opt(b'r', "reverse", Arg::No),
    Opt(b's', "size", Arg::No),
    Opt(b'w', "width", Arg::Yes),
    Opt(b'A', "almost-all", Arg::No),
    Opt(b'B', "ignore-backups", Arg::No),
    Opt(0, "classify", Arg::Maybe),
    Opt(0, "file-type", Arg::No),
    Opt(0, "si", Arg::No),
    Opt(b'H', "dereference-command-line", Arg::No),
    Opt(0, "dereference-command-line-symlink-to-dir", Arg::No),
    Opt(0, "hide", Arg::Yes),
    Opt(b'I', "ignore", Arg::Yes),
    Opt(0, "indicator-style", Arg::Yes),
    Opt(b'L', "dereference", Arg::No),
    Opt(b'N', "literal", Arg::No),
    Opt(b'Q', "quote-name", Arg::No),
    Opt(0, "quoting-style", Arg::Yes),
    Opt(b'R', "recursive", Arg::No),
    Opt(0, "format", Arg::Yes),
    Opt(0, "show-control-chars", Arg::No),
    Opt(0, "sort", Arg::Yes),
    Opt(b'T', "tabsize", Arg::Yes),
    Opt(0, "time", Arg::Yes),
    Opt(0, "time-style", Arg::Yes),
    Opt(0, "zero", Arg::No),
    Opt(0, "color", Arg::Maybe),
    Opt(0, "hyperlink", Arg::Maybe),
    Opt(0, "block-size", Arg::Yes),
    Opt(b'Z', "context", Arg::No),
    Opt(0, "author", Arg::No),
    Opt(b'1', "", Arg::No),
    Opt(b'C', "", Arg::No),
    Opt(b'F', "", Arg::No),
    Opt(b'S', "", Arg::No),
    Opt(b'U', "", Arg::No),
    Opt(b'X', "", Arg::No),
    Opt(b'c', "", Arg::No),
    Opt(b'f', "", Arg::No),
    Opt(b'g', "", Arg::No),
    Opt(b'l', "", Arg::No),
    Opt(b'm', "", Arg::No),
    Opt(b'o', "", Arg::No),
    Opt(b'p', "", Arg::No),
    Opt(b't', "", Arg::No),
    Opt(b'u', "", Arg::No),
    Opt(b'v', "", Arg::No),
    Opt(b'x', "", Arg::No),
];

/// What GNU understands as an argument of an option; names on one line mean the same.
pub(super) type Words = &'static [&'static [&'static str]];
pub(super) const WHEN: Words = &[&["always", "yes", "force"], &["never", "no", "none"], &["auto", "tty", "if-tty"]];
pub(super) const SORT: Words = &[&["none"], &["time"], &["size"], &["extension"], &["version"], &["width"]];
pub(super) const TIME: Words = &[&["atime", "access", "use"], &["ctime", "status"], &["birth", "creation"]];
pub(super) const FORMAT: Words = &[&["verbose", "long"], &["commas"], &["horizontal", "across"], &["vertical"], &["single-column"]];
pub(super) const INDICATOR: Words = &[&["none"], &["slash"], &["file-type"], &["classify"]];
pub(super) const QUOTING: Words =
    &[&["literal"], &["shell"], &["shell-always"], &["shell-escape"], &["shell-escape-always"], &["c"], &["escape"], &["locale"]];

/// Which of the words was meant; a beginning is enough. Prints GNU's message otherwise.
pub(super) fn choose(sys: &Sys, option: &str, text: &str, words: Words) -> Result<usize, i32> {
    if let Some(i) = words.iter().position(|w| w.contains(&text)) {
        return Ok(i);
    }
    let fits: Vec<usize> = (0..words.len()).filter(|i| words[*i].iter().any(|w| w.starts_with(text))).collect();
    if let ([one], false) = (fits.as_slice(), text.is_empty()) {
        return Ok(*one);
    }
    let kind = if fits.is_empty() { "invalid" } else { "ambiguous" };
    sys.complain(format_args!("{kind} argument {} for {}", quote(text), quote(option)));
    let mut list = String::from("Valid arguments are:\n");
    for line in words {
        let line: Vec<String> = line.iter().map(|w| quote(w)).collect();
        list.push_str(&format!("  - {}\n", line.join(", ")));
    }
    sys.print(machine::STDERR, format_args!("{list}Try 'ls --help' for more information.\n"));
    Err(1)
}
