//! A scenario's machine: the two ends of a cable as the recorder lays it, users, configuration, stub mail servers, names; and the wait for
//! quiet between steps. Not here: the steps. Source: the recorder, whose bounds and texts are repeated here.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use world::machine::{Event, HostSpec, LogLine, SimTime};
use world::stage::Stage;

const SERVER: &str = "192.168.1.103";
const CLIENT: &str = "192.168.1.100";
/// 24 November 2026, 11:23:40 in Shanghai, as in the recordings: sizes of queue files hang on the two digits of the day.
const START: u64 = 1_795_490_620;

const MAIN_MODERN: &str = include_str!("../base/modern.main.cf");

/// A running scenario.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    /// The server's number, the client's, and that of the host of the stub mail servers.
    pub(crate) mail: usize,
    pub(crate) client: usize,
    pub(crate) far: usize,
    /// Mail log since the servers started.
    pub(crate) log: Vec<LogLine>,
    pub(crate) startup_log: Vec<LogLine>,
    last_log: SimTime,
    /// What terminals have shown and nobody has fetched yet.
    pub(crate) shown: BTreeMap<u32, Vec<u8>>,
    /// Command of a `live` step that goes on, with its terminal and what it showed.
    pub(crate) live: Option<(u32, Vec<u8>)>,
}

/// The strings of a JSON array.
pub(crate) fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn string<'a>(map: &'a Value, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

/// The addresses and names of the clients of SMTP steps.
fn clients(scenario: &Map<String, Value>) -> Vec<(String, String)> {
    let steps = scenario.get("steps").and_then(Value::as_array).into_iter().flatten();
    let session = |step: &Value| ["smtp", "pop3", "imap"].iter().find_map(|k| step.get(*k)).cloned();
    steps
        .filter_map(session)
        .map(|s| {
            let client = s.get("client").cloned().unwrap_or_default();
            (string(&client, "addr").unwrap_or(CLIENT).into(), string(&client, "name").unwrap_or("unknown").into())
        })
        .collect()
}

impl Scene {
    /// Sets everything up and starts the servers.
    pub(crate) fn new(scenario: &Map<String, Value>) -> Result<Scene, String> {
        let seed = 1;
        let mut stage = Stage::new(SimTime::from_secs(START), seed);
        let name = scenario.get("host").and_then(Value::as_str).unwrap_or("station78");
        let remotes: Vec<&Value> = scenario.get("remotes").and_then(Value::as_array).into_iter().flatten().collect();
        let ip = |a: &str| a.parse::<Ipv4Addr>().map_err(|_| format!("{a}: not an address"));

        let host = |label: &str, addrs: Vec<(Ipv4Addr, u8)>, shares_disk| HostSpec {
            label: label.into(),
            name: name.into(),
            addrs,
            shares_disk,
            offset: 480,
        };
        let mail = stage.host(host("mail", vec![(ip(SERVER)?, 24)], None));
        let mut wan = vec![CLIENT.to_string()];
        let far_addrs: Vec<&str> = remotes.iter().filter_map(|r| string(r, "addr")).collect();
        for addr in clients(scenario).into_iter().map(|(a, _)| a).chain(strings(scenario.get("addrs")).map(String::from)) {
            if !addr.starts_with("127.") && addr != SERVER && !wan.contains(&addr) && !far_addrs.contains(&addr.as_str()) {
                wan.push(addr);
            }
        }
        wan.sort_by_key(|a| a != CLIENT);
        let wan = wan.iter().map(|a| Ok((ip(a)?, 32))).collect::<Result<Vec<_>, String>>()?;
        let client = stage.host(host("client", wan, Some(mail)));
        let far_addrs = far_addrs.iter().map(|a| Ok((ip(a)?, 32))).collect::<Result<Vec<_>, String>>()?;
        let far = stage.host(host("far", far_addrs, None));

        stage.file(
            mail,
            "/etc/hosts",
            format!("127.0.0.1 localhost localhost.localdomain\n{SERVER} mail.linuxidc.com mail {name}\n").as_bytes(),
        );
        stage.debian(mail);
        let mut scene = Scene {
            stage,
            mail,
            client,
            far,
            log: Vec::new(),
            startup_log: Vec::new(),
            last_log: SimTime::default(),
            shown: BTreeMap::new(),
            live: None,
        };
        scene.names(scenario, &remotes);
        scene.users(scenario)?;
        for (n, remote) in remotes.iter().enumerate() {
            if remote.get("refuse").and_then(Value::as_bool) != Some(true) {
                scene.stage.mail_server(far, &n.to_string(), &script(remote));
            }
        }
        scene.configure(scenario);
        scene.start(scenario);
        Ok(scene)
    }

