//! Visual mode, by characters and by lines. Source: vim's visual.txt.

use super::operator::Stretch;
use super::text::{Pos, pos};
use super::{Mode, Vi};
use crate::util::keys::{DELETE, ESC};

impl Vi {
    /// A key in visual mode.
    pub(super) async fn visual(&mut self, key: char, count: Option<usize>, whole: bool) -> bool {
        let n = count.unwrap_or(1).max(1);
        let Some((from, to, _)) = self.selection() else { return false };
        let mut stretch = Stretch { from, to: pos(to.row, to.col + 1), whole };
        if !whole && to.col >= self.text.line(to.row).len() && to.row + 1 < self.text.len() {
            // The end of the line is selected too.
            stretch.to = pos(to.row + 1, 0);
        }
        let op = match key {
            ESC | '\u{3}' => None,
            'v' | 'V' => {
                if whole == (key == 'V') {
                    None
                } else {
                    self.mode = Mode::Visual(key == 'V');
                    return false;
                }
            }
            'o' => {
                std::mem::swap(&mut self.at, &mut self.anchor);
                return false;
            }
            'i' | 'a' => {
                let kind = self.key().await;
                if let Some((from, to, _)) = self.object(key == 'a', kind) {
                    (self.anchor, self.at) = (from, to);
                }
                return false;
            }
            'x' | DELETE => Some('d'),
            's' => Some('c'),
            'X' | 'D' | 'R' | 'S' | 'C' | 'Y' => {
                stretch.whole = true;
                Some(match key {
                    'X' | 'D' => 'd',
                    'Y' => 'y',
                    _ => 'c',
                })
            }
            'd' | 'c' | 'y' | '>' | '<' | '=' | '!' | '~' | 'u' | 'U' => Some(key),
            ':' => {
                self.leave_visual(from, to);
                self.ex("'<,'>").await;
                return false;
            }
            'J' => {
                self.leave_visual(from, to);
                return self.join(from.row, to.row - from.row + 1, true);
            }
            'p' => {
                let name = self.register.take().unwrap_or('"');
                let new = self.registers.get(&name).cloned();
                self.leave_visual(from, to);
                let end = to.col + 1 >= self.text.line(to.row).len();
                self.apply('d', stretch, 1).await;
                let old = self.registers.get(&'"').cloned();
                if let (Some(new), Some(old)) = (new, old) {
                    self.registers.insert('"', new);
                    let after = if whole { self.at.row + 1 < from.row + 1 } else { end && self.at.col > 0 };
                    self.settle();
                    self.put(!after, 1);
                    self.registers.insert('"', old);
                }
                return true;
            }
            'r' => {
                let c = self.key().await;
                self.leave_visual(from, to);
                for row in from.row..=to.row {
                    let start = if whole || row > from.row { 0 } else { from.col };
                    let line = self.text.edit(row);
                    let end = if whole || row < to.row { line.len() } else { (to.col + 1).min(line.len()) };
                    line[start.min(end)..end].fill(c);
                }
                self.at = from;
                return true;
            }
            _ => {
                if self.go(key, count).await == Err(false)
                    && let Some(op @ ('~' | 'u' | 'U')) = self.after_g.take()
                {
                    self.leave_visual(from, to);
                    return self.apply(op, stretch, 1).await;
                }
                return false;
            }
        };
        self.leave_visual(from, to);
        match op {
            Some(op) => {
                self.at = from;
                self.apply(op, stretch, n).await
            }
            None => false,
        }
    }

    fn leave_visual(&mut self, from: Pos, to: Pos) {
        self.mode = Mode::Normal;
        self.marks.insert('<', from);
        self.marks.insert('>', to);
    }
}
