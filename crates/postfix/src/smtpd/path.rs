//! The address in a MAIL, RCPT or VRFY command: found in what the client wrote, brought to internal form, checked for sense.
//! Not here: tokens (`address::tok`). Source: RFC 5321 §4.1.2; extract_addr of Postfix for what it tolerates.

use super::chat::Stop;
use super::reply::Reply;
use super::session::Session;
use crate::address::domain_of;
use crate::address::tok::{Tok, internal, parse};
use crate::anvil::Event;
use crate::restrictions::check::printable;

/// What a path holds: the address in internal form (empty: the null address), and whether it was written to the letter.
/// `None`: two addresses or more. A source route is cut off.
fn read(text: &str) -> Option<(String, bool)> {
    let bracketed = text.len() >= 2 && text.starts_with('<') && text.ends_with('>');
    let mut inner = if bracketed { &text[1..text.len() - 1] } else { text };
    if inner.starts_with('@')
        && let Some((_, address)) = inner.split_once(':')
    {
        inner = address;
    }
    let (mut found, mut strict) = (None, text.starts_with('<'));
    for node in parse(inner) {
        match node {
            Tok::Addr(_) if found.is_some() => return None,
            Tok::Addr(tokens) => found = Some(internal(&tokens, false)),
            Tok::Op(b'<' | b'>') => {}
            _ => strict = false,
        }
    }
    let address = found.unwrap_or_default();
    strict &= !address.starts_with('@');
    Some((address, strict))
}

impl Session {
    /// The address in `text`. `None`: it is none; that is logged. `null`: it may be empty; `strict`: only as RFC 5321 writes it.
    pub(crate) async fn path(&mut self, text: &str, null: bool, strict: bool, utf8: bool) -> Result<Option<String>, Stop> {
        let found = read(text).filter(|(address, exact)| (null || !address.is_empty()) && (exact | !strict));
        let mut good = found.map(|(address, _)| address);
        if let Some(address) = &good
            && !address.is_empty()
            && !self.alone
        {
            let of_sender = self.check.facts.place == "MAIL";
            let resolved = self.check.env.clone().resolve(&self.check.facts, address, of_sender).await;
            let foreign = !utf8 && domain_of(&resolved.recipient).is_some_and(|d| !d.is_ascii());
            if resolved.error || foreign {
                good = None;
            }
        }
        if good.is_none() {
            let shown = printable(text, '?', self.check.env.utf8);
            let place = self.check.facts.place;
            self.check
                .env
                .log
                .warn_of(self.check.trace, format_args!("Illegal address syntax from {} in {place} command: {shown}", self.namaddr()));
        }
        Ok(good)
    }
    /// Refuses a client that names too many recipients in a minute.
    pub(crate) async fn too_many_recipients(&mut self, event: Event) -> Option<Reply> {
        let rate = self.over_limit(event, "smtpd_client_recipient_rate_limit").await?;
        self.check.env.log.warn(format_args!(
            "Recipient address rate limit exceeded: {rate} from {} for service {}",
            self.namaddr(),
            self.service
        ));
        let reply = Reply::forbidden(format!("450 4.7.1 Error: too many recipients from {}", self.check.facts.peer.addr));
        Some(reply.by(&["smtpd_client_recipient_rate_limit", "anvil_rate_time_unit"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_leniently() {
        for (text, want) in [
            ("<a@b>", Some(("a@b", true))),
            ("a@b", Some(("a@b", false))),
            ("<>", Some(("", true))),
            ("<@x,@y:a@b>", Some(("a@b", true))),
            ("<\"red hat\"@b>", Some(("red hat@b", true))),
            ("<red hat@b>", None),
            ("<a@@b>", Some(("a@@b", true))),
            ("<a (comment) @b>", Some(("a@b", false))),
            ("<a@[1.2.3.4]>", Some(("a@[1.2.3.4]", true))),
            ("x <a@b>", Some(("a@b", false))),
            ("<a\\@b@c>", Some(("a@b@c", true))),
        ] {
            assert_eq!(read(text), want.map(|(a, s)| (a.to_string(), s)), "{text}");
        }
    }
}
