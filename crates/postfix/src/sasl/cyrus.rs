//! Cyrus SASL as smtpd uses it: `smtpd.conf`, the mechanisms that are offered, LOGIN, PLAIN and CRAM-MD5 from the server's side.
//! Not here: checking a password (`checkpass`). Source: Cyrus SASL 2.1.28 (options.html, plugins login, plain, cram), RFC 4616.

use super::checkpass::{Failure, check, secret};
use super::{Step, property::*};
use crate::smtpd::env::Env;
use machine::{Because, Sys};
use wire::base64::{self, Base64Error};

/// The plug-ins in the order in which they are offered if `mech_list` is not set, and what each of them can.
const PLUGINS: [(&str, u32); 10] = [
    ("SCRAM-SHA-512", SCRAM),
    ("SCRAM-SHA-384", SCRAM),
    ("SCRAM-SHA-256", SCRAM),
    ("SCRAM-SHA-224", SCRAM),
    ("SCRAM-SHA-1", SCRAM),
    ("DIGEST-MD5", NOPLAINTEXT | NOANONYMOUS | MUTUAL_AUTH),
    ("CRAM-MD5", NOPLAINTEXT | NOANONYMOUS),
    ("NTLM", NOPLAINTEXT | NOANONYMOUS),
    ("PLAIN", NOANONYMOUS),
    ("LOGIN", NOANONYMOUS),
];
const SCRAM: u32 = NOPLAINTEXT | NOACTIVE | NOANONYMOUS | MUTUAL_AUTH;

/// Where `smtpd.conf` is looked for unless `cyrus_sasl_config_path` says otherwise, as Debian builds it.
const DIRECTORIES: &str = "/etc/postfix/sasl:/usr/lib/sasl2";

/// The options of `smtpd.conf`.
#[derive(Default)]
pub(super) struct Conf {
    options: Vec<(String, String, u32)>,
    path: String,
}

impl Conf {
    /// Reads `NAME.conf` from the first directory that has it; none need have it.
    pub(super) async fn read(sys: &Sys, dirs: &str, name: &str) -> Result<Conf, ()> {
        let dirs = if dirs.is_empty() { DIRECTORIES } else { dirs };
        for dir in dirs.split(':') {
            let path = format!("{dir}/{name}.conf");
            if let Ok(bytes) = sys.read_file(&path).await {
                return Conf::parse(&String::from_utf8_lossy(&bytes), path);
            }
        }
        Ok(Conf::default())
    }
    fn parse(text: &str, path: String) -> Result<Conf, ()> {
        let mut options = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(line.len());
            let value = line[end..].strip_prefix(':').map(str::trim_ascii).filter(|v| !v.is_empty()).ok_or(())?;
            options.push((line[..end].to_ascii_lowercase(), value.to_string(), number as u32 + 1));
        }
        Ok(Conf { options, path })
    }
    /// An option's value.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(n, ..)| n == name).map(|(_, v, _)| v.as_str())
    }
    /// An option as a reason.
    pub(super) fn because(&self, name: &str, default: &str) -> Because {
        let found = self.options.iter().find(|(n, ..)| n == name);
        Because::Parameter {
            name: name.into(),
            value: found.map_or(default, |(_, v, _)| v).to_string(),
            place: found.map(|(_, _, line)| (self.path.clone(), *line)),
        }
    }
    fn plugin(&self, name: &str) -> Option<&'static (&'static str, u32)> {
        let plugin = PLUGINS.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        match self.option("mech_list") {
            Some(list) => list.split_ascii_whitespace().any(|m| m.eq_ignore_ascii_case(name)).then_some(plugin),
            None => Some(plugin),
        }
    }
    /// What is offered under these security options.
    pub(super) fn mechanisms(&self, wanted: u32) -> Vec<String> {
        let names: Vec<&str> = match self.option("mech_list") {
            Some(list) => list.split_ascii_whitespace().collect(),
            None => PLUGINS.iter().map(|(n, _)| *n).collect(),
        };
        names.into_iter().filter_map(|n| self.plugin(n)).filter(|(_, has)| wanted & !has == 0).map(|(n, _)| n.to_string()).collect()
    }
}

