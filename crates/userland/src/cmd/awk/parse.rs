//! awk: the grammar, compiled at once into operations of a stack machine.
//! Not here: what the operations do (`run`). Source: POSIX awk; mawk 1.3.4's messages.

mod expr;
mod operand;
mod statement;

use super::lex::{FUNCTIONS, Lexed, Tok};
use std::rc::Rc;

/// A variable: one of the program's, or of the function that runs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Var {
    Global(usize),
    Local(usize),
}

/// Where a value goes. The index of a field or the key of an element lies on the stack.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Var(Var),
    Field,
    Elem(Var),
}

#[derive(Clone)]
pub(super) enum Op {
    Num(f64),
    Str(Rc<Vec<u8>>),
    Regex(usize),
    /// Whether the record matches a pattern.
    Record(usize),
    Load(Place),
    /// Value below its place's key; leaves the value.
    Store(Place),
    /// Leaves the key of a place doubled.
    Dup,
    /// Adds to a place; leaves the new value, or (true) the old one.
    Inc(Place, f64, bool),
    Array(Var),
    In(Var),
    Delete(Var, bool),
    /// Joins so many values to a key.
    Key(usize),
    Bin(&'static str),
    Neg,
    Plus,
    Not,
    Truth,
    Pop,
    Jump(usize),
    /// Jumps if false / if true.
    JumpIf(bool, usize),
    Builtin(&'static str, usize),
    /// `sub`, `gsub`: pattern and text above the place's key.
    Sub(bool, Place),
    /// Function and number of arguments.
    Call(usize, usize),
    Return(bool),
    /// Number of values, how it is redirected (`>`, `G` for >>, `|`, blank for not).
    Print(usize, u8),
    Printf(usize, u8),
    /// `m`ain input, `f`ile, `c`ommand; place if any.
    Getline(u8, Option<Place>),
    Keys(Var),
    /// Next key into a place, or out of the loop.
    Each(Var, usize),
    EndKeys,
    /// Whether a range is open.
    Range(usize),
    SetRange(usize, bool),
    /// The end of a rule.
    End,
    Next,
    NextFile,
    Exit(bool),
}

pub(super) struct Function {
    pub(super) name: String,
    pub(super) params: Vec<String>,
    pub(super) start: Option<usize>,
    pub(super) arrays: Vec<bool>,
}

#[derive(Default)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) begin: Vec<usize>,
    pub(super) rules: Vec<usize>,
    pub(super) end: Vec<usize>,
    pub(super) globals: Vec<String>,
    pub(super) functions: Vec<Function>,
    pub(super) regexes: Vec<Vec<u8>>,
    pub(super) ranges: usize,
}

struct Parser {
    tokens: Vec<(Tok, u32)>,
    at: usize,
    p: Program,
    /// The function that is read.
    inside: Option<usize>,
    /// Loops: where to go on (unknown yet: the jumps to mend), and the jumps out.
    loops: Vec<(Vec<usize>, Vec<usize>)>,
    /// Calls with the bare names they pass: function, position, variable, function that calls, operation.
    passed: Vec<(usize, usize, Var, Option<usize>, usize)>,
    depth: u32,
    /// `>` redirects, `in` ends.
    no_gt: bool,
    no_in: bool,
}

type Res<T> = Result<T, String>;

/// Variables that awk itself sets, in this order the first globals.
pub(super) const SPECIAL: [&str; 16] =
    ["NR", "NF", "FNR", "FS", "OFS", "RS", "ORS", "FILENAME", "SUBSEP", "CONVFMT", "OFMT", "RSTART", "RLENGTH", "ENVIRON", "ARGV", "ARGC"];

pub(super) fn parse(lexed: Lexed) -> Res<Program> {
    let mut p = Parser {
        tokens: lexed.tokens,
        at: 0,
        p: Program { globals: SPECIAL.iter().map(|s| s.to_string()).collect(), ..Program::default() },
        inside: None,
        loops: Vec::new(),
        passed: Vec::new(),
        depth: 0,
        no_gt: false,
        no_in: false,
    };
    p.program()?;
    p.find_arrays();
    if let Some(f) = p.p.functions.iter().find(|f| f.start.is_none()) {
        let line = p.tokens.last().map_or(1, |t| t.1);
        return Err(format!("line {line}: function {} never defined", f.name));
    }
    Ok(p.p)
}

impl Parser {
    fn peek(&self) -> &Tok {
        self.tokens.get(self.at).map_or(&Tok::End, |t| &t.0)
    }
    fn is(&self, w: &str) -> bool {
        matches!(self.peek(), Tok::Word(x) if *x == w)
    }
    fn take(&mut self, w: &str) -> bool {
        let hit = self.is(w);
        self.at += usize::from(hit);
        hit
    }
    fn fail<T>(&self, missing: Option<&str>) -> Res<T> {
        let line = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |t| t.1);
        let near = self.peek().shown();
        Err(match missing {
            Some(m) => format!("line {line}: missing {m} near {near}"),
            None => format!("line {line}: syntax error at or near {near}"),
        })
    }
    fn want(&mut self, w: &'static str) -> Res<()> {
        if self.take(w) {
            return Ok(());
        }
        self.fail(matches!(w, ")" | "]" | "}").then_some(w))
    }
    fn newlines(&mut self) {
        while matches!(self.peek(), Tok::Newline) {
            self.at += 1;
        }
    }
    fn ends(&mut self) {
        while matches!(self.peek(), Tok::Newline) || self.is(";") {
            self.at += 1;
        }
    }
    fn op(&mut self, op: Op) -> usize {
        self.p.ops.push(op);
        self.p.ops.len() - 1
    }
    /// Lets a jump lead to here.
    fn mend(&mut self, jump: usize) {
        let here = self.p.ops.len();
        if let Some(Op::Jump(to) | Op::JumpIf(_, to) | Op::Each(_, to)) = self.p.ops.get_mut(jump) {
            *to = here;
        }
    }
    fn regex(&mut self, text: Vec<u8>) -> usize {
        self.p.regexes.push(text);
        self.p.regexes.len() - 1
    }
    fn var(&mut self, name: &str) -> Var {
        if let Some(i) = self.inside.and_then(|f| self.p.functions[f].params.iter().position(|p| p == name)) {
            return Var::Local(i);
        }
        match self.p.globals.iter().position(|g| g == name) {
            Some(i) => Var::Global(i),
            None => {
                self.p.globals.push(name.into());
                Var::Global(self.p.globals.len() - 1)
            }
        }
    }
    fn function(&mut self, name: &str) -> usize {
        match self.p.functions.iter().position(|f| f.name == name) {
            Some(i) => i,
            None => {
                self.p.functions.push(Function { name: name.into(), params: Vec::new(), start: None, arrays: Vec::new() });
                self.p.functions.len() - 1
            }
        }
    }
    /// Notes that a variable is an array.
    fn is_array(&mut self, v: Var) {
        if let (Var::Local(i), Some(f)) = (v, self.inside)
            && let Some(a) = self.p.functions[f].arrays.get_mut(i)
        {
            *a = true;
        }
    }
    /// A parameter that is passed on as an array is one.
    fn find_arrays(&mut self) {
        loop {
            let mut changed = false;
            for (f, i, v, caller, _) in &self.passed {
                let array = self.p.functions[*f].arrays.get(*i) == Some(&true);
                if let (true, Var::Local(n), Some(c)) = (array, v, caller)
                    && let Some(a) = self.p.functions[*c].arrays.get_mut(*n)
                    && !*a
                {
                    *a = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for (f, i, v, _, op) in &self.passed {
            if self.p.functions[*f].arrays.get(*i) == Some(&true) {
                self.p.ops[*op] = Op::Array(*v);
            }
        }
    }

    fn program(&mut self) -> Res<()> {
        self.ends();
        while *self.peek() != Tok::End {
            if self.take("function") {
                self.definition()?;
            } else if self.take("BEGIN") {
                let start = self.block_at()?;
                self.p.begin.push(start);
            } else if self.take("END") {
                let start = self.block_at()?;
                self.p.end.push(start);
            } else if self.is("}") {
                let line = self.tokens.get(self.at).map_or(1, |t| t.1);
                // mawk goes on behind it and stumbles at the next line.
                return Err(format!("line {line}: extra '}}'\nawk: line {line}: syntax error at or near end of line"));
            } else {
                self.rule()?;
            }
            self.ends();
        }
        Ok(())
    }
    fn block_at(&mut self) -> Res<usize> {
        let start = self.p.ops.len();
        if !self.is("{") {
            return self.fail(None);
        }
        self.block()?;
        self.op(Op::End);
        Ok(start)
    }
    fn rule(&mut self) -> Res<()> {
        let start = self.p.ops.len();
        let mut out = None;
        if !self.is("{") {
            self.expr()?;
            if self.take(",") {
                let n = self.p.ranges;
                self.p.ranges += 1;
                // The first pattern's code stands before the question whether the range is open: it is moved behind.
                let first: Vec<Op> = self.p.ops.drain(start..).collect();
                self.op(Op::Range(n));
                let open = self.op(Op::JumpIf(true, 0));
                let moved = self.p.ops.len() - start;
                self.p.ops.extend(first.into_iter().map(|op| shift(op, moved)));
                self.passed.iter_mut().filter(|p| p.4 >= start).for_each(|p| p.4 += moved);
                out = Some(self.op(Op::JumpIf(false, 0)));
                self.op(Op::SetRange(n, true));
                self.mend(open);
                self.newlines();
                self.expr()?;
                let closed = self.op(Op::JumpIf(false, 0));
                self.op(Op::SetRange(n, false));
                self.mend(closed);
            } else {
                out = Some(self.op(Op::JumpIf(false, 0)));
            }
        }
        if self.is("{") {
            self.block()?;
        } else {
            self.op(Op::Print(0, b' '));
        }
        if let Some(out) = out {
            self.mend(out);
        }
        self.op(Op::End);
        self.p.rules.push(start);
        Ok(())
    }
    fn definition(&mut self) -> Res<()> {
        let name = match self.peek().clone() {
            Tok::Name(n) | Tok::Call(n) => n,
            _ => return self.fail(None),
        };
        self.at += 1;
        self.want("(")?;
        let mut params = Vec::new();
        while let Tok::Name(n) = self.peek().clone() {
            params.push(n);
            self.at += 1;
            if !self.take(",") {
                break;
            }
            self.newlines();
        }
        self.want(")")?;
        self.newlines();
        let f = self.function(&name);
        self.p.functions[f].arrays = vec![false; params.len()];
        self.p.functions[f].params = params;
        self.p.functions[f].start = Some(self.p.ops.len());
        self.inside = Some(f);
        if !self.is("{") {
            return self.fail(None);
        }
        self.block()?;
        self.op(Op::Return(false));
        self.inside = None;
        Ok(())
    }
}

/// Moves the jumps of code that is moved.
fn shift(op: Op, by: usize) -> Op {
    match op {
        Op::Jump(to) => Op::Jump(to + by),
        Op::JumpIf(when, to) => Op::JumpIf(when, to + by),
        op => op,
    }
}
