//! Tables of rules: regexp:, pcre:, cidr:. Read from a file or from `{{rule}, {rule}}`, asked from the top, with if … endif.
//! Not here: the matching of patterns (crate `pattern`, `cidr`). Source: regexp_table(5), pcre_table(5), cidr_table(5).

use super::cidr::Cidr;
use crate::config::{LogicalLine, is_space};
use crate::maillog::Log;
use pattern::{Options, Regex, Syntax};

/// What a rule compares the key with.
enum Test {
    Regex(Box<Regex>),
    Net(Cidr),
}

/// A part of a result: text, or the text that the n-th parenthesis matched.
enum Piece {
    Text(String),
    Group(usize),
}

enum Op {
    /// A result for keys that pass all tests (a second one: `/a/!/b/`).
    Match(Vec<Piece>),
    /// Skips to the rule at this index unless the key passes; `None`: there is no endif, so nothing follows.
    If(Option<usize>),
    EndIf,
}

struct Rule {
    line: u32,
    tests: Vec<(Test, bool)>,
    op: Op,
}

/// A table of rules.
pub(crate) struct Rules(Vec<Rule>);

/// Which of the three languages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Regexp,
    Pcre,
    Cidr,
}

impl Language {
    /// `regexp`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Language::Regexp => "regexp",
            Language::Pcre => "pcre",
            Language::Cidr => "cidr",
        }
    }
}

struct Reader<'a> {
    log: &'a Log,
    /// `regexp map /etc/postfix/x`.
    map: String,
    language: Language,
    nesting: usize,
    /// Results must not be made of keys.
    plain: bool,
}

/// Splits off `!` and white space in front; whether the rule is positive.
fn negations(text: &str) -> (bool, &str) {
    let rest = text.trim_start_matches(|c| c == '!' || is_space(c));
    let count = text[..text.len() - rest.len()].bytes().filter(|&b| b == b'!').count();
    (count % 2 == 0, rest)
}

/// What follows a keyword (`if`, `endif`), in any case.
fn keyword<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.get(word.len()..)?;
    (text.get(..word.len())?.eq_ignore_ascii_case(word) && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some(rest)
}

