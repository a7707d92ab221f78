//! Whether a password is right: `pwcheck_method` in order, saslauthd over its socket, auxprop with /etc/sasldb2.
//! Not here: saslauthd itself. Source: Cyrus SASL 2.1.28, lib/checkpw.c and plugins/sasldb.c; saslauthd(8).

use crate::smtpd::env::Env;
use machine::{Because, Errno, Sys};

/// Why not, in the library's words.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Failure {
    Fail,
    NoMechanism,
    Encrypt,
    Protocol,
    Authentication,
    NoUser,
}

impl Failure {
    /// sasl_errstring; that a user does not exist is not told.
    pub(super) fn words(self) -> &'static str {
        match self {
            Failure::Fail => "generic failure",
            Failure::NoMechanism => "no mechanism available",
            Failure::Encrypt => "encryption needed to use mechanism",
            Failure::Protocol => "bad protocol / cancel",
            Failure::Authentication | Failure::NoUser => "authentication failure",
        }
    }
}

/// Tries each method of `pwcheck_method` until one says yes.
pub(super) async fn check(env: &Env, because: &mut Vec<Because>, user: &str, password: &[u8]) -> Result<(), Failure> {
    let conf = &env.sasl.cyrus;
    because.push(conf.because("pwcheck_method", "auxprop"));
    let methods = conf.option("pwcheck_method").unwrap_or("auxprop").to_string();
    let mut result = Err(Failure::NoMechanism);
    for method in methods.split_ascii_whitespace() {
        result = match method.to_ascii_lowercase().as_str() {
            "saslauthd" => saslauthd(env, because, user, password).await,
            "auxprop" => auxprop(env, because, user, password).await,
            _ => continue,
        };
        if result.is_ok() {
            break;
        }
    }
    if result == Err(Failure::NoMechanism) {
        env.log.warn(format_args!("SASL authentication problem: unknown password verifier(s) {methods}"));
    }
    result
}

/// One question to saslauthd: counted strings out, a counted string back.
async fn ask(sys: &Sys, path: &str, fields: [&[u8]; 4]) -> Result<Vec<u8>, Errno> {
    let fd = sys.unix_connect(path).await?;
    let mut request = Vec::new();
    for field in fields {
        let len = u16::try_from(field.len()).unwrap_or(u16::MAX);
        request.extend(len.to_be_bytes());
        request.extend_from_slice(&field[..usize::from(len)]);
    }
    let answer = match sys.write(fd, &request).await {
        Ok(()) => sys.read_all(fd).await,
        Err(e) => Err(e),
    };
    sys.close(fd).await?;
    answer
}

async fn saslauthd(env: &Env, because: &mut Vec<Because>, user: &str, password: &[u8]) -> Result<(), Failure> {
    let dir = env.sasl.cyrus.option("saslauthd_path").unwrap_or("/run/saslauthd/mux");
    let path = if dir.ends_with("/mux") { dir.to_string() } else { format!("{dir}/mux") };
    let own = env.cfg.str("smtpd_sasl_local_domain");
    let (login, realm) = user.rsplit_once('@').unwrap_or((user, &own));
    let service = env.cfg.str("smtpd_sasl_service");
    let answer = ask(&env.sys, &path, [login.as_bytes(), password, service.as_bytes(), realm.as_bytes()]).await;
    let result = match &answer {
        Ok(bytes) if bytes.get(2..4) == Some(b"OK") => Ok(()),
        Ok(bytes) if bytes.len() < 4 => {
            env.log.warn(format_args!("SASL authentication failure: size read failed"));
            Err(Failure::Fail)
        }
        Ok(_) => Err(Failure::Authentication),
        Err(e) => {
            env.log.warn(format_args!("SASL authentication failure: cannot connect to saslauthd server: {e}"));
            Err(Failure::Fail)
        }
    };
    let said = match &answer {
        Ok(bytes) => String::from_utf8_lossy(bytes.get(2..).unwrap_or_default()).into_owned(),
        Err(e) => e.to_string(),
    };
    because.push(Because::Lookup { table: format!("saslauthd at {path}"), key: login.to_string(), result: Some(said), place: None });
    result
}

/// The stored password of a user in /etc/sasldb2: `Ok(None)` if there is none.
pub(super) async fn secret(env: &Env, because: &mut Vec<Because>, user: &str) -> Result<Option<Vec<u8>>, Failure> {
    let path = env.sasl.cyrus.option("sasldb_path").unwrap_or("/etc/sasldb2");
    let own = env.cfg.str("smtpd_sasl_local_domain");
    let (name, realm) = user.rsplit_once('@').unwrap_or((user, if own.is_empty() { &env.myhostname } else { &own }));
    let key = format!("{name}\0{realm}\0userPassword");
    let read = env.sys.read_file(path).await;
    let result = match &read {
        // Key, NUL, password, newline.
        Ok(bytes) => Ok(bytes.split(|&b| b == b'\n').find_map(|l| l.strip_prefix(key.as_bytes())?.strip_prefix(b"\0")).map(<[u8]>::to_vec)),
        Err(Errno::ENOENT) => Ok(None),
        Err(e) => {
            env.log.warn(format_args!("SASL authentication problem: unable to open Berkeley db {path}: {e}"));
            Err(Failure::Fail)
        }
    };
    let said = match &result {
        Ok(Some(_)) => "found".to_string(),
        Ok(None) => "no such user".to_string(),
        Err(_) => read.err().map_or_else(String::new, |e| e.to_string()),
    };
    because.push(Because::Lookup { table: format!("sasldb at {path}"), key: format!("{name}@{realm}"), result: Some(said), place: None });
    result
}

async fn auxprop(env: &Env, because: &mut Vec<Because>, user: &str, password: &[u8]) -> Result<(), Failure> {
    match secret(env, because, user).await? {
        None => Err(Failure::NoUser),
        Some(stored) if stored == password => Ok(()),
        Some(_) => Err(Failure::Authentication),
    }
}
