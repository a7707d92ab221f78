//! Parameter expansion: `$x` and all forms of `${…}`; special parameters; array elements.
//! Not here: assignment by builtins (`builtins/declare`). Source: POSIX XCU 2.6.2, bash(1) "Parameter Expansion".

use super::field::Out;
use super::scan::Scan;
use super::vars::{NAMEREF, Value, hash_order, is_name};
use super::{Flow, Frame, Run, Shell};

/// What a parameter stands for.
pub(super) enum Val {
    Unset,
    One(String),
    /// The elements; whether they were asked for by `*` (else `@`).
    List(Vec<String>, bool),
}

/// A parameter as written: name and subscript.
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) sub: Option<&'a str>,
}

/// Splits `name[sub]rest`.
pub(super) fn place(text: &str) -> Option<(Place<'_>, &str)> {
    let bytes = text.as_bytes();
    let len = match bytes.first()? {
        b'0'..=b'9' => bytes.iter().take_while(|b| b.is_ascii_digit()).count(),
        b if b.is_ascii_alphabetic() || *b == b'_' => bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count(),
        b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => return Some((Place { name: &text[..1], sub: None }, &text[1..])),
        _ => return None,
    };
    let (name, mut rest) = text.split_at(len);
    let mut sub = None;
    if rest.starts_with('[') && is_name(name) {
        let (scan, mut i, mut depth) = (Scan::new(rest), 0, 0);
        loop {
            match scan.s.get(i)? {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            i = scan.part(i).ok()?;
        }
        sub = rest.get(1..i);
        rest = rest.get(i + 1..)?;
    }
    Some((Place { name, sub }, rest))
}

impl Shell {
    /// The value of a variable or special parameter.
    pub(super) fn get(&mut self, name: &str) -> Option<String> {
        let number = |n: i64| Some(n.to_string());
        match name {
            "#" => number(self.args.len() as i64),
            "?" => number(i64::from(self.status)),
            "$" => number(i64::from(self.pid)),
            "!" => self.last_background.map(|p| p.to_string()),
            "-" => Some(self.option_letters()),
            "0" => Some(self.name.clone()),
            "LINENO" => number(i64::from(self.line)),
            "RANDOM" | "SECONDS" | "EPOCHSECONDS" | "BASHPID" | "UID" | "EUID" | "SHELLOPTS" | "HISTCMD" if self.dash() => None,
            "RANDOM" => number(i64::from(self.random() & 0x7fff)),
            "SECONDS" => number((self.sys.now().since(self.started) / 1_000_000) as i64 + self.seconds),
            "EPOCHSECONDS" => number(self.sys.now().secs() as i64),
            "BASHPID" => number(i64::from(self.sys.pid())),
            "PPID" => number(i64::from(self.parent)),
            "UID" => number(i64::from(self.sys.ids().uid)),
            "EUID" => number(i64::from(self.sys.euid())),
            "FUNCNAME" | "BASH_LINENO" | "BASH_SOURCE" => self.list(name).into_iter().next(),

            "BASH_SUBSHELL" => number(i64::from(self.subshell)),
            "SHELLOPTS" => {
                let on = super::options::LONG.iter().filter(|(_, letter)| self.opt(*letter)).map(|(name, _)| *name);
                Some(on.collect::<Vec<_>>().join(":"))
            }
            "HISTCMD" => number(self.history.next_number() as i64),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let n: usize = name.parse().unwrap_or(usize::MAX);
                if n == 0 { Some(self.name.clone()) } else { self.args.get(n - 1).cloned() }
            }
            _ => {
                let var = self.vars.get(name)?;
                if var.flags & NAMEREF != 0 {
                    let to = var.text()?.to_string();
                    return if to == name { None } else { self.vars.text(&to).map(String::from) };
                }
                var.text().map(String::from)
            }
        }
    }

    /// The file that commands come from, if they come from one.
    pub(super) fn source_name(&self) -> Option<String> {
        self.sourced.clone().or_else(|| Some(self.name.clone()).filter(|_| self.is_script()))
    }

    /// The stack of calls, innermost first, as one of its three variables.
    pub(super) fn frames(&self, name: &str) -> Vec<String> {
        let mut list = self.calls.clone();
        if let Some(file) = Some(self.name.clone()).filter(|_| self.is_script()) {
            list.insert(0, Frame { name: "main".into(), file, line: 0 });
        }
        let one = |f: Frame| match name {
            "FUNCNAME" => f.name,
            "BASH_SOURCE" => f.file,
            _ => f.line.to_string(),
        };
        // Outside functions there is no name of one.
        let none = self.calls.is_empty() && name == "FUNCNAME";
        if none { Vec::new() } else { list.into_iter().rev().map(one).collect() }
    }

    /// The shell runs a script.
    fn is_script(&self) -> bool {
        !self.interactive && !self.opt('c') && !self.opt('s')
    }

    fn list(&self, name: &str) -> Vec<String> {
        match name {
            "@" | "*" => return self.args.clone(),
            "BASH_SOURCE" | "FUNCNAME" | "BASH_LINENO" => return self.frames(name),
            "PIPESTATUS" => return self.pipe_status.iter().map(i32::to_string).collect(),
            "DIRSTACK" => return self.dir_stack(),
            "GROUPS" => return vec![self.sys.ids().gid.to_string()],
            _ => {}
        }
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => a.values().cloned().collect(),
            Some(Value::Assoc(a)) => {
                let mut keys: Vec<&String> = a.keys().collect();
                hash_order(&mut keys);
                keys.iter().filter_map(|k| a.get(k.as_str()).cloned()).collect()
            }
            Some(Value::Text(s)) => vec![s.clone()],
            _ => Vec::new(),
        }
    }

    pub(super) fn keys(&self, name: &str) -> Vec<String> {
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => a.keys().map(i64::to_string).collect(),
            Some(Value::Assoc(a)) => {
                let mut keys: Vec<&String> = a.keys().collect();
                hash_order(&mut keys);
                keys.into_iter().cloned().collect()
            }
            Some(Value::Text(_)) => vec!["0".into()],
            _ => (0..self.list(name).len()).map(|n| n.to_string()).collect(),
        }
    }

    /// The variable that a name reference stands for.
    pub(super) fn referent(&self, name: &str) -> String {
        match self.vars.get(name) {
            Some(v) if v.flags & NAMEREF != 0 => v.text().filter(|t| !t.is_empty()).unwrap_or(name).to_string(),
            _ => name.to_string(),
        }
    }

    /// For arithmetic: the text of `name` or `name[sub]`.
    pub(super) fn place_text(&mut self, text: &str) -> Result<Option<String>, String> {
        let Some((place, _)) = place(text) else { return Ok(None) };
        match place.sub {
            None => Ok(self.get(place.name)),
            Some(sub) => self.element(place.name, sub),
        }
    }

    /// An array's element.
    pub(super) fn element(&mut self, name: &str, sub: &str) -> Result<Option<String>, String> {
        let name = &self.referent(name);
        if let Some(Value::Assoc(a)) = self.vars.get(name).map(|v| &v.value) {
            return Ok(a.get(sub).cloned());
        }
        let index = self.arith(sub)?;
        match self.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(a)) => {
                let index = if index < 0 { index + a.keys().next_back().map_or(0, |k| k + 1) } else { index };
                if index < 0 { Err(format!("{name}[{sub}]: bad array subscript")) } else { Ok(a.get(&index).cloned()) }
            }
            _ => {
                let list = self.list(name);
                let index = if index < 0 { index + list.len() as i64 } else { index };
                Ok(usize::try_from(index).ok().and_then(|i| list.get(i).cloned()))
            }
        }
    }

    pub(super) fn unbound(&mut self, name: &str) -> Flow {
        if self.dash() {
            self.error(format_args!("{name}: parameter not set"));
            return self.fatal(2);
        }
        let dollar = if name.bytes().all(|b| b.is_ascii_digit()) { "$" } else { "" };
        self.error(format_args!("{dollar}{name}: unbound variable"));
        self.fatal(127)
    }

    /// `$name`.
    pub(super) fn plain(&mut self, name: &str, quoted: bool, out: &mut Out) -> Run<()> {
        if matches!(name, "@" | "*") {
            let list = self.args.clone();
            self.emit(list, name == "*", quoted, out);
            return Ok(());
        }
        match self.get(name) {
            Some(s) => out.result(&s, quoted),
            None if self.opt('u') => return Err(self.unbound(name)),
            None => {}
        }
        Ok(())
    }

    pub(super) fn emit(&self, list: Vec<String>, star: bool, quoted: bool, out: &mut Out) {
        if star && (quoted || !out.split) {
            let sep: String = self.ifs().chars().take(1).collect();
            out.result(&list.join(&sep), quoted);
        } else {
            out.many(&list, quoted);
        }
    }

    pub(super) async fn value(&mut self, place: &Place<'_>) -> Run<Val> {
        Ok(match (place.name, place.sub) {
            ("@" | "*", _) => Val::List(self.args.clone(), place.name == "*"),
            (name, Some(sub @ ("@" | "*"))) => Val::List(self.list(&self.referent(name)), sub == "*"),
            (name, Some(sub)) => {
                let sub = self.expand_text(sub, false).await?;
                match self.element(name, &sub) {
                    Ok(v) => v.map_or(Val::Unset, Val::One),
                    Err(e) => return Err(self.discard(&e)),
                }
            }
            (name, None) => self.get(name).map_or(Val::Unset, Val::One),
        })
    }

    /// Says what is wrong and gives up the line.
    pub(super) fn discard(&mut self, message: &str) -> Flow {
        self.error(format_args!("{message}"));
        if self.dash() {
            return self.fatal(2);
        }
        self.status = 1;
        Flow::Discard
    }

    /// A cheap pseudo-random number.
    pub(super) fn random(&mut self) -> u32 {
        self.seed = self.seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        self.seed >> 8
    }
}
