//! Builtins that steer the shell: eval, exec, exit, return, break, source, trap, shift, getopts, let, times.

use super::super::escape::single_quoted;
use super::super::{Flow, Run, Shell};
use super::{has, value};
use machine::{OnSignal, Signal};

pub(super) async fn nothing(_: &mut Shell, a: &[String]) -> Run {
    Ok(i32::from(a[0] == "false"))
}

pub(super) async fn eval(sh: &mut Shell, a: &[String]) -> Run {
    let text = a[1..].join(" ");
    sh.substitutions += 1;
    let done = sh.eval(&text, "eval").await;
    sh.substitutions -= 1;
    done
}

pub(super) async fn source(sh: &mut Shell, a: &[String]) -> Run {
    let Some(file) = a.get(1) else {
        sh.error(format_args!("{}: filename argument required", a[0]));
        sh.usage(&a[0]);
        return Ok(2);
    };
    let mut path = file.clone();
    if !file.contains('/') {
        let dirs = sh.vars.text("PATH").unwrap_or_default().to_string();
        for dir in dirs.split(':') {
            let full = format!("{dir}/{file}");
            if sh.sys.stat(&full).await.is_ok_and(|s| !s.is_dir()) {
                path = full;
                break;
            }
        }
    }
    let bytes = match sh.sys.stat(&path).await {
        Ok(s) if s.is_dir() => {
            sh.error(format_args!("{}: {file}: is a directory", a[0]));
            return Ok(1);
        }
        _ => sh.sys.read_file(&path).await,
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(_) if sh.dash() && !file.contains('/') => return Ok(sh.complain(".", &format!("{file}: not found"))),
        Err(machine::Errno::ENOENT) if sh.dash() => return Ok(sh.complain(".", &format!("cannot open {file}: No such file"))),
        Err(e) => {
            sh.error(format_args!("{file}: {e}"));
            return Ok(1);
        }
    };
    let saved = (a.len() > 2).then(|| std::mem::replace(&mut sh.args, a[2..].to_vec()));
    sh.status = 0;
    let done = sh.source_text(&String::from_utf8_lossy(&bytes), &path).await;
    if let Some(args) = saved {
        sh.args = args;
    }
    done
}

pub(super) async fn exec(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "cla:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if at >= a.len() {
        return Ok(0);
    }
    let mut name = value(&given, 'a').map(String::from);
    if has(&given, 'l') {
        name = Some(format!("-{}", name.as_deref().unwrap_or(&a[at])));
    }
    sh.exec_builtin(a[at..].to_vec(), name, has(&given, 'c')).await
}

/// The numeric operand of exit and return. `None`: a message was printed.
fn number(sh: &mut Shell, a: &[String]) -> Option<i32> {
    let i = 1 + usize::from(a.get(1).is_some_and(|x| x == "--"));
    match a.get(i) {
        None => Some(sh.status),
        Some(text) => match text.trim_start().trim_end_matches([' ', '\t']).parse::<i64>() {
            Ok(n) => Some((n & 255) as i32),
            Err(_) => {
                sh.error(format_args!("{}: {text}: numeric argument required", a[0]));
                None
            }
        },
    }
}

pub(super) async fn exit(sh: &mut Shell, a: &[String]) -> Run {
    if a[0] == "logout" && !sh.login {
        return Ok(sh.complain("logout", "not login shell: use `exit'"));
    }
    if sh.interactive && sh.subshell == 0 {
        if a[0] == "exit" && !sh.dash() {
            sh.sys.print(sh.fd(2), format_args!("{}\n", if sh.login { "logout" } else { "exit" }));
        }
        sh.reap().await;
        if sh.jobs.iter().any(|j| j.stopped()) && !sh.warned_of_jobs {
            sh.warned_of_jobs = true;
            sh.sys.print(sh.fd(2), format_args!("There are stopped jobs.\n"));
            return Ok(1);
        }
    }
    let status = number(sh, a).unwrap_or(2);
    if a.len() > 2 && a[1].parse::<i64>().is_ok() {
        sh.complain(&a[0], "too many arguments");
        sh.status = 1;
        return if sh.interactive { Ok(1) } else { Err(Flow::Discard) };
    }
    sh.status = status;
    Err(Flow::Exit)
}

