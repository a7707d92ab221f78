//! od, hexdump, xxd: files as numbers and characters.  Source: POSIX od, coreutils 9.1; hexdump of util-linux 2.38.1; xxd of vim 9.0.
//! Not here: floating point, strings, hexdump's own formats.

mod xxd;

use crate::util::{getopt, gnu};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "od",
    path: "/usr/bin/od",
    synopsis: "[OPTION]... [FILE]...",
    about: "dump files in octal and other formats",
    run: |sys| Box::pin(od(sys)),
    examples: &[
        Ex { sh: "printf 'redhat\\0\\n' | od -c", out: "0000000   r   e   d   h   a   t  \\0  \\n\n0000010\n", code: 0 },
        Ex { sh: "printf 'abc' | od -An -tx1; printf ab | od", out: " 61 62 63\n0000000 061141\n0000002\n", code: 0 },
    ],
};

pub(super) const HEXDUMP: Spec = Spec {
    name: "hexdump",
    path: "/usr/bin/hexdump",
    synopsis: "[options] <file>...",
    about: "display file contents in hexadecimal, decimal, octal, or ascii",
    run: |sys| Box::pin(hexdump(sys)),
    examples: &[Ex {
        sh: "printf 'abc\\n' | hexdump -C",
        out: "00000000  61 62 63 0a                                       |abc.|\n00000004\n",
        code: 0,
    }],
};

pub(super) const XXD: Spec = Spec {
    name: "xxd",
    path: "/usr/bin/xxd",
    synopsis: "[options] [infile [outfile]]",
    about: "make a hexdump or do the reverse",
    run: |sys| Box::pin(xxd::xxd(sys)),
    examples: &[
        Ex { sh: "printf 'redhat\\n' | xxd", out: "00000000: 7265 6468 6174 0a                        redhat.\n", code: 0 },
        Ex { sh: "printf 726564 | xxd -r -p; printf red | xxd -p", out: "red726564\n", code: 0 },
    ],
};

const HELP: &str = "Usage: od [OPTION]... [FILE]...\n  or:  od [-abcdfilosx]... [FILE] [[+]OFFSET[.][b]]\n  or:  od --traditional [OPTION]... [FILE] [[+]OFFSET[.][b] [+][LABEL][.][b]]\n\nWrite an unambiguous representation, octal bytes by default,\nof FILE to standard output.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'A', "address-radix", Arg::Yes),
    Opt(b'j', "skip-bytes", Arg::Yes),
    Opt(b'N', "read-bytes", Arg::Yes),
    Opt(b't', "format", Arg::Yes),
    Opt(b'v', "output-duplicates", Arg::No),
    Opt(b'w', "width", Arg::Maybe),
    Opt(b'a', "", Arg::No),
    Opt(b'b', "", Arg::No),
    Opt(b'c', "", Arg::No),
    Opt(b'd', "", Arg::No),
    Opt(b'i', "", Arg::No),
    Opt(b'l', "", Arg::No),
    Opt(b'o', "", Arg::No),
    Opt(b's', "", Arg::No),
    Opt(b'x', "", Arg::No),
];

/// How bytes are written: `a`, `c`, `d`, `o`, `u`, `x`, so many at a time, with text behind or not.
struct Format(u8, usize, bool);

const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so", "si", "dle", "dc1", "dc2", "dc3",
    "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us", "sp",
];

/// A byte as `-c` shows it.
fn character(b: u8) -> String {
    match b {
        0 => "\\0".into(),
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        b if b.is_ascii_graphic() || b == b' ' => char::from(b).to_string(),
        b => format!("{b:03o}"),
    }
}

