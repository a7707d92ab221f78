//! Builtins about the working directory: cd, pwd, pushd, popd, dirs.

use super::super::escape::visible;
use super::super::{Run, Shell};
use super::has;

/// A path with `.` and `..` taken out by name, as `cd -L` does.
fn logical(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { base };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            p => parts.push(p),
        }
    }
    format!("/{}", parts.join("/"))
}

impl Shell {
    /// Changes the directory and the variables that name it. `Err`: the message.
    async fn change_dir(&mut self, dir: &str, physical: bool) -> Result<(), String> {
        let old = self.vars.text("PWD").unwrap_or("/").to_string();
        let mut new = logical(&old, dir);
        let target = if physical || self.opt('P') { dir } else { &new };
        if let Err(e) = self.sys.chdir(target).await {
            // The logical path may be stale.
            if target == dir || self.sys.chdir(dir).await.is_err() {
                return Err(format!("{}: {e}", visible(dir)));
            }
            new = self.sys.getcwd().await.unwrap_or(new);
        }
        if physical || self.opt('P') {
            new = self.sys.getcwd().await.unwrap_or(new);
        }
        self.export("OLDPWD", &old);
        self.export("PWD", &new);
        Ok(())
    }

    /// The directory stack, the working directory first.
    pub(in super::super) fn dir_stack(&self) -> Vec<String> {
        let mut all = vec![self.vars.text("PWD").unwrap_or("/").to_string()];
        all.extend(self.dirs.iter().rev().cloned());
        all
    }

    /// `~` for the home directory at the start of a path.
    pub(in super::super) fn tilde_path(&self, path: &str) -> String {
        match self.vars.text("HOME").filter(|h| h.len() > 1) {
            Some(home) if path == home => "~".into(),
            Some(home) => match path.strip_prefix(home).filter(|r| r.starts_with('/')) {
                Some(rest) => format!("~{rest}"),
                None => path.to_string(),
            },
            None => path.to_string(),
        }
    }

    fn show_dirs(&self) {
        let list: Vec<String> = self.dir_stack().iter().map(|d| self.tilde_path(d)).collect();
        self.out(&format!("{}\n", list.join(" ")));
    }
}

pub(super) async fn cd(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "LPe@") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let physical = given.iter().rev().find(|(c, _)| "LP".contains(*c)).is_some_and(|(c, _)| *c == 'P');
    let (mut dir, mut print) = match &a[at..] {
        [] => match sh.vars.text("HOME") {
            Some(home) => (home.to_string(), false),
            None => return Ok(sh.complain("cd", "HOME not set")),
        },
        [dash] if dash == "-" => match sh.vars.text("OLDPWD") {
            Some(old) => (old.to_string(), true),
            None => return Ok(sh.complain("cd", "OLDPWD not set")),
        },
        [dir] => (dir.clone(), false),
        _ => return Ok(sh.complain("cd", "too many arguments")),
    };
    if dir.is_empty() {
        let here = sh.vars.text("PWD").unwrap_or_default().to_string();
        sh.vars.set("OLDPWD", &here);
        return Ok(0);
    }
    let paths = sh.vars.text("CDPATH").unwrap_or_default().to_string();
    if !paths.is_empty() && !dir.starts_with(['/', '.']) {
        for base in paths.split(':').filter(|b| !b.is_empty()) {
            let full = format!("{base}/{dir}");
            if sh.sys.stat(&full).await.is_ok_and(|s| s.is_dir()) {
                dir = full;
                print = true;
                break;
            }
        }
    }
    if let Err(e) = sh.change_dir(&dir, physical).await {
        if sh.dash() {
            sh.complain("cd", &format!("can't cd to {dir}"));
            return Ok(2);
        }
        return Ok(sh.complain("cd", &e));
    }
    if print {
        let pwd = sh.vars.text("PWD").unwrap_or_default().to_string();
        sh.out(&format!("{pwd}\n"));
    }
    Ok(0)
}

