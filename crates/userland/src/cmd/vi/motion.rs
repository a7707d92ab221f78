//! Motions: where a key moves the cursor. Not here: what is done with the text between (`normal`). Source: vim's motion.txt.

use super::text::{Pos, pos};
use super::{Find, Vi};
use crate::util::keys::{DOWN, END, HOME, LEFT, RIGHT, UP};

/// Whether the character at the end of a motion belongs to what it spans.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Exclusive,
    Inclusive,
    Lines,
}

/// Where a motion leads.
pub(super) struct Move {
    pub(super) to: Pos,
    pub(super) span: Span,
    /// The column that vertical motions go for: `None` = the new one.
    pub(super) want: Option<usize>,
}

/// 0 for blanks, 1 for words, 2 for punctuation; with `big` all but blanks are alike.
pub(super) fn class(c: char, big: bool) -> u8 {
    match c {
        ' ' | '\t' => 0,
        _ if big => 1,
        c if c.is_ascii_alphanumeric() || c == '_' => 1,
        c if c as u32 >= 0x2E80 => 3,
        c if c as u32 >= 0xC0 => 1,
        _ => 2,
    }
}

impl Vi {
    fn class_at(&self, p: Pos, big: bool) -> u8 {
        self.text.line(p.row).get(p.col).map_or(0, |&c| class(c, big))
    }
    /// The next place in the text; the end of a line counts as a place only if the line is empty.
    pub(super) fn after(&self, p: Pos) -> Option<Pos> {
        if p.col + 1 < self.text.line(p.row).len() {
            Some(pos(p.row, p.col + 1))
        } else if p.row + 1 < self.text.len() {
            Some(pos(p.row + 1, 0))
        } else {
            None
        }
    }
    pub(super) fn before(&self, p: Pos) -> Option<Pos> {
        if p.col > 0 {
            Some(pos(p.row, p.col - 1))
        } else if p.row > 0 {
            Some(pos(p.row - 1, self.text.line(p.row - 1).len().saturating_sub(1)))
        } else {
            None
        }
    }
    fn empty_line(&self, p: Pos) -> bool {
        self.text.line(p.row).is_empty()
    }

    /// `w`: the start of the next word. `None`: there is none; then the end of the text is as far as it goes.
    fn word(&self, from: Pos, big: bool) -> Option<Pos> {
        let mut p = from;
        let class = self.class_at(p, big);
        if class != 0 {
            while self.class_at(p, big) == class {
                let next = self.after(p)?;
                let line_end = next.row != p.row;
                p = next;
                if line_end {
                    break;
                }
            }
        } else {
            p = self.after(p)?;
            if self.empty_line(p) {
                return Some(p);
            }
        }
        while self.class_at(p, big) == 0 && !self.empty_line(p) {
            p = self.after(p)?;
        }
        Some(p)
    }
    /// `e`: the end of this or the next word.
    fn word_end(&self, from: Pos, big: bool) -> Option<Pos> {
        let mut p = self.after(from)?;
        while self.class_at(p, big) == 0 {
            p = self.after(p)?;
        }
        let class = self.class_at(p, big);
        while let Some(next) = self.after(p).filter(|n| n.row == p.row && self.class_at(*n, big) == class) {
            p = next;
        }
        Some(p)
    }
    /// `b`: the start of this or the previous word.
    fn word_back(&self, from: Pos, big: bool) -> Option<Pos> {
        let mut p = self.before(from)?;
        while self.class_at(p, big) == 0 && !self.empty_line(p) {
            p = self.before(p)?;
        }
        let class = self.class_at(p, big);
        while let Some(prev) = self.before(p).filter(|n| n.row == p.row && class != 0 && self.class_at(*n, big) == class) {
            p = prev;
        }
        Some(p)
    }
    /// `ge`: the end of the previous word.
    fn end_back(&self, from: Pos, big: bool) -> Option<Pos> {
        let class = self.class_at(from, big);
        let mut p = self.before(from)?;
        while p.row == from.row && class != 0 && self.class_at(p, big) == class {
            p = self.before(p)?;
        }
        while self.class_at(p, big) == 0 && !self.empty_line(p) {
            p = self.before(p)?;
        }
        Some(p)
    }
    /// `{` and `}`: the next empty line behind text.
    fn paragraph(&self, row: usize, forward: bool) -> usize {
        let mut row = row;
        let mut text = false;
        loop {
            let next = if forward { row + 1 } else { row.wrapping_sub(1) };
            text |= !self.text.line(row).is_empty();
            if next >= self.text.len() {
                return row;
            }
            row = next;
            if text && self.text.line(row).is_empty() {
                return row;
            }
        }
    }
    /// `%`: the bracket that matches the next one on the line.
    fn matching(&self) -> Option<Pos> {
        const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
        let line = self.text.line(self.at.row);
        let start = (self.at.col..line.len()).find(|&i| PAIRS.iter().any(|p| p.0 == line[i] || p.1 == line[i]))?;
        let c = line[start];
        let &(open, close) = PAIRS.iter().find(|p| p.0 == c || p.1 == c)?;
        self.balance(pos(self.at.row, start), open, close, c == open)
    }
    /// From a bracket to its partner.
    pub(super) fn balance(&self, from: Pos, open: char, close: char, forward: bool) -> Option<Pos> {
        let (mut p, mut depth) = (from, 0);
        loop {
            match self.text.line(p.row).get(p.col) {
                Some(&c) if c == open => depth += if forward { 1 } else { -1 },
                Some(&c) if c == close => depth += if forward { -1 } else { 1 },
                _ => {}
            }
            if depth == 0 {
                return Some(p);
            }
            p = if forward { self.after(p)? } else { self.before(p)? };
        }
    }
    /// `f`, `t`, `F`, `T`.
    fn find_char(&self, find: Find, count: usize, again: bool) -> Option<usize> {
        let line = self.text.line(self.at.row);
        let forward = find.kind.is_ascii_lowercase();
        let till = find.kind.eq_ignore_ascii_case(&'t');
        let hit = |i: &usize| line[*i] == find.target;
        let col = self.at.col;
        // A repeated `t` does not stick where it stands.
        let skip = usize::from(again && till && count == 1);
        if forward {
            let at = (col + 1 + skip..line.len()).filter(hit).nth(count - 1)?;
            Some(if till { at - 1 } else { at })
        } else {
            let at = (0..col.saturating_sub(skip)).rev().filter(hit).nth(count - 1)?;
            Some(if till { at + 1 } else { at })
        }
    }

