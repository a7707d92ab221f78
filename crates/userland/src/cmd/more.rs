//! more: a file or a pipe, a screen at a time.  Source: util-linux 2.38 (more(1) and its messages). Not simulated: `!`, `v`.

use crate::util::columns::char_width;
use crate::util::keys::{GONE, Keys};
use crate::{Ex, Spec};
use machine::{Fd, Open, STDERR, STDIN, STDOUT, Sys};
use pattern::{Options, Regex, Syntax};

pub(super) const SPEC: Spec = Spec {
    name: "more",
    path: "/usr/bin/more",
    synopsis: "[-dflpcsu] [-n lines] [+line] [+/pattern] file...",
    about: "display the contents of a file in a terminal",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "printf 'a\\nb\\n' | more", out: "a\nb\n", code: 0 }],
};

/// A file being shown.
struct More {
    sys: Sys,
    keys: Keys,
    /// Rows that fit on the screen, and where in the file each ends.
    rows: Vec<(String, usize, usize)>,
    at: usize,
    size: Option<usize>,
    /// Lines of a screen, if they were given.
    page: Option<usize>,
    pattern: String,
}

async fn run(sys: Sys) -> i32 {
    let (mut files, mut page, mut start, mut pattern, mut plain) = (Vec::new(), None, 0usize, None, false);
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--" => plain = true,
            "-n" | "--lines" if !plain => page = args.next().and_then(|n| n.parse().ok()),
            a if !plain && a.starts_with("+/") => pattern = Some(a[2..].to_string()),
            a if !plain && a.len() > 1 && a.starts_with('+') => start = a[1..].parse().unwrap_or(0),
            a if !plain && a.len() > 1 && a.starts_with('-') => match a[1..].parse() {
                Ok(n) => page = Some(n),
                Err(_) if a[1..].bytes().all(|b| b"dflpcsu".contains(&b)) => {}
                Err(_) => {
                    sys.unsupported(a);
                    return 1;
                }
            },
            a => files.push(a.to_string()),
        }
    }
    if files.is_empty() {
        if sys.is_tty(STDIN).await {
            sys.print(STDERR, format_args!("more: bad usage\nTry 'more --help' for more information.\n"));
            return 1;
        }
        files.push(String::new());
    }
    let shows = sys.is_tty(STDOUT).await;
    let mut status = 0;
    let many = files.len() > 1;
    let tty = if shows { sys.open("/dev/tty", Open::RDWR, 0).await.ok() } else { None };
    for name in &files {
        let bytes = match read(&sys, name).await {
            Ok(bytes) => bytes,
            Err(text) => {
                sys.print(STDOUT, format_args!("{text}\n"));
                status = 1;
                continue;
            }
        };
        let head = if many { format!("::::::::::::::\n{name}\n::::::::::::::\n") } else { String::new() };
        let Some(fd) = tty else {
            sys.print(STDOUT, format_args!("{head}"));
            sys.put(STDOUT, &bytes);
            continue;
        };
        if !show(&sys, fd, &head, name, &bytes, (page, start, pattern.as_deref())).await {
            break;
        }
    }
    status
}

async fn read(sys: &Sys, name: &str) -> Result<Vec<u8>, String> {
    if name.is_empty() {
        return sys.read_all(STDIN).await.map_err(|e| e.to_string());
    }
    if sys.stat(name).await.is_ok_and(|s| s.is_dir()) {
        return Err(format!("\n*** {name}: directory ***\n"));
    }
    sys.read_file(name).await.map_err(|e| format!("more: cannot open {name}: {e}"))
}

/// Shows one file. False: `q` was typed.
async fn show(
    sys: &Sys,
    tty: Fd,
    head: &str,
    name: &str,
    bytes: &[u8],
    (page, start, pattern): (Option<usize>, usize, Option<&str>),
) -> bool {
    let Some(keys) = Keys::open(sys, tty, false).await else { return false };
    let size = (!name.is_empty()).then_some(bytes.len());
    let mut more = More { sys: sys.clone(), keys, rows: Vec::new(), at: 0, size, page, pattern: String::new() };
    more.lay(head.as_bytes(), false);
    more.lay(bytes, true);
    if start > 1 {
        more.at = more.rows.partition_point(|r| r.2 < start);
    }
    if let Some(pattern) = pattern {
        more.find(pattern);
    }
    let go_on = more.talk().await;
    more.sys.print(STDOUT, format_args!("\r\x1b[K"));
    more.keys.leave().await;
    go_on
}