pub(super) async fn return_(sh: &mut Shell, a: &[String]) -> Run {
    if sh.calls.is_empty() && sh.dash() {
        sh.status = number(sh, a).unwrap_or(2);
        return Err(Flow::Exit);
    }
    if sh.calls.is_empty() {
        sh.error(format_args!("return: can only `return' from a function or sourced script"));
        return Ok(2);
    }
    sh.status = number(sh, a).unwrap_or(2);
    Err(Flow::Return)
}

pub(super) async fn leave_loop(sh: &mut Shell, a: &[String]) -> Run {
    if sh.loops == 0 {
        sh.error(format_args!("{}: only meaningful in a `for', `while', or `until' loop", a[0]));
        return Ok(0);
    }
    let n = match a.get(1).map(|n| n.parse::<i64>()) {
        None => 1,
        Some(Ok(n)) if n > 0 => n.min(i64::from(sh.loops)) as u32,
        Some(Ok(_)) => {
            sh.error(format_args!("{}: {}: loop count out of range", a[0], a[1]));
            sh.status = 1;
            return Err(Flow::Break(sh.loops));
        }
        Some(Err(_)) => {
            sh.error(format_args!("{}: {}: numeric argument required", a[0], a[1]));
            return Err(sh.fatal(128));
        }
    };
    sh.status = 0;
    Err(if a[0] == "break" { Flow::Break(n) } else { Flow::Continue(n) })
}

pub(super) async fn shift(sh: &mut Shell, a: &[String]) -> Run {
    let n = match a.get(1).map(|n| n.parse::<i64>()) {
        None => 1,
        Some(Ok(n)) => n,
        Some(Err(_)) => return Ok(sh.complain("shift", &format!("{}: numeric argument required", a[1]))),
    };
    if n < 0 {
        return Ok(sh.complain("shift", &format!("{n}: shift count out of range")));
    }
    if n as usize > sh.args.len() {
        if sh.dash() {
            sh.complain("shift", "can't shift that many");
        }
        return Ok(1);
    }
    sh.args.drain(..n as usize);
    Ok(0)
}

pub(super) async fn let_(sh: &mut Shell, a: &[String]) -> Run {
    if a.len() < 2 {
        return Ok(sh.complain("let", "expression expected"));
    }
    let mut last = 0;
    for text in &a[1..] {
        match sh.arith(text) {
            Ok(n) => last = n,
            Err(e) => return Ok(sh.complain("let", &e)),
        }
    }
    Ok(i32::from(last == 0))
}

pub(super) async fn times(sh: &mut Shell, a: &[String]) -> Run {
    if let Err(status) = sh.options(a, "") {
        return Ok(status);
    }
    let zero = if sh.dash() { "0m0.000000s" } else { "0m0.000s" };
    sh.out(&format!("{zero} {zero}\n{zero} {zero}\n"));
    Ok(0)
}

pub(super) async fn trap(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "lp") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if has(&given, 'l') {
        super::job::list_signals(sh);
        return Ok(0);
    }
    let operands = &a[at..];
    let show = |sh: &Shell, name: &str| {
        if let Some(action) = sh.traps.get(name) {
            let prefix = if Signal::from_name(name).is_some() { "SIG" } else { "" };
            sh.out(&format!("trap -- {} {prefix}{name}\n", single_quoted(action)));
        }
    };
    if operands.is_empty() || has(&given, 'p') {
        for name in ["EXIT"].into_iter().chain(Signal::ALL.iter().map(|s| s.1)).chain(["DEBUG", "ERR", "RETURN"]) {
            if operands.is_empty() || operands.iter().any(|o| spec(o).as_deref() == Some(name)) {
                show(sh, name);
            }
        }
        return Ok(0);
    }
    // A lone signal, or a number first, means: back to the default.
    let resets = operands.len() == 1 || operands[0] == "-" || operands[0].parse::<u32>().is_ok();
    let names = if operands.len() == 1 || operands[0].parse::<u32>().is_ok() { operands } else { &operands[1..] };
    let mut status = 0;
    if operands.len() == 1 && spec(&operands[0]).is_none() {
        sh.usage("trap");
        return Ok(2);
    }
    for text in names {
        let Some(name) = spec(text) else {
            status = sh.complain("trap", &format!("{text}: invalid signal specification"));
            continue;
        };
        let signal = Signal::from_name(&name);
        let what = if resets {
            sh.traps.remove(&name);
            match signal {
                Some(Signal::Int) if sh.interactive => OnSignal::Catch,
                Some(Signal::Term | Signal::Quit | Signal::Tstp | Signal::Ttin | Signal::Ttou) if sh.interactive => OnSignal::Ignore,
                _ => OnSignal::Default,
            }
        } else {
            sh.traps.insert(name, operands[0].clone());
            if operands[0].is_empty() { OnSignal::Ignore } else { OnSignal::Catch }
        };
        if let Some(signal) = signal.filter(|s| !matches!(s, Signal::Kill | Signal::Stop)) {
            sh.sys.on_signal(signal, what).await;
        }
    }
    Ok(status)
}

