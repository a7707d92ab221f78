//! Queue ids: short ones from microseconds and inode in hexadecimal, long ones that never come again (`enable_long_queue_ids`).
//! Source: mail_queue(3).

use machine::SimTime;

/// Digits of the long form: no vowels, so that no id is a word.
const DIGITS: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

fn base(mut n: u64, radix: u64, width: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(DIGITS[(n % radix) as usize]);
        n /= radix;
        if n == 0 {
            break;
        }
    }
    while out.len() < width {
        out.push(b'0');
    }
    out.reverse();
    out.into_iter().map(char::from).collect()
}

/// The id of a file with this inode, created at this time.
pub(crate) fn make(at: SimTime, ino: u32, long: bool) -> String {
    let micros = at.0 % 1_000_000;
    if long {
        format!("{}{}z{}", base(at.secs(), 52, 6), base(micros, 52, 4), base(u64::from(ino), 51, 1))
    } else {
        format!("{micros:05X}{ino:X}")
    }
}

/// Whether it can be a queue id.
pub(crate) fn is_valid(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_long(id: &str) -> bool {
    id.rfind('z').is_some_and(|z| z >= 10 && z + 1 < id.len()) && id.bytes().all(|b| DIGITS.contains(&b))
}

/// The subdirectory in which a hashed queue keeps this file.
pub(crate) fn hash(id: &str) -> String {
    if is_long(id) {
        let micros = id.bytes().skip(6).take(4).fold(0u64, |n, b| n * 52 + DIGITS.iter().position(|&d| d == b).unwrap_or(0) as u64);
        return format!("{micros:05X}").chars().next().unwrap_or('_').to_string();
    }
    id.chars().next().unwrap_or('_').to_string()
}

/// The id that a file should have whose name tells of another inode than its own, or has a form that is no longer wanted.
pub(crate) fn corrected(id: &str, ino: u32, long: bool) -> Option<String> {
    if is_long(id) {
        let micros = id.bytes().skip(6).take(4).fold(0u64, |n, b| n * 52 + DIGITS.iter().position(|&d| d == b).unwrap_or(0) as u64);
        return (!long).then(|| format!("{:05X}{ino:X}", micros % 1_000_000));
    }
    let wrong = id.get(5..).and_then(|digits| u32::from_str_radix(digits, 16).ok()) != Some(ino);
    wrong.then(|| format!("{}{ino:X}", id.get(..5).unwrap_or("00000")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_as_in_the_field() {
        let at = SimTime(1_795_490_631_286_033);
        assert_eq!(make(at, 0x10033, false), "45D5110033");
        let long = make(at, 0x10033, true);
        assert!(is_valid(&long) && long.contains('z'), "{long}");
        assert_eq!(hash(&long), "4");
        assert!(is_valid("nosuch") && !is_valid("286033.12") && is_valid("0123456789"));
    }
}
