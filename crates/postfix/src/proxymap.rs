//! proxymap(8): looks keys up in tables for processes that cannot or should not open them.
//! Not here: the asking side (`lookup::proxy`). Source: proxymap(8).

use crate::config::{split_braced, unbrace};
use crate::ipc::Attrs;
use crate::lookup::proxy::answer;
use crate::maillog::Log;
use crate::server::Daemon;
use machine::Sys;

/// Adds the tables that may be asked: what stands behind `proxy:` in a list of parameters' values, and in tables that hold tables.
fn approve(log: &Log, parameter: &str, list: &str, found: &mut Vec<String>) {
    let inner = |text: &str| unbrace(text).map_err(|why| log.warn(format_args!("bad {parameter} parameter value: {why}"))).ok();
    for mut item in split_braced(list) {
        if item.starts_with('{') {
            let Some(first) = inner(&item).and_then(|i| split_braced(&i).into_iter().next()) else { continue };
            item = first;
        }
        if let Some(nested) = item.strip_prefix("pipemap:").or(item.strip_prefix("unionmap:")) {
            if let Some(nested) = Some(nested).filter(|n| n.starts_with('{')).and_then(inner) {
                approve(log, parameter, &nested, found);
            }
            continue;
        }
        let Some(mut table) = item.strip_prefix("proxy:") else { continue };
        while let Some(inner) = table.strip_prefix("proxy:") {
            table = inner;
        }
        if table.contains(':') && !found.iter().any(|f| f == table) {
            found.push(table.to_string());
        }
    }
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
    let mut allowed = Vec::new();
    approve(&d.log, list, &d.cfg.str(list), &mut allowed);
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
