//! What a person at a terminal can know of the mail session that runs there: read off the lines, as they would read it.
//! Not here: what the server really thinks (traces). Follows RFC 5321 §4.2 (replies), RFC 4954 (AUTH).

use super::{Decoded, Mark, decode};

/// A pending `334`: the server waits for an answer in base64.
#[derive(Clone, PartialEq)]
pub(crate) struct Ask {
    /// The question as sent.
    pub(crate) code: String,
    /// The question decoded; empty for AUTH PLAIN.
    pub(crate) text: String,
}

/// A connection made by telnet or its like, from its start to its end.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Session {
    /// A program that passes lines to a server has the terminal.
    pub(crate) on: bool,
    /// The server has been reached.
    pub(crate) connected: bool,
    /// Port as typed.
    pub(crate) port: String,
    pub(crate) greeted: bool,
    pub(crate) logged_in: bool,
    /// A reverse-path was accepted.
    pub(crate) mail: bool,
    /// Forward-paths that were accepted.
    pub(crate) rcpt: u32,
    /// Message text is being typed.
    pub(crate) data: bool,
    /// The question that waits for an answer.
    pub(crate) ask: Option<Ask>,
    /// First word of the last command.
    verb: String,
}

/// Programs that pass lines on to a server.
fn passes_on(program: &str) -> bool {
    matches!(program, "telnet" | "nc" | "netcat" | "ncat")
}

impl Session {
    /// A line was typed.
    pub(crate) fn typed(&mut self, mark: Mark, line: &str) {
        match mark {
            Mark::Shell => {
                let mut words = line.split_ascii_whitespace();
                let on = words.next().is_some_and(passes_on);
                *self = Session { on, ..Session::default() };
                if on {
                    let last = words.last().unwrap_or_default();
                    self.port = if last.bytes().all(|b| b.is_ascii_digit()) { last.into() } else { String::new() };
                }
            }
            _ if !self.data => {
                self.ask = None;
                self.verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            }
            _ => {}
        }
    }
    /// The foreground program, asked after each burst of output.
    pub(crate) fn program(&mut self, name: &str, at_prompt: bool) {
        if at_prompt {
            *self = Session::default();
        } else if passes_on(name) && !self.on {
            *self = Session { on: true, ..Session::default() };
        }
    }
    /// A line was shown. True if a server said it.
    pub(crate) fn said(&mut self, line: &str) -> bool {
        if !self.on {
            return false;
        }
        if line.starts_with("Connection closed") || line.starts_with("Connection to ") {
            *self = Session::default();
            return false;
        }
        let local = ["Trying ", "Connected to ", "Escape character", "telnet", "nc: ", "Ncat: ", "Connection "];
        if local.iter().any(|l| line.starts_with(l)) {
            self.connected |= line.starts_with("Connected to ");
            return false;
        }
        self.connected = true;
        if let Some((code, more)) = reply(line)
            && !more
        {
            self.reply(code, line.get(4..).unwrap_or_default());
        }
        true
    }
    fn reply(&mut self, code: u16, text: &str) {
        let verb = std::mem::take(&mut self.verb);
        match (verb.as_str(), code) {
            (_, 334) => {
                self.ask = decode(text.trim()).ok().map(|d: Decoded| Ask { code: text.trim().into(), text: d.text() });
            }
            (_, 235) => self.logged_in = true,
            (_, 354) => self.data = true,
            ("EHLO" | "HELO", 250) => {
                self.greeted = true;
                self.end_mail();
            }
            ("MAIL", 250) => self.mail = true,
            ("RCPT", 250 | 251) => self.rcpt += 1,
            ("RSET", 250) => self.end_mail(),
            _ if self.data => self.end_mail(),
            _ => {}
        }
    }
    fn end_mail(&mut self) {
        self.data = false;
        self.mail = false;
        self.rcpt = 0;
    }
}

/// The code of a reply line, and whether more lines follow.
pub(crate) fn reply(line: &str) -> Option<(u16, bool)> {
    let bytes = line.as_bytes();
    let code = line.get(..3)?.parse().ok()?;
    match bytes.get(3) {
        None | Some(b' ') => Some((code, false)),
        Some(b'-') => Some((code, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_followed() {
        let mut s = Session::default();
        s.typed(Mark::Shell, "telnet 192.168.1.103 25");
        assert!(s.on && s.port == "25");
        assert!(!s.said("Trying 192.168.1.103..."));
        assert!(s.said("220 mail ESMTP"));
        s.typed(Mark::Client, "EHLO x");
        s.said("250-mail");
        s.said("250 DSN");
        s.typed(Mark::Client, "auth login");
        s.said("334 VXNlcm5hbWU6");
        assert_eq!(s.ask.as_ref().map(|a| a.text.as_str()), Some("Username:"));
        s.typed(Mark::Client, "cmVkaGF0");
        assert!(s.ask.is_none());
        s.said("235 2.7.0 Authentication successful");
        s.typed(Mark::Client, "MAIL FROM:<a@b>");
        s.said("250 2.1.0 Ok");
        s.typed(Mark::Client, "rcpt to:<c@d>");
        s.said("554 5.7.1 no");
        assert!(s.logged_in && s.mail && s.rcpt == 0);
        assert!(!s.said("Connection closed by foreign host."));
        assert!(!s.on);
    }
}
