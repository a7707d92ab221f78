//! dig: ask a name server and show its whole answer.  Not here: TCP, EDNS, zone transfer, `+trace`.  Source: BIND 9.18.

use crate::util::date::strftime;
use crate::util::dns::{asked, header, illegal, question, rdata, row, servers};
use crate::util::zone::Zone;
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys};
use wire::dns::{Record, RecordType, reverse_name};

pub(super) const SPEC: Spec = Spec {
    name: "dig",
    path: "/usr/bin/dig",
    synopsis: "[@global-server] [domain] [q-type] [q-class] {q-opt}",
    about: "DNS lookup utility",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "dig -v", out: "DiG 9.18.49-1~deb12u3-Debian\n", code: 0 },
        Ex { sh: "dig +nosuch x 2>/dev/null", out: "", code: 1 },
    ],
};

const VERSION: &str = "9.18.49-1~deb12u3-Debian";
const USAGE: &str = "Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse \"dig -h\" (or \"dig -h | more\") for complete list of options\n";

/// What is shown: `+cmd`, `+comments`, … in the order of [`PARTS`].
type Shown = [bool; 7];
const PARTS: [&str; 7] = ["cmd", "comments", "question", "answer", "authority", "additional", "stats"];
/// Query options that change nothing that can be seen here.
const SILENT: &[&str] = &[
    "edns",
    "cookie",
    "dnssec",
    "adflag",
    "cdflag",
    "search",
    "defname",
    "ignore",
    "keepopen",
    "rrcomments",
    "domain",
    "crypto",
    "expandaaaa",
    "onesoa",
    "showsearch",
    "split",
    "aaonly",
    "aaflag",
    "raflag",
    "tcflag",
    "zflag",
    "mapped",
    "fail",
    "besteffort",
    "bufsize",
    "ndots",
    "padding",
    "qr",
];

/// One question.
#[derive(Clone)]
struct Query {
    name: String,
    rtype: RecordType,
    server: Option<String>,
    shown: Shown,
    short: bool,
    tries: u32,
    recurse: bool,
    port: u16,
    /// A type was given.
    typed: bool,
    /// `-t` and `-c` make words names, whatever they could mean.
    closed: bool,
    tcp: bool,
    ttl: bool,
    class: bool,
    identify: bool,
    multiline: bool,
}

fn wrong(sys: &Sys, option: &str) -> i32 {
    sys.print(STDERR, format_args!("Invalid option: {option}\n{USAGE}"));
    1
}

/// `+option`. `Err`: the exit status.
fn plus(sys: &Sys, q: &mut Query, arg: &str) -> Result<(), i32> {
    let word = arg.get(1..).unwrap_or("");
    let (word, value) = word.split_once('=').unwrap_or((word, ""));
    let (on, name) = match word.strip_prefix("no") {
        Some(rest) if word != "nofail" => (false, rest),
        _ => (true, word),
    };
    match name {
        "all" => q.shown = [on; 7],
        "short" => q.short = on,
        "recurse" | "rdflag" => q.recurse = on,
        "tries" => q.tries = value.parse().unwrap_or(3),
        "retry" => q.tries = value.parse::<u32>().unwrap_or(2).saturating_add(1),
        "time" | "timeout" => {}
        "tcp" | "vc" => q.tcp = on,
        "ttlid" => q.ttl = on,
        "class" | "cl" => q.class = on,
        "identify" => q.identify = on,
        "multiline" => q.multiline = on,
        "trace" | "nssearch" | "yaml" | "subnet" | "https" | "tls" => {
            sys.unsupported(arg);
            return Err(1);
        }
        _ => match PARTS.iter().position(|p| *p == name) {
            Some(i) => q.shown[i] = on,
            None if SILENT.contains(&name) => {}
            None => return Err(wrong(sys, arg)),
        },
    }
    Ok(())
}

