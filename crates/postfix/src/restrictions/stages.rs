//! The order of the lists: client, HELO and sender restrictions, put off until RCPT if `smtpd_delay_reject` says so, then relay and
//! recipient restrictions; DATA, end of data and ETRN. Not here: the evaluation of one list (`mod`).
//! Source: SMTPD_ACCESS_README, postconf(5) smtpd_delay_reject and smtpd_relay_before_recipient_restrictions.

use super::check::{Check, Class, Outcome, Unwind};
use super::{Cx, evaluate, listed, settle, unreached};
use machine::{Because, Verdict};

/// Index of a list in [`crate::smtpd::env::Env::lists`].
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Stage {
    Client,
    Helo,
    Sender,
    Relay,
    Recipient,
    Data,
    EndOfData,
    Etrn,
}

/// Parameter of each list, in the order of [`Stage`].
pub(crate) const LISTS: [&str; 8] = [
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
    "smtpd_etrn_restrictions",
];

impl Stage {
    /// What is refused, and the restriction that a bare table stands for.
    fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Stage::Client => ("Client host", Some("check_client_access")),
            Stage::Helo => ("Helo command", Some("check_helo_access")),
            Stage::Sender => ("Sender address", Some("check_sender_access")),
            Stage::Relay | Stage::Recipient => ("Recipient address", Some("check_recipient_access")),
            Stage::Data => ("Data command", None),
            Stage::EndOfData => ("End-of-data", None),
            Stage::Etrn => ("Etrn command", Some("check_etrn_access")),
        }
    }
}

