//! The transcript of a session, sent to the postmaster when something went wrong that `notify_classes` names.
//! Not here: keeping it (`smtpd::chat`, `smtp::chat`). Source: smtpd_chat_notify, smtp_chat_notify and line_wrap of Postfix.

use crate::config::Config;
use crate::maillog::Log;
use crate::post::{Post, old_from};
use crate::restrictions::check::printable;
use machine::Sys;

/// A transcript and who is to read it.
pub(crate) struct Transcript<'a> {
    pub(crate) sys: &'a Sys,
    pub(crate) cfg: &'a Config,
    pub(crate) log: &'a Log,
    /// The address that it goes to.
    pub(crate) recipient: String,
    /// What we were, and to whom: `SMTP server: errors from unknown[192.0.2.1]`.
    pub(crate) subject: String,
    /// What stands above the transcript, if anything.
    pub(crate) opening: Option<String>,
    pub(crate) lines: &'a [String],
    /// What stands below it.
    pub(crate) closing: &'a [String],
}

impl Transcript<'_> {
    /// Sends it.
    pub(crate) async fn send(&self) {
        let (cfg, host) = (self.cfg, self.cfg.str("myhostname"));
        let sender = format!("{}@{host}", cfg.str("double_bounce_sender"));
        let Some(mut post) = Post::open(self.sys, cfg, &sender, &self.recipient, "notify", (0, 0)).await else {
            return self.log.warn(format_args!("postmaster notify: Connection refused"));
        };
        let (from, to) = (format!("MAILER-DAEMON@{host}"), cfg.str("error_notice_recipient"));
        if old_from(cfg) == Ok(true) {
            post.line(&format!("From: {from} (Mail Delivery System)"));
            post.line(&format!("To: {to} (Postmaster)"));
        } else {
            post.line(&format!("From: Mail Delivery System <{from}>"));
            post.line(&format!("To: Postmaster <{to}>"));
        }
        post.line(&format!("Subject: {} {}", cfg.str("mail_name"), self.subject));
        for line in self.opening.iter().flat_map(|line| ["", line]).chain(["", "Transcript of session follows.", ""]) {
            post.line(line);
        }
        let utf8 = cfg.bool("smtputf8_enable");
        for line in self.lines {
            wrap(&mut post, &printable(line, '?', utf8));
        }
        post.line("");
        for line in self.closing {
            post.line(line);
        }
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
