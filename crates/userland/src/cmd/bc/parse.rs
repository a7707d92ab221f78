//! The language of bc: words, expressions, statements. Not here: running them. Source: POSIX bc, GNU bc 1.07.1.

use std::rc::Rc;

#[derive(Clone, PartialEq)]
pub(super) enum Tok {
    Number(String),
    Name(String),
    Text(String),
    Op(&'static str),
    Line,
}

const OPS: [&str; 32] = [
    "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "&&", "||", "+", "-", "*", "/", "%", "^", "=", "<", ">", "!",
    "(", ")", "{", "}", "[", "]", ";", ",",
];

pub(super) enum Expr {
    Number(String),
    Place(Place),
    Call(String, Vec<Expr>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// Operator without its `=`; empty: plain.
    Assign(Place, &'static str, Box<Expr>),
    /// By one: whether up, whether before.
    Step(Place, bool, bool),
    /// In parentheses: an assignment there is printed.
    Paren(Box<Expr>),
}

pub(super) enum Place {
    Name(String),
    Element(String, Box<Expr>),
}

pub(super) enum Stmt {
    Expr(Expr),
    Text(String),
    Print(Vec<Stmt>),
    Block(Vec<Stmt>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    For([Option<Expr>; 3], Box<Stmt>),
    Break,
    Continue,
    Return(Option<Expr>),
    Halt,
    Define(String, Rc<Function>),
}

pub(super) struct Function {
    pub(super) params: Vec<String>,
    pub(super) autos: Vec<String>,
    pub(super) body: Stmt,
}

/// Why a text is no statement.
pub(super) enum Wrong {
    /// More lines are needed.
    Open,
    /// At a line end or elsewhere.
    Syntax(bool),
    /// A character that no word begins with.
    Character(char),
}

/// The words of a text; an open comment or string asks for more.
pub(super) fn words(text: &str) -> Result<Vec<Tok>, Wrong> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = |f: fn(&char) -> bool| rest.chars().take_while(f).map(char::len_utf8).sum::<usize>();
        if let Some(after) = rest.strip_prefix("/*") {
            let Some(end) = after.find("*/") else { return Err(Wrong::Open) };
            rest = &after[end + 2..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
            continue;
        }
        let len = match c {
            '\n' => {
                out.push(Tok::Line);
                1
            }
            ' ' | '\t' | '\r' => 1,
            '#' => run(|c| *c != '\n'),
            '"' => {
                let Some(end) = rest[1..].find('"') else { return Err(Wrong::Open) };
                out.push(Tok::Text(rest[1..=end].to_string()));
                end + 2
            }
            '0'..='9' | 'A'..='F' | '.' => {
                let len = run(|c| c.is_ascii_digit() || ('A'..='F').contains(c));
                let more = if rest[len..].starts_with('.') {
                    1 + rest[len + 1..].bytes().take_while(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b)).count()
                } else {
                    0
                };
                let number = &rest[..len + more];
                out.push(if number == "." { Tok::Name("last".into()) } else { Tok::Number(number.to_string()) });
                len + more
            }
            'a'..='z' => {
                let len = run(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_');
                out.push(Tok::Name(rest[..len].to_string()));
                len
            }
            _ => {
                let Some(op) = OPS.iter().find(|o| rest.starts_with(**o)) else { return Err(Wrong::Character(c)) };
                out.push(Tok::Op(op));
                op.len()
            }
        };
        rest = &rest[len..];
    }
    Ok(out)
}

pub(super) struct Parser<'a> {
    pub(super) toks: &'a [Tok],
    pub(super) at: usize,
    depth: u32,
}

type Parsed<T> = Result<T, Wrong>;

impl<'a> Parser<'a> {
    pub(super) fn new(toks: &'a [Tok]) -> Parser<'a> {
        Parser { toks, at: 0, depth: 0 }
    }
    fn op(&mut self, op: &str) -> bool {
        let yes = matches!(self.toks.get(self.at), Some(Tok::Op(o)) if *o == op);
        self.at += usize::from(yes);
        yes
    }
    fn word(&mut self, word: &str) -> bool {
        let yes = matches!(self.toks.get(self.at), Some(Tok::Name(n)) if n == word);
        self.at += usize::from(yes);
        yes
    }
    fn wrong<T>(&self) -> Parsed<T> {
        match self.toks.get(self.at) {
            None => Err(Wrong::Open),
            Some(t) => Err(Wrong::Syntax(*t == Tok::Line)),
        }
    }
    fn need(&mut self, op: &str) -> Parsed<()> {
        if self.op(op) { Ok(()) } else { self.wrong() }
    }
    fn lines(&mut self) {
        while self.toks.get(self.at) == Some(&Tok::Line) {
            self.at += 1;
        }
    }
    fn name(&mut self) -> Parsed<String> {
        match self.toks.get(self.at) {
            Some(Tok::Name(n)) => {
                self.at += 1;
                Ok(n.clone())
            }
            _ => self.wrong(),
        }
    }

    /// All statements up to the end of a line, which must be there.
    pub(super) fn line(&mut self) -> Parsed<Vec<Stmt>> {
        let mut out = Vec::new();
        loop {
            while self.op(";") {}
            if self.toks.get(self.at) == Some(&Tok::Line) {
                self.at += 1;
                return Ok(out);
            }
            out.push(self.statement()?);
            if !matches!(self.toks.get(self.at), Some(Tok::Line | Tok::Op(";"))) {
                return self.wrong();
            }
        }
    }

    fn block(&mut self) -> Parsed<Vec<Stmt>> {
        let mut out = Vec::new();
        loop {
            while self.op(";") || self.toks.get(self.at) == Some(&Tok::Line) {
                self.lines();
            }
            if self.op("}") {
                return Ok(out);
            }
            out.push(self.statement()?);
        }
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        self.depth += 1;
        if self.depth > 100 {
            return Err(Wrong::Syntax(false));
        }
        let done = self.inner();
        self.depth -= 1;
        done
    }

    fn body(&mut self) -> Parsed<Box<Stmt>> {
        self.lines();
        Ok(Box::new(self.statement()?))
    }

    fn inner(&mut self) -> Parsed<Stmt> {
        if let Some(Tok::Text(text)) = self.toks.get(self.at) {
            self.at += 1;
            return Ok(Stmt::Text(text.clone()));
        }
        if self.op("{") {
            return Ok(Stmt::Block(self.block()?));
        }
        if self.word("if") {
            self.need("(")?;
            let cond = self.expr(0)?;
            self.need(")")?;
            let then = self.body()?;
            let otherwise = if self.word("else") { Some(self.body()?) } else { None };
            return Ok(Stmt::If(cond, then, otherwise));
        }
        if self.word("while") {
            self.need("(")?;
            let cond = self.expr(0)?;
            self.need(")")?;
            return Ok(Stmt::For([None, Some(cond), None], self.body()?));
        }
        if self.word("for") {
            self.need("(")?;
            let mut parts = [None, None, None];
            for (i, end) in [";", ";", ")"].into_iter().enumerate() {
                if !self.op(end) {
                    parts[i] = Some(self.expr(0)?);
                    self.need(end)?;
                }
            }
            return Ok(Stmt::For(parts, self.body()?));
        }
        if self.word("print") {
            let mut list = Vec::new();
            loop {
                list.push(match self.toks.get(self.at) {
                    Some(Tok::Text(text)) => {
                        self.at += 1;
                        Stmt::Text(text.clone())
                    }
                    _ => Stmt::Expr(self.expr(0)?),
                });
                if !self.op(",") {
                    return Ok(Stmt::Print(list));
                }
            }
        }
        if self.word("return") {
            let ends = matches!(self.toks.get(self.at), None | Some(Tok::Line | Tok::Op(";" | "}")));
            return Ok(Stmt::Return(if ends { None } else { Some(self.expr(0)?) }));
        }
        let plain = [("break", Stmt::Break), ("continue", Stmt::Continue), ("quit", Stmt::Halt), ("halt", Stmt::Halt)];
        if let Some((_, stmt)) = plain.into_iter().find(|(word, _)| self.word(word)) {
            return Ok(stmt);
        }
        if self.word("define") {
            return self.define();
        }
        Ok(Stmt::Expr(self.expr(0)?))
    }

    fn names(&mut self, end: &str) -> Parsed<Vec<String>> {
        let mut out = Vec::new();
        while !self.op(end) {
            if !out.is_empty() {
                self.need(",")?;
            }
            out.push(self.name()?);
        }
        Ok(out)
    }

    fn define(&mut self) -> Parsed<Stmt> {
        let name = self.name()?;
        self.need("(")?;
        let params = self.names(")")?;
        self.lines();
        self.need("{")?;
        self.lines();
        let mut autos = Vec::new();
        if self.word("auto") {
            loop {
                autos.push(self.name()?);
                if !self.op(",") {
                    break;
                }
            }
        }
        let body = Stmt::Block(self.block()?);
        Ok(Stmt::Define(name, Rc::new(Function { params, autos, body })))
    }

    /// `||` 0, `&&` 1, `!` 2, comparisons 3, assignment 4, sums 5, products 6, powers 7.
    fn expr(&mut self, level: usize) -> Parsed<Expr> {
        const LEVELS: [&[&str]; 8] =
            [&["||"], &["&&"], &[], &["==", "<=", ">=", "!=", "<", ">"], &[], &["+", "-"], &["*", "/", "%"], &["^"]];
        self.depth += 1;
        if self.depth > 200 {
            return Err(Wrong::Syntax(false));
        }
        if level == 2 && self.op("!") {
            let inner = self.expr(2)?;
            self.depth -= 1;
            return Ok(Expr::Unary("!", Box::new(inner)));
        }
        let Some(ops) = LEVELS.get(level) else {
            let one = self.unary()?;
            self.depth -= 1;
            return Ok(one);
        };
        let mut left = self.expr(level + 1)?;
        while let Some(Tok::Op(op)) = self.toks.get(self.at) {
            if let (Expr::Place(_), Some(by)) = (&left, op.strip_suffix('=').filter(|o| !matches!(*o, "=" | "<" | ">" | "!")))
                && level == LEVELS.len() - 1
            {
                self.at += 1;
                let value = self.expr(4)?;
                if let Expr::Place(place) = left {
                    left = Expr::Assign(place, by, Box::new(value));
                    break;
                }
                return self.wrong();
            }
            if !ops.contains(op) {
                break;
            }
            self.at += 1;
            let right = self.expr(if level == 7 { 7 } else { level + 1 })?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.op("-") {
            return Ok(Expr::Unary("-", Box::new(self.unary()?)));
        }
        for (op, up) in [("++", true), ("--", false)] {
            if self.op(op) {
                return match self.unary()? {
                    Expr::Place(place) => Ok(Expr::Step(place, up, true)),
                    _ => self.wrong(),
                };
            }
        }
        let one = match self.toks.get(self.at) {
            Some(Tok::Number(n)) => {
                self.at += 1;
                Expr::Number(n.clone())
            }
            Some(Tok::Op("(")) => {
                self.at += 1;
                let inner = self.expr(0)?;
                self.need(")")?;
                Expr::Paren(Box::new(inner))
            }
            _ => {
                let name = self.name()?;
                if self.op("(") {
                    let mut args = Vec::new();
                    while !self.op(")") {
                        if !args.is_empty() {
                            self.need(",")?;
                        }
                        args.push(self.expr(0)?);
                    }
                    Expr::Call(name, args)
                } else if self.op("[") {
                    let index = self.expr(0)?;
                    self.need("]")?;
                    Expr::Place(Place::Element(name, Box::new(index)))
                } else {
                    Expr::Place(Place::Name(name))
                }
            }
        };
        if let Expr::Place(_) = one {
            for (op, up) in [("++", true), ("--", false)] {
                if self.op(op) {
                    let Expr::Place(place) = one else { return self.wrong() };
                    return Ok(Expr::Step(place, up, false));
                }
            }
        }
        Ok(one)
    }
}
