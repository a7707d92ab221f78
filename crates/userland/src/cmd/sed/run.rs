//! sed: runs a script over its input: pattern space, hold space, ranges, files read and written.
//! Not here: the script's grammar (`script`). Source: POSIX sed, GNU sed 4.9 execute.c.

mod address;
mod edit;
mod input;

use super::script::{Addr, Command, Do, Piece, Script, Subst};
use crate::util::gnu::{self, Reader};
use crate::util::walk::{base, join, parent};
use machine::{Errno, Fd, FileKind, Open, STDERR, STDOUT, Sys};
use pattern::Regex;

pub(super) struct Settings {
    pub(super) quiet: bool,
    pub(super) separate: bool,
    /// Files are changed in place, the old one kept with this suffix (empty: not kept).
    pub(super) suffix: Option<String>,
    pub(super) end: u8,
    pub(super) width: usize,
    pub(super) utf8: bool,
}

/// Where a range of addresses stands.
#[derive(Clone, Copy)]
enum Range {
    Out,
    /// Until a line, or (0) until its second address matches.
    In(u64),
}

/// What is to be printed at the end of a cycle.
enum Later {
    Text(Vec<u8>),
    File(String),
}

/// How a pass over the script ended.
enum Over {
    /// At its end.
    End,
    /// Without printing the pattern space.
    Dropped,
    /// `D`: again, without reading.
    Again,
    Quit(i32),
}

pub(super) struct Machine<'a> {
    sys: &'a Sys,
    script: Script,
    set: Settings,
    ranges: Vec<Range>,
    files: std::vec::IntoIter<String>,
    name: String,
    reader: Option<Reader>,
    ahead: Option<Vec<u8>>,
    line: u64,
    space: Vec<u8>,
    hold: Vec<u8>,
    /// The line read last had an end.
    ended: bool,
    later: Vec<Later>,
    replaced: bool,
    /// Text of the file that is changed in place.
    edited: Option<Vec<u8>>,
    writers: Vec<(String, Fd)>,
    readers: Vec<(String, Option<Reader>)>,
    /// Outputs that lack the newline of their last line.
    unended: Vec<Fd>,
    status: i32,
}

