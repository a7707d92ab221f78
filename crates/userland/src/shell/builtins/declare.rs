//! Builtins that declare variables: declare, local, export, readonly, unset; and the listing of variables.

use super::super::escape::{double_quoted, quoted_if_needed, single_quoted};
use super::super::lex::assignment;
use super::super::unparse::function_text;
use super::super::vars::{ATTRIBUTES, EXPORT, READONLY, Value, Var, hash_order, is_name};
use super::super::{Run, Shell};
use super::has;
use machine::Map;

/// `declare -x HOME="/root"`.
fn definition(name: &str, var: &Var) -> String {
    let mut letters = String::new();
    match var.value {
        Value::Indexed(_) => letters.push('a'),
        Value::Assoc(_) => letters.push('A'),
        _ => {}
    }
    letters.extend(ATTRIBUTES.iter().filter(|(_, bit)| var.flags & bit != 0).map(|(c, _)| *c));
    if letters.is_empty() {
        letters.push('-');
    }
    match var.value {
        Value::Unset => format!("declare -{letters} {name}\n"),
        _ => format!("declare -{letters} {name}={}\n", value_text(var, double_quoted)),
    }
}

/// The value as it could be assigned.
fn value_text(var: &Var, quote: fn(&str) -> String) -> String {
    match &var.value {
        Value::Unset => String::new(),
        Value::Text(s) => quote(s),
        Value::Indexed(a) => {
            let items: Vec<String> = a.iter().map(|(k, v)| format!("[{k}]={}", double_quoted(v))).collect();
            format!("({})", items.join(" "))
        }
        Value::Assoc(a) => {
            let mut keys: Vec<&String> = a.keys().collect();
            hash_order(&mut keys);
            let item = |k: &String| {
                format!(
                    "[{}]={} ",
                    if quoted_if_needed(k) == *k { k.clone() } else { double_quoted(k) },
                    double_quoted(a.get(k.as_str()).map_or("", String::as_str))
                )
            };
            format!("({})", keys.into_iter().map(item).collect::<String>())
        }
    }
}

impl Shell {
    /// What `declare -p` prints.
    pub(in super::super) fn definition(&self, name: &str) -> String {
        self.vars.get(name).map_or(String::new(), |var| definition(name, var))
    }

    /// `set` without arguments.
    pub(super) fn list_variables(&self) -> String {
        let shown = self.vars.iter().filter(|(_, v)| !matches!(v.value, Value::Unset));
        let mut out: String =
            shown.map(|(n, v)| format!("{n}={}\n", value_text(v, if self.dash() { single_quoted } else { quoted_if_needed }))).collect();
        for (name, body) in self.funcs.iter() {
            out.push_str(&function_text(name, body));
            out.push('\n');
        }
        out
    }

    fn list_definitions(&self, flags: u8, kinds: &str, names: &[String]) {
        for (name, var) in self.vars.iter() {
            let kind = match var.value {
                Value::Indexed(_) => 'a',
                Value::Assoc(_) => 'A',
                _ => ' ',
            };
            if var.flags & flags == flags && (kinds.is_empty() || kinds.contains(kind)) && (names.is_empty() || names.contains(name)) {
                self.out(&definition(name, var));
            }
        }
    }
}

pub(super) async fn declare(sh: &mut Shell, a: &[String]) -> Run {
    set(sh, a, 0, sh.in_function()).await
}

pub(super) async fn local(sh: &mut Shell, a: &[String]) -> Run {
    if !sh.in_function() {
        return Ok(sh.complain("local", "can only be used in a function"));
    }
    if a.len() == 1 {
        for name in sh.vars.locals() {
            match sh.vars.get(&name) {
                Some(Var { value: Value::Text(v), flags: 0 }) => sh.out(&format!("{name}={}\n", quoted_if_needed(v))),
                Some(var) => sh.out(&definition(&name, var)),
                None => {}
            }
        }
        return Ok(0);
    }
    set(sh, a, 0, true).await
}

pub(super) async fn export(sh: &mut Shell, a: &[String]) -> Run {
    set(sh, a, EXPORT, false).await
}

pub(super) async fn readonly(sh: &mut Shell, a: &[String]) -> Run {
    set(sh, a, READONLY, false).await
}