impl Reader<'_> {
    fn warn(&self, line: u32, text: &str) {
        self.log.warn(format_args!("{}, line {line}: {text}", self.map));
    }

    /// A pattern between delimiters with its flags, compiled, and what follows.
    fn pattern<'t>(&self, line: u32, text: &'t str) -> Option<(Regex, bool, &'t str)> {
        let (positive, rest) = negations(text);
        let Some(delimiter) = rest.chars().next() else {
            self.warn(line, "no regexp: skipping this rule");
            return None;
        };
        let body = &rest[delimiter.len_utf8()..];
        let mut escaped = false;
        let end = body.char_indices().find(|&(_, c)| {
            let here = c == delimiter && !escaped;
            escaped = c == '\\' && !escaped;
            here
        });
        let Some((end, _)) = end else {
            let what = if self.language == Language::Pcre { "ignoring" } else { "skipping" };
            self.warn(line, &format!("no closing regexp delimiter \"{delimiter}\": {what} this rule"));
            return None;
        };
        let (pattern, after) = (&body[..end], &body[end + delimiter.len_utf8()..]);
        let pcre = self.language == Language::Pcre;
        let mut options = Options { icase: true, dotall: pcre, ..Options::default() };
        let mut syntax = if pcre { Syntax::Perl } else { Syntax::Extended };
        let flags_end = after.find(|c| is_space(c) || (c == '!' && !pcre)).unwrap_or(after.len());
        for flag in after[..flags_end].chars() {
            match flag {
                'i' => options.icase = !options.icase,
                'm' => options.newline = !options.newline,
                'x' if !pcre => syntax = if syntax == Syntax::Extended { Syntax::Basic } else { Syntax::Extended },
                'x' => options.extended = !options.extended,
                's' if pcre => options.dotall = !options.dotall,
                'A' if pcre => options.anchored = !options.anchored,
                'E' if pcre => options.dollar_endonly = !options.dollar_endonly,
                'U' if pcre => options.ungreedy = !options.ungreedy,
                'X' if pcre => self.warn(line, "ignoring obsolete regexp option \"X\""),
                other => {
                    self.warn(line, &format!("unknown regexp option \"{other}\": skipping this rule"));
                    return None;
                }
            }
        }
        match Regex::new(pattern.as_bytes(), syntax, options) {
            Ok(regex) => Some((regex, positive, &after[flags_end..])),
            Err(e) if pcre => {
                self.warn(line, &format!("error in regex at offset {}: {}", e.offset, e.text));
                None
            }
            Err(e) => {
                self.warn(line, e.text);
                None
            }
        }
    }

    /// The parts of a result and the largest group number in it.
    fn pieces(&self, line: u32, text: &str) -> Option<(Vec<Piece>, usize)> {
        let (mut out, mut largest, mut rest) = (Vec::new(), 0, text);
        let mut literal = String::new();
        while let Some(at) = rest.find('$') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                literal.push('$');
                rest = after;
                continue;
            }
            let name;
            if rest.starts_with(['(', '{']) {
                let close = if rest.starts_with('(') { ')' } else { '}' };
                let Some(end) = rest.find(close) else {
                    self.log.warn(format_args!("truncated macro reference: \"{text}\""));
                    return None;
                };
                (name, rest) = (&rest[1..end], &rest[end + 1..]);
            } else {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (name, rest) = rest.split_at(end);
            }
            if name.is_empty() {
                self.log.warn(format_args!("empty macro name: \"{text}\""));
                return None;
            }
            if !name.bytes().all(|b| b.is_ascii_digit()) {
                self.warn(line, &format!("non-numeric replacement index \"{name}\""));
                return None;
            }
            let number: usize = name.parse().unwrap_or(usize::MAX);
            if number < 1 {
                let words = if self.language == Language::Pcre { "out of range" } else { "out-of-range" };
                self.warn(line, &format!("{words} replacement index \"{name}\""));
                return None;
            }
            largest = largest.max(number);
            out.push(Piece::Text(std::mem::take(&mut literal)));
            out.push(Piece::Group(number));
        }
        literal.push_str(rest);
        out.push(Piece::Text(literal));
        Some((out, largest))
    }

    fn rule(&mut self, line: u32, text: &str) -> Option<Rule> {
        if self.language == Language::Cidr {
            return match self.cidr(text) {
                Ok((tests, op)) => Some(Rule { line, tests, op }),
                Err(why) => {
                    self.warn(line, &format!("{why}: skipping this rule"));
                    None
                }
            };
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return self.match_rule(line, text);
        }
        if let Some(rest) = keyword(text, "if") {
            let (regex, positive, after) = self.pattern(line, rest.trim_start_matches(is_space))?;
            let extra = after.trim_start_matches(is_space);
            if !extra.is_empty() {
                self.warn(line, &format!("ignoring extra text after IF statement: \"{extra}\""));
                self.warn(line, "do not prepend whitespace to statements between IF and ENDIF");
            }
            return Some(Rule { line, tests: vec![(Test::Regex(Box::new(regex)), positive)], op: Op::If(None) });
        }
        let Some(rest) = keyword(text, "endif") else {
            self.warn(line, "ignoring unrecognized request");
            return None;
        };
        if self.nesting == 0 {
            self.warn(line, "ignoring ENDIF without matching IF");
            return None;
        }
        if !rest.trim_start_matches(is_space).is_empty() {
            self.warn(line, "ignoring extra text after ENDIF");
        }
        Some(Rule { line, tests: Vec::new(), op: Op::EndIf })
    }

    fn match_rule(&self, line: u32, text: &str) -> Option<Rule> {
        let (first, positive, mut rest) = self.pattern(line, text)?;
        let mut tests = Vec::new();
        if self.language == Language::Regexp && rest.starts_with('!') {
            let (second, positive, after) = self.pattern(line, rest)?;
            tests.push((Test::Regex(Box::new(second)), positive));
            rest = after;
        }
        let result = rest.trim_start_matches(is_space);
        if result.is_empty() {
            self.warn(line, "no replacement text: using empty string");
        }
        let Some((pieces, largest)) = self.pieces(line, result) else {
            self.warn(line, "bad replacement syntax: skipping this rule");
            return None;
        };
        if largest > 0 && !positive {
            self.warn(line, "$number found in negative match replacement text: skipping this rule");
            return None;
        }
        if largest > 0 && self.plain {
            self.warn(line, "regular expression substitution is not allowed: skipping this rule");
            return None;
        }
        if largest > first.groups() {
            self.warn(line, &format!("out of range replacement index \"{largest}\": skipping this rule"));
            return None;
        }
        tests.insert(0, (Test::Regex(Box::new(first)), positive));
        Some(Rule { line, tests, op: Op::Match(pieces) })
    }

    fn cidr(&self, text: &str) -> Result<(Vec<(Test, bool)>, Op), String> {
        let none = || "no address pattern".to_string();
        if let Some(rest) = keyword(text, "if") {
            let (positive, pattern) = negations(rest);
            let pattern = pattern.trim_end_matches(is_space);
            let net = if pattern.is_empty() { return Err(none()) } else { Cidr::parse(pattern)? };
            return Ok((vec![(Test::Net(net), positive)], Op::If(None)));
        }
        if let Some(rest) = keyword(text, "endif") {
            if !rest.trim_start_matches(is_space).is_empty() {
                return Err("garbage after ENDIF".to_string());
            }
            if self.nesting == 0 {
                return Err("ENDIF without IF".to_string());
            }
            return Ok((Vec::new(), Op::EndIf));
        }
        let (positive, rest) = negations(text);
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (pattern, value) = rest.split_at(end);
        if pattern.is_empty() {
            return Err(none());
        }
        let net = Cidr::parse(pattern)?;
        let value = value.trim_matches(is_space);
        if value.is_empty() {
            return Err("no lookup result".to_string());
        }
        Ok((vec![(Test::Net(net), positive)], Op::Match(vec![Piece::Text(value.to_string())])))
    }
}

