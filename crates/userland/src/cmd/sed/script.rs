//! sed: the script: addresses, commands, and GNU's complaints with their places.
//! Not here: what commands do (`run`). Source: POSIX sed, GNU sed 4.9 compile.c.

use pattern::{Options, Regex, Syntax};

/// A piece of script: from `-e`, from a file, or the first operand.
pub(super) struct Part {
    /// `-e expression #1`, `file x`.
    pub(super) name: String,
    pub(super) text: Vec<u8>,
    pub(super) file: bool,
}

pub(super) enum Addr {
    Line(u64),
    /// `first~step`.
    Step(u64, u64),
    Last,
    /// No pattern: the one used last.
    Regex(Option<Box<Regex>>),
    /// `addr,+n`.
    Plus(u64),
    /// `addr,~n`.
    Multiple(u64),
}

/// A piece of a replacement.
pub(super) enum Piece {
    Text(Vec<u8>),
    Group(usize),
    /// `\U` `\L` `\u` `\l` `\E`.
    Case(u8),
}

pub(super) struct Subst {
    pub(super) regex: Option<Regex>,
    pub(super) pieces: Vec<Piece>,
    pub(super) global: bool,
    pub(super) print: bool,
    pub(super) number: u64,
    pub(super) file: Option<String>,
}

pub(super) enum Do {
    /// One of `= d D g G h H n N p P x z F {` and `}`, which do without arguments.
    Plain(u8),
    /// `a`, `i`, `c`.
    Text(u8, Vec<u8>),
    /// `r`, `R`, `w`, `W`.
    File(u8, String),
    /// `b`, `t`, `T`: where to.
    Jump(u8, usize),
    /// `q`, `Q`, `l`, `L` with a number.
    Number(u8, Option<u64>),
    Subst(Box<Subst>),
    Map(Vec<(Vec<u8>, Vec<u8>)>),
}

pub(super) struct Command {
    pub(super) from: Option<Addr>,
    pub(super) to: Option<Addr>,
    pub(super) negated: bool,
    pub(super) does: Do,
    /// Of `{`: the command behind its `}`.
    pub(super) end: usize,
}

pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    pub(super) quiet: bool,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    extended: bool,
    utf8: bool,
}

type Res<T> = Result<T, String>;

