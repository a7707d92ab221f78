//! mktemp, truncate, yes, sync, clear: temporary files, sizes, and what needs little else.  Source: coreutils 9.1, ncurses 6.4.

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::util::walk::join;
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, Open, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "mktemp",
    path: "/usr/bin/mktemp",
    synopsis: "[OPTION]... [TEMPLATE]",
    about: "create a temporary file or directory",
    run: |sys| Box::pin(mktemp(sys)),
    examples: &[
        Ex { sh: "f=$(mktemp); stat -c %a $f; mktemp -u x.XXX | wc -c", out: "600\n6\n", code: 0 },
        Ex { sh: "mktemp -d q.XX", out: "mktemp: too few X's in template ‘q.XX’\n", code: 1 },
    ],
};

pub(super) const TRUNCATE: Spec = Spec {
    name: "truncate",
    path: "/usr/bin/truncate",
    synopsis: "OPTION... FILE...",
    about: "shrink or extend the size of a file to the specified size",
    run: |sys| Box::pin(truncate(sys)),
    examples: &[Ex { sh: "truncate -s 10 f; truncate -s +2K f; stat -c %s f", out: "2058\n", code: 0 }],
};

pub(super) const YES: Spec = Spec {
    name: "yes",
    path: "/usr/bin/yes",
    synopsis: "[STRING]...",
    about: "output a string repeatedly until killed",
    run: |sys| Box::pin(yes(sys)),
    examples: &[Ex { sh: "yes | head -2; yes a b | head -1", out: "y\ny\na b\n", code: 0 }],
};

pub(super) const SYNC: Spec = Spec {
    name: "sync",
    path: "/usr/bin/sync",
    synopsis: "[OPTION] [FILE]...",
    about: "synchronize cached writes to persistent storage",
    run: |sys| Box::pin(sync(sys)),
    examples: &[Ex { sh: "sync; sync nosuch", out: "sync: error opening 'nosuch': No such file or directory\n", code: 1 }],
};

pub(super) const CLEAR: Spec = Spec {
    name: "clear",
    path: "/usr/bin/clear",
    synopsis: "",
    about: "clear the terminal screen",
    run: |sys| Box::pin(clear(sys)),
    examples: &[Ex { sh: "TERM=xterm clear", out: "\u{1b}[H\u{1b}[2J\u{1b}[3J", code: 0 }],
};

const HELP: &str = "Usage: mktemp [OPTION]... [TEMPLATE]\nCreate a temporary file or directory, safely, and print its name.\nTEMPLATE must contain at least 3 consecutive 'X's in last component.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'd', "directory", Arg::No),
    Opt(b'u', "dry-run", Arg::No),
    Opt(b'q', "quiet", Arg::No),
    Opt(b'p', "", Arg::Yes),
    Opt(0, "tmpdir", Arg::Maybe),
    Opt(0, "suffix", Arg::Yes),
    Opt(b't', "", Arg::No),
];

async fn mktemp(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.len() > 1 {
        return gnu::misuse(&sys, 1, format_args!("too many templates"));
    }
    let implied = given.operands.is_empty();
    let template = given.operands.first().map_or("tmp.XXXXXXXXXX", String::as_str);
    let has = |c| given.has(OPTIONS, c);
    let tmpdir = sys.env("TMPDIR").filter(|d| !d.is_empty()).unwrap_or("/tmp").to_string();
    let mut dir = given.value(OPTIONS, b'p').or(given.value_long(OPTIONS, "tmpdir")).map(String::from);
    if (has(b't') || implied || given.has_long(OPTIONS, "tmpdir")) && dir.is_none() {
        dir = Some(tmpdir);
    }
    let given_suffix = given.value_long(OPTIONS, "suffix");
    let end = match given_suffix {
        Some(_) => template.len(),
        None => template.rfind('X').map_or(0, |i| i + 1),
    };
    let suffix = given_suffix.unwrap_or(&template[end..]).to_string();
    let stem = template[..end].trim_end_matches('X');
    let count = end - stem.len();
    let complain = |text: std::fmt::Arguments<'_>| {
        sys.complain(text);
        1
    };
    if given_suffix.is_some() && !template.ends_with('X') {
        return complain(format_args!("with --suffix, template {} must end in X", quote(template)));
    }
    if count < 3 {
        return complain(format_args!("too few X's in template {}", quote(template)));
    }
    if suffix.contains('/') {
        return complain(format_args!("invalid suffix {}, contains directory separator", quote(&suffix)));
    }
    if has(b't') && template.contains('/') {
        return complain(format_args!("invalid template, {}, contains directory separator", quote(template)));
    }
    if dir.is_some() && template.starts_with('/') {
        return complain(format_args!("invalid template, {}; with --tmpdir, it may not be absolute", quote(template)));
    }
    let whole = |name: &str| dir.as_ref().map_or(name.to_string(), |d| join(d, name));
    let mut last = Errno::EEXIST;
    for _ in 0..100 {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut name = stem.to_string();
        for _ in 0..count {
            name.push(char::from(LETTERS[(sys.random().await % 62) as usize]));
        }
        let path = whole(&(name + &suffix));
        let made = if has(b'u') {
            if sys.lstat(&path).await.is_ok() { Err(Errno::EEXIST) } else { Ok(()) }
        } else if has(b'd') {
            sys.mkdir(&path, 0o700).await
        } else {
            let flags = Open { excl: true, read: true, ..Open::CREATE };
            sys.open(&path, flags, 0o600).await.map(|_| ())
        };
        match made {
            Ok(()) => {
                sys.print(STDOUT, format_args!("{path}\n"));
                return 0;
            }
            Err(Errno::EEXIST) => {}
            Err(e) => {
                last = e;
                break;
            }
        }
    }
    if !has(b'q') {
        let what = if has(b'd') { "directory" } else { "file" };
        sys.complain(format_args!("failed to create {what} via template {}: {last}", quote(&whole(template))));
    }
    1
}

