//! Terminals: the line discipline (echo, canonical mode, erase, signals) and the prompt that a front end edits.
//! Not here: what a screen shows (front ends). Source: termios(3), n_tty's habits, readline's for prompts.

use super::{Kernel, Key, fd::Obj};
use crate::{EditLine, Event, KillTarget, Pid, Signal, Termios, TraceId};
use std::collections::VecDeque;

/// Canonical input that nobody reads is dropped beyond this.
const INPUT_BYTES: usize = 1 << 16;

pub(crate) struct Tty {
    pub(crate) host: usize,
    pub(crate) user: String,
    pub(crate) modes: Termios,
    pub(crate) size: (u16, u16),
    /// The unfinished line in canonical mode.
    line: Vec<u8>,
    /// Finished lines (an empty one is end of file), or in raw mode any bytes.
    pub(crate) ready: VecDeque<Vec<u8>>,
    pub(crate) foreground: Pid,
    pub(crate) session: Pid,
    pub(crate) edit: Option<EditLine>,
    /// ^C came while a prompt was edited.
    pub(crate) interrupted: bool,
    pub(crate) hung_up: bool,
    /// The next byte is taken literally (^V).
    literal: bool,
}

impl Tty {
    pub(crate) fn new(host: usize, user: String) -> Self {
        Tty {
            host,
            user,
            modes: Termios::SANE,
            size: (80, 24),
            line: Vec::new(),
            ready: VecDeque::new(),
            foreground: 0,
            session: 0,
            edit: None,
            interrupted: false,
            hung_up: false,
            literal: false,
        }
    }
    /// Takes up to `max` bytes of ready input.
    pub(crate) fn take(&mut self, max: usize) -> Option<Vec<u8>> {
        let mut first = self.ready.pop_front()?;
        if first.len() > max {
            self.ready.push_front(first.split_off(max));
        }
        if !self.modes.canonical {
            while first.len() < max
                && let Some(mut next) = self.ready.pop_front()
            {
                if next.len() > max - first.len() {
                    self.ready.push_front(next.split_off(max - first.len()));
                }
                first.append(&mut next);
            }
        }
        Some(first)
    }
}

impl Kernel {
    /// Writes to a terminal's screen.
    pub(crate) fn tty_out(&mut self, tty: u32, typed: bool, bytes: &[u8], trace: TraceId) {
        if bytes.is_empty() {
            return;
        }
        let mut returned = Vec::new();
        let mut bytes = bytes;
        if bytes.contains(&b'\n') && self.ttys.get(tty as usize).is_some_and(|t| t.modes.onlcr) {
            for &b in bytes {
                returned.extend_from_slice(if b == b'\n' { b"\r\n" } else { std::slice::from_ref(&b) });
            }
            bytes = &returned;
        }
        if let Some(Event::Tty { tty: t, typed: y, bytes: b, trace: r }) = self.events.back_mut()
            && (*t, *y, *r) == (tty, typed, trace)
        {
            b.extend_from_slice(bytes);
            return;
        }
        self.events.push_back(Event::Tty { tty, typed, bytes: bytes.to_vec(), trace });
    }

    pub(crate) fn tty_changed(&mut self, tty: u32) {
        if !self.events.contains(&Event::TtyChanged(tty)) {
            self.events.push_back(Event::TtyChanged(tty));
        }
    }

    /// Takes typed bytes through the line discipline.
    pub(crate) fn tty_input(&mut self, n: u32, bytes: &[u8]) {
        for &byte in bytes {
            self.tty_byte(n, byte);
        }
        // Most bytes make no line yet.
        if self.ttys.get(n as usize).is_some_and(|t| t.hung_up || t.interrupted || !t.ready.is_empty()) {
            self.wake(Key::Tty(n));
        }
    }

