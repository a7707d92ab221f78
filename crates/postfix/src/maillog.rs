//! The one place that formats a Postfix program's messages: syslog tag (`postfix/smtpd`), the words `warning:`, `fatal:`, and the copy on
//! standard error that tools print. Not here: what is said. Source: postlogd(8), postlog(1), Postfix's logging conventions.

use machine::{Facility, STDERR, Sys, TraceId};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How grave a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
    Fatal,
    Panic,
}

impl Level {
    /// What stands in front of the text.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Level::Info => "",
            Level::Warning => "warning: ",
            Level::Error => "error: ",
            Level::Fatal => "fatal: ",
            Level::Panic => "panic: ",
        }
    }
}

struct Inner {
    sys: Sys,
    name: String,
    tag: RefCell<String>,
    syslog: bool,
    stderr: bool,
    utf8: Cell<bool>,
    internal: Cell<bool>,
    facility: Cell<Facility>,
    about: Cell<TraceId>,
}

/// A Postfix process's voice. Cheap to clone; every clone speaks with the same tag.
#[derive(Clone)]
pub(crate) struct Log(Rc<Inner>);

impl Log {
    fn new(sys: &Sys, tag: String, syslog: bool, stderr: bool) -> Log {
        Log::with_name(sys, sys.name(), tag, syslog, stderr)
    }
    fn with_name(sys: &Sys, name: &str, tag: String, syslog: bool, stderr: bool) -> Log {
        Log(Rc::new(Inner {
            sys: sys.clone(),
            name: name.to_string(),
            tag: RefCell::new(tag),
            syslog,
            stderr,
            utf8: Cell::new(false),
            internal: Cell::new(false),
            facility: Cell::new(Facility::Mail),
            about: Cell::new(TraceId(0)),
        }))
    }
    /// A daemon: syslog only, as `postfix/NAME`.
    pub(crate) fn daemon(sys: &Sys) -> Log {
        Log::new(sys, tag("postfix", sys.name()), true, false)
    }
    /// A tool that also logs (`postmap`, `sendmail`, …): syslog as `postfix/NAME`, standard error as `NAME: `.
    pub(crate) fn tool(sys: &Sys) -> Log {
        Log::new(sys, tag("postfix", sys.name()), true, true)
    }
    /// A tool that calls itself so whatever it was called by.
    pub(crate) fn named(sys: &Sys, name: &str) -> Log {
        Log::with_name(sys, name, tag("postfix", name), true, true)
    }
    /// A tool of several names, each on standard error, one of them in the log.
    pub(crate) fn named_tool(sys: &Sys, logged: &str) -> Log {
        Log::with_name(sys, sys.name(), tag("postfix", logged), true, true)
    }
    /// A tool that only speaks on standard error, under the name that it was called by (`postconf`).
    pub(crate) fn console(sys: &Sys) -> Log {
        Log::with_name(sys, sys.arg(0), String::new(), false, true)
    }
    /// A tool that is silent unless standard error is a terminal (`postfix`).
    pub(crate) fn quiet(sys: &Sys, name: &str, terminal: bool) -> Log {
        Log::with_name(sys, name, tag("postfix", sys.name()), true, terminal)
    }
    /// Whatever `postlog -t` wants to be.
    pub(crate) fn tagged(sys: &Sys, name: &str, terminal: bool) -> Log {
        Log::with_name(sys, name, name.to_string(), true, terminal)
    }
    /// Another voice that goes to the same place.
    pub(crate) fn as_another(&self, tag: &str, terminal: bool) -> Log {
        let log = Log::tagged(self.sys(), tag, terminal);
        log.set_facility(self.0.facility.get());
        log
    }
    /// Speaks with this `syslog_name` from now on: `postfix/submission` makes `postfix/submission/smtpd`.
    pub(crate) fn set_syslog_name(&self, syslog_name: &str) {
        // The name in the log may be another one than that on the terminal.
        let program = self.0.tag.borrow().rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(&self.0.name).to_string();
        *self.0.tag.borrow_mut() = tag(syslog_name, &program);
    }
    /// Where its lines go in the log (`syslog_facility`), if there is such a place.
    pub(crate) fn set_facility(&self, facility: Facility) {
        self.0.facility.set(facility);
    }
    /// Whether letters beyond ASCII stay as they are (`smtputf8_enable`); else each of their bytes becomes `?`.
    pub(crate) fn set_utf8(&self, utf8: bool) {
        self.0.utf8.set(utf8);
    }
    /// Whether addresses are told in their internal form (`info_log_address_format`).
    pub(crate) fn set_internal(&self, internal: bool) {
        self.0.internal.set(internal);
    }
    /// The decision that all lines tell of from here on, or 0.
    pub(crate) fn about(&self, trace: TraceId) {
        self.0.about.set(trace);
    }
    /// An address as log lines have it: unless told otherwise, quoted where SMTP quotes it.
    pub(crate) fn address(&self, addr: &str) -> String {
        if addr.is_empty() || self.0.internal.get() { addr.to_string() } else { crate::address::tok::quote_local(addr) }
    }
    /// The process.
    pub(crate) fn sys(&self) -> &Sys {
        &self.0.sys
    }
    /// The program's name, `smtpd`.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }
    /// The syslog tag, `postfix/smtpd`.
    pub(crate) fn tag(&self) -> String {
        self.0.tag.borrow().clone()
    }
    /// An ordinary line.
    pub(crate) fn info(&self, text: std::fmt::Arguments<'_>) {
        self.say(Level::Info, text, TraceId(0));
    }
    /// An ordinary line that tells of a decision.
    pub(crate) fn info_of(&self, trace: TraceId, text: std::fmt::Arguments<'_>) {
        self.say(Level::Info, text, trace);
    }
    /// A warning.
    pub(crate) fn warn(&self, text: std::fmt::Arguments<'_>) {
        self.say(Level::Warning, text, TraceId(0));
    }
    /// A warning that tells of a decision.
    pub(crate) fn warn_of(&self, trace: TraceId, text: std::fmt::Arguments<'_>) {
        self.say(Level::Warning, text, trace);
    }
    /// An error that does not end the process.
    pub(crate) fn error(&self, text: std::fmt::Arguments<'_>) {
        self.say(Level::Error, text, TraceId(0));
    }
    /// Says that the process must end, waits the second that Postfix waits, and gives the exit status 1: `return log.fatal(..).await`.
    pub(crate) async fn fatal(&self, text: &str) -> i32 {
        self.fatal_status(1, text).await
    }
    /// As [`Log::fatal`] with another exit status (sysexits of sendmail and the queue tools).
    pub(crate) async fn fatal_status(&self, status: i32, text: &str) -> i32 {
        self.say(Level::Fatal, format_args!("{text}"), TraceId(0));
        let _ = self.0.sys.sleep(1_000_000).await;
        status
    }
    /// Says that the process must end, without the second of waiting: for commands that clean up and leave with a status of their own.
    pub(crate) fn last_words(&self, status: i32, text: &str) -> i32 {
        self.say(Level::Fatal, format_args!("{text}"), TraceId(0));
        status
    }
    /// Any message.
    pub(crate) fn say(&self, level: Level, text: std::fmt::Arguments<'_>, trace: TraceId) {
        let sys = &self.0.sys;
        let trace = if trace.0 == 0 { self.0.about.get() } else { trace };
        let prefix = level.prefix();
        let line = printable(&format!("{prefix}{text}"), self.0.utf8.get());
        if self.0.stderr {
            sys.print(STDERR, format_args!("{}: {line}\n", self.0.name));
        }
        if self.0.syslog {
            sys.log(self.0.facility.get(), &self.0.tag.borrow(), line, trace);
        }
    }
}

/// `postfix/smtpd`; the command `postfix` itself is only `postfix`.
fn tag(syslog_name: &str, program: &str) -> String {
    if program == "postfix" { syslog_name.to_string() } else { format!("{syslog_name}/{program}") }
}

/// Control characters become `?`, as in every log line of Postfix; and so does each byte of a letter beyond ASCII unless `utf8`.
fn printable(text: &str, utf8: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{fffd}' => out.push('?'),
            c if c.is_ascii() => out.push(if c < ' ' || c == '\x7f' { '?' } else { c }),
            c if utf8 => out.push(c),
            c => out.extend(std::iter::repeat_n('?', c.len_utf8())),
        }
    }
    out
}
