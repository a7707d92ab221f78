//! awk: built-in functions, splitting, substitution.  Source: POSIX awk; mawk 1.3.4, whose strings are bytes.

use super::io;
use super::run::{Machine, RLENGTH, RSTART};
use super::value::Val;
use crate::util::date::strftime;
use crate::util::zone::Zone;
use machine::SimTime;
use pattern::Regex;
use std::rc::Rc;

/// Replaces the first match or all; `&` is the match. Gives the text and how many were replaced.
pub(super) fn substitute(regex: &Regex, text: &[u8], by: &[u8], global: bool) -> (Vec<u8>, u32) {
    let (mut out, mut at, mut copied, mut count, mut behind) = (Vec::new(), 0, 0, 0, None);
    while let Some(m) = regex.find(text, at) {
        let (a, b) = (m.start(), m.end());
        if a != b || behind != Some(a) {
            behind = Some(b);
            count += 1;
            out.extend_from_slice(&text[copied..a]);
            let mut i = 0;
            while let Some(&c) = by.get(i) {
                i += 1;
                match (c, by.get(i)) {
                    (b'\\', Some(n @ (b'&' | b'\\'))) => {
                        out.push(*n);
                        i += 1;
                    }
                    (b'&', _) => out.extend_from_slice(&text[a..b]),
                    _ => out.push(c),
                }
            }
            copied = b;
            if !global {
                break;
            }
        }
        at = b;
        if a == b {
            if b >= text.len() {
                break;
            }
            out.extend_from_slice(&text[copied..b + 1]);
            copied = b + 1;
            at = copied;
        }
    }
    out.extend_from_slice(&text[copied..]);
    (out, count)
}

