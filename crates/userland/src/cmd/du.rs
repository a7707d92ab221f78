//! du, df: space that files take, space that there is.  Source: POSIX du and df, coreutils 9.1. Not here: other file systems.

use crate::util::gnu;
use crate::util::quote::quote;
use crate::util::walk::join;
use crate::{Arg, Ex, Given, Opt, Spec};
use machine::{STDOUT, Stat, Sys};
use std::pin::Pin;

pub(super) const SPEC: Spec = Spec {
    name: "du",
    path: "/usr/bin/du",
    synopsis: "[OPTION]... [FILE]...",
    about: "estimate file space usage",
    run: |sys| Box::pin(du(sys)),
    examples: &[
        Ex {
            sh: "mkdir -p d/e; head -c 5000 /dev/zero > d/e/f; du d; du -sh d; du -b d/e/f; du -ac d | tail -1",
            out: "12\td/e\n16\td\n16K\td\n5000\td/e/f\n16\ttotal\n",
            code: 0,
        },
        Ex { sh: "du nosuch", out: "du: cannot access 'nosuch': No such file or directory\n", code: 1 },
    ],
};

pub(super) const DF: Spec = Spec {
    name: "df",
    path: "/usr/bin/df",
    synopsis: "[OPTION]... [FILE]...",
    about: "report file system space usage",
    run: |sys| Box::pin(df(sys)),
    examples: &[Ex { sh: "df nosuch", out: "df: nosuch: No such file or directory\n", code: 1 }],
};

const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(0, "apparent-size", Arg::No),
    Opt(b'b', "bytes", Arg::No),
    Opt(b'B', "block-size", Arg::Yes),
    Opt(b'c', "total", Arg::No),
    Opt(b'd', "max-depth", Arg::Yes),
    Opt(b'h', "human-readable", Arg::No),
    Opt(b'k', "", Arg::No),
    Opt(b'L', "dereference", Arg::No),
    Opt(b'l', "count-links", Arg::No),
    Opt(b'm', "", Arg::No),
    Opt(b'P', "no-dereference", Arg::No),
    Opt(b'S', "separate-dirs", Arg::No),
    Opt(b's', "summarize", Arg::No),
    Opt(0, "si", Arg::No),
    Opt(b'x', "one-file-system", Arg::No),
    Opt(b'0', "null", Arg::No),
    Opt(0, "exclude", Arg::Yes),
    Opt(0, "time", Arg::Maybe),
    Opt(0, "inodes", Arg::No),
    Opt(b't', "threshold", Arg::Yes),
];

struct Du {
    sys: Sys,
    all: bool,
    apparent: bool,
    follow: bool,
    links: bool,
    separate: bool,
    most: Option<u64>,
    human: u64,
    block: u64,
    end: char,
    exclude: Vec<String>,
    seen: Vec<u32>,
    /// More than one operand.
    several: bool,
    status: i32,
}

async fn du(sys: Sys) -> i32 {
    let help = "Usage: du [OPTION]... [FILE]...\n  or:  du [OPTION]... --files0-from=F\nSummarize device usage of the set of FILEs, recursively for directories.\n\n";
    let given: Given = match gnu::options(&sys, OPTIONS, help, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    for long in ["time", "inodes", "threshold"] {
        if given.has_long(OPTIONS, long) {
            sys.unsupported(&format!("--{long}"));
            return 1;
        }
    }
    let mut most = None;
    if let Some(text) = given.value(OPTIONS, b'd') {
        most = gnu::digits(text);
        if most.is_none() {
            return gnu::misuse(&sys, 1, format_args!("invalid maximum depth {}", quote(text)));
        }
    }
    if has(b's') {
        if has(b'a') {
            return gnu::misuse(&sys, 1, format_args!("cannot both summarize and show all entries"));
        }
        if most.is_some_and(|m| m > 0) {
            return gnu::misuse(&sys, 1, format_args!("warning: summarizing conflicts with --max-depth={}", most.unwrap_or(0)));
        }
        most = Some(0);
    }
    let (mut human, mut block) = (0, 1024);
    for (i, value) in &given.options {
        match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'h', _) => human = 1024,
            (_, "si") => human = 1000,
            (b'k', _) => (human, block) = (0, 1024),
            (b'm', _) => (human, block) = (0, 1 << 20),
            (b'b', _) => (human, block) = (0, 1),
            (b'B', _) => {
                let text = value.as_deref().unwrap_or("");
                block = gnu::size(text).or_else(|| gnu::size(&format!("1{text}"))).filter(|b| *b > 0).unwrap_or(0);
                if block == 0 {
                    sys.complain(format_args!("invalid -B argument '{text}'"));
                    return 1;
                }
            }
            _ => {}
        }
    }
    let mut du = Du {
        sys: sys.clone(),
        all: has(b'a'),
        apparent: has(b'b') || given.has_long(OPTIONS, "apparent-size"),
        follow: has(b'L'),
        links: has(b'l'),
        separate: has(b'S'),
        most,
        human,
        block,
        end: if has(b'0') { '\0' } else { '\n' },
        exclude: given.options.iter().filter(|(i, _)| OPTIONS[*i].1 == "exclude").filter_map(|(_, v)| v.clone()).collect(),
        seen: Vec::new(),
        several: given.operands.len() > 1,
        status: 0,
    };
    let names = if given.operands.is_empty() { vec![".".to_string()] } else { given.operands.clone() };
    let mut total = 0;
    for name in names {
        total += du.walk(name, 0).await;
    }
    if has(b'c') {
        du.show(total, "total");
    }
    du.status
}

