//! xxd: a hexadecimal dump, and back.  Source: xxd of vim 9.0.

use super::printable;
use crate::util::{getopt, gnu};
use machine::{STDOUT, Sys};

pub(super) async fn xxd(sys: Sys) -> i32 {
    let Some(given) = getopt::getopt(&sys, "abc:Cdeg:il:o:prs:uv") else { return 1 };
    for l in *b"aCdeiob" {
        if given.has(l) {
            sys.unsupported(&format!("-{}", char::from(l)));
            return 1;
        }
    }
    let name = given.operands.first().map_or("-", String::as_str);
    let mut data = match gnu::slurp(&sys, name).await {
        Ok(data) => data,
        Err(e) => {
            sys.complain(format_args!("{name}: {e}"));
            return 2;
        }
    };
    let number = |l: u8| given.value(l).and_then(gnu::size).and_then(|n| usize::try_from(n).ok());
    let plain = given.has(b'p');
    if given.has(b'r') {
        sys.put(STDOUT, &reverse(&data, plain));
        return 0;
    }
    let skip = number(b's').unwrap_or(0).min(data.len());
    data.drain(..skip);
    data.truncate(number(b'l').unwrap_or(usize::MAX));
    let columns = number(b'c').filter(|c| *c > 0).unwrap_or(if plain { 30 } else { 16 }).min(256);
    let group = number(b'g').unwrap_or(2);
    let group = if group == 0 { columns } else { group };
    let hex = |b: &u8| if given.has(b'u') { format!("{b:02X}") } else { format!("{b:02x}") };
    for (row, part) in data.chunks(columns).enumerate() {
        if plain {
            sys.print(STDOUT, format_args!("{}\n", part.iter().map(hex).collect::<String>()));
            continue;
        }
        let mut cells = String::new();
        for (i, b) in part.iter().enumerate() {
            if i > 0 && i % group == 0 {
                cells.push(' ');
            }
            cells.push_str(&hex(b));
        }
        let full = columns * 2 + (columns - 1) / group;
        sys.print(STDOUT, format_args!("{:08x}: {cells:full$}  {}\n", skip + row * columns, printable(part)));
    }
    0
}

/// The bytes that a dump stands for.
fn reverse(text: &[u8], plain: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for line in gnu::lines(text) {
        let line = if plain { line } else { line.iter().position(|b| *b == b':').map_or(&line[..0], |i| &line[i + 1..]) };
        let (mut high, mut blanks) = (None, 0);
        for b in line {
            match char::from(*b).to_digit(16) {
                Some(d) => {
                    blanks = 0;
                    match high.take() {
                        Some(h) => out.push((h << 4 | d) as u8),
                        None => high = Some(d),
                    }
                }
                None if *b == b' ' => {
                    blanks += 1;
                    // Two blanks begin the column of text.
                    if blanks > 1 && !plain {
                        break;
                    }
                }
                None => break,
            }
        }
    }
    out
}
