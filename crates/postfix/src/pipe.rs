//! pipe(8): gives messages to a command that master.cf names. Not here: running it (`local::command`). Source: pipe(8).

use crate::account;
use crate::address::tok::quote_local;
use crate::address::{cut, split_at_delimiter};
use crate::config::{Scope, expand};
use crate::deliver::{self, Request};
use crate::local::{Command, What, run_command};
use crate::mailbox::{Copy, Owner, become_user, put};
use crate::queue::envelope::{Rcpt, content};
use crate::report::{Dsn, Outcome, flag};
use crate::server::Daemon;
use crate::why;
use machine::{Ids, Sys};
use std::cell::RefCell;

/// The attributes of the service.
struct Attr {
    command: Vec<String>,
    who: Owner,
    /// See [`put`].
    how: u8,
    fold_user: bool,
    fold_host: bool,
    quote: bool,
    /// `X`: the command is where mail ends.
    last: bool,
    cwd: String,
    eol: String,
    null_sender: String,
    size: i64,
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let owner = account::by_name(&sys, &d.cfg.str("mail_owner")).await;
    let daemon = owner.map_or(Owner { uid: 0, gid: 0 }, |o| Owner { uid: o.uid, gid: o.gid });
    become_user(&sys, daemon).await;
    d.watch_tables();
    let mut attr = None;
    while let Some((conn, mut request)) = deliver::next(&mut d).await {
        // Mistakes in the attributes show when there is mail.
        if attr.is_none() {
            match attributes(&d, daemon).await {
                Ok(found) => attr = Some(found),
                Err(why) => return d.log.fatal(&why).await,
            }
        }
        if let Some(attr) = &attr {
            deliver(&d, attr, daemon, &mut request).await;
        }
        deliver::done(conn, &request).await;
    }
    0
}

/// A number with `k`, `m` or `g` behind it.
fn size(text: &str) -> Option<i64> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, c)) if c.is_ascii_alphabetic() => (&text[..at], 1i64 << (10 * ("kmg".find(c.to_ascii_lowercase())? + 1))),
        _ => (text, 1),
    };
    digits.parse::<i64>().ok().filter(|n| *n >= 0)?.checked_mul(unit)
}

async fn attributes(d: &Daemon, daemon: Owner) -> Result<Attr, String> {
    let mut a = Attr {
        command: Vec::new(),
        who: daemon,
        how: 0,
        fold_user: false,
        fold_host: false,
        quote: false,
        last: false,
        cwd: String::new(),
        eol: "\n".to_string(),
        null_sender: "MAILER-DAEMON".to_string(),
        size: 0,
    };
    let mut user = None;
    let mut args = d.server.args.iter();
    while let Some(arg) = args.next() {
        let (name, value) = arg.split_once('=').unwrap_or((arg, ""));
        match name.to_ascii_lowercase().as_str() {
            "flags" => {
                for c in value.chars() {
                    match c {
                        'B' => a.how |= put::BLANK,
                        'D' => a.how |= put::DELIVERED,
                        'F' => a.how |= put::FROM,
                        'O' => a.how |= put::ORIG,
                        'R' => a.how |= put::RETURN_PATH,
                        '.' => a.how |= put::DOT,
                        '>' => a.how |= put::QUOTE,
                        'X' => a.last = true,
                        'h' => a.fold_host = true,
                        'q' => a.quote = true,
                        'u' => a.fold_user = true,
                        c => return Err(format!("unknown flag: {c} (ignored)")),
                    }
                }
            }
            "user" => user = Some(value),
            "directory" => a.cwd = value.to_string(),
            "eol" => a.eol = String::from_utf8_lossy(&crate::config::unescape(value)).into_owned(),
            "null_sender" => a.null_sender = value.to_string(),
            "size" => a.size = size(value).ok_or_else(|| format!("get_service_attr: bad size= value: {value}"))?,
            "argv" => {
                a.command = std::iter::once(value.to_string()).chain(args.by_ref().cloned()).collect();
            }
            _ => return Err(format!("unknown attribute name: {arg}")),
        }
    }
    let Some(user) = user else { return Err("missing user= command-line attribute".to_string()) };
    let (user, group) = user.split_once(':').unwrap_or((user, ""));
    let Some(account) = account::by_name(&d.sys, user).await else {
        return Err(format!("get_service_attr: unknown username: {user}"));
    };
    let gid = match group {
        "" => account.gid,
        group => match account::group(&d.sys, group).await {
            Some(gid) => gid,
            None => return Err(format!("get_service_attr: unknown group: {group}")),
        },
    };
    a.who = Owner { uid: account.uid, gid };
    if a.command.is_empty() {
        return Err("missing argv= command-line attribute".to_string());
    }
    let sgid = d.cfg.str("setgid_group");
    let (says, mail) = ("user= command-line attribute specifies", d.cfg.str("mail_owner"));
    match a.who {
        Owner { uid: 0, .. } => Err(format!("{says} root privileges")),
        Owner { uid, .. } if uid == daemon.uid => Err(format!("{says} mail system owner {mail}")),
        Owner { gid: 0, .. } => Err(format!("{says} privileged group id 0")),
        Owner { gid, .. } if gid == daemon.gid => Err(format!("{says} mail system owner {mail} group id {gid}")),
        Owner { gid, .. } if Some(gid) == account::group(&d.sys, &sgid).await => Err(format!("{says} mail system {sgid} group id {gid}")),
        _ => Ok(a),
    }
}

