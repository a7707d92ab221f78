//! Texts of the notices: built-in, or from `bounce_template_file`. Source: bounce(5).

use crate::config::{Config, Scope, expand};

/// What a notice tells.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Kind {
    Failure,
    Delay,
    Success,
    Verify,
}

const NAMES: [(Kind, &str); 4] = [(Kind::Failure, "failure"), (Kind::Delay, "delay"), (Kind::Success, "success"), (Kind::Verify, "verify")];

/// The text of one kind of notice.
pub(super) struct Template {
    kind: &'static str,
    /// Where it comes from, for warnings.
    origin: String,
    pub(super) charset: String,
    pub(super) encoding: &'static str,
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) postmaster_subject: String,
    text: String,
}

const HOST: &str = "This is the mail system at host $myhostname.\n\n";
const HELP: &str = "\nFor further assistance, please send mail to postmaster.\n\n\
    If you do so, please include this problem report. You can\n\
    delete your own text from the attached returned message.\n\n";
const SYSTEM: &str = "                   The mail system";
const FAILURE: &str = "I'm sorry to have to inform you that your message could not\n\
    be delivered to one or more recipients. It's attached below.\n";
const DELAY: &str = "####################################################################\n\
    # THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n\
    ####################################################################\n\n\
    Your message could not be delivered for more than $delay_warning_time_hours hour(s).\n\
    It will be retried until it is $maximal_queue_lifetime_days day(s) old.\n";
const SUCCESS: &str = "Your message was successfully delivered to the destination(s)\n\
    listed below. If the message was delivered to mailbox you will\n\
    receive no further notifications. Otherwise you may still receive\n\
    notifications of mail delivery errors from other systems.\n\n";
const VERIFY: &str = "Enclosed is the mail delivery report that you requested.\n\n";

impl Template {
    fn built_in(kind: Kind) -> Template {
        let (subject, copy, middle, help) = match kind {
            Kind::Failure => ("Undelivered Mail Returned to Sender", "Postmaster Copy: Undelivered Mail", FAILURE, HELP),
            Kind::Delay => ("Delayed Mail (still being retried)", "Postmaster Warning: Delayed Mail", DELAY, HELP),
            Kind::Success => ("Successful Mail Delivery Report", "", SUCCESS, ""),
            Kind::Verify => ("Mail Delivery Status Report", "", VERIFY, ""),
        };
        Template {
            kind: NAMES.iter().find(|(k, _)| *k == kind).map_or("", |(_, n)| n),
            origin: "[built-in]".to_string(),
            charset: "us-ascii".to_string(),
            encoding: "7bit",
            from: "Mail Delivery System <MAILER-DAEMON>".to_string(),
            subject: subject.to_string(),
            postmaster_subject: copy.to_string(),
            text: format!("{HOST}{middle}{help}{SYSTEM}"),
        }
    }
    /// The template in force.
    pub(super) async fn load(cfg: &Config, kind: Kind) -> Template {
        let mut t = Template::built_in(kind);
        if crate::post::old_from(cfg) == Ok(true) {
            t.from = "MAILER-DAEMON (Mail Delivery System)".to_string();
        }
        let file = cfg.str("bounce_template_file");
        if file.is_empty() {
            return t;
        }
        let path = if file.starts_with('/') { file } else { format!("{}/{file}", cfg.dir()) };
        match cfg.log().sys().read_file(&path).await {
            Ok(bytes) => {
                let all = String::from_utf8_lossy(&bytes).into_owned();
                if let Some(own) = section(&all, t.kind) {
                    t.apply(cfg, &path, &own);
                }
            }
            Err(e) => cfg.log().warn(format_args!("open {path}: {e}")),
        }
        t
    }
    /// Takes headers and text from a section of the template file; a mistake leaves the built-in one.
    fn apply(&mut self, cfg: &Config, path: &str, own: &str) {
        let mut t = Template { origin: path.to_string(), text: String::new(), ..Template::built_in(Kind::Failure) };
        (t.kind, t.from, t.subject) = (self.kind, self.from.clone(), self.subject.clone());
        t.postmaster_subject = self.postmaster_subject.clone();
        let mut rest = own;
        let bad = |what: &str, name: &str| {
            cfg.log()
                .warn(format_args!("{path}: {what} \"{name}\" header {} in {} template -- ignoring this template", "label", self.kind));
        };
        while let Some((name, value)) = rest.lines().next().and_then(|l| l.split_once(':')) {
            if name.is_empty() || name.contains([' ', '\t']) {
                break;
            }
            let value = value.trim_start().to_string();
            if value.is_empty() || !value.is_ascii() {
                let what = if value.is_empty() { "empty" } else { "non-ASCII" };
                let kind = self.kind;
                return cfg.log().warn(format_args!("{path}: {what} \"{name}\" header value in {kind} template -- ignoring this template"));
            }
            if name.eq_ignore_ascii_case("charset") {
                t.charset = value;
            } else if name.eq_ignore_ascii_case("from") {
                t.from = value;
            } else if name.eq_ignore_ascii_case("subject") {
                t.subject = value;
            } else if name.eq_ignore_ascii_case("postmaster-subject") {
                if t.postmaster_subject.is_empty() {
                    return bad("inapplicable", name);
                }
                t.postmaster_subject = value;
            } else {
                return bad("unknown", name);
            }
            rest = rest.split_once('\n').map_or("", |(_, r)| r);
        }
        t.text = rest.trim_start_matches(['\n', ' ', '\t']).trim_end_matches('\n').to_string();
        if t.text.is_empty() {
            cfg.log().warn(format_args!("{path}: missing message text in {} template -- ignoring this template", self.kind));
            return;
        }
        if !t.text.is_ascii() {
            if t.charset.eq_ignore_ascii_case("us-ascii") {
                cfg.log().warn(format_args!("{path}: 8-bit message text in {} template", self.kind));
                cfg.log().warn(format_args!("please specify a charset value other than us-ascii"));
                cfg.log().warn(format_args!("-- ignoring this template for now"));
                return;
            }
            t.encoding = "8bit";
        }
        *self = t;
    }
    /// The template as it would stand in a file.
    fn dump(&self) -> String {
        let copy =
            if self.postmaster_subject.is_empty() { String::new() } else { format!("Postmaster-Subject: {}\n", self.postmaster_subject) };
        let head = format!("Charset: {}\nFrom: {}\nSubject: {}\n{copy}", self.charset, self.from, self.subject);
        format!("{}_template = <<EOF\n{head}\n{}\nEOF\n", self.kind, self.text)
    }
    /// The text with its `$names` expanded.
    pub(super) fn body(&self, cfg: &Config) -> Vec<String> {
        let names = Names { cfg, t: self };
        self.text.lines().map(|line| expand(line, &names, false).text).collect()
    }
}

