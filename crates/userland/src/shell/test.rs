//! `test`, `[` and the operators they share with `[[`. Source: POSIX test(1), bash(1) "CONDITIONAL EXPRESSIONS".

use super::cond::{is_binary, is_unary};
use super::expand::Fut;
use super::{Run, Shell};
use machine::{FileKind, Stat};

/// Compares numbers by `-eq` and its kin.
pub(super) fn compare(op: &str, a: i64, b: i64) -> bool {
    match op {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        _ => a >= b,
    }
}

pub(super) async fn bracket(sh: &mut Shell, a: &[String]) -> Run {
    if a.last().is_none_or(|l| l != "]" || a.len() == 1) {
        sh.error(format_args!("[: missing `]'"));
        return Ok(2);
    }
    evaluate(sh, "[", &a[1..a.len() - 1]).await
}

pub(super) async fn test(sh: &mut Shell, a: &[String]) -> Run {
    evaluate(sh, "test", &a[1..]).await
}

async fn evaluate(sh: &mut Shell, name: &str, args: &[String]) -> Run {
    Ok(match decide(sh, args).await {
        Ok(yes) => i32::from(!yes),
        Err(text) => {
            let first = args.first().map_or("", String::as_str);
            let text = if sh.dash() && text.ends_with("operator expected") { format!("{first}: unexpected operator") } else { text };
            sh.error(format_args!("{name}: {text}"));
            2
        }
    })
}

type Truth = Result<bool, String>;

/// The rules by number of arguments.
fn decide<'a>(sh: &'a mut Shell, args: &'a [String]) -> Fut<'a, Truth> {
    Box::pin(async move {
        match args {
            [] => Ok(false),
            [one] => Ok(!one.is_empty()),
            [a, op, _] if op == "==" && sh.dash() => Err(format!("{a}: unexpected operator")),
            [not, rest @ ..] if not == "!" && rest.len() < 4 && !(rest.len() == 2 && is_binary(&rest[0])) => Ok(!decide(sh, rest).await?),
            [op, arg] if is_unary(op) => Ok(sh.test_unary(op, arg).await),
            [op, _] => Err(format!("{op}: unary operator expected")),
            [a, op, b] if is_binary(op) && op != "=~" => binary(sh, a, op, b).await,
            [a, op, b] if op == "-a" => Ok(!a.is_empty() && !b.is_empty()),
            [a, op, b] if op == "-o" => Ok(!a.is_empty() || !b.is_empty()),
            [open, x, close] if open == "(" && close == ")" => Ok(!x.is_empty()),
            [_, op, _] => Err(format!("{op}: binary operator expected")),
            [open, inner @ .., close] if args.len() == 4 && open == "(" && close == ")" => decide(sh, inner).await,
            _ => {
                let mut pos = 0;
                let value = or(sh, args, &mut pos, 0).await?;
                if pos < args.len() {
                    return Err("too many arguments".into());
                }
                Ok(value)
            }
        }
    })
}

async fn binary(sh: &mut Shell, a: &str, op: &str, b: &str) -> Truth {
    if op.starts_with('-') && !matches!(op, "-nt" | "-ot" | "-ef") {
        let number =
            |s: &str| s.trim_start().trim_end_matches([' ', '\t']).parse::<i64>().map_err(|_| format!("{s}: integer expression expected"));
        return Ok(compare(op, number(a)?, number(b)?));
    }
    Ok(sh.test_binary(a, op, b).await)
}

fn or<'a>(sh: &'a mut Shell, args: &'a [String], pos: &'a mut usize, depth: u32) -> Fut<'a, Truth> {
    Box::pin(async move {
        let mut value = and(sh, args, pos, depth).await?;
        while args.get(*pos).is_some_and(|a| a == "-o") {
            *pos += 1;
            value |= and(sh, args, pos, depth).await?;
        }
        Ok(value)
    })
}

