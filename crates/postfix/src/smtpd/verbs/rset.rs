//! RSET: back to where the session stood after HELO. Source: RFC 5321 §4.1.1.5.

use super::Run;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if argv.len() != 1 {
            return Ok(Reply::wrong("501 5.5.4 Syntax: RSET"));
        }
        session.after_message().await;
        Ok(Reply::yes("250 2.0.0 Ok"))
    })
}
