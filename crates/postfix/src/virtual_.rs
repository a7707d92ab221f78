//! virtual(8): mailboxes of domains whose users have no accounts. Not here: aliases (`cleanup`), accounts (`local`). Source: virtual(8).

use crate::account::by_name;
use crate::address::find::{Keys, find, looked_up};
use crate::address::local::Local;
use crate::deliver::{self, Request};
use crate::lookup::{Maps, SAFE_PLAIN_FLAGS};
use crate::mailbox::{Copy, Mbox, Owner, become_user, maildir, put};
use crate::queue::envelope::Rcpt;
use crate::report::{Dsn, Outcome, flag};
use crate::server::Daemon;
use machine::{Because, Sys};

struct Agent {
    d: Daemon,
    local: Local,
    mailboxes: Maps,
    uids: Maps,
    gids: Maps,
    daemon: Owner,
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let (limit, message) = (d.cfg.int("virtual_mailbox_limit"), d.cfg.int("message_size_limit"));
    if limit > 0 && message == 0 {
        return d.log.fatal("configuration error: virtual_mailbox_limit is limited but message_size_limit is unlimited").await;
    }
    if limit > 0 && limit < message {
        return d.log.fatal("configuration error: virtual_mailbox_limit is smaller than message_size_limit").await;
    }
    let t = d.tables.clone();
    let opened = async {
        Ok::<_, String>((
            Local::open(&sys, &t).await?,
            Maps::of_as(&t, "virtual_mailbox_maps", SAFE_PLAIN_FLAGS).await?,
            Maps::of_as(&t, "virtual_uid_maps", SAFE_PLAIN_FLAGS).await?,
            Maps::of_as(&t, "virtual_gid_maps", SAFE_PLAIN_FLAGS).await?,
        ))
    };
    let (local, mailboxes, uids, gids) = match opened.await {
        Ok(all) => all,
        Err(why) => return d.log.fatal(&why).await,
    };
    let owner = by_name(&sys, &d.cfg.str("mail_owner")).await;
    let daemon = owner.map_or(Owner { uid: 0, gid: 0 }, |o| Owner { uid: o.uid, gid: o.gid });
    become_user(&sys, daemon).await;
    let mut agent = Agent { d, local, mailboxes, uids, gids, daemon };
    agent.d.watch_tables();
    while let Some((conn, mut request)) = deliver::next(&mut agent.d).await {
        for rcpt in request.rcpts.clone() {
            agent.deliver(&mut request, &rcpt).await;
        }
        deliver::done(conn, &request).await;
    }
    0
}

