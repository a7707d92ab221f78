//! awk: statements.  Not here: rules and functions (`parse`), expressions (`expr`).

use super::*;

impl Parser {
    pub(super) fn block(&mut self) -> Res<()> {
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
    pub(super) fn terminator(&mut self) -> Res<()> {
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
    pub(super) fn body(&mut self) -> Res<()> {
        self.newlines();
        if self.take(";") {
            return Ok(());
        }
        self.statement()
    }
    pub(super) fn statement(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("program nested too deep".into());
        }
        let done = self.any_statement();
        self.depth -= 1;
        done
    }
    pub(super) fn any_statement(&mut self) -> Res<()> {
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
    pub(super) fn end_loop(&mut self, top: usize) {
        let (goes, outs) = self.loops.pop().unwrap_or_default();
        for j in goes {
            if let Some(Op::Jump(to)) = self.p.ops.get_mut(j) {
                *to = top;
            }
        }
        self.op(Op::Jump(top));
        outs.into_iter().for_each(|j| self.mend(j));
    }
    pub(super) fn for_loop(&mut self) -> Res<()> {
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
    pub(super) fn ahead(&self, n: usize) -> Option<Tok> {
        self.tokens.get(self.at + n).map(|t| t.0.clone())
    }
    pub(super) fn simple(&mut self) -> Res<()> {
        self.effect()?;
        self.terminator()
    }
    /// A statement without its end.
    pub(super) fn effect(&mut self) -> Res<()> {
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
    pub(super) fn print(&mut self, format: bool) -> Res<()> {
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
}
