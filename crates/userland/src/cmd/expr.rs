//! expr: evaluate expressions.  Source: POSIX expr, coreutils 9.1. Numbers have 64 bits here.

use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Ex, Spec};
use machine::{STDOUT, Sys};
use pattern::{Options, Regex, Syntax};

pub(super) const SPEC: Spec = Spec {
    name: "expr",
    path: "/usr/bin/expr",
    synopsis: "EXPRESSION",
    about: "evaluate expressions",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "expr 1 + 2 '*' 3; expr abc : 'a\\(.\\)c'; expr substr abcd 2 2; expr length abc", out: "7\nb\nbc\n3\n", code: 0 },
        Ex { sh: "expr 1 - 1", out: "0\n", code: 1 },
        Ex { sh: "expr 1 + a", out: "expr: non-integer argument\n", code: 2 },
    ],
};

const HELP: &str = "Usage: expr EXPRESSION\n  or:  expr OPTION\n\nPrint the value of EXPRESSION to standard output.  A blank line below\nseparates increasing precedence groups.\n";

struct Parser<'a> {
    args: &'a [String],
    at: usize,
    depth: u32,
}

type Res = Result<String, String>;

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "non-integer argument".to_string())
}

fn null(text: &str) -> bool {
    text.is_empty() || text.trim_start_matches('-').bytes().all(|b| b == b'0') && text.contains('0')
}

impl Parser<'_> {
    fn peek(&self, words: &[&str]) -> Option<String> {
        self.args.get(self.at).filter(|a| words.contains(&a.as_str())).cloned()
    }
    fn next(&mut self) -> Res {
        let missing = || format!("syntax error: missing argument after {}", quote(self.args.last().map_or("", String::as_str)));
        let arg = self.args.get(self.at).ok_or_else(missing)?.clone();
        self.at += 1;
        Ok(arg)
    }
    /// `|` 0, `&` 1, comparisons 2, sums 3, products 4, `:` 5.
    fn level(&mut self, n: usize) -> Res {
        const OPS: [&[&str]; 6] = [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];
        if n == OPS.len() {
            return self.atom();
        }
        let mut left = self.level(n + 1)?;
        while let Some(op) = self.peek(OPS[n]) {
            self.at += 1;
            let right = self.level(n + 1)?;
            left = apply(&op, left, right)?;
        }
        Ok(left)
    }
    fn atom(&mut self) -> Res {
        let arg = self.next()?;
        match arg.as_str() {
            "(" => {
                self.depth += 1;
                if self.depth > 200 {
                    return Err("syntax error".into());
                }
                let value = self.level(0)?;
                if self.peek(&[")"]).is_none() {
                    let last = self.args.get(self.at.saturating_sub(1)).map_or("", String::as_str);
                    return match self.args.get(self.at) {
                        Some(found) => Err(format!("syntax error: expecting ')' instead of {}", quote(found))),
                        None => Err(format!("syntax error: expecting ')' after {}", quote(last))),
                    };
                }
                self.at += 1;
                self.depth -= 1;
                Ok(value)
            }
            ")" => Err("syntax error: unexpected ')'".into()),
            "+" => self.next(),
            "length" if self.at < self.args.len() => Ok(self.level(5)?.chars().count().to_string()),
            "match" if self.at < self.args.len() => {
                let (a, b) = (self.level(5)?, self.level(5)?);
                apply(":", a, b)
            }
            "index" if self.at < self.args.len() => {
                let (a, b) = (self.level(5)?, self.level(5)?);
                Ok(a.chars().position(|c| b.contains(c)).map_or(0, |i| i + 1).to_string())
            }
            "substr" if self.at < self.args.len() => {
                let (text, from, count) = (self.level(5)?, self.level(5)?, self.level(5)?);
                let (from, count) = (number(&from).unwrap_or(0), number(&count).unwrap_or(0));
                if from < 1 || count < 1 {
                    return Ok(String::new());
                }
                Ok(text.chars().skip(from as usize - 1).take(count as usize).collect())
            }
            _ => Ok(arg),
        }
    }
}

fn apply(op: &str, a: String, b: String) -> Res {
    let truth = |t: bool| Ok(i32::from(t).to_string());
    match op {
        "|" => Ok(if !null(&a) {
            a
        } else if null(&b) {
            "0".into()
        } else {
            b
        }),
        "&" => Ok(if null(&a) || null(&b) { "0".into() } else { a }),
        ":" => {
            let options = Options { anchored: true, utf8: true, ..Options::default() };
            let regex = Regex::new(b.as_bytes(), Syntax::Basic, options).map_err(|e| e.to_string())?;
            let found = regex.find(a.as_bytes(), 0);
            if regex.groups() > 0 {
                return Ok(found.map_or(String::new(), |m| String::from_utf8_lossy(m.text(a.as_bytes(), 1)).into_owned()));
            }
            let matched = found.map_or(0, |m| String::from_utf8_lossy(&a.as_bytes()[..m.end()]).chars().count());
            Ok(matched.to_string())
        }
        "<" | "<=" | "=" | "==" | "!=" | ">=" | ">" => {
            let order = match (number(&a), number(&b)) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                _ => a.cmp(&b),
            };
            truth(match op {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                ">" => order.is_gt(),
                _ => order.is_eq(),
            })
        }
        _ => {
            let (x, y) = (number(&a)?, number(&b)?);
            if y == 0 && matches!(op, "/" | "%") {
                return Err("division by zero".into());
            }
            let value = match op {
                "+" => x.checked_add(y),
                "-" => x.checked_sub(y),
                "*" => x.checked_mul(y),
                "/" => x.checked_div(y),
                _ => x.checked_rem(y),
            };
            value.map(|v| v.to_string()).ok_or_else(|| format!("{a}: Numerical result out of range"))
        }
    }
}

async fn run(sys: Sys) -> i32 {
    let mut args = sys.args().get(1..).unwrap_or(&[]);
    if args == ["--help"] || args == ["--version"] {
        return gnu::options(&sys, &[], HELP, 2, true).err().unwrap_or(0);
    }
    if args.first().is_some_and(|a| a == "--") {
        args = &args[1..];
    }
    if args.is_empty() {
        return gnu::misuse(&sys, 2, format_args!("missing operand"));
    }
    let mut parser = Parser { args, at: 0, depth: 0 };
    let value = match parser.level(0) {
        Ok(_) if parser.at < args.len() => Err(format!("syntax error: unexpected argument {}", quote(&args[parser.at]))),
        value => value,
    };
    match value {
        Ok(value) => {
            sys.print(STDOUT, format_args!("{value}\n"));
            i32::from(null(&value))
        }
        Err(text) => {
            sys.complain(format_args!("{text}"));
            2
        }
    }
}