pub(super) async fn pwd(sh: &mut Shell, a: &[String]) -> Run {
    let (given, _) = match sh.options(a, "LP") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let path = match sh.vars.text("PWD").filter(|_| !has(&given, 'P')) {
        Some(pwd) => pwd.to_string(),
        None => sh.sys.getcwd().await.unwrap_or_default(),
    };
    sh.out(&format!("{path}\n"));
    Ok(0)
}

/// `+N` or `-N` as an index into the stack.
fn index(text: &str, len: usize) -> Option<usize> {
    let n = text.get(1..)?.parse::<usize>().ok()?;
    match text.as_bytes()[0] {
        b'+' => Some(n),
        b'-' => len.checked_sub(n + 1),
        _ => None,
    }
}

pub(super) async fn pushd(sh: &mut Shell, a: &[String]) -> Run {
    let mut stack = sh.dir_stack();
    let stay = a.get(1).is_some_and(|x| x == "-n");
    match a.get(1 + usize::from(stay)) {
        None if stack.len() < 2 => return Ok(sh.complain("pushd", "no other directory")),
        None => stack.swap(0, 1),
        Some(x) if x.len() > 1 && x.starts_with(['+', '-']) => match index(x, stack.len()).filter(|i| *i < stack.len()) {
            Some(i) => stack.rotate_left(i),
            None if stack.len() < 2 => return Ok(sh.complain("pushd", "directory stack empty")),
            None => return Ok(sh.complain("pushd", &format!("{x}: directory stack index out of range"))),
        },
        Some(dir) => stack.insert(usize::from(stay), dir.clone()),
    }
    if !stay {
        let to = stack[0].clone();
        if let Err(e) = sh.change_dir(&to, false).await {
            return Ok(sh.complain("pushd", &e));
        }
    }
    sh.dirs = stack[1..].iter().rev().cloned().collect();
    sh.show_dirs();
    Ok(0)
}

pub(super) async fn popd(sh: &mut Shell, a: &[String]) -> Run {
    let mut stack = sh.dir_stack();
    let stay = a.get(1).is_some_and(|x| x == "-n");
    let at = match a.get(1 + usize::from(stay)) {
        None => usize::from(stay),
        Some(x) => match index(x, stack.len()).filter(|i| *i < stack.len()) {
            Some(i) => i,
            None if stack.len() < 2 => return Ok(sh.complain("popd", "directory stack empty")),
            None => return Ok(sh.complain("popd", &format!("{x}: directory stack index out of range"))),
        },
    };
    if stack.len() < 2 {
        return Ok(sh.complain("popd", "directory stack empty"));
    }
    stack.remove(at);
    if at == 0 {
        let to = stack[0].clone();
        if let Err(e) = sh.change_dir(&to, false).await {
            return Ok(sh.complain("popd", &e));
        }
    }
    sh.dirs = stack[1..].iter().rev().cloned().collect();
    sh.show_dirs();
    Ok(0)
}

pub(super) async fn dirs(sh: &mut Shell, a: &[String]) -> Run {
    let mut long = false;
    let mut lines = false;
    let mut numbers = false;
    for arg in &a[1..] {
        match arg.as_str() {
            "-c" => {
                sh.dirs.clear();
                return Ok(0);
            }
            "-l" => long = true,
            "-p" => lines = true,
            "-v" => numbers = true,
            x => match index(x, sh.dirs.len() + 1).and_then(|i| sh.dir_stack().get(i).cloned()) {
                Some(dir) => {
                    sh.out(&format!("{}\n", sh.tilde_path(&dir)));
                    return Ok(0);
                }
                None => return Ok(sh.complain("dirs", &format!("{x}: invalid option"))),
            },
        }
    }
    if !(long || lines || numbers) {
        sh.show_dirs();
        return Ok(0);
    }
    let sep = if lines || numbers { "\n" } else { " " };
    let list: Vec<String> = sh
        .dir_stack()
        .iter()
        .enumerate()
        .map(|(i, d)| {
            let d = if long { d.clone() } else { sh.tilde_path(d) };
            if numbers { format!("{i:2}  {d}") } else { d }
        })
        .collect();
    sh.out(&format!("{}\n", list.join(sep)));
    Ok(0)
}
