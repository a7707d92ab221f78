//! The grammar of simple commands and redirections. Not here: lists, pipelines (`parse`). Source: POSIX XCU 2.9.1, 2.7.

use super::ast::{Cmd, HereDoc, Kind, Node, Redir, Target, Word};
use super::lex::{Tok, assignment, has_quote, unquote};
use super::parse::{DECLARERS, Parsed, Parser};
use std::cell::OnceCell;
use std::rc::Rc;

impl Parser<'_> {
    pub(super) fn simple(&mut self, line: u32) -> Parsed<Cmd> {
        let (mut assigns, mut words, mut redirs): (Vec<Word>, Vec<Word>, _) = (Vec::new(), Vec::new(), Vec::new());
        let mut declares = false;
        loop {
            if self.redirection(&mut redirs)? {
                continue;
            }
            let first = words.is_empty();
            self.arrays = first || declares;
            let tok = self.peek(first);
            self.arrays = false;
            match tok? {
                Tok::Word(w) => {
                    self.next();
                    if first && assignment(w.as_bytes()) > 0 {
                        assigns.push(w.into());
                        // What follows may be a command or a further assignment.
                        self.arrays = true;
                        self.peek(true)?;
                        self.arrays = false;
                        continue;
                    }
                    declares = declares || first && DECLARERS.contains(&w.as_str());
                    if first && self.is_op("(")? && assigns.is_empty() && redirs.is_empty() {
                        self.next();
                        self.expect_op(")")?;
                        let kind = self.function(w)?;
                        return Ok(Rc::new(Node { kind, redirs, line }));
                    }
                    self.arrays = declares;
                    words.push(w.into());
                    self.peek(false)?;
                    self.arrays = false;
                }
                _ if assigns.is_empty() && words.is_empty() && redirs.is_empty() => return Err(self.unexpected()),
                _ => break,
            }
        }
        Ok(Rc::new(Node { kind: Kind::Simple { assigns, words }, redirs, line }))
    }

    /// Reads one redirection if there is one.
    pub(super) fn redirection(&mut self, redirs: &mut Vec<Redir>) -> Parsed<bool> {
        self.arrays = true;
        let tok = self.peek(true);
        self.arrays = false;
        let fd = match tok? {
            Tok::Number(n) => Target::Number(n),
            Tok::Named(n) => Target::Named(n.into()),
            Tok::Op(_) => Target::Usual,
            _ => return Ok(false),
        };
        if !matches!(fd, Target::Usual) {
            self.next();
        }
        let op = match self.peek(false)? {
            Tok::Op(op) if op.contains(['<', '>']) => op,
            _ => return Ok(false),
        };
        let line = self.line();
        self.next();
        let word = match self.peek(false)? {
            Tok::Word(w) => w,
            // `>&2>x`: digits before another redirection are still the operand.
            Tok::Number(n) => n.to_string(),
            _ => return Err(self.unexpected()),
        };
        let here = (op.starts_with("<<") && op != "<<<").then(|| {
            Rc::new(HereDoc { delimiter: unquote(&word), quoted: has_quote(&word), strip: op == "<<-", line, body: OnceCell::new() })
        });
        self.documents |= here.is_some();
        self.pending.extend(here.clone());
        redirs.push(Redir { fd, op, word: word.into(), here });
        self.next();
        Ok(true)
    }
}
