//! local(8): aliases, .forward files, mailboxes, commands, files.
//! Not here: what a name expands to (`expand`, `lists`), where mail ends (`targets`), new messages (`forward`). Source: local(8), aliases(5).

mod command;
mod expand;
mod forward;
mod lists;
mod targets;

use crate::account::Account;
use crate::deliver::{self, Request};
use crate::lookup::{Maps, ROUTE_PLAIN_FLAGS, SAFE_FLAGS, SAFE_PLAIN_FLAGS, TableError};
use crate::mailbox::{Owner, become_user};
use crate::queue::envelope::{Rcpt, content};
use crate::report::{Dsn, Outcome, Reporter, flag};
use crate::rewrite_clnt::Resolver;
use crate::server::Daemon;
use crate::why;
use machine::{Because, KillTarget, Signal, Sys};

/// So deep names may lead to names: aliases end at 100.
const DEEPEST: u32 = 130;

pub(crate) use command::{Command, What, run as run_command};

/// Where a name came from: what commands and files are allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    None,
    Alias,
    Forward,
    Include,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Alias => "alias",
            Source::Forward => "forward",
            Source::Include => "include",
            Source::None => "",
        }
    }
}

/// A recipient somewhere in the tree of expansions.
#[derive(Clone)]
struct State {
    level: u32,
    rcpt: Rcpt,
    sender: String,
    /// For the Delivered-To line.
    delivered: String,
    /// Local part with extension, domain, user, extension.
    local: String,
    domain: String,
    user: String,
    extension: Option<String>,
    /// Extension to be put on what the name expands to.
    unmatched: Option<String>,
    owner: Option<String>,
    expanded: Option<String>,
    from: Source,
    /// Rights of the user whose file or table is being read.
    rights: Option<Account>,
}

/// What one process keeps.
struct Agent {
    d: Daemon,
    resolver: Resolver,
    aliases: Maps,
    mailbox_transport: Maps,
    mailbox_command: Maps,
    fallback_transport: Maps,
    /// The mail owner's rights.
    daemon: Owner,
    /// default_privs
    nobody: Option<Account>,
}

/// One recipient's delivery with all that comes of it.
struct Run<'a> {
    agent: &'a mut Agent,
    request: &'a mut Request,
    reporter: Reporter,
    /// What has been done already, so that nobody gets a message twice.
    seen: Vec<String>,
    /// Delivered-To lines of the message.
    loops: Vec<String>,
    forwards: Vec<forward::Forward>,
    tree: Vec<Because>,
    /// Depth in the tree of expansions.
    depth: u8,
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let (limit, message) = (d.cfg.int("mailbox_size_limit"), d.cfg.int("message_size_limit"));
    if limit > 0 {
        if message == 0 {
            return d.log.fatal("configuration error: mailbox_size_limit is limited but message_size_limit is unlimited").await;
        }
        if message > limit {
            return d.log.fatal("configuration error: mailbox_size_limit is smaller than message_size_limit").await;
        }
    }
    let t = d.tables.clone();
    let opened = async {
        Ok::<_, String>((
            Maps::of_as(&t, "alias_maps", SAFE_FLAGS).await?,
            Maps::of_as(&t, "mailbox_transport_maps", ROUTE_PLAIN_FLAGS).await?,
            Maps::of_as(&t, "mailbox_command_maps", SAFE_PLAIN_FLAGS).await?,
            Maps::of_as(&t, "fallback_transport_maps", ROUTE_PLAIN_FLAGS).await?,
        ))
    }
    .await;
    let (aliases, mailbox_transport, mailbox_command, fallback_transport) = match opened {
        Ok(all) => all,
        Err(why) => return d.log.fatal(&why).await,
    };
    let nobody = crate::account::by_name(&sys, &d.cfg.str("default_privs")).await;
    let resolver = Resolver::new(&sys, &d.log);
    // Root's rights are kept at hand; the work is done with the mail owner's.
    let owner = crate::account::by_name(&sys, &d.cfg.str("mail_owner")).await;
    let daemon = owner.map_or(Owner { uid: 0, gid: 0 }, |o| Owner { uid: o.uid, gid: o.gid });
    become_user(&sys, daemon).await;
    let mut agent = Agent { d, resolver, aliases, mailbox_transport, mailbox_command, fallback_transport, daemon, nobody };
    agent.d.watch_tables();
    loop {
        let Some((conn, mut request)) = deliver::next(&mut agent.d).await else { return 0 };
        for rcpt in request.rcpts.clone() {
            agent.deliver(&mut request, &rcpt).await;
        }
        deliver::done(conn, &request).await;
    }
}

/// The addresses in the Delivered-To lines of a message, lower case.
fn delivered_to(file: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (line, _) in content(file) {
        if line.is_empty() || !crate::cleanup::header::is_header_or_space(line) {
            break;
        }
        let text = String::from_utf8_lossy(line);
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("Delivered-To")
        {
            found.push(value.trim().to_ascii_lowercase());
        }
    }
    found
}

