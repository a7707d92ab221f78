//! Dovecot as SASL server: its authentication protocol over a unix socket, version 1.1, from the client's side.
//! Not here: Dovecot. Source: Dovecot's "Authentication Protocol v1.1"; xsasl_dovecot_server of Postfix for words and order.

use super::Step;
use super::property::*;
use crate::restrictions::check::printable;
use crate::smtpd::env::Env;
use crate::smtpd::peer::Peer;
use machine::{Errno, Fd};
use std::cell::{Cell, RefCell};

/// Properties by Dovecot's names for mechanisms.
const PROPERTIES: [(&str, u32); 7] = [
    ("plaintext", NOPLAINTEXT),
    ("active", NOACTIVE),
    ("dictionary", NODICTIONARY),
    ("anonymous", NOANONYMOUS),
    ("forward-secrecy", FORWARD_SECRECY << 8),
    ("mutual-auth", MUTUAL_AUTH << 8),
    ("private", 1 << 20),
];

/// The connection that a process keeps.
#[derive(Default)]
pub(super) struct Link {
    path: String,
    fd: Cell<Option<Fd>>,
    pending: RefCell<Vec<u8>>,
    offered: RefCell<Vec<(String, u32)>>,
    requests: Cell<u32>,
}

impl Link {
    pub(super) fn new(path: &str) -> Link {
        Link { path: path.to_string(), ..Link::default() }
    }
    async fn line(&self, env: &Env, fd: Fd) -> Result<String, Errno> {
        loop {
            {
                let mut pending = self.pending.borrow_mut();
                if let Some(end) = pending.iter().position(|&b| b == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
                }
            }
            let part = env.sys.read(fd, 4096).await?;
            if part.is_empty() {
                return Err(Errno::EPIPE);
            }
            self.pending.borrow_mut().extend_from_slice(&part);
        }
    }
    async fn drop_link(&self, env: &Env) {
        if let Some(fd) = self.fd.take() {
            let _ = env.sys.close(fd).await;
        }
        self.offered.borrow_mut().clear();
        self.pending.borrow_mut().clear();
    }
    /// Connects and reads what Dovecot offers.
    async fn connect(&self, env: &Env) -> Option<Fd> {
        if let Some(fd) = self.fd.get() {
            return Some(fd);
        }
        let path = self.path.strip_prefix("unix:").unwrap_or(&self.path);
        let fd = match env.sys.unix_connect(path).await {
            Ok(fd) => fd,
            Err(e) => {
                env.log.warn(format_args!("SASL: Connect to Dovecot auth socket '{}' failed: {e}", self.path));
                return None;
            }
        };
        self.fd.set(Some(fd));
        let hello = format!("VERSION\t1\t1\nCPID\t{}\n", env.sys.pid());
        if env.sys.write(fd, hello.as_bytes()).await.is_err() {
            env.log.warn(format_args!("SASL: Couldn't send handshake: Broken pipe"));
            self.drop_link(env).await;
            return None;
        }
        while let Ok(line) = self.line(env, fd).await {
            let mut words = line.split('\t');
            match words.next() {
                Some("MECH") => {
                    let name = words.next().unwrap_or_default().to_string();
                    let bits = words.filter_map(|w| PROPERTIES.iter().find(|(n, _)| n.eq_ignore_ascii_case(w))).fold(0, |m, (_, b)| m | b);
                    if bits & (1 << 20) == 0 {
                        self.offered.borrow_mut().push((name, bits));
                    }
                }
                Some("VERSION") if words.next() != Some("1") => {
                    env.log.warn(format_args!("SASL: Protocol version mismatch ({} vs. 1)", line.split('\t').nth(1).unwrap_or_default()));
                    break;
                }
                Some("SPID") if self.offered.borrow().is_empty() => {
                    env.log.warn(format_args!("SASL: Connected to wrong auth socket (auth-master instead of auth-client)"));
                    break;
                }
                Some("DONE") => return Some(fd),
                _ => {}
            }
        }
        self.drop_link(env).await;
        None
    }
    /// What is offered under these security options.
    pub(super) async fn mechanisms(&self, env: &Env, wanted: u32) -> Vec<String> {
        self.connect(env).await;
        let must = (wanted & (FORWARD_SECRECY | MUTUAL_AUTH)) << 8;
        let must_not = wanted & (NOPLAINTEXT | NOACTIVE | NODICTIONARY | NOANONYMOUS);
        let offered = self.offered.borrow();
        offered.iter().filter(|(_, b)| b & must == must && b & must_not == 0).map(|(n, _)| n.clone()).collect()
    }
}

