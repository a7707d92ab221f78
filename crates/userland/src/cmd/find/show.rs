//! find: what -printf and -ls write of a file.  Source: GNU findutils 4.9.0.

use super::File;
use crate::util::date::strftime;
use crate::util::perm;
use crate::util::users::Accounts;
use crate::util::walk::{base, parent};
use crate::util::zone::Zone;
use machine::{FileKind, SimTime, Sys};

/// The letter of a kind for -type.
pub(super) fn letter(kind: FileKind) -> char {
    match perm::letter(kind) {
        '-' => 'f',
        c => c,
    }
}

/// A time with ten digits behind the second, as findutils has it.
fn long_time(format: &str, t: SimTime, zone: &Zone) -> String {
    let fraction = format!("{:06}0000", t.0 % 1_000_000);
    strftime(&format.replace("%S", &format!("%S.{fraction}")), t, zone)
}

pub(super) async fn printf(sys: &Sys, accounts: &Accounts, zone: &Zone, format: &str, file: &File) -> String {
    let s = &file.stat;
    let link = sys.read_link(&file.path).await.unwrap_or_default();
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' {
            match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('a') => out.push('\u{7}'),
                Some('0') => out.push('\0'),
                Some('\\') => out.push('\\'),
                Some('c') => return out,
                Some(c) => {
                    out.push('\\');
                    out.push(c);
                }
                None => out.push('\\'),
            }
            continue;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        let (mut flags, mut width) = (String::new(), 0usize);
        while let Some(f) = chars.next_if(|c| matches!(c, '-' | '0' | '+' | ' ' | '#')) {
            flags.push(f);
        }
        while let Some(d) = chars.next_if(char::is_ascii_digit) {
            width = (width * 10 + d as usize - '0' as usize).min(1000);
        }
        let Some(c) = chars.next() else {
            out.push('%');
            break;
        };
        let mut one = match c {
            '%' => "%".into(),
            'p' => file.path.clone(),
            'f' => base(&file.path).to_string(),
            'h' => parent(&file.path).to_string(),
            'P' => file.path.strip_prefix(file.start.as_str()).unwrap_or(&file.path).trim_start_matches('/').to_string(),
            'H' => file.start.clone(),
            's' => s.size.to_string(),
            'k' => (s.blocks() / 2).to_string(),
            'b' => s.blocks().to_string(),
            'm' => format!("{}{:o}", if flags.contains('#') { "0" } else { "" }, s.mode),
            'M' => perm::full(s),
            'u' => accounts.user_name(s.uid),
            'g' => accounts.group_name(s.gid),
            'U' => s.uid.to_string(),
            'G' => s.gid.to_string(),
            'i' => s.ino.to_string(),
            'n' => s.nlink.to_string(),
            'd' => file.depth.to_string(),
            'l' => link.clone(),
            'y' | 'Y' => letter(s.kind).to_string(),
            'a' => long_time("%a %b %e %H:%M:%S %Y", s.atime, zone),
            'c' => long_time("%a %b %e %H:%M:%S %Y", s.ctime, zone),
            't' => long_time("%a %b %e %H:%M:%S %Y", s.mtime, zone),
            'A' | 'C' | 'T' => {
                let t = match c {
                    'A' => s.atime,
                    'C' => s.ctime,
                    _ => s.mtime,
                };
                match chars.next() {
                    Some('@') => format!("{}.{:06}0000", t.secs(), t.0 % 1_000_000),
                    Some('+') => long_time("%Y-%m-%d+%H:%M:%S", t, zone),
                    Some(k @ ('T' | 'S' | 'X' | 'c')) => {
                        let format = match k {
                            'T' | 'X' => "%H:%M:%S",
                            'S' => "%S",
                            _ => "%a %b %e %H:%M:%S %Y",
                        };
                        long_time(format, t, zone)
                    }
                    Some(k) => strftime(&format!("%{k}"), t, zone),
                    None => String::new(),
                }
            }
            c => format!("%{c}"),
        };
        while one.chars().count() < width {
            if flags.contains('-') {
                one.push(' ');
            } else {
                one.insert(0, if flags.contains('0') { '0' } else { ' ' });
            }
        }
        out.push_str(&one);
    }
    out
}

pub(super) async fn ls(sys: &Sys, accounts: &Accounts, zone: &Zone, file: &File) -> String {
    let s = &file.stat;
    let half_year = sys.now().secs().saturating_sub(31_556_952 / 2);
    let recent = s.mtime.secs() > half_year && s.mtime <= sys.now();
    let time = strftime(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, s.mtime, zone);
    let mut line = format!(
        "{:>9} {:>6} {} {:>3} {:8} {:8} {:>8} {time} {}",
        s.ino,
        s.blocks() / 2,
        perm::full(s),
        s.nlink,
        accounts.user_name(s.uid),
        accounts.group_name(s.gid),
        s.size,
        file.path
    );
    if s.kind == FileKind::Symlink {
        line.push_str(" -> ");
        line.push_str(&sys.read_link(&file.path).await.unwrap_or_default());
    }
    line.push('\n');
    line
}
