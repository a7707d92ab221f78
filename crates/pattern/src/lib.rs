//! Patterns: POSIX regular expressions, Perl-compatible ones, and shell globs. Pure; no I/O.
//! Not here: what commands do with them. No pattern and no text can make a search run for ever.

mod class;
mod glob;
mod node;
mod perl;
mod posix;
mod vm;

pub use glob::{GlobFlags, fnmatch, has_magic};

/// Which notation a pattern is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// POSIX basic, with GNU's `\|`, `\+`, `\?`.
    Basic,
    /// POSIX extended, as regcomp(3) reads it.
    Extended,
    /// POSIX extended as `grep -E` reads it: what cannot be an operator stands for itself.
    Egrep,
    /// POSIX extended as `sed -E` reads it.
    Sed,
    /// Extended as mawk 1.3.4 reads it: escapes everywhere, no `{n,m}`.
    Awk,
    /// PCRE2.
    Perl,
}

/// How a pattern is to be read and matched.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Case does not count.
    pub icase: bool,
    /// `^` and `$` match at every line; in POSIX patterns `.` and `[^x]` do not match a newline then.
    pub newline: bool,
    /// Text and pattern are UTF-8; else each byte is a character.
    pub utf8: bool,
    /// Perl: `.` matches a newline too.
    pub dotall: bool,
    /// Perl: blanks and comments are passed over.
    pub extended: bool,
    /// Perl: quantifiers are lazy unless followed by `?`.
    pub ungreedy: bool,
    /// Perl: `$` does not match before a last newline.
    pub dollar_endonly: bool,
    /// A match must begin at the start of the text.
    pub anchored: bool,
}

/// What is wrong with a pattern, in the words of the C library or of PCRE2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    /// The message.
    pub text: &'static str,
    /// Byte offset in the pattern (Perl patterns only).
    pub offset: usize,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}

/// A compiled pattern.
pub struct Regex {
    program: node::Program,
    first: Option<[bool; 256]>,
    start_only: bool,
    utf8: bool,
    wide: bool,
    longest: bool,
    warning: Option<&'static str>,
}

/// Where a pattern matched: byte ranges of the whole match (0) and of the groups.
pub struct Match(Vec<usize>);

impl Match {
    /// The range of a group, if it took part.
    pub fn get(&self, group: usize) -> Option<(usize, usize)> {
        match self.0.get(group * 2..group * 2 + 2) {
            Some([a, b]) if *a <= *b && *b != vm::NONE => Some((*a, *b)),
            _ => None,
        }
    }
    /// Start of the whole match.
    pub fn start(&self) -> usize {
        self.0[0]
    }
    /// End of the whole match.
    pub fn end(&self) -> usize {
        self.0[1]
    }
    /// The text of a group; empty if it took no part.
    pub fn text<'t>(&self, text: &'t [u8], group: usize) -> &'t [u8] {
        self.get(group).and_then(|(a, b)| text.get(a..b)).unwrap_or(b"")
    }
}

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The C library's or PCRE2's message.
    pub fn new(pattern: &[u8], syntax: Syntax, options: Options) -> Result<Regex, Error> {
        let mut chars = Vec::with_capacity(pattern.len());
        let mut at = 0;
        while at < pattern.len() {
            let (c, len) = class::decode(pattern, at, options.utf8);
            chars.push(c);
            at += len;
        }
        let perl = syntax == Syntax::Perl;
        let (node, groups, warning) = if perl {
            let (node, groups) = perl::Perl::new(&chars, options).parse()?;
            (node, groups, None)
        } else {
            posix::Posix::new(&chars, syntax, options).parse()?
        };
        let program = node::Program::new(&node, groups)?;
        let wide = options.utf8 && !perl;
        let start_only = options.anchored || matches!(program.code.first(), Some(node::Inst::Place(node::Place::Begin(false))));
        Ok(Regex { first: program.first(options.utf8, wide), start_only, utf8: options.utf8, wide, longest: !perl, program, warning })
    }
    /// Number of groups, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.program.groups - 1
    }
    /// What GNU grep would warn of.
    pub fn warning(&self) -> Option<&'static str> {
        self.warning
    }
    /// The first match that begins at `from` or later. What stands before `from` is still seen by `^` and `\b`.
    pub fn find(&self, text: &[u8], from: usize) -> Option<Match> {
        if from > text.len() || self.start_only && from > 0 {
            return None;
        }
        let mut run: Option<vm::Run> = None;
        let mut at = from;
        loop {
            if let Some(first) = &self.first {
                at += text[at..].iter().position(|b| first[usize::from(*b)])?;
                if self.start_only && at > 0 {
                    return None;
                }
            }
            let run = run.get_or_insert_with(|| vm::Run::new(&self.program, text, at, self.utf8, self.wide, self.longest));
            if let Some(end) = run.at(at) {
                let mut slots = std::mem::take(&mut run.slots);
                slots.truncate(self.program.groups * 2);
                (slots[0], slots[1]) = (at, end);
                return Some(Match(slots));
            }
            if at >= text.len() || self.start_only || run.exhausted() {
                return None;
            }
            at += class::decode(text, at, self.utf8).1;
        }
    }
    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.find(text, 0).is_some()
    }
}
