//! Arithmetic: 64-bit integers with C's operators, on variables. Expansions have been made before.
//! Not here: where it is used (`$(( ))`, `(( ))`, subscripts, `let`). Source: bash(1) "ARITHMETIC EVALUATION" and its messages.

use super::Shell;

/// How deep parentheses and variables that hold expressions may be nested.
const DEEPEST: u32 = 100;

/// A carriage return is none of them.
const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// Binary operators with their precedence, longer ones first.
const BINARY: [(&str, u8); 20] = [
    ("**", 12),
    ("<<", 9),
    (">>", 9),
    ("<=", 8),
    (">=", 8),
    ("==", 7),
    ("!=", 7),
    ("&&", 3),
    ("||", 2),
    ("*", 11),
    ("/", 11),
    ("%", 11),
    ("+", 10),
    ("-", 10),
    ("<", 8),
    (">", 8),
    ("&", 6),
    ("^", 5),
    ("|", 4),
    (",", 0),
];
const ASSIGN: [&str; 11] = ["<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="];

struct Eval<'a> {
    sh: &'a mut Shell,
    text: &'a str,
    pos: usize,
    depth: u32,
    /// Operands that short-circuiting leaves out are read but have no effect.
    quiet: bool,
}

type Num = Result<i64, String>;

/// An operand: a value, and the variable it came from.
struct Operand {
    value: i64,
    place: Option<String>,
}

impl Shell {
    /// The value of an expression.
    ///
    /// # Errors
    /// bash's message.
    pub(crate) fn arith(&mut self, text: &str) -> Num {
        self.arith_at(text, 0)
    }

    fn arith_at(&mut self, text: &str, depth: u32) -> Num {
        let text = text.trim_start_matches(BLANKS);
        if depth > DEEPEST {
            return Err(format!("{text}: expression recursion level exceeded (error token is \"{text}\")"));
        }
        if text.is_empty() {
            return Ok(0);
        }
        let mut eval = Eval { sh: self, text, pos: 0, depth, quiet: false };
        let value = eval.binary(0)?;
        eval.blanks();
        if eval.pos < text.len() {
            let what = match eval.rest().chars().next() {
                Some('=') => "attempted assignment to non-variable",
                Some(c) if c.is_ascii_alphanumeric() || "_([".contains(c) => "syntax error in expression",
                Some(c) if ")]:?!~,<>&|^*/%+-".contains(c) => "syntax error in expression",
                _ => "syntax error: invalid arithmetic operator",
            };
            return Err(eval.fail(what, eval.pos));
        }
        Ok(value)
    }
}

