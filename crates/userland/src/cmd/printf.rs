//! printf: format and print.  Source: POSIX printf, coreutils 9.1. Not here: the shell's own printf.

use crate::util::float;
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

/// Expands backslash escapes; `zero`: octal is `\0NNN` (echo, %b), else `\NNN`. True if `\c` ended the text.
pub(crate) fn escapes(text: &[u8], zero: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&b) = text.get(at) {
        at += 1;
        let Some(&c) = text.get(at).filter(|_| b == b'\\') else {
            out.push(b);
            continue;
        };
        at += 1;
        let digits = |from: usize, most: usize, base: u32| {
            let n = text[from.min(text.len())..].iter().take(most).take_while(|b| char::from(**b).is_digit(base)).count();
            let value = text[from.min(text.len())..][..n].iter().fold(0u32, |v, b| v * base + char::from(*b).to_digit(base).unwrap_or(0));
            (value, n)
        };
        match c {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'c' => return (out, true),
            b'e' => out.push(27),
            b'f' => out.push(12),
            b'n' => out.push(10),
            b'r' => out.push(13),
            b't' => out.push(9),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'"' if !zero => out.push(b'"'),
            b'0'..=b'7' => {
                let skip = usize::from(zero && c == b'0');
                let (value, n) = digits(at - 1 + skip, 3, 8);
                at = at - 1 + skip + n;
                out.push(value as u8);
            }
            b'x' => {
                let (value, n) = digits(at, 2, 16);
                if n == 0 {
                    out.extend_from_slice(b"\\x");
                } else {
                    out.push(value as u8);
                }
                at += n;
            }
            b'u' | b'U' => {
                let (value, n) = digits(at, if c == b'u' { 4 } else { 8 }, 16);
                at += n;
                let mut buffer = [0; 4];
                match char::from_u32(value).filter(|_| n > 0) {
                    Some(ch) => out.extend_from_slice(ch.encode_utf8(&mut buffer).as_bytes()),
                    None => out.extend_from_slice(&[b'\\', c]),
                }
            }
            _ => out.extend_from_slice(&[b'\\', c]),
        }
    }
    (out, false)
}

/// A directive: `%-08.3f`.
#[derive(Default)]
struct Directive {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    kind: u8,
}

struct Job<'a> {
    sys: &'a Sys,
    args: &'a [String],
    used: usize,
    status: i32,
}

