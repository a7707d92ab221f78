//! awk: operands: constants, variables, fields, calls, getline.  Not here: operators (`expr`).

use super::*;

impl Parser {
    /// Keys up to `]`, joined.
    pub(super) fn subscript(&mut self) -> Res<()> {
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
    pub(super) fn getline_place(&mut self) -> Res<Option<Place>> {
        let begins = matches!(self.peek(), Tok::Name(_)) || self.is("$");
        if !begins {
            return Ok(None);
        }
        let start = self.p.ops.len();
        self.primary()?;
        Ok(self.place(start))
    }
    pub(super) fn primary(&mut self) -> Res<()> {
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
    pub(super) fn unary_field(&mut self) -> Res<()> {
        if self.is("++") || self.is("--") { self.postfix() } else { self.unary() }
    }
    /// Arguments up to `)`.
    pub(super) fn arguments(&mut self, function: Option<usize>) -> Res<usize> {
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
    pub(super) fn builtin(&mut self, name: &'static str) -> Res<()> {
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
