//! A delivery status: code, reason, who said it. Not here: what is done with it (`report`). Source: dsn(3), dsn_split(3), RFC 3463.

use crate::ipc::Attrs;

/// A delivery status.
#[derive(Clone, Default)]
#[allow(missing_docs)]
pub(crate) struct Dsn {
    /// Enhanced status code, `5.1.1`.
    pub(crate) status: String,
    /// `delivered`, `relayed`, … ; empty: the usual one.
    pub(crate) action: String,
    pub(crate) reason: String,
    /// Type and text of the diagnostic: `smtp`, `x-unix`.
    pub(crate) dtype: String,
    pub(crate) dtext: String,
    /// Type and name of the remote MTA.
    pub(crate) mtype: String,
    pub(crate) mname: String,
}

impl Dsn {
    /// A status with a reason.
    pub(crate) fn new(status: &str, reason: impl Into<String>) -> Dsn {
        Dsn { status: status.to_string(), reason: reason.into(), ..Dsn::default() }
    }
    /// Its attributes for the wire.
    pub(crate) fn put(&self, attrs: &mut Attrs) {
        for (name, value) in [
            ("status", &self.status),
            ("diag_type", &self.dtype),
            ("diag_text", &self.dtext),
            ("mta_type", &self.mtype),
            ("mta_mname", &self.mname),
            ("action", &self.action),
            ("reason", &self.reason),
        ] {
            attrs.push(name, value);
        }
    }
    /// Read back.
    pub(crate) fn get(attrs: &Attrs) -> Dsn {
        let text = |name: &str| attrs.get(name).to_string();
        Dsn {
            status: text("status"),
            action: text("action"),
            reason: text("reason"),
            dtype: text("diag_type"),
            dtext: text("diag_text"),
            mtype: text("mta_type"),
            mname: text("mta_mname"),
        }
    }
}

/// Whether a text is an enhanced status code.
pub(crate) fn is_status(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(class), Some(subject), Some(detail), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    matches!(class, "2" | "4" | "5") && [subject, detail].iter().all(|p| matches!(p.len(), 1..=3) && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Splits `5.1.1 text`; the default status where there is none.
pub(crate) fn split_status<'a>(default: &'a str, text: &'a str) -> (&'a str, &'a str) {
    let text = text.trim_start();
    match text.split_once([' ', '\t']) {
        Some((first, rest)) if is_status(first) => (first, rest.trim_start()),
        None if is_status(text) => (text, ""),
        _ => (default, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_split_off() {
        assert_eq!(split_status("5.0.0", "5.1.1 User unknown"), ("5.1.1", "User unknown"));
        assert_eq!(split_status("5.0.0", "User unknown"), ("5.0.0", "User unknown"));
        assert!(is_status("4.7.1") && !is_status("3.1.1") && !is_status("5.1") && !is_status("5.1234.1"));
    }
}
