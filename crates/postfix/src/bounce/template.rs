//! Texts of the notices: built-in, or from `bounce_template_file`. Source: bounce(5).

use crate::cleanup::header::name_len;
use crate::config::{Config, Scope, expand, split_nameval};
use crate::maillog::Log;
use std::cell::RefCell;

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
    name: &'static str,
    /// What the file says, until it is needed.
    unread: Option<String>,
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
    fn built_in(cfg: &Config, kind: Kind) -> Template {
        let (subject, copy, middle, help) = match kind {
            Kind::Failure => ("Undelivered Mail Returned to Sender", "Postmaster Copy: Undelivered Mail", FAILURE, HELP),
            Kind::Delay => ("Delayed Mail (still being retried)", "Postmaster Warning: Delayed Mail", DELAY, HELP),
            Kind::Success => ("Successful Mail Delivery Report", "", SUCCESS, ""),
            Kind::Verify => ("Mail Delivery Status Report", "", VERIFY, ""),
        };
        let old = crate::post::old_from(cfg) == Ok(true);
        Template {
            name: NAMES[kind as usize].1,
            unread: None,
            origin: "[built-in]".to_string(),
            charset: "us-ascii".to_string(),
            encoding: "7bit",
            from: if old { "MAILER-DAEMON (Mail Delivery System)" } else { "Mail Delivery System <MAILER-DAEMON>" }.to_string(),
            subject: subject.to_string(),
            postmaster_subject: copy.to_string(),
            text: format!("{HOST}{middle}{help}{SYSTEM}"),
        }
    }
    /// Takes headers and text from what the file says.
    ///
    /// # Errors
    /// What is wrong with it: the built-in template stays.
    fn apply(&mut self, path: &str, own: &str) -> Result<(), String> {
        let kind = self.name;
        let ignored = |what: String| format!("{path}: {what} in {kind} template -- ignoring this template");
        let mut lines = own.split('\n').peekable();
        while let Some(line) = lines.peek() {
            let Some(n) = name_len(line.as_bytes()) else { break };
            let (name, value) = (&line[..n], line[n..].trim_start_matches([':', ' ', '\t']));
            if value.is_empty() || !value.is_ascii() {
                return Err(ignored(format!("{} \"{name}\" header value", if value.is_empty() { "empty" } else { "non-ASCII" })));
            }
            let copy = !self.postmaster_subject.is_empty();
            let field = match name.to_ascii_lowercase().as_str() {
                "charset" => &mut self.charset,
                "from" => &mut self.from,
                "subject" => &mut self.subject,
                "postmaster-subject" if copy => &mut self.postmaster_subject,
                "postmaster-subject" => return Err(ignored(format!("inapplicable \"{name}\" header label"))),
                _ => return Err(ignored(format!("unknown \"{name}\" header label"))),
            };
            *field = value.to_string();
            lines.next();
        }
        while lines.next_if(|line| line.trim().is_empty()).is_some() {}
        if lines.peek().is_none() {
            return Err(ignored("missing message text".to_string()));
        }
        self.text = lines.collect::<Vec<_>>().join("\n");
        if !self.text.is_ascii() {
            if self.charset.eq_ignore_ascii_case("us-ascii") {
                return Err(format!(
                    "{path}: 8-bit message text in {kind} template\n\
                    please specify a charset value other than us-ascii\n\
                    -- ignoring this template for now"
                ));
            }
            self.encoding = "8bit";
        }
        self.origin = path.to_string();
        Ok(())
    }
    /// The template as it would stand in a file.
    fn dump(&self) -> String {
        let copy =
            if self.postmaster_subject.is_empty() { String::new() } else { format!("Postmaster-Subject: {}\n", self.postmaster_subject) };
        let head = format!("Charset: {}\nFrom: {}\nSubject: {}\n{copy}", self.charset, self.from, self.subject);
        format!("{}_template = <<EOF\n{head}\n{}\nEOF\n", self.name, self.text)
    }
    /// The text with its `$names` expanded.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) fn body(&self, cfg: &Config, log: &Log) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        for line in self.text.split('\n') {
            let names = Names { cfg, log, t: self, bad: RefCell::default() };
            let found = expand(line, &names, false);
            if let Some(why) = names.bad.take() {
                return Err(why);
            }
            let wrong = if found.error { "bad $name syntax" } else { "undefined $name" };
            if found.error || found.undefined {
                return Err(format!("{}: {wrong} in {} template: {line}", self.origin, self.name));
            }
            out.push(found.text);
        }
        Ok(out)
    }
}

