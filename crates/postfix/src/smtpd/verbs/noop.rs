//! NOOP: nothing. Arguments are ignored. Source: RFC 5321 §4.1.1.9.

use super::Run;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

pub(super) fn run<'a>(_: &'a mut Session, _: &'a [Token]) -> Run<'a> {
    Box::pin(std::future::ready(Ok(Reply::yes("250 2.0.0 Ok"))))
}
