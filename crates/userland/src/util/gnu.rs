//! What the GNU tools have in common: `--help` and `--version`, complaints, opening operands, numbers with suffixes, questions.
//! Not here: options themselves (`opts`), quoting (`quote`). Source: coreutils 9.1, grep 3.8, sed 4.9, findutils 4.9.0, diffutils 3.8.

use crate::util::quote::{quote, quoteaf};
use crate::{Given, Opt};
use machine::{Errno, Fd, Lines, Open, STDERR, STDIN, STDOUT, Sys, Sysret};
use std::fmt::Arguments;

/// Programs that are not of coreutils 9.1, with their packages as `--version` names them.
const PACKAGES: [(&str, &str); 8] = [
    ("cmp", "GNU diffutils) 3.8"),
    ("diff", "GNU diffutils) 3.8"),
    ("egrep", "GNU grep) 3.8"),
    ("fgrep", "GNU grep) 3.8"),
    ("find", "GNU findutils) 4.9.0"),
    ("grep", "GNU grep) 3.8"),
    ("sed", "GNU sed) 4.9"),
    ("xargs", "GNU findutils) 4.9.0"),
];

/// Parses the options as `opts::parse` does, and answers `--version`.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn options(sys: &Sys, table: &[Opt], help: &str, status: i32, in_order: bool) -> Result<Given, i32> {
    options_of(sys, sys.args().get(1..).unwrap_or(&[]), table, help, status, in_order)
}

/// The same for arguments that are not, or no longer, those of `sys`.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn options_of(sys: &Sys, args: &[String], table: &[Opt], help: &str, status: i32, in_order: bool) -> Result<Given, i32> {
    if args.iter().take_while(|a| *a != "--" && (a.starts_with('-') || !in_order)).any(|a| a == "--version") {
        let name = if sys.name() == "egrep" || sys.name() == "fgrep" { "grep" } else { sys.name() };
        let package = PACKAGES.iter().find(|(n, _)| *n == name).map_or("GNU coreutils) 9.1", |(_, p)| p);
        sys.print(STDOUT, format_args!("{name} ({package}\n"));
        return Err(0);
    }
    crate::parse_args(sys, args, table, help, status, in_order)
}

/// The same for a program that prints its usage after a mistake.
///
/// # Errors
/// The exit status to end with.
pub(crate) fn options_usage(sys: &Sys, args: &[String], table: &[Opt], help: &str, status: i32, usage: &str) -> Result<Given, i32> {
    if args.iter().take_while(|a| *a != "--").any(|a| a == "--version") {
        return options_of(sys, args, table, help, status, false);
    }
    crate::opts::parse_hint(sys, args, table, help, status, false, usage)
}

/// Whether the locale's characters are UTF-8.
pub(crate) fn utf8(sys: &Sys) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|v| sys.env(v).filter(|l| !l.is_empty()));
    set.is_some_and(|l| l.to_ascii_uppercase().replace('-', "").ends_with("UTF8"))
}

/// Prints a mistake in the command line and the hint behind it; gives the status back.
pub(crate) fn misuse(sys: &Sys, status: i32, text: Arguments<'_>) -> i32 {
    let name = sys.name();
    sys.print(STDERR, format_args!("{name}: {text}\nTry '{name} --help' for more information.\n"));
    status
}

/// `missing operand`, or `missing operand after ‘x’` if there is a last one.
pub(crate) fn missing(sys: &Sys, after: Option<&String>) -> i32 {
    match after {
        Some(last) => misuse(sys, 1, format_args!("missing operand after {}", quote(last))),
        None => misuse(sys, 1, format_args!("missing operand")),
    }
}

/// `extra operand ‘x’`.
pub(crate) fn extra(sys: &Sys, operand: &str) -> i32 {
    misuse(sys, 1, format_args!("extra operand {}", quote(operand)))
}

/// Opens an operand for reading; `-` is standard input.
pub(crate) async fn open(sys: &Sys, name: &str) -> Sysret<Fd> {
    if name == "-" { Ok(STDIN) } else { sys.open(name, Open::READ, 0).await }
}

/// Closes what `open` opened.
pub(crate) async fn close(sys: &Sys, fd: Fd) {
    if fd != STDIN {
        let _ = sys.close(fd).await;
    }
}

/// All bytes of an operand.
pub(crate) async fn slurp(sys: &Sys, name: &str) -> Sysret<Vec<u8>> {
    let fd = open(sys, name).await?;
    let all = sys.read_all(fd).await;
    close(sys, fd).await;
    all
}

/// The operands, or `-` if there are none.
pub(crate) fn or_stdin(mut operands: Vec<String>) -> Vec<String> {
    if operands.is_empty() {
        operands.push("-".to_string());
    }
    operands
}

/// Reads all operands one after the other; each that cannot be read is complained of as `name: x: reason`. Gives the status too.
pub(crate) async fn slurp_all(sys: &Sys, operands: Vec<String>) -> (Vec<u8>, i32) {
    let (mut all, mut status) = (Vec::new(), 0);
    for name in or_stdin(operands) {
        match slurp(sys, &name).await {
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(e) => {
                sys.complain(format_args!("{}: {e}", colon(&name)));
                status = 1;
            }
        }
    }
    (all, status)
}

