//! Asking a policy service: attributes as `name=value` lines over a TCP or unix socket, an action as for access tables comes back.
//! Source: SMTPD_POLICY_README; attr_clnt(3), auto_clnt(3) and attr_scan_plain(3) of Postfix for connections and complaints.

use crate::access::{Key, action};
use crate::config::{Config, number, seconds, split_braced, split_nameval, unbrace};
use crate::ipc::dial;
use crate::maillog::Level;
use crate::params;
use crate::restrictions::Cx;
use crate::restrictions::check::{Check, Judged, Outcome, Unwind};
use crate::smtpd::env::Env;
use machine::{Because, Errno, Fd, Interest, Signal, SimTime};
use std::cell::RefCell;

/// What a service may be told, and its place in [`Service::numbers`].
const NUMBERS: [&str; 6] = ["timeout", "max_idle", "max_ttl", "retry_delay", "request_limit", "try_limit"];
const TEXTS: [&str; 2] = ["default_action", "policy_context"];

/// A connection that is kept.
struct Link {
    fd: Fd,
    /// What has been read and not used.
    rest: Vec<u8>,
    opened: SimTime,
    used: SimTime,
    requests: i64,
    /// An answer did not come or was cut off: nothing is read from it any more.
    broken: bool,
}

/// A service and how it is talked to.
pub(crate) struct Service {
    /// `inet:127.0.0.1:10031`
    name: String,
    numbers: [i64; 6],
    texts: [String; 2],
    link: RefCell<Option<Link>>,
}

impl Service {
    /// Reads `transport:endpoint` or `{ transport:endpoint, name=value, ... }`.
    ///
    /// # Errors
    /// The text of the fatal message.
    pub(crate) fn parse(cfg: &Config, text: &str) -> Result<Service, String> {
        let parameter = |name: &str| format!("smtpd_policy_service_{name}");
        let mut service = Service {
            name: text.to_string(),
            numbers: NUMBERS.map(|n| if n.ends_with("limit") { cfg.int(&parameter(n)) } else { cfg.time(&parameter(n)) }),
            texts: TEXTS.map(|n| cfg.str(&parameter(n))),
            link: RefCell::new(None),
        };
        if let Some(open) = text.strip_prefix('{') {
            let inner = unbrace(text).map_err(|_| {
                let end = if open.starts_with(' ') { open.len() } else { open.rfind('}').unwrap_or(open.len()) };
                format!("policy service syntax error: {}", &open[..end])
            })?;
            let mut parts = split_braced(&inner).into_iter();
            service.name = parts.next().ok_or_else(|| format!("empty policy service: \"{text}\""))?;
            for part in parts {
                service.option(&part)?;
            }
        }
        match service.name.split_once(':') {
            None | Some(("", _) | (_, "")) => Err(format!("need service transport:endpoint instead of \"{}\"", service.name)),
            Some(("inet" | "local" | "unix", _)) => Ok(service),
            Some((transport, _)) => Err(format!("invalid transport name: {transport} in service: {}", service.name)),
        }
    }
    fn option(&mut self, part: &str) -> Result<(), String> {
        let inner = if part.starts_with('{') { unbrace(part)? } else { part.to_string() };
        let (name, value) = split_nameval(&inner).map_err(|why| format!("malformed option: {why}: \"...{inner}...\""))?;
        let param = params::find(&format!("smtpd_policy_service_{name}"));
        let (at, text) = (NUMBERS.iter().position(|n| *n == name), TEXTS.iter().position(|n| *n == name));
        let Some(param) = param.filter(|_| at.or(text).is_some()) else { return Err(format!("unknown option: \"{name} = {value}\"")) };
        let min = param.bounds.0;
        if let Some(text) = text {
            self.texts[text] = value.to_string();
            // Of these the context too must not be empty.
            return if value.is_empty() { Err(format!("bad string length 0 < 1: {name} = ")) } else { Ok(()) };
        }
        let n = if param.kind == b't' {
            seconds(value, b's').ok_or_else(|| format!("{name}: bad time value or unit: {value}"))?
        } else {
            number(name, value)?
        };
        if n < min {
            return Err(if param.kind == b't' {
                format!("invalid {name}: {n} (min {min})")
            } else {
                format!("invalid {name} parameter value {n} < {min}")
            });
        }
        self.numbers[at.unwrap_or(0)] = n;
        Ok(())
    }
    fn seconds(&self, at: usize) -> u64 {
        u64::try_from(self.numbers[at]).unwrap_or(0)
    }
    /// The service without its transport, as messages name it.
    fn endpoint(&self) -> &str {
        self.name.split_once(':').map_or("", |(_, rest)| rest)
    }
}

