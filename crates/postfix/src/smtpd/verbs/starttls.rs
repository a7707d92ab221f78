//! STARTTLS: syntax and sequence; there is no TLS in this host yet. Source: RFC 3207; starttls_cmd of Postfix.

use super::Run;
use crate::restrictions::check::Class;
use crate::smtpd::decide::TLS_LEVEL;
use crate::smtpd::reply::Reply;
use crate::smtpd::session::Session;
use wire::smtp::Token;

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if argv.len() != 1 {
            return Ok(Reply::wrong("501 5.5.4 Syntax: STARTTLS"));
        }
        if !session.check.env.use_tls || session.discards("STARTTLS") {
            return Ok(Reply::wrong("502 5.5.1 Error: command not implemented").by(TLS_LEVEL));
        }
        let reply = Reply::no("454 4.7.0 TLS not available due to local problem").by(&["smtpd_tls_security_level", "smtpd_tls_cert_file"]);
        Ok(Reply { class: Some(Class::Resource), ..reply })
    })
}
