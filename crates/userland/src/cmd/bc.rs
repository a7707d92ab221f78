//! bc: an arbitrary precision calculator.  Source: POSIX bc, GNU bc 1.07.1. Here: files and statements.
//! Expressions: `bc/eval.rs`; numbers: `bc/number.rs`; grammar: `bc/parse.rs`.
//! Not here: arrays as arguments, `read`, `random`, Bessel functions, more than 20 000 digits.

mod eval;
mod math;
mod number;
mod parse;

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{Map, STDERR, STDIN, STDOUT, Sys};
use number::Number;
use parse::{Expr, Function, Parser, Stmt, Wrong};
use std::rc::Rc;

pub(super) const SPEC: Spec = Spec {
    name: "bc",
    path: "/usr/bin/bc",
    synopsis: "[options] [file ...]",
    about: "An arbitrary precision calculator language",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo 'scale=2; 7/3; 2^70; obase=16; 255' | bc", out: "2.33\n1180591620717411303424\nFF\n", code: 0 },
        Ex { sh: "echo 'define f(n){if(n<2) return 1; return n*f(n-1)}; f(20)' | bc", out: "2432902008176640000\n", code: 0 },
        Ex { sh: "echo 'a(1)*4; e(1)' | bc -l", out: "3.14159265358979323844\n2.71828182845904523536\n", code: 0 },
        Ex { sh: "echo '1/0' | bc", out: "Runtime error (func=(main), adr=3): Divide by zero\n", code: 0 },
    ],
};

const HELP: &str = "usage: bc [options] [file ...]\n  -h  --help         print this usage and exit\n  -i  --interactive  force interactive mode\n  -l  --mathlib      use the predefined math routines\n  -q  --quiet        don't print initial banner\n  -s  --standard     non-standard bc constructs are errors\n  -w  --warn         warn about non-standard bc constructs\n  -v  --version      print version information and exit\n";
const VERSION: &str = "bc 1.07.1\nCopyright 1991-1994, 1997, 1998, 2000, 2004, 2006, 2008, 2012-2017 Free Software Foundation, Inc.\n";
const OPTIONS: &[Opt] = &[
    Opt(b'h', "help", Arg::No),
    Opt(b'i', "interactive", Arg::No),
    Opt(b'l', "mathlib", Arg::No),
    Opt(b'q', "quiet", Arg::No),
    Opt(b's', "standard", Arg::No),
    Opt(b'w', "warn", Arg::No),
    Opt(b'v', "version", Arg::No),
];

/// How a statement ended.
enum Flow {
    On,
    Break,
    Continue,
    Return(Number),
    Halt,
    /// A runtime error was reported: the line is given up.
    Stop,
}

struct Machine {
    sys: Sys,
    scale: usize,
    ibase: u8,
    obase: u32,
    last: Number,
    vars: Map<String, Number>,
    functions: Map<String, Rc<Function>>,
    math: bool,
    /// The function that runs, and about how far its code has been run.
    name: String,
    address: usize,
    depth: u32,
    turns: u32,
}

async fn run(sys: Sys) -> i32 {
    let given = match crate::opts::parse_hint(&sys, sys.args().get(1..).unwrap_or(&[]), OPTIONS, HELP, 1, false, "") {
        Ok(g) => g,
        Err(status) => {
            sys.print(STDOUT, format_args!("{}", if status == 0 { "" } else { HELP }));
            return status;
        }
    };
    if given.has(OPTIONS, b'h') || given.has(OPTIONS, b'v') {
        sys.print(STDOUT, format_args!("{}", if given.has(OPTIONS, b'h') { HELP } else { VERSION }));
        return 0;
    }
    let tty = sys.is_tty(STDIN).await && sys.is_tty(STDOUT).await;
    if tty && !given.has(OPTIONS, b'q') {
        sys.print(STDOUT, format_args!("{VERSION}This is free software with ABSOLUTELY NO WARRANTY.\nFor details type `warranty'. \n"));
    }
    let math = given.has(OPTIONS, b'l');
    let mut bc = Machine {
        sys: sys.clone(),
        scale: if math { 20 } else { 0 },
        ibase: 10,
        obase: 10,
        last: Number::new(0),
        vars: Map::new(),
        functions: Map::new(),
        math,
        name: "(main)".into(),
        address: 0,
        depth: 0,
        turns: 0,
    };
    for name in &given.operands {
        match gnu::slurp(&sys, name).await {
            Ok(text) => {
                if bc.file(&String::from_utf8_lossy(&text), name).await {
                    return 0;
                }
            }
            Err(_) => {
                sys.print(STDERR, format_args!("File {name} is unavailable.\n"));
                return 1;
            }
        }
    }
    if !tty {
        let text = gnu::slurp(&sys, "-").await.unwrap_or_default();
        bc.file(&String::from_utf8_lossy(&text), "(standard_in)").await;
        return 0;
    }
    let mut text = String::new();
    let mut number = 1;
    let Ok(mut reader) = gnu::Reader::open(&sys, "-").await else { return 1 };
    while let Ok(Some(line)) = reader.next(&sys).await {
        text.push_str(&String::from_utf8_lossy(&line));
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if bc.text(&mut text, &mut number, "(standard_in)", false).await {
            break;
        }
    }
    0
}

impl Machine {
    /// Runs a whole file; true if it said quit.
    async fn file(&mut self, text: &str, name: &str) -> bool {
        let mut text = text.to_string();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let mut number = 1;
        self.text(&mut text, &mut number, name, true).await
    }

