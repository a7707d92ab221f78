//! The syntax tree of the shell language. Words stay as they were typed, quotes included; `expand` reads them when a command runs.
//! Not here: how it is read (`parse`), run (`exec`) or printed again (`unparse`). Source: POSIX XCU 2.10, bash(1).

use std::cell::OnceCell;
use std::rc::Rc;

/// A word as typed.
pub(crate) type Word = Rc<str>;
/// A command, shared so that a subshell can carry it away.
pub(crate) type Cmd = Rc<Node>;

/// A command with its redirections.
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) redirs: Vec<Redir>,
    /// The line it starts on.
    pub(crate) line: u32,
}

/// What kind of command.
pub(crate) enum Kind {
    Simple {
        assigns: Vec<Word>,
        words: Vec<Word>,
    },
    /// `time` (`Some(true)`: -p), `!`, stages.
    Pipe {
        time: Option<bool>,
        bang: bool,
        stages: Vec<Cmd>,
    },
    /// First command, then whether `&&` (else `||`) and the command.
    AndOr(Cmd, Vec<(bool, Cmd)>),
    /// Commands, each with whether `&` follows.
    List(Vec<(Cmd, bool)>),
    Group(Cmd),
    Subshell(Cmd),
    /// Conditions with their branches; the `else` branch.
    If(Vec<(Cmd, Cmd)>, Option<Cmd>),
    While {
        until: bool,
        cond: Cmd,
        body: Cmd,
    },
    For {
        name: Word,
        words: Option<Vec<Word>>,
        body: Cmd,
        select: bool,
    },
    ForArith {
        parts: [Word; 3],
        body: Cmd,
    },
    Case {
        word: Word,
        arms: Vec<Arm>,
    },
    Arith(Word),
    Cond(Cond),
    Function {
        name: Word,
        body: Cmd,
    },
}

/// A branch of `case`.
pub(crate) struct Arm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: Option<Cmd>,
    /// `;;`, `;&` or `;;&`.
    pub(crate) end: &'static str,
}

/// An expression between `[[` and `]]`.
pub(crate) enum Cond {
    Word(Word),
    Unary(Word, Word),
    Binary(Word, Word, Word),
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
    Paren(Box<Cond>),
}

/// What a redirection changes.
#[derive(Clone)]
pub(crate) enum Target {
    /// The operator's own descriptor.
    Usual,
    Number(i32),
    /// `{name}>`: a free number, put into the variable.
    Named(Word),
}

/// A redirection.
#[derive(Clone)]
pub(crate) struct Redir {
    pub(crate) fd: Target,
    /// `<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `&>`, `&>>`, `<<`, `<<-`, `<<<`.
    pub(crate) op: &'static str,
    /// Operand, or the delimiter of a here-document as typed.
    pub(crate) word: Word,
    pub(crate) here: Option<Rc<HereDoc>>,
}

/// A here-document; its body is read after the line that names it.
pub(crate) struct HereDoc {
    pub(crate) delimiter: String,
    pub(crate) quoted: bool,
    pub(crate) strip: bool,
    pub(crate) line: u32,
    pub(crate) body: OnceCell<Word>,
}
