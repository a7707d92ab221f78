//! DATA: the text of the message follows. Source: RFC 5321 §4.1.1.4.

use super::Run;
use crate::smtpd::proxy;
use crate::smtpd::reply::{Reply, Then};
use crate::smtpd::session::Session;
use wire::smtp::Token;

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if session.in_chunks() {
            return Ok(Reply::wrong("503 5.5.1 Error: DATA after BDAT"));
        }
        if session.check.facts.rcpt_count == 0 {
            return Ok(if session.in_transaction() {
                Reply::no("554 5.5.1 Error: no valid recipients")
            } else {
                Reply::wrong("503 5.5.1 Error: need RCPT command")
            });
        }
        if argv.len() != 1 {
            return Ok(Reply::wrong("501 5.5.4 Syntax: DATA"));
        }
        if !session.alone
            && let Some(refusal) = session.check.data(false).await
        {
            return Ok(Reply::no(refusal));
        }
        if let Some(refusal) = session.pass_on(proxy::MORE, &session.line.clone()).await {
            return Ok(refusal);
        }
        session.needs_stream().await;
        session.begin_text();
        Ok(Reply::yes("354 End data with <CR><LF>.<CR><LF>").then(Then::Text))
    })
}
