//! Builtins about commands: type, command, builtin, enable, hash, alias, unalias; and history.

use super::super::escape::single_quoted;
use super::super::unparse::function_text;
use super::super::{Run, Shell};
use super::{ALL, find, has, value};
use std::rc::Rc;

const KEYWORDS: [&str; 22] = [
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in", "function", "time", "{",
    "}", "!", "[[", "]]", "coproc",
];

impl Shell {
    /// What a name means as a command, all meanings in order: kind and description.
    async fn meanings(&mut self, name: &str, all: bool) -> Vec<(&'static str, String)> {
        let mut list: Vec<(&'static str, String)> = Vec::new();
        if self.shopt("expand_aliases")
            && let Some(text) = self.aliases.get(name)
        {
            list.push(("alias", format!("{name} is aliased to `{text}'")));
        }
        if KEYWORDS.contains(&name) {
            list.push(("keyword", format!("{name} is a shell keyword")));
        }
        if let Some(body) = self.funcs.get(name) {
            list.push(("function", format!("{name} is a function\n{}", function_text(name, body))));
        }
        if find(name).is_some() && !self.disabled.iter().any(|d| d == name) {
            list.push(("builtin", format!("{name} is a shell builtin")));
        }
        if list.is_empty() || all {
            if name.contains('/') {
                if self.sys.access(name, false, false, true).await.is_ok() {
                    list.push(("file", format!("{name} is {name}")));
                }
            } else if let Some((path, hits)) = self.hash.get_mut(name).filter(|_| !all) {
                // Looking it up counts.
                *hits += 1;
                list.push(("file", format!("{name} is hashed ({path})")));
            } else {
                let path = self.vars.text("PATH").unwrap_or_default().to_string();
                for dir in path.split(':') {
                    let full = format!("{dir}/{name}");
                    if self.sys.stat(&full).await.is_ok_and(|s| !s.is_dir()) && self.sys.access(&full, false, false, true).await.is_ok() {
                        list.push(("file", format!("{name} is {full}")));
                        if !all {
                            break;
                        }
                    }
                }
            }
        }
        if !all {
            list.truncate(1);
        }
        list
    }
}

fn path_of(text: &str) -> &str {
    let tail = text.split_once(" is ").map_or(text, |(_, t)| t);
    tail.strip_prefix("hashed (").and_then(|t| t.strip_suffix(')')).unwrap_or(tail)
}

pub(super) async fn type_(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "afptP") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for name in &a[at..] {
        let mut list = sh.meanings(name, has(&given, 'a') || has(&given, 'P')).await;
        let first = has(&given, 'P') && !has(&given, 'a');
        if has(&given, 'f') {
            list.retain(|m| m.0 != "function");
        }
        if has(&given, 'P') {
            list.retain(|m| m.0 == "file");
        }
        if first {
            list.truncate(1);
        }
        if list.is_empty() {
            status = 1;
            if sh.dash() {
                sh.out(&format!("{name}: not found\n"));
                status = 127;
            } else if !has(&given, 't') && !has(&given, 'p') && !has(&given, 'P') {
                sh.complain("type", &format!("{name}: not found"));
            }
        }
        for (kind, text) in list {
            if has(&given, 't') {
                sh.out(&format!("{kind}\n"));
            } else if !has(&given, 'p') && !has(&given, 'P') {
                sh.out(&format!("{text}\n"));
            } else if kind == "file" {
                sh.out(&format!("{}\n", path_of(&text)));
            }
        }
    }
    Ok(status)
}

pub(super) async fn command(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "pvV") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let rest = &a[at..];
    if rest.is_empty() {
        return Ok(0);
    }
    if has(&given, 'v') || has(&given, 'V') {
        let mut status = 1;
        // dash looks at one name only.
        for name in rest.iter().take(if sh.dash() { 1 } else { rest.len() }) {
            for (kind, text) in sh.meanings(name, false).await {
                status = 0;
                if has(&given, 'V') {
                    sh.out(&format!("{text}\n"));
                    continue;
                }
                match kind {
                    "file" => sh.out(&format!("{}\n", path_of(&text))),
                    "alias" => {
                        let text = sh.aliases.get(name).cloned().unwrap_or_default();
                        sh.out(&format!("alias {name}={}\n", single_quoted(&text)));
                    }
                    _ => sh.out(&format!("{name}\n")),
                }
            }
            if status != 0 && has(&given, 'V') {
                sh.complain("command", &format!("{name}: not found"));
            }
        }
        return Ok(status);
    }
    match find(&rest[0]).filter(|b| !sh.disabled.iter().any(|d| d == b.name)) {
        Some(b) => sh.builtin(b, rest, false).await,
        None => sh.plain_program(rest.to_vec()).await,
    }
}

pub(super) async fn builtin(sh: &mut Shell, a: &[String]) -> Run {
    let Some(name) = a.get(1) else { return Ok(0) };
    match find(name) {
        Some(b) => sh.builtin(b, &a[1..], false).await,
        None => Ok(sh.complain("builtin", &format!("{name}: not a shell builtin"))),
    }
}

/// A builtin of bash that is not simulated.
pub(super) async fn absent(sh: &mut Shell, a: &[String]) -> Run {
    Ok(sh.complain(&a[0], "not simulated here"))
}

pub(super) async fn enable(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "adnpsf:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let off = has(&given, 'n');
    if a.len() <= at {
        for b in ALL {
            let disabled = sh.disabled.iter().any(|d| d == b.name);
            if has(&given, 'a') || disabled == off {
                sh.out(&format!("enable {}{}\n", if disabled { "-n " } else { "" }, b.name));
            }
        }
        return Ok(0);
    }
    let mut status = 0;
    for name in &a[at..] {
        if find(name).is_none() {
            status = sh.complain("enable", &format!("{name}: not a shell builtin"));
            continue;
        }
        sh.disabled.retain(|d| d != name);
        if off {
            sh.disabled.push(name.clone());
        }
    }
    Ok(status)
}

