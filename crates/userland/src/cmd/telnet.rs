//! telnet: a terminal on a TCP connection. Line by line, with the escape character and its command prompt.
//! Not here: option negotiation beyond refusing (no server of this world asks for any). Follows GNU inetutils 2.4.

use crate::opts::{Arg, Opt, parse};
use crate::{Ex, Spec};
use machine::{Errno, Fd, Interest, Lines, OnSignal, STDERR, STDIN, STDOUT, Signal, SockAddr, Sys, Termios, resolver};

mod prompt;

pub(super) const SPEC: Spec = Spec {
    name: "telnet",
    path: "/usr/bin/telnet",
    synopsis: "[OPTION...] [HOST [PORT]]",
    about: "user interface to TELNET",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "telnet a b c", out: "telnet: too many arguments\n", code: 1 },
        Ex { sh: "telnet localhost 99999", out: "Port number 99999 is out of range.\n", code: 1 },
    ],
};

const OPTIONS: &[Opt] = &[
    Opt(b'4', "ipv4", Arg::No),
    Opt(b'6', "ipv6", Arg::No),
    Opt(b'8', "binary", Arg::No),
    Opt(b'a', "login", Arg::No),
    Opt(b'b', "bind", Arg::Yes),
    Opt(b'c', "no-rc", Arg::No),
    Opt(b'd', "debug", Arg::No),
    Opt(b'e', "escape", Arg::Yes),
    Opt(b'E', "no-escape", Arg::No),
    Opt(b'K', "no-login", Arg::No),
    Opt(b'l', "user", Arg::Yes),
    Opt(b'L', "binary-output", Arg::No),
    Opt(b'n', "trace", Arg::Yes),
    Opt(b'r', "rlogin", Arg::No),
    Opt(b'x', "encrypt", Arg::No),
    Opt(b'k', "realm", Arg::Yes),
    Opt(b'X', "disable-auth", Arg::Yes),
    Opt(b'?', "help", Arg::No),
    Opt(0, "usage", Arg::No),
    Opt(b'V', "version", Arg::No),
];

const HELP: &str = "\
Usage: telnet [OPTION...] [HOST [PORT]]
Login to remote system HOST (optionally, on service port PORT)

 General options:

  -4, --ipv4                 use only IPv4
  -6, --ipv6                 use only IPv6
  -8, --binary               use an 8-bit data transmission
  -a, --login                attempt automatic login
  -b, --bind=ADDRESS         bind to specific local ADDRESS
  -c, --no-rc                do not read the user's .telnetrc file
  -d, --debug                turn on debugging
  -e, --escape=CHAR          use CHAR as an escape character
  -E, --no-escape            use no escape character
  -K, --no-login             do not automatically login to the remote system
  -l, --user=USER            attempt automatic login as USER
  -L, --binary-output        use an 8-bit data transmission for output only
  -n, --trace=FILE           record trace information into FILE
  -r, --rlogin               use a user-interface similar to rlogin

  -?, --help                 give this help list
      --usage                give a short usage message
  -V, --version              print program version

Mandatory or optional arguments to long options are also mandatory or optional
for any corresponding short options.

Report bugs to <bug-inetutils@gnu.org>.
";

const USAGE: &str = "\
Usage: telnet [-468acdEKLrx?V] [-b ADDRESS] [-e CHAR] [-l USER] [-n FILE]
            [-k REALM] [-X ATYPE] [--ipv4] [--ipv6] [--binary] [--login]
            [--bind=ADDRESS] [--no-rc] [--debug] [--escape=CHAR] [--no-escape]
            [--no-login] [--user=USER] [--binary-output] [--trace=FILE]
            [--rlogin] [--encrypt] [--realm=REALM] [--disable-auth=ATYPE]
            [--help] [--usage] [--version] [HOST [PORT]]
";

const IAC: u8 = 255;

struct Telnet {
    sys: Sys,
    input: Lines,
    /// Modes of the terminal as they were; `None`: standard input is none.
    modes: Option<Termios>,
    escape: u8,
    from: Option<SockAddr>,
    net: Option<Fd>,
    host: String,
}

/// How a command ended.
enum Next {
    /// Ask for another.
    Prompt,
    /// Back to the connection, if there is one.
    Session,
    Quit(i32),
}

