//! The tree both parsers make, and the program it becomes.
//! Not here: notation (`posix`, `perl`), running (`vm`).

use crate::Error;
use crate::class::{Class, Set, lower};

/// A place that a pattern can ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Start of the text; with `true` of any line.
    Begin(bool),
    /// End of the text; with `true` of any line.
    End(bool),
    /// End of the text or before its last newline (Perl's `$`).
    Last,
    Word,
    NotWord,
    WordStart,
    WordEnd,
}

/// What stands around a looked-at part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Ahead,
    NotAhead,
    Behind,
    NotBehind,
    /// Matched once for all, without going back into it: `(?>...)`.
    Atomic,
}

/// A pattern.
#[derive(Clone)]
pub(crate) enum Node {
    Empty,
    Char(u32, bool),
    /// Any character; with `true` a newline too.
    Any(bool),
    Set(Set),
    Place(Place),
    Cat(Vec<Node>),
    Alt(Vec<Node>),
    Group(Box<Node>, usize),
    Repeat(Box<Node>, u32, Option<u32>, bool),
    Back(usize, bool),
    Look(Box<Node>, Look),
}

/// One instruction.
pub(crate) enum Inst {
    Char(u32),
    /// Either case; the lower one is here.
    Fold(u32),
    Any(bool),
    Set(u32),
    Place(Place),
    /// The first is tried first. The number is the split's own, for the record of what was tried.
    Split(usize, usize, usize),
    Jump(usize),
    Save(usize),
    Back(usize, bool),
    /// Remembers where a round of a loop began.
    Round(usize),
    /// Leaves the loop if the round has not moved.
    Moved(usize, usize),
    /// The part in question follows and ends in `Match`; afterwards things go on at the number. Range of lengths for looking back.
    Look(Look, usize, (usize, usize)),
    Match,
}

/// Larger programs are refused.
const LIMIT: usize = 20_000;

/// A compiled pattern.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) code: Vec<Inst>,
    pub(crate) sets: Vec<Set>,
    pub(crate) splits: usize,
    /// Slots for groups and rounds.
    pub(crate) slots: usize,
    /// Groups with the whole match.
    pub(crate) groups: usize,
    /// Whether what a state leads to does not depend on how it was reached.
    pub(crate) plain: bool,
}

/// Shortest and longest text in characters; `None`: no limit.
fn extent(node: &Node) -> (usize, Option<usize>) {
    match node {
        Node::Empty | Node::Place(_) => (0, Some(0)),
        Node::Look(n, Look::Atomic) | Node::Group(n, _) => extent(n),
        Node::Look(..) => (0, Some(0)),
        Node::Char(..) | Node::Any(_) | Node::Set(_) => (1, Some(1)),
        Node::Back(..) => (0, None),
        Node::Cat(all) => {
            all.iter().map(extent).fold((0, Some(0)), |(a, b), (c, d)| (a.saturating_add(c), b.zip(d).map(|(b, d)| b.saturating_add(d))))
        }
        Node::Alt(all) => {
            let mut parts = all.iter().map(extent);
            let first = parts.next().unwrap_or((0, Some(0)));
            parts.fold(first, |(a, b), (c, d)| (a.min(c), b.zip(d).map(|(b, d)| b.max(d))))
        }
        Node::Repeat(n, min, max, _) => {
            let (a, b) = extent(n);
            let most = match (b, max) {
                (Some(0), _) => Some(0),
                (Some(b), Some(m)) => Some(b.saturating_mul(*m as usize)),
                _ => None,
            };
            (a.saturating_mul(*min as usize), most)
        }
    }
}

