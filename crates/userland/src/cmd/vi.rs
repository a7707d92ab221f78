//! vi, vim, view: the screen editor.  Source: vim 9.0 (its help and its messages), as `vim -u NONE -N` with `set ruler`.
//! Not simulated: windows, tabs, swap files, syntax colours, scripts, plugins, block-wise visual mode.

mod commands;
mod ex;
mod file;
mod insert;
mod motion;
mod normal;
mod object;
mod operator;
mod outside;
mod screen;
mod search;
mod set;
mod substitute;
mod text;
mod visual;

use crate::util::keys::{ESC, GONE, Keys, RESIZED};
use crate::{Ex, Spec};
use machine::{Map, STDERR, STDIN, Sys};
use std::collections::VecDeque;
use text::{Line, Pos, Text};

pub(super) const SPEC: Spec = Spec {
    name: "vi",
    path: "/usr/bin/vi",
    synopsis: "[-R] [+line|+/pattern|+command|-c command] [file ...]",
    about: "Vi IMproved, a programmer's text editor",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "vi -Z x", out: "vi: -Z: not simulated here\n", code: 1 }],
};
/// The same under its full name.
pub(super) const VIM: Spec = Spec { name: "vim", path: "/usr/bin/vim", examples: &[], ..SPEC };
/// The same, read-only.
pub(super) const VIEW: Spec = Spec { name: "view", path: "/usr/bin/view", examples: &[], ..SPEC };

/// What keys mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Normal,
    Insert,
    Replace,
    /// By characters, or by lines.
    Visual(bool),
    /// A line is typed at the bottom.
    Command,
}

/// Text that was deleted or copied.
#[derive(Clone, Default)]
struct Register {
    lines: Vec<Line>,
    whole: bool,
}

/// A search within a line.
#[derive(Clone, Copy)]
struct Find {
    kind: char,
    target: char,
}

/// The editor.
struct Vi {
    sys: Sys,
    keys: Keys,
    text: Text,
    at: Pos,
    /// The column that vertical motions go for.
    want: usize,
    /// First line shown.
    top: usize,
    mode: Mode,
    anchor: Pos,
    registers: Map<char, Register>,
    /// Register named for the next command.
    register: Option<char>,
    marks: Map<char, Pos>,
    /// Where the last jump began.
    jumped: Pos,
    find: Option<Find>,
    pattern: String,
    forward: bool,
    /// The key behind a `g` that began no motion.
    after_g: Option<char>,
    message: String,
    /// It tells of an error.
    bad: bool,
    options: set::Values,
    /// Keys to be taken before the keyboard's.
    queue: VecDeque<char>,
    /// Keys of the command being given, and of the last one that changed something.
    given: Vec<char>,
    dot: Vec<char>,
    /// Register and keys of a macro being recorded.
    recording: Option<(char, Vec<char>)>,
    /// The line for `U`.
    line_before: (usize, Line),
    name: String,
    files: Vec<String>,
    file: usize,
    alternate: String,
    command: (char, Vec<char>, usize),
    history: Vec<String>,
    substitution: Option<substitute::Substitution>,
    shell: String,
    drawn: Vec<String>,
    /// The command being carried out has said something.
    told: bool,
    /// That a read-only file is changed was said.
    warned: bool,
    quit: Option<i32>,
}

async fn run(sys: Sys) -> i32 {
    let mut files = Vec::new();
    let mut commands = Vec::new();
    let mut readonly = sys.name() == "view";
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--" => files.extend(args.by_ref().cloned()),
            "-R" => readonly = true,
            "-c" => commands.extend(args.next().cloned()),
            "+" => commands.push("$".into()),
            "--version" => {
                sys.print(machine::STDOUT, format_args!("VIM - Vi IMproved 9.0 (2022 Jun 28, compiled May 04 2023 10:24:44)\n"));
                return 0;
            }
            a if a.starts_with('+') => commands.push(a[1..].to_string()),
            a if a.len() > 1 && a.starts_with('-') => {
                sys.unsupported(a);
                return 1;
            }
            a => files.push(a.to_string()),
        }
    }
    let Some(keys) = Keys::open(&sys, STDIN, true).await else {
        sys.print(STDERR, format_args!("Vim: Warning: Input is not from a terminal\n"));
        return 1;
    };
    let mut vi = Vi::new(sys, keys, files);
    vi.options.set_readonly(readonly);
    vi.open_first(commands).await;
    let status = vi.edit().await;
    vi.keys.leave().await;
    status
}

