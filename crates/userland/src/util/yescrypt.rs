//! The hash that Debian 12 makes of new passwords: `$y$j9T$SALT$HASH`.
//! Not here: the other methods (`wire::crypt`). Source: crypt(5); the function itself is the crate `yescrypt`'s.

use ::yescrypt::{Mode, Params, yescrypt};
use wire::crypt::{from64, to64};

/// Three bytes become four characters, lowest bits first; the rest what it needs.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let value = part.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
        to64(&mut out, value, part.len() + 1);
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in text.as_bytes().chunks(4) {
        let mut value = 0;
        for c in part.iter().rev() {
            value = value << 6 | from64(*c)?;
        }
        bytes.extend(&value.to_le_bytes()[..part.len().saturating_sub(1)]);
    }
    Some(bytes)
}

/// The part in front of the hash for a new password: the cost that Debian asks for and a salt of 16 bytes.
pub(crate) fn setting(random: [u64; 2]) -> String {
    let salt: Vec<u8> = random.iter().flat_map(|n| n.to_le_bytes()).collect();
    format!("$y$j9T${}", encode(&salt))
}

/// Hashes a password as `setting` (or a whole hash) says. `None`: not this method, or not a setting that passwd makes.
pub(crate) fn hash(password: &[u8], setting: &str) -> Option<String> {
    let mut parts = setting.strip_prefix("$y$")?.split('$');
    let (cost, salt) = (parts.next()?, parts.next()?);
    let [b'j', n, r] = cost.as_bytes() else { return None };
    // Numbers from 48 on would take a second character.
    let small = |c: u8| from64(c).filter(|n| *n < 48);
    let (log, r) = (small(*n)? + 1, small(*r)? + 1);
    if log > 18 {
        return None;
    }
    let params = Params::new(Mode::default(), 1 << log, r, 1).ok()?;
    let mut out = [0; 32];
    yescrypt(password, &decode(salt)?, &params, &mut out).ok()?;
    Some(format!("$y${cost}${salt}${}", encode(&out)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn hashes_of_the_real_one() {
        for (password, hash) in [
            (&b"redhat"[..], "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$41ecVNtgx9Mvt9HzzGt7MZ0iO0ayjf1WgKuBmwl3kz9"),
            (&b""[..], "$y$j9T$abcdefghijklmnopqrstu/$Y.px3Q7V6JJTyqGwKAGslZKc/riBCHErXjSJ6kOiCo9"),
            (&b"another9X"[..], "$y$j8T$zzzzzzzz$Q7lZboLOShDL6geptzBpwoVY8QeLZnjH/YqpnmKMfQ7"),
        ] {
            assert_eq!(super::hash(password, hash).as_deref(), Some(hash));
        }
    }
}
