//! `$client_address` and its like in reject footers and DNS list replies.
//! Source: postconf(5) smtpd_reject_footer, default_rbl_reply.

use super::env::Env;
use crate::config::Scope;
use crate::restrictions::check::Facts;
use machine::DateTime;

/// The session's attributes by name.
pub(crate) struct Attributes<'a> {
    env: &'a Env,
    facts: &'a Facts,
}

impl<'a> Attributes<'a> {
    /// Those of this session.
    pub(crate) fn new(env: &'a Env, facts: &'a Facts) -> Self {
        Attributes { env, facts }
    }
    /// A value as texts for the client may show it.
    pub(crate) fn filter(&self, value: &str) -> String {
        self.env.filter(value)
    }
    /// `sender`, `sender_name`, `sender_domain` and the same of the recipient.
    fn address(address: Option<&str>, part: &str) -> Option<String> {
        let Some(address) = address else { return Some(String::new()) };
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let text = match part {
            "" => address,
            "_name" => local,
            "_domain" => return Some(domain.to_string()),
            _ => return None,
        };
        Some(if address.is_empty() { "<>".into() } else { text.to_string() })
    }
}

impl Scope for Attributes<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        let f = self.facts;
        let found = match name {
            "server_name" => Some(self.env.myhostname.clone()),
            "client" => Some(f.peer.namaddr.clone()),
            "client_port" => Some(f.peer.port.clone()),
            "client_address" => Some(f.peer.addr.clone()),
            "client_name" => Some(f.peer.name.clone()),
            "reverse_client_name" => Some(f.peer.reverse_name.clone()),
            "helo_name" => Some(f.helo.clone().unwrap_or_default()),
            "localtime" => {
                let t = DateTime::new(self.env.sys.now(), self.env.sys.utc_offset());
                Some(format!("{} {:02} {:02}:{:02}:{:02}", t.month_name(), t.day, t.hour, t.minute, t.second))
            }
            _ => match (name.strip_prefix("sender"), name.strip_prefix("recipient")) {
                (Some(part), _) => Self::address(f.sender.as_deref(), part),
                (_, Some(part)) => Self::address(f.recipient.as_deref(), part),
                _ => None,
            },
        };
        if found.is_none() {
            self.env.log.warn(format_args!("unknown macro name \"{name}\" in expansion request"));
        }
        found.map(|value| self.filter(&value))
    }
}
