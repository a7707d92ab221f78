//! file: determine file type.  Source: file 5.44: its words for what a mail host holds (texts, scripts, certificates, archives, databases).
//! Not here: magic files, -z, the hundreds of other formats.

use crate::util::date::strftime;
use crate::util::zone::Zone;
use crate::util::{gnu, walk};
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDERR, STDOUT, SimTime, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "file",
    path: "/usr/bin/file",
    synopsis: "[-bcCdEhikLlNnprsSvzZ0] <file> ...",
    about: "determine file type",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex {
            sh: "echo hi > a; mkdir d; ln -s a l; touch e; file a d l e nosuch",
            out: "a:      ASCII text\nd:      directory\nl:      symbolic link to a\ne:      empty\nnosuch: cannot open `nosuch' (No such file or directory)\n",
            code: 0,
        },
        Ex {
            sh: "printf '#!/bin/sh\\n' > s; file -b s; printf 'caf\\303\\251\\n' > u; file -i u",
            out: "POSIX shell script, ASCII text executable\nu: text/plain; charset=utf-8\n",
            code: 0,
        },
    ],
};

const USAGE: &str = "Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]\n            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]\n            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]\n            <file> ...\n       file -C [-m <magicfiles>]\n       file [--help]\n";

const OPTIONS: &[Opt] = &[
    Opt(b'b', "brief", Arg::No),
    Opt(b'F', "separator", Arg::Yes),
    Opt(b'h', "no-dereference", Arg::No),
    Opt(b'i', "mime", Arg::No),
    Opt(b'L', "dereference", Arg::No),
    Opt(0, "mime-encoding", Arg::No),
    Opt(0, "mime-type", Arg::No),
    Opt(b'N', "no-pad", Arg::No),
    Opt(b's', "special-files", Arg::No),
    Opt(b'v', "version", Arg::No),
];

/// Beginnings of files: bytes, words, MIME type.
const STARTS: [(&[u8], &str, &str); 18] = [
    (b"-----BEGIN CERTIFICATE-----", "PEM certificate", "text/plain"),
    (b"-----BEGIN CERTIFICATE REQUEST-----", "PEM certificate request", "text/plain"),
    (b"-----BEGIN NEW CERTIFICATE REQUEST-----", "PEM certificate request", "text/plain"),
    (b"-----BEGIN RSA PRIVATE KEY-----", "PEM RSA private key", "text/plain"),
    (b"-----BEGIN DSA PRIVATE KEY-----", "PEM DSA private key", "text/plain"),
    (b"-----BEGIN EC PRIVATE KEY-----", "PEM EC private key", "text/plain"),
    (b"-----BEGIN OPENSSH PRIVATE KEY-----", "OpenSSH private key", "text/plain"),
    (b"ssh-rsa ", "OpenSSH RSA public key", "text/plain"),
    (b"From ", "mbox", "application/mbox"),
    (b"Return-Path:", "SMTP mail", "message/rfc822"),
    (b"Received:", "RFC 822 mail", "message/rfc822"),
    (b"\x7fELF", "ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, stripped", "application/x-pie-executable"),
    (b"PK\x03\x04", "Zip archive data, at least v2.0 to extract, compression method=deflate", "application/zip"),
    (b"BZh", "bzip2 compressed data", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "XZ compressed data", "application/x-xz"),
    (b"%PDF-", "PDF document", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "PNG image data", "image/png"),
    (b"GIF8", "GIF image data", "image/gif"),
];

/// Interpreters: the end of a script's first line, words, MIME type.
const SCRIPTS: [(&str, &str, &str); 6] = [
    ("bash", "Bourne-Again shell script", "text/x-shellscript"),
    ("sh", "POSIX shell script", "text/x-shellscript"),
    ("perl", "Perl script", "text/x-perl"),
    ("python3", "Python script", "text/x-script.python"),
    ("python", "Python script", "text/x-script.python"),
    ("awk", "awk script", "text/x-awk"),
];

/// The encoding of a text: words and charset; none: it is no text.
fn encoding(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let odd = |b: &u8| *b < 32 && !matches!(b, 7..=13 | 27) || *b == 127;
    if bytes.iter().any(odd) {
        return None;
    }
    if bytes.is_ascii() {
        return Some(("ASCII text", "us-ascii"));
    }
    if std::str::from_utf8(bytes).is_ok() {
        let mark = bytes.starts_with(b"\xef\xbb\xbf");
        return Some((if mark { "Unicode text, UTF-8 (with BOM) text" } else { "Unicode text, UTF-8 text" }, "utf-8"));
    }
    if bytes.iter().any(|b| (0x80..0xA0).contains(b)) {
        return Some(("Non-ISO extended-ASCII text", "unknown-8bit"));
    }
    Some(("ISO-8859 text", "iso-8859-1"))
}

