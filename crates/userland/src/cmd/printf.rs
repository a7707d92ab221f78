//! printf: format and print.  Source: POSIX printf, coreutils 9.1. Not here: what a format makes of its arguments (`util::format`).

use crate::util::format::{Style, Wrong, format};
use crate::util::gnu;
use crate::util::quote::{quote, shell_escape};
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "printf",
    path: "/usr/bin/printf",
    synopsis: "FORMAT [ARGUMENT]...",
    about: "format and print data",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "/usr/bin/printf '%s:%5d|%-4x\\n' a 42 255", out: "a:   42|ff  \n", code: 0 },
        Ex { sh: "/usr/bin/printf '%.2f\\n' 3.14159", out: "3.14\n", code: 0 },
        Ex { sh: "/usr/bin/printf '%d\\n' abc", out: "/usr/bin/printf: ‘abc’: expected a numeric value\n0\n", code: 1 },
    ],
};

const HELP: &str =
    "Usage: printf FORMAT [ARGUMENT]...\n  or:  printf OPTION\nPrint ARGUMENT(s) according to FORMAT, or execute according to OPTION:\n";

async fn run(sys: Sys) -> i32 {
    let mut args = &sys.args()[1.min(sys.args().len())..];
    if let [only] = args
        && (only == "--help" || only == "--version")
    {
        return gnu::options(&sys, &[], HELP, 1, true).err().unwrap_or(0);
    }
    if args.first().is_some_and(|a| a == "--") {
        args = &args[1..];
    }
    let Some((pattern, rest)) = args.split_first() else { return gnu::missing(&sys, None) };
    let done = format(pattern, rest, &Style { quote: |s| shell_escape(s, false, false), date: None, no_char: b"\0", stops: true });
    let name = sys.arg(0);
    for error in &done.errors {
        match error {
            Wrong::Number { arg, some: false } => sys.print(STDERR, format_args!("{name}: {}: expected a numeric value\n", quote(arg))),
            Wrong::Number { arg, .. } => sys.print(STDERR, format_args!("{name}: {}: value not completely converted\n", quote(arg))),
            Wrong::Range(arg) => sys.print(STDERR, format_args!("{name}: {}: Numerical result out of range\n", quote(arg))),
            Wrong::Directive(text, _) => sys.print(STDERR, format_args!("{name}: {text}: invalid conversion specification\n")),
            Wrong::Missing => sys.print(STDERR, format_args!("{name}: %: invalid conversion specification\n")),
        }
    }
    if done.used == 0 && !rest.is_empty() && done.errors.is_empty() {
        sys.print(STDERR, format_args!("{name}: warning: ignoring excess arguments, starting with {}\n", quote(&rest[0])));
    }
    // What is printed stays in stdio's buffer until the end.
    sys.put(STDOUT, &done.bytes);
    i32::from(!done.errors.is_empty())
}
