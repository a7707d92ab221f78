//! The grammar of the shell language, by recursive descent, one complete command at a time.
//! Not here: tokens (`lex`), `[[ ]]` (`cond`), expansions (`expand`). Source: POSIX XCU 2.10; bash's messages.

use super::ast::{Cmd, HereDoc, Kind, Node, Redir, Target};
use super::lex::Tok;
use super::scan::DEEPEST;
use machine::Map;
use std::borrow::Cow;
use std::rc::Rc;

/// Why a text is no command.
#[derive(Clone)]
pub(crate) struct ParseError {
    pub(crate) line: u32,
    pub(crate) text: String,
    /// More lines could complete it.
    pub(crate) incomplete: bool,
    /// bash prints the line below the message.
    pub(crate) near: bool,
    /// An error inside `[[ ]]`: bash leaves the status as it was.
    pub(crate) soft: bool,
    /// An error inside `name=( )`: the status is 1.
    pub(crate) array: bool,
    /// What should have stood there.
    pub(crate) wanted: &'static str,
    /// The token is a word that means nothing to the language.
    pub(crate) word: bool,
}

impl ParseError {
    pub(super) fn new(line: u32, text: String) -> Self {
        ParseError { line, text, incomplete: false, near: false, soft: false, array: false, wanted: "", word: false }
    }
    pub(super) fn too_deep() -> Self {
        ParseError::new(1, "syntax error: nested too deeply".into())
    }
}

pub(crate) type Parsed<T> = Result<T, ParseError>;
/// The aliases that count while parsing.
pub(crate) type Aliases = Rc<Map<String, String>>;

/// Text being read, and where we are in it.
pub(crate) struct Parser<'a> {
    pub(super) src: Cow<'a, [u8]>,
    pub(super) pos: usize,
    /// Number of the first line.
    pub(super) first_line: u32,
    pub(super) tok: Option<Tok>,
    pub(super) tok_start: usize,
    pub(crate) aliases: Option<Aliases>,
    /// Aliases being replaced, each with the number of bytes behind it.
    pub(super) active: Vec<(String, usize)>,
    /// An alias that ends in a blank makes the word at this distance from the end a candidate too.
    pub(super) alias_next: Option<usize>,
    pub(super) pending: Vec<Rc<HereDoc>>,
    /// There was a here-document.
    pub(crate) documents: bool,
    /// Unfinished here-documents: line and text.
    pub(crate) warnings: Vec<(u32, String)>,
    pub(super) depth: u32,
    /// Whether more lines may be asked for.
    pub(crate) interactive: bool,
    /// The text ends in a backslash-newline.
    pub(crate) open_line: bool,
    pub(super) comments: bool,
    /// The newline that the text lacked at its end has been handed out.
    pub(super) closed: bool,
    pub(crate) extglob: bool,
    /// `name=(` begins an array.
    pub(super) arrays: bool,
    /// The next word is a regular expression.
    pub(super) regex: bool,
    /// The language is dash's: none of bash's extensions.
    pub(crate) dash: bool,
}

pub(super) const ENDERS: [&str; 10] = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "]]", "in"];
pub(super) const DECLARERS: [&str; 6] = ["declare", "typeset", "local", "export", "readonly", "eval"];

impl<'a> Parser<'a> {
    pub(crate) fn new(src: &'a str) -> Self {
        Parser::over(src.as_bytes(), 0)
    }
    pub(super) fn nested(src: &'a [u8], depth: u32) -> Self {
        Parser { extglob: true, ..Parser::over(src, depth + 1) }
    }
    fn over(src: &'a [u8], depth: u32) -> Self {
        Parser {
            src: Cow::Borrowed(src),
            pos: 0,
            first_line: 1,
            tok: None,
            tok_start: 0,
            aliases: None,
            active: Vec::new(),
            alias_next: None,
            pending: Vec::new(),
            documents: false,
            warnings: Vec::new(),
            depth,
            interactive: false,
            open_line: false,
            comments: true,
            closed: false,
            extglob: false,
            arrays: false,
            regex: false,
            dash: false,
        }
    }
    /// The same, with the first line numbered `line`.
    pub(crate) fn at_line(mut self, line: u32) -> Self {
        self.first_line = line;
        self
    }

    /// Where the next command would be read.
    pub(crate) fn position(&self) -> usize {
        self.pos
    }

