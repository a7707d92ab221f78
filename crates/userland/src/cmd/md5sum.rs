//! Not here: MD5 and SHA-2 themselves (`wire`), cksum's other algorithms.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

macro_rules! sums {
    ($($const:ident $name:literal $bits:literal $ex:literal),* $(,)?) => { $(
        pub(super) const $const: Spec = Spec {
            name: $name,
            path: concat!("/usr/bin/", $name),
            synopsis: "[OPTION]... [FILE]...",
            about: concat!("compute and check ", $bits, " message digest"),
            run: |sys| Box::pin(run(sys)),
            examples: &[Ex { sh: concat!("printf redhat | ", $name, " | cut -c1-16"), out: $ex, code: 0 }],
        };
    )* };
}

sums! {
    SPEC "md5sum" "MD5" "e2798af12a7a0f4f\n",
    SHA1 "sha1sum" "SHA1" "3c767c41afb12ada\n",
    SHA256 "sha256sum" "SHA256" "7d3b5c83009fadf7\n",
    SHA512 "sha512sum" "SHA512" "f98e699a5496ad05\n",
}

pub(super) const CKSUM: Spec = Spec {
    name: "cksum",
    path: "/usr/bin/cksum",
    synopsis: "[OPTION]... [FILE]...",
    about: "compute and verify file checksums",
    run: |sys| Box::pin(cksum(sys)),
    examples: &[Ex { sh: "printf 'content ok\\n' > a; cksum a; cksum < a", out: "3567490485 11 a\n3567490485 11\n", code: 0 }],
};

const OPTIONS: &[Opt] = &[
    Opt(b'b', "binary", Arg::No),
    Opt(b'c', "check", Arg::No),
    Opt(0, "ignore-missing", Arg::No),
    Opt(0, "quiet", Arg::No),
    Opt(0, "status", Arg::No),
    Opt(0, "strict", Arg::No),
    Opt(0, "tag", Arg::No),
    Opt(b't', "text", Arg::No),
    Opt(b'w', "warn", Arg::No),
    Opt(b'z', "zero", Arg::No),
];

fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut h = [0x6745_2301u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    let mut data = bytes.to_vec();
    data.push(0x80);
    while data.len() % 64 != 56 {
        data.push(0);
    }
    data.extend_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in data.chunks(64) {
        let mut w = [0u32; 80];
        for (i, four) in block.chunks(4).enumerate() {
            w[i] = four.iter().fold(0, |n, b| n << 8 | u32::from(*b));
        }
        for i in 16..80 {
            w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => (b & c | !b & d, 0x5A82_7999),
                1 => (b ^ c ^ d, 0x6ED9_EBA1),
                2 => (b & c | b & d | c & d, 0x8F1B_BCDC),
                _ => (b ^ c ^ d, 0xCA62_C1D6u32),
            };
            let t = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, t);
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d, e]) {
            *x = x.wrapping_add(y);
        }
    }
    let mut out = [0; 20];
    for (i, n) in h.iter().enumerate() {
        out[i * 4..i * 4 + 4].copy_from_slice(&n.to_be_bytes());
    }
    out
}

/// The sum that a program of this name makes, in hexadecimal.
fn digest(program: &str, bytes: &[u8]) -> String {
    let sum: Vec<u8> = match program {
        "md5sum" => wire::md5::md5(bytes).to_vec(),
        "sha1sum" => sha1(bytes).to_vec(),
        "sha256sum" => wire::sha2::sha256(bytes).to_vec(),
        _ => wire::sha2::sha512(bytes).to_vec(),
    };
    sum.iter().map(|b| format!("{b:02x}")).collect()
}

