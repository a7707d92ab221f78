//! Assignments to variables, array elements and whole arrays, as the attributes of the variable want them.
//! Source: bash(1) "PARAMETERS", "Arrays".

use super::escape::quoted_if_needed;
use super::lex::{Tok, assignment};
use super::parse::Parser;
use super::vars::{EXPORT, INTEGER, LOWER, READONLY, UPPER, Value};
use super::{Run, Shell};
use machine::Map;

impl Shell {
    /// An assignment as typed: `name=value`, `name+=value`, `name[sub]=value`, `name=(…)`.
    /// Under `set -x` it is shown.
    pub(super) async fn assign_word(&mut self, word: &str) -> Run<()> {
        let n = assignment(word.as_bytes());
        let (left, raw) = word.split_at(n);
        let left = left.trim_end_matches('=');
        let append = left.ends_with('+');
        let left = left.trim_end_matches('+');
        if let Some(inner) = raw.strip_prefix('(').and_then(|r| r.strip_suffix(')')).filter(|_| !left.ends_with(']')) {
            self.trace(word);
            return self.assign_array(left, inner, append).await;
        }
        let value = self.expand_text(raw, true).await?;
        let shown = if value.is_empty() { value.clone() } else { quoted_if_needed(&value) };
        self.trace(&format!("{}{shown}", &word[..n]));
        let place = match left.split_once('[') {
            Some((name, sub)) => format!("{name}[{}]", self.expand_text(sub.trim_end_matches(']'), false).await?),
            None => left.to_string(),
        };
        self.assign_value(&place, &value, append).map_err(|e| self.discard(&e))
    }

    /// Sets `name` or `name[sub]`.
    ///
    /// # Errors
    /// bash's message.
    pub(super) fn assign_place(&mut self, place: &str, value: &str) -> Result<(), String> {
        self.assign_value(place, value, false)
    }

    pub(super) fn assign_value(&mut self, place: &str, value: &str, append: bool) -> Result<(), String> {
        let (name, sub) = match place.split_once('[') {
            Some((name, sub)) => (name, sub.strip_suffix(']')),
            None => (place, None),
        };
        let name = &self.referent(name);
        let var = self.vars.get(name);
        let flags = var.map_or(0, |v| v.flags);
        if flags & READONLY != 0 {
            return Err(format!("{name}: readonly variable"));
        }
        let assoc = matches!(var.map(|v| &v.value), Some(Value::Assoc(_)));
        let old = match sub {
            _ if !append => None,
            Some(sub) => self.element(name, sub)?,
            None => self.get(name),
        };
        let mut text = match old {
            Some(old) if flags & INTEGER != 0 => format!("{old}+({value})"),
            Some(old) => old + value,
            None => value.to_string(),
        };
        if flags & INTEGER != 0 {
            text = self.arith(&text)?.to_string();
        } else if flags & LOWER != 0 {
            text.make_ascii_lowercase();
        } else if flags & UPPER != 0 {
            text.make_ascii_uppercase();
        }
        match sub {
            Some(sub) if assoc => {
                if let Value::Assoc(a) = &mut self.vars.get_mut(name).value {
                    a.insert(sub.to_string(), text);
                }
            }
            Some(sub) => {
                let mut index = self.arith(sub)?;
                let array = self.indexed(name);
                if index < 0 {
                    index += array.keys().next_back().map_or(0, |k| k + 1);
                }
                if index < 0 {
                    return Err(format!("{name}[{sub}]: bad array subscript"));
                }
                array.insert(index, text);
            }
            None => self.set_special(name, text),
        }
        if self.opt('a') {
            self.vars.get_mut(name).flags |= EXPORT;
        }
        Ok(())
    }

    fn set_special(&mut self, name: &str, text: String) {
        match name {
            "RANDOM" => self.seed = text.parse().unwrap_or(0),
            "SECONDS" => {
                self.started = self.sys.now();
                self.seconds = text.parse().unwrap_or(0);
            }
            "PATH" => self.hash.clear(),
            "OPTIND" => self.getopts = (text.parse().unwrap_or(1), 0),
            _ => {}
        }
        self.vars.set(name, &text);
    }

    /// The variable as an indexed array, made one if it is none.
    pub(super) fn indexed(&mut self, name: &str) -> &mut Map<i64, String> {
        let var = self.vars.get_mut(name);
        if !matches!(var.value, Value::Indexed(_)) {
            let mut array = Map::new();
            if let Value::Text(s) = &var.value {
                array.insert(0, s.clone());
            }
            var.value = Value::Indexed(array);
        }
        match &mut var.value {
            Value::Indexed(a) => a,
            _ => unreachable!("made an indexed array just above"),
        }
    }

    /// `name=(…)`.
    pub(super) async fn assign_array(&mut self, name: &str, inner: &str, append: bool) -> Run<()> {
        let name = &self.referent(name);
        let flags = self.vars.get(name).map_or(0, |v| v.flags);
        if flags & READONLY != 0 {
            return Err(self.discard(&format!("{name}: readonly variable")));
        }
        let mut words = Vec::new();
        let mut parser = Parser::new(inner);
        loop {
            match parser.lex(false) {
                Ok(Tok::Word(w)) => words.push(w),
                Ok(Tok::Number(n)) => words.push(n.to_string()),
                Ok(Tok::Named(n)) => words.push(format!("{{{n}}}")),
                Ok(Tok::Newline) => {}
                Ok(Tok::Op(op)) => {
                    self.error(format_args!("syntax error near unexpected token `{op}'"));
                    self.status = 1;
                    return Err(super::Flow::Discard);
                }
                Ok(Tok::Eof) | Err(_) => break,
            }
        }
        let assoc = matches!(self.vars.get(name).map(|v| &v.value), Some(Value::Assoc(_)));
        let mut items: Vec<(Option<String>, String)> = Vec::new();
        for word in words {
            let key = word.strip_prefix('[').and_then(|w| w.split_once("]="));
            if let Some((sub, value)) = key {
                let sub = self.expand_text(sub, false).await?;
                items.push((Some(sub), self.expand_text(value, true).await?));
            } else {
                items.extend(self.expand_words(&[word.into()]).await?.into_iter().map(|v| (None, v)));
            }
        }
        if assoc {
            if !append {
                self.vars.get_mut(name).value = Value::Assoc(Map::new());
            }
            let mut pending: Option<String> = None;
            for (sub, value) in items {
                // Without subscripts keys and values take turns.
                let key = match (sub, pending.take()) {
                    (Some(sub), _) | (None, Some(sub)) => sub,
                    (None, None) => {
                        pending = Some(value);
                        continue;
                    }
                };
                self.assign_value(&format!("{name}[{key}]"), &value, false).map_err(|e| self.discard(&e))?;
            }
            return Ok(());
        }
        let mut next = 0;
        if append {
            next = self.indexed(name).keys().next_back().map_or(0, |k| k + 1);
        } else {
            self.vars.get_mut(name).value = Value::Indexed(Map::new());
        }
        for (sub, value) in items {
            if let Some(sub) = sub {
                next = self.arith(&sub).map_err(|e| self.discard(&e))?;
            }
            self.assign_value(&format!("{name}[{next}]"), &value, false).map_err(|e| self.discard(&e))?;
            next += 1;
        }
        Ok(())
    }
}
