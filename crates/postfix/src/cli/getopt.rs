//! Options as getopt(3) of the C library reads them for Postfix's programs: letters, attached or separate values, no options behind operands.

use machine::Sys;

/// A walk through the options.
pub(crate) struct Getopt {
    sys: Sys,
    name: String,
    at: usize,
    /// Letters of the current word that are still to come.
    letters: String,
}

impl Getopt {
    /// Begins behind the program's name.
    pub(crate) fn new(sys: &Sys) -> Getopt {
        Getopt::named(sys, sys.name())
    }
    /// As [`Getopt::new`] for a program that calls itself `name` in complaints.
    pub(crate) fn named(sys: &Sys, name: &str) -> Getopt {
        Getopt { sys: sys.clone(), name: name.to_string(), at: 1, letters: String::new() }
    }
    /// The word that comes next, unless one of several letters is being read.
    pub(crate) fn word(&self) -> Option<&str> {
        if self.letters.is_empty() { self.sys.args().get(self.at).map(String::as_str) } else { None }
    }
    /// Passes over that word.
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }
    fn complain(&self, text: &str, letter: char) {
        self.sys.print(machine::STDERR, format_args!("{}: {text} -- '{letter}'\n", self.name));
    }
    /// The next option and its value; `?` for one that is not in `spec` (letters, `:` behind those that take a value), after the C
    /// library's complaint.
    pub(crate) fn next(&mut self, spec: &str) -> Option<(char, String)> {
        let args = self.sys.args();
        if self.letters.is_empty() {
            let word = args.get(self.at)?;
            if word == "--" {
                self.at += 1;
                return None;
            }
            self.letters = word.strip_prefix('-').filter(|w| !w.is_empty())?.to_string();
            self.at += 1;
        }
        let letter = self.letters.remove(0);
        let found = if letter == ':' { None } else { spec.find(letter) };
        let Some(found) = found else {
            self.complain("invalid option", letter);
            return Some(('?', letter.to_string()));
        };
        if !spec[found + letter.len_utf8()..].starts_with(':') {
            return Some((letter, String::new()));
        }
        let mut value = std::mem::take(&mut self.letters);
        if value.is_empty() {
            let Some(next) = args.get(self.at) else {
                self.complain("option requires an argument", letter);
                return Some(('?', letter.to_string()));
            };
            value = next.clone();
            self.at += 1;
        }
        Some((letter, value))
    }
    /// The operands.
    pub(crate) fn rest(&self) -> &[String] {
        self.sys.args().get(self.at..).unwrap_or(&[])
    }
}
