//! Builtins that read and write: echo, read, mapfile.

use super::super::escape::{escape, single_quoted};
use super::super::vars::{Value, is_name};
use super::super::{Run, Shell};
use super::{has, value};
use machine::{Errno, Fd, Interest, Map, SimTime, Whence};

pub(super) async fn echo(sh: &mut Shell, a: &[String]) -> Run {
    let (mut newline, mut escapes, mut i) = (true, sh.shopt("xpg_echo") || sh.dash(), 1);
    if sh.dash() && a.get(1).is_some_and(|x| x == "-n") {
        (newline, i) = (false, 2);
    }
    while let Some(arg) =
        a.get(i).filter(|x| !sh.dash() && x.len() > 1 && x.starts_with('-') && x[1..].bytes().all(|b| b"neE".contains(&b)))
    {
        for b in arg.bytes().skip(1) {
            match b {
                b'n' => newline = false,
                b => escapes = b == b'e',
            }
        }
        i += 1;
    }
    let text = a[i.min(a.len())..].join(" ");
    let mut out = Vec::new();
    if escapes {
        newline &= !expand_escapes(&text, true, &mut out);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    if newline {
        out.push(b'\n');
    }
    sh.sys.put(sh.fd(1), &out);
    Ok(0)
}

/// Text with the escapes of `echo -e` and `%b`; true if `\c` ended it. `zero`: octal numbers need a leading 0.
pub(crate) fn expand_escapes(text: &str, zero: bool, out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        if rest.starts_with('c') {
            return true;
        }
        let n = escape(rest, zero || rest.starts_with('0'), out);
        if n == 0 {
            out.push(b'\\');
        }
        rest = rest.get(n..).unwrap_or("");
    }
    out.extend_from_slice(rest.as_bytes());
    false
}

impl Shell {
    /// Reads up to a delimiter (kept in the result) or `most` characters from a descriptor of this process, and not a byte more.
    /// `None`: end of file at once; the flag: the delimiter came.
    pub(in super::super) async fn read_line(&mut self, fd: Fd, delimiter: u8, most: Option<usize>) -> Run<Option<(Vec<u8>, bool)>> {
        let real = self.fd(fd);
        let mut line = Vec::new();
        // A file can be read ahead and wound back; a pipe must be read byte by byte.
        let seekable = self.sys.seek(real, Whence::Current, 0).await.is_ok();
        let tty = !seekable && self.sys.is_tty(real).await;
        let step = if seekable || tty && most.is_none() { 4096 } else { 1 };
        loop {
            let part = match self.sys.read(real, step).await {
                Ok(part) => part,
                Err(Errno::EINTR) => {
                    self.note_signals().await;
                    self.run_traps().await?;
                    self.check_interrupt()?;
                    continue;
                }
                Err(_) => return Ok(None),
            };
            if part.is_empty() {
                return Ok(if line.is_empty() { None } else { Some((line, false)) });
            }
            for (i, &b) in part.iter().enumerate() {
                line.push(b);
                let full = most.is_some_and(|n| String::from_utf8_lossy(&line).chars().count() >= n && std::str::from_utf8(&line).is_ok());
                if b == delimiter || full {
                    let over = part.len() - i - 1;
                    if over > 0 && seekable {
                        let _ = self.sys.seek(real, Whence::Current, -(over as i64)).await;
                    }
                    return Ok(Some((line, b == delimiter)));
                }
            }
        }
    }
}