async fn and(sh: &mut Shell, args: &[String], pos: &mut usize, depth: u32) -> Truth {
    let mut value = term(sh, args, pos, depth).await?;
    while args.get(*pos).is_some_and(|a| a == "-a") {
        *pos += 1;
        value &= term(sh, args, pos, depth).await?;
    }
    Ok(value)
}

async fn term(sh: &mut Shell, args: &[String], pos: &mut usize, depth: u32) -> Truth {
    let mut negated = false;
    while args.get(*pos).is_some_and(|a| a == "!") && args.len() > *pos + 1 {
        negated = !negated;
        *pos += 1;
    }
    let Some(first) = args.get(*pos) else { return Err("argument expected".into()) };
    let value = if args.get(*pos + 1).is_some_and(|op| is_binary(op) && op != "=~") && args.len() > *pos + 2 {
        *pos += 3;
        binary(sh, first, &args[*pos - 2], &args[*pos - 1]).await?
    } else if first == "(" && depth < 50 {
        *pos += 1;
        let value = or(sh, args, pos, depth + 1).await?;
        if args.get(*pos).is_none_or(|a| a != ")") {
            return Err("`)' expected".into());
        }
        *pos += 1;
        value
    } else if is_unary(first) && args.len() > *pos + 1 {
        *pos += 2;
        sh.test_unary(first, &args[*pos - 1]).await
    } else {
        *pos += 1;
        !first.is_empty()
    };
    Ok(value != negated)
}

impl Shell {
    /// `-f file` and its kin.
    pub(super) async fn test_unary(&mut self, op: &str, arg: &str) -> bool {
        match op {
            "-n" => return !arg.is_empty(),
            "-z" => return arg.is_empty(),
            "-v" => return self.place_text(arg).is_ok_and(|v| v.is_some()),
            "-R" => return false,
            "-o" => return super::options::LONG.iter().any(|l| l.0 == arg && self.opt(l.1)),
            "-t" => {
                let fd = arg.parse().map_or(-1, |n| self.fd(n));
                return fd >= 0 && self.sys.is_tty(fd).await;
            }
            "-r" => return self.sys.access(arg, true, false, false).await.is_ok(),
            "-w" => return self.sys.access(arg, false, true, false).await.is_ok(),
            "-x" => return self.sys.access(arg, false, false, true).await.is_ok(),
            "-h" | "-L" => return self.sys.lstat(arg).await.is_ok_and(|s| s.kind == FileKind::Symlink),
            _ => {}
        }
        let Ok(s) = self.sys.stat(arg).await else { return false };
        match op {
            "-f" => s.kind == FileKind::File,
            "-d" => s.is_dir(),
            "-s" => s.size > 0,
            "-p" => s.kind == FileKind::Fifo,
            "-S" => s.kind == FileKind::Socket,
            "-c" => s.kind == FileKind::CharDev,
            "-b" => false,
            "-u" => s.mode & 0o4000 != 0,
            "-g" => s.mode & 0o2000 != 0,
            "-k" => s.mode & 0o1000 != 0,
            "-O" => s.uid == self.sys.euid(),
            "-G" => s.gid == self.sys.ids().egid,
            "-N" => s.mtime > s.atime,
            _ => true,
        }
    }

    /// String and file comparisons.
    pub(super) async fn test_binary(&mut self, a: &str, op: &str, b: &str) -> bool {
        match op {
            "=" | "==" => return a == b,
            "!=" => return a != b,
            "<" => return a < b,
            ">" => return a > b,
            _ => {}
        }
        let (x, y): (Option<Stat>, Option<Stat>) = (self.sys.stat(a).await.ok(), self.sys.stat(b).await.ok());
        match (op, x, y) {
            ("-ef", Some(x), Some(y)) => x.ino == y.ino,
            ("-nt", Some(x), Some(y)) => x.mtime > y.mtime,
            ("-nt", Some(_), None) | ("-ot", None, Some(_)) => true,
            ("-ot", Some(x), Some(y)) => x.mtime < y.mtime,
            _ => false,
        }
    }
}
