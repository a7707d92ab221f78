//! `cargo xtask diff-fuzz`: random configurations and dialogues on the real Postfix (by the recorder) and on the simulation; what differs is
//! made smaller as long as it differs, and printed. Needs the recorder's machine (root, Debian 12, its packages); not part of the tests.

use crate::run::{Done, cargo, run, say};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Dialogues of one scenario: setting up the real machine takes longer than they do.
const DIALOGUES: usize = 10;
/// How often a difference is recorded again while it is made smaller.
const TRIES: usize = 25;

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const ADDRESSES: &[&str] = &[
    "redhat@linuxidc.com",
    "student@linuxidc.com",
    "root@linuxidc.com",
    "nobody@linuxidc.com",
    "gone@linuxidc.com",
    "redhat",
    "postmaster",
    "a@b.example",
    "x@126.com",
    "friend@126.com",
    "\"a b\"@linuxidc.com",
    "redhat@[192.168.1.103]",
    "redhat@localhost",
    "a.b@sub.linuxidc.com",
    "",
    "redhat@linuxidc.com.",
    "redhat+ext@linuxidc.com",
    "@linuxidc.com",
    "redhat%126.com@linuxidc.com",
    "126.com!redhat",
    "REDHAT@LINUXIDC.COM",
    "a@nosuch.invalid",
    "user@a.org",
];
const CLIENTS: &[(&str, &str)] = &[
    ("192.168.1.100", "unknown"),
    ("192.168.1.100", "pc.linuxidc.com"),
    ("10.1.2.3", "mx.b.example"),
    ("127.0.0.1", "localhost"),
    ("1.2.3.4", "unknown"),
];
const RESTRICTIONS: &[&str] = &[
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "reject_unauth_destination",
    "reject_unknown_sender_domain",
    "reject_unknown_recipient_domain",
    "reject_non_fqdn_sender",
    "reject_non_fqdn_recipient",
    "reject_non_fqdn_helo_hostname",
    "reject_invalid_helo_hostname",
    "reject_unknown_client_hostname",
    "reject_unlisted_recipient",
    "reject_unlisted_sender",
    "reject_unauth_pipelining",
    "check_client_access hash:/etc/postfix/m1",
    "check_sender_access hash:/etc/postfix/m2",
    "check_recipient_access hash:/etc/postfix/m1",
    "check_helo_access hash:/etc/postfix/m2",
    "check_sender_access regexp:/etc/postfix/r1",
    "warn_if_reject reject_non_fqdn_sender",
    "permit_auth_destination",
    "reject_multi_recipient_bounce",
    "defer_unauth_destination",
    "permit",
    "reject",
    "defer",
    "check_client_access cidr:/etc/postfix/c1",
    "reject_unknown_helo_hostname",
    "reject_plaintext_session",
    "permit_inet_interfaces",
    "check_recipient_access static:DUNNO",
    "sleep 0",
];
const PARAMETERS: &[(&str, &[&str])] = &[
    ("smtpd_delay_reject", &["yes", "no"]),
    ("smtpd_helo_required", &["yes", "no"]),
    ("disable_vrfy_command", &["yes", "no"]),
    ("strict_rfc821_envelopes", &["yes", "no"]),
    ("smtpd_reject_unlisted_recipient", &["yes", "no"]),
    ("smtpd_reject_unlisted_sender", &["yes", "no"]),
    ("allow_percent_hack", &["yes", "no"]),
    ("swap_bangpath", &["yes", "no"]),
    ("append_dot_mydomain", &["yes", "no"]),
    ("append_at_myorigin", &["yes"]),
    ("recipient_delimiter", &["+", "-", ""]),
    ("relay_domains", &["b.example", ""]),
    ("smtpd_error_sleep_time", &["0"]),
    ("smtpd_hard_error_limit", &["3", "20"]),
    ("smtpd_junk_command_limit", &["2", "100"]),
    ("unknown_local_recipient_reject_code", &["450", "550"]),
    ("smtpd_recipient_limit", &["2", "1000"]),
    ("message_size_limit", &["500", "10240000"]),
    ("mynetworks", &["127.0.0.1", "192.168.1.0/24", "!192.168.1.100, 192.168.1.0/24"]),
    ("access_map_reject_code", &["554", "521"]),
    ("maps_rbl_reject_code", &["554"]),
    ("relay_domains_reject_code", &["554"]),
    ("soft_bounce", &["yes", "no"]),
    ("local_recipient_maps", &[""]),
    ("smtpd_sasl_auth_enable", &["yes", "no"]),
    ("smtpd_discard_ehlo_keywords", &["size", "etrn, dsn", ""]),
    ("smtputf8_enable", &["yes", "no"]),
    ("virtual_alias_maps", &["hash:/etc/postfix/m3"]),
    ("smtpd_reject_footer", &["\\c; call $client_name"]),
    ("resolve_numeric_domain", &["yes"]),
    ("mydestination", &["$mydomain", "$myhostname, localhost, $mydomain, b.example"]),
];
const RESULTS: &[&str] = &[
    "REJECT",
    "OK",
    "DUNNO",
    "REJECT go away",
    "550 no",
    "450 4.7.1 later",
    "DEFER",
    "DEFER_IF_PERMIT wait",
    "DISCARD",
    "HOLD",
    "permit_mynetworks, reject",
    "WARN look",
    "521 5.7.1 bye",
    "PREPEND X-A: b",
    "421 down",
];
const KEYS: &[&str] = &[
    "192.168.1.100",
    "192.168.1",
    "10.1.2.3",
    "pc.linuxidc.com",
    "linuxidc.com",
    "redhat@linuxidc.com",
    "redhat@",
    "b.example",
    "a@b.example",
    "a.org",
    "126.com",
    "<>",
    "client",
    "unknown",
    ".linuxidc.com",
];
const VERBS: &[&str] = &[
    "NOOP",
    "RSET",
    "VRFY redhat",
    "HELP",
    "EXPN list",
    "ETRN linuxidc.com",
    "DATA",
    "AUTH PLAIN AHJlZGhhdAByZWRoYXQ=",
    "AUTH LOGIN",
    "STARTTLS",
    "TURN",
    "",
    "EHLO",
    "HELO",
    "NOOP x y",
    "MAIL",
    "RCPT",
    "FOO BAR",
    "QUIT",
];

