//! sendmail(1), mailq(1), newaliases(1): the commands of old, which hand their work to Postfix's own. Not here: the message's way into the
//! queue (`submit`). Source: sendmail(1).

use super::Getopt;
use super::submit::{Submission, submit};
use crate::config::Config;
use crate::maillog::Log;
use crate::report::{flag, notify};
use machine::{Spawn, Sys};

/// The exit status of every failure, so that the mailer that called tries again: EX_TEMPFAIL.
const TEMPORARY: i32 = 75;

const OPTIONS: &str = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Enqueue,
    NewAlias,
    Mailq,
    Daemon,
    User,
    Flush,
    Ignore,
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    sys.umask(Some(0o022)).await;
    let log = Log::named_tool(&sys, "sendmail");
    match run(&sys, &log).await {
        Ok(status) => status,
        Err(text) => log.last_words(TEMPORARY, &text),
    }
}

fn stop<T>(text: impl Into<String>) -> Result<T, String> {
    Err(text.into())
}

/// The configuration directory: `-C` before anything else.
fn directory(sys: &Sys) -> String {
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut opts = Getopt::new(sys);
    loop {
        if opts.word() == Some("-q") {
            opts.skip();
            continue;
        }
        match opts.next(OPTIONS) {
            Some(('C', value)) => dir = value.strip_suffix("/main.cf").unwrap_or(&value).to_string(),
            Some(_) => {}
            None => return dir,
        }
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<i32, String> {
    let cfg = Config::load(log, &directory(sys), &[]).await?;
    log.set_syslog_name(&cfg.str("syslog_name"));
    let queue = cfg.str("queue_directory");
    sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    let mut mode = match sys.name() {
        "mailq" => Mode::Mailq,
        "newaliases" => Mode::NewAlias,
        "smtpd" => Mode::Daemon,
        _ => Mode::Enqueue,
    };
    let mut job = Submission { dots_end: true, ..Submission::default() };
    let (mut verbose, mut interval) = (0, false);
    let (mut site, mut id, mut aliases) = (None, None, None);
    let mut opts = Getopt::new(sys);
    loop {
        match opts.word() {
            Some("-q") => {
                if mode == Mode::Daemon {
                    log.warn(format_args!("ignoring -q option in daemon mode"));
                } else {
                    mode = Mode::Flush;
                }
                opts.skip();
                continue;
            }
            Some("-XV") => {
                job.verp = Some(cfg.str("default_verp_delimiters"));
                opts.skip();
                continue;
            }
            _ => {}
        }
        let Some((letter, value)) = opts.next(OPTIONS) else { break };
        let first = value.chars().next().unwrap_or('\0');
        match letter {
            'n' => return stop("-n option not supported"),
            'B' => match value.as_str() {
                "8BITMIME" => job.encoding = Some("8bit"),
                "7BIT" => job.encoding = Some("7bit"),
                _ => return stop("-B option needs 8BITMIME or 7BIT"),
            },
            'F' => job.full_name = Some(value),
            'G' => job.remote = true,
            'I' => mode = Mode::NewAlias,
            'N' => match notify_mask(&value) {
                0 => log.warn(format_args!("bad -N option value -- ignored")),
                mask => job.notify = mask,
            },
            'R' => match value.to_ascii_lowercase().as_str() {
                "full" => job.ret = 1,
                "hdrs" => job.ret = 2,
                _ => log.warn(format_args!("bad -R option value -- ignored")),
            },
            'V' if value.len() > 100 => log.warn(format_args!("too long -V option value -- ignored")),
            'V' if !value.bytes().all(|b| (b' '..0x7f).contains(&b)) => {
                log.warn(format_args!("bad syntax in -V option value -- ignored"));
            }
            'V' => job.envid = Some(value),
            'X' => {
                let delimiters = value.strip_prefix('V').ok_or_else(|| format!("unsupported: -X{first}"))?;
                let filter = cfg.str("verp_delimiter_filter");
                if delimiters.len() != 2 || !delimiters.chars().all(|c| filter.contains(c)) {
                    return stop(format!("-V requires two characters from {filter}"));
                }
                job.verp = Some(delimiters.to_string());
            }
            'b' => match first {
                'd' | 'l' => {
                    if mode == Mode::Flush {
                        log.warn(format_args!("ignoring -q option in daemon mode"));
                    }
                    mode = Mode::Daemon;
                }
                'h' | 'H' => mode = Mode::Ignore,
                'i' => mode = Mode::NewAlias,
                'm' => mode = Mode::Enqueue,
                'p' => mode = Mode::Mailq,
                's' => mode = Mode::User,
                'v' => job.trace |= flag::USR_VRFY,
                _ => return stop(format!("unsupported: -b{first}")),
            },
            'f' | 'r' => job.sender = Some(value),
            'i' => job.dots_end = false,
            'o' => match first {
                'A' if value.len() == 1 => return stop("-oA requires pathname"),
                'A' => aliases = Some(value[1..].to_string()),
                'i' => job.dots_end = false,
                _ => {}
            },
            'q' => match first {
                '0'..='9' => interval = true,
                'R' if value.len() == 1 => return stop("specify: -qRsitename"),
                'R' => site = Some(value[1..].to_string()),
                'I' if value.len() == 1 => return stop("specify: -qIqueueid"),
                'I' => id = Some(value[1..].to_string()),
                _ => return stop(format!("-q{first} is not implemented")),
            },
            't' => job.from_headers = true,
            'v' => verbose += 1,
            '?' => return stop(format!("usage: {} [options]", sys.name())),
            _ => {}
        }
    }
    let enqueue = mode == Mode::Enqueue;
    for (wrong, what) in [
        (job.from_headers && !enqueue, "-t can be used only in delivery mode"),
        (site.is_some() && !enqueue, "-qR can be used only in delivery mode"),
        (id.is_some() && !enqueue, "-qI can be used only in delivery mode"),
        (job.trace != 0 && job.from_headers, "-t option cannot be used with -bv"),
        (job.trace != 0 && job.notify != 0, "-N option cannot be used with -bv"),
        (job.trace != 0 && job.ret != 0, "-R option cannot be used with -bv"),
        (job.trace != 0 && verbose == 1, "-v option cannot be used with -bv"),
    ] {
        if wrong {
            return stop(what);
        }
    }
    if verbose == 1 && enqueue {
        job.trace |= flag::RECORD;
    }
    if interval && mode != Mode::Daemon {
        return Ok(0);
    }
    let commands = cfg.str("command_directory");
    let operands = opts.rest();
    let none = |what: &str| if operands.is_empty() { Ok(()) } else { stop(format!("{what} requires no recipient")) };
    match mode {
        Mode::Ignore => Ok(0),
        Mode::Enqueue if site.is_some() => {
            none("flush site")?;
            become_program(sys, &commands, &["postqueue", "-s", &site.unwrap_or_default()]).await
        }
        Mode::Enqueue if id.is_some() => {
            none("flush queue_id")?;
            become_program(sys, &commands, &["postqueue", "-i", &id.unwrap_or_default()]).await
        }
        Mode::Enqueue => {
            job.recipients = operands.to_vec();
            submit(&cfg, &job).await
        }
        Mode::Mailq => {
            none("display queue mode")?;
            become_program(sys, &commands, &["postqueue", "-p"]).await
        }
        Mode::Flush => {
            none("flush queue mode")?;
            become_program(sys, &commands, &["postqueue", "-f"]).await
        }
        Mode::Daemon => {
            none("daemon mode")?;
            let argv = ["postfix", "start"].map(String::from).to_vec();
            let started = sys.spawn(Spawn { session: true, ..Spawn::exec(format!("{commands}/postfix"), argv) }).await;
            Ok(i32::from(started.is_err()))
        }
        Mode::NewAlias => {
            none("alias initialization mode")?;
            let maps = cfg.list("alias_database");
            let maps = aliases.map_or(maps, |path| vec![path]);
            if maps.is_empty() {
                return Ok(0);
            }
            let mut argv = vec!["postalias", "--"];
            argv.extend(maps.iter().map(String::as_str));
            become_program(sys, &commands, &argv).await
        }
        Mode::User => {
            none("stand-alone mode")?;
            super::may(&cfg, "authorized_submit_users", "submit mail").await?;
            become_program(sys, &cfg.str("daemon_directory"), &["smtpd", "-S"]).await
        }
    }
}

/// Bits of RFC 3461's NOTIFY values; 0 for a mistake.
fn notify_mask(text: &str) -> i64 {
    let mut mask = 0;
    for word in text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|w| !w.is_empty()) {
        let bit = match word.to_ascii_uppercase().as_str() {
            "NEVER" => notify::NEVER,
            "SUCCESS" => notify::SUCCESS,
            "FAILURE" => notify::FAILURE,
            "DELAY" => notify::DELAY,
            _ => return 0,
        };
        mask |= bit;
    }
    // NEVER stands alone.
    if mask & notify::NEVER != 0 && mask != notify::NEVER { 0 } else { mask }
}

/// Becomes another program of Postfix.
async fn become_program(sys: &Sys, dir: &str, argv: &[&str]) -> Result<i32, String> {
    let path = format!("{dir}/{}", argv[0]);
    let args = argv.iter().map(|a| a.to_string()).collect();
    let e = sys.exec(&path, args, sys.environ().to_vec()).await;
    stop(format!("execvp {path}: {e}"))
}
