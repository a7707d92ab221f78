//! The normal form in which a recording of the real system and a replay on the simulation are compared: queue ids numbered in order of
//! appearance, times, process ids and the like blanked, the log grouped by message. Not here: what is compared (`compare`, the tests).
//! Source: the recorder's own normalisation, of which this is the second writing; `tests/oracle/README.md` describes it.

use fancy_regex::{Captures, Regex};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const MON: &str = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const DAY: &str = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const HMS: &str = r"\d\d:\d\d:\d\d";

fn regex(pattern: &str) -> Regex {
    let full = pattern.replace("{MON}", MON).replace("{DAY}", DAY).replace("{HMS}", HMS);
    Regex::new(&format!("(?m){full}")).unwrap_or_else(|e| panic!("{full}: {e}"))
}

/// Replaces all matches; `to` is in the form `$1`.
fn sub(re: &Regex, text: &str, to: &str) -> String {
    re.replace_all(text, to).into_owned()
}

static RFCDATE: LazyLock<Regex> = LazyLock::new(|| regex(r"{DAY}, [ \d]?\d {MON} \d{4} {HMS} [+-]\d{4}(?: \([A-Z]+\))?"));

/// Places that show that a word is a queue id; it is then replaced everywhere.
static QID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:\]: (?:warning: )?([0-9A-F]{9,12}): |\b(?:queued|forwarded) as ([0-9A-F]{9,12})\b|notification: ([0-9A-F]{9,12})\b|^([0-9A-F]{9,12})[*! ] +\d+ {DAY} )",
    )
});

static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"^(?:{MON} [ \d]\d {HMS} \S+ )?postfix/postfix-script(?:\[\d+\])?: waiting for the Postfix mail system to terminate$\n?", ""),
        (r"^{MON} [ \d]\d {HMS} (\S+) ([\w./-]+)\[\d+\]: ", "TIME ${1} ${2}[PID]: "),
        (r"^{MON} [ \d]\d {HMS} (\S+) (dovecot: )", "TIME ${1} ${2}"),
        (r"\bat {MON} [ \d]\d {HMS}$", "at TIME"),
        (r"\b{MON} [ \d]\d {HMS} \d{4} GMT", "CERTDATE"),
        (r"\b\d{12}Z", "CERTDATE"),
        (r"{DAY} {MON} [ \d]\d \d\d:\d\d(?::\d\d)?(?: \d{4})?", "CTIME"),
        (r"\b(postfix(?:/[\w-]+)*|saslauthd|sendmail)\[\d+\]", "${1}[PID]"),
        (r"YP_LAST_MODIFIED:\t\d+", "YP_LAST_MODIFIED:\tEPOCH"),
        (r"\b(m?pid|PID)(=|: | )\d+", "${1}${2}PID"),
        (r"(attempts?) in \d+ secs", "${1} in N secs"),
        (r"\bdelay=[\d.]+", "delay=D"),
        (r"\bdelays=[\d.]+/[\d.]+/[\d.]+/[\d.]+", "delays=D/D/D/D"),
        (r"<20\d{12}\.(Q\d+)@", "<STAMP.${1}@"),
        (r"\b(Q\d+)\.\d{9,11}/", "${1}.EPOCH/"),
        (r"session=<[^>]*>", "session=<S>"),
        (r"<\d+><[A-Za-z0-9+/]{16}>", "<PID><S>"),
        (r",<[A-Za-z0-9+/]{16}>", ",<S>"),
        (r"\((?:\d+\.\d+ \+ )+\d+\.\d+ secs\)", "(SECS secs)"),
        (r"UIDVALIDITY \d+", "UIDVALIDITY V"),
        (r"((?:APPEND|COPY)UID) \d+", "${1} V"),
        (r"^(X-IMAP(?:base)?: )\d+", "${1}V"),
        (r"\b(0000[0-9a-f]{4})[0-9a-f]{8}\b", "${1}VVVVVVVV"),
        (r"\(disconnected before auth was ready, waited \d+ secs\)", "(no auth attempts in N secs)"),
        (r"^(Message-ID: <)\d{10}@", "${1}EPOCH@"),
        (r"Connection closed: read\(size=\d+\) failed: Connection reset by peer", "Connection closed"),
        (r"\b(Disconnected: [\w ()]*in=\d+ )out=\d+", "${1}out=N"),
        (r"^[.+*]{4,}$\n?", ""),
        (r"^[0-9A-F]{8,16}:error:", "TID:error:"),
        (r"(:\.\./[\w/.-]+\.c):\d+:", "${1}:N:"),
        (r"(?:[0-9A-F]{2}:){15,}[0-9A-F]{2}", "HEX"),
        (r"(client_port=)\d+", "${1}PORT"),
        (r"\b(deferr?e?d?)/[0-9A-F]/(Q\d+)", "${1}/H/${2}"),
        (r"-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----", "PEM"),
        (r"\x1b\[[\d;]*m", ""),
        (r"^(\[\d+\]) \d+$", "${1} PID"),
        (r"^(real|user|sys)\t\d+m[\d.]+s$", "${1}\tSECS"),
        (r"^([-bcdlps](?:[-r][-w][-xsStT]){3} .*?){MON} [ \d]\d \d\d:\d\d ", "${1}LSTIME "),
        (r"\btime=[\d.]+ ms", "time=T ms"),
        (r"(packet loss, time) \d+ms", "${1} T"),
        (r"^(rtt min/avg/max/mdev) = .*", "${1} = T"),
        (r"(opcode: \w+, status: \w+, id:) \d+", "${1} N"),
        (r"^(;; Query time:) \d+", "${1} N"),
        (r"^(;; WHEN:) .*", "${1} T"),
        (r"(#53 in) \d+ ms", "${1} N ms"),
        (r"\bDiG [\w.~+-]+", "DiG V"),
        (r"\b\d+/([a-z][\w/-]*) *$", "PID/${1}"),
        (r"\bfd=\d+", "fd=N"),
        (r"^((?:State|Recv-Q|LISTEN|ESTAB|UNCONN|TIME-WAIT)\b.*?) +$", "${1}"),
        (r"\b([RT]X packets) \d+  bytes .*", "${1} N  bytes N"),
        (r"^\d+: (eth0|wan)(?:@if\d+)?(?=:)", "N: ${1}"),
        (r"^(eth0|wan)(?:@if\d+)? +(?=UP|DOWN)", "${1} "),
        (r" link-netnsid \d+", ""),
        (r"^\d+: eth0 ", "N: eth0 "),
        (r"(> mtu 1[45]00) qdisc \w+", "${1} qdisc Q"),
    ]
    .map(|(pattern, to)| (regex(pattern), to))
    .into()
});

