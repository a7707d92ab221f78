//! telnet's prompt: its commands, and what each does.
//! Not here: the connection (`telnet`). Follows GNU inetutils 2.4.

use super::{IAC, Next, Telnet};
use machine::STDOUT;

/// The commands at the prompt, with their help, in the order of `help`.
const COMMANDS: [(&str, &str); 18] = [
    ("close", "close current connection"),
    ("logout", "forcibly logout remote user and close the connection"),
    ("display", "display operating parameters"),
    ("mode", "try to enter line or character mode ('mode ?' for more)"),
    ("open", "connect to a site"),
    ("quit", "exit telnet"),
    ("send", "transmit special characters ('send ?' for more)"),
    ("set", "set operating parameters ('set ?' for more)"),
    ("unset", "unset operating parameters ('unset ?' for more)"),
    ("status", "print status information"),
    ("toggle", "toggle operating parameters ('toggle ?' for more)"),
    ("slc", "change state of special characters ('slc ?' for more)"),
    ("auth", "turn on (off) authentication ('auth ?' for more)"),
    ("encrypt", "turn on (off) encryption ('encrypt ?' for more)"),
    ("z", "suspend telnet"),
    ("!", "invoke a subshell"),
    ("environ", "change environment variables ('environ ?' for more)"),
    ("?", "print help information"),
];

/// What `send` can send: name, bytes after IAC.
const SENDS: [(&str, u8); 12] = [
    ("ao", 245),
    ("ayt", 246),
    ("brk", 243),
    ("ec", 247),
    ("el", 248),
    ("ga", 249),
    ("ip", 244),
    ("nop", 241),
    ("eor", 239),
    ("abort", 238),
    ("susp", 237),
    ("eof", 236),
];

impl Telnet {
    async fn read_line(&mut self) -> Option<String> {
        self.input.text(&self.sys).await.ok().flatten()
    }

    /// The prompt: one command, or several until one leads back to the connection.
    pub(super) async fn command(&mut self, typed: Option<String>) -> Next {
        let mut typed = typed;
        loop {
            let line = match typed.take() {
                Some(line) => line,
                None => {
                    self.sys.print(STDOUT, format_args!("telnet> "));
                    match self.read_line().await {
                        Some(line) => line,
                        None => {
                            self.sys.print(STDOUT, format_args!("\n"));
                            return Next::Quit(0);
                        }
                    }
                }
            };
            let words: Vec<String> = match line.strip_prefix('!') {
                Some(rest) => {
                    ["!".to_string()].into_iter().chain([rest.trim().to_string()].into_iter().filter(|r| !r.is_empty())).collect()
                }
                None => line.split_whitespace().map(String::from).collect(),
            };
            let Some(word) = words.first() else { return Next::Session };
            let word = if word == "help" { "?" } else { word };
            let found: Vec<&str> = match COMMANDS.iter().find(|(n, _)| *n == word) {
                Some((n, _)) => vec![n],
                None => COMMANDS.iter().map(|(n, _)| *n).filter(|n| n.starts_with(word)).collect(),
            };
            match found.as_slice() {
                [] => self.sys.print(STDOUT, format_args!("?Invalid command\n")),
                [name] => match self.obey(name, &words[1..]).await {
                    Next::Prompt => {}
                    next => return next,
                },
                _ => self.sys.print(STDOUT, format_args!("?Ambiguous command\n")),
            }
        }
    }

    async fn obey(&mut self, name: &str, args: &[String]) -> Next {
        let sys = self.sys.clone();
        match (name, self.net) {
            ("close" | "logout" | "send" | "mode", None) if args.first().is_none_or(|a| a != "?") => {
                sys.print(STDOUT, format_args!("?Need to be connected first.\n"));
                Next::Prompt
            }
            ("close" | "logout", Some(net)) => {
                let _ = sys.close(net).await;
                self.net = None;
                sys.print(STDOUT, format_args!("Connection closed.\n"));
                Next::Session
            }
            ("quit", net) => {
                if net.is_some() {
                    sys.print(STDOUT, format_args!("Connection closed.\n"));
                }
                Next::Quit(0)
            }
            ("status", None) => {
                sys.print(STDOUT, format_args!("No connection.\nEscape character is '{}'.\n", self.escape_name()));
                Next::Session
            }
            ("status", Some(_)) => {
                let escape = self.escape_name();
                sys.print(
                    STDOUT,
                    format_args!(
                        "Connected to {}.\nOperating in obsolete linemode\nLocal character echo\nEscape character is '{escape}'.\n",
                        self.host
                    ),
                );
                Next::Session
            }
            ("open", Some(_)) => {
                sys.print(STDOUT, format_args!("?Already connected to {}\n", self.host));
                Next::Prompt
            }
            ("open", None) => {
                let mut words = args.to_vec();
                if words.is_empty() {
                    sys.print(STDOUT, format_args!("(to) "));
                    words = self.read_line().await.unwrap_or_default().split_whitespace().map(String::from).collect();
                }
                if words.is_empty() || words.len() > 2 {
                    sys.print(STDOUT, format_args!("usage: open [-4] [-6] [-l user] [-b addr] [-a] host-name [port]\n"));
                    return Next::Prompt;
                }
                if self.open(&words).await { Next::Session } else { Next::Prompt }
            }
            ("send", Some(net)) => {
                for arg in args {
                    match SENDS.iter().find(|(n, _)| n == arg) {
                        Some(&(_, code)) => sys.put(net, &[IAC, code]),
                        None if arg == "escape" => sys.put(net, &[self.escape]),
                        None => {
                            sys.print(STDOUT, format_args!("Unknown send argument '{arg}'\n'send ?' for help.\n"));
                            return Next::Prompt;
                        }
                    }
                }
                Next::Session
            }
            ("?", _) => {
                match args.first() {
                    None => {
                        sys.print(STDOUT, format_args!("Commands may be abbreviated.  Commands are:\n\n"));
                        COMMANDS.iter().for_each(|(n, help)| sys.print(STDOUT, format_args!("{n:<8}\t{help}\n")));
                    }
                    Some(word) => match COMMANDS.iter().find(|(n, _)| n.starts_with(word.as_str())) {
                        Some((_, help)) => sys.print(STDOUT, format_args!("{help}\n")),
                        None => sys.print(STDOUT, format_args!("?Invalid help command {word}\n")),
                    },
                }
                Next::Prompt
            }
            ("!", _) => {
                let shell = sys.env("SHELL").unwrap_or("/bin/sh").to_string();
                let argv = match args.first() {
                    Some(command) => vec![shell.clone(), "-c".into(), command.clone()],
                    None => vec![shell.clone()],
                };
                if let Ok(pid) = sys.spawn(machine::Spawn::exec(shell, argv)).await {
                    let _ = sys.wait(machine::WaitFor::Pid(pid), true, false).await;
                }
                Next::Session
            }
            (other, _) => {
                sys.unsupported(other);
                Next::Prompt
            }
        }
    }
}
