//! split: cut a file into pieces.  Source: coreutils 9.1. Not here: `--filter`, `-e`, `-u`, single chunks (`-n K/N`).

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "split",
    path: "/usr/bin/split",
    synopsis: "[OPTION]... [FILE [PREFIX]]",
    about: "split a file into pieces",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "seq 5 | split -l 2; cat xab; ls", out: "3\n4\nxaa\nxab\nxac\n", code: 0 },
        Ex { sh: "seq 4 | split -d -b 3 - p; ls; wc -c < p02", out: "p00\np01\np02\n2\n", code: 0 },
    ],
};

const HELP: &str = "Usage: split [OPTION]... [FILE [PREFIX]]\nOutput pieces of FILE to PREFIXaa, PREFIXab, ...;\ndefault size is 1000 lines, and default PREFIX is 'x'.\n\nWith no FILE, or when FILE is -, read standard input.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "suffix-length", Arg::Yes),
    Opt(0, "additional-suffix", Arg::Yes),
    Opt(b'b', "bytes", Arg::Yes),
    Opt(b'C', "line-bytes", Arg::Yes),
    Opt(b'd', "", Arg::No),
    Opt(0, "numeric-suffixes", Arg::Maybe),
    Opt(b'x', "", Arg::No),
    Opt(0, "hex-suffixes", Arg::Maybe),
    Opt(b'l', "lines", Arg::Yes),
    Opt(b'n', "number", Arg::Yes),
    Opt(b't', "separator", Arg::Yes),
    Opt(b'e', "elide-empty-files", Arg::No),
    Opt(b'u', "unbuffered", Arg::No),
    Opt(0, "filter", Arg::Yes),
    Opt(0, "verbose", Arg::No),
];

/// Letters, digits or hexadecimal digits of the names, from a first number; how many; what stands behind them.
struct Names {
    radix: usize,
    first: usize,
    length: usize,
    /// May grow when they are used up.
    grows: bool,
    behind: String,
}

impl Names {
    /// The suffix of the piece of this number; `None`: used up.
    fn suffix(&self, n: usize) -> Option<String> {
        let (mut length, mut n, mut head) = (self.length, n.checked_add(self.first)?, String::new());
        if self.grows {
            // Behind yz comes zaaa: the last letter first is never used alone.
            loop {
                let room = self.radix.checked_pow(length as u32 - 1)?.checked_mul(self.radix - 1)?;
                if n < room {
                    break;
                }
                n -= room;
                length += 1;
                head.push(self.digit(self.radix - 1));
            }
        }
        let mut digits = Vec::new();
        for _ in 0..length {
            digits.push(self.digit(n % self.radix));
            n /= self.radix;
        }
        if n > 0 {
            return None;
        }
        head.extend(digits.into_iter().rev());
        Some(head + &self.behind)
    }
    fn digit(&self, n: usize) -> char {
        match self.radix {
            26 => char::from(b'a' + n as u8),
            _ => char::from_digit(n as u32, 16).unwrap_or('0'),
        }
    }
}