    /// The zone of both ends.
    fn names(&mut self, scenario: &Map<String, Value>, remotes: &[&Value]) {
        let mut zone: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, rest: String| {
            let row = (name.to_ascii_lowercase(), rest);
            if !zone.contains(&row) {
                zone.push(row);
            }
        };
        let reverse = |addr: &str| addr.split('.').rev().collect::<Vec<_>>().join(".") + ".in-addr.arpa";
        add("mail.linuxidc.com", format!("A {SERVER}"));
        add("linuxidc.com", "MX 10 mail.linuxidc.com".into());
        add(&reverse(SERVER), "PTR mail.linuxidc.com".into());
        for remote in remotes {
            let (Some(domain), Some(mx), Some(addr)) = (string(remote, "domain"), string(remote, "mx"), string(remote, "addr")) else {
                continue;
            };
            add(domain, format!("MX {} {mx}", remote.get("pref").and_then(Value::as_i64).unwrap_or(10)));
            add(mx, format!("A {addr}"));
            add(&reverse(addr), format!("PTR {mx}"));
        }
        for (addr, name) in clients(scenario) {
            if name != "unknown" && name != "localhost" && addr != SERVER {
                add(&reverse(&addr), format!("PTR {name}"));
                add(&name, format!("A {addr}"));
            }
        }
        for (name, records) in scenario.get("dns").and_then(Value::as_object).into_iter().flatten() {
            let name = name.to_ascii_lowercase();
            zone.retain(|(n, _)| *n != name);
            for (kind, values) in records.as_object().into_iter().flatten() {
                if kind == "rcode" {
                    zone.push((name.clone(), format!("RCODE {}", values.as_str().unwrap_or("SERVFAIL"))));
                }
                for value in values.as_array().into_iter().flatten() {
                    let value = match value {
                        Value::Array(mx) => {
                            format!("{} {}", mx.first().unwrap_or(&Value::Null), mx.get(1).and_then(Value::as_str).unwrap_or(""))
                        }
                        other => other.as_str().unwrap_or_default().to_string(),
                    };
                    zone.push((name.clone(), format!("{kind} {value}")));
                }
            }
        }
        let zone: String = zone.iter().map(|(name, rest)| format!("{name} {rest}\n")).collect();
        self.stage.name_server(self.mail, &zone, false);
        self.stage.name_server(self.client, &zone, false);
    }

    fn users(&mut self, scenario: &Map<String, Value>) -> Result<(), String> {
        let default = json!([{"name": "redhat", "password": "redhat"}, {"name": "student", "password": "student"}]);
        let users = scenario.get("users").unwrap_or(&default);
        for (i, user) in users.as_array().into_iter().flatten().enumerate() {
            let (Some(name), Some(password)) = (string(user, "name"), string(user, "password")) else {
                return Err("a user needs a name and a password".into());
            };
            let hash = world::stage::crypt(password.as_bytes(), "$6$oracle$").unwrap_or_default();
            self.stage.user(self.mail, name, 500 + i as u32, string(user, "gecos").unwrap_or(""), &hash);
        }
        Ok(())
    }

    fn configure(&mut self, scenario: &Map<String, Value>) {
        let mail = self.mail;
        if scenario.get("base").and_then(Value::as_str) == Some("modern") {
            self.stage.file(mail, "/etc/postfix/main.cf", MAIN_MODERN.as_bytes());
        }
        self.stage.run(mail, "newaliases");
        // It was run long before the servers started.
        self.stage.age(mail, "/etc/aliases", 10);
        self.stage.age(mail, "/etc/aliases.db", 10);
        if let Some(over) = scenario.get("main_cf").and_then(Value::as_object) {
            let base = self.stage.read(mail, "/etc/postfix/main.cf").unwrap_or_default();
            let text = overlay(&String::from_utf8_lossy(&base), over);
            self.stage.file(mail, "/etc/postfix/main.cf", text.as_bytes());
        }
        for (path, text) in scenario.get("files").and_then(Value::as_object).into_iter().flatten() {
            self.stage.file(mail, path, text.as_str().unwrap_or_default().as_bytes());
        }
        self.stage.age(mail, "/etc/postfix/main.cf", 10);
    }

    fn start(&mut self, scenario: &Map<String, Value>) {
        let mail = self.mail;
        let wanted = |key: &str| scenario.get(key).and_then(Value::as_bool).unwrap_or(true);
        for command in strings(scenario.get("prepare")) {
            self.stage.run(mail, command);
        }
        if wanted("saslauthd") {
            self.stage.run(mail, "/usr/sbin/saslauthd -a shadow -c -n 1 -m /run/saslauthd </dev/null >/dev/null 2>&1");
        }
        if wanted("postfix") {
            self.stage.run(mail, "postfix start </dev/null >/dev/null 2>&1");
        }
        self.settle(150);
        self.startup_log = std::mem::take(&mut self.log);
        self.stage.file(mail, "/var/log/maillog", b"");
    }

    /// Fetches what the kernel tells.
    pub(crate) fn drain(&mut self) {
        while let Some(event) = self.stage.kernel.poll() {
            match event {
                Event::Tty { tty, bytes, .. } => self.shown.entry(tty).or_default().extend(bytes),
                Event::Log(line) if line.file == "/var/log/maillog" => {
                    self.last_log = line.at;
                    self.log.push(line);
                }
                _ => {}
            }
        }
    }
    /// Lets so many milliseconds pass.
    pub(crate) fn pass(&mut self, millis: u64) {
        let to = self.stage.kernel.now().plus_millis(millis);
        self.stage.kernel.advance(to);
        self.drain();
    }
    pub(crate) fn now(&self) -> SimTime {
        self.stage.kernel.now()
    }

