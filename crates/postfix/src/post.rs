//! Mail that Postfix sends itself: an open message to the cleanup service, line by line; dates as mail headers write them.
//! Not here: what the notices say (`bounce`, smtpd). Source: post_mail(3), mail_date(3).

use crate::config::Config;
use crate::ipc::{Attrs, Conn, put_record};
use crate::queue::rec;
use machine::{DateTime, SimTime, Sys};

/// Whether `header_from_format` asks for the old form of From: lines.
///
/// # Errors
/// The text of a fatal message.
pub(crate) fn old_from(cfg: &Config) -> Result<bool, String> {
    let value = cfg.str("header_from_format");
    match value.to_ascii_lowercase().as_str() {
        "standard" => Ok(false),
        "obsolete" => Ok(true),
        _ => Err(format!("invalid setting: \"header_from_format = {value}\"")),
    }
}

/// Cleanup's options, sent by its clients.
pub(crate) mod clean {
    /// Bounce what cannot be accepted.
    pub(crate) const BOUNCE: i64 = 1;
    /// Header and body checks.
    pub(crate) const FILTER: i64 = 1 << 1;
    /// To the hold queue.
    pub(crate) const HOLD: i64 = 1 << 2;
    /// Accept and throw away.
    pub(crate) const DISCARD: i64 = 1 << 3;
    /// Automatic BCC recipients.
    pub(crate) const BCC_OK: i64 = 1 << 4;
    /// Address mapping.
    pub(crate) const MAP_OK: i64 = 1 << 5;
    /// The client has asked for SMTPUTF8.
    pub(crate) const SMTPUTF8: i64 = 1 << 8;
    /// It is asked for wherever something needs it.
    pub(crate) const AUTOUTF8: i64 = 1 << 9;
    /// Everything for mail from outside.
    pub(crate) const EXTERNAL: i64 = FILTER | BCC_OK | MAP_OK;
    /// Everything for mail of our own.
    pub(crate) const INTERNAL: i64 = MAP_OK;
}

/// What of a message asks for SMTPUTF8, and what needs it: in the queue file and in requests.
pub(crate) mod utf8 {
    pub(crate) const REQUESTED: i64 = 1;
    pub(crate) const HEADER: i64 = 1 << 1;
    pub(crate) const SENDER: i64 = 1 << 2;
    pub(crate) const RECIPIENT: i64 = 1 << 3;
}

/// Cleanup's answers.
pub(crate) mod stat {
    pub(crate) const BAD: i64 = 1;
    pub(crate) const WRITE: i64 = 1 << 1;
    pub(crate) const SIZE: i64 = 1 << 2;
    pub(crate) const CONT: i64 = 1 << 3;
    pub(crate) const HOPS: i64 = 1 << 4;
    pub(crate) const RCPT: i64 = 1 << 6;
    pub(crate) const PROXY: i64 = 1 << 7;
    pub(crate) const DEFER: i64 = 1 << 8;
    pub(crate) const NOPERM: i64 = 1 << 9;

    /// What a status means: SMTP reply code, enhanced status code, text.
    pub(crate) fn detail(status: i64) -> (u16, &'static str, &'static str) {
        const TABLE: [(i64, u16, &str, &str); 8] = [
            (DEFER, 451, "4.7.1", "service unavailable"),
            (PROXY, 451, "4.3.0", "queue file write error"),
            (BAD, 451, "4.3.0", "internal protocol error"),
            (RCPT, 550, "5.1.0", "no recipients specified"),
            (HOPS, 554, "5.4.0", "too many hops"),
            (SIZE, 552, "5.3.4", "message file too big"),
            (CONT, 550, "5.7.1", "message content rejected"),
            (WRITE, 451, "4.3.0", "queue file write error"),
        ];
        TABLE.iter().find(|(bit, ..)| status & bit != 0).map_or((250, "2.0.0", "Success"), |&(_, code, dsn, text)| (code, dsn, text))
    }
}

/// The name of the time zone with this offset, in minutes, as `date` prints it.
pub(crate) fn zone_name(offset: i32) -> String {
    match offset {
        0 => "UTC".to_string(),
        480 => "CST".to_string(),
        _ => format!("{}{:02}", if offset < 0 { '-' } else { '+' }, offset.abs() / 60),
    }
}

