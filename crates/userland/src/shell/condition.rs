//! `[[ … ]]`: what it comes to. Not here: reading it (`cond`), the primaries (`test`). Source: bash(1) "Compound Commands".

use super::ast::Cond;
use super::expand::Fut;
use super::vars::Value;
use super::{Run, Shell};
use machine::Map;
use pattern::{GlobFlags, Options, Regex, Syntax, fnmatch};

impl Shell {
    pub(super) fn match_flags(&self) -> GlobFlags {
        GlobFlags { extended: true, casefold: self.shopt("nocasematch"), ..GlobFlags::default() }
    }

    pub(super) fn cond<'a>(&'a mut self, cond: &'a Cond) -> Fut<'a, Run> {
        Box::pin(async move {
            Ok(match cond {
                Cond::Not(inner) if matches!(**inner, Cond::Unary(..)) => {
                    let Cond::Unary(op, w) = &**inner else { return Ok(1) };
                    self.unary(op, w, "! ").await? ^ 1
                }
                Cond::Paren(inner) => self.cond(inner).await?,
                Cond::Not(inner) => match self.cond(inner).await? {
                    0 => 1,
                    1 => 0,
                    other => other,
                },
                Cond::And(a, b) => match self.cond(a).await? {
                    0 => self.cond(b).await?,
                    other => other,
                },
                Cond::Or(a, b) => match self.cond(a).await? {
                    1 => self.cond(b).await?,
                    other => other,
                },
                Cond::Word(w) => i32::from(self.expand_text(w, false).await?.is_empty()),
                Cond::Unary(op, w) => self.unary(op, w, "").await?,
                Cond::Binary(left, op, right) => {
                    let a = self.expand_text(left, false).await?;
                    let matching = matches!(&**op, "=" | "==" | "!=" | "=~");
                    let b =
                        if matching { self.expand_pattern(right, &**op == "=~").await? } else { self.expand_text(right, false).await? };
                    self.trace(&format!("[[ {} {op} {b} ]]", if a.is_empty() { "''" } else { &a }));
                    match &**op {
                        "=" | "==" => i32::from(!fnmatch(&b, &a, self.match_flags())),
                        "!=" => i32::from(fnmatch(&b, &a, self.match_flags())),
                        "=~" => self.regex(&a, &b),
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => match self.arith(&a).and_then(|x| Ok((x, self.arith(&b)?))) {
                            Ok((x, y)) => i32::from(!super::test::compare(op, x, y)),
                            Err(e) => self.complain("[[", &e),
                        },
                        _ => i32::from(!self.test_binary(&a, op, &b).await),
                    }
                }
            })
        })
    }

    async fn unary(&mut self, op: &str, word: &str, not: &str) -> Run {
        let w = self.expand_text(word, false).await?;
        self.trace(&format!("[[ {not}{op} {} ]]", if w.is_empty() { "''" } else { &w }));
        Ok(i32::from(!self.test_unary(op, &w).await))
    }

    fn regex(&mut self, text: &str, pattern: &str) -> i32 {
        let options = Options { icase: self.shopt("nocasematch"), utf8: true, ..Options::default() };
        let Ok(regex) = Regex::new(pattern.as_bytes(), Syntax::Extended, options) else { return 2 };
        let found = regex.find(text.as_bytes(), 0);
        let mut groups = Map::new();
        if let Some(m) = &found {
            for g in 0..=regex.groups() {
                groups.insert(g as i64, String::from_utf8_lossy(m.text(text.as_bytes(), g)).into_owned());
            }
        }
        self.vars.get_mut("BASH_REMATCH").value = Value::Indexed(groups);
        i32::from(found.is_none())
    }
}