    pub(super) fn line_at(&self, pos: usize) -> u32 {
        self.first_line + self.src[..pos.min(self.src.len())].iter().filter(|&&b| b == b'\n').count() as u32
    }
    pub(super) fn line(&self) -> u32 {
        self.line_at(self.tok_start)
    }
    /// The text of a line, for messages.
    pub(crate) fn line_text(&self, line: u32) -> String {
        let n = line.saturating_sub(self.first_line) as usize;
        self.src.split(|&b| b == b'\n').nth(n).map(|l| String::from_utf8_lossy(l).into_owned()).unwrap_or_default()
    }

    pub(super) fn peek(&mut self, command: bool) -> Parsed<Tok> {
        if self.tok.is_none() {
            let arrays = self.arrays;
            self.arrays |= command && !self.dash;
            let read = self.lex(command);
            self.arrays = arrays;
            let tok = match read {
                Ok(t) => t,
                Err(mut e) => {
                    e.line += self.first_line - 1;
                    if self.dash {
                        // It has read to the end for the other quote.
                        e.line = self.line_at(self.src.len());
                    }
                    return Err(e);
                }
            };
            self.tok = Some(tok);
        }
        Ok(self.tok.clone().unwrap_or(Tok::Eof))
    }
    pub(super) fn next(&mut self) {
        self.tok = None;
    }
    pub(super) fn is_op(&mut self, op: &str) -> Parsed<bool> {
        Ok(matches!(self.peek(false)?, Tok::Op(o) if o == op))
    }
    pub(super) fn is_word(&mut self, word: &str) -> Parsed<bool> {
        Ok(matches!(self.peek(true)?, Tok::Word(w) if w == word))
    }
    pub(super) fn accept(&mut self, word: &str) -> Parsed<bool> {
        let yes = self.is_word(word)?;
        if yes {
            self.next();
        }
        Ok(yes)
    }
    pub(super) fn expect(&mut self, word: &'static str) -> Parsed<()> {
        if self.accept(word)? { Ok(()) } else { Err(ParseError { wanted: word, ..self.unexpected() }) }
    }
    pub(super) fn expect_op(&mut self, op: &'static str) -> Parsed<()> {
        if self.is_op(op)? {
            self.next();
            return Ok(());
        }
        Err(ParseError { wanted: op, ..self.unexpected() })
    }
    pub(super) fn newlines(&mut self) -> Parsed<()> {
        while self.peek(true)? == Tok::Newline {
            self.next();
        }
        Ok(())
    }

    /// The error that the current token does not belong here.
    pub(super) fn unexpected(&mut self) -> ParseError {
        let mut word = false;
        let text = match self.peek(false) {
            Err(e) => return e,
            Ok(tok) if tok == Tok::Eof || self.dash && self.closed => {
                let lines = self.line_at(self.src.len()) + u32::from(!self.dash && !self.src.ends_with(b"\n"));
                return ParseError { incomplete: true, ..ParseError::new(lines, "syntax error: unexpected end of file".into()) };
            }
            Ok(Tok::Word(w)) => {
                word = !ENDERS.contains(&w.as_str());
                w
            }
            Ok(Tok::Op(o)) => o.to_string(),
            Ok(Tok::Number(n)) => n.to_string(),
            Ok(Tok::Named(n)) => n,
            Ok(Tok::Newline | Tok::Eof) => "newline".into(),
        };
        let text = super::escape::visible(&text);
        ParseError { near: true, word, ..ParseError::new(self.line(), format!("syntax error near unexpected token `{text}'")) }
    }

    /// The next complete command (up to the end of its line), or `None` at the end of the text.
    pub(crate) fn command_line(&mut self) -> Parsed<Option<Cmd>> {
        self.newlines()?;
        if self.peek(true)? == Tok::Eof {
            return Ok(None);
        }
        let list = self.list(true)?;
        match self.peek(false)? {
            Tok::Newline | Tok::Eof => self.next(),
            _ => return Err(self.unexpected()),
        }
        Ok(Some(list))
    }

    /// For `$(`: the position behind the closing parenthesis.
    pub(super) fn until_paren(&mut self) -> Parsed<usize> {
        self.newlines()?;
        if !self.is_op(")")? {
            self.list(false)?;
        }
        if self.is_op(")")? { Ok(self.pos) } else { Err(self.unexpected()) }
    }