/// What a file's bytes are: words, MIME type, charset.
fn describe(bytes: &[u8], zone: &Zone) -> (String, String, &'static str) {
    if bytes.is_empty() {
        return ("empty".into(), "inode/x-empty".into(), "binary");
    }
    let text = encoding(bytes);
    let charset = text.map_or("binary", |t| t.1);
    if let [0x1f, 0x8b, 8, flags, a, b, c, d, _, os, rest @ ..] = bytes {
        let mut words = "gzip compressed data".to_string();
        let mut rest = rest;
        if flags & 4 != 0
            && let [l, h, more @ ..] = rest
        {
            rest = more.get(usize::from(*l) + 256 * usize::from(*h)..).unwrap_or(b"");
        }
        if flags & 8 != 0 {
            let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
            words.push_str(&format!(", was \"{}\"", String::from_utf8_lossy(&rest[..end])));
        }
        let time = u32::from_le_bytes([*a, *b, *c, *d]);
        if time > 0 {
            words
                .push_str(&format!(", last modified: {}", strftime("%a %b %e %H:%M:%S %Y", SimTime::from_secs(time.into()), &Zone::utc())));
        }
        if *os == 3 {
            words.push_str(", from Unix");
        }
        if let Some([a, b, c, d]) = bytes.len().checked_sub(4).and_then(|n| bytes.get(n..)) {
            words.push_str(&format!(", original size modulo 2^32 {}", u32::from_le_bytes([*a, *b, *c, *d])));
        }
        let _ = zone;
        return (words, "application/gzip".into(), "binary");
    }
    if bytes.get(12..16) == Some(&[0x61, 0x15, 6, 0]) {
        return ("Berkeley DB (Hash, version 9, native byte-order)".into(), "application/x-dbm".into(), "binary");
    }
    if bytes.get(12..16) == Some(&[0x62, 0x31, 5, 0]) {
        return ("Berkeley DB (Btree, version 9, native byte-order)".into(), "application/x-dbm".into(), "binary");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return ("POSIX tar archive (GNU)".into(), "application/x-tar".into(), "binary");
    }
    let lines = |words: &str| {
        let mut all = words.to_string();
        let longest = bytes.split(|b| *b == b'\n').map(<[u8]>::len).max().unwrap_or(0);
        if longest > 300 {
            all.push_str(&format!(", with very long lines ({longest})"));
        }
        let crlf = bytes.windows(2).filter(|w| w == b"\r\n").count();
        let lf = bytes.iter().filter(|b| **b == b'\n').count();
        match (crlf, lf) {
            (0, 0) => all.push_str(", with no line terminators"),
            (0, _) => {}
            (c, l) if c == l => all.push_str(", with CRLF line terminators"),
            _ => all.push_str(", with CRLF, LF line terminators"),
        }
        all
    };
    if let Some((_, words, mime)) = STARTS.iter().find(|s| bytes.starts_with(s.0)) {
        let pem = *mime == "text/plain" || bytes[0] >= 0x7f || text.is_none();
        let kind = match (*words, text) {
            (w, Some((t, _))) if !pem => format!("{w}, {}", lines(t)),
            (w, _) => w.to_string(),
        };
        return (kind, (*mime).into(), charset);
    }
    let Some((words, charset)) = text else { return ("data".into(), "application/octet-stream".into(), "binary") };
    if let Some(line) = bytes.strip_prefix(b"#!") {
        let line = String::from_utf8_lossy(line.split(|b| *b == b'\n').next().unwrap_or(b"")).into_owned();
        let program = line.split_whitespace().map(walk::base).find(|w| *w != "env").unwrap_or("").to_string();
        return match SCRIPTS.iter().find(|s| s.0 == program) {
            Some((_, kind, mime)) => (format!("{kind}, {} executable", lines(words)), (*mime).into(), charset),
            None => (format!("a {} script, {} executable", line.trim(), lines(words)), "text/plain".into(), charset),
        };
    }
    (lines(words), "text/plain".into(), charset)
}

async fn run(sys: Sys) -> i32 {
    let given = match crate::opts::parse_usage(&sys, OPTIONS, USAGE, 1) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'v') {
        sys.print(STDOUT, format_args!("file-5.44\nmagic file from /etc/magic:/usr/share/misc/magic\n"));
        return 0;
    }
    if given.operands.is_empty() {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    }
    let zone = Zone::of(&sys);
    let separator = given.value(OPTIONS, b'F').unwrap_or(":");
    let (mime, kind, set) = (given.has(OPTIONS, b'i'), given.has_long(OPTIONS, "mime-type"), given.has_long(OPTIONS, "mime-encoding"));
    let width = given.operands.iter().map(|n| crate::util::columns::width(n)).max().unwrap_or(0);
    for name in &given.operands {
        let stat = if given.has(OPTIONS, b'L') { sys.stat(name).await } else { sys.lstat(name).await };
        let special = |words: String, mime: &str| (words, mime.to_string(), "binary");
        let (words, mime_type, charset) = match &stat {
            _ if name == "-" => describe(&gnu::slurp(&sys, "-").await.unwrap_or_default(), &zone),
            Err(e) => special(format!("cannot open `{name}' ({e})"), ""),
            Ok(s) => match s.kind {
                FileKind::Dir => special("directory".into(), "inode/directory"),
                FileKind::Symlink => {
                    let to = sys.read_link(name).await.unwrap_or_default();
                    let broken = if sys.stat(name).await.is_err() { "broken " } else { "" };
                    special(format!("{broken}symbolic link to {to}"), "inode/symlink")
                }
                FileKind::CharDev => special(format!("character special ({}/{})", s.rdev.0, s.rdev.1), "inode/chardevice"),
                FileKind::Fifo => special("fifo (named pipe)".into(), "inode/fifo"),
                FileKind::Socket => special("socket".into(), "inode/socket"),
                FileKind::File => match gnu::slurp(&sys, name).await {
                    Ok(bytes) => describe(&bytes[..bytes.len().min(1 << 20)], &zone),
                    Err(_) => special("regular file, no read permission".into(), "application/octet-stream"),
                },
            },
        };
        let text = match (mime || kind && set, kind, set) {
            _ if stat.is_err() && name != "-" => words,
            (true, ..) => format!("{mime_type}; charset={charset}"),
            (_, true, _) => mime_type,
            (.., true) => charset.to_string(),
            _ => words,
        };
        if !given.has(OPTIONS, b'b') {
            let pad = if given.has(OPTIONS, b'N') { 0 } else { width - crate::util::columns::width(name) };
            sys.print(STDOUT, format_args!("{name}{separator}{:pad$} ", ""));
        }
        sys.print(STDOUT, format_args!("{text}\n"));
    }
    0
}