impl More {
    fn lay(&mut self, bytes: &[u8], counts: bool) {
        let (mut end, mut number) = (0, 0);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let mut read = end;
            end += if counts { line.len() } else { 0 };
            number += usize::from(counts);
            let (mut row, mut width) = (String::new(), 0);
            for c in String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).chars() {
                let text = match c {
                    '\t' => " ".repeat(8 - width % 8),
                    c if (c as u32) < 32 => format!("^{}", char::from(c as u8 + 64)),
                    c => c.into(),
                };
                let columns = if text.len() > 1 && (c as u32) < 32 { text.len() } else { char_width(c) };
                if width + columns > self.keys.size.0 {
                    self.rows.push((std::mem::take(&mut row), read, number));
                    width = 0;
                }
                read += if counts { c.len_utf8() } else { 0 };
                row.push_str(&text);
                width += columns;
            }
            self.rows.push((row, end, number));
        }
    }
    fn height(&self) -> usize {
        self.page.unwrap_or(self.keys.size.1 - 1).max(1)
    }
    /// Prints the next rows.
    fn print(&mut self, count: usize) {
        self.sys.put(STDOUT, b"\r\x1b[K");
        for row in self.rows.iter().skip(self.at).take(count) {
            self.sys.print(STDOUT, format_args!("{}\r\n", row.0));
        }
        self.at = (self.at + count).min(self.rows.len());
    }
    fn find(&mut self, pattern: &str) -> bool {
        let options = Options { utf8: true, ..Options::default() };
        let Ok(regex) = Regex::new(pattern.as_bytes(), Syntax::Basic, options) else { return false };
        self.pattern = pattern.to_string();
        let found = (self.at..self.rows.len()).find(|&i| regex.find(self.rows[i].0.as_bytes(), 0).is_some());
        if let Some(row) = found {
            // Two lines before it are shown too.
            self.at = row.saturating_sub(2).max(self.at);
        }
        found.is_some()
    }

    async fn talk(&mut self) -> bool {
        self.print(self.height());
        while self.at < self.rows.len() {
            let end = self.rows[self.at.max(1) - 1].1;
            let part = self.size.map_or(String::new(), |size| format!("({}%)", end * 100 / size.max(1)));
            self.sys.print(STDOUT, format_args!("\r\x1b[K\x1b[7m--More--{part}\x1b[m"));
            let mut count = None;
            let key = loop {
                let key = self.keys.key().await;
                match key.to_digit(10) {
                    Some(d) => count = Some((count.unwrap_or(0) * 10 + d as usize).min(100_000)),
                    None => break key,
                }
            };
            let n = count.unwrap_or(1);
            match key {
                'q' | 'Q' | '\u{3}' | GONE => return false,
                ' ' | 'z' | 'f' | '\u{6}' => self.print(count.unwrap_or(self.height())),
                '\r' | '\n' | 'j' => self.print(n),
                'd' | '\u{4}' => self.print(count.unwrap_or((self.keys.size.1 / 2).saturating_sub(1).max(1))),
                's' => {
                    self.sys.print(STDOUT, format_args!("\r\x1b[K\r\n...skipping {n} line{}\r\n", if n == 1 { "" } else { "s" }));
                    let line = self.rows[self.at].2 + n;
                    self.at = self.rows.partition_point(|r| r.2 < line);
                    self.print(self.height());
                }
                'b' | '\u{2}' if self.size.is_some() => {
                    self.sys.print(STDOUT, format_args!("\r\x1b[K...back {n} page{}\r\n", if n == 1 { "" } else { "s" }));
                    self.at = self.at.saturating_sub(self.height() * (n + 1));
                    self.print(self.height());
                }
                '=' => {
                    let line = self.rows[self.at.max(1) - 1].2;
                    self.sys.print(STDOUT, format_args!("\r\x1b[K{line}"));
                    if matches!(self.keys.key().await, 'q' | GONE) {
                        return false;
                    }
                }
                '/' | 'n' => {
                    let Some(pattern) = self.ask(key).await else { continue };
                    if self.find(&pattern) {
                        self.sys.print(STDOUT, format_args!("\r\x1b[K...skipping\r\n"));
                        self.print(self.height());
                    } else {
                        self.sys.print(STDOUT, format_args!("\r\x1b[K\x1b[7mPattern not found\x1b[m"));
                        if matches!(self.keys.key().await, 'q' | GONE) {
                            return false;
                        }
                    }
                }
                'h' | '?' => self.sys.print(
                    STDOUT,
                    format_args!("\r\x1b[KSPACE next screen   RETURN next line   d half a screen   b back\r\n/pattern search   n again   s skip a line   = line number   q leave\r\n"),
                ),
                _ => self.sys.put(STDOUT, b"\x07"),
            }
        }
        true
    }

    async fn ask(&mut self, key: char) -> Option<String> {
        if key == 'n' {
            return (!self.pattern.is_empty()).then(|| self.pattern.clone());
        }
        let mut line = String::new();
        loop {
            self.sys.print(STDOUT, format_args!("\r\x1b[K/{line}"));
            match self.keys.key().await {
                '\r' | '\n' => return Some(line),
                '\u{8}' | '\u{7f}' if line.pop().is_none() => return None,
                '\u{1b}' | '\u{3}' | GONE => return None,
                c if (c as u32) >= 32 && c != '\u{7f}' => line.push(c),
                _ => {}
            }
        }
    }
}
