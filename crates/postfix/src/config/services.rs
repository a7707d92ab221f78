//! master.cf as master reads it: one service a logical line, eight columns, arguments with `{ }`.
//! Not here: starting the services (`master`), postconf's own, more lenient view (`cli::postconf`). Source: master(5).

use super::parse::{is_space, lines_of, logical_lines_of};
use super::value::{split_where, unbrace};
use super::{Config, Place};
use crate::maillog::Log;
use crate::smtpd::hostname::{valid_hostname, valid_mailhost};

/// One service of master.cf.
#[derive(Clone)]
#[allow(missing_docs)]
pub(crate) struct Service {
    /// First column as written, `smtp`, `127.0.0.1:10025`.
    pub(crate) name: String,
    /// `inet`, `unix`, `fifo`, `pass`, `unix-dgram`.
    pub(crate) kind: String,
    pub(crate) private: bool,
    pub(crate) unprivileged: bool,
    pub(crate) chroot: bool,
    /// Seconds between wake-ups, 0: never.
    pub(crate) wakeup: u32,
    /// `?`: only once the service has been used.
    pub(crate) wakeup_if_used: bool,
    /// Limit of processes, 0: none.
    pub(crate) max_proc: u32,
    /// The program, a name in the daemon directory.
    pub(crate) command: String,
    /// Its arguments, braces removed.
    pub(crate) args: Vec<String>,
    /// The lines of the arguments.
    pub(crate) lines: Vec<u32>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Host and port of an inet service name.
///
/// # Errors
/// Postfix's words for a mistake.
pub(crate) fn host_port(name: &str) -> Result<(String, String), &'static str> {
    let (host, port) = if let Some(rest) = name.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("missing \"]\"")?;
        (host, if rest.is_empty() { rest } else { rest.strip_prefix(':').ok_or("garbage after \"]\"")? })
    } else {
        name.rsplit_once(':').unwrap_or(("", name))
    };
    if port.is_empty() {
        return Err("missing service information");
    }
    if !host.is_empty() && !valid_mailhost(host) && !valid_hostname(host) {
        return Err("valid hostname or network address required");
    }
    if port.starts_with(|c: char| c.is_ascii_digit()) && !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err("garbage after numerical service");
    }
    Ok((host.to_string(), port.to_string()))
}

struct Line<'a> {
    context: String,
    fields: std::vec::IntoIter<String>,
    log: &'a Log,
    old_chroot: bool,
}

impl Line<'_> {
    fn text(&mut self, field: &str, default: Option<&str>) -> Result<String, String> {
        let value = self.fields.next().ok_or_else(|| format!("{}: missing \"{field}\" field", self.context))?;
        if value != "-" {
            return Ok(value);
        }
        let default = default.ok_or_else(|| format!("{}: field \"{field}\" has no default value", self.context))?;
        if self.old_chroot && field == "chroot" {
            self.log.info(format_args!("{}: using backwards-compatible default setting {field}={default}", self.context));
        }
        Ok(default.to_string())
    }
    fn bad<T>(&self, field: &str, value: &str) -> Result<T, String> {
        Err(format!("{}: field \"{field}\": bad value: \"{value}\"", self.context))
    }
    fn flag(&mut self, field: &str, default: &str) -> Result<bool, String> {
        match self.text(field, Some(default))?.as_str() {
            "y" => Ok(true),
            "n" => Ok(false),
            other => self.bad(field, other),
        }
    }
    fn count(&mut self, field: &str, default: &str) -> Result<(u32, bool), String> {
        let value = self.text(field, Some(default))?;
        let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        match value[..end].parse() {
            Ok(n) => Ok((n, value.ends_with('?'))),
            Err(_) => self.bad(field, &value),
        }
    }
}

/// Reads master.cf: the services, and the text of the fatal message if there is a mistake behind them.
pub(crate) async fn load_services(cfg: &Config) -> (Vec<Service>, Result<(), String>) {
    let mut services = Vec::new();
    let done = load_into(cfg, &mut services).await;
    (services, done)
}

async fn load_into(cfg: &Config, services: &mut Vec<Service>) -> Result<(), String> {
    let log = cfg.log();
    let path = format!("{}/master.cf", cfg.dir());
    let bytes = log.sys().read_file(&path).await.map_err(|e| format!("open {path}: {e}"))?;
    let limit = cfg.str("default_process_limit");
    let old_chroot = cfg.level() < super::compat_level("1").unwrap_or(0);
    for line in logical_lines_of(log, &path, &bytes) {
        let fields = split_where(&line.text, is_space);
        let lines: Vec<u32> = lines_of(&line.text, line.first, &line.breaks, &fields).collect();
        let mut fields = Line { context: format!("{path}: line {}", line.first), fields: fields.into_iter(), log, old_chroot };
        let Some(name) = fields.fields.next() else { continue };
        let kind = fields.text("transport type", None)?;
        match kind.as_str() {
            "inet" => {
                host_port(&name).map_err(|why| format!("{}: {why} in \"{name}\"", fields.context))?;
            }
            "unix" | "fifo" | "pass" | "unix-dgram" => {}
            other => return Err(format!("{}: bad transport type: {other}", fields.context)),
        }
        let private = fields.flag("private", "y")?;
        if private && kind == "inet" {
            return Err(format!("{}: inet service cannot be private", fields.context));
        }
        let unprivileged = fields.flag("unprivileged", "y")?;
        let chroot = fields.flag("chroot", if old_chroot { "y" } else { "n" })?;
        let (wakeup, wakeup_if_used) = fields.count("wakeup_time", "0")?;
        let (max_proc, _) = fields.count("max_proc", &limit)?;
        let command = fields.text("command", None)?;
        let mut args = Vec::new();
        for arg in fields.fields {
            args.push(if arg.starts_with('{') { unbrace(&arg).map_err(|why| format!("{}: {why}", fields.context))? } else { arg });
        }
        let lines = lines.get(lines.len() - args.len()..).unwrap_or_default().to_vec();
        services.push(Service {
            name,
            kind,
            private,
            unprivileged,
            chroot,
            wakeup,
            wakeup_if_used,
            max_proc,
            command,
            args,
            lines,
            place: (path.clone(), line.first),
        });
    }
    Ok(())
}
