//! ls: list directories.  Source: POSIX ls, coreutils 9.1.
//! Here: options, sorting, walking. What a line looks like: `ls/show.rs`.

mod show;
mod words;

use crate::util::gnu;
use crate::util::quote::quote;
use crate::util::walk::join;
use crate::{Ex, Given, Opt, Spec};
use machine::{Errno, FileKind, STDOUT, Stat, Sys};
use pattern::{GlobFlags, fnmatch};
use show::{Format, Quoting, Style, Time};
use words::*;

pub(super) const SPEC: Spec = Spec {
    name: "ls",
    path: "/usr/bin/ls",
    synopsis: "[OPTION]... [FILE]...",
    about: "list directory contents",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "mkdir d; touch d/b d/.a 'd/c d'; ls d; ls -A d", out: "b\nc d\n.a\nb\nc d\n", code: 0 },
        Ex { sh: "touch -d '2011-08-11 03:51' old; ls -l old", out: "-rw-r--r-- 1 root root 0 Aug 11  2011 old\n", code: 0 },
        Ex { sh: "mkdir d; touch d/x; ls -R d nosuch", out: "ls: cannot access 'nosuch': No such file or directory\nd:\nx\n", code: 2 },
        Ex { sh: "mkdir a b; TERM=xterm ls --color=always", out: "\u{1b}[0m\u{1b}[01;34ma\u{1b}[0m\n\u{1b}[01;34mb\u{1b}[0m\n", code: 0 },
    ],
};

const HELP: &str = "Usage: ls [OPTION]... [FILE]...\nList information about the FILEs (the current directory by default).\nSort entries alphabetically if none of -cftuvSUX nor --sort is specified.\n\n";

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Name,
    None,
    Time,
    Size,
    Extension,
    Version,
    Width,
}

/// One file that is listed.
pub(super) struct Entry {
    name: String,
    /// Nothing: it cannot be looked at.
    stat: Option<Stat>,
    kind: FileKind,
    /// Where a link leads, and what stands there.
    link: Option<(String, Option<Stat>)>,
}

/// All that options say.
struct Ls {
    sys: Sys,
    style: Style,
    sort: Sort,
    reverse: bool,
    dirs_first: bool,
    hidden: u8,
    backups: bool,
    ignore: Vec<String>,
    hide: Vec<String>,
    directory: bool,
    recursive: bool,
    follow: bool,
    follow_operands: bool,
    follow_dirs: bool,
    status: i32,
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 2, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut ls = match options(&sys, &given).await {
        Ok(ls) => ls,
        Err(status) => return status,
    };
    let implicit = given.operands.is_empty();
    let operands = if implicit { vec![".".to_string()] } else { given.operands };
    ls.list(operands, implicit).await;
    ls.status
}

/// What the names of terminals with colours begin with.
const COLOURED: [&str; 10] = ["xterm", "screen", "tmux", "rxvt", "linux", "vt100", "ansi", "cons", "konsole", "putty"];