const TRUNCATE_OPTIONS: &[Opt] = &[Opt(b'c', "no-create", Arg::No), Opt(b'r', "reference", Arg::Yes), Opt(b's', "size", Arg::Yes)];

async fn truncate(sys: Sys) -> i32 {
    let table = TRUNCATE_OPTIONS;
    let help = "Usage: truncate OPTION... FILE...\nShrink or extend the size of each FILE to the specified size\n\n";
    let given = match gnu::options(&sys, table, help, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let (size, reference) = (given.value(table, b's'), given.value(table, b'r'));
    if size.is_none() && reference.is_none() {
        return gnu::misuse(&sys, 1, format_args!("you must specify either {} or {}", quote("--size"), quote("--reference")));
    }
    let mut how = '=';
    let mut n = 0;
    if let Some(name) = reference {
        match sys.stat(name).await {
            Ok(s) => n = s.size,
            Err(e) => {
                gnu::cannot(&sys, "stat", name, e);
                return 1;
            }
        }
    }
    if let Some(text) = size {
        let body = text.trim_start();
        how = body.chars().next().filter(|c| "+-<>/%".contains(*c)).unwrap_or('=');
        let digits = body.strip_prefix(how).unwrap_or(body);
        let Some(value) = gnu::size(digits) else {
            sys.complain(format_args!("Invalid number: {}", quote(text)));
            return 1;
        };
        n = value;
    }
    if given.operands.is_empty() {
        return gnu::misuse(&sys, 1, format_args!("missing file operand"));
    }
    let mut status = 0;
    for name in &given.operands {
        let flags = Open { trunc: false, create: !given.has(table, b'c'), ..Open::CREATE };
        let fd = match sys.open(name, flags, 0o666).await {
            Ok(fd) => fd,
            Err(Errno::ENOENT) if given.has(table, b'c') => continue,
            Err(e) => {
                sys.complain(format_args!("cannot open {} for writing: {e}", quoteaf(name)));
                status = 1;
                continue;
            }
        };
        let old = sys.fstat(fd).await.map_or(0, |s| s.size);
        let size = match how {
            '+' => old.saturating_add(n),
            '-' => old.saturating_sub(n),
            '<' => old.min(n),
            '>' => old.max(n),
            '/' if n > 0 => old / n * n,
            '%' if n > 0 => old.div_ceil(n) * n,
            '/' | '%' => old,
            _ => n,
        };
        if let Err(e) = sys.truncate(fd, size).await {
            sys.complain(format_args!("failed to truncate {} at {size} bytes: {e}", quoteaf(name)));
            status = 1;
        }
        let _ = sys.close(fd).await;
    }
    status
}

async fn yes(sys: Sys) -> i32 {
    let help = "Usage: yes [STRING]...\n  or:  yes OPTION\nRepeatedly output a line with all specified STRING(s), or 'y'.\n\n";
    let given = match gnu::options(&sys, &[], help, 1, true) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let line = if given.operands.is_empty() { "y\n".to_string() } else { given.operands.join(" ") + "\n" };
    let block = line.repeat((4096 / line.len()).max(1));
    loop {
        if let Err(e) = sys.write(STDOUT, block.as_bytes()).await {
            sys.complain(format_args!("standard output: {e}"));
            return 1;
        }
        sys.yield_now().await;
    }
}

async fn sync(sys: Sys) -> i32 {
    let table: &[Opt] = &[Opt(b'd', "data", Arg::No), Opt(b'f', "file-system", Arg::No)];
    let given =
        match gnu::options(&sys, table, "Usage: sync [OPTION] [FILE]...\nSynchronize cached writes to persistent storage\n\n", 1, false) {
            Ok(g) => g,
            Err(status) => return status,
        };
    let mut status = 0;
    for name in &given.operands {
        match sys.open(name, Open::READ, 0).await {
            Ok(fd) => {
                let _ = sys.fsync(fd).await;
                let _ = sys.close(fd).await;
            }
            Err(e) => {
                sys.complain(format_args!("error opening {}: {e}", quoteaf(name)));
                status = 1;
            }
        }
    }
    status
}

async fn clear(sys: Sys) -> i32 {
    match sys.env("TERM") {
        None | Some("") => {
            sys.print(machine::STDERR, format_args!("TERM environment variable not set.\n"));
            return 1;
        }
        Some("dumb") => return 1,
        Some(_) => sys.put(STDOUT, b"\x1b[H\x1b[2J\x1b[3J"),
    }
    0
}
