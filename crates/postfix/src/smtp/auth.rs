//! smtp(8) logs in: which name and password for which server, and the AUTH dialogue.
//! Not here: the mechanisms (`crate::sasl::client`). Source: smtp_sasl_glue(3), smtp_sasl_proto(3), RFC 4954.

use super::Delivery;
use super::chat::Broken;
use super::session::Session;
use crate::address::find::{Keys, find, looked_up};
use crate::config::Config;
use crate::lookup::{Maps, MatchKind, MatchList, TableError, Tables};
use crate::report::Dsn;
use crate::sasl::client::Client;
use machine::Because;

/// What a process has opened for logging in.
pub(super) struct Logins {
    passwords: Maps,
    /// `smtp_sasl_mechanism_filter`, if it is set.
    filter: Option<MatchList>,
}

impl Logins {
    /// None where `smtp_sasl_auth_enable` is off.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) async fn open(tables: &Tables, prefix: &str) -> Result<Option<Logins>, String> {
        let cfg = tables.cfg();
        if !cfg.bool(&format!("{prefix}sasl_auth_enable")) {
            return Ok(None);
        }
        let parameter = format!("{prefix}sasl_password_maps");
        if cfg.str(&parameter).is_empty() {
            return Err(format!("specify a password table via the `{parameter}' configuration parameter"));
        }
        let passwords = Maps::of(tables, &parameter).await?;
        let kind = cfg.str(&format!("{prefix}sasl_type"));
        if kind != "cyrus" {
            cfg.log().warn(format_args!("unsupported SASL client implementation: {kind}"));
            return Err("SASL library initialization".to_string());
        }
        let parameter = format!("{prefix}sasl_mechanism_filter");
        let filter = !cfg.str(&parameter).is_empty();
        let filter = if filter { Some(MatchList::of(tables, &parameter, MatchKind::Strings).await?) } else { None };
        Ok(Some(Logins { passwords, filter }))
    }
    /// Name and password for a server or, where that is wanted, a sender.
    async fn of(&self, cfg: &Config, job: &mut Delivery<'_>, host: &str) -> Result<Option<(String, String)>, TableError> {
        let mut hit = None;
        if !job.lmtp && cfg.bool("smtp_sender_dependent_authentication") && !job.request.sender.is_empty() {
            let sender = job.request.sender.clone();
            hit = find(cfg, &self.passwords, &sender, Keys::Usual(&job.setup.local)).await?.map(|found| found.hit);
        }
        for key in [host, job.site.as_str()] {
            if hit.is_none() {
                hit = self.passwords.find(key).await?;
            }
        }
        let Some(mut hit) = hit else { return Ok(None) };
        let (name, password) = hit.value.split_once(':').unwrap_or((&hit.value, ""));
        let login = (name.to_string(), password.to_string());
        hit.value = format!("{name}:…");
        job.because.push(looked_up(&hit));
        Ok(Some(login))
    }
}

