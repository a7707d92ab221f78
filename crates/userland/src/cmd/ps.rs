//! ps: report processes.  Here: options of both kinds, and which processes; `columns` has the formats.
//! Source: ps(1) of procps-ng 4.0.2.  Not here: threads, BSD's `l`, `v`, `s` formats.

mod columns;

use crate::util::proc::{self, Proc};
use crate::util::users::Accounts;
use crate::{Ex, Spec};
use columns::Column;
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "ps",
    path: "/usr/bin/ps",
    synopsis: "[options]",
    about: "report a snapshot of the current processes",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "ps -p $$ -o comm=", out: "bash\n", code: 0 },
        Ex { sh: "ps -C nosuch", out: "    PID TTY          TIME CMD\n", code: 1 },
    ],
};

const USAGE: &str = "
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
";

/// Which list a word belongs to.
#[derive(Clone, Copy, PartialEq)]
enum List {
    Pid,
    Ppid,
    Command,
    User,
    Tty,
    Session,
}

/// What was asked for.
#[derive(Default)]
struct Wish {
    every: bool,
    /// -a, -d: with a terminal; but no session leaders.
    terminals: bool,
    no_leaders: bool,
    bsd_a: bool,
    bsd_x: bool,
    negate: bool,
    lists: Vec<(List, String)>,
    columns: Vec<Column>,
    /// A letter for the format: `f`, `u`, `l`, `j`; ` ` is BSD's own.
    format: Option<char>,
    header: Option<bool>,
    sort: Vec<(bool, String)>,
    forest: bool,
    wide: usize,
}

/// A mistake in the command line.
fn wrong(sys: &Sys, text: std::fmt::Arguments<'_>) -> i32 {
    sys.print(STDERR, format_args!("error: {text}\n{USAGE}"));
    1
}

impl Wish {
    fn list(&mut self, sys: &Sys, list: List, words: &str, accounts: &Accounts) -> Result<(), i32> {
        for word in words.split([',', ' ']).filter(|w| !w.is_empty()) {
            let word = match list {
                List::Pid | List::Ppid | List::Session if word.parse::<i32>().is_err() => {
                    return Err(wrong(sys, format_args!("process ID list syntax error")));
                }
                List::User => match accounts.uid(word) {
                    Some(uid) => uid.to_string(),
                    None => return Err(wrong(sys, format_args!("user name does not exist"))),
                },
                List::Tty => word.trim_start_matches("/dev/").to_string(),
                _ => word.to_string(),
            };
            self.lists.push((list, word));
        }
        Ok(())
    }

    fn output(&mut self, sys: &Sys, text: &str) -> Result<(), i32> {
        match columns::parse(text) {
            Ok(columns) => {
                self.columns.extend(columns);
                Ok(())
            }
            Err(name) => Err(wrong(sys, format_args!("unknown user-defined format specifier \"{name}\""))),
        }
    }

