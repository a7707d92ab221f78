//! base64, base32: encode and decode data.  Source: RFC 4648, coreutils 9.1.

use crate::util::gnu;
use crate::util::quote::quote;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "base64",
    path: "/usr/bin/base64",
    synopsis: "[OPTION]... [FILE]",
    about: "base64 encode/decode data and print to standard output",
    run: |sys| Box::pin(run(sys, &BASE64)),
    examples: &[
        Ex { sh: "printf redhat | base64; echo cmVkaGF0Cg== | base64 -d", out: "cmVkaGF0\nredhat\n", code: 0 },
        Ex { sh: "printf cmVkaGF | base64 -d", out: "redhabase64: invalid input\n", code: 1 },
    ],
};

pub(super) const BASE32: Spec = Spec {
    name: "base32",
    path: "/usr/bin/base32",
    synopsis: "[OPTION]... [FILE]",
    about: "base32 encode/decode data and print to standard output",
    run: |sys| Box::pin(run(sys, &BASE32_CODE)),
    examples: &[Ex { sh: "printf redhat1 | base32; echo OJSWI2DBOQYQ==== | base32 -d", out: "OJSWI2DBOQYQ====\nredhat1", code: 0 }],
};

/// A code: its letters, bits of one, and letters and bytes in a group.
struct Code {
    letters: &'static [u8],
    bits: u32,
    group: usize,
    bytes: usize,
}

const BASE64: Code = Code { letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", bits: 6, group: 4, bytes: 3 };
const BASE32_CODE: Code = Code { letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", bits: 5, group: 8, bytes: 5 };

const OPTIONS: &[Opt] = &[Opt(b'd', "decode", Arg::No), Opt(b'i', "ignore-garbage", Arg::No), Opt(b'w', "wrap", Arg::Yes)];

impl Code {
    fn encode(&self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for part in data.chunks(self.bytes) {
            let mut n = part.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
            n <<= 8 * (self.bytes - part.len());
            let used = (part.len() * 8).div_ceil(self.bits as usize);
            for i in 0..self.group {
                let shift = self.bits as usize * (self.group - 1 - i);
                let letter = self.letters[(n >> shift) as usize & (self.letters.len() - 1)];
                out.push(if i < used { letter } else { b'=' });
            }
        }
        out
    }
    /// The bytes, and whether all of the text was right.
    fn decode(&self, text: &[u8], garbage: bool) -> (Vec<u8>, bool) {
        let value = |b: u8| self.letters.iter().position(|l| *l == b);
        let text: Vec<u8> =
            text.iter().copied().filter(|b| if garbage { value(*b).is_some() || *b == b'=' } else { *b != b'\n' }).collect();
        let mut out = Vec::new();
        for part in text.chunks(self.group) {
            let good = part.iter().take_while(|b| value(**b).is_some()).count();
            let padding = part[good..].iter().take_while(|b| **b == b'=').count();
            let n = part[..good].iter().fold(0u64, |n, b| n << self.bits | value(*b).unwrap_or(0) as u64);
            let bytes = good * self.bits as usize / 8;
            let spare = good * self.bits as usize % 8;
            // A group that is cut short, or has other letters, gives what whole bytes it has.
            let whole = good + padding == self.group && spare < self.bits as usize && good > 1;
            let n = n >> spare;
            out.extend((0..bytes).map(|i| (n >> (8 * (bytes - 1 - i))) as u8));
            if !whole {
                return (out, false);
            }
        }
        (out, true)
    }
}

async fn run(sys: Sys, code: &'static Code) -> i32 {
    let name = sys.name().to_string();
    let big = if code.bits == 6 { "Base64" } else { "Base32" };
    let help = format!(
        "Usage: {name} [OPTION]... [FILE]\n{big} encode or decode FILE, or standard input, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.\n"
    );
    let given = match gnu::options(&sys, OPTIONS, &help, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let wrap = given.value(OPTIONS, b'w').unwrap_or("76");
    let Some(wrap) = gnu::digits(wrap) else {
        sys.complain(format_args!("invalid wrap size: {}", quote(wrap)));
        return 1;
    };
    if let Some(second) = given.operands.get(1) {
        return gnu::extra(&sys, second);
    }
    let file = given.operands.first().map_or("-", String::as_str);
    let data = match gnu::slurp(&sys, file).await {
        Ok(data) => data,
        Err(e) => {
            let what = if e == machine::Errno::EISDIR { "read error".to_string() } else { gnu::colon(file) };
            sys.complain(format_args!("{what}: {e}"));
            return 1;
        }
    };
    if given.has(OPTIONS, b'd') {
        let (out, good) = code.decode(&data, given.has(OPTIONS, b'i'));
        sys.put(STDOUT, &out);
        if !good {
            sys.complain(format_args!("invalid input"));
            return 1;
        }
        return 0;
    }
    let text = code.encode(&data);
    if wrap == 0 {
        sys.put(STDOUT, &text);
        return 0;
    }
    for line in text.chunks(usize::try_from(wrap).unwrap_or(usize::MAX)) {
        sys.put(STDOUT, line);
        sys.put(STDOUT, b"\n");
    }
    0
}