impl Du {
    fn show(&self, size: u64, name: &str) {
        let text = if self.human > 0 { gnu::human(size, self.human) } else { size.div_ceil(self.block).to_string() };
        self.sys.print(STDOUT, format_args!("{text}\t{name}{}", self.end));
    }
    fn size(&self, s: &Stat) -> u64 {
        if self.apparent { s.size } else { s.blocks() * 512 }
    }
    fn walk(&mut self, path: String, depth: u64) -> Pin<Box<dyn Future<Output = u64> + '_>> {
        Box::pin(async move {
            let sys = self.sys.clone();
            let hit = |p: &String| pattern::fnmatch(p, crate::util::walk::base(&path), pattern::GlobFlags::default());
            if self.exclude.iter().any(hit) {
                return 0;
            }
            let stat = match if self.follow { sys.stat(&path).await } else { sys.lstat(&path).await } {
                Ok(s) => s,
                Err(e) => {
                    gnu::cannot(&sys, "access", &path, e);
                    self.status = 1;
                    return 0;
                }
            };
            // What has several names is counted once, and what is given twice.
            if self.several || stat.nlink > 1 && !self.links && !stat.is_dir() {
                if self.seen.contains(&stat.ino) {
                    return 0;
                }
                self.seen.push(stat.ino);
            }
            let mut size = self.size(&stat);
            let mut below = 0;
            if stat.is_dir() {
                match sys.read_dir(&path).await {
                    Ok(names) => {
                        for e in names {
                            let part = self.walk(join(&path, &e.name), depth + 1).await;
                            if e.kind == machine::FileKind::Dir && self.separate { below += part } else { size += part }
                        }
                    }
                    Err(e) => {
                        gnu::cannot(&sys, "read directory", &path, e);
                        self.status = 1;
                    }
                }
            }
            if (stat.is_dir() || self.all || depth == 0) && self.most.is_none_or(|m| depth <= m) {
                self.show(size, &path);
            }
            size + below
        })
    }
}

const DF_OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b'h', "human-readable", Arg::No),
    Opt(b'H', "si", Arg::No),
    Opt(b'i', "inodes", Arg::No),
    Opt(b'k', "", Arg::No),
    Opt(b'l', "local", Arg::No),
    Opt(b'm', "", Arg::No),
    Opt(b'P', "portability", Arg::No),
    Opt(b'T', "print-type", Arg::No),
    Opt(b't', "type", Arg::Yes),
    Opt(b'x', "exclude-type", Arg::Yes),
];

async fn df(sys: Sys) -> i32 {
    let table = DF_OPTIONS;
    let help = "Usage: df [OPTION]... [FILE]...\nShow information about the file system on which each FILE resides,\nor all file systems by default.\n\n";
    let given = match gnu::options(&sys, table, help, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(table, c);
    for c in *b"itx" {
        if has(c) {
            sys.unsupported(&format!("-{}", char::from(c)));
            return 1;
        }
    }
    let mut status = 0;
    let mut rows = 0;
    let names = if given.operands.is_empty() { vec!["/".to_string()] } else { given.operands.clone() };
    for name in &names {
        if let Err(e) = sys.stat(name).await {
            sys.complain(format_args!("{}: {e}", gnu::colon(name)));
            status = 1;
        } else {
            rows += 1;
        }
    }
    if rows == 0 {
        return status;
    }
    let (used, total) = sys.statfs("/").await.unwrap_or((0, 0));
    // ext4 keeps a twentieth for root.
    let free = total.saturating_sub(used);
    let available = free.saturating_sub(total / 20);
    let percent = if used + available == 0 { 0 } else { (used * 100).div_ceil(used + available) };
    let show = |n: u64| match (has(b'h'), has(b'H'), has(b'm')) {
        (true, ..) => gnu::human(n, 1024),
        (_, true, _) => gnu::human(n, 1000),
        (.., true) => n.div_ceil(1 << 20).to_string(),
        _ => n.div_ceil(1024).to_string(),
    };
    let (blocks, avail, use_) = match (has(b'h') || has(b'H'), has(b'm'), has(b'P')) {
        (true, ..) => ("Size", "Avail", "Use%"),
        (_, true, _) => ("1M-blocks", "Available", "Use%"),
        (.., true) => ("1024-blocks", "Available", "Capacity"),
        _ => ("1K-blocks", "Available", "Use%"),
    };
    let cells = [show(total), show(used), show(available), format!("{percent}%")];
    let heads = [blocks, "Used", avail, use_];
    let least = if has(b'h') || has(b'H') { [5, 5, 5, 4] } else { [9, 8, 9, 4] };
    let widths: Vec<usize> = (0..4).map(|i| cells[i].len().max(heads[i].len()).max(if i == 3 { 4 } else { least[i].min(5) })).collect();
    let kind = |text: &str| if has(b'T') { format!(" {text:4}") } else { String::new() };
    let line = |first: &str, k: &str, c: &[&str], last: &str| {
        let mut text = format!("{first:14}{}", kind(k));
        for (i, cell) in c.iter().enumerate() {
            text.push_str(&format!(" {cell:>w$}", w = widths[i]));
        }
        sys.print(STDOUT, format_args!("{text} {last}\n"));
    };
    line("Filesystem", "Type", &heads, "Mounted on");
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    for _ in 0..rows {
        line("/dev/sda1", "ext4", &cells, "/");
    }
    status
}