async fn run(sys: Sys) -> i32 {
    let given = match parse(&sys, OPTIONS, HELP, 64, false) {
        Ok(given) => given,
        Err(status) => return status,
    };
    for (flag, text) in [("help", HELP), ("usage", USAGE), ("version", "telnet (GNU inetutils) 2.4\n")] {
        if given.has_long(OPTIONS, flag) {
            sys.put(STDOUT, text.as_bytes());
            return 0;
        }
    }
    let modes = sys.tty_get(STDIN).await.ok();
    let mut t = Telnet { input: Lines::new(STDIN), modes, escape: 0x1d, from: None, net: None, host: String::new(), sys: sys.clone() };
    if let Some(c) = given.value(OPTIONS, b'e') {
        t.escape = match c.as_bytes() {
            [b'^', c, ..] => c & 31,
            [c, ..] => *c,
            [] => 0,
        };
        sys.print(STDERR, format_args!("Telnet escape character is '{}'.\n", t.escape_name()));
    }
    if given.has(OPTIONS, b'E') {
        t.escape = 0;
    }
    if let Some(name) = given.value(OPTIONS, b'b') {
        match resolver::host_addrs(&sys, name).await {
            Ok(ips) => t.from = ips.first().map(|&ip| SockAddr { ip, port: 0 }),
            Err(e) => {
                sys.print(STDERR, format_args!("Could not resolve {name}: {}\n", e.text()));
                return 1;
            }
        }
    }
    if given.operands.len() > 2 {
        sys.complain(format_args!("too many arguments"));
        return 1;
    }
    if given.operands.is_empty() {
        loop {
            match t.command(None).await {
                Next::Quit(status) => return status,
                _ if t.net.is_some() => {
                    if let Next::Quit(status) = t.session().await {
                        return status;
                    }
                }
                _ => {}
            }
        }
    }
    if !t.open(&given.operands).await {
        return 1;
    }
    match t.session().await {
        Next::Quit(status) => status,
        _ => 0,
    }
}

impl Telnet {
    fn escape_name(&self) -> String {
        match self.escape {
            0 => "off".into(),
            c @ 1..32 => format!("^{}", char::from(c + 64)),
            c => char::from(c).to_string(),
        }
    }

    /// Connects to HOST [PORT]; says why it could not.
    async fn open(&mut self, words: &[String]) -> bool {
        let sys = &self.sys;
        let host = words[0].as_str();
        let service = words.get(1).map_or("telnet", |s| s.strip_prefix('-').unwrap_or(s));
        if let Ok(n) = service.parse::<u64>()
            && !(1..=65535).contains(&n)
        {
            sys.print(STDOUT, format_args!("Port number {service} is out of range.\n"));
            return false;
        }
        let lost = |text: &str| sys.print(STDOUT, format_args!("Server lookup failure:  {host}:{service}, {text}\n"));
        let port = match resolver::service_port(sys, service, "tcp").await {
            Some(port) => port,
            None if service == "telnet" => 23,
            None => {
                lost("Servname not supported for ai_socktype");
                return false;
            }
        };
        let ips = match resolver::host_addrs(sys, host).await {
            Ok(ips) => ips,
            Err(e) => {
                lost(e.text());
                return false;
            }
        };
        for (i, &ip) in ips.iter().enumerate() {
            sys.print(STDOUT, format_args!("Trying {ip}...\n"));
            match sys.tcp_connect(SockAddr { ip, port }, self.from, None).await {
                Ok(fd) => {
                    self.net = Some(fd);
                    self.host = host.to_string();
                    sys.print(STDOUT, format_args!("Connected to {host}.\nEscape character is '{}'.\n", self.escape_name()));
                    return true;
                }
                Err(e @ (Errno::EADDRNOTAVAIL | Errno::EADDRINUSE)) => {
                    sys.complain(format_args!("bind: {e}"));
                    return false;
                }
                Err(e) if i + 1 < ips.len() => sys.print(STDERR, format_args!("Connection failed: {e}\n")),
                Err(e) => sys.complain(format_args!("Unable to connect to remote host: {e}")),
            }
        }
        false
    }

