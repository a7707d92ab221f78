//! A terminal for full-screen programs: raw mode, the alternate screen, keys (UTF-8 and escape sequences), the window's size.
//! Not here: what is drawn. Source: termios(3), xterm's sequences.

use machine::{Errno, Fd, Interest, OnSignal, STDOUT, Signal, Sys, Termios};
use std::collections::VecDeque;

/// Keys without a character of their own.
pub(crate) const UP: char = '\u{f700}';
pub(crate) const DOWN: char = '\u{f701}';
pub(crate) const LEFT: char = '\u{f702}';
pub(crate) const RIGHT: char = '\u{f703}';
pub(crate) const HOME: char = '\u{f704}';
pub(crate) const END: char = '\u{f705}';
pub(crate) const PAGE_UP: char = '\u{f706}';
pub(crate) const PAGE_DOWN: char = '\u{f707}';
pub(crate) const DELETE: char = '\u{f708}';
pub(crate) const INSERT: char = '\u{f709}';
/// The window has another size; the terminal is gone.
pub(crate) const RESIZED: char = '\u{f70a}';
pub(crate) const GONE: char = '\u{f70b}';
pub(crate) const ESC: char = '\u{1b}';

/// The end of an escape sequence and its key.
const SEQUENCES: &[(&str, char)] = &[
    ("A", UP),
    ("B", DOWN),
    ("C", RIGHT),
    ("D", LEFT),
    ("H", HOME),
    ("F", END),
    ("1~", HOME),
    ("2~", INSERT),
    ("3~", DELETE),
    ("4~", END),
    ("5~", PAGE_UP),
    ("6~", PAGE_DOWN),
];

/// How long the rest of an escape sequence may take to come, in microseconds.
const PATIENCE: u64 = 50_000;

/// The keyboard and the modes of a terminal.
pub(crate) struct Keys {
    sys: Sys,
    fd: Fd,
    old: Termios,
    typed: VecDeque<u8>,
    /// Draws on the alternate screen.
    alternate: bool,
    /// Columns and rows.
    pub(crate) size: (usize, usize),
}

impl Keys {
    /// Takes the terminal over, with the alternate screen or without. `None`: it is none.
    pub(crate) async fn open(sys: &Sys, fd: Fd, alternate: bool) -> Option<Keys> {
        let old = sys.tty_get(fd).await.ok()?;
        sys.on_signal(Signal::Winch, OnSignal::Catch).await;
        let mut keys = Keys { sys: sys.clone(), fd, old, typed: VecDeque::new(), alternate, size: (80, 24) };
        keys.enter().await;
        Some(keys)
    }
    /// Raw mode only.
    pub(crate) async fn raw(&mut self) {
        let _ = self.sys.tty_set(self.fd, Termios::RAW).await;
    }
    /// Raw mode and the alternate screen.
    pub(crate) async fn enter(&mut self) {
        self.raw().await;
        if self.alternate {
            self.sys.put(STDOUT, b"\x1b[?1049h\x1b[2J\x1b[H");
        }
        self.measure().await;
    }
    /// The terminal as it was.
    pub(crate) async fn leave(&mut self) {
        if self.alternate {
            self.sys.put(STDOUT, b"\x1b[?1049l");
        }
        let _ = self.sys.tty_set(self.fd, self.old).await;
    }
    async fn measure(&mut self) {
        if let Ok((cols, rows)) = self.sys.tty_size(self.fd).await {
            self.size = (usize::from(cols.max(10)), usize::from(rows.max(3)));
        }
    }
    /// Waits until something is typed, or can be read from (or has changed in) another descriptor. True: something was typed.
    pub(crate) async fn or(&self, fd: Fd, interest: Interest) -> bool {
        if self.pending() {
            return true;
        }
        let ready = self.sys.poll(&[(self.fd, Interest::Read), (fd, interest)], None).await;
        ready.map_or(true, |r| r.contains(&self.fd))
    }
    /// Whether more has been typed than was read.
    pub(crate) fn pending(&self) -> bool {
        !self.typed.is_empty()
    }
    /// Waits for more bytes. `Err`: a key that is none.
    async fn more(&mut self) -> Result<(), char> {
        match self.sys.read(self.fd, 256).await {
            Ok(bytes) if bytes.is_empty() => Err(GONE),
            Ok(bytes) => {
                self.typed.extend(bytes);
                Ok(())
            }
            Err(Errno::EINTR) => {
                self.sys.signals().await;
                self.measure().await;
                Err(RESIZED)
            }
            Err(_) => Err(GONE),
        }
    }
    /// The byte at `n`, if it comes at once.
    async fn soon(&mut self, n: usize) -> Option<u8> {
        while self.typed.len() <= n {
            let until = self.sys.now().plus_micros(PATIENCE);
            let ready = self.sys.poll(&[(self.fd, Interest::Read)], Some(until)).await;
            if ready.is_ok_and(|r| r.is_empty()) || self.more().await.is_err() {
                return None;
            }
        }
        self.typed.get(n).copied()
    }
    /// The next key.
    pub(crate) async fn key(&mut self) -> char {
        if self.typed.is_empty()
            && let Err(key) = self.more().await
        {
            return key;
        }
        let first = self.typed[0];
        if first == 0x1b {
            let key = match self.soon(1).await {
                Some(b'[' | b'O') => self.sequence().await,
                _ => None,
            };
            if key.is_none() {
                self.typed.pop_front();
            }
            return key.unwrap_or(ESC);
        }
        let len = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        if len > 1 && self.soon(len - 1).await.is_none() {
            self.typed.clear();
            return char::REPLACEMENT_CHARACTER;
        }
        let bytes: Vec<u8> = self.typed.drain(..len).collect();
        let text = std::str::from_utf8(&bytes).ok().and_then(|t| t.chars().next());
        text.unwrap_or(char::REPLACEMENT_CHARACTER)
    }
    /// A sequence that begins with ESC and `[` or `O`: taken if it is known, thrown away if it is whole and unknown.
    async fn sequence(&mut self) -> Option<char> {
        let mut text = String::new();
        for n in 2..8 {
            let byte = self.soon(n).await?;
            text.push(char::from(byte));
            if byte == b'~' || byte.is_ascii_alphabetic() {
                self.typed.drain(..=n);
                return Some(SEQUENCES.iter().find(|s| s.0 == text).map_or(ESC, |s| s.1));
            }
        }
        None
    }
}
