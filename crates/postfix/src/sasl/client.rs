//! The client's side of SASL, as smtp(8) uses Cyrus SASL: which mechanism is taken, and what it says.
//! Not here: the AUTH command (`smtp::auth`), the server's side (`cyrus`). Source: Cyrus SASL 2.1.28, RFC 4616, RFC 2195.

use super::property::*;
use crate::config::Config;
use machine::Sys;
use wire::base64;

/// The plug-ins, best first, and what each of them can.
const PLUGINS: [(&str, u32); 11] = [
    ("SCRAM-SHA-512", NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH),
    ("SCRAM-SHA-384", NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH),
    ("SCRAM-SHA-256", NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH),
    ("SCRAM-SHA-224", NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH),
    ("SCRAM-SHA-1", NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH),
    ("DIGEST-MD5", NOPLAINTEXT | NOANONYMOUS | MUTUAL_AUTH),
    ("CRAM-MD5", NOPLAINTEXT | NOANONYMOUS),
    ("NTLM", NOPLAINTEXT | NOANONYMOUS),
    ("PLAIN", NOANONYMOUS),
    ("LOGIN", NOANONYMOUS),
    ("ANONYMOUS", NOPLAINTEXT),
];

/// An exchange with a server.
pub(crate) struct Client {
    /// The mechanism that was taken.
    pub(crate) mechanism: &'static str,
    user: String,
    password: String,
    steps: u32,
}

impl Client {
    /// Chooses among what the server offers (words) and what the options of `parameter` allow.
    ///
    /// # Errors
    /// `Err(Ok(why))`: there is nothing to choose. `Err(Err(status))`: the process ends with this status.
    pub(crate) async fn choose(
        cfg: &Config,
        parameter: &str,
        offered: &str,
        login: (&str, &str),
    ) -> Result<Client, Result<&'static str, i32>> {
        let wanted = super::options(cfg, parameter).await.map_err(Err)?;
        let offers = |name: &str| offered.split_ascii_whitespace().any(|m| m.eq_ignore_ascii_case(name));
        let found = PLUGINS.iter().find(|(name, has)| wanted & !has == 0 && offers(name));
        let Some((mechanism, _)) = found else {
            // EXTERNAL is always there, without an identity.
            if !offers("EXTERNAL") {
                cfg.log().warn(format_args!("SASL authentication failure: No worthy mechs found"));
            }
            return Err(Ok("no mechanism available"));
        };
        Ok(Client { mechanism, user: login.0.into(), password: login.1.into(), steps: 0 })
    }
    /// What is said before the server asks, in base64.
    pub(crate) async fn first(&self, sys: &Sys) -> Option<String> {
        let text = match self.mechanism {
            "PLAIN" => format!("\0{}\0{}", self.user, self.password),
            "ANONYMOUS" => format!("anonymous@{}", sys.host_name().await),
            // A constant of its plug-in: the first message without names.
            "NTLM" => return Some("TlRMTVNTUAABAAAABwIAAAAAAAAgAAAAAAAAACAAAAA=".to_string()),
            scram if scram.starts_with("SCRAM") => {
                let mut nonce = Vec::new();
                for _ in 0..3 {
                    nonce.extend(sys.random().await.to_le_bytes());
                }
                format!("n,,n={},r={}", self.user, base64::encode(&nonce))
            }
            _ => return None,
        };
        Some(base64::encode(text.as_bytes()))
    }
    /// The answer to a challenge, both in base64.
    ///
    /// # Errors
    /// Why there is none, in the words of the library.
    pub(crate) fn next(&mut self, cfg: &Config, challenge: &str) -> Result<String, &'static str> {
        let challenge = base64::decode(challenge.as_bytes()).map_err(|_| "another step is needed in authentication")?;
        self.steps += 1;
        let text = match (self.mechanism, self.steps) {
            ("LOGIN", 1) => self.user.clone(),
            ("LOGIN", 2) => self.password.clone(),
            ("CRAM-MD5", 1) => format!("{} {}", self.user, wire::md5::hmac_hex(self.password.as_bytes(), &challenge)),
            ("PLAIN" | "LOGIN" | "CRAM-MD5" | "ANONYMOUS", _) => {
                cfg.log().warn(format_args!("SASL authentication problem: attempting client step after doneflag"));
                return Err("generic failure");
            }
            (other, _) => {
                cfg.log().warn(format_args!("SASL mechanism {other}: not simulated here"));
                return Err("generic failure");
            }
        };
        Ok(base64::encode(text.as_bytes()))
    }
}
