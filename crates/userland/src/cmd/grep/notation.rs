//! grep: patterns in the notation asked for, and lists of them.  Not here: searching (`scan`).

use super::USAGE;
use machine::{STDERR, Sys};
use pattern::{Options, Regex, Syntax};

/// The patterns, in the notation asked for.
pub(super) struct Notation {
    pub(super) syntax: Syntax,
    pub(super) fixed: bool,
    pub(super) options: Options,
    pub(super) words: bool,
    pub(super) lines: bool,
}

impl Notation {
    pub(super) fn compile(&self, pattern: &[u8]) -> Result<Regex, pattern::Error> {
        let mut text = Vec::new();
        if self.fixed {
            for b in pattern {
                if b"\\.[]*^$".contains(b) {
                    text.push(b'\\');
                }
                text.push(*b);
            }
        } else if self.syntax == Syntax::Perl && (self.lines || self.words) {
            let (a, b): (&[u8], &[u8]) = if self.lines { (b"^(?:", b")$") } else { (b"(?<!\\w)(?:", b")(?!\\w)") };
            text = [a, pattern, b].concat();
        } else {
            text = pattern.to_vec();
        }
        let syntax = if self.fixed { Syntax::Basic } else { self.syntax };
        Regex::new(&text, syntax, self.options)
    }
}

pub(super) fn add(old: Option<Vec<u8>>, more: &[u8]) -> Vec<u8> {
    match old.filter(|o| o != &[0]) {
        Some(mut all) => {
            all.push(b'\n');
            all.extend_from_slice(more);
            all
        }
        None => more.to_vec(),
    }
}

pub(super) fn bad_word(sys: &Sys, arg: &str, option: &str, words: &[&str]) -> i32 {
    use crate::util::quote::quote;
    let list: String = words.iter().map(|w| format!("  - {}\n", quote(w))).collect();
    sys.complain(format_args!("invalid argument {} for {}", quote(arg), quote(option)));
    sys.print(STDERR, format_args!("Valid arguments are:\n{list}{USAGE}Try 'grep --help' for more information.\n"));
    2
}
