//! postkick(1): sends request letters to a service. Source: postkick(1).

use super::Getopt;
use crate::config::Config;
use crate::ipc::trigger;
use crate::maillog::Log;
use machine::Sys;

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::console(&sys);
    match run(&sys, &log).await {
        Ok(status) => status,
        Err(text) => log.fatal(&text).await,
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<i32, String> {
    let usage = || format!("usage: {} [-c config_dir] [-v] class service request", sys.name());
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut opts = Getopt::new(sys);
    while let Some((letter, value)) = opts.next("c:v") {
        match letter {
            'c' => dir = value,
            'v' => sys.unsupported("-v"),
            _ => return Err(usage()),
        }
    }
    let [class, service, request] = opts.rest() else { return Err(usage()) };
    let cfg = Config::load(log, &dir, &[]).await?;
    let queue = cfg.str("queue_directory");
    sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    let path = format!("{class}/{service}");
    if let Err(e) = trigger(sys, &path, request.as_bytes()).await {
        if sys.stat(&path).await.is_err() {
            log.warn(format_args!("unable to look up {path}: {e}"));
        }
        log.warn(format_args!("Cannot contact class {class} service {service} - perhaps the mail system is down"));
        return Ok(1);
    }
    Ok(0)
}
