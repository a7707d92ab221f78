//! The syntax of host names and addresses.
//! Source: RFC 1123 §2.1, RFC 5321 §4.1.3; what Postfix's valid_hostname tolerates (underscores).

use crate::address::hostaddr;

/// Whether the text is a host name: labels of letters, digits, `-` and `_`, not all of it a number.
pub(crate) fn valid_hostname(name: &str) -> bool {
    let ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    !name.is_empty() && name.len() <= 255 && name.split('.').all(ok) && !name.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Whether the text is an IPv4 or IPv6 address.
pub(crate) fn valid_addr(text: &str) -> bool {
    hostaddr::ipv4(text).is_ok() || text.contains(':') && hostaddr::ipv6(text).is_ok()
}

/// Whether the text can stand in a domain literal: an IPv4 address, or an IPv6 one behind `IPv6:`.
pub(crate) fn valid_mailhost(text: &str) -> bool {
    hostaddr::mailhost(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, yes) in [
            ("a.b", true),
            ("a_b.example", true),
            ("-bad-", false),
            ("a..b", false),
            ("1.2.3.4", false),
            ("", false),
            ("a b", false),
            ("9.example", true),
        ] {
            assert_eq!(valid_hostname(name), yes, "{name}");
        }
    }
}