/// Why there is no answer; `None`: for no reason that the system knows.
type Trouble = Option<Errno>;

/// Opens a connection.
async fn connect(check: &mut Check, service: &Service) -> Result<Result<Fd, Errno>, Unwind> {
    let env = check.env.clone();
    let rest = service.endpoint();
    let opened = match dial(&env.sys, &env.log, rest, service.name.starts_with("inet:"), service.seconds(0)).await {
        Ok(opened) => opened,
        Err(why) => return Err(check.fatal(&why).await),
    };
    if let Err(e) = opened {
        env.log.warn(format_args!("connect to {rest}: {e}"));
    }
    Ok(opened)
}

/// Reads one line. `wanted`: the value of `action` is; `None`: nothing has come yet, and who leaves then leaves in silence.
async fn line(env: &Env, service: &Service, link: &mut Link, wanted: Option<bool>) -> Result<String, Trouble> {
    let complain = |why: &str, link: &Link| {
        if wanted.is_some() || !link.rest.is_empty() {
            let value = wanted != Some(false) && link.rest.starts_with(b"action=");
            let what = if value { "input attribute value" } else { "input attribute name" };
            env.log.warn(format_args!("{why} on {} while reading {what}", service.endpoint()));
        }
    };
    loop {
        if let Some(end) = link.rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = link.rest.drain(..=end).take(end).collect();
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
        let until = env.sys.now().plus_secs(service.seconds(0));
        if env.sys.poll(&[(link.fd, Interest::Read)], Some(until)).await?.is_empty() {
            complain("timeout", link);
            link.broken = true;
            return Err(Some(Errno::ETIMEDOUT));
        }
        let part = env.sys.read(link.fd, 4096).await?;
        if part.is_empty() {
            complain("premature end-of-input", link);
            link.broken = true;
            return Err(None);
        }
        link.rest.extend_from_slice(&part);
    }
}

/// Sends the request and reads lines up to the empty one; the value of `action`.
async fn exchange(env: &Env, service: &Service, link: &mut Link, request: &str) -> Result<String, Trouble> {
    // Who speaks first has hung up.
    if link.broken || !env.sys.poll(&[(link.fd, Interest::Read)], Some(env.sys.now())).await?.is_empty() {
        return Err(None);
    }
    env.sys.write(link.fd, request.as_bytes()).await?;
    let mut action = None;
    let mut first = true;
    loop {
        let wanted = if std::mem::take(&mut first) { None } else { Some(action.is_none()) };
        let text = line(env, service, link, wanted).await?;
        if text.is_empty() {
            if action.is_none() {
                env.log.warn(format_args!("missing attribute action in input from {}", service.endpoint()));
            }
            return action.ok_or(None);
        }
        let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(n, v)| (n, Some(v)));
        if action.is_none() && name == "action" {
            match value {
                Some(value) => action = Some(value.to_string()),
                None => {
                    env.log.warn(format_args!("missing value for string attribute action from {}", service.endpoint()));
                    return Err(None);
                }
            }
        }
    }
}

fn request(check: &Check, context: &str) -> String {
    let f = &check.facts;
    let login = f.login.as_ref();
    let place = if f.place == "BDAT" { "DATA" } else { f.place };
    let counted = matches!(f.place, "DATA" | "BDAT" | "END-OF-MESSAGE");
    let size = if f.act_size > 0 { f.act_size } else { f.msg_size };
    let (count, size) = (if counted { f.rcpt_count } else { 0 }.to_string(), size.to_string());
    let or_empty = |o: &'_ Option<String>| o.clone().unwrap_or_default();
    let pairs: [(&str, &str); 29] = [
        ("request", "smtpd_access_policy"),
        ("protocol_state", place),
        ("protocol_name", f.protocol),
        ("client_address", &f.peer.addr),
        ("client_name", &f.peer.name),
        ("client_port", &f.peer.port),
        ("reverse_client_name", &f.peer.reverse_name),
        ("server_address", &f.peer.dest_addr),
        ("server_port", &f.peer.dest_port),
        ("helo_name", &or_empty(&f.helo)),
        ("sender", &or_empty(&f.sender)),
        ("recipient", &or_empty(&f.recipient)),
        ("recipient_count", &count),
        ("queue_id", &or_empty(&f.queue_id)),
        ("instance", &f.instance),
        ("size", &size),
        ("etrn_domain", &or_empty(&f.etrn)),
        ("stress", &check.env.cfg.str("stress")),
        ("sasl_method", login.map_or("", |l| &l.method)),
        ("sasl_username", login.map_or("", |l| &l.user)),
        ("sasl_sender", &or_empty(&f.sasl_sender)),
        ("ccert_subject", ""),
        ("ccert_issuer", ""),
        ("ccert_fingerprint", ""),
        ("ccert_pubkey_fingerprint", ""),
        ("encryption_protocol", ""),
        ("encryption_cipher", ""),
        ("encryption_keysize", "0"),
        ("policy_context", context),
    ];
    let mut text = String::new();
    for (name, value) in pairs {
        text.extend([name, "=", value, "\n"]);
    }
    text.push('\n');
    text
}

