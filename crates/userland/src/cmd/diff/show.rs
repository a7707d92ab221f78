//! diff: how differences are written: normal, unified, context, ed, side by side.
//! Not here: which lines differ (`script`). Source: POSIX diff, GNU diffutils 3.8.

use super::script::Change;
use machine::{STDOUT, Sys};

pub(super) enum Style {
    Normal,
    Unified(usize),
    Context(usize),
    Ed,
    /// So wide.
    Beside(usize),
}

/// One of the two files.
pub(super) struct Side {
    pub(super) bytes: Vec<u8>,
    /// Where its lines are, without their ends.
    pub(super) lines: Vec<(usize, usize)>,
    /// Its last line has an end.
    pub(super) ended: bool,
    title: String,
}

impl Side {
    pub(super) fn new(bytes: Vec<u8>, title: String) -> Side {
        let mut lines = Vec::new();
        let mut from = 0;
        for (i, b) in bytes.iter().enumerate() {
            if *b == b'\n' {
                lines.push((from, i));
                from = i + 1;
            }
        }
        let ended = from == bytes.len();
        if !ended {
            lines.push((from, bytes.len()));
        }
        Side { bytes, lines, ended, title }
    }
    pub(super) fn binary(&self) -> bool {
        self.bytes[..self.bytes.len().min(65536)].contains(&0)
    }
    pub(super) fn line(&self, i: usize) -> &[u8] {
        self.lines.get(i).map_or(b"", |(a, b)| &self.bytes[*a..*b])
    }
    fn print(&self, sys: &Sys, mark: &str, i: usize) {
        sys.put(STDOUT, mark.as_bytes());
        sys.put(STDOUT, self.line(i));
        sys.put(STDOUT, b"\n");
        if i + 1 == self.lines.len() && !self.ended {
            sys.put(STDOUT, b"\\ No newline at end of file\n");
        }
    }
}

/// `3,5`, or `3` of one line, or the line before where there is none.
fn range((from, count): (usize, usize)) -> String {
    match count {
        0 => from.to_string(),
        1 => (from + 1).to_string(),
        _ => format!("{},{}", from + 1, from + count),
    }
}

pub(super) fn show(sys: &Sys, style: &Style, left: &Side, right: &Side, changes: &[Change]) {
    match style {
        Style::Normal => changes.iter().for_each(|c| normal(sys, left, right, c)),
        Style::Ed => changes.iter().rev().for_each(|c| ed(sys, right, c)),
        Style::Beside(width) => beside(sys, *width, left, right, changes),
        Style::Unified(context) | Style::Context(context) => {
            let unified = matches!(style, Style::Unified(_));
            let marks = if unified { ("---", "+++") } else { ("***", "---") };
            sys.print(STDOUT, format_args!("{} {}\n{} {}\n", marks.0, left.title, marks.1, right.title));
            let mut from = 0;
            while from < changes.len() {
                let mut to = from + 1;
                // Changes whose contexts touch are shown together.
                while to < changes.len() {
                    let gap = changes[to].left.0 - (changes[to - 1].left.0 + changes[to - 1].left.1);
                    if gap > context.saturating_mul(2) {
                        break;
                    }
                    to += 1;
                }
                hunk(sys, unified, *context, left, right, &changes[from..to]);
                from = to;
            }
        }
    }
}

fn letter(c: &Change) -> char {
    match (c.left.1, c.right.1) {
        (0, _) => 'a',
        (_, 0) => 'd',
        _ => 'c',
    }
}

fn normal(sys: &Sys, left: &Side, right: &Side, c: &Change) {
    let kind = letter(c);
    sys.print(STDOUT, format_args!("{}{kind}{}\n", range(c.left), range(c.right)));
    (c.left.0..c.left.0 + c.left.1).for_each(|i| left.print(sys, "< ", i));
    if kind == 'c' {
        sys.put(STDOUT, b"---\n");
    }
    (c.right.0..c.right.0 + c.right.1).for_each(|i| right.print(sys, "> ", i));
}

fn ed(sys: &Sys, right: &Side, c: &Change) {
    let kind = letter(c);
    sys.print(STDOUT, format_args!("{}{kind}\n", range(c.left)));
    if kind != 'd' {
        for i in c.right.0..c.right.0 + c.right.1 {
            sys.put(STDOUT, right.line(i));
            sys.put(STDOUT, b"\n");
        }
        sys.put(STDOUT, b".\n");
    }
}