/// What an argument may name.
struct Names<'a> {
    a: &'a Attr,
    request: &'a Request,
    rcpt: &'a Rcpt,
    cfg: &'a crate::config::Config,
}

/// Names whose values differ from recipient to recipient.
const EACH: [&str; 6] = ["recipient", "original_recipient", "user", "extension", "mailbox", "domain"];

impl Names<'_> {
    fn morph(&self, addr: &str, quote: bool) -> String {
        let quoted = if quote { quote_local(addr) } else { addr.to_string() };
        let (local, domain) = match quoted.rfind('@') {
            Some(at) => quoted.split_at(at),
            None => (quoted.as_str(), ""),
        };
        let fold = |text: &str, yes: bool| if yes { text.to_ascii_lowercase() } else { text.to_string() };
        format!("{}{}", fold(local, self.a.fold_user), fold(domain, self.a.fold_host))
    }
    fn sender(&self) -> String {
        let sender = if self.request.sender.is_empty() { &self.a.null_sender } else { &self.request.sender };
        if self.a.quote && !sender.is_empty() { quote_local(sender) } else { sender.clone() }
    }
}

impl Scope for Names<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        let r = self.request;
        let addr = self.morph(&self.rcpt.addr, false);
        let (local, domain) = cut(&addr);
        let at = split_at_delimiter(self.cfg, local);
        Some(match name {
            "nexthop" if self.a.fold_host => r.nexthop.to_ascii_lowercase(),
            "nexthop" => r.nexthop.clone(),
            "recipient" => self.morph(&self.rcpt.addr, self.a.quote),
            "original_recipient" => self.morph(&self.rcpt.orig, self.a.quote),
            "sender" => self.sender(),
            "user" => at.map_or(local, |at| &local[..at]).to_string(),
            "extension" => at.map_or("", |at| &local[at + 1..]).to_string(),
            "mailbox" => local.to_string(),
            "domain" => domain.to_string(),
            "size" => r.size.to_string(),
            "client_address" => r.origin("log_client_address").to_string(),
            "client_hostname" => r.origin("log_client_name").to_string(),
            "client_port" => r.origin("log_client_port").to_string(),
            "client_protocol" => r.origin("log_protocol_name").to_string(),
            "client_helo" => r.origin("log_helo_name").to_string(),
            "sasl_method" | "sasl_username" | "sasl_sender" => r.origin(name).to_string(),
            "queue_id" => r.job.id.clone(),
            _ => return None,
        })
    }
}

/// Hears which names an argument uses.
#[derive(Default)]
struct Used(RefCell<Vec<String>>);

impl Scope for Used {
    fn lookup(&self, name: &str) -> Option<String> {
        self.0.borrow_mut().push(name.to_string());
        Some(String::new())
    }
}

