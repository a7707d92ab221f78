//! `openssl enc` and `openssl base64`: base64 to and fro as OpenSSL's filter does it, which drops what does not fit without a word.
//! Not here: ciphers. Source: openssl-enc(1), BIO_f_base64(3), EVP_DecodeUpdate(3).

use crate::front::{listed, misuse};
use machine::{Errno, Open, STDERR, STDIN, STDOUT, Sys};

const HELP: &str = include_str!("cmd/enc.txt");

/// Options that take a value; of these only `in` and `out` do something here.
const VALUED: [&str; 17] = [
    "in",
    "out",
    "k",
    "kfile",
    "pass",
    "bufsize",
    "K",
    "S",
    "iv",
    "md",
    "iter",
    "rand",
    "writerand",
    "provider-path",
    "provider",
    "propquery",
    "engine",
];
/// Options without a value that change nothing as long as nothing is encrypted.
const IDLE: [&str; 7] = ["nopad", "salt", "nosalt", "debug", "pbkdf2", "none", "v"];

/// Prints the options.
pub(crate) fn help(sys: &Sys, name: &str) -> i32 {
    sys.print(STDERR, format_args!("Usage: {name} [options]\n\n{HELP}"));
    0
}

/// Runs the subcommand.
pub(crate) async fn run(sys: &Sys, name: &str) -> i32 {
    let (mut input, mut output) = (None, None);
    let (mut base64, mut line, mut decode) = (name == "base64", false, false);
    let mut args = sys.args()[2..].iter();
    while let Some(arg) = args.next() {
        let Some(option) = arg.strip_prefix('-').filter(|o| !o.is_empty()) else { return misuse(sys, name, "") };
        let option = option.strip_prefix('-').unwrap_or(option);
        match option {
            "help" => return help(sys, name),
            "d" => decode = true,
            "e" => decode = false,
            "a" | "base64" => base64 = true,
            "A" => line = true,
            _ if IDLE.contains(&option) => {}
            _ if VALUED.contains(&option) => {
                let Some(value) = args.next() else { return misuse(sys, name, &format!("Option -{option} needs a value")) };
                match option {
                    "in" => input = Some(value),
                    "out" => output = Some(value),
                    _ => {
                        sys.unsupported(&format!("{name} -{option}"));
                        return 1;
                    }
                }
            }
            "p" | "P" | "list" | "ciphers" => {
                sys.unsupported(&format!("{name} -{option}"));
                return 1;
            }
            _ if listed(option) => {
                sys.unsupported(&format!("{name} -{option}"));
                return 1;
            }
            _ => {
                misuse(sys, name, &format!("Unknown cipher: {option}"));
                queue(
                    sys,
                    format_args!(
                        "0308010C:digital envelope routines:inner_evp_generic_fetch:unsupported:../crypto/evp/evp_fetch.c:386:Global default library context, Algorithm ({option} : 0), Properties (<null>)"
                    ),
                )
                .await;
                return 1;
            }
        }
    }
    let from = match input {
        None => STDIN,
        Some(path) => match sys.open(path, Open::READ, 0).await {
            Ok(fd) => fd,
            Err(e) => return unopened(sys, path, "reading", "rb", e).await,
        },
    };
    let to = match output {
        None => STDOUT,
        Some(path) => match sys.open(path, Open::CREATE, 0o666).await {
            Ok(fd) => fd,
            Err(e) => return unopened(sys, path, "writing", "w", e).await,
        },
    };
    let mut all = Vec::new();
    loop {
        match sys.read(from, 8192).await {
            Ok(part) if part.is_empty() => break,
            Ok(part) => all.extend_from_slice(&part),
            Err(e) => {
                let code = number(e);
                queue(sys, format_args!("800000{code:02X}:system library:file_read:{e}:../crypto/bio/bss_file.c:149:calling fread()"))
                    .await;
                queue(sys, format_args!("10080002:BIO routines:file_read:system lib:../crypto/bio/bss_file.c:151:")).await;
                break;
            }
        }
    }
    let out = match (base64, decode, line) {
        (false, ..) => all,
        (true, true, true) => decode_line(&all),
        (true, true, false) => decode_lines(&all),
        (true, false, _) => encode(&all, line),
    };
    i32::from(sys.write(to, &out).await.is_err())
}

/// A line of the error queue.
async fn queue(sys: &Sys, text: std::fmt::Arguments<'_>) {
    let thread = sys.random().await as u32;
    sys.print(STDERR, format_args!("40{:02X}{:08X}7F0000:error:{text}\n", thread & 255, thread >> 8));
}

/// The numbers of those errors that meet here.
fn number(e: Errno) -> u8 {
    match e {
        Errno::EPERM => 1,
        Errno::ENOENT => 2,
        Errno::EACCES => 13,
        Errno::ENOTDIR => 20,
        Errno::EISDIR => 21,
        Errno::ENOSPC => 28,
        _ => 5,
    }
}