async fn options(sys: &Sys, given: &Given) -> Result<Ls, i32> {
    let tty = sys.is_tty(STDOUT).await;
    let mut style = Style::new(sys, tty).await;
    let (mut sort, mut sorted, mut time_given, mut ls_format) = (Sort::Name, false, false, None);
    let (mut hidden, mut backups, mut ignore, mut hide) = (0, false, Vec::new(), Vec::new());
    let (mut classify, mut color) = (0, false);
    for (i, value) in &given.options {
        let value = value.as_deref();
        let text = value.unwrap_or("");
        let Opt(letter, long, _) = OPTIONS[*i];
        let format = match letter {
            b'1' if ls_format != Some(Format::Long) => Some(Format::One),
            b'C' => Some(Format::Columns),
            b'x' => Some(Format::Across),
            b'm' => Some(Format::Commas),
            b'l' | b'g' | b'o' | b'n' => Some(Format::Long),
            _ => None,
        };
        ls_format = format.or(ls_format);
        match letter {
            b'a' => hidden = 2,
            b'A' => hidden = 1,
            b'f' => (hidden, sort, sorted, color) = (2, Sort::None, true, false),
            b'B' => backups = true,
            b'I' => ignore.push(text.to_string()),
            b'b' => style.quoting = Quoting::Escape,
            b'N' => style.quoting = Quoting::Literal,
            b'Q' => style.quoting = Quoting::C,
            b'q' => style.question = true,
            b'F' => classify = 3,
            b'p' => classify = 1,
            b'g' => style.owner = false,
            b'o' | b'G' => style.group = false,
            b'n' => style.numeric = true,
            b'h' => (style.human, style.block) = (1024, 1),
            b'k' => style.human = 0,
            b'i' => style.inode = true,
            b's' => style.blocks = true,
            b't' => (sort, sorted) = (Sort::Time, true),
            b'S' => (sort, sorted) = (Sort::Size, true),
            b'U' => (sort, sorted) = (Sort::None, true),
            b'X' => (sort, sorted) = (Sort::Extension, true),
            b'v' => (sort, sorted) = (Sort::Version, true),
            b'c' => (style.time, time_given) = (Time::Change, true),
            b'u' => (style.time, time_given) = (Time::Access, true),
            b'w' | b'T' => match gnu::digits(text) {
                Some(n) if letter == b'w' => style.line = usize::try_from(n).unwrap_or(0),
                Some(_) => {}
                None => {
                    let what = if letter == b'w' { "line width" } else { "tab size" };
                    sys.complain(format_args!("invalid {what}: {}", quote(text)));
                    return Err(2);
                }
            },
            b'D' | b'Z' => {
                sys.unsupported(if letter == b'D' { "--dired" } else { "--context" });
                return Err(2);
            }
            _ => {}
        }
        match long {
            "full-time" => (ls_format, style.time_format) = (Some(Format::Long), Some("full-iso".into())),
            "si" => (style.human, style.block) = (1000, 1),
            "hide" => hide.push(text.to_string()),
            "show-control-chars" => style.question = false,
            "author" => style.author = true,
            "file-type" => classify = 2,
            "zero" => (style.end, ls_format, style.quoting) = ('\0', ls_format.or(Some(Format::One)), Quoting::Literal),
            "classify" => {
                let when = choose(sys, "--classify", value.unwrap_or("always"), WHEN)?;
                classify = if when == 0 || when == 2 && tty { 3 } else { classify };
            }
            "color" => {
                let when = choose(sys, "--color", value.unwrap_or("always"), WHEN)?;
                let term = sys.env("TERM").unwrap_or("");
                let known = COLOURED.iter().any(|t| term.starts_with(t)) || term.contains("color") || term.contains("direct");
                let known = known || ["LS_COLORS", "COLORTERM"].iter().any(|v| sys.env(v).is_some_and(|v| !v.is_empty()));
                color = known && (when == 0 || when == 2 && tty);
            }
            "indicator-style" => classify = choose(sys, "--indicator-style", text, INDICATOR)?,
            "sort" => {
                let all = [Sort::None, Sort::Time, Sort::Size, Sort::Extension, Sort::Version, Sort::Width];
                (sort, sorted) = (all[choose(sys, "--sort", text, SORT)?], true);
            }
            "time" => {
                let all = [Time::Access, Time::Change, Time::Change];
                (style.time, time_given) = (all[choose(sys, "--time", text, TIME)?], true);
            }
            "format" => {
                let all = [Format::Long, Format::Commas, Format::Across, Format::Columns, Format::One];
                ls_format = Some(all[choose(sys, "--format", text, FORMAT)?]);
            }
            "quoting-style" => {
                let all = [Quoting::Literal, Quoting::Shell, Quoting::ShellAlways, Quoting::Shell, Quoting::ShellAlways, Quoting::C];
                style.quoting = *all.get(choose(sys, "--quoting-style", text, QUOTING)?).unwrap_or(&Quoting::Escape);
            }
            "time-style" => style.time_format = Some(text.trim_start_matches("posix-").to_string()),
            "block-size" => match gnu::size(text).or(gnu::size(&format!("1{text}"))) {
                Some(n) if n > 0 => (style.block, style.human, style.block_given) = (n, 0, true),
                _ if text == "human-readable" => style.human = 1024,
                _ => {
                    sys.complain(format_args!("invalid --block-size argument {}", quote(text)));
                    return Err(2);
                }
            },
            "hyperlink" => {
                sys.unsupported("--hyperlink");
                return Err(2);
            }
            _ => {}
        }
    }
    style.set_format(ls_format);
    if let (Some(format), Format::Long) = (style.time_format.clone(), style.format) {
        style.time_style(sys, &format)?;
    }
    if time_given && !sorted && style.format != Format::Long {
        sort = Sort::Time;
    }
    style.classify = classify;
    style.color = color;
    let directory = given.has(OPTIONS, b'd');
    let follow = given.has(OPTIONS, b'L');
    let follow_operands = given.has(OPTIONS, b'H');
    let symlink_dirs = given.has_long(OPTIONS, "dereference-command-line-symlink-to-dir");
    let follow_dirs = symlink_dirs || !(directory || classify == 3 || style.format == Format::Long);
    Ok(Ls {
        sys: sys.clone(),
        style,
        sort,
        reverse: given.has(OPTIONS, b'r'),
        dirs_first: given.has_long(OPTIONS, "group-directories-first"),
        hidden,
        backups,
        ignore,
        hide,
        directory,
        recursive: given.has(OPTIONS, b'R'),
        follow,
        follow_operands,
        follow_dirs,
        status: 0,
    })
}