impl Rules {
    /// Reads the rules; mistakes are logged and skipped. `name` is the table's file or inline text;
    /// `plain`: results must not be made of keys.
    pub(crate) fn read(log: &Log, language: Language, name: &str, lines: &[LogicalLine], plain: bool) -> Rules {
        let mut reader = Reader { log, map: format!("{} map {name}", language.name()), language, nesting: 0, plain };
        let mut rules: Vec<Rule> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for line in lines {
            reader.nesting = open.len();
            let Some(rule) = reader.rule(line.first, line.text.trim_end_matches(is_space)) else { continue };
            match rule.op {
                Op::If(_) => open.push(rules.len()),
                Op::EndIf => {
                    if let Some(start) = open.pop() {
                        rules[start].op = Op::If(Some(rules.len()));
                    }
                }
                Op::Match(_) => {}
            }
            rules.push(rule);
        }
        for &at in open.iter().rev() {
            reader.warn(rules[at].line, "IF has no matching ENDIF");
        }
        Rules(rules)
    }
    /// The first result for a key, and the line of its rule.
    pub(crate) fn find(&self, key: &str) -> Option<(String, u32)> {
        let mut at = 0;
        while let Some(rule) = self.0.get(at) {
            at += 1;
            let passes = rule.tests.iter().all(|(test, positive)| match test {
                Test::Regex(regex) => regex.is_match(key.as_bytes()) == *positive,
                Test::Net(net) => net.contains(key) == Some(*positive),
            });
            match &rule.op {
                Op::If(end) if !passes => at = (*end)?,
                Op::Match(pieces) if passes => return Some((fill(pieces, &rule.tests, key), rule.line)),
                _ => {}
            }
        }
        None
    }
}

fn fill(pieces: &[Piece], tests: &[(Test, bool)], key: &str) -> String {
    let found = match tests.first() {
        Some((Test::Regex(regex), _)) if pieces.len() > 1 => regex.find(key.as_bytes(), 0),
        _ => None,
    };
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Group(n) => {
                let span = found.as_ref().and_then(|m| m.get(*n));
                out.push_str(&span.map_or_else(Default::default, |(a, b)| String::from_utf8_lossy(&key.as_bytes()[a..b])));
            }
        }
    }
    out
}
