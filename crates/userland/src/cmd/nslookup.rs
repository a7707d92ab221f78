//! nslookup: ask name servers, once or at a prompt.  Not here: `ls`, `view`, `finger` of old versions.  Source: BIND 9.18.

use crate::Spec;
use crate::util::dns::{candidates, question, rdata, servers, status};
use machine::resolver::numeric;
use machine::{EditLine, Lines, STDERR, STDIN, STDOUT, SockAddr, Sys, Termios};
use wire::dns::{Data, NXDOMAIN, Record, RecordType, SERVFAIL, reverse_name};

pub(super) const SPEC: Spec = Spec {
    name: "nslookup",
    path: "/usr/bin/nslookup",
    synopsis: "[-opt ...] [host [server]]",
    about: "query Internet name servers interactively",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = "Usage:\n   nslookup [-opt ...]             # interactive mode using default server\n   nslookup [-opt ...] - server    # interactive mode using 'server'\n   nslookup [-opt ...] host        # just look up 'host' using default server\n   nslookup [-opt ...] host server # just look up 'host' using 'server'\n";

struct State {
    rtype: RecordType,
    /// A type was set: addresses are not turned around by themselves.
    typed: bool,
    server: Option<String>,
    port: u16,
    recurse: bool,
    tries: u32,
    failed: bool,
}

async fn run(sys: Sys) -> i32 {
    let mut state = State { rtype: RecordType::A, typed: false, server: None, port: 53, recurse: true, tries: 3, failed: false };
    let mut operands: Vec<&String> = Vec::new();
    for arg in sys.args().get(1..).unwrap_or_default() {
        match arg.strip_prefix('-').filter(|o| !o.is_empty()) {
            Some("version") => {
                sys.print(STDERR, format_args!("nslookup 9.18.49-1~deb12u3-Debian\n"));
                return 0;
            }
            Some(option) => state.set(&sys, option),
            None => operands.push(arg),
        }
    }
    match operands.as_slice() {
        [] => interactive(&sys, &mut state).await,
        [dash, rest @ ..] if *dash == "-" => {
            state.server = rest.first().map(|s| s.to_string());
            interactive(&sys, &mut state).await;
        }
        [name] => state.lookup(&sys, name, false).await,
        [name, server] => {
            state.server = Some(server.to_string());
            state.lookup(&sys, name, false).await;
        }
        _ => {
            sys.print(STDERR, format_args!("{USAGE}"));
            return 1;
        }
    }
    i32::from(state.failed)
}

async fn interactive(sys: &Sys, state: &mut State) {
    let tty = sys.is_tty(STDIN).await;
    let mut lines = Lines::new(STDIN);
    let mut history: Vec<String> = Vec::new();
    loop {
        let line = if tty {
            let edit = EditLine {
                prompt: "> ".into(),
                history: history.clone().into(),
                words: Default::default(),
                path: Vec::new(),
                variables: Default::default(),
                complete: |_, _, _| None,
            };
            // The line editor ends a line with CR LF, whatever the terminal's modes are.
            let modes = sys.tty_get(STDIN).await;
            if let Ok(modes) = modes {
                let _ = sys.tty_set(STDIN, Termios { onlcr: true, ..modes }).await;
            }
            let line = sys.edit_line(edit).await;
            if let Ok(modes) = modes {
                let _ = sys.tty_set(STDIN, modes).await;
            }
            line
        } else {
            lines.text(sys).await
        };
        let Ok(Some(line)) = line else { break };
        history.push(line.clone());
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["exit", ..] => break,
            ["help" | "?", ..] => sys.print(STDOUT, format_args!("The 'help' command is not yet implemented.\n")),
            [word @ ("ls" | "root" | "view" | "finger"), ..] => {
                sys.print(STDOUT, format_args!("The '{word}' command is not implemented.\n"));
            }
            ["set", "all"] => state.show_all(sys).await,
            ["set", options @ ..] => options.iter().for_each(|o| state.set(sys, o)),
            ["server" | "lserver", name, ..] => {
                state.server = Some(name.to_string());
                if let Some(all) = servers(sys, Some(name), state.port).await {
                    let at = all.first().map(|s| s.ip.to_string()).unwrap_or_default();
                    sys.print(STDOUT, format_args!("Default server: {name}\nAddress: {at}#{}\n", state.port));
                }
            }
            [name, server, ..] => {
                let old = state.server.replace(server.to_string());
                let known = servers(sys, Some(server), state.port).await.is_some();
                if !known {
                    state.server = old.clone();
                }
                state.lookup(sys, name, true).await;
                state.server = old;
            }
            [name] => state.lookup(sys, name, true).await,
        }
    }
    if tty {
        sys.print(STDOUT, format_args!("\n"));
    }
}

impl State {
    /// `set all`.
    async fn show_all(&self, sys: &Sys) {
        for server in servers(sys, self.server.as_deref(), self.port).await.unwrap_or_default() {
            let name = self.server.clone().unwrap_or_else(|| server.ip.to_string());
            sys.print(STDOUT, format_args!("Default server: {name}\nAddress: {}#{}\n", server.ip, server.port));
        }
        let recurse = if self.recurse { "" } else { "no" };
        let kind = self.rtype.to_string().to_ascii_lowercase();
        sys.print(
            STDOUT,
            format_args!(
                "\nSet options:\n  novc\t\t\tnodebug\t\tnod2\n  search\t\t{recurse}recurse\n  timeout = 0\t\tretry = {}\tport = {}\tndots = 1\n",
                self.tries, self.port
            ),
        );
        sys.print(STDOUT, format_args!("  querytype = {kind:<8}\tclass = IN\n  srchlist = \n"));
    }