/// The four templates of a process.
pub(super) struct Templates([Template; 4]);

impl Templates {
    /// The templates that are in force.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(super) async fn read(cfg: &Config, log: &Log) -> Result<Templates, String> {
        let mut all = Templates(NAMES.map(|(kind, _)| Template::built_in(cfg, kind)));
        let file = cfg.str("bounce_template_file");
        if !file.is_empty() {
            let path = if file.starts_with('/') { file } else { format!("{}/{file}", cfg.dir()) };
            let bytes = log.sys().read_file(&path).await.map_err(|e| format!("open {path}: {e}"))?;
            all.take(log, &path, &String::from_utf8_lossy(&bytes))?;
        }
        Ok(all)
    }
    /// Takes the sections of a file: `NAME_template = <<MARK`, lines, `MARK`.
    fn take(&mut self, log: &Log, path: &str, text: &str) -> Result<(), String> {
        // Numbers are those of the lines that follow.
        let mut lines = text.lines().zip(2u32..);
        while let Some((line, number)) = lines.next() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let (name, value) = split_nameval(line).map_err(|why| format!("{path}, line {number}: {why}: \"{line}\""))?;
            let (mut value, mut last) = (value.to_string(), number);
            if let Some(mark) = value.strip_prefix("<<").map(str::trim_start) {
                if !mark.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                    let what = if mark.is_empty() { "missing" } else { "malformed" };
                    return Err(format!("{path}, line {number}: {what} end marker after <<"));
                }
                let (mut own, mut ended) = (Vec::new(), false);
                for (line, number) in lines.by_ref() {
                    last = number;
                    ended = line == mark;
                    if ended {
                        break;
                    }
                    own.push(line);
                }
                if !ended {
                    log.warn(format_args!("{path}, line {last}: missing \"{mark}\" end marker"));
                }
                value = own.join("\n");
            }
            match self.0.iter_mut().find(|t| name.strip_suffix("_template") == Some(t.name)) {
                Some(t) => (t.unread, t.origin) = (Some(value), path.to_string()),
                None => log.warn(format_args!("{path}, line {last}: unknown template name: {name} -- ignoring this template")),
            }
        }
        Ok(())
    }
    /// One of them. What the file says of it is looked at when it is first needed.
    pub(super) fn get(&mut self, cfg: &Config, log: &Log, kind: Kind) -> &Template {
        let t = &mut self.0[kind as usize];
        if let Some(own) = t.unread.take() {
            let path = std::mem::take(&mut t.origin);
            *t = Template::built_in(cfg, kind);
            if let Err(why) = t.apply(&path, &own) {
                why.lines().for_each(|line| log.warn(format_args!("{line}")));
                *t = Template::built_in(cfg, kind);
            }
        }
        t
    }
}

/// All templates in force, for `postconf -t`, or their texts with names expanded, for `postconf -b`.
///
/// # Errors
/// The text of a fatal message.
pub(crate) async fn show(cfg: &Config, log: &Log, expanded: bool) -> Result<String, String> {
    let mut all = Templates::read(cfg, log).await?;
    let mut out = String::new();
    for (kind, name) in NAMES {
        let t = all.get(cfg, log, kind);
        if !out.is_empty() {
            out.push('\n');
        }
        if expanded {
            out += &format!("expanded_{name}_text = <<EOF\n{}\nEOF\n", t.body(cfg, log)?.join("\n"));
        } else {
            out += &t.dump();
        }
    }
    Ok(out)
}

/// What a template can name: parameters, and times with a unit: `delay_warning_time_hours`.
struct Names<'a> {
    cfg: &'a Config,
    log: &'a Log,
    t: &'a Template,
    /// A name that cannot be.
    bad: RefCell<Option<String>>,
}

impl Scope for Names<'_> {
    fn lookup(&self, name: &str) -> Option<String> {
        for time in ["bounce_queue_lifetime", "delay_warning_time", "maximal_queue_lifetime"] {
            let Some(unit) = name.strip_prefix(time).and_then(|u| u.strip_prefix('_')) else { continue };
            const UNITS: [(&str, i64); 5] = [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400), ("weeks", 604_800)];
            let Some(&(_, divisor)) = UNITS.iter().find(|(n, _)| *n == unit) else {
                *self.bad.borrow_mut() = Some(format!("{}: unrecognized suffix \"{unit}\" in parameter \"{name}\"", self.t.origin));
                return None;
            };
            let value = self.cfg.time(time);
            let result = value / divisor;
            let (log, origin, kind) = (self.log, &self.t.origin, self.t.name);
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
        self.cfg.known(name)
    }
}