    /// Runs the lines of a text that are complete and takes them off it; true: quit. `all`: there is no more.
    async fn text(&mut self, text: &mut String, number: &mut usize, name: &str, all: bool) -> bool {
        while !text.is_empty() {
            // As many lines as the first statement needs.
            let mut end = 0;
            loop {
                let Some(line) = text[end..].find('\n') else {
                    if all {
                        // What is left open at the end of the input.
                        match parse::words(text) {
                            Err(_) if text.contains('"') => {
                                self.sys.print(STDERR, format_args!("{name} {number}: illegal character: \"\n"));
                            }
                            _ => self.sys.print(STDERR, format_args!("{name} {number}: syntax error\n")),
                        }
                        text.clear();
                    }
                    return false;
                };
                end += line + 1;
                let lines = text[..end].matches('\n').count();
                let toks = parse::words(&text[..end]);
                let parsed = match &toks {
                    Ok(toks) => Parser::new(toks).line(),
                    Err(_) => Err(match toks {
                        Err(Wrong::Character(c)) => Wrong::Character(c),
                        _ => Wrong::Open,
                    }),
                };
                let wrong =
                    |number: usize, what: std::fmt::Arguments<'_>| self.sys.print(STDERR, format_args!("{name} {number}: {what}\n"));
                match parsed {
                    Err(Wrong::Open) => continue,
                    Err(Wrong::Syntax(line)) => wrong(*number + lines - usize::from(!line), format_args!("syntax error")),
                    Err(Wrong::Character(c)) if c.is_ascii_graphic() => {
                        wrong(*number + lines - 1, format_args!("illegal character: {c}"));
                    }
                    Err(Wrong::Character(c)) => wrong(*number + lines - 1, format_args!("illegal character: \\{:03o}", c as u32)),
                    Ok(stmts) => {
                        self.address = 0;
                        for stmt in &stmts {
                            match self.stmt(stmt).await {
                                Flow::Halt => return true,
                                Flow::Stop => break,
                                _ => {}
                            }
                        }
                        (self.name, self.depth) = ("(main)".into(), 0);
                    }
                }
                *number += lines;
                break;
            }
            text.drain(..end);
            self.sys.yield_now().await;
        }
        false
    }

    fn stop(&mut self, what: &str) -> Flow {
        self.tell("error", what);
        Flow::Stop
    }

    fn tell(&self, kind: &str, what: &str) {
        self.sys.print(STDERR, format_args!("Runtime {kind} (func={}, adr={}): {what}\n", self.name, self.address));
    }

    fn show(&self, number: &Number, end: &str) {
        let text = number.text(self.obase);
        let mut column = 0;
        let mut out = String::new();
        for c in text.chars() {
            if column == 68 && text.len() > 69 {
                out.push_str("\\\n");
                column = 0;
            }
            out.push(c);
            column += 1;
        }
        self.sys.print(STDOUT, format_args!("{out}{end}"));
    }

    async fn turn(&mut self) -> Result<(), Flow> {
        self.turns += 1;
        if self.turns.is_multiple_of(256) {
            self.sys.yield_now().await;
        }
        if self.depth > 200 {
            return Err(self.stop("Function call stack too deep."));
        }
        Ok(())
    }

    fn stmt<'a>(&'a mut self, stmt: &'a Stmt) -> std::pin::Pin<Box<dyn Future<Output = Flow> + 'a>> {
        Box::pin(async move {
            match self.inner(stmt).await {
                Ok(flow) | Err(flow) => flow,
            }
        })
    }

    async fn inner(&mut self, stmt: &Stmt) -> Result<Flow, Flow> {
        self.turn().await?;
        match stmt {
            Stmt::Expr(expr) => {
                let value = self.eval(expr).await?;
                self.address += 1;
                if !matches!(expr, Expr::Assign(..)) {
                    self.show(&value, "\n");
                    self.last = value;
                }
            }
            Stmt::Text(text) => self.sys.print(STDOUT, format_args!("{text}")),
            Stmt::Print(list) => {
                for item in list {
                    match item {
                        Stmt::Text(text) => self.sys.put(STDOUT, &escapes(text)),
                        Stmt::Expr(expr) => {
                            let value = self.eval(expr).await?;
                            self.show(&value, "");
                            self.last = value;
                        }
                        _ => {}
                    }
                }
            }
            Stmt::Block(list) => {
                for stmt in list {
                    match self.stmt(stmt).await {
                        Flow::On => {}
                        other => return Ok(other),
                    }
                }
            }
            Stmt::If(cond, then, otherwise) => {
                if !self.eval(cond).await?.is_zero() {
                    return Ok(self.stmt(then).await);
                }
                if let Some(otherwise) = otherwise {
                    return Ok(self.stmt(otherwise).await);
                }
            }
            Stmt::For([first, cond, step], body) => {
                if let Some(first) = first {
                    self.eval(first).await?;
                }
                loop {
                    if let Some(cond) = cond
                        && self.eval(cond).await?.is_zero()
                    {
                        break;
                    }
                    match self.stmt(body).await {
                        Flow::On | Flow::Continue => {}
                        Flow::Break => break,
                        other => return Ok(other),
                    }
                    if let Some(step) = step {
                        self.eval(step).await?;
                    }
                }
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Return(None) => return Ok(Flow::Return(Number::new(0))),
            Stmt::Return(Some(expr)) => return Ok(Flow::Return(self.eval(expr).await?)),
            Stmt::Halt => return Ok(Flow::Halt),
            Stmt::Define(name, function) => {
                self.functions.insert(name.clone(), function.clone());
            }
        }
        Ok(Flow::On)
    }
}

/// The text of `print`: `\n` and its kin.
fn escapes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'q') => out.push(b'"'),
            Some(b'\\') => out.push(b'\\'),
            _ => {}
        }
    }
    out
}
