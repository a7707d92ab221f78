//! verify(8): which addresses can be delivered to, as far as probes have shown; a cache in a table, and the sending of probes.
//! Not here: asking (`smtpd`), reporting what became of a probe (`report`). Source: verify(8), ADDRESS_VERIFICATION_README.

use crate::ipc::Attrs;
use crate::lookup::db::{Db, Record};
use crate::post::Post;
use crate::probe::ProbeSender;
use crate::report::flag;
use crate::rewrite_clnt::Resolver;
use crate::server::Daemon;
use crate::why::{note, parameter};
use machine::{Because, Map, Sys};

/// An address can be delivered to; nothing is known yet.
const OK: i64 = 0;
const TODO: i64 = 3;
/// Seconds after which a probe that nobody has reported on is sent again.
const PROBE_TTL: u64 = 1000;
/// The entry that tells when the cache was last cleaned.
const CLEANED: &str = "_LAST_CACHE_CLEANUP_COMPLETED_";
/// What is answered while a probe is on its way.
const IN_PROGRESS: &str = "Address verification in progress";

/// What is known of an address.
#[derive(Clone)]
struct Entry {
    status: i64,
    /// When the last probe that has not been reported on was sent, in seconds; 0: none is on its way.
    probed: u64,
    /// When the status was found.
    updated: u64,
    text: String,
}

impl Entry {
    fn parse(value: &str) -> Option<Entry> {
        let mut f = value.splitn(4, ':');
        let entry = Entry {
            status: f.next()?.parse().ok()?,
            probed: f.next()?.parse().ok()?,
            updated: f.next()?.parse().ok()?,
            text: f.next()?.to_string(),
        };
        (entry.status >= OK && entry.status <= TODO).then_some(entry)
    }
    fn print(&self) -> String {
        format!("{}:{}:{}:{}", self.status, self.probed, self.updated, self.text)
    }
}

struct Verify {
    d: Daemon,
    resolver: Resolver,
    cache: Map<String, String>,
    /// Type and file of the cache; `None`: it is kept in memory only.
    file: Option<(bool, String)>,
    sender: Option<ProbeSender>,
    /// Lifetimes in seconds: [expiry, refresh] of good and of bad addresses.
    good: [u64; 2],
    bad: [u64; 2],
}