    fn tty_byte(&mut self, n: u32, byte: u8) {
        let Some(tty) = self.ttys.get_mut(n as usize) else { return };
        if tty.hung_up {
            if tty.modes.echo && self.tty_held(n) {
                self.tty_echo(n, byte);
            }
            return;
        }
        let modes = tty.modes;
        let editing = tty.edit.is_some();
        let literal = std::mem::take(&mut tty.literal);
        if !literal && modes.signals {
            let signal = match byte {
                3 => Some(Signal::Int),
                28 if !editing => Some(Signal::Quit),
                26 if !editing => Some(Signal::Tstp),
                _ => None,
            };
            if let Some(signal) = signal {
                tty.line.clear();
                tty.ready.clear();
                let (group, host) = (tty.foreground, tty.host);
                if editing {
                    tty.interrupted = true;
                    self.tty_out(n, true, b"^C\n", TraceId(0));
                } else {
                    if modes.echo {
                        self.tty_out(n, true, &[b'^', byte + 64], TraceId(0));
                    }
                    self.signal_target(host, KillTarget::Group(group), signal);
                }
                return;
            }
        }
        if !modes.canonical {
            match tty.ready.back_mut() {
                Some(last) if !last.is_empty() => last.push(byte),
                _ => tty.ready.push_back(vec![byte]),
            }
            if modes.echo {
                self.tty_out(n, true, &[byte], TraceId(0));
            }
            return;
        }
        let byte = if byte == b'\r' && modes.icrnl && !literal { b'\n' } else { byte };
        match byte {
            b'\n' if !literal => {
                let mut line = std::mem::take(&mut tty.line);
                line.push(b'\n');
                tty.ready.push_back(line);
                if modes.echo {
                    self.tty_out(n, true, b"\n", TraceId(0));
                }
            }
            b if !literal && b == modes.eol && b != 0 => {
                let mut line = std::mem::take(&mut tty.line);
                line.push(b);
                tty.ready.push_back(line);
                if modes.echo {
                    self.tty_echo(n, b);
                }
            }
            4 if !literal => {
                if !editing || tty.line.is_empty() {
                    let line = std::mem::take(&mut tty.line);
                    tty.ready.push_back(line);
                }
            }
            22 if !literal => {
                tty.literal = true;
                if modes.echo {
                    self.tty_out(n, true, b"^\x08", TraceId(0));
                }
            }
            8 | 127 if !literal => self.tty_erase(n, 1),
            21 if !literal => self.tty_erase(n, usize::MAX),
            23 if !literal => {
                let line = &tty.line;
                let blanks = line.iter().rev().take_while(|&&b| b == b' ').count();
                let word = line.iter().rev().skip(blanks).take_while(|&&b| b != b' ').count();
                self.tty_erase(n, blanks + word);
            }
            _ => {
                if tty.line.len() >= INPUT_BYTES {
                    return;
                }
                tty.line.push(byte);
                if modes.echo {
                    self.tty_echo(n, byte);
                }
            }
        }
    }

    /// Shows a typed character, a control character as `^X`.
    fn tty_echo(&mut self, n: u32, byte: u8) {
        match byte {
            b'\t' | b'\n' | 32.. => self.tty_out(n, true, &[byte], TraceId(0)),
            _ => self.tty_out(n, true, &[b'^', byte + 64], TraceId(0)),
        }
    }

    /// Takes up to `count` characters off the unfinished line and off the screen.
    fn tty_erase(&mut self, n: u32, count: usize) {
        let Some(tty) = self.ttys.get_mut(n as usize) else { return };
        let mut gone: Vec<u8> = Vec::new();
        for _ in 0..count {
            let Some(mut byte) = tty.line.pop() else { break };
            // A UTF-8 character goes whole.
            while byte & 0xC0 == 0x80 {
                match tty.line.pop() {
                    Some(b) => byte = b,
                    None => break,
                }
            }
            gone.extend_from_slice(b"\x08 \x08");
            if byte < 32 && byte != b'\t' {
                gone.extend_from_slice(b"\x08 \x08");
            }
        }
        if tty.modes.echo {
            self.tty_out(n, true, &gone, TraceId(0));
        }
    }

    /// Whether some process has a terminal open: one that was left in the background may, when its session is over.
    pub fn tty_held(&self, n: u32) -> bool {
        self.files.iter().flatten().any(|f| f.refs > 0 && f.obj == Obj::Tty(n))
    }

    /// Hangs a terminal up: its processes get SIGHUP, reads find the end, writes go nowhere.
    pub(crate) fn tty_hang_up(&mut self, n: u32) {
        let Some(tty) = self.ttys.get_mut(n as usize) else { return };
        if tty.hung_up {
            return;
        }
        tty.hung_up = true;
        tty.edit = None;
        let (host, session, group) = (tty.host, tty.session, tty.foreground);
        self.signal_target(host, KillTarget::Pid(session), Signal::Hup);
        if group != session {
            self.signal_target(host, KillTarget::Group(group), Signal::Hup);
        }
        self.events.push_back(Event::Closed(n));
        self.wake(Key::Tty(n));
    }
}
