//! Command-line options by table, in GNU's way: short ones in clusters, long ones that may be abbreviated, operands anywhere, `--`.
//! Source: getopt_long(3) and its messages. Not here: shell builtins, Postfix's tools (getopt(3) of their own).

use machine::{STDERR, STDOUT, Sys};

/// Whether an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Arg {
    No,
    Yes,
    /// Only attached: `--color=auto`, `-iSUFFIX`.
    Maybe,
}

/// One option: short letter (0: none), long name (empty: none), whether it takes a value.
pub struct Opt(pub u8, pub &'static str, pub Arg);

/// What was given on the command line.
#[derive(Default)]
pub struct Given {
    /// Options in order: index into the table, value.
    pub options: Vec<(usize, Option<String>)>,
    /// Operands in order.
    pub operands: Vec<String>,
}

impl Given {
    /// Whether the option with this short letter was given; `table` is the one that was parsed with.
    pub fn has(&self, table: &[Opt], short: u8) -> bool {
        self.options.iter().any(|(i, _)| table[*i].0 == short)
    }
    /// Value of the last option with this short letter.
    pub fn value(&self, table: &[Opt], short: u8) -> Option<&str> {
        self.options.iter().rev().find(|(i, _)| table[*i].0 == short).and_then(|(_, v)| v.as_deref())
    }
    /// Whether the long option was given.
    pub fn has_long(&self, table: &[Opt], long: &str) -> bool {
        self.options.iter().any(|(i, _)| table[*i].1 == long)
    }
    /// Value of the last long option of this name.
    pub fn value_long(&self, table: &[Opt], long: &str) -> Option<&str> {
        self.options.iter().rev().find(|(i, _)| table[*i].1 == long).and_then(|(_, v)| v.as_deref())
    }
}

/// Parses the arguments of `sys`. `--help` prints `help` and gives `Err(0)`; a mistake prints GNU's message and gives `Err(status)`.
/// `in_order`: the first operand ends the options (as in `env`, `nice`, `xargs`).
///
/// # Errors
/// The exit status to end with.
pub fn parse(sys: &Sys, table: &[Opt], help: &str, status: i32, in_order: bool) -> Result<Given, i32> {
    parse_args(sys, sys.args().get(1..).unwrap_or(&[]), table, help, status, in_order)
}

/// Parses arguments that are not, or no longer, those of `sys`.
///
/// # Errors
/// The exit status to end with.
pub fn parse_args(sys: &Sys, args: &[String], table: &[Opt], help: &str, status: i32, in_order: bool) -> Result<Given, i32> {
    // argp's programs name their short usage, too.
    let usage = if table.iter().any(|o| o.1 == "usage") { format!(" or '{} --usage'", sys.name()) } else { String::new() };
    let hint = format!("Try '{} --help'{usage} for more information.\n", sys.name());
    parse_hint(sys, args, table, help, status, in_order, &hint)
}

/// Parses arguments for a program that prints this usage after a mistake, and for `--help` too.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn parse_usage(sys: &Sys, table: &[Opt], usage: &str, status: i32) -> Result<Given, i32> {
    parse_usage_of(sys, sys.args().get(1..).unwrap_or(&[]), table, usage, status)
}

/// The same for arguments that are not, or no longer, those of `sys`.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn parse_usage_of(sys: &Sys, args: &[String], table: &[Opt], usage: &str, status: i32) -> Result<Given, i32> {
    parse_hint(sys, args, table, usage, status, false, usage)
}

/// Parses arguments; `hint` is printed after a mistake.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn parse_hint(
    sys: &Sys,
    args: &[String],
    table: &[Opt],
    help: &str,
    status: i32,
    in_order: bool,
    hint: &str,
) -> Result<Given, i32> {
    let mut given = Given::default();
    let name = sys.name();
    let fail = |text: std::fmt::Arguments<'_>| {
        sys.print(STDERR, format_args!("{name}: {text}\n{hint}"));
        Err(status)
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            given.operands.extend(args.cloned());
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let (key, value) = match long.split_once('=') {
                Some((k, v)) => (k, Some(v.to_string())),
                None => (long, None),
            };
            let found: Vec<usize> = match table.iter().position(|o| o.1 == key && !key.is_empty()) {
                Some(i) => vec![i],
                None => (0..table.len()).filter(|&i| !table[i].1.is_empty() && table[i].1.starts_with(key)).collect(),
            };
            match found.as_slice() {
                [] if "help".starts_with(key) => {
                    sys.print(STDOUT, format_args!("{help}"));
                    return Err(0);
                }
                [] => return fail(format_args!("unrecognized option '{arg}'")),
                [i] => {
                    let value = match (table[*i].2, value) {
                        (Arg::No, Some(_)) => return fail(format_args!("option '--{}' doesn't allow an argument", table[*i].1)),
                        (Arg::Yes, None) => match args.next() {
                            Some(v) => Some(v.clone()),
                            None => return fail(format_args!("option '--{}' requires an argument", table[*i].1)),
                        },
                        (_, v) => v,
                    };
                    given.options.push((*i, value));
                }
                many => {
                    let mut list = String::new();
                    for i in many {
                        list.push_str(" '--");
                        list.push_str(table[*i].1);
                        list.push('\'');
                    }
                    return fail(format_args!("option '{arg}' is ambiguous; possibilities:{list}"));
                }
            }
        } else if arg.len() > 1 && arg.starts_with('-') {
            let mut rest = arg[1..].chars();
            while let Some(c) = rest.next() {
                let Some(i) = table.iter().position(|o| o.0 != 0 && char::from(o.0) == c) else {
                    return fail(format_args!("invalid option -- '{c}'"));
                };
                if table[i].2 == Arg::No {
                    given.options.push((i, None));
                    continue;
                }
                let attached = rest.as_str().to_string();
                let value = if !attached.is_empty() {
                    Some(attached)
                } else if table[i].2 == Arg::Maybe {
                    None
                } else {
                    match args.next() {
                        Some(v) => Some(v.clone()),
                        None => return fail(format_args!("option requires an argument -- '{c}'")),
                    }
                };
                given.options.push((i, value));
                break;
            }
        } else {
            given.operands.push(arg.clone());
            if in_order {
                given.operands.extend(args.cloned());
                break;
            }
        }
    }
    Ok(given)
}