impl Ls {
    fn fail(&mut self, status: i32, verb: &str, name: &str, e: Errno) {
        gnu::cannot(&self.sys, verb, name, e);
        self.status = self.status.max(status);
    }
    /// Looks at one file.
    async fn look(&self, path: &str, name: String, operand: bool) -> Result<Entry, Errno> {
        let sys = &self.sys;
        let follow = self.follow || operand && self.follow_operands;
        let mut stat = if follow { sys.stat(path).await } else { sys.lstat(path).await };
        if operand && !follow && self.follow_dirs && stat.as_ref().is_ok_and(|s| s.kind == FileKind::Symlink) {
            stat = sys.stat(path).await.ok().filter(Stat::is_dir).map_or(stat, Ok);
        }
        let stat = stat?;
        let mut link = None;
        if stat.kind == FileKind::Symlink && (self.style.format == Format::Long || self.style.color || self.style.classify > 1) {
            link = Some((sys.read_link(path).await.unwrap_or_default(), sys.stat(path).await.ok()));
        }
        Ok(Entry { name, kind: stat.kind, stat: Some(stat), link })
    }
    async fn list(&mut self, operands: Vec<String>, implicit: bool) {
        let (mut files, mut dirs) = (Vec::new(), Vec::new());
        let many = operands.len() > 1;
        for name in operands {
            if implicit && !self.directory {
                // The directory that nobody named is opened without being looked at first.
                dirs.push(Entry { name, stat: None, kind: FileKind::Dir, link: None });
                continue;
            }
            match self.look(&name, name.clone(), true).await {
                Ok(e) if e.kind == FileKind::Dir && !self.directory => dirs.push(e),
                Ok(e) => files.push(e),
                Err(e) => self.fail(2, "access", &name, e),
            }
        }
        self.order(&mut files);
        self.order(&mut dirs);
        let mut first = files.is_empty();
        if !files.is_empty() {
            self.style.entries(&self.sys, &files).await;
        }
        let titles = many || self.recursive;
        // Depth first, in order: the last on the list comes next.
        let mut todo: Vec<(String, bool)> = dirs.into_iter().rev().map(|e| (e.name, true)).collect();
        while let Some((dir, operand)) = todo.pop() {
            let names = match self.sys.read_dir(&dir).await {
                Ok(names) => names,
                Err(e) => {
                    self.fail(if operand { 2 } else { 1 }, "open directory", &dir, e);
                    continue;
                }
            };
            let mut names: Vec<String> = names.into_iter().map(|e| e.name).collect();
            if self.hidden == 2 {
                names.splice(0..0, [".".to_string(), "..".to_string()]);
            }
            let mut entries = Vec::new();
            for name in names {
                if self.skipped(&name) {
                    continue;
                }
                let path = join(&dir, &name);
                match self.look(&path, name.clone(), false).await {
                    Ok(e) => entries.push(e),
                    Err(e) => {
                        self.fail(1, "access", &path, e);
                        entries.push(Entry { name, stat: None, kind: FileKind::File, link: None });
                    }
                }
            }
            self.order(&mut entries);
            if titles {
                let title = self.style.quoted(&dir, false);
                self.sys.print(STDOUT, format_args!("{}{title}:\n", if first { "" } else { "\n" }));
            }
            first = false;
            self.style.total(&self.sys, &entries);
            if !entries.is_empty() {
                self.style.entries(&self.sys, &entries).await;
            }
            if self.recursive {
                let below = entries.iter().rev().filter(|e| e.kind == FileKind::Dir && e.name != "." && e.name != "..");
                todo.extend(below.map(|e| (join(&dir, &e.name), false)));
            }
        }
    }
    /// Whether a name in a directory is passed over.
    fn skipped(&self, name: &str) -> bool {
        let hits = |all: &[String]| all.iter().any(|p| fnmatch(p, name, GlobFlags { period: true, ..GlobFlags::default() }));
        name.starts_with('.') && self.hidden == 0
            || self.backups && name.ends_with('~')
            || hits(&self.ignore)
            || self.hidden == 0 && hits(&self.hide)
    }
    fn order(&self, entries: &mut [Entry]) {
        let Ls { sort, reverse, dirs_first, style, .. } = self;
        if *sort == Sort::None && !dirs_first {
            return;
        }
        let dot = |e: &Entry| e.name.rfind('.').map_or(String::new(), |i| e.name[i..].to_string());
        machine::sort_by(entries, |a, b| {
            let dir = |e: &Entry| e.kind == FileKind::Dir || e.link.as_ref().is_some_and(|l| l.1.as_ref().is_some_and(Stat::is_dir));
            if *dirs_first && dir(a) != dir(b) {
                return dir(b).cmp(&dir(a));
            }
            let order = match sort {
                Sort::None => return std::cmp::Ordering::Equal,
                Sort::Time => style.time_of(b).cmp(&style.time_of(a)),
                Sort::Size => b.stat.as_ref().map(|s| s.size).cmp(&a.stat.as_ref().map(|s| s.size)),
                Sort::Extension => dot(a).cmp(&dot(b)),
                Sort::Version => crate::util::gnu::version(a.name.as_bytes(), b.name.as_bytes()),
                Sort::Width => crate::util::columns::width(&a.name).cmp(&crate::util::columns::width(&b.name)),
                Sort::Name => std::cmp::Ordering::Equal,
            };
            let order = order.then_with(|| a.name.cmp(&b.name));
            if *reverse { order.reverse() } else { order }
        });
    }
}

/// For messages about the argument of a time style.
fn bad_time_style(sys: &Sys, text: &str) -> i32 {
    sys.complain(format_args!("invalid argument {} for {}", quote(text), quote("time style")));
    sys.print(
        machine::STDERR,
        format_args!(
            "Valid arguments are:\n  - [posix-]full-iso\n  - [posix-]long-iso\n  - [posix-]iso\n  - [posix-]locale\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format\nTry 'ls --help' for more information.\n"
        ),
    );
    2
}
