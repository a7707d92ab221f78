//! Addresses: tokens, standard form, extensions, and the domains that are this machine.
//! Not here: the services that use them. Source: RFC 822, postconf(5), trivial-rewrite(8).

pub(crate) mod find;
pub(crate) mod hostaddr;
pub(crate) mod local;
pub(crate) mod rewrite;
pub(crate) mod tok;

use crate::config::Config;

/// Splits `user+ext` at the first character of `recipient_delimiter`: where that stands. `None` if it must not be split.
pub(crate) fn split_at_delimiter(cfg: &Config, local: &str) -> Option<usize> {
    let delimiters = cfg.str("recipient_delimiter");
    if delimiters.is_empty() {
        return None;
    }
    for special in ["mailer-daemon", "postmaster", &cfg.str("double_bounce_sender")] {
        if local.eq_ignore_ascii_case(special) {
            return None;
        }
    }
    if delimiters.contains('-') && cfg.bool("owner_request_special") {
        let lower = local.to_ascii_lowercase();
        if lower.starts_with("owner-") || (lower.len() > 8 && lower.ends_with("-request")) {
            return None;
        }
    }
    local.find(|c| delimiters.contains(c)).filter(|&at| at > 0)
}

/// `user+ext@domain` without its extension, and the extension with its delimiter. `None` if there is none.
pub(crate) fn strip_extension(cfg: &Config, addr: &str) -> Option<(String, String)> {
    let (local, domain) = match addr.rfind('@') {
        Some(at) => addr.split_at(at),
        None => (addr, ""),
    };
    let at = split_at_delimiter(cfg, local)?;
    Some((format!("{}{domain}", &local[..at]), local[at..].to_string()))
}

/// The part after the last `@`, if there is one.
pub(crate) fn domain_of(addr: &str) -> Option<&str> {
    addr.rfind('@').map(|at| &addr[at + 1..])
}

/// `user@domain` cut at the last `@`; the domain is empty if there is none.
pub(crate) fn cut(addr: &str) -> (&str, &str) {
    match addr.rfind('@') {
        Some(at) => (&addr[..at], &addr[at + 1..]),
        None => (addr, ""),
    }
}
