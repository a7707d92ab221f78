//! awk: tokens. Whether a slash divides or opens a pattern, and where a newline ends a statement, is known from the token before.
//! Source: POSIX awk; mawk 1.3.4's messages.

#[derive(Clone, PartialEq)]
pub(super) enum Tok {
    Number(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    /// A name of a variable.
    Name(String),
    /// A name with a parenthesis right behind it.
    Call(String),
    /// Keywords, built-in functions, operators and punctuation.
    Word(&'static str),
    Newline,
    End,
}

/// Longer ones first.
const SIGNS: [&str; 38] = [
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "!~", ">>", "{", "}", "(", ")", "[", "]", ";", ",",
    "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "=",
];
const WORDS: [&str; 18] = [
    "BEGIN", "END", "function", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile", "exit", "return", "delete",
    "in", "getline", "print",
];
/// Built-in functions; `printf` is a statement.
pub(super) const FUNCTIONS: [&str; 24] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "sin", "cos", "atan2", "exp", "log", "sqrt", "int", "rand",
    "srand", "tolower", "toupper", "system", "close", "fflush", "systime", "strftime",
];

pub(super) struct Lexed {
    pub(super) tokens: Vec<(Tok, u32)>,
}

impl Tok {
    /// As messages name it.
    pub(super) fn shown(&self) -> String {
        match self {
            Tok::Number(x) => crate::util::float::general(*x, 6, false),
            Tok::Str(s) => format!("\"{}\"", String::from_utf8_lossy(s)),
            Tok::Regex(r) => format!("/{}/", String::from_utf8_lossy(r)),
            Tok::Name(n) | Tok::Call(n) => n.clone(),
            Tok::Word(w) => (*w).into(),
            Tok::Newline => "end of line".into(),
            Tok::End => "end of file".into(),
        }
    }
}

/// The bytes that a string of the program stands for.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < text.len() {
        if text[i] != b'\\' || i + 1 == text.len() {
            out.push(text[i]);
            i += 1;
            continue;
        }
        i += 1;
        let c = match text[i] {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'"' => b'"',
            b'\\' => b'\\',
            b'/' => b'/',
            b'0'..=b'7' => {
                let digits = text[i..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                out.push(text[i..i + digits].iter().fold(0u32, |n, b| n * 8 + u32::from(b - b'0')) as u8);
                i += digits;
                continue;
            }
            c => {
                out.push(b'\\');
                c
            }
        };
        out.push(c);
        i += 1;
    }
    out
}

/// Splits a program into tokens.
pub(super) fn lex(text: &[u8]) -> Result<Lexed, String> {
    let mut tokens: Vec<(Tok, u32)> = Vec::new();
    let (mut i, mut line) = (0, 1u32);
    while let Some(&b) = text.get(i) {
        let rest = &text[i..];
        match b {
            b' ' | b'\t' | b'\r' => i += 1,
            b'\\' if rest.get(1) == Some(&b'\n') => {
                i += 2;
                line += 1;
            }
            b'#' => i += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            b'\n' => {
                tokens.push((Tok::Newline, line));
                i += 1;
                line += 1;
            }
            b'"' => {
                let mut end = 1;
                while rest.get(end).is_some_and(|b| *b != b'"' && *b != b'\n') {
                    end += if rest[end] == b'\\' { 2 } else { 1 };
                }
                if rest.get(end) != Some(&b'"') {
                    let shown = String::from_utf8_lossy(&rest[..rest.len().min(end).min(10)]).into_owned();
                    return Err(format!("line {line}: runaway string constant {shown} ..."));
                }
                tokens.push((Tok::Str(unescape(&rest[1..end])), line));
                i += end + 1;
            }
            b'0'..=b'9' | b'.' if b != b'.' || rest.get(1).is_some_and(u8::is_ascii_digit) => {
                let mut n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                if rest.get(n) == Some(&b'.') {
                    n += 1 + rest[n + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                }
                if matches!(rest.get(n), Some(b'e' | b'E')) {
                    let sign = usize::from(matches!(rest.get(n + 1), Some(b'+' | b'-')));
                    let digits = rest[(n + 1 + sign).min(rest.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
                    if digits > 0 {
                        n += 1 + sign + digits;
                    }
                }
                tokens.push((Tok::Number(crate::util::float::strtod(&rest[..n]).0), line));
                i += n;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let n = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                let word = String::from_utf8_lossy(&rest[..n]).into_owned();
                i += n;
                let word = if word == "func" { "function".to_string() } else { word };
                let known = WORDS.iter().chain(&FUNCTIONS).chain(&["printf", "$"]).find(|w| **w == word);
                let tok = match known {
                    Some(w) => Tok::Word(w),
                    None if text.get(i) == Some(&b'(') => Tok::Call(word),
                    None => Tok::Name(word),
                };
                tokens.push((tok, line));
            }
            b'$' => {
                tokens.push((Tok::Word("$"), line));
                i += 1;
            }
            b'/' if !divides(tokens.last().map(|t| &t.0)) => {
                let (mut end, mut bracket) = (1, false);
                while let Some(c) = rest.get(end).filter(|c| **c != b'\n') {
                    match c {
                        b'\\' => end += 1,
                        b'[' => bracket = true,
                        b']' => bracket = false,
                        b'/' if !bracket => break,
                        _ => {}
                    }
                    end += 1;
                }
                if rest.get(end) != Some(&b'/') {
                    let shown = String::from_utf8_lossy(&rest[..rest.len().min(end).min(10)]).into_owned();
                    return Err(format!("line {line}: runaway regular expression {shown} ..."));
                }
                // A slash behind a backslash is a slash.
                let mut body = Vec::new();
                let mut k = 1;
                while k < end {
                    if rest[k] == b'\\' && rest[k + 1] == b'/' {
                        k += 1;
                    }
                    body.push(rest[k]);
                    k += 1;
                }
                tokens.push((Tok::Regex(body), line));
                i += end + 1;
            }
            _ => match SIGNS.iter().find(|s| rest.starts_with(s.as_bytes())) {
                Some(s) => {
                    tokens.push((Tok::Word(s), line));
                    i += s.len();
                }
                None => return Err(format!("{line}: unexpected character '{}'", char::from(b))),
            },
        }
    }
    // A program ends with a newline, whether it is there or not.
    if text.last() != Some(&b'\n') {
        line += 1;
    }
    tokens.push((Tok::End, line));
    Ok(Lexed { tokens })
}

/// Whether a slash behind this token divides.
fn divides(before: Option<&Tok>) -> bool {
    match before {
        Some(Tok::Number(_) | Tok::Str(_) | Tok::Name(_) | Tok::Regex(_)) => true,
        Some(Tok::Word(w)) => matches!(*w, ")" | "]" | "$" | "++" | "--" | "length"),
        _ => false,
    }
}