async fn unopened(sys: &Sys, path: &str, what: &str, mode: &str, e: Errno) -> i32 {
    let code = number(e);
    sys.print(STDERR, format_args!("Can't open \"{path}\" for {what}, {e}\n"));
    queue(sys, format_args!("800000{code:02X}:system library:BIO_new_file:{e}:../crypto/bio/bss_file.c:67:calling fopen({path}, {mode})"))
        .await;
    let (code, why, at) = if e == Errno::ENOENT { ("10000080", "no such file", 75) } else { ("10080002", "system lib", 77) };
    queue(sys, format_args!("{code}:BIO routines:BIO_new_file:{why}:../crypto/bio/bss_file.c:{at}:")).await;
    1
}

/// Lines of 64 characters, or one without end.
fn encode(bytes: &[u8], line: bool) -> Vec<u8> {
    let text = wire::base64::encode(bytes);
    if line {
        return text.into_bytes();
    }
    let mut out = Vec::new();
    for part in text.as_bytes().chunks(64) {
        out.extend_from_slice(part);
        out.push(b'\n');
    }
    out
}

/// Bytes that the filter takes from its source at a time.
const BLOCK: usize = 1024;

/// Decoding of one long line: in blocks of whole groups, each without anything else in it.
fn decode_line(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in text.chunks(BLOCK) {
        let whole = &block[..block.len() & !3];
        let other = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'-');
        let start = whole.iter().take_while(|b| other(b)).count();
        let end = whole.len() - whole[start..].iter().rev().take_while(|b| other(b)).count();
        match wire::base64::decode(&whole[start..end]) {
            Ok(bytes) => out.extend(bytes),
            Err(_) => break,
        }
    }
    out
}

/// Decoding of lines: what stands before the first line of base64 is passed over; a mistake ends it and takes its block along.
fn decode_lines(text: &[u8]) -> Vec<u8> {
    let mut at = 0;
    loop {
        let Some(end) = text[at..].iter().position(|&b| b == b'\n') else { return Vec::new() };
        let (state, bytes) = update(&mut Vec::new(), &text[at..=at + end]);
        if state == More::Yes || !bytes.is_empty() {
            break;
        }
        at += end + 1;
    }
    let mut out = Vec::new();
    let mut held = Vec::new();
    for block in text[at..].chunks(BLOCK) {
        let (state, bytes) = update(&mut held, block);
        if state == More::Wrong {
            break;
        }
        out.extend(bytes);
        if state == More::No {
            break;
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    Yes,
    /// The end was seen: padding, or `-`.
    No,
    Wrong,
}

/// One step of the decoder: groups of 64 characters are decoded, at the end of the step also fewer if they are whole.
fn update(held: &mut Vec<u8>, text: &[u8]) -> (More, Vec<u8>) {
    let mut out = Vec::new();
    let mut padding = held.iter().rev().take(2).take_while(|&&b| b == b'=').count();
    let mut end = false;
    for &b in text {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => {
                if b == b'=' {
                    padding += 1;
                } else if padding > 0 {
                    return (More::Wrong, out);
                }
                if padding > 2 {
                    return (More::Wrong, out);
                }
                held.push(b);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'-' => {
                end = true;
                break;
            }
            _ => return (More::Wrong, out),
        }
        if held.len() == 64 && !flush(held, &mut out) {
            return (More::Wrong, out);
        }
    }
    if !held.is_empty() {
        if held.len().is_multiple_of(4) {
            if !flush(held, &mut out) {
                return (More::Wrong, out);
            }
        } else if end {
            return (More::Wrong, out);
        }
    }
    (if end || (held.is_empty() && padding > 0) { More::No } else { More::Yes }, out)
}

fn flush(held: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
    let text = std::mem::take(held);
    wire::base64::decode(&text).map(|bytes| out.extend(bytes)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{decode_line, decode_lines};

    #[test]
    fn decoding_drops_what_openssl_drops() {
        for (text, want) in [
            ("cmVkaGF0", ""),
            ("cmVkaGF0\n", "redhat"),
            ("cmVk\naGF0\n", "redhat"),
            ("cmVk aGF0\n", "redhat"),
            ("cmVkaGF\n", ""),
            ("not base64!\n", ""),
            ("cmVkaGF0Cg==\n", "redhat\n"),
            ("cmVkaGF0Cg=\n", ""),
            ("cmVk!aGF0\n", ""),
            ("cmVkaGF0\nx\n", ""),
            ("cmVkaGF0\ncmVk", "redhatred"),
            ("dGVzdA==dGVzdA==\n", ""),
            ("dGVzdA==\ndGVzdA==\n", ""),
            (" cmVkaGF0\r\n", "redhat"),
            ("cmVkaGF0-foo\n", "redhat"),
            ("cm=VkaGF0\n", ""),
            ("\n", ""),
        ] {
            assert_eq!(decode_lines(text.as_bytes()), want.as_bytes(), "{text}");
        }
        for (text, want) in [("cmVkaGF0\n", "redhat"), ("cmVkaGF0\ncmVk\n", ""), ("cmVkaGF0", "redhat")] {
            assert_eq!(decode_line(text.as_bytes()), want.as_bytes(), "{text}");
        }
    }
}