/// The command with its names replaced; what names a recipient comes once for each. `None`: an unknown name.
fn arguments(d: &Daemon, a: &Attr, request: &Request) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for arg in &a.command {
        let used = Used::default();
        expand(arg, &used, false);
        let used = used.0.into_inner();
        let each = used.iter().any(|n| EACH.contains(&n.as_str()));
        let rcpts = if each { &request.rcpts[..] } else { request.rcpts.get(..1)? };
        for rcpt in rcpts {
            let names = Names { a, request, rcpt, cfg: &d.cfg };
            if let Some(name) = used.iter().find(|n| names.lookup(n).is_none()) {
                let (dir, service) = (d.cfg.dir(), &d.server.service);
                d.log.warn(format_args!("file {dir}/master.cf: service {service}: unknown macro name: \"{name}\""));
                return None;
            }
            // Without a user's name there is no argument: a mailbox of all.
            if used.iter().any(|n| n == "user") && names.lookup("user").is_some_and(|u| u.is_empty()) {
                continue;
            }
            out.push(expand(arg, &names, false).text);
        }
    }
    Some(out)
}

async fn deliver(d: &Daemon, a: &Attr, daemon: Owner, request: &mut Request) {
    let (outcome, dsn) = match attempt(d, a, daemon, request).await {
        Ok(dsn) => (Outcome::Sent, dsn),
        Err(dsn) if dsn.status.starts_with('4') => (Outcome::Deferred, dsn),
        Err(dsn) => (Outcome::Bounced, dsn),
    };
    let because = [why::note(format!("master.cf: service {} runs {}", d.server.service, a.command.join(" ")))];
    for rcpt in request.rcpts.clone() {
        request.report(outcome, &rcpt, &d.server.service, &dsn, &because).await;
    }
}

fn delivered_before(file: &[u8], addr: &str) -> bool {
    for (line, _) in content(file) {
        if !crate::cleanup::header::is_header_or_space(line) {
            return false;
        }
        let text = String::from_utf8_lossy(line);
        if text.split_once(':').is_some_and(|(n, v)| n.eq_ignore_ascii_case("Delivered-To") && v.trim().eq_ignore_ascii_case(addr)) {
            return true;
        }
    }
    false
}

async fn attempt(d: &Daemon, a: &Attr, daemon: Owner, request: &Request) -> Result<Dsn, Dsn> {
    let service = &d.server.service;
    let first = request.rcpts.first().cloned().unwrap_or_default();
    for (bit, letter) in [(put::DELIVERED, 'D'), (put::ORIG, 'O')] {
        if a.how & bit != 0 && request.rcpts.len() > 1 {
            d.log.warn(format_args!("pipe flag `{letter}' requires {service}_destination_recipient_limit = 1"));
            return Err(Dsn::new("4.3.5", "mail system configuration error"));
        }
    }
    if a.size > 0 && request.size > a.size {
        return Err(Dsn::new("5.2.3", "message too large"));
    }
    if request.job.flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0 {
        return Ok(Dsn::new("2.0.0", format!("delivers to command: {}", a.command[0])));
    }
    if a.how & put::DELIVERED != 0 && delivered_before(&request.file, &first.addr) {
        return Err(Dsn::new("5.4.6", format!("mail forwarding loop for {}", first.addr)));
    }
    let Some(argv) = arguments(d, a, request) else { return Err(Dsn::new("4.3.5", "mail system configuration error")) };
    let sender = if request.sender.is_empty() { &a.null_sender } else { &request.sender };
    let copy = Copy::of(&d.cfg, request, &first, (sender, &first.addr));
    let command = Command {
        what: What::Argv(argv),
        uid: a.who.uid,
        gid: a.who.gid,
        env: Vec::new(),
        cwd: a.cwd.clone(),
        limit: d.cfg.time(&format!("{service}_time_limit")),
        input: copy.bytes(&d.sys, a.how, &a.eol),
    };
    let _ = d.sys.set_ids(Ids::ROOT).await;
    let done = run_command(&d.sys, &d.cfg, &command).await;
    become_user(&d.sys, daemon).await;
    let said = done?;
    let said: String = said.trim_end().chars().take(100).collect();
    let tail = if said.is_empty() { said } else { format!(" ({said})") };
    let action = if a.last { "delivered" } else { "relayed" };
    Ok(Dsn { action: action.to_string(), ..Dsn::new("2.0.0", format!("delivered via {service} service{tail}")) })
}
