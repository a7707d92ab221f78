//! postlog(1): a line of Postfix's kind for the mail log, from the command line or standard input. Source: postlog(1).

use super::Getopt;
use crate::config::Config;
use crate::maillog::{Level, Log};
use machine::{STDERR, STDIN, Sys, TraceId};

const USAGE: &str = "usage: postlog [-c config_dir] [-i] [-p priority] [-t tag] [-v] [text]";

fn level(name: &str) -> Option<Level> {
    Some(match name.to_ascii_lowercase().as_str() {
        "info" => Level::Info,
        "warn" | "warning" => Level::Warning,
        "error" | "err" => Level::Error,
        "fatal" | "crit" => Level::Fatal,
        "panic" => Level::Panic,
        _ => return None,
    })
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let tty = sys.is_tty(STDERR).await;
    let log = Log::quiet(&sys, "postfix/postlog", tty);
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let (mut how, mut tag) = (Level::Info, None);
    let mut opts = Getopt::named(&sys, "postlog");
    while let Some((letter, value)) = opts.next("c:ip:t:v") {
        match letter {
            'c' => dir = value,
            'i' | 'v' => {}
            't' => tag = Some(value),
            'p' => match level(&value) {
                Some(level) => how = level,
                None => return log.fatal(&format!("bad severity: \"{value}\"")).await,
            },
            _ => return log.fatal(USAGE).await,
        }
    }
    let cfg = match Config::load(&log, &dir, &[]).await {
        Ok(cfg) => cfg,
        Err(text) => return log.fatal(&text).await,
    };
    let tag = tag.unwrap_or_else(|| format!("{}/postlog", cfg.str("syslog_name")));
    let log = log.as_another(&tag, tty);
    if opts.rest().is_empty() {
        for line in String::from_utf8_lossy(&sys.read_all(STDIN).await.unwrap_or_default()).lines() {
            log.say(how, format_args!("{line}"), TraceId(0));
        }
    } else {
        log.say(how, format_args!("{}", opts.rest().join(" ")), TraceId(0));
    }
    if matches!(how, Level::Fatal | Level::Panic) {
        let _ = sys.sleep(1_000_000).await;
    }
    0
}
