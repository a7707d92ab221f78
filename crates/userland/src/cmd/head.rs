//! head: print the first lines or bytes.  Source: POSIX head, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys, Whence};

pub(super) const SPEC: Spec = Spec {
    name: "head",
    path: "/usr/bin/head",
    synopsis: "[OPTION]... [FILE]...",
    about: "output the first part of files",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "seq 3 | head -n 2", out: "1\n2\n", code: 0 },
        Ex { sh: "seq 3 | head -n -1", out: "1\n2\n", code: 0 },
        Ex { sh: "head -n x", out: "head: invalid number of lines: ‘x’\n", code: 1 },
    ],
};

const HELP: &str = "Usage: head [OPTION]... [FILE]...\nPrint the first 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "bytes", Arg::Yes),
    Opt(b'n', "lines", Arg::Yes),
    Opt(b'q', "quiet", Arg::No),
    Opt(b'q', "silent", Arg::No),
    Opt(b'v', "verbose", Arg::No),
    Opt(b'z', "zero-terminated", Arg::No),
];

/// `-20` in front of the other arguments as `-n 20`.
pub(super) fn modern(sys: &Sys) -> Option<Vec<String>> {
    let first = sys.arg(1).strip_prefix('-')?;
    let n = first.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 {
        return None;
    }
    let mut args = Vec::new();
    let unit = if first[n..].contains('c') { "-c" } else { "-n" };
    args.push(unit.to_string());
    args.push(first[..n].to_string());
    let rest: String = first[n..].chars().filter(|c| *c != 'c' && *c != 'l').collect();
    if !rest.is_empty() {
        args.push(format!("-{rest}"));
    }
    args.extend(sys.args().iter().skip(2).cloned());
    Some(args)
}

/// A number of lines or bytes, with a complaint about `shown` if it is none.
pub(super) fn amount(sys: &Sys, bytes: bool, number: &str, shown: &str) -> Option<u64> {
    let n = gnu::size(number);
    if n.is_none() {
        let what = if bytes { "bytes" } else { "lines" };
        sys.complain(format_args!("invalid number of {what}: {}", quote(shown)));
    }
    n
}

/// The line above a file's part.
pub(super) fn title(sys: &Sys, name: &str, first: &mut bool) {
    let name = if name == "-" { "standard input" } else { name };
    sys.print(STDOUT, format_args!("{}==> {name} <==\n", if *first { "" } else { "\n" }));
    *first = false;
}

async fn run(sys: Sys) -> i32 {
    let args = modern(&sys).unwrap_or_else(|| sys.args().iter().skip(1).cloned().collect());
    let given = match gnu::options_of(&sys, &args, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let (mut n, mut bytes, mut but, mut header) = (10u64, false, false, None);
    for (i, value) in &given.options {
        match (OPTIONS[*i].0, value) {
            (b'q', _) => header = Some(false),
            (b'v', _) => header = Some(true),
            (c @ (b'c' | b'n'), Some(text)) => {
                bytes = c == b'c';
                but = text.starts_with('-');
                let text = text.trim_start_matches('-');
                let Some(number) = amount(&sys, bytes, text, text) else { return 1 };
                n = number;
            }
            _ => {}
        }
    }
    let header = header.unwrap_or(given.operands.len() > 1);
    let (mut status, mut first) = (0, true);
    for name in gnu::or_stdin(given.operands) {
        let fd = match gnu::open(&sys, &name).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(format_args!("cannot open {} for reading: {e}", quoteaf(&name)));
                status = 1;
                continue;
            }
        };
        if header {
            title(&sys, &name, &mut first);
        }
        // Read no more than needed: what a pipe still holds is another's.
        let mut all: Vec<u8> = Vec::new();
        let error = loop {
            let have = if bytes { all.len() } else { all.iter().filter(|b| **b == b'\n').count() };
            if !but && have as u64 >= n {
                break None;
            }
            let most = if bytes && !but { usize::try_from(n).unwrap_or(4096).saturating_sub(all.len()).min(4096) } else { 4096 };
            match sys.read(fd, most).await {
                Ok(part) if part.is_empty() => break None,
                Ok(part) => all.extend_from_slice(&part),
                Err(e) => break Some(e),
            }
        };
        if let Some(e) = error {
            sys.complain(format_args!("error reading {}: {e}", quoteaf(&name)));
            status = 1;
        }
        let shown = cut(&all, n, bytes, but);
        sys.put(STDOUT, &all[..shown]);
        if !but && shown < all.len() {
            // A pipe cannot be wound back; what was read of it is lost, as in life.
            let _ = sys.seek(fd, Whence::Current, -((all.len() - shown) as i64)).await;
        }
        gnu::close(&sys, fd).await;
    }
    status
}

/// How many bytes of the text are shown.
fn cut(text: &[u8], n: u64, bytes: bool, but: bool) -> usize {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    if bytes {
        return if but { text.len().saturating_sub(n) } else { text.len().min(n) };
    }
    let mut ends: Vec<usize> = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
    if ends.last().copied().unwrap_or(0) < text.len() {
        ends.push(text.len());
    }
    let keep = if but { ends.len().saturating_sub(n) } else { ends.len().min(n) };
    if keep == 0 { 0 } else { ends[keep - 1] }
}
