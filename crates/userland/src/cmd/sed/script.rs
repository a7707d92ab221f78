//! sed: the script: addresses, commands, and GNU's complaints with their places.
//! Not here: what commands do (`run`). Source: POSIX sed, GNU sed 4.9 compile.c.

mod parts;

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
}
