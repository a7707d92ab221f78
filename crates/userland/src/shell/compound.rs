//! The grammar of compound commands and functions. Not here: lists, pipelines, simple commands (`parse`). Source: POSIX XCU 2.9.4, 2.9.5.

use super::ast::{Arm, Cmd, Kind, Word};
use super::lex::Tok;
use super::parse::{ENDERS, ParseError, Parsed, Parser};
use super::scan::Scan;

impl Parser<'_> {
    pub(super) fn parenthesis(&mut self) -> Parsed<Kind> {
        self.next();
        if !self.dash && self.src.get(self.pos) == Some(&b'(') {
            let scan = Scan { s: &self.src, depth: self.depth };
            match scan.arith(self.pos + 1) {
                Ok(Some(end)) => {
                    let text = self.slice(self.pos + 1, end - 2);
                    self.pos = end;
                    return Ok(Kind::Arith(text.into()));
                }
                Ok(None) => {}
                Err(e) if e.incomplete && self.interactive => return Err(e),
                Err(_) => {}
            }
        }
        let list = self.list(false)?;
        self.expect_op(")")?;
        Ok(Kind::Subshell(list))
    }

    pub(super) fn compound(&mut self, word: &str) -> Parsed<Option<Kind>> {
        let kind = match word {
            "[[" | "function" | "select" if self.dash => return Ok(None),
            "{" => {
                self.next();
                let list = self.list(false)?;
                self.expect("}")?;
                Kind::Group(list)
            }
            "if" => {
                let (mut arms, mut otherwise) = (Vec::new(), None);
                loop {
                    self.next();
                    let cond = self.list(false)?;
                    self.expect("then")?;
                    arms.push((cond, self.list(false)?));
                    if !self.is_word("elif")? {
                        break;
                    }
                }
                if self.accept("else")? {
                    otherwise = Some(self.list(false)?);
                }
                self.expect("fi")?;
                Kind::If(arms, otherwise)
            }
            "while" | "until" => {
                self.next();
                let cond = self.list(false)?;
                Kind::While { until: word == "until", cond, body: self.block("do", "done")? }
            }
            "for" | "select" => {
                self.next();
                self.for_loop(word == "select")?
            }
            "case" => {
                self.next();
                self.case()?
            }
            "[[" => {
                self.next();
                Kind::Cond(self.conditional()?)
            }
            "function" => {
                self.next();
                let Tok::Word(name) = self.peek(false)? else { return Err(self.unexpected()) };
                self.next();
                if self.is_op("(")? {
                    self.next();
                    self.expect_op(")")?;
                }
                self.function(name)?
            }
            w if ENDERS[..8].contains(&w) => return Err(self.unexpected()),
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    pub(super) fn function(&mut self, name: String) -> Parsed<Kind> {
        self.newlines()?;
        let tok = self.peek(true)?;
        let compound = match &tok {
            Tok::Op("(") => true,
            Tok::Word(w) => matches!(w.as_str(), "{" | "if" | "while" | "until" | "for" | "select" | "case" | "[["),
            _ => false,
        };
        if !compound {
            return Err(self.unexpected());
        }
        Ok(Kind::Function { name: name.into(), body: self.command()? })
    }

    pub(super) fn for_loop(&mut self, select: bool) -> Parsed<Kind> {
        if !select && self.is_op("(")? && self.src.get(self.pos) == Some(&b'(') {
            let scan = Scan { s: &self.src, depth: self.depth };
            let end = scan.arith(self.pos + 1)?;
            let Some(end) = end else { return Err(self.unexpected()) };
            let text = self.slice(self.pos + 1, end - 2);
            let mut parts = text.splitn(3, ';').map(|p| Word::from(p.trim()));
            let (Some(a), Some(b), Some(c)) = (parts.next(), parts.next(), parts.next()) else {
                let shown = format!("syntax error: arithmetic expression required\nsyntax error: `(({text}))'");
                return Err(ParseError::new(self.line(), shown));
            };
            self.pos = end;
            self.next();
            if self.is_op(";")? {
                self.next();
            }
            self.newlines()?;
            return Ok(Kind::ForArith { parts: [a, b, c], body: self.do_group()? });
        }
        let Tok::Word(name) = self.peek(false)? else { return Err(self.unexpected()) };
        self.next();
        let mut words = None;
        let mut separated = false;
        if self.is_op(";")? {
            self.next();
            separated = true;
        }
        self.newlines()?;
        if !separated && self.accept("in")? {
            let mut list = Vec::new();
            while let Tok::Word(w) = self.peek(false)? {
                self.next();
                list.push(Word::from(w));
            }
            words = Some(list);
            match self.peek(false)? {
                Tok::Op(";") | Tok::Newline => self.next(),
                _ => return Err(self.unexpected()),
            }
            self.newlines()?;
        }
        Ok(Kind::For { name: name.into(), words, body: self.do_group()?, select })
    }

    fn do_group(&mut self) -> Parsed<Cmd> {
        if self.is_word("{")? {
            return self.block("{", "}");
        }
        self.block("do", "done")
    }

    pub(super) fn case(&mut self) -> Parsed<Kind> {
        let Tok::Word(word) = self.peek(false)? else { return Err(self.unexpected()) };
        self.next();
        self.newlines()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.accept("esac")? {
                break;
            }
            if self.is_op("(")? {
                self.next();
            }
            let mut patterns = Vec::new();
            loop {
                let Tok::Word(p) = self.peek(false)? else { return Err(self.unexpected()) };
                self.next();
                patterns.push(Word::from(p));
                if !self.is_op("|")? {
                    break;
                }
                self.next();
            }
            self.expect_op(")")?;
            self.newlines()?;
            let empty = matches!(self.peek(true)?, Tok::Op(";;" | ";&" | ";;&")) || self.is_word("esac")?;
            let body = if empty { None } else { Some(self.list(false)?) };
            let mut end = ";;";
            if let Tok::Op(op @ (";;" | ";&" | ";;&")) = self.peek(true)? {
                end = op;
                self.next();
            } else if !self.is_word("esac")? {
                return Err(self.unexpected());
            }
            arms.push(Arm { patterns, body, end });
        }
        Ok(Kind::Case { word: word.into(), arms })
    }
}