    fn busy(&self) -> bool {
        let Some(disk) = self.stage.kernel.disk(self.mail) else { return false };
        let mail = |queue: &str| {
            let dir = format!("/var/spool/postfix/{queue}");
            let files = disk.list_path(&dir).unwrap_or_default();
            files.iter().any(|e| disk.stat_path(&format!("{dir}/{}", e.name)).is_ok_and(|s| !s.is_dir() && s.mode & 0o100 != 0))
        };
        let processes = self.stage.kernel.processes(self.mail);
        ["maildrop", "incoming", "active"].into_iter().any(mail)
            || processes.iter().any(|p| {
                p.state != 'Z'
                    && matches!(p.argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)), "sendmail" | "postdrop" | "mail")
            })
    }
    /// Waits until the queue is idle and the log has been quiet for so many milliseconds, for six seconds at most.
    pub(crate) fn settle(&mut self, quiet: u64) {
        let start = self.now();
        let end = start.plus_secs(6);
        self.drain();
        while self.now() < end {
            if self.now().since(self.last_log.max(start)) > quiet * 1000 && !self.busy() {
                return;
            }
            self.pass(20);
        }
    }

    pub(crate) fn mailboxes(&self) -> Map<String, Value> {
        let Some(disk) = self.stage.kernel.disk(self.mail) else { return Map::new() };
        let mut names: Vec<String> = disk.list_path("/var/mail").unwrap_or_default().into_iter().map(|e| e.name).collect();
        names.sort();
        let read = |name: String| {
            let text = disk.read(&format!("/var/mail/{name}")).ok().map(crate::replay::file_text)?;
            (!name.ends_with(".lock")).then(|| (name, text.into()))
        };
        names.into_iter().filter_map(read).collect()
    }

    /// What the stub mail servers were told.
    pub(crate) fn remotes(&self, scenario: &Map<String, Value>) -> Vec<Value> {
        let remotes = scenario.get("remotes").and_then(Value::as_array).into_iter().flatten();
        let mut all = Vec::new();
        for (at, remote) in remotes.enumerate() {
            let domain = string(remote, "domain").unwrap_or("");
            let mut sessions = Vec::new();
            for n in 0.. {
                let Some(bytes) = self.stage.read(self.far, &format!("/srv/{at}/{n}")) else { break };
                let (mut commands, mut data): (Vec<Value>, Vec<Vec<Value>>) = (Vec::new(), Vec::new());
                for line in crate::replay::text(&bytes).lines() {
                    match line.split_at_checked(2) {
                        Some(("C ", command)) => commands.push(command.into()),
                        Some(("T ", text)) => data.last_mut().into_iter().for_each(|d| d.push(text.into())),
                        _ if line == "M" => data.push(Vec::new()),
                        _ => {}
                    }
                }
                sessions.push(json!({"commands": commands, "data": data}));
            }
            all.push(json!({"domain": domain, "sessions": sessions}));
        }
        all
    }
}

/// A stub's script in the words of `mx`.
fn script(remote: &Value) -> String {
    let mut out = format!("addr {}\nname {}\n", string(remote, "addr").unwrap_or(""), string(remote, "mx").unwrap_or(""));
    let mut reply = |key: &str, value: &Value| {
        let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for text in all.iter().filter_map(Value::as_str) {
            out += &format!("{key} {}\n", text.replace('\n', "\\n"));
        }
    };
    for key in ["banner", "mail", "data", "end", "default"] {
        if let Some(value) = remote.get(key) {
            reply(key, value);
        }
    }
    for (address, value) in remote.get("recipients").and_then(Value::as_object).into_iter().flatten() {
        reply(&format!("rcpt {address}"), value);
    }
    if let Some(words) = remote.get("ehlo").and_then(Value::as_array) {
        if words.is_empty() {
            out += "ehlo\n";
        }
        for word in words.iter().filter_map(Value::as_str) {
            out += &format!("ehlo {word}\n");
        }
    }
    out
}

/// main.cf with lines replaced or added (`null` removes), as the recorder writes it.
fn overlay(text: &str, over: &Map<String, Value>) -> String {
    let mut lines: Vec<String> = text.trim_end_matches('\n').split('\n').map(String::from).collect();
    for (key, value) in over {
        let here = |l: &String| l.strip_prefix(key.as_str()).is_some_and(|rest| rest.trim_start().starts_with('='));
        let new: Vec<String> = match value {
            Value::Null => Vec::new(),
            Value::String(v) => vec![format!("{key} = {v}").trim_end().to_string()],
            other => vec![format!("{key} = {other}")],
        };
        match lines.iter().position(here) {
            Some(i) => {
                lines.splice(i..=i, new);
            }
            None => lines.extend(new),
        }
    }
    lines.join("\n") + "\n"
}