    /// Reads the command line.
    fn parse(sys: &Sys, accounts: &Accounts) -> Result<Wish, i32> {
        let mut wish = Wish::default();
        let mut args = sys.args().iter().skip(1);
        while let Some(arg) = args.next() {
            if let Some(long) = arg.strip_prefix("--") {
                let (key, value) = match long.split_once('=') {
                    Some((k, v)) => (k, Some(v.to_string())),
                    None => (long, None),
                };
                let mut value = || value.clone().or_else(|| args.next().cloned()).unwrap_or_default();
                match key {
                    "version" => {
                        sys.print(STDOUT, format_args!("ps from procps-ng 4.0.2\n"));
                        return Err(0);
                    }
                    "help" => {
                        sys.print(STDOUT, format_args!("{USAGE}"));
                        return Err(0);
                    }
                    "no-headers" | "no-heading" | "noheaders" | "noheading" => wish.header = Some(false),
                    "headers" => wish.header = Some(true),
                    "forest" => wish.forest = true,
                    "deselect" => wish.negate = true,
                    "sort" => wish.sort(&value()),
                    "format" => wish.output(sys, &value())?,
                    "pid" => wish.list(sys, List::Pid, &value(), accounts)?,
                    "ppid" => wish.list(sys, List::Ppid, &value(), accounts)?,
                    "user" | "User" => wish.list(sys, List::User, &value(), accounts)?,
                    "tty" => wish.list(sys, List::Tty, &value(), accounts)?,
                    "sid" => wish.list(sys, List::Session, &value(), accounts)?,
                    "cols" | "columns" | "width" | "rows" | "lines" => drop(value()),
                    _ => return Err(wrong(sys, format_args!("unknown gnu long option"))),
                }
                continue;
            }
            let (bsd, letters) = match arg.strip_prefix('-') {
                Some(rest) => (false, rest),
                None => (true, arg.as_str()),
            };
            if letters.starts_with(|c: char| c.is_ascii_digit()) {
                wish.list(sys, List::Pid, letters, accounts)?;
                continue;
            }
            let mut rest = letters.chars();
            while let Some(c) = rest.next() {
                // What takes a value takes the rest of the word, or the next one.
                let list = match (bsd, c) {
                    (_, 'p') => Some(List::Pid),
                    (_, 'U') | (false, 'u') => Some(List::User),
                    (_, 't') => Some(List::Tty),
                    (false, 'C') => Some(List::Command),
                    (false, 's' | 'g') => Some(List::Session),
                    _ => None,
                };
                if list.is_some() || matches!(c, 'o' | 'O' | 'k') {
                    let attached = rest.as_str().to_string();
                    let value = if attached.is_empty() { args.next().cloned() } else { Some(attached) };
                    let Some(value) = value else {
                        return Err(wrong(
                            sys,
                            format_args!("list of {} must follow {arg}", if list == Some(List::Pid) { "process IDs" } else { "items" }),
                        ));
                    };
                    match list {
                        Some(list) => wish.list(sys, list, &value, accounts)?,
                        None if c == 'k' => wish.sort(&value),
                        None => wish.output(sys, &value)?,
                    }
                    break;
                }
                match (bsd, c) {
                    (false, 'e' | 'A') => wish.every = true,
                    (false, 'a') => (wish.terminals, wish.no_leaders) = (true, true),
                    (false, 'd') => wish.no_leaders = true,
                    (true, 'a') => wish.bsd_a = true,
                    (true, 'x') => wish.bsd_x = true,
                    (true, 'g') | (false, 'y' | 'M' | 'c' | 'P') => {}
                    (false, 'N') => wish.negate = true,
                    (false, 'H') | (true, 'f') => wish.forest = true,
                    (_, 'w') => wish.wide += 1,
                    (true, 'h') => wish.header = Some(false),
                    (false, 'f' | 'F') => wish.format = Some('f'),
                    (false, 'l') => wish.format = Some('l'),
                    (_, 'j') => wish.format = Some('j'),
                    (true, 'u') => wish.format = Some('u'),
                    (true, 'e' | 'c' | 'n') => {}
                    (false, 'V') | (true, 'V') => {
                        sys.print(STDOUT, format_args!("ps from procps-ng 4.0.2\n"));
                        return Err(0);
                    }
                    (_, 'L' | 'T' | 'm') | (true, 'l' | 'v' | 's' | 'X') => {
                        sys.unsupported(&format!("{}{c}", if bsd { "" } else { "-" }));
                        return Err(1);
                    }
                    (false, _) => return Err(wrong(sys, format_args!("unsupported SysV option"))),
                    (true, _) => return Err(wrong(sys, format_args!("unsupported option (BSD syntax)"))),
                }
                if bsd && wish.format.is_none() {
                    wish.format = Some(' ');
                }
            }
        }
        Ok(wish)
    }

    fn sort(&mut self, keys: &str) {
        for key in keys.split(',') {
            let down = key.starts_with('-');
            self.sort.push((down, key.trim_start_matches(['-', '+']).to_string()));
        }
    }

