//! Asking trivial-rewrite(8): standard form of an address, and where mail for it goes. Answers are kept for 30 seconds, the last of each kind.
//! Not here: finding them (`trivial_rewrite`). Source: rewrite_clnt(3), resolve_clnt(3).

use crate::address::tok::{quote_local, unquote};
use crate::ipc::{Attrs, Conn};
use crate::maillog::Log;
use crate::why;
use machine::{Because, SimTime, Sys};

/// What became of a question.
#[allow(missing_docs)]
pub(crate) mod resolved {
    pub(crate) const ROUTED: i64 = 1 << 1;
    pub(crate) const ERROR: i64 = 1 << 2;
    pub(crate) const FAIL: i64 = 1 << 3;
    pub(crate) const LOCAL: i64 = 1 << 8;
    pub(crate) const ALIAS: i64 = 1 << 9;
    pub(crate) const VIRTUAL: i64 = 1 << 10;
    pub(crate) const RELAY: i64 = 1 << 11;
    pub(crate) const DEFAULT: i64 = 1 << 12;
}

/// Where mail for an address goes.
#[derive(Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) transport: String,
    pub(crate) nexthop: String,
    pub(crate) recipient: String,
    /// Class and conditions, see [`resolved`].
    pub(crate) flags: i64,
    /// The parameters and lookups that decided it.
    pub(crate) because: Vec<Because>,
}

/// A connection to the rewrite service, with the last answers.
pub(crate) struct Resolver {
    sys: Sys,
    log: Log,
    conn: Option<Conn>,
    rewritten: Option<(String, SimTime, String, Vec<Because>)>,
    resolved: Option<(String, SimTime, Resolved)>,
}

const KEEP_SECS: u64 = 30;

impl Resolver {
    /// Not yet connected.
    pub(crate) fn new(sys: &Sys, log: &Log) -> Resolver {
        Resolver { sys: sys.clone(), log: log.clone(), conn: None, rewritten: None, resolved: None }
    }
    /// Asks until there is an answer.
    async fn ask(&mut self, service: &str, question: &Attrs) -> Attrs {
        let mut tries = 0u32;
        loop {
            if self.conn.is_none() {
                match Conn::connect(&self.sys, service).await {
                    Ok(conn) => self.conn = Some(conn),
                    Err(e) => self.log.warn(format_args!("connect #{} to subsystem {service}: {e}", tries + 1)),
                }
            }
            if let Some(conn) = &mut self.conn {
                if let Some(answer) = conn.ask(question).await
                    && !answer.0.is_empty()
                {
                    return answer;
                }
                // A process that ends at its limit or restarts leaves an old connection: that is no reason to complain.
                if tries > 0 {
                    self.log.warn(format_args!("problem talking to service {}: Application error", service.trim_start_matches("private/")));
                }
                if let Some(conn) = self.conn.take() {
                    conn.close().await;
                }
            }
            tries += 1;
            if tries > 1 {
                let _ = self.sys.sleep(if tries > 2 { 10_000_000 } else { 1_000_000 }).await;
            }
        }
    }
    /// Standard form of an address in external form. `rule` is `local` or `remote`.
    pub(crate) async fn rewrite(&mut self, rule: &str, addr: &str, because: &mut Vec<Because>) -> String {
        if addr.is_empty() {
            return String::new();
        }
        let key = format!("{rule} {addr}");
        if let Some((k, until, answer, why)) = &self.rewritten
            && *k == key
            && self.sys.now() < *until
        {
            because.extend_from_slice(why);
            return answer.clone();
        }
        let question = Attrs::new().with("request", "rewrite").with("rule", rule).with("address", addr);
        let answer = self.ask("private/rewrite", &question).await;
        let why = why::decode(answer.get("because"));
        because.extend_from_slice(&why);
        let text = answer.get("address").to_string();
        self.rewritten = Some((key, self.sys.now().plus_secs(KEEP_SECS), text.clone(), why));
        text
    }
    /// The same for addresses in internal form.
    pub(crate) async fn rewrite_internal(&mut self, rule: &str, addr: &str, because: &mut Vec<Because>) -> String {
        if addr.is_empty() {
            return String::new();
        }
        let external = self.rewrite(rule, &quote_local(addr), because).await;
        unquote(&external)
    }
    /// Where mail from `sender` for `addr` (internal form) goes. `verify`: with the parameters of address probes.
    pub(crate) async fn resolve(&mut self, verify: bool, sender: &str, addr: &str) -> Resolved {
        let what = if verify { "verify" } else { "resolve" };
        let key = format!("{what} {sender} {addr}");
        if let Some((k, until, answer)) = &self.resolved
            && *k == key
            && self.sys.now() < *until
        {
            return answer.clone();
        }
        let question = Attrs::new().with("request", what).with("sender", sender).with("address", addr);
        let a = self.ask("private/rewrite", &question).await;
        let text = |name: &str| a.get(name).to_string();
        let answer = Resolved {
            transport: text("transport"),
            nexthop: text("nexthop"),
            recipient: text("recipient"),
            flags: a.num("flags"),
            because: why::decode(a.get("because")),
        };
        self.resolved = Some((key, self.sys.now().plus_secs(KEEP_SECS), answer.clone()));
        answer
    }
}
