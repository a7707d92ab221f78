//! A table that proxymap(8) holds: `proxy:type:name`. Not here: that service. Source: proxymap(8), dict_proxy(3).

use super::{Found, Hit, TableError, Tables};
use crate::ipc::{Attrs, Conn};
use std::cell::Cell;

/// What the service answers.
pub(crate) mod answer {
    /// Found, or opened.
    pub(crate) const OK: i64 = 0;
    /// There is no such key.
    pub(crate) const NO_KEY: i64 = 1;
    /// The table is unavailable.
    pub(crate) const RETRY: i64 = 2;
    /// The request makes no sense.
    pub(crate) const BAD: i64 = 3;
    /// The table may not be asked.
    pub(crate) const DENIED: i64 = 4;
}

/// The asking end of one table.
pub(super) struct Proxy {
    /// The table behind the service.
    inner: String,
    flags: String,
    conn: Cell<Option<Conn>>,
}

impl Proxy {
    /// Asks the service to open a table; whether its keys are patterns.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) async fn open(all: &Tables, inner: &str, flags: &str) -> Result<(Proxy, bool), String> {
        let proxy = Proxy { inner: inner.to_string(), flags: flags.to_string(), conn: Cell::new(None) };
        let reply = proxy.ask(all, Attrs::new().with("request", "open")).await?;
        Ok((proxy, reply.num("pattern") != 0))
    }
    /// Asks until there is an answer that can be used.
    async fn ask(&self, all: &Tables, question: Attrs) -> Result<Attrs, String> {
        let (log, sys) = (all.log(), all.log().sys());
        let service = all.cfg().str("proxymap_service_name");
        let path = format!("{}/private/{service}", all.cfg().str("queue_directory"));
        let question = question.with("table", &self.inner).with("flags", &self.flags);
        let mut tries = 0u32;
        loop {
            let conn = match self.conn.take() {
                Some(conn) => Ok(conn),
                None => Conn::connect(sys, &path).await,
            };
            match conn {
                Ok(mut conn) => {
                    if let Some(reply) = conn.ask(&question).await.filter(|a| !a.0.is_empty()) {
                        self.conn.set(Some(conn));
                        return match reply.num("status") {
                            answer::DENIED => Err(format!("{service} service is not configured for table \"{}\"", self.inner)),
                            answer::BAD => Err(format!("{service} lookup failed for table \"{}\": invalid request", self.inner)),
                            _ => Ok(reply),
                        };
                    }
                    conn.close().await;
                    // A process that ends at its limit leaves an old connection: that is no reason to complain.
                    if tries > 0 {
                        log.warn(format_args!("problem talking to service {service}: Application error"));
                    }
                }
                Err(e) => log.warn(format_args!("connect #{} to subsystem private/{service}: {e}", tries + 1)),
            }
            tries += 1;
            if tries > 1 {
                let _ = sys.sleep(1_000_000).await;
            }
        }
    }
    /// Looks a key up. What would be fatal is a failure here: the table could be opened once.
    pub(super) async fn find(&self, all: &Tables, key: &str) -> Found {
        let reply = match self.ask(all, Attrs::new().with("request", "lookup").with("key", key)).await {
            Ok(reply) => reply,
            Err(why) => {
                all.log().warn(format_args!("{why}"));
                return Err(TableError);
            }
        };
        match reply.num("status") {
            answer::OK => {
                let place = reply.get("place").split_once(':').and_then(|(line, file)| Some((file.to_string(), line.parse().ok()?)));
                let table = format!("proxy:{}", self.inner).into();
                Ok(Some(Hit { value: reply.get("value").to_string(), table, key: reply.get("key").to_string(), place }))
            }
            answer::NO_KEY => Ok(None),
            _ => Err(TableError),
        }
    }
}
