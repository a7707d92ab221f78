//! A terminal's transcript: bytes with control sequences become lines that know who said them and which decision they tell of.
//! Full-screen programs (alternate screen) go to a grid instead. Not here: reading replies (`session`), drawing.
//! Follows ECMA-48 as far as line-by-line programs use it.

use super::{Screen, Session};
use std::collections::VecDeque;
use world::Origin;

/// Who said a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Typed at a shell's prompt.
    Shell,
    /// Typed to a server.
    Client,
    /// Typed to another program.
    Answer,
    /// Said by a server.
    Server,
    /// Output of a program on this side.
    Output,
}

/// A finished line.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) mark: Mark,
    /// Bytes of `text` that were the prompt before what was typed.
    pub(crate) prompt: usize,
    /// Number of the decision, or 0.
    pub(crate) trace: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Esc {
    Ground,
    Escape,
    Csi,
    /// Operating system command, until BEL or ESC.
    Osc,
    /// One more byte belongs to it, as in `ESC ( B`.
    Skip,
}

/// Lines that are kept; when a fifth more has come, the oldest are dropped.
const KEEP: usize = 20_000;

/// What a terminal has shown.
pub(crate) struct Transcript {
    pub(crate) lines: Vec<Line>,
    /// How many lines were dropped from the front, so that `dropped + index` names a line for ever.
    pub(crate) dropped: usize,
    /// The line that is being written, as characters, and the column of the next one.
    pending: Vec<char>,
    column: usize,
    /// Column from which the pending line was typed.
    typed_from: Option<usize>,
    trace: u32,
    /// Numbers of the lines typed to a server that wait for their answers.
    asked: VecDeque<usize>,
    /// The decision that the bytes being taken tell of.
    burst: u32,
    /// What the next typed line is: set by whoever passes the typing on.
    pub(crate) typing: Mark,
    pub(crate) session: Session,
    /// The grid of a full-screen program, while one has the terminal.
    pub(crate) screen: Option<Screen>,
    size: (usize, usize),
    alt: String,
    esc: Esc,
    params: String,
    partial: Vec<u8>,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Transcript {
            lines: Vec::new(),
            dropped: 0,
            pending: Vec::new(),
            column: 0,
            typed_from: None,
            trace: 0,
            asked: VecDeque::new(),
            burst: 0,
            typing: Mark::Shell,
            session: Session::default(),
            screen: None,
            size: (80, 24),
            alt: String::new(),
            esc: Esc::Ground,
            params: String::new(),
            partial: Vec::new(),
        }
    }
    /// The unfinished line: the prompt that waits for input.
    pub(crate) fn prompt(&self) -> String {
        self.pending.iter().collect()
    }
    /// Forgets all lines but the unfinished one.
    pub(crate) fn clear(&mut self) {
        self.dropped += self.lines.len();
        self.lines.clear();
    }
    /// The window has another size.
    pub(crate) fn resize(&mut self, cols: usize, rows: usize) {
        self.size = (cols.max(2), rows.max(2));
        if let Some(screen) = &mut self.screen {
            screen.resize(self.size.0, self.size.1);
        }
    }
    /// Takes bytes that came out of the world.
    pub(crate) fn feed(&mut self, bytes: &[u8], origin: Origin, trace: u32) {
        self.burst = trace;
        // A line may come in pieces, of which only one tells.
        if trace != 0 || self.pending.is_empty() {
            self.trace = trace;
        }
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text(text, origin);
                    break;
                }
                Err(e) => {
                    let (good, bad) = rest.split_at(e.valid_up_to());
                    self.text(std::str::from_utf8(good).unwrap_or_default(), origin);
                    match e.error_len() {
                        Some(n) => {
                            self.text("\u{fffd}", origin);
                            rest = bad.get(n..).unwrap_or_default();
                        }
                        None => {
                            self.partial = bad.to_vec();
                            break;
                        }
                    }
                }
            }
        }
        self.flush_screen();
    }
    fn flush_screen(&mut self) {
        if let Some(screen) = &mut self.screen {
            screen.feed(&self.alt);
        }
        self.alt.clear();
    }
    fn text(&mut self, text: &str, origin: Origin) {
        for c in text.chars() {
            if self.screen.is_some() {
                self.alt.push(c);
            }
            match self.esc {
                Esc::Ground => self.char(c, origin),
                Esc::Escape => {
                    self.params.clear();
                    self.esc = match c {
                        '[' => Esc::Csi,
                        ']' => Esc::Osc,
                        '(' | ')' => Esc::Skip,
                        _ => Esc::Ground,
                    };
                }
                Esc::Csi => match c {
                    '@'..='~' => {
                        self.esc = Esc::Ground;
                        self.sequence(c);
                    }
                    _ if self.params.len() < 64 => self.params.push(c),
                    _ => self.esc = Esc::Ground,
                },
                Esc::Osc => match c {
                    '\x07' => self.esc = Esc::Ground,
                    '\x1b' => self.esc = Esc::Skip,
                    _ => {}
                },
                Esc::Skip => self.esc = Esc::Ground,
            }
        }
    }
    fn char(&mut self, c: char, origin: Origin) {
        if c == '\x1b' {
            self.esc = Esc::Escape;
            return;
        }
        if self.screen.is_some() {
            return;
        }
        if origin == Origin::Typed && self.typed_from.is_none() {
            self.typed_from = Some(self.pending.len());
        }
        match c {
            '\n' => self.end_line(),
            '\r' => self.column = 0,
            '\x08' => self.column = self.column.saturating_sub(1),
            '\t' => {
                for _ in 0..8 - self.column % 8 {
                    self.put(' ');
                }
            }
            '\x0c' => {}
            c if c < ' ' || c == '\x7f' => {}
            c => self.put(c),
        }
    }
    fn put(&mut self, c: char) {
        match self.pending.get_mut(self.column) {
            Some(cell) => *cell = c,
            None => self.pending.push(c),
        }
        self.column += 1;
    }
    fn end_line(&mut self) {
        let text: String = self.pending.drain(..).collect();
        self.column = 0;
        let trace = std::mem::replace(&mut self.trace, self.burst);
        let typed = self.typed_from.take();
        let (mark, prompt) = match typed {
            Some(from) => {
                let prompt = text.char_indices().nth(from).map_or(text.len(), |(i, _)| i);
                let line = text.get(prompt..).unwrap_or_default();
                match self.typing {
                    // A line of a message has no answer of its own, but the one that ends it has.
                    Mark::Client if !self.session.data || line == "." => self.asked.push_back(self.dropped + self.lines.len()),
                    Mark::Client => {}
                    _ => self.asked.clear(),
                }
                self.session.typed(self.typing, line);
                (self.typing, prompt)
            }
            None => (if self.session.said(&text) { Mark::Server } else { Mark::Output }, 0),
        };
        if mark == Mark::Server
            && super::reply(&text).is_some_and(|(_, more)| !more)
            && let Some(line) = self.asked.pop_front().and_then(|n| self.lines.get_mut(n.checked_sub(self.dropped)?))
        {
            line.trace = trace;
        }
        self.lines.push(Line { text, mark, prompt, trace });
        if self.lines.len() > KEEP + KEEP / 5 {
            let extra = self.lines.len() - KEEP;
            self.lines.drain(..extra);
            self.dropped += extra;
        }
    }
    fn sequence(&mut self, last: char) {
        let alternate = matches!(self.params.as_str(), "?1049" | "?1047" | "?47");
        match (last, self.params.as_str()) {
            ('h', _) if alternate && self.screen.is_none() => {
                self.screen = Some(Screen::new(self.size.0, self.size.1));
                self.alt.clear();
            }
            ('l', _) if alternate && self.screen.is_some() => {
                self.screen = None;
                self.alt.clear();
            }
            _ if self.screen.is_some() => {}
            ('J', "2" | "3") => self.clear(),
            ('J', "" | "0") | ('K', "" | "0") => self.pending.truncate(self.column),
            ('K', "2") => self.pending.clear(),
            ('H', _) => {
                self.pending.clear();
                self.column = 0;
            }
            ('D', n) => self.column = self.column.saturating_sub(n.parse().unwrap_or(1)),
            ('C', n) => {
                let n: usize = n.parse().unwrap_or(1);
                self.column = (self.column + n.min(500)).min(self.pending.len());
            }
            ('G', n) => self.column = n.parse().unwrap_or(1usize).saturating_sub(1).min(self.pending.len()),
            _ => {}
        }
    }
}

