//! One question to saslauthd: four counted strings in, one counted string out; the mechanisms, and the cache of what they said.
//! Not here: how a password is checked (`util::shadow`). Source: cyrus-sasl 2.1.28 ipc_unix.c, cache.c, auth_shadow.c, auth_pam.c.

use super::Daemon;
use crate::util::shadow::{self, Shadow};
use crate::util::users::Accounts;
use machine::{Because, Facility, Fd, Open, SimTime, Sys, Trace, TraceId};

/// Longest string that is taken.
const LONGEST: usize = 256;

/// The question.
struct Request {
    login: String,
    password: Vec<u8>,
    service: String,
    realm: String,
}

/// Exactly so many bytes, or nothing if the other end goes away.
async fn exactly(sys: &Sys, fd: Fd, count: usize) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while all.len() < count {
        match sys.read(fd, count - all.len()).await {
            Ok(part) if !part.is_empty() => all.extend(part),
            Err(machine::Errno::EINTR) => {}
            _ => return None,
        }
    }
    Some(all)
}

async fn say(daemon: &Daemon, fd: Fd, text: &str) {
    let mut answer = (text.len() as u16).to_be_bytes().to_vec();
    answer.extend_from_slice(text.as_bytes());
    if daemon.sys.write(fd, &answer).await.is_err() {
        daemon.log(format_args!("write failure"), TraceId(0));
    }
}

/// Reads a question from a connection and answers it.
pub(super) async fn answer(daemon: &Daemon, fd: Fd) {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for what in ["login", "password", "service", "realm"] {
        let Some(count) = exactly(&daemon.sys, fd, 2).await else { return };
        let count = usize::from(u16::from_be_bytes([count[0], count[1]]));
        if count > LONGEST {
            daemon.log(format_args!("{what} exceeded MAX_REQ_LEN: {LONGEST}"), TraceId(0));
            return say(daemon, fd, "NO ").await;
        }
        let Some(mut field) = exactly(&daemon.sys, fd, count).await else { return };
        // They are C strings to the mechanisms.
        if let Some(end) = field.iter().position(|b| *b == 0) {
            field.truncate(end);
        }
        fields.push(field);
    }
    let text = |i: usize| String::from_utf8_lossy(&fields[i]).into_owned();
    let request = Request { login: text(0), password: fields[1].clone(), service: text(2), realm: text(3) };
    for (what, empty) in [("login", request.login.is_empty()), ("password", request.password.is_empty())] {
        if empty {
            daemon.log(format_args!("NULL {what} received"), TraceId(0));
            return say(daemon, fd, &format!("NO NULL {what} received")).await;
        }
    }
    let answer = decide(daemon, &request).await;
    say(daemon, fd, &answer).await;
}

async fn decide(daemon: &Daemon, request: &Request) -> String {
    let Request { login, password, service, realm } = request;
    let mut trace = Trace::new("saslauthd", "");
    if let Some(seconds) = daemon.cache
        && cached(daemon, request).await
    {
        if daemon.verbose {
            daemon.log(format_args!("auth success (cached): [user={login}] [service={service}] [realm={realm}]"), TraceId(0));
        }
        trace.what = format!("{login}: OK");
        let what = format!("the cache in {} remembers this password: it is asked again after {seconds} seconds", daemon.path("cache.mmap"));
        trace.because.push(Because::State { what });
        daemon.sys.trace(trace);
        return "OK ".to_string();
    }
    let name = if daemon.combine && !realm.is_empty() { format!("{login}@{realm}") } else { login.clone() };
    let mech = &daemon.mech;
    trace.because.push(Because::Parameter { name: "saslauthd -a".to_string(), value: mech.clone(), place: None });
    let result = match mech.as_str() {
        "sasldb" => sasldb(daemon, &name, realm, password, &mut trace).await,
        "pam" => pam(daemon, &name, service, password, &mut trace).await,
        _ => unix(daemon, &name, password, &mut trace).await,
    };
    match result {
        Ok(()) => {
            trace.what = format!("{name}: OK");
            let id = daemon.sys.trace(trace);
            if daemon.cache.is_some() {
                remember(daemon, request).await;
            }
            if daemon.verbose {
                daemon.log(format_args!("auth success: [user={login}] [service={service}] [realm={realm}] [mech={mech}]"), id);
            }
            "OK ".to_string()
        }
        Err(reason) => {
            trace.what = format!("{name}: NO {reason}");
            let id = daemon.sys.trace(trace);
            let shown = if reason.is_empty() { "Unknown" } else { reason };
            daemon.log(format_args!("auth failure: [user={login}] [service={service}] [realm={realm}] [mech={mech}] [reason={shown}]"), id);
            format!("NO {reason}")
        }
    }
}

/// Looks a password up; `None` if nobody has the name. The second part says whether it fits.
async fn lookup(daemon: &Daemon, user: &str, password: &[u8], trace: &mut Trace) -> Option<(Shadow, bool)> {
    let accounts = Accounts::read(&daemon.sys).await;
    let known = accounts.user(user).is_some();
    let shadow = if known { Shadow::of(&daemon.sys, user).await } else { None };
    let Some(shadow) = shadow else {
        let table = if known { "/etc/shadow" } else { "/etc/passwd" };
        trace.because.push(Because::Lookup { table: table.to_string(), key: user.to_string(), result: None, place: None });
        return None;
    };
    let right = shadow::fits(&daemon.sys, user, Some(&shadow), password).await;
    trace.because.push(shadow.because(user, right));
    Some((shadow, right))
}