/// Gives up the connections that have been idle or open for too long, and those that the other end has closed. Between two clients
/// only: no clock is looked at while one is served.
pub(crate) async fn tidy(env: &Env) {
    let now = env.sys.now();
    for service in env.policies.values() {
        let Some(link) = service.link.borrow_mut().take() else { continue };
        let old = |since: SimTime, at: usize| service.numbers[at] > 0 && now >= since.plus_secs(service.seconds(at));
        let gone = env.sys.poll(&[(link.fd, Interest::Read)], Some(now)).await.is_ok_and(|r| !r.is_empty());
        if gone || old(link.used, 1) || old(link.opened, 2) {
            let _ = env.sys.close(link.fd).await;
        } else {
            *service.link.borrow_mut() = Some(link);
        }
    }
}

/// Asks the service, several times if need be.
async fn answer(check: &mut Check, service: &Service) -> Result<Option<String>, Unwind> {
    let env = check.env.clone();
    let request = request(check, &service.texts[1]);
    let [.., limit, tries] = service.numbers;
    let mut count = 0;
    loop {
        let now = env.sys.now();
        let kept = service.link.borrow_mut().take();
        let opened = match kept {
            Some(link) => Ok(link),
            None => {
                connect(check, service).await?.map(|fd| Link { fd, rest: Vec::new(), opened: now, used: now, requests: 0, broken: false })
            }
        };
        let mut failed = None;
        let error = match opened {
            Ok(mut link) => match exchange(&env, service, &mut link, &request).await {
                Ok(action) => {
                    (link.used, link.requests) = (env.sys.now(), link.requests + 1);
                    if limit > 0 && link.requests >= limit {
                        let _ = env.sys.close(link.fd).await;
                    } else {
                        *service.link.borrow_mut() = Some(link);
                    }
                    return Ok(Some(action));
                }
                Err(e) => {
                    failed = Some(link);
                    e
                }
            },
            Err(e) => Some(e),
        };
        count += 1;
        let last = tries > 0 && count >= tries;
        if last || !matches!(error, None | Some(Errno::EPIPE | Errno::ENOENT | Errno::ECONNRESET)) {
            let why = error.map_or("Application error", Errno::text);
            env.log.warn(format_args!("problem talking to server {}: {why}", service.endpoint()));
        }
        if last {
            // The next question finds the connection as it is.
            *service.link.borrow_mut() = failed;
            return Ok(None);
        }
        let _ = env.sys.sleep(service.seconds(3).saturating_mul(1_000_000)).await;
        if let Some(link) = failed {
            let _ = env.sys.close(link.fd).await;
        }
    }
}

/// Asks the policy service `server` and does what it says.
pub(crate) async fn ask(check: &mut Check, cx: &Cx, server: &str) -> Judged {
    let env = check.env.clone();
    let Some(service) = env.policies.get(server) else {
        env.log.say(Level::Panic, format_args!("check_policy_service: no client endpoint for server {server}"), check.trace);
        let _ = env.sys.sleep(1_000_000).await;
        check.crash("a table names a policy service that no list names", Signal::Abrt).await;
        return Ok(Outcome::Dunno);
    };
    let reply = answer(check, service).await?;
    check.because(Because::Lookup {
        table: format!("policy service {}", service.name),
        key: "request=smtpd_access_policy".into(),
        result: reply.clone(),
        place: None,
    });
    let key = Key { table: server, reply_name: cx.name.clone(), class: cx.class, bare: cx.bare };
    match reply {
        Some(text) => action(check, &key, &text, "policy query").await,
        None => {
            // The default action may itself ask a policy service.
            let depth = env.policy_depth.get();
            env.policy_depth.set(depth + 1);
            let text = if depth == 0 { service.texts[0].as_str() } else { "451 4.3.5 Server configuration problem" };
            let judged = action(check, &key, text, "policy query").await;
            if !matches!(judged, Err(Unwind::Stop(_))) {
                env.policy_depth.set(depth);
            }
            judged
        }
    }
}