fn number(b: &[u8]) -> u64 {
    b.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

impl Format {
    /// Columns of one number, the blank in front of it not counted.
    fn width(&self) -> usize {
        let bits = self.1 * 8;
        match self.0 {
            b'a' | b'c' => 3,
            b'x' => self.1 * 2,
            b'o' => bits.div_ceil(3),
            kind => [3, 5, 10, 20][self.1.ilog2().min(3) as usize] + usize::from(kind == b'd'),
        }
    }
    fn show(&self, b: &[u8]) -> String {
        let n = number(b);
        let width = self.width();
        match self.0 {
            b'c' => format!("{:>width$}", character(b[0])),
            b'a' => {
                let low = b[0] & 0x7F;
                let text = if low == 127 {
                    "del".into()
                } else {
                    NAMES.get(usize::from(low)).map_or(char::from(low).to_string(), |n| n.to_string())
                };
                format!("{text:>width$}")
            }
            b'x' => format!("{n:0width$x}"),
            b'o' => format!("{n:0width$o}"),
            b'd' => {
                let shift = 64 - 8 * self.1 as u32;
                format!("{:>width$}", (n << shift) as i64 >> shift)
            }
            _ => format!("{n:>width$}"),
        }
    }
}

/// Reads `x1z`, `d2c`, …
fn formats(text: &str) -> Result<Vec<Format>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !matches!(c, 'a' | 'c' | 'd' | 'o' | 'u' | 'x') {
            let q = crate::util::quote::quote;
            return Err(format!("invalid character '{c}' in type string {}", q(text)));
        }
        let mut size = if matches!(c, 'a' | 'c') { 1 } else { 4 };
        if !matches!(c, 'a' | 'c') {
            size = match chars.next_if(|c| matches!(c, '1' | '2' | '4' | '8' | 'C' | 'S' | 'I' | 'L')) {
                Some('1' | 'C') => 1,
                Some('2' | 'S') => 2,
                Some('8' | 'L') => 8,
                _ => size,
            };
        }
        out.push(Format(c as u8, size, chars.next_if_eq(&'z').is_some()));
    }
    Ok(out)
}

async fn od(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let (mut all, mut radix, mut skip, mut most, mut width) = (Vec::new(), b'o', 0, None, 16);
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        let short = match OPTIONS[*i].0 {
            b'a' => "a",
            b'b' => "o1",
            b'c' => "c",
            b'd' => "u2",
            b'i' => "d4",
            b'l' => "d8",
            b'o' => "o2",
            b's' => "d2",
            b'x' => "x2",
            b't' => text,
            b'A' => match text {
                "d" | "o" | "x" | "n" => {
                    radix = text.as_bytes()[0];
                    continue;
                }
                _ => {
                    sys.complain(format_args!("invalid output address radix '{text}'; it must be one character from [doxn]"));
                    return 1;
                }
            },
            c @ (b'j' | b'N' | b'w') => {
                let n = match text.strip_prefix("0x") {
                    Some(hex) => u64::from_str_radix(hex, 16).ok(),
                    None if text.is_empty() && c == b'w' => Some(32),
                    None => gnu::size(text),
                };
                let Some(n) = n.and_then(|n| usize::try_from(n).ok()) else {
                    sys.complain(format_args!("invalid -{} argument '{text}'", char::from(c)));
                    return 1;
                };
                match c {
                    b'j' => skip = n,
                    b'N' => most = Some(n),
                    _ => width = n.clamp(1, 4096),
                }
                continue;
            }
            _ => continue,
        };
        match formats(short) {
            Ok(f) => all.extend(f),
            Err(text) => {
                sys.complain(format_args!("{text}"));
                return 1;
            }
        }
    }
    if all.is_empty() {
        all.push(Format(b'o', 2, false));
    }
    let (mut data, status) = gnu::slurp_all(&sys, given.operands.clone()).await;
    if status != 0 && data.is_empty() {
        return status;
    }
    if skip > data.len() {
        sys.complain(format_args!("cannot skip past end of combined input"));
        return 1;
    }
    data.drain(..skip);
    data.truncate(most.unwrap_or(usize::MAX));
    let unit = all.iter().map(|f| f.1).max().unwrap_or(1);
    width = width.div_ceil(unit) * unit;
    // All formats are as wide as the widest.
    let cell = all.iter().map(|f| (f.width() + 1) * (unit / f.1)).max().unwrap_or(0);
    let address = |n: usize| match radix {
        b'd' => format!("{n:07}"),
        b'x' => format!("{n:06x}"),
        b'n' => String::new(),
        _ => format!("{n:07o}"),
    };
    let squeeze = !given.has(OPTIONS, b'v');
    let mut starred = false;
    for (row, part) in data.chunks(width).enumerate() {
        let before = row.checked_sub(1).and_then(|r| data.get(r * width..r * width + width));
        if squeeze && before == Some(part) && (row + 1) * width < data.len() {
            if !starred {
                sys.put(STDOUT, b"*\n");
            }
            starred = true;
            continue;
        }
        starred = false;
        for (n, f) in all.iter().enumerate() {
            let head = address(skip + row * width);
            let head = if n == 0 { head } else { " ".repeat(head.len()) };
            let mut line = head;
            let each = cell / (unit / f.1);
            for piece in part.chunks(f.1) {
                line.push_str(&format!("{:>each$}", f.show(piece)));
            }
            if f.2 {
                line.push_str(&" ".repeat((width - part.len()).div_ceil(f.1) * each));
                let text: String = part.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect();
                line.push_str(&format!("  >{text}<"));
            }
            sys.print(STDOUT, format_args!("{line}\n"));
        }
    }
    if radix != b'n' {
        sys.print(STDOUT, format_args!("{}\n", address(skip + data.len())));
    }
    status
}