/// `-a shadow`, `-a getpwent`.
async fn unix(daemon: &Daemon, user: &str, password: &[u8], trace: &mut Trace) -> Result<(), &'static str> {
    if daemon.mech == "getpwent" {
        // Without shadow's line there is only the x of /etc/passwd, which no password fits.
        let accounts = Accounts::read(&daemon.sys).await;
        let hash = accounts.user(user).map(|u| u.password.clone()).ok_or("Invalid username")?;
        return if wire::crypt::crypt(password, &hash).is_some_and(|h| h == hash) { Ok(()) } else { Err("Incorrect password") };
    }
    match lookup(daemon, user, password, trace).await {
        None => Err("Invalid username"),
        Some((_, false)) => Err("Incorrect password"),
        Some((shadow, true)) => shadow.expired(shadow::today(&daemon.sys)).map_or(Ok(()), Err),
    }
}

/// `-a pam`, with pam_unix behind it: it logs too, and takes two seconds to say no.
async fn pam(daemon: &Daemon, user: &str, service: &str, password: &[u8], trace: &mut Trace) -> Result<(), &'static str> {
    let sys = &daemon.sys;
    let log = |text: String| sys.log(Facility::Authpriv, "saslauthd", text, TraceId(0));
    let found = lookup(daemon, user, password, trace).await;
    match found {
        Some((shadow, true)) => match shadow.expired(shadow::today(sys)) {
            None => Ok(()),
            Some(_) => {
                log(format!("pam_unix({service}:account): account {user} has expired (account expired)"));
                sys.log(
                    Facility::Auth,
                    "saslauthd",
                    "DEBUG: auth_pam: pam_acct_mgmt failed: User account has expired".to_string(),
                    TraceId(0),
                );
                Err("PAM acct error")
            }
        },
        found => {
            if found.is_none() {
                log(format!("pam_unix({service}:auth): check pass; user unknown"));
            }
            let who = if found.is_some() { format!(" user={user}") } else { String::new() };
            log(format!("pam_unix({service}:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost= {who}"));
            let _ = sys.sleep(2_000_000).await;
            sys.log(
                Facility::Auth,
                "saslauthd",
                "DEBUG: auth_pam: pam_authenticate failed: Authentication failure".to_string(),
                TraceId(0),
            );
            Err("PAM auth error")
        }
    }
}

/// `-a sasldb`: passwords in clear in /etc/sasldb2, by name and realm.
async fn sasldb(daemon: &Daemon, user: &str, realm: &str, password: &[u8], trace: &mut Trace) -> Result<(), &'static str> {
    let host = daemon.sys.host_name().await;
    let realm = if realm.is_empty() { &host } else { realm };
    let key = format!("{user}\0{realm}\0userPassword\0");
    let text = daemon.sys.read_file("/etc/sasldb2").await.map_err(|_| "")?;
    let stored = text.split(|b| *b == b'\n').find_map(|l| l.strip_prefix(key.as_bytes()));
    let said = stored.map(|s| if s == password { "the password fits" } else { "the password does not fit" }.to_string());
    trace.because.push(Because::Lookup { table: "/etc/sasldb2".to_string(), key: format!("{user}@{realm}"), result: said, place: None });
    if stored == Some(password) { Ok(()) } else { Err("") }
}

/// A row of the cache: whom it is about, until when it holds, the digest of the password.
fn row(request: &Request, until: u64) -> (String, String) {
    let Request { login, password, service, realm } = request;
    let digest: String = wire::md5::md5(password).iter().map(|b| format!("{b:02x}")).collect();
    (format!("{login}\0{realm}\0{service}\0"), format!("{digest}\0{until}"))
}

async fn rows(daemon: &Daemon) -> String {
    String::from_utf8_lossy(&daemon.sys.read_file(&daemon.path("cache.mmap")).await.unwrap_or_default()).into_owned()
}

/// Whether this very password was right less than so many seconds ago.
async fn cached(daemon: &Daemon, request: &Request) -> bool {
    let (key, value) = row(request, 0);
    let digest = value.split('\0').next().unwrap_or_default().to_string();
    let rows = rows(daemon).await;
    let Some(found) = rows.lines().find_map(|l| l.strip_prefix(key.as_str())) else { return false };
    let Some((known, until)) = found.split_once('\0') else { return false };
    known == digest && until.parse().is_ok_and(|secs: u64| daemon.sys.now() < SimTime::from_secs(secs))
}

async fn remember(daemon: &Daemon, request: &Request) {
    let until = daemon.sys.now().secs() + daemon.cache.unwrap_or(0);
    let (key, value) = row(request, until);
    let mut text: String = rows(daemon).await.lines().filter(|l| !l.starts_with(&key)).flat_map(|l| [l, "\n"]).collect();
    text.push_str(&key);
    text.push_str(&value);
    text.push('\n');
    let Ok(fd) = daemon.sys.open(&daemon.path("cache.mmap"), Open { create: false, ..Open::CREATE }, 0).await else { return };
    let _ = daemon.sys.write(fd, text.as_bytes()).await;
    let _ = daemon.sys.close(fd).await;
}
