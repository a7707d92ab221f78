//! Printing commands again: for `jobs`, and for `type` of functions. Source: the layout of bash 5.2.

use super::ast::{Arm, Cmd, Cond, Kind, Node, Redir, Target};

struct Printer {
    out: String,
    indent: usize,
    /// Inside a function everything is on lines of its own.
    function: bool,
    /// Bodies of here-documents, to follow the line.
    docs: Vec<String>,
}

/// A command as `jobs` shows it.
pub(super) fn command_text(cmd: &Cmd) -> String {
    let mut p = Printer { out: String::new(), indent: 0, function: false, docs: Vec::new() };
    p.node(cmd);
    p.flush();
    p.out
}

/// A function as `type` and `declare -f` show it.
pub(super) fn function_text(name: &str, body: &Cmd) -> String {
    let mut p = Printer { out: format!("{name} () \n"), indent: 0, function: true, docs: Vec::new() };
    p.body(body);
    p.out
}

impl Printer {
    fn push(&mut self, s: &str) {
        self.out.push_str(s);
    }
    fn line(&mut self) {
        self.out.push('\n');
        self.flush();
        let n = self.indent;
        self.out.push_str(&" ".repeat(n));
    }
    fn flush(&mut self) {
        for doc in std::mem::take(&mut self.docs) {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            self.out.push_str(&doc);
            self.out.push('\n');
        }
    }
    /// A function's body, always between braces.
    fn body(&mut self, body: &Cmd) {
        self.push(&" ".repeat(self.indent));
        self.push("{ ");
        self.indent += 4;
        self.line();
        match &body.kind {
            Kind::Group(list) => self.node(list),
            _ => self.node(body),
        }
        if !self.docs.is_empty() {
            self.flush();
        }
        self.indent -= 4;
        self.line();
        self.push("}");
        if matches!(body.kind, Kind::Group(_)) {
            self.redirs(&body.redirs);
        }
    }
    /// A list inside `do … done` and the like: on lines of its own, ended by `;`.
    pub(super) fn inner(&mut self, list: &Cmd) {
        self.indent += 4;
        self.line();
        self.node(list);
        if !self.out.ends_with('&') && !self.out.ends_with('\n') {
            self.push(";");
        }
        self.indent -= 4;
        self.line();
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Simple { assigns, words } => {
                let all: Vec<&str> = assigns.iter().chain(words).map(|w| &**w).collect();
                self.push(&all.join(" "));
                let mark = self.out.len();
                self.redirs(&node.redirs);
                if all.is_empty() && self.out.len() > mark {
                    self.out.remove(mark);
                }
                return;
            }
            Kind::Pipe { time, bang, stages } => {
                self.push(match time {
                    Some(true) => "time -p ",
                    Some(false) => "time ",
                    None => "",
                });
                self.push(if *bang { "! " } else { "" });
                for (i, stage) in stages.iter().enumerate() {
                    self.push(if i > 0 { " | " } else { "" });
                    self.node(stage);
                }
            }
            Kind::AndOr(first, rest) => {
                self.node(first);
                for (and, next) in rest {
                    self.push(if *and { " && " } else { " || " });
                    self.node(next);
                }
            }
            Kind::List(items) => {
                for (i, (item, background)) in items.iter().enumerate() {
                    self.node(item);
                    let last = i + 1 == items.len();
                    if *background {
                        self.push(if last { " &" } else { " & " });
                    } else if !last {
                        if self.docs.is_empty() {
                            self.push(";");
                        } else {
                            self.flush();
                        }
                        if self.function || self.indent > 0 {
                            self.line();
                        } else {
                            self.push(" ");
                        }
                    }
                }
            }
            Kind::Group(list) if self.function => {
                self.push("{ ");
                self.indent += 4;
                self.line();
                self.node(list);
                self.indent -= 4;
                self.line();
                self.push("}");
            }
            Kind::Group(list) => {
                self.push("{ ");
                self.node(list);
                self.push(if self.out.ends_with('&') { " }" } else { "; }" });
            }
            Kind::Subshell(list) => {
                self.push("( ");
                self.node(list);
                self.push(" )");
            }
            Kind::If(arms, otherwise) => self.if_command(arms, otherwise.as_ref()),
            Kind::While { until, cond, body } => {
                self.push(if *until { "until " } else { "while " });
                self.node(cond);
                self.push("; do");
                self.inner(body);
                self.push("done");
            }
            Kind::For { name, words, body, select } => {
                let list = words.as_ref().map_or("\"$@\"".to_string(), |w| w.join(" "));
                self.push(&format!("{} {name} in {list};", if *select { "select" } else { "for" }));
                if self.function {
                    self.line();
                } else {
                    self.push(" ");
                }
                self.push("do");
                self.inner(body);
                self.push("done");
            }
            Kind::ForArith { parts, body } => {
                self.push(&format!("for (({}; {}; {}))", parts[0], parts[1], parts[2]));
                self.line();
                self.push("do");
                self.inner(body);
                self.push("done");
            }
            Kind::Case { word, arms } => self.case(word, arms),
            Kind::Arith(text) => self.push(&format!("(({text}))")),
            Kind::Cond(cond) => {
                self.push("[[ ");
                self.cond(cond);
                self.push(" ]]");
            }
            Kind::Function { name, body } => {
                self.push(&format!("function {name} () "));
                self.out.push('\n');
                let function = std::mem::replace(&mut self.function, true);
                self.body(body);
                self.function = function;
            }
        }
        self.redirs(&node.redirs);
    }

    fn if_command(&mut self, arms: &[(Cmd, Cmd)], otherwise: Option<&Cmd>) {
        let Some(((cond, body), rest)) = arms.split_first() else { return };
        self.push("if ");
        self.node(cond);
        self.push("; then");
        self.inner(body);
        if !rest.is_empty() {
            // bash shows `elif` as an `if` inside `else`.
            self.push("else");
            self.indent += 4;
            self.line();
            self.if_command(rest, otherwise);
            self.push(";");
            self.indent -= 4;
            self.line();
        } else if let Some(body) = otherwise {
            self.push("else");
            self.inner(body);
        }
        self.push("fi");
    }

    pub(super) fn case(&mut self, word: &str, arms: &[Arm]) {
        self.push(&format!("case {word} in "));
        self.indent += 4;
        for arm in arms {
            self.line();
            let patterns: Vec<&str> = arm.patterns.iter().map(|p| &**p).collect();
            self.push(&format!("{})", patterns.join(" | ")));
            if let Some(body) = &arm.body {
                self.indent += 4;
                self.line();
                self.node(body);
                self.indent -= 4;
            }
            self.line();
            self.push(arm.end);
        }
        self.indent -= 4;
        self.line();
        self.push("esac");
    }

    pub(super) fn cond(&mut self, cond: &Cond) {
        match cond {
            Cond::Word(w) => self.push(&format!("-n {w}")),
            Cond::Unary(op, w) => self.push(&format!("{op} {w}")),
            Cond::Binary(a, op, b) => self.push(&format!("{a} {op} {b}")),
            Cond::Not(c) => {
                self.push("! ");
                self.cond(c);
            }
            Cond::And(a, b) | Cond::Or(a, b) => {
                self.cond(a);
                self.push(if matches!(cond, Cond::And(..)) { " && " } else { " || " });
                self.cond(b);
            }
            Cond::Paren(c) => {
                self.push("( ");
                self.cond(c);
                self.push(" )");
            }
        }
    }

    fn redirs(&mut self, redirs: &[Redir]) {
        for r in redirs {
            let fd = match &r.fd {
                Target::Usual if r.op == ">&" && r.word.bytes().all(|b| b.is_ascii_digit() || b == b'-') => "1".into(),
                Target::Usual if r.op == "<&" => "0".into(),
                Target::Usual => String::new(),
                Target::Number(n) if matches!((*n, r.op), (0, "<") | (1, ">" | ">>" | ">|")) => String::new(),
                Target::Number(n) => n.to_string(),
                Target::Named(n) => format!("{{{n}}}"),
            };
            let gap = if r.op.ends_with('&') || r.op.starts_with("<<") && r.op != "<<<" { "" } else { " " };
            self.push(&format!(" {fd}{}{gap}{}", r.op, r.word));
            if let Some(doc) = &r.here {
                let body = doc.body.get().map_or("", |b| &**b);
                self.docs.push(format!("{body}{}", doc.delimiter));
            }
        }
    }
}