/// Columns that a text takes: two for the wide characters of East Asia.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}') { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(t: &Transcript) -> Vec<&str> {
        t.lines.iter().map(|l| l.text.as_str()).collect()
    }

    #[test]
    fn prompt_and_echo_make_one_line() {
        let mut t = Transcript::new();
        t.feed(b"Last login\r\n[root@mail ~]# ", Origin::Program, 0);
        assert_eq!(t.prompt(), "[root@mail ~]# ");
        t.feed(b"id\r\n", Origin::Typed, 0);
        t.feed(b"uid=0(root)\r\n", Origin::Program, 0);
        assert_eq!(shown(&t), ["Last login", "[root@mail ~]# id", "uid=0(root)"]);
        assert!(t.lines[1].mark == Mark::Shell && t.lines[1].prompt == 15);
        assert!(t.lines[2].mark == Mark::Output);
    }

    #[test]
    fn bytes_may_be_cut_anywhere() {
        let all = "\x1b[1m红\x1b[0m帽 x\rY\tz\x08Z\r\n\x1b]0;title\x07done\r\n".as_bytes();
        let mut whole = Transcript::new();
        whole.feed(all, Origin::Program, 0);
        for cut in 1..all.len() {
            let mut t = Transcript::new();
            t.feed(&all[..cut], Origin::Program, 0);
            t.feed(&all[cut..], Origin::Program, 0);
            assert_eq!(shown(&t), shown(&whole));
        }
        assert_eq!(shown(&whole)[1], "done");
    }

    #[test]
    fn server_lines_are_told_from_telnets_own() {
        let mut t = Transcript::new();
        t.feed(b"# ", Origin::Program, 0);
        t.feed(b"telnet mail 25\r\n", Origin::Typed, 0);
        t.feed(b"Trying 192.168.1.103...\r\nConnected to mail.\r\nEscape character is '^]'.\r\n220 mail ESMTP\r\n", Origin::Program, 0);
        t.typing = Mark::Client;
        t.feed(b"QUIT\r\n", Origin::Typed, 0);
        t.feed(b"221-2.0.0 Bye\r\n221 2.0.0 Bye\r\n", Origin::Program, 7);
        t.feed(b"Connection closed by foreign host.\r\n# ", Origin::Program, 0);
        let marks: String = t
            .lines
            .iter()
            .map(|l| match l.mark {
                Mark::Shell => '$',
                Mark::Client => 'C',
                Mark::Answer => '>',
                Mark::Server => 'S',
                Mark::Output => '.',
            })
            .collect();
        assert_eq!(marks, "$...SCSS.");
        let traces: Vec<u32> = t.lines.iter().map(|l| l.trace).collect();
        assert_eq!(traces, [0, 0, 0, 0, 0, 7, 7, 7, 0], "what was typed tells of its answer");
    }

    #[test]
    fn a_typed_line_belongs_to_its_answer() {
        let mut t = Transcript::new();
        t.feed(b"# ", Origin::Program, 0);
        t.feed(b"telnet mail 25\r\n", Origin::Typed, 0);
        t.feed(b"Connected to mail.\r\n220 mail ESMTP\r\n", Origin::Program, 1);
        t.typing = Mark::Client;
        // Two commands ahead of their answers, then a message.
        t.feed(b"MAIL FROM:<a@b>\r\nDATA\r\n", Origin::Typed, 0);
        t.feed(b"250 ok\r\n", Origin::Program, 2);
        t.feed(b"354 go\r\n", Origin::Program, 3);
        t.feed(b"text\r\n.\r\n", Origin::Typed, 0);
        t.feed(b"250 queued\r\n", Origin::Program, 4);
        let of = |text: &str| t.lines.iter().find(|l| l.text == text).map(|l| l.trace);
        assert_eq!((of("MAIL FROM:<a@b>"), of("DATA"), of("text"), of(".")), (Some(2), Some(3), Some(0), Some(4)));
    }

    #[test]
    fn a_full_screen_program_leaves_no_lines() {
        let mut t = Transcript::new();
        t.feed(b"a\r\n\x1b[?1049h\x1b[2J\x1b[Hhello", Origin::Program, 0);
        assert!(t.screen.is_some());
        t.feed(b"\x1b[?1049l# ", Origin::Program, 0);
        assert!(t.screen.is_none());
        assert_eq!((shown(&t).len(), t.prompt()), (1, "# ".into()));
    }
}