impl Agent {
    async fn deliver(&self, request: &mut Request, rcpt: &Rcpt) {
        let mut because = Vec::new();
        let (outcome, dsn) = match self.attempt(request, rcpt, &mut because).await {
            Ok(text) => (Outcome::Sent, Dsn::new("2.0.0", text)),
            Err(dsn) if dsn.status.starts_with('4') => (Outcome::Deferred, dsn),
            Err(dsn) => (Outcome::Bounced, dsn),
        };
        request.report(outcome, rcpt, &self.d.server.service, &dsn, &because).await;
    }
    /// A table's answer for the user.
    async fn ask(&self, maps: &Maps, user: &str, because: &mut Vec<Because>) -> Result<Option<String>, Dsn> {
        match find(&self.d.cfg, maps, user, Keys::Usual(&self.local)).await {
            Ok(Some(found)) => {
                because.push(looked_up(&found.hit));
                Ok(Some(found.hit.value))
            }
            Ok(None) => Ok(None),
            Err(_) => {
                self.d.log.warn(format_args!("table {}: lookup {user}: Application error", maps.title()));
                Err(Dsn::new("4.3.5", "mail system configuration error"))
            }
        }
    }
    /// An owner's number from its table.
    async fn number(&self, maps: &Maps, what: &str, least: i64, user: &str, because: &mut Vec<Because>) -> Result<u32, Dsn> {
        let title = maps.title();
        let bad = || Dsn::new("4.3.5", "mail system configuration error");
        let Some(text) = self.ask(maps, user, because).await? else {
            self.d.log.warn(format_args!("recipient {user}: not found in {title}"));
            return Err(bad());
        };
        let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        match digits.parse::<u32>() {
            Ok(n) if i64::from(n) >= least => Ok(n),
            _ => {
                self.d.log.warn(format_args!("recipient {user}: bad {what} {text} in {title}"));
                Err(bad())
            }
        }
    }
    async fn attempt(&self, request: &Request, rcpt: &Rcpt, because: &mut Vec<Because>) -> Result<&'static str, Dsn> {
        let user = rcpt.addr.to_ascii_lowercase();
        let Some(name) = self.ask(&self.mailboxes, &user, because).await? else {
            return Err(Dsn::new("5.1.1", format!("unknown user: \"{user}\"")));
        };
        let path = format!("{}/{name}", self.d.cfg.str("virtual_mailbox_base"));
        let uid = self.number(&self.uids, "uid", self.d.cfg.int("virtual_minimum_uid"), &user, because).await?;
        let gid = self.number(&self.gids, "gid", 1, &user, because).await?;
        let who = Owner { uid, gid };
        let trace = request.job.flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0;
        let copy = Copy::of(&self.d.cfg, request, rcpt, (&request.sender, &rcpt.addr));
        if path.ends_with('/') {
            return if trace { Ok("delivers to maildir") } else { self.to_maildir(&path, who, &copy).await };
        }
        if trace { Ok("delivers to mailbox") } else { self.to_mbox(&rcpt.addr, &path, who, &copy).await }
    }
    async fn to_maildir(&self, path: &str, who: Owner, copy: &Copy<'_>) -> Result<&'static str, Dsn> {
        let how = put::RETURN_PATH | put::ORIG | put::DELIVERED;
        let done = maildir(&self.d.sys, path, who, self.daemon, copy, how, "4.2.0").await;
        done.map(|()| "delivered to maildir").map_err(|mut dsn| {
            if dsn.reason.ends_with("Permission denied") {
                self.d.log.warn(format_args!("maildir access problem for UID/GID={}/{}: {}", who.uid, who.gid, dsn.reason));
                self.d.log.warn(format_args!("perhaps you need to create the maildirs in advance"));
            }
            dsn.reason.insert_str(0, "maildir delivery failed: ");
            dsn
        })
    }
    async fn to_mbox(&self, addr: &str, path: &str, who: Owner, copy: &Copy<'_>) -> Result<&'static str, Dsn> {
        let cfg = &self.d.cfg;
        let mbox = Mbox {
            log: &self.d.log,
            path,
            spool: who,
            user: who,
            daemon: self.daemon,
            limit: cfg.int("virtual_mailbox_limit"),
            dotlock: cfg.list("virtual_mailbox_lock").iter().any(|l| l == "dotlock"),
            lock_may_fail: false,
            strict: cfg.bool("strict_mailbox_ownership"),
            personal: true,
            default: "4.2.0",
            lock_tries: cfg.int("deliver_lock_attempts"),
            lock_delay: cfg.time("deliver_lock_delay"),
        };
        mbox.append(&self.d.sys, copy, put::MBOX).await.map(|()| "delivered to mailbox").map_err(|mut dsn| {
            if dsn.reason.ends_with("is not a regular file") {
                self.d.log.warn(format_args!("recipient {addr}: {}", dsn.reason));
                dsn = Dsn::new("5.3.5", "mail system configuration error");
            } else if dsn.reason.ends_with("is not owned by recipient") {
                self.d.log.warn(format_args!("specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch"));
            }
            dsn.reason.insert_str(0, &format!("delivery failed to mailbox {path}: "));
            dsn
        })
    }
}