impl Check {
    fn reset(&mut self) {
        (self.depth, self.warn_at, self.defer_if_reject) = (0, 0, None);
    }
    /// Adds the row that says where a list comes from.
    fn headline(&mut self, stage: Stage) {
        let list = self.env.lists[stage as usize].clone();
        let value = list.elements.join(", ");
        self.because(Because::Parameter { name: list.name.clone(), value, place: list.place.clone() });
    }
    /// Adds lists that are not asked any more.
    fn skip(&mut self, stages: &[Stage]) {
        for &stage in stages {
            if !self.env.lists[stage as usize].elements.is_empty() {
                self.headline(stage);
                let list = self.env.lists[stage as usize].clone();
                unreached(self, &list, 0);
            }
        }
    }
    /// Evaluates one list.
    async fn list(&mut self, stage: Stage, name: String) -> Outcome {
        let list = self.env.lists[stage as usize].clone();
        self.headline(stage);
        let (class, bare) = stage.words();
        let cx = Cx { name, class, bare };
        match evaluate(self, list, &cx).await {
            Ok(outcome) => outcome,
            Err(Unwind::Reject) => Outcome::Reject,
            Err(Unwind::Stop(stop)) => {
                self.stop = Some(stop);
                Outcome::Reject
            }
        }
    }
    fn refused(&self, outcome: Outcome) -> Option<String> {
        (outcome == Outcome::Reject).then(|| self.refusal.clone())
    }
    /// The client restrictions; the refusal, if they refuse.
    pub(crate) async fn client(&mut self) -> Option<String> {
        self.defer_if_permit = None;
        self.reset();
        let outcome = self.list(Stage::Client, self.facts.peer.namaddr.clone()).await;
        self.deferred_at = [self.defer_if_permit.clone(), None, None];
        self.refused(outcome)
    }
    /// The HELO restrictions for this name.
    pub(crate) async fn helo(&mut self, name: Option<String>) -> Option<String> {
        let Some(name) = name else {
            self.skip(&[Stage::Helo]);
            return None;
        };
        let saved = self.facts.helo.replace(name.clone());
        self.defer_if_permit = self.deferred_at[0].clone();
        self.reset();
        let outcome = self.list(Stage::Helo, name).await;
        self.deferred_at[1] = self.defer_if_permit.clone();
        self.facts.helo = saved;
        self.refused(outcome)
    }
    /// The sender restrictions for this address.
    pub(crate) async fn mail(&mut self, sender: Option<String>) -> Option<String> {
        let sender = sender?;
        let saved = self.facts.sender.replace(sender.clone());
        self.defer_if_permit = self.deferred_at[1].clone().or(self.deferred_at[0].clone());
        self.env.listed[1].set(false);
        self.reset();
        let mut outcome = self.list(Stage::Sender, sender.clone()).await;
        self.deferred_at[2] = self.defer_if_permit.clone();
        if outcome != Outcome::Reject
            && self.env.cfg.bool("smtpd_reject_unlisted_sender")
            && !self.env.listed[1].get()
            && !self.actions.discard
            && !sender.is_empty()
        {
            outcome = self.unlisted(true).await;
        }
        self.facts.sender = saved;
        self.refused(outcome)
    }
    /// The check that stands behind all lists: whether the address is known.
    async fn unlisted(&mut self, of_sender: bool) -> Outcome {
        let name = if of_sender { "smtpd_reject_unlisted_sender" } else { "smtpd_reject_unlisted_recipient" };
        let element = name.trim_start_matches("smtpd_");
        let place = self.env.cfg.place(name);
        let row = self.ladder.len();
        self.because(Because::Rule { list: name.into(), element: element.into(), verdict: Verdict::Unreached, place });
        let judged = listed::check(self, of_sender).await;
        let verdict = self.verdict(&judged);
        settle(self, row, verdict, element.into());
        judged.unwrap_or(Outcome::Reject)
    }
    /// All that decides about a recipient, in order.
    pub(crate) async fn rcpt(&mut self, recipient: &str) -> Option<String> {
        if recipient.eq_ignore_ascii_case("postmaster") {
            self.because(Because::Protocol {
                rule: "RFC 5321 §4.5.1".into(),
                what: "postmaster without a domain is always accepted".into(),
            });
            return None;
        }
        let saved = self.facts.recipient.replace(recipient.to_string());
        let refused = self.rcpt_lists(recipient).await;
        self.facts.recipient = saved;
        refused
    }
    async fn rcpt_lists(&mut self, recipient: &str) -> Option<String> {
        self.env.listed[0].set(false);
        let first = self.env.cfg.bool("smtpd_relay_before_recipient_restrictions");
        let last = if first { [Stage::Relay, Stage::Recipient] } else { [Stage::Recipient, Stage::Relay] };
        if self.env.cfg.bool("smtpd_delay_reject") {
            if let Some(refused) = self.client().await {
                self.skip(&[Stage::Helo, Stage::Sender, last[0], last[1]]);
                return Some(refused);
            }
            let helo = self.facts.helo.clone();
            if let Some(refused) = self.helo(helo).await {
                self.skip(&[Stage::Sender, last[0], last[1]]);
                return Some(refused);
            }
            let sender = self.facts.sender.clone();
            if let Some(refused) = self.mail(sender).await {
                self.skip(&last);
                return Some(refused);
            }
        }
        self.defer_if_permit = self.deferred_at[2].clone();
        self.reset();
        let mut outcome = Outcome::Dunno;
        for (i, stage) in last.into_iter().enumerate() {
            outcome = self.list(stage, recipient.to_string()).await;
            if outcome == Outcome::Reject {
                self.skip(&last[i + 1..]);
                break;
            }
        }
        if outcome != Outcome::Reject && self.defer_if_permit.is_some() {
            outcome = self.settle_permit();
        }
        if outcome != Outcome::Reject
            && !self.env.listed[0].get()
            && !self.actions.discard
            && self.env.cfg.bool("smtpd_reject_unlisted_recipient")
        {
            outcome = self.unlisted(false).await;
        }
        self.refused(outcome)
    }
    /// The restrictions of ETRN.
    pub(crate) async fn etrn(&mut self, domain: &str) -> Option<String> {
        let saved = self.facts.etrn.replace(domain.to_string());
        let refused = self.etrn_lists(domain).await;
        self.facts.etrn = saved;
        refused
    }
    async fn etrn_lists(&mut self, domain: &str) -> Option<String> {
        if self.env.cfg.bool("smtpd_delay_reject") {
            if let Some(refused) = self.client().await {
                return Some(refused);
            }
            let helo = self.facts.helo.clone();
            if let Some(refused) = self.helo(helo).await {
                return Some(refused);
            }
        }
        self.defer_if_permit = self.deferred_at[1].clone().or(self.deferred_at[0].clone());
        self.reset();
        let outcome = self.list(Stage::Etrn, domain.to_string()).await;
        self.finish(outcome)
    }
    fn finish(&mut self, outcome: Outcome) -> Option<String> {
        let outcome = if outcome == Outcome::Reject { outcome } else { self.settle_permit() };
        self.refused(outcome)
    }
    /// The restrictions of DATA (`false`) or of the end of data.
    pub(crate) async fn data(&mut self, end: bool) -> Option<String> {
        // They stand for all recipients: with several of them none is named.
        let several = self.facts.rcpt_count > 1;
        let saved = if several { self.facts.recipient.take() } else { None };
        self.defer_if_permit = None;
        self.reset();
        let (stage, name) = if end { (Stage::EndOfData, "END-OF-MESSAGE") } else { (Stage::Data, "DATA") };
        let outcome = self.list(stage, name.into()).await;
        let refused = self.finish(outcome);
        if several {
            self.facts.recipient = saved;
        }
        refused
    }
    /// Whether the announced size is too much.
    pub(crate) fn size(&mut self) -> Option<String> {
        self.reset();
        let limit = self.env.message_limit;
        if limit == 0 || self.facts.msg_size <= limit {
            return None;
        }
        let place = self.env.cfg.place("message_size_limit");
        self.because(Because::Parameter { name: "message_size_limit".into(), value: limit.to_string(), place });
        let outcome = self.reject(Class::Policy, 552, "5.3.4", "Message size exceeds fixed limit".into());
        self.refused(outcome)
    }
    /// Whether there is room in the queue: one and a half times the largest message.
    pub(crate) async fn queue_space(&mut self) -> Option<String> {
        self.reset();
        let (used, total) = self.env.sys.statfs(".").await.unwrap_or((0, u64::MAX));
        let free = total.saturating_sub(used);
        let cfg = self.env.cfg.clone();
        let minfree = u64::try_from(cfg.int("queue_minfree")).unwrap_or(0);
        if minfree < free && self.env.message_limit < free / 3 * 2 {
            return None;
        }
        self.note(format!("{free} bytes are free in the queue directory"));
        self.ladder.extend(["queue_minfree", "message_size_limit"].map(|name| crate::why::parameter(&cfg, name)));
        let sender = self.facts.sender.take();
        let outcome = self.reject(Class::Resource, 452, "4.3.1", "Insufficient system storage".into());
        self.facts.sender = sender;
        self.env.log.warn(format_args!("not enough free space in mail queue: {free} bytes < 1.5*message size limit"));
        self.refused(outcome)
    }
}
