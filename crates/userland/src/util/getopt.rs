//! getopt(3): single-letter options with its own two messages, for programs that print their usage after a mistake.
//! Not here: long options (`opts`).

use machine::Sys;

/// Options in order (letter, value), and operands.
#[derive(Default)]
pub(crate) struct Letters {
    pub(crate) options: Vec<(u8, String)>,
    pub(crate) operands: Vec<String>,
}

impl Letters {
    /// Whether the option was given.
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.options.iter().any(|(l, _)| *l == letter)
    }
    /// Value of the last option of this letter.
    pub(crate) fn value(&self, letter: u8) -> Option<&str> {
        self.options.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| v.as_str())
    }
}

/// Parses the arguments by a getopt string (`c:nv`; a leading `+` ends the options at the first operand). A mistake prints
/// getopt's message and gives `None`.
pub(crate) fn getopt(sys: &Sys, spec: &str) -> Option<Letters> {
    letters(sys, spec, &sys.args()[1.min(sys.args().len())..])
}

/// As [`getopt`], for these arguments.
pub(crate) fn letters(sys: &Sys, spec: &str, args: &[String]) -> Option<Letters> {
    let (in_order, spec) = spec.strip_prefix('+').map_or((false, spec), |s| (true, s));
    let mut given = Letters::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            given.operands.extend(args.cloned());
            break;
        }
        if arg.len() < 2 || !arg.starts_with('-') {
            given.operands.push(arg.clone());
            if in_order {
                given.operands.extend(args.cloned());
                break;
            }
            continue;
        }
        let mut rest = arg[1..].chars();
        while let Some(c) = rest.next() {
            let at = spec.find(c).filter(|_| c != ':');
            let Some(at) = at else {
                sys.complain(format_args!("invalid option -- '{c}'"));
                return None;
            };
            if !spec[at + c.len_utf8()..].starts_with(':') {
                given.options.push((c as u8, String::new()));
                continue;
            }
            let attached = rest.as_str();
            let value = if attached.is_empty() { args.next().cloned() } else { Some(attached.to_string()) };
            let Some(value) = value else {
                sys.complain(format_args!("option requires an argument -- '{c}'"));
                return None;
            };
            given.options.push((c as u8, value));
            break;
        }
    }
    Some(given)
}
