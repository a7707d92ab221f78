//! Mail addresses as Postfix reads them: tokens, the address forms in a text, internal (unquoted) and external (quoted) spelling.
//! Not here: what an address resolves to. Source: RFC 822 §6 and RFC 5321 §4.1.2 with Postfix's leniencies (missing commas, `%` and `!`).

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One of `()<>@,;:\".[]|%!`.
    Op(u8),
    /// A word.
    Atom,
    /// `"…"`, held without its quotes.
    Quoted,
    /// `[…]`, held without its brackets.
    Literal,
    /// `(…)`, held with its parentheses.
    Comment,
    /// The `:` behind the name of a group.
    Group,
}

/// A token.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
}

/// An address or what stands between addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// The tokens of one address.
    Addr(Vec<Token>),
    /// Anything else: brackets, commas, display names, comments.
    Other(Token),
}

const OPERATORS: &str = "|%!()<>@,;:\\\".[]";

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Falls apart into tokens; blanks between them are lost.
pub fn scan(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        let mut text = String::new();
        let mut kind = Kind::Atom;
        match c {
            _ if is_blank(c) => {
                chars.next();
                continue;
            }
            '(' => {
                kind = Kind::Comment;
                let mut level = 0;
                while let Some(c) = chars.next() {
                    text.push(c);
                    match c {
                        '(' => level += 1,
                        ')' => level -= 1,
                        '\\' => text.extend(chars.next()),
                        _ => {}
                    }
                    if level == 0 {
                        break;
                    }
                }
            }
            '[' | '"' => {
                let last = if c == '[' { ']' } else { '"' };
                kind = if c == '[' { Kind::Literal } else { Kind::Quoted };
                chars.next();
                while let Some(c) = chars.next().filter(|&c| c != last) {
                    if c == '\\' { text.extend(chars.next()) } else { text.push(c) }
                }
            }
            _ if c != '\\' && OPERATORS.contains(c) => {
                kind = Kind::Op(c as u8);
                chars.next();
                text.push(c);
            }
            _ => {
                while let Some(c) = chars.next_if(|&c| c == '\\' || !(is_blank(c) || OPERATORS.contains(c))) {
                    if c == '\\' { text.extend(chars.next()) } else { text.push(c) }
                }
                if text.chars().any(|c| c == ' ' || c.is_ascii_control() || OPERATORS.contains(c)) {
                    kind = Kind::Quoted;
                }
            }
        }
        all.push(Token { kind, text });
    }
    all
}

/// Collects tokens from right to left into addresses.
struct Grouper {
    /// Finished nodes, the rightmost first.
    out: Vec<Node>,
    /// Tokens of the address at work, the rightmost first.
    open: Vec<Token>,
}

impl Grouper {
    fn close(&mut self, comma: bool) {
        if !self.open.is_empty() {
            let mut tokens = std::mem::take(&mut self.open);
            tokens.reverse();
            self.out.push(Node::Addr(tokens));
            if comma {
                self.out.push(Node::Other(Token { kind: Kind::Op(b','), text: ",".into() }));
            }
        }
    }
}

/// Finds the addresses in a text. What is not understood is kept; missing commas are put in.
pub fn parse(text: &str) -> Vec<Node> {
    let mut tokens = scan(text);
    let mut g = Grouper { out: Vec::new(), open: Vec::new() };
    let (mut word_fits, mut in_group) = (true, false);
    while let Some(mut token) = tokens.pop() {
        match token.kind {
            Kind::Comment => g.out.push(Node::Other(token)),
            Kind::Op(b';') => {
                g.close(true);
                g.out.push(Node::Other(token));
                (word_fits, in_group) = (true, true);
            }
            Kind::Op(b':') if in_group => {
                g.close(false);
                token.kind = Kind::Group;
                g.out.push(Node::Other(token));
                while let Some(name) = tokens.pop_if(|t| t.kind != Kind::Op(b',')) {
                    g.out.push(Node::Other(name));
                }
            }
            Kind::Op(b'>') => {
                g.close(true);
                g.out.push(Node::Other(token));
                while let Some(inner) = tokens.pop_if(|t| t.kind != Kind::Op(b'<')) {
                    match inner.kind {
                        Kind::Comment => g.out.push(Node::Other(inner)),
                        _ => g.open.push(inner),
                    }
                }
                g.close(false);
                let stop = |t: &mut Token| !matches!(t.kind, Kind::Op(b'>' | b';' | b',' | b':'));
                while let Some(name) = tokens.pop_if(stop) {
                    g.out.push(Node::Other(name));
                }
                word_fits = true;
            }
            Kind::Atom | Kind::Quoted | Kind::Literal => {
                if !word_fits {
                    g.close(true);
                }
                word_fits = false;
                g.open.push(token);
            }
            Kind::Op(b',') => {
                g.close(false);
                g.out.push(Node::Other(token));
                word_fits = true;
            }
            _ => {
                word_fits = true;
                g.open.push(token);
            }
        }
    }
    g.close(false);
    g.out.reverse();
    g.out
}

/// The address of these tokens in internal form: without quotes, without blanks.
pub fn internal(tokens: &[Token]) -> String {
    let mut out = String::new();
    for token in tokens {
        match token.kind {
            Kind::Literal => out.extend(["[", &token.text, "]"]),
            _ => out.push_str(&token.text),
        }
    }
    out
}

