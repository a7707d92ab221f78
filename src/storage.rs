//! Saved worlds and preferences as text for the browser's storage: a version, then postcard in base64. Pure; `platform` keeps the text.
//! A saved world is its lab, its seed and the inputs with their times: replaying them makes the same machine again.

use crate::model;
use serde::{Deserialize, Serialize};
use world::Input;

/// The form's version. Texts of another one are set aside, not guessed at.
const VERSION: &str = "ehlo2:";

/// Everything that makes a world again.
#[derive(Serialize, Deserialize, Default)]
pub(crate) struct Saved {
    pub(crate) lab: String,
    pub(crate) seed: u64,
    /// Time on the world's clock when it was saved, in microseconds.
    pub(crate) now: u64,
    /// The build that saved it, and what had come out of its world by then, as a digest.
    pub(crate) build: String,
    pub(crate) digest: u64,
    /// Microseconds on the world's clock, and what happened.
    pub(crate) inputs: Vec<(u64, Input)>,
}

impl Saved {
    /// As text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from(VERSION);
        // Serialising into a vector cannot fail for these types.
        text.push_str(&model::encode(&postcard::to_allocvec(self).unwrap_or_default()));
        text
    }
    /// From text; `None` if it is broken, or of another lab or version.
    pub(crate) fn from_text(text: &str, lab: &str) -> Option<Saved> {
        let bytes = model::decode(text.strip_prefix(VERSION)?).ok()?;
        let saved: Saved = postcard::from_bytes(&bytes.0).ok()?;
        let ordered = saved.inputs.windows(2).all(|w| w[0].0 <= w[1].0);
        (saved.lab == lab && ordered).then_some(saved)
    }
}

/// The lab of a world: one that came by a link is kept beside the reader's own, as `linuxidc.shared`.
pub(crate) fn lab_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// What an input is called: the line that was typed, control characters as `^C`, not too long.
pub(crate) fn label(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    for c in text.trim_end().chars() {
        if c < ' ' {
            out.push('^');
            out.push((c as u8 | 0x40) as char);
        } else {
            out.push(c);
        }
        if out.len() > 40 {
            out.push('…');
            break;
        }
    }
    if out.is_empty() { "⏎".into() } else { out }
}

/// Name of the entry that holds a lab's world.
pub(crate) fn key(lab: &str) -> String {
    ["ehlo.world.", lab].concat()
}

/// Name of the entry under which data is set aside that could not be used.
pub(crate) fn aside(lab: &str) -> String {
    ["ehlo.aside.", lab].concat()
}

/// Name of the entry that stands while a saved world is being replayed: found at the start, the last replay did not end.
pub(crate) fn replaying(lab: &str) -> String {
    ["ehlo.replaying.", lab].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use world::TtyId;

    #[test]
    fn a_saved_world_comes_back() {
        let inputs = vec![(5, Input::Tty { tty: TtyId(0), bytes: b"id\n".into() }), (9, Input::Tick)];
        let text = Saved { lab: "linuxidc".into(), seed: 7, now: 12, inputs, ..Saved::default() }.to_text();
        let back = Saved::from_text(&text, "linuxidc").unwrap();
        assert_eq!((back.seed, back.now, back.inputs.len()), (7, 12, 2));
        assert!(Saved::from_text(&text, "other").is_none());
        for cut in 0..text.len() {
            assert!(Saved::from_text(&text[..cut], "linuxidc").is_none());
        }
        for junk in ["", "ehlo1:", "ehlo1:????", "ehlo0:AAAA", "{\"a\":1}", "ehlo1:////////"] {
            assert!(Saved::from_text(junk, "linuxidc").is_none());
        }
    }
}