    /// `type=mx`, `norecurse`, …
    fn set(&mut self, sys: &Sys, option: &str) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "type" | "ty" | "q" | "qu" | "query" | "querytype" => match RecordType::from_name(value) {
                Some(rtype) => (self.rtype, self.typed) = (rtype, true),
                None => sys.print(STDOUT, format_args!("unknown query type: {value}\n")),
            },
            "port" | "po" => self.port = value.parse().unwrap_or(53),
            "retry" | "ret" => self.tries = value.parse::<u32>().unwrap_or(3).saturating_add(1),
            "recurse" | "rec" => self.recurse = true,
            "norecurse" | "norec" => self.recurse = false,
            "debug" | "d2" | "vc" => sys.unsupported(&["set ", name].concat()),
            "all" | "class" | "cl" | "domain" | "do" | "timeout" | "t" | "search" | "nosearch" | "defname" | "nodefname" | "nodebug"
            | "novc" | "nod2" | "fail" | "nofail" => {}
            _ => sys.print(STDOUT, format_args!("*** Invalid option: {option}\n")),
        }
    }

    async fn lookup(&mut self, sys: &Sys, word: &str, at_prompt: bool) {
        let address = numeric(word).filter(|_| word.split('.').count() == 4);
        let (name, rtype) = match address {
            Some(ip) => (reverse_name(ip), RecordType::PTR),
            None => (word.trim_end_matches('.').to_string(), self.rtype),
        };
        let Some(servers) = servers(sys, self.server.as_deref(), self.port).await else {
            let server = self.server.as_deref().unwrap_or("");
            sys.print(STDERR, format_args!("nslookup: couldn't get address for '{server}': not found\n"));
            self.failed = true;
            return;
        };
        let names = if address.is_some() { vec![name] } else { candidates(sys, word).await };
        let mut found = None;
        for name in names {
            let Some(reply) = question(sys, &servers, &name, rtype, self.tries, self.recurse, false).await else {
                sys.print(STDOUT, format_args!(";; no servers could be reached\n\n"));
                self.failed = true;
                return;
            };
            let over = reply.message.rcode() != NXDOMAIN;
            found = Some((name, reply));
            if over {
                break;
            }
        }
        let Some((name, reply)) = found else { return };
        let m = &reply.message;
        if m.rcode() == SERVFAIL {
            sys.print(STDOUT, format_args!(";; Got SERVFAIL reply from {}\n", reply.server.ip));
        }
        let heading = address.is_none() || self.typed;
        if heading {
            self.heading(sys, &reply.server);
        }
        if m.rcode() != 0 {
            sys.print(STDOUT, format_args!("** server can't find {name}: {}\n", status(m)));
            self.failed = true;
        } else if m.answer.is_empty() {
            sys.print(STDOUT, format_args!("*** Can't find {name}: No answer\n"));
        } else {
            m.answer.iter().for_each(|r| show(sys, r));
            if rtype == RecordType::A {
                // Version 6 addresses are asked for as well.
                if let Some(six) = question(sys, &servers, &name, RecordType::AAAA, 1, self.recurse, false).await {
                    six.message.answer.iter().filter(|r| r.rtype == RecordType::AAAA).for_each(|r| show(sys, r));
                }
            }
        }
        if !at_prompt {
            sys.print(STDOUT, format_args!("\n"));
        }
    }
    fn heading(&self, sys: &Sys, server: &SockAddr) {
        let name = self.server.clone().unwrap_or_else(|| server.ip.to_string());
        sys.print(STDOUT, format_args!("Server:\t\t{name}\nAddress:\t{}#{}\n\n", server.ip, server.port));
    }
}

fn show(sys: &Sys, r: &Record) {
    let owner = &r.name;
    match &r.data {
        Data::A(ip) => sys.print(STDOUT, format_args!("Name:\t{owner}\nAddress: {ip}\n")),
        Data::Aaaa(ip) => sys.print(STDOUT, format_args!("Name:\t{owner}\nAddress: {ip}\n")),
        Data::Mx(..) => sys.print(STDOUT, format_args!("{owner}\tmail exchanger = {}\n", rdata(&r.data))),
        Data::Txt(_) => sys.print(STDOUT, format_args!("{owner}\ttext = {}\n", rdata(&r.data))),
        Data::Name(_) => {
            let what = match r.rtype {
                RecordType::CNAME => "canonical name",
                RecordType::NS => "nameserver",
                _ => "name",
            };
            sys.print(STDOUT, format_args!("{owner}\t{what} = {}\n", rdata(&r.data)));
        }
        Data::Soa(primary, mailbox, n) => {
            sys.print(STDOUT, format_args!("{owner}\n\torigin = {primary}\n\tmail addr = {mailbox}\n\tserial = {}\n", n[0]));
            sys.print(STDOUT, format_args!("\trefresh = {}\n\tretry = {}\n\texpire = {}\n\tminimum = {}\n", n[1], n[2], n[3], n[4]));
        }
        Data::Other(_) => sys.print(STDOUT, format_args!("{owner}\trdata_{} = {}\n", r.rtype.0, rdata(&r.data))),
    }
}
