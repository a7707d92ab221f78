//! A lab as a link: its name, seed and inputs, squeezed, with a check sum, in the letters that an address may have. Pure.
//! What was saved in the editor is left out unless it is asked for: then the same machine comes of it only up to there.
//! Not here: the dialog (`panes::share`), keeping what came by a link (`app`).

use crate::model;
use crate::storage::{self, Saved};
use world::Input;

/// What most sessions say: matches may reach back into it. A change makes old links unreadable, so it comes with another [`FORM`].
const WORDS: &[u8] = b"useradd passwd vi /etc/postfix/main.cf smtpd_sasl_auth_enable = yes smtpd_recipient_restrictions = permit_mynetworks \
permit_sasl_authenticated reject_unauth_destination postconf -e postmap hash:/etc/postfix/access tail /var/log/maillog cat mailq newaliases \
/etc/aliases service saslauthd start postfix reload mail -s linuxidc.com 126.com telnet 192.168.1.103 25\nEHLO mail.linuxidc.com\nAUTH LOGIN\n\
cmVkaGF0\nMAIL FROM:<redhat@linuxidc.com>\nRCPT TO:<root@linuxidc.com>\nDATA\nSubject: test\n\n.\nQUIT\n";

/// The first letter of every link: the form of the rest.
const FORM: char = 'a';

/// A longer one was not made here.
const MOST: usize = 4 << 20;

fn sum(bytes: &[u8]) -> [u8; 4] {
    bytes.iter().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193)).to_le_bytes()
}

/// A link's text: what stands behind `?s=`.
pub(crate) fn to_link(saved: &Saved, files: bool) -> String {
    let mut last = 0;
    let mut small = Saved {
        lab: storage::lab_of(&saved.lab).into(),
        seed: saved.seed,
        build: saved.build.clone(),
        digest: saved.digest,
        ..Saved::default()
    };
    for (at, input) in &saved.inputs {
        if files || !matches!(input, Input::Write { .. }) {
            small.inputs.push((at - last, input.clone()));
            last = *at;
        }
    }
    small.now = saved.now.saturating_sub(last);
    // Serialising into a vector cannot fail for these types.
    let bytes = postcard::to_allocvec(&small).unwrap_or_default();
    let mut all = sum(&bytes).to_vec();
    all.extend(squeeze(&bytes));
    let mut text = String::from(FORM);
    text.extend(model::encode(&all).chars().filter(|c| *c != '=').map(|c| match c {
        '+' => '-',
        '/' => '_',
        c => c,
    }));
    text
}

/// The world behind a link; `None` if it is broken.
pub(crate) fn from_link(text: &str) -> Option<Saved> {
    let text = text.strip_prefix(FORM)?;
    let mut plain: String = text
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    while !plain.len().is_multiple_of(4) {
        plain.push('=');
    }
    let all = model::decode(&plain).ok()?.0;
    let (check, rest) = all.split_at_checked(4)?;
    let bytes = unsqueeze(rest)?;
    if check != sum(&bytes) {
        return None;
    }
    let mut saved: Saved = postcard::from_bytes(&bytes).ok()?;
    let mut last = 0u64;
    for input in &mut saved.inputs {
        last = last.checked_add(input.0)?;
        input.0 = last;
    }
    saved.now = last.checked_add(saved.now)?;
    Some(saved)
}

/// LZSS: a byte says of the eight things behind it which are a byte itself (0) and which two bytes for a match (1): 12 bits how far back
/// it begins, 4 bits its length less three.
fn squeeze(data: &[u8]) -> Vec<u8> {
    let all = [WORDS, data].concat();
    let mut out = Vec::new();
    let mut at = WORDS.len();
    let mut flags = 0;
    let mut n = 8;
    while at < all.len() {
        if n == 8 {
            flags = out.len();
            out.push(0);
            n = 0;
        }
        let (mut best, mut from) = (2, 0);
        for start in at.saturating_sub(4095)..at {
            let same = all[start..].iter().zip(&all[at..]).take(18).take_while(|(a, b)| a == b).count();
            if same > best {
                (best, from) = (same, start);
            }
        }
        if best > 2 {
            let word = ((at - from) << 4 | (best - 3)) as u16;
            out.extend(word.to_be_bytes());
            out[flags] |= 1 << n;
            at += best;
        } else {
            out.push(all[at]);
            at += 1;
        }
        n += 1;
    }
    out
}

fn unsqueeze(data: &[u8]) -> Option<Vec<u8>> {
    let mut all = WORDS.to_vec();
    let mut bytes = data.iter().copied();
    while let Some(flags) = bytes.next() {
        for n in 0..8 {
            let Some(byte) = bytes.next() else { break };
            if flags >> n & 1 == 0 {
                all.push(byte);
                continue;
            }
            let word = u16::from_be_bytes([byte, bytes.next()?]);
            let from = all.len().checked_sub(usize::from(word >> 4))?;
            for i in from..from + usize::from(word & 15) + 3 {
                all.push(*all.get(i)?);
            }
        }
        if all.len() > MOST {
            return None;
        }
    }
    Some(all.split_off(WORDS.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use world::TtyId;

    fn saved() -> Saved {
        let mut inputs = vec![(1_313_005_884_000_000, Input::Size { tty: TtyId(0), cols: 80, rows: 24 })];
        let mut at = 1_313_005_884_000_000;
        for line in
            ["telnet 192.168.1.103 25\n", "EHLO mail.linuxidc.com\n", "MAIL FROM:<redhat@linuxidc.com>\n", "红帽\n", "DATA\n", "\x03"]
        {
            at += 1_234_567;
            inputs.push((at, Input::Tty { tty: TtyId(0), bytes: line.into() }));
        }
        inputs.push((at, Input::Write { host: "mail".into(), path: "/etc/aliases".into(), bytes: b"a: b\n".repeat(400) }));
        Saved { lab: "linuxidc".into(), seed: 77, now: at + 5, build: "b".into(), digest: 9, inputs }
    }

    #[test]
    fn a_link_comes_back_whole_or_not_at_all() {
        let all = saved();
        let link = to_link(&all, true);
        assert!(link.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        let back = from_link(&link).unwrap();
        assert_eq!((&back.lab, back.seed, back.now, &back.inputs), (&all.lab, all.seed, all.now, &all.inputs));
        for cut in 0..link.len() {
            assert!(from_link(&link[..cut]).is_none(), "cut at {cut}");
            let mut bad = link.clone().into_bytes();
            bad[cut] = if bad[cut] == b'Q' { b'R' } else { b'Q' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(from_link(&bad).is_none_or(|b| b.inputs == all.inputs), "changed at {cut}");
        }
        for junk in ["", "a", "aAAAA", "b", "红", "a====", "a////", "a?"] {
            assert!(from_link(junk).is_none());
        }
    }

    #[test]
    fn files_stay_at_home() {
        let link = to_link(&saved(), false);
        let back = from_link(&link).unwrap();
        assert_eq!(back.inputs.len(), saved().inputs.len() - 1);
        assert!(link.len() < 220, "{} characters", link.len());
    }

    #[test]
    fn anything_comes_through_the_press() {
        let mut noise = 1u32;
        let long: Vec<u8> = (0..5000)
            .map(|i| {
                if i % 3 == 0 {
                    7
                } else {
                    noise = noise.wrapping_mul(1_103_515_245).wrapping_add(12345);
                    (noise >> 20) as u8
                }
            })
            .collect();
        for data in [&b""[..], b"a", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &long] {
            assert_eq!(unsqueeze(&squeeze(data)).as_deref(), Some(data));
        }
    }
}
