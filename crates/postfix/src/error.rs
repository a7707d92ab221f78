//! error(8), in its services error and retry, and discard(8): recipients that nobody delivers, for the reason that the nexthop gives.
//! Not here: who sends mail there (`qmgr`, `trivial_rewrite`). Source: error(8), discard(8).

use crate::deliver;
use crate::report::{Dsn, Outcome, split_status};
use crate::server::Daemon;
use machine::Sys;

/// The error daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    match d.server.service.as_str() {
        "error" => serve(d, Outcome::Bounced, "5.0.0").await,
        "retry" => serve(d, Outcome::Deferred, "4.0.0").await,
        name => d.log.fatal(&format!("bad error service name: {name}")).await,
    }
}

/// The discard daemon.
pub(crate) async fn discard(sys: Sys) -> i32 {
    match Daemon::start(&sys).await {
        Ok(d) => serve(d, Outcome::Sent, "2.0.0").await,
        Err(status) => status,
    }
}

async fn serve(mut d: Daemon, outcome: Outcome, default: &str) -> i32 {
    d.jail().await;
    while let Some((conn, mut request)) = deliver::next(&mut d).await {
        let nexthop = request.nexthop.clone();
        let (status, text) = split_status(default, &nexthop);
        let dsn = Dsn::new(status, text);
        for rcpt in request.rcpts.clone() {
            request.report(outcome, &rcpt, "none", &dsn, &[]).await;
        }
        deliver::done(conn, &request).await;
    }
    0
}