/// `Tue, 24 Nov 2026 11:46:52 +0800 (CST)`
pub(crate) fn mail_date(sys: &Sys, at: SimTime) -> String {
    let offset = sys.utc_offset();
    let t = DateTime::new(at, offset);
    format!(
        "{}, {:2} {} {} {:02}:{:02}:{:02} {}{:02}{:02} ({})",
        t.day_name(),
        t.day,
        t.month_name(),
        t.year,
        t.hour,
        t.minute,
        t.second,
        if offset < 0 { '-' } else { '+' },
        offset.abs() / 60,
        offset.abs() % 60,
        zone_name(offset)
    )
}

/// Cleanup's option for mail of this class: whether SMTPUTF8 is asked for wherever something needs it.
///
/// # Errors
/// The text of a fatal message.
pub(crate) fn autodetect(cfg: &Config, class: &str) -> Result<i64, String> {
    const NAME: &str = "smtputf8_autodetect_classes";
    const CLASSES: [&str; 8] = ["sendmail", "smtpd", "qmqpd", "forward", "bounce", "notify", "verify", "all"];
    let value = cfg.str(NAME);
    let mut found = 0;
    for one in crate::config::split(&value) {
        if !CLASSES.contains(&one.as_str()) {
            return Err(format!("unknown {NAME} value \"{one}\" in \"{value}\""));
        }
        if one == class || one == "all" {
            found = clean::AUTOUTF8;
        }
    }
    Ok(found)
}

/// A message on its way to cleanup.
pub(crate) struct Post {
    conn: Conn,
    out: Vec<u8>,
    /// Its queue id.
    pub(crate) id: String,
}

impl Post {
    /// Opens a message with the usual headers on top. `class` is `bounce`, `notify` or `verify`, for `internal_mail_filter_classes`
    /// and `smtputf8_autodetect_classes`; then the flags of its delivery, and what asks for SMTPUTF8.
    pub(crate) async fn open(sys: &Sys, cfg: &Config, sender: &str, rcpt: &str, class: &str, (trace, utf8): (i64, i64)) -> Option<Post> {
        let mut conn = Conn::connect(sys, "public/cleanup").await.ok()?;
        let id = conn.recv().await?.get("queue_id").to_string();
        let mut flags = clean::INTERNAL | autodetect(cfg, class).unwrap_or(0);
        if utf8 & utf8::REQUESTED != 0 {
            flags |= clean::SMTPUTF8;
        }
        if cfg.list("internal_mail_filter_classes").iter().any(|c| c == class) {
            flags |= clean::FILTER;
        }
        conn.send(&Attrs::new().with_num("flags", flags)).await.ok()?;
        let now = sys.now();
        let mut post = Post { conn, out: Vec::new(), id };
        post.record(rec::TIME, &format!("{} {}", now.secs(), now.0 % 1_000_000));
        post.record(rec::ATTR, "log_message_origin=local");
        post.record(rec::ATTR, &format!("trace_flags={trace}"));
        post.record(rec::FROM, sender);
        post.record(rec::RCPT, rcpt);
        post.record(rec::MESG, "");
        let date = mail_date(sys, now);
        post.line(&format!("Received: by {} ({})", cfg.str("myhostname"), cfg.str("mail_name")));
        let id = format!("\tid {}; {date}", post.id);
        post.line(&id);
        post.line(&format!("Date: {date}"));
        Some(post)
    }
    fn record(&mut self, kind: u8, text: &str) {
        put_record(&mut self.out, kind, text.as_bytes());
    }
    /// One line of header or body.
    pub(crate) fn line(&mut self, text: &str) {
        self.record(rec::NORM, text);
    }
    /// A piece of a line as it is; `cut`: the next piece goes on with it.
    pub(crate) fn piece(&mut self, bytes: &[u8], cut: bool) {
        put_record(&mut self.out, if cut { rec::CONT } else { rec::NORM }, bytes);
    }
    /// Ends the message. True: cleanup has accepted it.
    pub(crate) async fn finish(mut self) -> bool {
        self.record(rec::XTRA, "");
        self.record(rec::END, "");
        let sent = self.conn.write(&self.out).await.is_ok();
        let answer = if sent { self.conn.recv().await } else { None };
        self.conn.close().await;
        matches!(answer, Some(a) if a.num("status") == 0)
    }
    /// Thinks better of it: cleanup sees the beginning.
    pub(crate) async fn cancel(mut self) {
        let _ = self.conn.write(&self.out).await;
        self.conn.close().await;
    }
}
