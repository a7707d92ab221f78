//! `[[ … ]]`: what it comes to. Not here: reading it (`cond`), the primaries (`test`). Source: bash(1) "Compound Commands".

use super::ast::Cond;
use super::escape::quoted_if_needed;
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
                Cond::Unary(op, w) => {
                    let w = self.expand_text(w, false).await?;
                    self.trace(&format!("[[ {op} {} ]]", quoted_if_needed(&w)));
                    i32::from(!self.test_unary(op, &w).await)
                }
                Cond::Binary(left, op, right) => {
                    let a = self.expand_text(left, false).await?;
                    let matching = matches!(&**op, "=" | "==" | "!=" | "=~");
                    let b =
                        if matching { self.expand_pattern(right, &**op == "=~").await? } else { self.expand_text(right, false).await? };
                    self.trace(&format!("[[ {} {op} {} ]]", quoted_if_needed(&a), b));
                    match &**op {
                        "=" | "==" => i32::from(!fnmatch(&b, &a, self.match_flags())),
                        "!=" => i32::from(fnmatch(&b, &a, self.match_flags())),
                        "=~" => self.regex(&a, &b),
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                            let number = |sh: &mut Shell, s: &str| sh.arith(s).map_err(|e| sh.discard(&format!("[[: {e}")));
                            let (x, y) = (number(self, &a)?, number(self, &b)?);
                            i32::from(!super::test::compare(op, x, y))
                        }
                        _ => i32::from(!self.test_binary(&a, op, &b).await),
                    }
                }
            })
        })
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
