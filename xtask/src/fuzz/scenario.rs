//! A random scenario in the recorder's form: configuration, tables, mail servers and names of the world, dialogues. Not here: the grammar
//! (grammar.txt), how the scenario is run (the module itself).

use super::grammar::{Grammar, Random};
use serde_json::{Map, Value, json};

/// The grammar of configurations and dialogues.
pub(super) static GRAMMAR: &str = include_str!("grammar.txt");

/// Dialogues of one scenario: setting up the real machine takes longer than they do.
pub(super) const DIALOGUES: usize = 10;

/// A file that is written when something names it: its path, the rule for its lines, how many at most, whether it is compiled.
struct Table(&'static str, &'static str, usize, &'static str);

const TABLES: &[Table] = &[
    Table("/etc/postfix/a1", "access-line", 7, "hash"),
    Table("/etc/postfix/a2", "access-line", 7, "hash"),
    Table("/etc/postfix/a3", "access-line", 7, "btree"),
    Table("/etc/postfix/a4", "access-line", 7, ""),
    Table("/etc/postfix/rx", "regexp-line", 4, ""),
    Table("/etc/postfix/px", "pcre-line", 4, ""),
    Table("/etc/postfix/ci", "cidr-line", 4, ""),
    Table("/etc/postfix/va", "virtual-line", 6, "hash"),
    Table("/etc/postfix/vr", "virtual-rx-line", 3, ""),
    Table("/etc/postfix/ca", "canonical-line", 5, "hash"),
    Table("/etc/postfix/re", "relocated-line", 4, "hash"),
    Table("/etc/postfix/tr", "transport-line", 5, "hash"),
    Table("/etc/postfix/tx", "transport-rx-line", 3, ""),
    Table("/etc/postfix/bc", "bcc-line", 4, "hash"),
    Table("/etc/postfix/rr", "relay-line", 3, "hash"),
    Table("/etc/postfix/vm", "mailbox-line", 4, "hash"),
    Table("/etc/postfix/ge", "generic-line", 3, "hash"),
    Table("/etc/postfix/sl", "login-line", 5, "hash"),
    Table("/etc/postfix/sr", "sender-relay-line", 3, "hash"),
    Table("/etc/postfix/sd", "sender-transport-line", 3, "hash"),
    Table("/etc/postfix/mn", "network-line", 2, "hash"),
    Table("/etc/postfix/md", "destination-line", 3, "hash"),
    Table("/etc/postfix/hc", "header-check-line", 4, ""),
    Table("/etc/postfix/hp", "header-pcre-line", 2, ""),
    Table("/etc/postfix/bo", "body-check-line", 3, ""),
    Table("/etc/postfix/cf", "command-filter-line", 3, ""),
    Table("/etc/aliases", "alias-line", 7, "newaliases"),
    Table("/etc/postfix/members", "member-line", 4, ""),
    Table("/etc/postfix/bt", "template", 1, ""),
    Table("/etc/postfix/rf", "reply-filter-line", 3, ""),
    Table("/etc/postfix/sf", "status-filter-line", 3, ""),
    Table("/etc/postfix/nf", "dns-filter-line", 2, ""),
    Table("/etc/postfix/sp", "password-line", 4, "hash"),
    Table("/etc/postfix/policy", "policy-script", 1, "chmod"),
    Table("/etc/postfix/sink", "sink-script", 1, "chmod"),
];

/// Services that are added to master.cf when something names them: the mark of a name, the rule for the commands.
const SERVICES: &[(&str, &str)] = &[("private/policy", "policy-service"), ("sink:", "sink-service")];

/// What is written beside the mailboxes: files that delivery may leave behind.
const LEFT: &[&str] = &[
    "/home/redhat/saved",
    "/home/redhat/Mailbox",
    "/home/redhat/mail/in",
    "/home/redhat/got-redhat",
    "/home/vmail/a",
    "/home/vmail/catchall",
    "/tmp/sink",
];

/// Everything a scenario needs from the rules.
struct Maker<'a> {
    grammar: &'a Grammar,
    random: Random,
}