/// All four. `always`: the attribute that the builtin itself sets.
async fn set(sh: &mut Shell, a: &[String], always: u8, local: bool) -> Run {
    let name = a[0].as_str();
    let compound = std::mem::take(&mut sh.compound);
    let (mut on, mut off, mut print, mut functions, mut names_only, mut global, mut kinds) =
        (always, 0, false, false, false, false, String::new());
    let mut i = 1;
    while let Some(arg) = a.get(i).filter(|x| x.len() > 1 && x.starts_with(['-', '+'])) {
        i += 1;
        if arg == "--" {
            break;
        }
        let plus = arg.starts_with('+');
        for c in arg.chars().skip(1) {
            match c {
                'p' => print = true,
                'f' => functions = true,
                'F' => (functions, names_only) = (true, true),
                'g' => global = true,
                'n' if always == EXPORT => (on, off) = (0, EXPORT),
                'a' | 'A' => kinds.push(c),
                'I' | 't' => {}
                c => match ATTRIBUTES.iter().find(|&&(l, _)| l == c && (always == 0)) {
                    Some((_, bit)) if plus => off |= bit,
                    Some((_, bit)) => on |= bit,
                    None => {
                        sh.error(format_args!("{name}: {}{c}: invalid option", if plus { '+' } else { '-' }));
                        sh.usage(name);
                        return Ok(2);
                    }
                },
            }
        }
    }
    let operands = &a[i.min(a.len())..];
    if functions {
        let all: Vec<String> = if operands.is_empty() { sh.funcs.keys().cloned().collect() } else { operands.to_vec() };
        let mut status = 0;
        for f in all {
            match sh.funcs.get(&f) {
                None => status = 1,
                Some(_) if (on | off) & EXPORT != 0 && !print => {
                    sh.exported.retain(|e| *e != f);
                    if on & EXPORT != 0 {
                        sh.exported.push(f);
                    }
                }
                Some(_) if names_only && operands.is_empty() => {
                    sh.out(&format!("declare -f{} {f}\n", if sh.exported.contains(&f) { "x" } else { "" }));
                }
                Some(_) if names_only => sh.out(&format!("{f}\n")),
                Some(body) => sh.out(&format!("{}\n", function_text(&f, body))),
            }
        }
        return Ok(status);
    }
    if operands.is_empty() {
        if always == 0 && on == 0 && kinds.is_empty() && !print {
            sh.out(&sh.list_variables());
        } else {
            sh.list_definitions(on, &kinds, &[]);
        }
        return Ok(0);
    }
    let mut status = 0;
    for (n, operand) in operands.iter().enumerate() {
        let at = assignment(operand.as_bytes());
        let left = if at > 0 { operand[..at].trim_end_matches('=').trim_end_matches('+') } else { operand };
        let var = left.split('[').next().unwrap_or(left);
        if print && at == 0 {
            match sh.vars.get(var) {
                Some(v) => sh.out(&definition(var, v)),
                None => status = sh.complain(name, &format!("{var}: not found")),
            }
            continue;
        }
        if !is_name(var) {
            status = sh.complain(name, &format!("`{operand}': not a valid identifier"));
            continue;
        }
        if sh.vars.get(var).is_some_and(|v| v.flags & READONLY != 0) && (at > 0 || off & READONLY != 0) {
            status = sh.complain(name, &format!("{var}: readonly variable"));
            continue;
        }
        if local && !global && !sh.vars.is_local(var) {
            sh.vars.localize(var);
        }
        let entry = sh.vars.get_mut(var);
        match (&entry.value, kinds.chars().next()) {
            (Value::Assoc(_), Some('A')) | (_, None) => {}
            (_, Some('A')) => entry.value = Value::Assoc(Map::new()),
            _ => drop(sh.indexed(var)),
        }
        // Attributes such as -i count for the value; -r only after it.
        let entry = sh.vars.get_mut(var);
        entry.flags = (entry.flags | on & !READONLY) & !off;
        if at > 0 && on & (EXPORT | READONLY) != 0 && always != 0 {
            sh.trace(operand);
        }
        if at > 0 {
            if compound.contains(&(i + n)) {
                sh.assign_word(operand).await?;
            } else if let Err(e) = sh.assign_value(left, &operand[at..], operand[..at].ends_with("+=")) {
                status = sh.complain(name, &e);
                continue;
            }
        }
        sh.vars.get_mut(var).flags |= on;
    }
    Ok(status)
}

pub(super) async fn unset(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "fvn") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for name in &a[at..] {
        if has(&given, 'f') {
            sh.funcs.remove(name);
            continue;
        }
        let (var, sub) = match name.split_once('[') {
            Some((v, s)) => (v, s.strip_suffix(']')),
            None => (name.as_str(), None),
        };
        if !is_name(var) {
            // Without -v it could have been a function.
            if has(&given, 'v') || sh.dash() {
                status = sh.complain("unset", &format!("`{name}': not a valid identifier"));
            }
            continue;
        }
        let var = if has(&given, 'n') { var.to_string() } else { sh.referent(var) };
        match sh.vars.get(&var) {
            Some(v) if v.flags & READONLY != 0 => status = sh.complain("unset", &format!("{var}: cannot unset: readonly variable")),
            Some(_) => match sub {
                None => sh.vars.remove(&var),
                Some(sub) => {
                    let index = sh.arith(sub).unwrap_or(0);
                    match &mut sh.vars.get_mut(&var).value {
                        Value::Assoc(m) => drop(m.remove(sub)),
                        Value::Indexed(m) => {
                            let index = if index < 0 { index + m.keys().next_back().map_or(0, |k| k + 1) } else { index };
                            m.remove(&index);
                        }
                        _ => {}
                    }
                }
            },
            None if !has(&given, 'v') => drop(sh.funcs.remove(name)),
            None => {}
        }
        if var == "PATH" {
            sh.hash.clear();
        }
    }
    Ok(status)
}
