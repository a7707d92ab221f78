//! The SMTP protocol on the wire, server's side: lines, the tokens of a command, text with dots, xtext.
//! Not here: what a command means (`postfix::smtpd`). Source: RFC 5321 §4.1, RFC 3461 §4; tokens and leniencies as Postfix 3.7 has them.

/// What is done about a line that ends in LF without CR (`smtpd_forbid_bare_newline`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BareLf {
    /// It is as good as CR LF.
    Allow,
    /// A line of text, but no end of data stands beside it.
    Normalize,
    /// As `Normalize`, and the sender is told off.
    Reject,
}

/// How a line came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// With CR LF, or with LF where that is as good.
    Line,
    /// With LF alone, where that matters.
    Bare,
    /// It is longer than the limit; the rest is still to come.
    Cut,
}

/// Bytes that have come in and are not yet read.
#[derive(Default)]
pub struct Input {
    bytes: Vec<u8>,
    start: usize,
}

impl Input {
    /// Adds bytes that have come in.
    pub fn push(&mut self, more: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(more);
    }
    /// What is not yet read.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }
    /// Takes so many bytes, or all there are.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let part = self.rest();
        let part = part[..count.min(part.len())].to_vec();
        self.start += part.len();
        part
    }
    /// Takes one line without its end, of at most `limit` bytes (0: any). `None`: more bytes are needed.
    pub fn line(&mut self, limit: usize, policy: BareLf) -> Option<(Vec<u8>, Ending)> {
        let rest = self.rest();
        let bound = if limit == 0 { rest.len() } else { limit.min(rest.len()) };
        let newline = match rest[..bound].iter().position(|&b| b == b'\n') {
            Some(at) => at,
            None if limit == 0 || rest.len() < limit => return None,
            // The limit fell between CR and LF.
            None if rest[limit - 1] == b'\r' => match rest.get(limit) {
                Some(b'\n') => limit,
                Some(_) => return Some((self.take(limit), Ending::Cut)),
                None => return None,
            },
            None => return Some((self.take(limit), Ending::Cut)),
        };
        let mut line = self.take(newline);
        self.start += 1;
        let mut ending = Ending::Line;
        if policy == BareLf::Allow {
            while line.last() == Some(&b'\r') {
                line.pop();
            }
        } else if line.pop_if(|b| *b == b'\r').is_none() {
            ending = Ending::Bare;
        }
        Some((line, ending))
    }
    /// Drops everything up to and with the next LF; whether it was there.
    pub fn skip_line(&mut self) -> bool {
        match self.rest().iter().position(|&b| b == b'\n') {
            Some(at) => {
                self.start += at + 1;
                true
            }
            None => {
                self.clear();
                false
            }
        }
    }
}

/// What a line of a message's text turned out to be.
#[derive(PartialEq, Eq, Debug)]
pub enum Text {
    /// Text; `true`: it goes on in the next one.
    Part(Vec<u8>, bool),
    /// A lone dot beside a bare LF: it is left out.
    Dropped,
    /// The end of data.
    End,
}

/// Takes the dots out of a message's text and finds its end.
pub struct Dots {
    policy: BareLf,
    keep: bool,
    cut: bool,
    bare: bool,
}

impl Dots {
    /// At the start of the text. `keep`: the dots stay where they are, only the end is looked for.
    pub fn new(policy: BareLf, keep: bool) -> Self {
        Dots { policy, keep, cut: false, bare: false }
    }
    /// Looks at the next line as [`Input::line`] gave it.
    pub fn next(&mut self, mut line: Vec<u8>, ending: Ending) -> Text {
        let (was_cut, was_bare) = (self.cut, self.bare);
        self.cut = ending == Ending::Cut;
        self.bare = ending == Ending::Bare;
        if !was_cut && line.first() == Some(&b'.') {
            if line.len() == 1 && self.policy != BareLf::Allow && (self.bare || was_bare) {
                return Text::Dropped;
            }
            if line.len() == 1 {
                return Text::End;
            }
            if !self.keep {
                line.remove(0);
            }
        }
        Text::Part(line, self.cut)
    }
}

