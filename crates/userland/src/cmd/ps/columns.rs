//! ps's columns: names, headers, widths, and what stands in them.
//! Not here: which processes (`ps`). Source: ps(1), STANDARD FORMAT SPECIFIERS.

use crate::util::proc::{Proc, local};
use machine::{DateTime, Sys};

/// What a column can show: names, header, width, whether to the right.
pub(super) struct Kind(&'static [&'static str], &'static str, usize, bool);

const KINDS: &[Kind] = &[
    Kind(&["pid", "tgid", "spid"], "PID", 7, true),
    Kind(&["ppid"], "PPID", 7, true),
    Kind(&["pgid", "pgrp"], "PGID", 7, true),
    Kind(&["sid", "sess", "session"], "SID", 7, true),
    Kind(&["user", "euser", "uname"], "USER", 8, false),
    Kind(&["ruser"], "RUSER", 8, false),
    Kind(&["uid_name"], "UID", 8, false),
    Kind(&["uid", "euid"], "UID", 5, true),
    Kind(&["tty", "tt", "tname"], "TT", 8, false),
    Kind(&["tty_long"], "TTY", 8, false),
    Kind(&["time", "cputime"], "TIME", 8, true),
    Kind(&["bsdtime"], "TIME", 6, true),
    Kind(&["comm", "ucmd", "ucomm"], "COMMAND", 15, false),
    Kind(&["comm_short"], "CMD", 15, false),
    Kind(&["args", "command"], "COMMAND", 27, false),
    Kind(&["cmd"], "CMD", 27, false),
    Kind(&["stat"], "STAT", 4, false),
    Kind(&["s", "state"], "S", 1, false),
    Kind(&["%cpu", "pcpu"], "%CPU", 4, true),
    Kind(&["c"], "C", 2, true),
    Kind(&["%mem", "pmem"], "%MEM", 4, true),
    Kind(&["vsz", "vsize"], "VSZ", 6, true),
    Kind(&["rss", "rssize", "rsz"], "RSS", 5, true),
    Kind(&["sz"], "SZ", 5, true),
    Kind(&["bsdstart"], "START", 5, true),
    Kind(&["stime", "start_time"], "STIME", 5, false),
    Kind(&["start"], "STARTED", 8, true),
    Kind(&["lstart"], "STARTED", 24, true),
    Kind(&["etime"], "ELAPSED", 11, true),
    Kind(&["etimes"], "ELAPSED", 7, true),
    Kind(&["ni", "nice"], "NI", 3, true),
    Kind(&["pri"], "PRI", 3, true),
    Kind(&["opri"], "PRI", 3, true),
    Kind(&["f", "flag", "flags"], "F", 1, true),
    Kind(&["addr"], "ADDR", 4, false),
    Kind(&["addr_sz"], "ADDR SZ", 7, false),
    Kind(&["wchan"], "WCHAN", 6, false),
];

/// A chosen column: it may have a header and a width of its own.
pub(super) struct Column {
    kind: &'static Kind,
    pub(super) header: String,
    width: usize,
}

/// The kind with this name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.0.contains(&name))
}

fn column(name: &str) -> Option<Column> {
    let kind = find(name)?;
    Some(Column { kind, header: kind.1.to_string(), width: kind.2 })
}

/// `pid,user:12,comm=NAME`; the name that is none otherwise.
pub(super) fn parse(text: &str) -> Result<Vec<Column>, String> {
    let mut out = Vec::new();
    // A header is all that follows its sign, commas too.
    let (text, header) = match text.split_once('=') {
        Some((t, h)) if !h.contains('=') => (t, Some(h)),
        _ => (text, None),
    };
    let words: Vec<&str> = text.split([',', ' ']).filter(|w| !w.is_empty()).collect();
    for word in &words {
        let (word, own) = match word.split_once('=') {
            Some((w, h)) => (w, Some(h)),
            None => (*word, None),
        };
        let (name, width) = match word.split_once(':') {
            Some((n, w)) => (n, w.parse::<usize>().ok()),
            None => (word, None),
        };
        let mut column = column(name).ok_or_else(|| name.to_string())?;
        if let Some(own) = own {
            column.header = own.to_string();
        }
        column.width = width.unwrap_or(column.width.max(column.header.len()));
        out.push(column);
    }
    if let (Some(header), Some(last)) = (header, out.last_mut()) {
        last.header = header.to_string();
        last.width = last.width.max(header.len());
    }
    Ok(out)
}

