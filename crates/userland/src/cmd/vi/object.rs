//! Text objects: words, quotes, brackets, paragraphs. Source: vim's motion.txt, "Text object selection".

use super::Vi;
use super::motion::class;
use super::text::{Pos, pos};

impl Vi {
    /// `iw`, `a"`, `i(` …: the first and the last place of a text object, and whether it is lines.
    pub(super) fn object(&self, around: bool, kind: char) -> Option<(Pos, Pos, bool)> {
        let (row, col) = (self.at.row, self.at.col);
        let line = self.text.line(row);
        match kind {
            'w' | 'W' => {
                let of = |i: usize| class(line[i], kind == 'W');
                let here = line.get(col).map(|_| of(col))?;
                let (mut from, mut to) = (col, col);
                while from > 0 && of(from - 1) == here {
                    from -= 1;
                }
                while to + 1 < line.len() && of(to + 1) == here {
                    to += 1;
                }
                if around {
                    let mut end = to;
                    while end + 1 < line.len() && (of(end + 1) == 0) != (here == 0) {
                        end += 1;
                    }
                    if end > to {
                        to = end;
                    } else {
                        while from > 0 && of(from - 1) == 0 && here != 0 {
                            from -= 1;
                        }
                    }
                }
                Some((pos(row, from), pos(row, to), false))
            }
            '"' | '\'' | '`' => {
                let quotes: Vec<usize> = (0..line.len()).filter(|&i| line[i] == kind && (i == 0 || line[i - 1] != '\\')).collect();
                let pair = quotes.chunks_exact(2).find(|p| p[1] >= col)?;
                let (from, to) = if around { (pair[0], pair[1]) } else { (pair[0] + 1, pair[1].checked_sub(1)?) };
                Some((pos(row, from), pos(row, to), false))
            }
            '(' | ')' | 'b' | '{' | '}' | 'B' | '[' | ']' | '<' | '>' => {
                let (open, close) = match kind {
                    '(' | ')' | 'b' => ('(', ')'),
                    '{' | '}' | 'B' => ('{', '}'),
                    '[' | ']' => ('[', ']'),
                    _ => ('<', '>'),
                };
                let mut p = self.at;
                let mut depth = 0;
                let around_us = loop {
                    match self.text.line(p.row).get(p.col) {
                        Some(&c) if c == open && depth == 0 => break Some(p),
                        Some(&c) if c == open => depth -= 1,
                        Some(&c) if c == close && p != self.at => depth += 1,
                        _ => {}
                    }
                    match self.before(p) {
                        Some(before) => p = before,
                        None => break None,
                    }
                };
                // Not inside any: the next one.
                let mut start = around_us.unwrap_or(self.at);
                while self.text.line(start.row).get(start.col) != Some(&open) {
                    start = self.after(start)?;
                }
                let end = self.balance(start, open, close, true)?;
                if around {
                    return Some((start, end, false));
                }
                Some((self.after(start)?, self.before(end)?, false))
            }
            'p' => {
                let blank = |r: usize| self.text.line(r).is_empty();
                let (mut from, mut to) = (row, row);
                while from > 0 && blank(from - 1) == blank(row) {
                    from -= 1;
                }
                while to + 1 < self.text.len() && blank(to + 1) == blank(row) {
                    to += 1;
                }
                while around && to + 1 < self.text.len() && blank(to + 1) != blank(row) {
                    to += 1;
                }
                Some((pos(from, 0), pos(to, 0), true))
            }
            _ => None,
        }
    }
}
