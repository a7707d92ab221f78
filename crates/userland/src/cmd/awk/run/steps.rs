//! awk: the operations of the stack machine, one after the other; output and getline.
//! Not here: variables and fields (`state`), built-in functions (`text`).

use super::*;

impl Machine<'_> {
    pub(super) async fn exec(&mut self, start: usize) -> Flow {
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
    pub(super) async fn steps(&mut self, start: usize) -> Result<Flow, String> {
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
                    let (out, n) = super::super::text::substitute(&regex, &value, &text, global);
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
    pub(in crate::cmd::awk) fn format(&mut self, n: usize, who: &str) -> Result<Vec<u8>, String> {
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
    pub(super) fn binary(&mut self, op: &str, a: Val, b: Val) -> Result<Val, String> {
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
    pub(super) async fn write(&mut self, target: &[u8], how: u8, bytes: &[u8]) -> Result<(), String> {
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
    pub(super) async fn getline(&mut self, kind: u8, place: Option<Place>) -> Result<(), String> {
        let name = if kind == b'm' { Rc::default() } else { self.pop_text() };
        let key = place.map(|p| self.key(p)).unwrap_or_default();
        let record = if kind == b'm' {
            self.next_record().await.map(|r| r.ok_or(0.0))?
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
