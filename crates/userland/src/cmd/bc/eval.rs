//! Expressions of bc: operators, variables, calls. Not here: statements (`bc`). Source: POSIX bc, GNU bc 1.07.1.

use super::number::{MOST, Number};
use super::parse::{Expr, Place};
use super::{Flow, Machine, math};
use std::cmp::Ordering;

type Value = Result<Number, Flow>;

impl Machine {
    pub(super) fn eval<'a>(&'a mut self, expr: &'a Expr) -> std::pin::Pin<Box<dyn Future<Output = Value> + 'a>> {
        Box::pin(async move {
            self.turn().await?;
            let truth = |yes: bool| Number::new(yes.into());
            Ok(match expr {
                Expr::Number(text) => {
                    let short = text.trim_start_matches('0').len();
                    self.address += if matches!(text.as_str(), "0" | "1") { 1 } else { short + 2 };
                    Number::parse(text, self.ibase)
                }
                Expr::Paren(inner) => self.eval(inner).await?,
                Expr::Place(place) => {
                    let key = self.key(place).await?;
                    self.address += 2;
                    self.get(&key)
                }
                Expr::Call(name, args) => return self.call(name, args).await,
                Expr::Unary("-", inner) => {
                    let value = self.eval(inner).await?;
                    self.address += 1;
                    value.negate()
                }
                Expr::Unary(_, inner) => truth(self.eval(inner).await?.is_zero()),
                Expr::Binary("&&", a, b) => truth(!self.eval(a).await?.is_zero() && !self.eval(b).await?.is_zero()),
                Expr::Binary("||", a, b) => truth(!self.eval(a).await?.is_zero() || !self.eval(b).await?.is_zero()),
                Expr::Binary(op, a, b) => {
                    let (a, b) = (self.eval(a).await?, self.eval(b).await?);
                    self.apply(op, a, b)?
                }
                Expr::Assign(place, op, value) => {
                    let key = self.key(place).await?;
                    let mut value = self.eval(value).await?;
                    if !op.is_empty() {
                        let old = self.get(&key);
                        value = self.apply(op, old, value)?;
                    }
                    self.address += 2;
                    self.set(key, value.clone());
                    value
                }
                Expr::Step(place, up, before) => {
                    let key = self.key(place).await?;
                    let old = self.get(&key);
                    let new = old.add(&Number::new(if *up { 1 } else { -1 }));
                    self.set(key, new.clone());
                    if *before { new } else { old }
                }
            })
        })
    }

    fn apply(&mut self, op: &str, a: Number, b: Number) -> Value {
        self.address += 1;
        if a.length() + b.length() > MOST {
            return Err(self.stop("Number too long"));
        }
        let order = || a.order(&b);
        Ok(match op {
            "+" => a.add(&b),
            "-" => a.sub(&b),
            "*" => a.mul(&b, self.scale),
            "/" | "%" => {
                let done = if op == "/" { a.div(&b, self.scale) } else { a.rem(&b, self.scale) };
                match done {
                    Some(n) => n,
                    None => return Err(self.stop(if op == "/" { "Divide by zero" } else { "Modulo by zero" })),
                }
            }
            "^" => match self.exponent(&b).and_then(|n| a.pow(n, self.scale)) {
                Some(n) => n,
                None if a.is_zero() => return Err(self.stop("Divide by zero")),
                None => return Err(self.stop("exponent too large in raise")),
            },
            "==" => Number::new((order() == Ordering::Equal).into()),
            "!=" => Number::new((order() != Ordering::Equal).into()),
            "<" => Number::new((order() == Ordering::Less).into()),
            ">" => Number::new((order() == Ordering::Greater).into()),
            "<=" => Number::new((order() != Ordering::Greater).into()),
            _ => Number::new((order() != Ordering::Less).into()),
        })
    }

    fn exponent(&self, b: &Number) -> Option<i64> {
        if !b.sub(&b.cut(0)).is_zero() {
            self.tell("warning", "non-zero scale in exponent");
        }
        b.small()
    }

    /// The name under which a variable or an element is kept.
    async fn key(&mut self, place: &Place) -> Result<String, Flow> {
        Ok(match place {
            Place::Name(name) => name.clone(),
            Place::Element(name, index) => {
                let index = self.eval(index).await?;
                match index.small().filter(|n| (0..=16_777_215).contains(n)) {
                    Some(n) => format!("{name}[{n}]"),
                    None => return Err(self.stop(&format!("Array {name} subscript out of bounds."))),
                }
            }
        })
    }

    fn get(&self, key: &str) -> Number {
        match key {
            "scale" => Number::new(self.scale as i64),
            "ibase" => Number::new(self.ibase.into()),
            "obase" => Number::new(self.obase.into()),
            "last" => self.last.clone(),
            _ => self.vars.get(key).cloned().unwrap_or(Number::new(0)),
        }
    }

    fn set(&mut self, key: String, value: Number) {
        let whole = value.small().unwrap_or(i64::MAX);
        match key.as_str() {
            "scale" if value.negative() => {
                self.tell("warning", "negative scale, set to 0");
                self.scale = 0;
            }
            "scale" => self.scale = whole.clamp(0, MOST as i64 / 4) as usize,
            "ibase" => self.ibase = whole.clamp(2, 16) as u8,
            "obase" => self.obase = whole.clamp(2, 100_000) as u32,
            "last" => self.last = value,
            _ => {
                self.vars.insert(key, value);
            }
        }
    }

    async fn call(&mut self, name: &str, args: &[Expr]) -> Value {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.eval(arg).await?);
        }
        self.address += 2;
        if let [one] = values.as_slice() {
            match name {
                "length" => return Ok(Number::new(one.length() as i64)),
                "scale" => return Ok(Number::new(one.scale as i64)),
                "sqrt" => {
                    let scale = self.scale;
                    return one.sqrt(scale).ok_or_else(|| self.stop("Square root of a negative number"));
                }
                _ if self.math && !self.functions.contains(name) => {
                    if let Some(value) = math::call(name, one, self.scale) {
                        return Ok(value);
                    }
                }
                _ => {}
            }
        }
        let Some(function) = self.functions.get(name).cloned() else {
            return Err(self.stop(&format!("Function {name} not defined.")));
        };
        if function.params.len() != values.len() {
            return Err(self.stop("Parameter number mismatch"));
        }
        // What the names meant outside comes back afterwards.
        let locals = function.params.iter().chain(&function.autos);
        let old: Vec<(String, Option<Number>)> = locals.map(|n| (n.clone(), self.vars.get(n.as_str()).cloned())).collect();
        for (i, (name, _)) in old.iter().enumerate() {
            self.vars.insert(name.clone(), values.get(i).cloned().unwrap_or(Number::new(0)));
        }
        let outer = (std::mem::replace(&mut self.name, name.to_string()), std::mem::take(&mut self.address));
        self.depth += 1;
        let done = self.stmt(&function.body).await;
        self.depth = self.depth.saturating_sub(1);
        for (name, value) in old.into_iter().rev() {
            match value {
                Some(value) => drop(self.vars.insert(name, value)),
                None => drop(self.vars.remove(&name)),
            }
        }
        match done {
            Flow::Halt | Flow::Stop => Err(done),
            done => {
                (self.name, self.address) = outer;
                Ok(if let Flow::Return(value) = done { value } else { Number::new(0) })
            }
        }
    }
}