/// One word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// As it was written, quotes and all.
    pub text: String,
    /// A `<` or `"` in it was never closed.
    pub open: bool,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// The words of a command line. `FROM:` and `TO:` end a word; within `<>` and `""` blanks do not.
pub fn tokens(line: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut chars = line.chars();
    let mut token = Token { text: String::new(), open: false };
    loop {
        let next = chars.next();
        let mut done = false;
        match next {
            None => done = true,
            Some(c) if is_space(c) => done = !token.text.is_empty(),
            Some('<') => token.open |= !quoted(&mut chars, &mut token.text, '<', '>'),
            Some('"') => token.open |= !quoted(&mut chars, &mut token.text, '"', '"'),
            Some(':') => {
                token.text.push(':');
                done = token.text.eq_ignore_ascii_case("to:") || token.text.eq_ignore_ascii_case("from:");
            }
            Some(c) => {
                token.text.push(c);
                if c == '\\' {
                    token.text.extend(chars.next());
                }
            }
        }
        if done && !token.text.is_empty() {
            all.push(std::mem::replace(&mut token, Token { text: String::new(), open: false }));
        }
        if next.is_none() {
            return all;
        }
    }
}

/// Copies up to the closing character; whether it was there.
fn quoted(chars: &mut std::str::Chars<'_>, text: &mut String, first: char, last: char) -> bool {
    let mut wanted = vec![last];
    text.push(first);
    while let Some(c) = chars.next() {
        text.push(c);
        match c {
            '\\' => match chars.next() {
                Some(c) => text.push(c),
                None => return false,
            },
            _ if wanted.last() == Some(&c) => {
                wanted.pop();
                if wanted.is_empty() {
                    return true;
                }
            }
            '"' => wanted.push('"'),
            '<' if wanted.last() == Some(&'>') => wanted.push('>'),
            _ => {}
        }
    }
    false
}

/// Whether the text begins like a header field: `Name:` of printable characters, blanks before the colon allowed.
pub fn is_header(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    let bare = name.trim_end_matches([' ', '\t']);
    name.len() < text.len() && !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_graphic())
}

fn hex(c: Option<u8>) -> Option<u8> {
    char::from(c?).to_digit(16).map(|d| d as u8)
}

/// Decodes `+XX` of xtext. `None`: a `+` without two hexadecimal digits.
pub fn xtext_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        out.push(if b == b'+' { hex(bytes.next())? << 4 | hex(bytes.next())? } else { b });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Encodes what is not printable, blank, `+` and `=` as xtext, and the characters of `special`.
pub fn xtext_encode(text: &str, special: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_graphic() && b != b'+' && !special.as_bytes().contains(&b) {
            out.push(char::from(b));
        } else {
            out.extend(['+', char::from(HEX[usize::from(b >> 4)]), char::from(HEX[usize::from(b & 15)])]);
        }
    }
    out
}

/// Decodes `\x{4F60}` of the unitext of RFC 6533. `None`: no such digits, or no such character.
pub fn unitext_decode(text: &str) -> Option<String> {
    let mut parts = text.split("\\x{");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (digits, rest) = part.split_once('}')?;
        let code = digits.bytes().try_fold(0u32, |n, b| Some(n << 4 | u32::from(hex(Some(b))?)).filter(|n| *n <= 0x10_ffff))?;
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        out.push_str(rest);
    }
    Some(out)
}

