//! find: tests, actions and operators as they were read.  Not here: reading them (`expr`).

use machine::SimTime;
use pattern::Regex;

/// `+n`, `-n`, `n`.
pub(in crate::cmd::find) struct Count {
    pub(in crate::cmd::find) sign: u8,
    pub(in crate::cmd::find) n: u64,
}

pub(in crate::cmd::find) struct Age {
    pub(in crate::cmd::find) which: u8,
    pub(in crate::cmd::find) count: Count,
    /// Seconds: a day or a minute.
    pub(in crate::cmd::find) unit: u64,
}

pub(in crate::cmd::find) struct Exec {
    pub(in crate::cmd::find) number: usize,
    pub(in crate::cmd::find) argv: Vec<String>,
    pub(in crate::cmd::find) many: bool,
    pub(in crate::cmd::find) ask: bool,
    pub(in crate::cmd::find) in_dir: bool,
}

pub(in crate::cmd::find) enum Test {
    Bool(bool),
    Glob {
        pattern: String,
        whole: bool,
        casefold: bool,
    },
    LinkName(String, bool),
    Regex(Box<Regex>),
    /// Letters of kinds.
    Type(String),
    Perm(u8, u16),
    Size(Count, u64),
    Age(Age),
    Newer(u8, SimTime),
    User(u32),
    Group(u32),
    NoUser,
    NoGroup,
    Empty,
    Links(Count),
    Inode(Count),
    Access(bool, bool, bool),
    Print(char),
    Printf(String),
    Ls,
    Prune,
    Quit,
    Delete,
    Exec(Exec),
}

pub(in crate::cmd::find) enum Expr {
    Test(Test),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Comma(Box<Expr>, Box<Expr>),
}

impl Expr {
    /// The `-exec` of this number.
    pub(in crate::cmd::find) fn exec(&self, number: usize) -> Option<&Exec> {
        match self {
            Expr::Test(Test::Exec(e)) if e.number == number => Some(e),
            Expr::Test(_) => None,
            Expr::Not(a) => a.exec(number),
            Expr::And(a, b) | Expr::Or(a, b) | Expr::Comma(a, b) => a.exec(number).or_else(|| b.exec(number)),
        }
    }
}