/// Where an exchange stands.
#[derive(Default)]
enum State {
    /// Before its beginning, or behind its end.
    #[default]
    Over,
    Plain,
    LoginUser,
    LoginPassword(String),
    Cram(String),
}

/// One exchange.
pub(super) struct Exchange {
    state: State,
    /// The security options, as bits.
    wanted: u32,
    /// The name as far as it is known.
    pub(super) user: Option<String>,
}

/// A line of the SASL library in our log.
fn failure(env: &Env, text: &str) {
    env.log.warn(format_args!("SASL authentication failure: {text}"));
}

/// The user's name without white space around it, with `smtpd_sasl_local_domain` as its realm if it has none.
fn canonical(env: &Env, name: &[u8]) -> Result<String, Failure> {
    if name.is_empty() {
        failure(env, "All-whitespace username.");
        return Err(Failure::Fail);
    }
    let mut user = text(name.split(|&b| b == 0).next().unwrap_or_default().trim_ascii());
    let realm = env.cfg.str("smtpd_sasl_local_domain");
    if !realm.is_empty() && !user.contains('@') {
        user.extend(["@", &realm]);
    }
    Ok(user)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Exchange {
    pub(super) fn new(wanted: u32) -> Exchange {
        Exchange { state: State::Over, wanted, user: None }
    }
    pub(super) async fn start(&mut self, env: &Env, because: &mut Vec<Because>, method: &str, initial: Option<&str>) -> Step {
        let initial = match initial.map(|i| base64::decode(i.as_bytes())) {
            Some(Err(e)) => return Self::bad_base64(e),
            Some(Ok(bytes)) => Some(bytes),
            None => None,
        };
        because.push(env.sasl.cyrus.because("mech_list", "all installed"));
        let Some((name, has)) = env.sasl.cyrus.plugin(method) else {
            failure(env, &format!("Couldn't find mech {method}"));
            return Self::end(Err(Failure::NoMechanism));
        };
        // A mechanism that the security options forbid is not offered; it can still be asked for.
        match self.wanted & !has {
            0 => {}
            missing if missing & NOPLAINTEXT != 0 => return Self::end(Err(Failure::Encrypt)),
            _ => return Self::end(Err(Failure::NoMechanism)),
        }
        match *name {
            "PLAIN" => {
                self.state = State::Plain;
                match initial {
                    Some(bytes) => self.answer(env, because, &bytes).await,
                    None => Step::More(String::new()),
                }
            }
            "LOGIN" => {
                self.state = State::LoginUser;
                match initial {
                    Some(bytes) => self.answer(env, because, &bytes).await,
                    None => Step::More(base64::encode(b"Username:")),
                }
            }
            "CRAM-MD5" if initial.is_some() => {
                failure(env, "Remote sent first but mech does not allow it.");
                Self::end(Err(Failure::Protocol))
            }
            "CRAM-MD5" => {
                let (first, second) = (env.sys.random().await % 10_000_000_000, env.sys.now().secs() % 0xff_ffff);
                let challenge = format!("<{first}.{second}@{}>", env.myhostname);
                let shown = base64::encode(challenge.as_bytes());
                self.state = State::Cram(challenge);
                Step::More(shown)
            }
            other => {
                env.log.warn(format_args!("SASL mechanism {other}: not simulated here"));
                Self::end(Err(Failure::Fail))
            }
        }
    }
    pub(super) async fn step(&mut self, env: &Env, because: &mut Vec<Because>, answer: &str) -> Step {
        match base64::decode(answer.as_bytes()) {
            Ok(bytes) => self.answer(env, because, &bytes).await,
            Err(e) => Self::bad_base64(e),
        }
    }
    fn bad_base64(error: Base64Error) -> Step {
        Step::Failed(match error {
            Base64Error::Short => "another step is needed in authentication".into(),
            Base64Error::Invalid => Failure::Protocol.words().into(),
        })
    }
    fn end(result: Result<(), Failure>) -> Step {
        match result {
            Ok(()) => Step::Done,
            Err(f @ Failure::Fail) => Step::Temporary(f.words().into()),
            Err(f) => Step::Failed(f.words().into()),
        }
    }
    async fn answer(&mut self, env: &Env, because: &mut Vec<Because>, bytes: &[u8]) -> Step {
        match std::mem::take(&mut self.state) {
            State::Plain => Self::end(self.plain(env, because, bytes).await),
            State::LoginUser if bytes.len() > 1024 => Self::end(Err(Failure::Protocol)),
            State::LoginUser => {
                self.state = State::LoginPassword(text(bytes));
                Step::More(base64::encode(b"Password:"))
            }
            State::LoginPassword(user) => {
                let result = match canonical(env, user.as_bytes()) {
                    Ok(user) => {
                        self.user = Some(user.clone());
                        check(env, because, &user, bytes).await
                    }
                    Err(f) => Err(f),
                };
                Self::end(result)
            }
            State::Cram(challenge) => Self::end(self.cram(env, because, &challenge, bytes).await),
            State::Over => Self::end(Err(Failure::Protocol)),
        }
    }
    /// RFC 4616: authorization identity, user, password, with NULs between them.
    async fn plain(&mut self, env: &Env, because: &mut Vec<Because>, bytes: &[u8]) -> Result<(), Failure> {
        let parts: Vec<&[u8]> = bytes.split(|&b| b == 0).collect();
        let complaint = match parts.len() {
            1 => "Can only find author (no password)",
            2 => "Can only find author/en (no password)",
            3 => "",
            _ => "Got more data than we were expecting in the PLAIN plugin\n",
        };
        if !complaint.is_empty() {
            failure(env, complaint);
            return Err(Failure::Protocol);
        }
        let (author, user, password) = (parts[0], canonical(env, parts[1])?, parts[2]);
        let same = author.is_empty() || author == parts[1];
        if same {
            self.user = Some(user.clone());
        }
        if let Err(f) = check(env, because, &user, password).await {
            failure(env, "Password verification failed");
            return Err(f);
        }
        if !same {
            let author = canonical(env, author)?;
            self.user = Some(author.clone());
            if author != user {
                failure(env, "Requested identity not authenticated identity");
                return Err(Failure::Authentication);
            }
        }
        Ok(())
    }
    /// RFC 2195: the user and a keyed digest of the challenge. The secret must be readable.
    async fn cram(&mut self, env: &Env, because: &mut Vec<Because>, challenge: &str, bytes: &[u8]) -> Result<(), Failure> {
        let Some(at) = bytes.iter().rposition(|&b| b == b' ').filter(|&at| at > 0) else {
            failure(env, "need authentication name");
            return Err(Failure::Protocol);
        };
        let user = canonical(env, &bytes[..at])?;
        self.user = Some(user.clone());
        let Some(secret) = secret(env, because, &user).await? else {
            failure(env, "no secret in database");
            return Err(Failure::NoUser);
        };
        let digest = wire::md5::hmac_hex(&secret, challenge.as_bytes());
        if digest.as_bytes().eq_ignore_ascii_case(&bytes[at + 1..]) {
            Ok(())
        } else {
            failure(env, "incorrect digest response");
            Err(Failure::Authentication)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smtpd_conf_is_read_as_the_library_does() {
        let list = |text: &str, wanted: u32| Conf::parse(text, String::new()).map(|c| c.mechanisms(wanted).join(" "));
        assert_eq!(list("pwcheck_method: saslauthd\nmech_list: LOGIN PLAIN\n", NOANONYMOUS), Ok("LOGIN PLAIN".into()));
        assert_eq!(list("# x\n\nmech_list: PLAIN 明文\n", 0), Ok("PLAIN".into()));
        assert_eq!(list("mech_list: login plain\n", 0), Ok("LOGIN PLAIN".into()));
        assert_eq!(list("mech_list: LOGIN PLAIN\n", NOPLAINTEXT), Ok("".into()));
        assert_eq!(list("pwcheck_method saslauthd\n", 0), Err(()));
        assert!(list("", NOANONYMOUS).is_ok_and(|l| l.starts_with("SCRAM-SHA-512") && l.ends_with("NTLM PLAIN LOGIN")));
    }
}