async fn run(sys: Sys) -> i32 {
    let args = sys.args().get(1..).unwrap_or_default().to_vec();
    let mut global = Query {
        name: String::new(),
        rtype: RecordType::A,
        server: None,
        shown: [true; 7],
        short: false,
        tries: 3,
        recurse: true,
        port: 53,
        typed: false,
        closed: false,
        tcp: false,
        ttl: true,
        class: true,
        identify: false,
        multiline: false,
    };
    let mut queries: Vec<Query> = Vec::new();
    let mut words = args.iter();
    while let Some(arg) = words.next() {
        // Options before the first name hold for all.
        let q = queries.last_mut().unwrap_or(&mut global);
        if let Some(server) = arg.strip_prefix('@') {
            q.server = Some(server.to_string());
        } else if arg.starts_with('+') {
            if let Err(status) = plus(&sys, q, arg) {
                return status;
            }
        } else if let Some(option) = arg.strip_prefix('-').filter(|o| !o.is_empty()) {
            let (letter, rest) = option.split_at_checked(1).unwrap_or((option, ""));
            if letter == "v" {
                sys.print(STDERR, format_args!("DiG {VERSION}\n"));
                return 0;
            }
            if letter == "h" {
                sys.print(STDOUT, format_args!("{USAGE}"));
                return 0;
            }
            if matches!(letter, "4" | "r" | "u" | "m" | "i") {
                continue;
            }
            if !matches!(letter, "x" | "t" | "q" | "p" | "c" | "b") {
                return wrong(&sys, arg);
            }
            let Some(value) = Some(rest.to_string()).filter(|r| !r.is_empty()).or_else(|| words.next().cloned()) else {
                return wrong(&sys, arg);
            };
            q.closed |= matches!(letter, "t" | "c");
            match letter {
                "x" => {
                    // What is no address is turned round all the same.
                    let backwards = || value.rsplit('.').collect::<Vec<_>>().join(".") + ".in-addr.arpa";
                    let name = value.parse().map_or_else(|_| backwards(), reverse_name);
                    queries.push(Query { name, rtype: RecordType::PTR, typed: true, ..global.clone() });
                }
                "t" => match RecordType::from_name(&value) {
                    Some(rtype) => (q.rtype, q.typed) = (rtype, true),
                    None => sys.print(STDERR, format_args!(";; Warning, ignoring invalid type {value}\n")),
                },
                "q" => queries.push(Query { name: value, ..global.clone() }),
                "p" => q.port = value.parse().unwrap_or(53),
                _ => {}
            }
        } else if let Some(rtype) = RecordType::from_name(arg).filter(|_| !q.closed) {
            if q.typed {
                sys.print(STDERR, format_args!(";; Warning, extra type option\n"));
            }
            (q.rtype, q.typed) = (rtype, true);
        } else if !matches!(arg.to_ascii_uppercase().as_str(), "IN" | "CH" | "HS") {
            queries.push(Query { name: arg.trim_end_matches('.').to_string(), ..global.clone() });
        }
    }
    if queries.is_empty() {
        queries.push(Query { rtype: RecordType::NS, ..global.clone() });
    }
    // This one holds for all, wherever it stands.
    let short = queries.iter().any(|q| q.short);
    queries.iter_mut().for_each(|q| q.short = short);
    let (mut status, mut first) = (0, true);
    for q in &queries {
        status = one(&sys, q, &args, first).await.max(status);
        first = false;
    }
    status
}

async fn one(sys: &Sys, q: &Query, args: &[String], first: bool) -> i32 {
    let Some(servers) = servers(sys, q.server.as_deref(), q.port).await else {
        let name = q.server.as_deref().unwrap_or("");
        sys.print(STDERR, format_args!("dig: couldn't get address for '{name}': not found\n"));
        return 1;
    };
    if let Some(status) = illegal(sys, &q.name) {
        return status;
    }
    let reply = question(sys, &servers, &q.name, q.rtype, q.tries, q.recurse, q.tcp).await;
    let [cmd, comments, asked_for, answer, authority, additional, stats] = q.shown;
    if cmd && !q.short && first {
        sys.print(STDOUT, format_args!("\n; <<>> DiG {VERSION} <<>>{}\n", args.iter().map(|a| [" ", a].concat()).collect::<String>()));
        if q.server.is_some() {
            let s = if servers.len() == 1 { "" } else { "s" };
            sys.print(STDOUT, format_args!("; ({} server{s} found)\n", servers.len()));
        }
        sys.print(STDOUT, format_args!(";; global options: +cmd\n"));
    }
    let Some(reply) = reply else {
        sys.print(STDOUT, format_args!(";; no servers could be reached\n"));
        return 9;
    };
    let m = &reply.message;
    if q.short {
        let from = match q.identify {
            true => format!(" from server {} in {} ms.", reply.server.ip, reply.millis),
            false => String::new(),
        };
        m.answer.iter().for_each(|r| sys.print(STDOUT, format_args!("{}{from}\n", rdata(&r.data))));
        return 0;
    }
    if comments {
        sys.print(STDOUT, format_args!(";; Got answer:\n{}\n", header(m)));
    }
    if asked_for && !m.question.is_empty() {
        if comments {
            sys.print(STDOUT, format_args!(";; QUESTION SECTION:\n"));
        }
        m.question.iter().for_each(|(name, rtype)| sys.print(STDOUT, format_args!("{}\n", asked(name, *rtype))));
        if comments {
            sys.print(STDOUT, format_args!("\n"));
        }
    }
    let section = |shown: bool, title: &str, records: &[Record]| {
        if !shown || records.is_empty() {
            return;
        }
        if comments {
            sys.print(STDOUT, format_args!(";; {title} SECTION:\n"));
        }
        for r in records {
            let mut text = row(r, q.ttl, q.class);
            if q.multiline {
                // Blanks instead of tabs behind the time to live and the type.
                text = text.replacen("\tIN\t", " IN\t", 1).replacen(&format!("\t{}\t", r.rtype), &format!("\t{} ", r.rtype), 1);
            }
            sys.print(STDOUT, format_args!("{text}\n"));
        }
        if comments {
            sys.print(STDOUT, format_args!("\n"));
        }
    };
    section(answer, "ANSWER", &m.answer);
    section(authority, "AUTHORITY", &m.authority);
    section(additional, "ADDITIONAL", &m.additional);
    if stats {
        let (ip, port) = (reply.server.ip, reply.server.port);
        let name = q.server.clone().unwrap_or_else(|| ip.to_string());
        sys.print(STDOUT, format_args!(";; Query time: {} msec\n;; SERVER: {ip}#{port}({name}) (UDP)\n", reply.millis));
        let when = strftime("%a %b %d %T %Z %Y", sys.now(), &Zone::of(sys));
        sys.print(STDOUT, format_args!(";; WHEN: {when}\n"));
        sys.print(STDOUT, format_args!(";; MSG SIZE  rcvd: {}\n\n", reply.bytes));
    }
    0
}
