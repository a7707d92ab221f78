//! sed: runs a script over its input: pattern space, hold space, ranges, files read and written.
//! Not here: the script's grammar (`script`). Source: POSIX sed, GNU sed 4.9 execute.c.

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

    // --- input ---------------------------------------------------------------------------------

    /// Makes sure that the next line is in `ahead`; false at the end of the input (of the file, where files are separate).
    async fn advance(&mut self) -> bool {
        while self.ahead.is_none() {
            if self.reader.is_none() && !self.open_next().await {
                return false;
            }
            let Some(reader) = self.reader.as_mut() else { continue };
            match reader.next_by(self.sys, self.set.end).await {
                Ok(Some(line)) => self.ahead = Some(line),
                Ok(None) => self.close_input().await,
                Err(e) => {
                    let name = if self.name == "-" { "stdin" } else { &self.name };
                    self.sys.complain(format_args!("read error on {name}: {e}"));
                    self.status = 4;
                    self.files = Vec::new().into_iter();
                    self.close_input().await;
                }
            }
        }
        true
    }
    async fn open_next(&mut self) -> bool {
        let Some(name) = self.files.next() else { return false };
        if self.set.suffix.is_some() && name != "-" {
            let stat = self.sys.stat(&name).await;
            if stat.as_ref().is_ok_and(|s| s.kind != FileKind::File) {
                self.sys.complain(format_args!("couldn't edit {name}: not a regular file"));
                self.status = 4;
                return true;
            }
        }
        match Reader::open(self.sys, &name).await {
            Ok(reader) => {
                self.reader = Some(reader);
                self.name = name;
                if self.set.separate {
                    self.line = 0;
                    self.ranges.fill(Range::Out);
                }
                if self.set.suffix.is_some() && self.name != "-" {
                    self.edited = Some(Vec::new());
                }
            }
            Err(e) => {
                self.sys.complain(format_args!("can't read {name}: {e}"));
                self.status = 2;
            }
        }
        true
    }
    /// Ends with a file; one that is changed in place is written.
    async fn close_input(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.close(self.sys).await;
        }
        let Some(text) = self.edited.take() else { return };
        let sys = self.sys;
        let name = self.name.clone();
        let done = async {
            let old = sys.stat(&name).await?;
            let temporary = join(parent(&name), &format!("sed{:06}", sys.random().await % 1_000_000));
            if let Err(e) = sys.write_file(&temporary, &text, 0o600).await {
                sys.complain(format_args!("couldn't open temporary file {temporary}: {e}"));
                return Ok(false);
            }
            sys.chmod(&temporary, old.mode).await?;
            let _ = sys.chown(&temporary, Some(old.uid), Some(old.gid), true).await;
            if let Some(suffix) = self.set.suffix.as_ref().filter(|s| !s.is_empty()) {
                let backup = if suffix.contains('*') { suffix.replace('*', base(&name)) } else { format!("{}{suffix}", base(&name)) };
                let backup = if backup.contains('/') { backup } else { join(parent(&name), &backup) };
                sys.rename(&name, &backup).await?;
            }
            sys.rename(&temporary, &name).await.map(|()| true)
        }
        .await;
        match done {
            Ok(true) => {}
            Ok(false) => self.status = 4,
            Err(e) => {
                let e: Errno = e;
                sys.complain(format_args!("cannot rename {name}: {e}"));
                self.status = 4;
            }
        }
    }
    async fn is_last(&mut self) -> bool {
        if self.set.separate {
            // The end of this file counts.
            if self.ahead.is_none()
                && let Some(reader) = self.reader.as_mut()
                && let Ok(line) = reader.next_by(self.sys, self.set.end).await
            {
                self.ahead = line;
            }
            return self.ahead.is_none();
        }
        !self.advance().await
    }
    /// Reads the next line into the pattern space, or behind what is in it.
    async fn read(&mut self, append: bool) -> bool {
        if !self.advance().await {
            return false;
        }
        let Some(mut line) = self.ahead.take() else { return false };
        self.ended = line.last() == Some(&self.set.end);
        if self.ended {
            line.pop();
        }
        self.line += 1;
        self.replaced = false;
        if append {
            self.space.push(self.set.end);
            self.space.extend_from_slice(&line);
        } else {
            self.space = line;
        }
        true
    }

    // --- output --------------------------------------------------------------------------------

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

    // --- addresses -----------------------------------------------------------------------------

    async fn hits<'s>(&mut self, addr: &'s Addr, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        Ok(match addr {
            Addr::Line(n) | Addr::Plus(n) | Addr::Multiple(n) => self.line == *n,
            Addr::Step(first, 0) => self.line == *first,
            Addr::Step(first, step) => self.line >= *first && (self.line - first).is_multiple_of(*step),
            Addr::Last => self.is_last().await,
            Addr::Regex(regex) => {
                let regex = self.remember(regex.as_deref(), last)?;
                regex.is_match(&self.space)
            }
        })
    }
    /// The pattern, or the one used last.
    fn remember<'s>(&mut self, regex: Option<&'s Regex>, last: &mut Option<&'s Regex>) -> Result<&'s Regex, ()> {
        if regex.is_some() {
            *last = regex;
        }
        last.ok_or_else(|| {
            self.sys.complain(format_args!("-e expression #1, char 0: no previous regular expression"));
        })
    }
    async fn selected<'s>(&mut self, i: usize, c: &'s Command, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        let Some(from) = &c.from else { return Ok(true) };
        let Some(to) = &c.to else { return self.hits(from, last).await };
        if let Range::In(until) = self.ranges[i] {
            let over = match to {
                Addr::Regex(_) | Addr::Last => self.hits(to, last).await?,
                _ => self.line >= until,
            };
            if over {
                self.ranges[i] = Range::Out;
            }
            // Past a line number: the range has ended before this line.
            if matches!(to, Addr::Line(_)) && self.line > until {
                return self.enter(i, from, to, last).await;
            }
            return Ok(true);
        }
        self.enter(i, from, to, last).await
    }
    /// Whether a range begins at this line.
    async fn enter<'s>(&mut self, i: usize, from: &'s Addr, to: &'s Addr, last: &mut Option<&'s Regex>) -> Result<bool, ()> {
        if matches!(from, Addr::Line(0)) {
            if self.line != 1 {
                return Ok(false);
            }
            if !self.hits(to, last).await? {
                self.ranges[i] = Range::In(0);
            }
            return Ok(true);
        }
        if !self.hits(from, last).await? {
            return Ok(false);
        }
        let until = match to {
            Addr::Line(n) => *n,
            Addr::Plus(n) => self.line.saturating_add(*n),
            Addr::Multiple(0) => self.line,
            Addr::Multiple(n) => self.line.div_ceil(*n).saturating_mul(*n),
            Addr::Last if self.is_last().await => return Ok(true),
            _ => u64::MAX,
        };
        if until > self.line {
            self.ranges[i] = Range::In(until);
        }
        Ok(true)
    }

    // --- commands ------------------------------------------------------------------------------

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
    fn substitute(&mut self, s: &Subst, regex: &Regex) {
        let text = std::mem::take(&mut self.space);
        let mut out = Vec::with_capacity(text.len());
        let (mut at, mut copied, mut count, mut done) = (0, 0, 0, false);
        let mut behind = None;
        while let Some(m) = regex.find(&text, at) {
            let (a, b) = (m.start(), m.end());
            // An empty match right behind the last one does not count.
            if a != b || behind != Some(a) {
                behind = Some(b);
                count += 1;
                if count >= s.number.max(1) {
                    out.extend_from_slice(&text[copied..a]);
                    fill(&s.pieces, &text, &m, &mut out);
                    copied = b;
                    done = true;
                    if !s.global {
                        break;
                    }
                } else {
                    out.extend_from_slice(&text[copied..b]);
                    copied = b;
                }
            }
            at = b;
            if a == b {
                let step = if self.set.utf8 { char_len(&text[b..]) } else { 1 };
                if b >= text.len() {
                    break;
                }
                out.extend_from_slice(&text[copied..b + step]);
                copied = b + step;
                at = copied;
            }
        }
        out.extend_from_slice(text.get(copied..).unwrap_or(b""));
        self.space = if done { out } else { text };
        if done {
            self.replaced = true;
            if s.print {
                self.print_space(STDOUT);
            }
            if let Some(name) = &s.file {
                let fd = self.writer(name);
                self.print_space(fd);
            }
        }
    }
    fn map(&mut self, map: &[(Vec<u8>, Vec<u8>)]) {
        let text = std::mem::take(&mut self.space);
        let mut at = 0;
        while at < text.len() {
            let len = if self.set.utf8 { char_len(&text[at..]) } else { 1 };
            let c = &text[at..at + len];
            match map.iter().find(|m| m.0 == c) {
                Some(m) => self.space.extend_from_slice(&m.1),
                None => self.space.extend_from_slice(c),
            }
            at += len;
        }
    }
    /// `l`: unambiguously, folded.
    fn list(&mut self, width: usize) {
        let (mut out, mut column) = (Vec::new(), 0);
        let text = std::mem::take(&mut self.space);
        for b in &text {
            let one = match b {
                b'\\' => "\\\\".to_string(),
                7 => "\\a".into(),
                8 => "\\b".into(),
                12 => "\\f".into(),
                b'\n' => "\\n".into(),
                b'\r' => "\\r".into(),
                b'\t' => "\\t".into(),
                11 => "\\v".into(),
                b if b.is_ascii_graphic() || *b == b' ' => char::from(*b).to_string(),
                b => format!("\\{b:03o}"),
            };
            if width > 1 && column + one.len() > width - 1 {
                out.extend_from_slice(b"\\\n");
                column = 0;
            }
            column += one.len();
            out.extend_from_slice(one.as_bytes());
        }
        out.push(b'$');
        self.space = text;
        self.line_to(STDOUT, &out, true);
    }
}

fn char_len(text: &[u8]) -> usize {
    let want = match text.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 1,
    };
    if text.get(..want).is_some_and(|c| std::str::from_utf8(c).is_ok()) { want } else { 1 }
}

/// Appends the replacement of a match.
fn fill(pieces: &[Piece], text: &[u8], m: &pattern::Match, out: &mut Vec<u8>) {
    let (mut case, mut once) = (b'E', 0);
    for piece in pieces {
        let part = match piece {
            Piece::Text(t) => t.as_slice(),
            Piece::Group(n) => m.text(text, *n),
            Piece::Case(c @ (b'u' | b'l')) => {
                once = *c;
                continue;
            }
            Piece::Case(c) => {
                (case, once) = (*c, 0);
                continue;
            }
        };
        for b in part {
            let up = if once != 0 { once == b'u' } else { case == b'U' };
            let down = if once != 0 { once == b'l' } else { case == b'L' };
            once = 0;
            out.push(if up {
                b.to_ascii_uppercase()
            } else if down {
                b.to_ascii_lowercase()
            } else {
                *b
            });
        }
    }
}