impl Session {
    /// A list of mechanisms of the EHLO reply.
    pub(super) async fn offered(&mut self, job: &Delivery<'_>, words: &str) {
        let Some(logins) = &job.setup.logins else { return };
        let mut kept: Vec<&str> = Vec::new();
        for word in words.split_ascii_whitespace() {
            let kept_back = match &logins.filter {
                Some(filter) => !matches!(filter.matches(word).await, Ok(true)),
                None => false,
            };
            if !kept_back {
                kept.push(word);
            }
        }
        let list = kept.join(" ");
        match &mut self.mechanisms {
            Some(known) if !known.is_empty() => {
                if !list.is_empty() && !known.eq_ignore_ascii_case(&list) {
                    known.push(' ');
                    known.push_str(&list);
                }
            }
            _ => {
                if list.is_empty() {
                    if words.is_empty() {
                        job.d.log.warn(format_args!("{} offered null AUTH mechanism list", self.relay));
                    } else {
                        job.d.log.warn(format_args!("{} offered no supported AUTH mechanisms: '{words}'", self.relay));
                    }
                }
                self.mechanisms = Some(list);
            }
        }
    }
    /// Logs in if the server wants that and there is a password for it. True: the session goes on.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn login(&mut self, job: &mut Delivery<'_>, timeout: i64) -> Result<bool, Broken> {
        let (Some(offered), Some(logins)) = (self.mechanisms.clone(), &job.setup.logins) else { return Ok(true) };
        let cfg = job.d.cfg.clone();
        let (host, title) = (self.host.clone(), format!("{}sasl_password_maps", job.prefix()));
        let login = match logins.of(&cfg, job, &host).await {
            Ok(login) => login,
            Err(TableError) => {
                job.d.log.warn(format_args!("{}: {title} lookup error", job.request.job.id));
                return Err(Broken::Data);
            }
        };
        let Some((user, password)) = login else {
            self.mechanisms = None;
            return Ok(true);
        };
        if offered.is_empty() {
            let none = "offered no compatible authentication mechanisms for this type of connection security";
            self.give_up(job, Dsn::new("4.7.0", format!("SASL authentication failed: server {} {none}", self.name)), true).await;
            return Ok(false);
        }
        let parameter = format!("{}sasl_security_options", job.prefix());
        let mut client = match Client::choose(&cfg, &parameter, &offered, (&user, &password)).await {
            Ok(client) => client,
            Err(Ok(why)) => {
                self.no_answer(job, why).await;
                return Ok(false);
            }
            Err(Err(status)) => {
                job.ends = Some(status);
                return Ok(false);
            }
        };
        job.because.push(Because::State { what: format!("AUTH {} as {user}", client.mechanism) });
        let mut first = client.first(&self.chat.sys).await;
        // A command line has no more than 512 bytes; what does not fit waits for an empty challenge.
        match first.take_if(|f| client.mechanism.len() + f.len() + 8 <= 512) {
            Some(initial) => self.chat.say(&format!("AUTH {} {initial}", client.mechanism)),
            None => self.chat.say(&format!("AUTH {}", client.mechanism)),
        }
        loop {
            let mut reply = self.chat.reply(timeout).await?;
            if reply.code / 100 != 3 {
                if reply.ok() {
                    return Ok(true);
                }
                if reply.code / 100 == 5 && cfg.bool(&format!("{}sasl_auth_soft_bounce", job.prefix())) {
                    reply.dsn.replace_range(..1, "4");
                }
                let text = format!("SASL authentication failed; server {} said: {}", self.name, reply.one_line());
                let dsn = self.answered(&reply, text);
                self.give_up(job, dsn, true).await;
                return Ok(false);
            }
            let line = reply.one_line();
            let challenge = line.get(4..).unwrap_or("").trim();
            let answer = match first.take() {
                Some(initial) if challenge.is_empty() => Ok(initial),
                Some(initial) => {
                    let why = format!("non-empty initial {} challenge from server {}: {initial}", client.mechanism, self.name);
                    self.cannot(job, &why, "protocol error").await;
                    return Ok(false);
                }
                None => client.next(&cfg, challenge),
            };
            match answer {
                Ok(answer) => self.chat.say(&answer),
                Err(why) => {
                    self.no_answer(job, why).await;
                    return Ok(false);
                }
            }
        }
    }
    /// The library has no answer.
    async fn no_answer(&mut self, job: &mut Delivery<'_>, why: &str) {
        let text = format!("cannot authenticate to server {}: {why}", self.name);
        self.cannot(job, &text, why).await;
    }
    /// The login ends without a word of the server against it.
    async fn cannot(&mut self, job: &mut Delivery<'_>, text: &str, diagnostic: &str) {
        let text = format!("SASL authentication failed; {text}");
        let dsn = Dsn { dtype: "x-sasl".to_string(), dtext: diagnostic.to_string(), ..Dsn::new("4.7.0", text) };
        self.give_up(job, dsn, true).await;
    }
}
