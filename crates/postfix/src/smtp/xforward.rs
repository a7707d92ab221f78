//! XFORWARD as client: whose mail this is, told to a server that takes our word (`smtp_send_xforward_command`).
//! Source: XFORWARD_README, smtp_proto(3). Not here: taking somebody's word (`smtpd::verbs::xforward`).

use super::Delivery;
use super::chat::Broken;
use super::session::Session;

/// A command that tells something: its text, its names in messages.
pub(super) struct Told {
    pub(super) command: String,
    name: &'static str,
    doing: &'static str,
}

/// An attribute, where it comes from, whether `unknown` is worth telling.
type Attribute = (&'static str, &'static str, bool);

/// What each command tells.
const TOLD: [(&str, &str, &[Attribute]); 2] = [
    (
        "XFORWARD name/address command",
        "sending XFORWARD name/address",
        &[("NAME", "log_client_name", false), ("ADDR", "log_client_address", false), ("PORT", "log_client_port", false)],
    ),
    (
        "XFORWARD helo/protocol command",
        "sending XFORWARD protocol/helo_name",
        &[
            ("PROTO", "log_protocol_name", false),
            ("HELO", "log_helo_name", true),
            ("IDENT", "log_ident", true),
            ("SOURCE", "rewrite_context", true),
        ],
    ),
];

impl Session {
    /// The commands for a message; none where there is nothing to tell or nobody to hear it.
    pub(super) fn xforward(&self, job: &Delivery<'_>) -> Vec<Told> {
        let mut out = Vec::new();
        if !job.d.cfg.bool(&format!("{}send_xforward_command", job.prefix())) {
            return out;
        }
        for (name, doing, attributes) in TOLD {
            let mut command = String::new();
            for (attribute, origin, unknown) in attributes {
                let value = job.request.origin(origin);
                if !self.xforward.iter().any(|f| f == attribute) || value.is_empty() || !unknown && value.eq_ignore_ascii_case("unknown") {
                    continue;
                }
                let value = match *attribute {
                    "SOURCE" => if value == "local" { "LOCAL" } else { "REMOTE" }.to_string(),
                    _ => wire::smtp::xtext_encode(value, ""),
                };
                command.push_str(&format!(" {attribute}={value}"));
            }
            if !command.is_empty() {
                out.push(Told { command: format!("XFORWARD{command}"), name, doing });
            }
        }
        out
    }
    /// The server's answer to one of them. A refusal does not matter.
    pub(super) async fn heard(&mut self, job: &Delivery<'_>, told: &Told) -> Result<(), (Broken, &'static str)> {
        let timeout = job.d.cfg.time(&format!("{}xforward_timeout", job.prefix()));
        let reply = self.chat.reply(timeout).await.map_err(|how| (how, told.doing))?;
        if !reply.ok() {
            job.d.log.warn(format_args!("host {} said: {} (in reply to {})", self.relay, reply.one_line(), told.name));
        }
        Ok(())
    }
}
