//! `:` commands: ranges, names, arguments. Not here: `:s` and `:g` (`substitute`), `:set` (`set`), files (`file`).
//! Source: vim's cmdline.txt, its ex-cmd-index.

use super::Vi;
use super::operator::{REPORT, Stretch};
use super::search::split;
use super::text::pos;
use crate::util::keys::ESC;
use machine::{Run, STDOUT, Spawn, WaitFor};
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
    fn address<'a>(&mut self, text: &'a str, current: usize) -> Result<(Option<usize>, &'a str), ()> {
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

    #[allow(clippy::too_many_arguments)]
    async fn run_command(
        &mut self,
        name: &str,
        (from, to): (usize, usize),
        all: (usize, usize),
        given: usize,
        zero: bool,
        bang: bool,
        arg: &str,
    ) {
        let lines = Stretch { from: pos(from, 0), to: pos(to, 0), whole: true };
        match name {
            "quit" | "qall" | "quitall" => self.leave(bang),
            "cquit" => self.quit = Some(1),
            "write" if arg.starts_with('!') => {
                let bytes = self.text.bytes(all.0, all.1 + 1);
                let out = self.filter(&arg[1..], &bytes).await;
                self.show_bytes(&out).await;
            }
            "write" | "update" | "wall" => {
                if name == "write" || self.text.modified() {
                    let (target, append) = match arg.strip_prefix(">>") {
                        Some(target) => (target.trim(), true),
                        None => (arg, false),
                    };
                    self.write(all.0, all.1, target, bang, append).await;
                }
            }
            "wq" | "wqall" | "xit" | "exit" | "xall" => {
                self.text.commit(self.sys.now());
                let needed = name.starts_with('w') || self.text.modified();
                if !needed || self.write(all.0, all.1, arg, bang, false).await {
                    self.leave(false);
                }
            }
            "saveas" => {
                if self.write(0, self.text.len() - 1, arg, bang, false).await {
                    self.name = arg.to_string();
                    self.text.set_saved();
                }
            }
            "edit" => self.reedit(arg, bang).await,
            "next" => self.other_file(true, bang).await,
            "previous" | "Next" => self.other_file(false, bang).await,
            "args" => {
                let list: Vec<String> =
                    self.files.iter().enumerate().map(|(i, f)| if i == self.file { format!("[{f}]") } else { f.clone() }).collect();
                self.say(list.join(" "));
            }
            "file" if arg.is_empty() => self.tell_file(),
            "file" => {
                self.name = arg.to_string();
                self.tell_file();
            }
            "read" => {
                let row = if zero { 0 } else { to + 1 };
                match arg.strip_prefix('!') {
                    Some(command) => {
                        let before = self.text.len();
                        let out = self.filter(command, b"").await;
                        self.insert_bytes(row, &out);
                        self.report(before);
                    }
                    None => self.insert_file(row, arg).await,
                }
            }
            "substitute" | "&" => self.substitute(from, to, arg).await,
            "global" | "vglobal" => self.global(all.0, all.1, arg, bang || name == "vglobal").await,
            "delete" | "yank" => {
                self.register = arg.chars().next().filter(|c| c.is_ascii_alphabetic());
                let at = self.at;
                self.apply(if name == "delete" { 'd' } else { 'y' }, lines, 1).await;
                if name == "yank" {
                    self.at = at;
                }
            }
            "put" => {
                self.register = arg.chars().next();
                self.at.row = to;
                let name = self.register.unwrap_or('"');
                if let Some(reg) = self.registers.get(&name).cloned() {
                    self.registers.insert(name, super::Register { whole: true, ..reg });
                }
                self.put(bang || zero, 1);
            }
            "join" => {
                let count = if given > 1 { to - from + 1 } else { 2 };
                self.join(from, count, !bang);
            }
            ">" | "<" => {
                let depth = 1 + arg.chars().filter(|c| name.starts_with(*c)).count();
                self.apply(if name == ">" { '>' } else { '<' }, lines, depth).await;
            }
            "copy" | "t" | "move" => self.copy_or_move(name == "move", from, to, arg),
            "mark" | "k" => {
                if let Some(c) = arg.chars().next() {
                    self.marks.insert(c, pos(to, 0));
                } else {
                    self.fail("E471: Argument required");
                }
            }
            "set" => self.set(arg).await,
            "undo" | "redo" => self.undo(name == "redo"),
            "normal" => {
                for c in arg.chars().chain(['\u{1b}']).rev() {
                    self.queue.push_front(c);
                }
            }
            "=" => self.say((if given > 0 { to + 1 } else { self.text.len() }).to_string()),
            "print" | "list" | "number" => {
                let numbered = name == "number" || self.options.on("number");
                let width = self.text.len().to_string().len().max(3);
                let line = |row: usize| {
                    let text: String = self.text.line(row).iter().collect();
                    if numbered { format!("{:>width$} {text}", row + 1) } else { text }
                };
                let list: Vec<String> = (from..=to).map(line).collect();
                self.at = pos(to, self.text.indent(to));
                self.show(&list).await;
            }
            "registers" | "display" => {
                let mut list = vec!["Type Name Content".to_string()];
                let mut names: Vec<char> = self.registers.keys().copied().collect();
                names.sort_by_key(|c| (*c != '"', *c));
                for name in names {
                    let kind = if self.registers.get(&name).is_some_and(|r| r.whole) { 'l' } else { 'c' };
                    let text: String = self.register_text(name).into_iter().collect::<String>().replace('\n', "^J");
                    list.push(format!("  {kind}  \"{name}   {text}"));
                }
                self.show(&list).await;
            }
            "history" => {
                let list: Vec<String> = self.history.iter().enumerate().map(|(i, h)| format!("{:7}  {}", i + 1, &h[1..])).collect();
                self.show(&list).await;
            }
            "cd" => {
                if self.sys.chdir(if arg.is_empty() { "/root" } else { arg }).await.is_err() {
                    self.fail(format!("E344: Can't find directory \"{arg}\" in cdpath"));
                }
            }
            "pwd" => {
                let dir = self.sys.getcwd().await.unwrap_or_default();
                self.say(dir);
            }
            "!" if given > 0 => {
                let bytes = self.text.bytes(from, to + 1);
                let out = self.filter(arg, &bytes).await;
                self.text.remove(from, to + 1);
                let blank = self.text.len() == 1 && self.text.line(0).is_empty() && to + 1 - from >= 1;
                self.insert_bytes(from, &out);
                if blank && !out.is_empty() {
                    self.text.remove(self.text.len() - 1, self.text.len());
                }
                self.at = pos(from.min(self.text.len() - 1), 0);
                if to - from + 1 > REPORT {
                    self.say(format!("{} lines filtered", to - from + 1));
                }
            }
            "!" => {
                let command = arg.replace('!', &self.shell);
                self.shell.clone_from(&command);
                self.outside(&format!(":!{command}"), vec!["-c".into(), command]).await;
            }
            "shell" => self.outside("", Vec::new()).await,
            "stop" | "suspend" => self.queue.push_front('\u{1a}'),
            "nohlsearch" | "syntax" => {}
            "version" => self.show(&["VIM - Vi IMproved 9.0 (2022 Jun 28, compiled May 04 2023 10:24:44)".to_string()]).await,
            other => self.fail(format!(":{other}: not simulated here")),
        }
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

    fn copy_or_move(&mut self, moves: bool, from: usize, to: usize, arg: &str) {
        let Ok((Some(target), _)) = self.address(arg, self.at.row) else {
            self.fail(if arg.is_empty() { "E14: Invalid address" } else { "E16: Invalid range" });
            return;
        };
        let mut below = target.wrapping_add(1);
        if below > self.text.len() {
            self.fail("E16: Invalid range");
            return;
        }
        let before = self.text.len();
        let n = to - from + 1;
        let lines = if moves {
            if below > from && below <= to {
                self.fail("E134: Cannot move a range of lines into itself");
                return;
            }
            if below > to {
                below -= n;
            }
            let gone = self.text.lines[from..=to].to_vec();
            if n == self.text.len() {
                return;
            }
            self.text.remove(from, to + 1);
            gone
        } else {
            self.text.lines[from..=to].to_vec()
        };
        self.text.insert(below, lines);
        let row = below + n - 1;
        self.at = pos(row, self.text.indent(row));
        if moves && n > REPORT {
            self.say(format!("{n} lines moved"));
        }
        self.report(before);
    }

    /// What a shell command makes of some bytes.
    async fn filter(&mut self, command: &str, input: &[u8]) -> Vec<u8> {
        let (Ok((in_r, in_w)), Ok((out_r, out_w))) = (self.sys.pipe().await, self.sys.pipe().await) else { return Vec::new() };
        let sys = self.sys.clone();
        let mut spawn = Spawn::exec("/bin/bash", vec!["bash".into(), "-c".into(), command.into()]);
        spawn.fds = vec![(0, in_r), (1, out_w), (2, out_w)];
        let child = sys.spawn(spawn).await;
        let _ = (sys.close(in_r).await, sys.close(out_w).await);
        // The input is written by a process of its own: neither side waits for the other for ever.
        let bytes = input.to_vec();
        let mut writer = Spawn::exec("", sys.args().to_vec());
        writer.run = Run::Fork(Box::new(move |sys| {
            Box::pin(async move {
                let _ = sys.write(1, &bytes).await;
                0
            })
        }));
        writer.fds = vec![(1, in_w)];
        let writer = sys.spawn(writer).await;
        let _ = sys.close(in_w).await;
        let out = sys.read_all(out_r).await.unwrap_or_default();
        let _ = sys.close(out_r).await;
        for pid in [child, writer].into_iter().flatten() {
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
        out
    }

    /// Runs a shell on the terminal as it was, and waits for Enter.
    async fn outside(&mut self, title: &str, args: Vec<String>) {
        self.text.commit(self.sys.now());
        self.keys.leave().await;
        if !title.is_empty() {
            self.sys.print(STDOUT, format_args!("\n"));
            if self.text.modified() {
                self.sys.print(STDOUT, format_args!("[No write since last change]\n"));
            }
        }
        let mut argv = vec!["bash".to_string()];
        argv.extend(args);
        let status = match self.sys.spawn(Spawn::exec("/bin/bash", argv)).await {
            Ok(pid) => self.sys.wait(WaitFor::Pid(pid), true, false).await,
            Err(_) => Ok(None),
        };
        if !title.is_empty() {
            if let Ok(Some((_, machine::ChildStatus::Exited(n)))) = status
                && n != 0
            {
                self.sys.print(STDOUT, format_args!("\nshell returned {n}\n"));
            }
            self.sys.print(STDOUT, format_args!("\nPress ENTER or type command to continue"));
            self.keys.raw().await;
            self.wait_enter().await;
            self.sys.print(STDOUT, format_args!("\r\n"));
        }
        self.keys.enter().await;
        self.drawn.clear();
    }

    async fn wait_enter(&mut self) {
        let key = self.keys.key().await;
        if key == ':' {
            self.queue.push_front(key);
        }
    }

    /// Shows lines over the text and waits for Enter.
    pub(super) async fn show(&mut self, lines: &[String]) {
        match lines {
            [one] => self.say(one.clone()),
            _ => self.show_all(lines, true).await,
        }
    }
    /// `below`: below the bottom line; else in its place.
    pub(super) async fn show_all(&mut self, lines: &[String], below: bool) {
        self.draw();
        self.sys.print(STDOUT, format_args!("\x1b[{};1H{}", self.height() + 1, if below { "\r\n" } else { "\x1b[2K" }));
        let page = self.height();
        for (n, line) in lines.iter().enumerate() {
            self.sys.print(STDOUT, format_args!("{line}\r\n"));
            if n % page == page - 1 && n + 1 < lines.len() {
                self.sys.print(STDOUT, format_args!("\x1b[1m-- More --\x1b[m"));
                let key = self.keys.key().await;
                self.sys.print(STDOUT, format_args!("\r\x1b[K"));
                if matches!(key, 'q' | ESC | '\u{3}') {
                    break;
                }
            }
        }
        self.sys.print(STDOUT, format_args!("Press ENTER or type command to continue"));
        self.wait_enter().await;
        self.say("");
        self.drawn.clear();
    }
    async fn show_bytes(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let list: Vec<String> = text.lines().map(String::from).collect();
        if !list.is_empty() {
            self.show(&list).await;
        }
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
