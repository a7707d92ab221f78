//! The transcript of a session, sent to the postmaster when something went wrong that `notify_classes` names.
//! Source: postconf(5) notify_classes, error_notice_recipient; smtpd_chat_notify and line_wrap of Postfix.

use super::session::Session;
use crate::post::{Post, old_from};
use crate::restrictions::check::{Class, printable};

impl Session {
    /// Begins a new page of the transcript; the postmaster gets the old one if there was reason to.
    pub(crate) async fn chat_reset(&mut self, threshold: i64) {
        let lines = self.chat.history.as_ref().map_or(0, Vec::len);
        if i64::try_from(lines).unwrap_or(i64::MAX) <= threshold || lines == 0 {
            return;
        }
        if !self.alone && self.check.errors & self.check.env.notify != 0 {
            self.notify().await;
        }
        self.check.errors = 0;
        self.chat.history = Some(Vec::new());
    }
    /// Sends the transcript to the postmaster.
    async fn notify(&self) {
        let env = &self.check.env;
        let recipient =
            env.cfg.str(if self.check.errors & Class::Bounce as u32 != 0 { "bounce_notice_recipient" } else { "error_notice_recipient" });
        let sender = format!("{}@{}", env.cfg.str("double_bounce_sender"), env.myhostname);
        let Some(mut post) = Post::open(&env.sys, &env.cfg, &sender, &recipient, "notify", 0).await else {
            env.log.warn(format_args!("postmaster notify: Connection refused"));
            return;
        };
        let (from, to) = (format!("MAILER-DAEMON@{}", env.myhostname), env.cfg.str("error_notice_recipient"));
        if old_from(&env.cfg) == Ok(true) {
            post.line(&format!("From: {from} (Mail Delivery System)"));
            post.line(&format!("To: {to} (Postmaster)"));
        } else {
            post.line(&format!("From: Mail Delivery System <{from}>"));
            post.line(&format!("To: Postmaster <{to}>"));
        }
        post.line(&format!("Subject: {} SMTP server: errors from {}", env.cfg.str("mail_name"), self.namaddr()));
        for line in ["", "Transcript of session follows.", ""] {
            post.line(line);
        }
        for line in self.chat.history.iter().flatten() {
            wrap(&mut post, &printable(line, '?', env.utf8));
        }
        post.line("");
        if let Some(reason) = self.reason {
            post.line(&format!("Session aborted, reason: {reason}"));
        }
        post.line("");
        post.line("For other details, see the local mail logfile");
        post.finish().await;
    }
}

/// Adds a line of the transcript, broken at blanks where it is too long; the pieces behind the first are indented.
fn wrap(post: &mut Post, text: &str) {
    let (mut start, mut word, mut indent) = (0, 0, 0);
    loop {
        let space = text[word..].find([' ', '\t']).map_or(text.len(), |i| word + i);
        if word > start && space - start > 78 - indent {
            post.line(&format!(" {:indent$}{}", "", text[start..word].trim_end()));
            word = text.len() - text[word..].trim_start().len();
            start = word;
            indent = 4;
        }
        match text[word..].find([' ', '\t']) {
            Some(i) => word += i + 1,
            None => break,
        }
    }
    post.line(&format!(" {:indent$}{}", "", text[start..].trim_end()));
}
