//! Runs a program over a text: by trying ways in order, with a record of what was tried, so that the time is bounded.
//! Not here: making programs (`node`). POSIX patterns take the longest match from the leftmost place, Perl's the first one found.

use crate::class::{decode, decode_before, lower};
use crate::node::{Inst, Look, Place, Program, word};

/// No value in a slot.
pub(crate) const NONE: usize = usize::MAX;

/// Steps after which a pattern with back-references or lookarounds is given up.
const STEPS: u32 = 4_000_000;
/// Largest record of tried states, in bits.
const RECORD: usize = 1 << 27;

enum Job {
    Try(usize, usize),
    Slot(usize, usize),
    Slots(Vec<usize>),
}

/// A search in one text.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) text: &'a [u8],
    pub(crate) utf8: bool,
    /// Letters beyond ASCII belong to words and classes.
    pub(crate) wide: bool,
    pub(crate) longest: bool,
    /// First place of the search: the record begins here.
    origin: usize,
    tried: Vec<u64>,
    steps: u32,
    pub(crate) slots: Vec<usize>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(program: &'a Program, text: &'a [u8], origin: usize, utf8: bool, wide: bool, longest: bool) -> Run<'a> {
        let bits = program.splits.saturating_mul(text.len() - origin + 1);
        let record = program.plain && bits <= RECORD;
        Run {
            program,
            text,
            utf8,
            wide,
            longest,
            origin,
            tried: if record { vec![0; bits.div_ceil(64)] } else { Vec::new() },
            steps: 0,
            slots: Vec::new(),
        }
    }
    /// Whether the search was given up.
    pub(crate) fn exhausted(&self) -> bool {
        self.steps >= STEPS
    }
    /// Looks for a match that begins at `at`; leaves its slots in `self.slots`.
    pub(crate) fn at(&mut self, at: usize) -> Option<usize> {
        self.slots = vec![NONE; self.program.slots];
        self.go(0, at, None, self.longest)
    }
    fn again(&mut self, split: usize, at: usize) -> bool {
        let bit = split * (self.text.len() - self.origin + 1) + at.saturating_sub(self.origin);
        match self.tried.get_mut(bit / 64) {
            Some(word) => {
                let mask = 1u64 << (bit % 64);
                let before = *word & mask != 0;
                *word |= mask;
                before
            }
            None => false,
        }
    }
    fn go(&mut self, pc: usize, at: usize, end: Option<usize>, longest: bool) -> Option<usize> {
        let program = self.program;
        let mut jobs = vec![Job::Try(pc, at)];
        let mut best: Option<(usize, Vec<usize>)> = None;
        'job: while let Some(job) = jobs.pop() {
            let (mut pc, mut at) = match job {
                Job::Try(pc, at) => (pc, at),
                Job::Slot(i, old) => {
                    self.slots[i] = old;
                    continue;
                }
                Job::Slots(old) => {
                    self.slots = old;
                    continue;
                }
            };
            loop {
                if self.tried.is_empty() {
                    self.steps += 1;
                    if self.exhausted() {
                        return None;
                    }
                }
                match &program.code[pc] {
                    inst @ (Inst::Char(_) | Inst::Fold(_) | Inst::Any(_) | Inst::Set(_)) => {
                        if at >= self.text.len() {
                            continue 'job;
                        }
                        let (c, len) = decode(self.text, at, self.utf8);
                        let fits = match inst {
                            Inst::Char(k) => c == *k,
                            Inst::Fold(k) => lower(c) == *k,
                            Inst::Any(all) => c < crate::class::BAD && (*all || c != 10),
                            Inst::Set(i) => program.sets[*i as usize].has(c, self.wide),
                            _ => false,
                        };
                        if !fits {
                            continue 'job;
                        }
                        at += len;
                    }
                    Inst::Place(place) => {
                        if !self.place(*place, at) {
                            continue 'job;
                        }
                    }
                    Inst::Split(first, second, own) => {
                        if !self.tried.is_empty() && self.again(*own, at) {
                            continue 'job;
                        }
                        jobs.push(Job::Try(*second, at));
                        pc = *first;
                        continue;
                    }
                    Inst::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Inst::Save(i) | Inst::Round(i) => {
                        jobs.push(Job::Slot(*i, self.slots[*i]));
                        self.slots[*i] = at;
                    }
                    Inst::Moved(i, out) => {
                        if self.slots[*i] == at {
                            pc = *out;
                            continue;
                        }
                    }
                    Inst::Back(i, icase) => match self.back(*i, *icase, at) {
                        Some(next) => at = next,
                        None => continue 'job,
                    },
                    Inst::Look(look, next, lengths) => {
                        let before = self.slots.clone();
                        let found = self.look(*look, pc + 1, at, *lengths);
                        let wanted = !matches!(look, Look::NotAhead | Look::NotBehind);
                        if found.is_some() != wanted {
                            self.slots = before;
                            continue 'job;
                        }
                        if wanted {
                            jobs.push(Job::Slots(before));
                        } else {
                            self.slots = before;
                        }
                        if *look == Look::Atomic {
                            at = found.unwrap_or(at);
                        }
                        pc = *next;
                        continue;
                    }
                    Inst::Match => {
                        if end.is_some_and(|e| e != at) {
                            continue 'job;
                        }
                        if !longest {
                            return Some(at);
                        }
                        if best.as_ref().is_none_or(|(e, _)| at > *e) {
                            best = Some((at, self.slots.clone()));
                            if at == self.text.len() {
                                break 'job;
                            }
                        }
                        continue 'job;
                    }
                }
                pc += 1;
            }
        }
        let (end, slots) = best?;
        self.slots = slots;
        Some(end)
    }
    fn look(&mut self, look: Look, pc: usize, at: usize, lengths: (usize, usize)) -> Option<usize> {
        if !matches!(look, Look::Behind | Look::NotBehind) {
            return self.go(pc, at, None, false);
        }
        let mut from = at;
        for len in 0..=lengths.1 {
            if len >= lengths.0 && self.go(pc, from, Some(at), false).is_some() {
                return Some(at);
            }
            if from == 0 {
                break;
            }
            from -= decode_before(self.text, from, self.utf8).1;
        }
        None
    }
    fn back(&self, group: usize, icase: bool, at: usize) -> Option<usize> {
        let (a, b) = (*self.slots.get(group * 2)?, *self.slots.get(group * 2 + 1)?);
        if a == NONE || b == NONE {
            return None;
        }
        let seen = self.text.get(a..b)?;
        let here = self.text.get(at..at.checked_add(seen.len())?)?;
        let same = if icase { seen.eq_ignore_ascii_case(here) } else { seen == here };
        same.then_some(at + seen.len())
    }
    fn place(&self, place: Place, at: usize) -> bool {
        let (text, end) = (self.text, self.text.len());
        match place {
            Place::Begin(lines) => return at == 0 || lines && text[at - 1] == b'\n',
            Place::End(lines) => return at == end || lines && text[at] == b'\n',
            Place::Last => return at == end || at + 1 == end && text[at] == b'\n',
            _ => {}
        }
        let before = at > 0 && word(decode_before(text, at, self.utf8).0, self.wide);
        let after = at < end && word(decode(text, at, self.utf8).0, self.wide);
        match place {
            Place::Word => before != after,
            Place::NotWord => before == after,
            Place::WordStart => !before && after,
            _ => before && !after,
        }
    }
}
