//! The grammar between `[[` and `]]`. Not here: what the operators test (`builtins/test`). Source: bash(1) "Conditional constructs".

use super::ast::{Cond, Word};
use super::lex::Tok;
use super::parse::{ParseError, Parsed, Parser};
use super::scan::DEEPEST;

/// Whether it is an operator before one word, such as `-f`.
pub(crate) fn is_unary(op: &str) -> bool {
    op.len() == 2 && op.starts_with('-') && op.ends_with(|c| "abcdefghknoprstuvwxzGLNORS".contains(c))
}

/// Whether it is an operator between two words.
pub(crate) fn is_binary(op: &str) -> bool {
    matches!(op, "=" | "==" | "!=" | "<" | ">" | "=~" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef")
}

impl Parser<'_> {
    pub(super) fn conditional(&mut self) -> Parsed<Cond> {
        let cond = self.cond_or()?;
        if matches!(self.peek(false)?, Tok::Word(w) if w == "]]") {
            self.next();
            return Ok(cond);
        }
        Err(self.unexpected())
    }

    fn soft(&mut self, text: String) -> ParseError {
        let eof = matches!(self.peek(false), Ok(Tok::Eof));
        ParseError { soft: !eof, incomplete: eof, ..ParseError::new(self.line(), text) }
    }

    fn found(&mut self) -> String {
        match self.peek(false) {
            Ok(Tok::Word(w)) => w,
            Ok(Tok::Op(o)) => o.to_string(),
            _ => "newline".into(),
        }
    }

    fn cond_or(&mut self) -> Parsed<Cond> {
        let mut left = self.cond_and()?;
        while self.is_op("||")? {
            self.next();
            left = Cond::Or(Box::new(left), Box::new(self.cond_and()?));
        }
        Ok(left)
    }

    fn cond_and(&mut self) -> Parsed<Cond> {
        let mut left = self.cond_term()?;
        loop {
            self.newlines()?;
            if !self.is_op("&&")? {
                return Ok(left);
            }
            self.next();
            left = Cond::And(Box::new(left), Box::new(self.cond_term()?));
        }
    }

    fn cond_term(&mut self) -> Parsed<Cond> {
        if self.depth >= DEEPEST {
            return Err(ParseError::too_deep());
        }
        self.newlines()?;
        match self.peek(false)? {
            Tok::Op("(") => {
                self.next();
                self.depth += 1;
                let inner = self.cond_or()?;
                self.depth -= 1;
                if !self.is_op(")")? {
                    let found = self.found();
                    return Err(self.soft(format!("unexpected token `{found}', expected `)'")));
                }
                self.next();
                Ok(Cond::Paren(Box::new(inner)))
            }
            Tok::Word(w) if w == "!" => {
                self.next();
                self.depth += 1;
                let inner = self.cond_term()?;
                self.depth -= 1;
                Ok(Cond::Not(Box::new(inner)))
            }
            Tok::Word(w) if is_unary(&w) => {
                self.next();
                match self.peek(false)? {
                    Tok::Word(arg) if arg != "]]" => {
                        self.next();
                        Ok(Cond::Unary(w.into(), arg.into()))
                    }
                    _ => {
                        let found = self.found();
                        Err(self.soft(format!("unexpected argument `{found}' to conditional unary operator")))
                    }
                }
            }
            Tok::Word(w) if w != "]]" => {
                self.next();
                self.cond_binary(w.into())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn cond_binary(&mut self, left: Word) -> Parsed<Cond> {
        let op = match self.peek(false)? {
            Tok::Op(o @ ("<" | ">")) => o.to_string(),
            Tok::Word(w) if is_binary(&w) => w,
            Tok::Word(w) if w == "]]" => return Ok(Cond::Word(left)),
            Tok::Op("&&" | "||" | ")") => return Ok(Cond::Word(left)),
            Tok::Newline | Tok::Eof => return Err(self.soft("unexpected token `newline', conditional binary operator expected".into())),
            _ => return Err(self.soft("conditional binary operator expected".into())),
        };
        self.next();
        let extglob = std::mem::replace(&mut self.extglob, true);
        self.regex = op == "=~";
        let right = self.peek(false);
        self.regex = false;
        self.extglob = extglob;
        match right? {
            Tok::Word(w) if w != "]]" => {
                self.next();
                Ok(Cond::Binary(left, op.into(), w.into()))
            }
            _ => {
                let found = self.found();
                Err(self.soft(format!("unexpected argument `{found}' to conditional binary operator")))
            }
        }
    }
}