    async fn set_modes(&self, session: bool) {
        if let Some(modes) = self.modes {
            let modes = if session { Termios { eol: self.escape, ..Termios::SANE } } else { modes };
            // A terminal that has hung up needs no modes.
            let _ = self.sys.tty_set(STDIN, modes).await;
        }
        let what = if session && self.modes.is_some() { OnSignal::Catch } else { OnSignal::Default };
        for signal in [Signal::Int, Signal::Quit, Signal::Tstp] {
            self.sys.on_signal(signal, what).await;
        }
    }

    /// Carries bytes both ways until the connection ends or the user leaves.
    async fn session(&mut self) -> Next {
        self.set_modes(true).await;
        let next = self.relay().await;
        self.set_modes(false).await;
        if let Some(net) = self.net.take() {
            // The descriptor is ours; closing it cannot fail in a way that matters here.
            let _ = self.sys.close(net).await;
        }
        next
    }

    async fn relay(&mut self) -> Next {
        let mut state = Nvt::default();
        loop {
            let Some(net) = self.net else { return Next::Prompt };
            let ready = match self.sys.poll(&[(STDIN, Interest::Read), (net, Interest::Read)], None).await {
                Ok(ready) => ready,
                Err(_) => {
                    for signal in self.sys.signals().await {
                        let code = match signal {
                            Signal::Int => 244,
                            Signal::Quit => 238,
                            _ => 237,
                        };
                        self.sys.put(net, &[IAC, code, IAC, 253, 6]);
                    }
                    continue;
                }
            };
            if ready.contains(&STDIN) {
                let bytes = self.sys.read(STDIN, 8192).await.unwrap_or_default();
                if bytes.is_empty() {
                    if self.modes.is_none() {
                        return self.gone().await;
                    }
                    self.sys.put(net, &[4]);
                }
                if let Some(at) = bytes.iter().position(|&b| b == self.escape && self.escape != 0) {
                    self.sys.put(net, &to_net(&bytes[..at]));
                    let typed = String::from_utf8_lossy(&bytes[at + 1..]).to_string();
                    self.set_modes(false).await;
                    self.sys.print(STDOUT, format_args!("\n"));
                    match self.command(Some(typed).filter(|t| !t.is_empty())).await {
                        Next::Quit(status) => return Next::Quit(status),
                        _ if self.net.is_none() => return Next::Prompt,
                        _ => self.set_modes(true).await,
                    }
                } else {
                    self.sys.put(net, &to_net(&bytes));
                }
            }
            if ready.contains(&net) {
                match self.sys.read(net, 8192).await {
                    Ok(bytes) if !bytes.is_empty() => state.show(&self.sys, net, &bytes),
                    _ => return self.gone().await,
                }
            }
        }
    }

    /// The other side has closed: the terminal is itself again before it is said.
    async fn gone(&self) -> Next {
        self.set_modes(false).await;
        self.sys.print(STDERR, format_args!("Connection closed by foreign host.\n"));
        Next::Quit(0)
    }
}

/// Typed bytes as the network virtual terminal sends them: a newline becomes CR LF, a CR gets a NUL, IAC is doubled.
fn to_net(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    for &b in bytes {
        match b {
            b'\n' => out.extend_from_slice(b"\r\n"),
            b'\r' => out.extend_from_slice(b"\r\0"),
            IAC => out.extend_from_slice(&[IAC, IAC]),
            b => out.push(b),
        }
    }
    out
}

/// Where in a telnet command the received bytes are.
#[derive(Default)]
struct Nvt {
    /// What of a command has come: IAC, or IAC and WILL, WONT, DO, DONT.
    command: Vec<u8>,
}

impl Nvt {
    /// Shows what came from the network; refuses every option. CR LF is a newline.
    fn show(&mut self, sys: &Sys, net: Fd, bytes: &[u8]) {
        let mut text = Vec::with_capacity(bytes.len());
        for &b in bytes {
            match (self.command.as_slice(), b) {
                ([], IAC) => self.command.push(b),
                ([], b'\r' | 0) => {}
                ([], b) => text.push(b),
                ([_], IAC) => {
                    self.command.clear();
                    text.push(b);
                }
                ([_], 251..=254) => self.command.push(b),
                ([_, verb], option) => {
                    match verb {
                        251 => sys.put(net, &[IAC, 254, option]),
                        253 => sys.put(net, &[IAC, 252, option]),
                        _ => {}
                    }
                    self.command.clear();
                }
                _ => self.command.clear(),
            }
        }
        sys.put(STDOUT, &text);
    }
}
