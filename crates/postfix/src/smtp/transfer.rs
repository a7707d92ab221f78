//! The envelope (pipelined where the server allows) and the content of a message, with generic addresses.
//! Not here: the connection, greeting and EHLO (`session`). Source: RFC 5321, RFC 2920, RFC 3461, smtp_proto(3).

use super::Delivery;
use super::chat::{Broken, Reply};
use super::session::Session;
use crate::address::find::map_plain;
use crate::address::tok::quote_local;
use crate::lookup::TableError;
use crate::post::utf8;
use crate::queue::envelope::content;
use crate::report::{Dsn, Outcome, flag, notify};

fn xtext(text: &str, special: &str) -> String {
    wire::smtp::xtext_encode(text, special)
}

impl Session {
    pub(super) async fn generic(&self, job: &Delivery<'_>, addr: &str) -> String {
        if job.setup.generic.is_empty() || addr.is_empty() {
            return addr.to_string();
        }
        let propagate = job.d.cfg.list("propagate_unmatched_extensions").iter().any(|p| p == "generic");
        let mapped = map_plain(&job.d.cfg, &job.setup.local, &job.setup.generic, addr, propagate).await;
        mapped.ok().flatten().unwrap_or_else(|| addr.to_string())
    }
    /// An address as SMTP writes it; the null address stays empty.
    async fn quoted(&self, job: &Delivery<'_>, addr: &str) -> String {
        let addr = self.generic(job, addr).await;
        let plain = addr.is_empty() || !job.d.cfg.bool(&format!("{}quote_rfc821_envelope", job.prefix()));
        if plain { addr } else { quote_local(&addr) }
    }
    /// The text must be made 7-bit for this server.
    fn downgrades(&self, job: &Delivery<'_>) -> bool {
        !self.eight_bit && job.request.encoding != "7bit" && !job.d.cfg.bool("disable_mime_output_conversion")
    }
    async fn mail_command(&self, job: &Delivery<'_>) -> String {
        let r = &job.request;
        let mut text = format!("MAIL FROM:<{}>", self.quoted(job, &r.sender).await);
        if self.size.is_some() && !self.downgrades(job) {
            text.push_str(&format!(" SIZE={}", r.size));
        }
        if self.eight_bit {
            match r.encoding.as_str() {
                "8bit" => text.push_str(" BODY=8BITMIME"),
                "7bit" => text.push_str(" BODY=7BIT"),
                _ => {}
            }
        }
        if self.utf8 && r.utf8 & utf8::REQUESTED != 0 {
            text.push_str(" SMTPUTF8");
        }
        if self.dsn {
            if !r.envid.is_empty() {
                text.push_str(&format!(" ENVID={}", xtext(&r.envid, "+=")));
            }
            match r.ret {
                1 => text.push_str(" RET=FULL"),
                2 => text.push_str(" RET=HDRS"),
                _ => {}
            }
        }
        if self.mechanisms.is_some() && job.d.cfg.bool(&format!("{}send_dummy_mail_auth", job.prefix())) {
            text.push_str(" AUTH=<>");
        }
        text
    }
    async fn rcpt_command(&self, job: &Delivery<'_>, at: usize) -> String {
        let r = &job.left[at];
        let mut text = format!("RCPT TO:<{}>", self.quoted(job, &r.addr).await);
        if self.dsn {
            let mut orcpt = r.dsn_orcpt.clone();
            if orcpt.is_empty() && !r.orig.is_empty() {
                let orig = quote_local(&r.orig);
                let kind = if job.request.utf8 != 0 && !orig.is_ascii() { "utf-8" } else { "rfc822" };
                orcpt = format!("{kind};{orig}");
            }
            if orcpt.get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case("utf-8;")) {
                text.push_str(&format!(" ORCPT={}", wire::smtp::unitext_encode(&orcpt, "+=")));
            } else if !orcpt.is_empty() {
                text.push_str(&format!(" ORCPT={}", xtext(&orcpt, "=")));
            }
            if r.notify != 0 {
                let names =
                    [(notify::NEVER, "NEVER"), (notify::SUCCESS, "SUCCESS"), (notify::FAILURE, "FAILURE"), (notify::DELAY, "DELAY")];
                let list: Vec<&str> = names.iter().filter(|(bit, _)| r.notify & bit != 0).map(|(_, n)| *n).collect();
                text.push_str(&format!(" NOTIFY={}", list.join(",")));
            }
        }
        text
    }
    /// Sends the message to the recipients that are left; decides their fate.
    pub(super) async fn transfer(&mut self, job: &mut Delivery<'_>) {
        if let Err((how, doing)) = self.transaction(job).await {
            self.lost(job, how, doing).await;
        }
    }
    async fn transaction(&mut self, job: &mut Delivery<'_>) -> Result<(), (Broken, &'static str)> {
        let prefix = if job.lmtp { "lmtp_" } else { "smtp_" };
        let cfg = job.d.cfg.clone();
        let timeout = |name: &str| cfg.time(&format!("{prefix}{name}_timeout"));
        let relay = self.relay.clone();
        if let Some(limit) = self.size
            && limit > 0
            && limit < job.request.size
        {
            let text = format!("message size {} exceeds size limit {limit} of server {}", job.request.size, self.name);
            job.fail_all(Dsn::new("5.3.4", text), &relay, false).await;
            return Ok(());
        }
        // What is only asked, and whether the answer to RCPT tells.
        let asked = job.request.job.flags & (flag::MTA_VRFY | flag::USR_VRFY) != 0;
        let probe = asked && !job.setup.probes_data;
        job.request.job.stats.connected = self.chat.sys.now();
        let count = job.left.len();
        // Envelope: sent at once with PIPELINING, else command by command.
        let told = self.xforward(job);
        for told in &told {
            self.chat.say(&told.command);
            if !self.chat.pipelining {
                self.heard(job, told).await?;
            }
        }
        let mail = self.mail_command(job).await;
        self.chat.say(&mail);
        let mut sender_refused = false;
        let mut accepted: Vec<usize> = Vec::new();
        let mut refused: Vec<usize> = Vec::new();
        if self.chat.pipelining {
            for at in 0..count {
                let text = self.rcpt_command(job, at).await;
                self.chat.say(&text);
            }
            if !probe {
                self.chat.say("DATA");
            }
        }
        if self.chat.pipelining {
            for told in &told {
                self.heard(job, told).await?;
            }
        }
        let reply = self.chat.reply(timeout("mail")).await.map_err(|h| (h, "sending MAIL FROM"))?;
        if !reply.ok() {
            sender_refused = true;
            let dsn = self.said(&reply, "MAIL FROM command");
            job.fail_all(dsn, &relay, false).await;
        }
        for at in 0..count {
            if !self.chat.pipelining {
                if sender_refused {
                    break;
                }
                let text = self.rcpt_command(job, at).await;
                self.chat.say(&text);
            }
            let reply = self.chat.reply(timeout("rcpt")).await.map_err(|h| (h, "sending RCPT TO"))?;
            if sender_refused {
                continue;
            }
            let rcpt = job.left[at].clone();
            if !reply.ok() {
                let dsn = self.said(&reply, "RCPT TO command");
                if job.fail_one(&rcpt, dsn, &relay).await {
                    refused.push(at);
                }
                continue;
            }
            accepted.push(at);
            if probe {
                self.delivered(job, at, &reply).await;
            }
        }
        let mut go = false;
        if probe || (!self.chat.pipelining && (sender_refused || accepted.is_empty())) {
            self.chat.say("RSET");
        } else {
            if !self.chat.pipelining {
                self.chat.say("DATA");
            }
            let reply = self.chat.reply(timeout("data_init")).await.map_err(|h| (h, "sending DATA command"))?;
            if reply.code / 100 == 3 && asked {
                for &at in &accepted {
                    self.delivered(job, at, &reply).await;
                }
                // The server waits for a message now: it can only be left.
                self.chat.broken = true;
            } else if reply.code / 100 == 3 {
                go = true;
            } else {
                if !accepted.is_empty() {
                    let rest: Vec<usize> = (0..job.left.len()).filter(|i| !refused.contains(i)).collect();
                    job.left = rest.iter().map(|&i| job.left[i].clone()).collect();
                    refused.clear();
                    let dsn = self.said(&reply, "DATA command");
                    job.fail_all(dsn, &relay, false).await;
                    accepted.clear();
                }
                self.chat.say("RSET");
            }
        }
        let mut quit_last = go && self.chat.pipelining;
        if go {
            if !accepted.is_empty() && self.body(job).await.is_err() {
                return Err((Broken::Data, ""));
            }
            if self.late_dot {
                self.chat.flush().await.map_err(|h| (h, "sending message body"))?;
                let wait = cfg.time(&format!("{prefix}pix_workaround_delay_time")).max(0) as u64;
                let _ = self.chat.sys.sleep(wait * 1_000_000).await;
            }
            self.chat.say(".");
            if quit_last {
                self.chat.say("QUIT");
            }
            let replies = if job.lmtp { accepted.len().max(1) } else { 1 };
            for n in 0..replies {
                let reply = self
                    .chat
                    .reply(timeout("data_done"))
                    .await
                    .map_err(|h| (h, "sending end of data -- message may be sent more than once"))?;
                job.request.job.stats.done = self.chat.sys.now();
                if accepted.is_empty() {
                    break;
                }
                let those: Vec<usize> = if job.lmtp { vec![accepted[n]] } else { accepted.clone() };
                if reply.ok() {
                    for at in those {
                        self.delivered(job, at, &reply).await;
                        refused.push(at);
                    }
                } else if job.lmtp {
                    let dsn = self.said(&reply, "end of DATA command");
                    let rcpt = job.left[those[0]].clone();
                    if job.fail_one(&rcpt, dsn, &relay).await {
                        refused.push(those[0]);
                    }
                } else {
                    // Recipients that wait for another server keep waiting; the accepted ones fail together.
                    let waiting: Vec<usize> = (0..job.left.len()).filter(|i| !refused.contains(i) && !accepted.contains(i)).collect();
                    let kept: Vec<_> = waiting.iter().map(|&i| job.left[i].clone()).collect();
                    job.left = accepted.iter().map(|&i| job.left[i].clone()).collect();
                    refused.clear();
                    let dsn = self.said(&reply, "end of DATA command");
                    job.fail_all(dsn, &relay, false).await;
                    job.left.extend(kept);
                    break;
                }
            }
        } else if !self.chat.out.is_empty() {
            if self.chat.pipelining {
                self.chat.say("QUIT");
                quit_last = true;
            }
            let _ = self.chat.reply(timeout("rset")).await;
        }
        if asked {
            refused.extend(accepted);
        }
        if !job.left.is_empty() {
            let mut at = 0;
            job.left.retain(|_| {
                at += 1;
                !refused.contains(&(at - 1))
            });
        }
        self.quit(job, quit_last).await;
        Ok(())
    }
    async fn delivered(&mut self, job: &mut Delivery<'_>, at: usize, reply: &Reply) {
        let rcpt = job.left[at].clone();
        let mut rcpt = rcpt;
        if self.dsn {
            // The server has promised to tell of success itself.
            rcpt.notify &= !notify::SUCCESS;
        }
        let action = if job.lmtp && job.d.cfg.bool("lmtp_assume_final") && !self.dsn { "delivered" } else { "relayed" };
        let dsn = Dsn {
            status: if reply.dsn.starts_with('2') { reply.dsn.clone() } else { "2.0.0".to_string() },
            reason: reply.one_line(),
            action: action.to_string(),
            dtype: "smtp".to_string(),
            dtext: reply.one_line(),
            mtype: "dns".to_string(),
            mname: self.host.clone(),
        };
        let relay = self.relay.clone();
        job.request.report(Outcome::Sent, &rcpt, &relay, &dsn, &job.because).await;
    }
    /// The content with dots doubled, headers through generic maps.
    ///
    /// # Errors
    /// A table of checks failed.
    async fn body(&mut self, job: &Delivery<'_>) -> Result<(), TableError> {
        let limit = job.d.cfg.int(if job.lmtp { "lmtp_line_length_limit" } else { "smtp_line_length_limit" }).max(0) as usize;
        let (mut start, mut column, mut told) = (true, 0usize, false);
        let lines = content(&job.request.file);
        let changed = self.changed(job, &lines, self.downgrades(job)).await?;
        let lines = changed.as_deref().map_or(lines, |new| new.iter().map(|(line, cut)| (line.as_slice(), *cut)).collect());
        for (line, cut) in lines {
            if start {
                column = 0;
                if line.first() == Some(&b'.') {
                    self.chat.out.push(b'.');
                }
            }
            let mut rest = line;
            while limit > 0 && column + rest.len() > limit {
                if !std::mem::replace(&mut told, true) {
                    let id = &job.request.job.id;
                    job.d.log.info(format_args!("{id}: breaking line > {limit} bytes with <CR><LF>SPACE"));
                }
                let (now, later) = rest.split_at(limit - column);
                self.chat.out.extend_from_slice(now);
                self.chat.out.extend_from_slice(b"\r\n ");
                (rest, column) = (later, 1);
            }
            self.chat.out.extend_from_slice(rest);
            column += rest.len();
            start = !cut;
            if !cut {
                self.chat.out.extend_from_slice(b"\r\n");
            }
        }
        if !start {
            self.chat.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }
}
