//! smtp(8) and lmtp(8): takes messages to other hosts, mail exchanger by mail exchanger.
//! Not here: finding the hosts (`addr`), the dialogue (`session`, `auth`, `transfer`). Source: smtp(8), RFC 5321 §5.

mod addr;
mod auth;
mod chat;
mod content;
mod session;
mod transfer;
mod xforward;

use crate::address::local::Local;
use crate::deliver::{self, Request};
use crate::lookup::{Maps, Table};
use crate::queue::envelope::Rcpt;
use crate::report::{Dsn, Outcome};
use crate::server::Daemon;
use crate::smtpd::hostname::{valid_addr, valid_hostname};
use crate::why;
use addr::Host;
use machine::{Because, SimTime, SockAddr, Sys};
use session::Session;

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let lmtp = sys.name() == "lmtp";
    let setup = match Setup::open(&d, lmtp).await {
        Ok(setup) => setup,
        Err(why) => return d.log.fatal(&why).await,
    };
    d.watch_tables();
    d.jail().await;
    while let Some((conn, request)) = deliver::next(&mut d).await {
        let left = request.rcpts.clone();
        let mut job = Delivery {
            d: &d,
            lmtp,
            setup: &setup,
            left,
            why: Dsn::default(),
            because: Vec::new(),
            request,
            last: false,
            site: String::new(),
            detects_loops: false,
            best_mx: false,
            ends: None,
        };
        if lmtp && job.request.nexthop.starts_with("unix:") {
            let path = job.request.nexthop["unix:".len()..].to_string();
            job.unix(&path).await;
        } else {
            job.run().await;
        }
        if let Some(status) = job.ends {
            return status;
        }
        job.give_up().await;
        deliver::done(conn, &job.request).await;
    }
    0
}

/// What a process opens once.
struct Setup {
    /// An address probe goes on to DATA.
    probes_data: bool,
    generic: Maps,
    local: Local,
    logins: Option<auth::Logins>,
    checks: content::Checks,
    /// What is read in place of what servers say.
    replies: Option<Table>,
    /// Which DNS records are passed over.
    dns: Maps,
    /// EHLO keywords that are passed over, by the server's address.
    discard: Maps,
    /// What is done about a firewall, by the server's address.
    pix: Maps,
}

impl Setup {
    async fn open(d: &Daemon, lmtp: bool) -> Result<Setup, String> {
        crate::post::old_from(&d.cfg)?;
        let (prefix, hello) = if lmtp { ("lmtp_", "lhlo") } else { ("smtp_", "ehlo") };
        let replies = d.cfg.str(&format!("{prefix}reply_filter"));
        let target = format!("{prefix}address_verify_target");
        let stage = d.cfg.str(&target);
        if !["rcpt", "data"].iter().any(|s| stage.eq_ignore_ascii_case(s)) {
            return Err(format!("bad protocol stage: \"{target} = {stage}\""));
        }
        Ok(Setup {
            probes_data: stage.eq_ignore_ascii_case("data"),
            replies: if replies.is_empty() { None } else { Some(d.tables.open(&replies).await?) },
            dns: Maps::of(&d.tables, &format!("{prefix}dns_reply_filter")).await?,
            logins: auth::Logins::open(&d.tables, prefix).await?,
            checks: content::Checks::open(&d.tables, prefix).await?,
            generic: Maps::of(&d.tables, &format!("{prefix}generic_maps")).await?,
            local: Local::open(&d.sys, &d.tables).await?,
            pix: Maps::of(&d.tables, &format!("{prefix}pix_workaround_maps")).await?,
            discard: Maps::of(&d.tables, &format!("{prefix}discard_{hello}_keyword_address_maps")).await?,
        })
    }
}

/// One request on its way through the servers.
struct Delivery<'a> {
    d: &'a Daemon,
    lmtp: bool,
    setup: &'a Setup,
    /// Recipients whose fate is open.
    left: Vec<Rcpt>,
    why: Dsn,
    because: Vec<Because>,
    request: Request,
    /// No other server will be tried after this one.
    last: bool,
    /// The destination that is tried, as it is written.
    site: String,
    /// A server that bears our own name is ourselves.
    detects_loops: bool,
    /// No host is a better exchanger for the destination.
    best_mx: bool,
    /// The process must end with this status.
    ends: Option<i32>,
}

