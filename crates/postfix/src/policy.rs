//! Asking a policy service: attributes as `name=value` lines over a TCP or unix socket, an action as for access tables comes back.
//! Source: SMTPD_POLICY_README.

use crate::access::{Key, action};
use crate::config::{split_braced, unbrace};
use crate::restrictions::Cx;
use crate::restrictions::check::{Check, Judged};
use crate::smtpd::env::Env;
use machine::{Because, Errno, Fd, Interest, SockAddr, resolver};

/// A service and how it is talked to.
struct Service {
    /// `inet:127.0.0.1:10031`
    name: String,
    /// Overrides of `smtpd_policy_service_…` parameters.
    options: Vec<(String, String)>,
}

impl Service {
    fn parse(text: &str) -> Service {
        let inner = if text.starts_with('{') {
            unbrace(text).unwrap_or_default()
        } else {
            return Service { name: text.into(), options: Vec::new() };
        };
        let mut parts = split_braced(&inner).into_iter();
        let name = parts.next().unwrap_or_default();
        let options = parts
            .filter_map(|p| {
                let p = unbrace(&p).unwrap_or(p);
                let (n, v) = p.split_once('=')?;
                Some((n.trim().to_string(), v.trim().to_string()))
            })
            .collect();
        Service { name, options }
    }
    fn text(&self, env: &Env, name: &str) -> String {
        match self.options.iter().find(|(n, _)| n == name) {
            Some((_, value)) => value.clone(),
            None => env.cfg.str(&format!("smtpd_policy_service_{name}")),
        }
    }
    fn seconds(&self, env: &Env, name: &str) -> u64 {
        crate::config::seconds(&self.text(env, name), b's').and_then(|s| u64::try_from(s).ok()).unwrap_or(100)
    }
}

/// The host's first address and its port.
async fn endpoint(env: &Env, text: &str) -> Result<SockAddr, Errno> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
    let port = resolver::service_port(&env.sys, port, "tcp").await.ok_or(Errno::EINVAL)?;
    let ip = resolver::host_addrs(&env.sys, host).await.ok().and_then(|a| a.first().copied()).ok_or(Errno::EHOSTUNREACH)?;
    Ok(SockAddr { ip, port })
}

async fn connect(env: &Env, service: &Service, seconds: u64) -> Result<Fd, Errno> {
    let (transport, rest) = service.name.split_once(':').unwrap_or(("unix", &service.name));
    let opened = if transport == "inet" {
        match endpoint(env, rest).await {
            Ok(to) => env.sys.tcp_connect(to, None, Some(env.sys.now().plus_secs(seconds))).await,
            Err(e) => Err(e),
        }
    } else {
        env.sys.unix_connect(rest).await
    };
    if let Err(e) = opened {
        env.log.warn(format_args!("connect to {rest}: {e}"));
    }
    opened
}

/// Sends the request and reads lines up to the empty one; the value of `action`.
async fn exchange(env: &Env, fd: Fd, request: &str, seconds: u64) -> Result<String, Errno> {
    env.sys.write(fd, request.as_bytes()).await?;
    let until = env.sys.now().plus_secs(seconds);
    let mut answer = Vec::new();
    while !answer.ends_with(b"\n\n") {
        if env.sys.poll(&[(fd, Interest::Read)], Some(until)).await?.is_empty() {
            return Err(Errno::ETIMEDOUT);
        }
        let part = env.sys.read(fd, 4096).await?;
        if part.is_empty() || answer.len() > 100_000 {
            return Err(Errno::EPIPE);
        }
        answer.extend_from_slice(&part);
    }
    let text = String::from_utf8_lossy(&answer);
    text.lines().find_map(|l| l.strip_prefix("action=")).map(str::to_string).ok_or(Errno::EINVAL)
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

/// Asks the service, several times if need be.
async fn answer(check: &mut Check, service: &Service) -> Option<String> {
    let env = check.env.clone();
    let seconds = service.seconds(&env, "timeout");
    let tries: u32 = service.text(&env, "try_limit").parse().unwrap_or(2);
    let request = request(check, &service.text(&env, "policy_context"));
    let rest = service.name.split_once(':').map_or(service.name.as_str(), |(_, r)| r);
    let mut count = 0;
    loop {
        let kept = env.policies.borrow_mut().remove(&service.name);
        let opened = match kept {
            Some(fd) => Ok(fd),
            None => connect(&env, service, seconds).await,
        };
        let error = match opened {
            Ok(fd) => match exchange(&env, fd, &request, seconds).await {
                Ok(action) => {
                    env.policies.borrow_mut().insert(service.name.clone(), fd);
                    return Some(action);
                }
                Err(e) => {
                    let _ = env.sys.close(fd).await;
                    e
                }
            },
            Err(e) => e,
        };
        count += 1;
        let last = tries > 0 && count >= tries;
        if last || !matches!(error, Errno::EPIPE | Errno::ENOENT | Errno::ECONNRESET) {
            env.log.warn(format_args!("problem talking to server {rest}: {error}"));
        }
        if last {
            return None;
        }
        let delay = service.seconds(&env, "retry_delay");
        let _ = env.sys.sleep(delay.saturating_mul(1_000_000)).await;
    }
}

/// Asks the policy service `server` and does what it says.
pub(crate) async fn ask(check: &mut Check, cx: &Cx, server: &str) -> Judged {
    let service = Service::parse(server);
    let reply = answer(check, &service).await;
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
            check.policy_depth += 1;
            let text = if check.policy_depth == 1 {
                service.text(&check.env, "default_action")
            } else {
                "451 4.3.5 Server configuration problem".into()
            };
            let judged = action(check, &key, &text, "policy query").await;
            check.policy_depth -= 1;
            judged
        }
    }
}
