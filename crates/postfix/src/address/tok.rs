//! Addresses as tokens: scanning, parsing an address list, printing in internal and external form, quoting a local part.
//! Not here: rewriting them (`rewrite`). Source: RFC 822 §3.3 with Postfix's additional operators `%`, `!` and `|`.

/// A piece of an address or of an address list.
#[derive(Clone, PartialEq)]
pub(crate) enum Tok {
    /// `@ . , : ; < > % ! |` and the like.
    Op(u8),
    /// An unquoted word.
    Atom(String),
    /// A quoted word, without its quotes and backslashes.
    Quoted(String),
    /// A domain literal, without its brackets.
    Literal(String),
    /// A comment, in its external form.
    Comment(String),
    /// One address of a list.
    Addr(Vec<Tok>),
    /// The colon of a named group.
    Group,
}

const OPERATORS: &[u8] = b"|%!()<>@,;:\\\".[]";

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Collects up to an unescaped byte for which `stop` holds.
fn collect(s: &[u8], at: &mut usize, stop: fn(u8) -> bool) -> String {
    let mut out = Vec::new();
    while let Some(&b) = s.get(*at) {
        let mut c = b;
        if c == b'\\' {
            *at += 1;
            match s.get(*at) {
                Some(&n) => c = n,
                None => break,
            }
        } else if stop(c) {
            break;
        }
        out.push(if is_space(c) { b' ' } else { c });
        *at += 1;
    }
    text(out)
}

fn comment(s: &[u8], at: &mut usize) -> String {
    let (mut out, mut level) = (vec![b'('], 1);
    while let Some(&c) = s.get(*at) {
        out.push(c);
        *at += 1;
        match c {
            b'(' => level += 1,
            b')' => {
                level -= 1;
                if level == 0 {
                    break;
                }
            }
            b'\\' => {
                if let Some(&n) = s.get(*at) {
                    out.push(n);
                    *at += 1;
                }
            }
            _ => {}
        }
    }
    text(out)
}

/// Cuts a text into tokens; white space between them is lost.
pub(crate) fn scan(input: &str) -> Vec<Tok> {
    let (s, mut at, mut out) = (input.as_bytes(), 0, Vec::new());
    while let Some(&c) = s.get(at) {
        at += 1;
        if is_space(c) {
            continue;
        }
        out.push(match c {
            b'(' => Tok::Comment(comment(s, &mut at)),
            b'[' => {
                let t = collect(s, &mut at, |c| c == b']');
                at += 1;
                Tok::Literal(t)
            }
            b'"' => {
                let t = collect(s, &mut at, |c| c == b'"');
                at += 1;
                Tok::Quoted(t)
            }
            c if c != b'\\' && OPERATORS.contains(&c) => Tok::Op(c),
            _ => {
                at -= 1;
                let word = collect(s, &mut at, |c| is_space(c) || OPERATORS.contains(&c));
                if word.bytes().any(|b| b == b' ' || b.is_ascii_control() || OPERATORS.contains(&b)) {
                    Tok::Quoted(word)
                } else {
                    Tok::Atom(word)
                }
            }
        });
        at = at.min(s.len());
    }
    out
}

/// What has been parsed so far, right to left.
struct Parser {
    out: Vec<Tok>,
    cur: Vec<Tok>,
}

impl Parser {
    fn flush(&mut self, comma: bool) {
        if !self.cur.is_empty() {
            self.cur.reverse();
            self.out.push(Tok::Addr(std::mem::take(&mut self.cur)));
            if comma {
                self.out.push(Tok::Op(b','));
            }
        }
    }
}

/// Parses the field body of an address list. What is not understood stays as it is; missing commas are added.
pub(crate) fn parse(input: &str) -> Vec<Tok> {
    parse_first(input, usize::MAX)
}

/// As [`parse`], of so many tokens at most: `header_address_token_limit`.
pub(crate) fn parse_first(input: &str, limit: usize) -> Vec<Tok> {
    let mut left = scan(input);
    left.truncate(limit);
    let mut p = Parser { out: Vec::new(), cur: Vec::new() };
    let (mut word, mut group) = (true, false);
    while let Some(tok) = left.pop() {
        match tok {
            Tok::Comment(_) => p.out.push(tok),
            Tok::Op(b';') => {
                p.flush(true);
                p.out.push(tok);
                (word, group) = (true, true);
            }
            Tok::Op(b':') if group => {
                p.flush(false);
                p.out.push(Tok::Group);
                while left.last().is_some_and(|t| *t != Tok::Op(b',')) {
                    p.out.extend(left.pop());
                }
            }
            Tok::Op(b'>') => {
                p.flush(true);
                p.out.push(tok);
                while left.last().is_some_and(|t| *t != Tok::Op(b'<')) {
                    match left.pop() {
                        Some(c @ Tok::Comment(_)) => p.out.push(c),
                        t => p.cur.extend(t),
                    }
                }
                p.flush(false);
                while left.last().is_some_and(|t| !matches!(t, Tok::Op(b'>' | b';' | b',' | b':'))) {
                    p.out.extend(left.pop());
                }
                word = true;
            }
            Tok::Atom(_) | Tok::Quoted(_) | Tok::Literal(_) => {
                if !word {
                    p.flush(true);
                }
                p.cur.push(tok);
                word = false;
            }
            Tok::Op(b',') => {
                p.flush(false);
                p.out.push(tok);
                word = true;
            }
            _ => {
                p.cur.push(tok);
                word = true;
            }
        }
    }
    p.flush(false);
    p.out.reverse();
    p.out
}