/// The text with all addresses in external form; long comments are kept.
pub fn external(nodes: &[Node]) -> String {
    let mut out = String::new();
    let plain = |n: &Node| match n {
        Node::Addr(_) => true,
        Node::Other(t) => matches!(t.kind, Kind::Atom | Kind::Quoted | Kind::Comment | Kind::Literal),
    };
    for (i, node) in nodes.iter().enumerate() {
        let mut blank = false;
        match node {
            Node::Addr(tokens) => out.push_str(&quote_local(&internal(tokens))),
            Node::Other(token) => match token.kind {
                Kind::Quoted => quote_into(&mut out, &token.text),
                Kind::Literal => out.extend(["[", &token.text, "]"]),
                Kind::Op(b',') => {
                    out.push_str(", ");
                    continue;
                }
                kind => {
                    out.push_str(&token.text);
                    blank = kind == Kind::Group;
                }
            },
        }
        if let Some(next) = nodes.get(i + 1) {
            let opens = matches!(next, Node::Other(Token { kind: Kind::Op(b'<'), .. }));
            if blank || opens || plain(node) && plain(next) {
                out.push(' ');
            }
        }
    }
    out
}

fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\r' | '\n') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Whether a local part can stand without quotes: words of plain characters with single dots between them.
fn is_dot_string(local: &str) -> bool {
    !local.is_empty()
        && local
            .split('.')
            .all(|word| !word.is_empty() && word.chars().all(|c| !c.is_ascii() || c.is_ascii_graphic() && !"()<>@,;:\\\"[]".contains(c)))
}

/// The address with its local part quoted if it must be.
pub fn quote_local(address: &str) -> String {
    let (local, domain) = match address.rfind('@') {
        Some(at) => address.split_at(at),
        None => (address, ""),
    };
    if address.is_empty() || is_dot_string(local) {
        return address.to_string();
    }
    let mut out = String::with_capacity(address.len() + 2);
    quote_into(&mut out, local);
    out.push_str(domain);
    out
}

/// Local part and domain, split at the last `@`.
pub fn split(address: &str) -> (&str, Option<&str>) {
    match address.rfind('@') {
        Some(at) => (&address[..at], Some(&address[at + 1..])),
        None => (address, None),
    }
}

/// What the path of a MAIL or RCPT command holds: the address in internal form (empty: the null address), and whether it was written
/// to the letter of RFC 5321. `None`: two addresses or more. A source route is cut off.
pub fn path(text: &str) -> Option<(String, bool)> {
    let bracketed = text.len() >= 2 && text.starts_with('<') && text.ends_with('>');
    let mut inner = if bracketed { &text[1..text.len() - 1] } else { text };
    if inner.starts_with('@')
        && let Some((_, address)) = inner.split_once(':')
    {
        inner = address;
    }
    let (mut found, mut strict) = (None, text.starts_with('<'));
    for node in parse(inner) {
        match node {
            Node::Addr(_) if found.is_some() => return None,
            Node::Addr(tokens) => found = Some(internal(&tokens)),
            Node::Other(Token { kind: Kind::Op(b'<' | b'>'), .. }) => {}
            Node::Other(_) => strict = false,
        }
    }
    let address = found.unwrap_or_default();
    strict &= !address.starts_with('@');
    Some((address, strict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_leniently() {
        for (text, want) in [
            ("<a@b>", Some(("a@b", true))),
            ("a@b", Some(("a@b", false))),
            ("<>", Some(("", true))),
            ("<@x,@y:a@b>", Some(("a@b", true))),
            ("<\"red hat\"@b>", Some(("red hat@b", true))),
            ("<red hat@b>", None),
            ("<a b>", None),
            ("<a@@b>", Some(("a@@b", true))),
            ("<a (comment) @b>", Some(("a@b", false))),
            ("<a@[1.2.3.4]>", Some(("a@[1.2.3.4]", true))),
            ("x <a@b>", Some(("a@b", false))),
            ("<a\\@b@c>", Some(("a@b@c", true))),
        ] {
            assert_eq!(path(text), want.map(|(a, s)| (a.to_string(), s)), "{text}");
        }
    }

    #[test]
    fn headers_keep_their_form() {
        for (text, want) in [
            ("a@b", "a@b"),
            ("a@b c@d", "a@b, c@d"),
            ("Red Hat <a@b>, c@d", "Red Hat <a@b>, c@d"),
            ("\"Red, Hat\" <a@b>", "\"Red, Hat\" <a@b>"),
            ("a@b (Red Hat)", "a@b (Red Hat)"),
            ("friends: a@b, c@d;", "friends: a@b, c@d;"),
            ("undisclosed-recipients:;", "undisclosed-recipients: ;"),
            ("<>", "<>"),
        ] {
            assert_eq!(external(&parse(text)), want, "{text}");
        }
    }

    #[test]
    fn local_parts_are_quoted_if_need_be() {
        for (plain, quoted) in
            [("a.b@c", "a.b@c"), ("a b@c", "\"a b\"@c"), ("a@b@c", "\"a@b\"@c"), (".a@c", "\".a\"@c"), ("用户@c", "用户@c"), ("", "")]
        {
            assert_eq!(quote_local(plain), quoted);
        }
    }
}
