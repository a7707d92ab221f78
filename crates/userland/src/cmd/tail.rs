//! tail: print the last lines or bytes, and go on as files grow.  Source: POSIX tail, coreutils 9.1.

use super::head::{amount, modern, title};
use crate::util::float::strtod;
use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, Fd, FileKind, Interest, STDERR, STDOUT, SimTime, Sys, Whence};

pub(super) const SPEC: Spec = Spec {
    name: "tail",
    path: "/usr/bin/tail",
    synopsis: "[OPTION]... [FILE]...",
    about: "output the last part of files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "seq 5 | tail -n 2", out: "4\n5\n", code: 0 },
        Ex { sh: "seq 5 | tail -n +4", out: "4\n5\n", code: 0 },
        Ex { sh: "echo a > f; (sleep 3; echo b >> f) & tail -f --pid=$! -s 0.5 f", out: "a\nb\n", code: 0 },
        Ex { sh: "tail nosuch", out: "tail: cannot open 'nosuch' for reading: No such file or directory\n", code: 1 },
    ],
};

const HELP: &str = "Usage: tail [OPTION]... [FILE]...\nPrint the last 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "bytes", Arg::Yes),
    Opt(b'f', "", Arg::No),
    Opt(0, "follow", Arg::Maybe),
    Opt(b'F', "", Arg::No),
    Opt(b'n', "lines", Arg::Yes),
    Opt(0, "pid", Arg::Yes),
    Opt(b'q', "quiet", Arg::No),
    Opt(b'q', "silent", Arg::No),
    Opt(0, "retry", Arg::No),
    Opt(b's', "sleep-interval", Arg::Yes),
    Opt(b'v', "verbose", Arg::No),
];

/// A file that is followed.
struct Followed {
    name: String,
    fd: Option<Fd>,
    ino: u32,
    at: u64,
}

/// How long to follow: until this process ends; so often (in microseconds) what gives no news is looked at.
struct Wait {
    pid: Option<machine::Pid>,
    interval: u64,
}

/// The operands and the order: how much, of what, from where.
struct Order {
    n: u64,
    bytes: bool,
    from_start: bool,
}

async fn run(sys: Sys) -> i32 {
    let old = sys.arg(1).strip_prefix('+').filter(|d| gnu::digits(d).is_some());
    let mut args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    if let Some(n) = old {
        args.splice(0..1, ["-n".to_string(), format!("+{n}")]);
    } else if let Some(modern) = modern(&sys) {
        args = modern;
    }
    // The old way of counting allows for one file.
    if let Some(n) = sys.arg(1).strip_prefix('-').filter(|n| n.starts_with(|c: char| c.is_ascii_digit()) && sys.args().len() > 3) {
        sys.complain(format_args!("option used in invalid context -- {}", n.chars().next().unwrap_or(' ')));
        return 1;
    }
    let given = match gnu::options_of(&sys, &args, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut order = Order { n: 10, bytes: false, from_start: false };
    let mut wait = Wait { pid: None, interval: 1_000_000 };
    let (mut header, mut follow, mut by_name, mut retry) = (None, false, false, false);
    for (i, value) in &given.options {
        let value = value.as_deref().unwrap_or("");
        match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'q', _) => header = Some(false),
            (b'v', _) => header = Some(true),
            (b'f', _) => follow = true,
            (b'F', _) => (follow, by_name, retry) = (true, true, true),
            (_, "follow") => (follow, by_name) = (true, value == "name"),
            (_, "retry") => retry = true,
            (_, "pid") => match value.parse() {
                Ok(n) if n >= 0 => wait.pid = Some(n),
                _ => {
                    sys.complain(format_args!("invalid PID: {}", quote(value)));
                    return 1;
                }
            },
            (b's', _) => match strtod(value.as_bytes()) {
                (secs, used) if used == value.len() && used > 0 && secs >= 0.0 => wait.interval = (secs * 1e6) as u64,
                _ => {
                    sys.complain(format_args!("invalid number of seconds: {}", quote(value)));
                    return 1;
                }
            },
            (c @ (b'c' | b'n'), _) => {
                order.bytes = c == b'c';
                order.from_start = value.starts_with('+');
                let number = value.strip_prefix(['+', '-']).unwrap_or(value);
                let Some(n) = amount(&sys, order.bytes, number, value) else { return 1 };
                order.n = n;
            }
            _ => {}
        }
    }
    let header = header.unwrap_or(given.operands.len() > 1);
    let (mut status, mut first) = (0, true);
    let mut followed: Vec<Followed> = Vec::new();
    for name in gnu::or_stdin(given.operands) {
        let fd = match gnu::open(&sys, &name).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("cannot open {} for reading: {e}", quoteaf(&name)));
                status = 1;
                if retry {
                    followed.push(Followed { name, fd: None, ino: 0, at: 0 });
                }
                continue;
            }
        };
        if header {
            title(&sys, &name, &mut first);
        }
        if let Err(e) = show(&sys, fd, &order).await {
            sys.complain(format_args!("error reading {}: {e}", quoteaf(&name)));
            status = 1;
            if e == Errno::EISDIR && follow {
                sys.print(STDERR, format_args!("tail: {name}: cannot follow end of this type of file\n"));
            }
            gnu::close(&sys, fd).await;
            continue;
        }
        let regular = sys.fstat(fd).await.is_ok_and(|s| s.kind == FileKind::File);
        // A pipe on standard input has ended; there is nothing to follow.
        if follow && (regular || name != "-") {
            let ino = sys.fstat(fd).await.map_or(0, |s| s.ino);
            let at = sys.seek(fd, Whence::Current, 0).await.unwrap_or(0);
            followed.push(Followed { name, fd: Some(fd), ino, at });
        } else {
            gnu::close(&sys, fd).await;
        }
    }
    if follow {
        if followed.is_empty() && status != 0 {
            sys.complain(format_args!("no files remaining"));
            return 1;
        }
        watch(&sys, followed, by_name, header, &wait).await;
    }
    status
}