/// One exchange.
pub(super) struct Exchange {
    here: String,
    there: String,
    tls: bool,
    request: u32,
    /// The name as Dovecot gave it.
    pub(super) user: Option<String>,
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

impl Exchange {
    pub(super) fn new(peer: &Peer, tls: bool) -> Exchange {
        Exchange { here: peer.dest_addr.clone(), there: peer.addr.clone(), tls, request: 0, user: None }
    }
    pub(super) async fn start(&mut self, env: &Env, offered: &[String], method: &str, initial: Option<&str>) -> Step {
        if !offered.iter().any(|m| m.eq_ignore_ascii_case(method)) {
            return Step::Failed("Invalid authentication mechanism".into());
        }
        if initial.is_some_and(|i| !is_base64(i)) {
            return Step::Failed("Invalid base64 data in initial response".into());
        }
        let link = &env.sasl.dovecot;
        for _ in 0..2 {
            let Some(fd) = link.connect(env).await else { return Step::Temporary(String::new()) };
            self.request = link.requests.get().wrapping_add(1);
            link.requests.set(self.request);
            let mut line = format!(
                "AUTH\t{}\t{method}\tservice={}\tnologin\tlip={}\trip={}",
                self.request,
                env.cfg.str("smtpd_sasl_service"),
                self.here,
                self.there
            );
            if self.tls {
                line.push_str("\tsecured");
            }
            if let Some(initial) = initial {
                line.extend(["\tresp=", initial]);
            }
            line.push('\n');
            if env.sys.write(fd, line.as_bytes()).await.is_ok() {
                return self.answer(env, fd).await;
            }
            link.drop_link(env).await;
        }
        Step::Temporary("Can't connect to authentication server".into())
    }
    pub(super) async fn step(&mut self, env: &Env, answer: &str) -> Step {
        if !is_base64(answer) {
            return Step::Failed("Invalid base64 data in continued response".into());
        }
        let line = format!("CONT\t{}\t{answer}\n", self.request);
        match env.sasl.dovecot.fd.get() {
            Some(fd) if env.sys.write(fd, line.as_bytes()).await.is_ok() => self.answer(env, fd).await,
            _ => Step::Temporary("Connection lost to authentication server".into()),
        }
    }
    async fn answer(&mut self, env: &Env, fd: Fd) -> Step {
        while let Ok(line) = env.sasl.dovecot.line(env, fd).await {
            let mut words = line.split('\t');
            let kind = words.next().unwrap_or_default();
            if words.next().and_then(|id| id.parse::<u32>().ok()) != Some(self.request) {
                continue;
            }
            if kind == "CONT" {
                return match words.next() {
                    Some(challenge) => Step::More(challenge.to_string()),
                    None => {
                        env.log.warn(format_args!("missing Dovecot server CONT reply field"));
                        Step::Failed("Authentication backend error".into())
                    }
                };
            }
            let mut reason = String::new();
            self.user = None;
            for word in words {
                if let Some(user) = word.strip_prefix("user=") {
                    self.user = Some(printable(user, '?', env.utf8));
                } else if let Some(text) = word.strip_prefix("reason=") {
                    reason = printable(text, '?', env.utf8);
                }
            }
            match kind {
                "OK" if self.user.is_some() => return Step::Done,
                "OK" => {
                    env.log.warn(format_args!("missing Dovecot server OK username field"));
                    return Step::Failed("Authentication backend error".into());
                }
                "FAIL" => return Step::Failed(reason),
                _ => {}
            }
        }
        env.sasl.dovecot.drop_link(env).await;
        Step::Temporary("Connection lost to authentication server".into())
    }
}
