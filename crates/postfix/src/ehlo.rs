//! The EHLO keywords that server and client can be told to pass over. Source: ehlo_mask(3), postconf(5) smtpd_discard_ehlo_keywords.

/// EHLO keywords and the bit of each.
const KEYWORDS: [(&str, u32); 16] = [
    ("8BITMIME", 1 << 0),
    ("AUTH", 1 << 1),
    ("ETRN", 1 << 2),
    ("PIPELINING", 1 << 3),
    ("SIZE", 1 << 4),
    ("VERP", 1 << 5),
    ("VRFY", 1 << 6),
    ("XCLIENT", 1 << 7),
    ("XFORWARD", 1 << 8),
    ("STARTTLS", 1 << 9),
    ("ENHANCEDSTATUSCODES", 1 << 10),
    ("DSN", 1 << 11),
    // A slip in Postfix's own table: the log shows this name.
    ("EHLO_MASK_SMTPUTF8", 1 << 12),
    ("SMTPUTF8", 1 << 12),
    ("CHUNKING", 1 << 13),
    ("SILENT-DISCARD", 1 << 14),
];

/// A set of keywords.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Keywords(u32);

impl Keywords {
    /// Those of a list; unknown ones are passed over.
    pub(crate) fn of(words: &str) -> Keywords {
        let bit = |w: &str| KEYWORDS.iter().find(|(k, _)| k.eq_ignore_ascii_case(w)).map_or(0, |(_, bit)| *bit);
        Keywords(words.split([',', ' ', '\t', '\r', '\n']).fold(0, |mask, w| mask | bit(w)))
    }
    /// Whether a keyword, in upper case, is among them.
    pub(crate) fn has(self, keyword: &str) -> bool {
        KEYWORDS.iter().any(|(k, bit)| *k == keyword && self.0 & bit != 0)
    }
    /// Their names for the log, unless there are none or it is to be silent.
    pub(crate) fn told(self) -> Option<String> {
        if self.0 == 0 || self.has("SILENT-DISCARD") {
            return None;
        }
        let mut left = self.0;
        let mut first = |bit: u32| {
            let here = left & bit != 0;
            left &= !bit;
            here
        };
        let names: Vec<&str> = KEYWORDS.iter().filter(|(_, bit)| first(*bit)).map(|(k, _)| *k).collect();
        Some(names.join(" "))
    }
}
