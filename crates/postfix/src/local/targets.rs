//! Where mail ends: the user's mailbox in its forms, another transport, files that lists name.
//! Not here: writing the files (`mailbox`), commands (`command`). Source: local(8), mbox_open(3).

use super::{Run, State};
use crate::account::by_name;
use crate::lookup::Maps;
use crate::mailbox::{Mbox, Owner, maildir, put};
use crate::report::Dsn;
use crate::why;

impl Run<'_> {
    /// Whose rights files and commands get: the list owner's; default_privs where that is root.
    pub(super) fn rights(&self, state: &State) -> Owner {
        let nobody = self.agent.nobody.as_ref().map_or(Owner { uid: 65534, gid: 65534 }, |n| Owner { uid: n.uid, gid: n.gid });
        match &state.rights {
            Some(r) => Owner { uid: if r.uid == 0 { nobody.uid } else { r.uid }, gid: if r.gid == 0 { nobody.gid } else { r.gid } },
            None => nobody,
        }
    }
    /// A table's answer for the user; a table that fails puts the recipient off.
    async fn asked(&mut self, maps: &Maps, state: &State) -> Result<Option<String>, bool> {
        match maps.find(&state.user).await {
            Ok(Some(hit)) => {
                self.tree.push(crate::address::find::looked_up(&hit));
                Ok(Some(hit.value))
            }
            Ok(None) => Ok(None),
            Err(_) => Err(self.failed(state, Dsn::new("4.3.0", "table lookup failure")).await),
        }
    }
    /// The user's mailbox. `None`: there is no such user.
    pub(super) async fn mailbox(&mut self, state: &State) -> Option<bool> {
        match self.mailbox_of(state).await {
            Ok(done) => done,
            Err(done) => Some(done),
        }
    }
    async fn mailbox_of(&mut self, state: &State) -> Result<Option<bool>, bool> {
        let mut state = state.clone();
        state.level += 1;
        if !self.first_time(format!("mailbox {}", state.local)) {
            return Ok(Some(true));
        }
        let maps = self.agent.mailbox_transport.clone();
        if let Some(transport) = self.asked(&maps, &state).await? {
            return Ok(Some(self.pass(&state, &transport).await));
        }
        let transport = self.str("mailbox_transport");
        if !transport.is_empty() {
            self.tree.push(why::parameter(&self.agent.d.cfg, "mailbox_transport"));
            return Ok(Some(self.pass(&state, &transport).await));
        }
        let Some(account) = by_name(&self.agent.d.sys, &state.user).await else { return Ok(None) };
        let home = account.home.clone();
        let user = Owner { uid: account.uid, gid: account.gid };
        state.rights = Some(account);
        let maps = self.agent.mailbox_command.clone();
        if let Some(line) = self.asked(&maps, &state).await? {
            return Ok(Some(self.command(&state, &line).await));
        }
        let line = self.agent.d.cfg.raw("mailbox_command").unwrap_or("").to_string();
        if !line.is_empty() {
            self.tree.push(why::parameter(&self.agent.d.cfg, "mailbox_command"));
            return Ok(Some(self.command(&state, &line).await));
        }
        let (own, spool) = (self.str("home_mailbox"), self.str("mail_spool_directory"));
        self.tree.push(why::parameter(&self.agent.d.cfg, if own.is_empty() { "mail_spool_directory" } else { "home_mailbox" }));
        if own.ends_with('/') {
            return Ok(Some(self.maildir(&state, &format!("{home}/{own}"), user).await));
        }
        if own.is_empty() && spool.ends_with('/') {
            return Ok(Some(self.maildir(&state, &format!("{spool}{}/", state.user), user).await));
        }
        Ok(Some(self.mbox(&state, &home, &own, &spool).await))
    }
    async fn mbox(&mut self, state: &State, home: &str, own: &str, spool: &str) -> bool {
        if self.trace_only() {
            return self.sent(state, "delivers to mailbox".to_string()).await;
        }
        let mut state = state.clone();
        if !self.agent.d.cfg.bool("frozen_delivered_to") {
            state.delivered.clone_from(&state.rcpt.addr);
        }
        let user = state.rights.as_ref().map_or(Owner { uid: 0, gid: 0 }, |r| Owner { uid: r.uid, gid: r.gid });
        let (path, rights) = if own.is_empty() {
            // Least privilege: what the directory lets a user do, he does himself.
            let rights = match self.agent.d.sys.stat(spool).await {
                Ok(st) if st.mode & 0o002 != 0 => user,
                Ok(st) if st.mode & 0o020 != 0 => Owner { uid: user.uid, gid: st.gid },
                Ok(_) => Owner { uid: 0, gid: 0 },
                Err(_) => user,
            };
            (format!("{spool}/{}", state.user), rights)
        } else {
            (format!("{home}/{own}"), user)
        };
        match self.append(&state, &path, rights, user, true).await {
            Ok(()) => self.sent(&state, "delivered to mailbox".to_string()).await,
            Err(mut dsn) => {
                if dsn.reason.ends_with("is not owned by recipient") {
                    self.agent.d.log.warn(format_args!("specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch"));
                }
                self.too_large(&dsn);
                dsn.reason = format!("cannot update mailbox {path} for user {}. {}", state.user, dsn.reason);
                self.failed(&state, dsn).await
            }
        }
    }
    fn too_large(&mut self, dsn: &Dsn) {
        if dsn.reason.ends_with("File too large") {
            self.tree.push(why::parameter(&self.agent.d.cfg, "mailbox_size_limit"));
        }
    }
    async fn append(&self, state: &State, path: &str, spool: Owner, user: Owner, personal: bool) -> Result<(), Dsn> {
        let cfg = &self.agent.d.cfg;
        let mbox = Mbox {
            log: &self.agent.d.log,
            path,
            spool,
            user,
            daemon: self.agent.daemon,
            limit: cfg.int("mailbox_size_limit"),
            dotlock: cfg.list("mailbox_delivery_lock").iter().any(|l| l == "dotlock"),
            lock_may_fail: !personal,
            strict: personal && cfg.bool("strict_mailbox_ownership"),
            personal,
            default: "5.2.0",
            lock_tries: cfg.int("deliver_lock_attempts"),
            lock_delay: cfg.time("deliver_lock_delay"),
        };
        let how = put::MBOX & if self.prepends("file") { !0 } else { !put::DELIVERED };
        mbox.append(&self.agent.d.sys, &self.copy(state), how).await
    }
    async fn maildir(&mut self, state: &State, path: &str, user: Owner) -> bool {
        if self.trace_only() {
            return self.sent(state, "delivers to maildir".to_string()).await;
        }
        let mut state = state.clone();
        if !self.agent.d.cfg.bool("frozen_delivered_to") {
            state.delivered.clone_from(&state.rcpt.addr);
        }
        let how = put::RETURN_PATH | put::ORIG | if self.prepends("file") { put::DELIVERED } else { 0 };
        match maildir(&self.agent.d.sys, path, user, self.agent.daemon, &self.copy(&state), how, "5.2.0").await {
            Ok(()) => self.sent(&state, "delivered to maildir".to_string()).await,
            Err(mut dsn) => {
                if dsn.reason.ends_with("Permission denied") {
                    let reason = &dsn.reason;
                    self.agent.d.log.warn(format_args!("maildir access problem for UID/GID={}/{}: {reason}", user.uid, user.gid));
                    self.agent.d.log.warn(format_args!("perhaps you need to create the maildirs in advance"));
                }
                dsn.reason.insert_str(0, "maildir delivery failed: ");
                self.failed(&state, dsn).await
            }
        }
    }
    /// A file that a list names.
    pub(super) async fn file(&mut self, state: &State, path: &str) -> bool {
        let mut state = state.clone();
        state.level += 1;
        let uid = state.rights.as_ref().map_or(0, |r| r.uid);
        if !self.first_time(format!("file {uid} {path}")) {
            return true;
        }
        if !self.allows("allow_mail_to_files", state.from) {
            self.tree.push(why::parameter(&self.agent.d.cfg, "allow_mail_to_files"));
            return self.failed_owner(&state, Dsn::new("5.7.1", "mail to file is restricted")).await;
        }
        if self.trace_only() {
            return self.sent(&state, format!("delivers to file: {path}")).await;
        }
        let who = self.rights(&state);
        if path.ends_with('/') {
            return self.maildir(&state, path, who).await;
        }
        match self.append(&state, path, who, who, false).await {
            Ok(()) => self.sent(&state, format!("delivered to file: {path}")).await,
            Err(mut dsn) => {
                self.too_large(&dsn);
                dsn.reason.insert_str(0, &format!("cannot append message to file {path}: "));
                self.failed_owner(&state, dsn).await
            }
        }
    }
}