/// Prints the part that was ordered and leaves the descriptor at the end.
async fn show(sys: &Sys, fd: Fd, order: &Order) -> Result<(), Errno> {
    let text = sys.read_all(fd).await?;
    let n = usize::try_from(order.n).unwrap_or(usize::MAX);
    let from = match (order.bytes, order.from_start) {
        (true, true) => n.saturating_sub(1).min(text.len()),
        (true, false) => text.len().saturating_sub(n),
        (false, true) => skip_lines(&text, n.saturating_sub(1)),
        (false, false) => {
            let lines = gnu::lines(&text).len();
            skip_lines(&text, lines.saturating_sub(n))
        }
    };
    sys.put(STDOUT, &text[from..]);
    Ok(())
}

fn skip_lines(text: &[u8], n: usize) -> usize {
    if n == 0 {
        return 0;
    }
    text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(n - 1).map_or(text.len(), |(i, _)| i + 1)
}

/// Prints what is added, for ever.
async fn watch(sys: &Sys, mut files: Vec<Followed>, by_name: bool, header: bool, wait: &Wait) {
    let mut last = files.len().wrapping_sub(1);
    loop {
        let fds: Vec<(Fd, Interest)> = files.iter().filter_map(|f| f.fd).map(|fd| (fd, Interest::Change)).collect();
        if fds.is_empty() && !by_name {
            return;
        }
        // The process is looked for before the files are read, so that its last words are not missed. One that has ended and that its
        // shell has not asked for yet counts as gone: bash asks at once.
        let gone = match wait.pid {
            Some(pid) => !sys.procs().await.iter().any(|p| p.pid == pid && p.state != 'Z'),
            None => false,
        };
        let asks = by_name || wait.pid.is_some();
        let until: Option<SimTime> = if asks && !gone { Some(sys.now().plus_micros(wait.interval)) } else { None };
        if !gone && fds.is_empty() {
            let _ = sys.sleep(wait.interval.max(1)).await;
        } else if !gone && sys.poll(&fds, until).await.is_err() {
            return;
        }
        for (i, file) in files.iter_mut().enumerate() {
            if let Some(fd) = file.fd {
                let size = sys.fstat(fd).await.map_or(0, |s| s.size);
                if size < file.at {
                    sys.print(STDERR, format_args!("tail: {}: file truncated\n", file.name));
                    file.at = sys.seek(fd, Whence::Start, 0).await.unwrap_or(0);
                }
                let text = sys.read_all(fd).await.unwrap_or_default();
                if !text.is_empty() {
                    if header && last != i {
                        title(sys, &file.name, &mut false);
                    }
                    last = i;
                    file.at += text.len() as u64;
                    sys.put(STDOUT, &text);
                }
            }
            if by_name {
                reopen(sys, file).await;
            }
        }
        if gone {
            return;
        }
    }
}

/// Looks whether another file has the name now.
async fn reopen(sys: &Sys, file: &mut Followed) {
    let name = quoteaf(&file.name);
    match sys.stat(&file.name).await {
        Err(e) => {
            if let Some(fd) = file.fd.take() {
                sys.complain(format_args!("{name} has become inaccessible: {e}"));
                let _ = sys.close(fd).await;
            }
        }
        Ok(s) if file.fd.is_none() || s.ino != file.ino => {
            let Ok(fd) = gnu::open(sys, &file.name).await else { return };
            match file.fd.replace(fd) {
                Some(old) => {
                    sys.complain(format_args!("{name} has been replaced;  following new file"));
                    let _ = sys.close(old).await;
                }
                None => sys.complain(format_args!("{name} has appeared;  following new file")),
            }
            let text = sys.read_all(fd).await.unwrap_or_default();
            (file.ino, file.at) = (s.ino, text.len() as u64);
            sys.put(STDOUT, &text);
        }
        Ok(_) => {}
    }
}
