//! proxymap(8): looks keys up in tables for processes that cannot or should not open them.
//! Not here: the asking side (`lookup::proxy`). Source: proxymap(8).

use crate::ipc::Attrs;
use crate::lookup::proxy::answer;
use crate::server::Daemon;
use machine::Sys;

/// The tables that may be asked: what stands behind `proxy:` in a list of parameters' values.
fn approved(list: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for item in list {
        let Some(mut table) = item.strip_prefix("proxy:") else { continue };
        while let Some(inner) = table.strip_prefix("proxy:") {
            table = inner;
        }
        if table.contains(':') && !found.iter().any(|f| f == table) {
            found.push(table.to_string());
        }
    }
    found
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    d.watch_tables();
    d.jail().await;
    let writes = d.server.service == d.cfg.str("proxywrite_service_name");
    let (list, access) = if writes { ("proxy_write_maps", "read-write") } else { ("proxy_read_maps", "read-only") };
    let allowed = approved(&d.cfg.list(list));
    while let Some((at, ask)) = d.server.request().await {
        let (what, spec) = (ask.get("request"), ask.get("table"));
        let no = |status| Attrs::new().with_num("status", status);
        let reply = if !allowed.iter().any(|a| a == spec) {
            d.log.warn(format_args!("request for unapproved table: \"{spec}\""));
            d.log.warn(format_args!("to approve this table for {access} access, list proxy:{spec} in main.cf:{list}"));
            no(answer::DENIED)
        } else {
            match (what, d.tables.open_as(spec, ask.get("flags")).await) {
                (_, Err(why)) => return d.log.fatal(&why).await,
                ("open", Ok(table)) => no(answer::OK).with_num("pattern", i64::from(table.is_pattern())),
                ("lookup", Ok(table)) => match table.find(&d.tables, ask.get("key")).await {
                    Ok(Some(hit)) => {
                        let place = hit.place.map(|(file, line)| format!("{line}:{file}")).unwrap_or_default();
                        no(answer::OK).with("value", &hit.value).with("key", &hit.key).with("place", &place)
                    }
                    Ok(None) => no(answer::NO_KEY),
                    Err(_) => no(answer::RETRY),
                },
                (other, Ok(_)) => {
                    d.log.warn(format_args!("unrecognized request: \"{other}\", ignored"));
                    no(answer::BAD)
                }
            }
        };
        d.server.answer(at, &reply).await;
    }
    0
}