pub(super) async fn hash(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "lrp:dt") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if has(&given, 'r') {
        sh.hash.clear();
    }
    if a.len() <= at && !has(&given, 'r') {
        if sh.hash.is_empty() {
            if !sh.dash() {
                sh.out("hash: hash table empty\n");
            }
        } else {
            let mut out = String::from("hits\tcommand\n");
            for (path, hits) in sh.hash.values() {
                out.push_str(&format!("{hits:4}\t{path}\n"));
            }
            sh.out(&out);
        }
    }
    let mut status = 0;
    for name in &a[at..] {
        if has(&given, 'd') {
            sh.hash.remove(name);
        } else if has(&given, 't') {
            match sh.hash.get(name) {
                Some((path, _)) => sh.out(&format!("{path}\n")),
                None => status = sh.complain("hash", &format!("{name}: not found")),
            }
        } else if let Some(path) = value(&given, 'p') {
            sh.hash.insert(name.clone(), (path.to_string(), 0));
        } else if find(name).is_none() {
            match sh.find_all(name).await.into_iter().next() {
                Some(path) => drop(sh.hash.insert(name.clone(), (path, 0))),
                None => status = sh.complain("hash", &format!("{name}: not found")),
            }
        }
    }
    Ok(status)
}

pub(super) async fn alias(sh: &mut Shell, a: &[String]) -> Run {
    let (_, at) = match sh.options(a, "p") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let show = |sh: &Shell, name: &str, text: &str| {
        sh.out(&format!("{}{name}={}\n", if sh.dash() { "" } else { "alias " }, single_quoted(text)));
    };
    if a.len() <= at {
        for (name, text) in sh.aliases.iter() {
            show(sh, name, text);
        }
    }
    let mut status = 0;
    for arg in &a[at..] {
        match arg.split_once('=').filter(|(n, _)| !n.is_empty()) {
            Some((name, _)) if name.contains(['/', '$', '`', '\'', '"', '\\', ' ', '\t', '|', '&', ';', '<', '>', '(', ')']) => {
                status = sh.complain("alias", &format!("`{name}': invalid alias name"));
            }
            Some((name, text)) => drop(Rc::make_mut(&mut sh.aliases).insert(name.to_string(), text.to_string())),
            None => match sh.aliases.get(arg) {
                Some(text) => show(sh, arg, text),
                None => status = sh.complain("alias", &format!("{arg}: not found")),
            },
        }
    }
    Ok(status)
}

pub(super) async fn unalias(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "a") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if has(&given, 'a') {
        Rc::make_mut(&mut sh.aliases).clear();
        return Ok(0);
    }
    if a.len() <= at {
        sh.usage("unalias");
        return Ok(2);
    }
    let mut status = 0;
    for name in &a[at..] {
        if Rc::make_mut(&mut sh.aliases).remove(name).is_none() {
            status = sh.complain("unalias", &format!("{name}: not found"));
        }
    }
    Ok(status)
}

pub(super) async fn caller(sh: &mut Shell, a: &[String]) -> Run {
    let (names, files, lines) = (sh.frames("FUNCNAME"), sh.frames("BASH_SOURCE"), sh.frames("BASH_LINENO"));
    let level = match a.get(1) {
        None => 0,
        Some(n) => match n.parse::<usize>() {
            Ok(n) => n,
            Err(_) => {
                sh.complain("caller", &format!("{n}: invalid number"));
                sh.usage("caller");
                return Ok(2);
            }
        },
    };
    let Some(line) = lines.get(level) else { return Ok(1) };
    if a.len() == 1 {
        sh.out(&format!("{line} {}\n", files.get(1).map_or("NULL", String::as_str)));
    } else if let (Some(name), Some(file)) = (names.get(level + 1), files.get(level + 1)) {
        sh.out(&format!("{line} {name} {file}\n"));
    } else {
        return Ok(1);
    }
    Ok(0)
}

pub(super) async fn history(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "cd:anrwps") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if has(&given, 'c') {
        sh.history.clear();
        return Ok(0);
    }
    if let Some(text) = value(&given, 'd') {
        let done = text.parse::<i64>().ok().is_some_and(|n| sh.history.delete(n));
        return Ok(if done { 0 } else { sh.complain("history", &format!("{text}: history position out of range")) });
    }
    if has(&given, 's') {
        sh.history.replace_last(&a[at..].join(" "));
        return Ok(0);
    }
    if has(&given, 'p') {
        for arg in &a[at..] {
            match sh.history.expand(arg) {
                Ok(text) => sh.out(&format!("{}\n", text.unwrap_or_else(|| arg.clone()))),
                Err(e) => return Ok(sh.complain("history", &e)),
            }
        }
        return Ok(0);
    }
    if has(&given, 'a') || has(&given, 'w') {
        sh.save_history().await;
        return Ok(0);
    }
    if has(&given, 'r') || has(&given, 'n') {
        sh.load_history().await;
        return Ok(0);
    }
    let most = match a.get(at) {
        None => usize::MAX,
        Some(n) => match n.parse::<i64>() {
            Ok(n) => n.unsigned_abs() as usize,
            Err(_) => return Ok(sh.complain("history", &format!("{n}: numeric argument required"))),
        },
    };
    sh.out(&sh.history.listing(most));
    Ok(0)
}