impl<'a> Machine<'a> {
    pub(super) fn new(sys: &'a Sys, script: Script, set: Settings, files: Vec<String>) -> Machine<'a> {
        Machine {
            sys,
            ranges: vec![Range::Out; script.commands.len()],
            script,
            set,
            files: files.into_iter(),
            name: "-".into(),
            reader: None,
            ahead: None,
            line: 0,
            space: Vec::new(),
            hold: Vec::new(),
            ended: true,
            later: Vec::new(),
            replaced: false,
            edited: None,
            writers: Vec::new(),
            readers: Vec::new(),
            unended: Vec::new(),
            status: 0,
        }
    }
    pub(super) async fn run(mut self) -> i32 {
        if !self.open_writers().await {
            return 4;
        }
        let script = std::mem::replace(&mut self.script, Script { commands: Vec::new(), quiet: false });
        let mut again = false;
        let mut last = None;
        while again || self.read(false).await {
            let over = self.cycle(&script.commands, &mut last).await;
            if !self.set.quiet && matches!(over, Over::End | Over::Quit(0..)) {
                self.print_space(STDOUT);
            }
            self.flush_later().await;
            again = matches!(over, Over::Again);
            if let Over::Quit(n) = over {
                self.status = if n < 0 { -1 - n } else { n };
                // What is left of a file that is changed in place stays in it.
                while self.edited.is_some() && self.advance().await {
                    let line = self.ahead.take().unwrap_or_default();
                    if let Some(text) = self.edited.as_mut() {
                        text.extend_from_slice(&line);
                    }
                    if self.reader.is_none() {
                        break;
                    }
                }
                self.close_input().await;
                break;
            }
        }
        self.status
    }
    async fn open_writers(&mut self) -> bool {
        let mut names: Vec<String> = Vec::new();
        for c in &self.script.commands {
            match &c.does {
                Do::File(b'w' | b'W', name) => names.push(name.clone()),
                Do::Subst(s) => names.extend(s.file.clone()),
                _ => {}
            }
        }
        for name in names {
            if self.writers.iter().any(|w| w.0 == name) {
                continue;
            }
            let fd = match name.as_str() {
                "/dev/stdout" => STDOUT,
                "/dev/stderr" => STDERR,
                _ => match self.sys.open(&name, Open::CREATE, 0o666).await {
                    Ok(fd) => fd,
                    Err(e) => {
                        self.sys.complain(format_args!("couldn't open file {name}: {e}"));
                        return false;
                    }
                },
            };
            self.writers.push((name, fd));
        }
        true
    }

    fn put(&mut self, fd: Fd, bytes: &[u8]) {
        if fd == STDOUT
            && let Some(text) = self.edited.as_mut()
        {
            return text.extend_from_slice(bytes);
        }
        self.sys.put(fd, bytes);
    }
    /// A line to an output; the newline that its last one lacks comes first.
    fn line_to(&mut self, fd: Fd, text: &[u8], ended: bool) {
        if let Some(i) = self.unended.iter().position(|f| *f == fd) {
            self.unended.remove(i);
            self.put(fd, &[self.set.end]);
        }
        self.put(fd, text);
        if ended {
            self.put(fd, &[self.set.end]);
        } else if self.edited.is_none() || fd != STDOUT {
            self.unended.push(fd);
        }
    }
    fn print_space(&mut self, fd: Fd) {
        let text = std::mem::take(&mut self.space);
        self.line_to(fd, &text, self.ended);
        self.space = text;
    }
    fn text(&mut self, text: &[u8]) {
        self.line_to(STDOUT, text.strip_suffix(b"\n").unwrap_or(text), true);
    }
    async fn flush_later(&mut self) {
        for later in std::mem::take(&mut self.later) {
            match later {
                Later::Text(text) => self.text(&text),
                Later::File(name) => {
                    let name = if name == "/dev/stdin" { "-".to_string() } else { name };
                    let bytes = gnu::slurp(self.sys, &name).await.unwrap_or_default();
                    if !bytes.is_empty() {
                        self.line_to(STDOUT, bytes.strip_suffix(b"\n").unwrap_or(&bytes), bytes.ends_with(b"\n"));
                    }
                }
            }
        }
    }
    fn writer(&self, name: &str) -> Fd {
        self.writers.iter().find(|w| w.0 == name).map_or(STDOUT, |w| w.1)
    }

    async fn cycle<'s>(&mut self, commands: &'s [Command], last: &mut Option<&'s Regex>) -> Over {
        let mut i = 0;
        let mut steps = 0u32;
        while let Some(c) = commands.get(i) {
            // A script may jump round for ever.
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(1024) {
                self.sys.yield_now().await;
            }
            let Ok(selected) = self.selected(i, c, last).await else { return Over::Quit(-2) };
            i += 1;
            if selected == c.negated {
                if matches!(c.does, Do::Plain(b'{')) {
                    i = c.end;
                }
                continue;
            }
            match &c.does {
                Do::Plain(letter) => match letter {
                    b'=' => {
                        let n = self.line.to_string();
                        self.line_to(STDOUT, n.as_bytes(), true);
                    }
                    b'd' => return Over::Dropped,
                    b'D' => {
                        let Some(at) = self.space.iter().position(|b| *b == self.set.end) else { return Over::Dropped };
                        self.space.drain(..=at);
                        return Over::Again;
                    }
                    b'F' => {
                        let name = self.name.clone();
                        self.line_to(STDOUT, name.as_bytes(), true);
                    }
                    b'g' => self.space = self.hold.clone(),
                    b'G' => {
                        self.space.push(self.set.end);
                        self.space.extend_from_slice(&self.hold);
                    }
                    b'h' => self.hold = self.space.clone(),
                    b'H' => {
                        self.hold.push(self.set.end);
                        self.hold.extend_from_slice(&self.space);
                    }
                    b'x' => std::mem::swap(&mut self.space, &mut self.hold),
                    b'z' => self.space.clear(),
                    b'p' => self.print_space(STDOUT),
                    b'P' => {
                        let end = self.space.iter().position(|b| *b == self.set.end).unwrap_or(self.space.len());
                        let text = self.space[..end].to_vec();
                        self.line_to(STDOUT, &text, true);
                    }
                    b'n' | b'N' => {
                        if self.is_last().await && !self.set.separate || !self.more().await {
                            return Over::End;
                        }
                        if *letter == b'n' && !self.set.quiet {
                            self.print_space(STDOUT);
                        }
                        self.flush_later().await;
                        if !self.read(*letter == b'N').await {
                            return Over::Dropped;
                        }
                    }
                    _ => {}
                },
                Do::Text(letter, text) => match letter {
                    b'a' => self.later.push(Later::Text(text.clone())),
                    b'i' => self.text(text),
                    _ => {
                        if c.to.is_none() || c.negated || matches!(self.ranges[i - 1], Range::Out) {
                            self.text(text);
                        }
                        return Over::Dropped;
                    }
                },
                Do::File(letter, name) => match letter {
                    b'r' => self.later.push(Later::File(name.clone())),
                    b'R' => self.line_of(name).await,
                    b'w' => {
                        let fd = self.writer(name);
                        self.print_space(fd);
                    }
                    _ => {
                        let fd = self.writer(name);
                        let end = self.space.iter().position(|b| *b == self.set.end).unwrap_or(self.space.len());
                        let text = self.space[..end].to_vec();
                        self.line_to(fd, &text, true);
                    }
                },
                Do::Jump(letter, to) => {
                    let go = match letter {
                        b'b' => true,
                        b't' => self.replaced,
                        _ => !self.replaced,
                    };
                    if *letter != b'b' {
                        self.replaced = false;
                    }
                    if go {
                        i = *to;
                    }
                }
                Do::Number(letter, n) => match letter {
                    b'q' => return Over::Quit(n.unwrap_or(0).min(255) as i32),
                    b'Q' => return Over::Quit(-1 - n.unwrap_or(0).min(255) as i32),
                    _ => self.list(n.map_or(self.set.width, |n| usize::try_from(n).unwrap_or(0))),
                },
                Do::Subst(s) => {
                    let Ok(regex) = self.remember(s.regex.as_ref(), last) else { return Over::Quit(-2) };
                    self.substitute(s, regex);
                }
                Do::Map(map) => self.map(map),
            }
        }
        Over::End
    }
    /// Whether another line comes, from whatever file.
    async fn more(&mut self) -> bool {
        self.set.separate && self.ahead.is_none() && self.files.len() > 0 && self.edited.is_none() || !self.is_last().await
    }
    async fn line_of(&mut self, name: &str) {
        if !self.readers.iter().any(|r| r.0 == name) {
            let reader = Reader::open(self.sys, name).await.ok();
            self.readers.push((name.to_string(), reader));
        }
        if let Some((_, Some(reader))) = self.readers.iter_mut().find(|r| r.0 == name)
            && let Ok(Some(mut line)) = reader.next(self.sys).await
        {
            if line.last() != Some(&b'\n') {
                line.push(b'\n');
            }
            self.later.push(Later::Text(line));
        }
    }
}