async fn run(sys: Sys) -> i32 {
    // `-3` is `-l 3`.
    let old = |a: &String| a.strip_prefix('-').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())).map(|d| format!("-l{d}"));
    let args: Vec<String> = sys.args().iter().skip(1).map(|a| old(a).unwrap_or_else(|| a.clone())).collect();
    let given = match gnu::options_of(&sys, &args, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    for (letter, name) in [(b'e', "-e"), (b'u', "-u"), (b't', "-t")] {
        if given.has(OPTIONS, letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    if given.has_long(OPTIONS, "filter") {
        sys.unsupported("--filter");
        return 1;
    }
    let mut names = Names { radix: 26, first: 0, length: 2, grows: true, behind: String::new() };
    let mut by: Option<(u8, &str)> = None;
    for (i, value) in &given.options {
        let value = value.as_deref().unwrap_or("");
        match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'a', _) => match gnu::digits(value) {
                Some(0) => {}
                Some(n) if n <= 100 => (names.length, names.grows) = (n as usize, false),
                _ => return fail(&sys, format_args!("invalid suffix length: {}", quote(value))),
            },
            (_, "additional-suffix") if value.contains('/') => {
                return gnu::misuse(&sys, 1, format_args!("invalid suffix {}, contains directory separator", quote(value)));
            }
            (_, "additional-suffix") => names.behind = value.to_string(),
            (b'd', _) | (_, "numeric-suffixes") | (b'x', _) | (_, "hex-suffixes") => {
                names.radix = if OPTIONS[*i].0 == b'd' || OPTIONS[*i].1 == "numeric-suffixes" { 10 } else { 16 };
                if !value.is_empty() {
                    match usize::from_str_radix(value, names.radix as u32) {
                        Ok(n) => (names.first, names.grows) = (n, false),
                        Err(_) => {
                            return gnu::misuse(&sys, 1, format_args!("{}: invalid start value for numerical suffix", gnu::colon(value)));
                        }
                    }
                }
            }
            (letter @ (b'b' | b'C' | b'l' | b'n'), _) => {
                if by.is_some() {
                    return gnu::misuse(&sys, 1, format_args!("cannot split in more than one way"));
                }
                by = Some((letter, value));
            }
            _ => {}
        }
    }
    let (way, text) = by.unwrap_or((b'l', "1000"));
    let (mode, count) = text.split_once('/').filter(|_| way == b'n').unwrap_or(("", text));
    let what = match way {
        b'b' | b'C' => "bytes",
        b'l' => "lines",
        _ => "chunks",
    };
    if !["", "l", "r"].contains(&mode) {
        sys.unsupported(&format!("-n {text}"));
        return 1;
    }
    let n = match gnu::size(count) {
        Some(0) => return fail(&sys, format_args!("invalid number of {what}: {}: Numerical result out of range", quote(count))),
        Some(n) => usize::try_from(n).unwrap_or(usize::MAX),
        None => return fail(&sys, format_args!("invalid number of {what}: {}", quote(count))),
    };
    if let Some(more) = given.operands.get(2) {
        return gnu::extra(&sys, more);
    }
    let input = given.operands.first().map_or("-", String::as_str);
    let prefix = given.operands.get(1).map_or("x", String::as_str);
    let all = match gnu::slurp(&sys, input).await {
        Ok(all) => all,
        Err(machine::Errno::EISDIR) => return fail(&sys, format_args!("{}: read error: {}", gnu::colon(input), machine::Errno::EISDIR)),
        Err(e) => return fail(&sys, format_args!("cannot open {} for reading: {e}", quoteaf(input))),
    };
    for (i, piece) in pieces(&all, way, mode, n).into_iter().enumerate() {
        let Some(suffix) = names.suffix(i) else { return fail(&sys, format_args!("output file suffixes exhausted")) };
        let name = format!("{prefix}{suffix}");
        if given.has_long(OPTIONS, "verbose") {
            sys.print(STDOUT, format_args!("creating file {}\n", quoteaf(&name)));
        }
        if let Err(e) = sys.write_file(&name, &piece, 0o666).await {
            return fail(&sys, format_args!("{}: {e}", gnu::colon(&name)));
        }
    }
    0
}

fn fail(sys: &Sys, text: std::fmt::Arguments<'_>) -> i32 {
    sys.complain(text);
    1
}

/// The pieces of a text: by `n` bytes, lines, bytes of whole lines, or in `n` parts.
fn pieces(all: &[u8], way: u8, mode: &str, n: usize) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = all.split_inclusive(|b| *b == b'\n').collect();
    match (way, mode) {
        (b'b', _) => all.chunks(n).map(<[u8]>::to_vec).collect(),
        (b'l', _) => lines.chunks(n).map(<[_]>::concat).collect(),
        (b'C', _) => {
            let mut out: Vec<Vec<u8>> = Vec::new();
            for line in lines {
                match out.last_mut().filter(|p| p.len() + line.len() <= n) {
                    Some(piece) => piece.extend_from_slice(line),
                    None => out.extend(line.chunks(n).map(<[u8]>::to_vec)),
                }
            }
            out
        }
        (_, "r") => {
            let mut out = vec![Vec::new(); n.min(10_000)];
            for (i, line) in lines.iter().enumerate() {
                let len = out.len();
                out[i % len].extend_from_slice(line);
            }
            out
        }
        _ => {
            let n = n.min(10_000);
            let size = all.len() / n;
            let mut out = vec![Vec::new(); n];
            let mut at = 0usize;
            // A line goes to the part in which it begins.
            for part in if mode == "l" { lines } else { all.chunks(1).collect() } {
                let i = at.checked_div(size).unwrap_or(if mode == "l" { 0 } else { at });
                out[i.min(n - 1)].extend_from_slice(part);
                at += part.len();
            }
            out
        }
    }
}
