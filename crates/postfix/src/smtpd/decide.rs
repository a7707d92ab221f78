//! Decisions: what leads to an answer is collected, and told with it. Not here: the reasons themselves (the commands, `restrictions`).

use super::reply::{Reply, soften};
use super::session::Session;
use crate::why::parameter;
use machine::{Trace, TraceId};

/// What a server says of a command that it does not know.
pub(super) const SYNTAX: &str = "RFC 5321 §4.2.4";
/// What forbids commands ahead of their turn.
pub(super) const PIPELINING: &[&str] = &["smtpd_forbid_unauth_pipelining"];
/// What decides about encryption.
pub(crate) const TLS_LEVEL: &[&str] = &["smtpd_tls_security_level"];

impl Session {
    /// Begins a decision: what leads to it is collected from here on.
    pub(crate) fn begin(&mut self) {
        self.check.ladder.clear();
        self.check.trace = self.check.env.sys.reserve_trace();
        self.check.env.log.about(self.check.trace);
    }
    /// Ends a decision with its answer. `head`: what was asked, or empty.
    pub(super) fn decide(&mut self, head: &str, reply: &Reply) -> TraceId {
        let env = self.check.env.clone();
        let mut text = reply.lines.join(" ");
        let mut by = reply.by.to_vec();
        if text.starts_with(['4', '5']) {
            // What is done to every refusal before it is sent.
            by.extend(["smtpd_reject_footer", "smtpd_reject_footer_maps"].into_iter().filter(|n| !env.cfg.str(n).is_empty()));
            if env.soft_bounce && text.starts_with('5') {
                by.push("soft_bounce");
                soften(&mut text);
            }
        }
        by.iter().for_each(|name| self.check.because(parameter(&env.cfg, name)));
        let what = if head.is_empty() || text.is_empty() { [head, &text].concat() } else { [head, ": ", &text].concat() };
        env.log.about(TraceId(0));
        let mut trace = Trace::new(self.check.env.log.tag(), what);
        trace.queue_id.clone_from(&self.check.facts.queue_id);
        trace.because = std::mem::take(&mut self.check.ladder);
        self.check.env.sys.trace_as(self.check.trace, trace)
    }
}