fn spec(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "0" | "EXIT" => Some("EXIT".into()),
        "ERR" | "DEBUG" | "RETURN" => Some(upper),
        _ => {
            let signal = text.parse().ok().and_then(Signal::from_number).or_else(|| Signal::from_name(&upper))?;
            Signal::ALL.iter().find(|s| s.0 == signal).map(|s| s.1.to_string())
        }
    }
}

pub(super) async fn getopts(sh: &mut Shell, a: &[String]) -> Run {
    let [_, spec, name, rest @ ..] = a else {
        sh.usage("getopts");
        return Ok(2);
    };
    let args = if rest.is_empty() { sh.args.clone() } else { rest.to_vec() };
    let quiet = spec.starts_with(':');
    let (mut index, mut at) = sh.getopts;
    let mut found = String::from("?");
    let mut optarg = None;
    let mut status = 0;
    match args.get(index - 1) {
        Some(arg) if at > 0 || arg.len() > 1 && arg.starts_with('-') && arg != "--" => {
            at = at.max(1);
            let c = arg.get(at..).and_then(|r| r.chars().next()).unwrap_or('?');
            at += c.len_utf8();
            let more = at < arg.len();
            let known = spec.trim_start_matches(':').find(c).filter(|_| c != ':');
            let takes = known.is_some_and(|i| spec.trim_start_matches(':')[i + c.len_utf8()..].starts_with(':'));
            if known.is_none() {
                if quiet {
                    optarg = Some(c.to_string());
                } else {
                    let name = if sh.dash() { format!("Illegal option -{c}") } else { format!("{}: illegal option -- {c}", sh.name) };
                    sh.sys.print(sh.fd(2), format_args!("{name}\n"));
                }
            } else {
                found = c.to_string();
            }
            if takes {
                let value = if more { arg.get(at..).map(String::from) } else { args.get(index).cloned() };
                index += if more { 1 } else { 2 };
                at = 0;
                if value.is_none() {
                    found = if quiet { ":".into() } else { "?".into() };
                    if quiet {
                        optarg = Some(c.to_string());
                    } else {
                        let bash = format!("{}: option requires an argument -- {c}", sh.name);
                        let text = if sh.dash() { format!("No arg for -{c} option") } else { bash };
                        sh.sys.print(sh.fd(2), format_args!("{text}\n"));
                    }
                    index -= 1;
                } else {
                    optarg = value;
                }
            } else if !more {
                index += 1;
                at = 0;
            }
        }
        other => {
            index += usize::from(other.is_some_and(|o| o == "--"));
            status = 1;
        }
    }
    match optarg {
        Some(v) => sh.vars.set("OPTARG", &v),
        None => sh.vars.remove("OPTARG"),
    }
    sh.vars.set("OPTIND", &index.to_string());
    sh.getopts = (index, at);
    if !super::super::vars::is_name(name) {
        return Ok(sh.complain("getopts", &format!("`{name}': not a valid identifier")));
    }
    if let Err(e) = sh.assign_place(name, &found) {
        return Ok(sh.complain("getopts", &e));
    }
    Ok(status)
}