/// Encodes what is not printable, blank and `\` as unitext, and the characters of `special`.
pub fn unitext_encode(text: &str, special: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_graphic() && c != '\\' && !special.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("\\x{{{:02X}}}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_tokens(line: &str, want: &[&str]) {
        let got: Vec<String> = tokens(line).into_iter().map(|t| if t.open { format!("{}!", t.text) } else { t.text }).collect();
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn commands_fall_into_tokens() {
        check_tokens("", &[]);
        check_tokens("  quit ", &["quit"]);
        check_tokens("MAIL FROM:<a@b> SIZE=1", &["MAIL", "FROM:", "<a@b>", "SIZE=1"]);
        check_tokens("MAIL FROM: a@b", &["MAIL", "FROM:", "a@b"]);
        check_tokens("MAIL FROM :a@b", &["MAIL", "FROM", ":a@b"]);
        check_tokens("RCPT\tto:<red hat@b>", &["RCPT", "to:", "<red hat@b>"]);
        check_tokens("MAIL FROM:<a@b", &["MAIL", "FROM:", "<a@b!"]);
        check_tokens("RCPT TO:<\"a>b\"@c>", &["RCPT", "TO:", "<\"a>b\"@c>"]);
        check_tokens("From: x", &["From:", "x"]);
        check_tokens("Subject: x y", &["Subject:", "x", "y"]);
    }

    /// Reads a whole message however it is cut into pieces.
    fn read(bytes: &[u8], step: usize, policy: BareLf) -> (String, usize) {
        let (mut input, mut dots, mut got, mut used) = (Input::default(), Dots::new(policy, false), String::new(), 0);
        for piece in bytes.chunks(step) {
            input.push(piece);
            used += piece.len();
            while let Some((line, ending)) = input.line(16, policy) {
                match dots.next(line, ending) {
                    Text::Part(p, cut) => {
                        got.push_str(&String::from_utf8_lossy(&p));
                        got.push(if cut { '+' } else { '|' });
                    }
                    Text::Dropped => got.push('-'),
                    Text::End => return (got, used - input.rest().len()),
                }
            }
        }
        (got, 0)
    }

    #[test]
    fn text_ends_where_the_policy_says_in_any_pieces() {
        use BareLf::*;
        for (bytes, policy, want, used) in [
            ("a\r\n.\r\nQUIT\r\n", Allow, "a|", 6),
            ("..a\r\n.b\r\n.\r\n", Allow, ".a|b|", 12),
            ("a\n.\nMAIL\r\n.\r\n", Allow, "a|", 4),
            ("a\n.\nMAIL\r\n.\r\n", Normalize, "a|-MAIL|", 13),
            ("a\r\n.\n.\r\n\r\n.\r\n", Normalize, "a|--|", 13),
            ("a\r\n.\n.\r\n\r\n.\r\n", Allow, "a|", 5),
            ("0123456789012345.6\r\n.\r\n", Allow, "0123456789012345+.6|", 23),
            ("012345678901234\r\n.\r\n", Allow, "012345678901234|", 20),
            ("01234567890123\r\r\n.\r\n", Allow, "01234567890123|", 20),
        ] {
            for step in [1, 2, 3, 7, 100] {
                assert_eq!(read(bytes.as_bytes(), step, policy), (want.to_string(), used), "{bytes:?} by {step}");
            }
        }
    }

    #[test]
    fn xtext_goes_both_ways() {
        assert_eq!(xtext_decode("a+2Bb+3dc").as_deref(), Some("a+b=c"));
        assert_eq!(xtext_decode("a+2"), None);
        assert_eq!(xtext_encode("a+b =", "="), "a+2Bb+20+3D");
        assert_eq!(unitext_decode("a\\x{4F60}b\\x{}").as_deref(), Some("a你b\0"));
        assert_eq!(unitext_decode("\\x{4F6"), None);
        assert_eq!(unitext_decode("\\x{110000}"), None);
        assert_eq!(unitext_encode("你 a+\\", "+"), "\\x{4F60}\\x{20}a\\x{2B}\\x{5C}");
    }

    #[test]
    fn headers_are_told_from_commands() {
        for (text, yes) in [("From:", true), ("Subject: x", true), ("FOO", false), (":x", false), ("a b:", false)] {
            assert_eq!(is_header(text), yes, "{text}");
        }
    }
}
