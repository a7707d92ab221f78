//! awk: the grammar, compiled at once into operations of a stack machine.
//! Not here: what the operations do (`run`). Source: POSIX awk; mawk 1.3.4's messages.

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
        match self.p.ops.get_mut(jump) {
            Some(Op::Jump(to) | Op::JumpIf(_, to) | Op::Each(_, to)) => *to = here,
            _ => {}
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

    // --- rules and statements ------------------------------------------------------------------

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
    fn block(&mut self) -> Res<()> {
        self.want("{")?;
        self.ends();
        while !self.is("}") {
            if *self.peek() == Tok::End {
                return self.fail(Some("}"));
            }
            self.statement()?;
            self.ends();
        }
        self.want("}")
    }
    /// What ends a simple statement.
    fn terminator(&mut self) -> Res<()> {
        match self.peek() {
            Tok::Newline => self.at += 1,
            Tok::Word(";") => self.at += 1,
            Tok::Word("}") => {}
            Tok::End => return self.fail(Some("}")),
            _ => return self.fail(None),
        }
        Ok(())
    }
    /// A body, which may stand on the next line; a lone semicolon is an empty one.
    fn body(&mut self) -> Res<()> {
        self.newlines();
        if self.take(";") {
            return Ok(());
        }
        self.statement()
    }
    fn statement(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("program nested too deep".into());
        }
        let done = self.any_statement();
        self.depth -= 1;
        done
    }
    fn any_statement(&mut self) -> Res<()> {
        if self.is("{") {
            return self.block();
        }
        let Tok::Word(w) = *self.peek() else { return self.simple() };
        match w {
            "if" => {
                self.at += 1;
                self.want("(")?;
                self.expr()?;
                self.want(")")?;
                let no = self.op(Op::JumpIf(false, 0));
                self.body()?;
                let save = self.at;
                self.ends();
                if self.take("else") {
                    let over = self.op(Op::Jump(0));
                    self.mend(no);
                    self.body()?;
                    self.mend(over);
                } else {
                    self.at = save;
                    self.mend(no);
                }
                Ok(())
            }
            "while" => {
                self.at += 1;
                let top = self.p.ops.len();
                self.want("(")?;
                self.expr()?;
                self.want(")")?;
                let out = self.op(Op::JumpIf(false, 0));
                self.loops.push((Vec::new(), vec![out]));
                self.body()?;
                self.end_loop(top);
                Ok(())
            }
            "do" => {
                self.at += 1;
                let top = self.p.ops.len();
                self.loops.push((Vec::new(), Vec::new()));
                self.body()?;
                self.ends();
                if !self.take("while") {
                    return self.fail(None);
                }
                let goes = self.loops.last_mut().map(|l| std::mem::take(&mut l.0)).unwrap_or_default();
                goes.into_iter().for_each(|j| self.mend(j));
                self.want("(")?;
                self.expr()?;
                self.want(")")?;
                self.op(Op::JumpIf(true, top));
                let outs = self.loops.pop().map(|l| l.1).unwrap_or_default();
                outs.into_iter().for_each(|j| self.mend(j));
                if !self.is("}") && *self.peek() != Tok::End {
                    self.terminator()?;
                }
                Ok(())
            }
            "for" => self.for_loop(),
            ";" => {
                self.at += 1;
                Ok(())
            }
            _ => self.simple(),
        }
    }
    /// Jumps back to the condition; mends what leads out and on.
    fn end_loop(&mut self, top: usize) {
        let (goes, outs) = self.loops.pop().unwrap_or_default();
        for j in goes {
            if let Some(Op::Jump(to)) = self.p.ops.get_mut(j) {
                *to = top;
            }
        }
        self.op(Op::Jump(top));
        outs.into_iter().for_each(|j| self.mend(j));
    }
    fn for_loop(&mut self) -> Res<()> {
        self.at += 1;
        self.want("(")?;
        // for (name in array)
        if let (Tok::Name(k), Some(Tok::Word("in")), Some(Tok::Name(a)), Some(Tok::Word(")"))) =
            (self.peek().clone(), self.ahead(1), self.ahead(2), self.ahead(3))
        {
            self.at += 4;
            let (key, array) = (self.var(&k), self.var(&a));
            self.is_array(array);
            self.op(Op::Keys(array));
            let top = self.op(Op::Each(key, 0));
            self.loops.push((Vec::new(), vec![top]));
            self.body()?;
            self.end_loop(top);
            self.op(Op::EndKeys);
            return Ok(());
        }
        if !self.is(";") {
            self.effect()?;
        }
        self.want(";")?;
        self.newlines();
        let top = self.p.ops.len();
        let mut outs = Vec::new();
        if !self.is(";") {
            self.expr()?;
            outs.push(self.op(Op::JumpIf(false, 0)));
        }
        self.want(";")?;
        self.newlines();
        let body = self.op(Op::Jump(0));
        let step = self.p.ops.len();
        if !self.is(")") {
            self.effect()?;
        }
        self.op(Op::Jump(top));
        self.want(")")?;
        self.mend(body);
        self.loops.push((Vec::new(), outs));
        self.body()?;
        self.end_loop(step);
        Ok(())
    }
    fn ahead(&self, n: usize) -> Option<Tok> {
        self.tokens.get(self.at + n).map(|t| t.0.clone())
    }
    fn simple(&mut self) -> Res<()> {
        self.effect()?;
        self.terminator()
    }
    /// A statement without its end.
    fn effect(&mut self) -> Res<()> {
        let Tok::Word(w) = *self.peek() else {
            self.expr()?;
            self.op(Op::Pop);
            return Ok(());
        };
        match w {
            "print" | "printf" => self.print(w == "printf"),
            "next" | "nextfile" => {
                self.at += 1;
                self.op(if w == "next" { Op::Next } else { Op::NextFile });
                Ok(())
            }
            "break" | "continue" => {
                let jump = self.op(Op::Jump(0));
                let Some(l) = self.loops.last_mut() else { return self.fail(None) };
                if w == "break" {
                    l.1.push(jump)
                } else {
                    l.0.push(jump)
                }
                self.at += 1;
                Ok(())
            }
            "exit" | "return" => {
                self.at += 1;
                let value = !matches!(self.peek(), Tok::Newline | Tok::End | Tok::Word(";" | "}"));
                if value {
                    self.expr()?;
                }
                self.op(if w == "exit" { Op::Exit(value) } else { Op::Return(value) });
                Ok(())
            }
            "delete" => {
                self.at += 1;
                let Tok::Name(name) = self.peek().clone() else { return self.fail(None) };
                self.at += 1;
                let v = self.var(&name);
                self.is_array(v);
                let one = self.take("[");
                if one {
                    self.subscript()?;
                }
                self.op(Op::Delete(v, one));
                Ok(())
            }
            _ => {
                self.expr()?;
                self.op(Op::Pop);
                Ok(())
            }
        }
    }
    fn print(&mut self, format: bool) -> Res<()> {
        self.at += 1;
        let mut n = 0;
        let ends = |t: &Tok| matches!(t, Tok::Newline | Tok::End | Tok::Word(";" | "}" | ">" | ">>" | "|"));
        if !ends(self.peek()) {
            // A list in parentheses is the whole list only if nothing but a redirection follows.
            let (save, ops) = (self.at, self.p.ops.len());
            let mut whole = false;
            if self.take("(") {
                let mut good = self.expr().is_ok();
                n = 1;
                while good && self.take(",") {
                    self.newlines();
                    good = self.expr().is_ok();
                    n += 1;
                }
                whole = good && self.take(")") && ends(self.peek());
            }
            if !whole {
                self.at = save;
                self.p.ops.truncate(ops);
                self.no_gt = true;
                n = 0;
                loop {
                    self.expr()?;
                    n += 1;
                    if !self.take(",") {
                        break;
                    }
                    self.newlines();
                }
                self.no_gt = false;
            }
        }
        let how = match self.peek() {
            Tok::Word(">") => b'>',
            Tok::Word(">>") => b'G',
            Tok::Word("|") => b'|',
            _ => b' ',
        };
        if how != b' ' {
            self.at += 1;
            self.no_gt = true;
            self.concatenation()?;
            self.no_gt = false;
        }
        self.op(if format { Op::Printf(n, how) } else { Op::Print(n, how) });
        Ok(())
    }

    // --- expressions ---------------------------------------------------------------------------

    fn expr(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression nested too deep".into());
        }
        let done = self.ternary();
        self.depth -= 1;
        done
    }
    /// The place whose loading was compiled last, if that is what the last operation does.
    fn place(&mut self, from: usize) -> Option<Place> {
        match self.p.ops.last() {
            Some(Op::Load(place)) if self.p.ops.len() > from => {
                let place = *place;
                self.p.ops.pop();
                Some(place)
            }
            _ => None,
        }
    }
    fn ternary(&mut self) -> Res<()> {
        let start = self.p.ops.len();
        let begins = self.at;
        self.or()?;
        if self.take("?") {
            let no = self.op(Op::JumpIf(false, 0));
            self.newlines();
            self.expr()?;
            let over = self.op(Op::Jump(0));
            self.newlines();
            self.want(":")?;
            self.newlines();
            self.mend(no);
            self.expr()?;
            self.mend(over);
            return Ok(());
        }
        let assigns = match self.peek() {
            Tok::Word(w @ ("+=" | "-=" | "*=" | "/=" | "%=" | "^=")) => Some(&w[..1]),
            _ if self.equals() => Some(""),
            _ => None,
        };
        let Some(op) = assigns else { return Ok(()) };
        let Some(place) = self.place(start).filter(|_| self.at > begins) else { return self.fail(None) };
        self.at += 1;
        self.newlines();
        if !op.is_empty() {
            if !matches!(place, Place::Var(_)) {
                self.op(Op::Dup);
            }
            self.op(Op::Load(place));
        }
        self.expr()?;
        if !op.is_empty() {
            let op = ["+", "-", "*", "/", "%", "^"].into_iter().find(|o| *o == op).unwrap_or("+");
            self.op(Op::Bin(op));
        }
        self.op(Op::Store(place));
        Ok(())
    }
    fn equals(&self) -> bool {
        self.is("=")
    }
    fn or(&mut self) -> Res<()> {
        self.and()?;
        while self.take("||") {
            self.newlines();
            self.op(Op::Truth);
            self.op(Op::Dup);
            let yes = self.op(Op::JumpIf(true, 0));
            self.op(Op::Pop);
            self.and()?;
            self.op(Op::Truth);
            self.mend(yes);
        }
        Ok(())
    }
    fn and(&mut self) -> Res<()> {
        self.membership()?;
        while self.take("&&") {
            self.newlines();
            self.op(Op::Truth);
            self.op(Op::Dup);
            let no = self.op(Op::JumpIf(false, 0));
            self.op(Op::Pop);
            self.membership()?;
            self.op(Op::Truth);
            self.mend(no);
        }
        Ok(())
    }
    fn membership(&mut self) -> Res<()> {
        self.matching()?;
        while !self.no_in && self.take("in") {
            let Tok::Name(name) = self.peek().clone() else { return self.fail(None) };
            self.at += 1;
            let v = self.var(&name);
            self.is_array(v);
            self.op(Op::Key(1));
            self.op(Op::In(v));
        }
        Ok(())
    }
    fn matching(&mut self) -> Res<()> {
        self.comparison()?;
        while self.is("~") || self.is("!~") {
            let not = self.is("!~");
            self.at += 1;
            if let Tok::Regex(text) = self.peek().clone() {
                self.at += 1;
                let r = self.regex(text);
                self.op(Op::Regex(r));
            } else {
                self.comparison()?;
            }
            self.op(Op::Bin("~"));
            if not {
                self.op(Op::Not);
            }
        }
        Ok(())
    }
    fn comparison(&mut self) -> Res<()> {
        self.concatenation()?;
        let op = match self.peek() {
            Tok::Word(w @ ("<" | "<=" | "==" | "!=" | ">=")) => *w,
            Tok::Word(">") if !self.no_gt => ">",
            _ => return Ok(()),
        };
        self.at += 1;
        self.concatenation()?;
        self.op(Op::Bin(op));
        Ok(())
    }
    /// Whether the next token can begin another operand of a concatenation.
    fn operand(&self) -> bool {
        match self.peek() {
            Tok::Number(_) | Tok::Str(_) | Tok::Name(_) | Tok::Call(_) => true,
            Tok::Word(w) => matches!(*w, "$" | "!" | "(" | "-" | "+" | "++" | "--") || FUNCTIONS.contains(w),
            _ => false,
        }
    }
    fn concatenation(&mut self) -> Res<()> {
        self.sum()?;
        loop {
            // cmd | getline binds less than what is written next to it.
            if self.is("|") && self.ahead(1) == Some(Tok::Word("getline")) {
                self.at += 2;
                let place = self.getline_place()?;
                self.op(Op::Getline(b'c', place));
                continue;
            }
            if !self.operand() || self.is("in") {
                return Ok(());
            }
            self.sum()?;
            self.op(Op::Bin(" "));
        }
    }
    fn sum(&mut self) -> Res<()> {
        self.product()?;
        loop {
            let op = if self.is("+") {
                "+"
            } else if self.is("-") {
                "-"
            } else {
                return Ok(());
            };
            self.at += 1;
            self.product()?;
            self.op(Op::Bin(op));
        }
    }
    fn product(&mut self) -> Res<()> {
        self.unary()?;
        loop {
            let op = if self.is("*") {
                "*"
            } else if self.is("/") {
                "/"
            } else if self.is("%") {
                "%"
            } else {
                return Ok(());
            };
            self.at += 1;
            self.unary()?;
            self.op(Op::Bin(op));
        }
    }
    fn unary(&mut self) -> Res<()> {
        let op = match self.peek() {
            Tok::Word("!") => Op::Not,
            Tok::Word("-") => Op::Neg,
            Tok::Word("+") => Op::Plus,
            _ => return self.power(),
        };
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression nested too deep".into());
        }
        self.at += 1;
        self.unary()?;
        self.depth -= 1;
        self.op(op);
        Ok(())
    }
    fn power(&mut self) -> Res<()> {
        self.postfix()?;
        if self.take("^") {
            if self.is("-") || self.is("+") || self.is("!") {
                self.unary()?;
            } else {
                self.power()?;
            }
            self.op(Op::Bin("^"));
        }
        Ok(())
    }
    fn postfix(&mut self) -> Res<()> {
        if self.is("++") || self.is("--") {
            let by = if self.is("++") { 1.0 } else { -1.0 };
            self.at += 1;
            let start = self.p.ops.len();
            self.primary()?;
            let Some(place) = self.place(start) else { return self.fail(None) };
            self.op(Op::Inc(place, by, false));
            return Ok(());
        }
        let start = self.p.ops.len();
        self.primary()?;
        if (self.is("++") || self.is("--"))
            && let Some(place) = self.place(start)
        {
            let by = if self.is("++") { 1.0 } else { -1.0 };
            self.at += 1;
            self.op(Op::Inc(place, by, true));
        }
        Ok(())
    }
    /// Keys up to `]`, joined.
    fn subscript(&mut self) -> Res<()> {
        let (gt, inside) = (std::mem::take(&mut self.no_gt), std::mem::take(&mut self.no_in));
        let mut n = 0;
        loop {
            self.expr()?;
            n += 1;
            if !self.take(",") {
                break;
            }
            self.newlines();
        }
        (self.no_gt, self.no_in) = (gt, inside);
        self.want("]")?;
        self.op(Op::Key(n));
        Ok(())
    }
    /// The variable, field or element behind `getline`.
    fn getline_place(&mut self) -> Res<Option<Place>> {
        let begins = matches!(self.peek(), Tok::Name(_)) || self.is("$");
        if !begins {
            return Ok(None);
        }
        let start = self.p.ops.len();
        self.primary()?;
        Ok(self.place(start))
    }
    fn primary(&mut self) -> Res<()> {
        let tok = self.peek().clone();
        match tok {
            Tok::Number(x) => {
                self.at += 1;
                self.op(Op::Num(x));
            }
            Tok::Str(s) => {
                self.at += 1;
                self.op(Op::Str(Rc::new(s)));
            }
            Tok::Regex(text) => {
                self.at += 1;
                let r = self.regex(text);
                self.op(Op::Record(r));
            }
            Tok::Name(name) => {
                self.at += 1;
                let v = self.var(&name);
                if self.take("[") {
                    self.is_array(v);
                    self.subscript()?;
                    self.op(Op::Load(Place::Elem(v)));
                } else {
                    self.op(Op::Load(Place::Var(v)));
                }
            }
            Tok::Call(name) => {
                self.at += 1;
                let f = self.function(&name);
                self.want("(")?;
                let n = self.arguments(Some(f))?;
                self.op(Op::Call(f, n));
            }
            Tok::Word("$") => {
                self.at += 1;
                if self.is("++") || self.is("--") || self.is("-") || self.is("+") || self.is("!") {
                    self.unary_field()?;
                } else {
                    self.primary()?;
                }
                self.op(Op::Load(Place::Field));
            }
            Tok::Word("(") => {
                self.at += 1;
                let (gt, inside) = (std::mem::take(&mut self.no_gt), std::mem::take(&mut self.no_in));
                let mut n = 1;
                self.expr()?;
                while self.take(",") {
                    self.newlines();
                    self.expr()?;
                    n += 1;
                }
                (self.no_gt, self.no_in) = (gt, inside);
                self.want(")")?;
                if n > 1 {
                    // (i, j) in array
                    let (true, Tok::Name(name)) = (self.take("in"), self.peek().clone()) else { return self.fail(None) };
                    self.at += 1;
                    let v = self.var(&name);
                    self.is_array(v);
                    self.op(Op::Key(n));
                    self.op(Op::In(v));
                }
            }
            Tok::Word("getline") => {
                self.at += 1;
                let place = self.getline_place()?;
                if self.take("<") {
                    self.postfix()?;
                    self.op(Op::Getline(b'f', place));
                } else {
                    self.op(Op::Getline(b'm', place));
                }
            }
            Tok::Word(w) if FUNCTIONS.contains(&w) => {
                self.at += 1;
                self.builtin(w)?;
            }
            _ => return self.fail(None),
        }
        Ok(())
    }
    fn unary_field(&mut self) -> Res<()> {
        if self.is("++") || self.is("--") { self.postfix() } else { self.unary() }
    }
    /// Arguments up to `)`.
    fn arguments(&mut self, function: Option<usize>) -> Res<usize> {
        let (gt, inside) = (std::mem::take(&mut self.no_gt), std::mem::take(&mut self.no_in));
        let mut n = 0;
        self.newlines();
        while !self.is(")") {
            let start = self.p.ops.len();
            let bare = matches!(self.peek(), Tok::Name(_)) && matches!(self.ahead(1), Some(Tok::Word("," | ")")));
            if let Tok::Regex(text) = self.peek().clone()
                && function.is_none()
            {
                self.at += 1;
                let r = self.regex(text);
                self.op(Op::Regex(r));
            } else {
                self.expr()?;
            }
            if let (true, Some(f), Some(Op::Load(Place::Var(v)))) = (bare, function, self.p.ops.get(start)) {
                let v = *v;
                self.passed.push((f, n, v, self.inside, start));
            }
            n += 1;
            self.newlines();
            if !self.take(",") {
                break;
            }
            self.newlines();
        }
        (self.no_gt, self.no_in) = (gt, inside);
        self.want(")")?;
        Ok(n)
    }
    fn builtin(&mut self, name: &'static str) -> Res<()> {
        if !self.is("(") {
            if name != "length" {
                return self.fail(None);
            }
            self.op(Op::Builtin(name, 0));
            return Ok(());
        }
        self.at += 1;
        match name {
            "split" => {
                self.expr()?;
                self.want(",")?;
                let Tok::Name(array) = self.peek().clone() else { return self.fail(None) };
                self.at += 1;
                let v = self.var(&array);
                self.is_array(v);
                self.op(Op::Array(v));
                let mut n = 2;
                if self.take(",") {
                    n += self.arguments(None)?;
                } else {
                    self.want(")")?;
                }
                self.op(Op::Builtin(name, n));
            }
            "length" if matches!(self.peek(), Tok::Name(_)) && self.ahead(1) == Some(Tok::Word(")")) => {
                let Tok::Name(n) = self.peek().clone() else { return self.fail(None) };
                self.at += 2;
                let v = self.var(&n);
                self.op(Op::Load(Place::Var(v)));
                self.op(Op::Builtin(name, 1));
            }
            "sub" | "gsub" => {
                if let Tok::Regex(text) = self.peek().clone() {
                    self.at += 1;
                    let r = self.regex(text);
                    self.op(Op::Regex(r));
                } else {
                    self.expr()?;
                }
                self.want(",")?;
                self.newlines();
                self.expr()?;
                let mut place = Place::Field;
                if self.take(",") {
                    let start = self.p.ops.len();
                    self.expr()?;
                    let Some(p) = self.place(start) else { return self.fail(None) };
                    place = p;
                } else {
                    self.op(Op::Num(0.0));
                }
                self.want(")")?;
                self.op(Op::Sub(name == "gsub", place));
            }
            _ => {
                let n = self.arguments(None)?;
                self.op(Op::Builtin(name, n));
            }
        }
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
