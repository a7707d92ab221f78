//! Parameters that are lists of fixed names, and which daemon refuses to run with another word in one.
//! Not here: what the names mean. Source: name_mask(3) of Postfix and the daemons that call it when they start.

use super::Config;

const ENVELOPE_AND_HEADERS: &str = "envelope_sender envelope_recipient header_sender header_recipient";
const EXTENSIONS: &str = "canonical virtual alias forward include generic";
const LOCKS: &str = "flock fcntl dotlock";
const OVERRIDES: &str = "no_unknown_recipient_checks no_address_mappings no_header_body_checks no_milters";
const SOURCES: &str = "alias forward include";

/// Daemon, parameter, its names.
const MASKS: [(&str, &str, &str); 17] = [
    ("smtpd", "receive_override_options", OVERRIDES),
    ("smtpd", "notify_classes", "bounce 2bounce data delay policy protocol resource software"),
    ("smtpd", "smtpd_proxy_options", "speed_adjust"),
    ("pickup", "receive_override_options", OVERRIDES),
    ("cleanup", "canonical_classes", ENVELOPE_AND_HEADERS),
    ("cleanup", "sender_canonical_classes", "envelope_sender header_sender"),
    ("cleanup", "recipient_canonical_classes", "envelope_recipient header_recipient"),
    ("cleanup", "masquerade_classes", ENVELOPE_AND_HEADERS),
    ("cleanup", "propagate_unmatched_extensions", EXTENSIONS),
    ("local", "allow_mail_to_files", SOURCES),
    ("local", "allow_mail_to_commands", SOURCES),
    ("local", "propagate_unmatched_extensions", EXTENSIONS),
    ("local", "prepend_delivered_header", "command file forward"),
    ("local", "mailbox_delivery_lock", LOCKS),
    ("virtual", "virtual_mailbox_lock", LOCKS),
    ("smtp", "smtp_host_lookup", "dns native"),
    ("lmtp", "lmtp_host_lookup", "dns native"),
];

impl Config {
    /// Whether this daemon knows every name in its lists.
    ///
    /// # Errors
    /// The text of the fatal message.
    pub(crate) fn check_masks(&self, daemon: &str) -> Result<(), String> {
        for (_, parameter, names) in MASKS.iter().filter(|m| m.0 == daemon) {
            let value = self.str(parameter);
            // Nobody looks at the options of a filter that is not there.
            if *parameter == "smtpd_proxy_options" && self.str("smtpd_proxy_filter").is_empty() {
                continue;
            }
            if let Some(word) = super::split(&value).iter().find(|w| !names.split(' ').any(|n| n == *w)) {
                // Some share the words of another one.
                let shown = match *parameter {
                    "virtual_mailbox_lock" => "mailbox_delivery_lock",
                    "sender_canonical_classes" | "recipient_canonical_classes" => "canonical_classes",
                    other => other,
                };
                return Err(format!("unknown {shown} value \"{word}\" in \"{value}\""));
            }
        }
        Ok(())
    }
}
