//! awk: the stack machine: records, fields, variables, arrays, calls.
//! Not here: built-in functions on text (`text`). Source: POSIX awk; mawk 1.3.4.

mod state;
mod steps;

use super::io::{self, Input, Output, Records};
use super::parse::{Op, Place, Program, Var};
use super::value::{Val, sprintf};
use machine::{Map, STDERR, STDOUT, Sys};
use pattern::{Options, Regex, Syntax};
use std::rc::Rc;

pub(super) const NR: usize = 0;
pub(super) const NF: usize = 1;
pub(super) const FNR: usize = 2;
pub(super) const FS: usize = 3;
pub(super) const OFS: usize = 4;
pub(super) const RS: usize = 5;
pub(super) const ORS: usize = 6;
pub(super) const FILENAME: usize = 7;
pub(super) const SUBSEP: usize = 8;
pub(super) const CONVFMT: usize = 9;
pub(super) const OFMT: usize = 10;
pub(super) const RSTART: usize = 11;
pub(super) const RLENGTH: usize = 12;
const ENVIRON: usize = 13;
const ARGV: usize = 14;
const ARGC: usize = 15;

/// An array: values by key, and when each came.
#[derive(Default)]
pub(super) struct Table {
    pub(super) map: Map<Vec<u8>, (Val, u64)>,
    count: u64,
}

impl Table {
    pub(super) fn set(&mut self, key: Vec<u8>, value: Val) {
        self.count += 1;
        let n = self.count;
        match self.map.get_mut(&key) {
            Some(slot) => slot.0 = value,
            None => drop(self.map.insert(key, (value, n))),
        }
    }
    /// The keys in the order of mawk's hash table.
    fn keys(&self) -> Vec<Vec<u8>> {
        let mut mask = 63u32;
        while self.map.len() as u64 > (u64::from(mask) + 1) * 12 {
            mask = mask * 2 + 1;
        }
        let hash = |key: &[u8]| key.iter().fold(0x811C_9DC5u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193)) & mask;
        let mut keys: Vec<(u32, u64, &Vec<u8>)> = self.map.iter().map(|(k, (_, n))| (hash(k), u64::MAX - n, k)).collect();
        machine::sort(&mut keys);
        keys.into_iter().map(|k| k.2.clone()).collect()
    }
}

struct Frame {
    back: usize,
    base: usize,
    loops: usize,
}

/// How a piece of program ended.
enum Flow {
    End,
    Next,
    NextFile,
    Exit,
    Fail(String),
}

pub(super) struct Machine<'a> {
    pub(super) sys: &'a Sys,
    p: Program,
    regexes: Vec<Rc<Regex>>,
    cache: Vec<(Vec<u8>, Rc<Regex>)>,
    pub(super) stack: Vec<Val>,
    pub(super) globals: Vec<Val>,
    pub(super) arrays: Vec<Table>,
    frames: Vec<Frame>,
    base: usize,
    record: Rc<Vec<u8>>,
    fields: Vec<Val>,
    split: bool,
    loops: Vec<(Vec<Vec<u8>>, usize)>,
    ranges: Vec<bool>,
    main: Option<Input>,
    argument: usize,
    named: bool,
    over: bool,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    status: i32,
    pub(super) random: u64,
    pub(super) seed: f64,
}

