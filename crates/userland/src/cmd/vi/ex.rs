//! `:` commands: ranges, names, arguments. Not here: `:s` and `:g` (`substitute`), `:set` (`set`), files (`file`).
//! Source: vim's cmdline.txt, its ex-cmd-index.

use super::Vi;
use super::search::split;
use super::text::pos;
use std::future::Future;
use std::pin::Pin;

/// Commands and the shortest form of their names.
const COMMANDS: &[(&str, usize)] = &[
    ("&", 1),
    ("<", 1),
    ("=", 1),
    (">", 1),
    ("Next", 1),
    ("args", 2),
    ("cd", 2),
    ("copy", 2),
    ("cquit", 2),
    ("delete", 1),
    ("display", 2),
    ("edit", 1),
    ("exit", 3),
    ("file", 1),
    ("global", 1),
    ("help", 1),
    ("history", 3),
    ("join", 1),
    ("k", 1),
    ("list", 1),
    ("mark", 2),
    ("move", 1),
    ("next", 1),
    ("nohlsearch", 3),
    ("normal", 4),
    ("number", 2),
    ("print", 1),
    ("previous", 4),
    ("put", 2),
    ("pwd", 2),
    ("qall", 2),
    ("quit", 1),
    ("quitall", 5),
    ("read", 1),
    ("redo", 3),
    ("registers", 3),
    ("saveas", 3),
    ("set", 2),
    ("shell", 2),
    ("stop", 2),
    ("substitute", 1),
    ("suspend", 3),
    ("syntax", 2),
    ("t", 1),
    ("undo", 1),
    ("update", 2),
    ("version", 2),
    ("vglobal", 1),
    ("wall", 2),
    ("wq", 2),
    ("wqall", 3),
    ("write", 1),
    ("xall", 2),
    ("xit", 1),
    ("yank", 1),
];

/// Commands that take a bar as part of their argument.
const TAKE_BARS: [&str; 5] = ["global", "vglobal", "normal", "!", "help"];

impl Vi {
    /// Asks for a line of commands and carries it out. It stays on the screen if it says nothing.
    pub(super) async fn ex(&mut self, start: &str) {
        let Some(line) = self.command_line(':', start).await else { return };
        if !line.is_empty() {
            self.say(format!(":{line}"));
            self.told = false;
        }
        self.execute(&line).await;
        self.want = self.at.col;
    }

