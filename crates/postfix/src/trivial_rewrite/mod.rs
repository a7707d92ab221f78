//! trivial-rewrite(8): standard form of addresses, and where mail for them goes.
//! Not here: the forms (`address::rewrite`), the way of an address (`resolve`). Source: trivial-rewrite(8), ADDRESS_CLASS_README.

mod resolve;

use crate::address::rewrite::{Rules, rewrite};
use crate::ipc::Attrs;
use crate::rewrite_clnt::resolved;
use crate::server::Daemon;
use crate::why;
use machine::{SimTime, Sys};
use resolve::Router;

/// How often, in seconds, the tables are looked at for changes.
const LOOK_SECS: u64 = 10;

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let mut routers = [None, None];
    for (router, prefix) in routers.iter_mut().zip(["", "address_verify_"]) {
        match Router::open(&d, prefix).await {
            Ok(r) => *router = Some(r),
            Err(why) => return d.log.fatal(&why).await,
        }
    }
    let [Some(normal), Some(probes)] = routers else { return 1 };
    d.jail().await;
    normal.look_up_wildcard(&d).await;
    probes.look_up_wildcard(&d).await;
    let cfg = d.cfg.clone();
    let rules = |origin: &'static str, domain: &'static str| Rules {
        swap_bangpath: cfg.bool("swap_bangpath"),
        percent_hack: cfg.bool("allow_percent_hack"),
        append_at_myorigin: cfg.bool("append_at_myorigin"),
        append_dot_mydomain: cfg.bool("append_dot_mydomain"),
        origin: cfg.str(origin),
        domain: cfg.str(domain),
        origin_name: origin,
        domain_name: domain,
    };
    let local = rules("myorigin", "mydomain");
    let remote = rules("remote_header_rewrite_domain", "remote_header_rewrite_domain");
    let mut next_look = sys.now().plus_secs(LOOK_SECS);
    loop {
        let Some(event) = d.server.request_until(Some(next_look)).await else { return 0 };
        if sys.now() >= next_look {
            if let Some(table) = d.tables.changed().await {
                d.log.info(format_args!("table {table} has changed -- restarting"));
                return 0;
            }
            next_look = SimTime(sys.now().0).plus_secs(LOOK_SECS);
        }
        let Some((at, ask)) = event else { continue };
        let answer = match ask.get("request") {
            "rewrite" => {
                let mut because = Vec::new();
                let rules = if ask.get("rule") == "remote" { &remote } else { &local };
                let address = rewrite(rules, ask.get("address"), &mut because);
                why::placed(&cfg, &mut because);
                Attrs::new().with_num("flags", 0).with("address", &address).with("because", &why::encode(&because))
            }
            what => {
                let router = if what == "verify" { &probes } else { &normal };
                let way = router.resolve(&d, &local, ask.get("sender"), ask.get("address")).await;
                let way = match way {
                    Some(way) => way,
                    None => crate::rewrite_clnt::Resolved { flags: resolved::FAIL, ..Default::default() },
                };
                Attrs::new()
                    .with("transport", &way.transport)
                    .with("nexthop", &way.nexthop)
                    .with("recipient", &way.recipient)
                    .with_num("flags", way.flags)
                    .with("because", &why::encode(&way.because))
            }
        };
        d.server.answer(at, &answer).await;
    }
}
