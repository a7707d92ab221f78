//! The sender of address probes: what it is now, and whether an address is one. Not here: probing (`verify`), whom it spares (`smtpd`).
//! Source: postconf(5) address_verify_sender, address_verify_sender_ttl; verify_sender_addr(3).

use crate::config::Config;
use crate::rewrite_clnt::Resolver;

/// Digits and consonants, so that no word appears.
const DIGITS: &[u8; 31] = b"0123456789BCDFGHJKLMNPQRSTVWXYZ";

/// The address, in standard form and without the part that changes with time.
#[derive(Clone)]
pub(crate) struct ProbeSender {
    address: String,
    /// `address_verify_sender_ttl` in seconds; 0: nothing changes.
    ttl: u64,
}

fn halves(address: &str) -> (&str, &str) {
    address.split_at(address.find('@').unwrap_or(address.len()))
}

impl ProbeSender {
    /// Finds out the standard form.
    pub(crate) async fn new(cfg: &Config, resolver: &mut Resolver) -> ProbeSender {
        let address = match cfg.str("address_verify_sender").as_str() {
            "" | "<>" => String::new(),
            text => resolver.rewrite_internal("local", text, &mut Vec::new()).await,
        };
        ProbeSender { address, ttl: u64::try_from(cfg.time("address_verify_sender_ttl")).unwrap_or(0) }
    }
    /// The sender of a probe that is sent now.
    pub(crate) fn at(&self, secs: u64) -> String {
        if self.ttl == 0 || self.address.is_empty() {
            return self.address.clone();
        }
        let (mut rest, mut digits) = (secs / self.ttl, String::new());
        while rest > 0 || digits.is_empty() {
            digits.insert(0, char::from(DIGITS[(rest % 31) as usize]));
            rest /= 31;
        }
        let (local, domain) = halves(&self.address);
        format!("{local}{digits}{domain}")
    }
    /// The lasting form of an address that is, about now, the sender of our own probes; `None`: another address.
    pub(crate) fn own(&self, address: &str, secs: u64) -> Option<String> {
        let (local, domain) = halves(&self.address);
        let (theirs, their_domain) = halves(address);
        let rest = match theirs.split_at_checked(local.len()) {
            Some((head, rest)) if head.eq_ignore_ascii_case(local) && their_domain.eq_ignore_ascii_case(domain) => rest,
            _ => return None,
        };
        if self.ttl == 0 || self.address.is_empty() {
            return rest.is_empty().then(|| self.address.clone());
        }
        let mut epoch = 0u64;
        for b in rest.bytes() {
            let digit = DIGITS.iter().position(|d| *d == b.to_ascii_uppercase())?;
            epoch = epoch.checked_mul(31)?.checked_add(digit as u64)?;
        }
        (epoch.abs_diff(secs / self.ttl) <= 1).then(|| self.address.clone())
    }
}