impl Machine<'_> {
    /// Cuts a text at a separator as FS does: a blank stands for runs of blanks, an empty one for nothing between characters.
    pub(super) fn parts(&mut self, text: &[u8], separator: &Val, paragraphs: bool) -> Vec<Vec<u8>> {
        if !matches!(separator, Val::Regex(_)) {
            let fs = separator.string(b"%.6g");
            match fs.as_slice() {
                b" " => {
                    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
                    return text.split(blank).filter(|p| !p.is_empty()).map(<[u8]>::to_vec).collect();
                }
                [] => return text.iter().map(|b| vec![*b]).collect(),
                _ if text.is_empty() => return Vec::new(),
                [one] if *one != b'\\' => {
                    return text.split(|b| b == one || paragraphs && *b == b'\n').map(<[u8]>::to_vec).collect();
                }
                _ => {}
            }
        }
        if text.is_empty() {
            return Vec::new();
        }
        let Ok(regex) = self.regex(separator) else { return vec![text.to_vec()] };
        let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
        while let Some(m) = regex.find(text, at) {
            if m.end() == m.start() {
                at = m.end() + 1;
                if at > text.len() {
                    break;
                }
                continue;
            }
            out.push(text[from..m.start()].to_vec());
            (from, at) = (m.end(), m.end());
        }
        out.push(text[from..].to_vec());
        out
    }
    pub(super) async fn builtin(&mut self, name: &'static str, n: usize) -> Result<(), String> {
        let number = match name {
            "length" => {
                if n == 0 {
                    self.stack.push(Val::Num(0.0));
                    let key = self.key(super::parse::Place::Field);
                    let record = self.load(super::parse::Place::Field, &key);
                    self.stack.push(record);
                }
                match self.pop() {
                    Val::Array(i) => self.arrays[i].map.len() as f64,
                    v => v.string(&self.conv()).len() as f64,
                }
            }
            "substr" => {
                let count = if n > 2 { Some(self.pop().number()) } else { None };
                let from = self.pop().number().trunc();
                let text = self.pop_text();
                let mut count = count.unwrap_or(f64::from(i32::MAX)).trunc();
                let mut first = from;
                // mawk gives back what lies before the first character, less one.
                if first < 1.0 {
                    if n > 2 {
                        count -= from;
                    }
                    first = 1.0;
                }
                let start = (first as usize - 1).min(text.len());
                let end = start.saturating_add(count.clamp(0.0, 2e9) as usize).min(text.len());
                self.stack.push(Val::text(&text[start..end]));
                return Ok(());
            }
            "index" => {
                let (what, text) = (self.pop_text(), self.pop_text());
                if what.is_empty() {
                    0.0
                } else {
                    text.windows(what.len()).position(|w| w == what.as_slice()).map_or(0.0, |i| i as f64 + 1.0)
                }
            }
            "split" => {
                let separator = if n > 2 { self.pop() } else { self.globals[super::run::FS].clone() };
                let Val::Array(table) = self.pop() else { return Err("split needs an array".into()) };
                let text = self.pop_text();
                let parts = self.parts(&text, &separator, false);
                self.arrays[table].map.clear();
                for (i, part) in parts.iter().enumerate() {
                    self.arrays[table].set((i + 1).to_string().into_bytes(), Val::input(part));
                }
                parts.len() as f64
            }
            "match" => {
                let (pattern, text) = (self.pop(), self.pop_text());
                let found = self.regex(&pattern)?.find(&text, 0).map(|m| (m.start(), m.end()));
                let (start, length) = found.map_or((0.0, -1.0), |(a, b)| (a as f64 + 1.0, (b - a) as f64));
                self.globals[RSTART] = Val::Num(start);
                self.globals[RLENGTH] = Val::Num(length);
                start
            }
            "sprintf" => {
                let text = self.format(n, "sprintf")?;
                self.stack.push(Val::Str(Rc::new(text)));
                return Ok(());
            }
            "tolower" | "toupper" => {
                let mut text = self.pop_text().to_vec();
                if name == "tolower" {
                    text.make_ascii_lowercase()
                } else {
                    text.make_ascii_uppercase()
                }
                self.stack.push(Val::Str(Rc::new(text)));
                return Ok(());
            }
            "system" => {
                let command = self.pop_text();
                f64::from(io::system(self.sys, &command).await)
            }
            "close" => {
                let name = self.pop_text();
                let mut status = -1;
                if let Some(i) = self.outputs.iter().position(|o| o.name == *name) {
                    status = self.outputs.remove(i).close(self.sys).await;
                }
                if let Some(i) = self.inputs.iter().position(|o| o.name == *name) {
                    status = self.inputs.remove(i).close(self.sys).await;
                }
                f64::from(status)
            }
            // What has been printed is written at the next system call anyhow.
            "fflush" => {
                for _ in 0..n {
                    self.pop();
                }
                0.0
            }
            "rand" => {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (self.random >> 33) as f64 / f64::from(1u32 << 31)
            }
            "srand" => {
                let seed = if n > 0 { self.pop().number() } else { self.sys.now().secs() as f64 };
                self.random = seed.to_bits() ^ 0x9E37_79B9_7F4A_7C15;
                std::mem::replace(&mut self.seed, seed)
            }
            "systime" => self.sys.now().secs() as f64,
            "strftime" => {
                let args: Vec<Val> = (0..n).map(|_| self.pop()).collect();
                let mut args = args.into_iter().rev();
                let format = args.next().map_or(Rc::new(b"%c".to_vec()), |f| f.string(b"%.6g"));
                let at = args.next().map_or(self.sys.now(), |t| SimTime::from_secs(t.number().max(0.0) as u64));
                let zone = if args.next().is_some_and(|u| u.truth()) { Zone::utc() } else { Zone::of(self.sys) };
                let text = strftime(&String::from_utf8_lossy(&format), at, &zone);
                self.stack.push(Val::text(text.as_bytes()));
                return Ok(());
            }
            "atan2" => {
                let (x, y) = (self.pop().number(), self.pop().number());
                y.atan2(x)
            }
            _ => {
                let x = self.pop().number();
                match name {
                    "sin" => x.sin(),
                    "cos" => x.cos(),
                    "exp" => x.exp(),
                    "log" => x.ln(),
                    "sqrt" => x.sqrt(),
                    _ => x.trunc(),
                }
            }
        };
        self.stack.push(Val::Num(number));
        Ok(())
    }
}
