//! Whom a restriction is about: the client, HELO, the addresses. How they are named in refusals.
//! Source: postconf(5); the words of Postfix's replies.

use super::check::{Facts, printable};

/// What a restriction looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Subject {
    Client,
    /// The client by name alone.
    ClientName,
    ReverseClient,
    Helo,
    Sender,
    Recipient,
    Etrn,
    Sasl,
}

impl Subject {
    /// What it is called in refusals.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Subject::Client | Subject::ClientName => "Client host",
            Subject::ReverseClient => "Unverified Client host",
            Subject::Helo => "Helo command",
            Subject::Sender => "Sender address",
            Subject::Recipient => "Recipient address",
            Subject::Etrn => "Etrn command",
            Subject::Sasl => "SASL login name",
        }
    }
    /// Its value, if there is one; a client's is its name.
    pub(crate) fn value(self, facts: &Facts) -> Option<String> {
        match self {
            Subject::Client | Subject::ClientName => Some(facts.peer.name.clone()),
            Subject::ReverseClient => Some(facts.peer.reverse_name.clone()),
            Subject::Helo => facts.helo.clone(),
            Subject::Sender => facts.sender.clone(),
            Subject::Recipient => facts.recipient.clone(),
            Subject::Etrn => facts.etrn.clone(),
            Subject::Sasl => facts.login.as_ref().map(|l| l.user.clone()),
        }
    }
    /// What stands between `<>` in a refusal.
    pub(crate) fn reply_name(self, facts: &Facts) -> String {
        match self {
            Subject::Client => facts.peer.namaddr.clone(),
            Subject::Sasl => printable(&self.value(facts).unwrap_or_default(), '_', false),
            _ => self.value(facts).unwrap_or_default(),
        }
    }
}
