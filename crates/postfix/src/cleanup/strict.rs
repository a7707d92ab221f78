//! MIME by the letter: 8-bit text where none was announced, parts in parts without end. Only with strict_8bitmime and its kin.
//! Not here: what the structure is (`content`). Source: mime_state(3), cleanup_message(3), postconf(5).

use super::{Cleanup, Message};
use crate::post::{clean, stat};
use crate::why::parameter;

/// What can be wrong, gravest first; the order is that of the answer to the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Nesting,
    Header,
    Body,
    Domain,
}

const TEXTS: [(Wrong, &str); 4] = [
    (Wrong::Nesting, "MIME nesting exceeds safety limit"),
    (Wrong::Header, "improper use of 8-bit data in message header"),
    (Wrong::Body, "improper use of 8-bit data in message body"),
    (Wrong::Domain, "invalid message/* or multipart/* encoding domain"),
];

impl Cleanup {
    /// The parameter for whose sake a mistake counts.
    fn minds(&self, m: &Message, wrong: Wrong) -> Option<&'static str> {
        let cfg = &self.d.cfg;
        if m.flags & clean::FILTER == 0 || cfg.bool("disable_mime_input_processing") {
            return None;
        }
        let (switches, tables): (&[_], &[_]) = match wrong {
            Wrong::Header => (&["strict_8bitmime", "strict_7bit_headers"], &[]),
            Wrong::Body => (&["strict_8bitmime", "strict_8bitmime_body"], &[]),
            Wrong::Domain => (&["strict_mime_encoding_domain"], &[]),
            Wrong::Nesting => (
                &["strict_8bitmime", "strict_7bit_headers", "strict_8bitmime_body", "strict_mime_encoding_domain"],
                &["header_checks", "mime_header_checks", "nested_header_checks"],
            ),
        };
        let on = switches.iter().find(|p| cfg.bool(p));
        on.or_else(|| tables.iter().find(|p| !cfg.str(p).is_empty())).copied()
    }
    /// Notes a mistake, the first of its kind in the log.
    pub(super) fn wrong(&self, m: &mut Message, wrong: Wrong, shown: &str) {
        let Some(by) = self.minds(m, wrong).filter(|_| !m.content.wrong.contains(&wrong)) else { return };
        m.against.push(parameter(&self.d.cfg, by));
        m.content.wrong.push(wrong);
        let (_, text) = TEXTS[wrong as usize];
        let (shown, _) = crate::config::cut(shown, 100);
        let origin = m.attr("log_message_origin").unwrap_or("local");
        let (sender, recip) = (m.sender.as_deref().unwrap_or(""), m.recip.as_deref().unwrap_or("unknown"));
        self.d.log.info(format_args!("{}: reject: mime-error {text}: {shown} from {origin}; from=<{sender}> to=<{recip}>", m.id));
    }
    /// At the end of the content: what is wrong refuses the message.
    pub(super) fn judge_mime(&self, m: &mut Message) {
        let Some((_, text)) = TEXTS.iter().find(|(w, _)| m.content.wrong.contains(w)) else { return };
        m.errs |= stat::CONT;
        if m.reason.is_empty() {
            m.reason = format!("5.6.0 {text}");
        }
    }
}
