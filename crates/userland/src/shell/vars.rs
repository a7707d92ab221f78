//! Shell variables: strings, arrays, attributes, local scopes, and the environment made of them.
//! Not here: special parameters (`param`). Source: bash(1) "PARAMETERS", "Arrays", "declare".

use machine::Map;

/// What a variable holds.
#[derive(Clone)]
pub(crate) enum Value {
    Unset,
    Text(String),
    Indexed(Map<i64, String>),
    Assoc(Map<String, String>),
}

pub(crate) const EXPORT: u8 = 1;
pub(crate) const READONLY: u8 = 2;
pub(crate) const INTEGER: u8 = 4;
pub(crate) const LOWER: u8 = 8;
pub(crate) const UPPER: u8 = 16;
pub(crate) const NAMEREF: u8 = 32;

/// The letters of `declare` and their attributes, in the order in which `declare -p` prints them.
pub(crate) const ATTRIBUTES: [(char, u8); 6] = [('i', INTEGER), ('n', NAMEREF), ('r', READONLY), ('x', EXPORT), ('l', LOWER), ('u', UPPER)];

/// A variable.
#[derive(Clone)]
pub(crate) struct Var {
    pub(crate) value: Value,
    pub(crate) flags: u8,
}

impl Var {
    pub(crate) const UNSET: Var = Var { value: Value::Unset, flags: 0 };
    /// The value as a scalar: an array stands for its element 0.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Unset => None,
            Value::Text(s) => Some(s),
            Value::Indexed(a) => a.get(&0).map(String::as_str),
            Value::Assoc(a) => a.get("0").map(String::as_str),
        }
    }
}

/// All variables, and what local ones hide.
#[derive(Clone, Default)]
pub(crate) struct Vars {
    all: Map<String, Var>,
    /// For each active function or command with assignments: names and what they were before.
    frames: Vec<Vec<(String, Option<Var>)>>,
}

/// Whether it can name a variable.
pub(crate) fn is_name(s: &str) -> bool {
    !s.is_empty() && !s.starts_with(|c: char| c.is_ascii_digit()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// bash keeps names in a hash table of 1024 buckets and lists them in its order (FNV-1).
pub(crate) fn bucket(name: &str) -> u32 {
    let mut h = 2_166_136_261_u32;
    for b in name.bytes() {
        h = h.wrapping_mul(16_777_619) ^ u32::from(b);
    }
    h & 1023
}

/// Puts names into the order in which bash lists an associative array or the environment.
pub(crate) fn hash_order(names: &mut [&String]) {
    machine::sort_by(names, |a, b| (bucket(a), *a).cmp(&(bucket(b), *b)));
}

impl Vars {
    pub(crate) fn get(&self, name: &str) -> Option<&Var> {
        self.all.get(name)
    }
    pub(crate) fn get_mut(&mut self, name: &str) -> &mut Var {
        self.all.entry(name.to_string(), || Var::UNSET)
    }
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name)?.text()
    }
    /// Sets without looking at attributes other than keeping them.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let var = self.get_mut(name);
        match &mut var.value {
            Value::Indexed(a) => drop(a.insert(0, value.to_string())),
            Value::Assoc(a) => drop(a.insert("0".into(), value.to_string())),
            v => *v = Value::Text(value.to_string()),
        }
    }
    pub(crate) fn remove(&mut self, name: &str) {
        self.all.remove(name);
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Var)> {
        self.all.iter()
    }

    pub(crate) fn push(&mut self) {
        self.frames.push(Vec::new());
    }
    /// Makes `name` local to the innermost frame.
    pub(crate) fn localize(&mut self, name: &str) {
        let old = self.all.get(name).cloned();
        if let Some(frame) = self.frames.last_mut()
            && !frame.iter().any(|(n, _)| n == name)
        {
            frame.push((name.to_string(), old));
            self.all.remove(name);
        }
    }
    pub(crate) fn is_local(&self, name: &str) -> bool {
        self.frames.last().is_some_and(|f| f.iter().any(|(n, _)| n == name))
    }
    pub(crate) fn pop(&mut self) {
        for (name, old) in self.frames.pop().unwrap_or_default().into_iter().rev() {
            match old {
                Some(var) => drop(self.all.insert(name, var)),
                None => drop(self.all.remove(&name)),
            }
        }
    }
    /// Names of local variables of the innermost frame.
    pub(crate) fn locals(&self) -> Vec<String> {
        self.frames.last().map(|f| f.iter().map(|(n, _)| n.clone()).collect()).unwrap_or_default()
    }

    /// The environment of a child.
    pub(crate) fn environ(&self) -> Vec<String> {
        let mut names: Vec<&String> = self.all.iter().filter(|(n, v)| v.flags & EXPORT != 0 && *n != "_").map(|(n, _)| n).collect();
        hash_order(&mut names);
        let value = |name: &str| match self.all.get(name).map(|v| &v.value) {
            Some(Value::Text(s)) => Some(s.clone()),
            _ => None,
        };
        names.into_iter().filter_map(|n| Some(format!("{n}={}", value(n)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_in_bash_s_order() {
        for list in ["PWD D C B A HOME SHLVL PATH", "z x k foo bar"] {
            let owned: Vec<String> = list.split(' ').map(String::from).collect();
            let mut names: Vec<&String> = owned.iter().collect();
            machine::sort(&mut names);
            hash_order(&mut names);
            assert_eq!(names, owned.iter().collect::<Vec<_>>());
        }
    }
}