impl Program {
    /// Compiles.
    pub(crate) fn new(node: &Node, groups: usize) -> Result<Program, Error> {
        let mut p = Program { groups, slots: groups * 2, plain: true, ..Program::default() };
        p.emit(node)?;
        p.push(Inst::Match)?;
        Ok(p)
    }
    fn push(&mut self, inst: Inst) -> Result<usize, Error> {
        if self.code.len() >= LIMIT {
            return Err(Error { text: "Regular expression too big", offset: 0 });
        }
        self.code.push(inst);
        Ok(self.code.len() - 1)
    }
    fn split(&mut self) -> Result<usize, Error> {
        self.splits += 1;
        self.push(Inst::Split(0, 0, self.splits - 1))
    }
    /// Sets the two ways of the split at `at`: into the part behind it, and to `out`; the lazy one prefers `out`.
    fn ways(&mut self, at: usize, out: usize, greedy: bool) {
        if let Inst::Split(a, b, _) = &mut self.code[at] {
            (*a, *b) = if greedy { (at + 1, out) } else { (out, at + 1) };
        }
    }
    fn emit(&mut self, node: &Node) -> Result<(), Error> {
        match node {
            Node::Empty => {}
            Node::Char(c, icase) => {
                self.push(if *icase { Inst::Fold(lower(*c)) } else { Inst::Char(*c) })?;
            }
            Node::Any(all) => {
                self.push(Inst::Any(*all))?;
            }
            Node::Set(set) => {
                self.sets.push(set.clone());
                self.push(Inst::Set(self.sets.len() as u32 - 1))?;
            }
            Node::Place(place) => {
                self.push(Inst::Place(*place))?;
            }
            Node::Cat(all) => {
                for n in all {
                    self.emit(n)?;
                }
            }
            Node::Alt(all) => {
                let mut ends = Vec::new();
                for (i, n) in all.iter().enumerate() {
                    if i + 1 == all.len() {
                        self.emit(n)?;
                        break;
                    }
                    let split = self.split()?;
                    self.emit(n)?;
                    ends.push(self.push(Inst::Jump(0))?);
                    let next = self.code.len();
                    self.ways(split, next, true);
                }
                let end = self.code.len();
                for at in ends {
                    self.code[at] = Inst::Jump(end);
                }
            }
            Node::Group(n, i) => {
                self.push(Inst::Save(i * 2))?;
                self.emit(n)?;
                self.push(Inst::Save(i * 2 + 1))?;
            }
            Node::Repeat(n, min, max, greedy) => self.repeat(n, *min, *max, *greedy)?,
            Node::Back(i, icase) => {
                self.plain = false;
                self.push(Inst::Back(*i, *icase))?;
            }
            Node::Look(n, look) => {
                self.plain = false;
                let (min, max) = extent(n);
                let at = self.push(Inst::Look(*look, 0, (min, max.unwrap_or(min))))?;
                self.emit(n)?;
                self.push(Inst::Match)?;
                let next = self.code.len();
                if let Inst::Look(_, to, _) = &mut self.code[at] {
                    *to = next;
                }
            }
        }
        Ok(())
    }
    fn repeat(&mut self, n: &Node, min: u32, max: Option<u32>, greedy: bool) -> Result<(), Error> {
        if matches!(n, Node::Empty) {
            return Ok(());
        }
        for _ in 0..min {
            let before = self.code.len();
            self.emit(n)?;
            if self.code.len() == before {
                return Ok(());
            }
        }
        let Some(max) = max else {
            let top = self.split()?;
            let guard = if extent(n).0 == 0 {
                self.slots += 1;
                let slot = self.slots - 1;
                self.push(Inst::Round(slot))?;
                Some(slot)
            } else {
                None
            };
            self.emit(n)?;
            let moved = match guard {
                Some(slot) => Some((self.push(Inst::Moved(slot, 0))?, slot)),
                None => None,
            };
            self.push(Inst::Jump(top))?;
            let out = self.code.len();
            self.ways(top, out, greedy);
            if let Some((at, slot)) = moved {
                self.code[at] = Inst::Moved(slot, out);
            }
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.split()?);
            self.emit(n)?;
        }
        let out = self.code.len();
        for at in splits {
            self.ways(at, out, greedy);
        }
        Ok(())
    }
    /// The bytes a match can begin with; `None`: any, or it may be empty.
    pub(crate) fn first(&self, utf8: bool, wide: bool) -> Option<[bool; 256]> {
        let mut bytes = [false; 256];
        let mut seen = vec![false; self.code.len()];
        let mut todo = vec![0];
        while let Some(pc) = todo.pop() {
            if std::mem::replace(seen.get_mut(pc)?, true) {
                continue;
            }
            let has = |c: u32| match &self.code[pc] {
                Inst::Char(k) => *k == c,
                Inst::Fold(k) => *k == lower(c),
                Inst::Set(i) => self.sets[*i as usize].has(c, wide),
                _ => false,
            };
            match &self.code[pc] {
                Inst::Char(_) | Inst::Fold(_) | Inst::Set(_) => {
                    for (b, slot) in bytes.iter_mut().enumerate() {
                        // A character beyond ASCII: any byte that can begin one will do.
                        *slot |= if b < 0x80 || !utf8 { has(b as u32) } else { !matches!(&self.code[pc], Inst::Char(k) if *k < 0x80) };
                    }
                }
                Inst::Split(a, b, _) => todo.extend([*a, *b]),
                Inst::Jump(a) => todo.push(*a),
                Inst::Place(_) | Inst::Save(_) | Inst::Round(_) => todo.push(pc + 1),
                Inst::Moved(_, out) => todo.extend([pc + 1, *out]),
                Inst::Any(_) | Inst::Back(..) | Inst::Look(..) | Inst::Match => return None,
            }
        }
        Some(bytes)
    }
}

/// Whether `c` is part of a word.
pub(crate) fn word(c: u32, wide: bool) -> bool {
    Class::Word.has(c, wide)
}
