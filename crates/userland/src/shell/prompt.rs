//! Prompt strings and their escapes. Source: bash(1) "PROMPTING".

use super::Shell;
use crate::util::date::strftime;

impl Shell {
    /// A prompt with its backslash escapes replaced. Parameters are expanded afterwards, by [`Shell::full_prompt`].
    pub(super) fn prompt(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let Some(c) = rest.chars().next() else {
                out.push('\\');
                break;
            };
            rest = &rest[c.len_utf8()..];
            let date = |format: &str| strftime(format, self.sys.now(), &self.zone());
            let pwd = self.tilde_path(self.vars.text("PWD").unwrap_or(""));
            match c {
                'u' => out.push_str(&self.user),
                'h' => out.push_str(self.host.split('.').next().unwrap_or("")),
                'H' => out.push_str(&self.host),
                'w' => out.push_str(&pwd),
                'W' => out.push_str(if pwd == "/" { "/" } else { pwd.rsplit('/').next().unwrap_or("") }),
                '$' => out.push(if self.sys.euid() == 0 { '#' } else { '$' }),
                's' => out.push_str(self.name.rsplit('/').next().unwrap_or("bash")),
                'v' => out.push_str("5.2"),
                'V' => out.push_str("5.2.15"),
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                'a' => out.push('\x07'),
                'e' => out.push('\x1b'),
                '[' | ']' => {}
                't' => out.push_str(&date("%H:%M:%S")),
                'T' => out.push_str(&date("%I:%M:%S")),
                '@' => out.push_str(&date("%I:%M %p")),
                'A' => out.push_str(&date("%H:%M")),
                'd' => out.push_str(&date("%a %b %d")),
                'D' => {
                    let format = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
                    if let Some((format, tail)) = format {
                        out.push_str(&date(if format.is_empty() { "%X" } else { format }));
                        rest = tail;
                    }
                }
                'j' => out.push_str(&self.jobs.len().to_string()),
                'l' => out.push_str("tty"),
                '!' | '#' => out.push_str(&self.history.next_number().to_string()),
                '\\' => out.push('\\'),
                '0'..='7' => {
                    let tail = rest.len() - rest.trim_start_matches(|d: char| d.is_digit(8)).len();
                    let n = tail.min(2);
                    let code = u8::from_str_radix(&format!("{c}{}", &rest[..n]), 8).unwrap_or(b'?');
                    out.push(char::from(code));
                    rest = &rest[n..];
                }
                c => out.extend(['\\', c]),
            }
        }
        out.push_str(rest);
        out
    }

    /// The prompt that a variable holds, ready to print.
    pub(super) async fn full_prompt(&mut self, variable: &str) -> String {
        let text = self.vars.text(variable).unwrap_or_default().to_string();
        let text = self.prompt(&text);
        if !text.contains(['$', '`']) {
            return text;
        }
        let (status, sub) = (self.status, self.sub_status);
        let full = match self.expand_quoted(&text).await {
            Ok(full) => full,
            Err(_) => text,
        };
        (self.status, self.sub_status) = (status, sub);
        full
    }
}
