//! The commands: their table with the rules that hold for each, and the EHLO keywords that can be kept back.
//! Not here: what each one does (one file each). Source: RFC 5321 §4.1, RFC 2920 §3.1; the order is that of Postfix's counters.

mod auth;
mod bdat;
mod data;
mod etrn;
mod helo;
mod mail;
mod noop;
mod quit;
mod rcpt;
mod rset;
mod starttls;
mod vrfy;
mod xclient;
mod xforward;

use super::chat::Stop;
use super::reply::Reply;
use super::session::Session;
use std::future::Future;
use std::pin::Pin;
use wire::smtp::Token;

/// The work of a command.
pub(super) type Run<'a> = Pin<Box<dyn Future<Output = Result<Reply, Stop>> + 'a>>;

/// A command and its rules.
pub(crate) struct Verb {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it is defined.
    pub(crate) rule: &'static str,
    /// It leads nowhere: too many of it are errors.
    pub(crate) junk: bool,
    /// It may come before STARTTLS where encryption is required.
    pub(crate) before_tls: bool,
    /// With PIPELINING it can only be the last of a group.
    pub(crate) last: bool,
    /// What it does.
    pub(crate) run: for<'a> fn(&'a mut Session, &'a [Token]) -> Run<'a>,
}

const fn verb(name: &'static str, rule: &'static str, flags: &str, run: for<'a> fn(&'a mut Session, &'a [Token]) -> Run<'a>) -> Verb {
    let f = flags.as_bytes();
    Verb { name, rule, junk: f[0] == b'j', before_tls: f[1] == b't', last: f[2] == b'l', run }
}

/// All commands. Flags: `j`unk, before `t`ls, `l`ast.
pub(crate) static VERBS: [Verb; 15] = [
    verb("HELO", "RFC 5321 §4.1.1.1", "jtl", helo::helo),
    verb("EHLO", "RFC 5321 §4.1.1.1", "jtl", helo::ehlo),
    verb("XCLIENT", "XCLIENT_README", "-t-", xclient::run),
    verb("XFORWARD", "XFORWARD_README", "---", xforward::run),
    verb("STARTTLS", "RFC 3207", "-t-", starttls::run),
    verb("AUTH", "RFC 4954", "---", auth::run),
    verb("MAIL", "RFC 5321 §4.1.1.2", "---", mail::run),
    verb("RCPT", "RFC 5321 §4.1.1.3", "---", rcpt::run),
    verb("DATA", "RFC 5321 §4.1.1.4", "--l", data::run),
    verb("BDAT", "RFC 3030", "---", bdat::run),
    verb("RSET", "RFC 5321 §4.1.1.5", "j--", rset::run),
    verb("NOOP", "RFC 5321 §4.1.1.9", "jtl", noop::run),
    verb("VRFY", "RFC 5321 §4.1.1.6", "j-l", vrfy::run),
    verb("ETRN", "RFC 1985", "j--", etrn::run),
    verb("QUIT", "RFC 5321 §4.1.1.10", "-t-", quit::run),
];

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

/// The bits of a list of keywords; unknown ones are passed over.
pub(crate) fn ehlo_mask(words: &str) -> u32 {
    words
        .split([',', ' ', '\t', '\r', '\n'])
        .filter_map(|w| KEYWORDS.iter().find(|(k, _)| k.eq_ignore_ascii_case(w)).map(|(_, bit)| bit))
        .fold(0, |mask, bit| mask | bit)
}

/// The names of the keywords in a mask.
fn ehlo_names(mask: u32) -> String {
    let mut left = mask;
    let mut first = |bit: u32| {
        let here = left & bit != 0;
        left &= !bit;
        here
    };
    let names: Vec<&str> = KEYWORDS.iter().filter(|(_, bit)| first(*bit)).map(|(k, _)| *k).collect();
    names.join(" ")
}

impl Session {
    /// Whether an EHLO keyword is kept back.
    fn discards(&self, keyword: &str) -> bool {
        KEYWORDS.iter().any(|(k, bit)| *k == keyword && self.discard & bit != 0)
    }
    /// Whether SMTPUTF8 is offered.
    fn offers_utf8(&self) -> bool {
        self.check.env.utf8 && !self.discards("SMTPUTF8")
    }
}

/// The words from the second one on, joined again.
fn rest(argv: &[Token]) -> String {
    let words: Vec<&str> = argv.iter().skip(1).map(|t| t.text.as_str()).collect();
    words.join(" ")
}