fn printable(part: &[u8]) -> String {
    part.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect()
}

async fn hexdump(sys: Sys) -> i32 {
    let Some(given) = getopt::getopt(&sys, "bcCdn:os:vxVh") else {
        sys.print(STDERR, format_args!("Try 'hexdump --help' for more information.\n"));
        return 1;
    };
    let number = |l: u8| given.value(l).and_then(gnu::size).and_then(|n| usize::try_from(n).ok());
    let mut data = Vec::new();
    let (mut status, mut read) = (0, 0);
    for name in gnu::or_stdin(given.operands.clone()) {
        match gnu::slurp(&sys, &name).await {
            Ok(bytes) => {
                data.extend_from_slice(&bytes);
                read += 1;
            }
            Err(e) => {
                sys.complain(format_args!("{name}: {e}"));
                status = 1;
            }
        }
    }
    if read == 0 {
        sys.complain(format_args!("all input file arguments failed"));
        return 1;
    }
    let skip = number(b's').unwrap_or(0).min(data.len());
    data.drain(..skip);
    data.truncate(number(b'n').unwrap_or(usize::MAX));
    let kind = given.options.iter().rev().map(|o| o.0).find(|l| b"bcCdox".contains(l)).unwrap_or(0);
    let mut starred = false;
    for (row, part) in data.chunks(16).enumerate() {
        let before = row.checked_sub(1).and_then(|r| data.get(r * 16..r * 16 + 16));
        if before == Some(part) && !given.has(b'v') {
            if !starred {
                sys.put(STDOUT, b"*\n");
            }
            starred = true;
            continue;
        }
        starred = false;
        let mut cells = String::new();
        for i in (0..16).step_by(if matches!(kind, b'C' | b'b' | b'c') { 1 } else { 2 }) {
            let (one, two) = (part.get(i), part.get(i + 1).copied().unwrap_or(0));
            let word = one.map(|b| u16::from(*b) | u16::from(two) << 8);
            cells.push_str(&match (kind, one, word) {
                (b'C', Some(b), _) => format!("{}{b:02x} ", if i == 8 { " " } else { "" }),
                (b'C', None, _) => if i == 8 { "    " } else { "   " }.into(),
                (b'b', Some(b), _) => format!(" {b:03o}"),
                (b'c', Some(b), _) => format!(" {:>3}", character(*b)),
                (b'b' | b'c', None, _) => "    ".into(),
                (b'd', _, Some(w)) => format!("   {w:05}"),
                (b'o', _, Some(w)) => format!("  {w:06o}"),
                (b'x', _, Some(w)) => format!("    {w:04x}"),
                (0, _, Some(w)) => format!(" {w:04x}"),
                (0, ..) => "     ".into(),
                _ => "        ".into(),
            });
        }
        let at = skip + row * 16;
        if kind == b'C' {
            sys.print(STDOUT, format_args!("{at:08x}  {cells} |{}|\n", printable(part)));
        } else {
            sys.print(STDOUT, format_args!("{at:07x}{cells}\n"));
        }
    }
    let width = if kind == b'C' { 8 } else { 7 };
    if !data.is_empty() {
        sys.print(STDOUT, format_args!("{:0width$x}\n", skip + data.len()));
    }
    status
}
