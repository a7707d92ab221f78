//! awk: variables, arrays, fields and the record, as they are loaded and stored.
//! Not here: the operations (`steps`), records from files (`run`).

use super::*;

impl Machine<'_> {
    pub(in crate::cmd::awk) fn conv(&self) -> Rc<Vec<u8>> {
        self.globals[CONVFMT].string(b"%.6g")
    }
    pub(in crate::cmd::awk) fn pop(&mut self) -> Val {
        self.stack.pop().unwrap_or(Val::Unset)
    }
    pub(in crate::cmd::awk) fn pop_text(&mut self) -> Rc<Vec<u8>> {
        let v = self.pop();
        v.string(&self.conv())
    }
    pub(super) fn slot(&mut self, v: Var) -> &mut Val {
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
    pub(in crate::cmd::awk) fn array(&mut self, v: Var) -> usize {
        if let Val::Array(i) = self.slot(v) {
            return *i;
        }
        self.arrays.push(Table::default());
        let i = self.arrays.len() - 1;
        *self.slot(v) = Val::Array(i);
        i
    }
    pub(in crate::cmd::awk) fn load(&mut self, place: Place, key: &[u8]) -> Val {
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
    pub(in crate::cmd::awk) fn store(&mut self, place: Place, key: Vec<u8>, value: Val) {
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
    pub(in crate::cmd::awk) fn key(&mut self, place: Place) -> Vec<u8> {
        match place {
            Place::Var(_) => Vec::new(),
            Place::Field => (self.pop().number().clamp(0.0, 32_767.0) as usize).to_string().into_bytes(),
            Place::Elem(_) => self.pop_text().to_vec(),
        }
    }

    pub(super) fn set_record(&mut self, text: Rc<Vec<u8>>) {
        (self.record, self.split) = (text, false);
    }
    pub(super) fn split_record(&mut self) {
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
    pub(super) fn join_record(&mut self) {
        let (ofs, conv) = (self.globals[OFS].string(b"%.6g"), self.conv());
        let texts: Vec<Vec<u8>> = self.fields.iter().map(|f| f.string(&conv).to_vec()).collect();
        self.record = Rc::new(texts.join(ofs.as_slice()));
        self.globals[NF] = Val::Num(self.fields.len() as f64);
    }
    pub(super) fn field(&mut self, n: usize) -> Val {
        if n == 0 {
            return Val::input(&self.record);
        }
        self.split_record();
        self.fields.get(n - 1).cloned().unwrap_or(Val::Unset)
    }
    pub(super) fn set_field(&mut self, n: usize, value: Val) {
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
    pub(in crate::cmd::awk) fn regex(&mut self, v: &Val) -> Result<Rc<Regex>, String> {
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
}