async fn run(sys: Sys) -> i32 {
    let name = sys.name().to_string();
    let kind = name.trim_end_matches("sum").to_ascii_uppercase();
    let bits = if kind == "MD5" { "128".to_string() } else { kind.replace("SHA1", "SHA160").trim_start_matches("SHA").to_string() };
    let help = format!(
        "Usage: {name} [OPTION]... [FILE]...\nPrint or check {kind} ({bits}-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.\n"
    );
    let given = match gnu::options(&sys, OPTIONS, &help, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let long = |l| given.has_long(OPTIONS, l);
    let mut status = 0;
    let end = if given.has(OPTIONS, b'z') { '\0' } else { '\n' };
    for file in gnu::or_stdin(given.operands.clone()) {
        let bytes = match gnu::slurp(&sys, &file).await {
            Ok(bytes) => bytes,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&file)));
                status = 1;
                continue;
            }
        };
        if given.has(OPTIONS, b'c') {
            status |= check(&sys, &name, &file, &bytes, (long("quiet"), long("status"), long("ignore-missing"))).await;
            continue;
        }
        let sum = digest(&name, &bytes);
        if long("tag") {
            sys.print(STDOUT, format_args!("{kind} ({file}) = {sum}{end}"));
        } else {
            let mark = if given.has(OPTIONS, b'b') { '*' } else { ' ' };
            sys.print(STDOUT, format_args!("{sum} {mark}{file}{end}"));
        }
    }
    status
}

async fn check(sys: &Sys, program: &str, list: &str, text: &[u8], (quiet, silent, ignore): (bool, bool, bool)) -> i32 {
    let length = digest(program, b"").len();
    let (mut good, mut wrong, mut unread, mut odd) = (0, 0, 0, 0);
    for line in String::from_utf8_lossy(text).lines() {
        let Some((sum, file)) =
            line.split_once(' ').filter(|(s, f)| s.len() == length && f.len() > 1 && s.bytes().all(|b| b.is_ascii_hexdigit()))
        else {
            odd += 1;
            continue;
        };
        let file = &file[file.chars().next().map_or(0, char::len_utf8)..];
        match gnu::slurp(sys, file).await {
            Ok(bytes) if digest(program, &bytes) == sum.to_ascii_lowercase() => {
                good += 1;
                if !quiet && !silent {
                    sys.print(STDOUT, format_args!("{file}: OK\n"));
                }
            }
            Ok(_) => {
                wrong += 1;
                if !silent {
                    sys.print(STDOUT, format_args!("{file}: FAILED\n"));
                }
            }
            Err(machine::Errno::ENOENT) if ignore => {}
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(file)));
                unread += 1;
                if !silent {
                    sys.print(STDOUT, format_args!("{file}: FAILED open or read\n"));
                }
            }
        }
    }
    let list = if list == "-" { "standard input" } else { list };
    if good + wrong + unread == 0 {
        let what = if ignore && odd == 0 { "no file was verified" } else { "no properly formatted checksum lines found" };
        sys.complain(format_args!("{}: {what}", gnu::colon(list)));
        return 1;
    }
    if !silent {
        let warn = |n: u32, one: &str, many: &str| {
            if n > 0 {
                sys.complain(format_args!("WARNING: {n} {}", if n == 1 { one } else { many }));
            }
        };
        warn(odd, "line is improperly formatted", "lines are improperly formatted");
        warn(unread, "listed file could not be read", "listed files could not be read");
        warn(wrong, "computed checksum did NOT match", "computed checksums did NOT match");
    }
    i32::from(wrong + unread > 0)
}

async fn cksum(sys: Sys) -> i32 {
    let given = match gnu::options(
        &sys,
        &[],
        "Usage: cksum [OPTION]... [FILE]...\nPrint or verify checksums.\nBy default use the 32 bit CRC algorithm.\n\n",
        1,
        false,
    ) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let named = !given.operands.is_empty();
    let mut status = 0;
    for file in gnu::or_stdin(given.operands) {
        let bytes = match gnu::slurp(&sys, &file).await {
            Ok(bytes) => bytes,
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(&file)));
                status = 1;
                continue;
            }
        };
        let mut length = bytes.len();
        let mut tail = Vec::new();
        while length > 0 {
            tail.push(length as u8);
            length >>= 8;
        }
        let mut crc = 0u32;
        for b in bytes.iter().chain(&tail) {
            crc ^= u32::from(*b) << 24;
            for _ in 0..8 {
                crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 };
            }
        }
        let name = if named { format!(" {file}") } else { String::new() };
        sys.print(STDOUT, format_args!("{} {}{name}\n", !crc, bytes.len()));
    }
    status
}
