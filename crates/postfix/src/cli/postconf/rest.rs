//! What of postconf is not showing parameters: changing files, master.cf, lists of types, texts of notices. Not here: the options and
//! which go together (`asked`), how each is done (`edit`, `services`). Source: postconf(1).

use super::{MAPS, Mode, Names, asked, edit, services};
use crate::config::Config;
use crate::maillog::Log;
use machine::{STDOUT, Sys};

pub(super) async fn run(sys: &Sys, log: &Log) -> Result<i32, String> {
    let (mode, names) = asked(sys).await?;
    let words = |text: &str| text.split_whitespace().for_each(|w| sys.print(STDOUT, format_args!("{w}\n")));
    if mode.has('b') || mode.has('t') {
        return templates(sys, log, &mode, &names).await;
    }
    if mode.has('T') {
        sys.unsupported("-T");
    } else if mode.has('m') {
        words(MAPS);
    } else if mode.has('l') {
        words("flock fcntl dotlock");
    } else if mode.has('a') {
        words("cyrus dovecot");
    } else if mode.has('A') {
        words("cyrus");
    } else if !mode.given("eX#").is_empty() {
        if names.is_empty() {
            return Err("missing service argument".to_string());
        }
        if mode.has('p') {
            edit::main_cf(log, &mode, &names).await?;
        } else {
            edit::master_cf(log, &mode, &names).await?;
        }
    } else {
        let entries = services::read(log, &mode.dir, true).await?;
        let mut table = Names::main(log, &mode).await?;
        table.take_services(entries);
        table.scan()?;
        services::show(log, &mode, &table, &names)?;
        table.warn_unused(false);
    }
    Ok(0)
}

/// The texts of notices: bounce(8) is asked, and speaks.
async fn templates(sys: &Sys, log: &Log, mode: &Mode, names: &[String]) -> Result<i32, String> {
    if names.len() > 1 {
        return Err("options -b and -t require at most one template file".to_string());
    }
    let mut overrides = Vec::new();
    let bounce = Log::tagged(sys, "postfix/bounce", true);
    if let Some(name) = names.first() {
        let path = if name.starts_with('/') { name.clone() } else { format!("{}/{name}", sys.getcwd().await.unwrap_or_default()) };
        overrides.push(("bounce_template_file".to_string(), path, None));
    }
    let cfg = Config::load(log, &mode.dir, &overrides).await?;
    match crate::bounce::show_templates(&cfg, &bounce, mode.has('b')).await {
        Ok(text) => sys.put(STDOUT, text.as_bytes()),
        Err(why) => return Ok(bounce.fatal(&why).await),
    }
    Ok(0)
}