/// All templates in force, for `postconf -t`, or their texts with names expanded, for `postconf -b`.
pub(crate) async fn show(cfg: &Config, expanded: bool) -> String {
    let mut out = String::new();
    for (kind, name) in NAMES {
        let t = Template::load(cfg, kind).await;
        if !out.is_empty() {
            out.push('\n');
        }
        if expanded {
            out += &format!("expanded_{name}_text = <<EOF\n{}\nEOF\n", t.body(cfg).join("\n"));
        } else {
            out += &t.dump();
        }
    }
    out
}

/// The lines between `NAME_template = <<MARK` and `MARK`.
fn section(all: &str, kind: &str) -> Option<String> {
    let mut lines = all.lines();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once('=') else { continue };
        if name.trim() != format!("{kind}_template") {
            continue;
        }
        let mark = value.trim().strip_prefix("<<")?.trim();
        let body: Vec<&str> = lines.by_ref().take_while(|l| l.trim_end() != mark).collect();
        return Some(body.join("\n"));
    }
    None
}

/// What a template can name: host names, and times with a unit: `delay_warning_time_hours`.
struct Names<'a> {
    cfg: &'a Config,
    t: &'a Template,
}

impl Scope for Names<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        for time in ["bounce_queue_lifetime", "delay_warning_time", "maximal_queue_lifetime"] {
            let Some(unit) = name.strip_prefix(time).and_then(|u| u.strip_prefix('_')) else { continue };
            const UNITS: [(&str, i64); 5] = [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400), ("weeks", 604_800)];
            let divisor = UNITS.iter().find(|(n, _)| *n == unit)?.1;
            let value = self.cfg.time(time);
            let result = value / divisor;
            let (log, origin, kind) = (self.cfg.log(), &self.t.origin, self.t.kind);
            let advice = if result > 999 && divisor < 86400 {
                log.warn(format_args!("{origin}: excessive result \"{result}\" in {kind} template conversion of parameter \"{name}\""));
                "increase"
            } else if result == 0 && value != 0 && divisor > 1 {
                log.warn(format_args!("{origin}: zero result in {kind} template conversion of parameter \"{name}\""));
                "reduce"
            } else {
                return Some(result.to_string());
            };
            log.warn(format_args!("please {advice} time unit \"{unit}\" of \"{name}\" in {kind} template"));
            log.warn(format_args!("for instructions see the bounce(5) manual"));
            return Some(result.to_string());
        }
        matches!(name, "myhostname" | "mydomain").then(|| self.cfg.str(name))
    }
}