impl Agent {
    async fn deliver(&mut self, request: &mut Request, rcpt: &Rcpt) {
        let mut run = Run {
            reporter: request.reporter(),
            seen: Vec::new(),
            loops: delivered_to(&request.file),
            forwards: Vec::new(),
            tree: Vec::new(),
            depth: 0,
            agent: self,
            request,
        };
        let state = State {
            level: 0,
            rcpt: rcpt.clone(),
            sender: run.request.sender.clone(),
            delivered: String::new(),
            local: String::new(),
            domain: String::new(),
            user: String::new(),
            extension: None,
            unmatched: None,
            owner: None,
            expanded: None,
            from: Source::None,
            rights: None,
        };
        let mut done = run.recipient(state.clone()).await;
        done &= run.send_forwards(&state, done).await;
        if done {
            run.request.completed(rcpt).await;
        } else {
            run.request.deferred = true;
        }
    }
}

impl Run<'_> {
    fn was_here(&self, key: &str) -> bool {
        self.seen.iter().any(|s| s.eq_ignore_ascii_case(key))
    }
    fn first_time(&mut self, key: String) -> bool {
        if self.was_here(&key) {
            return false;
        }
        let limit = self.agent.d.cfg.int("duplicate_filter_limit");
        if limit <= 0 || (self.seen.len() as i64) < limit {
            self.seen.push(key);
        }
        true
    }
    fn str(&self, name: &str) -> String {
        self.agent.d.cfg.str(name)
    }
    fn trace_only(&self) -> bool {
        self.request.job.flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0
    }
    async fn report(&mut self, outcome: Outcome, state: &State, dsn: &Dsn) -> bool {
        self.reporter.report(outcome, &self.request.job, &state.rcpt, &self.agent.d.server.service, dsn, &self.tree).await
    }
    /// Delivered. True unless the log of it could not be written.
    async fn sent(&mut self, state: &State, reason: String) -> bool {
        self.report(Outcome::Sent, state, &Dsn::new("2.0.0", reason)).await
    }
    /// Not delivered: put off or returned, by the status.
    async fn failed(&mut self, state: &State, dsn: Dsn) -> bool {
        let outcome = if dsn.status.starts_with('4') { Outcome::Deferred } else { Outcome::Bounced };
        self.report(outcome, state, &dsn).await
    }
    /// As [`Run::failed`]; where the recipient is a list with an owner, the owner is told.
    async fn failed_owner(&mut self, state: &State, dsn: Dsn) -> bool {
        if self.agent.d.cfg.bool("owner_request_special") {
            let local = crate::address::cut(&state.rcpt.addr).0.to_string();
            let bare = crate::address::strip_extension(&self.agent.d.cfg, &local).map(|(bare, _)| bare);
            for name in [Some(local), bare].into_iter().flatten() {
                match self.owner_of(&name).await {
                    Ok(Some(owner)) => return self.tell_owner(state, dsn, &owner).await,
                    Ok(None) => {}
                    Err(_) => return self.failed(state, Dsn::new("4.3.0", "alias database unavailable")).await,
                }
            }
        }
        self.failed(state, dsn).await
    }
    /// The address that problems with a list are reported to, if there is an `owner-` alias for its name.
    async fn owner_of(&mut self, name: &str) -> Result<Option<String>, TableError> {
        let alias = format!("owner-{name}");
        let Some(hit) = self.agent.aliases.find(&alias).await? else { return Ok(None) };
        let text = if self.agent.d.cfg.bool("expand_owner_alias") { hit.value } else { alias };
        Ok(Some(self.agent.resolver.rewrite_internal("local", &text, &mut Vec::new()).await))
    }
    /// A notice about one recipient, to a list's owner.
    async fn tell_owner(&mut self, state: &State, dsn: Dsn, owner: &str) -> bool {
        let mut told = dsn.clone();
        self.reporter.filtered(&mut told).await;
        if told.status.starts_with('4') {
            return self.failed(state, dsn).await;
        }
        let mut ask = crate::ipc::Attrs::new()
            .with_num("flags", 0)
            .with("queue_name", &self.request.queue)
            .with("queue_id", &self.request.job.id)
            .with("encoding", &self.request.encoding)
            .with("sender", owner)
            .with("envelope_id", &self.request.envid)
            .with_num("ret_flags", self.request.ret);
        crate::report::put_rcpt(&mut ask, &state.rcpt);
        told.action = "failed".to_string();
        told.put(&mut ask);
        if self.reporter.notice("private/bounce", crate::bounce::ONE, &ask).await {
            self.reporter.bounced_line(&self.request.job, &state.rcpt, &self.agent.d.server.service, &told, &self.tree);
            return true;
        }
        self.failed(state, Dsn::new("4.3.0", "bounce or trace service failure")).await
    }
    /// One recipient that is delivered here.
    async fn recipient(&mut self, mut state: State) -> bool {
        state.level += 1;
        if state.level > DEEPEST {
            // Postfix counts on the memory of what was done to end it all; where that is full (duplicate_filter_limit), the stack does.
            self.tree.push(why::note("a name leads to itself for ever: the process dies of it"));
            let sys = self.agent.d.sys.clone();
            let _ = sys.kill(KillTarget::Pid(sys.pid()), Some(Signal::Segv)).await;
        }
        let addr = state.rcpt.addr.clone();
        if !self.first_time(format!("recipient {} {addr}", state.level)) {
            return true;
        }
        if self.loops.contains(&addr.to_ascii_lowercase()) {
            self.tree.push(Because::State { what: format!("the message has a Delivered-To: {addr} already") });
            return self.failed_owner(&state, Dsn::new("5.4.6", format!("mail forwarding loop for {addr}"))).await;
        }
        if state.delivered.is_empty() {
            state.delivered = addr.clone();
        }
        let lower = addr.to_ascii_lowercase();
        let (local, domain) = crate::address::cut(&lower);
        (state.local, state.domain) = (local.to_string(), domain.to_string());
        (state.user, state.extension) = (state.local.clone(), None);
        if let Some(at) = crate::address::split_at_delimiter(&self.agent.d.cfg, &state.local) {
            let extension = state.local[at + 1..].to_string();
            state.user.truncate(at);
            if extension.contains('/') {
                let id = &self.request.job.id;
                self.agent.d.log.warn(format_args!("{id}: address with illegal extension: {}", state.local));
                state.local.truncate(at);
            } else {
                state.extension = Some(extension);
            }
        }
        state.unmatched = state.extension.clone();
        if state.user.is_empty() {
            return self.failed(&state, Dsn::new("5.1.3", format!("null username in \"{addr}\""))).await;
        }
        Box::pin(self.switch(state)).await
    }
    async fn switch(&mut self, mut state: State) -> bool {
        state.level += 1;
        if state.rcpt.addr.starts_with('\\') {
            state.rcpt.addr.remove(0);
            state.local.remove(0);
            state.user.remove(0);
            self.tree.push(why::note("a backslash before the name: no aliases, no .forward"));
            if let Some(done) = self.mailbox(&state).await {
                return done;
            }
            return self.unknown(state).await;
        }
        state.unmatched = None;
        let local = state.local.clone();
        if let Some(done) = self.alias(&state, &local).await {
            return done;
        }
        if state.extension.is_some() {
            let user = state.user.clone();
            if self.propagates("alias") {
                state.unmatched = state.extension.clone();
            }
            if let Some(done) = self.alias(&state, &user).await {
                return done;
            }
            state.unmatched = state.extension.clone();
        }
        if state.owner.as_ref().is_some_and(|o| !o.eq_ignore_ascii_case(&state.user)) || state.from == Source::Include {
            return self.indirect(&state).await;
        }
        if self.agent.d.cfg.bool("require_home_directory")
            && let Some(user) = crate::account::by_name(&self.agent.d.sys, &state.user).await
            && let Err(e) = self.agent.d.sys.stat(&user.home).await
        {
            return self.failed(&state, Dsn::new("4.3.0", format!("cannot access home directory {}: {e}", user.home))).await;
        }
        if let Some(done) = self.dot_forward(&state).await {
            return done;
        }
        if let Some(done) = self.mailbox(&state).await {
            return done;
        }
        self.unknown(state).await
    }
    fn propagates(&self, what: &str) -> bool {
        self.agent.d.cfg.list("propagate_unmatched_extensions").iter().any(|p| p == what)
    }
    /// Nobody has this name.
    async fn unknown(&mut self, mut state: State) -> bool {
        state.level += 1;
        if !self.first_time(format!("unknown {}", state.local)) {
            return true;
        }
        let maps = self.agent.fallback_transport.clone();
        match maps.find(&state.user).await {
            Ok(Some(hit)) => {
                self.tree.push(crate::address::find::looked_up(&hit));
                return self.pass(&state, &hit.value).await;
            }
            Ok(None) => {}
            Err(_) => return self.failed(&state, Dsn::new("4.3.0", "table lookup failure")).await,
        }
        let fallback = self.str("fallback_transport");
        if !fallback.is_empty() {
            self.tree.push(why::parameter(&self.agent.d.cfg, "fallback_transport"));
            return self.pass(&state, &fallback).await;
        }
        if let Some(done) = self.other_user(&state).await {
            return done;
        }
        if state.user.eq_ignore_ascii_case("mailer-daemon") || state.user.eq_ignore_ascii_case("postmaster") {
            self.agent.d.log.warn(format_args!("required alias not found: {}", state.user));
            return self.sent(&state, "discarded".to_string()).await;
        }
        let what = why::note(format!("{} is neither in alias_maps nor an account", state.user));
        self.tree.extend([what, why::parameter(&self.agent.d.cfg, "alias_maps")]);
        self.failed(&state, Dsn::new("5.1.1", format!("unknown user: \"{}\"", state.user))).await
    }
    /// Hands a recipient to another transport, `transport:nexthop`.
    async fn pass(&mut self, state: &State, transport: &str) -> bool {
        let (service, nexthop) = transport.split_once(':').unwrap_or((transport, ""));
        let nexthop = if nexthop.is_empty() { self.request.nexthop.clone() } else { nexthop.to_string() };
        self.request.pass(service, &nexthop, &Rcpt { offset: 0, ..state.rcpt.clone() }).await
    }
}
