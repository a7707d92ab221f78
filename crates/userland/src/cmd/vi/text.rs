//! The text being edited: lines, undo, reading from and writing to bytes. Not here: the cursor, commands.
//! Source: vim's undo.txt and its "editing" messages.

use machine::SimTime;
use std::rc::Rc;

/// A line without its newline. Shared with the states that undo goes back to.
pub(super) type Line = Rc<Vec<char>>;

/// A place in the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Pos {
    pub(super) row: usize,
    pub(super) col: usize,
}

pub(super) fn pos(row: usize, col: usize) -> Pos {
    Pos { row, col }
}

/// One change: lines from `row` on were `old` and became `new`.
struct Step {
    row: usize,
    old: Vec<Line>,
    new: Vec<Line>,
    number: usize,
    at: SimTime,
    /// Where the cursor was before it.
    cursor: Pos,
}

/// What undo and redo tell.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) row: usize,
    pub(super) col: Option<usize>,
}

/// How the bytes of the file were written.
#[derive(Clone, Copy, Default)]
pub(super) struct Form {
    /// Not UTF-8: each byte is a character.
    latin: bool,
    /// Lines end in CR LF.
    pub(super) dos: bool,
    /// The last line has no newline.
    pub(super) noeol: bool,
}

/// The lines and what they were. There is always at least one line.
pub(super) struct Text {
    pub(super) lines: Vec<Line>,
    pub(super) form: Form,
    /// There are no lines; the one that stands here is only for the cursor.
    pub(super) none: bool,
    /// Where the cursor was before the command that is being carried out.
    pub(super) cursor: Pos,
    before: Option<Vec<Line>>,
    done: Vec<Step>,
    undone: Vec<Step>,
    numbers: usize,
    /// Number of the change after which the file was written.
    saved: usize,
}

/// So many changes can be undone.
const MOST_STEPS: usize = 1000;

impl Text {
    pub(super) fn new(bytes: &[u8]) -> Text {
        let mut form = Form::default();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_string(),
            Err(_) => {
                form.latin = true;
                bytes.iter().map(|&b| char::from(b)).collect()
            }
        };
        form.noeol = !text.is_empty() && !text.ends_with('\n');
        let mut lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
        form.dos = !text.is_empty() && lines.iter().all(|l| l.ends_with('\r'));
        if form.dos {
            lines = lines.iter().map(|l| &l[..l.len() - 1]).collect();
        }
        let lines = lines.into_iter().map(|l| Rc::new(l.chars().collect())).collect();
        Text {
            lines,
            form,
            none: bytes.is_empty(),
            cursor: Pos::default(),
            before: None,
            done: Vec::new(),
            undone: Vec::new(),
            numbers: 0,
            saved: 0,
        }
    }

    /// The bytes of some lines.
    pub(super) fn bytes(&self, from: usize, to: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for line in self.lines.get(from..to).unwrap_or_default() {
            for &c in line.iter() {
                if self.form.latin && (c as u32) < 256 {
                    out.push(c as u8);
                } else {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            out.extend_from_slice(if self.form.dos { b"\r\n" } else { b"\n" });
        }
        if self.none {
            out.clear();
        }
        out
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }
    pub(super) fn line(&self, row: usize) -> &[char] {
        self.lines.get(row).map_or(&[], |l| l.as_slice())
    }
    /// Column of the first character that is no blank.
    pub(super) fn indent(&self, row: usize) -> usize {
        let line = self.line(row);
        line.iter().position(|c| !matches!(c, ' ' | '\t')).unwrap_or(line.len().saturating_sub(1))
    }

    /// Notes the state before a change; what follows until [`Text::commit`] is one change.
    pub(super) fn begin(&mut self) {
        if self.before.is_none() {
            self.before = Some(self.lines.clone());
        }
    }
    /// A line to change.
    pub(super) fn edit(&mut self, row: usize) -> &mut Vec<char> {
        self.begin();
        self.none = false;
        let row = row.min(self.lines.len() - 1);
        Rc::make_mut(&mut self.lines[row])
    }
    /// Puts lines in front of `row`.
    pub(super) fn insert(&mut self, row: usize, lines: Vec<Line>) {
        self.begin();
        self.none &= lines.is_empty();
        let row = row.min(self.lines.len());
        self.lines.splice(row..row, lines);
    }
    /// Takes lines out.
    pub(super) fn remove(&mut self, from: usize, to: usize) -> Vec<Line> {
        self.begin();
        let to = to.min(self.lines.len());
        let gone = self.lines.drain(from.min(to)..to).collect();
        if self.lines.is_empty() {
            self.lines.push(Line::default());
            self.none = true;
        }
        gone
    }
    /// Ends a change. True if there was one.
    pub(super) fn commit(&mut self, now: SimTime) -> bool {
        let Some(before) = self.before.take() else { return false };
        let after = &self.lines;
        let same = |(a, b): &(&Line, &Line)| Rc::ptr_eq(a, b) || a == b;
        let head = before.iter().zip(after).take_while(same).count();
        let most = before.len().min(after.len()) - head;
        let tail = before.iter().rev().zip(after.iter().rev()).take(most).take_while(same).count();
        if head == before.len() && head == after.len() {
            return false;
        }
        self.numbers += 1;
        let (old, new) = (before[head..before.len() - tail].to_vec(), after[head..after.len() - tail].to_vec());
        self.done.push(Step { row: head, old, new, number: self.numbers, at: now, cursor: self.cursor });
        if self.done.len() > MOST_STEPS {
            self.done.remove(0);
        }
        self.undone.clear();
        true
    }

    fn state(&self) -> usize {
        self.done.last().map_or(0, |s| s.number)
    }
    pub(super) fn modified(&self) -> bool {
        self.state() != self.saved
    }
    pub(super) fn set_saved(&mut self) {
        self.saved = self.state();
    }

    /// Goes one change back, or forward again.
    pub(super) fn undo(&mut self, redo: bool, now: SimTime, clock: &dyn Fn(SimTime) -> String) -> Option<Told> {
        let step = if redo { self.undone.pop() } else { self.done.pop() }?;
        self.none = false;
        let (from, to) = if redo { (&step.old, &step.new) } else { (&step.new, &step.old) };
        self.lines.splice(step.row..(step.row + from.len()).min(self.lines.len()), to.iter().cloned());
        let what = match to.len() as i64 - from.len() as i64 {
            1 => "1 more line".into(),
            -1 => "1 line less".into(),
            n if n > 0 => format!("{n} more lines"),
            n if n < 0 => format!("{} fewer lines", -n),
            _ => match from.iter().zip(to).filter(|(a, b)| a != b).count() {
                1 => "1 change".to_string(),
                n => format!("{n} changes"),
            },
        };
        let secs = now.since(step.at) / 1_000_000;
        let ago = match secs {
            1 => "1 second ago".into(),
            0..100 => format!("{secs} seconds ago"),
            _ => clock(step.at),
        };
        let text = format!("{what}; {} #{}  {ago}", if redo { "after" } else { "before" }, step.number);
        // The cursor goes back to where it was if that is in or beside what changed, else to the first line of it.
        let near = (step.row..=step.row + to.len() + 1).contains(&(step.cursor.row + 1));
        let row = if near && !redo { step.cursor.row } else { step.row }.min(self.lines.len().saturating_sub(1));
        let col = (row == step.cursor.row).then_some(step.cursor.col);
        if redo {
            self.done.push(step);
        } else {
            self.undone.push(step);
        }
        Some(Told { text, row, col })
    }
}