impl Job<'_> {
    fn next(&mut self) -> Option<&str> {
        let arg = self.args.get(self.used);
        self.used += 1;
        arg.map(String::as_str)
    }
    fn complain(&mut self, arg: &str, text: &str) {
        self.sys.print(STDERR, format_args!("{}: {}: {text}\n", self.sys.arg(0), quote(arg)));
        self.status = 1;
    }
    fn integer(&mut self) -> i64 {
        let Some(arg) = self.next().map(str::to_string) else { return 0 };
        if let Some(quoted) = arg.strip_prefix(['"', '\'']) {
            return quoted.chars().next().map_or(0, |c| i64::from(u32::from(c)));
        }
        let trimmed = arg.trim_start();
        let (negative, body) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (base, digits) = match body.strip_prefix("0x").or(body.strip_prefix("0X")) {
            Some(rest) => (16, rest),
            None if body.starts_with('0') => (8, body),
            None => (10, body),
        };
        let n = digits.bytes().take_while(|b| char::from(*b).is_digit(base)).count();
        if n == 0 {
            self.complain(&arg, "expected a numeric value");
            return 0;
        }
        if n < digits.len() {
            self.complain(&arg, "value not completely converted");
        }
        let value = i128::from_str_radix(&digits[..n], base).unwrap_or(i128::MAX);
        let value = if negative { -value } else { value };
        let clamped = value.clamp(i64::MIN.into(), u64::MAX.into());
        if clamped != value {
            self.complain(&arg, "Numerical result out of range");
        }
        clamped as i64
    }
    fn float(&mut self) -> f64 {
        let Some(arg) = self.next().map(str::to_string) else { return 0.0 };
        if let Some(quoted) = arg.strip_prefix(['"', '\'']) {
            return quoted.chars().next().map_or(0.0, |c| f64::from(u32::from(c)));
        }
        let (value, n) = float::strtod(arg.as_bytes());
        if n == 0 {
            self.complain(&arg, "expected a numeric value");
        } else if n < arg.len() {
            self.complain(&arg, "value not completely converted");
        }
        value
    }
    fn convert(&mut self, d: &Directive) -> Option<Vec<u8>> {
        let sign = |negative: bool| match (negative, d.plus, d.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let (prefix, mut body, numeric) = match d.kind {
            b's' | b'b' | b'q' | b'c' => {
                let arg = self.next().unwrap_or("").to_string();
                let mut bytes = match d.kind {
                    b'b' => {
                        let (bytes, stop) = escapes(arg.as_bytes(), true);
                        if stop {
                            self.sys.put(STDOUT, &bytes);
                            return None;
                        }
                        bytes
                    }
                    b'q' => shell_escape(&arg, false, false).into_bytes(),
                    b'c' => arg.into_bytes().into_iter().take(1).collect(),
                    _ => arg.into_bytes(),
                };
                if let Some(p) = d.precision {
                    bytes.truncate(p);
                }
                (String::new(), bytes, false)
            }
            b'd' | b'i' => {
                let n = self.integer();
                (sign(n < 0).to_string(), n.unsigned_abs().to_string().into_bytes(), true)
            }
            b'u' => (String::new(), (self.integer() as u64).to_string().into_bytes(), true),
            b'o' => (String::new(), format!("{}{:o}", if d.alternate { "0" } else { "" }, self.integer()).into_bytes(), true),
            b'x' | b'X' => {
                let n = self.integer();
                let text = if d.kind == b'x' { format!("{n:x}") } else { format!("{n:X}") };
                let prefix = if d.alternate && n != 0 { format!("0{}", char::from(d.kind)) } else { String::new() };
                (prefix, text.into_bytes(), true)
            }
            _ => {
                let x = self.float();
                let p = d.precision.unwrap_or(6);
                let mut text = match d.kind | 0x20 {
                    b'e' => float::scientific(x, p),
                    b'g' => float::general(x, p, d.alternate),
                    _ => float::fixed(x, p),
                };
                if d.kind.is_ascii_uppercase() {
                    text.make_ascii_uppercase();
                }
                let negative = text.starts_with('-');
                (sign(negative).to_string(), text.trim_start_matches('-').as_bytes().to_vec(), true)
            }
        };
        let whole = numeric && matches!(d.kind, b'd' | b'i' | b'u' | b'o' | b'x' | b'X');
        if let (true, Some(p)) = (whole, d.precision) {
            while body.len() < p {
                body.insert(0, b'0');
            }
        }
        let width = prefix.len() + body.len();
        let fill = d.width.saturating_sub(width);
        let mut out = Vec::new();
        let zero = d.zero && numeric && !d.minus && !(whole && d.precision.is_some());
        if !d.minus && !zero {
            out.resize(fill, b' ');
        }
        out.extend_from_slice(prefix.as_bytes());
        if zero {
            out.resize(out.len() + fill, b'0');
        }
        out.extend_from_slice(&body);
        if d.minus {
            out.resize(out.len() + fill, b' ');
        }
        Some(out)
    }
    /// One run through the format. `None`: the output has ended.
    fn pass(&mut self, format: &[u8]) -> Option<()> {
        let mut at = 0;
        while let Some(&b) = format.get(at) {
            if b != b'%' {
                let n = format[at..].iter().position(|b| *b == b'%').unwrap_or(format.len() - at);
                let (bytes, stop) = escapes(&format[at..at + n], false);
                self.sys.put(STDOUT, &bytes);
                if stop {
                    return None;
                }
                at += n;
                continue;
            }
            let begin = at;
            at += 1;
            if format.get(at) == Some(&b'%') {
                self.sys.put(STDOUT, b"%");
                at += 1;
                continue;
            }
            let mut d = Directive::default();
            while let Some(flag) = format.get(at) {
                match flag {
                    b'-' => d.minus = true,
                    b'+' => d.plus = true,
                    b' ' => d.space = true,
                    b'0' => d.zero = true,
                    b'#' => d.alternate = true,
                    b'\'' => {}
                    _ => break,
                }
                at += 1;
            }
            let width = self.number(format, &mut at);
            if width.is_some_and(|w| w < 0) {
                d.minus = true;
            }
            d.width = (width.unwrap_or(0).unsigned_abs() as usize).min(100_000);
            if format.get(at) == Some(&b'.') {
                at += 1;
                d.precision = usize::try_from(self.number(format, &mut at).unwrap_or(0)).ok().map(|p| p.min(100_000));
            }
            while matches!(format.get(at), Some(b'l' | b'h' | b'L' | b'q' | b'j' | b'z' | b't'))
                && format.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
            {
                at += 1;
            }
            d.kind = format.get(at).copied().unwrap_or(0);
            at += 1;
            if !matches!(
                d.kind,
                b's' | b'b' | b'q' | b'c' | b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G'
            ) {
                let spec = String::from_utf8_lossy(&format[begin..at.min(format.len())]).into_owned();
                self.sys.print(STDERR, format_args!("{}: {spec}: invalid conversion specification\n", self.sys.arg(0)));
                self.status = 1;
                return None;
            }
            let text = self.convert(&d)?;
            self.sys.put(STDOUT, &text);
        }
        Some(())
    }
    fn number(&mut self, format: &[u8], at: &mut usize) -> Option<i64> {
        if format.get(*at) == Some(&b'*') {
            *at += 1;
            return Some(self.integer());
        }
        let n = format[(*at).min(format.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
        let value = format[*at..*at + n].iter().fold(0i64, |v, b| v.saturating_mul(10).saturating_add(i64::from(b - b'0')));
        *at += n;
        (n > 0).then_some(value)
    }
}

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
    let Some((format, rest)) = args.split_first() else { return gnu::missing(&sys, None) };
    let mut job = Job { sys: &sys, args: rest, used: 0, status: 0 };
    loop {
        let before = job.used;
        if job.pass(format.as_bytes()).is_none() || job.used >= rest.len() || job.used == before {
            break;
        }
    }
    if job.used == 0 && !rest.is_empty() && job.status == 0 {
        sys.complain(format_args!("warning: ignoring excess arguments, starting with {}", quote(&rest[0])));
    }
    job.status
}