fn all_strings<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::String(s) => out.push(s),
        Value::Array(list) => list.iter().for_each(|v| all_strings(v, out)),
        Value::Object(map) => map.values().for_each(|v| all_strings(v, out)),
        _ => {}
    }
}

/// What is replaced in the strings of one recording.
struct Mapper {
    ids: BTreeMap<String, String>,
    known: Option<Regex>,
    keep: BTreeSet<String>,
}

impl Mapper {
    fn new(scenario: &Value) -> Mapper {
        let given = json!([scenario["steps"], scenario["files"]]).to_string();
        let keep = RFCDATE.find_iter(&given).flatten().map(|m| m.as_str().to_string()).collect();
        let recorded = &scenario["recorded"];
        let mut parts = Vec::new();
        for key in ["steps", "maillog", "mailboxes", "remotes"] {
            all_strings(&recorded[key], &mut parts);
        }
        let mut known = BTreeSet::new();
        for part in &parts {
            for found in QID.captures_iter(part).flatten() {
                let id = (1..5).find_map(|i| found.get(i)).map_or("", |m| m.as_str());
                if !given.contains(id) {
                    known.insert(id.to_string());
                }
            }
        }
        let known = (!known.is_empty()).then(|| regex(&known.into_iter().collect::<Vec<_>>().join("|")));
        let mut ids = BTreeMap::new();
        if let Some(known) = &known {
            for found in parts.iter().flat_map(|part| known.find_iter(part)).flatten() {
                let next = format!("Q{}", ids.len() + 1);
                ids.entry(found.as_str().to_string()).or_insert(next);
            }
        }
        Mapper { ids, known, keep }
    }
    fn text(&self, text: &str) -> String {
        let mut text = text.to_string();
        if let Some(known) = &self.known {
            text = known.replace_all(&text, |m: &Captures| self.ids.get(&m[0]).cloned().unwrap_or_default()).into_owned();
        }
        text = RFCDATE
            .replace_all(&text, |m: &Captures| if self.keep.contains(&m[0]) { m[0].to_string() } else { "RFCDATE".into() })
            .into_owned();
        for (re, to) in RULES.iter() {
            text = sub(re, &text, to);
        }
        text
    }
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(s) => self.text(s).into(),
            Value::Array(list) => list.iter().map(|v| self.value(v)).collect(),
            Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), self.value(v))).collect()),
            other => other.clone(),
        }
    }
}