/// Reads a whole script.
pub(super) fn parse(parts: &[Part], extended: bool, utf8: bool) -> Res<Script> {
    let text: Vec<u8> = parts.iter().map(|p| p.text.as_slice()).collect::<Vec<_>>().join(&b'\n');
    let quiet = text.starts_with(b"#n\n") || text == b"#n";
    let mut p = Parser { text: &text, at: 0, extended, utf8 };
    let mut commands = Vec::new();
    let mut open = Vec::new();
    let (mut labels, mut jumps) = (Vec::new(), Vec::new());
    let done = p.commands(&mut commands, &mut open, &mut labels, &mut jumps);
    let place = |at: usize| {
        let mut start = 0;
        let mut last = None;
        for part in parts {
            if at >= start {
                last = Some((part, start));
            }
            start += part.text.len() + 1;
        }
        match last {
            Some((part, start)) if part.file => {
                let line = 1 + text[start..at.min(text.len())].iter().filter(|b| **b == b'\n').count();
                format!("{} line {line}: ", part.name)
            }
            Some((part, start)) => format!("{}, char {}: ", part.name, at.min(start + part.text.len()) - start),
            None => String::new(),
        }
    };
    if let Err(text) = done {
        return Err(place(p.at) + &text);
    }
    if !open.is_empty() {
        return Err(format!("{}, char 0: unmatched `{{'", parts.first().map_or("", |p| p.name.as_str())));
    }
    for (command, label) in jumps {
        let target = if label.is_empty() { Some(commands.len()) } else { labels.iter().find(|(l, _)| *l == label).map(|l| l.1) };
        let Some(target) = target else { return Err(format!("can't find label for jump to `{label}'")) };
        if let Some(Command { does: Do::Jump(_, to), .. }) = commands.get_mut(command) {
            *to = target;
        }
    }
    Ok(Script { commands, quiet })
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
    fn next(&mut self) -> Option<u8> {
        let b = self.peek();
        self.at += usize::from(b.is_some());
        b
    }
    fn skip(&mut self, what: &[u8]) {
        while self.peek().is_some_and(|b| what.contains(&b)) {
            self.at += 1;
        }
    }
    fn number(&mut self) -> Option<u64> {
        let mut n: Option<u64> = None;
        while let Some(d) = self.peek().filter(u8::is_ascii_digit) {
            n = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(d - b'0')));
            self.at += 1;
        }
        n
    }
    fn commands(
        &mut self,
        out: &mut Vec<Command>,
        open: &mut Vec<usize>,
        labels: &mut Vec<(String, usize)>,
        jumps: &mut Vec<(usize, String)>,
    ) -> Res<()> {
        loop {
            self.skip(b" \t\n\r;");
            if self.peek().is_none() {
                return Ok(());
            }
            let from = self.address(false)?;
            self.skip(b" \t");
            let mut to = None;
            if self.peek() == Some(b',') {
                self.at += 1;
                if from.is_none() {
                    return Err("unexpected `,'".into());
                }
                self.skip(b" \t");
                to = self.address(true)?;
                if to.is_none() {
                    self.at += 1;
                    return Err("unexpected `,'".into());
                }
            }
            let regex_to = matches!(to, Some(Addr::Regex(_)));
            self.skip(b" \t");
            let mut negated = false;
            while self.peek() == Some(b'!') {
                self.at += 1;
                if negated {
                    return Err("multiple `!'s".into());
                }
                negated = true;
                self.skip(b" \t");
            }
            let Some(c) = self.next() else { return Err("missing command".into()) };
            if matches!(from, Some(Addr::Line(0))) && !regex_to {
                return Err("invalid usage of line address 0".into());
            }
            let addressed = from.is_some();
            let one = |p: &Self| if to.is_some() { Err("command only uses one address".to_string()) } else { Ok(p.at) };
            let does = match c {
                b'#' if addressed => return Err("comments don't accept any addresses".into()),
                b'#' => {
                    while self.next().is_some_and(|b| b != b'\n') {}
                    continue;
                }
                b':' if addressed => return Err(": doesn't want any addresses".into()),
                b':' => {
                    self.skip(b" \t");
                    let label = self.word(b"\n; \t");
                    if label.is_empty() {
                        return Err("\":\" lacks a label".into());
                    }
                    labels.push((label, out.len()));
                    continue;
                }
                b'{' => {
                    open.push(out.len());
                    out.push(Command { from, to, negated, does: Do::Plain(c), end: 0 });
                    continue;
                }
                b'}' => {
                    let Some(start) = open.pop() else { return Err("unexpected `}'".into()) };
                    if addressed {
                        return Err("} doesn't want any addresses".into());
                    }
                    out[start].end = out.len();
                    self.end()?;
                    continue;
                }
                b'=' | b'd' | b'D' | b'F' | b'g' | b'G' | b'h' | b'H' | b'n' | b'N' | b'p' | b'P' | b'x' | b'z' => {
                    self.end()?;
                    Do::Plain(c)
                }
                b'a' | b'i' | b'c' => Do::Text(c, self.text_argument()?),
                b'r' | b'R' | b'w' | b'W' => {
                    let name = self.file()?;
                    Do::File(c, name)
                }
                b'b' | b't' | b'T' => {
                    self.skip(b" \t");
                    jumps.push((out.len(), self.word(b"\n; \t}")));
                    self.end()?;
                    Do::Jump(c, 0)
                }
                b'q' | b'Q' | b'l' | b'L' => {
                    if c == b'q' || c == b'Q' {
                        one(self)?;
                    }
                    self.skip(b" \t");
                    let n = self.number();
                    self.end()?;
                    Do::Number(c, n)
                }
                b's' => Do::Subst(Box::new(self.substitution()?)),
                b'y' => Do::Map(self.map()?),
                b'e' | b'v' | b'M' if c != b'M' => return Err(format!("the `{}' command is not simulated here", char::from(c))),
                _ => return Err(format!("unknown command: `{}'", char::from(c))),
            };
            out.push(Command { from, to, negated, does, end: 0 });
        }
    }
    /// What may follow a command.
    fn end(&mut self) -> Res<()> {
        self.skip(b" \t\r");
        match self.peek() {
            None | Some(b'}' | b'#') => Ok(()),
            Some(b';' | b'\n') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => {
                self.at += 1;
                Err("extra characters after command".into())
            }
        }
    }
    fn word(&mut self, ends: &[u8]) -> String {
        let start = self.at;
        while self.peek().is_some_and(|b| !ends.contains(&b)) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }
    fn file(&mut self) -> Res<String> {
        self.skip(b" \t");
        let name = self.word(b"\n");
        if name.is_empty() { Err("missing filename in r/R/w/W commands".into()) } else { Ok(name) }
    }
    fn address(&mut self, second: bool) -> Res<Option<Addr>> {
        let Some(c) = self.peek() else { return Ok(None) };
        match c {
            b'$' => {
                self.at += 1;
                Ok(Some(Addr::Last))
            }
            b'0'..=b'9' => {
                let first = self.number().unwrap_or(0);
                self.skip(b" \t");
                if self.peek() != Some(b'~') || second {
                    return Ok(Some(Addr::Line(first)));
                }
                self.at += 1;
                Ok(Some(Addr::Step(first, self.number().unwrap_or(0))))
            }
            b'+' | b'~' => {
                self.at += 1;
                let n = self.number().unwrap_or(0);
                if !second {
                    return Err("invalid usage of +N or ~N as first address".into());
                }
                Ok(Some(if c == b'+' { Addr::Plus(n) } else { Addr::Multiple(n) }))
            }
            b'/' | b'\\' => {
                self.at += 1;
                let delimiter = if c == b'\\' { self.next() } else { Some(c) };
                let unterminated = || "unterminated address regex".to_string();
                let delimiter = delimiter.ok_or_else(unterminated)?;
                let text = self.until(delimiter, true).ok_or_else(unterminated)?;
                let mut options = Options { utf8: self.utf8, ..Options::default() };
                loop {
                    match self.peek() {
                        Some(b'I') => options.icase = true,
                        Some(b'M') => options.newline = true,
                        _ => break,
                    }
                    self.at += 1;
                }
                Ok(Some(Addr::Regex(self.regex(&text, options)?.map(Box::new))))
            }
            _ => Ok(None),
        }
    }
    /// The text up to a delimiter. A delimiter behind a backslash loses it; in a pattern a newline may be written `\n`.
    fn until(&mut self, delimiter: u8, pattern: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut bracket = false;
        loop {
            let b = self.next()?;
            if b == b'\\' && !bracket {
                let c = self.next()?;
                if c == delimiter && c != b'\\' {
                    out.push(c);
                } else if c == b'n' && pattern {
                    out.push(b'\n');
                } else {
                    out.extend_from_slice(&[b, c]);
                }
                continue;
            }
            if pattern && !bracket && b == b'[' {
                out.push(b);
                bracket = true;
                // A bracket at the start of the list, also of a negated one, is in it.
                for c in [b'^', b']'] {
                    if self.peek() == Some(c) {
                        out.push(c);
                        self.at += 1;
                    }
                }
                continue;
            }
            if bracket {
                if b == b'[' && matches!(self.peek(), Some(b':' | b'.' | b'=')) {
                    // [:alpha:]
                    let kind = self.next()?;
                    out.extend_from_slice(&[b, kind]);
                    while let Some(c) = self.next() {
                        out.push(c);
                        if c == kind && self.peek() == Some(b']') {
                            out.push(b']');
                            self.at += 1;
                            break;
                        }
                    }
                    continue;
                }
                if b == b'\\' && self.peek() == Some(b'n') {
                    self.at += 1;
                    out.push(b'\n');
                    continue;
                }
                if b == b'\\' && self.peek() == Some(b't') {
                    self.at += 1;
                    out.push(b'\t');
                    continue;
                }
                bracket = b != b']';
                out.push(b);
                continue;
            }
            if b == delimiter {
                return Some(out);
            }
            if b == b'\n' && pattern {
                return None;
            }
            out.push(b);
        }
    }
    fn regex(&self, text: &[u8], options: Options) -> Res<Option<Regex>> {
        if text.is_empty() {
            return Ok(None);
        }
        let syntax = if self.extended { Syntax::Sed } else { Syntax::Basic };
        Regex::new(&escapes(text), syntax, options).map(Some).map_err(|e| e.to_string())
    }
    fn substitution(&mut self) -> Res<Subst> {
        let unterminated = || "unterminated `s' command".to_string();
        let delimiter = self.next().filter(|b| *b != b'\n' && *b != b'\\').ok_or_else(unterminated)?;
        let pattern = self.until(delimiter, true).ok_or_else(unterminated)?;
        let replacement = self.until(delimiter, false).ok_or_else(unterminated)?;
        let mut s = Subst { regex: None, pieces: pieces(&replacement), global: false, print: false, number: 0, file: None };
        let mut options = Options { utf8: self.utf8, ..Options::default() };
        loop {
            match self.peek() {
                Some(b'g') if s.global => {
                    self.at += 1;
                    return Err("multiple `g' options to `s' command".into());
                }
                Some(b'p') if s.print => {
                    self.at += 1;
                    return Err("multiple `p' options to `s' command".into());
                }
                Some(b'g') => s.global = true,
                Some(b'p') => s.print = true,
                Some(b'i' | b'I') => options.icase = true,
                Some(b'm' | b'M') => options.newline = true,
                Some(b'0'..=b'9') => {
                    let again = s.number > 0;
                    let at = self.at;
                    s.number = self.number().unwrap_or(0);
                    if again || s.number == 0 {
                        self.at = at + 1;
                        let what =
                            if again { "multiple number options to `s' command" } else { "number option to `s' command may not be zero" };
                        return Err(what.into());
                    }
                    continue;
                }
                Some(b'w') => {
                    self.at += 1;
                    s.file = Some(self.file()?);
                    break;
                }
                Some(b'e') => return Err("the `e' option of the `s' command is not simulated here".into()),
                None | Some(b';' | b'\n' | b'}' | b'#' | b' ' | b'\t' | b'\r') => {
                    self.end().map_err(|_| "unknown option to `s'".to_string())?;
                    break;
                }
                Some(_) => {
                    self.at += 1;
                    return Err("unknown option to `s'".into());
                }
            }
            self.at += 1;
        }
        s.regex = self.regex(&pattern, options)?;
        let most = s.pieces.iter().map(|p| if let Piece::Group(n) = p { *n } else { 0 }).max().unwrap_or(0);
        if let Some(regex) = &s.regex
            && most > regex.groups()
        {
            return Err(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(s)
    }
    fn map(&mut self) -> Res<Vec<(Vec<u8>, Vec<u8>)>> {
        let unterminated = || "unterminated `y' command".to_string();
        let delimiter = self.next().ok_or_else(unterminated)?;
        let from = self.until(delimiter, false).ok_or_else(unterminated)?;
        let to = self.until(delimiter, false).ok_or_else(unterminated)?;
        let (from, to) = (self.characters(&from), self.characters(&to));
        if from.len() != to.len() {
            return Err("strings for `y' command are different lengths".into());
        }
        self.end()?;
        Ok(from.into_iter().zip(to).collect())
    }
    fn characters(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let mut plain = Vec::new();
        let mut bytes = text.iter();
        while let Some(b) = bytes.next() {
            match (b, bytes.clone().next()) {
                (b'\\', Some(b'\\')) => drop(bytes.next().map(|c| plain.push(*c))),
                (b'\\', Some(b'n')) => drop(bytes.next().map(|_| plain.push(b'\n'))),
                (b'\\', Some(b't')) => drop(bytes.next().map(|_| plain.push(b'\t'))),
                _ => plain.push(*b),
            }
        }
        match std::str::from_utf8(&plain) {
            Ok(text) if self.utf8 => text.chars().map(|c| c.to_string().into_bytes()).collect(),
            _ => plain.iter().map(|b| vec![*b]).collect(),
        }
    }
    /// The text of `a`, `i` and `c`, its last newline with it.
    fn text_argument(&mut self) -> Res<Vec<u8>> {
        self.skip(b" \t");
        if self.peek().is_none() {
            return Err("expected \\ after `a', `c' or `i'".into());
        }
        if self.peek() == Some(b'\\') {
            self.at += 1;
            let start = self.at;
            self.skip(b" \t");
            if self.peek() == Some(b'\n') {
                self.at += 1;
            } else {
                // `a\text`: blanks in front of the text count.
                self.at = start;
            }
        }
        let mut out = Vec::new();
        while let Some(b) = self.next() {
            match b {
                b'\n' => break,
                b'\\' => out.extend(self.next()),
                b => out.push(b),
            }
        }
        out.push(b'\n');
        Ok(out)
    }
}

/// What GNU puts in place of `\t` and its kin before a pattern is compiled.
fn escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < text.len() {
        match (text[i], text.get(i + 1)) {
            (b'\\', Some(c)) => {
                match c {
                    b't' => out.push(b'\t'),
                    b'f' => out.push(12),
                    b'v' => out.push(11),
                    b'a' => out.push(7),
                    b'r' => out.push(b'\r'),
                    c => out.extend_from_slice(&[b'\\', *c]),
                }
                i += 2;
            }
            (b, _) => {
                out.push(b);
                i += 1;
            }
        }
    }
    out
}

fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = Vec::new();
    let mut bytes = text.iter();
    while let Some(b) = bytes.next() {
        let piece = match b {
            b'&' => Piece::Group(0),
            b'\\' => match bytes.next() {
                Some(d @ b'0'..=b'9') => Piece::Group(usize::from(d - b'0')),
                Some(c @ (b'U' | b'L' | b'u' | b'l' | b'E')) => Piece::Case(*c),
                other => {
                    plain.push(match other {
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(b'r') => b'\r',
                        Some(b'a') => 7,
                        Some(b'f') => 12,
                        Some(b'v') => 11,
                        Some(c) => *c,
                        None => b'\\',
                    });
                    continue;
                }
            },
            b => {
                plain.push(*b);
                continue;
            }
        };
        if !plain.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut plain)));
        }
        out.push(piece);
    }
    if !plain.is_empty() {
        out.push(Piece::Text(plain));
    }
    out
}