impl<'a> Machine<'a> {
    pub(super) async fn new(sys: &'a Sys, p: Program, argv: Vec<String>) -> Result<Machine<'a>, String> {
        let mut regexes = Vec::new();
        for text in &p.regexes {
            regexes.push(compile(text)?);
        }
        let mut m = Machine {
            sys,
            regexes,
            cache: Vec::new(),
            stack: Vec::new(),
            globals: vec![Val::Unset; p.globals.len()],
            arrays: Vec::new(),
            frames: Vec::new(),
            base: 0,
            record: Rc::default(),
            fields: Vec::new(),
            split: true,
            loops: Vec::new(),
            ranges: vec![false; p.ranges],
            p,
            main: None,
            argument: 1,
            named: false,
            over: false,
            inputs: Vec::new(),
            outputs: Vec::new(),
            status: 0,
            random: sys.random().await,
            seed: sys.now().secs() as f64,
        };
        for (i, text) in [(FS, " "), (OFS, " "), (RS, "\n"), (ORS, "\n"), (SUBSEP, "\u{1c}"), (CONVFMT, "%.6g"), (OFMT, "%.6g")] {
            m.globals[i] = Val::text(text.as_bytes());
        }
        for i in [NR, NF, FNR, RSTART] {
            m.globals[i] = Val::Num(0.0);
        }
        m.globals[RLENGTH] = Val::Num(-1.0);
        m.globals[ARGC] = Val::Num(argv.len() as f64);
        let table = m.array(Var::Global(ARGV));
        for (i, arg) in argv.iter().enumerate() {
            m.arrays[table].set(i.to_string().into_bytes(), Val::input(arg.as_bytes()));
        }
        let table = m.array(Var::Global(ENVIRON));
        for (name, value) in sys.environ().iter().filter_map(|v| v.split_once('=')) {
            m.arrays[table].set(name.into(), Val::input(value.as_bytes()));
        }
        Ok(m)
    }
    /// Sets a variable of the program from outside.
    pub(super) fn assign(&mut self, name: &str, value: &[u8]) {
        if let Some(i) = self.p.globals.iter().position(|g| g == name) {
            self.store(Place::Var(Var::Global(i)), Vec::new(), Val::input(value));
        }
    }
    pub(super) async fn run(&mut self) -> i32 {
        let mut flow = Flow::End;
        for start in self.p.begin.clone() {
            flow = self.exec(start).await;
            if matches!(flow, Flow::Exit | Flow::Fail(_)) {
                break;
            }
        }
        let ends = self.p.end.clone();
        if matches!(flow, Flow::End | Flow::Next | Flow::NextFile) && !(self.p.rules.is_empty() && ends.is_empty()) {
            flow = self.records().await;
        }
        if !matches!(flow, Flow::Fail(_)) {
            for start in ends {
                flow = self.exec(start).await;
                if matches!(flow, Flow::Exit | Flow::Fail(_)) {
                    break;
                }
            }
        }
        if let Flow::Fail(text) = flow {
            self.sys.print(STDERR, format_args!("{}: {text}\n", self.sys.name()));
            self.status = 2;
        }
        for out in std::mem::take(&mut self.outputs) {
            out.close(self.sys).await;
        }
        self.status
    }
    async fn records(&mut self) -> Flow {
        let rules = self.p.rules.clone();
        loop {
            match self.next_record().await {
                Ok(Some(record)) => self.set_record(Rc::new(record)),
                Ok(None) => return Flow::End,
                Err(text) => return Flow::Fail(text),
            }
            for start in &rules {
                match self.exec(*start).await {
                    Flow::End => {}
                    Flow::Next => break,
                    Flow::NextFile => {
                        if let Some(input) = self.main.take() {
                            input.close(self.sys).await;
                        }
                        break;
                    }
                    flow => return flow,
                }
            }
        }
    }
    /// The next record of the operands, or of standard input if there are none.
    async fn next_record(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(input) = self.main.as_mut() {
                let rs = self.globals[RS].string(b"%.6g");
                let how: Records = io::records(&rs);
                let name = String::from_utf8_lossy(&input.name).into_owned();
                match input.next(self.sys, &how).await {
                    Ok(Some(record)) => {
                        for i in [NR, FNR] {
                            self.globals[i] = Val::Num(self.globals[i].number() + 1.0);
                        }
                        return Ok(Some(record));
                    }
                    Ok(None) => {}
                    Err(e) => return Err(format!("read failure on {name} ({e})")),
                }
                if let Some(input) = self.main.take() {
                    input.close(self.sys).await;
                }
            }
            if self.over || !self.next_file().await? {
                self.over = true;
                return Ok(None);
            }
        }
    }
    async fn next_file(&mut self) -> Result<bool, String> {
        let table = self.array(Var::Global(ARGV));
        while (self.argument as f64) < self.globals[ARGC].number() {
            let key = self.argument.to_string().into_bytes();
            self.argument += 1;
            let arg = self.arrays[table].map.get(&key).map(|v| v.0.string(b"%.6g")).unwrap_or_default();
            if arg.is_empty() {
                continue;
            }
            if let Some((name, value)) = io::assignment(&arg) {
                self.assign(&name, &value);
                continue;
            }
            self.named = true;
            let input = Input::open(self.sys, &arg).await;
            self.main = Some(input.map_err(|e| format!("cannot open {} ({e})", String::from_utf8_lossy(&arg)))?);
            self.globals[FILENAME] = Val::text(&arg);
            self.globals[FNR] = Val::Num(0.0);
            return Ok(true);
        }
        if self.named {
            return Ok(false);
        }
        self.named = true;
        self.main = Input::open(self.sys, b"-").await.ok();
        Ok(self.main.is_some())
    }
}

fn compile(text: &[u8]) -> Result<Rc<Regex>, String> {
    let compiled = Regex::new(text, Syntax::Awk, Options::default());
    compiled.map(Rc::new).map_err(|e| format!("regular expression compile failed ({e})\n{}", String::from_utf8_lossy(text)))
}