pub(super) async fn read(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, if sh.dash() { "rp:" } else { "ersa:d:i:n:N:p:t:u:" }) {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let names = &a[at..];
    if sh.dash() && names.is_empty() {
        return Ok(sh.complain("read", "arg count"));
    }
    for name in names {
        if !is_name(name.split('[').next().unwrap_or("")) {
            return Ok(sh.complain("read", &format!("`{name}': not a valid identifier")));
        }
    }
    let fd: Fd = match value(&given, 'u').map(|u| u.parse::<Fd>()) {
        None => 0,
        Some(Ok(fd)) if sh.fd(fd) >= 0 => fd,
        _ => {
            let u = value(&given, 'u').unwrap_or("");
            return Ok(sh.complain("read", &format!("{u}: invalid file descriptor: Bad file descriptor")));
        }
    };
    let real = sh.fd(fd);
    let raw = has(&given, 'r');
    let decimal = |s: &&str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if let Some(n) = value(&given, 'n').or(value(&given, 'N')).filter(|n| !decimal(n)) {
        return Ok(sh.complain("read", &format!("{n}: invalid number")));
    }
    if let Some(t) = value(&given, 't').filter(|t| !t.split('.').all(|part| part.is_empty() || decimal(&part))) {
        return Ok(sh.complain("read", &format!("{t}: invalid timeout specification")));
    }
    let exact = value(&given, 'N');
    let most = exact.or(value(&given, 'n')).and_then(|n| n.parse::<usize>().ok());
    let delimiter = match value(&given, 'd') {
        Some(d) => d.bytes().next().unwrap_or(0),
        None => b'\n',
    };
    let tty = sh.sys.is_tty(real).await;
    if let Some(prompt) = value(&given, 'p').filter(|_| tty) {
        sh.sys.print(sh.fd(2), format_args!("{prompt}"));
    }
    if let Some(t) = value(&given, 't') {
        let (secs, frac) = t.split_once('.').unwrap_or((t, ""));
        let micros: u64 = format!("{frac:0<6}").get(..6).and_then(|f| f.parse().ok()).unwrap_or(0);
        let until = sh.sys.now().plus_secs(secs.parse().unwrap_or(0)).plus_micros(micros);
        let ready = wait_for(sh, real, until).await;
        if !ready {
            return Ok(if t.trim_matches(['0', '.']).is_empty() { 1 } else { 142 });
        }
    }
    let old = match sh.sys.tty_get(real).await {
        Ok(old) if tty && (has(&given, 's') || most.is_some() || delimiter != b'\n') => {
            let mut new = old;
            new.echo &= !has(&given, 's');
            new.canonical &= most.is_none() && delimiter == b'\n';
            let _ = sh.sys.tty_set(real, new).await;
            Some(old)
        }
        _ => None,
    };
    let mut line = Vec::new();
    let mut status = 1;
    let done = loop {
        let left = most.map(|n| n.saturating_sub(line.len()));
        match sh.read_line(fd, if exact.is_some() { 0 } else { delimiter }, left).await {
            Err(flow) => break Err(flow),
            Ok(None) => break Ok(()),
            Ok(Some((part, ended))) => {
                line.extend_from_slice(&part);
                if ended
                    && !raw
                    && delimiter == b'\n'
                    && line.ends_with(b"\\\n")
                    && line.iter().rev().skip(1).take_while(|b| **b == b'\\').count() % 2 == 1
                {
                    line.truncate(line.len() - 2);
                    continue;
                }
                if ended {
                    line.pop();
                }
                status = i32::from(!ended && most.is_none());
                break Ok(());
            }
        }
    };
    if let Some(old) = old {
        let _ = sh.sys.tty_set(real, old).await;
    }
    done?;
    let text = String::from_utf8_lossy(&line).replace('\0', "");
    let fail = |sh: &mut Shell, e: String| {
        sh.error(format_args!("{e}"));
        1
    };
    if exact.is_some() {
        let name = names.first().map_or("REPLY", String::as_str);
        return Ok(sh.assign_place(name, &text).map_or_else(|e| fail(sh, e), |()| status));
    }
    let ifs = sh.ifs();
    if let Some(array) = value(&given, 'a') {
        let fields = fields(&text, &ifs, usize::MAX, raw);
        let map: Map<i64, String> = fields.into_iter().enumerate().map(|(i, f)| (i as i64, f)).collect();
        sh.vars.get_mut(array).value = Value::Indexed(map);
        return Ok(status);
    }
    if names.is_empty() {
        let text = if raw { text } else { unescape(&text) };
        sh.vars.set("REPLY", &text);
        return Ok(status);
    }
    let mut list = fields(&text, &ifs, names.len(), raw).into_iter();
    for name in names {
        if let Err(e) = sh.assign_place(name, &list.next().unwrap_or_default()) {
            return Ok(fail(sh, e));
        }
    }
    Ok(status)
}

async fn wait_for(sh: &mut Shell, fd: Fd, until: SimTime) -> bool {
    sh.sys.poll(&[(fd, Interest::Read)], Some(until)).await.is_ok_and(|ready| !ready.is_empty())
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' { out.extend(chars.next()) } else { out.push(c) }
    }
    out
}

/// Splits a line at the characters of `ifs` into at most `most` fields; the last one takes the rest.
fn fields(text: &str, ifs: &str, most: usize, raw: bool) -> Vec<String> {
    let white = |c: char| matches!(c, ' ' | '\t' | '\n') && ifs.contains(c);
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(white);
    while !rest.is_empty() {
        let mut end = None;
        let mut escaped = false;
        for (i, c) in rest.char_indices() {
            if !escaped && ifs.contains(c) {
                end = Some(i);
                break;
            }
            escaped = !raw && !escaped && c == '\\';
        }
        let last = out.len() + 1 == most;
        let Some(end) = end.filter(|_| !last) else {
            let mut tail = rest.trim_end_matches(white);
            // One delimiter at the very end belongs to the field if it is the only one.
            if last && end.is_some_and(|e| tail.len() == e + tail[e..].chars().next().map_or(0, char::len_utf8)) {
                tail = tail.trim_end_matches(|c| ifs.contains(c));
            }
            out.push(if raw { tail.to_string() } else { unescape(tail) });
            return out;
        };
        out.push(if raw { rest[..end].to_string() } else { unescape(&rest[..end]) });
        rest = rest[end..].trim_start_matches(white);
        if let Some(c) = rest.chars().next().filter(|&c| ifs.contains(c) && !white(c)) {
            rest = rest[c.len_utf8()..].trim_start_matches(white);
        }
    }
    out
}

pub(super) async fn mapfile(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "d:n:O:s:tu:C:c:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let number = |c| value(&given, c).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    let delimiter = value(&given, 'd').map_or(b'\n', |d| d.bytes().next().unwrap_or(0));
    let array = a.get(at).map_or("MAPFILE", String::as_str);
    let (most, mut skip, mut index) = (number('n'), number('s'), number('O') as i64);
    let mut map = Map::new();
    let fd = number('u') as Fd;
    if sh.fd(fd) < 0 {
        return Ok(sh.complain("mapfile", &format!("{fd}: invalid file descriptor: Bad file descriptor")));
    }
    let every = value(&given, 'c').map_or(5000, |_| number('c').max(1));
    while let Some((mut line, ended)) = sh.read_line(fd, delimiter, None).await? {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if ended && has(&given, 't') {
            line.pop();
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(callback) = value(&given, 'C').filter(|_| (map.len() + 1).is_multiple_of(every)) {
            let text = format!("{callback} {index} {}", single_quoted(&line));
            sh.eval(&text, "mapfile").await?;
        }
        map.insert(index, line);
        index += 1;
        if most > 0 && map.len() >= most {
            break;
        }
    }
    sh.vars.get_mut(array).value = Value::Indexed(map);
    Ok(0)
}