    fn node(&self, kind: Kind, line: u32) -> Cmd {
        Rc::new(Node { kind, redirs: Vec::new(), line })
    }

    /// Commands separated by `;`, `&` and, unless `top`, newlines.
    pub(super) fn list(&mut self, top: bool) -> Parsed<Cmd> {
        if self.depth >= DEEPEST {
            return Err(ParseError::too_deep());
        }
        self.depth += 1;
        let mut items = Vec::new();
        let line = self.line();
        loop {
            if !top {
                self.newlines()?;
            }
            let item = self.and_or()?;
            let sep = self.peek(false)?;
            let background = sep == Tok::Op("&");
            items.push((item, background));
            match sep {
                Tok::Op(";" | "&") => self.next(),
                Tok::Newline if !top => self.newlines()?,
                _ => break,
            }
            if !top {
                self.newlines()?;
            }
            match self.peek(true)? {
                Tok::Eof | Tok::Newline => break,
                Tok::Op(")" | ";;" | ";&" | ";;&") => break,
                Tok::Word(w) if ENDERS[..8].contains(&w.as_str()) => break,
                _ => {}
            }
        }
        self.depth -= 1;
        Ok(match items.len() {
            1 if !items[0].1 => items.swap_remove(0).0,
            _ => self.node(Kind::List(items), line),
        })
    }

    fn and_or(&mut self) -> Parsed<Cmd> {
        let first = self.pipeline()?;
        let (line, mut rest) = (first.line, Vec::new());
        loop {
            let and = match self.peek(false)? {
                Tok::Op("&&") => true,
                Tok::Op("||") => false,
                _ => break,
            };
            self.next();
            self.newlines()?;
            rest.push((and, self.pipeline()?));
        }
        Ok(if rest.is_empty() { first } else { self.node(Kind::AndOr(first, rest), line) })
    }

    fn pipeline(&mut self) -> Parsed<Cmd> {
        let (mut time, mut bang, mut marked) = (None, false, false);
        self.peek(true)?;
        let line = self.line();
        loop {
            if self.accept("!")? {
                bang = !bang;
                marked = true;
            } else if !self.dash && self.accept("time")? {
                time = Some(self.accept("-p")?);
            } else {
                break;
            }
        }
        if time.is_some() || marked {
            // Nothing but the prefix is a command that succeeds.
            if let Tok::Newline | Tok::Eof | Tok::Op(";" | "&") = self.peek(true)? {
                return Ok(self.node(Kind::Pipe { time, bang, stages: Vec::new() }, line));
            }
        }
        let mut stages = vec![self.command()?];
        loop {
            let both = match self.peek(false)? {
                Tok::Op("|") => false,
                Tok::Op("|&") => true,
                _ => break,
            };
            self.next();
            if both {
                let redir = Redir { fd: Target::Number(2), op: ">&", word: "1".into(), here: None };
                if let Some(last) = stages.pop() {
                    stages.push(match Rc::try_unwrap(last) {
                        Ok(mut node) => {
                            node.redirs.push(redir);
                            Rc::new(node)
                        }
                        Err(shared) => shared,
                    });
                }
            }
            self.newlines()?;
            if self.is_word("!")? {
                return Err(self.unexpected());
            }
            stages.push(self.command()?);
        }
        if stages.len() == 1 && time.is_none() && !bang {
            return Ok(stages.swap_remove(0));
        }
        Ok(self.node(Kind::Pipe { time, bang, stages }, line))
    }

    pub(super) fn command(&mut self) -> Parsed<Cmd> {
        if self.depth >= DEEPEST {
            return Err(ParseError::too_deep());
        }
        self.depth += 1;
        let tok = self.peek(true)?;
        let line = self.line();
        let kind = match &tok {
            Tok::Op("(") => Some(self.parenthesis()?),
            Tok::Word(w) => self.compound(w)?,
            _ => None,
        };
        let node = match kind {
            Some(kind) => {
                let mut redirs = Vec::new();
                while self.redirection(&mut redirs)? {}
                Rc::new(Node { kind, redirs, line })
            }
            None => self.simple(line)?,
        };
        self.depth -= 1;
        Ok(node)
    }

    pub(super) fn block(&mut self, from: &'static str, to: &'static str) -> Parsed<Cmd> {
        self.expect(from)?;
        let list = self.list(false)?;
        self.expect(to)?;
        Ok(list)
    }
}
