//! sed: `s`, `y` and `l`: the pattern space changed and shown.
//! Not here: the other commands (`run`).

use super::*;

impl Machine<'_> {
    pub(super) fn substitute(&mut self, s: &Subst, regex: &Regex) {
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
    pub(super) fn map(&mut self, map: &[(Vec<u8>, Vec<u8>)]) {
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
    pub(super) fn list(&mut self, width: usize) {
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
