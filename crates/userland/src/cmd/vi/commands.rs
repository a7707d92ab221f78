//! What each `:` command does. Not here: reading its line (`ex`). Source: vim's ex-cmd-index.

use super::Vi;
use super::operator::{REPORT, Stretch};
use super::text::pos;

impl Vi {
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn run_command(
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
                machine::sort_by_key(&mut names, |c| (*c != '"', *c));
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
}