fn word_like(t: &Tok) -> bool {
    !matches!(t, Tok::Op(_) | Tok::Group)
}

fn space_after(toks: &[Tok], i: usize, top: bool) -> bool {
    let (Some(t), Some(next)) = (toks.get(i), toks.get(i + 1)) else { return false };
    top && (matches!(t, Tok::Op(b',') | Tok::Group) || *next == Tok::Op(b'<') || (word_like(t) && word_like(next)))
}

/// Internal form: no quotes. `top`: blanks between words that are not inside one address.
pub(crate) fn internal(toks: &[Tok], top: bool) -> String {
    let mut out = String::new();
    for (i, t) in toks.iter().enumerate() {
        match t {
            Tok::Op(b) => out.push(char::from(*b)),
            Tok::Atom(s) | Tok::Quoted(s) | Tok::Comment(s) => out.push_str(s),
            Tok::Literal(s) => {
                out.push('[');
                out.push_str(s);
                out.push(']');
            }
            Tok::Addr(inner) => out.push_str(&internal(inner, false)),
            Tok::Group => out.push(':'),
        }
        if space_after(toks, i, top) {
            out.push(' ');
        }
    }
    out
}

fn quoted_into(out: &mut String, s: &str, special: &str) {
    for c in s.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// External form: quoted where needed; with `lines` a newline follows each comma. `top` as in [`internal`].
pub(crate) fn external(toks: &[Tok], lines: bool, top: bool) -> String {
    let mut out = String::new();
    for (i, t) in toks.iter().enumerate() {
        match t {
            Tok::Op(b',') => {
                out.push_str(if lines { ",\n" } else { ", " });
                continue;
            }
            Tok::Op(b) => out.push(char::from(*b)),
            Tok::Atom(s) | Tok::Comment(s) => out.push_str(s),
            Tok::Quoted(s) => {
                out.push('"');
                quoted_into(&mut out, s, "\"\\\r\n");
                out.push('"');
            }
            Tok::Literal(s) => {
                out.push('[');
                quoted_into(&mut out, s, "\\\r\n");
                out.push(']');
            }
            Tok::Addr(inner) => out.push_str(&quote_local(&internal(inner, false))),
            Tok::Group => out.push(':'),
        }
        if space_after(toks, i, top) {
            out.push(' ');
        }
    }
    out
}

/// Whether a local part is a dot-string of RFC 822 (8-bit characters pass).
fn is_dot_string(local: &str) -> bool {
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|b| b > b' ' && b != 0x7f && !b"()<>@,;:\\\"[]".contains(&b))
}

/// An internal address in external form: its local part (all before the last `@`) quoted if it must be.
pub(crate) fn quote_local(addr: &str) -> String {
    let (local, domain) = match addr.rfind('@') {
        Some(at) => addr.split_at(at),
        None => (addr, ""),
    };
    if is_dot_string(local) {
        return addr.to_string();
    }
    let mut out = String::with_capacity(addr.len() + 2);
    out.push('"');
    quoted_into(&mut out, local, "\\\"\r");
    out.push('"');
    out.push_str(domain);
    out
}

/// An external address in internal form.
pub(crate) fn unquote(addr: &str) -> String {
    internal(&scan(addr), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_lists_are_parsed() {
        for (from, to) in [
            ("a@b, c@d", "a@b, c@d"),
            ("Li Hua <a@b>", "Li Hua <a@b>"),
            ("a@b (x) c@d", "a@b, c@d (x)"),
            ("g: a@b, c;", "g: a@b, c;"),
            ("\"x y\"@z", "\"x y\"@z"),
            ("<>", "<>"),
            ("a@[1.2.3.4]", "a@[1.2.3.4]"),
        ] {
            assert_eq!(external(&parse(from), false, true), to, "{from}");
        }
        assert_eq!(unquote("\"x y\"@z"), "x y@z");
        assert_eq!(unquote("x@y z"), "x@y z");
        assert_eq!(quote_local("x y@z"), "\"x y\"@z");
    }
}
