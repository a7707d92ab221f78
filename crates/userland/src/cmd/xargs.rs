//! xargs: build and execute command lines from standard input.  Source: POSIX xargs, GNU findutils 4.9.0.

use crate::util::{gnu, search};
use crate::{Arg, Ex, Opt, Spec};
use machine::{ChildStatus, Errno, Open, STDERR, STDIN, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "xargs",
    path: "/usr/bin/xargs",
    synopsis: "[OPTION]... COMMAND [INITIAL-ARGS]...",
    about: "build and execute command lines from standard input",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'a b\\nc\\n' | xargs; seq 3 | xargs -n 2 echo", out: "a b c\n1 2\n3\n", code: 0 },
        Ex { sh: "printf 'a\\nb c\\n' | xargs -I{} echo '<{}>'", out: "<a>\n<b c>\n", code: 0 },
        Ex {
            sh: "echo x | xargs false; echo $?; echo x | xargs nosuch",
            out: "123\nxargs: nosuch: No such file or directory\n",
            code: 127,
        },
    ],
};

const HELP: &str =
    "Usage: xargs [OPTION]... COMMAND [INITIAL-ARGS]...\nRun COMMAND with arguments INITIAL-ARGS and more arguments read from input.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'0', "null", Arg::No),
    Opt(b'a', "arg-file", Arg::Yes),
    Opt(b'd', "delimiter", Arg::Yes),
    Opt(b'E', "", Arg::Yes),
    Opt(b'e', "eof", Arg::Maybe),
    Opt(b'I', "", Arg::Yes),
    Opt(b'i', "replace", Arg::Maybe),
    Opt(b'L', "max-lines", Arg::Yes),
    Opt(b'l', "", Arg::Maybe),
    Opt(b'n', "max-args", Arg::Yes),
    Opt(b'o', "open-tty", Arg::No),
    Opt(b'P', "max-procs", Arg::Yes),
    Opt(b'p', "interactive", Arg::No),
    Opt(0, "process-slot-var", Arg::Yes),
    Opt(b'r', "no-run-if-empty", Arg::No),
    Opt(b's', "max-chars", Arg::Yes),
    Opt(0, "show-limits", Arg::No),
    Opt(b't', "verbose", Arg::No),
    Opt(b'x', "exit", Arg::No),
];

/// Splits the input into items; each knows whether its line ends with it. A complaint ends them.
fn items(text: &[u8], delimiter: Option<u8>, eof: Option<&str>, whole_lines: bool) -> (Vec<(String, bool)>, Option<String>) {
    let mut out = Vec::new();
    let string = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    if let Some(d) = delimiter {
        let body = text.strip_suffix(&[d]).unwrap_or(text);
        if !text.is_empty() {
            out.extend(body.split(|b| *b == d).map(|i| (string(i), true)));
        }
        return (out, None);
    }
    let (mut word, mut inside, mut quote) = (Vec::new(), false, None);
    let mut i = 0;
    let mut stop = false;
    let mut push = |word: &mut Vec<u8>, end: bool| {
        let item = string(word);
        word.clear();
        if eof == Some(&item) {
            stop = true;
        } else if !stop {
            out.push((item, end));
        }
    };
    while i <= text.len() {
        let b = text.get(i).copied();
        i += 1;
        match (b, quote) {
            (None | Some(b'\n'), Some(q)) => {
                let kind = if q == b'\'' { "single" } else { "double" };
                let e = format!("unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option");
                return (out, Some(e));
            }
            (Some(c), Some(q)) => {
                if c == q {
                    quote = None;
                } else {
                    word.push(c);
                }
            }
            (None, None) => {
                if inside {
                    push(&mut word, true);
                }
            }
            (Some(c @ (b'\'' | b'"')), None) => (quote, inside) = (Some(c), true),
            (Some(b'\\'), None) => {
                word.extend(text.get(i));
                i += 1;
                inside = true;
            }
            (Some(b'\n'), None) => {
                // A line that ends with a blank goes on.
                let goes_on = i >= 2 && matches!(text[i - 2], b' ' | b'\t') && !whole_lines;
                if inside {
                    push(&mut word, !goes_on);
                }
                inside = false;
            }
            (Some(b' ' | b'\t'), None) if !whole_lines || !inside => {
                if inside {
                    let rest = text[i..].iter().find(|b| !matches!(b, b' ' | b'\t'));
                    push(&mut word, rest.is_none());
                }
                inside = false;
            }
            (Some(c), None) => {
                word.push(c);
                inside = true;
            }
        }
    }
    (out, None)
}

fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [b] => Some(*b),
        b"\\0" => Some(0),
        b"\\n" => Some(b'\n'),
        b"\\t" => Some(b'\t'),
        b"\\\\" => Some(b'\\'),
        _ => None,
    }
}

struct Xargs {
    sys: Sys,
    null: i32,
    trace: bool,
    ask: bool,
    parallel: u64,
    running: u64,
    status: i32,
}

