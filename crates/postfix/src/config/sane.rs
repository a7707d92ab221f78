//! What every program makes sure of when it starts: host names, accounts and groups that exist and have no special rights.
//! Not here: types and bounds of single values. Source: postconf(5); mail_params(3).

use super::{Inner, cut};
use crate::account;
use crate::smtpd::hostname::valid_hostname;

/// Checks the names that this host goes by, before any other value is looked at.
///
/// # Errors
/// The text of the fatal message.
pub(super) fn names(inner: &Inner) -> Result<(), String> {
    for name in ["myhostname", "mydomain"] {
        let value = inner.value(name)?;
        if value.is_empty() {
            return Err(format!("bad string length 0 < 1: {name} = "));
        }
        if !valid_hostname(&value) {
            inner.log.warn(format_args!("valid_hostname: {}: {}", fault(&value), cut(&value, 100).0));
            return Err(format!("{}: bad parameter value: {value}", at(inner, name)));
        }
    }
    Ok(())
}

fn at(inner: &Inner, name: &str) -> String {
    format!("file {}/main.cf: parameter {name}", inner.dir)
}

/// Checks values that only make sense together or with the system's own files; reads myorigin from a file if it names one.
///
/// # Errors
/// The text of the fatal message.
pub(super) async fn check(inner: &mut Inner) -> Result<(), String> {
    let sys = inner.log.sys().clone();
    let at = |name: &str| at(inner, name);
    for name in ["default_privs", "mail_owner"].into_iter().filter(|n| inner.is_set(n)) {
        let value = inner.value(name)?;
        let Some(user) = account::by_name(&sys, &value).await else {
            return Err(format!("{}: unknown user name value: {value}", at(name)));
        };
        for (what, id) in [("user", user.uid), ("group", user.gid)] {
            if id == 0 {
                return Err(format!("{}: user {value} has privileged {what} ID", at(name)));
            }
        }
    }
    if inner.is_set("setgid_group") {
        let value = inner.value("setgid_group")?;
        match account::group(&sys, &value).await {
            None => return Err(format!("{}: unknown group name: {value}", at("setgid_group"))),
            Some(0) => return Err(format!("{}: group {value} has privileged group ID", at("setgid_group"))),
            Some(_) => {}
        }
    }
    let origin = inner.value("myorigin")?;
    if origin.starts_with('/') {
        let bytes = sys.read_file(&origin).await.map_err(|e| format!("open {origin}: {e}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let Some(first) = text.split_whitespace().next() else { return Err(format!("myorigin file {origin} is empty")) };
        let place = inner.main.entries.get("myorigin").map(|e| (inner.main.path.clone(), e.line));
        inner.overrides.push(("myorigin".to_string(), first.to_string(), place));
    } else if origin.contains([',', ' ', '\t', '\r', '\n']) {
        return Err(format!("myorigin parameter setting must not contain multiple values: {origin}"));
    }
    let host = inner.value("myhostname")?;
    if inner.value("relayhost")?.eq_ignore_ascii_case(&host) {
        return Err(format!("myhostname and relayhost parameter settings must not be identical: {host}"));
    }
    Ok(())
}

/// What is wrong with a host name.
fn fault(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut length = 0;
    for (i, &b) in bytes.iter().enumerate() {
        let last = bytes.get(i + 1).is_none_or(|&n| n == b'.');
        match b {
            b'.' if length == 0 || i + 1 == bytes.len() => return "misplaced delimiter".to_string(),
            b'.' => length = 0,
            b'-' if length == 0 || last => return "misplaced hyphen".to_string(),
            b'-' => length += 1,
            b if b.is_ascii_alphanumeric() || b == b'_' => length += 1,
            b => return format!("invalid character {b}(decimal)"),
        }
        if length > 63 {
            return "hostname label too long".to_string();
        }
    }
    if bytes.len() > 255 { format!("bad length {} for", bytes.len()) } else { "numeric hostname".to_string() }
}