/// A name in front of a colon: quoted only if it needs to be.
pub(crate) fn colon(name: &str) -> String {
    crate::util::quote::shell_escape(name, false, true)
}

/// `name: cannot VERB 'x': reason`.
pub(crate) fn cannot(sys: &Sys, verb: &str, name: &str, e: Errno) {
    sys.complain(format_args!("cannot {verb} {}: {e}", quoteaf(name)));
}

/// The lines of a text without their newlines.
pub(crate) fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut all: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    if all.last().is_some_and(|l| l.is_empty()) {
        all.pop();
    }
    all
}

/// A whole number with a suffix: b 512, k/K/KiB 1024, kB 1000, M, G … `None`: not one.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let n: u64 = if digits == 0 { return None } else { text[..digits].parse().unwrap_or(u64::MAX) };
    let suffix = &text[digits..];
    if suffix == "b" {
        return Some(n.saturating_mul(512));
    }
    let Some(first) = suffix.chars().next() else { return Some(n) };
    let power = "kMGTPE".find(if first == 'K' { 'k' } else { first })? as u32 + 1;
    let base: u64 = match &suffix[1..] {
        "" | "iB" => 1024,
        "B" => 1000,
        _ => return None,
    };
    Some(n.saturating_mul(base.saturating_pow(power)))
}

/// Digits only.
pub(crate) fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

/// Asks a question on standard error and reads the answer from standard input: whether it begins with y or Y.
pub(crate) async fn yes(sys: &Sys, question: Arguments<'_>) -> bool {
    sys.print(STDERR, question);
    // Byte by byte, so that the rest stays for the next question.
    let mut line = Vec::new();
    loop {
        match sys.read(STDIN, 1).await {
            Ok(b) if b.first().is_some_and(|b| *b != b'\n') => line.extend(b),
            _ => break,
        }
    }
    matches!(line.first(), Some(b'y' | b'Y'))
}

/// Runs through the lines of an operand, in step with their coming.
pub(crate) struct Reader {
    lines: Lines,
    fd: Fd,
}

impl Reader {
    /// Opens an operand.
    pub(crate) async fn open(sys: &Sys, name: &str) -> Sysret<Reader> {
        let fd = open(sys, name).await?;
        Ok(Reader { lines: Lines::new(fd), fd })
    }
    /// The next line with its newline.
    pub(crate) async fn next(&mut self, sys: &Sys) -> Sysret<Option<Vec<u8>>> {
        self.lines.next(sys).await
    }
    /// The next line with the byte that ends it.
    pub(crate) async fn next_by(&mut self, sys: &Sys, end: u8) -> Sysret<Option<Vec<u8>>> {
        self.lines.next_by(sys, end).await
    }
    /// Closes it.
    pub(crate) async fn close(self, sys: &Sys) {
        close(sys, self.fd).await;
    }
}

/// A size for people: `1.5K`, rounded up. `base` is 1024 or 1000.
pub(crate) fn human(n: u64, base: u64) -> String {
    if n < base {
        return n.to_string();
    }
    let units = if base == 1000 { "kMGTPE" } else { "KMGTPE" };
    let mut scale = 1u64;
    for unit in units.chars() {
        scale = scale.saturating_mul(base);
        let tenths = (u128::from(n) * 10).div_ceil(u128::from(scale)) as u64;
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        let whole = n.div_ceil(scale);
        if whole < base {
            return format!("{whole}{unit}");
        }
    }
    n.to_string()
}

/// The order of file names with numbers in them (strverscmp as `ls -v` and `sort -V` have it, file suffixes apart).
pub(crate) fn version(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    // Letters come before other characters, and a tilde before everything.
    let rank = |c: Option<&u8>| match c {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_digit() => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
        Some(c) => i32::from(*c) + 256,
    };
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        while a.get(i).is_some_and(|c| !c.is_ascii_digit()) || b.get(j).is_some_and(|c| !c.is_ascii_digit()) {
            let order = rank(a.get(i)).cmp(&rank(b.get(j)));
            if order.is_ne() {
                return order;
            }
            i += 1;
            j += 1;
        }
        let run = |t: &[u8], at: usize| {
            let digits = t.get(at..).unwrap_or(b"").iter().take_while(|c| c.is_ascii_digit()).count();
            let zeros = t.get(at..at + digits).unwrap_or(b"").iter().take_while(|c| **c == b'0').count();
            (at + zeros, at + digits)
        };
        let ((i0, i1), (j0, j1)) = (run(a, i), run(b, j));
        let order = (i1.saturating_sub(i0)).cmp(&j1.saturating_sub(j0)).then_with(|| a.get(i0..i1).cmp(&b.get(j0..j1)));
        if order.is_ne() {
            return order;
        }
        (i, j) = (i1, j1);
    }
    std::cmp::Ordering::Equal
}
