//! The commands: their table with the rules that hold for each, and the EHLO keywords that can be kept back.
//! Not here: what each one does (one file each). Source: RFC 5321 §4.1, RFC 2920 §3.1; the order is that of Postfix's counters.

mod auth;
mod bdat;
mod data;
mod etrn;
mod helo;
mod later;
mod mail;
mod noop;
mod quit;
mod rcpt;
mod rset;
mod starttls;
mod vrfy;
mod xclient;
pub(super) mod xforward;

use super::chat::Stop;
use super::reply::Reply;
use super::session::Session;
pub(crate) use later::LATER;
use std::future::Future;
use std::pin::Pin;
use wire::smtp::Token;

/// The work of a command.
pub(crate) type Run<'a> = Pin<Box<dyn Future<Output = Result<Reply, Stop>> + 'a>>;

/// What carries out a command.
pub(crate) type Work = for<'a> fn(&'a mut Session, &'a [Token]) -> Run<'a>;

/// What keeps EHLO keywords back.
const DISCARD: &[&str] = &["smtpd_discard_ehlo_keywords", "smtpd_discard_ehlo_keyword_address_maps"];

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
    /// What it does; `None`: that lies behind another door, under its name ([`Session::later`]).
    pub(crate) run: Option<Work>,
}

const fn verb(name: &'static str, rule: &'static str, flags: &str, run: Option<Work>) -> Verb {
    let f = flags.as_bytes();
    Verb { name, rule, junk: f[0] == b'j', before_tls: f[1] == b't', last: f[2] == b'l', run }
}

/// All commands. Flags: `j`unk, before `t`ls, `l`ast.
pub(crate) static VERBS: [Verb; 15] = [
    verb("HELO", "RFC 5321 §4.1.1.1", "jtl", Some(helo::helo)),
    verb("EHLO", "RFC 5321 §4.1.1.1", "jtl", Some(helo::ehlo)),
    verb("XCLIENT", "XCLIENT_README", "-t-", None),
    verb("XFORWARD", "XFORWARD_README", "---", None),
    verb("STARTTLS", "RFC 3207", "-t-", Some(starttls::run)),
    verb("AUTH", "RFC 4954", "---", None),
    verb("MAIL", "RFC 5321 §4.1.1.2", "---", None),
    verb("RCPT", "RFC 5321 §4.1.1.3", "---", None),
    verb("DATA", "RFC 5321 §4.1.1.4", "--l", None),
    verb("BDAT", "RFC 3030", "---", None),
    verb("RSET", "RFC 5321 §4.1.1.5", "j--", Some(rset::run)),
    verb("NOOP", "RFC 5321 §4.1.1.9", "jtl", Some(noop::run)),
    verb("VRFY", "RFC 5321 §4.1.1.6", "j-l", None),
    verb("ETRN", "RFC 1985", "j--", None),
    verb("QUIT", "RFC 5321 §4.1.1.10", "-t-", Some(quit::run)),
];

impl Session {
    /// Whether an EHLO keyword is kept back.
    fn discards(&self, keyword: &str) -> bool {
        self.discard.has(keyword)
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