impl<'a> Eval<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }
    fn blanks(&mut self) {
        self.pos = self.text.len() - self.rest().trim_start_matches(BLANKS).len();
    }
    fn fail(&self, what: &str, at: usize) -> String {
        format!("{}: {what} (error token is \"{}\")", self.text, self.text.get(at..).unwrap_or(""))
    }
    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let yes = self.rest().starts_with(token);
        if yes {
            self.pos += token.len();
        }
        yes
    }

    fn operator(&mut self) -> Option<(&'static str, u8)> {
        self.blanks();
        let rest = self.rest();
        if ASSIGN.iter().any(|a| rest.starts_with(a)) && !rest.starts_with("==") {
            return None;
        }
        BINARY.iter().find(|(op, _)| rest.starts_with(op)).copied()
    }

    /// An expression whose operators bind at least as tightly as `min`: 0 comma, 1 `?:` and assignment.
    fn binary(&mut self, min: u8) -> Num {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fail("expression recursion level exceeded", self.pos));
        }
        let mut left = self.assignment()?;
        loop {
            if min <= 1 && self.take("?") {
                let quiet = self.quiet;
                self.quiet = quiet || left == 0;
                let yes = self.binary(1)?;
                if !self.take(":") {
                    return Err(self.fail("`:' expected for conditional expression", self.pos));
                }
                self.quiet = quiet || left != 0;
                let no = self.binary(1)?;
                self.quiet = quiet;
                left = if left != 0 { yes } else { no };
                continue;
            }
            let Some((op, precedence)) = self.operator() else { break };
            if precedence < min {
                break;
            }
            self.pos += op.len();
            let quiet = self.quiet;
            self.quiet = quiet || op == "&&" && left == 0 || op == "||" && left != 0;
            self.blanks();
            let at = self.pos;
            let right = self.binary(if op == "**" { precedence } else { precedence + 1 })?;
            left = self.apply(op, left, right, at)?;
            self.quiet = quiet;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn apply(&self, op: &str, a: i64, b: i64, at: usize) -> Num {
        Ok(match op {
            // bash names the last token it has read.
            "**" if b < 0 && !self.quiet => {
                let read = self.text.get(..self.pos).unwrap_or("").trim_end();
                let word = read.len() - read.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
                return Err(self.fail("exponent less than 0", read.len() - word.max(1)));
            }
            "**" => (0..b.clamp(0, 64)).fold(if b > 64 && a.abs() > 1 { 0 } else { 1 }, |p: i64, _| p.wrapping_mul(a)),
            "/" | "%" if b == 0 => {
                if self.quiet {
                    return Ok(0);
                }
                return Err(self.fail("division by 0", at));
            }
            "/" => a.wrapping_div(b),
            "%" => a.wrapping_rem(b),
            "*" => a.wrapping_mul(b),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "&" => a & b,
            "^" => a ^ b,
            "|" => a | b,
            "&&" => i64::from(a != 0 && b != 0),
            "||" => i64::from(a != 0 || b != 0),
            _ => b,
        })
    }

    fn assignment(&mut self) -> Num {
        let left = self.unary()?;
        let Some(place) = left.place else { return Ok(left.value) };
        self.blanks();
        let rest = self.rest();
        let Some(op) = ASSIGN.iter().find(|a| rest.starts_with(**a)).filter(|_| !rest.starts_with("==")) else {
            return Ok(left.value);
        };
        self.pos += op.len();
        self.blanks();
        let at = self.pos;
        let right = self.binary(1)?;
        let value = match op.strip_suffix('=') {
            Some("") | None => right,
            Some(op) => self.apply(op, left.value, right, at)?,
        };
        self.store(&place, value)?;
        Ok(value)
    }

    fn store(&mut self, place: &str, value: i64) -> Result<(), String> {
        if self.quiet {
            return Ok(());
        }
        self.sh.assign_place(place, &value.to_string())
    }

    fn unary(&mut self) -> Result<Operand, String> {
        self.blanks();
        let value = |value| Ok(Operand { value, place: None });
        let start = self.pos;
        let rest = self.rest();
        for step in ["++", "--"] {
            if rest.starts_with(step) && rest[2..].trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                self.pos += 2;
                let operand = self.unary()?;
                let new = if step == "++" { operand.value.wrapping_add(1) } else { operand.value.wrapping_sub(1) };
                if let Some(place) = &operand.place {
                    self.store(place, new)?;
                }
                return value(new);
            }
        }
        let Some(c) = rest.chars().next() else { return Err(self.expected(start)) };
        match c {
            '!' | '~' | '-' | '+' => {
                self.pos += 1;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(self.fail("expression recursion level exceeded", self.pos));
                }
                let v = self.unary()?.value;
                self.depth -= 1;
                value(match c {
                    '!' => i64::from(v == 0),
                    '~' => !v,
                    '-' => v.wrapping_neg(),
                    _ => v,
                })
            }
            '(' => {
                self.pos += 1;
                let v = self.binary(0)?;
                if !self.take(")") {
                    return Err(self.fail("missing `)'", self.pos));
                }
                value(v)
            }
            '0'..='9' => value(self.number()?),
            'a'..='z' | 'A'..='Z' | '_' => self.variable(),
            _ => Err(self.expected(start)),
        }
    }

    fn expected(&self, at: usize) -> String {
        // The message shows from the last operator that was read.
        let before = self.text.get(..at).unwrap_or("").trim_end();
        let at = if self.text.get(at..).unwrap_or("").is_empty() {
            BINARY
                .iter()
                .map(|(op, _)| *op)
                .chain(ASSIGN)
                .chain(["!", "~", "(", "?", ":"])
                .filter(|op| before.ends_with(op))
                .map(|op| before.len() - op.len())
                .min()
                .unwrap_or(at)
        } else {
            at
        };
        self.fail("syntax error: operand expected", at)
    }

    fn number(&mut self) -> Num {
        let start = self.pos;
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '#'))).unwrap_or(rest.len());
        let token = &rest[..len];
        self.pos += len;
        let (base, digits) = match token.split_once('#') {
            Some((b, d)) => (b.parse().unwrap_or(0), d),
            None if token.starts_with("0x") || token.starts_with("0X") => (16, &token[2..]),
            None if token.len() > 1 && token.starts_with('0') => (8, &token[1..]),
            None => (10, token),
        };
        if !(2..=64).contains(&base) {
            return Err(self.fail("invalid arithmetic base", start));
        }
        let mut n: i64 = 0;
        for c in digits.bytes() {
            let d = match c {
                b'0'..=b'9' => i64::from(c - b'0'),
                b'a'..=b'z' => i64::from(c - b'a') + 10,
                b'A'..=b'Z' => i64::from(c - b'A') + if base <= 36 { 10 } else { 36 },
                b'@' => 62,
                _ => 63,
            };
            if d >= base {
                // The token is the number alone.
                return Err(format!("{}: value too great for base (error token is \"{token}\")", self.text));
            }
            n = n.wrapping_mul(base).wrapping_add(d);
        }
        Ok(n)
    }

    fn variable(&mut self) -> Result<Operand, String> {
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let mut place = rest[..len].to_string();
        self.pos += len;
        if self.rest().starts_with('[') {
            let scan = super::scan::Scan::new(self.text);
            let (mut i, mut depth) = (self.pos, 0);
            while i < self.text.len() {
                match self.text.as_bytes()[i] {
                    b'[' => depth += 1,
                    b']' => depth -= 1,
                    _ => {}
                }
                i = scan.part(i).map_err(|_| self.fail("bad array subscript", self.pos))?;
                if depth == 0 {
                    break;
                }
            }
            place.push_str(self.text.get(self.pos..i).unwrap_or(""));
            self.pos = i;
        }
        let text = if self.quiet { None } else { self.sh.place_text(&place)? };
        let value = match text {
            None => 0,
            Some(t) => match t.trim_matches(BLANKS).parse::<i64>() {
                Ok(n) if !t.trim_matches(BLANKS).starts_with('0') || n == 0 => n,
                _ => self.sh.arith_at(&t, self.depth + 1)?,
            },
        };
        let (old, place) = (value, Some(place));
        for (step, by) in [("++", 1), ("--", -1)] {
            if self.rest().starts_with(step) {
                self.pos += 2;
                if let Some(place) = &place {
                    self.store(place, old.wrapping_add(by))?;
                }
                return Ok(Operand { value: old, place: None });
            }
        }
        Ok(Operand { value, place })
    }
}
