//! awk: files and commands that are read from and written to, and how input is cut into records.
//! Not here: which file comes next (`run`). Source: POSIX awk.

use super::lex::unescape;
use crate::util::gnu;
use machine::{ChildStatus, Errno, Fd, Open, Pid, STDIN, STDOUT, Spawn, Sys, Sysret, WaitFor};
use pattern::{Options, Regex, Syntax};

pub(super) struct Input {
    pub(super) name: Vec<u8>,
    fd: Fd,
    pid: Option<Pid>,
    buffer: Vec<u8>,
    ended: bool,
}

pub(super) struct Output {
    pub(super) name: Vec<u8>,
    pub(super) fd: Fd,
    pid: Option<Pid>,
}

/// How records end.
pub(super) enum Records {
    Byte(u8),
    /// At empty lines.
    Paragraphs,
    Regex(Box<Regex>),
}

pub(super) fn records(rs: &[u8]) -> Records {
    match rs {
        [] => Records::Paragraphs,
        [b] => Records::Byte(*b),
        _ => match Regex::new(rs, Syntax::Awk, Options::default()) {
            Ok(r) => Records::Regex(Box::new(r)),
            Err(_) => Records::Byte(b'\n'),
        },
    }
}

/// A command run by sh with one end of a pipe: `into` it is written, else read from.
async fn command(sys: &Sys, text: &[u8], into: bool) -> Sysret<(Fd, Pid)> {
    let (read, write) = sys.pipe().await?;
    let argv = vec!["sh".to_string(), "-c".into(), String::from_utf8_lossy(text).into_owned()];
    let mut spawn = Spawn::exec("/bin/sh", argv);
    spawn.fds = if into { vec![(0, read), (1, 1), (2, 2)] } else { vec![(0, 0), (1, write), (2, 2)] };
    let pid = sys.spawn(spawn).await;
    let (mine, other) = if into { (write, read) } else { (read, write) };
    sys.close(other).await?;
    Ok((mine, pid?))
}

async fn wait(sys: &Sys, pid: Option<Pid>) -> i32 {
    let Some(pid) = pid else { return 0 };
    loop {
        match sys.wait(WaitFor::Pid(pid), true, false).await {
            Ok(Some((_, ChildStatus::Exited(n)))) => return n,
            Ok(Some((_, ChildStatus::Signaled(s)))) => return 256 + s as i32,
            Err(Errno::EINTR) => sys.yield_now().await,
            _ => return -1,
        }
    }
}

/// Runs a command for `system`.
pub(super) async fn system(sys: &Sys, text: &[u8]) -> i32 {
    let argv = vec!["sh".to_string(), "-c".into(), String::from_utf8_lossy(text).into_owned()];
    match sys.spawn(Spawn::exec("/bin/sh", argv)).await {
        Ok(pid) => wait(sys, Some(pid)).await,
        Err(_) => 127,
    }
}

impl Input {
    pub(super) async fn open(sys: &Sys, name: &[u8]) -> Sysret<Input> {
        let text = String::from_utf8_lossy(name);
        let fd = if text == "/dev/stdin" { STDIN } else { gnu::open(sys, &text).await? };
        Ok(Input { name: name.to_vec(), fd, pid: None, buffer: Vec::new(), ended: false })
    }
    pub(super) async fn run(sys: &Sys, text: &[u8]) -> Sysret<Input> {
        let (fd, pid) = command(sys, text, false).await?;
        Ok(Input { name: text.to_vec(), fd, pid: Some(pid), buffer: Vec::new(), ended: false })
    }
    pub(super) async fn close(self, sys: &Sys) -> i32 {
        gnu::close(sys, self.fd).await;
        wait(sys, self.pid).await
    }
    /// The next record without what ends it; nothing at the end.
    pub(super) async fn next(&mut self, sys: &Sys, how: &Records) -> Sysret<Option<Vec<u8>>> {
        if matches!(how, Records::Paragraphs) {
            // Empty lines in front do not count.
            loop {
                let n = self.buffer.iter().take_while(|b| **b == b'\n').count();
                self.buffer.drain(..n);
                if !self.buffer.is_empty() || self.ended {
                    break;
                }
                self.fill(sys).await?;
            }
        }
        let mut seen = 0;
        loop {
            let found = match how {
                Records::Byte(b) => self.buffer[seen..].iter().position(|x| x == b).map(|i| (seen + i, seen + i + 1)),
                Records::Paragraphs => self.buffer.windows(2).position(|w| w == b"\n\n").map(|i| {
                    let more = self.buffer[i..].iter().take_while(|b| **b == b'\n').count();
                    (i, i + more)
                }),
                Records::Regex(r) => r.find(&self.buffer, 0).map(|m| (m.start(), m.end())).filter(|m| m.1 > m.0),
            };
            // A separator at the end of what has come may go on.
            let sure = matches!(how, Records::Byte(_)) || self.ended || found.is_some_and(|f| f.1 < self.buffer.len());
            if let (Some((end, next)), true) = (found, sure) {
                let rest = self.buffer.split_off(next);
                let mut record = std::mem::replace(&mut self.buffer, rest);
                record.truncate(end);
                return Ok(Some(record));
            }
            if self.ended {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                let mut record = std::mem::take(&mut self.buffer);
                if matches!(how, Records::Paragraphs) && record.last() == Some(&b'\n') {
                    record.pop();
                }
                return Ok(Some(record));
            }
            seen = self.buffer.len();
            self.fill(sys).await?;
        }
    }
    async fn fill(&mut self, sys: &Sys) -> Sysret<()> {
        let part = sys.read(self.fd, 1 << 16).await?;
        self.ended = part.is_empty();
        self.buffer.extend_from_slice(&part);
        Ok(())
    }
}

impl Output {
    pub(super) async fn open(sys: &Sys, name: &[u8], how: u8) -> Sysret<Output> {
        let text = String::from_utf8_lossy(name).into_owned();
        let (fd, pid) = match (how, text.as_str()) {
            (b'|', _) => command(sys, name, true).await.map(|(fd, pid)| (fd, Some(pid)))?,
            (_, "/dev/stdout" | "-") => (STDOUT, None),
            (_, "/dev/stderr") => (machine::STDERR, None),
            (b'G', _) => (sys.open(&text, Open::APPEND, 0o666).await?, None),
            _ => (sys.open(&text, Open::CREATE, 0o666).await?, None),
        };
        Ok(Output { name: name.to_vec(), fd, pid })
    }
    pub(super) async fn close(self, sys: &Sys) -> i32 {
        if self.fd > 2 {
            let _ = sys.close(self.fd).await;
        }
        wait(sys, self.pid).await
    }
}

/// `name=value` among the operands, and for -v.
pub(super) fn assignment(arg: &[u8]) -> Option<(String, Vec<u8>)> {
    let at = arg.iter().position(|b| *b == b'=')?;
    let name = &arg[..at];
    let good = !name.is_empty() && !name[0].is_ascii_digit() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    good.then(|| (String::from_utf8_lossy(name).into_owned(), unescape(&arg[at + 1..])))
}