    /// First line shown, last line shown.
    pub(super) fn window(&self) -> (usize, usize) {
        (self.top, self.bottom().max(self.top + 1) - 1)
    }

    /// Follows a motion key. `Err`: it cannot be followed, or is no motion (then `known` is false).
    pub(super) async fn motion(&mut self, key: char, count: Option<usize>, operating: bool) -> Result<Move, bool> {
        use Span::{Exclusive, Inclusive, Lines};
        let n = count.unwrap_or(1).clamp(1, 1_000_000);
        let at = self.at;
        let len = self.text.line(at.row).len();
        let last = self.text.len() - 1;
        let go = |to: Pos, span| Ok(Move { to, span, want: None });
        let (col, want) = (at.col, self.want);
        let down = |row: usize| Ok(Move { to: pos(row, col), span: Lines, want: Some(want) });
        let first = |vi: &Vi, row: usize| Ok(Move { to: pos(row, vi.text.indent(row)), span: Lines, want: None });
        match key {
            'h' | LEFT if at.col > 0 => go(pos(at.row, at.col.saturating_sub(n)), Exclusive),
            '\u{8}' | '\u{7f}' => {
                let mut p = at;
                for _ in 0..n {
                    p = self.before(p).ok_or(true)?;
                }
                go(p, Exclusive)
            }
            'l' | RIGHT if at.col + 1 < len || operating && len > 0 => {
                go(pos(at.row, (at.col + n).min(if operating { len } else { len - 1 })), Exclusive)
            }
            ' ' => {
                let mut p = at;
                for _ in 0..n {
                    match self.after(p) {
                        Some(next) => p = next,
                        None if operating => p.col = len,
                        None => return Err(true),
                    }
                }
                go(p, Exclusive)
            }
            'h' | LEFT | 'l' | RIGHT => Err(true),
            'j' | DOWN | '\u{e}' | '\n' if at.row < last && (!operating || at.row + n <= last) => down((at.row + n).min(last)),
            'k' | UP | '\u{10}' if at.row > 0 && (!operating || at.row >= n) => down(at.row.saturating_sub(n)),
            '+' | '\r' if at.row + n <= last => first(self, at.row + n),
            '-' if at.row >= n => first(self, at.row - n),
            'j' | DOWN | '\u{e}' | '\n' | 'k' | UP | '\u{10}' | '+' | '\r' | '-' => Err(true),
            '_' if at.row + n - 1 <= last => first(self, at.row + n - 1),
            '0' | HOME => go(pos(at.row, 0), Exclusive),
            '^' => go(pos(at.row, self.text.indent(at.row)), Exclusive),
            '$' | END => {
                let row = (at.row + n - 1).min(last);
                let col = self.text.line(row).len().saturating_sub(1);
                Ok(Move { to: pos(row, col), span: Inclusive, want: Some(usize::MAX) })
            }
            '|' => go(pos(at.row, (n - 1).min(len.saturating_sub(1))), Exclusive),
            'G' => first(self, count.map_or(last, |n| n.max(1) - 1).min(last)),
            'H' => first(self, (self.window().0 + n - 1).min(self.window().1)),
            'L' => first(self, self.window().1.saturating_sub(n - 1).max(self.window().0)),
            'M' => first(self, (self.window().0 + self.window().1) / 2),
            'w' | 'W' => {
                let mut p = at;
                for i in 0..n {
                    match self.word(p, key == 'W') {
                        Some(next) => p = next,
                        None => {
                            // As far as it goes.
                            let end = pos(last, self.text.line(last).len());
                            p = if operating { end } else { pos(last, end.col.saturating_sub(1)) };
                            if i == 0 && p == at {
                                return Err(true);
                            }
                            break;
                        }
                    }
                }
                go(p, Exclusive)
            }
            'e' | 'E' => self.steps(n, Inclusive, false, |vi, p| vi.word_end(p, key == 'E')),
            'b' | 'B' => self.steps(n, Exclusive, true, |vi, p| vi.word_back(p, key == 'B')),
            '}' | '{' => {
                let mut row = at.row;
                for _ in 0..n {
                    row = self.paragraph(row, key == '}');
                }
                let at_end = key == '}' && row == last && !self.text.line(row).is_empty();
                let end = self.text.line(row).len();
                go(
                    pos(
                        row,
                        if !at_end {
                            0
                        } else if operating {
                            end
                        } else {
                            end.saturating_sub(1)
                        },
                    ),
                    Exclusive,
                )
            }
            '%' if count.is_some() => first(self, (n * self.text.len()).div_ceil(100).saturating_sub(1).min(last)),
            '%' => go(self.matching().ok_or(true)?, Inclusive),
            'f' | 't' | 'F' | 'T' => {
                let target = self.key().await;
                let find = Find { kind: key, target };
                self.find = Some(find);
                let col = self.find_char(find, n, false).ok_or(true)?;
                go(pos(at.row, col), if key.is_ascii_lowercase() { Inclusive } else { Exclusive })
            }
            ';' | ',' => {
                let mut find = self.find.ok_or(true)?;
                if key == ',' {
                    find.kind =
                        if find.kind.is_ascii_lowercase() { find.kind.to_ascii_uppercase() } else { find.kind.to_ascii_lowercase() };
                }
                let col = self.find_char(find, n, true).ok_or(true)?;
                go(pos(at.row, col), if find.kind.is_ascii_lowercase() { Inclusive } else { Exclusive })
            }
            'n' | 'N' => go(self.search_again(key == 'N', n).ok_or(true)?, Exclusive),
            '*' | '#' => go(self.search_word(key == '*').ok_or(true)?, Exclusive),
            '/' | '?' => {
                let pattern = self.command_line(key, "").await.ok_or(true)?;
                go(self.search_for(&pattern, key == '/', n).ok_or(true)?, Exclusive)
            }
            '\'' | '`' => {
                let name = self.key().await;
                let mark = match name {
                    '\'' | '`' => Some(self.jumped),
                    _ => self.marks.get(&name).copied(),
                };
                let Some(mark) = mark else {
                    self.fail("E20: Mark not set");
                    return Err(true);
                };
                let row = mark.row.min(last);
                if key == '\'' { first(self, row) } else { go(pos(row, mark.col), Exclusive) }
            }
            'g' => match self.key().await {
                'g' => first(self, n.min(last + 1) - 1),
                'e' => self.steps(n, Inclusive, true, |vi, p| vi.end_back(p, false)),
                'E' => self.steps(n, Inclusive, true, |vi, p| vi.end_back(p, true)),
                'j' | DOWN => down((at.row + n).min(last)),
                'k' | UP => down(at.row.saturating_sub(n)),
                '_' => {
                    let line = self.text.line((at.row + n - 1).min(last));
                    let col = line.iter().rposition(|c| !matches!(c, ' ' | '\t')).unwrap_or(0);
                    go(pos((at.row + n - 1).min(last), col), Inclusive)
                }
                other => {
                    self.after_g = Some(other);
                    Err(false)
                }
            },
            _ => Err(false),
        }
    }

    fn steps(&self, n: usize, span: Span, back: bool, next: impl Fn(&Vi, Pos) -> Option<Pos>) -> Result<Move, bool> {
        let mut p = self.at;
        for i in 0..n {
            match next(self, p) {
                Some(to) => p = to,
                None if i > 0 => break,
                None if span == Span::Inclusive && !back => {
                    // `e` at the last word still goes to the end of the text.
                    let last = self.text.len() - 1;
                    let end = pos(last, self.text.line(last).len().saturating_sub(1));
                    if p == end {
                        return Err(true);
                    }
                    p = end;
                }
                None if p == Pos::default() => return Err(true),
                None => p = Pos::default(),
            }
        }
        Ok(Move { to: p, span, want: None })
    }
}