    /// Whether a process is wanted.
    fn takes(&self, p: &Proc, me: &Proc) -> bool {
        let row = &p.row;
        let tty = row.tty != "?";
        let plain = !self.every && !self.terminals && !self.no_leaders && self.lists.is_empty();
        let leader = row.session == row.pid;
        let wanted = self.every
            || (self.no_leaders && !leader && (!self.terminals || tty))
            || (self.bsd_a && (self.bsd_x || tty))
            || (self.bsd_x && row.uid == me.row.uid)
            || self.lists.iter().any(|(list, word)| match list {
                List::Pid => row.pid.to_string() == *word,
                List::Ppid => row.ppid.to_string() == *word,
                List::Session => row.session.to_string() == *word,
                List::Command => p.comm == word.chars().take(15).collect::<String>(),
                List::User => row.uid.to_string() == *word,
                List::Tty => row.tty == *word || row.tty.strip_prefix("pts/") == Some(word),
            })
            || (plain
                && !self.bsd_a
                && !self.bsd_x
                && row.uid == me.row.uid
                && if self.format == Some(' ') || self.format == Some('u') { tty } else { row.tty == me.row.tty });
        wanted != self.negate
    }
}

/// Puts children behind their parents (those of process 1 stand alone); gives the marks that show it.
fn forest(procs: Vec<Proc>) -> Vec<(String, Proc)> {
    let mut slots: Vec<Option<Proc>> = procs.into_iter().map(Some).collect();
    let pids: Vec<(i32, i32)> = slots.iter().flatten().map(|p| (p.row.pid, p.row.ppid)).collect();
    let children = |pid: i32| -> Vec<usize> { (0..pids.len()).filter(|&i| pid != 1 && pids[i].1 == pid && pids[i].0 != pid).collect() };
    let roots = (0..pids.len()).filter(|&i| pids[i].1 == 1 || !pids.iter().any(|(pid, _)| *pid == pids[i].1)).rev();
    let mut todo: Vec<(usize, String, String)> = roots.map(|i| (i, String::new(), String::new())).collect();
    let mut out = Vec::new();
    while let Some((i, mark, below)) = todo.pop() {
        let Some(p) = slots[i].take() else { continue };
        let kids = children(p.row.pid);
        out.push((mark, p));
        for (n, &kid) in kids.iter().enumerate().rev() {
            let last = n + 1 == kids.len();
            todo.push((kid, format!("{below} \\_ "), format!("{below}{}", if last { "    " } else { " |  " })));
        }
    }
    out
}

async fn run(sys: Sys) -> i32 {
    let accounts = Accounts::read(&sys).await;
    let wish = match Wish::parse(&sys, &accounts) {
        Ok(wish) => wish,
        Err(status) => return status,
    };
    let mut procs = proc::all(&sys, &accounts).await;
    let Some(me) = procs.iter().position(|p| p.row.pid == sys.pid()) else { return 1 };
    let memory = proc::TOTAL_KIB;
    let keep: Vec<bool> = procs.iter().map(|p| wish.takes(p, &procs[me])).collect();
    let mut keep = keep.into_iter();
    procs.retain(|_| keep.next() == Some(true));
    for (down, key) in wish.sort.iter().rev() {
        let Some(column) = columns::find(key) else {
            return wrong(&sys, format_args!("unknown sort specifier"));
        };
        let mut keyed: Vec<(String, Proc)> = procs.into_iter().map(|p| (columns::sort_key(column, &sys, &p, memory), p)).collect();
        machine::sort_by(&mut keyed, |a, b| if *down { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        procs = keyed.into_iter().map(|(_, p)| p).collect();
    }
    let rows: Vec<(String, Proc)> = if wish.forest { forest(procs) } else { procs.into_iter().map(|p| (String::new(), p)).collect() };
    let chosen = if wish.columns.is_empty() { columns::format(wish.format) } else { wish.columns };
    let tty = sys.is_tty(STDOUT).await;
    let cols = match sys.tty_size(STDOUT).await {
        Ok((cols, _)) if tty && wish.wide < 2 => usize::from(cols) + wish.wide * 52,
        _ => usize::MAX,
    };
    let header = wish.header.unwrap_or_else(|| chosen.iter().any(|c| !c.header.is_empty()));
    let line = |cells: Vec<String>| {
        let text: String = columns::line(&chosen, &cells).chars().take(cols).collect();
        sys.print(STDOUT, format_args!("{text}\n"));
    };
    if header {
        line(chosen.iter().map(|c| c.header.clone()).collect());
    }
    let none = rows.is_empty();
    for (mark, p) in rows {
        line(chosen.iter().map(|c| c.cell(&sys, &p, memory, &mark)).collect());
    }
    i32::from(none)
}
