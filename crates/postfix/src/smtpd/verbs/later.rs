//! What of smtpd lies behind another door: whatever needs more than the greeting and HELO, above all restrictions, SASL and messages.
//! Not here: what each one does (the other files).

use super::{Work, auth, bdat, data, etrn, mail, rcpt, rest, vrfy, xclient, xforward};
use crate::smtpd::chat::Stop;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

/// By name: commands, and what stands between them.
pub(crate) static LATER: &[(&str, Work)] = &[
    ("AUTH", auth::run),
    ("BDAT", bdat::run),
    ("DATA", data::run),
    ("ETRN", etrn::run),
    ("MAIL", mail::run),
    ("RCPT", rcpt::run),
    ("VRFY", vrfy::run),
    ("XCLIENT", xclient::run),
    ("XFORWARD", xforward::run),
    ("client restrictions", |session, _| Box::pin(async { Ok(judged(session.check.client().await)) })),
    ("helo restrictions", |session, argv| Box::pin(async { Ok(judged(session.check.helo(Some(rest(argv))).await)) })),
    ("sasl", |session, _| Box::pin(async { session.activate_sasl().await.map(|()| judged(None)) })),
    ("text", |session, _| Box::pin(session.receive_text())),
];

/// What restrictions have said, as an answer.
fn judged(refusal: Option<String>) -> Reply {
    refusal.map_or_else(|| Reply::yes(""), Reply::no)
}

impl Session {
    /// Does what is listed here by this name.
    pub(crate) async fn later(&mut self, name: &str, argv: &[Token]) -> Result<Reply, Stop> {
        let table: &&[(&str, Work)] = self.check.env.sys.part("smtpd, after the greeting").await;
        let (_, work) = table.iter().find(|(n, _)| *n == name).expect("what is done later is listed");
        work(self, argv).await
    }
}
