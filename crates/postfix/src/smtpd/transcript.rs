//! When the postmaster is sent the transcript of a session. Not here: the message (`crate::transcript`).
//! Source: postconf(5) notify_classes, error_notice_recipient; smtpd_chat_reset of Postfix.

use super::session::Session;
use crate::restrictions::check::Class;
use crate::transcript::Transcript;

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
        let bounced = self.check.errors & Class::Bounce as u32 != 0;
        let mut closing: Vec<String> = self.reason.map(|reason| format!("Session aborted, reason: {reason}")).into_iter().collect();
        closing.push(String::new());
        Transcript {
            sys: &env.sys,
            cfg: &env.cfg,
            log: &env.log,
            recipient: env.cfg.str(if bounced { "bounce_notice_recipient" } else { "error_notice_recipient" }),
            subject: format!("SMTP server: errors from {}", self.namaddr()),
            opening: None,
            lines: self.chat.history.as_deref().unwrap_or_default(),
            closing: &closing,
        }
        .send()
        .await;
    }
}
