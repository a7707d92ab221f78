//! Characters that a message must not hold: refused, or left out. Not here: everything else about content (`content`).
//! Source: postconf(5) message_reject_characters, message_strip_characters, cleanup_replace_stray_cr_lf.

use super::{Cleanup, Message};
use crate::config::unescape;
use crate::lookup::Hit;
use crate::post::clean;

impl Cleanup {
    /// A line of the content without what it must not hold; `None`: the message is refused for it.
    pub(super) fn clean_line(&self, m: &mut Message, data: &[u8]) -> Option<Vec<u8>> {
        let mut line = data.to_vec();
        if self.d.cfg.bool("cleanup_replace_stray_cr_lf") {
            for b in &mut line {
                if matches!(b, b'\r' | b'\n') {
                    *b = b' ';
                }
            }
        }
        if m.flags & clean::FILTER == 0 {
            return Some(line);
        }
        let bad = unescape(&self.d.cfg.str("message_reject_characters"));
        if line.iter().any(|b| bad.contains(b)) {
            let value = "REJECT disallowed character".to_string();
            let name = "message_reject_characters";
            let hit = Hit { value, table: name.into(), key: String::new(), place: self.d.cfg.place(name) };
            self.act(m, "content", &String::from_utf8_lossy(&line), &hit, "character reject");
            return None;
        }
        let gone = unescape(&self.d.cfg.str("message_strip_characters"));
        if !gone.is_empty() {
            line.retain(|b| !gone.contains(b));
        }
        Some(line)
    }
}