fn hunk(sys: &Sys, unified: bool, context: usize, left: &Side, right: &Side, changes: &[Change]) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
    let span = |side: &Side, from: usize, end: usize| {
        let start = from.saturating_sub(context);
        (start, end.saturating_add(context).min(side.lines.len()) - start)
    };
    let l = span(left, first.left.0, last.left.0 + last.left.1);
    let r = span(right, first.right.0, last.right.0 + last.right.1);
    if unified {
        let range = |(from, count): (usize, usize)| match count {
            1 => (from + 1).to_string(),
            0 => format!("{from},0"),
            _ => format!("{},{count}", from + 1),
        };
        sys.print(STDOUT, format_args!("@@ -{} +{} @@\n", range(l), range(r)));
        let mut at = l.0;
        for c in changes {
            (at..c.left.0).for_each(|i| left.print(sys, " ", i));
            (c.left.0..c.left.0 + c.left.1).for_each(|i| left.print(sys, "-", i));
            (c.right.0..c.right.0 + c.right.1).for_each(|i| right.print(sys, "+", i));
            at = c.left.0 + c.left.1;
        }
        (at..l.0 + l.1).for_each(|i| left.print(sys, " ", i));
        return;
    }
    sys.print(STDOUT, format_args!("***************\n*** {} ****\n", range(l)));
    for (side, span, own, letter) in [(left, l, 0usize, "- "), (right, r, 1, "+ ")] {
        if own == 1 {
            sys.print(STDOUT, format_args!("--- {} ----\n", range(r)));
        }
        let part = |c: &Change| if own == 0 { c.left } else { c.right };
        if changes.iter().all(|c| part(c).1 == 0) {
            continue;
        }
        for i in span.0..span.0 + span.1 {
            let c = changes.iter().find(|c| (part(c).0..part(c).0 + part(c).1).contains(&i));
            let mark = match c {
                Some(c) if c.left.1 > 0 && c.right.1 > 0 => "! ",
                Some(_) => letter,
                None => "  ",
            };
            side.print(sys, mark, i);
        }
    }
}

/// Two columns with a mark between them.
fn beside(sys: &Sys, width: usize, left: &Side, right: &Side, changes: &[Change]) {
    // As GNU has it: the gutter is three columns, the right half begins at a tab stop.
    let w = width.clamp(8, 4096);
    let offset = ((w + 8 + 3) / 2) / 8 * 8;
    let half = (offset - 3).min(w - offset);
    let cut = |line: &[u8], most: usize| -> (Vec<u8>, usize) {
        let (mut out, mut at) = (Vec::new(), 0);
        for b in line {
            let step = if *b == b'\t' { 8 - at % 8 } else { usize::from(*b & 0xC0 != 0x80) };
            if at + step > most {
                break;
            }
            out.push(*b);
            at += step;
        }
        (out, at)
    };
    let tabs = |from: usize, to: usize| {
        let mut out = String::new();
        let mut at = from;
        while at / 8 * 8 + 8 <= to {
            out.push('\t');
            at = at / 8 * 8 + 8;
        }
        while at < to {
            out.push(' ');
            at += 1;
        }
        out
    };
    let row = |a: Option<usize>, b: Option<usize>, mark: char| {
        let mut at = 0;
        if let Some(i) = a {
            let (text, used) = cut(left.line(i), half);
            sys.put(STDOUT, &text);
            at = used;
        }
        if mark != ' ' {
            let middle = (half + offset - 1) / 2;
            sys.print(STDOUT, format_args!("{}{mark}", tabs(at, middle)));
            at = middle + 1;
        }
        if let Some(i) = b {
            let (text, _) = cut(right.line(i), half);
            if !text.is_empty() {
                sys.put(STDOUT, tabs(at, offset).as_bytes());
                sys.put(STDOUT, &text);
            }
        }
        sys.put(STDOUT, b"\n");
    };
    let (mut i, mut j) = (0, 0);
    for c in changes {
        while i < c.left.0 {
            row(Some(i), Some(j), ' ');
            (i, j) = (i + 1, j + 1);
        }
        let (l, r) = (c.left.1, c.right.1);
        for n in 0..l.max(r) {
            let (a, b) = ((n < l).then_some(i + n), (n < r).then_some(j + n));
            row(
                a,
                b,
                if n >= l {
                    '>'
                } else if n >= r {
                    '<'
                } else {
                    '|'
                },
            );
        }
        (i, j) = (i + l, j + r);
    }
    while i < left.lines.len() {
        row(Some(i), Some(j), ' ');
        (i, j) = (i + 1, j + 1);
    }
}
