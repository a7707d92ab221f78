//! Base64 as mail and SASL use it: encoding, and a decoder that tells a cut off text from a wrong one.
//! Not here: line folding and MIME. Source: RFC 4648 §4; the two kinds of error are those of Cyrus SASL's decoder.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Why a text could not be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base64Error {
    /// Its length is not a multiple of four: more is expected.
    Short,
    /// It holds a character outside the alphabet, or text behind the padding.
    Invalid,
}

/// The base64 text of `bytes`, padded, on one line.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let n = part.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - part.len()));
        for i in 0..4 {
            let six = (n >> (18 - 6 * i)) as usize & 63;
            text.push(if i <= part.len() { char::from(ALPHABET[six]) } else { '=' });
        }
    }
    text
}

fn six(c: u8) -> Option<u32> {
    Some(match c {
        b'A'..=b'Z' => u32::from(c - b'A'),
        b'a'..=b'z' => u32::from(c - b'a') + 26,
        b'0'..=b'9' => u32::from(c - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The bytes that `text` stands for.
///
/// # Errors
/// `Invalid` if a whole group of four is wrong, else `Short` if characters are left over.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut ended = false;
    let groups = text.chunks_exact(4);
    let rest = groups.remainder().len();
    for group in groups {
        let pad = group.iter().rev().take(2).take_while(|&&c| c == b'=').count();
        let mut n = 0;
        for &c in &group[..4 - pad] {
            n = n << 6 | six(c).filter(|_| !ended).ok_or(Base64Error::Invalid)?;
        }
        n <<= 6 * pad;
        ended = pad > 0;
        bytes.extend_from_slice(&[(n >> 16) as u8, (n >> 8) as u8, n as u8][..3 - pad]);
    }
    match rest {
        0 => Ok(bytes),
        _ if ended => Err(Base64Error::Invalid),
        _ => Err(Base64Error::Short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_both_ways() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("redhat", "cmVkaGF0"), ("\0redhat\0redhat", "AHJlZGhhdAByZWRoYXQ=")]
        {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded.as_bytes()), Ok(plain.as_bytes().to_vec()));
        }
    }

    #[test]
    fn errors_are_those_of_the_sasl_library() {
        for (text, error) in [
            ("redhat!", Base64Error::Short),
            ("***", Base64Error::Short),
            ("HELO a", Base64Error::Short),
            ("not-base64", Base64Error::Invalid),
            ("@@@@", Base64Error::Invalid),
            ("Zg==Zg==", Base64Error::Invalid),
            ("Z===", Base64Error::Invalid),
            ("Zg===", Base64Error::Invalid),
        ] {
            assert_eq!(decode(text.as_bytes()), Err(error), "{text}");
        }
    }
}
