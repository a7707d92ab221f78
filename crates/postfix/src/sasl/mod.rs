//! SASL: what smtpd sets up once, and one exchange, with Cyrus SASL or Dovecot behind it; smtp's side is in `client`.
//! Not here: the AUTH command (`smtpd::verbs::auth`). Source: SASL_README, RFC 4422.

mod checkpass;
pub(crate) mod client;
mod cyrus;
mod dovecot;

use crate::config::Config;
use crate::smtpd::env::Env;
use crate::smtpd::peer::Peer;
use machine::{Because, Sys};

/// What came of a step.
pub(crate) enum Step {
    /// The exchange goes on with this challenge (base64).
    More(String),
    /// The client is who it says.
    Done,
    /// It is not, for this reason.
    Failed(String),
    /// It cannot be found out.
    Temporary(String),
}

/// What a process has read about SASL.
#[derive(Default)]
pub(crate) struct Setup {
    cyrus: cyrus::Conf,
    dovecot: dovecot::Link,
    is_dovecot: bool,
}

impl Setup {
    /// Reads `smtpd.conf`, or remembers where Dovecot listens.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn read(sys: &Sys, cfg: &Config) -> Result<Setup, String> {
        let path = cfg.str("smtpd_sasl_path");
        let failed = || "SASL per-process initialization failed".to_string();
        match cfg.str("smtpd_sasl_type").as_str() {
            "cyrus" => {
                let dirs = cfg.str("cyrus_sasl_config_path");
                let cyrus = cyrus::Conf::read(sys, &dirs, &path).await.map_err(|()| {
                    cfg.log().warn(format_args!("{}: error when parsing configuration file", failed()));
                    failed()
                })?;
                Ok(Setup { cyrus, ..Setup::default() })
            }
            "dovecot" => Ok(Setup { dovecot: dovecot::Link::new(&path), is_dovecot: true, ..Setup::default() }),
            other => {
                cfg.log().warn(format_args!("unsupported SASL server implementation: {other}"));
                Err(failed())
            }
        }
    }
}

/// What a mechanism can and what an option asks for, as bits.
pub(crate) mod property {
    pub(crate) const NOPLAINTEXT: u32 = 1;
    pub(crate) const NOACTIVE: u32 = 2;
    pub(crate) const NODICTIONARY: u32 = 4;
    pub(crate) const FORWARD_SECRECY: u32 = 8;
    pub(crate) const NOANONYMOUS: u32 = 16;
    pub(crate) const MUTUAL_AUTH: u32 = 32;
    pub(crate) const NAMES: [(&str, u32); 6] = [
        ("noplaintext", NOPLAINTEXT),
        ("noactive", NOACTIVE),
        ("nodictionary", NODICTIONARY),
        ("forward_secrecy", FORWARD_SECRECY),
        ("noanonymous", NOANONYMOUS),
        ("mutual_auth", MUTUAL_AUTH),
    ];
}

enum Inner {
    Cyrus(cyrus::Exchange),
    Dovecot(dovecot::Exchange),
}

/// One SASL context.
pub(crate) struct Server {
    inner: Inner,
    /// What is offered, in order.
    pub(crate) mechanisms: Vec<String>,
    /// What led to the result.
    pub(crate) because: Vec<Because>,
}

/// The bits of a list of security options.
///
/// # Errors
/// The exit status of the process.
async fn options(cfg: &Config, parameter: &str) -> Result<u32, i32> {
    let (log, text) = (cfg.log(), cfg.str(parameter));
    let mut bits = 0;
    for word in cfg.list(parameter) {
        match property::NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(&word)) {
            Some((_, bit)) => bits |= bit,
            None => {
                log.warn(format_args!("unknown SASL security options value \"{word}\" in \"{text}\""));
                log.warn(format_args!("bad per-session SASL security properties"));
                return Err(log.fatal("SASL per-connection initialization failed").await);
            }
        }
    }
    Ok(bits)
}

impl Server {
    /// A context for this client.
    ///
    /// # Errors
    /// The exit status of the process: SASL cannot be used at all.
    pub(crate) async fn create(env: &Env, peer: &Peer, tls: bool) -> Result<Server, i32> {
        let parameter = if tls { "smtpd_sasl_tls_security_options" } else { "smtpd_sasl_security_options" };
        let wanted = options(&env.cfg, parameter).await?;
        let (inner, all) = if env.sasl.is_dovecot {
            let all = env.sasl.dovecot.mechanisms(env, wanted).await;
            (Inner::Dovecot(dovecot::Exchange::new(peer, tls)), all)
        } else {
            let all = env.sasl.cyrus.mechanisms(wanted);
            if all.is_empty() {
                let none = env.sasl.cyrus.mechanisms(0).is_empty();
                for _ in 0..if none { 3 } else { 0 } {
                    env.log.warn(format_args!("SASL authentication failure: Internal Error -4 in ../../lib/server.c near line 1765"));
                }
                let why = if none { "no mechanism available" } else { "no applicable SASL mechanisms" };
                env.log.warn(format_args!("xsasl_cyrus_server_get_mechanism_list: {why}"));
            }
            (Inner::Cyrus(cyrus::Exchange::new(wanted)), all)
        };
        if all.is_empty() {
            return Err(env.log.fatal("no SASL authentication mechanisms").await);
        }
        let mut mechanisms = Vec::new();
        for mechanism in &all {
            if env.names_command("smtpd_sasl_mechanism_filter", mechanism).await {
                mechanisms.push(mechanism.clone());
            }
        }
        if mechanisms.is_empty() {
            let text = format!("smtpd_sasl_mechanism_filter discards all mechanisms in '{}'", all.join(" "));
            return Err(env.log.fatal(&text).await);
        }
        Ok(Server { inner, mechanisms, because: Vec::new() })
    }
    /// Begins an exchange.
    pub(crate) async fn start(&mut self, env: &Env, method: &str, initial: Option<&str>) -> Step {
        match &mut self.inner {
            Inner::Cyrus(e) => e.start(env, &mut self.because, method, initial).await,
            Inner::Dovecot(e) => e.start(env, &self.mechanisms, method, initial).await,
        }
    }
    /// Goes on with the client's answer.
    pub(crate) async fn step(&mut self, env: &Env, answer: &str) -> Step {
        match &mut self.inner {
            Inner::Cyrus(e) => e.step(env, &mut self.because, answer).await,
            Inner::Dovecot(e) => e.step(env, answer).await,
        }
    }
    /// The user's name as far as it is known.
    pub(crate) fn user(&self) -> Option<&str> {
        match &self.inner {
            Inner::Cyrus(e) => e.user.as_deref(),
            Inner::Dovecot(e) => e.user.as_deref(),
        }
    }
}
