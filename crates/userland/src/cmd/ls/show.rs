//! ls: what one line, or one cell of its columns, looks like: names with quotes, colours and indicators, the long form, sizes, times.
//! Not here: which files in which order (`ls`). Source: coreutils 9.1 ls.c, dircolors(5)'s built-in colours.

use super::Entry;
use crate::util::columns::{columns, width};
use crate::util::date::strftime;
use crate::util::gnu::human;
use crate::util::perm;
use crate::util::quote::{escape, quote_c, shell_escape};
use crate::util::users::Accounts;
use crate::util::zone::Zone;
use machine::{FileKind, STDOUT, SimTime, Stat, Sys};
use std::cell::Cell;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Format {
    One,
    Columns,
    Across,
    Commas,
    Long,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quoting {
    Literal,
    Shell,
    ShellAlways,
    C,
    Escape,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Time {
    Modified,
    Access,
    Change,
}

pub(super) struct Style {
    pub(super) format: Format,
    pub(super) quoting: Quoting,
    /// Control characters as question marks.
    pub(super) question: bool,
    /// 0: no indicators, 1: slashes, 2: all but the star, 3: all.
    pub(super) classify: usize,
    pub(super) color: bool,
    pub(super) inode: bool,
    pub(super) blocks: bool,
    /// 0, or the base of readable sizes.
    pub(super) human: u64,
    pub(super) block: u64,
    pub(super) block_given: bool,
    pub(super) owner: bool,
    pub(super) group: bool,
    pub(super) author: bool,
    pub(super) numeric: bool,
    pub(super) time: Time,
    /// As given: `full-iso`, `+%H`.
    pub(super) time_format: Option<String>,
    /// Columns of the terminal; 0: no end.
    pub(super) line: usize,
    pub(super) end: char,
    tty: bool,
    zone: Zone,
    /// strftime formats of a time that is recent, and of another.
    times: [String; 2],
    colored: Cell<bool>,
}

/// A name as it is shown.
struct Name {
    text: String,
    width: usize,
}

impl Style {
    pub(super) async fn new(sys: &Sys, tty: bool) -> Style {
        let columns = sys.env("COLUMNS").and_then(|c| c.parse().ok()).filter(|c| *c > 0);
        let line = match columns {
            Some(c) => c,
            None => sys.tty_size(STDOUT).await.map_or(80, |(c, _)| usize::from(c)),
        };
        Style {
            format: Format::One,
            quoting: if tty { Quoting::Shell } else { Quoting::Literal },
            question: tty,
            classify: 0,
            color: false,
            inode: false,
            blocks: false,
            human: 0,
            block: 1024,
            block_given: false,
            owner: true,
            group: true,
            author: false,
            numeric: false,
            time: Time::Modified,
            time_format: sys.env("TIME_STYLE").map(String::from),
            line,
            end: '\n',
            tty,
            zone: Zone::of(sys),
            times: ["%b %e %H:%M".into(), "%b %e  %Y".into()],
            colored: Cell::new(false),
        }
    }
    pub(super) fn set_format(&mut self, format: Option<Format>) {
        self.format = format.unwrap_or(if self.tty { Format::Columns } else { Format::One });
    }
    /// Understands the word of a time style.
    pub(super) fn time_style(&mut self, sys: &Sys, text: &str) -> Result<(), i32> {
        let both = |f: &str| [f.to_string(), f.to_string()];
        self.times = match text {
            "full-iso" => both("%Y-%m-%d %H:%M:%S.%N %z"),
            "long-iso" => both("%Y-%m-%d %H:%M"),
            "iso" => ["%m-%d %H:%M".into(), "%Y-%m-%d ".into()],
            "locale" => return Ok(()),
            _ => match text.strip_prefix('+') {
                Some(format) => match format.split_once('\n') {
                    Some((old, recent)) => [recent.into(), old.into()],
                    None => both(format),
                },
                None => return Err(super::bad_time_style(sys, text)),
            },
        };
        Ok(())
    }
    pub(super) fn time_of(&self, e: &Entry) -> Option<SimTime> {
        e.stat.as_ref().map(|s| match self.time {
            Time::Modified => s.mtime,
            Time::Access => s.atime,
            Time::Change => s.ctime,
        })
    }
    /// A name in the quotes that were asked for. `shell`: a name alone, not one in a title.
    pub(super) fn quoted(&self, name: &str, alone: bool) -> String {
        let text = match self.quoting {
            Quoting::Literal => name.to_string(),
            Quoting::Shell => shell_escape(name, false, !alone),
            Quoting::ShellAlways => shell_escape(name, true, false),
            Quoting::C => quote_c(name),
            Quoting::Escape => escape(name, ' '),
        };
        if self.question && self.quoting == Quoting::Literal {
            return text.chars().map(|c| if c.is_ascii_control() { '?' } else { c }).collect();
        }
        text
    }
    /// The colour of a file by the built-in table; empty: none.
    fn paint(stat: Option<&Stat>, kind: FileKind) -> &'static str {
        let mode = stat.map_or(0, |s| s.mode);
        match kind {
            FileKind::Dir if mode & 0o1002 == 0o1002 => "30;42",
            FileKind::Dir if mode & 0o002 != 0 => "34;42",
            FileKind::Dir if mode & 0o1000 != 0 => "37;44",
            FileKind::Dir => "01;34",
            FileKind::Symlink => "01;36",
            FileKind::Fifo => "33",
            FileKind::Socket => "01;35",
            FileKind::CharDev => "01;33",
            FileKind::File if mode & 0o4000 != 0 => "37;41",
            FileKind::File if mode & 0o2000 != 0 => "30;43",
            FileKind::File if mode & 0o111 != 0 => "01;32",
            FileKind::File => "",
        }
    }
    fn indicator(&self, stat: Option<&Stat>, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Dir if self.classify > 0 => "/",
            FileKind::Symlink if self.classify > 1 => "@",
            FileKind::Fifo if self.classify > 1 => "|",
            FileKind::Socket if self.classify > 1 => "=",
            FileKind::File if self.classify > 2 && stat.is_some_and(|s| s.mode & 0o111 != 0) => "*",
            _ => "",
        }
    }
    /// Text in a colour. The first colour of all is preceded by a reset.
    fn colored(&self, text: &str, color: &str) -> String {
        if !self.color || color.is_empty() {
            return text.to_string();
        }
        let first = if self.colored.replace(true) { "" } else { "\u{1b}[0m" };
        format!("{first}\u{1b}[{color}m{text}\u{1b}[0m")
    }
    fn name(&self, e: &Entry, align: bool) -> Name {
        let quoted = self.quoted(&e.name, true);
        let pad = if align && !quoted.starts_with(['\'', '"']) { " " } else { "" };
        let mut text = format!("{pad}{}", self.colored(&quoted, Style::paint(e.stat.as_ref(), e.kind)));
        let mut columns = pad.len() + width(&quoted);
        if self.format == Format::Long
            && let Some((target, stat)) = &e.link
        {
            text.push_str(" -> ");
            let kind = stat.as_ref().map_or(FileKind::File, |s| s.kind);
            let color = if stat.is_some() { Style::paint(stat.as_ref(), kind) } else { "" };
            text.push_str(&self.colored(&self.quoted(target, true), color));
            if stat.is_some() {
                text.push_str(self.indicator(stat.as_ref(), kind));
            }
            return Name { text, width: columns };
        }
        let mark = self.indicator(e.stat.as_ref(), e.kind);
        text.push_str(mark);
        columns += mark.len();
        Name { text, width: columns }
    }
    fn block_text(&self, bytes: u64) -> String {
        if self.human > 0 { human(bytes, self.human) } else { scaled(bytes, if self.block > 1 { self.block } else { 1024 }) }
    }
    fn size_text(&self, stat: &Stat) -> String {
        if self.human > 0 {
            human(stat.size, self.human)
        } else if self.block_given {
            scaled(stat.size, self.block)
        } else {
            stat.size.to_string()
        }
    }
    /// `total 16` of a directory, where sizes are shown.
    pub(super) fn total(&self, sys: &Sys, entries: &[Entry]) {
        if self.format == Format::Long || self.blocks {
            let blocks: u64 = entries.iter().filter_map(|e| e.stat.as_ref()).map(Stat::blocks).sum();
            sys.print(STDOUT, format_args!("total {}{}", self.block_text(blocks * 512), self.end));
        }
    }
    /// Prints the files of one listing.
    pub(super) async fn entries(&self, sys: &Sys, entries: &[Entry]) {
        let quoted = |e: &Entry| matches!(self.quoted(&e.name, true).as_bytes(), [b'\'' | b'"', ..]);
        let lined = self.format == Format::Long || matches!(self.format, Format::Columns | Format::Across) && self.line > 0;
        let align = self.quoting == Quoting::Shell && lined && entries.iter().any(quoted);
        let inodes: Vec<String> = entries.iter().map(|e| e.stat.as_ref().map_or("?".into(), |s| s.ino.to_string())).collect();
        let blocks: Vec<String> =
            entries.iter().map(|e| e.stat.as_ref().map_or("?".into(), |s| self.block_text(s.blocks() * 512))).collect();
        let padded = self.format != Format::Commas;
        let (iw, bw) = (widest(&inodes, padded), widest(&blocks, padded));
        let front = |i: usize| {
            let mut text = String::new();
            if self.inode {
                text.push_str(&format!("{:>iw$} ", inodes[i]));
            }
            if self.blocks {
                text.push_str(&format!("{:>bw$} ", blocks[i]));
            }
            text
        };
        if self.format == Format::Long {
            return self.long(sys, entries, align, &front).await;
        }
        let mut cells = Vec::new();
        let mut widths = Vec::new();
        for (i, e) in entries.iter().enumerate() {
            let (front, name) = (front(i), self.name(e, align));
            widths.push(front.len() + name.width);
            cells.push(front + &name.text);
        }
        match self.format {
            Format::Columns | Format::Across if self.line > 0 => {
                sys.put(STDOUT, columns(&cells, &widths, self.line, self.format == Format::Across).as_bytes());
            }
            Format::Columns | Format::Across => sys.print(STDOUT, format_args!("{}\n", cells.join("  "))),
            Format::Commas => {
                let mut at = 0;
                for (i, cell) in cells.iter().enumerate() {
                    let last = i + 1 == cells.len();
                    if i > 0 && self.line > 0 && at + widths[i] + 2 > self.line {
                        sys.put(STDOUT, b"\n");
                        at = 0;
                    } else if i > 0 {
                        sys.put(STDOUT, b" ");
                        at += 1;
                    }
                    sys.print(STDOUT, format_args!("{cell}{}", if last { "\n" } else { "," }));
                    at += widths[i] + 1;
                }
            }
            _ => {
                for cell in cells {
                    sys.print(STDOUT, format_args!("{cell}{}", self.end));
                }
            }
        }
    }
    async fn long(&self, sys: &Sys, entries: &[Entry], align: bool, front: &dyn Fn(usize) -> String) {
        let accounts = Accounts::read(sys).await;
        let user = |s: &Stat| if self.numeric { s.uid.to_string() } else { accounts.user_name(s.uid) };
        let group = |s: &Stat| if self.numeric { s.gid.to_string() } else { accounts.group_name(s.gid) };
        let column =
            |f: &dyn Fn(&Stat) -> String| -> Vec<String> { entries.iter().map(|e| e.stat.as_ref().map_or("?".into(), f)).collect() };
        let links = column(&|s| s.nlink.to_string());
        let (users, groups) = (column(&user), column(&group));
        // A name stands left, a number right.
        let named = [
            column(&|s| accounts.user_of(s.uid).map_or(String::new(), |_| "n".into())),
            column(&|s| accounts.group_of(s.gid).map_or(String::new(), |_| "n".into())),
        ];
        let dev = |s: &Stat| s.kind == FileKind::CharDev;
        let majors = column(&|s| if dev(s) { s.rdev.0.to_string() } else { String::new() });
        let minors = column(&|s| if dev(s) { s.rdev.1.to_string() } else { String::new() });
        let sizes = column(&|s| if dev(s) { String::new() } else { self.size_text(s) });
        let (majw, minw) = (widest(&majors, true), widest(&minors, true));
        let device = if entries.iter().any(|e| e.stat.as_ref().is_some_and(dev)) { majw + 2 + minw } else { 0 };
        let sw = widest(&sizes, true).max(device);
        let (lw, uw, gw) = (widest(&links, true), widest(&users, true), widest(&groups, true));
        let now = sys.now();
        let half_year = now.secs().saturating_sub(31_556_952 / 2);
        let times: Vec<String> = entries
            .iter()
            .map(|e| {
                self.time_of(e).map_or("?".into(), |t| {
                    let recent = t.secs() > half_year && t <= now;
                    strftime(&self.times[usize::from(!recent)], t, &self.zone)
                })
            })
            .collect();
        let tw = widest(&times, true);
        for (i, e) in entries.iter().enumerate() {
            let mode = e.stat.as_ref().map_or("?????????? ".trim_end().to_string(), perm::full);
            let mode = if e.stat.is_none() { format!("-{}", &mode[1..]) } else { mode };
            sys.print(STDOUT, format_args!("{}{mode} {:>lw$} ", front(i), links[i]));
            let id = |text: &String, w: usize, left: bool| if left { format!("{text:w$} ") } else { format!("{text:>w$} ") };
            let left = |n: usize| !self.numeric && !named[n][i].is_empty();
            if self.owner {
                sys.put(STDOUT, id(&users[i], uw, left(0)).as_bytes());
            }
            if self.group {
                sys.put(STDOUT, id(&groups[i], gw, left(1)).as_bytes());
            }
            if self.author {
                sys.put(STDOUT, id(&users[i], uw, left(0)).as_bytes());
            }
            if majors[i].is_empty() || e.stat.is_none() {
                sys.print(STDOUT, format_args!("{:>sw$} ", sizes[i]));
            } else {
                let extra = sw - device;
                sys.print(STDOUT, format_args!("{:>w$}, {:>minw$} ", majors[i], minors[i], w = majw + extra));
            }
            let time = if e.stat.is_none() { format!("{:>tw$}", times[i]) } else { times[i].clone() };
            sys.print(STDOUT, format_args!("{time} {}{}", self.name(e, align).text, self.end));
        }
    }
}

/// The width of a column.
fn widest(column: &[String], padded: bool) -> usize {
    if padded { column.iter().map(|c| width(c)).max().unwrap_or(0) } else { 0 }
}

/// Bytes in units of `block`, rounded up; the unit's letter behind it if it is one.
fn scaled(bytes: u64, block: u64) -> String {
    bytes.div_ceil(block.max(1)).to_string()
}