impl Xargs {
    /// Takes note of how a child ended; false: no more.
    fn ended(&mut self, name: &str, status: ChildStatus) -> bool {
        match status {
            ChildStatus::Exited(255) => {
                self.sys.complain(format_args!("{name}: exited with status 255; aborting"));
                self.status = 124;
                return false;
            }
            ChildStatus::Exited(0) => {}
            ChildStatus::Exited(_) => self.status = 123,
            ChildStatus::Signaled(s) => {
                self.sys.complain(format_args!("{name}: terminated by signal {}", s as i32));
                self.status = 125;
                return false;
            }
            _ => {}
        }
        true
    }
    async fn reap(&mut self, name: &str) -> bool {
        match self.sys.wait(WaitFor::Any, true, false).await {
            Ok(Some((_, status))) => {
                self.running = self.running.saturating_sub(1);
                self.ended(name, status)
            }
            Err(Errno::ECHILD) => {
                self.running = 0;
                true
            }
            _ => true,
        }
    }
    async fn run(&mut self, argv: Vec<String>) -> bool {
        let name = argv.first().cloned().unwrap_or_default();
        if self.trace || self.ask {
            let line: Vec<String> = argv.iter().map(|a| crate::util::quote::shell_escape(a, false, false)).collect();
            if self.ask {
                if !gnu::yes(&self.sys, format_args!("{}?...", line.join(" "))).await {
                    return true;
                }
            } else {
                self.sys.print(STDERR, format_args!("{}\n", line.join(" ")));
            }
        }
        while self.parallel > 0 && self.running >= self.parallel {
            if !self.reap(&name).await {
                return false;
            }
        }
        let null = self.null;
        let make = |mut spawn: Spawn| {
            spawn.fds = vec![(0, null), (1, 1), (2, 2)];
            spawn
        };
        match search::start(&self.sys, &argv, &make).await {
            Ok(_) => {
                self.running += 1;
                self.parallel != 1 || self.reap(&name).await
            }
            Err(e) => {
                self.sys.complain(format_args!("{name}: {e}"));
                self.status = search::status(e);
                false
            }
        }
    }
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let (mut by, mut eof, mut replace) = (None, None, None);
    let (mut lines, mut most, mut procs, mut chars) = (None, None, 1, 131_072);
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        let Opt(letter, long, _) = OPTIONS[*i];
        match letter {
            b'0' => by = Some(0),
            b'd' => match delimiter(text) {
                Some(d) => by = Some(d),
                None => {
                    sys.complain(format_args!("Invalid input delimiter specification {text}: the delimiter must be either a single character or an escape sequence starting with \\."));
                    return 1;
                }
            },
            b'E' | b'e' => eof = Some(text.to_string()).filter(|t| !t.is_empty()),
            b'I' => (replace, lines, most) = (Some(text.to_string()), None, None),
            b'i' => replace = Some(if text.is_empty() { "{}".into() } else { text.to_string() }),
            b'l' if text.is_empty() => lines = Some(1),
            b'L' | b'l' | b'n' | b'P' | b's' => {
                let shown = char::from(letter);
                let Some(n) = gnu::digits(text) else {
                    return gnu::misuse(&sys, 1, format_args!("invalid number \"{text}\" for -{shown} option"));
                };
                if n == 0 && letter != b'P' {
                    return gnu::misuse(&sys, 1, format_args!("value {text} for -{shown} option should be >= 1"));
                }
                match letter {
                    b'n' => (most, replace, lines) = (Some(n), None, None),
                    b'P' => procs = n,
                    b's' => chars = n,
                    _ => (lines, replace, most) = (Some(n), None, None),
                }
            }
            b'o' => {
                sys.unsupported("-o");
                return 1;
            }
            0 => {
                sys.unsupported(&format!("--{long}"));
                return 1;
            }
            _ => {}
        }
    }
    let mut input = STDIN;
    if let Some(file) = given.value(OPTIONS, b'a') {
        input = match sys.open(file, Open::READ, 0).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("Cannot open input file {}: {e}", crate::util::quote::quote(file)));
                return 1;
            }
        };
    }
    let text = sys.read_all(input).await.unwrap_or_default();
    let (all, broken) = items(&text, by, eof.as_deref(), replace.is_some());
    let mut base = given.operands.clone();
    if base.is_empty() {
        base.push("echo".into());
    }
    let null = sys.open("/dev/null", Open::READ, 0).await.unwrap_or(STDIN);
    let mut x = Xargs {
        sys: sys.clone(),
        null,
        trace: given.has(OPTIONS, b't'),
        ask: given.has(OPTIONS, b'p'),
        parallel: procs,
        running: 0,
        status: 0,
    };
    let mut commands: Vec<Vec<String>> = Vec::new();
    if let Some(mark) = &replace {
        for (item, _) in &all {
            let mut argv: Vec<String> = base[..1].to_vec();
            argv.extend(base[1..].iter().map(|a| a.replace(mark.as_str(), item)));
            commands.push(argv);
        }
    } else {
        let (mut argv, mut count, mut ends, mut size) = (base.clone(), 0u64, 0u64, 0u64);
        for (item, end) in all {
            let len = item.len() as u64 + 1;
            let full = most.is_some_and(|m| count >= m) || lines.is_some_and(|l| ends >= l) || size + len > chars;
            if full && count > 0 {
                commands.push(std::mem::replace(&mut argv, base.clone()));
                (count, ends, size) = (0, 0, 0);
            }
            size += len;
            count += 1;
            ends += u64::from(end);
            argv.push(item);
        }
        if count > 0 || commands.is_empty() && !given.has(OPTIONS, b'r') && broken.is_none() {
            commands.push(argv);
        }
    }
    let name = base[0].clone();
    for argv in commands {
        if !x.run(argv).await {
            break;
        }
    }
    while x.running > 0 {
        if !x.reap(&name).await {
            break;
        }
    }
    if let Some(text) = broken {
        sys.complain(format_args!("{text}"));
        return 1;
    }
    x.status
}