impl Maker<'_> {
    fn text(&mut self, rule: &str) -> String {
        self.grammar.expand(rule, &mut self.random)
    }
    /// `name = value` lines.
    fn settings(&mut self) -> Map<String, Value> {
        let text = self.text("main");
        text.lines().filter_map(|l| l.split_once(" =")).map(|(name, value)| (name.into(), value.trim_start().into())).collect()
    }
    fn lines(&mut self, rule: &str, most: usize) -> String {
        (0..1 + self.random.below(most)).map(|_| self.text(rule)).collect()
    }
    fn remote(&mut self, domain: &str, mx: &str, addr: &str) -> Value {
        let mut remote = json!({"domain": domain, "mx": mx, "addr": addr});
        if self.random.chance(30) {
            remote["default"] = self.text("remote-reply").into();
        }
        if self.random.chance(30) {
            remote["recipients"] = json!({ format!("a@{domain}"): self.text("remote-reply") });
        }
        for (part, percent) in [("end", 15), ("mail", 8), ("data", 8), ("banner", 8)] {
            if self.random.chance(percent) {
                remote[part] = self.text(&format!("remote-{part}")).into();
            }
        }
        if self.random.chance(25) {
            remote["ehlo"] = self.lines("remote-keywords", 5).lines().collect();
        }
        remote
    }
    fn dialogue(&mut self) -> Value {
        let client = self.text("client");
        let (addr, name) = client.split_once(' ').unwrap_or((&client, "unknown"));
        json!({"smtp": {"client": {"addr": addr, "name": name}, "send": items(&self.text("dialogue"))}})
    }
    fn files(&mut self, named: &mut Map<String, Value>, rest: &str) {
        // A table may name another one.
        for _ in 0..3 {
            for Table(path, rule, most, how) in TABLES {
                let used = |text: &str| {
                    text.match_indices(path).any(|(at, _)| !text[at + path.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
                };
                let mentioned = used(rest) || named.values().filter_map(Value::as_str).any(used);
                if mentioned && !named.contains_key(*path) {
                    let head = if *how == "newaliases" { "mailer-daemon: postmaster\npostmaster: root\n" } else { "" };
                    let text = head.to_string() + &self.lines(rule, *most);
                    named.insert(path.to_string(), text.into());
                }
            }
        }
    }
}

/// The commands that compile a scenario's tables.
fn compile(files: &Map<String, Value>) -> String {
    let known = TABLES.iter().filter(|t| files.contains_key(t.0));
    let commands = known.filter_map(|Table(path, _, _, how)| match *how {
        "" => None,
        "newaliases" => Some("newaliases 2>/dev/null".to_string()),
        "chmod" => Some(format!("chmod 755 {path}")),
        how => Some(format!("postmap {how}:{path} 2>/dev/null")),
    });
    commands.chain(["mkdir -p /home/vmail; chown 5000:5000 /home/vmail".to_string()]).collect::<Vec<_>>().join("; ")
}

/// Lines of a dialogue as the recorder's items. `!RAW n text`: sent as it is (`~` CR LF, `|` LF), n replies; `!BDAT LAST text`, `!BDAT - text`:
/// a chunk of the right size; `!PIPE` to `!END` or `!END n`: lines sent at once, n replies; `!CLOSE`: hang up.
fn items(text: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let mut pipe: Option<(String, usize)> = None;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let bytes = |text: &str| text.replace('~', "\r\n").replace('|', "\n");
        let raw = if let Some(rest) = line.strip_prefix("!RAW ") {
            let (n, text) = rest.split_once(' ').unwrap_or(("1", rest));
            Some((bytes(text), n.parse().unwrap_or(1)))
        } else if let Some(rest) = line.strip_prefix("!BDAT ") {
            let (last, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let text = bytes(text);
            let last = if last == "-" { String::new() } else { format!(" {last}") };
            Some((format!("BDAT {}{last}\r\n{text}", text.len()), 1))
        } else {
            None
        };
        match (line, raw, &mut pipe) {
            ("!CLOSE", ..) => out.push(json!({"close": 1})),
            ("!PIPE", ..) => pipe = Some((String::new(), 0)),
            (end, None, Some((text, n))) if end.starts_with("!END") => {
                let n = end.strip_prefix("!END ").map_or(*n, |n| n.parse().unwrap_or(1));
                out.push(json!({"raw": text, "replies": n}));
                pipe = None;
            }
            (_, Some((text, n)), Some(pipe)) => *pipe = (pipe.0.clone() + &text, pipe.1 + n),
            (_, Some((text, n)), None) => out.push(json!({"raw": text, "replies": n})),
            (line, None, Some(pipe)) => *pipe = (format!("{}{line}\r\n", pipe.0), pipe.1 + 1),
            (line, None, None) => out.push(line.into()),
        }
    }
    out
}

/// The scenario of this number.
pub(super) fn scenario(grammar: &Grammar, seed: u64, number: usize) -> Value {
    let mut make = Maker { grammar, random: Random(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ (number as u64) << 20) };
    let mut main_cf = make.settings();
    let mut files = Map::new();
    if make.random.chance(15) {
        files.insert("/home/redhat/.forward".into(), make.lines("forward-line", 3).into());
    }
    let mut steps = Vec::new();
    for _ in 0..DIALOGUES {
        steps.push(make.dialogue());
        if make.random.chance(6) {
            steps.push(json!({"sh": make.text("shell")}));
        }
    }
    steps.push(json!({"sh": "postqueue -p | sed 's/^[0-9A-F]\\{10\\}/ID/' | sort; cat /home/*/Maildir/new/* /home/vmail/b/new/* /var/mail/*/new/* 2>/dev/null"}));
    // Most of the time the classes that lists name exist.
    let text = format!("{} {}", json!(main_cf), json!(files));
    if (text.contains("cl1") || text.contains("cl2")) && !main_cf.contains_key("smtpd_restriction_classes") && make.random.chance(80) {
        main_cf.insert("smtpd_restriction_classes".into(), "cl1, cl2".into());
        for class in ["cl1", "cl2"] {
            main_cf.insert(class.into(), make.text("list").into());
        }
    }
    let over = if make.random.chance(8) { make.text("override-cf") } else { String::new() };
    let mut commands: Vec<String> = (!over.is_empty()).then_some(over).into_iter().collect();
    let rest = format!("{} {} {}", json!(main_cf), json!(commands), json!(steps));
    make.files(&mut files, &rest);
    let text = format!("{rest} {}", json!(files));
    for (_, rule) in SERVICES.iter().filter(|(mark, _)| text.contains(mark)) {
        commands.push(make.text(rule));
    }
    make.files(&mut files, &json!(commands).to_string());
    let prepare: Vec<String> = [compile(&files)].into_iter().chain(commands).collect();
    let far = make.remote("126.com", "mx.126.com", "220.181.15.141");
    let near = make.remote("b.example", "mx.b.example", "10.1.2.3");
    json!({
        "name": format!("fuzz-{seed}-{number:04}"), "about": "random", "base": if make.random.chance(70) { "seed" } else { "modern" },
        "main_cf": main_cf, "files": files, "prepare": prepare, "collect": LEFT, "steps": steps, "addrs": ["1.2.3.4"],
        "remotes": [far, near,
            {"domain": "refused.example", "mx": "mx.refused.example", "addr": "10.4.4.4", "refuse": true},
            {"domain": "fail.example", "mx": "mx.fail.example", "addr": "10.5.5.5", "banner": "554 not here"}],
        "dns": {
            "null.example": {"MX": [[0, "."]]}, "servfail.example": {"rcode": "SERVFAIL"}, "loops.example": {"MX": [[10, "mail.linuxidc.com"]]},
            "alias.example": {"CNAME": ["b.example"]}, "nomx.example": {"A": ["10.1.2.3"]}, "a.org": {"MX": [[10, "mx.b.example"]]},
            "two.example": {"MX": [[20, "mx.b.example"], [10, "mx.refused.example"]]}, "cname.example": {"MX": [[10, "other.example"]]},
            "other.example": {"CNAME": ["mx.b.example"]}, "mxip.example": {"MX": [[10, "10.1.2.3"]]}, "dangling.example": {"MX": [[10, "nohost.example"]]},
            "sub.b.example": {"MX": [[10, "mx.b.example"]]}, "xn--fiq228c.example": {"MX": [[10, "mx.b.example"]]},
            "far.example": {"A": ["10.9.8.7"]}, "7.8.9.10.in-addr.arpa": {"PTR": ["far.example"]},
            "3.2.1.10.bl.example": {"A": ["127.0.0.2"], "TXT": ["listed here"]}, "100.1.168.192.bl.example": {"A": ["127.0.0.3"]},
            "4.3.2.1.wl.example": {"A": ["127.0.0.1"]}, "b.example.dbl.example": {"A": ["127.0.0.2"], "TXT": ["a bad domain"]},
            "listed.example.dbl.example": {"A": ["127.0.0.4"]}, "host.dyn.example.dbl.example": {"A": ["127.0.0.2"]},
        },
    })
}
