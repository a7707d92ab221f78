//! Actions of header and body checks. Source: header_checks(5).

use super::{Cleanup, Message, header};
use crate::address::find::looked_up;
use crate::lookup::Hit;
use crate::post::{clean, stat};
use crate::queue::rec;
use crate::report::{is_status, split_status};
use machine::Trace;

impl Cleanup {
    fn log_act(&self, m: &Message, action: &str, context: &str, content: &str, text: &str, hit: &Hit) {
        let origin = m.attr("log_message_origin").unwrap_or("local");
        let short: String = content.chars().take(200).collect();
        let mut line = format!("{}: {action}: {context} {short} from {origin};", m.id);
        if let Some(sender) = &m.sender {
            line.push_str(&format!(" from=<{}>", self.d.log.address(sender)));
        }
        if let Some(recip) = &m.recip {
            line.push_str(&format!(" to=<{}>", self.d.log.address(recip)));
        }
        if let Some(proto) = m.attr("log_protocol_name") {
            line.push_str(&format!(" proto={proto}"));
        }
        if let Some(helo) = m.attr("log_helo_name") {
            line.push_str(&format!(" helo=<{helo}>"));
        }
        if !text.is_empty() {
            line.push_str(&format!(": {text}"));
        }
        let mut trace = Trace::new(self.d.log.tag(), format!("{action}: {context} {short}"));
        trace.queue_id = Some(m.id.clone());
        trace.because.push(looked_up(hit));
        let trace = self.d.sys.trace(trace);
        self.d.log.info_of(trace, format_args!("{line}"));
    }
    /// Does what a check says of a header field or body line. `None`: leave it out; else the text to write.
    pub(super) fn act(&self, m: &mut Message, context: &str, text: &str, hit: &Hit, title: &str) -> Option<String> {
        let (command, rest) = match hit.value.find([' ', '\t']) {
            Some(at) => (&hit.value[..at], hit.value[at..].trim_start()),
            None => (hit.value.as_str(), ""),
        };
        let log = &self.d.log;
        let same = Some(text.to_string());
        match command.to_ascii_uppercase().as_str() {
            "REJECT" => {
                let (_, dsn, words) = stat::detail(stat::CONT);
                m.reason = if rest.is_empty() {
                    format!("{dsn} {words}")
                } else if is_status(split_status("", rest).0) {
                    rest.to_string()
                } else {
                    format!("5.7.1 {rest}")
                };
                if !m.reason.starts_with(['4', '5']) {
                    log.warn(format_args!("bad DSN action in {rest} -- need 4.x.x or 5.x.x"));
                    m.reason.replace_range(..1, "4");
                }
                m.errs |= if m.reason.starts_with('4') { stat::DEFER } else { stat::CONT };
                m.against.push(looked_up(hit));
                m.flags &= !clean::FILTER;
                let reason = m.reason.clone();
                self.log_act(m, "reject", context, text, &reason, hit);
            }
            "WARN" => self.log_act(m, "warning", context, text, rest, hit),
            "INFO" => self.log_act(m, "info", context, text, rest, hit),
            "FILTER" => {
                if rest.is_empty() {
                    log.warn(format_args!("missing FILTER command argument in {title} map"));
                } else if !rest.contains(':') {
                    log.warn(format_args!("bad FILTER command {rest} in {title} -- need transport:destination"));
                } else {
                    m.filter = rest.to_string();
                    self.log_act(m, "filter", context, text, rest, hit);
                }
            }
            "PASS" => {
                self.log_act(m, "pass", context, text, rest, hit);
                m.flags &= !clean::FILTER;
            }
            "DISCARD" => {
                self.log_act(m, "discard", context, text, rest, hit);
                m.flags = (m.flags | clean::DISCARD) & !clean::FILTER;
            }
            "HOLD" => {
                if m.flags & (clean::HOLD | clean::DISCARD) == 0 {
                    self.log_act(m, "hold", context, text, rest, hit);
                    m.flags |= clean::HOLD;
                }
            }
            "PREPEND" => {
                if header::fits(log, "PREPEND", context, rest, title) {
                    self.log_act(m, "prepend", context, text, rest, hit);
                    m.text(rec::NORM, rest.as_bytes());
                }
            }
            "REPLACE" => {
                if header::fits(log, "REPLACE", context, rest, title) {
                    self.log_act(m, "replace", context, text, rest, hit);
                    return Some(rest.to_string());
                }
            }
            "REDIRECT" => {
                if !rest.contains('@') {
                    log.warn(format_args!("bad REDIRECT target \"{rest}\" in {title} map -- need user@domain"));
                } else {
                    m.redirect = rest.to_string();
                    self.log_act(m, "redirect", context, text, rest, hit);
                    m.flags &= !clean::FILTER;
                }
            }
            "BCC" => {
                if !rest.contains('@') {
                    log.warn(format_args!("bad BCC address \"{rest}\" in {title} map -- need user@domain"));
                } else {
                    m.bcc.push(rest.to_string());
                    self.log_act(m, "bcc", context, text, rest, hit);
                }
            }
            "STRIP" => {
                self.log_act(m, "strip", context, text, rest, hit);
                return None;
            }
            "IGNORE" => return None,
            "DUNNO" | "OK" => {}
            _ => log.warn(format_args!("unknown command in {title} map: {}", hit.value)),
        }
        same
    }
}