fn table(r: &mut Random) -> String {
    (0..1 + r.below(5)).map(|_| format!("{}\t{}\n", r.of(KEYS), r.of(RESULTS))).collect()
}

fn dialogue(r: &mut Random) -> Value {
    let (addr, name) = CLIENTS[r.below(CLIENTS.len())];
    let mut send = Vec::new();
    if r.chance(90) {
        send.push(format!(
            "{} {}",
            r.of(&["EHLO", "HELO", "ehlo"]),
            r.of(&["client", "pc.linuxidc.com", "[10.1.2.3]", "no_such", "mx.b.example", "1.2.3.4", "localhost"])
        ));
    }
    for _ in 0..1 + r.below(2) {
        let parameters = if r.chance(15) {
            r.of(&[" SIZE=100", " SIZE=99999999", " BODY=8BITMIME", " BODY=FOO", " RET=HDRS ENVID=x", " FOO=bar", " SMTPUTF8", " AUTH=<>"])
        } else {
            ""
        };
        let (open, close) = if r.chance(85) { ("<", ">") } else { ("", "") };
        send.push(format!("MAIL FROM:{open}{}{close}{parameters}", r.of(ADDRESSES)));
        for _ in 0..1 + r.below(3) {
            if r.chance(12) {
                send.push(r.of(VERBS).to_string());
            }
            let parameters = if r.chance(8) {
                r.of(&[" NOTIFY=NEVER", " NOTIFY=SUCCESS,FAILURE", " NOTIFY=X", " ORCPT=rfc822;a@b", " FOO"])
            } else {
                ""
            };
            send.push(format!("RCPT TO:<{}>{parameters}", r.of(ADDRESSES)));
        }
        if r.chance(60) {
            send.extend(["RSET".to_string()]);
        }
    }
    send.push("QUIT".into());
    json!({"smtp": {"client": {"addr": addr, "name": name}, "send": send}})
}

fn scenario(seed: u64, number: usize) -> Value {
    let mut r = Random(seed ^ (number as u64) << 20);
    let mut main_cf = Map::new();
    for _ in 0..r.below(6) {
        let (name, values) = PARAMETERS[r.below(PARAMETERS.len())];
        main_cf.insert(name.into(), r.of(values).into());
    }
    for stage in ["client", "helo", "sender", "recipient", "data", "relay"] {
        if r.chance(35) {
            let mut list: Vec<&str> = (0..1 + r.below(4)).map(|_| r.of(RESTRICTIONS)).collect();
            if stage == "recipient" || stage == "relay" {
                list.push("reject_unauth_destination");
            }
            main_cf.insert(format!("smtpd_{stage}_restrictions"), list.join(", ").into());
        }
    }
    let files = json!({
        "/etc/postfix/m1": table(&mut r), "/etc/postfix/m2": table(&mut r),
        "/etc/postfix/m3": "gone@linuxidc.com student@linuxidc.com\n@b.example redhat\n",
        "/etc/postfix/r1": "/^a@/ REJECT regexp\n!/linuxidc/ 450 not ours\n", "/etc/postfix/c1": "10.0.0.0/8 REJECT ten\n192.168.1.100/32 OK\n",
    });
    let steps: Vec<Value> = (0..DIALOGUES).map(|_| dialogue(&mut r)).collect();
    json!({
        "name": format!("fuzz-{number:05}"), "about": "random", "base": if r.chance(70) { "seed" } else { "modern" }, "main_cf": main_cf, "files": files,
        "prepare": ["cd /etc/postfix; postmap m1 m2 m3 2>/dev/null"], "steps": steps,
        "remotes": [{"domain": "126.com", "mx": "mx.126.com", "addr": "220.181.15.141"}, {"domain": "b.example", "mx": "mx.b.example", "addr": "10.1.2.3"}],
    })
}