/// `host`, `host:port`, `[host]:port`: host, port, whether it is in brackets.
///
/// # Errors
/// What is wrong with it.
fn destination(text: &str, default: &str) -> Result<(String, String, bool), &'static str> {
    let text = text.strip_prefix("inet:").unwrap_or(text);
    let (host, port, bracketed) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("missing \"]\"")?;
        if !rest.is_empty() && !rest.starts_with(':') {
            return Err("garbage after \"]\"");
        }
        (host, rest.trim_start_matches(':'), true)
    } else {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        (host, port, false)
    };
    if host.is_empty() {
        return Err("missing host information");
    }
    // Names beyond ASCII are judged where DNS is asked.
    if host.is_ascii() && !valid_hostname(host) && !valid_addr(host) {
        return Err("valid hostname or network address required");
    }
    if port.starts_with(|c: char| c.is_ascii_digit()) && !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err("garbage after numerical service");
    }
    Ok((host.to_string(), if port.is_empty() { default } else { port }.to_string(), bracketed))
}

impl Delivery<'_> {
    /// Whether DNS is asked at all: `smtp_dns_support_level`, or where that is empty `disable_dns_lookups`.
    fn asks_dns(&self) -> bool {
        let level = self.d.cfg.str(&format!("{}dns_support_level", self.prefix()));
        if level.is_empty() { !self.d.cfg.bool("disable_dns_lookups") } else { !level.eq_ignore_ascii_case("disabled") }
    }
    fn prefix(&self) -> &'static str {
        if self.lmtp { "lmtp_" } else { "smtp_" }
    }
    /// The command that opens a session, for names of parameters.
    fn hello(&self) -> &'static str {
        if self.lmtp { "lhlo" } else { "ehlo" }
    }
    async fn unix(&mut self, path: &str) {
        let host = Host { name: self.d.cfg.str("myhostname"), ip: None, path: path.to_string(), pref: 0 };
        self.last = true;
        self.try_host(&host, 0).await;
    }
    async fn run(&mut self) {
        let cfg = &self.d.cfg;
        let mut sites = crate::config::split(&self.request.nexthop);
        let own = sites.len();
        if !self.lmtp {
            sites.extend(cfg.list("smtp_fallback_relay"));
        } else {
            sites.extend(cfg.list("lmtp_fallback_relay"));
        }
        let default = cfg.str(if self.lmtp { "lmtp_tcp_port" } else { "smtp_tcp_port" });
        let mut tried = 0;
        for (at, site) in sites.iter().enumerate() {
            if self.left.is_empty() {
                break;
            }
            self.site = site.strip_prefix("inet:").unwrap_or(site).to_string();
            tried = at;
            let mut final_site = at + 1 == sites.len();
            let parsed = match destination(site, &default) {
                Err(why) => Err(format!("{why} in server description: {site}")),
                Ok((name, port, bracketed)) => match port.parse() {
                    Ok(port) if port > 0 => Ok((name, port, bracketed)),
                    _ if port.bytes().all(|b| b.is_ascii_digit()) => Err(format!("bad network port: {port} for destination: {site}")),
                    _ => match machine::resolver::service_port(&self.d.sys, &port, "tcp").await {
                        Some(port) => Ok((name, port, bracketed)),
                        None => Err(format!("unknown service: {port}/tcp")),
                    },
                },
            };
            let (name, port, bracketed) = match parsed {
                Ok(parsed) => parsed,
                Err(why) => {
                    self.ends = Some(self.d.log.fatal(&why).await);
                    return;
                }
            };
            let mx = !self.lmtp && !bracketed && self.asks_dns();
            let found = addr::find(self, &name, mx, port == 25 && !self.lmtp).await;
            let hosts = match found {
                Ok(found) => {
                    final_site |= found.i_am_mx;
                    found.hosts
                }
                Err(dsn) => {
                    final_site |= dsn.status == "5.4.6";
                    self.why = dsn;
                    Vec::new()
                }
            };
            self.detects_loops = port == 25 && !self.lmtp;
            let best = hosts.iter().map(|h| h.pref).min();
            let limit = cfg.int(&format!("{}mx_address_limit", self.prefix()));
            let sessions = cfg.int(&format!("{}mx_session_limit", self.prefix()));
            let (mut addresses, mut count) = (0, 0);
            for (i, host) in hosts.iter().enumerate() {
                if self.left.is_empty() {
                    break;
                }
                addresses += 1;
                self.best_mx = Some(host.pref) == best;
                let mut end = i + 1 == hosts.len() || addresses == limit;
                self.last = final_site && end;
                // Only the sessions that get beyond the greeting count.
                if sessions > 0 && count + 1 == sessions {
                    self.last |= final_site;
                }
                if self.try_host(host, port).await {
                    count += 1;
                    end |= count == sessions;
                }
                if self.ends.is_some() {
                    return;
                }
                if end {
                    break;
                }
            }
            if final_site {
                break;
            }
        }
        if self.left.is_empty() {
            return;
        }
        if self.why.status.is_empty() {
            self.why = Dsn::new("4.3.0", "server unavailable or unable to receive mail");
        } else if self.why.status.starts_with('5') {
            if tried >= own {
                self.d.log.warn(format_args!("{}fallback_relay configuration problem", self.prefix()));
                self.why.status = "4.3.5".to_string();
            } else if !self.lmtp && sites.first().is_some_and(|s| *s == self.d.cfg.str("relayhost")) {
                self.d.log.warn(format_args!("relayhost configuration problem"));
                self.why.status = "4.3.5".to_string();
            } else if self.why.status == "5.4.6" {
                let transport = self.d.cfg.str("best_mx_transport");
                if !transport.is_empty() {
                    let (service, nexthop) = transport.split_once(':').unwrap_or((&transport, ""));
                    let nexthop = if nexthop.is_empty() { self.request.nexthop.clone() } else { nexthop.to_string() };
                    for rcpt in std::mem::take(&mut self.left) {
                        self.request.pass(service, &nexthop, &rcpt).await;
                    }
                }
            }
        }
    }
    /// Talks to one server. True: the session got beyond the greeting.
    async fn try_host(&mut self, host: &Host, port: u16) -> bool {
        match self.connect(host, port).await {
            Ok(mut session) => {
                self.because.push(why::note(format!("connected to {}", session.relay)));
                let greeted = session.helo(self).await;
                if greeted {
                    session.transfer(self).await;
                } else if self.ends.is_none() {
                    session.quit(self, false).await;
                }
                session.chat.notify(self).await;
                session.chat.close().await;
                greeted
            }
            Err(dsn) => {
                if host.ip.is_some() {
                    self.d.log.info(format_args!("{}", dsn.reason));
                }
                self.because.push(Because::State { what: dsn.reason.clone() });
                self.why = dsn;
                false
            }
        }
    }
    async fn connect(&self, host: &Host, port: u16) -> Result<Session, Dsn> {
        let sys = &self.d.sys;
        let timeout = self.d.cfg.time(&format!("{}connect_timeout", self.prefix())).max(0) as u64;
        let until = (timeout > 0).then(|| sys.now().plus_secs(timeout));
        let Some(ip) = host.ip else {
            let name = format!("{}[{}]", host.name, host.path);
            return match sys.unix_connect(&host.path).await {
                Ok(fd) => Ok(Session::new(self, fd, host, &name, &name)),
                Err(e) => Err(Dsn::new("4.4.1", format!("connect to {name}: {e}"))),
            };
        };
        let name = format!("{}[{ip}]", host.name);
        let relay = format!("{name}:{port}");
        let bind = self.d.cfg.str(&format!("{}bind_address", self.prefix()));
        let from = bind.parse().ok().map(|ip| SockAddr { ip, port: 0 });
        match sys.tcp_connect(SockAddr { ip, port }, from, until).await {
            Ok(fd) => Ok(Session::new(self, fd, host, &name, &relay)),
            Err(e) => Err(Dsn::new("4.4.1", format!("connect to {relay}: {e}"))),
        }
    }
    /// All recipients that are left fail for this reason; or, if there is another server, they wait for it.
    async fn fail_all(&mut self, dsn: Dsn, relay: &str, throttle: bool) {
        let soft = dsn.status.starts_with('4');
        let retry = soft || self.d.cfg.bool("soft_bounce");
        self.why = dsn.clone();
        if retry && !self.last {
            self.d.log.info(format_args!("{}: {}", self.request.job.id, dsn.reason));
            return;
        }
        let now = self.d.sys.now();
        let stats = &mut self.request.job.stats;
        if stats.connected == SimTime::default() && relay != "none" {
            stats.connected = now;
        }
        if relay != "none" {
            stats.done = now;
        }
        let outcome = if soft { Outcome::Deferred } else { Outcome::Bounced };
        let mut deferred = false;
        for rcpt in std::mem::take(&mut self.left) {
            deferred |= !self.request.report(outcome, &rcpt, relay, &dsn, &self.because).await;
        }
        if throttle && deferred && self.request.hop_status.is_none() {
            self.request.hop_status = Some(dsn);
        }
    }
    /// One recipient fails; false: it waits for another server.
    async fn fail_one(&mut self, rcpt: &Rcpt, dsn: Dsn, relay: &str) -> bool {
        let soft = dsn.status.starts_with('4');
        self.why = dsn.clone();
        if (soft || self.d.cfg.bool("soft_bounce")) && !self.last {
            self.d.log.info(format_args!("{}: {}", self.request.job.id, dsn.reason));
            return false;
        }
        let outcome = if soft { Outcome::Deferred } else { Outcome::Bounced };
        self.request.report(outcome, rcpt, relay, &dsn, &self.because).await;
        true
    }
    /// What is left when there is no server any more.
    async fn give_up(&mut self) {
        if !self.left.is_empty() {
            self.last = true;
            let dsn = self.why.clone();
            self.fail_all(dsn, "none", true).await;
        }
    }
}