static LOG_ID: LazyLock<Regex> = LazyLock::new(|| regex(r"^TIME \S+ \S+: (?:warning: )?(Q\d+):"));
static MAIN_CF: LazyLock<Regex> = LazyLock::new(|| regex(r"warning: /etc/postfix/main\.cf"));
static DELIVERY: LazyLock<Regex> = LazyLock::new(|| regex(r": Q\d+: (?:to=<|host )"));
static TABLE_LIST: LazyLock<Regex> = LazyLock::new(|| regex(r"post(map|alias) -s"));
static SOCKETS: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(netstat|ss)\b"));
static SOCKET_ROW: LazyLock<Regex> = LazyLock::new(|| regex(r"^(tcp|udp|LISTEN|UNCONN|ESTAB)"));
static QUEUE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)^(-Queue ID-.*?\n)(.*?\n)\n(-- \d+ Kbytes in [^\n]*)"));

fn is(re: &Regex, text: &str) -> bool {
    re.is_match(text).unwrap_or(false)
}

/// Log lines by message: those without one under `-`; what every starting process repeats under `main.cf`. Runs of delivery lines sorted.
fn group(lines: &[String]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = vec![("-".into(), Vec::new()), ("main.cf".into(), Vec::new())];
    for line in lines.iter().filter(|l| !l.is_empty()) {
        if is(&MAIN_CF, line) {
            if !groups[1].1.contains(line) {
                groups[1].1.push(line.clone());
            }
            continue;
        }
        let id = LOG_ID.captures(line).ok().flatten().map_or("-".to_string(), |m| m[1].to_string());
        match groups.iter_mut().find(|(k, _)| *k == id) {
            Some((_, list)) => list.push(line.clone()),
            None => groups.push((id, vec![line.clone()])),
        }
    }
    groups[1].1.sort();
    for (_, list) in groups.iter_mut().skip(2) {
        let mut i = 0;
        while i < list.len() {
            let run = list[i..].iter().take_while(|l| is(&DELIVERY, l)).count();
            list[i..i + run].sort();
            i += run.max(1);
        }
    }
    groups
}

/// Output of a shell command whose order of lines means nothing.
fn output(command: &str, text: &str) -> String {
    if is(&TABLE_LIST, command) {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines.sort_unstable();
        return lines.concat();
    }
    let lines: Vec<String> = text.lines().map(String::from).collect();
    if !lines.is_empty() && lines.iter().all(|l| l.starts_with("TIME ")) {
        return group(&lines).into_iter().flat_map(|(_, list)| list).collect::<Vec<_>>().join("\n") + "\n";
    }
    if is(&SOCKETS, command) {
        let mut out = String::new();
        let mut rows: Vec<&str> = Vec::new();
        for line in text.split_inclusive('\n') {
            if is(&SOCKET_ROW, line) {
                rows.push(line);
            } else {
                rows.sort_unstable();
                out += &rows.concat();
                rows.clear();
                out += line;
            }
        }
        rows.sort_unstable();
        return out + &rows.concat();
    }
    if let Ok(Some(m)) = QUEUE.captures(text)
        && let Some(all) = m.get(0)
    {
        let mut entries: Vec<&str> = m[2].trim_end_matches('\n').split("\n\n").collect();
        entries.sort_unstable();
        return format!("{}{}{}\n\n{}{}", &text[..all.start()], &m[1], entries.join("\n\n"), &m[3], &text[all.end()..]);
    }
    text.to_string()
}

/// The normal form of a recording.
pub(crate) fn normal(scenario: &Value) -> Value {
    let mapper = Mapper::new(scenario);
    let recorded = &scenario["recorded"];
    let mut steps = mapper.value(&recorded["steps"]);
    for (step, done) in scenario["steps"].as_array().into_iter().flatten().zip(steps.as_array_mut().into_iter().flatten()) {
        if let (Some(command), Some(out)) = (step["sh"].as_str(), done["stdout"].as_str().map(String::from)) {
            done["stdout"] = output(command, &out).into();
        }
    }
    let mut remotes = mapper.value(&recorded["remotes"]);
    for remote in remotes.as_array_mut().into_iter().flatten() {
        if let Some(sessions) = remote["sessions"].as_array_mut() {
            sessions.sort_by_key(Value::to_string);
        }
    }
    let log: Vec<String> = recorded["maillog"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|l| mapper.text(l)).collect();
    let log: Map<String, Value> = group(&log).into_iter().map(|(k, v)| (k, v.into())).collect();
    let or_empty = |key: &str| if recorded[key].is_null() { json!({}) } else { mapper.value(&recorded[key]) };
    json!({"steps": steps, "maillog": log, "mailboxes": or_empty("mailboxes"), "files": or_empty("files"), "remotes": remotes})
}