/// The recorder, the directories it and the simulation write to.
struct Lab {
    recorder: PathBuf,
    dir: PathBuf,
}

impl Lab {
    /// Records and replays; what `ehlo compare` says of the difference, if there is one, by name.
    fn differences(&self, scenarios: &[Value]) -> Done<Vec<String>> {
        for sub in ["in", "real", "sim"] {
            let _ = fs::remove_dir_all(self.dir.join(sub));
            fs::create_dir_all(self.dir.join(sub)).map_err(|e| e.to_string())?;
        }
        let mut files = Vec::new();
        for s in scenarios {
            let file = self.dir.join("in").join(format!("{}.json", s["name"].as_str().unwrap_or("x")));
            fs::write(&file, s.to_string()).map_err(|e| e.to_string())?;
            files.push(file);
        }
        let real = self.dir.join("real");
        let mut record = Command::new("python3");
        record.arg(&self.recorder).args(&files).arg("--out").arg(&real).args(["--jobs", "2"]).stdout(Stdio::null());
        run(&mut record)?;
        let ehlo = ["run", "--quiet", "--profile", "native", "--package", "runner", "--"];
        run(cargo(&ehlo).arg("replay").arg("--out").arg(self.dir.join("sim")).args(&files))?;
        let out = cargo(&ehlo).arg("compare").arg(&real).arg(self.dir.join("sim")).output().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        Ok(text.split("\nfuzz-").map(|t| t.trim_start_matches("fuzz-").to_string()).filter(|t| t.contains("recorded")).collect())
    }
    /// Takes away what the difference does not need.
    fn smaller(&self, mut scenario: Value) -> Done<(Value, String)> {
        let mut said = String::new();
        let mut tries = 0;
        for (list, smallest) in [("/steps", 1), ("/main_cf", 0), ("/files", 0)] {
            let mut i = 0;
            while tries < TRIES {
                let mut less = scenario.clone();
                let gone = match less.pointer_mut(list) {
                    Some(Value::Array(a)) if a.len() > smallest && i < a.len() => {
                        a.remove(i);
                        true
                    }
                    Some(Value::Object(o)) if o.len() > smallest && i < o.len() => {
                        let key = o.keys().nth(i).cloned().unwrap_or_default();
                        o.remove(&key).is_some()
                    }
                    _ => false,
                };
                if !gone {
                    break;
                }
                tries += 1;
                match self.differences(std::slice::from_ref(&less))?.pop() {
                    Some(text) => (scenario, said) = (less, text),
                    None => i += 1,
                }
            }
        }
        Ok((scenario, said))
    }
}

/// Runs the task: `--recorder FILE`, `--count N` dialogues, `--seed N`.
pub(crate) fn fuzz(words: &[String]) -> Done {
    let value = |name: &str| words.iter().position(|w| w == name).and_then(|i| words.get(i + 1)).cloned();
    let recorder = value("--recorder").ok_or("usage: cargo xtask diff-fuzz --recorder record.py [--count DIALOGUES] [--seed N]")?;
    let recorder = Path::new(&recorder).canonicalize().map_err(|e| format!("{recorder}: {e}"))?;
    let count: usize = value("--count").map_or(Ok(200), |n| n.parse()).map_err(|_| "--count needs a number")?;
    let seed: u64 = value("--seed").map_or(Ok(1), |n| n.parse()).map_err(|_| "--seed needs a number")?;
    let lab = Lab { recorder, dir: crate::run::target_dir()?.join("diff-fuzz") };
    let all: Vec<Value> = (0..count.div_ceil(DIALOGUES)).map(|n| scenario(seed, n)).collect();
    let mut found = Vec::new();
    for (i, part) in all.chunks(10).enumerate() {
        say!("scenarios {} to {} of {}", i * 10 + 1, i * 10 + part.len(), all.len());
        for text in lab.differences(part)? {
            let name = format!("fuzz-{}", text.split(':').next().unwrap_or_default());
            say!("{name} differs");
            println!("{text}\n");
            found.extend(part.iter().filter(|s| s["name"] == name.as_str()).cloned());
        }
    }
    println!("{} of {} scenarios ({DIALOGUES} dialogues each) differ", found.len(), all.len());
    if words.iter().any(|w| w == "--smaller") {
        for scenario in &found {
            let (scenario, text) = lab.smaller(scenario.clone())?;
            println!("{}\n{text}\n", serde_json::to_string_pretty(&scenario).map_err(|e| e.to_string())?);
        }
    }
    if found.is_empty() { Ok(()) } else { Err("there are differences".into()) }
}
