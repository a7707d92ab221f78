//! The syntax of network addresses, and what is wrong with one. Not here: host names (`smtpd::hostname`).
//! Source: valid_hostname(3), RFC 4291 §2.2, RFC 5321 §4.1.3.

fn cut(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(at, _)| &text[..at])
}

/// An IPv4 address in dotted quad form.
///
/// # Errors
/// What is wrong, in the words of the log.
pub(crate) fn ipv4(text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("valid_ipv4_hostaddr: {what}: {}", cut(text)));
    let (mut value, mut count, mut inside) = (0u32, 0, false);
    let bytes = text.as_bytes();
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            b'0'..=b'9' => {
                if !inside {
                    (inside, value) = (true, 0);
                    count += 1;
                }
                value = value * 10 + u32::from(b - b'0');
                if value > 255 {
                    return wrong("invalid octet value");
                }
            }
            b'.' => {
                if !inside || i + 1 == bytes.len() {
                    return wrong("misplaced dot");
                }
                if count == 1 && value == 0 && bytes.iter().any(|b| !matches!(b, b'0' | b'.')) {
                    return wrong("bad initial octet value");
                }
                inside = false;
            }
            _ => return wrong(&format!("invalid character {b}(decimal)")),
        }
    }
    if count == 4 { Ok(()) } else { wrong("invalid octet count") }
}

/// An IPv6 address.
///
/// # Errors
/// What is wrong, in the words of the log.
pub(crate) fn ipv6(text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("valid_ipv6_hostaddr: {what}: {}", cut(text)));
    let bytes = text.as_bytes();
    let (mut at, mut len, mut field, mut null) = (0, 0, 0, 0);
    loop {
        match bytes.get(at) {
            None if field < 2 => return wrong("too few `:' in IPv6 address"),
            None if len == 0 && null != field - 1 => return wrong("bad null last field in IPv6 address"),
            None => return Ok(()),
            Some(b'.') if !(2..=6).contains(&field) => return wrong("malformed IPv4-in-IPv6 address"),
            Some(b'.') => return ipv4(text.get(at - len..).unwrap_or("")),
            Some(b':') => {
                if field == 0 && len == 0 && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                    return wrong("bad null first field in IPv6 address");
                }
                field += 1;
                if field > 7 {
                    return wrong("too many `:' in IPv6 address");
                }
                at += 1;
                len = 0;
                if bytes.get(at) == Some(&b':') {
                    if null > 0 {
                        return wrong("too many `::' in IPv6 address");
                    }
                    null = field;
                }
            }
            Some(&b) => {
                len = bytes[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
                if len > 4 {
                    return wrong("malformed IPv6 address");
                }
                if len == 0 {
                    return wrong(&format!("invalid character {b}(decimal) in IPv6 address"));
                }
                at += len;
            }
        }
    }
}

/// What stands in an address literal: an IPv4 address, or an IPv6 one behind `IPv6:`.
///
/// # Errors
/// What is wrong, in the words of the log.
pub(crate) fn mailhost(text: &str) -> Result<(), String> {
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => ipv6(&text[5..]),
        _ => ipv4(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["1.2.3.4", "0.0.0.0", "255.255.255.255", "IPv6:::1", "IPv6:1:2:3:4:5:6:7:8", "ipv6:::ffff:1.2.3.4"] {
            assert_eq!(mailhost(good), Ok(()));
        }
        for (bad, why) in [
            ("300.1.1.1", "valid_ipv4_hostaddr: invalid octet value: 300.1.1.1"),
            ("0.1.2.3", "valid_ipv4_hostaddr: bad initial octet value: 0.1.2.3"),
            ("a", "valid_ipv4_hostaddr: invalid character 97(decimal): a"),
            ("1.2.3", "valid_ipv4_hostaddr: invalid octet count: 1.2.3"),
            ("1.2.3.", "valid_ipv4_hostaddr: misplaced dot: 1.2.3."),
            ("IPv6:1", "valid_ipv6_hostaddr: too few `:' in IPv6 address: 1"),
            ("IPv6:::1::", "valid_ipv6_hostaddr: too many `::' in IPv6 address: ::1::"),
        ] {
            assert_eq!(mailhost(bad), Err(why.to_string()));
        }
    }
}