impl Verify {
    async fn open(d: Daemon) -> Result<Verify, (Daemon, String)> {
        let seconds = |name: &str| u64::try_from(d.cfg.time(&format!("address_verify_{name}_time"))).unwrap_or(0);
        let (good, bad) =
            ([seconds("positive_expire"), seconds("positive_refresh")], [seconds("negative_expire"), seconds("negative_refresh")]);
        let map = d.cfg.str("address_verify_map");
        let file = match map.split_once(':') {
            None if map.is_empty() => None,
            Some((kind @ ("hash" | "btree"), name)) => Some((kind == "hash", format!("{name}.db"))),
            _ => return Err((d, format!("address_verify_map: {map}: not simulated here"))),
        };
        let mut cache = Map::new();
        if let Some((hash, path)) = &file {
            let bytes = d.sys.read_file(path).await.unwrap_or_default();
            for record in Db::read(bytes).filter(|db| db.is_hash() == *hash).map(|db| db.records()).unwrap_or_default() {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                cache.insert(text(&record.key), text(&record.value));
            }
        }
        let resolver = Resolver::new(&d.sys, &d.log);
        Ok(Verify { resolver, cache, file, sender: None, good, bad, d })
    }
    fn now(&self) -> u64 {
        self.d.sys.now().secs()
    }
    fn entry(&self, address: &str) -> Option<Entry> {
        Entry::parse(self.cache.get(address)?)
    }
    /// The limits for an entry of this status.
    fn times(&self, status: i64) -> [u64; 2] {
        if status == OK { self.good } else { self.bad }
    }
    fn expired(&self, entry: &Entry) -> bool {
        entry.updated.saturating_add(self.times(entry.status)[0]) < self.now()
    }
    async fn put(&mut self, key: &str, value: String) {
        self.cache.insert(key.to_string(), value);
        self.save().await;
    }
    async fn save(&self) {
        let Some((hash, path)) = &self.file else { return };
        let records: Vec<Record> = self
            .cache
            .iter()
            .map(|(key, value)| Record { key: key.as_bytes().to_vec(), value: value.as_bytes().to_vec(), line: 0 })
            .collect();
        if let Err(e) = self.d.sys.write_file(path, &Db::write(*hash, &records, 2), 0o644).await {
            self.d.log.warn(format_args!("open database {path}: {e}"));
        }
    }
    /// When the cache is due to be cleaned, in seconds.
    fn next_cleanup(&self) -> u64 {
        let interval = u64::try_from(self.d.cfg.time("address_verify_cache_cleanup_interval")).unwrap_or(0);
        if interval == 0 {
            return u64::MAX / 2_000_000;
        }
        let last = self.cache.get(CLEANED).and_then(|t| t.parse::<u64>().ok());
        last.map_or(0, |last| last.saturating_add(interval))
    }
    async fn clean(&mut self) {
        let all: Vec<String> = self.cache.iter().map(|(key, _)| key.to_string()).filter(|key| key != CLEANED).collect();
        let (mut kept, mut dropped) = (0, 0);
        for key in all {
            if self.entry(&key).is_some_and(|e| !self.expired(&e)) {
                kept += 1;
            } else {
                dropped += 1;
                self.cache.remove(&key);
            }
        }
        let mut map = self.d.cfg.str("address_verify_map");
        if map.is_empty() {
            map.push_str("internal:verify");
        }
        self.d.log.info(format_args!("cache {map} full cleanup: retained={kept} dropped={dropped} entries"));
        let now = self.now().to_string();
        self.put(CLEANED, now).await;
    }
    /// Says what is known of an address; what is to be done afterwards: send a probe.
    fn query(&self, address: &str) -> (Entry, bool) {
        let entry = self.entry(address).filter(|e| !self.expired(e));
        let entry = entry.unwrap_or(Entry { status: TODO, probed: 0, updated: 0, text: IN_PROGRESS.to_string() });
        let stale = entry.updated.saturating_add(self.times(entry.status)[1]) < self.now();
        let probe = stale && entry.probed.saturating_add(PROBE_TTL) < self.now();
        (entry, probe)
    }
    /// Why the answer is this one: the cache's entry with its age and limits, and whether a probe is sent.
    fn reasons(&self, key: &str, entry: &Entry, probe: bool) -> Vec<Because> {
        let cfg = &self.d.cfg;
        let kept = self.cache.get(key).cloned();
        let mut out = vec![Because::Lookup { table: cfg.str("address_verify_map"), key: key.to_string(), result: kept, place: None }];
        if entry.updated != 0 {
            let age = self.now().saturating_sub(entry.updated);
            let kind = if entry.status == OK { "positive" } else { "negative" };
            out.push(note(format!("found {age} s ago by a probe: {}", entry.text)));
            for what in ["expire", "refresh"] {
                out.push(parameter(cfg, &format!("address_verify_{kind}_{what}_time")));
            }
        }
        if probe {
            out.push(note(format!("a probe for {key} is sent now")));
            out.push(parameter(cfg, "address_verify_sender"));
        } else if entry.probed != 0 {
            out.push(note(format!("a probe was sent {} s ago and has not been reported on", self.now().saturating_sub(entry.probed))));
        }
        out
    }
    async fn sender(&mut self) -> String {
        if self.sender.is_none() {
            self.sender = Some(ProbeSender::new(&self.d.cfg, &mut self.resolver).await);
        }
        let now = self.now();
        self.sender.as_ref().map(|s| s.at(now)).unwrap_or_default()
    }
    async fn probe(&mut self, address: &str, mut entry: Entry) {
        let sender = self.sender().await;
        match Post::open(&self.d.sys, &self.d.cfg, &sender, address, "verify", (flag::MTA_VRFY, 0)).await {
            Some(post) => {
                post.finish().await;
            }
            None => self.d.log.warn(format_args!("probe {address}: cannot reach the cleanup service")),
        }
        if entry.updated != 0 || self.d.cfg.bool("address_verify_negative_cache") {
            entry.probed = self.now();
            self.put(address, entry.print()).await;
        }
    }
    /// What became of a probe. A good result is not replaced by a bad one before it expires.
    async fn update(&mut self, address: &str, status: i64, text: &str) {
        let known = self.entry(address).map(|e| e.status);
        if known == Some(OK) && status != OK {
            return;
        }
        if status != OK && !self.d.cfg.bool("address_verify_negative_cache") {
            return;
        }
        let entry = Entry { status, probed: 0, updated: self.now(), text: text.to_string() };
        self.put(address, entry.print()).await;
    }
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let mut v = match Verify::open(d).await {
        Ok(v) => v,
        Err((d, why)) => return d.log.fatal(&why).await,
    };
    v.d.jail().await;
    // Others may read the cache.
    v.d.sys.umask(Some(0o022)).await;
    if v.file.is_none() {
        v.d.server.limits(1 << 30, 0);
    }
    loop {
        if v.now() >= v.next_cleanup() {
            v.clean().await;
        }
        let until = machine::SimTime::from_secs(v.next_cleanup());
        let Some(event) = v.d.server.request_until(Some(until)).await else { return 0 };
        let Some((at, ask)) = event else { continue };
        let address = ask.get("address");
        match ask.get("request") {
            "query" => {
                let (entry, probe) = v.query(address);
                let because = crate::why::encode(&v.reasons(address, &entry, probe));
                let answer = Attrs::new()
                    .with("because", &because)
                    .with_num("status", 0)
                    .with_num("recipient_status", entry.status)
                    .with("reason", &entry.text);
                v.d.server.answer(at, &answer).await;
                if probe {
                    v.probe(address, entry).await;
                }
            }
            "update" => {
                let status = ask.num("recipient_status");
                let known = (OK..TODO).contains(&status);
                if known {
                    v.update(address, status, ask.get("reason")).await;
                }
                v.d.server.answer(at, &Attrs::new().with_num("status", if known { 0 } else { -1 })).await;
            }
            other => {
                v.d.log.warn(format_args!("unrecognized request: \"{other}\", ignored"));
                v.d.server.answer(at, &Attrs::new().with_num("status", -1)).await;
            }
        }
    }
}
