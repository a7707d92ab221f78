//! awk: the stack machine: records, fields, variables, arrays, calls.
//! Not here: built-in functions on text (`text`). Source: POSIX awk; mawk 1.3.4.

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
        keys.sort_unstable();
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

    // --- values --------------------------------------------------------------------------------

    pub(super) fn conv(&self) -> Rc<Vec<u8>> {
        self.globals[CONVFMT].string(b"%.6g")
    }
    pub(super) fn pop(&mut self) -> Val {
        self.stack.pop().unwrap_or(Val::Unset)
    }
    pub(super) fn pop_text(&mut self) -> Rc<Vec<u8>> {
        let v = self.pop();
        v.string(&self.conv())
    }
    fn slot(&mut self, v: Var) -> &mut Val {
        match v {
            Var::Global(i) => &mut self.globals[i],
            Var::Local(i) => {
                let at = self.base + i;
                if self.stack.len() <= at {
                    self.stack.resize(at + 1, Val::Unset);
                }
                &mut self.stack[at]
            }
        }
    }
    /// The table of an array variable, made when it is first needed.
    pub(super) fn array(&mut self, v: Var) -> usize {
        if let Val::Array(i) = self.slot(v) {
            return *i;
        }
        self.arrays.push(Table::default());
        let i = self.arrays.len() - 1;
        *self.slot(v) = Val::Array(i);
        i
    }
    pub(super) fn load(&mut self, place: Place, key: &[u8]) -> Val {
        match place {
            Place::Var(v) => {
                if v == Var::Global(NF) {
                    self.split_record();
                }
                self.slot(v).clone()
            }
            Place::Field => self.field(std::str::from_utf8(key).ok().and_then(|k| k.parse().ok()).unwrap_or(0)),
            Place::Elem(v) => {
                let table = self.array(v);
                if let Some((value, _)) = self.arrays[table].map.get(key) {
                    return value.clone();
                }
                self.arrays[table].set(key.to_vec(), Val::Unset);
                Val::Unset
            }
        }
    }
    pub(super) fn store(&mut self, place: Place, key: Vec<u8>, value: Val) {
        match place {
            Place::Var(v) => {
                let nf = v == Var::Global(NF);
                if nf {
                    self.split_record();
                }
                let count = value.number();
                *self.slot(v) = value;
                if nf {
                    self.fields.resize(count.clamp(0.0, 32_767.0) as usize, Val::Unset);
                    self.join_record();
                }
            }
            Place::Field => self.set_field(std::str::from_utf8(&key).ok().and_then(|k| k.parse().ok()).unwrap_or(0), value),
            Place::Elem(v) => {
                let table = self.array(v);
                self.arrays[table].set(key, value);
            }
        }
    }
    /// The key of a place, if it has one on the stack.
    pub(super) fn key(&mut self, place: Place) -> Vec<u8> {
        match place {
            Place::Var(_) => Vec::new(),
            Place::Field => (self.pop().number().clamp(0.0, 32_767.0) as usize).to_string().into_bytes(),
            Place::Elem(_) => self.pop_text().to_vec(),
        }
    }

    // --- records and fields --------------------------------------------------------------------

    fn set_record(&mut self, text: Rc<Vec<u8>>) {
        (self.record, self.split) = (text, false);
    }
    fn split_record(&mut self) {
        if self.split {
            return;
        }
        self.split = true;
        let fs = Val::Str(self.globals[FS].string(b"%.6g"));
        let record = self.record.clone();
        let paragraphs = self.globals[RS].string(b"%.6g").is_empty();
        let parts = self.parts(&record, &fs, paragraphs);
        self.fields = parts.iter().map(|p| Val::input(p)).collect();
        self.globals[NF] = Val::Num(self.fields.len() as f64);
    }
    fn join_record(&mut self) {
        let (ofs, conv) = (self.globals[OFS].string(b"%.6g"), self.conv());
        let texts: Vec<Vec<u8>> = self.fields.iter().map(|f| f.string(&conv).to_vec()).collect();
        self.record = Rc::new(texts.join(ofs.as_slice()));
        self.globals[NF] = Val::Num(self.fields.len() as f64);
    }
    fn field(&mut self, n: usize) -> Val {
        if n == 0 {
            return Val::input(&self.record);
        }
        self.split_record();
        self.fields.get(n - 1).cloned().unwrap_or(Val::Unset)
    }
    fn set_field(&mut self, n: usize, value: Val) {
        if n == 0 {
            let text = value.string(&self.conv());
            return self.set_record(text);
        }
        self.split_record();
        if self.fields.len() < n {
            self.fields.resize(n, Val::Unset);
        }
        self.fields[n - 1] = value;
        self.join_record();
    }
    /// A pattern from a value: a regex constant, or text that is compiled.
    pub(super) fn regex(&mut self, v: &Val) -> Result<Rc<Regex>, String> {
        if let Val::Regex(r) = v {
            return Ok(r.clone());
        }
        let text = v.string(&self.conv());
        if let Some((_, r)) = self.cache.iter().find(|c| c.0 == *text) {
            return Ok(r.clone());
        }
        let r = compile(&text)?;
        if self.cache.len() >= 32 {
            self.cache.remove(0);
        }
        self.cache.push((text.to_vec(), r.clone()));
        Ok(r)
    }

    // --- running -------------------------------------------------------------------------------

    async fn exec(&mut self, start: usize) -> Flow {
        let flow = match self.steps(start).await {
            Ok(flow) => flow,
            Err(text) => Flow::Fail(text),
        };
        self.stack.clear();
        self.frames.clear();
        self.loops.clear();
        self.base = 0;
        flow
    }
    async fn steps(&mut self, start: usize) -> Result<Flow, String> {
        let mut at = start;
        let mut count = 0u32;
        loop {
            count = count.wrapping_add(1);
            if count.is_multiple_of(8192) {
                self.sys.yield_now().await;
            }
            let Some(op) = self.p.ops.get(at).cloned() else { return Ok(Flow::End) };
            at += 1;
            match op {
                Op::Num(x) => self.stack.push(Val::Num(x)),
                Op::Str(s) => self.stack.push(Val::Str(s)),
                Op::Regex(i) => self.stack.push(Val::Regex(self.regexes[i].clone())),
                Op::Record(i) => {
                    let hit = self.regexes[i].is_match(&self.record);
                    self.stack.push(Val::Num(f64::from(u8::from(hit))));
                }
                Op::Load(place) => {
                    let key = self.key(place);
                    let v = self.load(place, &key);
                    self.stack.push(v);
                }
                Op::Store(place) => {
                    let value = self.pop();
                    let key = self.key(place);
                    self.store(place, key, value.clone());
                    self.stack.push(value);
                }
                Op::Dup => {
                    let v = self.stack.last().cloned().unwrap_or(Val::Unset);
                    self.stack.push(v);
                }
                Op::Inc(place, by, post) => {
                    let key = self.key(place);
                    let old = self.load(place, &key).number();
                    self.store(place, key, Val::Num(old + by));
                    self.stack.push(Val::Num(if post { old } else { old + by }));
                }
                Op::Array(v) => {
                    let i = self.array(v);
                    self.stack.push(Val::Array(i));
                }
                Op::In(v) => {
                    let key = self.pop_text();
                    let table = self.array(v);
                    let there = self.arrays[table].map.contains(key.as_slice());
                    self.stack.push(Val::Num(f64::from(u8::from(there))));
                }
                Op::Delete(v, one) => {
                    let table = self.array(v);
                    if one {
                        let key = self.pop_text();
                        self.arrays[table].map.remove(key.as_slice());
                    } else {
                        self.arrays[table].map.clear();
                    }
                }
                Op::Key(n) => {
                    let from = self.stack.len().saturating_sub(n);
                    let (conv, sep) = (self.conv(), self.globals[SUBSEP].string(b"%.6g"));
                    let parts: Vec<Vec<u8>> = self.stack.drain(from..).map(|v| v.string(&conv).to_vec()).collect();
                    self.stack.push(Val::Str(Rc::new(parts.join(sep.as_slice()))));
                }
                Op::Bin(op) => {
                    let b = self.pop();
                    let a = self.pop();
                    let v = self.binary(op, a, b)?;
                    self.stack.push(v);
                }
                Op::Neg => {
                    let x = self.pop().number();
                    self.stack.push(Val::Num(-x));
                }
                Op::Plus => {
                    let x = self.pop().number();
                    self.stack.push(Val::Num(x));
                }
                Op::Not => {
                    let v = self.pop().truth();
                    self.stack.push(Val::Num(f64::from(u8::from(!v))));
                }
                Op::Truth => {
                    let v = self.pop().truth();
                    self.stack.push(Val::Num(f64::from(u8::from(v))));
                }
                Op::Pop => drop(self.pop()),
                Op::Jump(to) => at = to,
                Op::JumpIf(when, to) => {
                    if self.pop().truth() == when {
                        at = to;
                    }
                }
                Op::Builtin(name, n) => self.builtin(name, n).await?,
                Op::Sub(global, place) => {
                    let key = self.key(place);
                    let (text, pattern) = (self.pop_text(), self.pop());
                    let regex = self.regex(&pattern)?;
                    let value = self.load(place, &key).string(&self.conv());
                    let (out, n) = super::text::substitute(&regex, &value, &text, global);
                    if n > 0 {
                        self.store(place, key, Val::Str(Rc::new(out)));
                    }
                    self.stack.push(Val::Num(f64::from(n)));
                }
                Op::Call(f, n) => {
                    if self.frames.len() > 2000 {
                        return Err("function call nesting too deep".into());
                    }
                    let params = self.p.functions[f].params.len();
                    if n > params {
                        return Err(format!("too many arguments in call to {}", self.p.functions[f].name));
                    }
                    for i in n..params {
                        let array = self.p.functions[f].arrays.get(i) == Some(&true);
                        let v = if array {
                            self.arrays.push(Table::default());
                            Val::Array(self.arrays.len() - 1)
                        } else {
                            Val::Unset
                        };
                        self.stack.push(v);
                    }
                    self.frames.push(Frame { back: at, base: self.base, loops: self.loops.len() });
                    self.base = self.stack.len() - params;
                    at = self.p.functions[f].start.unwrap_or(0);
                }
                Op::Return(value) => {
                    let v = if value { self.pop() } else { Val::Unset };
                    let Some(frame) = self.frames.pop() else { return Err("return outside function body".into()) };
                    self.stack.truncate(self.base);
                    self.loops.truncate(frame.loops);
                    (at, self.base) = (frame.back, frame.base);
                    self.stack.push(v);
                }
                Op::Print(n, how) => {
                    let target = if how == b' ' { Vec::new() } else { self.pop_text().to_vec() };
                    let from = self.stack.len().saturating_sub(n);
                    let ofmt = self.globals[OFMT].string(b"%.6g");
                    let mut parts: Vec<Vec<u8>> = self.stack.drain(from..).map(|v| v.string(&ofmt).to_vec()).collect();
                    if n == 0 {
                        parts.push(self.record.to_vec());
                    }
                    let mut line = parts.join(self.globals[OFS].string(b"%.6g").as_slice());
                    line.extend_from_slice(&self.globals[ORS].string(b"%.6g"));
                    self.write(&target, how, &line).await?;
                }
                Op::Printf(n, how) => {
                    let target = if how == b' ' { Vec::new() } else { self.pop_text().to_vec() };
                    let line = self.format(n, "printf")?;
                    self.write(&target, how, &line).await?;
                }
                Op::Getline(kind, place) => self.getline(kind, place).await?,
                Op::Keys(v) => {
                    let table = self.array(v);
                    self.loops.push((self.arrays[table].keys(), 0));
                }
                Op::Each(key, out) => match self.loops.last_mut() {
                    Some((keys, n)) if *n < keys.len() => {
                        let text = Val::input(&keys[*n]);
                        *n += 1;
                        *self.slot(key) = text;
                    }
                    _ => at = out,
                },
                Op::EndKeys => drop(self.loops.pop()),
                Op::Range(n) => self.stack.push(Val::Num(f64::from(u8::from(self.ranges[n])))),
                Op::SetRange(n, open) => self.ranges[n] = open,
                Op::End => return Ok(Flow::End),
                Op::Next => return Ok(Flow::Next),
                Op::NextFile => return Ok(Flow::NextFile),
                Op::Exit(value) => {
                    if value {
                        self.status = (self.pop().number() as i64 & 0xFF) as i32;
                    }
                    return Ok(Flow::Exit);
                }
            }
        }
    }
    /// Formats what lies on the stack, the format first.
    pub(super) fn format(&mut self, n: usize, who: &str) -> Result<Vec<u8>, String> {
        let from = self.stack.len().saturating_sub(n);
        let args: Vec<Val> = self.stack.drain(from..).collect();
        let conv = self.conv();
        let format = args.first().map(|f| f.string(&conv)).unwrap_or_default();
        sprintf(&format, args.get(1..).unwrap_or(&[]), &conv).ok_or_else(|| {
            let show = |i: usize| String::from_utf8_lossy(&self.globals[i].string(b"%.6g")).into_owned();
            let format = String::from_utf8_lossy(&format).into_owned();
            format!(
                "run time error: not enough arguments passed to {who}(\"{format}\")\n\tFILENAME=\"{}\" FNR={} NR={}",
                show(FILENAME),
                show(FNR),
                show(NR)
            )
        })
    }
    fn binary(&mut self, op: &str, a: Val, b: Val) -> Result<Val, String> {
        let truth = |t: bool| Val::Num(f64::from(u8::from(t)));
        match op {
            " " => {
                let conv = self.conv();
                let mut text = a.string(&conv).to_vec();
                text.extend_from_slice(&b.string(&conv));
                return Ok(Val::Str(Rc::new(text)));
            }
            "~" => {
                let regex = self.regex(&b)?;
                return Ok(truth(regex.is_match(&a.string(&self.conv()))));
            }
            "<" | "<=" | "==" | "!=" | ">" | ">=" => {
                let order = if a.numeric() && b.numeric() {
                    a.number().partial_cmp(&b.number())
                } else {
                    let conv = self.conv();
                    Some(a.string(&conv).cmp(&b.string(&conv)))
                };
                return Ok(truth(match (op, order) {
                    ("!=", o) => o != Some(std::cmp::Ordering::Equal),
                    (_, None) => false,
                    ("<", Some(o)) => o.is_lt(),
                    ("<=", Some(o)) => o.is_le(),
                    ("==", Some(o)) => o.is_eq(),
                    (">", Some(o)) => o.is_gt(),
                    (_, Some(o)) => o.is_ge(),
                }));
            }
            _ => {}
        }
        let (x, y) = (a.number(), b.number());
        Ok(Val::Num(match op {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "%" => x % y,
            _ => x.powf(y),
        }))
    }
    /// Writes to standard output, a file or a command.
    async fn write(&mut self, target: &[u8], how: u8, bytes: &[u8]) -> Result<(), String> {
        if how == b' ' {
            self.sys.put(STDOUT, bytes);
            return Ok(());
        }
        if !self.outputs.iter().any(|o| o.name == target) {
            match Output::open(self.sys, target, how).await {
                Ok(out) => self.outputs.push(out),
                Err(e) => return Err(format!("cannot open \"{}\" for output ({e})", String::from_utf8_lossy(target))),
            }
        }
        if let Some(out) = self.outputs.iter().find(|o| o.name == target) {
            self.sys.put(out.fd, bytes);
        }
        Ok(())
    }
    async fn getline(&mut self, kind: u8, place: Option<Place>) -> Result<(), String> {
        let name = if kind == b'm' { Rc::default() } else { self.pop_text() };
        let key = place.map(|p| self.key(p)).unwrap_or_default();
        let record = if kind == b'm' {
            self.next_record().await.map(|r| r.map_or(Err(0.0), Ok))?
        } else {
            if !self.inputs.iter().any(|i| i.name == *name) {
                let opened = if kind == b'f' { Input::open(self.sys, &name).await } else { Input::run(self.sys, &name).await };
                match opened {
                    Ok(input) => self.inputs.push(input),
                    Err(_) => {
                        self.stack.push(Val::Num(-1.0));
                        return Ok(());
                    }
                }
            }
            let how = io::records(&self.globals[RS].string(b"%.6g"));
            let sys = self.sys;
            match self.inputs.iter_mut().find(|i| i.name == *name) {
                Some(input) => match input.next(sys, &how).await {
                    Ok(Some(record)) => Ok(record),
                    Ok(None) => Err(0.0),
                    Err(_) => Err(-1.0),
                },
                None => Err(-1.0),
            }
        };
        let status = match record {
            Ok(record) => {
                if kind == b'c' {
                    self.globals[NR] = Val::Num(self.globals[NR].number() + 1.0);
                }
                match place {
                    Some(place) => self.store(place, key, Val::input(&record)),
                    None => self.set_record(Rc::new(record)),
                }
                1.0
            }
            Err(n) => n,
        };
        self.stack.push(Val::Num(status));
        Ok(())
    }
}

fn compile(text: &[u8]) -> Result<Rc<Regex>, String> {
    let compiled = Regex::new(text, Syntax::Awk, Options::default());
    compiled.map(Rc::new).map_err(|e| format!("regular expression compile failed ({e})\n{}", String::from_utf8_lossy(text)))
}
