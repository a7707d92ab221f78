//! crypt(3): password hashes in the modular form `$1$` (MD5), `$5$` (SHA-256), `$6$` (SHA-512). `$y$` is `userland`'s business.
//! Source: crypt(5) and the published descriptions of md5crypt and of SHA-crypt.

use crate::md5::md5;
use crate::sha2::{sha256, sha512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The lowest bits of `value` as so many characters, six bits each, lowest first.
pub fn to64(out: &mut String, mut value: u32, characters: usize) {
    for _ in 0..characters {
        out.push(char::from(ALPHABET[(value & 63) as usize]));
        value >>= 6;
    }
}

/// The value of a character of that alphabet.
pub fn from64(c: u8) -> Option<u32> {
    ALPHABET.iter().position(|a| *a == c).map(|n| n as u32)
}

/// Hashes a password as `setting` says: a salt like `$6$salt$`, or a whole hash, of which the salt is taken. `None`: another method.
pub fn crypt(password: &[u8], setting: &str) -> Option<String> {
    let (method, rest) = setting.strip_prefix('$')?.split_once('$')?;
    match method {
        "1" => Some(md5_crypt(password, rest)),
        "5" => Some(sha_crypt(password, rest, "5", |b| sha256(b).to_vec())),
        "6" => Some(sha_crypt(password, rest, "6", |b| sha512(b).to_vec())),
        _ => None,
    }
}

/// The salt: what stands before the next `$`, at most so many bytes.
fn salt(rest: &str, max: usize) -> &str {
    let end = rest.find('$').unwrap_or(rest.len()).min(max);
    rest.get(..end).unwrap_or("")
}

fn md5_crypt(password: &[u8], rest: &str) -> String {
    let salt = salt(rest, 8);
    let inner = md5(&[password, salt.as_bytes(), password].concat());
    let mut text = [password, b"$1$", salt.as_bytes()].concat();
    text.extend((0..password.len()).map(|i| inner[i % 16]));
    let mut n = password.len();
    while n > 0 {
        text.push(if n & 1 == 1 { 0 } else { password.first().copied().unwrap_or(0) });
        n >>= 1;
    }
    let mut digest = md5(&text);
    for i in 0..1000 {
        let mut text = Vec::new();
        text.extend_from_slice(if i % 2 == 1 { password } else { &digest });
        if i % 3 != 0 {
            text.extend_from_slice(salt.as_bytes());
        }
        if i % 7 != 0 {
            text.extend_from_slice(password);
        }
        text.extend_from_slice(if i % 2 == 1 { &digest } else { password });
        digest = md5(&text);
    }
    let mut out = format!("$1${salt}$");
    let byte = |i: usize| u32::from(digest[i]);
    for i in 0..5 {
        let last = if i == 4 { 5 } else { 12 + i };
        to64(&mut out, byte(i) << 16 | byte(6 + i) << 8 | byte(last), 4);
    }
    to64(&mut out, byte(11), 2);
    out
}

fn sha_crypt(password: &[u8], rest: &str, method: &str, hash: fn(&[u8]) -> Vec<u8>) -> String {
    let stated = rest.strip_prefix("rounds=").and_then(|r| r.split_once('$'));
    let (rounds, rest) = match stated.and_then(|(n, rest)| Some((n.parse::<u32>().ok()?, rest))) {
        Some((n, rest)) => (Some(n.clamp(1000, 999_999_999)), rest),
        None => (None, rest),
    };
    let salt = salt(rest, 16);
    let stretch = |digest: &[u8], len: usize| -> Vec<u8> { (0..len).map(|i| digest[i % digest.len()]).collect() };

    let other = hash(&[password, salt.as_bytes(), password].concat());
    let mut text = [password, salt.as_bytes()].concat();
    text.extend(stretch(&other, password.len()));
    let mut n = password.len();
    while n > 0 {
        text.extend_from_slice(if n & 1 == 1 { &other } else { password });
        n >>= 1;
    }
    let mut digest = hash(&text);
    let p = stretch(&hash(&password.repeat(password.len())), password.len());
    let s = stretch(&hash(&salt.as_bytes().repeat(16 + usize::from(digest[0]))), salt.len());
    for i in 0..rounds.unwrap_or(5000) {
        text.clear();
        text.extend_from_slice(if i % 2 == 1 { &p } else { &digest });
        if i % 3 != 0 {
            text.extend_from_slice(&s);
        }
        if i % 7 != 0 {
            text.extend_from_slice(&p);
        }
        text.extend_from_slice(if i % 2 == 1 { &digest } else { &p });
        digest = hash(&text);
    }
    let mut out = format!("${method}$");
    if let Some(n) = rounds {
        out += &format!("rounds={n}$");
    }
    out += salt;
    out.push('$');
    // The bytes go out in threes that lie a third of the digest apart, turned by one each time.
    let byte = |i: usize| u32::from(digest[i]);
    let third = digest.len() / 3;
    let turn = |i: usize, k: usize| if digest.len() == 64 { (k + i) % 3 } else { (k + 2 * i) % 3 };
    for i in 0..third {
        let at = |k: usize| byte(i + third * turn(i, k));
        to64(&mut out, at(0) << 16 | at(1) << 8 | at(2), 4);
    }
    if digest.len() == 64 {
        to64(&mut out, byte(63), 2);
    } else {
        to64(&mut out, byte(31) << 8 | byte(30), 3);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_the_real_one() {
        for (password, hash) in [
            ("redhat", "$6$oracle$GKoyJ6eaKaRy9iTqiQxRJMphALBcIxJ1WrrIulWWy8FkZ00Bfl.YsHIIPKUWN62edAdyYOYz2CFurXZCEFQA7."),
            ("student", "$6$oracle$vNrrnTkxHj4e0NC/een1DGV9zzNdAKA9C9dwTu5CEQhi1uFZMw2BOYWfoJPe4GOrphh4jq.PrxMG8o0Cpuph.1"),
            ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
            ("", "$5$rounds=1400$anotherlongsalts$7IcTVudmZDHdXM3GIn4KAxA5tvn.eciiARdqRBeqNs/"),
            (
                "a very much longer text to encrypt.  This one even stretches over more than one line.",
                "$5$rounds=1400$anotherlongsalts$epZZlHtH1tHOZ8DnGj41SJcfP6bNgf3t.hurPudKyU6",
            ),
            (
                "Hello world!",
                "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
            ),
            ("", "$6$abc$mJP3a6FyA8uCnzRtlnNypPwjnvpi5TP9qOrInzrfDmwxUQG38PkpCPdqfTb8JQfAngapMxeim4AZ..hSdRRzD."),
            (
                "a very much longer text to encrypt that has more than sixty-four letters in it",
                "$6$q$DCb4sXUSe64b8v0kJGwzNZsO0PWlLzoCWFzDGhmevgXCDXIyUuv9P0QbYubGzQPzVxvrLhQ7kgemg6jWZmAs/.",
            ),
            ("redhat", "$1$abcdefgh$qyElKzTtSdp6DF7aG6as3/"),
            ("", "$1$x$fwjfZtMwarkdetsjiQreU1"),
            ("a longer password than sixteen", "$1$salt$2X8ah5yV/0Hmw2Y6mzVJ4/"),
        ] {
            assert_eq!(crypt(password.as_bytes(), hash).as_deref(), Some(hash));
        }
        assert_eq!(crypt(b"x", "$y$j9T$abc$"), None);
    }
}
