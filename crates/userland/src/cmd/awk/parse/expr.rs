//! awk: expressions by precedence.  Not here: operands (`operand`), statements (`statement`).

use super::*;

impl Parser {
    pub(super) fn expr(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression nested too deep".into());
        }
        let done = self.ternary();
        self.depth -= 1;
        done
    }
    /// The place whose loading was compiled last, if that is what the last operation does.
    pub(super) fn place(&mut self, from: usize) -> Option<Place> {
        match self.p.ops.last() {
            Some(Op::Load(place)) if self.p.ops.len() > from => {
                let place = *place;
                self.p.ops.pop();
                Some(place)
            }
            _ => None,
        }
    }
    pub(super) fn ternary(&mut self) -> Res<()> {
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
    pub(super) fn equals(&self) -> bool {
        self.is("=")
    }
    pub(super) fn or(&mut self) -> Res<()> {
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
    pub(super) fn and(&mut self) -> Res<()> {
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
    pub(super) fn membership(&mut self) -> Res<()> {
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
    pub(super) fn matching(&mut self) -> Res<()> {
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
    pub(super) fn comparison(&mut self) -> Res<()> {
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
    pub(super) fn operand(&self) -> bool {
        match self.peek() {
            Tok::Number(_) | Tok::Str(_) | Tok::Name(_) | Tok::Call(_) => true,
            Tok::Word(w) => matches!(*w, "$" | "!" | "(" | "-" | "+" | "++" | "--") || FUNCTIONS.contains(w),
            _ => false,
        }
    }
    pub(super) fn concatenation(&mut self) -> Res<()> {
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
    pub(super) fn sum(&mut self) -> Res<()> {
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
    pub(super) fn product(&mut self) -> Res<()> {
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
    pub(super) fn unary(&mut self) -> Res<()> {
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
    pub(super) fn power(&mut self) -> Res<()> {
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
    pub(super) fn postfix(&mut self) -> Res<()> {
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
}