impl Vi {
    fn new(sys: Sys, keys: Keys, files: Vec<String>) -> Vi {
        Vi {
            sys,
            keys,
            text: Text::new(b""),
            at: Pos::default(),
            want: 0,
            top: 0,
            mode: Mode::Normal,
            anchor: Pos::default(),
            registers: Map::new(),
            register: None,
            marks: Map::new(),
            jumped: Pos::default(),
            find: None,
            pattern: String::new(),
            forward: true,
            after_g: None,
            message: String::new(),
            bad: false,
            options: set::Values::default(),
            queue: VecDeque::new(),
            given: Vec::new(),
            dot: Vec::new(),
            recording: None,
            line_before: (0, Line::default()),
            name: String::new(),
            files,
            file: 0,
            alternate: String::new(),
            command: (':', Vec::new(), 0),
            history: Vec::new(),
            substitution: None,
            shell: String::new(),
            drawn: Vec::new(),
            told: false,
            warned: false,
            quit: None,
        }
    }

    async fn open_first(&mut self, commands: Vec<String>) {
        if self.files.len() > 1 {
            self.sys.print(STDERR, format_args!("{} files to edit\n", self.files.len()));
        }
        if let Some(name) = self.files.first().cloned() {
            self.read_file(&name).await;
        }
        for command in commands {
            self.execute(&command).await;
            self.text.commit(self.sys.now());
        }
    }

    /// Takes commands until one ends the editor.
    async fn edit(&mut self) -> i32 {
        loop {
            if let Some(status) = self.quit {
                return status;
            }
            self.settle();
            self.given.clear();
            self.register = None;
            if self.line_before.0 != self.at.row {
                self.line_before = (self.at.row, self.text.lines.get(self.at.row).cloned().unwrap_or_default());
            }
            let lines = self.text.len();
            (self.told, self.text.cursor) = (false, self.at);
            let repeats = self.normal().await;
            let changed = self.text.commit(self.sys.now());
            if changed && repeats {
                self.dot.clone_from(&self.given);
            }
            if changed && self.text.len() != lines && !self.told {
                self.say("");
            }
            if changed && self.options.on("readonly") && !std::mem::replace(&mut self.warned, true) {
                self.fail("W10: Warning: Changing a readonly file");
            }
            if self.bad && crate::util::columns::width(&self.message) > self.room() {
                // Too long for the bottom line: the screen moves up, and Enter is waited for.
                let mut text = vec![std::mem::take(&mut self.message)];
                if let Some(end) = text[0].strip_prefix('"').and_then(|t| t.find('"')) {
                    text.insert(0, text[0][..end + 2].to_string());
                }
                self.show_all(&text, false).await;
            }
        }
    }

    /// The cursor stays within the text.
    fn settle(&mut self) {
        self.at.row = self.at.row.min(self.text.len() - 1);
        let len = self.text.line(self.at.row).len();
        let most = if matches!(self.mode, Mode::Insert | Mode::Replace) { len } else { len.saturating_sub(1) };
        self.at.col = self.at.col.min(most);
    }

    /// The next key, from a repetition or from the keyboard. The screen is brought up to date first.
    async fn key(&mut self) -> char {
        let key = match self.queue.pop_front() {
            Some(key) => key,
            None => loop {
                if !self.keys.pending() {
                    self.draw();
                }
                match self.keys.key().await {
                    RESIZED => self.drawn.clear(),
                    GONE => {
                        self.quit = Some(1);
                        return ESC;
                    }
                    key => break key,
                }
            },
        };
        self.given.push(key);
        if let Some((_, keys)) = &mut self.recording {
            keys.push(key);
        }
        key
    }

    fn say(&mut self, text: impl Into<String>) {
        self.message = text.into();
        (self.bad, self.told) = (false, true);
    }
    /// Shows an error; what was to be repeated is given up.
    fn fail(&mut self, text: impl Into<String>) {
        self.message = text.into();
        (self.bad, self.told) = (true, true);
        self.queue.clear();
    }
}