/// The columns of a format letter.
pub(super) fn format(letter: Option<char>) -> Vec<Column> {
    let names: &[&str] = match letter {
        None => &["pid", "tty_long", "time", "comm_short"],
        Some('f') => &["uid_name", "pid", "ppid", "c", "stime", "tty_long", "time", "cmd"],
        Some('u') => &["user", "pid", "%cpu", "%mem", "vsz", "rss", "tty_long", "stat", "bsdstart", "bsdtime", "args"],
        Some('l') => &["f", "s", "uid", "pid", "ppid", "c", "opri", "ni", "addr_sz", "wchan", "tty_long", "time", "comm_short"],
        Some('j') => &["pid", "pgid", "sid", "tty_long", "time", "comm_short"],
        Some(_) => &["pid", "tty_long", "stat", "bsdtime", "args"],
    };
    names.iter().filter_map(|n| column(n)).collect()
}

/// A row: cells padded to their columns, the last one as it is.
pub(super) fn line(columns: &[Column], cells: &[String]) -> String {
    let mut out = String::new();
    for (i, (column, cell)) in columns.iter().zip(cells).enumerate() {
        if i > 0 {
            out.push(' ');
        }
        let width = column.width;
        if column.kind.3 {
            out += &format!("{cell:>width$}");
        } else if i + 1 == columns.len() {
            out += cell;
        } else {
            out += &format!("{cell:width$}");
        }
    }
    out
}

/// Hours and minutes of a time today, else its day.
fn short(now: &DateTime, at: &DateTime) -> String {
    if (now.year, now.yearday) == (at.year, at.yearday) {
        format!("{:02}:{:02}", at.hour, at.minute)
    } else if now.year == at.year {
        format!("{}{:02}", at.month_name(), at.day)
    } else {
        at.year.to_string()
    }
}

fn value(kind: &Kind, sys: &Sys, p: &Proc, memory: u64) -> String {
    let row = &p.row;
    let (vsz, rss) = p.memory();
    let (now, at) = (local(sys, sys.now()), local(sys, row.started));
    let age = sys.now().since(row.started) / 1_000_000;
    match kind.0[0] {
        "pid" => row.pid.to_string(),
        "ppid" => row.ppid.to_string(),
        "pgid" => row.pgrp.to_string(),
        "sid" => row.session.to_string(),
        "user" | "uid_name" | "ruser" => p.user.clone(),
        "uid" => row.uid.to_string(),
        "tty" | "tty_long" => row.tty.clone(),
        "time" => "00:00:00".to_string(),
        "bsdtime" => "0:00".to_string(),
        "comm" | "comm_short" => p.comm.clone(),
        "args" | "cmd" => p.args.clone(),
        "stat" => p.stat(),
        "s" => row.state.to_string(),
        "%cpu" => "0.0".to_string(),
        "%mem" => format!("{}.{}", rss * 100 / memory, rss * 1000 / memory % 10),
        "vsz" => vsz.to_string(),
        "rss" => rss.to_string(),
        "sz" => (vsz / 4).to_string(),
        "bsdstart" | "stime" => short(&now, &at),
        "start" => format!("{:02}:{:02}:{:02}", at.hour, at.minute, at.second),
        "lstart" => {
            format!("{} {} {:2} {:02}:{:02}:{:02} {}", at.day_name(), at.month_name(), at.day, at.hour, at.minute, at.second, at.year)
        }
        "etime" => {
            let (days, hours) = (age / 86400, age / 3600 % 24);
            let rest = format!("{:02}:{:02}", age / 60 % 60, age % 60);
            match (days, hours) {
                (0, 0) => rest,
                (0, _) => format!("{hours:02}:{rest}"),
                _ => format!("{days}-{hours:02}:{rest}"),
            }
        }
        "etimes" => age.to_string(),
        "pri" => "19".to_string(),
        "opri" => "80".to_string(),
        "f" => if row.uid == 0 { "4" } else { "0" }.to_string(),
        "addr_sz" => format!("- {:5}", vsz / 4),
        "addr" | "wchan" => "-".to_string(),
        _ => "0".to_string(),
    }
}

/// By what a column sorts: numbers with leading zeros.
pub(super) fn sort_key(kind: &Kind, sys: &Sys, p: &Proc, memory: u64) -> String {
    match kind.0[0] {
        "bsdstart" | "stime" | "start" | "lstart" => format!("{:020}", p.row.started.0),
        _ => {
            let text = value(kind, sys, p, memory);
            if kind.3 { format!("{text:0>20}") } else { text }
        }
    }
}

impl Column {
    /// What stands in this column for a process; `mark` shows its place in the tree.
    pub(super) fn cell(&self, sys: &Sys, p: &Proc, memory: u64, mark: &str) -> String {
        let text = value(self.kind, sys, p, memory);
        match self.kind.0[0] {
            "args" | "cmd" | "comm" | "comm_short" => format!("{mark}{text}"),
            "user" | "uid_name" | "ruser" if text.len() > self.width => {
                text.chars().take(self.width.saturating_sub(1)).chain(['+']).collect()
            }
            _ => text,
        }
    }
}
