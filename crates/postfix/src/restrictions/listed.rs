//! Whether an address exists: the tables of its address class are searched for it.
//! Source: postconf(5) reject_unlisted_recipient, reject_unlisted_sender; ADDRESS_CLASS_README.

use super::check::{Check, Class, Judged, Outcome, dsn_split};
use super::subject::Subject;
use super::{Cx, Work};
use crate::access::dsn_fix;

pub(super) fn recipient<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        match check.facts.recipient.as_deref() {
            None | Some("") => Ok(Outcome::Dunno),
            _ => self::check(check, false).await,
        }
    })
}

pub(super) fn sender<'a>(check: &'a mut Check, _: &'a Cx, _: &'a str) -> Work<'a> {
    Box::pin(async move {
        match check.facts.sender.as_deref() {
            None | Some("") => Ok(Outcome::Dunno),
            _ => self::check(check, true).await,
        }
    })
}

/// Whether `double-bounce`, `postmaster` or `mailer-daemon` stands before the `@`: they always exist.
fn always_there(check: &Check, address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(l, _)| l);
    local.eq_ignore_ascii_case(&check.env.cfg.str("double_bounce_sender"))
        || local.eq_ignore_ascii_case("postmaster")
        || local.eq_ignore_ascii_case("mailer-daemon")
}

/// Looks the address up, once for each command.
pub(super) async fn check(check: &mut Check, of_sender: bool) -> Judged {
    let slot = usize::from(of_sender);
    if check.env.no_recipient_checks || check.env.listed[slot].get() {
        return Ok(Outcome::Dunno);
    }
    if check.warn_at == 0 {
        check.env.listed[slot].set(true);
    }
    let subject = if of_sender { Subject::Sender } else { Subject::Recipient };
    let Some(address) = subject.value(&check.facts) else { return Ok(Outcome::Dunno) };
    let class = subject.class();
    let resolved = check.resolve(&address, of_sender).await?;
    let key = resolved.recipient.clone();
    let rewriting: &[&str] = if of_sender {
        &["recipient_canonical_maps", "sender_canonical_maps", "canonical_maps", "virtual_alias_maps"]
    } else {
        &["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps"]
    };
    for parameter in rewriting {
        if check.find_address(parameter, &key, &address).await?.is_some() {
            return Ok(Outcome::Dunno);
        }
    }
    let micro = if of_sender { "0" } else { "1" };
    for (transport, digit) in [("error", '5'), ("retry", '4')] {
        if resolved.transport == transport {
            let default = format!("{digit}.1.{micro}");
            let (dsn, text) = dsn_split(&default, &resolved.nexthop);
            let dsn = dsn_fix(&check.env.log, dsn, class);
            let code = match digit {
                '4' => 450,
                _ if resolved.class.is_alias() => check.code("unknown_virtual_alias_reject_code"),
                _ => 550,
            };
            let text = format!("<{address}>: {class} rejected: {text}");
            return Ok(check.reject(Class::Bounce, code, &dsn, text));
        }
    }
    let (table, code, shown) = match () {
        () if resolved.class.is_local() => ("local_recipient_maps", "unknown_local_recipient_reject_code", " in local recipient table"),
        () if resolved.class.is_virtual() => ("virtual_mailbox_maps", "unknown_virtual_mailbox_reject_code", " in virtual mailbox table"),
        () if resolved.class.is_relay() => ("relay_recipient_maps", "unknown_relay_recipient_reject_code", " in relay recipient table"),
        () => return Ok(Outcome::Dunno),
    };
    if check.env.cfg.str(table).is_empty() || resolved.class.is_local() && always_there(check, &key) {
        return Ok(Outcome::Dunno);
    }
    if check.find_address(table, &key, &address).await?.is_some() {
        return Ok(Outcome::Dunno);
    }
    let shown = if check.env.cfg.bool("show_user_unknown_table_name") { shown } else { "" };
    let code = check.code(code);
    Ok(check.reject(Class::Bounce, code, &format!("5.1.{micro}"), format!("<{address}>: {class} rejected: User unknown{shown}")))
}