    /// Carries out a line of commands.
    pub(super) fn execute<'a>(&'a mut self, line: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let mut rest = line.trim_start_matches([':', ' ', '\t']).to_string();
            self.text.begin();
            while !rest.is_empty() && self.quit.is_none() {
                let Some(after) = self.one(&rest).await else { break };
                rest = after.trim_start_matches([':', ' ', '\t']).to_string();
            }
        })
    }

    /// One line number of a range; gives what is behind it. `Err`: a message was given.
    pub(super) fn address<'a>(&mut self, text: &'a str, current: usize) -> Result<(Option<usize>, &'a str), ()> {
        let mut chars = text.chars();
        let (mut row, mut rest) = match chars.next() {
            Some('.') => (Some(current), chars.as_str()),
            Some('$') => (Some(self.text.len() - 1), chars.as_str()),
            Some('\'') => {
                let name = chars.next().unwrap_or(' ');
                match self.marks.get(&name) {
                    Some(p) => (Some(p.row), chars.as_str()),
                    None => {
                        self.fail("E20: Mark not set");
                        return Err(());
                    }
                }
            }
            Some(mark @ ('/' | '?')) => {
                let tail = chars.as_str();
                let (pattern, after) = split(tail, mark);
                let regex = self.compile(&pattern).ok_or(())?;
                let from = if mark == '/' { pos(current, usize::MAX) } else { pos(current, 0) };
                let Some((found, _)) = self.seek(&regex, from, mark == '/') else {
                    self.fail(format!("E486: Pattern not found: {}", self.pattern));
                    return Err(());
                };
                let left = after.map_or(0, |a| a.len());
                (Some(found.row), &tail[tail.len() - left..])
            }
            Some(c) if c.is_ascii_digit() => {
                let n = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                (Some(text[..n].parse::<usize>().unwrap_or(usize::MAX / 2).wrapping_sub(1)), &text[n..])
            }
            Some('+' | '-') => (Some(current), text),
            _ => return Ok((None, text)),
        };
        while let Some(sign @ ('+' | '-')) = rest.chars().next() {
            let digits = &rest[1..];
            let n = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let by: usize = if n == 0 { 1 } else { digits[..n].parse().unwrap_or(0) };
            row = row.map(|r| if sign == '+' { r.wrapping_add(by) } else { r.wrapping_sub(by) });
            rest = &digits[n..];
        }
        Ok((row, rest))
    }

    /// One command; gives what follows behind a bar. `None`: nothing, or an error.
    async fn one(&mut self, line: &str) -> Option<String> {
        let mut rows: Vec<usize> = Vec::new();
        let mut rest = line;
        let mut given = 0;
        if let Some(after) = rest.strip_prefix('%') {
            (rows, rest, given) = (vec![0, self.text.len() - 1], after, 2);
        } else {
            let mut current = self.at.row;
            loop {
                let (row, after) = self.address(rest, current).ok()?;
                rest = after.trim_start();
                if let Some(row) = row {
                    rows.push(row);
                    given += 1;
                } else if rest.starts_with([',', ';']) || !rows.is_empty() && given < 2 {
                    rows.push(self.at.row);
                }
                match rest.chars().next() {
                    Some(c @ (',' | ';')) => {
                        rest = rest[1..].trim_start();
                        if c == ';' {
                            current = rows.last().copied().unwrap_or(current);
                        }
                    }
                    _ => break,
                }
            }
        }
        // Line 0 is in front of the first one.
        let zero = rows.last() == Some(&usize::MAX);
        let last = self.text.len() - 1;
        if rest.is_empty() {
            rows.iter_mut().filter(|r| **r != usize::MAX).for_each(|r| *r = (*r).min(last));
        } else if rows.iter().any(|&r| r != usize::MAX && r > last) {
            self.fail("E16: Invalid range");
            return None;
        }
        let row = |r: usize| if r == usize::MAX { 0 } else { r };
        let to = rows.last().map_or(self.at.row, |&r| row(r));
        let from = if rows.len() > 1 { row(rows[rows.len() - 2]) } else { to };
        let (from, to) = (from.min(to), from.max(to));
        let len = match rest.chars().next() {
            None => {
                if given > 0 {
                    self.jumped = self.at;
                    self.at = pos(to, self.text.indent(to));
                }
                return None;
            }
            Some(c) if c.is_ascii_alphabetic() => {
                let n = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                // `:kx`, `:s/…`, `:g/…` need no blank before the argument; `:s` and `:g` with letters behind are flags.
                if rest.starts_with('k') && !rest.starts_with("ke") { 1 } else { n }
            }
            Some(c) => c.len_utf8(),
        };
        let word = &rest[..len];
        let mut args = rest[len..].to_string();
        let found = if word == "!" { Some("!") } else { command(word) };
        let Some(name) = found.or_else(|| substitute_flags(word)) else {
            self.fail(format!("E492: Not an editor command: {line}"));
            return None;
        };
        if found.is_none() {
            args = rest[1..].to_string();
        }
        let shell = name == "!" || name == "read" && args.trim_start().starts_with('!') || name == "write" && args.starts_with(" !");
        let mut tail = None;
        if !TAKE_BARS.contains(&name) && !shell {
            let (own, more) = split(&args, '|');
            if more.is_some() {
                (args, tail) = (own, more);
            }
        }
        let bang = args.starts_with('!') && !shell;
        let arg = args.strip_prefix('!').filter(|_| bang).unwrap_or(&args).trim().to_string();
        let arg = if shell || matches!(name, "edit" | "read" | "write" | "saveas" | "file") { self.file_names(&arg) } else { arg };
        let ranged = if given > 0 { (from, to) } else { (0, self.text.len() - 1) };
        self.run_command(name, (from, to), ranged, given, zero, bang, &arg).await;
        if self.bad { None } else { tail }
    }

    /// `%` and `#` stand for the current and the alternate file's name.
    fn file_names(&self, arg: &str) -> String {
        let mut out = String::new();
        let mut chars = arg.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if matches!(chars.peek(), Some('%' | '#')) => out.extend(chars.next()),
                '%' => out.push_str(&self.name),
                '#' if !self.alternate.is_empty() => out.push_str(&self.alternate),
                c => out.push(c),
            }
        }
        out
    }
}

/// The full name of a command.
fn command(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(name, least)| name.starts_with(word) && word.len() >= *least).map(|c| c.0)
}

/// `:sgi`: a repeated substitution with flags.
fn substitute_flags(word: &str) -> Option<&'static str> {
    let flags = word.strip_prefix('s')?;
    flags.bytes().all(|b| b"gcein&".contains(&b)).then_some("substitute")
}
